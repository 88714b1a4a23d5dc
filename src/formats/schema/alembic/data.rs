//! Rows that an Alembic migration writes through SQLAlchemy.

use std::collections::BTreeMap;

use super::Reader;
use crate::formats::schema::walk::{Flow, Walk};
use crate::formats::syntax::{Call, Expr, Kind};

/// The models that a migration declares for itself, each with its table.
pub(super) fn tables_of_classes(file: &[Expr<'_>]) -> BTreeMap<String, String> {
    let mut tables = BTreeMap::new();
    let mut rest: Vec<&Expr<'_>> = file.iter().collect();
    while let Some(expr) = rest.pop() {
        match &expr.kind {
            Kind::Class(class) => {
                let table = class.body.iter().find_map(|expr| match &expr.kind {
                    Kind::Assign(pair) if pair.0.name() == Some("__tablename__") => {
                        pair.1.literal().map(str::to_owned)
                    }
                    _ => None,
                });
                if let Some(table) = table {
                    tables.insert(class.name.to_owned(), table);
                }
            }
            Kind::Func(func) => rest.extend(&func.body),
            Kind::Body(parts) => rest.extend(parts),
            _ => {}
        }
    }
    tables
}

/// The class in `session.query(Thing).filter(…)`, where another file says which table it stands for.
fn asked<'n>(expr: &'n Expr<'n>) -> Option<&'n str> {
    let (_, calls) = expr.chain();
    let query = calls.iter().find(|(call, _)| call.name == "query")?.0;
    query.arg(0)?.last_name().filter(|name| name.starts_with(char::is_uppercase))
}

impl Reader {
    /// `execute` of a connection, a session or `op`.
    pub(super) fn execute<'n>(&mut self, walk: &mut Walk<'n>, call: &'n Call<'n>, line: u32) {
        let Some(statement) = call.arg(0).or_else(|| call.named.first().map(|(_, value)| value)) else {
            return;
        };
        let built = walk.resolve(statement);
        let (_, calls) = built.chain();
        for (part, _) in &calls {
            let deletes = match part.name {
                "update" | "insert" | "values" => false,
                "delete" => true,
                _ => continue,
            };
            let on = part
                .args
                .first()
                .filter(|_| part.receiver.as_ref().and_then(Expr::call).is_none())
                .and_then(|table| self.table_in(walk, table, 0));
            let on = on.or_else(|| part.receiver.as_ref().and_then(|table| self.table_in(walk, table, 0)));
            walk.rows(&on.unwrap_or_default(), line, part.name, deletes);
            return;
        }
        match calls.iter().any(|(part, _)| matches!(part.name, "select" | "exists" | "select_from")) {
            true => {}
            false => walk.sql(self, statement),
        }
    }

    /// Calls on connections, sessions, queries and rows.
    pub(super) fn row<'n>(&mut self, walk: &mut Walk<'n>, call: &'n Call<'n>, line: u32) -> Flow {
        let Some(receiver) = &call.receiver else { return Flow::Inside };
        match call.name {
            "execute" | "exec_driver_sql" | "scalar" | "scalars" => {
                self.execute(walk, call, line);
                Flow::Done
            }
            "update" | "delete" => match self.table_in(walk, receiver, 0) {
                Some(table) => {
                    walk.data(&table, line, call.name == "delete");
                    Flow::Done
                }
                None => match asked(receiver) {
                    Some(class) => {
                        walk.data(class, line, call.name == "delete");
                        Flow::Done
                    }
                    // `session.delete(row)`
                    None => self.written(walk, call, line),
                },
            },
            "add"
            | "add_all"
            | "merge"
            | "bulk_save_objects"
            | "bulk_insert_mappings"
            | "bulk_update_mappings" => self.written(walk, call, line),
            _ => Flow::Inside,
        }
    }

    fn written<'n>(&self, walk: &mut Walk<'n>, call: &'n Call<'n>, line: u32) -> Flow {
        let session = call
            .receiver
            .as_ref()
            .and_then(Expr::last_name)
            .is_some_and(|name| name.contains("session") || name == "s" || name == "db");
        if !session {
            return Flow::Inside;
        }
        let table = call.arg(0).and_then(|row| self.table_in(walk, row, 0)).unwrap_or_default();
        walk.rows(&table, line, call.name, call.name == "delete");
        Flow::Done
    }

    /// The table whose rows an expression holds, or that it is.
    pub(super) fn table_in<'n>(&self, walk: &Walk<'n>, expr: &'n Expr<'n>, hops: u32) -> Option<String> {
        if hops > 6 {
            return None;
        }
        let (root, calls) = expr.chain();
        if let Some(name) = root.and_then(Expr::name) {
            if let Some(table) = self.classes.get(name) {
                return Some(table.clone());
            }
            let bound = walk.names.get(name).copied().filter(|bound| bound.name() != Some(name));
            if let Some(table) = bound.and_then(|bound| self.table_in(walk, bound, hops + 1)) {
                return Some(table);
            }
        }
        for (call, _) in calls {
            match call.name {
                "table" | "Table" => return call.arg(0).and_then(|name| walk.text(name)),
                "query" | "select" | "get" | "list" | "enumerate" | "execute" | "scalars" | "update"
                | "insert" | "delete" => {
                    if let Some(table) = call.args.first().and_then(|arg| self.table_in(walk, arg, hops + 1))
                    {
                        return Some(table);
                    }
                }
                name => {
                    if let Some(table) = self.classes.get(name) {
                        return Some(table.clone());
                    }
                }
            }
        }
        None
    }
}
