//! Strings with what is inserted into them, and the heredocs that Ruby keeps apart.

use std::collections::BTreeMap;

use tree_sitter::{Node, Tree};

use super::{Lower, MAX_DEPTH, named};
use crate::formats::syntax::{Kind, Language, Piece};

impl<'a, 't> Lower<'a, 't> {
    pub(super) fn pieces(&self, node: Node<'t>, pieces: &mut Vec<Piece<'a>>, depth: u32) {
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

/// The body of each heredoc by the first byte of its opening; Ruby keeps them apart.
pub(super) fn heredocs(language: Language, tree: &Tree) -> BTreeMap<usize, Node<'_>> {
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

/// The pieces with neighbouring texts made one.
pub(super) fn joined(pieces: Vec<Piece<'_>>) -> Vec<Piece<'_>> {
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
