//! Groups findings about outside packages into sentences: forty updates are one line.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::Line;
use crate::finding::{DependencyChange, DependencyFacts, Evidence, Facts, Finding, Level, VersionStep};
use crate::formats::locks::CameAlong;

/// The sentences by their shape, most important first.
const ORDER: &[&str] = &[
    "new",
    "replaced",
    "source",
    "into_production",
    "downgrades",
    "big_steps",
    "updates",
    "new_here_known_elsewhere",
    "moved",
    "relocated",
    "removed",
    "along",
];

/// One sentence for each thing that happens to packages.
pub fn lines(findings: &[&Finding]) -> Vec<Line> {
    let parts: Vec<Part<'_>> = findings
        .iter()
        .filter_map(|finding| match &finding.facts {
            Facts::Dependency(facts) => Some((*finding, facts)),
            _ => None,
        })
        .collect();
    let is_big = |facts: &DependencyFacts| facts.step == VersionStep::Major;
    let has_big_steps =
        parts.iter().any(|(_, facts)| facts.change == DependencyChange::Upgraded && is_big(facts));
    let relocated = relocated(&parts);
    let (moved_on, parts): (Vec<Part<'_>>, Vec<Part<'_>>) =
        parts.into_iter().partition(|(finding, _)| relocated.contains(finding.id.as_str()));
    let pairs = replacements(&parts);
    let paired: BTreeSet<&str> =
        pairs.iter().flat_map(|(_, findings)| findings.iter().map(|finding| finding.id.as_str())).collect();
    let mut groups: BTreeMap<&str, Vec<Part<'_>>> = BTreeMap::new();
    for part in parts.into_iter().filter(|(finding, _)| !paired.contains(finding.id.as_str())) {
        groups.entry(shape(part, has_big_steps)).or_default().push(part);
    }
    if !moved_on.is_empty() {
        groups.insert("relocated", moved_on);
    }
    let said = ORDER.iter().filter_map(|shape| match *shape {
        "replaced" => replaced_line(&pairs),
        shape => line(shape, groups.get(shape)?),
    });
    said.collect()
}

/// The sentence that a finding belongs to. Small steps stand beside big ones, so that they are counted together.
fn shape((finding, facts): Part<'_>, has_big_steps: bool) -> &'static str {
    match (finding.rule.as_str(), facts.change) {
        ("dependency.source", _) => "source",
        ("dependency.into_production", _) => "into_production",
        (_, DependencyChange::Added) if facts.new_to_repo => "new",
        (_, DependencyChange::Added) => "new_here_known_elsewhere",
        (_, DependencyChange::Removed) if facts.list_deleted => "along",
        (_, DependencyChange::Removed) => "removed",
        (_, DependencyChange::Downgraded) => "downgrades",
        (_, DependencyChange::Moved) => "moved",
        (_, DependencyChange::Upgraded) if has_big_steps => "big_steps",
        (_, DependencyChange::Upgraded) => "updates",
    }
}

/// What came along in the exact lists, as counts; in view only where it is more than other versions.
pub fn lock_line(came_along: &CameAlong) -> Option<Line> {
    if came_along.is_empty() {
        return None;
    }
    let licences: Vec<Value> = came_along
        .licences
        .iter()
        .take(2)
        .map(|(name, licence)| json!({"name": name, "licence": licence}))
        .collect();
    let is_news = !came_along.other_content.is_empty() || !came_along.now_run_on_install.is_empty();
    Some(Line {
        shape: "dependency/lock".to_owned(),
        facts: json!({
            "parts": came_along.counts(),
            "lists": came_along.files.len(),
            "other_content": came_along.other_content,
            "now_run_on_install": came_along.now_run_on_install,
            "licences": licences,
        }),
        findings: Vec::new(),
        evidence: came_along.files.iter().map(|path| Evidence::after(path, None)).collect(),
        services: Vec::new(),
        level: Level::Routine,
        folded: !is_news,
    })
}

type Part<'a> = (&'a Finding, &'a DependencyFacts);

fn line(shape: &str, parts: &[Part<'_>]) -> Option<Line> {
    let findings: Vec<&Finding> = parts.iter().map(|(finding, _)| *finding).collect();
    let packages = packages(parts);
    let big: Vec<&Value> = packages.iter().filter(|package| package["big"] == true).collect();
    let places: BTreeSet<&str> = parts.iter().map(|(_, facts)| facts.manifest.as_str()).collect();
    let names = |packages: &[&Value]| -> Vec<Value> {
        packages.iter().map(|package| package["name"].clone()).collect()
    };
    let facts = json!({
        "count": packages.len(),
        "names": names(&packages.iter().collect::<Vec<_>>()),
        "one": packages.first().filter(|_| packages.len() == 1),
        "big": names(&big),
        "big_count": big.len(),
        "one_big": big.first().filter(|_| big.len() == 1),
        "places": places.len(),
        "out_of": only_list(parts, DependencyChange::Removed),
        "into": only_list(parts, DependencyChange::Added),
        "dev": parts.iter().all(|(_, facts)| facts.dev),
        "purposes": purposes(&packages),
        "security": parts.iter().find_map(|(_, facts)| facts.security.as_deref()),
    });
    let mut line = Line::of(&format!("dependency/{shape}"), &findings, facts)?;
    // the places of the packages that are named first come first
    let order = |path: &str, at: Option<u32>| {
        let by = |package: &Value| package["path"] == path && package["line"] == json!(at);
        let first = big.iter().position(|package| by(package));
        first.or_else(|| packages.iter().position(by).map(|at| at + big.len())).unwrap_or(usize::MAX)
    };
    line.evidence.sort_by_cached_key(|place| order(place.path.as_str(), place.line));
    Some(line)
}

/// The list of the packages that one thing happens to, where it is one.
fn only_list<'a>(parts: &[Part<'a>], change: DependencyChange) -> Option<&'a str> {
    let of_change = parts.iter().filter(|(_, facts)| facts.change == change);
    let mut lists = of_change.map(|(_, facts)| facts.manifest.as_str());
    let first = lists.next()?;
    lists.all(|list| list == first).then_some(first)
}

/// The findings on packages that leave one list and enter another in the same version.
fn relocated<'a>(parts: &[Part<'a>]) -> BTreeSet<&'a str> {
    type Sides<'a> = (Vec<Part<'a>>, Vec<Part<'a>>);
    let mut packages: BTreeMap<(&str, &str, Option<&str>, bool), Sides<'a>> = BTreeMap::new();
    for &(finding, facts) in parts {
        let key = |version: &'a Option<String>| {
            (facts.ecosystem.as_str(), facts.name.as_str(), version.as_deref(), facts.dev)
        };
        match facts.change {
            DependencyChange::Removed => {
                packages.entry(key(&facts.from)).or_default().0.push((finding, facts))
            }
            DependencyChange::Added => packages.entry(key(&facts.to)).or_default().1.push((finding, facts)),
            _ => {}
        }
    }
    let both = packages.into_values().filter(|(gone, new)| !gone.is_empty() && !new.is_empty());
    both.flat_map(|(gone, new)| gone.into_iter().chain(new)).map(|(finding, _)| finding.id.as_str()).collect()
}

/// What well-known packages are for: each purpose once, with the names. Of a service that ships to customers, the line
/// on outside recipients says it.
fn purposes(packages: &[Value]) -> Vec<Value> {
    let mut found: Vec<(&Value, Vec<&Value>)> = Vec::new();
    let is_said = |package: &Value| package["dev"] == false && package["reaches_outside"] == true;
    for package in packages.iter().filter(|package| !package["purpose"].is_null() && !is_said(package)) {
        match found.iter_mut().find(|(purpose, _)| **purpose == package["purpose"]) {
            Some((_, names)) => names.push(&package["name"]),
            None => found.push((&package["purpose"], vec![&package["name"]])),
        }
    }
    found
        .iter()
        .take(2)
        .map(|(purpose, names)| json!({"purpose": purpose, "names": names, "count": names.len()}))
        .collect()
}

/// One entry a package, the ones to read about first in front: with a known purpose, in production, by name.
fn packages(parts: &[Part<'_>]) -> Vec<Value> {
    let mut groups: BTreeMap<(&str, &str), Vec<Part<'_>>> = BTreeMap::new();
    for (finding, facts) in parts {
        groups.entry((&facts.ecosystem, &facts.name)).or_default().push((finding, facts));
    }
    let mut packages: Vec<_> = groups.into_values().collect();
    packages.sort_by_key(|group| {
        let facts = group[0].1;
        (facts.purpose.is_none(), group.iter().all(|(_, facts)| facts.dev), facts.name.clone())
    });
    packages.iter().map(|group| package(group)).collect()
}

fn package(group: &[Part<'_>]) -> Value {
    let (finding, facts) = group[0];
    let is_same = |of: &dyn Fn(&DependencyFacts) -> Option<&String>| {
        group.iter().all(|(_, other)| of(other) == of(facts))
    };
    let place = finding.evidence.first();
    let places = group.len() as u64;
    let from = facts.from.as_deref().filter(|_| is_same(&|facts| facts.from.as_ref()));
    let to = facts.to.as_deref().filter(|_| is_same(&|facts| facts.to.as_ref()));
    let (from, to, again) = match (from.and_then(shown), to.and_then(shown)) {
        // a pin that moves under the same number is a build; other signs around it are shown as they are
        (Some(old), Some(new)) if old == new => {
            match (from.is_some_and(is_pinned), to.is_some_and(is_pinned)) {
                (true, true) => (None, None, Some(json!({"build": new, "pin": null}))),
                (false, true) => (None, None, Some(json!({"build": null, "pin": new}))),
                (true, false) => (None, Some(new), None),
                (false, false) => (from.map(str::to_owned), to.map(str::to_owned), None),
            }
        }
        (old, new) => (old, new, None),
    };
    json!({
        "name": facts.name,
        "from": from,
        "to": to,
        "again": again,
        "big": group.iter().any(|(_, facts)| facts.step == VersionStep::Major),
        "dev": group.iter().all(|(_, facts)| facts.dev),
        "places": places,
        "others": u64::from(facts.used_in).saturating_sub(places),
        "purpose": facts.purpose,
        "reaches_outside": facts.reaches_outside,
        "source": facts.source,
        "path": place.map(|place| place.path.as_str()),
        "line": place.and_then(|place| place.line),
    })
}

/// Whether the version pins one content: a commit with its version in the comment, a tag with its digest.
fn is_pinned(version: &str) -> bool {
    version.contains(" # ") || version.contains("@sha256:")
}

/// A version for reading: without operators; of a pinned action, the comment. A digest alone says nothing.
fn shown(version: &str) -> Option<String> {
    let (version, comment) =
        version.split_once(" # ").map_or((version, None), |(version, text)| (version, Some(text)));
    let version = version.split("@sha256:").next().unwrap_or(version);
    if version.starts_with("sha256:") {
        return None;
    }
    let readable = comment.unwrap_or(version).trim_start_matches(['^', '~', '=', '>', ' ']);
    Some(match version.len() {
        40 if comment.is_none() && version.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            version[..7].to_owned()
        }
        _ => readable.to_owned(),
    })
}

/// Pairs of names with the findings behind them: one package out and one in, and nothing else, in the same manifest.
fn replacements<'a>(parts: &[Part<'a>]) -> Vec<((&'a str, &'a str), Vec<&'a Finding>)> {
    type Sides<'a> = (Vec<Part<'a>>, Vec<Part<'a>>);
    let mut manifests: BTreeMap<(&str, &str), Sides<'a>> = BTreeMap::new();
    for (finding, facts) in parts {
        let (gone, new) = manifests.entry((&facts.manifest, &facts.ecosystem)).or_default();
        match facts.change {
            DependencyChange::Removed => gone.push((finding, facts)),
            DependencyChange::Added => new.push((finding, facts)),
            _ => {}
        }
    }
    let mut pairs: BTreeMap<(&str, &str), Vec<&Finding>> = BTreeMap::new();
    for (gone, new) in manifests.into_values() {
        if let ([(gone, old)], [(new, fresh)]) = (gone.as_slice(), new.as_slice()) {
            pairs.entry((&old.name, &fresh.name)).or_default().extend([*new, *gone]);
        }
    }
    pairs.into_iter().collect()
}

fn replaced_line(pairs: &[((&str, &str), Vec<&Finding>)]) -> Option<Line> {
    let findings: Vec<&Finding> = pairs.iter().flat_map(|(_, findings)| findings.iter().copied()).collect();
    let shown: Vec<Value> =
        pairs.iter().take(2).map(|((old, new), _)| json!({"old": old, "new": new})).collect();
    let facts = json!({ "pairs": shown, "count": pairs.len(), "more": pairs.len().saturating_sub(2) });
    Line::of("dependency/replaced", &findings, facts)
}
