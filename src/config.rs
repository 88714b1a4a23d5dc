//! `plainly.toml` as plain data. Names no detector: `[detectors]` stays a table that each detector reads for itself.

mod pattern;
mod read;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::change::{RepoPath, Snapshot};
use crate::finding::{CouldNotCheck, Level};

pub use pattern::{glob, pattern};
pub use read::{ConfigProblem, nearest};

/// Everything a team may say about itself. Every key is optional.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// From which level on a comment is written; below it the job summary only.
    pub comment: CommentFrom,
    /// From which level on plainly ends with exit code 1. Without it nothing is ever stopped.
    pub fail_on: Option<FailOn>,
    /// A folder of templates: `en`, `de`.
    pub language: String,
    /// A folder whose files replace built-in templates by name.
    pub templates: Option<String>,
    /// Whose order of findings; never other facts.
    pub reader: Reader,
    /// Whether an owner's @name notifies; else owners stand in code style.
    pub mention: bool,
    /// Whether names of persons are printed.
    pub people: bool,
    /// A prefix of labels that are kept, such as `plainly/`; empty for none.
    pub labels: String,
    /// Whether a check run is kept too: neutral, and red only where `fail_on` is reached.
    pub check: bool,
    /// Globs of reports that are searched for dropped names.
    pub reports: Vec<String>,
    /// The services; the last match wins.
    pub service: Vec<ServiceConfig>,
    /// Areas that need a second look.
    pub sensitive: Vec<SensitiveConfig>,
    /// Who should know of what.
    pub tell: Vec<TellConfig>,
    /// Findings that a person accepted.
    pub accept: Vec<AcceptConfig>,
    /// One key a detector: `false`, or a table of its options.
    #[schemars(with = "std::collections::BTreeMap<String, serde_json::Value>")]
    pub detectors: toml::Table,
    /// Files that are not written by hand.
    pub files: FilesConfig,
    /// How releases are named, and where authors' notes stand.
    pub release_notes: ReleaseNotesConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            comment: CommentFrom::WorthALook,
            fail_on: None,
            language: "en".to_owned(),
            templates: None,
            reader: Reader::Product,
            mention: false,
            people: true,
            labels: String::new(),
            check: false,
            reports: Vec::new(),
            service: Vec::new(),
            sensitive: Vec::new(),
            tell: Vec::new(),
            accept: Vec::new(),
            detectors: toml::Table::new(),
            files: FilesConfig::default(),
            release_notes: ReleaseNotesConfig::default(),
        }
    }
}

impl Config {
    /// Where a configuration is looked for; the first that is there holds.
    pub const PLACES: &[&str] = &["plainly.toml", ".github/plainly.toml"];

    /// Reads the configuration of a tree; without one, the defaults.
    pub fn of_tree(tree: &dyn Snapshot) -> (Self, Vec<CouldNotCheck>) {
        let file = |path: &str| tree.read(&RepoPath::new(path))?.text().map(str::to_owned);
        Self::found(&file)
    }

    /// Reads the configuration that `file` finds at one of the places.
    pub fn found(file: &dyn Fn(&str) -> Option<String>) -> (Self, Vec<CouldNotCheck>) {
        match Self::PLACES.iter().find_map(|path| file(path).map(|text| (path, text))) {
            Some((path, text)) => Self::parse(&text, path),
            None => (Self::default(), Vec::new()),
        }
    }
}

/// From which level on a comment is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CommentFrom {
    /// Always.
    All,
    /// From Worth a look on.
    WorthALook,
    /// For Talk first only.
    TalkFirst,
    /// Never; a comment already there is still brought up to date.
    Off,
}

/// The level at which a run fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FailOn {
    /// Worth a look, or Talk first.
    WorthALook,
    /// Talk first.
    TalkFirst,
}

impl FailOn {
    /// Whether a change of this level reaches it.
    pub fn is_reached_by(self, level: Level) -> bool {
        match self {
            FailOn::WorthALook => level >= Level::WorthALook,
            FailOn::TalkFirst => level >= Level::TalkFirst,
        }
    }
}

/// Whose order of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reader {
    /// A product manager.
    Product,
    /// A platform engineer.
    Platform,
    /// Who runs it.
    Infra,
}

/// `[[service]]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceConfig {
    /// Its short name, as in reports.
    pub name: String,
    /// The name that a product manager uses.
    #[serde(default)]
    pub title: Option<String>,
    /// Globs; a path without wildcard is a folder and all below it.
    #[serde(default)]
    pub paths: Vec<String>,
    /// `@team` or addresses.
    #[serde(default)]
    pub owners: Vec<String>,
    /// The services it calls.
    #[serde(default)]
    pub depends_on: Vec<String>,
    /// Product, or support such as proxies and dashboards.
    #[serde(default)]
    pub kind: ServiceKind,
    /// Other words that name it in a title or text.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Who hears of it in release notes.
    #[serde(default)]
    pub visibility: Option<Visibility>,
    /// Whether its API is a promise.
    #[serde(default)]
    pub stability: Stability,
    /// Whether code changed without a test deserves a look.
    #[serde(default)]
    pub critical: bool,
}

/// What a service is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceKind {
    /// Part of the product.
    #[default]
    Product,
    /// Helps to run or watch it.
    Support,
    /// Where data lives: a database, queue or cache.
    Store,
}

/// Who hears of a service in release notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    /// Customers.
    Public,
    /// People here.
    Internal,
    /// Nobody.
    Hidden,
}

/// Whether an API is a promise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stability {
    /// It is.
    #[default]
    Stable,
    /// It is an experiment.
    Experimental,
}

/// `[[sensitive]]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SensitiveConfig {
    /// The area's name.
    pub name: String,
    /// Globs.
    pub paths: Vec<String>,
    /// Whom to ask.
    #[serde(default)]
    pub owner: Option<String>,
}

/// `[[tell]]`: who should know, beside who must review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TellConfig {
    /// A kind of finding.
    pub kind: String,
    /// Globs; empty for everywhere.
    #[serde(default)]
    pub paths: Vec<String>,
    /// Who should know.
    pub who: String,
    /// A house rule, quoted as it stands.
    #[serde(default)]
    pub say: Option<String>,
}

/// `[[accept]]`: shown as accepted by, never hidden.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptConfig {
    /// The finding's id.
    pub finding: String,
    /// Who accepted it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Until which day, a TOML date.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub until: Option<toml::value::Datetime>,
}

/// `[files]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FilesConfig {
    /// Globs of files that a tool writes.
    pub generated: Vec<String>,
    /// Globs of copies of others' code.
    pub vendored: Vec<String>,
}

/// `[release_notes]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReleaseNotesConfig {
    /// A regular expression of release tags.
    pub tag_pattern: Option<String>,
    /// Globs of files that hold authors' notes.
    pub notes: Vec<String>,
    /// Release branches, for "released in".
    pub lines: Vec<String>,
    /// Words to replace in our own sentences.
    pub words: std::collections::BTreeMap<String, String>,
}
