//! Tables and indexes as they are made: their fields and rules.

use super::super::lex::{Piece, Statement};
use super::super::parsed::{beside, with_rule};
use super::super::{Reading, plain};
use super::cursor::{Cursor, name_after, split, written};
use crate::finding::SchemaOp;
use crate::formats::schema::{Column, Rule, Step, Table};

pub(super) fn create_index(
    statement: &Statement<'_>,
    mut cursor: Cursor<'_, '_>,
    unique: bool,
    reading: &mut Reading,
) -> bool {
    cursor.skip(&["CONCURRENTLY", "IF NOT EXISTS"]);
    let name = if cursor.clone().eat("ON") { String::new() } else { cursor.name().unwrap_or_default() };
    while cursor.peek().is_some() && !cursor.eat("ON") {
        cursor.next();
    }
    cursor.eat("ONLY");
    let Some(table) = cursor.name() else { return false };
    while cursor.peek().is_some_and(|piece| !piece.is_mark("(")) {
        cursor.next();
    }
    let columns = cursor.bracketed().and_then(|inside| covered(statement, inside));
    let what = if unique { "unique_index" } else { "index" };
    let rule = Rule { name, columns, what: what.to_owned(), line: reading.line, ..Rule::default() };
    let step = with_rule(reading.step(SchemaOp::AddIndex, table), rule);
    let is_partial = cursor.rest().iter().any(|piece| piece.is("WHERE"));
    reading.push(if is_partial { step.detail("condition", "") } else { step });
    true
}

/// The names that an index or a constraint covers; an expression as written.
pub(super) fn covered(statement: &Statement<'_>, inside: &[Piece<'_>]) -> Option<String> {
    let parts: Vec<String> = split(inside)
        .into_iter()
        .filter_map(|part| match part.get(1) {
            Some(next) if next.is_mark("(") => written(statement, part),
            _ => Cursor::new(part).name(),
        })
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

pub(super) fn create_table(
    statement: &Statement<'_>,
    mut cursor: Cursor<'_, '_>,
    is_temporary: bool,
    reading: &mut Reading,
    first_line: u32,
) -> bool {
    let is_guarded = cursor.eat("IF NOT EXISTS");
    let Some(name) = cursor.name() else { return false };
    if is_temporary {
        reading.temporary.insert(plain(&name));
        return true;
    }
    let mut shape = Table { name: name.clone(), line: reading.line, ..Table::default() };
    while cursor.peek().is_some_and(|piece| !piece.is_mark("(") && !piece.is("AS")) {
        cursor.next();
    }
    for part in split(cursor.bracketed().unwrap_or_default()) {
        match rule(statement, part, first_line) {
            Some(rule) if rule.what.ends_with("index") => shape.indexes.push(rule),
            Some(rule) => shape.constraints.push(rule),
            None => {
                let Some(field) = column(statement, part, first_line) else { continue };
                for (word, what) in
                    [("PRIMARY", "primary_key"), ("UNIQUE", "unique"), ("REFERENCES", "foreign_key")]
                {
                    if part.iter().skip(1).any(|piece| piece.is(word)) {
                        shape.constraints.push(beside(&field.name, what, field.line));
                    }
                }
                shape.columns.push(field);
            }
        }
    }
    let source = statement.pieces.iter().position(|piece| piece.is("SELECT")).and_then(|select| {
        let from = statement.pieces[select..].iter().position(|piece| piece.is("FROM"))?;
        name_after(statement, select + from + 1)
    });
    let mut step = reading.step(SchemaOp::AddTable, name);
    if is_guarded {
        step = step.detail("condition", "if_not_exists");
    }
    if let Some(source) = source {
        step = step.detail("copied_from", source);
    }
    reading.push(Step { shape: Some(shape), ..step });
    true
}

/// Words that end the type of a field, or its start value.
pub(super) const OPTIONS: [&str; 33] = [
    "SETTINGS",
    "NOT",
    "NULL",
    "DEFAULT",
    "PRIMARY",
    "UNIQUE",
    "REFERENCES",
    "CHECK",
    "CONSTRAINT",
    "COLLATE",
    "COMMENT",
    "GENERATED",
    "AS",
    "AUTO_INCREMENT",
    "AUTOINCREMENT",
    "AFTER",
    "FIRST",
    "CODEC",
    "TTL",
    "IDENTITY",
    "ON",
    "KEY",
    "STORED",
    "VIRTUAL",
    "MATERIALIZED",
    "ALIAS",
    "EPHEMERAL",
    "CHARSET",
    "SPARSE",
    "ENCODE",
    "INVISIBLE",
    "VISIBLE",
    "USING",
];

/// `name type options`
pub(super) fn column(statement: &Statement<'_>, part: &[Piece<'_>], first_line: u32) -> Option<Column> {
    let mut cursor = Cursor::new(part);
    let line = first_line + cursor.peek()?.line;
    let name = cursor.name()?;
    Some(field(statement, name, cursor.rest(), line))
}

pub(super) fn field(statement: &Statement<'_>, name: String, rest: &[Piece<'_>], line: u32) -> Column {
    let mut depth = 0i32;
    let mut ends: Vec<usize> = Vec::new();
    for (at, piece) in rest.iter().enumerate() {
        match piece.raw {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ if depth == 0 && OPTIONS.iter().any(|word| piece.is(word)) => ends.push(at),
            _ => {}
        }
    }
    let type_ = written(statement, &rest[..ends.first().copied().unwrap_or(rest.len())]);
    let has = |first: &str, second: &str| rest.windows(2).any(|pair| pair[0].is(first) && pair[1].is(second));
    let default = rest.iter().position(|piece| piece.is("DEFAULT")).and_then(|at| {
        let end = ends.iter().copied().find(|end| *end > at + 1).unwrap_or(rest.len());
        written(statement, &rest[at + 1..end])
    });
    let is_generated = rest.iter().any(|piece| {
        ["GENERATED", "AUTO_INCREMENT", "AUTOINCREMENT", "IDENTITY", "MATERIALIZED"]
            .iter()
            .any(|word| piece.is(word))
    });
    let is_required = has("NOT", "NULL") || has("PRIMARY", "KEY");
    Column {
        name,
        type_,
        nullable: Some(!is_required),
        default: default.or(is_generated.then(|| "generated".to_owned())),
        line,
    }
}

/// SQL Server's `CONSTRAINT name DEFAULT value FOR field`: the field and the value.
pub(super) fn start_value(statement: &Statement<'_>, part: &[Piece<'_>]) -> Option<(String, Option<String>)> {
    let mut cursor = Cursor::new(part);
    if cursor.eat("CONSTRAINT") {
        cursor.name()?;
    }
    let rest = cursor.rest();
    let at = rest.iter().rposition(|piece| piece.is("FOR")).filter(|_| cursor.eat("DEFAULT"))?;
    let field = Cursor::new(rest.get(at + 1..)?).name()?;
    Some((field, written(statement, rest.get(1..at)?)))
}

/// A constraint or an index inside a table's brackets, or behind ADD.
pub(super) fn rule(statement: &Statement<'_>, part: &[Piece<'_>], first_line: u32) -> Option<Rule> {
    let mut cursor = Cursor::new(part);
    let line = first_line + cursor.peek()?.line;
    // the column named "index" or "key" is in quotes in those dialects that know these words
    let name = if cursor.eat("CONSTRAINT") { cursor.name().unwrap_or_default() } else { String::new() };
    let unique = cursor.eat("UNIQUE");
    cursor.skip(&["FULLTEXT", "SPATIAL", "CLUSTERED", "NONCLUSTERED"]);
    let what = if cursor.eat("PRIMARY KEY") {
        "primary_key"
    } else if cursor.eat("FOREIGN KEY") {
        "foreign_key"
    } else if cursor.eat("CHECK") {
        "check"
    } else if cursor.eat("EXCLUDE") {
        "exclude"
    } else if (cursor.eat("INDEX") || cursor.eat("KEY"))
        && cursor.rest().iter().any(|piece| piece.is_mark("(") || piece.is("TYPE"))
    {
        if unique { "unique_index" } else { "index" }
    } else if unique {
        "unique"
    } else if ["LIKE", "PERIOD", "PROJECTION"].iter().any(|word| cursor.clone().eat(word)) || !name.is_empty()
    {
        "rule"
    } else {
        return None;
    };
    cursor.skip(&["IF NOT EXISTS"]);
    let name =
        if name.is_empty() && what.ends_with("index") { cursor.name().unwrap_or_default() } else { name };
    // ClickHouse's `INDEX name expression TYPE kind(…)`
    let bare = cursor.rest().split(|piece| piece.is("TYPE")).next().unwrap_or_default();
    if what == "index"
        && !bare.is_empty()
        && bare.len() < cursor.rest().len()
        && !bare.iter().any(|piece| piece.is_mark("("))
    {
        return Some(Rule {
            name,
            columns: written(statement, bare),
            what: what.to_owned(),
            line,
            ..Rule::default()
        });
    }
    while cursor.peek().is_some_and(|piece| !piece.is_mark("(")) {
        cursor.next();
    }
    let columns = if matches!(what, "check" | "exclude") {
        None
    } else {
        cursor.bracketed().and_then(|inside| covered(statement, inside))
    };
    Some(Rule { name, columns, what: what.to_owned(), line, ..Rule::default() })
}
