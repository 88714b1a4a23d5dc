//! .NET: Entity Framework Core's `MigrationBuilder`, and FluentMigrator.

use super::sql::Dialect;
use super::undo::{self, Back};
use super::{Column, Migration, MigrationReader, Rule, States, Step, Table};
use crate::change::{RepoPath, Snapshot};
use crate::finding::SchemaOp as Op;
use crate::formats::Unreadable;
use crate::formats::schema::walk::{Flow, Style, Walk};
use crate::formats::syntax::{self, Call, Expr, Kind, Language};

/// Entity Framework Core migrations.
pub struct EfCore;

/// FluentMigrator migrations.
pub struct FluentMigrator;

impl MigrationReader for EfCore {
    fn style(&self) -> &'static str {
        "ef_core"
    }

    fn reads(&self, path: &RepoPath, text: &str) -> bool {
        // The designer's file and the snapshot are written beside each migration and say nothing of their own.
        let name = path.file_name();
        path.extension() == "cs"
            && !name.ends_with(".Designer.cs")
            && !name.ends_with("ModelSnapshot.cs")
            && text.contains("MigrationBuilder")
            && text.contains("void Up(")
    }

    fn read(
        &self,
        _path: &RepoPath,
        text: &str,
        _down: Option<&str>,
        _tree: &dyn Snapshot,
    ) -> Result<Migration, Unreadable> {
        read(
            text,
            |text| if text.contains("SqlServer:") { Some(Dialect::SqlServer) } else { None },
            |walk, expr, call| ef_core(walk, call, expr.line),
        )
    }
}

impl MigrationReader for FluentMigrator {
    fn style(&self) -> &'static str {
        "fluent_migrator"
    }

    fn reads(&self, path: &RepoPath, text: &str) -> bool {
        path.extension() == "cs"
            && text.contains("Migration")
            // a project's own base class may name what runs forward in its own way
            && (text.contains("void Up(") || text.contains("[Migration(") && text.contains("Upgrade("))
            && (text.contains("FluentMigrator")
                || ["Create.Table(", "Alter.Table(", "Delete.", "Execute.Sql("]
                    .iter()
                    .any(|mark| text.contains(mark)))
    }

    fn read(
        &self,
        _path: &RepoPath,
        text: &str,
        _down: Option<&str>,
        _tree: &dyn Snapshot,
    ) -> Result<Migration, Unreadable> {
        let mut migration = read(text, |_| None, fluent)?;
        if text.contains("AutoReversingMigration") {
            migration.steps.iter_mut().for_each(|step| step.undo = undo::turned(step));
        }
        Ok(migration)
    }
}

/// How a style reads a call.
type Read = for<'n> fn(&mut Walk<'n>, &'n Expr<'n>, &'n Call<'n>) -> Flow;

struct Reader(Read);

impl<'n> Style<'n> for Reader {
    fn call(&mut self, walk: &mut Walk<'n>, expr: &'n Expr<'n>, call: &'n Call<'n>) -> Flow {
        if call.receiver.is_none() && walk.funcs.contains_key(call.name) {
            Flow::Inside
        } else {
            (self.0)(walk, expr, call)
        }
    }

    /// `command.CommandText = "UPDATE …"`
    fn assign(&mut self, walk: &mut Walk<'n>, member: &'n Call<'n>, value: &'n Expr<'n>, _line: u32) {
        if member.name == "CommandText" {
            walk.sql(self, value);
        }
    }
}

fn read(text: &str, dialect: fn(&str) -> Option<Dialect>, call: Read) -> Result<Migration, Unreadable> {
    let file = syntax::parse(Language::CSharp, text)?;
    let run = |is_wanted: fn(&str) -> bool| {
        let mut walked = Walk::new(&file);
        walked.dialect = dialect(text);
        let wanted: Vec<_> =
            walked.funcs.iter().filter(|(name, _)| is_wanted(name)).map(|(_, func)| *func).collect();
        wanted.into_iter().for_each(|func| walked.run(&mut Reader(call), func, &[]));
        walked
    };
    let mut migration = run(|name| name == "Up" || name.ends_with("Upgrade")).finish();
    let down = run(|name| name == "Down" || name.ends_with("Downgrade"));
    undo::settle(
        &mut migration.steps,
        &Back::Steps { steps: &down.found.steps, unclear: down.unknown.is_some() && !down.raised },
    );
    Ok(migration)
}

fn named<'n>(walk: &Walk<'n>, call: &'n Call<'n>, at: usize, key: &str) -> Option<String> {
    call.arg_or(at, key).and_then(|arg| walk.text(arg))
}

fn ef_core<'n>(walk: &mut Walk<'n>, call: &'n Call<'n>, line: u32) -> Flow {
    let option = |key: &str| call.named.iter().find(|(name, _)| *name == key).map(|(_, value)| value);
    let text = |key: &str| option(key).and_then(|value| walk.text(value));
    let name = || named(walk, call, 0, "name").unwrap_or_default();
    let table = named(walk, call, 1, "table").unwrap_or_default();
    let step = |op: Op| Step::new(op, &table, line);
    let covers = || walk.joined(option("columns").or(option("column")).or(call.arg(2)));
    match call.name {
        "CreateTable" => {
            let name = name();
            let mut shape = Table { name: name.clone(), line, ..Table::default() };
            let made = call.arg_or(1, "columns").and_then(Expr::func).and_then(|func| func.body.first());
            for (key, value) in made.map(Expr::entries).unwrap_or_default() {
                let Some((call, line)) = value.chain().1.into_iter().find(|(call, _)| call.name == "Column")
                else {
                    continue;
                };
                let mut field = column(walk, call, line);
                field.name = call
                    .option("name")
                    .and_then(|name| walk.text(name))
                    .or_else(|| key.key().map(str::to_owned))
                    .unwrap_or_default();
                shape.columns.push(field);
            }
            for rule in option("constraints")
                .and_then(Expr::func)
                .map(|func| func.body.as_slice())
                .unwrap_or_default()
            {
                let Some(call) = rule
                    .chain()
                    .1
                    .into_iter()
                    .map(|(call, _)| call)
                    .find(|call| call.name.ends_with("Key") || call.name.ends_with("Constraint"))
                else {
                    continue;
                };
                shape.constraints.push(Rule {
                    name: named(walk, call, 0, "name").unwrap_or_default(),
                    columns: lambda_names(call),
                    what: rule_of(call.name).to_owned(),
                    line: rule.line,
                    ..Rule::default()
                });
            }
            walk.push(Step { shape: Some(shape), ..Step::new(Op::AddTable, name, line) });
        }
        "DropTable" => {
            let name = name();
            walk.push(Step::new(Op::DropTable, name, line));
        }
        "RenameTable" => {
            let (name, to) = (name(), text("newName").or_else(|| named(walk, call, 1, "newName")));
            // Only the schema may change.
            if to.is_some() {
                walk.push(Step { to, ..Step::new(Op::RenameTable, name, line) });
            }
        }
        "AddColumn" => {
            let field = column(walk, call, line);
            let name = name();
            walk.push(Step {
                type_: field.type_,
                nullable: field.nullable,
                default: field.default,
                ..step(Op::AddColumn).column(name)
            });
        }
        "DropColumn" => {
            let name = name();
            walk.push(step(Op::DropColumn).column(name));
        }
        "RenameColumn" => {
            let (name, to) = (name(), named(walk, call, 2, "newName"));
            walk.push(Step { to, ..step(Op::RenameColumn).column(name) });
        }
        "AlterColumn" => {
            let name = name();
            walk.found.steps.extend(altered(walk, call, &table, &name, line));
        }
        "CreateIndex" => {
            let unique = option("unique").and_then(Expr::truth) == Some(true);
            let mut new = Step { column: covers(), ..step(Op::AddIndex) }
                .detail("what", if unique { "unique_index" } else { "index" })
                .detail("name", name());
            if let Some(filter) = text("filter") {
                new = new.detail("condition", filter);
            }
            walk.push(new);
        }
        "DropIndex" => walk.push(step(Op::DropIndex).detail("name", name())),
        "AddForeignKey" | "AddPrimaryKey" | "AddUniqueConstraint" | "AddCheckConstraint" => {
            let column = covers().filter(|_| call.name != "AddCheckConstraint");
            let mut new = Step { column, ..step(Op::AddConstraint) }
                .detail("what", rule_of(call.name))
                .detail("name", name());
            if let Some(rule) = option("onDelete").and_then(Expr::last_name) {
                new = new.detail("on_delete", rule.to_lowercase());
            }
            if let Some(references) = text("principalTable") {
                new = new.detail("references", references);
            }
            if let Some(sql) = text("sql").or_else(|| text("constraintSql")) {
                new = new.detail("condition", sql);
            }
            walk.push(new);
        }
        "DropForeignKey" | "DropPrimaryKey" | "DropUniqueConstraint" | "DropCheckConstraint" => {
            walk.push(step(Op::DropConstraint).detail("what", rule_of(call.name)).detail("name", name()));
        }
        "Sql" | "SqlResource" | "SqlFile" => match call.arg_or(0, "sql") {
            Some(sql) if call.name == "Sql" => walk.sql(&Reader(|_, _, _| Flow::Done), sql),
            _ => walk.own_code(line),
        },
        "InsertData" => {
            let table = named(walk, call, 0, "table").unwrap_or_default();
            walk.rows(&table, line, call.name, false);
        }
        // rows by their keys
        "UpdateData" | "DeleteData" => {
            let table = named(walk, call, 0, "table").unwrap_or_default();
            let deletes = call.name == "DeleteData";
            let column = covers().filter(|_| !deletes);
            let step = Step::new(Op::DataBackfill, table, line)
                .detail("what", if deletes { "deleted" } else { "rewritten" })
                .detail("condition", "");
            walk.push(Step { destructive: deletes, column, ..step });
        }
        "DropSchema" => {
            let step = Step::new(Op::Other, "", line).detail("what", "schema").detail("name", name());
            walk.push(step.detail("change", "dropped"));
        }
        "RenameIndex" | "EnsureSchema" | "AlterTable" | "RestartSequence" | "RenameSequence"
        | "AlterDatabase" | "CreateSequence" | "DropSequence" | "AlterSequence" => {}
        // `.Annotation(…)` and `.OldAnnotation(…)` follow an operation.
        "Annotation" | "OldAnnotation" => {
            return if call.receiver.is_some() { Flow::Inside } else { Flow::Done };
        }
        _ => return Flow::Inside,
    }
    Flow::Done
}

fn rule_of(name: &str) -> &'static str {
    match name {
        name if name.contains("Foreign") => "foreign_key",
        name if name.contains("Primary") => "primary_key",
        name if name.contains("Unique") => "unique",
        _ => "check",
    }
}

/// `x => x.Id`, `x => new { x.A, x.B }`
fn lambda_names(call: &Call<'_>) -> Option<String> {
    let body = call
        .args
        .iter()
        .chain(call.named.iter().map(|(_, value)| value))
        .find_map(Expr::func)?
        .body
        .first()?;
    match &body.kind {
        Kind::Call(member) => Some(member.name.to_owned()),
        _ => {
            let inner = body.text.split_once('{')?.1.trim_end_matches('}');
            Some(
                inner
                    .split(',')
                    .map(|part| part.trim().rsplit('.').next().unwrap_or_default())
                    .collect::<Vec<_>>()
                    .join(", "),
            )
        }
    }
}

fn column<'n>(walk: &Walk<'n>, call: &'n Call<'n>, line: u32) -> Column {
    let option =
        |key: &str| call.named.iter().find(|(name, _)| *name == key).map(|(_, value)| walk.resolve(value));
    let length = option("maxLength").map(|length| format!("({})", length.text)).unwrap_or_default();
    let type_ = option("type")
        .and_then(|type_| walk.text(type_))
        .or_else(|| call.generic.map(|type_| format!("{type_}{length}")));
    Column {
        name: option("name").and_then(|name| walk.text(name)).unwrap_or_default(),
        type_,
        nullable: Some(option("nullable").and_then(Expr::truth).unwrap_or(false)),
        default: option("defaultValueSql")
            .or(option("defaultValue"))
            .filter(|value| !value.is_nothing())
            .map(start),
        line,
    }
}

/// A start value in the spelling of stored data: `0L` is 0, `string.Empty` is empty, a date is a date.
fn start(value: &Expr<'_>) -> String {
    let text = value.literal().unwrap_or(value.text).trim();
    let inside = |head: &str| {
        let rest = text.strip_prefix("new ")?.strip_prefix(head)?.trim_start().strip_prefix('(')?;
        Some(
            rest.trim_end_matches(')')
                .split(',')
                .map(|part| part.trim().trim_matches('"'))
                .collect::<Vec<_>>(),
        )
    };
    if value.literal().is_some() {
        return text.to_owned();
    }
    if matches!(text, "string.Empty" | "String.Empty") {
        return String::new();
    }
    if text == "Guid.Empty" {
        return "00000000-0000-0000-0000-000000000000".to_owned();
    }
    if let Some([id]) = inside("Guid").as_deref() {
        return (*id).to_owned();
    }
    if let Some([year, month, day, ..]) = inside("DateTime").or_else(|| inside("DateOnly")).as_deref() {
        return format!("{year:0>4}-{month:0>2}-{day:0>2}");
    }
    let number = text.trim_end_matches(['L', 'l', 'M', 'm', 'F', 'f', 'D', 'd', 'U', 'u']);
    let is_number = text.starts_with(|first: char| first.is_ascii_digit() || first == '-');
    if is_number && number.parse::<f64>().is_ok() { number.to_owned() } else { text.to_owned() }
}

/// `AlterColumn` names the old field beside the new one.
fn altered<'n>(walk: &Walk<'n>, call: &'n Call<'n>, table: &str, name: &str, line: u32) -> Vec<Step> {
    let option = |key: &str| call.named.iter().find(|(name, _)| *name == key).map(|(_, value)| value);
    let step = |op: Op| Step::new(op, table, line).column(name);
    let new = column(walk, call, line);
    let mut steps = Vec::new();
    let old_type = option("oldType").and_then(|type_| walk.text(type_));
    let clr = option("oldClrType").map(|type_| {
        walk.resolve(type_)
            .name()
            .unwrap_or(type_.text)
            .trim_start_matches("typeof(")
            .trim_end_matches(')')
            .to_owned()
    });
    let text = |key: &str| option(key).map(|value| value.text.to_owned());
    let sized = text("maxLength") != text("oldMaxLength")
        || text("precision") != text("oldPrecision")
        || text("scale") != text("oldScale");
    let retyped = match (&new.type_, &old_type) {
        (Some(new), Some(old)) => new != old,
        _ => clr.is_some() && clr.as_deref() != call.generic || sized,
    };
    if retyped {
        let changed = Step { type_: new.type_.clone(), ..step(Op::ChangeType) };
        steps.push(match old_type {
            Some(old) => changed.detail("from_type", old),
            None => changed,
        });
    }
    if new.nullable != Some(option("oldNullable").and_then(Expr::truth).unwrap_or(false)) {
        steps.push(Step {
            nullable: new.nullable,
            default: new.default.clone(),
            ..step(Op::ChangeNullability)
        });
    }
    let start = |value: &str, sql: &str| {
        option(sql).or(option(value)).filter(|value| !value.is_nothing()).map(|value| value.text)
    };
    let old_start = start("oldDefaultValue", "oldDefaultValueSql");
    // A start value that comes with "must be filled" only fills what is empty.
    if start("defaultValue", "defaultValueSql") != old_start
        && (old_start.is_some() || new.nullable == Some(true) || steps.is_empty())
    {
        steps.push(Step { default: new.default, ..step(Op::ChangeDefault) });
    }
    steps
}

/// `Create.Table("x").WithColumn("y").AsString()`: what is done stands first, to what follows.
fn fluent<'n>(walk: &mut Walk<'n>, expr: &'n Expr<'n>, call: &'n Call<'n>) -> Flow {
    let (root, calls) = expr.chain();
    // `connection.Execute(sql, values)`: what runs on the connection that a step is handed
    if matches!(call.name, "Execute" | "ExecuteAsync") && call.receiver.is_some() {
        let sql = call.arg(0).filter(|sql| walk.text(sql).is_some());
        return match sql {
            Some(sql) => {
                walk.sql(&Reader(fluent), sql);
                Flow::Done
            }
            None => Flow::Inside,
        };
    }
    let verb = root.and_then(Expr::name).unwrap_or_default();
    // `IfDatabase("x").Execute.Sql(…)`
    let (verb, calls) = match calls.as_slice() {
        [(only, _), (verb, _), rest @ ..] if root.is_none() && only.name == "IfDatabase" => (verb.name, rest),
        all => (verb, all),
    };
    let Some(((first, line), how)) = calls.split_first() else { return Flow::Inside };
    let line = *line;
    let text = |call: &'n Call<'n>| call.arg(0).and_then(|arg| walk.text(arg)).unwrap_or_default();
    let name = text(first);
    let find = |wanted: &[&str]| {
        how.iter().find(|(call, _)| wanted.contains(&call.name)).map(|(call, _)| text(call))
    };
    let all = |wanted: &[&str]| {
        let names: Vec<String> = how
            .iter()
            .filter(|(call, _)| wanted.contains(&call.name))
            .flat_map(|(call, _)| call.args.iter().flat_map(|arg| walk.texts(arg)))
            .collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    let on = || find(&["OnTable", "FromTable", "ForTable", "InTable"]).unwrap_or_default();
    match (verb, first.name) {
        // also what a product adds to it, as in `Create.TableForModel("x")`
        ("Create", what) if what.starts_with("Table") && !name.is_empty() => {
            let columns = columns(walk, how, &["WithColumn"]);
            let shape = Some(Table { name: name.clone(), line, columns, ..Table::default() });
            walk.push(Step { shape, ..Step::new(Op::AddTable, name, line) });
        }
        ("Delete", "Table") => walk.push(Step::new(Op::DropTable, name, line)),
        ("Rename", "Table") => {
            let to = find(&["To"]);
            walk.push(Step { to, ..Step::new(Op::RenameTable, name, line) });
        }
        ("Rename", "Column") => {
            let (table, to) = (on(), find(&["To"]));
            walk.push(Step { to, ..Step::new(Op::RenameColumn, table, line).column(name) });
        }
        ("Create", "Column") => {
            let table = on();
            for field in columns(walk, calls, &["Column"]) {
                walk.push(Step {
                    type_: field.type_,
                    nullable: field.nullable,
                    default: field.default,
                    ..Step::new(Op::AddColumn, &table, line).column(field.name)
                });
            }
        }
        ("Alter", "Table") => {
            for field in columns(walk, how, &["AddColumn"]) {
                walk.push(Step {
                    type_: field.type_,
                    nullable: field.nullable,
                    default: field.default,
                    ..Step::new(Op::AddColumn, &name, field.line).column(field.name)
                });
            }
            for field in columns(walk, how, &["AlterColumn"]) {
                walk.push(Step {
                    type_: field.type_,
                    nullable: field.nullable,
                    states: States::Whole,
                    ..Step::new(Op::ChangeType, &name, field.line).column(field.name)
                });
            }
        }
        ("Alter", "Column") => {
            let table = on();
            for field in columns(walk, calls, &["Column"]) {
                walk.push(Step {
                    type_: field.type_,
                    nullable: field.nullable,
                    states: States::Whole,
                    ..Step::new(Op::ChangeType, &table, line).column(field.name)
                });
            }
        }
        ("Delete", "Column") => {
            let table = on();
            let names: Vec<String> = std::iter::once(name)
                .chain(how.iter().filter(|(call, _)| call.name == "Column").map(|(call, _)| text(call)))
                .collect();
            names.iter().for_each(|name| walk.push(Step::new(Op::DropColumn, &table, line).column(name)));
        }
        ("Create" | "Delete", "Index") => {
            let op = if verb == "Create" { Op::AddIndex } else { Op::DropIndex };
            let column = all(&["OnColumn", "OnColumns"]);
            let unique = how.iter().any(|(call, _)| call.name == "Unique");
            let step = Step { column, ..Step::new(op, on(), line) }
                .detail("what", if unique { "unique_index" } else { "index" });
            walk.push(if name.is_empty() { step } else { step.detail("name", name) });
        }
        ("Create" | "Delete", "ForeignKey" | "UniqueConstraint" | "PrimaryKey") => {
            let op = if verb == "Create" { Op::AddConstraint } else { Op::DropConstraint };
            let column = all(&["ForeignColumn", "ForeignColumns", "Column", "Columns"]);
            walk.push(Step { column, ..Step::new(op, on(), line) }.detail("what", rule_of(first.name)));
        }
        ("Execute", "Sql") => {
            if let Some(sql) = first.arg(0) {
                walk.sql(&Reader(|_, _, _| Flow::Done), sql);
            }
        }
        ("Insert", "IntoTable") => walk.rows(&name, line, verb, false),
        ("Update", "Table") => {
            let step = Step::new(Op::DataBackfill, name, line).detail("what", "rewritten");
            let set = how.iter().find(|(call, _)| call.name == "Set").and_then(|(call, _)| call.arg(0));
            let step = Step { column: set.and_then(members), ..step };
            walk.push(if how.iter().any(|(call, _)| call.name == "Where") {
                step.detail("condition", "")
            } else {
                step
            });
        }
        ("Delete", "FromTable") => {
            let step = Step::new(Op::DataBackfill, name, line).detail("what", "deleted");
            let step = Step { destructive: true, ..step };
            let is_whole = how.iter().any(|(call, _)| call.name == "AllRows");
            walk.push(if is_whole { step } else { step.detail("condition", "") });
        }
        // `Execute.WithConnection(MoveNames)`
        ("Execute", _) => {
            match first.arg(0).and_then(Expr::name).and_then(|name| walk.funcs.get(name).copied()) {
                Some(func) => walk.run(&mut Reader(fluent), func, &[]),
                None => walk.own_code(line),
            }
        }
        ("Create" | "Delete", "Schema") => {
            walk.push(Step::new(Op::Other, "", line).detail("what", "schema").detail("name", name))
        }
        // a helper of the product's own
        ("Create" | "Alter" | "Delete" | "Rename" | "Update" | "Insert", _) if first.arg(0).is_some() => {
            walk.own_code(line);
        }
        _ => return Flow::Inside,
    }
    Flow::Done
}

/// `new { A = 1, B = 2 }`: the names that are given a value.
fn members(expr: &Expr<'_>) -> Option<String> {
    let inside = expr.text.split_once('{')?.1.trim_end().strip_suffix('}')?;
    let names: Vec<&str> = inside
        .split(',')
        .filter_map(|part| Some(part.split_once('=')?.0.trim()))
        .filter(|name| !name.is_empty() && name.chars().all(|char| char.is_alphanumeric() || char == '_'))
        .collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// The fields of a chain: each begins with one of `starts` and reaches to the next.
fn columns<'n>(walk: &Walk<'n>, calls: &[(&'n Call<'n>, u32)], starts: &[&str]) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    let mut passed = false;
    for (call, line) in calls {
        let text = || call.arg(0).map(|arg| walk.text(arg).unwrap_or_else(|| arg.text.to_owned()));
        if starts.contains(&call.name) {
            passed = false;
            columns.push(Column {
                name: text().unwrap_or_default(),
                // what is not said to be nullable is written NOT NULL
                nullable: Some(false),
                line: *line,
                ..Column::default()
            });
            continue;
        }
        // In `Alter.Table(…).AddColumn(…).AlterColumn(…)` the fields of the other verb are passed over.
        passed = if matches!(call.name, "AddColumn" | "AlterColumn") { true } else { passed };
        let Some(last) = columns.last_mut().filter(|_| !passed) else { continue };
        match call.name {
            "NotNullable" | "PrimaryKey" => last.nullable = Some(false),
            "Nullable" => last.nullable = Some(true),
            "WithDefaultValue" | "WithDefault" => last.default = text(),
            name if name.starts_with("As") => {
                let sizes: Vec<&str> = call.args.iter().map(|arg| walk.resolve(arg).text).collect();
                let name = name.trim_start_matches("As");
                last.type_ = Some(if sizes.is_empty() {
                    name.to_owned()
                } else {
                    format!("{name}({})", sizes.join(", "))
                });
            }
            _ => {}
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use crate::formats::schema::said::said;

    #[test]
    fn steps_are_read() {
        let cases: &[(&str, &[&str])] = &[
            (
                "protected override void Up(MigrationBuilder migrationBuilder) { migrationBuilder.AddColumn<string>(name: \"b\", table: \"a\", type: \"text\", nullable: true); migrationBuilder.DropColumn(name: \"c\", table: \"a\"); }\nprotected override void Down(MigrationBuilder migrationBuilder) { migrationBuilder.DropColumn(name: \"b\", table: \"a\"); migrationBuilder.AddColumn<int>(name: \"c\", table: \"a\"); }",
                &["add_column a.b (restores)", "drop_column! a.c (structure)"],
            ),
            (
                "protected override void Up(MigrationBuilder migrationBuilder) { migrationBuilder.CreateTable(name: \"a\", columns: table => new { Id = table.Column<int>(nullable: false) }, constraints: table => { table.PrimaryKey(\"PK\", x => x.Id); }); migrationBuilder.CreateIndex(name: \"i\", table: \"b\", column: \"c\"); migrationBuilder.CreateIndex(name: \"j\", table: \"b\", columns: [\"c\", \"d\"]); }\nprotected override void Down(MigrationBuilder migrationBuilder) { migrationBuilder.DropTable(name: \"a\"); }",
                &["add_table a (restores)", "add_index b.c (none)", "add_index b.c, d (none)"],
            ),
            (
                "protected override void Up(MigrationBuilder migrationBuilder) { migrationBuilder.AlterColumn<string>(name: \"b\", table: \"a\", type: \"text\", nullable: false, oldClrType: typeof(string), oldType: \"text\", oldNullable: true); migrationBuilder.AlterColumn<int>(name: \"c\", table: \"a\", type: \"int\", nullable: false, oldClrType: typeof(int), oldType: \"int\"); }\nprotected override void Down(MigrationBuilder migrationBuilder) {  }",
                &["change_nullability a.b (none)"],
            ),
            (
                "protected override void Up(MigrationBuilder migrationBuilder) { migrationBuilder.Sql(\"DELETE FROM a\"); migrationBuilder.RenameTable(name: \"b\", newName: \"c\"); migrationBuilder.RenameIndex(name: \"x\", newName: \"y\"); }\nprotected override void Down(MigrationBuilder migrationBuilder) {  }",
                &["data_backfill! a deleted (none)", "rename_table b -> c (none)"],
            ),
        ];
        for (body, expected) in cases {
            let text = format!(
                "using Microsoft.EntityFrameworkCore.Migrations;\npublic partial class A : Migration {{\n{body}\n}}\n",
                body = body
            );
            assert_eq!(&said("ef_core", "Data/Migrations/20260101000000_A.cs", &text), expected, "{body}");
        }
    }

    #[test]
    fn fluent_steps_are_read() {
        let cases: &[(&str, &[&str])] = &[
            (
                "public override void Up() { Create.Table(\"a\").WithColumn(\"id\").AsInt32().PrimaryKey().WithColumn(\"b\").AsString(20).Nullable(); }\npublic override void Down() { Delete.Table(\"a\"); }",
                &["add_table a (restores)"],
            ),
            (
                "public override void Up() { Alter.Table(\"a\").AddColumn(\"b\").AsInt32().Nullable(); Delete.Column(\"c\").FromTable(\"a\"); Rename.Column(\"d\").OnTable(\"a\").To(\"e\"); }\npublic override void Down() {  }",
                &["add_column a.b (none)", "drop_column! a.c (none)", "rename_column a.d -> e (none)"],
            ),
            (
                "public override void Up() { Execute.Sql(\"UPDATE a SET b = 1\"); Delete.FromTable(\"c\").AllRows(); }\npublic override void Down() {  }",
                &["data_backfill a.b rewritten (none)", "data_backfill! c deleted (none)"],
            ),
            (
                "public override void Up() { Update.Table(\"a\").Set(new { b = 1, c = 2 }).AllRows(); Create.TableForModel(\"d\").WithColumn(\"e\").AsInt32(); }\npublic override void Down() {  }",
                &["data_backfill a.b, c rewritten (none)", "add_table d (none)"],
            ),
            (
                "public override void Up() { IfDatabase(\"x\").Execute.Sql(\"DELETE FROM a\"); IfDatabase(\"x\").Delete.Table(\"b\"); }\npublic override void Down() {  }",
                &["data_backfill! a deleted (none)", "drop_table! b (none)"],
            ),
            (
                "public override void Up() { Execute.WithConnection(Fill); }\nprivate void Fill(IDbConnection conn, IDbTransaction tran) { var sql = \"UPDATE a SET b = @B WHERE c = @C\"; conn.Execute(sql, rows, transaction: tran); }",
                &["data_backfill a.b rewritten (none)"],
            ),
        ];
        for (body, expected) in cases {
            let text =
                format!("using FluentMigrator;\npublic class A : Migration {{\n{body}\n}}\n", body = body);
            assert_eq!(&said("fluent_migrator", "Migrations/M1.cs", &text), expected, "{body}");
        }
    }

    #[test]
    fn some_rows_are_not_all_rows() {
        use crate::formats::schema::MigrationReader;
        let text = "using FluentMigrator;\npublic class A : Migration { public override void Up() { Delete.FromTable(\"a\").Row(new { b = 1 }); } public override void Down() { } }";
        let path = crate::change::RepoPath::new("Migrations/M1.cs");
        let read = super::FluentMigrator.read(&path, text, None, &crate::change::MemorySnapshot::default());
        let steps = read.expect("it can be read").steps;
        assert!(steps[0].destructive && steps[0].details.contains_key("condition"));
    }

    #[test]
    fn start_values_are_those_of_stored_data() {
        use crate::formats::schema::MigrationReader;
        for (written, stored) in [
            ("0L", "0"),
            ("1.5m", "1.5"),
            ("string.Empty", ""),
            ("\"x\"", "x"),
            ("new DateTime(1, 1, 1, 0, 0, 0, 0, DateTimeKind.Unspecified)", "0001-01-01"),
            ("new Guid(\"00000000-0000-0000-0000-000000000001\")", "00000000-0000-0000-0000-000000000001"),
            ("Layout.Single", "Layout.Single"),
        ] {
            let text = format!(
                "using Microsoft.EntityFrameworkCore.Migrations;\npublic partial class A : Migration {{ protected override void Up(MigrationBuilder migrationBuilder) {{ migrationBuilder.AddColumn<long>(name: \"b\", table: \"a\", nullable: false, defaultValue: {written}); }} protected override void Down(MigrationBuilder migrationBuilder) {{ }} }}"
            );
            let path = crate::change::RepoPath::new("Data/Migrations/20260101000000_A.cs");
            let read = super::EfCore.read(&path, &text, None, &crate::change::MemorySnapshot::default());
            assert_eq!(read.expect("it can be read").steps[0].default.as_deref(), Some(stored), "{written}");
        }
    }
}
