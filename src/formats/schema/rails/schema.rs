//! `schema.rb`: what a Rails database looks like, as its framework writes it.

use super::Reader;
use crate::change::{MemorySnapshot, RepoPath};
use crate::finding::SchemaOp;
use crate::formats::Unreadable;
use crate::formats::schema::walk::walk;
use crate::formats::schema::{DeclaredReader, Inventory, OtherObject, Rule};
use crate::formats::syntax::{self, Language};

/// Rails schema files.
pub struct SchemaRb;

impl DeclaredReader for SchemaRb {
    fn style(&self) -> &'static str {
        "rails"
    }

    fn reads(&self, path: &RepoPath, text: &str) -> bool {
        path.extension() == "rb"
            && path.file_name().contains("schema")
            && text.contains("ActiveRecord::Schema")
    }

    fn migrations(&self, path: &RepoPath) -> Option<RepoPath> {
        // `db/rack_attack_schema.rb` has its migrations, if any, in `db/rack_attack_migrate`.
        path.join(&path.file_name().replace("_schema.rb", "_migrate").replace("schema.rb", "migrate"))
    }

    fn read(&self, _path: &RepoPath, text: &str) -> Result<Inventory, Unreadable> {
        let file = syntax::parse(Language::Ruby, text)?;
        let nothing = MemorySnapshot::default();
        let mut reader = Reader::new(&nothing, &file, false);
        let found = walk(&mut reader, &file, &file).found;
        let mut inventory = Inventory { access: found.access, ..Inventory::default() };
        for step in found.steps {
            match step.op {
                SchemaOp::AddTable => inventory.tables.extend(step.shape),
                SchemaOp::AddConstraint | SchemaOp::AddIndex => {
                    let Some(table) = inventory.tables.iter_mut().find(|table| table.name == step.table)
                    else {
                        continue;
                    };
                    let rules = if step.op == SchemaOp::AddIndex {
                        &mut table.indexes
                    } else {
                        &mut table.constraints
                    };
                    rules.push(Rule {
                        name: step.details.get("name").cloned().unwrap_or_default(),
                        columns: step.column,
                        what: step.details.get("what").cloned().unwrap_or_default(),
                        line: step.line,
                        ..Rule::default()
                    });
                }
                SchemaOp::Other => {
                    let detail = |key: &str| step.details.get(key).cloned().unwrap_or_default();
                    let line = text.lines().nth(step.line.saturating_sub(1) as usize).unwrap_or_default();
                    inventory.others.push(OtherObject {
                        what: detail("what"),
                        name: detail("name"),
                        text: line.trim().to_owned(),
                        line: step.line,
                    });
                }
                _ => {}
            }
        }
        Ok(inventory)
    }
}
