//! From the nodes of six grammars to the one small tree.

use std::collections::BTreeMap;

use tree_sitter::{Node, Tree};

use super::{Call, Class, Expr, Func, Kind, Language, Loop, Piece};

/// Deeper nesting than this is not written by people; what lies below is left out.
const MAX_DEPTH: u32 = 120;

/// Longer chains of calls than this are cut.
const MAX_CHAIN: usize = 1_000;

pub(super) fn lower<'a>(language: Language, text: &'a str, tree: &Tree) -> Vec<Expr<'a>> {
    let lower = Lower { language, text, heredocs: heredocs(language, tree) };
    lower.all(tree.root_node(), 0)
}

/// The body of each heredoc by the first byte of its opening; Ruby keeps them apart.
fn heredocs(language: Language, tree: &Tree) -> BTreeMap<usize, Node<'_>> {
    if language != Language::Ruby {
        return BTreeMap::new();
    }
    let (mut openings, mut bodies) = (Vec::new(), Vec::new());
    let mut cursor = tree.walk();
    'tree: loop {
        match cursor.node().kind() {
            "heredoc_beginning" => openings.push(cursor.node().start_byte()),
            "heredoc_body" => bodies.push(cursor.node()),
            _ => {}
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                break 'tree;
            }
        }
    }
    openings.into_iter().zip(bodies).collect()
}

struct Lower<'a, 't> {
    language: Language,
    text: &'a str,
    heredocs: BTreeMap<usize, Node<'t>>,
}

/// A call, or the reading of a member, before its parts are lowered.
struct Parts<'a, 't> {
    receiver: Option<Node<'t>>,
    name: &'a str,
    generic: Option<&'a str>,
    args: Option<Node<'t>>,
    block: Option<Node<'t>>,
}

fn line_of(node: Node<'_>) -> u32 {
    u32::try_from(node.start_position().row).unwrap_or(u32::MAX).saturating_add(1)
}

fn named(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let mut cursor = node.walk();
    let children: Vec<_> = node
        .named_children(&mut cursor)
        .filter(|child| !child.is_extra() || child.kind() == "heredoc_body")
        .collect();
    children.into_iter()
}

/// What stands around an expression without changing it.
fn bare(mut node: Node<'_>) -> Node<'_> {
    loop {
        let inner = match node.kind() {
            "expression_statement"
            | "parenthesized_expression"
            | "collection_element"
            | "expression_element"
            | "parenthesized_statements"
            | "await_expression"
            | "await"
            | "block_body"
            | "body_statement"
            | "reference_assignment_expression"
                if node.named_child_count() == 1 =>
            {
                node.named_child(0)
            }
            "as_expression" | "non_null_expression" | "satisfies_expression" | "type_assertion" => {
                node.named_child(0)
            }
            _ => None,
        };
        match inner {
            Some(inner) => node = inner,
            None => return node,
        }
    }
}

impl<'a, 't> Lower<'a, 't> {
    fn slice(&self, node: Node<'_>) -> &'a str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    fn field(&self, node: Node<'t>, name: &str) -> Option<Node<'t>> {
        node.child_by_field_name(name)
    }

    fn expr(&self, node: Node<'_>, kind: Kind<'a>) -> Expr<'a> {
        Expr { line: line_of(node), text: self.slice(node), kind }
    }

    fn all(&self, node: Node<'t>, depth: u32) -> Vec<Expr<'a>> {
        named(node).map(|child| self.node(child, depth + 1)).collect()
    }

    /// The statements of a body: of a block with many, or of one expression.
    fn body(&self, node: Option<Node<'t>>, depth: u32) -> Vec<Expr<'a>> {
        let Some(node) = node else { return Vec::new() };
        match node.kind() {
            "block"
            | "statement_block"
            | "compound_statement"
            | "body_statement"
            | "block_body"
            | "do_block"
            | "body"
            | "declaration_list"
            | "class_body"
            | "then"
            | "do"
            | "arrow_expression_clause" => self.all(node, depth),
            _ => vec![self.node(node, depth + 1)],
        }
    }

    fn node(&self, node: Node<'t>, depth: u32) -> Expr<'a> {
        let node = bare(node);
        if depth > MAX_DEPTH {
            return self.expr(node, Kind::Body(Vec::new()));
        }
        if let Some(parts) = self.parts(node) {
            return self.chain(node, parts, depth);
        }
        let kind = self.kind(node, depth);
        let mut expr = self.expr(node, kind);
        // What a heredoc of PHP says starts a line below its opening; that of Ruby begins with the line's end.
        if matches!(expr.kind, Kind::Str(_)) && self.slice(node).starts_with("<<<") {
            expr.line += 1;
        }
        expr
    }

    fn chain(&self, node: Node<'t>, parts: Parts<'a, 't>, depth: u32) -> Expr<'a> {
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
    fn special(&self, mut expr: Expr<'a>) -> Expr<'a> {
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

    fn parts(&self, node: Node<'t>) -> Option<Parts<'a, 't>> {
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
    fn callee(&self, function: Node<'t>, args: Option<Node<'t>>) -> Parts<'a, 't> {
        let function = bare(function);
        let (receiver, name) = match function.kind() {
            "attribute" => (self.field(function, "object"), self.field(function, "attribute")),
            "member_expression" => (self.field(function, "object"), self.field(function, "property")),
            "member_access_expression" => (self.field(function, "expression"), self.field(function, "name")),
            "identifier" | "name" | "generic_name" | "type_identifier" => (None, Some(function)),
            "qualified_name" => (None, named(function).last()),
            _ => (Some(function), None),
        };
        let (mut name_text, mut generic) = (name.map_or("", |name| self.slice(name)), None);
        if let Some(name) = name.filter(|name| name.kind() == "generic_name") {
            name_text = name.named_child(0).map_or("", |inner| self.slice(inner));
            generic = name.named_child(1).and_then(|list| list.named_child(0)).map(|inner| self.slice(inner));
        }
        Parts { receiver, name: name_text, generic, args, block: None }
    }

    fn arguments(&self, args: Node<'t>, call: &mut Call<'a>, depth: u32) {
        match args.kind() {
            "argument_list" | "arguments" | "initializer_expression" => {
                for arg in named(args) {
                    self.argument(arg, call, depth + 1);
                }
            }
            _ => call.args.push(self.node(args, depth + 1)),
        }
    }

    fn argument(&self, arg: Node<'t>, call: &mut Call<'a>, depth: u32) {
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
            "block_argument" => {}
            _ => call.args.push(self.node(arg, depth + 1)),
        }
    }

    /// A function from any node that has parameters and a body.
    fn func(&self, node: Node<'t>, name: Option<&'a str>, depth: u32) -> Func<'a> {
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
    fn param(&self, node: Node<'t>) -> Option<&'a str> {
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

    fn kind(&self, node: Node<'t>, depth: u32) -> Kind<'a> {
        let field = |name: &str| self.field(node, name);
        let named_func = || {
            let name = field("name").map(|name| self.slice(name));
            Kind::Func(Box::new(self.func(node, name, depth)))
        };
        match node.kind() {
            // strings
            "string"
            | "encapsed_string"
            | "template_string"
            | "string_literal"
            | "raw_string_literal"
            | "interpolated_string_expression"
            | "heredoc"
            | "nowdoc"
            | "sigil"
            | "charlist"
            | "bare_string"
            | "chained_string"
            | "concatenated_string"
            | "delimited_symbol"
            | "quoted_atom" => {
                let mut pieces = Vec::new();
                self.pieces(node, &mut pieces, depth);
                Kind::Str(pieces)
            }
            "heredoc_beginning" => {
                let mut pieces = Vec::new();
                if let Some(body) = self.heredocs.get(&node.start_byte()) {
                    self.pieces(*body, &mut pieces, depth);
                }
                Kind::Str(pieces)
            }
            "heredoc_body" => Kind::Body(Vec::new()),
            "verbatim_string_literal" => {
                let text = self.slice(node).trim_start_matches('@').trim_matches('"').replace("\"\"", "\"");
                Kind::Str(vec![Piece::Text(text)])
            }
            "simple_symbol" | "atom" => Kind::Atom(self.slice(node).trim_start_matches(':')),
            "bare_symbol" | "hash_key_symbol" => Kind::Atom(self.slice(node)),
            "keyword" => Kind::Atom(self.slice(node).trim_end().trim_end_matches(':').trim_matches('"')),
            "property_identifier" | "shorthand_property_identifier" => Kind::Name(self.slice(node)),
            "computed_property_name" => {
                node.named_child(0).map_or(Kind::Literal, |inner| self.node(inner, depth + 1).kind)
            }
            // names
            "identifier" | "constant" | "alias" | "self" | "this" | "this_expression" | "base" | "name"
            | "instance_variable" | "global_variable" | "type_identifier" | "relative_scope"
            | "scope_resolution" | "qualified_name" | "super" => {
                Kind::Name(self.slice(node).trim_start_matches('@'))
            }
            "variable_name" => Kind::Name(self.slice(node).trim_start_matches('$')),
            "generic_name" => Kind::Name(node.named_child(0).map_or("", |inner| self.slice(inner))),
            "class_constant_access_expression" => match (node.named_child(0), node.named_child(1)) {
                (Some(class), Some(constant)) if self.slice(constant) == "class" => {
                    Kind::Name(self.slice(class))
                }
                (_, Some(constant)) => Kind::Name(self.slice(constant)),
                _ => Kind::Literal,
            },
            "typeof_expression" => {
                node.named_child(0).map_or(Kind::Literal, |inner| Kind::Name(self.slice(inner)))
            }
            // values
            "integer" | "float" | "number" | "true" | "false" | "nil" | "none" | "null" | "undefined"
            | "boolean" | "boolean_literal" | "integer_literal" | "real_literal" | "null_literal"
            | "regex" | "unary" | "character" => Kind::Literal,
            "array"
            | "string_array"
            | "symbol_array"
            | "tuple"
            | "set"
            | "pattern_list"
            | "expression_list"
            | "initializer_expression"
            | "collection_expression"
            | "bare_list" => Kind::List(self.all(node, depth)),
            "list" => match node.named_child(0) {
                Some(only) if only.kind() == "keywords" => self.map(only, depth),
                _ => Kind::List(self.all(node, depth)),
            },
            "implicit_array_creation_expression" | "array_creation_expression"
                if self.language == Language::CSharp =>
            {
                let list = named(node).find(|child| child.kind() == "initializer_expression");
                Kind::List(list.map(|list| self.all(list, depth)).unwrap_or_default())
            }
            "array_creation_expression" => self.php_array(node, depth),
            "hash" | "dictionary" | "object" | "keywords" => self.map(node, depth),
            "map" => match named(node).last() {
                Some(content) => match content.named_child(0) {
                    Some(keywords) if keywords.kind() == "keywords" => self.map(keywords, depth),
                    _ => self.map(content, depth),
                },
                None => Kind::Map(Vec::new()),
            },
            "anonymous_object_creation_expression" => self.anonymous_object(node, depth),
            // functions and classes
            "method"
            | "singleton_method"
            | "function_definition"
            | "method_declaration"
            | "function_declaration"
            | "method_definition"
            | "generator_function_declaration"
            | "local_function_statement" => named_func(),
            "lambda" | "do_block" | "block" if self.language == Language::Ruby => match field("body") {
                Some(body) if body.kind() == "block" || body.kind() == "do_block" => {
                    Kind::Func(Box::new(self.func(body, None, depth)))
                }
                _ => Kind::Func(Box::new(self.func(node, None, depth))),
            },
            "anonymous_function"
            | "arrow_function"
            | "function_expression"
            | "lambda_expression"
            | "lambda"
            | "anonymous_method_expression"
            | "generator_function" => Kind::Func(Box::new(self.func(node, None, depth))),
            "decorated_definition" => match field("definition") {
                Some(definition) => self.node(definition, depth + 1).kind,
                None => Kind::Literal,
            },
            "class" | "class_definition" | "class_declaration" | "abstract_class_declaration" => {
                Kind::Class(Box::new(Class {
                    name: field("name").map_or("", |name| self.slice(name)),
                    bases: self.bases(node),
                    body: self.body(field("body"), depth),
                }))
            }
            "object_creation_expression" | "anonymous_class" => {
                let class = if node.kind() == "anonymous_class" { Some(node) } else { named(node).next() };
                let body = class.and_then(|class| self.field(class, "body"));
                Kind::Class(Box::new(Class {
                    name: "",
                    bases: class.map_or("", |class| self.bases(class)),
                    body: self.body(body, depth),
                }))
            }
            // names for values
            "assignment" | "augmented_assignment" | "assignment_expression" | "operator_assignment" => {
                self.assign(field("left"), field("right"), depth)
            }
            "variable_declarator" => {
                let value = field("value").or_else(|| named(node).last());
                self.assign(field("name"), value, depth)
            }
            "public_field_definition" => self.assign(field("name"), field("value"), depth),
            "const_element" => self.assign(node.named_child(0), node.named_child(1), depth),
            "property_element" => self.assign(field("name"), field("default_value"), depth),
            "as_pattern" => {
                self.assign(field("alias").and_then(|alias| alias.named_child(0)), node.named_child(0), depth)
            }
            "unary_operator" if self.language == Language::Elixir => self.attribute(node, depth),
            // loops
            "for_statement" if self.language == Language::Python => {
                self.for_loop(field("left"), field("right"), field("body"), depth)
            }
            "for_in_statement" | "foreach_statement" if field("right").is_some() => {
                self.for_loop(field("left"), field("right"), field("body"), depth)
            }
            "foreach_statement" => {
                self.for_loop(node.named_child(1), node.named_child(0), field("body"), depth)
            }
            "for" => self.for_loop(
                field("pattern"),
                field("value").and_then(|value| value.named_child(0)),
                field("body"),
                depth,
            ),
            "list_comprehension" => {
                let clause = named(node).find(|child| child.kind() == "for_in_clause");
                let part = |name| clause.and_then(|clause| self.field(clause, name));
                self.for_loop(part("left"), part("right"), field("body"), depth)
            }
            // raising
            "raise_statement" | "throw_statement" | "throw_expression" => Kind::Call(Box::new(Call {
                receiver: None,
                name: "raise",
                generic: None,
                args: self.all(node, depth),
                named: Vec::new(),
                block: None,
            })),
            "binary_operator" | "binary_expression" | "binary" => self.binary(node, depth),
            _ => Kind::Body(self.all(node, depth)),
        }
    }

    fn bases(&self, class: Node<'t>) -> &'a str {
        let named_base = self.field(class, "superclass").or_else(|| self.field(class, "superclasses"));
        let base = named_base.or_else(|| {
            named(class).find(|child| {
                matches!(
                    child.kind(),
                    "base_clause" | "base_list" | "class_heritage" | "class_interface_clause"
                )
            })
        });
        base.map_or("", |base| self.slice(base))
    }

    fn assign(&self, left: Option<Node<'t>>, right: Option<Node<'t>>, depth: u32) -> Kind<'a> {
        match (left, right) {
            (Some(left), Some(right)) if left != right => {
                Kind::Assign(Box::new((self.node(left, depth + 1), self.node(right, depth + 1))))
            }
            _ => Kind::Literal,
        }
    }

    fn for_loop(
        &self,
        names: Option<Node<'t>>,
        over: Option<Node<'t>>,
        body: Option<Node<'t>>,
        depth: u32,
    ) -> Kind<'a> {
        let (Some(names), Some(over)) = (names, over) else { return Kind::Body(self.body(body, depth)) };
        let names = names_of(&self.node(names, depth + 1));
        Kind::Loop(Box::new(Loop { names, over: self.node(over, depth + 1), body: self.body(body, depth) }))
    }

    /// `@name value` and `@name` of Elixir; other operators keep their operand.
    fn attribute(&self, node: Node<'t>, depth: u32) -> Kind<'a> {
        let Some(operand) = self.field(node, "operand") else { return Kind::Literal };
        if !self.slice(node).starts_with('@') {
            return Kind::Body(vec![self.node(operand, depth + 1)]);
        }
        let mut operand = self.node(operand, depth + 1);
        match &mut operand.kind {
            Kind::Call(call) if call.args.len() == 1 => match call.args.pop() {
                Some(value) => {
                    let name = Expr { line: operand.line, text: call.name, kind: Kind::Name(call.name) };
                    Kind::Assign(Box::new((name, value)))
                }
                None => Kind::Literal,
            },
            _ => operand.kind,
        }
    }

    fn map(&self, node: Node<'t>, depth: u32) -> Kind<'a> {
        let mut entries = Vec::new();
        for child in named(node) {
            match child.kind() {
                "pair" => {
                    if let (Some(key), Some(value)) = (self.field(child, "key"), self.field(child, "value")) {
                        entries.push((self.node(key, depth + 1), self.node(value, depth + 1)));
                    }
                }
                "shorthand_property_identifier" => entries
                    .push((self.node(child, depth + 1), self.expr(child, Kind::Name(self.slice(child))))),
                "method_definition" => {
                    if let Some(name) = self.field(child, "name") {
                        entries.push((
                            self.expr(name, Kind::Name(self.slice(name))),
                            self.node(child, depth + 1),
                        ));
                    }
                }
                "binary_operator" => {
                    if let (Some(key), Some(value)) = (self.field(child, "left"), self.field(child, "right"))
                    {
                        entries.push((self.node(key, depth + 1), self.node(value, depth + 1)));
                    }
                }
                _ => {}
            }
        }
        Kind::Map(entries)
    }

    fn php_array(&self, node: Node<'t>, depth: u32) -> Kind<'a> {
        let items: Vec<_> = named(node).filter(|child| child.kind() == "array_element_initializer").collect();
        if items.iter().all(|item| item.named_child_count() == 1) && !items.is_empty() {
            return Kind::List(
                items
                    .iter()
                    .filter_map(|item| item.named_child(0))
                    .map(|value| self.node(value, depth + 1))
                    .collect(),
            );
        }
        let pairs = items.iter().filter_map(|item| item.named_child(0).zip(item.named_child(1)));
        Kind::Map(
            pairs.map(|(key, value)| (self.node(key, depth + 1), self.node(value, depth + 1))).collect(),
        )
    }

    /// `new { A = 1, B = 2 }` of C#, whose grammar leaves names and values side by side.
    fn anonymous_object(&self, node: Node<'t>, depth: u32) -> Kind<'a> {
        let mut entries = Vec::new();
        let mut key = None;
        let mut cursor = node.walk();
        let children: Vec<_> = node.children(&mut cursor).collect();
        let mut before: Option<Node<'t>> = None;
        for child in children {
            match child.kind() {
                "=" => key = before.take(),
                _ if !child.is_named() || child.is_extra() => {}
                _ => {
                    if let Some(name) = key.take() {
                        entries.push((self.node(name, depth + 1), self.node(child, depth + 1)));
                    }
                    before = Some(child);
                }
            }
        }
        Kind::Map(entries)
    }

    fn binary(&self, node: Node<'t>, depth: u32) -> Kind<'a> {
        let (Some(left), Some(right)) = (self.field(node, "left"), self.field(node, "right")) else {
            return Kind::Body(self.all(node, depth));
        };
        let operator = self.field(node, "operator").map_or("", |operator| self.slice(operator));
        let (left, mut right) = (self.node(left, depth + 1), self.node(right, depth + 1));
        match (operator, self.language) {
            ("+" | "<>" | ".", _)
                if matches!(left.kind, Kind::Str(_)) || matches!(right.kind, Kind::Str(_)) =>
            {
                let mut pieces = Vec::new();
                for side in [left, right] {
                    match side.kind {
                        Kind::Str(inner) => pieces.extend(inner),
                        _ => pieces.push(Piece::Hole(side)),
                    }
                }
                Kind::Str(joined(pieces))
            }
            ("%", _) if matches!(left.kind, Kind::Str(_)) => Kind::Call(Box::new(Call {
                receiver: Some(left),
                name: "%",
                generic: None,
                args: right.elements().to_vec(),
                named: Vec::new(),
                block: None,
            })),
            ("|>", _) => {
                if let Kind::Call(call) = &mut right.kind {
                    call.args.insert(0, left);
                    return right.kind;
                }
                Kind::Body(vec![left, right])
            }
            ("=" | "<-", Language::Elixir) => Kind::Assign(Box::new((left, right))),
            _ => Kind::Body(vec![left, right]),
        }
    }

    fn pieces(&self, node: Node<'t>, pieces: &mut Vec<Piece<'a>>, depth: u32) {
        if depth > MAX_DEPTH {
            return;
        }
        let text = self.slice(node);
        let raw = text.starts_with("r\"")
            || text.starts_with("r'")
            || text.starts_with("~S")
            || text.starts_with("$@")
            || text.starts_with("@$");
        for child in named(node) {
            match child.kind() {
                "string_content"
                | "string_fragment"
                | "quoted_content"
                | "heredoc_content"
                | "string_literal_content"
                | "raw_string_content"
                | "nowdoc_string" => {
                    let text = self.slice(child);
                    let text = match self.language {
                        Language::Python if !raw => unescaped(text),
                        Language::CSharp if raw => text.replace("\"\"", "\""),
                        _ => text.to_owned(),
                    };
                    pieces.push(Piece::Text(text));
                }
                "escape_sequence" | "escape_interpolation" => {
                    pieces.push(Piece::Text(unescaped(self.slice(child))))
                }
                "string" | "heredoc_body" | "nowdoc_body" => self.pieces(child, pieces, depth + 1),
                "interpolation" | "template_substitution" => {
                    let inner = named(child).find(|inner| inner.kind() != "interpolation_brace");
                    let hole = inner
                        .map_or_else(|| self.expr(child, Kind::Literal), |inner| self.node(inner, depth + 1));
                    pieces.push(Piece::Hole(hole));
                }
                "string_start"
                | "string_end"
                | "heredoc_start"
                | "heredoc_end"
                | "quoted_start"
                | "quoted_end"
                | "sigil_name"
                | "sigil_modifiers"
                | "interpolation_start"
                | "interpolation_quote"
                | "raw_string_start"
                | "raw_string_end"
                | "string_literal_encoding" => {}
                _ => pieces.push(Piece::Hole(self.node(child, depth + 1))),
            }
        }
        *pieces = joined(std::mem::take(pieces));
    }
}

/// Whether the last call of a chain stands on a later line than the chain's start.
fn receiver_is_multiline(node: Node<'_>, name_line: usize) -> bool {
    name_line > node.start_position().row
}

/// The names on the left of an assignment, a loop or a pattern.
fn names_of<'a>(expr: &Expr<'a>) -> Vec<&'a str> {
    match &expr.kind {
        Kind::Name(name) => vec![name],
        Kind::List(parts) | Kind::Body(parts) => parts.iter().filter_map(Expr::name).collect(),
        _ => Vec::new(),
    }
}

/// The pieces with neighbouring texts made one.
fn joined(pieces: Vec<Piece<'_>>) -> Vec<Piece<'_>> {
    let mut out: Vec<Piece<'_>> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match (out.last_mut(), piece) {
            (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(&text),
            (_, piece) => out.push(piece),
        }
    }
    out
}

/// The text with the escapes that all these languages share.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            out.push(char);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('\n') | None => {}
            Some(other) => out.push(other),
        }
    }
    out
}
