//! Calls, the chains they stand in, and functions, from the nodes of six grammars.

use tree_sitter::Node;

use super::{Lower, MAX_CHAIN, bare, named, names_of};
use crate::formats::syntax::{Call, Class, Expr, Func, Kind, Language, Loop};

/// A call, or the reading of a member, before its parts are lowered.
pub(super) struct Parts<'a, 't> {
    pub(super) receiver: Option<Node<'t>>,
    name: &'a str,
    generic: Option<&'a str>,
    args: Option<Node<'t>>,
    block: Option<Node<'t>>,
}

impl<'a, 't> Lower<'a, 't> {
    pub(super) fn chain(&self, node: Node<'t>, parts: Parts<'a, 't>, depth: u32) -> Expr<'a> {
        let mut links = vec![(node, parts)];
        let mut start = None;
        while let Some(receiver) = links.last().and_then(|(_, parts)| parts.receiver).map(bare) {
            match self.parts(receiver) {
                Some(parts) if links.len() < MAX_CHAIN => links.push((receiver, parts)),
                Some(_) => break,
                None => {
                    start = Some(self.node(receiver, depth + 1));
                    break;
                }
            }
        }
        let mut receiver = start;
        for (node, parts) in links.into_iter().rev() {
            let mut call = Call {
                receiver: receiver.take(),
                name: parts.name,
                generic: parts.generic,
                args: Vec::new(),
                named: Vec::new(),
                block: parts.block.map(|block| self.func(block, None, depth)),
            };
            if let Some(args) = parts.args {
                self.arguments(args, &mut call, depth);
            }
            // The line of a link is the line of its own name, not that of the chain's first word.
            let line = node.start_position().row;
            let name_line = parts.args.or(parts.block).map_or(line, |args| args.start_position().row);
            let mut expr = self.expr(node, Kind::Call(Box::new(call)));
            if self.language != Language::Elixir && receiver_is_multiline(node, name_line) {
                expr.line = u32::try_from(name_line).unwrap_or(0) + 1;
            }
            receiver = Some(self.special(expr));
        }
        receiver.unwrap_or_else(|| self.expr(node, Kind::Body(Vec::new())))
    }

    /// Calls of Elixir that are what other languages have a grammar rule for.
    pub(super) fn special(&self, mut expr: Expr<'a>) -> Expr<'a> {
        let Kind::Call(call) = &mut expr.kind else { return expr };
        if self.language != Language::Elixir || call.receiver.is_some() {
            return expr;
        }
        match call.name {
            "def" | "defp" => {
                let body = match (call.block.take(), call.named.pop()) {
                    (Some(block), _) => block.body,
                    (None, Some(("do", body))) => vec![body],
                    _ => Vec::new(),
                };
                let (name, params) = match call.args.first().map(|head| &head.kind) {
                    Some(Kind::Name(name)) => (*name, Vec::new()),
                    Some(Kind::Call(head)) => (head.name, head.args.iter().filter_map(Expr::name).collect()),
                    _ => return expr,
                };
                expr.kind = Kind::Func(Box::new(Func { name: Some(name), params, body }));
            }
            "defmodule" => {
                if let Some(block) = call.block.take() {
                    let name = call.args.first().and_then(Expr::name).unwrap_or_default();
                    expr.kind = Kind::Class(Box::new(Class { name, bases: "", body: block.body }));
                }
            }
            "for" => {
                if let (Some(Kind::Assign(over)), Some(block)) =
                    (call.args.first().map(|arg| &arg.kind), call.block.take())
                {
                    let names = names_of(&over.0);
                    expr.kind = Kind::Loop(Box::new(Loop { names, over: over.1.clone(), body: block.body }));
                }
            }
            _ => {}
        }
        expr
    }

    pub(super) fn parts(&self, node: Node<'t>) -> Option<Parts<'a, 't>> {
        let field = |name: &str| self.field(node, name);
        let part = |receiver, name: Option<Node<'t>>, args| Parts {
            receiver,
            name: name.map_or("", |name| self.slice(name)),
            generic: None,
            args,
            block: None,
        };
        Some(match (node.kind(), self.language) {
            ("call", Language::Ruby) => Parts {
                block: field("block"),
                ..part(field("receiver"), field("method"), field("arguments"))
            },
            ("call", Language::Elixir) => {
                let target = field("target")?;
                let args = named(node).find(|child| child.kind() == "arguments");
                let block = named(node).find(|child| child.kind() == "do_block");
                let parts = if target.kind() == "dot" {
                    part(self.field(target, "left"), self.field(target, "right"), args)
                } else {
                    part(None, Some(target), args)
                };
                Parts { block, ..parts }
            }
            ("call", _) => self.callee(field("function")?, field("arguments")),
            ("attribute", Language::Python) => part(field("object"), field("attribute"), None),
            ("subscript", _) => part(field("value"), None, field("subscript")),
            ("function_call_expression", _) => self.callee(field("function")?, field("arguments")),
            ("member_call_expression" | "nullsafe_member_call_expression", _) => {
                part(field("object"), field("name"), field("arguments"))
            }
            ("scoped_call_expression", _) => part(field("scope"), field("name"), field("arguments")),
            ("member_access_expression" | "nullsafe_member_access_expression", Language::Php) => {
                part(field("object"), field("name"), None)
            }
            ("object_creation_expression", Language::Php) => {
                let class = named(node).next()?;
                if class.kind() == "anonymous_class" {
                    return None;
                }
                let class = named(class).last().unwrap_or(class);
                part(None, Some(class), named(node).find(|child| child.kind() == "arguments"))
            }
            ("call_expression", _) => self.callee(field("function")?, field("arguments")),
            ("new_expression", _) => self.callee(field("constructor")?, field("arguments")),
            ("member_expression", _) => part(field("object"), field("property"), None),
            ("subscript_expression", Language::TypeScript) => part(field("object"), None, field("index")),
            ("subscript_expression", Language::Php) => part(node.named_child(0), None, node.named_child(1)),
            ("invocation_expression", _) => self.callee(field("function")?, field("arguments")),
            ("member_access_expression", Language::CSharp) => self.callee(node, None),
            ("object_creation_expression", Language::CSharp) => {
                let list = field("initializer")
                    .filter(|_| field("arguments").is_none_or(|args| args.named_child_count() == 0));
                self.callee(field("type")?, list.or(field("arguments")))
            }
            _ => return None,
        })
    }

    /// A call's parts by what is called: a name, a member, or something else.
    pub(super) fn callee(&self, function: Node<'t>, args: Option<Node<'t>>) -> Parts<'a, 't> {
        let function = bare(function);
        let (receiver, name) = match function.kind() {
            "attribute" => (self.field(function, "object"), self.field(function, "attribute")),
            "member_expression" => (self.field(function, "object"), self.field(function, "property")),
            "member_access_expression" => (self.field(function, "expression"), self.field(function, "name")),
            // PHP calls a function that a variable holds by the variable
            "identifier" | "name" | "generic_name" | "type_identifier" | "variable_name" => {
                (None, Some(function))
            }
            "qualified_name" => (None, named(function).last()),
            _ => (Some(function), None),
        };
        let text = |name: Node<'t>| match self.language {
            Language::Php => self.slice(name).trim_start_matches('$'),
            _ => self.slice(name),
        };
        let (mut name_text, mut generic) = (name.map_or("", text), None);
        if let Some(name) = name.filter(|name| name.kind() == "generic_name") {
            name_text = name.named_child(0).map_or("", |inner| self.slice(inner));
            generic = name.named_child(1).and_then(|list| list.named_child(0)).map(|inner| self.slice(inner));
        }
        Parts { receiver, name: name_text, generic, args, block: None }
    }

    pub(super) fn arguments(&self, args: Node<'t>, call: &mut Call<'a>, depth: u32) {
        match args.kind() {
            "argument_list" | "arguments" | "initializer_expression" => {
                for arg in named(args) {
                    self.argument(arg, call, depth + 1);
                }
            }
            _ => call.args.push(self.node(args, depth + 1)),
        }
    }

    pub(super) fn argument(&self, arg: Node<'t>, call: &mut Call<'a>, depth: u32) {
        match arg.kind() {
            "argument" => {
                let value = named(arg).last();
                let name = self.field(arg, "name");
                match (name, value) {
                    (Some(name), Some(value)) if name != value => {
                        call.named.push((self.slice(name), self.node(value, depth + 1)));
                    }
                    (_, Some(value)) => call.args.push(self.node(value, depth + 1)),
                    _ => {}
                }
            }
            "keyword_argument" => {
                if let (Some(name), Some(value)) = (self.field(arg, "name"), self.field(arg, "value")) {
                    call.named.push((self.slice(name), self.node(value, depth + 1)));
                }
            }
            "keywords" => named(arg).for_each(|pair| self.argument(pair, call, depth)),
            "pair" => {
                let (Some(key), Some(value)) = (self.field(arg, "key"), self.field(arg, "value")) else {
                    return;
                };
                let name = self
                    .slice(key)
                    .trim()
                    .trim_start_matches(':')
                    .trim_end_matches(':')
                    .trim_matches(['"', '\'']);
                call.named.push((name, self.node(value, depth + 1)));
            }
            // `&:name` has a name that nothing else has
            "block_argument" => {
                if let Some(inner) = named(arg).next() {
                    call.named.push(("&", self.node(inner, depth + 1)));
                }
            }
            _ => call.args.push(self.node(arg, depth + 1)),
        }
    }

    /// A function from any node that has parameters and a body.
    pub(super) fn func(&self, node: Node<'t>, name: Option<&'a str>, depth: u32) -> Func<'a> {
        let params = self.field(node, "parameters").or_else(|| self.field(node, "parameter"));
        let params = match params {
            None => Vec::new(),
            Some(one) if matches!(one.kind(), "identifier" | "implicit_parameter") => vec![self.slice(one)],
            Some(many) => named(many).filter_map(|param| self.param(param)).collect(),
        };
        let body = match node.kind() {
            "do_block" if self.language == Language::Elixir => self.body(Some(node), depth),
            "anonymous_function" if self.language == Language::Elixir => {
                let clauses: Vec<_> = named(node).collect();
                let params = clauses.first().and_then(|clause| self.field(*clause, "left"));
                let params = params.map(|left| named(left).filter_map(|param| self.param(param)).collect());
                let body = clauses
                    .iter()
                    .flat_map(|clause| self.body(self.field(*clause, "right"), depth))
                    .collect();
                return Func { name, params: params.unwrap_or_default(), body };
            }
            _ => self.body(self.field(node, "body"), depth),
        };
        Func { name, params, body }
    }

    /// The name of a parameter: the first identifier in it that is not its type.
    pub(super) fn param(&self, node: Node<'t>) -> Option<&'a str> {
        match node.kind() {
            "identifier" | "implicit_parameter" => Some(self.slice(node)),
            "variable_name" => Some(self.slice(node).trim_start_matches('$')),
            _ => {
                let inner = self.field(node, "name").or_else(|| self.field(node, "pattern"));
                let inner = inner.or_else(|| {
                    named(node).find(|child| matches!(child.kind(), "identifier" | "variable_name"))
                })?;
                Some(self.slice(inner).trim_start_matches('$'))
            }
        }
    }
}

/// Whether the last call of a chain stands on a later line than the chain's start.
fn receiver_is_multiline(node: Node<'_>, name_line: usize) -> bool {
    name_line > node.start_position().row
}
