//! Reads a change and says in plain words what it means. Data flows one way:
//!
//! ```text
//! plainly.toml ─ config ──► Config
//! repository ─── git ─────► ChangeSet, Snapshot (before, after), History, Words
//!                 services ► Catalog
//!                 formats ─► inventories
//!                 detectors ► findings            facts, no prose   ┐ pure, synchronous,
//!                 summary ─► Summary              levels, order     ┘ cannot fail
//!                 render ──► text                 handlebars, escaping, budgets
//!                 deliver ─► terminal, file, job summary, pull request comment
//! ```

pub mod change;
pub mod config;
pub mod deliver;
pub mod detectors;
pub mod doctor;
pub mod error;
pub mod explain;
pub mod finding;
pub mod formats;
pub mod git;
pub mod github;
pub mod history;
pub mod hook;
pub mod listing;
pub mod notes;
pub mod render;
pub mod replay;
pub mod roles;
pub mod run;
pub mod services;
pub mod summary;

use std::collections::BTreeMap;

use change::{ChangeSet, RepoPath, Snapshot, Words};
use config::Config;
use detectors::{Context, Detector};
use error::Error;
use finding::CouldNotCheck;
use history::History;
use render::Renderer;
use roles::Roles;
use services::Catalog;
use summary::{Parts, Range, Summary};

/// One change with everything around it that a summary needs.
pub struct Change {
    /// From where to where.
    pub range: Range,
    /// The changed files.
    pub files: ChangeSet,
    /// What people wrote.
    pub words: Words,
    /// The tree at the base.
    pub before: Box<dyn Snapshot>,
    /// The tree at the head.
    pub after: Box<dyn Snapshot>,
    /// The past.
    pub history: History,
    /// What each file is for.
    pub roles: Roles,
}

/// A comment is never longer. GitHub's limit is 65,536 characters; ours leaves room for the marker.
pub const MOST_COMMENT_BYTES: usize = github::comment::COMMENT_LIMIT;

/// Everything compiled once: configuration, detectors, templates.
pub struct Plainly {
    config: Config,
    problems: Vec<CouldNotCheck>,
    detectors: Vec<Box<dyn Detector>>,
    renderer: Renderer,
}

impl Plainly {
    /// Compiles a configuration. Its mistakes do not fail: each is replaced by its default and becomes an entry of
    /// `could_not_check`. `templates` are a team's own, by name below their folder.
    pub fn new(
        config: Config,
        mut problems: Vec<CouldNotCheck>,
        templates: &BTreeMap<String, String>,
    ) -> Result<Self, Error> {
        let known = || detectors::ALL.iter().map(|entry| entry.id);
        for name in config.detectors.keys().filter(|name| !known().any(|id| id == *name)) {
            let hint = config::nearest(name, known())
                .map_or(String::new(), |near| format!(", did you mean `{near}`?"));
            let reason = format!("configuration: [detectors] has no `{name}`{hint}");
            problems.push(CouldNotCheck { path: "plainly.toml".to_owned(), reason });
        }
        let mut built = Vec::new();
        for entry in detectors::ALL {
            let options = match config.detectors.get(entry.id) {
                Some(toml::Value::Boolean(false)) => continue,
                Some(toml::Value::Table(options)) => options.clone(),
                _ => toml::Table::new(),
            };
            let detector = (entry.build)(options).or_else(|error| {
                let reason = format!("configuration: [detectors.{}] {}", entry.id, error.message());
                problems.push(CouldNotCheck { path: "plainly.toml".to_owned(), reason });
                (entry.build)(toml::Table::new())
            });
            built.extend(detector);
        }
        let (renderer, broken) = match Renderer::new(&config.language, templates) {
            Ok(made) => made,
            Err(error @ render::Error::Language(..)) => {
                let reason = format!("configuration: {error}");
                problems.push(CouldNotCheck { path: "plainly.toml".to_owned(), reason });
                Renderer::new("en", templates)?
            }
            Err(error) => return Err(error.into()),
        };
        for error in broken {
            problems.push(CouldNotCheck {
                path: "plainly.toml".to_owned(),
                reason: format!("configuration: {error}"),
            });
        }
        Ok(Self { config, problems, detectors: built, renderer })
    }

    /// The configuration in force.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Finds the facts of a change and puts them in order.
    pub fn summarize(&self, change: &Change) -> Summary {
        let catalog = Catalog::new(&self.config, change.before.as_ref(), change.after.as_ref());
        let cx = Context {
            changes: &change.files,
            words: &change.words,
            before: change.before.as_ref(),
            after: change.after.as_ref(),
            catalog: &catalog,
            history: &change.history,
            roles: &change.roles,
            config: &self.config,
        };
        let mut report = detectors::Report::default();
        for problem in &self.problems {
            report.could_not_check.insert(problem.clone());
        }
        for detector in &self.detectors {
            detector.detect(&cx, &mut report);
        }
        let settings =
            report.findings.iter().filter(|finding| matches!(finding.facts, finding::Facts::Config(_)));
        let settings = settings.flat_map(|finding| {
            let places = finding.evidence.iter().map(|place| &place.path);
            places.flat_map(|path| finding.services.iter().map(move |name| (name.as_str(), path)))
        });
        let services = services::touched(&catalog, &change.files);
        let services = services::touched_by_settings(&catalog, services, settings);
        let files = change.files.files();
        let service_of =
            files.iter().map(|file| catalog.service_of(&file.path).map(|service| service.name.clone()));
        summary::summarize(Parts {
            range: change.range.clone(),
            changes: &change.files,
            words: &change.words,
            findings: report.findings,
            could_not_check: report.could_not_check.into_iter().collect(),
            map: services::map(&catalog, &services),
            services,
            shared: services::shared(&catalog, &change.files),
            service_of: service_of.collect(),
            owners: owners(&catalog, files.iter().map(|file| &file.path)),
            config: &self.config,
        })
    }

    /// The summary's owners and manners are kept apart from a stored report: this says it again from its facts.
    pub fn again(&self, report: summary::Report, owners: Vec<String>) -> Summary {
        let manners = summary::Manners { mention: self.config.mention, people: self.config.people };
        Summary::of(report, owners, manners, self.config.reader)
    }

    /// The templates alone.
    pub fn into_renderer(self) -> Renderer {
        self.renderer
    }

    /// The templates.
    pub fn renderer(&self) -> &Renderer {
        &self.renderer
    }
}

/// Owners of the given paths, by how many they own, then by name.
fn owners<'a>(catalog: &Catalog, paths: impl Iterator<Item = &'a RepoPath>) -> Vec<String> {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for path in paths {
        for owner in catalog.owners_of(path) {
            *counts.entry(owner).or_default() += 1;
        }
    }
    let mut owners: Vec<(String, u32)> = counts.into_iter().collect();
    owners.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    owners.into_iter().map(|(owner, _)| owner).collect()
}
