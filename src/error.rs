//! One error for the whole program: what was tried, on what, and the next step.

/// Why plainly could not do its job.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Reading the repository.
    #[error(transparent)]
    Git(#[from] crate::git::Error),
    /// Talking to GitHub.
    #[error(transparent)]
    GitHub(#[from] crate::github::Error),
    /// Making text.
    #[error(transparent)]
    Render(#[from] crate::render::Error),
    /// Reading or writing a file that was named on the command line.
    #[error("could not {what} {path}: {source}")]
    File {
        /// `read` or `write`.
        what: &'static str,
        /// The file.
        path: String,
        /// The system's words.
        source: std::io::Error,
    },
    /// Something was asked for that is not there.
    #[error("{0}")]
    Usage(String),
}

impl Error {
    /// What to do next, where we know it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Git(error) => Some(error.hint().to_owned()),
            Error::GitHub(error) => error.hint().map(str::to_owned),
            Error::Render(crate::render::Error::Language(..)) => Some(
                "set `language` in plainly.toml to one of these, or name a folder with `templates`"
                    .to_owned(),
            ),
            Error::Render(_) | Error::File { .. } | Error::Usage(_) => None,
        }
    }
}
