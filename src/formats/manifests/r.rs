//! R packages: the fields of `DESCRIPTION` that list others.

use super::{Ecosystem, Inventory, Manifest, Reader, Requirement};
use crate::change::RepoPath;
use crate::formats::Unreadable;

/// Reads `DESCRIPTION`.
pub(super) struct Description;

impl Reader for Description {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Other]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        path.file_name() == "DESCRIPTION"
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let mut found = Inventory::default();
        let mut field = "";
        // other files of that name have no such first line
        if !manifest.text.starts_with("Package:") && !manifest.text.contains("\nPackage:") {
            return Ok(found);
        }
        for (number, line) in (1u32..).zip(manifest.text.lines()) {
            let value = match line.split_once(':').filter(|_| !line.starts_with([' ', '\t'])) {
                Some((name, value)) => {
                    field = name;
                    value
                }
                None => line,
            };
            let dev = match field {
                "Imports" | "Depends" | "LinkingTo" => false,
                "Suggests" | "Enhances" => true,
                _ => continue,
            };
            for part in value.split(',').map(str::trim).filter(|part| !part.is_empty()) {
                let (name, version) = part.split_once('(').unwrap_or((part, ""));
                let version = Some(version.trim_end_matches(')')).filter(|version| !version.is_empty());
                match name.trim() {
                    "R" => found.runtime("r", version, number),
                    name => found
                        .add(Requirement::new(Ecosystem::Other, name, version, number).section(field, dev)),
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
    fn fields_that_list_packages() {
        let text = "Package: shop\nVersion: 1.0\nDepends: R (>= 4.1)\nImports:\n    cli (>= 3.0.0),\n    rlang\nSuggests: testthat (>= 3.0)\nDescription: Uses, a lot\n    of: words.\n";
        let inventory = read(&Description, "DESCRIPTION", text);
        assert_eq!(shown(&inventory), ["other cli >= 3.0.0", "other rlang -", "other testthat >= 3.0 dev"]);
        assert_eq!(inventory.runtimes[0].version, ">= 4.1");
        assert_eq!(shown(&read(&Description, "DESCRIPTION", "Imports: all kinds, of goods\n")), [""; 0]);
    }
}
