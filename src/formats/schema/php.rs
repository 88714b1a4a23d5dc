//! Other migrations of PHP: Yii, CodeIgniter, and classes with a way forth that run SQL or code of their own.

use super::undo::{self, Back};
use super::{Column, Migration, MigrationReader, States, Step, Table};
use crate::change::{RepoPath, Snapshot};
use crate::finding::SchemaOp as Op;
use crate::formats::Unreadable;
use crate::formats::schema::walk::{Flow, Style, Walk};
use crate::formats::syntax::{self, Call, Expr, Kind, Language};

/// Yii, CodeIgniter, and what is like them.
pub struct Php;

impl MigrationReader for Php {
    fn style(&self) -> &'static str {
        "php"
    }

    fn reads(&self, path: &RepoPath, text: &str) -> bool {
        path.extension() == "php"
            && path.folders().any(|folder| folder.to_ascii_lowercase().contains("migration"))
            && path.file_name().bytes().any(|byte| byte.is_ascii_digit())
            && text.contains("class")
            && ["function up(", "function safeUp("].iter().any(|way| text.contains(way))
    }

    fn read(
        &self,
        _path: &RepoPath,
        text: &str,
        _down: Option<&str>,
        _tree: &dyn Snapshot,
    ) -> Result<Migration, Unreadable> {
        let file = syntax::parse(Language::Php, text)?;
        let run = |names: [&str; 2]| {
            let mut walked = Walk::new(&file);
            let mut reader = Reader::default();
            for func in names.iter().filter_map(|name| walked.funcs.get(name).copied()).collect::<Vec<_>>() {
                walked.run(&mut reader, func, &[]);
            }
            walked
        };
        let mut migration = run(["up", "safeUp"]).finish();
        let down = run(["down", "safeDown"]);
        undo::settle(
            &mut migration.steps,
            &Back::Steps { steps: &down.found.steps, unclear: down.unknown.is_some() && !down.raised },
        );
        Ok(migration)
    }
}

#[derive(Default)]
struct Reader {
    /// CodeIgniter names the fields first, the table that gets them last.
    fields: Vec<Column>,
}

impl<'n> Style<'n> for Reader {
    fn call(&mut self, walk: &mut Walk<'n>, expr: &'n Expr<'n>, call: &'n Call<'n>) -> Flow {
        let line = expr.line;
        let text = |at: usize| call.arg(at).and_then(|arg| walk.text(arg)).unwrap_or_default();
        // `{{%user}}`: the prefix of the installation
        let name = |at: usize| {
            let written = text(at);
            let bare = written.trim_start_matches("{{").trim_end_matches("}}");
            bare.trim_start_matches('%').to_owned()
        };
        let step = |op: Op, table: String| Step::new(op, table, line);
        let on_forge = call
            .receiver
            .as_ref()
            .and_then(Expr::last_name)
            .is_some_and(|receiver| matches!(receiver, "forge" | "dbforge"));
        let new = match call.name {
            "addField" | "add_field" if on_forge => {
                let fields = call.arg(0).map(|fields| walk.resolve(fields).entries()).unwrap_or_default();
                self.fields.extend(fields.iter().filter_map(|(key, field)| forged(walk, key, field)));
                return Flow::Done;
            }
            "addKey" | "add_key" | "addPrimaryKey" | "addUniqueKey" | "addForeignKey" if on_forge => {
                return Flow::Done;
            }
            "createTable" | "create_table" => {
                let columns = match call.arg(1).map(|fields| walk.resolve(fields).entries()) {
                    Some(fields) if !on_forge => {
                        fields.iter().filter_map(|(key, field)| built(walk, key.key()?, field)).collect()
                    }
                    _ => std::mem::take(&mut self.fields),
                };
                let shape = Table { name: name(0), line, columns, ..Table::default() };
                Step { shape: Some(shape), ..step(Op::AddTable, name(0)) }
            }
            "addColumn" | "add_column" | "alterColumn" | "modifyColumn" | "modify_column" => {
                let op = if call.name.starts_with("add") { Op::AddColumn } else { Op::ChangeType };
                let table = name(0);
                let fields: Vec<Column> = match on_forge {
                    true => {
                        let fields =
                            call.arg(1).map(|fields| walk.resolve(fields).entries()).unwrap_or_default();
                        fields.iter().filter_map(|(key, field)| forged(walk, key, field)).collect()
                    }
                    false => call.arg(2).and_then(|type_| built(walk, &text(1), type_)).into_iter().collect(),
                };
                for field in fields {
                    walk.push(Step {
                        type_: field.type_,
                        nullable: field.nullable,
                        default: field.default,
                        states: if op == Op::ChangeType { States::Whole } else { States::Type },
                        ..Step::new(op, &table, line).column(field.name)
                    });
                }
                return Flow::Done;
            }
            "dropColumn" | "drop_column" => {
                let names = call.arg(1).map(|names| walk.texts(names)).unwrap_or_default();
                let table = name(0);
                names
                    .into_iter()
                    .for_each(|field| walk.push(Step::new(Op::DropColumn, &table, line).column(field)));
                return Flow::Done;
            }
            "renameColumn" => Step { to: Some(text(2)), ..step(Op::RenameColumn, name(0)).column(text(1)) },
            "renameTable" | "rename_table" => Step { to: Some(name(1)), ..step(Op::RenameTable, name(0)) },
            "dropTable" | "drop_table" => step(Op::DropTable, name(0)),
            "createIndex" => {
                let unique = call.arg(3).and_then(Expr::truth) == Some(true);
                let what = if unique { "unique_index" } else { "index" };
                Step { column: walk.joined(call.arg(2)), ..step(Op::AddIndex, name(1)) }
                    .detail("what", what)
                    .detail("name", text(0))
            }
            "dropIndex" => step(Op::DropIndex, name(1)).detail("name", text(0)),
            "addForeignKey" | "addPrimaryKey" => {
                let is_link = call.name == "addForeignKey";
                let rule = Step { column: walk.joined(call.arg(2)), ..step(Op::AddConstraint, name(1)) }
                    .detail("what", if is_link { "foreign_key" } else { "primary_key" })
                    .detail("name", text(0));
                match is_link {
                    true => rule.detail("references", name(3)).detail("on_delete", text(5).to_lowercase()),
                    false => rule,
                }
            }
            "dropForeignKey" | "dropPrimaryKey" => {
                let what = if call.name == "dropForeignKey" { "foreign_key" } else { "primary_key" };
                step(Op::DropConstraint, name(1)).detail("what", what).detail("name", text(0))
            }
            "truncateTable" => {
                let table = name(0);
                walk.data(&table, line, true);
                return Flow::Done;
            }
            "insert" | "batchInsert" | "upsert" if call.args.len() > 1 => {
                let table = name(0);
                walk.rows(&table, line, if call.name == "upsert" { "update" } else { "insert" }, false);
                return Flow::Done;
            }
            "update" | "delete" if call.is_own() && !call.args.is_empty() => {
                let deletes = call.name == "delete";
                let rows = step(Op::DataBackfill, name(0))
                    .detail("what", if deletes { "deleted" } else { "rewritten" });
                let is_whole = call.arg(if deletes { 1 } else { 2 }).is_none();
                let rows = if is_whole { rows } else { rows.detail("condition", "") };
                Step { destructive: deletes, ..rows }
            }
            "execute" | "query" | "exec" | "createCommand" | "executeStatement" => {
                // the SQL is the first text: some connections want a kind of question before it
                let sql = call.args.iter().find(|arg| matches!(walk.resolve(arg).kind, Kind::Str(_)));
                if let Some(sql) = sql {
                    walk.sql(self, sql);
                    return Flow::Done;
                }
                return Flow::Inside;
            }
            "addCommentOnColumn" | "addCommentOnTable" | "getTableSchema" | "tableExists" | "fieldExists" => {
                return Flow::Done;
            }
            _ => return Flow::Inside,
        };
        walk.push(new);
        Flow::Done
    }
}

/// `'name' => ['type' => 'VARCHAR', 'constraint' => 40, 'null' => true]`
fn forged<'n>(walk: &Walk<'n>, key: &'n Expr<'n>, field: &'n Expr<'n>) -> Option<Column> {
    let field = walk.resolve(field);
    let option = |key: &str| field.get(key).map(|value| walk.resolve(value));
    let type_ = option("type").and_then(|type_| walk.text(type_))?;
    let size = option("constraint").map(|size| format!("({})", size.literal().unwrap_or(size.text)));
    Some(Column {
        name: key.key()?.to_owned(),
        type_: Some(type_ + &size.unwrap_or_default()),
        nullable: Some(option("null").and_then(Expr::truth) == Some(true)),
        default: option("default")
            .filter(|value| !value.is_nothing())
            .map(|value| value.literal().unwrap_or(value.text).to_owned()),
        line: key.line,
    })
}

/// `$this->string(40)->notNull()->defaultValue('x')`, or the same in SQL.
fn built<'n>(walk: &Walk<'n>, name: &str, type_: &'n Expr<'n>) -> Option<Column> {
    let type_ = walk.resolve(type_);
    let (_, calls) = type_.chain();
    let column = Column { name: name.to_owned(), line: type_.line, ..Column::default() };
    let Some((first, _)) = calls.first().filter(|_| matches!(type_.kind, Kind::Call(_))) else {
        // `'varchar(255) NOT NULL DEFAULT 1'`
        let written = walk.text(type_)?;
        let read = super::sql::steps(&format!("ALTER TABLE t ADD {name} {written}"), type_.line, None);
        let step = read.steps.into_iter().find(|step| step.op == Op::AddColumn)?;
        return Some(Column { type_: step.type_, nullable: step.nullable, default: step.default, ..column });
    };
    let find = |wanted: &str| calls.iter().find(|(call, _)| call.name == wanted).map(|(call, _)| *call);
    let start = find("defaultValue").or_else(|| find("defaultExpression")).and_then(|call| call.arg(0));
    let size = first.arg(0).map(|size| format!("({})", size.text)).unwrap_or_default();
    let is_key = first.name.ends_with("rimaryKey");
    Some(Column {
        type_: Some(format!("{}{size}", first.name)),
        nullable: Some(find("notNull").is_none() && !is_key),
        default: start
            .filter(|value| !value.is_nothing())
            .map(|value| value.literal().unwrap_or(value.text).to_owned()),
        ..column
    })
}

#[cfg(test)]
mod tests {
    use crate::formats::schema::said::said;

    #[test]
    fn steps_are_read() {
        let cases: &[(&str, &[&str])] = &[
            (
                "public function safeUp() { $this->createTable('{{%a}}', ['id' => $this->primaryKey(), 'b' => 'varchar(20) NOT NULL']); $this->addColumn('{{%c}}', 'd', $this->string(20)->notNull()->defaultValue('x')); $this->dropColumn('e', 'f'); }\npublic function safeDown() { $this->dropTable('{{%a}}'); $this->dropColumn('{{%c}}', 'd'); }",
                &["add_table a (restores)", "add_column c.d (restores)", "drop_column! e.f (none)"],
            ),
            (
                "public function up() { $this->forge->addField(['id' => ['type' => 'INT', 'constraint' => 5]]); $this->forge->createTable('a'); $this->forge->addColumn('b', ['c' => ['type' => 'TEXT', 'null' => true]]); $this->forge->dropColumn('b', ['d', 'e']); }\npublic function down() { $this->forge->dropTable('a'); }",
                &[
                    "add_table a (restores)",
                    "add_column b.c (none)",
                    "drop_column! b.d (none)",
                    "drop_column! b.e (none)",
                ],
            ),
            (
                "public function up(Database $db) { $db->query(NULL, 'ALTER TABLE `a` ADD `b` INT'); }\npublic function down(Database $db) { $db->query(NULL, 'ALTER TABLE `a` DROP `b`'); }",
                &["add_column a.b (restores)"],
            ),
            (
                "public function up() { $this->update('a', ['b' => 1], ['c' => 2]); $this->delete('d'); $this->renameColumn('a', 'b', 'e'); }\npublic function down() { }",
                &[
                    "data_backfill a rewritten (none)",
                    "data_backfill! d deleted (none)",
                    "rename_column a.b -> e (none)",
                ],
            ),
            ("public function up() { $this->importer->run($x); }", &["other  own_code (none)"]),
        ];
        for (body, expected) in cases {
            let text = format!("<?php\nclass m260101_000000_a extends Migration\n{{\n{body}\n}}\n");
            assert_eq!(&said("php", "migrations/m260101_000000_a.php", &text), expected, "{body}");
        }
    }
}
