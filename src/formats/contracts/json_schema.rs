//! JSON Schema: the shapes of OpenAPI and AsyncAPI, and contracts of their own.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::tree::{At, Documents};
use super::{Direction, Document, Element, Format, Limit, Load, What, difference};
use crate::change::RepoPath;
use crate::formats::Unreadable;

/// How deep shapes may nest, and how many elements a contract may have once `allOf` is laid flat: no more than it has
/// letters, except for a small one, whose few letters may well be used often.
const MOST_DEPTH: usize = 60;
const MOST_ELEMENTS: usize = 1_000_000;
const MOST_OF_A_SMALL_ONE: usize = 20_000;

/// Reads a schema that stands for itself: one definition, named by its file or its `$id`.
pub(super) fn read(path: &RepoPath, text: &str, load: Load<'_>) -> Result<Document, Unreadable> {
    let documents = Documents::load(path, text, load)?;
    let mut shapes = Shapes::new(&documents);
    let root = documents.root();
    let name = root.text("title").unwrap_or_else(|| path.file_name().split('.').next().unwrap_or_default());
    let mut element = shapes.element(&root, What::Type, name);
    element.direction = Some(Direction::Both);
    element.deprecated = None;
    let mut document = Document::new(Format::JsonSchema, path);
    document.definitions.insert(name.to_owned(), element);
    document.types = shapes.finish()?;
    Ok(document)
}

/// What is laid flat into one element.
#[derive(Default)]
struct Flat<'a> {
    /// The fields that must be there.
    requires: BTreeSet<String>,
    /// The schemas that were laid into it: the same one again adds nothing, and would double with each level.
    laid: BTreeSet<String>,
    /// Whether several schemas are laid into it, and what these say about each field.
    several: bool,
    fields: BTreeMap<String, Vec<At<'a>>>,
}

/// Turns schemas into elements; types by reference are read once, and only those that are used.
pub(super) struct Shapes<'a> {
    documents: &'a Documents,
    types: BTreeMap<String, Element>,
    waiting: Vec<(String, At<'a>)>,
    made: usize,
    most: usize,
}

impl<'a> Shapes<'a> {
    pub(super) fn new(documents: &'a Documents) -> Self {
        let most = documents.bytes.clamp(MOST_OF_A_SMALL_ONE, MOST_ELEMENTS);
        Self { documents, types: BTreeMap::new(), waiting: Vec::new(), made: 0, most }
    }

    /// The shape of one schema, under a name.
    pub(super) fn element(&mut self, at: &At<'a>, what: What, name: &str) -> Element {
        self.read(at, what, name, &mut Vec::new())
    }

    /// Reads what was referred to; ends with every type by its key.
    pub(super) fn finish(mut self) -> Result<BTreeMap<String, Element>, Unreadable> {
        while let Some((key, at)) = self.waiting.pop() {
            if self.made > self.most {
                return Err(Unreadable { reason: "too_large".to_owned() });
            }
            let name = name_of(&key);
            let element = self.read(&at, What::Type, &name, &mut Vec::new());
            self.types.insert(key, element);
        }
        if self.made > self.most {
            return Err(Unreadable { reason: "too_large".to_owned() });
        }
        Ok(self.types)
    }

    /// `above` holds the schemas that are being laid flat into this one, so that circles end.
    fn read(&mut self, at: &At<'a>, what: What, name: &str, above: &mut Vec<String>) -> Element {
        self.made += 1;
        let mut element = Element::new(what, name, at.path, at.spot());
        if above.len() > MOST_DEPTH || self.made > self.most {
            return element;
        }
        self.annotations(at, &mut element);
        if let Some(reference) = at.text("$ref") {
            // A dangling reference keeps its name, so that it is compared by that.
            match self.documents.resolve(at, reference) {
                Some(target) => element.target = Some(self.refer(target)),
                None => {
                    element.type_ = reference.rsplit('/').next().unwrap_or(reference).to_owned();
                    element.dangling = true;
                }
            }
            return element;
        }
        if let Some(target) = self.only_reference(at) {
            element.target = Some(self.refer(target));
            return element;
        }
        self.lay(std::slice::from_ref(at), &mut element, above);
        element
    }

    /// Lays schemas into one element. What several of them say about one field is laid into one field in its turn.
    fn lay(&mut self, schemas: &[At<'a>], element: &mut Element, above: &mut Vec<String>) {
        let mut flat = Flat { several: schemas.len() > 1, ..Flat::default() };
        for at in schemas {
            above.push(at.key());
            self.shape(at, element, &mut flat, above);
            above.pop();
        }
        for (name, said) in std::mem::take(&mut flat.fields) {
            let part = self.together(&name, &said, above);
            element.parts.insert(name, part);
        }
        for (key, part) in &mut element.parts {
            if part.what == What::Field && flat.requires.contains(key.as_str()) {
                part.required = true;
            }
        }
    }

    /// A field, by what the schemas of an `allOf` say about it.
    fn together(&mut self, name: &str, said: &[At<'a>], above: &mut Vec<String>) -> Element {
        let mut known = BTreeSet::new();
        let followed = said.iter().filter_map(|at| self.documents.follow(at.clone()));
        let parts: Vec<At<'a>> =
            followed.filter(|at| !above.contains(&at.key()) && known.insert(at.key())).collect();
        let last = said.last().unwrap_or(&said[0]);
        if parts.len() < 2 || above.len() > MOST_DEPTH || self.made > self.most {
            return self.read(last, What::Field, name, above);
        }
        self.made += 1;
        let mut element = Element::new(What::Field, name, last.path, last.spot());
        said.iter().for_each(|at| self.annotations(at, &mut element));
        self.lay(&parts, &mut element, above);
        element
    }

    /// The type behind `allOf` with one reference, beside which nothing else is said: how words are put beside a
    /// reference where the version allows none.
    fn only_reference(&self, at: &At<'a>) -> Option<At<'a>> {
        const SHAPES: &[&str] = &[
            "additionalProperties",
            "anyOf",
            "const",
            "discriminator",
            "enum",
            "exclusiveMaximum",
            "exclusiveMinimum",
            "format",
            "items",
            "maxItems",
            "maxLength",
            "maxProperties",
            "maximum",
            "minItems",
            "minLength",
            "minProperties",
            "minimum",
            "multipleOf",
            "not",
            "oneOf",
            "pattern",
            "properties",
            "required",
            "unevaluatedProperties",
            "uniqueItems",
        ];
        let all = at.get("allOf")?.each();
        let [(_, only)] = all.as_slice() else { return None };
        if SHAPES.iter().any(|key| at.value.get(key).is_some()) {
            return None;
        }
        self.documents.resolve(only, only.text("$ref")?)
    }

    fn refer(&mut self, target: At<'a>) -> String {
        let key = target.key();
        if !self.types.contains_key(&key) {
            self.types.insert(key.clone(), Element::new(What::Type, "", target.path, target.spot()));
            self.waiting.push((key.clone(), target));
        }
        key
    }

    /// What may stand beside a reference too.
    fn annotations(&self, at: &At<'a>, element: &mut Element) {
        let value = at.value;
        element.nullable |= at.is("nullable") || at.is("x-nullable");
        element.read_only |= at.is("readOnly");
        element.write_only |= at.is("writeOnly");
        if at.is("deprecated") {
            element.deprecated = Some(at.text("x-deprecated").unwrap_or_default().to_owned());
        }
        if let Some(default) = value.get("default") {
            element.default = Some(default.to_string());
        }
    }

    /// Adds what a schema says to an element; `allOf` lays several schemas into one.
    fn shape(&mut self, at: &At<'a>, element: &mut Element, flat: &mut Flat<'a>, above: &mut Vec<String>) {
        let value = at.value;
        let several = flat.several || value.get("allOf").is_some();
        let types = type_of(value, element);
        if !types.is_empty() {
            element.type_ = types;
        }
        if value.get("additionalProperties") == Some(&Value::Bool(false))
            || value.get("unevaluatedProperties") == Some(&Value::Bool(false))
        {
            element.closed = true;
        }
        for item in value.get("required").and_then(Value::as_array).into_iter().flatten() {
            flat.requires.extend(item.as_str().map(str::to_owned));
        }
        self.limits(value, element);
        let values =
            value.get("enum").and_then(Value::as_array).into_iter().flatten().chain(value.get("const"));
        let mut accepted = BTreeMap::new();
        for value in values {
            if value.is_null() {
                element.nullable = true;
                continue;
            }
            let name = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let part = Element::new(What::Value, &name, at.path, at.spot());
            accepted.insert(format!("={name}"), part);
        }
        accept(element, accepted);
        if let Some(properties) = at.get("properties") {
            for (name, property) in properties.each() {
                if several {
                    flat.fields.entry(name).or_default().push(property);
                } else {
                    let part = self.read(&property, What::Field, &name, above);
                    element.parts.insert(name, part);
                }
            }
        }
        if let Some(items) = at.get("items") {
            let part = self.read(&items, What::Items, "", above);
            element.parts.insert("[]".to_owned(), part);
        }
        if let Some(others) = at.get("additionalProperties").filter(|others| others.value.is_object()) {
            let part = self.read(&others, What::Items, "", above);
            element.parts.insert("{}".to_owned(), part);
        }
        if let Some(discriminator) = value.get("discriminator") {
            let property = discriminator.get("propertyName").unwrap_or(discriminator);
            let text = property.as_str().unwrap_or_default().to_owned();
            element.rules.insert("discriminator", (text, Some(true)));
        }
        for list in ["oneOf", "anyOf"] {
            if let Some(kinds) = at.get(list) {
                let is_alone = !several && element.parts.is_empty();
                self.kinds(&kinds, element, is_alone, above);
            }
        }
        for (_, part) in at.get("allOf").map(|all| all.each()).unwrap_or_default() {
            let Some(part) = self.documents.follow(part) else { continue };
            let key = part.key();
            let is_done = above.contains(&key) || !flat.laid.insert(key.clone());
            if is_done || above.len() > MOST_DEPTH || self.made > self.most {
                continue;
            }
            above.push(key);
            flat.several = true;
            self.shape(&part, element, flat, above);
            above.pop();
        }
    }

    /// `is_alone`: nothing else is said about the element.
    fn kinds(&mut self, kinds: &At<'a>, element: &mut Element, is_alone: bool, above: &mut Vec<String>) {
        let each = kinds.each();
        let (nulls, kinds): (Vec<_>, Vec<_>) = each
            .into_iter()
            .partition(|(_, kind)| kind.value.get("type").and_then(Value::as_str) == Some("null"));
        element.nullable |= !nulls.is_empty();
        // One kind, or one beside null, is that kind.
        if let [(_, only)] = kinds.as_slice()
            && (is_alone && only.text("$ref").is_none() || !nulls.is_empty() && element.parts.is_empty())
        {
            if let Some(target) =
                only.text("$ref").and_then(|reference| self.documents.resolve(only, reference))
            {
                element.target = Some(self.refer(target));
                element.type_.clear();
            } else if !above.contains(&only.key()) {
                self.lay(std::slice::from_ref(only), element, above);
            }
            return;
        }
        // Kinds that do no more than name their values are one list of values.
        let is_list = |kind: &At<'_>| {
            names_values(kind.value) && kind.value.get("type") == kinds[0].1.value.get("type")
        };
        if kinds.iter().all(|(_, kind)| is_list(kind)) {
            let mut list = Element::new(What::Kind, "", &element.place.path, element.place.spot.clone());
            for (_, kind) in &kinds {
                self.lay(std::slice::from_ref(kind), &mut list, above);
                // A value that is a number has its name in the title.
                let named = kind.value.get("const").zip(kind.text("title"));
                if let Some((value, name)) = named.filter(|(value, _)| !value.is_string())
                    && let Some(part) = list.parts.get_mut(&format!("={value}"))
                {
                    part.name = name.to_owned();
                }
            }
            element.nullable |= list.nullable;
            if element.type_.is_empty() {
                element.type_ = list.type_;
            }
            accept(element, list.parts);
            return;
        }
        for (_, kind) in kinds {
            let mut part = self.read(&kind, What::Kind, kind.text("title").unwrap_or_default(), above);
            let identity = difference::identity(&part);
            if part.name.is_empty() {
                part.name = identity.clone();
            }
            element.parts.insert(format!("?{identity}"), part);
        }
    }

    fn limits(&self, value: &Value, element: &mut Element) {
        let mut add = |name: &str, limit: Limit| {
            element.limits.insert(name.to_owned(), limit);
        };
        let number = |key: &str| value.get(key).and_then(Value::as_f64);
        for key in ["maxLength", "maxItems", "maxProperties"] {
            if let Some(number) = number(key) {
                add(key, Limit::Most(number));
            }
        }
        for key in ["minLength", "minItems", "minProperties"] {
            if let Some(number) = number(key).filter(|number| *number != 0.0) {
                add(key, Limit::Least(number));
            }
        }
        // Before 3.1 a flag beside the limit says that the limit itself is shut out; since then it is a limit itself.
        let flag = |key: &str| value.get(key).and_then(Value::as_bool).unwrap_or(false);
        match (number("maximum"), number("exclusiveMaximum")) {
            (Some(most), _) if flag("exclusiveMaximum") => add("maximum", Limit::Below(most)),
            (Some(most), below) if below.is_none_or(|below| most < below) => {
                add("maximum", Limit::Most(most))
            }
            (_, Some(below)) => add("maximum", Limit::Below(below)),
            _ => {}
        }
        match (number("minimum"), number("exclusiveMinimum")) {
            (Some(least), _) if flag("exclusiveMinimum") => add("minimum", Limit::Above(least)),
            (Some(least), above) if above.is_none_or(|above| least > above) => {
                add("minimum", Limit::Least(least))
            }
            (_, Some(above)) => add("minimum", Limit::Above(above)),
            _ => {}
        }
        if let Some(pattern) = value.get("pattern").and_then(Value::as_str) {
            add("pattern", Limit::Rule(pattern.to_owned()));
        }
        if let Some(step) = value.get("multipleOf") {
            add("multipleOf", Limit::Rule(step.to_string()));
        }
        if flag("uniqueItems") {
            add("uniqueItems", Limit::Rule("true".to_owned()));
        }
    }
}

/// The name of a type by its key: the last of its keys, else its file's name.
fn name_of(key: &str) -> String {
    let last = key.rsplit('/').next().unwrap_or(key);
    match last.strip_suffix('#') {
        Some(file) => file.split('.').next().unwrap_or(file).to_owned(),
        None => last.to_owned(),
    }
}

/// Adds values that are accepted. Of two lists only what both hold is.
fn accept(element: &mut Element, mut values: BTreeMap<String, Element>) {
    if values.keys().any(|key| element.parts.contains_key(key)) {
        element.parts.retain(|key, part| part.what != What::Value || values.contains_key(key));
        values.retain(|key, _| element.parts.contains_key(key));
    }
    element.parts.extend(values);
}

/// Whether a schema says which values there are, and nothing about what these consist of.
fn names_values(value: &Value) -> bool {
    let others = ["$ref", "allOf", "anyOf", "items", "oneOf", "properties"];
    ["enum", "const"].iter().any(|key| value.get(key).is_some())
        && others.iter().all(|key| value.get(key).is_none())
}

/// The types of a schema, sorted and joined by ` | `, each with its format; null is kept apart.
fn type_of(value: &Value, element: &mut Element) -> String {
    let mut types: BTreeSet<&str> = match value.get("type") {
        Some(Value::String(one)) => BTreeSet::from([one.as_str()]),
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ if value.get("properties").is_some() || value.get("additionalProperties").is_some() => {
            BTreeSet::from(["object"])
        }
        _ if value.get("items").is_some() => BTreeSet::from(["array"]),
        _ => BTreeSet::new(),
    };
    element.nullable |= types.remove("null");
    let format = value.get("format").and_then(Value::as_str).filter(|format| {
        // How a field is shown while it is typed says nothing about what travels.
        !format.is_empty() && *format != "password"
    });
    let named: Vec<String> = types
        .into_iter()
        .map(|name| match format {
            Some(format) if !matches!(name, "object" | "array") => format!("{name} ({format})"),
            _ => name.to_owned(),
        })
        .collect();
    named.join(" | ")
}
