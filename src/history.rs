//! What the last twelve months say: which files change often, who changes them, how large changes are. Plain values.

use std::collections::BTreeMap;

use crate::change::{Person, RepoPath};

/// One first-parent change of the past, compared with its first parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastChange {
    /// The commit, in hex.
    pub id: String,
    /// Its first line.
    pub subject: String,
    /// Who wrote it.
    pub author: Person,
    /// Committer time, seconds since 1970 UTC.
    pub time: i64,
    /// Whether its message mentions a fix, bug or revert.
    pub mentions_fix: bool,
    /// The files it touched.
    pub files: Vec<RepoPath>,
}

/// Twelve months that end at the committer time of the range's base commit, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The changes of people; bots are left out.
    pub changes: Vec<PastChange>,
    /// Whether the copy of the repository ends before the twelve months do.
    pub is_cut: bool,
}

impl History {
    /// How often each file changed, and how many of these changes mention a fix.
    pub fn by_file(&self) -> BTreeMap<&RepoPath, (u32, u32)> {
        let mut counts = BTreeMap::new();
        for change in &self.changes {
            for file in &change.files {
                let count: &mut (u32, u32) = counts.entry(file).or_default();
                count.0 += 1;
                count.1 += u32::from(change.mentions_fix);
            }
        }
        counts
    }
}
