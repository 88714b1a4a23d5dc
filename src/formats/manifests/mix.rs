//! `mix.exs`: the tuples of its `deps` functions.

use tree_sitter::Node;

use super::{Ecosystem, Inventory, Manifest, Reader, Requirement, Source};
use crate::change::RepoPath;
use crate::formats::Unreadable;

/// Reads `mix.exs`.
pub(super) struct Mix;

/// Deeper code than this is not written by people.
const DEEPEST: usize = 100;

impl Reader for Mix {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Hex]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        path.file_name() == "mix.exs"
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let mut parser = tree_sitter::Parser::new();
        parser.set_language(&tree_sitter_elixir::LANGUAGE.into()).map_err(Unreadable::broken)?;
        let tree =
            parser.parse(manifest.text, None).ok_or_else(|| Unreadable::broken("the parser gave up"))?;
        let mut found = Inventory::default();
        walk(tree.root_node(), manifest.text, false, 0, &mut found)?;
        Ok(found)
    }
}

fn walk(
    node: Node<'_>,
    text: &str,
    in_deps: bool,
    depth: usize,
    found: &mut Inventory,
) -> Result<(), Unreadable> {
    if depth > DEEPEST {
        return Err(Unreadable::broken("nested too deeply"));
    }
    let written = &text[node.byte_range()];
    let mut in_deps = in_deps;
    match node.kind() {
        "call" => {
            let mut words = written.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
            let is_function = matches!(words.next(), Some("def" | "defp"));
            in_deps |=
                is_function && words.find(|word| !word.is_empty()).is_some_and(|name| name.ends_with("deps"));
        }
        "pair" => {
            let key = node.child_by_field_name("key").map_or("", |key| text[key.byte_range()].trim());
            let value = node.child_by_field_name("value").map_or("", |value| &text[value.byte_range()]);
            let line = u32::try_from(node.start_position().row + 1).unwrap_or(u32::MAX);
            match key {
                "elixir:" => found.runtime("elixir", Some(value.trim_matches('"')), line),
                "app:" if !in_deps => {
                    found.makes.push((Ecosystem::Hex, value.trim_start_matches(':').to_owned()))
                }
                "deps:" => in_deps = true,
                _ => {}
            }
        }
        "tuple" if in_deps => {
            found.requirements.extend(package(node, text));
            return Ok(());
        }
        _ => {}
    }
    let mut cursor = node.walk();
    for child in node.named_children(&mut cursor) {
        walk(child, text, in_deps, depth + 1, found)?;
    }
    Ok(())
}

/// `{:name, "~> 1.0", only: [:dev, :test]}`
fn package(tuple: Node<'_>, text: &str) -> Option<Requirement> {
    let mut cursor = tuple.walk();
    let parts: Vec<Node<'_>> = tuple.named_children(&mut cursor).collect();
    let (name, rest) = parts.split_first()?;
    let name = (name.kind() == "atom").then(|| text[name.byte_range()].trim_start_matches(':'))?;
    let literal = |node: Node<'_>| text[node.byte_range()].trim_matches('"').to_owned();
    let version = rest.first().filter(|part| part.kind() == "string").map(|part| literal(*part));
    let mut options: Vec<(String, String)> = Vec::new();
    for keywords in rest.iter().filter(|part| part.kind() == "keywords") {
        let mut cursor = keywords.walk();
        for pair in keywords.named_children(&mut cursor) {
            let key = pair.child_by_field_name("key").map(|key| text[key.byte_range()].trim().to_owned());
            options.extend(key.zip(pair.child_by_field_name("value").map(literal)));
        }
    }
    let option =
        |wanted: &str| options.iter().find(|(key, _)| key == wanted).map(|(_, value)| value.as_str());
    let source = if option("path:").is_some() || option("in_umbrella:").is_some() {
        Source::Own
    } else {
        let git = option("git:").or(option("github:"));
        git.map(|address| Source::Git(address.to_owned())).unwrap_or_default()
    };
    let only = option("only:").unwrap_or_default();
    let environments: Vec<&str> =
        only.split([':', ',', ' ', '[', ']', '"']).filter(|word| !word.is_empty()).collect();
    let dev = !environments.is_empty() && !environments.contains(&"prod");
    let pinned = ["tag:", "ref:", "branch:"].iter().find_map(|key| option(key));
    let line = u32::try_from(tuple.start_position().row + 1).unwrap_or(u32::MAX);
    let requirement = Requirement::new(Ecosystem::Hex, name, version.as_deref().or(pinned), line);
    Some(requirement.from(source).section(if dev { "dev" } else { "" }, dev))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, shown};
    use super::*;

    #[test]
    fn tuples_of_deps() {
        let text = "defmodule A.MixProject do\n  use Mix.Project\n  def project do\n    [app: :shop, elixir: \"~> 1.14\", deps: deps(), \
                    x: [{:no, \"1\"}]]\n  end\n  defp deps do\n    [\n      {:phoenix, \"~> 1.7.14\"},\n      {:lazy_html, \"~> 0.1.9\", only: :test},\n      \
                    {:credo, \"~> 1.7\", only: [:dev, :test], runtime: false},\n      {:fork, github: \"me/fork\", tag: \"v1\"},\n      \
                    {:own, in_umbrella: true}\n    ]\n  end\nend\n";
        let inventory = read(&Mix, "mix.exs", text);
        assert_eq!(
            shown(&inventory),
            [
                "hex phoenix ~> 1.7.14",
                "hex lazy_html ~> 0.1.9 dev",
                "hex credo ~> 1.7 dev",
                "hex fork v1 from me/fork",
                "hex own - own",
            ]
        );
        assert_eq!(inventory.makes, [(Ecosystem::Hex, "shop".to_owned())]);
        assert_eq!((inventory.requirements[0].line, inventory.runtimes[0].version.as_str()), (8, "~> 1.14"));
    }
}
