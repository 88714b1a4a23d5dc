//! OpenAPI 3.x and Swagger 2, read as untyped trees, because real files break every typed reader.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::json_schema::Shapes;
use super::tree::{At, Documents};
use super::{Direction, Document, Element, Format, Load, Login, What, is_experimental};
use crate::change::RepoPath;
use crate::formats::Unreadable;

const METHODS: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];

/// Reads a description and all that it refers to.
pub(super) fn read(path: &RepoPath, text: &str, load: Load<'_>) -> Result<Document, Unreadable> {
    let documents = Documents::load(path, text, load)?;
    let root = documents.root();
    if !root.value.is_object() {
        return Err(Unreadable::broken("expected a map at the root"));
    }
    let mut reader = Reader { documents: &documents, shapes: Shapes::new(&documents), root: root.clone() };
    let mut document = Document::new(Format::OpenApi, path);
    let base = base_of(&root);
    for (list, prefix) in [("paths", ""), ("webhooks", "webhook "), ("x-webhooks", "webhook ")] {
        for (name, item) in root.get(list).map(|list| list.each()).unwrap_or_default() {
            for (method, operation) in reader.methods(&item) {
                let name = format!("{prefix}{} {name}", method.to_uppercase());
                let mut element = reader.operation(&item, &operation, name.clone(), !prefix.is_empty());
                // The part of the address that all have in common may be said here or there.
                if let (Some((method, path)), false) = (name.split_once(' '), base.is_empty()) {
                    element.aliases.insert(key_of(&format!("{method} {base}{path}")));
                }
                document.definitions.insert(key_of(&name), element);
            }
        }
    }
    if document.definitions.is_empty() {
        let shapes = ["components/schemas", "definitions"]
            .iter()
            .find_map(|keys| keys.split('/').try_fold(root.clone(), |at, key| at.get(key)));
        for (name, schema) in shapes.map(|shapes| shapes.each()).unwrap_or_default() {
            let mut element = reader.shapes.element(&schema, What::Type, &name);
            element.direction = Some(Direction::Both);
            document.definitions.insert(name, element);
        }
    }
    for (name, scheme) in reader.schemes() {
        let mut element = Element::new(What::Login, &name, scheme.path, scheme.spot());
        element.rules.insert("type", (kind_of_login(&scheme), Some(true)));
        document.definitions.insert(format!("login {name}"), element);
    }
    document.types = reader.shapes.finish()?;
    Ok(document)
}

/// Whether the whole description is by its file's name one of what may still change.
fn is_preview(path: &RepoPath) -> bool {
    let name = path.file_name().to_ascii_lowercase();
    is_experimental(&name) || name.split(['.', '_', '-']).any(|word| word == "preview")
}

/// The path of the first server, without a slash at its end.
fn base_of(root: &At<'_>) -> String {
    let servers = root.get("servers").map(|servers| servers.each()).unwrap_or_default();
    let url = servers.first().and_then(|(_, server)| server.text("url"));
    let url = url.or_else(|| root.text("basePath")).unwrap_or_default();
    let path = match url.split_once("//") {
        Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]),
        None => url,
    };
    path.trim_end_matches('/').to_owned()
}

/// The names of path parameters are free to change.
fn key_of(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    let mut inside = false;
    for c in name.chars() {
        inside = (inside || c == '{') && c != '}';
        if !inside || c == '{' {
            key.push(c);
        }
    }
    if key.ends_with('/') && !key.ends_with(" /") {
        key.pop();
    }
    key
}

/// What of a scheme must stay the same for those who log in by it.
fn kind_of_login(scheme: &At<'_>) -> String {
    let say = |key: &str| scheme.text(key).unwrap_or_default().to_ascii_lowercase();
    let parts = [say("type"), say("scheme"), say("in"), scheme.text("name").unwrap_or_default().to_owned()];
    let mut parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.extend(scheme.text("openIdConnectUrl").map(str::to_owned));
    // Apps hold the addresses at which they ask for access.
    for (name, flow) in scheme.get("flows").map(|flows| flows.each()).unwrap_or_default() {
        parts.push(name);
        let addresses = ["authorizationUrl", "tokenUrl", "refreshUrl"];
        parts.extend(addresses.iter().filter_map(|key| flow.text(key)).map(str::to_owned));
    }
    parts.join(" ")
}

struct Reader<'a> {
    documents: &'a Documents,
    shapes: Shapes<'a>,
    root: At<'a>,
}

impl<'a> Reader<'a> {
    fn follow(&self, at: At<'a>) -> Option<At<'a>> {
        self.documents.follow(at)
    }

    /// The operations of one path.
    fn methods(&self, item: &At<'a>) -> Vec<(String, At<'a>)> {
        let Some(item) = self.follow(item.clone()) else { return Vec::new() };
        let direct = METHODS.iter().filter_map(|method| Some(((*method).to_owned(), item.get(method)?)));
        let more = item.get("additionalOperations").map(|more| more.each()).unwrap_or_default();
        // Split descriptions keep an operation in a file of its own.
        let followed = direct.chain(more).filter_map(|(name, at)| Some((name, self.follow(at)?)));
        followed.filter(|(_, operation)| operation.value.is_object()).collect()
    }

    fn schemes(&self) -> Vec<(String, At<'a>)> {
        let schemes = self.root.get("components").and_then(|components| components.get("securitySchemes"));
        let schemes = schemes.or_else(|| self.root.get("securityDefinitions"));
        let each = schemes.map(|schemes| schemes.each()).unwrap_or_default();
        each.into_iter().filter_map(|(name, scheme)| Some((name, self.follow(scheme)?))).collect()
    }

    fn operation(&mut self, item: &At<'a>, operation: &At<'a>, name: String, webhook: bool) -> Element {
        let mut element = Element::new(What::Operation, &name, operation.path, operation.spot());
        // A webhook is called by this system: its request is what others receive.
        let (request, response) = match webhook {
            false => (Direction::Request, Direction::Response),
            true => (Direction::Response, Direction::Request),
        };
        let level = operation.text("x-stability-level").unwrap_or_default();
        element.experimental = is_experimental(&name)
            || is_preview(self.root.path)
            || ["draft", "alpha", "beta", "experimental"].contains(&level)
            || operation.is("x-beta");
        if operation.is("deprecated") {
            let advice = ["x-deprecated", "x-deprecation-message", "x-deprecated-reason"]
                .iter()
                .find_map(|key| operation.text(key));
            element.deprecated = Some(advice.unwrap_or_default().to_owned());
        }
        element.logins = Some(self.logins(operation));
        let item = self.follow(item.clone()).unwrap_or_else(|| item.clone());
        // The operation's own parameters replace those of its path.
        for at in [&item, operation] {
            for (_, parameter) in at.get("parameters").map(|list| list.each()).unwrap_or_default() {
                if let Some(parameter) = self.follow(parameter) {
                    let (key, mut part) = self.parameter(&parameter, &name, operation);
                    part.direction = Some(request);
                    element.parts.insert(key, part);
                }
            }
        }
        if let Some(body) = operation.get("requestBody").and_then(|body| self.follow(body)) {
            let mut part = Element::new(What::Body, "", body.path, body.spot());
            part.required = body.is("required");
            part.direction = Some(request);
            self.content(&body, &mut part);
            element.parts.insert("body".to_owned(), part);
        }
        for (status, reply) in operation.get("responses").map(|list| list.each()).unwrap_or_default() {
            if status.starts_with("x-") {
                continue;
            }
            if let Some(reply) = self.follow(reply) {
                let mut part = Element::new(What::Response, &status, reply.path, reply.spot());
                part.direction = Some(response);
                self.content(&reply, &mut part);
                if let Some(schema) = reply.get("schema") {
                    for media in self.media("produces", operation) {
                        let body = self.shapes.element(&schema, What::Body, &media);
                        part.parts.insert(format!("as {media}"), body);
                    }
                }
                for (name, header) in reply.get("headers").map(|list| list.each()).unwrap_or_default() {
                    if let Some(header) = self.follow(header) {
                        let mut of_header = self.valued(&header, What::Header, &name);
                        of_header.required = header.is("required");
                        part.parts.insert(format!("header {}", name.to_ascii_lowercase()), of_header);
                    }
                }
                element.parts.insert(format!("reply {}", status.to_uppercase()), part);
            }
        }
        element
    }

    /// The media types of a body or reply.
    fn content(&mut self, at: &At<'a>, element: &mut Element) {
        for (media, content) in at.get("content").map(|content| content.each()).unwrap_or_default() {
            let part = match content.get("schema") {
                Some(schema) => self.shapes.element(&schema, What::Body, &media),
                None => Element::new(What::Body, &media, content.path, content.spot()),
            };
            element.parts.insert(format!("as {}", media.to_ascii_lowercase()), part);
        }
    }

    fn media(&self, key: &str, operation: &At<'a>) -> Vec<String> {
        let list = operation.value.get(key).or_else(|| self.root.value.get(key)).and_then(Value::as_array);
        let list: Vec<String> =
            list.into_iter().flatten().filter_map(|media| media.as_str().map(str::to_lowercase)).collect();
        if list.is_empty() { vec!["application/json".to_owned()] } else { list }
    }

    /// A parameter or header: its schema stands below it, or, in version 2, in it.
    fn valued(&mut self, at: &At<'a>, what: What, name: &str) -> Element {
        let content =
            || at.get("content").and_then(|content| content.each().into_iter().next()?.1.get("schema"));
        let schema = at.get("schema").or_else(content);
        let mut element = self.shapes.element(schema.as_ref().unwrap_or(at), what, name);
        element.place = super::Place { path: at.path.clone(), spot: at.spot() };
        element.deprecated = at.is("deprecated").then(String::new);
        // How several values are written into one.
        let of_query = matches!(at.text("in"), Some("query" | "cookie"));
        let style = at.text("style").unwrap_or(if of_query { "form" } else { "simple" });
        let explode = at.value.get("explode").and_then(Value::as_bool).unwrap_or(style == "form");
        let style = if explode { format!("{style}, exploded") } else { style.to_owned() };
        element.rules.insert("style", (style, Some(true)));
        element
    }

    fn parameter(&mut self, at: &At<'a>, operation: &str, below: &At<'a>) -> (String, Element) {
        let (place, name) = (at.text("in").unwrap_or_default(), at.text("name").unwrap_or_default());
        if place == "body" {
            let mut body = Element::new(What::Body, "", at.path, at.spot());
            body.required = at.is("required");
            for media in self.media("consumes", below) {
                if let Some(schema) = at.get("schema") {
                    let part = self.shapes.element(&schema, What::Body, &media);
                    body.parts.insert(format!("as {media}"), part);
                }
            }
            return ("body".to_owned(), body);
        }
        let mut part = self.valued(at, What::Input, name);
        part.required = at.is("required") || place == "path";
        let empty = at.is("allowEmptyValue");
        part.rules.insert("allowEmptyValue", (empty.to_string(), Some(!empty)));
        // Path parameters are matched by position: their names never travel.
        let key = match place {
            "path" => {
                let at = operation.find(&format!("{{{name}}}"));
                let before = at.map_or(0, |at| operation[..at].matches('{').count());
                format!("path {before}")
            }
            "header" => format!("header {}", name.to_ascii_lowercase()),
            _ => format!("{place} {name}"),
        };
        (key, part)
    }

    /// The ways in: of the operation, else of the whole description.
    fn logins(&self, operation: &At<'a>) -> Vec<Login> {
        let list = operation.value.get("security").or_else(|| self.root.value.get("security"));
        let scopes = |value: &Value| -> BTreeSet<String> {
            value
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|scope| scope.as_str().map(str::to_owned))
                .collect()
        };
        let one = |login: &Value| -> Login {
            let kinds = login.as_object().into_iter().flatten();
            kinds.map(|(kind, value)| (kind.clone(), scopes(value))).collect::<BTreeMap<_, _>>()
        };
        list.and_then(Value::as_array).into_iter().flatten().map(one).collect()
    }
}
