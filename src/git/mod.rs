//! Everything that comes out of a git repository. The only user of gix.
//!
//! User and system configuration are not read, `diff.*` and `.gitattributes` do not change what counts as a line or a
//! rename: the same range is the same value on every machine.

mod commits;
mod content;
mod diff;
mod error;
pub mod fetch;
mod objects;
mod past;
mod patch_id;
pub mod push;
mod range;
mod refs;
mod renames;
mod snapshot;
mod step;
mod walk;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gix::ObjectId;
use gix::objs::{CommitRef, Kind};

pub use content::count_lines;
pub use error::Error;
pub use past::day;
pub use range::{Range, Taken};
pub use refs::Tag;
pub use snapshot::TreeSnapshot;
pub use step::Step;
pub use walk::{ChangedPath, PathChange, Walked};

use crate::change::{ChangeSet, Commit, RepoPath, Role, Words};
use objects::Objects;
use past::Past;

/// Bytes of delta bases that each thread keeps.
const PACK_CACHE: usize = 8 << 20;

/// An open repository.
pub struct Repository {
    repo: gix::Repository,
    objects: Arc<Objects>,
    past: RefCell<Past>,
}

/// Says what a file is for, by its path and its text.
pub type RoleOf<'a> = &'a dyn Fn(&RepoPath, Option<&str>) -> Role;

impl Repository {
    /// Opens the repository that holds `dir`: a work tree, a folder in one, or a bare repository. Without a directory
    /// it is the one of `GIT_DIR`, as in a hook, else of the current directory.
    pub fn open(dir: Option<&Path>) -> Result<Self, Error> {
        let from_git = || std::env::var_os("GIT_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from);
        let repo = match dir.map_or_else(from_git, |_| None) {
            Some(git_dir) => gix::ThreadSafeRepository::open_opts(&git_dir, options())
                .map_err(|source| Error::Open { dir: git_dir, source: Box::new(source) })?,
            None => discover(dir.unwrap_or(Path::new(".")))?,
        };
        let mut repo = repo.to_thread_local();
        repo.objects
            .set_pack_cache(|| Box::new(gix::odb::pack::cache::lru::MemoryCappedHashmap::new(PACK_CACHE)));
        // nobody packs objects while we read, and each missing one would cost a look through all folders
        repo.objects.refresh_never();
        let objects = Arc::new(Objects::new(repo.objects.clone(), repo.object_hash()));
        repo.object_cache_size_if_unset(PACK_CACHE);
        Ok(Self { repo, objects, past: RefCell::default() })
    }

    /// The folder that holds the checked-out files; `None` in a bare repository.
    pub fn work_tree(&self) -> Option<&Path> {
        self.repo.workdir()
    }

    /// The folder that all work trees of this repository share.
    pub fn common_dir(&self) -> &Path {
        self.repo.common_dir()
    }

    /// What changed between the range's ends, sorted by path. `role` is asked once for each file.
    pub fn changes(&self, range: &Range, role: RoleOf<'_>) -> Result<ChangeSet, Error> {
        diff::changes(&self.objects, self.tree_of(range.base)?, self.tree_of(Some(range.head))?, role)
    }

    /// The tree at the base.
    pub fn before(&self, range: &Range) -> Result<TreeSnapshot, Error> {
        self.snapshot(range.base)
    }

    /// The tree at the head.
    pub fn after(&self, range: &Range) -> Result<TreeSnapshot, Error> {
        self.snapshot(Some(range.head))
    }

    fn snapshot(&self, commit: Option<ObjectId>) -> Result<TreeSnapshot, Error> {
        Ok(TreeSnapshot::new(Arc::clone(&self.objects), commit, self.tree_of(commit)?))
    }

    /// The commits of the range, newest first, authors through the head's `.mailmap`.
    pub fn commits(&self, range: &Range) -> Result<Vec<Commit>, Error> {
        commits::of_range(self, range)
    }

    /// What people wrote, as far as git knows: the commits, and the subject of the newest that is no merge as title.
    pub fn words(&self, range: &Range) -> Result<Words, Error> {
        let commits = self.commits(range)?;
        let title = commits.iter().find(|commit| !commit.is_merge).map(|commit| commit.subject.clone());
        Ok(Words { title, commits, ..Words::default() })
    }

    fn tree_of(&self, commit: Option<ObjectId>) -> Result<ObjectId, Error> {
        let Some(id) = commit else { return Ok(ObjectId::empty_tree(self.objects.hash())) };
        self.read_commit(id, |commit| commit.tree())
    }

    fn read_commit<R>(&self, id: ObjectId, then: impl FnOnce(CommitRef<'_>) -> R) -> Result<R, Error> {
        self.objects
            .with(|reader| CommitRef::from_bytes(reader.find(id, Kind::Commit)?, id.kind()).ok().map(then))
            .ok_or_else(|| Error::MissingObject { what: "commit", id: id.to_hex().to_string() })
    }
}

/// Nothing but the repository's own configuration; objects that the environment lends, as during a push, are used.
/// A folder of another owner is read like any other, as in a container: nothing is ever executed from it.
fn options() -> gix::open::Options {
    let mut permissions = gix::open::Permissions::isolated();
    permissions.env.objects = gix::sec::Permission::Allow;
    gix::open::Options::default().permissions(permissions).filter_config_section(|_| true)
}

fn discover(dir: &Path) -> Result<gix::ThreadSafeRepository, Error> {
    let trust = gix::sec::trust::Mapping { full: options(), reduced: options() };
    gix::ThreadSafeRepository::discover_opts(dir, Default::default(), trust).map_err(|source| {
        match gix::discover::upwards(dir) {
            Ok(_) => Error::Open { dir: dir.to_owned(), source: Box::new(source) },
            Err(_) => Error::NoRepository { dir: dir.to_owned() },
        }
    })
}
