//! The files of a tree that may tell of services, by what they are, and as many of them as are read.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{is_inside, letters, words};
use crate::change::{RepoPath, Snapshot};
use crate::finding::{Evidence, Side};

/// Files of one kind that are read at most, shallow ones first.
const MOST_FILES: usize = 400;
/// Bytes that are read in all: what the map needs is small, however large the repository.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// The files of a tree that may tell of services, by what they are.
pub(super) struct Tree<'t> {
    pub(super) snapshot: &'t dyn Snapshot,
    files: HashMap<Kind, Vec<&'t RepoPath>>,
    /// Folders with code of their own, by the last part of their path.
    folders: BTreeMap<String, Vec<String>>,
    /// The names of what lies at the root.
    pub(super) own_names: Vec<String>,
    left: Cell<usize>,
    side: Side,
}

/// What a file may tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Compose,
    Kubernetes,
    Skaffold,
    Chart,
    Dockerfile,
    Catalog,
    Package,
    Main,
    Proto,
    /// An application host of .NET Aspire.
    Host,
}

impl<'t> Tree<'t> {
    pub(super) fn new(snapshot: &'t dyn Snapshot, side: Side) -> Self {
        let mut files: HashMap<Kind, Vec<&RepoPath>> = HashMap::new();
        let mut folders: BTreeMap<String, Vec<String>> = BTreeMap::new();
        // Kustomize says by its own file which folders hold what a cluster runs.
        let is_kustomization =
            |path: &&RepoPath| matches!(path.file_name(), "kustomization.yaml" | "kustomization.yml");
        let kustomized: BTreeSet<&str> =
            snapshot.paths().iter().filter(is_kustomization).map(|path| path.folder()).collect();
        for path in snapshot.paths() {
            let of_cluster = || {
                let is_yaml = matches!(path.extension().as_str(), "yml" | "yaml");
                (is_yaml && kustomized.contains(path.folder())).then_some(Kind::Kubernetes)
            };
            let Some(kind) = kind_of(path).or_else(of_cluster) else { continue };
            if path.folders().any(words::is_aside) {
                continue;
            }
            files.entry(kind).or_default().push(path);
            if matches!(kind, Kind::Dockerfile | Kind::Package | Kind::Main) {
                let folder = words::trimmed(path.folder());
                let name = folder.rsplit('/').next().unwrap_or_default();
                let known = folders.entry(letters(name)).or_default();
                if !known.iter().any(|other| other == folder) {
                    known.push(folder.to_owned());
                }
            }
        }
        for list in files.values_mut() {
            list.sort_by_key(|path| (path.folders().count(), path.as_str()));
            list.truncate(MOST_FILES);
        }
        Self { snapshot, files, folders, own_names: Vec::new(), left: Cell::new(MOST_BYTES), side }
    }

    /// Whether a name is that of what lies at the root.
    pub(super) fn is_own_name(&self, name: &str) -> bool {
        let name = letters(name);
        self.own_names.iter().any(|own| letters(own) == name)
    }

    /// The files in a folder.
    pub(super) fn inside(&self, folder: &str) -> impl Iterator<Item = &'t RepoPath> {
        let inside = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let paths = self.snapshot.paths();
        let from = paths.partition_point(|path| path.as_str() < inside.as_str());
        paths[from..].iter().take_while(move |path| path.as_str().starts_with(&inside))
    }

    pub(super) fn holds(&self, folder: &str) -> bool {
        self.inside(folder).next().is_some()
    }

    /// Whether a folder holds code, and not only what configures a program of others.
    pub(super) fn has_code(&self, folder: &str) -> bool {
        const CODE: &[&str] = &[
            "c", "cc", "clj", "cpp", "cs", "dart", "erl", "ex", "exs", "fs", "go", "groovy", "hs", "html",
            "java", "js", "jsx", "kt", "lua", "mjs", "php", "pl", "py", "rb", "rs", "scala", "svelte",
            "swift", "ts", "tsx", "vb", "vue",
        ];
        self.inside(folder).any(|path| CODE.contains(&path.extension().as_str()))
    }

    pub(super) fn files(&self, kind: Kind) -> &[&'t RepoPath] {
        self.files.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// Whether a folder holds several programs that one file ties together.
    pub(super) fn is_workspace(&self, folder: &str) -> bool {
        let at = |name: &str| RepoPath::new("").join(&format!("{folder}/{name}"));
        let has = |name: &str| at(name).is_some_and(|path| self.snapshot.has(&path));
        let says = |name: &str, word: &str| {
            at(name).and_then(|path| self.read(&path)).is_some_and(|text| text.contains(word))
        };
        has("pnpm-workspace.yaml")
            || has("go.work")
            || says("Cargo.toml", "[workspace]")
            || says("package.json", "\"workspaces\"")
    }

    /// A file's text, as long as there is room for it.
    pub(super) fn read(&self, path: &RepoPath) -> Option<String> {
        if self.left.get() == 0 {
            return None;
        }
        let text = self.snapshot.read(path)?.text()?.to_owned();
        self.left.set(self.left.get().saturating_sub(text.len()));
        Some(text)
    }

    pub(super) fn at(&self, path: &RepoPath, line: u32) -> Evidence {
        Evidence { path: path.clone(), line: Some(line.max(1)), side: self.side }
    }

    /// The folder whose name is one of these, or ends with it: `config-server` is `acme-config-server`.
    pub(super) fn folder_named(&self, names: &[&str]) -> Option<String> {
        let shallow = |folders: &Vec<String>| {
            folders
                .iter()
                .filter(|folder| !folder.is_empty())
                .min_by_key(|folder| folder.matches('/').count())
                .cloned()
        };
        let names = || names.iter().filter(|name| name.len() > 1);
        names().find_map(|name| self.folders.get(&letters(name)).and_then(shallow)).or_else(|| {
            names().filter(|name| name.contains('-') || name.len() > 4).find_map(|name| {
                let ending = format!("-{}", name.to_ascii_lowercase());
                let mut fits = self
                    .folders
                    .values()
                    .flatten()
                    .filter(|folder| folder.to_ascii_lowercase().ends_with(&ending));
                let first = fits.next()?;
                fits.next().is_none().then(|| first.clone())
            })
        })
    }
}

impl Tree<'_> {
    /// The shallowest folder with code of its own that has this name and lies inside another.
    pub(super) fn folder_inside(&self, outer: &str, name: &str) -> Option<String> {
        let known = self.folders.get(&letters(name))?;
        let inside = known.iter().filter(|folder| folder.as_str() != outer && is_inside(folder, outer));
        inside.min_by_key(|folder| folder.matches('/').count()).cloned()
    }
}

fn kind_of(path: &RepoPath) -> Option<Kind> {
    let name = path.file_name();
    Some(match name {
        "Dockerfile" | "Containerfile" => Kind::Dockerfile,
        "skaffold.yaml" => Kind::Skaffold,
        "Chart.yaml" => Kind::Chart,
        "catalog-info.yaml"
        | "catalog-info.yml"
        | "service.datadog.yaml"
        | "service.datadog.yml"
        | "opslevel.yml"
        | "opslevel.yaml"
        | "cortex.yaml"
        | "cortex.yml" => Kind::Catalog,
        "Cargo.toml" | "package.json" | "go.mod" | "pom.xml" | "build.gradle" | "build.gradle.kts"
        | "mix.exs" | "pyproject.toml" | "project.json" => Kind::Package,
        "main.go" => Kind::Main,
        "Program.cs" | "AppHost.cs"
            if path
                .folders()
                .last()
                .is_some_and(|folder| folder.to_ascii_lowercase().ends_with("apphost")) =>
        {
            Kind::Host
        }
        "settings.gradle" | "settings.gradle.kts" if path.folder().is_empty() => Kind::Package,
        _ if name.ends_with(".csproj") => Kind::Package,
        _ if name.ends_with(".proto") => Kind::Proto,
        _ if name.ends_with(".yml") || name.ends_with(".yaml") => {
            if (name.starts_with("docker-compose")
                || name.starts_with("compose.")
                || name.starts_with("compose-"))
                && !words::is_test(name)
            {
                Kind::Compose
            } else if path.folders().any(words::is_deployment)
                && !name.starts_with("values")
                && !words::is_test(name)
            {
                Kind::Kubernetes
            } else {
                return None;
            }
        }
        _ => return None,
    })
}
