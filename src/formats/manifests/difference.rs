//! What changed between two lists of packages, whatever format they were read from.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use super::{Ecosystem, Requirement, Source, version};
use crate::finding::{DependencyChange, VersionStep};

/// What happens to one package in one manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference<'a> {
    /// What happens.
    pub change: DependencyChange,
    /// How large a step the version number says.
    pub step: VersionStep,
    /// As it was; `None` where it is new.
    pub before: Option<&'a Requirement>,
    /// As it is; `None` where it is gone.
    pub after: Option<&'a Requirement>,
    /// Whether it is taken from another source than before.
    pub other_source: bool,
    /// The packages that one variable of a build script moves together, this one among them; else empty.
    pub family: Vec<&'a str>,
}

impl<'a> Difference<'a> {
    /// The package as it is now, else as it was.
    pub fn requirement(&self) -> &'a Requirement {
        self.after.or(self.before).expect("a difference has at least one side")
    }

    /// The package's name; of a family, the group that all its members share.
    pub fn name(&self) -> &'a str {
        shared_group(&self.family).unwrap_or(&self.requirement().name)
    }
}

/// One difference for each package that the two lists treat differently, by name. Own packages are left out.
pub fn difference<'a>(before: &'a [Requirement], after: &'a [Requirement]) -> Vec<Difference<'a>> {
    type Sides<'a> = (Vec<&'a Requirement>, Vec<&'a Requirement>);
    let mut packages: BTreeMap<(Ecosystem, String), Sides<'a>> = BTreeMap::new();
    for requirement in before.iter().filter(|requirement| requirement.source != Source::Own) {
        packages.entry(requirement.package()).or_default().0.push(requirement);
    }
    for requirement in after.iter().filter(|requirement| requirement.source != Source::Own) {
        packages.entry(requirement.package()).or_default().1.push(requirement);
    }
    families(packages.into_values().filter_map(|(before, after)| of_package(&before, &after)).collect())
}

/// From this many packages on, one variable that moves them all is one change: nobody chose each of them.
const FAMILY: usize = 4;

/// Folds packages that one variable moves, and that share the start of their group, into the first of them.
fn families(all: Vec<Difference<'_>>) -> Vec<Difference<'_>> {
    let moved_by = |one: &Difference<'_>| {
        let variable = one.after?.variable.as_deref()?;
        let is_step = matches!(one.change, DependencyChange::Upgraded | DependencyChange::Downgraded);
        let is_same = one.before?.variable.as_deref() == Some(variable) && !one.other_source;
        (is_step && is_same).then(|| (variable.to_owned(), one.before.map(|old| old.version.clone())))
    };
    let mut found: Vec<Difference<'_>> = Vec::new();
    for one in all {
        let variable = moved_by(&one);
        let first = found.iter_mut().find(|first| variable.is_some() && moved_by(first) == variable);
        match first {
            Some(first) => {
                if first.family.is_empty() {
                    first.family.push(&first.requirement().name);
                }
                first.family.push(&one.requirement().name);
                // kept until it is known whether they are a family
                found.push(one);
            }
            None => found.push(one),
        }
    }
    let mut folded: Vec<Difference<'_>> = Vec::new();
    for mut one in found {
        if one.family.len() < FAMILY || shared_group(&one.family).is_none() {
            one.family.clear();
        }
        if !folded.iter().any(|first| first.family.contains(&one.requirement().name.as_str())) {
            folded.push(one);
        }
    }
    folded
}

/// `com.example` of `com.example.core:a` and `com.example.data:b`: at least two words.
fn shared_group<'a>(names: &[&'a str]) -> Option<&'a str> {
    let (first, rest) = names.split_first()?;
    let group = first.split(':').next()?;
    let mut ends: Vec<usize> = group.match_indices('.').map(|(at, _)| at).chain([group.len()]).collect();
    ends.remove(0);
    ends.into_iter().rev().map(|end| &group[..end]).find(|start| {
        rest.iter().all(|name| name.strip_prefix(start).is_some_and(|after| after.starts_with(['.', ':'])))
    })
}

/// A package may stand in a manifest more than once: in several sections, for several systems, in several jobs.
fn of_package<'a>(before: &[&'a Requirement], after: &[&'a Requirement]) -> Option<Difference<'a>> {
    let whole = |change, before, after| {
        Some(Difference {
            change,
            step: VersionStep::Unknown,
            before,
            after,
            other_source: false,
            family: Vec::new(),
        })
    };
    let (Some(&first_before), Some(&first_after)) = (before.first(), after.first()) else {
        return match (before.first(), after.first()) {
            (Some(&gone), None) => whole(DependencyChange::Removed, Some(gone), None),
            (None, Some(&new)) => whole(DependencyChange::Added, None, Some(new)),
            _ => None,
        };
    };
    let (gone, fresh) = (beyond(before, after), beyond(after, before));
    let pair = gone.first().and_then(|old| {
        let of_section = fresh.iter().find(|new| new.section == old.section);
        of_section.or(fresh.first()).map(|new| (*old, *new))
    });
    let Some((old, new)) = pair else {
        // only the number of places changed: tell it where the package now ships, or no longer does
        let ships = |list: &[&Requirement]| list.iter().any(|requirement| !requirement.dev);
        return match (ships(before), ships(after)) {
            (false, true) => {
                whole(DependencyChange::Moved, Some(first_before), after.iter().find(|new| !new.dev).copied())
            }
            (true, false) => {
                whole(DependencyChange::Moved, before.iter().find(|old| !old.dev).copied(), Some(first_after))
            }
            _ => None,
        };
    };
    let other_source = old.source != new.source;
    // a version that moves to another line of the same list is no new version
    let stays = |gone: &Option<String>, list: &[&Requirement]| {
        gone.is_some() && list.iter().any(|one| one.version == *gone)
    };
    if !other_source
        && (new.version.is_none() && stays(&old.version, after)
            || old.version.is_none() && stays(&new.version, before))
    {
        return None;
    }
    let other_section = old.section != new.section || old.dev != new.dev;
    // an image that is pinned now, or no longer, is the same image
    let is_pin = old.version == new.version && (old.digest.is_none() || new.digest.is_none());
    if is_pin && !other_source && !other_section {
        return None;
    }
    let (order, step) = match (&old.version, &new.version) {
        (from, to) if from == to => (None, VersionStep::Unknown),
        (Some(from), Some(to)) => version::compare(new.ecosystem, from, to),
        _ => (None, VersionStep::Unknown),
    };
    let change = if other_section || (other_source && old.version == new.version) {
        DependencyChange::Moved
    } else if order == Some(Ordering::Less) {
        DependencyChange::Downgraded
    } else {
        DependencyChange::Upgraded
    };
    Some(Difference { change, step, before: Some(old), after: Some(new), other_source, family: Vec::new() })
}

/// What a list holds more often than the other one: of two jobs that use v4, one may step to v5.
fn beyond<'a>(list: &[&'a Requirement], other: &[&'a Requirement]) -> Vec<&'a Requirement> {
    type Said<'r> = (&'r Option<String>, &'r Option<String>, &'r str, bool, &'r Source);
    fn said(one: &Requirement) -> Said<'_> {
        (&one.version, &one.digest, &one.section, one.dev, &one.source)
    }
    // entries that say the same at the same place stay; the others are counted
    let stays = |at: usize| list.get(at).zip(other.get(at)).is_some_and(|(one, two)| said(one) == said(two));
    let mut elsewhere: HashMap<_, usize> = HashMap::new();
    for (_, one) in other.iter().enumerate().filter(|(at, _)| !stays(*at)) {
        *elsewhere.entry(said(one)).or_default() += 1;
    }
    let rest = list.iter().copied().enumerate().filter(|(at, _)| !stays(*at)).map(|(_, one)| one);
    rest.filter(|one| match elsewhere.get_mut(&said(one)) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use DependencyChange::{Added, Downgraded, Moved, Removed, Upgraded};

    fn one(name: &str, version: &str, section: &str, dev: bool) -> Requirement {
        Requirement::new(Ecosystem::Npm, name, Some(version), 1).section(section, dev)
    }

    #[test]
    fn each_package_is_told_once() {
        let prod = |version| one("a", version, "dependencies", false);
        let dev = |version| one("a", version, "devDependencies", true);
        for (before, after, expected) in [
            (vec![], vec![prod("1.0")], Some((Added, VersionStep::Unknown))),
            (vec![prod("1.0")], vec![], Some((Removed, VersionStep::Unknown))),
            (vec![prod("1.0")], vec![prod("1.1")], Some((Upgraded, VersionStep::Minor))),
            (vec![prod("2.0")], vec![prod("1.9")], Some((Downgraded, VersionStep::Major))),
            (vec![dev("1.0")], vec![prod("1.0")], Some((Moved, VersionStep::Unknown))),
            (vec![dev("1.0")], vec![prod("2.0")], Some((Moved, VersionStep::Major))),
            (vec![dev("1.0"), prod("1.0")], vec![dev("1.0")], Some((Moved, VersionStep::Unknown))),
            (
                vec![dev("1.0"), prod("1.0")],
                vec![dev("2.0"), prod("2.0")],
                Some((Upgraded, VersionStep::Major)),
            ),
            (vec![prod("1.0"), prod("1.0")], vec![prod("1.0")], None),
            (vec![prod("1.0")], vec![prod("1.0"), prod("0.9")], None),
            (vec![prod("1.0")], vec![prod("1.0")], None),
            (
                vec![prod("1.0"), prod("2.0")],
                vec![prod("2.0"), prod("2.0")],
                Some((Upgraded, VersionStep::Major)),
            ),
            (vec![prod("1.0"), prod("2.0")], vec![prod("2.0"), prod("1.0")], None),
        ] {
            let found = difference(&before, &after).first().map(|one| (one.change, one.step));
            assert_eq!(found, expected, "{before:?} to {after:?}");
        }
    }

    #[test]
    fn a_variable_that_moves_many_is_one_change() {
        let list = |version: &str, groups: &[&str]| -> Vec<Requirement> {
            let one = |group: &&str| {
                let mut one = Requirement::new(Ecosystem::Maven, format!("{group}:x"), Some(version), 1);
                one.variable = Some("v".to_owned());
                one
            };
            groups.iter().map(one).collect()
        };
        for (groups, expected) in [
            (&["com.a.b", "com.a", "com.a.c", "com.a.d"][..], vec!["com.a"]),
            (&["com.a", "com.b", "com.c", "com.d"], vec!["com.a:x", "com.b:x", "com.c:x", "com.d:x"]),
            (&["com.a.b", "com.a.c", "com.a.d"], vec!["com.a.b:x", "com.a.c:x", "com.a.d:x"]),
        ] {
            let (before, after) = (list("1.0", groups), list("1.1", groups));
            let names: Vec<&str> = difference(&before, &after).iter().map(Difference::name).collect();
            assert_eq!(names, expected);
        }
    }

    #[test]
    fn own_packages_are_left_out() {
        let own = one("a", "workspace:*", "dependencies", false).from(Source::Own);
        assert!(difference(&[], &[own]).is_empty());
    }

    #[test]
    fn another_source_with_the_same_version_is_a_move() {
        let fork =
            one("a", "1.0", "dependencies", false).from(Source::Git("https://example.com/a".to_owned()));
        let found = difference(&[one("a", "1.0", "dependencies", false)], std::slice::from_ref(&fork))
            .into_iter()
            .map(|one| (one.change, one.other_source))
            .collect::<Vec<_>>();
        assert_eq!(found, [(Moved, true)]);
    }
}
