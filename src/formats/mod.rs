//! Readers: bytes of one format in, an inventory out. No git, no policy, no prose.
//!
//! A new format is one new file beside its kin and one line in their list.

pub mod contracts;
pub mod document;
pub mod locks;
pub mod manifests;
pub mod routes;
pub mod schema;
pub mod settings;
pub(crate) mod syntax;
pub mod test_code;
pub(crate) mod words;

/// Why a file could not be read. Becomes an entry of `could_not_check`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unreadable {
    /// One short clause, without the path: `broken: expected a string at line 3`.
    pub reason: String,
}

impl Unreadable {
    /// From a parser's message; only its first line is kept, cut at 120 characters.
    pub fn broken(message: impl std::fmt::Display) -> Self {
        let message = message.to_string();
        let line = message.lines().next().unwrap_or_default();
        let line: String = line.chars().take(120).collect();
        Self { reason: format!("broken: {line}") }
    }
}
