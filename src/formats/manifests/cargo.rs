//! `Cargo.toml`: packages of all sections and systems, inherited versions, renames, patches.

use super::{Ecosystem, Inventory, Manifest, Reader, Requirement, Source};
use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::document::{self, Node};

/// Reads `Cargo.toml`.
pub(super) struct CargoToml;

const SECTIONS: &[(&str, bool)] = &[
    ("dependencies", false),
    ("dev-dependencies", true),
    ("dev_dependencies", true),
    ("build-dependencies", true),
    ("build_dependencies", true),
];

impl Reader for CargoToml {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Cargo]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        path.file_name() == "Cargo.toml"
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let root = document::toml(manifest.text)?;
        let mut inventory = Inventory::default();
        inventory
            .makes
            .extend(root.at(&["package", "name"]).text().map(|name| (Ecosystem::Cargo, name.to_owned())));
        let systems = root.get("target").entries().map(|(_, node)| node);
        for holder in [&root, root.get("workspace")].into_iter().chain(systems) {
            for (section, dev) in SECTIONS {
                let packages = holder.get(section).entries();
                packages.for_each(|(name, node)| inventory.add(package(name, node).section(*section, *dev)));
            }
        }
        for (_, patches) in root.get("patch").entries() {
            for (name, node) in patches.entries() {
                let patched = package(name, node);
                let of_name = inventory.requirements.iter_mut().filter(|one| one.name == patched.name);
                of_name.for_each(|one| one.source = patched.source.clone());
            }
        }
        for version in
            [root.at(&["package", "rust-version"]), root.at(&["workspace", "package", "rust-version"])]
        {
            inventory.runtime("rust", version.text(), version.line);
        }
        Ok(inventory)
    }
}

fn package(key: &str, node: &Node) -> Requirement {
    let name = node.text_of("package").unwrap_or(key);
    let git = node.text_of("git");
    let pinned = ["tag", "rev", "branch"].iter().find_map(|key| node.text_of(key)).filter(|_| git.is_some());
    let version = node.text().or(node.text_of("version")).or(pinned);
    let source = match (git, node.text_of("path"), node.text_of("registry")) {
        (Some(address), _, _) => Source::Git(address.to_owned()),
        (_, Some(_), _) => Source::Own,
        (_, _, Some(registry)) => Source::Other(registry.to_owned()),
        _ => Source::Registry,
    };
    Requirement::new(Ecosystem::Cargo, name, version, node.line).from(source)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, shown};
    use super::*;

    #[test]
    fn every_section_and_source() {
        let text = "[package]\nname = 'shop'\nrust-version = '1.90'\n\
            [dependencies]\nserde = { version = '1.0', features = ['derive'] }\nown = { path = '../own' }\n\
            json = { package = 'serde_json', workspace = true }\nfork = { git = 'https://x.dev/f', tag = 'v1' }\n\
            [dev-dependencies]\ntempfile = '3'\n[build-dependencies]\ncc = '1'\n\
            [target.'cfg(unix)'.dependencies]\nlibc = '0.2'\n\
            [workspace.dependencies]\ntokio = '1'\n\
            [patch.crates-io]\nserde = { git = 'https://x.dev/serde' }\n";
        let inventory = read(&CargoToml, "Cargo.toml", text);
        assert_eq!(
            shown(&inventory),
            [
                "cargo serde 1.0 from https://x.dev/serde",
                "cargo own - own",
                "cargo serde_json -",
                "cargo fork v1 from https://x.dev/f",
                "cargo tempfile 3 dev",
                "cargo cc 1 dev",
                "cargo tokio 1",
                "cargo libc 0.2",
            ]
        );
        assert_eq!((inventory.requirements[0].line, inventory.runtimes.len()), (5, 1));
    }
}
