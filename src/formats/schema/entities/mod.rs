//! Classes marked as stored: JPA and its kin in Java and Kotlin, TypeORM and MikroORM in TypeScript.
//!
//! The marks on classes and fields are read, and nothing is resolved: where they do not say a type, none is compared.

mod decorated;
mod jpa;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::ops::Range;

pub use decorated::Decorated;
pub use jpa::Jpa;

use super::{Column, Inventory, Table};
use crate::formats::Unreadable;
use crate::formats::words::{Family, Kind, Words, words};

/// Larger files are no classes that people write.
const MAX_BYTES: usize = 1 << 19;

/// `@Column(name = "a")`: a mark with its arguments.
struct Mark<'a> {
    name: &'a str,
    arguments: Vec<Range<usize>>,
}

/// A class, as far as its words show it.
struct Class<'a, 'w> {
    words: &'w Words<'a>,
    closings: &'w [usize],
    marks: Vec<Mark<'a>>,
    /// What stands between the brackets behind its name: Kotlin's fields.
    head: Range<usize>,
    body: Range<usize>,
}

/// Reads every class of a file that `fields` says is stored.
fn read<'a>(
    family: Family,
    text: &'a str,
    fields: impl Fn(&Class<'a, '_>) -> Option<Vec<Column>>,
) -> Result<Inventory, Unreadable> {
    if text.len() > MAX_BYTES {
        return Err(Unreadable { reason: "too_large".to_owned() });
    }
    let words = Words(words(family, text));
    let closings = words.closings();
    let mut inventory = Inventory::default();
    let (mut at, mut marks) = (0, Vec::new());
    while at < words.0.len() {
        let start = at;
        at += 1;
        if let Some((mark, behind)) = mark(&words, &closings, start) {
            marks.push(mark);
            at = behind;
        } else if words.name(start) == Some("class")
            && let Some(name) = words.name(at)
            && !start.checked_sub(1).is_some_and(|before| words.is(before, '.') || words.is(before, ':'))
        {
            let (head, body) = extent(&words, &closings, at + 1);
            at = if body.is_empty() { head.end.max(at) } else { body.start };
            let marks = std::mem::take(&mut marks);
            let class = Class { words: &words, closings: &closings, marks, head, body };
            let mut columns = fields(&class).unwrap_or_default();
            // a link and the plain field beside it share a column
            let mut seen = HashSet::new();
            columns.retain(|column| seen.insert(column.name.clone()));
            if !columns.is_empty() {
                let line = words.line(start);
                let part = !class.marks.iter().any(|mark| matches!(mark.name, "Entity" | "Document"));
                inventory.tables.push(Table {
                    name: name.to_owned(),
                    line,
                    columns,
                    part,
                    ..Table::default()
                });
            }
        } else if [';', '{', '}'].iter().any(|mark| words.is(start, *mark)) {
            marks.clear();
        }
    }
    Ok(inventory)
}

/// The mark that begins at a position, and where it ends. A mark's package, and Kotlin's `@field:`, say nothing here.
fn mark<'a>(words: &Words<'a>, closings: &[usize], at: usize) -> Option<(Mark<'a>, usize)> {
    if !words.is(at, '@') {
        return None;
    }
    let (mut name, mut end) = (words.name(at + 1)?, at + 2);
    while (words.is(end, '.') || words.is(end, ':'))
        && let Some(next) = words.name(end + 1)
    {
        (name, end) = (next, end + 2);
    }
    // `@interface` declares a mark
    if name == "interface" {
        return None;
    }
    let mut arguments = Vec::new();
    if words.is(end, '(')
        && let Some(close) = closings.get(end).filter(|close| **close > end)
    {
        arguments = words.arguments(end).map(|(arguments, _)| arguments).unwrap_or_default();
        end = close + 1;
    }
    Some((Mark { name, arguments }, end))
}

/// The brackets behind a class's name, and its body; empty where it has none.
fn extent(words: &Words<'_>, closings: &[usize], from: usize) -> (Range<usize>, Range<usize>) {
    let (mut head, mut at) = (from..from, from);
    while at < words.0.len() {
        match words.0[at].kind {
            Kind::Mark('{') => return (head, at + 1..closings[at]),
            Kind::Mark('(') => {
                if head.is_empty() {
                    head = at + 1..closings[at];
                }
                at = closings[at];
            }
            // what begins the next declaration ends a class without a body
            Kind::Mark(';' | '}' | '@') => break,
            Kind::Name("class" | "fun" | "object" | "val" | "var") => break,
            _ => {}
        }
        at += 1;
    }
    (head, at..at)
}

impl<'a> Class<'a, '_> {
    /// The marks that begin at a position, and what stands behind them.
    fn marks_at(&self, from: usize) -> (Vec<Mark<'a>>, usize) {
        let (mut marks, mut at) = (Vec::new(), from);
        while let Some((mark, behind)) =
            mark(self.words, self.closings, at).filter(|_| at < self.body.end.max(self.head.end))
        {
            marks.push(mark);
            at = behind;
        }
        (marks, at)
    }

    /// Where the next declaration of a body begins, from where what is declared here ends.
    fn behind(&self, end: usize) -> usize {
        let mut at = end;
        while at < self.body.end {
            match self.words.0[at].kind {
                Kind::Mark(';') => return at + 1,
                // where no sign ends a line, the next mark does
                Kind::Mark('@') if at > end && self.words.line(at) > self.words.line(at - 1) => return at,
                // a body ends what it belongs to; a list of values does not
                Kind::Mark('{') => {
                    let is_value = at.checked_sub(1).is_some_and(|at| !self.words.is(at, ')'))
                        && (end..at).any(|at| self.words.is(at, '='));
                    at = self.closings[at].max(at);
                    if !is_value {
                        return at + 1;
                    }
                }
                Kind::Mark('(' | '[') => at = self.closings[at].max(at),
                _ => {}
            }
            at += 1;
        }
        self.body.end
    }

    /// Whether the other side of a link keeps it.
    fn is_mapped_by(&self, marks: &[Mark<'a>]) -> bool {
        marks.iter().any(|mark| {
            mark.arguments
                .iter()
                .any(|range| range.clone().any(|at| matches!(self.words.name(at), Some("mappedBy"))))
        })
    }

    /// What a mark says under a name, as one word: `length = 20`, `{ length: 20 }`.
    fn option(&self, marks: &[Mark<'a>], names: &[&str]) -> Option<&'a str> {
        let words = self.words;
        let inside = marks.iter().flat_map(|mark| mark.arguments.iter()).flat_map(Clone::clone);
        inside.into_iter().find_map(|at| {
            let is_named = words.name(at).is_some_and(|name| names.contains(&name))
                && (words.is(at + 1, '=') || words.is(at + 1, ':'));
            if !is_named {
                return None;
            }
            words.text(at + 2).or_else(|| {
                // `Names.NAME` is known by its last part
                let mut end = at + 2;
                while words.is(end + 1, '.') && words.name(end + 2).is_some() {
                    end += 2;
                }
                words.name(end)
            })
        })
    }
}

/// Names that differ in case and `_` alone name the same column in one way of naming or another.
fn bare(name: &str) -> String {
    name.chars().filter(|letter| *letter != '_').flat_map(char::to_lowercase).collect()
}

/// What is stored for a type of the language, in one word; nothing for types that others define.
fn basic(type_: &str) -> Option<&'static str> {
    Some(match type_.rsplit('.').next()? {
        "String" | "string" | "varchar" | "CharSequence" => "text",
        "text" => "long text",
        "int" | "Integer" | "Int" | "integer" | "number" => "whole number",
        "long" | "Long" | "bigint" => "large number",
        "short" | "Short" | "smallint" => "small number",
        "boolean" | "Boolean" | "bool" => "yes or no",
        "double" | "Double" | "float" | "Float" => "number",
        "BigDecimal" | "decimal" | "numeric" => "exact number",
        "UUID" | "uuid" => "id",
        "LocalDate" | "date" => "day",
        "Instant" | "LocalDateTime" | "OffsetDateTime" | "ZonedDateTime" | "Timestamp" | "Date"
        | "timestamp" | "timestamptz" | "datetime" => "moment",
        "json" | "jsonb" | "simple-json" => "json",
        _ => return None,
    })
}
