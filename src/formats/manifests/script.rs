//! A lexer for build scripts in languages of the C family (Groovy, Kotlin, Swift, Starlark, Scala): words, texts and
//! signs with their lines, comments left out. No maintained parser reads these.

/// A piece of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A name or number.
    Word(String),
    /// A text without its quotes; variables in it stay as written.
    Text(String),
    /// Any other sign.
    Sign(char),
    /// The end of a line.
    End,
}

impl Piece {
    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Piece::Word(word) => Some(word),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Piece::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is(&self, sign: char) -> bool {
        *self == Piece::Sign(sign)
    }
}

/// Which comments the language has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Comments {
    /// `//` and `/* */`
    Slashes,
    /// `#`
    Hash,
}

/// Cuts a script into pieces, each with its line from 1.
pub(super) fn pieces(script: &str, comments: Comments) -> Vec<(u32, Piece)> {
    let mut found = Vec::new();
    let mut line = 1;
    let mut rest = script;
    while let Some(first) = rest.chars().next() {
        let start = line;
        let length = if first == '\n' {
            found.push((line, Piece::End));
            1
        } else if first.is_whitespace() {
            first.len_utf8()
        } else if comments == Comments::Slashes && rest.starts_with("//")
            || comments == Comments::Hash && first == '#'
        {
            rest.find('\n').unwrap_or(rest.len())
        } else if comments == Comments::Slashes && rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some((text, length)) = quoted(rest) {
            found.push((start, Piece::Text(text.to_owned())));
            length
        } else if first.is_alphanumeric() || matches!(first, '_' | '`') {
            let end = rest.find(|letter: char| !(letter.is_alphanumeric() || matches!(letter, '_' | '`')));
            let end = end.unwrap_or(rest.len());
            found.push((start, Piece::Word(rest[..end].trim_matches('`').to_owned())));
            end
        } else {
            found.push((start, Piece::Sign(first)));
            first.len_utf8()
        };
        let (read, after) = rest.split_at(length);
        line += u32::try_from(read.matches('\n').count()).unwrap_or_default();
        rest = after;
    }
    found
}

/// A text at the start, without quotes, and its length with them. One that never ends goes to the end of its line.
fn quoted(rest: &str) -> Option<(&str, usize)> {
    for quote in ["\"\"\"", "'''"] {
        if let Some(inner) = rest.strip_prefix(quote) {
            let end = inner.find(quote).unwrap_or(inner.len());
            return Some((&inner[..end], (end + 6).min(rest.len())));
        }
    }
    let quote = rest.chars().next().filter(|letter| matches!(letter, '"' | '\''))?;
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' => return Some((&rest[1..at], at)),
            _ if letter == quote => return Some((&rest[1..at], at + 1)),
            _ => {}
        }
    }
    Some((&rest[1..], rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_texts_and_comments() {
        let script = "id 'a' /* no\n */ x(\"b\\\"c\") // no\n'''d\n''' é \"";
        let shown: Vec<String> = pieces(script, Comments::Slashes)
            .into_iter()
            .map(|(line, piece)| match piece {
                Piece::Word(word) => format!("{line}{word}"),
                Piece::Text(text) => format!("{line}'{text}'"),
                Piece::Sign(sign) => format!("{line}{sign}"),
                Piece::End => "|".to_owned(),
            })
            .collect();
        assert_eq!(shown, ["1id", "1'a'", "2x", "2(", "2'b\\\"c'", "2)", "|", "3'd\n'", "4é", "4''"]);
    }
}
