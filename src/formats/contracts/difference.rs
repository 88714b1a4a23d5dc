//! One difference for all formats: two inventories in, facts with a verdict out.
//!
//! The verdict says whether software that relies on the old contract stops working: true, false, or `None` when the
//! text cannot prove it. What callers send and what they receive are judged by opposite rules.

use std::collections::{BTreeMap, HashSet};

use super::fit::{Fit, fit};
use super::{Direction, Document, Element, Format, Limit, Login, Place, What, protobuf};
use crate::change::RepoPath;
use crate::finding::{ApiOp, Side};

/// How many pairs of elements are compared before we give up: far more than any real contract has.
const MOST_STEPS: usize = 2_000_000;
/// How deep shapes may nest without going through a type by reference.
const MOST_DEPTH: usize = 60;

/// One change of a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The format.
    pub format: Format,
    /// What happens.
    pub op: ApiOp,
    /// What it happens to.
    pub what: What,
    /// What it belongs to, as written; none for what stands for itself.
    pub owner: Option<String>,
    /// Its own name.
    pub name: String,
    /// Owner and name.
    pub subject: String,
    /// Whether software that relies on it stops working.
    pub breaking: Option<bool>,
    /// Who sends it.
    pub direction: Option<Direction>,
    /// What it was.
    pub from: Option<String>,
    /// What it is.
    pub to: Option<String>,
    /// The author's words on what to use instead.
    pub advice: Option<String>,
    /// Whether it was marked for removal before this change.
    pub was_deprecated: bool,
    /// Whether nothing was promised.
    pub experimental: bool,
    /// Where it stands.
    pub place: Place,
    /// On which side that is.
    pub side: Side,
}

/// A login or scope that is no longer asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessDifference {
    /// The format.
    pub format: Format,
    /// `login` or `scope`.
    pub what: &'static str,
    /// The operation.
    pub subject: String,
    /// What was asked for.
    pub from: String,
    /// What is asked for now.
    pub to: Option<String>,
    /// Where it stands.
    pub place: Place,
    /// On which side that is.
    pub side: Side,
}

/// Everything that differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Operations, fields and values.
    pub api: Vec<Difference>,
    /// Logins and scopes.
    pub access: Vec<AccessDifference>,
    /// Whether the comparison was cut because the contract is too large.
    pub cut: bool,
}

/// Compares all documents of one format. `old_path` gives the path that a file had before. A definition is first
/// looked for in its own file, then in the others, so that what moves between files is no removal.
pub fn compare(
    format: Format,
    before: &[Document],
    after: &[Document],
    old_path: &dyn Fn(&RepoPath) -> RepoPath,
) -> Differences {
    let mut left: BTreeMap<(&str, RepoPath), (&Document, &Element)> = BTreeMap::new();
    for document in before {
        for (key, element) in &document.definitions {
            left.insert((key, document.path.clone()), (document, element));
        }
    }
    let mut pairs = Vec::new();
    let mut waiting = Vec::new();
    for document in after {
        for (key, element) in &document.definitions {
            match left.remove(&(key.as_str(), old_path(&document.path))) {
                Some(old) => pairs.push((old, (document, element))),
                None => waiting.push((key, document, element)),
            }
        }
    }
    let mut walk =
        Walk { format, found: Differences::default(), seen: HashSet::new(), steps: 0, experimental: false };
    for (key, document, element) in waiting {
        let keys = std::iter::once(key).chain(&element.aliases);
        let moved = keys.into_iter().find_map(|key| {
            let of_name =
                left.range((key.as_str(), RepoPath::new(""))..).take_while(|((name, _), _)| name == key);
            let mut fitting = of_name.filter(|(_, (old, _))| old.package == document.package);
            fitting.next().map(|(found, _)| found.clone())
        });
        match moved.and_then(|key| left.remove(&key)) {
            Some(old) => pairs.push((old, (document, element))),
            None => walk.definition_added(element),
        }
    }
    for (_, element) in left.into_values() {
        walk.definition_removed(element);
    }
    for ((old_document, old), (new_document, new)) in pairs {
        walk.experimental = old.experimental;
        let direction = new.direction.unwrap_or(Direction::Both);
        walk.element(Pair { old, new, old_document, new_document }, &Owner::default(), direction, 0);
    }
    walk.finish()
}

/// The element that others belong to: how it is written, and what joins it with their names.
#[derive(Clone, Debug, Default)]
struct Owner {
    subject: String,
    joint: &'static str,
}

impl Owner {
    fn subject_of(&self, name: &str, what: What) -> String {
        // A member of a union and a shape that is promised are said of the type itself.
        if matches!(what, What::Interface | What::Kind) || name.starts_with("on ") {
            return self.subject.clone();
        }
        match (self.subject.is_empty(), name.is_empty()) {
            (true, _) => name.to_owned(),
            (false, true) if what == What::Items => format!("{}[]", self.subject),
            (false, true) => self.subject.clone(),
            (false, false) => format!("{}{}{name}", self.subject, self.joint),
        }
    }
}

/// The same element on both sides.
#[derive(Clone, Copy)]
struct Pair<'a> {
    old: &'a Element,
    new: &'a Element,
    old_document: &'a Document,
    new_document: &'a Document,
}

impl<'a> Pair<'a> {
    fn of(self, old: &'a Element, new: &'a Element) -> Self {
        Pair { old, new, ..self }
    }
}

struct Walk {
    format: Format,
    found: Differences,
    /// Pairs of types by reference that were compared, with the direction in which they travel.
    seen: HashSet<(String, String, Direction)>,
    steps: usize,
    experimental: bool,
}

/// Judges what travels in both directions by the worse of the two.
fn judge(direction: Direction, request: Option<bool>, response: Option<bool>) -> Option<bool> {
    match direction {
        Direction::Request => request,
        Direction::Response => response,
        Direction::Both => match (request, response) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (None, _) | (_, None) => None,
            _ => Some(false),
        },
    }
}

impl Walk {
    fn add(
        &mut self,
        op: ApiOp,
        at: &Element,
        side: Side,
        owner: &Owner,
        direction: Direction,
        breaking: Option<bool>,
    ) {
        self.add_as(op, at, side, owner, direction, breaking, None, None);
    }

    #[expect(clippy::too_many_arguments, reason = "the one place that fills a difference")]
    fn add_as(
        &mut self,
        op: ApiOp,
        at: &Element,
        side: Side,
        owner: &Owner,
        direction: Direction,
        breaking: Option<bool>,
        from: Option<String>,
        to: Option<String>,
    ) {
        let directed = !matches!(at.what, What::Operation | What::Type | What::Service | What::Directive);
        self.found.api.push(Difference {
            format: self.format,
            op,
            what: at.what,
            owner: (!owner.subject.is_empty()).then(|| owner.subject.clone()),
            name: at.name.clone(),
            subject: owner.subject_of(&at.name, at.what),
            breaking,
            direction: directed.then_some(direction),
            from,
            to,
            advice: at.deprecated.clone().filter(|words| !words.trim().is_empty()),
            was_deprecated: side == Side::Before && at.deprecated.is_some(),
            experimental: self.experimental || at.experimental,
            place: at.place.clone(),
            side,
        });
    }

    fn definition_removed(&mut self, element: &Element) {
        self.experimental = element.experimental;
        self.removed(element, None, &Owner::default(), element.direction.unwrap_or(Direction::Both));
    }

    fn definition_added(&mut self, element: &Element) {
        self.experimental = element.experimental;
        self.added(element, None, &Owner::default(), element.direction.unwrap_or(Direction::Both));
    }

    fn removed(&mut self, old: &Element, parent: Option<&Element>, owner: &Owner, direction: Direction) {
        if old.what == What::Service || (old.what == What::Reserved && protobuf::is_covered(parent, old)) {
            return;
        }
        let (op, breaking) = match old.what {
            What::Operation => (ApiOp::OperationRemoved, Some(true)),
            // A message that nothing uses any more is gone from the text, not from the wire.
            What::Type if self.format == Format::Protobuf => (ApiOp::Other, None),
            What::Type | What::Interface | What::Directive | What::Reserved => (ApiOp::Other, Some(true)),
            What::Input if self.format == Format::GraphQl => (ApiOp::FieldRemoved, Some(true)),
            What::Input => (ApiOp::FieldRemoved, None),
            What::Header => (ApiOp::FieldRemoved, judge(direction, None, Some(true))),
            What::Field => (ApiOp::FieldRemoved, self.field_removed(old, parent, direction)),
            What::Value => {
                let breaking = match self.format {
                    Format::GraphQl => Some(true),
                    Format::Protobuf => (!protobuf::is_reserved(parent, old)).then_some(true),
                    Format::Avro => parent.is_none_or(|parent| parent.default.is_none()).then_some(true),
                    _ => judge(direction, Some(true), Some(false)),
                };
                (ApiOp::ValueRemoved, breaking)
            }
            What::Kind if self.format == Format::GraphQl => (ApiOp::ValueRemoved, Some(true)),
            What::Kind => (ApiOp::ValueRemoved, judge(direction, Some(true), Some(false))),
            What::Response => (ApiOp::ValueRemoved, Some(is_success(&old.name))),
            // Without a name it is the request's content as a whole: who still sends it may well be heard.
            What::Body if old.name.is_empty() => (ApiOp::FieldRemoved, None),
            What::Body => (ApiOp::ValueRemoved, Some(true)),
            What::Items | What::Login | What::Service => (ApiOp::Other, None),
        };
        self.add(op, old, Side::Before, owner, direction, breaking);
    }

    fn field_removed(&self, old: &Element, parent: Option<&Element>, direction: Direction) -> Option<bool> {
        let closed = parent.is_some_and(|parent| parent.closed);
        match self.format {
            Format::GraphQl => Some(true),
            // Old messages may still carry it; a reservation keeps its number from coming back as something else.
            Format::Protobuf => (old.required || !protobuf::is_reserved(parent, old)).then_some(true),
            // An old reader fails without it, unless it knows what to take instead.
            Format::Avro => old.default.is_none().then_some(true),
            Format::JsonSchema => closed.then_some(true),
            _ => judge(direction, closed.then_some(true), Some(true)),
        }
    }

    fn added(&mut self, new: &Element, parent: Option<&Element>, owner: &Owner, direction: Direction) {
        let demanded = new.required && new.default.is_none();
        let unknown_value = judge(direction, Some(false), None);
        let (op, breaking) = match new.what {
            What::Operation => (ApiOp::OperationAdded, Some(false)),
            What::Input | What::Field | What::Header | What::Body if self.is_sent(new, parent, direction) => {
                let op = if new.what == What::Body && !new.name.is_empty() {
                    ApiOp::ValueAdded
                } else {
                    ApiOp::FieldAdded
                };
                // Required with a start value: some servers take the value, others refuse the request.
                let breaking = if demanded {
                    Some(true)
                } else if new.required {
                    None
                } else {
                    Some(false)
                };
                (op, if op == ApiOp::ValueAdded { Some(false) } else { breaking })
            }
            What::Input | What::Field | What::Header => (ApiOp::FieldAdded, Some(false)),
            What::Body | What::Response => (ApiOp::ValueAdded, Some(false)),
            What::Value => match self.format {
                Format::JsonSchema => (ApiOp::ValueAdded, Some(false)),
                _ => (ApiOp::ValueAdded, unknown_value),
            },
            What::Kind if self.format == Format::JsonSchema => (ApiOp::ValueAdded, Some(false)),
            What::Kind if self.format == Format::GraphQl => (ApiOp::ValueAdded, unknown_value),
            What::Kind => (ApiOp::ValueAdded, judge(direction, Some(false), Some(true))),
            What::Interface => (ApiOp::Other, None),
            What::Type | What::Directive => (ApiOp::Other, Some(false)),
            What::Items => (ApiOp::Other, None),
            What::Service | What::Reserved | What::Login => return,
        };
        self.add(op, new, Side::After, owner, direction, breaking);
    }

    /// Whether callers, or those who wrote old messages, must send what is added.
    fn is_sent(&self, new: &Element, parent: Option<&Element>, direction: Direction) -> bool {
        match self.format {
            // Only inputs can be demanded; a reply's field is never.
            Format::GraphQl => new.what == What::Input,
            // The label `required` binds both sides for ever.
            Format::Protobuf => new.required,
            Format::Avro | Format::JsonSchema => true,
            _ => direction != Direction::Response && !(new.what == What::Body && parent.is_none()),
        }
    }

    fn element<'a>(&mut self, pair: Pair<'a>, owner: &Owner, direction: Direction, depth: usize) {
        self.steps += 1;
        if self.steps > MOST_STEPS || depth > MOST_DEPTH {
            self.found.cut = true;
            return;
        }
        let Pair { old, new, .. } = pair;
        self.marks(old, new, owner, direction);
        let old_shape = resolve(pair.old_document, old);
        let new_shape = resolve(pair.new_document, new);
        self.own(old, new, old_shape, new_shape, owner, direction);
        if let (Some(before), Some(after)) = (&old.target, &new.target)
            && !self.seen.insert((before.clone(), after.clone(), direction))
        {
            return;
        }
        // A type by reference is named by itself, wherever it is used.
        let inner = match &new.target {
            Some(_) => Owner { subject: new_shape.name.clone(), joint: "." },
            None if matches!(new.what, What::Body | What::Response) => owner.clone(),
            None => Owner {
                subject: owner.subject_of(&new.name, new.what),
                joint: if new.what == What::Operation && self.format == Format::OpenApi { ": " } else { "." },
            },
        };
        let direction = new.direction.unwrap_or(direction);
        let shapes = pair.of(old_shape, new_shape);
        if has_kinds(old_shape) != has_kinds(new_shape)
            && !old_shape.type_.is_empty() | !new_shape.type_.is_empty()
        {
            self.wrapped(pair, shapes, &inner, direction, depth);
        } else {
            self.parts(shapes, &inner, direction, depth);
        }
    }

    /// Deprecation, logins and rules that belong to the place, not to the shape.
    fn marks(&mut self, old: &Element, new: &Element, owner: &Owner, direction: Direction) {
        match (&old.deprecated, &new.deprecated) {
            (None, Some(_)) => self.add(ApiOp::Deprecated, new, Side::After, owner, direction, Some(false)),
            (Some(_), None) => self.add(ApiOp::Undeprecated, new, Side::After, owner, direction, Some(false)),
            _ => {}
        }
        if self.format == Format::Protobuf
            && old.name != new.name
            && matches!(old.what, What::Field | What::Value)
        {
            let (from, to) = (Some(old.name.clone()), Some(new.name.clone()));
            let breaking = match old.what {
                // A second name for the same number leaves the first one in place.
                What::Value => {
                    old.name.split(", ").any(|name| !new.name.split(", ").any(|other| other == name))
                }
                _ => true,
            };
            self.add_as(ApiOp::Other, old, Side::Before, owner, direction, Some(breaking), from, to);
        }
        for (rule, (to, breaking)) in &new.rules {
            // A field's name in JSON follows its name.
            if *rule == "json_name" && old.name != new.name {
                continue;
            }
            if let Some((from, _)) = old.rules.get(rule)
                && from != to
                && *breaking != Some(false)
            {
                let (from, to) = (Some(from.clone()), Some(to.clone()));
                self.add_as(ApiOp::Other, new, Side::After, owner, direction, *breaking, from, to);
            }
        }
        if let (Some(before), Some(after)) = (&old.logins, &new.logins) {
            self.logins(before, after, new, owner);
        }
    }

    fn logins(&mut self, before: &[Login], after: &[Login], at: &Element, owner: &Owner) {
        let open = |logins: &[Login]| logins.is_empty() || logins.iter().any(|login| login.is_empty());
        let say = |logins: &[Login]| {
            let one = |login: &Login| login.keys().cloned().collect::<Vec<_>>().join(" + ");
            logins.iter().map(one).collect::<Vec<_>>().join(" | ")
        };
        let mut access = |what, from: String, to| {
            self.found.access.push(AccessDifference {
                format: self.format,
                what,
                subject: owner.subject_of(&at.name, at.what),
                from,
                to,
                place: at.place.clone(),
                side: Side::After,
            });
        };
        let stricter = match (open(before), open(after)) {
            (true, true) => return,
            (false, true) => return access("login", say(before), None),
            (true, false) => Some((None, say(after))),
            (false, false) => {
                // Each old way in must still be one; the scopes it needs may only shrink.
                let shut = before.iter().find(|old| {
                    !after.iter().any(|new| {
                        new.iter()
                            .all(|(kind, scopes)| old.get(kind).is_some_and(|held| scopes.is_subset(held)))
                    })
                });
                let eased = before.iter().find_map(|old| {
                    let same = after.iter().find(|new| new.keys().eq(old.keys()))?;
                    let lost = old.iter().flat_map(|(kind, scopes)| {
                        scopes
                            .iter()
                            .filter(|scope| !same[kind].contains(*scope))
                            .cloned()
                            .collect::<Vec<_>>()
                    });
                    let lost: Vec<String> = lost.collect();
                    (!lost.is_empty()).then(|| lost.join(", "))
                });
                if let Some(lost) = eased
                    && shut.is_none()
                {
                    access("scope", lost, None);
                }
                shut.map(|_| (Some(say(before)), say(after)))
            }
        };
        if let Some((from, to)) = stricter {
            let login = Element {
                what: What::Login,
                name: at.name.clone(),
                ..Element::new(What::Login, "", &at.place.path, at.place.spot.clone())
            };
            self.add_as(
                ApiOp::NowRequired,
                &login,
                Side::After,
                owner,
                Direction::Request,
                Some(true),
                from,
                Some(to),
            );
        }
    }

    /// What an element says about itself: type, presence, start value, limits.
    fn own(
        &mut self,
        old: &Element,
        new: &Element,
        old_shape: &Element,
        new_shape: &Element,
        owner: &Owner,
        direction: Direction,
    ) {
        if has_kinds(old_shape) == has_kinds(new_shape) && self.is_new_pair(old, new, direction) {
            let fitting = match fit(self.format, &old_shape.type_, &new_shape.type_) {
                Fit::Same => Fit::Same,
                // A type of another kind under a name that stays, such as an object that becomes a list of values.
                _ if old.what == What::Type && old.target.is_none() => Fit::Other,
                other => other,
            };
            let nullable = match (old.nullable || old_shape.nullable, new.nullable || new_shape.nullable) {
                (false, true) => Fit::Wider,
                (true, false) => Fit::Narrower,
                _ => Fit::Same,
            };
            let fitting = match (fitting, nullable) {
                (Fit::Same, other) | (other, Fit::Same) => other,
                (one, other) if one == other => one,
                _ => Fit::Other,
            };
            let breaking = match fitting {
                Fit::Same => None,
                Fit::Alike => Some(Some(false)),
                Fit::Wider => Some(judge(self.reading(direction), Some(false), Some(true))),
                Fit::Narrower => Some(judge(self.reading(direction), Some(true), Some(false))),
                Fit::Other => Some(Some(true)),
            };
            if let Some(breaking) = breaking {
                let say = |element: &Element, shape: &Element| {
                    let null = if element.nullable || shape.nullable { " | null" } else { "" };
                    format!("{}{null}", if shape.type_.is_empty() { "any" } else { &shape.type_ })
                };
                let (from, to) = (say(old, old_shape), say(new, new_shape));
                self.add_as(
                    ApiOp::TypeChanged,
                    new,
                    Side::After,
                    owner,
                    direction,
                    breaking,
                    Some(from),
                    Some(to),
                );
            }
        }
        if old.required != new.required && self.format != Format::GraphQl {
            let (op, breaking) = match (new.required, self.format) {
                (_, Format::Protobuf) => {
                    (if new.required { ApiOp::NowRequired } else { ApiOp::NowOptional }, Some(true))
                }
                (true, _) => {
                    let request =
                        if new.default.is_none() && new_shape.default.is_none() { Some(true) } else { None };
                    (ApiOp::NowRequired, judge(self.reading(direction), request, Some(false)))
                }
                (false, _) => (ApiOp::NowOptional, judge(self.reading(direction), Some(false), Some(true))),
            };
            self.add(op, new, Side::After, owner, direction, breaking);
        }
        let defaults =
            |element: &Element, shape: &Element| element.default.clone().or_else(|| shape.default.clone());
        let (from, to) = (defaults(old, old_shape), defaults(new, new_shape));
        if from != to && (direction != Direction::Response || self.format != Format::OpenApi) {
            self.add_as(ApiOp::DefaultChanged, new, Side::After, owner, direction, None, from, to);
        }
        if old.target.is_none() || new.target.is_none() || self.is_new_pair(old, new, direction) {
            self.limits(old_shape, new_shape, new, owner, direction);
        }
    }

    fn is_new_pair(&self, old: &Element, new: &Element, direction: Direction) -> bool {
        match (&old.target, &new.target) {
            (Some(before), Some(after)) => !self.seen.contains(&(before.clone(), after.clone(), direction)),
            _ => true,
        }
    }

    /// Formats whose types are read against old data are judged as if old data were a request.
    fn reading(&self, direction: Direction) -> Direction {
        match self.format {
            Format::Avro | Format::JsonSchema => Direction::Request,
            _ => direction,
        }
    }

    fn limits(&mut self, old: &Element, new: &Element, at: &Element, owner: &Owner, direction: Direction) {
        let direction_of_limits = match self.format {
            // Who checks them is the one that is asked.
            Format::Protobuf => Direction::Request,
            _ => self.reading(direction),
        };
        let names = old.limits.keys().chain(new.limits.keys());
        let names: std::collections::BTreeSet<&String> = names.collect();
        for name in names {
            let (before, after) = (old.limits.get(name), new.limits.get(name));
            let tightened = match (before, after) {
                (before, after) if before == after => continue,
                (Some(before), Some(after)) => after.is_tighter_than(before),
                (None, Some(_)) => Some(true),
                (Some(_), None) => Some(false),
                (None, None) => continue,
            };
            let (op, breaking) = match tightened {
                Some(true) => (ApiOp::LimitTightened, judge(direction_of_limits, Some(true), Some(false))),
                Some(false) => (ApiOp::LimitLoosened, judge(direction_of_limits, Some(false), Some(true))),
                None => (ApiOp::LimitTightened, None),
            };
            let say = |limit: Option<&Limit>| limit.map(|limit| format!("{name} {limit}"));
            self.add_as(op, at, Side::After, owner, direction, breaking, say(before), say(after));
        }
        if old.closed != new.closed && self.format != Format::Protobuf {
            let (op, breaking) = if new.closed {
                (ApiOp::LimitTightened, judge(direction_of_limits, Some(true), Some(false)))
            } else {
                (ApiOp::LimitLoosened, Some(false))
            };
            let say =
                |closed: bool| Some(if closed { "no further fields" } else { "further fields" }.to_owned());
            self.add_as(op, at, Side::After, owner, direction, breaking, say(old.closed), say(new.closed));
        }
    }

    /// One side accepts several kinds, the other one: the one is looked for among the several.
    fn wrapped<'a>(
        &mut self,
        pair: Pair<'a>,
        shapes: Pair<'a>,
        owner: &Owner,
        direction: Direction,
        depth: usize,
    ) {
        let (old, new) =
            (kinds(pair.old_document, pair.old, shapes.old), kinds(pair.new_document, pair.new, shapes.new));
        let both: Vec<&String> = old.keys().filter(|key| new.contains_key(*key)).collect();
        if both.is_empty() {
            let say = |kinds: &BTreeMap<String, &Element>| {
                let names = kinds
                    .values()
                    .map(|kind| if kind.name.is_empty() { kind.type_.as_str() } else { kind.name.as_str() });
                Some(names.collect::<Vec<_>>().join(" | "))
            };
            let owner = Owner { subject: owner.subject.clone(), joint: "" };
            let at = Element { name: String::new(), what: What::Field, ..pair.new.clone() };
            self.add_as(
                ApiOp::TypeChanged,
                &at,
                Side::After,
                &owner,
                direction,
                Some(true),
                say(&old),
                say(&new),
            );
            return;
        }
        for key in both {
            if !std::ptr::eq(old[key], pair.old) || !std::ptr::eq(new[key], pair.new) {
                let plain = |element: &Element| element.what != What::Kind && element.target.is_none();
                // Wrapped in place: compared by its parts, since its own place was already.
                if plain(old[key]) || plain(new[key]) {
                    self.parts(
                        pair.of(resolve(pair.old_document, old[key]), resolve(pair.new_document, new[key])),
                        owner,
                        direction,
                        depth + 1,
                    );
                } else {
                    self.element(pair.of(old[key], new[key]), owner, direction, depth + 1);
                }
            }
        }
        for (key, kind) in &old {
            if !new.contains_key(key) {
                let kind = Element { what: What::Kind, name: key.clone(), ..(*kind).clone() };
                self.removed(&kind, Some(shapes.new), owner, direction);
            }
        }
        for (key, kind) in &new {
            if !old.contains_key(key) {
                let kind = Element { what: What::Kind, name: key.clone(), ..(*kind).clone() };
                self.added(&kind, Some(shapes.old), owner, direction);
            }
        }
    }

    fn parts<'a>(&mut self, pair: Pair<'a>, owner: &Owner, direction: Direction, depth: usize) {
        let Pair { old, new, .. } = pair;
        let travels = |part: &Element, direction: Direction| match direction {
            Direction::Request => !part.read_only,
            Direction::Response => !part.write_only,
            Direction::Both => true,
        };
        let renamed = renamed_kinds(pair);
        let mut values = (Vec::new(), Vec::new());
        for (key, part) in &old.parts {
            let direction = part.direction.unwrap_or(direction);
            if !travels(part, direction) {
                continue;
            }
            let same = new.parts.get(renamed.get(key).copied().unwrap_or(key));
            let same = same.or_else(|| new.parts.values().find(|part| part.aliases.contains(key)));
            match same.filter(|part| travels(part, direction)) {
                Some(other) => self.element(pair.of(part, other), owner, direction, depth + 1),
                None if part.what == What::Value => values.0.push((part, direction)),
                None => self.removed(part, Some(new), owner, direction),
            }
        }
        for (key, part) in &new.parts {
            let direction = part.direction.unwrap_or(direction);
            let mut keys = std::iter::once(key).chain(&part.aliases);
            let known = keys.any(|key| old.parts.get(key).is_some_and(|old| travels(old, direction)));
            if travels(part, direction) && !known && !renamed.values().any(|other| *other == key) {
                if part.what == What::Value {
                    values.1.push((part, direction));
                } else {
                    self.added(part, Some(old), owner, direction);
                }
            }
        }
        self.values(pair, values, owner, direction);
    }

    /// A closed list that opens, or closes, is one change of a limit, not one for each value.
    fn values<'a>(
        &mut self,
        pair: Pair<'a>,
        (gone, new): (Vec<(&'a Element, Direction)>, Vec<(&'a Element, Direction)>),
        owner: &Owner,
        direction: Direction,
    ) {
        let has = |element: &Element| element.parts.values().any(|part| part.what == What::Value);
        let list = |values: &[(&Element, Direction)]| {
            Some(values.iter().map(|(value, _)| value.name.as_str()).collect::<Vec<_>>().join(", "))
        };
        let json = matches!(self.format, Format::OpenApi | Format::AsyncApi | Format::JsonSchema);
        let direction_of_limits = self.reading(direction);
        let at = |element: &Element| Element {
            name: String::new(),
            what: What::Field,
            parts: BTreeMap::new(),
            ..element.clone()
        };
        if json && !gone.is_empty() && !has(pair.new) {
            let breaking = judge(direction_of_limits, Some(false), Some(true));
            self.add_as(
                ApiOp::LimitLoosened,
                &at(pair.new),
                Side::After,
                owner,
                direction,
                breaking,
                list(&gone),
                None,
            );
            return;
        }
        if json && !new.is_empty() && !has(pair.old) {
            let breaking = judge(direction_of_limits, Some(true), Some(false));
            self.add_as(
                ApiOp::LimitTightened,
                &at(pair.new),
                Side::After,
                owner,
                direction,
                breaking,
                None,
                list(&new),
            );
            return;
        }
        for (value, direction) in gone {
            self.removed(value, Some(pair.new), owner, direction);
        }
        for (value, direction) in new {
            self.added(value, Some(pair.old), owner, direction);
        }
    }

    fn finish(mut self) -> Differences {
        self.found.api = without_moves(merged(self.found.api));
        let mut seen = HashSet::new();
        self.found.access.retain(|one| seen.insert((one.what, one.subject.clone(), one.place.path.clone())));
        self.found
    }
}

/// The same fact said in both directions, or reached in two ways, is one fact; the worse verdict stays.
fn merged(all: Vec<Difference>) -> Vec<Difference> {
    let mut found: Vec<Difference> = Vec::new();
    let mut at: BTreeMap<(RepoPath, [String; 2], ApiOp, What, Option<String>, Option<String>), usize> =
        BTreeMap::new();
    for one in all {
        let key = (
            one.place.path.clone(),
            [one.subject.clone(), one.name.clone()],
            one.op,
            one.what,
            one.from.clone(),
            one.to.clone(),
        );
        match at.get(&key) {
            Some(&position) => {
                let other = &mut found[position];
                other.breaking = judge(Direction::Both, other.breaking, one.breaking);
                if other.direction != one.direction {
                    other.direction = other.direction.and(one.direction).map(|_| Direction::Both);
                }
            }
            None => {
                at.insert(key, found.len());
                found.push(one);
            }
        }
    }
    found
}

/// A part that left one definition of a type for another one of the same name, in another file, did not leave.
fn without_moves(mut all: Vec<Difference>) -> Vec<Difference> {
    type Key = (String, String, What);
    let key = |one: &Difference| -> Key { (one.subject.clone(), one.name.clone(), one.what) };
    let is = |one: &Difference, ops: [ApiOp; 2]| ops.contains(&one.op);
    let gone: HashSet<Key> =
        all.iter().filter(|one| is(one, [ApiOp::FieldRemoved, ApiOp::ValueRemoved])).map(key).collect();
    let new: HashSet<Key> =
        all.iter().filter(|one| is(one, [ApiOp::FieldAdded, ApiOp::ValueAdded])).map(key).collect();
    let nominal = |one: &Difference| matches!(one.format, Format::GraphQl);
    all.retain(|one| {
        let counts = is(one, [ApiOp::FieldRemoved, ApiOp::ValueRemoved])
            || is(one, [ApiOp::FieldAdded, ApiOp::ValueAdded]);
        !(nominal(one) && counts && gone.contains(&key(one)) && new.contains(&key(one)))
    });
    all
}

/// Replies that callers hope for.
fn is_success(status: &str) -> bool {
    status.starts_with(['2', '3']) || status == "default"
}

/// The shape behind a type by reference; the element itself where there is none.
fn resolve<'a>(document: &'a Document, element: &'a Element) -> &'a Element {
    let mut shape = element;
    for _ in 0..16 {
        match shape.target.as_ref().and_then(|key| document.types.get(key)) {
            Some(next) => shape = next,
            None => break,
        }
    }
    shape
}

fn has_kinds(element: &Element) -> bool {
    element.parts.values().any(|part| part.what == What::Kind)
}

/// The kinds that an element accepts; itself, under the name of its last reference, where it is only one.
fn kinds<'a>(
    document: &'a Document,
    element: &'a Element,
    shape: &'a Element,
) -> BTreeMap<String, &'a Element> {
    if has_kinds(shape) {
        return shape
            .parts
            .values()
            .filter(|part| part.what == What::Kind)
            .map(|part| (identity(part), part))
            .collect();
    }
    let mut last = element;
    for _ in 0..16 {
        match last.target.as_ref().and_then(|key| document.types.get(key)) {
            Some(next) if next.target.is_some() => last = next,
            _ => break,
        }
    }
    BTreeMap::from([(identity(last), element)])
}

/// A kind by its key, and the shape by which it is known again: its type and the keys of its parts.
type Signed<'a> = (&'a String, (&'a str, Vec<&'a String>));

/// Kinds under another name that hold the same parts: old key to new key.
fn renamed_kinds(pair: Pair<'_>) -> BTreeMap<&String, &String> {
    fn alone<'a>(one: &'a Element, other: &Element, document: &'a Document) -> Vec<Signed<'a>> {
        let kinds = one.parts.iter().filter(|(key, part)| {
            part.what == What::Kind && part.target.is_some() && !other.parts.contains_key(*key)
        });
        let signed = kinds.map(|(key, part)| {
            let shape = resolve(document, part);
            (key, (shape.type_.as_str(), shape.parts.keys().collect()))
        });
        signed.take(100).collect()
    }
    let gone = alone(pair.old, pair.new, pair.old_document);
    let new = alone(pair.new, pair.old, pair.new_document);
    let mut taken = HashSet::new();
    let same = gone.iter().filter_map(|(key, sign)| {
        let fits = |other: &&Signed<'_>| other.1 == *sign && !sign.1.is_empty() && !taken.contains(other.0);
        let (other, _) = new.iter().find(fits)?;
        taken.insert(*other);
        Some((*key, *other))
    });
    same.collect()
}

/// What tells one kind from another: the name of the type by reference, else its type and the names of its parts.
pub(super) fn identity(element: &Element) -> String {
    match &element.target {
        Some(key) => key.rsplit(['/', '#']).next().unwrap_or(key).to_owned(),
        None => {
            let names: Vec<&str> = element.parts.values().map(|part| part.name.as_str()).collect();
            if names.is_empty() {
                element.type_.clone()
            } else {
                format!("{} {{{}}}", element.type_, names.join(", "))
            }
        }
    }
}
