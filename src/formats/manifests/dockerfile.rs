//! Dockerfiles: the images that a build starts from or copies from. No parser reads them with arguments filled in.

use std::collections::BTreeMap;

use super::{Ecosystem, Inventory, Manifest, Reader, Requirement};
use crate::change::RepoPath;
use crate::formats::Unreadable;

/// Reads Dockerfiles and Containerfiles.
pub(super) struct Dockerfile;

impl Reader for Dockerfile {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Docker]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        let name = path.file_name();
        let lower = name.to_ascii_lowercase();
        let stem = lower.strip_prefix("dockerfile").or(lower.strip_prefix("containerfile"));
        let is_one = stem.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']))
            || lower.ends_with(".dockerfile")
            || lower.ends_with(".containerfile");
        const OTHERS: &[&str] =
            &["dockerignore", "md", "sh", "py", "js", "ts", "go", "rs", "json", "yml", "yaml", "txt"];
        is_one && !OTHERS.contains(&path.extension().as_str())
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let mut inventory = Inventory::default();
        let mut arguments = BTreeMap::new();
        let mut stages: Vec<String> = Vec::new();
        for (line, instruction) in instructions(manifest.text) {
            let mut words = instruction.split_whitespace();
            let Some(keyword) = words.next() else { continue };
            match keyword.to_ascii_uppercase().as_str() {
                // only arguments above the first stage reach a FROM line
                "ARG" if stages.is_empty() => {
                    for word in words {
                        let (name, value) = word.split_once('=').unwrap_or((word, ""));
                        let value = fill(value.trim_matches(['"', '\'']), &arguments);
                        arguments.insert(name.to_owned(), value.unwrap_or_default());
                    }
                }
                "FROM" => {
                    let mut words = words.skip_while(|word| word.starts_with("--"));
                    let written = words.next().unwrap_or_default();
                    inventory.requirements.extend(outside(written, &arguments, &stages, line));
                    let is_named = words.next().is_some_and(|word| word.eq_ignore_ascii_case("as"));
                    let name = words.next().filter(|_| is_named).unwrap_or_default();
                    stages.push(name.to_ascii_lowercase());
                }
                "COPY" | "ADD" => {
                    let from = words
                        .take_while(|word| word.starts_with("--"))
                        .find_map(|word| word.strip_prefix("--from="));
                    inventory
                        .requirements
                        .extend(from.and_then(|from| outside(from, &arguments, &stages, line)));
                }
                _ => {}
            }
        }
        Ok(inventory)
    }
}

fn outside(
    written: &str,
    arguments: &BTreeMap<String, String>,
    stages: &[String],
    line: u32,
) -> Option<Requirement> {
    let is_stage =
        stages.contains(&written.to_ascii_lowercase()) || written.bytes().all(|byte| byte.is_ascii_digit());
    if written == "scratch" || is_stage {
        return None;
    }
    image(written, &|name| arguments.get(name).filter(|value| !value.is_empty()).cloned(), line)
}

/// Logical lines without comments, with the line that each begins on; bodies of here-documents are left out.
fn instructions(text: &str) -> Vec<(u32, String)> {
    let mut found: Vec<(u32, String)> = Vec::new();
    let mut goes_on = false;
    let mut end_word: Option<String> = None;
    for (number, line) in (1u32..).zip(text.lines()) {
        if let Some(word) = &end_word {
            if line.trim() == word {
                end_word = None;
            }
            continue;
        }
        let trimmed = line.trim();
        if trimmed.starts_with('#') || trimmed.is_empty() {
            continue;
        }
        let (part, continues) = match trimmed.strip_suffix(['\\', '`']) {
            Some(part) => (part, true),
            None => (trimmed, false),
        };
        match found.last_mut() {
            Some((_, whole)) if goes_on => {
                whole.push(' ');
                whole.push_str(part);
            }
            _ => found.push((number, part.to_owned())),
        }
        goes_on = continues;
        if !continues && let Some((_, whole)) = found.last() {
            end_word = whole.split_once("<<").and_then(|(_, rest)| {
                let word = rest.trim_start_matches('-').split_whitespace().next()?.trim_matches(['"', '\'']);
                let is_word = word.starts_with(|letter: char| letter.is_ascii_uppercase());
                is_word.then(|| word.to_owned())
            });
        }
    }
    found
}

/// An image by its full name, with variables filled in. `None` where the name itself cannot be told.
pub(super) fn image(written: &str, value: &dyn Fn(&str) -> Option<String>, line: u32) -> Option<Requirement> {
    let written = written.trim();
    let (whole, variable) = filled(written, value);
    let whole = whole.as_str();
    let (named, digest) =
        whole.split_once('@').map_or((whole, None), |(named, digest)| (named, Some(digest)));
    let slash = named.rfind('/').map_or(0, |at| at + 1);
    let (name, tag) = match named[slash..].find(':') {
        Some(colon) => (&named[..slash + colon], Some(&named[slash + colon + 1..])),
        None => (named, None),
    };
    let is_told = !name.is_empty() && !name.contains([UNKNOWN, ' ', '{', '$']);
    let tag =
        tag.filter(|tag| !tag.contains([UNKNOWN, '{', '$'])).or(if tag.is_none() { digest } else { None });
    is_told.then(|| {
        let mut requirement = Requirement::new(Ecosystem::Docker, name, tag, line);
        requirement.variable = variable;
        requirement.digest = digest.filter(|_| requirement.version.is_some()).map(str::to_owned);
        requirement
    })
}

/// Stands where a variable has no known value.
const UNKNOWN: char = '\u{0}';

fn fill(text: &str, values: &BTreeMap<String, String>) -> Option<String> {
    let (text, _) = filled(text, &|name| values.get(name).filter(|value| !value.is_empty()).cloned());
    (!text.contains(UNKNOWN)).then_some(text)
}

/// Fills in `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:?message}`; also gives the last name that had a value.
pub(super) fn filled(text: &str, value: &dyn Fn(&str) -> Option<String>) -> (String, Option<String>) {
    let mut whole = String::new();
    let mut used = None;
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        whole.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let (name, default, after) = if let Some(inner) = rest.strip_prefix('{') {
            let Some(end) = closing(inner) else { break };
            let expression = &inner[..end];
            let split = expression.find([':', '-', '?', '+']).unwrap_or(expression.len());
            let operator = expression[split..].trim_start_matches(':');
            (&expression[..split], operator.strip_prefix('-'), &inner[end + 1..])
        } else {
            let end = rest
                .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
                .unwrap_or(rest.len());
            (&rest[..end], None, &rest[end..])
        };
        // a default may itself hold variables; one level is enough for what people write
        let default =
            default.map(|default| default.trim_start_matches('$').trim_matches(['{', '}']).to_owned());
        match value(name) {
            Some(value) => {
                used = Some(name.to_owned());
                whole.push_str(&value);
            }
            None => match default {
                Some(default) => whole.push_str(&value(&default).unwrap_or(default)),
                None => whole.push(UNKNOWN),
            },
        }
        rest = after;
    }
    whole.push_str(rest);
    (whole, used)
}

fn closing(text: &str) -> Option<usize> {
    let mut depth = 0u32;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, shown};
    use super::*;

    #[test]
    fn images_with_arguments_filled_in() {
        let text = "ARG NODE=20\nARG BASE=ghcr.io/acme/base:${NODE}\n# FROM no\nFROM --platform=$P node:${NODE}-alpine AS \
                    build\nRUN <<EOF\nFROM no\nEOF\nFROM $BASE\nFROM build\nCOPY --from=build /a /b\nCOPY --chown=x \
                    --from=reg.io:5000/uv:0.5.11@sha256:aa /uv /bin\nCOPY --from=0 /a /b\nFROM x/y:$UNKNOWN\nFROM \
                    $UNKNOWN\nFROM scratch\nFROM gcr.io/d/static@sha256:bb\n";
        assert_eq!(
            shown(&read(&Dockerfile, "Dockerfile", text)),
            [
                "docker node 20-alpine",
                "docker ghcr.io/acme/base 20",
                "docker reg.io:5000/uv 0.5.11",
                "docker x/y -",
                "docker gcr.io/d/static sha256:bb",
            ]
        );
    }

    #[test]
    fn only_build_files() {
        for (name, expected) in [
            ("Dockerfile", true),
            ("Dockerfile.playwright", true),
            ("app.Dockerfile", true),
            ("Containerfile", true),
            ("Dockerfile.dockerignore", false),
            ("dockerfile.md", false),
            ("Dockerfiles", false),
        ] {
            assert_eq!(Dockerfile.reads(&name.into()), expected, "{name}");
        }
    }
}
