//! Which commits are behind a fact: those that changed lines of its file that hold its name.

use std::cell::{Cell, OnceCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::facts::{Effect, Trace};
use super::units::Unit;
use crate::change::{Content, RepoPath};
use crate::git::{ChangedPath, PathChange, Repository, Step};

/// Files of one sort that a moved file is looked for in.
const MOST_MOVED: usize = 12;

/// The units behind a fact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Behind {
    /// Their places.
    pub units: BTreeSet<usize>,
    /// Of how many parts of the fact.
    found: usize,
    parts: usize,
}

impl Behind {
    /// Whether each part of the fact is known to be the work of one of the units: only then nobody else had a hand in it.
    pub fn is_whole(&self) -> bool {
        self.parts > 0 && self.found == self.parts
    }

    /// Whether most of the fact is: two thirds, so that one name that stands elsewhere in its file too hides nothing.
    pub fn is_most(&self) -> bool {
        self.parts > 0 && self.found * 3 >= self.parts * 2
    }

    /// The units that say themselves that they are behind it.
    pub(super) fn said_by(&mut self, units: BTreeSet<usize>) {
        self.units = units;
        self.parts = self.parts.max(1);
        self.found = self.parts;
    }
}

/// For each fact, in their order, the units behind it among `units`. None is better than a false one.
pub fn units_of(repository: &Repository, units: &[Unit], facts: &[&[Trace]]) -> Vec<Behind> {
    let traces: Vec<(usize, &Trace)> = facts
        .iter()
        .enumerate()
        .flat_map(|(fact, traces)| traces.iter().map(move |trace| (fact, trace)))
        .collect();
    let found = units_of_traces(repository, units, traces.iter().map(|(_, trace)| *trace));
    let mut behind = vec![Behind::default(); facts.len()];
    for ((fact, _), found) in traces.into_iter().zip(found) {
        behind[fact].parts += 1;
        behind[fact].found += usize::from(!found.is_empty());
        behind[fact].units.extend(found);
    }
    behind
}

fn units_of_traces<'t>(
    repository: &Repository,
    units: &[Unit],
    traces: impl ExactSizeIterator<Item = &'t Trace>,
) -> Vec<BTreeSet<usize>> {
    let mut words: BTreeMap<&RepoPath, BTreeMap<(&str, Effect), Vec<usize>>> = BTreeMap::new();
    let mut found = vec![BTreeSet::new(); traces.len()];
    for (at, trace) in traces.enumerate() {
        match trace {
            Trace::Word(path, word, effect) => {
                words.entry(path).or_default().entry((word, *effect)).or_default().push(at);
            }
            // units come newest first: the oldest to add is the one that brought it
            Trace::Adds(folder) => found[at].extend(with(units, folder, PathChange::Added).last()),
            Trace::Deletes(folder) => found[at].extend(with(units, folder, PathChange::Deleted)),
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
    let has_words = |unit: &Unit| unit.paths.iter().any(|changed| words.contains_key(&changed.path));
    let wanted: Vec<(&str, usize)> = units
        .iter()
        .enumerate()
        .filter(|(_, unit)| has_words(unit))
        .filter_map(|(at, unit)| Some((unit.commits.first()?.as_str(), at)))
        .collect();
    let shown = repository.in_steps(&wanted, |step, at| {
        let unit = &units[*at];
        let mut of_path = |changed: &ChangedPath| {
            let Some(words) = words.get(&changed.path) else { return Vec::new() };
            let sides = Sides::read(step, unit, changed);
            let known = sides.words();
            let shown = words.iter().filter(|((word, effect), _)| known.show(word, *effect));
            shown.flat_map(|(_, facts)| facts).copied().collect::<Vec<usize>>()
        };
        unit.paths.iter().flat_map(&mut of_path).collect::<Vec<usize>>()
    });
    for ((_, place), facts) in wanted.into_iter().zip(shown) {
        facts.into_iter().flatten().for_each(|at| found[at].extend([place]));
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
    fn read(step: &mut Step<'_>, unit: &Unit, changed: &ChangedPath) -> Self {
        let text = |content: Option<Content>| {
            content.as_ref().and_then(Content::text).map_or_else(String::new, str::to_owned)
        };
        let (mut before, mut after) = (text(step.before(&changed.path)), text(step.after(&changed.path)));
        // a file that comes where another of its sort goes is that one, moved
        let moved = |change: PathChange| {
            let same = move |other: &&ChangedPath| {
                other.change == change && sort_of(&other.path) == sort_of(&changed.path)
            };
            unit.paths.iter().filter(same).take(MOST_MOVED)
        };
        match changed.change {
            PathChange::Added => {
                moved(PathChange::Deleted).for_each(|other| before.push_str(&text(step.before(&other.path))))
            }
            PathChange::Deleted => {
                moved(PathChange::Added).for_each(|other| after.push_str(&text(step.after(&other.path))));
            }
            PathChange::Modified => {}
        }
        let (removed, added) = changed_lines(&before, &after);
        Self { before, after, removed, added }
    }

    fn words(&self) -> Known<'_> {
        let [before, after, removed, added] =
            [&self.before, &self.after, &self.removed, &self.added].map(|text| Text::new(text));
        Known { before, after, removed, added }
    }
}

/// The sides as words, so that a thousand facts cost one walk through a file.
struct Known<'a> {
    before: Text<'a>,
    after: Text<'a>,
    removed: Text<'a>,
    added: Text<'a>,
}

impl Known<'_> {
    fn show(&self, word: &str, effect: Effect) -> bool {
        match effect {
            Effect::Appears => self.added.holds(word) && !self.before.holds(word),
            Effect::Vanishes => self.removed.holds(word) && !self.after.holds(word),
            Effect::Changes => self.added.holds(word) || self.removed.holds(word),
        }
    }
}

/// A text, split into words once it is asked often.
struct Text<'a> {
    text: &'a str,
    asked: Cell<u32>,
    words: OnceCell<HashSet<&'a str>>,
}

/// Looking through a text this often costs as much as splitting it.
const OFTEN: u32 = 6;

impl<'a> Text<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, asked: Cell::new(0), words: OnceCell::new() }
    }

    /// Whether a word stands in it as a whole.
    fn holds(&self, word: &str) -> bool {
        self.asked.set(self.asked.get() + 1);
        let words = || self.text.split(|c| !is_part(c)).filter(|word| !word.is_empty()).collect();
        // a name of several parts is no word of the text
        match self.asked.get() > OFTEN && word.chars().all(is_part) {
            true => self.words.get_or_init(words).contains(word),
            false => self.text.match_indices(word).any(|(at, _)| {
                !self.text[..at].ends_with(is_part) && !self.text[at + word.len()..].starts_with(is_part)
            }),
        }
    }
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
    let (before, after) = without_common(before, after);
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

/// Two texts without the lines that both begin with and those that both end with.
fn without_common<'t>(before: &'t str, after: &'t str) -> (&'t str, &'t str) {
    let equal = |lines: &mut dyn Iterator<Item = (&str, &str)>| {
        lines.take_while(|(one, other)| one == other).map(|(line, _)| line.len()).sum::<usize>()
    };
    let lines = |text: &'t str| text.split_inclusive('\n');
    let start = equal(&mut lines(before).zip(lines(after)));
    let (before, after) = (&before[start..], &after[start..]);
    let end = equal(&mut lines(before).rev().zip(lines(after).rev()));
    (&before[..before.len() - end], &after[..after.len() - end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_some_parts_nothing_is_said_of_all() {
        for (found, parts, most, whole) in
            [(0, 0, false, false), (1, 7, false, false), (4, 6, true, false), (1, 1, true, true)]
        {
            let behind = Behind { found, parts, ..Behind::default() };
            assert_eq!((behind.is_most(), behind.is_whole()), (most, whole), "{found} of {parts}");
        }
    }

    #[test]
    fn a_word_is_found_as_a_whole() {
        for (text, found) in [
            ("set CART_PORT=1", true),
            ("CART_PORT", true),
            ("OTHER_CART_PORT=1", false),
            ("CART_PORTS", false),
            ("", false),
        ] {
            let asked = Text::new(text);
            for _ in 0..OFTEN * 2 {
                assert_eq!(asked.holds("CART_PORT"), found, "{text}");
            }
        }
    }

    #[test]
    fn lines_that_both_sides_have_do_not_count() {
        for (before, after, removed, added) in [
            ("a\nb\nc\n", "a\nx\nc\n", "b", "x"),
            ("a\nb", "a\nb\n", "", ""),
            ("a\nb\n", "b\na\n", "", ""),
            ("", "a\na\n", "", "a"),
            ("a\na\n", "a\n", "a", ""),
        ] {
            assert_eq!(changed_lines(before, after), (removed.to_owned(), added.to_owned()), "{before:?}");
        }
    }
}
