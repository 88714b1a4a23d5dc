//! Routes written in code.

use super::{Document, Format};
use crate::change::RepoPath;

/// Reads the routes of one file.
pub fn read(path: &RepoPath, _text: &str) -> Document {
    Document::new(Format::Routes, path)
}
