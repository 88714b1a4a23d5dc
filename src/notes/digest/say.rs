//! From digests to the parts of a page, short enough for five minutes.

use serde_json::{Value, json};

use crate::notes::model::{Entry, Notes, SectionName};
use crate::render::page::{self, Part};
use crate::render::{Error, Pen, Renderer, Style, View};
use crate::services::{Map, State};

/// What one person reads in five minutes, quotes and names included.
pub const MOST_WORDS: usize = 600;

/// How much of each part is shown; made smaller until the page fits.
#[derive(Clone, Copy)]
struct Room {
    things: usize,
    says: usize,
    also: usize,
    promises: usize,
    questions: usize,
    walk: bool,
    work: bool,
}

impl Room {
    const ALL: Room =
        Room { things: 3, says: 3, also: 20, promises: 9, questions: 3, walk: true, work: true };

    /// The next smaller one; `None` where nothing is left to leave out.
    fn smaller(self) -> Option<Room> {
        Some(match self {
            Room { also, .. } if also > 6 => Room { also: also - 1, ..self },
            Room { promises, .. } if promises > 2 => Room { promises: promises - 1, ..self },
            Room { says, .. } if says > 2 => Room { says: says - 1, ..self },
            Room { also, .. } if also > 2 => Room { also: also - 1, ..self },
            Room { questions, .. } if questions > 1 => Room { questions: questions - 1, ..self },
            Room { promises, .. } if promises > 0 => Room { promises: promises - 1, ..self },
            Room { says, .. } if says > 1 => Room { says: says - 1, ..self },
            Room { walk: true, .. } => Room { walk: false, ..self },
            Room { also, .. } if also > 0 => Room { also: also - 1, ..self },
            Room { things, .. } if things > 1 => Room { things: things - 1, ..self },
            Room { questions: 1, .. } => Room { questions: 0, ..self },
            Room { work: true, .. } => Room { work: false, ..self },
            _ => return None,
        })
    }
}

/// The parts of the page of one repository, or of several.
pub fn parts(renderer: &Renderer, digests: &[Notes], style: &Style) -> Result<Vec<Part>, Error> {
    let plain = renderer.pen(&Style::PLAIN);
    let mut room = Room::ALL;
    while words(&of(&plain, digests, room, style.view)?) > MOST_WORDS {
        match room.smaller() {
            Some(smaller) => room = smaller,
            None => break,
        }
    }
    of(&renderer.pen(style), digests, room, style.view)
}

/// The page's name, without marks.
pub fn name(renderer: &Renderer, digests: &[Notes]) -> Result<String, Error> {
    page_title(&renderer.pen(&Style::PLAIN), digests)
}

/// Fills in the sentences of a digest, as its JSON holds them.
pub fn fill(renderer: &Renderer, notes: &mut Notes) -> Result<(), Error> {
    let pen = renderer.pen(&Style::PLAIN);
    for section in &mut notes.sections {
        for entry in &mut section.entries {
            entry.text = said(&pen, section.name, entry, Room::ALL).unwrap_or_default();
        }
    }
    Ok(())
}

fn words(parts: &[Part]) -> usize {
    let text = |part: &Part| match part {
        Part::Title(text) | Part::Heading(text) | Part::Subheading(text) => text.split_whitespace().count(),
        Part::Text(text) | Part::Item(text) | Part::Number(text) => text.split_whitespace().count(),
        Part::Drawing { .. } => 0,
    };
    parts.iter().map(text).sum()
}

fn of(pen: &Pen<'_>, digests: &[Notes], room: Room, view: View) -> Result<Vec<Part>, Error> {
    let mut parts = Vec::new();
    if let [one] = digests {
        return match quiet(pen, one)? {
            Some(sentence) => Ok(vec![Part::Title(page_title(pen, digests)?), Part::Text(sentence)]),
            None => {
                parts.push(Part::Title(page_title(pen, digests)?));
                sections(pen, one, room, view, false, &mut parts)?;
                Ok(parts)
            }
        };
    }
    parts.push(Part::Title(page_title(pen, digests)?));
    // what nothing happened in is told last
    for notes in digests {
        if quiet(pen, notes)?.is_none() {
            parts.push(Part::Heading(pen.fill("digest/repository", &json!({"repository": notes.title}))?));
            sections(pen, notes, room, view, true, &mut parts)?;
        }
    }
    let quiet: Vec<Part> = digests
        .iter()
        .filter_map(|notes| quiet(pen, notes).transpose())
        .map(|text| text.map(Part::Item))
        .collect::<Result<_, _>>()?;
    if !quiet.is_empty() {
        parts.push(Part::Heading(pen.fill("digest/quiet_heading", &Value::Null)?));
        parts.extend(quiet);
    }
    Ok(parts)
}

/// The sentence of a time in which nothing happened that readers would notice.
fn quiet(pen: &Pen<'_>, notes: &Notes) -> Result<Option<String>, Error> {
    let facts = |name: SectionName| {
        let section = notes.sections.iter().find(|section| section.name == name);
        section.and_then(|section| section.entries.first()).map(|entry| &entry.facts)
    };
    let number = |key: &str| facts(SectionName::Counts).and_then(|facts| facts[key].as_u64()).unwrap_or(0);
    let has = |name: SectionName| notes.sections.iter().any(|section| section.name == name);
    if number("matter") > 0 || has(SectionName::ThreeThings) {
        return Ok(None);
    }
    let mut values = days(notes);
    values["repository"] = json!(notes.title);
    values["changes"] = json!(number("changes"));
    values["kinds"] = facts(SectionName::Work).map_or(json!([]), |facts| facts["kinds"].clone());
    pen.fill("digest/quiet", &values).map(Some)
}

fn page_title(pen: &Pen<'_>, digests: &[Notes]) -> Result<String, Error> {
    let mut values = digests.first().map(days).unwrap_or_else(|| json!({}));
    if let [_, _, ..] = digests {
        let edge = |last: bool| {
            let days = digests.iter().filter_map(|notes| {
                if last { notes.range.until.as_deref() } else { notes.range.since.as_deref() }
            });
            if last { days.max() } else { days.min() }
        };
        values = between(edge(false).unwrap_or_default(), edge(true).unwrap_or_default());
    }
    values["many"] = json!(digests.len() > 1);
    values["repositories"] = json!(digests.len());
    values["repository"] = json!(digests.first().map(|notes| &notes.title));
    pen.fill("digest/page_title", &values)
}

fn days(notes: &Notes) -> Value {
    let range = &notes.range;
    between(range.since.as_deref().unwrap_or_default(), range.until.as_deref().unwrap_or_default())
}

fn between(first: &str, last: &str) -> Value {
    json!({
        "first": first,
        "last": last,
        "one_day": first == last,
        "same_month": first.get(..7) == last.get(..7),
        "first_day": first.get(8..).and_then(|day| day.parse::<u8>().ok()),
    })
}

/// The parts of one digest. Entries whose facts do not fit their template are counted, not shown: of another job's file
/// nothing else is known. `below` puts headings under that of the repository.
fn sections(
    pen: &Pen<'_>,
    notes: &Notes,
    room: Room,
    view: View,
    below: bool,
    parts: &mut Vec<Part>,
) -> Result<(), Error> {
    let mut unread = 0usize;
    for section in &notes.sections {
        let most = match section.name {
            SectionName::Counts | SectionName::Map => 1,
            SectionName::ThreeThings => room.things,
            SectionName::Also => room.also,
            SectionName::Work => usize::from(room.work),
            SectionName::Promises => room.promises,
            SectionName::Questions => section.entries.len(),
            SectionName::WalkThrough => usize::from(room.walk),
            _ => 0,
        };
        let (kept, cut) = section.entries.split_at(most.min(section.entries.len()));
        let mut texts = Vec::new();
        let mut asked = Vec::new();
        for entry in kept {
            if section.name == SectionName::Questions {
                let question = question(pen, &entry.facts);
                if texts.len() == room.questions || asked.contains(&question) {
                    continue;
                }
                asked.push(question);
            }
            match said(pen, section.name, entry, room) {
                Some(text) if !text.trim().is_empty() => texts.push((text.trim().to_owned(), entry)),
                Some(_) => {}
                None => unread += 1,
            }
        }
        if section.name == SectionName::Also && !cut.is_empty() {
            let more: u64 = cut
                .iter()
                .map(|entry| {
                    if entry.shape == "digest/more" { entry.facts["count"].as_u64().unwrap_or(0) } else { 1 }
                })
                .sum();
            // a line that leads to others stands over none
            texts.pop_if(|(_, entry)| entry.shape == "digest/unclear");
            parts.push(heading(pen, section.name, 1, below)?);
            parts.extend(texts.into_iter().map(|(text, _)| Part::Item(text)));
            parts.push(Part::Item(pen.fill("digest/more", &json!({"facts": {"count": more}}))?));
            continue;
        }
        if texts.is_empty() {
            continue;
        }
        if section.name != SectionName::Counts {
            parts.push(heading(pen, section.name, texts.len(), below)?);
        }
        for (text, entry) in texts {
            let drawing = if view == View::Html { drawing(pen, section.name, entry)? } else { None };
            parts.extend(drawing);
            parts.push(match section.name {
                SectionName::ThreeThings => Part::Number(text),
                SectionName::Counts | SectionName::Work | SectionName::Map | SectionName::WalkThrough => {
                    Part::Text(text)
                }
                _ => Part::Item(text),
            });
        }
    }
    let unread = unread + notes.could_not_check.len();
    if unread > 0 {
        parts.push(Part::Text(pen.fill("digest/unread", &json!({"count": unread}))?));
    }
    Ok(())
}

fn heading(pen: &Pen<'_>, name: SectionName, count: usize, below: bool) -> Result<Part, Error> {
    let text = pen.fill("digest/heading", &json!({"name": name, "count": count}))?;
    Ok(if below { Part::Subheading(text) } else { Part::Heading(text) })
}

/// The sentence of an entry; `None` where its facts do not fit. Only shapes of its section are filled in.
fn said(pen: &Pen<'_>, section: SectionName, entry: &Entry, room: Room) -> Option<String> {
    let facts = &entry.facts;
    let values = json!({"facts": facts});
    match (section, entry.shape.as_str()) {
        (SectionName::ThreeThings | SectionName::Also, "digest/thing") => {
            let most = if section == SectionName::ThreeThings { room.says } else { 1 };
            let mut text = String::new();
            if section == SectionName::ThreeThings {
                text.push_str(&pen.fill("digest/head", &values).ok()?);
            }
            let says: Vec<String> = facts["says"]
                .as_array()?
                .iter()
                .take(most)
                .map(|fact| sentence(pen, fact["shape"].as_str()?, &fact["facts"]))
                .collect::<Option<_>>()?;
            text.push_str(&says.join(" "));
            text.push(' ');
            text.push_str(&pen.fill("digest/released", facts).ok()?);
            Some(text.trim().to_owned())
        }
        (SectionName::Also, "digest/title") => {
            let title = pen.fill("digest/title", &values).ok()?;
            Some(format!("{title} {}", pen.fill("digest/released", facts).ok()?).trim().to_owned())
        }
        (SectionName::Also, shape @ "notes/entries/packages") => sentence(pen, shape, facts),
        (SectionName::Also, shape) if shape.starts_with("findings/runtime") => sentence(pen, shape, facts),
        (SectionName::Map, "digest/map") => pen.fill("digest/map", &json!({"facts": moves(facts)?})).ok(),
        (SectionName::Questions, "digest/question") => {
            let question = question(pen, facts)?;
            match question.is_empty() {
                true => Some(question),
                false => {
                    let mut values = values;
                    if values["facts"]["thing"].as_u64().is_some_and(|thing| thing > room.things as u64) {
                        values["facts"]["thing"] = Value::Null;
                    }
                    Some(format!("{} {question}", pen.fill("digest/ask", &values).ok()?))
                }
            }
        }
        (
            SectionName::Counts
            | SectionName::Also
            | SectionName::Work
            | SectionName::Promises
            | SectionName::WalkThrough,
            shape @ ("digest/counts"
            | "digest/more"
            | "digest/unclear"
            | "digest/work"
            | "digest/promise"
            | "digest/more_promises"
            | "digest/walk"),
        ) => pen.fill(shape, &values).ok(),
        _ => None,
    }
}

/// The first question that a fact raises; empty where its shape raises none.
fn question(pen: &Pen<'_>, facts: &Value) -> Option<String> {
    let shape = facts["shape"].as_str()?;
    let name = format!("questions/{}", shape.strip_prefix("findings/").unwrap_or(shape));
    if !shape.starts_with("findings/") && !shape.starts_with("notes/entries/") {
        return None;
    }
    if !pen.has(&name) {
        return Some(String::new());
    }
    let questions = pen.fill(&name, &facts["facts"]).ok()?;
    Some(questions.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned())
}

/// The sentence of a fact of the comparison.
fn sentence(pen: &Pen<'_>, shape: &str, facts: &Value) -> Option<String> {
    let is_sentence = shape.starts_with("findings/") || shape.starts_with("notes/entries/");
    let mut values = facts.clone();
    values.as_object_mut()?.insert("audience".to_owned(), json!("internal"));
    pen.fill(shape, &values).ok().filter(|_| is_sentence).map(|text| text.trim().to_owned())
}

/// What comes and goes on a map, for words.
fn moves(facts: &Value) -> Option<Value> {
    let map: Map = serde_json::from_value(facts.clone()).ok()?;
    let of = |state: State| -> Vec<&str> {
        map.nodes.iter().filter(|node| node.state == state).map(|node| node.name.as_str()).collect()
    };
    let mut calls: Vec<(&str, State, Vec<&str>)> = Vec::new();
    for edge in map.edges.iter().filter(|edge| matches!(edge.state, State::New | State::Gone)) {
        match calls.iter_mut().find(|(from, state, _)| *from == edge.from && *state == edge.state) {
            Some((_, _, to)) => to.push(&edge.to),
            None => calls.push((&edge.from, edge.state, vec![&edge.to])),
        }
    }
    let more = calls.len().saturating_sub(CALLS);
    let calls: Vec<Value> = calls
        .into_iter()
        .take(CALLS)
        .map(|(from, state, to)| json!({"from": from, "state": state, "to": to}))
        .collect();
    Some(json!({"new": of(State::New), "gone": of(State::Gone), "calls": calls, "more": more}))
}

/// Callers whose calls are told in words.
const CALLS: usize = 3;

/// The picture of a part, where it has one.
fn drawing(pen: &Pen<'_>, section: SectionName, entry: &Entry) -> Result<Option<Part>, Error> {
    match section {
        SectionName::Work => {
            let rows = entry.facts["kinds"].as_array().cloned().unwrap_or_default();
            let rows: Vec<(String, u64)> = rows
                .iter()
                .take(12)
                .map(|row| Ok((pen.fill("digest/kind_name", row)?, row["count"].as_u64().unwrap_or(0))))
                .collect::<Result<_, Error>>()?;
            let title = pen.fill("digest/work_title", &Value::Null)?;
            Ok(Some(Part::Drawing { template: "frame/bars_svg", values: page::bars(&title, &rows) }))
        }
        SectionName::Map => {
            let Ok(map) = serde_json::from_value::<Map>(entry.facts.clone()) else { return Ok(None) };
            drawn(pen, &map).map(Some)
        }
        _ => Ok(None),
    }
}

/// A map as a drawing.
pub fn drawn(pen: &Pen<'_>, map: &Map) -> Result<Part, Error> {
    let title = pen.fill("digest/map_title", &Value::Null)?;
    Ok(Part::Drawing { template: "frame/map_svg", values: page::drawn_map(&title, &title, map) })
}
