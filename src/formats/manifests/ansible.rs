//! Ansible: roles and collections of `requirements.yml`, and what a collection's `galaxy.yml` asks for.

use super::{Ecosystem, Inventory, Manifest, Reader, Requirement, Source};
use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::document::{self, Node};

/// Reads `requirements.yml` and `galaxy.yml`.
pub(super) struct Ansible;

impl Reader for Ansible {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Other]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        matches!(path.file_name(), "requirements.yml" | "collections.yml" | "galaxy.yml")
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let mut found = Inventory::default();
        for root in document::yaml(manifest.text)? {
            // the older form is a plain list of roles
            for item in root.items().chain(root.get("roles").items()).chain(root.get("collections").items()) {
                found.requirements.extend(package(item));
            }
            if root.get("namespace").is_some() {
                for (name, version) in root.get("dependencies").entries() {
                    found.add(Requirement::new(Ecosystem::Other, name, version.text(), version.line));
                }
            }
        }
        Ok(found)
    }
}

fn package(item: &Node) -> Option<Requirement> {
    let address = item.text_of("src").or(item.text_of("source"));
    let name = item.text().or(item.text_of("name")).or(address)?;
    let version = item.get("version");
    let line = if version.is_some() { version.line } else { item.line };
    let is_git = |address: &&str| address.contains("://") || address.starts_with("git");
    let git = address.filter(is_git).or(Some(name).filter(is_git));
    let source = match (git, item.text_of("type")) {
        (Some(_), Some("galaxy")) | (None, _) => Source::Registry,
        (Some(address), _) => Source::Git(address.to_owned()),
    };
    Some(Requirement::new(Ecosystem::Other, name, version.text(), line).from(source))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, shown};
    use super::*;

    #[test]
    fn roles_and_collections() {
        let text = "roles:\n  - name: geerlingguy.java\n    version: 2.3.0\n  - src: https://example.com/nginx.git\n    scm: git\n    version: v1\n    name: nginx\ncollections:\n  \
                    - community.general\n  - name: ansible.posix\n    version: \">=1.5\"\n";
        assert_eq!(
            shown(&read(&Ansible, "requirements.yml", text)),
            [
                "other geerlingguy.java 2.3.0",
                "other nginx v1 from https://example.com/nginx.git",
                "other community.general -",
                "other ansible.posix >=1.5",
            ]
        );
        assert_eq!(
            shown(&read(&Ansible, "galaxy.yml", "namespace: a\ndependencies:\n  b.c: '>=1'\n")),
            ["other b.c >=1"]
        );
        assert_eq!(shown(&read(&Ansible, "requirements.yml", "a: b\nlist:\n  - c\n")), [""; 0]);
    }
}
