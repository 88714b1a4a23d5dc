//! Outside packages: new, gone, stepped, moved, taken from elsewhere; and how new they are to this repository.

mod lines;
mod purpose;
mod repository;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;

use self::repository::Repository;
use super::{Context, Detector, Report};
use crate::change::Words;
use crate::finding::{DependencyChange, DependencyFacts, Evidence, Facts, Level, VersionStep};
use crate::formats::manifests::{ChangedManifest, Difference, Ecosystem, Requirement, changed, difference};

pub use lines::{lines, lock_line};

/// Compares the lists of outside packages before and after.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Dependency {
    /// Names of packages that are never reported.
    pub ignore: Vec<String>,
}

impl Detector for Dependency {
    fn detect(&self, cx: &Context<'_>, report: &mut Report) {
        let found = changed(cx.changes, cx.before, cx.after);
        for (path, reason) in &found.unreadable {
            report.could_not_check(path, reason.clone());
        }
        let differences: Vec<(&ChangedManifest, Difference<'_>)> = found
            .manifests
            .iter()
            .flat_map(|manifest| {
                let all = difference(&manifest.before.requirements, &manifest.after.requirements);
                all.into_iter().map(move |one| (manifest, one))
            })
            .filter(|(_, one)| !self.ignore.contains(&one.requirement().name))
            .collect();
        if differences.is_empty() {
            return;
        }
        let ecosystems: BTreeSet<Ecosystem> =
            differences.iter().map(|(_, one)| one.requirement().ecosystem).collect();
        let repository = Repository::read(cx, &found.manifests, &ecosystems);
        let security = security_label(cx.words);
        for (manifest, one) in &differences {
            let package = one.requirement();
            if repository.makes(package) || is_now_built_here(one, manifest, &differences) {
                continue;
            }
            let mut facts = facts(manifest, one, &repository, security.as_deref());
            facts.list_deleted = one.after.is_none() && !cx.after.has(&manifest.path);
            let (rule, level) = judge(&facts, one);
            let at = match (one.after, one.before) {
                (Some(after), _) => Evidence::after(&manifest.path, after.line),
                (None, Some(before)) => Evidence::before(&manifest.old_path, before.line),
                (None, None) => continue,
            };
            let subject = format!("{} {} {}", facts.ecosystem, facts.name, facts.manifest);
            report.push(cx, rule, level, &subject, vec![at], Facts::Dependency(facts));
        }
    }
}

/// An image that a Compose file no longer names, because a build file of this change now starts from it, is not gone.
fn is_now_built_here(
    one: &Difference<'_>,
    manifest: &ChangedManifest,
    all: &[(&ChangedManifest, Difference<'_>)],
) -> bool {
    let package = one.requirement();
    package.ecosystem == Ecosystem::Docker
        && one.change == DependencyChange::Removed
        && !manifest.after.makes.is_empty()
        && all.iter().any(|(_, other)| {
            other.change == DependencyChange::Added && other.requirement().package() == package.package()
        })
}

fn facts(
    manifest: &ChangedManifest,
    one: &Difference<'_>,
    repository: &Repository,
    security: Option<&str>,
) -> DependencyFacts {
    let package = one.requirement();
    // the same tag with other content
    let is_rebuilt = one.change == DependencyChange::Upgraded
        && one.before.and_then(|old| old.version.as_ref()) == one.after.and_then(|new| new.version.as_ref());
    let version = |side: Option<&Requirement>| {
        let (version, digest) = side.map(|one| (one.version.clone(), one.digest.clone()))?;
        match digest.filter(|_| is_rebuilt) {
            Some(digest) => version.map(|version| format!("{version}@{digest}")),
            None => version,
        }
    };
    let is_step = matches!(one.change, DependencyChange::Upgraded);
    let usage = repository.usage(package);
    let purpose = purpose::of(package.ecosystem, &package.name);
    DependencyFacts {
        ecosystem: package.ecosystem.name().to_owned(),
        name: one.name().to_owned(),
        change: one.change,
        from: version(one.before),
        to: version(one.after),
        step: one.step,
        dev: package.dev,
        manifest: one.after.map_or(&manifest.old_path, |_| &manifest.path).to_string(),
        new_to_repo: one.change == DependencyChange::Added && !usage.before,
        used_in: usage.now,
        list_deleted: false,
        family: one.family.iter().map(|&name| name.to_owned()).collect(),
        purpose: purpose.map(|purpose| purpose.name.to_owned()),
        reaches_outside: purpose.is_some_and(|purpose| purpose.is_service),
        source: one
            .other_source
            .then(|| package.source.address().map_or_else(|| "registry".to_owned(), str::to_owned)),
        security: security.filter(|_| is_step).map(str::to_owned),
    }
}

/// The rule that fires, and what it asks of the reader.
fn judge(facts: &DependencyFacts, one: &Difference<'_>) -> (&'static str, Level) {
    let was_dev = one.before.is_some_and(|before| before.dev);
    match facts.change {
        _ if one.other_source => ("dependency.source", Level::WorthALook),
        DependencyChange::Added if facts.new_to_repo => ("dependency.new", Level::WorthALook),
        DependencyChange::Added => ("dependency.added", Level::Routine),
        DependencyChange::Removed => ("dependency.removed", Level::Routine),
        DependencyChange::Downgraded => ("dependency.downgraded", Level::WorthALook),
        DependencyChange::Moved if was_dev && !facts.dev => ("dependency.into_production", Level::WorthALook),
        _ if facts.step == VersionStep::Major => ("dependency.major", Level::WorthALook),
        DependencyChange::Moved => ("dependency.moved", Level::Routine),
        DependencyChange::Upgraded => ("dependency.updated", Level::Routine),
    }
}

/// The author's own word for a security update: an id of a weakness, or a label such as `[security]`.
pub fn security_label(words: &Words) -> Option<String> {
    const LABELS: &[&str] =
        &["[security]", "(security)", "security update", "security fix", "security advisory"];
    const IDS: &[&str] = &["CVE-", "GHSA-", "RUSTSEC-", "PYSEC-", "GO-20"];
    let subjects = words.commits.iter().map(|commit| commit.subject.as_str());
    let texts = words.title.as_deref().into_iter().chain(words.body.as_deref()).chain(subjects);
    texts.into_iter().find_map(|text| {
        let id = text
            .split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-'))
            .find(|word| IDS.iter().any(|id| word.starts_with(id) && word.len() > id.len() + 3));
        let lower = text.to_ascii_lowercase();
        let label = LABELS.iter().find_map(|label| {
            let at = lower.find(label)?;
            text.get(at..at + label.len())
        });
        id.or(label).map(str::to_owned)
    })
}

#[cfg(test)]
mod tests;
