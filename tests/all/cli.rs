//! The real program on real repositories: what it prints, where, and with which exit code.

use std::fs;
use std::process::Output;

use serde_json::Value;

use crate::repo::TestRepo;

const PLAINLY: &str = env!("CARGO_BIN_EXE_plainly");

fn plainly(repo: &TestRepo, arguments: &[&str]) -> Output {
    repo.command(PLAINLY).args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A shop that drops a column in its second commit.
fn shop() -> TestRepo {
    let repo = TestRepo::new();
    repo.write("src/app.rs", "fn main() {}\n");
    repo.write("migrations/1_start.sql", "CREATE TABLE orders (id int PRIMARY KEY, note text);\n");
    repo.commit("Start the shop");
    repo.write("migrations/2_note.sql", "ALTER TABLE orders DROP COLUMN note;\n");
    repo.commit("Drop the note of an order");
    repo
}

#[test]
fn a_report_is_what_its_schema_says() {
    let repo = shop();
    let report: Value =
        serde_json::from_str(&stdout(&plainly(&repo, &["preview", "HEAD~1", "--format", "json"]))).unwrap();
    let schema: Value = serde_json::from_str(&stdout(&plainly(&repo, &["schema"]))).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let wrong: Vec<String> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    assert_eq!(report["schema"], "plainly/report/v1");
    assert_eq!(report["level"], "talk_first", "{report:#}");
    assert_eq!(report["title"], "Drop the note of an order");
    for finding in report["findings"].as_array().unwrap() {
        assert!(!finding["evidence"].as_array().unwrap().is_empty(), "{finding}");
    }
}

#[test]
fn the_same_range_gives_the_same_bytes_everywhere() {
    let repo = shop();
    let once = |language: &str, zone: &str, folder: &str| {
        fs::create_dir_all(repo.dir().join(folder)).unwrap();
        let output = repo
            .command(PLAINLY)
            .current_dir(repo.dir().join(folder))
            .args(["preview", "HEAD~1", "--format", "markdown"])
            .env("LANG", language)
            .env("LC_ALL", language)
            .env("TZ", zone)
            .output()
            .unwrap();
        stdout(&output)
    };
    let first = once("C", "UTC", ".");
    assert_eq!(first, once("de_DE.UTF-8", "Pacific/Auckland", "."));
    assert_eq!(first, once("tr_TR.UTF-8", "America/Caracas", "src"));
}

#[test]
fn a_terminal_shows_each_sentence_on_its_own_line() {
    let text = stdout(&plainly(&shop(), &["preview", "HEAD~1", "--color", "never"]));
    let view = text.split("\nWhat else,").next().unwrap();
    snapbox::assert_data_eq!(
        view,
        snapbox::str![[r#"
Talk first: "Drop the note of an order" — deletes stored data that an undo would not bring back
Why: we found no stated reason.
- Deletes the field note from every item in orders (migrations/2_note.sql:1). We found no step that copies it first. Reports that read it will stop working. Undo is not provided.
- Tests: no test file changed.

Ask Ana (author): Is there a copy of this data from just before release? Will anything people already have look different?

"#]]
    );
}

#[test]
fn nothing_changed_is_routine() {
    let repo = shop();
    let text = stdout(&plainly(&repo, &["preview", "HEAD..HEAD", "--format", "markdown"]));
    assert_eq!(text.trim(), "**Routine:** No file changes.");
}

#[test]
fn errors_say_what_was_tried_and_what_to_do_next() {
    let repo = shop();
    for (arguments, said, next) in [
        (&["preview", "nowhere..HEAD"][..], "nowhere", "git rev-parse"),
        (&["-C", "/", "preview"][..], "no git repository", "-C DIR"),
        (&["explain", "ffffffff", "HEAD~1"][..], "ffffffff", "it has"),
        (&["preview", "--body-file", "missing.md"][..], "missing.md", ""),
    ] {
        let output = plainly(&repo, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let message = stderr(&output);
        assert!(message.contains(said) && message.contains(next), "{arguments:?}: {message}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_broken_configuration_loses_nothing() {
    let repo = shop();
    repo.write("plainly.toml", "fail_on = \"talk-first\"\ncomment = [\n");
    let output = plainly(&repo, &["preview", "HEAD~1", "--format", "json"]);
    let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(report["level"], "talk_first");
    let entries = report["could_not_check"].as_array().unwrap();
    assert!(
        entries.iter().any(|entry| entry["path"].as_str().unwrap().starts_with("plainly.toml")),
        "{entries:?}"
    );
}

#[test]
fn fail_on_is_off_until_it_is_set() {
    let repo = shop();
    assert_eq!(plainly(&repo, &["preview", "HEAD~1"]).status.code(), Some(0));
    repo.write("plainly.toml", "fail_on = \"talk-first\"\n");
    assert_eq!(plainly(&repo, &["preview", "HEAD~1"]).status.code(), Some(1));
    assert_eq!(plainly(&repo, &["preview", "HEAD..HEAD"]).status.code(), Some(0));
}

#[test]
fn an_acceptance_holds_until_its_day_and_is_never_hidden() {
    let repo = shop();
    let report = stdout(&plainly(&repo, &["preview", "HEAD~1", "--format", "json"]));
    let report: Value = serde_json::from_str(&report).unwrap();
    let open = report["findings"].as_array().unwrap().iter().filter(|it| it["level"] == "talk_first");
    let ids: Vec<&str> = open.map(|finding| finding["id"].as_str().unwrap()).collect();
    let accept = |until: &str| {
        let entry =
            |id: &&str| format!("[[accept]]\nfinding = \"{id}\"\nby = \"Ana\"\nreason = \"copied\"\n{until}");
        format!("fail_on = \"talk-first\"\n{}", ids.iter().map(entry).collect::<String>())
    };
    for (until, code, said) in [
        ("", 0, "Accepted** by Ana: \"copied\""),
        ("until = 2999-12-31\n", 0, "Accepted** by Ana, until 31 December 2999: \"copied\""),
        ("until = 1999-12-31\n", 1, "No longer accepted** by Ana, until 31 December 1999: \"copied\""),
    ] {
        repo.write("plainly.toml", accept(until));
        let output = plainly(&repo, &["preview", "HEAD~1", "--format", "markdown"]);
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(text.contains(said), "{text}");
        assert!(text.contains("Talk first"), "{text}");
        let explained = plainly(&repo, &["explain", ids[0], "HEAD~1"]);
        assert!(stdout(&explained).contains("ccepted"), "{}", stdout(&explained));
    }
}

#[test]
fn every_finding_can_be_explained() {
    let repo = shop();
    let report: Value =
        serde_json::from_str(&stdout(&plainly(&repo, &["preview", "HEAD~1", "--format", "json"]))).unwrap();
    for finding in report["findings"].as_array().unwrap() {
        let id = finding["id"].as_str().unwrap();
        let text = stdout(&plainly(&repo, &["explain", id, "HEAD~1"]));
        assert!(text.contains(finding["rule"].as_str().unwrap()), "{text}");
        assert!(text.contains("The rule fires when"), "{} has no words in rules.toml", finding["rule"]);
    }
}

#[test]
fn a_teams_template_replaces_a_built_in_one() {
    let repo = shop();
    repo.write("plainly.toml", "templates = \".plainly\"\n");
    repo.write(".plainly/frame/footer.hbs", "House words.\n");
    let text = stdout(&plainly(&repo, &["preview", "HEAD~1", "--format", "markdown"]));
    assert!(text.contains("House words."), "{text}");
    repo.write(".plainly/frame/footer.hbs", "{{#if}}\n");
    let text = stdout(&plainly(&repo, &["preview", "HEAD~1", "--format", "markdown"]));
    assert!(text.contains("fixed rules") && text.contains("frame/footer"), "{text}");
}

#[test]
fn strangers_words_do_nothing() {
    let repo = shop();
    let title = "</details><!-- plainly:v1 --> @team [x](javascript:1) `a` \u{1b}[31m \u{202e}";
    let text = stdout(&plainly(&repo, &["preview", "HEAD~1", "--format", "markdown", "--title", title]));
    assert!(!text.contains("<!--") && !text.contains("@team") && !text.contains("[x](javascript"), "{text}");
    assert_eq!(text.matches("</details>").count(), text.matches("<details>").count());
    let text = stdout(&plainly(&repo, &["preview", "HEAD~1", "--color", "never", "--title", title]));
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text:?}");
}

#[test]
fn replay_counts_changes() {
    let repo = shop();
    let text = stdout(&plainly(&repo, &["replay", "10", "--format", "json"]));
    let replayed: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(replayed["changes"], 2);
    let levels = &replayed["levels"];
    let sum: u64 =
        ["routine", "worth_a_look", "talk_first"].iter().map(|level| levels[level].as_u64().unwrap()).sum();
    assert_eq!(sum, 2);
}
