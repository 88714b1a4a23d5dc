//! The mix of work: what each change is, by its paths, else by its author's words.

use super::super::units::{Noise, Unit};

/// Sorts of work, in the order in which they are told.
pub(super) const SORTS: [&str; 11] = [
    "new",
    "fixed",
    "removed",
    "other",
    "tidied",
    "translated",
    "packages",
    "tests",
    "docs",
    "steps",
    "bots",
];

/// The place of a change among the sorts.
pub(super) fn sort_of(unit: &Unit) -> usize {
    let sort = match unit.noise {
        Some(Noise::Bot) => "bots",
        Some(Noise::Automation | Noise::Release) => "steps",
        Some(Noise::Docs) => "docs",
        Some(Noise::Tests) => "tests",
        Some(Noise::Packages) => "packages",
        Some(Noise::Chore) => "tidied",
        Some(Noise::Translations) => "translated",
        None => by_words(unit),
    };
    SORTS.iter().position(|known| *known == sort).unwrap_or(3)
}

fn by_words(unit: &Unit) -> &'static str {
    match unit.conventional.as_ref().map(|head| head.type_.as_str()) {
        Some("feat" | "feature") => return "new",
        Some("fix" | "bugfix" | "hotfix" | "security") => return "fixed",
        _ => {}
    }
    let first = unit.title.split(|letter: char| !letter.is_alphanumeric()).find(|word| !word.is_empty());
    match first.unwrap_or_default().to_lowercase().as_str() {
        "add" | "adds" | "added" | "allow" | "allows" | "introduce" | "support" | "implement" | "enable"
        | "new" => "new",
        "fix" | "fixes" | "fixed" | "correct" | "prevent" | "handle" | "repair" | "hotfix" | "bugfix" => {
            "fixed"
        }
        "remove" | "removes" | "removed" | "drop" | "delete" | "deprecate" | "deprecates" => "removed",
        _ => "other",
    }
}
