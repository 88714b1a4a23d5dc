//! Feature switches: added, removed, and how they start.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::config::{has_word, is_code};
use super::{Context, Detector, Line, Report};
use crate::change::{Content, RepoPath, Role, Snapshot};
use crate::finding::{Evidence, Facts, FeatureFlagFacts, Finding, Level, SettingChange};
use crate::formats::settings;
use crate::formats::settings::flag_code;
use crate::formats::settings::flags::{self, Flag};

/// Its options.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FeatureFlag {}

impl Detector for FeatureFlag {
    fn detect(&self, cx: &Context<'_>, report: &mut Report) {
        let roles = [Role::Test, Role::Lock, Role::Vendored, Role::Generated, Role::Translation];
        let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
        for file in cx.changes.files().iter().filter(|file| !roles.contains(&file.role)) {
            collect(file.old_path(), file.before_text(), Evidence::before, &mut before);
            collect(&file.path, file.after_text(), Evidence::after, &mut after);
        }
        for (id, (flag, place)) in &after {
            match before.get(id) {
                None => push(cx, report, id, SettingChange::Added, None, flag.start.clone(), place),
                Some((was, _)) if was.start != flag.start => {
                    push(
                        cx,
                        report,
                        id,
                        SettingChange::Changed,
                        was.start.clone(),
                        flag.start.clone(),
                        place,
                    );
                }
                Some((was, _)) if choices(was) != choices(flag) => {
                    let list = |flag: &Flag| Some(flag.variants.join(", "));
                    push(cx, report, id, SettingChange::Changed, list(was), list(flag), place);
                }
                Some(_) => {}
            }
        }
        for (id, (flag, place)) in before.iter().filter(|(id, _)| !after.contains_key(*id)) {
            push(cx, report, id, SettingChange::Removed, flag.start.clone(), None, place);
        }
        let known = before.keys().chain(after.keys()).map(|(_, key)| key.as_str()).collect();
        of_code(cx, &known, report);
    }
}

/// Switches that only code names: new where nothing of the whole tree named them, gone where nothing does any more.
fn of_code(cx: &Context<'_>, known: &BTreeSet<&str>, report: &mut Report) {
    let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
    for file in cx.changes.of_role(Role::Source) {
        let keys =
            |path, text: Option<&str>| text.map(|text| flag_code::read(path, text)).unwrap_or_default();
        for (key, line) in keys(file.old_path(), file.before_text()) {
            before.entry(key).or_insert_with(|| Evidence::before(file.old_path(), line));
        }
        for (key, line) in keys(&file.path, file.after_text()) {
            after.entry(key).or_insert_with(|| Evidence::after(&file.path, line));
        }
    }
    let lost = |own: &BTreeMap<String, Evidence>, other: &BTreeMap<String, Evidence>, tree| {
        let new = own.iter().filter(|(key, _)| !other.contains_key(*key) && !known.contains(key.as_str()));
        let mut new: BTreeMap<String, Evidence> =
            new.map(|(key, place)| (key.clone(), place.clone())).collect();
        forget_named(cx, tree, &mut new);
        new
    };
    for (key, place) in lost(&after, &before, cx.before) {
        push(cx, report, &("code", key), SettingChange::Added, None, None, &place);
    }
    for (key, place) in lost(&before, &after, cx.after) {
        push(cx, report, &("code", key), SettingChange::Removed, None, None, &place);
    }
}

/// Drops the keys that any code or settings of a tree name.
fn forget_named(cx: &Context<'_>, tree: &dyn Snapshot, keys: &mut BTreeMap<String, Evidence>) {
    /// Files of the tree that are looked into.
    const MOST_FILES: usize = 20_000;
    let is_searched = |path: &&RepoPath| {
        is_code(path) || matches!(path.extension().as_str(), "yml" | "yaml" | "json" | "toml")
    };
    for path in tree.paths().iter().filter(is_searched).take(MOST_FILES) {
        if keys.is_empty() {
            return;
        }
        if !matches!(cx.roles.role(path, None), Role::Source | Role::Config | Role::Infra) {
            continue;
        }
        if let Some(text) = tree.read(path).as_ref().and_then(Content::text) {
            keys.retain(|key, _| !has_word(text, key));
        }
    }
}

/// What a switch can be, whatever the order that its file lists it in.
fn choices(flag: &Flag) -> BTreeSet<&str> {
    flag.variants.iter().map(String::as_str).collect()
}

/// System and key: a switch that moves to another file is the same.
type Id = (&'static str, String);

fn collect(
    path: &RepoPath,
    text: Option<&str>,
    side: fn(&RepoPath, Option<u32>) -> Evidence,
    found: &mut BTreeMap<Id, (Flag, Evidence)>,
) {
    let Some(text) = text else { return };
    if let Some((system, flags)) = flags::read(path, text) {
        for flag in flags {
            let place = side(path, Some(flag.line));
            found.insert((system, flag.key.clone()), (flag, place));
        }
    } else if let Some(Ok(inventory)) = settings::read(path, text) {
        let environment = settings::environment_of(path).unwrap_or("");
        for setting in inventory
            .settings
            .into_iter()
            .filter(|setting| flags::is_flag(&setting.key, setting.value.as_deref()))
        {
            let place = side(path, Some(setting.line));
            let start = setting.value.as_deref().map(flags::on_off);
            let environment = setting.environment.as_deref().unwrap_or(environment);
            let key =
                if environment.is_empty() { setting.key } else { format!("{} ({environment})", setting.key) };
            let flag = Flag { key: key.clone(), start, variants: Vec::new(), line: setting.line };
            found.insert(("settings", key), (flag, place));
        }
    }
}

fn push(
    cx: &Context<'_>,
    report: &mut Report,
    (system, key): &Id,
    change: SettingChange,
    from: Option<String>,
    to: Option<String>,
    place: &Evidence,
) {
    let is_choice = change == SettingChange::Changed
        && [&from, &to].iter().any(|list| list.as_ref().is_some_and(|list| list.contains(", ")));
    let (rule, level) = match change {
        SettingChange::Added => ("feature_flag.added", Level::Routine),
        SettingChange::Removed => ("feature_flag.removed", Level::Routine),
        SettingChange::Changed if is_choice => ("feature_flag.choices_changed", Level::Routine),
        SettingChange::Changed => ("feature_flag.start_changed", Level::WorthALook),
    };
    let facts = FeatureFlagFacts { key: key.clone(), change, from, to, system: (*system).to_owned() };
    report.push(cx, rule, level, &format!("{system} {key}"), vec![place.clone()], Facts::FeatureFlag(facts));
}

/// One line for each switch that starts otherwise; new ones and removed ones in one line each.
pub fn lines(findings: &[&Finding]) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut lists: BTreeMap<&str, Vec<(&Finding, &FeatureFlagFacts)>> = BTreeMap::new();
    for finding in findings {
        let Facts::FeatureFlag(facts) = &finding.facts else { continue };
        let own = match finding.rule.as_str() {
            "feature_flag.start_changed" => "feature_flag/start_changed",
            "feature_flag.choices_changed" => {
                lists.entry("feature_flag/choices_changed").or_default().push((finding, facts));
                continue;
            }
            "feature_flag.removed" => {
                lists.entry("feature_flag/removed").or_default().push((finding, facts));
                continue;
            }
            _ => {
                lists.entry("feature_flag/added").or_default().push((finding, facts));
                continue;
            }
        };
        lines.extend(Line::of(
            own,
            &[finding],
            json!({"key": facts.key, "from": facts.from, "to": facts.to}),
        ));
    }
    for (shape, group) in lists {
        let (findings, facts): (Vec<&Finding>, Vec<&FeatureFlagFacts>) = group.into_iter().unzip();
        let start = facts.first().and_then(|first| first.to.as_deref());
        let all = facts.iter().all(|facts| facts.to.as_deref() == start);
        let keys: Vec<&str> = facts.iter().map(|facts| facts.key.as_str()).collect();
        let values = json!({"count": keys.len(), "keys": keys, "start": start.filter(|_| all)});
        lines.extend(Line::of(shape, &findings, values));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::testing::{modified, run, run_among};
    use super::*;

    fn rules(path: &str, before: &str, after: &str) -> Vec<String> {
        let report = run(&FeatureFlag::default(), vec![modified(path, Role::Config, before, after)]);
        let found: Vec<_> = report.findings.iter().collect();
        assert_eq!(lines(&found).is_empty(), found.is_empty());
        report.findings.iter().map(|finding| finding.rule.clone()).collect()
    }

    #[test]
    fn starts_choices_and_lists() {
        let flag = |start: &str, more: &str| {
            format!(
                r#"{{"flags":{{"a":{{"variants":{{"on":1,"off":0{more}}},"defaultVariant":"{start}"}}}}}}"#
            )
        };
        let path = "demo.flagd.json";
        assert_eq!(rules(path, &flag("off", ""), &flag("on", "")), ["feature_flag.start_changed"]);
        assert_eq!(
            rules(path, &flag("off", ""), &flag("off", ",\"half\":2")),
            ["feature_flag.choices_changed"]
        );
        assert_eq!(
            rules(path, &flag("off", ""), r#"{"flags":{"b":{"variants":{"on":1}}}}"#),
            ["feature_flag.added", "feature_flag.removed"]
        );
        assert_eq!(
            rules("config/app.yml", "features:\n  a: false\n", "features:\n  a: true\n"),
            ["feature_flag.start_changed"]
        );
    }

    #[test]
    fn switches_that_code_names() {
        let list = |more: &str| format!("export enum FeatureFlagKeys {{\n  A = 'old-cart',\n{more}}}\n");
        let change = |before: &str, after: &str| vec![modified("a.ts", Role::Source, before, after)];
        let rules = |files, others: &[(&str, &str)]| -> Vec<String> {
            let report = run_among(&FeatureFlag::default(), files, others);
            report.findings.iter().map(|finding| finding.rule.clone()).collect()
        };
        let (old, new) = (list(""), list("  B = 'new-cart',\n"));
        assert_eq!(rules(change(&old, &new), &[]), ["feature_flag.added"]);
        assert_eq!(rules(change(&new, &old), &[]), ["feature_flag.removed"]);
        assert!(rules(change(&new, &old), &[("b.go", "on(\"new-cart\")")]).is_empty());
        assert!(rules(change(&old, &new), &[("flags.yaml", "new-cart: true")]).is_empty());
        assert!(rules(change(&old, &format!("\n{old}")), &[]).is_empty());
    }

    #[test]
    fn quiet_where_no_switch_changes() {
        let text = r#"{"flags":{"a":{"variants":{"on":1,"off":0},"defaultVariant":"off"}}}"#;
        assert!(rules("demo.flagd.json", text, &text.replace(":{\"a\"", ": {\"a\"")).is_empty());
        let turned = text.replace("\"on\":1,\"off\":0", "\"off\":0,\"on\":1");
        assert_ne!(turned, text);
        assert!(rules("demo.flagd.json", text, &turned).is_empty());
        assert!(rules("config/app.yml", "a: 1\n", "a: 2\n").is_empty());
    }
}
