//! How stored data changes: every migration and declared schema of a change, read together.

mod fold;
mod gather;
mod lines;
mod past;
mod rebuilt;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Context, Detector, Report};
use crate::finding::{AccessFacts, Evidence, Facts, Level, SchemaFacts, SchemaOp};
use crate::formats::schema::sql::plain;
use crate::formats::schema::{AccessStep, Step};

pub use lines::lines;

/// Its options.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Schema {}

/// A step, with where it stands and what we know of its file.
#[derive(Clone, Debug)]
struct Found {
    step: Step,
    evidence: Vec<Evidence>,
    style: &'static str,
    rewrites_history: bool,
    /// Where the migrations of one database lie; tables of different homes may share a name.
    home: String,
    /// The database engine that the path names, for steps written once for each.
    engine: Option<String>,
    /// Whether the rows are those of a table that this change makes.
    on_new_table: bool,
}

impl Found {
    fn table(&self) -> String {
        plain(&self.step.table)
    }

    fn detail(&self, key: &str) -> &str {
        self.step.details.get(key).map(String::as_str).unwrap_or_default()
    }
}

/// A row policy or grant, with where it stands.
#[derive(Clone, Debug)]
struct FoundAccess {
    step: AccessStep,
    evidence: Evidence,
    home: String,
    rewrites_history: bool,
}

impl Detector for Schema {
    fn detect(&self, cx: &Context<'_>, report: &mut Report) {
        let gathered = gather::gather(cx, report);
        let (mut steps, access) = fold::fold(gathered);
        fold::ask_for_renames(&mut steps);
        for found in merged(steps) {
            push(cx, report, found);
        }
        for found in access {
            push_access(cx, report, found);
        }
    }
}

/// One finding for each operation on each field; rows rewritten or deleted, one a table; engines side by side, one.
fn merged(steps: Vec<Found>) -> Vec<Found> {
    let mut kept: Vec<Found> = Vec::new();
    let mut gone: Vec<usize> = Vec::new();
    let mut rules: BTreeMap<(SchemaOp, String, String, String), Vec<(String, usize)>> = BTreeMap::new();
    let mut seen: BTreeMap<(SchemaOp, String, String, String, String), Vec<usize>> = BTreeMap::new();
    for found in steps {
        let is_rows = found.step.op == SchemaOp::DataBackfill;
        let column =
            if is_rows { String::new() } else { found.step.column.as_deref().map(plain).unwrap_or_default() };
        let name = match found.step.op {
            SchemaOp::Other => format!("{} {}", found.detail("what"), found.detail("name")),
            SchemaOp::DataBackfill => format!("{} {}", found.detail("what"), found.step.destructive),
            SchemaOp::AddIndex | SchemaOp::DropIndex | SchemaOp::AddConstraint | SchemaOp::DropConstraint => {
                plain(found.detail("name"))
            }
            _ => String::new(),
        };
        // a table has one key, whatever it is called
        let is_key = found.step.op == SchemaOp::DropConstraint && found.detail("what") == "primary_key";
        let (column, name) = if is_key { (String::new(), "primary_key".to_owned()) } else { (column, name) };
        let to = found.step.to.clone().unwrap_or_default();
        // tools name rules in another way for each engine: there, what they cover tells them
        let rule = match (&found.engine, &found.step.column) {
            (Some(engine), Some(_)) if is_rule(found.step.op) => {
                let covers = (found.step.op, found.table(), column.clone(), found.detail("what").to_owned());
                let engines = rules.entry(covers).or_default();
                let twin = engines.iter().find(|(other, _)| other != engine).map(|(_, at)| *at);
                if twin.is_none() {
                    engines.push((engine.clone(), kept.len()));
                }
                twin
            }
            _ => None,
        };
        let places = seen.entry((found.step.op, found.table(), column, name, to)).or_default();
        // what a script makes and takes away again, such as a routine for its own use, was never there
        if found.step.op == SchemaOp::Other
            && found.detail("change") == "dropped"
            && places
                .last()
                .is_some_and(|at| kept[*at].detail("change") == "created" && kept[*at].home == found.home)
        {
            gone.extend(places.pop());
            continue;
        }
        let twin = rule.or_else(|| {
            places.iter().copied().find(|at| {
                let other = &kept[*at];
                let several_engines =
                    other.engine.is_some() && found.engine.is_some() && other.engine != found.engine;
                several_engines || other.home == found.home
            })
        });
        match twin {
            Some(at) => {
                let other = &mut kept[at];
                // dropped and made again in one change: replaced
                if let Some(change) =
                    found.step.details.get("change").filter(|_| found.step.op == SchemaOp::Other)
                {
                    other.step.details.insert("change".to_owned(), change.clone());
                    other.step.destructive &= found.step.destructive;
                }
                other.evidence.extend(found.evidence);
                if is_rows {
                    other.step.column = both(other.step.column.take(), found.step.column);
                    if other.step.details.get("condition") != found.step.details.get("condition") {
                        other.step.details.insert("condition".to_owned(), String::new());
                    }
                }
            }
            None => {
                places.push(kept.len());
                kept.push(found);
            }
        }
    }
    let mut at = 0;
    kept.retain(|_| {
        at += 1;
        !gone.contains(&(at - 1))
    });
    kept
}

/// Whether a step is on an index or a constraint.
fn is_rule(op: SchemaOp) -> bool {
    matches!(
        op,
        SchemaOp::AddIndex | SchemaOp::DropIndex | SchemaOp::AddConstraint | SchemaOp::DropConstraint
    )
}

/// The columns of two statements on one table; all of it where one of them names none.
fn both(one: Option<String>, other: Option<String>) -> Option<String> {
    let (one, other) = (one?, other?);
    let mut names: Vec<&str> = one.split(", ").collect();
    for name in other.split(", ") {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Some(names.join(", "))
}

fn push(cx: &Context<'_>, report: &mut Report, found: Found) {
    let (rule, level) = rule_of(&found);
    let Found { step, mut evidence, style, rewrites_history, home, .. } = found;
    evidence.dedup();
    let mut details = step.details;
    if step.op == SchemaOp::AddTable
        && let Some(shape) = &step.shape
    {
        let names: Vec<&str> = shape.columns.iter().map(|column| column.name.as_str()).collect();
        if !names.is_empty() {
            details.insert("columns".to_owned(), names.join(", "));
        }
    }
    let name = details.get("name").cloned().unwrap_or_default();
    let column = step.column.clone().unwrap_or_default();
    let subject = format!("{home} {} {column} {name}", step.table);
    let facts = SchemaFacts {
        op: step.op,
        table: step.table,
        column: step.column,
        to: step.to,
        type_: step.type_,
        nullable: step.nullable,
        default: step.default,
        destructive: step.destructive,
        undo: step.undo,
        style: style.to_owned(),
        rewrites_history,
        details,
    };
    report.push(cx, rule, level, &subject, evidence, Facts::Schema(facts));
}

/// Which rule a step falls under, and what it asks of the reader.
fn rule_of(found: &Found) -> (&'static str, Level) {
    let step = &found.step;
    let (talk, look, routine) = (Level::TalkFirst, Level::WorthALook, Level::Routine);
    // what an edited migration says runs on new databases only, unless it would delete
    let (rule, level) = match step.op {
        SchemaOp::AddTable => ("schema.table_added", look),
        SchemaOp::DropTable => ("schema.table_dropped", talk),
        SchemaOp::RenameTable => ("schema.table_renamed", talk),
        SchemaOp::AddColumn => ("schema.column_added", look),
        SchemaOp::DropColumn => ("schema.column_dropped", if step.destructive { talk } else { look }),
        SchemaOp::RenameColumn => ("schema.column_renamed", talk),
        SchemaOp::ChangeType if found.detail("narrower") == "true" => ("schema.type_narrowed", talk),
        SchemaOp::ChangeType => ("schema.type_changed", look),
        // a field that the same change adds and fills
        SchemaOp::ChangeNullability if found.detail("new_field") == "true" => {
            ("schema.new_field_required", look)
        }
        SchemaOp::ChangeNullability if step.nullable == Some(false) => ("schema.made_required", talk),
        SchemaOp::ChangeNullability => ("schema.made_optional", look),
        SchemaOp::ChangeDefault => ("schema.start_value_changed", look),
        SchemaOp::AddIndex | SchemaOp::DropIndex if found.detail("what").starts_with("unique") => {
            ("schema.unique_changed", look)
        }
        SchemaOp::AddIndex | SchemaOp::DropIndex => ("schema.index_changed", routine),
        SchemaOp::AddConstraint => ("schema.constraint_added", look),
        SchemaOp::DropConstraint => ("schema.constraint_dropped", look),
        SchemaOp::DataBackfill if step.destructive => ("schema.rows_deleted", talk),
        // code that runs over stored data, and nothing tells which
        SchemaOp::DataBackfill if step.table.is_empty() && found.detail("what").is_empty() => {
            ("schema.own_code", look)
        }
        SchemaOp::DataBackfill if found.on_new_table => ("schema.rows_filled", look),
        SchemaOp::DataBackfill if found.detail("what") == "rows_added" => ("schema.rows_added", look),
        SchemaOp::DataBackfill => ("schema.rows_rewritten", talk),
        SchemaOp::Other => match found.detail("what") {
            "own_code" => ("schema.own_code", look),
            "migration_deleted" => ("schema.migration_deleted", look),
            _ if step.destructive => ("schema.area_dropped", talk),
            _ => ("schema.other", look),
        },
    };
    let stays = found.rewrites_history && !step.destructive && level == talk;
    (rule, if stays { look } else { level })
}

fn push_access(cx: &Context<'_>, report: &mut Report, found: FoundAccess) {
    let AccessStep { what, subject, change, text, .. } = found.step;
    let (rule, level) = match change.as_str() {
        "loosened" => ("access.data_loosened", Level::TalkFirst),
        "tightened" => ("access.data_tightened", Level::WorthALook),
        _ => ("access.data_changed", Level::WorthALook),
    };
    // Nobody's stored data is opened by what holds for new databases only.
    let is_for_new = found.rewrites_history || gather::is_init_script(&found.evidence.path);
    let level = if is_for_new { level.min(Level::WorthALook) } else { level };
    let text = crate::formats::settings::secrets::redacted(&text);
    let id = format!("{what} {subject} {text}");
    let (from, to) = match found.evidence.side {
        crate::finding::Side::Before => (Some(text), None),
        crate::finding::Side::After => (None, Some(text)),
    };
    let facts = AccessFacts { what, subject, change, from, to };
    report.push(cx, rule, level, &id, vec![found.evidence], Facts::Access(facts));
}

#[cfg(test)]
mod tests;
