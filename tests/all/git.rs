//! Ranges, changes, renames and line counts against the real git.

use std::collections::BTreeMap;
use std::path::Path;

use plainly::change::{ChangeKind, ChangeSet, Content, FileChange, RepoPath, Role, Snapshot};
use plainly::git::{Error, Range, Repository, Taken};

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

/// Path now → lines added, lines removed, path before. Binary files count no lines here.
type Rows = BTreeMap<String, (String, String, String)>;

fn rows_of_git(repo: &TestRepo, from: &str, to: &str) -> Rows {
    let output = repo.git_bytes(&["-c", "diff.renames=true", "diff", "--numstat", "-M", "-z", from, to]);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut fields = output.split(|byte| *byte == 0).map(text);
    let mut rows = Rows::new();
    while let Some(row) = fields.next().filter(|row| !row.is_empty()) {
        let mut parts = row.splitn(3, '\t').map(|part| if part == "-" { "0" } else { part }.to_owned());
        let (added, removed) = (parts.next().expect("added"), parts.next().expect("removed"));
        let path = parts.next().expect("path");
        let (old, new) = match path.is_empty() {
            true => (fields.next().expect("old path"), fields.next().expect("new path")),
            false => (path.clone(), path),
        };
        rows.insert(new, (added, removed, old));
    }
    rows
}

fn rows_of_plainly(repo: &TestRepo, from: &str, to: &str) -> Rows {
    changes(repo, from, to)
        .files()
        .iter()
        .map(|file| {
            let counts = (file.added.to_string(), file.removed.to_string(), file.old_path().to_string());
            (file.path.to_string(), counts)
        })
        .collect()
}

fn assert_like_git(repo: &TestRepo, from: &str, to: &str) {
    assert_eq!(rows_of_plainly(repo, from, to), rows_of_git(repo, from, to), "{from}..{to}");
}

fn lines(range: std::ops::Range<u32>) -> String {
    range.map(|n| format!("this is line number {n}\n")).collect()
}

#[test]
fn counts_and_renames_like_git() {
    let repo = TestRepo::new();
    // whatever a user has configured
    for (key, value) in
        [("diff.renames", "false"), ("diff.algorithm", "histogram"), ("core.quotePath", "true")]
    {
        repo.git(&["config", key, value]);
    }
    repo.write("plain.txt", lines(0..50))
        .write("crlf.txt", "one\r\ntwo\r\n")
        .write("open end.txt", "one\ntwo")
        .write("binary.bin", b"\0\x01\x02")
        .write("becomes-binary", "text\n")
        .write("empty-1/__init__.py", "")
        .write("gone.txt", lines(0..5))
        .write("moved/as-is.txt", lines(100..120))
        .write("moved/edited.txt", lines(200..300))
        .write("moved/unlike.txt", lines(300..310))
        .write("x/mod.rs", lines(400..440))
        .write("y/mod.rs", lines(500..540))
        .write("umläut.txt", "a\n")
        .write("script.sh", "echo\n")
        .write("was-a-file", "text\n");
    std::os::unix::fs::symlink("plain.txt", repo.dir().join("link")).expect("link");
    let before = repo.commit("before");

    for gone in ["gone.txt", "was-a-file", "empty-1/__init__.py"] {
        std::fs::remove_file(repo.dir().join(gone)).expect("file");
    }
    repo.git(&["mv", "moved/as-is.txt", "as-is.txt"]);
    repo.git(&["mv", "moved/edited.txt", "renamed.txt"]);
    repo.git(&["mv", "moved/unlike.txt", "other.txt"]);
    repo.git(&["mv", "x", "a"]);
    repo.git(&["mv", "y", "b"]);
    std::fs::remove_file(repo.dir().join("link")).expect("link");
    std::os::unix::fs::symlink("crlf.txt", repo.dir().join("link")).expect("link");
    std::os::unix::fs::symlink("plain.txt", repo.dir().join("was-a-file")).expect("link");
    repo.write("plain.txt", lines(10..60))
        .write("crlf.txt", "one\ntwo\r\n")
        .write("open end.txt", "one\ntwo\n")
        .write("binary.bin", b"\0\x01\x03")
        .write("becomes-binary", b"te\0xt\n")
        .write("empty-2/__init__.py", "")
        .write("renamed.txt", lines(220..310))
        .write("other.txt", lines(600..610))
        .write("b/mod.rs", lines(500..530))
        .write("umläut.txt", "b\n");
    repo.git(&["update-index", "--chmod=+x", "script.sh"]);
    repo.git(&["add", "--all", "."]);
    repo.git(&["update-index", "--chmod=+x", "script.sh"]);
    let submodule = format!("160000,{before},sub");
    repo.git(&["update-index", "--add", "--cacheinfo", &submodule]);
    repo.git(&["commit", "--quiet", "--message=after"]);
    let after = repo.git(&["rev-parse", "HEAD"]);

    assert_like_git(&repo, &before, &after);
    assert_like_git(&repo, &after, &before);

    let changes = changes(&repo, &before, &after);
    let renamed = one(&changes, "renamed.txt");
    assert!(matches!(&renamed.kind, ChangeKind::Renamed { from, .. } if from.as_str() == "moved/edited.txt"));
    assert_eq!(renamed.before_text(), Some(lines(200..300).as_str()));
    assert_eq!(one(&changes, "sub").after(), Some(&Content::Submodule { commit: before }));
    assert_eq!(one(&changes, "link").after(), Some(&Content::Link { to: "crlf.txt".into() }));
    assert_eq!(one(&changes, "becomes-binary").after(), Some(&Content::Binary));
    assert!(matches!(one(&changes, "script.sh").kind, ChangeKind::Modified { .. }));
}

#[test]
fn many_random_edits_count_like_git() {
    let repo = TestRepo::new();
    // a small generator: the same edits on every run
    let mut state: u64 = 7;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for n in 0..30 {
        let text = (0..random(120)).map(|_| format!("word {} of many\n", random(40))).collect();
        files.insert(format!("dir{}/file{n}.txt", random(4)), text);
    }
    let mut commits = Vec::new();
    for round in 0..12 {
        let names: Vec<String> = files.keys().cloned().collect();
        for name in names {
            match random(8) {
                0 => {
                    files.remove(&name);
                }
                1 => {
                    let text = files.remove(&name).expect("known");
                    files.insert(format!("dir{}/moved{round}-{}.txt", random(4), random(1000)), text);
                }
                2..5 => {
                    let text = files.get_mut(&name).expect("known");
                    for _ in 0..random(20) {
                        let at = random(text.len() as u64 + 1) as usize;
                        match random(2) {
                            0 if at < text.len() => drop(text.remove(at)),
                            _ => text.insert(at, format!("word {} of many\n", random(40))),
                        }
                    }
                }
                _ => {}
            }
        }
        for n in 0..random(6) {
            files.insert(
                format!("dir{}/new{round}-{n}.txt", random(4)),
                vec![format!("new {round} {n}\n"); 9],
            );
        }
        repo.git(&["rm", "-r", "--quiet", "--cached", "--ignore-unmatch", "."]);
        for folder in 0..4 {
            std::fs::remove_dir_all(repo.dir().join(format!("dir{folder}"))).ok();
        }
        for (name, text) in &files {
            repo.write(name, text.concat());
        }
        commits.push(repo.commit("round"));
    }
    for pair in commits.windows(2) {
        assert_like_git(&repo, &pair[0], &pair[1]);
    }
    assert_like_git(&repo, &commits[0], &commits[11]);
}

#[test]
fn old_trees_with_padded_modes_are_folders() {
    let repo = TestRepo::new();
    let tree = |mode: &str, name: &str, id: &str| -> String {
        let mut bytes = format!("{mode} {name}\0").into_bytes();
        bytes
            .extend((0..id.len()).step_by(2).map(|at| u8::from_str_radix(&id[at..at + 2], 16).expect("hex")));
        repo.write("raw", bytes);
        repo.git(&["hash-object", "-t", "tree", "-w", "--literally", "raw"])
    };
    repo.write("blob", "a\n");
    let blob = repo.git(&["hash-object", "-w", "blob"]);
    repo.write("blob", "b\n");
    let other = repo.git(&["hash-object", "-w", "blob"]);
    let old = tree("040000", "folder", &tree("0100644", "file", &blob));
    let new = tree("40000", "folder", &tree("100644", "file", &other));
    let commit = |tree: &str| repo.git(&["commit-tree", "-m", "raw", tree]);
    let (old, new) = (commit(&old), commit(&new));
    let changes = changes(&repo, &old, &new);
    assert_eq!(changes.files().len(), 1);
    assert_eq!(one(&changes, "folder/file").before_text(), Some("a\n"));
}

#[test]
fn paths_that_are_no_utf8_are_values() {
    use std::os::unix::ffi::OsStrExt;
    let repo = TestRepo::new();
    let before = repo.commit("before");
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.txt");
    std::fs::write(repo.dir().join(name), "latin\n").expect("file");
    let after = repo.commit("after");
    let path = RepoPath::new("caf\u{fffd}.txt");
    assert_eq!(one(&changes(&repo, &before, &after), path.as_str()).after_text(), Some("latin\n"));
    let repository = open(repo.dir());
    let snapshot = repository.after(&repository.between(&before, &after).expect("range")).expect("tree");
    assert_eq!(snapshot.read(&path), Some(Content::from_text("latin\n")));
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
}

#[test]
fn a_clone_without_blobs_still_gives_names() {
    let (origin, [start, ..]) = forked();
    origin.write("a", "2\n").commit("change a");
    let clone = TestRepo::clone_of(&origin, &["--filter=blob:none", "--no-checkout"]);
    let changes = changes(&clone, &start, "HEAD");
    let kinds: Vec<_> =
        changes.files().iter().map(|file| (file.path.as_str(), file.after(), file.added)).collect();
    assert_eq!(kinds, [("a", Some(&Content::Missing), 0), ("c", Some(&Content::Missing), 0)]);

    let treeless = TestRepo::clone_of(&origin, &["--filter=tree:0", "--no-checkout"]);
    let repository = open(treeless.dir());
    let range = repository.between(&start, "HEAD").expect("range");
    let error = repository.changes(&range, &|_, _| Role::Source).expect_err("no trees");
    assert!(matches!(error, Error::MissingObject { what: "tree", .. }), "{error}");
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
fn snapshots_hold_the_whole_tree() {
    let (repo, _) = forked();
    repo.write("folder/b.txt", "\u{feff}text\n").write("folder/a.txt", "").write("folder.txt", "x");
    let head = repo.commit("more");
    let repository = open(repo.dir());
    let range = repository.change(&head).expect("range");
    let (before, after) = (repository.before(&range).expect("tree"), repository.after(&range).expect("tree"));
    let path = RepoPath::new("folder/b.txt");
    assert_eq!(after.read(&path), Some(Content::from_text("text\n")));
    assert_eq!((before.read(&path), before.has(&path), after.has(&path)), (None, false, true));
    assert!(!after.has(&RepoPath::new("folder")));
    let names: Vec<_> = after.paths().iter().map(RepoPath::as_str).collect();
    assert_eq!(names, ["a", "c", "folder.txt", "folder/a.txt", "folder/b.txt"]);
    assert!(names.iter().all(|name| after.has(&RepoPath::new(name))));
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

mod pushes {
    //! What the lines of a push mean, on a remote that the real git fills.

    use plainly::git::push::{Against, Push, parse};

    use super::*;

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
}
