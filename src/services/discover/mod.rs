//! Which services a tree holds when nobody says so: each source tells what it sees, then sightings become services.

mod aspire;
mod catalogs;
mod compose;
mod kubernetes;
mod packages;
mod stubs;
#[cfg(test)]
mod tests;
mod words;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::change::{RepoPath, Snapshot};
use crate::config::ServiceKind;
use crate::finding::{Evidence, Side};

pub(super) use words::{is_deployment, kind, letters};

/// Files of one kind that are read at most, shallow ones first.
const MOST_FILES: usize = 400;
/// Bytes that are read in all: what the map needs is small, however large the repository.
const MOST_BYTES: usize = 8 * 1024 * 1024;

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

/// The files of a tree that may tell of services, by what they are.
pub(super) struct Tree<'t> {
    snapshot: &'t dyn Snapshot,
    files: HashMap<Kind, Vec<&'t RepoPath>>,
    /// Folders with code of their own, by the last part of their path.
    folders: BTreeMap<String, Vec<String>>,
    /// The names of what lies at the root.
    own_names: Vec<String>,
    left: Cell<usize>,
    side: Side,
}

/// What a file may tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
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
    fn new(snapshot: &'t dyn Snapshot, side: Side) -> Self {
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
    fn is_own_name(&self, name: &str) -> bool {
        let name = letters(name);
        self.own_names.iter().any(|own| letters(own) == name)
    }

    /// The files in a folder.
    fn inside(&self, folder: &str) -> impl Iterator<Item = &'t RepoPath> {
        let inside = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let paths = self.snapshot.paths();
        let from = paths.partition_point(|path| path.as_str() < inside.as_str());
        paths[from..].iter().take_while(move |path| path.as_str().starts_with(&inside))
    }

    fn holds(&self, folder: &str) -> bool {
        self.inside(folder).next().is_some()
    }

    /// Whether a folder holds code, and not only what configures a program of others.
    fn has_code(&self, folder: &str) -> bool {
        const CODE: &[&str] = &[
            "c", "cc", "clj", "cpp", "cs", "dart", "erl", "ex", "exs", "fs", "go", "groovy", "hs", "html",
            "java", "js", "jsx", "kt", "lua", "mjs", "php", "pl", "py", "rb", "rs", "scala", "svelte",
            "swift", "ts", "tsx", "vb", "vue",
        ];
        self.inside(folder).any(|path| CODE.contains(&path.extension().as_str()))
    }

    fn files(&self, kind: Kind) -> &[&'t RepoPath] {
        self.files.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// Whether a folder holds several programs that one file ties together.
    fn is_workspace(&self, folder: &str) -> bool {
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
    fn read(&self, path: &RepoPath) -> Option<String> {
        if self.left.get() == 0 {
            return None;
        }
        let text = self.snapshot.read(path)?.text()?.to_owned();
        self.left.set(self.left.get().saturating_sub(text.len()));
        Some(text)
    }

    fn at(&self, path: &RepoPath, line: u32) -> Evidence {
        Evidence { path: path.clone(), line: Some(line.max(1)), side: self.side }
    }

    /// The folder whose name is one of these, or ends with it: `config-server` is `acme-config-server`.
    fn folder_named(&self, names: &[&str]) -> Option<String> {
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
    fn folder_inside(&self, outer: &str, name: &str) -> Option<String> {
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

/// Sightings of the same service become one: the same folder, or the same name.
#[derive(Default)]
struct Merged {
    services: Vec<Sighting>,
}

impl Merged {
    /// `strong`: the source says that it runs. A weak one, which only says that it could, never splits a service in
    /// two and never wraps several into one.
    fn add(&mut self, sighting: Sighting, strong: bool) {
        if let Some(known) = self.find(&sighting) {
            return join(known, sighting);
        }
        if !strong {
            let Some(folder) = sighting.folder.as_deref() else { return };
            let overlaps = |other: &Sighting| {
                other.folder.as_deref().is_some_and(|inner| {
                    // at the root lies the whole, with what only helps inside it
                    let helps = folder.is_empty() && other.kind != ServiceKind::Product;
                    !inner.is_empty() && is_inside(folder, inner)
                        || is_inside(inner, folder) && inner != folder && !helps
                })
            };
            if self.services.iter().any(overlaps) {
                return;
            }
        }
        self.services.push(sighting);
    }

    /// A sighting in the folder of a service that was seen before is a part of that service.
    fn add_within(&mut self, mut sighting: Sighting) {
        let holds = |known: &Sighting| {
            let outer = known.folder.as_deref().filter(|folder| !folder.is_empty());
            outer.zip(sighting.folder.as_deref()).is_some_and(|(outer, inner)| is_inside(inner, outer))
        };
        match self.services.iter().position(holds) {
            Some(at) => {
                sighting.folder = None;
                join(&mut self.services[at], sighting);
            }
            None => self.add(sighting, true),
        }
    }

    /// The program at the root, beside others that have folders of their own.
    fn add_root(&mut self, root: Option<Sighting>) {
        let beside = |one: &Sighting| one.kind == ServiceKind::Product && one.folder.as_deref() != Some("");
        if self.services.iter().any(beside)
            && self.services.iter().all(|one| one.folder.as_deref() != Some(""))
        {
            self.services.extend(root);
        }
    }

    /// Adds what is known to a service that was seen before, and never makes one.
    fn enrich(&mut self, sighting: Sighting) {
        if let Some(known) = self.find(&sighting) {
            join(known, sighting);
        }
    }

    fn find(&mut self, sighting: &Sighting) -> Option<&mut Sighting> {
        let named = letters(&sighting.name);
        let place = self
            .services
            .iter()
            .position(|known| known.folder.is_some() && known.folder == sighting.folder)
            .or_else(|| {
                self.services.iter().position(|known| {
                    let names = std::iter::once(&known.name).chain(&known.aliases);
                    let same = !named.is_empty() && names.map(|name| letters(name)).any(|name| name == named);
                    // The same name in another folder is another service, unless one lies in the other.
                    same && match (&known.folder, &sighting.folder) {
                        (Some(a), Some(b)) => {
                            a.is_empty() || b.is_empty() || is_inside(a, b) || is_inside(b, a)
                        }
                        _ => true,
                    }
                })
            })?;
        self.services.get_mut(place)
    }

    fn finish(mut self, tree: &Tree<'_>) -> Vec<Sighting> {
        self.drop_prefix();
        for service in &mut self.services {
            let folder = service.folder.as_deref().filter(|folder| !folder.is_empty());
            // What the repository holds no code of cannot change here.
            let bare = service.folder.is_none() || folder.is_some_and(|folder| !tree.has_code(folder));
            if service.kind == ServiceKind::Product && bare {
                service.kind = ServiceKind::Support;
            }
            // `shop-1` and `shop-2` from the root of `shop` are `shop`.
            if service.folder.as_deref() == Some("") {
                let named = letters(&service.name);
                let own = tree.own_names.iter().find(|own| named.starts_with(&letters(own)));
                if let Some(own) = own.or(tree.own_names.first().filter(|_| named.is_empty())) {
                    service.name.clone_from(own);
                    service.aliases.retain(|alias| alias != own);
                }
            }
        }
        self.services.retain(|service| !service.name.is_empty());
        // Beside two or more services, a build at the root without code of its own is the build of all.
        let apart = |one: &&Sighting| one.folder.as_deref().is_some_and(|folder| !folder.is_empty());
        let products =
            self.services.iter().filter(apart).filter(|one| one.kind == ServiceKind::Product).count();
        if products >= 1 {
            let folders: Vec<&str> =
                self.services.iter().filter(apart).filter_map(|one| one.folder.as_deref()).collect();
            let at_root = ["src", "app", "cmd", "internal", "server", "lib"]
                .iter()
                .any(|top| !folders.iter().any(|folder| is_inside(folder, top)) && tree.has_code(top));
            if !at_root {
                let (at_root, mut others): (Vec<_>, Vec<_>) =
                    self.services.into_iter().partition(|one| one.folder.as_deref() == Some(""));
                let only = others.iter_mut().find(|one| apart(&&**one) && one.kind == ServiceKind::Product);
                // Beside a single one it is the build of that one.
                if let Some(only) = only.filter(|_| products == 1) {
                    at_root.into_iter().for_each(|root| join(only, Sighting { folder: None, ..root }));
                }
                self.services = others;
            }
        }
        self.services.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.folder.cmp(&b.folder)));
        self.services
    }

    /// Several sources, one with the product's name before each: `acme-kafka` is `kafka`.
    fn drop_prefix(&mut self) {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for service in &self.services {
            if let Some((first, _)) = service.name.split_once(['-', '_']) {
                *counts.entry(first.to_owned()).or_default() += 1;
            }
        }
        for (prefix, _) in counts.into_iter().filter(|(_, count)| *count >= 3) {
            let mut at = 0;
            while at < self.services.len() {
                let short = letters(&self.services[at].name);
                let long = letters(&prefix) + &short;
                let twin = self.services.iter().position(|other| {
                    letters(&other.name) == long
                        && (other.folder.is_none() || self.services[at].folder.is_none())
                });
                match twin {
                    Some(twin) => {
                        let other = self.services.remove(twin);
                        let at = if twin < at { at - 1 } else { at };
                        join(&mut self.services[at], other);
                    }
                    None => at += 1,
                }
            }
        }
    }
}

/// One name is one service: a folder without code of its own only says how the one that has code is packed and run, and
/// becomes a part of it. Where several have code, as much of their paths as tells them apart becomes their names:
/// `jobs/mail` and `web/mail`. Returns the parts, each with the service's name.
fn one_by_name(services: &mut Vec<Sighting>) -> Vec<(String, String)> {
    let mut same: BTreeMap<String, Vec<Sighting>> = BTreeMap::new();
    for service in services.drain(..) {
        let name = match letters(&service.name) {
            name if service.kind == ServiceKind::Store => words::store(name),
            name => name,
        };
        same.entry(name).or_default().push(service);
    }
    let mut parts = Vec::new();
    for mut named in same.into_values() {
        let is_product = |one: &Sighting| one.kind == ServiceKind::Product;
        if named.iter().filter(|one| is_product(one)).count() < 2 {
            named.sort_by_key(|one| !is_product(one));
            let mut others = named.into_iter();
            let Some(mut first) = others.next() else { continue };
            for mut other in others {
                parts.extend(other.folder.take().map(|folder| (first.name.clone(), folder)));
                join(&mut first, other);
            }
            services.push(first);
            continue;
        }
        let end = |folder: &str, parts: usize| {
            let from = folder.rmatch_indices('/').nth(parts - 1).map_or(0, |(at, _)| at + 1);
            folder[from..].to_owned()
        };
        let paths = |parts: usize| -> Vec<Option<String>> {
            let folders = named.iter().map(|one| one.folder.as_deref().filter(|folder| !folder.is_empty()));
            folders.map(|folder| folder.map(|folder| end(folder, parts))).collect()
        };
        let differ = |names: &Vec<Option<String>>| BTreeSet::from_iter(names).len() == names.len();
        let names = (2..=5).map(paths).find(differ).unwrap_or_default();
        for (one, name) in named.iter_mut().zip(names) {
            one.name = name.unwrap_or(std::mem::take(&mut one.name));
        }
        services.append(&mut named);
    }
    services.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.folder.cmp(&b.folder)));
    parts
}

/// The first source that saw it keeps its word; later ones fill in what it left out.
fn join(known: &mut Sighting, other: Sighting) {
    if other.name != known.name {
        let folder_name = |one: &Sighting| {
            let folder = one.folder.as_deref().unwrap_or_default();
            letters(folder.rsplit('/').next().unwrap_or_default()) == letters(&one.name)
        };
        // Of several programs from one folder, the one that has its name stands for all.
        let better = known.rule == other.rule && !folder_name(known) && folder_name(&other);
        let alias = if better { std::mem::replace(&mut known.name, other.name) } else { other.name };
        if !alias.is_empty() && !known.aliases.contains(&alias) {
            known.aliases.push(alias);
        }
        if known.name.is_empty() {
            known.name = known.aliases.pop().unwrap_or_default();
        }
    }
    match (&known.folder, other.folder) {
        (None, folder) => known.folder = folder,
        // The outer folder holds the service as a whole.
        (Some(inner), Some(outer)) if !outer.is_empty() && is_inside(inner, &outer) => {
            known.folder = Some(outer)
        }
        _ => {}
    }
    known.title = known.title.take().or(other.title);
    if known.owners.is_empty() {
        known.owners = other.owners;
    }
    known.aliases.extend(other.aliases);
    known.aliases.retain(|alias| *alias != known.name);
    let names: BTreeSet<String> = known.aliases.drain(..).collect();
    known.aliases = names.into_iter().collect();
    if known.kind == ServiceKind::Support && other.kind == ServiceKind::Product && known.folder.is_none() {
        known.kind = other.kind;
    }
    known.calls.extend(other.calls);
}

/// Whether a folder is another or lies in it.
pub(super) fn is_inside(folder: &str, outer: &str) -> bool {
    outer.is_empty()
        || folder == outer
        || folder.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
}
