//! What can go wrong with a repository, and what to do next.

use std::path::PathBuf;

/// A repository that cannot be read as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none.
    #[error("no git repository at {} or above it", .dir.display())]
    NoRepository {
        /// Where we looked.
        dir: PathBuf,
    },
    /// There is one, and it does not open.
    #[error("the git repository at {} cannot be opened", .dir.display())]
    Open {
        /// Where it is.
        dir: PathBuf,
        /// Why not.
        source: Box<gix::Error>,
    },
    /// `HEAD` names a branch without commits.
    #[error("branch {branch} has no commit yet")]
    Unborn {
        /// The branch.
        branch: String,
    },
    /// A name that means no commit here.
    #[error("{spec:?} names no commit of this repository")]
    Unresolvable {
        /// What was asked for.
        spec: String,
    },
    /// The history was cut off before what was asked for.
    #[error("{spec} lies outside the part of the history that this copy holds")]
    Shallow {
        /// What was asked for.
        spec: String,
    },
    /// Two histories without a common start.
    #[error("{one} and {other} have no commit in common")]
    NoMergeBase {
        /// One end.
        one: String,
        /// The other end.
        other: String,
    },
    /// A partial or broken copy.
    #[error("this copy of the repository does not hold the {what} {id}")]
    MissingObject {
        /// Commit or tree.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// The `git` program could not fetch.
    #[error("git could not {what}: {reason}")]
    Fetch {
        /// Which step.
        what: &'static str,
        /// Its last line.
        reason: String,
    },
    /// References or history could not be read.
    #[error("cannot read {what}")]
    Read {
        /// What was read.
        what: &'static str,
        /// Why it failed.
        source: Box<gix::Error>,
    },
}

impl Error {
    /// The next step.
    pub fn hint(&self) -> &'static str {
        match self {
            Error::NoRepository { .. } => "Run it inside a git repository, or name one with -C DIR.",
            Error::Open { .. } => "Check that `git -C DIR status` works there.",
            Error::Unborn { .. } => "Make a first commit, or name a range such as main..my-branch.",
            Error::Unresolvable { .. } => {
                "Check the spelling with `git rev-parse`; a branch of the remote is written origin/NAME and needs `git fetch`."
            }
            Error::Shallow { .. } | Error::NoMergeBase { .. } => {
                "Fetch the whole history: `fetch-depth: 0` for actions/checkout, `git fetch --unshallow` in a clone."
            }
            Error::MissingObject { .. } => {
                "Fetch it: `git fetch --refetch` in a partial clone, or make a clone without --filter=tree:0."
            }
            Error::Fetch { .. } => {
                "Give the job `permissions:` with `contents: read`, or check out with `fetch-depth: 0`."
            }
            Error::Read { .. } => "Check the repository with `git fsck`.",
        }
    }
}
