//! Versions as people write them, in any ecosystem: which is later, and how large a step its number says.

use std::cmp::Ordering;

use crate::finding::VersionStep;
use crate::formats::manifests::Ecosystem;

/// One version: its numbers, and what stands behind them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Version {
    numbers: Vec<u64>,
    rest: String,
}

/// How two versions as written compare: which way, and how large a step. `None` where that cannot be told.
pub fn compare(ecosystem: Ecosystem, from: &str, to: &str) -> (Option<Ordering>, VersionStep) {
    let (before, after) = (versions(ecosystem, from), versions(ecosystem, to));
    let (Some(old), Some(new)) = (before.first(), after.first()) else { return (None, VersionStep::Unknown) };
    let width = if ecosystem.has_floating_tags() {
        old.numbers.len().min(new.numbers.len())
    } else {
        old.numbers.len().max(new.numbers.len())
    };
    let part = |version: &Version, at: usize| version.numbers.get(at).copied().unwrap_or(0);
    let differs = (0..width).find(|&at| part(old, at) != part(new, at));
    if let Some(at) = differs {
        let order = part(new, at).cmp(&part(old, at));
        let starts_at_zero = part(old, 0) == 0 && part(new, 0) == 0;
        let step = match at {
            0 => VersionStep::Major,
            1 if starts_at_zero => VersionStep::Major,
            1 => VersionStep::Minor,
            _ => VersionStep::Patch,
        };
        return (Some(order), step);
    }
    match suffixes(ecosystem, &old.rest, &new.rest) {
        Ordering::Equal => (None, VersionStep::Unknown),
        order if is_pseudo(&old.rest) || is_pseudo(&new.rest) || ecosystem == Ecosystem::Docker => {
            (Some(order), VersionStep::Unknown)
        }
        order => (Some(order), VersionStep::Patch),
    }
}

/// The versions a text names, in order: `>=1.2,<2` names two.
fn versions(ecosystem: Ecosystem, text: &str) -> Vec<Version> {
    // a pinned action is a hash, and its version stands in the comment
    let text = match text.split_once('#') {
        Some((_, comment)) if ecosystem == Ecosystem::GithubActions => comment,
        _ => text,
    };
    text.split([',', ' ', '|', '[', ']', '(', ')', '"', '\'', ';']).filter_map(version).collect()
}

fn version(word: &str) -> Option<Version> {
    let word = word.rsplit_once('@').map_or(word, |(_, version)| version);
    let word = word.trim_start_matches(['^', '~', '=', '<', '>', '!', '≥', '*']);
    let is_hash = word.len() >= 7 && word.bytes().all(|byte| byte.is_ascii_hexdigit()) && word.len() != 8;
    if is_hash && word.bytes().any(|byte| byte.is_ascii_alphabetic()) || word.starts_with("sha256:") {
        return None;
    }
    let start = word.find(|letter: char| letter.is_ascii_digit())?;
    // `v1`, `release-1.2`, `jdk-17`; but no digits inside words such as `x64`
    let before = &word[..start];
    if !(before.is_empty() || before == "v" || before == "V" || before.ends_with(['-', '/', '_', 'v', ':'])) {
        return None;
    }
    let word = &word[start..];
    let end = word.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(word.len());
    let (numbers, rest) = word.split_at(end);
    let numbers: Vec<u64> = numbers.split('.').map_while(|number| number.parse().ok()).collect();
    (!numbers.is_empty()).then(|| Version { numbers, rest: rest.trim_start_matches('.').to_owned() })
}

/// Go's versions of commits: `0.0.0-20240102150405-0123456789ab`.
fn is_pseudo(rest: &str) -> bool {
    rest.split(['-', '.']).any(|part| part.len() == 14 && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Compares what stands behind equal numbers. A suffix is an earlier version (`2.0-rc1`) where it names a stage.
fn suffixes(ecosystem: Ecosystem, old: &str, new: &str) -> Ordering {
    const STAGES: &[&str] =
        &["alpha", "beta", "rc", "pre", "preview", "dev", "snapshot", "m", "cr", "a", "b", "canary", "next"];
    let parts = |rest: &str| -> Vec<String> {
        let rest = rest.split('+').next().unwrap_or_default();
        let mut parts: Vec<String> = Vec::new();
        let mut digit = None;
        for letter in rest.chars() {
            if matches!(letter, '-' | '.' | '_') {
                digit = None;
            } else {
                let is_digit = letter.is_ascii_digit();
                if digit != Some(is_digit) {
                    parts.push(String::new());
                }
                digit = Some(is_digit);
                if let Some(part) = parts.last_mut() {
                    part.push(letter.to_ascii_lowercase());
                }
            }
        }
        parts
    };
    let is_stage = |parts: &[String]| {
        ecosystem != Ecosystem::Docker && parts.first().is_some_and(|part| STAGES.contains(&part.as_str()))
            || parts.first().is_some_and(|part| part.len() == 14 && part.parse::<u64>().is_ok())
    };
    let (old, new) = (parts(old), parts(new));
    match (is_stage(&old), is_stage(&new)) {
        (true, false) if new.is_empty() => return Ordering::Greater,
        (false, true) if old.is_empty() => return Ordering::Less,
        _ => {}
    }
    for (old, new) in old.iter().zip(&new) {
        let order = match (old.parse::<u64>(), new.parse::<u64>()) {
            (Ok(old), Ok(new)) => new.cmp(&old),
            // other words, such as `alpine` and `slim`, have no order
            _ if is_stage(std::slice::from_ref(old)) && is_stage(std::slice::from_ref(new)) => new.cmp(old),
            _ if old != new => return Ordering::Equal,
            _ => Ordering::Equal,
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    if is_stage(&old) { new.len().cmp(&old.len()) } else { Ordering::Equal }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Ordering::{Greater, Less};
    use VersionStep::{Major, Minor, Patch, Unknown};

    #[test]
    fn steps_by_number() {
        let npm = Ecosystem::Npm;
        let docker = Ecosystem::Docker;
        let actions = Ecosystem::GithubActions;
        for (ecosystem, from, to, order, step) in [
            (npm, "^15.5.7", "^15.5.9", Some(Greater), Patch),
            (npm, "^16.2.2", "16.2.1", Some(Less), Patch),
            (npm, "^0.15.0", "^0.16.0", Some(Greater), Major),
            (npm, "^5.9.3", "^6.0.3", Some(Greater), Major),
            (npm, "^1.2.0", "1.2.0", None, Unknown),
            (npm, "latest", "1.2.0", None, Unknown),
            (npm, "5.0.0-rc.1", "5.0.0", Some(Greater), Patch),
            (npm, "5.0.0-beta.9", "5.0.0-beta.10", Some(Greater), Patch),
            (npm, "^5", "^5.1", Some(Greater), Minor),
            (Ecosystem::Rubygems, "~> 9.0", "~> 10.0", Some(Greater), Major),
            (Ecosystem::Pypi, ">=1.2,<2", ">=1.3,<2", Some(Greater), Minor),
            (Ecosystem::Pypi, "^0.0.19", "^0.0.20", Some(Greater), Patch),
            (Ecosystem::Maven, "2.0.73.Final", "2.0.74.Final", Some(Greater), Patch),
            (Ecosystem::Maven, "1.0.0-M4", "1.0.0-M5", Some(Greater), Patch),
            (
                Ecosystem::Go,
                "v0.0.0-20240101000000-aaaaaaaaaaaa",
                "v0.0.0-20240201000000-bbbbbbbbbbbb",
                Some(Greater),
                Unknown,
            ),
            (docker, "3.14.5-alpine3.21", "3.14.5-alpine3.22", Some(Greater), Unknown),
            (docker, "20-alpine", "20-slim", None, Unknown),
            (docker, "v1.61.1-noble", "v1.62.1-noble", Some(Greater), Minor),
            (docker, "17", "17.6", None, Unknown),
            (actions, "v4", "3d3c42e5aac5ba805825da76410c181273ba90b1 # v4.1.0", None, Unknown),
            (actions, "v4", "3d3c42e5aac5ba805825da76410c181273ba90b1 # v5.1.0", Some(Greater), Major),
            (
                actions,
                "3d3c42e5aac5ba805825da76410c181273ba90b1",
                "1111111111111111111111111111111111111111",
                None,
                Unknown,
            ),
        ] {
            assert_eq!(compare(ecosystem, from, to), (order, step), "{from} to {to}");
        }
    }
}
