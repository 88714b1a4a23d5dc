//! Do the author's words about a name in code style agree with what the files show?

use std::sync::LazyLock;

use regex::Regex;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Context, Detector, Line, Report, one_line_each};
use crate::change::Words;
use crate::finding::{
    ApiOp, ContradictionFacts, DependencyChange, Facts, Finding, Level, SchemaOp, SettingChange,
};

/// Options of `[detectors.contradiction]`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Contradiction {}

/// A longer quotation would be a text, not a quotation.
const LONGEST_QUOTE: usize = 160;

/// What the author claims of a name: the claim follows it, or stands directly before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Claim {
    Removed,
    Added,
    Required,
    Optional,
}

impl Claim {
    fn name(self) -> &'static str {
        match self {
            Claim::Removed => "removed",
            Claim::Added => "added",
            Claim::Required => "required",
            Claim::Optional => "optional",
        }
    }
}

static CLAIMS: LazyLock<[(Claim, Regex); 4]> = LazyLock::new(|| {
    let pattern = |text: &str| Regex::new(text).expect("the pattern is fixed and compiles");
    // `{}` stands where the name stood. Close words only: a claim in another clause is about something else.
    [
        (
            Claim::Removed,
            pattern(
                r"(?i)(\b(removed?s?|removing|drops?|dropped|deletes?d?)\s+(the\s+)?\{\}|\{\}\s+(is|was|are|has been|got)\s+(now\s+)?(removed|dropped|deleted|gone))",
            ),
        ),
        (
            Claim::Added,
            pattern(
                r"(?i)(\b(adds?|added|adding|introduces?d?)\s+(the\s+|a\s+|an\s+|new\s+)*\{\}|\{\}\s+(is|was|has been)\s+(added|new))",
            ),
        ),
        (Claim::Required, pattern(r"(?i)\{\}\s+(is|becomes|is now)\s+(now\s+)?(required|mandatory)")),
        (Claim::Optional, pattern(r"(?i)\{\}\s+(is|becomes|is now)\s+(now\s+)?(optional|nullable)")),
    ]
});

/// What a file shows of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Adds,
    Removes,
    Requires,
    LeavesOptional,
}

impl Detector for Contradiction {
    fn detect(&self, cx: &Context<'_>, report: &mut Report) {
        let mut found = Vec::new();
        for sentence in sentences(cx.words) {
            for (name, claim) in claims(&sentence) {
                let about: Vec<(&Finding, Shown)> = report
                    .findings
                    .iter()
                    .filter_map(|finding| shown(&finding.facts, &name).map(|shown| (finding, shown)))
                    .collect();
                let denies = |shown: Shown| {
                    matches!(
                        (claim, shown),
                        (Claim::Removed, Shown::Adds)
                            | (Claim::Added, Shown::Removes)
                            | (Claim::Required, Shown::LeavesOptional)
                            | (Claim::Optional, Shown::Requires)
                    )
                };
                // Where any file agrees with the words, they are about that file.
                let all_deny = !about.is_empty() && about.iter().all(|(_, shown)| denies(*shown));
                if let (true, Some((finding, shown))) = (all_deny, about.first())
                    && let Some(place) = finding.evidence.first()
                {
                    let shows = match shown {
                        Shown::Adds => "adds",
                        Shown::Removes => "removes",
                        Shown::Requires => "shows_required",
                        Shown::LeavesOptional => "shows_optional",
                    };
                    let facts = ContradictionFacts {
                        quote: sentence.clone(),
                        name: name.clone(),
                        claim: claim.name().to_owned(),
                        shows: shows.to_owned(),
                        file: place.path.to_string(),
                    };
                    found.push((format!("{name} {}", claim.name()), place.clone(), facts));
                }
            }
        }
        for (subject, place, facts) in found {
            let rule = "contradiction.words_and_file";
            report.push(cx, rule, Level::WorthALook, &subject, vec![place], Facts::Contradiction(facts));
        }
    }
}

fn sentences(words: &Words) -> Vec<String> {
    let commits = words.commits.iter().filter(|commit| !commit.is_merge && !commit.author.is_bot());
    let texts = words.body.iter().chain(commits.map(|commit| &commit.body));
    texts
        .flat_map(|text| text.lines().take(500))
        .flat_map(|line| line.split_inclusive(". "))
        .map(|sentence| sentence.trim().trim_start_matches(['-', '*']).trim().to_owned())
        .filter(|sentence| sentence.contains('`') && sentence.chars().count() <= LONGEST_QUOTE)
        .collect()
}

/// Names in code style with what is claimed of each.
fn claims(sentence: &str) -> Vec<(String, Claim)> {
    let parts: Vec<&str> = sentence.split('`').collect();
    let mut claims = Vec::new();
    // Odd parts stand between backticks.
    for (at, name) in parts.iter().enumerate().skip(1).step_by(2) {
        let is_name = !name.is_empty() && !name.contains(char::is_whitespace) && at + 1 < parts.len();
        if !is_name {
            continue;
        }
        let around = format!("{}{{}}{}", parts.get(at - 1).unwrap_or(&""), parts.get(at + 1).unwrap_or(&""));
        claims.extend(
            CLAIMS
                .iter()
                .filter(|(_, pattern)| pattern.is_match(&around))
                .map(|(claim, _)| ((*name).to_owned(), *claim)),
        );
    }
    claims
}

fn shown(facts: &Facts, name: &str) -> Option<Shown> {
    let last = name.rsplit('.').next().unwrap_or(name);
    match facts {
        Facts::Schema(facts) => {
            let is_column = facts.column.as_deref() == Some(last);
            let is_table = facts.table == name;
            match facts.op {
                SchemaOp::AddColumn if is_column && facts.nullable == Some(true) => {
                    Some(Shown::LeavesOptional)
                }
                SchemaOp::AddColumn if is_column && facts.nullable == Some(false) => Some(Shown::Requires),
                SchemaOp::DropColumn if is_column => Some(Shown::Removes),
                SchemaOp::AddTable if is_table => Some(Shown::Adds),
                SchemaOp::DropTable if is_table => Some(Shown::Removes),
                _ => None,
            }
        }
        Facts::Api(facts) if facts.subject == name => match facts.op {
            ApiOp::OperationAdded | ApiOp::FieldAdded => Some(Shown::Adds),
            ApiOp::OperationRemoved | ApiOp::FieldRemoved => Some(Shown::Removes),
            ApiOp::NowRequired => Some(Shown::Requires),
            ApiOp::NowOptional => Some(Shown::LeavesOptional),
            _ => None,
        },
        Facts::Dependency(facts) if facts.name == name => match facts.change {
            DependencyChange::Added => Some(Shown::Adds),
            DependencyChange::Removed => Some(Shown::Removes),
            _ => None,
        },
        Facts::Config(facts) if facts.key == name => match facts.change {
            SettingChange::Added => Some(Shown::Adds),
            SettingChange::Removed => Some(Shown::Removes),
            SettingChange::Changed => None,
        },
        _ => None,
    }
}

/// One sentence.
pub fn lines(findings: &[&Finding]) -> Vec<Line> {
    one_line_each(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_stands_close_to_its_name() {
        for (sentence, expected) in [
            ("We removed `total` here", Some(("total", Claim::Removed))),
            ("`total` is now required", Some(("total", Claim::Required))),
            ("Added a new `stripe` package", Some(("stripe", Claim::Added))),
            ("`total` has been dropped", Some(("total", Claim::Removed))),
            ("If `total` is large, rows are removed", None),
            ("Removed what `total` used", None),
            ("Use `a b` added", None),
        ] {
            let claims = claims(sentence);
            let first = claims.first().map(|(name, claim)| (name.as_str(), *claim));
            assert_eq!(first, expected, "{sentence}");
        }
    }
}
