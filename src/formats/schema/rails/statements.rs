//! The methods that a migration calls on its own: `create_table`, `add_column` and the like.

use super::super::names::{singular, underscore};
use super::super::undo;
use super::super::{Column, Step, Table};
use super::fields::{added, changed, column, default_changed, index, reference, timestamps, type_of};
use super::{Builder, MigrationReader, Rails, Reader};
use crate::finding::{SchemaOp as Op, Undo};
use crate::formats::schema::walk::{Flow, Walk};
use crate::formats::syntax::{Call, Expr};

impl Reader<'_> {
    /// Statements of the migration itself.
    pub(super) fn statement<'n>(&mut self, walk: &mut Walk<'n>, call: &'n Call<'n>, line: u32) -> Flow {
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
}
