//! Outside packages in one line, and the stores among them whose data must move.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Fact, Seen, fact};
use crate::finding::{DependencyChange, Facts, Finding, VersionStep};
use crate::notes::model::SectionName;
use crate::services;

/// Names of packages that the line shows of each sort.
const PACKAGES_SHOWN: usize = 5;

/// Databases and the like that move to another major version: people who run the product must move their data.
pub(super) fn stores(seen: &Seen<'_>, findings: &[&Finding], facts: &mut Vec<Fact>) {
    let mut steps: BTreeMap<&str, (&Finding, &str, &str)> = BTreeMap::new();
    for finding in findings {
        let Facts::Dependency(package) = &finding.facts else { continue };
        let name = package.name.rsplit('/').next().unwrap_or(&package.name);
        if package.ecosystem == "docker"
            && package.step == VersionStep::Major
            && !package.dev
            && services::is_store(name)
            && let (Some(from), Some(to)) = (package.from.as_deref(), package.to.as_deref())
        {
            steps.entry(name).or_insert((finding, from, to));
        }
    }
    for (name, (finding, from, to)) in steps {
        let values = json!({"name": name, "from": from, "to": to});
        let mut made =
            fact(seen, "notes/entries/store_step", name, (SectionName::ActionNeeded, 4), &[finding], values);
        made.is_public = false;
        made.entry.area = None;
        facts.push(made);
    }
}

/// All outside packages, one entry: first version to last, by name.
pub(super) fn packages<'f>(
    seen: &Seen<'_>,
    findings: &[&'f Finding],
    told: &mut BTreeSet<&'f str>,
    facts: &mut Vec<Fact>,
) {
    #[derive(Default)]
    struct Package {
        change: Option<(DependencyChange, bool)>,
        step: Option<(String, String)>,
        new: bool,
        gone: bool,
    }
    let of: Vec<&Finding> =
        findings.iter().copied().filter(|one| matches!(one.facts, Facts::Dependency(_))).collect();
    told.extend(of.iter().map(|one| one.id.as_str()));
    let mut packages: BTreeMap<(&str, &str), Package> = BTreeMap::new();
    for finding in &of {
        let Facts::Dependency(facts) = &finding.facts else { continue };
        // one part of the repository that uses another
        if seen.catalog.named(&facts.name).is_some() {
            continue;
        }
        let package = packages.entry((&facts.ecosystem, &facts.name)).or_default();
        package.change = Some((facts.change, facts.dev));
        package.new |= facts.change == DependencyChange::Added && facts.new_to_repo;
        package.gone |= facts.change == DependencyChange::Removed && facts.used_in == 0;
        if facts.step == VersionStep::Major
            && !facts.dev
            && let (Some(from), Some(to)) = (&facts.from, &facts.to)
        {
            package.step.get_or_insert_with(|| (from.clone(), to.clone()));
        }
    }
    if packages.is_empty() {
        return;
    }
    let stepped = |change: &Package| {
        matches!(change.change, Some((DependencyChange::Upgraded | DependencyChange::Downgraded, _)))
    };
    // an image's registry says nothing to a reader; elsewhere the whole name tells packages apart
    let shown = |ecosystem: &str, name: &'f str| match ecosystem {
        "docker" => name.rsplit('/').next().unwrap_or(name),
        _ => name,
    };
    let named = |wanted: &dyn Fn(&Package) -> bool| -> Vec<&str> {
        let wanted = packages.iter().filter(|(_, package)| wanted(package));
        wanted.map(|((ecosystem, name), _)| shown(ecosystem, name)).collect()
    };
    let used = |package: &Package| package.change.is_some_and(|(_, dev)| !dev);
    // a day in place of a number says nothing of its size
    let is_day = |version: &str| version.split(|c: char| !c.is_ascii_digit()).any(|number| number.len() >= 6);
    // versions below 1.0 promise little: their steps come last
    let is_early = |from: &str| from.trim_start_matches(|c: char| !c.is_ascii_digit()).starts_with("0.");
    let mut big: Vec<(bool, &str, Value)> = packages
        .iter()
        .filter_map(|((ecosystem, name), package)| {
            let (from, to) = package.step.as_ref().filter(|(from, _)| !is_day(from))?;
            let name = shown(ecosystem, name);
            Some((is_early(from), name, json!({"name": name, "from": from, "to": to})))
        })
        .collect();
    big.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
    big.dedup_by(|a, b| a.1 == b.1);
    let new: Vec<&str> = named(&|package| package.new && used(package));
    if !packages.values().any(|package| stepped(package) || package.new || package.gone) {
        return;
    }
    let values = json!({
        "updated": named(&stepped).len(),
        "new": named(&|package| package.new).len(),
        "gone": named(&|package| package.gone).len(),
        "names": new,
        "big": big.len(),
        "steps": big.iter().take(PACKAGES_SHOWN).map(|(_, _, step)| step).collect::<Vec<_>>(),
        "big_more": big.len().saturating_sub(PACKAGES_SHOWN),
        "security": [],
    });
    let mut made = fact(seen, "notes/entries/packages", "", (SectionName::Packages, 0), &of, values);
    made.is_public = false;
    made.entry.area = None;
    made.entry.evidence.truncate(1);
    made.traces.clear();
    facts.push(made);
}
