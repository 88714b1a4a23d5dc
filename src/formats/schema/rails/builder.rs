//! What is said inside the block of a table: `t.string :name`.

use super::super::names::singular;
use super::super::{Rule, Step};
use super::Reader;
use super::fields::{added, changed, column, default_changed, index, reference, sized, timestamps, type_of};
use crate::finding::{SchemaOp as Op, Undo};
use crate::formats::schema::walk::Walk;
use crate::formats::syntax::Call;

impl Reader<'_> {
    /// `t.string :name` and its kin.
    pub(super) fn in_table<'n>(&mut self, walk: &mut Walk<'n>, at: usize, call: &'n Call<'n>, line: u32) {
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
                        ..Rule::default()
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
                        ..Rule::default()
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
}
