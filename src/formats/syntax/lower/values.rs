//! Values, classes, assignments and loops, from the nodes of six grammars.

use tree_sitter::Node;

use super::strings::joined;
use super::{Lower, named, names_of};
use crate::formats::syntax::{Call, Class, Expr, Kind, Language, Loop, Piece};

impl<'a, 't> Lower<'a, 't> {
    pub(super) fn kind(&self, node: Node<'t>, depth: u32) -> Kind<'a> {
        let field = |name: &str| self.field(node, name);
        let named_func = || {
            let name = field("name").map(|name| self.slice(name));
            Kind::Func(Box::new(self.func(node, name, depth)))
        };
        match node.kind() {
            // `~w(a b)`, `~w[a b]a`: a list of words
            "sigil" if self.slice(node).starts_with("~w") || self.slice(node).starts_with("~W") => {
                let text = self.slice(node);
                let inner = text.get(3..).unwrap_or_default();
                let close = inner.rfind([')', ']', '}', '>', '"', '\'', '|', '/']).unwrap_or(inner.len());
                let words = inner.get(..close).unwrap_or_default().split_whitespace();
                let line = super::line_of(node);
                Kind::List(words.map(|word| Expr { line, text: word, kind: Kind::Atom(word) }).collect())
            }
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
            "computed_property_name" | "splat_argument" | "list_splat" => {
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

    pub(super) fn bases(&self, class: Node<'t>) -> &'a str {
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

    pub(super) fn assign(&self, left: Option<Node<'t>>, right: Option<Node<'t>>, depth: u32) -> Kind<'a> {
        match (left, right) {
            (Some(left), Some(right)) if left != right => {
                Kind::Assign(Box::new((self.node(left, depth + 1), self.node(right, depth + 1))))
            }
            _ => Kind::Literal,
        }
    }

    pub(super) fn for_loop(
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
    pub(super) fn attribute(&self, node: Node<'t>, depth: u32) -> Kind<'a> {
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

    pub(super) fn map(&self, node: Node<'t>, depth: u32) -> Kind<'a> {
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

    pub(super) fn php_array(&self, node: Node<'t>, depth: u32) -> Kind<'a> {
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
    pub(super) fn anonymous_object(&self, node: Node<'t>, depth: u32) -> Kind<'a> {
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

    pub(super) fn binary(&self, node: Node<'t>, depth: u32) -> Kind<'a> {
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
}
