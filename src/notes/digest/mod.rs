//! The week for a product manager: the same facts as release notes, chosen and counted, in at most 600 words.

pub mod merge;
pub mod promises;
pub mod say;
pub mod window;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use super::facts::{self, Fact, Seen};
use super::model::{Audience, Entry, Ledger, LeftOut, Notes, NotesRange, Section, SectionName, Source};
use super::released::{self, Released};
use super::trace;
use super::units::{self, Fate, Noise, Unit, Units};
use crate::Change;
use crate::change::Role;
use crate::config::Config;
use crate::error::Error;
use crate::finding::{ApiOp, Evidence, Facts, Finding, id_of};
use crate::git::Repository;
use crate::render::page;
use crate::render::{Links, Renderer, Style, View};
use crate::run::{self, ConfigFrom, Given};
use crate::services::Catalog;
use crate::services::{Map, State};
use window::{Days, Window};

/// Things to know.
const THINGS: usize = 3;
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

/// Digests and what they are printed with.
pub struct Made {
    /// The templates.
    pub renderer: Renderer,
    /// One, or those of several repositories, by name.
    pub digests: Vec<Notes>,
    /// The address of the repository at its forge; of one repository only.
    pub web: Option<String>,
}

/// Where a digest goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A person's terminal.
    Terminal {
        /// Whether bold may be drawn.
        color: bool,
    },
    /// A file, a job summary.
    Markdown,
    /// One file for a browser.
    Html,
}

impl Made {
    /// The page.
    pub fn text(&self, format: Format) -> Result<String, Error> {
        let links = match (&self.web, self.digests.as_slice()) {
            (Some(web), [one]) => {
                Links::Forge { web: web.clone(), base: one.range.base.clone(), head: one.range.head.clone() }
            }
            _ => Links::None,
        };
        let (style, frame) = match format {
            Format::Terminal { color } => {
                (Style { view: View::Terminal { color }, links: Links::None }, "frame/page_terminal")
            }
            Format::Markdown => (Style { view: View::Markdown, links }, "frame/page_text"),
            Format::Html => (Style { view: View::Html, links }, "frame/page_html"),
        };
        let parts = say::parts(&self.renderer, &self.digests, &style)?;
        let pen = self.renderer.pen(&style);
        Ok(match format {
            Format::Html => page::html(&pen, &say::name(&self.renderer, &self.digests)?, &parts)?,
            _ => page::text(&pen, frame, &parts)?,
        })
    }

    /// The digests with their sentences, for JSON.
    pub fn filled(mut self) -> Result<Vec<Notes>, Error> {
        for notes in &mut self.digests {
            say::fill(&self.renderer, notes)?;
        }
        Ok(self.digests)
    }
}

/// Digests of several repositories, from their files: path and text. The configuration, given or that of the folder,
/// names the language; the folder need not be a repository.
pub fn merged(
    directory: Option<&Path>,
    files: &[(String, String)],
    config: Option<(String, String)>,
) -> Result<Made, Error> {
    if files.len() > merge::MOST_FILES {
        return Err(Error::Usage(format!("at most {} reports are merged into one page", merge::MOST_FILES)));
    }
    let mut digests: Vec<Notes> = Vec::new();
    for (path, text) in files {
        digests.extend(merge::read(path, text)?);
    }
    digests.sort_by(|a, b| a.title.cmp(&b.title));
    let folder = directory.unwrap_or(Path::new("."));
    let file = |path: &str| std::fs::read_to_string(folder.join(path)).ok();
    let (config, _) = match config {
        Some((path, text)) => Config::parse(&text, &path),
        None => Config::found(&file),
    };
    let (renderer, _) = Renderer::new(&config.language, &run::templates(&config, &file))?;
    Ok(Made { renderer, digests, web: None })
}

/// The digest of the branch that is checked out.
pub fn digest(
    directory: Option<&Path>,
    days: &Days,
    config: Option<(String, String)>,
) -> Result<Made, Error> {
    let repository = Repository::open(directory)?;
    let head = repository.between("HEAD", "HEAD")?.head();
    let window = days.window(repository.time_of(&head)?)?;
    let range = repository.between_times(window.since, window.until)?;
    let given = Given { config, ..Given::default() };
    let run = run::summarize(&repository, &range, given, ConfigFrom::WorkTree)?;
    let web = repository.web_url();
    let title = super::title(&repository, web.as_deref());
    if range.is_empty() {
        let notes = notes(title, &window, &run.change, Vec::new(), Ledger::default());
        return Ok(Made { renderer: run.plainly.into_renderer(), digests: vec![notes], web });
    }

    let config = run.plainly.config();
    let catalog = Catalog::new(config, run.change.before.as_ref(), run.change.after.as_ref());
    let units = units::of_range(&repository, &range, &run.change.roles)?;
    let released = released::find(&repository, &range, &units.units, config, (window.since, window.until))?;
    let seen = Seen { summary: &run.summary, change: &run.change, catalog: &catalog, config };
    let facts = facts::of(&seen);
    let traces: Vec<&[facts::Trace]> = facts.iter().map(|fact| fact.traces.as_slice()).collect();
    let behind = trace::units_of(&repository, &units.units, &traces);
    let mut known: Vec<(Fact, BTreeSet<usize>)> = facts.into_iter().zip(behind).collect();
    for (fact, behind) in &mut known {
        if behind.is_empty() && fact.section != SectionName::Packages {
            *behind = touching(fact, &units.units);
        }
        let is_told = !behind.is_empty();
        behind.retain(|at| units.units[*at].noise != Some(Noise::Translations));
        if is_told && behind.is_empty() && fact.section == SectionName::Changed {
            fact.rank = facts::TRANSLATED;
        }
    }
    known.sort_by_key(|(fact, _)| (order(fact), fact.rank));
    let (facts, behind) = known.into_iter().unzip();
    let week = Week { seen, units: &units, released: &released, people: config.people };
    let (sections, ledger) = week.sections(facts, behind);
    let notes = notes(title, &window, &run.change, sections, ledger);
    Ok(Made { renderer: run.plainly.into_renderer(), digests: vec![notes], web })
}

fn notes(title: String, window: &Window, change: &Change, sections: Vec<Section>, ledger: Ledger) -> Notes {
    Notes {
        schema: "plainly/notes/v1".to_owned(),
        title,
        audience: Audience::Internal,
        range: NotesRange {
            base: change.range.base.clone(),
            head: change.range.head.clone(),
            since: Some(window.first.clone()),
            until: Some(window.last.clone()),
            commits: ledger.commits,
            ..NotesRange::default()
        },
        base_reason: None,
        sections,
        ledger,
        ..Notes::default()
    }
}

/// What a reader must know first: what to do, then privacy, what will go, what is new, what is other than before.
fn order(fact: &Fact) -> u8 {
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

/// Facts that one change, or the same few, brought.
struct Thing {
    facts: Vec<Fact>,
    units: BTreeSet<usize>,
}

struct Week<'a> {
    seen: Seen<'a>,
    units: &'a Units,
    released: &'a Released,
    people: bool,
}

impl Week<'_> {
    fn sections(&self, facts: Vec<Fact>, behind: Vec<BTreeSet<usize>>) -> (Vec<Section>, Ledger) {
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
                    "quote": super::author::quote(&promise.quote),
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

/// New and gone services and calls and what they are joined with; titles stand for names.
pub(super) fn moved(map: &Map, catalog: &Catalog) -> Option<Map> {
    let title =
        |name: &String| catalog.named(name).map_or_else(|| name.clone(), |service| service.title.clone());
    let moves = |state: State| matches!(state, State::New | State::Gone);
    let moved: BTreeSet<&str> =
        map.nodes.iter().filter(|node| moves(node.state)).map(|node| node.name.as_str()).collect();
    let touches = |name: &String| moved.contains(name.as_str());
    let mut edges = map.edges.clone();
    edges.retain(|edge| moves(edge.state) || touches(&edge.from) || touches(&edge.to));
    let mut nodes = map.nodes.clone();
    nodes.retain(|node| {
        moves(node.state) || edges.iter().any(|edge| edge.from == node.name || edge.to == node.name)
    });
    nodes.iter_mut().for_each(|node| node.name = title(&node.name));
    edges.iter_mut().for_each(|edge| (edge.from, edge.to) = (title(&edge.from), title(&edge.to)));
    (!nodes.is_empty()).then_some(Map { nodes, edges })
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

/// The only change that touches the file which proves a fact; none where there are several.
fn touching(fact: &Fact, units: &[Unit]) -> BTreeSet<usize> {
    let Some(place) = fact.entry.evidence.first() else { return BTreeSet::new() };
    let touches = |unit: &(usize, &Unit)| unit.1.paths.iter().any(|file| file.path == place.path);
    let found: Vec<usize> = units.iter().enumerate().filter(touches).map(|(at, _)| at).collect();
    if found.len() == 1 { found.into_iter().collect() } else { BTreeSet::new() }
}

/// Puts facts that one and the same change brought into one thing, in the order of their first fact. What that change
/// finished, and another began, belongs to it too.
fn group(facts: Vec<Fact>, behind: Vec<BTreeSet<usize>>) -> Vec<Thing> {
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
fn choose(things: Vec<Thing>) -> (Vec<Thing>, Vec<Thing>) {
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

/// Sorts of work, in the order in which they are told.
const SORTS: [&str; 11] = [
    "new",
    "fixed",
    "removed",
    "other",
    "tidied",
    "translated",
    "packages",
    "tests",
    "docs",
    "steps",
    "bots",
];

/// The place of a change among the sorts.
fn sort_of(unit: &Unit) -> usize {
    let sort = match unit.noise {
        Some(Noise::Bot) => "bots",
        Some(Noise::Automation | Noise::Release) => "steps",
        Some(Noise::Docs) => "docs",
        Some(Noise::Tests) => "tests",
        Some(Noise::Packages) => "packages",
        Some(Noise::Chore) => "tidied",
        Some(Noise::Translations) => "translated",
        None => by_words(unit),
    };
    SORTS.iter().position(|known| *known == sort).unwrap_or(3)
}

fn by_words(unit: &Unit) -> &'static str {
    match unit.conventional.as_ref().map(|head| head.type_.as_str()) {
        Some("feat" | "feature") => return "new",
        Some("fix" | "bugfix" | "hotfix" | "security") => return "fixed",
        _ => {}
    }
    let first = unit.title.split(|letter: char| !letter.is_alphanumeric()).find(|word| !word.is_empty());
    match first.unwrap_or_default().to_lowercase().as_str() {
        "add" | "adds" | "added" | "allow" | "allows" | "introduce" | "support" | "implement" | "enable"
        | "new" => "new",
        "fix" | "fixes" | "fixed" | "correct" | "prevent" | "handle" | "repair" | "hotfix" | "bugfix" => {
            "fixed"
        }
        "remove" | "removes" | "removed" | "drop" | "delete" | "deprecate" | "deprecates" => "removed",
        _ => "other",
    }
}
