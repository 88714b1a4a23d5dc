//! Lock files of the npm world: package-lock 1 to 3, pnpm 5 to 9, yarn classic and berry, bun.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Locked, Packages};
use crate::formats::Unreadable;
use crate::formats::document;

/// An entry of `packages`, by the path that it is installed at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Installed<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    version: Option<Cow<'a, str>>,
    #[serde(borrow)]
    resolved: Option<Text<'a>>,
    #[serde(borrow)]
    integrity: Option<Cow<'a, str>>,
    #[serde(borrow)]
    license: Option<Text<'a>>,
    #[serde(default)]
    has_install_script: bool,
    #[serde(default)]
    link: bool,
}

/// An entry of the first version's `dependencies`, which nest.
#[derive(Deserialize)]
struct Nested<'a> {
    #[serde(borrow)]
    version: Option<Cow<'a, str>>,
    #[serde(borrow)]
    integrity: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    dependencies: BTreeMap<Cow<'a, str>, Nested<'a>>,
}

/// A text; anything else that old tools wrote in its place is passed over.
struct Text<'a>(Option<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;

        impl<'de> Visitor<'de> for Reading {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Some(Cow::Borrowed(text))))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Some(Cow::Owned(text.to_owned()))))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Text<'de>, E> {
                Ok(Text(None))
            }

            fn visit_unit<E>(self) -> Result<Text<'de>, E> {
                Ok(Text(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text<'de>, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Text(None))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Text<'de>, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Text(None))
            }
        }

        deserializer.deserialize_any(Reading)
    }
}

/// `package-lock.json`, `npm-shrinkwrap.json`
pub(super) fn package_lock(text: &str) -> Packages {
    #[derive(Deserialize)]
    struct Later<'a> {
        #[serde(borrow, default)]
        packages: BTreeMap<Cow<'a, str>, Installed<'a>>,
    }

    #[derive(Deserialize)]
    struct First<'a> {
        #[serde(borrow, default)]
        dependencies: BTreeMap<Cow<'a, str>, Nested<'a>>,
    }

    let later: Later<'_> = serde_json::from_str(text).map_err(Unreadable::broken)?;
    if !later.packages.is_empty() {
        return Ok(later.packages.iter().filter_map(|(path, entry)| installed(path, entry)).collect());
    }
    let first: First<'_> = serde_json::from_str(text).map_err(Unreadable::broken)?;
    let mut found = Vec::new();
    nested(&first.dependencies, &mut found);
    Ok(found)
}

fn installed(path: &str, entry: &Installed<'_>) -> Option<Locked> {
    // what lies outside node_modules is a workspace member
    let (_, folder) = path.rsplit_once("node_modules/")?;
    let resolved = entry.resolved.as_ref().and_then(|text| text.0.as_deref()).unwrap_or_default();
    if entry.link || resolved.starts_with("file:") && !resolved.ends_with(".tgz") {
        return None;
    }
    let commit =
        resolved.starts_with("git").then(|| resolved.rsplit_once('#')).flatten().map(|(_, commit)| commit);
    let version = entry.version.as_deref().or(commit.map(|_| ""))?;
    let licence = entry.license.as_ref().and_then(|text| text.0.as_deref());
    Some(Locked {
        licence: licence.map(str::to_owned),
        runs_on_install: entry.has_install_script,
        ..Locked::new(entry.name.as_deref().unwrap_or(folder), version)
            .commit(commit)
            .checksum(entry.integrity.as_deref())
    })
}

fn nested(entries: &BTreeMap<Cow<'_, str>, Nested<'_>>, found: &mut Vec<Locked>) {
    for (name, entry) in entries {
        let written = entry.version.as_deref().unwrap_or_default();
        // an alias names the package it stands for; git names a commit
        let alias = written.strip_prefix("npm:").and_then(|alias| alias.rsplit_once('@'));
        let (name, version) = alias.unwrap_or((name, written));
        match written.rsplit_once('#') {
            Some((_, commit)) => found.push(Locked::new(name, "").commit(Some(commit))),
            None if version.is_empty() || version.starts_with("file:") => {}
            None => found.push(Locked::new(name, version).checksum(entry.integrity.as_deref())),
        }
        nested(&entry.dependencies, found);
    }
}

/// `pnpm-lock.yaml`: read by its lines, since a general parser takes seconds for the large ones that tools write.
pub(super) fn pnpm(text: &str) -> Packages {
    let mut found: Vec<Locked> = Vec::new();
    let mut in_packages = false;
    let mut is_lock = false;
    let mut has_slashes = false;
    let mut current: Option<Locked> = None;
    for line in text.lines() {
        let body = line.trim_start_matches(' ');
        let indent = line.len() - body.len();
        if body.is_empty() || body.starts_with('#') {
            continue;
        }
        match indent {
            0 => {
                if let Some(version) = body.strip_prefix("lockfileVersion:") {
                    is_lock = true;
                    // up to version 5 a slash stands before the version, later an @
                    has_slashes =
                        version.trim().trim_matches(['\'', '"']).starts_with(['1', '2', '3', '4', '5']);
                }
                in_packages = body == "packages:";
                found.extend(current.take());
            }
            2 if in_packages => {
                found.extend(current.take());
                let key = body.trim_end().strip_suffix(':').or(body.split_once(": ").map(|(key, _)| key));
                current =
                    key.map(|key| key.trim_matches(['\'', '"'])).and_then(|key| pnpm_key(key, has_slashes));
            }
            4 if in_packages => {
                let Some((key, value)) = body.split_once(':') else { continue };
                let value = value.trim().trim_matches(['\'', '"']);
                let Some(package) = current.as_mut() else { continue };
                match key {
                    "name" => package.name = value.to_owned(),
                    "version" => package.version = value.to_owned(),
                    "requiresBuild" => package.runs_on_install = value == "true",
                    "resolution" => {
                        let word = |name: &str| {
                            let (_, rest) = value.split_once(name)?;
                            rest.trim_start()
                                .split([',', '}'])
                                .next()
                                .map(|word| word.trim().trim_matches(['\'', '"']))
                        };
                        package.checksum = word("integrity:").map(str::to_owned);
                        package.commit = word("commit:").or(package.commit.as_deref()).map(str::to_owned);
                        if word("directory:").is_some() {
                            current = None;
                        }
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
    found.extend(current);
    if is_lock || text.trim().is_empty() { Ok(found) } else { Err(Unreadable::broken("no lockfileVersion")) }
}

/// `/name/1.0.0_peers`, `host.org/name/1.0.0`; later `/name@1.0.0(peers)`, `name@1.0.0`
fn pnpm_key(key: &str, has_slashes: bool) -> Option<Locked> {
    if key.starts_with("file:") || key.starts_with("link:") {
        return None;
    }
    let key = key.split('(').next().unwrap_or(key);
    let (host, key) = match key.strip_prefix('/') {
        Some(key) => ("", key),
        None if has_slashes => key.split_once('/')?,
        None => ("", key),
    };
    if !has_slashes {
        let (name, version) = split_at_sign(key)?;
        let commit = version.contains("://").then(|| version.rsplit('/').next()).flatten();
        let version = if commit.is_some() { "" } else { version };
        return Some(Locked::new(name, version).commit(commit));
    }
    let mut parts = key.splitn(if key.starts_with('@') { 3 } else { 2 }, '/');
    let rest = parts.clone().last()?;
    let name = &key[..key.len() - rest.len()].trim_end_matches('/');
    let version = rest.split('_').next().unwrap_or(rest);
    parts.next()?;
    match version.starts_with(|letter: char| letter.is_ascii_digit()) {
        true if !host.contains('.') || !version.contains('/') => Some(Locked::new(*name, version)),
        // a commit on a host: name and version follow on lines of their own
        _ if !host.is_empty() => {
            let (name, commit) = rest.rsplit_once('/')?;
            Some(Locked::new(name, "").commit(Some(commit)))
        }
        _ => None,
    }
}

/// `name@rest`, where the name may begin with an @ of its own.
fn split_at_sign(text: &str) -> Option<(&str, &str)> {
    let scope = usize::from(text.starts_with('@'));
    let at = scope + text.get(scope..)?.find('@')?;
    Some((&text[..at], &text[at + 1..]))
}

/// `yarn.lock`, of classic yarn and of berry: both are blocks whose first line names what was asked for.
pub(super) fn yarn(text: &str) -> Packages {
    let mut found: Vec<Locked> = Vec::new();
    let mut current: Option<Locked> = None;
    for line in text.lines() {
        let body = line.trim_start();
        if body.is_empty() || body.starts_with('#') {
            continue;
        }
        if line.len() == body.len() {
            found.extend(current.take().filter(|package| !package.version.is_empty()));
            let asked = body
                .trim_end()
                .strip_suffix(':')
                .ok_or_else(|| Unreadable::broken("a line without a colon"))?;
            current = yarn_name(asked).map(|name| Locked::new(name, ""));
            continue;
        }
        if line.len() - body.len() > 2 {
            continue;
        }
        let Some(package) = current.as_mut() else { continue };
        let (key, value) = body.split_once([' ', ':']).unwrap_or((body, ""));
        let value = value.trim_start_matches(':').trim().trim_matches('"');
        match key.trim_matches('"') {
            "version" => package.version = value.to_owned(),
            "integrity" | "checksum" => package.checksum = Some(value.to_owned()),
            "resolution" => {
                let is_own = ["@workspace:", "@link:", "@portal:"].iter().any(|own| value.contains(own));
                match yarn_name(value) {
                    Some(name) if !is_own => package.name = name,
                    _ => current = None,
                }
                commit(&mut current, value);
            }
            "resolved"
                if value.starts_with("git")
                    || value.contains("codeload.github.com")
                    || value.contains(".git#") =>
            {
                commit(&mut current, value);
            }
            _ => {}
        }
    }
    found.extend(current.filter(|package| !package.version.is_empty()));
    Ok(found)
}

/// Takes the commit that an address names.
fn commit(package: &mut Option<Locked>, address: &str) {
    let last = address.rsplit(['#', '/', '=']).next().unwrap_or_default();
    if let Some(package) =
        package.as_mut().filter(|_| last.len() == 40 && last.bytes().all(|byte| byte.is_ascii_hexdigit()))
    {
        package.commit = Some(last.to_owned());
    }
}

/// The name before the range in `"@scope/name@^1.0.0, @scope/name@~1.1"`; none for what lies in this repository.
fn yarn_name(asked: &str) -> Option<String> {
    let first = asked.split(", ").next().unwrap_or(asked).trim_matches('"');
    if first == "__metadata" {
        return None;
    }
    let (asked_name, range) = split_at_sign(first).unwrap_or((first, ""));
    let is_own = ["workspace:", "link:", "portal:"].iter().any(|own| range.starts_with(own));
    // classic yarn writes an alias with the name it stands for
    let alias = range.strip_prefix("npm:").and_then(|alias| alias.rsplit_once('@')).map(|(real, _)| real);
    let name = alias.filter(|real| !real.is_empty()).unwrap_or(asked_name);
    (!is_own).then(|| name.to_owned())
}

/// `bun.lock`
pub(super) fn bun(text: &str) -> Packages {
    let root = document::json(text)?;
    let packages = root.get("packages").entries().filter_map(|(_, entry)| {
        let resolved = entry.items().next()?.text()?;
        let (name, version) = split_at_sign(resolved)?;
        let is_own = ["workspace:", "link:", "file:", "root:"].iter().any(|own| version.starts_with(own));
        let checksum =
            entry.items().skip(1).filter_map(|item| item.text()).find(|text| text.starts_with("sha"));
        let commit = version.contains([':', '#']).then(|| version.rsplit('#').next()).flatten();
        let version = if commit.is_some() { "" } else { version };
        (!is_own).then(|| Locked::new(name, version).commit(commit).checksum(checksum))
    });
    Ok(packages.collect())
}
