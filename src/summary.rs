//! The seam between facts and words: what was found, in which order, how loud, and whom to ask. Our JSON contract.

mod accept;
mod expect;
mod keys;
pub(crate) mod why;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::change::{ChangeKind, ChangeSet, Content, FileChange, Role, Words};
use crate::config::{Config, FailOn, Reader, pattern};
use crate::detectors::{self, Line, dependency};
use crate::finding::{Acceptance, CouldNotCheck, Evidence, Facts, Finding, KINDS, Level};
use crate::formats::locks::{CameAlong, came_along};
use crate::services::{Map, Reason, ServiceTouch, SharedTouch};

pub use expect::{Answer, Expectation};

/// From where to where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Range {
    /// The commit it is compared with, 40 or 64 hex digits.
    pub base: String,
    /// The newest commit.
    pub head: String,
    /// How many commits lie between.
    pub commits: u32,
}

/// The author's own words for the reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Why {
    /// Verbatim, at most 30 words.
    pub quote: String,
    /// Where it stands.
    pub source: WhySource,
    /// Whether it states a reason; else it is the first plain thing that the author says.
    #[serde(default)]
    pub is_reason: bool,
    /// Whether it stands in a list of steps.
    #[serde(default)]
    pub is_step: bool,
}

/// An issue that the author points at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LinkedIssue {
    /// As written, such as `#12`.
    pub number: String,
    /// Whether the title names it; else the text does.
    pub in_title: bool,
    /// Its title, where the forge gives it.
    #[serde(default)]
    pub title: Option<String>,
}

/// Where a reason was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhySource {
    /// The pull request's text.
    Body,
    /// A commit message.
    Commit,
    /// The linked issue.
    Issue,
}

/// How large it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Size {
    /// Files changed.
    pub files: u32,
    /// Lines added.
    pub added: u32,
    /// Lines removed.
    pub removed: u32,
    /// Larger than this share of the changes by people here in 12 months; null when there are too few.
    pub percentile: Option<u8>,
}

/// Who should know of a change beside those who must review it, as `[[tell]]` has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tell {
    /// As written in the configuration.
    pub who: String,
    /// The kind of finding.
    pub kind: String,
    /// The house rule, verbatim.
    pub say: Option<String>,
    /// The findings behind it.
    pub findings: Vec<String>,
}

/// One question, for one addressee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ask {
    /// Whom to ask, as printed.
    pub who: String,
    /// The question; null in a stored report of a run without words.
    pub question: Option<String>,
    /// The findings behind it.
    pub findings: Vec<String>,
}

/// Who made most commits of the range.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Author {
    /// Through `.mailmap`.
    pub name: String,
}

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileState {
    /// New.
    Added,
    /// Gone.
    Deleted,
    /// Other content.
    Modified,
    /// Another path.
    Renamed,
}

/// A changed file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct File {
    /// Where it is, or was.
    pub path: String,
    /// The old path of a rename.
    pub from: Option<String>,
    /// What happened.
    pub change: FileState,
    /// What it is for.
    pub role: Role,
    /// Its service.
    pub service: Option<String>,
    /// Lines added.
    pub added: u32,
    /// Lines removed.
    pub removed: u32,
}

/// A sentence as printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SaidLine {
    /// Plain text without links.
    pub text: String,
    /// The findings behind it.
    pub findings: Vec<String>,
    /// Its level.
    pub level: Level,
    /// Whether it stands in view; else it is folded.
    pub in_view: bool,
}

/// The whole report, `plainly/report/v1`: everything that a template sees, and nothing else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// `plainly/report/v1`
    pub schema: String,
    /// From where to where.
    pub range: Range,
    /// The author's title.
    pub title: Option<String>,
    /// The author's reason.
    pub why: Option<Why>,
    /// The issue that the author points at; left out where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linked_issue: Option<LinkedIssue>,
    /// The highest level of all findings.
    pub level: Level,
    /// One sentence of plain text.
    pub headline: String,
    /// Changed files by role.
    pub composition: BTreeMap<Role, u32>,
    /// How large it is.
    pub size: Size,
    /// The services touched.
    pub services: Vec<ServiceTouch>,
    /// The facts, most important first.
    pub findings: Vec<Finding>,
    /// The sentences, as printed.
    pub lines: Vec<SaidLine>,
    /// Whom to ask what.
    pub ask: Vec<Ask>,
    /// Who should know; left out where nobody is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tell: Vec<Tell>,
    /// Code that several services use, where it changes; left out where none does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shared: Vec<SharedTouch>,
    /// Who to ask; null for bots.
    pub author: Option<Author>,
    /// The services and their neighbours.
    pub map: Map,
    /// What could not be read.
    pub could_not_check: Vec<CouldNotCheck>,
    /// What changes in the exact lists of packages; left out where no such list changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub came_along: Option<CameAlong>,
    /// The changed files, sorted by path.
    pub files: Vec<File>,
    /// The expectation card of the pull request's text, answered.
    #[serde(default)]
    pub expectations: Vec<Expectation>,
}

/// What a change is about as a whole, where no finding says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// No file changed.
    Empty,
    /// Files of one role only.
    Only(Role),
    /// Lock files, with or without manifests.
    Packages,
    /// Everything else.
    Mixed,
}

/// A question before it has words.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The line it belongs to, by its place among the summary's lines.
    pub line: usize,
    /// Which of the questions of its shape.
    pub nth: usize,
}

/// All that is to be said about a change, before it has words.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// The contract, with `headline`, `lines` and `ask` still empty.
    pub report: Report,
    /// Sentences to be, most important first.
    pub lines: Vec<Line>,
    /// What it is as a whole.
    pub nature: Nature,
    /// Owners of the changed places, most touched first; catch-all owners last.
    pub owners: Vec<String>,
    /// Whether owners are mentioned, persons named.
    pub manners: Manners,
    /// What is other than in the version that stands in the comment already.
    pub delta: Option<Delta>,
}

/// Kinds of findings that came and went since an earlier head, in the order of kinds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Delta {
    /// New ones.
    pub new: Vec<String>,
    /// Those that are no longer there.
    pub gone: Vec<String>,
}

/// Configuration that words obey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manners {
    /// `mention`
    pub mention: bool,
    /// `people`
    pub people: bool,
}

/// Everything the summary is made of.
pub struct Parts<'a> {
    /// From where to where.
    pub range: Range,
    /// The changed files.
    pub changes: &'a ChangeSet,
    /// What people wrote.
    pub words: &'a Words,
    /// The facts, in any order.
    pub findings: Vec<Finding>,
    /// What could not be read.
    pub could_not_check: Vec<CouldNotCheck>,
    /// The services touched.
    pub services: Vec<ServiceTouch>,
    /// Code that several services use, where it changes.
    pub shared: Vec<SharedTouch>,
    /// The service of each file, in the order of `changes`.
    pub service_of: Vec<Option<String>>,
    /// The map.
    pub map: Map,
    /// Owners of the changed places.
    pub owners: Vec<String>,
    /// The team's configuration.
    pub config: &'a Config,
}

/// The number of the issue that a title or text points at, so that the forge can be asked for its title.
pub fn linked_issue(title: Option<&str>, body: Option<&str>) -> Option<u32> {
    let words = Words { title: title.map(str::to_owned), body: body.map(str::to_owned), ..Words::default() };
    why::issue(&words)?.number.trim_start_matches('#').parse().ok()
}

/// Puts facts into order and decides how loud to be.
pub fn summarize(parts: Parts<'_>) -> Summary {
    let Parts {
        range,
        changes,
        words,
        mut findings,
        mut could_not_check,
        services,
        shared,
        service_of,
        map,
        owners,
        config,
    } = parts;
    let came_along = came_along(changes);
    could_not_check.extend(
        came_along
            .unreadable
            .iter()
            .map(|(path, reason)| CouldNotCheck { path: path.to_string(), reason: reason.clone() }),
    );
    let is_limited = could_not_check.iter().any(|entry| entry.reason == LIMITED);
    for entry in unreadable(changes).into_iter().filter(|_| !is_limited) {
        if !could_not_check.iter().any(|known| known.path == entry.path) {
            could_not_check.push(entry);
        }
    }
    keys::hide(&mut findings);
    accept::accept(&mut findings, config, words);
    sort(&mut findings, config.reader);
    let files: Vec<File> =
        changes.files().iter().zip(service_of).map(|(file, service)| file_of(file, service)).collect();
    let mut composition = BTreeMap::new();
    for file in &files {
        *composition.entry(file.role).or_insert(0) += 1;
    }
    let percentile = findings.iter().find_map(|finding| match &finding.facts {
        Facts::Size(size) => size.percentile,
        _ => None,
    });
    let size = Size {
        files: files.len() as u32,
        added: files.iter().map(|file| file.added).sum(),
        removed: files.iter().map(|file| file.removed).sum(),
        percentile,
    };
    let expectations = expect::answer(words.body.as_deref().unwrap_or_default(), &findings, &services);
    let report = Report {
        schema: "plainly/report/v1".to_owned(),
        range,
        title: words.title.clone(),
        why: why::find(words),
        linked_issue: why::issue(words),
        level: level_of(&findings, &files),
        headline: String::new(),
        composition,
        size,
        services,
        tell: tell(&findings, config),
        findings,
        lines: Vec::new(),
        ask: Vec::new(),
        shared,
        author: author_of(words),
        map,
        could_not_check,
        came_along: (!came_along.files.is_empty()).then_some(came_along),
        files,
        expectations,
    };
    Summary::of(report, owners, Manners { mention: config.mention, people: config.people }, config.reader)
}

impl Report {
    /// Whether the change reaches a bar: it is of that level, and a finding of that level is not accepted by the team.
    pub fn reaches(&self, bar: Option<FailOn>) -> bool {
        let is_open = |finding: &Finding| !finding.accepted.as_ref().is_some_and(Acceptance::lifts_the_bar);
        bar.is_some_and(|bar| {
            bar.is_reached_by(self.level)
                && self.findings.iter().any(|finding| bar.is_reached_by(finding.level) && is_open(finding))
        })
    }
}

impl Summary {
    /// Says a stored report again: lines come from its facts, never from its text.
    pub fn of(mut report: Report, owners: Vec<String>, manners: Manners, reader: Reader) -> Summary {
        report.lines.clear();
        report.ask.clear();
        report.headline.clear();
        let mut lines = lines_of(&report.findings, &report.services, reader);
        lines.extend(report.came_along.as_ref().and_then(dependency::lock_line));
        let nature = nature_of(&report.files);
        Summary { report, lines, nature, owners, manners, delta: None }
    }

    /// The findings as `kind:id`, for the hidden line of a comment.
    pub fn ids(&self) -> Vec<String> {
        self.report
            .findings
            .iter()
            .map(|finding| format!("{}:{}", finding.facts.kind(), finding.id))
            .collect()
    }

    /// Says what is other than in an earlier version, given that version's `ids`.
    pub fn compare(&mut self, earlier: &[String]) {
        let earlier: BTreeSet<&str> = earlier.iter().map(String::as_str).collect();
        let now = self.ids();
        let now: BTreeSet<&str> = now.iter().map(String::as_str).collect();
        let kinds = |ids: Vec<&&str>| -> Vec<String> {
            let of: BTreeSet<&str> =
                ids.iter().filter_map(|id| id.split_once(':')).map(|(kind, _)| kind).collect();
            KINDS.iter().filter(|kind| of.contains(**kind)).map(|kind| (*kind).to_owned()).collect()
        };
        let delta = Delta {
            new: kinds(now.difference(&earlier).collect()),
            gone: kinds(earlier.difference(&now).collect()),
        };
        self.delta = (delta != Delta::default()).then_some(delta);
    }
}

/// The reason that says that no file at all could be read.
pub const LIMITED: &str = "limited_view";

/// Files written by hand whose text could not be had, so that silence about them is not taken for calm.
fn unreadable(changes: &ChangeSet) -> Vec<CouldNotCheck> {
    let reason = |file: &FileChange| {
        [file.after(), file.before()].into_iter().flatten().find_map(|content| match content {
            Content::TooLarge { .. } => Some("too_large"),
            Content::Missing => Some("missing"),
            _ => None,
        })
    };
    let by_hand = changes.files().iter().filter(|file| file.role.is_by_hand());
    by_hand
        .filter_map(|file| Some((file.path.to_string(), reason(file)?.to_owned())))
        .map(|(path, reason)| CouldNotCheck { path, reason })
        .collect()
}

/// Each rule of `[[tell]]` of whose kind something was found, where its patterns say.
fn tell(findings: &[Finding], config: &Config) -> Vec<Tell> {
    let told = config.tell.iter().filter_map(|rule| {
        let patterns: Vec<_> = rule.paths.iter().filter_map(|glob| pattern(glob).ok()).collect();
        let inside = |finding: &&Finding| {
            let mut places = finding.evidence.iter();
            rule.paths.is_empty()
                || places.any(|place| patterns.iter().any(|glob| glob.is_match(place.path.as_str())))
        };
        let of_kind = findings.iter().filter(|finding| finding.facts.kind() == rule.kind).filter(inside);
        let findings: Vec<String> = of_kind.map(|finding| finding.id.clone()).collect();
        (!findings.is_empty()).then(|| Tell {
            who: rule.who.clone(),
            kind: rule.kind.clone(),
            say: rule.say.clone(),
            findings,
        })
    });
    told.collect()
}

/// A change of documentation, tests, lock files or small package steps only is Routine whatever else fires.
fn level_of(findings: &[Finding], files: &[File]) -> Level {
    let quiet = !files.is_empty()
        && files.iter().all(|file| matches!(file.role, Role::Docs | Role::Lock | Role::Asset))
        && findings
            .iter()
            .all(|finding| matches!(finding.facts, Facts::Size(_) | Facts::MovedCode(_) | Facts::Tests(_)));
    if quiet {
        return Level::Routine;
    }
    findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Routine)
}

/// The place of a kind among its level. `reader` moves some kinds to the front, never facts away.
fn rank(kind: &str, reader: Reader) -> usize {
    let front: &[&str] = match reader {
        Reader::Product => &[],
        Reader::Platform => &["service", "connection", "api", "dependency", "runtime", "config"],
        Reader::Infra => &["infra", "config", "schedule", "runtime", "connection", "access"],
    };
    match front.iter().position(|name| *name == kind) {
        Some(place) => place,
        None => front.len() + KINDS.iter().position(|name| *name == kind).unwrap_or(KINDS.len()),
    }
}

fn sort(findings: &mut [Finding], reader: Reader) {
    findings.sort_by(|a, b| {
        let place = |finding: &Finding| finding.evidence.first().map(|at| (at.path.clone(), at.line));
        b.level
            .cmp(&a.level)
            .then_with(|| rank(a.facts.kind(), reader).cmp(&rank(b.facts.kind(), reader)))
            .then_with(|| place(a).cmp(&place(b)))
            .then_with(|| a.id.cmp(&b.id))
    });
}

/// Lines of every kind, in the order of findings; titles stand where services' names stood.
pub(crate) fn lines_of(findings: &[Finding], services: &[ServiceTouch], reader: Reader) -> Vec<Line> {
    let mut lines = Vec::new();
    for kind in KINDS {
        let of_kind: Vec<&Finding> =
            findings.iter().filter(|finding| finding.facts.kind() == *kind).collect();
        if of_kind.is_empty() {
            continue;
        }
        let of = detectors::ALL
            .iter()
            .find(|entry| entry.id == *kind)
            .map_or(detectors::one_line_each as _, |entry| entry.lines);
        lines.extend(of(&of_kind));
    }
    for line in &mut lines {
        for name in &mut line.services {
            if let Some(service) = services.iter().find(|service| service.name == *name) {
                *name = service.title.clone();
            }
        }
    }
    lines.sort_by_key(|line| {
        let kind = line.shape.split('/').next().unwrap_or_default();
        let (kind, follows) = match line.shape.as_str() {
            // What still holds the old value is understood after what has the new one.
            "left_behind/setting" => ("config", 1),
            // Tables and fields are what people know; code inside the database is behind them.
            "schema/other" | "schema/own_code" => ("schema", 1),
            _ => (kind, 0),
        };
        // That most of it is moved text tells how to read all that follows.
        (kind != "moved_code", Reverse(line.level), rank(kind, reader), follows)
    });
    lines
}

fn nature_of(files: &[File]) -> Nature {
    let Some(first) = files.first() else { return Nature::Empty };
    if files.iter().all(|file| file.role == first.role) && !matches!(first.role, Role::Manifest) {
        return if first.role == Role::Lock { Nature::Packages } else { Nature::Only(first.role) };
    }
    if files.iter().all(|file| matches!(file.role, Role::Manifest | Role::Lock)) {
        return Nature::Packages;
    }
    Nature::Mixed
}

fn file_of(file: &FileChange, service: Option<String>) -> File {
    let (change, from) = match &file.kind {
        ChangeKind::Added { .. } => (FileState::Added, None),
        ChangeKind::Deleted { .. } => (FileState::Deleted, None),
        ChangeKind::Modified { .. } => (FileState::Modified, None),
        ChangeKind::Renamed { from, .. } => (FileState::Renamed, Some(from.to_string())),
    };
    File {
        path: file.path.to_string(),
        from,
        change,
        role: file.role,
        service,
        added: file.added,
        removed: file.removed,
    }
}

/// Who made most commits; of several, who made the newest. Merges do not count, and a bot is nobody to ask.
fn author_of(words: &Words) -> Option<Author> {
    let mut counts: Vec<(&crate::change::Person, u32)> = Vec::new();
    for commit in words.commits.iter().filter(|commit| !commit.is_merge) {
        match counts.iter_mut().find(|(person, _)| person.email == commit.author.email) {
            Some((_, count)) => *count += 1,
            None => counts.push((&commit.author, 1)),
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max()?;
    let (person, _) = counts.into_iter().find(|(_, count)| *count == most)?;
    (!person.is_bot()).then(|| Author { name: person.name.clone() })
}

impl Report {
    /// The first place that proves anything, for a link in a Routine line.
    pub fn first_evidence(&self) -> Option<Evidence> {
        // Tests and words on screen come beside the code that they belong to; sizes and people are about all of it.
        let is_telling = |finding: &&Finding| {
            !matches!(
                finding.facts,
                Facts::Tests(_) | Facts::UiText(_) | Facts::Size(_) | Facts::Hotspot(_) | Facts::Ownership(_)
            )
        };
        let lines = |file: &&File| (file.added + file.removed, std::cmp::Reverse(file.path.clone()));
        let source = self.files.iter().filter(|file| file.role == Role::Source).max_by_key(lines);
        let of_file = |file: &File| {
            let path = crate::change::RepoPath::new(&file.path);
            match file.change {
                FileState::Deleted => Evidence::before(&path, None),
                _ => Evidence::after(&path, None),
            }
        };
        let first = |finding: &Finding| finding.evidence.first().cloned();
        self.findings
            .iter()
            .filter(is_telling)
            .find_map(first)
            .or_else(|| source.map(of_file))
            .or_else(|| self.findings.iter().find_map(first))
            .or_else(|| self.files.iter().max_by_key(lines).map(of_file))
    }

    /// Whether so much could not be read that the reader must know it before all else: more than a fifth of the
    /// lines, or of the files, written by hand. Source: the wording guide, 3.7.
    pub fn is_blind(&self) -> bool {
        // A migration that runs its own code was read; what we could not tell of it is a line of its own.
        const UNREAD: [&str; 5] = ["binary", "too_large", "missing", "unknown_format", "broken"];
        let is_whole = |entry: &&CouldNotCheck| {
            entry.reason.split(':').next().is_some_and(|word| UNREAD.contains(&word))
        };
        let unread: BTreeSet<&str> =
            self.could_not_check.iter().filter(is_whole).map(|entry| entry.path.as_str()).collect();
        let by_hand: Vec<&File> = self.files.iter().filter(|file| file.role.is_by_hand()).collect();
        let is_unread = |file: &&&File| unread.contains(file.path.as_str());
        let lines = |file: &File| u64::from(file.added) + u64::from(file.removed);
        let all: u64 = by_hand.iter().map(|file| lines(file)).sum();
        let dark: u64 = by_hand.iter().filter(is_unread).map(|file| lines(file)).sum();
        // Nobody counts the lines of a file that is too large, so there the files count.
        let countless = by_hand.iter().filter(is_unread).filter(|file| lines(file) == 0).count();
        let is_limited = self.could_not_check.iter().any(|entry| entry.reason == LIMITED);
        is_limited || dark * 5 > all || countless * 5 > by_hand.len()
    }

    /// The values that a frame sees beside its lines.
    pub fn values(&self) -> Value {
        json!(self)
    }
}
