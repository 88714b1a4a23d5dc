//! `plainly doctor`: what keeps plainly from doing its job in this repository, and what to do about each.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use crate::change::{RepoPath, Snapshot};
use crate::config::Config;
use crate::error::Error;
use crate::git::Repository;
use crate::hook;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "check", rename_all = "snake_case")]
pub enum Check {
    /// The repository's history is all there.
    History,
    /// It was cut off: hotspots, owners and release ranges are missing.
    HistoryCut,
    /// The configuration is fine, or there is none.
    Configuration {
        /// Where it stands; none where there is none.
        path: Option<String>,
    },
    /// A line of the configuration that makes no sense.
    ConfigurationWrong {
        /// What is wrong with it, with its line.
        reason: String,
    },
    /// Git runs our hook.
    Hook,
    /// Our hook is there, but `core.hooksPath` makes git look elsewhere.
    HookShadowed {
        /// Where it is.
        path: String,
        /// Where git looks.
        looked: String,
    },
    /// There is none; nobody has to have one.
    NoHook,
    /// A workflow runs plainly with the rights it needs.
    Workflow {
        /// Its file.
        path: String,
    },
    /// A workflow runs plainly, and its job may not write to pull requests.
    WorkflowMayNotWrite {
        /// Its file.
        path: String,
        /// The job.
        job: String,
    },
    /// A workflow that cannot be read as YAML.
    WorkflowBroken {
        /// Its file.
        path: String,
    },
    /// No workflow runs plainly.
    NoWorkflow,
}

impl Check {
    /// Whether there is something to mend.
    pub fn is_wrong(&self) -> bool {
        matches!(
            self,
            Check::HistoryCut
                | Check::ConfigurationWrong { .. }
                | Check::HookShadowed { .. }
                | Check::WorkflowMayNotWrite { .. }
                | Check::WorkflowBroken { .. }
        )
    }
}

/// Looks at the repository that holds `directory`.
pub fn examine(directory: Option<&Path>) -> Result<Vec<Check>, Error> {
    let repository = Repository::open(directory)?;
    let mut checks = vec![if repository.is_cut() { Check::HistoryCut } else { Check::History }];
    let tree = repository.change("HEAD").and_then(|range| repository.after(&range)).ok();
    let on_disk = |path: &str| std::fs::read_to_string(repository.work_tree()?.join(path)).ok();
    let in_tree = |path: &str| tree.as_ref()?.read(&RepoPath::new(path))?.text().map(str::to_owned);
    let file =
        |path: &str| on_disk(path).or_else(|| in_tree(path).filter(|_| repository.work_tree().is_none()));
    checks.extend(configuration(&file));
    checks.push(hook_of(&repository));
    let paths: Vec<RepoPath> = tree.iter().flat_map(|tree| tree.paths()).cloned().collect();
    let is_workflow = |path: &&RepoPath| {
        path.folder() == ".github/workflows" && ["yml", "yaml"].contains(&path.extension().as_str())
    };
    let workflows: Vec<(String, String)> = paths
        .iter()
        .filter(is_workflow)
        .filter_map(|path| Some((path.to_string(), file(path.as_str())?)))
        .collect();
    checks.extend(workflow_checks(&workflows));
    Ok(checks)
}

fn configuration(file: &dyn Fn(&str) -> Option<String>) -> Vec<Check> {
    let path = ["plainly.toml", ".github/plainly.toml"].into_iter().find(|path| file(path).is_some());
    let (_, problems) = Config::found(file);
    match problems.is_empty() {
        true => vec![Check::Configuration { path: path.map(str::to_owned) }],
        false => {
            let wrong = |reason| Check::ConfigurationWrong { reason };
            problems
                .into_iter()
                .map(|problem| wrong(format!("{}: {}", problem.path, problem.reason)))
                .collect()
        }
    }
}

fn hook_of(repository: &Repository) -> Check {
    let ours =
        |path: &Path| std::fs::read_to_string(path).is_ok_and(|script| script.contains("plainly hook run"));
    let looked = repository.hooks_dir().join("pre-push");
    let usual = repository.common_dir().join("hooks/pre-push");
    match (ours(&looked), ours(&usual)) {
        (true, _) => Check::Hook,
        (false, true) => {
            Check::HookShadowed { path: usual.display().to_string(), looked: looked.display().to_string() }
        }
        (false, false) => Check::NoHook,
    }
}

/// Each workflow that runs plainly, by its path and text.
fn workflow_checks(workflows: &[(String, String)]) -> Vec<Check> {
    let mut checks = Vec::new();
    for (path, text) in workflows.iter().filter(|(_, text)| text.contains("plainly")) {
        let Ok(document) = serde_saphyr::from_str::<Value>(text) else {
            checks.push(Check::WorkflowBroken { path: path.clone() });
            continue;
        };
        for (job, body) in document["jobs"].as_object().into_iter().flatten().filter(|(_, job)| comments(job))
        {
            let permissions = match &body["permissions"] {
                Value::Null => &document["permissions"],
                own => own,
            };
            checks.push(match may_write(permissions) {
                true => Check::Workflow { path: path.clone() },
                false => Check::WorkflowMayNotWrite { path: path.clone(), job: job.clone() },
            });
        }
    }
    match checks.is_empty() {
        true => vec![Check::NoWorkflow],
        false => checks,
    }
}

/// Whether a job writes a comment: a step uses the action for it, or runs the command.
fn comments(job: &Value) -> bool {
    job["steps"].as_array().into_iter().flatten().any(|step| {
        let action = step["uses"].as_str().unwrap_or_default();
        let name = action.split('@').next().unwrap_or_default();
        let uses = name == "plainly" || name.ends_with("/plainly");
        let comments = step["with"]["command"].as_str().is_none_or(|command| command == "comment");
        let runs = step["run"].as_str().is_some_and(|script| script.contains("plainly comment"));
        (uses && comments) || runs
    })
}

/// Rights that are not named are none as soon as one is; where none is named, the repository's settings decide, and
/// those cannot be seen from here.
fn may_write(permissions: &Value) -> bool {
    match permissions {
        Value::Null => true,
        Value::String(all) => all == "write-all",
        rights => {
            rights["pull-requests"] == "write" && ["read", "write"].iter().any(|it| rights["contents"] == *it)
        }
    }
}

/// What the template `frame/doctor` needs.
pub fn values(checks: &[Check]) -> Value {
    let wrong = checks.iter().filter(|check| check.is_wrong()).count();
    serde_json::json!({"checks": checks, "wrong": wrong, "line": hook::LINE})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Vec<Check> {
        workflow_checks(&[("w.yml".to_owned(), text.to_owned())])
    }

    #[test]
    fn a_job_needs_two_rights() {
        let job = "steps: [{uses: OWNER/plainly@abc}]";
        let may_not = || vec![Check::WorkflowMayNotWrite { path: "w.yml".into(), job: "summary".into() }];
        let may = || vec![Check::Workflow { path: "w.yml".into() }];
        for (head, permissions, expected) in [
            ("", "", may()),
            ("permissions: {}\n", "", may_not()),
            ("permissions: read-all\n", "", may_not()),
            ("permissions: write-all\n", "", may()),
            ("permissions: {}\n", "permissions: {contents: read, pull-requests: write}, ", may()),
            ("", "permissions: {pull-requests: write}, ", may_not()),
            ("", "permissions: {contents: write, pull-requests: read}, ", may_not()),
        ] {
            let text = format!("{head}jobs: {{summary: {{{permissions}{job}}}}}\n");
            assert_eq!(check(&text), expected, "{text}");
        }
    }

    #[test]
    fn only_workflows_that_comment_count() {
        for (text, expected) in [
            ("jobs: {a: {steps: [{run: plainly comment}]}}", vec![Check::Workflow { path: "w.yml".into() }]),
            ("jobs: {a: {steps: [{uses: o/plainly@x, with: {command: digest}}]}}", vec![Check::NoWorkflow]),
            ("jobs: {a: {steps: [{uses: o/other@x}]}} # plainly", vec![Check::NoWorkflow]),
            ("plainly: [", vec![Check::WorkflowBroken { path: "w.yml".into() }]),
            ("", vec![Check::NoWorkflow]),
        ] {
            assert_eq!(check(text), expected, "{text}");
        }
    }
}
