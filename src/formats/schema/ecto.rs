//! Ecto: migrations of Elixir applications.

use super::names::{plural, underscore};
use super::undo::{self, Back};
use super::{Column, Migration, MigrationReader, Rule, States, Step, Table};
use crate::change::{Content, RepoPath, Snapshot};
use crate::finding::{SchemaOp as Op, Undo};
use crate::formats::Unreadable;
use crate::formats::schema::walk::{Flow, Style, Walk};
use crate::formats::syntax::{self, Call, Expr, Kind, Language};

/// Ecto migrations.
pub struct Ecto;

impl MigrationReader for Ecto {
    fn style(&self) -> &'static str {
        "ecto"
    }

    fn reads(&self, path: &RepoPath, text: &str) -> bool {
        matches!(path.extension().as_str(), "exs" | "ex")
            && (text.contains("use Ecto.Migration")
                || path.folders().any(|folder| folder.ends_with("migrations")) && text.contains("Migration"))
            && text.contains("defmodule")
    }

    fn read(
        &self,
        _path: &RepoPath,
        text: &str,
        _down: Option<&str>,
        tree: &dyn Snapshot,
    ) -> Result<Migration, Unreadable> {
        let file = syntax::parse(Language::Elixir, text)?;
        let run = |name: &str| {
            let mut reader = Reader { tree, table: None };
            let mut walked = Walk::new(&file);
            if let Some(func) = walked.funcs.get(name).copied() {
                walked.run(&mut reader, func, &[]);
            }
            walked
        };
        let funcs = Walk::new(&file).funcs;
        if funcs.contains_key("change") && !funcs.contains_key("up") {
            let mut migration = run("change").finish();
            undo::settle(&mut migration.steps, &Back::Automatic);
            return Ok(migration);
        }
        let mut migration = run("up").finish();
        let down = run("down");
        undo::settle(
            &mut migration.steps,
            &Back::Steps { steps: &down.found.steps, unclear: down.unknown.is_some() && !down.raised },
        );
        Ok(migration)
    }
}

struct Reader<'s> {
    tree: &'s dyn Snapshot,
    /// The table of the block that is walked, and the new table while it is made.
    table: Option<(String, Option<Table>)>,
}

impl<'n> Style<'n> for Reader<'_> {
    fn call(&mut self, walk: &mut Walk<'n>, expr: &'n Expr<'n>, call: &'n Call<'n>) -> Flow {
        let line = expr.line;
        if call.receiver.is_some() {
            return self.repo(walk, call, line);
        }
        if walk.funcs.contains_key(call.name) {
            return Flow::Inside;
        }
        if self.table.is_some() && self.in_table(walk, call, line) {
            return Flow::Done;
        }
        // `create table(:users)`, `drop index(:users, [:email])`
        let object = call.arg(0).map(|object| walk.resolve(object)).and_then(Expr::call);
        let name = |at: usize| object.and_then(|object| object.arg(at)).and_then(|name| walk.text(name));
        let table = name(0).unwrap_or_default();
        let kind = object.map_or("", |object| object.name);
        match call.name {
            "create" | "create_if_not_exists" => match kind {
                "table" => self.create(walk, call, object, table, line),
                "index" | "unique_index" => walk.push(index(walk, Op::AddIndex, object, table, line)),
                _ => walk.push(constraint(walk, Op::AddConstraint, object, table, line)),
            },
            "drop" | "drop_if_exists" => match kind {
                "table" => walk.push(Step { undo: Undo::None, ..Step::new(Op::DropTable, table, line) }),
                "index" | "unique_index" => walk.push(index(walk, Op::DropIndex, object, table, line)),
                _ => walk.push(Step {
                    undo: Undo::None,
                    ..constraint(walk, Op::DropConstraint, object, table, line)
                }),
            },
            "alter" => {
                let outer = self.table.replace((table, None));
                if let Some(block) = &call.block {
                    walk.all(self, &block.body);
                }
                self.table = outer;
            }
            "rename" => {
                let to = call.option("to");
                match to.map(|to| walk.resolve(to)).and_then(Expr::call) {
                    _ if kind == "index" => {}
                    Some(object) => {
                        let to = object.arg(0).and_then(|name| walk.text(name));
                        walk.push(Step { to, ..Step::new(Op::RenameTable, table, line) });
                    }
                    None => {
                        let column = call.arg(1).and_then(|name| walk.text(name)).unwrap_or_default();
                        walk.push(Step {
                            to: to.and_then(|to| walk.text(to)),
                            ..Step::new(Op::RenameColumn, table, line).column(column)
                        });
                    }
                }
            }
            "execute" => self.execute(walk, call),
            "execute_file" => walk.own_code(line),
            "flush" | "direction" | "repo" | "prefix" | "table" | "index" => {}
            _ => return Flow::Inside,
        }
        Flow::Done
    }
}

/// The two fields of `timestamps`, under the names that `named` gives them instead.
fn timestamps(line: u32, named: impl Fn(&str) -> Option<String>) -> Vec<Column> {
    ["inserted_at", "updated_at"]
        .into_iter()
        .map(|usual| named(usual).unwrap_or_else(|| usual.to_owned()))
        .filter(|name| name != "false")
        .map(|name| Column {
            name,
            type_: Some("timestamp".to_owned()),
            nullable: Some(false),
            default: None,
            line,
        })
        .collect()
}

impl Reader<'_> {
    fn create<'n>(
        &mut self,
        walk: &mut Walk<'n>,
        call: &'n Call<'n>,
        object: Option<&'n Call<'n>>,
        name: String,
        line: u32,
    ) {
        let mut shape = Table { name: name.clone(), line, ..Table::default() };
        if object.and_then(|object| object.option("primary_key")).and_then(Expr::truth) != Some(false) {
            shape.columns.push(Column {
                name: "id".to_owned(),
                type_: Some("id".to_owned()),
                nullable: Some(false),
                default: None,
                line,
            });
        }
        // without brackets it is a name
        let bare =
            call.block.iter().flat_map(|block| &block.body).find(|one| one.name() == Some("timestamps"));
        let last = bare.map(|bare| timestamps(bare.line, |_| None)).unwrap_or_default();
        let outer = self.table.replace((name.clone(), Some(shape)));
        if let Some(block) = &call.block {
            walk.all(self, &block.body);
        }
        let mut shape = std::mem::replace(&mut self.table, outer).and_then(|(_, shape)| shape);
        shape.iter_mut().for_each(|shape| shape.columns.extend_from_slice(&last));
        walk.push(Step { shape, ..Step::new(Op::AddTable, name, line) });
    }

    /// `add`, `remove`, `modify` inside a table's block.
    fn in_table<'n>(&mut self, walk: &mut Walk<'n>, call: &'n Call<'n>, line: u32) -> bool {
        let Some((table, new)) = &mut self.table else { return false };
        let step = |op: Op| Step::new(op, table.as_str(), line);
        let name = call.arg(0).and_then(|name| walk.text(name)).unwrap_or_default();
        let mut columns = Vec::new();
        match call.name {
            "add" | "add_if_not_exists" => columns.push(column(walk, call, name, line)),
            "timestamps" => {
                columns = timestamps(line, |key| call.option(key).and_then(|name| walk.text(name)));
            }
            "remove" | "remove_if_exists" => {
                let undo = if call.arg(1).is_some() { Undo::RestoresStructure } else { Undo::None };
                walk.push(Step { undo, ..step(Op::DropColumn).column(name) });
            }
            "modify" => {
                let field = column(walk, call, name, line);
                walk.found.steps.extend(modified(walk, call, table, &field));
            }
            _ => return false,
        }
        match new {
            Some(new) => {
                for field in columns {
                    if let Some(link) = call
                        .arg(1)
                        .map(|type_| walk.resolve(type_))
                        .and_then(Expr::call)
                        .filter(|made| made.name == "references")
                    {
                        let rule = Rule {
                            name: String::new(),
                            columns: Some(field.name.clone()),
                            what: "foreign_key".to_owned(),
                            line,
                            ..Rule::default()
                        };
                        new.constraints.extend(Some(rule).filter(|_| link.name == "references"));
                    }
                    new.columns.push(field);
                }
            }
            None => walk.found.steps.extend(columns.into_iter().map(|field| Step {
                type_: field.type_,
                nullable: field.nullable,
                default: field.default,
                ..step(Op::AddColumn).column(field.name)
            })),
        }
        true
    }

    /// `execute "up"`, `execute "up", "down"`, `execute fn -> … end`.
    fn execute<'n>(&mut self, walk: &mut Walk<'n>, call: &'n Call<'n>) {
        let from = walk.found.steps.len();
        let run = |reader: &mut Self, walk: &mut Walk<'n>, what: Option<&'n Expr<'n>>| match what
            .map(|what| (what, walk.resolve(what).func()))
        {
            Some((_, Some(func))) => walk.all(reader, &func.body),
            Some((sql, None)) => walk.sql(reader, sql),
            None => {}
        };
        run(self, walk, call.arg(0));
        let forward = walk.found.clone();
        walk.found = Migration::default();
        run(self, walk, call.arg(1));
        let back = std::mem::replace(&mut walk.found, forward).steps;
        undo::settle(
            walk.found.steps.get_mut(from..).unwrap_or_default(),
            &Back::Steps { steps: &back, unclear: false },
        );
    }

    /// What runs through a repository.
    fn repo<'n>(&mut self, walk: &mut Walk<'n>, call: &'n Call<'n>, line: u32) -> Flow {
        let receiver = call.receiver.as_ref().and_then(Expr::last_name).unwrap_or_default();
        let is_repo = receiver.ends_with("Repo") || receiver == "repo" || receiver == "SQL";
        if !is_repo {
            // `Oban.Migrations.up()`: a package brings its own tables
            let module = call.receiver.as_ref().map_or("", |receiver| receiver.text);
            let runs = matches!(call.name, "up" | "down" | "change" | "migrate" | "run");
            if runs && module.starts_with(char::is_uppercase) && module.contains("Migrat") {
                walk.own_code(line);
                return Flow::Done;
            }
            // `Messages.update_message(message, …)`: the application's own way to write rows.
            let Some((verb, thing)) =
                call.name.split_once('_').filter(|_| receiver.starts_with(char::is_uppercase))
            else {
                return Flow::Inside;
            };
            if !matches!(verb, "update" | "create" | "insert" | "delete") || call.args.is_empty() {
                return Flow::Inside;
            }
            let table = self.known_table(thing.trim_end_matches('!')).unwrap_or_default();
            walk.rows(&table, line, verb, verb == "delete");
            return Flow::Done;
        }
        let deletes = match call.name.trim_end_matches('!') {
            "query" | "query_many" => {
                let sql = call
                    .args
                    .iter()
                    .find(|arg| matches!(walk.resolve(arg).kind, Kind::Str(_)))
                    .or(call.arg(0));
                if let Some(sql) = sql {
                    walk.sql(self, sql);
                }
                return Flow::Done;
            }
            "update_all" | "insert_all" | "insert" | "update" | "insert_or_update" => false,
            "delete_all" | "delete" => true,
            "transaction" => return Flow::Inside,
            _ => return Flow::Inside,
        };
        let table = call.arg(0).and_then(|query| self.table_in(walk, query, 0)).unwrap_or_default();
        walk.rows(&table, line, call.name, deletes);
        Flow::Done
    }

    /// The table that a query, a row or a module stands for.
    fn table_in<'n>(&self, walk: &Walk<'n>, expr: &'n Expr<'n>, hops: u32) -> Option<String> {
        if hops > 8 {
            return None;
        }
        match &expr.kind {
            Kind::Str(_) => walk.text(expr),
            Kind::Name(name) if name.starts_with(char::is_uppercase) => Some(self.table_of(name)),
            Kind::Name(name) => walk
                .names
                .get(name)
                .copied()
                .filter(|bound| bound.name() != Some(name))
                .and_then(|bound| self.table_in(walk, bound, hops + 1)),
            // `u in "users"`, `{"users", User}`
            Kind::Body(parts) => parts.iter().rev().find_map(|part| self.table_in(walk, part, hops + 1)),
            Kind::List(parts) => parts.iter().find_map(|part| self.table_in(walk, part, hops + 1)),
            Kind::Map(_) => {
                let name = expr.text.strip_prefix('%')?.split('{').next()?;
                name.starts_with(char::is_uppercase).then(|| self.table_of(name))
            }
            Kind::Call(call) => call.args.first().and_then(|arg| self.table_in(walk, arg, hops + 1)),
            _ => None,
        }
    }

    /// The table of a schema module: as its file says, else by its name.
    fn table_of(&self, module: &str) -> String {
        let name = underscore(module.rsplit('.').next().unwrap_or(module));
        self.known_table(&name).unwrap_or_else(|| plural(&name))
    }

    /// The table of the schema module whose file has the name.
    fn known_table(&self, name: &str) -> Option<String> {
        let file = format!("/{name}.ex");
        for path in self.tree.paths().iter().filter(|path| path.as_str().ends_with(&file)).take(8) {
            let Some(Content::Text(text)) = self.tree.read(path) else { continue };
            let named = text
                .find("schema \"")
                .and_then(|at| text.get(at + 8..))
                .and_then(|rest| rest.split_once('"'))
                .map(|(name, _)| name.to_owned());
            if let Some(name) = named.filter(|_| text.contains("defmodule")) {
                return Some(name);
            }
        }
        None
    }
}

fn column<'n>(walk: &Walk<'n>, call: &'n Call<'n>, name: String, line: u32) -> Column {
    let type_ = call.arg(1).map(|type_| walk.resolve(type_));
    let made = type_.and_then(Expr::call);
    let written = match (type_, made) {
        (_, Some(link)) if link.name == "references" => {
            Some(link.option("type").and_then(|type_| walk.text(type_)).unwrap_or_else(|| "id".to_owned()))
        }
        (Some(type_), _) => Some(type_.literal().unwrap_or(type_.text).to_owned()),
        _ => None,
    };
    let option = |key: &str| call.option(key).map(|value| walk.resolve(value));
    let size = option("size")
        .map(|size| size.text.to_owned())
        .or_else(|| Some(format!("{}, {}", option("precision")?.text, option("scale")?.text)));
    Column {
        name,
        type_: written.map(|type_| size.map_or(type_.clone(), |size| format!("{type_}({size})"))),
        nullable: Some(
            option("null")
                .and_then(Expr::truth)
                .unwrap_or(option("primary_key").and_then(Expr::truth) != Some(true)),
        ),
        default: option("default")
            .filter(|value| !value.is_nothing())
            .map(|value| value.literal().unwrap_or(value.text).to_owned()),
        line,
    }
}

/// `modify` names the whole field; what it was is written in `from:`, else only in earlier migrations.
fn modified<'n>(walk: &Walk<'n>, call: &'n Call<'n>, table: &str, field: &Column) -> Vec<Step> {
    let step = |op: Op| Step::new(op, table, field.line).column(&field.name);
    let stated = |key: &str| call.option(key).is_some();
    let link = call.arg(1).and_then(Expr::call).filter(|made| made.name == "references").map(|made| {
        let link = step(Op::AddConstraint).detail("what", "foreign_key");
        match made.option("on_delete").map(|rule| walk.resolve(rule).text.trim_start_matches(':')) {
            Some("delete_all") => link.detail("on_delete", "cascade"),
            _ => link,
        }
    });
    let Some(from) = call.option("from").map(|from| walk.resolve(from)) else {
        let changed = Step {
            type_: field.type_.clone().filter(|type_| type_ != "id"),
            nullable: field.nullable.filter(|_| stated("null")),
            default: field.default.clone(),
            undo: Undo::None,
            states: States::Named,
            ..step(Op::ChangeType)
        };
        return std::iter::once(changed).chain(link).collect();
    };
    let parts = from.elements();
    let options = parts.get(1);
    let old_type = parts.first().map(|type_| walk.resolve(type_));
    let old_type = old_type.map(|type_| match type_.call().filter(|made| made.name == "references") {
        Some(link) => {
            link.option("type").and_then(|type_| walk.text(type_)).unwrap_or_else(|| "id".to_owned())
        }
        None => type_.literal().unwrap_or(type_.text).to_owned(),
    });
    let old = |key: &str| options.and_then(|options| options.get(key));
    let mut steps = Vec::new();
    let bare = field.type_.as_deref().map(|type_| type_.split('(').next().unwrap_or(type_).to_owned());
    if bare != old_type {
        let mut changed = Step { type_: field.type_.clone(), ..step(Op::ChangeType) };
        if let Some(old) = old_type {
            changed = changed.detail("from_type", old);
        }
        steps.push(changed);
    } else {
        steps.extend(link);
    }
    if stated("null")
        && field.nullable != Some(old("null").and_then(Expr::truth).unwrap_or(field.nullable != Some(true)))
    {
        steps.push(Step { nullable: field.nullable, ..step(Op::ChangeNullability) });
    }
    if stated("default")
        && old("default").map(|value| value.text) != call.option("default").map(|value| value.text)
    {
        steps.push(Step { default: field.default.clone(), ..step(Op::ChangeDefault) });
    }
    steps
}

fn index<'n>(walk: &Walk<'n>, op: Op, object: Option<&'n Call<'n>>, table: String, line: u32) -> Step {
    let column = walk.joined(object.and_then(|object| object.arg(1)));
    let unique = object.is_some_and(|object| {
        object.name == "unique_index" || object.option("unique").and_then(Expr::truth) == Some(true)
    });
    let mut step = Step { column, ..Step::new(op, table, line) }
        .detail("what", if unique { "unique_index" } else { "index" });
    for (key, detail) in [("name", "name"), ("where", "condition")] {
        if let Some(value) = object.and_then(|object| object.option(key)).and_then(|value| walk.text(value)) {
            step = step.detail(detail, value);
        }
    }
    step
}

fn constraint<'n>(walk: &Walk<'n>, op: Op, object: Option<&'n Call<'n>>, table: String, line: u32) -> Step {
    let mut step = Step::new(op, table, line);
    if let Some(name) = object.and_then(|object| object.arg(1)).and_then(|name| walk.text(name)) {
        step = step.detail("name", name);
    }
    if let Some(rule) = object.and_then(|object| object.option("check")).and_then(|rule| walk.text(rule)) {
        step = step.detail("what", "check").detail("condition", rule);
    }
    step
}

#[cfg(test)]
mod tests {
    use crate::formats::schema::said::said;

    #[test]
    fn steps_are_read() {
        let cases: &[(&str, &[&str])] = &[
            (
                "def up do\n clean\nend\ndef down, do: :ok\ndefp clean do\n execute \"DELETE FROM a\"\nend",
                &["data_backfill! a deleted (none)"],
            ),
            (
                "@tables ~w(a b)a\ndef up do\n for t <- @tables do\n drop table(t)\n end\nend\ndef down, do: :ok",
                &["drop_table! a (none)", "drop_table! b (none)"],
            ),
            (
                "def change do\n alter table(:a) do\n add :b, :string, null: false\n remove :c\n remove :d, :string\n end\nend",
                &["add_column a.b (restores)", "drop_column! a.c (none)", "drop_column! a.d (structure)"],
            ),
            (
                "def change do\n create table(:a) do\n add :b, references(:c)\n timestamps()\n end\n create unique_index(:a, [:b])\nend",
                &["add_table a (restores)", "add_index a.b (restores)"],
            ),
            (
                "def change do\n alter table(:a) do\n modify :b, :text, from: :string\n modify :c, :date, null: true, from: {:date, null: false}\n modify :d, :date, from: :date\n end\nend",
                &["change_type a.b (restores)", "change_nullability a.c (restores)"],
            ),
            (
                "def change do\n rename table(:a), :b, to: :c\n rename table(:a), to: table(:d)\nend",
                &["rename_column a.b -> c (restores)", "rename_table a -> d (restores)"],
            ),
            (
                "def up do\n drop table(:a)\nend\ndef down do\n create table(:a) do\n end\nend",
                &["drop_table! a (structure)"],
            ),
            (
                "def change do\n execute \"UPDATE a SET b = 1\", \"\"\n execute(\"DROP TABLE x\")\nend",
                &["data_backfill a.b rewritten (none)", "drop_table! x (none)"],
            ),
            (
                "def up do\n User |> where([u], u.a == 1) |> Repo.update_all(set: [a: 2])\n from(p in \"posts\") |> repo().delete_all()\nend\ndef down, do: :ok",
                &["data_backfill users rewritten (none)", "data_backfill! posts deleted (none)"],
            ),
            (
                "def change do\n for t <- [:a, :b] do\n drop table(t)\n end\nend",
                &["drop_table! a (none)", "drop_table! b (none)"],
            ),
            ("def up do\n :ok\nend\ndef down do\n drop table(:a)\nend", &[]),
        ];
        for (body, expected) in cases {
            let text = format!("defmodule A do\n  use Ecto.Migration\n{body}\nend\n", body = body);
            assert_eq!(&said("ecto", "priv/repo/migrations/1_a.exs", &text), expected, "{body}");
        }
    }
}
