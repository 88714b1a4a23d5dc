//! What happens to a table that stands, one action after the other.

use super::super::lex::Statement;
use super::super::parsed::{self, added, with_rule};
use super::super::{Reading, plain};
use super::cursor::{Cursor, split, written};
use super::tables::{column, field, rule, start_value};
use crate::finding::SchemaOp;
use crate::formats::schema::{States, Step};

pub(super) fn alter_table(
    statement: &Statement<'_>,
    mut cursor: Cursor<'_, '_>,
    reading: &mut Reading,
) -> bool {
    cursor.skip(&["IF EXISTS", "ONLY"]);
    let Some(table) = cursor.name() else { return false };
    if cursor.eat("ON CLUSTER") {
        cursor.name();
    }
    cursor.skip(&["WITH CHECK", "WITH NOCHECK"]);
    let actions = split(cursor.rest());
    let mut verb = String::new();
    let first_line = reading.line - statement.line.min(reading.line);
    for action in &actions {
        const VERBS: [&str; 22] = [
            "ADD", "DROP", "ALTER", "MODIFY", "CHANGE", "RENAME", "SET", "ENABLE", "DISABLE", "CONVERT",
            "OWNER", "ATTACH", "DETACH", "VALIDATE", "UPDATE", "DELETE", "REPLACE", "FORCE", "NO", "INHERIT",
            "CLUSTER", "COMMENT",
        ];
        let Some(first) = action.first() else { continue };
        let speaks = VERBS.iter().any(|word| first.is(word));
        if speaks {
            verb = first.raw.to_ascii_uppercase();
            // what follows these words is one question or rule of storage, commas and all
            const WHOLE: [&str; 7] = ["TTL", "ORDER", "SETTING", "QUERY", "COMMENT", "SAMPLE", "REFRESH"];
            if verb == "MODIFY" && action.get(1).is_some_and(|next| WHOLE.iter().any(|word| next.is(word))) {
                verb.clear();
                continue;
            }
        }
        // one action that the parser does not know must not hide the others
        if actions.len() > 1
            && speaks
            && let Some(text) = written(statement, action)
        {
            let alone = format!("ALTER TABLE t {text}");
            if let Some(sqlparser::ast::Statement::AlterTable(mut parsed)) =
                parsed::parse(&alone, reading.dialect)
            {
                parsed.name = sqlparser::ast::ObjectName::from(vec![sqlparser::ast::Ident::new(&table)]);
                let line = reading.line;
                reading.line = first_line + first.line;
                parsed::read(sqlparser::ast::Statement::AlterTable(parsed), reading);
                reading.line = line;
                continue;
            }
        }
        let rest = if speaks { &action[1..] } else { action };
        act(statement, &table, &verb, Cursor::new(rest), reading);
    }
    true
}

/// One action of ALTER TABLE.
fn act(
    statement: &Statement<'_>,
    table: &str,
    verb: &str,
    mut cursor: Cursor<'_, '_>,
    reading: &mut Reading,
) {
    let line = reading.line;
    let step = |op| Step::new(op, table, line);
    match verb {
        "ADD" => {
            // Oracle: ADD (a int, b int)
            let parts = match cursor.clone().bracketed() {
                Some(inside) => split(inside),
                None => vec![cursor.rest()],
            };
            for part in parts {
                if let Some((field, value)) = start_value(statement, part) {
                    let new = step(SchemaOp::ChangeDefault).column(field);
                    reading.push(Step { default: value, ..new });
                    continue;
                }
                let rule = rule(statement, part, 0);
                if let Some(rule) = rule {
                    let op = if rule.what.ends_with("index") {
                        SchemaOp::AddIndex
                    } else {
                        SchemaOp::AddConstraint
                    };
                    if rule.what != "rule" || !rule.name.is_empty() {
                        reading.push(with_rule(step(op), rule));
                    }
                    continue;
                }
                let mut cursor = Cursor::new(part);
                if cursor.eat("PARTITION") || cursor.eat("DEFAULT") {
                    continue;
                }
                cursor.skip(&["COLUMN", "IF NOT EXISTS"]);
                if let Some(mut field) = column(statement, cursor.rest(), 0) {
                    field.line = line;
                    reading.push(added(step(SchemaOp::AddColumn), field));
                }
            }
        }
        "DROP" => {
            let (op, what) = if cursor.eat("CONSTRAINT") {
                (SchemaOp::DropConstraint, "")
            } else if cursor.eat("FOREIGN KEY") {
                (SchemaOp::DropConstraint, "foreign_key")
            } else if cursor.eat("PRIMARY KEY") {
                reading.push(step(SchemaOp::DropConstraint).detail("what", "primary_key"));
                return;
            } else if cursor.eat("CHECK") {
                (SchemaOp::DropConstraint, "check")
            } else if cursor.eat("INDEX") || cursor.eat("KEY") {
                (SchemaOp::DropIndex, "")
            } else if cursor.eat("PARTITION") {
                let new = step(SchemaOp::DataBackfill).detail("what", "deleted");
                return reading.push(Step { destructive: true, ..new });
            } else if ["PROJECTION", "STATISTICS", "PERIOD", "DEFAULT"].iter().any(|word| cursor.eat(word)) {
                return;
            } else {
                cursor.eat("COLUMN");
                (SchemaOp::DropColumn, "")
            };
            cursor.eat("IF EXISTS");
            let names = match cursor.clone().bracketed() {
                Some(inside) => Cursor::new(inside).names(),
                None => cursor.names(),
            };
            for name in names {
                let new = match op {
                    SchemaOp::DropColumn => step(op).column(name),
                    _ => step(op).detail("name", name),
                };
                reading.push(if what.is_empty() { new } else { new.detail("what", what) });
            }
        }
        "ALTER" => {
            if cursor.eat("INDEX") || cursor.eat("CONSTRAINT") {
                return;
            }
            cursor.skip(&["COLUMN", "IF EXISTS"]);
            let Some(name) = cursor.name() else { return };
            let on = |op| step(op).column(&name);
            let has_set = cursor.eat("SET");
            let new = if cursor.eat("NOT NULL") {
                Step { nullable: Some(false), ..on(SchemaOp::ChangeNullability) }
            } else if cursor.eat("DROP NOT NULL") || (has_set && cursor.eat("NULL")) {
                Step { nullable: Some(true), ..on(SchemaOp::ChangeNullability) }
            } else if cursor.eat("DEFAULT") {
                Step { default: written(statement, cursor.rest()), ..on(SchemaOp::ChangeDefault) }
            } else if cursor.eat("DROP DEFAULT") || cursor.eat("DROP IDENTITY") {
                on(SchemaOp::ChangeDefault)
            } else if cursor.eat("TYPE") || cursor.eat("DATA TYPE") {
                let field = field(statement, name.clone(), cursor.rest(), line);
                Step { type_: field.type_, ..on(SchemaOp::ChangeType) }
            } else if cursor.eat("RENAME TO") {
                Step { to: cursor.name(), ..on(SchemaOp::RenameColumn) }
            } else if cursor.clone().eat("ADD") {
                Step { default: Some("generated".to_owned()), ..on(SchemaOp::ChangeDefault) }
            } else if has_set || cursor.clone().eat("DROP") {
                return;
            } else {
                // SQL Server and H2 state the whole field
                restated(statement, name.clone(), &cursor, on(SchemaOp::ChangeType))
            };
            reading.push(new);
        }
        "MODIFY" => {
            let parts = match cursor.clone().bracketed() {
                Some(inside) => split(inside),
                None => vec![cursor.rest()],
            };
            for part in parts {
                let mut cursor = Cursor::new(part);
                cursor.skip(&["COLUMN", "IF EXISTS"]);
                if let Some(name) = cursor.name() {
                    let on = step(SchemaOp::ChangeType).column(&name);
                    reading.push(restated(statement, name, &cursor, on));
                }
            }
        }
        "CHANGE" => {
            cursor.skip(&["COLUMN", "IF EXISTS"]);
            if let (Some(old), Some(new)) = (cursor.name(), cursor.name()) {
                if plain(&old) != plain(&new) {
                    let rename = step(SchemaOp::RenameColumn).column(old);
                    reading.push(Step { to: Some(new.clone()), ..rename });
                }
                let on = step(SchemaOp::ChangeType).column(&new);
                reading.push(restated(statement, new, &cursor, on));
            }
        }
        "RENAME" => {
            if cursor.eat("INDEX") || cursor.eat("KEY") || cursor.eat("CONSTRAINT") {
                return;
            }
            if cursor.eat("TO") || cursor.eat("AS") {
                return reading.push(Step { to: cursor.name(), ..step(SchemaOp::RenameTable) });
            }
            cursor.skip(&["COLUMN", "IF EXISTS"]);
            match (cursor.name(), cursor.eat("TO"), cursor.name()) {
                (Some(old), true, Some(new)) => {
                    let rename = step(SchemaOp::RenameColumn).column(old);
                    reading.push(Step { to: Some(new), ..rename });
                }
                // MySQL leaves the TO out
                (Some(new), false, None) => {
                    reading.push(Step { to: Some(new), ..step(SchemaOp::RenameTable) });
                }
                _ => {}
            }
        }
        "UPDATE" => {
            reading.push(step(SchemaOp::DataBackfill).detail("what", "rewritten").detail("condition", ""))
        }
        "DELETE" => {
            let new = step(SchemaOp::DataBackfill).detail("what", "deleted").detail("condition", "");
            reading.push(Step { destructive: true, ..new });
        }
        "CONVERT" => reading.push(step(SchemaOp::ChangeType).detail("what", "collation")),
        _ => {}
    }
}

fn restated(statement: &Statement<'_>, name: String, cursor: &Cursor<'_, '_>, step: Step) -> Step {
    let says_null = cursor.rest().iter().any(|piece| piece.is("NULL"));
    let field = field(statement, name, cursor.rest(), step.line);
    Step {
        type_: field.type_,
        nullable: if says_null { field.nullable } else { None },
        default: field.default,
        states: States::Whole,
        ..step
    }
}
