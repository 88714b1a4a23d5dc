//! Do the author's words about a name in code style agree with what the files show?

mod claims;
mod inventories;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Context, Detector, Line, Report, one_line_each};
use crate::finding::{
    ApiOp, ContradictionFacts, DependencyChange, Evidence, Facts, Finding, Level, SchemaOp, SettingChange,
};
use claims::Claim;
use inventories::Inventories;

/// Options of `[detectors.contradiction]`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Contradiction {}

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
        let mut inventories = Inventories::default();
        let mut found: Vec<(String, Evidence, ContradictionFacts)> = Vec::new();
        for claimed in claims::claims(cx.words) {
            let about: Vec<(&Finding, Shown)> = report
                .findings
                .iter()
                .filter_map(|finding| shown(&finding.facts, &claimed.name).map(|shown| (finding, shown)))
                .collect();
            let denies = |shown: Shown| {
                matches!(
                    (claimed.claim, shown),
                    (Claim::Removed, Shown::Adds)
                        | (Claim::Added, Shown::Removes)
                        | (Claim::Required, Shown::LeavesOptional)
                        | (Claim::Optional, Shown::Requires)
                )
            };
            // Where any file agrees with the words, they are about that file.
            let told = match about.as_slice() {
                [] => {
                    inventories.denies(cx, &claimed).map(|against| (against.shows, against.of, against.place))
                }
                [(finding, shown), ..] if about.iter().all(|(_, shown)| denies(*shown)) => {
                    let shows = match shown {
                        Shown::Adds => "adds",
                        Shown::Removes => "removes",
                        Shown::Requires => "shows_required",
                        Shown::LeavesOptional => "shows_optional",
                    };
                    finding.evidence.first().map(|place| (shows, None, place.clone()))
                }
                _ => None,
            };
            let Some((shows, of, place)) = told else { continue };
            let subject = format!("{} {}", claimed.name, claimed.claim.name());
            // A pull request's text mostly repeats the message of its commit.
            if found.iter().any(|(known, ..)| *known == subject) {
                continue;
            }
            let facts = ContradictionFacts {
                quote: claimed.sentence,
                name: claimed.name,
                claim: claimed.claim.name().to_owned(),
                shows: shows.to_owned(),
                of,
                file: place.path.to_string(),
            };
            found.push((subject, place, facts));
        }
        for (subject, place, facts) in found {
            let rule = "contradiction.words_and_file";
            report.push(cx, rule, Level::WorthALook, &subject, vec![place], Facts::Contradiction(facts));
        }
    }
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
