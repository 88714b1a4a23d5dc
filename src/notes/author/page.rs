//! The lines of a changelog: each list item with the nearest heading that says what happens, and what it refers to.

use std::collections::{BTreeMap, BTreeSet};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::{Note, NoteKind};
use crate::change::RepoPath;
use crate::finding::Evidence;
use crate::formats::document;
use crate::notes::base::Version;
use crate::notes::names::words;

/// How many of ten words a note of a release must share with that of the candidate before it, to be the same one.
const SHARED: usize = 6;

/// Shorter notes share words by chance.
const FEWEST_WORDS: usize = 4;

/// The list items of a changelog, each with the nearest heading that says what happens.
pub(super) fn changelog(text: &str) -> Vec<Note> {
    let lines = document::Lines::of(text);
    let mut notes: Vec<Placed> = Vec::new();
    let mut chapter = None;
    let mut headings: BTreeMap<u8, Option<NoteKind>> = BTreeMap::new();
    let mut open: Option<(u8, String)> = None;
    let mut item: Option<(usize, Inline)> = None;
    let mut depth = 0u32;
    for (event, range) in Parser::new_ext(text, Options::empty()).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { level, .. }) => open = Some((level as u8, String::new())),
            Event::End(TagEnd::Heading(_)) => {
                if let Some((level, text)) = open.take() {
                    headings.retain(|other, _| *other < level);
                    chapter = Chapter::of(&text).or(chapter);
                    headings.insert(level, NoteKind::of(&text));
                }
            }
            Event::Start(Tag::Item) => {
                depth += 1;
                if depth == 1 {
                    item = Some((range.start, Inline::default()));
                }
            }
            Event::End(TagEnd::Item) => {
                depth = depth.saturating_sub(1);
                if depth == 0
                    && let Some((start, inline)) = item.take()
                    && let Some(mut note) = inline.note()
                {
                    note.kind = headings.values().rev().find_map(|kind| *kind);
                    note.place = Some(Evidence::after(&RepoPath::new(""), lines.at(start)));
                    notes.push(Placed { chapter: chapter.clone(), note });
                }
            }
            event => {
                if let Some((_, heading)) = &mut open
                    && let Event::Text(text) | Event::Code(text) = &event
                {
                    heading.push_str(text);
                } else if let Some((_, inline)) = item.as_mut().filter(|_| depth == 1) {
                    inline.take(event);
                }
            }
        }
    }
    without_repeats(notes)
}

/// The release that a chapter tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Chapter {
    numbers: Vec<u64>,
    is_candidate: bool,
}

impl Chapter {
    fn of(heading: &str) -> Option<Self> {
        let name = heading.split_whitespace().map(|word| word.trim_matches(['[', ']', '(', ')', ':', ',']));
        let version = name.clone().find(|word| word.contains('.')).and_then(Version::parse)?;
        Some(Self { numbers: version.numbers, is_candidate: !version.pre.is_empty() })
    }
}

/// A note and the chapter it stands in.
struct Placed {
    chapter: Option<Chapter>,
    note: Note,
}

/// A release tells once more what its candidates told, often in better words: then only the newest, which stands
/// above, counts.
fn without_repeats(notes: Vec<Placed>) -> Vec<Note> {
    let candidate = |placed: &Placed| placed.chapter.as_ref().is_some_and(|chapter| chapter.is_candidate);
    if !notes.iter().any(candidate) {
        return notes.into_iter().map(|placed| placed.note).collect();
    }
    let spoken: Vec<BTreeSet<String>> =
        notes.iter().map(|placed| words(&placed.note.text).into_iter().collect()).collect();
    let mut by_release: BTreeMap<Vec<u64>, Vec<usize>> = BTreeMap::new();
    let mut repeated = BTreeSet::new();
    for (at, placed) in notes.iter().enumerate() {
        let Some(chapter) = &placed.chapter else { continue };
        let newer = by_release.entry(chapter.numbers.clone()).or_default();
        let is_said = |other: &&usize| {
            let shared = spoken[at].intersection(&spoken[**other]).count();
            notes[**other].chapter != placed.chapter
                && spoken[at].len() >= FEWEST_WORDS
                && shared * 10 >= spoken[at].len() * SHARED
        };
        if chapter.is_candidate && newer.iter().any(|other| is_said(&other)) {
            repeated.insert(at);
        }
        newer.push(at);
    }
    let kept = notes.into_iter().enumerate().filter(|(at, _)| !repeated.contains(at));
    kept.map(|(_, placed)| placed.note).collect()
}

/// The words of one paragraph, without marks.
#[derive(Default)]
pub(super) struct Inline {
    pub(super) text: String,
    addresses: Vec<String>,
    paragraphs: u32,
}

impl Inline {
    pub(super) fn take(&mut self, event: Event<'_>) {
        match event {
            Event::End(TagEnd::Paragraph) => self.paragraphs += 1,
            Event::Start(Tag::Link { dest_url, .. }) => self.addresses.push(dest_url.into_string()),
            _ if self.paragraphs > 0 => {}
            Event::Text(text) => self.text.push_str(&text),
            Event::Code(text) => {
                self.text.push('`');
                self.text.push_str(&text);
                self.text.push('`');
            }
            Event::SoftBreak | Event::HardBreak => self.text.push(' '),
            _ => {}
        }
    }

    pub(super) fn note(self) -> Option<Note> {
        let mut note = note(&self.text)?;
        note.numbers.extend(self.addresses.iter().filter_map(|address| number_of(address)));
        note.commits.extend(self.addresses.iter().filter_map(|address| commit_of(address)));
        Some(note)
    }
}

/// The number at the end of the address of a pull request or issue.
fn number_of(address: &str) -> Option<u64> {
    let (rest, number) = address.trim_end_matches('/').rsplit_once('/')?;
    let kind = rest.rsplit('/').next()?;
    matches!(kind, "pull" | "issues" | "merge_requests").then(|| number.parse().ok())?
}

/// The commit at the end of an address, as far as it is written there.
fn commit_of(address: &str) -> Option<String> {
    let (rest, id) = address.trim_end_matches('/').rsplit_once('/')?;
    (matches!(rest.rsplit('/').next()?, "commit" | "commits") && is_id(id)).then(|| id.to_owned())
}

/// Whether a word is how people write the id of a commit.
fn is_id(word: &str) -> bool {
    (7..=40).contains(&word.len())
        && word.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'))
}

/// A note from its words: the area in front and the references at the end are taken out.
pub(super) fn note(text: &str) -> Option<Note> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut numbers = BTreeSet::new();
    for (at, _) in text.match_indices('#') {
        let digits: String = text[at + 1..].chars().take_while(char::is_ascii_digit).collect();
        numbers.extend(digits.parse::<u64>().ok());
    }
    let (area, rest) = area_of(&text);
    let text = without_references(rest);
    (text.chars().any(char::is_alphabetic)).then_some(Note {
        text,
        kind: None,
        area,
        numbers,
        commits: BTreeSet::new(),
        place: None,
    })
}

/// `[cart] words` and `cart: words`: the area and the words.
fn area_of(text: &str) -> (Option<String>, &str) {
    if let Some((area, rest)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']'))
        && !area.is_empty()
        && !rest.starts_with('(')
        && area.split_whitespace().count() <= 3
    {
        return (Some(area.to_owned()), rest.trim_start_matches([':', ' ']));
    }
    (None, text)
}

/// Takes `(#12)`, `- #12 by @who` and the like from the end.
fn without_references(text: &str) -> String {
    let whole = text.trim();
    let mut text = whole;
    loop {
        let before = text;
        let is_cut = text.len() < whole.len();
        text = text.trim_end_matches([' ', ',', ';', '-', '–', '(', '[']).trim_end();
        if let Some(open) = text.rfind(['(', '['])
            && text.ends_with([')', ']'])
            && let Some(inside) = text.get(open + 1..text.len() - 1)
            && !inside.is_empty()
            && inside.split([' ', ',']).all(|word| word.is_empty() || is_reference(word))
        {
            text = &text[..open];
        } else if let Some((rest, last)) = text.rsplit_once(' ')
            && (is_reference(last) || (is_cut && matches!(last, "by" | "in")))
        {
            text = rest;
        }
        if before == text {
            return text.to_owned();
        }
    }
}

fn is_reference(word: &str) -> bool {
    let word = word.trim_matches(['(', ')', '[', ']', '.', ',']);
    let digits = word.strip_prefix('#').or_else(|| word.strip_prefix('!'));
    digits.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
        || word.strip_prefix('@').is_some_and(|name| !name.is_empty() && !name.contains('/'))
        || number_of(word).is_some()
        || is_id(word) && word.bytes().any(|byte| byte.is_ascii_digit())
}
