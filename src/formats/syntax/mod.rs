//! Code in six programming languages, read as one small tree: calls with their arguments, strings, lists.
//!
//! Six grammars are lowered to the same shapes, so that a reader of one style matches on names of calls and never on
//! nodes of a grammar. What has no shape here is kept as `Body`: its parts in their order.

mod lower;

use std::ops::ControlFlow;

use tree_sitter::{ParseOptions, Parser};

use crate::formats::Unreadable;

/// The languages that migrations are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Ruby,
    Python,
    Php,
    TypeScript,
    CSharp,
    Elixir,
}

/// Larger files are dumps, not code that a person wrote.
const MAX_BYTES: usize = 1 << 19;

/// More open brackets at once are not written by people, and make parsers slow.
const MAX_OPEN: usize = 400;

/// Bytes for which the parser may report progress once, before it is stopped; real code needs a report for 65.
const BYTES_PER_PROGRESS: usize = 24;

/// An expression or statement.
#[derive(Clone, Debug)]
pub(crate) struct Expr<'a> {
    /// Its line, from 1.
    pub(crate) line: u32,
    /// As written.
    pub(crate) text: &'a str,
    /// What it is.
    pub(crate) kind: Kind<'a>,
}

/// What an expression is.
#[derive(Clone, Debug)]
pub(crate) enum Kind<'a> {
    /// A string with what is inserted into it.
    Str(Vec<Piece<'a>>),
    /// A Ruby symbol or Elixir atom, without its colon.
    Atom(&'a str),
    /// A variable, constant, class or module, without sigils.
    Name(&'a str),
    /// A number, a truth value, nothing.
    Literal,
    /// A list, tuple or set.
    List(Vec<Expr<'a>>),
    /// A dictionary, hash, object or keyword list.
    Map(Vec<(Expr<'a>, Expr<'a>)>),
    /// A call; also the reading of a member, which is a call without arguments.
    Call(Box<Call<'a>>),
    /// A function, method, lambda or block.
    Func(Box<Func<'a>>),
    /// A class with its body.
    Class(Box<Class<'a>>),
    /// A value gets a name.
    Assign(Box<(Expr<'a>, Expr<'a>)>),
    /// A loop over the elements of something.
    Loop(Box<Loop<'a>>),
    /// Anything else: its parts in their order.
    Body(Vec<Expr<'a>>),
}

/// A part of a string.
#[derive(Clone, Debug)]
pub(crate) enum Piece<'a> {
    Text(String),
    Hole(Expr<'a>),
}

#[derive(Clone, Debug)]
pub(crate) struct Call<'a> {
    /// What it is called on.
    pub(crate) receiver: Option<Expr<'a>>,
    /// The function's or method's name.
    pub(crate) name: &'a str,
    /// The type argument, as in `AddColumn<string>`.
    pub(crate) generic: Option<&'a str>,
    /// Arguments by position.
    pub(crate) args: Vec<Expr<'a>>,
    /// Arguments by name.
    pub(crate) named: Vec<(&'a str, Expr<'a>)>,
    /// A block that follows the call.
    pub(crate) block: Option<Func<'a>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Func<'a> {
    pub(crate) name: Option<&'a str>,
    pub(crate) params: Vec<&'a str>,
    pub(crate) body: Vec<Expr<'a>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Class<'a> {
    pub(crate) name: &'a str,
    /// The classes it builds on, as written.
    pub(crate) bases: &'a str,
    pub(crate) body: Vec<Expr<'a>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Loop<'a> {
    pub(crate) names: Vec<&'a str>,
    pub(crate) over: Expr<'a>,
    pub(crate) body: Vec<Expr<'a>>,
}

/// The most brackets that are open at once, wherever they stand.
fn open_at_once(text: &str) -> usize {
    let (mut open, mut most) = (0usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

/// Parses a file into its statements.
pub(crate) fn parse(language: Language, text: &str) -> Result<Vec<Expr<'_>>, Unreadable> {
    if text.len() > MAX_BYTES {
        return Err(Unreadable { reason: "too_large".to_owned() });
    }
    if open_at_once(text) > MAX_OPEN {
        return Err(Unreadable::broken("too much nesting"));
    }
    let grammar = match language {
        Language::Ruby => tree_sitter_ruby::LANGUAGE.into(),
        Language::Python => tree_sitter_python::LANGUAGE.into(),
        Language::Php => tree_sitter_php::LANGUAGE_PHP.into(),
        Language::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
        Language::CSharp => tree_sitter_c_sharp::LANGUAGE.into(),
        Language::Elixir => tree_sitter_elixir::LANGUAGE.into(),
    };
    let mut parser = Parser::new();
    parser.set_language(&grammar).map_err(Unreadable::broken)?;
    let mut left = 500 + text.len() / BYTES_PER_PROGRESS;
    let mut stop = |_: &tree_sitter::ParseState| {
        left = left.saturating_sub(1);
        if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let bytes = text.as_bytes();
    let tree = parser
        .parse_with_options(
            &mut |at, _| bytes.get(at..).unwrap_or_default(),
            None,
            Some(ParseOptions::new().progress_callback(&mut stop)),
        )
        .ok_or_else(|| Unreadable::broken("too much nesting"))?;
    Ok(lower::lower(language, text, &tree))
}

impl<'a> Expr<'a> {
    /// The call, where it is one.
    pub(crate) fn call(&self) -> Option<&Call<'a>> {
        match &self.kind {
            Kind::Call(call) => Some(call),
            _ => None,
        }
    }

    /// The name, where it is one.
    pub(crate) fn name(&self) -> Option<&'a str> {
        match self.kind {
            Kind::Name(name) => Some(name),
            _ => None,
        }
    }

    /// The function, where it is one.
    pub(crate) fn func(&self) -> Option<&Func<'a>> {
        match &self.kind {
            Kind::Func(func) => Some(func),
            _ => None,
        }
    }

    /// The text of a string without holes, or of an atom.
    pub(crate) fn literal(&self) -> Option<&str> {
        match &self.kind {
            Kind::Atom(atom) => Some(atom),
            Kind::Str(pieces) => match pieces.as_slice() {
                [] => Some(""),
                [Piece::Text(text)] => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// The last part of a dotted name: of `models.CASCADE` and of `Foo::Bar`.
    pub(crate) fn last_name(&self) -> Option<&'a str> {
        match &self.kind {
            Kind::Name(name) => name.rsplit(['.', ':', '\\']).next(),
            Kind::Call(call) => Some(call.name),
            _ => None,
        }
    }

    /// The elements of a list; anything else is its own only element.
    pub(crate) fn elements(&self) -> &[Expr<'a>] {
        match &self.kind {
            Kind::List(elements) => elements,
            _ => std::slice::from_ref(self),
        }
    }

    /// The entries of a map.
    pub(crate) fn entries(&self) -> &[(Expr<'a>, Expr<'a>)] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Expr<'a>> {
        self.entries().iter().find(|(name, _)| name.key() == Some(key)).map(|(_, value)| value)
    }

    /// What the expression names as a key of a map.
    pub(crate) fn key(&self) -> Option<&str> {
        self.literal().or_else(|| self.name())
    }

    /// `true` or `false`, where it is written so.
    pub(crate) fn truth(&self) -> Option<bool> {
        match self.text {
            "true" | "True" => Some(true),
            "false" | "False" => Some(false),
            _ => None,
        }
    }

    /// Whether it is written as nothing.
    pub(crate) fn is_nothing(&self) -> bool {
        matches!(self.text, "nil" | "None" | "null" | "NULL" | "undefined")
    }

    /// The calls of a chain, innermost first, and what they start from.
    pub(crate) fn chain(&self) -> (Option<&Expr<'a>>, Vec<(&Call<'a>, u32)>) {
        let mut calls = Vec::new();
        let mut at = Some(self);
        while let Some(expr) = at {
            let Some(call) = expr.call() else { break };
            calls.push((call, expr.line));
            at = call.receiver.as_ref();
        }
        calls.reverse();
        (at, calls)
    }
}

impl<'a> Call<'a> {
    /// The argument at a position.
    pub(crate) fn arg(&self, at: usize) -> Option<&Expr<'a>> {
        self.args.get(at)
    }

    /// An option: an argument by name, or a key of a map that is given as the last arguments.
    pub(crate) fn option(&self, key: &str) -> Option<&Expr<'a>> {
        self.named
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value)
            .or_else(|| self.args.iter().rev().find_map(|arg| arg.get(key)))
    }

    /// An argument by position, else by name.
    pub(crate) fn arg_or(&self, at: usize, key: &str) -> Option<&Expr<'a>> {
        self.named.iter().find(|(name, _)| *name == key).map(|(_, value)| value).or_else(|| self.arg(at))
    }

    /// The block, else the last argument that is a function.
    pub(crate) fn callback(&self) -> Option<&Func<'a>> {
        self.block.as_ref().or_else(|| self.args.iter().rev().find_map(Expr::func))
    }

    /// Whether it is called on nothing, or on the object itself.
    pub(crate) fn is_own(&self) -> bool {
        match &self.receiver {
            None => true,
            Some(receiver) => {
                matches!(receiver.name(), Some("self" | "this" | "cls" | "base" | "static" | "parent"))
            }
        }
    }
}

#[cfg(test)]
mod tests;
