//! Catalogues that a team keeps of its own services: Backstage, Datadog, OpsLevel, Cortex.

use super::{Call, Kind, Sighting, Tree, words};
use crate::change::RepoPath;
use crate::config::ServiceKind;
use crate::formats::document::{self, Node};

pub(super) fn sightings(tree: &Tree<'_>) -> Vec<Sighting> {
    let mut all = Vec::new();
    for path in tree.files(Kind::Catalog) {
        let documents = tree.read(path).and_then(|text| document::yaml(&text).ok()).unwrap_or_default();
        for document in &documents {
            let entry = match path.file_name().split('.').next().unwrap_or_default() {
                "catalog-info" => backstage(document),
                "service" => datadog(document),
                "opslevel" => opslevel(document.get("service")),
                _ => cortex(document.get("info")),
            };
            all.extend(entry.filter(|entry| !entry.name.is_empty()).map(|entry| entry.at(tree, path)));
        }
    }
    all
}

/// What a catalogue says, whichever it is.
struct Entry<'n> {
    name: &'n str,
    title: Option<&'n str>,
    owners: Vec<&'n str>,
    calls: Vec<(&'n str, u32)>,
    aliases: Vec<&'n str>,
    rule: &'static str,
    line: u32,
    is_store: bool,
}

impl Entry<'_> {
    fn at(self, tree: &Tree<'_>, path: &RepoPath) -> Sighting {
        let place = |line| tree.at(path, line);
        Sighting {
            name: self.name.to_owned(),
            title: self.title.map(str::to_owned),
            // One file may list many services: then only a folder of its name is its own.
            folder: match path.folder() {
                "" => tree.folder_named(&[self.name]).or(Some(String::new())),
                folder => Some(folder.to_owned()),
            }
            .filter(|_| !self.is_store),
            kind: if self.is_store { ServiceKind::Store } else { words::kind(self.name, None, true) },
            rule: self.rule,
            owners: self.owners.into_iter().map(str::to_owned).collect(),
            aliases: self.aliases.into_iter().map(str::to_owned).collect(),
            calls: self
                .calls
                .iter()
                .map(|(to, line)| Call { to: (*to).to_owned(), how: "catalog", place: place(*line) })
                .collect(),
            place: place(self.line),
        }
    }
}

/// `component:default/cart` is `cart`.
fn plain(reference: &str) -> &str {
    reference.rsplit(['/', ':']).next().unwrap_or(reference)
}

fn texts<'n>(node: &'n Node, key: &str) -> impl Iterator<Item = (&'n str, u32)> {
    node.get(key).items().filter_map(|item| Some((item.text()?, item.line)))
}

fn backstage(document: &Node) -> Option<Entry<'_>> {
    let (metadata, spec) = (document.get("metadata"), document.get("spec"));
    let is_store = document.text_of("kind") == Some("Resource")
        && matches!(spec.text_of("type"), Some("database" | "queue" | "cache" | "topic"));
    let runs = document.text_of("kind") == Some("Component")
        && !matches!(spec.text_of("type"), Some("library" | "documentation" | "tool" | "template"));
    (runs || is_store).then(|| Entry {
        name: metadata.text_of("name").unwrap_or_default(),
        title: metadata.text_of("title"),
        owners: spec.text_of("owner").map(plain).into_iter().collect(),
        calls: ["dependsOn", "consumesApis"]
            .iter()
            .flat_map(|key| texts(spec, key))
            .map(|(to, line)| (plain(to), line))
            .collect(),
        // Who consumes an API calls whoever provides it.
        aliases: texts(spec, "providesApis").map(|(api, _)| plain(api)).collect(),
        rule: "backstage",
        line: metadata.get("name").line,
        is_store,
    })
}

fn datadog(document: &Node) -> Option<Entry<'_>> {
    let old = document.text_of("dd-service");
    let name = old.or(document.at(&["metadata", "name"]).text())?;
    let team = document.text_of("team").or(document.at(&["metadata", "owner"]).text());
    Some(Entry {
        name,
        title: document.at(&["metadata", "displayName"]).text(),
        owners: team.into_iter().collect(),
        calls: texts(document.get("spec"), "dependsOn").map(|(to, line)| (plain(to), line)).collect(),
        aliases: Vec::new(),
        rule: "datadog",
        line: document.get("dd-service").line.max(document.at(&["metadata", "name"]).line),
        is_store: false,
    })
}

fn opslevel(service: &Node) -> Option<Entry<'_>> {
    Some(Entry {
        name: service.text_of("name")?,
        title: None,
        owners: service.text_of("owner").into_iter().collect(),
        calls: service
            .get("dependencies")
            .items()
            .filter_map(|item| Some((item.text_of("alias").or(item.text())?, item.line)))
            .collect(),
        aliases: texts(service, "aliases").map(|(alias, _)| alias).collect(),
        rule: "opslevel",
        line: service.get("name").line,
        is_store: false,
    })
}

fn cortex(info: &Node) -> Option<Entry<'_>> {
    Some(Entry {
        name: info.text_of("x-cortex-tag")?,
        title: info.text_of("title"),
        owners: info
            .get("x-cortex-owners")
            .items()
            .filter_map(|owner| owner.text_of("name").or(owner.text_of("email")))
            .collect(),
        calls: info
            .at(&["x-cortex-dependency", "cortex"])
            .items()
            .filter_map(|item| Some((item.text_of("tag")?, item.line)))
            .collect(),
        aliases: Vec::new(),
        rule: "cortex",
        line: info.get("x-cortex-tag").line,
        is_store: false,
    })
}
