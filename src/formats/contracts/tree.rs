//! Contracts that are trees of keys: YAML and JSON, references across files, and the line of a key.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::{Format, Load, Spot};
use crate::change::RepoPath;
use crate::formats::Unreadable;

/// How many files one contract may be spread over: people keep each operation and each shape in its own.
const MOST_FILES: usize = 6_000;

/// Decides by the root's own keys. Only the head of the text is searched, because a root key that names the format
/// stands at the start of a line in YAML, and near the start in JSON as every tool writes it.
pub(super) fn recognise(path: &RepoPath, text: &str) -> Option<Format> {
    let text: &str = &described(path, text);
    let json = path.extension() == "json" || text.trim_start().starts_with('{');
    if has_root_key(text, json, "asyncapi") {
        Some(Format::AsyncApi)
    } else if has_root_key(text, json, "openapi") || has_root_key(text, json, "swagger") {
        Some(Format::OpenApi)
    } else if json && is_introspection(text) {
        Some(Format::GraphQl)
    } else if json && is_json_schema(path, text) {
        Some(Format::JsonSchema)
    } else {
        None
    }
}

/// Whether a key stands at the root with a version as its value.
fn has_root_key(text: &str, json: bool, key: &str) -> bool {
    if json {
        // Depth is followed only as far as needed: the root's keys stand at depth 1.
        return root_keys(text)
            .any(|(name, rest)| name == key && rest.trim_start().starts_with(['"', '2', '3']));
    }
    text.lines().any(|line| {
        let name = line.trim_start_matches(['"', '\'']);
        name.strip_prefix(key).map(|rest| rest.trim_start_matches(['"', '\'']).trim_start()).is_some_and(
            |rest| {
                rest.strip_prefix(':').is_some_and(|version| {
                    version
                        .trim_start()
                        .trim_start_matches(['"', '\''])
                        .starts_with(|c: char| c.is_ascii_digit())
                })
            },
        )
    })
}

/// The keys of a JSON text's root object, each with the text behind its colon.
fn root_keys(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut depth = 0usize;
    let mut at = 0usize;
    let bytes = text.as_bytes();
    std::iter::from_fn(move || {
        while at < bytes.len() {
            match bytes[at] {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.saturating_sub(1),
                b'"' => {
                    let start = at + 1;
                    at = start;
                    while at < bytes.len() && bytes[at] != b'"' {
                        at += if bytes[at] == b'\\' { 2 } else { 1 };
                    }
                    let end = at.min(bytes.len());
                    at += 1;
                    let rest = text.get(at..).unwrap_or_default();
                    if depth == 1
                        && let Some(value) = rest.trim_start().strip_prefix(':')
                    {
                        return Some((text.get(start..end).unwrap_or_default(), value));
                    }
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
        None
    })
}

fn is_introspection(text: &str) -> bool {
    text.contains("\"__schema\"") && text.contains("\"queryType\"") && text.contains("\"kind\"")
}

/// A JSON Schema that others rely on: it says its dialect and describes an object. Schemas of tools' settings files
/// are left out by name, since they promise nothing to other software.
fn is_json_schema(path: &RepoPath, text: &str) -> bool {
    let name = path.file_name().to_ascii_lowercase();
    let of_a_tool =
        ["config", "settings", "package.json", "tsconfig", "values.schema", "manifest", "rc.", "plugin"];
    !of_a_tool.iter().any(|word| name.contains(word))
        && text.contains("json-schema.org/")
        && root_keys(text).any(|(key, value)| {
            key == "$schema"
                && value.trim_start().trim_start_matches('"').contains("json-schema.org/")
                && value.find("json-schema.org/").is_some_and(|at| at < 20)
        })
        && root_keys(text).any(|(key, _)| {
            ["properties", "$defs", "definitions", "oneOf", "anyOf", "allOf", "$ref"].contains(&key)
        })
}

/// A contract that swaggo keeps as a text of a program, between backquotes: all around it is blank, so that lines keep
/// their numbers. Nothing where a program holds none; other files as they are.
pub fn described<'t>(path: &RepoPath, text: &'t str) -> Cow<'t, str> {
    if path.extension() != "go" {
        return Cow::Borrowed(text);
    }
    // `const docTemplate = ` and, before version 1.8, `var doc = `; a name of its own may follow `docTemplate`.
    let starts = ["const docTemplate", "var docTemplate", "var doc = "];
    let Some(start) = starts.iter().find_map(|start| text.find(start)) else { return Cow::Borrowed("") };
    let Some((declared, rest)) = text[start..].split_once('`') else { return Cow::Borrowed("") };
    if declared.contains('\n') {
        return Cow::Borrowed("");
    }
    // A backquote of its own words is joined in: ` + "`" + `
    let inside = rest.replace("` + \"`\" + `", "'");
    Cow::Owned(
        "\n".repeat(text[..start].matches('\n').count()) + inside.split('`').next().unwrap_or_default(),
    )
}

/// Reads YAML or JSON; the first document of several. Aliases that would blow up are refused by the parser's budget.
pub(super) fn parse(path: &RepoPath, text: &str) -> Result<Value, Unreadable> {
    let text = described(path, text);
    let text = text.trim_start_matches('\u{feff}');
    let json = path.extension() == "json" || text.trim_start().starts_with('{');
    if json && let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
    let options = serde_saphyr::options! {
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::LastWins,
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_events: 8_000_000,
            max_nodes: 4_000_000,
            max_depth: 100,
            // Tools write one anchor for what a hundred operations share; what aliases unfold to stays bounded.
            enforce_alias_anchor_ratio: false,
        },
    };
    let read = |text: &str| serde_saphyr::from_multiple_with_options::<Value>(text, options.clone());
    let documents = match read(text) {
        Ok(documents) => documents,
        Err(error) => {
            let plain = without_template(text).ok_or_else(|| Unreadable::broken(&error))?;
            read(&plain).map_err(|_| Unreadable::broken(&error))?
        }
    };
    documents.into_iter().next().ok_or_else(|| Unreadable::broken("empty"))
}

/// A description that a program fills in before it is served, with all that it may say: the lines that decide are
/// empty, so that all lines keep their numbers, and what is filled in is a word. `None` where it is no such file.
fn without_template(text: &str) -> Option<String> {
    static MARKS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\{\{.*?\}\}").expect("the pattern is fixed and its tests run it"));
    let line = |line: &str| {
        let rest = MARKS.replace_all(line, "");
        if rest.trim().is_empty() { String::new() } else { MARKS.replace_all(line, "filled-in").into_owned() }
    };
    MARKS.is_match(text).then(|| text.lines().map(line).collect::<Vec<_>>().join("\n"))
}

/// A contract's file and the files it refers to, all of one side.
pub(super) struct Documents {
    root: RepoPath,
    files: BTreeMap<RepoPath, Value>,
    /// How long their texts are together.
    pub(super) bytes: usize,
}

/// A place in [`Documents`].
#[derive(Clone, Debug)]
pub(super) struct At<'a> {
    pub(super) path: &'a RepoPath,
    pub(super) keys: String,
    pub(super) value: &'a Value,
}

impl<'a> At<'a> {
    /// What stands below a key.
    pub(super) fn get(&self, key: &str) -> Option<At<'a>> {
        let value = match self.value {
            Value::Object(map) => map.get(key)?,
            Value::Array(items) => items.get(key.parse::<usize>().ok()?)?,
            _ => return None,
        };
        Some(At { path: self.path, keys: format!("{}/{}", self.keys, escape(key)), value })
    }

    /// What stands below each key, or each position.
    pub(super) fn each(&self) -> Vec<(String, At<'a>)> {
        let below = |key: String, value| {
            let keys = format!("{}/{}", self.keys, escape(&key));
            (key, At { path: self.path, keys, value })
        };
        match self.value {
            Value::Object(map) => map.iter().map(|(key, value)| below(key.clone(), value)).collect(),
            Value::Array(items) => {
                items.iter().enumerate().map(|(at, value)| below(at.to_string(), value)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The text below a key.
    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        self.value.get(key)?.as_str()
    }

    /// Whether a key holds true.
    pub(super) fn is(&self, key: &str) -> bool {
        self.value.get(key).and_then(Value::as_bool).unwrap_or(false)
    }

    /// The name of a type by reference.
    pub(super) fn key(&self) -> String {
        format!("{}#{}", self.path, self.keys)
    }

    /// Where it stands.
    pub(super) fn spot(&self) -> Spot {
        Spot::Keys(self.keys.as_str().into())
    }
}

impl Documents {
    /// Reads the root and, from `load`, every file that it refers to, as far as there are any.
    pub(super) fn load(path: &RepoPath, text: &str, load: Load<'_>) -> Result<Self, Unreadable> {
        let root = parse(path, text)?;
        let mut waiting: VecDeque<RepoPath> = files_named_in(path, &root).into();
        let mut files = BTreeMap::from([(path.clone(), root)]);
        let mut bytes = text.len();
        while let Some(next) = waiting.pop_front() {
            if files.contains_key(&next) {
                continue;
            }
            // A contract that is read in part would look as if the rest of it had gone.
            if files.len() >= MOST_FILES || bytes > super::MOST_BYTES {
                return Err(Unreadable { reason: "too_large".to_owned() });
            }
            let Some(value) = load(&next).and_then(|text| {
                bytes += text.len();
                parse(&next, &text).ok()
            }) else {
                continue;
            };
            waiting.extend(files_named_in(&next, &value));
            files.insert(next, value);
        }
        Ok(Self { root: path.clone(), files, bytes })
    }

    /// The root.
    pub(super) fn root(&self) -> At<'_> {
        let (path, value) = self.files.get_key_value(&self.root).expect("the root is read first");
        At { path, keys: String::new(), value }
    }

    /// What a reference points at; dangling ones are `None`.
    pub(super) fn resolve<'a>(&'a self, from: &At<'a>, reference: &str) -> Option<At<'a>> {
        let (file, keys) = reference.split_once('#').unwrap_or((reference, ""));
        let path = if file.is_empty() { from.path.clone() } else { from.path.join(&decode(file))? };
        let (path, value) = self.files.get_key_value(&path)?;
        let mut at = At { path, keys: String::new(), value };
        for key in keys.split('/').skip(1) {
            at = at.get(&decode(key).replace("~1", "/").replace("~0", "~"))?;
        }
        Some(at)
    }

    /// Follows references until something else stands there; circles end in `None`.
    pub(super) fn follow<'a>(&'a self, at: At<'a>) -> Option<At<'a>> {
        let mut at = at;
        for _ in 0..16 {
            match at.text("$ref") {
                Some(reference) => at = self.resolve(&at, reference)?,
                None => return Some(at),
            }
        }
        None
    }
}

fn escape(key: &str) -> String {
    if key.contains(['~', '/']) { key.replace('~', "~0").replace('/', "~1") } else { key.to_owned() }
}

/// Percent signs as references write them.
fn decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The files that references of one file name, in their order.
fn files_named_in(path: &RepoPath, value: &Value) -> Vec<RepoPath> {
    let mut found = Vec::new();
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Object(map) => {
                if let Some(Value::String(reference)) = map.get("$ref")
                    && let Some(file) = reference.split('#').next().filter(|file| !file.is_empty())
                    && !file.contains("://")
                    && let Some(path) = path.join(&decode(file))
                {
                    found.push(path);
                }
                waiting.extend(map.values());
            }
            Value::Array(items) => waiting.extend(items),
            _ => {}
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Finds the lines of keys in one text, by indentation, which holds for YAML and for JSON as tools print it. Where a
/// chain of keys is lost (flow style, one long line) the line is that of the last key that was found. The keys below
/// one parent are collected once, so that thousands of questions about one file stay cheap.
#[derive(Debug)]
pub struct Lines<'t> {
    lines: Vec<&'t str>,
    known: HashMap<Parent, HashMap<String, Found>>,
}

/// A line from 0, and the indentation of what begins on it.
type Found = (usize, usize);

/// Where the search begins, the indentation above it, and whether items are counted rather than keys read.
type Parent = (usize, Option<usize>, bool);

impl<'t> Lines<'t> {
    /// The lines of a text.
    pub fn new(text: &'t str) -> Self {
        Self { lines: text.lines().collect(), known: HashMap::new() }
    }

    /// The line of a place, from 1.
    pub fn line_of(&mut self, spot: &Spot) -> u32 {
        let keys = match spot {
            Spot::Line(line) => return *line,
            Spot::Keys(keys) => keys,
        };
        let (mut found, mut next, mut parent) = (0, 0, None);
        for key in keys.split('/').skip(1) {
            let key = key.replace("~1", "/").replace("~0", "~");
            let numbered = key.parse::<usize>().is_ok();
            // A number may also be a key, such as the status of a reply.
            let mut below = |numbered: bool| {
                let Self { lines, known } = self;
                let children = known
                    .entry((next, parent, numbered))
                    .or_insert_with(|| below(lines, next, parent, numbered));
                children.get(&key).copied()
            };
            let Some((line, indent)) = below(false).or_else(|| if numbered { below(true) } else { None })
            else {
                break;
            };
            found = line;
            next = if self.lines[line].trim_start().starts_with("- ") { line } else { line + 1 };
            parent = Some(indent);
        }
        u32::try_from(found + 1).unwrap_or(u32::MAX)
    }
}

/// What stands one level below `parent`, from the line `start` on: keys, or items by their number.
fn below(lines: &[&str], start: usize, parent: Option<usize>, numbered: bool) -> HashMap<String, Found> {
    let mut found = HashMap::new();
    let (mut level, mut items) = (None, 0);
    for (at, line) in lines.iter().enumerate().skip(start) {
        let mut body = line.trim_start();
        let mut indent = line.len() - body.len();
        if body.is_empty() || body.starts_with('#') {
            continue;
        }
        let dash = body.starts_with("- ") || body == "-";
        if let Some(parent) = parent {
            let ends = indent < parent || (indent == parent && (!dash || (!numbered && at > start)));
            if ends && !body.starts_with(['}', ']']) {
                break;
            }
        }
        // The first key of an item stands on the line of its dash.
        if dash && !numbered {
            let inner = body[1..].trim_start();
            indent += body.len() - inner.len();
            body = inner;
        }
        // A bracket alone belongs to what stands around it.
        let bracket = body.starts_with(['}', ']']) || (!numbered && body.starts_with(['{', '[']));
        let is_below = parent.is_none_or(|parent| indent > parent || (dash && indent >= parent));
        if bracket || !is_below || indent != *level.get_or_insert(indent) {
            continue;
        }
        if !numbered {
            if let Some(key) = key_on(body) {
                found.entry(key.to_owned()).or_insert((at, indent));
            }
        } else if dash || body.starts_with(['{', '"']) {
            found.insert(items.to_string(), (at, indent));
            items += 1;
        }
    }
    found
}

/// The key with which a line begins, bare or quoted.
fn key_on(body: &str) -> Option<&str> {
    if let Some(quote @ ('"' | '\'')) = body.chars().next() {
        let (key, rest) = body[1..].split_once(quote)?;
        return rest.trim_start().starts_with(':').then_some(key);
    }
    let end = body.find(": ").or_else(|| body.trim_end().strip_suffix(':').map(str::len))?;
    body.get(..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_line_of_a_key() {
        let yaml = "openapi: 3.0.0\npaths:\n  /a:\n    get:\n      parameters:\n        - name: x\n          in: query\n        - in: query\n          name: y\n  /a/b:\n    get:\n      x: 1\n";
        let json = "{\n  \"openapi\": \"3.0.0\",\n  \"paths\": {\n    \"/a\": {\n      \"get\": {}\n    },\n    \"/b\": {\n      \"get\": {}\n    }\n  }\n}";
        let cases = [
            (yaml, "/paths/~1a/get", 4),
            (yaml, "/paths/~1a/get/parameters/1/name", 9),
            (yaml, "/paths/~1a/get/parameters/0/in", 7),
            (yaml, "/paths/~1a~1b/get/x", 12),
            (yaml, "/paths/~1a/nothing", 3),
            (json, "/paths/~1b/get", 8),
            ("{\"paths\":{\"/a\":{}}}", "/paths/~1a", 1),
        ];
        for (text, keys, line) in cases {
            assert_eq!(Lines::new(text).line_of(&Spot::Keys(keys.into())), line, "{keys}");
        }
    }

    #[test]
    fn knows_a_contract_by_its_root() {
        let cases = [
            ("a.yaml", "# c\nopenapi: 3.1.0\npaths: {}\n", Some(Format::OpenApi)),
            ("a.yml", "\"swagger\": \"2.0\"\n", Some(Format::OpenApi)),
            ("a.json", "{\"info\": {\"openapi\": \"3\"}, \"swagger\": \"2.0\"}", Some(Format::OpenApi)),
            ("a.json", "{\"info\": {\"openapi\": \"3\"}}", None),
            ("a.yaml", "asyncapi: '2.6.0'\n", Some(Format::AsyncApi)),
            ("values.yaml", "swagger:\n  enabled: true\n", None),
            ("values.yaml", "swagger: true\n", None),
            (
                "a.json",
                "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\", \"properties\": {}}",
                Some(Format::JsonSchema),
            ),
            ("renovate.json", "{\"$schema\": \"https://docs.renovatebot.com/renovate-schema.json\"}", None),
        ];
        for (path, text, format) in cases {
            assert_eq!(recognise(&RepoPath::new(path), text), format, "{path}: {text}");
        }
    }

    #[test]
    fn reads_what_a_program_fills_in() {
        let text = "openapi: 3.0.0\ninfo:\n  title: \"{{ .Title }}\"\npaths:\n  {{- if .Extra }}\n  /a:\n    get: {}\n  {{- end }}\n";
        let value = parse(&RepoPath::new("a.yaml"), text).unwrap();
        assert_eq!(
            (value["info"]["title"].as_str(), value["paths"]["/a"].is_object()),
            (Some("filled-in"), true)
        );
        assert!(parse(&RepoPath::new("a.yaml"), "openapi: [\n").is_err());
    }

    #[test]
    fn reads_what_a_program_holds_as_a_text() {
        let text = "package docs\n\nconst docTemplate = `{\n    \"schemes\": {{ marshal .Schemes }},\n    \"swagger\": \"2.0\",\n    \"info\": {\"title\": \"{{.Title}} ` + \"`\" + `x\"},\n    \"paths\": {\n        \"/a\": {}\n    }\n}`\n\nvar Info = 1\n";
        let path = RepoPath::new("docs/docs.go");
        for text in [
            text.to_owned(),
            text.replace("docTemplate", "docTemplateshop"),
            text.replace("const docTemplate", "var doc"),
        ] {
            assert_eq!(recognise(&path, &text), Some(Format::OpenApi));
            assert!(parse(&path, &text).unwrap()["paths"]["/a"].is_object());
            assert_eq!(Lines::new(&described(&path, &text)).line_of(&Spot::Keys("/paths/~1a".into())), 8);
        }
        for text in ["package a\n", "package a\nvar doc = 1\nvar b = `{\"swagger\": \"2.0\"}`\n"] {
            assert_eq!(recognise(&path, text), None);
        }
    }

    #[test]
    fn refuses_what_would_blow_up() {
        let mut text = String::from("openapi: 3.0.0\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let items = vec![format!("*a{}", level - 1); 10].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
        }
        assert!(parse(&RepoPath::new("a.yaml"), &text).is_err());
    }
}
