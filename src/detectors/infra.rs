//! Which build, release and deployment steps change?

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{Context, Detector, Line, Report};
use crate::change::{FileChange, RepoPath, Role};
use crate::finding::{Evidence, Facts, Finding, InfraFacts, Level};
use crate::services::{Reason, reason_of};

/// Options of `[detectors.infra]`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Infra {}

impl Detector for Infra {
    fn detect(&self, cx: &Context<'_>, report: &mut Report) {
        let mut groups: BTreeMap<&str, Vec<&FileChange>> = BTreeMap::new();
        // A version that moves is said where versions are.
        let steps = cx.changes.of_role(Role::Infra).filter(|file| reason_of(file) == Some(Reason::Config));
        for file in steps {
            groups.entry(what(&file.path)).or_default().push(file);
        }
        for (what, files) in groups {
            let evidence = files.iter().map(|file| match file.after() {
                Some(_) => Evidence::after(&file.path, None),
                None => Evidence::before(&file.path, None),
            });
            let facts = InfraFacts {
                what: what.to_owned(),
                files: files.iter().map(|file| file.path.to_string()).collect(),
            };
            let rule = format!("infra.{what}");
            report.push(cx, &rule, Level::Routine, what, evidence.collect(), Facts::Infra(facts));
        }
    }
}

/// What a file has a say in.
fn what(path: &RepoPath) -> &'static str {
    let name = path.file_name().to_ascii_lowercase();
    let is_in = |names: &[&str]| path.folders().any(|folder| names.contains(&folder));
    let is_yaml = name.ends_with(".yml") || name.ends_with(".yaml");
    if crate::roles::is_pipeline(path)
        || name.contains("-ci.y")
        || name.starts_with("jenkinsfile")
        || name.contains("pipelines.y")
        || [".travis.yml", "appveyor.yml", ".drone.yml", "cloudbuild.yaml", "buildspec.yml"]
            .contains(&name.as_str())
    {
        "workflow"
    } else if name.contains("dockerfile") || name.starts_with("containerfile") || name == ".dockerignore" {
        "image"
    } else if name.contains("compose") && is_yaml {
        "compose"
    } else if name == "chart.yaml"
        || is_in(&["helm", "charts", "chart", "helm-chart", "helm-charts"])
        || name.starts_with("values")
    {
        "helm"
    } else if [".tf", ".tfvars", ".hcl"].iter().any(|ending| name.ends_with(ending)) {
        "terraform"
    } else if is_yaml
        && is_in(&["k8s", "kubernetes", "kubernetes-manifests", "kustomize", "manifests", "overlays"])
        || name.starts_with("kustomization")
    {
        "kubernetes"
    } else if ["makefile", "justfile", "taskfile.yml", "cmakelists.txt", "build.bazel", "build.xml"]
        .contains(&name.as_str())
        || name.starts_with("build")
    {
        "build"
    } else {
        "deploy"
    }
}

/// One plain line for all of them.
pub fn lines(findings: &[&Finding]) -> Vec<Line> {
    let facts = findings.iter().filter_map(|finding| match &finding.facts {
        Facts::Infra(facts) => Some(facts),
        _ => None,
    });
    let files: Vec<&String> = facts.flat_map(|facts| &facts.files).collect();
    let line = Line::of("infra", findings, json!({"files": files, "count": files.len()}));
    line.map(Line::folded).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detectors::testing::{modified, run};

    #[test]
    fn each_file_by_what_it_has_a_say_in() {
        let cases = [
            (".github/workflows/ci.yml", "workflow"),
            (".woodpecker/ship.yaml", "workflow"),
            ("parser/testfiles/.woodpecker/ship.yaml", "deploy"),
            ("src/cart/Dockerfile", "image"),
            ("docker-compose.yml", "compose"),
            ("helm/cart/values.yaml", "helm"),
            ("infra/main.tf", "terraform"),
            ("k8s/cart.yaml", "kubernetes"),
            ("Makefile", "build"),
            ("scripts/release.sh", "deploy"),
        ];
        for (path, expected) in cases {
            let report = run(&Infra {}, vec![modified(path, Role::Infra, "a", "b")]);
            assert_eq!(report.findings[0].rule, format!("infra.{expected}"), "{path}");
            assert_eq!(report.findings[0].level, Level::Routine);
        }
    }

    #[test]
    fn quiet_when_only_a_version_moves_and_for_other_files() {
        let bump = modified("Dockerfile", Role::Infra, "FROM go:1.20\nRUN x", "FROM go:1.21\nRUN x");
        assert!(run(&Infra {}, vec![bump, modified("a.go", Role::Source, "a", "b")]).findings.is_empty());
    }
}
