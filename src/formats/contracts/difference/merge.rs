//! One fact once: what both directions say, and what only moved.

use std::collections::{BTreeMap, HashSet};

use super::super::{Direction, Format, Spot, What};
use super::{Difference, judge};
use crate::change::RepoPath;
use crate::finding::ApiOp;

/// Where a fact stands and what it says, for telling that two are one.
type Key = (RepoPath, Option<String>, [String; 2], ApiOp, What, Option<String>, Option<String>);

fn key_of(one: &Difference) -> Key {
    // A part of a schema that others are laid into, or that is written into several types, is one text and one fact.
    // What belongs to an operation is said for each operation.
    let shared = match &one.place.spot {
        Spot::Keys(keys) if one.owner.as_ref().is_some_and(|owner| !owner.contains(' ')) => {
            Some(keys.to_string())
        }
        _ => None,
    };
    let subject = if shared.is_some() { String::new() } else { one.subject.clone() };
    let names = [subject, one.name.clone()];
    (one.place.path.clone(), shared, names, one.op, one.what, one.from.clone(), one.to.clone())
}

/// The same fact said in both directions, or reached in several ways, is one fact; the worse verdict stays, and the
/// shortest of the names under which that is reached.
pub(super) fn merged(all: Vec<Difference>) -> Vec<Difference> {
    let mut found: Vec<Difference> = Vec::new();
    let mut at: BTreeMap<Key, usize> = BTreeMap::new();
    for one in all {
        let key = key_of(&one);
        match at.get(&key) {
            Some(&position) => {
                let other = &mut found[position];
                let worse = judge(Direction::Both, other.breaking, one.breaking);
                let direction = match (other.direction, one.direction) {
                    (here, there) if here == there => here,
                    (here, there) => here.and(there).map(|_| Direction::Both),
                };
                let is_worse = other.breaking != worse;
                let is_shorter = one.breaking == worse && one.subject.len() < other.subject.len();
                if is_worse || is_shorter {
                    *other = one;
                }
                (other.breaking, other.direction) = (worse, direction);
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
