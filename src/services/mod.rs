//! The service map: path → service → owners, and who calls whom.

pub mod codeowners;
mod discover;
mod map;
#[cfg(test)]
mod tests;
mod touched;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use globset::{GlobSet, GlobSetBuilder};

use crate::change::{RepoPath, Snapshot};
use crate::config::{self, Config, ServiceConfig, ServiceKind, Stability, Visibility};
use crate::finding::{Evidence, Side};
use codeowners::Codeowners;
use discover::{Found, Sighting, letters};

pub use discover::Shared;
pub use map::{Edge, Map, Node, NodeKind, State, Tie, drawing, map};
pub use touched::{Reason, ServiceTouch, SharedTouch, reason_of, shared, touched, touched_by_settings};

/// A part of the product that runs on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its short name, as in reports.
    pub name: String,
    /// The name that people use; the folder's or the configuration's.
    pub title: String,
    /// Its folders, without trailing slash, for display.
    pub folders: Vec<String>,
    /// Who owns it, as written in CODEOWNERS, catalogue or configuration.
    pub owners: Vec<String>,
    /// Product, support or store.
    pub kind: ServiceKind,
    /// Other words that name it.
    pub aliases: Vec<String>,
    /// Who hears of it in release notes.
    pub visibility: Visibility,
    /// Whether its API is a promise.
    pub stability: Stability,
    /// Whether code changed without a test deserves a look.
    pub critical: bool,
    /// The rule that found it, such as `configuration`, `compose`, `dockerfile`, `workspace`.
    pub rule: String,
    /// Where that is written.
    pub evidence: Option<Evidence>,
    /// Whether the change brings it or takes it away.
    pub state: State,
    /// The name it had before, where only the name changed.
    pub renamed_from: Option<String>,
}

/// One service calls another, or keeps its data there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The caller, by name.
    pub from: String,
    /// The called, by name.
    pub to: String,
    /// What says so: `compose`, `environment`, `kubernetes`, `workspace`, `catalog`, `configuration`.
    pub how: String,
    /// Where it says so.
    pub evidence: Evidence,
    /// Whether the change brings it or takes it away.
    pub state: State,
}

/// Who owns a path, and what says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ownership {
    /// As written there.
    pub owners: Vec<String>,
    /// `configuration`, `codeowners`, `catalogue`; empty where nobody owns it.
    pub rule: &'static str,
    /// The place, where it is a line of a file of the repository.
    pub evidence: Option<Evidence>,
    /// Whether these own everything that has no other owner.
    pub is_catch_all: bool,
}

/// Whether a name, or the last part of an image's, is that of a database, queue or cache.
pub fn is_store(name: &str) -> bool {
    discover::kind(name, None, false) == ServiceKind::Store
}

/// Which services there are, and which path belongs to which.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    services: Vec<Service>,
    connections: Vec<Connection>,
    shared: Vec<Shared>,
    /// Folders of discovered services.
    folders: HashMap<String, usize>,
    /// Patterns of the configuration, in their order, and the service of each.
    patterns: GlobSet,
    pattern_of: Vec<usize>,
    codeowners: Option<(&'static str, Codeowners)>,
}

impl Catalog {
    /// Builds the map of both trees: what can be discovered, refined by the configuration.
    pub fn new(config: &Config, before: &dyn Snapshot, after: &dyn Snapshot) -> Self {
        let old = discover::discover(before, Side::Before);
        let new = discover::discover(after, Side::After);
        let mut this = Self { codeowners: Codeowners::of_tree(before), ..Self::default() };
        let has = |tree: &dyn Snapshot, sighting: &Sighting| match sighting.folder.as_deref() {
            None => false,
            Some("") => true,
            Some(folder) => holds(tree, folder),
        };
        let known =
            |all: &Found, one: &Sighting| all.services.iter().find(|other| is_same(other, one)).cloned();
        for sighting in &new.services {
            let earlier = known(&old, sighting);
            // Code that was there before is not new because somebody now says how it is built.
            let state = if earlier.is_some() || has(before, sighting) { State::Same } else { State::New };
            let renamed = earlier.filter(|earlier| letters(&earlier.name) != letters(&sighting.name));
            let renamed = renamed.filter(|earlier| !new.services.iter().any(|one| one.name == earlier.name));
            this.services.push(Service {
                renamed_from: renamed.map(|earlier| earlier.name),
                ..Service::of_sighting(sighting, state)
            });
        }
        for sighting in old.services.iter().filter(|sighting| known(&new, sighting).is_none()) {
            let state = if has(after, sighting) { State::Same } else { State::Gone };
            this.services.push(Service::of_sighting(sighting, state));
        }
        this.shared = new.shared.clone();
        this.shared.extend(
            old.shared
                .iter()
                .filter(|one| !new.shared.iter().any(|other| other.folder == one.folder))
                .cloned(),
        );
        let mut order: Vec<usize> = (0..this.services.len()).collect();
        order.sort_by(|a, b| this.services[*a].name.cmp(&this.services[*b].name));
        this.services = order.into_iter().map(|at| this.services[at].clone()).collect();
        this.connections = this.connections_of(&old, &new);
        for (user, folder) in new.parts.iter().chain(&old.parts) {
            let taken = this.services.iter().any(|service| service.folders.contains(folder));
            let user = this.services.iter_mut().find(|service| service.name == *user);
            if let Some(user) = user.filter(|_| !taken) {
                user.folders.push(folder.clone());
            }
        }
        this.configure(config);
        for (at, service) in this.services.iter().enumerate() {
            for folder in &service.folders {
                this.folders.entry(folder.clone()).or_insert(at);
            }
        }
        for at in 0..this.services.len() {
            if this.services[at].owners.is_empty() {
                this.services[at].owners = this.owners_of_folder(at);
            }
        }
        this
    }

    /// `plainly.toml` refines what was discovered and adds what was not.
    fn configure(&mut self, config: &Config) {
        let mut patterns = GlobSetBuilder::new();
        for entry in &config.service {
            let same = |service: &Service| {
                letters(&service.name) == letters(&entry.name)
                    || entry.paths.iter().any(|path| {
                        let path = path.trim_matches('/');
                        service.folders.iter().any(|folder| !folder.is_empty() && folder == path)
                    })
            };
            let at = self.services.iter().position(same).unwrap_or_else(|| {
                self.services.push(Service::named(&entry.name, "configuration"));
                self.services.len() - 1
            });
            let old_name = std::mem::replace(&mut self.services[at].name, entry.name.clone());
            for connection in &mut self.connections {
                for end in [&mut connection.from, &mut connection.to] {
                    if *end == old_name {
                        end.clone_from(&entry.name);
                    }
                }
            }
            for user in self.shared.iter_mut().flat_map(|shared| &mut shared.used_by) {
                if *user == old_name {
                    user.clone_from(&entry.name);
                }
            }
            self.services[at].refine(entry);
            for path in &entry.paths {
                // A pattern that cannot be compiled is reported where the configuration is read.
                if let Ok(glob) = config::glob(path) {
                    patterns.add(glob);
                    self.pattern_of.push(at);
                }
            }
        }
        self.patterns = patterns.build().unwrap_or_default();
        for entry in &config.service {
            for to in &entry.depends_on {
                let to = self.find(to).map_or(to.clone(), |service| service.name.clone());
                if !self.connections.iter().any(|known| known.from == entry.name && known.to == to) {
                    self.connections.push(Connection {
                        from: entry.name.clone(),
                        to,
                        how: "configuration".to_owned(),
                        evidence: Evidence::before(&RepoPath::new(Config::PLACES[0]), None),
                        state: State::Same,
                    });
                }
            }
        }
        self.connections.sort_by(|a, b| (&a.from, &a.to).cmp(&(&b.from, &b.to)));
        // The order of names is the order of reports; patterns speak of places.
        let mut order: Vec<usize> = (0..self.services.len()).collect();
        order.sort_by(|a, b| self.services[*a].name.cmp(&self.services[*b].name));
        let place: HashMap<usize, usize> = order.iter().enumerate().map(|(to, from)| (*from, to)).collect();
        for at in &mut self.pattern_of {
            *at = place[at];
        }
        self.services = order.into_iter().map(|at| self.services[at].clone()).collect();
    }

    fn connections_of(&self, old: &Found, new: &Found) -> Vec<Connection> {
        let edges = |found: &Found| {
            let mut edges: BTreeMap<(String, String), (&'static str, Evidence)> = BTreeMap::new();
            let names: HashMap<String, &Sighting> = found
                .services
                .iter()
                .flat_map(|one| one.aliases.iter().map(move |alias| (letters(alias), one)))
                .chain(found.services.iter().map(|one| (letters(&one.name), one)))
                .collect();
            for caller in &found.services {
                for call in &caller.calls {
                    let Some(called) =
                        names.get(&letters(&call.to)).filter(|called| called.name != caller.name)
                    else {
                        continue;
                    };
                    let ends = (caller.name.clone(), called.name.clone());
                    edges.entry(ends).or_insert((call.how, call.place.clone()));
                }
            }
            edges
        };
        let (old, new) = (edges(old), edges(new));
        let renamed: HashMap<&str, &str> = self
            .services
            .iter()
            .filter_map(|service| Some((service.name.as_str(), service.renamed_from.as_deref()?)))
            .collect();
        let before = |name: &String| renamed.get(name.as_str()).map_or(name.clone(), |old| (*old).to_owned());
        let mut connections: Vec<Connection> = Vec::new();
        let mut kept = BTreeSet::new();
        for ((from, to), (how, evidence)) in new {
            let earlier = (before(&from), before(&to));
            let state = if old.contains_key(&earlier) { State::Same } else { State::New };
            kept.insert(earlier);
            connections.push(Connection { from, to, how: how.to_owned(), evidence, state });
        }
        for ((from, to), (how, evidence)) in old.into_iter().filter(|(ends, _)| !kept.contains(ends)) {
            connections.push(Connection { from, to, how: how.to_owned(), evidence, state: State::Gone });
        }
        connections
    }

    /// Every service, sorted by name.
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// Who calls whom, sorted by caller and called.
    pub fn connections(&self) -> &[Connection] {
        &self.connections
    }

    /// Code that several services use, or none.
    pub fn shared(&self) -> &[Shared] {
        &self.shared
    }

    /// The rules of CODEOWNERS and the place they were read from.
    pub fn codeowners(&self) -> Option<(&'static str, &Codeowners)> {
        self.codeowners.as_ref().map(|(place, owners)| (*place, owners))
    }

    /// Whether the repository holds one product only, so that nothing can cross services.
    pub fn is_single(&self) -> bool {
        self.products().count() < 2
    }

    fn products(&self) -> impl Iterator<Item = &Service> {
        self.services.iter().filter(|one| one.kind == ServiceKind::Product && one.state != State::Gone)
    }

    /// The service of a path; of the configuration's patterns the last match wins, else the nearest folder.
    pub fn service_of(&self, path: &RepoPath) -> Option<&Service> {
        if let Some(last) = self.patterns.matches(path.as_str()).into_iter().max() {
            return self.pattern_of.get(last).and_then(|at| self.services.get(*at));
        }
        let mut folder = path.folder();
        while !folder.is_empty() {
            if let Some(at) = self.folders.get(folder) {
                return self.services.get(*at);
            }
            folder = folder.rsplit_once('/').map_or("", |(outer, _)| outer);
        }
        if let Some(service) = self.deployed_by(path) {
            return Some(service);
        }
        // What lies at the root belongs to the program at the root, but for what serves all.
        let aside = path.folders().next().is_some_and(|first| first.starts_with('.') || first == "docs");
        let shared = self.shared.iter().any(|shared| path.is_in(&shared.folder));
        if aside || shared {
            return None;
        }
        self.folders.get("").and_then(|at| self.services.get(*at))
    }

    /// The service that a manifest deploys, by the name of the file or of its folder: `k8s/cart-deployment.yaml`,
    /// `kustomize/base/cart/service.yaml`.
    fn deployed_by(&self, path: &RepoPath) -> Option<&Service> {
        let below = path.folders().any(|folder| discover::is_deployment(&folder.to_ascii_lowercase()));
        if !below || !matches!(path.extension().as_str(), "yml" | "yaml") {
            return None;
        }
        let file = path.file_name().split('.').next().unwrap_or_default();
        let kinds = ["-deployment", "-service", "-statefulset", "-ingress", "-configmap", "-hpa"];
        let short = kinds.iter().find_map(|kind| file.strip_suffix(kind));
        let outer = path.folder().rsplit('/').next().unwrap_or_default();
        [Some(file), short, Some(outer)].into_iter().flatten().find_map(|name| self.find(name))
    }

    /// A service by its name.
    pub fn named(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == name)
    }

    fn find(&self, name: &str) -> Option<&Service> {
        let name = letters(name);
        self.services.iter().find(|service| letters(&service.name) == name)
    }

    /// Who owns a path: the most specific owners known.
    pub fn owners_of(&self, path: &RepoPath) -> Vec<String> {
        self.ownership_of(path).owners
    }

    /// Who owns a path, and what says so: the configuration, else CODEOWNERS, where a catch-all line gives way to the
    /// owner that a catalogue names.
    pub fn ownership_of(&self, path: &RepoPath) -> Ownership {
        let service = self.service_of(path);
        let of_service = |rule: &'static str| {
            let service = service.filter(|service| !service.owners.is_empty())?;
            Some(Ownership {
                owners: service.owners.clone(),
                rule,
                evidence: service.evidence.clone(),
                is_catch_all: false,
            })
        };
        if service.is_some_and(|service| service.rule == "configuration")
            && let Some(found) = of_service("configuration")
        {
            return found;
        }
        let line = self
            .codeowners
            .as_ref()
            .and_then(|(place, owners)| Some((*place, owners.rule_of(path.as_str())?)));
        let catalogue = service.is_some_and(|service| {
            matches!(service.rule.as_str(), "backstage" | "datadog" | "opslevel" | "cortex")
        });
        match line {
            Some((place, line)) if !line.is_catch_all() || !catalogue => Ownership {
                owners: line.owners.clone(),
                rule: "codeowners",
                evidence: Some(Evidence::before(&RepoPath::new(place), line.line)),
                is_catch_all: line.is_catch_all(),
            },
            _ if catalogue => of_service("catalogue").unwrap_or_default(),
            _ => Ownership::default(),
        }
    }

    fn owners_of_folder(&self, at: usize) -> Vec<String> {
        let Some(folder) = self.services[at].folders.first().filter(|folder| !folder.is_empty()) else {
            return Vec::new();
        };
        let Some((_, owners)) = &self.codeowners else { return Vec::new() };
        owners.rule_of(&format!("{folder}/_")).map(|rule| rule.owners.clone()).unwrap_or_default()
    }
}

impl Service {
    fn named(name: &str, rule: &str) -> Self {
        Self {
            name: name.to_owned(),
            title: name.to_owned(),
            folders: Vec::new(),
            owners: Vec::new(),
            kind: ServiceKind::Product,
            aliases: Vec::new(),
            visibility: Visibility::Public,
            stability: Stability::Stable,
            critical: false,
            rule: rule.to_owned(),
            evidence: None,
            state: State::Same,
            renamed_from: None,
        }
    }

    fn of_sighting(sighting: &Sighting, state: State) -> Self {
        let title = sighting.title.clone().unwrap_or_else(|| sighting.name.clone());
        Self {
            title,
            folders: sighting.folder.clone().into_iter().collect(),
            owners: sighting.owners.clone(),
            kind: sighting.kind,
            aliases: sighting.aliases.clone(),
            visibility: match sighting.kind {
                ServiceKind::Product => Visibility::Public,
                ServiceKind::Support | ServiceKind::Store => Visibility::Internal,
            },
            evidence: Some(sighting.place.clone()),
            state,
            ..Self::named(&sighting.name, sighting.rule)
        }
    }

    fn refine(&mut self, entry: &ServiceConfig) {
        self.title = entry.title.clone().unwrap_or_else(|| entry.name.clone());
        self.rule = "configuration".to_owned();
        self.kind = entry.kind;
        self.stability = entry.stability;
        self.critical = entry.critical;
        self.aliases.extend(entry.aliases.iter().cloned());
        self.visibility = entry.visibility.unwrap_or(match entry.kind {
            ServiceKind::Product => Visibility::Public,
            ServiceKind::Support | ServiceKind::Store => Visibility::Internal,
        });
        if !entry.owners.is_empty() {
            self.owners.clone_from(&entry.owners);
        }
        for path in &entry.paths {
            let folder = path.trim_matches('/');
            if !folder.contains(['*', '?', '[', '{']) && !self.folders.iter().any(|known| known == folder) {
                self.folders.push(folder.to_owned());
            }
        }
    }
}

/// Whether two sightings, of two trees, are of one service.
fn is_same(a: &Sighting, b: &Sighting) -> bool {
    letters(&a.name) == letters(&b.name)
        || a.folder.is_some() && a.folder.as_deref() != Some("") && a.folder == b.folder
}

/// Whether a tree has a file in the folder.
fn holds(tree: &dyn Snapshot, folder: &str) -> bool {
    let inside = format!("{folder}/");
    let paths = tree.paths();
    let at = paths.partition_point(|path| path.as_str() < inside.as_str());
    paths.get(at).is_some_and(|path| path.as_str().starts_with(&inside))
}
