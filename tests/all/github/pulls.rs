//! Texts of pull requests: asked for in batches, kept between runs, and never worth losing the notes for.

use std::process::Output;
use std::time::Duration;

use plainly::github::{Api, Hosted, Patience, pulls};
use serde_json::{Value, json};

use super::fake::{Fault, GitHub};
use crate::repo::TestRepo;

const FORBIDDEN: &str = "Resource not accessible by integration";

fn graph(server: &str) -> Api {
    let hosted = Hosted::from_env("https://github.com/octo/demo", |name| match name {
        "GITHUB_TOKEN" => Some("a-long-secret".to_owned()),
        "GITHUB_API_URL" => Some(server.to_owned()),
        _ => None,
    });
    let patience = Patience {
        connect: Duration::from_secs(2),
        answer: Duration::from_millis(400),
        waiting: Duration::from_secs(3),
        pause: Duration::from_millis(5),
    };
    Api::graph(&hosted.unwrap(), patience).unwrap()
}

fn forbidden() -> Fault {
    let error = json!({"type": "FORBIDDEN", "path": ["repository"], "message": FORBIDDEN});
    Fault::Answer(200, vec![], json!({"data": {"repository": null}, "errors": [error]}))
}

/// Pull requests 1 to 130, each with a text.
fn fill(github: &GitHub) {
    let mut state = github.state();
    let one = state.pulls[0].clone();
    state.pulls = (1..=130)
        .map(|number| {
            let mut pull = one.clone();
            pull["number"] = json!(number);
            pull["body"] = json!(format!("text {number}"));
            pull
        })
        .collect();
}

#[tokio::test]
async fn texts_come_in_batches_and_are_kept() {
    for root in ["", "/api/v3"] {
        let (github, server) = GitHub::start().await;
        fill(&github);
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("deep/octo/demo.json");
        let numbers: Vec<u64> = (1..=130).chain([999]).collect();
        let api = graph(&format!("{}{root}", server.uri()));
        let asked = pulls::texts(&api, &numbers, Some(&cache)).await;
        assert!(asked.unread.is_none(), "{:?}", asked.unread);
        assert_eq!(asked.bodies.len(), 130, "number 999 is no pull request");
        assert_eq!(asked.bodies[&7], "text 7");
        assert_eq!(github.count("POST /graphql"), 2 + 7);

        github.state().pulls[6]["body"] = json!("other");
        github.state().pulls[6]["updated_at"] = json!("2026-02-02T00:00:00Z");
        let again = pulls::texts(&api, &numbers, Some(&cache)).await;
        assert_eq!(again.bodies[&7], "other");
        assert_eq!(github.count("POST /graphql"), 2 + 7 + 3, "only what changed is read again");

        (0..4).for_each(|_| github.fault("POST", "/graphql", Fault::DoThenFail(502)));
        let kept = pulls::texts(&api, &numbers, Some(&cache)).await;
        assert_eq!(kept.bodies.len(), 130);
        let (unread, error) = kept.unread.unwrap();
        assert_eq!((unread, error.to_string().contains("502")), (1, true), "{error}");
        github.assert_described();
    }
}

#[tokio::test]
async fn trouble_is_said_and_leaves_what_was_read() {
    let (github, server) = GitHub::start().await;
    fill(&github);
    let api = graph(&server.uri());
    github.fault("POST", "/graphql", Fault::DoThenFail(502));
    assert!(pulls::texts(&api, &[1, 2], None).await.unread.is_none(), "a question may be asked twice");

    github.fault("POST", "/graphql", forbidden());
    let asked = pulls::texts(&api, &[1, 2], None).await;
    let (unread, error) = asked.unread.unwrap();
    assert_eq!((unread, asked.bodies.len()), (2, 0));
    assert!(error.to_string().contains(FORBIDDEN), "{error}");

    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("demo.json");
    std::fs::write(&cache, "{ broken").unwrap();
    assert_eq!(pulls::texts(&api, &[1, 2], Some(&cache)).await.bodies.len(), 2);
    github.assert_described();
}

/// The notes of a repository with one change, made with `server` for GitHub.
fn notes(server: &str, arguments: &[&str]) -> Output {
    let repo = TestRepo::new();
    repo.write("a.rs", "fn a() {}\n").commit("Start");
    repo.git(&["tag", "v1.0.0"]);
    repo.git(&["remote", "add", "origin", "https://github.com/octo/demo.git"]);
    repo.write("a.rs", "fn a() { b() }\nfn b() {}\n").commit("Refuse twice-paid orders (#7)");
    repo.git(&["tag", "v1.1.0"]);
    repo.command(env!("CARGO_BIN_EXE_plainly"))
        .args(["release-notes", "--to", "v1.1.0"])
        .args(arguments)
        .env("GITHUB_TOKEN", "a-long-secret")
        .env("GITHUB_API_URL", server)
        .output()
        .unwrap()
}

#[tokio::test]
async fn what_stands_on_a_pull_request_is_told() {
    let (github, server) = GitHub::start().await;
    fill(&github);
    let block = "```release-note\nA customer pays once, and only once.\n```";
    github.state().pulls[6]["body"] = json!(block);
    let text = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();

    let output = notes(&server.uri(), &[]);
    assert!(text(&output).contains("\"A customer pays once, and only once\""), "{output:?}");
    let report: Value = serde_json::from_str(&text(&notes(&server.uri(), &["--format", "json"]))).unwrap();
    assert_eq!(report["pull_requests"], json!({"state": "read", "asked": 1}));

    let before = github.count("POST");
    let output = notes(&server.uri(), &["--offline"]);
    assert!(!text(&output).contains("pays once"), "{output:?}");
    assert_eq!(github.count("POST"), before, "nobody is asked");

    github.fault("POST", "/graphql", forbidden());
    let output = notes(&server.uri(), &[]);
    assert!(output.status.success());
    assert!(text(&output).contains("Refuse twice-paid orders"), "{output:?}");
    assert!(text(&output).contains("could not read what authors wrote on one pull request"), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(FORBIDDEN) && !said.contains("a-long-secret"), "{said}");
    github.assert_described();
}
