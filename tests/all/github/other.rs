//! Labels, release drafts, check runs, and the pull request behind a workflow run.

use std::collections::BTreeSet;

use plainly::github::check::{self, Check};
use plainly::github::release::{self, Draft, Drafted};
use plainly::github::{CommitId, Event, Target, block_on, labels};
use serde_json::json;

use super::fake::{Fault, GitHub};
use super::{api, event};

#[test]
fn only_labels_under_our_prefix_are_touched() {
    block_on(async {
        let (github, server) = GitHub::start().await;
        let labels = ["bug", "plainly/routine", "plainly/ü & co"].map(str::to_owned).to_vec();
        github.state().known_labels = labels.clone();
        github.state().labels = labels;
        let wanted = BTreeSet::from(["talk first".to_owned()]);
        let done = labels::set(&api(&server.uri()), 2, "plainly/", &wanted).await.unwrap();
        assert_eq!(done.added, ["plainly/talk first"]);
        assert_eq!(github.state().labels, ["bug", "plainly/talk first"]);

        let again = labels::set(&api(&server.uri()), 2, "plainly/", &wanted).await.unwrap();
        assert_eq!(again, labels::Relabelled::default());
        let none = labels::set(&api(&server.uri()), 2, "", &wanted).await.unwrap();
        assert_eq!(none, labels::Relabelled::default());
        assert_eq!(github.state().labels, ["bug", "plainly/talk first"]);
        github.assert_described();
    })
    .unwrap();
}

#[test]
fn a_release_draft_is_made_once_and_renewed_inside_its_block() {
    block_on(async {
        let (github, server) = GitHub::start().await;
        let api = api(&server.uri());
        let draft = async |text: &str| {
            let notes = |_: Option<&str>, _: usize| text.to_owned();
            release::upsert(&api, &Draft { tag: "v1.2.0", target: None, notes: &notes }).await.unwrap()
        };
        github.fault("POST", "releases", Fault::DoThenFail(502));
        let Drafted::Created(id) = draft("one").await else { panic!("not created") };
        assert_eq!(github.count("POST"), 1);
        assert_eq!(draft("one").await, Drafted::Unchanged(id));

        let body = github.state().releases[0]["body"].as_str().unwrap().to_owned();
        github.state().releases[0]["body"] = json!(format!("Hello\n\n{body}\n\nThanks to Ana"));
        assert_eq!(draft("two").await, Drafted::Updated(id));
        let body = github.state().releases[0]["body"].as_str().unwrap().to_owned();
        assert!(body.starts_with("Hello\n\n<!--") && body.ends_with("-->\n\nThanks to Ana"), "{body}");
        assert!(body.contains("\ntwo\n") && !body.contains("one"), "{body}");

        github.state().releases[0]["draft"] = json!(false);
        assert_eq!(draft("three").await, Drafted::Published(id));
        github.assert_described();
    })
    .unwrap();
}

#[test]
fn a_check_run_is_neutral_unless_asked() {
    block_on(async {
        let (github, server) = GitHub::start().await;
        let head = CommitId::parse(&"a".repeat(40)).unwrap();
        let summary = |_: usize| "text".to_owned();
        for (failed, conclusion) in [(false, "neutral"), (true, "failure")] {
            let check = Check { head: &head, title: "Worth a look", failed, summary: &summary };
            check::upsert(&api(&server.uri()), &check).await.unwrap();
            assert_eq!(github.state().check_runs.len(), 1);
            assert_eq!(github.state().check_runs[0]["conclusion"], conclusion);
        }
        github.assert_described();
    })
    .unwrap();
}

#[test]
fn the_pull_request_of_a_workflow_run_is_looked_up_by_its_head() {
    block_on(async {
        let (github, server) = GitHub::start().await;
        let mut payload = event("workflow_run.completed");
        payload["workflow_run"]["event"] = json!("pull_request");
        payload["workflow_run"]["head_branch"] = json!("changes");
        payload["workflow_run"]["head_repository"]["full_name"] = json!("Codertocat/Hello-World");
        payload["workflow_run"]["head_sha"] = github.state().pulls[0]["head"]["sha"].clone();
        let target = |payload: &serde_json::Value| match Event::read("workflow_run", &payload.to_string())
            .unwrap()
            .target
        {
            Target::WorkflowRun(run) => run,
            other => panic!("{other:?}"),
        };
        let found = api(&server.uri()).pull_of(&target(&payload)).await.unwrap();
        assert_eq!(found.map(|pull| pull.number), Some(2));

        payload["workflow_run"]["head_sha"] = json!("b".repeat(40));
        assert_eq!(api(&server.uri()).pull_of(&target(&payload)).await.unwrap(), None);
        github.assert_described();
    })
    .unwrap();
}
