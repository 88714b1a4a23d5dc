//! What a digest says of a week, section by section.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::author;
use super::super::facts::{Fact, Seen};
use super::super::model::{Entry, Ledger, LeftOut, Section, SectionName, Source};
use super::super::released::Released;
use super::super::units::{Fate, Noise, Unit, Units};
use super::sorts::{SORTS, sort_of};
use super::things::{Thing, choose, group};
use super::{moved, promises};
use crate::change::Role;
use crate::finding::{ApiOp, Evidence, Facts, Finding, id_of};

/// Sentences of one thing.
const SAYS: usize = 3;
/// What else changed: facts, and changes by their authors' titles.
const ALSO: usize = 5;
const TITLES: usize = 12;
/// Sentences on outside packages and versions of languages.
const PACKAGES: usize = 2;
/// Promises; questions, of which some turn out to be the same.
const PROMISES: usize = 4;
const QUESTIONS: usize = 6;
/// A change of fewer product files needs no walk-through.
const WALK: usize = 5;

/// The days, as they were read.
pub(super) struct Week<'a> {
    pub seen: Seen<'a>,
    pub units: &'a Units,
    pub released: &'a Released,
    pub people: bool,
}

impl Week<'_> {
    /// All sections and the account of the commits; `behind` names the units behind each fact.
    pub(super) fn sections(&self, facts: Vec<Fact>, behind: Vec<BTreeSet<usize>>) -> (Vec<Section>, Ledger) {
        let with_facts: BTreeSet<usize> = behind.iter().flatten().copied().collect();
        let packages: Vec<Fact> =
            facts.iter().filter(|fact| fact.section == SectionName::Packages).cloned().collect();
        let things = group(facts, behind);
        let (top, rest) = choose(things);
        let matters = |at: usize| {
            let unit = &self.units.units[at];
            stands(unit) && (unit.noise.is_none() || with_facts.contains(&at))
        };
        let told: BTreeSet<usize> =
            top.iter().chain(rest.iter().take(ALSO)).flat_map(|thing| &thing.units).copied().collect();
        let mut untold: Vec<usize> =
            (0..self.units.units.len()).filter(|at| matters(*at) && !told.contains(at)).collect();
        // what says something to a reader first
        untold.sort_by_key(|at| {
            let unit = &self.units.units[*at];
            (unit.wording.code_words > 0, sort_of(unit))
        });
        // of changes that their authors call the same, one stands for all
        let mut titles = BTreeSet::new();
        let (mut untold, same): (Vec<usize>, Vec<usize>) =
            untold.into_iter().partition(|at| titles.insert(&self.units.units[*at].title));
        untold.extend(same);

        let things: Vec<Entry> = top.iter().map(|thing| self.thing(thing, SAYS)).collect();
        let mut also: Vec<Entry> = rest.iter().take(ALSO).map(|thing| self.thing(thing, 1)).collect();
        also.extend(packages.into_iter().take(PACKAGES).map(|fact| fact.entry));
        also.extend(untold.iter().take(TITLES).map(|at| self.title(*at)));
        // the words of these say little: one line asks for better ones
        let unclear = untold.iter().take(TITLES).position(|at| self.units.units[*at].wording.code_words > 0);
        if let Some(at) = unclear {
            let titles = untold.len().min(TITLES);
            also.insert(also.len() + at - titles, entry("digest/unclear", "", Value::Null));
        }
        if untold.len() > TITLES {
            also.push(entry("digest/more", "", json!({"count": untold.len() - TITLES})));
        }
        let changes = (0..self.units.units.len()).filter(|at| stands(&self.units.units[*at])).count();
        let matter = (0..self.units.units.len()).filter(|at| matters(*at)).count();
        let questions = self.questions(top.iter().chain(&rest), top.len());
        let all = [
            (SectionName::Counts, vec![self.counts(changes, matter)]),
            (SectionName::ThreeThings, things),
            (SectionName::Also, also),
            (SectionName::Work, self.work()),
            (SectionName::Map, self.map()),
            (SectionName::Promises, self.promises()),
            (SectionName::Questions, questions),
            (SectionName::WalkThrough, self.walk_through().into_iter().collect()),
        ];
        let sections = all.into_iter().filter(|(_, entries)| !entries.is_empty());
        let sections = sections.map(|(name, entries)| {
            let shown = entries.len() as u32;
            Section { name, entries, shown }
        });
        let sections = sections.collect();
        let shown: BTreeSet<usize> = told.into_iter().chain(untold.into_iter().take(TITLES)).collect();
        (sections, self.ledger(&shown))
    }

    fn thing(&self, thing: &Thing, most: usize) -> Entry {
        let one = match thing.units.iter().copied().collect::<Vec<_>>().as_slice() {
            [one] => Some(*one),
            _ => None,
        };
        let unit = one.map(|at| &self.units.units[at]);
        let says: Vec<Value> = thing
            .facts
            .iter()
            .take(most)
            .map(|fact| json!({"shape": fact.entry.shape, "facts": fact.entry.facts}))
            .collect();
        let first = thing.facts.first().map(|fact| &fact.entry);
        let units: Vec<&Unit> = thing.units.iter().map(|at| &self.units.units[*at]).collect();
        Entry {
            area: first.and_then(|entry| entry.area.clone()),
            owners: first.map(|entry| entry.owners.clone()).unwrap_or_default(),
            sources: vec![Source::Comparison, Source::Subject],
            findings: thing.facts.iter().flat_map(|fact| fact.entry.findings.clone()).collect(),
            evidence: thing.facts.iter().filter_map(|fact| fact.entry.evidence.first().cloned()).collect(),
            pulls: units.iter().flat_map(|unit| unit.pulls.clone()).collect(),
            commits: units.iter().flat_map(|unit| unit.commits.clone()).collect(),
            ..entry(
                "digest/thing",
                first.map_or("", |entry| entry.id.as_str()),
                json!({
                    "title": unit.map(|unit| &unit.title),
                    "pulls": unit.map(|unit| &unit.pulls),
                    "says": says,
                    "more": thing.facts.len().saturating_sub(most),
                    "released": self.released_of(&thing.units),
                }),
            )
        }
    }

    /// A change that no fact speaks of, by its author's title.
    fn title(&self, at: usize) -> Entry {
        let unit = &self.units.units[at];
        Entry {
            sources: vec![Source::Subject],
            pulls: unit.pulls.clone(),
            commits: unit.commits.clone(),
            ..entry(
                "digest/title",
                unit.commits.first().map_or("", String::as_str),
                json!({
                    "title": unit.title,
                    "pulls": unit.pulls,
                    "released": self.released_of(&BTreeSet::from([at])),
                }),
            )
        }
    }

    /// `{"tags"}` where each unit is released, the highest line's tag first; `{"tags": []}` where none is; null where that
    /// cannot be told.
    fn released_of(&self, units: &BTreeSet<usize>) -> Value {
        // what holds for all is said once
        let all = &self.released.of_units;
        let is_said = all.iter().all(|tags| all.first() == Some(tags));
        if !self.released.has_lines || units.is_empty() || is_said {
            return Value::Null;
        }
        let of: Vec<&Vec<String>> = units.iter().map(|at| &self.released.of_units[*at]).collect();
        let first: Vec<&String> = of.iter().filter_map(|tags| tags.first()).collect();
        match first.len() {
            0 => json!({"tags": [], "some": false}),
            n if n < of.len() => json!({"tags": first.iter().collect::<BTreeSet<_>>(), "some": true}),
            _ if of.len() == 1 => json!({"tags": of[0], "some": false}),
            _ => json!({"tags": first.iter().collect::<BTreeSet<_>>(), "some": false}),
        }
    }

    fn counts(&self, changes: usize, matter: usize) -> Entry {
        let findings = &self.seen.summary.report.findings;
        let api = |wanted: &dyn Fn(&crate::finding::ApiFacts) -> bool| {
            findings.iter().filter(|one| matches!(&one.facts, Facts::Api(api) if wanted(api))).count()
        };
        let removed = |op: ApiOp, finding: &Finding| {
            matches!(op, ApiOp::OperationRemoved | ApiOp::FieldRemoved | ApiOp::ValueRemoved)
                || finding.rule == "api.type_removed"
        };
        let breaking = findings
            .iter()
            .filter(|one| {
                matches!(&one.facts, Facts::Api(api) if api.breaking == Some(true) && removed(api.op, one))
            })
            .count();
        let standing = || (0..self.units.units.len()).filter(|at| stands(&self.units.units[*at]));
        let out = standing().filter(|at| !self.released.of_units[*at].is_empty()).count();
        let tags: Vec<Value> = self
            .released
            .within
            .iter()
            .map(|release| json!({"tag": release.tag, "day": crate::git::day(release.time)}))
            .collect();
        entry(
            "digest/counts",
            "",
            json!({
                "changes": changes,
                "matter": matter,
                "taken_back": self.units.units.len() - changes,
                "api_removed": breaking,
                "api_marked": api(&|api| api.op == ApiOp::Deprecated),
                "has_lines": self.released.has_lines,
                "released": out,
                "tags": tags,
            }),
        )
    }

    /// How many changes of each sort; by paths where these decide, else by what their authors call them.
    fn work(&self) -> Vec<Entry> {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        for unit in self.units.units.iter().filter(|unit| stands(unit)) {
            *counts.entry(sort_of(unit)).or_default() += 1;
        }
        let kinds: Vec<Value> =
            counts.into_iter().map(|(sort, count)| json!({"kind": SORTS[sort], "count": count})).collect();
        match kinds.is_empty() {
            true => Vec::new(),
            false => vec![entry("digest/work", "", json!({"kinds": kinds}))],
        }
    }

    fn map(&self) -> Vec<Entry> {
        let map = moved(&self.seen.summary.report.map, self.seen.catalog);
        map.into_iter().map(|map| entry("digest/map", "", json!(map))).collect()
    }

    fn promises(&self) -> Vec<Entry> {
        let found = promises::of(&self.seen.change.files);
        let more = found.len().saturating_sub(PROMISES);
        let mut entries: Vec<Entry> = found
            .into_iter()
            .take(PROMISES)
            .map(|promise| {
                let place = match promise.is_new {
                    true => Evidence::after(&promise.path, promise.line),
                    false => Evidence::before(&promise.path, promise.line),
                };
                let values = json!({
                    "quote": author::quote(&promise.quote),
                    "due": promise.due,
                    "is_new": promise.is_new,
                    "evidence": [place],
                });
                Entry { evidence: vec![place], ..entry("digest/promise", &promise.quote, values) }
            })
            .collect();
        if more > 0 {
            entries.push(entry("digest/more_promises", "", json!({"count": more})));
        }
        entries
    }

    /// What to ask whom, one question a thing.
    fn questions<'t>(&self, things: impl Iterator<Item = &'t Thing>, top: usize) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        for (at, thing) in things.enumerate() {
            let Some(fact) = thing.facts.iter().find(|fact| asks(&fact.entry.shape)) else { continue };
            let one = thing.units.iter().next().filter(|_| thing.units.len() == 1);
            let values = json!({
                "thing": (at < top).then_some(at + 1),
                "title": one.map(|at| &self.units.units[*at].title),
                "who": self.author_of(&thing.units),
                "owner": fact.entry.owners.first(),
                "shape": fact.entry.shape,
                "facts": fact.entry.facts,
            });
            if !entries.iter().any(|other| other.facts["shape"] == values["shape"]) {
                entries.push(entry("digest/question", &fact.entry.id, values));
            }
            if entries.len() == QUESTIONS {
                break;
            }
        }
        entries
    }

    /// Who wrote most of these changes; of several, who wrote the newest.
    fn author_of(&self, units: &BTreeSet<usize>) -> Option<&str> {
        let authors: Vec<&str> = units.iter().filter_map(|at| self.author(*at)).collect();
        let count = |name: &str| authors.iter().filter(|other| **other == name).count();
        authors.iter().rev().max_by_key(|name| count(name)).copied()
    }

    fn author(&self, at: usize) -> Option<&str> {
        let person = self.units.units[at].authors.iter().find(|person| !person.is_bot())?;
        self.people.then_some(person.name.as_str())
    }

    /// The change of most product files, where it is worth an hour.
    fn walk_through(&self) -> Option<Entry> {
        let roles = &self.seen.change.roles;
        let files = |unit: &Unit| {
            let by_hand = unit.paths.iter().filter(|file| {
                let role = roles.by_name(&file.path);
                role.is_by_hand() && role != Role::Test
            });
            by_hand.count()
        };
        let candidates = self.units.units.iter().enumerate();
        let (at, unit) = candidates
            .filter(|(_, unit)| stands(unit) && unit.noise.is_none())
            .max_by_key(|(at, unit)| (files(unit), std::cmp::Reverse(*at)))?;
        let count = files(unit);
        let areas: BTreeSet<&str> = unit
            .paths
            .iter()
            .filter_map(|file| self.seen.catalog.service_of(&file.path))
            .map(|service| service.title.as_str())
            .collect();
        (count >= WALK).then(|| {
            entry(
                "digest/walk",
                "",
                json!({
                    "who": self.author(at),
                    "title": unit.title,
                    "pulls": unit.pulls,
                    "files": count,
                    "areas": areas,
                }),
            )
        })
    }

    /// Every commit accounted for. `shown` are the units that the page speaks of.
    fn ledger(&self, shown: &BTreeSet<usize>) -> Ledger {
        let mut ledger = Ledger { commits: self.units.commits, ..Ledger::default() };
        *ledger.left_out.entry(LeftOut::Merge).or_default() += self.units.merges.len() as u32;
        for (at, unit) in self.units.units.iter().enumerate() {
            let commits = unit.commits.len() as u32;
            if shown.contains(&at) {
                ledger.listed += 1;
                ledger.merged += commits - 1;
                continue;
            }
            let why = match (&unit.fate, unit.noise) {
                (Fate::TakenBack(_) | Fate::TakesBack(_), _) => LeftOut::TakenBack,
                (_, Some(Noise::Bot)) => LeftOut::Bot,
                (_, Some(Noise::Automation)) => LeftOut::Automation,
                (_, Some(Noise::Docs)) => LeftOut::Docs,
                (_, Some(Noise::Tests)) => LeftOut::Tests,
                (_, Some(Noise::Packages)) => LeftOut::Packages,
                (_, Some(Noise::Translations)) => LeftOut::Translations,
                (_, Some(Noise::Release | Noise::Chore)) => LeftOut::Chore,
                (_, None) => LeftOut::Cap,
            };
            *ledger.left_out.entry(why).or_default() += commits;
        }
        ledger.left_out.retain(|_, count| *count > 0);
        ledger
    }
}

/// Whether a change is still there at the end.
fn stands(unit: &Unit) -> bool {
    matches!(unit.fate, Fate::Stands | Fate::TakesBackEarlier(_))
}

fn entry(shape: &str, subject: &str, facts: Value) -> Entry {
    Entry {
        id: id_of("digest", shape, subject),
        shape: shape.to_owned(),
        facts,
        text: String::new(),
        area: None,
        owners: Vec::new(),
        sources: Vec::new(),
        findings: Vec::new(),
        evidence: Vec::new(),
        pulls: Vec::new(),
        commits: Vec::new(),
    }
}

/// Whether a sentence of this shape raises a question; the words are the templates'.
fn asks(shape: &str) -> bool {
    let quiet = [
        "findings/api/optional_added",
        "findings/api/type_added",
        "findings/config/added",
        "findings/runtime",
        "findings/schema/indexes",
    ];
    !quiet.contains(&shape)
}
