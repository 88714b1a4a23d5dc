//! Which two states are compared, and in which kinds of repositories.

use std::path::Path;

use plainly::change::Role;
use plainly::git::{Error, Repository, Taken};

use super::{ends, forked, open};
use crate::repo::TestRepo;

#[test]
fn a_range_is_read_as_a_pull_request() {
    let (repo, [start, main, feature]) = forked();
    let repository = open(repo.dir());
    for name in ["main..feature", "main...feature", "main", "main..", "main...HEAD"] {
        let range = repository.range(Some(name)).expect(name);
        assert_eq!(ends(&range), (start.clone(), feature.clone()), "{name}");
        assert_eq!(range.taken, Taken::Named);
        let subjects: Vec<_> =
            repository.commits(&range).expect(name).into_iter().map(|c| c.subject).collect();
        assert_eq!(subjects, ["on feature"]);
    }
    assert_eq!(ends(&repository.range(Some("..main")).expect("range")), (start.clone(), main.clone()));
    assert_eq!(ends(&repository.between("main", "feature").expect("range")), (main.clone(), feature.clone()));

    let empty = repository.range(Some("HEAD..HEAD")).expect("range");
    assert!(empty.is_empty());
    assert!(repository.changes(&empty, &|_, _| Role::Source).expect("none").files().is_empty());
    assert_eq!(repository.words(&empty).expect("none").commits, []);

    let last: Vec<_> = repository.last_changes(5).expect("changes").iter().map(ends).collect();
    assert_eq!(last, [(start.clone(), feature), (repository.change(&start).expect("root").base(), start)]);
}

#[test]
fn without_a_range_it_is_what_a_push_would_send() {
    let (origin, [start, main, feature]) = forked();
    let clone = TestRepo::clone_of(&origin, &["--branch=main"]);
    let unpushed = || open(clone.dir()).range(None).expect("range");

    // a fresh clone: nothing to send
    assert_eq!((ends(&unpushed()), unpushed().taken), ((start.clone(), main.clone()), Taken::LastCommit));

    let ahead = clone.write("d", "1\n").commit("ahead");
    let upstream = Taken::Upstream { branch: "origin/main".into() };
    assert_eq!((ends(&unpushed()), unpushed().taken), ((main.clone(), ahead), upstream));

    clone.git(&["checkout", "--quiet", "-b", "new", "--no-track", "origin/feature"]);
    let new = clone.write("e", "1\n").commit("new branch");
    let default = Taken::DefaultBranch { branch: "origin/feature".into() };
    // `origin/HEAD` is what was checked out there when we cloned
    assert_eq!((ends(&unpushed()), unpushed().taken), ((feature, new), default));

    // a first commit compares with nothing
    clone.git(&["checkout", "--quiet", "--detach", &start]);
    let root = unpushed();
    assert_eq!(root.taken, Taken::LastCommit);
    assert_eq!(root.base(), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
}

#[test]
fn every_kind_of_repository_opens() {
    let (repo, [start, _, feature]) = forked();
    let expected = (start, feature);
    let ends_in = |dir: &Path| ends(&open(dir).range(Some("main..feature")).expect("range"));

    repo.write("deep/er/file", "");
    assert_eq!(ends_in(&repo.dir().join("deep/er")), expected);
    assert_eq!(ends_in(&repo.dir().join(".git")), expected);

    let worktree = repo.beside("worktree");
    repo.git(&["worktree", "add", "--quiet", "--detach", worktree.to_str().expect("utf-8"), "main"]);
    assert_eq!(ends_in(&worktree), expected);
    assert_eq!(open(&worktree).work_tree(), Some(worktree.as_path()));

    let bare = TestRepo::clone_of(&repo, &["--bare"]);
    assert_eq!(ends_in(bare.dir()), expected);
    assert_eq!(open(bare.dir()).work_tree(), None);

    std::fs::remove_file(bare.dir().join("config")).expect("config");
    assert_eq!(ends_in(bare.dir()), expected);
}

#[test]
fn a_shallow_clone_says_so() {
    let (origin, _) = forked();
    let clone = TestRepo::clone_of(&origin, &["--depth=1", "--no-single-branch"]);
    let repository = open(clone.dir());
    assert!(repository.is_cut());
    for name in [None, Some("HEAD~1"), Some("origin/main..origin/feature")] {
        let error = repository.range(name).expect_err("cut off");
        assert!(matches!(error, Error::Shallow { .. }), "{name:?}: {error}");
        assert!(error.hint().contains("fetch-depth: 0"));
    }
    assert!(matches!(repository.range(Some("nothing")), Err(Error::Unresolvable { .. })));
    assert_eq!(repository.last_changes(3).expect("none").len(), 0);

    // a new branch whose start is cut off is not silently its last commit
    clone.git(&["checkout", "--quiet", "-b", "new", "--no-track", "origin/main"]);
    clone.write("d", "1").commit("more");
    assert!(matches!(open(clone.dir()).range(None), Err(Error::Shallow { .. })));
}

#[test]
fn what_cannot_be_read_is_an_error_with_a_next_step() {
    let nowhere = tempfile::TempDir::new().expect("folder");
    assert!(matches!(Repository::open(Some(nowhere.path())), Err(Error::NoRepository { .. })));

    let unborn = TestRepo::new();
    assert!(
        matches!(open(unborn.dir()).range(None), Err(Error::Unborn { branch }) if branch == "main"),
        "an unborn branch"
    );

    let repo = TestRepo::new();
    repo.commit("one");
    repo.git(&["checkout", "--quiet", "--orphan", "other"]);
    repo.commit("two");
    let repository = open(repo.dir());
    assert!(matches!(repository.range(Some("main..other")), Err(Error::NoMergeBase { .. })));
    for name in ["nothing..main", "0123456789012345678901234567890123456789..main", "main..main:a"] {
        let error = repository.range(Some(name)).expect_err(name);
        assert!(matches!(error, Error::Unresolvable { .. }), "{name}: {error}");
        assert!(!error.hint().is_empty());
    }
}

#[test]
fn a_hook_finds_its_repository_by_git_dir() {
    let (repo, [start, _, feature]) = forked();
    let worktree = repo.beside("worktree");
    repo.git(&["worktree", "add", "--quiet", "--detach", worktree.to_str().expect("utf-8"), "main"]);
    let elsewhere = tempfile::TempDir::new().expect("folder");
    for git_dir in [".git", ".git/worktrees/worktree"] {
        let output = repo
            .command(env!("CARGO_BIN_EXE_plainly"))
            .current_dir(elsewhere.path())
            .env("GIT_DIR", repo.dir().join(git_dir))
            .args(["preview", "main..feature", "--format", "json"])
            .output()
            .expect("plainly runs");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a report");
        assert_eq!(
            (&report["range"]["base"], &report["range"]["head"]),
            (&start.as_str().into(), &feature.as_str().into())
        );
    }
}
