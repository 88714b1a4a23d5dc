//! Which settings share a sentence, and how two values compare.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::detectors::Line;
use crate::finding::{ConfigFacts, Facts, Finding, SettingChange};

/// So many characters of a value or key stand in view.
const LONG: usize = 60;

/// Findings with their facts.
type Pairs<'a> = Vec<(&'a Finding, &'a ConfigFacts)>;

/// More pairs of values of one key than this are not listed; more lines of changed values than this become one.
const MANY: usize = 3;

/// Changed values in one line for each pair of values; new ones, removed ones and needed ones in one line each.
pub fn lines(findings: &[&Finding]) -> Vec<Line> {
    let mut changed: BTreeMap<_, Pairs<'_>> = BTreeMap::new();
    let mut lists: BTreeMap<(u8, &str, bool), Pairs<'_>> = BTreeMap::new();
    for finding in findings {
        let Facts::Config(facts) = &finding.facts else { continue };
        match facts.change {
            SettingChange::Changed => {
                let group = (tail(&facts.key), facts.secret, &facts.environment);
                changed.entry(group).or_default().push((finding, facts));
            }
            _ if finding.rule == "config.needed" => {
                lists.entry((0, "config/needed", false)).or_default().push((finding, facts))
            }
            SettingChange::Added => {
                lists.entry((1, "config/added", production(facts))).or_default().push((finding, facts))
            }
            SettingChange::Removed => {
                lists.entry((2, "config/removed", production(facts))).or_default().push((finding, facts))
            }
        }
    }
    let changed = changed.into_values().flat_map(by_values).filter_map(|group| {
        let (findings, facts): (Vec<&Finding>, Vec<&ConfigFacts>) = group.into_iter().unzip();
        let first = facts.first()?;
        let alone = facts.len() == 1;
        let alike = facts.iter().all(|facts| (&facts.from, &facts.to) == (&first.from, &first.to));
        if !alike {
            let keys: BTreeSet<String> = facts.iter().map(|facts| short(&facts.key)).collect();
            return Line::of("config/changed_many", &findings, json!({
                "keys": keys,
                "count": keys.len(),
                "environment": first.environment,
            }));
        }
        let (gained, lost) = members(first).unwrap_or_default();
        let is_long = |value: &Option<String>| value.as_deref().is_some_and(|value| value.chars().count() > LONG);
        Line::of("config/changed", &findings, json!({
            "key": short(if alone { first.key.as_str() } else { tail(&first.key) }),
            "meaning": meaning(&first.key),
            "parts": if alone { Vec::new() } else { facts.iter().map(|facts| head(&facts.key)).collect::<Vec<_>>() },
            "from": first.from.as_deref().map(cut),
            "to": first.to.as_deref().map(cut),
            "gained": gained,
            "lost": lost,
            "is_long": is_long(&first.from) || is_long(&first.to),
            "ratio": ratio(first),
            "environment": first.environment,
            "secret": first.secret,
        }))
    });
    let lists = lists.into_iter().filter_map(|((_, shape, production), group)| {
        let (findings, facts): (Vec<&Finding>, Vec<&ConfigFacts>) = group.into_iter().unzip();
        let only = (facts.len() == 1).then(|| facts.first()).flatten();
        Line::of(
            shape,
            &findings,
            json!({
                "keys": facts.iter().map(|facts| short(&facts.key)).collect::<Vec<_>>(),
                "count": facts.len(),
                "value": only.and_then(|facts| facts.to.as_deref()).map(cut),
                "production": production,
            }),
        )
    });
    let changed: Vec<Line> = changed.collect();
    let changed = if changed.len() > MANY + 1 { joined(changed, findings) } else { changed };
    let mut lines: Vec<Line> = changed.into_iter().chain(lists).collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.level));
    lines
}

/// The first few lines stay, most important first; the others become one that names the keys.
fn joined(mut lines: Vec<Line>, all: &[&Finding]) -> Vec<Line> {
    lines.sort_by_key(|line| {
        std::cmp::Reverse((line.level, line.facts.get("ratio").is_some_and(|ratio| !ratio.is_null())))
    });
    let rest: BTreeSet<String> = lines.split_off(MANY).into_iter().flat_map(|line| line.findings).collect();
    let rest: Vec<&Finding> = all.iter().copied().filter(|finding| rest.contains(&finding.id)).collect();
    let keys: BTreeSet<String> = rest
        .iter()
        .filter_map(|finding| match &finding.facts {
            Facts::Config(facts) => Some(short(&facts.key)),
            _ => None,
        })
        .collect();
    lines.extend(Line::of(
        "config/changed_many",
        &rest,
        json!({"keys": keys, "count": keys.len(), "environment": null}),
    ));
    lines
}

/// One key with few pairs of values is said pair by pair; with many, only that it changes.
fn by_values(group: Pairs<'_>) -> Vec<Pairs<'_>> {
    let mut pairs: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (finding, facts) in &group {
        pairs.entry((&facts.from, &facts.to)).or_default().push((*finding, *facts));
    }
    if pairs.len() > MANY { vec![group] } else { pairs.into_values().collect() }
}

fn production(facts: &ConfigFacts) -> bool {
    facts.environment.as_deref().is_some_and(|names| names.contains("production"))
}

/// What a key says below its first part: in a shared file that part names the service.
fn tail(key: &str) -> &str {
    key.split_once('.').filter(|(_, rest)| rest.contains('.')).map_or(key, |(_, rest)| rest)
}

fn head(key: &str) -> &str {
    key.split_once('.').map_or(key, |(first, _)| first)
}

/// The few keys that have plain words.
fn meaning(key: &str) -> Option<&'static str> {
    let ends = |end: &str| key.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    [
        ("limits.memory", "memory_ceiling"),
        ("mem_limit", "memory_ceiling"),
        ("requests.memory", "memory_reserved"),
        ("reservations.memory", "memory_reserved"),
        ("replicas", "copies"),
        ("replicaCount", "copies"),
    ]
    .into_iter()
    .find_map(|(end, meaning)| ends(end).then_some(meaning))
}

/// A ratio that has a word; only where both are numbers of one unit and it is exact.
fn ratio(facts: &ConfigFacts) -> Option<&'static str> {
    let (from, from_unit) = number(facts.from.as_deref()?)?;
    let (to, to_unit) = number(facts.to.as_deref()?)?;
    if from_unit != to_unit || from == 0 || to == 0 {
        return None;
    }
    match (to.checked_rem(from)?, to / from, from.checked_rem(to)?, from / to) {
        (0, 2, ..) => Some("doubles"),
        (0, 3, ..) => Some("triples"),
        (0, 10, ..) => Some("tenfold"),
        (.., 0, 2) => Some("halves"),
        _ => None,
    }
}

fn number(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let is_unit = unit.len() <= 8 && unit.chars().all(|c| c.is_ascii_alphabetic() || c == ' ' || c == '%');
    Some((digits.parse().ok()?, unit)).filter(|_| is_unit)
}

/// What a list of values gained and lost; `None` where it is no list, or where most of it is other.
fn members(facts: &ConfigFacts) -> Option<(Vec<&str>, Vec<&str>)> {
    let parts = |list: &'_ str| list.contains(", ");
    let (from, to) = (facts.from.as_deref()?, facts.to.as_deref()?);
    if !parts(from) && !parts(to) {
        return None;
    }
    let (was, now): (BTreeSet<&str>, BTreeSet<&str>) = (from.split(", ").collect(), to.split(", ").collect());
    let gained: Vec<&str> = now.difference(&was).copied().collect();
    let lost: Vec<&str> = was.difference(&now).copied().collect();
    let few = (1..=4).contains(&(gained.len() + lost.len()))
        && gained.iter().chain(&lost).all(|part| part.chars().count() <= LONG);
    few.then_some((gained, lost))
}

/// The end of a long key tells it best.
fn short(key: &str) -> String {
    if key.chars().count() <= LONG {
        return key.to_owned();
    }
    let mut parts: Vec<&str> = key.rsplit('.').take(3).collect();
    parts.reverse();
    format!("…{}", parts.join("."))
}

/// A value in view is short.
fn cut(value: &str) -> String {
    let line = value.lines().next().unwrap_or("");
    match line.char_indices().nth(LONG) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(from: &str, to: &str) -> ConfigFacts {
        ConfigFacts {
            key: "a".into(),
            from: Some(from.into()),
            to: Some(to.into()),
            change: SettingChange::Changed,
            environment: None,
            places: Vec::new(),
            secret: false,
        }
    }

    #[test]
    fn lists_by_what_they_gain() {
        assert_eq!(members(&changed("a, b", "b, c")), Some((vec!["c"], vec!["a"])));
        assert_eq!(members(&changed("a", "b")), None);
        assert_eq!(members(&changed("a, b, c", "d, e, f")), None);
    }

    #[test]
    fn ratio_words_only_where_exact() {
        for (from, to, wanted) in [
            ("64Mi", "128Mi", Some("doubles")),
            ("30", "90", Some("triples")),
            ("1s", "10s", Some("tenfold")),
            ("10", "5", Some("halves")),
            ("64Mi", "1Gi", None),
            ("64Mi", "129Mi", None),
            ("0", "2", None),
            ("1.5", "3", None),
            ("a", "b", None),
        ] {
            assert_eq!(ratio(&changed(from, to)), wanted, "{from} {to}");
        }
    }
}
