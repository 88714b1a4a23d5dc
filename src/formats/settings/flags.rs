//! Files of feature switches: flagd, LaunchDarkly, go-feature-flag, flipt, Unleash, GrowthBook, GitLab, plain lists.

use crate::change::RepoPath;
use crate::formats::document::{self, Node};

/// A feature switch and how it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Its key.
    pub key: String,
    /// How it starts: `on`, `off`, or the name of its first variant.
    pub start: Option<String>,
    /// The variants it can have, where the file lists them.
    pub variants: Vec<String>,
    /// Its line, from 1.
    pub line: u32,
}

/// The switches of a file, and the system that reads it; `None` for a file of another kind.
pub fn read(path: &RepoPath, text: &str) -> Option<(&'static str, Vec<Flag>)> {
    let hints = ["flags", "flag", "features", "variations", "default_enabled", "toggles"];
    if !hints.iter().any(|hint| text.contains(hint) || path.as_str().contains(hint)) {
        return None;
    }
    let node = match path.extension().as_str() {
        "json" => document::json(text).ok()?,
        "yml" | "yaml" => document::yaml(text).ok()?.into_iter().next()?,
        "toml" => document::toml(text).ok()?,
        _ => return None,
    };
    let (system, flags) = of_document(path, &node)?;
    (!flags.is_empty()).then_some((system, flags))
}

fn of_document(path: &RepoPath, node: &Node) -> Option<(&'static str, Vec<Flag>)> {
    let flags = node.get("flags");
    let features = node.get("features");
    let any = |node: &Node, key: &str| node.entries().any(|(_, flag)| flag.get(key).is_some());
    if any(flags, "defaultVariant") || any(flags, "variants") {
        return Some((
            "flagd",
            collect(flags, |flag| match flag.text_of("state") {
                Some("DISABLED") => Some("disabled".to_owned()),
                _ => flag.text_of("defaultVariant").map(str::to_owned),
            }),
        ));
    }
    if any(flags, "on") && (any(flags, "variations") || any(flags, "fallthrough")) {
        return Some(("launchdarkly", collect(flags, |flag| flag.text_of("on").map(on_off))));
    }
    if node.get("flagValues").is_map() {
        return Some(("launchdarkly", collect(node.get("flagValues"), |flag| flag.text().map(on_off))));
    }
    if flags.items().any(|flag| flag.text_of("key").is_some()) {
        return Some(("flipt", listed(flags, "key")));
    }
    if features.items().any(|flag| {
        flag.text_of("name").is_some() && (flag.get("enabled").is_some() || flag.get("strategies").is_some())
    }) {
        return Some(("unleash", listed(features, "name")));
    }
    if any(features, "defaultValue") {
        return Some(("growthbook", collect(features, |flag| flag.text_of("defaultValue").map(on_off))));
    }
    if node.entries().count() > 0 && node.entries().all(|(_, flag)| flag.get("variations").is_map()) {
        return Some((
            "go-feature-flag",
            collect(node, |flag| {
                if flag.text_of("disable") == Some("true") {
                    return Some("disabled".to_owned());
                }
                flag.at(&["defaultRule", "variation"]).text().map(str::to_owned)
            }),
        ));
    }
    if let (Some(name), Some(start)) = (node.text_of("name"), node.text_of("default_enabled")) {
        let flag = Flag {
            key: name.to_owned(),
            start: Some(on_off(start)),
            variants: Vec::new(),
            line: node.get("default_enabled").line,
        };
        return Some(("gitlab", vec![flag]));
    }
    let name = path.file_name().to_ascii_lowercase().replace(['-', '_'], "");
    let is_list =
        ["featureflags", "flags.", "featuretoggles", "toggles."].iter().any(|hint| name.contains(hint));
    let plain = is_list
        && node.entries().count() > 0
        && node.entries().all(|(_, value)| value.text().is_some_and(is_switch) || value.is_map());
    plain.then(|| {
        let start = |flag: &Node| flag.text().or(flag.text_of("enabled")).map(on_off);
        ("file", collect(node, start))
    })
}

fn collect(flags: &Node, start: impl Fn(&Node) -> Option<String>) -> Vec<Flag> {
    let entries = flags.entries();
    entries
        .map(|(key, flag)| {
            let variants = [flag.get("variants"), flag.get("variations")];
            let variants = variants
                .iter()
                .flat_map(|variants| variants.entries())
                .map(|(name, _)| name.to_owned())
                .collect();
            Flag { key: key.to_owned(), start: start(flag), variants, line: flag.line }
        })
        .collect()
}

fn listed(flags: &Node, name: &str) -> Vec<Flag> {
    let flags = flags.items().filter_map(|flag| {
        let key = flag.text_of(name)?.to_owned();
        Some(Flag {
            key,
            start: flag.text_of("enabled").map(on_off),
            variants: Vec::new(),
            line: flag.get(name).line,
        })
    });
    flags.collect()
}

fn is_switch(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "true" | "false" | "on" | "off")
}

/// `true` and `false` as people say them.
pub fn on_off(value: &str) -> String {
    match value {
        "true" | "True" => "on".to_owned(),
        "false" | "False" => "off".to_owned(),
        other => other.to_owned(),
    }
}

/// Whether a key of a settings file is a switch by its place: `features.new_cart: true`.
pub fn is_flag(key: &str, value: Option<&str>) -> bool {
    let part = |part: &str| {
        let part = part.to_ascii_lowercase().replace(['-', '_'], "");
        matches!(part.as_str(), "features" | "featureflags" | "flags" | "toggles" | "featuretoggles")
    };
    value.is_some_and(is_switch) && key.rsplit_once('.').is_some_and(|(above, _)| above.split('.').any(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_by_its_content() {
        let cases: &[(&str, &str, &str, &str)] = &[
            (
                "demo.flagd.json",
                r#"{"flags":{"a":{"state":"ENABLED","variants":{"on":true,"off":false},"defaultVariant":"off"}}}"#,
                "flagd",
                "off",
            ),
            ("ld.json", r#"{"flags":{"a":{"on":true,"variations":[1]}}}"#, "launchdarkly", "on"),
            (
                "flags.goff.yaml",
                "a:\n  variations:\n    yes: true\n  defaultRule:\n    variation: yes\n",
                "go-feature-flag",
                "yes",
            ),
            ("features.yaml", "version: 1\nflags:\n  - key: a\n    enabled: false\n", "flipt", "off"),
            ("unleash.json", r#"{"features":[{"name":"a","enabled":true}]}"#, "unleash", "on"),
            ("growthbook.json", r#"{"features":{"a":{"defaultValue":false}}}"#, "growthbook", "off"),
            ("config/feature_flags/development/a.yml", "name: a\ndefault_enabled: true\n", "gitlab", "on"),
            ("config/feature_flags.yml", "a: true\n", "file", "on"),
            ("app/feature_flags.yaml", "a:\n  enabled: true\n  owners: [\"@b\"]\n", "file", "on"),
        ];
        for (path, text, system, start) in cases {
            let (found, flags) = read(&(*path).into(), text).unwrap_or(("none", Vec::new()));
            let first = flags.first().map(|flag| (flag.key.as_str(), flag.start.as_deref()));
            assert_eq!((found, first), (*system, Some(("a", Some(*start)))), "{path}");
        }
        for (path, text) in [
            ("values.yaml", "features:\n  a: true\n"),
            ("package.json", "{\"name\": \"flags\"}"),
            ("features.yml", "- a\n"),
        ] {
            assert!(read(&path.into(), text).is_none(), "{path}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "(?s)[ -~\n]{0,200}", name in "flags\\.(json|yml|toml)") {
            _ = read(&RepoPath::new(name), &text);
        }
    }
}
