//! Compose files: what each service is given, and how much room it has. Images, ports and links are others' questions.

use super::{Setting, dotenv, tree};
use crate::formats::document::{Node, Value};

const ROOM: &[&str] =
    &["deploy", "mem_limit", "memswap_limit", "mem_reservation", "cpus", "cpu_shares", "scale", "replicas"];

/// Reads `environment` of each service, and its room.
pub fn read(nodes: &[Node]) -> Vec<Setting> {
    let mut settings = Vec::new();
    for (service, node) in nodes.iter().flat_map(|node| node.get("services").entries()) {
        let from = settings.len();
        environment(node.get("environment"), &mut settings);
        environment(node.at(&["build", "args"]), &mut settings);
        for key in ROOM {
            let room = node.get(key);
            if room.is_some() {
                tree::walk((*key).to_owned(), room, None, &mut settings);
            }
        }
        for setting in &mut settings[from..] {
            setting.scope = Some(service.to_owned());
        }
    }
    settings
}

/// A list of `NAME=value` or a map.
fn environment(node: &Node, settings: &mut Vec<Setting>) {
    for item in node.items().filter_map(|item| Some((item.text()?, item.line))) {
        let (name, value) =
            item.0.split_once('=').map_or((item.0, None), |(name, value)| (name, dotenv::value_of(value)));
        let value = value.filter(|value| !is_passed_on(name, value));
        settings.push(Setting { key: name.trim().to_owned(), value, line: item.1, ..Setting::default() });
    }
    for (name, value) in node.entries() {
        let text = match &value.value {
            Value::Text(text) if !is_passed_on(name, text) => Some(text.clone()),
            _ => None,
        };
        settings.push(Setting { key: name.to_owned(), value: text, line: value.line, ..Setting::default() });
    }
}

/// `A: ${A}` says the same as `A` alone: the value comes from outside.
fn is_passed_on(name: &str, value: &str) -> bool {
    value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) == Some(name.trim())
}

#[cfg(test)]
mod tests {
    use crate::formats::document;

    #[test]
    fn lists_and_maps_of_names() {
        let text = "services:\n  cart:\n    image: x:1\n    environment:\n      - A=1\n      - B\n    deploy:\n      resources:\n        limits:\n          memory: 20M\n  pay:\n    environment:\n      C: 2\n";
        let read = super::read(&document::yaml(text).unwrap_or_default());
        let read: Vec<_> =
            read.iter().map(|s| (s.scope.as_deref(), s.key.as_str(), s.value.as_deref(), s.line)).collect();
        assert_eq!(
            read,
            [
                (Some("cart"), "A", Some("1"), 5),
                (Some("cart"), "B", None, 6),
                (Some("cart"), "deploy.resources.limits.memory", Some("20M"), 10),
                (Some("pay"), "C", Some("2"), 13),
            ]
        );
    }
}
