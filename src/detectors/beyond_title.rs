//! Does the change do more than a title that says move, rename, tidy, fix or bump?

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Context, Detector, Line, Report};
use crate::change::Words;
use crate::finding::{BeyondTitleFacts, DependencyChange, Evidence, Facts, Finding, KINDS, Level};
use crate::formats::locks::came_along;

/// Options of `[detectors.beyond_title]`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BeyondTitle {}

/// So many packages of the exact lists do not change by the way.
const MANY_PACKAGES: u32 = 20;

/// First words of a title that promise a small thing, the word that we quote, and the kinds that they promise.
const VERBS: &[(&[&str], &str, &[&str])] = &[
    (&["move", "moves", "moving", "moved", "relocate"], "move", &[]),
    (&["rename", "renames", "renaming", "renamed"], "rename", &["schema", "api", "config"]),
    (
        &[
            "tidy",
            "cleanup",
            "clean",
            "refactor",
            "refactoring",
            "reformat",
            "format",
            "lint",
            "reorganize",
            "style",
        ],
        "tidying",
        &[],
    ),
    (&["fix", "fixes", "fixed", "fixing", "bugfix", "hotfix"], "fix", &["config"]),
    (&["bump", "bumps", "upgrade", "upgrades"], "version step", &["dependency", "runtime", "config"]),
    (&["docs", "doc", "document", "typo", "typos"], "documentation edit", &[]),
];

/// Words by which an author speaks of a kind.
const SPOKEN: &[(&str, &[&str])] = &[
    (
        "schema",
        &[
            "migration",
            "migrations",
            "migrate",
            "schema",
            "column",
            "columns",
            "table",
            "tables",
            "database",
            "db",
            "index",
            "field",
            "fields",
        ],
    ),
    (
        "dependency",
        &[
            "dependency",
            "dependencies",
            "deps",
            "package",
            "packages",
            "bump",
            "upgrade",
            "upgrades",
            "library",
            "libraries",
            "version",
            "versions",
            "update",
            "updates",
        ],
    ),
    (
        "api",
        &[
            "api",
            "endpoint",
            "endpoints",
            "graphql",
            "proto",
            "protobuf",
            "openapi",
            "mutation",
            "query",
            "route",
            "rpc",
        ],
    ),
    (
        "config",
        &["setting", "settings", "config", "configuration", "env", "environment", "variable", "variables"],
    ),
    ("feature_flag", &["flag", "flags", "switch", "toggle"]),
];

/// Words by which an author speaks of the exact lists of packages; "update" alone may be about anything.
const PACKAGES: &[&str] = &[
    "dependency",
    "dependencies",
    "deps",
    "package",
    "packages",
    "bump",
    "bumps",
    "upgrade",
    "upgrades",
    "library",
    "libraries",
    "lock",
    "lockfile",
    "npm",
    "yarn",
    "pnpm",
];

impl Detector for BeyondTitle {
    fn detect(&self, cx: &Context<'_>, report: &mut Report) {
        let Some((verb, expected)) = cx.words.title.as_deref().and_then(promise) else { return };
        let said = words_of(cx.words);
        let mut kinds: BTreeSet<&str> = BTreeSet::new();
        let mut evidence = Vec::new();
        for finding in &report.findings {
            let kind = finding.facts.kind();
            let Some((_, spoken)) = SPOKEN.iter().find(|(of, _)| *of == kind) else { continue };
            if expected.contains(&kind) || !is_news(finding) || spoken.iter().any(|word| said.contains(*word))
            {
                continue;
            }
            if names(finding).iter().any(|name| said.contains(&name.to_lowercase())) {
                kinds.remove(kind);
                continue;
            }
            if kinds.insert(kind) {
                evidence.extend(finding.evidence.first().cloned());
            }
        }
        let mut locked = BTreeMap::new();
        let is_spoken = PACKAGES.iter().any(|word| said.contains(*word));
        if !expected.contains(&"dependency") && !is_spoken {
            let came = came_along(cx.changes);
            if came.changed + came.new + came.gone >= MANY_PACKAGES {
                locked = came.counts().into_iter().map(|part| (part.what.to_owned(), part.count)).collect();
                kinds.insert("dependency");
                evidence.extend(came.files.first().map(|path| Evidence::after(path, None)));
            }
        }
        if kinds.is_empty() {
            return;
        }
        let kinds =
            KINDS.iter().filter(|kind| kinds.contains(*kind)).map(|kind| (*kind).to_owned()).collect();
        let facts = BeyondTitleFacts { verb: verb.to_owned(), kinds, locked };
        report.push(
            cx,
            "beyond_title.more_kinds",
            Level::WorthALook,
            verb,
            evidence,
            Facts::BeyondTitle(facts),
        );
    }
}

/// First words, behind a tag, by which a title names something larger than its tag.
const LARGER: &[&str] = &[
    "add",
    "adds",
    "allow",
    "convert",
    "create",
    "delete",
    "deletes",
    "disable",
    "drop",
    "drops",
    "enable",
    "implement",
    "introduce",
    "migrate",
    "remove",
    "removes",
    "replace",
    "replaces",
    "retire",
    "support",
    "switch",
];

/// What the title's first word promises; a leading `area:`, `type(scope):` or `[area]` is looked at, and what stands
/// behind it may take the promise back.
fn promise(title: &str) -> Option<(&'static str, &'static [&'static str])> {
    let lower = title.to_lowercase();
    let word = |text: &str| {
        text.split(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty()).map(str::to_owned)
    };
    let behind = lower
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .or_else(|| lower.split_once(':'))
        .and_then(|(_, rest)| word(rest));
    if behind.as_deref().is_some_and(|word| LARGER.contains(&word)) {
        return None;
    }
    [word(&lower), behind].into_iter().flatten().find_map(|word| {
        VERBS
            .iter()
            .find(|(words, _, _)| words.contains(&word.as_str()))
            .map(|(_, verb, expected)| (*verb, *expected))
    })
}

/// A small package step beside a fix is nobody's news.
fn is_news(finding: &Finding) -> bool {
    match &finding.facts {
        // What builds and checks use is no part of the product.
        Facts::Dependency(facts) => {
            !facts.dev && (finding.level > Level::Routine || facts.change == DependencyChange::Added)
        }
        Facts::Schema(_) => finding.level > Level::Routine,
        Facts::Api(facts) => !facts.data_only && finding.level > Level::Routine,
        Facts::Config(_) | Facts::FeatureFlag(_) => true,
        _ => false,
    }
}

fn names(finding: &Finding) -> Vec<&str> {
    match &finding.facts {
        Facts::Dependency(facts) => vec![&facts.name],
        Facts::Schema(facts) => {
            std::iter::once(facts.table.as_str()).chain(facts.column.as_deref()).collect()
        }
        Facts::Api(facts) => vec![&facts.subject],
        Facts::Config(facts) => vec![&facts.key],
        Facts::FeatureFlag(facts) => vec![&facts.key],
        _ => Vec::new(),
    }
}

fn words_of(words: &Words) -> BTreeSet<String> {
    let commits = words
        .commits
        .iter()
        .filter(|commit| !commit.is_merge)
        .flat_map(|commit| [&commit.subject, &commit.body]);
    let texts = words.title.iter().chain(&words.body).chain(commits);
    let mut said = BTreeSet::new();
    for text in texts {
        let lower = text.to_lowercase();
        said.extend(
            lower
                .split(|c: char| !(c.is_alphanumeric() || "_-@/.".contains(c)))
                .map(|word| word.trim_matches('.').to_owned()),
        );
        said.extend(lower.split(|c: char| !c.is_alphanumeric()).map(str::to_owned));
    }
    said
}

/// One sentence. What many packages of the exact lists do is told in numbers, not as a kind.
pub fn lines(findings: &[&Finding]) -> Vec<Line> {
    let of = |finding: &&Finding| {
        let Facts::BeyondTitle(facts) = &finding.facts else { return None };
        let count = |what: &str| facts.locked.get(what).map(|count| json!({"what": what, "count": count}));
        let parts: Vec<Value> = ["changed", "new", "gone"].into_iter().filter_map(count).collect();
        let is_told = |kind: &&String| parts.is_empty() || *kind != "dependency";
        let kinds: Vec<&String> = facts.kinds.iter().filter(is_told).collect();
        let packages = facts.locked.get("changed").copied().unwrap_or_else(|| facts.locked.values().sum());
        let values = json!({"verb": facts.verb, "kinds": kinds, "parts": parts, "packages": packages});
        Line::of("beyond_title", &[finding], values)
    };
    findings.iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::promise;

    #[test]
    fn a_title_promises_by_its_first_word() {
        for (title, verb) in [
            ("Move structs to view crates", Some("move")),
            ("fix(ui): wrong colour", Some("fix")),
            ("chore: bump things", Some("version step")),
            ("Add a service", None),
            ("[cleanup] Remove the reviews service", None),
            ("chore: drop old settings", None),
            ("[cleanup] unused code", Some("tidying")),
            ("", None),
            ("Movement tracking", None),
        ] {
            assert_eq!(promise(title).map(|(verb, _)| verb), verb, "{title}");
        }
    }
}
