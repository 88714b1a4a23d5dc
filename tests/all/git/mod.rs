//! What plainly reads of a repository, against the real git.

mod changes;
mod fetch;
mod past;
mod pushes;
mod ranges;

use std::path::Path;

use plainly::change::{ChangeSet, FileChange, Role};
use plainly::git::{Range, Repository};

use crate::repo::TestRepo;

fn open(dir: &Path) -> Repository {
    Repository::open(Some(dir)).expect("a repository")
}

fn changes(repo: &TestRepo, from: &str, to: &str) -> ChangeSet {
    let repository = open(repo.dir());
    let range = repository.between(from, to).expect("a range");
    repository.changes(&range, &|_, _| Role::Source).expect("changes")
}

fn one(changes: &ChangeSet, path: &str) -> FileChange {
    changes.files().iter().find(|file| file.path.as_str() == path).expect(path).clone()
}

/// `main` with two commits, `feature` from the first with one more.
fn forked() -> (TestRepo, [String; 3]) {
    let repo = TestRepo::new();
    let start = repo.write("a", "1\n").commit("start");
    repo.git(&["branch", "feature"]);
    let main = repo.write("b", "1\n").commit("on main");
    repo.git(&["checkout", "--quiet", "feature"]);
    let feature = repo.write("c", "1\n").commit("on feature");
    (repo, [start, main, feature])
}

fn ends(range: &Range) -> (String, String) {
    (range.base(), range.head())
}
