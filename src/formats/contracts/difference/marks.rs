//! What stands on a place and not in its shape: marks for removal, names, rules, logins.

use std::collections::BTreeSet;

use super::super::{Direction, Element, Format, Login, What};
use super::{AccessDifference, Owner, Walk};
use crate::finding::{ApiOp, Side};

impl<'a> Walk<'a> {
    /// Deprecation, logins and rules that belong to the place, not to the shape.
    pub(super) fn marks(&mut self, old: &Element, new: &Element, owner: &Owner, direction: Direction) {
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

    pub(super) fn logins(&mut self, before: &[Login], after: &[Login], at: &Element, owner: &Owner) {
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
}

/// Whether both sides ask by the same directives, whatever stands in their brackets.
fn same_directives(before: &[Login], after: &[Login]) -> bool {
    let names = |logins: &[Login]| -> BTreeSet<String> {
        let written = logins.iter().flat_map(|login| login.keys());
        written.map(|login| login.split('(').next().unwrap_or(login).to_owned()).collect()
    };
    names(before) == names(after)
}
