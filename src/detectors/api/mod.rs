//! What other software may ask this system to do, and what of it changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

mod callers;
mod reach;
mod say;
mod sides;
#[cfg(test)]
mod tests;

use super::{Context, Detector, Report};
use crate::change::{Content, RepoPath, Role, Snapshot};
use crate::config::Stability;
use crate::finding::{AccessFacts, ApiFacts, ApiOp, Evidence, Facts, Level, Side};
use crate::formats::contracts::{self, Difference, Differences, Format, Lines, Place};

pub use say::lines;

use callers::{Callers, Wanted};
use sides::Sides;

/// Its options.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Api {
    /// Folders or files whose contracts are left out.
    ignore: Vec<String>,
}

impl Detector for Api {
    fn detect(&self, cx: &Context<'_>, report: &mut Report) {
        let mut sides = Sides::default();
        for file in cx.changes.files() {
            if !matches!(file.role, Role::Test | Role::Vendored | Role::Lock) && !self.ignores(&file.path) {
                sides.add(cx, report, file);
            }
        }
        sides.add_roots_of_parts(cx, report);
        sides.add_others_of_copies(cx, report);
        let formats: BTreeSet<Format> = sides.documents.keys().copied().collect();
        for format in formats {
            let (before, after) = &sides.documents[&format];
            let found = contracts::compare(format, before, after, &|path| old_path(cx, path));
            if found.cut {
                for document in after {
                    report.could_not_check(&document.path, "too_large");
                }
            }
            push(cx, report, found);
        }
    }
}

impl Api {
    fn ignores(&self, path: &RepoPath) -> bool {
        self.ignore.iter().any(|ignored| path.as_str() == ignored || path.is_in(ignored))
    }
}

fn old_path(cx: &Context<'_>, path: &RepoPath) -> RepoPath {
    let files = cx.changes.files();
    let at = files.binary_search_by(|file| file.path.cmp(path)).ok();
    at.map_or_else(|| path.clone(), |at| files[at].old_path().clone())
}

fn text_at(tree: &dyn Snapshot, path: &RepoPath) -> Option<Arc<str>> {
    match tree.read(path)? {
        Content::Text(text) => Some(text),
        _ => None,
    }
}

fn push(cx: &Context<'_>, report: &mut Report, found: Differences) {
    let places = found.access.iter().map(|one| (&one.place, one.side));
    let places = places.chain(found.api.iter().map(|one| (&one.place, one.side)));
    let places: BTreeSet<(RepoPath, Side)> = places.map(|(place, side)| (place.path.clone(), side)).collect();
    let texts: BTreeMap<(RepoPath, Side), Arc<str>> = places
        .into_iter()
        .filter_map(|(path, side)| {
            let tree = if side == Side::Before { cx.before } else { cx.after };
            text_at(tree, &path).map(|text| ((path, side), text))
        })
        .collect();
    let texts: BTreeMap<&(RepoPath, Side), _> =
        texts.iter().map(|(key, text)| (key, contracts::described(&key.0, text))).collect();
    let mut lines: BTreeMap<&(RepoPath, Side), Lines<'_>> =
        texts.iter().map(|(key, text)| (*key, Lines::new(text))).collect();
    let mut line = |place: &Place, side: Side| {
        let line = lines.get_mut(&(place.path.clone(), side)).map(|lines| lines.line_of(&place.spot));
        Evidence { path: place.path.clone(), line, side }
    };
    for one in found.access {
        let facts = AccessFacts {
            what: one.what.to_owned(),
            subject: one.subject.clone(),
            change: "loosened".to_owned(),
            from: Some(one.from),
            to: one.to,
        };
        let rule = if one.what == "login" { "access.login_removed" } else { "access.scope_removed" };
        let evidence = vec![line(&one.place, one.side)];
        report.push(cx, rule, Level::TalkFirst, &one.subject, evidence, Facts::Access(facts));
    }
    // Copies of one contract in several folders say the same fact several times: one finding, more evidence.
    let mut facts: Vec<(Difference, Vec<Evidence>)> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for one in found.api {
        let evidence = line(&one.place, one.side);
        match known.get(&key_of(&one)) {
            Some(&at) => facts[at].1.push(evidence),
            None => {
                known.insert(key_of(&one), facts.len());
                facts.push((one, vec![evidence]));
            }
        }
    }
    let since = notices(cx, &facts);
    let is_proto = facts.iter().any(|(one, _)| one.format == Format::Protobuf);
    let sides = [(cx.before, Side::Before), (cx.after, Side::After)];
    let served = is_proto.then(|| sides.map(|(tree, side)| (side, reach::of_operations(cx, tree))));
    let mut callers = callers_of(cx, &facts);
    for (at, (one, mut evidence)) in facts.into_iter().enumerate() {
        let callers = callers.remove(&at).unwrap_or_default();
        evidence.extend(callers.places);
        let by_service = evidence.first().and_then(|place| cx.catalog.service_of(&place.path));
        let experimental =
            one.experimental || by_service.is_some_and(|of| of.stability == Stability::Experimental);
        let promised = evidence.first().is_none_or(|place| is_promised(one.format, &place.path));
        let level = level_of(&one, experimental || !promised);
        let is_served = |place: &Evidence| {
            let of_side = served.iter().flatten().find(|(side, _)| *side == place.side);
            of_side.and_then(|(_, served)| served.as_ref()).is_none_or(|served| served.contains(&place.path))
        };
        let data_only = match one.format {
            Format::JsonSchema => true,
            Format::Protobuf => evidence.first().is_some_and(|place| !is_served(place)),
            _ => false,
        };
        let rule = rule_of(&one);
        let subject = key_of(&one);
        let facts = ApiFacts {
            format: one.format.name().to_owned(),
            op: one.op,
            subject: match one.what {
                // A union's member and a type's promise stand under the type's own name.
                contracts::What::Kind | contracts::What::Interface => format!("{} {}", one.subject, one.name),
                _ => one.subject,
            },
            breaking: one.breaking,
            deprecated_since: since.get(&subject).cloned(),
            advice: one.advice,
            direction: one.direction.map(|direction| direction.name().to_owned()),
            from: one.from,
            to: one.to,
            experimental,
            what: one.what.name().to_owned(),
            owner: one.owner,
            announced: one.was_deprecated,
            callers: callers.titles,
            addresses: if one.format == Format::Protobuf && one.what == contracts::What::Operation {
                one.aliases
            } else {
                Vec::new()
            },
            data_only,
        };
        report.push(cx, &rule, level, &subject, evidence, Facts::Api(facts));
    }
}

/// Who still calls the operations that break for certain, by the position of the fact.
fn callers_of(cx: &Context<'_>, facts: &[(Difference, Vec<Evidence>)]) -> BTreeMap<usize, Callers> {
    let mut wanted: Vec<Wanted> = Vec::new();
    let mut places: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, (one, _)) in facts.iter().enumerate().filter(|(_, (one, _))| one.breaking == Some(true)) {
        let operation = match (one.what, one.format) {
            (contracts::What::Operation, _) => one.subject.as_str(),
            // What belongs to an operation is named after it.
            (_, Format::OpenApi) => match one.subject.split_once(": ") {
                Some((operation, _)) if operation.contains(" /") => operation,
                _ => continue,
            },
            _ => continue,
        };
        let known =
            wanted.iter().position(|wanted| wanted.format == one.format && wanted.operation == operation);
        let known = known.unwrap_or_else(|| {
            let contract = one.place.path.clone();
            wanted.push(Wanted { format: one.format, operation: operation.to_owned(), contract });
            wanted.len() - 1
        });
        places.entry(known).or_default().push(at);
        if wanted.len() >= callers::MOST_WANTED {
            break;
        }
    }
    if wanted.is_empty() {
        return BTreeMap::new();
    }
    let found = callers::find(cx, &wanted);
    let each = found.into_iter().flat_map(|(wanted, callers)| {
        let at = places.get(&wanted).cloned().unwrap_or_default();
        at.into_iter().map(move |at| (at, callers.clone()))
    });
    each.collect()
}

/// Since when what goes was marked for removal. Searched for in the past by the text of the mark, which must stand in
/// the file once: another mark of the same words would give another one's day.
fn notices(cx: &Context<'_>, facts: &[(Difference, Vec<Evidence>)]) -> BTreeMap<String, String> {
    let mut marks: BTreeMap<&RepoPath, Vec<(String, String)>> = BTreeMap::new();
    for (one, evidence) in facts.iter().filter(|(one, _)| one.was_deprecated) {
        let Some(Evidence { path, line: Some(line), side: Side::Before }) = evidence.first() else {
            continue;
        };
        let Some(text) = text_at(cx.before, path) else { continue };
        let found = marks_of(&text, *line, one.advice.as_deref());
        marks.entry(path).or_default().extend(found.into_iter().map(|mark| (key_of(one), mark)));
    }
    let mut since: BTreeMap<String, String> = BTreeMap::new();
    for (path, marks) in marks {
        let texts: Vec<&str> = marks.iter().map(|(_, mark)| mark.as_str()).collect();
        for ((key, _), day) in marks.iter().zip(cx.before.first_seen(path, &texts)) {
            if let Some(day) = day {
                let known = since.entry(key.clone()).or_insert_with(|| day.clone());
                *known = day.min(known.clone());
            }
        }
    }
    since
}

/// Texts by which the mark at or soon after a line is found again, as far as they stand in the file only once: the
/// mark, its line, and the advice alone, since what stands around an advice is often reworded. Inputs of an operation
/// may have marks of their own, so the advice decides which mark it is.
fn marks_of(text: &str, line: u32, advice: Option<&str>) -> Vec<String> {
    let start = usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1);
    let advice = advice.and_then(|advice| advice.lines().next()).unwrap_or_default().trim_end_matches('.');
    let is_mark = |line: &&str| line.to_ascii_lowercase().contains("deprecated") && line.contains(advice);
    let Some(line) = text.lines().skip(start).take(60).find(is_mark) else { return Vec::new() };
    let mark = line.to_ascii_lowercase().find("deprecated").and_then(|at| line.get(at..)).unwrap_or(line);
    // One word alone would be found in other places of the past.
    let advice = if advice.contains(' ') { advice } else { mark };
    let once = |part: &&str| text.match_indices(*part).nth(1).is_none();
    [mark.trim(), line.trim(), advice].into_iter().filter(once).map(str::to_owned).collect()
}

fn key_of(one: &Difference) -> String {
    let side = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        one.format.name(),
        &format!("{:?}", one.op),
        one.what.name(),
        &one.subject,
        &one.name,
        &side(&one.from),
        &side(&one.to),
    ]
    .join("\n")
}

/// Whether other software is meant: a JSON Schema as often says how a settings file is written.
fn is_promised(format: Format, path: &RepoPath) -> bool {
    const WORDS: &[&str] = &["api", "contract", "event", "message", "webhook"];
    let lower = path.as_str().to_ascii_lowercase();
    let mut words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    format != Format::JsonSchema || words.any(|word| WORDS.contains(&word.trim_end_matches('s')))
}

fn level_of(one: &Difference, nothing_promised: bool) -> Level {
    match one.breaking {
        Some(true) if !nothing_promised => Level::TalkFirst,
        Some(true) | None => Level::WorthALook,
        Some(false) if matches!(one.op, ApiOp::OperationAdded | ApiOp::Deprecated) => Level::WorthALook,
        Some(false) => Level::Routine,
    }
}

/// `api.operation_removed`, `api.field_removed`, …; what has no op of its own is named by what it happens to.
fn rule_of(one: &Difference) -> String {
    use contracts::What;
    match (one.op, one.what, one.side) {
        (ApiOp::Other, _, _) if one.from.is_some() => "api.changed".to_owned(),
        (ApiOp::Other, What::Type | What::Interface | What::Directive | What::Reserved, side) => {
            let change = if side == Side::Before { "removed" } else { "added" };
            format!("api.{}_{change}", one.what.name())
        }
        (ApiOp::Other, ..) => "api.changed".to_owned(),
        (op, ..) => {
            let name = serde_json::to_value(op).ok();
            let name = name.as_ref().and_then(|name| name.as_str());
            format!("api.{}", name.unwrap_or("changed"))
        }
    }
}
