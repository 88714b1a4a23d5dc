//! Rows that a migration reads, writes and deletes, and the tables that they lie in.

use super::super::names::plural;
use super::{Reader, models};
use crate::formats::schema::walk::{Flow, Walk};
use crate::formats::syntax::{Call, Expr};

/// Methods that keep a query on the same table.
const QUERIES: &[&str] = &[
    "all",
    "where",
    "not",
    "order",
    "limit",
    "offset",
    "unscoped",
    "includes",
    "joins",
    "left_joins",
    "left_outer_joins",
    "preload",
    "eager_load",
    "select",
    "distinct",
    "find",
    "find_by",
    "find_by!",
    "first",
    "last",
    "in_batches",
    "find_each",
    "find_in_batches",
    "each_record",
    "each",
    "each_with_index",
    "each_batch",
    "group",
    "having",
    "readonly",
    "lock",
    "unscope",
    "with_deleted",
    "with_discarded",
    "or",
    "and",
    "merge",
    "rewhere",
    "reorder",
    "take",
    "to_a",
    "map",
    "each_slice",
    "lazy",
    "none",
    "with",
    "from",
    "references",
    "strict_loading",
    "reload",
    "new",
    "build",
    "tap",
    "progress",
    "with_progress",
    "not_null",
    "default_scoped",
    "sole",
    "second",
    "reject",
    "filter",
    "compact",
    "flatten",
    "group_by",
    "index_by",
    "sort_by",
    "uniq",
    "becomes",
];

/// Methods that write rows, and whether they delete them.
fn writes(method: &str) -> Option<bool> {
    match method.trim_end_matches('!') {
        "delete_all" | "destroy_all" | "delete" | "destroy" | "delete_by" | "destroy_by"
        | "really_destroy" | "dependent_destroy" => Some(true),
        "update_all"
        | "update"
        | "update_columns"
        | "update_column"
        | "update_attribute"
        | "update_attributes"
        | "insert"
        | "insert_all"
        | "upsert"
        | "upsert_all"
        | "create"
        | "find_or_create_by"
        | "first_or_create"
        | "create_or_find_by"
        | "save"
        | "touch_all"
        | "touch"
        | "increment"
        | "decrement"
        | "toggle"
        | "increment_counter"
        | "decrement_counter"
        | "update_counters"
        | "reset_counters"
        | "import"
        | "bulk_import"
        | "seed"
        | "seed_once"
        | "find_or_initialize_by" => {
            (!matches!(method, "increment" | "decrement" | "toggle" | "find_or_initialize_by"))
                .then_some(false)
        }
        _ => None,
    }
}

impl Reader<'_> {
    /// Calls on models and rows.
    pub(super) fn rows<'n>(&mut self, walk: &mut Walk<'n>, call: &'n Call<'n>, line: u32) -> Flow {
        let Some(receiver) = &call.receiver else { return Flow::Inside };
        if call.name == "execute"
            && receiver
                .last_name()
                .is_some_and(|name| name.contains("connection") || name == "conn" || name == "Base")
        {
            if let Some(sql) = call.arg(0) {
                walk.sql(self, sql);
            }
            return Flow::Done;
        }
        let table = self.table_in(walk, receiver, 0);
        // `find_each(&:destroy)`
        let passed = call.option("&").and_then(Expr::literal);
        if let (Some(method), Some(table)) = (passed, &table)
            && let Some(deletes) = writes(method)
        {
            walk.rows(table, line, method, deletes);
            return Flow::Done;
        }
        if let Some(deletes) = writes(call.name) {
            // `row.name.delete("x")` changes a value, not rows.
            let value = receiver.call().is_some_and(|call| {
                call.args.is_empty()
                    && call.named.is_empty()
                    && !QUERIES.contains(&call.name)
                    && !call.name.ends_with('s')
            });
            match &table {
                Some(_)
                    if value && matches!(call.name, "delete" | "insert" | "delete!" | "update" | "touch") => {
                }
                Some(table) => walk.rows(table, line, call.name, deletes),
                // `hash.delete(key)`, `list.insert(0, x)` are no rows.
                None if matches!(
                    call.name,
                    "delete" | "insert" | "update" | "create" | "destroy" | "import" | "touch" | "save"
                ) => {}
                None => walk.rows("", line, call.name, deletes),
            }
            return Flow::Done;
        }
        if let (Some(table), Some(block)) = (table, &call.block) {
            if let Some(row) = block.params.first() {
                self.rows.insert((*row).to_owned(), table);
            }
            walk.one(self, receiver);
            walk.rounds += 1;
            walk.all(self, &block.body);
            walk.rounds -= 1;
            return Flow::Done;
        }
        if matches!(
            receiver.last_name(),
            Some("Rails" | "ENV" | "Time" | "Date" | "JSON" | "I18n" | "logger" | "ActiveRecord" | "Base")
        ) && call.block.is_none()
        {
            return Flow::Done;
        }
        if QUERIES.contains(&call.name) && call.block.is_none() {
            walk.one(self, receiver);
            return Flow::Done;
        }
        Flow::Inside
    }

    /// The table whose rows an expression holds.
    pub(super) fn table_in<'n>(&self, walk: &Walk<'n>, expr: &'n Expr<'n>, hops: u32) -> Option<String> {
        if hops > 6 {
            return None;
        }
        let (root, calls) = expr.chain();
        let root_name = match root {
            Some(root) => root.name()?,
            None => return None,
        };
        let mut table = if root_name.starts_with(char::is_uppercase) {
            self.table_of(root_name)
        } else if let Some(table) = self.rows.get(root_name) {
            Some(table.clone())
        } else {
            let bound = walk.names.get(root_name).copied().filter(|bound| bound.name() != Some(root_name))?;
            self.table_in(walk, bound, hops + 1)
        };
        for (call, _) in calls {
            // `user.posts` are the rows of another table.
            let association = call.args.is_empty()
                && call.named.is_empty()
                && !QUERIES.contains(&call.name)
                && call.name.len() > 3;
            if association && root_name.starts_with(char::is_lowercase) {
                table = Some(plural(call.name));
            } else if call.name == "new" && call.receiver.is_none() {
                return None;
            }
        }
        table
    }

    /// The table of a model by its class name.
    pub(super) fn table_of(&self, class: &str) -> Option<String> {
        let last = class.rsplit("::").next().unwrap_or(class);
        match self.classes.get(class).or_else(|| self.classes.get(last)) {
            Some(table) => Some(table.clone()),
            None => models::table(self.tree, class, 0),
        }
    }
}
