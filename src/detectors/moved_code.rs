//! How much of the added text stood elsewhere in this change before?

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Context, Detector, Line, Report, one_line_each};
use crate::change::{ChangeKind, FileChange};
use crate::finding::{Evidence, Facts, Finding, Level, MovedCodeFacts};

/// Shorter lines, such as a closing bracket, match everywhere and prove nothing.
const SHORTEST_LINE: usize = 12;
/// From this share on a change is "mostly moved". Source: the wording guide, 3.4.
const MOSTLY_PERCENT: u64 = 60;
/// With fewer lines a share is chance.
const FEWEST_LINES: u64 = 20;

/// Fewer renamed files are an ordinary part of a change.
const FEWEST_RENAMES: usize = 3;

/// Options of `[detectors.moved_code]`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MovedCode {}

impl Detector for MovedCode {
    fn detect(&self, cx: &Context<'_>, report: &mut Report) {
        let by_hand: Vec<&FileChange> =
            cx.changes.files().iter().filter(|file| file.role.is_by_hand()).collect();
        let renamed =
            by_hand.iter().filter(|file| matches!(file.kind, ChangeKind::Renamed { .. })).count() as u32;
        let only_renamed = by_hand
            .iter()
            .filter(|file| matches!(file.kind, ChangeKind::Renamed { .. }) && file.added + file.removed == 0);
        let only_renamed: Vec<&&FileChange> = only_renamed.collect();
        if let Some(first) = only_renamed.first()
            && only_renamed.len() >= FEWEST_RENAMES
            && only_renamed.len() as u64 * 100 >= by_hand.len() as u64 * MOSTLY_PERCENT
        {
            let percent = (only_renamed.len() * 100 / by_hand.len()) as u8;
            let facts = MovedCodeFacts { percent, renamed };
            let evidence = vec![Evidence::after(&first.path, None)];
            report.push(
                cx,
                "moved_code.renamed",
                Level::Routine,
                "renamed",
                evidence,
                Facts::MovedCode(facts),
            );
            return;
        }
        // What a line loses here and gains there: surplus lines of each side, file by file.
        let mut removed: HashMap<&str, u32> = HashMap::new();
        let mut added: Vec<(&FileChange, HashMap<&str, u32>)> = Vec::new();
        for file in &by_hand {
            let (before, after) = (counts(file.before_text()), counts(file.after_text()));
            for (line, count) in &before {
                let gone = count.saturating_sub(after.get(line).copied().unwrap_or(0));
                if gone > 0 {
                    *removed.entry(line).or_default() += gone;
                }
            }
            let gained = after
                .into_iter()
                .map(|(line, count)| (line, count.saturating_sub(before.get(line).copied().unwrap_or(0))))
                .filter(|(_, count)| *count > 0)
                .collect();
            added.push((file, gained));
        }
        let (mut all, mut moved) = (0u64, 0u64);
        let mut most: Option<(&FileChange, u64)> = None;
        for (file, lines) in added {
            let mut here = 0;
            // Sorted, because which file gets a line that two gained must not depend on a hash.
            let mut lines: Vec<_> = lines.into_iter().collect();
            lines.sort_unstable();
            for (line, count) in lines {
                all += u64::from(count);
                if let Some(left) = removed.get_mut(line) {
                    let matched = count.min(*left);
                    *left -= matched;
                    here += u64::from(matched);
                }
            }
            moved += here;
            if here > most.map_or(0, |(_, most)| most) {
                most = Some((file, here));
            }
        }
        let Some((file, _)) = most else { return };
        if all >= FEWEST_LINES && moved * 100 >= all * MOSTLY_PERCENT {
            report.push(
                cx,
                "moved_code.mostly",
                Level::Routine,
                "moved",
                vec![Evidence::after(&file.path, None)],
                Facts::MovedCode(MovedCodeFacts { percent: (moved * 100 / all) as u8, renamed }),
            );
        }
    }
}

fn counts(text: Option<&str>) -> HashMap<&str, u32> {
    let mut counts = HashMap::new();
    for line in text.unwrap_or_default().lines().map(str::trim).filter(|line| line.len() >= SHORTEST_LINE) {
        *counts.entry(line).or_default() += 1;
    }
    counts
}

/// One sentence: moved lines, or files that only have another path.
pub fn lines(findings: &[&Finding]) -> Vec<Line> {
    let mut lines = one_line_each(findings);
    for (line, finding) in lines.iter_mut().zip(findings) {
        line.shape = finding.rule.replace('.', "/");
    }
    lines
}
