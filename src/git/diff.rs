//! Tree against tree: which files changed, from what to what, by how many lines.

use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::diff::tree::recorder::Change as Record;
use gix::objs::TreeRefIter;

use super::content::{self, Counts, Entry, Side};
use super::error::Error;
use super::objects::{Objects, Reader};
use super::renames::{self, Candidate, Pairs};
use crate::change::{ChangeKind, ChangeSet, Content, FileChange, RepoPath, Role};

/// Text kept of one change, for ordinary files and for structured ones each. Lines are counted beyond it; files
/// beyond it, in the order of their paths, are `TooLarge`.
const BUDGET: usize = 256 << 20;

/// How many files are read before the budget is looked at.
const BATCH: usize = 512;

/// One changed entry, before renames are known.
pub(super) struct Delta {
    path: RepoPath,
    kind: DeltaKind,
}

#[derive(Clone, Copy)]
enum DeltaKind {
    Added(Entry),
    Deleted(Entry),
    Modified(Entry, Entry),
}

/// What was read of a delta.
enum Loaded {
    Added(Side),
    Deleted(Side),
    Modified([Content; 2], Counts),
}

/// Compares two trees and reads both sides of each changed file. `role` is asked once a file, with its text now, else
/// before.
pub(super) fn changes(
    objects: &Objects,
    base: ObjectId,
    head: ObjectId,
    role: &dyn Fn(&RepoPath, Option<&str>) -> Role,
) -> Result<ChangeSet, Error> {
    let deltas = objects.with(|reader| deltas(reader, base, head))?;
    let deleted: Vec<usize> = positions(&deltas, |kind| matches!(kind, DeltaKind::Deleted(_)));
    let added: Vec<usize> = positions(&deltas, |kind| matches!(kind, DeltaKind::Added(_)));

    let mut renames = pairs(&deltas, &[], &deleted, &added, renames::equal);
    let left = |all: &[usize], taken: fn(&(usize, usize)) -> usize, pairs: &[(usize, usize)]| {
        let mut is_taken = vec![false; deltas.len()];
        pairs.iter().for_each(|pair| is_taken[taken(pair)] = true);
        all.iter().copied().filter(|at| !is_taken[*at]).collect::<Vec<_>>()
    };
    let (deleted, added) = (left(&deleted, |pair| pair.0, &renames), left(&added, |pair| pair.1, &renames));
    let search = !deleted.is_empty() && !added.is_empty();

    let mut loaded = load(objects, &deltas, search);
    if search {
        let similar = pairs(&deltas, &loaded, &deleted, &added, renames::similar);
        renames.extend(similar);
    }
    let counts = objects.each(&renames, |reader, (from, to)| match (deltas[*from].kind, deltas[*to].kind) {
        (DeltaKind::Deleted(old), DeltaKind::Added(new)) if old.id != new.id => {
            content::count_between(reader, old, new)
        }
        _ => Counts::default(),
    });

    let mut files = Vec::with_capacity(deltas.len());
    for ((from, to), counts) in renames.iter().zip(counts) {
        if let (Some(Loaded::Deleted(old)), Some(Loaded::Added(new))) =
            (loaded[*from].take(), loaded[*to].take())
        {
            let kind = ChangeKind::Renamed {
                from: deltas[*from].path.clone(),
                before: old.content,
                after: new.content,
            };
            files.push((&deltas[*to].path, kind, counts));
        }
    }
    for (delta, loaded) in deltas.iter().zip(loaded) {
        let (kind, counts) = match loaded {
            Some(Loaded::Added(side)) => {
                (ChangeKind::Added { after: side.content }, Counts { added: side.lines, removed: 0 })
            }
            Some(Loaded::Deleted(side)) => {
                (ChangeKind::Deleted { before: side.content }, Counts { added: 0, removed: side.lines })
            }
            Some(Loaded::Modified([before, after], counts)) => {
                (ChangeKind::Modified { before, after }, counts)
            }
            None => continue,
        };
        files.push((&delta.path, kind, counts));
    }
    Ok(ChangeSet::new(
        files
            .into_iter()
            .map(|(path, kind, Counts { added, removed })| {
                let mut file = FileChange { path: path.clone(), kind, role: Role::Source, added, removed };
                file.role = role(path, file.after_text().or(file.before_text()));
                file
            })
            .collect(),
    ))
}

fn positions(deltas: &[Delta], is: impl Fn(DeltaKind) -> bool) -> Vec<usize> {
    (0..deltas.len()).filter(|at| is(deltas[*at].kind)).collect()
}

/// Asks `find` for renames between the given deltas; answers with positions among all deltas.
fn pairs(
    deltas: &[Delta],
    loaded: &[Option<Loaded>],
    deleted: &[usize],
    added: &[usize],
    find: fn(&[Candidate<'_>], &[Candidate<'_>]) -> Pairs,
) -> Pairs {
    let candidates = |some: &[usize]| -> Vec<Candidate<'_>> {
        some.iter()
            .filter_map(|at| match deltas[*at].kind {
                DeltaKind::Added(entry) | DeltaKind::Deleted(entry) => Some(Candidate {
                    path: deltas[*at].path.as_str(),
                    id: entry.id,
                    regular: entry.is_regular(),
                    print: match loaded.get(*at) {
                        Some(Some(Loaded::Added(side) | Loaded::Deleted(side))) => side.print.as_ref(),
                        _ => None,
                    },
                }),
                DeltaKind::Modified(..) => None,
            })
            .collect()
    };
    find(&candidates(deleted), &candidates(added))
        .into_iter()
        .map(|(from, to)| (deleted[from], added[to]))
        .collect()
}

/// Reads every delta on all cores, keeping text within the budget.
fn load(objects: &Objects, deltas: &[Delta], fingerprints: bool) -> Vec<Option<Loaded>> {
    let mut budget = Budget { ordinary: BUDGET, structured: BUDGET };
    let mut all = Vec::with_capacity(deltas.len());
    for batch in deltas.chunks(BATCH) {
        let loaded = objects.each(batch, |reader, delta| match delta.kind {
            DeltaKind::Added(entry) => Loaded::Added(content::read(reader, &delta.path, entry, fingerprints)),
            DeltaKind::Deleted(entry) => {
                Loaded::Deleted(content::read(reader, &delta.path, entry, fingerprints))
            }
            DeltaKind::Modified(old, new) => {
                let (contents, counts) = content::read_both(reader, &delta.path, [old, new]);
                Loaded::Modified(contents, counts)
            }
        });
        for (delta, mut loaded) in batch.iter().zip(loaded) {
            match &mut loaded {
                Loaded::Added(side) | Loaded::Deleted(side) => budget.keep(&delta.path, &mut side.content),
                Loaded::Modified(sides, _) => {
                    sides.iter_mut().for_each(|side| budget.keep(&delta.path, side))
                }
            }
            all.push(Some(loaded));
        }
    }
    all
}

struct Budget {
    ordinary: usize,
    structured: usize,
}

impl Budget {
    fn keep(&mut self, path: &RepoPath, content: &mut Content) {
        let Some(bytes) = content.text().map(str::len) else { return };
        let left = match content::is_structured(path) {
            true => &mut self.structured,
            false => &mut self.ordinary,
        };
        match left.checked_sub(bytes) {
            Some(rest) => *left = rest,
            None => *content = Content::TooLarge { bytes: bytes as u64 },
        }
    }
}

/// The entries that differ between two trees, sorted by path.
fn deltas(reader: &mut Reader, base: ObjectId, head: ObjectId) -> Result<Vec<Delta>, Error> {
    let missing = |id: ObjectId| Error::MissingObject { what: "tree", id: id.to_hex().to_string() };
    let read = |reader: &mut Reader, id: ObjectId| -> Result<Vec<u8>, Error> {
        reader.tree_bytes(id).map(<[u8]>::to_vec).ok_or_else(|| missing(id))
    };
    let (old, new) = (read(reader, base)?, read(reader, head)?);
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
    let entry =
        |mode: gix::objs::tree::EntryMode, id| (!mode.is_tree()).then(|| Entry { id, kind: mode.kind() });
    let mut deltas: Vec<Delta> = recorder
        .records
        .into_iter()
        .filter_map(|record| {
            let (path, kind) = match record {
                Record::Addition { entry_mode, oid, path, .. } => {
                    (path, DeltaKind::Added(entry(entry_mode, oid)?))
                }
                Record::Deletion { entry_mode, oid, path, .. } => {
                    (path, DeltaKind::Deleted(entry(entry_mode, oid)?))
                }
                Record::Modification { previous_entry_mode, previous_oid, entry_mode, oid, path } => (
                    path,
                    DeltaKind::Modified(entry(previous_entry_mode, previous_oid)?, entry(entry_mode, oid)?),
                ),
            };
            Some(Delta { path: RepoPath::new(path.to_str_lossy()), kind })
        })
        .collect();
    deltas.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(deltas)
}
