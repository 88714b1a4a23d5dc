//! Build pipelines other than GitHub's: the images that their steps run in, and CircleCI's orbs.

use super::dockerfile::image;
use super::{Ecosystem, Inventory, Manifest, Reader, Requirement};
use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::document::{self, Node, Value};

/// Reads the pipelines of GitLab, CircleCI, Woodpecker, Drone, Bitbucket and Azure.
pub(super) struct Pipeline;

impl Reader for Pipeline {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Docker]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        const NAMES: &[&str] =
            &[".gitlab-ci", ".woodpecker", ".drone", "bitbucket-pipelines", "azure-pipelines"];
        const FOLDERS: &[&str] = &[".circleci", ".woodpecker", ".gitlab"];
        let stem = path.file_name().rsplit_once('.').map_or("", |(stem, _)| stem);
        matches!(path.extension().as_str(), "yml" | "yaml")
            && (NAMES.contains(&stem)
                || path.folders().next().is_some_and(|folder| FOLDERS.contains(&folder)))
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let mut found = Inventory::default();
        for root in document::yaml(manifest.text)? {
            images(&root, &mut found);
            for (_, orb) in root.get("orbs").entries() {
                if let Some((name, version)) = orb.text().and_then(|text| text.split_once('@')) {
                    found.add(
                        Requirement::new(Ecosystem::Other, name, Some(version), orb.line).section("", true),
                    );
                }
            }
        }
        Ok(found)
    }
}

/// Every `image:`, however deep; the parser bounds the depth.
fn images(node: &Node, found: &mut Inventory) {
    for (key, value) in node.entries() {
        if key == "image" {
            let written = value.text().or(value.text_of("name")).filter(|text| !text.contains('$'));
            let one = written.and_then(|text| image(text, &|_| None, value.line));
            found.requirements.extend(one.map(|one| one.section("", true)));
        } else {
            images(value, found);
        }
    }
    if let Value::List(items) = &node.value {
        items.iter().for_each(|item| images(item, found));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, shown};
    use super::*;

    #[test]
    fn images_at_any_depth() {
        let text = "image: node:22\njob:\n  image:\n    name: alpine:3.20\n  services:\n    - image: $UNKNOWN\norbs:\n  aws: circleci/aws-cli@5.1\n";
        assert_eq!(
            shown(&read(&Pipeline, ".gitlab-ci.yml", text)),
            ["docker node 22 dev", "docker alpine 3.20 dev", "other circleci/aws-cli 5.1 dev"]
        );
    }
}
