//! What the rest of the repository says about a package: who else lists it, and whether it is made here.

use std::collections::{BTreeMap, BTreeSet};

use super::Context;
use crate::change::{RepoPath, Snapshot};
use crate::formats::manifests::{
    ChangedManifest, Ecosystem, Inventory, Requirement, Source, inventory, reader_of,
};

/// More manifests than this are not read; what lies beyond is unknown.
const MOST: usize = 3_000;

/// Every package that the repository lists or makes, in the ecosystems that the change is about.
#[derive(Debug, Default)]
pub(super) struct Repository {
    listed: BTreeMap<(Ecosystem, String), Usage>,
    made: BTreeSet<(Ecosystem, String)>,
    /// Roots of own Go modules: `github.com/acme/shop` for every module below it.
    roots: BTreeSet<String>,
    /// Folders of own code, and services: an image of such a name is built here.
    folders: BTreeSet<String>,
}

/// Where a package is listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// Whether any manifest listed it before the change.
    pub(super) before: bool,
    /// How many manifests list it now.
    pub(super) now: u32,
}

impl Repository {
    pub(super) fn read(
        cx: &Context<'_>,
        changed: &[ChangedManifest],
        ecosystems: &BTreeSet<Ecosystem>,
    ) -> Repository {
        let mut repository = Repository::default();
        let touched: BTreeSet<&RepoPath> =
            changed.iter().flat_map(|manifest| [&manifest.path, &manifest.old_path]).collect();
        for manifest in changed {
            repository.add(&manifest.before, true, false);
            repository.add(&manifest.after, false, true);
        }
        // an unchanged manifest says the same on both sides
        let tree: &dyn Snapshot = cx.before;
        let of_interest = tree.paths().iter().filter(|path| !touched.contains(path)).filter_map(|path| {
            let reader = reader_of(path)?;
            reader.ecosystems().iter().any(|one| ecosystems.contains(one)).then_some((path, reader))
        });
        for (path, reader) in of_interest.take(MOST) {
            let read = tree.read(path).and_then(|content| inventory(reader, &content, path, tree).ok());
            if let Some(found) = read {
                repository.add(&found, true, true);
            }
        }
        if ecosystems.contains(&Ecosystem::Docker) {
            // a service that was discovered from a Compose file may well run somebody else's image
            let named = cx.catalog.services().iter().filter(|service| service.rule == "configuration");
            repository.folders.extend(named.map(|service| service.name.clone()));
            for path in cx.before.paths().iter().chain(cx.after.paths()) {
                let is_code = reader_of(path).is_some_and(|reader| {
                    !reader.ecosystems().iter().any(|one| matches!(one, Ecosystem::Docker | Ecosystem::Helm))
                });
                repository.folders.extend(path.folders().last().filter(|_| is_code).map(str::to_owned));
            }
        }
        repository
    }

    fn add(&mut self, found: &Inventory, before: bool, now: bool) {
        let packages: BTreeSet<_> = found
            .requirements
            .iter()
            .filter(|requirement| requirement.source != Source::Own)
            .map(Requirement::package)
            .collect();
        for package in packages {
            let usage = self.listed.entry(package).or_default();
            usage.before |= before;
            usage.now += u32::from(now);
        }
        for (ecosystem, name) in &found.makes {
            if *ecosystem == Ecosystem::Go {
                let is_hosted = name.starts_with("github.com/") || name.starts_with("gitlab.com/");
                let root: Vec<&str> = name.split('/').take(if is_hosted { 3 } else { usize::MAX }).collect();
                self.roots.insert(root.join("/"));
            }
            self.made.insert((*ecosystem, ecosystem.canonical(name)));
        }
    }

    /// Who lists the package.
    pub(super) fn usage(&self, package: &Requirement) -> Usage {
        self.listed.get(&package.package()).copied().unwrap_or_default()
    }

    /// Whether the package is made in this repository, so that it comes from nobody else.
    pub(super) fn makes(&self, package: &Requirement) -> bool {
        let name = package.name.as_str();
        match package.ecosystem {
            Ecosystem::Go => {
                let mut above =
                    std::iter::successors(Some(name), |path| path.rsplit_once('/').map(|(above, _)| above));
                above.any(|path| self.roots.contains(path))
            }
            Ecosystem::Docker => {
                let is_of_folder = |(owner, image): (&str, &str)| {
                    // `shop-order-service` of the folder `order-service`
                    let own = image.split_once('-').map(|(_, rest)| rest).filter(|rest| rest.contains('-'));
                    !owner.is_empty()
                        && (self.folders.contains(image) || own.is_some_and(|own| self.folders.contains(own)))
                };
                self.made.contains(&package.package())
                    || package.section == COMPOSED && name.rsplit_once('/').is_some_and(is_of_folder)
            }
            _ => self.made.contains(&package.package()),
        }
    }
}

/// The section of images that a Compose file names: only these may be our own under a public name.
const COMPOSED: &str = "services";
