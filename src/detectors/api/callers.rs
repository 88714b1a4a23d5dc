//! Who in this repository still calls an operation: other services whose code or query documents name it.
//!
//! Only what names prove: the client of a protobuf service with the method called on it, a query document with the
//! field at its root, an address that says it is an interface. The server's own code and generated code do not count.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use apollo_parser::Parser;
use apollo_parser::cst::{Definition, OperationDefinition, Selection};
use regex::Regex;

use super::super::Context;
use crate::change::{Content, RepoPath, Role};
use crate::finding::Evidence;
use crate::formats::contracts::{Format, graphql_is_schema};
use crate::formats::routes;

/// Files that are looked into, and up to which size each.
const MOST_FILES: usize = 8_000;
const MOST_BYTES: usize = 512 * 1024;
/// Operations that are looked for, and places that are shown for each.
pub(super) const MOST_WANTED: usize = 40;
const MOST_PLACES: usize = 3;

/// An operation that is looked for.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) format: Format,
    /// As in the contract's inventory: `POST /orders`, `Mutation.cancel`, `shop.v1.Cart.Add`.
    pub(super) operation: String,
    /// The contract.
    pub(super) contract: RepoPath,
}

/// Who still names an operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Callers {
    /// Titles of services, sorted.
    pub(super) titles: Vec<String>,
    /// Where, one place for each service.
    pub(super) places: Vec<Evidence>,
}

/// How an operation is named by those who call it.
enum Form {
    /// The client's name, the names of the server, and the ways to write the method.
    Rpc { clients: Vec<String>, servers: Vec<String>, methods: Vec<String> },
    /// A field at the root of a query.
    Field(String),
    /// A path in a text.
    Address(Regex, Vec<String>),
}

impl Form {
    fn of(wanted: &Wanted) -> Option<Form> {
        match wanted.format {
            Format::Protobuf => {
                let mut parts = wanted.operation.rsplit('.');
                let (method, service) = (parts.next()?, parts.next()?);
                let first = method.chars().next()?;
                let lower = format!("{}{}", first.to_lowercase(), &method[first.len_utf8()..]);
                let client = |suffix: &str| format!("{service}{suffix}");
                Some(Form::Rpc {
                    clients: ["Client", "Stub", "BlockingStub", "FutureStub", "Grpc"].map(client).to_vec(),
                    servers: ["Server", "Servicer", "ImplBase", "Base", "Handler", "Impl"]
                        .map(client)
                        .to_vec(),
                    methods: [method.to_owned(), lower, snake(method)]
                        .map(|name| format!(".{name}("))
                        .to_vec(),
                })
            }
            Format::GraphQl => {
                let (root, field) = wanted.operation.split_once('.')?;
                (!root.is_empty()).then(|| Form::Field(field.to_owned()))
            }
            Format::OpenApi => {
                let path = wanted.operation.split_once(' ')?.1;
                let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
                let says_so = parts.iter().any(|part| *part == "api" || is_version(part));
                let fixed = parts.iter().filter(|part| !part.starts_with('{')).count();
                if !says_so || fixed < 2 {
                    return None;
                }
                let part = |part: &&str| match part.starts_with('{') {
                    true => r#"[^/"'`\s?]+"#.to_owned(),
                    false => regex::escape(part),
                };
                let parts: Vec<String> = parts.iter().map(part).collect();
                let pattern = Regex::new(&format!(r#"/{}/?["'`?]"#, parts.join("/"))).ok()?;
                let route =
                    routes::Route { method: String::new(), path: path.to_owned(), line: 0, style: "" };
                Some(Form::Address(pattern, route.parts()))
            }
            _ => None,
        }
    }

    /// The line on which a file calls it.
    fn line_in(
        &self,
        path: &RepoPath,
        text: &str,
        fields: &mut Option<BTreeMap<String, u32>>,
    ) -> Option<u32> {
        let line_at = |at: usize| u32::try_from(text[..at].matches('\n').count() + 1).unwrap_or(u32::MAX);
        match self {
            Form::Rpc { clients, servers, methods } => {
                let names = |names: &[String]| names.iter().any(|name| text.contains(name.as_str()));
                if !names(clients) || names(servers) {
                    return None;
                }
                methods.iter().find_map(|method| text.find(method.as_str())).map(line_at)
            }
            Form::Field(field) => fields.get_or_insert_with(|| root_fields(path, text)).get(field).copied(),
            Form::Address(pattern, parts) => {
                let at = pattern.find(text)?.start();
                // Who answers the address does not call it.
                let answers = routes::read(path, text).iter().any(|route| route.parts().ends_with(parts));
                (!answers).then(|| line_at(at))
            }
        }
    }
}

fn is_version(part: &str) -> bool {
    part.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for (at, c) in name.char_indices() {
        if c.is_ascii_uppercase() && at > 0 {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// The fields at the root of each query of a document, or of the documents inside of code, with their lines.
fn root_fields(path: &RepoPath, text: &str) -> BTreeMap<String, u32> {
    static INSIDE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?s)(?:gql|graphql|/\* GraphQL \*/)\s*\(?\s*`([^`]*)`")
            .expect("the pattern is fixed and its tests run it")
    });
    let mut found = BTreeMap::new();
    let mut read = |document: &str, start: u32| {
        let tree = Parser::new(document).recursion_limit(100).token_limit(100_000).parse();
        for definition in tree.document().definitions() {
            let Definition::OperationDefinition(operation) = definition else { continue };
            for (name, at) in fields_of(&operation) {
                let lines = document.get(..at).unwrap_or_default().matches('\n').count();
                found.entry(name).or_insert(start + u32::try_from(lines).unwrap_or(0));
            }
        }
    };
    match path.extension().as_str() {
        "graphql" | "gql" => {
            if !graphql_is_schema(text) {
                read(text, 1);
            }
        }
        _ => {
            for inside in INSIDE.captures_iter(text).filter_map(|found| found.get(1)) {
                let start = text[..inside.start()].matches('\n').count() + 1;
                read(inside.as_str(), u32::try_from(start).unwrap_or(u32::MAX));
            }
        }
    }
    found
}

fn fields_of(operation: &OperationDefinition) -> Vec<(String, usize)> {
    use apollo_parser::cst::CstNode;
    let selections = operation.selection_set().into_iter().flat_map(|set| set.selections());
    let fields = selections.filter_map(|selection| match selection {
        Selection::Field(field) => {
            Some((field.name()?.text().to_string(), usize::from(field.syntax().text_range().start())))
        }
        _ => None,
    });
    fields.collect()
}

/// Looks for the callers of each operation in the tree after the change, by its position in `wanted`.
pub(super) fn find(cx: &Context<'_>, wanted: &[Wanted]) -> BTreeMap<usize, Callers> {
    let mut found: BTreeMap<usize, Callers> = BTreeMap::new();
    if cx.catalog.is_single() {
        return found;
    }
    let forms: Vec<(usize, Form, Option<&str>)> = wanted
        .iter()
        .take(MOST_WANTED)
        .enumerate()
        .filter_map(|(at, wanted)| {
            let own = cx.catalog.service_of(&wanted.contract).map(|service| service.name.as_str());
            Some((at, Form::of(wanted)?, own))
        })
        .collect();
    if forms.is_empty() {
        return found;
    }
    for path in cx.after.paths().iter().filter(|path| may_call(path)).take(MOST_FILES) {
        let Some(service) = cx.catalog.service_of(path) else { continue };
        if cx.roles.by_name(path) != Role::Source {
            continue;
        }
        let Some(Content::Text(text)) =
            cx.after.read(path).filter(|content| content.text().is_some_and(|text| text.len() <= MOST_BYTES))
        else {
            continue;
        };
        let mut fields = None;
        for (at, form, own) in &forms {
            if *own == Some(service.name.as_str()) {
                continue;
            }
            let Some(line) = form.line_in(path, &text, &mut fields) else { continue };
            let callers = found.entry(*at).or_default();
            if !callers.titles.contains(&service.title) {
                callers.titles.push(service.title.clone());
                callers.titles.sort();
                if callers.places.len() < MOST_PLACES {
                    callers.places.push(Evidence::after(path, Some(line)));
                }
            }
        }
    }
    found
}

/// Code of the languages that call others, and query documents.
fn may_call(path: &RepoPath) -> bool {
    let extension = path.extension();
    matches!(
        extension.as_str(),
        "go" | "py"
            | "js"
            | "mjs"
            | "cjs"
            | "ts"
            | "mts"
            | "cts"
            | "jsx"
            | "tsx"
            | "vue"
            | "svelte"
            | "java"
            | "kt"
            | "cs"
            | "rb"
            | "php"
            | "rs"
            | "ex"
            | "exs"
            | "dart"
            | "swift"
            | "scala"
            | "graphql"
            | "gql"
    ) && !["pb.go", "_pb2", "_grpc", "_pb.", ".pb."].iter().any(|made| path.file_name().contains(made))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_a_call_by_its_form() {
        let rpc = (Format::Protobuf, "shop.v1.CartService.EmptyCart");
        let field = (Format::GraphQl, "Mutation.orderCancel");
        let address = (Format::OpenApi, "POST /api/v1/orders/{id}/cancel");
        let cases = [
            (rpc, "a.go", "c := pb.NewCartServiceClient(conn)\nc.EmptyCart(ctx, r)", Some(2)),
            (rpc, "a.py", "stub = CartServiceStub(channel)\nstub.EmptyCart(r)", Some(2)),
            (rpc, "a.js", "new CartServiceClient(a).emptyCart(r)", Some(1)),
            (
                rpc,
                "a.go",
                "type s struct { pb.UnimplementedCartServiceServer }\nNewCartServiceClient\ns.EmptyCart(x)",
                None,
            ),
            (rpc, "a.go", "c := pb.NewShopServiceClient(conn)\nc.EmptyCart(ctx, r)", None),
            (rpc, "a.go", "c := pb.NewCartServiceClient(conn)\nc.AddItem(ctx, r)", None),
            (field, "a.graphql", "mutation Cancel($id: ID!) {\n  orderCancel(id: $id) { id }\n}", Some(2)),
            (field, "a.graphql", "type Mutation { orderCancel(id: ID!): Order }", None),
            (field, "a.ts", "const q = gql`\n  mutation { alias: orderCancel(id: 1) { id } }\n`;", Some(2)),
            (field, "a.ts", "const q = gql`query { orders { orderCancel } }`; orderCancel();", None),
            (address, "a.ts", "await post(`/api/v1/orders/${id}/cancel`, {})", Some(1)),
            (address, "a.py", "url = base + '/api/v1/orders/{}/cancel'", Some(1)),
            (address, "a.ts", "await post(`/api/v1/orders/${id}/cancelled`)", None),
            (address, "a.ts", "router.post('/api/v1/orders/:id/cancel', cancel)", None),
        ];
        for ((format, operation), path, text, expected) in cases {
            let wanted =
                Wanted { format, operation: operation.to_owned(), contract: RepoPath::new("contract") };
            let form = Form::of(&wanted).unwrap();
            assert_eq!(form.line_in(&RepoPath::new(path), text, &mut None), expected, "{text}");
        }
    }

    #[test]
    fn a_path_that_a_page_may_share_proves_nothing() {
        let wanted = Wanted {
            format: Format::OpenApi,
            operation: "GET /orders/{id}".to_owned(),
            contract: RepoPath::new("contract"),
        };
        assert!(Form::of(&wanted).is_none());
    }
}
