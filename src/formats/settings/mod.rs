//! Readers of settings: one file of any of these formats in, its settings out, each with its key, value and line.

pub mod assigned;
pub mod code;
pub mod compose;
pub mod dotenv;
pub mod flag_code;
pub mod flags;
pub mod kubernetes;
pub mod properties;
pub mod schedules;
pub mod secrets;
pub mod texts;
pub mod tree;

use std::borrow::Cow;

use super::{Unreadable, document};
use crate::change::RepoPath;

/// A value that a team can set without changing code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setting {
    /// The key, with dots for nesting; the bare name of an environment variable.
    pub key: String,
    /// The value as written; null where the file only asks for one.
    pub value: Option<String>,
    /// Its line, from 1.
    pub line: u32,
    /// The container or service of the file that gets it.
    pub scope: Option<String>,
    /// The environment, where a part of the file names one.
    pub environment: Option<String>,
    /// Whether the file keeps it as a secret.
    pub secret: bool,
}

/// What a settings file is to its reader: where its values count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// `.env` and its templates.
    Dotenv,
    /// A Compose file.
    Compose,
    /// Values of a Helm chart.
    Helm,
    /// Kubernetes objects.
    Kubernetes,
    /// What the application reads at its start.
    Application,
}

/// What a settings file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inventory {
    /// Which kind of file.
    pub source: Source,
    /// Its settings, in their order.
    pub settings: Vec<Setting>,
}

/// Reads a settings file; `None` for a file of another kind, templates of such files among them.
pub fn read(path: &RepoPath, text: &str) -> Option<Result<Inventory, Unreadable>> {
    // folders with a dot are rooms of developers' tools, but for those that name how the product is shipped
    let is_tools_room = |folder: &str| {
        let bare = folder.strip_prefix('.').filter(|bare| !bare.starts_with('.'));
        bare.is_some_and(|bare| {
            !["config", "docker", "deploy", "k8s", "kube", "helm", "infra", "env"].contains(&bare)
        })
    };
    if path.folders().any(is_tools_room) {
        return None;
    }
    let name = path.file_name().to_ascii_lowercase();
    let of = |source, settings| Some(Ok(Inventory { source, settings }));
    if matches!(path.extension().as_str(), "py" | "rb") {
        return assigned::read(path, text)
            .map(|settings| Ok(Inventory { source: Source::Application, settings }));
    }
    if name.starts_with(".env") || name.ends_with(".env") || name.starts_with("env.") && !name.ends_with("ts")
    {
        return match path.extension().as_str() {
            "js" | "ts" | "mjs" | "py" | "rb" => None,
            _ => of(Source::Dotenv, dotenv::read(text)),
        };
    }
    // the samples of a file are read as the file
    let plain = [".sample", ".example", ".dist", ".template", ".tmpl"]
        .iter()
        .fold(name.as_str(), |name, ending| name.strip_suffix(ending).unwrap_or(name));
    let extension = plain.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension {
        "properties" if is_settings_name(path, plain) => of(Source::Application, properties::read(text)),
        "ini" | "conf" | "cfg" if is_settings_name(path, plain) => {
            of(Source::Application, properties::read_ini(text))
        }
        "toml" if is_settings_name(path, plain) => {
            Some(document::toml(text).map(|node| application(&[node])))
        }
        "json" | "jsonc" | "json5" if is_settings_name(path, plain) => {
            Some(document::json(text).map(|node| application(&[node])))
        }
        "yml" | "yaml" => {
            let source = yaml_source(path, plain, text)?;
            Some(document::yaml(&without_ruby(text)).map(|nodes| match source {
                Source::Compose => Inventory { source, settings: compose::read(&nodes) },
                Source::Kubernetes => Inventory { source, settings: kubernetes::read(&nodes) },
                Source::Helm => Inventory { source, settings: tree::flatten(&nodes) },
                _ => application(&nodes),
            }))
        }
        _ => None,
    }
}

/// YAML of Rails holds pieces of Ruby: those that say when a line counts go, those that give a value become a text.
fn without_ruby(text: &str) -> Cow<'_, str> {
    if !text.contains("<%") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let (start, rest) = line.find("<%").map_or((line, ""), |at| line.split_at(at));
        let before = start.trim_end();
        if rest.is_empty() || before.ends_with(['\'', '"', '#']) {
            out.push_str(line);
        } else if rest.starts_with("<%=") && (before.ends_with(':') || before.ends_with('-')) {
            out.push_str(start);
            out.push_str(&format!("'{}'", rest.trim_end().replace('\'', "''")));
        } else if !before.is_empty() {
            out.push_str(line);
        }
        out.push('\n');
    }
    Cow::Owned(out)
}

fn application(nodes: &[document::Node]) -> Inventory {
    let mut settings = tree::flatten(nodes);
    for setting in &mut settings {
        // Symfony: the start value of an environment variable, which `.env` sets by its bare name
        let variable =
            setting.key.rsplit_once("parameters.env(").and_then(|(_, rest)| rest.strip_suffix(')'));
        if let Some(variable) = variable {
            setting.key = variable.to_owned();
        }
    }
    Inventory { source: Source::Application, settings }
}

fn yaml_source(path: &RepoPath, name: &str, text: &str) -> Option<Source> {
    let in_folder = |wanted: &str| path.folders().any(|folder| folder.eq_ignore_ascii_case(wanted));
    if text.contains("{{") && (in_folder("templates") || text.contains("{{-") || text.contains("{{ .")) {
        return None;
    }
    let top =
        |key: &str| text.lines().any(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')));
    if (name.contains("compose") || name.starts_with("stack")) && top("services") {
        Some(Source::Compose)
    } else if top("apiVersion") && top("kind") {
        Some(Source::Kubernetes)
    } else if name.starts_with("values") || name.ends_with("values.yaml") || name.ends_with("values.yml") {
        Some(Source::Helm)
    } else if is_settings_name(path, name) && !in_folder(".github") {
        Some(Source::Application)
    } else {
        None
    }
}

/// Whether name or folder say that the application reads the file at its start. Extensions alone say nothing: content,
/// test data and the settings of developers' tools have the same ones.
fn is_settings_name(path: &RepoPath, name: &str) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let word = |wanted: &[&str]| stem.split(['.', '-', '_']).any(|part| wanted.contains(&part));
    let folder = path.folders().last().unwrap_or("");
    if crate::roles::is_tooling(path.as_str())
        || stem.starts_with('.')
        || word(&["schema", "lock", "messages", "log4j", "log4j2", "logback"])
    {
        return false;
    }
    word(&[
        "application",
        "bootstrap",
        "appsettings",
        "settings",
        "config",
        "configuration",
        "conf",
        "default",
        "defaults",
    ]) || environment_in(stem).is_some()
        || ["config", "conf", "settings", "configs", "configuration"].contains(&folder)
}

const ENVIRONMENTS: &[(&str, &str)] = &[
    ("production", "production"),
    ("prod", "production"),
    ("prd", "production"),
    ("live", "production"),
    ("staging", "staging"),
    ("stage", "staging"),
    ("stg", "staging"),
    ("preprod", "staging"),
    ("uat", "staging"),
    ("preview", "preview"),
    ("development", "development"),
    ("dev", "development"),
    ("local", "development"),
    ("sandbox", "sandbox"),
    ("testing", "test"),
    ("test", "test"),
    ("tests", "test"),
    ("ci", "test"),
    ("e2e", "test"),
];

fn environment_in(name: &str) -> Option<&'static str> {
    name.split(['.', '-', '_']).find_map(environment_named)
}

fn environment_named(word: &str) -> Option<&'static str> {
    ENVIRONMENTS.iter().find(|(known, _)| word.eq_ignore_ascii_case(known)).map(|(_, name)| *name)
}

/// The environment that a path names: `.env.production`, `values-prod.yaml`, `overlays/staging/…`.
pub fn environment_of(path: &RepoPath) -> Option<&'static str> {
    environment_in(path.file_name()).or_else(|| {
        let folders: Vec<&str> = path.folders().collect();
        folders.iter().rev().take(3).find_map(|folder| environment_named(folder))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(path: &str, text: &str) -> Vec<String> {
        match read(&path.into(), text) {
            Some(Ok(inventory)) => inventory.settings.into_iter().map(|setting| setting.key).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn each_kind_of_file_is_known_by_name_and_content() {
        let cases: &[(&str, &str, &[&str])] = &[
            (".env.example", "# note\nexport A=1\nB=\n", &["A", "B"]),
            ("app/.env", "A: 1\n", &[]),
            (
                "src/main/resources/application.yml",
                "spring:\n  reactor:\n    mode: auto\n",
                &["spring.reactor.mode"],
            ),
            ("src/main/resources/application.properties", "a.b=1\nc: 2", &["a.b", "c"]),
            ("config/database.yml.sample", "production:\n  cache:\n    adapter: x\n", &["cache.adapter"]),
            (
                "config/cable.yml",
                "<% if x %>\na:\n  b: <%= ENV.fetch('B', \"c: d\") %>\n<% end %>\nurl: x/<%= y %>\n",
                &["a.b", "url"],
            ),
            (
                "config/services.yaml",
                "parameters:\n  env(MAIL_FROM): a\n  locale: b\n",
                &["MAIL_FROM", "parameters.locale"],
            ),
            ("appsettings.json", "{\"A\": {\"B\": 1}}", &["A.B"]),
            ("chart/values.yaml", "cart:\n  replicas: 2\n", &["cart.replicas"]),
            ("chart/templates/values.yaml", "a: {{ .Values.b }}\n", &[]),
            ("src/env.ts", "A=1", &[]),
            ("tsconfig.json", "{\"a\": 1}", &[]),
            ("src/data/fruit.json", "{\"a\": 1}", &[]),
            ("flows/hello.yaml", "id: a\n", &[]),
            (".eslintrc.json", "{\"a\": 1}", &[]),
            (".rules/default-tokens.yaml", "a: 1\n", &[]),
            (".devcontainer/compose.yml", "services:\n  a:\n    environment:\n      B: 1\n", &[]),
            (".docker/compose.yml", "services:\n  a:\n    environment:\n      B: 1\n", &["B"]),
            ("conf/app.conf", "export A=1\n", &["A"]),
        ];
        for (path, text, wanted) in cases {
            assert_eq!(keys(path, text), *wanted, "{path}");
        }
    }

    #[test]
    fn environments_come_from_names() {
        for (path, wanted) in [
            (".env.production", Some("production")),
            ("values-prod.yaml", Some("production")),
            ("overlays/staging/cart.yaml", Some("staging")),
            ("docker-compose.override.yml", None),
            ("src/product/config.yml", None),
        ] {
            assert_eq!(environment_of(&path.into()), wanted, "{path}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "(?s)[ -~\n\té]{0,300}", name in "(\\.env|compose\\.yml|values\\.yaml|config\\.toml|config\\.json|config\\.ini|application\\.properties)") {
            _ = read(&RepoPath::new(name), &text);
            _ = read(&"k.yaml".into(), &format!("apiVersion: v1\nkind: Pod\n{text}"));
            _ = code::reads(&"a.ts".into(), &text);
        }
    }
}
