//! From facts, notes and subjects to sections: what each change becomes, and the account of all of them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::author::{Note, NoteKind, quote};
use super::credit::Credited;
use super::facts::{Fact, Trace};
use super::model::{Audience, Entry, Ledger, LeftOut, Section, SectionName, Source};
use super::names::{speaks_of, words};
use super::units::{Fate, Noise, Unit, Units, wording};
use crate::change::RepoPath;
use crate::config::Visibility;
use crate::finding::id_of;
use crate::git::ChangedPath;
use crate::services::{Catalog, Service};

/// Lines that the first section has at most.
const IN_SHORT: usize = 5;
/// Lines that customers read at most. Source: the study of release notes, "Order and size".
const CUSTOMERS: usize = 7;
/// Lines of one section that people here read at most; the rest is one counted line. Source: as above.
const INTERNAL: usize = 40;
/// Lines that wait for a person's words at most, the most important first.
const NEEDS_WORDS: usize = 15;
/// Actions that a reader with one minute takes in.
const EXEC: usize = 5;
/// New things that "In short" quotes.
const QUOTED: usize = 3;
/// Changes with one verb in one area that become one line.
const FAMILY: usize = 3;
/// Words of a sentence that is long enough to be understood in spite of one code word.
const LONG: u32 = 12;
/// Notes of one change that are told; a release that writes all of them at once has many.
const MOST_NOTES: usize = 20;
/// Changes behind one fact that are worth naming; a fact that more made is everybody's.
const NAMED: usize = 4;

/// Everything that is known about a range.
pub struct Known<'a> {
    /// Its changes.
    pub units: &'a Units,
    /// What the comparison found.
    pub facts: Vec<Fact>,
    /// For each fact, the places of the changes behind it.
    pub behind: Vec<BTreeSet<usize>>,
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
    let mut facts: Vec<(Fact, BTreeSet<usize>)> = facts
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
        if is_gone(unit, area.service, &facts) {
            told[at] = Some(Told::Merged);
            continue;
        }
        if !area.is_heard {
            told[at] = Some(Told::LeftOut(LeftOut::Audience));
            continue;
        }
        let mut made = entries_of(unit, &credited.notes[at], &area, at, audience);
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
        placed.extend(loose(note));
    }
    if audience != Audience::Customers {
        families(&mut placed, &mut told);
    }
    same_words(&mut placed, &mut told);
    let shorts = in_short(&facts, &placed, audience);
    for (mut fact, behind) in facts {
        let pulls: BTreeSet<u64> =
            behind.iter().filter_map(|at| units.units[*at].pulls.first().copied()).collect();
        fact.entry.pulls = pulls.into_iter().filter(|_| behind.len() <= NAMED).collect();
        fact.entry.commits =
            behind.iter().filter_map(|at| units.units[*at].commits.first().cloned()).collect();
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
fn left_out(unit: &Unit, at: usize, credited: &Credited, behind: &[BTreeSet<usize>]) -> Option<Told> {
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
            _ if behind.iter().any(|units| units.contains(&at)) => return None,
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

fn by_unit(facts: &[(Fact, BTreeSet<usize>)]) -> BTreeMap<usize, Vec<usize>> {
    let mut of: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (fact, (_, behind)) in facts.iter().enumerate() {
        behind.iter().for_each(|unit| of.entry(*unit).or_default().push(fact));
    }
    of
}

/// The change behind a fact, where it is one person's only.
fn sole_unit(behind: &BTreeSet<usize>, units: &Units) -> Option<usize> {
    let mut people = behind.iter().filter(|at| units.units[**at].noise != Some(Noise::Bot));
    let first = people.next()?;
    people.next().is_none().then_some(*first)
}

/// A removal that has a name takes in every change whose title says the same.
fn absorb(facts: &mut [(Fact, BTreeSet<usize>)], units: &Units, told: &[Option<Told>]) {
    for (fact, behind) in facts.iter_mut().filter(|(fact, _)| fact.topic.is_some()) {
        for (at, unit) in units.units.iter().enumerate().filter(|(at, _)| told[*at].is_none()) {
            if absorbs(fact, unit) {
                behind.insert(at);
            }
        }
        // where some say that they did it, the others only touched the same files
        let topic = fact.topic.clone().unwrap_or_default();
        let says = |at: &usize| speaks_of(&units.units[*at].title, &topic);
        if behind.iter().any(says) {
            behind.retain(|at| says(at));
        }
    }
}

/// Whether a change is only to what is gone in the end, by its files or by the service that its author names: the
/// removal tells all of it.
fn is_gone(unit: &Unit, service: Option<&str>, facts: &[(Fact, BTreeSet<usize>)]) -> bool {
    let is_removed = |(fact, _): &(Fact, BTreeSet<usize>)| {
        fact.entry.shape == "notes/entries/gone" && fact.topic.as_deref() == service
    };
    if service.is_some() && facts.iter().any(is_removed) {
        return true;
    }
    let folders: Vec<&String> = facts
        .iter()
        .flat_map(|(fact, _)| &fact.traces)
        .filter_map(|trace| if let Trace::Deletes(folder) = trace { Some(folder) } else { None })
        .collect();
    let is_below = |changed: &ChangedPath| folders.iter().any(|folder| changed.path.is_in(folder));
    !unit.paths.is_empty() && unit.paths.iter().all(is_below)
}

fn absorbs(fact: &Fact, unit: &Unit) -> bool {
    let Some(topic) = &fact.topic else { return false };
    let verb = words(&unit.title).into_iter().next().unwrap_or_default();
    let goes = ["remove", "removes", "removed", "drop", "drops", "delete", "deletes", "deprecate", "cleanup"];
    fact.section == SectionName::ActionNeeded
        && goes.contains(&verb.as_str())
        && speaks_of(&unit.title, topic)
}

/// Whether a fact is all that its change is about, not something that came along: contracts and stored data are,
/// others where the title names them, or the only note.
fn is_the_matter(fact: &Fact, unit: &Unit, notes: &[Note]) -> bool {
    let shape = fact.entry.shape.as_str();
    if shape == "notes/entries/marked"
        || shape.starts_with("findings/api/")
        || shape.starts_with("findings/schema/")
    {
        return true;
    }
    let named = |name: &str| match notes {
        [note] if speaks_of(&note.text, name) => true,
        notes => notes.len() < 2 && speaks_of(&unit.title, name),
    };
    let below = |folder: &str| {
        let files = unit.paths.iter().filter(|changed| changed.path.is_in(folder)).count();
        files * 2 > unit.paths.len()
    };
    fact.topic.iter().any(|topic| named(topic))
        || fact
            .traces
            .iter()
            .any(|trace| matches!(trace, Trace::Adds(folder) | Trace::Deletes(folder) if below(folder)))
        || fact.traces.iter().any(|trace| matches!(trace, Trace::Word(_, word, _) if named(word)))
}

/// Puts the author's words beside a fact that one change alone made.
fn attach(fact: &mut Fact, unit: &Unit, notes: &[Note], audience: Audience) {
    let (words, source) = best_words(unit, notes, audience);
    if let Some(values) = fact.entry.facts.as_object_mut() {
        // several changes may be behind one fact only where all but one are programs'
        values.entry("author").or_insert(json!(words));
    }
    if !fact.entry.sources.contains(&source) {
        fact.entry.sources.push(source);
    }
}

/// The words to quote: the first note that reads as prose, else the title.
fn best_words(unit: &Unit, notes: &[Note], audience: Audience) -> (String, Source) {
    match notes.iter().map(spoken_of).find(|words| is_readable(words, audience)) {
        Some(words) => (words, Source::AuthorNote),
        None => (bare(&unit.title).1.to_owned(), Source::Subject),
    }
}

/// A note's quotation without the marks in front.
fn spoken_of(note: &Note) -> String {
    quote(bare(&note.text).1)
}

/// Words of people who build and run software, which its customers need not know.
const TRADE: &[&str] = &[
    "attributes",
    "build",
    "bundle",
    "cache",
    "caches",
    "cached",
    "chunk",
    "chunks",
    "cluster",
    "compose",
    "container",
    "containers",
    "database",
    "dependency",
    "dependencies",
    "detector",
    "docker",
    "helm",
    "image",
    "images",
    "import",
    "imports",
    "joins",
    "kubernetes",
    "log",
    "logging",
    "logs",
    "memory",
    "metrics",
    "migrate",
    "migration",
    "payload",
    "podman",
    "queries",
    "query",
    "redis",
    "runtime",
    "serialization",
    "serialize",
    "server",
    "snippets",
    "socket",
    "sqlite",
    "stdout",
    "synthetic",
    "telemetry",
    "test",
    "tests",
    "traces",
    "upgrade",
    "variable",
    "warning",
    "warnings",
    "websocket",
];

/// Whether the audience reads it in one go.
fn is_readable(text: &str, audience: Audience) -> bool {
    let is_trade = |word: &&str| {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        let is_short_form = bare.len() == 2 && word.chars().all(|c| c.is_ascii_uppercase());
        TRADE.contains(&bare.as_str()) || is_short_form && !["ID", "OK", "UI", "TV", "AI"].contains(word)
    };
    if audience == Audience::Customers
        && text.split(|c: char| c.is_whitespace() || c == '-').any(|word| is_trade(&word))
    {
        return false;
    }
    let wording = wording(text);
    let shouts = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.len() > 3 && word.chars().all(|c| c.is_ascii_uppercase()));
    let code = wording.code_words + shouts.count() as u32;
    wording.words >= 2 && (code == 0 || (code == 1 && wording.words >= LONG))
}

/// What an author wrote without the marks in front: `[cart] `, `fix(cart): `; and the area that they name.
fn bare(text: &str) -> (Option<&str>, &str) {
    let (mut area, mut rest) = (None, text.trim());
    loop {
        let cut = match rest.strip_prefix('[').and_then(|inside| inside.split_once(']')) {
            Some((inside, after)) if inside.split_whitespace().count() <= 3 => Some((Some(inside), after)),
            _ => conventional_head(rest),
        };
        let Some((named, after)) = cut.filter(|(_, after)| after.trim().contains(' ')) else {
            return (area, rest);
        };
        area = area.or(named);
        rest = after.trim_start_matches([':', ' ']);
    }
}

/// `type(scope): ` in front, of any type where a scope stands beside it.
fn conventional_head(text: &str) -> Option<(Option<&str>, &str)> {
    let (head, after) = text.split_once(": ")?;
    let (type_, scope) = match head.split_once('(') {
        Some((type_, scope)) => (type_, Some(scope.trim_end_matches('!').strip_suffix(')')?)),
        None => (head.trim_end_matches('!'), None),
    };
    let known = ["feat", "fix", "chore", "docs", "perf", "refactor", "test", "ci", "build", "style"];
    let is_word = !type_.is_empty() && type_.chars().all(|c| c.is_alphanumeric() || c == '-');
    (is_word && (scope.is_some() || known.contains(&type_.to_lowercase().as_str()))).then_some((scope, after))
}

/// Where changes belong.
struct Areas<'a> {
    catalog: &'a Catalog,
    audience: Audience,
}

/// A change's place.
struct Area<'a> {
    service: Option<&'a str>,
    title: Option<String>,
    owners: Vec<String>,
    is_heard: bool,
}

impl Areas<'_> {
    /// The service that the author names, else the one that most changed files belong to.
    fn of(&self, unit: &Unit, notes: &[Note]) -> Area<'_> {
        let scope = unit.conventional.as_ref().and_then(|head| head.scope.as_deref());
        let scope = scope.or_else(|| bare(&unit.title).0);
        let named = scope.into_iter().chain(notes.iter().filter_map(|note| note.area.as_deref()));
        let named = named.flat_map(|names| names.split([',', '/'])).find_map(|name| self.named(name.trim()));
        let mut files: BTreeMap<&str, usize> = BTreeMap::new();
        for changed in &unit.paths {
            if let Some(service) = self.catalog.service_of(&changed.path) {
                *files.entry(&service.name).or_default() += 1;
            }
        }
        let most =
            files.iter().max_by_key(|(_, count)| **count).filter(|(_, count)| **count * 2 > unit.paths.len());
        let service = named.or_else(|| self.catalog.named(most?.0));
        let visibility = match service {
            Some(service) => service.visibility,
            None if self.catalog.is_single() => Visibility::Public,
            // a change all over the place is as public as the most public of its places
            None => files
                .keys()
                .filter_map(|name| self.catalog.named(name))
                .map(|service| service.visibility)
                .find(|visibility| *visibility == Visibility::Public)
                .unwrap_or(Visibility::Internal),
        };
        let first: Option<&RepoPath> = unit.paths.first().map(|changed| &changed.path);
        let owners = match service {
            Some(service) if !service.owners.is_empty() => service.owners.clone(),
            _ => first.map(|path| self.catalog.owners_of(path)).unwrap_or_default(),
        };
        let is_heard = match self.audience {
            Audience::Customers => visibility == Visibility::Public,
            Audience::Internal | Audience::Exec => visibility != Visibility::Hidden,
        };
        let name = service.map(|service| service.name.as_str());
        Area { service: name, title: service.and_then(|service| self.title(service)), owners, is_heard }
    }

    fn named(&self, name: &str) -> Option<&Service> {
        let letters = |text: &str| words(text).concat();
        let wanted = letters(name);
        self.catalog.services().iter().find(|service| {
            !wanted.is_empty()
                && (letters(&service.name) == wanted
                    || service.aliases.iter().any(|alias| letters(alias) == wanted))
        })
    }

    /// Customers read no names of services, only the titles that a team gave them.
    fn title(&self, service: &Service) -> Option<String> {
        let own = service.title != service.name;
        match self.audience {
            _ if self.catalog.is_single() => None,
            Audience::Customers => own.then(|| service.title.clone()),
            _ => Some(service.title.clone()),
        }
    }
}

/// What a change says: one entry for each of its notes that reads as prose, else one for its title.
fn entries_of(unit: &Unit, notes: &[Note], area: &Area<'_>, at: usize, audience: Audience) -> Vec<Placed> {
    let title = bare(&unit.title).1;
    let kind = notes.iter().find_map(|note| note.kind);
    let section = section_of(unit, kind, title);
    // where money is at stake a subject alone is not enough
    let title_serves = is_readable(title, audience) && !says_money(title);
    let mut made = Vec::new();
    let first_serves = notes.first().is_some_and(|note| is_readable(&spoken_of(note), audience));
    if title_serves && !first_serves {
        made.push(quoted(unit, area, at, section, title, Source::Subject));
    }
    let spoken =
        notes.iter().map(|note| (note, spoken_of(note))).filter(|(_, words)| is_readable(words, audience));
    for (note, words) in spoken.take(MOST_NOTES) {
        let section = section_of(unit, note.kind, &words);
        let mut placed = quoted(unit, area, at, section, &words, Source::AuthorNote);
        if !made.is_empty() {
            placed.entry.id = id_of("note", &placed.entry.id, &words);
        }
        placed.entry.evidence.extend(note.place.clone());
        made.push(placed);
    }
    if !made.is_empty() {
        return made;
    }
    let mut placed = quoted(unit, area, at, SectionName::NeedsYourWords, title, Source::Subject);
    placed.entry.shape = "notes/entries/needs_words".to_owned();
    if let Some(values) = placed.entry.facts.get_mut("facts").and_then(Value::as_object_mut) {
        let note = notes.first().map(spoken_of).filter(|note| !note.eq_ignore_ascii_case(title));
        values.insert("note".to_owned(), json!(note));
        values.insert("section".to_owned(), json!(section));
        values.insert("money".to_owned(), json!(says_money(&unit.title)));
    }
    vec![placed]
}

fn quoted(
    unit: &Unit,
    area: &Area<'_>,
    at: usize,
    section: SectionName,
    words: &str,
    source: Source,
) -> Placed {
    let key =
        unit.pulls.first().map_or_else(|| unit.commits.first().cloned().unwrap_or_default(), u64::to_string);
    let kept: Vec<String> = unit.commits.iter().take(1).cloned().collect();
    let rank = match () {
        () if unit.marked_breaking => 20,
        () if is_about_money(unit) => 30,
        () if source == Source::AuthorNote => 40,
        () => 50,
    };
    let earlier = matches!(unit.fate, Fate::TakesBackEarlier(_));
    Placed {
        section,
        rank: (rank, Reverse(unit.paths.len()), unit.pulls.first().copied().unwrap_or(0)),
        entry: Entry {
            id: id_of("note", "change", &key),
            shape: "notes/entries/quoted".to_owned(),
            facts: json!({
                "facts": {"area": area.title, "words": words, "earlier": earlier, "breaking": unit.marked_breaking},
                "evidence": [],
                "services": [],
            }),
            text: String::new(),
            area: area.title.clone(),
            owners: area.owners.clone(),
            sources: if area.title.is_some() { vec![source, Source::Path] } else { vec![source] },
            findings: Vec::new(),
            evidence: Vec::new(),
            pulls: unit.pulls.clone(),
            commits: kept,
        },
        unit: Some(at),
    }
}

/// A note that no commit of the range can be found for.
fn loose(note: &Note) -> Option<Placed> {
    let words = spoken_of(note);
    let section = of_kind(note.kind).unwrap_or(SectionName::Changed);
    let readable = is_readable(&words, Audience::Internal);
    let shape = if readable { "notes/entries/quoted" } else { "notes/entries/needs_words" };
    Some(Placed {
        section: if readable { section } else { SectionName::NeedsYourWords },
        rank: (60, Reverse(0), 0),
        entry: Entry {
            id: id_of("note", "line", &note.text),
            shape: shape.to_owned(),
            facts: json!({
                "facts": {
                    "area": note.area, "words": words, "earlier": false, "breaking": false,
                    "note": null, "section": section, "money": false,
                },
                "evidence": note.place.iter().collect::<Vec<_>>(),
                "services": [],
            }),
            text: String::new(),
            area: note.area.clone(),
            owners: Vec::new(),
            sources: vec![Source::AuthorNote],
            findings: Vec::new(),
            evidence: note.place.iter().cloned().collect(),
            pulls: note.numbers.iter().copied().collect(),
            commits: Vec::new(),
        },
        unit: None,
    })
}

fn of_kind(kind: Option<NoteKind>) -> Option<SectionName> {
    Some(match kind? {
        NoteKind::Breaking => SectionName::ActionNeeded,
        NoteKind::Added => SectionName::New,
        NoteKind::Changed | NoteKind::Removed => SectionName::Changed,
        NoteKind::Deprecated => SectionName::GoingAway,
        NoteKind::Fixed => SectionName::Fixed,
        NoteKind::Security => SectionName::SecurityAndPrivacy,
    })
}

/// Words that make a change one about weaknesses or personal data, as authors write them.
const SECURITY: &[&str] = &[
    "security",
    "vulnerability",
    "vulnerabilities",
    "vulnerable",
    "cve",
    "xss",
    "csrf",
    "injection",
    "privacy",
    "gdpr",
    "pii",
    "password",
    "passwords",
    "personal data",
    "card data",
    "recipient email",
    "email address",
    "email addresses",
    "credentials",
    "secrets",
];

/// The section of a change: breaking, then weaknesses and privacy, then the author's note, type and verb, in that order.
fn section_of(unit: &Unit, kind: Option<NoteKind>, said: &str) -> SectionName {
    let spoken = format!(" {} ", words(said).join(" "));
    let title = format!(" {} ", words(bare(&unit.title).1).join(" "));
    let verb_said = spoken.split_whitespace().next().unwrap_or_default();
    if unit.marked_breaking || kind == Some(NoteKind::Breaking) {
        return SectionName::ActionNeeded;
    }
    if SECURITY.iter().any(|word| [&spoken, &title].iter().any(|text| text.contains(&format!(" {word} ")))) {
        return SectionName::SecurityAndPrivacy;
    }
    if let Some(section) = of_kind(kind) {
        return section;
    }
    if title.starts_with(" deprecat") || title.contains(" deprecation of ") {
        return SectionName::GoingAway;
    }
    let type_ = unit.conventional.as_ref().map(|head| head.type_.as_str());
    let verb = title.split_whitespace().next().unwrap_or_default();
    let is_fix = |verb: &str| {
        matches!(verb, "fix" | "fixes" | "fixed" | "resolve" | "resolves" | "correct" | "prevent" | "repair")
    };
    if is_fix(verb) || is_fix(verb_said) {
        return SectionName::Fixed;
    }
    match (type_, verb) {
        (Some("feat" | "feature"), _) => SectionName::New,
        (Some("fix" | "bugfix" | "hotfix"), _) => SectionName::Fixed,
        (_, "fix" | "fixes" | "fixed" | "resolve" | "resolves" | "correct" | "prevent" | "repair") => {
            SectionName::Fixed
        }
        (
            _,
            "add" | "adds" | "added" | "introduce" | "introduces" | "allow" | "allows" | "support" | "enable"
            | "new" | "create" | "implement",
        ) => SectionName::New,
        _ => SectionName::Changed,
    }
}

/// Words in paths behind which a small slip costs money.
const MONEY: &[&str] = &[
    "quote",
    "price",
    "prices",
    "pricing",
    "charge",
    "charges",
    "refund",
    "refunds",
    "tax",
    "taxes",
    "invoice",
    "invoices",
    "billing",
    "discount",
    "discounts",
    "gift",
    "voucher",
    "vouchers",
];

fn says_money(text: &str) -> bool {
    words(text).iter().any(|word| MONEY.contains(&word.as_str()))
}

/// By its title, or by most of its files.
fn is_about_money(unit: &Unit) -> bool {
    let files = unit.paths.iter().filter(|changed| says_money(changed.path.as_str())).count();
    says_money(&unit.title) || files * 2 > unit.paths.len()
}

/// Verbs of work that is the same many times over.
const SAME_WORK: &[&str] = &[
    "rename", "migrate", "move", "replace", "upgrade", "bump", "remove", "align", "set", "split", "convert",
    "port",
];

/// Changes that wait for words, with one verb in one area: one line for all.
fn families(placed: &mut Vec<Placed>, told: &mut [Option<Told>]) {
    let mut groups: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for (at, one) in placed.iter().enumerate() {
        let title = one.entry.facts.pointer("/facts/words").and_then(Value::as_str).unwrap_or_default();
        let verb = words(title).into_iter().next().unwrap_or_default();
        if one.section == SectionName::NeedsYourWords
            && one.unit.is_some()
            && SAME_WORK.contains(&verb.as_str())
        {
            groups.entry((one.entry.area.clone().unwrap_or_default(), verb)).or_default().push(at);
        }
    }
    let mut gone = BTreeSet::new();
    for ((area, verb), members) in groups.into_iter().filter(|(_, members)| members.len() >= FAMILY) {
        let pulls: BTreeSet<u64> =
            members.iter().flat_map(|at| placed[*at].entry.pulls.first()).copied().collect();
        let commits: Vec<String> = members.iter().flat_map(|at| placed[*at].entry.commits.clone()).collect();
        for at in members.iter().skip(1) {
            if let Some(unit) = placed[*at].unit {
                told[unit] = Some(Told::Merged);
            }
            gone.insert(*at);
        }
        let Some(first) = members.first().copied() else { continue };
        let one = &mut placed[first];
        let example = one.entry.facts.pointer("/facts/words").cloned();
        if let Some(unit) = one.unit {
            told[unit] = Some(Told::Listed);
        }
        one.section = SectionName::Changed;
        one.rank.0 = 35;
        one.entry.id = id_of("note", "family", &format!("{area} {verb}"));
        one.entry.shape = "notes/entries/family".to_owned();
        let area = Some(area).filter(|area| !area.is_empty());
        one.entry.facts = json!({
            "facts": {"area": area, "verb": verb, "count": members.len(), "example": example},
            "evidence": [], "services": [],
        });
        one.entry.pulls = pulls.into_iter().collect();
        one.entry.commits = commits;
    }
    let mut at = 0;
    placed.retain(|_| {
        at += 1;
        !gone.contains(&(at - 1))
    });
}

/// Changes of one section whose words are the same: one line for all, with the numbers of all.
fn same_words(placed: &mut Vec<Placed>, told: &mut [Option<Told>]) {
    let mut first: BTreeMap<(SectionName, String), usize> = BTreeMap::new();
    let mut kept: Vec<Placed> = Vec::with_capacity(placed.len());
    for one in std::mem::take(placed) {
        let said = one.entry.facts.pointer("/facts/words").and_then(Value::as_str).map(str::to_lowercase);
        let key = said.filter(|_| one.unit.is_some()).map(|said| (one.section, said));
        let known = key.as_ref().and_then(|key| first.get(key).copied());
        let (Some(known), Some(unit)) = (known.map(|at| &mut kept[at]), one.unit) else {
            first.extend(key.map(|key| (key, kept.len())));
            kept.push(one);
            continue;
        };
        if known.unit != Some(unit) {
            told[unit] = Some(Told::Merged);
        }
        let pulls: BTreeSet<u64> = known.entry.pulls.iter().chain(&one.entry.pulls).copied().collect();
        known.entry.pulls = pulls.into_iter().collect();
        known.entry.commits.extend(one.entry.commits);
        if known.entry.area != one.entry.area {
            known.entry.area = None;
            known.entry.facts["facts"]["area"] = Value::Null;
        }
    }
    *placed = kept;
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

/// Says of what breaks by comparison whether an author said so too.
fn mark(fact: &mut Fact, behind: &BTreeSet<usize>, units: &Units, credited: &Credited) {
    let said = behind.iter().any(|at| {
        units.units[*at].marked_breaking
            || credited.notes[*at].iter().any(|note| note.kind == Some(NoteKind::Breaking))
    });
    if let Some(values) = fact.entry.facts.as_object_mut() {
        values.insert("unmarked".to_owned(), json!(fact.is_breaking && !behind.is_empty() && !said));
    }
}

/// The page in five lines: what goes, what breaks, what comes, what will go, and the count of the rest.
fn in_short(facts: &[(Fact, BTreeSet<usize>)], placed: &[Placed], audience: Audience) -> Vec<Entry> {
    if audience == Audience::Customers {
        return Vec::new();
    }
    let mut entries = Vec::new();
    let mut say = |shape: &str, values: Value, of: &[&Fact]| {
        entries.push(Entry {
            findings: of.iter().flat_map(|fact| fact.entry.findings.clone()).collect(),
            ..short(shape, values)
        });
    };
    let of = |shape: &str| -> Vec<&Fact> {
        facts.iter().map(|(fact, _)| fact).filter(|fact| fact.entry.shape == shape).collect()
    };
    let value = |fact: &Fact, key: &str| {
        fact.entry.facts.pointer(&format!("/facts/{key}")).cloned().unwrap_or_default()
    };
    let mut gone = of("notes/entries/gone");
    gone.sort_by_key(|fact| (fact.rank, fact.topic.clone()));
    if !gone.is_empty() {
        let titles: Vec<Value> = gone.iter().map(|fact| value(fact, "title")).collect();
        let stored =
            gone.iter().any(|fact| value(fact, "tables").as_array().is_some_and(|tables| !tables.is_empty()));
        say("gone", json!({"titles": titles, "stored": stored}), &gone);
    }
    let broken: Vec<&Fact> = facts
        .iter()
        .map(|(fact, _)| fact)
        .filter(|fact| fact.is_breaking && fact.entry.shape.starts_with("findings/api/"))
        .collect();
    if !broken.is_empty() {
        let count: usize = broken.iter().map(|fact| fact.entry.findings.len()).sum();
        say("api_breaks", json!({"count": count}), &broken);
    }
    let dropped: Vec<&Fact> = facts
        .iter()
        .map(|(fact, _)| fact)
        .filter(|fact| {
            fact.section == SectionName::ActionNeeded && fact.entry.shape.starts_with("findings/schema/")
        })
        .collect();
    if !dropped.is_empty() {
        say("data_lost", json!({}), &dropped);
    }
    let new: Vec<&Fact> = of("notes/entries/service_new");
    let products: Vec<Value> = new
        .iter()
        .filter(|fact| value(fact, "support") == json!(false))
        .flat_map(|fact| value(fact, "titles").as_array().cloned().unwrap_or_default())
        .collect();
    if !products.is_empty() {
        say("services_new", json!({"titles": products}), &new);
    }
    let marked = of("notes/entries/marked");
    if !marked.is_empty() {
        let count: u64 = marked.iter().filter_map(|fact| value(fact, "count").as_u64()).sum();
        say("marked", json!({"count": count}), &marked);
    }
    let stores = of("notes/entries/store_step");
    if !stores.is_empty() {
        let names: Vec<Value> = stores.iter().map(|fact| value(fact, "name")).collect();
        say("stores", json!({"names": names}), &stores);
    }
    let added = of("findings/api/added");
    if let Some(count) = added.first().map(|fact| fact.entry.findings.len()) {
        say("api_added", json!({"count": count}), &added);
    }
    let settings = of("notes/entries/settings");
    if let Some(fact) = settings.first() {
        say("settings", json!({"removed": value(fact, "removed"), "added": value(fact, "added")}), &settings);
    }
    let rewritten: Vec<&Fact> = facts
        .iter()
        .map(|(fact, _)| fact)
        .filter(|fact| {
            let shape = fact.entry.shape.as_str();
            fact.section == SectionName::Data && !shape.ends_with("/indexes") && !shape.ends_with("/other")
        })
        .collect();
    if !rewritten.is_empty() {
        say("data", json!({"count": rewritten.len()}), &rewritten);
    }
    // where the comparison has little to say, what is new in its authors' words
    let mut new: Vec<&Placed> = placed
        .iter()
        .filter(|one| one.section == SectionName::New && one.entry.shape == "notes/entries/quoted")
        .collect();
    new.sort_by_key(|one| one.rank);
    if entries.len() < IN_SHORT - 2 && !new.is_empty() {
        let quotes: Vec<Value> =
            new.iter().take(QUOTED).map(|one| one.entry.facts["facts"]["words"].clone()).collect();
        entries.push(Entry {
            sources: vec![Source::AuthorNote],
            ..short("new", json!({"quotes": quotes, "count": new.len()}))
        });
    }
    let count = |section: SectionName| placed.iter().filter(|one| one.section == section).count();
    let (new, changed, fixed) =
        (count(SectionName::New), count(SectionName::Changed), count(SectionName::Fixed));
    entries.truncate(IN_SHORT - 1);
    if new + changed + fixed > 0 {
        entries.push(Entry {
            sources: vec![Source::AuthorNote],
            ..short("mix", json!({"new": new, "changed": changed, "fixed": fixed}))
        });
    }
    entries
}

/// A line of "In short".
fn short(shape: &str, values: Value) -> Entry {
    Entry {
        id: id_of("note", "short", shape),
        shape: format!("notes/short/{shape}"),
        facts: json!({"facts": values, "evidence": [], "services": []}),
        text: String::new(),
        area: None,
        owners: Vec::new(),
        sources: vec![Source::Comparison],
        findings: Vec::new(),
        evidence: Vec::new(),
        pulls: Vec::new(),
        commits: Vec::new(),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_in_front_are_no_words_of_the_author() {
        for (text, area, rest) in [
            ("[flagd] Fix the colours", Some("flagd"), "Fix the colours"),
            ("o11y(email): remove recipient email", Some("email"), "remove recipient email"),
            ("fix: handle missing images", None, "handle missing images"),
            ("[a] fix(b)!: show totals", Some("a"), "show totals"),
            ("Add tax: for all", None, "Add tax: for all"),
            ("Totals (all): shown", None, "Totals (all): shown"),
            ("[one]", None, "[one]"),
        ] {
            assert_eq!(bare(text), (area, rest), "{text}");
        }
    }

    #[test]
    fn titles_with_code_words_wait_for_a_person() {
        for (text, readable) in [
            ("Fix cart page showing unit price instead of line total", true),
            ("Guard getenv against nullptr", false),
            ("Rename `app.x` to `demo.x`", false),
            ("Serialize MPTT tree writes", false),
            ("Fix", false),
        ] {
            assert_eq!(is_readable(text, Audience::Internal), readable, "{text}");
        }
        for (text, readable) in [
            ("Show the total of the cart", true),
            ("Add health checks to the container", false),
            ("Add DB attributes", false),
        ] {
            assert_eq!(is_readable(text, Audience::Customers), readable, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn marks_never_panic(text in "\\PC*") {
            let _ = bare(&text);
        }
    }
}
