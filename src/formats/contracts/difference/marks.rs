//! What stands on a place and not in its shape: marks for removal, names, rules, logins.

use std::collections::BTreeSet;

use super::super::{Direction, Document, Element, Format, Login, What};
use super::{AccessDifference, Owner, Pair, Walk};
use crate::finding::{ApiOp, Side};

impl<'a> Walk<'a> {
    /// Deprecation, logins and rules that belong to the place, not to the shape.
    pub(super) fn marks(&mut self, pair: Pair<'a>, owner: &Owner, direction: Direction) {
        let Pair { old, new, .. } = pair;
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
            self.logins(pair, before, after, owner);
        }
    }

    fn logins(&mut self, pair: Pair<'a>, before: &[Login], after: &[Login], owner: &Owner) {
        let at = pair.new;
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
            (true, false) => Some((None, say(after), Some(true))),
            (false, false) if self.format == Format::GraphQl && same_directives(before, after) => {
                // Whether one of the names is enough, or all are needed, no schema says.
                let login = Element {
                    what: What::Login,
                    name: at.name.clone(),
                    ..Element::new(What::Login, "", &at.place.path, at.place.spot.clone())
                };
                let (from, to) = (Some(say(before)), Some(say(after)));
                if from != to {
                    self.add_as(ApiOp::Other, &login, Side::After, owner, Direction::Request, None, from, to);
                }
                return;
            }
            (false, false) => {
                // Each old way in must still be one; the scopes it needs may only shrink.
                let shut = before.iter().find(|old| {
                    !after.iter().any(|new| {
                        new.iter()
                            .all(|(kind, scopes)| old.get(kind).is_some_and(|held| scopes.is_subset(held)))
                    })
                });
                // A way in that was not there before, and asks for less than one that was.
                let eased = after.iter().filter(|new| !before.contains(*new)).find_map(|new| {
                    before.iter().filter(|old| old.keys().eq(new.keys())).find_map(|old| {
                        let is_less = new.iter().all(|(kind, scopes)| scopes.is_subset(&old[kind]));
                        let lost =
                            old.iter().flat_map(|(kind, scopes)| scopes.difference(&new[kind]).cloned());
                        let lost: Vec<String> = lost.collect();
                        (is_less && !lost.is_empty()).then(|| lost.join(", "))
                    })
                });
                if let Some(lost) = eased
                    && shut.is_none()
                {
                    access("scope", lost, None);
                }
                // A login of the same kind under another name may well let in the same people, as may a permission that
                // takes another one's place.
                let is_like = |old: &Login, new: &Login| {
                    kinds_of(pair.old_document, old) == kinds_of(pair.new_document, new)
                        && !(old.keys().eq(new.keys())
                            && new.iter().all(|(kind, scopes)| scopes.is_superset(&old[kind])))
                };
                let other = |old: &Login| after.iter().any(|new| !before.contains(new) && is_like(old, new));
                let breaking = shut.map(|old| (!other(old)).then_some(true));
                breaking.map(|breaking| (Some(say(before)), say(after), breaking))
            }
        };
        if let Some((from, to, breaking)) = stricter {
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
                breaking,
                from,
                Some(to),
            );
        }
    }
}

/// What a way to be let in asks for, whatever it is named.
fn kinds_of<'d>(document: &'d Document, login: &'d Login) -> Vec<&'d str> {
    let kind_of = |name: &'d String| {
        let scheme = document.definitions.get(&format!("login {name}"));
        scheme.and_then(|scheme| scheme.rules.get("type")).map_or("", |(kind, _)| kind.as_str())
    };
    let mut kinds: Vec<&str> = login.keys().map(kind_of).collect();
    kinds.sort_unstable();
    kinds
}

/// Whether both sides ask by the same directives, whatever stands in their brackets.
fn same_directives(before: &[Login], after: &[Login]) -> bool {
    let names = |logins: &[Login]| -> BTreeSet<String> {
        let written = logins.iter().flat_map(|login| login.keys());
        written.map(|login| login.split('(').next().unwrap_or(login).to_owned()).collect()
    };
    names(before) == names(after)
}
