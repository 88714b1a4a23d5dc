//! JSON, YAML and TOML as one tree of texts that knows its lines, so that a reader need not care which it was.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use super::Unreadable;

/// A value and where it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// Its line, from 1.
    pub line: u32,
    /// What it is.
    pub value: Value,
}

/// What a [`Node`] holds. Numbers, dates and booleans are texts as written: a version `1.10` is no number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// Any scalar, without quotes.
    Text(String),
    /// Values in order.
    List(Vec<Node>),
    /// Values by key, in order of writing.
    Map(Vec<(String, Node)>),
}

static NOTHING: Node = Node { line: 0, value: Value::Null };

impl Node {
    /// The value of a key; an empty node where there is none.
    pub fn get(&self, key: &str) -> &Node {
        self.entries().find_map(|(name, node)| (name == key).then_some(node)).unwrap_or(&NOTHING)
    }

    /// The value at a path of keys.
    pub fn at(&self, path: &[&str]) -> &Node {
        path.iter().fold(self, |node, key| node.get(key))
    }

    /// The text, where it is a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a key's value.
    pub fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key).text()
    }

    /// Keys and values; none where it is no map.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Node)> {
        let entries = match &self.value {
            Value::Map(entries) => entries.as_slice(),
            _ => &[],
        };
        entries.iter().map(|(name, node)| (name.as_str(), node))
    }

    /// The values of a list; none where it is no list.
    pub fn items(&self) -> impl Iterator<Item = &Node> {
        let items = match &self.value {
            Value::List(items) => items.as_slice(),
            _ => &[],
        };
        items.iter()
    }

    /// Whether anything stands here.
    pub fn is_some(&self) -> bool {
        self.value != Value::Null
    }

    /// Whether it is a map.
    pub fn is_map(&self) -> bool {
        matches!(self.value, Value::Map(_))
    }
}

/// Byte offsets to lines.
pub struct Lines(Vec<usize>);

impl Lines {
    /// Finds the ends of lines once.
    pub fn of(text: &str) -> Self {
        Self(text.bytes().enumerate().filter_map(|(at, byte)| (byte == b'\n').then_some(at)).collect())
    }

    /// The line of a byte, from 1.
    pub fn at(&self, byte: usize) -> u32 {
        u32::try_from(self.0.partition_point(|&end| end < byte) + 1).unwrap_or(u32::MAX)
    }
}

/// Reads JSON, with comments and trailing commas as many tools allow them.
pub fn json(text: &str) -> Result<Node, Unreadable> {
    let parsed = jsonc_parser::parse_to_ast(text, &Default::default(), &Default::default());
    let value = parsed.map_err(Unreadable::broken)?.value;
    let lines = Lines::of(text);
    Ok(value.map(|value| of_json(value, &lines)).unwrap_or_default())
}

fn of_json(value: jsonc_parser::ast::Value<'_>, lines: &Lines) -> Node {
    use jsonc_parser::ast::Value as Json;
    use jsonc_parser::common::Ranged;
    let line = lines.at(value.range().start);
    let value = match value {
        Json::NullKeyword(_) => Value::Null,
        Json::StringLit(text) => Value::Text(text.value.into_owned()),
        Json::NumberLit(number) => Value::Text(number.value.to_owned()),
        Json::BooleanLit(boolean) => Value::Text(boolean.value.to_string()),
        Json::Array(array) => {
            Value::List(array.elements.into_iter().map(|item| of_json(item, lines)).collect())
        }
        Json::Object(object) => Value::Map(
            object
                .properties
                .into_iter()
                .map(|property| {
                    let line = lines.at(property.range.start);
                    (property.name.into_string(), Node { line, ..of_json(property.value, lines) })
                })
                .collect(),
        ),
    };
    Node { line, value }
}

/// Reads TOML.
pub fn toml(text: &str) -> Result<Node, Unreadable> {
    let table = toml::de::DeTable::parse(text).map_err(|error| Unreadable::broken(error.message()))?;
    Ok(of_table(table.into_inner(), 1, &Lines::of(text)))
}

fn of_table(table: toml::de::DeTable<'_>, line: u32, lines: &Lines) -> Node {
    let entries = table.into_iter().map(|(key, value)| {
        let line = lines.at(key.span().start);
        (key.into_inner().into_owned(), Node { line, ..of_toml(value, lines) })
    });
    let mut entries: Vec<_> = entries.collect();
    entries.sort_by_key(|(_, node)| node.line);
    Node { line, value: Value::Map(entries) }
}

fn of_toml(value: toml::Spanned<toml::de::DeValue<'_>>, lines: &Lines) -> Node {
    use toml::de::DeValue as Toml;
    let line = lines.at(value.span().start);
    let value = match value.into_inner() {
        Toml::String(text) => Value::Text(text.into_owned()),
        Toml::Integer(number) => Value::Text(number.as_str().to_owned()),
        Toml::Float(number) => Value::Text(number.as_str().to_owned()),
        Toml::Boolean(boolean) => Value::Text(boolean.to_string()),
        Toml::Datetime(time) => Value::Text(time.to_string()),
        Toml::Array(items) => Value::List(items.into_iter().map(|item| of_toml(item, lines)).collect()),
        Toml::Table(table) => return of_table(table, line, lines),
    };
    Node { line, value }
}

/// Reads YAML: one node for each document of the file.
pub fn yaml(text: &str) -> Result<Vec<Node>, Unreadable> {
    yaml_with(text, serde_saphyr::MergeKeyPolicy::Merge).or_else(|error| {
        // some tools merge lists too, which YAML does not know: then the key stands for itself
        if error.reason.contains("budget") {
            return Err(error);
        }
        yaml_with(text, serde_saphyr::MergeKeyPolicy::AsOrdinary).map_err(|_| error)
    })
}

fn yaml_with(text: &str, merge_keys: serde_saphyr::MergeKeyPolicy) -> Result<Vec<Node>, Unreadable> {
    let options = serde_saphyr::options! {
        merge_keys: merge_keys,
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::LastWins,
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_depth: 32,
            max_events: 4_000_000,
            max_nodes: 2_000_000,
            // what people share by anchors is small; what unfolds ten times ten times is no file of theirs
            max_recorded_anchor_events: 100_000,
        },
    };
    let documents: Vec<Spanned<Yaml>> =
        serde_saphyr::from_multiple_with_options(text, options).map_err(Unreadable::broken)?;
    Ok(documents.into_iter().map(|document| of_yaml(document, text)).collect())
}

/// YAML as the parser hands it over. It would round `1.10` to `1.1`, so numbers keep only their place.
enum Yaml {
    Null,
    Unquoted,
    Text(String),
    List(Vec<Spanned<Yaml>>),
    Map(Vec<(Spanned<String>, Spanned<Yaml>)>),
}

fn of_yaml(node: Spanned<Yaml>, text: &str) -> Node {
    let line = u32::try_from(node.referenced.line()).unwrap_or(u32::MAX);
    let value = match node.value {
        Yaml::Null => Value::Null,
        Yaml::Text(text) => Value::Text(text),
        Yaml::Unquoted => {
            let span = node.defined.span();
            let start = span.byte_offset().and_then(|at| usize::try_from(at).ok());
            let length = span.byte_len().and_then(|length| usize::try_from(length).ok());
            let written =
                start.zip(length).and_then(|(start, length)| text.get(start..start.checked_add(length)?));
            Value::Text(written.unwrap_or_default().trim().to_owned())
        }
        Yaml::List(items) => Value::List(items.into_iter().map(|item| of_yaml(item, text)).collect()),
        Yaml::Map(entries) => Value::Map(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let line = u32::try_from(key.referenced.line()).unwrap_or(u32::MAX);
                    (key.value, Node { line, ..of_yaml(value, text) })
                })
                .collect(),
        ),
    };
    Node { line, value }
}

impl<'de> Deserialize<'de> for Yaml {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;

        impl<'de> Visitor<'de> for Reading {
            type Value = Yaml;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a value")
            }

            fn visit_unit<E>(self) -> Result<Yaml, E> {
                Ok(Yaml::Null)
            }

            fn visit_none<E>(self) -> Result<Yaml, E> {
                Ok(Yaml::Null)
            }

            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Yaml, D::Error> {
                Yaml::deserialize(deserializer)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Yaml, E> {
                Ok(Yaml::Unquoted)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Yaml, E> {
                Ok(Yaml::Unquoted)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Yaml, E> {
                Ok(Yaml::Unquoted)
            }

            fn visit_i128<E>(self, _: i128) -> Result<Yaml, E> {
                Ok(Yaml::Unquoted)
            }

            fn visit_u128<E>(self, _: u128) -> Result<Yaml, E> {
                Ok(Yaml::Unquoted)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Yaml, E> {
                Ok(Yaml::Unquoted)
            }

            fn visit_str<E>(self, text: &str) -> Result<Yaml, E> {
                Ok(Yaml::Text(text.to_owned()))
            }

            fn visit_string<E>(self, text: String) -> Result<Yaml, E> {
                Ok(Yaml::Text(text))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Yaml, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = sequence.next_element()? {
                    items.push(item);
                }
                Ok(Yaml::List(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Yaml, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Yaml::Map(entries))
            }
        }

        deserializer.deserialize_any(Reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_stay_as_written() {
        let yaml = "a: 1.10\nb:\n  - x: 'y' # z\n    w: 3.10.0\n  - [7, 1.20 ]\nc: ~\non: true\n";
        let node = super::yaml(yaml).unwrap().remove(0);
        assert_eq!(node.text_of("a"), Some("1.10"));
        assert_eq!(node.text_of("on"), Some("true"));
        let items: Vec<_> = node.get("b").items().collect();
        assert_eq!(items[0].text_of("x"), Some("y"));
        assert_eq!((items[0].text_of("w"), items[0].get("w").line), (Some("3.10.0"), 4));
        assert_eq!(items[1].items().filter_map(Node::text).collect::<Vec<_>>(), ["7", "1.20"]);
        assert!(!node.get("c").is_some());

        let node = super::toml("[a]\nb = 1.10\n[a.c]\nd = [\"x\"]\n").unwrap();
        assert_eq!(node.at(&["a", "b"]).text(), Some("1.10"));
        assert_eq!(node.at(&["a", "c", "d"]).line, 4);

        let node = super::json("{\n \"a\": 1.10, // b\n \"c\": [\n\"d\"],}").unwrap();
        assert_eq!(node.text_of("a"), Some("1.10"));
        assert_eq!(node.get("c").items().next().map(|item| item.line), Some(4));
    }

    #[test]
    fn anchors_and_merges_are_followed() {
        let node = super::yaml("a: &a\n  v: 1.10\nb:\n  <<: *a\n  w: 2\nc: *a\n").unwrap().remove(0);
        assert_eq!(node.at(&["b", "v"]).text(), Some("1.10"));
        assert_eq!(node.at(&["c", "v"]).text(), Some("1.10"));
        let node = super::yaml("a: &a [1]\nb:\n  - <<: *a\n    w: 2\n").unwrap().remove(0);
        assert_eq!(node.get("b").items().next().and_then(|item| item.text_of("w")), Some("2"));
    }

    #[test]
    fn hostile_input_is_an_error() {
        let deep = ["[", "{\"a\":", "a = [", "- ", "[{\"a\":["];
        for text in deep.map(|part| part.repeat(50_000)) {
            assert!(super::json(&text).is_err());
            assert!(super::toml(&text).is_err());
            _ = super::yaml(&text);
        }
    }
}
