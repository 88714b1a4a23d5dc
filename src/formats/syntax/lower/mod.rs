//! From the nodes of six grammars to the one small tree.

mod calls;
mod strings;
mod values;

use std::collections::BTreeMap;

use tree_sitter::{Node, Tree};

use super::{Expr, Kind, Language};

/// Deeper nesting than this is not written by people; what lies below is left out.
const MAX_DEPTH: u32 = 120;

/// Longer chains of calls than this are cut.
const MAX_CHAIN: usize = 1_000;

pub(super) fn lower<'a>(language: Language, text: &'a str, tree: &Tree) -> Vec<Expr<'a>> {
    let lower = Lower { language, text, heredocs: strings::heredocs(language, tree) };
    lower.all(tree.root_node(), 0)
}

struct Lower<'a, 't> {
    language: Language,
    text: &'a str,
    heredocs: BTreeMap<usize, Node<'t>>,
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
}

/// The names on the left of an assignment, a loop or a pattern.
fn names_of<'a>(expr: &Expr<'a>) -> Vec<&'a str> {
    match &expr.kind {
        Kind::Name(name) => vec![name],
        Kind::List(parts) | Kind::Body(parts) => parts.iter().filter_map(Expr::name).collect(),
        _ => Vec::new(),
    }
}
