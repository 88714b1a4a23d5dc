//! SQLite changes a table by making a new one, copying, dropping the old and renaming: told as what differs.

use std::collections::BTreeMap;

use crate::finding::SchemaOp;
use crate::finding::Side;
use crate::formats::schema::sql::plain;
use crate::formats::schema::{Column, Step, Table, field_difference, table_difference};

/// The other way of SQLite: the rows put aside in a copy, the table dropped, made anew and filled from the copy. The
/// steps that are gone are marked; what differs stands where the table is made anew.
fn put_aside(
    steps: Vec<Step>,
    before: &mut impl FnMut(&str) -> Option<Table>,
) -> (Vec<Step>, Vec<usize>, Vec<bool>) {
    let drops = |table: &str| {
        steps.iter().position(|step| step.op == SchemaOp::DropTable && plain(&step.table) == plain(table))
    };
    let mut gone = vec![false; steps.len()];
    let mut told: BTreeMap<usize, Vec<Step>> = BTreeMap::new();
    for (at, made) in steps.iter().enumerate().filter(|(_, step)| step.op == SchemaOp::AddTable) {
        let table = plain(&made.table);
        let Some(dropped) = drops(&table).filter(|dropped| *dropped < at && !gone[*dropped]) else {
            continue;
        };
        let back = steps.iter().enumerate().skip(at).find_map(|(back, step)| {
            let is_back = step.op == SchemaOp::DataBackfill && plain(&step.table) == table;
            Some((back, plain(step.details.get("copied_from").filter(|_| is_back)?)))
        });
        let Some((back, aside)) = back else { continue };
        // the copy is made here, or it is a temporary one that bears the name
        let is_copy = |step: &Step| {
            matches!(step.op, SchemaOp::AddTable | SchemaOp::DataBackfill)
                && plain(&step.table) == aside
                && step.details.get("copied_from").is_some_and(|from| plain(from) == table)
        };
        if !bears_name(&aside, &table) && !steps[..dropped].iter().any(is_copy) {
            continue;
        }
        for (place, step) in steps.iter().enumerate() {
            let is_own = plain(&step.table) == aside
                && matches!(step.op, SchemaOp::AddTable | SchemaOp::DropTable | SchemaOp::DataBackfill);
            gone[place] |= is_own || place == back || place == dropped || place == at;
        }
        let (Some(shape), Some(old)) = (&made.shape, before(&made.table)) else { continue };
        let new =
            Table { indexes: old.indexes.clone(), constraints: old.constraints.clone(), ..shape.clone() };
        let differences = differing(&old, &new, &steps[back].copies);
        let line = made.line;
        told.insert(
            at,
            differences.into_iter().map(|(step, _)| Step { line, undo: made.undo, ..step }).collect(),
        );
        // look-up aids that are there again were never gone
        for rule in &old.indexes {
            let again = steps.iter().position(|step| {
                step.op == SchemaOp::AddIndex && plain(&step.table) == table && step.column == rule.columns
            });
            let Some(again) = again else { continue };
            gone[again] = true;
            for (place, step) in steps.iter().enumerate().filter(|(_, step)| step.op == SchemaOp::DropIndex) {
                gone[place] |= step.details.get("name").is_some_and(|name| plain(name) == plain(&rule.name));
            }
        }
    }
    let (mut kept, mut origins, mut marks) = (Vec::new(), Vec::new(), Vec::new());
    for (at, step) in steps.into_iter().enumerate() {
        for step in told.remove(&at).unwrap_or_default() {
            kept.push(step);
            origins.push(at);
            marks.push(false);
        }
        kept.push(step);
        origins.push(at);
        marks.push(gone[at]);
    }
    (kept, origins, marks)
}

/// Rows that are deleted while a copy keeps them, and that come back from it, were never gone.
fn kept_aside(steps: &[Step], gone: &mut [bool]) {
    let says = |step: &Step, what: &str| step.details.get("what").is_some_and(|said| said == what);
    for (at, deleted) in steps.iter().enumerate() {
        let is_all = deleted.op == SchemaOp::DataBackfill
            && says(deleted, "deleted")
            && !deleted.details.contains_key("condition");
        let table = plain(&deleted.table);
        let back = steps.iter().enumerate().skip(at).filter(|_| is_all).find(|(_, step)| {
            let from = step.details.get("copied_from").map(|from| plain(from)).unwrap_or_default();
            says(step, "copied") && plain(&step.table) == table && bears_name(&from, &table)
        });
        if let Some((back, _)) = back {
            gone[at] = true;
            gone[back] = true;
        }
    }
}

/// `temp_a`, `a_backup`: a copy that bears the name of its table.
fn bears_name(copy: &str, table: &str) -> bool {
    copy.contains(table) && ["temp", "tmp", "backup", "bak", "old"].iter().any(|word| copy.contains(word))
}

/// A table that gets another name and then its own again was never renamed.
fn there_and_back(steps: &[Step], gone: &mut [bool]) {
    let to = |step: &Step| step.to.as_deref().map(plain).unwrap_or_default();
    for (at, there) in steps.iter().enumerate().filter(|(_, step)| step.op == SchemaOp::RenameTable) {
        let table = plain(&there.table);
        let back = steps.iter().enumerate().skip(at + 1).find(|(place, step)| {
            !gone[*place]
                && (to(step) == table || step.op == SchemaOp::AddTable && plain(&step.table) == table)
        });
        if let Some((back, step)) = back
            && !gone[at]
            && step.op == SchemaOp::RenameTable
            && plain(&step.table) == to(there)
        {
            gone[at] = true;
            gone[back] = true;
        }
    }
}

/// What differs between two shapes of a table; a new field that is filled from one that goes is that one, renamed.
fn differing(old: &Table, new: &Table, copies: &[(String, String)]) -> Vec<(Step, Side)> {
    let mut differences = Vec::new();
    table_difference(old, new, &mut differences);
    for (at, (to, from)) in copies.iter().enumerate() {
        // without names, values stand in the order of the fields
        let to = if to.is_empty() { new.columns.get(at).map_or("", |field| &field.name) } else { to };
        let place = |op: SchemaOp, name: &str| {
            differences.iter().position(|(step, _)| {
                step.op == op && step.column.as_deref().is_some_and(|field| plain(field) == plain(name))
            })
        };
        let (Some(goes), Some(comes)) = (place(SchemaOp::DropColumn, from), place(SchemaOp::AddColumn, to))
        else {
            continue;
        };
        let field = |table: &Table, name: &str| {
            table.columns.iter().find(|field| plain(&field.name) == plain(name)).cloned()
        };
        let (Some(was), Some(now)) = (field(old, from), field(new, to)) else { continue };
        let rename = Step::new(SchemaOp::RenameColumn, &new.name, now.line).column(&was.name);
        let rename = Step { to: Some(now.name.clone()), ..rename };
        let changes = field_difference(&new.name, &Column { name: now.name.clone(), ..was }, &now);
        differences.remove(goes.max(comes));
        differences.remove(goes.min(comes));
        let told = [rename].into_iter().chain(changes).map(|step| (step, Side::After));
        differences.extend(told);
    }
    // what stays and is filled with something else than it held
    let mut written = Vec::new();
    for (at, (to, _)) in copies.iter().enumerate().filter(|(_, (_, from))| from.is_empty()) {
        let name = if to.is_empty() { new.columns.get(at).map_or("", |field| &field.name) } else { to };
        if old.columns.iter().any(|field| plain(&field.name) == plain(name)) {
            written.push(plain(name));
        }
    }
    if !written.is_empty() {
        let step = Step::new(SchemaOp::DataBackfill, &new.name, new.line).column(written.join(", "));
        differences.push((step.detail("what", "rewritten"), Side::After));
    }
    differences
}

/// What differs between the old table and the new one, in place of the steps; `before` gives a table as it was. Each
/// step comes with the place of the one that it was, or stands for.
pub(super) fn rebuilt(steps: Vec<Step>, mut before: impl FnMut(&str) -> Option<Table>) -> Vec<(usize, Step)> {
    let same = |step: &Step, op: SchemaOp, table: &str| step.op == op && plain(&step.table) == plain(table);
    let (steps, origins, mut gone) = put_aside(steps, &mut before);
    there_and_back(&steps, &mut gone);
    kept_aside(&steps, &mut gone);
    let mut told: BTreeMap<usize, Vec<Step>> = BTreeMap::new();
    for (at, rename) in steps.iter().enumerate() {
        if gone[at] {
            continue;
        }
        let (SchemaOp::RenameTable, Some(to)) = (rename.op, &rename.to) else { continue };
        let find = |from: usize, op, table: &str| {
            steps.iter().enumerate().skip(from).find(|(_, step)| same(step, op, table)).map(|(at, _)| at)
        };
        let copies = |into: &str, from: &str| {
            steps
                .iter()
                .enumerate()
                .filter(|(_, step)| {
                    same(step, SchemaOp::DataBackfill, into)
                        && step.details.get("copied_from").is_some_and(|source| plain(source) == plain(from))
                })
                .map(|(at, _)| at)
                .collect::<Vec<_>>()
        };
        // new_x made, x copied into it and dropped, new_x renamed to x; or x renamed to old_x, x made, copied, old_x dropped
        let new_first = (find(0, SchemaOp::AddTable, &rename.table), find(0, SchemaOp::DropTable, to));
        let old_first = (find(at, SchemaOp::AddTable, &rename.table), find(at, SchemaOp::DropTable, to));
        let mut dropped_later = None;
        let (made, left, copy, table) = match (new_first, old_first) {
            ((Some(made), Some(dropped)), _) if made < at && dropped < at => {
                (made, dropped, copies(&rename.table, to), to.as_str())
            }
            (_, (Some(made), Some(dropped))) => {
                (made, dropped, copies(&rename.table, to), rename.table.as_str())
            }
            // new_x made, x copied into it, x put aside under another name and new_x renamed to x
            ((Some(made), _), _) if made < at => {
                let Some(aside) = find(made, SchemaOp::RenameTable, to).filter(|aside| *aside < at) else {
                    continue;
                };
                let kept_as = steps[aside].to.as_deref().unwrap_or_default();
                dropped_later = find(at, SchemaOp::DropTable, kept_as);
                (made, aside, copies(&rename.table, to), to.as_str())
            }
            _ => continue,
        };
        if copy.is_empty() && !steps[made].details.contains_key("copied_from") {
            continue;
        }
        for at in copy.iter().chain([&made, &left, &at]).chain(&dropped_later) {
            gone[*at] = true;
        }
        let Some(shape) = &steps[made].shape else { continue };
        let old = before(table);
        let mut differences = Vec::new();
        if let Some(old) = &old {
            let mut new = shape.clone();
            new.name = table.to_owned();
            // what SQLite drops with the old table, the migration makes again behind the rename
            new.indexes.clone_from(&old.indexes);
            if old.constraints.is_empty() || new.constraints.is_empty() {
                new.constraints.clone_from(&old.constraints);
            }
            let copies = copy.first().map(|at| steps[*at].copies.as_slice()).unwrap_or_default();
            differences = differing(old, &new, copies);
        }
        let line = steps[made].line;
        let differences = differences.into_iter().map(|(step, _)| Step { line, undo: rename.undo, ..step });
        told.insert(at, differences.collect());
        // look-up aids that are there again were never gone
        for index in old.iter().flat_map(|old| &old.indexes) {
            let again = |(_, step): &(usize, &Step)| {
                same(step, SchemaOp::AddIndex, table) && step.column == index.columns
            };
            let Some((again, _)) = steps.iter().enumerate().find(again) else { continue };
            gone[again] = true;
            for (at, step) in steps.iter().enumerate().filter(|(_, step)| step.op == SchemaOp::DropIndex) {
                gone[at] |= step.details.get("name").is_some_and(|name| plain(name) == plain(&index.name));
            }
        }
    }
    let mut rebuilt = Vec::with_capacity(steps.len());
    for (at, step) in steps.into_iter().enumerate() {
        let origin = origins[at];
        rebuilt.extend(told.remove(&at).unwrap_or_default().into_iter().map(|step| (origin, step)));
        if !gone[at] {
            rebuilt.push((origin, step));
        }
    }
    rebuilt
}
