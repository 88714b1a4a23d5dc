//! Facts that one change brought, put together, and which of them come first.

use std::collections::{BTreeMap, BTreeSet};

use super::super::facts::{self, Fact};
use super::super::model::SectionName;
use super::super::units::Unit;

/// Things to know.
const THINGS: usize = 3;

/// Facts that one change, or the same few, brought.
pub(super) struct Thing {
    pub facts: Vec<Fact>,
    pub units: BTreeSet<usize>,
}

/// What a reader must know first: what to do, then privacy, what will go, what is new, what is other than before.
pub(super) fn order(fact: &Fact) -> u8 {
    match fact.section {
        SectionName::ActionNeeded => 0,
        SectionName::SecurityAndPrivacy => 1,
        SectionName::GoingAway => 2,
        // settings that may be left as they are
        SectionName::New if fact.rank >= 8 => 7,
        SectionName::New => 3,
        SectionName::Data => 4,
        // texts of other languages
        SectionName::Changed if fact.rank == facts::TRANSLATED => 8,
        SectionName::Changed => 5,
        SectionName::Fixed => 6,
        _ => 9,
    }
}

/// The only change that touches the file which proves a fact; none where there are several.
pub(super) fn touching(fact: &Fact, units: &[Unit]) -> BTreeSet<usize> {
    let Some(place) = fact.entry.evidence.first() else { return BTreeSet::new() };
    let touches = |unit: &(usize, &Unit)| unit.1.paths.iter().any(|file| file.path == place.path);
    let found: Vec<usize> = units.iter().enumerate().filter(touches).map(|(at, _)| at).collect();
    if found.len() == 1 { found.into_iter().collect() } else { BTreeSet::new() }
}

/// Puts facts that one and the same change brought into one thing, in the order of their first fact. What that change
/// finished, and another began, belongs to it too.
pub(super) fn group(facts: Vec<Fact>, behind: Vec<BTreeSet<usize>>) -> Vec<Thing> {
    let mut facts: Vec<(usize, Fact, BTreeSet<usize>)> = facts
        .into_iter()
        .zip(behind)
        .enumerate()
        .map(|(place, (fact, units))| (place, fact, units))
        .filter(|(_, fact, _)| fact.section != SectionName::Packages)
        .collect();
    // those of one change first, so that there is something to belong to
    facts.sort_by_key(|(place, _, units)| (units.len() != 1, *place));
    let mut things: Vec<(Vec<(usize, Fact)>, BTreeSet<usize>)> = Vec::new();
    for (place, fact, units) in facts {
        let same = things.iter_mut().find(|(known, of)| {
            let is_finished_by = units.len() == 2 && of.is_subset(&units);
            of.len() == 1
                && (*of == units
                    || is_finished_by && known.iter().any(|(_, other)| other.section == fact.section))
        });
        match same {
            Some((known, _)) => known.push((place, fact)),
            None => things.push((vec![(place, fact)], units)),
        }
    }
    things.iter_mut().for_each(|(known, _)| known.sort_by_key(|(place, _)| *place));
    things.sort_by_key(|(known, _)| known.first().map(|(place, _)| *place));
    let facts = |known: Vec<(usize, Fact)>| known.into_iter().map(|(_, fact)| fact).collect();
    things.into_iter().map(|(known, units)| Thing { facts: facts(known), units }).collect()
}

/// Three things to know: two that ask for action, then the first of each other matter, then what comes next.
pub(super) fn choose(things: Vec<Thing>) -> (Vec<Thing>, Vec<Thing>) {
    let matter = |thing: &Thing| thing.facts.first().map_or(9, order);
    let mut chosen: Vec<usize> = Vec::new();
    let mut counts: BTreeMap<u8, usize> = BTreeMap::new();
    for (at, thing) in things.iter().enumerate() {
        let count = counts.entry(matter(thing)).or_default();
        if matter(thing) < 8 && *count < 1 + usize::from(matter(thing) == 0) && chosen.len() < THINGS {
            chosen.push(at);
        }
        *count += 1;
    }
    for (at, thing) in things.iter().enumerate() {
        if chosen.len() < THINGS && !chosen.contains(&at) && matter(thing) < 8 {
            chosen.push(at);
        }
    }
    chosen.sort_unstable();
    let (mut top, mut rest) = (Vec::new(), Vec::new());
    for (at, thing) in things.into_iter().enumerate() {
        if chosen.contains(&at) { top.push(thing) } else { rest.push(thing) }
    }
    (top, rest)
}
