//! Routes as calls on an app or router: Express, Fastify, Hono and Koa, the routers of Go, axum, and ASP.NET's small
//! form.

use std::collections::BTreeMap;

use super::Route;
use crate::formats::words::{Family, Words, words};

const METHODS: &[&str] = &["get", "post", "put", "patch", "delete"];

/// Names that people give to what answers; all else that has a `get` more often asks.
fn answers(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let asks = ["client", "http", "request", "axios", "fetch", "cache", "store", "map", "config", "settings"];
    !asks.iter().any(|word| lower.contains(word))
        && (["app", "api", "server", "srv", "fastify", "hono", "mux", "engine", "r", "e", "g", "rg"]
            .contains(&lower.as_str())
            || ["router", "routes", "route", "group"].iter().any(|word| lower.ends_with(word))
            || (lower.starts_with('v') && lower[1..].chars().all(|c| c.is_ascii_digit()) && lower.len() > 1))
}

/// Express, Fastify, Hono, Koa.
pub(super) fn script(text: &str) -> Vec<Route> {
    if !METHODS.iter().chain(&["route", "all"]).any(|name| text.contains(&format!(".{name}("))) {
        return Vec::new();
    }
    let words = Words(words(Family::Script, text));
    let mounted = mounted(&words);
    let mut found = Vec::new();
    for at in 0..words.0.len() {
        let (Some(on), true, Some(name), true) =
            (words.name(at), words.is(at + 1, '.'), words.name(at + 2), words.is(at + 3, '('))
        else {
            continue;
        };
        // What is waited for is a question; a caller's own code is often called `api` too.
        let before = at.checked_sub(1);
        let is_asked = before
            .and_then(|at| words.name(at))
            .is_some_and(|name| name == "await" || (name == "return" && on.eq_ignore_ascii_case("api")));
        let is_kept = before.is_some_and(|at| words.is(at, '=') || words.is(at, '>') || words.is(at, '.'));
        if !answers(on) || is_asked || (is_kept && on.eq_ignore_ascii_case("api")) {
            continue;
        }
        // What is filled in while the call is made is a caller's.
        let is_path = |path: &&str| path.starts_with('/') && !path.contains("${");
        let Some(path) = words.text(at + 4).filter(is_path) else { continue };
        let prefix = mounted.get(on).copied().unwrap_or_default();
        let line = words.line(at + 2);
        if name == "route" && words.is(at + 5, ')') {
            // `router.route("/a").get(f).post(g)`
            let mut next = at + 6;
            while words.is(next, '.')
                && let Some(method) = words.name(next + 1)
                && let Some((_, close)) = words.arguments(next + 2)
            {
                if METHODS.contains(&method) {
                    found.push(Route::new("express", method, &[prefix, path], words.line(next + 1)));
                }
                next = close + 1;
            }
            continue;
        }
        let method = match name {
            "all" => "ANY",
            name if METHODS.contains(&name) => name,
            _ => continue,
        };
        // What answers comes last; a question has options there, or nothing.
        let handled = words.arguments(at + 3).is_some_and(|(arguments, _)| {
            arguments.len() > 1
                && arguments[0].len() == 1
                && arguments
                    .last()
                    .is_some_and(|last| !words.is(last.start, '{') && words.text(last.start).is_none())
        });
        if handled {
            found.push(Route::new("express", method, &[prefix, path], line));
        }
    }
    found
}

/// `app.use("/api", router)` in the same file.
fn mounted<'a>(words: &Words<'a>) -> BTreeMap<&'a str, &'a str> {
    let mounts = (0..words.0.len()).filter_map(|at| {
        let opens = words.name(at) == Some("use") && words.is(at + 1, '(') && words.is(at + 3, ',');
        let path = words.text(at + 2).filter(|path| opens && path.starts_with('/'))?;
        Some((words.name(at + 4).filter(|_| words.is(at + 5, ')'))?, path))
    });
    mounts.collect()
}

/// Gin, Echo, Chi, Fiber, Gorilla and the standard library.
pub(super) fn go(text: &str) -> Vec<Route> {
    let words = Words(words(Family::Typed, text));
    let mut found = Vec::new();
    let mut groups: BTreeMap<&str, String> = BTreeMap::new();
    // Functions below a path: where each ends, and the path.
    let mut open: Vec<(usize, &str)> = Vec::new();
    for at in 0..words.0.len() {
        open.retain(|(end, _)| *end > at);
        let (Some(on), true, Some(name), true) =
            (words.name(at), words.is(at + 1, '.'), words.name(at + 2), words.is(at + 3, '('))
        else {
            continue;
        };
        let Some(path) = words.text(at + 4) else { continue };
        if !answers(on) && on != "http" && !groups.contains_key(on) {
            continue;
        }
        let below: String = open.iter().map(|(_, path)| *path).collect();
        let prefix = format!("{below}/{}", groups.get(on).map_or("", String::as_str));
        let line = words.line(at + 2);
        match name {
            "Group" | "Route" | "PathPrefix" | "Mount" => {
                // `v1 := r.Group("/v1")`, `r.Route("/a", func(r chi.Router) { … })`
                let variable = at.checked_sub(3).filter(|_| words.is(at - 1, '=') && words.is(at - 2, ':'));
                if let Some(variable) = variable.and_then(|at| words.name(at)) {
                    groups.insert(variable, format!("{}/{path}", groups.get(on).map_or("", String::as_str)));
                } else if words.name(at + 6) == Some("func")
                    && let Some((_, close)) = words.arguments(at + 3)
                {
                    open.push((close, path));
                }
            }
            "HandleFunc" | "Handle" if words.is(at + 5, ',') => {
                let (verb, path) = path.split_once(' ').unwrap_or(("", path));
                if !path.starts_with('/') {
                    continue;
                }
                let mut methods = vec![if verb.is_empty() { "ANY" } else { verb }];
                // `.Methods("GET", "POST")`
                if let Some((_, close)) = words.arguments(at + 3)
                    && words.is(close + 1, '.')
                    && words.name(close + 2) == Some("Methods")
                    && let Some((arguments, _)) = words.arguments(close + 3)
                {
                    let said: Vec<&str> = arguments
                        .iter()
                        .filter_map(|range| {
                            words
                                .text(range.start)
                                .or_else(|| words.name(range.end - 1)?.strip_prefix("Method"))
                        })
                        .collect();
                    methods = if said.is_empty() { methods } else { said };
                }
                found.extend(methods.iter().map(|method| Route::new("go", method, &[&prefix, path], line)));
            }
            name if METHODS.contains(&name.to_lowercase().as_str())
                && name.starts_with(|c: char| c.is_ascii_uppercase())
                && words.is(at + 5, ',')
                && (path.starts_with('/') || path.is_empty()) =>
            {
                found.push(Route::new("go", name, &[&prefix, path], line));
            }
            _ => {}
        }
    }
    found
}

/// Paths below paths, deeper than people write them.
const MOST_DEPTH: usize = 20;

/// axum and actix: `.route("/a", get(f).post(g))`, below `.nest("/b", …)` and `scope("/b")`.
pub(super) fn rust(text: &str) -> Vec<Route> {
    if !text.contains(".route(") {
        return Vec::new();
    }
    let words = Words(words(Family::Typed, text));
    let mut found = Vec::new();
    // Where the brackets around close, and up to where all stands below a path.
    let (mut open, mut below): (Vec<usize>, Vec<(usize, &str)>) = (Vec::new(), Vec::new());
    let closings = words.closings();
    for at in 0..words.0.len() {
        if words.is(at, '(') {
            open.push(closings[at]);
        }
        while open.last().is_some_and(|close| *close <= at) {
            open.pop();
        }
        while below.last().is_some_and(|(close, _)| *close <= at) {
            below.pop();
        }
        let calls = |name: &str| words.name(at) == Some(name) && words.is(at + 1, '(');
        if let Some(path) = words.text(at + 2).filter(|_| below.len() < MOST_DEPTH) {
            if calls("nest") {
                below.push((closings[at + 1], path));
            } else if calls("scope")
                && let Some(around) = open.last()
            {
                below.push((*around, path));
            }
        }
        let opens = words.is(at, '.') && words.name(at + 1) == Some("route") && words.is(at + 2, '(');
        let Some(path) =
            words.text(at + 3).filter(|path| opens && (path.starts_with('/') || path.is_empty()))
        else {
            continue;
        };
        let Some((arguments, _)) = words.arguments(at + 2) else { continue };
        let Some(handlers) = arguments.get(1) else { continue };
        let paths: Vec<&str> = below.iter().map(|(_, path)| *path).chain([path]).collect();
        let (mut depth, line) = (0i32, words.line(at + 1));
        for at in handlers.clone() {
            match words.name(at) {
                Some(name) if depth == 0 && METHODS.contains(&name) && words.is(at + 1, '(') => {
                    found.push(Route::new("axum", name, &paths, line));
                }
                _ if words.is(at, '(') => depth += 1,
                _ if words.is(at, ')') => depth -= 1,
                _ => {}
            }
        }
    }
    found
}

/// `app.MapGet("/a", …)` with `app.MapGroup("/a")`.
pub(super) fn csharp(text: &str) -> Vec<Route> {
    if !text.contains(".Map") {
        return Vec::new();
    }
    let words = Words(words(Family::Typed, text));
    let mut found = Vec::new();
    let mut groups: BTreeMap<&str, String> = BTreeMap::new();
    for at in 0..words.0.len() {
        let (Some(on), true, Some(name), true) =
            (words.name(at), words.is(at + 1, '.'), words.name(at + 2), words.is(at + 3, '('))
        else {
            continue;
        };
        let (Some(path), Some(name)) = (words.text(at + 4), name.strip_prefix("Map")) else { continue };
        let prefix = groups.get(on).cloned().unwrap_or_default();
        if name == "Group" {
            if let Some(variable) =
                at.checked_sub(2).filter(|_| words.is(at - 1, '=')).and_then(|at| words.name(at))
            {
                groups.insert(variable, format!("{prefix}/{path}"));
            }
        } else if METHODS.contains(&name.to_lowercase().as_str()) && words.is(at + 5, ',') {
            found.push(Route::new("aspnet", name, &[&prefix, path], words.line(at + 2)));
        }
    }
    found
}
