//! Feature switches that code names: the constants of a list of switches, and calls that ask a client for a key.

use std::sync::LazyLock;

use regex::Regex;

use crate::change::RepoPath;
use crate::formats::syntax::{self, Call, Expr, Kind, Language};

static KEY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[A-Za-z][\w.:/-]{2,79}$").expect("the pattern is fixed and the tests run it")
});
static ENUM: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:export\s+)?(?:declare\s+)?(?:const\s+)?enum\s+(\w+)")
        .expect("the pattern is fixed and the tests run it")
});

fn language(path: &RepoPath) -> Option<Language> {
    Some(match path.extension().as_str() {
        "py" => Language::Python,
        "rb" => Language::Ruby,
        "php" => Language::Php,
        "cs" => Language::CSharp,
        "ex" | "exs" => Language::Elixir,
        "ts" | "tsx" | "js" | "jsx" | "mjs" | "mts" => Language::TypeScript,
        _ => return None,
    })
}

/// The keys of a file with their lines, in the order of the text. Go and Java have no parser here, and are not read.
pub fn read(path: &RepoPath, text: &str) -> Vec<(String, u32)> {
    let lower = text.to_ascii_lowercase();
    let hints = [
        "featureflag",
        "feature_flag",
        "featuretoggle",
        "flipper",
        "unleash",
        "useflag",
        "booleanvalue",
        "growthbook",
        "posthog",
        "openfeature",
        "variation",
    ];
    if !hints.iter().any(|hint| lower.contains(hint)) {
        return Vec::new();
    }
    let Some(statements) = language(path).and_then(|language| syntax::parse(language, text).ok()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    statements.iter().for_each(|statement| walk(statement, false, &mut found));
    found
}

/// Bounded: the parser's tree is.
fn walk(expr: &Expr<'_>, in_list: bool, found: &mut Vec<(String, u32)>) {
    match &expr.kind {
        Kind::Call(call) => {
            if let Some(key) = asked(call).filter(|key| KEY.is_match(key)) {
                found.push((key.to_owned(), expr.line));
            }
            let named = call.named.iter().map(|(_, value)| value);
            call.receiver.iter().chain(&call.args).chain(named).for_each(|one| walk(one, false, found));
            call.block.iter().flat_map(|block| &block.body).for_each(|one| walk(one, false, found));
        }
        Kind::Class(class) => class.body.iter().for_each(|one| walk(one, is_list(class.name), found)),
        Kind::Func(function) => function.body.iter().for_each(|one| walk(one, false, found)),
        Kind::Loop(one) => one.body.iter().for_each(|one| walk(one, false, found)),
        Kind::Assign(assigned) => {
            let (name, value) = (&assigned.0, &assigned.1);
            let is_list = in_list || name.name().is_some_and(is_list);
            match value.literal().filter(|key| is_list && KEY.is_match(key)) {
                Some(key) if in_list => found.push((key.to_owned(), value.line)),
                _ => walk(value, is_list, found),
            }
        }
        Kind::Map(entries) => {
            for (_, value) in entries {
                match value.literal().filter(|key| in_list && KEY.is_match(key)) {
                    Some(key) => found.push((key.to_owned(), value.line)),
                    None => walk(value, false, found),
                }
            }
        }
        Kind::List(items) => items.iter().for_each(|one| walk(one, false, found)),
        Kind::Body(parts) => {
            let is_enum = ENUM.captures(expr.text).is_some_and(|name| is_list(&name[1]));
            // `NAME = "key"` of an enum or of a constant: a name, then a text
            if let ([.., name, value], true) = (parts.as_slice(), in_list || is_enum)
                && let (Some(_), Some(key)) = (name.name(), value.literal().filter(|key| KEY.is_match(key)))
            {
                found.push((key.to_owned(), value.line));
                return;
            }
            parts.iter().for_each(|one| walk(one, in_list || is_enum, found));
        }
        Kind::Str(_) | Kind::Atom(_) | Kind::Name(_) | Kind::Literal => {}
    }
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether a class, enum or constant of this name lists switches.
fn is_list(name: &str) -> bool {
    let name = plain(name);
    let end =
        ["featureflag", "featuretoggle"].iter().find_map(|word| Some(&name[name.find(word)? + word.len()..]));
    end.is_some_and(|end| {
        matches!(
            end,
            "" | "s"
                | "key"
                | "keys"
                | "skeys"
                | "skey"
                | "enum"
                | "keysenum"
                | "skeysenum"
                | "senum"
                | "name"
                | "names"
        )
    })
}

/// The key that a call asks for, where it is one of a client of switches.
fn asked<'e>(call: &'e Call<'_>) -> Option<&'e str> {
    let key = call.arg(0)?.literal()?;
    let receiver = call.receiver.as_ref().and_then(Expr::last_name).map(plain).unwrap_or_default();
    let of_client = [
        "flipper",
        "unleash",
        "featureflag",
        "featuretoggle",
        "posthog",
        "growthbook",
        "openfeature",
        "launchdarkly",
        "ldclient",
    ]
    .iter()
    .any(|client| receiver.contains(client));
    let asks = match plain(call.name).as_str() {
        "useflag"
        | "usebooleanflagvalue"
        | "usestringflagvalue"
        | "usefeatureflagenabled"
        | "usefeatureison"
        | "usefeatureflag" => call.receiver.is_none(),
        "getbooleanvalue"
        | "getbooleanvalueasync"
        | "getstringvalue"
        | "getbooleandetails"
        | "fetchbooleanvalue"
        | "boolvariation"
        | "stringvariation"
        | "jsonvariation" => call.args.len() > 1,
        "variation" => call.args.len() > 1 && (of_client || receiver.contains("client")),
        "enabled" | "isenabled" | "ison" | "isoff" | "isfeatureenabled" | "featureenabled"
        | "getfeatureflag" | "getvariant" | "enabledasync" | "isenabledasync" => of_client,
        _ => false,
    };
    asks.then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(path: &str, text: &str) -> Vec<String> {
        read(&path.into(), text).into_iter().map(|(key, line)| format!("{key}:{line}")).collect()
    }

    #[test]
    fn lists_of_switches() {
        for (path, text) in [
            ("a.ts", "export enum FeatureFlagsKeysEnum {\n  NEW_CART = 'new-cart',\n}\n"),
            ("a.ts", "export const FEATURE_FLAGS = {\n  newCart: \"new-cart\",\n} as const;\n"),
            (
                "A.cs",
                "public static class FeatureFlagKeys\n{ public const string NewCart = \"new-cart\";\n}\n",
            ),
            (
                "a.rb",
                "class FeatureFlag\n  NEW_CART = \"new-cart\"\n  def self.on?(x)\n    find(\"other\")\n  end\nend\n",
            ),
            ("a.py", "class FeatureFlags(StrEnum):\n    NEW_CART = \"new-cart\"\n"),
        ] {
            assert_eq!(keys(path, text), ["new-cart:2"], "{path}");
        }
        for (path, text) in [
            ("a.ts", "export enum Colour {\n  RED = 'red',\n}\n// feature_flag\n"),
            ("a.ts", "export const featureFlagLabel = \"A new cart\";\nconst featureFlagsUrl = 'http';\n"),
            ("A.cs", "public class FeatureFlagService\n{ const string Path = \"flags-path\";\n}\n"),
        ] {
            assert!(keys(path, text).is_empty(), "{text}");
        }
    }

    #[test]
    fn calls_with_a_key() {
        for (path, text) in [
            ("a.rb", "if Flipper.enabled?(:new_cart, user)\n  x\nend\n"),
            ("a.tsx", "const on = useFlag('new_cart');\n"),
            ("a.ts", "const on = await client.getBooleanValue('new_cart', false);\n"),
            ("a.ts", "if (unleash.isEnabled(\"new_cart\")) { x(); }\n"),
            ("a.py", "on = ld_client.variation(\"new_cart\", user, False)\n"),
            ("a.py", "if posthog.feature_enabled(\"new_cart\", id):\n    pass\n"),
            ("a.ex", "if FeatureFlags.enabled?(\"new_cart\", id) do\n  x\nend\n"),
            ("A.cs", "var on = await _featureClient.GetBooleanValueAsync(\"new_cart\", false);\n"),
        ] {
            assert_eq!(keys(path, text), ["new_cart:1"], "{text}");
        }
        for (path, text) in [
            ("a.ts", "entry.getBooleanValue('a_key');\nposthog.capture('new_cart');\n"),
            ("a.ts", "button.isEnabled('new_cart'); // unleash\n"),
            ("a.ts", "useFlag(flags.NEW_CART);\nuseFlag('A whole sentence');\n"),
            ("a.go", "openfeature.BooleanValue(\"new_cart\", false)\n"),
        ] {
            assert!(keys(path, text).is_empty(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "(?s)[ -~\né]{0,200}", name in "a\\.(ts|rb|py|cs|ex|php)") {
            _ = read(&RepoPath::new(name), &format!("featureFlags {text}"));
        }
    }
}
