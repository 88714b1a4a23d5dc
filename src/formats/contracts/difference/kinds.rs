//! Elements that accept one of several kinds: which is which under another name, and one kind against several.

use std::collections::{BTreeMap, HashSet};

use super::super::{Direction, Document, Element, What};
use super::{Owner, Pair, Walk, resolve};
use crate::finding::{ApiOp, Side};

impl<'a> Walk<'a> {
    /// One side accepts several kinds, the other one: the one is looked for among the several.
    pub(super) fn wrapped(
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
                // What is not one of several kinds bears the name of its place, not of what it is.
                let names = kinds.iter().map(|(key, kind)| match kind.what {
                    What::Kind if !kind.name.is_empty() => kind.name.as_str(),
                    _ => key.as_str(),
                });
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
}

pub(super) fn has_kinds(element: &Element) -> bool {
    element.parts.values().any(|part| part.what == What::Kind)
}

/// The kinds that an element accepts; itself, under the name of its last reference, where it is only one.
pub(super) fn kinds<'a>(
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
pub(super) fn renamed_kinds(pair: Pair<'_>) -> BTreeMap<&String, &String> {
    pub(super) fn alone<'a>(one: &'a Element, other: &Element, document: &'a Document) -> Vec<Signed<'a>> {
        let kinds = one.parts.iter().filter(|(key, part)| {
            part.what == What::Kind && part.target.is_some() && !other.parts.contains_key(*key)
        });
        let signed = kinds.map(|(key, part)| {
            let shape = resolve(document, part);
            // Kinds of a kind may lead back to the one that got another name.
            let held = shape.parts.iter().filter(|(_, part)| part.what != What::Kind);
            (key, (shape.type_.as_str(), held.map(|(key, _)| key).collect()))
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
pub(in crate::formats::contracts) fn identity(element: &Element) -> String {
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
