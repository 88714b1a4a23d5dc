//! From a parsed statement to steps.

use sqlparser::ast::{
    AlterColumnOperation, AlterTable, AlterTableOperation, ColumnDef, ColumnOption, CreateIndex, CreateTable,
    Delete, Expr, FromTable, FunctionArg, FunctionArgExpr, FunctionArguments, GeneratedAs, Ident,
    IndexColumn, Insert, KeyOrIndexDisplay, ObjectName, OnConflictAction, OnInsert, Query, ReferentialAction,
    RenameTableNameKind, SelectItem, SetExpr, Statement, TableConstraint, TableFactor, TableObject,
    TableWithJoins, Update,
};
use sqlparser::dialect::{
    ClickHouseDialect, Dialect as ParserDialect, GenericDialect, MsSqlDialect, MySqlDialect,
    PostgreSqlDialect, SQLiteDialect,
};
use sqlparser::parser::Parser;

use super::{Dialect, Reading, plain};
use crate::finding::SchemaOp;
use crate::formats::schema::inventory::action_of;
use crate::formats::schema::{AccessStep, Column, Rule, States, Step, Table};

/// How deep a statement may nest before the parser gives up on it.
const DEEPEST: usize = 40;

/// Parses one statement, in the dialect that path and content hint at, then in the others.
pub(super) fn parse(text: &str, hint: Option<Dialect>) -> Option<Statement> {
    const ORDER: [Dialect; 6] = [
        Dialect::Generic,
        Dialect::Postgres,
        Dialect::MySql,
        Dialect::SqlServer,
        Dialect::Sqlite,
        Dialect::ClickHouse,
    ];
    let others = ORDER.into_iter().filter(|dialect| Some(*dialect) != hint);
    hint.into_iter().chain(others).find_map(|dialect| {
        let dialect: &dyn ParserDialect = match dialect {
            Dialect::Generic => &GenericDialect {},
            Dialect::Postgres => &PostgreSqlDialect {},
            Dialect::MySql => &MySqlDialect {},
            Dialect::SqlServer => &MsSqlDialect {},
            Dialect::Sqlite => &SQLiteDialect {},
            Dialect::ClickHouse => &ClickHouseDialect {},
        };
        let mut parser = Parser::new(dialect).with_recursion_limit(DEEPEST).try_with_sql(text).ok()?;
        let mut statements = parser.parse_statements().ok()?;
        (statements.len() == 1).then(|| statements.remove(0))
    })
}

/// Adds what the statement does. `false`: nothing here speaks of it.
pub(super) fn read(statement: Statement, reading: &mut Reading) -> bool {
    match statement {
        Statement::CreateTable(create) => create_table(create, reading),
        Statement::CreateVirtualTable { name, .. } => {
            let name = object(&name);
            let shape = Table { name: name.clone(), line: reading.line, ..Table::default() };
            let step = reading.step(SchemaOp::AddTable, name);
            reading.push(Step { shape: Some(shape), ..step });
        }
        Statement::AlterTable(alter) => alter_table(alter, reading),
        Statement::CreateIndex(create) => create_index(create, reading),
        Statement::RenameTable(renames) => {
            for rename in renames {
                let step = reading.step(SchemaOp::RenameTable, object(&rename.old_name));
                reading.push(Step { to: Some(object(&rename.new_name)), ..step });
            }
        }
        Statement::Update(update) => update_rows(update, reading),
        Statement::Delete(delete) => delete_rows(delete, reading),
        Statement::Insert(insert) => insert_rows(insert, reading),
        Statement::Merge(merge) => {
            if let Some(table) = factor(&merge.table) {
                let destructive = merge.to_string().to_ascii_uppercase().contains(" THEN DELETE");
                let step = reading.step(SchemaOp::DataBackfill, table).detail("what", "rewritten");
                reading.push(Step { destructive, ..step });
            }
        }
        Statement::Truncate(truncate) => {
            for target in truncate.table_names {
                let step =
                    reading.step(SchemaOp::DataBackfill, object(&target.name)).detail("what", "deleted");
                reading.push(Step { destructive: true, ..step });
            }
        }
        // WITH … UPDATE, INSERT or DELETE; a plain SELECT changes nothing
        Statement::Query(query) => {
            name_questions(&query, reading);
            if let SetExpr::Insert(statement) | SetExpr::Update(statement) | SetExpr::Delete(statement) =
                *query.body
            {
                return read(statement, reading);
            }
            // PostgreSQL lets a question write; what the answer is written to was read above
            for question in query.with.iter().flat_map(|with| &with.cte_tables) {
                if let SetExpr::Insert(statement) | SetExpr::Update(statement) | SetExpr::Delete(statement) =
                    &*question.query.body
                {
                    read(statement.clone(), reading);
                }
            }
        }
        _ => return false,
    }
    true
}

fn create_table(create: CreateTable, reading: &mut Reading) {
    let name = object(&create.name);
    if create.temporary {
        reading.temporary.insert(plain(&name));
        return;
    }
    let mut shape = Table { name: name.clone(), line: reading.line, ..Table::default() };
    for definition in &create.columns {
        shape.columns.push(column(definition, reading));
        for option in &definition.options {
            let (what, on_delete) = match &option.option {
                ColumnOption::PrimaryKey(_) => ("primary_key", None),
                ColumnOption::Unique(_) => ("unique", None),
                ColumnOption::ForeignKey(key) => ("foreign_key", Some(action(&key.on_delete))),
                _ => continue,
            };
            let rule = beside(&definition.name.value, what, reading.line);
            shape.constraints.push(Rule { on_delete, ..rule });
        }
    }
    for constraint in &create.constraints {
        let rule = rule(constraint, reading.line);
        if rule.what.ends_with("index") { shape.indexes.push(rule) } else { shape.constraints.push(rule) }
    }
    let mut step = reading.step(SchemaOp::AddTable, name);
    if create.if_not_exists {
        step = step.detail("condition", "if_not_exists");
    }
    if let Some(source) = create.query.as_deref().and_then(|query| source_of(&query.body)) {
        step = step.detail("copied_from", source);
    }
    reading.push(Step { shape: Some(shape), ..step });
}

/// What becomes of a row when the one that it links to goes.
fn action(on_delete: &Option<ReferentialAction>) -> String {
    action_of(&on_delete.as_ref().map(ToString::to_string).unwrap_or_default())
}

/// A rule that is written beside the one field that it holds for.
pub(super) fn beside(column: &str, what: &str, line: u32) -> Rule {
    Rule {
        name: String::new(),
        columns: Some(column.to_owned()),
        what: what.to_owned(),
        line,
        beside: true,
        on_delete: None,
    }
}

fn column(definition: &ColumnDef, reading: &Reading) -> Column {
    let facts = options_of(definition.options.iter().map(|option| &option.option));
    Column {
        name: definition.name.value.clone(),
        type_: Some(definition.data_type.to_string()).filter(|type_| !type_.is_empty()),
        nullable: Some(facts.nullable.unwrap_or(true)),
        default: facts.default,
        line: reading.line + definition.name.span.start.line.saturating_sub(1) as u32,
    }
}

#[derive(Default)]
struct Options {
    nullable: Option<bool>,
    default: Option<String>,
    references: Option<String>,
}

fn options_of<'o>(options: impl Iterator<Item = &'o ColumnOption>) -> Options {
    let mut facts = Options::default();
    for option in options {
        match option {
            ColumnOption::Null => facts.nullable = Some(true),
            ColumnOption::NotNull | ColumnOption::PrimaryKey(_) => facts.nullable = Some(false),
            ColumnOption::Default(value) => facts.default = Some(value.to_string()),
            ColumnOption::Generated { generated_as, generation_expr, .. } => {
                facts.default = Some(match (generated_as, generation_expr) {
                    (GeneratedAs::ExpStored, Some(value)) | (_, Some(value)) => format!("generated: {value}"),
                    _ => "generated".to_owned(),
                });
            }
            ColumnOption::Identity(_) => facts.default = Some("generated".to_owned()),
            ColumnOption::ForeignKey(key) => facts.references = Some(object(&key.foreign_table)),
            ColumnOption::DialectSpecific(words) => {
                let is_counter = words.iter().any(|word| {
                    let word = word.to_string();
                    word.eq_ignore_ascii_case("AUTO_INCREMENT") || word.eq_ignore_ascii_case("AUTOINCREMENT")
                });
                if is_counter {
                    facts.nullable = Some(false);
                    facts.default = Some("generated".to_owned());
                }
            }
            _ => {}
        }
    }
    facts
}

fn rule(constraint: &TableConstraint, line: u32) -> Rule {
    let name = |name: &Option<Ident>| name.as_ref().map_or_else(String::new, |name| name.value.clone());
    let (what, name, columns) = match constraint {
        TableConstraint::PrimaryKey(key) => ("primary_key", name(&key.name), covered(&key.columns)),
        TableConstraint::Unique(unique) => {
            // MySQL's `UNIQUE KEY` is an index, the standard's `UNIQUE (…)` a constraint
            let what = match unique.index_type_display {
                KeyOrIndexDisplay::None => "unique",
                KeyOrIndexDisplay::Key | KeyOrIndexDisplay::Index => "unique_index",
            };
            let named = if unique.name.is_some() { &unique.name } else { &unique.index_name };
            (what, name(named), covered(&unique.columns))
        }
        TableConstraint::ForeignKey(key) => ("foreign_key", name(&key.name), idents(&key.columns)),
        TableConstraint::Check(check) => ("check", name(&check.name), None),
        TableConstraint::Index(index) => ("index", name(&index.name), covered(&index.columns)),
        TableConstraint::FulltextOrSpatial(index) => {
            ("index", name(&index.opt_index_name), covered(&index.columns))
        }
        TableConstraint::PrimaryKeyUsingIndex(key) => ("primary_key", name(&key.name), None),
        TableConstraint::UniqueUsingIndex(key) => ("unique", name(&key.name), None),
        TableConstraint::Exclude(exclude) => ("exclude", name(&exclude.name), None),
    };
    let on_delete = match constraint {
        TableConstraint::ForeignKey(key) => Some(action(&key.on_delete)),
        _ => None,
    };
    Rule { name, columns, what: what.to_owned(), line, beside: false, on_delete }
}

fn alter_table(alter: AlterTable, reading: &mut Reading) {
    let table = object(&alter.name);
    for operation in &alter.operations {
        alter_one(&table, operation, reading);
    }
}

fn alter_one(table: &str, operation: &AlterTableOperation, reading: &mut Reading) {
    let step = |op| reading.step(op, table);
    let new = match operation {
        AlterTableOperation::AddColumn { column_def, .. } => {
            let field = column(column_def, reading);
            let references = options_of(column_def.options.iter().map(|option| &option.option)).references;
            let mut new = added(step(SchemaOp::AddColumn), field);
            if let Some(references) = references {
                new = new.detail("references", references);
            }
            let on_delete = column_def.options.iter().find_map(|option| match &option.option {
                ColumnOption::ForeignKey(key) => Some(action(&key.on_delete)),
                _ => None,
            });
            if let Some(on_delete) = on_delete.filter(|action| !action.is_empty()) {
                new = new.detail("on_delete", on_delete);
            }
            new
        }
        AlterTableOperation::AddConstraint { constraint, .. } => {
            let rule = rule(constraint, reading.line);
            let op = if rule.what.ends_with("index") { SchemaOp::AddIndex } else { SchemaOp::AddConstraint };
            let mut new = with_rule(step(op), rule);
            if let TableConstraint::ForeignKey(key) = constraint {
                new = new.detail("references", object(&key.foreign_table));
                if let Some(action) = &key.on_delete {
                    new = new.detail("on_delete", action.to_string().to_lowercase());
                }
            }
            new
        }
        AlterTableOperation::DropColumn { column_names, .. } => {
            for name in column_names {
                let step = reading.step(SchemaOp::DropColumn, table);
                reading.push(step.column(&name.value));
            }
            return;
        }
        AlterTableOperation::DropConstraint { name, .. } => {
            step(SchemaOp::DropConstraint).detail("name", &name.value)
        }
        AlterTableOperation::DropForeignKey { name, .. } => {
            step(SchemaOp::DropConstraint).detail("what", "foreign_key").detail("name", &name.value)
        }
        AlterTableOperation::DropPrimaryKey { .. } => {
            step(SchemaOp::DropConstraint).detail("what", "primary_key")
        }
        AlterTableOperation::DropIndex { name } => step(SchemaOp::DropIndex).detail("name", &name.value),
        AlterTableOperation::RenameColumn { old_column_name, new_column_name } => {
            let new = step(SchemaOp::RenameColumn).column(&old_column_name.value);
            Step { to: Some(new_column_name.value.clone()), ..new }
        }
        AlterTableOperation::RenameTable { table_name } => {
            let (RenameTableNameKind::As(name) | RenameTableNameKind::To(name)) = table_name;
            Step { to: Some(object(name)), ..step(SchemaOp::RenameTable) }
        }
        AlterTableOperation::SwapWith { table_name } => {
            Step { to: Some(object(table_name)), ..step(SchemaOp::RenameTable) }
        }
        AlterTableOperation::ChangeColumn { old_name, new_name, data_type, options, .. } => {
            if !old_name.value.eq_ignore_ascii_case(&new_name.value) {
                let rename = step(SchemaOp::RenameColumn).column(&old_name.value);
                reading.push(Step { to: Some(new_name.value.clone()), ..rename });
            }
            restated(
                reading.step(SchemaOp::ChangeType, table),
                &new_name.value,
                data_type.to_string(),
                options,
            )
        }
        AlterTableOperation::ModifyColumn { col_name, data_type, options, .. } => {
            restated(step(SchemaOp::ChangeType), &col_name.value, data_type.to_string(), options)
        }
        AlterTableOperation::AlterColumn { column_name, op } => {
            let on = |op| reading.step(op, table).column(&column_name.value);
            match op {
                AlterColumnOperation::SetNotNull => {
                    Step { nullable: Some(false), ..on(SchemaOp::ChangeNullability) }
                }
                AlterColumnOperation::DropNotNull => {
                    Step { nullable: Some(true), ..on(SchemaOp::ChangeNullability) }
                }
                AlterColumnOperation::SetDefault { value } => {
                    Step { default: Some(value.to_string()), ..on(SchemaOp::ChangeDefault) }
                }
                AlterColumnOperation::DropDefault => on(SchemaOp::ChangeDefault),
                AlterColumnOperation::SetDataType { data_type, .. } => {
                    Step { type_: Some(data_type.to_string()), ..on(SchemaOp::ChangeType) }
                }
                AlterColumnOperation::AddGenerated { .. } => {
                    Step { default: Some("generated".to_owned()), ..on(SchemaOp::ChangeDefault) }
                }
            }
        }
        AlterTableOperation::DropPartitions { .. } => {
            Step { destructive: true, ..step(SchemaOp::DataBackfill).detail("what", "deleted") }
        }
        AlterTableOperation::EnableRowLevelSecurity | AlterTableOperation::ForceRowLevelSecurity => {
            return reading.access("row_policy", table, "tightened", "ENABLE ROW LEVEL SECURITY".to_owned());
        }
        AlterTableOperation::DisableRowLevelSecurity | AlterTableOperation::NoForceRowLevelSecurity => {
            return reading.access("row_policy", table, "loosened", "DISABLE ROW LEVEL SECURITY".to_owned());
        }
        // locks, owners, storage, names of constraints: nothing that a reader could notice
        _ => return,
    };
    reading.push(new);
}

/// A step on a new field.
pub(super) fn added(step: Step, field: Column) -> Step {
    Step {
        column: Some(field.name),
        type_: field.type_,
        nullable: field.nullable,
        default: field.default,
        line: field.line,
        ..step
    }
}

/// A step on an index or a constraint.
pub(super) fn with_rule(step: Step, rule: Rule) -> Step {
    let step = Step { column: rule.columns, ..step }.detail("what", rule.what);
    if rule.name.is_empty() { step } else { step.detail("name", rule.name) }
}

fn restated(step: Step, name: &str, type_: String, options: &[ColumnOption]) -> Step {
    let facts = options_of(options.iter());
    // another collation sorts and compares the same values in another way
    let collation = options.iter().find_map(|option| match option {
        ColumnOption::Collation(name) => Some(format!(" COLLATE {name}")),
        _ => None,
    });
    Step {
        column: Some(name.to_owned()),
        type_: Some(type_ + &collation.unwrap_or_default()),
        nullable: facts.nullable,
        default: facts.default,
        states: States::Whole,
        ..step
    }
}

fn create_index(create: CreateIndex, reading: &mut Reading) {
    let rule = Rule {
        name: create.name.as_ref().map(object).unwrap_or_default(),
        columns: covered(&create.columns),
        what: if create.unique { "unique_index" } else { "index" }.to_owned(),
        line: reading.line,
        ..Rule::default()
    };
    let step = with_rule(reading.step(SchemaOp::AddIndex, object(&create.table_name)), rule);
    let condition = condition(create.predicate.as_ref());
    reading.push(match condition {
        Some(condition) => step.detail("condition", condition),
        None => step,
    });
}

fn update_rows(update: Update, reading: &mut Reading) {
    let target = factor(&update.table.relation);
    // SQL Server: UPDATE alias SET … FROM table alias
    let sources = match &update.from {
        Some(
            sqlparser::ast::UpdateTableFromKind::BeforeSet(tables)
            | sqlparser::ast::UpdateTableFromKind::AfterSet(tables),
        ) => tables.as_slice(),
        None => &[],
    };
    let table = target.map(|name| resolved(&name, sources.iter().chain([&update.table]))).unwrap_or_default();
    let columns: Vec<String> =
        update.assignments.iter().map(|one| assigned(&one.target.to_string())).collect();
    let mut step = reading.step(SchemaOp::DataBackfill, table).detail("what", "rewritten");
    if !columns.is_empty() {
        step = step.column(columns.join(", "));
    }
    if let Some(condition) = condition(update.selection.as_ref()) {
        step = step.detail("condition", condition);
    }
    reading.push(step);
}

/// The field that an assignment fills: `t.field` without its table.
pub(super) fn assigned(target: &str) -> String {
    target.rsplit('.').next().unwrap_or(target).trim_matches(['"', '`', '[', ']', ' ']).to_owned()
}

fn delete_rows(delete: Delete, reading: &mut Reading) {
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
    let mut tables: Vec<String> = delete.tables.iter().map(|name| resolved(&object(name), from)).collect();
    if tables.is_empty() {
        tables.extend(from.first().and_then(|table| factor(&table.relation)));
    }
    for table in tables {
        let mut step = reading.step(SchemaOp::DataBackfill, table).detail("what", "deleted");
        step.destructive = true;
        if let Some(condition) = condition(delete.selection.as_ref()) {
            step = step.detail("condition", condition);
        }
        reading.push(step);
    }
}

fn insert_rows(insert: Insert, reading: &mut Reading) {
    let TableObject::TableName(name) = &insert.table else { return };
    if let Some(query) = &insert.source {
        name_questions(query, reading);
    }
    let source = insert.source.as_deref().and_then(|query| source_of(&query.body));
    // rows that are there may be written over
    let rewrites = insert.replace_into
        || match &insert.on {
            Some(OnInsert::DuplicateKeyUpdate(_)) => true,
            Some(OnInsert::OnConflict(conflict)) => matches!(conflict.action, OnConflictAction::DoUpdate(_)),
            _ => false,
        };
    let step = reading.step(SchemaOp::DataBackfill, object(name));
    let step = match source {
        Some(source) if rewrites => step.detail("what", "rewritten").detail("copied_from", source),
        Some(source) => step.detail("what", "copied").detail("copied_from", source),
        None if rewrites => step.detail("what", "rewritten"),
        // `SELECT 1, 'x'` and `SELECT gen_id()` hold no stored rows, like VALUES
        None => step.detail("what", "rows_added"),
    };
    reading.push(Step { copies: copies(&insert), ..step });
}

/// Which field is filled from which, where a question gives one value for each.
fn copies(insert: &Insert) -> Vec<(String, String)> {
    let Some(SetExpr::Select(select)) = insert.source.as_deref().map(|query| &*query.body) else {
        return Vec::new();
    };
    let from = |item: &SelectItem| match item {
        SelectItem::UnnamedExpr(value) | SelectItem::ExprWithAlias { expr: value, .. } => {
            Some(field_of(value).unwrap_or_default())
        }
        // `*` stands for any number of fields
        _ => None,
    };
    let Some(sources) = select.projection.iter().map(from).collect::<Option<Vec<String>>>() else {
        return Vec::new();
    };
    let mut fields = insert.columns.iter().map(object);
    sources.into_iter().map(|source| (fields.next().unwrap_or_default(), source)).collect()
}

/// The field that a value is taken from as it is, in another type, or with something in its stead where it is empty.
fn field_of(value: &Expr) -> Option<String> {
    match value {
        Expr::Identifier(name) => Some(name.value.clone()),
        Expr::CompoundIdentifier(parts) => parts.last().map(|name| name.value.clone()),
        Expr::Cast { expr, .. } | Expr::Nested(expr) => field_of(expr),
        Expr::Function(function) => {
            let name = plain(&function.name.to_string());
            let FunctionArguments::List(arguments) = &function.args else { return None };
            let first = arguments.args.first().filter(|_| matches!(name.as_str(), "coalesce" | "ifnull"))?;
            match first {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => field_of(value),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Remembers what WITH calls its questions; the last is the first to be resolved, so chains end at a table.
fn name_questions(query: &Query, reading: &mut Reading) {
    for question in query.with.iter().flat_map(|with| &with.cte_tables) {
        let source = source_of(&question.query.body);
        let source = match source.as_deref().and_then(|source| reading.questions.get(&plain(source))) {
            Some(resolved) => resolved.clone(),
            None => source,
        };
        reading.questions.insert(plain(&question.alias.name.value), source);
    }
}

/// The first table that a query reads.
fn source_of(body: &SetExpr) -> Option<String> {
    match body {
        SetExpr::Select(select) => select.from.iter().find_map(|table| factor(&table.relation)),
        SetExpr::Query(query) => source_of(&query.body),
        SetExpr::SetOperation { left, .. } => source_of(left),
        SetExpr::Table(table) => table.table_name.clone(),
        _ => None,
    }
}

/// An alias back to the table that it stands for.
fn resolved<'t>(name: &str, tables: impl IntoIterator<Item = &'t TableWithJoins>) -> String {
    let of = |factor: &TableFactor| match factor {
        TableFactor::Table { name: table, alias: Some(alias), .. }
            if alias.name.value.eq_ignore_ascii_case(name) =>
        {
            Some(object(table))
        }
        _ => None,
    };
    tables
        .into_iter()
        .find_map(|table| {
            of(&table.relation).or_else(|| table.joins.iter().find_map(|join| of(&join.relation)))
        })
        .unwrap_or_else(|| name.to_owned())
}

fn factor(factor: &TableFactor) -> Option<String> {
    match factor {
        TableFactor::Table { name, .. } => Some(object(name)),
        _ => None,
    }
}

fn condition(selection: Option<&Expr>) -> Option<String> {
    let text = selection?.to_string();
    (text.chars().count() <= 80).then_some(text).or_else(|| Some(String::new()))
}

fn covered(columns: &[IndexColumn]) -> Option<String> {
    let names: Vec<String> = columns
        .iter()
        .map(|column| match &column.column.expr {
            Expr::Identifier(name) => name.value.clone(),
            other => other.to_string(),
        })
        .collect();
    (!names.is_empty()).then(|| names.join(", "))
}

fn idents(names: &[Ident]) -> Option<String> {
    let names: Vec<&str> = names.iter().map(|name| name.value.as_str()).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// A name as written, without quotes.
pub(super) fn object(name: &ObjectName) -> String {
    let parts: Vec<String> = name
        .0
        .iter()
        .map(|part| part.as_ident().map_or_else(|| part.to_string(), |name| name.value.clone()))
        .collect();
    parts.join(".")
}

impl Reading {
    /// Notes who may see or do what.
    pub(super) fn access(&mut self, what: &str, subject: &str, change: &str, text: String) {
        self.migration.access.push(AccessStep {
            what: what.to_owned(),
            subject: subject.to_owned(),
            change: change.to_owned(),
            text,
            line: self.line,
        });
    }
}
