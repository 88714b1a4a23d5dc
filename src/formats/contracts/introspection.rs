//! GraphQL schemas as the answer to the introspection query, which many projects keep as a dump.

use serde_json::Value;

use super::graphql::{Roots, direct_lists_of_values, file, parts_by_name};
use super::{Direction, Document, Element, Format, Spot, What, tree};
use crate::change::RepoPath;
use crate::formats::Unreadable;

/// Reads a dump, bare or below `data`.
pub(super) fn read(path: &RepoPath, text: &str) -> Result<Document, Unreadable> {
    let value = tree::parse(path, text)?;
    let (schema, keys) = match value.pointer("/data/__schema") {
        Some(schema) => (schema, "/data/__schema"),
        None => (value.get("__schema").ok_or_else(|| Unreadable::broken("no __schema"))?, "/__schema"),
    };
    let root = |key: &str| {
        schema.get(key).and_then(|root| root.get("name")).and_then(Value::as_str).unwrap_or_default()
    };
    let roots = Roots {
        query: root("queryType").to_owned(),
        mutation: root("mutationType").to_owned(),
        subscription: root("subscriptionType").to_owned(),
    };
    let mut document = Document::new(Format::GraphQl, path);
    let reader = Reader { path };
    for (at, type_) in list(schema, "types").enumerate() {
        let element = reader.type_(type_, &format!("{keys}/types/{at}"));
        let standard = ["String", "Int", "Float", "Boolean", "ID"].contains(&element.name.as_str());
        if !element.name.starts_with("__") && !standard {
            file(&mut document, &roots, element);
        }
    }
    direct_lists_of_values(&mut document);
    Ok(document)
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

struct Reader<'a> {
    path: &'a RepoPath,
}

impl Reader<'_> {
    fn at(&self, what: What, value: &Value, keys: &str) -> Element {
        let mut element =
            Element::new(what, text(value, "name"), self.path, Spot::Keys(format!("{keys}/name").into()));
        if value.get("isDeprecated").and_then(Value::as_bool).unwrap_or(false) {
            // What the language puts in the place of a reason is no advice of the author's.
            let reason =
                Some(text(value, "deprecationReason")).filter(|words| *words != "No longer supported");
            element.deprecated = Some(reason.unwrap_or_default().to_owned());
        }
        element
    }

    fn type_(&self, value: &Value, keys: &str) -> Element {
        let mut element = self.at(What::Type, value, keys);
        let (kind, direction) = match text(value, "kind") {
            "INPUT_OBJECT" => ("input", Direction::Request),
            "ENUM" => ("enum", Direction::Both),
            "SCALAR" => ("scalar", Direction::Both),
            "UNION" => ("union", Direction::Response),
            "INTERFACE" => ("interface", Direction::Response),
            _ => ("object", Direction::Response),
        };
        element.type_ = kind.to_owned();
        element.direction = Some(direction);
        for (at, field) in list(value, "fields").enumerate() {
            let keys = format!("{keys}/fields/{at}");
            let mut part = self.at(What::Field, field, &keys);
            part.type_ = written(field.get("type").unwrap_or(&Value::Null), 0);
            part.direction = Some(Direction::Response);
            part.parts = self.inputs(field, "args", &keys);
            element.parts.insert(part.name.clone(), part);
        }
        element.parts.extend(self.inputs(value, "inputFields", keys));
        let values = list(value, "enumValues").enumerate();
        element.parts.extend(parts_by_name(
            values.map(|(at, value)| self.at(What::Value, value, &format!("{keys}/enumValues/{at}"))),
        ));
        let members = |what: What, key: &'static str| {
            let each = list(value, key)
                .enumerate()
                .map(move |(at, member)| self.at(what, member, &format!("{keys}/{key}/{at}")));
            each.map(move |part| (format!("{} {}", what.name(), part.name), part)).collect::<Vec<_>>()
        };
        element.parts.extend(members(What::Interface, "interfaces"));
        if kind == "union" {
            element.parts.extend(members(What::Kind, "possibleTypes"));
        }
        element
    }

    fn inputs(&self, value: &Value, key: &str, keys: &str) -> std::collections::BTreeMap<String, Element> {
        parts_by_name(list(value, key).enumerate().map(|(at, input)| {
            let mut part = self.at(What::Input, input, &format!("{keys}/{key}/{at}"));
            part.type_ = written(input.get("type").unwrap_or(&Value::Null), 0);
            part.required = part.type_.ends_with('!');
            part.default = input.get("defaultValue").and_then(Value::as_str).map(str::to_owned);
            part.direction = Some(Direction::Request);
            part
        }))
    }
}

/// A type as the schema language writes it.
fn written(value: &Value, depth: usize) -> String {
    let inner = || value.get("ofType").map(|inner| written(inner, depth + 1)).unwrap_or_default();
    match text(value, "kind") {
        _ if depth > 20 => String::new(),
        "NON_NULL" => format!("{}!", inner()),
        "LIST" => format!("[{}]", inner()),
        _ => text(value, "name").to_owned(),
    }
}
