//! GraphQL schemas in their own language. Queries and fragments are no contract.

use std::collections::{BTreeMap, BTreeSet};

use apollo_parser::Parser;
use apollo_parser::cst::{self, CstNode, Definition};

use super::{Direction, Document, Element, Format, Login, Spot, What};
use crate::change::RepoPath;
use crate::formats::Unreadable;

/// Whether a text defines types: one of the words stands outside of braces and descriptions. A query's own words may
/// be named the same, but only inside of it.
pub fn recognise(text: &str) -> bool {
    const WORDS: &[&str] =
        &["type", "interface", "input", "enum", "union", "scalar", "schema", "directive", "extend"];
    let (mut quoted, mut depth) = (false, 0i32);
    for line in text.lines() {
        let (outside, line) = (!quoted && depth <= 0, line.trim_start());
        let first = line.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
        let rest = line[first.len()..].trim_start();
        let named = rest.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '@'));
        if outside && WORDS.contains(&first) && (named || (first == "schema" && rest.starts_with('{'))) {
            return true;
        }
        for (at, piece) in line.split("\"\"\"").enumerate() {
            quoted ^= at > 0;
            if !quoted && !piece.trim_start().starts_with(['#', '"']) {
                let count = |brace| i32::try_from(piece.matches(brace).count()).unwrap_or(i32::MAX / 2);
                depth = depth.saturating_add(count('{') + count('(')).saturating_sub(count('}') + count(')'));
            }
        }
    }
    false
}

/// Which types hold the operations.
pub(super) struct Roots {
    pub(super) query: String,
    pub(super) mutation: String,
    pub(super) subscription: String,
}

impl Default for Roots {
    fn default() -> Self {
        Self { query: "Query".into(), mutation: "Mutation".into(), subscription: "Subscription".into() }
    }
}

impl Roots {
    fn has(&self, name: &str) -> bool {
        [&self.query, &self.mutation, &self.subscription].iter().any(|root| *root == name)
    }
}

/// Files a type: the fields of a root type are operations, all else is a type, to which extensions add.
pub(super) fn file(document: &mut Document, roots: &Roots, mut element: Element) {
    if roots.has(&element.name) {
        for (_, mut part) in std::mem::take(&mut element.parts) {
            if part.what == What::Field {
                part.what = What::Operation;
                part.name = format!("{}.{}", element.name, part.name);
                // What is asked of the type is asked of each of its fields.
                if let (Some(of_type), Some(own)) = (&element.logins, &mut part.logins)
                    && own.is_empty()
                {
                    own.clone_from(of_type);
                }
                document.definitions.insert(part.name.clone(), part);
            }
        }
        return;
    }
    match document.definitions.get_mut(&element.name) {
        Some(known) => known.parts.extend(element.parts),
        None => {
            document.definitions.insert(element.name.clone(), element);
        }
    }
}

/// Reads a schema, or a part of one.
pub(super) fn read(path: &RepoPath, text: &str) -> Result<Document, Unreadable> {
    let tree = Parser::new(text).recursion_limit(200).token_limit(4_000_000).parse();
    let reader = Reader { path, starts: line_starts(text) };
    let mut document = Document::new(Format::GraphQl, path);
    let definitions: Vec<Definition> = tree.document().definitions().collect();
    if let Some(error) = tree.errors().next() {
        let line = reader.line_of(error.index());
        return Err(Unreadable::broken(format!("{} at line {line}", error.message())));
    }
    let mut roots = Roots::default();
    for definition in &definitions {
        let declared = match definition {
            Definition::SchemaDefinition(schema) => schema.root_operation_type_definitions(),
            Definition::SchemaExtension(schema) => schema.root_operation_type_definitions(),
            _ => continue,
        };
        let mut schema = reader.at(What::Service, "schema", definition.syntax());
        for root in declared {
            let (Some(kind), Some(name)) =
                (root.operation_type(), root.named_type().and_then(|name| name.name()))
            else {
                continue;
            };
            let name = name.text().to_string();
            let rule = if kind.query_token().is_some() {
                roots.query.clone_from(&name);
                "query"
            } else if kind.mutation_token().is_some() {
                roots.mutation.clone_from(&name);
                "mutation"
            } else {
                roots.subscription.clone_from(&name);
                "subscription"
            };
            schema.rules.insert(rule, (name, Some(true)));
        }
        document.definitions.insert("schema".to_owned(), schema);
    }
    for definition in &definitions {
        if let Some(element) = reader.definition(definition) {
            file(&mut document, &roots, element);
        }
    }
    direct_lists_of_values(&mut document);
    Ok(document)
}

/// Tells which lists of values callers only send, and which they only read. Known where the file holds the operations
/// and every type that it names: a list in a part of a schema may be read through another part.
pub(super) fn direct_lists_of_values(document: &mut Document) {
    fn collect(element: &Element, sent: &mut BTreeSet<String>, read: &mut BTreeSet<String>) {
        let name = element.type_.trim_matches(['[', ']', '!']).to_owned();
        match element.what {
            What::Input => sent.insert(name),
            What::Field | What::Operation => read.insert(name),
            _ => false,
        };
        element.parts.values().for_each(|part| collect(part, sent, read));
    }
    let (mut sent, mut read) = (BTreeSet::new(), BTreeSet::new());
    document.definitions.values().for_each(|element| collect(element, &mut sent, &mut read));
    let known = |name: &String| {
        ["Int", "Float", "String", "Boolean", "ID"].contains(&name.as_str())
            || document.definitions.contains_key(name)
    };
    let has_operations = document.definitions.values().any(|element| element.what == What::Operation);
    if !has_operations || !sent.iter().chain(&read).all(known) {
        return;
    }
    for (name, element) in &mut document.definitions {
        if element.type_ == "enum" {
            element.direction = Some(match (sent.contains(name), read.contains(name)) {
                (true, false) => Direction::Request,
                (false, true) => Direction::Response,
                _ => Direction::Both,
            });
        }
    }
}

fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

struct Reader<'a> {
    path: &'a RepoPath,
    starts: Vec<usize>,
}

impl Reader<'_> {
    fn line_of(&self, offset: usize) -> u32 {
        u32::try_from(self.starts.partition_point(|start| *start <= offset)).unwrap_or(u32::MAX)
    }

    fn at(&self, what: What, name: &str, node: &apollo_parser::SyntaxNode) -> Element {
        // A description belongs to the node, its name is what a reader looks for.
        let offset = node
            .children()
            .find(|child| cst::Name::can_cast(child.kind()))
            .map_or_else(|| node.text_range(), |name| name.text_range());
        Element::new(what, name, self.path, Spot::Line(self.line_of(offset.start().into())))
    }

    fn named(
        &self,
        what: What,
        kind: &str,
        direction: Direction,
        name: Option<cst::Name>,
        node: &apollo_parser::SyntaxNode,
        directives: Option<cst::Directives>,
    ) -> Option<Element> {
        let mut element = self.at(what, &name?.text(), node);
        element.type_ = kind.to_owned();
        element.direction = Some(direction);
        self.directives(&mut element, directives);
        Some(element)
    }

    fn definition(&self, definition: &Definition) -> Option<Element> {
        use Direction::{Both, Request, Response};
        let node = definition.syntax();
        let type_ = |kind, direction, name, directives| {
            self.named(What::Type, kind, direction, name, node, directives)
        };
        let element = match definition {
            Definition::ObjectTypeDefinition(of) => self.fields(
                type_("object", Response, of.name(), of.directives())?,
                of.fields_definition(),
                of.implements_interfaces(),
            ),
            Definition::ObjectTypeExtension(of) => self.fields(
                type_("object", Response, of.name(), of.directives())?,
                of.fields_definition(),
                of.implements_interfaces(),
            ),
            Definition::InterfaceTypeDefinition(of) => self.fields(
                type_("interface", Response, of.name(), of.directives())?,
                of.fields_definition(),
                of.implements_interfaces(),
            ),
            Definition::InterfaceTypeExtension(of) => self.fields(
                type_("interface", Response, of.name(), of.directives())?,
                of.fields_definition(),
                of.implements_interfaces(),
            ),
            Definition::InputObjectTypeDefinition(of) => self.inputs(
                type_("input", Request, of.name(), of.directives())?,
                of.input_fields_definition().map(|fields| fields.input_value_definitions().collect()),
            ),
            Definition::InputObjectTypeExtension(of) => self.inputs(
                type_("input", Request, of.name(), of.directives())?,
                of.input_fields_definition().map(|fields| fields.input_value_definitions().collect()),
            ),
            Definition::EnumTypeDefinition(of) => {
                self.values(type_("enum", Both, of.name(), of.directives())?, of.enum_values_definition())
            }
            Definition::EnumTypeExtension(of) => {
                self.values(type_("enum", Both, of.name(), of.directives())?, of.enum_values_definition())
            }
            Definition::UnionTypeDefinition(of) => {
                self.members(type_("union", Response, of.name(), of.directives())?, of.union_member_types())
            }
            Definition::UnionTypeExtension(of) => {
                self.members(type_("union", Response, of.name(), of.directives())?, of.union_member_types())
            }
            Definition::ScalarTypeDefinition(of) => type_("scalar", Both, of.name(), of.directives())?,
            Definition::DirectiveDefinition(of) => {
                let mut element = self.at(What::Directive, &format!("@{}", of.name()?.text()), node);
                element.direction = Some(Request);
                let once = of.repeatable_token().is_none();
                element
                    .rules
                    .insert("repeatable", ((!once).to_string(), if once { None } else { Some(false) }));
                element = self.inputs(
                    element,
                    of.arguments_definition().map(|list| list.input_value_definitions().collect()),
                );
                for location in
                    of.directive_locations().into_iter().flat_map(|list| list.directive_locations())
                {
                    let node = location.syntax().clone();
                    let name = location.text().map(|text| text.to_string()).unwrap_or_default();
                    element
                        .parts
                        .insert(format!("on {name}"), self.at(What::Directive, &format!("on {name}"), &node));
                }
                element
            }
            _ => return None,
        };
        Some(element)
    }

    fn fields(
        &self,
        mut element: Element,
        fields: Option<cst::FieldsDefinition>,
        interfaces: Option<cst::ImplementsInterfaces>,
    ) -> Element {
        for field in fields.into_iter().flat_map(|fields| fields.field_definitions()) {
            let type_ = field.ty().map(|type_| written(&type_)).unwrap_or_default();
            let Some(part) = self.named(
                What::Field,
                &type_,
                Direction::Response,
                field.name(),
                field.syntax(),
                field.directives(),
            ) else {
                continue;
            };
            let part = self.inputs(
                part,
                field.arguments_definition().map(|list| list.input_value_definitions().collect()),
            );
            element.parts.insert(part.name.clone(), part);
        }
        for interface in interfaces.into_iter().flat_map(|list| list.named_types()) {
            self.member(&mut element, What::Interface, &interface);
        }
        element
    }

    fn inputs(&self, mut element: Element, inputs: Option<Vec<cst::InputValueDefinition>>) -> Element {
        for input in inputs.into_iter().flatten() {
            let type_ = input.ty().map(|type_| written(&type_)).unwrap_or_default();
            let Some(mut part) = self.named(
                What::Input,
                &type_,
                Direction::Request,
                input.name(),
                input.syntax(),
                input.directives(),
            ) else {
                continue;
            };
            part.required = type_.ends_with('!');
            part.default = input
                .default_value()
                .and_then(|default| default.value())
                .map(|value| compact(value.syntax()));
            // A field and its inputs may share a name, so inputs of a type's field never meet fields.
            element.parts.insert(part.name.clone(), part);
        }
        element
    }

    fn values(&self, mut element: Element, values: Option<cst::EnumValuesDefinition>) -> Element {
        for value in values.into_iter().flat_map(|values| values.enum_value_definitions()) {
            let Some(name) = value.enum_value().and_then(|value| value.name()) else { continue };
            let mut part = self.at(What::Value, &name.text(), value.syntax());
            part.place.spot = Spot::Line(self.line_of(name.syntax().text_range().start().into()));
            self.directives(&mut part, value.directives());
            element.parts.insert(part.name.clone(), part);
        }
        element
    }

    fn members(&self, mut element: Element, members: Option<cst::UnionMemberTypes>) -> Element {
        for member in members.into_iter().flat_map(|list| list.named_types()) {
            self.member(&mut element, What::Kind, &member);
        }
        element
    }

    fn member(&self, element: &mut Element, what: What, member: &cst::NamedType) {
        if let Some(name) = member.name() {
            let part = self.at(what, &name.text(), member.syntax());
            element.parts.insert(format!("{} {}", what.name(), part.name), part);
        }
    }

    /// Two kinds of directives are facts for callers: what is marked for removal, and who is let in.
    fn directives(&self, element: &mut Element, directives: Option<cst::Directives>) {
        let mut logins = Login::new();
        for directive in directives.into_iter().flat_map(|list| list.directives()) {
            let Some(name) = directive.name().map(|name| name.text().to_string()) else { continue };
            if name == "deprecated" {
                // Without a reason the author gave no advice, whatever the language puts in its place.
                element.deprecated = Some(reason_of(&directive).unwrap_or_default());
            } else if is_login(&name) {
                logins.insert(compact(directive.syntax()), BTreeSet::new());
            }
        }
        element.logins = Some(if logins.is_empty() { Vec::new() } else { vec![logins] });
    }
}

/// Names under which frameworks ask for a login or a permission.
fn is_login(name: &str) -> bool {
    let name: String = name.to_ascii_lowercase().chars().filter(|c| *c != '_').collect();
    [
        "auth",
        "authenticated",
        "isauthenticated",
        "requireauth",
        "requiresauth",
        "requiresscopes",
        "policy",
        "hasrole",
        "hasroles",
        "haspermission",
        "hasscope",
        "hasscopes",
        "loggedin",
        "private",
        "protected",
        "can",
        "guard",
    ]
    .contains(&name.as_str())
}

fn reason_of(directive: &cst::Directive) -> Option<String> {
    let arguments = directive.arguments()?.arguments();
    arguments
        .into_iter()
        .find(|argument| argument.name().is_some_and(|name| name.text() == "reason"))
        .and_then(|argument| match argument.value()? {
            cst::Value::StringValue(text) => Some(String::from(text)),
            _ => None,
        })
}

/// A node's text without spaces and comments: the same value is always the same text.
fn compact(node: &apollo_parser::SyntaxNode) -> String {
    use apollo_parser::SyntaxKind::{COMMA, COMMENT, WHITESPACE};
    let tokens = node.descendants_with_tokens().filter_map(|element| element.into_token());
    let kept = tokens.filter(|token| !matches!(token.kind(), COMMA | COMMENT | WHITESPACE));
    kept.map(|token| token.text().to_owned())
        .collect::<Vec<_>>()
        .join(" ")
        .replace(" : ", ": ")
        .replace("( ", "(")
        .replace(" )", ")")
        .replace("@ ", "@")
        .replace(" (", "(")
}

/// A type as it is written, without spaces.
fn written(type_: &cst::Type) -> String {
    compact(type_.syntax()).replace(' ', "")
}

/// Keeps the readers of both notations from repeating each other.
pub(super) fn parts_by_name(parts: impl IntoIterator<Item = Element>) -> BTreeMap<String, Element> {
    parts.into_iter().map(|part| (part.name.clone(), part)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_a_schema_from_a_query() {
        let cases = [
            ("type Query { a: Int }", true),
            ("extend type Query { a: Int }", true),
            ("\"\"\"\ntype of thing\n\"\"\"\nscalar Date", true),
            ("query A { type }", false),
            ("fragment F on User {\n  type\n  enum\n}", false),
            ("mutation {\n input\n}", false),
            ("schema { query: Q }", true),
            ("", false),
        ];
        for (text, expected) in cases {
            assert_eq!(recognise(text), expected, "{text}");
        }
    }
}
