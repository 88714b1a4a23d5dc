//! Fields, start values and look-up aids as Rails writes them.

use super::super::{Column, States, Step};
use crate::finding::{SchemaOp as Op, Undo};
use crate::formats::schema::walk::Walk;
use crate::formats::syntax::{Call, Expr, Kind};

pub(super) fn added(table: &str, column: &Column) -> Step {
    Step {
        type_: column.type_.clone(),
        nullable: column.nullable,
        default: column.default.clone(),
        ..Step::new(Op::AddColumn, table, column.line).column(&column.name)
    }
}

/// `change_column` states the type, and only those other things that it names.
pub(super) fn changed(table: &str, column: &Column, call: &Call<'_>) -> Step {
    Step {
        type_: column.type_.clone(),
        nullable: call.option("null").and(column.nullable),
        default: column.default.clone(),
        undo: Undo::None,
        states: States::Named,
        ..Step::new(Op::ChangeType, table, column.line).column(&column.name)
    }
}

pub(super) fn default_changed(table: &str, column: String, call: &Call<'_>, at: usize, line: u32) -> Step {
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
pub(super) fn written(expr: &Expr<'_>) -> String {
    match &expr.kind {
        Kind::Func(func) => match func.body.as_slice() {
            [only] => written(only),
            _ => expr.text.to_owned(),
        },
        _ => expr.literal().unwrap_or(expr.text).to_owned(),
    }
}

pub(super) fn type_of<'n>(walk: &Walk<'n>, expr: &'n Expr<'n>) -> String {
    walk.text(expr).unwrap_or_else(|| expr.text.to_owned())
}

/// A type with the limits that are written beside it.
pub(super) fn sized<'n>(walk: &Walk<'n>, type_: &str, call: &'n Call<'n>) -> String {
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

pub(super) fn column<'n>(
    walk: &Walk<'n>,
    call: &'n Call<'n>,
    name: &str,
    type_: Option<String>,
    line: u32,
) -> Column {
    Column {
        name: name.to_owned(),
        type_: type_.map(|type_| sized(walk, &type_, call)),
        nullable: Some(call.option("null").and_then(Expr::truth).unwrap_or(true)),
        default: call.option("default").filter(|value| !value.is_nothing()).map(written),
        line,
    }
}

pub(super) fn reference<'n>(walk: &Walk<'n>, call: &'n Call<'n>, name: &str, line: u32) -> Vec<Column> {
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

pub(super) fn timestamps<'n>(walk: &Walk<'n>, call: &'n Call<'n>, line: u32) -> Vec<Column> {
    ["created_at", "updated_at"]
        .map(|name| Column {
            type_: Some("datetime".to_owned()),
            nullable: Some(call.option("null").and_then(Expr::truth).unwrap_or(false)),
            ..column(walk, call, name, None, line)
        })
        .to_vec()
}

pub(super) fn index<'n>(
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
