//! Tree against tree: which files changed, from what to what, by how many lines.

use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::diff::tree::recorder::Change as Record;
use gix::objs::TreeRefIter;
use gix::objs::tree::EntryMode;

use super::content::{self, Counts, Entry, Side};
use super::error::Error;
use super::objects::{Objects, Reader};
use super::renames::{self, Candidate};
use crate::change::{ChangeKind, ChangeSet, Content, FileChange, RepoPath, Role};

/// Text kept of one change, for ordinary files and for structured ones each. Lines are counted beyond it, and files
/// beyond it are `TooLarge`: first those that are gone, then new ones, then changed ones, the last paths first.
const BUDGET: usize = 256 << 20;

/// How many files are read before the budget is looked at.
const BATCH: usize = 512;

/// What differs between two trees; each list is sorted by path.
#[derive(Default)]
struct Difference {
    modified: Vec<(RepoPath, [Entry; 2])>,
    added: Vec<(RepoPath, Entry)>,
    deleted: Vec<(RepoPath, Entry)>,
}

/// Compares two trees and reads both sides of each changed file. `role` is asked once a file, with its text now, else
/// before.
pub(super) fn changes(
    objects: &Objects,
    base: ObjectId,
    head: ObjectId,
    role: &dyn Fn(&RepoPath, Option<&str>) -> Role,
) -> Result<ChangeSet, Error> {
    let Difference { modified, added, deleted } = objects.with(|reader| compare(reader, base, head))?;
    let mut pairs = renames::equal(&deleted, &added);
    let search = pairs.len() < deleted.len().min(added.len());

    let mut budget = Budget { ordinary: BUDGET, structured: BUDGET };
    let mut files = Vec::with_capacity(modified.len() + added.len() + deleted.len());
    for batch in modified.chunks(BATCH) {
        let read = objects.each(batch, |reader, (path, entries)| content::read_both(reader, path, *entries));
        for ((path, _), ([before, after], counts)) in batch.iter().zip(read) {
            let (after, before) = (budget.keep(path, after), budget.keep(path, before));
            files.push((path.clone(), ChangeKind::Modified { before, after }, counts));
        }
    }
    let mut new = read_all(objects, &added, search, &mut budget);
    let mut old = read_all(objects, &deleted, search, &mut budget);

    if search {
        renames::similar(&candidates(&deleted, &old), &candidates(&added, &new), &mut pairs);
    }
    let counts = objects
        .each(&pairs, |reader, (from, to)| content::count_between(reader, deleted[*from].1, added[*to].1));
    for ((from, to), counts) in pairs.into_iter().zip(counts) {
        if let (Some(before), Some(after)) = (old[from].take(), new[to].take()) {
            let kind = ChangeKind::Renamed {
                from: deleted[from].0.clone(),
                before: before.content,
                after: after.content,
            };
            files.push((added[to].0.clone(), kind, counts));
        }
    }
    for ((path, _), side) in added.into_iter().zip(new) {
        let Some(side) = side else { continue };
        let counts = Counts { added: side.lines, removed: 0 };
        files.push((path, ChangeKind::Added { after: side.content }, counts));
    }
    for ((path, _), side) in deleted.into_iter().zip(old) {
        let Some(side) = side else { continue };
        let counts = Counts { added: 0, removed: side.lines };
        files.push((path, ChangeKind::Deleted { before: side.content }, counts));
    }

    let files = files.into_iter().map(|(path, kind, Counts { added, removed })| {
        let mut file = FileChange { path, kind, role: Role::Source, added, removed };
        file.role = role(&file.path, file.after_text().or(file.before_text()));
        file
    });
    Ok(ChangeSet::new(files.collect()))
}

/// Reads files that have one side only.
fn read_all(
    objects: &Objects,
    files: &[(RepoPath, Entry)],
    fingerprints: bool,
    budget: &mut Budget,
) -> Vec<Option<Side>> {
    let mut sides = Vec::with_capacity(files.len());
    for batch in files.chunks(BATCH) {
        let read =
            objects.each(batch, |reader, (path, entry)| content::read(reader, path, *entry, fingerprints));
        sides.extend(batch.iter().zip(read).map(|((path, _), mut side)| {
            side.content = budget.keep(path, side.content);
            Some(side)
        }));
    }
    sides
}

fn candidates<'a>(files: &'a [(RepoPath, Entry)], sides: &'a [Option<Side>]) -> Vec<Candidate<'a>> {
    let print = |side: &'a Option<Side>| side.as_ref().and_then(|side| side.print.as_ref());
    files.iter().zip(sides).map(|((path, _), side)| Candidate { path, print: print(side) }).collect()
}

/// How much more text may be kept.
struct Budget {
    ordinary: usize,
    structured: usize,
}

impl Budget {
    fn keep(&mut self, path: &RepoPath, content: Content) -> Content {
        let Some(bytes) = content.text().map(str::len) else { return content };
        let left = match content::is_structured(path) {
            true => &mut self.structured,
            false => &mut self.ordinary,
        };
        match left.checked_sub(bytes) {
            Some(rest) => {
                *left = rest;
                content
            }
            None => Content::TooLarge { bytes: bytes as u64 },
        }
    }
}

/// The entries that differ between two trees.
fn compare(reader: &mut Reader, base: ObjectId, head: ObjectId) -> Result<Difference, Error> {
    let missing = |id: ObjectId| Error::MissingObject { what: "tree", id: id.to_hex().to_string() };
    let mut root = |id| reader.tree_bytes(id).map(<[u8]>::to_vec).ok_or_else(|| missing(id));
    let (old, new) = (root(base)?, root(head)?);
    let mut recorder = gix::diff::tree::Recorder::default();
    gix::diff::tree(
        TreeRefIter::from_bytes(&old, base.kind()),
        TreeRefIter::from_bytes(&new, head.kind()),
        gix::diff::tree::State::default(),
        &reader.odb,
        &mut recorder,
    )
    .map_err(|error| match error {
        gix::diff::tree::Error::Failure(source) if !source.is_not_found() => {
            Error::Read { what: "a tree", source: Box::new(source) }
        }
        _ => missing(head),
    })?;

    let mut difference = Difference::default();
    let entry = |mode: EntryMode, id| Entry { id, kind: mode.kind() };
    for record in recorder.records {
        match record {
            Record::Addition { entry_mode: mode, oid, path, .. } if mode.is_no_tree() => {
                difference.added.push((RepoPath::new(path.to_str_lossy()), entry(mode, oid)));
            }
            Record::Deletion { entry_mode: mode, oid, path, .. } if mode.is_no_tree() => {
                difference.deleted.push((RepoPath::new(path.to_str_lossy()), entry(mode, oid)));
            }
            Record::Modification { previous_entry_mode, previous_oid, entry_mode: mode, oid, path }
                if mode.is_no_tree() =>
            {
                let entries = [entry(previous_entry_mode, previous_oid), entry(mode, oid)];
                difference.modified.push((RepoPath::new(path.to_str_lossy()), entries));
            }
            _ => {}
        }
    }
    difference.added.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    difference.deleted.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    difference.modified.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    Ok(difference)
}
