//! Routes written as calls inside of calls: Rails, Laravel, Phoenix, Django. Read by each language's grammar.

use super::Route;
use crate::change::RepoPath;
use crate::formats::syntax::{self, Call, Expr, Func, Kind, Language};

/// Blocks inside of blocks, deeper than people write routes.
const MOST_DEPTH: usize = 30;
/// Routes of one file; more are made by a loop that we do not follow.
const MOST_ROUTES: usize = 5_000;

const VERBS: &[&str] = &["get", "post", "put", "patch", "delete"];

fn parse(language: Language, text: &str) -> Vec<Expr<'_>> {
    syntax::parse(language, text).unwrap_or_default()
}

/// Each expression that stands in another one, as far as it is not itself a call that the reader follows.
fn inner<'e, 'a>(expr: &'e Expr<'a>) -> Vec<&'e Expr<'a>> {
    match &expr.kind {
        Kind::Body(parts) | Kind::List(parts) => parts.iter().collect(),
        Kind::Assign(pair) => vec![&pair.1],
        Kind::Class(class) => class.body.iter().collect(),
        Kind::Func(func) => func.body.iter().collect(),
        Kind::Loop(looped) => looped.body.iter().collect(),
        Kind::Call(call) => {
            let receiver = call.receiver.iter();
            receiver.chain(&call.args).chain(call.block.iter().flat_map(|block| &block.body)).collect()
        }
        _ => Vec::new(),
    }
}

fn joined(prefix: &str, path: &str) -> String {
    format!("{}/{}", prefix.trim_end_matches('/'), path.trim_matches('/'))
}

/// The names of an option that holds one, or a list of them.
fn names_of<'e>(call: &'e Call<'_>, key: &str) -> Option<Vec<&'e str>> {
    let value = call.option(key)?;
    Some(value.elements().iter().filter_map(Expr::key).collect())
}

/// Which of the usual actions a list of things has, as methods with what stands behind the list's path.
fn actions(call: &Call<'_>, one: bool, param: &str) -> Vec<(&'static str, String)> {
    let item = if one { String::new() } else { format!("/{param}") };
    let all: [(&str, &str, String); 5] = [
        ("index", "GET", String::new()),
        ("create", "POST", String::new()),
        ("show", "GET", item.clone()),
        ("update", "PATCH", item.clone()),
        ("destroy", "DELETE", item),
    ];
    let (only, except) = (names_of(call, "only"), names_of(call, "except"));
    let is = |names: &[&str], action: &str| {
        names.contains(&action) || (action == "destroy" && names.contains(&"delete"))
    };
    let kept = all.into_iter().filter(|(action, ..)| {
        !(one && *action == "index")
            && only.as_ref().is_none_or(|names| is(names, action))
            && !except.as_ref().is_some_and(|names| is(names, action))
    });
    kept.map(|(_, method, path)| (method, path)).collect()
}

/// `config/routes.rb` and the files that it draws.
pub(super) fn rails(path: &RepoPath, text: &str) -> Vec<Route> {
    let whole = format!("/{path}");
    if !(whole.ends_with("/config/routes.rb") || whole.contains("/config/routes/")) {
        return Vec::new();
    }
    let mut rails = Rails { found: Vec::new() };
    rails.all(&parse(Language::Ruby, text), &Below::default(), 0);
    rails.found
}

struct Rails {
    found: Vec<Route>,
}

/// What stands around a call.
#[derive(Clone, Default)]
struct Below {
    path: String,
    /// What an item of the list around is filled in as, inside of `resources`.
    item: Option<String>,
}

impl Rails {
    fn all(&mut self, exprs: &[Expr<'_>], below: &Below, depth: usize) {
        for expr in exprs {
            self.one(expr, below, depth);
        }
    }

    fn one(&mut self, expr: &Expr<'_>, below: &Below, depth: usize) {
        if depth > MOST_DEPTH || self.found.len() > MOST_ROUTES {
            return;
        }
        let Some(call) = expr.call() else {
            return inner(expr).into_iter().for_each(|part| self.one(part, below, depth + 1));
        };
        let first = call.arg(0).and_then(Expr::literal);
        match call.name {
            "concern" | "direct" | "resolve" | "devise_for" | "mount" => {}
            "namespace" | "scope" => {
                let own = match call.option("path").and_then(Expr::literal) {
                    Some(path) => Some(path),
                    // `scope :api` is a path, `scope module: "a"` is none.
                    None => first,
                };
                self.block(
                    call,
                    &Below { path: joined(&below.path, own.unwrap_or_default()), item: None },
                    depth,
                );
            }
            "resources" | "resource" => self.resources(call, below, expr.line, depth),
            "member" => {
                let item = below.item.as_deref().unwrap_or_default();
                self.block(call, &Below { path: joined(&below.path, item), item: None }, depth);
            }
            "collection" => self.block(call, &Below { path: below.path.clone(), item: None }, depth),
            verb if VERBS.contains(&verb) || verb == "match" => self.verb(call, verb, below, expr.line),
            _ => self.block(call, below, depth),
        }
    }

    fn block(&mut self, call: &Call<'_>, below: &Below, depth: usize) {
        if let Some(block) = call.callback() {
            self.all(&block.body, below, depth + 1);
        }
    }

    fn resources(&mut self, call: &Call<'_>, below: &Below, line: u32, depth: usize) {
        let one = call.name == "resource";
        // A list inside of a list stands below an item of it.
        let base = below.item.as_ref().map_or_else(
            || below.path.clone(),
            |_| {
                let outer = below.path.rsplit('/').next().unwrap_or_default();
                let outer = outer.strip_suffix('s').unwrap_or(outer).replace('-', "_");
                joined(&below.path, &format!(":{outer}_id"))
            },
        );
        for name in call.args.iter().filter_map(Expr::literal) {
            let own = call.option("path").and_then(Expr::literal).unwrap_or(name);
            let path = joined(&base, own);
            let param = call.option("param").and_then(Expr::literal).unwrap_or("id");
            for (method, rest) in actions(call, one, &format!(":{param}")) {
                self.found.push(Route::new("rails", method, &[&path, &rest], line));
            }
            let item = (!one).then(|| format!(":{param}"));
            self.block(call, &Below { path, item }, depth);
        }
    }

    fn verb(&mut self, call: &Call<'_>, verb: &str, below: &Below, line: u32) {
        let on_item = call.option("on").and_then(Expr::literal) == Some("member");
        let base = match &below.item {
            Some(item) if on_item => joined(&below.path, item),
            Some(_) if call.option("on").is_none() => joined(&below.path, ":id"),
            _ => below.path.clone(),
        };
        let methods = match names_of(call, "via") {
            Some(names) if verb == "match" => names,
            _ if verb == "match" => vec!["ANY"],
            _ => vec![verb],
        };
        // `get "/a" => "b#c"` gives the path as a key.
        let leads = |(key, to): &&(&str, Expr<'_>)| {
            *key != "to" && to.literal().is_some_and(|action| action.contains('#'))
        };
        let keyed = call.named.iter().filter(leads).map(|(key, _)| *key);
        let paths: Vec<&str> = call.args.iter().filter_map(Expr::literal).chain(keyed).collect();
        for path in paths {
            let (least, most) = with_and_without(path);
            for path in std::iter::once(&most).chain((least != most).then_some(&least)) {
                for method in &methods {
                    let method = if *method == "all" { "ANY" } else { method };
                    self.found.push(Route::new("rails", method, &[&base, path], line));
                }
            }
        }
    }
}

/// A path without the parts in brackets, which may be left out, and with them. A format is no part of its own.
fn with_and_without(path: &str) -> (String, String) {
    let path = path.replace("(.:format)", "");
    let (mut least, mut depth) = (String::new(), 0u32);
    for c in path.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            c if depth == 0 => least.push(c),
            _ => {}
        }
    }
    (least, path.replace(['(', ')'], ""))
}

/// `routes/*.php`.
pub(super) fn laravel(path: &RepoPath, text: &str) -> Vec<Route> {
    if !text.contains("Route::") || !path.folders().any(|folder| folder.eq_ignore_ascii_case("routes")) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let prefix = if path.file_name() == "api.php" { "/api" } else { "" };
    for expr in parse(Language::Php, text) {
        laravel_in(&expr, prefix, &mut found, 0);
    }
    found
}

fn laravel_in(expr: &Expr<'_>, prefix: &str, found: &mut Vec<Route>, depth: usize) {
    if depth > MOST_DEPTH || found.len() > MOST_ROUTES {
        return;
    }
    let (start, calls) = expr.chain();
    if start.and_then(Expr::name) != Some("Route") {
        return inner(expr).into_iter().for_each(|part| laravel_in(part, prefix, found, depth + 1));
    }
    let mut prefix = prefix.to_owned();
    for (call, line) in calls {
        let text = call.arg(0).and_then(Expr::literal);
        match call.name {
            "prefix" => prefix = joined(&prefix, text.unwrap_or_default()),
            "group" => {
                let own = call.arg(0).and_then(|options| options.get("prefix")).and_then(Expr::literal);
                let prefix = own.map_or_else(|| prefix.clone(), |own| joined(&prefix, own));
                let body = call.callback().map(|block: &Func<'_>| block.body.as_slice()).unwrap_or_default();
                body.iter().for_each(|part| laravel_in(part, &prefix, found, depth + 1));
            }
            "resource" | "apiResource" | "singleton" => {
                let Some(name) = text else { continue };
                let path = joined(&prefix, &name.replace('.', "/{}/"));
                for (method, rest) in actions(call, call.name == "singleton", "{id}") {
                    found.push(Route::new("laravel", method, &[&path, &rest], line));
                }
            }
            "match" => {
                let Some(path) = call.arg(1).and_then(Expr::literal) else { continue };
                for method in
                    call.arg(0).map(Expr::elements).unwrap_or_default().iter().filter_map(Expr::literal)
                {
                    found.push(Route::new("laravel", method, &[&prefix, path], line));
                }
            }
            "any" => found.extend(text.map(|path| Route::new("laravel", "ANY", &[&prefix, path], line))),
            verb if VERBS.contains(&verb) && call.args.len() > 1 => {
                found.extend(text.map(|path| Route::new("laravel", verb, &[&prefix, path], line)));
            }
            _ => {}
        }
    }
}

/// Routers of Phoenix.
pub(super) fn phoenix(text: &str) -> Vec<Route> {
    if !text.contains(":router") && !text.contains("Phoenix.Router") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for expr in parse(Language::Elixir, text) {
        phoenix_in(&expr, "", &mut found, 0);
    }
    found
}

fn phoenix_in(expr: &Expr<'_>, prefix: &str, found: &mut Vec<Route>, depth: usize) {
    if depth > MOST_DEPTH || found.len() > MOST_ROUTES {
        return;
    }
    let Some(call) = expr.call().filter(|call| call.receiver.is_none()) else {
        return inner(expr).into_iter().for_each(|part| phoenix_in(part, prefix, found, depth + 1));
    };
    let first = call.arg(0).and_then(Expr::literal);
    let below = |prefix: &str, found: &mut Vec<Route>| {
        let body = call.callback().map(|block| block.body.as_slice()).unwrap_or_default();
        body.iter().for_each(|part| phoenix_in(part, prefix, found, depth + 1));
    };
    match (call.name, first) {
        ("scope", own) => {
            let own = own.filter(|own| own.starts_with('/')).or(call.option("path").and_then(Expr::literal));
            below(&joined(prefix, own.unwrap_or_default()), found);
        }
        ("resources", Some(name)) => {
            let path = joined(prefix, name);
            for (method, rest) in actions(call, call.option("singleton").is_some(), ":id") {
                found.push(Route::new("phoenix", method, &[&path, &rest], expr.line));
            }
            below(&joined(&path, ":id"), found);
        }
        ("live", Some(path)) => found.push(Route::new("phoenix", "GET", &[prefix, path], expr.line)),
        (verb, Some(path)) if VERBS.contains(&verb) && call.args.len() > 1 => {
            found.push(Route::new("phoenix", verb, &[prefix, path], expr.line));
        }
        _ => below(prefix, found),
    }
}

/// `urls.py`: paths, and what a router of the REST framework registers.
pub(super) fn django(path: &RepoPath, text: &str) -> Vec<Route> {
    if path.file_name() != "urls.py" && !text.contains("urlpatterns") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for expr in parse(Language::Python, text) {
        django_in(&expr, &mut found, 0);
    }
    found
}

fn django_in(expr: &Expr<'_>, found: &mut Vec<Route>, depth: usize) {
    if depth > MOST_DEPTH || found.len() > MOST_ROUTES {
        return;
    }
    if let Some(call) = expr.call() {
        let text = call.arg(0).and_then(Expr::literal);
        // Other files and whole apps are mounted, not written here.
        let mounts = call.arg(1).is_some_and(|view| {
            view.last_name() == Some("urls") || view.call().is_some_and(|call| call.name == "include")
        });
        match (call.name, text) {
            ("path" | "re_path" | "url", Some(text))
                if call.receiver.is_none() && call.args.len() > 1 && !mounts =>
            {
                found.push(Route::new("django", "ANY", &[&plain(text)], expr.line));
            }
            ("register", Some(text)) if call.args.len() > 1 || call.option("viewset").is_some() => {
                let on = call.receiver.as_ref().and_then(Expr::last_name).unwrap_or_default();
                if on.to_lowercase().contains("router") {
                    found.push(Route::new("django", "ANY", &[&plain(text)], expr.line));
                }
            }
            _ => {}
        }
    }
    inner(expr).into_iter().for_each(|part| django_in(part, found, depth + 1));
}

/// An expression for paths with its groups as what is filled in.
fn plain(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut depth = 0u32;
    for c in pattern.chars() {
        match c {
            '(' => {
                if depth == 0 {
                    out.push_str("{}");
                }
                depth += 1;
            }
            ')' => depth = depth.saturating_sub(1),
            '^' | '$' | '\\' if depth == 0 => {}
            '?' if depth == 0 && out.ends_with('/') => {}
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}
