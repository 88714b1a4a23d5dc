//! The pieces of SQL in any dialect, and the statements that they form: never fails, one pass, no look back.

use super::Dialect;

/// One piece of SQL. Comments and spaces are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword, a name without quotes, a number, a template's placeholder.
    Word,
    /// A name in quotes of its dialect.
    Quoted,
    /// A string, dollar quotes included.
    Text,
    /// One character of punctuation.
    Mark,
}

/// A piece and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    pub(super) kind: Kind,
    /// As written, quotes included.
    pub(super) raw: &'a str,
    pub(super) start: usize,
    /// From 0, in the lexed text.
    pub(super) line: u32,
}

impl<'a> Piece<'a> {
    /// Whether it is this keyword.
    pub(super) fn is(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.raw.eq_ignore_ascii_case(word)
    }

    pub(super) fn is_mark(&self, mark: &str) -> bool {
        self.kind == Kind::Mark && self.raw == mark
    }

    pub(super) fn end(&self) -> usize {
        self.start + self.raw.len()
    }

    /// What stands between the quotes.
    pub(super) fn inner(&self) -> &'a str {
        match self.kind {
            Kind::Word | Kind::Mark => self.raw,
            Kind::Quoted => trimmed(self.raw, 1, 1),
            Kind::Text => match self.raw.strip_prefix('$').and_then(|rest| rest.find('$')) {
                Some(tag) => trimmed(self.raw, tag + 2, tag + 2),
                None => {
                    let opening = self.raw.find(['\'', '"']).map_or(0, |at| at + 1);
                    trimmed(self.raw, opening, 1)
                }
            },
        }
    }
}

/// `text` without its first and last bytes; what a cut file lacks is not taken away twice.
fn trimmed(text: &str, front: usize, back: usize) -> &str {
    text.get(front..text.len().saturating_sub(back)).or_else(|| text.get(front..)).unwrap_or_default()
}

/// One statement: its pieces, and its text from the first to the last of them.
#[derive(Debug)]
pub(super) struct Statement<'a> {
    pub(super) text: &'a str,
    /// From 0, in the text that was split.
    pub(super) line: u32,
    pub(super) pieces: Vec<Piece<'a>>,
}

impl<'a> Statement<'a> {
    pub(super) fn of(source: &'a str, pieces: Vec<Piece<'a>>) -> Option<Self> {
        let (first, last) = (pieces.first()?, pieces.last()?);
        Some(Self { text: &source[first.start..last.end()], line: first.line, pieces })
    }
}

/// Reads one piece after the other.
#[derive(Clone)]
struct Lexer<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    /// What ends a statement; a word stops before it.
    delimiter: &'a str,
    backslash_escapes: Option<bool>,
    hash_comments: bool,
}

impl<'a> Lexer<'a> {
    fn new(text: &'a str, dialect: Option<Dialect>) -> Self {
        let backslash_escapes = match dialect {
            Some(Dialect::MySql | Dialect::ClickHouse) => Some(true),
            Some(Dialect::Postgres | Dialect::Sqlite | Dialect::SqlServer) => Some(false),
            Some(Dialect::Generic) | None => None,
        };
        Self {
            text,
            at: 0,
            line: 0,
            delimiter: ";",
            backslash_escapes,
            hash_comments: dialect == Some(Dialect::MySql),
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn take(&mut self, length: usize) -> &'a str {
        let taken = &self.text[self.at..self.at + length];
        self.line += taken.bytes().filter(|byte| *byte == b'\n').count() as u32;
        self.at += length;
        taken
    }

    /// The rest of the line, without its end.
    fn take_line(&mut self) -> &'a str {
        let length = self.rest().find('\n').unwrap_or(self.rest().len());
        self.take(length)
    }

    fn take_past(&mut self, opening: usize, closing: &str) -> &'a str {
        let rest = self.rest();
        let from = opening.min(rest.len());
        let length = rest[from..].find(closing).map_or(rest.len(), |at| from + at + closing.len());
        self.take(length)
    }

    /// Whether only spaces stand before this place on its line.
    fn at_line_start(&self) -> bool {
        let before = &self.text[..self.at];
        before.trim_end_matches([' ', '\t']).is_empty()
            || before.trim_end_matches([' ', '\t']).ends_with('\n')
    }

    /// Skips spaces and comments. MySQL runs what stands in `/*! … */`, so its inside is read.
    fn skip(&mut self) {
        loop {
            let rest = self.rest();
            let spaces =
                rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n', '\u{c}', '\u{feff}']).len();
            if spaces > 0 {
                self.take(spaces);
            } else if rest.starts_with("--") || (self.hash_comments && rest.starts_with('#')) {
                self.take_line();
            } else if let Some(hint) = rest.strip_prefix("/*!") {
                let digits = hint.len() - hint.trim_start_matches(|c: char| c.is_ascii_digit()).len();
                self.take(3 + digits);
            } else if rest.starts_with("*/") {
                self.take(2);
            } else if rest.starts_with("/*") {
                self.take_past(2, "*/");
            } else if rest.starts_with("{%") {
                self.take_past(2, "%}");
            } else {
                return;
            }
        }
    }

    fn next(&mut self) -> Option<Piece<'a>> {
        self.skip();
        let (start, line) = (self.at, self.line);
        let rest = self.rest();
        let mut chars = rest.chars();
        let first = chars.next()?;
        let second = chars.next();
        let kind = match first {
            '\'' => Kind::Text,
            'e' | 'E' | 'n' | 'N' | 'b' | 'B' | 'x' | 'X' if second == Some('\'') => Kind::Text,
            '"' | '`' => Kind::Quoted,
            '[' if self.is_bracketed_name() => Kind::Quoted,
            '$' if self.dollar_tag().is_some() => Kind::Text,
            '$' | '{' if second == Some('{') => Kind::Word,
            _ if first.is_alphanumeric() || matches!(first, '_' | '@' | '#' | '$' | '%' | ':') => Kind::Word,
            _ => Kind::Mark,
        };
        let raw = match kind {
            Kind::Text => match self.dollar_tag() {
                Some(tag) => self.take_past(tag.len(), tag),
                None => self.string(),
            },
            Kind::Quoted => {
                let closing = if first == '[' { ']' } else { first };
                let mut length = 1;
                // a doubled quote stands for itself
                loop {
                    let tail = &rest[length..];
                    match tail.find(closing) {
                        None => break length = rest.len(),
                        Some(at) if tail[at + 1..].starts_with(closing) => length += at + 2,
                        Some(at) => break length += at + 1,
                    }
                }
                self.take(length)
            }
            Kind::Word if rest.starts_with("{{") => self.take_past(2, "}}"),
            Kind::Word if rest.starts_with("${") => self.take_past(2, "}"),
            Kind::Word => {
                let past_word = |from: usize| {
                    rest[from..]
                        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$' | '#' | '@')))
                        .map_or(rest.len(), |at| from + at)
                };
                let mut length = past_word(first.len_utf8());
                // `uk_${prefix}users`: what is filled in later stands inside the name
                while rest[..length].ends_with('$') && rest[length..].starts_with('{') {
                    let inside = rest.as_bytes()[length..].iter().take(LONGEST_PARAMETER);
                    let Some(end) = inside.clone().position(|byte| *byte == b'}') else { break };
                    length = past_word(length + end + 1);
                }
                self.take(rest[..length].find(self.delimiter).unwrap_or(length))
            }
            Kind::Mark => self.take(first.len_utf8()),
        };
        Some(Piece { kind, raw, start, line })
    }

    /// `[name]`, but neither `int[]` nor `values[1]` nor `ARRAY[a]`.
    fn is_bracketed_name(&self) -> bool {
        let before = self.text[..self.at].chars().next_back();
        let inside = self.rest()[1..].chars().next();
        !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | ']' | '"'))
            && inside.is_some_and(|c| c.is_alphabetic() || c == '_')
    }

    /// `$$` or `$tag$` at this place.
    fn dollar_tag(&self) -> Option<&'a str> {
        let rest = self.rest();
        let inside = rest.strip_prefix('$')?;
        let length = inside.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
        let is_tag = inside[length..].starts_with('$') && !inside.starts_with(|c: char| c.is_ascii_digit());
        is_tag.then(|| &rest[..length + 2])
    }

    fn string(&mut self) -> &'a str {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let opening = usize::from(bytes[0] != b'\'');
        let escapes = if matches!(bytes[0], b'e' | b'E') { Some(true) } else { self.backslash_escapes };
        let mut at = opening + 1;
        while at < bytes.len() {
            match bytes[at] {
                b'\\' if escapes == Some(true) => at += 1,
                // without a known dialect: `\'` before the end of a value closes it, else it stands for a quote
                b'\\' if escapes.is_none() && bytes.get(at + 1) == Some(&b'\'') => {
                    let closes = bytes.get(at + 2).is_none_or(|next| b" \r\n\t,;):".contains(next));
                    at += usize::from(!closes);
                }
                b'\'' if bytes.get(at + 1) == Some(&b'\'') => at += 1,
                b'\'' => return self.take(at + 1),
                _ => {}
            }
            at += 1;
        }
        self.take(rest.len())
    }
}

/// Bytes of a name that is filled in later, at most.
const LONGEST_PARAMETER: usize = 80;

/// Splits at `;`, `DELIMITER`s, `GO` and `/` lines; bodies of routines between BEGIN and END stay whole, and what only
/// a shell understands (`\connect`, rows of `COPY … FROM stdin`) is left out.
pub(super) fn statements(text: &str, dialect: Option<Dialect>) -> Vec<Statement<'_>> {
    let mut lexer = Lexer::new(text, dialect);
    let mut statements = Vec::new();
    let mut open: Vec<Piece<'_>> = Vec::new();
    let mut body = Body::default();
    loop {
        lexer.skip();
        if lexer.rest().is_empty() {
            break;
        }
        if lexer.at_line_start() {
            let end = lexer.rest().find('\n').unwrap_or(lexer.rest().len());
            let line = lexer.rest()[..end].trim_end();
            if let Some(mark) = word_and_rest(line, "DELIMITER") {
                lexer.delimiter = if mark.is_empty() { ";" } else { mark };
                lexer.take_line();
                statements.extend(close(text, &mut open, &mut body));
                continue;
            }
            let is_go =
                word_and_rest(line, "GO").is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()));
            if is_go || line == "/" {
                lexer.take_line();
                statements.extend(close(text, &mut open, &mut body));
                continue;
            }
            if line.starts_with('\\') && open.is_empty() {
                lexer.take_line();
                continue;
            }
        }
        if lexer.delimiter != ";" && lexer.rest().starts_with(lexer.delimiter) {
            lexer.take(lexer.delimiter.len());
            statements.extend(close(text, &mut open, &mut body));
            continue;
        }
        let Some(piece) = lexer.next() else { break };
        body.see(&open, &piece);
        // SQL Server's routines reach to the end of their batch, with or without BEGIN and END
        let in_batch = body.is_batch && dialect == Some(Dialect::SqlServer);
        if lexer.delimiter == ";" && piece.is_mark(";") && !body.is_open() && !in_batch {
            let rows_follow = open.first().is_some_and(|first| first.is("COPY"))
                && open.last().is_some_and(|last| last.is("stdin"));
            if rows_follow {
                lexer.take_past(0, "\n\\.");
            }
            statements.extend(close(text, &mut open, &mut body));
            continue;
        }
        if dialect == Some(Dialect::SqlServer) && !body.is_routine && begins_anew(&open, &piece, &lexer) {
            statements.extend(close(text, &mut open, &mut body));
            body.see(&open, &piece);
        }
        open.push(piece);
    }
    statements.extend(close(text, &mut open, &mut body));
    statements
}

/// SQL Server needs no `;`: whether a verb at the start of a line begins another statement.
fn begins_anew(open: &[Piece<'_>], piece: &Piece<'_>, behind: &Lexer<'_>) -> bool {
    const VERBS: [&str; 18] = [
        "ALTER", "CREATE", "DROP", "UPDATE", "INSERT", "DELETE", "TRUNCATE", "MERGE", "EXEC", "EXECUTE",
        "GRANT", "REVOKE", "IF", "BEGIN", "END", "DECLARE", "PRINT", "WHILE",
    ];
    let (Some(first), Some(last)) = (open.first(), open.last()) else { return false };
    let continues =
        first.is("WITH") || first.is("MERGE") || ["THEN", "ON", "AS", "FOR"].iter().any(|word| last.is(word));
    if piece.line == last.line || continues || last.is_mark("(") || last.is_mark(",") {
        return false;
    }
    let is_action = (piece.is("ALTER") || piece.is("DROP"))
        && behind.clone().next().is_some_and(|next| next.is("COLUMN") || next.is("CONSTRAINT"));
    !is_action && VERBS.iter().any(|verb| piece.is(verb))
}

fn close<'a>(text: &'a str, open: &mut Vec<Piece<'a>>, body: &mut Body) -> Option<Statement<'a>> {
    *body = Body::default();
    Statement::of(text, std::mem::take(open))
}

/// What follows `word` on a line that begins with it.
fn word_and_rest<'l>(line: &'l str, word: &str) -> Option<&'l str> {
    let head = line.get(..word.len())?;
    let rest = &line[word.len()..];
    let apart = rest.is_empty() || rest.starts_with([' ', '\t']);
    (head.eq_ignore_ascii_case(word) && apart).then(|| rest.trim())
}

/// Whether we are inside the body of a routine, where `;` ends a step of it and not the statement.
#[derive(Default)]
struct Body {
    is_routine: bool,
    /// Nothing but CREATE, ALTER and OR stands before the kind of routine.
    is_batch: bool,
    depth: u32,
    after_end: bool,
}

impl Body {
    fn is_open(&self) -> bool {
        self.depth > 0
    }

    fn see(&mut self, before: &[Piece<'_>], piece: &Piece<'_>) {
        if !self.is_routine {
            const ROUTINES: [&str; 6] = ["FUNCTION", "PROCEDURE", "PROC", "TRIGGER", "EVENT", "PACKAGE"];
            let creates = before.first().is_some_and(|first| first.is("CREATE") || first.is("ALTER"));
            self.is_routine = creates && before.len() < 16 && ROUTINES.iter().any(|word| piece.is(word));
            self.is_batch = self.is_routine
                && before.iter().all(|word| ["CREATE", "OR", "ALTER"].iter().any(|verb| word.is(verb)));
            return;
        }
        if self.after_end {
            self.after_end = false;
            let closes_inner = ["IF", "LOOP", "WHILE", "REPEAT", "FOR"].iter().any(|word| piece.is(word));
            if !closes_inner {
                self.depth = self.depth.saturating_sub(1);
            }
            if closes_inner || piece.is("CASE") {
                return;
            }
        }
        if piece.is("END") {
            // what follows says whether it closes a block or an IF; at `;` it is a block
            self.after_end = self.depth > 0;
        } else if piece.is("BEGIN") || (piece.is("CASE") && self.depth > 0) {
            self.depth += 1;
        }
    }
}
