//! Migrations of JavaScript and TypeScript: two functions, `up` and `down`, in whatever way a module hands them out.

mod calls;
mod knex;
mod kysely;
mod models;

use super::undo::{self, Back};
use super::{Migration, MigrationReader};
use crate::change::{RepoPath, Snapshot};
use crate::formats::Unreadable;
use crate::formats::schema::walk::{Style, Walk};
use crate::formats::syntax::{self, Call, Expr, Func, Kind, Language};
pub use models::JavaScriptModels;

/// One library that runs such migrations.
pub struct JavaScript {
    style: &'static str,
    /// What a file of the library says somewhere; any of them.
    marks: &'static [&'static str],
    read: fn(&str) -> Result<Migration, Unreadable>,
}

/// The libraries; the first whose marks a file shows reads it.
pub(super) const TYPEORM: JavaScript = JavaScript {
    style: "typeorm",
    marks: &["MigrationInterface", "queryRunner", "ReversibleMigration", "IrreversibleMigration"],
    read: read::<calls::Calls>,
};
pub(super) const MIKRO_ORM: JavaScript =
    JavaScript { style: "mikro_orm", marks: &["addSql("], read: read::<calls::Calls> };
pub(super) const SEQUELIZE: JavaScript = JavaScript {
    style: "sequelize",
    marks: &["queryInterface", "QueryInterface", "Sequelize"],
    read: read::<calls::Calls>,
};
pub(super) const KYSELY: JavaScript =
    JavaScript { style: "kysely", marks: &["Kysely", "kysely"], read: read::<kysely::Kysely> };
pub(super) const NODE_PG_MIGRATE: JavaScript =
    JavaScript { style: "node_pg_migrate", marks: &["pgm."], read: read::<calls::Calls> };
pub(super) const KNEX: JavaScript =
    JavaScript { style: "knex", marks: &["knex", "Knex", ".schema", "Migration("], read: read::<knex::Knex> };
pub(super) const DB_MIGRATE: JavaScript = JavaScript {
    style: "db_migrate",
    marks: &["runSql(", "db.addColumn", "db.createTable", "db.collection("],
    read: read::<calls::Calls>,
};
/// Any other module with a way forth and a way back, or one that runs SQL through Prisma's client.
pub(super) const PLAIN: JavaScript =
    JavaScript { style: "javascript", marks: &["down", "$executeRaw"], read: read::<calls::Calls> };

impl MigrationReader for JavaScript {
    fn style(&self) -> &'static str {
        self.style
    }

    fn reads(&self, path: &RepoPath, text: &str) -> bool {
        let name = path.file_name();
        matches!(path.extension().as_str(), "js" | "ts" | "mjs" | "cjs" | "mts" | "cts")
            && !name.ends_with(".d.ts")
            && !name.contains(".test.")
            && !name.contains(".spec.")
            && (path.folders().any(|folder| folder.to_ascii_lowercase().contains("migration"))
                || path.folders().any(|folder| folder == "versions"))
            && ["up", "Migration(", "$executeRaw"].iter().any(|mark| text.contains(mark))
            && self.marks.iter().any(|mark| text.contains(mark))
            && (text.contains("exports") || text.contains("export "))
            && is_numbered(name)
    }

    fn read(
        &self,
        _path: &RepoPath,
        text: &str,
        _down: Option<&str>,
        _tree: &dyn Snapshot,
    ) -> Result<Migration, Unreadable> {
        (self.read)(text)
    }
}

/// Migrations run in the order of their names: each begins, or ends, with a number or a date.
fn is_numbered(name: &str) -> bool {
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    digits >= 3
        || name.starts_with(|char: char| char.is_ascii_digit())
        || name.to_ascii_lowercase().contains("migration")
}

/// What a module hands out under a name.
enum Part<'n> {
    Func(&'n Func<'n>),
    /// A call that makes the function.
    Made(&'n Expr<'n>),
}

fn read<S: Default + for<'n> Style<'n>>(text: &str) -> Result<Migration, Unreadable> {
    let file = syntax::parse(Language::TypeScript, text)?;
    let run = |part: &str| {
        let mut reader = S::default();
        let mut walked = Walk::new(&file);
        let found = handed_out(&file, &walked, part);
        let there = found.is_some();
        match found {
            Some(Part::Func(func)) => walked.run(&mut reader, func, &[]),
            Some(Part::Made(expr)) => {
                let funcs: Vec<_> = expr
                    .call()
                    .map(|call| call.args.iter().filter_map(Expr::func).collect())
                    .unwrap_or_default();
                match (part, funcs.as_slice()) {
                    // `createMigration(async function up() {…}, async function down() {…})`
                    ("up", [up, _, ..]) => walked.run(&mut reader, up, &[]),
                    ("down", [_, down, ..]) => walked.run(&mut reader, down, &[]),
                    ("down", _) => {}
                    _ => walked.one(&mut reader, expr),
                }
            }
            None => {}
        }
        (walked, there)
    };
    let up = ["up", "run", "migrate", "main"].into_iter().map(run).find(|(_, there)| *there);
    let (up, _) = up.unwrap_or_else(|| run("up"));
    let (down, has_down) = run("down");
    let mut migration = up.finish();
    let automatic = text.contains("pgm.") && !has_down || !text.contains("up") && text.contains("Migration(");
    let back = if automatic {
        Back::Automatic
    } else {
        Back::Steps { steps: &down.found.steps, unclear: down.unknown.is_some() && !down.raised }
    };
    undo::settle(&mut migration.steps, &back);
    Ok(migration)
}

fn handed_out<'n>(file: &'n [Expr<'n>], walk: &Walk<'n>, part: &str) -> Option<Part<'n>> {
    if let Some(func) = walk.funcs.get(part) {
        return Some(Part::Func(func));
    }
    let mut made = None;
    let mut rest: Vec<&'n Expr<'n>> = file.iter().rev().collect();
    while let Some(expr) = rest.pop() {
        match &expr.kind {
            Kind::Body(parts) => rest.extend(parts.iter().rev()),
            // `module.exports = …`
            Kind::Assign(pair)
                if pair.0.last_name() == Some("exports") || pair.0.last_name() == Some("default") =>
            {
                rest.push(&pair.1)
            }
            Kind::Assign(pair) if pair.0.last_name() == Some(part) => made = Some(&pair.1),
            Kind::Assign(pair) => {
                rest.extend(Some(&pair.1).filter(|value| matches!(value.kind, Kind::Map(_))))
            }
            Kind::Map(_) => {
                if let Some(value) = expr.get(part) {
                    let value = walk.resolve(value);
                    match &value.kind {
                        Kind::Func(func) => return Some(Part::Func(func)),
                        _ => made = Some(value),
                    }
                }
            }
            Kind::Call(call) if makes_migrations(call) => made = made.or(Some(expr)),
            _ => {}
        }
    }
    made.map(Part::Made)
}

/// `module.exports = createAddColumnMigration(…)`: the module is one call.
fn makes_migrations(call: &Call<'_>) -> bool {
    let name = call.name.to_ascii_lowercase();
    name.contains("migration") || name.contains("addtable") || name.contains("droptable")
}

#[cfg(test)]
mod tests;
