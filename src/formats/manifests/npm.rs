//! `package.json`, and the catalogs of versions that pnpm and bun share among packages.

use super::{Ecosystem, Inventory, Manifest, Reader, Requirement, Source};
use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::document::{self, Node};

const SECTIONS: &[(&str, bool)] = &[
    ("dependencies", false),
    ("devDependencies", true),
    ("peerDependencies", false),
    ("optionalDependencies", false),
];

/// Reads `package.json`.
pub(super) struct PackageJson;

impl Reader for PackageJson {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Npm]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        path.file_name() == "package.json"
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let root = document::json(manifest.text)?;
        let mut inventory = Inventory::default();
        inventory.makes.extend(root.text_of("name").map(|name| (Ecosystem::Npm, name.to_owned())));
        for (section, dev) in SECTIONS {
            for (name, version) in root.get(section).entries() {
                inventory.add(package(name, version).section(*section, *dev));
            }
        }
        for key in ["overrides", "resolutions"] {
            forks(root.get(key), &mut inventory);
        }
        forks(root.at(&["pnpm", "overrides"]), &mut inventory);
        for holder in [&root, root.get("workspaces")] {
            catalogs(holder, &mut inventory);
        }
        for (tool, version) in root.get("engines").entries().chain(root.get("volta").entries()) {
            inventory.runtime(tool, version.text(), version.line);
        }
        let manager = root.get("packageManager");
        if let Some((tool, version)) = manager.text().and_then(|text| text.split_once('@')) {
            inventory.runtime(tool, version.split('+').next(), manager.line);
        }
        Ok(inventory)
    }
}

/// Reads the catalogs of `pnpm-workspace.yaml`.
pub(super) struct PnpmWorkspace;

impl Reader for PnpmWorkspace {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Npm]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        path.file_name() == "pnpm-workspace.yaml"
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let mut inventory = Inventory::default();
        for root in document::yaml(manifest.text)? {
            catalogs(&root, &mut inventory);
        }
        Ok(inventory)
    }
}

fn catalogs(holder: &Node, inventory: &mut Inventory) {
    let named = holder.get("catalogs").entries();
    for (catalog, packages) in named.chain([("catalog", holder.get("catalog"))]) {
        for (name, version) in packages.entries() {
            inventory.add(package(name, version).section(catalog, false));
        }
    }
}

/// A package that is forced to come from elsewhere. A forced version of a package that came along is no choice of ours.
fn forks(overrides: &Node, inventory: &mut Inventory) {
    for (name, version) in overrides.entries() {
        let source = version.text().map(source).unwrap_or_default();
        if source.address().is_some() {
            let forced = inventory.requirements.iter_mut().filter(|requirement| requirement.name == name);
            forced.for_each(|requirement| requirement.source = source.clone());
        }
    }
}

fn package(name: &str, version: &Node) -> Requirement {
    let text = version.text().unwrap_or_default();
    // `catalog:` points to a version that the workspace's list gives
    let written = (!text.starts_with("catalog:")).then_some(text);
    Requirement::new(Ecosystem::Npm, name, written, version.line).from(source(text))
}

fn source(version: &str) -> Source {
    const OWN: &[&str] = &["workspace:", "file:", "link:", "portal:"];
    const GIT: &[&str] = &["git+", "git:", "git@", "github:", "gitlab:", "bitbucket:"];
    let starts = |starts: &[&str]| starts.iter().any(|start| version.starts_with(start));
    if starts(OWN) {
        return Source::Own;
    }
    let (address, commit) = version.split_once('#').unwrap_or((version, ""));
    let is_short = address.split('/').count() == 2 && !address.contains([':', ' ', '@', '>', '<', '|']);
    if starts(GIT)
        || address.ends_with(".git")
        || is_short
        || (address.starts_with("http") && !commit.is_empty())
    {
        return Source::Git(address.to_owned());
    }
    if let Some(alias) = version.strip_prefix("npm:") {
        let name =
            alias.rsplit_once('@').map_or(alias, |(name, _)| if name.is_empty() { alias } else { name });
        return Source::Other(format!("npm:{name}"));
    }
    if version.starts_with("http") { Source::Other(address.to_owned()) } else { Source::Registry }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, shown};
    use super::*;

    #[test]
    fn every_section_and_source() {
        let text = r#"{
          "name": "@acme/shop", "packageManager": "pnpm@9.1.0+sha512.aa", "engines": {"node": ">=20"},
          "dependencies": {"react": "^19.2.1", "own": "workspace:*", "fork": "acme/fork#main", "old": "npm:new@^2"},
          "devDependencies": {"vite": "catalog:"},
          "peerDependencies": {"vue": ">=3"},
          "overrides": {"react": "github:acme/react", "deep": "1.0.0"}
        }"#;
        let inventory = read(&PackageJson, "package.json", text);
        assert_eq!(
            shown(&inventory),
            [
                "npm react ^19.2.1 from github:acme/react",
                "npm own workspace:* own",
                "npm fork acme/fork#main from acme/fork",
                "npm old npm:new@^2 from npm:new",
                "npm vite - dev",
                "npm vue >=3",
            ]
        );
        assert_eq!(inventory.makes, [(Ecosystem::Npm, "@acme/shop".to_owned())]);
        let runtimes: Vec<_> =
            inventory.runtimes.iter().map(|one| (one.tool.as_str(), one.version.as_str())).collect();
        assert_eq!(runtimes, [("node", ">=20"), ("pnpm", "9.1.0")]);
    }

    #[test]
    fn catalogs_give_versions() {
        let text = "packages:\n  - 'a/*'\ncatalog:\n  react: ^19.0.0\ncatalogs:\n  old:\n    react: 18.3\n";
        let inventory = read(&PnpmWorkspace, "pnpm-workspace.yaml", text);
        assert_eq!(shown(&inventory), ["npm react 18.3", "npm react ^19.0.0"]);
    }
}
