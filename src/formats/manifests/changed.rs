//! The manifests of a change, read before and after: those that changed, and those whose versions another file gives.

use std::collections::BTreeSet;

use super::{Ecosystem, Inventory, Manifest, READERS, Reader, Requirement, is_sample, reader_of};
use crate::change::{ChangeSet, Content, RepoPath, Role, Snapshot};

/// More manifests than this do not hang on one changed file.
const MOST: usize = 2_000;

/// A manifest on both sides of the change; an empty inventory where a side does not have it.
#[derive(Clone, Debug)]
pub struct ChangedManifest {
    /// Where it is; for a deletion, where it was.
    pub path: RepoPath,
    /// Where it was.
    pub old_path: RepoPath,
    /// What it said.
    pub before: Inventory,
    /// What it says.
    pub after: Inventory,
}

/// All that could be read, and what could not.
#[derive(Clone, Debug, Default)]
pub struct Changed {
    /// The manifests, sorted by path.
    pub manifests: Vec<ChangedManifest>,
    /// Files with the reason why they could not be read.
    pub unreadable: Vec<(RepoPath, String)>,
}

/// Reads the manifests of a change on both sides.
pub fn changed(changes: &ChangeSet, before: &dyn Snapshot, after: &dyn Snapshot) -> Changed {
    let mut found = Changed::default();
    let mut seen: BTreeSet<&RepoPath> = BTreeSet::new();
    for file in changes.files() {
        seen.insert(&file.path);
        let (old_path, old, new) = (file.old_path(), file.before(), file.after());
        if [old, new].iter().any(|side| matches!(side, Some(Content::Submodule { .. }))) {
            found.take(&file.path, old_path, Ok(submodule(old, old_path)), Ok(submodule(new, &file.path)));
            continue;
        }
        if file.role == Role::Vendored || reader_of(&file.path).is_none() && reader_of(old_path).is_none() {
            continue;
        }
        found.take(
            &file.path,
            old_path,
            side(old, (old_path, &file.path), before),
            side(new, (&file.path, old_path), after),
        );
    }
    for file in changes.files() {
        for reader in READERS.iter().filter(|reader| reader.takes_versions_from(&file.path)) {
            let folder = file.path.folder();
            let below = after.paths().iter().filter(|path| path.is_in(folder) && reader.reads(path));
            for path in below.filter(|path| before.has(path) && reader_of(path).is_some()).take(MOST) {
                if seen.insert(path) {
                    let old = side(before.read(path).as_ref(), (path, path), before);
                    found.take(path, path, old, side(after.read(path).as_ref(), (path, path), after));
                }
            }
        }
    }
    found.manifests.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

impl Changed {
    fn take(&mut self, path: &RepoPath, old_path: &RepoPath, before: Side, after: Side) {
        match (before, after) {
            (Ok(before), Ok(after)) => self.manifests.push(ChangedManifest {
                path: path.clone(),
                old_path: old_path.clone(),
                before,
                after,
            }),
            // a side that cannot be read would make every package look new or gone
            (Err(reason), _) | (_, Err(reason)) => self.unreadable.push((path.clone(), reason)),
        }
    }
}

/// Another repository that is pinned at a commit is a package too, under the name of its folder.
fn submodule(content: Option<&Content>, path: &RepoPath) -> Inventory {
    let mut inventory = Inventory::default();
    if let Some(Content::Submodule { commit }) = content {
        inventory.add(Requirement::new(Ecosystem::Submodule, path.as_str(), Some(commit), 1));
    }
    inventory
}

type Side = Result<Inventory, String>;

/// One side of a file. Where only its name on the other side is that of a manifest, it said the same before it was moved.
fn side(content: Option<&Content>, (path, other): (&RepoPath, &RepoPath), tree: &dyn Snapshot) -> Side {
    let moved = || reader_of(other).filter(|_| !is_sample(path));
    let Some(reader) = reader_of(path).or_else(moved) else { return Ok(Inventory::default()) };
    match content {
        None => Ok(Inventory::default()),
        Some(content) => inventory(reader, content, path, tree),
    }
}

/// One manifest, or a reason of the list that the templates know.
pub fn inventory(reader: &dyn Reader, content: &Content, path: &RepoPath, tree: &dyn Snapshot) -> Side {
    match content {
        Content::Text(text) => {
            reader.read(Manifest { path, text, tree }).map_err(|unreadable| unreadable.to_string())
        }
        Content::Binary => Err("binary".to_owned()),
        Content::TooLarge { .. } => Err("too_large".to_owned()),
        Content::Missing => Err("missing".to_owned()),
        Content::Submodule { .. } | Content::Link { .. } => Ok(Inventory::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{ChangeKind, FileChange, MemorySnapshot};

    #[test]
    fn submodules_are_read_wherever_they_lie() {
        let at = |commit: &str| Content::Submodule { commit: commit.to_owned() };
        let file = FileChange {
            path: RepoPath::new("vendor/lib"),
            kind: ChangeKind::Modified { before: at("aa"), after: at("bb") },
            role: Role::Vendored,
            added: 1,
            removed: 1,
        };
        let tree = MemorySnapshot::default();
        let found = changed(&ChangeSet::new(vec![file]), &tree, &tree);
        assert_eq!(found.manifests[0].after.requirements[0].version.as_deref(), Some("bb"));
    }

    #[test]
    fn a_file_that_becomes_a_manifest_by_its_new_place_said_the_same_before() {
        let text = Content::from_text("jobs:\n  a:\n    steps:\n      - uses: a/b@v1\n");
        let moved = |from: &str, to: &str| {
            let (before, after) = (text.clone(), text.clone());
            let kind = ChangeKind::Renamed { from: RepoPath::new(from), before, after };
            let file = FileChange { path: RepoPath::new(to), kind, role: Role::Infra, added: 0, removed: 0 };
            let tree = MemorySnapshot::default();
            let found = changed(&ChangeSet::new(vec![file]), &tree, &tree);
            (found.manifests[0].before.requirements.len(), found.manifests[0].after.requirements.len())
        };
        assert_eq!(moved(".github/workflows/parts/a.yml", ".github/workflows/a.yml"), (1, 1));
        assert_eq!(moved("testdata/.github/workflows/a.yml", ".github/workflows/a.yml"), (0, 1));
    }

    #[test]
    fn a_side_that_cannot_be_read_is_said_so() {
        let file = FileChange {
            path: RepoPath::new("package.json"),
            kind: ChangeKind::Modified {
                before: Content::TooLarge { bytes: 9 },
                after: Content::from_text("{}"),
            },
            role: Role::Manifest,
            added: 1,
            removed: 1,
        };
        let tree = MemorySnapshot::default();
        let found = changed(&ChangeSet::new(vec![file]), &tree, &tree);
        assert_eq!(found.unreadable, [(RepoPath::new("package.json"), "too_large".to_owned())]);
        assert!(found.manifests.is_empty());
    }
}
