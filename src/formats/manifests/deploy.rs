//! What deployments are put together from: Helm charts, Terraform providers and modules; and hooks of pre-commit.

use hcl_edit::structure::{Body, Structure};
use hcl_edit::{Span, expr::Expression};

use super::{Ecosystem, Inventory, Manifest, Reader, Requirement, Source};
use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::document::{self, Lines};

/// Reads `Chart.yaml`, and the older `requirements.yaml` beside one.
pub(super) struct Chart;

impl Reader for Chart {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Helm]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        matches!(path.file_name(), "Chart.yaml" | "Chart.yml" | "requirements.yaml")
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let mut found = Inventory::default();
        for root in document::yaml(manifest.text)? {
            found.makes.extend(root.text_of("name").map(|name| (Ecosystem::Helm, name.to_owned())));
            for chart in root.get("dependencies").items() {
                let Some(name) = chart.text_of("name") else { continue };
                let version = chart.get("version");
                let repository = chart.text_of("repository").unwrap_or_default();
                let is_own = repository.is_empty() || repository.starts_with("file:");
                let source = if is_own { Source::Own } else { Source::Registry };
                let line = if version.is_some() { version.line } else { chart.line };
                found.add(Requirement::new(Ecosystem::Helm, name, version.text(), line).from(source));
            }
        }
        Ok(found)
    }
}

/// Reads Terraform and OpenTofu files.
pub(super) struct Terraform;

/// Deeper nesting is not written by people, and would exhaust the parser's stack.
const DEEPEST: usize = 64;

impl Reader for Terraform {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Terraform]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        matches!(path.extension().as_str(), "tf" | "tofu")
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let mut depth = 0usize;
        for byte in manifest.text.bytes() {
            match byte {
                b'{' | b'[' | b'(' => depth += 1,
                b'}' | b']' | b')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > DEEPEST {
                return Err(Unreadable::broken("nested too deeply"));
            }
        }
        let body = hcl_edit::parser::parse_body(manifest.text).map_err(Unreadable::broken)?;
        let lines = Lines::of(manifest.text);
        let mut found = Inventory::default();
        for block in body.get_blocks("terraform") {
            if let Some(version) = block.body.get_attribute("required_version") {
                let line = line_of(version.span(), &lines);
                found.runtime("terraform", version.value.as_str(), line);
            }
            for providers in block.body.get_blocks("required_providers") {
                for provider in providers.body.iter().filter_map(Structure::as_attribute) {
                    let line = line_of(provider.span(), &lines);
                    let (source, version) = match &provider.value {
                        Expression::Object(object) => {
                            let value = |wanted: &str| {
                                let entry = object.iter().find(|(key, _)| {
                                    key.as_ident().is_some_and(|ident| ident.as_str() == wanted)
                                        || key.as_expr().and_then(Expression::as_str) == Some(wanted)
                                });
                                entry.and_then(|(_, value)| value.expr().as_str())
                            };
                            (value("source"), value("version"))
                        }
                        other => (None, other.as_str()),
                    };
                    let name = source.unwrap_or(provider.key.as_str());
                    found.add(Requirement::new(Ecosystem::Terraform, name, version, line));
                }
            }
        }
        for block in body.get_blocks("module") {
            let value = |name: &str| block.body.get_attribute(name).and_then(|found| found.value.as_str());
            let Some(address) = value("source").filter(|address| !address.starts_with('.')) else { continue };
            let (address, pinned) =
                address.split_once("?ref=").map_or((address, None), |(a, b)| (a, Some(b)));
            let is_git = address.starts_with("git") || address.contains("::") || address.contains("://");
            let source = if is_git { Source::Git(address.to_owned()) } else { Source::Registry };
            let line = line_of(span_of(&block.body, &["version", "source"]), &lines);
            let one = Requirement::new(Ecosystem::Terraform, address, value("version").or(pinned), line);
            found.add(one.from(source).section("module", false));
        }
        Ok(found)
    }
}

fn span_of(body: &Body, names: &[&str]) -> Option<std::ops::Range<usize>> {
    names.iter().find_map(|name| body.get_attribute(name).and_then(|attribute| attribute.span()))
}

fn line_of(span: Option<std::ops::Range<usize>>, lines: &Lines) -> u32 {
    span.map_or(1, |span| lines.at(span.start))
}

/// Reads `.pre-commit-config.yaml`.
pub(super) struct PreCommit;

impl Reader for PreCommit {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::PreCommit]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        matches!(path.file_name(), ".pre-commit-config.yaml" | ".pre-commit-config.yml")
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let mut found = Inventory::default();
        for root in document::yaml(manifest.text)? {
            for hooks in root.get("repos").items() {
                let Some(address) = hooks.text_of("repo").filter(|repo| !matches!(*repo, "local" | "meta"))
                else {
                    continue;
                };
                let name = address.trim_start_matches("https://github.com/").trim_end_matches(".git");
                let version = hooks.get("rev");
                let one = Requirement::new(Ecosystem::PreCommit, name, version.text(), version.line.max(1));
                found.add(one.section("", true));
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
    fn charts() {
        let text = "name: shop\nversion: 1.2.0\ndependencies:\n  - name: redis\n    version: 20.1.0\n    repository: https://charts.example.com\n  - \
                    name: own\n    repository: file://../own\n";
        assert_eq!(shown(&read(&Chart, "Chart.yaml", text)), ["helm redis 20.1.0", "helm own - own"]);
    }

    #[test]
    fn terraform() {
        let text = "terraform {\n  required_version = \">= 1.9\"\n  required_providers {\n    aws = {\n      source = \"hashicorp/aws\"\n      version = \
                    \"~> 5.0\"\n    }\n    old = \"1.0\"\n  }\n}\nmodule \"vpc\" {\n  source = \"terraform-aws-modules/vpc/aws\"\n  version = \"5.1\"\n}\n\
                    module \"own\" {\n  source = \"./own\"\n}\nmodule \"git\" {\n  source = \"git::https://x.dev/m.git?ref=v2\"\n}\n";
        assert_eq!(
            shown(&read(&Terraform, "main.tf", text)),
            [
                "terraform hashicorp/aws ~> 5.0",
                "terraform old 1.0",
                "terraform terraform-aws-modules/vpc/aws 5.1",
                "terraform git::https://x.dev/m.git v2 from git::https://x.dev/m.git",
            ]
        );
    }

    #[test]
    fn hooks() {
        let text = "repos:\n  - repo: https://github.com/astral-sh/ruff-pre-commit\n    rev: v0.5.0\n    hooks: []\n  - repo: local\n    hooks: []\n";
        let inventory = read(&PreCommit, ".pre-commit-config.yaml", text);
        assert_eq!(shown(&inventory), ["pre-commit astral-sh/ruff-pre-commit v0.5.0 dev"]);
        assert_eq!(inventory.requirements[0].line, 3);
    }
}
