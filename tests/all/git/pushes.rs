//! What the lines of a push mean.

use plainly::change::{ChangeKind, Role};
use plainly::git::push::{Against, Push, from_pre_commit, parse};

use super::{forked, one, open};
use crate::repo::TestRepo;

/// A remote with `main` at two commits, and a clone of it.
fn setup() -> (TestRepo, TestRepo) {
    let (origin, _) = forked();
    origin.git(&["checkout", "--quiet", "main"]);
    let clone = TestRepo::clone_of(&origin, &[]);
    (origin, clone)
}

fn pushed(repo: &TestRepo, local: &str, remote: Option<&str>) -> (Against, String) {
    let zero = "0".repeat(40);
    let local = repo.git(&["rev-parse", local]);
    let line = format!("refs/heads/x {local} refs/heads/x {}\n", remote.unwrap_or(&zero));
    match open(repo.dir()).push(&parse(&line)[0], "origin").expect("push") {
        Push::Branch { name, range, against } => {
            assert_eq!((name.as_str(), range.head()), ("x", local));
            (against, range.base())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_update_starts_at_what_the_remote_has() {
    let (_origin, clone) = setup();
    let there = clone.git(&["rev-parse", "origin/main"]);
    clone.write("d", "1").commit("more");
    assert_eq!(pushed(&clone, "HEAD", Some(&there)), (Against::Remote, there));
}

#[test]
fn a_new_branch_starts_at_the_default_branch() {
    let (_origin, clone) = setup();
    let main = clone.git(&["rev-parse", "origin/main"]);
    clone.write("d", "1").commit("one");
    clone.write("d", "2").commit("two");
    assert_eq!(pushed(&clone, "HEAD", None), (Against::DefaultBranch, main));
}

#[test]
fn without_a_default_branch_the_nearest_commit_of_the_remote() {
    let (_origin, clone) = setup();
    let feature = clone.git(&["rev-parse", "origin/feature"]);
    clone.git(&["checkout", "--quiet", "-b", "x", "origin/feature"]);
    clone.write("d", "1").commit("one");
    clone.git(&["symbolic-ref", "--delete", "refs/remotes/origin/HEAD"]);
    clone.git(&["update-ref", "-d", "refs/remotes/origin/main"]);
    assert_eq!(pushed(&clone, "HEAD", None), (Against::Nearest, feature));
}

#[test]
fn a_first_push_compares_with_nothing() {
    let repo = TestRepo::new();
    repo.write("a", "1").commit("one");
    let empty = "4b825dc642cb6eb9a060e54bf8d69288fbee4904".to_owned();
    assert_eq!(pushed(&repo, "HEAD", None), (Against::FirstPush, empty));
    let repository = open(repo.dir());
    let Push::Branch { range, .. } = repository
        .push(
            &parse(&format!(
                "refs/heads/x {} refs/heads/x {}\n",
                repo.git(&["rev-parse", "HEAD"]),
                "0".repeat(40)
            ))[0],
            "o",
        )
        .expect("push")
    else {
        panic!("a branch")
    };
    let changes = repository.changes(&range, &|_, _| Role::Source).expect("changes");
    assert!(matches!(one(&changes, "a").kind, ChangeKind::Added { .. }));
    assert_eq!(repository.commits(&range).expect("commits").len(), 1);
}

#[test]
fn rewritten_history_starts_at_the_best_common_commit() {
    let (origin, clone) = setup();
    let start = clone.git(&["merge-base", "origin/main", "origin/feature"]);
    clone.git(&["checkout", "--quiet", "-b", "x", "origin/feature"]);
    let there = clone.git(&["rev-parse", "HEAD"]);
    // amended: from the same start
    clone.git(&["commit", "--quiet", "--amend", "-m", "amended"]);
    assert_eq!(pushed(&clone, "HEAD", Some(&there)), (Against::Rewritten, start));
    // rebased: from the new start, without what others did meanwhile
    clone.git(&["rebase", "--quiet", "origin/main"]);
    let main = clone.git(&["rev-parse", "origin/main"]);
    assert_eq!(pushed(&clone, "HEAD", Some(&there)), (Against::Rewritten, main.clone()));
    // somebody else pushed what we have never seen
    assert_eq!(pushed(&clone, "HEAD", Some(&"12".repeat(20))), (Against::Rewritten, main));
    drop(origin);
}

#[test]
fn deletions_and_tags() {
    let (_origin, clone) = setup();
    let (id, zero) = (clone.git(&["rev-parse", "HEAD"]), "0".repeat(40));
    let repository = open(clone.dir());
    let push = |line: String| repository.push(&parse(&line)[0], "origin").expect("push");
    assert_eq!(push(format!("(delete) {zero} refs/heads/x {id}")), Push::Deletion { name: "x".into() });
    assert_eq!(push(format!("refs/tags/v1 {id} refs/tags/v1 {zero}")), Push::Nothing);
    assert_eq!(push(format!("(delete) {zero} refs/tags/v1 {id}")), Push::Nothing);
}

#[test]
fn pre_commit_does_not_tell_new_branches_apart_but_git_does() {
    let (_origin, clone) = setup();
    let there = clone.git(&["rev-parse", "origin/feature"]);
    clone.git(&["checkout", "--quiet", "-b", "feature", "origin/feature"]);
    clone.write("d", "1").commit("more");
    let against = |branch: &str| {
        let line = from_pre_commit(|name| match name {
            "PRE_COMMIT_FROM_REF" => Some(there.clone()),
            "PRE_COMMIT_TO_REF" => Some("HEAD".to_owned()),
            "PRE_COMMIT_REMOTE_BRANCH" => Some(format!("refs/heads/{branch}")),
            _ => None,
        });
        match open(clone.dir()).push(&line.expect("a branch"), "origin").expect("push") {
            Push::Branch { against, .. } => against,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((against("feature"), against("new")), (Against::Remote, Against::DefaultBranch));
}
