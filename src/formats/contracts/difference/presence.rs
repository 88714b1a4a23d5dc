//! Parts that come or go: what breaks whom, by format and direction.

use std::collections::BTreeMap;

use super::super::{Direction, Element, Format, What, protobuf};
use super::{Owner, Pair, Travelling, Walk, judge};
use crate::finding::{ApiOp, Side};

impl<'a> Walk<'a> {
    pub(super) fn removed(
        &mut self,
        old: &Element,
        parent: Option<&Element>,
        owner: &Owner,
        direction: Direction,
    ) {
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
            What::Items => (ApiOp::Other, judge(direction, Some(false), None)),
            What::Login | What::Service => (ApiOp::Other, None),
        };
        self.add(op, old, Side::Before, owner, direction, breaking);
    }

    pub(super) fn field_removed(
        &self,
        old: &Element,
        parent: Option<&Element>,
        direction: Direction,
    ) -> Option<bool> {
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

    pub(super) fn added(
        &mut self,
        new: &Element,
        parent: Option<&Element>,
        owner: &Owner,
        direction: Direction,
    ) {
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
            What::Items => (ApiOp::Other, judge(direction, None, Some(false))),
            What::Service | What::Reserved | What::Login => return,
        };
        self.add(op, new, Side::After, owner, direction, breaking);
    }

    /// Whether callers, or those who wrote old messages, must send what is added.
    pub(super) fn is_sent(&self, new: &Element, parent: Option<&Element>, direction: Direction) -> bool {
        match self.format {
            // Only inputs can be demanded; a reply's field is never.
            Format::GraphQl => new.what == What::Input,
            // The label `required` binds both sides for ever.
            Format::Protobuf => new.required,
            Format::Avro | Format::JsonSchema => true,
            _ => direction != Direction::Response && !(new.what == What::Body && parent.is_none()),
        }
    }

    /// A closed list that opens, or closes, is one change of a limit, not one for each value.
    pub(super) fn values(
        &mut self,
        pair: Pair<'a>,
        (gone, new): (Travelling<'a>, Travelling<'a>),
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
}

/// Replies that callers hope for.
fn is_success(status: &str) -> bool {
    status.starts_with(['2', '3']) || status == "default"
}

/// Fields and values of protocol buffers that stay under another number: old number to new number.
pub(super) fn renumbered(format: Format, pair: Pair<'_>) -> BTreeMap<&String, &String> {
    if format != Format::Protobuf {
        return BTreeMap::new();
    }
    fn alone<'a>(one: &'a Element, other: &'a Element) -> BTreeMap<(&'a str, What), &'a String> {
        let parts = one.parts.iter().filter(|(key, part)| {
            matches!(part.what, What::Field | What::Value) && !other.parts.contains_key(*key)
        });
        parts.map(|(key, part)| ((part.name.as_str(), part.what), key)).collect()
    }
    let new = alone(pair.new, pair.old);
    let gone = alone(pair.old, pair.new);
    gone.into_iter().filter_map(|(name, key)| Some((key, *new.get(&name)?))).collect()
}
