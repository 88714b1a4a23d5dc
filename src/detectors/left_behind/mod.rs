//! The old value that still stands in sibling places: the same setting of the same service in files beside, a
//! constant of the same name, a name replaced here and used there, stored data that goes and is still read.

mod stored;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{Context, Detector, Line, Report};
use crate::change::{FileChange, RepoPath, Role};
use crate::finding::{ConfigFacts, Evidence, Facts, Finding, LeftBehindFacts, Level, SettingChange};
use crate::formats::settings::{self, Setting, code::is_code};

/// Files of the tree that are looked into.
const MOST_FILES: usize = 20_000;
/// More places than this are no oversight but another meaning.
const MOST_PLACES: usize = 8;

/// Its options.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LeftBehind {
    /// Keys and names that are never reported.
    ignore: BTreeSet<String>,
}

struct Found {
    rule: &'static str,
    facts: LeftBehindFacts,
    evidence: Vec<Evidence>,
    services: Vec<String>,
}

impl Detector for LeftBehind {
    fn detect(&self, cx: &Context<'_>, report: &mut Report) {
        let mut found = settings_left(cx, report);
        found.extend(names_left(cx));
        found.extend(stored::left(cx, report));
        for one in found.into_iter().filter(|one| !self.ignore.contains(&one.facts.key)) {
            if one.facts.places.len() > MOST_PLACES {
                continue;
            }
            let subject = one.facts.key.clone();
            report.push(
                cx,
                one.rule,
                Level::WorthALook,
                &subject,
                one.evidence,
                Facts::LeftBehind(one.facts),
            );
            if let (Some(finding), false) = (report.findings.last_mut(), one.services.is_empty()) {
                finding.services = one.services;
            }
        }
    }
}

/// A setting that was looked for: whose it is, what it is called there, what it was.
struct Wanted<'a> {
    facts: &'a ConfigFacts,
    finding: &'a Finding,
    /// Service or container, in plain letters, and the key below it; the key alone where the file has one owner.
    id: (String, String),
    old: &'a str,
}

/// Same service, same key, old value, in a file beside that this change leaves as it was.
fn settings_left(cx: &Context<'_>, report: &Report) -> Vec<Found> {
    let mut wanted: Vec<Wanted<'_>> = Vec::new();
    for finding in &report.findings {
        let Facts::Config(facts) = &finding.facts else { continue };
        let (SettingChange::Changed, Some(old)) = (facts.change, facts.from.as_deref()) else { continue };
        // one number or word alone is everywhere, and says nothing without its owner
        for place in &finding.evidence {
            let Some(setting) = setting_at(cx, &place.path, place.line, &facts.key) else { continue };
            wanted.push(Wanted { facts, finding, id: identity(cx, &place.path, &setting), old });
        }
    }
    if wanted.is_empty() {
        return Vec::new();
    }
    let changed: BTreeSet<&RepoPath> = cx.changes.files().iter().map(|file| &file.path).collect();
    let mut places: BTreeMap<&str, (&Wanted<'_>, Vec<Evidence>)> = BTreeMap::new();
    let files = cx.after.paths().iter().filter(|path| {
        let kind = path.extension();
        (matches!(kind.as_str(), "yml" | "yaml" | "properties" | "toml" | "json" | "ini")
            || path.file_name().starts_with(".env"))
            && !changed.contains(path)
    });
    for path in files.take(MOST_FILES) {
        if matches!(
            cx.roles.role(path, None),
            Role::Test | Role::Lock | Role::Vendored | Role::Generated | Role::Docs
        ) {
            continue;
        }
        let Some(content) = cx.after.read(path) else { continue };
        let Some(text) = content.text() else { continue };
        if !wanted.iter().any(|wanted| text.contains(wanted.old)) {
            continue;
        }
        let Some(Ok(inventory)) = settings::read(path, text) else { continue };
        for setting in &inventory.settings {
            let id = identity(cx, path, setting);
            let environment = setting.environment.as_deref().or(settings::environment_of(path));
            for one in wanted.iter().filter(|one| one.id == id && setting.value.as_deref() == Some(one.old)) {
                // another environment may well have another value, and what all share is overridden by one
                if environment == one.facts.environment.as_deref() {
                    let entry = places.entry(&one.finding.id).or_insert((one, Vec::new()));
                    entry.1.push(Evidence::after(path, setting.line));
                }
            }
        }
    }
    places
        .into_values()
        .map(|(one, mut evidence)| {
            evidence.sort();
            evidence.dedup();
            let places: BTreeSet<String> = evidence.iter().map(|place| place.path.to_string()).collect();
            Found {
                rule: "left_behind.setting",
                facts: LeftBehindFacts {
                    what: if one.old.starts_with(|c: char| c.is_ascii_digit()) { "number" } else { "text" }
                        .to_owned(),
                    key: one.facts.key.clone(),
                    old: Some(one.old.to_owned()),
                    new: one.facts.to.clone(),
                    places: places.into_iter().collect(),
                },
                evidence,
                services: one.finding.services.clone(),
            }
        })
        .collect()
}

fn setting_at(cx: &Context<'_>, path: &RepoPath, line: Option<u32>, key: &str) -> Option<Setting> {
    let content = cx.after.read(path)?;
    let inventory = settings::read(path, content.text()?)?.ok()?;
    inventory.settings.into_iter().find(|setting| Some(setting.line) == line && setting.key == key)
}

/// Owner and key: Helm values say `cart.resources…`, Kubernetes and Compose say `resources…` of `cart`.
fn identity(cx: &Context<'_>, path: &RepoPath, setting: &Setting) -> (String, String) {
    let plain = |name: &str| {
        let name: String =
            name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        name.strip_suffix("service").unwrap_or(&name).to_owned()
    };
    let owner = match (&setting.scope, setting.key.split_once('.')) {
        (Some(scope), _) => return (plain(scope), setting.key.clone()),
        (None, Some((first, rest))) if rest.contains('.') && (path.file_name().starts_with("values")) => {
            return (plain(first), rest.to_owned());
        }
        _ => cx.catalog.service_of(path).map_or(path.folder(), |service| service.name.as_str()),
    };
    (owner.to_owned(), setting.key.clone())
}

static CONSTANT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b").expect("the pattern is fixed and the tests run it")
});
static VALUE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b(?:\s*:\s*[\w&' ]+)?\s*=\s*([0-9][\w.]*|\x22[^\x22]{1,60}\x22|'[^']{1,60}')\s*[;,]?\s*(?:(?://|#).*)?$")
        .expect("the pattern is fixed and the tests run it")
});

/// What the changed code says of constants: uses replaced by something else, values set anew.
#[derive(Default)]
struct Touched {
    /// Names that stood on a removed line whose new form has something else in their place.
    replaced: BTreeSet<String>,
    /// Names on new lines: what is written anew is not given up.
    written: BTreeSet<String>,
    /// Old and new literal of a constant.
    set_anew: BTreeMap<String, (String, String)>,
}

fn names_left(cx: &Context<'_>) -> Vec<Found> {
    let mut touched = Touched::default();
    for file in cx.changes.files().iter().filter(|file| file.role == Role::Source) {
        if let (Some(before), Some(after)) = (file.before_text(), file.after_text()) {
            compare(before, after, &mut touched);
        }
    }
    // What a new file says, of code or of settings, is written anew too.
    let is_read = |file: &&FileChange| matches!(file.role, Role::Source | Role::Config | Role::Infra);
    for file in cx
        .changes
        .files()
        .iter()
        .filter(is_read)
        .filter(|file| !touched.replaced.is_empty() && file.before().is_none())
    {
        let lines = file.after_text().unwrap_or_default().lines().filter(|line| line.len() < 500).take(2_000);
        touched
            .written
            .extend(lines.flat_map(|line| CONSTANT.captures_iter(line)).map(|found| found[1].to_owned()));
    }
    let Touched { replaced, written, .. } = &mut touched;
    replaced.retain(|name| !written.contains(name));
    if touched.replaced.is_empty() && touched.set_anew.is_empty() {
        return Vec::new();
    }
    let mut uses: BTreeMap<String, Vec<Evidence>> = BTreeMap::new();
    let mut same: BTreeMap<String, Vec<Evidence>> = BTreeMap::new();
    for path in cx.after.paths().iter().filter(|path| is_code(path)).take(MOST_FILES) {
        if cx.roles.role(path, None) != Role::Source {
            continue;
        }
        let Some(content) = cx.after.read(path) else { continue };
        let Some(text) = content.text() else { continue };
        let names = touched.replaced.iter().chain(touched.set_anew.keys());
        if !names.into_iter().any(|name| text.contains(name.as_str())) {
            continue;
        }
        for (number, line) in (1u32..).zip(text.lines()).filter(|(_, line)| line.len() < 500) {
            let defined = VALUE.captures(line);
            if let Some(found) = &defined
                && touched.set_anew.get(&found[1]).is_some_and(|(old, _)| *old == found[2])
            {
                same.entry(found[1].to_owned()).or_default().push(Evidence::after(path, number));
            }
            for found in CONSTANT.captures_iter(line) {
                let is_use =
                    !line[found.get(0).map_or(0, |name| name.end())..].trim_start().starts_with(['=', ':'])
                        || line.contains("==");
                if is_use
                    && touched.replaced.contains(&found[1])
                    && !line.trim_start().starts_with(['#', '/', '*'])
                    && !line.contains("import ")
                {
                    uses.entry(found[1].to_owned()).or_default().push(Evidence::after(path, number));
                }
            }
        }
    }
    let mut found = Vec::new();
    for (name, evidence) in uses {
        found.push(left(cx, "left_behind.name", "name", &name, None, None, evidence));
    }
    for (name, evidence) in same {
        let Some((old, new)) = touched.set_anew.get(&name) else { continue };
        let what = if old.starts_with(['"', '\'']) { "text" } else { "number" };
        let bare = |text: &String| text.trim_matches(['"', '\'']).to_owned();
        if !settings::secrets::is_hidden(&name, old) {
            found.push(left(
                cx,
                "left_behind.constant",
                what,
                &name,
                Some(bare(old)),
                Some(bare(new)),
                evidence,
            ));
        }
    }
    found
}

fn left(
    cx: &Context<'_>,
    rule: &'static str,
    what: &str,
    key: &str,
    old: Option<String>,
    new: Option<String>,
    evidence: Vec<Evidence>,
) -> Found {
    let places: BTreeSet<String> =
        evidence.iter().map(|place| format!("{}:{}", place.path, place.line.unwrap_or(0))).collect();
    let services = cx.services_of(evidence.iter().map(|place| &place.path));
    let facts = LeftBehindFacts {
        what: what.to_owned(),
        key: key.to_owned(),
        old,
        new,
        places: places.into_iter().collect(),
    };
    Found { rule, facts, evidence, services }
}

/// Pairs a removed line with an added one that begins and ends like it: the same statement, with something else inside.
fn compare(before: &str, after: &str, touched: &mut Touched) {
    let kept_after: BTreeSet<&str> = after.lines().map(str::trim).collect();
    let kept_before: BTreeSet<&str> = before.lines().map(str::trim).collect();
    let removed = before.lines().map(str::trim).filter(|line| !kept_after.contains(line) && line.len() < 500);
    let added: Vec<&str> =
        after.lines().map(str::trim).filter(|line| !kept_before.contains(line) && line.len() < 500).collect();
    // a rewritten file has no pairs
    const MOST: usize = 2_000;
    if added.len() > MOST {
        return;
    }
    let names = added.iter().flat_map(|line| CONSTANT.captures_iter(line)).map(|found| found[1].to_owned());
    touched.written.extend(names);
    for old in removed.take(MOST).filter(|line| CONSTANT.is_match(line)) {
        if let Some(found) = VALUE.captures(old) {
            let new = added.iter().filter_map(|line| VALUE.captures(line)).find(|new| new[1] == found[1]);
            if let Some(new) = new.filter(|new| new[2] != found[2]) {
                touched.set_anew.insert(found[1].to_owned(), (found[2].to_owned(), new[2].to_owned()));
            }
            continue;
        }
        for name in CONSTANT.captures_iter(old).filter_map(|found| found.get(1)) {
            let (start, end) = (&old[..name.start()], &old[name.end()..]);
            // enough of the statement must stay to call it the same
            if start.len() + end.len() < 8 {
                continue;
            }
            let is_same = |new: &&&str| {
                let fits =
                    new.len() > start.len() + end.len() && new.starts_with(start) && new.ends_with(end);
                fits && !new.contains(name.as_str())
            };
            let replaced = added.iter().find(is_same);
            // one constant for another is a choice; a constant for a value of its own is a new rule
            if replaced.is_some_and(|new| !CONSTANT.is_match(&new[start.len()..new.len() - end.len()])) {
                touched.replaced.insert(name.as_str().to_owned());
            }
        }
    }
}

/// Settings in one line, as they mostly stand together; constants and names one by one.
pub fn lines(findings: &[&Finding]) -> Vec<Line> {
    let of = |finding: &&Finding| match &finding.facts {
        Facts::LeftBehind(facts) => Some(facts.clone()),
        _ => None,
    };
    let by_rule = |rule: &str| -> Vec<&Finding> {
        findings.iter().copied().filter(|finding| finding.rule == rule).collect()
    };
    let settings = by_rule("left_behind.setting");
    let names = findings
        .iter()
        .filter(|finding| matches!(finding.rule.as_str(), "left_behind.name" | "left_behind.constant"));
    let mut lines: Vec<Line> = Vec::new();
    let facts: Vec<LeftBehindFacts> = settings.iter().filter_map(of).collect();
    let places: BTreeSet<&str> =
        facts.iter().flat_map(|facts| facts.places.iter().map(String::as_str)).collect();
    // many files are told by their folders
    let folders: BTreeSet<&str> = places.iter().filter_map(|path| Some(&path[..=path.rfind('/')?])).collect();
    let in_folders = places.len() > 3 && places.iter().all(|path| path.contains('/'));
    let places = if in_folders { folders } else { places };
    let all = |what: &str| facts.iter().all(|facts| facts.what == what);
    let what = if all("number") {
        "number"
    } else if all("text") {
        "text"
    } else {
        "value"
    };
    lines.extend(Line::of(
        "left_behind/setting",
        &settings,
        json!({
            "what": what,
            "several": facts.len() > 1,
            "count": places.len(),
            "places": places,
        }),
    ));
    for (rule, shape) in
        [("left_behind.report", "left_behind/report"), ("left_behind.stored_name", "left_behind/stored_name")]
    {
        let group = by_rule(rule);
        let facts: Vec<LeftBehindFacts> = group.iter().filter_map(of).collect();
        let names: Vec<&str> = facts
            .iter()
            .map(|facts| match rule {
                "left_behind.report" => facts.key.as_str(),
                _ => facts.key.rsplit('.').next().unwrap_or(&facts.key),
            })
            .collect();
        let places: BTreeSet<&str> =
            facts.iter().flat_map(|facts| facts.places.iter().map(String::as_str)).collect();
        let count: usize = group.iter().map(|finding| finding.evidence.len()).sum();
        let values = json!({"names": names, "places": places, "count": count});
        lines.extend(Line::of(shape, &group, values));
    }
    for finding in names.copied() {
        let Some(facts) = of(&finding) else { continue };
        let count = finding.evidence.len();
        lines.extend(Line::of("left_behind/name", &[finding], json!({
            "what": facts.what, "key": facts.key, "old": facts.old, "new": facts.new, "count": count, "places": facts.places,
        })));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::config::Config;
    use super::super::testing::{added, modified, run_all};
    use super::*;
    use crate::change::FileChange;

    fn found(files: Vec<FileChange>, others: &[(&str, &str)]) -> Vec<String> {
        let report = run_all(&[&Config::default(), &LeftBehind::default()], files, others);
        let found: Vec<&Finding> =
            report.findings.iter().filter(|finding| matches!(finding.facts, Facts::LeftBehind(_))).collect();
        assert_eq!(lines(&found).is_empty(), found.is_empty());
        found
            .iter()
            .map(|finding| match &finding.facts {
                Facts::LeftBehind(facts) => {
                    format!("{} {} {}", finding.rule, facts.key, facts.places.join(" "))
                }
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn the_same_setting_of_the_same_service_elsewhere() {
        let values = |memory: &str| format!("cart:\n  resources:\n    limits:\n      memory: {memory}\n");
        let object = |name: &str, memory: &str| {
            format!(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  template:\n    spec:\n      containers:\n        - name: x\n          resources:\n            limits:\n              memory: {memory}\n"
            )
        };
        let change = || vec![modified("chart/values.yaml", Role::Infra, &values("64Mi"), &values("128Mi"))];
        let others = [
            ("k/cart.yaml", &*object("cartservice", "64Mi")),
            ("k/pay.yaml", &*object("payservice", "64Mi")),
        ];
        assert_eq!(
            found(change(), &others),
            ["left_behind.setting cart.resources.limits.memory k/cart.yaml"]
        );
        assert!(found(change(), &[("k/cart.yaml", &*object("cartservice", "99Mi"))]).is_empty());
        assert!(found(change(), &[("tests/cart.yaml", &*object("cartservice", "64Mi"))]).is_empty());
    }

    #[test]
    fn a_name_replaced_here_and_used_there() {
        let change = || {
            vec![modified(
                "a.rb",
                Role::Source,
                "if votes >= OLD_LIMIT then\nx\n",
                "if votes >= tag.limit then\nx\n",
            )]
        };
        assert_eq!(
            found(change(), &[("b.rb", "OLD_LIMIT = 2\nfoo(OLD_LIMIT)\n")]),
            ["left_behind.name OLD_LIMIT b.rb:2"]
        );
        assert!(found(change(), &[("b.rb", "OLD_LIMIT = 2\n")]).is_empty());
        // a name that is written anew beside is still the name
        let kept = "if votes >= tag.limit then\nx\nraise OLD_LIMIT, MORE_OLD_LIMIT\n";
        let kept = vec![modified("a.rb", Role::Source, "if votes >= OLD_LIMIT then\nx\n", kept)];
        assert!(found(kept, &[("b.rb", "OLD_LIMIT = 2\nfoo(OLD_LIMIT)\n")]).is_empty());
        // a new file that reads it is no place that was forgotten
        let handed =
            [change(), vec![added("limits.rb", Role::Source, "LIMIT = ENV['OLD_LIMIT'] || OLD_LIMIT\n")]];
        assert!(found(handed.concat(), &[]).is_empty());
        let removed = vec![modified("a.rb", Role::Source, "if votes >= OLD_LIMIT then\nx\n", "x\n")];
        assert!(found(removed, &[("b.rb", "foo(OLD_LIMIT)\n")]).is_empty());
        let value = vec![modified("a.py", Role::Source, "MAX_SIZE = 10\n", "MAX_SIZE = 20\n")];
        assert_eq!(
            found(value, &[("b.py", "MAX_SIZE = 10\n"), ("c.py", "MAX_SIZE = 7\n")]),
            ["left_behind.constant MAX_SIZE b.py:1"]
        );
    }

    proptest::proptest! {
        #[test]
        fn never_panics(before in "(?s)[A-Z_ =\"é0-9\n]{0,200}", after in "(?s)[A-Z_ =\"é0-9\n]{0,200}") {
            compare(&before, &after, &mut Touched::default());
        }
    }
}
