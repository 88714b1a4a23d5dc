//! What the way back of a migration brings back, step by step.

use super::Step;
use crate::finding::{SchemaOp, Undo};

/// The way back, as the migration writes it.
pub(super) enum Back<'a> {
    /// None is written.
    None,
    /// The framework turns each step around by itself, where it can: see `turned`.
    Automatic,
    /// Own steps; `unclear` where some of it cannot be read.
    Steps { steps: &'a [Step], unclear: bool },
}

/// Sets the undo of each forward step.
pub(super) fn settle(forward: &mut [Step], back: &Back<'_>) {
    // A field that is made under one name and renamed later comes back under the later one.
    let back_steps = match back {
        Back::Steps { steps, .. } => renamed(steps),
        _ => Vec::new(),
    };
    let names: Vec<Option<String>> = renamed(forward).into_iter().map(|step| step.column).collect();
    let made_here: Vec<String> = forward
        .iter()
        .filter(|step| step.op == SchemaOp::AddTable)
        .map(|step| step.table.to_lowercase())
        .collect();
    let added: Vec<Step> =
        forward.iter().filter(|step| step.op == SchemaOp::AddColumn).take(MAX_STEPS).cloned().collect();
    for (step, name) in forward.iter_mut().zip(names) {
        step.undo = match back {
            Back::None => Undo::None,
            Back::Automatic if step.undo == Undo::Unknown => turned(step),
            Back::Automatic => step.undo,
            Back::Steps { unclear, .. } => {
                let steps = &back_steps;
                let final_name = Step { column: name, ..step.clone() };
                // Going back drops a table that this migration made, and all that was done to it.
                let gone = made_here.contains(&step.table.to_lowercase())
                    && steps
                        .iter()
                        .any(|back| back.op == SchemaOp::DropTable && same(&back.table, &step.table));
                let found =
                    steps.iter().find_map(|back| undone(step, back).or_else(|| undone(&final_name, back)));
                match found {
                    // What it fills from elsewhere, nobody can tell from here.
                    Some(Undo::RestoresStructure) if steps.iter().any(|back| fills(back, step)) => {
                        Undo::Unknown
                    }
                    Some(undo) => undo,
                    // What was filled goes with the fields that were made for it.
                    None if goes_with_fields(step, &added, steps) => Undo::Restores,
                    None if gone => Undo::Restores,
                    None if *unclear => Undo::Unknown,
                    None => Undo::None,
                }
            }
        };
    }
}

/// Whether a step of the way back puts values into what a step deleted.
fn fills(back: &Step, deleted: &Step) -> bool {
    back.op == SchemaOp::DataBackfill
        && same(&back.table, &deleted.table)
        && (deleted.column.is_none() || columns(back).any(|name| same(name, column(deleted))))
}

/// Whether a step only fills fields that the same migration adds, and the way back drops these.
fn goes_with_fields(step: &Step, added: &[Step], back: &[Step]) -> bool {
    let has = |steps: &[Step], op: SchemaOp, name: &str| {
        steps.iter().any(|one| one.op == op && same(&one.table, &step.table) && same(column(one), name))
    };
    step.op == SchemaOp::DataBackfill
        && !column(step).is_empty()
        && columns(step)
            .all(|name| has(added, SchemaOp::AddColumn, name) && has(back, SchemaOp::DropColumn, name))
}

fn columns(step: &Step) -> impl Iterator<Item = &str> {
    column(step).split(", ")
}

/// Steps that are looked at on either way, at most; longer migrations are not written by people.
const MAX_STEPS: usize = 1_000;

/// The steps, each new field under the name that it has in the end.
fn renamed(steps: &[Step]) -> Vec<Step> {
    let mut out: Vec<Step> = steps.iter().take(MAX_STEPS).cloned().collect();
    for at in 0..out.len() {
        let Some(Step { op: SchemaOp::RenameColumn, table, column, to: Some(to), .. }) = out.get(at).cloned()
        else {
            continue;
        };
        for before in out.iter_mut().take(at).filter(|step| step.op == SchemaOp::AddColumn) {
            if same(&before.table, &table) && before.column == column {
                before.column = Some(to.clone());
            }
        }
    }
    out
}

/// What turning a step around by itself brings back, in frameworks that do so.
pub(super) fn turned(step: &Step) -> Undo {
    match step.op {
        SchemaOp::DropTable | SchemaOp::DropColumn => Undo::RestoresStructure,
        SchemaOp::DataBackfill | SchemaOp::Other => Undo::None,
        _ => Undo::Restores,
    }
}

/// The step that goes the other way.
pub(super) fn inverse(step: Step) -> Step {
    use SchemaOp as Op;
    let op = match step.op {
        Op::AddTable => Op::DropTable,
        Op::DropTable => Op::AddTable,
        Op::AddColumn => Op::DropColumn,
        Op::DropColumn => Op::AddColumn,
        Op::AddIndex => Op::DropIndex,
        Op::DropIndex => Op::AddIndex,
        Op::AddConstraint => Op::DropConstraint,
        Op::DropConstraint => Op::AddConstraint,
        Op::RenameTable => {
            return Step {
                table: step.to.unwrap_or_default(),
                to: Some(step.table),
                undo: Undo::Restores,
                ..Step::new(step.op, "", step.line)
            };
        }
        Op::RenameColumn => return Step { column: step.to, to: step.column, ..step },
        Op::ChangeNullability => return Step { nullable: step.nullable.map(|nullable| !nullable), ..step },
        Op::ChangeType | Op::ChangeDefault | Op::DataBackfill | Op::Other => {
            return Step::new(Op::Other, "", step.line).detail("what", "own_code");
        }
    };
    let destroys = matches!(op, Op::DropTable | Op::DropColumn);
    let undo = if destroys { Undo::RestoresStructure } else { Undo::Restores };
    Step { op, undo, destructive: destroys, shape: step.shape.filter(|_| op == Op::AddTable), ..step }
}

fn same(a: &str, b: &str) -> bool {
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_lowercase();
    last(a) == last(b)
}

fn column(step: &Step) -> &str {
    step.column.as_deref().unwrap_or_default()
}

/// What `back` brings back of `step`, where it is its opposite.
fn undone(step: &Step, back: &Step) -> Option<Undo> {
    use SchemaOp as Op;
    let table = same(&step.table, &back.table);
    let both = table && same(column(step), column(back));
    let to = |step: &Step, name: &str| step.to.as_deref().is_some_and(|to| same(to, name));
    let name = |step: &Step| step.details.get("name").map(|name| name.to_lowercase());
    let covers = table
        && (both
            || column(step).is_empty()
            || column(back).is_empty()
            || name(step).is_some_and(|n| name(back) == Some(n)));
    match (step.op, back.op) {
        (Op::AddTable, Op::DropTable) if table => Some(Undo::Restores),
        (Op::DropTable, Op::AddTable) if table => Some(Undo::RestoresStructure),
        (Op::AddColumn, Op::DropColumn) if both => Some(Undo::Restores),
        (Op::DropColumn, Op::AddColumn) if both => Some(Undo::RestoresStructure),
        (Op::RenameTable, Op::RenameTable) if to(step, &back.table) || to(back, &step.table) => {
            Some(Undo::Restores)
        }
        (Op::RenameColumn, Op::RenameColumn) if to(step, column(back)) || to(back, column(step)) => {
            Some(Undo::Restores)
        }
        (Op::ChangeType, Op::ChangeType)
        | (Op::ChangeNullability, Op::ChangeNullability)
        | (Op::ChangeDefault, Op::ChangeDefault)
            if both =>
        {
            Some(Undo::Restores)
        }
        (Op::AddIndex, Op::DropIndex)
        | (Op::DropIndex, Op::AddIndex)
        | (Op::AddConstraint, Op::DropConstraint)
        | (Op::DropConstraint, Op::AddConstraint)
            if covers || step.table.is_empty() || back.table.is_empty() =>
        {
            Some(Undo::Restores)
        }
        (Op::DataBackfill, Op::DataBackfill) if table => Some(Undo::Unknown),
        (Op::Other, Op::Other) => {
            let change = |step: &Step| step.details.get("change").cloned();
            let opposite = matches!(
                (change(step).as_deref(), change(back).as_deref()),
                (Some("created"), Some("dropped")) | (Some("dropped"), Some("created"))
            );
            let same_name = name(step).is_some() && name(step) == name(back);
            Some(if opposite && same_name { Undo::Restores } else { Undo::Unknown })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(op: SchemaOp, table: &str, column: &str) -> Step {
        Step::new(op, table, 1).column(column)
    }

    #[test]
    fn what_goes_with_its_field_is_undone_and_what_is_filled_again_nobody_can_tell() {
        use SchemaOp::{AddColumn, DataBackfill, DropColumn};
        let forward = [
            step(AddColumn, "carts", "name"),
            step(DataBackfill, "carts", "name"),
            step(DropColumn, "users", "cart"),
        ];
        let undone = |back: &[Step]| {
            let mut forward = forward.to_vec();
            settle(&mut forward, &Back::Steps { steps: back, unclear: false });
            forward.into_iter().map(|step| step.undo).collect::<Vec<_>>()
        };
        let back = [step(DropColumn, "carts", "name"), step(AddColumn, "users", "cart")];
        assert_eq!(undone(&back), [Undo::Restores, Undo::Restores, Undo::RestoresStructure]);
        let filled = [&back[1..], &[step(DataBackfill, "users", "cart")]].concat();
        assert_eq!(undone(&filled), [Undo::None, Undo::None, Undo::Unknown]);
    }
}
