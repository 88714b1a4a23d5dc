//! From the commits of a range to what people would count: one unit for each change, however often it was committed.

mod group;
mod noise;
mod same;
mod words;

pub use words::wording;

use std::collections::{BTreeSet, HashMap};

use crate::change::Person;
use crate::git::{self, ChangedPath, Range, Repository, Walked};
use crate::roles::Roles;

use group::Group;
use noise::Paths;
use same::Copy;
use words::TakesBack;

/// All units of a range. Each commit of the range stands in exactly one place: in `commits` of one unit, or in `merges`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Units {
    /// Newest first.
    pub units: Vec<Unit>,
    /// Merges that bring two or more pull requests and are no change of their own, in hex.
    pub merges: Vec<String>,
    /// How many commits the range has.
    pub commits: u32,
}

/// One change, as a person would count it: a pull request, or a commit of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// The commits it is made of, in hex: the one that carries the words first, then branch commits and other copies of the same change.
    pub commits: Vec<String>,
    /// Its pull requests, in the order of the subject: of a port, the original first.
    pub pulls: Vec<u64>,
    /// The author's headline without pull request numbers and without the prefix of a conventional subject.
    pub title: String,
    /// The subject as written.
    pub subject: String,
    /// The rest of the message of the first commit.
    pub body: String,
    /// Type and scope, where the subject is a conventional one.
    pub conventional: Option<Conventional>,
    /// Whether its author marks it as breaking: `!` after the type, or a `BREAKING CHANGE:` line.
    pub marked_breaking: bool,
    /// Who wrote it: the author of the first commit, authors of branch commits, co-authors.
    pub authors: Vec<Person>,
    /// Committer time of the first commit, seconds since 1970 UTC.
    pub time: i64,
    /// What it changed, sorted by path; empty where `unread`.
    pub paths: Vec<ChangedPath>,
    /// Whether this copy of the repository does not hold what it takes to name the paths.
    pub unread: bool,
    /// Why it is usually not told; `None` for a change that may matter to readers.
    pub noise: Option<Noise>,
    /// How much its title reads like code.
    pub wording: Wording,
    /// Whether it still stands at the end of the range.
    pub fate: Fate,
}

/// The head of a conventional subject, `type(scope)!: title`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conventional {
    /// `feat`, `fix`, …, in lower case. A hint: what changed decides.
    pub type_: String,
    /// The scope, as written.
    pub scope: Option<String>,
}

/// Why a change is usually not told. An author's note and a finding of the comparison beat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Noise {
    /// A program made it.
    Bot,
    /// Build and release steps only, by its paths.
    Automation,
    /// Prose only, by its paths.
    Docs,
    /// Tests only, by its paths.
    Tests,
    /// Version numbers and changelogs of a release, by its words and paths.
    Release,
    /// Lists of outside packages only, by its paths: part of the line on packages.
    Packages,
    /// What translators write, by its paths or the words of the service that they use.
    Translations,
    /// A chore, style or refactoring by its author's word.
    Chore,
}

/// How a title reads to somebody who does not read code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Wording {
    /// Words that only people who read code understand: names in code spelling, paths, jargon.
    pub code_words: u32,
    /// All words.
    pub words: u32,
}

/// What became of a change within the range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stands.
    Stands,
    /// Another unit of the range takes it back; the other one's first commit, in hex.
    TakenBack(String),
    /// It takes back another unit of the range; that one's first commit, in hex.
    TakesBack(String),
    /// It takes back a change from before the range; that one's commit, in hex, as written.
    TakesBackEarlier(String),
}

/// A person whose commits lie in the range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contributor {
    /// The name, through `.mailmap`.
    pub name: String,
    /// Whether nobody of this name committed before the range.
    pub first: bool,
}

/// The units of a range. `roles` say what a path is for.
pub fn of_range(repository: &Repository, range: &Range, roles: &Roles) -> Result<Units, git::Error> {
    let walked = repository.walk(range)?;
    let grouped = group::group(&walked, &range.head());
    let leads: Vec<&str> = grouped.groups.iter().map(|group| walked[group.lead].commit.id.as_str()).collect();
    let paths = repository.changed_paths(&leads);

    let mut kinds = Paths::new(roles);
    let mut merges: Vec<String> = grouped.merges.iter().map(|at| walked[*at].commit.id.clone()).collect();
    let mut units = Vec::with_capacity(grouped.groups.len());
    let mut lines = Vec::with_capacity(grouped.groups.len());
    for (group, paths) in grouped.groups.iter().zip(paths) {
        let lead = &walked[group.lead];
        // a line that was merged before the range began brings the range nothing but what it took to join it
        let brings_nothing = group.branch.is_empty()
            && (paths.as_ref().is_some_and(Vec::is_empty) || words::merges_a_line(&lead.commit.subject));
        if lead.commit.is_merge && brings_nothing {
            merges.push(lead.commit.id.clone());
            continue;
        }
        units.push(unit(&walked, group, paths, &mut kinds));
        lines.push(group.line);
    }
    let mut units = Units { units, merges, commits: walked.len() as u32 };
    units.merge_copies(repository, &lines);
    units.take_back();
    Ok(units)
}

/// Programs that write under a name of their own and are named as co-authors.
fn is_helper(person: &Person) -> bool {
    let (name, email) = (person.name.to_lowercase(), person.email.to_lowercase());
    const OWN: [&str; 4] = [
        "claude@anthropic.com",
        "codex@openai.com",
        "cursoragent@cursor.com",
        "gemini-code-assist@google.com",
    ];
    email.starts_with("noreply@")
        || OWN.contains(&email.as_str())
        || name.starts_with("copilot")
        || name.contains("[bot]")
}

/// The people whose commits the units are made of, never bots, by name.
pub fn contributors(
    repository: &Repository,
    range: &Range,
    units: &Units,
) -> Result<Vec<Contributor>, git::Error> {
    let people = units
        .units
        .iter()
        .flat_map(|unit| &unit.authors)
        .filter(|person| !person.is_bot() && !is_helper(person));
    let names: BTreeSet<&str> =
        people.map(|person| person.name.as_str()).filter(|name| !name.is_empty()).collect();
    let first = repository.newcomers(range, &names)?;
    Ok(names
        .into_iter()
        .map(|name| Contributor { name: name.to_owned(), first: first.contains(name) })
        .collect())
}

/// For each of the commits beside a range the place of the unit that it is, or is a copy of.
pub(super) fn copies_of(repository: &Repository, units: &[Unit], beside: &[Walked]) -> Vec<Option<usize>> {
    let own: HashMap<&str, usize> = units
        .iter()
        .enumerate()
        .flat_map(|(at, unit)| unit.commits.iter().map(move |id| (id.as_str(), at)))
        .collect();
    let direct: Vec<Option<usize>> =
        beside.iter().map(|walked| own.get(walked.commit.id.as_str()).copied()).collect();
    let others: Vec<usize> = (0..beside.len()).filter(|at| direct[*at].is_none()).collect();
    let ids: Vec<&str> = others.iter().map(|at| beside[*at].commit.id.as_str()).collect();
    let paths = repository.changed_paths(&ids);
    let pulls: Vec<Vec<u64>> =
        others.iter().map(|at| words::pulls(&beside[*at].commit.subject, &beside[*at].commit.body)).collect();
    let mut copies: Vec<Copy<'_>> = units.iter().map(|unit| Copy::of(unit, 0)).collect();
    copies.extend(others.iter().zip(&paths).zip(&pulls).map(|((at, paths), pulls)| {
        let commit = &beside[*at].commit;
        Copy {
            id: &commit.id,
            subject: &commit.subject,
            body: &commit.body,
            pulls,
            paths: paths.as_deref(),
            line: 1,
        }
    }));
    let firsts = same::firsts(repository, &copies);
    let mut found = direct;
    for (place, at) in others.into_iter().enumerate() {
        found[at] = firsts.get(units.len() + place).copied().filter(|first| *first < units.len());
    }
    found
}

fn unit(walked: &[Walked], group: &Group, paths: Option<Vec<ChangedPath>>, kinds: &mut Paths<'_>) -> Unit {
    let lead = &walked[group.lead].commit;
    let (subject, body) = told(walked, group);
    let (conventional, marked, title) = words::conventional(&subject);
    let mut authors: Vec<Person> = Vec::new();
    let own = group.branch.iter().rev().chain([&group.lead]).map(|at| &walked[*at].commit);
    for commit in own.clone().filter(|commit| group.branch.is_empty() || !commit.is_merge) {
        add(&mut authors, commit.author.clone());
    }
    for commit in own {
        for (name, email) in words::co_authors(&commit.body) {
            add(&mut authors, Person { name: name.to_owned(), email: email.to_owned() });
        }
    }
    // a person who mends what a program steps makes it no person's change
    let is_bot = authors.iter().all(Person::is_bot)
        || (authors.first().is_some_and(Person::is_bot) && noise::is_bump(&title));
    let unread = paths.is_none();
    let paths = paths.unwrap_or_default();
    Unit {
        commits: std::iter::once(&group.lead)
            .chain(&group.branch)
            .map(|at| walked[*at].commit.id.clone())
            .collect(),
        pulls: words::pulls(&lead.subject, &lead.body),
        noise: kinds.noise(is_bot, &title, conventional.as_ref(), &paths),
        wording: words::wording(&title),
        marked_breaking: marked || words::has_breaking_footer(&body),
        title,
        subject,
        body,
        conventional,
        authors,
        time: lead.time,
        paths,
        unread,
        fate: Fate::Stands,
    }
}

fn add(people: &mut Vec<Person>, person: Person) {
    if !people.iter().any(|known| known.name == person.name) {
        people.push(person);
    }
}

/// The words of a change: of a merge those that its message carries from the pull request, else those of the branch's
/// first commit.
fn told(walked: &[Walked], group: &Group) -> (String, String) {
    let lead = &walked[group.lead].commit;
    if !lead.is_merge {
        return (lead.subject.clone(), lead.body.clone());
    }
    let (first, rest) = lead.body.split_once('\n').unwrap_or((&lead.body, ""));
    if !first.trim().is_empty() && !first.starts_with("See merge request") && !first.starts_with('#') {
        return (first.trim().to_owned(), rest.trim().to_owned());
    }
    let oldest = group.branch.iter().rev().map(|at| &walked[*at].commit).find(|commit| !commit.is_merge);
    oldest.map_or_else(
        || (lead.subject.clone(), lead.body.clone()),
        |commit| (commit.subject.clone(), commit.body.clone()),
    )
}

impl Units {
    /// Puts copies of one change into one unit: that of the main line, else the newest.
    fn merge_copies(&mut self, repository: &Repository, lines: &[u32]) {
        let mut order: Vec<usize> = (0..self.units.len()).collect();
        order.sort_by_key(|at| lines[*at]);
        let copies: Vec<Copy<'_>> = order.iter().map(|at| Copy::of(&self.units[*at], lines[*at])).collect();
        let firsts = same::firsts(repository, &copies);
        let mut gone = vec![false; self.units.len()];
        for (place, first) in firsts.into_iter().enumerate().filter(|(place, first)| place != first) {
            let (at, first) = (order[place], order[first]);
            gone[at] = true;
            let copy = std::mem::take(&mut self.units[at].commits);
            let (pulls, authors) = (self.units[at].pulls.clone(), self.units[at].authors.clone());
            let kept = &mut self.units[first];
            kept.commits.extend(copy);
            kept.pulls.extend(pulls);
            kept.pulls.sort_unstable();
            kept.pulls.dedup();
            authors.into_iter().for_each(|person| add(&mut kept.authors, person));
        }
        let mut gone = gone.into_iter();
        self.units.retain(|_| gone.next() != Some(true));
    }

    /// Pairs what takes back with what is taken back. Newest first: a change that takes back, and is itself taken
    /// back, does nothing.
    fn take_back(&mut self) {
        let mut ids: Vec<(String, usize)> = Vec::new();
        let mut inner: BTreeSet<String> = BTreeSet::new();
        for (at, unit) in self.units.iter().enumerate() {
            ids.extend(unit.commits.first().map(|id| (id.clone(), at)));
            match unit.commits.len() {
                // the one commit of a branch is the whole change too
                2 => ids.extend(unit.commits.last().map(|id| (id.clone(), at))),
                _ => inner.extend(unit.commits.iter().skip(1).cloned()),
            }
        }
        ids.sort_unstable();
        let sorted: Vec<(&str, usize)> = ids.iter().map(|(id, at)| (id.as_str(), *at)).collect();
        let within =
            |hash: &str| inner.range(hash.to_owned()..).next().is_some_and(|id| id.starts_with(hash));
        for at in 0..self.units.len() {
            let unit = &self.units[at];
            if unit.fate != Fate::Stands {
                continue;
            }
            let Some(back) = words::takes_back(&unit.subject, &unit.body) else { continue };
            let targets: Vec<usize> = match &back {
                TakesBack::Commits(hashes) => {
                    hashes.iter().filter_map(|hash| same::starting_with(&sorted, hash)).collect()
                }
                TakesBack::Pull(pull) => (at + 1..self.units.len())
                    .find(|other| self.units[*other].pulls.contains(pull))
                    .into_iter()
                    .collect(),
            };
            let own = unit.commits.first().cloned().unwrap_or_default();
            let targets: Vec<usize> = targets.into_iter().filter(|other| *other > at).collect();
            match (targets.first(), back) {
                (Some(first), _) => {
                    let taken = self.units[*first].commits.first().cloned().unwrap_or_default();
                    self.units[at].fate = Fate::TakesBack(taken);
                    for other in targets {
                        self.units[other].fate = Fate::TakenBack(own.clone());
                    }
                }
                // a part of a change within the range: both stand
                (None, TakesBack::Commits(hashes)) if !within(&hashes[0]) => {
                    self.units[at].fate = Fate::TakesBackEarlier(hashes[0].clone());
                }
                _ => {}
            }
        }
    }
}
