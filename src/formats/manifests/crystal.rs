//! Crystal: the shards of `shard.yml`.

use super::{Ecosystem, Inventory, Manifest, Reader, Requirement, Source};
use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::document;

/// Reads `shard.yml`.
pub(super) struct Shards;

impl Reader for Shards {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Other]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        path.file_name() == "shard.yml"
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let mut found = Inventory::default();
        for root in document::yaml(manifest.text)? {
            found.makes.extend(root.text_of("name").map(|name| (Ecosystem::Other, name.to_owned())));
            found.runtime("crystal", root.text_of("crystal"), root.get("crystal").line);
            for (section, dev) in [("dependencies", false), ("development_dependencies", true)] {
                for (name, shard) in root.get(section).entries() {
                    // every shard lives in a git repository: only one without a version is pinned there
                    let version =
                        ["version", "tag", "commit", "branch"].iter().find_map(|key| shard.text_of(key));
                    let source = if shard.get("path").is_some() { Source::Own } else { Source::Registry };
                    let one = Requirement::new(Ecosystem::Other, name, version, shard.line);
                    found.add(one.from(source).section(section, dev));
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
    fn shards() {
        let text = "name: shop\nversion: 1.0.0\ncrystal: '>= 1.12'\ndependencies:\n  kemal:\n    github: kemalcr/kemal\n    version: ~> 1.5\n  own:\n    path: ../own\n\
                    development_dependencies:\n  ameba:\n    github: crystal-ameba/ameba\n";
        let inventory = read(&Shards, "shard.yml", text);
        assert_eq!(shown(&inventory), ["other kemal ~> 1.5", "other own - own", "other ameba - dev"]);
        assert_eq!(inventory.makes, [(Ecosystem::Other, "shop".to_owned())]);
    }
}
