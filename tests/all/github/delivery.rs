//! `comment` as a whole, without `act`: two stages, the limited view, and the size of what is written.

use std::path::Path;

use plainly::deliver::{Wanted, comment};
use plainly::github::runner::SUMMARY_LIMIT;
use plainly::github::{Runner, Upsert, block_on};
use serde_json::{Value, json};

use super::event;
use super::fake::{Fault, GitHub};
use crate::repo::TestRepo;

/// A job of GitHub Actions.
struct Job {
    repo: TestRepo,
    github: GitHub,
    server: wiremock::MockServer,
}

impl Job {
    fn new() -> Self {
        let (github, server) = block_on(GitHub::start()).unwrap();
        Self { repo: TestRepo::new(), github, server }
    }

    fn runner(&self, name: &str, payload: &Value) -> Runner {
        let file = self.repo.beside("event.json");
        std::fs::write(&file, payload.to_string()).unwrap();
        let set = |name: &str| self.repo.beside(name).display().to_string();
        let variables = [
            ("GITHUB_API_URL", self.server.uri()),
            ("GITHUB_SERVER_URL", self.server.uri()),
            ("GITHUB_REPOSITORY", "octo/demo".to_owned()),
            ("GITHUB_EVENT_NAME", name.to_owned()),
            ("GITHUB_EVENT_PATH", file.display().to_string()),
            ("GITHUB_TOKEN", "a-long-secret".to_owned()),
            ("GITHUB_STEP_SUMMARY", set("summary.md")),
            ("GITHUB_OUTPUT", set("output")),
            ("RUNNER_TEMP", set("temp")),
        ];
        let get = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
        Runner::from_env(get).unwrap()
    }

    fn payload(&self, base: &str, head: &str) -> Value {
        let mut payload = event("pull_request.opened");
        payload["pull_request"]["base"]["sha"] = json!(base);
        payload["pull_request"]["head"]["sha"] = json!(head);
        self.github.state().pulls[0]["base"]["sha"] = json!(base);
        self.github.state().pulls[0]["head"]["sha"] = json!(head);
        self.github.state().commits = vec![head.to_owned()];
        payload
    }

    fn here(&self) -> Wanted<'_> {
        Wanted { directory: Some(self.repo.dir()), ..Wanted::default() }
    }
}

/// A pull request that deletes stored data.
fn change(repo: &TestRepo) -> (String, String) {
    repo.write("db/migrate/1_start.sql", "CREATE TABLE orders (id int, total int);\n");
    let base = repo.commit("Start");
    repo.write("db/migrate/2_less.sql", "ALTER TABLE orders DROP COLUMN total;\n");
    (base, repo.commit("Less"))
}

#[test]
fn two_stages_say_what_one_says_and_print_nothing_of_the_first() {
    let job = Job::new();
    let (base, head) = change(&job.repo);
    let payload = job.payload(&base, &head);
    let runner = job.runner("pull_request", &payload);
    let report = job.repo.beside("report.json");
    comment(&runner, Wanted { report_to: Some(&report), ..job.here() }).unwrap();
    assert_eq!(job.github.state().log.len(), 0, "the first stage writes nothing");
    assert!(matches!(comment(&runner, job.here()).unwrap().comment, Some(Upsert::Created(_))));
    let one_stage = job.github.state().ours()[0].to_owned();
    job.github.state().comments.clear();

    // What the untrusted stage says in its sentences is not printed.
    let mut forged: Value = serde_json::from_str(&std::fs::read_to_string(&report).unwrap()).unwrap();
    forged["headline"] = json!("FORGED");
    forged["lines"] = json!([{"text": "FORGED", "findings": [], "level": "routine", "in_view": true}]);
    forged["ask"] = json!([{"who": "FORGED", "question": "FORGED", "findings": []}]);
    std::fs::write(&report, forged.to_string()).unwrap();
    let mut finished = event("workflow_run.completed");
    finished["workflow_run"]["event"] = json!("pull_request");
    finished["workflow_run"]["head_branch"] = json!("changes");
    finished["workflow_run"]["head_sha"] = json!(head);
    finished["workflow_run"]["head_repository"]["full_name"] = json!("Codertocat/Hello-World");
    let trusted = job.runner("workflow_run", &finished);
    let wanted = Wanted { report: Some(&report), ..Wanted::default() };
    assert!(matches!(comment(&trusted, wanted).unwrap().comment, Some(Upsert::Created(_))));
    let two_stages = job.github.state().ours()[0].to_owned();
    assert!(!two_stages.contains("FORGED"), "{two_stages}");
    assert_eq!(two_stages, one_stage);

    // A report of another commit, or no report at all, is refused.
    forged["range"]["head"] = json!("a".repeat(40));
    for text in [forged.to_string(), "{}".to_owned(), "no json".to_owned()] {
        std::fs::write(&report, text).unwrap();
        assert!(comment(&trusted, wanted).is_err());
    }
    job.github.assert_described();
}

#[test]
fn the_linked_issue_is_named_where_it_may_be_read() {
    let job = Job::new();
    let (base, head) = change(&job.repo);
    let mut payload = job.payload(&base, &head);
    payload["pull_request"]["body"] = json!("Closes #12\n\n<!-- Closes #13 -->");
    job.github.state().issues =
        vec![(12, "Refunds <b>without</b> totals @octo/all".to_owned()), (13, "no".to_owned())];
    let runner = job.runner("pull_request", &payload);
    comment(&runner, job.here()).unwrap();
    let text = job.github.state().ours()[0].to_owned();
    let told = "**The linked issue is called** \"Refunds &lt;b&gt;without&lt;/b&gt; totals";
    assert!(text.contains(told) && !text.contains("@octo/all"), "{text}");
    assert_eq!(job.github.state().log.iter().filter(|line| line.contains("/issues/12")).count(), 1);

    // whoever may not read it gets the comment without
    job.github.state().comments.clear();
    job.github.state().issues.clear();
    comment(&runner, job.here()).unwrap();
    let text = job.github.state().ours()[0].to_owned();
    assert!(text.contains("#12") && !text.contains("Refunds"), "{text}");
    job.github.assert_described();
}

#[test]
fn where_git_can_fetch_nothing_the_view_is_limited_and_says_so() {
    let job = Job::new();
    let payload = job.payload(&"b".repeat(40), &"c".repeat(40));
    job.github.state().files = ["db/migrate/2_less.sql", "src/cart.js"].map(str::to_owned).to_vec();
    let runner = job.runner("pull_request_target", &payload);
    let wanted = Wanted { dry_run: true, ..Wanted::default() };
    let text = comment(&runner, wanted).unwrap().text.unwrap();
    assert!(text.contains("Limited view"), "{text}");
    job.github.assert_described();
}

#[test]
fn a_check_run_is_neutral_and_red_only_where_the_bar_is_reached_and_nobody_accepted_it() {
    for (fail_on, accepted, conclusion) in [
        ("", "", "neutral"),
        ("fail_on = \"talk-first\"\n", "", "failure"),
        ("fail_on = \"talk-first\"\n", "label", "neutral"),
        // nobody lifts the bar for their own change
        ("fail_on = \"talk-first\"\n", "trailer", "failure"),
    ] {
        let job = Job::new();
        job.repo.write("plainly.toml", format!("check = true\n{fail_on}"));
        let (base, head) = change(&job.repo);
        let mut payload = job.payload(&base, &head);
        let file = job.repo.beside("report.json");
        let runner = job.runner("pull_request", &payload);
        comment(&runner, Wanted { report_to: Some(&file), ..job.here() }).unwrap();
        let report: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let open = report["findings"].as_array().unwrap().iter().filter(|it| it["level"] == "talk_first");
        let ids: Vec<&str> = open.map(|finding| finding["id"].as_str().unwrap()).collect();
        let lines: Vec<String> = ids.iter().map(|id| format!("Plainly-Accept: {id} copied")).collect();
        match accepted {
            "label" => {
                let label = |id: &&str| {
                    json!({"id": 1, "node_id": "L", "url": "https://api.github.com/u", "name": format!("plainly-accept: {id}"),
                           "color": "ededed", "default": false, "description": null})
                };
                payload["pull_request"]["labels"] = ids.iter().map(label).collect();
            }
            "trailer" => payload["pull_request"]["body"] = json!(lines.join("\n")),
            _ => {}
        }
        let done = comment(&job.runner("pull_request", &payload), job.here()).unwrap();
        assert_eq!(done.reached, conclusion == "failure", "{accepted}");
        // a second run renews the same check run
        comment(&job.runner("pull_request", &payload), job.here()).unwrap();
        let state = job.github.state();
        assert_eq!(state.check_runs.len(), 1);
        assert_eq!(state.check_runs[0]["conclusion"], conclusion, "{fail_on}{accepted}");
        assert_eq!(state.ours()[0].contains("Accepted"), !accepted.is_empty(), "{}", state.ours()[0]);
        drop(state);
        job.github.assert_described();
    }
}

#[test]
fn a_check_run_that_may_not_be_written_loses_nothing_else() {
    let job = Job::new();
    job.repo.write("plainly.toml", "check = true\n");
    let (base, head) = change(&job.repo);
    let payload = job.payload(&base, &head);
    let denied = json!({"message": "Resource not accessible by integration"});
    job.github.fault("POST", "check-runs", Fault::Answer(403, vec![], denied));
    let done = comment(&job.runner("pull_request", &payload), job.here()).unwrap();
    assert!(matches!(done.comment, Some(Upsert::Created(_))));
    assert!(
        done.notes.iter().any(|note| note.starts_with("the check run was not written")),
        "{:?}",
        done.notes
    );
    assert_eq!(job.github.state().check_runs.len(), 0);
}

#[test]
fn a_comment_that_fails_does_not_lose_the_job_summary() {
    let job = Job::new();
    let (base, head) = change(&job.repo);
    let payload = job.payload(&base, &head);
    job.github.fault("POST", "comments", Fault::Answer(422, vec![], json!({"message": "Validation Failed"})));
    let error = comment(&job.runner("pull_request", &payload), job.here()).unwrap_err();
    assert!(error.to_string().contains("422"), "{error}");
    let summary = std::fs::read_to_string(job.repo.beside("summary.md")).unwrap();
    assert!(summary.contains("`total`"), "{summary}");
}

#[test]
fn five_thousand_files_fit_within_the_budgets() {
    let job = Job::new();
    let paths = || {
        (0..5_000).map(|number| format!("services/service{}/src/part{}/{number}.js", number % 60, number % 7))
    };
    let base = job.repo.commit_many("Start", paths(), "export const value = 0\n");
    let head = job.repo.commit_many("Everything", paths(), "export const value = 1\n");
    let payload = job.payload(&base, &head);
    let runner = job.runner("pull_request", &payload);
    let start = std::time::Instant::now();
    comment(&runner, job.here()).unwrap();
    let took = start.elapsed();
    assert!(took.as_secs() < 30, "{took:?}, in a build without optimisation");
    assert!(job.github.state().comments.iter().all(|it| it["body"].as_str().unwrap().len() <= 60_000));
    let summary = std::fs::metadata(job.repo.beside("summary.md")).unwrap().len();
    assert!(summary > 100 && summary <= SUMMARY_LIMIT as u64, "{summary}");
    let output = std::fs::read_to_string(job.repo.beside("output")).unwrap();
    assert!(output.contains("level<<plainly_") && output.contains("headline<<plainly_"), "{output}");
    job.github.assert_described();
}

#[test]
fn pushes_and_merge_groups_get_a_job_summary_only() {
    let job = Job::new();
    let (base, head) = change(&job.repo);
    let mut push = event("push.branch_created");
    (push["before"], push["after"]) = (json!(base), json!(head));
    let mut group = event("merge_group.checks_requested");
    (group["merge_group"]["base_sha"], group["merge_group"]["head_sha"]) = (json!(base), json!(head));
    for (name, payload) in [("push", &push), ("merge_group", &group)] {
        let file = job.repo.beside("summary.md");
        let _ = std::fs::remove_file(&file);
        let delivered = comment(&job.runner(name, payload), job.here()).unwrap();
        assert_eq!(delivered.comment, None);
        let summary = std::fs::read_to_string(Path::new(&file)).unwrap();
        assert!(summary.contains("`total`"), "{name}: {summary}");
    }
    assert_eq!(job.github.state().log.len(), 0);
}
