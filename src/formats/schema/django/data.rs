//! Code that a Django migration runs over rows.

use super::Reader;
use crate::formats::schema::walk::{Flow, Walk};
use crate::formats::syntax::{Call, Expr};

/// Methods that keep a query on the same rows.
const QUERIES: &[&str] = &[
    "objects",
    "_default_manager",
    "_base_manager",
    "all_objects",
    "filter",
    "exclude",
    "all",
    "order_by",
    "values",
    "values_list",
    "annotate",
    "select_related",
    "prefetch_related",
    "only",
    "defer",
    "iterator",
    "distinct",
    "using",
    "first",
    "last",
    "get",
    "none",
    "select_for_update",
    "alias",
    "reverse",
    "latest",
    "earliest",
    "union",
    "in_bulk",
    "db_manager",
    "get_queryset",
    "aggregate",
    "extra",
    "raw",
    "unscoped",
    "with_deleted",
];

fn writes(method: &str) -> Option<bool> {
    match method {
        "delete" | "_raw_delete" | "hard_delete" => Some(true),
        "update" | "aupdate" | "save" | "asave" | "bulk_create" | "bulk_update" | "create"
        | "get_or_create" | "update_or_create" | "save_base" | "add" | "set" | "remove" | "clear" => {
            Some(false)
        }
        _ => None,
    }
}

impl Reader<'_> {
    pub(super) fn row<'n>(&mut self, walk: &mut Walk<'n>, expr: &'n Expr<'n>, call: &'n Call<'n>) -> Flow {
        if matches!(call.name, "execute" | "executemany") && call.receiver.is_some() {
            if let Some(sql) = call.arg(0) {
                walk.sql(self, sql);
            }
            return Flow::Done;
        }
        let Some(receiver) = &call.receiver else { return Flow::Inside };
        if let Some(deletes) = writes(call.name)
            && let Some(table) = self.table_in(walk, receiver, 0)
        {
            walk.rows(&table, expr.line, call.name, deletes);
            return Flow::Done;
        }
        Flow::Inside
    }

    /// The table whose rows an expression holds.
    fn table_in<'n>(&self, walk: &Walk<'n>, expr: &'n Expr<'n>, hops: u32) -> Option<String> {
        if hops > 6 {
            return None;
        }
        let (root, calls) = expr.chain();
        let mut calls = calls.into_iter();
        let mut table = match root {
            Some(root) => {
                let name = root.name()?;
                match walk.names.get(name).copied().filter(|bound| bound.name() != Some(name)) {
                    Some(bound) => self.table_in(walk, bound, hops + 1),
                    // A model that is imported, not asked for.
                    None if name.starts_with(char::is_uppercase)
                        && calls.clone().any(|(call, _)| call.name == "objects") =>
                    {
                        Some(self.table(name))
                    }
                    None => None,
                }
            }
            // `Model(…).save()`, `enumerate(rows)`
            None => {
                let (call, _) = calls.next()?;
                match call.name {
                    "get_model" => self.model(walk, call),
                    name => match walk.names.get(name) {
                        Some(bound) => self.table_in(walk, bound, hops + 1),
                        None => call.args.first().and_then(|arg| self.table_in(walk, arg, hops + 1)),
                    },
                }
            }
        };
        for (call, _) in calls {
            if call.name == "get_model" {
                table = self.model(walk, call);
            } else if let Some(related) = call.name.strip_suffix("_set") {
                table = table.map(|_| self.table(related));
            } else if !QUERIES.contains(&call.name) && !call.name.is_empty() {
                // The rows of something else that hangs on these rows.
                return None;
            }
        }
        table
    }

    fn model<'n>(&self, walk: &Walk<'n>, call: &'n Call<'n>) -> Option<String> {
        let first = call.arg_or(0, "app_label").and_then(|arg| walk.text(arg))?;
        let (app, model) = match call.arg_or(1, "model_name").and_then(|arg| walk.text(arg)) {
            Some(model) => (first, model),
            None => first.split_once('.').map(|(app, model)| (app.to_owned(), model.to_owned()))?,
        };
        Some(format!("{}_{}", app.to_lowercase(), model.to_lowercase()))
    }
}
