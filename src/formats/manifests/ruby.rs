//! Ruby: `Gemfile` and gemspecs, as far as they are literal.

use tree_sitter::Node;

use super::{Ecosystem, Inventory, Manifest, Reader, Requirement, Source};
use crate::change::RepoPath;
use crate::formats::Unreadable;

/// Groups that are no part of production.
const DEV_GROUPS: &[&str] = &[
    "development",
    "dev",
    "test",
    "ci",
    "lint",
    "rubocop",
    "docs",
    "doc",
    "documentation",
    "debug",
    "local",
    "e2e",
    "cucumber",
    "benchmark",
    "tools",
    "console",
    "linters",
    "system_tests",
];

/// Reads `Gemfile` and `gems.rb`.
pub(super) struct Gemfile;

impl Reader for Gemfile {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Rubygems]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        matches!(path.file_name(), "Gemfile" | "gems.rb") || path.file_name().ends_with(".gemfile")
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let mut found = Inventory::default();
        calls(manifest.text, &mut |call| match call.method {
            "gem" => found.requirements.extend(gem(call)),
            "ruby" => found.runtime("ruby", call.texts.first().map(String::as_str), call.line),
            _ => {}
        })?;
        Ok(found)
    }
}

fn gem(call: &Call<'_>) -> Option<Requirement> {
    let (name, versions) = call.texts.split_first()?;
    let groups: Vec<&str> = call
        .around
        .iter()
        .filter(|block| block.method == "group")
        .flat_map(|block| &block.texts)
        .chain(
            call.options
                .iter()
                .filter(|(key, _)| matches!(key.as_str(), "group" | "groups"))
                .flat_map(|(_, values)| values),
        )
        .map(String::as_str)
        .collect();
    let dev = !groups.is_empty() && groups.iter().all(|group| DEV_GROUPS.contains(group));
    let option = |wanted: &str| {
        call.options.iter().find(|(key, _)| key == wanted).and_then(|(_, values)| values.first())
    };
    let block = |method: &str| {
        call.around.iter().find(|block| block.method == method).and_then(|block| block.texts.first())
    };
    let source = if option("path").is_some() || block("path").is_some() {
        Source::Own
    } else if let Some(address) = option("git").or(option("github")).or(option("gitlab")).or(block("git")) {
        Source::Git(address.clone())
    } else if let Some(address) = option("source").or(block("source")) {
        Source::Other(address.clone())
    } else {
        Source::Registry
    };
    let pinned = ["tag", "ref", "branch"].iter().find_map(|key| option(key)).cloned();
    let version = if versions.is_empty() { pinned } else { Some(versions.join(", ")) };
    let requirement = Requirement::new(Ecosystem::Rubygems, name, version.as_deref(), call.line);
    Some(requirement.from(source).section(if dev { "development" } else { "" }, dev))
}

/// Reads gemspecs.
pub(super) struct Gemspec;

impl Reader for Gemspec {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Rubygems]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        path.extension() == "gemspec"
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let mut found = Inventory::default();
        calls(manifest.text, &mut |call| {
            let dev = match call.method {
                "name=" => {
                    found.makes.extend(call.texts.first().map(|name| (Ecosystem::Rubygems, name.clone())));
                    return;
                }
                "required_ruby_version=" => {
                    return found.runtime("ruby", call.texts.first().map(String::as_str), call.line);
                }
                "add_dependency" | "add_runtime_dependency" => false,
                "add_development_dependency" => true,
                _ => return,
            };
            if let Some((name, versions)) = call.texts.split_first() {
                let version = versions.join(", ");
                let requirement = Requirement::new(Ecosystem::Rubygems, name, Some(&version), call.line);
                found.add(requirement.section(if dev { "development" } else { "" }, dev));
            }
        })?;
        Ok(found)
    }
}

/// A call with literal arguments: `gem "a", "~> 1", group: :test`. An assignment `x.name = "a"` is the call `name=`.
pub(super) struct Call<'a> {
    pub(super) method: &'a str,
    /// Texts and symbols among the plain arguments, lists flattened.
    pub(super) texts: Vec<String>,
    /// Texts and symbols of named arguments.
    pub(super) options: Vec<(String, Vec<String>)>,
    /// The calls whose blocks hold it, outermost first.
    pub(super) around: &'a [Block],
    pub(super) line: u32,
}

/// A call with a block around others.
pub(super) struct Block {
    pub(super) method: String,
    pub(super) texts: Vec<String>,
}

/// Deeper code than this is not written by people.
const DEEPEST: usize = 100;

/// Shows every call of a Ruby file, from top to bottom.
pub(super) fn calls(text: &str, show: &mut dyn FnMut(&Call<'_>)) -> Result<(), Unreadable> {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_ruby::LANGUAGE.into()).map_err(Unreadable::broken)?;
    let tree = parser.parse(text, None).ok_or_else(|| Unreadable::broken("the parser gave up"))?;
    walk(tree.root_node(), text, &mut Vec::new(), 0, show)
}

fn walk(
    node: Node<'_>,
    text: &str,
    around: &mut Vec<Block>,
    depth: usize,
    show: &mut dyn FnMut(&Call<'_>),
) -> Result<(), Unreadable> {
    if depth > DEEPEST {
        return Err(Unreadable::broken("nested too deeply"));
    }
    let line = u32::try_from(node.start_position().row + 1).unwrap_or(u32::MAX);
    let mut pushed = false;
    match node.kind() {
        "call" => {
            let method = node.child_by_field_name("method").map_or("", |method| &text[method.byte_range()]);
            let (mut texts, mut options) = (Vec::new(), Vec::new());
            if let Some(arguments) = node.child_by_field_name("arguments") {
                let mut cursor = arguments.walk();
                for argument in arguments.named_children(&mut cursor) {
                    if argument.kind() == "pair" {
                        let key = argument.child_by_field_name("key").map(|key| literals(key, text).concat());
                        let values = argument.child_by_field_name("value").map(|value| literals(value, text));
                        options.extend(key.zip(values));
                    } else {
                        texts.extend(literals(argument, text));
                    }
                }
            }
            show(&Call { method, texts: texts.clone(), options, around, line });
            if node.child_by_field_name("block").is_some() {
                around.push(Block { method: method.to_owned(), texts });
                pushed = true;
            }
        }
        "assignment" => {
            let left = node.child_by_field_name("left").filter(|left| left.kind() == "call");
            let method = left.and_then(|left| left.child_by_field_name("method"));
            let texts =
                node.child_by_field_name("right").map(|right| literals(right, text)).unwrap_or_default();
            if let Some(method) = method.map(|method| format!("{}=", &text[method.byte_range()])) {
                show(&Call { method: &method, texts, options: Vec::new(), around, line });
            }
        }
        _ => {}
    }
    let mut cursor = node.walk();
    for child in node.named_children(&mut cursor) {
        walk(child, text, around, depth + 1, show)?;
    }
    if pushed {
        around.pop();
    }
    Ok(())
}

/// The literal texts and symbols of a value; a list gives all of its own.
fn literals(node: Node<'_>, text: &str) -> Vec<String> {
    let written = &text[node.byte_range()];
    match node.kind() {
        "string" => {
            let mut cursor = node.walk();
            let parts: Vec<_> = node.named_children(&mut cursor).collect();
            // a text with code inside is not literal
            let is_plain =
                parts.iter().all(|part| matches!(part.kind(), "string_content" | "escape_sequence"));
            let whole = || parts.iter().map(|part| &text[part.byte_range()]).collect();
            if is_plain { vec![whole()] } else { Vec::new() }
        }
        "simple_symbol" => vec![written.trim_start_matches(':').to_owned()],
        "hash_key_symbol" => vec![written.to_owned()],
        "delimited_symbol" => vec![written.trim_matches([':', '"', '\'']).to_owned()],
        "string_content" | "bare_symbol" => vec![written.to_owned()],
        "array" | "string_array" | "symbol_array" | "bare_string" => {
            let mut cursor = node.walk();
            node.named_children(&mut cursor)
                .flat_map(|child| match child.kind() {
                    "bare_string" => vec![text[child.byte_range()].to_owned()],
                    "array" => Vec::new(),
                    _ => literals(child, text),
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, shown};
    use super::*;

    #[test]
    fn groups_sources_and_versions() {
        let text = "source 'https://rubygems.org'\nruby '3.3.1'\ngem 'rails', '~> 8.0', '>= 8.0.1'\ngem \"vips\", require: false # c\n\
                    gem 'own', path: 'gems/own'\ngem 'fork', github: 'acme/fork', branch: 'main'\ngem 'rspec', group: [:test, :development]\n\
                    group :development, :test do\n  gem 'debug' if ENV['X']\n  gem 'knapsack_pro', '~> 9.0'\nend\ngroup :production do\n  gem 'pg'\nend\n\
                    # gem 'no'\ngem \"x-#{y}\"\n";
        let inventory = read(&Gemfile, "Gemfile", text);
        assert_eq!(
            shown(&inventory),
            [
                "rubygems rails ~> 8.0, >= 8.0.1",
                "rubygems vips -",
                "rubygems own - own",
                "rubygems fork main from acme/fork",
                "rubygems rspec - dev",
                "rubygems debug - dev",
                "rubygems knapsack_pro ~> 9.0 dev",
                "rubygems pg -",
            ]
        );
        assert_eq!((inventory.runtimes[0].version.as_str(), inventory.requirements[6].line), ("3.3.1", 10));
    }

    #[test]
    fn gemspecs() {
        let text = "Gem::Specification.new do |spec|\n  spec.name = 'mine'\n  spec.required_ruby_version = '>= 3.1'\n  \
                    spec.add_dependency 'rack', '>= 2', '< 4'\n  spec.add_development_dependency(\"rspec\")\nend\n";
        let inventory = read(&Gemspec, "mine.gemspec", text);
        assert_eq!(shown(&inventory), ["rubygems rack >= 2, < 4", "rubygems rspec - dev"]);
        assert_eq!(inventory.makes, [(Ecosystem::Rubygems, "mine".to_owned())]);
    }
}
