//! `plainly release-notes` on small repositories: the base, the account of every commit, whose words stand where, and
//! files that people have edited.

use std::fs;
use std::process::Output;

use serde_json::Value;

use crate::repo::TestRepo;

const PLAINLY: &str = env!("CARGO_BIN_EXE_plainly");

fn plainly(repo: &TestRepo, arguments: &[&str]) -> Output {
    repo.command(PLAINLY).args(arguments).output().unwrap()
}

fn page(repo: &TestRepo, arguments: &[&str]) -> String {
    let output = plainly(repo, &[&["release-notes"], arguments].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn json(repo: &TestRepo, arguments: &[&str]) -> Value {
    serde_json::from_str(&page(repo, &[arguments, &["--format", "json"]].concat())).unwrap()
}

/// The page without what is hidden.
fn seen(page: &str) -> String {
    page.lines().map(|line| line.split(" <!--").next().unwrap_or(line).to_owned() + "\n").collect()
}

/// The lines below a heading.
fn section<'p>(page: &'p str, heading: &str) -> &'p str {
    let rest = page.split_once(&format!("## {heading}\n")).map_or("", |(_, rest)| rest);
    rest.split_once("\n## ").map_or(rest, |(section, _)| section)
}

const COMPOSE: &str =
    "services:\n  cart:\n    build: ./cart\n  pay:\n    build: ./pay\n  wish-list:\n    build: ./wish-list\n";
const CHANGELOG: &str = "# Changelog\n\n## 1.0.0\n\n### Added\n\n- The shop opens (#1)\n";

/// A shop whose second release takes a service with its table and its calls away.
fn shop() -> TestRepo {
    let repo = TestRepo::new();
    repo.write("compose.yaml", COMPOSE);
    repo.write("cart/Dockerfile", "FROM scratch\n").write("cart/main.go", "package main\n");
    repo.write("pay/Dockerfile", "FROM scratch\n").write("pay/main.go", "package main\n");
    repo.write("CODEOWNERS", "* @acme/shop\n");
    repo.write("wish-list/Dockerfile", "FROM scratch\n").write("wish-list/main.go", "package main\n");
    repo.write(
        "pb/shop.proto",
        "syntax = \"proto3\";\npackage shop;\nservice CartService { rpc Add(Item) returns (Item); }\nservice WishListService { rpc GetWishes(Item) returns (Item); }\nmessage Item { string id = 1; }\n",
    );
    repo.write("kubernetes/all.yaml", "kind: List\n").write("CHANGELOG.md", CHANGELOG);
    repo.write("package.json", "{\"dependencies\": {\"left\": \"1.0.0\"}}\n");
    repo.commit("Open the shop (#1)");
    repo.git(&["tag", "v1.0.0"]);
    repo.write("compose.yaml", COMPOSE.replace("  wish-list:\n    build: ./wish-list\n", ""));
    repo.write(
        "pb/shop.proto",
        "syntax = \"proto3\";\npackage shop;\nservice CartService { rpc Add(Item) returns (Item); }\nmessage Item { string id = 1; }\n",
    );
    repo.git(&["rm", "-rq", "wish-list"]);
    repo.commit("chore: remove wish list (#2)");
    repo.git(&["rm", "-rq", "kubernetes"]);
    repo.commit("chore: drop generated manifests (#3)");
    repo.write(
        "CHANGELOG.md",
        CHANGELOG.replace(
            "## 1.0.0",
            "## 1.1.0\n\n### Fixed\n\n- [cart] The cart shows the sum of a line (#4)\n\n## 1.0.0",
        ),
    );
    repo.write("cart/main.go", "package main\n// sum\n");
    repo.commit("refactor: lineTotal via getSum() (#4)");
    repo.write("cart/main.go", "package main\n// sum, guarded\n");
    repo.commit("fix(cart): guard getSum against nullptr (#5)");
    repo.write("docs/how.md", "How\n");
    repo.commit("docs: say how (#6)");
    repo.write("package.json", "{\"dependencies\": {\"left\": \"1.1.0\"}}\n");
    repo.commit("Bump left from 1.0.0 to 1.1.0 (#7)");
    repo.git(&["tag", "v1.1.0"]);
    repo
}

#[test]
fn the_removal_that_nobody_marked_stands_first_and_every_commit_is_accounted_for() {
    let repo = shop();
    let text = seen(&page(&repo, &["--audience", "internal"]));
    assert!(
        text.starts_with("# repo v1.1.0: what changed\n\nDraft, not yet reviewed. Compared with `v1.0.0`"),
        "{text}"
    );
    let action = section(&text, "Action needed");
    assert!(action.trim_start().starts_with("- **Removed: wish list.**"), "{text}");
    assert!(action.contains("One operation of the public API went with it."), "{text}");
    assert!(action.contains("No author marked it as breaking. (#2)"), "{text}");
    // a folder that goes is told whatever its commit is called
    assert!(action.contains("**Removed: the folder `kubernetes`**") && action.contains("(#3)"), "{text}");
    // the author's note beats the type of the commit, and is quoted
    assert!(
        section(&text, "Fixed").contains("**cart:** \"The cart shows the sum of a line\" (#4)"),
        "{text}"
    );
    assert!(section(&text, "Needs your words").contains("\"guard getSum against nullptr\""), "{text}");
    assert!(section(&text, "Packages").contains("One outside package changes version"), "{text}");

    let notes = json(&repo, &["--audience", "internal"]);
    let ledger = &notes["ledger"];
    let count = |value: &Value| value.as_u64().unwrap();
    let left: u64 = ledger["left_out"].as_object().unwrap().values().map(count).sum();
    let told = count(&ledger["listed"]) + count(&ledger["merged"]) + count(&ledger["needs_words"]);
    assert_eq!((count(&ledger["commits"]), told + left), (6, 6), "{ledger}");
    assert_eq!(notes["base_reason"], "the version before");
}

#[test]
fn the_report_is_what_its_schema_says() {
    let repo = shop();
    let schema = plainly(&repo, &["schema", "notes"]);
    let schema: Value = serde_json::from_slice(&schema.stdout).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for audience in ["customers", "internal", "exec"] {
        let notes = json(&repo, &["--audience", audience]);
        assert!(validator.is_valid(&notes), "{:?}", validator.iter_errors(&notes).next());
        assert_eq!(notes["schema"], "plainly/notes/v1");
    }
}

#[test]
fn customers_read_no_names_of_services_and_leaders_read_who_owns_each_action() {
    let repo = shop();
    repo.write(
        "plainly.toml",
        "[[service]]\nname = \"cart\"\npaths = [\"cart/\"]\nvisibility = \"internal\"\n",
    );
    repo.commit("Keep the cart to ourselves (#8)");
    let customers = seen(&page(&repo, &["v1.0.0..v1.1.0"]));
    assert!(customers.contains("Removed: wish list"), "{customers}");
    for hidden in ["`wish-list`", "cart:", "kubernetes", "Packages", "Left out"] {
        assert!(!customers.contains(hidden), "{hidden} in {customers}");
    }
    let exec = seen(&page(&repo, &["v1.0.0..HEAD", "--audience", "exec"]));
    assert!(exec.contains("Owner: `@acme/shop`.") && !exec.contains("## Fixed"), "{exec}");
}

#[test]
fn the_previous_version_is_the_base_although_it_lies_on_another_branch() {
    let repo = TestRepo::new();
    repo.write("a.txt", "1");
    repo.commit("Start");
    repo.git(&["tag", "v0.9.0"]);
    repo.git(&["switch", "-qc", "release-0.10.0"]);
    repo.write("version", "0.10.0");
    repo.commit("Release v0.10.0");
    repo.git(&["tag", "v0.10.0"]);
    repo.git(&["switch", "-q", "main"]);
    repo.git(&["tag", "unrelated"]);
    repo.write("a.txt", "2");
    repo.commit("Show totals (#2)");
    repo.git(&["switch", "-qc", "release-0.10.1"]);
    repo.write("version", "0.10.1");
    repo.commit("Release v0.10.1");
    repo.git(&["tag", "v0.10.1"]);
    let notes = json(&repo, &["--to", "v0.10.1"]);
    assert_eq!(notes["range"]["from"], "v0.10.0");
    assert_eq!(notes["base_reason"], "the version before by its number; it lies on another branch");
    // a state without a version is compared with the release that shares most with it
    repo.git(&["switch", "-q", "main"]);
    repo.write("a.txt", "3");
    repo.commit("Show sums (#3)");
    let notes = json(&repo, &[]);
    assert_eq!((&notes["range"]["from"], &notes["range"]["to"]), (&"v0.10.1".into(), &Value::Null));
    assert_eq!(notes["base_reason"], "the release that shares most history");
    // a pattern chooses among tags
    repo.write("plainly.toml", "[release_notes]\ntag_pattern = '^v0\\.9\\.\\d+$'\n");
    assert_eq!(json(&repo, &[])["range"]["from"], "v0.9.0");
}

#[test]
fn a_shallow_clone_stops_with_a_sentence() {
    let origin = shop();
    let clone = TestRepo::clone_of(&origin, &["--depth=1"]);
    let output = plainly(&clone, &["release-notes"]);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("the history since the last release lies outside"), "{error}");
    assert!(error.contains("fetch-depth: 0"), "{error}");
    let empty = TestRepo::new();
    empty.write("a", "1");
    empty.commit("Start");
    let error = String::from_utf8(plainly(&empty, &["release-notes"]).stderr).unwrap();
    assert!(error.contains("no tags"), "{error}");
}

#[test]
fn what_people_wrote_in_the_file_survives_the_next_run() {
    let repo = shop();
    let file = repo.beside("notes.md");
    let path = file.to_str().unwrap().to_owned();
    let write = || {
        let output =
            plainly(&repo, &["release-notes", "v1.0.0..HEAD", "--audience", "internal", "--output", &path]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::read_to_string(&file).unwrap()
    };
    let first = write();
    assert_eq!(write(), first);
    let edited: String = first
        .lines()
        .filter(|line| !line.contains("the folder `kubernetes`"))
        .map(|line| line.replace("\"The cart shows the sum of a line\" (#4)", "Carts add up.") + "\n")
        .collect();
    fs::write(&file, edited).unwrap();
    repo.write("wish.md", "x").write("cart/main.go", "package main\n// more\n");
    repo.commit("Show the total of a wish (#9)");
    let second = write();
    let text = seen(&second);
    assert!(text.contains("Carts add up."), "{text}");
    assert!(!text.contains("the folder `kubernetes`"), "{text}");
    assert!(section(&text, "New since your last edit").contains("Show the total of a wish"), "{text}");
    assert_eq!(write(), second);
    // what is not ours is never overwritten
    fs::write(&file, "My own page.\n").unwrap();
    let output = plainly(&repo, &["release-notes", "v1.0.0..HEAD", "--output", &path]);
    assert_eq!(
        (output.status.code(), fs::read_to_string(&file).unwrap().as_str()),
        (Some(2), "My own page.\n")
    );
}

#[test]
fn a_change_taken_back_is_not_told_and_a_quoted_revert_takes_nothing_back() {
    let repo = TestRepo::new();
    repo.write("src/a.rs", "1");
    repo.commit("Start");
    repo.git(&["tag", "v1.0.0"]);
    repo.write("src/a.rs", "2");
    let first = repo.commit("Add colours to lists (#2)");
    repo.write("src/a.rs", "1");
    repo.commit(&format!("Revert \"Add colours to lists (#2)\" (#3)\n\nThis reverts commit {first}."));
    repo.write("src/b.rs", "2");
    repo.commit(&format!("feat: replace the old list (#4)\n\n* first try\n\n* Revert \"first try\"\n\nThis reverts commit {first}."));
    let text = seen(&page(&repo, &["v1.0.0..HEAD", "--audience", "internal"]));
    assert!(!text.contains("Add colours") && text.contains("\"replace the old list\" (#4)"), "{text}");
    assert!(text.contains("2 made and taken back"), "{text}");
}

#[test]
fn an_author_may_say_that_there_is_nothing_to_tell_or_give_the_line_to_print() {
    let repo = TestRepo::new();
    repo.write("src/a.rs", "1");
    repo.commit("Start");
    repo.git(&["tag", "v1.0.0"]);
    repo.write("src/a.rs", "2");
    repo.commit("Show a list (#2)\n\n```release-note\nNONE\n```");
    repo.write("src/a.rs", "3");
    repo.commit("chore: x_y (#3)\n\n```release-note\nOrders can be printed, all & now.\n```");
    let text = seen(&page(&repo, &["v1.0.0..HEAD", "--audience", "internal"]));
    assert!(!text.contains("Show a list"), "{text}");
    // quoted, and harmless
    assert!(text.contains("\"Orders can be printed, all &amp; now\" (#3)"), "{text}");
}

#[test]
fn a_changelog_that_links_commits_speaks_of_these_and_what_it_marks_as_breaking_is_never_lost() {
    let repo = TestRepo::new();
    repo.write("CHANGELOG.md", "# Changelog\n").write("cart.py", "a = 1\n");
    repo.commit("Start");
    repo.git(&["tag", "v1.0.0"]);
    let closed = repo.write("cart.py", "a = 2\n").commit("Tighten access");
    let drawn = repo.write("page.py", "a = 1\n").commit("Draw the cart anew");
    let shadows = repo.write("page.py", "a = 2\n").commit("Give the boxes shadows");
    let link = |id: &str| format!("([{}](https://github.com/acme/shop/commit/{id}))", &id[..7]);
    let chapters = format!(
        "# Changelog\n\n## 1.1.0\n\n### BREAKING CHANGES\n\n* Carts without `--login-url` are closed to guests. {}\n\n### Added\n\n* The cart has a new look with soft shadows. {} {}\n\n## 1.1.0-rc.1\n\n### Added\n\n* The cart has a new look.\n",
        link(&closed),
        link(&drawn),
        link(&shadows),
    );
    repo.write("CHANGELOG.md", chapters).commit("chore: release 1.1.0");
    repo.git(&["tag", "v1.1.0"]);

    let page = seen(&page(&repo, &["--audience", "internal"]));
    let action = section(&page, "Action needed");
    assert!(action.contains("\"Carts without `--login-url` are closed to guests\""), "{page}");
    assert!(action.contains(&closed[..8]) && !action.contains("release 1.1.0"), "{page}");
    let new = section(&page, "New");
    assert_eq!(new.matches("\n- ").count(), 1, "{page}");
    assert!(new.contains("\"The cart has a new look with soft shadows\""), "{page}");
    assert!(!page.contains("Give the boxes"), "{page}");
    assert!(section(&page, "Left out, and why").contains("2 told above, one told together"), "{page}");
    let short = section(&page, "In short");
    assert!(short.contains("One change is marked as breaking by its author."), "{page}");
    assert!(short.contains("with soft shadows") && !short.contains("one new thing"), "{page}");

    let customers = seen(&self::page(&repo, &["--audience", "customers"]));
    assert!(section(&customers, "Needs your words").contains("--login-url"), "{customers}");
}

#[test]
fn a_changelog_that_repeats_what_a_program_calls_its_step_tells_nothing_new() {
    let repo = TestRepo::new();
    repo.write("package.json", "{\"dependencies\": {\"left\": \"1.0.0\"}}\n")
        .write("CHANGELOG.md", "# Changelog\n");
    repo.commit("Start");
    repo.git(&["tag", "v1.0.0"]);
    repo.write("package.json", "{\"dependencies\": {\"left\": \"2.0.0\"}}\n");
    repo.commit("Update dependency left to v2 (#7)");
    repo.write(
        "CHANGELOG.md",
        "# Changelog\n\n## 1.1.0\n\n### Changed\n\n- Update dependency left to v2 (#7)\n",
    );
    repo.commit("chore: release 1.1.0 (#8)");
    let text = seen(&page(&repo, &["v1.0.0..HEAD", "--audience", "internal"]));
    assert!(section(&text, "Changed").is_empty() && section(&text, "Packages").contains("left"), "{text}");
}

#[test]
fn the_main_line_merged_into_a_branch_is_no_change_of_it() {
    let repo = TestRepo::new();
    repo.write("a.py", "1\n").commit("Start");
    repo.git(&["checkout", "-q", "-b", "colours"]);
    repo.write("b.py", "1\n").commit("Give lists colours. Closes #3.");
    repo.git(&["checkout", "-q", "-"]);
    repo.write("a.py", "2\n").commit("Round totals");
    repo.git(&["tag", "v1.0.0"]);
    repo.git(&["checkout", "-q", "colours"]);
    let words = "Merge remote-tracking branch 'origin/main' into colours";
    repo.git(&["merge", "-q", "--no-ff", "-m", words, "v1.0.0"]);
    let text = seen(&page(&repo, &["v1.0.0..HEAD", "--audience", "internal"]));
    assert!(section(&text, "Changed").contains("\"Give lists colours\""), "{text}");
    assert!(!text.contains("remote-tracking"), "{text}");
    assert!(
        section(&text, "Left out, and why").contains("2 commits: one told above, one left out"),
        "{text}"
    );
}
