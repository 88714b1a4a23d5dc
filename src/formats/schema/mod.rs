//! Readers of stored-data changes: a migration's text in, its forward steps out; a declared schema in, its tables out.

use std::collections::BTreeMap;

use crate::change::{RepoPath, Snapshot};
use crate::finding::{SchemaOp, Undo};
use crate::formats::Unreadable;

/// One field of a table, as written.
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

/// One table of a declared schema.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Its name, without quotes.
    pub name: String,
    /// Its fields in their order.
    pub columns: Vec<Column>,
    /// The columns that each look-up aid covers, joined by `, `, in their order.
    pub indexes: Vec<String>,
    /// Its line, from 1.
    pub line: u32,
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
    /// The fields that are made together with a new table.
    pub columns: Vec<Column>,
    /// The line of the step, from 1.
    pub line: u32,
    /// `from_type`, `condition`, `what` (for `other`: `view`, `enum`, `function`, `extension`, `own_code`, …),
    /// `name` (of an index or constraint), `copied_to`.
    pub details: BTreeMap<String, String>,
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
            columns: Vec::new(),
            line,
            details: BTreeMap::new(),
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
    /// The statement's heart, such as `SELECT to public`.
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
    /// Reads the forward steps. `down` is the text of a separate undo file, where the style has one. `tree` is the
    /// tree that holds the file: some styles repeat the whole field, and only earlier files tell what is new in it.
    fn read(
        &self,
        path: &RepoPath,
        text: &str,
        down: Option<&str>,
        tree: &dyn Snapshot,
    ) -> Result<Migration, Unreadable>;
}

/// A reader of schemas that are declared as a whole, not step by step.
pub trait SchemaReader: Sync {
    /// The style's name in reports: `rails`, `drizzle`, …
    fn style(&self) -> &'static str;
    /// Whether this is a declared schema of the style, by path and content.
    fn reads(&self, path: &RepoPath, text: &str) -> bool;
    /// Reads the tables.
    fn read(&self, path: &RepoPath, text: &str) -> Result<Vec<Table>, Unreadable>;
}

/// Every reader of migrations; the first that reads a file takes it.
pub const READERS: &[&dyn MigrationReader] = &[];

/// Every reader of declared schemas.
pub const SCHEMAS: &[&dyn SchemaReader] = &[];
