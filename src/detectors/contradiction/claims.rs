//! What the author claims of names in code style: removed, added, required, optional.

use std::sync::LazyLock;

use regex::Regex;

use crate::change::Words;

/// A longer quotation would be a text, not a quotation.
const LONGEST_QUOTE: usize = 200;
/// More sentences than this are a document of its own.
const MOST_SENTENCES: usize = 500;

/// What is claimed of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    Removed,
    Added,
    Required,
    Optional,
}

impl Claim {
    /// The name in reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            Claim::Removed => "removed",
            Claim::Added => "added",
            Claim::Required => "required",
            Claim::Optional => "optional",
        }
    }
}

/// What kind of thing the author calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Noun {
    /// An operation of an API.
    Operation,
    /// A part of one: an argument, a field.
    Part,
    /// An outside package.
    Package,
}

/// One claim on one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claimed {
    /// The name, without backticks.
    pub(super) name: String,
    /// What is claimed.
    pub(super) claim: Claim,
    /// What the author calls it; often nothing.
    pub(super) noun: Option<Noun>,
    /// The sentence, verbatim.
    pub(super) sentence: String,
    /// The other names in code style of the sentence: what the claim may be about.
    pub(super) beside: Vec<String>,
}

const OPERATION: &str = r"mutation|endpoint|operation|rpc";
const PART: &str = r"argument|input|parameter|param|field|property";
const PACKAGE: &str = r"package|dependency|dependencies|library|libraries|gem|crate|module";

/// `{}` stands where names stood. Close words only: a claim in another clause is about something else.
static CLAIMS: LazyLock<Vec<(Claim, Regex)>> = LazyLock::new(|| {
    let list = r"(?P<list>\{\}(?:(?:\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|or)\s+)\{\})*)";
    let one = r"(?P<list>\{\})";
    let word = |nouns: &str, group: &str| format!(r"(?P<{group}>{nouns})(?:s|es)?\b");
    let noun = format!(
        r"(?:\s+(?:input\s+|query\s+|graphql\s+)?(?:{}|{}|{}))?",
        word(OPERATION, "operation"),
        word(PART, "part"),
        word(PACKAGE, "package"),
    );
    let is = r"\s+(?:is|was|has\s+been|becomes|got)\s+(?:now\s+|also\s+)*";
    let are = r"\s+(?:are|were|have\s+been|become|got)\s+(?:now\s+|both\s+|also\s+)*";
    let any = r"(?:the\s+|an?\s+|new\s+|old\s+|unused\s+|deprecated\s+|obsolete\s+|legacy\s+)*";
    // A name before more words is a part of them: "remove `create` call" says nothing of `create`.
    let end = r"(?:\s*(?:[.,;:!)]|$)|\s+(?:from|to|in|as|and|so|because|since|for|which|that)\b)";
    let pattern = |text: String| Regex::new(&text).expect("the pattern is fixed and compiles");
    let verb = |claim, verbs: &str| (claim, pattern(format!(r"(?i)\b(?:{verbs})\s+{any}{list}{noun}{end}")));
    // "`a` and `b` is gone" speaks of `b` alone.
    let state = |claim, states: &str| {
        [(one, is), (list, are)]
            .map(|(names, be)| (claim, pattern(format!(r"(?i){names}{noun}{be}(?:{states})\b"))))
    };
    let gone = "removed|dropped|deleted|gone|not carried over|no longer (?:accepted|supported|available|listed|there)";
    let verbs = [
        verb(
            Claim::Removed,
            "remove[sd]?|removing|drops?|dropped|deletes?d?|no longer (?:accepts?|takes?|lists?)",
        ),
        verb(Claim::Added, "adds?|added|adding|introduces?d?"),
    ];
    let states = [
        state(Claim::Removed, gone),
        state(Claim::Added, "added|new"),
        state(Claim::Required, "required|mandatory"),
        state(Claim::Optional, "optional|nullable"),
    ];
    verbs.into_iter().chain(states.into_iter().flatten()).collect()
});

/// Every claim of the author's words, in their order.
pub(super) fn claims(words: &Words) -> Vec<Claimed> {
    let commits = words.commits.iter().filter(|commit| !commit.is_merge && !commit.author.is_bot());
    let texts = words.title.iter().chain(&words.body).chain(commits.map(|commit| &commit.body));
    texts.flat_map(|text| sentences(text)).take(MOST_SENTENCES).flat_map(|sentence| of(&sentence)).collect()
}

/// The claims of one sentence.
fn of(sentence: &str) -> Vec<Claimed> {
    let parts: Vec<&str> = sentence.split('`').collect();
    // Odd parts stand between backticks; an odd number of backticks leaves it open which.
    if parts.len() < 3 || parts.len().is_multiple_of(2) {
        return Vec::new();
    }
    let mut blank = String::new();
    let mut names: Vec<(usize, &str)> = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        if at % 2 == 0 {
            blank.push_str(&part.replace(['{', '}'], " "));
        } else if part.is_empty() || part.contains(char::is_whitespace) {
            blank.push_str(" code ");
        } else {
            names.push((blank.len(), part));
            blank.push_str("{}");
        }
    }
    let mut claimed: Vec<Claimed> = Vec::new();
    for (claim, pattern) in CLAIMS.iter() {
        for found in pattern.captures_iter(&blank) {
            let Some(list) = found.name("list") else { continue };
            let noun = [("operation", Noun::Operation), ("part", Noun::Part), ("package", Noun::Package)]
                .into_iter()
                .find_map(|(group, noun)| found.name(group).map(|_| noun));
            for (at, name) in names.iter().filter(|(at, _)| list.range().contains(at)) {
                let beside = names.iter().filter(|(other, _)| other != at && !list.range().contains(other));
                let one = Claimed {
                    name: (*name).to_owned(),
                    claim: *claim,
                    noun,
                    sentence: sentence.to_owned(),
                    beside: beside.map(|(_, name)| (*name).to_owned()).collect(),
                };
                if !claimed.iter().any(|known| (&known.name, known.claim) == (&one.name, one.claim)) {
                    claimed.push(one);
                }
            }
        }
    }
    claimed
}

/// The sentences that hold a name in code style. Lines of one paragraph belong together; an item of a list begins anew.
fn sentences(text: &str) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    let mut is_code = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("```") || line.starts_with("~~~") {
            is_code = !is_code;
        }
        let item = line.trim_start_matches(['-', '*', '+']).trim_start();
        if line.is_empty() || is_code || line.starts_with(['#', '|', '>']) || item.len() < line.len() {
            paragraphs.push(String::new());
        }
        if is_code || line.starts_with(['#', '|', '>', '~']) {
            continue;
        }
        if let Some(paragraph) = paragraphs.last_mut() {
            paragraph.push_str(if paragraph.is_empty() { "" } else { " " });
            paragraph.push_str(item);
        }
    }
    paragraphs
        .iter()
        .flat_map(|paragraph| paragraph.split_inclusive(". "))
        .map(|sentence| sentence.trim().trim_end_matches('.').to_owned())
        .filter(|sentence| sentence.contains('`') && sentence.chars().count() <= LONGEST_QUOTE)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_stands_close_to_its_name() {
        for (sentence, expected) in [
            ("We removed `total` here", None),
            ("We removed `total`", Some(("total", Claim::Removed, None))),
            (
                "Removed the deprecated `total` mutation",
                Some(("total", Claim::Removed, Some(Noun::Operation))),
            ),
            ("`total` is now required", Some(("total", Claim::Required, None))),
            ("Added a new `stripe` package", Some(("stripe", Claim::Added, Some(Noun::Package)))),
            ("`total` has been dropped", Some(("total", Claim::Removed, None))),
            (
                "the old `a` and `b` arguments are not carried over",
                Some(("a", Claim::Removed, Some(Noun::Part))),
            ),
            ("If `total` is large, rows are removed", None),
            ("Removed what `total` used", None),
            ("Remove `total` call", None),
            ("Use `a b` added", None),
            ("an open `tick is removed", None),
        ] {
            let claims = of(sentence);
            let first = claims.first().map(|one| (one.name.as_str(), one.claim, one.noun));
            assert_eq!(first, expected, "{sentence}");
        }
    }

    #[test]
    fn lines_of_a_paragraph_are_one_sentence() {
        let text = "Note that `x` only takes `id`, and the\n`token` and `other` arguments\nare not carried over.\n- `y` is new";
        let found: Vec<(String, Vec<String>)> =
            sentences(text).iter().flat_map(|one| of(one)).map(|one| (one.name, one.beside)).collect();
        let beside = || vec!["x".to_owned(), "id".to_owned()];
        assert_eq!(
            found,
            [("token".to_owned(), beside()), ("other".to_owned(), beside()), ("y".to_owned(), Vec::new())]
        );
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "(?s)[a-z`{} .\n-]{0,200}") {
            sentences(&text).iter().for_each(|one| { of(one); });
        }
    }
}
