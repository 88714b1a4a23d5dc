//! Libraries whose calls name a table and a field: Sequelize, TypeORM, node-pg-migrate, db-migrate; and raw SQL.

use crate::finding::SchemaOp as Op;
use crate::formats::schema::names::table_of_class;
use crate::formats::schema::walk::{Flow, Style, Walk};
use crate::formats::schema::{Column, States, Step, Table};
use crate::formats::syntax::{Call, Expr, Kind};

/// Calls that name a table and a field.
#[derive(Default)]
pub(super) struct Calls;

impl<'n> Style<'n> for Calls {
    fn call(&mut self, walk: &mut Walk<'n>, expr: &'n Expr<'n>, call: &'n Call<'n>) -> Flow {
        let line = expr.line;
        if call.receiver.is_none() && walk.funcs.contains_key(call.name) {
            return Flow::Inside;
        }
        // The callback of a transaction, and what is chained to a promise.
        if matches!(call.name, "transaction" | "then" | "catch" | "finally" | "all" | "allSettled") {
            return Flow::Inside;
        }
        let table = call.arg(0).map(|table| table_name(walk, table)).unwrap_or_default();
        let text = |at: usize| call.arg(at).and_then(|arg| walk.text(arg));
        let step = |op: Op| Step::new(op, &table, line);
        match call.name {
            "query" | "raw" | "addSql" | "sql" | "runSql" | "runQuery" | "execute" | "createQueryRunner"
            | "$executeRaw" | "$executeRawUnsafe" => {
                let Some(sql) = call.arg(0).filter(|_| call.name != "createQueryRunner") else {
                    return Flow::Inside;
                };
                // `sql(…)` of a query builder inside another call is a value.
                let resolved = walk.resolve(sql);
                if call.name == "sql" && call.receiver.is_none() || matches!(resolved.kind, Kind::Func(_)) {
                    return Flow::Inside;
                }
                walk.sql(self, resolved.get("query").or(resolved.get("text")).unwrap_or(sql));
            }
            "createTable" => {
                let made = call.arg(0).and_then(Expr::call).filter(|made| made.name == "Table");
                let spec = made.and_then(|made| made.arg(0)).map(|spec| walk.resolve(spec));
                let name =
                    spec.and_then(|spec| spec.get("name")).and_then(|name| walk.text(name)).unwrap_or(table);
                let columns = match spec {
                    Some(spec) => spec.get("columns").map(|columns| {
                        walk.resolve(columns).elements().iter().filter_map(|one| listed(walk, one)).collect()
                    }),
                    None => call.arg(1).map(|columns| fields(walk, columns)),
                };
                let shape = Some(Table {
                    name: name.clone(),
                    line,
                    columns: columns.unwrap_or_default(),
                    ..Table::default()
                });
                walk.push(Step { shape, ..Step::new(Op::AddTable, name, line) });
            }
            "dropTable" | "dropTables" => walk.push(step(Op::DropTable)),
            "dropAllTables" => walk.own_code(line),
            "renameTable" => {
                let to = call.arg(1).map(|to| table_name(walk, to));
                walk.push(Step { to, ..step(Op::RenameTable) });
            }
            "addColumn" | "addColumns" | "addFields" => {
                let columns = match call.arg(1) {
                    Some(spec) if call.name == "addColumn" && walk.text(spec).is_some() => {
                        vec![field(walk, text(1).unwrap_or_default(), call.arg(2), line)]
                    }
                    Some(spec) => match &walk.resolve(spec).kind {
                        Kind::Map(_) => fields(walk, spec),
                        _ => {
                            walk.resolve(spec).elements().iter().filter_map(|one| listed(walk, one)).collect()
                        }
                    },
                    None => Vec::new(),
                };
                for column in columns {
                    walk.push(Step {
                        type_: column.type_,
                        nullable: column.nullable,
                        default: column.default,
                        ..step(Op::AddColumn).column(column.name)
                    });
                }
            }
            "removeColumn" | "dropColumn" | "dropColumns" | "removeColumns" => {
                let mut names: Vec<String> = call.arg(1).map(|names| walk.texts(names)).unwrap_or_default();
                if let (true, Some(Kind::Map(entries))) =
                    (names.is_empty(), call.arg(1).map(|names| &walk.resolve(names).kind))
                {
                    names.extend(entries.iter().filter_map(|(key, _)| key.key().map(str::to_owned)));
                }
                names.iter().for_each(|name| walk.push(step(Op::DropColumn).column(name)));
            }
            "renameColumn" => {
                let (column, to) = (
                    text(1).unwrap_or_default(),
                    text(2).or_else(|| {
                        call.arg(2).and_then(|made| listed(walk, made)).map(|column| column.name)
                    }),
                );
                walk.push(Step { to, ..step(Op::RenameColumn).column(column) });
            }
            "changeColumn" | "alterColumn" => {
                let column = text(1)
                    .or_else(|| call.arg(1).and_then(|made| listed(walk, made)).map(|column| column.name))
                    .unwrap_or_default();
                // `new TableColumn({ name })` may give it another
                let made = call.arg(2).filter(|made| walk.resolve(made).call().is_some());
                let to = made.and_then(|made| listed(walk, made)).map(|made| made.name);
                match to.filter(|to| *to != column) {
                    Some(to) => {
                        walk.push(Step { to: Some(to.clone()), ..step(Op::RenameColumn).column(column) });
                        changed(walk, call, &table, to, line);
                    }
                    None => changed(walk, call, &table, column, line),
                }
            }
            "addIndex"
            | "createIndex"
            | "createIndices"
            | "addUniqueConstraint"
            | "createUniqueConstraint"
            | "createPrimaryKey"
            | "createForeignKey"
            | "createForeignKeys"
            | "createCheckConstraint"
            | "addConstraint"
            | "addForeignKey" => rule(walk, call, &table, line),
            "removeIndex" | "dropIndex" | "dropIndices" => {
                let step = step(Op::DropIndex);
                let arg = call.arg(1).map(|arg| walk.resolve(arg));
                walk.push(match arg.map(|arg| &arg.kind) {
                    Some(Kind::List(_)) => Step { column: walk.joined(arg), ..step },
                    _ => match text(1) {
                        Some(name) => step.detail("name", name),
                        None => step,
                    },
                });
            }
            "removeConstraint"
            | "dropConstraint"
            | "dropForeignKey"
            | "dropForeignKeys"
            | "dropUniqueConstraint"
            | "dropPrimaryKey"
            | "dropCheckConstraint"
            | "removeForeignKey" => {
                let step = step(Op::DropConstraint);
                walk.push(match text(1) {
                    Some(name) => step.detail("name", name),
                    None => step,
                });
            }
            "bulkInsert" | "bulkUpdate" | "upsert" | "insertMany" | "updateMany" | "insertOne"
            | "updateOne" | "bulkWrite" => {
                let table = if call.name.starts_with("bulkW")
                    || call.name.ends_with("Many")
                    || call.name.ends_with("One")
                {
                    collection(walk, call)
                } else {
                    table
                };
                walk.rows(&table, line, call.name, false);
            }
            "bulkDelete" | "deleteMany" | "deleteOne" => {
                let table = if call.name == "bulkDelete" { table } else { collection(walk, call) };
                walk.data(&table, line, true);
            }
            "insert" | "update" | "delete" | "save" | "softDelete" | "remove" | "clear"
                if on_manager(call) && !call.args.is_empty() =>
            {
                let table = call
                    .arg(0)
                    .and_then(Expr::last_name)
                    .filter(|name| name.starts_with(char::is_uppercase))
                    .map(table_of_class)
                    .unwrap_or(table);
                walk.rows(&table, line, call.name, matches!(call.name, "delete" | "remove" | "clear"));
            }
            "clearTable" => walk.data(&table, line, true),
            // `createQueryBuilder().delete().from(Thing)`
            "from" if call.receiver.as_ref().and_then(Expr::call).is_some_and(|on| on.name == "delete") => {
                let class = call.arg(0).and_then(Expr::last_name).filter(|_| table.is_empty());
                walk.data(&class.map_or(table, table_of_class), line, true);
            }
            "createType" | "dropType" | "addTypeValue" | "renameType" | "alterType" | "renameTypeValue" => {
                walk.push(Step::new(Op::Other, "", line).detail("what", "enum").detail("name", table))
            }
            "createView" | "dropView" | "createMaterializedView" | "dropMaterializedView" | "alterView" => {
                walk.push(Step::new(Op::Other, "", line).detail("what", "view").detail("name", table))
            }
            "createFunction" | "dropFunction" | "createTrigger" | "dropTrigger" => {
                walk.push(Step::new(Op::Other, "", line).detail("what", "function").detail("name", table))
            }
            "createExtension" | "dropExtension" | "addExtension" => {
                walk.push(Step::new(Op::Other, "", line).detail("what", "extension").detail("name", table))
            }
            "createSchema" | "dropSchema" | "createDatabase" => {
                walk.push(Step::new(Op::Other, "", line).detail("what", "schema").detail("name", table))
            }
            "startTransaction"
            | "commitTransaction"
            | "rollbackTransaction"
            | "commit"
            | "rollback"
            | "hasTable"
            | "hasColumn"
            | "describeTable"
            | "getTable"
            | "showAllTables"
            | "noTransaction"
            | "func"
            | "renameIndex"
            | "comment"
            | "select"
            | "literal"
            | "fn" => {}
            _ => return Flow::Inside,
        }
        Flow::Done
    }
}

/// A table as text, or as `{ tableName, schema }`.
fn table_name<'n>(walk: &Walk<'n>, expr: &'n Expr<'n>) -> String {
    let expr = walk.resolve(expr);
    // `new Table({ name })`
    let made = expr.call().filter(|made| made.name == "Table").and_then(|made| made.arg(0));
    let expr = made.map_or(expr, |spec| walk.resolve(spec));
    let named = expr.get("tableName").or(expr.get("name"));
    let text = walk.text(named.unwrap_or(expr)).unwrap_or_default();
    text.trim_matches(['"', '`']).to_owned()
}

fn collection<'n>(walk: &Walk<'n>, call: &'n Call<'n>) -> String {
    let chain = call.receiver.as_ref().map(|receiver| walk.resolve(receiver).chain().1).unwrap_or_default();
    chain
        .iter()
        .find(|(call, _)| call.name == "collection")
        .and_then(|(call, _)| call.arg(0))
        .and_then(|name| walk.text(name))
        .unwrap_or_default()
}

/// Whether rows are written through an entity manager or a repository.
fn on_manager(call: &Call<'_>) -> bool {
    call.receiver.as_ref().and_then(Expr::last_name).is_some_and(|name| {
        matches!(name, "manager" | "queryInterface" | "entityManager" | "em" | "createQueryBuilder")
    })
}

/// The fields of `{ name: spec, … }`.
fn fields<'n>(walk: &Walk<'n>, spec: &'n Expr<'n>) -> Vec<Column> {
    let spec = walk.resolve(spec);
    // db-migrate wraps them in `columns`.
    let spec = spec.get("columns").map_or(spec, |columns| walk.resolve(columns));
    spec.entries()
        .iter()
        .filter_map(|(key, value)| Some(field(walk, key.key()?.to_owned(), Some(value), key.line)))
        .collect()
}

/// A field as `new TableColumn({ name, type })` or `{ name, type }`.
fn listed<'n>(walk: &Walk<'n>, one: &'n Expr<'n>) -> Option<Column> {
    let one = walk.resolve(one);
    let spec = one.call().and_then(|made| made.arg(0)).map_or(one, |spec| walk.resolve(spec));
    let name = walk.text(spec.get("name")?)?;
    Some(field(walk, name, Some(spec), one.line))
}

/// A field from its description, in the words of any of the libraries.
fn field<'n>(walk: &Walk<'n>, name: String, spec: Option<&'n Expr<'n>>, line: u32) -> Column {
    let Some(spec) = spec.map(|spec| walk.resolve(spec)) else {
        return Column { name, line, ..Column::default() };
    };
    let get = |key: &str| spec.get(key).map(|value| walk.resolve(value));
    let truth = |key: &str| get(key).and_then(Expr::truth);
    let written = |value: &Expr<'_>| {
        // `Sequelize.literal('now()')`, `Sequelize.fn('now')`
        let inner = value.call().and_then(|made| Some((made.name, made.arg(0)?.literal()?)));
        match inner {
            Some(("literal" | "raw", text)) => text.to_owned(),
            Some(("fn", name)) => format!("{name}()"),
            _ => value.literal().unwrap_or(value.text).to_owned(),
        }
    };
    let type_ = match &spec.kind {
        Kind::Map(_) => get("type").map(|type_| type_name(type_)),
        _ => Some(type_name(spec)),
    };
    let length = get("length").map(|length| format!("({})", written(length))).unwrap_or_default();
    let nullable =
        truth("allowNull").or(truth("isNullable")).or(truth("nullable")).or(truth("notNull").map(|not| !not));
    let key = truth("primaryKey").or(truth("isPrimary")) == Some(true);
    // TypeORM is the one where a field must be filled unless said otherwise.
    let usual = get("isNullable").is_some() || !(spec.get("name").is_some() && spec.get("type").is_some());
    Column {
        name,
        type_: type_.map(|type_| format!("{type_}{length}")),
        nullable: nullable.or(Some(usual && !key)),
        default: get("defaultValue").or(get("default")).filter(|value| !value.is_nothing()).map(written),
        line,
    }
}

/// `Sequelize.STRING(20)` → `STRING(20)`
fn type_name(expr: &Expr<'_>) -> String {
    match &expr.kind {
        Kind::Call(call) => match call.args.as_slice() {
            [] => call.name.to_owned(),
            args if call.name == "ENUM" || args.len() > 2 => call.name.to_owned(),
            args => {
                format!("{}({})", call.name, args.iter().map(|arg| arg.text).collect::<Vec<_>>().join(", "))
            }
        },
        _ => expr.literal().unwrap_or(expr.text).to_owned(),
    }
}

fn changed<'n>(walk: &mut Walk<'n>, call: &'n Call<'n>, table: &str, column: String, line: u32) {
    let spec = call.arg(2).map(|spec| walk.resolve(spec));
    let spec = spec
        .and_then(|spec| spec.call())
        .and_then(|made| made.arg(0))
        .map(|spec| walk.resolve(spec))
        .or(spec);
    let new = field(walk, column, spec, line);
    let has = |keys: &[&str]| spec.is_some_and(|spec| keys.iter().any(|key| spec.get(key).is_some()));
    let step = |op: Op| Step::new(op, table, line).column(&new.name);
    let (types, nulls, starts) = (
        has(&["type"]),
        has(&["allowNull", "isNullable", "notNull", "nullable"]),
        has(&["defaultValue", "default"]),
    );
    if let Some(target) = spec.and_then(|spec| spec.get("references")) {
        // Sequelize makes the link anew, and leaves type and start value alone
        if new.nullable == Some(false) && nulls {
            let named = Step { nullable: Some(false), states: States::Named, ..step(Op::ChangeType) };
            walk.push(named);
        }
        let mut link = step(Op::AddConstraint).detail("what", "foreign_key");
        let target = walk.resolve(target);
        let target = target.get("model").or(target.get("table")).unwrap_or(target);
        if let Some(name) = walk.text(walk.resolve(target).get("tableName").unwrap_or(target)) {
            link = link.detail("references", name);
        }
        if let Some(rule) = spec.and_then(|spec| spec.get("onDelete")).and_then(|rule| walk.text(rule)) {
            link = link.detail("on_delete", rule.to_lowercase());
        }
        walk.push(link);
        return;
    }
    if types {
        walk.push(Step {
            type_: new.type_,
            nullable: new.nullable.filter(|_| nulls || has(&["name"])),
            default: new.default,
            states: States::Whole,
            ..step(Op::ChangeType)
        });
        return;
    }
    if nulls {
        walk.push(Step { nullable: new.nullable, ..step(Op::ChangeNullability) });
    }
    if starts {
        walk.push(Step { default: new.default, ..step(Op::ChangeDefault) });
    }
}

/// An index or a constraint.
fn rule<'n>(walk: &mut Walk<'n>, call: &'n Call<'n>, table: &str, line: u32) {
    // TypeORM's `new TableIndex({ columnNames })`, Sequelize's `['a']` or `{ fields }`, node-pg-migrate's `'name', { unique: ['a'] }`.
    let args: Vec<&Expr<'_>> = call.args.iter().skip(1).map(|arg| walk.resolve(arg)).collect();
    let specs = args
        .iter()
        .map(|arg| arg.call().and_then(|made| made.arg(0)).map_or(*arg, |spec| walk.resolve(spec)));
    let specs: Vec<&Expr<'_>> = specs.collect();
    let get = |key: &str| specs.iter().find_map(|spec| spec.get(key));
    let is_index = call.name.contains("Index") || call.name.contains("Indices");
    let listed = args.iter().find(|arg| matches!(arg.kind, Kind::List(_)));
    let nested = ["unique", "foreignKeys", "primaryKey"]
        .iter()
        .find_map(|key| get(key).map(|value| (*key, walk.resolve(value))));
    let nested_columns = nested
        .map(|(_, value)| value.get("columns").unwrap_or(value))
        .filter(|value| value.truth().is_none());
    let columns =
        get("columnNames").or(get("fields")).or(get("columns")).or(nested_columns).or(listed.copied());
    let columns = columns.or(args.first().copied().filter(|arg| is_index && arg.literal().is_some()));
    let columns = columns.map(|columns| {
        let parts = walk.resolve(columns).elements();
        let names: Vec<String> = parts
            .iter()
            .filter_map(|part| {
                walk.text(part)
                    .or_else(|| part.get("name").or(part.get("attribute")).and_then(|name| walk.text(name)))
            })
            .collect();
        names.join(", ")
    });
    let unique = ["unique", "isUnique"].iter().any(|key| get(key).and_then(Expr::truth) == Some(true));
    let type_ = get("type").and_then(|type_| walk.text(type_)).unwrap_or_default().to_lowercase();
    let what = match (is_index, call.name, type_.as_str()) {
        (true, ..) if unique => "unique_index",
        (true, ..) => "index",
        (_, name, _) if name.contains("Foreign") => "foreign_key",
        (_, name, _) if name.contains("Primary") => "primary_key",
        (_, name, _) if name.contains("Unique") => "unique",
        (_, name, _) if name.contains("Check") => "check",
        (.., "foreign key") => "foreign_key",
        (.., "primary key") => "primary_key",
        (.., "check") => "check",
        _ => match nested {
            Some(("foreignKeys", _)) => "foreign_key",
            Some(("primaryKey", _)) => "primary_key",
            _ => "unique",
        },
    };
    let mut step =
        Step::new(if is_index { Op::AddIndex } else { Op::AddConstraint }, table, line).detail("what", what);
    step.column = columns.filter(|columns| !columns.is_empty());
    if let Some(name) = get("name").and_then(|name| walk.text(name)) {
        step = step.detail("name", name);
    }
    if let Some(delete) = get("onDelete").and_then(|delete| walk.text(delete)) {
        step = step.detail("on_delete", delete.to_lowercase());
    }
    walk.push(step);
}
