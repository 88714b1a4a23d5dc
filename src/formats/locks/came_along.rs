//! What came along: the packages of all changed lock files, before against after, as counts.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Locked, reader_of};
use crate::change::{ChangeSet, Content, RepoPath, Role};

/// What changes in the exact lists of packages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CameAlong {
    /// The lock files whose packages differ, sorted.
    pub files: Vec<RepoPath>,
    /// How many packages change their version.
    pub changed: u32,
    /// How many are new.
    pub new: u32,
    /// How many go.
    pub gone: u32,
    /// Packages that run code when they are installed, and did not before; sorted.
    pub now_run_on_install: Vec<String>,
    /// Packages with other content under the same version; sorted.
    pub other_content: Vec<String>,
    /// Packages whose licence changes, with the new one; sorted.
    pub licences: Vec<(String, String)>,
    /// Lock files that could not be read, with the reason.
    #[serde(skip)]
    pub unreadable: Vec<(RepoPath, String)>,
}

/// A number of packages, and what happens to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    /// `changed`, `new` or `gone`.
    pub what: &'static str,
    /// How many.
    pub count: u32,
}

impl CameAlong {
    /// How many packages change version, are new and go, where that is any, in this order.
    pub fn counts(&self) -> Vec<Count> {
        let counts = [("changed", self.changed), ("new", self.new), ("gone", self.gone)];
        counts
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(what, count)| Count { what, count })
            .collect()
    }

    /// Whether no package differs.
    pub fn is_empty(&self) -> bool {
        self.changed + self.new + self.gone == 0
            && self.now_run_on_install.is_empty()
            && self.other_content.is_empty()
            && self.licences.is_empty()
    }
}

/// Counts what changes in all lock files of a change.
pub fn came_along(changes: &ChangeSet) -> CameAlong {
    let mut whole = CameAlong::default();
    for file in changes.files().iter().filter(|file| file.role != Role::Vendored) {
        let sides = (side(file.before(), file.old_path()), side(file.after(), &file.path));
        let (before, after) = match sides {
            (Ok(before), Ok(after)) => (before, after),
            (Err(reason), _) | (_, Err(reason)) => {
                whole.unreadable.push((file.path.clone(), reason));
                continue;
            }
        };
        if before != after {
            whole.files.push(file.path.clone());
            whole.add(&before, &after);
        }
    }
    whole.now_run_on_install.sort();
    whole.now_run_on_install.dedup();
    whole.other_content.sort();
    whole.other_content.dedup();
    whole.licences.sort();
    whole.licences.dedup();
    whole
}

/// The packages of one side; none where there is no lock file.
fn side(content: Option<&Content>, path: &RepoPath) -> Result<Vec<Locked>, String> {
    match (content, reader_of(path)) {
        (Some(Content::Text(text)), Some(reader)) => (reader.read)(text).map_err(|error| error.to_string()),
        (Some(Content::TooLarge { .. }), Some(_)) => Err("too_large".to_owned()),
        (Some(Content::Missing), Some(_)) => Err("missing".to_owned()),
        _ => Ok(Vec::new()),
    }
}

impl CameAlong {
    fn add(&mut self, before: &[Locked], after: &[Locked]) {
        let (old, new) = (by_name(before), by_name(after));
        for (name, packages) in &new {
            let Some(earlier) = old.get(name) else {
                self.new += 1;
                self.now_run_on_install.extend(runs(packages).then(|| (*name).to_owned()));
                continue;
            };
            let versions = |packages: &[&Locked]| -> BTreeSet<(String, Option<String>)> {
                packages.iter().map(|package| (package.version.clone(), package.commit.clone())).collect()
            };
            self.changed += u32::from(versions(packages) != versions(earlier));
            if runs(packages) && !runs(earlier) {
                self.now_run_on_install.push((*name).to_owned());
            }
            let is_other = packages.iter().any(|package| {
                let same_version = || {
                    earlier
                        .iter()
                        .filter(|other| other.version == package.version && other.commit == package.commit)
                };
                package.checksum.is_some()
                    && same_version().any(|other| other.checksum.is_some())
                    && same_version()
                        .all(|other| other.checksum.as_ref().is_some_and(|sum| !is_same(sum, package)))
            });
            if is_other {
                self.other_content.push((*name).to_owned());
            }
            let licence = |packages: &[&Locked]| packages.iter().find_map(|package| package.licence.clone());
            if let (Some(was), Some(is)) = (licence(earlier), licence(packages))
                && was != is
            {
                self.licences.push(((*name).to_owned(), is));
            }
        }
        self.gone +=
            u32::try_from(old.keys().filter(|name| !new.contains_key(*name)).count()).unwrap_or(u32::MAX);
    }
}

/// Checksums of another kind say nothing: a tool that moves from sha1 to sha512 changes no content.
fn is_same(sum: &str, package: &Locked) -> bool {
    let Some(other) = package.checksum.as_deref() else { return true };
    let kind = |sum: &str| (sum.len(), sum.split(['-', ':', '/']).next().unwrap_or_default().len().min(12));
    sum == other || kind(sum) != kind(other)
}

fn runs(packages: &[&Locked]) -> bool {
    packages.iter().any(|package| package.runs_on_install)
}

fn by_name(packages: &[Locked]) -> BTreeMap<&str, Vec<&Locked>> {
    let mut named: BTreeMap<&str, Vec<&Locked>> = BTreeMap::new();
    for package in packages {
        named.entry(&package.name).or_default().push(package);
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{ChangeKind, FileChange};

    fn counted(path: &str, before: &str, after: &str) -> CameAlong {
        let kind =
            ChangeKind::Modified { before: Content::from_text(before), after: Content::from_text(after) };
        let file = FileChange { path: RepoPath::new(path), kind, role: Role::Lock, added: 1, removed: 1 };
        came_along(&ChangeSet::new(vec![file]))
    }

    fn lock(entries: &[&str]) -> String {
        format!("{{\"packages\": {{{}}}}}", entries.join(","))
    }

    #[test]
    fn changed_new_and_gone_are_counted() {
        let before =
            lock(&[r#""node_modules/a": {"version": "1"}"#, r#""node_modules/b": {"version": "1"}"#]);
        let after = lock(&[
            r#""node_modules/a": {"version": "2"}"#,
            r#""node_modules/c": {"version": "1", "hasInstallScript": true}"#,
        ]);
        let found = counted("package-lock.json", &before, &after);
        assert_eq!((found.changed, found.new, found.gone), (1, 1, 1));
        assert_eq!(found.now_run_on_install, ["c"]);
        assert!(counted("package-lock.json", &before, &before).is_empty());
    }

    #[test]
    fn other_content_under_the_same_version() {
        let with = |sum: &str, licence: &str| {
            lock(&[&format!(
                r#""node_modules/a": {{"version": "1", "integrity": "{sum}", "license": "{licence}"}}"#
            )])
        };
        let found = counted("package-lock.json", &with("sha512-aa", "MIT"), &with("sha512-bb", "AGPL-3.0"));
        assert_eq!(found.other_content, ["a"]);
        assert_eq!(found.licences, [("a".to_owned(), "AGPL-3.0".to_owned())]);
        // a tool that moves to another kind of checksum changes no content
        let found = counted("package-lock.json", &with("sha1-aa", "MIT"), &with("sha512-bb", "MIT"));
        assert!(found.is_empty());
    }

    #[test]
    fn a_broken_lock_is_said_so() {
        let found = counted("package-lock.json", "{}", "{");
        assert_eq!(found.unreadable.len(), 1);
        assert!(found.files.is_empty());
    }
}
