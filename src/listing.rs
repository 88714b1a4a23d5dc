//! `plainly services` and `plainly init`: the map as understood, as plain values with the rule behind each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::change::{RepoPath, Role, Snapshot};
use crate::config::{Config, ServiceKind};
use crate::error::Error;
use crate::finding::{CouldNotCheck, Evidence};
use crate::git::Repository;
use crate::render::Renderer;
use crate::roles::Roles;
use crate::services::{Catalog, Edge, Map, Node, NodeKind, Shared, State, Tie, drawing};

/// Areas of a single product that are worth a name.
const MOST_AREAS: usize = 12;
/// Folders without an owner that are worth a warning.
const MOST_UNOWNED: usize = 12;

/// `plainly/services/v1`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Listing {
    /// `plainly/services/v1`
    pub schema: String,
    /// Every service, sorted by name.
    pub services: Vec<ListedService>,
    /// Who calls whom, sorted by caller and called.
    pub connections: Vec<ListedConnection>,
    /// Code that services share, and who uses it.
    pub shared: Vec<Shared>,
    /// The top folders of code, where the repository holds one product.
    pub areas: Vec<String>,
    /// The answer for each path that was asked for.
    pub paths: Vec<ListedPath>,
    /// Mistakes of the configuration, and patterns that match nothing.
    pub could_not_check: Vec<CouldNotCheck>,
}

/// A service and what says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListedService {
    /// Its short name.
    pub name: String,
    /// The name that people use.
    pub title: String,
    /// Product, support or store.
    pub kind: ServiceKind,
    /// Its folders.
    pub folders: Vec<String>,
    /// Its owners.
    pub owners: Vec<String>,
    /// Other names of it.
    pub aliases: Vec<String>,
    /// The rule that found it.
    pub rule: String,
    /// Where that is written.
    pub evidence: Vec<Evidence>,
}

/// A connection and what says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListedConnection {
    /// The caller.
    pub from: String,
    /// The called.
    pub to: String,
    /// The rule that found it.
    pub rule: String,
    /// Where that is written.
    pub evidence: Vec<Evidence>,
}

/// Which service a path belongs to, who owns it, and what says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListedPath {
    /// As asked.
    pub path: String,
    /// The service; null where it belongs to none.
    pub service: Option<String>,
    /// The rule that found the service.
    pub rule: Option<String>,
    /// The services that use it, for shared code.
    pub used_by: Vec<String>,
    /// Its owners.
    pub owners: Vec<String>,
    /// What says who owns it: `configuration`, `codeowners`, `catalogue`; null where nothing does.
    pub owner_rule: Option<String>,
    /// Whether these own everything that has no other owner.
    pub is_catch_all: bool,
    /// What the file is for; null for a folder.
    pub role: Option<Role>,
    /// Where it is written: the service's first, the owner's second.
    pub evidence: Vec<Evidence>,
}

/// A listing and the words for it.
pub struct Listed {
    /// The values.
    pub listing: Listing,
    /// The templates.
    pub renderer: Renderer,
}

/// The map of the newest commit, and the answers for the paths.
pub fn services(
    directory: Option<&Path>,
    paths: &[String],
    config: Option<(String, String)>,
) -> Result<Listed, Error> {
    let repository = Repository::open(directory)?;
    let range = repository.range(Some("HEAD"))?;
    let tree = repository.after(&range)?;
    let file = |path: &str| match repository.work_tree() {
        Some(folder) => std::fs::read_to_string(folder.join(path)).ok(),
        None => tree.read(&RepoPath::new(path))?.text().map(str::to_owned),
    };
    let found =
        config.or_else(|| Config::PLACES.iter().find_map(|place| Some(((*place).to_owned(), file(place)?))));
    let (config, mut problems) = match &found {
        Some((path, text)) => Config::parse(text, path),
        None => (Config::default(), Vec::new()),
    };
    if let Some((path, text)) = &found {
        let names = tree.paths().iter().map(RepoPath::as_str);
        problems.extend(config.stale_patterns(names, text, path).into_iter().map(CouldNotCheck::from));
    }
    let templates = BTreeMap::new();
    let (renderer, _) =
        Renderer::new(&config.language, &templates).or_else(|_| Renderer::new("en", &templates))?;
    Ok(Listed { listing: list(&config, &tree, paths, problems), renderer })
}

/// Lists a tree.
pub fn list(
    config: &Config,
    tree: &dyn Snapshot,
    paths: &[String],
    could_not_check: Vec<CouldNotCheck>,
) -> Listing {
    let catalog = Catalog::new(config, tree, tree);
    let services = catalog.services().iter().map(|service| ListedService {
        name: service.name.clone(),
        title: service.title.clone(),
        kind: service.kind,
        folders: service.folders.clone(),
        owners: service.owners.clone(),
        aliases: service.aliases.clone(),
        rule: service.rule.clone(),
        evidence: service.evidence.clone().into_iter().collect(),
    });
    let connections = catalog.connections().iter().map(|connection| ListedConnection {
        from: connection.from.clone(),
        to: connection.to.clone(),
        rule: connection.how.clone(),
        evidence: vec![connection.evidence.clone()],
    });
    let roles = Roles::of_tree(config, tree);
    Listing {
        schema: "plainly/services/v1".to_owned(),
        services: services.collect(),
        connections: connections.collect(),
        shared: catalog.shared().iter().filter(|shared| !shared.used_by.is_empty()).cloned().collect(),
        areas: if catalog.is_single() { areas(&roles, tree) } else { Vec::new() },
        paths: paths.iter().map(|path| answer(&catalog, &roles, tree, path)).collect(),
        could_not_check,
    }
}

fn answer(catalog: &Catalog, roles: &Roles, tree: &dyn Snapshot, asked: &str) -> ListedPath {
    let plain = asked.trim_start_matches("./").trim_matches('/');
    let path = RepoPath::new(plain);
    let is_file = tree.has(&path);
    // A folder is asked for as a file in it would be.
    let path = if is_file { path } else { RepoPath::new(format!("{plain}/_").trim_start_matches('/')) };
    let service = catalog.service_of(&path);
    let ownership = catalog.ownership_of(&path);
    let shared = catalog.shared().iter().find(|shared| path.is_in(&shared.folder));
    ListedPath {
        path: asked.to_owned(),
        service: service.map(|service| service.name.clone()),
        rule: service.map(|service| service.rule.clone()),
        used_by: shared
            .filter(|_| service.is_none())
            .map(|shared| shared.used_by.clone())
            .unwrap_or_default(),
        owners: ownership.owners,
        owner_rule: (!ownership.rule.is_empty()).then(|| ownership.rule.to_owned()),
        is_catch_all: ownership.is_catch_all,
        role: is_file.then(|| {
            let content = tree.read(&path);
            roles.role(&path, content.as_ref().and_then(|content| content.text()))
        }),
        evidence: service
            .and_then(|service| service.evidence.clone())
            .into_iter()
            .chain(ownership.evidence)
            .collect(),
    }
}

/// Folders that only say how code is laid out; their children have names of their own.
fn is_layout(folder: &str) -> bool {
    matches!(
        folder,
        "src"
            | "app"
            | "apps"
            | "lib"
            | "libs"
            | "packages"
            | "crates"
            | "internal"
            | "pkg"
            | "cmd"
            | "main"
            | "modules"
    )
}

/// Folders beside the product itself.
fn is_beside(folder: &str) -> bool {
    folder.starts_with('.')
        || matches!(
            folder,
            "db" | "bin" | "config" | "script" | "scripts" | "tools" | "tool" | "extras" | "hack" | "contrib"
        )
}

/// The top folders of hand-written code, most files first.
fn areas(roles: &Roles, tree: &dyn Snapshot) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for path in tree.paths() {
        if roles.by_name(path) == Role::Source && !path.folders().next().is_some_and(is_beside) {
            let mut area = String::new();
            for folder in path.folders() {
                area = if area.is_empty() { folder.to_owned() } else { format!("{area}/{folder}") };
                if !is_layout(folder) {
                    break;
                }
            }
            if !area.is_empty() {
                *counts.entry(area).or_default() += 1;
            }
        }
    }
    let mut areas: Vec<(String, usize)> = counts.into_iter().collect();
    areas.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    areas.into_iter().take(MOST_AREAS).map(|(area, _)| area).collect()
}

impl Listing {
    /// Everything on one map.
    pub fn drawing(&self) -> Value {
        let nodes = self.services.iter().map(|service| Node {
            name: service.name.clone(),
            title: (service.title != service.name).then(|| service.title.clone()),
            kind: if service.kind == ServiceKind::Store { NodeKind::Store } else { NodeKind::Service },
            state: State::Same,
        });
        let edges = self.connections.iter().map(|one| Edge {
            from: one.from.clone(),
            to: one.to.clone(),
            tie: Tie::of(&one.rule),
            state: State::Same,
        });
        let map = Map { nodes: nodes.collect(), edges: edges.collect() };
        let mut map = drawing(&map);
        map["whole"] = json!(true);
        json!({"map": map})
    }

    /// What a terminal shows.
    pub fn values(&self) -> Value {
        // Who owns every service is said once.
        let mut with_folder =
            self.services.iter().filter(|service| !service.folders.is_empty()).map(|service| &service.owners);
        let first = with_folder.next();
        let owner_of_all =
            first.filter(|first| self.services.len() > 1 && with_folder.all(|owners| owners == *first));
        let of_kind = |kind: ServiceKind| -> Vec<Value> {
            let all = self.services.iter().filter(|service| service.kind == kind);
            all.map(|service| {
                let ties = |tie: Tie| -> Vec<&str> {
                    let own = self.connections.iter().filter(|one| one.from == service.name);
                    own.filter(|one| Tie::of(&one.rule) == tie).map(|one| one.to.as_str()).collect()
                };
                json!({
                    "name": service.name,
                    "title": (service.title != service.name).then_some(&service.title),
                    "folder": service.folders.first(),
                    "owners": if owner_of_all.is_some() { &[] } else { service.owners.as_slice() },
                    "rule": service.rule,
                    "evidence": service.evidence.first(),
                    "calls": ties(Tie::Calls),
                    "uses_code": ties(Tie::UsesCode),
                })
            })
            .collect()
        };
        let paths: Vec<Value> = self
            .paths
            .iter()
            .map(|path| {
                let mut value = json!(path);
                value["service_evidence"] =
                    json!(path.service.is_some().then(|| path.evidence.first()).flatten());
                let owner = path.evidence.get(usize::from(path.service.is_some()));
                value["owner_evidence"] = json!(owner.filter(|_| path.owner_rule.is_some()));
                value
            })
            .collect();
        let problems: Vec<Value> = self.could_not_check.iter().map(|problem| json!(problem)).collect();
        json!({
            "products": of_kind(ServiceKind::Product),
            "support": of_kind(ServiceKind::Support),
            "stores": of_kind(ServiceKind::Store),
            "shared": self.shared,
            "areas": self.areas,
            "paths": paths,
            "problems": problems,
            "owners": owner_of_all,
        })
    }
}

/// A configuration to start from, and what deserves a warning.
pub struct Draft {
    /// The text of `plainly.toml`.
    pub text: String,
    /// Where it belongs; `None` in a repository without a work tree.
    pub path: Option<std::path::PathBuf>,
    /// What to say once it is written, for the frame `frame/init_done`.
    pub values: Value,
    /// The templates.
    pub renderer: Renderer,
}

/// Drafts a configuration from what was found. Never overwrites: a configuration that is there is an error.
pub fn draft(directory: Option<&Path>) -> Result<Draft, Error> {
    let repository = Repository::open(directory)?;
    if let Some(folder) = repository.work_tree()
        && let Some(place) = Config::PLACES.iter().find(|place| folder.join(place).exists())
    {
        return Err(Error::Usage(format!("{place} is there already, and is never overwritten")));
    }
    let range = repository.range(Some("HEAD"))?;
    let tree = repository.after(&range)?;
    let listing = list(&Config::default(), &tree, &[], Vec::new());
    let catalog = Catalog::new(&Config::default(), &tree, &tree);
    let renderer = Renderer::new("en", &BTreeMap::new())?.0;
    let values = json!({"services": listing.services.iter().filter(|one| one.kind != ServiceKind::Store).map(|one| entry(one, &listing)).collect::<Vec<_>>()});
    let text = renderer.pen(&crate::render::Style::PLAIN).fill("frame/init", &values)?;
    let (unowned, catch_all) = unowned(&catalog, &tree);
    Ok(Draft {
        text,
        path: repository.work_tree().map(|folder| folder.join(Config::PLACES[0])),
        values: json!({"services": listing.services.len(), "unowned": unowned, "catch_all": catch_all}),
        renderer,
    })
}

/// One `[[service]]`, every value as TOML writes it.
fn entry(service: &ListedService, listing: &Listing) -> Value {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let quoted_all = |texts: &[String]| toml::Value::from(texts.to_vec()).to_string();
    let paths: Vec<String> = service
        .folders
        .iter()
        .map(|folder| if folder.is_empty() { "**".to_owned() } else { format!("{folder}/") })
        .collect();
    let calls: Vec<String> =
        listing.connections.iter().filter(|one| one.from == service.name).map(|one| one.to.clone()).collect();
    json!({
        "name": quoted(&service.name),
        "title": quoted(&service.title),
        "paths": quoted_all(&paths),
        "owners": quoted_all(&service.owners),
        "depends_on": quoted_all(&calls),
        "kind": quoted(json!(service.kind).as_str().unwrap_or("product")),
        "has_paths": !paths.is_empty(),
        "has_owners": !service.owners.is_empty(),
        "has_calls": !calls.is_empty(),
        "rule": service.rule,
    })
}

/// Top folders that nobody owns, and whether some owner owns all that nobody else does.
fn unowned(catalog: &Catalog, tree: &dyn Snapshot) -> (Vec<String>, Vec<String>) {
    let catch_all = catalog
        .codeowners()
        .and_then(|(_, owners)| owners.rules().iter().rfind(|rule| rule.is_catch_all()))
        .map(|rule| rule.owners.clone())
        .unwrap_or_default();
    let folders: BTreeSet<&str> = tree
        .paths()
        .iter()
        .filter_map(|path| path.folders().next())
        .filter(|folder| !folder.starts_with('.'))
        .collect();
    let unowned = folders
        .into_iter()
        .filter(|folder| catalog.owners_of(&RepoPath::new(format!("{folder}/_"))).is_empty())
        .take(MOST_UNOWNED)
        .map(str::to_owned);
    (unowned.collect(), catch_all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{Content, MemorySnapshot};

    fn tree() -> MemorySnapshot {
        let compose = "services:\n  cart:\n    build: ./cart\n    depends_on: [db]\n  pay:\n    build: ./pay\n  db:\n    image: postgres\n";
        let files = [
            ("compose.yaml", compose),
            ("cart/package.json", r#"{"name": "cart", "dependencies": {"money": "*"}}"#),
            ("cart/a.js", ""),
            ("pay/package.json", r#"{"name": "pay", "dependencies": {"money": "*"}}"#),
            ("pay/a.js", ""),
            ("money/package.json", r#"{"name": "money"}"#),
            ("CODEOWNERS", "* @all\n/cart/ @cart\n"),
        ];
        MemorySnapshot::new(files.map(|(path, text)| (path.into(), Content::from_text(text))))
    }

    #[test]
    fn a_path_says_its_service_its_owner_and_why() {
        let asked = ["cart/a.js", "pay", "money/x.js"].map(str::to_owned);
        let listing = list(&Config::default(), &tree(), &asked, Vec::new());
        let [cart, pay, money] = listing.paths.as_slice() else { panic!("three answers") };
        assert_eq!((cart.service.as_deref(), cart.rule.as_deref()), (Some("cart"), Some("compose")));
        assert_eq!((cart.owners.as_slice(), cart.is_catch_all), (["@cart".to_owned()].as_slice(), false));
        assert_eq!(cart.evidence.iter().map(|at| at.line).collect::<Vec<_>>(), [Some(2), Some(2)]);
        assert_eq!((pay.service.as_deref(), pay.is_catch_all), (Some("pay"), true));
        assert_eq!((money.service.as_deref(), money.used_by.join(" ")), (None, "cart pay".to_owned()));
    }

    #[test]
    fn a_draft_reads_without_a_problem_and_says_the_same() {
        let listing = list(&Config::default(), &tree(), &[], Vec::new());
        let (renderer, _) = Renderer::new("en", &BTreeMap::new()).expect("built in");
        let entries: Vec<Value> = listing
            .services
            .iter()
            .filter(|one| one.kind != ServiceKind::Store)
            .map(|one| entry(one, &listing))
            .collect();
        let text = renderer
            .pen(&crate::render::Style::PLAIN)
            .fill("frame/init", &json!({"services": entries}))
            .expect("a template that is built in");
        let (config, problems) = Config::read(&text, "plainly.toml");
        assert_eq!(problems, []);
        let again = list(&config, &tree(), &[], Vec::new());
        let names =
            |listing: &Listing| listing.services.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&again), names(&listing));
        assert_eq!(again.connections.len(), listing.connections.len());
    }
}
