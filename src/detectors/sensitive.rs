//! Does the change touch an area that the team marked as sensitive?

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Context, Detector, Line, Report, one_line_each};
use crate::change::{FileChange, Role};
use crate::config::pattern;
use crate::finding::{Evidence, Facts, Finding, Level, SensitiveFacts};

/// Options of `[detectors.sensitive]`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sensitive {}

impl Detector for Sensitive {
    fn detect(&self, cx: &Context<'_>, report: &mut Report) {
        for area in &cx.config.sensitive {
            let patterns: Vec<_> = area.paths.iter().filter_map(|glob| pattern(glob).ok()).collect();
            let inside = |file: &&FileChange| {
                let paths = [&file.path, file.old_path()];
                patterns.iter().any(|glob| paths.iter().any(|path| glob.is_match(path.as_str())))
            };
            let files: Vec<&FileChange> = cx.changes.files().iter().filter(inside).collect();
            // A note, a test or a tool's output beside the area changes nothing in it.
            let telling = |file: &&&FileChange| {
                !matches!(file.role, Role::Docs | Role::Test | Role::Lock | Role::Generated)
            };
            let Some(first) = files.iter().filter(telling).max_by_key(|file| file.added + file.removed)
            else {
                continue;
            };
            let with_consequence =
                files.iter().any(|file| matches!(file.role, Role::Migration | Role::Contract | Role::Config));
            let level = if with_consequence { Level::TalkFirst } else { Level::WorthALook };
            let evidence = match first.after() {
                Some(_) => Evidence::after(&first.path, None),
                None => Evidence::before(&first.path, None),
            };
            let facts = SensitiveFacts {
                area: area.name.clone(),
                owner: area.owner.clone(),
                files: files.len() as u32,
                with_consequence,
            };
            let rule = "sensitive.touched";
            report.push(cx, rule, level, &area.name, vec![evidence], Facts::Sensitive(facts));
        }
    }
}

/// One line an area.
pub fn lines(findings: &[&Finding]) -> Vec<Line> {
    one_line_each(findings)
}
