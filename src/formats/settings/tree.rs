//! YAML, TOML and JSON settings as flat key paths.

use super::{Setting, environment_named};
use crate::formats::document::{Node, Value};

/// Every scalar by its path. A list of plain values is one value; items of other lists are known by their name, else by
/// their place. Where the first level names environments, as Rails files do, these are taken off the keys.
pub fn flatten(nodes: &[Node]) -> Vec<Setting> {
    let mut settings = Vec::new();
    for node in nodes {
        // Spring: a document says for which profile it counts
        let profile = node
            .text_of("spring.profiles")
            .or(node.at(&["spring", "config", "activate", "on-profile"]).text());
        let profile = profile.or(node.at(&["spring", "profiles"]).text()).and_then(environment_named);
        let named = node.entries().filter(|(key, _)| environment_named(key).is_some()).count();
        let by_environment = named > 0
            && node
                .entries()
                .all(|(key, value)| value.is_map() && (named > 1 || environment_named(key).is_some()));
        for (key, value) in node.entries() {
            let shared = matches!(key, "default" | "defaults" | "shared");
            match environment_named(key) {
                environment if by_environment && (environment.is_some() || shared) => {
                    for (key, value) in value.entries() {
                        walk(key.to_owned(), value, environment, &mut settings);
                    }
                }
                _ => walk(key.to_owned(), value, profile, &mut settings),
            }
        }
    }
    settings
}

/// The scalars at and below a node. Bounded: the readers of documents bound their depth.
pub(super) fn walk(key: String, node: &Node, environment: Option<&str>, settings: &mut Vec<Setting>) {
    let value = match &node.value {
        Value::Map(entries) if !entries.is_empty() => {
            for (name, child) in entries {
                walk(format!("{key}.{name}"), child, environment, settings);
            }
            return;
        }
        Value::List(items) if items.iter().any(|item| item.text().is_none()) => {
            for (place, item) in items.iter().enumerate() {
                let name = ["name", "key", "id"].iter().find_map(|word| item.text_of(word));
                walk(
                    format!("{key}.{}", name.map_or_else(|| place.to_string(), str::to_owned)),
                    item,
                    environment,
                    settings,
                );
            }
            return;
        }
        Value::List(items) => Some(items.iter().filter_map(Node::text).collect::<Vec<_>>().join(", ")),
        Value::Text(text) => Some(text.clone()),
        Value::Map(_) | Value::Null => None,
    };
    settings.push(Setting {
        key,
        value,
        line: node.line,
        environment: environment.map(str::to_owned),
        ..Setting::default()
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::document;

    fn read(text: &str) -> Vec<(String, Option<String>, Option<String>)> {
        let nodes = document::yaml(text).unwrap_or_default();
        flatten(&nodes).into_iter().map(|s| (s.key, s.value, s.environment)).collect()
    }

    #[test]
    fn paths_lists_and_environments() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            read("a:\n  b: 1.10\n  c: [x, y]\n  d:\n    - name: k\n      v: 2\n"),
            [
                ("a.b".into(), some("1.10"), None),
                ("a.c".into(), some("x, y"), None),
                ("a.d.k.name".into(), some("k"), None),
                ("a.d.k.v".into(), some("2"), None),
            ]
        );
        assert_eq!(
            read("default: &d\n  pool: 5\nproduction:\n  <<: *d\n  pool: 9\ndevelopment:\n  pool: 5\n")[1..],
            [("pool".into(), some("9"), some("production")), ("pool".into(), some("5"), some("development")),]
        );
    }
}
