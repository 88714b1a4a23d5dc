//! Switches and settings that came and went.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{Fact, Seen, fact, last};
use crate::change::RepoPath;
use crate::finding::{Facts, Finding, SettingChange};
use crate::formats::document;
use crate::notes::author;
use crate::notes::model::{SectionName, Source};

/// Settings of one prefix that are worth one word for all.
const FAMILY: usize = 3;

/// New switches, each with its author's description.
pub(super) fn switches_new<'f>(
    seen: &Seen<'_>,
    findings: &[&'f Finding],
    told: &mut BTreeSet<&'f str>,
    facts: &mut Vec<Fact>,
) {
    for finding in findings {
        let Facts::FeatureFlag(flag) = &finding.facts else { continue };
        let sorted = |list: &Option<String>| {
            let mut parts: Vec<String> =
                list.iter().flat_map(|text| text.split(", ")).map(str::to_owned).collect();
            parts.sort();
            parts
        };
        // the same choices in another order are the same choices
        if finding.rule == "feature_flag.choices_changed" && sorted(&flag.from) == sorted(&flag.to) {
            told.insert(&finding.id);
        }
        if flag.change != SettingChange::Added {
            continue;
        }
        told.insert(&finding.id);
        let description =
            finding.evidence.first().and_then(|place| description(seen, &place.path, &flag.key));
        let off = flag
            .to
            .as_deref()
            .is_some_and(|to| ["off", "false", "disabled"].contains(&to.to_lowercase().as_str()));
        let values = json!({"key": flag.key, "start": flag.to, "off": off, "description": description});
        let mut made =
            fact(seen, "notes/entries/switch_new", &flag.key, (SectionName::New, 3), &[finding], values);
        if description.is_some() {
            made.entry.sources.push(Source::AuthorNote);
        }
        made.is_public = false;
        made.entry.area = None;
        facts.push(made);
    }
}

/// What the file that defines a switch says about it.
fn description(seen: &Seen<'_>, path: &RepoPath, key: &str) -> Option<String> {
    let content = seen.change.after.read(path)?;
    let text = content.text()?;
    let trees = match path.extension().as_str() {
        "json" => vec![document::json(text).ok()?],
        "yaml" | "yml" => document::yaml(text).ok()?,
        "toml" => vec![document::toml(text).ok()?],
        _ => return None,
    };
    let mut open: Vec<(&document::Node, u8)> = trees.iter().map(|tree| (tree, 0)).collect();
    while let Some((node, depth)) = open.pop() {
        let named = node.text_of("key").or_else(|| node.text_of("name")) == Some(key);
        let found = if named { node } else { node.get(key) };
        if let Some(words) = found.text_of("description") {
            return Some(author::quote(words));
        }
        if depth < 6 {
            open.extend(
                node.entries().map(|(_, child)| child).chain(node.items()).map(|child| (child, depth + 1)),
            );
        }
    }
    None
}

/// Settings that came and went: one entry, with a word for those that share a prefix.
pub(super) fn settings<'f>(
    seen: &Seen<'_>,
    findings: &[&'f Finding],
    told: &mut BTreeSet<&'f str>,
    facts: &mut Vec<Fact>,
) {
    let of = |change: SettingChange| {
        let these = findings.iter().copied().filter(move |one| {
            matches!(&one.facts, Facts::Config(config) if config.change == change && one.rule != "config.needed")
        });
        these.filter(|one| !told.contains(one.id.as_str())).collect::<Vec<&'f Finding>>()
    };
    let (removed, added) = (of(SettingChange::Removed), of(SettingChange::Added));
    // few are told one by one
    if removed.is_empty() || removed.len() + added.len() < FAMILY {
        return;
    }
    let keys = |list: &[&Finding]| -> BTreeSet<String> {
        list.iter()
            .filter_map(|one| match &one.facts {
                Facts::Config(config) => Some(last(&config.key).to_owned()),
                _ => None,
            })
            .collect()
    };
    let (gone, new) = (keys(&removed), keys(&added));
    let moved: BTreeSet<String> = gone.intersection(&new).cloned().collect();
    let gone: BTreeSet<String> = gone.difference(&moved).cloned().collect();
    let new = new.len() - moved.len();
    told.extend(removed.iter().chain(&added).map(|one| one.id.as_str()));
    if gone.is_empty() {
        return;
    }
    let mut families: BTreeMap<&str, usize> = BTreeMap::new();
    for key in &gone {
        let prefix = key.find('_').map_or(key.as_str(), |at| key.get(..=at).unwrap_or(key));
        *families.entry(prefix).or_default() += 1;
    }
    let mut families: Vec<(&str, usize)> =
        families.into_iter().filter(|(_, count)| *count >= FAMILY).collect();
    families.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    families.truncate(3);
    let named: usize = families.iter().map(|(_, count)| count).sum();
    let values = json!({
        "removed": gone.len(),
        "added": new,
        "keys": gone,
        "families": families.iter().map(|(prefix, count)| json!({"prefix": prefix, "count": count})).collect::<Vec<_>>(),
        "more": gone.len() - named,
    });
    let all: Vec<&Finding> = removed.into_iter().chain(added).collect();
    let mut made = fact(seen, "notes/entries/settings", "", (SectionName::ActionNeeded, 5), &all, values);
    made.is_public = false;
    made.entry.area = None;
    facts.push(made);
}
