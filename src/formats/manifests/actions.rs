//! GitHub workflows and actions: steps, reusable workflows, and images that jobs run in.

use super::dockerfile::image;
use super::{Ecosystem, Inventory, Manifest, Reader, Requirement};
use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::document::{self, Node};

/// Reads workflows and composite actions.
pub(super) struct Workflow;

impl Reader for Workflow {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::GithubActions, Ecosystem::Docker]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        let is_yaml = matches!(path.extension().as_str(), "yml" | "yaml");
        let folder = path.folder();
        let is_workflow = [".github/workflows", ".gitea/workflows", ".forgejo/workflows"].contains(&folder);
        is_yaml && (is_workflow || matches!(path.file_name(), "action.yml" | "action.yaml"))
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let mut inventory = Inventory::default();
        let lines: Vec<&str> = manifest.text.lines().collect();
        for root in document::yaml(manifest.text)? {
            let mut uses: Vec<&Node> =
                root.at(&["runs", "steps"]).items().map(|step| step.get("uses")).collect();
            for (_, job) in root.get("jobs").entries() {
                uses.push(job.get("uses"));
                uses.extend(job.get("steps").items().map(|step| step.get("uses")));
                let services = job.get("services").entries().map(|(_, service)| service.get("image"));
                let container = job.get("container");
                for written in services.chain([container, container.get("image")]) {
                    let text = written.text().filter(|text| !text.contains("${{"));
                    let found = text.and_then(|text| image(text, &|_| None, written.line));
                    inventory.requirements.extend(found.map(|found| found.section("", true)));
                }
            }
            let steps = root.get("jobs").entries().map(|(_, job)| job).chain([root.get("runs")]);
            for step in steps.flat_map(|job| job.get("steps").items()) {
                language(step, &mut inventory);
            }
            for node in uses {
                inventory.requirements.extend(node.text().and_then(|text| action(text, node.line, &lines)));
            }
        }
        Ok(inventory)
    }
}

/// `actions/setup-node` with `node-version: 24` names the language that a job runs on.
fn language(step: &Node, inventory: &mut Inventory) {
    let action = step.text_of("uses").and_then(|uses| uses.split('@').next()?.rsplit_once("/setup-"));
    let Some((_, tool)) = action else { return };
    let version = step.at(&["with", &format!("{tool}-version")]);
    let literal = version.text().filter(|text| !text.contains(['$', '\n']));
    inventory.runtime(tool, literal, version.line);
}

fn action(text: &str, line: u32, lines: &[&str]) -> Option<Requirement> {
    if let Some(written) = text.strip_prefix("docker://") {
        return image(written, &|_| None, line).map(|found| found.section("", true));
    }
    if text.starts_with('.') {
        return None;
    }
    let (name, reference) = text.split_once('@')?;
    // a pinned action is named by a hash; people write its version into the comment behind it
    let is_hash = reference.len() == 40 && reference.bytes().all(|byte| byte.is_ascii_hexdigit());
    let written = lines.get(usize::try_from(line).ok()?.checked_sub(1)?).copied().unwrap_or_default();
    let comment =
        written.split_once(reference).and_then(|(_, rest)| rest.split_once('#')).map(|(_, text)| text.trim());
    let version =
        match comment.filter(|text| is_hash && text.contains(|letter: char| letter.is_ascii_digit())) {
            Some(comment) => format!("{reference} # {comment}"),
            None => reference.to_owned(),
        };
    Some(Requirement::new(Ecosystem::GithubActions, name, Some(&version), line).section("", true))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, shown};
    use super::*;

    #[test]
    fn steps_workflows_and_images() {
        let text = "on: push\njobs:\n  a:\n    container: node:20\n    services:\n      db:\n        image: postgres:15\n    steps:\n      \
                    - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1\n      - uses: ./local\n      - run: |\n          \
                    uses: no/no@v1\n      - name: x\n        uses: acme/a/b@v3 # why\n      - uses: actions/setup-node@v4\n        with:\n          node-version: 24\n      - uses: \
                    actions/setup-go@v5\n        with:\n          go-version: ${{ matrix.go }}\n      - uses: docker://alpine:3.20\n  b:\n    \
                    uses: acme/flows/.github/workflows/x.yml@main\n";
        let inventory = read(&Workflow, ".github/workflows/ci.yml", text);
        let languages: Vec<_> = inventory
            .runtimes
            .iter()
            .map(|one| (one.tool.as_str(), one.version.as_str(), one.line))
            .collect();
        assert_eq!(languages, [("node", "24", 17)]);
        assert_eq!(
            shown(&inventory),
            [
                "docker postgres 15 dev",
                "docker node 20 dev",
                "github-actions actions/checkout 3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1 dev",
                "github-actions acme/a/b v3 dev",
                "github-actions actions/setup-node v4 dev",
                "github-actions actions/setup-go v5 dev",
                "docker alpine 3.20 dev",
                "github-actions acme/flows/.github/workflows/x.yml main dev",
            ]
        );
    }
}
