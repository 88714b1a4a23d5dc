//! Django migrations: operations that compare what the framework knew with what it is to know.

mod data;
pub(super) mod field;

use std::collections::{BTreeMap, BTreeSet};

use super::undo::{self, Back};
use super::{Column, Migration, MigrationReader, Rule, States, Step, Table};
use crate::change::{Content, RepoPath, Snapshot};
use crate::finding::{SchemaOp as Op, Undo};
use crate::formats::Unreadable;
use crate::formats::schema::walk::{Flow, Style, Walk};
use crate::formats::syntax::{self, Call, Expr, Kind, Language};
use field::Field;

/// Django migrations.
pub struct Django;

impl MigrationReader for Django {
    fn style(&self) -> &'static str {
        "django"
    }

    fn reads(&self, path: &RepoPath, text: &str) -> bool {
        path.extension() == "py"
            && path.folder().rsplit('/').next().is_some_and(|folder| folder.contains("migrations"))
            && text.contains("Migration")
            && text.contains("operations")
    }

    fn read(
        &self,
        path: &RepoPath,
        text: &str,
        _down: Option<&str>,
        tree: &dyn Snapshot,
    ) -> Result<Migration, Unreadable> {
        let file = syntax::parse(Language::Python, text)?;
        let mut reader =
            Reader { tree, path, app: app_label(path, tree), rows: false, fields: BTreeMap::new() };
        let mut walked = Walk::new(&file);
        for operations in operations(&file) {
            walked.one(&mut reader, operations);
        }
        let mut migration = walked.finish();
        undo::settle(&mut migration.steps, &Back::Automatic);
        Ok(migration)
    }
}

/// What is assigned to `operations` in the migration's class.
fn operations<'n>(file: &'n [Expr<'n>]) -> Vec<&'n Expr<'n>> {
    let mut found = Vec::new();
    let mut rest: Vec<&Expr<'_>> = file.iter().rev().collect();
    while let Some(expr) = rest.pop() {
        match &expr.kind {
            Kind::Class(class) if class.bases.contains("Migration") || class.name == "Migration" => {
                rest.extend(class.body.iter().rev())
            }
            Kind::Assign(pair) if pair.0.name() == Some("operations") => found.push(&pair.1),
            Kind::Body(parts) => rest.extend(parts.iter().rev()),
            _ => {}
        }
    }
    found
}

/// The name that the framework puts before each table of an app: its label, else its folder.
fn app_label(path: &RepoPath, tree: &dyn Snapshot) -> String {
    let folder = path.folder().rsplit_once('/').map_or("", |(app, _)| app);
    let apps = RepoPath::new(format!("{folder}/apps.py"));
    if let Some(Content::Text(text)) = tree.read(&apps) {
        let label =
            text.lines().find_map(|line| line.trim().strip_prefix("label")?.trim_start().strip_prefix('='));
        if let Some(label) = label
            .map(|label| label.trim().trim_matches(['"', '\'']))
            .filter(|label| !label.is_empty() && !label.contains(['(', ' ', '.']))
        {
            return label.to_lowercase();
        }
    }
    folder.rsplit('/').next().unwrap_or_default().to_lowercase()
}

struct Reader<'s> {
    tree: &'s dyn Snapshot,
    path: &'s RepoPath,
    app: String,
    /// Whether the code of `RunPython` is walked, not the list of operations.
    rows: bool,
    /// Fields that the migration itself adds or alters, by model and name.
    fields: BTreeMap<(String, String), Field>,
}

impl<'n> Style<'n> for Reader<'_> {
    fn hole(&self, expr: &Expr<'n>) -> Option<String> {
        // `{Model._meta.db_table}`
        let (root, calls) = expr.chain();
        let is_table = calls.last().is_some_and(|(call, _)| call.name == "db_table");
        (is_table && calls.iter().any(|(call, _)| call.name == "_meta"))
            .then(|| self.table(root.and_then(Expr::name).unwrap_or_default()))
    }

    fn call(&mut self, walk: &mut Walk<'n>, expr: &'n Expr<'n>, call: &'n Call<'n>) -> Flow {
        if self.rows { self.row(walk, expr, call) } else { self.operation(walk, call, expr.line) }
    }
}

impl Reader<'_> {
    fn table(&self, model: &str) -> String {
        format!("{}_{}", self.app, model.rsplit('.').next().unwrap_or(model).to_lowercase())
    }

    fn operation<'n>(&mut self, walk: &mut Walk<'n>, call: &'n Call<'n>, line: u32) -> Flow {
        let text =
            |at: usize, key: &str| call.arg_or(at, key).and_then(|arg| walk.text(arg)).unwrap_or_default();
        let model = text(0, "model_name");
        let table = self.table(&if model.is_empty() { text(0, "name") } else { model.clone() });
        let step = |op: Op| Step::new(op, &table, line);
        let field = || call.arg_or(2, "field").map(|field| Field::of(walk, walk.resolve(field)));
        match call.name {
            "CreateModel" => self.create(walk, call, line),
            "DeleteModel" => {
                if self.is_stored(&text(0, "name")) {
                    walk.push(step(Op::DropTable));
                }
            }
            "RenameModel" => {
                let to = self.table(&text(1, "new_name"));
                let table = self.table(&text(0, "old_name"));
                if table != to {
                    walk.push(Step { to: Some(to), ..Step::new(Op::RenameTable, table, line) });
                }
            }
            "AlterModelTable" => {
                let to = call.arg_or(1, "table").and_then(|to| walk.text(to));
                let same = to.as_deref() == Some(table.as_str());
                if !same {
                    walk.push(Step { to, ..step(Op::RenameTable) });
                }
            }
            "AddField" => {
                let (field, name) = (field().unwrap_or_default(), text(1, "name"));
                walk.push(Step {
                    type_: Some(field.type_()),
                    nullable: Some(field.nullable()),
                    default: field.start(),
                    ..step(Op::AddColumn).column(&name)
                });
                self.fields.insert((model.to_lowercase(), name), field);
            }
            "RemoveField" => walk.push(step(Op::DropColumn).column(text(1, "name"))),
            "RenameField" => {
                let to = Some(text(2, "new_name"));
                walk.push(Step { to, ..step(Op::RenameColumn).column(text(1, "old_name")) });
            }
            "AlterField" => {
                let name = text(1, "name");
                let new = field().unwrap_or_default();
                let key = (model.to_lowercase(), name.clone());
                let old =
                    self.fields.remove(&key).or_else(|| field::earlier(self.tree, self.path, &model, &name));
                walk.found.steps.extend(altered(&table, &name, old.as_ref(), &new, line));
                self.fields.insert(key, new);
            }
            "AddIndex" | "AddIndexConcurrently" | "AddConstraint" | "AddConstraintNotValid" => {
                let is_index = call.name.starts_with("AddIndex");
                let rule = call
                    .arg_or(1, if is_index { "index" } else { "constraint" })
                    .map(|rule| walk.resolve(rule));
                let made = rule.and_then(Expr::call);
                let mut step = step(if is_index { Op::AddIndex } else { Op::AddConstraint });
                if let Some(made) = made {
                    step.column = walk
                        .joined(made.option("fields"))
                        .map(|names| names.replace(", -", ", ").trim_start_matches('-').to_owned());
                    let what = if is_index {
                        "index"
                    } else if made.name.contains("Unique") {
                        "unique"
                    } else {
                        "check"
                    };
                    step = step.detail("what", what);
                    if let Some(name) = made.option("name").and_then(|name| walk.text(name)) {
                        step = step.detail("name", name);
                    }
                    if let Some(condition) = made.option("condition").or(made.option("check")) {
                        step = step.detail("condition", condition.text);
                    }
                }
                walk.push(step);
            }
            "RemoveIndex" | "RemoveIndexConcurrently" => {
                walk.push(step(Op::DropIndex).detail("name", text(1, "name")))
            }
            "RemoveConstraint" => walk.push(step(Op::DropConstraint).detail("name", text(1, "name"))),
            "AlterUniqueTogether" | "AlterIndexTogether" => {
                let unique = call.name == "AlterUniqueTogether";
                let sets = call
                    .arg_or(1, if unique { "unique_together" } else { "index_together" })
                    .map(|sets| self.sets(walk, sets))
                    .unwrap_or_default();
                let (add, drop) = if unique {
                    (Op::AddConstraint, Op::DropConstraint)
                } else {
                    (Op::AddIndex, Op::DropIndex)
                };
                let what = if unique { "unique" } else { "index" };
                let before = field::together(self.tree, self.path, &text(0, "name"), call.name);
                let before = before.unwrap_or_default();
                if sets.is_empty() && before.is_empty() {
                    walk.push(step(drop).detail("what", what));
                }
                walk.found.steps.extend(
                    before.difference(&sets).map(|names| step(drop).column(names).detail("what", what)),
                );
                walk.found.steps.extend(
                    sets.difference(&before).map(|names| step(add).column(names).detail("what", what)),
                );
            }
            "AlterOrderWithRespectTo" => walk.push(step(Op::AddColumn).column("_order")),
            "SeparateDatabaseAndState" => {
                if let Some(operations) = call.arg_or(0, "database_operations") {
                    let operations = walk.resolve(operations);
                    walk.one(self, operations);
                }
            }
            "RunSQL" => self.run_sql(walk, call),
            "RunPython" => self.run_python(walk, call, line),
            "CreateExtension"
            | "TrigramExtension"
            | "BtreeGinExtension"
            | "BtreeGistExtension"
            | "UnaccentExtension"
            | "HStoreExtension"
            | "CITextExtension"
            | "CryptoExtension"
            | "BloomExtension"
            | "VectorExtension"
            | "CreateCollation"
            | "RemoveCollation"
            | "EnablePostgisExtension" => {
                let name = match text(0, "name") {
                    name if name.is_empty() => call.name.trim_end_matches("Extension").to_lowercase(),
                    name => name,
                };
                walk.push(Step::new(Op::Other, "", line).detail("what", "extension").detail("name", name));
            }
            "AlterModelOptions"
            | "AlterModelManagers"
            | "AlterModelTableComment"
            | "RenameIndex"
            | "ValidateConstraint"
            | "swappable_dependency"
            | "AddModelOptions" => {}
            // Operations that a team wrote itself.
            name if name.starts_with(char::is_uppercase) => {
                walk.push(Step::new(Op::Other, "", line).detail("what", "own_code").detail("name", name));
            }
            _ => return Flow::Inside,
        }
        Flow::Done
    }

    fn create<'n>(&self, walk: &mut Walk<'n>, call: &'n Call<'n>, line: u32) {
        let options = call.option("options").or(call.arg(2)).map(|options| walk.resolve(options));
        let option = |key: &str| options.and_then(|options| options.get(key));
        if option("proxy").and_then(Expr::truth) == Some(true)
            || option("managed").and_then(Expr::truth) == Some(false)
        {
            return;
        }
        let Some(name) = call.arg_or(0, "name").and_then(|name| walk.text(name)) else { return };
        let mut shape = Table { name: self.table(&name), line, ..Table::default() };
        for pair in call.arg_or(1, "fields").map(|fields| walk.resolve(fields).elements()).unwrap_or_default()
        {
            let [name, made, ..] = pair.elements() else { continue };
            let field = Field::of(walk, walk.resolve(made));
            let Some(name) = walk.text(name) else { continue };
            if field.is_unique() {
                shape.constraints.push(Rule {
                    name: String::new(),
                    columns: Some(name.clone()),
                    what: "unique".to_owned(),
                    line: pair.line,
                    ..Rule::default()
                });
            }
            shape.columns.push(Column {
                name,
                type_: Some(field.type_()),
                nullable: Some(field.nullable()),
                default: field.start(),
                line: pair.line,
            });
        }
        walk.push(Step { shape: Some(shape), ..Step::new(Op::AddTable, self.table(&name), line) });
    }

    /// Whether a model has a table of its own, as far as earlier migrations tell.
    fn is_stored(&self, model: &str) -> bool {
        !field::is_without_table(self.tree, self.path, model)
    }

    /// The sets of fields that must be unique, or are looked up, together.
    fn sets<'n>(&self, walk: &Walk<'n>, expr: &'n Expr<'n>) -> BTreeSet<String> {
        field::sets(walk, expr)
    }

    fn run_sql<'n>(&mut self, walk: &mut Walk<'n>, call: &'n Call<'n>) {
        let from = walk.found.steps.len();
        if let Some(sql) = call.arg_or(0, "sql").filter(|sql| sql.last_name() != Some("noop")) {
            walk.sql(self, sql);
        }
        let back = call
            .arg_or(1, "reverse_sql")
            .filter(|back| back.last_name() != Some("noop") && !back.is_nothing());
        let mut steps = Vec::new();
        if let Some(back) = back {
            let at = walk.found.clone();
            walk.found = Migration::default();
            walk.sql(self, back);
            steps = std::mem::replace(&mut walk.found, at).steps;
        }
        undo::settle(
            walk.found.steps.get_mut(from..).unwrap_or_default(),
            &Back::Steps { steps: &steps, unclear: false },
        );
    }

    fn run_python<'n>(&mut self, walk: &mut Walk<'n>, call: &'n Call<'n>, line: u32) {
        let Some(code) = call.arg_or(0, "code").filter(|code| code.last_name() != Some("noop")) else {
            return;
        };
        let from = walk.found.steps.len();
        self.rows = true;
        // `partial(func, …)`
        let code =
            code.call().filter(|call| call.name == "partial").and_then(|call| call.arg(0)).unwrap_or(code);
        let func = code.last_name().and_then(|name| walk.funcs.get(name).copied()).or(code.func());
        if let Some(func) = func {
            walk.run(self, func, &[]);
        }
        self.rows = false;
        let idle = func.is_some_and(|func| {
            func.body.iter().all(|expr| {
                matches!(&expr.kind, Kind::Str(_))
                    || matches!(&expr.kind, Kind::Body(parts) if parts.is_empty())
            })
        });
        if walk.found.steps.len() == from && !idle {
            walk.push(Step::new(Op::DataBackfill, "", line));
        }
        let undo = match call.arg_or(1, "reverse_code") {
            Some(back) if back.last_name() != Some("noop") && !back.is_nothing() => Undo::Unknown,
            _ => Undo::None,
        };
        let back = match undo {
            Undo::Unknown => Back::Steps { steps: &[], unclear: true },
            _ => Back::None,
        };
        undo::settle(walk.found.steps.get_mut(from..).unwrap_or_default(), &back);
        // `settle` below leaves what is not unknown alone.
        if undo == Undo::Unknown {
            walk.found.steps.iter_mut().skip(from).for_each(|step| step.undo = Undo::Unknown);
        }
    }
}

/// What altering a field changes in the database. Most alterations only touch choices, help texts and validators.
fn altered(table: &str, name: &str, old: Option<&Field>, new: &Field, line: u32) -> Vec<Step> {
    let step = |op: Op| Step::new(op, table, line).column(name);
    let Some(old) = old else {
        return vec![Step {
            type_: Some(new.type_()),
            nullable: Some(new.nullable()),
            default: new.start(),
            states: States::Whole,
            ..step(Op::ChangeType)
        }];
    };
    let mut steps = Vec::new();
    if old.stored() != new.stored() {
        steps
            .push(Step { type_: Some(new.type_()), ..step(Op::ChangeType) }.detail("from_type", old.type_()));
    }
    if old.nullable() != new.nullable() {
        steps.push(Step { nullable: Some(new.nullable()), ..step(Op::ChangeNullability) });
    }
    if old.starts() != new.starts() {
        let changed = Step { default: new.start(), ..step(Op::ChangeDefault) };
        steps.push(match old.start() {
            Some(from) => changed.detail("from_default", from),
            None => changed,
        });
    }
    if old.is_unique() != new.is_unique() {
        steps.push(
            step(if new.is_unique() { Op::AddConstraint } else { Op::DropConstraint })
                .detail("what", "unique"),
        );
    }
    if old.is_indexed() != new.is_indexed() {
        steps.push(step(if new.is_indexed() { Op::AddIndex } else { Op::DropIndex }).detail("what", "index"));
    }
    if let Some(to) = new.column().filter(|to| old.column().as_deref().unwrap_or(name) != to) {
        steps.push(Step { to: Some(to), ..step(Op::RenameColumn) });
    }
    steps
}

#[cfg(test)]
mod tests;
