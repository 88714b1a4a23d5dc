//! The pre-push hook: what it says, and how it comes into and out of a repository. It stops a push only where the
//! team asked for it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::error::Error;
use crate::git::Repository;
use crate::git::push::{self, Against, Push, PushLine};
use crate::render::{Renderer, Style};
use crate::run::{self, ConfigFrom, Given};
use crate::summary::Summary;

/// The hook itself.
pub const SCRIPT: &str = include_str!("../hooks/pre-push");

/// The line to put into another hook.
pub const LINE: &str = "plainly hook run \"$@\" >&2; [ $? -ne 1 ] || exit 1";

/// By this line of the script we know our own work again, of whatever version.
const OURS: &str = "# plainly:";

/// What is said of one branch.
pub struct Said {
    /// Templates of the configuration in force.
    pub renderer: Renderer,
    /// What is to be said.
    pub summary: Summary,
    /// Values of the template `frame/pushed`: the branch, and what it is compared with.
    pub lead: Value,
    /// Whether a finding reached `fail_on`.
    pub reached: bool,
}

impl Said {
    /// The line before the summary; the same for a person and a file.
    pub fn lead(&self) -> Result<String, Error> {
        Ok(self.renderer.pen(&Style::PLAIN).fill("frame/pushed", &self.lead)?)
    }
}

/// What is pushed, by git's lines on stdin, else by the variables of pre-commit. Neither: nothing.
pub fn lines(stdin: &str, variable: impl Fn(&str) -> Option<String>) -> Vec<PushLine> {
    let lines = push::parse(stdin);
    match lines.is_empty() {
        true => push::from_pre_commit(variable).into_iter().collect(),
        false => lines,
    }
}

/// Reads each pushed branch. Configuration comes from the base commit, as in a pull request.
pub fn run(directory: Option<&Path>, remote: &str, lines: &[PushLine]) -> Result<Vec<Said>, Error> {
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    let repository = Repository::open(directory)?;
    let mut said = Vec::new();
    for line in lines {
        let Push::Branch { name, range, against } = repository.push(line, remote)? else { continue };
        let run = run::summarize(&repository, &range, Given::default(), ConfigFrom::Base)?;
        let against = match against {
            Against::Remote => "remote",
            Against::Rewritten => "rewritten",
            Against::DefaultBranch => "default_branch",
            Against::Nearest => "nearest",
            Against::FirstPush => "first_push",
        };
        said.push(Said {
            lead: json!({"branch": name, "against": against, "commits": run.change.range.commits}),
            reached: run.summary.report.reaches(run.plainly.config().fail_on),
            summary: run.summary,
            renderer: run.plainly.into_renderer(),
        });
    }
    Ok(said)
}

/// What became of a request to install or uninstall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Installed {
    /// The hook was written.
    Written(PathBuf),
    /// It is there already, the same.
    Already(PathBuf),
    /// An older version of ours was replaced.
    Renewed(PathBuf),
    /// Somebody else's hook is there: it stays, and this is the line to add to it.
    Occupied(PathBuf),
    /// `core.hooksPath` points out of the repository, at a folder that other repositories use as well.
    Shared(PathBuf),
    /// Ours was taken away.
    Removed(PathBuf),
    /// There was none of ours.
    Absent(PathBuf),
}

impl Installed {
    /// Values of the template `frame/hook`.
    pub fn values(&self) -> Value {
        let (what, path) = match self {
            Installed::Written(path) => ("written", path),
            Installed::Already(path) => ("already", path),
            Installed::Renewed(path) => ("renewed", path),
            Installed::Occupied(path) => ("occupied", path),
            Installed::Shared(path) => ("shared", path),
            Installed::Removed(path) => ("removed", path),
            Installed::Absent(path) => ("absent", path),
        };
        json!({"what": what, "path": path.display().to_string(), "line": LINE})
    }
}

/// Puts the hook where git looks for it, unless something of somebody else's is there.
pub fn install(repository: &Repository) -> Result<Installed, Error> {
    let folder = repository.hooks_dir();
    let path = folder.join("pre-push");
    if !is_own(repository, &folder) {
        return Ok(Installed::Shared(path));
    }
    let done = match read(&path)? {
        Some(script) if script == SCRIPT => return Ok(Installed::Already(path)),
        Some(script) if script.contains(OURS) => Installed::Renewed(path.clone()),
        Some(_) => return Ok(Installed::Occupied(path)),
        None => Installed::Written(path.clone()),
    };
    std::fs::create_dir_all(&folder).map_err(|source| failed("make", &folder, source))?;
    std::fs::write(&path, SCRIPT).map_err(|source| failed("write", &path, source))?;
    make_executable(&path).map_err(|source| failed("make executable", &path, source))?;
    Ok(done)
}

/// Takes our hook away, and nothing else.
pub fn uninstall(repository: &Repository) -> Result<Installed, Error> {
    let path = repository.hooks_dir().join("pre-push");
    match read(&path)? {
        Some(script) if script.contains(OURS) => {
            std::fs::remove_file(&path).map_err(|source| failed("remove", &path, source))?;
            Ok(Installed::Removed(path))
        }
        Some(_) | None => Ok(Installed::Absent(path)),
    }
}

/// Whether a folder of hooks belongs to this repository alone.
fn is_own(repository: &Repository, folder: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    // A folder that is not there yet has no real path; the one above it has.
    let folder = match (folder.exists(), folder.parent(), folder.file_name()) {
        (false, Some(parent), Some(name)) => real(parent).join(name),
        _ => real(folder),
    };
    let homes = repository.work_tree().into_iter().chain([repository.common_dir()]);
    homes.map(real).any(|home| folder.starts_with(home))
}

fn read(path: &Path) -> Result<Option<String>, Error> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(failed("read", path, source)),
    }
}

fn failed(what: &'static str, path: &Path, source: std::io::Error) -> Error {
    Error::File { what, path: path.display().to_string(), source }
}

#[cfg(unix)]
fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> std::io::Result<()> {
    Ok(())
}
