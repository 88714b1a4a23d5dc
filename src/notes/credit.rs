//! Which author's note belongs to which change: by the number or the commit that it names, else by the commit that wrote
//! it.

use std::collections::{BTreeMap, BTreeSet};

use super::author::{self, Note, Places};
use super::units::{Fate, Noise, Unit};
use crate::Change;
use crate::change::{Content, RepoPath};
use crate::config::Config;
use crate::git::Repository;

/// Notes and the changes that they speak of.
#[derive(Debug, Default)]
pub struct Credited {
    /// For each unit, its notes.
    pub notes: Vec<Vec<Note>>,
    /// For each unit, whether its author says that there is nothing to tell.
    pub none: Vec<bool>,
    /// For each unit, whether a note that stands with another unit links to it too: that note tells both.
    pub told_with: Vec<bool>,
    /// Notes of no unit.
    pub loose: Vec<Note>,
}

/// What authors wrote on pull requests, as a forge gives it.
#[derive(Clone, Debug, Default)]
pub struct PullTexts {
    /// Texts by number.
    pub bodies: BTreeMap<u64, String>,
    /// How many could not be read, and why.
    pub unread: Option<(u32, String)>,
}

/// Asks a forge for the texts of pull requests: the address of the repository, and the numbers. `None` where nobody can be asked.
pub type AskForge<'a> = dyn Fn(&str, &[u64]) -> Option<PullTexts> + 'a;

/// The pull requests whose authors may have words for readers: of changes that stand and that a person made.
pub fn candidates(units: &[Unit]) -> Vec<u64> {
    let may_matter = |unit: &&Unit| {
        unit.fate == Fate::Stands && matches!(unit.noise, None | Some(Noise::Chore | Noise::Docs))
    };
    let numbers: BTreeSet<u64> =
        units.iter().filter(may_matter).flat_map(|unit| &unit.pulls).copied().collect();
    numbers.into_iter().collect()
}

/// Finds the notes that the range brings.
pub fn credit(
    repository: &Repository,
    change: &Change,
    units: &[Unit],
    config: &Config,
    pulls: &BTreeMap<u64, String>,
) -> Credited {
    let places = Places::new(config);
    let mut net: Vec<Note> = Vec::new();
    for file in change.files.files().iter().filter(|file| places.hold(&file.path)) {
        if let Some(after) = file.after_text() {
            net.extend(author::added(&file.path, file.before_text(), after));
        }
    }
    let mut credited = Credited {
        notes: vec![Vec::new(); units.len()],
        none: vec![false; units.len()],
        told_with: vec![false; units.len()],
        loose: Vec::new(),
    };
    let mut by_number: BTreeMap<u64, usize> = BTreeMap::new();
    let mut by_commit: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, unit) in units.iter().enumerate() {
        by_number.extend(unit.pulls.iter().map(|number| (*number, at)));
        by_commit.extend(unit.commits.iter().map(|id| (id.as_str(), at)));
        // what a program quotes from the packages that it steps is nobody's word here
        if is_by_program(unit) {
            continue;
        }
        let on_pulls = unit.pulls.iter().filter_map(|number| pulls.get(number)).map(String::as_str);
        for text in std::iter::once(unit.body.as_str()).chain(on_pulls) {
            let said = author::said(text);
            credited.none[at] |= said.none;
            for note in said.notes {
                if credited.notes[at].iter().all(|other| other.text != note.text) {
                    credited.notes[at].push(note);
                }
            }
        }
        credited.none[at] &= credited.notes[at].is_empty();
    }
    let texts: BTreeSet<&str> = net.iter().map(|note| note.text.as_str()).collect();
    let wrote = writers(repository, units, &places, &texts);
    for note in &net {
        let numbered = note.numbers.iter().find_map(|number| by_number.get(number));
        let linked: Vec<usize> = note.commits.iter().filter_map(|start| linked(&by_commit, start)).collect();
        let at = numbered.or(linked.first()).or_else(|| wrote.get(note.text.as_str())).copied();
        linked.iter().filter(|other| Some(**other) != at).for_each(|other| credited.told_with[*other] = true);
        match at {
            // what a changelog takes over from a program's title is nobody's word either
            Some(at) if is_by_program(&units[at]) && note.text.eq_ignore_ascii_case(&units[at].title) => {}
            Some(at) => credited.notes[at].push(note.clone()),
            None => credited.loose.push(note.clone()),
        }
    }
    credited
}

fn is_by_program(unit: &Unit) -> bool {
    matches!(unit.noise, Some(Noise::Bot | Noise::Packages))
}

/// The unit with the commit that begins so.
fn linked(by_commit: &BTreeMap<&str, usize>, start: &str) -> Option<usize> {
    let (id, at) = by_commit.range(start..).next()?;
    id.starts_with(start).then_some(*at)
}

/// The unit that first wrote each text.
fn writers(
    repository: &Repository,
    units: &[Unit],
    places: &Places,
    texts: &BTreeSet<&str>,
) -> BTreeMap<String, usize> {
    let mut wrote = BTreeMap::new();
    if texts.is_empty() {
        return wrote;
    }
    let held = |unit: &Unit| -> Vec<RepoPath> {
        unit.paths.iter().map(|changed| &changed.path).filter(|path| places.hold(path)).cloned().collect()
    };
    let writing: Vec<(&str, (usize, Vec<RepoPath>))> = units
        .iter()
        .enumerate()
        .filter_map(|(at, unit)| Some((unit.commits.first()?.as_str(), (at, held(unit)))))
        .filter(|(_, (_, paths))| !paths.is_empty())
        .collect();
    let notes = repository.in_steps(&writing, |step, (_, paths)| {
        let mut of_path = |path: &RepoPath| {
            let (before, after) = (step.before(path), step.after(path));
            let text =
                |content: &Option<Content>| content.as_ref().and_then(Content::text).map(str::to_owned);
            text(&after)
                .map(|after| author::added(path, text(&before).as_deref(), &after))
                .unwrap_or_default()
        };
        let added = paths.iter().flat_map(&mut of_path).map(|note| note.text);
        added.filter(|text| texts.contains(text.as_str())).collect::<Vec<String>>()
    });
    // newest first: the last to write it into the map is the oldest
    for ((_, (at, _)), notes) in writing.iter().zip(notes) {
        wrote.extend(notes.into_iter().flatten().map(|text| (text, *at)));
    }
    wrote
}
