//! What happens to tests: files touched, tests removed, switched off or on; none beside changed code.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{Context, Detector, Line, Report};
use crate::change::{ChangeKind, FileChange, Role};
use crate::finding::{Evidence, Facts, Finding, Level, TestsFacts};
use crate::formats::test_code::{self, TestCase};

/// Its options.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tests {}

impl Detector for Tests {
    fn detect(&self, cx: &Context<'_>, report: &mut Report) {
        let mut facts = TestsFacts::default();
        let mut touched = Vec::new();
        let mut code = Vec::new();
        let mut compared: Vec<Compared> = Vec::new();
        for file in cx.changes.files().iter().filter(|file| is_edited(file)) {
            match file.role {
                Role::Test if test_code::is_code(&file.path) => {
                    match file.kind {
                        ChangeKind::Added { .. } => facts.added += 1,
                        ChangeKind::Deleted { .. } => facts.removed += 1,
                        _ => facts.changed += 1,
                    }
                    touched.push(place(file, None));
                    compared.push(Compared::new(
                        file,
                        file.before_text().unwrap_or(""),
                        file.after_text().unwrap_or(""),
                    ));
                }
                Role::Test => facts.data += 1,
                Role::Source | Role::Migration => {
                    let inside =
                        |text: Option<&str>| text.and_then(|text| test_code::inside(&file.path, text));
                    let (before, after) = (inside(file.before_text()), inside(file.after_text()));
                    if before != after {
                        facts.changed += 1;
                        facts.inside += 1;
                        touched.push(place(file, None));
                        compared.push(Compared::new(
                            file,
                            before.as_deref().unwrap_or(""),
                            after.as_deref().unwrap_or(""),
                        ));
                    }
                    code.push(file);
                }
                _ => {}
            }
        }
        facts.code_changed = !code.is_empty();
        if touched.is_empty() && code.is_empty() && facts.data == 0 {
            return;
        }

        let gained: BTreeSet<&str> =
            compared.iter().flat_map(|file| &file.gained).map(|case| case.name.as_str()).collect();
        // Who writes as many tests as they take out has rewritten them: here or in another file of the change.
        let count = |cases: &[TestCase]| cases.iter().filter(|case| !case.is_group).count();
        let loses = |file: &Compared<'_>| count(&file.lost) > count(&file.gained);
        let all_lost: usize = compared.iter().map(|file| count(&file.lost)).sum();
        let all_gained: usize = compared.iter().map(|file| count(&file.gained)).sum();
        let gone_code = gone_names(&code);
        let mut first = Vec::new();
        let mut lost_checks = false;
        for file in compared.iter().filter(|file| all_lost > all_gained && loses(file)) {
            for case in file.lost.iter().filter(|case| !case.is_group && !gained.contains(case.name.as_str()))
            {
                if file.gained.iter().any(|new| test_code::is_renamed(case, new)) {
                    continue;
                }
                // a test of code that goes too is no loss
                let mentions = |name: &String| case.name.contains(name) || case.body.contains(name);
                if !gone_code.iter().any(mentions) {
                    lost_checks = true;
                    first.push(Evidence::before(file.file.old_path(), case.line));
                }
                if file.file.after().is_some() {
                    facts.removed_names.push(case.name.clone());
                }
            }
        }
        for file in &compared {
            facts.switched_off += file.off.len() as u32;
            facts.switched_on += file.on.len() as u32;
            // inside a code file the lines count from the block, so only the file is named
            let line = |line: &u32| (file.file.role == Role::Test).then_some(*line);
            first.extend(file.off.iter().map(|at| Evidence::after(&file.file.path, line(at))));
        }

        let switched_off = facts.switched_off > 0;
        let none_beside_code = touched.is_empty() && facts.data == 0 && facts.code_changed;
        let in_critical = none_beside_code
            && code
                .iter()
                .any(|file| cx.catalog.service_of(&file.path).is_some_and(|service| service.critical));
        let (rule, level) = match () {
            () if switched_off => ("tests.switched_off", Level::WorthALook),
            () if lost_checks => ("tests.removed", Level::WorthALook),
            () if in_critical => ("tests.none_in_critical", Level::WorthALook),
            () if none_beside_code => ("tests.none", Level::Routine),
            () => ("tests.changed", Level::Routine),
        };
        first.extend(touched);
        if first.is_empty() {
            let data = cx.changes.of_role(Role::Test);
            first.extend(code.into_iter().chain(data).take(1).map(|file| place(file, None)));
        }
        report.push(cx, rule, level, "tests", first, Facts::Tests(facts));
    }
}

/// A pure rename changes no test.
fn is_edited(file: &FileChange) -> bool {
    match &file.kind {
        ChangeKind::Renamed { before, after, .. } => before != after,
        _ => true,
    }
}

fn place(file: &FileChange, line: Option<u32>) -> Evidence {
    match file.after() {
        Some(_) => Evidence::after(&file.path, line),
        None => Evidence::before(&file.path, line),
    }
}

/// One file's tests at both sides, by name.
struct Compared<'a> {
    file: &'a FileChange,
    lost: Vec<TestCase>,
    gained: Vec<TestCase>,
    /// Lines, now, of tests that were on and are off.
    off: Vec<u32>,
    /// The other way round.
    on: Vec<u32>,
}

impl<'a> Compared<'a> {
    fn new(file: &'a FileChange, before: &str, after: &str) -> Self {
        let mut old: BTreeMap<String, Vec<TestCase>> = BTreeMap::new();
        for case in test_code::read(file.old_path(), before).into_iter().rev() {
            old.entry(case.name.clone()).or_default().push(case);
        }
        let mut compared =
            Self { file, lost: Vec::new(), gained: Vec::new(), off: Vec::new(), on: Vec::new() };
        for case in test_code::read(&file.path, after) {
            match old.get_mut(&case.name).and_then(Vec::pop) {
                Some(was) if !was.is_off && case.is_off => compared.off.push(case.line),
                Some(was) if was.is_off && !case.is_off => compared.on.push(case.line),
                Some(_) => {}
                None => compared.gained.push(case),
            }
        }
        compared.lost = old.into_values().flatten().collect();
        compared.lost.sort_by_key(|case| case.line);
        compared
    }
}

/// Names with an inner mark (`has_been_read`, `LineDelete`) that the changed code no longer holds anywhere.
fn gone_names(code: &[&FileChange]) -> BTreeSet<String> {
    let names = |text: Option<&str>| -> BTreeSet<String> {
        text.unwrap_or("")
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .filter(|word| {
                word.len() >= 6 && (word.contains('_') || word.chars().skip(1).any(char::is_uppercase))
            })
            .map(str::to_owned)
            .collect()
    };
    let mut gone: BTreeSet<String> = code.iter().flat_map(|file| names(file.before_text())).collect();
    for file in code {
        for name in names(file.after_text()) {
            gone.remove(&name);
        }
    }
    gone
}

/// One line: what was touched, what was removed, what was switched.
pub fn lines(findings: &[&Finding]) -> Vec<Line> {
    findings
        .iter()
        .filter_map(|finding| {
            let Facts::Tests(facts) = &finding.facts else { return None };
            Line::of(
                "tests",
                &[finding],
                json!({
                    "files": facts.added + facts.changed - facts.inside,
                    "inside": facts.inside,
                    "data": facts.data,
                    "none": facts.added + facts.changed + facts.removed == 0,
                    "weaker": finding.rule == "tests.switched_off" || finding.rule == "tests.removed",
                    "removed": facts.removed,
                    "removed_tests": facts.removed_names.len(),
                    "removed_name": facts.removed_names.first(),
                    "switched_off": facts.switched_off,
                    "switched_on": facts.switched_on,
                }),
            )
        })
        .collect()
}

#[cfg(test)]
mod cases {
    use super::super::testing::{added, change, deleted, modified, run};
    use super::*;

    fn facts(files: Vec<FileChange>) -> (TestsFacts, String, Level) {
        let report = run(&Tests::default(), files);
        assert_eq!(report.findings.len(), 1);
        let finding = &report.findings[0];
        assert_eq!(lines(&[finding]).len(), 1);
        match &finding.facts {
            Facts::Tests(facts) => (facts.clone(), finding.rule.clone(), finding.level),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn says_what_happens_to_tests() {
        let spec = "it('adds', () => {\n expect(1)\n})\nit('pays', () => {\n expect(total_price)\n})\n";
        let (found, rule, level) = facts(vec![
            modified("src/a.ts", Role::Source, "a", "b"),
            modified("a.test.ts", Role::Test, spec, &spec.replace("it('adds'", "it.skip('adds'")),
        ]);
        assert_eq!(
            (found.changed, found.switched_off, rule.as_str(), level),
            (1, 1, "tests.switched_off", Level::WorthALook)
        );

        let without = "it('adds', () => {\n expect(1)\n})\n";
        let (found, rule, level) = facts(vec![modified("a.test.ts", Role::Test, spec, without)]);
        assert_eq!(
            (found.removed_names, rule.as_str(), level),
            (vec!["pays".to_owned()], "tests.removed", Level::WorthALook)
        );

        // the code it tested goes too
        let (found, _, level) = facts(vec![
            modified("a.test.ts", Role::Test, spec, without),
            modified("src/a.ts", Role::Source, "function total_price() {}", ""),
        ]);
        assert_eq!((found.removed_names.len(), level), (1, Level::Routine));

        // moved to another file, renamed in place
        let moved =
            vec![modified("a.test.ts", Role::Test, spec, without), added("b.test.ts", Role::Test, spec)];
        assert_eq!((facts(moved).0.removed_names.len()), 0);
        let renamed = vec![modified("a.test.ts", Role::Test, spec, &spec.replace("pays", "pays all"))];
        assert_eq!((facts(renamed).0.removed_names.len()), 0);

        // as many are written as go: here, or in another file
        let other = spec
            .replace("adds", "subtracts")
            .replace("pays", "refunds")
            .replace("1)", "2)")
            .replace("price", "tax");
        let (found, rule, _) = facts(vec![modified("a.test.ts", Role::Test, spec, &other)]);
        assert_eq!((found.removed_names.len(), rule.as_str()), (0, "tests.changed"));
        let (_, rule, _) =
            facts(vec![deleted("a.test.ts", Role::Test, spec), added("b.test.ts", Role::Test, &other)]);
        assert_eq!(rule, "tests.changed");

        let (found, rule, level) = facts(vec![deleted("a.test.ts", Role::Test, spec)]);
        assert_eq!((found.removed, rule.as_str(), level), (1, "tests.removed", Level::WorthALook));
    }

    #[test]
    fn none_beside_code_is_said_and_nothing_beside_nothing() {
        let (found, rule, level) = facts(vec![modified("src/a.ts", Role::Source, "a", "b")]);
        assert!(found.code_changed);
        assert_eq!((rule.as_str(), level), ("tests.none", Level::Routine));
        assert!(
            run(&Tests::default(), vec![modified("README.md", Role::Docs, "a", "b")]).findings.is_empty()
        );
        assert!(
            run(&Tests::default(), change(&[("a.test.ts", "b.test.ts", Role::Test, "same")]))
                .findings
                .is_empty()
        );
    }

    #[test]
    fn tests_inside_a_code_file_count() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n #[test]\n fn adds() {\n }\n}\n";
        let (found, ..) =
            facts(vec![modified("src/a.rs", Role::Source, text, &text.replace("adds() {", "adds() { a();"))]);
        assert_eq!((found.changed, found.inside), (1, 1));
        let (found, rule, _) =
            facts(vec![modified("src/a.rs", Role::Source, text, &text.replace("a() {}", "a() { }"))]);
        assert_eq!((found.changed, rule.as_str()), (0, "tests.none"));
    }
}
