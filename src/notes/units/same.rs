//! Which changes are one and the same, made on several lines.

use std::collections::HashMap;

use super::Unit;
use super::words;
use crate::git::{ChangedPath, Repository};

/// A change that may be a copy of another: what tells copies.
pub(super) struct Copy<'a> {
    /// The first commit, in hex.
    pub(super) id: &'a str,
    pub(super) subject: &'a str,
    pub(super) body: &'a str,
    pub(super) pulls: &'a [u64],
    pub(super) paths: Option<&'a [ChangedPath]>,
    /// Copies that only look alike count across lines: on one line nothing can happen twice.
    pub(super) line: u32,
}

impl<'a> Copy<'a> {
    pub(super) fn of(unit: &'a Unit, line: u32) -> Self {
        Self {
            id: unit.commits.first().map_or("", String::as_str),
            subject: &unit.subject,
            body: &unit.body,
            pulls: &unit.pulls,
            paths: (!unit.unread).then_some(&unit.paths),
            line,
        }
    }
}

/// For each copy the first one, by place, that it is the same change as; itself where there is none. Keys, strongest
/// first: a pull request in common, "cherry picked from", the same words on mostly the same paths, the same patch.
pub(super) fn firsts(repository: &Repository, copies: &[Copy<'_>]) -> Vec<usize> {
    let mut groups = Groups::new(copies.len());
    let mut by_pull: HashMap<u64, usize> = HashMap::new();
    for (at, copy) in copies.iter().enumerate() {
        for pull in copy.pulls {
            groups.join(*by_pull.entry(*pull).or_insert(at), at);
        }
    }
    let mut ids: Vec<(&str, usize)> = copies.iter().enumerate().map(|(at, copy)| (copy.id, at)).collect();
    ids.sort_unstable();
    for (at, copy) in copies.iter().enumerate() {
        let picked = words::picked_from(copy.body).and_then(|hash| starting_with(&ids, hash));
        groups.join(picked.unwrap_or(at), at);
    }

    let mut by_paths: HashMap<&[ChangedPath], Vec<usize>> = HashMap::new();
    for (at, copy) in copies.iter().enumerate() {
        if let Some(paths) = copy.paths.filter(|paths| !paths.is_empty()) {
            by_paths.entry(paths).or_default().push(at);
        }
    }
    let mut alike: Vec<Vec<usize>> = by_paths.into_values().filter(|places| places.len() > 1).collect();
    alike.sort_unstable();
    let mut to_read = Vec::new();
    let mut by_words: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, copy) in copies.iter().enumerate() {
        let normal = words::normal(copy.subject);
        if normal.is_empty() {
            continue;
        }
        let known = by_words.entry(normal).or_default();
        if let Some(other) = known.iter().find(|other| overlap(copies[**other].paths, copy.paths)) {
            groups.join_across(*other, at, copies);
        }
        if known.len() < MOST_ALIKE {
            known.push(at);
        }
    }
    for places in &alike {
        let lone = |at: &&usize| {
            places.iter().any(|other| {
                copies[*other].line != copies[**at].line && groups.root(*other) != groups.root(**at)
            })
        };
        // a handful of paths that everybody touches would cost a comparison each
        if places.len() <= MOST_ALIKE {
            to_read.extend(places.iter().filter(lone).copied());
        }
    }
    let read: Vec<&str> = to_read.iter().map(|at| copies[*at].id).collect();
    let mut by_patch: HashMap<u128, usize> = HashMap::new();
    for (at, patch) in to_read.into_iter().zip(repository.patch_ids(&read)) {
        if let Some(patch) = patch {
            groups.join_across(*by_patch.entry(patch).or_insert(at), at, copies);
        }
    }
    (0..copies.len()).map(|at| groups.root(at)).collect()
}

/// Whether two changes touch mostly the same paths: a port leaves out a changelog, or adds what the other line needs.
fn overlap(one: Option<&[ChangedPath]>, other: Option<&[ChangedPath]>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return false };
    let (few, many) = if one.len() < other.len() { (one, other) } else { (other, one) };
    let common =
        few.iter().filter(|file| many.binary_search_by(|other| other.path.cmp(&file.path)).is_ok()).count();
    common > 0 && common * 2 >= many.len()
}

/// Changes of the same paths that are compared line by line, and changes of the same words that are compared by paths.
const MOST_ALIKE: usize = 40;

/// The place of the only id that begins with these digits.
pub(super) fn starting_with(sorted: &[(&str, usize)], digits: &str) -> Option<usize> {
    let from = sorted.partition_point(|(id, _)| *id < digits);
    let mut matching = sorted[from..].iter().take_while(|(id, _)| id.starts_with(digits));
    let (_, at) = matching.next()?;
    matching.next().is_none().then_some(*at)
}

/// Groups of the same, each known by its first member.
struct Groups(Vec<usize>);

impl Groups {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn root(&self, mut at: usize) -> usize {
        while self.0[at] != at {
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.0[one.max(other)] = one.min(other);
    }

    fn join_across(&mut self, one: usize, other: usize, copies: &[Copy<'_>]) {
        if copies[one].line != copies[other].line {
            self.join(one, other);
        }
    }
}
