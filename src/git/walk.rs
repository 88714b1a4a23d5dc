//! The commits between two states with their parents, and the names of what each changed.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::ops::ControlFlow;

use gix::ObjectId;
use gix::bstr::{BStr, BString, ByteSlice, ByteVec};
use gix::diff::tree::visit::{Action, Change};
use gix::objs::{CommitRef, CommitRefIter, Kind, TreeRefIter};
use gix::revision::walk::Sorting;
use gix::traverse::commit::simple::CommitTimeOrder;

use super::commits::{Mailmap, decode};
use super::objects::Reader;
use super::{Error, Range, Repository};
use crate::change::{Commit, RepoPath};

/// A commit of a range, and where it stands among the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walked {
    /// Who wrote what when.
    pub commit: Commit,
    /// Its parents, in hex, the first one first; they need not be of the range.
    pub parents: Vec<String>,
}

/// What happened to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PathChange {
    /// It is new.
    Added,
    /// It is gone.
    Deleted,
    /// It holds something else.
    Modified,
}

/// One path that a commit changed; a rename is one path gone and one new.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChangedPath {
    /// Where.
    pub path: RepoPath,
    /// What happened.
    pub change: PathChange,
}

impl Repository {
    /// The commits of the range, newest first, with their parents.
    pub fn walk(&self, range: &Range) -> Result<Vec<Walked>, Error> {
        self.walk_from(&[range.head], &range.not_in, range.head)
    }

    /// The commits that the given ones, in hex, can reach and the range's base cannot: what other branches hold beside
    /// it. Newest first, at most `most`.
    pub fn walk_beside(&self, range: &Range, tips: &[&str], most: usize) -> Result<Vec<Walked>, Error> {
        let tips: Vec<ObjectId> =
            tips.iter().filter_map(|tip| ObjectId::from_hex(tip.as_bytes()).ok()).collect();
        let mut walked = self.walk_from(&tips, &range.not_in, range.head)?;
        walked.truncate(most);
        Ok(walked)
    }

    fn walk_from(
        &self,
        tips: &[ObjectId],
        not_in: &[ObjectId],
        names: ObjectId,
    ) -> Result<Vec<Walked>, Error> {
        let read = |source| Error::Read { what: "the history", source: Box::new(source) };
        let (mailmap, _) = Mailmap::of(self, self.tree_of(Some(names))?);
        let walk = self
            .repo
            .rev_walk(tips.iter().copied())
            .with_hidden(not_in.iter().copied())
            .sorting(Sorting::ByCommitTime(CommitTimeOrder::NewestFirst))
            .all()
            .map_err(read)?;
        let ids: Vec<ObjectId> =
            walk.map(|info| info.map(|info| info.id)).collect::<Result<_, _>>().map_err(read)?;
        let walked = self.objects.each(&ids, |reader, id| {
            let commit = CommitRef::from_bytes(reader.find(*id, Kind::Commit)?, id.kind()).ok()?;
            let parents = commit.parents().map(|parent| parent.to_hex().to_string()).collect();
            Some(Walked { commit: decode(*id, &commit, &mailmap), parents })
        });
        Ok(walked.into_iter().flatten().collect())
    }

    /// What each commit changed against its first parent, sorted by path; names only, no file is read. `None` where
    /// this copy does not hold the commit, its parent or one of their folders.
    pub fn changed_paths(&self, commits: &[&str]) -> Vec<Option<Vec<ChangedPath>>> {
        self.objects.each(commits, |reader, commit| {
            let (before, after) = trees(reader, ObjectId::from_hex(commit.as_bytes()).ok()?)?;
            changed(reader, before, after)
        })
    }

    /// Which of the names wrote no commit before the range, through the head's `.mailmap`. Looks back only as far as
    /// one of them is still missing.
    pub fn newcomers(&self, range: &Range, names: &BTreeSet<&str>) -> Result<BTreeSet<String>, Error> {
        let mut missing: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let (mailmap, _) = Mailmap::of(self, self.tree_of(Some(range.head))?);
        let mut next: VecDeque<ObjectId> = range.base.into_iter().collect();
        let mut seen: HashSet<ObjectId> = next.iter().copied().collect();
        while let Some(id) = next.pop_front().filter(|_| !missing.is_empty()) {
            self.objects.with(|reader| {
                let Some(bytes) = reader.find(id, Kind::Commit) else { return };
                let Ok(commit) = CommitRef::from_bytes(bytes, id.kind()) else { return };
                if let Ok(author) = commit.author() {
                    missing.remove(&mailmap.person(author).name);
                }
                next.extend(commit.parents().filter(|parent| seen.insert(*parent)));
            });
        }
        Ok(missing)
    }
}

/// The trees of a commit and of its first parent; of nothing where it has none.
pub(super) fn trees(reader: &mut Reader, id: ObjectId) -> Option<(ObjectId, ObjectId)> {
    let bytes = reader.find(id, Kind::Commit)?;
    let commit = || CommitRefIter::from_bytes(bytes, id.kind());
    let (after, parent) = (commit().tree_id().ok()?, commit().parent_ids().next());
    let before = match parent {
        Some(parent) => {
            CommitRefIter::from_bytes(reader.find(parent, Kind::Commit)?, id.kind()).tree_id().ok()?
        }
        None => ObjectId::empty_tree(id.kind()),
    };
    Some((before, after))
}

/// The paths that differ between two trees, sorted; `None` where a folder is missing.
fn changed(reader: &mut Reader, before: ObjectId, after: ObjectId) -> Option<Vec<ChangedPath>> {
    let (files, is_whole) = differing(reader, before, after);
    is_whole.then_some(files)
}

/// The paths that differ between two trees, sorted, as far as this copy holds their folders, and whether it holds all.
pub(super) fn differing(reader: &mut Reader, before: ObjectId, after: ObjectId) -> (Vec<ChangedPath>, bool) {
    let mut names = Names::default();
    if before == after {
        return (names.files, true);
    }
    let mut root = |id| reader.tree_bytes(id).map(<[u8]>::to_vec);
    let (Some(old), Some(new)) = (root(before), root(after)) else { return (names.files, false) };
    let (old, new) =
        (TreeRefIter::from_bytes(&old, before.kind()), TreeRefIter::from_bytes(&new, after.kind()));
    let done = gix::diff::tree(old, new, gix::diff::tree::State::default(), &reader.odb, &mut names);
    names.files.sort_unstable();
    (names.files, done.is_ok())
}

/// Collects the names of files and what happened to them, and nothing else.
#[derive(Default)]
struct Names {
    path: BString,
    folders: VecDeque<BString>,
    files: Vec<ChangedPath>,
}

impl Names {
    fn push(&mut self, component: &BStr) {
        if !self.path.is_empty() {
            self.path.push(b'/');
        }
        self.path.push_str(component);
    }

    fn pop(&mut self) {
        let end = self.path.rfind_byte(b'/').unwrap_or(0);
        self.path.truncate(end);
    }
}

impl gix::diff::tree::Visit for Names {
    fn pop_front_tracked_path_and_set_current(&mut self) {
        self.path = self.folders.pop_front().unwrap_or_default();
    }

    fn push_back_tracked_path_component(&mut self, component: &BStr) {
        self.push(component);
        self.folders.push_back(self.path.clone());
    }

    fn push_path_component(&mut self, component: &BStr) {
        self.push(component);
    }

    fn pop_path_component(&mut self) {
        self.pop();
    }

    fn visit(&mut self, change: Change) -> Action {
        if change.entry_mode().is_no_tree() {
            let kind = match change {
                Change::Addition { .. } => PathChange::Added,
                Change::Deletion { .. } => PathChange::Deleted,
                Change::Modification { .. } => PathChange::Modified,
            };
            self.files.push(ChangedPath { path: RepoPath::new(self.path.to_str_lossy()), change: kind });
        }
        ControlFlow::Continue(())
    }
}
