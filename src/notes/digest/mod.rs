//! The week for a product manager: the same facts as release notes, chosen and counted, in at most 600 words.

pub mod merge;
pub mod promises;
pub mod say;
mod sorts;
mod things;
mod week;
pub mod window;

use std::collections::BTreeSet;
use std::path::Path;

use super::facts::{self, Fact, Seen};
use super::model::{Audience, Ledger, Notes, NotesRange, Section, SectionName};
use super::released;
use super::trace;
use super::units::{self, Noise};
use crate::Change;
use crate::config::Config;
use crate::error::Error;
use crate::git::Repository;
use crate::render::page;
use crate::render::{Links, Renderer, Style, View};
use crate::run::{self, ConfigFrom, Given};
use crate::services::Catalog;
use crate::services::{Map, State};
use things::{order, touching};
use week::Week;
use window::{Days, Window};

/// Digests and what they are printed with.
pub struct Made {
    /// The templates.
    pub renderer: Renderer,
    /// One, or those of several repositories, by name.
    pub digests: Vec<Notes>,
    /// The address of the repository at its forge; of one repository only.
    pub web: Option<String>,
}

/// Where a digest goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A person's terminal.
    Terminal {
        /// Whether bold may be drawn.
        color: bool,
    },
    /// A file, a job summary.
    Markdown,
    /// One file for a browser.
    Html,
}

impl Made {
    /// The page.
    pub fn text(&self, format: Format) -> Result<String, Error> {
        let links = match (&self.web, self.digests.as_slice()) {
            (Some(web), [one]) => {
                Links::Forge { web: web.clone(), base: one.range.base.clone(), head: one.range.head.clone() }
            }
            _ => Links::None,
        };
        let (style, frame) = match format {
            Format::Terminal { color } => {
                (Style { view: View::Terminal { color }, links: Links::None }, "frame/page_terminal")
            }
            Format::Markdown => (Style { view: View::Markdown, links }, "frame/page_text"),
            Format::Html => (Style { view: View::Html, links }, "frame/page_html"),
        };
        let parts = say::parts(&self.renderer, &self.digests, &style)?;
        let pen = self.renderer.pen(&style);
        Ok(match format {
            Format::Html => page::html(&pen, &say::name(&self.renderer, &self.digests)?, &parts)?,
            _ => page::text(&pen, frame, &parts)?,
        })
    }

    /// The digests with their sentences, for JSON.
    pub fn filled(mut self) -> Result<Vec<Notes>, Error> {
        for notes in &mut self.digests {
            say::fill(&self.renderer, notes)?;
        }
        Ok(self.digests)
    }
}

/// Digests of several repositories, from their files: path and text. The configuration, given or that of the folder,
/// names the language; the folder need not be a repository.
pub fn merged(
    directory: Option<&Path>,
    files: &[(String, String)],
    config: Option<(String, String)>,
) -> Result<Made, Error> {
    if files.len() > merge::MOST_FILES {
        return Err(Error::Usage(format!("at most {} reports are merged into one page", merge::MOST_FILES)));
    }
    let mut digests: Vec<Notes> = Vec::new();
    for (path, text) in files {
        digests.extend(merge::read(path, text)?);
    }
    digests.sort_by(|a, b| a.title.cmp(&b.title));
    let folder = directory.unwrap_or(Path::new("."));
    let file = |path: &str| std::fs::read_to_string(folder.join(path)).ok();
    let (config, _) = match config {
        Some((path, text)) => Config::parse(&text, &path),
        None => Config::found(&file),
    };
    let (renderer, _) = Renderer::new(&config.language, &run::templates(&config, &file))?;
    Ok(Made { renderer, digests, web: None })
}

/// The digest of the branch that is checked out.
pub fn digest(
    directory: Option<&Path>,
    days: &Days,
    config: Option<(String, String)>,
) -> Result<Made, Error> {
    let repository = Repository::open(directory)?;
    let head = repository.between("HEAD", "HEAD")?.head();
    let window = days.window(repository.time_of(&head)?)?;
    let range = repository.between_times(window.since, window.until)?;
    let given = Given { config, ..Given::default() };
    let run = run::summarize(&repository, &range, given, ConfigFrom::WorkTree)?;
    let web = repository.web_url();
    let title = super::title(&repository, web.as_deref());
    if range.is_empty() {
        let notes = notes(title, &window, &run.change, Vec::new(), Ledger::default());
        return Ok(Made { renderer: run.plainly.into_renderer(), digests: vec![notes], web });
    }

    let config = run.plainly.config();
    let catalog = Catalog::new(config, run.change.before.as_ref(), run.change.after.as_ref());
    let units = units::of_range(&repository, &range, &run.change.roles)?;
    let released = released::find(&repository, &range, &units.units, config, (window.since, window.until))?;
    let seen = Seen { summary: &run.summary, change: &run.change, catalog: &catalog, config };
    let facts = facts::of(&seen);
    let traces: Vec<&[facts::Trace]> = facts.iter().map(|fact| fact.traces.as_slice()).collect();
    let behind = trace::units_of(&repository, &units.units, &traces);
    let behind = behind.into_iter().map(|behind| behind.units);
    let mut known: Vec<(Fact, BTreeSet<usize>)> = facts.into_iter().zip(behind).collect();
    for (fact, behind) in &mut known {
        if behind.is_empty() && fact.section != SectionName::Packages {
            *behind = touching(fact, &units.units);
        }
        let is_told = !behind.is_empty();
        behind.retain(|at| units.units[*at].noise != Some(Noise::Translations));
        if is_told && behind.is_empty() && fact.section == SectionName::Changed {
            fact.rank = facts::TRANSLATED;
        }
    }
    known.sort_by_key(|(fact, _)| (order(fact), fact.rank));
    let (facts, behind) = known.into_iter().unzip();
    let week = Week { seen, units: &units, released: &released, people: config.people };
    let (sections, ledger) = week.sections(facts, behind);
    let notes = notes(title, &window, &run.change, sections, ledger);
    Ok(Made { renderer: run.plainly.into_renderer(), digests: vec![notes], web })
}

fn notes(title: String, window: &Window, change: &Change, sections: Vec<Section>, ledger: Ledger) -> Notes {
    Notes {
        schema: "plainly/notes/v1".to_owned(),
        title,
        audience: Audience::Internal,
        range: NotesRange {
            base: change.range.base.clone(),
            head: change.range.head.clone(),
            since: Some(window.first.clone()),
            until: Some(window.last.clone()),
            commits: ledger.commits,
            ..NotesRange::default()
        },
        base_reason: None,
        sections,
        ledger,
        ..Notes::default()
    }
}

/// New and gone services and calls and what they are joined with; titles stand for names.
pub(super) fn moved(map: &Map, catalog: &Catalog) -> Option<Map> {
    let title =
        |name: &String| catalog.named(name).map_or_else(|| name.clone(), |service| service.title.clone());
    let moves = |state: State| matches!(state, State::New | State::Gone);
    let moved: BTreeSet<&str> =
        map.nodes.iter().filter(|node| moves(node.state)).map(|node| node.name.as_str()).collect();
    let touches = |name: &String| moved.contains(name.as_str());
    let mut edges = map.edges.clone();
    edges.retain(|edge| moves(edge.state) || touches(&edge.from) || touches(&edge.to));
    let mut nodes = map.nodes.clone();
    nodes.retain(|node| {
        moves(node.state) || edges.iter().any(|edge| edge.from == node.name || edge.to == node.name)
    });
    nodes.iter_mut().for_each(|node| node.name = title(&node.name));
    edges.iter_mut().for_each(|edge| (edge.from, edge.to) = (title(&edge.from), title(&edge.to)));
    (!nodes.is_empty()).then_some(Map { nodes, edges })
}
