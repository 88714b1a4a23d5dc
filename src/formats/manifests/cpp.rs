//! C and C++: `vcpkg.json` and `conanfile.txt`.

use super::{Ecosystem, Inventory, Manifest, Reader, Requirement};
use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::document;

/// Reads `vcpkg.json`.
pub(super) struct Vcpkg;

impl Reader for Vcpkg {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Other]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        path.file_name() == "vcpkg.json"
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let root = document::json(manifest.text)?;
        let mut found = Inventory::default();
        found.makes.extend(root.text_of("name").map(|name| (Ecosystem::Other, name.to_owned())));
        let features =
            root.get("features").entries().map(|(name, feature)| (name, feature.get("dependencies")));
        for (section, packages) in features.chain([("", root.get("dependencies"))]) {
            for package in packages.items() {
                let Some(name) = package.text().or(package.text_of("name")) else { continue };
                let pinned = root.get("overrides").items().find(|one| one.text_of("name") == Some(name));
                let version = pinned.and_then(|one| one.text_of("version")).or(package.text_of("version>="));
                let dev = package.text_of("host") == Some("true");
                found.add(
                    Requirement::new(Ecosystem::Other, name, version, package.line).section(section, dev),
                );
            }
        }
        Ok(found)
    }
}

/// Reads `conanfile.txt`.
pub(super) struct Conan;

impl Reader for Conan {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Other]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        path.file_name() == "conanfile.txt"
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let mut found = Inventory::default();
        let mut section = "";
        for (number, line) in (1u32..).zip(manifest.text.lines()) {
            let line = line.split('#').next().unwrap_or_default().trim();
            if let Some(name) = line.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
                section = name;
                continue;
            }
            let dev = match section {
                "requires" => false,
                "tool_requires" | "build_requires" | "test_requires" => true,
                _ => continue,
            };
            if let Some((name, version)) = line.split_once('/') {
                let version = version.split('@').next();
                found.add(Requirement::new(Ecosystem::Other, name, version, number).section(section, dev));
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
    fn both_formats() {
        let text = r#"{"name": "shop", "dependencies": ["fmt", {"name": "boost", "version>=": "1.84"}, {"name": "cmake", "host": true}],
            "features": {"x": {"dependencies": ["zlib"]}}, "overrides": [{"name": "fmt", "version": "10.2.0"}], "builtin-baseline": "aa"}"#;
        assert_eq!(
            shown(&read(&Vcpkg, "vcpkg.json", text)),
            ["other zlib -", "other fmt 10.2.0", "other boost 1.84", "other cmake - dev"]
        );
        let text = "[requires]\nzlib/1.3.1 # x\nfmt/[>=10 <11]@acme/stable\n[generators]\nCMakeDeps/no\n[tool_requires]\ncmake/3.30\n";
        assert_eq!(
            shown(&read(&Conan, "conanfile.txt", text)),
            ["other zlib 1.3.1", "other fmt [>=10 <11]", "other cmake 3.30 dev"]
        );
    }
}
