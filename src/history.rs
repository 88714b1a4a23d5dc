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

/// Whether a change says of itself that it mends or takes back something: judged by its title, because the rest of a
/// message often lists the steps of a review.
pub fn mentions_fix(title: &str) -> bool {
    const WORDS: [&str; 11] = [
        "fix", "fixes", "fixed", "fixing", "bug", "bugs", "bugfix", "hotfix", "revert", "reverts", "reverted",
    ];
    title
        .split(|letter: char| !letter.is_alphanumeric())
        .any(|word| WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)))
}

#[cfg(test)]
mod tests {
    use super::mentions_fix;

    #[test]
    fn titles_that_mend() {
        for title in ["Fix the fault", "fix(cart): rounding", "Revert \"Add tax\"", "bug: empty cart"] {
            assert!(mentions_fix(title), "{title}");
        }
        for title in ["Add a prefix", "Debugging tools", "fixtures for tests", "Suffixed names"] {
            assert!(!mentions_fix(title), "{title}");
        }
    }
}
