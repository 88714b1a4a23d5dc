//! What a builder is told of a table: part of it while the table is made, steps of their own once it stands.

use super::{Column, Rule, Step, Table};
use crate::finding::SchemaOp as Op;

/// Puts fields and rules into the `new` table; what is left are steps on the table of that name.
pub(super) fn built(
    new: Option<&mut Table>,
    table: &str,
    columns: Vec<Column>,
    rules: Vec<Step>,
) -> Vec<Step> {
    let Some(new) = new else {
        let added = columns.into_iter().map(|column| Step {
            type_: column.type_,
            nullable: column.nullable,
            default: column.default,
            ..Step::new(Op::AddColumn, table, column.line).column(column.name)
        });
        return rules.into_iter().chain(added).collect();
    };
    for rule in rules {
        let made = Rule {
            name: String::new(),
            columns: rule.column,
            what: rule.details.get("what").cloned().unwrap_or_default(),
            line: rule.line,
            ..Rule::default()
        };
        if rule.op == Op::AddIndex { new.indexes.push(made) } else { new.constraints.push(made) }
    }
    new.columns.extend(columns);
    Vec::new()
}
