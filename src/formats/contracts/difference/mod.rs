//! One difference for all formats: two inventories in, facts with a verdict out.
//!
//! The verdict says whether software that relies on the old contract stops working: true, false, or `None` when the
//! text cannot prove it. What callers send and what they receive are judged by opposite rules.

mod kinds;
mod marks;
mod merge;
mod presence;
mod shape;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use super::{Direction, Document, Element, Format, Place, What};
use crate::change::RepoPath;
use crate::finding::{ApiOp, Side};

pub(super) use kinds::identity;
use kinds::{has_kinds, renamed_kinds};
use presence::renumbered;

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
    /// Other names under which it is known.
    pub aliases: Vec<String>,
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
    let paths = |documents: &[Document]| documents.iter().map(|document| document.path.clone()).collect();
    let keys = |documents: &'_ [Document]| -> HashSet<String> {
        documents.iter().flat_map(|document| document.definitions.keys().cloned()).collect()
    };
    let (old_paths, new_paths): (HashSet<RepoPath>, HashSet<RepoPath>) = (paths(before), paths(after));
    let (old_keys, new_keys) = (keys(before), keys(after));
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
    let mut walk = Walk {
        format,
        found: Differences::default(),
        seen: HashSet::new(),
        waiting: VecDeque::new(),
        steps: 0,
        experimental: false,
    };
    // The whole address of an operation, by which it is known wherever its beginning is said. In other formats a name
    // that was given up may well be that of something else now.
    let whole = |element: &Element, key: &str| element.aliases.first().map_or(key, String::as_str).to_owned();
    let known_as: HashMap<String, String> = left
        .iter()
        .filter(|_| format == Format::OpenApi)
        .map(|((key, _), (_, old))| (whole(old, key), (*key).to_owned()))
        .collect();
    for (key, document, element) in waiting {
        let keys: Vec<&String> = match format {
            Format::OpenApi => {
                [Some(key), known_as.get(&whole(element, key))].into_iter().flatten().collect()
            }
            _ => std::iter::once(key).chain(&element.aliases).collect(),
        };
        let moved = keys.into_iter().find_map(|key| {
            let of_name =
                left.range((key.as_str(), RepoPath::new(""))..).take_while(|((name, _), _)| name == key);
            let mut fitting = of_name.filter(|(_, (old, _))| old.package == document.package);
            fitting.next().map(|(found, _)| found.clone())
        });
        match moved.and_then(|key| left.remove(&key)) {
            Some(old) => pairs.push((old, (document, element))),
            // A second file that says the same: a description split into parts, or bundled from them.
            None if old_keys.contains(key) && !old_paths.contains(&old_path(&document.path)) => {}
            None => walk.definition_added(element),
        }
    }
    let new_to_old: HashSet<RepoPath> = new_paths.iter().map(old_path).collect();
    for ((key, path), (_, element)) in left {
        if !new_keys.contains(key) || new_to_old.contains(&path) {
            walk.definition_removed(element);
        }
    }
    for ((old_document, old), (new_document, new)) in pairs {
        walk.experimental = old.experimental;
        let direction = new.direction.unwrap_or(Direction::Both);
        walk.element(Pair { old, new, old_document, new_document }, &Owner::default(), direction, 0);
        // Types by reference may lead to each other in long chains.
        while let Some((pair, owner, direction)) = walk.waiting.pop_front() {
            walk.inside(pair, &owner, direction, 0);
        }
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
            (false, true) if what == What::Body => format!("{}: body", self.subject),
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

/// Parts with the direction in which they travel.
type Travelling<'a> = Vec<(&'a Element, Direction)>;

struct Walk<'a> {
    format: Format,
    found: Differences,
    /// Pairs of types by reference that were compared, with the direction in which they travel.
    seen: HashSet<(&'a str, &'a str, Direction)>,
    /// The shapes of such pairs that are still to be compared, each with its name.
    waiting: VecDeque<(Pair<'a>, Owner, Direction)>,
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

impl<'a> Walk<'a> {
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
            aliases: at.aliases.iter().cloned().collect(),
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

    fn element(&mut self, pair: Pair<'a>, owner: &Owner, direction: Direction, depth: usize) {
        self.steps += 1;
        if self.steps > MOST_STEPS || depth > MOST_DEPTH {
            self.found.cut = true;
            return;
        }
        let Pair { old, new, .. } = pair;
        self.marks(pair, owner, direction);
        let old_shape = resolve(pair.old_document, old);
        let new_shape = resolve(pair.new_document, new);
        let is_other = self.own(old, new, old_shape, new_shape, owner, direction);
        if let (Some(before), Some(after)) = (&old.target, &new.target)
            && !self.seen.insert((before, after, direction))
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
        // What was an object and is a text now has no fields that could go.
        let of_shape = matches!(self.format, Format::OpenApi | Format::AsyncApi | Format::JsonSchema);
        if is_other && (of_shape || (self.format == Format::GraphQl && new.what == What::Type)) {
            return;
        }
        if old.target.is_some() && new.target.is_some() {
            self.waiting.push_back((pair, inner, direction));
        } else {
            self.inside(pair, &inner, direction, depth);
        }
    }

    /// What an element consists of.
    fn inside(&mut self, pair: Pair<'a>, owner: &Owner, direction: Direction, depth: usize) {
        let old = resolve(pair.old_document, pair.old);
        let new = resolve(pair.new_document, pair.new);
        let shapes = pair.of(old, new);
        let is_wrapped = has_kinds(old) != has_kinds(new) && self.format != Format::GraphQl;
        if is_wrapped && !old.type_.is_empty() | !new.type_.is_empty() {
            self.wrapped(pair, shapes, owner, direction, depth);
        } else {
            self.parts(shapes, owner, direction, depth);
        }
    }

    fn is_new_pair(&self, old: &'a Element, new: &'a Element, direction: Direction) -> bool {
        match (&old.target, &new.target) {
            (Some(before), Some(after)) => !self.seen.contains(&(before.as_str(), after.as_str(), direction)),
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

    fn parts(&mut self, pair: Pair<'a>, owner: &Owner, direction: Direction, depth: usize) {
        let Pair { old, new, .. } = pair;
        let travels = |part: &Element, direction: Direction| match direction {
            Direction::Request => !part.read_only,
            Direction::Response => !part.write_only,
            Direction::Both => true,
        };
        let renamed = renamed_kinds(pair);
        let renumbered = renumbered(self.format, pair);
        let taken: HashSet<&String> = renamed.values().chain(renumbered.values()).copied().collect();
        // Few formats have other names at all.
        let known_as: HashMap<&String, &Element> =
            new.parts.values().flat_map(|part| part.aliases.iter().map(move |alias| (alias, part))).collect();
        let mut values = (Vec::new(), Vec::new());
        let mut kinds: (Travelling<'_>, Travelling<'_>) = (Vec::new(), Vec::new());
        for (key, part) in &old.parts {
            let direction = part.direction.unwrap_or(direction);
            if !travels(part, direction) {
                continue;
            }
            let key_now = renamed.get(key).copied().unwrap_or(key);
            // Its number may now be that of another one.
            let is_free = renamed.contains_key(key) || !taken.contains(key);
            let same = new.parts.get(key_now).filter(|_| is_free && !renumbered.contains_key(key));
            let same = same.or_else(|| known_as.get(key).copied());
            match same.filter(|part| travels(part, direction)) {
                Some(other) => self.element(pair.of(part, other), owner, direction, depth + 1),
                None if renumbered.contains_key(key) => {
                    let (from, to) = (Some(key.clone()), renumbered.get(key).map(|number| (*number).clone()));
                    self.add_as(ApiOp::Other, part, Side::Before, owner, direction, Some(true), from, to);
                }
                None if part.what == What::Value => values.0.push((part, direction)),
                None if part.what == What::Kind => kinds.0.push((part, direction)),
                None => self.removed(part, Some(new), owner, direction),
            }
        }
        for (key, part) in &new.parts {
            let direction = part.direction.unwrap_or(direction);
            let mut keys = std::iter::once(key).chain(&part.aliases);
            let known = keys.any(|key| {
                !renumbered.contains_key(key) && old.parts.get(key).is_some_and(|old| travels(old, direction))
            });
            if travels(part, direction) && !known && !taken.contains(key) {
                match part.what {
                    What::Value => values.1.push((part, direction)),
                    What::Kind => kinds.1.push((part, direction)),
                    _ => self.added(part, Some(old), owner, direction),
                }
            }
        }
        self.values(pair, values, owner, direction);
        // What one kind accepted, another one under another name may accept too.
        let first = self.found.api.len();
        let is_unsure = self.format != Format::GraphQl && !kinds.0.is_empty() && !kinds.1.is_empty();
        for (kind, direction) in kinds.0 {
            self.removed(kind, Some(new), owner, direction);
        }
        for (kind, direction) in kinds.1 {
            self.added(kind, Some(old), owner, direction);
        }
        for one in self.found.api[first..].iter_mut().filter(|one| is_unsure && one.breaking == Some(true)) {
            one.breaking = None;
        }
    }

    fn finish(mut self) -> Differences {
        self.found.api = merge::without_moves(merge::merged(self.found.api));
        let mut seen = HashSet::new();
        self.found.access.retain(|one| seen.insert((one.what, one.subject.clone(), one.place.path.clone())));
        self.found
    }
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
