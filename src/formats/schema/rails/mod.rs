//! Rails: migrations below `db/migrate`, and `schema.rb` as a declared schema.

mod models;
mod schema;

use std::collections::BTreeMap;

use super::names::{plural, singular, underscore};
use super::syntax::{self, Call, Expr, Flow, Func, Kind, Language, Style, Walk, walk};
use super::undo::{self, Back};
use super::{Column, Migration, MigrationReader, Rule, States, Step, Table};
use crate::change::{RepoPath, Snapshot};
use crate::finding::{SchemaOp as Op, Undo};
use crate::formats::Unreadable;

pub use schema::SchemaRb;

/// Rails migrations.
pub struct Rails;

impl MigrationReader for Rails {
    fn style(&self) -> &'static str {
        "rails"
    }

    fn reads(&self, path: &RepoPath, text: &str) -> bool {
        let numbered = path.file_name().starts_with(|char: char| char.is_ascii_digit());
        path.extension() == "rb"
            && (text.contains("Migration[") || text.contains("ActiveRecord::Migration"))
            && text.contains("class ")
            && (numbered && path.folders().any(|folder| folder.contains("migrat"))
                || path.folders().any(|folder| folder == "migrate" || folder == "post_migrate"))
    }

    fn read(
        &self,
        _path: &RepoPath,
        text: &str,
        _down: Option<&str>,
        tree: &dyn Snapshot,
    ) -> Result<Migration, Unreadable> {
        let file = syntax::parse(Language::Ruby, text)?;
        let names = Walk::new(&file);
        let run = |name: &str, back: bool| {
            let mut reader = Reader::new(tree, &file, back);
            let body = names.funcs.get(name).map_or(&[][..], |func| &func.body);
            let walked = walk(&mut reader, &file, body);
            (reader, walked)
        };
        let change = names.funcs.get("change");
        let up = names.funcs.get("up");
        if let (Some(_), None) = (change, up) {
            let (reader, walked) = run("change", false);
            let (_, down) = run("change", true);
            let mut walked = walked;
            undo::settle(&mut walked.found.steps, &Back::Automatic);
            let back = Back::Steps { steps: &down.found.steps, unclear: down.unknown.is_some() };
            for (from, to) in reader.ups {
                undo::settle(walked.found.steps.get_mut(from..to).unwrap_or_default(), &back);
            }
            return Ok(walked.finish());
        }
        let (_, walked) = run("up", false);
        let mut migration = walked.finish();
        let (_, down) = run("down", false);
        let back = Back::Steps { steps: &down.found.steps, unclear: down.unknown.is_some() && !down.raised };
        undo::settle(&mut migration.steps, &back);
        Ok(migration)
    }
}

/// A block that builds a table: `create_table :x do |t|`.
struct Builder {
    var: String,
    table: String,
    /// The new table, while it is made.
    new: Option<Table>,
}

struct Reader<'s> {
    tree: &'s dyn Snapshot,
    /// Tables by the classes that the migration declares itself.
    classes: BTreeMap<String, String>,
    /// Tables by variables that hold their rows.
    rows: BTreeMap<String, String>,
    builders: Vec<Builder>,
    /// Whether what `reversible` runs on the way back is looked for, and nothing else.
    back: bool,
    /// The names of the parameters of `reversible` blocks.
    directions: Vec<String>,
    /// The steps, from and to, that only run forward.
    ups: Vec<(usize, usize)>,
}

/// Methods that keep a query on the same table.
const QUERIES: &[&str] = &[
    "all",
    "where",
    "not",
    "order",
    "limit",
    "offset",
    "unscoped",
    "includes",
    "joins",
    "left_joins",
    "left_outer_joins",
    "preload",
    "eager_load",
    "select",
    "distinct",
    "find",
    "find_by",
    "find_by!",
    "first",
    "last",
    "in_batches",
    "find_each",
    "find_in_batches",
    "each_record",
    "each",
    "each_with_index",
    "each_batch",
    "group",
    "having",
    "readonly",
    "lock",
    "unscope",
    "with_deleted",
    "with_discarded",
    "or",
    "and",
    "merge",
    "rewhere",
    "reorder",
    "take",
    "to_a",
    "map",
    "each_slice",
    "lazy",
    "none",
    "with",
    "from",
    "references",
    "strict_loading",
    "reload",
    "new",
    "build",
    "tap",
    "progress",
    "with_progress",
    "not_null",
    "default_scoped",
    "sole",
    "second",
    "reject",
    "filter",
    "compact",
    "flatten",
    "group_by",
    "index_by",
    "sort_by",
    "uniq",
    "becomes",
];

/// Methods that write rows, and whether they delete them.
fn writes(method: &str) -> Option<bool> {
    match method.trim_end_matches('!') {
        "delete_all" | "destroy_all" | "delete" | "destroy" | "delete_by" | "destroy_by"
        | "really_destroy" | "dependent_destroy" => Some(true),
        "update_all"
        | "update"
        | "update_columns"
        | "update_column"
        | "update_attribute"
        | "update_attributes"
        | "insert"
        | "insert_all"
        | "upsert"
        | "upsert_all"
        | "create"
        | "find_or_create_by"
        | "first_or_create"
        | "create_or_find_by"
        | "save"
        | "touch_all"
        | "touch"
        | "increment"
        | "decrement"
        | "toggle"
        | "increment_counter"
        | "decrement_counter"
        | "update_counters"
        | "reset_counters"
        | "import"
        | "bulk_import"
        | "seed"
        | "seed_once"
        | "find_or_initialize_by" => {
            (!matches!(method, "increment" | "decrement" | "toggle" | "find_or_initialize_by"))
                .then_some(false)
        }
        _ => None,
    }
}

impl<'n> Style<'n> for Reader<'_> {
    fn hole(&self, expr: &Expr<'n>) -> Option<String> {
        let call = expr.call()?;
        let model = call.receiver.as_ref()?.name()?;
        matches!(call.name, "table_name" | "quoted_table_name").then(|| self.table_of(model)).flatten()
    }

    fn call(&mut self, walk: &mut Walk<'n>, expr: &'n Expr<'n>, call: &'n Call<'n>) -> Flow {
        if self.reversible(walk, call) {
            return Flow::Done;
        }
        let line = expr.line;
        if self.back && self.directions.last().is_none_or(|name| name != "down!") {
            // On the way back only what stands in `dir.down` runs as written.
            return if call.block.is_some() && !matches!(call.name, "create_table" | "change_table") {
                Flow::Inside
            } else {
                Flow::Done
            };
        }
        let before = walk.found.steps.len();
        let flow = match &call.receiver {
            Some(receiver) => match receiver
                .name()
                .and_then(|name| self.builders.iter().rposition(|builder| builder.var == name))
            {
                Some(at) => {
                    self.in_table(walk, at, call, line);
                    return Flow::Done;
                }
                None if call.is_own()
                    || receiver
                        .last_name()
                        .is_some_and(|name| matches!(name, "connection" | "conn" | "m" | "migration")) =>
                {
                    self.statement(walk, call, line)
                }
                None => self.rows(walk, call, line),
            },
            None => self.statement(walk, call, line),
        };
        if matches!(call.name, "execute" | "exec_query" | "exec_update" | "exec_delete" | "exec_insert")
            || flow == Flow::Done && call.receiver.is_some() && !call.is_own()
        {
            // Written-out statements are not turned around by the framework.
            walk.found.steps.iter_mut().skip(before).for_each(|step| step.undo = Undo::None);
        }
        flow
    }
}

impl<'s> Reader<'s> {
    fn new(tree: &'s dyn Snapshot, file: &[Expr<'_>], back: bool) -> Self {
        Reader {
            tree,
            classes: models::declared(file),
            rows: BTreeMap::new(),
            builders: Vec::new(),
            back,
            directions: Vec::new(),
            ups: Vec::new(),
        }
    }

    /// `reversible do |dir|`, `dir.up do`, `dir.down do`, `up_only do`.
    fn reversible<'n>(&mut self, walk: &mut Walk<'n>, call: &'n Call<'n>) -> bool {
        let Some(block) = &call.block else { return false };
        match call.name {
            "reversible" => {
                self.directions
                    .push(block.params.first().map_or_else(String::new, |name| (*name).to_owned()));
                walk.all(self, &block.body);
                self.directions.pop();
                true
            }
            "up_only" => {
                if !self.back {
                    self.up(walk, block);
                }
                true
            }
            "up" | "down"
                if call
                    .receiver
                    .as_ref()
                    .and_then(Expr::name)
                    .is_some_and(|name| self.directions.iter().any(|known| known == name)) =>
            {
                if call.name == "up" && !self.back {
                    self.up(walk, block);
                } else if call.name == "down" && self.back {
                    self.directions.push("down!".to_owned());
                    walk.all(self, &block.body);
                    self.directions.pop();
                }
                true
            }
            _ => false,
        }
    }

    fn up<'n>(&mut self, walk: &mut Walk<'n>, block: &'n Func<'n>) {
        let from = walk.found.steps.len();
        walk.all(self, &block.body);
        self.ups.push((from, walk.found.steps.len()));
    }

    /// Statements of the migration itself.
    fn statement<'n>(&mut self, walk: &mut Walk<'n>, call: &'n Call<'n>, line: u32) -> Flow {
        let text = |at: usize| call.arg(at).and_then(|arg| walk.text(arg));
        let table = text(0).unwrap_or_default();
        let rest = || call.args.iter().skip(1).flat_map(|arg| walk.texts(arg)).collect::<Vec<_>>();
        let mut steps: Vec<Step> = Vec::new();
        let step = |op: Op| Step::new(op, &table, line);
        match call.name {
            "create_table" | "create_join_table" => {
                let name = if call.name == "create_table" {
                    table
                } else {
                    let mut sides = [table, text(1).unwrap_or_default()];
                    sides.sort();
                    call.option("table_name")
                        .and_then(|name| walk.text(name))
                        .unwrap_or_else(|| sides.join("_"))
                };
                return self.create(walk, call, name, line);
            }
            "change_table" => {
                let Some(block) = &call.block else { return Flow::Done };
                let var = block.params.first().map_or_else(String::new, |name| (*name).to_owned());
                self.builders.push(Builder { var, table, new: None });
                walk.all(self, &block.body);
                self.builders.pop();
                return Flow::Done;
            }
            "drop_table" | "drop_join_table" | "drop_tables" => {
                let undo = if call.block.is_some() { Undo::RestoresStructure } else { Undo::None };
                let names: Vec<String> = if call.name == "drop_join_table" {
                    let mut sides = [table, text(1).unwrap_or_default()];
                    sides.sort();
                    vec![
                        call.option("table_name")
                            .and_then(|name| walk.text(name))
                            .unwrap_or_else(|| sides.join("_")),
                    ]
                } else {
                    call.args.iter().flat_map(|arg| walk.texts(arg)).collect()
                };
                steps.extend(names.iter().map(|name| Step { undo, ..Step::new(Op::DropTable, name, line) }));
            }
            "rename_table" => steps.push(Step { to: text(1), ..step(Op::RenameTable) }),
            "rename_column" => steps.push(Step { column: text(1), to: text(2), ..step(Op::RenameColumn) }),
            "add_column" | "add_columns" => {
                let positional = rest();
                let (names, type_) = if call.name == "add_columns" {
                    (positional, call.option("type").map(|type_| type_of(walk, type_)))
                } else {
                    (positional.into_iter().take(1).collect(), call.arg(2).map(|type_| type_of(walk, type_)))
                };
                steps.extend(
                    names.iter().map(|name| added(&table, &column(walk, call, name, type_.clone(), line))),
                );
            }
            "remove_column" | "remove_columns" => {
                let positional = rest();
                let (names, typed) = if call.name == "remove_columns" {
                    (positional, call.option("type").is_some())
                } else {
                    (positional.iter().take(1).cloned().collect(), positional.len() > 1)
                };
                let undo = if typed { Undo::RestoresStructure } else { Undo::None };
                steps.extend(names.iter().map(|name| Step { undo, ..step(Op::DropColumn).column(name) }));
            }
            "add_reference" | "add_belongs_to" => {
                if let Some(name) = text(1) {
                    steps.extend(
                        reference(walk, call, &name, line).iter().map(|column| added(&table, column)),
                    );
                }
            }
            "remove_reference" | "remove_belongs_to" => {
                if let Some(name) = text(1) {
                    steps.push(step(Op::DropColumn).column(format!("{name}_id")));
                    if call.option("polymorphic").is_some() {
                        steps.push(step(Op::DropColumn).column(format!("{name}_type")));
                    }
                }
            }
            "add_timestamps" => {
                steps.extend(timestamps(walk, call, line).iter().map(|column| added(&table, column)))
            }
            "remove_timestamps" => {
                steps.extend(["created_at", "updated_at"].map(|name| step(Op::DropColumn).column(name)))
            }
            "change_column" | "change_column_type" => {
                let type_ = call.arg(2).map(|type_| type_of(walk, type_));
                let field = column(walk, call, &text(1).unwrap_or_default(), type_, line);
                steps.push(changed(&table, &field, call));
            }
            "change_column_null" => {
                let nullable = call.arg(2).and_then(|value| walk.resolve(value).truth());
                let undo = if nullable.is_none() { Undo::Unknown } else { Undo::Restores };
                steps.push(Step {
                    nullable,
                    undo,
                    ..step(Op::ChangeNullability).column(text(1).unwrap_or_default())
                });
            }
            "change_column_default" => {
                steps.push(default_changed(&table, text(1).unwrap_or_default(), call, 2, line))
            }
            "add_index" | "add_concurrent_index" => {
                steps.push(index(walk, Op::AddIndex, &table, call, call.arg_or(1, "column"), line))
            }
            "remove_index" | "remove_concurrent_index" | "remove_concurrent_index_by_name" => {
                let covers = call.option("column").or(call.arg(1).filter(|arg| arg.entries().is_empty()));
                let mut step = index(walk, Op::DropIndex, &table, call, covers, line);
                step.undo = if step.column.is_some() { Undo::Restores } else { Undo::None };
                steps.push(step);
            }
            "add_foreign_key"
            | "add_concurrent_foreign_key"
            | "remove_foreign_key"
            | "remove_foreign_key_if_exists" => {
                let op = if call.name.starts_with("add") { Op::AddConstraint } else { Op::DropConstraint };
                let target = text(1).or_else(|| call.option("to_table").and_then(|to| walk.text(to)));
                let covers = walk.joined(call.option("column")).or_else(|| {
                    target.map(|target| {
                        format!("{}_id", singular(target.rsplit('.').next().unwrap_or(&target)))
                    })
                });
                let mut step = Step { column: covers, ..step(op) }.detail("what", "foreign_key");
                if let Some(rule) = call.option("on_delete").and_then(|rule| walk.text(rule)) {
                    step = step.detail("on_delete", rule);
                }
                steps.push(step);
            }
            "add_check_constraint"
            | "add_text_limit"
            | "add_not_null_constraint"
            | "add_exclusion_constraint"
            | "add_unique_constraint"
            | "add_unique_key"
            | "remove_check_constraint"
            | "remove_text_limit"
            | "remove_not_null_constraint"
            | "remove_exclusion_constraint"
            | "remove_unique_constraint" => {
                let op = if call.name.starts_with("add") { Op::AddConstraint } else { Op::DropConstraint };
                let what = if call.name.contains("unique") { "unique" } else { "check" };
                let rule = call.arg(1).or(call.option("expression")).and_then(|rule| walk.joined(Some(rule)));
                let mut step = step(op).detail("what", what);
                match (what, rule) {
                    ("unique", Some(columns)) => step.column = Some(columns),
                    (_, Some(rule)) => step = step.detail("condition", rule),
                    _ => {}
                }
                if let Some(name) = call.option("name").and_then(|name| walk.text(name)) {
                    step = step.detail("name", name);
                }
                steps.push(step);
            }
            "create_enum" | "drop_enum" | "add_enum_value" | "rename_enum" | "rename_enum_value"
            | "create_enum_type" => {
                steps.push(Step::new(Op::Other, "", line).detail("what", "enum").detail("name", table));
            }
            "create_view"
            | "update_view"
            | "drop_view"
            | "replace_view"
            | "create_materialized_view"
            | "drop_materialized_view" => {
                steps.push(Step::new(Op::Other, "", line).detail("what", "view").detail("name", table));
            }
            "create_function" | "update_function" | "drop_function" | "create_trigger" | "update_trigger"
            | "drop_trigger" => {
                let what = if call.name.ends_with("function") { "function" } else { "trigger" };
                steps.push(Step::new(Op::Other, "", line).detail("what", what).detail("name", table));
            }
            "enable_extension" | "disable_extension" => {
                steps.push(Step::new(Op::Other, "", line).detail("what", "extension").detail("name", table));
            }
            "create_schema" | "drop_schema" => {
                steps.push(Step::new(Op::Other, "", line).detail("what", "schema").detail("name", table))
            }
            "execute" | "exec_query" | "exec_update" | "exec_delete" | "exec_insert" | "update_sql" => {
                if let Some(sql) = call.arg(0) {
                    walk.sql(self, sql);
                }
                return Flow::Done;
            }
            "update_column_in_batches"
            | "backfill_column_in_background"
            | "backfill_column_for_type_change"
            | "batch_update" => {
                let table = text(0).unwrap_or_default();
                walk.data(&table, line, false);
                return Flow::Done;
            }
            "queue_batched_background_migration"
            | "queue_background_migration_jobs_by_range_at_intervals" => {
                let table = text(1).unwrap_or_default();
                walk.data(&table, line, false);
                return Flow::Done;
            }
            "revert" => {
                self.revert(walk, call, line);
                return Flow::Done;
            }
            "set_column_comment"
            | "change_column_comment"
            | "change_table_comment"
            | "rename_index"
            | "validate_foreign_key"
            | "validate_check_constraint"
            | "validate_constraint"
            | "reset_column_information"
            | "with_lock_retries"
            | "safety_assured"
            | "suppress_messages"
            | "disable_statement_timeout"
            | "set_statement_timeout"
            | "stop_safety_assured"
            | "validate_not_null_constraint"
            | "column_exists?"
            | "table_exists?"
            | "index_exists?"
            | "say_with_time"
            | "transaction"
            | "with_suppressed_output"
            | "select_all"
            | "select_value"
            | "select_values"
            | "select_rows"
            | "lambda"
            | "proc"
            | "loop"
            | "quote"
            | "quote_table_name"
            | "quote_column_name"
            | "reset_pk_sequence!" => {
                if let Some(block) = &call.block {
                    walk.all(self, &block.body);
                }
                return Flow::Done;
            }
            _ => return Flow::Inside,
        }
        walk.found.steps.extend(steps);
        Flow::Done
    }

    fn create<'n>(&mut self, walk: &mut Walk<'n>, call: &'n Call<'n>, name: String, line: u32) -> Flow {
        let mut new = Table { name: name.clone(), line, ..Table::default() };
        match call.option("id") {
            Some(id) if id.truth() == Some(false) => {}
            id => {
                let key = call
                    .option("primary_key")
                    .and_then(|key| walk.text(key))
                    .unwrap_or_else(|| "id".to_owned());
                let type_ = id.and_then(|id| walk.text(id)).unwrap_or_else(|| "bigint".to_owned());
                if call.name == "create_table" {
                    new.columns.push(Column {
                        name: key,
                        type_: Some(type_),
                        nullable: Some(false),
                        default: None,
                        line,
                    });
                }
            }
        }
        if call.name == "create_join_table" {
            let sides = call.args.iter().filter_map(|side| walk.text(side)).take(2);
            new.columns.extend(sides.map(|side| Column {
                name: format!("{}_id", singular(&side)),
                type_: Some("bigint".to_owned()),
                nullable: Some(false),
                default: None,
                line,
            }));
        }
        if let Some(block) = &call.block {
            let var = block.params.first().map_or_else(String::new, |name| (*name).to_owned());
            self.builders.push(Builder { var, table: name.clone(), new: Some(new) });
            walk.all(self, &block.body);
            new = self.builders.pop().and_then(|builder| builder.new).unwrap_or_default();
        }
        walk.push(Step { shape: Some(new), ..Step::new(Op::AddTable, name, line) });
        Flow::Done
    }

    /// `revert do … end` and `revert AnotherMigration`: the steps of something else, turned around.
    fn revert<'n>(&mut self, walk: &mut Walk<'n>, call: &'n Call<'n>, line: u32) {
        let from = walk.found.steps.len();
        if let Some(block) = &call.block {
            walk.all(self, &block.body);
        }
        let mut steps = walk.found.steps.split_off(from);
        if let Some(class) = call.arg(0).and_then(Expr::name) {
            let ending = format!("_{}.rb", underscore(class));
            let mut paths = self.tree.paths().iter();
            let path =
                paths.find(|path| path.as_str().ends_with(&ending) && path.folder().contains("migrat"));
            let found = path.and_then(|path| Some((path, self.tree.read(path)?)));
            // A migration that reverts itself, or one that reverts it, is no migration to follow.
            if let Some((path, text)) =
                found.as_ref().and_then(|(path, content)| Some((path, content.text()?)))
                && !text.contains("revert")
                && let Ok(migration) = Rails.read(path, text, None, self.tree)
            {
                steps.extend(migration.steps);
            }
        }
        let turned = steps.into_iter().rev().map(|step| Step { line, ..undo::inverse(step) });
        walk.found.steps.extend(turned);
        if walk.found.steps.len() == from {
            walk.push(Step::new(Op::Other, "", line).detail("what", "own_code"));
        }
    }

    /// `t.string :name` and its kin.
    fn in_table<'n>(&mut self, walk: &mut Walk<'n>, at: usize, call: &'n Call<'n>, line: u32) {
        let Some(builder) = self.builders.get_mut(at) else { return };
        let table = builder.table.clone();
        let names: Vec<String> = call.args.iter().flat_map(|arg| walk.texts(arg)).collect();
        let first = names.first().cloned().unwrap_or_default();
        let mut columns = Vec::new();
        let mut steps = Vec::new();
        let step = |op: Op| Step::new(op, &table, line);
        match call.name {
            "timestamps" | "timestamps_with_timezone" | "datetimes_with_timezone" => {
                columns = timestamps(walk, call, line)
            }
            "references" | "belongs_to" => {
                columns.extend(names.iter().flat_map(|name| reference(walk, call, name, line)))
            }
            "column" => {
                columns.push(column(walk, call, &first, call.arg(1).map(|type_| type_of(walk, type_)), line))
            }
            "index" => {
                let found = index(walk, Op::AddIndex, &table, call, call.arg(0), line);
                match &mut builder.new {
                    Some(new) => new.indexes.push(Rule {
                        name: found.details.get("name").cloned().unwrap_or_default(),
                        columns: found.column,
                        what: found.details.get("what").cloned().unwrap_or_default(),
                        line,
                    }),
                    None => steps.push(found),
                }
            }
            "foreign_key"
            | "check_constraint"
            | "exclusion_constraint"
            | "unique_constraint"
            | "unique_key" => {
                let what = match call.name {
                    "foreign_key" => "foreign_key",
                    "check_constraint" | "exclusion_constraint" => "check",
                    _ => "unique",
                };
                let covers = match what {
                    "foreign_key" => walk
                        .joined(call.option("column"))
                        .or_else(|| Some(format!("{}_id", singular(&first)))),
                    "unique" => walk.joined(call.arg(0)),
                    _ => None,
                };
                match &mut builder.new {
                    Some(new) => new.constraints.push(Rule {
                        name: String::new(),
                        columns: covers,
                        what: what.to_owned(),
                        line,
                    }),
                    None => {
                        steps.push(Step { column: covers, ..step(Op::AddConstraint) }.detail("what", what))
                    }
                }
            }
            "remove" | "remove_columns" => {
                let undo = if call.option("type").is_some() { Undo::RestoresStructure } else { Undo::None };
                steps.extend(names.iter().map(|name| Step { undo, ..step(Op::DropColumn).column(name) }));
            }
            "remove_references" | "remove_belongs_to" => {
                steps.extend(names.iter().map(|name| step(Op::DropColumn).column(format!("{name}_id"))))
            }
            "remove_timestamps" => {
                steps.extend(["created_at", "updated_at"].map(|name| step(Op::DropColumn).column(name)))
            }
            "rename" => {
                steps.push(Step { to: names.get(1).cloned(), ..step(Op::RenameColumn).column(first) })
            }
            "change" => {
                let field = column(walk, call, &first, call.arg(1).map(|type_| type_of(walk, type_)), line);
                steps.push(changed(&table, &field, call));
            }
            "change_default" => steps.push(default_changed(&table, first, call, 1, line)),
            "change_null" => {
                let nullable = call.arg(1).and_then(|value| value.truth());
                steps.push(Step {
                    nullable,
                    undo: Undo::Restores,
                    ..step(Op::ChangeNullability).column(first)
                });
            }
            "remove_index" => {
                let covers = call.option("column").or(call.arg(0));
                steps.push(index(walk, Op::DropIndex, &table, call, covers, line));
            }
            "remove_foreign_key" | "remove_check_constraint" => {
                let what = if call.name.ends_with("foreign_key") { "foreign_key" } else { "check" };
                steps.push(step(Op::DropConstraint).detail("what", what));
            }
            "comment" | "rename_index" | "column_exists?" | "index_exists?" | "name" => {}
            type_ => columns.extend(
                names.iter().map(|name| column(walk, call, name, Some(sized(walk, type_, call)), line)),
            ),
        }
        match &mut builder.new {
            Some(new) => new.columns.extend(columns),
            None => steps.extend(columns.iter().map(|column| added(&table, column))),
        }
        walk.found.steps.extend(steps);
    }

    /// Calls on models and rows.
    fn rows<'n>(&mut self, walk: &mut Walk<'n>, call: &'n Call<'n>, line: u32) -> Flow {
        let Some(receiver) = &call.receiver else { return Flow::Inside };
        if call.name == "execute"
            && receiver
                .last_name()
                .is_some_and(|name| name.contains("connection") || name == "conn" || name == "Base")
        {
            if let Some(sql) = call.arg(0) {
                walk.sql(self, sql);
            }
            return Flow::Done;
        }
        let table = self.table_in(walk, receiver, 0);
        if let Some(deletes) = writes(call.name) {
            // `row.name.delete("x")` changes a value, not rows.
            let value = receiver.call().is_some_and(|call| {
                call.args.is_empty()
                    && call.named.is_empty()
                    && !QUERIES.contains(&call.name)
                    && !call.name.ends_with('s')
            });
            match &table {
                Some(_)
                    if value && matches!(call.name, "delete" | "insert" | "delete!" | "update" | "touch") => {
                }
                Some(table) => walk.rows(table, line, call.name, deletes),
                // `hash.delete(key)`, `list.insert(0, x)` are no rows.
                None if matches!(
                    call.name,
                    "delete" | "insert" | "update" | "create" | "destroy" | "import" | "touch" | "save"
                ) => {}
                None => walk.rows("", line, call.name, deletes),
            }
            return Flow::Done;
        }
        if let (Some(table), Some(block)) = (table, &call.block) {
            if let Some(row) = block.params.first() {
                self.rows.insert((*row).to_owned(), table);
            }
            walk.one(self, receiver);
            walk.rounds += 1;
            walk.all(self, &block.body);
            walk.rounds -= 1;
            return Flow::Done;
        }
        if matches!(
            receiver.last_name(),
            Some("Rails" | "ENV" | "Time" | "Date" | "JSON" | "I18n" | "logger" | "ActiveRecord" | "Base")
        ) && call.block.is_none()
        {
            return Flow::Done;
        }
        if QUERIES.contains(&call.name) && call.block.is_none() {
            walk.one(self, receiver);
            return Flow::Done;
        }
        Flow::Inside
    }

    /// The table whose rows an expression holds.
    fn table_in<'n>(&self, walk: &Walk<'n>, expr: &'n Expr<'n>, hops: u32) -> Option<String> {
        if hops > 6 {
            return None;
        }
        let (root, calls) = expr.chain();
        let root_name = match root {
            Some(root) => root.name()?,
            None => return None,
        };
        let mut table = if root_name.starts_with(char::is_uppercase) {
            self.table_of(root_name)
        } else if let Some(table) = self.rows.get(root_name) {
            Some(table.clone())
        } else {
            let bound = walk.names.get(root_name).copied().filter(|bound| bound.name() != Some(root_name))?;
            self.table_in(walk, bound, hops + 1)
        };
        for (call, _) in calls {
            // `user.posts` are the rows of another table.
            let association = call.args.is_empty()
                && call.named.is_empty()
                && !QUERIES.contains(&call.name)
                && call.name.len() > 3;
            if association && root_name.starts_with(char::is_lowercase) {
                table = Some(plural(call.name));
            } else if call.name == "new" && call.receiver.is_none() {
                return None;
            }
        }
        table
    }

    /// The table of a model by its class name.
    fn table_of(&self, class: &str) -> Option<String> {
        let last = class.rsplit("::").next().unwrap_or(class);
        match self.classes.get(class).or_else(|| self.classes.get(last)) {
            Some(table) => Some(table.clone()),
            None => models::table(self.tree, class, 0),
        }
    }
}

fn added(table: &str, column: &Column) -> Step {
    Step {
        type_: column.type_.clone(),
        nullable: column.nullable,
        default: column.default.clone(),
        ..Step::new(Op::AddColumn, table, column.line).column(&column.name)
    }
}

/// `change_column` states the type, and only those other things that it names.
fn changed(table: &str, column: &Column, call: &Call<'_>) -> Step {
    Step {
        type_: column.type_.clone(),
        nullable: call.option("null").and(column.nullable),
        default: column.default.clone(),
        undo: Undo::None,
        states: States::Named,
        ..Step::new(Op::ChangeType, table, column.line).column(&column.name)
    }
}

fn default_changed(table: &str, column: String, call: &Call<'_>, at: usize, line: u32) -> Step {
    let (value, undo) = match call.option("to") {
        Some(to) => (Some(to), Undo::Restores),
        None => (call.arg(at), Undo::None),
    };
    let mut step = Step { undo, ..Step::new(Op::ChangeDefault, table, line).column(column) };
    step.default = value.filter(|value| !value.is_nothing()).map(written);
    if let Some(from) = call.option("from").filter(|from| !from.is_nothing()) {
        step = step.detail("from_default", written(from));
    }
    step
}

/// A value as written, without the quotes of a string.
fn written(expr: &Expr<'_>) -> String {
    match &expr.kind {
        Kind::Func(func) => match func.body.as_slice() {
            [only] => written(only),
            _ => expr.text.to_owned(),
        },
        _ => expr.literal().unwrap_or(expr.text).to_owned(),
    }
}

fn type_of<'n>(walk: &Walk<'n>, expr: &'n Expr<'n>) -> String {
    walk.text(expr).unwrap_or_else(|| expr.text.to_owned())
}

/// A type with the limits that are written beside it.
fn sized<'n>(walk: &Walk<'n>, type_: &str, call: &'n Call<'n>) -> String {
    let option = |key: &str| {
        call.option(key)
            .filter(|value| !value.is_nothing())
            .map(|value| walk.text(value).unwrap_or_else(|| value.text.to_owned()))
    };
    let size = match (option("limit").or_else(|| option("size")), option("precision"), option("scale")) {
        (Some(limit), _, _) => format!("({limit})"),
        (None, Some(precision), Some(scale)) => format!("({precision}, {scale})"),
        (None, Some(precision), None) => format!("({precision})"),
        _ => String::new(),
    };
    let array = if call.option("array").and_then(Expr::truth) == Some(true) { "[]" } else { "" };
    if type_.contains('(') { format!("{type_}{array}") } else { format!("{type_}{size}{array}") }
}

fn column<'n>(walk: &Walk<'n>, call: &'n Call<'n>, name: &str, type_: Option<String>, line: u32) -> Column {
    Column {
        name: name.to_owned(),
        type_: type_.map(|type_| sized(walk, &type_, call)),
        nullable: Some(call.option("null").and_then(Expr::truth).unwrap_or(true)),
        default: call.option("default").filter(|value| !value.is_nothing()).map(written),
        line,
    }
}

fn reference<'n>(walk: &Walk<'n>, call: &'n Call<'n>, name: &str, line: u32) -> Vec<Column> {
    let type_ = call.option("type").and_then(|type_| walk.text(type_)).unwrap_or_else(|| "bigint".to_owned());
    let mut columns =
        vec![Column { type_: Some(type_), ..column(walk, call, &format!("{name}_id"), None, line) }];
    if call.option("polymorphic").is_some_and(|value| value.truth() != Some(false)) {
        columns.push(Column {
            type_: Some("string".to_owned()),
            ..column(walk, call, &format!("{name}_type"), None, line)
        });
    }
    columns
}

fn timestamps<'n>(walk: &Walk<'n>, call: &'n Call<'n>, line: u32) -> Vec<Column> {
    ["created_at", "updated_at"]
        .map(|name| Column {
            type_: Some("datetime".to_owned()),
            nullable: Some(call.option("null").and_then(Expr::truth).unwrap_or(false)),
            ..column(walk, call, name, None, line)
        })
        .to_vec()
}

fn index<'n>(
    walk: &Walk<'n>,
    op: Op,
    table: &str,
    call: &'n Call<'n>,
    covers: Option<&'n Expr<'n>>,
    line: u32,
) -> Step {
    let unique = call.option("unique").and_then(Expr::truth) == Some(true);
    let mut step = Step { column: walk.joined(covers), ..Step::new(op, table, line) }
        .detail("what", if unique { "unique_index" } else { "index" });
    if let Some(name) = call.option("name").and_then(|name| walk.text(name)) {
        step = step.detail("name", name);
    }
    if let Some(condition) = call.option("where").and_then(|condition| walk.text(condition)) {
        step = step.detail("condition", condition);
    }
    step
}

#[cfg(test)]
mod tests;
