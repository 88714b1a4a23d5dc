//! Statements that write, rewrite and delete rows.

use super::super::Reading;
use super::super::lex::Statement;
use super::super::parsed::assigned;
use super::cursor::{Cursor, name_after, split};
use crate::finding::SchemaOp;

/// INSERT, UPDATE, DELETE and their kin, wherever a WITH puts them.
pub(super) fn rows(statement: &Statement<'_>, reading: &mut Reading) -> bool {
    const VERBS: [&str; 8] = ["INSERT", "REPLACE", "UPDATE", "DELETE", "TRUNCATE", "MERGE", "COPY", "LOAD"];
    let mut depth = 0i32;
    let at = statement.pieces.iter().position(|piece| {
        match piece.raw {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => {}
        }
        depth == 0 && VERBS.iter().any(|verb| piece.is(verb))
    });
    let Some(at) = at else {
        // WITH … SELECT
        return statement.pieces[0].is("WITH");
    };
    let verb = statement.pieces[at].raw.to_ascii_uppercase();
    let mut cursor = Cursor::new(&statement.pieces[at + 1..]);
    cursor.skip(&[
        "LOW_PRIORITY",
        "DELAYED",
        "HIGH_PRIORITY",
        "QUICK",
        "IGNORE",
        "OR REPLACE",
        "OR IGNORE",
        "OR ABORT",
        "OR FAIL",
        "OR ROLLBACK",
        "OVERWRITE",
        "ALL",
    ]);
    if cursor.eat("TOP") && cursor.bracketed().is_none() {
        cursor.next();
    }
    let has = |word: &str| statement.pieces.iter().any(|piece| piece.is(word));
    let backfill = |reading: &Reading, table: String, what: &str| {
        let mut step = reading.step(SchemaOp::DataBackfill, table).detail("what", what);
        step.destructive = what == "deleted";
        if what != "copied" && what != "rows_added" && has("WHERE") {
            step = step.detail("condition", "");
        }
        step
    };
    if verb == "TRUNCATE" {
        cursor.skip(&["TABLE", "IF EXISTS", "ONLY"]);
        for table in cursor.names() {
            let step = backfill(reading, table, "deleted");
            reading.push(step);
        }
        return true;
    }
    if verb == "LOAD" {
        while cursor.peek().is_some() && !cursor.eat("INTO TABLE") {
            cursor.next();
        }
    }
    cursor.skip(&["INTO", "TABLE", "FROM", "ONLY"]);
    let Some(table) = cursor.name() else { return false };
    let step = match verb.as_str() {
        "UPDATE" => {
            let mut step = backfill(reading, table, "rewritten");
            let set = statement.pieces.iter().position(|piece| piece.is("SET"));
            if let Some(set) = set {
                let end = statement.pieces.iter().position(|piece| piece.is("WHERE") || piece.is("FROM"));
                let end = end.filter(|end| *end > set).unwrap_or(statement.pieces.len());
                let columns: Vec<String> = split(&statement.pieces[set + 1..end])
                    .into_iter()
                    .filter_map(|part| Cursor::new(part).name())
                    .map(|target| assigned(&target))
                    .collect();
                if !columns.is_empty() {
                    step = step.column(columns.join(", "));
                }
            }
            step
        }
        "DELETE" => backfill(reading, table, "deleted"),
        "MERGE" => backfill(reading, table, "rewritten"),
        // COPY … TO writes a file
        "COPY" if !cursor.rest().iter().any(|piece| piece.is("FROM")) => return true,
        _ => {
            let from = statement.pieces.iter().position(|piece| piece.is("FROM")).filter(|_| has("SELECT"));
            let rewrites = verb == "REPLACE"
                || statement
                    .pieces
                    .windows(2)
                    .any(|pair| pair[1].is("UPDATE") && (pair[0].is("DO") || pair[0].is("KEY")));
            let what = |otherwise| if rewrites { "rewritten" } else { otherwise };
            match from.and_then(|from| name_after(statement, from + 1)) {
                Some(source) => backfill(reading, table, what("copied")).detail("copied_from", source),
                None => backfill(reading, table, what("rows_added")),
            }
        }
    };
    reading.push(step);
    true
}
