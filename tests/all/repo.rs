//! A throw-away repository, made by the real git with nothing of the user's environment.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempDir;

/// A folder with a repository in it; gone when dropped.
pub(crate) struct TestRepo {
    folder: TempDir,
    dir: PathBuf,
    clock: AtomicU64,
}

impl TestRepo {
    /// An empty repository on branch `main`.
    pub(crate) fn new() -> Self {
        let repo = Self::in_new_folder("repo");
        std::fs::create_dir_all(repo.dir()).expect("folder");
        repo.git(&["init", "--quiet", "--initial-branch=main", "."]);
        repo
    }

    /// A clone made with the given options, such as `--depth=1`, in a folder of its own.
    pub(crate) fn clone_of(origin: &TestRepo, options: &[&str]) -> Self {
        origin.git(&["config", "uploadpack.allowFilter", "true"]);
        let repo = Self::in_new_folder("clone");
        let url = format!("file://{}", origin.dir().display());
        let target = repo.dir().display().to_string();
        let mut arguments = vec!["clone", "--quiet"];
        arguments.extend(options);
        arguments.extend([url.as_str(), target.as_str()]);
        repo.run(repo.folder.path(), &arguments);
        repo
    }

    fn in_new_folder(name: &str) -> Self {
        let folder = TempDir::new().expect("temporary folder");
        let dir = folder.path().join(name);
        Self { folder, dir, clock: AtomicU64::new(1_700_000_000) }
    }

    /// Where it is.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// A place beside it, for worktrees and the like.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs git in it and gives what it printed; panics where it fails.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        String::from_utf8_lossy(&self.git_bytes(arguments)).trim_end().to_owned()
    }

    /// The same, as bytes.
    pub(crate) fn git_bytes(&self, arguments: &[&str]) -> Vec<u8> {
        self.run(&self.dir, arguments).stdout
    }

    fn run(&self, dir: &Path, arguments: &[&str]) -> Output {
        let output = self.command("git").current_dir(dir).args(arguments).output().expect("git runs");
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?} in {}: {message}", dir.display());
        output
    }

    /// A program with a scrubbed environment, in this repository; every call is a minute later than the one before.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let date = format!("{} +0000", self.clock.fetch_add(60, Ordering::Relaxed));
        let mut command = Command::new(program);
        command
            .current_dir(&self.dir)
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("HOME", self.folder.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_COUNT", "2")
            .env("GIT_CONFIG_KEY_0", "protocol.file.allow")
            .env("GIT_CONFIG_VALUE_0", "always")
            .env("GIT_CONFIG_KEY_1", "core.autocrlf")
            .env("GIT_CONFIG_VALUE_1", "false")
            .env("GIT_AUTHOR_NAME", "Ana")
            .env("GIT_AUTHOR_EMAIL", "ana@example.com")
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_NAME", "Ana")
            .env("GIT_COMMITTER_EMAIL", "ana@example.com")
            .env("GIT_COMMITTER_DATE", &date);
        command
    }

    /// The clock, in seconds since 1970: the next commit has this time.
    pub(crate) fn set_clock(&self, seconds: u64) {
        self.clock.store(seconds, Ordering::Relaxed);
    }

    /// Writes a file into the work tree.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.dir.join(path);
        std::fs::create_dir_all(path.parent().expect("inside the repository")).expect("folder");
        std::fs::write(path, content).expect("file");
        self
    }

    /// Commits many files that all hold the same text, without writing them into the work tree; gives the commit's id.
    pub(crate) fn commit_many(
        &self,
        message: &str,
        paths: impl Iterator<Item = String>,
        text: &str,
    ) -> String {
        let file = self.beside("text");
        std::fs::write(&file, text).expect("file");
        let blob = self.git(&["hash-object", "-w", file.to_str().expect("a path in UTF-8")]);
        let list: String = paths.map(|path| format!("100644 {blob}\t{path}\n")).collect();
        std::fs::write(&file, list).expect("file");
        let stdin = std::fs::File::open(&file).expect("file");
        let mut index = self.command("git");
        let done =
            index.args(["update-index", "--add", "--index-info"]).stdin(stdin).status().expect("git runs");
        assert!(done.success());
        self.git(&["commit", "--quiet", "--message", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Commits everything in the work tree; gives the new commit's id.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all", "."]);
        let now = self.clock.load(Ordering::Relaxed) + 60;
        self.set_clock(now);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.git(&["rev-parse", "HEAD"])
    }
}
