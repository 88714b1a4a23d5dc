//! Objects of which only kind and name matter: views, routines, types, policies, grants.

use super::super::lex::{Kind, Statement};
use super::super::{Reading, plain};
use super::cursor::{Cursor, name_after, written};
use crate::finding::SchemaOp;

/// Words that may stand between CREATE and the kind of object.
pub(super) const BEFORE_KIND: &[&str] = &[
    "OR REPLACE",
    "OR ALTER",
    "TEMP",
    "TEMPORARY",
    "GLOBAL",
    "LOCAL",
    "UNLOGGED",
    "EXTERNAL",
    "FOREIGN",
    "VIRTUAL",
    "RECURSIVE",
    "CONSTRAINT",
    "TRUSTED",
    "PROCEDURAL",
    "FORCE",
    "EDITIONABLE",
    "NONEDITIONABLE",
    "UNIQUE",
    "CLUSTERED",
    "NONCLUSTERED",
    "COLUMNSTORE",
    "FULLTEXT",
    "SPATIAL",
    "BITMAP",
    "SQL SECURITY DEFINER",
    "SQL SECURITY INVOKER",
    "DEFAULT",
    "PUBLIC",
    "TRANSIENT",
    "LIVE",
    "VECTOR",
    "AGGREGATE",
];

/// Kinds of objects, as they are written and as we call them; tables and indexes aside.
const KINDS: &[(&str, &str)] = &[
    ("MATERIALIZED VIEW", "view"),
    ("VIEW", "view"),
    ("FUNCTION", "function"),
    ("PROCEDURE", "function"),
    ("PROC", "function"),
    ("ROUTINE", "function"),
    ("AGGREGATE", "function"),
    ("PACKAGE BODY", "function"),
    ("PACKAGE", "function"),
    ("EVENT TRIGGER", "trigger"),
    ("TRIGGER", "trigger"),
    ("EVENT", "event"),
    ("TYPE", "type"),
    ("DOMAIN", "type"),
    ("EXTENSION", "extension"),
    ("SEQUENCE", "sequence"),
    ("SCHEMA", "schema"),
    ("DATABASE", "database"),
    ("ROLE", "role"),
    ("USER", "role"),
    ("LOGIN", "role"),
    ("GROUP", "role"),
    ("POLICY", "policy"),
    ("ROW POLICY", "policy"),
    ("SECURITY POLICY", "policy"),
    ("STATISTICS", ""),
    ("PUBLICATION", "publication"),
    ("SUBSCRIPTION", "subscription"),
    ("RULE", "rule"),
    ("OPERATOR", "operator"),
    ("COLLATION", "collation"),
    ("DICTIONARY", "dictionary"),
    ("SERVER", "server"),
    ("SYNONYM", "synonym"),
    ("CAST", "cast"),
    ("LANGUAGE", "language"),
    ("TEXT SEARCH", "text_search"),
    ("SETTINGS", ""),
    ("LARGE OBJECT", ""),
    ("SYSTEM", ""),
    ("SESSION", ""),
    ("TABLESPACE", ""),
    ("FULLTEXT CATALOG", ""),
    ("NAMED COLLECTION", ""),
    ("QUOTA", ""),
    ("ACCESS METHOD", ""),
    ("CONVERSION", ""),
    ("TRANSFORM", ""),
    ("LINKED SERVER", ""),
    ("CERTIFICATE", ""),
    ("MACRO", "function"),
    ("STREAM", "stream"),
    ("TASK", "task"),
    ("STAGE", "stage"),
    ("PIPE", "pipe"),
    ("USER MAPPING", ""),
    ("ASSEMBLY", ""),
    ("QUEUE", "queue"),
    ("PARTITION FUNCTION", ""),
    ("PARTITION SCHEME", ""),
    ("DIRECTORY", ""),
];

/// CREATE, ALTER and DROP of what is neither table nor index, DROP of these too, GRANT and REVOKE. `false`: not one of these.
pub(in super::super) fn object(statement: &Statement<'_>, reading: &mut Reading, first_line: u32) -> bool {
    let mut cursor = Cursor::new(&statement.pieces);
    let verb = match cursor.next() {
        Some(piece) if piece.is("CREATE") => "created",
        Some(piece) if piece.is("ALTER") => "changed",
        Some(piece) if piece.is("DROP") => "dropped",
        Some(piece) if piece.is("GRANT") => return grant(statement, reading, "loosened"),
        Some(piece) if piece.is("REVOKE") || piece.is("DENY") => {
            return grant(statement, reading, "tightened");
        }
        _ => return false,
    };
    let kind = loop {
        cursor.skip(BEFORE_KIND);
        if ["DEFINER", "ALGORITHM"].iter().any(|word| cursor.eat(word)) {
            // DEFINER = `root`@`%`, ALGORITHM = MERGE
            cursor.eat_mark("=");
            cursor.next();
            if cursor.peek().is_some_and(|piece| piece.raw.starts_with('@')) {
                let lone = cursor.next().is_some_and(|piece| piece.raw == "@");
                if lone {
                    cursor.next();
                }
            }
            continue;
        }
        if ["TABLE", "INDEX"].iter().any(|word| cursor.clone().eat(word)) {
            return verb == "dropped" && drop_table_or_index(&mut cursor, reading);
        }
        match KINDS.iter().find(|(words, _)| cursor.eat(words)) {
            Some((_, kind)) => break *kind,
            None => return false,
        }
    };
    cursor.skip(&["IF NOT EXISTS", "IF EXISTS", "CONCURRENTLY"]);
    if kind == "policy" {
        return policy(statement, cursor, verb, reading);
    }
    let names = if verb == "dropped" { cursor.names() } else { cursor.name().into_iter().collect() };
    let only_belongs = ["OWNER", "SET", "DEPENDS"].iter().any(|word| cursor.clone().eat(word));
    // character sets, limits and the like of a database
    let only_set =
        kind == "database" && !statement.pieces.iter().any(|piece| piece.is("RENAME") || piece.is("NAME"));
    if kind.is_empty()
        || (verb == "changed"
            && (only_set || only_belongs || matches!(kind, "sequence" | "function" | "extension")))
    {
        return true;
    }
    if kind == "role" {
        for name in names {
            let change = match verb {
                "created" => "loosened",
                "dropped" => "tightened",
                _ => "changed",
            };
            reading.access("permission", &name, change, format!("login {name}"));
        }
        return true;
    }
    if kind == "function"
        && verb != "dropped"
        && let Some((body, line)) = routine_body(statement)
        && let Some(name) = names.first()
    {
        reading.routines.insert(plain(name), (body, first_line + line));
    }
    let what = match kind {
        "type" if statement.pieces.iter().take(12).any(|piece| piece.is("ENUM") || piece.is("VALUE")) => {
            "enum"
        }
        other => other,
    };
    for name in names {
        let mut step = reading
            .step(SchemaOp::Other, "")
            .detail("what", what)
            .detail("name", name)
            .detail("change", verb);
        // ALTER TYPE t ADD VALUE 'x'
        let value = statement.pieces.windows(2).position(|pair| pair[0].is("ADD") && pair[1].is("VALUE"));
        let value = value.and_then(|at| statement.pieces[at..].iter().find(|piece| piece.kind == Kind::Text));
        if let Some(value) = value.filter(|_| what == "enum" && verb == "changed") {
            step = step.detail("added_value", value.inner());
        }
        let mut rest = cursor.clone();
        if verb == "changed" && rest.eat("RENAME TO") {
            step.to = rest.name();
        }
        // a whole area of tables goes with its database or schema
        step.destructive = verb == "dropped" && matches!(what, "database" | "schema");
        if what == "trigger" {
            let on = statement.pieces.iter().position(|piece| piece.is("ON"));
            if let Some(table) = on.and_then(|on| name_after(statement, on + 1)) {
                step = step.detail("on", table);
            }
        }
        step.text = written(statement, &statement.pieces);
        reading.push(step);
    }
    true
}

/// The steps between BEGIN and END, or between dollar quotes.
fn routine_body(statement: &Statement<'_>) -> Option<(String, u32)> {
    if let Some(body) =
        statement.pieces.iter().find(|piece| piece.kind == Kind::Text && piece.raw.starts_with('$'))
    {
        return Some((body.inner().to_owned(), body.line));
    }
    let begin = statement.pieces.iter().position(|piece| piece.is("BEGIN"))?;
    let first = statement.pieces[begin];
    let text = &statement.text[first.end() - statement.pieces[0].start..];
    Some((text.to_owned(), first.line))
}

pub(super) fn drop_table_or_index(cursor: &mut Cursor<'_, '_>, reading: &mut Reading) -> bool {
    if cursor.eat("TABLE") {
        let is_guarded = cursor.eat("IF EXISTS");
        for name in cursor.names() {
            let step = reading.step(SchemaOp::DropTable, name);
            reading.push(if is_guarded { step.detail("condition", "if_exists") } else { step });
        }
        return true;
    }
    cursor.eat("INDEX");
    cursor.skip(&["CONCURRENTLY", "IF EXISTS", "ONLINE"]);
    let names = cursor.names();
    let table = if cursor.eat("ON") { cursor.name() } else { None };
    for name in names {
        let step = match (&table, name.rsplit_once('.')) {
            (Some(table), _) => reading.step(SchemaOp::DropIndex, table),
            // SQL Server once wrote `table.index`
            (None, Some((table, _))) if reading.dialect == Some(super::super::Dialect::SqlServer) => {
                reading.step(SchemaOp::DropIndex, table)
            }
            _ => reading.step(SchemaOp::DropIndex, ""),
        };
        reading.push(step.detail("name", name.rsplit('.').next().unwrap_or(&name)));
    }
    true
}

fn grant(statement: &Statement<'_>, reading: &mut Reading, change: &str) -> bool {
    let pieces = &statement.pieces;
    let on = pieces.iter().position(|piece| piece.is("ON"));
    let to = pieces.iter().rposition(|piece| piece.is("TO") || piece.is("FROM"));
    let privileges = written(statement, &pieces[1..on.or(to).unwrap_or(pieces.len())]).unwrap_or_default();
    let who = to.and_then(|to| pieces.get(to + 1..)).and_then(|rest| {
        let end =
            rest.iter().position(|piece| piece.is("WITH") || piece.is("CASCADE") || piece.is("GRANTED"));
        written(statement, &rest[..end.unwrap_or(rest.len())])
    });
    let subject = match on {
        Some(on) => {
            let mut cursor = Cursor::new(&pieces[on + 1..to.filter(|to| *to > on).unwrap_or(pieces.len())]);
            cursor.skip(&[
                "TABLE",
                "SEQUENCE",
                "FUNCTION",
                "PROCEDURE",
                "SCHEMA",
                "DATABASE",
                "TYPE",
                "OBJECT",
            ]);
            written(statement, cursor.rest()).unwrap_or_default().replace(['"', '`', '[', ']'], "")
        }
        None => privileges.clone(),
    };
    let who = who.unwrap_or_default().replace(['"', '`'], "");
    // As SQL says it: names and verbs of a language that every template can quote.
    let word = |at: usize| pieces.get(at).map(|piece| piece.raw.to_ascii_uppercase()).unwrap_or_default();
    let (verb, side) = (word(0), to.map(word).unwrap_or_default());
    let said = format!("{verb} {privileges} {side} {who}");
    reading.access("grant", &subject, change, said.trim_end().to_owned());
    true
}

fn policy(statement: &Statement<'_>, mut cursor: Cursor<'_, '_>, verb: &str, reading: &mut Reading) -> bool {
    let name = cursor.name().unwrap_or_default();
    let table = if cursor.eat("ON") { cursor.name() } else { None }.unwrap_or_default();
    let has = |words: &[&str]| {
        statement
            .pieces
            .windows(words.len())
            .any(|window| window.iter().zip(words).all(|(piece, word)| piece.raw.eq_ignore_ascii_case(word)))
    };
    let change = match verb {
        "created" if has(&["AS", "RESTRICTIVE"]) => "tightened",
        "created" if has(&["USING", "(", "TRUE", ")"]) || has(&["CHECK", "(", "TRUE", ")"]) => "loosened",
        _ => "changed",
    };
    let said = match verb {
        "created" => "CREATE POLICY",
        "dropped" => "DROP POLICY",
        _ => "ALTER POLICY",
    };
    reading.access("row_policy", &table, change, format!("{said} {name}"));
    true
}
