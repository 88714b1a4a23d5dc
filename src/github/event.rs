//! The event that started the run: which two states to compare, and where the result may be written.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Error;
use super::runner::Slug;

/// A commit id in hex, 40 or 64 digits and not all zero: nothing else is ever handed to git or put into a route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(String);

impl CommitId {
    /// Checks the form. The zero id, which stands for "nothing there", is none.
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let is_zero = text.bytes().all(|byte| byte == b'0');
        (matches!(text.len(), 40 | 64) && is_hex && !is_zero).then(|| Self(text.to_owned()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What happened, as far as it matters to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What to compare, and what to write to.
    pub target: Target,
    /// The branch that others start from.
    pub default_branch: Option<String>,
}

/// What to compare, and what to write to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// `pull_request` and `pull_request_target`: comment, labels, job summary.
    PullRequest(Box<PullRequest>),
    /// `workflow_run`: the trusted half of two stages. Its pull request is still to be looked up.
    WorkflowRun(WorkflowRun),
    /// `merge_group`: job summary only.
    MergeGroup {
        /// The commit that the queue builds upon.
        base: CommitId,
        /// The queue's own commit.
        head: CommitId,
        /// The newest pull request of the group.
        pull: Option<u64>,
    },
    /// A push to a branch: job summary; on the default branch the release draft too.
    Branch {
        /// Without `refs/heads/`.
        name: String,
        /// Where it stood; none for a new branch.
        before: Option<CommitId>,
        /// Where it stands.
        after: CommitId,
        /// Whether history was rewritten, so that `before` may be unreachable.
        forced: bool,
    },
    /// A pushed tag, or a release made of it: release draft. The previous version's tag is the base.
    Tag {
        /// Without `refs/tags/`.
        name: String,
        /// The commit or tag object, where the event names it.
        commit: Option<CommitId>,
    },
    /// `workflow_dispatch` and `schedule`: the command's own default range.
    Manual,
    /// Nothing to compare.
    Nothing(Nothing),
}

/// Why there is nothing to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Nothing {
    /// A branch or tag is gone.
    #[error("a branch or tag was deleted; nothing to summarise")]
    Deleted,
    /// The pull request is closed.
    #[error("the pull request is closed; its summary stays as it is")]
    Closed,
    /// The first stage ran for something else than a pull request.
    #[error("the workflow that ran before belongs to no pull request")]
    NoPullRequest,
}

/// A pull request as the event shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number.
    pub number: u64,
    /// The author's title.
    pub title: String,
    /// The author's text.
    pub body: Option<String>,
    /// Who opened it; none for a deleted account.
    pub author: Option<String>,
    /// The names of its labels.
    pub labels: Vec<String>,
    /// The base branch's name.
    pub base_branch: String,
    /// The base branch's tip when the event happened; may be older than the merge commit's first parent.
    pub base: CommitId,
    /// The newest commit of the pull request.
    pub head: CommitId,
    /// How many commits it has, to tell a cut history from a whole one.
    pub commits: Option<u64>,
    /// Whether a comment may be tried.
    pub access: Access,
    /// `pull_request_target`: the job has rights that the author of the change lacks. Configuration and templates
    /// come from the base, and nothing of the change becomes a work tree.
    pub privileged: bool,
}

/// Whether the run's token may write to the pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It may, if the workflow gives it the permission.
    Write,
    /// It never may.
    Read(ReadOnly),
}

/// Why a token can only read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadOnly {
    /// GitHub gives a fork's pull request a read-only token.
    #[error(
        "the pull request comes from a fork, so the token can only read; the summary is in this run's job summary"
    )]
    Fork,
    /// As for a fork.
    #[error(
        "the run was started by Dependabot, so the token can only read; the summary is in this run's job summary"
    )]
    Dependabot,
}

/// A finished workflow run of the untrusted stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowRun {
    /// Its id, under which its artifact is found.
    pub id: u64,
    /// The repository that holds the branch; none where a fork was deleted.
    pub head_repository: Option<Slug>,
    /// The branch it ran for.
    pub head_branch: String,
    /// The commit it ran for.
    pub head: CommitId,
    /// The pull requests that GitHub names; always empty for forks.
    pub pulls: Vec<u64>,
}

impl Event {
    /// Reads a payload. Every field is optional and unknown ones are ignored; what an event cannot do without is
    /// asked for by name.
    pub fn read(name: &str, payload: &str) -> Result<Self, Error> {
        let payload: Payload = parse(payload)?;
        let default_branch = payload.repository.as_ref().and_then(|it| it.default_branch.clone());
        let target = match name {
            "pull_request" | "pull_request_target" => payload.pull_request(name == "pull_request_target")?,
            "workflow_run" => payload.workflow_run()?,
            "merge_group" => payload.merge_group()?,
            "push" => payload.push()?,
            "release" => payload.release()?,
            "workflow_dispatch" | "schedule" | "repository_dispatch" => Target::Manual,
            other => {
                return Err(Error::UnknownEvent(
                    other.chars().filter(|c| !c.is_control()).take(60).collect(),
                ));
            }
        };
        Ok(Self { target, default_branch })
    }
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text)
        .map_err(|error| Error::Event { path: PathBuf::from("GITHUB_EVENT_PATH"), reason: error.to_string() })
}

/// The union of what the events say.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Payload {
    action: Option<String>,
    number: Option<u64>,
    pull_request: Option<PullPayload>,
    repository: Option<RepositoryPayload>,
    sender: Option<UserPayload>,
    #[serde(rename = "ref")]
    reference: Option<String>,
    before: Option<String>,
    after: Option<String>,
    forced: Option<bool>,
    merge_group: Option<MergeGroupPayload>,
    workflow_run: Option<WorkflowRunPayload>,
    release: Option<ReleasePayload>,
}

/// A pull request, in an event and in the API's answers.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PullPayload {
    number: Option<u64>,
    title: Option<String>,
    body: Option<String>,
    state: Option<String>,
    user: Option<UserPayload>,
    labels: Option<Vec<LabelPayload>>,
    base: Option<SidePayload>,
    head: Option<SidePayload>,
    commits: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SidePayload {
    #[serde(rename = "ref")]
    reference: Option<String>,
    sha: Option<String>,
    repo: Option<RepositoryPayload>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RepositoryPayload {
    full_name: Option<String>,
    default_branch: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct UserPayload {
    login: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LabelPayload {
    name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct MergeGroupPayload {
    base_sha: Option<String>,
    head_sha: Option<String>,
    head_ref: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WorkflowRunPayload {
    id: Option<u64>,
    event: Option<String>,
    head_branch: Option<String>,
    head_sha: Option<String>,
    head_repository: Option<RepositoryPayload>,
    pull_requests: Option<Vec<NumberPayload>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NumberPayload {
    number: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ReleasePayload {
    tag_name: Option<String>,
}

const DEPENDABOT: &str = "dependabot[bot]";

/// A commit id that the event cannot do without.
fn commit(event: &'static str, field: &'static str, id: Option<&String>) -> Result<CommitId, Error> {
    id.and_then(|id| CommitId::parse(id)).ok_or(Error::Incomplete { event, field })
}

impl PullPayload {
    /// The head's commit.
    pub(super) fn head(&self) -> Option<CommitId> {
        CommitId::parse(self.head.as_ref()?.sha.as_ref()?)
    }

    /// Whether it is still open.
    pub(super) fn is_open(&self) -> bool {
        self.state.as_deref() != Some("closed")
    }

    /// A pull request that may be written to.
    pub(super) fn into_pull_request(self, privileged: bool) -> Result<PullRequest, Error> {
        let event = if privileged { "pull_request_target" } else { "pull_request" };
        let base = self.base.unwrap_or_default();
        let head = self.head.unwrap_or_default();
        let name = |side: &SidePayload| side.repo.as_ref().and_then(|it| it.full_name.clone());
        // A fork that was deleted since leaves no repository at all.
        let is_fork = match (name(&base), name(&head)) {
            (Some(base), Some(head)) => !base.eq_ignore_ascii_case(&head),
            _ => true,
        };
        Ok(PullRequest {
            number: self.number.ok_or(Error::Incomplete { event, field: "pull_request.number" })?,
            title: self.title.unwrap_or_default(),
            body: self.body.filter(|body| !body.trim().is_empty()),
            author: self.user.and_then(|user| user.login),
            labels: self.labels.unwrap_or_default().into_iter().filter_map(|label| label.name).collect(),
            base: commit(event, "pull_request.base.sha", base.sha.as_ref())?,
            head: commit(event, "pull_request.head.sha", head.sha.as_ref())?,
            base_branch: base.reference.unwrap_or_default(),
            commits: self.commits,
            access: if is_fork && !privileged { Access::Read(ReadOnly::Fork) } else { Access::Write },
            privileged,
        })
    }
}

impl Payload {
    fn pull_request(self, privileged: bool) -> Result<Target, Error> {
        let event = if privileged { "pull_request_target" } else { "pull_request" };
        if self.action.as_deref() == Some("closed") {
            return Ok(Target::Nothing(Nothing::Closed));
        }
        let mut payload = self.pull_request.ok_or(Error::Incomplete { event, field: "pull_request" })?;
        payload.number = payload.number.or(self.number);
        let mut pull = payload.into_pull_request(privileged)?;
        let by_dependabot = self.sender.is_some_and(|sender| sender.login.as_deref() == Some(DEPENDABOT));
        if by_dependabot && !privileged && pull.access == Access::Write {
            pull.access = Access::Read(ReadOnly::Dependabot);
        }
        Ok(Target::PullRequest(Box::new(pull)))
    }

    fn workflow_run(self) -> Result<Target, Error> {
        let event = "workflow_run";
        let run = self.workflow_run.ok_or(Error::Incomplete { event, field: "workflow_run" })?;
        if run.event.as_deref() != Some("pull_request") {
            return Ok(Target::Nothing(Nothing::NoPullRequest));
        }
        Ok(Target::WorkflowRun(WorkflowRun {
            id: run.id.ok_or(Error::Incomplete { event, field: "workflow_run.id" })?,
            head_repository: run.head_repository.and_then(|it| Slug::parse(&it.full_name?)),
            head_branch: run
                .head_branch
                .ok_or(Error::Incomplete { event, field: "workflow_run.head_branch" })?,
            head: commit(event, "workflow_run.head_sha", run.head_sha.as_ref())?,
            pulls: run.pull_requests.unwrap_or_default().into_iter().filter_map(|pull| pull.number).collect(),
        }))
    }

    fn merge_group(self) -> Result<Target, Error> {
        let event = "merge_group";
        let group = self.merge_group.ok_or(Error::Incomplete { event, field: "merge_group" })?;
        Ok(Target::MergeGroup {
            base: commit(event, "merge_group.base_sha", group.base_sha.as_ref())?,
            head: commit(event, "merge_group.head_sha", group.head_sha.as_ref())?,
            pull: group.head_ref.as_deref().and_then(queued_pull),
        })
    }

    fn push(self) -> Result<Target, Error> {
        let event = "push";
        let reference = self.reference.ok_or(Error::Incomplete { event, field: "ref" })?;
        let Some(after) = self.after.as_deref().and_then(CommitId::parse) else {
            return Ok(Target::Nothing(Nothing::Deleted));
        };
        if let Some(name) = reference.strip_prefix("refs/tags/") {
            return Ok(Target::Tag { name: name.to_owned(), commit: Some(after) });
        }
        let name =
            reference.strip_prefix("refs/heads/").ok_or(Error::Incomplete { event, field: "branch" })?;
        Ok(Target::Branch {
            name: name.to_owned(),
            before: self.before.as_deref().and_then(CommitId::parse),
            after,
            forced: self.forced.unwrap_or(false),
        })
    }

    fn release(self) -> Result<Target, Error> {
        let event = "release";
        if self.action.as_deref() == Some("deleted") {
            return Ok(Target::Nothing(Nothing::Deleted));
        }
        let tag = self.release.and_then(|release| release.tag_name).filter(|tag| !tag.is_empty());
        let name = tag.ok_or(Error::Incomplete { event, field: "release.tag_name" })?;
        Ok(Target::Tag { name, commit: None })
    }
}

/// The number in `refs/heads/gh-readonly-queue/main/pr-104-<sha>`; the event names it nowhere else.
fn queued_pull(reference: &str) -> Option<u64> {
    let (_, last) = reference.rsplit_once("/pr-")?;
    last.split('-').next()?.parse().ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn ids_are_full_and_lower_case_hex() {
        let forty = "a".repeat(40);
        for (text, fine) in [
            (forty.as_str(), true),
            (&"0f".repeat(32), true),
            (&"0".repeat(40), false),
            (&"A".repeat(40), false),
            ("abc", false),
            ("--upload-pack=touch /tmp/x", false),
            (&format!("{forty}\n"), false),
        ] {
            assert_eq!(CommitId::parse(text).is_some(), fine, "{text:?}");
        }
    }

    #[test]
    fn a_broken_payload_is_an_error_that_names_the_field() {
        for (name, payload, part) in [
            ("pull_request", "{}", "pull_request"),
            ("pull_request", "{", "EOF"),
            ("pull_request", r#"{"pull_request": {"number": 1, "base": {"sha": "--x"}}}"#, "base.sha"),
            ("merge_group", r#"{"merge_group": {"head_sha": null}}"#, "base_sha"),
            ("push", r#"{"after": "x"}"#, "ref"),
            ("issues", "{}", "issues"),
            ("release", r#"{"release": {"tag_name": ""}}"#, "tag_name"),
        ] {
            let error = Event::read(name, payload).unwrap_err().to_string();
            assert!(error.contains(part), "{name}: {error}");
        }
    }

    #[test]
    fn the_queue_names_its_pull_request_in_its_branch() {
        assert_eq!(queued_pull("refs/heads/gh-readonly-queue/main/pr-104-929f"), Some(104));
        assert_eq!(queued_pull("refs/heads/gh-readonly-queue/release/pr-x/pr-7-929f"), Some(7));
        assert_eq!(queued_pull("refs/heads/main"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_payload_is_a_panic(name in "(pull_request|push|merge_group|workflow_run|release)", payload in ".{0,200}") {
            let _ = Event::read(&name, &payload);
        }
    }
}
