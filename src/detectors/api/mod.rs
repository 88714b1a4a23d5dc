//! What other software may ask this system to do, and what of it changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

mod callers;
mod reach;

use super::{Context, Detector, Line, Report};
use crate::change::{Content, FileChange, RepoPath, Role, Snapshot};
use crate::config::Stability;
use crate::finding::{AccessFacts, ApiFacts, ApiOp, Evidence, Facts, Finding, Level, Side};
use crate::formats::contracts::{self, Difference, Differences, Document, Format, Lines, Place};

use callers::{Callers, Wanted};

/// How many contracts of the tree are searched for one that a changed part belongs to, and up to which size.
const MOST_ROOTS: usize = 60;
const MOST_ROOT_BYTES: usize = 4 * 1024 * 1024;

/// How many files of the same name are read to find the description of which a new one is a copy.
const MOST_COPIES: usize = 8;

/// From this size on, both sides are read at once.
const LARGE_BYTES: usize = 512 * 1024;

/// Types and limits longer than this are not shown in a sentence.
const LONGEST_SHOWN: usize = 40;

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

/// The contracts of both sides, by format.
#[derive(Default)]
struct Sides {
    documents: BTreeMap<Format, (Vec<Document>, Vec<Document>)>,
    read: BTreeSet<RepoPath>,
    /// Changed files that are no contract of their own, but may be a part of one.
    parts: Vec<RepoPath>,
    /// Contracts of one side only.
    alone: Vec<(Format, RepoPath)>,
}

impl Sides {
    fn add(&mut self, cx: &Context<'_>, report: &mut Report, file: &FileChange) {
        let recognise =
            |path: &RepoPath, text: Option<&str>| text.and_then(|text| contracts::recognise(path, text));
        let old = recognise(file.old_path(), file.before_text());
        let new = recognise(&file.path, file.after_text());
        let Some(format) = new.or(old) else {
            let unread =
                [file.before(), file.after()].into_iter().flatten().find(|content| content.text().is_none());
            match (unread, file.path.extension().as_str()) {
                (Some(Content::TooLarge { .. }), "proto" | "graphql" | "graphqls" | "gql" | "avsc") => {
                    report.could_not_check(&file.path, "too_large");
                }
                (Some(Content::Missing), "proto" | "graphql" | "graphqls" | "gql" | "avsc") => {
                    report.could_not_check(&file.path, "missing");
                }
                (_, "yaml" | "yml" | "json") => self.parts.push(file.path.clone()),
                _ => {}
            }
            return;
        };
        let before = file.before_text().filter(|_| old.is_some());
        let after = file.after_text().filter(|_| new.is_some());
        if before.is_none() != after.is_none() {
            self.alone
                .push((format, if after.is_some() { file.path.clone() } else { file.old_path().clone() }));
        }
        self.pair(cx, report, old.unwrap_or(format), format, file.old_path(), before, &file.path, after);
    }

    #[expect(clippy::too_many_arguments, reason = "two sides of one file")]
    fn pair(
        &mut self,
        cx: &Context<'_>,
        report: &mut Report,
        old: Format,
        new: Format,
        old_path: &RepoPath,
        before: Option<&str>,
        path: &RepoPath,
        after: Option<&str>,
    ) {
        if !self.read.insert(path.clone()) {
            return;
        }
        let of = |format, path: &RepoPath, text: Option<&str>, tree: &dyn Snapshot| {
            text.map(|text| contracts::read(format, path, text, &|path| text_at(tree, path))).transpose()
        };
        // Large descriptions take most of the time, and the sides do not depend on each other.
        let large = [before, after].into_iter().flatten().any(|text| text.len() > LARGE_BYTES);
        let (before, after) = if large {
            std::thread::scope(|threads| {
                let first = threads.spawn(|| of(old, old_path, before, cx.before));
                let after = of(new, path, after, cx.after);
                (first.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), after)
            })
        } else {
            (of(old, old_path, before, cx.before), of(new, path, after, cx.after))
        };
        match before.and_then(|before| Ok((before, after?))) {
            Ok((before, after)) => {
                self.documents.entry(old).or_default().0.extend(before);
                self.documents.entry(new).or_default().1.extend(after);
            }
            // One readable side alone would look as if all of it came or went.
            Err(unreadable) => report.could_not_check(path, unreadable.reason),
        }
    }

    /// A description that comes as a copy of one that stays, such as one for each version, brings nothing that was not
    /// there, and none goes with it. Messages of another package are others, so protocol buffers are left out.
    fn add_others_of_copies(&mut self, cx: &Context<'_>, report: &mut Report) {
        for (format, path) in std::mem::take(&mut self.alone) {
            if format == Format::Protobuf {
                continue;
            }
            let stays = |other: &&RepoPath| {
                other.file_name() == path.file_name() && **other != path && !self.read.contains(*other)
            };
            let others: Vec<&RepoPath> = cx.after.paths().iter().filter(stays).take(MOST_COPIES).collect();
            for other in others {
                let texts = [cx.before, cx.after]
                    .map(|tree| text_at(tree, other).filter(|text| text.len() < MOST_ROOT_BYTES));
                let [Some(before), Some(after)] = texts else { continue };
                if contracts::recognise(other, &after) != Some(format) {
                    continue;
                }
                let Ok(found) = contracts::read(format, other, &after, &|path| text_at(cx.after, path))
                else {
                    continue;
                };
                let sides = self.documents.get(&format);
                let own = sides.and_then(|(old, new)| new.iter().chain(old).find(|one| one.path == path));
                if own.is_some_and(|own| is_copy(own, &found)) {
                    self.pair(cx, report, format, format, other, Some(&before), other, Some(&after));
                    break;
                }
            }
        }
    }

    /// A changed part is judged through the contracts that refer to it, although these did not change themselves.
    fn add_roots_of_parts(&mut self, cx: &Context<'_>, report: &mut Report) {
        let parts = std::mem::take(&mut self.parts);
        let names: BTreeSet<&str> = parts.iter().map(RepoPath::file_name).collect();
        if names.is_empty() {
            return;
        }
        let named = |path: &RepoPath| {
            let name = path.file_name().to_ascii_lowercase();
            matches!(path.extension().as_str(), "yaml" | "yml" | "json")
                && ["api", "swagger", "spec", "index", "root", "main", "schema"]
                    .iter()
                    .any(|word| name.contains(word))
                && parts.iter().any(|part| part.is_in(path.folder()) || path.is_in(part.folder()))
        };
        // A contract under a name of its own stands above its parts.
        let folders: BTreeSet<&str> = parts.iter().map(RepoPath::folder).collect();
        let above = |path: &RepoPath| {
            matches!(path.extension().as_str(), "yaml" | "yml" | "json")
                && folders.iter().any(|folder| {
                    let above = path.folder();
                    folder
                        .strip_prefix(above)
                        .is_some_and(|rest| !rest.is_empty() && (above.is_empty() || rest.starts_with('/')))
                })
        };
        let paths = || cx.after.paths().iter();
        let others = paths().filter(|path| !named(path) && above(path)).take(MOST_ROOTS);
        let roots: Vec<&RepoPath> =
            paths().filter(|path| named(path)).take(MOST_ROOTS).chain(others).collect();
        for path in roots {
            if self.read.contains(path) {
                continue;
            }
            let Some(after) = text_at(cx.after, path).filter(|text| text.len() < MOST_ROOT_BYTES) else {
                continue;
            };
            // Parts may be reached through other parts, so any reference to another file is worth following.
            if !after.contains("$ref")
                || !after.contains(".yaml") && !after.contains(".yml") && !after.contains(".json")
            {
                continue;
            }
            let Some(format) = contracts::recognise(path, &after) else { continue };
            let Some(before) = text_at(cx.before, path) else { continue };
            self.pair(cx, report, format, format, path, Some(&before), path, Some(&after));
        }
    }
}

/// Whether nearly all that one description holds stands in the other one too.
fn is_copy(one: &Document, other: &Document) -> bool {
    let same = one.definitions.keys().filter(|key| other.definitions.contains_key(*key)).count();
    !one.definitions.is_empty() && same * 5 >= one.definitions.len() * 4
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

/// Which sentence says a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Shape {
    Removed,
    FieldRemoved,
    Stricter,
    FormStricter,
    LoginRequired,
    ValueRemoved,
    TypeChanged,
    MayBeEmpty,
    Limit,
    MayBeMissing,
    AnotherLogin,
    TypeRemoved,
    OtherBreaking,
    ValueAdded,
    Unsure,
    FormUnsure,
    Deprecated,
    Added,
    OptionalAdded,
    TypeAdded,
    FormWider,
    Eased,
}

impl Shape {
    fn of(facts: &ApiFacts) -> Shape {
        use ApiOp::{
            Deprecated, FieldAdded, FieldRemoved, LimitLoosened, LimitTightened, NowOptional, NowRequired,
            OperationAdded, OperationRemoved, Other, TypeChanged, ValueAdded, ValueRemoved,
        };
        // What no operation takes or gives is data, and often files of people's own.
        if facts.data_only {
            return match (facts.op, facts.breaking) {
                (Deprecated, _) => Shape::Deprecated,
                (_, Some(true)) => Shape::FormStricter,
                (_, None) => Shape::FormUnsure,
                (_, Some(false)) => Shape::FormWider,
            };
        }
        match (facts.op, facts.breaking) {
            (OperationRemoved, _) => Shape::Removed,
            (OperationAdded, _) => Shape::Added,
            (Deprecated, _) => Shape::Deprecated,
            (FieldRemoved, Some(true)) => Shape::FieldRemoved,
            (NowRequired, _) if facts.what == "login" && facts.from.is_some() => Shape::AnotherLogin,
            (NowRequired, Some(true)) if facts.what == "login" => Shape::LoginRequired,
            // A rule of the field that says no more than that it must be there.
            (LimitTightened, Some(true)) if facts.to.as_deref() == Some("required true") => Shape::Stricter,
            (NowRequired | FieldAdded, Some(true)) => Shape::Stricter,
            (ValueRemoved, Some(true)) => Shape::ValueRemoved,
            (TypeChanged, Some(true)) if is_emptied(facts) => Shape::MayBeEmpty,
            (TypeChanged, Some(true)) => Shape::TypeChanged,
            (LimitTightened | LimitLoosened, Some(true)) => Shape::Limit,
            (NowOptional, Some(true)) => Shape::MayBeMissing,
            (Other, None | Some(true)) if facts.what == "type" && facts.from.is_none() => Shape::TypeRemoved,
            (_, Some(true)) => Shape::OtherBreaking,
            (ValueAdded, None) => Shape::ValueAdded,
            (_, None) => Shape::Unsure,
            (Other, Some(false)) if facts.what == "type" && facts.from.is_none() => Shape::TypeAdded,
            (FieldAdded | ValueAdded | Other, Some(false)) => Shape::OptionalAdded,
            (_, Some(false)) => Shape::Eased,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Shape::Removed => "api/removed",
            Shape::FieldRemoved => "api/field_removed",
            Shape::Stricter => "api/stricter",
            Shape::FormStricter => "api/form_stricter",
            Shape::FormUnsure => "api/form_unsure",
            Shape::FormWider => "api/form_wider",
            Shape::LoginRequired => "api/login_required",
            Shape::ValueRemoved => "api/value_removed",
            Shape::TypeChanged => "api/type_changed",
            Shape::Limit => "api/limit",
            Shape::MayBeMissing => "api/may_be_missing",
            Shape::MayBeEmpty => "api/may_be_empty",
            Shape::AnotherLogin => "api/another_login",
            Shape::TypeRemoved => "api/type_removed",
            Shape::OtherBreaking => "api/other_breaking",
            Shape::ValueAdded => "api/value_added",
            Shape::Unsure => "api/unsure",
            Shape::Deprecated => "api/deprecated",
            Shape::Added => "api/added",
            Shape::OptionalAdded => "api/optional_added",
            Shape::TypeAdded => "api/type_added",
            Shape::Eased => "api/eased",
        }
    }

    /// Whether it stands in view where nothing heavier does.
    fn is_said_alone(self) -> bool {
        matches!(self, Shape::OptionalAdded | Shape::Eased)
    }

    fn is_folded(self) -> bool {
        matches!(self, Shape::OptionalAdded | Shape::TypeAdded | Shape::FormWider | Shape::Eased)
    }
}

/// One line for each shape, told apart by whether anything was promised and whether a notice was given.
pub fn lines(findings: &[&Finding]) -> Vec<Line> {
    let api = |finding: &&Finding| match &finding.facts {
        Facts::Api(facts) => Some(facts.clone()),
        _ => None,
    };
    // What cannot be judged is told by what happens: one sentence has one verb.
    let is_whole = |facts: &ApiFacts| facts.op == ApiOp::Other && facts.from.is_none() && facts.to.is_none();
    let is_new = |finding: &Finding| finding.evidence.first().is_some_and(|place| place.side == Side::After);
    type Verb = Option<(ApiOp, bool, bool)>;
    type Key = (Shape, bool, bool, Verb);
    let mut groups: BTreeMap<Key, Vec<(&Finding, ApiFacts)>> = BTreeMap::new();
    for finding in findings {
        if let Some(facts) = api(finding) {
            let shape = Shape::of(&facts);
            let is_sent = || facts.direction.as_deref() == Some("request");
            let verb = match shape {
                Shape::Unsure | Shape::FormStricter | Shape::FormUnsure => {
                    Some((facts.op, is_whole(&facts), is_new(finding)))
                }
                // What nobody can send any more, and what nobody gets.
                Shape::FieldRemoved => Some((facts.op, is_sent(), false)),
                _ => None,
            };
            let announced = facts.announced || facts.deprecated_since.is_some();
            let key = (shape, facts.experimental, announced, verb);
            groups.entry(key).or_default().push((finding, facts));
        }
    }
    // Types that go together with operations are said in the same breath.
    let removed: Vec<_> = groups.keys().filter(|key| key.0 == Shape::Removed).copied().collect();
    let mut with_types = None;
    if let [only] = removed.as_slice() {
        let key = (Shape::TypeRemoved, only.1, false, None);
        with_types = groups.remove(&key).map(|types| (*only, types));
    }
    // Where a part of something no longer fits, that another part of it still does is no news. Descriptions of one
    // system in two formats are one promise: the heavier verdict stands for both, and a new name says what goes.
    let mut beside: BTreeMap<Key, Vec<&Finding>> = BTreeMap::new();
    let each = groups.iter().rev().flat_map(|(key, group)| group.iter().map(move |(_, facts)| (*key, facts)));
    let mut heavier: BTreeMap<(String, bool), Key> = BTreeMap::new();
    let mut in_other_words: BTreeMap<(String, bool, ApiOp), (Key, String)> = BTreeMap::new();
    let mut renamed: BTreeMap<(String, bool), Key> = BTreeMap::new();
    for (key, facts) in each.filter(|(key, _)| key.0 < Shape::Deprecated && key.0 != Shape::ValueAdded) {
        let name = name_of(facts);
        let words = (plain(&name), key.1);
        if is_renamed(facts) {
            renamed.insert(words.clone(), key);
        }
        in_other_words.insert((words.0, words.1, facts.op), (key, facts.format.clone()));
        heavier.insert((name, key.1), key);
    }
    groups.retain(|key, group| {
        group.retain(|(finding, facts)| {
            let is_light = matches!(key.0, Shape::Eased | Shape::FormWider);
            let name = name_of(facts);
            let words = (plain(&name), key.1);
            let of = heavier.get(&(name, key.1)).filter(|_| is_light);
            let of = of.or_else(|| renamed.get(&words).filter(|_| key.0 == Shape::FieldRemoved));
            let of = of.or_else(|| {
                let (of, format) = in_other_words.get(&(words.0, words.1, facts.op))?;
                (key.0 == Shape::Unsure && of.0 < key.0 && *format != facts.format).then_some(of)
            });
            of.inspect(|of| beside.entry(**of).or_default().push(finding)).is_none()
        });
        !group.is_empty()
    });
    let only_additions =
        groups.keys().all(|key| matches!(key.0, Shape::Added | Shape::OptionalAdded | Shape::TypeAdded));
    // What only adds or eases stands below all else, but where there is nothing else it is the news.
    let is_news = groups.keys().all(|key| key.0.is_folded());
    let mut lines = Vec::new();
    for (key, group) in &groups {
        let (shape, experimental, announced, _) = *key;
        let types = with_types.as_ref().filter(|(of, _)| of == key).map_or(&[][..], |(_, types)| types);
        let beside = beside.get(key).map_or(&[][..], Vec::as_slice);
        let said = group.iter().chain(types).map(|(finding, _)| *finding);
        let all: Vec<&Finding> = said.chain(beside.iter().copied()).collect();
        let first = &group[0].1;
        let mut names = names_of(group);
        // One value that several lists take up is one value.
        let places = if shape == Shape::ValueAdded { places_of(group, names.len()) } else { None };
        let places = places.map(|(values, places)| {
            names = values;
            places
        });
        let one = names.len() == 1;
        let alone = group.len() == 1;
        let is = |what: &str| group.iter().all(|(_, facts)| facts.what == what);
        let short = [&first.from, &first.to].into_iter().flatten().all(|text| text.len() <= LONGEST_SHOWN);
        let callers: BTreeSet<&String> = group.iter().flat_map(|(_, facts)| &facts.callers).collect();
        let facts = json!({
            "n": names.len(),
            "one": one,
            "first": names.first(),
            "names": names,
            "owner": first.owner.as_deref().filter(|_| alone).map(without_package),
            "name": last(first),
            "op": first.op,
            "gone": is_whole(first) && !is_new(group[0].0),
            "came": is_whole(first) && is_new(group[0].0),
            "from": first.from.as_ref().filter(|_| alone),
            "to": first.to.as_ref().filter(|_| alone),
            "renamed": group.iter().all(|(_, facts)| is_renamed(facts)),
            "renumbered": group.iter().all(|(_, facts)| is_renumbered(facts)),
            "operations": is("operation"),
            "replies": is("response"),
            "places": places,
            "gains": alone && short && first.from.is_none() && first.to.is_some(),
            "loses": alone && short && first.to.is_none() && first.from.is_some(),
            "changed_to": first.to.is_some() && first.to != first.from,
            "short": short,
            "values": group.iter().all(|(_, facts)| facts.op == ApiOp::ValueAdded && facts.what == "value"),
            "response": group.iter().all(|(_, facts)| facts.direction.as_deref() == Some("response")),
            "request": group.iter().all(|(_, facts)| facts.direction.as_deref() == Some("request")),
            "refused": group.iter().all(|(_, facts)| facts.format == "openapi" && facts.direction.as_deref() == Some("request")),
            "refuses": refuses(first).filter(|_| alone),
            "messages": group.iter().all(|(_, facts)| matches!(facts.format.as_str(), "avro" | "json_schema" | "asyncapi")),
            "types": types.len(),
            "experimental": experimental,
            "announced": announced,
            "unmarked": group.iter().all(|(_, facts)| matches!(facts.format.as_str(), "openapi" | "graphql" | "protobuf")),
            "since": first.deprecated_since.as_ref().filter(|_| group.iter().all(|(_, facts)| facts.deprecated_since == first.deprecated_since)),
            "advice": first.advice.as_deref().map(|words| words.trim_end_matches('.')).filter(|_| group.iter().all(|(_, facts)| facts.advice == first.advice)),
            "callers": callers,
            "only_additions": only_additions,
            "unsure": group.iter().any(|(_, facts)| facts.breaking.is_none()),
        });
        lines.extend(Line::of(shape.name(), &all, facts).map(|line| {
            if shape.is_folded() && !(is_news && shape.is_said_alone()) { line.folded() } else { line }
        }));
    }
    lines
}

/// Whether a field or value keeps its number and gets another name.
fn is_renamed(facts: &ApiFacts) -> bool {
    facts.format == "protobuf"
        && facts.op == ApiOp::Other
        && facts.from.as_deref() == Some(last(facts).as_str())
}

/// Whether a field keeps its name and gets another number.
fn is_renumbered(facts: &ApiFacts) -> bool {
    let is_number = |side: &Option<String>| {
        side.as_deref().is_some_and(|side| !side.is_empty() && side.bytes().all(|byte| byte.is_ascii_digit()))
    };
    facts.format == "protobuf" && facts.op == ApiOp::Other && is_number(&facts.from) && is_number(&facts.to)
}

/// Whether what was always there may now be nothing, and stays the same otherwise.
fn is_emptied(facts: &ApiFacts) -> bool {
    let (Some(from), Some(to)) = (facts.from.as_deref(), facts.to.as_deref()) else { return false };
    match facts.format.as_str() {
        "openapi" => to.strip_suffix(" | null") == Some(from),
        "graphql" => from.strip_suffix('!') == Some(to) && facts.direction.as_deref() == Some("response"),
        _ => false,
    }
}

/// New values and the lists that take them up, where there are fewer values than pairs of both.
fn places_of(group: &[(&Finding, ApiFacts)], pairs: usize) -> Option<(Vec<String>, Vec<String>)> {
    let mut values: Vec<String> = Vec::new();
    let mut places: Vec<String> = Vec::new();
    for (_, facts) in group {
        let owner = facts.owner.as_deref().filter(|_| facts.what == "value")?;
        let value = last(facts);
        if !values.contains(&value) {
            values.push(value);
        }
        let place = without_package(owner);
        match places.iter_mut().find(|known| plain(known) == plain(place)) {
            Some(known) if place.len() < known.len() => *known = place.to_owned(),
            Some(_) => {}
            None => places.push(place.to_owned()),
        }
    }
    (values.len() < pairs).then_some((values, places))
}

/// What a request's narrower type no longer takes, where a word for it is enough: nothing at all, whole types, and
/// fractions.
fn refuses(facts: &ApiFacts) -> Option<serde_json::Value> {
    let (from, to) = (facts.from.as_deref()?, facts.to.as_deref()?);
    let is_asked = facts.direction.as_deref().is_some_and(|of| of != "response");
    let said = |types: &[&str], fractions: bool, nothing: bool| {
        Some(json!({ "types": types, "fractions": fractions, "nothing": nothing }))
    };
    match facts.format.as_str() {
        _ if !is_asked => None,
        "graphql" if from.replace('!', "") == to.replace('!', "") => {
            (to.ends_with('!') && !from.ends_with('!')).then(|| said(&[], false, true)).flatten()
        }
        "openapi" => {
            let refused = contracts::refused(Format::OpenApi, from, to)?;
            let kind = |of: &str| of.split(" (").next().unwrap_or_default().to_owned();
            let kept: Vec<String> = to.split(" | ").map(kind).collect();
            let is_fraction = |of: &&str| kind(of) == "number" && kept.iter().any(|kept| kept == "integer");
            let (fractions, types): (Vec<&str>, Vec<&str>) = refused.into_iter().partition(is_fraction);
            // A text that is no date is still a text.
            let is_clear = types.iter().all(|of| *of != "any" && !kept.contains(&kind(of)));
            is_clear.then(|| said(&types, !fractions.is_empty(), false)).flatten()
        }
        _ => None,
    }
}

/// The name as people know it: without the root type of a query language, without the package.
fn name_of(facts: &ApiFacts) -> String {
    match (facts.format.as_str(), facts.what.as_str()) {
        ("graphql", "operation") => facts.subject.rsplit('.').next().unwrap_or_default().to_owned(),
        ("protobuf" | "avro", _) => without_package(&facts.subject).to_owned(),
        ("graphql", "interface") => match (&facts.owner, last(facts)) {
            (Some(owner), name) => format!("{owner} implements {name}"),
            (None, _) => facts.subject.clone(),
        },
        // What else an element may be: `Photo as Attachment`.
        (_, "kind") if facts.owner.is_some() && !facts.subject.ends_with('}') => {
            format!("{} as {}", last(facts), facts.owner.as_deref().unwrap_or_default())
        }
        // A kind without a name of its own is listed by its fields, which is no word for people.
        (_, "kind") if facts.subject.ends_with('}') => {
            facts.owner.clone().unwrap_or_else(|| facts.subject.clone())
        }
        _ => facts.subject.clone(),
    }
}

/// Each name once: one field may change in several ways, and several files may describe one system side by side, each
/// with its own way of writing `Order.line_items`. The shortest way stays.
fn names_of(group: &[(&Finding, ApiFacts)]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut known: BTreeMap<String, Vec<(usize, BTreeSet<&RepoPath>)>> = BTreeMap::new();
    let addresses = group.iter().flat_map(|(_, facts)| &facts.addresses);
    let addresses: BTreeSet<String> = addresses.flat_map(|address| shapes_of(address)).collect();
    for (finding, facts) in group {
        // An operation that is described twice: as a call, and by the address that is made from it.
        if facts.what == "operation"
            && facts.format == "openapi"
            && shapes_of(&facts.subject).iter().any(|shape| addresses.contains(shape))
        {
            continue;
        }
        let name = name_of(facts);
        let same = known.entry(plain(&name)).or_default();
        let path = finding.evidence.first().map(|place| &place.path);
        let fits = |(at, paths): &&mut (usize, BTreeSet<&RepoPath>)| {
            names[*at] == name || path.is_some_and(|path| !paths.contains(path))
        };
        match same.iter_mut().find(fits) {
            Some((at, paths)) => {
                paths.extend(path);
                if name.len() < names[*at].len() {
                    names[*at] = name;
                }
            }
            None => {
                same.push((names.len(), path.into_iter().collect()));
                names.push(name);
            }
        }
    }
    names
}

/// An address without the names of what is filled in: `{name=shops/*}` is one part, or the parts that it stands for.
fn shapes_of(address: &str) -> [String; 2] {
    let (mut short, mut long) = (String::new(), String::new());
    let mut rest = address;
    while let Some((before, after)) = rest.split_once('{') {
        let (inside, after) = after.split_once('}').unwrap_or((after, ""));
        let parts = inside.split_once('=').map_or("*", |(_, parts)| parts);
        let parts: Vec<&str> =
            parts.split('/').map(|part| if part.starts_with('*') { "{}" } else { part }).collect();
        short = short + before + "{}";
        long = long + before + &parts.join("/");
        rest = after;
    }
    [short + rest, long + rest]
}

/// A name as letters and digits, without a version in front of it. An address stays as it is.
fn plain(name: &str) -> String {
    if name.contains(['/', ' ']) {
        return name.to_owned();
    }
    let all: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let unversioned = all.strip_prefix('v').map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    match unversioned.filter(|rest| !rest.is_empty() && rest.len() + 1 < all.len()) {
        Some(rest) => rest.to_owned(),
        None => all,
    }
}

/// A name without its package: the parts that begin with a capital letter, and what follows them.
fn without_package(name: &str) -> &str {
    let mut at = 0;
    for part in name.split_inclusive('.') {
        if part.starts_with(|c: char| c.is_ascii_uppercase()) || at + part.len() == name.len() {
            break;
        }
        at += part.len();
    }
    if name.contains(' ') { name } else { &name[at..] }
}

/// The last part of the subject: the field, input or value itself.
fn last(facts: &ApiFacts) -> String {
    let name =
        facts.owner.as_deref().and_then(|owner| facts.subject.strip_prefix(owner)).unwrap_or(&facts.subject);
    name.trim_start_matches([':', '.', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{added, change, deleted, modified, run, run_among};
    use super::*;

    const SCHEMA: &str = "type Query {\n  a: Int\n  b: Int @deprecated(reason: \"Use `a`.\")\n}\n";

    fn facts(report: &Report) -> Vec<(&str, Level, u32)> {
        let line = |finding: &Finding| finding.evidence[0].line.unwrap_or_default();
        report.findings.iter().map(|finding| (finding.rule.as_str(), finding.level, line(finding))).collect()
    }

    #[test]
    fn says_what_goes_and_where_it_was() {
        let after = SCHEMA.replace("  b: Int @deprecated(reason: \"Use `a`.\")\n", "");
        let report = run(&Api::default(), vec![modified("schema.graphql", Role::Contract, SCHEMA, &after)]);
        assert_eq!(facts(&report), [("api.operation_removed", Level::TalkFirst, 3)]);
        let Facts::Api(facts) = &report.findings[0].facts else { panic!("no api finding") };
        assert_eq!((facts.announced, facts.advice.as_deref()), (true, Some("Use `a`.")));
    }

    #[test]
    fn test_data_copies_of_others_and_pure_renames_are_quiet() {
        let quiet = [
            vec![deleted("tests/schema.graphql", Role::Test, SCHEMA)],
            vec![deleted("vendor/schema.graphql", Role::Vendored, SCHEMA)],
            change(&[("a/schema.graphql", "b/schema.graphql", Role::Contract, SCHEMA)]),
            vec![modified("q.graphql", Role::Source, "query A { a }", "query A { b }")],
            vec![modified("values.yaml", Role::Config, "swagger: true\n", "swagger: false\n")],
        ];
        for files in quiet {
            let report = run(&Api::default(), files);
            assert_eq!(facts(&report), []);
            assert!(report.could_not_check.is_empty());
        }
    }

    #[test]
    fn what_is_sent_and_what_is_read_go_in_two_sentences() {
        let old = "type Query { a(b: Int): C }\ntype C { d: Int e: Int }\n";
        let new = "type Query { a: C }\ntype C { d: Int }\n";
        let report = run(&Api::default(), vec![modified("schema.graphql", Role::Contract, old, new)]);
        let lines = lines(&report.findings.iter().collect::<Vec<_>>());
        let said: Vec<_> = lines.iter().map(|line| (line.shape.as_str(), line.findings.len())).collect();
        assert_eq!(said, [("api/field_removed", 1), ("api/field_removed", 1)]);
    }

    #[test]
    fn an_unreadable_side_is_said_and_proves_nothing() {
        let file = modified("schema.graphql", Role::Contract, SCHEMA, "type Query { a: ");
        let report = run(&Api::default(), vec![file]);
        assert_eq!((facts(&report), report.could_not_check.len()), (vec![], 1));
    }

    #[test]
    fn a_part_is_judged_through_the_contract_that_refers_to_it() {
        let part = |field: &str| {
            format!(
                "get:\n  responses:\n    '200':\n      content:\n        application/json:\n          schema:\n            properties:\n              {field}: {{type: string}}\n"
            )
        };
        let root = "openapi: 3.0.0\npaths:\n  /a:\n    $ref: paths/a.yaml\n";
        let file = modified("api/paths/a.yaml", Role::Contract, &part("x"), &part("y"));
        let report = run_among(&Api::default(), vec![file], &[("api/openapi.yaml", root)]);
        assert_eq!(
            facts(&report),
            [("api.field_removed", Level::TalkFirst, 8), ("api.field_added", Level::Routine, 8)]
        );
    }

    #[test]
    fn a_copy_for_each_version_brings_and_takes_nothing() {
        let spec = |more: &str| {
            let paths: String =
                (0..5).map(|at| format!("  /{at}:\n    get:\n      responses: {{}}\n")).collect();
            format!("openapi: 3.0.0\npaths:\n{paths}{more}")
        };
        let copy = || added("docs/v2/api.yaml", Role::Contract, &spec(""));
        let report = run_among(&Api::default(), vec![copy()], &[("docs/master/api.yaml", &spec(""))]);
        assert_eq!(facts(&report), []);
        let gone = deleted("docs/v1/api.yaml", Role::Contract, &spec("  /old: {get: {}}\n"));
        let report = run_among(&Api::default(), vec![gone], &[("docs/master/api.yaml", &spec(""))]);
        assert_eq!(facts(&report), [("api.operation_removed", Level::TalkFirst, 18)]);
        let report = run_among(&Api::default(), vec![copy()], &[("docs/other.yaml", &spec(""))]);
        assert_eq!(facts(&report).len(), 5);
    }

    #[test]
    fn experiments_and_copies() {
        let proto = |name: &str| {
            format!(
                "syntax = \"proto3\";\npackage shop.v1beta1;\nservice S {{ rpc {name}(M) returns (M); }}\nmessage M {{}}\n"
            )
        };
        let (old, new) = (proto("Do"), proto("Go"));
        let files = ["a/shop.proto", "b/shop.proto"].map(|path| modified(path, Role::Contract, &old, &new));
        let report = run(&Api::default(), files.to_vec());
        let found: Vec<_> =
            report.findings.iter().map(|finding| (finding.level, finding.evidence.len())).collect();
        assert_eq!(found, [(Level::WorthALook, 2), (Level::WorthALook, 2)]);
    }

    #[test]
    fn a_login_no_longer_asked_for_ranks_at_the_top() {
        let spec =
            "openapi: 3.0.0\nsecurity: [{key: []}]\npaths:\n  /export:\n    get:\n      responses: {}\n";
        let file =
            modified("openapi.yaml", Role::Contract, spec, &spec.replace("security: [{key: []}]\n", ""));
        let report = run(&Api::default(), vec![file]);
        assert_eq!(facts(&report), [("access.login_removed", Level::TalkFirst, 4)]);
    }

    #[test]
    fn messages_that_no_operation_takes_are_data() {
        let stored = |more: &str| {
            format!("syntax = \"proto3\";\npackage kept;\nmessage Kept {{ string a = 1;{more} }}\n")
        };
        let service = |import: &str| {
            format!("syntax = \"proto3\";\n{import}service S {{ rpc Do(M) returns (M); }}\nmessage M {{}}\n")
        };
        let said = |others: &[(&str, &str)]| {
            let file = modified("proto/kept.proto", Role::Contract, &stored(" string b = 2;"), &stored(""));
            let report = run_among(&Api::default(), vec![file], others);
            let lines = lines(&report.findings.iter().collect::<Vec<_>>());
            lines.into_iter().map(|line| line.shape).collect::<Vec<_>>()
        };
        let (alone, imported) = (service(""), service("import \"proto/kept.proto\";\n"));
        assert_eq!(said(&[("proto/api.proto", &alone)]), ["api/form_stricter"]);
        assert_eq!(said(&[("proto/api.proto", &imported)]), ["api/field_removed"]);
        // Where no operation is described at all, nothing can be told from that.
        assert_eq!(said(&[]), ["api/field_removed"]);
    }

    #[test]
    fn a_call_and_the_address_made_from_it_are_one_operation() {
        let proto = "syntax = \"proto3\";\npackage shop.v1;\nservice Orders {\n  rpc List(M) returns (M) {\n    option \
                     (google.api.http) = { get: \"/v1/{parent=shops/*}/orders\" additional_bindings { get: \"/orders\" } };\n  }\n}\nmessage M {}\n";
        let spec = |paths: &[&str]| {
            let paths: String =
                paths.iter().map(|path| format!("  {path}:\n    get: {{responses: {{}}}}\n")).collect();
            format!("openapi: 3.0.0\npaths:\n{paths}")
        };
        for paths in
            [["/v1/shops/{shop}/orders", "/orders", "/carts"], ["/v1/{parent}/orders", "/orders", "/carts"]]
        {
            let files = vec![
                added("shop.proto", Role::Contract, proto),
                added("openapi.yaml", Role::Contract, &spec(&paths)),
            ];
            let report = run(&Api::default(), files);
            let lines = lines(&report.findings.iter().collect::<Vec<_>>());
            assert_eq!(lines[0].facts["names"], json!(["GET /carts", "Orders.List"]));
        }
    }

    #[test]
    fn one_line_a_shape_and_names_without_packages() {
        let file = added(
            "shop.proto",
            Role::Contract,
            "syntax = \"proto3\";\npackage shop.v1;\nservice Cart { rpc Add(M) returns (M); rpc Empty(M) returns (M); }\nmessage M {}\n",
        );
        let report = run(&Api::default(), vec![file]);
        let findings: Vec<&Finding> = report.findings.iter().collect();
        let lines = lines(&findings);
        assert_eq!(
            lines.iter().map(|line| line.shape.as_str()).collect::<Vec<_>>(),
            ["api/added", "api/type_added"]
        );
        assert_eq!(lines[0].facts["names"], json!(["Cart.Add", "Cart.Empty"]));
        assert_eq!(lines[0].facts["only_additions"], json!(true));
    }
}
