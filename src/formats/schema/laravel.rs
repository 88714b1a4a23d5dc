//! Laravel: migrations that describe tables to a `Blueprint`.

use super::built::built;
use super::names::table_of_class;
use super::undo::{self, Back};
use super::{Column, Migration, MigrationReader, States, Step, Table};
use crate::change::{Content, RepoPath, Snapshot};
use crate::finding::SchemaOp as Op;
use crate::formats::Unreadable;
use crate::formats::schema::walk::{Flow, Style, Walk};
use crate::formats::syntax::{self, Call, Expr, Language};

/// Laravel migrations.
pub struct Laravel;

impl MigrationReader for Laravel {
    fn style(&self) -> &'static str {
        "laravel"
    }

    fn reads(&self, path: &RepoPath, text: &str) -> bool {
        path.extension() == "php"
            && (text.contains("extends Migration")
                || text.contains("Migration") && text.contains("Blueprint"))
            && (text.contains("Illuminate\\") || text.contains("Schema::") || text.contains("DB::"))
    }

    fn read(
        &self,
        _path: &RepoPath,
        text: &str,
        _down: Option<&str>,
        tree: &dyn Snapshot,
    ) -> Result<Migration, Unreadable> {
        let file = syntax::parse(Language::Php, text)?;
        let run = |name: &str| {
            let mut reader = Reader { tree, tables: Vec::new() };
            let mut walked = Walk::new(&file);
            if let Some(func) = walked.funcs.get(name).copied() {
                walked.run(&mut reader, func, &[]);
            }
            walked
        };
        let mut migration = run("up").finish();
        let down = run("down");
        undo::settle(
            &mut migration.steps,
            &Back::Steps { steps: &down.found.steps, unclear: down.unknown.is_some() && !down.raised },
        );
        Ok(migration)
    }
}

/// A closure that describes a table.
struct Described {
    var: String,
    table: String,
    new: Option<Table>,
}

struct Reader<'s> {
    tree: &'s dyn Snapshot,
    tables: Vec<Described>,
}

/// Classes that stand for no table.
const NO_MODELS: &[&str] = &[
    "Schema",
    "DB",
    "Artisan",
    "Log",
    "Cache",
    "Storage",
    "Str",
    "Arr",
    "Carbon",
    "File",
    "Config",
    "Hash",
    "Redis",
    "Queue",
    "Bus",
    "Event",
    "App",
    "Uuid",
    "DateTime",
    "Blueprint",
    "Crypt",
    "Http",
    "Collection",
    "Builder",
    "Illuminate",
    "CarbonImmutable",
    "LazyCollection",
];

impl<'n> Style<'n> for Reader<'_> {
    fn call(&mut self, walk: &mut Walk<'n>, expr: &'n Expr<'n>, call: &'n Call<'n>) -> Flow {
        let (root, calls) = expr.chain();
        let root = root.and_then(Expr::name);
        if let Some(at) =
            root.and_then(|root| self.tables.iter().rposition(|described| described.var == root))
        {
            self.field(walk, at, &calls);
            return Flow::Done;
        }
        let is_schema = root
            .is_some_and(|root| root.rsplit('\\').next() == Some("Schema") || root == "schema")
            || calls.iter().any(|(call, _)| matches!(call.name, "schema" | "getSchemaBuilder"));
        if is_schema && self.statement(walk, call, expr.line) {
            return Flow::Done;
        }
        self.rows(walk, call, root, &calls, expr.line)
    }
}

impl Reader<'_> {
    fn statement<'n>(&mut self, walk: &mut Walk<'n>, call: &'n Call<'n>, line: u32) -> bool {
        let text = |at: usize| call.arg(at).and_then(|arg| walk.text(arg));
        let table = text(0).unwrap_or_default();
        match call.name {
            "create" | "table" => {
                let Some(func) = walk.callback(call) else { return false };
                let new =
                    (call.name == "create").then(|| Table { name: table.clone(), line, ..Table::default() });
                let var = func.params.first().map_or_else(String::new, |var| (*var).to_owned());
                self.tables.push(Described { var, table: table.clone(), new });
                walk.all(self, &func.body);
                let shape = self.tables.pop().and_then(|described| described.new);
                if shape.is_some() {
                    walk.push(Step { shape, ..Step::new(Op::AddTable, table, line) });
                }
            }
            "drop" | "dropIfExists" => walk.push(Step::new(Op::DropTable, table, line)),
            "rename" => {
                let to = text(1);
                walk.push(Step { to, ..Step::new(Op::RenameTable, table, line) });
            }
            "dropColumns" => {
                let names: Vec<String> = call.args.iter().skip(1).flat_map(|arg| walk.texts(arg)).collect();
                names.iter().for_each(|name| walk.push(Step::new(Op::DropColumn, &table, line).column(name)));
            }
            "dropAllTables" | "dropAllViews" => walk.own_code(line),
            "hasTable"
            | "hasColumn"
            | "hasColumns"
            | "disableForeignKeyConstraints"
            | "enableForeignKeyConstraints"
            | "withoutForeignKeyConstraints"
            | "defaultStringLength"
            | "getColumnListing"
            | "connection"
            | "getConnection" => return call.callback().is_none(),
            _ => return false,
        }
        true
    }

    /// `$table->string('name', 40)->nullable()`: the first call says what, the others how.
    fn field<'n>(&mut self, walk: &mut Walk<'n>, at: usize, calls: &[(&'n Call<'n>, u32)]) {
        let Some(((first, line), how)) = calls.split_first() else { return };
        let Some(described) = self.tables.get_mut(at) else { return };
        let line = *line;
        let table = described.table.clone();
        let names: Vec<String> = first.args.iter().flat_map(|arg| walk.texts(arg)).collect();
        let name = names.first().cloned().unwrap_or_default();
        let step = |op: Op| Step::new(op, &table, line);
        let how = |wanted: &str| how.iter().find(|(call, _)| call.name == wanted).map(|(call, _)| *call);
        let listed = walk.joined(first.arg(0));
        // A list names fields, a string the rule itself.
        let by_name = first.arg(0).is_some_and(|arg| walk.resolve(arg).literal().is_some());
        let rule = |op: Op, what: &str| {
            let step = step(op).detail("what", what);
            match (op, by_name) {
                (Op::DropIndex | Op::DropConstraint, true) => step.detail("name", name.clone()),
                _ => Step { column: listed.clone(), ..step },
            }
        };
        let plain = |name: &str, type_: &str, nullable: bool| Column {
            name: name.to_owned(),
            type_: Some(type_.to_owned()),
            nullable: Some(nullable),
            default: None,
            line,
        };
        let mut columns = Vec::new();
        let mut steps = Vec::new();
        let mut rules = Vec::new();
        match first.name {
            "timestamps" | "timestampsTz" | "nullableTimestamps" | "datetimes" => {
                columns =
                    vec![plain("created_at", "timestamp", true), plain("updated_at", "timestamp", true)];
            }
            "softDeletes" | "softDeletesTz" | "softDeletesDatetime" => {
                columns.push(plain(if name.is_empty() { "deleted_at" } else { &name }, "timestamp", true));
            }
            "rememberToken" => columns.push(plain("remember_token", "string(100)", true)),
            "morphs" | "nullableMorphs" | "uuidMorphs" | "nullableUuidMorphs" | "ulidMorphs"
            | "nullableUlidMorphs" | "numericMorphs" => {
                let nullable = first.name.starts_with("nullable");
                columns = vec![
                    plain(&format!("{name}_type"), "string", nullable),
                    plain(&format!("{name}_id"), "id", nullable),
                ];
            }
            "id" => columns.push(plain(if name.is_empty() { "id" } else { &name }, "id", false)),
            "foreignIdFor" => {
                let model = first.arg(0).and_then(Expr::last_name).unwrap_or_default();
                let named = first.arg(1).and_then(|name| walk.text(name));
                let name = named.unwrap_or_else(|| format!("{}_id", super::names::underscore(model)));
                columns.push(plain(&name, "foreignId", how("nullable").is_some()));
            }
            "dropColumn" | "removeColumn" => {
                steps.extend(names.iter().map(|name| step(Op::DropColumn).column(name)))
            }
            "dropConstrainedForeignId" => steps.push(step(Op::DropColumn).column(name)),
            "dropForeignIdFor" | "dropConstrainedForeignIdFor" => {
                let model = first.arg(0).and_then(Expr::last_name).unwrap_or_default();
                let op = if first.name.contains("Constrained") { Op::DropColumn } else { Op::DropConstraint };
                steps.push(step(op).column(format!("{}_id", super::names::underscore(model))));
            }
            "dropSoftDeletes" | "dropSoftDeletesTz" => {
                steps.push(step(Op::DropColumn).column(if name.is_empty() { "deleted_at" } else { &name }))
            }
            "dropTimestamps" | "dropTimestampsTz" => {
                steps.extend(["created_at", "updated_at"].map(|name| step(Op::DropColumn).column(name)))
            }
            "dropRememberToken" => steps.push(step(Op::DropColumn).column("remember_token")),
            "dropMorphs" => {
                steps.extend(["type", "id"].map(|end| step(Op::DropColumn).column(format!("{name}_{end}"))))
            }
            "renameColumn" => {
                steps.push(Step { to: names.get(1).cloned(), ..step(Op::RenameColumn).column(name) })
            }
            "rename" => steps.push(Step { to: Some(name), ..step(Op::RenameTable) }),
            "drop" | "dropIfExists" => steps.push(step(Op::DropTable)),
            "foreign" => {
                let mut made = rule(Op::AddConstraint, "foreign_key");
                let cascade = how("cascadeOnDelete").map(|_| "cascade".to_owned());
                if let Some(delete) = cascade
                    .or_else(|| how("onDelete").and_then(|call| call.arg(0)).and_then(|arg| walk.text(arg)))
                {
                    made = made.detail("on_delete", delete);
                }
                rules.push(made);
            }
            "unique" => rules.push(rule(Op::AddConstraint, "unique")),
            "primary" => rules.push(rule(Op::AddConstraint, "primary_key")),
            "index" | "fullText" | "fulltext" | "spatialIndex" | "rawIndex" => {
                rules.push(rule(Op::AddIndex, "index"))
            }
            "dropForeign" => steps.push(rule(Op::DropConstraint, "foreign_key")),
            "dropUnique" => steps.push(rule(Op::DropConstraint, "unique")),
            "dropPrimary" => steps.push(rule(Op::DropConstraint, "primary_key")),
            "dropIndex" | "dropFullText" | "dropSpatialIndex" => steps.push(rule(Op::DropIndex, "index")),
            "comment" | "engine" | "charset" | "collation" | "temporary" | "renameIndex" | "after"
            | "getTable" | "getColumns" => {}
            type_ => {
                let column = made(walk, first, type_, &name, calls, line);
                if how("change").is_some() {
                    let stated = |wanted: &str| how(wanted).is_some();
                    steps.push(Step {
                        type_: column.type_,
                        nullable: column.nullable.filter(|_| stated("nullable")),
                        default: column.default,
                        states: States::Named,
                        ..step(Op::ChangeType).column(name)
                    });
                } else if !name.is_empty() {
                    columns.push(column);
                }
            }
        }
        // `id()->change()` restates a field like any other
        if how("change").is_some() {
            steps.extend(columns.drain(..).map(|column| Step {
                type_: column.type_,
                states: States::Named,
                ..step(Op::ChangeType).column(column.name)
            }));
        }
        steps.extend(built(described.new.as_mut(), &table, columns, rules));
        walk.found.steps.extend(steps);
    }

    /// Queries, models and raw statements.
    fn rows<'n>(
        &mut self,
        walk: &mut Walk<'n>,
        call: &'n Call<'n>,
        root: Option<&'n str>,
        calls: &[(&'n Call<'n>, u32)],
        line: u32,
    ) -> Flow {
        let on_db = root.is_some_and(|root| root.rsplit('\\').next() == Some("DB"))
            || calls.iter().any(|(call, _)| matches!(call.name, "getConnection" | "connection"));
        if on_db
            && matches!(
                call.name,
                "statement" | "unprepared" | "update" | "insert" | "delete" | "affectingStatement"
            )
            && !calls.iter().any(|(call, _)| call.name == "table")
        {
            if let Some(sql) = call.arg(0) {
                walk.sql(self, sql);
            }
            return Flow::Done;
        }
        let deletes = match call.name {
            "update" | "insert" | "insertGetId" | "insertOrIgnore" | "insertUsing" | "upsert"
            | "updateOrInsert" | "increment" | "decrement" | "save" | "saveQuietly" | "updateQuietly"
            | "create" | "createMany" | "firstOrCreate" | "updateOrCreate" | "forceCreate" | "saveMany"
            | "touch" => false,
            "delete" | "truncate" | "forceDelete" | "destroy" => true,
            _ => return Flow::Inside,
        };
        match call.receiver.as_ref().and_then(|receiver| self.table_in(walk, receiver, 0)) {
            Some(table) => walk.rows(&table, line, call.name, deletes),
            None if matches!(call.name, "save" | "forceDelete" | "updateOrInsert" | "insertGetId") => {
                walk.data("", line, deletes)
            }
            None => return Flow::Inside,
        }
        Flow::Done
    }

    fn table_in<'n>(&self, walk: &Walk<'n>, expr: &'n Expr<'n>, hops: u32) -> Option<String> {
        if hops > 6 {
            return None;
        }
        let (root, calls) = expr.chain();
        if let Some((call, _)) =
            calls.iter().find(|(call, _)| matches!(call.name, "table" | "from") && call.arg(0).is_some())
        {
            let name = call.arg(0).and_then(|name| walk.text(name))?;
            return Some(name.split(" as ").next().unwrap_or(&name).trim().to_owned());
        }
        match root.and_then(Expr::name) {
            Some(name) if name.starts_with(char::is_uppercase) || name.contains('\\') => self.table_of(name),
            Some(name) => {
                // `$user->posts()->update()` writes the rows of another table.
                if let Some((relation, _)) = calls.first().filter(|(call, _)| {
                    call.name.ends_with('s')
                        && call.args.is_empty()
                        && !matches!(call.name, "wheres" | "columns")
                }) {
                    return Some(super::names::underscore(relation.name));
                }
                let bound = walk.names.get(name).copied().filter(|bound| bound.name() != Some(name))?;
                self.table_in(walk, bound, hops + 1)
            }
            // `(new User())->newQuery()`
            None => calls
                .first()
                .filter(|(call, _)| call.name.starts_with(char::is_uppercase))
                .and_then(|(call, _)| self.table_of(call.name)),
        }
    }

    /// The table of a model: as its file says, else by its name.
    fn table_of(&self, class: &str) -> Option<String> {
        let last = class.rsplit('\\').next().unwrap_or(class);
        if NO_MODELS.contains(&last) || !last.starts_with(char::is_uppercase) {
            return None;
        }
        let file = format!("/{last}.php");
        let paths = self.tree.paths().iter().filter(|path| path.as_str().ends_with(&file));
        for path in paths.take(4) {
            let Some(Content::Text(text)) = self.tree.read(path) else { continue };
            let named = text
                .find("$table =")
                .and_then(|at| text.get(at + 8..))
                .and_then(|rest| rest.split(['\'', '"']).nth(1))
                .map(str::to_owned);
            if let Some(name) = named.filter(|name| !name.is_empty() && name.len() < 64) {
                return Some(name);
            }
        }
        Some(table_of_class(last))
    }
}

fn made<'n>(
    walk: &Walk<'n>,
    first: &'n Call<'n>,
    type_: &str,
    name: &str,
    calls: &[(&'n Call<'n>, u32)],
    line: u32,
) -> Column {
    let sizes: Vec<&str> = first
        .args
        .iter()
        .skip(1)
        .map(|arg| walk.resolve(arg).text)
        .filter(|text| text.chars().all(|char| char.is_ascii_digit()) && !text.is_empty())
        .collect();
    let type_ = match type_ {
        // `addColumn('type', 'name')`
        "addColumn" => name.to_owned(),
        other => other.to_owned(),
    };
    let second = first.arg(1).filter(|_| first.name == "addColumn").and_then(|name| walk.text(name));
    let name = second.as_deref().unwrap_or(name);
    let how =
        |wanted: &str| calls.iter().skip(1).find(|(call, _)| call.name == wanted).map(|(call, _)| *call);
    Column {
        name: name.to_owned(),
        type_: Some(if sizes.is_empty() { type_ } else { format!("{type_}({})", sizes.join(", ")) }),
        nullable: Some(how("nullable").is_some_and(|call| call.arg(0).and_then(Expr::truth) != Some(false))),
        default: how("default")
            .and_then(|call| call.arg(0))
            .filter(|value| !value.is_nothing())
            .map(|value| value.literal().unwrap_or(value.text).to_owned())
            .or_else(|| how("useCurrent").map(|_| "CURRENT_TIMESTAMP".to_owned())),
        line,
    }
}

#[cfg(test)]
mod tests {
    use crate::formats::schema::said::said;

    #[test]
    fn steps_are_read() {
        let cases: &[(&str, &[&str])] = &[
            (
                "public function up() { $clean = function (string $table) { DB::table($table)->where('b', 0)->delete(); }; $clean('a'); $drop = fn (Blueprint $table) => $table->dropColumn('b'); Schema::table('a', $drop); Schema::table('c', $drop); }\npublic function down() {}",
                &["data_backfill! a deleted (none)", "drop_column! a.b (none)", "drop_column! c.b (none)"],
            ),
            (
                "public function up(): void { Schema::create('a', function (Blueprint $table) { $table->id(); $table->string('b', 20)->nullable(); $table->unique('b'); }); }\npublic function down(): void { Schema::dropIfExists('a'); }",
                &["add_table a (restores)"],
            ),
            (
                "public function up() { Schema::table('a', function (Blueprint $table) { $table->integer('b')->default(1); $table->dropColumn(['c', 'd']); $table->renameColumn('e', 'f'); $table->dropForeign(['g']); }); }\npublic function down() { Schema::table('a', function (Blueprint $table) { $table->dropColumn('b'); $table->string('c'); }); }",
                &[
                    "add_column a.b (restores)",
                    "drop_column! a.c (structure)",
                    "drop_column! a.d (none)",
                    "rename_column a.e -> f (none)",
                    "drop_constraint a.g (none)",
                ],
            ),
            (
                "public function up() { Schema::drop('a'); Schema::rename('b', 'c'); DB::statement('UPDATE d SET e = 1'); }",
                &["drop_table! a (none)", "rename_table b -> c (none)", "data_backfill d.e rewritten (none)"],
            ),
            (
                "public function up() { DB::table('a')->where('b', 1)->delete(); User::query()->update(['c' => 1]); User::chunk(9, function ($users) { foreach ($users as $user) { $user->save(); } }); }",
                &["data_backfill! a deleted (none)", "data_backfill users rewritten (none)"],
            ),
            (
                "public function up() { foreach (['a', 'b'] as $name) { Schema::dropIfExists($name); } }",
                &["drop_table! a (none)", "drop_table! b (none)"],
            ),
            ("public function up() { }\npublic function down() { Schema::drop('a'); }", &[]),
        ];
        for (body, expected) in cases {
            let text = format!(
                "<?php\nuse Illuminate\\Database\\Schema\\Blueprint;\nreturn new class extends Migration {{\n{body}\n}};\n",
                body = body
            );
            assert_eq!(
                &said("laravel", "database/migrations/2026_01_01_000000_a.php", &text),
                expected,
                "{body}"
            );
        }
    }
}
