//! Phinx, and CakePHP which builds on it: tables as chains of calls, done once they are created or saved.

use super::undo::{self, Back};
use super::{Column, Migration, MigrationReader, Rule, States, Step, Table};
use crate::change::{RepoPath, Snapshot};
use crate::finding::SchemaOp as Op;
use crate::formats::Unreadable;
use crate::formats::schema::walk::{Flow, Style, Walk};
use crate::formats::syntax::{self, Call, Expr, Language};

/// Phinx migrations.
pub struct Phinx;

impl MigrationReader for Phinx {
    fn style(&self) -> &'static str {
        "phinx"
    }

    fn reads(&self, path: &RepoPath, text: &str) -> bool {
        path.extension() == "php"
            && (text.contains("extends AbstractMigration")
                || text.contains("extends BaseMigration")
                || text.contains("$this->table("))
            && text.contains("Migration")
            && !text.contains("addSql(")
            && !text.contains("Doctrine\\")
    }

    fn read(
        &self,
        _path: &RepoPath,
        text: &str,
        _down: Option<&str>,
        _tree: &dyn Snapshot,
    ) -> Result<Migration, Unreadable> {
        let file = syntax::parse(Language::Php, text)?;
        let funcs = Walk::new(&file).funcs;
        let run = |name: &str| {
            let mut reader = Reader { pending: Vec::new() };
            let mut walked = Walk::new(&file);
            if let Some(func) = walked.funcs.get(name).copied() {
                walked.run(&mut reader, func, &[]);
            }
            walked
        };
        if funcs.contains_key("change") {
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

struct Reader {
    /// Steps on tables that are not saved yet.
    pending: Vec<Step>,
}

impl<'n> Style<'n> for Reader {
    fn call(&mut self, walk: &mut Walk<'n>, expr: &'n Expr<'n>, call: &'n Call<'n>) -> Flow {
        let (root, calls) = expr.chain();
        let start = root.map(|root| walk.resolve(root));
        let bound = start.map(|start| start.chain().1).unwrap_or_default();
        let object =
            bound.iter().chain(&calls).find(|(call, _)| call.name == "table" && call.arg(0).is_some());
        let Some(table) = object.and_then(|(call, _)| call.arg(0)).and_then(|name| walk.text(name)) else {
            return self.other(walk, call, expr.line);
        };
        for (call, line) in calls {
            self.on_table(walk, &table, call, line);
        }
        Flow::Done
    }
}

impl Reader {
    fn on_table<'n>(&mut self, walk: &mut Walk<'n>, table: &str, call: &'n Call<'n>, line: u32) {
        let text = |at: usize| call.arg(at).and_then(|arg| walk.text(arg));
        let step = |op: Op| Step::new(op, table, line);
        let name = || text(0).unwrap_or_default();
        match call.name {
            "addColumn" | "changeColumn" => {
                let column = column(walk, call, line);
                let op = if call.name == "addColumn" { Op::AddColumn } else { Op::ChangeType };
                self.pending.push(Step {
                    type_: column.type_,
                    nullable: column
                        .nullable
                        .filter(|_| op == Op::AddColumn || call.option("null").is_some()),
                    default: column.default,
                    states: if op == Op::ChangeType { States::Named } else { States::Type },
                    ..step(op).column(column.name)
                });
            }
            "addTimestamps" | "addTimestampsWithTimezone" => {
                let names = [
                    text(0).unwrap_or_else(|| "created_at".to_owned()),
                    text(1).unwrap_or_else(|| "updated_at".to_owned()),
                ];
                self.pending.extend(names.map(|name| Step {
                    type_: Some("timestamp".to_owned()),
                    ..step(Op::AddColumn).column(name)
                }));
            }
            "removeColumn" => self.pending.push(step(Op::DropColumn).column(name())),
            "renameColumn" => {
                self.pending.push(Step { to: text(1), ..step(Op::RenameColumn).column(name()) })
            }
            "addIndex" => {
                let unique = call.option("unique").and_then(Expr::truth) == Some(true);
                self.pending.push(
                    Step { column: walk.joined(call.arg(0)), ..step(Op::AddIndex) }
                        .detail("what", if unique { "unique_index" } else { "index" }),
                );
            }
            "removeIndex" => {
                self.pending.push(Step { column: walk.joined(call.arg(0)), ..step(Op::DropIndex) })
            }
            "removeIndexByName" => self.pending.push(step(Op::DropIndex).detail("name", name())),
            "addForeignKey" | "addForeignKeyWithName" => {
                let at = usize::from(call.name == "addForeignKeyWithName");
                let mut new = Step { column: walk.joined(call.arg(at)), ..step(Op::AddConstraint) }
                    .detail("what", "foreign_key");
                if let Some(references) = text(at + 1) {
                    new = new.detail("references", references);
                }
                let options = call.arg(at + 3).map(|options| walk.resolve(options));
                let rule = options.and_then(|options| options.get("delete")).and_then(|rule| walk.text(rule));
                if let Some(rule) = rule {
                    new = new.detail("on_delete", rule.to_lowercase().replace('_', " "));
                }
                self.pending.push(new);
            }
            "dropForeignKey" => self.pending.push(
                Step { column: walk.joined(call.arg(0)), ..step(Op::DropConstraint) }
                    .detail("what", "foreign_key"),
            ),
            "changePrimaryKey" => self.pending.push(
                Step { column: walk.joined(call.arg(0)), ..step(Op::AddConstraint) }
                    .detail("what", "primary_key"),
            ),
            "rename" | "renameTable" => self.pending.push(Step { to: text(0), ..step(Op::RenameTable) }),
            "drop" => walk.push(step(Op::DropTable)),
            "insert" | "saveData" => walk.rows(table, line, "insert", false),
            "truncate" => walk.data(table, line, true),
            "create" => {
                let (own, rest): (Vec<_>, Vec<_>) =
                    self.pending.drain(..).partition(|step| step.table == table);
                self.pending = rest;
                let mut shape = Table { name: table.to_owned(), line, ..Table::default() };
                for step in own {
                    let rule = Rule {
                        name: String::new(),
                        columns: step.column.clone(),
                        what: step.details.get("what").cloned().unwrap_or_default(),
                        line: step.line,
                        ..Rule::default()
                    };
                    match step.op {
                        Op::AddColumn => shape.columns.push(Column {
                            name: step.column.unwrap_or_default(),
                            type_: step.type_,
                            nullable: step.nullable,
                            default: step.default,
                            line: step.line,
                        }),
                        Op::AddIndex => shape.indexes.push(rule),
                        Op::AddConstraint => shape.constraints.push(rule),
                        _ => {}
                    }
                }
                walk.push(Step { shape: Some(shape), ..step(Op::AddTable) });
            }
            "update" | "save" => {
                let (own, rest): (Vec<_>, Vec<_>) =
                    self.pending.drain(..).partition(|step| step.table == table);
                self.pending = rest;
                walk.found.steps.extend(own);
            }
            _ => {}
        }
    }

    fn other<'n>(&mut self, walk: &mut Walk<'n>, call: &'n Call<'n>, line: u32) -> Flow {
        let text = |at: usize| call.arg(at).and_then(|arg| walk.text(arg)).unwrap_or_default();
        match call.name {
            "execute" | "query" if call.receiver.is_some() => {
                if let Some(sql) = call.arg(0) {
                    walk.sql(self, sql);
                }
            }
            "dropTable" => walk.push(Step::new(Op::DropTable, text(0), line)),
            "insert" if call.is_own() => walk.rows(&text(0), line, call.name, false),
            "into" | "update" | "delete" | "from" if call.receiver.is_some() && call.args.len() == 1 => {
                let table = text(0);
                if !table.is_empty() && call.name != "from" {
                    walk.data(&table, line, call.name == "delete");
                }
            }
            "hasTable" | "fetchAll" | "fetchRow" | "isMigratingUp" => {}
            _ => return Flow::Inside,
        }
        Flow::Done
    }
}

fn column<'n>(walk: &Walk<'n>, call: &'n Call<'n>, line: u32) -> Column {
    let option =
        |key: &str| call.option(key).map(|value| walk.resolve(value)).filter(|value| !value.is_nothing());
    let type_ = call
        .arg(1)
        .map(|type_| walk.text(type_).unwrap_or_else(|| type_.last_name().unwrap_or(type_.text).to_owned()));
    let size = option("limit").or(option("length")).map(|limit| limit.text);
    let both = || Some(format!("{}, {}", option("precision")?.text, option("scale")?.text));
    let type_ = type_.map(|type_| match (size, both()) {
        (Some(size), _) => sized(&type_, size),
        (None, Some(both)) => format!("{type_}({both})"),
        (None, None) => type_,
    });
    Column {
        name: call.arg(0).and_then(|name| walk.text(name)).unwrap_or_default(),
        type_,
        // whether a field that does not say so may be empty depends on the version, and on a switch of the product
        nullable: call.option("null").map(|value| walk.resolve(value)).and_then(Expr::truth),
        default: option("default").map(|value| value.literal().unwrap_or(value.text).to_owned()),
        line,
    }
}

/// `MysqlAdapter::TEXT_MEDIUM` is a kind of text, and no number of letters.
fn sized(type_: &str, size: &str) -> String {
    let name = size.rsplit("::").next().unwrap_or(size);
    match name.split_once('_') {
        Some((_, "REGULAR")) if size.contains("::") => type_.to_owned(),
        Some((kind, width)) if size.contains("::") => {
            format!("{}{}", width.to_lowercase(), kind.to_lowercase())
        }
        _ => format!("{type_}({size})"),
    }
}

#[cfg(test)]
mod tests {
    use crate::formats::schema::MigrationReader;
    use crate::formats::schema::said::said;

    #[test]
    fn steps_are_read() {
        let cases: &[(&str, &[&str])] = &[
            (
                "public function change(): void { $this->table('a')->addColumn('b', 'string', ['limit' => 20])->addIndex(['b'])->create(); }",
                &["add_table a (restores)"],
            ),
            (
                "public function change() { $table = $this->table('a'); $table->addColumn('b', 'integer'); $table->removeColumn('c')->update(); }",
                &["add_column a.b (restores)", "drop_column! a.c (structure)"],
            ),
            (
                "public function up() { $this->table('a')->drop()->save(); $this->execute('DELETE FROM b'); }\npublic function down() { }",
                &["drop_table! a (none)", "data_backfill! b deleted (none)"],
            ),
        ];
        for (body, expected) in cases {
            let text = format!(
                "<?php\nuse Phinx\\Migration\\AbstractMigration;\nfinal class A extends AbstractMigration {{\n{body}\n}}\n",
                body = body
            );
            assert_eq!(&said("phinx", "db/migrations/20260101000000_a.php", &text), expected, "{body}");
        }
    }

    #[test]
    fn what_a_field_does_not_say_is_not_guessed() {
        let text = "<?php\nuse Phinx\\Migration\\AbstractMigration;\nfinal class A extends AbstractMigration { public function change() {
            $this->table('a')->addColumn('b', 'text', ['limit' => MysqlAdapter::TEXT_MEDIUM])
                ->addColumn('c', 'datetime', ['limit' => null, 'null' => false])
                ->addForeignKey('b', 'd', 'id', ['delete' => 'CASCADE'])->update(); } }";
        let path = crate::change::RepoPath::new("db/migrations/1_a.php");
        let read = super::Phinx.read(&path, text, None, &crate::change::MemorySnapshot::default());
        let steps = read.expect("it can be read").steps;
        let told: Vec<_> = steps.iter().map(|step| (step.type_.as_deref(), step.nullable)).collect();
        assert_eq!(told, [(Some("mediumtext"), None), (Some("datetime"), Some(false)), (None, None)]);
        assert_eq!(
            (steps[2].details["references"].as_str(), steps[2].details["on_delete"].as_str()),
            ("d", "cascade")
        );
    }
}
