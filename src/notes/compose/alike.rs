//! Changes that are alike become one line.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Placed, Told};
use crate::finding::id_of;
use crate::notes::model::SectionName;
use crate::notes::names::words;

/// Changes with one verb in one area that become one line.
const FAMILY: usize = 3;

/// Verbs of work that is the same many times over.
const SAME_WORK: &[&str] = &[
    "rename", "migrate", "move", "replace", "upgrade", "bump", "remove", "align", "set", "split", "convert",
    "port",
];

/// Changes that wait for words, with one verb in one area: one line for all.
pub(super) fn families(placed: &mut Vec<Placed>, told: &mut [Option<Told>]) {
    let mut groups: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for (at, one) in placed.iter().enumerate() {
        let title = one.entry.facts.pointer("/facts/words").and_then(Value::as_str).unwrap_or_default();
        let verb = words(title).into_iter().next().unwrap_or_default();
        if one.section == SectionName::NeedsYourWords
            && one.unit.is_some()
            && SAME_WORK.contains(&verb.as_str())
        {
            groups.entry((one.entry.area.clone().unwrap_or_default(), verb)).or_default().push(at);
        }
    }
    let mut gone = BTreeSet::new();
    for ((area, verb), members) in groups.into_iter().filter(|(_, members)| members.len() >= FAMILY) {
        let pulls: BTreeSet<u64> =
            members.iter().flat_map(|at| placed[*at].entry.pulls.first()).copied().collect();
        let commits: Vec<String> = members.iter().flat_map(|at| placed[*at].entry.commits.clone()).collect();
        for at in members.iter().skip(1) {
            if let Some(unit) = placed[*at].unit {
                told[unit] = Some(Told::Merged);
            }
            gone.insert(*at);
        }
        let Some(first) = members.first().copied() else { continue };
        let one = &mut placed[first];
        let example = one.entry.facts.pointer("/facts/words").cloned();
        if let Some(unit) = one.unit {
            told[unit] = Some(Told::Listed);
        }
        one.section = SectionName::Changed;
        one.rank.0 = 35;
        one.entry.id = id_of("note", "family", &format!("{area} {verb}"));
        one.entry.shape = "notes/entries/family".to_owned();
        let area = Some(area).filter(|area| !area.is_empty());
        one.entry.facts = json!({
            "facts": {"area": area, "verb": verb, "count": members.len(), "example": example},
            "evidence": [], "services": [],
        });
        one.entry.pulls = pulls.into_iter().collect();
        one.entry.commits = commits;
    }
    let mut at = 0;
    placed.retain(|_| {
        at += 1;
        !gone.contains(&(at - 1))
    });
}

/// Changes of one section whose words are the same: one line for all, with the numbers of all.
pub(super) fn same_words(placed: &mut Vec<Placed>, told: &mut [Option<Told>]) {
    let mut first: BTreeMap<(SectionName, String), usize> = BTreeMap::new();
    let mut kept: Vec<Placed> = Vec::with_capacity(placed.len());
    for one in std::mem::take(placed) {
        let said = one.entry.facts.pointer("/facts/words").and_then(Value::as_str).map(str::to_lowercase);
        let key = said.filter(|_| one.unit.is_some()).map(|said| (one.section, said));
        let known = key.as_ref().and_then(|key| first.get(key).copied());
        let (Some(known), Some(unit)) = (known.map(|at| &mut kept[at]), one.unit) else {
            first.extend(key.map(|key| (key, kept.len())));
            kept.push(one);
            continue;
        };
        if known.unit != Some(unit) {
            told[unit] = Some(Told::Merged);
        }
        let pulls: BTreeSet<u64> = known.entry.pulls.iter().chain(&one.entry.pulls).copied().collect();
        known.entry.pulls = pulls.into_iter().collect();
        known.entry.commits.extend(one.entry.commits);
        if known.entry.area != one.entry.area {
            known.entry.area = None;
            known.entry.facts["facts"]["area"] = Value::Null;
        }
    }
    *placed = kept;
}
