//! A change as plain values: which files, what they held before and after, and the words people wrote about it.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A path inside a repository: `/`-separated, relative to the repository's root, never a file-system path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RepoPath(Arc<str>);

impl JsonSchema for RepoPath {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RepoPath".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string"})
    }
}

impl RepoPath {
    /// Wraps a path as git writes it.
    pub fn new(path: impl AsRef<str>) -> Self {
        Self(Arc::from(path.as_ref()))
    }

    /// The whole path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands after the last slash.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// What stands after the last dot of the file name, in lower case; empty where there is none.
    pub fn extension(&self) -> String {
        match self.file_name().rsplit_once('.') {
            Some((_, extension)) => extension.to_ascii_lowercase(),
            None => String::new(),
        }
    }

    /// The folder that holds the file, without a trailing slash; empty at the root.
    pub fn folder(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The names of the folders above the file, outermost first.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        self.folder().split('/').filter(|part| !part.is_empty())
    }

    /// Whether the file lies in a folder that only shows how something may be done: nobody runs what stands there.
    pub fn is_example(&self) -> bool {
        const FOLDERS: &[&str] = &[
            "demo",
            "demos",
            "example",
            "examples",
            "playground",
            "quickstart",
            "quickstarts",
            "sample",
            "samples",
        ];
        self.folders().any(|folder| FOLDERS.contains(&folder.to_ascii_lowercase().as_str()))
    }

    /// Whether the file lies in `folder` or below it. The empty folder holds every file.
    pub fn is_in(&self, folder: &str) -> bool {
        let folder = folder.trim_end_matches('/');
        folder.is_empty() || self.0.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    }

    /// The path of `relative` as seen from this file's folder; `..` and `.` are resolved, and a path that
    /// would leave the repository is `None`.
    pub fn join(&self, relative: &str) -> Option<RepoPath> {
        let mut parts: Vec<&str> = self.folders().collect();
        for part in relative.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop()?;
                }
                name => parts.push(name),
            }
        }
        Some(RepoPath::new(parts.join("/")))
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for RepoPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for RepoPath {
    fn from(path: &str) -> Self {
        Self::new(path)
    }
}

/// What one side of a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// UTF-8 text, a byte order mark removed, line ends as they were.
    Text(Arc<str>),
    /// Bytes that are no text: a NUL byte in the first 8,000, as git judges, or no valid UTF-8.
    Binary,
    /// Larger than we read for a file of this kind.
    TooLarge {
        /// Its size.
        bytes: u64,
    },
    /// The repository copy does not hold it, as in a partial clone.
    Missing,
    /// A symbolic link.
    Link {
        /// Where it points, as written.
        to: String,
    },
    /// Another repository, pinned at a commit.
    Submodule {
        /// The pinned commit, in hex.
        commit: String,
    },
}

impl Content {
    /// Text from anything that is a string.
    pub fn from_text(text: impl AsRef<str>) -> Self {
        Self::Text(Arc::from(text.as_ref()))
    }

    /// The text, where it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// What happened to one file. A deletion has no `after`, an addition no `before`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// The file is new.
    Added {
        /// What it holds now.
        after: Content,
    },
    /// The file is gone.
    Deleted {
        /// What it held.
        before: Content,
    },
    /// Same path, other content.
    Modified {
        /// What it held.
        before: Content,
        /// What it holds now.
        after: Content,
    },
    /// Another path, the same or similar content.
    Renamed {
        /// Where it was.
        from: RepoPath,
        /// What it held.
        before: Content,
        /// What it holds now.
        after: Content,
    },
}

/// What a file is for. The first that fits, in this order, as `product.md` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Code of others, kept as a copy.
    Vendored,
    /// The exact list of outside packages.
    Lock,
    /// Written by a tool.
    Generated,
    /// Prose.
    Docs,
    /// The list of outside packages that the team chose.
    Manifest,
    /// What builds, ships or runs the product.
    Infra,
    /// Tests and their data.
    Test,
    /// Steps that change how data is stored, and schemas written by hand.
    Migration,
    /// What other software may ask this system to do.
    Contract,
    /// Words on screen, by language.
    Translation,
    /// Settings that the application reads.
    Config,
    /// Pictures, fonts and the like.
    Asset,
    /// Code written by hand.
    Source,
}

impl Role {
    /// Whether a person writes such files: these count for size and for services touched.
    pub fn is_by_hand(self) -> bool {
        matches!(self, Role::Source | Role::Test | Role::Migration | Role::Contract | Role::Config)
    }
}

/// One changed file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// Where it is now; for a deletion, where it was.
    pub path: RepoPath,
    /// What happened.
    pub kind: ChangeKind,
    /// What it is for.
    pub role: Role,
    /// Lines added, as `git diff --numstat` counts them; 0 where unreadable or binary.
    pub added: u32,
    /// Lines removed.
    pub removed: u32,
}

impl FileChange {
    /// What the file held, if it was there.
    pub fn before(&self) -> Option<&Content> {
        match &self.kind {
            ChangeKind::Added { .. } => None,
            ChangeKind::Deleted { before }
            | ChangeKind::Modified { before, .. }
            | ChangeKind::Renamed { before, .. } => Some(before),
        }
    }

    /// What the file holds now, if it is there.
    pub fn after(&self) -> Option<&Content> {
        match &self.kind {
            ChangeKind::Deleted { .. } => None,
            ChangeKind::Added { after }
            | ChangeKind::Modified { after, .. }
            | ChangeKind::Renamed { after, .. } => Some(after),
        }
    }

    /// The text before, where it is text.
    pub fn before_text(&self) -> Option<&str> {
        self.before().and_then(Content::text)
    }

    /// The text now, where it is text.
    pub fn after_text(&self) -> Option<&str> {
        self.after().and_then(Content::text)
    }

    /// Where the file was before: the old path of a rename, else its path.
    pub fn old_path(&self) -> &RepoPath {
        match &self.kind {
            ChangeKind::Renamed { from, .. } => from,
            _ => &self.path,
        }
    }
}

/// All changed files, sorted by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeSet {
    files: Vec<FileChange>,
}

impl ChangeSet {
    /// Sorts the files, so that the same change is always the same value.
    pub fn new(mut files: Vec<FileChange>) -> Self {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Self { files }
    }

    /// The files, sorted by path.
    pub fn files(&self) -> &[FileChange] {
        &self.files
    }

    /// The files of one role.
    pub fn of_role(&self, role: Role) -> impl Iterator<Item = &FileChange> {
        self.files.iter().filter(move |file| file.role == role)
    }
}

/// A person as the repository's `.mailmap` names them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The address; used to tell people apart, never printed.
    pub email: String,
}

/// Names under which bots write, where no `[bot]` tells.
const BOTS: [&str; 5] =
    ["dependabot-preview", "github-actions", "github actions", "pre-commit-ci", "snyk-bot"];

impl Person {
    /// Whether this is a program: by a mark or a name that only programs have.
    pub fn is_bot(&self) -> bool {
        let name = self.name.to_ascii_lowercase();
        let email = self.email.to_ascii_lowercase();
        let last = name.rsplit([' ', '-', '_']).next().unwrap_or_default();
        name.contains("[bot]")
            || email.contains("[bot]@")
            || email.starts_with("bot@")
            || matches!(last, "bot" | "robot" | "renovate" | "dependabot")
            || BOTS.contains(&name.as_str())
    }
}

/// One commit of the range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its id, in hex.
    pub id: String,
    /// Its first line.
    pub subject: String,
    /// The rest of its message.
    pub body: String,
    /// Who wrote it.
    pub author: Person,
    /// Committer time, seconds since 1970 UTC.
    pub time: i64,
    /// Whether it has two or more parents.
    pub is_merge: bool,
}

/// What people wrote about the change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// The pull request's title, else the subject of the newest commit that is no merge.
    pub title: Option<String>,
    /// The pull request's text.
    pub body: Option<String>,
    /// The names of the pull request's labels.
    pub labels: Vec<String>,
    /// The title of the issue it links, where the forge's API gives it.
    pub issue: Option<String>,
    /// The commits of the range, newest first.
    pub commits: Vec<Commit>,
}

/// A whole tree at one side of the change, for what must look beyond the changed files.
pub trait Snapshot: Send + Sync {
    /// Every file, sorted.
    fn paths(&self) -> &[RepoPath];
    /// One file; `None` where the tree has no such path.
    fn read(&self, path: &RepoPath) -> Option<Content>;
    /// Whether the tree has the path.
    fn has(&self, path: &RepoPath) -> bool {
        self.paths().binary_search(path).is_ok()
    }
    /// Since which day, such as `2021-10-28`, each text has stood in the file without a break; `None` where it does
    /// not stand there, and where the past is not known that far. One walk through the past for all texts.
    fn first_seen(&self, _path: &RepoPath, texts: &[&str]) -> Vec<Option<String>> {
        vec![None; texts.len()]
    }
}

/// A snapshot held in memory: files by path. For tests, and for trees that are not in git.
#[derive(Clone, Debug, Default)]
pub struct MemorySnapshot {
    paths: Vec<RepoPath>,
    contents: Vec<Content>,
}

impl MemorySnapshot {
    /// Takes the files; a path given twice keeps the last content.
    pub fn new(files: impl IntoIterator<Item = (RepoPath, Content)>) -> Self {
        let files: std::collections::BTreeMap<_, _> = files.into_iter().collect();
        let (paths, contents) = files.into_iter().unzip();
        Self { paths, contents }
    }
}

impl Snapshot for MemorySnapshot {
    fn paths(&self) -> &[RepoPath] {
        &self.paths
    }

    fn read(&self, path: &RepoPath) -> Option<Content> {
        let at = self.paths.binary_search(path).ok()?;
        self.contents.get(at).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::Person;

    #[test]
    fn programs_are_told_from_people() {
        let is_bot =
            |name: &str, email: &str| Person { name: name.to_owned(), email: email.to_owned() }.is_bot();
        for (name, email) in [
            ("renovate[bot]", "a@example.com"),
            ("Mend Renovate", "a@example.com"),
            ("release-bot", "a@example.com"),
            ("Shop Bot", "a@example.com"),
            ("Shop", "bot@example.com"),
            ("x", "1+renovate[bot]@users.noreply.example.com"),
        ] {
            assert!(is_bot(name, email), "{name}");
        }
        assert!(!is_bot("Jane", "jane.abbot@example.com"));
        for name in ["Jane Abbot", "Talbot", "Bot Nguyen", "Renovate Ana", "Robota"] {
            assert!(!is_bot(name, "a@example.com"), "{name}");
        }
    }
}
