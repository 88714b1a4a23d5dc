//! From the words of a statement to steps: for objects of which only kind and name matter, and for all that the parser
//! gives up on.

use super::lex::{Kind, Piece, Statement};
use super::parsed::{self, added, assigned, with_rule};
use super::{Reading, plain};
use crate::finding::SchemaOp;
use crate::formats::schema::{Column, Rule, States, Step, Table};

/// Walks over pieces.
#[derive(Clone)]
struct Cursor<'s, 'a> {
    pieces: &'s [Piece<'a>],
    at: usize,
}

impl<'s, 'a> Cursor<'s, 'a> {
    fn new(pieces: &'s [Piece<'a>]) -> Self {
        Self { pieces, at: 0 }
    }

    fn peek(&self) -> Option<&'s Piece<'a>> {
        self.pieces.get(self.at)
    }

    fn next(&mut self) -> Option<&'s Piece<'a>> {
        let piece = self.pieces.get(self.at)?;
        self.at += 1;
        Some(piece)
    }

    fn rest(&self) -> &'s [Piece<'a>] {
        &self.pieces[self.at.min(self.pieces.len())..]
    }

    /// Steps over the words if they all follow.
    fn eat(&mut self, words: &str) -> bool {
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
    fn skip(&mut self, words: &[&str]) {
        while words.iter().any(|words| self.eat(words)) {}
    }

    fn eat_mark(&mut self, mark: &str) -> bool {
        let eaten = self.peek().is_some_and(|piece| piece.is_mark(mark));
        self.at += usize::from(eaten);
        eaten
    }

    /// A name with its dots, without quotes.
    fn name(&mut self) -> Option<String> {
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

    fn names(&mut self) -> Vec<String> {
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
    fn bracketed(&mut self) -> Option<&'s [Piece<'a>]> {
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
fn split<'s, 'a>(pieces: &'s [Piece<'a>]) -> Vec<&'s [Piece<'a>]> {
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
fn written(statement: &Statement<'_>, pieces: &[Piece<'_>]) -> Option<String> {
    let (first, last) = (pieces.first()?, pieces.last()?);
    let base = statement.pieces[0].start;
    let text = statement.text.get(first.start - base..last.end() - base)?;
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The name that stands at the `nth` piece.
pub(super) fn name_after(statement: &Statement<'_>, nth: usize) -> Option<String> {
    Cursor::new(statement.pieces.get(nth..)?).name()
}

/// Words that may stand between CREATE and the kind of object.
const BEFORE_KIND: &[&str] = &[
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
pub(super) fn object(statement: &Statement<'_>, reading: &mut Reading, first_line: u32) -> bool {
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
        let value = statement.pieces.iter().position(|piece| piece.is("VALUE"));
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

fn drop_table_or_index(cursor: &mut Cursor<'_, '_>, reading: &mut Reading) -> bool {
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
            (None, Some((table, _))) if reading.dialect == Some(super::Dialect::SqlServer) => {
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

/// SQL Server's `EXEC sp_rename 'table.column', 'new', 'COLUMN'`.
pub(super) fn sp_rename(statement: &Statement<'_>, reading: &mut Reading) -> bool {
    let is_rename = name_after(statement, 1).is_some_and(|name| plain(&name) == "sp_rename");
    if !is_rename {
        return false;
    }
    let texts: Vec<&str> =
        statement.pieces.iter().filter(|piece| piece.kind == Kind::Text).map(|piece| piece.inner()).collect();
    if let [old, new, rest @ ..] = texts.as_slice() {
        let unquoted = old.replace(['[', ']', '"'], "");
        match rest.first().map(|kind| kind.to_ascii_uppercase()).as_deref() {
            Some("COLUMN") => {
                let (table, column) = unquoted.rsplit_once('.').unwrap_or(("", &unquoted));
                let step = reading.step(SchemaOp::RenameColumn, table).column(column);
                reading.push(Step { to: Some((*new).to_owned()), ..step });
            }
            None | Some("OBJECT") => {
                let step = reading.step(SchemaOp::RenameTable, unquoted);
                reading.push(Step { to: Some((*new).to_owned()), ..step });
            }
            _ => {}
        }
    }
    true
}

/// Tables, indexes and rows, by words alone. `false`: nothing is understood.
pub(super) fn read(statement: &Statement<'_>, reading: &mut Reading, first_line: u32) -> bool {
    let mut cursor = Cursor::new(&statement.pieces);
    let Some(verb) = cursor.next() else { return false };
    match verb.raw.to_ascii_uppercase().as_str() {
        "CREATE" => {
            let is_temporary =
                statement.pieces.iter().take(4).any(|piece| piece.is("TEMP") || piece.is("TEMPORARY"));
            let is_unique = statement.pieces.iter().take(3).any(|piece| piece.is("UNIQUE"));
            cursor.skip(BEFORE_KIND);
            if cursor.eat("TABLE") {
                create_table(statement, cursor, is_temporary, reading, first_line)
            } else {
                cursor.eat("INDEX") && create_index(statement, cursor, is_unique, reading)
            }
        }
        "ALTER" => {
            cursor.skip(BEFORE_KIND);
            // ALTER INDEX renames or moves look-up aids: nothing that a reader could notice
            cursor.eat("INDEX") || (cursor.eat("TABLE") && alter_table(statement, cursor, reading))
        }
        "RENAME" => {
            cursor.eat("TABLE");
            for part in split(cursor.rest()) {
                let mut cursor = Cursor::new(part);
                if let (Some(old), true, Some(new)) = (cursor.name(), cursor.eat("TO"), cursor.name()) {
                    let step = reading.step(SchemaOp::RenameTable, old);
                    reading.push(Step { to: Some(new), ..step });
                }
            }
            true
        }
        _ => rows(statement, reading),
    }
}

/// INSERT, UPDATE, DELETE and their kin, wherever a WITH puts them.
fn rows(statement: &Statement<'_>, reading: &mut Reading) -> bool {
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

fn create_index(
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
    let rule = Rule { name, columns, what: what.to_owned(), line: reading.line };
    let step = with_rule(reading.step(SchemaOp::AddIndex, table), rule);
    let is_partial = cursor.rest().iter().any(|piece| piece.is("WHERE"));
    reading.push(if is_partial { step.detail("condition", "") } else { step });
    true
}

/// The names that an index or a constraint covers; an expression as written.
fn covered(statement: &Statement<'_>, inside: &[Piece<'_>]) -> Option<String> {
    let parts: Vec<String> = split(inside)
        .into_iter()
        .filter_map(|part| match part.get(1) {
            Some(next) if next.is_mark("(") => written(statement, part),
            _ => Cursor::new(part).name(),
        })
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn create_table(
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
            None => shape.columns.extend(column(statement, part, first_line)),
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
const OPTIONS: [&str; 33] = [
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
fn column(statement: &Statement<'_>, part: &[Piece<'_>], first_line: u32) -> Option<Column> {
    let mut cursor = Cursor::new(part);
    let line = first_line + cursor.peek()?.line;
    let name = cursor.name()?;
    Some(field(statement, name, cursor.rest(), line))
}

fn field(statement: &Statement<'_>, name: String, rest: &[Piece<'_>], line: u32) -> Column {
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

/// A constraint or an index inside a table's brackets, or behind ADD.
/// SQL Server's `CONSTRAINT name DEFAULT value FOR field`: the field and the value.
fn start_value(statement: &Statement<'_>, part: &[Piece<'_>]) -> Option<(String, Option<String>)> {
    let mut cursor = Cursor::new(part);
    if cursor.eat("CONSTRAINT") {
        cursor.name()?;
    }
    let rest = cursor.rest();
    let at = rest.iter().rposition(|piece| piece.is("FOR")).filter(|_| cursor.eat("DEFAULT"))?;
    let field = Cursor::new(rest.get(at + 1..)?).name()?;
    Some((field, written(statement, rest.get(1..at)?)))
}

fn rule(statement: &Statement<'_>, part: &[Piece<'_>], first_line: u32) -> Option<Rule> {
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
        return Some(Rule { name, columns: written(statement, bare), what: what.to_owned(), line });
    }
    while cursor.peek().is_some_and(|piece| !piece.is_mark("(")) {
        cursor.next();
    }
    let columns = if matches!(what, "check" | "exclude") {
        None
    } else {
        cursor.bracketed().and_then(|inside| covered(statement, inside))
    };
    Some(Rule { name, columns, what: what.to_owned(), line })
}

fn alter_table(statement: &Statement<'_>, mut cursor: Cursor<'_, '_>, reading: &mut Reading) -> bool {
    cursor.skip(&["IF EXISTS", "ONLY"]);
    let Some(table) = cursor.name() else { return false };
    if cursor.eat("ON CLUSTER") {
        cursor.name();
    }
    cursor.skip(&["WITH CHECK", "WITH NOCHECK"]);
    let actions = split(cursor.rest());
    let mut verb = String::new();
    let first_line = reading.line - statement.line.min(reading.line);
    for action in &actions {
        const VERBS: [&str; 22] = [
            "ADD", "DROP", "ALTER", "MODIFY", "CHANGE", "RENAME", "SET", "ENABLE", "DISABLE", "CONVERT",
            "OWNER", "ATTACH", "DETACH", "VALIDATE", "UPDATE", "DELETE", "REPLACE", "FORCE", "NO", "INHERIT",
            "CLUSTER", "COMMENT",
        ];
        let Some(first) = action.first() else { continue };
        let speaks = VERBS.iter().any(|word| first.is(word));
        if speaks {
            verb = first.raw.to_ascii_uppercase();
            // what follows these words is one question or rule of storage, commas and all
            const WHOLE: [&str; 7] = ["TTL", "ORDER", "SETTING", "QUERY", "COMMENT", "SAMPLE", "REFRESH"];
            if verb == "MODIFY" && action.get(1).is_some_and(|next| WHOLE.iter().any(|word| next.is(word))) {
                verb.clear();
                continue;
            }
        }
        // one action that the parser does not know must not hide the others
        if actions.len() > 1
            && speaks
            && let Some(text) = written(statement, action)
        {
            let alone = format!("ALTER TABLE t {text}");
            if let Some(sqlparser::ast::Statement::AlterTable(mut parsed)) =
                parsed::parse(&alone, reading.dialect)
            {
                parsed.name = sqlparser::ast::ObjectName::from(vec![sqlparser::ast::Ident::new(&table)]);
                let line = reading.line;
                reading.line = first_line + first.line;
                parsed::read(sqlparser::ast::Statement::AlterTable(parsed), reading);
                reading.line = line;
                continue;
            }
        }
        let rest = if speaks { &action[1..] } else { action };
        act(statement, &table, &verb, Cursor::new(rest), reading);
    }
    true
}

/// One action of ALTER TABLE.
fn act(
    statement: &Statement<'_>,
    table: &str,
    verb: &str,
    mut cursor: Cursor<'_, '_>,
    reading: &mut Reading,
) {
    let line = reading.line;
    let step = |op| Step::new(op, table, line);
    match verb {
        "ADD" => {
            // Oracle: ADD (a int, b int)
            let parts = match cursor.clone().bracketed() {
                Some(inside) => split(inside),
                None => vec![cursor.rest()],
            };
            for part in parts {
                if let Some((field, value)) = start_value(statement, part) {
                    let new = step(SchemaOp::ChangeDefault).column(field);
                    reading.push(Step { default: value, ..new });
                    continue;
                }
                let rule = rule(statement, part, 0);
                if let Some(rule) = rule {
                    let op = if rule.what.ends_with("index") {
                        SchemaOp::AddIndex
                    } else {
                        SchemaOp::AddConstraint
                    };
                    if rule.what != "rule" || !rule.name.is_empty() {
                        reading.push(with_rule(step(op), rule));
                    }
                    continue;
                }
                let mut cursor = Cursor::new(part);
                if cursor.eat("PARTITION") || cursor.eat("DEFAULT") {
                    continue;
                }
                cursor.skip(&["COLUMN", "IF NOT EXISTS"]);
                if let Some(mut field) = column(statement, cursor.rest(), 0) {
                    field.line = line;
                    reading.push(added(step(SchemaOp::AddColumn), field));
                }
            }
        }
        "DROP" => {
            let (op, what) = if cursor.eat("CONSTRAINT") {
                (SchemaOp::DropConstraint, "")
            } else if cursor.eat("FOREIGN KEY") {
                (SchemaOp::DropConstraint, "foreign_key")
            } else if cursor.eat("PRIMARY KEY") {
                reading.push(step(SchemaOp::DropConstraint).detail("what", "primary_key"));
                return;
            } else if cursor.eat("CHECK") {
                (SchemaOp::DropConstraint, "check")
            } else if cursor.eat("INDEX") || cursor.eat("KEY") {
                (SchemaOp::DropIndex, "")
            } else if cursor.eat("PARTITION") {
                let new = step(SchemaOp::DataBackfill).detail("what", "deleted");
                return reading.push(Step { destructive: true, ..new });
            } else if ["PROJECTION", "STATISTICS", "PERIOD", "DEFAULT"].iter().any(|word| cursor.eat(word)) {
                return;
            } else {
                cursor.eat("COLUMN");
                (SchemaOp::DropColumn, "")
            };
            cursor.eat("IF EXISTS");
            let names = match cursor.clone().bracketed() {
                Some(inside) => Cursor::new(inside).names(),
                None => cursor.names(),
            };
            for name in names {
                let new = match op {
                    SchemaOp::DropColumn => step(op).column(name),
                    _ => step(op).detail("name", name),
                };
                reading.push(if what.is_empty() { new } else { new.detail("what", what) });
            }
        }
        "ALTER" => {
            if cursor.eat("INDEX") || cursor.eat("CONSTRAINT") {
                return;
            }
            cursor.skip(&["COLUMN", "IF EXISTS"]);
            let Some(name) = cursor.name() else { return };
            let on = |op| step(op).column(&name);
            let has_set = cursor.eat("SET");
            let new = if cursor.eat("NOT NULL") {
                Step { nullable: Some(false), ..on(SchemaOp::ChangeNullability) }
            } else if cursor.eat("DROP NOT NULL") || (has_set && cursor.eat("NULL")) {
                Step { nullable: Some(true), ..on(SchemaOp::ChangeNullability) }
            } else if cursor.eat("DEFAULT") {
                Step { default: written(statement, cursor.rest()), ..on(SchemaOp::ChangeDefault) }
            } else if cursor.eat("DROP DEFAULT") || cursor.eat("DROP IDENTITY") {
                on(SchemaOp::ChangeDefault)
            } else if cursor.eat("TYPE") || cursor.eat("DATA TYPE") {
                let field = field(statement, name.clone(), cursor.rest(), line);
                Step { type_: field.type_, ..on(SchemaOp::ChangeType) }
            } else if cursor.eat("RENAME TO") {
                Step { to: cursor.name(), ..on(SchemaOp::RenameColumn) }
            } else if cursor.clone().eat("ADD") {
                Step { default: Some("generated".to_owned()), ..on(SchemaOp::ChangeDefault) }
            } else if has_set || cursor.clone().eat("DROP") {
                return;
            } else {
                // SQL Server and H2 state the whole field
                restated(statement, name.clone(), &cursor, on(SchemaOp::ChangeType))
            };
            reading.push(new);
        }
        "MODIFY" => {
            let parts = match cursor.clone().bracketed() {
                Some(inside) => split(inside),
                None => vec![cursor.rest()],
            };
            for part in parts {
                let mut cursor = Cursor::new(part);
                cursor.skip(&["COLUMN", "IF EXISTS"]);
                if let Some(name) = cursor.name() {
                    let on = step(SchemaOp::ChangeType).column(&name);
                    reading.push(restated(statement, name, &cursor, on));
                }
            }
        }
        "CHANGE" => {
            cursor.skip(&["COLUMN", "IF EXISTS"]);
            if let (Some(old), Some(new)) = (cursor.name(), cursor.name()) {
                if plain(&old) != plain(&new) {
                    let rename = step(SchemaOp::RenameColumn).column(old);
                    reading.push(Step { to: Some(new.clone()), ..rename });
                }
                let on = step(SchemaOp::ChangeType).column(&new);
                reading.push(restated(statement, new, &cursor, on));
            }
        }
        "RENAME" => {
            if cursor.eat("INDEX") || cursor.eat("KEY") || cursor.eat("CONSTRAINT") {
                return;
            }
            if cursor.eat("TO") || cursor.eat("AS") {
                return reading.push(Step { to: cursor.name(), ..step(SchemaOp::RenameTable) });
            }
            cursor.skip(&["COLUMN", "IF EXISTS"]);
            if let (Some(old), true, Some(new)) = (cursor.name(), cursor.eat("TO"), cursor.name()) {
                let rename = step(SchemaOp::RenameColumn).column(old);
                reading.push(Step { to: Some(new), ..rename });
            }
        }
        "UPDATE" => {
            reading.push(step(SchemaOp::DataBackfill).detail("what", "rewritten").detail("condition", ""))
        }
        "DELETE" => {
            let new = step(SchemaOp::DataBackfill).detail("what", "deleted").detail("condition", "");
            reading.push(Step { destructive: true, ..new });
        }
        "CONVERT" => reading.push(step(SchemaOp::ChangeType).detail("what", "collation")),
        _ => {}
    }
}

fn restated(statement: &Statement<'_>, name: String, cursor: &Cursor<'_, '_>, step: Step) -> Step {
    let says_null = cursor.rest().iter().any(|piece| piece.is("NULL"));
    let field = field(statement, name, cursor.rest(), step.line);
    Step {
        type_: field.type_,
        nullable: if says_null { field.nullable } else { None },
        default: field.default,
        states: States::Whole,
        ..step
    }
}
