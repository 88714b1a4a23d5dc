//! Development containers: the image that developers work in, and the features that are put into it.

use super::dockerfile::image;
use super::{Ecosystem, Inventory, Manifest, Reader};
use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::document;

/// Reads `devcontainer.json`.
pub(super) struct DevContainer;

impl Reader for DevContainer {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Docker]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        matches!(path.file_name(), "devcontainer.json" | ".devcontainer.json")
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let root = document::json(manifest.text)?;
        let mut found = Inventory::default();
        let features =
            root.get("features").entries().filter(|(name, _)| name.contains('/') && !name.starts_with('.'));
        let base = root.get("image");
        for (written, line) in features
            .map(|(name, feature)| (name, feature.line))
            .chain(base.text().map(|text| (text, base.line)))
        {
            let one = image(written, &|_| None, line);
            found.requirements.extend(one.map(|one| one.section("", true)));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, shown};
    use super::*;

    #[test]
    fn image_and_features() {
        let text = r#"{ // c
            "image": "mcr.microsoft.com/devcontainers/base:1-bookworm",
            "features": {"ghcr.io/devcontainers/features/go:1": {"version": "1.24"}, "./own": {}, "node": "lts"}, }"#;
        assert_eq!(
            shown(&read(&DevContainer, ".devcontainer/devcontainer.json", text)),
            [
                "docker ghcr.io/devcontainers/features/go 1 dev",
                "docker mcr.microsoft.com/devcontainers/base 1-bookworm dev"
            ]
        );
        assert_eq!(
            shown(&read(&DevContainer, ".devcontainer.json", r#"{"build": {"dockerfile": "Dockerfile"}}"#)),
            [""; 0]
        );
    }
}
