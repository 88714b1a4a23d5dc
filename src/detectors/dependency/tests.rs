//! Where the detector speaks, and where it must stay quiet.

use super::*;
use crate::change::{Commit, Person, Role};
use crate::detectors::Line;
use crate::detectors::testing::{added, deleted, modified, run_among};
use crate::finding::Finding;

/// Files of a tree, as path and text.
type Files<'a> = &'a [(&'a str, &'a str)];

fn report(before: Files<'_>, after: Files<'_>) -> Report {
    let text_in = |files: Files<'_>, path: &str| -> Option<String> {
        files.iter().find(|(other, _)| *other == path).map(|(_, text)| (*text).to_owned())
    };
    let paths: BTreeSet<&str> = before.iter().chain(after).map(|(path, _)| *path).collect();
    let (mut changed, mut others) = (Vec::new(), Vec::new());
    for path in paths {
        match (text_in(before, path), text_in(after, path)) {
            (Some(old), Some(new)) if old == new => others.push((path, old)),
            (Some(old), Some(new)) => changed.push(modified(path, Role::Manifest, &old, &new)),
            (None, Some(new)) => changed.push(added(path, Role::Manifest, &new)),
            (Some(old), None) => changed.push(deleted(path, Role::Manifest, &old)),
            (None, None) => {}
        }
    }
    let others: Vec<(&str, &str)> = others.iter().map(|(path, text)| (*path, text.as_str())).collect();
    run_among(&Dependency::default(), changed, &others)
}

fn of(finding: &Finding) -> &DependencyFacts {
    match &finding.facts {
        Facts::Dependency(facts) => facts,
        other => panic!("not a dependency: {other:?}"),
    }
}

/// `rule name from to`, one a finding.
fn found(before: Files<'_>, after: Files<'_>) -> Vec<String> {
    let one = |finding: &Finding| {
        let facts = of(finding);
        let version = |version: &Option<String>| version.clone().unwrap_or_else(|| "-".to_owned());
        let rule = finding.rule.trim_start_matches("dependency.");
        format!("{rule} {} {} {}", facts.name, version(&facts.from), version(&facts.to))
    };
    report(before, after).findings.iter().map(one).collect()
}

fn said(before: Files<'_>, after: Files<'_>) -> Vec<Line> {
    let report = report(before, after);
    lines(&report.findings.iter().collect::<Vec<_>>())
}

const EMPTY: &str = "{}";

#[test]
fn quiet_where_no_package_changes() {
    let before = r#"{"name": "a", "scripts": {"x": "y"}, "dependencies": {"react": "^19.0.0", "vue": "3"}}"#;
    let after = r#"{"dependencies": {"vue": "3", "react": "^19.0.0"},
                    "name": "a", "version": "2.0.0"}"#;
    let env = ("services:\n  a:\n    image: x/a:${V}\n", "V=1\n", "V=1\nOTHER=2\n");
    for (before, after) in [
        (&[("package.json", before)][..], &[("package.json", after)][..]),
        (&[("package-lock.json", "{}")], &[("package-lock.json", r#"{"packages": {}}"#)]),
        (&[("compose.yml", env.0), (".env", env.1)], &[("compose.yml", env.0), (".env", env.2)]),
        (&[], &[("testdata/package.json", before)]),
    ] {
        assert_eq!(found(before, after), Vec::<String>::new());
    }
}

#[test]
fn own_packages_are_none() {
    let shop = r#"{"name": "shop", "dependencies": {"@acme/ui": "^1.0.0", "link": "link:../x"}}"#;
    let go = "module github.com/acme/shop/api\n\nrequire github.com/acme/shop/proto v0.1.0\n";
    let compose = "services:\n  web:\n    image: acme/web:1\n  db:\n    image: postgres:17\n  api:\n    build: api\n    image: acme/api\n";
    assert_eq!(
        found(
            &[("ui/package.json", r#"{"name": "@acme/ui"}"#), ("web/package.json", EMPTY)],
            &[
                ("ui/package.json", r#"{"name": "@acme/ui"}"#),
                ("shop/package.json", shop),
                ("web/package.json", EMPTY),
                ("api/go.mod", go),
                ("compose.yml", compose),
            ],
        ),
        ["new postgres - 17"]
    );
}

#[test]
fn new_to_the_repository_or_known_elsewhere() {
    let lists_a = r#"{"dependencies": {"a": "1.0.0"}}"#;
    let lists_both = r#"{"dependencies": {"a": "1.0.0", "stripe": "1.0.0"}}"#;
    let report = report(
        &[("x/package.json", lists_a), ("y/package.json", EMPTY)],
        &[("x/package.json", lists_a), ("y/package.json", lists_both)],
    );
    let facts: Vec<_> = report.findings.iter().map(of).collect();
    assert_eq!((facts[0].new_to_repo, facts[0].used_in, facts[0].purpose.as_deref()), (false, 2, None));
    assert_eq!(
        (facts[1].new_to_repo, facts[1].used_in, facts[1].purpose.as_deref()),
        (true, 1, Some("payment"))
    );
}

#[test]
fn each_kind_of_change_has_its_rule_and_line() {
    let list = |text: &str| format!("{{\"dependencies\": {{{text}}}}}");
    let dev = |text: &str| format!("{{\"devDependencies\": {{{text}}}}}");
    for (before, after, rule, shape) in [
        (list(""), list(r#""a": "1""#), "new a - 1", "new"),
        (list(r#""a": "1""#), list(""), "removed a 1 -", "removed"),
        (list(r#""a": "^1.1.0""#), list(r#""a": "^1.2.0""#), "updated a ^1.1.0 ^1.2.0", "updates"),
        (list(r#""a": "^1.1.0""#), list(r#""a": "^2.0.0""#), "major a ^1.1.0 ^2.0.0", "big_steps"),
        (list(r#""a": "^1.1.0""#), list(r#""a": "1.0.9""#), "downgraded a ^1.1.0 1.0.9", "downgrades"),
        (dev(r#""a": "1""#), list(r#""a": "1""#), "into_production a 1 1", "into_production"),
        (list(r#""a": "1""#), dev(r#""a": "1""#), "moved a 1 1", "moved"),
        (list(r#""a": "1""#), list(r#""a": "github:me/a""#), "source a 1 github:me/a", "source"),
    ] {
        let (before, after) = ([("package.json", before.as_str())], [("package.json", after.as_str())]);
        assert_eq!(found(&before, &after), [rule]);
        let shapes: Vec<String> = said(&before, &after).into_iter().map(|line| line.shape).collect();
        assert_eq!(shapes, [format!("dependency/{shape}")]);
    }
}

#[test]
fn one_out_and_one_in_is_said_as_a_pair() {
    let before = [("a/package.json", r#"{"dependencies": {"moment": "2"}}"#)];
    let after = [("a/package.json", r#"{"dependencies": {"dayjs": "1"}}"#)];
    let lines = said(&before, &after);
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].facts["pairs"][0], serde_json::json!({"old": "moment", "new": "dayjs"}));
    assert_eq!((lines[0].findings.len(), lines[0].level), (2, Level::WorthALook));
}

#[test]
fn a_package_that_changes_its_list_is_moved() {
    let list = |name: &str| format!("{{\"dependencies\": {{\"{name}\": \"1.0\"}}}}");
    let (a, b) = (list("a"), list("b"));
    for (before, after, expected) in [
        (
            vec![("x/package.json", a.as_str()), ("y/package.json", EMPTY)],
            vec![("x/package.json", EMPTY), ("y/package.json", &a)],
            "relocated",
        ),
        (vec![("x/package.json", a.as_str())], vec![("y/package.json", a.as_str())], "relocated"),
        (
            vec![("x/package.json", a.as_str()), ("y/package.json", &b)],
            vec![("y/package.json", b.as_str())],
            "along",
        ),
    ] {
        let lines = said(&before, &after);
        let shapes: Vec<&str> = lines.iter().map(|line| line.shape.as_str()).collect();
        assert_eq!(shapes, [format!("dependency/{expected}")]);
        assert_eq!(
            (&lines[0].facts["count"], &lines[0].facts["out_of"]),
            (&1.into(), &"x/package.json".into())
        );
    }
}

#[test]
fn the_same_tag_with_other_content_is_another_build() {
    let build = |pin: &str| format!("FROM caddy:2.11{pin}\n");
    for (before, after, expected) in [
        ("@sha256:aa", "@sha256:bb", vec!["updated caddy 2.11@sha256:aa 2.11@sha256:bb"]),
        ("", "@sha256:bb", vec![]),
        ("@sha256:aa", "", vec![]),
        ("@sha256:aa", ".1@sha256:bb", vec!["updated caddy 2.11 2.11.1"]),
    ] {
        let (before, after) = (build(before), build(after));
        let (before, after) = ([("Dockerfile", before.as_str())], [("Dockerfile", after.as_str())]);
        assert_eq!(found(&before, &after), expected);
        for line in said(&before, &after).iter().filter(|_| expected[0].contains("sha")) {
            assert_eq!(
                (&line.facts["one"]["again"], &line.facts["one"]["to"]),
                (&serde_json::json!({"build": "2.11", "pin": null}), &serde_json::Value::Null)
            );
        }
    }
}

#[test]
fn forty_updates_are_one_line() {
    let list = |version: &str| {
        let packages: Vec<String> = (0..40).map(|at| format!("\"p{at:02}\": \"{version}.{at}.0\"")).collect();
        format!("{{\"dependencies\": {{{}, \"typescript\": \"^{version}.0\"}}}}", packages.join(","))
    };
    let (old, new) = (list("1").replace("^1", "^5"), list("1").replace(".0\"", ".1\"").replace("^1", "^6"));
    let lines = said(&[("package.json", &old)], &[("package.json", &new)]);
    assert_eq!(lines.len(), 1);
    assert_eq!(
        (&lines[0].facts["count"], &lines[0].facts["big"]),
        (&41.into(), &serde_json::json!(["typescript"]))
    );
}

#[test]
fn the_same_package_in_twelve_manifests_is_one_line_with_twelve_places() {
    let paths: Vec<String> = (0..12).map(|at| format!("s{at}/package.json")).collect();
    let files = |text: &'static str| paths.iter().map(move |path| (path.as_str(), text)).collect::<Vec<_>>();
    let lines =
        said(&files(r#"{"dependencies": {"a": "1.0.0"}}"#), &files(r#"{"dependencies": {"a": "1.0.1"}}"#));
    assert_eq!(lines.len(), 1);
    assert_eq!((&lines[0].facts["places"], &lines[0].facts["one"]["to"]), (&12.into(), &"1.0.1".into()));
    assert_eq!((lines[0].evidence.len(), lines[0].level), (12, Level::Routine));
}

#[test]
fn a_variable_in_another_file_moves_the_image() {
    let compose = ("compose.yml", "services:\n  a:\n    image: x/a:${V}\n");
    assert_eq!(
        found(&[compose, (".env", "V=1.0\n")], &[compose, (".env", "V=1.1\n")]),
        ["updated x/a 1.0 1.1"]
    );
}

#[test]
fn an_image_that_moves_into_a_build_file_is_not_gone() {
    let before = [("compose.yml", "services:\n  db:\n    image: postgres:17.6\n")];
    let after = [
        ("compose.yml", "services:\n  db:\n    build: db\n"),
        ("db/Dockerfile", "FROM postgres:17-alpine3.22\n"),
    ];
    assert_eq!(found(&before, &after), ["added postgres - 17-alpine3.22"]);
}

#[test]
fn broken_manifests_are_said_so() {
    let report = report(&[("package.json", EMPTY)], &[("package.json", "{")]);
    assert!(report.findings.is_empty());
    assert_eq!(report.could_not_check.len(), 1);
}

#[test]
fn security_in_the_authors_words() {
    for (text, expected) in [
        ("Update a to v2 [SECURITY]", Some("[SECURITY]")),
        ("bump for CVE-2026-54605, only used here", Some("CVE-2026-54605")),
        ("fix CVE docs", None),
        ("Secure the login", None),
    ] {
        let commit = Commit {
            id: String::new(),
            subject: text.to_owned(),
            body: String::new(),
            author: Person { name: String::new(), email: String::new() },
            time: 0,
            is_merge: false,
        };
        let words = Words { commits: vec![commit], ..Words::default() };
        assert_eq!(security_label(&words).as_deref(), expected);
    }
}
