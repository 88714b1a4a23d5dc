//! The service map: path → service → owners, and who calls whom.

pub mod codeowners;

use globset::{GlobBuilder, GlobMatcher};

use crate::change::{RepoPath, Snapshot};
use crate::config::{Config, ServiceKind, Stability, Visibility};
use crate::detectors::Context;
use crate::summary::{Map, ServiceTouch};

/// A pattern of the configuration: `*` stops at `/`; without a wildcard it is a folder and all below it, or a file.
pub fn pattern(pattern: &str) -> Result<GlobMatcher, globset::Error> {
    let pattern = pattern.trim_start_matches("./").trim_start_matches('/');
    let folder = pattern.trim_end_matches('/');
    let glob = match pattern.contains(['*', '?', '[', '{']) {
        false => format!("{}{{,/**}}", globset::escape(folder)),
        true if pattern.ends_with('/') => format!("{folder}/**"),
        true => pattern.to_owned(),
    };
    Ok(GlobBuilder::new(&glob).literal_separator(true).build()?.compile_matcher())
}

/// A part of the product that runs on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its short name, as in reports.
    pub name: String,
    /// The name that people use; the folder's or the configuration's.
    pub title: String,
    /// Its folders, without trailing slash, for display.
    pub folders: Vec<String>,
    /// Who owns it, as written in CODEOWNERS, catalogue or configuration.
    pub owners: Vec<String>,
    /// Product or support.
    pub kind: ServiceKind,
    /// Other words that name it.
    pub aliases: Vec<String>,
    /// Who hears of it in release notes.
    pub visibility: Visibility,
    /// Whether its API is a promise.
    pub stability: Stability,
    /// Whether code changed without a test deserves a look.
    pub critical: bool,
    /// The rule that found it, such as `configuration`, `compose`, `dockerfile`, `workspace`.
    pub rule: String,
}

/// Which services there are, and which path belongs to which.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    services: Vec<Service>,
}

impl Catalog {
    /// Builds the map of both trees: the configuration first, else what can be discovered.
    pub fn new(_config: &Config, _before: &dyn Snapshot, _after: &dyn Snapshot) -> Self {
        Self::default()
    }

    /// Every service, sorted by name.
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// The service of a path; the last match wins.
    pub fn service_of(&self, _path: &RepoPath) -> Option<&Service> {
        None
    }

    /// A service by its name.
    pub fn named(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == name)
    }

    /// Who owns a path: the most specific owners known.
    pub fn owners_of(&self, _path: &RepoPath) -> Vec<String> {
        Vec::new()
    }
}

/// The services that a change touches, by name, each with its strongest reason.
pub fn touched(_cx: &Context<'_>) -> Vec<ServiceTouch> {
    Vec::new()
}

/// The services touched, their neighbours, and what calls what.
pub fn map(_cx: &Context<'_>) -> Map {
    Map::default()
}
