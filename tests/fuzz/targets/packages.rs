//! Manifests and lock files: the first byte picks the name, the rest is the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plainly::change::{MemorySnapshot, RepoPath};
use plainly::formats::manifests::{self, Manifest};
use plainly::formats::locks;

const NAMES: &[&str] = &[
    ".github/workflows/a.yml",
    "Dockerfile",
    "compose.yaml",
    "package.json",
    "pnpm-workspace.yaml",
    "Cargo.toml",
    "go.mod",
    "pyproject.toml",
    "requirements.txt",
    "Pipfile",
    "setup.cfg",
    "Gemfile",
    "a.gemspec",
    "pom.xml",
    "composer.json",
    "build.gradle",
    "gradle/libs.versions.toml",
    "mix.exs",
    "a.csproj",
    "packages.config",
    "pubspec.yaml",
    "Package.swift",
    "Podfile",
    "Chart.yaml",
    "main.tf",
    ".pre-commit-config.yaml",
    ".gitlab-ci.yml",
    ".nvmrc",
    ".tool-versions",
];

fuzz_target!(|data: &[u8]| {
    let Some((pick, rest)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(rest);
    let count = NAMES.len() + locks::READERS.len();
    let pick = *pick as usize % count;
    match NAMES.get(pick) {
        Some(name) => {
            let path = RepoPath::new(*name);
            let tree = MemorySnapshot::default();
            if let Some(reader) = manifests::reader_of(&path) {
                let _ = reader.read(Manifest { path: &path, text: &text, tree: &tree });
            }
        }
        None => {
            let _ = (locks::READERS[pick - NAMES.len()].read)(&text);
        }
    }
});
