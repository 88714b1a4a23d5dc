//! From facts, notes and subjects to sections: what each change becomes, and the account of all of them.

mod alike;
mod areas;
mod entries;
mod matter;
mod short;
mod words;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::credit::Credited;
use super::facts::Fact;
use super::model::{Audience, Entry, Ledger, LeftOut, Section, SectionName};
use super::trace::Behind;
use super::units::{Fate, Noise, Unit, Units};
use crate::services::Catalog;
use areas::Areas;
use matter::{absorb, absorbs, attach, is_gone, is_the_matter, mark, sole_unit};

/// Lines that customers read at most. Source: the study of release notes, "Order and size".
const CUSTOMERS: usize = 7;
/// Lines of one section that people here read at most; the rest is one counted line. Source: as above.
const INTERNAL: usize = 40;
/// Lines that wait for a person's words at most, the most important first.
const NEEDS_WORDS: usize = 15;
/// Actions that a reader with one minute takes in.
const EXEC: usize = 5;
/// Changes behind one fact that are worth naming; a fact that more made is everybody's.
const NAMED: usize = 4;

/// Everything that is known about a range.
pub struct Known<'a> {
    /// Its changes.
    pub units: &'a Units,
    /// What the comparison found.
    pub facts: Vec<Fact>,
    /// For each fact, the changes behind it.
    pub behind: Vec<Behind>,
    /// Whose note is whose.
    pub credited: &'a Credited,
    /// The services.
    pub catalog: &'a Catalog,
    /// For whom.
    pub audience: Audience,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Listed,
    Merged,
    NeedsWords,
    LeftOut(LeftOut),
}

/// An entry on its way into a section; lower `rank` is first.
struct Placed {
    section: SectionName,
    rank: (u8, Reverse<usize>, u64),
    entry: Entry,
    unit: Option<usize>,
}

/// Sections in order, and the ledger.
pub fn compose(known: Known<'_>) -> (Vec<Section>, Ledger) {
    let Known { units, facts, behind, credited, catalog, audience } = known;
    let mut told: Vec<Option<Told>> =
        units.units.iter().enumerate().map(|(at, unit)| left_out(unit, at, credited, &behind)).collect();
    let places = Areas { catalog, audience };
    let mut placed: Vec<Placed> = Vec::new();
    let mut facts: Vec<(Fact, Behind)> = facts
        .into_iter()
        .zip(behind)
        .filter(|(fact, _)| audience != Audience::Customers || fact.is_public)
        .collect();
    absorb(&mut facts, units, &told);
    let facts_of = by_unit(&facts);

    for (at, unit) in units.units.iter().enumerate().filter(|(at, _)| told[*at].is_none()).collect::<Vec<_>>()
    {
        let area = places.of(unit, &credited.notes[at]);
        let sole = facts_of.get(&at).into_iter().flatten().find(|fact| {
            let (fact, behind) = &facts[**fact];
            sole_unit(behind, units) == Some(at) && is_the_matter(fact, unit, &credited.notes[at])
        });
        if let Some(fact) = sole {
            told[at] = Some(Told::Listed);
            attach(&mut facts[*fact].0, unit, &credited.notes[at], audience);
            continue;
        }
        if facts_of.get(&at).into_iter().flatten().any(|fact| absorbs(&facts[*fact].0, unit)) {
            told[at] = Some(Told::Merged);
            continue;
        }
        let is_told_with = credited.told_with[at] && credited.notes[at].is_empty();
        if is_told_with || is_gone(unit, area.service, &facts) {
            told[at] = Some(Told::Merged);
            continue;
        }
        if !area.is_heard {
            told[at] = Some(Told::LeftOut(LeftOut::Audience));
            continue;
        }
        let mut made = entries::entries_of(unit, &credited.notes[at], &area, at, audience);
        let has_words = made.iter().any(|placed| placed.section != SectionName::NeedsYourWords);
        told[at] = Some(match has_words {
            true => Told::Listed,
            false if facts_of.contains_key(&at) && (unit.noise.is_some() || audience == Audience::Exec) => {
                made.clear();
                Told::Merged
            }
            false => Told::NeedsWords,
        });
        placed.extend(made);
    }
    for note in credited.loose.iter().filter(|_| audience != Audience::Customers) {
        placed.extend(entries::loose(note));
    }
    if audience != Audience::Customers {
        alike::families(&mut placed, &mut told);
    }
    alike::same_words(&mut placed, &mut told);
    let shorts = short::in_short(&facts, &placed, audience);
    for (mut fact, behind) in facts {
        let pulls: BTreeSet<u64> =
            behind.units.iter().filter_map(|at| units.units[*at].pulls.first().copied()).collect();
        fact.entry.pulls = pulls.into_iter().filter(|_| behind.units.len() <= NAMED).collect();
        fact.entry.commits =
            behind.units.iter().filter_map(|at| units.units[*at].commits.first().cloned()).collect();
        mark(&mut fact, &behind, units, credited);
        if fact.entry.shape == "notes/entries/packages"
            && let Some(values) = fact.entry.facts.get_mut("facts").and_then(Value::as_object_mut)
        {
            values.insert("security".to_owned(), json!(security_updates(units)));
        }
        placed.push(Placed {
            section: fact.section,
            rank: (fact.rank, Reverse(0), 0),
            entry: fact.entry,
            unit: None,
        });
    }
    let sections = sections(placed, shorts, audience, &mut told);
    let ledger = ledger(units, &told);
    (sections, ledger)
}

/// Whether a change is told nowhere. An author's note beats noise, and so does a fact.
fn left_out(unit: &Unit, at: usize, credited: &Credited, behind: &[Behind]) -> Option<Told> {
    let reason = match (&unit.fate, unit.noise) {
        (Fate::TakenBack(_) | Fate::TakesBack(_), _) => LeftOut::TakenBack,
        _ if !credited.notes[at].is_empty() => return None,
        (_, Some(noise)) => match noise {
            // what programs step is told as the line on packages
            Noise::Bot => LeftOut::Bot,
            Noise::Packages => LeftOut::Packages,
            Noise::Release => LeftOut::Release,
            // translators' own words are not told either
            Noise::Translations => LeftOut::Translations,
            _ if behind.iter().any(|behind| behind.units.contains(&at)) => return None,
            Noise::Automation => LeftOut::Automation,
            Noise::Docs => LeftOut::Docs,
            Noise::Tests => LeftOut::Tests,
            Noise::Chore => LeftOut::Chore,
        },
        _ if credited.none[at] => LeftOut::AuthorSaysNone,
        _ => return None,
    };
    Some(Told::LeftOut(reason))
}

fn by_unit(facts: &[(Fact, Behind)]) -> BTreeMap<usize, Vec<usize>> {
    let mut of: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (fact, (_, behind)) in facts.iter().enumerate() {
        behind.units.iter().for_each(|unit| of.entry(*unit).or_default().push(fact));
    }
    of
}

/// The pull requests that step packages and that their authors, mostly programs, call updates for security.
fn security_updates(units: &Units) -> BTreeSet<u64> {
    let called = |unit: &&Unit| {
        let subject = unit.subject.to_lowercase();
        matches!(unit.noise, Some(Noise::Bot | Noise::Packages))
            && ["[security]", "cve-", "ghsa-", "security update"].iter().any(|mark| subject.contains(mark))
    };
    units.units.iter().filter(called).filter_map(|unit| unit.pulls.first().copied()).collect()
}

/// Entries in sections, each in its order, as many in view as the audience reads.
fn sections(
    placed: Vec<Placed>,
    shorts: Vec<Entry>,
    audience: Audience,
    told: &mut [Option<Told>],
) -> Vec<Section> {
    let mut by: BTreeMap<SectionName, Vec<Placed>> = BTreeMap::new();
    for one in placed {
        by.entry(one.section).or_default().push(one);
    }
    let mut sections = Vec::new();
    if !shorts.is_empty() {
        let shown = shorts.len() as u32;
        sections.push(Section { name: SectionName::InShort, entries: shorts, shown });
    }
    let mut left = CUSTOMERS;
    for (name, mut group) in by {
        group.sort_by_key(|one| one.rank);
        let most = match (audience, name) {
            (Audience::Exec, SectionName::ActionNeeded) => EXEC,
            (Audience::Exec, _) => 0,
            (Audience::Customers, SectionName::NeedsYourWords) => NEEDS_WORDS / 5,
            (Audience::Customers, SectionName::ActionNeeded) => {
                // a name of ours is no business of a customer unless something of theirs breaks
                left
            }
            (Audience::Customers, _) => left,
            (Audience::Internal, SectionName::NeedsYourWords) => NEEDS_WORDS,
            (Audience::Internal, _) => INTERNAL,
        };
        if audience == Audience::Customers && name != SectionName::NeedsYourWords {
            left = left.saturating_sub(group.len());
        }
        let shown = group.len().min(most);
        if audience != Audience::Internal && name != SectionName::NeedsYourWords {
            for one in group.iter().skip(shown) {
                if let Some(unit) = one.unit {
                    told[unit] = Some(Told::LeftOut(LeftOut::Cap));
                }
            }
        }
        if most == 0 {
            for unit in group.iter().filter_map(|one| one.unit) {
                if told[unit] == Some(Told::NeedsWords) {
                    told[unit] = Some(Told::LeftOut(LeftOut::Cap));
                }
            }
            continue;
        }
        let entries: Vec<Entry> = group.into_iter().map(|one| one.entry).collect();
        sections.push(Section { name, entries, shown: shown as u32 });
    }
    sections
}

/// Every commit once. Branch commits and copies of a change are merged into it, unless it is left out as a whole.
fn ledger(units: &Units, told: &[Option<Told>]) -> Ledger {
    let mut ledger = Ledger { commits: units.commits, ..Ledger::default() };
    for (unit, told) in units.units.iter().zip(told) {
        let others = unit.commits.len().saturating_sub(1) as u32;
        let all = unit.commits.len() as u32;
        match told {
            Some(Told::Listed) => {
                (ledger.listed, ledger.merged) = (ledger.listed + 1, ledger.merged + others)
            }
            Some(Told::Merged) => ledger.merged += all,
            Some(Told::NeedsWords) => {
                (ledger.needs_words, ledger.merged) = (ledger.needs_words + 1, ledger.merged + others);
            }
            Some(Told::LeftOut(reason)) => *ledger.left_out.entry(*reason).or_default() += all,
            None => {}
        }
    }
    if !units.merges.is_empty() {
        *ledger.left_out.entry(LeftOut::Merge).or_default() += units.merges.len() as u32;
    }
    ledger
}
