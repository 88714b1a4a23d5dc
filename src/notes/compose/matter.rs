//! Which fact is the matter of which change: what one change made is told by the fact, with its author's words.

use std::collections::BTreeSet;

use serde_json::json;

use super::Told;
use super::words::{bare, is_readable, spoken_of};
use crate::git::ChangedPath;
use crate::notes::author::{Note, NoteKind};
use crate::notes::credit::Credited;
use crate::notes::facts::{Fact, Trace};
use crate::notes::model::{Audience, SectionName, Source};
use crate::notes::names::{speaks_of, words};
use crate::notes::trace::Behind;
use crate::notes::units::{Noise, Unit, Units};

/// The change behind a fact, where it is one person's only and behind most of it.
pub(super) fn sole_unit(behind: &Behind, units: &Units) -> Option<usize> {
    let mut people = behind.units.iter().filter(|at| units.units[**at].noise != Some(Noise::Bot));
    let first = people.next()?;
    (behind.is_most() && people.next().is_none()).then_some(*first)
}

/// A removal that has a name takes in every change whose title says the same.
pub(super) fn absorb(facts: &mut [(Fact, Behind)], units: &Units, told: &[Option<Told>]) {
    for (fact, behind) in facts.iter_mut().filter(|(fact, _)| fact.topic.is_some()) {
        for (at, unit) in units.units.iter().enumerate().filter(|(at, _)| told[*at].is_none()) {
            if absorbs(fact, unit) {
                behind.units.insert(at);
            }
        }
        // where some say that they did it, the others only touched the same files
        let topic = fact.topic.clone().unwrap_or_default();
        let says = |at: &usize| speaks_of(&units.units[*at].title, &topic);
        let own: BTreeSet<usize> = behind.units.iter().copied().filter(says).collect();
        if !own.is_empty() {
            behind.said_by(own);
        }
    }
}

/// Whether a change is only to what is gone in the end, by its files or by the service that its author names: the
/// removal tells all of it.
pub(super) fn is_gone(unit: &Unit, service: Option<&str>, facts: &[(Fact, Behind)]) -> bool {
    let is_removed = |(fact, _): &(Fact, Behind)| {
        fact.entry.shape == "notes/entries/gone" && fact.topic.as_deref() == service
    };
    if service.is_some() && facts.iter().any(is_removed) {
        return true;
    }
    let folders: Vec<&String> = facts
        .iter()
        .flat_map(|(fact, _)| &fact.traces)
        .filter_map(|trace| if let Trace::Deletes(folder) = trace { Some(folder) } else { None })
        .collect();
    let is_below = |changed: &ChangedPath| folders.iter().any(|folder| changed.path.is_in(folder));
    !unit.paths.is_empty() && unit.paths.iter().all(is_below)
}

pub(super) fn absorbs(fact: &Fact, unit: &Unit) -> bool {
    let Some(topic) = &fact.topic else { return false };
    let verb = words(&unit.title).into_iter().next().unwrap_or_default();
    let goes = ["remove", "removes", "removed", "drop", "drops", "delete", "deletes", "deprecate", "cleanup"];
    fact.section == SectionName::ActionNeeded
        && goes.contains(&verb.as_str())
        && speaks_of(&unit.title, topic)
}

/// Whether a fact is all that its change is about, not something that came along: contracts and stored data are,
/// others where the title names them, or the only note.
pub(super) fn is_the_matter(fact: &Fact, unit: &Unit, notes: &[Note]) -> bool {
    let shape = fact.entry.shape.as_str();
    if shape == "notes/entries/marked"
        || shape.starts_with("findings/api/")
        || shape.starts_with("findings/schema/")
    {
        return true;
    }
    let named = |name: &str| match notes {
        [note] if speaks_of(&note.text, name) => true,
        notes => notes.len() < 2 && speaks_of(&unit.title, name),
    };
    let below = |folder: &str| {
        let files = unit.paths.iter().filter(|changed| changed.path.is_in(folder)).count();
        files * 2 > unit.paths.len()
    };
    fact.topic.iter().any(|topic| named(topic))
        || fact
            .traces
            .iter()
            .any(|trace| matches!(trace, Trace::Adds(folder) | Trace::Deletes(folder) if below(folder)))
        || fact.traces.iter().any(|trace| matches!(trace, Trace::Word(_, word, _) if named(word)))
}

/// Puts the author's words beside a fact that one change alone made.
pub(super) fn attach(fact: &mut Fact, unit: &Unit, notes: &[Note], audience: Audience) {
    let (words, source) = best_words(unit, notes, fact.is_breaking, audience);
    if let Some(values) = fact.entry.facts.as_object_mut() {
        // several changes may be behind one fact only where all but one are programs'
        values.entry("author").or_insert(json!(words));
    }
    if !fact.entry.sources.contains(&source) {
        fact.entry.sources.push(source);
    }
}

/// The words to quote: of what breaks those that say so, else the first note that reads as prose, else the title.
fn best_words(unit: &Unit, notes: &[Note], breaks: bool, audience: Audience) -> (String, Source) {
    let says_so =
        |note: &&Note| breaks && audience == Audience::Internal && note.kind == Some(NoteKind::Breaking);
    let says_so = notes.iter().find(says_so).map(spoken_of);
    let prose = || notes.iter().map(spoken_of).find(|words| is_readable(words, audience));
    match says_so.or_else(prose) {
        Some(words) => (words, Source::AuthorNote),
        None => (bare(&unit.title).1.to_owned(), Source::Subject),
    }
}

/// Says of what breaks by comparison whether an author said so too.
pub(super) fn mark(fact: &mut Fact, behind: &Behind, units: &Units, credited: &Credited) {
    let said = behind.units.iter().any(|at| {
        units.units[*at].marked_breaking
            || credited.notes[*at].iter().any(|note| note.kind == Some(NoteKind::Breaking))
    });
    if let Some(values) = fact.entry.facts.as_object_mut() {
        values.insert("unmarked".to_owned(), json!(fact.is_breaking && behind.is_whole() && !said));
    }
}
