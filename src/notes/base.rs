//! Which earlier state release notes are compared with: the previous release, by version and by shared history.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use regex::Regex;
use schemars::JsonSchema;
use semver::Prerelease;
use serde::{Deserialize, Serialize};

use super::model::NotesRange;
use crate::config::Config;
use crate::error::Error;
use crate::git::{self, Range, Repository, Tag};

/// Minor versions, newest first, whose shared history is looked at where the state has no version of its own.
const LINES_LOOKED_AT: usize = 6;

/// The rule that chose the state before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BaseRule {
    /// It was named.
    #[default]
    Named,
    /// The next lower version of the same name, though no part of this one's history.
    VersionOrder,
    /// The next lower version of the same name, and part of this one's history.
    PreviousVersion,
    /// The release that shares most history with a state that has no version itself.
    SharedHistory,
}

/// The two states, and the rule that chose the first.
pub struct Chosen {
    /// As git sees it.
    pub range: Range,
    /// As the page names it; the number of commits is not known yet.
    pub named: NotesRange,
}

/// A release's name in its parts: what stands before the numbers, the numbers, what follows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version<'a> {
    pub(super) prefix: &'a str,
    pub(super) numbers: Vec<u64>,
    pub(super) pre: Prerelease,
}

impl<'a> Version<'a> {
    /// `v1.2`, `2.0.0-rc.1`, `@acme/cart@1.2.3`, `cart/v1.2.3`, `release-2026.11`.
    pub(super) fn parse(tag: &'a str) -> Option<Self> {
        // the numbers begin after the last `@`, `/`, `-v`, else at the first digit
        let start = tag.rfind(['@', '/']).map_or(0, |at| at + 1);
        let digits = start + tag.get(start..)?.find(|c: char| c.is_ascii_digit())?;
        let (prefix, rest) = tag.split_at(digits);
        let (rest, _) = rest.split_once('+').unwrap_or((rest, ""));
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (core, tail) = rest.split_at(end);
        let numbers: Vec<u64> = core.split('.').map(|part| part.parse().ok()).collect::<Option<Vec<_>>>()?;
        let tail = tail.trim_start_matches(['-', '.', '_']);
        (numbers.len() > 1).then_some(())?;
        Some(Self { prefix, numbers, pre: Prerelease::new(tail).ok()? })
    }

    pub(super) fn line(&self) -> (u64, u64) {
        let number = |at: usize| self.numbers.get(at).copied().unwrap_or(0);
        (number(0), number(1))
    }
}

impl PartialOrd for Version<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version<'_> {
    /// By numbers, a missing one counting as 0; what comes before a release is lower than the release.
    fn cmp(&self, other: &Self) -> Ordering {
        let length = self.numbers.len().max(other.numbers.len());
        let padded = |version: &Self| {
            let mut numbers = version.numbers.clone();
            numbers.resize(length, 0);
            numbers
        };
        padded(self)
            .cmp(&padded(other))
            .then_with(|| self.pre.cmp(&other.pre))
            .then_with(|| self.prefix.cmp(other.prefix))
    }
}

/// Which tags are releases.
pub(super) struct Releases {
    pattern: Option<Regex>,
}

impl Releases {
    /// A pattern that does not compile was reported with the configuration, and does not hold.
    pub(super) fn new(config: &Config) -> Self {
        Self { pattern: config.release_notes.tag_pattern.as_deref().and_then(|text| Regex::new(text).ok()) }
    }

    pub(super) fn version<'t>(&self, tag: &'t Tag) -> Option<Version<'t>> {
        let fits = self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(&tag.name));
        Version::parse(&tag.name).filter(|_| fits)
    }
}

/// Finds the two states. `range` is `A..B` or `A`; `to` a tag whose base is to be found; without both it is `HEAD`
/// since the previous release. A copy whose history was cut off is no ground for notes.
pub fn choose(
    repository: &Repository,
    range: Option<&str>,
    to: Option<&str>,
    config: &Config,
) -> Result<Chosen, Error> {
    if repository.is_cut() {
        return Err(git::Error::Shallow { spec: "the history since the last release".to_owned() }.into());
    }
    let tags = repository.tags()?;
    let releases = Releases::new(config);
    let (from, to, rule) = match range {
        Some(range) => {
            let (from, to) =
                range.split_once("...").or_else(|| range.split_once("..")).unwrap_or((range, ""));
            let or_head = |side: &str| if side.is_empty() { "HEAD".to_owned() } else { side.to_owned() };
            (or_head(from), or_head(to), BaseRule::Named)
        }
        None => {
            let to = to.unwrap_or("HEAD");
            let head = repository.between(to, to)?.head();
            let own = own_release(&tags, &releases, to, &head);
            let found = match &own {
                Some(tag) => previous(repository, &tags, &releases, tag)?,
                None => closest(repository, &tags, &releases, &head)?,
            };
            let (base, rule) = found.ok_or_else(|| no_base(&tags, config, to))?;
            (base.name.clone(), own.map_or(to.to_owned(), |tag| tag.name.clone()), rule)
        }
    };
    let range = repository.between(&from, &to)?;
    let day = |commit: &str| repository.time_of(commit).ok().map(git::day);
    let named = |name: &str, commit: &str| {
        let tag = tags.iter().find(|tag| tag.commit == commit && releases.version(tag).is_some());
        match name == "HEAD" || commit.starts_with(name) {
            true => tag.map(|tag| tag.name.clone()),
            false => Some(name.to_owned()),
        }
    };
    let (base, head) = (range.base(), range.head());
    let named = NotesRange {
        from: named(&from, &base),
        to: named(&to, &head),
        since: day(&base),
        until: day(&head),
        chosen: rule,
        base,
        head,
        commits: 0,
    };
    Ok(Chosen { range, named })
}

/// The release that a state is: by its name, else the highest version on that very commit.
fn own_release<'t>(tags: &'t [Tag], releases: &Releases, to: &str, head: &str) -> Option<&'t Tag> {
    let name = to.trim_start_matches("refs/tags/");
    let named = tags.iter().find(|tag| tag.name == name && Version::parse(&tag.name).is_some());
    named.or_else(|| {
        let here = tags.iter().filter(|tag| tag.commit == head);
        here.filter_map(|tag| Some((releases.version(tag)?, tag)))
            .max_by(|a, b| a.0.cmp(&b.0))
            .map(|(_, tag)| tag)
    })
}

/// The next lower version of the same name. Versions before a release count only for versions before a release.
fn previous<'t>(
    repository: &Repository,
    tags: &'t [Tag],
    releases: &Releases,
    own: &Tag,
) -> Result<Option<(&'t Tag, BaseRule)>, Error> {
    let Some(version) = Version::parse(&own.name) else { return Ok(None) };
    let with_pre = !version.pre.is_empty();
    let lower = tags
        .iter()
        .filter_map(|tag| Some((releases.version(tag)?, tag)))
        .filter(|(other, tag)| {
            is_same_name(other.prefix, version.prefix)
                && (with_pre || other.pre.is_empty())
                && *other < version
                && tag.commit != own.commit
        })
        .max_by(|a, b| a.0.cmp(&b.0));
    let Some((_, base)) = lower else { return Ok(None) };
    let shared = repository.shared(&base.commit, &own.commit)?;
    let rule = match shared.as_deref() == Some(base.commit.as_str()) {
        true => BaseRule::PreviousVersion,
        false => BaseRule::VersionOrder,
    };
    Ok(Some((base, rule)))
}

/// `v` and nothing are the same name, as where a project changed its habit.
fn is_same_name(one: &str, other: &str) -> bool {
    one.trim_end_matches(['v', 'V']) == other.trim_end_matches(['v', 'V'])
}

/// The release that shares most history with a state: release tags often lie on branches. Of several, the highest.
fn closest<'t>(
    repository: &Repository,
    tags: &'t [Tag],
    releases: &Releases,
    head: &str,
) -> Result<Option<(&'t Tag, BaseRule)>, Error> {
    let time = repository.time_of(head)?;
    let mut lines: BTreeMap<(u64, u64), (Version<'_>, &Tag)> = BTreeMap::new();
    for tag in tags.iter().filter(|tag| tag.time <= time && tag.commit != head) {
        let Some(version) = releases.version(tag).filter(|version| version.pre.is_empty()) else { continue };
        let named_alone = version.prefix.trim_end_matches(['v', 'V']).is_empty();
        if !named_alone && releases.pattern.is_none() {
            continue;
        }
        let slot = lines.entry(version.line()).or_insert_with(|| (version.clone(), tag));
        if version > slot.0 {
            *slot = (version, tag);
        }
    }
    let mut best: Option<(i64, &Tag)> = None;
    for (_, tag) in lines.into_values().rev().take(LINES_LOOKED_AT) {
        let Some(shared) = repository.shared(&tag.commit, head)? else { continue };
        let shared = repository.time_of(&shared)?;
        if best.is_none_or(|(most, _)| shared > most) {
            best = Some((shared, tag));
        }
    }
    Ok(best.map(|(_, tag)| (tag, BaseRule::SharedHistory)))
}

fn no_base(tags: &[Tag], config: &Config, to: &str) -> Error {
    let pattern = config.release_notes.tag_pattern.as_deref();
    Error::Usage(match (tags.is_empty(), pattern) {
        (true, _) => "this copy has no tags, so there is no release to compare with: run `git fetch --tags`, or name a range such as v1.0..HEAD".to_owned(),
        (false, Some(pattern)) => format!("no tag that fits `tag_pattern` {pattern} comes before {to}: name a range such as v1.0..{to}"),
        (false, None) => format!("no tag with a version number comes before {to}: set `tag_pattern` under [release_notes], or name a range such as v1.0..{to}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_names_of_all_habits() {
        for (name, prefix, numbers, pre) in [
            ("v1.2.3", "v", vec![1, 2, 3], ""),
            ("2.0.0-rc.1", "", vec![2, 0, 0], "rc.1"),
            ("@acme/cart@1.2.3", "@acme/cart@", vec![1, 2, 3], ""),
            ("cart/v1.2", "cart/v", vec![1, 2], ""),
            ("release-2026.11.21", "release-", vec![2026, 11, 21], ""),
            ("3.21.0a0", "", vec![3, 21, 0], "a0"),
            ("1.0.0+build.5", "", vec![1, 0, 0], ""),
        ] {
            let version = Version::parse(name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(
                (version.prefix, version.numbers, version.pre.as_str()),
                (prefix, numbers, pre),
                "{name}"
            );
        }
        for name in ["nightly", "v3", "sic-jss", "v1..2", "build-77", "99999999999999999999.1"] {
            assert_eq!(Version::parse(name), None, "{name}");
        }
    }

    #[test]
    fn versions_are_ordered_by_number_and_a_release_comes_after_its_candidates() {
        let names = ["0.9", "v0.10.0", "1.0.0-rc.1", "1.0.0-rc.2", "1.0", "1.0.1", "1.2.0", "1.10.0"];
        let versions: Vec<Version<'_>> = names.iter().filter_map(|name| Version::parse(name)).collect();
        assert_eq!(versions.len(), names.len());
        assert!(versions.is_sorted());
    }

    proptest::proptest! {
        #[test]
        fn names_of_tags_never_panic(name in "\\PC*") {
            let _ = Version::parse(&name);
        }
    }
}
