//! Kubernetes objects: environment of containers, ConfigMaps, names of Secrets, copies and room.

use super::{Setting, tree};
use crate::formats::document::Node;

/// Reads every object of the file.
pub fn read(nodes: &[Node]) -> Vec<Setting> {
    let mut settings = Vec::new();
    for node in nodes {
        let name = node.at(&["metadata", "name"]).text().unwrap_or("").to_owned();
        let from = settings.len();
        match node.text_of("kind") {
            Some("ConfigMap") => data(node, &["data"], false, &mut settings),
            Some("Secret") => data(node, &["data", "stringData"], true, &mut settings),
            _ => workload(node, &mut settings),
        }
        for setting in &mut settings[from..] {
            setting.scope.get_or_insert_with(|| name.clone());
        }
    }
    settings
}

fn data(node: &Node, parts: &[&str], secret: bool, settings: &mut Vec<Setting>) {
    for (key, value) in parts.iter().flat_map(|part| node.get(part).entries()) {
        // a whole file inside a key is no single value
        let text = value.text().filter(|text| !text.contains('\n')).map(str::to_owned);
        settings.push(Setting {
            key: key.to_owned(),
            value: text,
            line: value.line,
            secret,
            ..Setting::default()
        });
    }
}

fn workload(node: &Node, settings: &mut Vec<Setting>) {
    let spec = node.get("spec");
    for key in ["replicas", "minReplicas", "maxReplicas"] {
        if spec.get(key).is_some() {
            tree::walk(key.to_owned(), spec.get(key), None, settings);
        }
    }
    let pods = [spec.at(&["template", "spec"]), spec.at(&["jobTemplate", "spec", "template", "spec"]), spec];
    for container in pods
        .iter()
        .flat_map(|pod| ["containers", "initContainers"].map(|key| pod.get(key)))
        .flat_map(Node::items)
    {
        for variable in container.get("env").items() {
            let Some(name) = variable.text_of("name") else { continue };
            let from = variable.get("valueFrom");
            settings.push(Setting {
                key: name.to_owned(),
                value: variable.text_of("value").map(str::to_owned),
                line: variable.get("name").line,
                secret: from.get("secretKeyRef").is_some(),
                ..Setting::default()
            });
        }
        if container.get("resources").is_map() {
            tree::walk("resources".to_owned(), container.get("resources"), None, settings);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::formats::document;

    #[test]
    fn containers_maps_and_secrets() {
        let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: cart\nspec:\n  replicas: 2\n  template:\n    spec:\n      containers:\n        - name: server\n          env:\n            - name: A\n              value: \"1\"\n          resources:\n            limits:\n              memory: 64Mi\n---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: keys\ndata:\n  PASS: eA==\n";
        let read = super::read(&document::yaml(text).unwrap_or_default());
        let read: Vec<_> =
            read.iter().map(|s| (s.scope.as_deref(), s.key.as_str(), s.value.as_deref(), s.secret)).collect();
        assert_eq!(
            read,
            [
                (Some("cart"), "replicas", Some("2"), false),
                (Some("cart"), "A", Some("1"), false),
                (Some("cart"), "resources.limits.memory", Some("64Mi"), false),
                (Some("keys"), "PASS", Some("eA=="), true),
            ]
        );
    }
}
