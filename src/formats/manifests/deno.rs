//! Deno: the imports of `deno.json`, from npm, JSR and by address.

use super::{Ecosystem, Inventory, Manifest, Reader, Requirement, Source};
use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::document::{self, Node};

/// Reads `deno.json`, `deno.jsonc` and import maps.
pub(super) struct Deno;

impl Reader for Deno {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Npm, Ecosystem::Other]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        matches!(path.file_name(), "deno.json" | "deno.jsonc" | "import_map.json")
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let root = document::json(manifest.text)?;
        let mut found = Inventory::default();
        found.makes.extend(root.text_of("name").map(|name| (Ecosystem::Other, name.to_owned())));
        let scopes = root.get("scopes").entries().map(|(_, scope)| scope);
        for (_, address) in scopes.chain([root.get("imports")]).flat_map(Node::entries) {
            found.requirements.extend(address.text().and_then(|text| package(text, address.line)));
        }
        // several names may point into one package
        found
            .requirements
            .dedup_by(|one, other| one.package() == other.package() && one.version == other.version);
        Ok(found)
    }
}

/// `npm:chalk@5`, `jsr:@std/path@^1/posix`, `https://deno.land/x/oak@v12/mod.ts`; paths are our own.
fn package(text: &str, line: u32) -> Option<Requirement> {
    let named = |ecosystem, rest: &str| {
        let rest = rest.trim_start_matches('/');
        let scope = rest.starts_with('@').then(|| rest.find('/')).flatten().map_or(0, |at| at + 1);
        let end = rest[scope..].find('/').map_or(rest.len(), |at| scope + at);
        let whole = &rest[..end];
        let (name, version) = whole[scope..]
            .rsplit_once('@')
            .map_or((whole, None), |(name, version)| (&whole[..scope + name.len()], Some(version)));
        Requirement::new(ecosystem, name, version, line)
    };
    match text.split_once(':')? {
        ("npm", rest) => Some(named(Ecosystem::Npm, rest)),
        ("jsr", rest) => Some(named(Ecosystem::Other, rest)),
        ("https" | "http", rest) => {
            let (start, tail) = rest.trim_start_matches('/').split_once('@')?;
            let version = tail.split('/').next();
            let address = Source::Other(format!("https://{start}"));
            Some(Requirement::new(Ecosystem::Other, start, version, line).from(address))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, shown};
    use super::*;

    #[test]
    fn imports_by_their_origin() {
        let text = r#"{"name": "@acme/shop", "imports": {"chalk": "npm:chalk@5", "@s/a": "npm:/@s/a@^1.2/sub", "path": "jsr:@std/path@^1.0.0",
            "path/": "jsr:@std/path@^1.0.0/", "oak": "https://deno.land/x/oak@v12.6.0/mod.ts", "own/": "./src/", "none": "npm:x"}, // c
            "tasks": {"a": "deno run npm:no@1"}}"#;
        let inventory = read(&Deno, "deno.json", text);
        assert_eq!(
            shown(&inventory),
            [
                "npm chalk 5",
                "npm @s/a ^1.2",
                "other @std/path ^1.0.0",
                "other deno.land/x/oak v12.6.0 from https://deno.land/x/oak",
                "npm x -",
            ]
        );
    }
}
