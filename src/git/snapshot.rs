//! The tree of one commit: which files it has and what they hold, read when asked.

use std::sync::{Arc, OnceLock};

use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::objs::tree::EntryKind;

use super::content::{self, Entry};
use super::objects::{Objects, Reader};
use super::past;
use crate::change::{Content, RepoPath, Snapshot};

/// A [`Snapshot`] in git. Reading is possible from several threads.
pub struct TreeSnapshot {
    objects: Arc<Objects>,
    commit: Option<ObjectId>,
    root: ObjectId,
    files: OnceLock<Files>,
}

#[derive(Default)]
struct Files {
    paths: Vec<RepoPath>,
    entries: Vec<Entry>,
}

impl TreeSnapshot {
    pub(super) fn new(objects: Arc<Objects>, commit: Option<ObjectId>, root: ObjectId) -> Self {
        Self { objects, commit, root, files: OnceLock::new() }
    }

    fn files(&self) -> &Files {
        self.files.get_or_init(|| {
            let mut files = self.objects.with(|reader| list(reader, self.root));
            files.sort_unstable_by(|a, b| a.0.cmp(&b.0));
            let (paths, entries) = files.into_iter().unzip();
            Files { paths, entries }
        })
    }

    /// Every file but submodules, with the id of what it holds.
    pub(super) fn blobs(&self) -> impl Iterator<Item = (&RepoPath, ObjectId)> {
        let Files { paths, entries } = self.files();
        let blobs = paths.iter().zip(entries).filter(|(_, entry)| entry.kind != EntryKind::Commit);
        blobs.map(|(path, entry)| (path, entry.id))
    }

    fn entry(&self, path: &RepoPath) -> Option<Entry> {
        // a path that git does not hold in UTF-8 is only found by its name in the list
        if self.files.get().is_some() || path.as_str().contains(char::REPLACEMENT_CHARACTER) {
            let files = self.files();
            return files.paths.binary_search(path).ok().map(|at| files.entries[at]);
        }
        self.objects.with(|reader| look_up(reader, self.root, path.as_str()))
    }
}

impl Snapshot for TreeSnapshot {
    fn paths(&self) -> &[RepoPath] {
        &self.files().paths
    }

    fn read(&self, path: &RepoPath) -> Option<Content> {
        let entry = self.entry(path)?;
        Some(self.objects.with(|reader| content::read_content(reader, path, entry)))
    }

    fn has(&self, path: &RepoPath) -> bool {
        self.entry(path).is_some()
    }

    fn first_seen(&self, path: &RepoPath, texts: &[&str]) -> Vec<Option<String>> {
        match self.commit {
            Some(commit) => past::first_seen(&self.objects, commit, path, texts),
            None => vec![None; texts.len()],
        }
    }
}

/// All files below a tree; a folder that this copy lacks counts as empty.
fn list(reader: &mut Reader, root: ObjectId) -> Vec<(RepoPath, Entry)> {
    let mut files = Vec::new();
    let mut folders = vec![(String::new(), root)];
    while let Some((folder, id)) = folders.pop() {
        for entry in reader.tree(id).into_iter().flatten().flatten() {
            let path = format!("{folder}{}", entry.filename.to_str_lossy());
            match entry.mode.is_tree() {
                true => folders.push((path + "/", entry.oid.to_owned())),
                false => files
                    .push((RepoPath::new(path), Entry { id: entry.oid.to_owned(), kind: entry.mode.kind() })),
            }
        }
    }
    files
}

/// One file of a tree.
pub(super) fn look_up(reader: &mut Reader, root: ObjectId, path: &str) -> Option<Entry> {
    let mut parts = path.split('/').peekable();
    let mut tree = root;
    while let Some(name) = parts.next() {
        let is_last = parts.peek().is_none();
        let entry = reader
            .tree(tree)?
            .flatten()
            .find(|entry| entry.filename == name.as_bytes() && entry.mode.is_tree() != is_last)?;
        match is_last {
            true => return Some(Entry { id: entry.oid.to_owned(), kind: entry.mode.kind() }),
            false => tree = entry.oid.to_owned(),
        }
    }
    None
}
