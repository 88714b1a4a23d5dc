//! Avro schemas: records, enums and fixed, compared by full name.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Document, Element, Format, Spot, What, tree};
use crate::change::RepoPath;
use crate::formats::Unreadable;

const MOST_DEPTH: usize = 60;

/// Reads every named type of the file, wherever it is declared.
pub(super) fn read(path: &RepoPath, text: &str) -> Result<Document, Unreadable> {
    let value = tree::parse(path, text)?;
    let mut reader = Reader { path, definitions: BTreeMap::new() };
    reader.type_of(&value, "", "", 0);
    let mut document = Document::new(Format::Avro, path);
    document.definitions = reader.definitions;
    Ok(document)
}

struct Reader<'a> {
    path: &'a RepoPath,
    definitions: BTreeMap<String, Element>,
}

impl Reader<'_> {
    fn at(&self, what: What, name: &str, keys: &str) -> Element {
        Element::new(what, name, self.path, Spot::Keys(keys.into()))
    }

    /// How the type is written, by full names; named types are collected on the way.
    fn type_of(&mut self, value: &Value, space: &str, keys: &str, depth: usize) -> String {
        if depth > MOST_DEPTH {
            return String::new();
        }
        match value {
            Value::String(name) => full_name(name, space),
            Value::Array(kinds) => {
                let each = kinds
                    .iter()
                    .enumerate()
                    .map(|(at, kind)| self.type_of(kind, space, &format!("{keys}/{at}"), depth + 1));
                let mut each: Vec<String> = each.collect();
                each.sort();
                each.join(" | ")
            }
            Value::Object(map) => {
                let kind = map.get("type").unwrap_or(&Value::Null);
                match kind.as_str() {
                    Some("array") => {
                        self.list("list of", map.get("items"), space, &format!("{keys}/items"), depth)
                    }
                    Some("map") => {
                        self.list("map of", map.get("values"), space, &format!("{keys}/values"), depth)
                    }
                    Some(named @ ("record" | "error" | "enum" | "fixed")) => {
                        self.named(named, value, space, keys, depth)
                    }
                    _ => {
                        let inner = self.type_of(kind, space, &format!("{keys}/type"), depth + 1);
                        match map.get("logicalType").and_then(Value::as_str) {
                            Some(logical) => format!("{inner} ({logical})"),
                            None => inner,
                        }
                    }
                }
            }
            _ => String::new(),
        }
    }

    fn list(&mut self, word: &str, of: Option<&Value>, space: &str, keys: &str, depth: usize) -> String {
        let inner = of.map(|of| self.type_of(of, space, keys, depth + 1)).unwrap_or_default();
        format!("{word} {inner}")
    }

    fn named(&mut self, kind: &str, value: &Value, space: &str, keys: &str, depth: usize) -> String {
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        let name = full_name(text("name").unwrap_or_default(), text("namespace").unwrap_or(space));
        let space = name.rsplit_once('.').map_or("", |(space, _)| space).to_owned();
        let mut element = self.at(What::Type, &name, &format!("{keys}/name"));
        element.type_ = match value.get("size") {
            Some(size) => format!("{kind} of {size}"),
            None => kind.to_owned(),
        };
        let aliases = |value: &Value| -> Vec<String> {
            let list = value.get("aliases").and_then(Value::as_array).into_iter().flatten();
            list.filter_map(|alias| alias.as_str().map(str::to_owned)).collect()
        };
        element.aliases = aliases(value).iter().map(|alias| full_name(alias, &space)).collect();
        element.default = text("default").map(str::to_owned);
        let list = |key: &str| value.get(key).and_then(Value::as_array).into_iter().flatten().enumerate();
        for (at, field) in list("fields") {
            let field_name = field.get("name").and_then(Value::as_str).unwrap_or_default();
            let keys = format!("{keys}/fields/{at}");
            let mut part = self.at(What::Field, field_name, &format!("{keys}/name"));
            part.type_ = self.type_of(
                field.get("type").unwrap_or(&Value::Null),
                &space,
                &format!("{keys}/type"),
                depth + 1,
            );
            part.default = field.get("default").map(Value::to_string);
            part.required = part.default.is_none();
            part.aliases = aliases(field).into_iter().collect();
            element.parts.insert(field_name.to_owned(), part);
        }
        for (_, symbol) in list("symbols") {
            let symbol = symbol.as_str().unwrap_or_default();
            let part = self.at(What::Value, symbol, &format!("{keys}/symbols"));
            element.parts.insert(symbol.to_owned(), part);
        }
        self.definitions.insert(name.clone(), element);
        name
    }
}

fn full_name(name: &str, space: &str) -> String {
    const PRIMITIVE: &[&str] = &["null", "boolean", "int", "long", "float", "double", "bytes", "string"];
    if name.contains('.') || space.is_empty() || PRIMITIVE.contains(&name) {
        name.to_owned()
    } else {
        format!("{space}.{name}")
    }
}
