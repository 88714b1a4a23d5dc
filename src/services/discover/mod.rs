//! Which services a tree holds when nobody says so: each source tells what it sees, then sightings become services.

mod aspire;
mod catalogs;
mod compose;
mod kubernetes;
mod merge;
mod packages;
mod stubs;
#[cfg(test)]
mod tests;
mod tree;
mod words;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::change::Snapshot;
use crate::config::ServiceKind;
use crate::finding::{Evidence, Side};

use merge::{Merged, one_by_name};
use tree::{Kind, Tree};

pub(super) use words::{is_deployment, kind, letters};

/// What one source says of one service.
#[derive(Clone, Debug)]
pub(super) struct Sighting {
    pub(super) name: String,
    pub(super) title: Option<String>,
    /// Where its own code lies; empty for the root, `None` where the repository holds none.
    pub(super) folder: Option<String>,
    pub(super) kind: ServiceKind,
    /// The rule that found it.
    pub(super) rule: &'static str,
    /// Where that is written.
    pub(super) place: Evidence,
    pub(super) owners: Vec<String>,
    /// Other names by which settings call it.
    pub(super) aliases: Vec<String>,
    pub(super) calls: Vec<Call>,
}

/// A call that a source names.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The called, as the source names it.
    pub(super) to: String,
    /// What says so.
    pub(super) how: &'static str,
    pub(super) place: Evidence,
}

/// Code that is no service of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shared {
    /// Its name in its manifest.
    pub name: String,
    /// Where it lies.
    pub folder: String,
    /// The services that use it, by name, sorted.
    pub used_by: Vec<String>,
}

/// All that was seen in one tree.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub(super) services: Vec<Sighting>,
    pub(super) shared: Vec<Shared>,
    /// Libraries that only one service uses: its name, and the folder that is a part of it.
    pub(super) parts: Vec<(String, String)>,
}

/// Looks at a tree.
pub(super) fn discover(snapshot: &dyn Snapshot, side: Side) -> Found {
    let mut tree = Tree::new(snapshot, side);
    let packages = packages::read(&tree);
    tree.own_names = packages::own_names(&packages);
    let mut merged = Merged::default();
    for sighting in catalogs::sightings(&tree) {
        merged.add(sighting, true);
    }
    // What runs once has no life of its own: it is a part of the service whose code it runs.
    let compose = compose::sightings(&tree);
    let (once, lasting): (Vec<_>, Vec<_>) =
        compose.whole.into_iter().partition(|sighting| words::is_one_off(&sighting.name));
    for sighting in lasting {
        merged.add(sighting, true);
    }
    for sighting in once.into_iter().chain(compose.parts) {
        merged.enrich(sighting);
    }
    for sighting in aspire::sightings(&tree) {
        merged.add_within(sighting);
    }
    for sighting in kubernetes::workloads(&tree) {
        merged.add(sighting, true);
    }
    for sighting in kubernetes::artifacts(&tree) {
        merged.add(sighting, true);
    }
    for sighting in packages::deployables(&tree, &packages) {
        merged.add(sighting, false);
    }
    for sighting in dockerfiles(&tree) {
        merged.add(sighting, false);
    }
    merged.add_root(packages::at_root(&tree, &packages));
    let has_stores = merged.services.iter().any(|one| one.kind == ServiceKind::Store);
    let charts = kubernetes::charts(&tree);
    for sighting in charts.parts {
        merged.enrich(sighting);
    }
    // The same store by another name would be a second one.
    for store in charts.stores.into_iter().filter(|_| !has_stores) {
        merged.add(store, true);
    }
    let mut services = merged.finish(&tree);
    let recipes = one_by_name(&mut services);
    stubs::add_calls(&tree, &mut services);
    let (shared, mut parts) = packages::shared(&packages, &mut services);
    // What only packs the repository's own code is as much a part of the product as that code.
    for service in services.iter_mut().filter(|one| one.kind == ServiceKind::Support) {
        if parts.iter().any(|(name, folder)| *name == service.name && tree.has_code(folder)) {
            service.kind = words::kind(&service.name, None, true);
        }
    }
    parts.extend(recipes);
    Found { services, shared, parts }
}

/// A folder with a Dockerfile of its own is built and shipped on its own.
fn dockerfiles(tree: &Tree<'_>) -> Vec<Sighting> {
    tree.files(Kind::Dockerfile)
        .iter()
        .filter(|path| {
            !path.folders().any(|folder| {
                words::is_workshop(folder) || words::is_test(folder) || words::is_one_off(folder)
            })
        })
        .map(|path| {
            let folder = words::trimmed(path.folder());
            let name = folder.rsplit('/').next().unwrap_or_default();
            Sighting {
                name: name.to_owned(),
                title: None,
                folder: Some(folder.to_owned()),
                kind: words::kind(name, None, true),
                rule: "dockerfile",
                place: tree.at(path, 1),
                owners: Vec::new(),
                aliases: Vec::new(),
                calls: Vec::new(),
            }
        })
        .collect()
}

/// Whether a folder is another or lies in it.
pub(super) fn is_inside(folder: &str, outer: &str) -> bool {
    outer.is_empty()
        || folder == outer
        || folder.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
}
