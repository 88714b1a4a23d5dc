//! Who knows the part of the product that changes most here?

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Context, Detector, Line, Report, one_line_each};
use crate::change::{Person, RepoPath};
use crate::finding::{Evidence, Facts, Finding, Level, OwnershipFacts};

/// How many of the newest changes of the area are looked at.
const RECENT: usize = 10;
/// Fewer say nothing about who knows it.
const FEWEST: usize = 5;

/// Options of `[detectors.ownership]`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Ownership {}

impl Detector for Ownership {
    fn detect(&self, cx: &Context<'_>, report: &mut Report) {
        if !cx.config.people {
            return;
        }
        let by_hand = cx.changes.files().iter().filter(|file| file.role.is_by_hand());
        let most = by_hand.max_by_key(|file| (file.added + file.removed, std::cmp::Reverse(&file.path)));
        let Some(file) = most else { return };
        let folder = file.old_path().folder();
        if folder.is_empty() {
            return;
        }
        let touches = |path: &RepoPath| path.is_in(folder);
        let recent: Vec<&Person> = cx
            .history
            .changes
            .iter()
            .filter(|change| change.files.iter().any(touches))
            .take(RECENT)
            .map(|change| &change.author)
            .collect();
        if recent.len() < FEWEST {
            return;
        }
        let mut counts: BTreeMap<&Person, u32> = BTreeMap::new();
        for person in &recent {
            *counts.entry(person).or_default() += 1;
        }
        let Some((person, made)) =
            counts.into_iter().max_by_key(|(person, made)| (*made, std::cmp::Reverse(*person)))
        else {
            return;
        };
        // Knowledge in one head is worth a line; knowledge in many is the ordinary case.
        if (made as usize) * 10 < recent.len() * 7 {
            return;
        }
        let by_author = cx.words.commits.iter().all(|commit| commit.author.email == person.email);
        if by_author && !cx.words.commits.is_empty() {
            return;
        }
        let evidence = match file.after() {
            Some(_) => Evidence::after(&file.path, None),
            None => Evidence::before(&file.path, None),
        };
        let facts = OwnershipFacts {
            area: format!("{folder}/"),
            person: Some(person.name.clone()),
            made,
            of: recent.len() as u32,
        };
        report.push(
            cx,
            "ownership.one_person",
            Level::Routine,
            folder,
            vec![evidence],
            Facts::Ownership(facts),
        );
    }
}

/// Always folded.
pub fn lines(findings: &[&Finding]) -> Vec<Line> {
    one_line_each(findings).into_iter().map(Line::folded).collect()
}
