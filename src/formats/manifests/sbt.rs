//! sbt: packages that Scala builds name literally, as `"group" %% "name" % "version"`.

use std::collections::BTreeMap;

use super::script::{Comments, Piece, pieces};
use super::{Ecosystem, Inventory, Manifest, Reader, Requirement};
use crate::change::RepoPath;
use crate::formats::Unreadable;

/// Reads `*.sbt`, and the Scala files of a build's `project` folder.
pub(super) struct Sbt;

impl Reader for Sbt {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Maven]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        let is_build_code = path.extension() == "scala" && path.folders().last() == Some("project");
        path.extension() == "sbt" || is_build_code
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let mut found = Inventory::default();
        let all: Vec<(u32, Piece)> = pieces(manifest.text, Comments::Slashes)
            .into_iter()
            .filter(|(_, piece)| *piece != Piece::End)
            .collect();
        let mut values: BTreeMap<&str, &str> = BTreeMap::new();
        for window in all.windows(4) {
            match window {
                [(_, Piece::Word(name)), (_, Piece::Sign('=')), (_, Piece::Text(value)), _] => {
                    values.insert(name, value);
                }
                [
                    (_, Piece::Word(name)),
                    (_, Piece::Sign(':')),
                    (_, Piece::Sign('=')),
                    (line, Piece::Text(value)),
                ] if name == "scalaVersion" => {
                    found.runtime("scala", Some(value), *line);
                }
                _ => {}
            }
        }
        for (at, (line, piece)) in all.iter().enumerate() {
            let is_first = at == 0 || !all[at - 1].1.is('%');
            let Some(group) = piece.text().filter(|_| is_first) else { continue };
            let Some((name, after)) = operand(&all[at + 1..]) else { continue };
            let Some(name) = name.text() else { continue };
            let version = operand(after);
            let written = version.and_then(|(version, rest)| match version {
                Piece::Text(text) => Some(text.as_str()),
                // `Versions.cats` is told by its last word
                Piece::Word(_) => last_word(version, rest).and_then(|word| values.get(word).copied()),
                _ => None,
            });
            if written.is_none() && version.is_none_or(|(version, _)| version.word().is_none()) {
                continue;
            }
            let scope = version.and_then(|(_, rest)| operand(skip_path(rest))).map(|(scope, _)| scope);
            let is_test = scope.and_then(|scope| scope.word().or(scope.text()));
            let is_plugin = at >= 2 && all[at - 2].1.word() == Some("addSbtPlugin");
            let dev = is_plugin || is_test.is_some_and(|scope| scope.eq_ignore_ascii_case("test"));
            let one = Requirement::new(Ecosystem::Maven, format!("{group}:{name}"), written, *line);
            found.add(one.section("", dev));
        }
        Ok(found)
    }
}

/// What follows one to three `%`.
fn operand(rest: &[(u32, Piece)]) -> Option<(&Piece, &[(u32, Piece)])> {
    let signs = rest.iter().take_while(|(_, piece)| piece.is('%')).count();
    if !(1..=3).contains(&signs) {
        return None;
    }
    rest[signs..].split_first().map(|((_, piece), after)| (piece, after))
}

fn last_word<'a>(first: &'a Piece, rest: &'a [(u32, Piece)]) -> Option<&'a str> {
    let skipped = rest.len() - skip_path(rest).len();
    rest[..skipped].last().map_or(first.word(), |(_, piece)| piece.word())
}

/// Leaves out `.a.b` at the start.
fn skip_path(mut rest: &[(u32, Piece)]) -> &[(u32, Piece)] {
    while let [(_, Piece::Sign('.')), (_, Piece::Word(_)), after @ ..] = rest {
        rest = after;
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, shown};
    use super::*;

    #[test]
    fn literal_packages() {
        let text = "ThisBuild / scalaVersion := \"3.4.2\"\nval catsV = \"2.12.0\"\nlibraryDependencies ++= Seq(\n  \
                    \"org.typelevel\" %% \"cats-core\" % catsV,\n  // \"no\" % \"no\" % \"1\"\n  \"org.x\" % \"y\" % \"1.0\" % Test,\n  \
                    \"org.z\" %%% \"w\" % Versions.catsV % \"test\",\n  \"org.q\" %% \"a\" % unknown\n)\naddSbtPlugin(\"com.p\" % \"sbt-p\" % \"2.0\")\n\
                    name := \"shop\"\n";
        let inventory = read(&Sbt, "build.sbt", text);
        assert_eq!(
            shown(&inventory),
            [
                "maven org.typelevel:cats-core 2.12.0",
                "maven org.x:y 1.0 dev",
                "maven org.z:w 2.12.0 dev",
                "maven org.q:a -",
                "maven com.p:sbt-p 2.0 dev",
            ]
        );
        assert_eq!(inventory.runtimes[0].version, "3.4.2");
    }

    #[test]
    fn other_percent_signs_are_none() {
        assert_eq!(
            shown(&read(&Sbt, "build.sbt", "val x = \"a\" % 3\nval y = \"b\".format(1 % 2)\n")),
            [""; 0]
        );
        assert!(!Sbt.reads(&"src/main/scala/project.scala".into()));
    }
}
