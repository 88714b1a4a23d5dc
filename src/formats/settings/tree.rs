//! YAML, TOML and JSON settings as flat key paths.

use std::collections::BTreeSet;

use super::{Setting, environment_named, secrets};
use crate::formats::document::{Node, Value};

/// Every scalar by its path. A list of plain values is one value; items of other lists are known by their name, and a
/// list of which one item has none is one value too: a place in a list names nothing. Where the first level names environments, as Rails files do, these are taken off the keys.
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
            let names: Option<Vec<&str>> = items.iter().map(name_of).collect();
            let each_once = |names: &Vec<&str>| BTreeSet::from_iter(names).len() == names.len();
            match names.filter(each_once) {
                Some(names) => {
                    for (name, item) in names.into_iter().zip(items) {
                        walk(format!("{key}.{name}"), item, environment, settings);
                    }
                    return;
                }
                None => Some(items.iter().map(in_one_line).collect::<Vec<_>>().join(", ")),
            }
        }
        Value::List(items) => Some(items.iter().filter_map(Node::text).collect::<Vec<_>>().join(", ")),
        Value::Text(text) => Some(text.clone()),
        Value::Map(_) | Value::Null => None,
    };
    let secret = matches!(node.value, Value::List(_)) && has_secret(node);
    settings.push(Setting {
        key,
        value,
        secret,
        line: node.line,
        environment: environment.map(str::to_owned),
        ..Setting::default()
    });
}

/// What an item of a list is called.
fn name_of(item: &Node) -> Option<&str> {
    ["name", "key", "id", "host", "path", "url"].iter().find_map(|word| item.text_of(word))
}

/// All scalars of an item, in their order: `critical 10`, `host=a port=1`.
fn in_one_line(item: &Node) -> String {
    let mut parts = Vec::new();
    scalars(item, &mut |key, text| {
        parts.push(if key.is_empty() { text.to_owned() } else { format!("{key}={text}") });
    });
    parts.join(" ")
}

/// Whether any scalar below a list is a secret by its own key.
fn has_secret(node: &Node) -> bool {
    let mut secret = false;
    scalars(node, &mut |key, text| secret |= secrets::is_hidden(key, text));
    secret
}

/// Every scalar with its last key. Bounded: the readers of documents bound their depth.
fn scalars<'n>(node: &'n Node, each: &mut dyn FnMut(&'n str, &'n str)) {
    fn below<'n>(key: &'n str, node: &'n Node, each: &mut dyn FnMut(&'n str, &'n str)) {
        match &node.value {
            Value::Map(entries) => entries.iter().for_each(|(key, child)| below(key, child, each)),
            Value::List(items) => items.iter().for_each(|item| below(key, item, each)),
            Value::Text(text) => each(key, text),
            Value::Null => {}
        }
    }
    below("", node, each);
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
    fn a_list_without_names_is_one_value() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            read("queues:\n  - [critical, 10]\n  - [low, 1]\nrules:\n  - from: a\n    to: [b, c]\n  - x\n"),
            [
                ("queues".into(), some("critical 10, low 1"), None),
                ("rules".into(), some("from=a to=b to=c, x"), None)
            ]
        );
        let secret = document::yaml("a:\n  - user: b\n    password: c\n").unwrap_or_default();
        assert!(flatten(&secret).iter().all(|setting| setting.secret));
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
