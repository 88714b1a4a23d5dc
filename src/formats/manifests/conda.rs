//! Conda environments: packages of conda channels, and those of PyPI inside them.

use super::python::requirement;
use super::{Ecosystem, Inventory, Manifest, Reader, Requirement};
use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::document;

/// Reads `environment.yml` and its kin.
pub(super) struct Conda;

impl Reader for Conda {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Other, Ecosystem::Pypi]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        let name = path.file_name();
        let stem = name.strip_suffix(".yml").or(name.strip_suffix(".yaml")).unwrap_or_default();
        stem.split(['-', '_', '.']).any(|word| matches!(word, "environment" | "conda"))
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let mut found = Inventory::default();
        for root in document::yaml(manifest.text)? {
            for item in root.get("dependencies").items() {
                if let Some(text) = item.text() {
                    // a channel may stand in front: `conda-forge::numpy=1.26`
                    let text = text.rsplit("::").next().unwrap_or(text);
                    let end = text.find(['=', '<', '>', '!', '~', ' ', '[']).unwrap_or(text.len());
                    let (name, version) = text.split_at(end);
                    match name {
                        "python" => found.runtime("python", Some(version.trim_start_matches('=')), item.line),
                        "" | "pip" => {}
                        _ => found.add(Requirement::new(Ecosystem::Other, name, Some(version), item.line)),
                    }
                }
                for from_pypi in item.get("pip").items() {
                    let one = from_pypi.text().and_then(|text| requirement(text, from_pypi.line));
                    found.requirements.extend(one.map(|one| one.section("pip", false)));
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
    fn both_kinds_of_packages() {
        let text = "name: shop\nchannels:\n  - conda-forge\ndependencies:\n  - python=3.11\n  - pip\n  - numpy>=1.26\n  - conda-forge::gdal=3.8\n  - pip:\n    \
                    - requests==2.32.0\n    - -r more.txt\n";
        let inventory = read(&Conda, "environment.yml", text);
        assert_eq!(shown(&inventory), ["other numpy >=1.26", "other gdal =3.8", "pypi requests ==2.32.0"]);
        assert_eq!(inventory.runtimes[0].version, "3.11");
        // settings of that name have no such list
        assert_eq!(shown(&read(&Conda, "environment.yaml", "dependencies:\n  db: x\nurl: y\n")), [""; 0]);
    }
}
