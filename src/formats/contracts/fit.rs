//! Whether a type accepts what another type accepts, by the rules of each format.

use super::Format;

/// What a new type accepts, compared with the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// The same.
    Same,
    /// Written in another way, and both sides still understand each other.
    Alike,
    /// All of it, and more.
    Wider,
    /// Only a part of it.
    Narrower,
    /// Something else.
    Other,
}

/// Compares two types as the format writes them.
pub(super) fn fit(format: Format, before: &str, after: &str) -> Fit {
    if before == after {
        return Fit::Same;
    }
    match format {
        Format::GraphQl => both_ways(before, after, &|inner, outer| graphql_accepts(inner, outer, 0)),
        Format::Protobuf => protobuf(before, after),
        Format::Avro => both_ways(before, after, &|inner, outer| unions(inner, outer, &avro_accepts)),
        Format::OpenApi | Format::AsyncApi | Format::JsonSchema => {
            both_ways(before, after, &|inner, outer| unions(inner, outer, &json_accepts))
        }
    }
}

/// Which of the types before, joined by ` | `, the narrower type after them refuses; `None` where it is not narrower.
/// `any` stands for the type that accepts all.
pub fn refused<'t>(format: Format, before: &'t str, after: &str) -> Option<Vec<&'t str>> {
    let plain = |text: &'_ str| text.replace("any", "");
    (fit(format, &plain(before), &plain(after)) == Fit::Narrower).then(|| {
        let gone = |one: &&str| !matches!(fit(format, one, after), Fit::Same | Fit::Alike | Fit::Wider);
        before.split(" | ").filter(gone).collect()
    })
}

/// `accepts(inner, outer)` says whether all of `inner` is also `outer`.
fn both_ways(before: &str, after: &str, accepts: &dyn Fn(&str, &str) -> bool) -> Fit {
    match (accepts(before, after), accepts(after, before)) {
        (true, true) => Fit::Alike,
        (true, false) => Fit::Wider,
        (false, true) => Fit::Narrower,
        (false, false) => Fit::Other,
    }
}

/// Types joined by ` | `: each of the inner ones must find a place.
fn unions(inner: &str, outer: &str, accepts: &dyn Fn(&str, &str) -> bool) -> bool {
    inner.split(" | ").all(|one| outer.split(" | ").any(|other| accepts(one, other)))
}

/// `integer (int32)` in `integer (int64)`, in `number`, in the empty type, which accepts all.
fn json_accepts(inner: &str, outer: &str) -> bool {
    if outer.is_empty() || inner == outer {
        return true;
    }
    let split = |text: &str| match text.split_once(" (") {
        Some((kind, format)) => (kind.to_owned(), format.trim_end_matches(')').to_owned()),
        None => (text.to_owned(), String::new()),
    };
    let ((inner, inner_format), (outer, outer_format)) = (split(inner), split(outer));
    let same_kind = inner == outer || (inner == "integer" && outer == "number");
    let same_format = outer_format.is_empty()
        || inner_format == outer_format
        || matches!((inner_format.as_str(), outer_format.as_str()), ("int32", "int64") | ("float", "double"));
    same_kind && same_format
}

/// `T!` is also `T`; lists by their items.
fn graphql_accepts(inner: &str, outer: &str, depth: u8) -> bool {
    if depth > 40 {
        return false;
    }
    match (inner.strip_suffix('!'), outer.strip_suffix('!')) {
        (Some(inner), Some(outer)) => graphql_accepts(inner, outer, depth + 1),
        (Some(inner), None) => graphql_accepts(inner, outer, depth + 1),
        (None, Some(_)) => false,
        (None, None) => {
            let item = |text: &str| {
                text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).map(str::to_owned)
            };
            match (item(inner), item(outer)) {
                (Some(inner), Some(outer)) => graphql_accepts(&inner, &outer, depth + 1),
                (None, None) => inner == outer,
                _ => false,
            }
        }
    }
}

/// What is the same on the wire and in JSON. A name may be written with or without its package.
fn protobuf(before: &str, after: &str) -> Fit {
    const ALIKE: &[&[&str]] =
        &[&["int32", "uint32"], &["int64", "uint64"], &["fixed32", "sfixed32"], &["fixed64", "sfixed64"]];
    let words = |text: &str| -> Vec<String> {
        text.split_whitespace().map(|word| word.trim_start_matches('.').to_owned()).collect()
    };
    let (before, after) = (words(before), words(after));
    let suffix = |long: &str, short: &str| long.strip_suffix(short).is_some_and(|head| head.ends_with('.'));
    let same = |a: &String, b: &String| a == b || suffix(a, b) || suffix(b, a);
    let alike = |a: &String, b: &String| {
        same(a, b) || ALIKE.iter().any(|group| group.contains(&a.as_str()) && group.contains(&b.as_str()))
    };
    let all = |fits: &dyn Fn(&String, &String) -> bool| {
        before.len() == after.len() && before.iter().zip(&after).all(|(a, b)| fits(a, b))
    };
    if all(&same) {
        Fit::Same
    } else if all(&alike) {
        Fit::Alike
    } else {
        Fit::Other
    }
}

/// What a reader of the outer type can take from data written as the inner one.
fn avro_accepts(inner: &str, outer: &str) -> bool {
    inner == outer
        || match inner {
            "int" => matches!(outer, "long" | "float" | "double"),
            "long" => matches!(outer, "float" | "double"),
            "float" => outer == "double",
            "string" => outer == "bytes",
            "bytes" => outer == "string",
            _ => match (inner.strip_prefix("list of "), outer.strip_prefix("list of ")) {
                (Some(inner), Some(outer)) => unions(inner, outer, &|a, b| a == b),
                _ => false,
            },
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judges_types_by_format() {
        let cases = [
            (Format::OpenApi, "integer", "number", Fit::Wider),
            (Format::OpenApi, "integer (int64)", "integer (int32)", Fit::Narrower),
            (Format::OpenApi, "string", "integer", Fit::Other),
            (Format::OpenApi, "string", "integer | string", Fit::Wider),
            (Format::OpenApi, "string", "string (date)", Fit::Narrower),
            (Format::OpenApi, "string", "", Fit::Wider),
            (Format::GraphQl, "Int!", "Int", Fit::Wider),
            (Format::GraphQl, "[Int]", "[Int!]!", Fit::Narrower),
            (Format::GraphQl, "Int", "[Int]", Fit::Other),
            (Format::GraphQl, "[Int!]", "[Int]!", Fit::Other),
            (Format::Protobuf, "int32", "uint32", Fit::Alike),
            (Format::Protobuf, "int32", "int64", Fit::Other),
            (Format::Protobuf, "shop.Cart", "Cart", Fit::Same),
            (Format::Protobuf, "shop.Cart", "Art", Fit::Other),
            (Format::Avro, "int", "long", Fit::Wider),
            (Format::Avro, "null | string", "string", Fit::Narrower),
        ];
        for (format, before, after, expected) in cases {
            assert_eq!(fit(format, before, after), expected, "{before} to {after}");
        }
    }

    #[test]
    fn names_what_a_narrower_type_refuses() {
        let cases: [(&str, &str, Option<&[&str]>); 5] = [
            ("number | null", "integer", Some(&["number", "null"])),
            ("integer | string", "string", Some(&["integer"])),
            ("any", "string", Some(&["any"])),
            ("string", "string | null", None),
            ("string", "integer", None),
        ];
        for (before, after, expected) in cases {
            assert_eq!(refused(Format::OpenApi, before, after).as_deref(), expected, "{before} to {after}");
        }
    }
}
