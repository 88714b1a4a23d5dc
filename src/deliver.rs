//! From a GitHub event to one comment and a job summary: what to compare, what to write where, and what to leave alone.

use std::collections::BTreeSet;
use std::path::Path;

use crate::error::Error;
use crate::git::{self, Repository};
use crate::github::{
    self, Access, Api, Event, Letter, Marker, Patience, PullRequest, Refusal, Runner, Target, Upsert,
};
use crate::render::{Links, Style, View};
use crate::run::{self, ConfigFrom, Given, Run};

/// The hidden second line of a comment: which findings stood in this version, and in the one before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Ids {
    head: String,
    now: Vec<String>,
    before: Vec<String>,
}

impl Ids {
    fn line(&self) -> String {
        format!(
            "<!-- plainly:ids head={} now={} before={} -->",
            self.head,
            self.now.join(","),
            self.before.join(",")
        )
    }

    /// Reads a line that `line` wrote.
    fn parse(line: &str) -> Option<Self> {
        let mut fields =
            line.trim_end().strip_prefix("<!-- plainly:ids head=")?.strip_suffix(" -->")?.split(' ');
        let head = fields.next()?.to_owned();
        let list = |field: Option<&str>, name: &str| -> Option<Vec<String>> {
            let ids = field?.strip_prefix(name)?.split(',').filter(|id| !id.is_empty());
            Some(ids.map(str::to_owned).collect())
        };
        Some(Self { head, now: list(fields.next(), "now=")?, before: list(fields.next(), "before=")? })
    }

    /// What this version is compared with: a second run on the same head compares with what the first one did, so
    /// that it writes the same bytes.
    fn earlier(&self, head: &str) -> &[String] {
        if self.head == head { &self.before } else { &self.now }
    }
}

/// What was done.
#[derive(Debug)]
pub struct Delivered {
    /// The summary and what made it; none where there was nothing to compare.
    pub run: Option<Run>,
    /// What became of the comment; none where there is no pull request.
    pub comment: Option<Upsert>,
    /// Lines for the runner's log, such as notices.
    pub log: Vec<String>,
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").field("level", &self.summary.report.level).finish_non_exhaustive()
    }
}

/// Reads the event and brings the comment and the job summary up to date. With `dry_run` nothing is written, and the
/// log holds what would be sent.
pub fn comment(directory: Option<&Path>, runner: &Runner, dry_run: bool) -> Result<Delivered, Error> {
    let event = runner.event()?;
    let nothing =
        |why: String| Delivered { run: None, comment: None, log: vec![github::runner::notice(&why)] };
    if let Target::Nothing(why) = &event.target {
        return Ok(nothing(why.to_string()));
    }
    let repository = Repository::open(directory)?;
    let Some((range, given, pull)) = range(&repository, &event)? else {
        return Ok(nothing("this event is for `plainly release-notes`; no comment to write".to_owned()));
    };
    let mut run = run::summarize(&repository, &range, given, ConfigFrom::Base)?;
    if let Some(commits) = pull.and_then(|pull| pull.commits) {
        // A cut history holds fewer commits than the pull request has: GitHub's number is the right one.
        run.summary.report.range.commits = u32::try_from(commits).unwrap_or(u32::MAX);
    }
    let style = Style { view: View::Markdown, links: links(runner, &run, pull) };
    let mut log = Vec::new();
    let full = run.plainly.renderer().summary(&run.summary, &style, github::runner::SUMMARY_LIMIT - 1)?;
    let comment = match pull {
        None => None,
        Some(pull) if dry_run => {
            let text = body(&run, &style, pull, None, crate::MOST_COMMENT_BYTES)?;
            log.push(github::runner::without_commands(&text));
            None
        }
        Some(pull) => Some(write(runner, pull, &run, &style)?),
    };
    if !dry_run {
        runner.write_summary(|limit| {
            if full.len() <= limit { full.clone() } else { shorter(&run, &style, limit) }
        })?;
        if let Some(id) = comment.as_ref().and_then(Upsert::id) {
            runner.write_output("comment-id", &id.to_string())?;
        }
        let level = serde_json::to_value(run.summary.report.level).unwrap_or_default();
        runner.write_output("level", level.as_str().unwrap_or_default())?;
    }
    if let Some(Upsert::Refused(why)) = &comment {
        log.push(github::runner::notice(&why.to_string()));
    }
    Ok(Delivered { run: Some(run), comment, log })
}

fn shorter(run: &Run, style: &Style, limit: usize) -> String {
    run.plainly.renderer().summary(&run.summary, style, limit).unwrap_or_default()
}

/// What to compare, the author's words, and the pull request; `None` for events of other commands.
fn range<'e>(
    repository: &Repository,
    event: &'e Event,
) -> Result<Option<(git::Range, Given, Option<&'e PullRequest>)>, Error> {
    let named =
        |range: &str| repository.range(Some(range)).map(|range| Some((range, Given::default(), None)));
    Ok(match &event.target {
        Target::PullRequest(pull) => {
            let given = Given { title: Some(pull.title.clone()), body: pull.body.clone(), config: None };
            Some((pull_request(repository, pull)?, given, Some(pull.as_ref())))
        }
        Target::MergeGroup { base, head, .. } => named(&format!("{base}..{head}"))?,
        Target::Branch { before: Some(before), after, .. } => named(&format!("{before}..{after}"))?,
        Target::Branch { before: None, after, .. } => match &event.default_branch {
            Some(branch) => named(&format!("origin/{branch}..{after}"))
                .or_else(|_| named(&format!("{after}~1..{after}")))?,
            None => named(&format!("{after}~1..{after}"))?,
        },
        Target::Manual => Some((repository.range(None)?, Given::default(), None)),
        Target::WorkflowRun(_) | Target::Tag { .. } | Target::Nothing(_) => None,
    })
}

/// From the merge base to the pull request's head. A checkout of depth 2 holds GitHub's own merge commit: against its
/// first parent it is the same difference.
fn pull_request(repository: &Repository, pull: &PullRequest) -> Result<git::Range, git::Error> {
    let head = pull.head.as_str();
    repository.range(Some(&format!("{}...{head}", pull.base))).or_else(|error| {
        let is_merge =
            repository.parents("HEAD").is_ok_and(|parents| parents.len() == 2 && parents[1] == head);
        if is_merge { repository.change("HEAD") } else { Err(error) }
    })
}

fn links(runner: &Runner, run: &Run, pull: Option<&PullRequest>) -> Links {
    let range = &run.summary.report.range;
    let head = pull.map_or_else(|| range.head.clone(), |pull| pull.head.to_string());
    Links::Forge {
        web: format!("{}/{}", runner.server_url, runner.repository.as_str()),
        base: range.base.clone(),
        head,
    }
}

/// The comment from line 2 on: the hidden line of findings, then the text.
fn body(
    run: &Run,
    style: &Style,
    pull: &PullRequest,
    earlier: Option<&str>,
    limit: usize,
) -> Result<String, Error> {
    let head = pull.head.as_str();
    let earlier = earlier.and_then(|text| text.lines().next()).and_then(Ids::parse);
    let before = earlier.as_ref().map(|ids| ids.earlier(head).to_vec()).unwrap_or_default();
    let mut summary = run.summary.clone();
    if earlier.is_some() && !before.is_empty() {
        summary.compare(&before);
    }
    let ids = Ids { head: head.to_owned(), now: summary.ids(), before }.line();
    // A change with thousands of findings has ids that are longer than any comment may be.
    let ids =
        if ids.len() < limit / 4 { ids } else { Ids { head: head.to_owned(), ..Ids::default() }.line() };
    let text = run.plainly.renderer().summary(&summary, style, limit - ids.len() - 1)?;
    Ok(format!("{ids}\n{text}"))
}

fn write(runner: &Runner, pull: &PullRequest, run: &Run, style: &Style) -> Result<Upsert, Error> {
    if let Access::Read(why) = pull.access {
        return Ok(Upsert::Refused(Refusal::ReadOnly(why)));
    }
    let Some(token) = &runner.token else { return Ok(Upsert::Refused(Refusal::NoToken)) };
    let config = run.plainly.config();
    let level = run.summary.report.level;
    // Rendering was tried with this change's values before any call, so a failure here cannot happen half-way.
    let text =
        |earlier: Option<&str>, limit: usize| body(run, style, pull, earlier, limit).unwrap_or_default();
    let letter = Letter {
        pull: pull.number,
        marker: Marker { key: "summary".to_owned(), head: pull.head.clone(), run: runner.run },
        author: &runner.author,
        create: config.comment.includes(level) && !run.summary.report.files.is_empty(),
        body: &text,
    };
    body(run, style, pull, None, crate::MOST_COMMENT_BYTES)?;
    let outcome = github::block_on(async {
        let api = Api::new(runner, token, Patience::default())?;
        let outcome = github::comment::upsert(&api, &letter).await?;
        if !config.labels.is_empty() && !matches!(outcome, Upsert::Refused(_) | Upsert::Late) {
            let level = serde_json::to_value(level).unwrap_or_default();
            let wanted: BTreeSet<String> =
                level.as_str().map(|level| level.replace('_', "-")).into_iter().collect();
            github::labels::set(&api, pull.number, &config.labels, &wanted).await?;
        }
        Ok::<_, github::Error>(outcome)
    })??;
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_ids_are_read_as_written() {
        let ids = Ids { head: "a".repeat(40), now: vec!["schema:12345678".into()], before: Vec::new() };
        assert_eq!(Ids::parse(&ids.line()), Some(ids.clone()));
        assert_eq!(ids.earlier(&"a".repeat(40)), &[] as &[String]);
        assert_eq!(ids.earlier(&"b".repeat(40)), &["schema:12345678".to_owned()]);
        assert_eq!(Ids::parse("<!-- plainly:ids -->"), None);
    }
}
