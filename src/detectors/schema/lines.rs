//! How findings about stored data become sentences: one a table for each kind of step, with its fields named.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use crate::detectors::Line;
use crate::finding::{Facts, Finding, SchemaFacts, SchemaOp, Side, Undo};
use crate::formats::schema::even;

/// Groups the findings into sentences-to-be.
pub fn lines(findings: &[&Finding]) -> Vec<Line> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut places: HashMap<Key, usize> = HashMap::new();
    for finding in findings {
        let Facts::Schema(facts) = &finding.facts else { continue };
        let key = Key::of(finding, facts);
        match places.entry(key.clone()) {
            Entry::Occupied(place) => groups[*place.get()].1.push((finding, facts)),
            Entry::Vacant(place) => {
                place.insert(groups.len());
                groups.push((key, vec![(finding, facts)]));
            }
        }
    }
    let is_copied = findings.iter().any(|finding| match &finding.facts {
        Facts::Schema(facts) => {
            facts.op == SchemaOp::DataBackfill && !facts.destructive
                || facts.details.get("what").is_some_and(|what| what == "own_code")
        }
        _ => false,
    });
    // what it means that history is rewritten is said once in full
    let mut is_said = false;
    alike(groups)
        .into_iter()
        .filter_map(|(key, group)| {
            let findings: Vec<&Finding> = group.iter().map(|(finding, _)| *finding).collect();
            let facts: Vec<&SchemaFacts> = group.iter().map(|(_, facts)| *facts).collect();
            let is_quiet = matches!(key.shape.as_str(), "indexes" | "new_field_required");
            let is_shared = SHARED.contains(&key.shape.as_str());
            let mut values = values(&facts, is_copied, is_shared);
            let rewrites = key.rewrites_history && !is_quiet;
            values["rewrites"] = json!(rewrites && !is_said);
            values["rewrites_too"] = json!(rewrites && is_said);
            is_said |= rewrites;
            let line = Line::of(&format!("schema/{}", key.shape), &findings, values)?;
            Some(if is_quiet { line.folded() } else { line })
        })
        .collect()
}

/// Sentences about fields that several tables may share.
const SHARED: [&str; 6] = [
    "column_added",
    "column_dropped",
    "column_renamed",
    "made_required",
    "made_optional",
    "new_field_required",
];

type Group<'f> = (Key, Vec<(&'f Finding, &'f SchemaFacts)>);

/// Tables to which the same happens, field by field, share a sentence.
fn alike(groups: Vec<Group<'_>>) -> Vec<Group<'_>> {
    let mut joined: Vec<Group<'_>> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (key, group) in groups {
        if !SHARED.contains(&key.shape.as_str()) {
            joined.push((key, group));
            continue;
        }
        let signature = {
            let fields: Vec<_> = group.iter().map(|(_, facts)| heart(facts)).collect();
            format!("{} {} {fields:?}", key.shape, key.rewrites_history)
        };
        match places.entry(signature) {
            Entry::Occupied(place) => joined[*place.get()].1.extend(group),
            Entry::Vacant(place) => {
                place.insert(joined.len());
                joined.push((key, group));
            }
        }
    }
    joined
}

/// All that a sentence says of a field, its table aside.
fn heart(facts: &SchemaFacts) -> impl std::fmt::Debug {
    (
        (&facts.column, &facts.to, facts.type_.as_deref().map(kind)),
        (facts.nullable, &facts.default, facts.undo),
        &facts.details,
    )
}

/// What is said in one sentence.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    shape: String,
    /// The table, or the kind of object; empty where tables are listed together.
    about: String,
    rewrites_history: bool,
}

impl Key {
    fn of(finding: &Finding, facts: &SchemaFacts) -> Self {
        let rule = finding.rule.strip_prefix("schema.").unwrap_or(&finding.rule);
        let detail = |key: &str| facts.details.get(key).cloned().unwrap_or_default();
        let is_lost = facts.rewrites_history
            && rule != "migration_deleted"
            && finding.evidence.first().is_some_and(|place| place.side == Side::Before);
        let (shape, about) = match rule {
            _ if is_lost => ("history_taken_back", String::new()),
            "index_changed" => ("indexes", String::new()),
            "rows_rewritten" if detail("what") == "copied" => ("rows_copied", facts.table.clone()),
            "rows_rewritten" if !detail("new_field").is_empty() => (rule, format!("new {}", facts.table)),
            // what is said of rows is the same for all tables, unless fields or a condition are named
            "rows_rewritten" if facts.column.is_none() && !facts.details.contains_key("condition") => {
                ("rows_rewritten", format!("every row {:?}", facts.undo))
            }
            "table_added" | "table_dropped" | "table_renamed" | "own_code" | "migration_deleted"
            | "area_dropped" => (rule, String::new()),
            "other" if detail("what") == "enum" => (rule, format!("{} {}", detail("name"), detail("change"))),
            "other" => (rule, format!("{} {}", detail("what"), detail("change"))),
            "constraint_added" | "constraint_dropped" | "unique_changed"
                if facts.details.contains_key("replaced") =>
            {
                ("constraint_replaced", facts.table.clone())
            }
            // what is said about a link, a rule or uniqueness depends on the columns that it covers
            "constraint_added" | "constraint_dropped" | "unique_changed" => {
                (rule, format!("{} {:?} {:?} {}", facts.table, facts.op, facts.column, detail("what")))
            }
            "start_value_changed" => (rule, format!("{} {:?}", facts.table, facts.default)),
            _ => (rule, facts.table.clone()),
        };
        Self { shape: shape.to_owned(), about, rewrites_history: facts.rewrites_history }
    }
}

/// What every template of this kind sees.
fn values(group: &[&SchemaFacts], is_copied: bool, is_shared: bool) -> Value {
    let first = group[0];
    let detail = |facts: &SchemaFacts, key: &str| facts.details.get(key).cloned();
    let tables: Vec<&str> = distinct(group.iter().map(|facts| facts.table.as_str()));
    // tables that share a sentence have the same fields: those of the first stand for all
    let group = if is_shared { &group[..group.len() / tables.len().max(1)] } else { group };
    let names: Vec<&str> = distinct(group.iter().filter_map(|facts| facts.column.as_deref()));
    let fields: Vec<Value> = group
        .iter()
        .map(|facts| {
            let mut start = match facts.default.as_deref() {
                Some(default) => Some(start(default)).filter(|start| start.is_known),
                None => zero(facts),
            };
            // some engines write yes and no as numbers
            if let (Some(start), Some("yes_no")) = (&mut start, facts.type_.as_deref().map(kind)) {
                match start.words.as_str() {
                    "1" => start.words = "yes".to_owned(),
                    "0" => start.words = "no".to_owned(),
                    _ => {}
                }
            }
            json!({
                "name": facts.column,
                "table": facts.table,
                "to": facts.to,
                "type": facts.type_,
                "from_type": detail(facts, "from_type"),
                "kind": facts.type_.as_deref().map(kind),
                "start": start.as_ref().map(|start| start.words.clone()),
                "has_start": start.is_some(),
                "filled": facts.details.contains_key("filled") || facts.default.is_some() && start.is_none(),
                "optional": facts.nullable == Some(true) && !facts.details.contains_key("later_required"),
                "required": facts.nullable == Some(false) || facts.details.contains_key("later_required"),
                "start_is_made": start.as_ref().is_some_and(|start| start.is_made),
                "start_is_number": start.as_ref().is_some_and(|start| start.words.parse::<f64>().is_ok()),
            })
        })
        .collect();
    let undo: BTreeSet<&str> = group.iter().map(|facts| word(facts.undo)).collect();
    let is_required =
        |facts: &SchemaFacts| facts.nullable == Some(false) || facts.details.contains_key("later_required");
    let is_filled = |facts: &SchemaFacts| facts.default.is_some() || facts.details.contains_key("filled");
    let required = group.iter().filter(|facts| is_required(facts)).count();
    let without_start = group.iter().filter(|facts| is_required(facts) && !is_filled(facts)).count();
    // a table of the same name in two databases is one name
    let count = match (names.len(), tables.len()) {
        (0, 0) => group.len(),
        (0, tables) => tables,
        // the steps that an edit takes back are counted, fields by their names
        _ if first.rewrites_history => group.len(),
        (names, _) => names,
    };
    json!({
        "table": first.table,
        "tables": tables,
        "names": names,
        "values": first.type_.as_deref().and_then(|now| values_between(&detail(first, "from_type")?, now)),
        "short_types": group.iter().all(|facts| facts.type_.as_deref().is_none_or(|type_| type_.len() <= 40)),
        "objects": distinct(group.iter().filter_map(|facts| facts.details.get("name").map(String::as_str))),
        "fields": fields,
        "field": fields.first(),
        "one": count == 1,
        "count": count,
        "named": names.len(),
        "new_fields": !names.is_empty() && group.iter().all(|facts| facts.details.contains_key("new_field")),
        "field_names": distinct(names.iter().flat_map(|names| names.split(", "))),
        "all_optional": required == 0 && group.iter().all(|facts| facts.nullable == Some(true)),
        "some_optional": group.iter().any(|facts| facts.nullable.is_some() && !is_required(facts)),
        "all_required": required == group.len(),
        "required_without_start": without_start,
        "added": group.iter().filter(|facts| matches!(facts.op, SchemaOp::AddIndex | SchemaOp::AddConstraint)).count(),
        "removed": group.iter().filter(|facts| facts.op == SchemaOp::DropIndex).count(),
        "is_removal": matches!(first.op, SchemaOp::DropIndex | SchemaOp::DropConstraint),
        "covers": first.column.as_deref().map(|columns| columns.split(", ").collect::<Vec<_>>()),
        "what": detail(first, "what"),
        "change": detail(first, "change"),
        "added_values": distinct(group.iter().filter_map(|facts| facts.details.get("added_value").map(String::as_str))),
        "references": detail(first, "references"),
        "cascades": group.iter().any(|facts| {
            facts.op == SchemaOp::AddConstraint
                && facts.details.get("on_delete").is_some_and(|action| action.eq_ignore_ascii_case("cascade"))
        }),
        "columns": detail(first, "columns").map(|columns| columns.split(", ").map(str::to_owned).collect::<Vec<_>>()),
        "condition": detail(first, "condition").filter(|text| text.chars().count() <= 60 && !has_parameter(text)),
        "has_condition": first.details.contains_key("condition"),
        "rows_unknown": group.iter().any(|facts| facts.details.contains_key("rows")),
        "copied_from": detail(first, "copied_from"),
        "undo": if undo.len() == 1 { undo.first().copied() } else { Some("mixed") },
        "is_copied": is_copied,
        "perhaps_now": group.iter().find_map(|facts| detail(facts, "perhaps_now")),
        "new_list": first.details.contains_key("new_list"),
        "place": if first.details.contains_key("declared") { "schema" } else { "migration" },
        "on_new_database": first.details.get("declared").is_some_and(|how| how == "init_script"),
    })
}

/// Values of a fixed list that come and go, where both types are such lists.
fn values_between(old: &str, new: &str) -> Option<Value> {
    let list = |type_: &str| -> Option<Vec<String>> {
        let is_list = type_.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("enum"));
        is_list.then(|| type_.split('\'').skip(1).step_by(2).map(str::to_owned).collect())
    };
    let (old, new) = (list(old)?, list(new)?);
    let added: Vec<&String> = new.iter().filter(|value| !old.contains(value)).collect();
    let removed: Vec<&String> = old.iter().filter(|value| !new.contains(value)).collect();
    Some(json!({"added": added, "removed": removed}))
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    names.filter(|name| !name.is_empty() && seen.insert(*name)).collect()
}

fn word(undo: Undo) -> &'static str {
    match undo {
        Undo::Restores => "restores",
        Undo::RestoresStructure => "restores_structure",
        Undo::None => "none",
        Undo::Unknown => "unknown",
    }
}

/// What a type holds, as people say it; a key of the template's list.
fn kind(type_: &str) -> &'static str {
    let even = even(type_);
    // how ClickHouse wraps the type of what is held
    let even = ["nullable(", "lowcardinality("]
        .iter()
        .fold(even.as_str(), |rest, wrap| rest.strip_prefix(wrap).unwrap_or(rest));
    let name = even.split(['(', ' ', '[', '.']).next().unwrap_or_default().trim_start_matches("models");
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    match () {
        () if even.ends_with("[]") || has(&["array", "many"]) => "list",
        () if has(&["bool", "bit"]) => "yes_no",
        () if has(&["date", "time"]) => "time",
        () if has(&["json", "map", "xml", "hstore"]) => "details",
        () if has(&["enum", "set"]) => "choice",
        () if has(&["uuid", "guid", "uniqueidentifier"]) => "identifier",
        () if has(&["char", "text", "string", "clob", "citext", "email", "url", "slug"]) => "text",
        () if has(&["int", "serial", "num", "dec", "float", "double", "real", "money"]) => "number",
        () if has(&["blob", "binary", "bytea", "image", "file"]) => "file",
        () => "other",
    }
}

/// A start value as people say it.
struct Start {
    words: String,
    /// Whether the text tells the value: a name that stands for one does not.
    is_known: bool,
    /// The database makes it: the time, a number that counts up, a fresh identifier.
    is_made: bool,
}

fn start(default: &str) -> Start {
    let written = default.trim();
    // `'x'::text`, `N'x'`
    let value = written.split("::").next().unwrap_or(written).trim();
    let bare = value.trim_matches(['(', ')']);
    let text = bare.strip_prefix(['N', 'E']).filter(|text| text.starts_with('\'')).unwrap_or(bare);
    let inner = text.trim_matches(['\'', '"']);
    let is_quoted = value.contains(['\'', '"']);
    let lower = value.to_ascii_lowercase();
    // `settings.LIMIT`, `app.models.make_key`, `new Period(3)`: nobody reading this knows what comes out
    let is_name = !is_quoted
        && value.contains('.')
        && value.split('.').all(|part| {
            part.starts_with(|first: char| first.is_alphabetic() || first == '_')
                && part.chars().all(|char| char.is_alphanumeric() || char == '_')
        });
    let is_known = !is_name && !value.starts_with("new ");
    // `now()`, `nextval('a_id_seq'::regclass)`
    let is_call = value.split_once('(').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|char| char.is_alphanumeric() || matches!(char, '_' | '.'))
    });
    let is_made = is_call || !is_quoted && (lower.starts_with("current_") || lower.starts_with("generated"));
    let words = match lower.as_str() {
        "true" | "'t'" | "b'1'" => "yes".to_owned(),
        "false" | "'f'" | "b'0'" => "no".to_owned(),
        "array[]" | "{}" | "[]" | "'{}'" | "'[]'" | "map()" | "list" | "dict" => String::new(),
        _ => inner.to_owned(),
    };
    Start { words, is_known, is_made }
}

/// What a field without a start value begins with, where its engine knows no empty one: a new field of SQL says whether
/// it may be empty in all engines but ClickHouse, which begins with the zero of the type.
fn zero(facts: &SchemaFacts) -> Option<Start> {
    let is_zero = facts.op == SchemaOp::AddColumn && facts.style == "sql" && facts.nullable.is_none();
    let words = match facts.type_.as_deref().filter(|_| is_zero).map(kind)? {
        "number" => "0",
        "yes_no" => "no",
        "text" | "list" | "details" => "",
        _ => return None,
    };
    Some(Start { words: words.to_owned(), is_known: true, is_made: false })
}

/// Whether a condition compares with what code hands to it: `id = @id`, `id = ?`, `id = :id`, `id = $1`.
fn has_parameter(condition: &str) -> bool {
    condition.split('\'').step_by(2).any(|outside| {
        let is_named = |(at, mark): (usize, char)| {
            let next = outside[at + mark.len_utf8()..].chars().next();
            match mark {
                '?' => next.is_none_or(|next| next.is_whitespace() || next == ')'),
                '@' | '$' => next.is_some_and(char::is_alphanumeric),
                ':' => next.is_some_and(char::is_alphabetic) && !outside[..at].ends_with(':'),
                _ => false,
            }
        };
        outside.char_indices().any(is_named)
    })
}
