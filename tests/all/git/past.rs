//! Commits, history, dates and tags.

use plainly::change::{RepoPath, Snapshot};

use super::{ends, open};
use crate::repo::TestRepo;

#[test]
fn titles_and_people() {
    let repo = TestRepo::new();
    let base = repo.commit("start");
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.write("a", "1").commit("Fix the fault\n\nIt was a fault.\n\nAnd more.");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write(".mailmap", "Ana Real <real@example.com> <ana@example.com>\n").commit("names");
    repo.git(&["merge", "--quiet", "--no-ff", "-m", "Merge side", "side"]);
    let repository = open(repo.dir());
    let words = repository.words(&repository.range(Some(&base)).expect("range")).expect("words");
    assert_eq!(words.title.as_deref(), Some("names"));
    let seen: Vec<_> = words
        .commits
        .iter()
        .map(|commit| (commit.subject.as_str(), commit.body.as_str(), commit.is_merge))
        .collect();
    let expected = [
        ("Merge side", "", true),
        ("names", "", false),
        ("Fix the fault", "It was a fault.\n\nAnd more.", false),
    ];
    assert_eq!(seen, expected);
    assert!(words.commits.iter().all(|commit| commit.author.name == "Ana Real"));
    assert!(words.commits.iter().all(|commit| commit.author.email == "real@example.com"));
}

#[test]
fn history_is_what_people_did_in_twelve_months() {
    const DAY: u64 = 24 * 60 * 60;
    let repo = TestRepo::new();
    let at = |day: u64| repo.set_clock(1_600_000_000 + day * DAY);
    at(0);
    repo.write("a", "1").commit("too old");
    at(100);
    repo.write("a", "2").write("dir/b", "1").commit("Fix a");
    at(200);
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.write("dir/c", "1").commit("on the side");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write("d", "1").commit("beside");
    repo.git(&["merge", "--quiet", "--no-ff", "-m", "Merge pull request #1 from side\n\nA bug less", "side"]);
    at(300);
    repo.write("e", "1");
    repo.git(&["add", "."]);
    repo.git(&["commit", "--quiet", "--author", "dependabot[bot] <support@github.com>", "-m", "Bump e"]);
    at(400);
    let base = repo.write("a", "3").commit("the base");
    at(500);
    repo.write("a", "4").commit("the change");

    let past = |repo: &TestRepo| {
        let repository = open(repo.dir());
        repository
            .history(&repository.range(Some(&format!("{base}..HEAD"))).expect("range"))
            .expect("history")
    };
    let history = past(&repo);
    let seen: Vec<_> = history
        .changes
        .iter()
        .map(|change| {
            let files: Vec<_> = change.files.iter().map(RepoPath::as_str).collect();
            (change.subject.as_str(), change.mentions_fix, files)
        })
        .collect();
    let expected = [
        ("the base", false, vec!["a"]),
        ("A bug less", true, vec!["dir/c"]),
        ("beside", false, vec!["d"]),
        ("Fix a", true, vec!["a", "dir/b"]),
    ];
    assert_eq!(seen, expected);
    assert!(!history.is_cut);
    assert_eq!(history.by_file()[&RepoPath::new("a")], (2, 1));

    // what one change leaves behind for the next does not change what that one sees
    let shared = open(repo.dir());
    for range in shared.last_changes(9).expect("changes") {
        assert_eq!(shared.history(&range).expect("shared"), open(repo.dir()).history(&range).expect("fresh"));
    }

    let shallow = past(&TestRepo::clone_of(&repo, &["--depth=4"]));
    assert!(shallow.is_cut);
    let subjects: Vec<_> = shallow.changes.iter().map(|change| change.subject.as_str()).collect();
    assert_eq!(subjects, ["the base"]);
}

#[test]
fn days_on_which_lines_appeared() {
    let repo = TestRepo::new();
    repo.set_clock(1_600_000_000); // 13 September 2020
    repo.write("api.json", "old always\n").commit("one");
    repo.set_clock(1_610_000_000); // 7 January 2021
    repo.write("api.json", "old deprecated always\n").commit("two");
    repo.set_clock(1_620_000_000); // 3 May 2021
    repo.write("other", "x\n").commit("three");
    let repository = open(repo.dir());
    let tree = repository.after(&repository.change("HEAD").expect("range")).expect("tree");
    let days = tree.first_seen(&RepoPath::new("api.json"), &["deprecated", "always", "nowhere"]);
    assert_eq!(days, [Some("2021-01-07".to_owned()), Some("2020-09-13".to_owned()), None]);

    let shallow = TestRepo::clone_of(&repo, &["--depth=1"]);
    let repository = open(shallow.dir());
    let range = repository.between("HEAD", "HEAD").expect("range");
    let tree = repository.after(&range).expect("tree");
    assert_eq!(tree.first_seen(&RepoPath::new("api.json"), &["deprecated"]), [None]);
}

#[test]
fn changes_between_two_moments() {
    let repo = TestRepo::new();
    let ids: Vec<String> = (0..4)
        .map(|day: u64| {
            repo.set_clock(1_600_000_000 + day * 1000);
            repo.write("a", day.to_string()).commit("a day")
        })
        .collect();
    let repository = open(repo.dir());
    let range = |since: i64, until: i64| {
        repository.between_times(1_600_000_000 + since, 1_600_000_000 + until).map(|r| ends(&r))
    };
    assert_eq!(range(500, 2500).expect("range"), (ids[0].clone(), ids[2].clone()));
    assert_eq!(range(2500, 2600).expect("range"), (ids[2].clone(), ids[2].clone()));
    assert_eq!(range(-5000, 500).expect("range").1, ids[0]);
    assert!(range(-5000, -4000).is_err());
}

#[test]
fn tags_and_hooks() {
    let repo = TestRepo::new();
    let one = repo.commit("one");
    repo.git(&["tag", "v1"]);
    let two = repo.commit("two");
    repo.git(&["tag", "--annotate", "-m", "two", "v2"]);
    repo.git(&["tag", "a-tree", "HEAD^{tree}"]);
    let repository = open(repo.dir());
    let tags: Vec<_> =
        repository.tags().expect("tags").into_iter().map(|tag| (tag.name, tag.commit)).collect();
    assert_eq!(tags, [("v2".to_owned(), two), ("v1".to_owned(), one)]);

    let root = repo.dir().canonicalize().expect("path");
    let hooks = || open(&root).hooks_dir();
    assert_eq!(hooks(), root.join(".git/hooks"));
    repo.git(&["config", "core.hooksPath", ".husky"]);
    assert_eq!(hooks(), root.join(".husky"));
    repo.git(&["config", "--unset", "core.hooksPath"]);
    let worktree = root.parent().expect("folder").join("worktree");
    repo.git(&["worktree", "add", "--quiet", "--detach", worktree.to_str().expect("utf-8")]);
    assert_eq!(open(&worktree).hooks_dir().canonicalize().expect("hooks"), root.join(".git/hooks"));
}
