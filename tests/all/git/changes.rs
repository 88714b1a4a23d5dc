//! Changed files, renames and line counts.

use std::collections::BTreeMap;

use plainly::change::{ChangeKind, Content, RepoPath, Role, Snapshot};
use plainly::git::Error;

use super::{changes, forked, one, open};
use crate::repo::TestRepo;

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
