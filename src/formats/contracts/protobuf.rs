//! Protocol buffers: proto2, proto3 and editions, one file at a time.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, ServiceDescriptorProto,
    UninterpretedOption, field_descriptor_proto::Type,
};

use regex::Regex;

use super::{Document, Element, Format, Limit, Spot, What, is_experimental};
use crate::change::RepoPath;
use crate::formats::Unreadable;

/// Well-known packages, which projects copy beside their own.
const PACKAGES_OF_OTHERS: &[&str] = &[
    "google.protobuf",
    "google.api",
    "google.rpc",
    "google.type",
    "grpc.health",
    "validate",
    "buf.validate",
    "gogoproto",
];

static DEFAULT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"([\[,]\s*)default(\s*=)").expect("a constant expression"));

/// Whether the file describes something of this project's own.
pub(super) fn recognise(text: &str) -> bool {
    let package = text.lines().find_map(|line| line.trim().strip_prefix("package ")).unwrap_or_default();
    let package = package.split(';').next().unwrap_or_default().trim();
    !PACKAGES_OF_OTHERS.iter().any(|other| {
        package == *other || package.strip_prefix(other).is_some_and(|rest| rest.starts_with('.'))
    })
}

/// Reads one file. Names of types stay as written: the comparison knows that a package may stand before them.
pub(super) fn read(path: &RepoPath, text: &str) -> Result<Document, Unreadable> {
    let text = text.trim_start_matches('\u{feff}');
    let too_deep = text.bytes().try_fold(0i32, |depth, byte| {
        let depth = depth + i32::from(byte == b'{') - i32::from(byte == b'}');
        (depth < 100).then_some(depth)
    });
    if too_deep.is_none() {
        return Err(Unreadable::broken("nested too deeply"));
    }
    let edition = text.lines().find(|line| line.trim_start().starts_with("edition"));
    // The parser does not know editions, and proto3 knows no start values: these become options of the same place.
    let rewritten = edition.map(|line| {
        DEFAULT.replace_all(&text.replacen(line, "syntax = \"proto3\";", 1), "${1}(default)${2}").into_owned()
    });
    let file = protox_parse::parse(path.file_name(), rewritten.as_deref().unwrap_or(text))
        .map_err(Unreadable::broken)?;
    let mut document = Document::new(Format::Protobuf, path);
    document.package = file.package().to_owned();
    let lines = lines(&file);
    let options = file.options.as_ref().map_or(&[][..], |options| &options.uninterpreted_option);
    let legacy = file.syntax.as_deref().unwrap_or("proto2") == "proto2" && edition.is_none();
    let json = if legacy { "LEGACY_BEST_EFFORT" } else { "ALLOW" };
    let mut reader = Reader {
        path,
        lines,
        experimental: is_experimental(file.package()),
        json: option(options, "features.json_format").unwrap_or_else(|| json.to_owned()),
        document: &mut document,
    };
    reader.file(&file);
    Ok(document)
}

/// Whether the message or enum keeps both the number and the name of what left from coming back as something else.
pub(super) fn is_reserved(parent: Option<&Element>, gone: &Element) -> bool {
    let Some(parent) = parent else { return false };
    let number: Option<i64> = gone.rules.get("number").and_then(|(number, _)| number.parse().ok());
    let names = || gone.name.split(", ").all(|name| parent.parts.contains_key(&format!("reserved {name}")));
    number.is_some_and(|number| ranges(parent).iter().any(|(from, to)| (*from..=*to).contains(&number)))
        && names()
}

/// Whether a reserved range stays reserved in other words.
pub(super) fn is_covered(parent: Option<&Element>, gone: &Element) -> bool {
    let (Some(parent), Some((from, to))) = (parent, range_of(&gone.name)) else { return false };
    let mut ranges = ranges(parent);
    ranges.sort_unstable();
    let mut next = from;
    for (start, end) in ranges {
        if start <= next && end >= next {
            next = end.saturating_add(1);
        }
    }
    next > to
}

fn ranges(parent: &Element) -> Vec<(i64, i64)> {
    parent
        .parts
        .values()
        .filter(|part| part.what == What::Reserved)
        .filter_map(|part| range_of(&part.name))
        .collect()
}

fn range_of(name: &str) -> Option<(i64, i64)> {
    let (from, to) = name.split_once(" to ")?;
    Some((from.parse().ok()?, to.parse().ok()?))
}

fn lines(file: &FileDescriptorProto) -> HashMap<Vec<i32>, u32> {
    let locations = file.source_code_info.iter().flat_map(|info| &info.location);
    locations.filter_map(|at| Some((at.path.clone(), u32::try_from(*at.span.first()?).ok()? + 1))).collect()
}

struct Reader<'a> {
    path: &'a RepoPath,
    lines: HashMap<Vec<i32>, u32>,
    experimental: bool,
    json: String,
    document: &'a mut Document,
}

impl Reader<'_> {
    fn file(&mut self, file: &FileDescriptorProto) {
        let mut package = Element::new(What::Service, file.package(), self.path, Spot::Line(self.line(&[2])));
        package.rules.insert("package", (file.package().to_owned(), Some(true)));
        package.experimental = self.experimental;
        self.document.definitions.insert("package".to_owned(), package);
        for (at, message) in file.message_type.iter().enumerate() {
            self.message(message, "", &[4, index(at)]);
        }
        for (at, of) in file.enum_type.iter().enumerate() {
            self.enumeration(of, "", &[5, index(at)]);
        }
        for (at, service) in file.service.iter().enumerate() {
            self.service(service, &[6, index(at)]);
        }
        self.extensions(&file.extension, "", &[7]);
    }

    fn line(&self, keys: &[i32]) -> u32 {
        self.lines.get(keys).copied().unwrap_or(1)
    }

    fn at(&self, what: What, name: &str, keys: &[i32]) -> Element {
        let mut element = Element::new(what, name, self.path, Spot::Line(self.line(keys)));
        element.experimental = self.experimental;
        element
    }

    fn full(&self, scope: &str, name: &str) -> String {
        [self.document.package.as_str(), scope, name]
            .iter()
            .filter(|part| !part.is_empty())
            .copied()
            .collect::<Vec<_>>()
            .join(".")
    }

    fn define(&mut self, scope: &str, name: &str, element: Element) -> String {
        let key = if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") };
        self.document.definitions.insert(key.clone(), element);
        key
    }

    fn marks(&self, element: &mut Element, options: &[UninterpretedOption]) {
        if option(options, "deprecated").as_deref() == Some("true") {
            element.deprecated = Some(String::new());
        }
    }

    fn message(&mut self, message: &DescriptorProto, scope: &str, keys: &[i32]) {
        let name = message.name();
        let mut element = self.at(What::Type, &self.full(scope, name), keys);
        element.type_ = "message".to_owned();
        let options = message.options.as_ref().map_or(&[][..], |options| &options.uninterpreted_option);
        self.marks(&mut element, options);
        let json = option(options, "features.json_format").unwrap_or_else(|| self.json.clone());
        // Only the step from strict to lenient takes JSON away from callers.
        element.rules.insert("json_format", (json.clone(), Some(json == "LEGACY_BEST_EFFORT")));
        let wire = option(options, "message_set_wire_format").unwrap_or_else(|| "false".to_owned());
        element.rules.insert("message_set_wire_format", (wire, Some(true)));
        let maps: BTreeMap<&str, &DescriptorProto> = message
            .nested_type
            .iter()
            .filter(|nested| nested.options.as_ref().is_some_and(|options| options.map_entry()))
            .map(|nested| (nested.name(), nested))
            .collect();
        for (at, field) in message.field.iter().enumerate() {
            let part = self.field(field, Some(message), &maps, &[keys, &[2, index(at)]].concat());
            element.parts.insert(field.number().to_string(), part);
        }
        for (at, range) in message.reserved_range.iter().enumerate() {
            // The descriptor's end is the first number outside.
            let name = format!("{} to {}", range.start(), i64::from(range.end()) - 1);
            element.parts.insert(
                format!("reserved {name}"),
                self.at(What::Reserved, &name, &[keys, &[9, index(at)]].concat()),
            );
        }
        for (at, name) in message.reserved_name.iter().enumerate() {
            element.parts.insert(
                format!("reserved {name}"),
                self.at(What::Reserved, name, &[keys, &[10, index(at)]].concat()),
            );
        }
        let scope = self.define(scope, name, element);
        for (at, nested) in message.nested_type.iter().enumerate() {
            if !maps.contains_key(nested.name()) {
                self.message(nested, &scope, &[keys, &[3, index(at)]].concat());
            }
        }
        for (at, of) in message.enum_type.iter().enumerate() {
            self.enumeration(of, &scope, &[keys, &[4, index(at)]].concat());
        }
        self.extensions(&message.extension, &scope, &[keys, &[6]].concat());
    }

    fn field(
        &self,
        field: &FieldDescriptorProto,
        parent: Option<&DescriptorProto>,
        maps: &BTreeMap<&str, &DescriptorProto>,
        keys: &[i32],
    ) -> Element {
        let mut part = self.at(What::Field, field.name(), keys);
        part.rules.insert("number", (field.number().to_string(), None));
        let repeated = if field.label() == prost_types::field_descriptor_proto::Label::Repeated {
            "repeated "
        } else {
            ""
        };
        part.type_ = match maps.get(field.type_name().rsplit('.').next().unwrap_or_default()) {
            Some(entry) => {
                let inner: Vec<String> = entry.field.iter().map(type_of).collect();
                format!("map {}", inner.join(" "))
            }
            None => format!("{repeated}{}", type_of(field)),
        };
        let options = field.options.as_ref().map_or(&[][..], |options| &options.uninterpreted_option);
        self.marks(&mut part, options);
        part.required = field.label() == prost_types::field_descriptor_proto::Label::Required
            || option(options, "features.field_presence").as_deref() == Some("LEGACY_REQUIRED");
        part.default = field.default_value.clone().or_else(|| option(options, "default"));
        let json = field
            .json_name
            .clone()
            .or_else(|| option(options, "json_name"))
            .unwrap_or_else(|| camel(field.name()));
        part.rules.insert("json_name", (json, Some(true)));
        let of_choice = field.oneof_index.filter(|_| !field.proto3_optional());
        let choice = of_choice
            .and_then(|at| parent?.oneof_decl.get(usize::try_from(at).ok()?))
            .map(|choice| choice.name().to_owned());
        part.rules.insert("oneof", (choice.unwrap_or_default(), Some(true)));
        limits(options, &mut part);
        part
    }

    fn extensions(&mut self, extensions: &[FieldDescriptorProto], scope: &str, keys: &[i32]) {
        for (at, extension) in extensions.iter().enumerate() {
            let mut part = self.field(extension, None, &BTreeMap::new(), &[keys, &[index(at)]].concat());
            part.name = self.full(scope, extension.name());
            part.what = What::Type;
            part.deprecated = None;
            let key = format!("extension {} {}", extension.extendee(), extension.number());
            self.document.definitions.insert(key, part);
        }
    }

    fn enumeration(&mut self, of: &EnumDescriptorProto, scope: &str, keys: &[i32]) {
        let mut element = self.at(What::Type, &self.full(scope, of.name()), keys);
        element.type_ = "enum".to_owned();
        let options = of.options.as_ref().map_or(&[][..], |options| &options.uninterpreted_option);
        self.marks(&mut element, options);
        let json = option(options, "features.json_format").unwrap_or_else(|| self.json.clone());
        element.rules.insert("json_format", (json.clone(), Some(json == "LEGACY_BEST_EFFORT")));
        for (at, value) in of.value.iter().enumerate() {
            let key = value.number().to_string();
            let mut part = self.at(What::Value, value.name(), &[keys, &[2, index(at)]].concat());
            part.rules.insert("number", (key.clone(), None));
            self.marks(
                &mut part,
                value.options.as_ref().map_or(&[][..], |options| &options.uninterpreted_option),
            );
            match element.parts.get_mut(&key) {
                // Several names for one number.
                Some(known) => {
                    let mut names: Vec<&str> = known.name.split(", ").chain([value.name()]).collect();
                    names.sort_unstable();
                    known.name = names.join(", ");
                }
                None => {
                    element.parts.insert(key, part);
                }
            }
        }
        for (at, range) in of.reserved_range.iter().enumerate() {
            let name = format!("{} to {}", range.start(), range.end());
            element.parts.insert(
                format!("reserved {name}"),
                self.at(What::Reserved, &name, &[keys, &[4, index(at)]].concat()),
            );
        }
        for (at, name) in of.reserved_name.iter().enumerate() {
            element.parts.insert(
                format!("reserved {name}"),
                self.at(What::Reserved, name, &[keys, &[5, index(at)]].concat()),
            );
        }
        self.define(scope, of.name(), element);
    }

    fn service(&mut self, service: &ServiceDescriptorProto, keys: &[i32]) {
        let options = service.options.as_ref().map_or(&[][..], |options| &options.uninterpreted_option);
        let deprecated = option(options, "deprecated").as_deref() == Some("true");
        for (at, method) in service.method.iter().enumerate() {
            let name = format!("{}.{}", self.full("", service.name()), method.name());
            let mut element = self.at(What::Operation, &name, &[keys, &[2, index(at)]].concat());
            let options = method.options.as_ref().map_or(&[][..], |options| &options.uninterpreted_option);
            self.marks(&mut element, options);
            if deprecated {
                element.deprecated = Some(String::new());
            }
            let stream = |is: bool| if is { "stream " } else { "" };
            let takes = format!("{}{}", stream(method.client_streaming()), method.input_type());
            let gives = format!("{}{}", stream(method.server_streaming()), method.output_type());
            element.type_ = format!("{takes} returns {gives}");
            let again =
                option(options, "idempotency_level").unwrap_or_else(|| "IDEMPOTENCY_UNKNOWN".to_owned());
            element.rules.insert("idempotency_level", (again, Some(true)));
            element.aliases = addresses(options);
            self.define(service.name(), method.name(), element);
        }
    }
}

static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"\b(get|put|post|delete|patch)\s*:\s*"([^"]*)""#).expect("a constant expression")
});

/// The addresses by which an operation is called over HTTP, as `POST /v1/{name=orders/*}:cancel`.
fn addresses(options: &[UninterpretedOption]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for option in options {
        let name = name_of(option);
        let Some(rest) = name.strip_prefix("google.api.http") else { continue };
        let value = value_of(option);
        match rest.strip_prefix('.') {
            Some(method) => _ = found.insert(format!("{} {value}", method.to_ascii_uppercase())),
            None => found.extend(
                ADDRESS.captures_iter(&value).map(|at| format!("{} {}", at[1].to_ascii_uppercase(), &at[2])),
            ),
        }
    }
    found
}

fn index(at: usize) -> i32 {
    i32::try_from(at).unwrap_or(i32::MAX)
}

fn type_of(field: &FieldDescriptorProto) -> String {
    match field.r#type.and_then(|number| Type::try_from(number).ok()) {
        Some(scalar) if field.type_name.is_none() => {
            scalar.as_str_name().trim_start_matches("TYPE_").to_ascii_lowercase()
        }
        Some(Type::Group) => format!("group {}", field.type_name()),
        _ => field.type_name().to_owned(),
    }
}

/// A field's name in JSON, where none is given.
fn camel(name: &str) -> String {
    let mut upper = false;
    let mut text = String::with_capacity(name.len());
    for c in name.chars() {
        if c == '_' {
            upper = true;
        } else {
            text.push(if upper { c.to_ascii_uppercase() } else { c });
            upper = false;
        }
    }
    text
}

/// An option's value as text, by its dotted name.
fn option(options: &[UninterpretedOption], name: &str) -> Option<String> {
    options.iter().find(|option| name_of(option) == name).map(value_of)
}

fn name_of(option: &UninterpretedOption) -> String {
    option.name.iter().map(|part| part.name_part.as_str()).collect::<Vec<_>>().join(".")
}

fn value_of(option: &UninterpretedOption) -> String {
    let number = option.positive_int_value.map(|number| number.to_string());
    number
        .or_else(|| option.negative_int_value.map(|number| number.to_string()))
        .or_else(|| option.double_value.map(|number| number.to_string()))
        .or_else(|| option.string_value.as_ref().map(|bytes| String::from_utf8_lossy(bytes).into_owned()))
        .or_else(|| option.identifier_value.clone())
        .or_else(|| option.aggregate_value.clone())
        .unwrap_or_default()
}

/// Limits that the usual validators read from options: `(validate.rules).string.max_len`, `(buf.validate.field)…`.
fn limits(options: &[UninterpretedOption], part: &mut Element) {
    for option in options {
        let name = name_of(option);
        if !name.contains("validate.") {
            continue;
        }
        let last = name.rsplit('.').next().unwrap_or_default();
        match &option.aggregate_value {
            Some(text) => pairs(text).into_iter().for_each(|(name, value)| limit(name, value, part)),
            None => limit(last, &value_of(option), part),
        }
    }
}

/// The names and plain values of a message in text form: `min_len: 1, max_len: 10`, with or without commas.
fn pairs(text: &str) -> Vec<(&str, &str)> {
    let mut pairs = Vec::new();
    let mut rest = text;
    while let Some((head, tail)) = rest.split_once(':') {
        let name =
            head.trim_end().rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
        let tail = tail.trim_start();
        let end = match tail.chars().next() {
            Some(quote @ ('"' | '\'')) => closing(tail, quote),
            _ => tail.find(|c: char| c.is_whitespace() || ",;{}[]".contains(c)).unwrap_or(tail.len()),
        };
        pairs.push((name, tail[..end].trim_matches(['"', '\''])));
        rest = &tail[end..];
    }
    pairs
}

/// The end of a quoted text, behind its closing quote.
fn closing(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}

fn limit(name: &str, value: &str, part: &mut Element) {
    if name.is_empty() || value.is_empty() {
        return;
    }
    let limit = match value.parse::<f64>() {
        Ok(number) if name.starts_with("max") || matches!(name, "lt" | "lte") => Limit::Most(number),
        Ok(number) if name.starts_with("min") || matches!(name, "gt" | "gte") => Limit::Least(number),
        _ => Limit::Rule(value.to_owned()),
    };
    part.limits.insert(name.to_owned(), limit);
}
