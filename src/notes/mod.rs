//! Release notes and the digest: the same facts as a summary, over a longer range, for people who were not there.
//! Facts come from comparing two end states, words come from authors in quotes, commit subjects come last.

pub mod author;
pub mod base;
pub mod compose;
pub mod credit;
pub mod digest;
pub mod edit;
pub mod facts;
pub mod model;
pub mod names;
pub mod released;
pub mod say;
pub mod trace;
pub mod units;

use std::collections::BTreeMap;
use std::path::Path;

use crate::change::{RepoPath, Snapshot};
use crate::config::Config;
use crate::error::Error;
use crate::git::Repository;
use crate::render::page::{self, Part};
use crate::render::{Links, Pen, Renderer, Style, View};
use crate::run::{self, Given};
use crate::services::{Catalog, Map};
use model::Thanked;

pub use credit::{AskForge, PullTexts};
pub use model::{
    Audience, Entry, Ledger, LeftOut, Notes, NotesRange, PullRequests, Section, SectionName, Source,
};

/// Which notes are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted<'a> {
    /// `A..B`, or `A` for `A..HEAD`: two end states, compared as they stand.
    pub range: Option<&'a str>,
    /// The release that the notes are for; its base is found.
    pub to: Option<&'a str>,
    /// For whom.
    pub audience: Audience,
    /// A configuration in place of the repository's own: its path and text.
    pub config: Option<(String, String)>,
}

/// Notes, and the means to say them.
pub struct Written {
    /// What is said.
    pub notes: Notes,
    /// The templates.
    pub renderer: Renderer,
    /// The address of the repository at its forge.
    pub web: Option<String>,
    /// What is other than before on the map of services, for a page that draws.
    pub map: Option<Map>,
}

/// Writes the notes of a release. `forge` answers where there is a network; the notes are whole without it.
pub fn release_notes(
    directory: Option<&Path>,
    wanted: Wanted<'_>,
    forge: Option<&AskForge<'_>>,
) -> Result<Written, Error> {
    let repository = Repository::open(directory)?;
    let (config, _) = configuration(&repository, &wanted)?;
    let chosen = base::choose(&repository, wanted.range, wanted.to, &config)?;
    let after = repository.after(&chosen.range)?;
    let file = |path: &str| match repository.work_tree() {
        Some(folder) => std::fs::read_to_string(folder.join(path)).ok(),
        None => after.read(&RepoPath::new(path))?.text().map(str::to_owned),
    };
    let given = Given { config: wanted.config.clone(), ..Given::default() };
    let (plainly, change) = run::read(&repository, &chosen.range, given, &file)?;
    let summary = plainly.summarize(&change);
    let catalog = Catalog::new(plainly.config(), change.before.as_ref(), change.after.as_ref());
    let units = units::of_range(&repository, &chosen.range, &change.roles)?;
    let web = repository.web_url();
    let (pull_requests, bodies) = asked(forge, web.as_deref(), &credit::candidates(&units.units));
    let credited = credit::credit(&repository, &change, &units.units, plainly.config(), &bodies);
    let seen =
        facts::Seen { summary: &summary, change: &change, catalog: &catalog, config: plainly.config() };
    let facts = facts::of(&seen);
    let traces: Vec<&[facts::Trace]> = facts.iter().map(|fact| fact.traces.as_slice()).collect();
    let behind = trace::units_of(&repository, &units.units, &traces);
    let audience = wanted.audience;
    let known =
        compose::Known { units: &units, facts, behind, credited: &credited, catalog: &catalog, audience };
    let (sections, ledger) = compose::compose(known);
    check(&ledger)?;
    let thanks = match plainly.config().people {
        true => units::contributors(&repository, &chosen.range, &units)?,
        false => Vec::new(),
    };
    let map = digest::moved(&summary.report.map, &catalog);
    let mut notes = Notes {
        schema: "plainly/notes/v1".to_owned(),
        title: title(&repository, web.as_deref()),
        audience,
        range: NotesRange { commits: units.commits, ..chosen.named },
        base_reason: None,
        sections,
        ledger,
        thanks: thanks.into_iter().map(|one| Thanked { name: one.name, first: one.first }).collect(),
        could_not_check: summary.report.could_not_check,
        pull_requests,
        words: plainly.config().release_notes.words.clone(),
    };
    let words = notes.words.clone();
    let renderer = plainly.into_renderer();
    say::fill(&mut notes, &renderer, &words)?;
    notes.base_reason = say::base_reason(&notes, &renderer)?;
    Ok(Written { notes, renderer, web, map })
}

/// What a forge says of the candidates, and of how many it says nothing.
fn asked(
    forge: Option<&AskForge<'_>>,
    web: Option<&str>,
    numbers: &[u64],
) -> (PullRequests, BTreeMap<u64, String>) {
    let (Some(forge), Some(web)) = (forge, web) else { return Default::default() };
    if numbers.is_empty() {
        return Default::default();
    }
    let Some(texts) = forge(web, numbers) else { return Default::default() };
    let asked = numbers.len() as u32;
    let state = match texts.unread {
        Some((unread, reason)) => PullRequests::Partly { asked, unread, reason },
        None => PullRequests::Read { asked },
    };
    (state, texts.bodies)
}

/// The configuration that names releases: given, of the work tree, else of the newest state.
fn configuration(
    repository: &Repository,
    wanted: &Wanted<'_>,
) -> Result<(Config, Vec<crate::finding::CouldNotCheck>), Error> {
    if let Some((path, text)) = &wanted.config {
        return Ok(Config::parse(text, path));
    }
    if let Some(folder) = repository.work_tree() {
        return Ok(Config::found(&|path: &str| std::fs::read_to_string(folder.join(path)).ok()));
    }
    let head = repository.between("HEAD", "HEAD").and_then(|range| repository.after(&range));
    Ok(head.map_or_else(|_| Default::default(), |tree| Config::of_tree(&tree)))
}

/// The ledger must add up: notes that lose a commit are not written.
fn check(ledger: &Ledger) -> Result<(), Error> {
    match ledger.missing() {
        0 => Ok(()),
        missing => Err(Error::Usage(format!(
            "the account of {} commits is off by {missing}: this is a mistake of plainly, and no notes are written",
            ledger.commits
        ))),
    }
}

/// The repository's name: at its forge, else its folder's.
fn title(repository: &Repository, web: Option<&str>) -> String {
    let folder = repository.work_tree().unwrap_or_else(|| repository.common_dir());
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let folder = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = web.and_then(|web| web.rsplit('/').next()).map_or(folder, str::to_owned);
    name.trim_end_matches(".git").to_owned()
}

impl Written {
    /// The page as Markdown. `earlier` is the file that stands there: what people wrote in it is kept.
    pub fn markdown(&self, earlier: Option<&str>) -> Result<String, Error> {
        let style = Style { view: View::Markdown, links: self.links() };
        let blocks = say::blocks(&self.notes, &self.renderer, &style)?;
        Ok(edit::page(&self.renderer.pen(&style), &blocks, earlier)?)
    }

    /// The page for a terminal.
    pub fn terminal(&self, color: bool) -> Result<String, Error> {
        let style = Style { view: View::Terminal { color }, links: Links::None };
        let blocks = say::blocks(&self.notes, &self.renderer, &style)?;
        Ok(page::text(&self.renderer.pen(&style), "frame/page_terminal", &say::parts(&blocks))?)
    }

    /// The page for a browser, in one file, with a chart of what it tells and, for people here, the map of services.
    pub fn html(&self) -> Result<String, Error> {
        let style = Style { view: View::Html, links: self.links() };
        let pen = self.renderer.pen(&style);
        let mut parts = say::parts(&say::blocks(&self.notes, &self.renderer, &style)?);
        let is_heading = |part: &Part| matches!(part, Part::Heading(_));
        // behind the opening words and "In short"
        let headings = parts.iter().enumerate().filter(|(_, part)| is_heading(part));
        let at = headings.map(|(at, _)| at).nth(1).unwrap_or(parts.len());
        parts.splice(at..at, self.drawings(&pen)?);
        let name = say::name(&self.notes, &self.renderer)?;
        Ok(page::html(&pen, &name, &parts)?)
    }

    fn drawings(&self, pen: &Pen<'_>) -> Result<Vec<Part>, Error> {
        let told =
            self.notes.sections.iter().filter(|section| {
                !matches!(section.name, SectionName::InShort | SectionName::NeedsYourWords)
            });
        let rows: Vec<(String, u64)> = told
            .map(|section| {
                let heading = pen.fill("notes/heading", &serde_json::json!({"name": section.name}))?;
                Ok((heading, section.entries.len() as u64))
            })
            .collect::<Result<_, crate::render::Error>>()?;
        let mut drawings = Vec::new();
        if rows.len() > 1 {
            let title = pen.fill("digest/told_title", &serde_json::Value::Null)?;
            drawings.push(Part::Drawing { template: "frame/bars_svg", values: page::bars(&title, &rows) });
        }
        if let Some(map) = self.map.as_ref().filter(|_| self.notes.audience == Audience::Internal) {
            drawings.push(digest::say::drawn(pen, map)?);
        }
        Ok(drawings)
    }

    /// People here read what lies behind each sentence; others have no use for a place in the code.
    fn links(&self) -> Links {
        let range = &self.notes.range;
        match (&self.web, self.notes.audience) {
            (Some(web), Audience::Internal) => {
                Links::Forge { web: web.clone(), base: range.base.clone(), head: range.head.clone() }
            }
            _ => Links::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_that_lose_a_commit_are_not_written() {
        let whole = Ledger { commits: 3, listed: 1, merged: 1, needs_words: 1, left_out: BTreeMap::new() };
        assert!(check(&whole).is_ok());
        let error = check(&Ledger { listed: 0, ..whole }).expect_err("one is missing");
        assert!(error.to_string().contains("off by 1"), "{error}");
    }
}
