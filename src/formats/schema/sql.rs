//! SQL in any dialect: statement by statement through a parser, by tokens where the parser gives up.

use crate::formats::schema::Migration;

/// Whose SQL it is, where path or content tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL and what speaks like it.
    Postgres,
    /// MySQL and MariaDB.
    MySql,
    /// SQLite.
    Sqlite,
    /// Microsoft SQL Server.
    SqlServer,
    /// ClickHouse.
    ClickHouse,
    /// Any other.
    Generic,
}

/// What a text of SQL statements does to stored data. `first_line` is the line of its first line in the file.
pub fn steps(text: &str, first_line: u32, dialect: Option<Dialect>) -> Migration {
    let _ = (text, first_line, dialect);
    Migration::default()
}
