//! What build steps on GitHub may do: rights that grow, and runs for changes from outside with full rights.

use std::collections::BTreeMap;

use super::{Found, facts};
use crate::change::FileChange;
use crate::finding::{Evidence, Level};
use crate::formats::document::{self, Node};

pub(super) fn find(files: &[FileChange]) -> Vec<Found> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.path.is_in(".github/workflows")) {
        let read = |text: Option<&str>| {
            text.and_then(|text| document::yaml(text).ok()).and_then(|nodes| nodes.into_iter().next())
        };
        let (Some(before), Some(after)) = (read(file.before_text()), read(file.after_text())) else {
            continue;
        };
        compare(file, &before, &after, &mut found);
    }
    found
}

fn compare(file: &FileChange, before: &Node, after: &Node, found: &mut Vec<Found>) {
    let name = file.path.file_name();
    let (was, now) = (rights(before), rights(after));
    for ((job, right), (level, line)) in &now {
        let Some((old, _)) =
            was.get(&(job.clone(), right.clone())).or(was.get(&(job.clone(), "*".to_owned())))
        else {
            // no list before: everything that the repository's settings allow, which we cannot see
            let listed = was.keys().any(|(other, _)| other == job);
            if listed && *level == Right::Write {
                found.push(more(file, name, right, "none", *level, *line));
            }
            continue;
        };
        if level > old {
            found.push(more(file, name, right, old.word(), *level, *line));
        }
    }
    let outside = |node: &Node| {
        let on = node.get("on");
        on.text() == Some("pull_request_target")
            || on.items().any(|item| item.text() == Some("pull_request_target"))
            || on.entries().any(|(key, _)| key == "pull_request_target")
    };
    if outside(after) && !outside(before) {
        let to = Some("pull_request_target".to_owned());
        found.push(Found {
            rule: "access.outside_changes_run",
            level: Level::WorthALook,
            facts: facts("workflow_permission", name, "loosened", None, to),
            evidence: Evidence::after(&file.path, after.get("on").line),
        });
    }
}

fn more(file: &FileChange, name: &str, right: &str, from: &str, to: Right, line: u32) -> Found {
    // Of all rights at once no single one was there before.
    let (right, from) = if right == "*" { ("all", None) } else { (right, Some(from)) };
    let right = |word: &str| format!("{right}: {word}");
    Found {
        rule: "access.build_rights_widened",
        level: Level::WorthALook,
        facts: facts("workflow_permission", name, "loosened", from.map(right), Some(right(to.word()))),
        evidence: Evidence::after(&file.path, line),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Right {
    None,
    Read,
    Write,
}

impl Right {
    fn of(word: &str) -> Self {
        match word {
            "write" | "write-all" => Right::Write,
            "read" | "read-all" => Right::Read,
            _ => Right::None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Right::None => "none",
            Right::Read => "read",
            Right::Write => "write",
        }
    }
}

/// Rights by job and name; the job is empty for the whole workflow, the right `*` for all at once.
fn rights(node: &Node) -> BTreeMap<(String, String), (Right, u32)> {
    let jobs = node.get("jobs").entries().map(|(name, job)| (name, job.get("permissions")));
    let mut rights = BTreeMap::new();
    for (job, permissions) in std::iter::once(("", node.get("permissions"))).chain(jobs) {
        if let Some(all) = permissions.text() {
            rights.insert((job.to_owned(), "*".to_owned()), (Right::of(all), permissions.line));
        }
        for (right, value) in permissions.entries() {
            rights.insert(
                (job.to_owned(), right.to_owned()),
                (Right::of(value.text().unwrap_or("")), value.line),
            );
        }
    }
    rights
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::modified;
    use super::super::tests::found;
    use crate::change::Role;

    #[test]
    fn rights_that_grow() {
        let workflow = |on: &str, rights: &str| format!("on: {on}\npermissions:\n{rights}jobs: {{}}\n");
        let run = |before: &str, after: &str| {
            found(vec![modified(".github/workflows/a.yml", Role::Infra, before, after)])
        };
        let narrow = workflow("push", "  contents: read\n");
        assert_eq!(
            run(&narrow, &workflow("push", "  contents: write\n")),
            ["access.build_rights_widened a.yml loosened"]
        );
        assert_eq!(run(&narrow, &workflow("push", "  contents: read\n  packages: write\n")).len(), 1);
        assert_eq!(
            run(&narrow, &workflow("[pull_request_target]", "  contents: read\n")),
            ["access.outside_changes_run a.yml loosened"]
        );
        let all = narrow.replace("permissions:\n  contents: read\n", "permissions: write-all\n");
        assert_eq!(run(&narrow, &all), ["access.build_rights_widened a.yml loosened"]);
        assert!(run(&workflow("push", "  contents: write\n"), &narrow).is_empty());
        assert!(run("on: push\njobs: {}\n", &narrow).is_empty());
    }
}
