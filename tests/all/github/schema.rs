//! Checks requests and answers against the slice of GitHub's own description in `tests/github-api`.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex};

use jsonschema::Validator;
use serde_json::{Value, json};

static API: LazyLock<Description> = LazyLock::new(|| Description::new("slice.json", "paths"));
static EVENTS: LazyLock<Description> = LazyLock::new(|| Description::new("webhooks.json", "events"));

/// A part of the description, and the schemas compiled so far.
struct Description {
    part: Value,
    components: Value,
    compiled: Mutex<BTreeMap<String, &'static Validator>>,
}

impl Description {
    fn new(file: &str, part: &str) -> Self {
        let path = format!("{}/tests/github-api/{file}", env!("CARGO_MANIFEST_DIR"));
        let mut document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        to_json_schema(&mut document);
        Self {
            part: document[part].take(),
            components: document["components"].take(),
            compiled: Mutex::default(),
        }
    }

    /// What is wrong with `value`, at most three points.
    fn complain(&self, name: &str, schema: &Value, value: &Value) -> Vec<String> {
        let validator: &'static Validator =
            self.compiled.lock().unwrap().entry(name.to_owned()).or_insert_with(|| {
                let schema = json!({"components": self.components, "allOf": [schema]});
                Box::leak(Box::new(jsonschema::draft4::new(&schema).unwrap()))
            });
        let errors = validator.iter_errors(value).take(3);
        errors.map(|error| format!("{name}: {error} at {}", error.instance_path())).collect()
    }
}

/// OpenAPI 3.0 is JSON Schema but for `nullable`.
fn to_json_schema(node: &mut Value) {
    match node {
        Value::Object(map) => {
            map.values_mut().for_each(to_json_schema);
            if map.remove("nullable") == Some(json!(true)) {
                if let Some(Value::Array(values)) = map.get_mut("enum") {
                    values.push(Value::Null);
                }
                if let Some(kind) = map.get("type").cloned() {
                    map.insert("type".into(), json!([kind, "null"]));
                } else {
                    let inner = Value::Object(std::mem::take(map));
                    map.insert("anyOf".into(), json!([inner, {"type": "null"}]));
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(to_json_schema),
        _ => {}
    }
}

/// An operation of the description, found by method and path.
pub(crate) struct Operation {
    name: String,
    operation: &'static Value,
    shared: &'static Value,
}

impl Operation {
    pub(crate) fn find(method: &str, path: &str) -> Option<Self> {
        let description: &'static Description = &API;
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let fits = |template: &str| {
            let parts: Vec<&str> = template.trim_start_matches('/').split('/').collect();
            parts.len() == segments.len()
                && parts.iter().zip(&segments).all(|(part, segment)| part.starts_with('{') || part == segment)
        };
        let mut found: Vec<_> =
            description.part.as_object()?.iter().filter(|(template, _)| fits(template)).collect();
        // Fixed words win over variables: `issues/comments/1` before `issues/{number}/…`.
        found.sort_by_key(|(template, _)| template.matches('{').count());
        let (template, item) = found.first()?;
        let operation = item.get(method.to_lowercase())?;
        Some(Self { name: format!("{method} {template}"), operation, shared: item })
    }

    /// What is wrong with a request.
    pub(crate) fn complain_of_request(&self, query: &[String], body: Option<&Value>) -> Vec<String> {
        let mut wrong = Vec::new();
        let parameters = [&self.operation["parameters"], &self.shared["parameters"]];
        let known: Vec<&str> = parameters
            .iter()
            .filter_map(|list| list.as_array())
            .flatten()
            .map(|parameter| match parameter["$ref"].as_str() {
                Some(reference) => API.components.pointer(&reference["#/components".len()..]).unwrap(),
                None => parameter,
            })
            .filter(|parameter| parameter["in"] == "query")
            .filter_map(|parameter| parameter["name"].as_str())
            .collect();
        for key in query.iter().filter(|key| !known.contains(&key.as_str())) {
            wrong.push(format!("{}: unknown query key {key}", self.name));
        }
        let schema = &self.operation["requestBody"]["content"]["application/json"]["schema"];
        match (body, schema.is_null()) {
            (Some(body), false) => {
                wrong.extend(API.complain(&format!("{} request", self.name), schema, body));
                let fields = schema["properties"].as_object();
                for key in body.as_object().into_iter().flat_map(|body| body.keys()) {
                    if fields.is_some_and(|fields| !fields.contains_key(key)) {
                        wrong.push(format!("{}: unknown field {key}", self.name));
                    }
                }
            }
            (Some(_), true) => wrong.push(format!("{}: takes no body", self.name)),
            (None, _) if self.operation["requestBody"]["required"] == true => {
                wrong.push(format!("{}: needs a body", self.name));
            }
            (None, _) => {}
        }
        wrong
    }

    /// What is wrong with an answer that the stand-in is about to give.
    pub(crate) fn complain_of_answer(&self, status: u16, body: &Value) -> Vec<String> {
        if status >= 300 {
            return Vec::new();
        }
        let name = format!("FAKE IS WRONG: {} {status}", self.name);
        let Some(answer) = self.operation["responses"].get(status.to_string()) else {
            return vec![format!("{name} is no status of this operation")];
        };
        match answer.pointer("/content/application~1json/schema") {
            Some(schema) => API.complain(&name, schema, body),
            None if body.is_null() => Vec::new(),
            None => vec![format!("{name} has no body")],
        }
    }
}

/// What is wrong with an event's payload; `name` as in `tests/github-api/webhooks.json`.
pub(crate) fn complain_of_event(name: &str, payload: &Value) -> Vec<String> {
    let description: &Description = &EVENTS;
    let schema = description.part.get(name).unwrap_or_else(|| panic!("no schema for the event {name}"));
    description.complain(name, schema, payload)
}
