//! Readers of contracts: what other software may ask this system to do. Each format is read into the same inventory,
//! and one difference compares two of them.
//!
//! An inventory is a tree of [`Element`]s: operations and named types at the top, below them inputs, fields, values.
//! A type that is used by reference stands once in [`Document::types`]; the difference follows references in pairs,
//! so that renaming, inlining or moving a schema is no change as long as what travels stays the same.

mod asyncapi;
mod avro;
mod difference;
mod fit;
mod graphql;
mod introspection;
mod json_schema;
mod openapi;
mod protobuf;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::change::RepoPath;
use crate::formats::Unreadable;

pub use fit::refused;
pub use graphql::recognise as graphql_is_schema;
pub use tree::{Lines, described};

pub use difference::{AccessDifference, Difference, Differences, compare};

/// Which language a contract is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// OpenAPI 3, and Swagger 2 before it.
    OpenApi,
    /// A GraphQL schema.
    GraphQl,
    /// Protocol buffers.
    Protobuf,
    /// AsyncAPI 2 and 3.
    AsyncApi,
    /// Avro records.
    Avro,
    /// A JSON Schema that stands for itself.
    JsonSchema,
}

impl Format {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Format::OpenApi => "openapi",
            Format::GraphQl => "graphql",
            Format::Protobuf => "protobuf",
            Format::AsyncApi => "asyncapi",
            Format::Avro => "avro",
            Format::JsonSchema => "json_schema",
        }
    }
}

/// What an element of a contract is, in the words of reports and templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each name says it")]
pub enum What {
    Operation,
    Type,
    /// A parameter, an argument, a field of an input.
    Input,
    /// A request's or a response's content as a whole.
    Body,
    Field,
    /// One of a closed list of values.
    Value,
    /// One of several shapes that are accepted.
    Kind,
    Response,
    Header,
    /// A shape that a type promises to have.
    Interface,
    /// Something that may stand in the contract or a query itself.
    Directive,
    /// The items of a list.
    Items,
    Service,
    /// A number or name that must not be used again.
    Reserved,
    /// The kind of login that is asked for.
    Login,
}

impl What {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            What::Operation => "operation",
            What::Type => "type",
            What::Input => "input",
            What::Body => "body",
            What::Field => "field",
            What::Value => "value",
            What::Kind => "kind",
            What::Response => "response",
            What::Header => "header",
            What::Interface => "interface",
            What::Directive => "directive",
            What::Items => "items",
            What::Service => "service",
            What::Reserved => "reserved",
            What::Login => "login",
        }
    }
}

/// Who sends what an element describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// Callers send it.
    Request,
    /// This system sends it.
    Response,
    /// Both do.
    Both,
}

impl Direction {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Direction::Request => "request",
            Direction::Response => "response",
            Direction::Both => "both",
        }
    }
}

/// Where an element stands in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spot {
    /// On a line, from 1.
    Line(u32),
    /// Below these keys of a tree; the line is searched for only when it is needed.
    Keys(Arc<str>),
}

/// A place of one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: RepoPath,
    /// Where in it.
    pub spot: Spot,
}

/// A limit on values, and in which direction it binds.
#[derive(Clone, Debug, PartialEq)]
pub enum Limit {
    /// At most.
    Most(f64),
    /// Less than.
    Below(f64),
    /// At least.
    Least(f64),
    /// More than.
    Above(f64),
    /// A pattern or another rule, as written.
    Rule(String),
}

impl Limit {
    /// Whether this one lets less through than the other; `None` where they cannot be compared.
    fn is_tighter_than(&self, other: &Limit) -> Option<bool> {
        use Limit::{Above, Below, Least, Most};
        // A limit that shuts out its own number is a little tighter than one that does not.
        let bound = |limit: &Limit| match limit {
            Most(number) => Some((true, -number, 0)),
            Below(number) => Some((true, -number, 1)),
            Least(number) => Some((false, *number, 0)),
            Above(number) => Some((false, *number, 1)),
            Limit::Rule(_) => None,
        };
        let (one, other) = (bound(self)?, bound(other)?);
        (one.0 == other.0).then(|| (one.1, one.2) > (other.1, other.2))
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Limit::Most(number) | Limit::Below(number) | Limit::Least(number) | Limit::Above(number) => {
                number.fmt(f)
            }
            Limit::Rule(text) => text.fmt(f),
        }
    }
}

/// One way to be let in: the kinds of login that are asked for together, each with its scopes.
pub type Login = BTreeMap<String, BTreeSet<String>>;

/// One element of a contract.
#[derive(Clone, Debug)]
pub struct Element {
    /// What it is.
    pub what: What,
    /// Its name as written; empty where it has none of its own, such as the items of a list.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// Who sends it, where this is not said by what it belongs to.
    pub direction: Option<Direction>,
    /// Its type as the format writes it; empty where it has none.
    pub type_: String,
    /// The key of a type of the same document, for types by reference.
    pub target: Option<String>,
    /// Whether its type is the name of a reference that leads nowhere.
    pub dangling: bool,
    /// Whether it may be null.
    pub nullable: bool,
    /// Whether it must be there.
    pub required: bool,
    /// The value it starts with.
    pub default: Option<String>,
    /// Limits by name.
    pub limits: BTreeMap<String, Limit>,
    /// Rules that must stay the same, by name, and whether a change breaks callers.
    pub rules: BTreeMap<&'static str, (String, Option<bool>)>,
    /// Whether nothing but the named parts is accepted.
    pub closed: bool,
    /// Only ever sent by this system.
    pub read_only: bool,
    /// Only ever sent by callers.
    pub write_only: bool,
    /// Marked for removal, with the author's advice, which may be empty.
    pub deprecated: Option<String>,
    /// The ways to be let in; none needed where the list is empty, not said where it is `None`.
    pub logins: Option<Vec<Login>>,
    /// What its own name, or what it belongs to, says about being an experiment.
    pub experimental: bool,
    /// Other names under which it is still known.
    pub aliases: BTreeSet<String>,
    /// What it consists of, by the key under which it stays the same.
    pub parts: BTreeMap<String, Element>,
}

impl Element {
    /// An element about which no more is known.
    pub fn new(what: What, name: impl Into<String>, path: &RepoPath, spot: Spot) -> Self {
        Self {
            what,
            name: name.into(),
            place: Place { path: path.clone(), spot },
            direction: None,
            type_: String::new(),
            target: None,
            dangling: false,
            nullable: false,
            required: false,
            default: None,
            limits: BTreeMap::new(),
            rules: BTreeMap::new(),
            closed: false,
            read_only: false,
            write_only: false,
            deprecated: None,
            logins: None,
            experimental: false,
            aliases: BTreeSet::new(),
            parts: BTreeMap::new(),
        }
    }
}

/// One file that describes a contract.
#[derive(Clone, Debug)]
pub struct Document {
    /// The format.
    pub format: Format,
    /// The file.
    pub path: RepoPath,
    /// What its names belong to, where the format has packages.
    pub package: String,
    /// Operations and, where the format compares types by name, types. By a key that survives a move to another file.
    pub definitions: BTreeMap<String, Element>,
    /// Types that are used by reference, where the format compares types by shape.
    pub types: BTreeMap<String, Element>,
}

impl Document {
    fn new(format: Format, path: &RepoPath) -> Self {
        Self {
            format,
            path: path.clone(),
            package: String::new(),
            definitions: BTreeMap::new(),
            types: BTreeMap::new(),
        }
    }
}

/// Reads another file of the same side, for references across files.
pub type Load<'a> = &'a dyn Fn(&RepoPath) -> Option<Arc<str>>;

/// The largest text that is read as a contract.
pub const MOST_BYTES: usize = 24 * 1024 * 1024;

/// Whether the text is a contract, and of which format. Looks at names first, at content to decide.
pub fn recognise(path: &RepoPath, text: &str) -> Option<Format> {
    if is_of_others(path) {
        return None;
    }
    match path.extension().as_str() {
        "proto" => protobuf::recognise(text).then_some(Format::Protobuf),
        "graphql" | "graphqls" | "gql" | "sdl" => graphql::recognise(text).then_some(Format::GraphQl),
        "avsc" => Some(Format::Avro),
        "json" | "yaml" | "yml" => tree::recognise(path, text),
        "go" if path.file_name().ends_with("docs.go") => tree::recognise(path, text),
        _ => None,
    }
}

/// Folders of examples, test data and copies of other people's contracts.
fn is_of_others(path: &RepoPath) -> bool {
    const FOLDERS: &[&str] = &[
        "__fixtures__",
        "__mocks__",
        "__tests__",
        "fixture",
        "fixtures",
        "mock",
        "mocks",
        "node_modules",
        "spec",
        "test",
        "testdata",
        "tests",
        "third-party",
        "third_party",
        "thirdparty",
        "vendor",
        "vendored",
    ];
    let lower = path.as_str().to_ascii_lowercase();
    // Well-known definitions that projects copy beside their own.
    let copied =
        ["google/protobuf/", "google/api/", "google/rpc/", "google/type/", "buf/validate/", "envoy/"];
    path.folders().any(|folder| {
        let folder = folder.to_ascii_lowercase();
        // `spec` holds Ruby's tests, and in other projects the contract itself.
        FOLDERS.contains(&folder.as_str()) && (folder != "spec" || lower.ends_with("_spec.rb"))
    }) || (lower.ends_with(".proto") && copied.iter().any(|part| lower.contains(part)))
}

/// Reads one file. `load` gives other files of the same side.
pub fn read(format: Format, path: &RepoPath, text: &str, load: Load<'_>) -> Result<Document, Unreadable> {
    if text.len() > MOST_BYTES {
        return Err(Unreadable { reason: "too_large".to_owned() });
    }
    match format {
        Format::OpenApi => openapi::read(path, text, load),
        Format::AsyncApi => asyncapi::read(path, text, load),
        Format::JsonSchema => json_schema::read(path, text, load),
        Format::Avro => avro::read(path, text),
        Format::GraphQl if path.extension() == "json" => introspection::read(path, text),
        Format::GraphQl => graphql::read(path, text),
        Format::Protobuf => protobuf::read(path, text),
    }
}

/// Whether a name says that nothing is promised yet: `v1alpha1`, `v2beta`, `experimental`.
pub fn is_experimental(name: &str) -> bool {
    name.split(['.', '/', '_', '-', ' ']).any(|part| {
        let part = part.to_ascii_lowercase();
        let Some(rest) = part.strip_prefix('v') else {
            return ["alpha", "beta", "experimental", "unstable"].contains(&part.as_str());
        };
        let word = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        word.len() < rest.len() && ["alpha", "beta", "test"].iter().any(|stage| word.starts_with(stage))
    })
}
