//! What changed between two lists of packages, whatever format they were read from.

use std::cmp::Ordering;
use std::collections::BTreeMap;

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
}

impl<'a> Difference<'a> {
    /// The package as it is now, else as it was.
    pub fn requirement(&self) -> &'a Requirement {
        self.after.or(self.before).expect("a difference has at least one side")
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
    packages.into_values().filter_map(|(before, after)| of_package(&before, &after)).collect()
}

/// A package may stand in a manifest more than once: in several sections, for several systems, in several jobs.
fn of_package<'a>(before: &[&'a Requirement], after: &[&'a Requirement]) -> Option<Difference<'a>> {
    let whole = |change, before, after| {
        Some(Difference { change, step: VersionStep::Unknown, before, after, other_source: false })
    };
    let (Some(&first_before), Some(&first_after)) = (before.first(), after.first()) else {
        return match (before.first(), after.first()) {
            (Some(&gone), None) => whole(DependencyChange::Removed, Some(gone), None),
            (None, Some(&new)) => whole(DependencyChange::Added, None, Some(new)),
            _ => None,
        };
    };
    let same = |a: &Requirement, b: &Requirement| {
        a.version == b.version && a.section == b.section && a.dev == b.dev && a.source == b.source
    };
    let old = before.iter().copied().find(|old| !after.iter().any(|new| same(old, new)));
    let changed = |old: &'a Requirement| {
        let fresh = || after.iter().copied().filter(|new| !before.iter().any(|old| same(old, new)));
        fresh().find(|new| new.section == old.section).or_else(|| fresh().next()).map(|new| (old, new))
    };
    let Some((old, new)) = old.and_then(changed) else {
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
    let (order, step) = match (&old.version, &new.version) {
        (from, to) if from == to => (None, VersionStep::Unknown),
        (Some(from), Some(to)) => version::compare(new.ecosystem, from, to),
        _ => (None, VersionStep::Unknown),
    };
    let change = if old.section != new.section || old.dev != new.dev {
        DependencyChange::Moved
    } else if other_source && old.version == new.version {
        DependencyChange::Moved
    } else if order == Some(Ordering::Less) {
        DependencyChange::Downgraded
    } else {
        DependencyChange::Upgraded
    };
    Some(Difference { change, step, before: Some(old), after: Some(new), other_source })
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
        ] {
            let found = difference(&before, &after).first().map(|one| (one.change, one.step));
            assert_eq!(found, expected, "{before:?} to {after:?}");
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
