//! In which release each change can be had, by release line. Says released, never live: a tag is no deployment.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::base::{Releases, Version};
use super::units::{Unit, copies_of};
use crate::config::Config;
use crate::error::Error;
use crate::git::{Range, Repository, Tag};

/// A line whose newest release is older than this, in days before the end of the window, is no longer kept up.
const KEPT_UP: i64 = 180;

/// More lines than this are not looked at; the highest versions count.
const MOST_LINES: usize = 4;

/// Commits beside the range that are looked at.
const MOST_BESIDE: usize = 5_000;

const DAY: i64 = 24 * 60 * 60;

/// A release by its tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The tag.
    pub tag: String,
    /// Committer time of its commit, seconds since 1970 UTC.
    pub time: i64,
}

/// What was released of a range.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Released {
    /// For each unit the first release on each line that has it, the highest version first.
    pub of_units: Vec<Vec<String>>,
    /// Whether there are release lines to look at; else nothing can be said about any change.
    pub has_lines: bool,
    /// The releases of the window, oldest first.
    pub within: Vec<Release>,
}

/// Looks for each unit in the releases up to `until`, by the commit itself and by copies of the same change.
pub fn find(
    repository: &Repository,
    range: &Range,
    units: &[Unit],
    config: &Config,
    (since, until): (i64, i64),
) -> Result<Released, Error> {
    let tags = repository.tags()?;
    let releases = Releases::new(config);
    let mut known: Vec<(Version<'_>, &Tag)> = tags
        .iter()
        .filter(|tag| tag.time < until)
        .filter_map(|tag| Some((releases.version(tag)?, tag)))
        .filter(|(version, _)| version.pre.is_empty())
        .collect();
    known.sort_by(|a, b| a.1.time.cmp(&b.1.time).then_with(|| a.0.cmp(&b.0)));
    let within = known
        .iter()
        .filter(|(_, tag)| tag.time >= since)
        .map(|(_, tag)| Release { tag: tag.name.clone(), time: tag.time })
        .collect();

    let lines = lines(&known, &config.release_notes.lines, until);
    let mut of_units = vec![Vec::new(); units.len()];
    let tips: Vec<&str> = lines.iter().flat_map(|line| line.iter().map(|tag| tag.commit.as_str())).collect();
    let beside = match units.is_empty() {
        true => Vec::new(),
        false => repository.walk_beside(range, &tips, MOST_BESIDE)?,
    };
    let place: HashMap<&str, usize> =
        beside.iter().enumerate().map(|(at, walked)| (walked.commit.id.as_str(), at)).collect();
    let unit_of = copies_of(repository, units, &beside);
    let mut holds: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    let by_commit: HashMap<&str, &str> =
        lines.iter().flatten().map(|tag| (tag.commit.as_str(), tag.name.as_str())).collect();
    for line in &lines {
        let mut seen: HashSet<usize> = HashSet::new();
        let mut told: HashSet<usize> = HashSet::new();
        let mut tags_seen: BTreeSet<&str> = BTreeSet::new();
        for tag in line {
            let mut open: Vec<usize> = place.get(tag.commit.as_str()).copied().into_iter().collect();
            while let Some(at) = open.pop() {
                if !seen.insert(at) {
                    continue;
                }
                if let Some(unit) = unit_of[at].filter(|unit| told.insert(*unit)) {
                    of_units[unit].push(tag.name.clone());
                }
                tags_seen.extend(by_commit.get(beside[at].commit.id.as_str()));
                open.extend(beside[at].parents.iter().filter_map(|id| place.get(id.as_str()).copied()));
            }
            holds.insert(&tag.name, tags_seen.clone());
        }
    }
    for tags in &mut of_units {
        // a release that holds an earlier one of these says nothing new
        let all = tags.clone();
        tags.retain(|tag| {
            let holds = holds.get(tag.as_str());
            !all.iter().any(|other| other != tag && holds.is_some_and(|holds| holds.contains(other.as_str())))
        });
    }
    Ok(Released { of_units, has_lines: !lines.is_empty(), within })
}

/// The release lines, the highest version first, each with its tags, oldest first: those of the configuration, else
/// those that are kept up, and always the highest.
fn lines<'t>(known: &[(Version<'_>, &'t Tag)], configured: &[String], until: i64) -> Vec<Vec<&'t Tag>> {
    let mut lines: BTreeMap<(u64, u64), Vec<&Tag>> = BTreeMap::new();
    for (version, tag) in known {
        lines.entry(version.line()).or_default().push(tag);
    }
    let wanted: Vec<Vec<u64>> =
        configured.iter().map(|name| numbers(name)).filter(|n| !n.is_empty()).collect();
    let is_kept_up = |tags: &Vec<&Tag>| tags.last().is_some_and(|tag| tag.time >= until - KEPT_UP * DAY);
    let is_wanted = |line: &(u64, u64), tags: &Vec<&Tag>| match wanted.is_empty() {
        true => is_kept_up(tags),
        false => wanted.iter().any(|numbers| match numbers.as_slice() {
            [major] => *major == line.0,
            [major, minor, ..] => (*major, *minor) == *line,
            [] => false,
        }),
    };
    let highest = lines.keys().next_back().copied().filter(|_| wanted.is_empty());
    let chosen =
        lines.into_iter().rev().filter(|(line, tags)| is_wanted(line, tags) || highest == Some(*line));
    chosen.map(|(_, tags)| tags).take(MOST_LINES.max(wanted.len())).collect()
}

/// The numbers in a branch's name: `3.23`, `release/3.23.x`, `v3`.
fn numbers(name: &str) -> Vec<u64> {
    let last = name.rsplit('/').next().unwrap_or(name);
    let start = last.find(|letter: char| letter.is_ascii_digit()).unwrap_or(last.len());
    let (_, version) = last.split_at(start);
    version.split('.').map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_asked_for_or_kept_up() {
        let tag =
            |name: &str, days: i64| Tag { name: name.to_owned(), commit: name.to_owned(), time: days * DAY };
        let tags = [
            tag("3.21.0", 10),
            tag("3.22.1", 300),
            tag("3.22.2", 395),
            tag("3.23.0", 390),
            tag("2.0.0", 399),
        ];
        let known: Vec<_> =
            tags.iter().map(|tag| (Version::parse(&tag.name).expect("a version"), tag)).collect();
        let shown = |configured: &[&str]| -> Vec<String> {
            let configured: Vec<String> = configured.iter().map(|line| (*line).to_owned()).collect();
            let names =
                |line: Vec<&Tag>| line.iter().map(|tag| tag.name.as_str()).collect::<Vec<_>>().join(" ");
            lines(&known, &configured, 400 * DAY).into_iter().map(names).collect()
        };
        assert_eq!(shown(&[]), ["3.23.0", "3.22.1 3.22.2", "2.0.0"]);
        assert_eq!(shown(&["release/3.21.x"]), ["3.21.0"]);
        assert_eq!(
            lines(&known, &[], 2_000 * DAY).len(),
            1,
            "the highest version stays where none is kept up"
        );
        assert_eq!(shown(&["v3"]), ["3.23.0", "3.22.1 3.22.2", "3.21.0"]);
    }
}
