//! From the commits of a range to what people would count: one unit for each change, however often it was committed.

use crate::change::Person;
use crate::git::{self, ChangedPath, Range, Repository};
use crate::roles::Roles;

/// All units of a range. Each commit of the range stands in exactly one place: in `commits` of one unit, or in `merges`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Units {
    /// Newest first.
    pub units: Vec<Unit>,
    /// Merges that bring two or more pull requests and are no change of their own, in hex.
    pub merges: Vec<String>,
    /// How many commits the range has.
    pub commits: u32,
    /// The people whose commits lie in the range, never bots, by name.
    pub people: Vec<Contributor>,
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
    let _ = (repository.walk(range)?, roles);
    Ok(Units::default())
}
