//! The pre-push hook in real pushes: it says what they change, and nothing that goes wrong with it stops them.

use std::path::Path;
use std::process::Output;

use crate::repo::TestRepo;

/// A repository with a bare remote beside it, the hook installed, and one commit pushed.
struct Pushing {
    repo: TestRepo,
    path: String,
}

impl Pushing {
    fn new() -> Self {
        let repo = TestRepo::new();
        let remote = repo.beside("remote.git");
        repo.git(&["init", "--quiet", "--bare", "--initial-branch=main", remote.to_str().unwrap()]);
        repo.git(&["remote", "add", "origin", remote.to_str().unwrap()]);
        repo.write("README.md", "# Shop\n");
        repo.commit("first");
        repo.git(&["push", "--quiet", "origin", "main"]);
        let folder = Path::new(env!("CARGO_BIN_EXE_plainly")).parent().unwrap().display().to_string();
        let path = format!("{folder}:{}", std::env::var("PATH").unwrap());
        let this = Self { repo, path };
        assert!(this.plainly(&["hook", "install"]).status.success());
        this
    }

    fn plainly(&self, arguments: &[&str]) -> Output {
        self.repo.command(env!("CARGO_BIN_EXE_plainly")).args(arguments).output().unwrap()
    }

    /// Pushes; gives whether git took it, and what stood on standard error.
    fn push(&self, arguments: &[&str]) -> (bool, String) {
        self.push_in(self.repo.dir(), arguments, &self.path)
    }

    fn push_in(&self, dir: &Path, arguments: &[&str], path: &str) -> (bool, String) {
        let mut command = self.repo.command("git");
        command.current_dir(dir).env("PATH", path).arg("push").args(arguments);
        let output = command.output().unwrap();
        assert_eq!(output.stdout, b"", "the hook speaks on standard error only");
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    }

    /// What the remote has under a name.
    fn there(&self, name: &str) -> String {
        self.repo.git(&["ls-remote", "origin", name]).split('\t').next().unwrap().to_owned()
    }

    /// A folder with a program named plainly in it that does what the script says.
    fn with_plainly(&self, script: &str) -> String {
        use std::os::unix::fs::PermissionsExt;
        let folder = self.repo.beside("bin");
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("plainly");
        std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
    }
}

#[test]
fn an_update_is_said_in_the_words_of_preview() {
    let pushing = Pushing::new();
    let base = pushing.repo.git(&["rev-parse", "HEAD"]);
    pushing.repo.write("src/cart.js", "export const total = 1\n").commit("Show the total");
    let preview = pushing.plainly(&["preview", "--quiet", &format!("{base}..HEAD")]);
    let preview = String::from_utf8(preview.stdout).unwrap();
    let (taken, said) = pushing.push(&["origin", "main"]);
    assert!(taken, "{said}");
    assert!(preview.contains("Show the total"), "{preview}");
    assert!(said.contains(preview.trim_end()), "{said}\n---\n{preview}");
    assert!(said.starts_with("Branch main, one commit."), "{said}");
    assert_eq!(pushing.there("main"), pushing.repo.git(&["rev-parse", "HEAD"]));
}

#[test]
fn each_kind_of_push_goes_through() {
    let pushing = Pushing::new();
    let repo = &pushing.repo;
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    repo.write("a.txt", "1\n").commit("Add a");
    let (taken, said) = pushing.push(&["origin", "feature"]);
    assert!(taken && said.contains("a new branch") && said.contains("Add a"), "{said}");

    repo.git(&["commit", "--quiet", "--amend", "--message", "Add a, again"]);
    let (taken, said) = pushing.push(&["--force", "origin", "feature"]);
    assert!(taken && said.contains("history was rewritten") && said.contains("Add a, again"), "{said}");

    repo.git(&["tag", "v1"]);
    let (taken, said) = pushing.push(&["origin", "v1"]);
    assert!(taken && !said.contains("Add a"), "{said}");

    let (taken, said) = pushing.push(&["origin", "--delete", "feature"]);
    assert!(taken && !said.contains("plainly:") && !said.contains("Branch"), "{said}");
    assert_eq!(pushing.there("feature"), "");

    repo.git(&["branch", "one"]);
    repo.git(&["branch", "two"]);
    let (taken, said) = pushing.push(&["origin", "one", "two"]);
    assert!(taken && said.contains("Branch one") && said.contains("Branch two"), "{said}");

    let tree = repo.beside("tree");
    repo.git(&["worktree", "add", "--quiet", tree.to_str().unwrap(), "-b", "aside"]);
    std::fs::write(tree.join("b.txt"), "2\n").unwrap();
    let commit = |arguments: &[&str]| {
        assert!(repo.command("git").current_dir(&tree).args(arguments).status().unwrap().success());
    };
    commit(&["add", "b.txt"]);
    commit(&["commit", "--quiet", "--message", "Add b"]);
    let (taken, said) = pushing.push_in(&tree, &["origin", "aside"], &pushing.path);
    assert!(taken && said.contains("Add b"), "{said}");
}

#[test]
fn a_plainly_that_fails_holds_nobody_up() {
    let pushing = Pushing::new();
    let missing = pushing.repo.beside("nothing").display().to_string();
    let plain = format!("{missing}:{}", std::env::var("PATH").unwrap());
    for (number, (path, part)) in [
        (pushing.with_plainly("exit 101"), ""),
        (pushing.with_plainly("kill -9 $$"), ""),
        (pushing.with_plainly("exit 2"), ""),
        (plain, "not installed"),
    ]
    .into_iter()
    .enumerate()
    {
        pushing.repo.commit(&format!("commit {number}"));
        let path = match part {
            "" => path,
            // Nowhere on the way is a plainly of this machine.
            _ => path
                .split(':')
                .filter(|dir| !Path::new(dir).join("plainly").exists())
                .collect::<Vec<_>>()
                .join(":"),
        };
        let (taken, said) = pushing.push_in(pushing.repo.dir(), &["origin", "main"], &path);
        assert!(taken && said.contains(part), "{number}: {said}");
        assert_eq!(pushing.there("main"), pushing.repo.git(&["rev-parse", "HEAD"]), "{number}");
    }
    pushing.repo.commit("stopped");
    let path = pushing.with_plainly("exit 1");
    let (taken, _) = pushing.push_in(pushing.repo.dir(), &["origin", "main"], &path);
    assert!(!taken, "1 alone stops a push");
}

#[test]
fn hook_run_ends_with_nought_whatever_comes_in() {
    let pushing = Pushing::new();
    for stdin in ["", "nonsense\n", "a b c d\n", "refs/heads/main 12 refs/heads/main 34\n", "\u{0}\n"] {
        let file = pushing.repo.beside("stdin");
        std::fs::write(&file, stdin).unwrap();
        let mut command = pushing.repo.command(env!("CARGO_BIN_EXE_plainly"));
        let stdin = std::fs::File::open(&file).unwrap();
        let output = command.args(["hook", "run", "origin"]).stdin(stdin).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.lines().count() <= 1 && output.stdout.is_empty(), "{said}");
    }
}

#[test]
fn pre_commit_hands_the_push_over_by_environment() {
    let pushing = Pushing::new();
    let base = pushing.repo.git(&["rev-parse", "HEAD"]);
    let head = pushing.repo.write("a.txt", "1\n").commit("Add a");
    let mut command = pushing.repo.command(env!("CARGO_BIN_EXE_plainly"));
    command.args(["hook", "run"]).stdin(std::process::Stdio::null());
    for (name, value) in [
        ("PRE_COMMIT_FROM_REF", base.as_str()),
        ("PRE_COMMIT_TO_REF", &head),
        ("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/main"),
        ("PRE_COMMIT_REMOTE_BRANCH", "refs/heads/main"),
        ("PRE_COMMIT_REMOTE_NAME", "origin"),
    ] {
        command.env(name, value);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.contains("Add a"), "{said}");
}

#[test]
fn fail_on_of_the_base_stops_a_push() {
    let pushing = Pushing::new();
    let repo = &pushing.repo;
    repo.write("plainly.toml", "fail_on = \"talk-first\"\n");
    repo.write("db/migrate/1_start.sql", "CREATE TABLE orders (id int, total int);\n");
    repo.commit("Start");
    assert!(pushing.push(&["origin", "main"]).0);
    repo.write("db/migrate/2_less.sql", "ALTER TABLE orders DROP COLUMN total;\n");
    // What the change itself says of the bar does not count.
    repo.write("plainly.toml", "");
    repo.commit("Less");
    let (taken, said) = pushing.push(&["origin", "main"]);
    assert!(!taken && said.contains("total"), "{said}");
    let skipped = pushing
        .repo
        .command("git")
        .env("PATH", &pushing.path)
        .env("PLAINLY_SKIP", "1")
        .args(["push", "--quiet", "origin", "main"])
        .status()
        .unwrap();
    assert!(skipped.success());
}

#[test]
fn installing_never_overwrites() {
    let pushing = Pushing::new();
    let hook = pushing.repo.dir().join(".git/hooks/pre-push");
    let said = |arguments: &[&str]| {
        let output = pushing.plainly(arguments);
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(std::fs::read_to_string(&hook).unwrap(), plainly::hook::SCRIPT);
    assert!(said(&["hook", "install"]).starts_with("Already"));
    std::fs::write(&hook, format!("{}# older\n", plainly::hook::SCRIPT)).unwrap();
    assert!(said(&["hook", "install"]).starts_with("Brought up to date"));
    assert!(said(&["hook", "uninstall"]).starts_with("Removed"));
    assert!(!hook.exists());
    assert!(said(&["hook", "uninstall"]).starts_with("No hook"));

    std::fs::write(&hook, "#!/bin/sh\necho mine\n").unwrap();
    assert!(said(&["hook", "install"]).contains("plainly hook run \"$@\""));
    assert!(said(&["hook", "uninstall"]).starts_with("No hook"));
    assert_eq!(std::fs::read_to_string(&hook).unwrap(), "#!/bin/sh\necho mine\n");
}

#[test]
fn installing_finds_the_folder_that_git_uses() {
    let pushing = Pushing::new();
    let repo = &pushing.repo;
    let installed = |dir: &Path| {
        let mut command = repo.command(env!("CARGO_BIN_EXE_plainly"));
        let output = command.current_dir(dir).args(["hook", "install"]).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    // All work trees share the folder of the repository.
    let tree = repo.beside("tree");
    repo.git(&["worktree", "add", "--quiet", tree.to_str().unwrap()]);
    assert!(installed(&tree).starts_with("Already"));

    repo.git(&["config", "core.hooksPath", ".hooks"]);
    assert!(installed(repo.dir()).starts_with("Installed"));
    assert!(repo.dir().join(".hooks/pre-push").exists());

    let shared = repo.beside("shared");
    std::fs::create_dir_all(&shared).unwrap();
    repo.git(&["config", "core.hooksPath", shared.to_str().unwrap()]);
    assert!(installed(repo.dir()).contains("Nothing was written"));
    assert_eq!(std::fs::read_dir(&shared).unwrap().count(), 0);
}

#[test]
fn doctor_finds_what_is_wrong_and_says_what_to_paste() {
    let pushing = Pushing::new();
    let repo = &pushing.repo;
    let doctor = |directory: &Path| {
        let mut command = repo.command(env!("CARGO_BIN_EXE_plainly"));
        let output = command.current_dir(directory).arg("doctor").output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, said) = doctor(repo.dir());
    assert!(code == Some(0) && !said.contains("mend"), "{said}");

    repo.write("plainly.toml", "coment = \"all\"\n");
    let job = "steps: [{uses: OWNER/plainly@abc}]";
    repo.write(".github/workflows/w.yml", format!("permissions: {{}}\njobs: {{summary: {{{job}}}}}\n"));
    repo.commit("Wrong");
    repo.git(&["config", "core.hooksPath", "elsewhere"]);
    let (code, said) = doctor(repo.dir());
    assert_eq!(code, Some(1));
    for part in
        ["coment", "line 1", "          pull-requests: write", "core.hooksPath", "plainly hook run \"$@\""]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    let shallow = TestRepo::clone_of(repo, &["--depth=1"]);
    let (code, said) = doctor(shallow.dir());
    assert!(code == Some(1) && said.contains("fetch-depth: 0"), "{said}");
}
