//! Migrations coded in Go: the SQL in their strings, and what the well-known mappers are asked to do.

mod ent;
mod gorm;
mod lex;

use std::collections::BTreeMap;

use super::embedded::{self, HOLE};
use super::names::{plural, underscore};
use super::undo::{self, Back};
use super::{Migration, MigrationReader, Step};
use crate::change::{RepoPath, Snapshot};
use crate::finding::SchemaOp as Op;
use crate::formats::Unreadable;
pub use ent::Ent;
pub use gorm::Gorm;
use lex::{Kind, Token};

/// Migrations coded in Go.
pub struct Go;

impl MigrationReader for Go {
    fn style(&self) -> &'static str {
        "go"
    }

    fn reads(&self, path: &RepoPath, text: &str) -> bool {
        let name = path.file_name();
        // the text is searched only where the name fits: it may be long
        if path.extension() != "go" || name.ends_with("_test.go") {
            return false;
        }
        let numbered = name.as_bytes().windows(3).any(|three| three.iter().all(u8::is_ascii_digit));
        let registers =
            ["goose.AddMigration", "goose.AddNamedMigration", "gormigrate", "Register", "AddMigration"]
                .iter()
                .any(|mark| text.contains(mark));
        let in_folder = path.folders().any(|folder| folder.contains("migrat"));
        let speaks_sql = ["CREATE TABLE", "ALTER TABLE", "DROP TABLE"].iter().any(|mark| text.contains(mark));
        text.contains("func")
            && (in_folder && (numbered || registers && name.contains("migration"))
                // `migrations/v2.1.0.go`, and all of them in one `migrations.go`
                || speaks_sql && (in_folder && has_version(name) || is_list(name)))
    }

    fn appends(&self, text: &str) -> bool {
        // one file that holds many: a list of functions, each its own migration
        text.matches("func(").count() > 2
    }

    fn read(
        &self,
        _path: &RepoPath,
        text: &str,
        _down: Option<&str>,
        _tree: &dyn Snapshot,
    ) -> Result<Migration, Unreadable> {
        let tokens = lex::tokens(text)?;
        let back = parts_back(&tokens);
        let texts = constants(&tokens);
        let forward = read(&tokens, &texts, |at| !back.get(at).copied().unwrap_or_default());
        let down = read(&tokens, &texts, |at| back.get(at).copied().unwrap_or_default());
        let mut migration = forward;
        if migration.steps.is_empty() && migration.access.is_empty() {
            let line = tokens
                .windows(2)
                .find(|two| two.first().and_then(Token::name) == Some("func"))
                .and_then(|two| two.first())
                .map_or(1, |token| token.line);
            migration.steps.push(Step::new(Op::Other, "", line).detail("what", "own_code"));
        }
        let settled = if back.contains(&true) {
            Back::Steps { steps: &down.steps, unclear: down.steps.is_empty() }
        } else {
            Back::None
        };
        undo::settle(&mut migration.steps, &settled);
        Ok(migration)
    }
}

/// Whether a file is named after one version, as `v2.1.0.go` is.
fn has_version(name: &str) -> bool {
    let stem = name.strip_suffix(".go").unwrap_or(name).trim_start_matches('v');
    stem.starts_with(|first: char| first.is_ascii_digit())
}

/// Whether a file holds all migrations, one below the other.
fn is_list(name: &str) -> bool {
    matches!(name, "migrations.go" | "migration.go")
}

/// Which words belong to the way back: functions and values whose name says so, and the functions given as `Rollback:`.
fn parts_back(tokens: &[Token<'_>]) -> Vec<bool> {
    let mut back = vec![false; tokens.len()];
    let says_back = |name: &str| {
        let name = underscore(name);
        name.split('_').any(|word| matches!(word, "down" | "rollback" | "revert" | "downgrade" | "undo"))
            || name.starts_with("down")
    };
    let mut at = 0;
    while at < tokens.len() {
        let word = |at: usize| tokens.get(at).and_then(Token::name);
        let named = match word(at) {
            // `func (m *Migration) Down(`
            Some("func") if tokens.get(at + 1).is_some_and(|token| token.is('(')) => {
                let close = (at..tokens.len().min(at + 12))
                    .find(|at| tokens.get(*at).is_some_and(|token| token.is(')')));
                close.and_then(|close| word(close + 1))
            }
            Some("func" | "const" | "var") => word(at + 1),
            Some(name) if tokens.get(at + 1).is_some_and(|token| token.is(':') || token.is('=')) => {
                Some(name)
            }
            _ => None,
        };
        if !named.is_some_and(says_back) {
            at += 1;
            continue;
        }
        // To the end of its block, or of its statement where it has none.
        let (line, mut depth, mut end) = (tokens.get(at).map_or(0, |token| token.line), 0i32, at);
        while let Some(token) = tokens.get(end) {
            match token.kind {
                Kind::Mark('{' | '(') => depth += 1,
                Kind::Mark('}' | ')') => depth -= 1,
                _ => {}
            }
            if let Some(flag) = back.get_mut(end) {
                *flag = true;
            }
            let block_ends = token.is('}') && depth <= 0;
            let next_line = tokens.get(end + 1).is_some_and(|next| {
                next.line > token.line.max(line)
                    && depth <= 0
                    && !matches!(token.kind, Kind::Mark('=' | '+' | ','))
            });
            end += 1;
            if block_ends || next_line || depth < 0 {
                break;
            }
        }
        at = end.max(at + 1);
    }
    back
}

/// Names that stand for one string in this file.
fn constants(tokens: &[Token<'_>]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (at, token) in tokens.iter().enumerate() {
        let mut next = at + 1;
        if tokens.get(next).is_some_and(|token| token.is(':'))
            || tokens.get(next).and_then(Token::name) == Some("string")
        {
            next += 1;
        }
        if let (Some(name), true, Some(text)) = (
            token.name(),
            tokens.get(next).is_some_and(|token| token.is('=')),
            tokens.get(next + 1).and_then(Token::text),
        ) {
            found.insert(name.to_owned(), text.to_owned());
        }
    }
    found
}

fn read(tokens: &[Token<'_>], texts: &BTreeMap<String, String>, counts: impl Fn(usize) -> bool) -> Migration {
    let mut migration = Migration::default();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let (start, line) = (at, token.line);
        at += 1;
        if !counts(start) {
            continue;
        }
        if token.text().is_some() {
            let (sql, end) = joined(tokens, start, texts);
            at = end.max(at);
            if is_sql(&sql) && !is_message(tokens, start) {
                let found = embedded::steps(&sql, line, None);
                migration.steps.extend(found.steps);
                migration.access.extend(found.access);
            }
        } else if let (Some(name), true) = (token.name(), tokens.get(at).is_some_and(|token| token.is('('))) {
            migration.steps.extend(mapper(name, &arguments(tokens, at, texts), line));
        }
    }
    migration
}

/// A string with what is added to it, or filled into it; and where it ends.
fn joined(tokens: &[Token<'_>], start: usize, texts: &BTreeMap<String, String>) -> (String, usize) {
    let mut sql = tokens.get(start).and_then(Token::text).unwrap_or_default().to_owned();
    let mut at = start + 1;
    while tokens.get(at).is_some_and(|token| token.is('+')) {
        let (part, end) = value(tokens, at + 1, texts);
        sql.push_str(&part);
        at = end.max(at + 1);
    }
    let word = |back: usize| start.checked_sub(back).and_then(|at| tokens.get(at)).and_then(Token::name);
    if word(2) == Some("Sprintf") {
        let mut values = Vec::new();
        while tokens.get(at).is_some_and(|token| token.is(',')) && values.len() < 64 {
            let (part, end) = value(tokens, at + 1, texts);
            values.push(part);
            at = end.max(at + 1);
        }
        sql = filled(&sql, &values);
    } else {
        sql = filled(&sql, &[]);
    }
    (sql, at)
}

/// One value: a string, a name that stands for one, or a function whose name says what it names.
fn value(tokens: &[Token<'_>], start: usize, texts: &BTreeMap<String, String>) -> (String, usize) {
    let mut at = start;
    let (mut text, mut depth) = (None, 0u32);
    while let Some(token) = tokens.get(at).filter(|_| at < start + 64) {
        match &token.kind {
            Kind::Mark(',' | '+' | ')' | '}' | ';') if depth == 0 => break,
            Kind::Mark('(' | '[' | '{') => depth += 1,
            Kind::Mark(')' | ']' | '}') => depth = depth.saturating_sub(1),
            Kind::Text(found) if text.is_none() => text = Some(found.clone()),
            Kind::Name(name) if depth == 0 => {
                let called = tokens.get(at + 1).is_some_and(|next| next.is('('));
                text = texts.get(*name).cloned().or_else(|| called.then(|| underscore(name)));
            }
            _ => {}
        }
        // A statement ends with its line where nothing is open.
        if depth == 0
            && tokens
                .get(at + 1)
                .is_some_and(|next| next.line > token.line && !next.is('+') && !next.is(',') && !next.is(')'))
        {
            at += 1;
            break;
        }
        at += 1;
    }
    (text.unwrap_or_else(|| HOLE.to_owned()), at)
}

/// `%s` and `%[1]s` filled in; numbers become 0.
fn filled(template: &str, values: &[String]) -> String {
    let value = |at: usize| values.get(at).map_or(HOLE, String::as_str);
    let mut out = String::with_capacity(template.len());
    let (mut rest, mut next) = (template, 0);
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let (at, after) = match after.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            Some((number, after)) => (number.parse().unwrap_or(1usize).saturating_sub(1), after),
            None => (next, after),
        };
        let mut chars = after.chars();
        match chars.next() {
            Some('s' | 'v' | 'q') => out.push_str(value(at)),
            Some('d') => out.push('0'),
            Some('%') => {
                out.push('%');
                next = next.wrapping_sub(1);
            }
            Some(other) => {
                out.push('%');
                out.push(other);
            }
            None => out.push('%'),
        }
        next = next.wrapping_add(1);
        rest = chars.as_str();
    }
    out.push_str(rest);
    out
}

/// Whether a string is a statement that changes something, not prose that starts like one.
fn is_sql(text: &str) -> bool {
    let mut rest = text.trim_start();
    while let Some(comment) = rest.strip_prefix("--") {
        rest = comment.split_once('\n').map_or("", |(_, rest)| rest).trim_start();
    }
    let words: Vec<String> = rest.split_whitespace().take(4).map(str::to_uppercase).collect();
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    match word(0) {
        "CREATE" | "ALTER" | "DROP" => {
            matches!(
                word(1),
                "TABLE"
                    | "INDEX"
                    | "UNIQUE"
                    | "VIEW"
                    | "MATERIALIZED"
                    | "TYPE"
                    | "SCHEMA"
                    | "EXTENSION"
                    | "SEQUENCE"
                    | "TRIGGER"
                    | "FUNCTION"
                    | "OR"
                    | "DATABASE"
                    | "CHANGE"
                    | "POLICY"
                    | "ROLE"
            ) && words.len() > 2
        }
        "UPDATE" => {
            words.len() > 2 && text.to_uppercase().contains(" SET")
                || text.to_uppercase().contains("\nSET")
                || text.to_uppercase().contains("\tSET")
        }
        "DELETE" => word(1) == "FROM",
        "INSERT" | "REPLACE" => matches!(word(1), "INTO" | "IGNORE" | "OR"),
        "TRUNCATE" | "RENAME" => {
            words.len() > 1
                && text.chars().next().is_some_and(|first| first.is_uppercase() || first.is_whitespace())
        }
        "GRANT" | "REVOKE" => words.len() > 3,
        "WITH" => {
            ["UPDATE ", "INSERT INTO", "DELETE FROM"].iter().any(|verb| text.to_uppercase().contains(verb))
        }
        _ => false,
    }
}

/// Whether a string is handed to a function that makes errors or logs.
fn is_message(tokens: &[Token<'_>], at: usize) -> bool {
    let opener = at.checked_sub(1).and_then(|at| tokens.get(at)).is_some_and(|token| token.is('('));
    let name = at.checked_sub(2).and_then(|at| tokens.get(at)).and_then(Token::name).unwrap_or_default();
    opener
        && matches!(
            name,
            "Errorf"
                | "New"
                | "Wrap"
                | "Wrapf"
                | "Fatal"
                | "Fatalf"
                | "Info"
                | "Infof"
                | "Debug"
                | "Debugf"
                | "Warn"
                | "Warnf"
                | "Msg"
                | "Msgf"
                | "Printf"
                | "Println"
                | "Print"
                | "panic"
                | "Error"
        )
        || tokens.get(at).and_then(Token::text).is_some_and(|text| text.contains("%w"))
}

/// The arguments of a call as names: strings, and the types of values.
fn arguments(tokens: &[Token<'_>], open: usize, texts: &BTreeMap<String, String>) -> Vec<Argument> {
    let mut found = Vec::new();
    let (mut depth, mut type_, mut text) = (0u32, None, None);
    for token in tokens.iter().skip(open).take(200) {
        match &token.kind {
            Kind::Mark('(' | '{' | '[') => depth += 1,
            Kind::Mark(')' | '}' | ']') => depth = depth.saturating_sub(1),
            Kind::Text(value) => {
                text.get_or_insert_with(|| value.clone());
            }
            Kind::Name(name) if depth == 1 && *name != "new" => {
                text = text.or_else(|| texts.get(*name).cloned());
                type_ = Some((*name).to_owned());
            }
            Kind::Name(name) if type_.is_none() => type_ = Some((*name).to_owned()),
            _ => {}
        }
        if depth == 0 || depth == 1 && token.is(',') {
            found.push(Argument { text: text.take(), type_: type_.take() });
            if depth == 0 {
                break;
            }
        }
    }
    found
}

struct Argument {
    text: Option<String>,
    type_: Option<String>,
}

/// What a mapper is asked to do, in the names that GORM, xorm, Bun and squirrel share.
fn mapper(name: &str, args: &[Argument], line: u32) -> Vec<Step> {
    // `renameColumn(session, "users", "secret", "token")`: a project's own function, handed what to run it on
    let own = name.starts_with(char::is_lowercase) && args.iter().skip(1).all(|arg| arg.text.is_some());
    let args = match args {
        [session, rest @ ..] if own && session.text.is_none() => rest,
        all => all,
    };
    let first_upper = name.get(..1).unwrap_or_default().to_uppercase() + name.get(1..).unwrap_or_default();
    let name = if own { first_upper.as_str() } else { name };
    let texts: Vec<&str> = args.iter().filter_map(|arg| arg.text.as_deref()).collect();
    let first = args.first();
    let table = || match first {
        Some(Argument { text: Some(text), .. }) => Some(text.clone()),
        Some(Argument { type_: Some(type_), .. }) if type_.starts_with(char::is_uppercase) => {
            Some(plural(&underscore(type_)))
        }
        _ => None,
    };
    let one = |op: Op| table().map(|table| Step::new(op, table, line));
    let on_text = first.is_some_and(|arg| arg.text.is_some());
    let second = || args.get(1).and_then(|arg| arg.text.clone());
    match name {
        "DropTable" => one(Op::DropTable).into_iter().collect(),
        "CreateTable" => one(Op::AddTable).into_iter().collect(),
        "DropColumn" | "AddColumn" | "AlterColumn" if args.len() >= 2 => {
            let op = match name {
                "DropColumn" => Op::DropColumn,
                "AddColumn" => Op::AddColumn,
                _ => Op::ChangeType,
            };
            one(op).into_iter().map(|step| Step { column: second(), ..step }).collect()
        }
        "RenameColumn" if args.len() >= 3 => {
            let to = args.get(2).and_then(|arg| arg.text.clone());
            one(Op::RenameColumn)
                .into_iter()
                .map(|step| Step { column: second(), to: to.clone(), ..step })
                .collect()
        }
        "RenameTable" => one(Op::RenameTable).into_iter().map(|step| Step { to: second(), ..step }).collect(),
        "DropTableColumns" | "dropTableColumns" | "DropColumns" => match texts.as_slice() {
            [table, columns @ ..] => {
                columns.iter().map(|column| Step::new(Op::DropColumn, *table, line).column(*column)).collect()
            }
            [] => Vec::new(),
        },
        "Insert" | "InsertInto" | "Update" | "Delete" | "DeleteFrom" if on_text && args.len() == 1 => {
            let mut step = one(Op::DataBackfill);
            if let Some(step) = &mut step {
                step.destructive = name.starts_with("Delete");
            }
            step.into_iter()
                .filter(|step| {
                    step.table.chars().all(|char| char.is_alphanumeric() || char == '_' || char == '.')
                })
                .collect()
        }
        "AutoMigrate" | "Sync" | "Sync2" => vec![Step::new(Op::Other, "", line).detail("what", "own_code")],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
