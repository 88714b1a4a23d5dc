//! Where Python programs mount the routes of a file: `app.include_router(orders.router, prefix="/shop")`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::UNTOLD;
use crate::change::{Content, RepoPath, Snapshot};
use crate::formats::words::{Family, Words, words};

/// Files that are read, how often one is mounted below another, and by how many, before we give up.
const MOST_FILES: usize = 3_000;
const MOST_DEPTH: usize = 8;
const MOST_ABOVE: usize = 4;

/// Names of the files in which people put a program together.
const NAMES: &[&str] = &[
    "__init__",
    "api",
    "app",
    "application",
    "asgi",
    "endpoints",
    "main",
    "root",
    "router",
    "routers",
    "routes",
    "server",
    "urls",
    "v1",
    "v2",
    "v3",
    "wsgi",
];

/// The paths below which files are mounted.
#[derive(Debug, Default)]
pub struct Mounts {
    /// The files that mount a file, each with the path that it gives.
    above: BTreeMap<RepoPath, BTreeSet<(RepoPath, Vec<String>)>>,
}

impl Mounts {
    /// Reads the files of a tree that mount others.
    pub fn read(tree: &dyn Snapshot) -> Mounts {
        let paths: BTreeSet<&str> =
            tree.paths().iter().map(RepoPath::as_str).filter(|path| path.ends_with(".py")).collect();
        let is_candidate =
            |path: &&RepoPath| path.file_name().strip_suffix(".py").is_some_and(|stem| NAMES.contains(&stem));
        let mut mounts = Mounts::default();
        let load = |path: &RepoPath| match tree.read(path) {
            Some(Content::Text(text)) => Some(text),
            _ => None,
        };
        for path in tree.paths().iter().filter(is_candidate).take(MOST_FILES) {
            let Some(text) = load(path) else { continue };
            if ["include_router(", "register_blueprint(", ".mount("].iter().any(|call| text.contains(call)) {
                for (child, below) in mounted(path, &text, &paths, &load) {
                    mounts.above.entry(child).or_default().insert((path.clone(), below));
                }
            }
        }
        mounts
    }

    /// What stands before the routes of a file, as parts of a path; `…` where the files do not say it.
    pub fn before(&self, path: &RepoPath) -> Vec<String> {
        self.begin(path, 0)
    }

    fn begin(&self, path: &RepoPath, depth: usize) -> Vec<String> {
        let unknown = || vec![UNTOLD.to_owned()];
        let Some(above) = self.above.get(path) else { return Vec::new() };
        if depth > MOST_DEPTH || above.len() > MOST_ABOVE {
            return unknown();
        }
        let each =
            above.iter().map(|(parent, below)| [self.begin(parent, depth + 1), below.clone()].concat());
        let each: BTreeSet<Vec<String>> = each.collect();
        match each.into_iter().collect::<Vec<_>>().as_slice() {
            [one] => one.clone(),
            _ => unknown(),
        }
    }
}

/// The files whose routers a file mounts, each with the path that stands before them there.
fn mounted(
    path: &RepoPath,
    text: &str,
    paths: &BTreeSet<&str>,
    load: &dyn Fn(&RepoPath) -> Option<Arc<str>>,
) -> Vec<(RepoPath, Vec<String>)> {
    let words = Words(words(Family::Python, text));
    let imports = imports(&words);
    let mut own: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut found = Vec::new();
    for at in 0..words.0.len() {
        // `router = APIRouter(prefix="/a")`
        if words.is(at, '=')
            && let (Some(variable), Some("APIRouter" | "Blueprint")) =
                (at.checked_sub(1).and_then(|at| words.name(at)), words.name(at + 1))
        {
            own.insert(variable, given(&words, at + 2));
        }
        let owner = at.checked_sub(2).filter(|_| words.is(at - 1, '.')).and_then(|at| words.name(at));
        let (Some(owner), Some(call), true) = (owner, words.name(at), words.is(at + 1, '(')) else {
            continue;
        };
        // `app.mount("/a", shop)`
        let (child, below) = match call {
            "include_router" | "register_blueprint" => (at + 2, given(&words, at + 1)),
            "mount" if words.is(at + 3, ',') => match words.text(at + 2) {
                Some(text) => (at + 4, parts(text)),
                None => continue,
            },
            _ => continue,
        };
        let Some((module, name)) = words.name(child).and_then(|name| imports.get(name)) else { continue };
        let joint = if module.ends_with('.') { "" } else { "." };
        let of = if words.is(child + 1, '.') { format!("{module}{joint}{name}") } else { module.clone() };
        let whole = resolve(path, &of, paths).or_else(|| resolve(path, module, paths));
        let Some(file) = whole.map(|file| origin(file, name, paths, load)).filter(|file| file != path) else {
            continue;
        };
        let before = own.get(owner).cloned().unwrap_or_default();
        found.push((file, [before, below].concat()));
    }
    found
}

/// The `prefix` of a call whose bracket opens here, as parts of a path.
fn given(words: &Words<'_>, open: usize) -> Vec<String> {
    let Some((arguments, _)) = words.arguments(open) else { return Vec::new() };
    let is_prefix = |name: &str| matches!(name, "prefix" | "url_prefix");
    let named = arguments
        .iter()
        .find(|range| words.name(range.start).is_some_and(is_prefix) && words.is(range.start + 1, '='));
    let Some(range) = named else { return Vec::new() };
    match words.text(range.start + 2) {
        Some(text) if range.len() == 3 => parts(text),
        _ => vec![UNTOLD.to_owned()],
    }
}

fn parts(path: &str) -> Vec<String> {
    path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// The file that a package takes a name from; the package's own file where it does not.
fn origin(
    file: RepoPath,
    name: &str,
    paths: &BTreeSet<&str>,
    load: &dyn Fn(&RepoPath) -> Option<Arc<str>>,
) -> RepoPath {
    let from = || {
        let text = load(&file).filter(|_| file.file_name() == "__init__.py")?;
        let words = Words(words(Family::Python, &text));
        resolve(&file, &imports(&words).get(name)?.0, paths)
    };
    from().unwrap_or(file)
}

/// Local names, each with the module it comes from and its name there. Dots in front are kept.
fn imports<'a>(words: &Words<'a>) -> BTreeMap<&'a str, (String, &'a str)> {
    let mut found = BTreeMap::new();
    let mut at = 0;
    while at < words.0.len() {
        let begins = at == 0 || words.line(at - 1) < words.line(at);
        if !begins || words.name(at) != Some("from") {
            at += 1;
            continue;
        }
        let mut module = String::new();
        at += 1;
        while at < words.0.len() && words.name(at) != Some("import") {
            match words.name(at) {
                Some(name) => module.push_str(name),
                None if words.is(at, '.') => module.push('.'),
                None => break,
            }
            at += 1;
        }
        let (mut line, bracketed) = (words.line(at), words.is(at + 1, '('));
        at += 1 + usize::from(bracketed);
        while let Some(name) = words.name(at).filter(|_| bracketed || words.line(at) == line) {
            line = words.line(at);
            let alias = words.name(at + 2).filter(|_| words.name(at + 1) == Some("as"));
            found.insert(alias.unwrap_or(name), (module.clone(), name));
            at += if alias.is_some() { 3 } else { 1 };
            if !words.is(at, ',') {
                break;
            }
            at += 1;
        }
    }
    found
}

/// The file of a module, as a file names it.
fn resolve(from: &RepoPath, module: &str, paths: &BTreeSet<&str>) -> Option<RepoPath> {
    let bare = module.trim_start_matches('.');
    let dots = module.len() - bare.len();
    let below = bare.split('.').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
    let files = |base: &str| {
        let joined =
            [base, below.as_str()].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>();
        let joined = joined.join("/");
        [format!("{joined}.py"), format!("{joined}/__init__.py")]
    };
    if dots > 0 {
        let folders: Vec<&str> = from.folders().collect();
        let base = folders.get(..folders.len().checked_sub(dots - 1)?)?.join("/");
        return files(&base).into_iter().find(|file| paths.contains(file.as_str())).map(RepoPath::new);
    }
    // The folder in which the program runs is above the file.
    let mut base = from.folder();
    loop {
        let found = files(base).into_iter().find(|file| paths.contains(file.as_str()));
        match (found, base.rsplit_once('/')) {
            (Some(file), _) => return Some(RepoPath::new(file)),
            (None, Some((above, _))) => base = above,
            (None, None) if !base.is_empty() => base = "",
            (None, None) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::MemorySnapshot;

    #[test]
    fn paths_that_other_files_say() {
        let tree = MemorySnapshot::new([
            (
                "server/shop/main.py",
                "from shop.api import router\nfrom shop.admin import endpoints\napp = FastAPI()\n\
                 from shop import admin_app\napp.mount('/admin', admin_app)\n\
                 app.include_router(router, prefix='/v1')\napp.include_router(endpoints.router, prefix=settings.ADMIN)\n",
            ),
            (
                "server/shop/api.py",
                "from .orders.endpoints import router as orders\nfrom .carts import (\n    router as carts,\n)\n\
                 from .twice import router as twice\nrouter = APIRouter(prefix='/shop')\nrouter.include_router(orders)\n\
                 router.include_router(carts, prefix='/carts')\nrouter.include_router(twice, prefix='/a')\n\
                 router.include_router(twice, prefix='/b')\n",
            ),
            ("server/shop/orders/endpoints.py", ""),
            ("server/shop/carts/__init__.py", ""),
            ("server/shop/__init__.py", "from .panel import app as admin_app\n"),
            ("server/shop/panel.py", ""),
            ("server/shop/twice.py", ""),
            ("server/shop/admin/endpoints.py", ""),
            ("server/shop/alone.py", ""),
        ].map(|(path, text)| (RepoPath::new(path), Content::Text(text.into()))));
        let mounts = Mounts::read(&tree);
        for (path, expected) in [
            ("orders/endpoints.py", "v1/shop"),
            ("carts/__init__.py", "v1/shop/carts"),
            ("panel.py", "admin"),
            ("twice.py", "…"),
            ("admin/endpoints.py", "…"),
            ("alone.py", ""),
        ] {
            let path = RepoPath::new(format!("server/shop/{path}"));
            assert_eq!(mounts.before(&path).join("/"), expected, "{path}");
        }
    }
}
