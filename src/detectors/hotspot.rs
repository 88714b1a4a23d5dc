//! Does this change touch a file that changes more often than almost all others here?

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Context, Detector, Line, Report, one_line_each};
use crate::finding::{Evidence, Facts, Finding, HotspotFacts, Level};
use crate::roles::is_tooling;

/// Busy: among the 1% most changed files and at least ten changes. Source: the wording guide, 3.2.
const BUSIEST_PERCENT: usize = 1;
const FEWEST_CHANGES: u32 = 10;
/// More would be a list, not a hint.
const MOST: usize = 2;

/// Options of `[detectors.hotspot]`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Hotspot {}

impl Detector for Hotspot {
    fn detect(&self, cx: &Context<'_>, report: &mut Report) {
        let counts = cx.history.by_file();
        let mut sizes: Vec<u32> = counts.values().map(|(changes, _)| *changes).collect();
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        let place = (sizes.len() * BUSIEST_PERCENT / 100).max(1) - 1;
        let Some(bar) = sizes.get(place).map(|bar| (*bar).max(FEWEST_CHANGES)) else { return };
        let mut busy: Vec<_> = cx
            .changes
            .files()
            .iter()
            .filter(|file| file.role.is_by_hand() && !is_tooling(file.path.as_str()))
            .filter_map(|file| counts.get(file.old_path()).map(|(changes, fixes)| (file, *changes, *fixes)))
            .filter(|(_, changes, _)| *changes >= bar)
            .collect();
        busy.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.path.cmp(&b.0.path)));
        for (file, changes, fixes) in busy.into_iter().take(MOST) {
            let evidence = match file.after() {
                Some(_) => Evidence::after(&file.path, None),
                None => Evidence::before(&file.path, None),
            };
            let facts = HotspotFacts { file: file.path.to_string(), changes, fixes };
            report.push(
                cx,
                "hotspot.busy",
                Level::Routine,
                file.path.as_str(),
                vec![evidence],
                Facts::Hotspot(facts),
            );
        }
    }
}

/// Always folded: it never changes what the reader should do.
pub fn lines(findings: &[&Finding]) -> Vec<Line> {
    one_line_each(findings).into_iter().map(Line::folded).collect()
}
