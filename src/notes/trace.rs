//! Which commits are behind a fact: those that changed lines of its file that hold its name.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::facts::{Effect, Trace};
use super::units::Unit;
use crate::change::{RepoPath, Snapshot};
use crate::git::{ChangedPath, PathChange, Repository, TreeSnapshot};

/// Files of one sort that a moved file is looked for in.
const MOST_MOVED: usize = 12;

/// For each fact, in their order, the places of the units behind it among `units`. None is better than a false one.
pub fn units_of(repository: &Repository, units: &[Unit], facts: &[&[Trace]]) -> Vec<BTreeSet<usize>> {
    let mut words: BTreeMap<&RepoPath, BTreeMap<(&str, Effect), Vec<usize>>> = BTreeMap::new();
    let mut found = vec![BTreeSet::new(); facts.len()];
    for (at, traces) in facts.iter().enumerate() {
        for trace in *traces {
            match trace {
                Trace::Word(path, word, effect) => {
                    words.entry(path).or_default().entry((word, *effect)).or_default().push(at);
                }
                // units come newest first: the oldest to add is the one that brought it
                Trace::Adds(folder) => found[at].extend(with(units, folder, PathChange::Added).last()),
                Trace::Deletes(folder) => found[at].extend(with(units, folder, PathChange::Deleted)),
            }
        }
    }
    // what a file holds that one unit alone made is that one's
    let mut touched: BTreeMap<&RepoPath, Vec<(usize, PathChange)>> = BTreeMap::new();
    for (place, unit) in units.iter().enumerate() {
        for changed in unit.paths.iter().filter(|changed| words.contains_key(&changed.path)) {
            touched.entry(&changed.path).or_default().push((place, changed.change));
        }
    }
    for (path, by) in touched {
        if let [(place, PathChange::Added)] = by.as_slice()
            && !units[*place]
                .paths
                .iter()
                .any(|other| other.change == PathChange::Deleted && sort_of(&other.path) == sort_of(path))
        {
            words
                .get(path)
                .into_iter()
                .flat_map(BTreeMap::values)
                .flatten()
                .for_each(|at| found[*at].extend([*place]));
        }
    }
    for (place, unit) in units.iter().enumerate() {
        let Some(commit) = unit.commits.first() else { continue };
        for changed in &unit.paths {
            let Some(words) = words.get(&changed.path) else { continue };
            let Some(sides) = Sides::read(repository, commit, unit, changed) else { continue };
            let known = sides.words();
            for ((word, effect), facts) in words {
                if known.show(word, *effect) {
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

/// A file as it was before and after a commit, and the lines that only one side has.
struct Sides {
    before: String,
    after: String,
    removed: String,
    added: String,
}

impl Sides {
    fn read(repository: &Repository, commit: &str, unit: &Unit, changed: &ChangedPath) -> Option<Self> {
        let range = repository.change(commit).ok()?;
        let (old, new) = (repository.before(&range).ok()?, repository.after(&range).ok()?);
        let read = |tree: &TreeSnapshot, path: &RepoPath| {
            tree.read(path).and_then(|content| content.text().map(str::to_owned)).unwrap_or_default()
        };
        // a file that comes where another of its sort goes is that one, moved
        let moved = |change: PathChange| {
            let same = move |other: &&ChangedPath| {
                other.change == change && sort_of(&other.path) == sort_of(&changed.path)
            };
            unit.paths.iter().filter(same).take(MOST_MOVED)
        };
        let (mut before, mut after) = (read(&old, &changed.path), read(&new, &changed.path));
        match changed.change {
            PathChange::Added => {
                moved(PathChange::Deleted).for_each(|other| before.push_str(&read(&old, &other.path)));
            }
            PathChange::Deleted => {
                moved(PathChange::Added).for_each(|other| after.push_str(&read(&new, &other.path)));
            }
            PathChange::Modified => {}
        }
        let (removed, added) = changed_lines(&before, &after);
        Some(Self { before, after, removed, added })
    }

    /// The words of the changed lines, so that a thousand facts cost one walk through a file.
    fn words(&self) -> Known<'_> {
        Known { sides: self, removed: words_of(&self.removed), added: words_of(&self.added) }
    }
}

/// The words of the changed lines of each side.
struct Known<'a> {
    sides: &'a Sides,
    removed: HashSet<&'a str>,
    added: HashSet<&'a str>,
}

impl Known<'_> {
    fn show(&self, word: &str, effect: Effect) -> bool {
        let is_one = word.chars().all(is_part);
        let has =
            |set: &HashSet<&str>, text: &str| if is_one { set.contains(word) } else { holds(text, word) };
        let added = || has(&self.added, &self.sides.added);
        let removed = || has(&self.removed, &self.sides.removed);
        match effect {
            Effect::Appears => added() && !holds(&self.sides.before, word),
            Effect::Vanishes => removed() && !holds(&self.sides.after, word),
            Effect::Changes => added() || removed(),
        }
    }
}

fn words_of(text: &str) -> HashSet<&str> {
    text.split(|c| !is_part(c)).filter(|word| !word.is_empty()).collect()
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn sort_of(path: &RepoPath) -> String {
    let extension = path.extension();
    if extension == "yml" { "yaml".to_owned() } else { extension }
}

/// The lines that only the first has, and those that only the second has.
fn changed_lines(before: &str, after: &str) -> (String, String) {
    let mut counts: HashMap<&str, i32> = HashMap::new();
    for (text, step) in [(before, -1), (after, 1)] {
        for line in text.lines() {
            *counts.entry(line.trim()).or_default() += step;
        }
    }
    let only = |of: fn(i32) -> bool| {
        let lines = counts.iter().filter(|(_, count)| of(**count)).map(|(line, _)| *line);
        lines.collect::<Vec<_>>().join("\n")
    };
    (only(|count| count < 0), only(|count| count > 0))
}

/// Whether a word stands in the text as a whole.
fn holds(text: &str, word: &str) -> bool {
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + word.len()..].starts_with(is_part))
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
