//! Compose files: images taken from elsewhere; what is built here is our own.

use std::collections::BTreeMap;

use super::dockerfile::{filled, image};
use super::{Ecosystem, Inventory, Manifest, Reader};
use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::document;

/// Reads Compose files.
pub(super) struct Compose;

impl Reader for Compose {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Docker]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        let name = path.file_name().to_ascii_lowercase();
        let stem = name.strip_suffix(".yml").or(name.strip_suffix(".yaml"));
        stem.is_some_and(|stem| {
            let word = |word| stem.split(['.', '-', '_']).any(|part| part == word);
            word("compose")
        })
    }

    fn takes_versions_from(&self, path: &RepoPath) -> bool {
        path.file_name() == ".env"
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let values = environment(manifest);
        let value = |name: &str| values.get(name).cloned();
        let mut inventory = Inventory::default();
        for root in document::yaml(manifest.text)? {
            // the first version of the format had the services at the root
            let services = if root.get("services").is_map() { root.get("services") } else { &root };
            for (name, service) in services.entries() {
                let written = service.get("image");
                let wanted = written.text().and_then(|text| image(text, &value, written.line));
                if service.get("build").is_some() {
                    inventory.makes.push((Ecosystem::Docker, name.to_owned()));
                    inventory.makes.extend(wanted.map(|own| (Ecosystem::Docker, own.name)));
                } else {
                    inventory.requirements.extend(wanted.map(|outside| outside.section("services", false)));
                }
            }
        }
        Ok(inventory)
    }
}

/// The variables of the nearest `.env` file.
fn environment(manifest: Manifest<'_>) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    let Some((_, text)) = manifest.above(".env").next() else { return values };
    for line in text.lines() {
        let line = line.trim().trim_start_matches("export ");
        let Some((name, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) else { continue };
        let value = value.trim();
        let quoted = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.split(*quote).next());
        let value = quoted.unwrap_or_else(|| value.split(" #").next().unwrap_or_default().trim());
        let (value, _) = filled(value, &|name| values.get(name).cloned());
        values.insert(name.trim().to_owned(), value);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read_in, shown};
    use super::*;

    #[test]
    fn outside_images_only() {
        let env = "NAME=ghcr.io/acme/demo\nTAG=8.1\nVALKEY=valkey/valkey:${TAG}-alpine # comment\n";
        let text = "services:\n  web:\n    build: .\n    image: ${NAME}:latest-web\n  cache:\n    image: ${VALKEY}\n  db:\n    \
                    image: postgres:${PG:-17}\n  x:\n    image: ${NOWHERE}\n";
        let inventory = read_in(&Compose, &[("deploy/compose.yaml", text), (".env", env)]);
        assert_eq!(shown(&inventory), ["docker valkey/valkey 8.1-alpine", "docker postgres 17"]);
        assert_eq!(inventory.makes[1], (Ecosystem::Docker, "ghcr.io/acme/demo".to_owned()));
    }

    #[test]
    fn only_compose_files() {
        for (name, expected) in [
            ("docker-compose.dev.yml", true),
            ("compose.yaml", true),
            ("composer.json", false),
            ("decompose.yml", false),
        ] {
            assert_eq!(Compose.reads(&name.into()), expected, "{name}");
        }
    }
}
