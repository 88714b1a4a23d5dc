//! The one comment on a pull request: found by marker and author, created, updated or left alone, never doubled.

use std::fmt;

use serde::Deserialize;
use serde_json::json;

use super::Error;
use super::api::Api;
use super::event::{CommitId, ReadOnly};
use super::runner::{ACTIONS_BOT, Run};

/// GitHub takes 65,536 characters; we stay below it in bytes, whatever the script.
pub const COMMENT_LIMIT: usize = 60_000;

/// The hidden first line of a comment: whose it is, for which commit, and which run wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// What the comment is for: letters, digits and dashes. One comment for each key.
    pub key: String,
    /// The commit that it speaks of.
    pub head: CommitId,
    /// The run that wrote it.
    pub run: Run,
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Marker { key, head, run } = self;
        write!(f, "<!-- plainly:v1 key={key} head={head} run={}.{} -->", run.id, run.attempt)
    }
}

impl Marker {
    /// Reads a line that `Display` wrote, and nothing else.
    pub fn parse(line: &str) -> Option<Self> {
        let fields = line.trim_end().strip_prefix("<!-- plainly:v1 key=")?.strip_suffix(" -->")?;
        let mut fields = fields.split(' ');
        let key = fields.next()?;
        let head = CommitId::parse(fields.next()?.strip_prefix("head=")?)?;
        let (id, attempt) = fields.next()?.strip_prefix("run=")?.split_once('.')?;
        let run = Run { id: id.parse().ok()?, attempt: attempt.parse().ok()? };
        let is_whole = fields.next().is_none() && !key.is_empty();
        is_whole.then(|| Self { key: key.to_owned(), head, run })
    }
}

/// What is to stand on the pull request.
pub struct Letter<'a> {
    /// The pull request's number.
    pub pull: u64,
    /// The first line.
    pub marker: Marker,
    /// As whom we write. A comment of anybody else is never touched, whatever stands in it.
    pub author: &'a str,
    /// Whether a comment is made where there is none; one that is there is brought up to date all the same.
    pub create: bool,
    /// The text from line 2 on, at most as many bytes as asked for, given what stands there now.
    pub body: &'a dyn Fn(Option<&str>, usize) -> String,
}

/// What became of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upsert {
    /// There was none.
    Created(u64),
    /// It said something else.
    Updated(u64),
    /// It said the same from line 2 on; nobody was called.
    Unchanged(u64),
    /// There is none, and none was wanted.
    NotWanted,
    /// The pull request moved on, or a later run has written: what we know is old.
    Late,
    /// GitHub does not let this token write. No failure: the job summary holds the text.
    Refused(Refusal),
}

impl Upsert {
    /// The comment's number, where there is one.
    pub fn id(&self) -> Option<u64> {
        match self {
            Upsert::Created(id) | Upsert::Updated(id) | Upsert::Unchanged(id) => Some(*id),
            _ => None,
        }
    }
}

/// Why a token may not write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Known before trying.
    #[error(transparent)]
    ReadOnly(#[from] ReadOnly),
    /// The workflow lacks the permission.
    #[error(
        "the token may not write to pull requests; the summary is in this run's job summary. \
         To get a comment, give the job `permissions:` with `pull-requests: write`"
    )]
    Permission,
    /// The conversation is locked.
    #[error("the conversation is locked; the summary is in this run's job summary")]
    Locked,
    /// The requests of this hour are used up, for longer than we wait.
    #[error(
        "GitHub takes no more requests from this repository for now; the summary is in this run's job summary"
    )]
    Limit,
    /// No token was handed over.
    #[error("there is no GITHUB_TOKEN; the summary is in this run's job summary")]
    NoToken,
}

/// A comment as listed. A deleted account leaves `user: null`, so every field is optional.
#[derive(Clone, Deserialize)]
struct Comment {
    id: u64,
    body: Option<String>,
    user: Option<User>,
}

#[derive(Clone, Deserialize)]
struct User {
    login: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// A comment of ours.
struct Ours {
    id: u64,
    run: Run,
    rest: String,
}

impl Comment {
    fn ours(self, key: &str, author: &str) -> Option<Ours> {
        let user = self.user?;
        let is_author = user.login.as_deref() == Some(author)
            && (author != ACTIONS_BOT || user.kind.as_deref() == Some("Bot"));
        if !is_author {
            return None;
        }
        let body = self.body?;
        let (first, rest) = body.split_once('\n').unwrap_or((&body, ""));
        let marker = Marker::parse(first).filter(|marker| marker.key == key)?;
        Some(Ours { id: self.id, run: marker.run, rest: as_kept(rest) })
    }
}

/// Line ends and closing space as GitHub may or may not keep them.
fn as_kept(text: &str) -> String {
    text.replace("\r\n", "\n").trim_end().to_owned()
}

/// Brings the one comment up to date.
pub async fn upsert(api: &Api, letter: &Letter<'_>) -> Result<Upsert, Error> {
    match write(api, letter).await {
        // Writing is refused with 403; a token of narrow rights gets 404 for what it may not change.
        Err(Error::Answer { status: 403, message, .. }) => {
            let is_locked = message.to_ascii_lowercase().contains("locked");
            // A limit that outlasts our patience is a failure, not a missing permission.
            if message.to_ascii_lowercase().contains("rate limit") {
                let request = "the comment".to_owned();
                return Err(Error::Answer { status: 429, request, message });
            }
            Ok(Upsert::Refused(if is_locked { Refusal::Locked } else { Refusal::Permission }))
        }
        outcome => outcome,
    }
}

async fn write(api: &Api, letter: &Letter<'_>) -> Result<Upsert, Error> {
    if api.head_of(letter.pull).await?.is_some_and(|head| head != letter.marker.head) {
        return Ok(Upsert::Late);
    }
    let ours = find(api, letter, letter.author).await?;
    let kept = newest(&ours);
    let marker = letter.marker.to_string();
    let limit = COMMENT_LIMIT - marker.len() - 1;
    let rest = as_kept(&(letter.body)(kept.map(|kept| kept.rest.as_str()), limit));
    if rest.len() > limit {
        return Err(Error::TooLong { bytes: rest.len(), limit });
    }
    let body = json!({"body": format!("{marker}\n{rest}")});
    let Some(kept) = kept else {
        return match letter.create {
            true => create(api, letter, &body).await,
            false => Ok(Upsert::NotWanted),
        };
    };
    if kept.run > letter.marker.run {
        return Ok(Upsert::Late);
    }
    let outcome = if kept.rest == rest {
        Upsert::Unchanged(kept.id)
    } else {
        let changed: Comment = api.patch(&format!("/issues/comments/{}", kept.id), &body).await?;
        Upsert::Updated(changed.id)
    };
    remove_others(api, &ours, kept.id, letter.marker.run).await?;
    Ok(outcome)
}

async fn create(api: &Api, letter: &Letter<'_>, body: &serde_json::Value) -> Result<Upsert, Error> {
    let route = format!("/issues/{}/comments", letter.pull);
    let find_own = || async {
        let ours = all(api, letter).await?;
        let by_this_run = |comment: &Comment| {
            let ours = comment.clone().ours(&letter.marker.key, letter.author);
            ours.is_some_and(|ours| ours.run == letter.marker.run)
        };
        Ok(ours.into_iter().find(by_this_run))
    };
    let made: Comment = api.post_once(&route, body, find_own).await?;
    // Another run may have created one between our look and our write. All runs agree on which one stays.
    // The token may write under another name than expected: then that name is the one to look for.
    let author = made.user.and_then(|user| user.login).unwrap_or_else(|| letter.author.to_owned());
    let ours = find(api, letter, &author).await?;
    let kept = newest(&ours).map_or(made.id, |kept| kept.id);
    remove_others(api, &ours, kept, letter.marker.run).await?;
    Ok(Upsert::Created(kept))
}

async fn all(api: &Api, letter: &Letter<'_>) -> Result<Vec<Comment>, Error> {
    api.list(&format!("/issues/{}/comments", letter.pull)).await
}

async fn find(api: &Api, letter: &Letter<'_>, author: &str) -> Result<Vec<Ours>, Error> {
    let comments = all(api, letter).await?;
    Ok(comments.into_iter().filter_map(|comment| comment.ours(&letter.marker.key, author)).collect())
}

/// The one that stays: of the newest run, and of several by that run the first.
fn newest(ours: &[Ours]) -> Option<&Ours> {
    ours.iter().max_by_key(|comment| (comment.run, std::cmp::Reverse(comment.id)))
}

/// Takes away our own duplicates, but never one of a later run: that run decides for itself.
async fn remove_others(api: &Api, ours: &[Ours], kept: u64, run: Run) -> Result<(), Error> {
    for comment in ours.iter().filter(|comment| comment.id != kept && comment.run <= run) {
        api.delete(&format!("/issues/comments/{}", comment.id)).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marker() -> Marker {
        let head = CommitId::parse(&"a".repeat(40)).unwrap();
        Marker { key: "summary".to_owned(), head, run: Run { id: 12, attempt: 3 } }
    }

    #[test]
    fn a_marker_is_read_as_written() {
        let line = marker().to_string();
        assert_eq!(line, format!("<!-- plainly:v1 key=summary head={} run=12.3 -->", "a".repeat(40)));
        assert_eq!(Marker::parse(&line), Some(marker()));
        assert_eq!(Marker::parse(&format!("{line}\r")), Some(marker()));
        for wrong in
            ["", "<!-- plainly:v2 key=summary -->", &line[1..], &format!("> {line}"), &format!("{line} x")]
        {
            assert_eq!(Marker::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_our_own_comments_are_ours() {
        let by = |login: Option<&str>, kind: &str, body: &str| {
            let user = login.map(|login| User { login: Some(login.to_owned()), kind: Some(kind.to_owned()) });
            Comment { id: 1, body: Some(body.to_owned()), user }.ours("summary", ACTIONS_BOT).is_some()
        };
        let body = format!("{}\ntext", marker());
        assert!(by(Some(ACTIONS_BOT), "Bot", &body));
        assert!(!by(Some(ACTIONS_BOT), "User", &body));
        assert!(!by(Some("mallory"), "Bot", &body));
        assert!(!by(None, "Bot", &body));
        assert!(!by(Some(ACTIONS_BOT), "Bot", &format!("> {body}")));
        assert!(!by(Some(ACTIONS_BOT), "Bot", &body.replace("key=summary", "key=other")));
    }
}
