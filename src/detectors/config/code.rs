//! Environment variables that code starts to read, or no longer reads, compared over the whole tree.

use std::collections::{BTreeMap, BTreeSet};

use super::Group;
use crate::change::{RepoPath, Role, Snapshot};
use crate::detectors::Context;
use crate::finding::{ConfigFacts, Evidence, Level, SettingChange};
use crate::formats::settings::code::{is_code, reads};

/// Files of the tree that are looked into; a tree of more is not searched to its end.
const MOST_FILES: usize = 20_000;

/// Variables that every machine, run time or host sets by itself: nobody who ships has to.
const COMMON: &[&str] = &[
    // the machine
    "PATH",
    "HOME",
    "USER",
    "USERNAME",
    "LOGNAME",
    "PWD",
    "SHELL",
    "HOSTNAME",
    "COMPUTERNAME",
    "TMPDIR",
    "TEMP",
    "TMP",
    "TERM",
    "COLORTERM",
    "COLUMNS",
    "LINES",
    "NO_COLOR",
    "FORCE_COLOR",
    "EDITOR",
    "VISUAL",
    "PAGER",
    "DISPLAY",
    "LANG",
    "LC_ALL",
    "APPDATA",
    "LOCALAPPDATA",
    "PROGRAMFILES",
    "PROGRAMDATA",
    "USERPROFILE",
    "SYSTEMROOT",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_CACHE_HOME",
    "XDG_RUNTIME_DIR",
    // languages and frameworks, and in which way they run
    "NODE_ENV",
    "NODE_OPTIONS",
    "RAILS_ENV",
    "RACK_ENV",
    "MIX_ENV",
    "APP_ENV",
    "FLASK_ENV",
    "DOTNET_ENVIRONMENT",
    "ASPNETCORE_ENVIRONMENT",
    "ASPNETCORE_URLS",
    "DOTNET_RUNNING_IN_CONTAINER",
    "DJANGO_SETTINGS_MODULE",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "BUNDLE_GEMFILE",
    "GEM_HOME",
    "JAVA_HOME",
    "GOPATH",
    "GOROOT",
    "GOMAXPROCS",
    "RUST_LOG",
    "RUST_BACKTRACE",
    "OUT_DIR",
    "NEXT_RUNTIME",
    "NEXT_PHASE",
    "DEBUG",
    "DEV",
    "PROD",
    "MODE",
    "SSR",
    "BASE_URL",
    "JEST_WORKER_ID",
    "VITEST",
    // hosts
    "PORT",
    "HOST",
    "TZ",
    "CI",
    "GITHUB_ACTIONS",
    "GITHUB_SHA",
    "GITHUB_REF",
    "GITHUB_WORKSPACE",
    "GITHUB_RUN_ID",
    "GITLAB_CI",
    "KUBERNETES_SERVICE_HOST",
    "KUBERNETES_SERVICE_PORT",
    "POD_NAME",
    "POD_NAMESPACE",
    "POD_IP",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME",
    "LAMBDA_TASK_ROOT",
    "K_SERVICE",
    "K_REVISION",
    "DYNO",
    "FLY_APP_NAME",
    "FLY_REGION",
    "FLY_ALLOC_ID",
    "RENDER",
    "NETLIFY",
    "CF_PAGES",
    "VERCEL",
    "VERCEL_ENV",
    "VERCEL_URL",
    "VERCEL_REGION",
    "VERCEL_GIT_COMMIT_SHA",
    "VERCEL_GIT_COMMIT_REF",
    "CODESPACES",
    "WEBSITE_SITE_NAME",
    "WEBSITE_INSTANCE_ID",
];

/// What Cargo sets while it builds: a crate's own names and folders.
const OF_CARGO: &[&str] = &[
    "CARGO_BIN_",
    "CARGO_CFG_",
    "CARGO_CRATE_",
    "CARGO_FEATURE_",
    "CARGO_MANIFEST_",
    "CARGO_PKG_",
    "CARGO_TARGET_",
];

/// Where a variable is read, at the side that reads it.
type Places = BTreeMap<String, Vec<(Evidence, bool)>>;

/// Adds a group for each variable, or a place to the group that a settings file already made.
pub(super) fn add_reads(cx: &Context<'_>, ignore: &BTreeSet<String>, groups: &mut Vec<Group>) {
    let (mut before, mut after) = (Places::new(), Places::new());
    for file in cx.changes.files().iter().filter(|file| is_own(file.role)) {
        if !is_errand(file.old_path()) {
            collect(file.old_path(), file.before_text(), Evidence::before, &mut before);
        }
        if !is_errand(&file.path) {
            collect(&file.path, file.after_text(), Evidence::after, &mut after);
        }
    }
    let (mut added, mut removed) = (Places::new(), Places::new());
    for (name, places) in &after {
        if !before.contains_key(name) && !ignore.contains(name) {
            added.insert(name.clone(), places.clone());
        }
    }
    for (name, places) in before {
        if !after.contains_key(&name) && !ignore.contains(&name) {
            removed.insert(name, places);
        }
    }
    for group in groups.iter_mut() {
        let places = match group.facts.change {
            SettingChange::Added => added.remove(&group.facts.key),
            SettingChange::Removed => removed.remove(&group.facts.key),
            SettingChange::Changed => None,
        };
        for (evidence, _) in places.unwrap_or_default() {
            let path = evidence.path.to_string();
            if !group.facts.places.contains(&path) {
                group.facts.places.push(path);
            }
            group.evidence.push(evidence);
        }
    }
    if !added.is_empty() {
        forget_known(cx, cx.before, &mut added, Look::Reads);
        forget_known(cx, cx.after, &mut added, Look::HandsOn);
        forget_known(cx, cx.after, &mut added, Look::Names);
        groups.extend(added.into_iter().map(|(name, places)| group(name, places, SettingChange::Added)));
    }
    if !removed.is_empty() {
        forget_known(cx, cx.after, &mut removed, Look::Reads);
        forget_known(cx, cx.after, &mut removed, Look::Names);
        groups.extend(removed.into_iter().map(|(name, places)| group(name, places, SettingChange::Removed)));
    }
}

fn group(name: String, places: Vec<(Evidence, bool)>, change: SettingChange) -> Group {
    let required = places.iter().all(|(_, has_default)| !has_default);
    let (rule, level) = match change {
        SettingChange::Removed => ("config.no_longer_read", Level::Routine),
        // who deploys this must set it, and no file here says so
        _ if required => ("config.needed", Level::WorthALook),
        _ => ("config.read", Level::Routine),
    };
    let evidence: Vec<Evidence> = places.into_iter().map(|(evidence, _)| evidence).collect();
    let paths: BTreeSet<String> = evidence.iter().map(|place| place.path.to_string()).collect();
    let facts = ConfigFacts {
        secret: crate::formats::settings::secrets::is_hidden(&name, ""),
        key: name,
        from: None,
        to: None,
        change,
        environment: None,
        places: paths.into_iter().collect(),
    };
    Group { rule, level, facts, evidence, scopes: BTreeSet::new() }
}

fn is_own(role: Role) -> bool {
    matches!(role, Role::Source | Role::Config)
}

/// Whether somebody runs it by hand: what only scripts, benchmarks, samples and checks read, no release needs.
fn is_errand(path: &RepoPath) -> bool {
    const FOLDERS: &[&str] = &[
        "script",
        "scripts",
        "bench",
        "benches",
        "benchmark",
        "benchmarks",
        "perf",
        "loadtest",
        "load-test",
        "sandbox",
        "e2e",
        "hack",
        "tools",
        "tooling",
        "devtools",
        "bin",
        "seeds",
        "fixtures",
    ];
    const TOOLS: &[&str] =
        &["playwright", "cypress", "jest", "vitest", "karma", "wdio", "webpack", "rollup", "eslint"];
    let name = path.file_name().to_ascii_lowercase();
    let first = name.split(['.', '-', '_']).next().unwrap_or("");
    let is_tool = name.contains("config") && TOOLS.contains(&first)
        || matches!(first, "gulpfile" | "seed" | "seeds" | "seeder");
    // tasks are scripts where a task runner finds them; elsewhere they are the jobs of the product
    let in_tasks = path.as_str().contains("lib/tasks/") || path.as_str().contains("mix/tasks/");
    is_tool
        || in_tasks
        || path.extension() == "rake"
        || path.is_example()
        || path.folders().any(|folder| FOLDERS.contains(&folder))
}

fn collect(
    path: &RepoPath,
    text: Option<&str>,
    side: fn(&RepoPath, Option<u32>) -> Evidence,
    places: &mut Places,
) {
    for read in text.map(|text| reads(path, text)).unwrap_or_default() {
        let is_of_cargo = OF_CARGO.iter().any(|start| read.name.starts_with(start));
        if !COMMON.contains(&read.name.as_str()) && !is_of_cargo {
            places.entry(read.name).or_default().push((side(path, Some(read.line)), read.has_default));
        }
    }
}

/// What a file of the tree may do with a variable.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Code reads it.
    Reads,
    /// Code gives it to a part of the program: nobody else has to set it.
    HandsOn,
    /// A settings file names it.
    Names,
}

/// Drops the variables with which a file of the tree does so.
fn forget_known(cx: &Context<'_>, tree: &dyn Snapshot, names: &mut Places, look: Look) {
    let in_code = look != Look::Names;
    let candidates =
        tree.paths().iter().filter(|path| if in_code { is_code(path) } else { is_declaration(path) });
    for path in candidates.take(MOST_FILES) {
        if names.is_empty() {
            return;
        }
        if in_code && (is_errand(path) || !is_own(cx.roles.role(path, None))) {
            continue;
        }
        let Some(content) = tree.read(path) else { continue };
        let Some(text) = content.text() else { continue };
        if in_code {
            // a plain search first: most files hold none of the names
            if names.keys().any(|name| text.contains(name.as_str())) {
                if look == Look::HandsOn {
                    names.retain(|name, _| !hands_on(text, name));
                    continue;
                }
                for read in reads(path, text) {
                    names.remove(&read.name);
                }
            }
        } else {
            names.retain(|name, _| !has_word(text, name));
        }
    }
}

/// Whether code gives a variable the value of one of its own: `env: { LOCK_FILE: lockFile }`, `environ["A"] = a`.
fn hands_on(text: &str, name: &str) -> bool {
    text.lines().filter(|line| line.len() < 500 && has_word(line, name)).any(|line| {
        let Some((_, rest)) = line.split_once(name) else { return false };
        let rest = rest.trim_start_matches(['"', '\'', ']']).trim_start();
        let Some(value) = rest.strip_prefix([':', '=']) else { return false };
        let value = value.trim().trim_end_matches([',', ';', '}', ')', ' ']);
        // a type or a rule of a schema gives nothing
        let types = [
            "string",
            "number",
            "boolean",
            "unknown",
            "any",
            "str",
            "int",
            "bool",
            "float",
            "undefined",
            "null",
        ];
        value.starts_with(|c: char| c.is_ascii_lowercase())
            && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && !types.contains(&value)
    })
}

pub(in crate::detectors) fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + word.len()..].starts_with(is_part))
}

/// Files in which a team says which variables there are.
fn is_declaration(path: &RepoPath) -> bool {
    let name = path.file_name().to_ascii_lowercase();
    name.starts_with(".env")
        || name.contains(".env")
        || name.starts_with("dockerfile")
        || matches!(
            name.as_str(),
            "turbo.json" | "app.json" | "vercel.json" | "procfile" | "makefile" | "justfile"
        )
        || matches!(path.extension().as_str(), "yml" | "yaml" | "toml" | "tf" | "properties" | "dockerfile")
}
