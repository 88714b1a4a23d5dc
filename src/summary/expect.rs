//! The expectation card: what the author, or a product manager, expected of the change, answered line by line.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Reason, ServiceTouch};
use crate::config::nearest;
use crate::finding::{DependencyChange, Facts, Finding, Presence};

/// The info string of the fenced block that holds a card.
const INFO: &str = "expect";
/// A card with more lines is no card.
const MOST_LINES: usize = 20;

/// One line of the card and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Expectation {
    /// The line as written.
    pub line: String,
    /// How it compares with what was found.
    #[serde(flatten)]
    pub answer: Answer,
}

/// How an expectation compares with the findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// It holds.
    AsExpected,
    /// The change does more; the names of what it does beyond.
    More {
        /// Services, tables, packages, operations, keys.
        names: Vec<String>,
    },
    /// The change does less: what was expected is not there.
    Less,
    /// Not on the menu.
    Unknown {
        /// The nearest line of the menu.
        nearest: Option<String>,
    },
}

/// The fixed menu.
const MENU: &[&str] = &[
    "only:",
    "no stored data",
    "no new packages",
    "no API change",
    "no settings",
    "no new service",
    "no words on screen",
    "tests",
];

/// Answers the first card of a text.
pub(super) fn answer(body: &str, findings: &[Finding], services: &[ServiceTouch]) -> Vec<Expectation> {
    card(body)
        .into_iter()
        .map(|line| Expectation { answer: answer_line(&line, findings, services), line })
        .collect()
}

fn card(body: &str) -> Vec<String> {
    let mut lines = body.lines().map(str::trim);
    let opens = |line: &str| {
        let rest = line.trim_start_matches(['`', '~']);
        line.len() - rest.len() >= 3 && rest.trim().eq_ignore_ascii_case(INFO)
    };
    if !lines.any(opens) {
        return Vec::new();
    }
    lines
        .take_while(|line| !line.starts_with("```") && !line.starts_with("~~~"))
        .map(|line| line.trim_start_matches(['-', '*']).trim().to_owned())
        .filter(|line| !line.is_empty())
        .take(MOST_LINES)
        .collect()
}

fn answer_line(line: &str, findings: &[Finding], services: &[ServiceTouch]) -> Answer {
    let lower = line.to_lowercase();
    let lower = lower.trim_end_matches('.');
    let named = |name: &dyn Fn(&Facts) -> Option<String>| -> Answer {
        let names: BTreeSet<String> = findings.iter().filter_map(|finding| name(&finding.facts)).collect();
        if names.is_empty() {
            Answer::AsExpected
        } else {
            Answer::More { names: names.into_iter().collect() }
        }
    };
    match lower {
        "no stored data" => named(&|facts| match facts {
            Facts::Schema(facts) => Some(facts.table.clone()),
            _ => None,
        }),
        "no new packages" => named(&|facts| match facts {
            Facts::Dependency(facts) if facts.change == DependencyChange::Added => Some(facts.name.clone()),
            _ => None,
        }),
        "no api change" => named(&|facts| match facts {
            Facts::Api(facts) => Some(facts.subject.clone()),
            _ => None,
        }),
        "no settings" => named(&|facts| match facts {
            Facts::Config(facts) => Some(facts.key.clone()),
            Facts::FeatureFlag(facts) => Some(facts.key.clone()),
            _ => None,
        }),
        "no new service" => named(&|facts| match facts {
            Facts::Service(facts) if facts.change == Presence::Added => Some(facts.name.clone()),
            _ => None,
        }),
        "no words on screen" => named(&|facts| match facts {
            Facts::UiText(facts) => Some(facts.key.clone().unwrap_or_else(|| facts.language.clone())),
            _ => None,
        }),
        "tests" => {
            let touched = findings.iter().any(|finding| {
                matches!(&finding.facts, Facts::Tests(facts) if facts.added + facts.changed + facts.switched_on > 0)
            });
            if touched { Answer::AsExpected } else { Answer::Less }
        }
        _ => match lower.strip_prefix("only:") {
            Some(wanted) => only(wanted, services),
            None => Answer::Unknown { nearest: nearest(line, MENU.iter().copied()) },
        },
    }
}

/// `only: shop front, checkout`: nothing written by hand outside these.
fn only(wanted: &str, services: &[ServiceTouch]) -> Answer {
    let wanted: Vec<&str> = wanted.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let is_wanted = |service: &ServiceTouch| {
        wanted
            .iter()
            .any(|name| name.eq_ignore_ascii_case(&service.title) || name.eq_ignore_ascii_case(&service.name))
    };
    let by_hand: Vec<&ServiceTouch> =
        services.iter().filter(|service| matches!(service.reason, Reason::Code | Reason::Config)).collect();
    let beyond: Vec<String> =
        by_hand.iter().filter(|service| !is_wanted(service)).map(|service| service.title.clone()).collect();
    if !beyond.is_empty() {
        Answer::More { names: beyond }
    } else if by_hand.iter().any(|service| is_wanted(service)) {
        Answer::AsExpected
    } else {
        Answer::Less
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(card: &str) -> Vec<Answer> {
        let body = format!("Words.\n\n```expect\n{card}\n```\nMore words.");
        let services = [ServiceTouch {
            name: "frontend".into(),
            title: "Shop front".into(),
            owners: Vec::new(),
            files: 1,
            reason: Reason::Code,
        }];
        answer(&body, &[], &services).into_iter().map(|expectation| expectation.answer).collect()
    }

    #[test]
    fn each_line_is_answered() {
        assert_eq!(
            answers(
                "only: shop front\nno stored data\n- No API change\ntests\nonly: checkout\nno stored dat"
            ),
            [
                Answer::AsExpected,
                Answer::AsExpected,
                Answer::AsExpected,
                Answer::Less,
                Answer::More { names: vec!["Shop front".into()] },
                Answer::Unknown { nearest: Some("no stored data".into()) },
            ]
        );
    }

    #[test]
    fn no_card_no_answer() {
        assert!(answer("```\nno stored data\n```", &[], &[]).is_empty());
        assert!(answer("expect no stored data", &[], &[]).is_empty());
    }
}
