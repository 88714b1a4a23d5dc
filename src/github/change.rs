//! A change as GitHub's API tells it: the merge base, the commits, the files. For a checkout that holds too little.

use serde::Deserialize;

use super::Error;
use super::api::Api;
use super::event::CommitId;
use crate::change::{ChangeKind, Commit, Content, FileChange, Person, RepoPath, Role};

#[derive(Deserialize)]
struct Compared {
    merge_base_commit: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    sha: String,
}

#[derive(Deserialize)]
struct Listed {
    sha: String,
    commit: Option<Written>,
    #[serde(default)]
    parents: Vec<Named>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Written {
    message: Option<String>,
    author: Option<Signature>,
    committer: Option<Signature>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Signature {
    name: Option<String>,
    email: Option<String>,
    date: Option<String>,
}

#[derive(Deserialize)]
struct File {
    filename: String,
    status: String,
    previous_filename: Option<String>,
    #[serde(default)]
    additions: u32,
    #[serde(default)]
    deletions: u32,
}

#[derive(Deserialize)]
struct Issue {
    title: String,
}

/// The title of an issue of the same repository.
pub async fn issue_title(api: &Api, number: u32) -> Result<String, Error> {
    let issue: Issue = api.get(&format!("/issues/{number}")).await?;
    Ok(issue.title)
}

/// Where the two histories part.
pub async fn merge_base(api: &Api, base: &CommitId, head: &CommitId) -> Result<CommitId, Error> {
    // One commit and no file is asked for: only the merge base matters here.
    let compared: Compared = api.get(&format!("/compare/{base}...{head}?per_page=1&page=2")).await?;
    let found = compared.merge_base_commit.and_then(|commit| CommitId::parse(&commit.sha));
    found.ok_or(Error::Incomplete { event: "compare", field: "merge_base_commit" })
}

/// The commits of a pull request, newest first; GitHub lists at most 250.
pub async fn commits(api: &Api, pull: u64) -> Result<Vec<Commit>, Error> {
    let listed: Vec<Listed> = api.list(&format!("/pulls/{pull}/commits")).await?;
    Ok(listed.into_iter().rev().map(Listed::into_commit).collect())
}

/// The files of a pull request, at most 3,000, without what they hold: the last resort where git cannot fetch.
pub async fn files(api: &Api, pull: u64) -> Result<Vec<FileChange>, Error> {
    let listed: Vec<File> = api.list(&format!("/pulls/{pull}/files")).await?;
    Ok(listed.into_iter().filter_map(File::into_change).collect())
}

impl Listed {
    fn into_commit(self) -> Commit {
        let written = self.commit.unwrap_or_default();
        let message = written.message.unwrap_or_default();
        let (subject, body) = message.split_once('\n').unwrap_or((&message, ""));
        let author = written.author.unwrap_or_default();
        let date = written.committer.and_then(|committer| committer.date).unwrap_or_default();
        Commit {
            id: self.sha,
            subject: subject.trim().to_owned(),
            body: body.trim().to_owned(),
            author: Person { name: author.name.unwrap_or_default(), email: author.email.unwrap_or_default() },
            time: seconds(&date).unwrap_or(0),
            is_merge: self.parents.len() > 1,
        }
    }
}

impl File {
    fn into_change(self) -> Option<FileChange> {
        let (before, after) = (Content::Missing, Content::Missing);
        let kind = match (self.status.as_str(), self.previous_filename) {
            ("unchanged", _) => return None,
            ("added" | "copied", _) => ChangeKind::Added { after },
            ("removed", _) => ChangeKind::Deleted { before },
            ("renamed", Some(from)) => ChangeKind::Renamed { from: RepoPath::new(from), before, after },
            _ => ChangeKind::Modified { before, after },
        };
        Some(FileChange {
            path: RepoPath::new(self.filename),
            kind,
            role: Role::Source,
            added: self.additions,
            removed: self.deletions,
        })
    }
}

/// `2026-01-02T03:04:05Z` as seconds since 1970.
fn seconds(date: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| date.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    // Years begin in March, so that the leap day is their last: then the length of a month follows a formula.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (153 * month + 2) / 5
        + day
        - 719_469;
    Some(days * 86_400 + number(11..13)? * 3_600 + number(14..16)? * 60 + number(17..19)?)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn dates_become_seconds() {
        for (date, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2000-02-29T12:00:00Z", Some(951_825_600)),
            ("2026-11-21T06:31:19Z", Some(1_795_242_679)),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(seconds(date), expected, "{date}");
        }
    }
}
