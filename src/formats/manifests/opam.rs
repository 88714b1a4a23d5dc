//! OCaml: the packages of an `*.opam` file.

use super::script::{Comments, Piece, pieces};
use super::{Ecosystem, Inventory, Manifest, Reader, Requirement};
use crate::change::RepoPath;
use crate::formats::Unreadable;

/// Reads `*.opam`.
pub(super) struct Opam;

impl Reader for Opam {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Other]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        path.extension() == "opam" || path.file_name() == "opam"
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let mut found = Inventory::default();
        let name = manifest.path.file_name().strip_suffix(".opam").unwrap_or_default();
        if !name.is_empty() {
            found.makes.push((Ecosystem::Other, name.to_owned()));
        }
        let all = pieces(manifest.text, Comments::Hash);
        let start = all.windows(3).position(|window| {
            window[0].1.word() == Some("depends") && window[1].1.is(':') && window[2].1.is('[')
        });
        let Some(start) = start else { return Ok(found) };
        let mut rest = &all[start + 3..];
        while let [(line, piece), after @ ..] = rest {
            rest = after;
            match piece {
                Piece::Sign(']') => break,
                Piece::Text(name) => {
                    let (condition, behind) = condition(after);
                    rest = behind;
                    let dev = condition
                        .iter()
                        .any(|(_, piece)| matches!(piece.word(), Some("test" | "doc" | "dev" | "setup")));
                    let version = version(condition);
                    match name.as_str() {
                        "ocaml" => found.runtime("ocaml", version.as_deref(), *line),
                        name => found.add(
                            Requirement::new(Ecosystem::Other, name, version.as_deref(), *line)
                                .section("", dev),
                        ),
                    }
                }
                _ => {}
            }
        }
        Ok(found)
    }
}

/// What stands in braces at the start, and what follows.
fn condition(rest: &[(u32, Piece)]) -> (&[(u32, Piece)], &[(u32, Piece)]) {
    if !rest.first().is_some_and(|(_, piece)| piece.is('{')) {
        return (&[], rest);
    }
    let end = rest.iter().position(|(_, piece)| piece.is('}')).unwrap_or(rest.len());
    (&rest[1..end.max(1)], &rest[end..])
}

/// `>= 4.08` of `>= "4.08" & with-test`: each bound, joined by commas.
fn version(condition: &[(u32, Piece)]) -> Option<String> {
    let mut bounds: Vec<String> = Vec::new();
    for (at, (_, piece)) in condition.iter().enumerate() {
        if let Some(text) = piece.text() {
            let before = condition[..at].iter().rev().map_while(|(_, piece)| match piece {
                Piece::Sign(sign @ ('<' | '>' | '=' | '!')) => Some(*sign),
                _ => None,
            });
            let operator: String = before.collect::<Vec<char>>().into_iter().rev().collect();
            bounds.push(format!("{operator} {text}").trim().to_owned());
        }
    }
    (!bounds.is_empty()).then(|| bounds.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, shown};
    use super::*;

    #[test]
    fn what_it_depends_on() {
        let text = "opam-version: \"2.0\"\nname: \"shop\"\ndepends: [\n  \"ocaml\" {>= \"4.14\"}\n  \"dune\" {>= \"3.0\" & < \"4.0\"}\n  \"alcotest\" {with-test & >= \"1.7\"}\n  \
                    \"lwt\"\n]\nbuild: [\n  [\"dune\" \"build\"]\n]\n";
        let inventory = read(&Opam, "shop.opam", text);
        assert_eq!(
            shown(&inventory),
            ["other dune >= 3.0, < 4.0", "other alcotest >= 1.7 dev", "other lwt -"]
        );
        assert_eq!(inventory.runtimes[0].version, ">= 4.14");
        assert_eq!(shown(&read(&Opam, "a.opam", "build: [\"dune\" \"build\"]\n")), [""; 0]);
    }
}
