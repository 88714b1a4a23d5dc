//! What a commit's message says of itself: its pull requests, its type, whether it takes something back, how it reads.

use std::sync::LazyLock;

use regex::Regex;

use super::{Conventional, Wording};

/// The types of conventional subjects that people use; any other word before a colon is part of the title.
const TYPES: &[&str] = &[
    "feat", "feature", "fix", "bugfix", "hotfix", "chore", "docs", "doc", "ci", "test", "tests", "build",
    "refactor", "perf", "style", "deps", "revert", "security", "i18n", "l10n", "release", "lint", "types",
    "tooling",
];

/// `type(scope)!: title`, `[type] title`, and what comes close: `type - title`, `type(scope) title`.
static CONVENTIONAL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:(\w+)(?:\(([^)]*)\))?(!)?(?:: *| - )|(\w+)\(([^)]*)\)\s+|[\[(](\w+)[\])]:?\s+)(\S.*)$")
        .expect("a pattern that the tests use")
});

/// One pull request number at the end of a subject, as GitHub, Bitbucket and GitLab write it.
static PULL_AT_END: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\s*\((?:#|GH-|!|pull request #)(\d{1,9})\)\s*$").expect("a pattern that the tests use")
});

/// The subjects of merges that name their pull request.
static MERGE_OF_PULL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:Merge pull request [#!]|Merged PR |Merge PR #)(\d{1,9})\b")
        .expect("a pattern that the tests use")
});

/// The line that GitLab adds to the message of a merge.
static SEE_MERGE_REQUEST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^See merge request \S*!(\d{1,9})\s*$").expect("a pattern that the tests use")
});

/// A merge of a branch that lives long, or of the same branch elsewhere: it carries changes, and is none.
static MERGE_OF_LINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^Merge (?:remote-tracking branch|tag|(?:branch )?'?(?:[\w.-]+/)?(?:main|master|trunk|develop|development|dev|staging|next|release[\w./-]*|v?\d+(?:\.[\dx]+)+)'?(?:$|\s))",
    )
    .expect("a pattern that the tests use")
});

static HASH: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b[0-9a-f]{7,64}\b").expect("a pattern that the tests use"));

/// `Reverts acme/shop#12`, the text that GitHub gives a pull request that takes back another.
static REVERTS_PULL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^Reverts (?:[\w.-]+/[\w.-]+)?#(\d{1,9})\b").expect("a pattern that the tests use")
});

static PICKED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\(cherry picked from commit ([0-9a-f]{7,64})\)").expect("a pattern that the tests use")
});

/// The pull requests that a message names as its own, in the order of its text: of a port the original first.
pub(super) fn pulls(subject: &str, body: &str) -> Vec<u64> {
    if let Some(found) = MERGE_OF_PULL.captures(subject) {
        return found[1].parse().into_iter().collect();
    }
    let (_, mut pulls) = without_pulls(subject);
    if pulls.is_empty() && subject.starts_with("Merge branch ") {
        pulls.extend(SEE_MERGE_REQUEST.captures(body).and_then(|found| found[1].parse::<u64>().ok()));
    }
    pulls
}

/// What stands at the end of a title for the forge only: `Closes #12.`
static CLOSES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)[\s.;,(]+(?:(?:close|fixe?|resolve)[sd]?|refs?|see)(?:\s*:)?\s+(?:#\d+(?:,\s*|\s+and\s+)?)+[.)]*$")
        .expect("the pattern is fixed and its tests run it")
});

/// A subject without the pull request numbers at its end, and these.
pub(super) fn without_pulls(subject: &str) -> (&str, Vec<u64>) {
    let mut rest = subject.trim_end();
    let mut pulls = Vec::new();
    while let Some(found) = PULL_AT_END.captures(rest) {
        pulls.extend(found[1].parse::<u64>());
        let start = found.get(0).map_or(0, |all| all.start());
        rest = &rest[..start];
    }
    pulls.reverse();
    (rest, pulls)
}

/// Whether a merge carries what others did, such as the main branch into a release branch.
pub(super) fn merges_a_line(subject: &str) -> bool {
    MERGE_OF_LINE.is_match(subject)
}

/// A subject taken apart: type and scope where it is a conventional one, whether it carries the mark of a breaking
/// change, and the title that remains.
pub(super) fn conventional(subject: &str) -> (Option<Conventional>, bool, String) {
    let (text, _) = without_pulls(subject);
    let found = CONVENTIONAL.captures(text).and_then(|found| {
        let type_ = found.get(1).or(found.get(4)).or(found.get(6))?.as_str().to_ascii_lowercase();
        let scope = found.get(2).or(found.get(5)).map(|scope| scope.as_str().trim().to_owned());
        let scope = scope.filter(|scope| !scope.is_empty());
        let title = found.get(7)?.as_str().to_owned();
        TYPES
            .contains(&type_.as_str())
            .then(|| (Conventional { type_, scope }, found.get(3).is_some(), title))
    });
    let said = |title: &str| {
        let title = CLOSES.find(title).map_or(title, |found| &title[..found.start()]);
        title.trim_end_matches(|c: char| c == '.' || c.is_whitespace()).to_owned()
    };
    match found {
        Some((conventional, breaking, title)) => (Some(conventional), breaking, said(&title)),
        None => (None, false, said(text)),
    }
}

/// Whether a line of the message has the footer of a breaking change.
pub(super) fn has_breaking_footer(body: &str) -> bool {
    body.lines().any(|line| line.starts_with("BREAKING CHANGE:") || line.starts_with("BREAKING-CHANGE:"))
}

/// What a message takes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TakesBack {
    /// Commits, by the first digits of their ids.
    Commits(Vec<String>),
    /// A pull request.
    Pull(u64),
}

/// What a message takes back as a whole. A squash quotes the messages of its steps, some of which take back each
/// other: only a subject that starts with the word counts, and of the text only the first paragraph.
pub(super) fn takes_back(subject: &str, body: &str) -> Option<TakesBack> {
    let (conventional, _, title) = conventional(subject);
    let lower = title.to_lowercase();
    let says_so = lower.starts_with("revert") || conventional.is_some_and(|head| head.type_ == "revert");
    if !says_so || lower.contains("partial") {
        return None;
    }
    let first = body.split("\n\n").map(str::trim).find(|paragraph| !paragraph.is_empty())?;
    if let Some(found) = REVERTS_PULL.captures(first) {
        return found[1].parse().ok().map(TakesBack::Pull);
    }
    // of a merge, what follows is the commit that it went back to
    let named = first.split("reversing").next().unwrap_or(first);
    let hashes: Vec<String> = HASH
        .find_iter(named)
        .map(|hash| hash.as_str().to_owned())
        .filter(|hash| hash.bytes().any(|byte| byte.is_ascii_digit()))
        .collect();
    (!hashes.is_empty()).then_some(TakesBack::Commits(hashes))
}

/// The commit that this one says it is a copy of.
pub(super) fn picked_from(body: &str) -> Option<&str> {
    PICKED.captures_iter(body).last().and_then(|found| found.get(1)).map(|hash| hash.as_str())
}

/// The names after `Co-authored-by:`.
pub(super) fn co_authors(body: &str) -> impl Iterator<Item = (&str, &str)> {
    body.lines().filter_map(|line| {
        let (key, value) = line.split_once(':')?;
        let (name, email) = value.trim().strip_suffix('>')?.split_once('<')?;
        let name = name.trim();
        (key.eq_ignore_ascii_case("co-authored-by") && !name.is_empty()).then_some((name, email.trim()))
    })
}

/// A subject in the form in which copies on several release branches agree: no numbers of pull requests, no mark of the
/// branch, one case, words only. Empty where too little is left to tell one change from another.
pub(super) fn normal(subject: &str) -> String {
    let (text, _) = without_pulls(subject);
    let lower = text.to_lowercase();
    let mut rest = lower.trim();
    while let Some((mark, after)) = rest.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        if !mark.contains("port")
            && !mark.contains("pick")
            && !mark.starts_with(|c: char| c.is_ascii_digit() || c == 'v')
        {
            break;
        }
        rest = after.trim_start_matches(':').trim_start();
    }
    let words: Vec<&str> = rest
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty() && !["backport", "cherry", "pick"].contains(word))
        .collect();
    if words.len() < 3 { String::new() } else { words.join(" ") }
}

/// Words that only people who read code know, beside names in code spelling.
const JARGON: &[&str] = &[
    "tracing",
    "spans",
    "span",
    "sdk",
    "redelivery",
    "pods",
    "pod",
    "otel",
    "nanos",
    "macros",
    "loader",
    "instrumentation",
    "heap",
    "exporters",
    "exporter",
    "divisor",
    "args",
    "assert",
    "boolean",
    "callback",
    "constant",
    "constants",
    "async",
    "autoscaler",
    "backend",
    "backfill",
    "boilerplate",
    "cli",
    "codegen",
    "config",
    "configmap",
    "const",
    "cors",
    "cron",
    "crd",
    "csrf",
    "ctx",
    "dataloader",
    "ddl",
    "decorator",
    "dedupe",
    "deps",
    "deserialize",
    "dockerfile",
    "dto",
    "endpoint",
    "endpoints",
    "enum",
    "env",
    "envoy",
    "eslint",
    "fixture",
    "fixtures",
    "flaky",
    "function",
    "functions",
    "fqdn",
    "frontend",
    "getenv",
    "getter",
    "goroutine",
    "grpc",
    "gzip",
    "helper",
    "helpers",
    "hook",
    "hooks",
    "http",
    "init",
    "instantiate",
    "interface",
    "iterator",
    "jvm",
    "json",
    "jwt",
    "k8s",
    "kwargs",
    "lambda",
    "linter",
    "lint",
    "middleware",
    "mock",
    "mocks",
    "mutation",
    "mutations",
    "metadata",
    "mutex",
    "lock",
    "metadata",
    "namespace",
    "noop",
    "nullable",
    "nullptr",
    "otlp",
    "orm",
    "param",
    "params",
    "parser",
    "postgres",
    "protobuf",
    "proto",
    "queryset",
    "refactor",
    "regex",
    "resolver",
    "resolvers",
    "schema",
    "sql",
    "stub",
    "subquery",
    "tsconfig",
    "typings",
    "utils",
    "yaml",
    "webpack",
];

/// Names that are spelled like code and are none.
const NAMES: &[&str] = &[
    "GitHub",
    "GitLab",
    "GraphQL",
    "PostgreSQL",
    "MySQL",
    "JavaScript",
    "TypeScript",
    "OpenTelemetry",
    "OpenAI",
    "iOS",
    "iPhone",
    "macOS",
    "PayPal",
    "YouTube",
    "LinkedIn",
    "WordPress",
    "OAuth",
    "ChatGPT",
    "eCommerce",
    "DevOps",
    "QRCode",
    "BigQuery",
];

/// Acronyms that people who read no code know.
const ACRONYMS: &[&str] = &[
    "API", "APIS", "APP", "CEO", "CSV", "EUR", "EXIF", "FAQ", "GDPR", "GIF", "GPS", "HTML", "IBAN", "ISBN",
    "JPEG", "JPG", "KPI", "LED", "MVP", "NEW", "NOT", "OTP", "PDF", "PIN", "PNG", "SEO", "SKU", "SMS", "URL",
    "URLS", "USA", "USD", "USB", "VAT", "VIP", "WIP", "XML", "ZIP",
];

/// Counts the words of a title that read like code.
pub fn wording(title: &str) -> Wording {
    let mut wording = Wording { code_words: 0, words: 0 };
    let mut in_ticks = false;
    for word in title.split_whitespace() {
        let quoted = in_ticks || word.contains('`');
        if word.matches('`').count() % 2 == 1 {
            in_ticks = !in_ticks;
        }
        wording.words += 1;
        wording.code_words += u32::from(quoted || is_code(word));
    }
    wording
}

fn is_code(word: &str) -> bool {
    let bare = word.trim_matches(|letter: char| !letter.is_alphanumeric() && !"-_/.$@".contains(letter));
    let bare = bare.trim_end_matches('.');
    if NAMES.contains(&bare.trim_end_matches("'s")) {
        return false;
    }
    let letters: Vec<char> = bare.chars().collect();
    let inner = |test: &dyn Fn(char, char, char) -> bool| letters.windows(3).any(|w| test(w[0], w[1], w[2]));
    let is_camel = letters.windows(2).any(|w| w[0].is_lowercase() && w[1].is_uppercase());
    let is_snake = inner(&|a, b, c| a.is_alphanumeric() && b == '_' && c.is_alphanumeric());
    // a file or a member, but no version number and no "and/or"
    let is_dotted = inner(&|a, b, c| a.is_alphabetic() && b == '.' && c.is_alphabetic());
    let is_path = bare.matches('/').count() > 1 || bare.starts_with('/');
    let is_flag = bare.starts_with("--") || bare.starts_with('$') || bare.starts_with('@');
    // an acronym that is no everyday word
    let is_acronym =
        letters.len() > 2 && letters.iter().all(|letter| letter.is_uppercase()) && !ACRONYMS.contains(&bare);
    is_camel
        || is_acronym
        || is_snake
        || is_dotted
        || is_path
        || is_flag
        || word.contains("::")
        || word.contains("()")
        || word.contains("->")
        || JARGON.contains(&bare.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_of_pull_requests_stand_at_the_end() {
        let cases: [(&str, &str, &[u64]); 9] = [
            ("Add tax (#12)", "", &[12]),
            ("Add tax (#12) (#15)", "", &[12, 15]),
            ("Merge pull request #7 from acme/tax", "Add tax", &[7]),
            ("Merged in tax (pull request #3)", "", &[3]),
            ("Merge branch 'tax' into 'main'", "Add tax\n\nSee merge request acme/shop!88", &[88]),
            ("Merged PR 41: Add tax", "", &[41]),
            ("Revert \"Add tax (#12)\" (#15)", "", &[15]),
            ("Fix #12: tax", "", &[]),
            ("Add tax (#12) again", "", &[]),
        ];
        for (subject, body, expected) in cases {
            assert_eq!(pulls(subject, body), expected, "{subject}");
        }
    }

    #[test]
    fn conventional_subjects_are_taken_apart() {
        let head = |type_: &str, scope: Option<&str>| {
            Some(Conventional { type_: type_.to_owned(), scope: scope.map(str::to_owned) })
        };
        let cases = [
            ("feat(cart)!: Add tax (#12)", head("feat", Some("cart")), true, "Add tax"),
            ("Fix: rounding", head("fix", None), false, "rounding"),
            ("[chore] bump images (#3)", head("chore", None), false, "bump images"),
            ("(chore): bump images", head("chore", None), false, "bump images"),
            ("chore(cart, till) use one tax", head("chore", Some("cart, till")), false, "use one tax"),
            ("chore - use one tax", head("chore", None), false, "use one tax"),
            ("Add tax for all. Closes #12.", None, false, "Add tax for all"),
            ("fix: rounding (fixes #1, #2)", head("fix", None), false, "rounding"),
            ("Fix #12", None, false, "Fix #12"),
            ("fix:rounding", head("fix", None), false, "rounding"),
            ("total(cart) is wrong", None, false, "total(cart) is wrong"),
            ("cart: add tax", None, false, "cart: add tax"),
            ("Add tax: for all (#1)", None, false, "Add tax: for all"),
        ];
        for (subject, expected, breaking, title) in cases {
            assert_eq!(conventional(subject), (expected, breaking, title.to_owned()), "{subject}");
        }
        assert!(has_breaking_footer("why\n\nBREAKING CHANGE: no more tax"));
        assert!(!has_breaking_footer("this is no BREAKING CHANGE: at all"));
    }

    #[test]
    fn only_a_guarded_revert_takes_back() {
        let commits =
            |hashes: &[&str]| Some(TakesBack::Commits(hashes.iter().map(|h| (*h).to_owned()).collect()));
        let cases = [
            ("Revert \"Add tax\"", "This reverts commit 1234567abc.", commits(&["1234567abc"])),
            ("revert: add tax", "This reverts commit 1234567abc.", commits(&["1234567abc"])),
            ("Revert \"Add tax\" (#15)", "Reverts acme/shop#12", Some(TakesBack::Pull(12))),
            (
                "Revert \"Merge pull request #7\"",
                "This reverts commit 1234567abc, reversing\nchanges made to 89abcdef01.",
                commits(&["1234567abc"]),
            ),
            // a squash that holds a step which was taken back
            ("feat: replace the load test", "This reverts commit 1234567abc.", None),
            ("Revert \"Add tax\"", "It broke.\n\nThis reverts commit 1234567abc.", None),
            ("Partially revert \"Add tax\"", "This reverts commit 1234567abc.", None),
            ("Revert \"Add tax\" (partial)", "This reverts commit 1234567abc.", None),
            ("Revert \"Add tax\"", "", None),
            ("Revert to the defaced page", "The effaced, defaced one", None),
        ];
        for (subject, body, expected) in cases {
            assert_eq!(takes_back(subject, body), expected, "{subject} {body}");
        }
    }

    #[test]
    fn copies_agree_in_their_normal_form() {
        assert_eq!(normal("[3.22] Fix the tax total (#12) (#15)"), normal("Fix the tax total (#12)"));
        assert_eq!(normal("[Backport] Fix the tax total"), normal("fix the tax total."));
        assert_ne!(normal("[cart] Fix the tax total"), normal("Fix the tax total"));
        assert_eq!(normal("Fix it (#1)"), "");
        assert_eq!(picked_from("x\n\n(cherry picked from commit 1234567abc)"), Some("1234567abc"));
        assert_eq!(picked_from("cherry picked from 1234567abc"), None);
    }

    #[test]
    fn titles_that_read_like_code() {
        for (title, expected) in [
            ("Add international deliveries", 0),
            ("Fix the price of 2.5 kg on GitHub", 0),
            ("correct nanos in getTotal and order_lines", 3),
            ("guard VERSION getenv against nullptr", 3),
            ("Remove `old tax` mutations", 3),
            ("Move src/cart/main.go to cart/", 1),
        ] {
            assert_eq!(wording(title).code_words, expected, "{title}");
        }
    }

    #[test]
    fn co_authors_are_named_in_trailers() {
        let body = "text\n\nCo-authored-by: Ana B <ana@example.com>\nCo-Authored-By: <x@example.com>\nco-authored-by: no";
        assert_eq!(co_authors(body).collect::<Vec<_>>(), [("Ana B", "ana@example.com")]);
    }

    proptest! {
        #[test]
        fn no_message_is_too_odd(subject in ".{0,80}", body in "(?s).{0,200}") {
            pulls(&subject, &body);
            conventional(&subject);
            takes_back(&subject, &body);
            normal(&subject);
            wording(&subject);
            picked_from(&body);
            co_authors(&body).count();
        }
    }
}
