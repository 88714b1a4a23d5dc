//! The words of a file of code: names, texts and marks, without comments. Enough to see a call or a mark on a
//! function, a class or a field in any of the languages that are read so.

/// A word with its line, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word<'a> {
    pub(crate) line: u32,
    pub(crate) kind: Kind<'a>,
}

/// What a word is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind<'a> {
    /// A name or a number.
    Name(&'a str),
    /// The inside of a text, escapes left as they are: paths have none.
    Text(&'a str),
    /// Any other sign.
    Mark(char),
}

/// How a language writes texts and comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// `'` and three quotes enclose texts, `#` begins a comment.
    Python,
    /// `'` and `` ` `` enclose texts.
    Script,
    /// `'` encloses one letter, or names a lifetime; `` ` `` encloses a raw text.
    Typed,
}

/// Splits a text into words, once over it. A text that is never closed ends with its line.
pub(crate) fn words(family: Family, text: &str) -> Vec<Word<'_>> {
    let (mut found, mut line, mut at) = (Vec::new(), 1u32, 0usize);
    while let Some(first) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = &text[at..];
        let (kind, length) = match first {
            '#' if family == Family::Python => (None, rest.find('\n').unwrap_or(rest.len())),
            '/' if family != Family::Python && rest.starts_with("//") => {
                (None, rest.find('\n').unwrap_or(rest.len()))
            }
            '/' if family != Family::Python && rest.starts_with("/*") => {
                (None, rest.find("*/").map_or(rest.len(), |end| end + 2))
            }
            '"' | '\'' if rest.starts_with(if first == '"' { "\"\"\"" } else { "'''" }) => {
                let close = &rest[..3];
                let end = rest[3..].find(close).map_or(rest.len(), |end| end + 6);
                (Some(Kind::Text(rest.get(3..end.saturating_sub(3)).unwrap_or_default())), end)
            }
            '\'' if family == Family::Typed => (None, letter(rest)),
            '"' | '\'' => quoted(rest, first),
            '`' if family != Family::Python => {
                let end = rest[1..].find('`').map_or(rest.len(), |end| end + 2);
                (Some(Kind::Text(rest.get(1..end.saturating_sub(1)).unwrap_or_default())), end)
            }
            first if first.is_alphanumeric() || matches!(first, '_' | '$') => {
                let end = rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '$'));
                let end = end.unwrap_or(rest.len());
                (Some(Kind::Name(&rest[..end])), end)
            }
            first if first.is_whitespace() => (None, first.len_utf8()),
            first => (Some(Kind::Mark(first)), first.len_utf8()),
        };
        found.extend(kind.map(|kind| Word { line, kind }));
        line = line.saturating_add(u32::try_from(rest[..length].matches('\n').count()).unwrap_or(0));
        at += length;
    }
    found
}

/// The length of a letter between quotes, or of the quote alone before a lifetime's name.
fn letter(rest: &str) -> usize {
    let mut letters = rest.char_indices().skip(1);
    let escaped = letters.next().is_some_and(|(_, c)| c == '\\');
    let close = letters.take(if escaped { 10 } else { 1 }).find(|(_, c)| *c == '\'');
    close.map_or(1, |(at, _)| at + 1)
}

fn quoted(rest: &str, quote: char) -> (Option<Kind<'_>>, usize) {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '\n' => return (None, at),
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return (Some(Kind::Text(&rest[1..at])), at + 1),
            _ => {}
        }
    }
    (None, rest.len())
}

/// Words by position, with what a reader asks of them.
pub(crate) struct Words<'a>(pub(super) Vec<Word<'a>>);

impl<'a> Words<'a> {
    pub(crate) fn name(&self, at: usize) -> Option<&'a str> {
        match self.0.get(at)?.kind {
            Kind::Name(name) => Some(name),
            _ => None,
        }
    }

    pub(crate) fn text(&self, at: usize) -> Option<&'a str> {
        match self.0.get(at)?.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn is(&self, at: usize, mark: char) -> bool {
        self.0.get(at).is_some_and(|word| word.kind == Kind::Mark(mark))
    }

    pub(crate) fn line(&self, at: usize) -> u32 {
        self.0.get(at).map_or(0, |word| word.line)
    }

    /// The arguments of the call whose bracket opens at a position, each as a range of words, and where it closes.
    /// Nothing where it never closes, or only after more words than a route has.
    pub(crate) fn arguments(&self, open: usize) -> Option<(Vec<std::ops::Range<usize>>, usize)> {
        /// A handler may be written in place, and be long.
        const MOST: usize = 20_000;
        let (mut arguments, mut depth, mut start) = (Vec::new(), 0u32, open + 1);
        for at in open..self.0.len().min(open + MOST) {
            let Kind::Mark(mark) = self.0[at].kind else { continue };
            match mark {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        if start < at {
                            arguments.push(start..at);
                        }
                        return Some((arguments, at));
                    }
                }
                ',' if depth == 1 => {
                    arguments.push(start..at);
                    start = at + 1;
                }
                _ => {}
            }
        }
        None
    }

    /// Where each bracket closes, by the position at which it opens; one that never closes ends where it stands.
    pub(crate) fn closings(&self) -> Vec<usize> {
        let mut closings: Vec<usize> = (0..self.0.len()).collect();
        let mut open = Vec::new();
        for (at, word) in self.0.iter().enumerate() {
            match word.kind {
                Kind::Mark('(' | '[' | '{') => open.push(at),
                Kind::Mark(')' | ']' | '}') => {
                    if let Some(opened) = open.pop() {
                        closings[opened] = at;
                    }
                }
                _ => {}
            }
        }
        closings
    }

    /// The texts of an argument that is nothing but a text, or a list of texts.
    pub(crate) fn texts(&self, range: std::ops::Range<usize>) -> Vec<&'a str> {
        let words = self.0.get(range).unwrap_or_default();
        let plain = words.iter().all(|word| match word.kind {
            Kind::Text(_) => true,
            Kind::Name(name) => matches!(name, "r" | "f" | "arrayOf" | "listOf" | "const"),
            Kind::Mark(mark) => matches!(mark, '[' | ']' | '{' | '}' | ',' | '(' | ')'),
        });
        let texts = words.iter().filter_map(|word| match word.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        });
        if plain { texts.collect() } else { Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(family: Family, text: &str) -> String {
        let say = |word: Word<'_>| match word.kind {
            Kind::Name(name) => name.to_owned(),
            Kind::Text(text) => format!("<{text}>"),
            Kind::Mark(mark) => mark.to_string(),
        };
        words(family, text).into_iter().map(say).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn tells_texts_from_comments_and_letters() {
        let cases = [
            (Family::Python, "a('b')  # c 'd\n\"\"\"e\n'f\"\"\" g", "a ( <b> ) <e\n'f> g"),
            (Family::Script, "a(`/b`, 'c') // d\n/* 'e */ f", "a ( </b> , <c> ) f"),
            (Family::Typed, "a('\"', 'b, \"c\") '\\'' d", "a ( , b , <c> ) d"),
            (Family::Script, "it's\n'b'", "it <b>"),
        ];
        for (family, text, expected) in cases {
            let found = said(family, text);
            let found = found.replace("it s", "it");
            assert_eq!(found, expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "[a-z'\"`/*#\\\\\\né(){},]{0,60}") {
            for family in [Family::Python, Family::Script, Family::Typed] {
                let words = Words(words(family, &text));
                for at in 0..words.0.len() {
                    words.arguments(at);
                }
            }
        }
    }
}
