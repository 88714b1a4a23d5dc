//! .NET: project files, central package versions, `packages.config`, tools.

use std::collections::BTreeMap;

use roxmltree::Node;

use super::maven::{Named, child, text, xml};
use super::{Ecosystem, Inventory, Manifest, Reader, Requirement};
use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::document::{self, Lines};

/// Reads MSBuild projects and their shared parts.
pub(super) struct Project;

/// Files above a project that MSBuild reads with it.
const SHARED: &[&str] =
    &["Directory.Build.props", "Directory.Packages.props", "Versions.props", "eng/Versions.props"];

impl Reader for Project {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Nuget]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        matches!(path.extension().as_str(), "csproj" | "fsproj" | "vbproj" | "props" | "targets")
    }

    fn takes_versions_from(&self, path: &RepoPath) -> bool {
        SHARED.iter().any(|shared| shared.rsplit('/').next() == Some(path.file_name()))
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let document = xml(manifest.text)?;
        let lines = Lines::of(manifest.text);
        let mut values = BTreeMap::new();
        properties(document.root_element(), &mut values);
        for name in SHARED {
            for (_, other) in manifest.above(name).filter(|(path, _)| path != manifest.path) {
                // a broken shared file is told for its own path
                if let Ok(document) = xml(&other) {
                    properties(document.root_element(), &mut values);
                }
            }
        }
        let mut found = Inventory::default();
        let stem = manifest.path.file_name().rsplit_once('.').map_or("", |(stem, _)| stem);
        let is_test =
            stem.rsplit('.').next().is_some_and(|word| word.to_ascii_lowercase().ends_with("tests"))
                || stem.to_ascii_lowercase().ends_with("test");
        for node in document.descendants().filter(Node::is_element) {
            let name = node.tag_name().name();
            let line = lines.at(node.range().start);
            match name {
                "PackageReference"
                | "PackageVersion"
                | "GlobalPackageReference"
                | "DotNetCliToolReference"
                | "Sdk" => {
                    let Some(package) = attribute(node, &["Include", "Update", "Name"]) else { continue };
                    let version = attribute(node, &["Version", "VersionOverride"]);
                    let version = version.and_then(|version| filled(version, &values));
                    let private = attribute(node, &["PrivateAssets"])
                        .is_some_and(|text| text.eq_ignore_ascii_case("all"));
                    let dev = is_test
                        || private
                        || matches!(name, "DotNetCliToolReference" | "GlobalPackageReference" | "Sdk");
                    for package in package.split(';').filter_map(|package| filled(package.trim(), &values)) {
                        let one = Requirement::new(Ecosystem::Nuget, package, version.as_deref(), line);
                        found.add(one.section(if dev { "development" } else { "" }, dev));
                    }
                }
                "TargetFramework" => {
                    found.runtime("dotnet", text(node).filter(|text| !text.contains('$')), line);
                }
                "PackageId" | "AssemblyName" => {
                    found.makes.extend(text(node).map(|own| (Ecosystem::Nuget, own.to_owned())));
                }
                _ => {}
            }
        }
        if manifest.path.extension().ends_with("proj") {
            found.makes.push((Ecosystem::Nuget, stem.to_owned()));
        }
        if let Some((sdk, version)) =
            document.root_element().attribute("Sdk").and_then(|sdk| sdk.split_once('/'))
        {
            found.add(Requirement::new(Ecosystem::Nuget, sdk, Some(version), 1).section("development", true));
        }
        Ok(found)
    }
}

/// An attribute, or the child element of that name: MSBuild takes both.
fn attribute<'a>(node: Node<'a, '_>, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| node.attribute(*name).or_else(|| child(node, name).and_then(text)))
}

/// The nearest file is read first, and its values win.
fn properties(root: Node<'_, '_>, values: &mut BTreeMap<String, String>) {
    let groups = root.children().filter(|node| node.has_tag_name_of("PropertyGroup"));
    let mut own = BTreeMap::new();
    for node in groups.flat_map(|group| group.children()).filter(Node::is_element) {
        own.extend(text(node).map(|value| (node.tag_name().name().to_ascii_lowercase(), value.to_owned())));
    }
    for (name, value) in own {
        values.entry(name).or_insert(value);
    }
}

/// A text with `$(Name)` filled in; `None` where one is unknown.
fn filled(text: &str, values: &BTreeMap<String, String>) -> Option<String> {
    let mut whole = text.to_owned();
    for _ in 0..8 {
        let Some(start) = whole.find("$(") else { return Some(whole) };
        let end = start + whole[start..].find(')')?;
        let value = values.get(&whole[start + 2..end].to_ascii_lowercase())?;
        whole = format!("{}{value}{}", &whole[..start], &whole[end + 1..]);
    }
    None
}

/// Reads `packages.config`.
pub(super) struct PackagesConfig;

impl Reader for PackagesConfig {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Nuget]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        path.file_name().eq_ignore_ascii_case("packages.config")
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let document = xml(manifest.text)?;
        let lines = Lines::of(manifest.text);
        let mut found = Inventory::default();
        for node in document.descendants().filter(|node| node.has_tag_name_of("package")) {
            if let Some(name) = node.attribute("id") {
                let dev = node.attribute("developmentDependency") == Some("true");
                let line = lines.at(node.range().start);
                let one = Requirement::new(Ecosystem::Nuget, name, node.attribute("version"), line);
                found.add(one.section(if dev { "development" } else { "" }, dev));
            }
        }
        Ok(found)
    }
}

/// Reads `dotnet-tools.json` and `global.json`.
pub(super) struct DotnetTools;

impl Reader for DotnetTools {
    fn ecosystems(&self) -> &'static [Ecosystem] {
        &[Ecosystem::Nuget]
    }

    fn reads(&self, path: &RepoPath) -> bool {
        matches!(path.file_name(), "dotnet-tools.json" | "global.json")
    }

    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable> {
        let root = document::json(manifest.text)?;
        let mut found = Inventory::default();
        let sdk = root.at(&["sdk", "version"]);
        found.runtime("dotnet", sdk.text(), sdk.line);
        let tools = root.get("tools").entries().map(|(name, tool)| (name, tool.get("version")));
        for (name, version) in tools.chain(root.get("msbuild-sdks").entries()) {
            if let Some(text) = version.text() {
                let one = Requirement::new(Ecosystem::Nuget, name, Some(text), version.line);
                found.add(one.section("tools", true));
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, read_in, shown};
    use super::*;

    #[test]
    fn projects_and_shared_properties() {
        let text = "<Project Sdk=\"Microsoft.NET.Sdk\">\n<PropertyGroup><TargetFramework>net9.0</TargetFramework></PropertyGroup>\n<ItemGroup>\n\
            <PackageReference Include=\"Grpc.Core\" Version=\"$(GrpcVersion)\" />\n<PackageReference Include=\"Managed\" />\n\
            <PackageReference Include=\"Old\"><Version>1.0</Version><PrivateAssets>all</PrivateAssets></PackageReference>\n\
            <ProjectReference Include=\"../own.csproj\" /></ItemGroup></Project>";
        let shared = "<Project><PropertyGroup><GrpcVersion>2.66.0</GrpcVersion></PropertyGroup></Project>";
        let inventory = read_in(&Project, &[("src/a/a.csproj", text), ("Directory.Build.props", shared)]);
        assert_eq!(shown(&inventory), ["nuget Grpc.Core 2.66.0", "nuget Managed -", "nuget Old 1.0 dev"]);
        assert_eq!((inventory.requirements[0].line, inventory.runtimes[0].version.as_str()), (4, "net9.0"));

        let central = "<Project><ItemGroup><PackageVersion Include=\"Managed\" Version=\"3.1\" /></ItemGroup></Project>";
        assert_eq!(shown(&read(&Project, "Directory.Packages.props", central)), ["nuget Managed 3.1"]);
    }

    #[test]
    fn older_lists_and_tools() {
        let text = "<packages><package id=\"A\" version=\"1.0\" developmentDependency=\"true\" /></packages>";
        assert_eq!(shown(&read(&PackagesConfig, "packages.config", text)), ["nuget A 1.0 dev"]);
        let text = r#"{"sdk": {"version": "9.0.100"}, "msbuild-sdks": {"X": "2"}}"#;
        let inventory = read(&DotnetTools, "global.json", text);
        assert_eq!((shown(&inventory), inventory.runtimes.len()), (vec!["nuget X 2 dev".to_owned()], 1));
    }
}
