//! Knex: tables as builders, queries as chains.

use crate::finding::SchemaOp as Op;
use crate::formats::schema::built::built as put;
use crate::formats::schema::walk::{Flow, Style, Walk};
use crate::formats::schema::{Column, States, Step, Table};
use crate::formats::syntax::{Call, Expr, Kind};

/// Knex, and the helpers that teams build around it.
#[derive(Default)]
pub(super) struct Knex {
    tables: Vec<Built>,
}

/// A table inside its builder's function.
struct Built {
    var: String,
    table: String,
    new: Option<Table>,
}

impl<'n> Style<'n> for Knex {
    fn call(&mut self, walk: &mut Walk<'n>, expr: &'n Expr<'n>, call: &'n Call<'n>) -> Flow {
        let (root, calls) = expr.chain();
        let root_name = root.and_then(Expr::name);
        if let Some(at) = root_name.and_then(|name| self.tables.iter().rposition(|built| built.var == name)) {
            self.field(walk, at, &calls);
            return Flow::Done;
        }
        if call.receiver.is_none() && walk.funcs.contains_key(call.name) {
            return Flow::Inside;
        }
        let line = expr.line;
        let text = |at: usize| call.arg(at).and_then(|arg| walk.text(arg));
        let table = text(0).unwrap_or_default();
        let chained = || {
            // `knex.schema.createTable(…).createTable(…)`: what stands before it runs first.
            call.receiver
                .as_ref()
                .filter(|receiver| receiver.call().is_some_and(|call| !call.args.is_empty()))
        };
        match call.name {
            "createTable" | "createTableIfNotExists" | "table" | "alterTable" | "createTableLike"
                if walk.callback(call).is_some() =>
            {
                if let Some(before) = chained() {
                    walk.one(self, before);
                }
                let Some(func) = walk.callback(call) else { return Flow::Done };
                let new = call.name.starts_with("create").then(|| Table {
                    name: table.clone(),
                    line,
                    ..Table::default()
                });
                let var = func.params.first().map_or_else(String::new, |var| (*var).to_owned());
                self.tables.push(Built { var, table: table.clone(), new });
                walk.all(self, &func.body);
                let shape = self.tables.pop().and_then(|built| built.new);
                if shape.is_some() {
                    walk.push(Step { shape, ..Step::new(Op::AddTable, table, line) });
                }
            }
            "dropTable" | "dropTableIfExists" => {
                if let Some(before) = chained() {
                    walk.one(self, before);
                }
                walk.push(Step::new(Op::DropTable, table, line));
            }
            "renameTable" => {
                let to = text(1);
                walk.push(Step { to, ..Step::new(Op::RenameTable, table, line) });
            }
            "raw" => {
                if let Some(before) = chained() {
                    walk.one(self, before);
                }
                // A raw value inside another call is no statement.
                if let Some(sql) = call.arg(0) {
                    walk.sql(self, sql);
                }
            }
            "createView"
            | "dropView"
            | "dropViewIfExists"
            | "createMaterializedView"
            | "createViewOrReplace" => {
                walk.push(Step::new(Op::Other, "", line).detail("what", "view").detail("name", table));
            }
            "createSchema" | "dropSchema" | "createSchemaIfNotExists" => {
                walk.push(Step::new(Op::Other, "", line).detail("what", "schema").detail("name", table))
            }
            "hasTable" | "hasColumn" | "withSchema" | "select" | "first" | "count" | "pluck" | "fn"
            | "ref" | "from"
                if call.callback().is_none() =>
            {
                if let Some(receiver) = &call.receiver {
                    walk.one(self, receiver);
                }
            }
            "update" | "insert" | "upsert" | "increment" | "decrement" | "batchInsert" | "merge" => {
                let rows = if call.name == "batchInsert" { Some(table) } else { rows_of(walk, expr, 0) };
                match rows {
                    Some(rows) => walk.rows(&rows, line, call.name, false),
                    None => return Flow::Inside,
                }
            }
            "del" | "delete" | "truncate" => match rows_of(walk, expr, 0) {
                Some(rows) => walk.data(&rows, line, true),
                None => return Flow::Inside,
            },
            "combineTransactionalMigrations" | "combineNonTransactionalMigrations" => return Flow::Inside,
            name if call.receiver.is_none() => return self.helper(walk, call, name, &table, line),
            _ => return Flow::Inside,
        }
        Flow::Done
    }
}

impl Knex {
    /// Own helpers whose names say what they do, such as `createAddColumnMigration('users', 'age', …)`.
    fn helper<'n>(
        &mut self,
        walk: &mut Walk<'n>,
        call: &'n Call<'n>,
        name: &str,
        table: &str,
        line: u32,
    ) -> Flow {
        let lower = name.to_ascii_lowercase();
        let second = call.arg(1).and_then(|arg| walk.text(arg));
        let step = |op: Op| Step::new(op, table, line);
        if table.is_empty()
            && !lower.contains("droptables")
            && call.arg(0).is_none_or(|arg| matches!(walk.resolve(arg).kind, Kind::Func(_) | Kind::Call(_)))
        {
            return Flow::Inside;
        }
        match lower.as_str() {
            name if name.contains("addcolumn") => {
                let spec = call.arg(2).map(|spec| walk.resolve(spec));
                let get = |key: &str| spec.and_then(|spec| spec.get(key));
                let type_ = get("type").and_then(|type_| walk.text(type_));
                let nullable = get("nullable").and_then(Expr::truth);
                let default = get("defaultTo")
                    .filter(|value| !value.is_nothing())
                    .map(|value| value.literal().unwrap_or(value.text).to_owned());
                walk.push(Step {
                    type_,
                    nullable,
                    default,
                    ..step(Op::AddColumn).column(second.unwrap_or_default())
                });
            }
            name if name.contains("dropcolumn") || name.contains("removecolumn") => {
                walk.push(step(Op::DropColumn).column(second.unwrap_or_default()))
            }
            name if name.contains("renamecolumn") => {
                let to = call.arg(2).and_then(|to| walk.text(to));
                walk.push(Step { to, ..step(Op::RenameColumn).column(second.unwrap_or_default()) });
            }
            name if name.contains("setnullable") || name.contains("dropnullable") => {
                let nullable = Some(name.contains("setnullable"));
                walk.push(Step {
                    nullable,
                    ..step(Op::ChangeNullability).column(second.unwrap_or_default())
                });
            }
            name if name.contains("addtable") || name.contains("createtable") => {
                let spec = call.arg(1).map(|spec| walk.resolve(spec));
                let columns =
                    spec.map(Expr::entries).unwrap_or_default().iter().filter_map(|(key, value)| {
                        let get = |key: &str| value.get(key);
                        Some(Column {
                            name: key.key().filter(|key| !key.starts_with('@'))?.to_owned(),
                            type_: get("type").and_then(|type_| walk.text(type_)),
                            nullable: get("nullable").and_then(Expr::truth),
                            default: get("defaultTo")
                                .filter(|value| !value.is_nothing())
                                .map(|value| value.text.to_owned()),
                            line: key.line,
                        })
                    });
                let shape = Some(Table {
                    name: table.to_owned(),
                    columns: columns.collect(),
                    line,
                    ..Table::default()
                });
                walk.push(Step { shape, ..step(Op::AddTable) });
            }
            name if name.contains("droptable") => {
                let names = call.arg(0).map(|names| walk.texts(names)).unwrap_or_default();
                names.iter().for_each(|name| walk.push(Step::new(Op::DropTable, name, line)));
            }
            name if name.contains("addindex") || name.contains("dropindex") => {
                let op = if name.contains("addindex") { Op::AddIndex } else { Op::DropIndex };
                walk.push(Step { column: walk.joined(call.arg(1)), ..step(op) }.detail("what", "index"));
            }
            name if name.contains("addunique")
                || name.contains("dropunique")
                || name.contains("addforeign")
                || name.contains("dropforeign") =>
            {
                let op = if name.contains("add") { Op::AddConstraint } else { Op::DropConstraint };
                walk.push(
                    Step { column: walk.joined(call.arg(1)), ..step(op) }
                        .detail("what", if name.contains("unique") { "unique" } else { "foreign_key" }),
                );
            }
            _ => return Flow::Inside,
        }
        Flow::Done
    }

    /// `table.string('name', 40).notNullable()`: the first call says what, the others how.
    fn field<'n>(&mut self, walk: &mut Walk<'n>, at: usize, calls: &[(&'n Call<'n>, u32)]) {
        let Some(((first, line), how)) = calls.split_first() else { return };
        let Some(built) = self.tables.get_mut(at) else { return };
        let (line, table) = (*line, built.table.clone());
        let names: Vec<String> = first.args.iter().flat_map(|arg| walk.texts(arg)).collect();
        let name = names.first().cloned().unwrap_or_default();
        let step = |op: Op| Step::new(op, &table, line);
        let how = |wanted: &str| how.iter().find(|(call, _)| call.name == wanted).map(|(call, _)| *call);
        let rule =
            |op: Op, what: &str| Step { column: walk.joined(first.arg(0)), ..step(op) }.detail("what", what);
        let (mut columns, mut steps, mut rules) = (Vec::new(), Vec::new(), Vec::new());
        match first.name {
            "timestamps" => {
                for name in if first.args.iter().any(|arg| arg.text.contains("useCamelCase: true")) {
                    ["createdAt", "updatedAt"]
                } else {
                    ["created_at", "updated_at"]
                } {
                    columns.push(Column {
                        name: name.to_owned(),
                        type_: Some("timestamp".to_owned()),
                        nullable: Some(true),
                        default: None,
                        line,
                    });
                }
            }
            "dropColumn" | "dropColumns" => {
                steps.extend(names.iter().map(|name| step(Op::DropColumn).column(name)))
            }
            "dropTimestamps" => {
                steps.extend(["created_at", "updated_at"].map(|name| step(Op::DropColumn).column(name)))
            }
            "renameColumn" => {
                steps.push(Step { to: names.get(1).cloned(), ..step(Op::RenameColumn).column(name) })
            }
            "setNullable" => {
                steps.push(Step { nullable: Some(true), ..step(Op::ChangeNullability).column(name) })
            }
            "dropNullable" => {
                steps.push(Step { nullable: Some(false), ..step(Op::ChangeNullability).column(name) })
            }
            "foreign" => {
                let mut made = rule(Op::AddConstraint, "foreign_key");
                if let Some(delete) =
                    how("onDelete").and_then(|call| call.arg(0)).and_then(|arg| walk.text(arg))
                {
                    made = made.detail("on_delete", delete.to_lowercase());
                }
                rules.push(made);
            }
            "unique" => rules.push(rule(Op::AddConstraint, "unique")),
            "primary" => rules.push(rule(Op::AddConstraint, "primary_key")),
            "check" | "checkIn" | "checkPositive" => {
                rules.push(step(Op::AddConstraint).detail("what", "check"))
            }
            "index" => rules.push(rule(Op::AddIndex, "index")),
            "dropForeign" => steps.push(rule(Op::DropConstraint, "foreign_key")),
            "dropUnique" => steps.push(rule(Op::DropConstraint, "unique")),
            "dropPrimary" => steps.push(rule(Op::DropConstraint, "primary_key")),
            "dropChecks" => steps.push(step(Op::DropConstraint).detail("what", "check")),
            "dropIndex" => steps.push(rule(Op::DropIndex, "index")),
            "comment" | "engine" | "charset" | "collate" | "inherits" | "renameIndex" | "queryContext" => {}
            type_ => {
                let sizes: Vec<&str> = first
                    .args
                    .iter()
                    .skip(1)
                    .map(|arg| walk.resolve(arg).text)
                    .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
                    .collect();
                let type_ = if type_ == "specificType" {
                    names.get(1).cloned().unwrap_or_default()
                } else {
                    type_.to_owned()
                };
                let key = matches!(first.name, "increments" | "bigIncrements") || how("primary").is_some();
                let not_null = how("notNullable").is_some() || how("notNull").is_some() || key;
                let column = Column {
                    name: if name.is_empty() && key { "id".to_owned() } else { name.clone() },
                    type_: Some(if sizes.is_empty() {
                        type_
                    } else {
                        format!("{type_}({})", sizes.join(", "))
                    }),
                    nullable: Some(!not_null),
                    default: how("defaultTo")
                        .and_then(|call| call.arg(0))
                        .filter(|value| !value.is_nothing())
                        .map(|value| value.literal().unwrap_or(value.text).to_owned()),
                    line,
                };
                if how("alter").is_some() {
                    let stated =
                        ["nullable", "notNullable", "notNull"].iter().any(|wanted| how(wanted).is_some());
                    steps.push(Step {
                        type_: column.type_,
                        nullable: column.nullable.filter(|_| stated),
                        default: column.default,
                        states: States::Whole,
                        ..step(Op::ChangeType).column(name)
                    });
                } else if !column.name.is_empty() {
                    columns.push(column);
                }
            }
        }
        steps.extend(put(built.new.as_mut(), &table, columns, rules));
        walk.found.steps.extend(steps);
    }
}

/// The table whose rows a query is about: `knex('users')`, `knex.from('users')`, `.into('users')`, `.table('users')`.
fn rows_of<'n>(walk: &Walk<'n>, expr: &'n Expr<'n>, hops: u32) -> Option<String> {
    let (root, calls) = expr.chain();
    let named = calls.iter().find(|(call, _)| {
        matches!(
            call.name,
            "from" | "into" | "table" | "knex" | "trx" | "db" | "connection" | "transaction" | "database"
        ) && call.arg(0).is_some()
    });
    if let Some(name) = named.and_then(|(call, _)| call.arg(0)).and_then(|name| walk.text(name)) {
        return Some(name);
    }
    // `options.transacting('users')` and other functions that take the name of a table
    if let Some((call, _)) = calls.first().filter(|(call, _)| call.receiver.is_none() && call.args.len() == 1)
    {
        return call.arg(0).and_then(|name| walk.text(name));
    }
    let name = root.and_then(Expr::name)?;
    let bound = walk.names.get(name).copied().filter(|bound| bound.name() != Some(name) && hops < 6)?;
    rows_of(walk, bound, hops + 1)
}
