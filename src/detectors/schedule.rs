//! Jobs that run at another time: cron lines of workflows, Kubernetes, schedules and code, by the name of the job.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{Context, Detector, Line, Report};
use crate::change::{RepoPath, Role};
use crate::finding::{Evidence, Facts, Finding, Level, ScheduleFacts, SettingChange};
use crate::formats::settings::schedules;

/// Its options.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Schedule {}

impl Detector for Schedule {
    fn detect(&self, cx: &Context<'_>, report: &mut Report) {
        let roles = [Role::Source, Role::Config, Role::Infra, Role::Manifest];
        let (mut before, mut after) = (Jobs::new(), Jobs::new());
        for file in cx.changes.files().iter().filter(|file| roles.contains(&file.role)) {
            if !file.old_path().is_example() {
                collect(file.old_path(), file.before_text(), Evidence::before, &mut before);
            }
            if !file.path.is_example() {
                collect(&file.path, file.after_text(), Evidence::after, &mut after);
            }
        }
        let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for name in names {
            let (was, now) = (before.get(name), after.get(name));
            let (from, to) = (was.map(|times_of| times(times_of)), now.map(|times_of| times(times_of)));
            let change = match (&from, &to) {
                (Some(from), Some(to)) if from == to => continue,
                (Some(_), Some(_)) => SettingChange::Changed,
                (None, _) => SettingChange::Added,
                (_, None) => SettingChange::Removed,
            };
            let Some((_, place)) = now.or(was).and_then(|times| times.first()) else { continue };
            // what only builds and checks is no part of the product
            let in_build = place.path.is_in(".github") || place.path.file_name().contains("gitlab-ci");
            let (rule, level) = match change {
                _ if in_build => ("schedule.build", Level::Routine),
                SettingChange::Added => ("schedule.added", Level::WorthALook),
                SettingChange::Removed => ("schedule.removed", Level::WorthALook),
                SettingChange::Changed => ("schedule.changed", Level::WorthALook),
            };
            let facts = ScheduleFacts { job: name.clone(), change, from, to };
            report.push(cx, rule, level, name, vec![place.clone()], Facts::Schedule(facts));
        }
    }
}

/// The times of each job, by its name: a job that moves to another file is the same.
type Jobs = BTreeMap<String, Vec<(String, Evidence)>>;

fn collect(
    path: &RepoPath,
    text: Option<&str>,
    side: fn(&RepoPath, Option<u32>) -> Evidence,
    jobs: &mut Jobs,
) {
    for job in text.map(|text| schedules::read(path, text)).unwrap_or_default() {
        jobs.entry(job.name).or_default().push((job.when, side(path, Some(job.line))));
    }
}

fn times(times: &[(String, Evidence)]) -> String {
    let mut times: Vec<&str> = times.iter().map(|(when, _)| when.as_str()).collect();
    times.sort_unstable();
    times.dedup();
    times.join(", ")
}

/// One line a job.
pub fn lines(findings: &[&Finding]) -> Vec<Line> {
    let lines = findings.iter().filter_map(|finding| {
        let Facts::Schedule(facts) = &finding.facts else { return None };
        let shape = match facts.change {
            SettingChange::Added => "schedule/added",
            SettingChange::Removed => "schedule/removed",
            SettingChange::Changed => "schedule/changed",
        };
        let when = |text: &Option<String>| {
            text.as_ref().map(|text| json!({"text": text, "words": schedules::when(text)}))
        };
        Line::of(
            shape,
            &[finding],
            json!({"job": facts.job, "from": when(&facts.from), "to": when(&facts.to)}),
        )
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{added, deleted, modified, run};
    use super::*;

    fn found(files: Vec<crate::change::FileChange>) -> Vec<(String, Level)> {
        let report = run(&Schedule::default(), files);
        assert_eq!(lines(&report.findings.iter().collect::<Vec<_>>()).len(), report.findings.len());
        report.findings.iter().map(|finding| (finding.rule.clone(), finding.level)).collect()
    }

    #[test]
    fn another_time_is_said_and_a_move_is_not() {
        let job = |when: &str| format!("bills:\n  cron: '{when}'\n");
        let path = "config/schedule.yml";
        let changed = found(vec![modified(path, Role::Config, &job("0 3 * * *"), &job("0 4 * * *"))]);
        assert_eq!(changed, [("schedule.changed".to_owned(), Level::WorthALook)]);
        assert!(
            found(vec![modified(
                path,
                Role::Config,
                &job("0 3 * * *"),
                &format!("# x\n{}", job("0 3 * * *"))
            )])
            .is_empty()
        );
        assert!(
            found(vec![
                deleted(path, Role::Config, &job("0 3 * * *")),
                added("b/schedule.yml", Role::Config, &job("0 3 * * *"))
            ])
            .is_empty()
        );
        let shown = added("sdk/examples/schedule.yml", Role::Config, &job("0 3 * * *"));
        assert!(found(vec![shown]).is_empty());
        let workflow = |when: &str| format!("name: CI\non:\n  schedule:\n    - cron: '{when}'\n");
        let build = found(vec![modified(
            ".github/workflows/a.yml",
            Role::Infra,
            &workflow("0 3 * * *"),
            &workflow("0 4 * * *"),
        )]);
        assert_eq!(build, [("schedule.build".to_owned(), Level::Routine)]);
    }
}
