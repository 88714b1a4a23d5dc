//! Rails: migrations below `db/migrate`, and `schema.rb` as a declared schema.

mod builder;
mod fields;
mod models;
mod rows;
mod schema;
mod statements;

use std::collections::BTreeMap;

use super::undo::{self, Back};
use super::{Migration, MigrationReader, Table};
use crate::change::{RepoPath, Snapshot};
use crate::finding::Undo;
use crate::formats::Unreadable;
use crate::formats::schema::walk::{Flow, Style, Walk, walk};
use crate::formats::syntax::{self, Call, Expr, Func, Language};

pub use schema::SchemaRb;

/// Rails migrations.
pub struct Rails;

impl MigrationReader for Rails {
    fn style(&self) -> &'static str {
        "rails"
    }

    fn reads(&self, path: &RepoPath, text: &str) -> bool {
        let numbered = path.file_name().starts_with(|char: char| char.is_ascii_digit());
        path.extension() == "rb"
            && (text.contains("Migration[") || text.contains("ActiveRecord::Migration"))
            && text.contains("class ")
            && (numbered && path.folders().any(|folder| folder.contains("migrat"))
                || path.folders().any(|folder| folder == "migrate" || folder == "post_migrate"))
    }

    fn read(
        &self,
        _path: &RepoPath,
        text: &str,
        _down: Option<&str>,
        tree: &dyn Snapshot,
    ) -> Result<Migration, Unreadable> {
        let file = syntax::parse(Language::Ruby, text)?;
        let names = Walk::new(&file);
        let run = |name: &str, back: bool| {
            let mut reader = Reader::new(tree, &file, back);
            let body = names.funcs.get(name).map_or(&[][..], |func| &func.body);
            let walked = walk(&mut reader, &file, body);
            (reader, walked)
        };
        let change = names.funcs.get("change");
        let up = names.funcs.get("up");
        if let (Some(_), None) = (change, up) {
            let (reader, walked) = run("change", false);
            let (_, down) = run("change", true);
            let mut walked = walked;
            undo::settle(&mut walked.found.steps, &Back::Automatic);
            let back = Back::Steps { steps: &down.found.steps, unclear: down.unknown.is_some() };
            for (from, to) in reader.ups {
                undo::settle(walked.found.steps.get_mut(from..to).unwrap_or_default(), &back);
            }
            return Ok(walked.finish());
        }
        let (_, walked) = run("up", false);
        let mut migration = walked.finish();
        let (_, down) = run("down", false);
        let back = Back::Steps { steps: &down.found.steps, unclear: down.unknown.is_some() && !down.raised };
        undo::settle(&mut migration.steps, &back);
        Ok(migration)
    }
}

/// A block that builds a table: `create_table :x do |t|`.
struct Builder {
    var: String,
    table: String,
    /// The new table, while it is made.
    new: Option<Table>,
}

struct Reader<'s> {
    tree: &'s dyn Snapshot,
    /// Tables by the classes that the migration declares itself.
    classes: BTreeMap<String, String>,
    /// Tables by variables that hold their rows.
    rows: BTreeMap<String, String>,
    builders: Vec<Builder>,
    /// Whether what `reversible` runs on the way back is looked for, and nothing else.
    back: bool,
    /// The names of the parameters of `reversible` blocks.
    directions: Vec<String>,
    /// The steps, from and to, that only run forward.
    ups: Vec<(usize, usize)>,
}

impl<'n> Style<'n> for Reader<'_> {
    fn hole(&self, expr: &Expr<'n>) -> Option<String> {
        let call = expr.call()?;
        let model = call.receiver.as_ref()?.name()?;
        matches!(call.name, "table_name" | "quoted_table_name").then(|| self.table_of(model)).flatten()
    }

    fn call(&mut self, walk: &mut Walk<'n>, expr: &'n Expr<'n>, call: &'n Call<'n>) -> Flow {
        if self.reversible(walk, call) {
            return Flow::Done;
        }
        let line = expr.line;
        if self.back && self.directions.last().is_none_or(|name| name != "down!") {
            // On the way back only what stands in `dir.down` runs as written.
            return if call.block.is_some() && !matches!(call.name, "create_table" | "change_table") {
                Flow::Inside
            } else {
                Flow::Done
            };
        }
        let before = walk.found.steps.len();
        let flow = match &call.receiver {
            Some(receiver) => match receiver
                .name()
                .and_then(|name| self.builders.iter().rposition(|builder| builder.var == name))
            {
                Some(at) => {
                    self.in_table(walk, at, call, line);
                    return Flow::Done;
                }
                None if call.is_own()
                    || receiver
                        .last_name()
                        .is_some_and(|name| matches!(name, "connection" | "conn" | "m" | "migration")) =>
                {
                    self.statement(walk, call, line)
                }
                None => self.rows(walk, call, line),
            },
            None => self.statement(walk, call, line),
        };
        if matches!(call.name, "execute" | "exec_query" | "exec_update" | "exec_delete" | "exec_insert")
            || flow == Flow::Done && call.receiver.is_some() && !call.is_own()
        {
            // Written-out statements are not turned around by the framework.
            walk.found.steps.iter_mut().skip(before).for_each(|step| step.undo = Undo::None);
        }
        flow
    }
}

impl<'s> Reader<'s> {
    fn new(tree: &'s dyn Snapshot, file: &[Expr<'_>], back: bool) -> Self {
        Reader {
            tree,
            classes: models::declared(file),
            rows: BTreeMap::new(),
            builders: Vec::new(),
            back,
            directions: Vec::new(),
            ups: Vec::new(),
        }
    }

    /// `reversible do |dir|`, `dir.up do`, `dir.down do`, `up_only do`.
    fn reversible<'n>(&mut self, walk: &mut Walk<'n>, call: &'n Call<'n>) -> bool {
        let Some(block) = &call.block else { return false };
        match call.name {
            "reversible" => {
                self.directions
                    .push(block.params.first().map_or_else(String::new, |name| (*name).to_owned()));
                walk.all(self, &block.body);
                self.directions.pop();
                true
            }
            "up_only" => {
                if !self.back {
                    self.up(walk, block);
                }
                true
            }
            "up" | "down"
                if call
                    .receiver
                    .as_ref()
                    .and_then(Expr::name)
                    .is_some_and(|name| self.directions.iter().any(|known| known == name)) =>
            {
                if call.name == "up" && !self.back {
                    self.up(walk, block);
                } else if call.name == "down" && self.back {
                    self.directions.push("down!".to_owned());
                    walk.all(self, &block.body);
                    self.directions.pop();
                }
                true
            }
            _ => false,
        }
    }

    fn up<'n>(&mut self, walk: &mut Walk<'n>, block: &'n Func<'n>) {
        let from = walk.found.steps.len();
        walk.all(self, &block.body);
        self.ups.push((from, walk.found.steps.len()));
    }
}

#[cfg(test)]
mod tests;
