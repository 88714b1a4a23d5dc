//! Runs the last changes of a repository, so that a team can judge the noise before it installs anything.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::Plainly;
use crate::error::Error;
use crate::finding::Level;
use crate::git::Repository;
use crate::render::Style;
use crate::run::{self, ConfigFrom, Given};

/// What the last changes would have looked like.
#[derive(Debug, Serialize)]
pub struct Replayed {
    /// `plainly/replay/v1`
    pub schema: &'static str,
    /// How many changes were run.
    pub changes: usize,
    /// How many of each level.
    pub levels: Levels,
    /// How many changes each rule fired in, most often first.
    pub rules: Vec<Fired>,
    /// The loud ones, newest first.
    pub talk_first: Vec<Loud>,
}

/// How many changes of each level.
#[derive(Debug, Default, Serialize)]
pub struct Levels {
    /// Nothing to do.
    pub routine: usize,
    /// Two minutes.
    pub worth_a_look: usize,
    /// Speak first.
    pub talk_first: usize,
}

/// A rule and in how many changes it fired.
#[derive(Debug, Serialize)]
pub struct Fired {
    /// Its id.
    pub rule: String,
    /// Changes.
    pub changes: usize,
    /// Of 100 changes, rounded.
    pub percent: usize,
    /// Some of these changes, newest first.
    pub examples: Vec<String>,
}

/// A change that would have been Talk first.
#[derive(Debug, Serialize)]
pub struct Loud {
    /// Its commit.
    pub commit: String,
    /// Its title.
    pub title: Option<String>,
    /// Its top consequence.
    pub headline: String,
}

const EXAMPLES: usize = 3;

/// Runs the last `count` first-parent changes of the branch that is checked out.
pub fn replay(directory: Option<&Path>, count: usize) -> Result<(Plainly, Replayed), Error> {
    let repository = Repository::open(directory)?;
    let mut levels = Levels::default();
    let mut fired: BTreeMap<String, (usize, Vec<String>)> = BTreeMap::new();
    let mut talk_first = Vec::new();
    let mut changes = 0;
    let mut compiled = None;
    for range in repository.last_changes(count)? {
        let run = run::summarize(&repository, &range, Given::default(), ConfigFrom::WorkTree)?;
        let report = &run.summary.report;
        changes += 1;
        match report.level {
            Level::Routine => levels.routine += 1,
            Level::WorthALook => levels.worth_a_look += 1,
            Level::TalkFirst => {
                levels.talk_first += 1;
                let pen = run.plainly.renderer().pen(&Style::PLAIN);
                let top = run.summary.lines.iter().find(|line| line.level == Level::TalkFirst);
                let headline = top.map(|line| pen.headline(line)).transpose()?.flatten().unwrap_or_default();
                let commit = report.range.head.chars().take(10).collect();
                talk_first.push(Loud { commit, title: report.title.clone(), headline });
            }
        }
        let mut rules: Vec<&str> = report.findings.iter().map(|finding| finding.rule.as_str()).collect();
        rules.sort_unstable();
        rules.dedup();
        for rule in rules {
            let (count, examples) = fired.entry(rule.to_owned()).or_default();
            *count += 1;
            if examples.len() < EXAMPLES {
                examples.push(report.range.head.chars().take(10).collect());
            }
        }
        compiled = Some(run.plainly);
    }
    let mut rules: Vec<Fired> = fired
        .into_iter()
        .map(|(rule, (count, examples))| Fired {
            rule,
            changes: count,
            percent: (count * 100 + changes / 2) / changes.max(1),
            examples,
        })
        .collect();
    rules.sort_by(|a, b| b.changes.cmp(&a.changes).then_with(|| a.rule.cmp(&b.rule)));
    let plainly = match compiled {
        Some(plainly) => plainly,
        None => Plainly::new(Default::default(), Vec::new(), &Default::default())?,
    };
    Ok((plainly, Replayed { schema: "plainly/replay/v1", changes, levels, rules, talk_first }))
}
