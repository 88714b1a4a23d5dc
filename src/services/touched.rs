//! Which services a change touches, each with its strongest reason.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Catalog;
use crate::change::{ChangeKind, ChangeSet, FileChange, RepoPath, Role};
use crate::roles::is_tooling;

/// Why a service counts as touched: the strongest reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Own code.
    Code,
    /// Settings.
    Config,
    /// Package versions.
    Packages,
    /// Generated code.
    Generated,
    /// Tests.
    Tests,
    /// Documentation.
    Docs,
    /// Spacing only.
    Spacing,
}

/// A service and why it counts as touched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceTouch {
    /// Its short name.
    pub name: String,
    /// The name that people use.
    pub title: String,
    /// Its owners.
    pub owners: Vec<String>,
    /// How many of its files changed.
    pub files: u32,
    /// The strongest reason.
    pub reason: Reason,
}

/// Code of no single service that changes by hand, and who uses it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SharedTouch {
    /// Where it lies.
    pub folder: String,
    /// The services that use it, by the names that people use.
    pub used_by: Vec<String>,
}

/// Why one file counts for its service; `None` for what only configures the tools of developers.
pub fn reason_of(file: &FileChange) -> Option<Reason> {
    let reason = match file.role {
        Role::Docs => Reason::Docs,
        Role::Lock | Role::Manifest => Reason::Packages,
        Role::Generated | Role::Vendored => Reason::Generated,
        Role::Test => Reason::Tests,
        Role::Config | Role::Infra if is_tooling(file.path.as_str()) => return None,
        Role::Infra if only_versions(file) => Reason::Packages,
        Role::Config | Role::Infra => Reason::Config,
        Role::Source | Role::Migration | Role::Contract | Role::Translation | Role::Asset => Reason::Code,
    };
    Some(if matches!(reason, Reason::Code | Reason::Config) && is_spacing(file) {
        Reason::Spacing
    } else {
        reason
    })
}

/// The services that a change touches, by name, each with its strongest reason.
pub fn touched(catalog: &Catalog, changes: &ChangeSet) -> Vec<ServiceTouch> {
    let mut reasons: BTreeMap<&str, (u32, Reason)> = BTreeMap::new();
    for file in changes.files() {
        // A file that moves from one service to another changes both.
        let places = [Some(&file.path), (file.old_path() != &file.path).then(|| file.old_path())];
        let mut names: Vec<&str> = places
            .into_iter()
            .flatten()
            .filter_map(|path| catalog.service_of(path))
            .map(|one| one.name.as_str())
            .collect();
        names.dedup();
        let Some(reason) = reason_of(file) else { continue };
        for name in names {
            let (files, strongest) = reasons.entry(name).or_insert((0, reason));
            *files += 1;
            *strongest = (*strongest).min(reason);
        }
    }
    reasons
        .into_iter()
        .filter_map(|(name, (files, reason))| {
            let service = catalog.named(name)?;
            Some(ServiceTouch {
                name: service.name.clone(),
                title: service.title.clone(),
                owners: service.owners.clone(),
                files,
                reason,
            })
        })
        .collect()
}

/// Adds the services whose settings change in a file that many share: `settings` holds their names and these files.
pub fn touched_by_settings<'a>(
    catalog: &Catalog,
    mut services: Vec<ServiceTouch>,
    settings: impl IntoIterator<Item = (&'a str, &'a RepoPath)>,
) -> Vec<ServiceTouch> {
    let mut files: BTreeMap<&str, BTreeSet<&RepoPath>> = BTreeMap::new();
    for (name, path) in settings {
        files.entry(name).or_default().insert(path);
    }
    let known: BTreeSet<String> = services.iter().map(|touch| touch.name.clone()).collect();
    let missing = files.into_iter().filter(|(name, _)| !known.contains(*name));
    services.extend(missing.filter_map(|(name, files)| {
        let service = catalog.named(name)?;
        Some(ServiceTouch {
            name: service.name.clone(),
            title: service.title.clone(),
            owners: service.owners.clone(),
            files: files.len() as u32,
            reason: Reason::Config,
        })
    }));
    services.sort_by(|a, b| a.name.cmp(&b.name));
    services
}

/// Code that several services use, where it changes by hand.
pub fn shared(catalog: &Catalog, changes: &ChangeSet) -> Vec<SharedTouch> {
    let by_hand = |file: &&FileChange| matches!(reason_of(file), Some(Reason::Code | Reason::Config));
    let changed: Vec<&FileChange> = changes.files().iter().filter(by_hand).collect();
    let title = |name: &String| catalog.named(name).map_or_else(|| name.clone(), |one| one.title.clone());
    catalog
        .shared()
        .iter()
        .filter(|shared| shared.used_by.len() > 1)
        .filter(|shared| {
            let inside = |file: &&FileChange| {
                file.path.is_in(&shared.folder) && catalog.service_of(&file.path).is_none()
            };
            changed.iter().any(inside)
        })
        .map(|shared| SharedTouch {
            folder: shared.folder.clone(),
            used_by: shared.used_by.iter().map(title).collect(),
        })
        .collect()
}

/// The same text once all spacing is taken out.
fn is_spacing(file: &FileChange) -> bool {
    let ChangeKind::Modified { before, after } = &file.kind else { return false };
    let (Some(before), Some(after)) = (before.text(), after.text()) else { return false };
    let solid = |c: &char| !c.is_whitespace();
    before.chars().filter(solid).eq(after.chars().filter(solid))
}

/// Every line that differs only names a version: an image's tag, an argument of a build.
fn only_versions(file: &FileChange) -> bool {
    let ChangeKind::Modified { before, after } = &file.kind else { return false };
    let (Some(before), Some(after)) = (before.text(), after.text()) else { return false };
    let differs = |line: &(&str, &str)| line.0 != line.1;
    before.lines().count() == after.lines().count()
        && before
            .lines()
            .zip(after.lines())
            .filter(differs)
            .all(|(old, new)| letters_only(old) == letters_only(new))
}

/// A line without digits and what joins them, so that two versions of it are the same; digests count as digits.
fn letters_only(line: &str) -> String {
    let line = line.split("@sha256:").next().unwrap_or(line);
    // The same image from another registry is another version of it.
    let image = line.trim_start().trim_start_matches("- ").strip_prefix("image:");
    let line = image.map_or(line, |image| image.rsplit('/').next().unwrap_or(image));
    line.chars().filter(|c| !c.is_ascii_digit() && !matches!(c, '.' | '-')).collect()
}
