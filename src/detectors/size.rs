//! How large is this change, measured against the last twelve months of this repository?

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Context, Detector, Line, Report, one_line_each};
use crate::change::{ChangeKind, FileChange, Role};
use crate::finding::{Evidence, Facts, Finding, Level, SizeFacts};

/// Above this percentile a change deserves a look. Source: the wording guide, 3.2.
const LARGE_PERCENTILE: u8 = 95;
/// With fewer past changes than this a percentile says nothing.
const FEWEST_CHANGES: usize = 50;
/// The fixed measures that hold then: files by hand, or lines by hand.
const MANY_FILES: u32 = 20;
const MANY_LINES: u32 = 400;

/// Options of `[detectors.size]`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Size {}

impl Detector for Size {
    fn detect(&self, cx: &Context<'_>, report: &mut Report) {
        // A file that only has another path holds nothing to read.
        let is_edited = |file: &&FileChange| {
            file.added + file.removed > 0 || !matches!(file.kind, ChangeKind::Renamed { .. })
        };
        let by_hand: Vec<_> =
            cx.changes.files().iter().filter(|file| file.role.is_by_hand()).filter(is_edited).collect();
        let Some(largest) =
            by_hand.iter().max_by_key(|file| (file.added + file.removed, std::cmp::Reverse(&file.path)))
        else {
            return;
        };
        let files = by_hand.len() as u32;
        let lines: u32 = by_hand.iter().map(|file| file.added).sum();
        let percentile = percentile(cx, files);
        let all_added: u64 = cx.changes.files().iter().map(|file| u64::from(file.added)).sum();
        let generated: u64 = cx
            .changes
            .files()
            .iter()
            .filter(|file| matches!(file.role, Role::Generated | Role::Lock))
            .map(|file| u64::from(file.added))
            .sum();
        let generated_percent = (generated * 100).checked_div(all_added).unwrap_or(0) as u8;
        let large = match percentile {
            // A repository where most changes touch one file puts a change of two files into its top; two files are
            // nothing to speak about all the same.
            Some(percentile) => percentile >= LARGE_PERCENTILE && files >= MANY_FILES / 2,
            None => files > MANY_FILES || lines > MANY_LINES,
        };
        let (rule, level) =
            if large { ("size.large", Level::WorthALook) } else { ("size.ordinary", Level::Routine) };
        let evidence = match largest.after() {
            Some(_) => Evidence::after(&largest.path, None),
            None => Evidence::before(&largest.path, None),
        };
        report.push(
            cx,
            rule,
            level,
            "size",
            vec![evidence],
            Facts::Size(SizeFacts { files, lines, percentile, generated_percent }),
        );
    }
}

/// The share of past changes with fewer files written by hand, rounded down. Past files are judged by name alone, as
/// in the present change the role mostly is.
fn percentile(cx: &Context<'_>, files: u32) -> Option<u8> {
    let sizes: Vec<u32> = cx
        .history
        .changes
        .iter()
        .map(|change| change.files.iter().filter(|path| cx.roles.by_name(path).is_by_hand()).count() as u32)
        .filter(|size| *size > 0)
        .collect();
    if sizes.len() < FEWEST_CHANGES {
        return None;
    }
    let smaller = sizes.iter().filter(|size| **size < files).count();
    Some((smaller * 100 / sizes.len()) as u8)
}

/// A change of ordinary size is said in the folded part only.
pub fn lines(findings: &[&Finding]) -> Vec<Line> {
    let mut lines = one_line_each(findings);
    for line in &mut lines {
        line.folded = line.level == Level::Routine;
    }
    lines
}
