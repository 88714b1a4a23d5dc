//! Which SQL files are migrations that run forward, which declare a schema, and which are neither.

use super::{Dialect, steps, tables};
use crate::change::{Content, RepoPath, Snapshot};
use crate::formats::Unreadable;
use crate::formats::schema::undo::{Back, settle};
use crate::formats::schema::{DeclaredReader, Inventory, Migration, MigrationReader};

/// SQL that a person reads is smaller than this; what is larger is a dump of rows.
const LARGEST: usize = 8 << 20;

/// Migrations as SQL files, of any runner.
pub struct SqlFiles;

impl MigrationReader for SqlFiles {
    fn style(&self) -> &'static str {
        "sql"
    }

    fn reads(&self, path: &RepoPath, text: &str) -> bool {
        is_sql(path) && is_migration(path, text) && !is_way_back(path)
    }

    fn appends(&self, text: &str) -> bool {
        text.lines()
            .take(20)
            .any(|line| line.trim_start().to_ascii_lowercase().starts_with("--liquibase formatted"))
    }

    fn read(
        &self,
        path: &RepoPath,
        text: &str,
        down: Option<&str>,
        tree: &dyn Snapshot,
    ) -> Result<Migration, Unreadable> {
        check_size(text)?;
        let parts = Parts::of(text);
        let dialect = dialect(path, text, tree);
        let mut migration = steps(&parts.forward, 1, dialect);
        let separate = down.map(str::to_owned).or_else(|| match tree.read(&way_back(path)?) {
            Some(Content::Text(text)) => Some(text.to_string()),
            _ => None,
        });
        let back = separate.or(parts.back).map(|text| steps(&text, 1, dialect));
        let back = match &back {
            Some(back) if !back.steps.is_empty() || !back.unread.is_empty() => {
                Back::Steps { steps: &back.steps, unclear: !back.unread.is_empty() }
            }
            _ => Back::None,
        };
        settle(&mut migration.steps, &back);
        Ok(migration)
    }
}

/// Schemas that SQL files declare: `schema.sql`, `structure.sql`, init scripts.
pub struct SqlSchemas;

impl DeclaredReader for SqlSchemas {
    fn style(&self) -> &'static str {
        "sql"
    }

    fn reads(&self, path: &RepoPath, text: &str) -> bool {
        is_sql(path) && !is_way_back(path) && !is_migration(path, text) && declares(path, text)
    }

    fn migrations(&self, path: &RepoPath) -> Option<RepoPath> {
        // beside `db/structure.sql` stands `db/migrate`, beside dbmate's `db/schema.sql` stands `db/migrations`
        let is_dump =
            matches!(path.file_name(), "structure.sql" | "schema.sql" | "LATEST.sql" | "latest.sql")
                || path.file_name().ends_with("_structure.sql");
        is_dump.then(|| match path.file_name().strip_suffix("_structure.sql") {
            Some(name) => path.join(&format!("{name}_migrate")),
            None => path.join("migrat"),
        })?
    }

    fn read(&self, path: &RepoPath, text: &str) -> Result<Inventory, Unreadable> {
        check_size(text)?;
        Ok(tables(text, dialect_of_path(path)))
    }
}

fn check_size(text: &str) -> Result<(), Unreadable> {
    if text.len() > LARGEST {
        return Err(Unreadable { reason: "too_large".to_owned() });
    }
    Ok(())
}

/// The dialect that a lock file beside it, the path, or the text itself shows.
fn dialect(path: &RepoPath, text: &str, tree: &dyn Snapshot) -> Option<Dialect> {
    let locked = || match tree.read(&path.join("../migration_lock.toml")?) {
        Some(Content::Text(lock)) => Dialect::named(lock.split('"').nth(1)?),
        _ => None,
    };
    dialect_of_path(path).or_else(locked).or_else(|| Dialect::of_text(text))
}

fn dialect_of_path(path: &RepoPath) -> Option<Dialect> {
    path.as_str().rsplit(['/', '.', '-', '_']).find_map(Dialect::named)
}

fn has_folder(path: &RepoPath, names: &[&str]) -> bool {
    path.folders().any(|folder| names.iter().any(|name| folder.eq_ignore_ascii_case(name)))
}

const MIGRATION_FOLDERS: [&str; 17] = [
    "migrations",
    "migration",
    "migrate",
    "changelog",
    "changelogs",
    "changesets",
    "dbmigrations",
    "db-migrations",
    "db_migrations",
    "sql-migrations",
    "sql_migrations",
    "schema-migrations",
    "schema_migrations",
    "drizzle",
    "evolutions",
    "upgrades",
    "patches",
];

/// `x.sql`, and `x.sql.postgres` where each engine has its own.
fn is_sql(path: &RepoPath) -> bool {
    let name = path.file_name();
    let extension = path.extension();
    let engine = extension.as_str();
    matches!(engine, "sql" | "pgsql" | "psql" | "ddl")
        || Dialect::named(engine).is_some() && name.len() > engine.len() + 5 && name.contains(".sql.")
}

/// `upgrade/39/openfire_mysql.sql`: a step of a version, in a folder of such steps.
fn is_upgrade_step(path: &RepoPath) -> bool {
    const FOLDERS: [&str; 7] = ["upgrade", "upgrades", "update", "updates", "delta", "deltas", "patch"];
    let mut parts =
        path.as_str().split('/').skip_while(|part| !FOLDERS.contains(&part.to_ascii_lowercase().as_str()));
    parts.next().is_some()
        && parts.any(|part| {
            let number = part.trim_start_matches(['v', 'V', '_', '-']);
            number.starts_with(|first: char| first.is_ascii_digit())
        })
}

fn is_migration(path: &RepoPath, text: &str) -> bool {
    let name = path.file_name().to_ascii_lowercase();
    let digits = name.trim_start_matches('v').chars().take_while(char::is_ascii_digit).count();
    let is_numbered = digits > 0;
    let in_init = has_folder(
        path,
        &["docker-entrypoint-initdb.d", "initdb.d", "initdb", "initdb-scripts", "init-scripts"],
    );
    // Sqitch keeps the former text of a reworked step beside it, as `x@v1.sql`
    let is_former = name.contains('@') && has_folder(path, &["deploy", "revert", "verify"]);
    if in_init || is_former || is_other_sql(path) {
        return false;
    }
    // a dump of the whole schema that lies among the migrations
    if matches!(name.as_str(), "schema.sql" | "structure.sql" | "latest.sql") {
        return false;
    }
    has_folder(path, &MIGRATION_FOLDERS)
        || is_flyway(path.file_name())
        || name.ends_with(".up.sql")
        || matches!(name.as_str(), "up.sql" | "migration.sql")
        || is_sqitch(path, text)
        || is_upgrade_step(path)
        || text.contains("--> statement-breakpoint")
        || Parts::is_marked(text)
        // `0012_x.sql`, `2023-11-28_00_x.sql`
        || digits >= 3
        || (is_numbered
            && !makes_many(text)
            && has_folder(
                path,
                &["sql", "db", "database", "schema", "schemas", "versions", "updates", "deltas", "delta"],
            ))
        || (!is_of_a_kind(path)
            && ["upgrade", "update", "patch", "migrate", "migration", "alter"]
                .iter()
                .any(|word| name.split(['_', '-', '.', ' ']).any(|part| part == *word)))
}

/// `dbo/Stored Procedures/User_Update.sql`: database projects keep one file for each object, by its kind.
fn is_of_a_kind(path: &RepoPath) -> bool {
    const KINDS: [&str; 8] = [
        "tables",
        "views",
        "functions",
        "procedures",
        "storedprocedures",
        "triggers",
        "types",
        "programmability",
    ];
    path.folders().any(|folder| {
        let folder: String = folder.chars().filter(|char| char.is_alphabetic()).collect();
        KINDS.iter().any(|kind| folder.eq_ignore_ascii_case(kind))
    })
}

/// `V1__x.sql`, `R__x.sql`, `U1__x.sql`, `B1__x.sql`
fn is_flyway(name: &str) -> bool {
    name.split_once("__").is_some_and(|(head, _)| {
        let mut chars = head.chars();
        matches!(chars.next(), Some('V' | 'U' | 'B' | 'v'))
            && chars.as_str().starts_with(|c: char| c.is_ascii_digit())
            || head == "R"
    })
}

fn is_sqitch(path: &RepoPath, text: &str) -> bool {
    has_folder(path, &["deploy", "revert", "verify"]) && text.trim_start().starts_with("--")
}

/// The undo, or the check, of another file.
fn is_way_back(path: &RepoPath) -> bool {
    let name = path.file_name();
    let lower = name.to_ascii_lowercase();
    let is_flyway_undo = is_flyway(name) && name.starts_with('U');
    is_flyway_undo
        || lower == "down.sql"
        || [
            ".down.sql",
            "_down.sql",
            "-down.sql",
            ".undo.sql",
            ".rollback.sql",
            "_rollback.sql",
            "-rollback.sql",
        ]
        .iter()
        .any(|end| lower.ends_with(end))
        || has_folder(path, &["revert", "verify", "rollback", "rollbacks", "down", "undo"])
}

/// Where the undo of a migration stands, in runners that keep it in a file of its own.
fn way_back(path: &RepoPath) -> Option<RepoPath> {
    let name = path.file_name();
    if let Some(stem) = name.strip_suffix(".up.sql") {
        return path.join(&format!("{stem}.down.sql"));
    }
    if name == "up.sql" {
        return path.join("down.sql");
    }
    if is_flyway(name) && name.starts_with('V') {
        return path.join(&format!("U{}", &name[1..]));
    }
    if path.folder().ends_with("deploy") {
        return path.join(&format!("../revert/{name}"));
    }
    None
}

/// Rows to start with, rows for tests, and questions: no schema.
fn is_other_sql(path: &RepoPath) -> bool {
    const FOLDERS: [&str; 24] = [
        "seed",
        "seeds",
        "seeders",
        "fixture",
        "fixtures",
        "sample",
        "samples",
        "testdata",
        "test-data",
        "test_data",
        "tests",
        "test",
        "__tests__",
        "spec",
        "queries",
        "query",
        "snippets",
        "benchmark",
        "benchmarks",
        "mock",
        "mocks",
        "examples",
        "docs",
        "node_modules",
    ];
    let name = path.file_name().to_ascii_lowercase();
    let stem = name.trim_end_matches(".sql");
    let in_migrations = has_folder(path, &MIGRATION_FOLDERS);
    has_folder(path, &FOLDERS)
        || (!in_migrations
            && (matches!(
                stem,
                "seed" | "seeds" | "data" | "queries" | "query" | "sample" | "fixtures" | "test" | "tests"
            ) || stem
                .split(['_', '-', '.'])
                .any(|part| matches!(part, "seed" | "seeds" | "fixture" | "fixtures"))))
}

/// Whether the script makes tables, databases or their kin from nothing.
fn declares(path: &RepoPath, text: &str) -> bool {
    if is_other_sql(path) || is_sqitch(path, text) {
        return false;
    }
    const MADE: [&str; 14] = [
        "function",
        "procedure",
        "proc",
        "trigger",
        "table",
        "database",
        "schema",
        "type",
        "view",
        "materialized",
        "unlogged",
        "external",
        "foreign",
        "domain",
    ];
    text.lines().any(|line| {
        let mut words = line.split_whitespace().map(str::to_ascii_lowercase);
        let creates = words.next().is_some_and(|word| word == "create");
        creates
            && words
                .find(|word| !matches!(word.as_str(), "or" | "replace" | "alter"))
                .is_some_and(|word| MADE.contains(&word.as_str()))
    })
}

/// Whether so many tables are made that it is a whole schema: `schema/v0.sql` beside a runner's migrations.
fn makes_many(text: &str) -> bool {
    const MANY: usize = 20;
    let makes = |line: &&str| {
        let mut words = line.split_whitespace();
        ["create", "table"].iter().all(|word| words.next().is_some_and(|own| own.eq_ignore_ascii_case(word)))
    };
    text.lines().filter(makes).nth(MANY - 1).is_some()
}

/// The forward part and the undo part of one file, each with the lines of the other left blank.
struct Parts {
    forward: String,
    back: Option<String>,
}

/// Which way the lines below a marker run.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Forward,
    Back,
}

impl Parts {
    fn of(text: &str) -> Self {
        let mut way = Way::Forward;
        let (mut forward, mut back, mut has_back) = (String::with_capacity(text.len()), String::new(), false);
        for line in text.split_inclusive('\n') {
            if let Some(marked) = marker(line) {
                way = marked;
                has_back |= way == Way::Back;
                forward.push('\n');
                back.push('\n');
                continue;
            }
            let (kept, blank) = match way {
                Way::Forward => (&mut forward, &mut back),
                Way::Back => (&mut back, &mut forward),
            };
            kept.push_str(line);
            blank.push('\n');
        }
        Self { forward, back: has_back.then_some(back) }
    }

    fn is_marked(text: &str) -> bool {
        text.lines().take(200).any(|line| {
            marker(line).is_some()
                || line.trim_start().to_ascii_lowercase().starts_with("--liquibase formatted sql")
        })
    }
}

/// `-- +goose Up`, `-- migrate:down`, `-- +migrate Up`, `-- rambler down`, `# --- !Downs`, `-- //@UNDO`, `-- DOWN`
fn marker(line: &str) -> Option<Way> {
    let line = line.trim();
    let comment = line.strip_prefix("--").or_else(|| line.strip_prefix('#'))?;
    let comment =
        comment.trim_matches(['-', '#', '+', '!', '=', ' ', '/', '@', ':', '\t']).to_ascii_lowercase();
    let words: Vec<&str> =
        comment.split([' ', ':', '\t']).filter(|word| !word.is_empty() && *word != "---").collect();
    let word = match words.as_slice() {
        [word] => *word,
        ["goose" | "migrate" | "+migrate" | "rambler" | "micrate" | "migration" | "dbmate", word, ..] => word,
        [word, "migration" | "script" | "section"] => word,
        _ => return None,
    };
    match word.trim_start_matches('!') {
        "up" | "ups" => Some(Way::Forward),
        "down" | "downs" | "undo" | "rollback" => Some(Way::Back),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::MemorySnapshot;
    use crate::finding::Undo;

    fn what(path: &str, text: &str) -> &'static str {
        let path = RepoPath::new(path);
        match (SqlFiles.reads(&path, text), SqlSchemas.reads(&path, text)) {
            (true, false) => "migration",
            (false, true) => "declared",
            (false, false) => "neither",
            (true, true) => "both",
        }
    }

    #[test]
    fn files_are_told_apart() {
        let table = "CREATE TABLE a (b int);";
        for (path, text, expected) in [
            ("src/main/resources/db/migration/V1_2__x.sql", table, "migration"),
            ("src/main/resources/other/V1_2__x.sql", table, "migration"),
            ("src/main/resources/db/migration/U1_2__x.sql", table, "neither"),
            ("src/main/resources/db/migration/R__views.sql", "CREATE VIEW v AS SELECT 1", "migration"),
            ("migrations/1_x.up.sql", table, "migration"),
            ("migrations/1_x.down.sql", table, "neither"),
            ("migrations/2020_x/up.sql", table, "migration"),
            ("migrations/2020_x/down.sql", table, "neither"),
            ("prisma/migrations/1_x/migration.sql", table, "migration"),
            ("drizzle/0001_x.sql", table, "migration"),
            ("supabase/migrations/2024_x.sql", table, "migration"),
            ("supabase/seed.sql", "INSERT INTO a VALUES (1);", "neither"),
            ("db/x.sql", "-- +goose Up\nDROP TABLE a;", "migration"),
            ("deploy/x.sql", "-- Deploy app:x to pg\nDROP TABLE a;", "migration"),
            ("revert/x.sql", "-- Revert app:x from pg\nDROP TABLE a;", "neither"),
            ("db/schema.sql", table, "declared"),
            ("db/structure.sql", table, "declared"),
            ("docker-entrypoint-initdb.d/01-init.sql", table, "declared"),
            ("mysql/common-schema.sql", "create database a;", "declared"),
            ("queries/find.sql", "SELECT 1", "neither"),
            ("tests/data/schema.sql", table, "neither"),
            ("sql/schema/v1.sql", table, "migration"),
            ("sql/schema/v1.sql", &format!("{table}\n").repeat(20), "declared"),
            ("sql/report.sql", "SELECT 1", "neither"),
            ("db/seeds/1.sql", table, "neither"),
            ("src/database/upgrade/7/mysql.sql", table, "migration"),
            ("schema/delta/12/03_x.sql.postgres", table, "migration"),
            ("src/database/app_mysql.sql", table, "declared"),
            (
                "src/dbo/Stored Procedures/User_Update.sql",
                "CREATE OR ALTER PROCEDURE p AS SELECT 1",
                "declared",
            ),
            ("src/dbo/Tables/Patch.sql", table, "declared"),
            ("deploy/tables/x@v1.sql", "-- Deploy app:x to pg\nDROP TABLE a;", "neither"),
        ] {
            assert_eq!(what(path, text), expected, "{path}");
        }
    }

    #[test]
    fn the_way_back_is_no_step_but_says_what_an_undo_brings_back() {
        let nothing = MemorySnapshot::default();
        let read = |text: &str, down: Option<&str>| {
            let migration = SqlFiles.read(&RepoPath::new("migrations/1.sql"), text, down, &nothing);
            migration
                .expect("it is small")
                .steps
                .iter()
                .map(|step| (step.line, step.undo))
                .collect::<Vec<_>>()
        };
        for up_and_down in
            ["-- +goose Up", "-- migrate:up", "-- +migrate Up", "-- rambler up", "# --- !Ups", "-- UP"]
        {
            let down = up_and_down
                .replace("Ups", "Downs")
                .replace("Up", "Down")
                .replace("up", "down")
                .replace("UP", "DOWN");
            let text = format!(
                "{up_and_down}\nALTER TABLE a DROP COLUMN b;\n{down}\nALTER TABLE a ADD COLUMN b int;\n"
            );
            assert_eq!(read(&text, None), [(2, Undo::RestoresStructure)], "{text}");
        }
        assert_eq!(read("DROP TABLE a", None), [(1, Undo::None)]);
        assert_eq!(read("ALTER TABLE a ADD b int", Some("ALTER TABLE a DROP b")), [(1, Undo::Restores)]);
    }
}
