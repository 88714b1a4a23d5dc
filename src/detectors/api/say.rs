//! Sentences over findings of one shape.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::change::RepoPath;
use crate::detectors::Line;
use crate::finding::{ApiFacts, ApiOp, Facts, Finding, Side};
use crate::formats::contracts::{self, Format};

/// Types and limits longer than this are not shown in a sentence.
const LONGEST_SHOWN: usize = 40;

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
