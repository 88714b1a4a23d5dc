//! The words of a Go file: names, strings and marks, without comments.

use crate::formats::Unreadable;

/// A word of Go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// Its line, from 1.
    pub(super) line: u32,
    pub(super) kind: Kind<'a>,
}

/// What a word is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    Name(&'a str),
    Text(String),
    Mark(char),
}

impl<'a> Token<'a> {
    pub(super) fn name(&self) -> Option<&'a str> {
        match self.kind {
            Kind::Name(name) => Some(name),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is(&self, mark: char) -> bool {
        self.kind == Kind::Mark(mark)
    }
}

/// More than any file of Go that people write.
const MAX_BYTES: usize = 1 << 19;

/// The words of a file; refused where it is too large to be one that people write.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, Unreadable> {
    if text.len() > MAX_BYTES {
        return Err(Unreadable { reason: "too_large".to_owned() });
    }
    let mut out = Vec::new();
    let mut line = 1;
    let mut at = 0;
    let bytes = text.as_bytes();
    while let Some(&byte) = bytes.get(at) {
        let rest = text.get(at..).unwrap_or_default();
        let (kind, length) = match byte {
            b'/' if rest.starts_with("//") => (None, rest.find('\n').unwrap_or(rest.len())),
            b'/' if rest.starts_with("/*") => (None, rest.find("*/").map_or(rest.len(), |end| end + 2)),
            b'`' => {
                let end =
                    rest.get(1..).and_then(|inner| inner.find('`')).unwrap_or(rest.len().saturating_sub(1));
                (Some(Kind::Text(rest.get(1..=end).unwrap_or_default().to_owned())), end + 2)
            }
            b'"' => quoted(rest),
            b'\'' => {
                let end = rest.char_indices().skip(1).scan(false, |escaped, (at, char)| {
                    let ends = char == '\'' && !*escaped;
                    *escaped = char == '\\' && !*escaped;
                    Some((at, ends))
                });
                (None, end.take(12).find(|(_, ends)| *ends).map_or(1, |(at, _)| at + 1))
            }
            byte if byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80 => {
                let end = rest
                    .find(|char: char| !char.is_alphanumeric() && char != '_')
                    .unwrap_or(rest.len())
                    .max(1);
                match rest.get(..end) {
                    Some(name) if !name.is_empty() => (Some(Kind::Name(name)), end),
                    _ => (None, rest.chars().next().map_or(1, char::len_utf8)),
                }
            }
            byte if byte.is_ascii_whitespace() => (None, 1),
            byte => (Some(Kind::Mark(char::from(byte))), 1),
        };
        if let Some(kind) = kind {
            out.push(Token { line, kind });
        }
        let end = (at + length.max(1)).min(text.len());
        line += u32::try_from(
            bytes.get(at..end).unwrap_or_default().iter().filter(|byte| **byte == b'\n').count(),
        )
        .unwrap_or(0);
        at = end;
    }
    Ok(out)
}

fn quoted(rest: &str) -> (Option<Kind<'_>>, usize) {
    let mut out = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return (Some(Kind::Text(out)), at + 1),
            '\n' => return (Some(Kind::Text(out)), at),
            '\\' => match chars.next() {
                Some((_, 'n')) => out.push('\n'),
                Some((_, 't')) => out.push('\t'),
                Some((_, other)) => out.push(other),
                None => {}
            },
            char => out.push(char),
        }
    }
    (Some(Kind::Text(out)), rest.len())
}
