//! Routes as marks on functions: FastAPI and Flask, Nest and its kin, Spring, Micronaut and JAX-RS, ASP.NET, actix and
//! Rocket.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Route, UNTOLD};
use crate::formats::words::{Family, Words, words};

const METHODS: &[&str] = &["get", "post", "put", "patch", "delete"];

fn method(name: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    METHODS.contains(&lower.as_str()).then(|| lower.to_ascii_uppercase())
}

/// What a name is given as in a list of arguments: `prefix="/a"`, `path: "/a"`.
fn given<'a>(words: &Words<'a>, arguments: &[Range<usize>], names: &[&str]) -> Option<Vec<&'a str>> {
    let named = arguments.iter().find(|range| {
        words.name(range.start).is_some_and(|name| names.contains(&name))
            && (words.is(range.start + 1, '=') || words.is(range.start + 1, ':'))
    })?;
    Some(words.texts(named.start + 2..named.end))
}

/// The texts of the first argument, where it has no name.
fn first<'a>(words: &Words<'a>, arguments: &[Range<usize>]) -> Vec<&'a str> {
    arguments.first().map(|range| words.texts(range.clone())).unwrap_or_default()
}

/// FastAPI, Flask, Sanic and their kin.
pub(super) fn python(text: &str) -> Vec<Route> {
    if !METHODS.iter().chain(&["route", "api_route"]).any(|name| text.contains(&format!(".{name}("))) {
        return Vec::new();
    }
    let words = Words(words(Family::Python, text));
    let mut prefixes: BTreeMap<&str, &str> = BTreeMap::new();
    // `app.include_router(router, prefix="/a")` in the same file
    let mut mounts: BTreeMap<&str, &str> = BTreeMap::new();
    for at in 0..words.0.len() {
        if matches!(words.name(at), Some("include_router" | "register_blueprint"))
            && let (Some(child), Some((arguments, _))) = (words.name(at + 2), words.arguments(at + 1))
            && let Some(texts) = given(&words, &arguments, &["prefix", "url_prefix"])
        {
            mounts.insert(child, texts.first().copied().unwrap_or(UNTOLD));
        }
    }
    let mut found = Vec::new();
    for at in 0..words.0.len() {
        // `router = APIRouter(prefix="/a")`
        if words.is(at, '=')
            && let (Some(variable), Some(maker)) =
                (at.checked_sub(1).and_then(|at| words.name(at)), words.name(at + 1))
            && matches!(maker, "APIRouter" | "Blueprint" | "FastAPI")
            && let Some((arguments, _)) = words.arguments(at + 2)
        {
            let prefix = given(&words, &arguments, &["prefix", "url_prefix"]);
            prefixes.insert(variable, prefix.and_then(|texts| texts.first().copied()).unwrap_or_default());
        }
        let begins_line = at == 0 || words.line(at - 1) < words.line(at);
        let (true, true, Some(on)) = (words.is(at, '@'), begins_line, words.name(at + 1)) else { continue };
        let (true, Some(name), true) = (words.is(at + 2, '.'), words.name(at + 3), words.is(at + 4, '('))
        else {
            continue;
        };
        let Some((arguments, _)) = words.arguments(at + 4) else { continue };
        let any = matches!(name, "route" | "api_route");
        let Some(single) = method(name).filter(|_| METHODS.contains(&name)).or(any.then(String::new)) else {
            continue;
        };
        let mut paths = first(&words, &arguments);
        paths.extend(given(&words, &arguments, &["path", "rule"]).unwrap_or_default());
        let Some(path) = paths.first() else { continue };
        let prefix = prefixes.get(on);
        // `@mock.patch("a.b")` is none.
        if !(path.starts_with('/') || (path.is_empty() && prefix.is_some())) {
            continue;
        }
        let methods = given(&words, &arguments, &["methods"]).unwrap_or_default();
        let methods: Vec<String> = match any {
            false => vec![single],
            true if methods.is_empty() => vec!["ANY".to_owned()],
            true => methods.into_iter().map(str::to_owned).collect(),
        };
        let prefix = prefix.copied().unwrap_or_default();
        let mount = mounts.get(on).copied().unwrap_or_default();
        found.extend(
            methods.iter().map(|method| Route::new("python", method, &[mount, prefix, path], words.line(at))),
        );
    }
    found
}

/// Nest, routing-controllers, tsoa: methods of a class that is marked itself.
pub(super) fn script(text: &str) -> Vec<Route> {
    if !text.contains("Controller(") && !text.contains("@Route(") {
        return Vec::new();
    }
    let words = Words(words(Family::Script, text));
    let mut prefix: Option<&str> = None;
    let mut found = Vec::new();
    for at in 0..words.0.len() {
        let (true, Some(name), true) = (words.is(at, '@'), words.name(at + 1), words.is(at + 2, '(')) else {
            continue;
        };
        let Some((arguments, _)) = words.arguments(at + 2) else { continue };
        let mut paths = first(&words, &arguments);
        if let Some(inner) = arguments.first().filter(|range| words.is(range.start, '{'))
            && let Some((inner, _)) = words.arguments(inner.start)
        {
            paths = given(&words, &inner, &["path"]).unwrap_or_default();
        }
        if matches!(name, "Controller" | "JsonController" | "RestController" | "Route") {
            // A path that is a name of its own cannot be told.
            prefix = Some(paths.first().copied().unwrap_or_default());
        } else if let (Some(prefix), Some(method)) = (prefix, method(name))
            && name.starts_with(|c: char| c.is_ascii_uppercase())
            && (arguments.is_empty() || !paths.is_empty())
        {
            let paths = if paths.is_empty() { vec![""] } else { paths };
            let line = words.line(at);
            found.extend(paths.iter().map(|path| Route::new("nest", &method, &[prefix, path], line)));
        }
    }
    found
}

/// What the marks above one declaration say.
#[derive(Default)]
struct Pending<'a> {
    methods: Vec<String>,
    paths: Vec<&'a str>,
    /// A path was given that cannot be told.
    unknown: bool,
    line: u32,
}

/// Spring, Micronaut, JAX-RS.
pub(super) fn java(text: &str) -> Vec<Route> {
    let serves = ["Mapping", "@Path", "@Get", "@Post", "@Put", "@Delete", "@Patch"];
    let calls = ["@FeignClient", "@HttpExchange", "@RegisterRestClient", "retrofit2", "@Client(", "@MockMvc"];
    if !serves.iter().any(|mark| text.contains(mark)) || calls.iter().any(|mark| text.contains(mark)) {
        return Vec::new();
    }
    let words = Words(words(Family::Typed, text));
    let (mut found, mut prefix, mut pending) = (Vec::new(), "", Pending::default());
    // A class whose own path is not written out shows only the ends of its paths.
    let mut at = 0;
    while at < words.0.len() {
        let start = at;
        at += 1;
        if words.is(start, '@')
            && let Some(name) = words.name(start + 1)
        {
            at = start + 2;
            let mut arguments = Vec::new();
            if words.is(at, '(')
                && let Some((found, close)) = words.arguments(at)
            {
                (arguments, at) = (found, close + 1);
            }
            let spring = name.strip_suffix("Mapping");
            let verb = spring.unwrap_or(name);
            let is_path = matches!(name, "RequestMapping" | "Path" | "Controller");
            // `@GET` of JAX-RS is written in capitals and takes no path; that of clients takes one.
            let verb = method(verb).filter(|_| {
                spring.is_some() || verb.chars().skip(1).all(|c| c.is_lowercase()) || arguments.is_empty()
            });
            if !is_path && verb.is_none() {
                continue;
            }
            if pending.methods.is_empty() && pending.paths.is_empty() {
                pending.line = words.line(start);
            }
            pending.methods.extend(verb);
            if name == "RequestMapping" {
                for range in &arguments {
                    let names = (range.start..range.end).filter_map(|at| words.name(at));
                    pending.methods.extend(
                        names
                            .filter(|name| METHODS.contains(&name.to_lowercase().as_str()))
                            .map(str::to_owned),
                    );
                }
            }
            let named = given(&words, &arguments, &["value", "path", "uri", "uris"]);
            let own = named.unwrap_or_else(|| first(&words, &arguments));
            let takes = arguments.iter().any(|range| !words.is(range.start + 1, '='))
                || arguments.iter().any(|range| matches!(words.name(range.start), Some("value" | "path")));
            pending.unknown |= takes && own.is_empty();
            pending.paths.extend(own);
        } else if matches!(words.name(start), Some("class" | "interface" | "record"))
            && !start.checked_sub(1).is_some_and(|before| words.is(before, '.') || words.is(before, ':'))
        {
            match pending.paths.first() {
                Some(path) => prefix = path,
                None if pending.unknown => prefix = UNTOLD,
                None => {}
            }
            pending = Pending::default();
        } else if words.is(start, '(') || words.is(start, ';') || words.is(start, '{') {
            let done = std::mem::take(&mut pending);
            if !done.unknown && !done.methods.is_empty() {
                let paths = if done.paths.is_empty() { vec![""] } else { done.paths };
                for method in &done.methods {
                    let routes =
                        paths.iter().map(|path| Route::new("java", method, &[prefix, path], done.line));
                    found.extend(routes);
                }
            }
        }
    }
    found
}

/// Controllers of ASP.NET.
pub(super) fn csharp(text: &str) -> Vec<Route> {
    if !text.contains("[Http") {
        return Vec::new();
    }
    let words = Words(words(Family::Typed, text));
    let (mut found, mut prefix, mut pending) = (Vec::new(), String::new(), Pending::default());
    let mut at = 0;
    while at < words.0.len() {
        let start = at;
        at += 1;
        let indexes = start.checked_sub(1).is_some_and(|before| {
            words.name(before).is_some()
                || words.is(before, ')')
                || words.is(before, ']') && words.line(before) == words.line(start)
        });
        if words.is(start, '[')
            && !indexes
            && let Some((marks, close)) = words.arguments(start)
        {
            at = close + 1;
            for mark in marks {
                let Some(name) = words.name(mark.start) else { continue };
                let verb = name.strip_prefix("Http").and_then(method);
                if verb.is_none() && name != "Route" {
                    continue;
                }
                if pending.methods.is_empty() {
                    pending.line = words.line(start);
                }
                pending.methods.extend(verb);
                if words.is(mark.start + 1, '(')
                    && let Some((arguments, _)) = words.arguments(mark.start + 1)
                {
                    let own = first(&words, &arguments);
                    pending.unknown |=
                        own.is_empty() && !arguments.is_empty() && !words.is(arguments[0].start + 1, '=');
                    pending.paths.extend(own);
                }
            }
        } else if words.name(start) == Some("class") {
            let class = words.name(start + 1).unwrap_or_default();
            let class = class.strip_suffix("Controller").unwrap_or(class).to_lowercase();
            // A class of the project's own may say the beginning for all that are made from it.
            let base = words.name(start + 3).filter(|_| words.is(start + 2, ':'));
            let is_own =
                base.is_some_and(|base| !matches!(base, "Controller" | "ControllerBase" | "ApiController"));
            let path = pending.paths.first().copied();
            prefix = path.unwrap_or(if is_own { UNTOLD } else { "" }).replace("[controller]", &class);
            pending = Pending::default();
        } else if words.is(start, '(') || words.is(start, ';') || words.is(start, '{') {
            let done = std::mem::take(&mut pending);
            if !done.unknown {
                let paths = if done.paths.is_empty() { vec![""] } else { done.paths };
                for method in &done.methods {
                    for path in &paths {
                        let absolute = path.strip_prefix('~').unwrap_or(path);
                        let prefix = if absolute.starts_with('/') { "" } else { prefix.as_str() };
                        found.push(Route::new("aspnet", method, &[prefix, absolute], done.line));
                    }
                }
            }
        }
    }
    found
}

/// actix and Rocket: `#[get("/a")]`; utoipa, whose router answers what the mark says: `#[utoipa::path(get, path = "/a")]`.
pub(super) fn rust(text: &str) -> Vec<Route> {
    if !text.contains("#[") {
        return Vec::new();
    }
    let words = Words(words(Family::Typed, text));
    let marks = (0..words.0.len()).filter(|at| words.is(*at, '#') && words.is(at + 1, '['));
    let read = |at: usize| -> Option<Vec<Route>> {
        let line = words.line(at);
        if words.name(at + 2) == Some("utoipa") && words.name(at + 5) == Some("path") {
            let (arguments, _) = words.arguments(at + 6)?;
            let path = *given(&words, &arguments, &["path"])?.first()?;
            let before =
                given(&words, &arguments, &["context_path"]).and_then(|texts| texts.first().copied());
            let paths = [before.unwrap_or_default(), path];
            // `get`, or `method(get, head)`
            let names =
                arguments.iter().take(1).flat_map(|range| range.clone()).filter_map(|at| words.name(at));
            let methods = names.filter_map(method);
            return Some(methods.map(|method| Route::new("rust", &method, &paths, line)).collect());
        }
        let method = method(words.name(at + 2)?).filter(|_| words.is(at + 3, '('))?;
        let path = words.text(at + 4).filter(|path| path.starts_with('/'))?;
        Some(vec![Route::new("rust", &method, &[path], line)])
    };
    marks.filter_map(read).flatten().collect()
}
