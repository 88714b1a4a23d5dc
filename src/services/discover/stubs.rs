//! Calls through generated clients: who serves what the repository's own proto files describe, and who makes a client
//! of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use super::{Call, Kind, Sighting, Tree, is_inside};
use crate::change::RepoPath;
use crate::config::ServiceKind;
use crate::formats::settings::code::is_code;

/// Files of code that are looked into; more is no map but a search.
const MOST_FILES: usize = 3_000;

static DESCRIBED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^\s*service\s+(\w+)\s*\{").expect("the pattern is fixed and the tests run it")
});

/// How generated code is taken up by who serves, in eight languages.
static SERVES: LazyLock<Regex> = LazyLock::new(|| {
    let ways = [
        r"\bRegister(\w+)Server\(",
        r"\b(\w+)ImplBase\b",
        r"\badd_(\w+)Servicer_to_server\(",
        r"\b(\w+)Server::(?:new|with_interceptor)\(",
        r":\s*(?:\w+\.)*(\w+)\.\w+Base\b",
        r"\.addService\(\s*(?:\w+\.)*?(\w+?)(?:Service)?(?:\.service|\s*,)",
        r"<\s*(?:\w+::)*(\w+)::Service\b",
        r"\buse GRPC\.Server, service: (?:\w+\.)*(\w+)\.Service",
    ];
    Regex::new(&ways.join("|")).expect("the pattern is fixed and the tests run it")
});

/// How a client of it is made.
static CALLS: LazyLock<Regex> = LazyLock::new(|| {
    let ways = [
        r"\bNew(\w+)Client\(",
        r"\b(\w+)Grpc\s*\.\s*new\w*Stub\(",
        r"\b(\w+)Stub\(",
        r"\b(\w+)Client::(?:new|connect|with_interceptor)\(",
        r"\bnew\s+(?:\w+\.)*(\w+?)(?:Client)?\(",
        r"\bAddGrpcClient<(?:\w+\.)*(\w+)Client>",
        r"\b(\w+)::Stub\.new",
        r"\b(\w+)\.Stub\.\w+\(",
    ];
    Regex::new(&ways.join("|")).expect("the pattern is fixed and the tests run it")
});

/// Adds a call for each client of a service that exactly one other serves.
pub(super) fn add_calls(tree: &Tree<'_>, services: &mut [Sighting]) {
    let described: BTreeSet<String> = tree
        .files(Kind::Proto)
        .iter()
        .filter_map(|path| tree.read(path))
        .flat_map(|text| DESCRIBED.captures_iter(&text).map(|found| found[1].to_owned()).collect::<Vec<_>>())
        .collect();
    if described.is_empty() {
        return;
    }
    let folders: Vec<(usize, String)> = services
        .iter()
        .enumerate()
        .filter(|(_, one)| one.kind != ServiceKind::Store)
        .filter_map(|(at, one)| Some((at, one.folder.clone().filter(|folder| !folder.is_empty())?)))
        .collect();
    let mut served: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    let mut called: BTreeMap<(usize, &str), (RepoPath, u32)> = BTreeMap::new();
    let mut left = MOST_FILES;
    for (at, folder) in &folders {
        let inner: Vec<&String> = folders
            .iter()
            .map(|(_, other)| other)
            .filter(|other| *other != folder && is_inside(other, folder))
            .collect();
        let own = tree.inside(folder).filter(|path| is_code(path) && !is_generated(path));
        for path in own.filter(|path| !inner.iter().any(|inner| path.is_in(inner))) {
            if left == 0 {
                return;
            }
            left -= 1;
            let Some(text) = tree.read(path) else { continue };
            // a plain search first: most files hold none of the names
            if !described.iter().any(|name| text.contains(name.as_str())) {
                continue;
            }
            for (number, line) in (1u32..).zip(text.lines()).filter(|(_, line)| line.len() < 500) {
                let names = |pattern: &Regex| -> Vec<&str> {
                    let found =
                        pattern.captures_iter(line).filter_map(|found| found.iter().skip(1).flatten().next());
                    found.filter_map(|name| described.get(name.as_str())).map(String::as_str).collect()
                };
                for name in names(&SERVES) {
                    served.entry(name).or_default().insert(*at);
                }
                for name in names(&CALLS) {
                    called.entry((*at, name)).or_insert_with(|| (path.clone(), number));
                }
            }
        }
    }
    for ((from, name), (path, line)) in called {
        let by = served.get(name).filter(|by| by.len() == 1).and_then(|by| by.first());
        if let Some(to) = by.filter(|to| **to != from) {
            let to = services[*to].name.clone();
            services[from].calls.push(Call { to, how: "contract", place: tree.at(&path, line) });
        }
    }
}

/// Generated code offers both sides to everyone, and tests make clients of their own service.
fn is_generated(path: &RepoPath) -> bool {
    let name = path.file_name().to_ascii_lowercase();
    let generated = ["pb.go", "_pb2", "_pb.", "grpc.java", "outerclass", "grpc.cs", ".pb.", "_grpc"];
    let test = ["test", "tests", "genproto", "generated", "gen", "pb", "mocks", "__tests__", "spec"];
    generated.iter().any(|part| name.contains(part))
        || name.contains("test")
        || path.folders().any(|folder| test.contains(&folder) || super::words::is_aside(folder))
}
