//! Fields of Django models: what of them is in the database, and what they were before.

use std::collections::{BTreeMap, BTreeSet};

use super::operations;
use crate::change::{Content, RepoPath, Snapshot};
use crate::formats::schema::walk::Walk;
use crate::formats::syntax::{self, Call, Expr, Kind, Language};

/// Earlier migrations of one app that are looked at, at most.
const MAX_EARLIER: usize = 600;

/// A field: its class and its arguments as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::formats::schema) struct Field {
    class: String,
    args: BTreeMap<String, String>,
}

impl Field {
    /// The field that a call makes; names in it are followed.
    pub(in crate::formats::schema) fn of<'n>(walk: &Walk<'n>, expr: &'n Expr<'n>) -> Field {
        Field::made(expr, |value| walk.resolve(value))
    }

    fn made<'e, 'n>(expr: &'e Expr<'n>, follow: impl Fn(&'e Expr<'n>) -> &'e Expr<'n>) -> Field {
        let Some(call) = expr.call() else { return <Field as Default>::default() };
        let written = |value: &'e Expr<'n>| {
            let value = follow(value);
            let text = value.literal().unwrap_or(value.text);
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let mut args: BTreeMap<String, String> =
            call.named.iter().map(|(name, value)| ((*name).to_owned(), written(value))).collect();
        if let Some(to) = call.args.first().filter(|_| is_link(call.name)) {
            args.insert("to".to_owned(), written(to));
        }
        Field { class: call.name.to_owned(), args }
    }

    fn is_true(&self, key: &str) -> bool {
        self.args.get(key).is_some_and(|value| value == "True")
    }

    /// Whether items may be without it; a list of links is a table of its own and starts empty.
    pub(in crate::formats::schema) fn nullable(&self) -> bool {
        self.is_true("null") || self.class == "NullBooleanField" || self.class.ends_with("ManyToManyField")
    }

    pub(super) fn is_unique(&self) -> bool {
        self.is_true("unique") || self.class == "OneToOneField" || self.is_true("primary_key")
    }

    pub(super) fn is_indexed(&self) -> bool {
        self.is_true("db_index") && !self.is_unique()
    }

    pub(super) fn column(&self) -> Option<String> {
        self.args.get("db_column").cloned()
    }

    /// The value that it starts with.
    pub(super) fn start(&self) -> Option<String> {
        self.args
            .get("db_default")
            .or_else(|| self.args.get("default"))
            .filter(|value| *value != "None")
            .cloned()
    }

    /// The start values of the database and of the code, evened out: `Decimal("0.0")` is `0`, `dict` is `{}`.
    pub(super) fn starts(&self) -> [Option<String>; 2] {
        ["db_default", "default"].map(|key| {
            let value = self.args.get(key)?;
            let inner = value
                .rsplit_once('(')
                .map_or(value.as_str(), |(_, inner)| inner.trim_end_matches(')'))
                .trim_matches(['"', '\'']);
            let even = match (value.as_str(), inner.parse::<f64>()) {
                ("None", _) => return None,
                ("dict", _) => "{}".to_owned(),
                ("list", _) => "[]".to_owned(),
                (_, Ok(number)) => number.to_string(),
                (value, Err(_)) => value.to_owned(),
            };
            Some(even)
        })
    }

    /// The class with its limits: `CharField(60)`.
    pub(super) fn type_(&self) -> String {
        let arg = |key: &str| self.args.get(key).map(String::as_str);
        match (self.length(), arg("max_digits"), arg("decimal_places"), arg("to")) {
            (Some(length), ..) => format!("{}({length})", self.class),
            (None, Some(digits), Some(places), _) => format!("{}({digits}, {places})", self.class),
            (.., Some(to)) => format!("{}({to})", self.class),
            _ => self.class.clone(),
        }
    }

    fn length(&self) -> Option<&str> {
        let usual = match self.class.as_str() {
            "EmailField" => Some("254"),
            "URLField" => Some("200"),
            "SlugField" => Some("50"),
            "FileField" | "ImageField" | "FilePathField" => Some("100"),
            _ => None,
        };
        self.args.get("max_length").map(String::as_str).or(usual)
    }

    /// What the database holds for it, apart from start value and whether it may be empty.
    pub(in crate::formats::schema) fn stored(&self) -> Vec<String> {
        let class = match self.class.as_str() {
            "CharField"
            | "EmailField"
            | "URLField"
            | "SlugField"
            | "FileField"
            | "ImageField"
            | "FilePathField"
            | "CommaSeparatedIntegerField" => "varchar",
            "NullBooleanField" => "BooleanField",
            "OneToOneField" | "ForeignKey" | "TreeForeignKey" => "link",
            other => other,
        };
        let mut stored = vec![class.to_owned()];
        stored.extend(self.length().filter(|_| class != "TextField").map(str::to_owned));
        if is_link(&self.class) {
            let to = self.args.get("to").map(|to| to.to_lowercase());
            stored.extend(to.and_then(|to| to.rsplit('.').next().map(str::to_owned)));
        }
        for key in [
            "max_digits",
            "decimal_places",
            "base_field",
            "size",
            "srid",
            "dim",
            "geography",
            "db_collation",
            "dimensions",
        ] {
            stored.extend(self.args.get(key).map(|value| format!("{key}={value}")));
        }
        stored
    }
}

fn is_link(class: &str) -> bool {
    class.ends_with("ForeignKey") || class.ends_with("OneToOneField") || class.ends_with("ManyToManyField")
}

/// The earlier migrations of the same app that speak of one of the words, newest first.
fn earlier_texts<'s>(
    tree: &'s dyn Snapshot,
    path: &RepoPath,
) -> impl Iterator<Item = std::sync::Arc<str>> + use<'s> {
    let folder = path.folder().to_owned();
    let paths = tree.paths();
    let end = paths.partition_point(|other| other < path);
    let path = path.clone();
    paths
        .get(..end)
        .unwrap_or_default()
        .iter()
        .rev()
        .take_while(move |other| other.is_in(&folder))
        .filter(move |other| {
            other.folder() == path.folder()
                && other.extension() == "py"
                && !other.file_name().starts_with("__")
        })
        .take(MAX_EARLIER)
        .filter_map(|other| match tree.read(other) {
            Some(Content::Text(text)) => Some(text),
            _ => None,
        })
}

/// Looks back, newest first, through earlier operations until `found` answers.
fn back<T>(
    tree: &dyn Snapshot,
    path: &RepoPath,
    mut speaks: impl FnMut(&str) -> bool,
    mut found: impl FnMut(&Walk<'_>, &Call<'_>) -> Option<Option<T>>,
) -> Option<T> {
    for text in earlier_texts(tree, path) {
        if !speaks(&text) {
            continue;
        }
        let Ok(file) = syntax::parse(Language::Python, &text) else { continue };
        let walk = Walk::new(&file);
        let mut calls: Vec<&Call<'_>> = Vec::new();
        let mut rest = operations(&file);
        rest.reverse();
        while let Some(expr) = rest.pop() {
            match &expr.kind {
                Kind::List(parts) | Kind::Body(parts) => rest.extend(parts.iter().rev()),
                Kind::Call(call) if call.name == "SeparateDatabaseAndState" => {
                    rest.extend(call.named.iter().map(|(_, value)| value));
                    rest.extend(&call.args);
                }
                Kind::Call(call) => calls.push(call),
                _ => {}
            }
        }
        for call in calls.into_iter().rev() {
            if let Some(answer) = found(&walk, call) {
                return answer;
            }
        }
    }
    None
}

/// The text of an argument, whatever the walk's lifetime.
fn text(call: &Call<'_>, at: usize, key: &str) -> String {
    call.arg_or(at, key).and_then(Expr::literal).unwrap_or_default().to_owned()
}

fn is(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

/// The field before this migration; followed through renames.
pub(super) fn earlier(tree: &dyn Snapshot, path: &RepoPath, model: &str, field: &str) -> Option<Field> {
    let model = std::cell::RefCell::new(model.to_owned());
    let field = std::cell::RefCell::new(field.to_owned());
    back(
        tree,
        path,
        |text| text.contains(field.borrow().as_str()) || text.contains("RenameModel"),
        |_, call| {
            let of = |expr: Option<&Expr<'_>>| expr.map(|expr| Field::made(expr, |value| value));
            match call.name {
                "AddField" | "AlterField"
                    if is(&text(call, 0, "model_name"), &model.borrow())
                        && is(&text(call, 1, "name"), &field.borrow()) =>
                {
                    Some(of(call.arg_or(2, "field")))
                }
                "RenameField"
                    if is(&text(call, 0, "model_name"), &model.borrow())
                        && is(&text(call, 2, "new_name"), &field.borrow()) =>
                {
                    *field.borrow_mut() = text(call, 1, "old_name");
                    None
                }
                "RenameModel" if is(&text(call, 1, "new_name"), &model.borrow()) => {
                    *model.borrow_mut() = text(call, 0, "old_name");
                    None
                }
                "CreateModel" if is(&text(call, 0, "name"), &model.borrow()) => {
                    let fields = call.arg_or(1, "fields").map(Expr::elements).unwrap_or_default();
                    let made = fields.iter().find_map(|pair| match pair.elements() {
                        [name, made, ..] if name.literal().is_some_and(|name| is(name, &field.borrow())) => {
                            Some(made)
                        }
                        _ => None,
                    });
                    Some(of(made))
                }
                _ => None,
            }
        },
    )
}

/// The sets of fields that were unique, or looked up, together before this migration.
pub(super) fn together(
    tree: &dyn Snapshot,
    path: &RepoPath,
    model: &str,
    operation: &str,
) -> Option<BTreeSet<String>> {
    let key = if operation == "AlterUniqueTogether" { "unique_together" } else { "index_together" };
    back(
        tree,
        path,
        |text| text.contains(key) || text.contains("CreateModel"),
        |_, call| match call.name {
            name if name == operation && is(&text(call, 0, "name"), model) => {
                Some(call.arg_or(1, key).map(plain_sets))
            }
            "CreateModel" if is(&text(call, 0, "name"), model) => {
                Some(call.option("options").and_then(|options| options.get(key)).map(plain_sets))
            }
            _ => None,
        },
    )
}

/// Whether earlier migrations made the model without a table: a proxy, or one that the framework does not manage.
pub(super) fn is_without_table(tree: &dyn Snapshot, path: &RepoPath, model: &str) -> bool {
    let found = back(
        tree,
        path,
        |text| {
            text.contains("\"proxy\"")
                || text.contains("'proxy'")
                || text.contains("\"managed\"")
                || text.contains("'managed'")
        },
        |_, call| match call.name {
            "CreateModel" if is(&text(call, 0, "name"), model) => {
                let options = call.option("options");
                let option = |key: &str| options.and_then(|options| options.get(key)).and_then(Expr::truth);
                Some(Some(option("proxy") == Some(true) || option("managed") == Some(false)))
            }
            _ => None,
        },
    );
    found.unwrap_or(false)
}

/// `{("a", "b"), ("c", "d")}` and `("a", "b")`, each set joined by `, `.
pub(super) fn sets<'n>(walk: &Walk<'n>, expr: &'n Expr<'n>) -> BTreeSet<String> {
    plain_sets(walk.resolve(expr))
}

fn plain_sets(expr: &Expr<'_>) -> BTreeSet<String> {
    // `set()`, `set([…])`
    let expr = match &expr.kind {
        Kind::Call(call) => match call.args.first() {
            Some(inner) => inner,
            None => return BTreeSet::new(),
        },
        _ => expr,
    };
    let Kind::List(parts) = &expr.kind else { return BTreeSet::new() };
    let names = |parts: &[Expr<'_>]| parts.iter().filter_map(Expr::literal).collect::<Vec<_>>().join(", ");
    if parts.iter().any(|part| part.literal().is_some()) {
        return BTreeSet::from([names(parts)]);
    }
    parts.iter().map(|part| names(part.elements())).filter(|names| !names.is_empty()).collect()
}
