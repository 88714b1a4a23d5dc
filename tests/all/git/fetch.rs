//! Two commits fetched into a store of our own, from a bare folder that serves what GitHub serves.

use plainly::change::{Content, Role};
use plainly::git::fetch::{Source, two_commits};
use plainly::git::{Error, Repository};

use crate::repo::TestRepo;

/// A repository of which a pull request changes some files, and more files than are fetched whole.
fn origin() -> (TestRepo, String, String) {
    let repo = TestRepo::new();
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    repo.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    repo.write("plainly.toml", "").write("src/a.js", "one\n").write("src/gone.js", "gone\n");
    repo.commit("first");
    let many = (0..5_100).map(|number| format!("data/{}/{number}.txt", number % 50));
    let base = repo.commit_many("base", many, "data\n");
    repo.git(&["rm", "--quiet", "src/gone.js"]);
    repo.write("src/a.js", "two\n").write("src/new.js", "new\n");
    repo.git(&["add", "src"]);
    repo.git(&["commit", "--quiet", "--message", "change"]);
    let head = repo.git(&["rev-parse", "HEAD"]);
    (repo, base, head)
}

#[test]
fn the_change_is_read_as_from_a_full_copy() {
    let (origin, base, head) = origin();
    let store = origin.beside("store");
    let url = format!("file://{}", origin.dir().display());
    let source = Source { url: &url, server: "https://example.com", token: Some("a-long-secret") };
    let role = |_: &plainly::change::RepoPath, _: Option<&str>| Role::Source;
    let full = Repository::open(Some(origin.dir())).unwrap();
    let expected = full.changes(&full.range(Some(&format!("{base}...{head}"))).unwrap(), &role).unwrap();
    assert_eq!(expected.files().len(), 3);
    // The second time the store is there already, and nothing more is needed.
    for _ in 0..2 {
        let (fetched, range) = two_commits(&source, &store, &base, &head).unwrap();
        assert_eq!(fetched.changes(&range, &role).unwrap(), expected);
        use plainly::change::Snapshot;
        let before = fetched.before(&range).unwrap();
        assert!(matches!(before.read(&"plainly.toml".into()), Some(Content::Text(_))));
        assert_eq!(
            before.read(&"data/0/0.txt".into()),
            Some(Content::Missing),
            "only what is needed is fetched"
        );
    }
    // Nothing of the token stays behind, and no work tree was made.
    let config = std::fs::read_to_string(store.join("config")).unwrap();
    assert!(!config.contains("secret") && !config.contains("extraheader"), "{config}");
    assert!(Repository::open(Some(&store)).unwrap().work_tree().is_none());
}

#[test]
fn only_ids_become_arguments() {
    let origin = TestRepo::new();
    let base = origin.commit("base");
    let url = format!("file://{}", origin.dir().display());
    let source = Source { url: &url, server: "https://example.com", token: None };
    let mark = origin.beside("touched");
    let hostile = format!("--upload-pack=touch {}", mark.display());
    for id in [hostile.as_str(), "main", "HEAD", "", "refs/pull/1/head", "-v"] {
        let refused = two_commits(&source, &origin.beside("store"), &base, id);
        assert!(matches!(refused, Err(Error::Unresolvable { .. })), "{id}");
    }
    assert!(!mark.exists() && !origin.beside("store").exists());
}

#[test]
fn a_commit_that_is_not_there_is_an_error_on_one_line() {
    let origin = TestRepo::new();
    let base = origin.commit("base");
    let url = format!("file://{}", origin.dir().display());
    let source = Source { url: &url, server: "https://example.com", token: Some("a-long-secret") };
    let Err(error) = two_commits(&source, &origin.beside("store"), &base, &"a".repeat(40)) else {
        panic!("fetched a commit that nobody has")
    };
    let text = format!("{error} {error:?}");
    assert_eq!(error.to_string().lines().count(), 1);
    assert!(!text.contains("a-long-secret") && text.contains("fetch two commits"), "{text}");
}
