//! Which table a Rails model stands for.

use std::collections::BTreeMap;

use crate::change::{Content, RepoPath, Snapshot};
use crate::formats::schema::names::{plural, table_of_class, underscore};
use crate::formats::syntax::{Expr, Kind};

/// The classes that a migration declares for itself, each with its table.
pub(super) fn declared(file: &[Expr<'_>]) -> BTreeMap<String, String> {
    let mut classes = BTreeMap::new();
    let mut rest: Vec<&Expr<'_>> = file.iter().collect();
    while let Some(expr) = rest.pop() {
        match &expr.kind {
            Kind::Class(class) => {
                if !class.bases.contains("Migration") {
                    let table = class.body.iter().find_map(|expr| match &expr.kind {
                        Kind::Assign(pair) if pair.0.last_name() == Some("table_name") => {
                            pair.1.literal().map(str::to_owned)
                        }
                        _ => None,
                    });
                    classes
                        .insert(class.name.to_owned(), table.unwrap_or_else(|| table_of_class(class.name)));
                }
                rest.extend(&class.body);
            }
            Kind::Body(parts) => rest.extend(parts),
            _ => {}
        }
    }
    classes
}

/// The table of a model that the tree declares; by its name alone where it declares none. What is no model is `None`.
pub(super) fn table(tree: &dyn Snapshot, class: &str, hops: u32) -> Option<String> {
    const NO_MODELS: &[&str] = &[
        "ActiveRecord",
        "Rails",
        "ENV",
        "Rake",
        "Time",
        "Date",
        "DateTime",
        "File",
        "Dir",
        "JSON",
        "YAML",
        "Logger",
        "Sidekiq",
        "Redis",
        "Struct",
        "Set",
        "Array",
        "Hash",
        "String",
        "Integer",
        "Arel",
        "I18n",
        "SecureRandom",
        "Kernel",
        "Process",
        "Benchmark",
        "Parallel",
        "ActiveSupport",
        "ApplicationRecord",
        "Net",
        "URI",
        "CSV",
        "Digest",
        "Base64",
        "Gitlab",
        "BigDecimal",
    ];
    const NO_MODEL_ENDINGS: &[&str] = &[
        "Job", "Service", "Worker", "Mailer", "Helper", "Migrator", "Backfill", "Task", "Error", "Client",
        "Importer", "Updater",
    ];
    let last = class.rsplit("::").next().unwrap_or(class);
    if NO_MODELS.contains(&class.split("::").next().unwrap_or(class)) || hops > 3 {
        return None;
    }
    let Some(text) = model_file(tree, &underscore(class)) else {
        let constant = last.chars().all(|char| char.is_uppercase() || char == '_' || char.is_ascii_digit());
        return (!constant && !NO_MODEL_ENDINGS.iter().any(|ending| last.ends_with(ending)))
            .then(|| table_of_class(last));
    };
    if let Some(name) = after(&text, "self.table_name").and_then(quoted) {
        return Some(name);
    }
    let base = after(&text, &format!("class {last} <"))
        .or_else(|| after(&text, &format!("{last} <")))
        .and_then(|rest| rest.split_whitespace().next());
    match base.map(|base| base.trim_start_matches("::")) {
        // One table for a family of classes.
        Some(base)
            if !base.ends_with("Record")
                && !base.starts_with("ActiveRecord")
                && base.starts_with(char::is_uppercase)
                && base != class =>
        {
            table(tree, base, hops + 1)
        }
        _ => {
            let module =
                class.rsplit_once("::").and_then(|(module, _)| model_file(tree, &underscore(module)));
            // A model inside a model has its table's name in front; a module may say another.
            let prefix = module.and_then(|text| {
                let said = after(&text, "table_name_prefix").and_then(quoted);
                let outer = class.rsplit_once("::").map(|(outer, _)| outer);
                let is_model = text.contains("< ApplicationRecord") || text.contains("< ActiveRecord::Base");
                said.or_else(|| {
                    outer
                        .filter(|_| is_model)
                        .map(|outer| format!("{}_", underscore(outer).replace('/', "_")))
                })
            });
            Some(format!("{}{}", prefix.unwrap_or_default(), plural(&underscore(last))))
        }
    }
}

fn model_file(tree: &dyn Snapshot, name: &str) -> Option<String> {
    let ending = format!("app/models/{name}.rb");
    let at_root = RepoPath::new(&ending);
    let path = if tree.has(&at_root) {
        at_root
    } else {
        let below = format!("/{ending}");
        tree.paths().iter().find(|path| path.as_str().ends_with(&below))?.clone()
    };
    match tree.read(&path) {
        Some(Content::Text(text)) => Some(text.to_string()),
        _ => None,
    }
}

fn after<'t>(text: &'t str, mark: &str) -> Option<&'t str> {
    text.find(mark).and_then(|at| text.get(at + mark.len()..))
}

/// The first string of the same statement.
fn quoted(text: &str) -> Option<String> {
    let text = text.split("class ").next()?;
    let at = text.find(['"', '\''])?;
    let quote = text.get(at..at + 1)?;
    let (name, _) = text.get(at + 1..)?.split_once(quote)?;
    (!name.is_empty()
        && name.len() < 64
        && name.chars().all(|char| char.is_alphanumeric() || matches!(char, '_' | '.')))
    .then(|| name.to_owned())
}
