//! Real payloads, and those derived from them by a small patch and checked against GitHub's description.

use plainly::github::{Access, Event, Nothing, ReadOnly, Target};
use serde_json::{Value, json};

use super::event;
use super::schema::complain_of_event;

const BEFORE: &str = "6113728f27ae82c7b1a177c8d03f9e96e0adf246";
const ZERO: &str = "0000000000000000000000000000000000000000";

fn read(name: &str, payload: &Value) -> Target {
    Event::read(name, &payload.to_string()).unwrap().target
}

/// Reads a payload, patched; the patch must leave it one that GitHub could send. Some of the recorded payloads are
/// older than the description and lack fields that came later: that is as it was.
fn patched(name: &str, file: &str, schema: &str, patch: &[(&str, Value)]) -> Target {
    let mut payload = event(file);
    let as_recorded = complain_of_event(schema, &payload);
    for (pointer, value) in patch {
        *payload.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = value.clone();
    }
    assert_eq!(complain_of_event(schema, &payload), as_recorded, "{file}");
    read(name, &payload)
}

fn access(target: &Target) -> Access {
    match target {
        Target::PullRequest(pull) => pull.access,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_real_payload_is_read() {
    for (name, file) in [
        ("pull_request", "pull_request.opened"),
        ("pull_request", "pull_request.synchronize"),
        ("pull_request", "pull_request.ready_for_review"),
        ("pull_request_target", "pull_request.opened"),
    ] {
        let Target::PullRequest(pull) = read(name, &event(file)) else { panic!("{file}") };
        assert_eq!((pull.number, pull.commits), (2, Some(1)), "{file}");
        assert_eq!(pull.title, "Update the README with new information.");
        assert_eq!(pull.head.as_str(), "ec26c3e57ca3a959ca5aad62de7213c562f8c821");
        assert_eq!(pull.base.as_str(), "f95f852bd8fca8fcc58a9a2d6c842781e32a215e");
        assert_eq!((pull.base_branch.as_str(), pull.access), ("master", Access::Write));
        assert_eq!(pull.privileged, name == "pull_request_target");
    }
    assert_eq!(read("pull_request", &event("pull_request.closed")), Target::Nothing(Nothing::Closed));
    assert_eq!(read("push", &event("push.tag_deleted")), Target::Nothing(Nothing::Deleted));
    assert_eq!(read("workflow_dispatch", &event("workflow_dispatch")), Target::Manual);
    assert_eq!(
        read("workflow_run", &event("workflow_run.completed")),
        Target::Nothing(Nothing::NoPullRequest)
    );
    let Target::MergeGroup { base, head, pull } = read("merge_group", &event("merge_group.checks_requested"))
    else {
        panic!("no merge group")
    };
    assert_eq!(base.as_str(), "380387fbc80638b734a49e1be1c4dfec1c01b33c");
    assert_eq!((head.as_str(), pull), ("2ffea6db159f6b6c47a24e778fb9ef40cf6b1c7d", Some(104)));
    let Target::Branch { name, before, forced, .. } = read("push", &event("push.branch_created")) else {
        panic!("no branch")
    };
    assert_eq!((name.as_str(), before, forced), ("master", None, false));
    let Target::Tag { name, commit } = read("push", &event("push.tag_created")) else { panic!("no tag") };
    assert_eq!((name.as_str(), commit.is_some()), ("simple-tag", true));
    let Target::Tag { name, commit } = read("release", &event("release.published")) else { panic!("no tag") };
    assert_eq!((name.as_str(), commit), ("0.0.1", None));
}

#[test]
fn a_forks_pull_request_can_only_be_read() {
    let opened = "pull_request.opened";
    let fork = [("/pull_request/head/repo/full_name", json!("mallory/Hello-World"))];
    let target = patched("pull_request", opened, "pull-request-opened", &fork);
    assert_eq!(access(&target), Access::Read(ReadOnly::Fork));
    // With rights of its own the job may comment: it takes no work tree from the fork.
    let target = patched("pull_request_target", opened, "pull-request-opened", &fork);
    assert_eq!(access(&target), Access::Write);
    // A fork that was deleted; the description of events does not know it, GitHub sends it all the same.
    let mut gone = event(opened);
    gone["pull_request"]["head"]["repo"] = Value::Null;
    assert_eq!(access(&read("pull_request", &gone)), Access::Read(ReadOnly::Fork));
    let dependabot = [("/sender/login", json!("dependabot[bot]"))];
    let target = patched("pull_request", "pull_request.synchronize", "pull-request-synchronize", &dependabot);
    assert_eq!(access(&target), Access::Read(ReadOnly::Dependabot));
    let unnamed = [("/pull_request/body", Value::Null)];
    let target = patched("pull_request", opened, "pull-request-opened", &unnamed);
    let Target::PullRequest(pull) = target else { panic!("no pull request") };
    assert_eq!(pull.body, None);
}

#[test]
fn pushes_say_where_a_branch_stood() {
    let file = "push.branch_created";
    let ordinary =
        [("/before", json!(BEFORE)), ("/after", json!("a".repeat(40))), ("/created", json!(false))];
    let Target::Branch { before, after, forced, .. } = patched("push", file, "push", &ordinary) else {
        panic!("no branch")
    };
    assert_eq!((before.unwrap().as_str(), after.as_str()), (BEFORE, "a".repeat(40).as_str()));
    assert!(!forced);
    let rewritten = [("/before", json!(BEFORE)), ("/forced", json!(true))];
    let target = patched("push", file, "push", &rewritten);
    assert!(matches!(target, Target::Branch { forced: true, .. }));
    let deleted = [("/after", json!(ZERO)), ("/deleted", json!(true)), ("/head_commit", Value::Null)];
    assert_eq!(patched("push", file, "push", &deleted), Target::Nothing(Nothing::Deleted));
}

#[test]
fn a_run_for_a_fork_names_its_repository_and_branch() {
    let file = "workflow_run.completed";
    let patch = [
        ("/workflow_run/event", json!("pull_request")),
        ("/workflow_run/head_branch", json!("feature/x")),
        ("/workflow_run/head_repository/full_name", json!("mallory/octo-repo")),
    ];
    let Target::WorkflowRun(run) = patched("workflow_run", file, "workflow-run-completed", &patch) else {
        panic!("no run")
    };
    assert_eq!(run.head_repository.unwrap().as_str(), "mallory/octo-repo");
    assert_eq!((run.head_branch.as_str(), run.pulls.len()), ("feature/x", 0));
}
