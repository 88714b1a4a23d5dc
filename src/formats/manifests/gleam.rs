//! Gleam: the packages of `gleam.toml`, which come from Hex.

use super::{Ecosystem, Inventory, Manifest, Reader, Requirement, Source};
use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::document;

/// Reads `gleam.toml`.
pub(super) struct Gleam;

impl Reader for Gleam {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Hex]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        path.file_name() == "gleam.toml"
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let root = document::toml(manifest.text)?;
        let mut found = Inventory::default();
        found.makes.extend(root.text_of("name").map(|name| (Ecosystem::Hex, name.to_owned())));
        found.runtime("gleam", root.text_of("gleam"), root.get("gleam").line);
        for (section, dev) in
            [("dependencies", false), ("dev-dependencies", true), ("dev_dependencies", true)]
        {
            for (name, version) in root.get(section).entries() {
                let source = match version.text_of("git") {
                    Some(address) => Source::Git(address.to_owned()),
                    None if version.get("path").is_some() => Source::Own,
                    None => Source::Registry,
                };
                let written = version.text().or(version.text_of("ref"));
                let one = Requirement::new(Ecosystem::Hex, name, written, version.line);
                found.add(one.from(source).section(section, dev));
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, shown};
    use super::*;

    #[test]
    fn both_tables() {
        let text = "name = 'shop'\n[dependencies]\ngleam_stdlib = '>= 0.34.0'\nown = { path = '../own' }\n[dev-dependencies]\ngleeunit = '~> 1.0'\n";
        let inventory = read(&Gleam, "gleam.toml", text);
        assert_eq!(
            shown(&inventory),
            ["hex gleam_stdlib >= 0.34.0", "hex own - own", "hex gleeunit ~> 1.0 dev"]
        );
    }
}
