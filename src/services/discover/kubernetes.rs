//! Kubernetes, Skaffold and Helm: what a cluster runs, what it is built from, whose address it is given.

use std::collections::HashMap;

use super::compose::hosts;
use super::{Call, Kind, Sighting, Tree, words};
use crate::change::RepoPath;
use crate::config::ServiceKind;
use crate::formats::document::{self, Node};

fn documents(tree: &Tree<'_>, path: &RepoPath) -> Vec<Node> {
    // A Helm template is no YAML; what it says is read from its chart. Signs of one inside a value are the value's own.
    let is_template = |text: &String| text.lines().any(|line| line.trim_start().starts_with("{{"));
    let text = tree.read(path).filter(|text| !is_template(text));
    text.and_then(|text| document::yaml(&text).ok()).unwrap_or_default()
}

/// Deployments and their like, with the addresses in their environment.
pub(super) fn workloads(tree: &Tree<'_>) -> Vec<Sighting> {
    let mut all: Vec<(Sighting, Vec<String>)> = Vec::new();
    let mut addresses: Vec<(String, String)> = Vec::new();
    let files: Vec<(&RepoPath, Vec<Node>)> =
        tree.files(Kind::Kubernetes).iter().map(|path| (*path, documents(tree, path))).collect();
    let settings = settings(tree, &files);
    for (path, documents) in &files {
        for document in documents {
            let kind = document.text_of("kind").unwrap_or_default();
            let name = document.at(&["metadata", "name"]).text().unwrap_or_default();
            let serverless = document
                .text_of("apiVersion")
                .is_some_and(|version| version.starts_with("serving.knative.dev"));
            if name.is_empty() || name.contains("{{") {
                continue;
            }
            if matches!(kind, "Deployment" | "StatefulSet" | "DaemonSet" | "CronJob" | "Rollout")
                || kind == "Service" && serverless
            {
                if let Some(seen) = workload(tree, path, document, name, &settings) {
                    all.push(seen);
                }
            } else if kind == "Service" {
                let selected = document.at(&["spec", "selector"]);
                if let Some(label) = label(selected) {
                    addresses.push((name.to_owned(), label));
                }
            }
        }
    }
    for (sighting, labels) in &mut all {
        let called =
            addresses.iter().filter(|(name, label)| labels.contains(label) && *name != sighting.name);
        sighting.aliases.extend(called.map(|(name, _)| name.clone()));
    }
    all.into_iter().map(|(sighting, _)| sighting).collect()
}

/// What sets of settings say of addresses, by the set's name: `ConfigMap`, and the literals of Kustomize.
fn settings(tree: &Tree<'_>, files: &[(&RepoPath, Vec<Node>)]) -> HashMap<String, Vec<(String, Call)>> {
    let mut all: HashMap<String, Vec<(String, Call)>> = HashMap::new();
    let mut add = |path: &RepoPath, set: &str, key: &str, value: &str, line: u32| {
        for to in hosts(key, value) {
            let call = Call { to, how: "kubernetes", place: tree.at(path, line) };
            all.entry(set.to_owned()).or_default().push((key.to_owned(), call));
        }
    };
    for (path, document) in files.iter().flat_map(|(path, all)| all.iter().map(move |one| (*path, one))) {
        if document.text_of("kind") == Some("ConfigMap") {
            let set = document.at(&["metadata", "name"]).text().unwrap_or_default();
            for (key, value) in document.get("data").entries() {
                add(path, set, key, value.text().unwrap_or_default(), value.line);
            }
        }
        for generator in document.get("configMapGenerator").items() {
            let set = generator.text_of("name").unwrap_or_default();
            for literal in generator.get("literals").items() {
                let (key, value) = literal.text().and_then(|text| text.split_once('=')).unwrap_or_default();
                add(path, set, key, value, literal.line);
            }
        }
    }
    all
}

/// The calls that a container takes from sets of settings, whole or by key.
fn from_settings<'s>(
    container: &Node,
    settings: &'s HashMap<String, Vec<(String, Call)>>,
) -> impl Iterator<Item = &'s Call> {
    let whole = container
        .get("envFrom")
        .items()
        .filter_map(|from| Some((from.at(&["configMapRef", "name"]).text()?.to_owned(), None)));
    let single = container.get("env").items().filter_map(|entry| {
        let from = entry.at(&["valueFrom", "configMapKeyRef"]);
        Some((from.text_of("name")?.to_owned(), Some(from.text_of("key")?.to_owned())))
    });
    let wanted: Vec<(String, Option<String>)> = whole.chain(single).collect();
    wanted.into_iter().flat_map(move |(set, key)| {
        let calls = settings.get(&set).map_or(&[][..], Vec::as_slice);
        calls
            .iter()
            .filter(move |(known, _)| key.as_ref().is_none_or(|key| key == known))
            .map(|(_, call)| call)
    })
}

/// The label by which most teams tell their workloads apart.
fn label(labels: &Node) -> Option<String> {
    ["app", "app.kubernetes.io/name", "name", "k8s-app", "app.kubernetes.io/component"]
        .iter()
        .find_map(|key| labels.text_of(key))
        .map(str::to_owned)
}

fn workload(
    tree: &Tree<'_>,
    path: &RepoPath,
    document: &Node,
    name: &str,
    settings: &HashMap<String, Vec<(String, Call)>>,
) -> Option<(Sighting, Vec<String>)> {
    let spec = document.get("spec");
    let template = if spec.get("jobTemplate").is_some() {
        spec.at(&["jobTemplate", "spec", "template"])
    } else {
        spec.get("template")
    };
    let pod = template.get("spec");
    let containers: Vec<&Node> = pod.get("containers").items().collect();
    let image = containers.first().and_then(|container| container.text_of("image")).unwrap_or_default();
    if words::is_test(name) || containers.is_empty() {
        return None;
    }
    let all: Vec<&Node> = containers.iter().copied().chain(pod.get("initContainers").items()).collect();
    let from_settings = all.iter().flat_map(|container| from_settings(container, settings)).cloned();
    let calls = all
        .iter()
        .flat_map(|container| container.get("env").items())
        .flat_map(|entry| {
            let key = entry.text_of("name").unwrap_or_default();
            let value = entry.get("value");
            hosts(key, value.text().filter(|text| !text.contains("{{")).unwrap_or_default())
                .into_iter()
                .map(|to| (to, value.line))
                .collect::<Vec<_>>()
        })
        .map(|(to, line)| Call { to, how: "kubernetes", place: tree.at(path, line) })
        .chain(from_settings)
        .collect();
    let last = image.rsplit('/').next().unwrap_or(image);
    let last = last.split([':', '@']).next().unwrap_or(last);
    // The name of the kind of thing is no part of the name.
    let name = name.strip_suffix("-deployment").or(name.strip_suffix("-statefulset")).unwrap_or(name);
    let stored = words::kind(last, Some(image), false) == ServiceKind::Store;
    let folder = if stored { None } else { tree.folder_named(&[last, name]) };
    // The image of what lies at the root runs the whole.
    let folder = folder.or(tree.is_own_name(last).then(String::new));
    let labels = label(template.at(&["metadata", "labels"])).into_iter().collect();
    let sighting = Sighting {
        name: name.to_owned(),
        title: None,
        kind: words::kind(name, Some(image), folder.is_some()),
        folder,
        rule: "kubernetes",
        place: tree.at(path, document.at(&["metadata", "name"]).line),
        owners: Vec::new(),
        aliases: Vec::new(),
        calls,
    };
    Some((sighting, labels))
}

/// What Skaffold builds.
pub(super) fn artifacts(tree: &Tree<'_>) -> Vec<Sighting> {
    let mut all = Vec::new();
    for path in tree.files(Kind::Skaffold) {
        for document in documents(tree, path) {
            for artifact in document.at(&["build", "artifacts"]).items() {
                let Some(image) = artifact.text_of("image") else { continue };
                let Some(folder) = path.join(artifact.text_of("context").unwrap_or(".")) else { continue };
                let name = image.rsplit('/').next().unwrap_or(image);
                if words::is_test(name) {
                    continue;
                }
                all.push(Sighting {
                    name: name.to_owned(),
                    title: None,
                    folder: Some(words::trimmed(folder.as_str()).to_owned()),
                    kind: words::kind(name, None, true),
                    rule: "skaffold",
                    place: tree.at(path, artifact.line),
                    owners: Vec::new(),
                    aliases: Vec::new(),
                    calls: Vec::new(),
                });
            }
        }
    }
    all
}

/// What charts add to services that were seen elsewhere, and the stores that they bring along.
#[derive(Default)]
pub(super) struct Charts {
    pub(super) parts: Vec<Sighting>,
    pub(super) stores: Vec<Sighting>,
}

/// Charts by their name, with the addresses of their values. Their templates are no YAML and are not read: a chart says
/// that something is deployed, and adds its word to a service that was seen elsewhere.
pub(super) fn charts(tree: &Tree<'_>) -> Charts {
    let mut charts = Charts::default();
    let read = |path: &RepoPath| {
        let text = tree.read(path).filter(|text| !text.contains("{{"));
        text.and_then(|text| document::yaml(&text).ok()).and_then(|all| all.into_iter().next())
    };
    for path in tree.files(Kind::Chart) {
        let Some(document) = read(path) else { continue };
        let Some(name) = document.text_of("name") else { continue };
        let part = |name: &str, kind, line, calls| Sighting {
            name: name.to_owned(),
            title: None,
            folder: None,
            kind,
            rule: "helm",
            place: tree.at(path, line),
            owners: Vec::new(),
            aliases: Vec::new(),
            calls,
        };
        let mut calls = Vec::new();
        for dependency in document.get("dependencies").items() {
            let Some(chart) = dependency.text_of("name") else { continue };
            if words::kind(chart, None, false) == ServiceKind::Store {
                let to = dependency.text_of("alias").unwrap_or(chart);
                charts.stores.push(part(to, ServiceKind::Store, dependency.line, Vec::new()));
                calls.push(Call { to: to.to_owned(), how: "helm", place: tree.at(path, dependency.line) });
            }
        }
        let values = path.join("values.yaml");
        if let Some((values, node)) = values.and_then(|values| Some((values.clone(), read(&values)?))) {
            for (key, node) in node.entries() {
                // a part of the values may speak of one service of several
                let mut own = Vec::new();
                addresses(node, key, &mut |to, line| {
                    own.push(Call { to, how: "helm", place: tree.at(&values, line) });
                });
                charts.parts.push(part(key, words::kind(key, None, true), 1, own.clone()));
                calls.append(&mut own);
            }
        }
        charts.parts.push(part(name, words::kind(name, None, true), document.get("name").line, calls));
    }
    charts
}

/// The hosts that values name, wherever they stand but under what lets the outside in. Bounded: the reader of
/// documents bounds its depth.
fn addresses(node: &Node, key: &str, each: &mut dyn FnMut(String, u32)) {
    if key == "ingress" {
        return;
    }
    if let Some(value) = node.text() {
        hosts(key, value).into_iter().for_each(|to| each(to, node.line));
    }
    for item in node.items() {
        match (item.text_of("name"), item.text_of("value")) {
            (Some(name), Some(value)) => hosts(name, value).into_iter().for_each(|to| each(to, item.line)),
            _ => addresses(item, key, each),
        }
    }
    node.entries().for_each(|(key, node)| addresses(node, key, each));
}
