//! Which commits are behind a fact: those that changed lines of its file that hold its name.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::facts::Trace;
use super::units::Unit;
use crate::change::{RepoPath, Snapshot};
use crate::git::{PathChange, Repository};

/// For each fact, in their order, the places of the units behind it among `units`.
pub fn units_of(repository: &Repository, units: &[Unit], facts: &[&[Trace]]) -> Vec<BTreeSet<usize>> {
    let mut words: BTreeMap<&RepoPath, BTreeMap<&str, Vec<usize>>> = BTreeMap::new();
    let mut found = vec![BTreeSet::new(); facts.len()];
    for (at, traces) in facts.iter().enumerate() {
        for trace in *traces {
            match trace {
                Trace::Word(path, word) => words.entry(path).or_default().entry(word).or_default().push(at),
                Trace::Adds(folder) => found[at].extend(with(units, folder, PathChange::Added)),
                Trace::Deletes(folder) => found[at].extend(with(units, folder, PathChange::Deleted)),
            }
        }
    }
    for (place, unit) in units.iter().enumerate() {
        let Some(commit) = unit.commits.first() else { continue };
        for changed in &unit.paths {
            let Some(words) = words.get(&changed.path) else { continue };
            let Some(lines) = changed_lines(repository, commit, &changed.path) else { continue };
            for (word, facts) in words {
                if holds(&lines, word) {
                    facts.iter().for_each(|at| found[*at].extend([place]));
                }
            }
        }
    }
    found
}

/// The units that add or delete most of what they touch below a folder.
fn with<'u>(units: &'u [Unit], folder: &'u str, change: PathChange) -> impl Iterator<Item = usize> + 'u {
    units.iter().enumerate().filter_map(move |(at, unit)| {
        let below: Vec<_> = unit.paths.iter().filter(|changed| changed.path.is_in(folder)).collect();
        let such = below.iter().filter(|changed| changed.change == change).count();
        (such > 0 && such * 2 > below.len()).then_some(at)
    })
}

/// The lines of a file that a commit adds or takes away, as one text.
fn changed_lines(repository: &Repository, commit: &str, path: &RepoPath) -> Option<String> {
    let range = repository.change(commit).ok()?;
    let read = |tree: Result<crate::git::TreeSnapshot, _>| {
        let content = tree.ok()?.read(path)?;
        content.text().map(str::to_owned)
    };
    let (before, after) = (read(repository.before(&range)), read(repository.after(&range)));
    let mut counts: HashMap<&str, i32> = HashMap::new();
    for (text, step) in [(&before, -1), (&after, 1)] {
        for line in text.iter().flat_map(|text| text.lines()) {
            *counts.entry(line.trim()).or_default() += step;
        }
    }
    let mut lines: Vec<&str> =
        counts.into_iter().filter(|(_, count)| *count != 0).map(|(line, _)| line).collect();
    lines.sort_unstable();
    Some(lines.join("\n"))
}

/// Whether a word stands in the text as a whole.
fn holds(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(part) && !text[at + word.len()..].starts_with(part))
}

#[cfg(test)]
mod tests {
    use super::holds;

    #[test]
    fn a_word_is_found_as_a_whole() {
        for (text, found) in [
            ("set CART_PORT=1", true),
            ("CART_PORT", true),
            ("OTHER_CART_PORT=1", false),
            ("CART_PORTS", false),
            ("", false),
        ] {
            assert_eq!(holds(text, "CART_PORT"), found, "{text}");
        }
    }
}
