//! `composer.json`.

use super::{Ecosystem, Inventory, Manifest, Reader, Requirement};
use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::document;

/// Reads `composer.json`.
pub(super) struct Composer;

impl Reader for Composer {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Composer]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        path.file_name() == "composer.json"
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let root = document::json(manifest.text)?;
        let mut found = Inventory::default();
        found.makes.extend(root.text_of("name").map(|name| (Ecosystem::Composer, name.to_owned())));
        for (section, dev) in [("require", false), ("require-dev", true)] {
            for (name, version) in root.get(section).entries() {
                if name == "php" {
                    found.runtime("php", version.text(), version.line);
                } else if name.contains('/') {
                    // names without a slash are parts of PHP itself
                    let one = Requirement::new(Ecosystem::Composer, name, version.text(), version.line);
                    found.add(one.section(section, dev));
                }
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
    fn packages_but_not_php() {
        let text = r#"{"name": "acme/quote", "require": {"php": ">=8.3", "ext-json": "*", "monolog/monolog": "3.9.0"},
                       "require-dev": {"phpunit/phpunit": "^11"}}"#;
        let inventory = read(&Composer, "composer.json", text);
        assert_eq!(shown(&inventory), ["composer monolog/monolog 3.9.0", "composer phpunit/phpunit ^11 dev"]);
        assert_eq!(inventory.runtimes[0].version, ">=8.3");
    }
}
