//! Kysely: statements as chains that end in `execute`.

use crate::finding::SchemaOp as Op;
use crate::formats::schema::walk::{Flow, Style, Walk};
use crate::formats::schema::{Column, Rule, States, Step, Table};
use crate::formats::syntax::{Call, Expr, Kind};

/// Kysely's builders.
#[derive(Default)]
pub(super) struct Kysely;

impl<'n> Style<'n> for Kysely {
    fn call(&mut self, walk: &mut Walk<'n>, expr: &'n Expr<'n>, _call: &'n Call<'n>) -> Flow {
        let (root, mut calls) = expr.chain();
        if let Some(bound) = root.map(|root| walk.resolve(root)) {
            let before = bound.chain().1;
            calls.splice(0..0, before);
        }
        let start = calls.iter().position(|(call, _)| {
            matches!(
                call.name,
                "createTable"
                    | "alterTable"
                    | "dropTable"
                    | "createIndex"
                    | "dropIndex"
                    | "createType"
                    | "dropType"
                    | "createView"
                    | "dropView"
                    | "refreshMaterializedView"
                    | "createSchema"
                    | "dropSchema"
                    | "updateTable"
                    | "insertInto"
                    | "deleteFrom"
                    | "replaceInto"
                    | "mergeInto"
            )
        });
        let Some((first, line)) = start.and_then(|at| calls.get(at)).copied() else {
            return self.raw(walk, &calls);
        };
        let text = |call: &'n Call<'n>, at: usize| call.arg(at).and_then(|arg| walk.text(arg));
        // `updateTable('comments as c')`
        let name = text(first, 0).unwrap_or_default();
        let name = name.split(' ').next().unwrap_or_default().to_owned();
        let how = &calls[start.unwrap_or_default() + 1..];
        match first.name {
            "createTable" => {
                let shape = created(walk, &name, how, line);
                walk.push(Step { shape: Some(shape), ..Step::new(Op::AddTable, name, line) });
            }
            "dropTable" => walk.push(Step::new(Op::DropTable, name, line)),
            "alterTable" => altered(walk, &name, how),
            "createIndex" => {
                let on = how
                    .iter()
                    .find(|(call, _)| call.name == "on")
                    .and_then(|(call, _)| text(call, 0))
                    .unwrap_or_default();
                let covers: Vec<String> = how
                    .iter()
                    .filter(|(call, _)| matches!(call.name, "column" | "columns" | "expression"))
                    .flat_map(|(call, _)| call.args.iter().flat_map(|arg| walk.texts(arg)))
                    .collect();
                let unique = how.iter().any(|(call, _)| call.name == "unique");
                let column = (!covers.is_empty()).then(|| covers.join(", "));
                walk.push(
                    Step { column, ..Step::new(Op::AddIndex, on, line) }
                        .detail("what", if unique { "unique_index" } else { "index" })
                        .detail("name", name),
                );
            }
            "dropIndex" => {
                let on = how
                    .iter()
                    .find(|(call, _)| call.name == "on")
                    .and_then(|(call, _)| text(call, 0))
                    .unwrap_or_default();
                walk.push(Step::new(Op::DropIndex, on, line).detail("name", name));
            }
            "updateTable" => rewritten(walk, name, how, line),
            "insertInto" | "replaceInto" | "mergeInto" => walk.rows(&name, line, first.name, false),
            "deleteFrom" => walk.data(&name, line, true),
            "createType" | "createView" | "createSchema" => other(walk, first.name, "created", name, line),
            "dropType" | "dropView" | "dropSchema" => other(walk, first.name, "dropped", name, line),
            _ => {}
        }
        Flow::Done
    }
}

impl Kysely {
    /// ``sql`…`.execute(db)``, and code around statements.
    fn raw<'n>(&mut self, walk: &mut Walk<'n>, calls: &[(&'n Call<'n>, u32)]) -> Flow {
        let sql = calls.iter().find(|(call, _)| {
            call.name == "sql"
                || call.name == "raw" && call.receiver.as_ref().and_then(Expr::name) == Some("sql")
        });
        match sql
            .and_then(|(call, _)| call.arg(0))
            .filter(|_| calls.iter().any(|(call, _)| call.name == "execute"))
        {
            Some(sql) => {
                walk.sql(self, sql);
                Flow::Done
            }
            None => Flow::Inside,
        }
    }
}

fn column<'n>(walk: &Walk<'n>, call: &'n Call<'n>, line: u32) -> Column {
    let written = |value: &Expr<'_>| value.literal().unwrap_or(value.text).to_owned();
    // `(col) => col.notNull().defaultTo('x')`
    let how = call
        .args
        .iter()
        .find_map(Expr::func)
        .and_then(|func| func.body.last())
        .map(body_of)
        .map(|expr| expr.chain().1)
        .unwrap_or_default();
    let find = |wanted: &str| how.iter().find(|(call, _)| call.name == wanted).map(|(call, _)| *call);
    let key = find("primaryKey").is_some();
    Column {
        name: call.arg(0).and_then(|name| walk.text(name)).unwrap_or_default(),
        type_: call.arg(1).map(|type_| walk.text(type_).unwrap_or_else(|| written(walk.resolve(type_)))),
        nullable: Some(find("notNull").is_none() && !key),
        default: find("defaultTo")
            .and_then(|call| call.arg(0))
            .map(|value| walk.text(value).unwrap_or_else(|| written(value))),
        line,
    }
}

/// A list of values, a view or a schema.
fn other<'n>(walk: &mut Walk<'n>, method: &str, change: &str, name: String, line: u32) {
    let what = match method {
        "createType" | "dropType" => "enum",
        "createView" | "dropView" => "view",
        _ => "schema",
    };
    let step = Step::new(Op::Other, "", line).detail("what", what).detail("name", name);
    walk.push(step.detail("change", change));
}

/// `updateTable('a').set({ b: 1 }).where('c', '=', 2)`: the fields that are set, and whether a condition picks the rows.
fn rewritten<'n>(walk: &mut Walk<'n>, table: String, how: &[(&'n Call<'n>, u32)], line: u32) {
    let set = how.iter().find(|(call, _)| call.name == "set").map(|(call, _)| *call);
    let values = set.and_then(|call| match call.callback() {
        Some(func) => func.body.first().map(body_of),
        None => call.arg(0),
    });
    let entries = values.map(|values| walk.resolve(values).entries()).unwrap_or_default();
    let mut names: Vec<String> =
        entries.iter().filter_map(|(name, _)| name.key().map(str::to_owned)).collect();
    if let (true, Some(call), Some(2)) = (names.is_empty(), set, set.map(|call| call.args.len())) {
        names.extend(call.arg(0).and_then(|name| walk.text(name)));
    }
    let step = Step::new(Op::DataBackfill, table, line).detail("what", "rewritten");
    let step = Step { column: (!names.is_empty()).then(|| names.join(", ")), ..step };
    let picks = |call: &Call<'_>| {
        call.name.starts_with("where") || call.name == "from" || call.name.to_lowercase().ends_with("join")
    };
    let is_picked = how.iter().any(|(call, _)| picks(call));
    walk.push(if is_picked { step.detail("condition", "") } else { step });
}

/// What a function gives back, where it is written as a block.
fn body_of<'e, 'n>(expr: &'e Expr<'n>) -> &'e Expr<'n> {
    match &expr.kind {
        Kind::Body(parts) => parts.last().unwrap_or(expr),
        _ => expr,
    }
}

fn constraint<'n>(walk: &Walk<'n>, call: &'n Call<'n>, line: u32) -> Rule {
    let what = match call.name {
        "addForeignKeyConstraint" => "foreign_key",
        "addUniqueConstraint" => "unique",
        "addPrimaryKeyConstraint" => "primary_key",
        _ => "check",
    };
    let columns = walk.joined(call.arg(1)).filter(|_| what != "check");
    Rule {
        name: call.arg(0).and_then(|name| walk.text(name)).unwrap_or_default(),
        columns,
        what: what.to_owned(),
        line,
        ..Rule::default()
    }
}

fn created<'n>(walk: &Walk<'n>, name: &str, how: &[(&'n Call<'n>, u32)], line: u32) -> Table {
    let mut table = Table { name: name.to_owned(), line, ..Table::default() };
    for (call, line) in how {
        match call.name {
            "addColumn" => table.columns.push(column(walk, call, *line)),
            name if name.starts_with("add") && name.ends_with("Constraint") => {
                table.constraints.push(constraint(walk, call, *line))
            }
            _ => {}
        }
    }
    table
}

fn altered<'n>(walk: &mut Walk<'n>, table: &str, how: &[(&'n Call<'n>, u32)]) {
    for (call, line) in how {
        let line = *line;
        let step = |op: Op| Step::new(op, table, line);
        let text = |at: usize| call.arg(at).and_then(|arg| walk.text(arg));
        match call.name {
            "addColumn" => {
                let column = column(walk, call, line);
                walk.push(Step {
                    type_: column.type_,
                    nullable: column.nullable,
                    default: column.default,
                    ..step(Op::AddColumn).column(column.name)
                });
            }
            "dropColumn" => {
                let name = text(0).unwrap_or_default();
                walk.push(step(Op::DropColumn).column(name));
            }
            "renameColumn" => {
                let (name, to) = (text(0).unwrap_or_default(), text(1));
                walk.push(Step { to, ..step(Op::RenameColumn).column(name) });
            }
            "renameTo" => {
                let to = text(0);
                walk.push(Step { to, ..step(Op::RenameTable) });
            }
            "modifyColumn" => {
                let column = column(walk, call, line);
                walk.push(Step {
                    type_: column.type_,
                    nullable: column.nullable,
                    default: column.default,
                    states: States::Whole,
                    ..step(Op::ChangeType).column(column.name)
                });
            }
            "alterColumn" => {
                let name = text(0).unwrap_or_default();
                let changes = call
                    .args
                    .iter()
                    .find_map(Expr::func)
                    .and_then(|func| func.body.last())
                    .map(body_of)
                    .map(|expr| expr.chain().1)
                    .unwrap_or_default();
                for (change, _) in changes {
                    let value =
                        change.arg(0).map(|value| walk.text(value).unwrap_or_else(|| value.text.to_owned()));
                    walk.push(match change.name {
                        "setDataType" => Step { type_: value, ..step(Op::ChangeType).column(&name) },
                        "setNotNull" => {
                            Step { nullable: Some(false), ..step(Op::ChangeNullability).column(&name) }
                        }
                        "dropNotNull" => {
                            Step { nullable: Some(true), ..step(Op::ChangeNullability).column(&name) }
                        }
                        "setDefault" => Step { default: value, ..step(Op::ChangeDefault).column(&name) },
                        "dropDefault" => step(Op::ChangeDefault).column(&name),
                        _ => continue,
                    });
                }
            }
            "dropConstraint" => {
                let name = text(0).unwrap_or_default();
                walk.push(step(Op::DropConstraint).detail("name", name));
            }
            "addIndex" => walk.push(step(Op::AddIndex)),
            name if name.starts_with("add") && name.ends_with("Constraint") => {
                let rule = constraint(walk, call, line);
                walk.push(
                    Step { column: rule.columns, ..step(Op::AddConstraint) }
                        .detail("what", rule.what)
                        .detail("name", rule.name),
                );
            }
            _ => {}
        }
    }
}
