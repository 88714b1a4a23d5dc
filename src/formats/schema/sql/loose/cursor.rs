//! Walks over the words of a statement.

use super::super::lex::{Kind, Piece, Statement};

/// Walks over pieces.
#[derive(Clone)]
pub(super) struct Cursor<'s, 'a> {
    pieces: &'s [Piece<'a>],
    at: usize,
}

impl<'s, 'a> Cursor<'s, 'a> {
    pub(super) fn new(pieces: &'s [Piece<'a>]) -> Self {
        Self { pieces, at: 0 }
    }

    pub(super) fn peek(&self) -> Option<&'s Piece<'a>> {
        self.pieces.get(self.at)
    }

    pub(super) fn next(&mut self) -> Option<&'s Piece<'a>> {
        let piece = self.pieces.get(self.at)?;
        self.at += 1;
        Some(piece)
    }

    pub(super) fn rest(&self) -> &'s [Piece<'a>] {
        &self.pieces[self.at.min(self.pieces.len())..]
    }

    /// Steps over the words if they all follow.
    pub(super) fn eat(&mut self, words: &str) -> bool {
        let mut at = self.at;
        for word in words.split(' ') {
            match self.pieces.get(at) {
                Some(piece) if piece.is(word) => at += 1,
                _ => return false,
            }
        }
        self.at = at;
        true
    }

    /// Steps over any of these, as often as they come.
    pub(super) fn skip(&mut self, words: &[&str]) {
        while words.iter().any(|words| self.eat(words)) {}
    }

    pub(super) fn eat_mark(&mut self, mark: &str) -> bool {
        let eaten = self.peek().is_some_and(|piece| piece.is_mark(mark));
        self.at += usize::from(eaten);
        eaten
    }

    /// A name with its dots, without quotes.
    pub(super) fn name(&mut self) -> Option<String> {
        let mut name = String::new();
        loop {
            let piece = self.peek().filter(|piece| piece.kind != Kind::Mark)?;
            self.at += 1;
            name.push_str(piece.inner());
            // a placeholder glued to what follows is part of the name: `${prefix}users`
            let glued = |next: &&Piece<'a>| {
                next.start == piece.end() && next.kind == Kind::Word && piece.raw.ends_with('}')
            };
            if self.peek().filter(glued).is_some() {
                continue;
            }
            if !self.eat_mark(".") {
                return Some(name);
            }
            name.push('.');
        }
    }

    pub(super) fn names(&mut self) -> Vec<String> {
        let mut names = Vec::new();
        while let Some(name) = self.name() {
            names.push(name);
            if !self.eat_mark(",") {
                break;
            }
        }
        names
    }

    /// What stands between the brackets that open here; the brackets are stepped over.
    pub(super) fn bracketed(&mut self) -> Option<&'s [Piece<'a>]> {
        if !self.eat_mark("(") {
            return None;
        }
        let start = self.at;
        let mut depth = 1u32;
        while let Some(piece) = self.next() {
            match piece.raw {
                "(" if piece.kind == Kind::Mark => depth += 1,
                ")" if piece.kind == Kind::Mark => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Some(&self.pieces[start..self.at - 1]);
            }
        }
        Some(&self.pieces[start..])
    }
}

/// The parts between the commas that stand in no brackets.
pub(super) fn split<'s, 'a>(pieces: &'s [Piece<'a>]) -> Vec<&'s [Piece<'a>]> {
    let mut depth = 0i32;
    pieces
        .split(|piece| {
            if piece.kind != Kind::Mark {
                return false;
            }
            match piece.raw {
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
            depth == 0 && piece.raw == ","
        })
        .filter(|part| !part.is_empty())
        .collect()
}

/// The text from the first to the last piece.
pub(super) fn written(statement: &Statement<'_>, pieces: &[Piece<'_>]) -> Option<String> {
    let (first, last) = (pieces.first()?, pieces.last()?);
    let base = statement.pieces[0].start;
    let text = statement.text.get(first.start - base..last.end() - base)?;
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The name that stands at the `nth` piece.
pub(in super::super) fn name_after(statement: &Statement<'_>, nth: usize) -> Option<String> {
    Cursor::new(statement.pieces.get(nth..)?).name()
}
