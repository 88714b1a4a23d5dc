//! The entries of changes that no fact tells, in their authors' words.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::Placed;
use super::areas::Area;
use super::words::{bare, is_about_money, is_readable, of_kind, says_money, section_of, spoken_of};
use crate::finding::id_of;
use crate::notes::author::{Note, NoteKind};
use crate::notes::model::{Audience, Entry, SectionName, Source};
use crate::notes::units::{Fate, Unit};

/// Notes of one change that are told; a release that writes all of them at once has many.
const MOST_NOTES: usize = 20;

/// What a change says: one entry for each of its notes that reads as prose, else one for its title. What its author
/// marks as breaking is never lost: where it does not read as prose, it waits for a person's words.
pub(super) fn entries_of(
    unit: &Unit,
    notes: &[Note],
    area: &Area<'_>,
    at: usize,
    audience: Audience,
) -> Vec<Placed> {
    let title = bare(&unit.title).1;
    let kind = notes.iter().find_map(|note| note.kind);
    let breaks = |note: &Note| note.kind == Some(NoteKind::Breaking);
    let serves = |note: &Note| {
        is_readable(&spoken_of(note), audience) || audience == Audience::Internal && breaks(note)
    };
    // where money is at stake a subject alone is not enough; what only bookkeeping is called says nothing
    let title_serves = is_readable(title, audience) && !says_money(title) && unit.noise.is_none();
    let mut made = Vec::new();
    if title_serves && !notes.first().is_some_and(serves) {
        made.push(quoted(unit, area, at, section_of(unit, kind, title), title, Source::Subject));
    }
    for note in notes.iter().filter(|note| serves(note)).take(MOST_NOTES) {
        let words = spoken_of(note);
        let section = section_of(unit, note.kind, &words);
        let mut placed = quoted(unit, area, at, section, &words, Source::AuthorNote);
        if !made.is_empty() {
            placed.entry.id = id_of("note", &placed.entry.id, &words);
        }
        placed.entry.evidence.extend(note.place.clone());
        made.push(placed);
    }
    for note in notes.iter().filter(|note| breaks(note) && !serves(note)).take(MOST_NOTES) {
        let mut placed = waiting(unit, area, at, SectionName::ActionNeeded, &spoken_of(note), None);
        placed.entry.id = id_of("note", &placed.entry.id, &note.text);
        placed.entry.evidence.extend(note.place.clone());
        made.push(placed);
    }
    if made.is_empty() {
        let note = notes.first().map(spoken_of).filter(|note| !note.eq_ignore_ascii_case(title));
        let (words, note) = match note {
            Some(note) if unit.noise.is_some() => (note, None),
            note => (title.to_owned(), note),
        };
        made.push(waiting(unit, area, at, section_of(unit, kind, title), &words, note));
    }
    made
}

/// What a person must put into words, and where it goes then.
fn waiting(
    unit: &Unit,
    area: &Area<'_>,
    at: usize,
    section: SectionName,
    words: &str,
    note: Option<String>,
) -> Placed {
    let mut placed = quoted(unit, area, at, SectionName::NeedsYourWords, words, Source::Subject);
    placed.entry.shape = "notes/entries/needs_words".to_owned();
    if let Some(values) = placed.entry.facts.get_mut("facts").and_then(Value::as_object_mut) {
        values.insert("note".to_owned(), json!(note));
        values.insert("section".to_owned(), json!(section));
        values.insert("money".to_owned(), json!(says_money(&unit.title)));
    }
    placed
}

fn quoted(
    unit: &Unit,
    area: &Area<'_>,
    at: usize,
    section: SectionName,
    words: &str,
    source: Source,
) -> Placed {
    let key =
        unit.pulls.first().map_or_else(|| unit.commits.first().cloned().unwrap_or_default(), u64::to_string);
    let kept: Vec<String> = unit.commits.iter().take(1).cloned().collect();
    let rank = match () {
        () if unit.marked_breaking => 20,
        () if is_about_money(unit) => 30,
        () if source == Source::AuthorNote => 40,
        () => 50,
    };
    let earlier = matches!(unit.fate, Fate::TakesBackEarlier(_));
    Placed {
        section,
        rank: (rank, Reverse(unit.paths.len()), unit.pulls.first().copied().unwrap_or(0)),
        entry: Entry {
            id: id_of("note", "change", &key),
            shape: "notes/entries/quoted".to_owned(),
            facts: json!({
                "facts": {"area": area.title, "words": words, "earlier": earlier, "breaking": unit.marked_breaking},
                "evidence": [],
                "services": [],
            }),
            text: String::new(),
            area: area.title.clone(),
            owners: area.owners.clone(),
            sources: if area.title.is_some() { vec![source, Source::Path] } else { vec![source] },
            findings: Vec::new(),
            evidence: Vec::new(),
            pulls: unit.pulls.clone(),
            commits: kept,
        },
        unit: Some(at),
    }
}

/// A note that no commit of the range can be found for.
pub(super) fn loose(note: &Note) -> Option<Placed> {
    let words = spoken_of(note);
    let section = of_kind(note.kind).unwrap_or(SectionName::Changed);
    let readable = is_readable(&words, Audience::Internal);
    let shape = if readable { "notes/entries/quoted" } else { "notes/entries/needs_words" };
    Some(Placed {
        section: if readable { section } else { SectionName::NeedsYourWords },
        rank: (60, Reverse(0), 0),
        entry: Entry {
            id: id_of("note", "line", &note.text),
            shape: shape.to_owned(),
            facts: json!({
                "facts": {
                    "area": note.area, "words": words, "earlier": false, "breaking": false,
                    "note": null, "section": section, "money": false,
                },
                "evidence": note.place.iter().collect::<Vec<_>>(),
                "services": [],
            }),
            text: String::new(),
            area: note.area.clone(),
            owners: Vec::new(),
            sources: vec![Source::AuthorNote],
            findings: Vec::new(),
            evidence: note.place.iter().cloned().collect(),
            pulls: note.numbers.iter().copied().collect(),
            commits: Vec::new(),
        },
        unit: None,
    })
}
