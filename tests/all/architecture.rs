//! The shape of the code, held by tests: one direction, one fence for each large library, words kept out of Rust.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The modules of the library in the order in which data flows. A module may name only those before it.
const ORDER: &[&str] = &[
    "change",
    "finding",
    "config",
    "history",
    "roles",
    "formats",
    "services",
    "git",
    "detectors",
    "summary",
    "render",
];

/// What stands above the flow and composes it.
const COMPOSERS: &[&str] = &[
    "lib", "run", "error", "explain", "replay", "listing", "deliver", "doctor", "hook", "github", "notes",
    "cli", "main",
];

/// A library and the only modules that may name it.
const FENCES: &[(&str, &[&str])] = &[
    ("gix", &["git"]),
    ("handlebars", &["render"]),
    ("rust_embed", &["render"]),
    ("octocrab", &["github"]),
    ("tokio", &["github", "main"]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a folder, sorted.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut open = vec![root().join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push((path.clone(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!found.is_empty(), "no Rust file below {folder}");
    found.sort();
    found
}

/// The module of the library that a file belongs to.
fn module(path: &Path) -> String {
    let inside = path.strip_prefix(root().join("src")).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// A file's own code: what stands before its tests.
fn own(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

/// The modules that a text names by `crate::module`, with those inside braces.
fn named(text: &str) -> BTreeSet<&str> {
    let word = |rest: &'_ str| rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(list) => {
                let list = list.split('}').next().unwrap_or_default();
                found.extend(list.split(',').map(str::trim).map(|part| &part[..word(part)]));
            }
            None => {
                found.insert(&rest[..word(rest)]);
            }
        }
    }
    found
}

#[test]
fn modules_name_only_what_stands_before_them() {
    assert_eq!(named("use crate::{change, a::B}; crate::c::d()"), BTreeSet::from(["change", "a", "c"]));
    let place = |name: &str| ORDER.iter().position(|one| *one == name);
    for (path, text) in sources("src") {
        let module = module(&path);
        let Some(at) = place(&module) else {
            let is_known = COMPOSERS.contains(&module.as_str());
            assert!(
                is_known,
                "{} belongs to no module of the order: give `{module}` its place",
                path.display()
            );
            continue;
        };
        for name in named(own(&text)) {
            let is_before = place(name).is_some_and(|other| other <= at);
            let is_module = place(name).is_some() || COMPOSERS.contains(&name);
            assert!(
                is_before || !is_module,
                "{} names `{name}`, which stands after `{module}`",
                path.display()
            );
        }
    }
}

#[test]
fn each_large_library_has_one_fence() {
    for (path, text) in sources("src") {
        for (library, allowed) in FENCES {
            let uses = [format!("use {library}::"), format!("{library}::"), format!("#[{library}::")];
            let code = own(&text).lines().filter(|line| !line.trim_start().starts_with("//"));
            let is_used =
                code.flat_map(|line| uses.iter().map(move |name| (line, name))).any(|(line, name)| {
                    let at = line.find(name.as_str());
                    // In quotes it is a text that a reader looks for, such as an attribute of a test.
                    at.is_some_and(|at| {
                        !line[..at].contains('"')
                            && !line[..at].ends_with(|c: char| c == '_' || c.is_alphanumeric())
                    })
                });
            let module = module(&path);
            assert!(!is_used || allowed.contains(&module.as_str()), "{} uses {library}", path.display());
        }
    }
}

#[test]
fn every_file_begins_with_its_purpose() {
    for (path, text) in sources("src").into_iter().chain(sources("tests/all")) {
        let first = text.lines().next().unwrap_or_default();
        assert!(
            first.starts_with("//! ") && first.len() > 12,
            "{} does not begin with its purpose",
            path.display()
        );
    }
}

#[test]
fn every_dependency_earns_its_place_in_the_table() {
    let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let table = fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
    let table = table.split("## Dependencies").nth(1).expect("a section on dependencies");
    let listed: BTreeSet<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next())
        .flat_map(|cell| cell.split([',', ';', ' ']))
        .collect();
    for section in ["dependencies", "dev-dependencies"] {
        for name in manifest[section].as_table().unwrap().keys() {
            let is_grammar = name.starts_with("tree-sitter");
            assert!(is_grammar || listed.contains(name.as_str()), "`{name}` has no line in CONTRIBUTING.md");
        }
    }
}
