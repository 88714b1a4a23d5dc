//! Which files of protocol buffers an operation takes from or gives: the rest only says how data is written.

use std::collections::{BTreeMap, BTreeSet};

use super::{Context, text_at};
use crate::change::{RepoPath, Role, Snapshot};

/// Files that are looked into, and up to which size.
const MOST_FILES: usize = 3_000;
const MOST_BYTES: usize = 1024 * 1024;

/// The files with operations, and those whose messages these import. `None` where the tree describes no operation, so
/// that nothing can be told from it.
pub(super) fn of_operations(cx: &Context<'_>, tree: &dyn Snapshot) -> Option<BTreeSet<RepoPath>> {
    let own = |path: &&RepoPath| {
        path.extension() == "proto" && !matches!(cx.roles.role(path, None), Role::Vendored | Role::Test)
    };
    let paths: Vec<&RepoPath> = tree.paths().iter().filter(own).take(MOST_FILES).collect();
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, path) in paths.iter().enumerate() {
        by_name.entry(path.file_name()).or_default().push(at);
    }
    let mut imports: Vec<Vec<usize>> = Vec::new();
    let mut waiting: Vec<usize> = Vec::new();
    for (at, path) in paths.iter().enumerate() {
        let text = text_at(tree, path).filter(|text| text.len() < MOST_BYTES);
        let mut wanted = Vec::new();
        for line in text.iter().flat_map(|text| text.lines()).map(str::trim_start) {
            if let Some(import) = line.strip_prefix("import ").and_then(|rest| rest.split('"').nth(1)) {
                let named = by_name.get(import.rsplit('/').next().unwrap_or(import));
                let fits = |of: &&usize| paths[**of].as_str().ends_with(import);
                wanted.extend(named.into_iter().flatten().filter(fits).copied());
            } else if line
                .strip_prefix("service ")
                .is_some_and(|rest| rest.contains('{') || !rest.contains('='))
            {
                waiting.push(at);
            }
        }
        imports.push(wanted);
    }
    let mut served: BTreeSet<usize> = BTreeSet::new();
    while let Some(at) = waiting.pop() {
        if served.insert(at) {
            waiting.extend(&imports[at]);
        }
    }
    (!served.is_empty()).then(|| served.into_iter().map(|at| paths[at].clone()).collect())
}
