//! From a repository on disk to a summary: where configuration and templates come from, and in which order all is read.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::change::{Commit, RepoPath, Snapshot};
use crate::config::Config;
use crate::error::Error;
use crate::git::{self, Repository, Taken};
use crate::roles::Roles;
use crate::summary::Summary;
use crate::{Change, Plainly, summary};

/// What the command line, or a pull request, brings along.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// The pull request's title.
    pub title: Option<String>,
    /// The pull request's text.
    pub body: Option<String>,
    /// The title of the issue that they point at, where the forge gives it.
    pub issue: Option<String>,
    /// The names of the pull request's labels.
    pub labels: Vec<String>,
    /// A configuration in place of the repository's own: its path and text.
    pub config: Option<(String, String)>,
    /// What the forge knows of the pull request. The copy of the repository may hold its merge commit and only some
    /// of its history.
    pub pull: Option<Pull>,
}

/// A pull request's commits, from where they are known in full.
#[derive(Clone, Debug)]
pub struct Pull {
    /// Its newest commit.
    pub head: String,
    /// How many commits it has.
    pub count: u32,
    /// The commits, newest first.
    pub commits: Vec<Commit>,
}

/// From which state configuration, CODEOWNERS and templates are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigFrom {
    /// The files on disk, else the base commit: a person who tries a configuration sees its effect at once.
    WorkTree,
    /// The base commit: a change cannot quiet its own report.
    Base,
}

/// A summary and what made it.
pub struct Run {
    /// Everything compiled.
    pub plainly: Plainly,
    /// What is to be said.
    pub summary: Summary,
    /// What it was read from.
    pub change: Change,
    /// Which range was taken and why, for the template `frame/taken`.
    pub taken: Value,
}

/// The summary of a range in the repository that holds `directory`.
pub fn preview(directory: Option<&Path>, range: Option<&str>, given: Given) -> Result<Run, Error> {
    let repository = Repository::open(directory)?;
    let range = repository.range(range)?;
    summarize(&repository, &range, given, ConfigFrom::WorkTree)
}

/// The summary of a range that was found already.
pub fn summarize(
    repository: &Repository,
    range: &git::Range,
    given: Given,
    from: ConfigFrom,
) -> Result<Run, Error> {
    let before = repository.before(range)?;
    let (plainly, change) = match (from, repository.work_tree()) {
        (ConfigFrom::WorkTree, Some(folder)) => {
            let disk = |path: &str| std::fs::read_to_string(folder.join(path)).ok();
            read(repository, range, given, &disk)?
        }
        _ => {
            let base = |path: &str| before.read(&RepoPath::new(path))?.text().map(str::to_owned);
            read(repository, range, given, &base)?
        }
    };
    let summary = plainly.summarize(&change);
    Ok(Run { plainly, taken: taken(range, change.range.commits), summary, change })
}

/// Reads the change and compiles the configuration. `file` reads a file of the state that the configuration is from.
pub(crate) fn read(
    repository: &Repository,
    range: &git::Range,
    given: Given,
    file: &dyn Fn(&str) -> Option<String>,
) -> Result<(Plainly, Change), Error> {
    let (config, problems) = match given.config {
        Some((path, text)) => Config::parse(&text, &path),
        None => Config::found(file),
    };
    let after = repository.after(range)?;
    let roles = Roles::of_tree(&config, &after);
    let files = repository.changes(range, &|path, text| roles.role(path, text))?;
    let mut words = repository.words(range)?;
    if given.title.is_some() {
        words.title = given.title;
    }
    words.body = given.body;
    words.issue = given.issue;
    words.labels = given.labels;
    let mut ends =
        summary::Range { base: range.base(), head: range.head(), commits: words.commits.len() as u32 };
    if let Some(pull) = given.pull {
        words.commits = pull.commits;
        (ends.head, ends.commits) = (pull.head, pull.count);
    }
    let change = Change {
        range: ends,
        files,
        words,
        before: Box::new(repository.before(range)?),
        after: Box::new(after),
        history: repository.history(range)?,
        roles,
    };
    let templates = templates(&config, file);
    Ok((Plainly::new(config, problems, &templates)?, change))
}

/// A team's own templates: each built-in name is looked for in the folder that the configuration names.
pub(crate) fn templates(config: &Config, file: &dyn Fn(&str) -> Option<String>) -> BTreeMap<String, String> {
    let Some(folder) = &config.templates else { return BTreeMap::new() };
    let folder = folder.trim_end_matches('/');
    crate::render::names()
        .into_iter()
        .filter_map(|name| file(&format!("{folder}/{name}")).map(|text| (name, text)))
        .collect()
}

fn taken(range: &git::Range, commits: u32) -> Value {
    let (taken, name) = match &range.taken {
        Taken::Named => ("given", None),
        Taken::Upstream { branch } => ("upstream", Some(branch)),
        Taken::DefaultBranch { branch } => ("default_branch", Some(branch)),
        Taken::LastCommit => ("last_commit", None),
    };
    let short = |id: String| id.chars().take(10).collect::<String>();
    json!({"taken": taken, "name": name, "commits": commits, "base": short(range.base()), "head": short(range.head())})
}
