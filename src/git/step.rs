//! What single files held before and after each of many commits, read on all cores.

use gix::ObjectId;

use super::Repository;
use super::content;
use super::objects::Reader;
use super::snapshot::look_up;
use super::walk::trees;
use crate::change::{Content, RepoPath};

/// A commit beside its first parent.
pub struct Step<'r> {
    reader: &'r mut Reader,
    before: ObjectId,
    after: ObjectId,
}

impl Step<'_> {
    /// The text of a file before the commit; `None` where it has none.
    pub fn before(&mut self, path: &RepoPath) -> Option<Content> {
        self.read(self.before, path)
    }

    /// The text of a file after it.
    pub fn after(&mut self, path: &RepoPath) -> Option<Content> {
        self.read(self.after, path)
    }

    fn read(&mut self, tree: ObjectId, path: &RepoPath) -> Option<Content> {
        let entry = look_up(self.reader, tree, path.as_str())?;
        Some(content::read_content(self.reader, path, entry))
    }
}

impl Repository {
    /// Does `work` for each item and the commit, in hex, that stands beside it; `None` where this copy does not hold the
    /// commit or its parent. Results come in the order of the items.
    pub fn in_steps<T: Sync, R: Send>(
        &self,
        items: &[(&str, T)],
        work: impl Fn(&mut Step<'_>, &T) -> R + Sync,
    ) -> Vec<Option<R>> {
        self.objects.each(items, |reader, (commit, item)| {
            let (before, after) = trees(reader, ObjectId::from_hex(commit.as_bytes()).ok()?)?;
            Some(work(&mut Step { reader, before, after }, item))
        })
    }
}
