//! What can go wrong between us and GitHub: named after what was tried, with a mend, never with the token.

use std::path::PathBuf;

/// A step of delivery that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A variable that the runner sets is missing or makes no sense.
    #[error("{name} is {problem}; plainly reads it from the environment that GitHub Actions sets")]
    Environment {
        /// The variable.
        name: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The event's payload could not be read.
    #[error("cannot read the event in {}: {reason}", path.display())]
    Event {
        /// The file that GITHUB_EVENT_PATH names.
        path: PathBuf,
        /// What the reader said.
        reason: String,
    },
    /// An event that we know nothing to do for.
    #[error(
        "plainly has nothing to say on the event `{0}`; run it on pull_request, push, merge_group or release"
    )]
    UnknownEvent(String),
    /// The payload lacks what the event must have.
    #[error("the `{event}` event has no {field}")]
    Incomplete {
        /// The event's name.
        event: &'static str,
        /// The field that is missing or no commit id.
        field: &'static str,
    },
    /// GitHub said no.
    #[error("GitHub answered {status} to {request}: {message}")]
    Answer {
        /// The HTTP status.
        status: u16,
        /// Method and route.
        request: String,
        /// GitHub's own words, on one line, cut.
        message: String,
    },
    /// No answer: network trouble, or our patience ended.
    #[error("no answer from GitHub to {request}: {reason}")]
    Silence {
        /// Method and route.
        request: String,
        /// What the network said.
        reason: String,
    },
    /// An answer in another shape than documented.
    #[error("GitHub's answer to {request} could not be read: {reason}")]
    Shape {
        /// Method and route.
        request: String,
        /// What the reader said.
        reason: String,
    },
    /// The text would not fit, although it was asked for in a size that does.
    #[error("the text has {bytes} bytes, GitHub takes {limit}")]
    TooLong {
        /// Its size.
        bytes: usize,
        /// The most that we send.
        limit: usize,
    },
    /// A file that the runner named could not be written.
    #[error("cannot write {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The client or its runtime did not start.
    #[error("cannot start the GitHub client: {0}")]
    Start(String),
}

impl Error {
    /// What to do about it, where we know.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Error::Answer { status: 401, .. } => {
                Some("the token is not valid here; pass `github-token: ${{ github.token }}`")
            }
            Error::Answer { status: 403, request, .. } if request.contains("/releases") => {
                Some("a release draft needs `permissions:` with `contents: write`")
            }
            Error::Answer { status: 403, .. } => {
                Some("give the job `permissions:` with `contents: read` and `pull-requests: write`")
            }
            Error::Answer { status: 404, request, .. } if request.contains("/releases") => Some(
                "a release draft needs `contents: write`; if the tagged commit changes .github/workflows, GitHub \
                 refuses every GITHUB_TOKEN: create the draft by hand once, or pass another token",
            ),
            Error::Answer { status: 404, .. } => {
                Some("the token may not see this repository, or the thing is gone")
            }
            Error::Silence { .. } => Some("run the job again; a proxy named by HTTPS_PROXY is not used"),
            _ => None,
        }
    }

    /// Whether GitHub may have done what we asked, although it did not say so.
    pub(super) fn is_uncertain(&self) -> bool {
        match self {
            Error::Silence { .. } | Error::Shape { .. } => true,
            Error::Answer { status, .. } => *status >= 500,
            _ => false,
        }
    }

    /// The HTTP status, where there was an answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Error::Answer { status, .. } => Some(*status),
            _ => None,
        }
    }
}
