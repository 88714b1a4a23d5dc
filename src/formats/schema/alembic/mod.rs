//! Alembic: `upgrade` and `downgrade` over SQLAlchemy's operations.

mod data;

use std::collections::BTreeMap;

use super::undo::{self, Back};
use super::{Column, Migration, MigrationReader, Rule, Step, Table};
use crate::change::{RepoPath, Snapshot};
use crate::finding::SchemaOp as Op;
use crate::formats::Unreadable;
use crate::formats::schema::walk::{Flow, Style, Walk};
use crate::formats::syntax::{self, Call, Expr, Kind, Language};

/// Alembic migrations.
pub struct Alembic;

impl MigrationReader for Alembic {
    fn style(&self) -> &'static str {
        "alembic"
    }

    fn reads(&self, path: &RepoPath, text: &str) -> bool {
        path.extension() == "py"
            && text.contains("def upgrade")
            && text.contains("revision")
            && (text.contains("alembic") || text.contains("op."))
    }

    fn read(
        &self,
        _path: &RepoPath,
        text: &str,
        _down: Option<&str>,
        _tree: &dyn Snapshot,
    ) -> Result<Migration, Unreadable> {
        let file = syntax::parse(Language::Python, text)?;
        let names = Walk::new(&file);
        // One function, or one a database: `upgrade_engine1`.
        let run = |start: &str| {
            let mut reader = Reader { classes: data::tables_of_classes(&file) };
            let mut walked = Walk::new(&file);
            let whole = names.funcs.get(start).copied().filter(|func| !func.body.is_empty());
            let engines = names.funcs.iter().filter(|(name, _)| {
                name.starts_with(start) && name.get(start.len()..).is_some_and(|rest| rest.starts_with('_'))
            });
            for func in whole.into_iter() {
                walked.run(&mut reader, func, &[]);
            }
            if walked.found.steps.is_empty() && text.contains("globals()[") {
                for (_, func) in engines {
                    walked.run(&mut reader, func, &[]);
                }
            }
            walked
        };
        let mut migration = run("upgrade").finish();
        let down = run("downgrade");
        let back = Back::Steps { steps: &down.found.steps, unclear: down.unknown.is_some() };
        undo::settle(&mut migration.steps, &back);
        Ok(migration)
    }
}

pub(super) struct Reader {
    /// Tables by the classes of models that the migration declares itself.
    classes: BTreeMap<String, String>,
}

impl<'n> Style<'n> for Reader {
    fn call(&mut self, walk: &mut Walk<'n>, expr: &'n Expr<'n>, call: &'n Call<'n>) -> Flow {
        let line = expr.line;
        let Some(receiver) = &call.receiver else {
            return if walk.funcs.contains_key(call.name) {
                Flow::Inside
            } else {
                self.operation(walk, call, None, line)
            };
        };
        let on = walk.resolve(receiver);
        match &on.kind {
            Kind::Call(batch) if batch.name == "batch_alter_table" => {
                let table =
                    batch.arg_or(0, "table_name").and_then(|table| walk.text(table)).unwrap_or_default();
                self.operation(walk, call, Some(table), line)
            }
            Kind::Call(made)
                if matches!(made.name, "Enum" | "ENUM" | "DOMAIN")
                    && matches!(call.name, "create" | "drop") =>
            {
                let name = made.option("name").and_then(|name| walk.text(name)).unwrap_or_default();
                let change = if call.name == "create" { "created" } else { "dropped" };
                let step = Step::new(Op::Other, "", line).detail("what", "enum").detail("name", name);
                walk.push(step.detail("change", change));
                Flow::Done
            }
            _ if on.last_name() == Some("op") || on.text == "alembic.op" => {
                self.operation(walk, call, None, line)
            }
            _ => self.row(walk, call, line),
        }
    }

    fn assign(&mut self, walk: &mut Walk<'n>, member: &'n Call<'n>, _value: &'n Expr<'n>, line: u32) {
        if let Some(table) = member.receiver.as_ref().and_then(|row| self.table_in(walk, row, 0)) {
            walk.data(&table, line, false);
        }
    }
}

impl Reader {
    /// An operation; `batch` is the table of the block that it stands in, which then is not an argument.
    fn operation<'n>(
        &mut self,
        walk: &mut Walk<'n>,
        call: &'n Call<'n>,
        batch: Option<String>,
        line: u32,
    ) -> Flow {
        let text = |at: usize, key: &str| call.arg_or(at, key).and_then(|arg| walk.text(arg));
        // Where the name of a rule comes first, the table is second.
        let second = usize::from(batch.is_none());
        let first = || batch.clone().or_else(|| text(0, "table_name")).unwrap_or_default();
        let after_name = |key: &str| batch.clone().or_else(|| text(1, key)).unwrap_or_default();
        let named = |step: Step| match text(0, "constraint_name").or_else(|| text(0, "index_name")) {
            Some(name) => step.detail("name", name),
            None => step,
        };
        match call.name {
            "create_table" => {
                let name = text(0, "table_name").unwrap_or_default();
                let mut shape = Table { name: name.clone(), line, ..Table::default() };
                for part in call.args.iter().skip(1) {
                    let part = walk.resolve(part);
                    let parts: Vec<&Expr<'_>> = match &part.kind {
                        Kind::Body(parts) | Kind::List(parts) => {
                            parts.iter().map(|part| walk.resolve(part)).flat_map(Expr::elements).collect()
                        }
                        _ => vec![part],
                    };
                    parts.into_iter().for_each(|part| declared(walk, part, &mut shape));
                }
                walk.push(Step { shape: Some(shape), ..Step::new(Op::AddTable, name, line) });
            }
            "drop_table" => {
                walk.push(Step::new(Op::DropTable, text(0, "table_name").unwrap_or_default(), line))
            }
            "rename_table" => {
                walk.push(Step {
                    to: text(1, "new_table_name"),
                    ..Step::new(Op::RenameTable, text(0, "old_table_name").unwrap_or_default(), line)
                });
            }
            "add_column" | "add_columns" => {
                let table = first();
                for made in call
                    .args
                    .iter()
                    .skip(second)
                    .chain(call.named.iter().filter(|(name, _)| *name == "column").map(|(_, made)| made))
                {
                    let Some(column) = column(walk, walk.resolve(made)) else { continue };
                    let mut step = Step {
                        type_: column.type_,
                        nullable: column.nullable,
                        default: column.default,
                        ..Step::new(Op::AddColumn, &table, line)
                    };
                    step.column = Some(column.name);
                    walk.push(step);
                }
            }
            "drop_column" | "drop_columns" => {
                let table = first();
                let names: Vec<String> = match call.named.iter().find(|(name, _)| *name == "column_name") {
                    Some((_, name)) => walk.texts(name),
                    None => call.args.iter().skip(second).flat_map(|name| walk.texts(name)).collect(),
                };
                let names =
                    if call.name == "drop_column" { names.into_iter().take(1).collect() } else { names };
                names.iter().for_each(|name| walk.push(Step::new(Op::DropColumn, &table, line).column(name)));
            }
            "alter_column" => {
                let (table, column) = (first(), text(second, "column_name").unwrap_or_default());
                walk.found.steps.extend(altered(walk, call, &table, &column, line));
            }
            "create_index" => {
                let unique = call.option("unique").and_then(Expr::truth) == Some(true);
                let column = walk.joined(call.arg_or(1 + second, "columns"));
                let step = Step { column, ..Step::new(Op::AddIndex, after_name("table_name"), line) };
                walk.push(named(step.detail("what", if unique { "unique_index" } else { "index" })));
            }
            "drop_index" => walk.push(named(Step::new(Op::DropIndex, after_name("table_name"), line))),
            "create_unique_constraint" | "create_primary_key" => {
                let column = walk.joined(call.arg_or(1 + second, "columns"));
                let what = if call.name == "create_primary_key" { "primary_key" } else { "unique" };
                walk.push(named(
                    Step { column, ..Step::new(Op::AddConstraint, after_name("table_name"), line) }
                        .detail("what", what),
                ));
            }
            "create_foreign_key" => {
                let column = walk.joined(call.arg_or(2 + second, "local_cols"));
                let mut step =
                    Step { column, ..Step::new(Op::AddConstraint, after_name("source_table"), line) }
                        .detail("what", "foreign_key");
                if let Some(rule) = call.option("ondelete").and_then(|rule| walk.text(rule)) {
                    step = step.detail("on_delete", rule.to_lowercase());
                }
                walk.push(named(step));
            }
            "create_check_constraint" | "create_exclude_constraint" => {
                let condition = text(1 + second, "condition").unwrap_or_default();
                walk.push(named(
                    Step::new(Op::AddConstraint, after_name("table_name"), line)
                        .detail("what", "check")
                        .detail("condition", condition),
                ));
            }
            "drop_constraint" => {
                let kind = call.option("type_").and_then(|kind| walk.text(kind));
                let what = match kind.as_deref() {
                    Some("foreignkey") => "foreign_key",
                    Some("primary") => "primary_key",
                    Some("unique") => "unique",
                    _ => "check",
                };
                let step = Step::new(Op::DropConstraint, after_name("table_name"), line);
                walk.push(named(if kind.is_some() { step.detail("what", what) } else { step }));
            }
            "execute" if call.receiver.is_some() => self.execute(walk, call, line),
            "bulk_insert" => {
                let table = call
                    .arg_or(0, "table")
                    .and_then(|table| self.table_in(walk, table, 0))
                    .unwrap_or_default();
                walk.rows(&table, line, call.name, false);
            }
            // of alembic-postgresql-enum
            "sync_enum_values" => {
                let step = Step::new(Op::Other, "", line).detail("what", "enum").detail("change", "changed");
                walk.push(step.detail("name", text(1, "enum_name").unwrap_or_default()));
            }
            "create_entity" | "replace_entity" | "drop_entity" => {
                walk.push(Step::new(Op::Other, "", line).detail("what", "view"))
            }
            "f"
            | "get_bind"
            | "get_context"
            | "batch_alter_table"
            | "create_table_comment"
            | "drop_table_comment"
            | "autocommit_block"
            | "inline_literal"
            | "rename_index" => {}
            _ if call.receiver.is_none() => return Flow::Inside,
            name => walk.push(Step::new(Op::Other, "", line).detail("what", "own_code").detail("name", name)),
        }
        Flow::Done
    }
}

/// A column, or a rule, inside `create_table`.
fn declared<'n>(walk: &Walk<'n>, part: &'n Expr<'n>, shape: &mut Table) {
    if let Some(column) = column(walk, part) {
        shape.columns.push(column);
        return;
    }
    let Some(call) = part.call() else { return };
    let what = match call.name {
        "PrimaryKeyConstraint" => "primary_key",
        "UniqueConstraint" => "unique",
        "ForeignKeyConstraint" => "foreign_key",
        "CheckConstraint" => "check",
        _ => return,
    };
    let names = match what {
        "check" => Vec::new(),
        "foreign_key" => call.arg(0).map(|names| walk.texts(names)).unwrap_or_default(),
        _ => call.args.iter().flat_map(|name| walk.texts(name)).collect(),
    };
    let columns = (!names.is_empty()).then(|| names.join(", "));
    shape.constraints.push(Rule {
        name: String::new(),
        columns,
        what: what.to_owned(),
        line: part.line,
        ..Rule::default()
    });
}

/// `sa.Column("name", sa.String(20), nullable=False)`
fn column<'n>(walk: &Walk<'n>, expr: &'n Expr<'n>) -> Option<Column> {
    let call = expr.call().filter(|call| call.name == "Column")?;
    let key = call.option("primary_key").and_then(Expr::truth) == Some(true);
    Some(Column {
        name: call.arg_or(0, "name").and_then(|name| walk.text(name))?,
        type_: call.arg_or(1, "type_").map(type_of),
        nullable: Some(call.option("nullable").and_then(Expr::truth).unwrap_or(!key)),
        default: call
            .option("server_default")
            .filter(|value| !value.is_nothing())
            .map(|value| start(walk, value)),
        line: expr.line,
    })
}

/// A type as written, without the module in front and on one line.
fn type_of(expr: &Expr<'_>) -> String {
    let text = expr.text.split_whitespace().collect::<Vec<_>>().join(" ");
    let head = text.split('(').next().unwrap_or_default().len();
    let from = text.get(..head).and_then(|head| head.rfind('.')).map_or(0, |dot| dot + 1);
    let text = text.get(from..).unwrap_or_default();
    text.strip_suffix("()").unwrap_or(text).to_owned()
}

fn start<'n>(walk: &Walk<'n>, expr: &'n Expr<'n>) -> String {
    walk.text(expr).unwrap_or_else(|| expr.text.to_owned())
}

fn altered<'n>(walk: &Walk<'n>, call: &'n Call<'n>, table: &str, column: &str, line: u32) -> Vec<Step> {
    let step = |op: Op| Step::new(op, table, line).column(column);
    let option = |key: &str| call.named.iter().find(|(name, _)| *name == key).map(|(_, value)| value);
    let mut steps = Vec::new();
    if let Some(type_) = option("type_") {
        let (to, from) = (type_of(type_), option("existing_type").map(type_of));
        if from.as_ref() != Some(&to) {
            let changed = Step { type_: Some(to), ..step(Op::ChangeType) };
            steps.push(match from {
                Some(from) => changed.detail("from_type", from),
                None => changed,
            });
        }
    }
    if let Some(nullable) = option("nullable").and_then(Expr::truth)
        && option("existing_nullable").and_then(Expr::truth) != Some(nullable)
    {
        steps.push(Step { nullable: Some(nullable), ..step(Op::ChangeNullability) });
    }
    if let Some(value) = option("server_default")
        && option("existing_server_default").is_none_or(|old| old.text != value.text)
    {
        let nothing = value.is_nothing() || value.truth() == Some(false);
        steps.push(Step { default: (!nothing).then(|| start(walk, value)), ..step(Op::ChangeDefault) });
    }
    if let Some(name) = option("new_column_name").or(option("name")) {
        steps.push(Step { to: walk.text(name), ..step(Op::RenameColumn) });
    }
    steps
}

#[cfg(test)]
mod tests;
