//! Readers of stored-data changes: a migration's text in, its forward steps out; a declared schema in, its tables out.

mod inventory;
pub mod sql;

pub mod alembic;
mod built;
pub mod code;
pub mod csharp;
pub mod django;
pub mod doctrine;
pub mod drizzle;
pub mod ecto;
mod embedded;
pub mod entities;
pub mod go;
pub mod javascript;
pub mod laravel;
pub mod liquibase;
pub mod models;
mod names;
pub mod phinx;
pub mod php;
pub mod prisma;
pub mod rails;
#[cfg(test)]
mod said;
mod undo;
pub(crate) mod walk;

pub use inventory::{access_difference, difference, even, field_difference, table_difference};

use std::collections::{BTreeMap, HashMap};

use crate::change::{RepoPath, Snapshot};
use crate::finding::{SchemaOp, Undo};
use crate::formats::Unreadable;

/// Every reader of migrations. The first that reads a file speaks for it.
pub const MIGRATIONS: &[&dyn MigrationReader] = &[
    &rails::Rails,
    &django::Django,
    &alembic::Alembic,
    &ecto::Ecto,
    &go::Go,
    &laravel::Laravel,
    &phinx::Phinx,
    &doctrine::Doctrine,
    &php::Php,
    &javascript::TYPEORM,
    &javascript::MIKRO_ORM,
    &javascript::SEQUELIZE,
    &javascript::KYSELY,
    &javascript::NODE_PG_MIGRATE,
    &javascript::DB_MIGRATE,
    &javascript::KNEX,
    &javascript::PLAIN,
    &csharp::EfCore,
    &csharp::FluentMigrator,
    &code::Code,
    &liquibase::Liquibase,
    &sql::SqlFiles,
];

/// Every reader of declared schemas. The first that reads a file speaks for it.
pub const DECLARED: &[&dyn DeclaredReader] = &[
    &rails::SchemaRb,
    &drizzle::Drizzle,
    &go::Ent,
    &sql::SqlSchemas,
    &prisma::Prisma,
    &models::Models,
    &javascript::JavaScriptModels,
    &go::Gorm,
    &entities::Jpa,
    &entities::Decorated,
];

/// A field of a table, as far as the text tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// Its name, without quotes.
    pub name: String,
    /// The type as written.
    pub type_: Option<String>,
    /// Whether it may be left empty.
    pub nullable: Option<bool>,
    /// The start value as written.
    pub default: Option<String>,
    /// Its line, from 1.
    pub line: u32,
}

/// An index or a constraint of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// Its name; empty where it has none.
    pub name: String,
    /// What it covers, joined by `, `.
    pub columns: Option<String>,
    /// `index`, `unique_index`, `unique`, `primary_key`, `foreign_key`, `check`.
    pub what: String,
    /// Its line, from 1.
    pub line: u32,
    /// Whether it is written beside its field: then it comes and goes with the field.
    pub beside: bool,
    /// Of a link, what becomes of the row when the other goes, where the text is read so far: `cascade`, `set null`;
    /// empty where nothing does.
    pub on_delete: Option<String>,
}

/// A table as declared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Its name as written, without quotes.
    pub name: String,
    /// Its line, from 1.
    pub line: u32,
    /// Its fields in their order.
    pub columns: Vec<Column>,
    /// Its indexes.
    pub indexes: Vec<Rule>,
    /// Its constraints.
    pub constraints: Vec<Rule>,
    /// Whether it only lends its fields to others, as a base class does.
    pub part: bool,
}

/// What a declared schema holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// The tables in their order.
    pub tables: Vec<Table>,
    /// Views, enum types, databases and the like: (`view`, name, definition), compared as a whole.
    pub others: Vec<OtherObject>,
    /// Row policies and grants.
    pub access: Vec<AccessStep>,
    /// Where the tables stand, by their plain names.
    places: HashMap<String, usize>,
    /// How many of the tables `places` knows; all of them, unless a reader made the list itself.
    placed: usize,
}

/// A view, enum type, function, database, … of a declared schema.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OtherObject {
    /// `view`, `enum`, `function`, `database`, …
    pub what: String,
    /// Its name, without quotes.
    pub name: String,
    /// Its definition, spacing evened out; compared, never printed.
    pub text: String,
    /// Its line, from 1.
    pub line: u32,
}

/// A reader of schemas that say what is, not what changes.
pub trait DeclaredReader: Sync {
    /// The style's name in reports: `sql`, `prisma`, `rails`, …
    fn style(&self) -> &'static str;
    /// Whether this is a declared schema of the style, by path and content.
    fn reads(&self, path: &RepoPath, text: &str) -> bool;
    /// The folder whose migrations say the same, such as `db/migrate` for `db/schema.rb`. Where the tree holds
    /// migrations there, the file mirrors them and adds evidence only. None where no folder is fixed.
    fn migrations(&self, _path: &RepoPath) -> Option<RepoPath> {
        None
    }
    /// Whether it only says what code expects of stored data: then it speaks where no migration does, and with doubt.
    fn is_model(&self) -> bool {
        false
    }
    /// Whether the tree holds migrations that say the same; of a model they always may.
    fn mirrored(&self, path: &RepoPath, tree: &dyn Snapshot) -> bool {
        let Some(folder) = self.migrations(path) else { return self.is_model() };
        tree.paths().iter().any(|path| path.as_str().starts_with(folder.as_str()))
    }
    /// Reads what is declared.
    fn read(&self, path: &RepoPath, text: &str) -> Result<Inventory, Unreadable>;
}

/// How much of a field a `change_type` step states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum States {
    /// The type only.
    #[default]
    Type,
    /// What it names, the rest stays: Rails' `change_column`, Ecto's `modify`, Laravel's `change()` (which since 11 may
    /// reset what it does not name; the text does not say which Laravel runs it).
    Named,
    /// All of it: what is not named is optional and starts empty, as in MySQL's `MODIFY COLUMN` and Django's `AlterField`.
    Whole,
}

/// One forward step of a migration, as written, before anything is folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is done.
    pub op: SchemaOp,
    /// The table as written, without quotes; empty where it cannot be told.
    pub table: String,
    /// The column, or the columns an index or constraint covers, joined by `, `.
    pub column: Option<String>,
    /// The new name, for renames.
    pub to: Option<String>,
    /// The type as written.
    pub type_: Option<String>,
    /// Whether it may be left empty.
    pub nullable: Option<bool>,
    /// The start value as written.
    pub default: Option<String>,
    /// Whether stored data is lost.
    pub destructive: bool,
    /// What the migration's own undo part brings back for this step.
    pub undo: Undo,
    /// The line of the step, from 1.
    pub line: u32,
    /// `from_type`, `condition`, `what` (for `other`: `view`, `enum`, `function`, `extension`, `own_code`, …),
    /// `name` (of an index or constraint), `copied_from`, `rows` (`unknown`: code picks those that
    /// go), `declared` (`schema`, or `init_script`: it runs on a new, empty database only).
    pub details: BTreeMap<String, String>,
    /// For a new table: all that the text says about it.
    pub shape: Option<Table>,
    /// How much of the field a `change_type` step states. The detector compares it with the field before, and keeps
    /// what differs: type, may be empty, start value.
    pub states: States,
    /// For rows copied from another table: each field that is filled with the field that it is filled from, both empty
    /// where they are not named.
    pub copies: Vec<(String, String)>,
    /// The statement with its spacing evened out, where two of the same kind must be told apart: compared, never printed.
    pub text: Option<String>,
}

impl Step {
    /// A step with nothing known but what it does to which table.
    pub fn new(op: SchemaOp, table: impl Into<String>, line: u32) -> Self {
        Self {
            op,
            table: table.into(),
            column: None,
            to: None,
            type_: None,
            nullable: None,
            default: None,
            destructive: matches!(op, SchemaOp::DropTable | SchemaOp::DropColumn),
            undo: Undo::Unknown,
            line,
            details: BTreeMap::new(),
            shape: None,
            states: States::Type,
            copies: Vec::new(),
            text: None,
        }
    }

    /// The same step, on a column.
    pub fn column(mut self, column: impl Into<String>) -> Self {
        self.column = Some(column.into());
        self
    }

    /// The same step, with one more detail.
    pub fn detail(mut self, key: &str, value: impl Into<String>) -> Self {
        self.details.insert(key.to_owned(), value.into());
        self
    }
}

/// A row policy or grant found in a migration: who may see or do what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessStep {
    /// `row_policy` or `grant`.
    pub what: String,
    /// The table or object.
    pub subject: String,
    /// `loosened`, `tightened` or `changed`.
    pub change: String,
    /// The statement's heart, such as `GRANT SELECT TO public`.
    pub text: String,
    /// Its line, from 1.
    pub line: u32,
}

/// What one migration file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Migration {
    /// Forward steps in their order.
    pub steps: Vec<Step>,
    /// Row policies and grants.
    pub access: Vec<AccessStep>,
    /// Statements that nothing here understands: line and the first words.
    pub unread: Vec<(u32, String)>,
}

/// A reader of one migration style.
pub trait MigrationReader: Sync {
    /// The style's name in reports: `sql`, `rails`, `django`, …
    fn style(&self) -> &'static str;
    /// Whether this is a migration of the style that runs forward, by path and content.
    fn reads(&self, path: &RepoPath, text: &str) -> bool;
    /// Whether the file is meant to grow, as a changelog does: then what an edit adds to it is new, and no rewriting.
    fn appends(&self, _text: &str) -> bool {
        false
    }
    /// Reads the forward steps. `down` is the text of a separate undo file, where the style has one. `tree` is the
    /// tree that holds the file: some styles name tables and fields in other files than the one that changes them.
    fn read(
        &self,
        path: &RepoPath,
        text: &str,
        down: Option<&str>,
        tree: &dyn Snapshot,
    ) -> Result<Migration, Unreadable>;
}
