//! Julia: the packages of a `Project.toml`, with the versions of its compatibility table.

use super::{Ecosystem, Inventory, Manifest, Reader, Requirement};
use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::document;

/// Reads `Project.toml`.
pub(super) struct Julia;

impl Reader for Julia {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Other]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        matches!(path.file_name(), "Project.toml" | "JuliaProject.toml")
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let root = document::toml(manifest.text)?;
        let mut found = Inventory::default();
        found.makes.extend(root.text_of("name").map(|name| (Ecosystem::Other, name.to_owned())));
        let compat = root.get("compat");
        found.runtime("julia", compat.text_of("julia"), compat.get("julia").line);
        for (section, dev) in [("deps", false), ("weakdeps", false), ("extras", true)] {
            // each package is named with its id; what ships with the language has no version of its own
            for (name, id) in root.get(section).entries().filter(|(_, id)| id.text().is_some()) {
                let version = compat.get(name);
                let line = if version.is_some() { version.line } else { id.line };
                found.add(
                    Requirement::new(Ecosystem::Other, name, version.text(), line).section(section, dev),
                );
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
    fn packages_with_their_versions() {
        let text = "name = 'Shop'\nuuid = 'a'\n[deps]\nJSON = '682c'\nDates = 'ade2'\n[extras]\nTest = '8dfe'\n[compat]\njulia = '1.9'\nJSON = '0.21'\n";
        let inventory = read(&Julia, "Project.toml", text);
        assert_eq!(shown(&inventory), ["other JSON 0.21", "other Dates -", "other Test - dev"]);
        assert_eq!((inventory.requirements[0].line, inventory.runtimes[0].version.as_str()), (10, "1.9"));
        assert_eq!(shown(&read(&Julia, "Project.toml", "[tool]\nx = 1\n")), [""; 0]);
    }
}
