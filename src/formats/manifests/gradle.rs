//! Gradle: build scripts in Groovy and Kotlin as far as they are literal, version catalogs, properties.

use std::collections::BTreeMap;

use super::script::{Comments, Piece, pieces};
use super::{Ecosystem, Inventory, Manifest, Reader, Requirement};
use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::document::{self, Node};

/// Reads `*.gradle` and `*.gradle.kts`.
pub(super) struct Script;

/// Scripts and lists that often hold versions for others.
const SHARED: &[&str] = &[
    "gradle.properties",
    "build.gradle",
    "build.gradle.kts",
    "versions.gradle",
    "dependencies.gradle",
    "gradle/versions.gradle",
    "gradle/dependencies.gradle",
];

impl Reader for Script {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Maven]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        path.file_name().ends_with(".gradle") || path.file_name().ends_with(".gradle.kts")
    }

    fn takes_versions_from(&self, path: &RepoPath) -> bool {
        SHARED.iter().any(|shared| shared.rsplit('/').next() == Some(path.file_name()))
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let all = pieces(manifest.text, Comments::Slashes);
        let mut values = variables(&all);
        for name in SHARED {
            for (_, text) in manifest.above(name) {
                let more = if name.ends_with(".properties") {
                    properties(&text)
                } else {
                    variables(&pieces(&text, Comments::Slashes))
                };
                for (key, value) in more {
                    values.entry(key).or_insert(value);
                }
            }
        }
        let catalog = manifest.above("gradle/libs.versions.toml").next();
        let aliases = catalog.and_then(|(_, text)| document::toml(&text).ok()).map(|root| aliases(&root));
        let mut reading =
            Reading { values, aliases: aliases.unwrap_or_default(), found: Inventory::default() };
        reading.statements(&all);
        if let Some(group) = assigned(&all, "group") {
            let project = manifest.path.folders().last().unwrap_or_default();
            reading.found.makes.push((Ecosystem::Maven, format!("{group}:{project}")));
        }
        Ok(reading.found)
    }
}

struct Reading {
    values: BTreeMap<String, String>,
    aliases: BTreeMap<String, String>,
    found: Inventory,
}

impl Reading {
    /// Goes through the script, statement by statement, knowing the blocks around each.
    fn statements(&mut self, all: &[(u32, Piece)]) {
        let mut blocks: Vec<String> = Vec::new();
        let mut statement: Vec<(u32, Piece)> = Vec::new();
        let mut round = 0u32;
        // a list of arguments may go on after a comma at the end of a line
        let goes_on = |statement: &[(u32, Piece)], round: u32| {
            round > 0
                || statement
                    .last()
                    .is_some_and(|(_, piece)| [',', '+', '='].iter().any(|sign| piece.is(*sign)))
        };
        for (line, piece) in all {
            match piece {
                Piece::Sign('{') => {
                    self.statement(&statement, &blocks);
                    let name = statement.iter().rev().find_map(|(_, piece)| piece.word()).unwrap_or_default();
                    blocks.push(name.to_owned());
                    statement.clear();
                    round = 0;
                }
                Piece::Sign('}') => {
                    self.statement(&statement, &blocks);
                    blocks.pop();
                    statement.clear();
                    round = 0;
                }
                Piece::Sign(';') => {
                    self.statement(&statement, &blocks);
                    statement.clear();
                }
                Piece::End if goes_on(&statement, round) => {}
                Piece::End => {
                    self.statement(&statement, &blocks);
                    statement.clear();
                }
                _ => {
                    match piece {
                        Piece::Sign('(' | '[') => round += 1,
                        Piece::Sign(')' | ']') => round = round.saturating_sub(1),
                        _ => {}
                    }
                    statement.push((*line, piece.clone()));
                }
            }
        }
        self.statement(&statement, &blocks);
    }

    fn statement(&mut self, statement: &[(u32, Piece)], blocks: &[String]) {
        let Some(first) = statement.first().and_then(|(_, piece)| piece.word()) else { return };
        let inside = |name: &str| blocks.iter().any(|block| block == name);
        if first == "exclude" {
            return;
        }
        if inside("plugins") {
            self.plugin(first, statement);
        } else if inside("dependencies") || inside("imports") || inside("constraints") {
            let dev = inside("buildscript") || is_dev(first);
            self.packages(statement, dev);
        } else if first == "artifact" {
            self.packages(statement, true);
        }
        let java = statement.iter().position(|(_, piece)| {
            matches!(piece.word(), Some("JavaLanguageVersion" | "sourceCompatibility" | "jvmToolchain"))
        });
        if let Some(at) = java {
            let version = statement[at + 1..].iter().find_map(|(line, piece)| {
                let written = piece.word().or(piece.text())?.trim_start_matches("VERSION_").replace('_', ".");
                written.starts_with(|letter: char| letter.is_ascii_digit()).then_some((*line, written))
            });
            if let Some((line, version)) = version {
                self.found.runtime("java", Some(&version), line);
            }
        }
    }

    /// `id("x") version "1"`, `kotlin("jvm") version "1"`, `alias(libs.plugins.x)`
    fn plugin(&mut self, first: &str, statement: &[(u32, Piece)]) {
        let mut texts = statement.iter().filter_map(|(line, piece)| Some((*line, piece.text()?)));
        let after_version = statement.iter().position(|(_, piece)| piece.word() == Some("version"));
        let version =
            after_version.and_then(|at| statement.get(at + 1..)).and_then(|rest| self.value_at(rest));
        let line = statement.first().map_or(1, |(line, _)| *line);
        let name = match first {
            "id" => texts.next().map(|(_, id)| id.to_owned()),
            "kotlin" => texts.next().map(|(_, name)| format!("org.jetbrains.kotlin.{name}")),
            "alias" => self.alias(statement).map(str::to_owned),
            _ => None,
        };
        // plugins that come with Gradle have no dot in their names
        if let Some(name) = name.filter(|name| name.contains('.')) {
            let (version, variable) = version.unzip();
            let mut requirement = Requirement::new(Ecosystem::Maven, name, version.as_deref(), line);
            requirement.variable = variable.flatten();
            self.found.add(requirement.section("plugins", true));
        }
    }

    fn packages(&mut self, statement: &[(u32, Piece)], dev: bool) {
        let section = if dev { "development" } else { "" };
        // implementation group: 'a', name: 'b', version: 'c'
        let named = |name: &str| {
            let at = statement.iter().position(|(_, piece)| piece.word() == Some(name))?;
            let sign = statement.get(at + 1).filter(|(_, piece)| piece.is(':') || piece.is('='))?;
            self.value_at(statement.get(at + 2..)?).map(|(value, variable)| (sign.0, value, variable))
        };
        if let (Some((line, group, _)), Some((_, name, _))) = (named("group"), named("name")) {
            let (version, variable) = named("version").map(|(_, value, variable)| (value, variable)).unzip();
            let mut requirement =
                Requirement::new(Ecosystem::Maven, format!("{group}:{name}"), version.as_deref(), line);
            requirement.variable = variable.flatten();
            return self.found.add(requirement.section(section, dev));
        }
        if let Some(module) = self.alias(statement).map(str::to_owned) {
            let line = statement[0].0;
            return self
                .found
                .add(Requirement::new(Ecosystem::Maven, module, None, line).section(section, dev));
        }
        for (at, (line, piece)) in statement.iter().enumerate() {
            let Some(text) = piece.text() else { continue };
            let is_excluded = statement[..at].iter().any(|(_, piece)| piece.word() == Some("exclude"));
            let (whole, variable) = match statement.get(at + 1) {
                // "group:name:" + version
                Some((_, sign)) if sign.is('+') => {
                    match statement.get(at + 2..).and_then(|rest| self.value_at(rest)) {
                        Some((value, variable)) => (format!("{text}{value}"), variable),
                        None => (text.to_owned(), None),
                    }
                }
                _ => self.filled(text),
            };
            if let Some(mut requirement) = coordinates(&whole, *line).filter(|_| !is_excluded) {
                requirement.variable = variable;
                self.found.add(requirement.section(section, dev));
            }
        }
    }

    /// The module that `libs.some.alias` stands for.
    fn alias(&self, statement: &[(u32, Piece)]) -> Option<&str> {
        let at = statement.iter().position(|(_, piece)| piece.word() == Some("libs"))?;
        let path = path_at(&statement[at + 1..]);
        self.aliases.get(path.trim_end_matches(".get")).map(String::as_str)
    }

    /// A text or a variable's value at the start of some pieces, and the variable.
    fn value_at(&self, rest: &[(u32, Piece)]) -> Option<(String, Option<String>)> {
        match rest.first()? {
            (_, Piece::Text(text)) => {
                let (whole, variable) = self.filled(text);
                (!whole.contains('$')).then_some((whole, variable))
            }
            (_, Piece::Word(first)) => {
                let path = format!("{first}{}", path_at(&rest[1..]));
                self.lookup(&path).map(|value| (value.to_owned(), Some(path)))
            }
            _ => None,
        }
    }

    fn lookup(&self, path: &str) -> Option<&str> {
        let path = path.trim();
        let last = path.rsplit('.').next().unwrap_or(path);
        // property("x"), project.property('x'), extra["x"]
        let quoted = path.split(['"', '\'']).nth(1);
        let value =
            quoted.and_then(|name| self.values.get(name)).or(self.values.get(path)).or(self.values.get(last));
        value.map(String::as_str)
    }

    /// A text with its variables filled in where they are known, and the last of these.
    fn filled(&self, text: &str) -> (String, Option<String>) {
        let (mut whole, mut used) = (String::new(), None);
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            whole.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            let (name, length) =
                match after.strip_prefix('{').and_then(|inner| inner.find('}').map(|end| &inner[..end])) {
                    Some(name) => (name, name.len() + 2),
                    None => {
                        let end = after
                            .find(|letter: char| !(letter.is_alphanumeric() || matches!(letter, '_' | '.')));
                        let name = after[..end.unwrap_or(after.len())].trim_end_matches('.');
                        (name, name.len())
                    }
                };
            match self.lookup(name) {
                Some(value) => {
                    whole.push_str(value);
                    used = Some(name.to_owned());
                }
                None => {
                    whole.push('$');
                    whole.push_str(name);
                }
            }
            rest = &after[length..];
        }
        whole.push_str(rest);
        (whole, used)
    }
}

/// `.a.b` at the start of some pieces; after a name that begins the path, as in `libs.a.b`, without the first dot.
fn path_at(rest: &[(u32, Piece)]) -> String {
    let mut path = String::new();
    for (_, piece) in rest {
        match piece {
            Piece::Sign('.') => path.push('.'),
            Piece::Word(word) if path.ends_with('.') => path.push_str(word),
            _ => break,
        }
    }
    path
}

/// `group:name`, `group:name:version`, `group:name:version:classifier@type`
fn coordinates(text: &str, line: u32) -> Option<Requirement> {
    let text = text.split('@').next().unwrap_or_default();
    let parts: Vec<&str> = text.split(':').collect();
    let is_name = |part: &str| {
        !part.is_empty()
            && part.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_'))
    };
    let (&group, &name) = (parts.first()?, parts.get(1)?);
    if parts.len() > 4 || !is_name(group) || !is_name(name) {
        return None;
    }
    let version = parts.get(2).filter(|version| !version.contains(['$', ' ']));
    Some(Requirement::new(Ecosystem::Maven, format!("{group}:{name}"), version.copied(), line))
}

/// Lists of packages that never reach customers.
fn is_dev(configuration: &str) -> bool {
    let lower = configuration.to_ascii_lowercase();
    lower.contains("test")
        || [
            "classpath",
            "developmentonly",
            "annotationprocessor",
            "kapt",
            "ksp",
            "errorprone",
            "checkstyle",
            "ktlint",
        ]
        .contains(&lower.as_str())
}

/// `name = 'value'` at the start of a line.
fn assigned(all: &[(u32, Piece)], name: &str) -> Option<String> {
    all.windows(3).find_map(|window| match window {
        [(_, Piece::Word(word)), (_, Piece::Sign('=')), (_, Piece::Text(text))] if word == name => {
            Some(text.clone())
        }
        _ => None,
    })
}

/// What blocks of many kinds set for themselves: no variable, so that `it.name` does not stand for it.
const IS_SETTING: &[&str] = &["name", "url", "description", "id"];

/// Every literal that a script gives a name: `def a = '1'`, `ext.a = '1'`, `extra["a"] = "1"`, `set('a', '1')`, and
/// `a: '1'` inside `versions = [ … ]` as `versions.a`.
fn variables(all: &[(u32, Piece)]) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    let mut list: Option<String> = None;
    for (at, window) in all.windows(3).enumerate() {
        let pieces = [&window[0].1, &window[1].1, &window[2].1];
        match pieces {
            [Piece::Word(name), Piece::Sign('='), Piece::Text(value)]
                if !IS_SETTING.contains(&name.as_str()) =>
            {
                values.insert(name.clone(), value.clone());
            }
            [Piece::Word(name), Piece::Sign('='), Piece::Sign('[')] => list = Some(name.clone()),
            [Piece::Word(name), Piece::Sign(':'), Piece::Text(value)] => {
                if let Some(list) = &list {
                    values.insert(format!("{list}.{name}"), value.clone());
                }
            }
            // extra["a"] = "1", set("a", "1"), val a by extra("1")
            [Piece::Text(name), Piece::Sign(']'), Piece::Sign('=')] => {
                if let Some((_, Piece::Text(value))) = all.get(at + 3) {
                    values.insert(name.clone(), value.clone());
                }
            }
            [Piece::Text(name), Piece::Sign(','), Piece::Text(value)]
                if at >= 2 && all[at - 2].1.word() == Some("set") =>
            {
                values.insert(name.clone(), value.clone());
            }
            [Piece::Word(name), Piece::Word(by), Piece::Word(extra)] if by == "by" && extra == "extra" => {
                if let Some((_, Piece::Text(value))) = all.get(at + 4) {
                    values.insert(name.clone(), value.clone());
                }
            }
            [Piece::Sign(']'), ..] => list = None,
            _ => {}
        }
    }
    // one variable may hold another
    let known = values.clone();
    for value in values.values_mut().filter(|value| value.contains('$')) {
        let name = value.trim_start_matches('$').trim_matches(['{', '}']);
        if let Some(other) = known.get(name) {
            *value = other.clone();
        }
    }
    values
}

fn properties(text: &str) -> BTreeMap<String, String> {
    let pairs = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', '!']));
    let pairs = pairs.filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect()
}

/// Reads version catalogs: `gradle/libs.versions.toml`.
pub(super) struct Catalog;

impl Reader for Catalog {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Maven]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        path.file_name().ends_with(".versions.toml")
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let root = document::toml(manifest.text)?;
        let mut found = Inventory::default();
        for (section, dev) in [("libraries", false), ("plugins", true)] {
            for (_, entry) in root.get(section).entries() {
                let Some(name) = module(entry) else { continue };
                let version = version(entry, &root);
                found
                    .add(Requirement::new(Ecosystem::Maven, name, version, entry.line).section(section, dev));
            }
        }
        Ok(found)
    }
}

/// What an entry of a catalog names: `group:name`, or a plugin's id.
fn module(entry: &Node) -> Option<String> {
    if let Some(text) = entry.text() {
        let mut parts = text.split(':');
        let (first, second) = (parts.next()?, parts.next()?);
        // "group:name:version", or a plugin's "id:version"
        return Some(if parts.next().is_some() { format!("{first}:{second}") } else { first.to_owned() });
    }
    let whole = entry.text_of("module").or(entry.text_of("id")).map(str::to_owned);
    whole.or_else(|| Some(format!("{}:{}", entry.text_of("group")?, entry.text_of("name")?)))
}

fn version<'n>(entry: &'n Node, root: &'n Node) -> Option<&'n str> {
    if let Some(text) = entry.text() {
        return text.rsplit(':').next();
    }
    let written = entry.get("version");
    let given = written.text_of("ref").map_or(written, |name| root.at(&["versions", name]));
    given.text().or_else(|| ["strictly", "require", "prefer"].iter().find_map(|key| given.text_of(key)))
}

/// Aliases as scripts write them: `a-b_c` is `.a.b.c`, plugins stand below `.plugins`.
fn aliases(root: &Node) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (section, start) in [("libraries", "."), ("plugins", ".plugins.")] {
        for (alias, entry) in root.get(section).entries() {
            let path = format!("{start}{}", alias.replace(['-', '_'], "."));
            found.extend(module(entry).map(|module| (path, module)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, read_in, shown};
    use super::*;

    #[test]
    fn groovy_scripts() {
        let text = "plugins {\n  id 'java'\n  id 'com.google.protobuf' version '0.9.5'\n}\ndef otel = \"1.54.1\"\next {\n  versions = [\n    \
                    slf4j: '2.0'\n  ]\n}\ndependencies {\n  if (speed) {\n    implementation fileTree(dir: x)\n  } else {\n    implementation \
                    platform(\"io.otel:bom:${otel}\")\n    implementation \"io.otel:api\",\n        \"org.log:log4j:2.25.2\"\n    compile(\"a:b:$otel\") {\n      \
                    exclude group: \"org.x\", module: 'y:z'\n    }\n    compile project(\":own\")\n    testCompile group: 'g', name: 'n', version: '4'\n    \
                    runtimeOnly \"s:l:$versions.slf4j\"\n    api 'r:q:' + rootVersion\n    api \"u:v:$unknown\"\n  }\n}\nprotobuf { protoc { artifact = \
                    \"p:c:1\" } }\nrepositories { maven { name = 'Snapshot' } }\ndependencies { all.each { api(group: 'g', name: it.name) } }\njava { toolchain { languageVersion = JavaLanguageVersion.of(21) } }\n";
        let inventory =
            read_in(&Script, &[("app/build.gradle", text), ("gradle.properties", "rootVersion=7\n")]);
        assert_eq!(
            shown(&inventory),
            [
                "maven com.google.protobuf 0.9.5 dev",
                "maven io.otel:bom 1.54.1",
                "maven io.otel:api -",
                "maven org.log:log4j 2.25.2",
                "maven a:b 1.54.1",
                "maven g:n 4 dev",
                "maven s:l 2.0",
                "maven r:q 7",
                "maven u:v -",
                "maven p:c 1 dev",
            ]
        );
        assert_eq!(inventory.requirements[1].variable.as_deref(), Some("otel"));
        assert_eq!((inventory.requirements[3].line, inventory.runtimes[0].version.as_str()), (17, "21"));
    }

    #[test]
    fn kotlin_scripts_and_catalogs() {
        let catalog = "[versions]\nkotlin = '2.0'\n[libraries]\nokhttp-core = { module = 'com.squareup:okhttp', version.ref = 'kotlin' }\n\
                       other = 'a:b:1'\n[plugins]\njvm = { id = 'org.jetbrains.kotlin.jvm', version.ref = 'kotlin' }\n";
        let text = "plugins {\n  kotlin(\"kapt\") version \"2.1\"\n  alias(libs.plugins.jvm)\n  `java-library`\n}\nval grpc = \"1.2\"\nval more by \
                    extra(\"3\")\ndependencies {\n  implementation(libs.okhttp.core)\n  implementation(\"io.grpc:stub:$grpc\")\n  \
                    testImplementation(\"x:y:${more}\")\n  implementation(project(\":a\"))\n}\n";
        let files = [("build.gradle.kts", text), ("gradle/libs.versions.toml", catalog)];
        assert_eq!(
            shown(&read_in(&Script, &files)),
            [
                "maven org.jetbrains.kotlin.kapt 2.1 dev",
                "maven org.jetbrains.kotlin.jvm - dev",
                "maven com.squareup:okhttp -",
                "maven io.grpc:stub 1.2",
                "maven x:y 3 dev",
            ]
        );
        assert_eq!(
            shown(&read(&Catalog, "gradle/libs.versions.toml", catalog)),
            ["maven com.squareup:okhttp 2.0", "maven a:b 1", "maven org.jetbrains.kotlin.jvm 2.0 dev"]
        );
    }
}
