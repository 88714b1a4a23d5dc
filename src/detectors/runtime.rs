//! Languages and tools in a new version: what the product is built on and runs with.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{Context, Detector, Line, Report};
use crate::change::RepoPath;
use crate::finding::{Evidence, Facts, Finding, Level, RuntimeFacts, VersionStep};
use crate::formats::manifests::{ChangedManifest, Ecosystem, Runtime, changed, reader_of, version};

/// Compares the versions of languages and tools before and after.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Runtimes {}

impl Detector for Runtimes {
    fn detect(&self, cx: &Context<'_>, report: &mut Report) {
        let found = changed(cx.changes, cx.before, cx.after);
        for (path, reason) in &found.unreadable {
            report.could_not_check(path, reason.clone());
        }
        for manifest in &found.manifests {
            let is_on_both_sides = cx.before.has(&manifest.old_path) && cx.after.has(&manifest.path);
            if is_on_both_sides || names_only_tools(&manifest.path) {
                for (before, after) in steps(manifest) {
                    tell(cx, manifest, before, after, report);
                }
            }
        }
    }
}

/// A new package with its language version says nothing about the team's; a new `.nvmrc` does.
fn names_only_tools(path: &RepoPath) -> bool {
    reader_of(path).is_some_and(|reader| reader.ecosystems().is_empty())
}

/// Each tool whose version differs, by name.
fn steps<'m>(manifest: &'m ChangedManifest) -> Vec<(Option<&'m Runtime>, Option<&'m Runtime>)> {
    let mut tools: BTreeMap<&str, (Vec<&Runtime>, Vec<&Runtime>)> = BTreeMap::new();
    for runtime in &manifest.before.runtimes {
        tools.entry(&runtime.tool).or_default().0.push(runtime);
    }
    for runtime in &manifest.after.runtimes {
        tools.entry(&runtime.tool).or_default().1.push(runtime);
    }
    let step = |(before, after): &(Vec<&'m Runtime>, Vec<&'m Runtime>)| match (
        beyond(before, after),
        beyond(after, before),
    ) {
        // of several places that name the tool, some are new or gone: the tool's version stays
        (None, None) => None,
        (None, _) if !before.is_empty() => None,
        (_, None) if !after.is_empty() => None,
        step => Some(step),
    };
    tools.values().filter_map(step).collect()
}

fn is_workflow(path: &RepoPath) -> bool {
    reader_of(path).is_some_and(|reader| reader.ecosystems().contains(&Ecosystem::GithubActions))
}

/// The first version of a list that another list does not hold: a file may name a tool in `engines` and as its package
/// manager, or in several jobs.
fn beyond<'m>(list: &[&'m Runtime], other: &[&Runtime]) -> Option<&'m Runtime> {
    let others: BTreeSet<&str> = other.iter().map(|one| one.version.as_str()).collect();
    list.iter().copied().find(|one| !others.contains(one.version.as_str()))
}

fn tell(
    cx: &Context<'_>,
    manifest: &ChangedManifest,
    before: Option<&Runtime>,
    after: Option<&Runtime>,
    report: &mut Report,
) {
    let Some(tool) = after.or(before).map(|runtime| runtime.tool.clone()) else { return };
    let step = match (before, after) {
        (Some(old), Some(new)) => version::compare(Ecosystem::Other, &old.version, &new.version).1,
        _ => VersionStep::Unknown,
    };
    // what checks run on is not what the product runs on
    let (rule, level) = match step {
        VersionStep::Major if !is_workflow(&manifest.path) => ("runtime.major", Level::WorthALook),
        _ => ("runtime.changed", Level::Routine),
    };
    let at = match (after, before) {
        (Some(after), _) => Evidence::after(&manifest.path, after.line),
        (None, Some(before)) => Evidence::before(&manifest.old_path, before.line),
        (None, None) => return,
    };
    let facts = RuntimeFacts {
        tool,
        from: before.map(|runtime| runtime.version.clone()),
        to: after.map(|runtime| runtime.version.clone()),
        step,
        file: manifest.path.to_string(),
    };
    let subject = format!("{} {}", facts.tool, facts.file);
    report.push(cx, rule, level, &subject, vec![at], Facts::Runtime(facts));
}

/// One line for each step of a tool, however many files name it.
pub fn lines(findings: &[&Finding]) -> Vec<Line> {
    let mut groups: BTreeMap<(&str, Option<&str>, Option<&str>), Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        if let Facts::Runtime(facts) = &finding.facts {
            let step = (facts.tool.as_str(), facts.from.as_deref(), facts.to.as_deref());
            groups.entry(step).or_default().push(finding);
        }
    }
    let mut lines: Vec<Line> = groups
        .into_iter()
        .filter_map(|((tool, from, to), findings)| {
            let big = findings.iter().any(|finding| finding.level > Level::Routine);
            let facts = json!({
                "tool": tool,
                "from": from,
                "to": to,
                "big": big,
                "places": findings.len(),
                "build_only": findings.iter().flat_map(|finding| &finding.evidence).all(|place| is_workflow(&place.path)),
            });
            Line::of("runtime", &findings, facts)
        })
        .collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.level));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::Role;
    use crate::detectors::testing::{added, deleted, modified, run};

    /// `tool from to`, one a line.
    fn found(path: &str, before: Option<&str>, after: Option<&str>) -> Vec<String> {
        let file = match (before, after) {
            (Some(before), Some(after)) => modified(path, Role::Config, before, after),
            (None, Some(after)) => added(path, Role::Config, after),
            (before, None) => deleted(path, Role::Config, before.unwrap_or_default()),
        };
        let report = run(&Runtimes::default(), vec![file]);
        let lines = lines(&report.findings.iter().collect::<Vec<_>>());
        lines
            .iter()
            .map(|line| format!("{} {} {}", line.facts["tool"], line.facts["from"], line.facts["to"]))
            .collect()
    }

    #[test]
    fn versions_that_change() {
        let engines = |node: &str| format!("{{\"engines\": {{\"node\": \"{node}\"}}}}");
        let (old, new) = (engines(">=20"), engines(">=22"));
        assert_eq!(found("package.json", Some(&old), Some(&new)), ["\"node\" \">=20\" \">=22\""]);
        let both = |pnpm: &str| {
            format!("{{\"engines\": {{\"pnpm\": \"11\"}}, \"packageManager\": \"pnpm@{pnpm}\"}}")
        };
        assert_eq!(
            found("package.json", Some(&both("11.1")), Some(&both("11.2"))),
            ["\"pnpm\" \"11.1\" \"11.2\""]
        );
        assert_eq!(
            found("package.json", Some(&both("11.1")), Some("{\"engines\": {\"pnpm\": \"11\"}}")),
            [""; 0]
        );
        assert_eq!(found(".nvmrc", Some("24\n"), None), ["\"node\" \"24\" null"]);
        assert_eq!(found(".nvmrc", Some("24"), Some("24\n")), Vec::<String>::new());
        assert_eq!(found("package.json", None, Some(&new)), Vec::<String>::new());
    }
}
