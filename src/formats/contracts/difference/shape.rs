//! What an element says about itself: type, presence, start value, limits.

use super::super::fit::{Fit, fit};
use super::super::{Direction, Element, Format, Limit, What};
use super::{Owner, Walk, has_kinds, judge};
use crate::finding::{ApiOp, Side};

impl<'a> Walk<'a> {
    /// What an element says about itself: type, presence, start value, limits. Whether its type is another one, of
    /// which nothing fits the old one.
    pub(super) fn own(
        &mut self,
        old: &Element,
        new: &Element,
        old_shape: &Element,
        new_shape: &Element,
        owner: &Owner,
        direction: Direction,
    ) -> bool {
        let mut is_other = false;
        let is_comparable = has_kinds(old_shape) == has_kinds(new_shape) || self.format == Format::GraphQl;
        if is_comparable && self.is_new_pair(old, new, direction) {
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
                // What a reference without a type behind it stands for, no text says.
                Fit::Other if old_shape.dangling != new_shape.dangling => Some(None),
                Fit::Other => Some(Some(true)),
            };
            let base = |shape: &Element| shape.type_.split(" (").next().unwrap_or_default().to_owned();
            let (before, after) = (base(old_shape), base(new_shape));
            is_other = fitting == Fit::Other && before != after && !before.is_empty() && !after.is_empty();
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
        let is_new = old.target.is_none() || new.target.is_none() || self.is_new_pair(old, new, direction);
        // One kind against several has limits only inside of each kind.
        if is_new && !is_other && has_kinds(old_shape) == has_kinds(new_shape) {
            self.limits(old_shape, new_shape, new, owner, direction);
        }
        is_other
    }

    pub(super) fn limits(
        &mut self,
        old: &Element,
        new: &Element,
        at: &Element,
        owner: &Owner,
        direction: Direction,
    ) {
        let direction_of_limits = match self.format {
            // Who checks them is the one that is asked.
            Format::Protobuf => Direction::Request,
            _ => self.reading(direction),
        };
        let names = old.limits.keys().chain(new.limits.keys());
        let names: std::collections::BTreeSet<&String> = names.collect();
        for name in names {
            let (before, after) = (old.limits.get(name), new.limits.get(name));
            // A pattern of texts does not bind the numbers that were accepted alone before, and so on.
            if matches!((before, after), (None, Some(_)) if !binds(name, &old.type_))
                || matches!((before, after), (Some(_), None) if !binds(name, &new.type_))
            {
                continue;
            }
            let tightened = match (before, after) {
                (before, after) if before == after => continue,
                (Some(before), Some(after)) => after.is_tighter_than(before),
                (None, Some(_)) => Some(true),
                (Some(_), None) => Some(false),
                (None, None) => continue,
            };
            let (op, breaking) = match tightened {
                Some(true) => (ApiOp::LimitTightened, judge(direction_of_limits, Some(true), Some(false))),
                // An app knows how long a text may be; few read it by the pattern that it was promised to fit.
                Some(false) => {
                    let of_replies = if matches!(before, Some(Limit::Rule(_))) { None } else { Some(true) };
                    (ApiOp::LimitLoosened, judge(direction_of_limits, Some(false), of_replies))
                }
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
}

/// Whether a limit says anything about values of these types.
fn binds(limit: &str, types: &str) -> bool {
    let kinds: &[&str] = match limit {
        "maxLength" | "minLength" | "pattern" => &["string"],
        "maximum" | "minimum" | "multipleOf" => &["integer", "number"],
        "maxItems" | "minItems" => &["array"],
        "maxProperties" | "minProperties" => &["object"],
        _ => return true,
    };
    let known = ["array", "boolean", "integer", "number", "object", "string"];
    let kind = |of: &str| of.trim().split(' ').next().unwrap_or_default().to_owned();
    // What is not said may be anything.
    types.split('|').map(kind).any(|of| kinds.contains(&of.as_str()) || !known.contains(&of.as_str()))
}
