//! Detectors: each answers one question about a change with typed facts, and says how its facts become lines.
//!
//! A detector is one file here, one line in the list, its words in `templates/en/findings/<id>.hbs` (or a folder of
//! that name) and its cases in `tests/cases/<id>/`. No I/O, no clock, no network, no prose.

pub mod access;
pub mod api;
pub mod beyond_title;
pub mod config;
pub mod connection;
pub mod contradiction;
pub mod cross_service;
pub mod dependency;
pub mod feature_flag;
pub mod hotspot;
pub mod infra;
pub mod left_behind;
pub mod moved_code;
pub mod ownership;
pub mod privacy;
pub mod route;
pub mod runtime;
pub mod schedule;
pub mod schema;
pub mod sensitive;
pub mod service;
pub mod size;
#[cfg(test)]
pub(crate) mod testing;
pub mod tests;
pub mod ui_text;
pub mod unnamed_service;

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;
use serde_json::Value;

use crate::change::{ChangeSet, RepoPath, Snapshot, Words};
use crate::config::Config;
use crate::finding::{CouldNotCheck, Evidence, Facts, Finding, Level, id_of};
use crate::history::History;
use crate::roles::Roles;
use crate::services::Catalog;

/// What a detector may look at.
pub struct Context<'a> {
    /// The changed files.
    pub changes: &'a ChangeSet,
    /// What people wrote.
    pub words: &'a Words,
    /// The tree at the base.
    pub before: &'a dyn Snapshot,
    /// The tree at the head.
    pub after: &'a dyn Snapshot,
    /// The service map at the base; of the head for what is new.
    pub catalog: &'a Catalog,
    /// The past.
    pub history: &'a History,
    /// What each file is for.
    pub roles: &'a Roles,
    /// The team's configuration.
    pub config: &'a Config,
}

impl Context<'_> {
    /// The names of the services that own the given paths, sorted.
    pub fn services_of<'p>(&self, paths: impl IntoIterator<Item = &'p RepoPath>) -> Vec<String> {
        let names: BTreeSet<&str> = paths
            .into_iter()
            .filter_map(|path| self.catalog.service_of(path))
            .map(|service| service.name.as_str())
            .collect();
        names.into_iter().map(str::to_owned).collect()
    }
}

/// Collects what detectors find.
#[derive(Debug, Default)]
pub struct Report {
    /// The findings.
    pub findings: Vec<Finding>,
    /// What could not be read.
    pub could_not_check: BTreeSet<CouldNotCheck>,
    /// Every id in use, and how many findings asked for it: a second one with the same subject gets an id of its own
    /// without a search through all of them.
    copies: HashMap<String, u32>,
}

impl Report {
    /// Adds a finding. `subject` names the fact for good (table and column, package and manifest, …): with kind and
    /// rule it makes the id. A finding without evidence is a bug of the detector and is dropped in release builds.
    pub fn push(
        &mut self,
        cx: &Context<'_>,
        rule: &str,
        level: Level,
        subject: &str,
        evidence: Vec<Evidence>,
        facts: Facts,
    ) {
        debug_assert!(!evidence.is_empty(), "{rule} without evidence");
        if evidence.is_empty() {
            return;
        }
        let services = cx.services_of(evidence.iter().map(|place| &place.path));
        let first = id_of(facts.kind(), rule, subject);
        let mut id = first.clone();
        let mut copy = self.copies.get(&first).copied().unwrap_or(1);
        while self.copies.contains_key(&id) {
            copy += 1;
            id = id_of(facts.kind(), rule, &format!("{subject}#{copy}"));
        }
        self.copies.insert(first, copy);
        self.copies.entry(id.clone()).or_insert(1);
        self.findings.push(Finding {
            id,
            rule: rule.to_owned(),
            level,
            services,
            evidence,
            accepted: None,
            facts,
        });
    }

    /// Notes what could not be read.
    pub fn could_not_check(&mut self, path: &RepoPath, reason: impl Into<String>) {
        self.could_not_check.insert(CouldNotCheck { path: path.to_string(), reason: reason.into() });
    }
}

/// One sentence to be: the template that says it, and what the template sees.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// The template below `findings/`: `schema/column_dropped`, `size`. The same name below `headlines/` and
    /// `questions/` holds its headline and its questions, where it has any.
    pub shape: String,
    /// What the template sees, as `facts`.
    pub facts: Value,
    /// The findings it speaks of.
    pub findings: Vec<String>,
    /// Places to link, most telling first.
    pub evidence: Vec<Evidence>,
    /// The services it is about.
    pub services: Vec<String>,
    /// The highest level of its findings.
    pub level: Level,
    /// Whether it belongs into the folded part even when there is room in view.
    pub folded: bool,
}

impl Line {
    /// A line over findings that belong together; empty input is no line.
    pub fn of(shape: &str, findings: &[&Finding], facts: Value) -> Option<Line> {
        let level = findings.iter().map(|finding| finding.level).max()?;
        let services: BTreeSet<&String> = findings.iter().flat_map(|finding| &finding.services).collect();
        Some(Line {
            shape: shape.to_owned(),
            facts,
            findings: findings.iter().map(|finding| finding.id.clone()).collect(),
            evidence: findings.iter().filter_map(|finding| finding.evidence.first().cloned()).collect(),
            services: services.into_iter().cloned().collect(),
            level,
            folded: false,
        })
    }

    /// The same line, kept for the folded part.
    pub fn folded(mut self) -> Line {
        self.folded = true;
        self
    }
}

/// Answers one question about a change.
pub trait Detector: Send + Sync {
    /// Reports facts. Cannot fail: what cannot be read becomes an entry of `could_not_check`.
    fn detect(&self, cx: &Context<'_>, report: &mut Report);
}

/// Turns the findings of one kind into lines. Pure over facts, so that a stored report can be said again.
pub type Lines = fn(&[&Finding]) -> Vec<Line>;

/// One line a finding, said by the template that has the kind's name.
pub fn one_line_each(findings: &[&Finding]) -> Vec<Line> {
    findings
        .iter()
        .filter_map(|finding| Line::of(finding.facts.kind(), &[finding], finding.facts.values()))
        .collect()
}

/// A row of the registry.
pub struct Entry {
    /// The kind: module, configuration key, template and case folder have the same name.
    pub id: &'static str,
    /// Builds it with its options; a wrong option is an error that names it.
    pub build: fn(toml::Table) -> Result<Box<dyn Detector>, toml::de::Error>,
    /// How its findings become lines.
    pub lines: Lines,
}

macro_rules! detectors {
    ($($id:ident::$type:ident),* $(,)?) => {
        /// Every detector, in the order in which they run.
        pub const ALL: &[Entry] = &[$(Entry {
            id: stringify!($id),
            build: |options| Ok(Box::new(options.try_into::<$id::$type>()?)),
            lines: $id::lines,
        }),*];
    };
}

detectors! {
    schema::Schema,
    api::Api,
    route::Routes,
    dependency::Dependency,
    config::Config,
    feature_flag::FeatureFlag,
    schedule::Schedule,
    runtime::Runtimes,
    ui_text::UiText,
    access::Access,
    privacy::Privacy,
    tests::Tests,
    service::Services,
    cross_service::CrossService,
    connection::Connections,
    infra::Infra,
    sensitive::Sensitive,
    left_behind::LeftBehind,
    hotspot::Hotspot,
    moved_code::MovedCode,
    ownership::Ownership,
    size::Size,
    unnamed_service::UnnamedService,
    beyond_title::BeyondTitle,
    contradiction::Contradiction,
}
