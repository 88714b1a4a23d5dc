//! Elm: the direct packages of `elm.json`.

use super::{Ecosystem, Inventory, Manifest, Reader, Requirement};
use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::document;

/// Reads `elm.json`.
pub(super) struct Elm;

impl Reader for Elm {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Other]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        path.file_name() == "elm.json"
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let root = document::json(manifest.text)?;
        let mut found = Inventory::default();
        found.makes.extend(root.text_of("name").map(|name| (Ecosystem::Other, name.to_owned())));
        found.runtime("elm", root.text_of("elm-version"), root.get("elm-version").line);
        for (section, dev) in [("dependencies", false), ("test-dependencies", true)] {
            let list = root.get(section);
            // an application tells direct packages from those that came along; a package lists direct ones only
            let packages = if list.get("direct").is_some() { list.get("direct") } else { list };
            for (name, version) in packages.entries().filter(|(_, version)| version.text().is_some()) {
                let one = Requirement::new(Ecosystem::Other, name, version.text(), version.line);
                found.add(one.section(section, dev));
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
    fn direct_packages_only() {
        let text = r#"{"type": "application", "elm-version": "0.19.1", "dependencies": {"direct": {"elm/core": "1.0.5"}, "indirect": {"elm/json": "1.1.3"}},
            "test-dependencies": {"direct": {"elm-explorations/test": "2.1.0"}, "indirect": {}}}"#;
        assert_eq!(
            shown(&read(&Elm, "elm.json", text)),
            ["other elm/core 1.0.5", "other elm-explorations/test 2.1.0 dev"]
        );
        let text = r#"{"name": "a/b", "dependencies": {"elm/core": "1.0.0 <= v < 2.0.0"}}"#;
        assert_eq!(shown(&read(&Elm, "elm.json", text)), ["other elm/core 1.0.0 <= v < 2.0.0"]);
    }
}
