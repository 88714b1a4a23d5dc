//! What belongs together: a table and all that is made with it, a definition that moved, a new field and its making.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::gather::Gathered;
use super::{Found, FoundAccess};
use crate::finding::{SchemaOp, Side};
use crate::formats::schema::even;
use crate::formats::schema::sql::plain;

/// The findings to be, in the order of the steps.
pub(super) fn fold(gathered: Gathered) -> (Vec<Found>, Vec<FoundAccess>) {
    let Gathered { steps, access, .. } = gathered;
    let mut steps = without_views(without_moved(steps));
    follow_renames(&mut steps);
    let made = made_tables(&steps);
    let is_made = |home: &str, table: &str| made.contains_key(&(home.to_owned(), plain(table)));
    let schemas: Vec<String> = steps
        .iter()
        .filter(|found| found.step.op == SchemaOp::AddTable)
        .filter_map(|found| found.step.table.rsplit_once('.').map(|(schema, _)| plain(schema)))
        .collect();

    let mut kept: Vec<Found> = Vec::new();
    let mut at_kept: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut fields: HashMap<(String, String, String), usize> = HashMap::new();
    for (at, mut found) in steps.into_iter().enumerate() {
        let key = (found.home.clone(), found.table());
        let made_at = made.get(&key).copied();
        let on_new = made_at.is_some() && !found.rewrites_history;
        let is_guard = found.step.details.remove("guard").is_some();
        match found.step.op {
            SchemaOp::AddTable => {
                found.step.details.remove("condition");
            }
            // IF EXISTS before the table is made, where none was: a guard
            SchemaOp::DropTable if is_guard && made_at.is_some_and(|made| made > at) => continue,
            // made and dropped in one change: as if it had never been
            SchemaOp::DropTable if on_new && made_at.is_some_and(|made| made < at) => {
                let (home, table) = (found.home.clone(), found.table());
                kept.retain(|other| other.home != home || other.table() != table);
                (at_kept, fields) = places(&kept);
                continue;
            }
            SchemaOp::DropTable => {
                found.step.details.remove("condition");
            }
            SchemaOp::DataBackfill if on_new => {
                if found.detail("what") == "rows_added" {
                    continue;
                }
                found.step.destructive = false;
                found.on_new_table = true;
            }
            SchemaOp::Other => {
                let name = plain(found.detail("name"));
                let is_part = match found.detail("what") {
                    "trigger" => {
                        let on = found.detail("on").to_owned();
                        is_made(&found.home, &on)
                    }
                    "sequence" => !made.is_empty(),
                    "schema" => schemas.contains(&name),
                    _ => false,
                };
                if is_part && !found.rewrites_history {
                    continue;
                }
                found.step.details.remove("on");
            }
            _ if on_new => {
                if let Some(table) = at_kept.get(&key).and_then(|at| kept.get_mut(*at)) {
                    grow(table, &found);
                }
                continue;
            }
            // a field that this change itself adds holds nothing yet
            SchemaOp::DropColumn if fields.contains_key(&field_key(&found)) => {
                found.step.destructive = false;
            }
            SchemaOp::ChangeNullability if found.step.nullable == Some(false) => {
                if let Some(field) = fields.get(&field_key(&found)).and_then(|at| kept.get_mut(*at)) {
                    field.step.details.insert("later_required".to_owned(), "true".to_owned());
                    found.step.details.insert("new_field".to_owned(), "true".to_owned());
                }
            }
            _ => {}
        }
        if found.step.op == SchemaOp::DataBackfill && found.detail("what") == "rewritten" {
            let mut only_new = found.step.column.is_some();
            for name in found.step.column.as_deref().unwrap_or_default().split(", ") {
                let one = Found { step: found.step.clone().column(name), ..found.clone() };
                match fields.get(&field_key(&one)).and_then(|at| kept.get_mut(*at)) {
                    Some(field) => drop(field.step.details.insert("filled".to_owned(), "true".to_owned())),
                    None => only_new = false,
                }
            }
            if only_new {
                found.step.details.insert("new_field".to_owned(), "true".to_owned());
            }
        }
        match found.step.op {
            SchemaOp::AddTable => drop(at_kept.insert(key, kept.len())),
            SchemaOp::AddColumn => drop(fields.entry(field_key(&found)).or_insert(kept.len())),
            _ => {}
        }
        kept.push(found);
    }
    replaced(&mut kept);
    let made_objects: HashSet<(String, String)> = kept
        .iter()
        .filter(|found| found.step.op == SchemaOp::Other && found.detail("change") == "created")
        .map(|found| (found.home.clone(), plain(found.detail("name"))))
        .collect();
    let access = without_moved_access(access)
        .into_iter()
        .filter(|found| {
            let text = found.step.text.to_lowercase();
            let opens =
                text.split([',', ' ']).any(|word| matches!(word, "public" | "anon" | "everyone" | "guest"));
            // `name(int, text)`: a routine by its name
            let subject = found.step.subject.split('(').next().unwrap_or_default();
            let is_new =
                is_made(&found.home, subject) || made_objects.contains(&(found.home.clone(), plain(subject)));
            opens || !is_new
        })
        .collect();
    (kept, access)
}

/// Some engines rename and drop a view by the words for a table. A view holds nothing of its own, and that it is new is told.
fn without_views(steps: Vec<Found>) -> Vec<Found> {
    let mut views: HashSet<(String, String)> = HashSet::new();
    let mut kept: Vec<Found> = Vec::with_capacity(steps.len());
    for found in steps {
        let key = (found.home.clone(), found.table());
        match found.step.op {
            SchemaOp::Other if found.detail("what") == "view" && found.detail("change") != "dropped" => {
                views.insert((key.0, plain(found.detail("name"))));
            }
            SchemaOp::RenameTable if views.contains(&key) => {
                let to = plain(found.step.to.as_deref().unwrap_or_default());
                // a view takes the place of a view
                kept.retain(|other| {
                    let is_swapped =
                        other.step.op == SchemaOp::RenameTable && other.home == key.0 && other.table() == to;
                    !is_swapped
                });
                views.remove(&key);
                views.insert((key.0, to));
                continue;
            }
            SchemaOp::DropTable if views.remove(&key) => continue,
            _ => {}
        }
        kept.push(found);
    }
    kept
}

/// A rule that goes and is made anew in the same table has not gone.
fn replaced(kept: &mut [Found]) {
    let mut tables: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for (at, found) in kept.iter().enumerate() {
        let is_rule = match found.step.op {
            SchemaOp::AddConstraint | SchemaOp::DropConstraint => true,
            SchemaOp::AddIndex | SchemaOp::DropIndex => found.detail("what").starts_with("unique"),
            _ => false,
        };
        if is_rule && !found.rewrites_history {
            tables.entry((found.home.clone(), found.table())).or_default().push(at);
        }
    }
    for places in tables.into_values() {
        let (added, dropped): (Vec<usize>, Vec<usize>) = places
            .iter()
            .partition(|at| matches!(kept[**at].step.op, SchemaOp::AddConstraint | SchemaOp::AddIndex));
        let made = added.clone();
        let mut free = added;
        for drop in dropped {
            let twin = free.iter().position(|add| takes_place(&kept[drop], &kept[*add]));
            // one that is dropped by a name that tells nothing
            let twin = twin.or_else(|| {
                let old = &kept[drop];
                let is_bare = old.step.column.is_none() && !old.detail("what").is_empty();
                free.iter().position(|add| is_bare && kept[*add].detail("what") == old.detail("what"))
            });
            if let Some(twin) = twin {
                for at in [drop, free.remove(twin)] {
                    kept[at].step.details.insert("replaced".to_owned(), "true".to_owned());
                }
            } else if made.iter().any(|add| takes_place(&kept[drop], &kept[*add])) {
                // dropped under one more name that it may bear
                kept[drop].step.details.insert("replaced".to_owned(), "true".to_owned());
            }
        }
    }
}

/// Whether a rule bears the name of one that goes, or says the same kind of thing of the same fields.
fn takes_place(old: &Found, new: &Found) -> bool {
    let same_name = !old.detail("name").is_empty() && plain(old.detail("name")) == plain(new.detail("name"));
    // the order of fields matters to nobody who stores
    let covers = |found: &Found| {
        let column = plain(found.step.column.as_deref()?);
        let mut fields: Vec<String> = column.split(", ").map(str::to_owned).collect();
        fields.sort_unstable();
        Some(fields)
    };
    // what may stand only once is kept by a constraint or by an index
    let kind = |found: &Found| match found.detail("what") {
        "unique_index" => "unique".to_owned(),
        what => what.to_owned(),
    };
    let same_place = covers(old).is_some() && covers(old) == covers(new) && kind(old) == kind(new);
    let is_index = matches!(new.step.op, SchemaOp::AddIndex) || matches!(old.step.op, SchemaOp::DropIndex);
    same_place || same_name && !is_index
}

/// A policy or grant that goes in one file and comes in another has moved.
fn without_moved_access(access: Vec<FoundAccess>) -> Vec<FoundAccess> {
    let key =
        |found: &FoundAccess| (found.step.what.clone(), plain(&found.step.subject), found.step.text.clone());
    let on = |side: Side| -> HashSet<_> {
        access.iter().filter(|found| found.evidence.side == side).map(key).collect()
    };
    let (old, new) = (on(Side::Before), on(Side::After));
    access.into_iter().filter(|found| !(old.contains(&key(found)) && new.contains(&key(found)))).collect()
}

/// What tells the field of a step from others: home, table and name.
fn field_key(found: &Found) -> (String, String, String) {
    let column = found.step.column.as_deref().map(plain).unwrap_or_default();
    (found.home.clone(), found.table(), column)
}

/// Places among the steps that are kept: of new tables by home and name, and of new fields.
type Places = (BTreeMap<(String, String), usize>, HashMap<(String, String, String), usize>);

fn places(kept: &[Found]) -> Places {
    let (mut tables, mut fields) = Places::default();
    for (at, found) in kept.iter().enumerate() {
        match found.step.op {
            SchemaOp::AddTable => drop(tables.insert((found.home.clone(), found.table()), at)),
            SchemaOp::AddColumn => drop(fields.entry(field_key(found)).or_insert(at)),
            _ => {}
        }
    }
    (tables, fields)
}

/// The tables that the change makes, by home and name, with the place of the step that makes them.
fn made_tables(steps: &[Found]) -> BTreeMap<(String, String), usize> {
    let mut made = BTreeMap::new();
    for (at, found) in steps.iter().enumerate() {
        if found.step.op == SchemaOp::AddTable && !found.rewrites_history {
            made.entry((found.home.clone(), found.table())).or_insert(at);
        }
    }
    made
}

/// What a later step adds to a table of this change is part of it.
fn grow(table: &mut Found, found: &Found) {
    let Some(shape) = &mut table.step.shape else { return };
    let column = found.step.column.clone().unwrap_or_default();
    match found.step.op {
        SchemaOp::AddColumn => shape.columns.push(crate::formats::schema::Column {
            name: column,
            type_: found.step.type_.clone(),
            ..Default::default()
        }),
        SchemaOp::DropColumn => shape.columns.retain(|field| plain(&field.name) != plain(&column)),
        SchemaOp::RenameColumn => {
            for field in shape.columns.iter_mut().filter(|field| plain(&field.name) == plain(&column)) {
                field.name = found.step.to.clone().unwrap_or_default();
            }
        }
        _ => {}
    }
}

/// A new table that the same change renames is new under its last name.
fn follow_renames(steps: &mut Vec<Found>) {
    let mut new: HashSet<(String, String)> = steps
        .iter()
        .filter(|found| found.step.op == SchemaOp::AddTable && !found.rewrites_history)
        .map(|found| (found.home.clone(), found.table()))
        .collect();
    let mut at = 0;
    while at < steps.len() {
        let rename = &steps[at];
        if rename.step.op != SchemaOp::RenameTable || !new.contains(&(rename.home.clone(), rename.table())) {
            at += 1;
            continue;
        }
        let (home, old) = (rename.home.clone(), rename.table());
        let made = steps[..at].iter().position(|found| {
            found.step.op == SchemaOp::AddTable
                && found.home == home
                && found.table() == old
                && !found.rewrites_history
        });
        match (made, rename.step.to.clone()) {
            (Some(made), Some(to)) => {
                new.insert((home.clone(), plain(&to)));
                // the table comes into being where it gets its name: what had that name before is another one
                let mut earlier: Vec<Found> = steps.drain(made..=at).collect();
                earlier.pop();
                let (mut own, others): (Vec<Found>, Vec<Found>) =
                    earlier.into_iter().partition(|found| found.home == home && found.table() == old);
                for found in &mut own {
                    found.step.table.clone_from(&to);
                }
                steps.splice(made..made, others.into_iter().chain(own));
            }
            _ => at += 1,
        }
    }
}

/// A table that goes in one place and comes in another with the same fields has moved: nothing happened to its rows.
fn without_moved(steps: Vec<Found>) -> Vec<Found> {
    let shape = |found: &Found| {
        found
            .step
            .shape
            .as_ref()
            .map(|shape| shape.columns.iter().map(|column| plain(&column.name)).collect::<Vec<_>>())
    };
    let mut gone = vec![false; steps.len()];
    let mut added: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, add) in steps.iter().enumerate().filter(|(_, found)| found.step.op == SchemaOp::AddTable) {
        added.entry(add.table()).or_default().push(at);
    }
    for (at, drop) in steps.iter().enumerate() {
        // only declared schemas know the shape of what they lose
        if drop.step.op != SchemaOp::DropTable || drop.step.shape.is_none() {
            continue;
        }
        let twins = added.get(&drop.table()).into_iter().flatten().copied();
        if let Some(twin) = { twins }.find(|add| !gone[*add] && shape(&steps[*add]) == shape(drop)) {
            gone[at] = true;
            gone[twin] = true;
        }
    }
    // so has a view or a routine; where its text is another now, only its making is told
    let mut made: BTreeMap<(String, String), usize> = BTreeMap::new();
    let object = |found: &Found| (found.detail("what").to_owned(), plain(found.detail("name")));
    for (at, found) in steps.iter().enumerate().filter(|(_, found)| found.detail("change") == "created") {
        made.insert(object(found), at);
    }
    for (at, drop) in steps.iter().enumerate() {
        let is_declared = drop.step.op == SchemaOp::Other && drop.step.details.contains_key("declared");
        let twin = made.get(&object(drop)).filter(|_| is_declared && drop.detail("change") == "dropped");
        if let Some(twin) = twin {
            gone[at] = true;
            let text = |found: &Found| found.step.text.as_deref().map(even);
            gone[*twin] |= text(&steps[*twin]) == text(drop);
        }
    }
    let mut gone = gone.into_iter();
    steps.into_iter().filter(|_| !gone.next().unwrap_or_default()).collect()
}

/// One field that goes and one that comes, in a table where nothing else comes, goes or is renamed and no rows are
/// touched: perhaps the same under a new name. Nobody can tell from the text, so it is asked and not said.
pub(super) fn ask_for_renames(steps: &mut [Found]) {
    #[derive(Default)]
    struct Seen {
        gone: Vec<usize>,
        come: Vec<usize>,
        is_told: bool,
    }
    let mut tables: BTreeMap<(String, String), Seen> = BTreeMap::new();
    for (at, found) in steps.iter().enumerate().filter(|(_, found)| !found.rewrites_history) {
        let seen = tables.entry((found.home.clone(), found.table())).or_default();
        match found.step.op {
            SchemaOp::DropColumn => seen.gone.push(at),
            SchemaOp::AddColumn => seen.come.push(at),
            // who renames one field by its name would have renamed the other
            SchemaOp::DataBackfill | SchemaOp::RenameColumn => seen.is_told = true,
            _ => {}
        }
    }
    for seen in tables.into_values().filter(|seen| !seen.is_told) {
        let ([gone], [come]) = (seen.gone.as_slice(), seen.come.as_slice()) else { continue };
        let same_type = match (&steps[*gone].step.type_, &steps[*come].step.type_) {
            (Some(old), Some(new)) => even(old) == even(new),
            _ => true,
        };
        if let (true, Some(name)) = (same_type, steps[*come].step.column.clone()) {
            steps[*gone].step.details.insert("perhaps_now".to_owned(), name);
        }
    }
}
