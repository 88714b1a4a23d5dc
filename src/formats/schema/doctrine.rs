//! Doctrine: SQL given to `addSql`, and tables as objects.

use super::undo::{self, Back};
use super::{Column, Migration, MigrationReader, Rule, States, Step, Table};
use crate::change::{RepoPath, Snapshot};
use crate::finding::SchemaOp as Op;
use crate::formats::Unreadable;
use crate::formats::schema::walk::{Flow, Style, Walk};
use crate::formats::syntax::{self, Call, Expr, Language};

/// Doctrine migrations.
pub struct Doctrine;

/// What a column as an object is told.
const SETTERS: &[&str] = &["setLength", "setType", "setNotnull", "setDefault"];

impl MigrationReader for Doctrine {
    fn style(&self) -> &'static str {
        "doctrine"
    }

    fn reads(&self, path: &RepoPath, text: &str) -> bool {
        path.extension() == "php"
            && text.contains("Migration")
            && text.contains("function up")
            && (text.contains("addSql(") || text.contains("Doctrine\\"))
    }

    fn read(
        &self,
        _path: &RepoPath,
        text: &str,
        _down: Option<&str>,
        _tree: &dyn Snapshot,
    ) -> Result<Migration, Unreadable> {
        let file = syntax::parse(Language::Php, text)?;
        let run = |names: &[&str]| {
            let mut walked = Walk::new(&file);
            for func in names.iter().filter_map(|name| walked.funcs.get(name).copied()).collect::<Vec<_>>() {
                walked.run(&mut Reader, func, &[]);
            }
            walked
        };
        let mut migration = run(&["preUp", "up", "postUp"]).finish();
        let down = run(&["preDown", "down", "postDown"]);
        undo::settle(
            &mut migration.steps,
            &Back::Steps { steps: &down.found.steps, unclear: down.unknown.is_some() && !down.raised },
        );
        Ok(migration)
    }
}

struct Reader;

impl<'n> Style<'n> for Reader {
    fn call(&mut self, walk: &mut Walk<'n>, expr: &'n Expr<'n>, call: &'n Call<'n>) -> Flow {
        let line = expr.line;
        // setters stand one behind the other
        if let Some(before) = call.receiver.as_ref().filter(|_| SETTERS.contains(&call.name))
            && before.call().is_some_and(|setter| SETTERS.contains(&setter.name))
        {
            walk.one(self, before);
        }
        let text = |at: usize| call.arg(at).and_then(|arg| walk.text(arg));
        let name = || text(0).unwrap_or_default();
        match call.name {
            "addSql" | "executeStatement" | "executeQuery" | "executeUpdate" | "exec" => {
                if let Some(sql) = call.arg(0) {
                    walk.sql(self, sql);
                }
                return Flow::Done;
            }
            "update" | "insert" | "delete"
                if call
                    .receiver
                    .as_ref()
                    .and_then(Expr::last_name)
                    .is_some_and(|name| name.to_lowercase().contains("conn")) =>
            {
                let table = name();
                walk.rows(&table, line, call.name, call.name == "delete");
                return Flow::Done;
            }
            "createTable" => {
                let name = name();
                let shape = Some(Table { name: name.clone(), line, ..Table::default() });
                walk.push(Step { shape, ..Step::new(Op::AddTable, name, line) });
                return Flow::Done;
            }
            "dropTable" => {
                let table = name();
                walk.push(Step::new(Op::DropTable, table, line));
                return Flow::Done;
            }
            "renameTable" => {
                let (table, to) = (name(), text(1));
                walk.push(Step { to, ..Step::new(Op::RenameTable, table, line) });
                return Flow::Done;
            }
            "getTable"
            | "hasTable"
            | "abortIf"
            | "skipIf"
            | "warnIf"
            | "getDatabasePlatform"
            | "getName"
            | "write" => return Flow::Done,
            _ => {}
        }
        // `$schema->getTable('x')->addColumn(…)`, also through a variable.
        let Some(receiver) = &call.receiver else { return Flow::Inside };
        let (root, calls) = receiver.chain();
        let bound = root.map(|root| walk.resolve(root).chain().1).unwrap_or_default();
        let Some((made, _)) =
            bound.into_iter().chain(calls).find(|(call, _)| matches!(call.name, "createTable" | "getTable"))
        else {
            return Flow::Inside;
        };
        let table = made.arg(0).and_then(|name| walk.text(name)).unwrap_or_default();
        let step = |op: Op| Step::new(op, &table, line);
        let listed = || walk.joined(call.arg(0));
        let new = match call.name {
            "addColumn" => {
                let option = |key: &str| call.option(key).map(|value| walk.resolve(value));
                let type_ = call.arg(1).map(|type_| {
                    walk.text(type_).unwrap_or_else(|| type_.last_name().unwrap_or(type_.text).to_owned())
                });
                let length = option("length").map(|length| format!("({})", length.text)).unwrap_or_default();
                Step {
                    type_: type_.map(|type_| format!("{type_}{length}")),
                    nullable: Some(option("notnull").and_then(Expr::truth) == Some(false)),
                    default: option("default")
                        .filter(|value| !value.is_nothing())
                        .map(|value| value.literal().unwrap_or(value.text).to_owned()),
                    ..step(Op::AddColumn).column(name())
                }
            }
            "dropColumn" => step(Op::DropColumn).column(name()),
            "renameColumn" => Step { to: text(1), ..step(Op::RenameColumn).column(name()) },
            "modifyColumn" | "changeColumn" => {
                let option = |key: &str| call.option(key).map(|value| walk.resolve(value));
                // `['type' => Type::getType('text')]`
                let type_ = option("type").and_then(|made| made.call()?.arg(0));
                Step {
                    type_: type_.and_then(|type_| walk.text(type_).or(type_.last_name().map(str::to_owned))),
                    nullable: option("notnull").and_then(Expr::truth).map(|required| !required),
                    states: States::Named,
                    ..step(Op::ChangeType).column(name())
                }
            }
            "addIndex" => Step { column: listed(), ..step(Op::AddIndex) }.detail("what", "index"),
            "addUniqueIndex" => {
                Step { column: listed(), ..step(Op::AddIndex) }.detail("what", "unique_index")
            }
            "addUniqueConstraint" => {
                Step { column: listed(), ..step(Op::AddConstraint) }.detail("what", "unique")
            }
            "setPrimaryKey" => {
                Step { column: listed(), ..step(Op::AddConstraint) }.detail("what", "primary_key")
            }
            "addForeignKeyConstraint" => {
                let link = Step { column: walk.joined(call.arg(1)), ..step(Op::AddConstraint) }
                    .detail("what", "foreign_key");
                let rule = call.arg(3).and_then(|options| walk.resolve(options).get("onDelete"));
                let link = match rule.and_then(|rule| walk.text(rule)) {
                    Some(rule) => link.detail("on_delete", rule.to_lowercase()),
                    None => link,
                };
                // a table by its name, or as an object
                let named = call.arg(0).and_then(|table| walk.text(table));
                match named.filter(|name| !name.is_empty()) {
                    Some(name) => link.detail("references", name),
                    None => link,
                }
            }
            name if SETTERS.contains(&name) => {
                // `$schema->getTable('x')->getColumn('y')->setLength(35)`
                let (_, calls) = receiver.chain();
                let column =
                    calls.iter().find(|(call, _)| call.name == "getColumn").and_then(|(call, _)| call.arg(0));
                let Some(column) = column.and_then(|column| walk.text(column)) else { return Flow::Inside };
                let given = call.arg(0).map(|value| walk.resolve(value));
                match call.name {
                    "setNotnull" => Step {
                        nullable: given.and_then(Expr::truth).map(|required| !required),
                        ..step(Op::ChangeNullability).column(column)
                    },
                    "setDefault" => Step {
                        default: given
                            .filter(|value| !value.is_nothing())
                            .map(|value| value.literal().unwrap_or(value.text).to_owned()),
                        ..step(Op::ChangeDefault).column(column)
                    },
                    _ => step(Op::ChangeType).column(column),
                }
            }
            "dropIndex" => step(Op::DropIndex).detail("name", name()),
            "removeForeignKey" => {
                step(Op::DropConstraint).detail("what", "foreign_key").detail("name", name())
            }
            _ => return Flow::Inside,
        };
        // What is made together with a new table is part of it.
        let shape = walk
            .found
            .steps
            .iter_mut()
            .find(|step| step.op == Op::AddTable && step.table == table)
            .and_then(|step| step.shape.as_mut());
        let rule = |new: &Step| Rule {
            name: String::new(),
            columns: new.column.clone(),
            what: new.details.get("what").cloned().unwrap_or_default(),
            line,
            ..Rule::default()
        };
        match (shape, new.op) {
            (Some(shape), Op::AddColumn) => {
                shape.columns.push(Column {
                    name: new.column.unwrap_or_default(),
                    type_: new.type_,
                    nullable: new.nullable,
                    default: new.default,
                    line,
                });
            }
            (Some(shape), Op::AddIndex) => shape.indexes.push(rule(&new)),
            (Some(shape), Op::AddConstraint) => shape.constraints.push(rule(&new)),
            _ => walk.push(new),
        }
        // A chain such as `->setNotnull(true)` after it says how.
        Flow::Done
    }
}

#[cfg(test)]
mod tests {
    use crate::formats::schema::said::said;

    #[test]
    fn steps_are_read() {
        let cases: &[(&str, &[&str])] = &[
            (
                "public function up(Schema $schema): void { $this->addSql('ALTER TABLE a ADD b INT DEFAULT NULL'); }\npublic function down(Schema $schema): void { $this->addSql('ALTER TABLE a DROP b'); }",
                &["add_column a.b (restores)"],
            ),
            (
                "public function up(Schema $schema): void { $table = $schema->createTable('a'); $table->addColumn('id', 'integer'); $schema->getTable('b')->dropColumn('c'); }\npublic function down(Schema $schema): void { $schema->dropTable('a'); }",
                &["add_table a (restores)", "drop_column! b.c (none)"],
            ),
            (
                "public function up(Schema $schema): void { $schema->getTable('a')->getColumn('b')->setLength(35)->setNotnull(false); }",
                &["change_type a.b (none)", "change_nullability a.b (none)"],
            ),
            (
                "public function up(Schema $schema): void { $this->abortIf(true, 'x'); $this->connection->update('a', ['b' => 1]); }",
                &["data_backfill a rewritten (none)"],
            ),
        ];
        for (body, expected) in cases {
            let text = format!(
                "<?php\nuse Doctrine\\Migrations\\AbstractMigration;\nfinal class Version1 extends AbstractMigration {{\n{body}\n}}\n",
                body = body
            );
            assert_eq!(&said("doctrine", "migrations/Version20260101000000.php", &text), expected, "{body}");
        }
    }
}
