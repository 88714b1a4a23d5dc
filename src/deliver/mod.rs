//! `plainly comment`: from the event that started a job to a summary, and to where people read it.

mod ids;
mod pulls;

use std::path::Path;

use crate::change::{ChangeSet, Commit, Content, MemorySnapshot};
use crate::config::Config;
use crate::error::Error;
use crate::finding::{CouldNotCheck, Level};
use crate::git::{self, Repository, fetch};
use crate::github::comment::COMMENT_LIMIT;
use crate::github::runner::SUMMARY_LIMIT;
use crate::github::{
    Access, CommitId, Error as GitHubError, Letter, Marker, Nothing, Patience, PullRequest, Refusal, Runner,
    Session, Target, Upsert, WorkflowRun, change, check, comment, labels, release,
};
use crate::history::History;
use crate::render::{Links, Style, View};
use crate::roles::Roles;
use crate::run::{self, ConfigFrom, Given, Pull, Run};
use crate::summary::{self, Report, Summary};
use crate::{Change, Plainly};
use ids::Ids;

pub use pulls::pull_texts;

/// What a job has done.
#[derive(Debug, Default)]
pub struct Delivered {
    /// What became of the comment; none where the event has no pull request.
    pub comment: Option<Upsert>,
    /// Sentences for the job's log.
    pub notes: Vec<String>,
    /// The text, where nothing was to be written.
    pub text: Option<String>,
    /// Whether a finding reached `fail_on`.
    pub reached: bool,
}

/// What to do, beside what the event says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// Where the checkout is, if there is one.
    pub directory: Option<&'a Path>,
    /// Write nothing.
    pub dry_run: bool,
    /// The report of an untrusted first stage: said again from its facts, its sentences are never printed.
    pub report: Option<&'a Path>,
    /// Write only the report, into this file: the untrusted first stage.
    pub report_to: Option<&'a Path>,
}

/// Keeps the draft of a release up to date: for `plainly release-notes --draft-release`. `notes` are finished
/// Markdown, made from the block that stands there, at most as many bytes as asked for.
pub fn draft_release(
    runner: &Runner,
    tag: &str,
    notes: &dyn Fn(Option<&str>, usize) -> String,
) -> Result<release::Drafted, Error> {
    let token = runner.token.as_ref().ok_or_else(|| Error::GitHub(no_token()))?;
    let session = Session::new(runner, token, Patience::default())?;
    let draft = release::Draft { tag, target: None, notes };
    Ok(session.wait(release::upsert(session.api(), &draft))?)
}

/// One job.
struct Job<'a> {
    runner: &'a Runner,
    wanted: Wanted<'a>,
    session: Option<Session>,
    done: Delivered,
}

/// A summary and the means to say it.
struct Said {
    plainly: Plainly,
    summary: Summary,
}

impl From<Run> for Said {
    fn from(run: Run) -> Self {
        Self { plainly: run.plainly, summary: run.summary }
    }
}

/// Does what the event asks for.
pub fn comment(runner: &Runner, wanted: Wanted<'_>) -> Result<Delivered, Error> {
    let token = runner.token.as_ref();
    let session = token.map(|token| Session::new(runner, token, Patience::default())).transpose()?;
    let mut job = Job { runner, wanted, session, done: Delivered::default() };
    let event = runner.event()?;
    match event.target {
        Target::PullRequest(pull) => job.pull_request(&pull)?,
        Target::WorkflowRun(finished) => job.workflow_run(&finished)?,
        Target::MergeGroup { base, head, .. } => job.range(&base, &head)?,
        Target::Branch { before: Some(before), after, .. } => job.range(&before, &after)?,
        Target::Branch { before: None, after, .. } => {
            job.new_branch(event.default_branch.as_deref(), &after)?
        }
        Target::Manual => {
            let run = run::preview(wanted.directory, None, Given::default())?;
            job.summary(run.into())?;
        }
        Target::Tag { name, .. } => {
            return Err(Error::Usage(format!(
                "`{name}` is a version: run `plainly release-notes --to {name}`"
            )));
        }
        Target::Nothing(why) => job.done.notes.push(why.to_string()),
    }
    Ok(job.done)
}

impl Job<'_> {
    fn workflow_run(&mut self, finished: &WorkflowRun) -> Result<(), Error> {
        let found = match &self.session {
            Some(session) => session.wait(session.api().pull_of(finished))?,
            None => None,
        };
        match found {
            Some(pull) => self.pull_request(&pull),
            None => {
                self.done.notes.push(Nothing::NoPullRequest.to_string());
                Ok(())
            }
        }
    }

    fn pull_request(&mut self, pull: &PullRequest) -> Result<(), Error> {
        let said = match self.wanted.report {
            Some(path) => again(path, pull)?,
            None => self.read(pull)?.into(),
        };
        if let Some(path) = self.wanted.report_to {
            let report = said.plainly.renderer().report(&said.summary)?;
            let json = serde_json::to_string_pretty(&report).expect("a report has string keys");
            return std::fs::write(path, json).map_err(|source| Error::File {
                what: "write",
                path: path.display().to_string(),
                source,
            });
        }
        let (limit, style) = (COMMENT_LIMIT, self.style(&said.summary.report));
        // A template that cannot be filled in fails here, before anything is written.
        let text = said.body(&pull.head, None, &style, limit)?;
        if self.wanted.dry_run {
            return self.finish(said, Some(text));
        }
        let config = said.plainly.config();
        let mut unchecked = None;
        let written = match (&self.session, pull.access) {
            (None, _) => Ok(Upsert::Refused(Refusal::NoToken)),
            (Some(_), Access::Read(why)) => Ok(Upsert::Refused(why.into())),
            (Some(session), Access::Write) => {
                let head = pull.head.clone();
                let body = |earlier: Option<&str>, limit: usize| {
                    said.body(&pull.head, earlier, &style, limit).unwrap_or_else(|_| text.clone())
                };
                let letter = Letter {
                    pull: pull.number,
                    marker: Marker { key: "summary".to_owned(), head, run: self.runner.run },
                    author: &self.runner.author,
                    create: config.comment.includes(said.summary.report.level)
                        && !said.summary.report.files.is_empty(),
                    body: &body,
                };
                let wanted = [label(said.summary.report.level).to_owned()].into();
                let write = async {
                    let upsert = comment::upsert(session.api(), &letter).await?;
                    if upsert.id().is_some() || upsert == Upsert::NotWanted {
                        labels::set(session.api(), pull.number, &config.labels, &wanted).await?;
                    }
                    Ok(upsert)
                };
                let written = session.wait(write);
                if config.check && written.is_ok() {
                    unchecked = said.check(session, &pull.head, &style).err();
                }
                written
            }
        };
        let upsert = match written {
            Ok(upsert) => upsert,
            Err(GitHubError::Answer { status: 429, .. }) => Upsert::Refused(Refusal::Limit),
            Err(error) => {
                // the text is not lost with the comment
                self.finish(said, None)?;
                return Err(error.into());
            }
        };
        self.done.notes.extend(unchecked.map(|why| why.to_string()));
        if let Upsert::Refused(why) = &upsert {
            self.done.notes.push(why.to_string());
        }
        if let Some(id) = upsert.id() {
            self.runner.write_output("comment-id", &id.to_string())?;
        }
        self.done.comment = Some(upsert);
        self.finish(said, None)
    }

    /// A change without a pull request: job summary only.
    fn range(&mut self, base: &CommitId, head: &CommitId) -> Result<(), Error> {
        let given = Given::default();
        let local = Repository::open(self.wanted.directory).map_err(Error::from).and_then(|repository| {
            let range = repository.range(Some(&format!("{base}...{head}")))?;
            let run = run::summarize(&repository, &range, given.clone(), ConfigFrom::Base)?;
            Ok(run)
        });
        let run = match local {
            Ok(run) if is_whole(&run) => run,
            local => match self.fetched(base, head, given) {
                Ok(run) => run,
                Err(error) => local.map_err(|_| error)?,
            },
        };
        self.summary(run.into())
    }

    /// What a new branch adds to the one that others start from.
    fn new_branch(&mut self, default: Option<&str>, head: &CommitId) -> Result<(), Error> {
        let repository = Repository::open(self.wanted.directory)?;
        let range = match default.map(|name| repository.range(Some(&format!("origin/{name}...{head}")))) {
            Some(Ok(range)) if !range.is_empty() => range,
            _ => repository.change(head.as_str())?,
        };
        let run = run::summarize(&repository, &range, Given::default(), ConfigFrom::Base)?;
        self.summary(run.into())
    }

    fn summary(&mut self, said: Said) -> Result<(), Error> {
        let text = match self.wanted.dry_run {
            true => {
                let style = self.style(&said.summary.report);
                Some(said.plainly.renderer().summary(&said.summary, &style, SUMMARY_LIMIT)?)
            }
            false => None,
        };
        self.finish(said, text)
    }

    /// The job summary, the outputs, and whether the bar is reached.
    fn finish(&mut self, said: Said, text: Option<String>) -> Result<(), Error> {
        let Said { plainly, summary } = &said;
        if text.is_none() {
            let style = self.style(&summary.report);
            let renderer = plainly.renderer();
            let whole = renderer.summary(summary, &style, SUMMARY_LIMIT)?;
            self.runner.write_summary(|limit| match whole.len() <= limit {
                true => whole,
                false => renderer.summary(summary, &style, limit).unwrap_or_default(),
            })?;
            self.runner.write_output("level", label(summary.report.level))?;
            let report = plainly.renderer().report(summary)?;
            self.runner.write_output("headline", &report.headline)?;
        }
        self.done.text = text;
        self.done.reached = said.reached();
        Ok(())
    }

    fn style(&self, report: &Report) -> Style {
        let web = format!("{}/{}", self.runner.server_url, self.runner.repository.as_str());
        let links = Links::Forge { web, base: report.range.base.clone(), head: report.range.head.clone() };
        Style { view: View::Markdown, links }
    }

    /// The change of a pull request: from the checkout where it holds enough, else from two commits of our own, else
    /// from what the API lists.
    fn read(&self, pull: &PullRequest) -> Result<Run, Error> {
        // What lies in the work tree of a privileged job is the base's at best.
        let local = match pull.privileged {
            true => None,
            false => Repository::open(self.wanted.directory).ok(),
        };
        let found =
            local.and_then(|repository| checked_out(&repository, pull).map(|range| (repository, range)));
        if let Some((repository, range)) = found {
            let mut commits = repository.commits(&range)?;
            // The merge commit is GitHub's, not the author's.
            commits.retain(|commit| commit.id != range.head() || commit.id == pull.head.as_str());
            if pull.commits.is_some_and(|count| count != commits.len() as u64) {
                commits = self.listed(pull).unwrap_or(commits);
            }
            let given = self.with_issue(given(pull, commits));
            let run = run::summarize(&repository, &range, given, ConfigFrom::Base)?;
            if is_whole(&run) || self.session.is_none() {
                return Ok(run);
            }
        }
        let given = self.with_issue(given(pull, self.listed(pull).unwrap_or_default()));
        match self.fetched(&pull.base, &pull.head, given.clone()) {
            Ok(run) => Ok(run),
            Err(error) => self.limited(pull, given).ok_or(error),
        }
    }

    /// Adds the title of the issue that the pull request points at. Whoever may not read it goes without.
    fn with_issue(&self, given: Given) -> Given {
        let number = summary::linked_issue(given.title.as_deref(), given.body.as_deref());
        let title = self
            .session
            .as_ref()
            .zip(number)
            .and_then(|(session, number)| session.wait(change::issue_title(session.api(), number)).ok());
        Given { issue: title, ..given }
    }

    fn listed(&self, pull: &PullRequest) -> Option<Vec<Commit>> {
        let session = self.session.as_ref()?;
        session.wait(change::commits(session.api(), pull.number)).ok()
    }

    /// Exactly two commits, in a store of our own: the merge base and the head.
    fn fetched(&self, base: &CommitId, head: &CommitId, given: Given) -> Result<Run, Error> {
        let session = self.session.as_ref().ok_or_else(|| Error::GitHub(no_token()))?;
        let base = session.wait(change::merge_base(session.api(), base, head))?;
        let url = format!("{}/{}", self.runner.server_url, self.runner.repository.as_str());
        let source = fetch::Source {
            url: &url,
            server: &self.runner.server_url,
            token: self.runner.token.as_ref().map(|token| token.reveal()),
        };
        let store = fetch::store_below(&self.runner.temp);
        let (repository, range) = fetch::two_commits(&source, &store, base.as_str(), head.as_str())?;
        run::summarize(&repository, &range, given, ConfigFrom::Base)
    }

    /// Names and sizes only, and the summary says so.
    fn limited(&self, pull: &PullRequest, given: Given) -> Option<Run> {
        let session = self.session.as_ref()?;
        let mut files = session.wait(change::files(session.api(), pull.number)).ok()?;
        let (config, tree) = (Config::default(), || Box::new(MemorySnapshot::default()));
        let roles = Roles::of_tree(&config, tree().as_ref());
        for file in &mut files {
            file.role = roles.role(&file.path, None);
        }
        let commits = given.pull.as_ref().map_or(0, |pull| pull.count);
        let range = summary::Range { base: pull.base.to_string(), head: pull.head.to_string(), commits };
        let words = crate::change::Words {
            title: given.title,
            body: given.body,
            issue: given.issue,
            labels: given.labels,
            commits: given.pull.map(|pull| pull.commits).unwrap_or_default(),
        };
        let problem = CouldNotCheck { path: String::new(), reason: summary::LIMITED.to_owned() };
        let plainly = Plainly::new(config, vec![problem], &Default::default()).ok()?;
        let change = Change {
            range,
            files: ChangeSet::new(files),
            words,
            before: tree(),
            after: tree(),
            history: History::default(),
            roles,
        };
        let summary = plainly.summarize(&change);
        Some(Run { plainly, summary, change, taken: serde_json::Value::Null })
    }
}

impl Said {
    /// Whether the team's bar is reached.
    fn reached(&self) -> bool {
        self.summary.report.reaches(self.plainly.config().fail_on)
    }

    /// Makes or renews the check run of a commit. That it may not be written loses nothing else.
    fn check(&self, session: &Session, head: &CommitId, style: &Style) -> Result<(), check::NotWritten> {
        let renderer = self.plainly.renderer();
        let title = renderer.report(&self.summary).map(|report| report.headline).unwrap_or_default();
        let summary = |limit: usize| renderer.summary(&self.summary, style, limit).unwrap_or_default();
        let check = check::Check { head, title: &title, failed: self.reached(), summary: &summary };
        session.wait(check::upsert(session.api(), &check)).map(|_| ()).map_err(check::NotWritten)
    }

    /// The comment from its second line on: the findings' ids, hidden, and the text, which says what is new since
    /// the version that stands there.
    fn body(
        &self,
        head: &CommitId,
        earlier: Option<&str>,
        style: &Style,
        limit: usize,
    ) -> Result<String, Error> {
        let earlier = earlier.and_then(|text| text.lines().next()).and_then(Ids::parse);
        let before = earlier.map(|ids| ids.earlier(head.as_str()).to_vec()).unwrap_or_default();
        let mut summary = self.summary.clone();
        if !before.is_empty() {
            summary.compare(&before);
        }
        let mut ids = Ids { head: head.to_string(), now: summary.ids(), before };
        // A change with thousands of findings has ids that are longer than any comment may be.
        if ids.line().len() >= limit / 4 {
            ids = Ids { head: ids.head, ..Ids::default() };
        }
        let hidden = ids.line();
        let text =
            self.plainly.renderer().summary(&summary, style, limit.saturating_sub(hidden.len() + 1))?;
        Ok(format!("{hidden}\n{text}"))
    }
}

fn given(pull: &PullRequest, commits: Vec<Commit>) -> Given {
    let count = pull.commits.and_then(|count| u32::try_from(count).ok()).unwrap_or(commits.len() as u32);
    Given {
        title: Some(pull.title.clone()).filter(|title| !title.is_empty()),
        body: pull.body.clone(),
        issue: None,
        labels: pull.labels.clone(),
        config: None,
        pull: Some(Pull { head: pull.head.to_string(), count, commits }),
    }
}

/// The range of a pull request in a checkout, if it holds both ends: the merge commit that GitHub makes, or the two
/// ends in a copy with its whole history.
fn checked_out(repository: &Repository, pull: &PullRequest) -> Option<git::Range> {
    let head = pull.head.as_str();
    let parents = repository.parents("HEAD").unwrap_or_default();
    if parents.len() == 2 && parents[1] == head {
        return repository.between(&parents[0], "HEAD").ok();
    }
    match repository.is_cut() {
        true => None,
        false => repository.range(Some(&format!("{}...{head}", pull.base))).ok(),
    }
}

/// Whether every changed file could be read: a copy made with `--filter=blob:none` lacks them.
fn is_whole(run: &Run) -> bool {
    let missing = |content: Option<&Content>| content == Some(&Content::Missing);
    !run.change.files.files().iter().any(|file| missing(file.before()) || missing(file.after()))
}

/// A report of an untrusted stage, said again from its facts. What it says of its own head is checked.
fn again(path: &Path, pull: &PullRequest) -> Result<Said, Error> {
    let file = |source| Error::File { what: "read", path: path.display().to_string(), source };
    let text = std::fs::read_to_string(path).map_err(file)?;
    let report: Report = serde_json::from_str(&text)
        .map_err(|error| Error::Usage(format!("{} is no plainly report: {error}", path.display())))?;
    if report.schema != "plainly/report/v1" || report.range.head != pull.head.as_str() {
        return Err(Error::Usage(format!("{} is not the report of {}", path.display(), pull.head)));
    }
    let plainly = Plainly::new(Config::default(), Vec::new(), &Default::default())?;
    let summary = plainly.again(report, Vec::new());
    Ok(Said { plainly, summary })
}

fn no_token() -> GitHubError {
    GitHubError::Environment { name: "GITHUB_TOKEN", problem: "not set" }
}

fn label(level: Level) -> &'static str {
    match level {
        Level::Routine => "routine",
        Level::WorthALook => "worth-a-look",
        Level::TalkFirst => "talk-first",
    }
}
