//! Files that name the version of a language or tool and nothing else.

use super::{Ecosystem, Inventory, Manifest, Reader};
use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::document;

/// Files with one version as their only line.
const ONE_LINE: &[(&str, &str)] = &[
    (".nvmrc", "node"),
    (".node-version", "node"),
    (".python-version", "python"),
    (".ruby-version", "ruby"),
    (".java-version", "java"),
    (".go-version", "go"),
    (".php-version", "php"),
    (".bun-version", "bun"),
    (".deno-version", "deno"),
    (".dvmrc", "deno"),
    (".terraform-version", "terraform"),
    (".opentofu-version", "opentofu"),
    (".bazelversion", "bazel"),
    (".crystal-version", "crystal"),
    (".swift-version", "swift"),
    (".perl-version", "perl"),
    ("rust-toolchain", "rust"),
];

/// Reads files with one version.
pub(super) struct OneVersion;

fn tool_of(path: &RepoPath) -> Option<&'static str> {
    ONE_LINE.iter().find(|(name, _)| *name == path.file_name()).map(|(_, tool)| *tool)
}

impl Reader for OneVersion {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        tool_of(path).is_some() || path.file_name() == "rust-toolchain.toml"
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let mut found = Inventory::default();
        if manifest.text.trim_start().starts_with("[toolchain]") {
            let root = document::toml(manifest.text)?;
            let channel = root.at(&["toolchain", "channel"]);
            found.runtime("rust", channel.text(), channel.line);
            return Ok(found);
        }
        let lines = (1u32..).zip(manifest.text.lines());
        let first = lines
            .map(|(line, text)| (line, text.trim()))
            .find(|(_, text)| !text.is_empty() && !text.starts_with('#'));
        if let (Some((line, version)), Some(tool)) = (first, tool_of(manifest.path)) {
            found.runtime(tool, Some(version), line);
        }
        Ok(found)
    }
}

/// Reads `.tool-versions`, `mise.toml`, `runtime.txt`, `.sdkmanrc`, and the wrappers of Gradle and Maven.
pub(super) struct ToolVersions;

impl Reader for ToolVersions {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        const NAMES: &[&str] = &[
            ".tool-versions",
            "mise.toml",
            ".mise.toml",
            "runtime.txt",
            ".sdkmanrc",
            "gradle-wrapper.properties",
            "maven-wrapper.properties",
        ];
        NAMES.contains(&path.file_name())
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let mut found = Inventory::default();
        let name = manifest.path.file_name();
        if name.ends_with("mise.toml") {
            for (tool, version) in document::toml(manifest.text)?.get("tools").entries() {
                let first = version.items().next().unwrap_or(version);
                found.runtime(tool, first.text().or(first.text_of("version")), version.line);
            }
            return Ok(found);
        }
        for (number, line) in (1u32..).zip(manifest.text.lines()) {
            let line = line.split('#').next().unwrap_or_default().trim();
            if let Some(address) = line.strip_prefix("distributionUrl") {
                let file = address.rsplit('/').next().unwrap_or_default();
                let mut words = file.split('-');
                let tool = words.by_ref().take_while(|word| !word.starts_with(|c: char| c.is_ascii_digit()));
                let tool = tool.collect::<Vec<_>>().join("-").replace("apache-", "");
                let version = file.split('-').find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
                found.runtime(&tool, version, number);
            } else if name == "runtime.txt" {
                if let Some((tool, version)) = line.split_once('-') {
                    found.runtime(tool, Some(version), number);
                }
            } else if name != "gradle-wrapper.properties" && name != "maven-wrapper.properties" {
                let (tool, version) = line.split_once([' ', '\t', '=']).unwrap_or((line, ""));
                let tool = if tool == "nodejs" { "node" } else { tool.trim_start_matches("golang-") };
                found.runtime(tool, version.split_whitespace().next(), number);
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::read;
    use super::*;

    #[test]
    fn versions_of_tools() {
        for (reader, path, text, expected) in [
            (&OneVersion as &dyn Reader, ".nvmrc", "v24\n", "node v24 1"),
            (&OneVersion, "rust-toolchain.toml", "[toolchain]\nchannel = '1.90'\n", "rust 1.90 2"),
            (&OneVersion, "rust-toolchain", "stable\n", "rust stable 1"),
            (&ToolVersions, ".tool-versions", "# x\nnodejs 20.1.0 # y\n", "node 20.1.0 2"),
            (&ToolVersions, "mise.toml", "[tools]\npython = ['3.12', '3.11']\n", "python 3.12 2"),
            (&ToolVersions, "runtime.txt", "python-3.12.1\n", "python 3.12.1 1"),
            (
                &ToolVersions,
                "gradle/wrapper/gradle-wrapper.properties",
                "distributionBase=X\ndistributionUrl=https\\://services.gradle.org/distributions/gradle-8.10-bin.zip\n",
                "gradle 8.10 2",
            ),
        ] {
            let inventory = read(reader, path, text);
            let shown: Vec<_> = inventory
                .runtimes
                .iter()
                .map(|one| format!("{} {} {}", one.tool, one.version, one.line))
                .collect();
            assert_eq!(shown, [expected], "{path}");
        }
    }
}
