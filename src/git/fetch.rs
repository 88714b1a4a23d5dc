//! Fetches two commits into a bare store of our own: for a job whose checkout is too shallow, or that has none at all.
//! The only place that starts `git`. Nothing is executed from what is fetched, and nothing of it becomes a work tree.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine;
use gix::ObjectId;

use super::snapshot::TreeSnapshot;
use super::{Error, Range, Repository, Taken};
use crate::change::{RepoPath, Snapshot};

/// A repository with at most so many files is fetched whole: asking for each file costs as much as the file.
const WHOLE: usize = 5_000;

/// Where to fetch from.
pub struct Source<'a> {
    /// The address of the repository.
    pub url: &'a str,
    /// The part of it that the token is for: scheme and host.
    pub server: &'a str,
    /// A token for reading. It travels by environment, never as an argument that other processes could see.
    pub token: Option<&'a str>,
}

/// Fetches the trees of two commits and the files that differ or that describe the project, and says what range they
/// are. `store` is a folder that is not there yet, or one that an earlier call made.
pub fn two_commits(
    source: &Source<'_>,
    store: &Path,
    base: &str,
    head: &str,
) -> Result<(Repository, Range), Error> {
    // Ids come from an event's payload: only what gix reads as an id ever becomes an argument.
    let id = |text: &str| {
        ObjectId::from_hex(text.as_bytes()).map_err(|_| Error::Unresolvable { spec: text.to_owned() })
    };
    let (base, head) = (id(base)?, id(head)?);
    let git = Git { source, store };
    if !store.join("HEAD").exists() {
        std::fs::create_dir_all(store)
            .map_err(|error| Error::Fetch { what: "make a store", reason: error.to_string() })?;
        git.run("make a store", &["init", "--quiet", "--bare", "."], None)?;
        git.run("name the remote", &["remote", "add", "origin", source.url], None)?;
    }
    let (from, to) = (base.to_hex().to_string(), head.to_hex().to_string());
    let trees = ["fetch", "--quiet", "--depth=1", "--no-tags", "--filter=blob:none", "origin", &from, &to];
    git.run("fetch two commits", &trees, None)?;

    let range = Range { base: Some(base), head, not_in: vec![base], taken: Taken::Named };
    let repository = Repository::open(Some(store))?;
    let wanted = wanted(&repository.before(&range)?, &repository.after(&range)?);
    if !wanted.is_empty() {
        let files = [
            "-c",
            "fetch.negotiationAlgorithm=noop",
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--filter=blob:none",
            "--stdin",
            "origin",
        ];
        git.run("fetch the changed files", &files, Some(&wanted))?;
    }
    // Opened anew: the first one knows the packs that were there before.
    Ok((Repository::open(Some(store))?, range))
}

/// The ids of the files to fetch, one a line.
fn wanted(before: &TreeSnapshot, after: &TreeSnapshot) -> String {
    let whole = after.paths().len() <= WHOLE;
    let old: std::collections::BTreeMap<_, _> = before.blobs().collect();
    let new: std::collections::BTreeMap<_, _> = after.blobs().collect();
    let differs = |path: &RepoPath| old.get(path) != new.get(path);
    let mut ids: Vec<ObjectId> = old
        .iter()
        .chain(&new)
        .filter(|(path, _)| whole || differs(path) || describes_project(path))
        .map(|(_, id)| *id)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids.iter().map(|id| format!("{}\n", id.to_hex())).collect()
}

/// Files that say which services, owners and settings there are.
fn describes_project(path: &RepoPath) -> bool {
    let data = ["toml", "json", "jsonc", "yaml", "yml", "xml", "mod", "gemspec", "csproj", "gradle", "kts"];
    let names = ["CODEOWNERS", ".gitattributes", ".mailmap", "Gemfile", "Dockerfile", "pnpm-workspace.yaml"];
    path.folders().count() <= 3
        && (data.contains(&path.extension().as_str()) || names.contains(&path.file_name()))
}

struct Git<'a> {
    source: &'a Source<'a>,
    store: &'a Path,
}

impl Git<'_> {
    fn run(&self, what: &'static str, arguments: &[&str], stdin: Option<&str>) -> Result<(), Error> {
        let failed = |reason: String| Error::Fetch { what, reason };
        let mut command = Command::new("git");
        command.current_dir(self.store).args(arguments);
        // The environment of a hook or a job names other repositories and asks for passwords.
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX"] {
            command.env_remove(name);
        }
        command.env("GIT_TERMINAL_PROMPT", "0").env("GIT_ASKPASS", "").env("LC_ALL", "C");
        if let Some(token) = self.source.token {
            let secret = base64::engine::general_purpose::STANDARD.encode(format!("x-access-token:{token}"));
            command
                .env("GIT_CONFIG_COUNT", "1")
                .env("GIT_CONFIG_KEY_0", format!("http.{}/.extraheader", self.source.server))
                .env("GIT_CONFIG_VALUE_0", format!("AUTHORIZATION: basic {secret}"));
        }
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
        if let Some(mut pipe) = child.stdin.take() {
            // git may refuse before it has read everything; its own words are better than "broken pipe".
            let _ = pipe.write_all(stdin.unwrap_or_default().as_bytes());
        }
        let output = child.wait_with_output().map_err(|error| failed(error.to_string()))?;
        match output.status.success() {
            true => Ok(()),
            false => {
                let words = String::from_utf8_lossy(&output.stderr);
                let last = words.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("no reason given");
                Err(failed(last.chars().filter(|c| !c.is_control()).take(200).collect()))
            }
        }
    }
}

/// A folder for the store of one repository, below the runner's temporary folder.
pub fn store_below(temp: &Path) -> PathBuf {
    temp.join("plainly-store.git")
}
