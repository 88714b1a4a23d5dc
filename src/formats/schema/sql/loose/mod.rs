//! From the words of a statement to steps: for objects of which only kind and name matter, and for all that the parser
//! gives up on.

mod alter;
mod cursor;
mod objects;
mod rows;
mod tables;

use super::lex::{Kind, Statement};
use super::{Reading, plain};
use crate::finding::SchemaOp;
use crate::formats::schema::Step;
use alter::alter_table;
pub(super) use cursor::name_after;
use cursor::{Cursor, split};
use objects::BEFORE_KIND;
pub(super) use objects::object;
use rows::rows;
use tables::{create_index, create_table};

/// SQL Server's `EXEC sp_rename 'table.column', 'new', 'COLUMN'`.
pub(super) fn sp_rename(statement: &Statement<'_>, reading: &mut Reading) -> bool {
    let is_rename = name_after(statement, 1).is_some_and(|name| plain(&name) == "sp_rename");
    if !is_rename {
        return false;
    }
    let texts: Vec<&str> =
        statement.pieces.iter().filter(|piece| piece.kind == Kind::Text).map(|piece| piece.inner()).collect();
    if let [old, new, rest @ ..] = texts.as_slice() {
        let unquoted = old.replace(['[', ']', '"'], "");
        match rest.first().map(|kind| kind.to_ascii_uppercase()).as_deref() {
            Some("COLUMN") => {
                let (table, column) = unquoted.rsplit_once('.').unwrap_or(("", &unquoted));
                let step = reading.step(SchemaOp::RenameColumn, table).column(column);
                reading.push(Step { to: Some((*new).to_owned()), ..step });
            }
            None | Some("OBJECT") => {
                let step = reading.step(SchemaOp::RenameTable, unquoted);
                reading.push(Step { to: Some((*new).to_owned()), ..step });
            }
            _ => {}
        }
    }
    true
}

/// Tables, indexes and rows, by words alone. `false`: nothing is understood.
pub(super) fn read(statement: &Statement<'_>, reading: &mut Reading, first_line: u32) -> bool {
    let mut cursor = Cursor::new(&statement.pieces);
    let Some(verb) = cursor.next() else { return false };
    match verb.raw.to_ascii_uppercase().as_str() {
        "CREATE" => {
            let is_temporary =
                statement.pieces.iter().take(4).any(|piece| piece.is("TEMP") || piece.is("TEMPORARY"));
            let is_unique = statement.pieces.iter().take(3).any(|piece| piece.is("UNIQUE"));
            cursor.skip(BEFORE_KIND);
            if cursor.eat("TABLE") {
                create_table(statement, cursor, is_temporary, reading, first_line)
            } else {
                cursor.eat("INDEX") && create_index(statement, cursor, is_unique, reading)
            }
        }
        "ALTER" => {
            cursor.skip(BEFORE_KIND);
            // ALTER INDEX renames or moves look-up aids: nothing that a reader could notice
            cursor.eat("INDEX") || (cursor.eat("TABLE") && alter_table(statement, cursor, reading))
        }
        "RENAME" => {
            cursor.eat("TABLE");
            for part in split(cursor.rest()) {
                let mut cursor = Cursor::new(part);
                if let (Some(old), true, Some(new)) = (cursor.name(), cursor.eat("TO"), cursor.name()) {
                    let step = reading.step(SchemaOp::RenameTable, old);
                    reading.push(Step { to: Some(new), ..step });
                }
            }
            true
        }
        _ => rows(statement, reading),
    }
}
