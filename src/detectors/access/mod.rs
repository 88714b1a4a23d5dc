//! Who may see or do what: logins and permissions in code, pages of other sites, the open internet, rights of build
//! steps, secrets. By content alone; row policies, grants and contracts are found where those are read.

mod code;
mod exposure;
mod workflows;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{Context, Detector, Line, Report};
use crate::change::{FileChange, Role};
use crate::finding::{AccessFacts, Evidence, Facts, Finding, Level};
use crate::formats::settings::secrets;

/// Its options.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Access {}

/// One fact, before it is reported.
struct Found {
    rule: &'static str,
    level: Level,
    facts: AccessFacts,
    evidence: Evidence,
}

impl Detector for Access {
    fn detect(&self, cx: &Context<'_>, report: &mut Report) {
        let mut found = code::find(cx.changes.files());
        found.extend(exposure::find(cx.changes.files()));
        found.extend(workflows::find(cx.changes.files()));
        found.extend(added_secrets(cx.changes.files()));
        for one in found {
            let subject = format!("{} {}", one.facts.what, one.facts.subject);
            report.push(cx, one.rule, one.level, &subject, vec![one.evidence], Facts::Access(one.facts));
        }
    }
}

fn facts(
    what: &str,
    subject: impl Into<String>,
    change: &str,
    from: Option<String>,
    to: Option<String>,
) -> AccessFacts {
    AccessFacts { what: what.to_owned(), subject: subject.into(), change: change.to_owned(), from, to }
}

/// What has a provider's form of a key, on a line that no file held before. The value is never kept.
fn added_secrets(files: &[FileChange]) -> Vec<Found> {
    const SAMPLES: &[&str] =
        &["example", "sample", "fixture", "mock", "dummy", "template", "test", "spec", "demo", "docs/"];
    let skipped = [Role::Test, Role::Docs, Role::Lock, Role::Vendored, Role::Generated, Role::Asset];
    let known: BTreeSet<&str> = files
        .iter()
        .filter_map(FileChange::before_text)
        .flat_map(str::lines)
        .filter(|line| line.len() < LONGEST_LINE && secrets::kind_in(line).is_some())
        .map(str::trim)
        .collect();
    let mut found = Vec::new();
    for file in files.iter().filter(|file| !skipped.contains(&file.role)) {
        let path = file.path.as_str().to_ascii_lowercase();
        if SAMPLES.iter().any(|word| path.contains(word)) {
            continue;
        }
        for (number, line) in (1u32..).zip(file.after_text().unwrap_or("").lines()) {
            if line.len() >= LONGEST_LINE || known.contains(line.trim()) {
                continue;
            }
            if let Some(kind) = secrets::kind_in(line) {
                found.push(Found {
                    rule: "access.secret_added",
                    level: Level::TalkFirst,
                    facts: facts("secret", file.path.as_str(), "loosened", None, Some(kind.to_owned())),
                    evidence: Evidence::after(&file.path, number),
                });
            }
        }
    }
    found
}

/// Longer lines are written by tools.
const LONGEST_LINE: usize = 2_000;

/// One line for each kind of access and direction, however many subjects it has.
pub fn lines(findings: &[&Finding]) -> Vec<Line> {
    let mut groups: BTreeMap<(&str, &str), Vec<(&Finding, &AccessFacts)>> = BTreeMap::new();
    for finding in findings {
        let Facts::Access(facts) = &finding.facts else { continue };
        let shape = match (facts.what.as_str(), facts.change.as_str()) {
            ("secret", _) => "access/secret",
            ("cors", _) => "access/cors",
            ("exposure", _) => "access/exposure",
            ("workflow_permission", _) => "access/workflow",
            ("row_policy" | "grant", "loosened") => "access/data_loosened",
            ("row_policy" | "grant", "tightened") => "access/data_tightened",
            ("row_policy" | "grant", _) => "access/data_changed",
            // a name to log in to the database with
            _ if finding.rule.starts_with("access.data_") => {
                groups.entry(("access/data_login", &facts.change)).or_default().push((finding, facts));
                continue;
            }
            (_, "loosened") => "access/loosened",
            (_, "tightened") => "access/tightened",
            _ => "access/changed",
        };
        groups.entry((shape, &facts.what)).or_default().push((finding, facts));
    }
    let mut lines: Vec<Line> = groups
        .into_iter()
        .filter_map(|((shape, what), group)| {
            let (findings, facts): (Vec<&Finding>, Vec<&AccessFacts>) = group.into_iter().unzip();
            let subjects: BTreeSet<&str> = facts.iter().map(|facts| facts.subject.as_str()).collect();
            let only = |of: fn(&AccessFacts) -> Option<&str>| {
                let values: BTreeSet<Option<&str>> = facts.iter().map(|facts| of(facts)).collect();
                (values.len() == 1).then(|| values.into_iter().next()).flatten().flatten().map(short)
            };
            Line::of(
                shape,
                &findings,
                json!({
                    "what": what,
                    "count": subjects.len(),
                    "subjects": subjects,
                    "from": only(|facts| facts.from.as_deref()),
                    "to": only(|facts| facts.to.as_deref()),
                }),
            )
        })
        .collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.level));
    lines
}

fn short(text: &str) -> String {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{added, modified, run};
    use super::*;

    pub(super) fn found(files: Vec<FileChange>) -> Vec<String> {
        let report = run(&Access::default(), files);
        assert_eq!(lines(&report.findings.iter().collect::<Vec<_>>()).is_empty(), report.findings.is_empty());
        let all = report.findings.iter().map(|finding| match &finding.facts {
            Facts::Access(facts) => format!("{} {} {}", finding.rule, facts.subject, facts.change),
            other => panic!("{other:?}"),
        });
        all.collect()
    }

    #[test]
    fn a_secret_is_named_by_kind_and_never_shown() {
        let token = format!("ghp_{}", "a1B2".repeat(9));
        let text = format!("a\ntoken = '{token}'\n");
        let report = run(&Access::default(), vec![modified("src/a.py", Role::Source, "a\n", &text)]);
        assert_eq!(report.findings.len(), 1);
        assert!(!format!("{report:?} {:?}", lines(&[&report.findings[0]])).contains(&token));
        assert!(found(vec![modified("src/a.py", Role::Source, &text, &format!("b\n{text}"))]).is_empty());
        assert!(found(vec![added("tests/a.py", Role::Test, &text)]).is_empty());
        assert!(found(vec![added("a.example.py", Role::Source, &text)]).is_empty());
    }
}
