//! Readers of manifests: the outside packages that a team chose, and the language versions that it builds on.
//!
//! One file a format, one line in [`READERS`]; one [`difference`] serves them all.

mod actions;
mod ansible;
mod bazel;
mod cargo;
mod changed;
mod compose;
mod composer;
mod conda;
mod cpp;
mod crystal;
mod deno;
mod deploy;
mod devcontainer;
mod difference;
mod dockerfile;
mod elm;
mod gleam;
mod go;
mod gradle;
mod julia;
mod maven;
mod mix;
mod mobile;
mod npm;
mod nuget;
mod opam;
mod pipelines;
mod python;
mod r;
mod ruby;
mod sbt;
mod script;
mod setup_py;
mod toolchain;
pub mod version;

use std::fmt;

use crate::change::{Content, RepoPath, Snapshot};
use crate::formats::Unreadable;

pub use changed::{Changed, ChangedManifest, changed, inventory};
pub use difference::{Difference, difference};

/// Where packages of one kind come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each name says it")]
pub enum Ecosystem {
    Cargo,
    Npm,
    Pypi,
    Go,
    Rubygems,
    Composer,
    Maven,
    Nuget,
    Hex,
    Pub,
    Swift,
    Cocoapods,
    Docker,
    GithubActions,
    Helm,
    Terraform,
    PreCommit,
    Submodule,
    Other,
}

impl Ecosystem {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Ecosystem::Cargo => "cargo",
            Ecosystem::Npm => "npm",
            Ecosystem::Pypi => "pypi",
            Ecosystem::Go => "go",
            Ecosystem::Rubygems => "rubygems",
            Ecosystem::Composer => "composer",
            Ecosystem::Maven => "maven",
            Ecosystem::Nuget => "nuget",
            Ecosystem::Hex => "hex",
            Ecosystem::Pub => "pub",
            Ecosystem::Swift => "swift",
            Ecosystem::Cocoapods => "cocoapods",
            Ecosystem::Docker => "docker",
            Ecosystem::GithubActions => "github-actions",
            Ecosystem::Helm => "helm",
            Ecosystem::Terraform => "terraform",
            Ecosystem::PreCommit => "pre-commit",
            Ecosystem::Submodule => "submodule",
            Ecosystem::Other => "other",
        }
    }

    /// Whether a missing part of a version matches any: the tag `v4` stands for the newest 4.x.
    pub fn has_floating_tags(self) -> bool {
        matches!(self, Ecosystem::Docker | Ecosystem::GithubActions)
    }

    /// The spelling under which two names are the same package.
    pub fn canonical(self, name: &str) -> String {
        match self {
            Ecosystem::Pypi => {
                let lower = name.to_ascii_lowercase();
                let words: Vec<&str> = lower.split(['-', '_', '.']).filter(|word| !word.is_empty()).collect();
                words.join("-")
            }
            Ecosystem::Nuget | Ecosystem::Composer | Ecosystem::GithubActions => name.to_ascii_lowercase(),
            Ecosystem::Cargo => name.replace('_', "-"),
            _ => name.to_owned(),
        }
    }
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where one package is taken from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// The ecosystem's public list, or the one that the tools are set up for.
    #[default]
    Registry,
    /// A git repository.
    Git(String),
    /// Another address, list or package name.
    Other(String),
    /// This repository: a workspace member, a path, a link. No outside package.
    Own,
}

impl Source {
    /// The address, where it is not the usual one.
    pub fn address(&self) -> Option<&str> {
        match self {
            Source::Git(address) | Source::Other(address) => Some(address),
            Source::Registry | Source::Own => None,
        }
    }
}

/// One package that a manifest asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Where packages of its kind come from.
    pub ecosystem: Ecosystem,
    /// Its name as written.
    pub name: String,
    /// The version as written, with operators, variables filled in; `None` where the manifest gives none.
    pub version: Option<String>,
    /// The content that an image is pinned to beside its tag.
    pub digest: Option<String>,
    /// Used for development, tests, builds or checks only.
    pub dev: bool,
    /// The section that lists it, in the reader's words; another section is a move.
    pub section: String,
    /// Where it is taken from.
    pub source: Source,
    /// The variable that gives the version, where several packages may share it.
    pub variable: Option<String>,
    /// Its line, from 1.
    pub line: u32,
}

impl Requirement {
    /// A package from the usual place, in production.
    pub fn new(ecosystem: Ecosystem, name: impl Into<String>, version: Option<&str>, line: u32) -> Self {
        Self {
            ecosystem,
            name: name.into(),
            version: version.map(|version| version.trim().to_owned()).filter(|version| !version.is_empty()),
            digest: None,
            dev: false,
            section: String::new(),
            source: Source::Registry,
            variable: None,
            line,
        }
    }

    /// The same, listed in a section.
    pub fn section(mut self, section: impl Into<String>, dev: bool) -> Self {
        self.section = section.into();
        self.dev = dev;
        self
    }

    /// The same, taken from elsewhere.
    pub fn from(mut self, source: Source) -> Self {
        self.source = source;
        self
    }

    /// What makes two requirements speak of the same package.
    pub fn package(&self) -> (Ecosystem, String) {
        (self.ecosystem, self.ecosystem.canonical(&self.name))
    }
}

/// A language or tool in a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runtime {
    /// `node`, `python`, `go`, …
    pub tool: String,
    /// As written.
    pub version: String,
    /// Its line, from 1.
    pub line: u32,
}

/// What one manifest says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// The packages it asks for, own ones among them (see [`Source::Own`]).
    pub requirements: Vec<Requirement>,
    /// The packages and images that it makes: asked for elsewhere in the repository, they are no outside packages.
    pub makes: Vec<(Ecosystem, String)>,
    /// The languages and tools it builds on.
    pub runtimes: Vec<Runtime>,
}

impl Inventory {
    /// Adds a package.
    pub fn add(&mut self, requirement: Requirement) {
        self.requirements.push(requirement);
    }

    /// Adds a language or tool, where a version is given.
    pub fn runtime(&mut self, tool: &str, version: Option<&str>, line: u32) {
        let version = version.map(str::trim).filter(|version| !version.is_empty());
        self.runtimes.extend(version.map(|version| Runtime {
            tool: tool.to_owned(),
            version: version.to_owned(),
            line,
        }));
    }
}

/// A manifest and the tree around it, for versions that another file gives.
#[derive(Clone, Copy)]
pub struct Manifest<'a> {
    /// Where it stands.
    pub path: &'a RepoPath,
    /// What it holds.
    pub text: &'a str,
    /// The tree on the same side of the change.
    pub tree: &'a dyn Snapshot,
}

impl Manifest<'_> {
    /// The text of another file of the tree.
    pub fn other(&self, path: &RepoPath) -> Option<String> {
        match self.tree.read(path)? {
            Content::Text(text) => Some(text.to_string()),
            _ => None,
        }
    }

    /// The files of a name in this folder and those above, nearest first.
    pub fn above<'s>(&'s self, name: &'s str) -> impl Iterator<Item = (RepoPath, String)> + 's {
        let folders = std::iter::successors(Some(self.path.folder()), |folder| {
            (!folder.is_empty()).then(|| folder.rsplit_once('/').map_or("", |(above, _)| above))
        });
        folders.filter_map(move |folder| {
            let path =
                RepoPath::new(if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") });
            self.other(&path).map(|text| (path, text))
        })
    }
}

/// Reads one format.
pub trait Reader: Sync {
    /// The ecosystems whose packages it may find.
    fn ecosystems(&self) -> &'static [Ecosystem];

    /// Whether a file of this path is of the format.
    fn reads(&self, path: &RepoPath) -> bool;

    /// What the manifest says.
    fn read(&self, manifest: Manifest<'_>) -> Result<Inventory, Unreadable>;

    /// Whether manifests of this format below the file's folder may take versions from it.
    fn takes_versions_from(&self, _path: &RepoPath) -> bool {
        false
    }
}

/// Every format.
pub const READERS: &[&dyn Reader] = &[
    &actions::Workflow,
    &dockerfile::Dockerfile,
    &compose::Compose,
    &npm::PackageJson,
    &npm::PnpmWorkspace,
    &cargo::CargoToml,
    &go::GoMod,
    &python::Pyproject,
    &python::Requirements,
    &python::Pipfile,
    &python::SetupCfg,
    &ruby::Gemfile,
    &ruby::Gemspec,
    &maven::Pom,
    &composer::Composer,
    &gradle::Script,
    &gradle::Catalog,
    &mix::Mix,
    &nuget::Project,
    &nuget::PackagesConfig,
    &nuget::DotnetTools,
    &mobile::Pubspec,
    &mobile::SwiftPackage,
    &mobile::Podfile,
    &deploy::Chart,
    &deploy::Terraform,
    &deploy::PreCommit,
    &pipelines::Pipeline,
    &setup_py::SetupPy,
    &sbt::Sbt,
    &devcontainer::DevContainer,
    &deno::Deno,
    &gleam::Gleam,
    &bazel::Bazel,
    &cpp::Vcpkg,
    &cpp::Conan,
    &conda::Conda,
    &julia::Julia,
    &r::Description,
    &ansible::Ansible,
    &elm::Elm,
    &crystal::Shards,
    &opam::Opam,
    &toolchain::OneVersion,
    &toolchain::ToolVersions,
];

/// Folders whose manifests are samples of others or copies.
const NOT_OURS: &[&str] = &[
    "node_modules",
    "vendor",
    "third_party",
    "testdata",
    "fixtures",
    "__fixtures__",
    ".yarn",
    "Pods",
    "site-packages",
];

fn is_sample(path: &RepoPath) -> bool {
    path.folders().any(|folder| NOT_OURS.contains(&folder))
}

/// The reader of a path; none for samples and copies.
pub fn reader_of(path: &RepoPath) -> Option<&'static dyn Reader> {
    if is_sample(path) {
        return None;
    }
    READERS.iter().copied().find(|reader| reader.reads(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::MemorySnapshot;

    /// Reads one file that stands alone.
    pub(super) fn read(reader: &dyn Reader, path: &str, text: &str) -> Inventory {
        read_in(reader, &[(path, text)])
    }

    /// Reads the first of some files.
    pub(super) fn read_in(reader: &dyn Reader, files: &[(&str, &str)]) -> Inventory {
        let tree = MemorySnapshot::new(
            files.iter().map(|(path, text)| (RepoPath::new(path), Content::from_text(text))),
        );
        let path = RepoPath::new(files[0].0);
        assert!(reader.reads(&path), "{path} is not read");
        reader.read(Manifest { path: &path, text: files[0].1, tree: &tree }).expect("it can be read")
    }

    /// `ecosystem name version [dev] [own | from address]`, one a package.
    pub(super) fn shown(inventory: &Inventory) -> Vec<String> {
        let one = |one: &Requirement| {
            let dev = if one.dev { " dev" } else { "" };
            let source = match &one.source {
                Source::Own => " own".to_owned(),
                source => source.address().map(|address| format!(" from {address}")).unwrap_or_default(),
            };
            format!("{} {} {}{dev}{source}", one.ecosystem, one.name, one.version.as_deref().unwrap_or("-"))
        };
        inventory.requirements.iter().map(one).collect()
    }

    /// A name that each reader reads, and what such files begin with.
    const SAMPLES: &[(&str, &str)] = &[
        (".github/workflows/a.yml", "jobs:\n  a:\n    steps:\n      - uses: "),
        ("Dockerfile", "ARG A=${B:-c}\nFROM "),
        ("compose.yml", "services:\n  a:\n    image: "),
        ("package.json", "{\"dependencies\": {\"a\": \""),
        ("pnpm-workspace.yaml", "catalog:\n  a: "),
        ("Cargo.toml", "[dependencies]\na = "),
        ("go.mod", "module a\nrequire "),
        ("pyproject.toml", "[project]\ndependencies = ['"),
        ("requirements.txt", "a"),
        ("Pipfile", "[packages]\na = "),
        ("setup.cfg", "[options]\ninstall_requires =\n  "),
        ("Gemfile", "gem "),
        ("a.gemspec", "s.add_dependency "),
        ("pom.xml", "<project><parent>"),
        ("composer.json", "{\"require\": {\"a/b\": \""),
        ("build.gradle", "dependencies { implementation "),
        ("libs.versions.toml", "[libraries]\na = "),
        ("mix.exs", "defp deps do [{:a, "),
        ("a.csproj", "<Project><ItemGroup><PackageReference Include=\"$("),
        ("packages.config", "<packages><package id="),
        ("global.json", "{\"sdk\": "),
        ("pubspec.yaml", "dependencies:\n  a: "),
        ("Package.swift", ".package(url: \""),
        ("Podfile", "pod "),
        ("Chart.yaml", "dependencies:\n  - name: "),
        ("a.tf", "module \"a\" {\n source = "),
        (".pre-commit-config.yaml", "repos:\n - repo: "),
        (".gitlab-ci.yml", "a:\n  image: "),
        ("setup.py", "setup(install_requires=["),
        ("build.sbt", "libraryDependencies += \"a\" % "),
        ("devcontainer.json", "{\"image\": \""),
        ("deno.json", "{\"imports\": {\"a\": \"npm:"),
        ("gleam.toml", "[dependencies]\na = "),
        ("MODULE.bazel", "bazel_dep(name = "),
        ("vcpkg.json", "{\"dependencies\": [\""),
        ("conanfile.txt", "[requires]\n"),
        ("environment.yml", "dependencies:\n  - "),
        ("Project.toml", "[deps]\na = "),
        ("DESCRIPTION", "Package: a\nImports: "),
        ("requirements.yml", "roles:\n  - name: "),
        ("elm.json", "{\"dependencies\": {\"a\": \""),
        ("shard.yml", "dependencies:\n  a: "),
        ("a.opam", "depends: [\"a\" {"),
        (".nvmrc", ""),
        ("mise.toml", "[tools]\na = "),
    ];

    #[test]
    fn every_reader_has_a_sample() {
        for (at, reader) in READERS.iter().enumerate() {
            assert!(
                SAMPLES.iter().any(|(path, _)| reader.reads(&RepoPath::new(path))),
                "reader {at} has none"
            );
        }
    }

    #[test]
    fn deep_nesting_is_no_crash() {
        for (path, start) in SAMPLES {
            let path = RepoPath::new(path);
            let reader = reader_of(&path).expect("a sample has a reader");
            for part in ["[", "{", "(", "<a>", "\"#{", "- ", "{a: "] {
                let text = format!("{start}{}", part.repeat(20_000));
                let tree = MemorySnapshot::default();
                let _ = reader.read(Manifest { path: &path, text: &text, tree: &tree });
            }
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

        #[test]
        fn readers_never_panic(
            text in "(?s).{0,80}",
            words in proptest::collection::vec(proptest::sample::select(vec![
                "\n", "  ", "\"", "'", "${", "}", "$(", ")", "{", "[", "]", "a", "1.0", ":", "@", "#", "=", ",", "é", "<", "/>", "\\", "|", "~> ",
            ]), 0..30),
        ) {
            for (path, start) in SAMPLES {
                let path = RepoPath::new(path);
                let reader = reader_of(&path).expect("a sample has a reader");
                for text in [format!("{start}{text}"), format!("{start}{}", words.concat())] {
                    let tree = MemorySnapshot::default();
                    let _ = reader.read(Manifest { path: &path, text: &text, tree: &tree });
                }
            }
        }
    }
}
