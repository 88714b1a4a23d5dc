//! Path patterns of the configuration.

use globset::{GlobBuilder, GlobMatcher};

/// A pattern of the configuration: `*` stops at `/`; without a wildcard it is a folder and all below it, or a file.
pub fn pattern(pattern: &str) -> Result<GlobMatcher, globset::Error> {
    Ok(glob(pattern)?.compile_matcher())
}

/// The same, for a set of patterns.
pub fn glob(pattern: &str) -> Result<globset::Glob, globset::Error> {
    let pattern = pattern.trim_start_matches("./").trim_start_matches('/');
    let folder = pattern.trim_end_matches('/');
    let glob = match pattern.contains(['*', '?', '[', '{']) {
        false => format!("{}{{,/**}}", globset::escape(folder)),
        true if pattern.ends_with('/') => format!("{folder}/**"),
        true => pattern.to_owned(),
    };
    GlobBuilder::new(&glob).literal_separator(true).build()
}
