//! One fact once: what both directions say, and what only moved.

use std::collections::{BTreeMap, HashSet};

use super::super::{Direction, Format, What};
use super::{Difference, judge};
use crate::change::RepoPath;
use crate::finding::ApiOp;

/// The same fact said in both directions, or reached in two ways, is one fact; the worse verdict stays.
pub(super) fn merged(all: Vec<Difference>) -> Vec<Difference> {
    let mut found: Vec<Difference> = Vec::new();
    let mut at: BTreeMap<(RepoPath, [String; 2], ApiOp, What, Option<String>, Option<String>), usize> =
        BTreeMap::new();
    for one in all {
        let key = (
            one.place.path.clone(),
            [one.subject.clone(), one.name.clone()],
            one.op,
            one.what,
            one.from.clone(),
            one.to.clone(),
        );
        match at.get(&key) {
            Some(&position) => {
                let other = &mut found[position];
                other.breaking = judge(Direction::Both, other.breaking, one.breaking);
                if other.direction != one.direction {
                    other.direction = other.direction.and(one.direction).map(|_| Direction::Both);
                }
            }
            None => {
                at.insert(key, found.len());
                found.push(one);
            }
        }
    }
    found
}

/// A part that left one definition of a type for another one of the same name, in another file, did not leave.
pub(super) fn without_moves(mut all: Vec<Difference>) -> Vec<Difference> {
    type Key = (String, String, What);
    let key = |one: &Difference| -> Key { (one.subject.clone(), one.name.clone(), one.what) };
    let is = |one: &Difference, ops: [ApiOp; 2]| ops.contains(&one.op);
    let gone: HashSet<Key> =
        all.iter().filter(|one| is(one, [ApiOp::FieldRemoved, ApiOp::ValueRemoved])).map(key).collect();
    let new: HashSet<Key> =
        all.iter().filter(|one| is(one, [ApiOp::FieldAdded, ApiOp::ValueAdded])).map(key).collect();
    let nominal = |one: &Difference| matches!(one.format, Format::GraphQl);
    all.retain(|one| {
        let counts = is(one, [ApiOp::FieldRemoved, ApiOp::ValueRemoved])
            || is(one, [ApiOp::FieldAdded, ApiOp::ValueAdded]);
        !(nominal(one) && counts && gone.contains(&key(one)) && new.contains(&key(one)))
    });
    all
}
