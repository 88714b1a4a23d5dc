//! `MODULE.bazel`: the modules that a Bazel build asks for.

use super::script::{Comments, Piece, pieces};
use super::{Ecosystem, Inventory, Manifest, Reader, Requirement};
use crate::change::RepoPath;
use crate::formats::Unreadable;

/// Reads `MODULE.bazel` and the files it may be split into.
pub(super) struct Bazel;

impl Reader for Bazel {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Other]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        path.file_name().ends_with("MODULE.bazel")
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let mut found = Inventory::default();
        let all = pieces(manifest.text, Comments::Hash);
        let mut rest = all.as_slice();
        while let [(line, piece), after @ ..] = rest {
            rest = after;
            let call = piece.word().filter(|_| after.first().is_some_and(|(_, next)| next.is('(')));
            match call {
                Some("module") => {
                    let name = argument(after, "name").and_then(|(_, name)| name.text());
                    found.makes.extend(name.map(|name| (Ecosystem::Other, name.to_owned())));
                }
                Some("bazel_dep") => {
                    let Some(name) = argument(after, "name").and_then(|(_, name)| name.text()) else {
                        continue;
                    };
                    let version = argument(after, "version");
                    let is_dev =
                        argument(after, "dev_dependency").is_some_and(|(_, is)| is.word() == Some("True"));
                    let at = version.map_or(*line, |(line, _)| line);
                    let version = version.and_then(|(_, version)| version.text());
                    found.add(Requirement::new(Ecosystem::Other, name, version, at).section("", is_dev));
                }
                _ => {}
            }
        }
        Ok(found)
    }
}

/// The value of a named argument of the call that opens here.
fn argument<'a>(call: &'a [(u32, Piece)], name: &str) -> Option<(u32, &'a Piece)> {
    let end = call.iter().position(|(_, piece)| piece.is(')')).unwrap_or(call.len());
    call[..end].windows(3).find_map(|window| match window {
        [(_, Piece::Word(word)), (_, Piece::Sign('=')), (line, value)] if word == name => {
            Some((*line, value))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, shown};
    use super::*;

    #[test]
    fn modules_asked_for() {
        let text = "module(\n    name = \"shop\",\n    version = \"1.0\",\n)\n# bazel_dep(name = \"no\")\n\
                    bazel_dep(name = \"rules_go\", version = \"0.50.1\")\nbazel_dep(\n    name = \"tests\",\n    \
                    version = \"1.2\",\n    dev_dependency = True,\n)\nbazel_dep(name = \"local\")\ngo_deps = use_extension(\"@x\", \"y\")\n";
        let inventory = read(&Bazel, "MODULE.bazel", text);
        assert_eq!(shown(&inventory), ["other rules_go 0.50.1", "other tests 1.2 dev", "other local -"]);
        assert_eq!(inventory.makes, [(Ecosystem::Other, "shop".to_owned())]);
        assert_eq!(inventory.requirements[1].line, 9);
        assert!(!Bazel.reads(&"BUILD.bazel".into()));
    }
}
