//! Routes: which addresses the code answers, read by the forms of well-known frameworks.
//!
//! No contract: code may answer an address in ways that no form shows, and mount a whole file below a path that is said
//! elsewhere. What is read here "appears to" be so, and a path may be only the end of the whole one.

mod calls;
mod files;
mod marks;
mod mounts;
mod nested;

use crate::change::RepoPath;

pub use mounts::Mounts;

/// Texts above this are no code that a person wrote.
const MOST_BYTES: usize = 1 << 19;

/// Stands for the beginning of a path that is said in another file.
const UNTOLD: &str = "…";

/// One address that the code answers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// `GET`, `POST`, …, or `ANY`.
    pub method: String,
    /// The path as far as the file says it, beginning with `/`; with `/…` where it says that something stands before.
    pub path: String,
    /// Its line, from 1.
    pub line: u32,
    /// The way of writing it: `rails`, `spring`, …
    pub style: &'static str,
}

impl Route {
    fn new(style: &'static str, method: &str, paths: &[&str], line: u32) -> Route {
        let parts = paths.iter().flat_map(|path| path.split('/')).filter(|part| !part.is_empty());
        let path = format!("/{}", parts.collect::<Vec<_>>().join("/"));
        Route { method: method.to_ascii_uppercase(), path, line, style }
    }

    /// The same route below what another file says about its place.
    pub fn below(self, parts: &[String]) -> Route {
        let before: Vec<&str> = parts.iter().map(String::as_str).collect();
        Route::new(self.style, &self.method, &[&before.join("/"), &self.path], self.line)
    }

    /// The parts of the path, without the names of what is filled in.
    pub fn parts(&self) -> Vec<String> {
        let parts = self.path.split('/').filter(|part| !part.is_empty() && *part != UNTOLD);
        parts
            .map(|part| match part.chars().next() {
                Some(':' | '{' | '<' | '[' | '*' | '$' | '(') => "{}".to_owned(),
                _ => part.to_ascii_lowercase(),
            })
            .collect()
    }
}

/// Reads the routes of a file, in the order of their lines.
pub fn read(path: &RepoPath, text: &str) -> Vec<Route> {
    if text.len() > MOST_BYTES || is_aside(path) {
        return Vec::new();
    }
    let mut found = match path.extension().as_str() {
        "rb" => nested::rails(path, text),
        "php" => nested::laravel(path, text),
        "ex" => nested::phoenix(text),
        "py" => marks::python(text).into_iter().chain(nested::django(path, text)).collect(),
        "js" | "mjs" | "cjs" | "ts" | "mts" | "cts" => {
            let script = marks::script(text).into_iter().chain(calls::script(text));
            script.chain(files::read(path, text)).collect()
        }
        "jsx" | "tsx" => files::read(path, text),
        "java" | "kt" | "groovy" => marks::java(text),
        "cs" => marks::csharp(text).into_iter().chain(calls::csharp(text)).collect(),
        "go" => calls::go(text),
        "rs" => marks::rust(text).into_iter().chain(calls::rust(text)).collect(),
        _ => Vec::new(),
    };
    found.sort_by_key(|route| route.line);
    found
}

/// Folders of examples, and of what stands in for a server while something else is tested.
fn is_aside(path: &RepoPath) -> bool {
    const FOLDERS: &[&str] = &[
        "__mocks__",
        "__tests__",
        "benchmark",
        "benchmarks",
        "cypress",
        "demo",
        "demos",
        "docs",
        "e2e",
        "example",
        "examples",
        "fixtures",
        "mock",
        "mocks",
        "msw",
        "playground",
        "sample",
        "samples",
        "spec",
        "stories",
        "test",
        "testdata",
        "tests",
    ];
    path.folders().any(|folder| FOLDERS.contains(&folder.to_ascii_lowercase().as_str()))
}

#[cfg(test)]
mod tests;
