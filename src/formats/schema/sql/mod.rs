//! SQL in any dialect: statement by statement through a parser, by tokens where the parser gives up.

mod files;
mod lex;
mod loose;
mod parsed;

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::SchemaOp;
use crate::formats::schema::{Inventory, Migration, Step};
pub use files::{SqlFiles, SqlSchemas};
use lex::{Kind, Piece, Statement};

/// Whose SQL it is, where path or content tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL and what speaks like it.
    Postgres,
    /// MySQL and MariaDB.
    MySql,
    /// SQLite.
    Sqlite,
    /// Microsoft SQL Server.
    SqlServer,
    /// ClickHouse.
    ClickHouse,
    /// Any other.
    Generic,
}

impl Dialect {
    /// The dialect that a name speaks of, such as a folder, a connection address or a provider.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "postgres" | "postgresql" | "pg" | "pgsql" | "cockroach" | "cockroachdb" | "crdb"
            | "redshift" | "yugabyte" | "timescale" | "supabase" => Dialect::Postgres,
            "mysql" | "mariadb" | "tidb" | "planetscale" => Dialect::MySql,
            "sqlite" | "sqlite3" | "libsql" | "turso" | "d1" => Dialect::Sqlite,
            "mssql" | "sqlserver" | "tsql" | "azuresql" => Dialect::SqlServer,
            "clickhouse" => Dialect::ClickHouse,
            "h2" | "hsqldb" | "oracle" | "derby" | "db2" | "snowflake" | "bigquery" | "duckdb"
            | "spanner" => Dialect::Generic,
            _ => return None,
        })
    }

    /// The dialect that the text itself shows, judged by words that only one of them has.
    pub fn of_text(text: &str) -> Option<Self> {
        const SIGNS: [(Dialect, &[&str]); 5] = [
            (Dialect::ClickHouse, &["mergetree", "on cluster", "lowcardinality("]),
            (Dialect::SqlServer, &["[dbo]", "nvarchar", "\ngo\n", "\ngo\r", "uniqueidentifier", "sp_rename"]),
            (Dialect::MySql, &["auto_increment", "engine=", "engine =", "modify column", "`", "utf8mb4"]),
            (Dialect::Sqlite, &["autoincrement", "pragma "]),
            (
                Dialect::Postgres,
                &["serial", "jsonb", "::", "$$", "timestamptz", "\"public\".", "using btree", " uuid"],
            ),
        ];
        // signs stand early in a migration; a dump need not be searched to its end
        let mut end = text.len().min(64 * 1024);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let text = text[..end].to_ascii_lowercase();
        SIGNS
            .iter()
            .find(|(_, signs)| signs.iter().any(|sign| text.contains(sign)))
            .map(|(dialect, _)| *dialect)
    }
}

/// Leaves out of a step's names what is filled in only where it runs, such as the prefix of `${prefix}users`.
pub(super) fn without_parameters(step: &mut Step) {
    bare(&mut step.table);
    step.to.iter_mut().for_each(bare);
    for key in ["name", "references"] {
        step.details.get_mut(key).into_iter().for_each(bare);
    }
    if let Some(shape) = &mut step.shape {
        bare(&mut shape.name);
        shape.constraints.iter_mut().for_each(|rule| bare(&mut rule.name));
    }
}

fn bare(name: &mut String) {
    let mut left = String::new();
    let mut rest = name.as_str();
    while let Some((before, after)) = rest.split_once("${") {
        left.push_str(before);
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    left.push_str(rest);
    let left = left.trim_matches(['.', '_', '-']);
    if left.len() < name.len() && name.contains("${") && !left.is_empty() {
        *name = left.to_owned();
    }
}

/// What a text of SQL statements does to stored data. `first_line` is the line of its first line in the file.
pub fn steps(text: &str, first_line: u32, dialect: Option<Dialect>) -> Migration {
    let mut reading = Reading { dialect: dialect.or_else(|| Dialect::of_text(text)), ..Reading::default() };
    reading.text(text, first_line);
    // DEFAULT NULL is no start value
    let is_null = |value: &str| {
        let value = value.split("::").next().unwrap_or_default();
        value.trim().trim_matches(['(', ')']).eq_ignore_ascii_case("NULL")
    };
    for step in &mut reading.migration.steps {
        without_parameters(step);
        let columns = step.shape.iter_mut().flat_map(|shape| &mut shape.columns);
        for default in columns.map(|column| &mut column.default).chain([&mut step.default]) {
            default.take_if(|value| is_null(value));
        }
    }
    if reading.dialect == Some(Dialect::ClickHouse) {
        // what is not marked there starts with the zero of its type: neither empty nor required
        let is_marked = |type_: &Option<String>| {
            type_.as_deref().is_some_and(|type_| type_.to_ascii_lowercase().starts_with("nullable"))
        };
        for step in &mut reading.migration.steps {
            step.nullable = step.nullable.filter(|_| is_marked(&step.type_));
            for column in step.shape.iter_mut().flat_map(|shape| &mut shape.columns) {
                column.nullable = column.nullable.filter(|_| is_marked(&column.type_));
            }
        }
    }
    reading.migration
}

/// The tables and other objects that exist once a script has run on an empty database.
pub fn tables(text: &str, dialect: Option<Dialect>) -> Inventory {
    Inventory::after(steps(text, 1, dialect))
}

/// How deep a string of SQL inside a block inside a routine is followed.
const DEEPEST_BLOCK: u8 = 3;

/// What was read so far.
#[derive(Default)]
struct Reading {
    migration: Migration,
    dialect: Option<Dialect>,
    /// The line of the statement at hand, from 1.
    line: u32,
    /// Temporary tables: what happens to them is no change of stored data.
    temporary: BTreeSet<String>,
    /// Names that a WITH gives to questions, with the table that each reads first.
    questions: BTreeMap<String, Option<String>>,
    /// Bodies of routines that the text itself creates, with their lines, by plain name.
    routines: BTreeMap<String, (String, u32)>,
    depth: u8,
}

impl Reading {
    fn text(&mut self, text: &str, first_line: u32) {
        for statement in lex::statements(text, self.dialect) {
            self.statement(&statement, first_line);
        }
    }

    fn statement(&mut self, statement: &Statement<'_>, first_line: u32) {
        self.line = first_line + statement.line;
        self.questions.clear();
        let Some(first) = statement.pieces.first() else { return };
        if first.kind != Kind::Word {
            return;
        }
        match first.raw.to_ascii_uppercase().as_str() {
            "DO" => self.block(statement, first_line),
            "CALL" | "EXEC" | "EXECUTE" | "PERFORM" => self.call(statement, first_line),
            "IF" | "BEGIN" | "ELSE" | "ELSIF" | "ELSEIF" | "EXCEPTION" | "WHEN" | "LOOP" | "FOR"
            | "WHILE" | "THEN" | "DECLARE" | "END" | "CASE" => self.guarded(statement, first_line),
            "PREPARE" => match statement.pieces.iter().find(|piece| piece.kind == Kind::Text) {
                Some(literal) => self.inside(literal, first_line),
                None => self.own_code(),
            },
            "CREATE" | "ALTER" | "DROP" | "RENAME" | "INSERT" | "REPLACE" | "UPDATE" | "DELETE"
            | "TRUNCATE" | "MERGE" | "WITH" | "COPY" | "LOAD" | "GRANT" | "REVOKE" | "DENY" => {
                self.change(statement, first_line)
            }
            // what asks, locks, sets, plans or comments changes no stored data
            "SELECT" | "SET" | "RESET" | "SHOW" | "USE" | "PRAGMA" | "VACUUM" | "ANALYZE" | "ANALYSE"
            | "EXPLAIN" | "COMMIT" | "ROLLBACK" | "START" | "SAVEPOINT" | "RELEASE" | "LOCK" | "UNLOCK"
            | "COMMENT" | "REINDEX" | "CLUSTER" | "CHECKPOINT" | "REFRESH" | "NOTIFY" | "LISTEN"
            | "DISCARD" | "FLUSH" | "OPTIMIZE" | "PRINT" | "RAISE" | "RETURN" | "VALUES" | "NULL"
            | "DEALLOCATE" | "SIGNAL" | "ATTACH" | "DETACH" | "SECURITY" | "CHECK" | "KILL" | "SYSTEM"
            | "WHENEVER" | "SPOOL" | "PROMPT" | "EXIT" | "QUIT" | "SOURCE" | "REASSIGN" | "REPAIR"
            | "FETCH" | "OPEN" | "CLOSE" | "GET" | "LEAVE" | "ITERATE" | "CONTINUE" | "RAISERROR"
            | "THROW" | "WAITFOR" | "DESCRIBE" | "DESC" | "HELP" | "DBCC" | "ABORT" | "IMPORT" | "GO"
            | "TRY" => {}
            _ => {
                // `name := …`, `label: BEGIN` and the like inside blocks are steps of code, not statements
                if self.depth == 0 {
                    let words = statement.text.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
                    self.migration.unread.push((self.line, words.chars().take(40).collect()));
                }
            }
        }
    }

    /// A statement that changes something: parsed where it can be, read by its words otherwise.
    fn change(&mut self, statement: &Statement<'_>, first_line: u32) {
        if loose::object(statement, self, first_line) {
            return;
        }
        let is_templated = statement.pieces.iter().any(|piece| {
            piece.kind == Kind::Word && (piece.raw.contains("${") || piece.raw.starts_with("{{"))
        });
        // rows of a dump need no tree to tell which table they go to
        let is_long = statement.text.len() > 64 * 1024;
        if !is_templated
            && !is_long
            && !too_deep(&statement.pieces)
            && let Some(parsed) = parsed::parse(statement.text, self.dialect)
            && parsed::read(parsed, self)
        {
            return;
        }
        if !loose::read(statement, self, first_line) {
            let words = statement.text.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
            self.migration.unread.push((self.line, words.chars().take(40).collect()));
        }
    }

    /// `DO $$ … $$`: the statements inside, as far as they are literal.
    fn block(&mut self, statement: &Statement<'_>, first_line: u32) {
        match statement.pieces.iter().find(|piece| piece.kind == Kind::Text) {
            Some(body) => self.inside(body, first_line),
            None => self.own_code(),
        }
    }

    /// The SQL inside a string.
    fn inside(&mut self, literal: &Piece<'_>, first_line: u32) {
        let body = literal.inner().replace("''", "'");
        self.nested(&body, first_line + literal.line);
    }

    fn nested(&mut self, body: &str, first_line: u32) {
        if self.depth >= DEEPEST_BLOCK {
            return self.own_code();
        }
        self.depth += 1;
        let line = self.line;
        self.text(body, first_line);
        self.line = line;
        self.depth -= 1;
    }

    /// `IF … THEN statement`, `BEGIN statement`: what stands behind the condition.
    fn guarded(&mut self, statement: &Statement<'_>, first_line: u32) {
        const VERBS: [&str; 16] = [
            "ALTER", "CREATE", "DROP", "UPDATE", "DELETE", "INSERT", "TRUNCATE", "EXECUTE", "EXEC",
            "PERFORM", "GRANT", "REVOKE", "RENAME", "MERGE", "CALL", "PREPARE",
        ];
        let pieces = &statement.pieces;
        let mut depth = 0i32;
        for (at, piece) in pieces.iter().enumerate().skip(1) {
            match piece.raw {
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
            if depth == 0 && VERBS.iter().any(|verb| piece.is(verb)) {
                // `statement.text` begins at the first piece
                let text = &statement.text[piece.start - pieces[0].start..];
                let rest = Statement { text, line: piece.line, pieces: pieces[at..].to_vec() };
                return self.statement(&rest, first_line);
            }
        }
    }

    /// `CALL routine()`, `EXECUTE 'text'`, `EXEC sp_rename …`.
    fn call(&mut self, statement: &Statement<'_>, first_line: u32) {
        if loose::sp_rename(statement, self) {
            return;
        }
        let called = loose::name_after(statement, 1).map(|name| plain(&name)).unwrap_or_default();
        if let Some((body, line)) = self.routines.get(&called).cloned() {
            return self.nested(&body, line);
        }
        let rest = &statement.pieces[1..];
        let literal = rest.iter().find(|piece| piece.kind == Kind::Text);
        let is_joined = statement.text.contains("||") || rest.iter().any(|piece| piece.is_mark("+"));
        match literal {
            Some(literal) if !is_joined && !literal.raw.contains('%') && !called.starts_with("sp_addext") => {
                self.inside(literal, first_line);
            }
            // a prepared statement was read where it was prepared; PERFORM asks a function, as SELECT does
            None if self.dialect == Some(Dialect::MySql) && statement.pieces[0].is("EXECUTE") => {}
            _ if statement.pieces[0].is("PERFORM") || called.starts_with("sp_") => {}
            _ => self.own_code(),
        }
    }

    fn own_code(&mut self) {
        let step = self.step(SchemaOp::Other, "");
        self.push(step.detail("what", "own_code"));
    }

    fn step(&self, op: SchemaOp, table: impl Into<String>) -> Step {
        Step::new(op, table, self.line)
    }

    fn push(&mut self, mut step: Step) {
        if let Some(Some(table)) = self.questions.get(&plain(&step.table)) {
            step.table.clone_from(table);
        }
        if let Some(source) =
            step.details.get("copied_from").and_then(|source| self.questions.get(&plain(source)))
        {
            match source.clone() {
                Some(source) => drop(step.details.insert("copied_from".to_owned(), source)),
                None => drop(step.details.remove("copied_from")),
            }
        }
        // SQL Server marks temporary tables by `#`, variables by `@`
        let is_temporary = step.table.starts_with(['#', '@'])
            || (!step.table.is_empty() && self.temporary.contains(&plain(&step.table)));
        // the database's own lists of what it holds are no stored data of the product
        let is_catalog = ["pg_", "sys.", "information_schema.", "sqlite_"]
            .iter()
            .any(|own| step.table.to_ascii_lowercase().starts_with(own));
        if !is_temporary && !is_catalog && !is_bookkeeping(&step) {
            self.migration.steps.push(step);
        }
    }
}

/// Whether a step notes which migrations ran: rows of the runner's own list, or the one number of a schema's version.
fn is_bookkeeping(step: &Step) -> bool {
    const RUNNERS: [&str; 12] = [
        "schema_migrations",
        "flyway_schema_history",
        "databasechangelog",
        "databasechangeloglock",
        "__efmigrationshistory",
        "alembic_version",
        "goose_db_version",
        "knex_migrations",
        "django_migrations",
        "_prisma_migrations",
        "_sqlx_migrations",
        "phinxlog",
    ];
    let table = plain(&step.table);
    let is_number = table.ends_with("version")
        && step.column.as_deref().map(plain).is_some_and(|column| column.ends_with("version"));
    step.op == SchemaOp::DataBackfill && (RUNNERS.contains(&table.as_str()) || is_number)
}

/// The last part of a name, in lower case, without quotes: what two spellings of it have in common.
pub fn plain(name: &str) -> String {
    name.rsplit('.').next().unwrap_or(name).trim_matches(['"', '`', '[', ']', ' ']).to_lowercase()
}

/// Whether brackets nest deeper than any statement that people write.
fn too_deep(pieces: &[Piece<'_>]) -> bool {
    let mut depth = 0u32;
    pieces.iter().any(|piece| {
        match piece.raw {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > 60
    })
}

#[cfg(test)]
mod tests;
