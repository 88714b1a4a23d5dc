//! Words that authors wrote for readers: changelog lines, fragments, blocks and trailers of messages. Quoted, never
//! reworded.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use globset::{GlobSet, GlobSetBuilder};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::change::RepoPath;
use crate::config::Config;
use crate::config::pattern;
use crate::finding::Evidence;
use crate::formats::document;
use crate::summary::why;

/// What the author says happens; a hint, the comparison decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NoteKind {
    /// Something must be done for it.
    Breaking,
    /// It is new.
    Added,
    /// It is other than before.
    Changed,
    /// It is marked for removal.
    Deprecated,
    /// It is gone.
    Removed,
    /// It works again.
    Fixed,
    /// It closes a weakness.
    Security,
}

impl NoteKind {
    /// From a heading of a changelog, a type of fragment or a category of a trailer.
    fn of(word: &str) -> Option<Self> {
        // the page's own name says nothing of what happens
        let word = word.to_lowercase().replace("changelog", "").replace("change log", "");
        let has = |parts: &[&str]| parts.iter().any(|part| word.contains(part));
        Some(match () {
            () if has(&["breaking", "upgrad", "incompatib"]) || word == "major" => Self::Breaking,
            () if has(&["secur"]) => Self::Security,
            () if has(&["deprecat"]) => Self::Deprecated,
            () if has(&["remov", "delet"]) => Self::Removed,
            () if has(&["fix", "bug"]) => Self::Fixed,
            () if has(&["add", "feature", "new", "enhancement"]) => Self::Added,
            () if has(&["chang", "improve", "performance"]) => Self::Changed,
            () => return None,
        })
    }
}

/// One note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Its words on one line; names in code style keep their backticks, references to pull requests are taken out.
    pub text: String,
    /// What the author says happens.
    pub kind: Option<NoteKind>,
    /// The area that the author names, as written.
    pub area: Option<String>,
    /// The numbers it refers to.
    pub numbers: BTreeSet<u64>,
    /// Where it stands; none for the words of a message.
    pub place: Option<Evidence>,
}

/// What a message says to readers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Its notes.
    pub notes: Vec<Note>,
    /// Whether it says that there is nothing to tell.
    pub none: bool,
}

/// Which files hold notes.
pub struct Places {
    globs: GlobSet,
}

/// Where tools that collect notes keep them. Sources: Keep a Changelog, Changesets, towncrier, chloggen, GitLab.
const USUAL: &[&str] = &[
    "{**/,}{CHANGELOG,Changelog,changelog,CHANGES,Changes,HISTORY,NEWS}.{md,markdown}",
    "{**/,}.changeset/*.md",
    "{**/,}{changelog.d,newsfragments,changelog_unreleased}/**",
    "{**/,}changelogs/unreleased/**",
    "{**/,}.chloggen/*.{yaml,yml}",
];

impl Places {
    /// The places of the configuration, else the usual ones.
    pub fn new(config: &Config) -> Self {
        let mut globs = GlobSetBuilder::new();
        let own = config.release_notes.notes.iter().filter_map(|text| pattern(text).ok());
        let own: Vec<_> = own.map(|matcher| matcher.glob().clone()).collect();
        let usual = USUAL.iter().filter_map(|text| globset::Glob::new(text).ok());
        for glob in if own.is_empty() { usual.collect() } else { own } {
            globs.add(glob);
        }
        Self { globs: globs.build().unwrap_or_default() }
    }

    /// Whether a file holds notes.
    pub fn hold(&self, path: &RepoPath) -> bool {
        let is_about =
            ["README.md", "config.yaml", "TEMPLATE.yaml", "config.json"].contains(&path.file_name());
        self.globs.is_match(path.as_str()) && !(is_about && path.folder() != "")
    }
}

/// The notes that a file has now and had not before.
pub fn added(path: &RepoPath, before: Option<&str>, after: &str) -> Vec<Note> {
    let Some(before) = before else { return read(path, after) };
    let (before, after) = upper(before, after);
    let old: BTreeSet<String> = read(path, &before).into_iter().map(|note| note.text).collect();
    read(path, &after).into_iter().filter(|note| !old.contains(&note.text)).collect()
}

/// Two texts without the chapters at their end that are equal: a changelog grows at its top, and what it says of the
/// years before is long. What `[#12]` means stands at the very end, and is kept.
fn upper<'t>(before: &'t str, after: &'t str) -> (Cow<'t, str>, Cow<'t, str>) {
    let equal = before.bytes().rev().zip(after.bytes().rev()).take_while(|(one, other)| one == other).count();
    // from the first chapter that begins in the common end; cutting there falls between two lines
    let end = &after.as_bytes()[after.len() - equal..];
    let starts = end.windows(3).position(|part| matches!(part, b"\n# " | b"\n##"));
    let Some(common) = starts.map(|at| equal - at - 1) else { return (before.into(), after.into()) };
    let cut = |text: &'t str| {
        let (kept, rest) = text.split_at(text.len() - common);
        let is_meaning = |line: &&str| line.starts_with('[') && line.contains("]: ");
        let meanings: Vec<&str> = rest.lines().filter(is_meaning).collect();
        match meanings.is_empty() {
            true => Cow::Borrowed(kept),
            false => Cow::Owned(format!("{kept}\n{}\n", meanings.join("\n"))),
        }
    };
    (cut(before), cut(after))
}

/// Every note of a file, in its order.
pub fn read(path: &RepoPath, text: &str) -> Vec<Note> {
    let folder = path.folders().last().unwrap_or_default();
    let mut notes = match (folder, path.extension().as_str()) {
        (".changeset", _) => changeset(text),
        (_, "yaml" | "yml") => chloggen(text),
        _ if is_fragment(path) => fragment(path, text),
        _ => changelog(text),
    };
    for note in &mut notes {
        let line = note.place.as_ref().and_then(|place| place.line);
        note.place = Some(Evidence::after(path, line));
    }
    notes
}

fn is_fragment(path: &RepoPath) -> bool {
    path.folders().any(|folder| {
        matches!(folder, "changelog.d" | "newsfragments" | "changelog_unreleased" | "unreleased")
    })
}

/// The list items of a changelog, each with the nearest heading that says what happens.
fn changelog(text: &str) -> Vec<Note> {
    let lines = document::Lines::of(text);
    let mut notes = Vec::new();
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
                    notes.push(note);
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
    notes
}

/// The words of one paragraph, without marks.
#[derive(Default)]
struct Inline {
    text: String,
    addresses: Vec<String>,
    paragraphs: u32,
}

impl Inline {
    fn take(&mut self, event: Event<'_>) {
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

    fn note(self) -> Option<Note> {
        let mut note = note(&self.text)?;
        note.numbers.extend(self.addresses.iter().filter_map(|address| number_of(address)));
        Some(note)
    }
}

/// The number at the end of the address of a pull request or issue.
fn number_of(address: &str) -> Option<u64> {
    let (rest, number) = address.trim_end_matches('/').rsplit_once('/')?;
    let kind = rest.rsplit('/').next()?;
    matches!(kind, "pull" | "issues" | "merge_requests").then(|| number.parse().ok())?
}

/// A note from its words: the area in front and the references at the end are taken out.
fn note(text: &str) -> Option<Note> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut numbers = BTreeSet::new();
    for (at, _) in text.match_indices('#') {
        let digits: String = text[at + 1..].chars().take_while(char::is_ascii_digit).collect();
        numbers.extend(digits.parse::<u64>().ok());
    }
    let (area, rest) = area_of(&text);
    let text = without_references(rest);
    (text.chars().any(char::is_alphabetic)).then_some(Note { text, kind: None, area, numbers, place: None })
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
}

/// Changesets: packages and their steps between two lines of dashes, then the words.
fn changeset(text: &str) -> Vec<Note> {
    let Some((head, words)) = text.trim_start().strip_prefix("---").and_then(|rest| rest.split_once("\n---"))
    else {
        return Vec::new();
    };
    let Some(mut note) = first_paragraph(words) else { return Vec::new() };
    if head.contains(": major") {
        note.kind = Some(NoteKind::Breaking);
    }
    vec![note]
}

/// towncrier and friends: `123.feature.md` holds one note, or a list of notes.
fn fragment(path: &RepoPath, text: &str) -> Vec<Note> {
    let mut parts = path.file_name().split('.');
    let number = parts.next().and_then(|name| name.trim_start_matches('+').parse::<u64>().ok());
    let kind = parts.next().and_then(NoteKind::of).or_else(|| path.folders().last().and_then(NoteKind::of));
    let mut notes = changelog(text);
    if notes.is_empty() {
        notes.extend(first_paragraph(text));
    }
    for note in &mut notes {
        note.kind = note.kind.or(kind);
        note.numbers.extend(number);
    }
    notes
}

fn first_paragraph(text: &str) -> Option<Note> {
    let mut inline = Inline::default();
    Parser::new_ext(text, Options::empty()).for_each(|event| inline.take(event));
    inline.note()
}

/// chloggen: one document with `change_type`, `component`, `note` and `issues`.
fn chloggen(text: &str) -> Vec<Note> {
    let Ok(documents) = document::yaml(text) else { return Vec::new() };
    let read = |node: &document::Node| {
        let mut note = note(node.text_of("note").or_else(|| node.text_of("title"))?)?;
        note.kind = node.text_of("change_type").or_else(|| node.text_of("type")).and_then(NoteKind::of);
        note.area = node.text_of("component").map(str::to_owned).or(note.area);
        let issues = node.get("issues").items().filter_map(|issue| issue.text()?.parse::<u64>().ok());
        note.numbers.extend(issues);
        let own = node.text_of("merge_request").and_then(|number| number.parse().ok());
        note.numbers.extend::<Option<u64>>(own);
        Some(note)
    };
    documents.iter().filter_map(read).collect()
}

/// What the message of a commit or pull request says to readers: ```` ```release-note ```` blocks and trailers.
pub fn said(message: &str) -> Said {
    let mut said = Said::default();
    let mut block: Option<(String, Option<NoteKind>)> = None;
    for line in message.lines() {
        let trimmed = line.trim();
        if let Some((text, kind)) = &mut block {
            if trimmed.starts_with("```") {
                let kind = *kind;
                let text = std::mem::take(text);
                block = None;
                take(&mut said, &text, kind);
            } else {
                text.push_str(trimmed);
                text.push(' ');
            }
            continue;
        }
        let fence = trimmed.strip_prefix("```").map(|rest| rest.trim_start_matches('`').trim());
        if let Some(info) =
            fence.filter(|info| info.to_lowercase().replace('-', "").starts_with("releasenote"))
        {
            let kind = info.split_once(':').and_then(|(_, kind)| NoteKind::of(kind));
            block = Some((String::new(), kind));
        } else if let Some((key, words)) = trimmed.split_once(':') {
            match key.to_lowercase().as_str() {
                "release-note" | "release-notes" | "relnotes" | "changelog-entry" => {
                    take(&mut said, words, None)
                }
                _ => {}
            }
        }
    }
    said
}

fn take(said: &mut Said, text: &str, kind: Option<NoteKind>) {
    let plain = text.trim().trim_matches(['"', '.']).to_lowercase();
    if matches!(plain.as_str(), "none" | "n/a" | "na" | "no" | "-") {
        said.none = true;
    } else if let Some(mut note) = first_paragraph(text) {
        let action = note.text.to_lowercase().starts_with("action required");
        note.kind = if action { Some(NoteKind::Breaking) } else { kind };
        said.notes.push(note);
    }
}

impl Note {
    /// What is quoted of it.
    pub fn quote(&self) -> String {
        quote(&self.text)
    }
}

/// The first sentence of a text, at most thirty words.
pub fn quote(text: &str) -> String {
    let first = why::sentences(text).into_iter().next();
    let cut = why::cut(first.as_ref().map_or(text, |first| &first.text));
    cut.trim_end_matches(['.', ':']).to_owned()
}

/// What a contract says to do instead of what it marks: the first sentence that says more than that it is marked.
pub fn advice(text: &str) -> String {
    let sentences: Vec<String> = why::sentences(text).into_iter().map(|one| one.text).collect();
    let is_mark = |sentence: &&String| {
        let lower = sentence.to_lowercase();
        ["deprecated", "will be removed", "not used", "unused", "no longer supported"]
            .iter()
            .any(|mark| lower.contains(mark))
    };
    match sentences.iter().find(|sentence| !is_mark(sentence)) {
        Some(sentence) => quote(sentence),
        None => quote(text),
    }
}

/// The first sentence of a page, after its headings, pictures and badges.
pub fn opening(markdown: &str) -> Option<String> {
    let mut inline: Option<Inline> = None;
    for event in Parser::new_ext(markdown, Options::empty()) {
        match event {
            Event::Start(Tag::Paragraph) => inline = Some(Inline::default()),
            Event::End(TagEnd::Paragraph) => {
                let text = inline.take().map(|inline| inline.text).unwrap_or_default();
                if text.split_whitespace().count() > 3 {
                    return Some(quote(&text));
                }
            }
            event => inline.iter_mut().for_each(|inline| inline.take(event.clone())),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(notes: &[Note]) -> Vec<(&str, Option<NoteKind>, Vec<u64>)> {
        notes
            .iter()
            .map(|note| (note.text.as_str(), note.kind, note.numbers.iter().copied().collect()))
            .collect()
    }

    #[test]
    fn lines_that_a_changelog_gains_are_notes() {
        let before = "# Changelog\n\n## 1.0\n\n### Added\n\n- Old line (#1)\n";
        let after = "# Changelog\n\n## Unreleased\n\n### Fixed\n\n- [cart] Show the `total`\n  of all lines.\n  ([#12](https://x.y/o/r/pull/12))\n  - more on it\n\n## 1.0\n\n### Added\n\n- Old line (#1)\n- A new one - #7 by @ana\n";
        let notes = added(&RepoPath::new("CHANGELOG.md"), Some(before), after);
        assert_eq!(
            texts(&notes),
            [
                ("Show the `total` of all lines.", Some(NoteKind::Fixed), vec![12]),
                ("A new one", Some(NoteKind::Added), vec![7]),
            ]
        );
        assert_eq!(notes[0].area.as_deref(), Some("cart"));
        assert_eq!(notes[0].place.as_ref().and_then(|place| place.line), Some(7));
        assert!(added(&RepoPath::new("CHANGELOG.md"), Some(after), after).is_empty());
    }

    #[test]
    fn fragments_of_every_tool_are_notes() {
        for (path, text, expected) in [
            (
                ".changeset/red-dogs.md",
                "---\n\"@a/b\": major\n---\n\nDrops the old cart.\n",
                ("Drops the old cart.", Some(NoteKind::Breaking), vec![]),
            ),
            (
                "newsfragments/42.bugfix.rst",
                "Totals are right again.\n",
                ("Totals are right again.", Some(NoteKind::Fixed), vec![42]),
            ),
            (
                "changelog.d/+x.feature.md",
                "A list of wishes.",
                ("A list of wishes.", Some(NoteKind::Added), vec![]),
            ),
            (
                ".chloggen/x.yaml",
                "change_type: deprecation\ncomponent: cart\nnote: Marks `a` for removal\nissues: [5]\n",
                ("Marks `a` for removal", Some(NoteKind::Deprecated), vec![5]),
            ),
        ] {
            let notes = read(&RepoPath::new(path), text);
            assert_eq!(texts(&notes), [expected], "{path}");
        }
    }

    #[test]
    fn messages_say_what_readers_should_hear_or_that_there_is_nothing() {
        let one = said("Why.\n\n```release-note\nOrders can be\nprinted.\n```\n");
        assert_eq!(one.notes[0].text, "Orders can be printed.");
        assert!(!one.none);
        let action = said("```release-note\nAction required: set `A`.\n```");
        assert_eq!(action.notes[0].kind, Some(NoteKind::Breaking));
        for none in ["```release-note\nNONE\n```", "Release-Note: none"] {
            assert_eq!(said(none), Said { notes: Vec::new(), none: true });
        }
        assert_eq!(said("Release-Notes: A new page.").notes[0].text, "A new page.");
        assert_eq!(said("```\nrelease-note\n```\nplain: words"), Said::default());
    }

    #[test]
    fn usual_places_hold_notes_and_their_readmes_do_not() {
        let places = Places::new(&Config::default());
        for (path, holds) in [
            ("CHANGELOG.md", true),
            ("packages/a/CHANGELOG.md", true),
            (".changeset/a.md", true),
            (".changeset/README.md", false),
            (".chloggen/TEMPLATE.yaml", false),
            ("newsfragments/1.feature", true),
            ("src/changelog.rs", false),
        ] {
            assert_eq!(places.hold(&RepoPath::new(path)), holds, "{path}");
        }
    }

    proptest::proptest! {
        #[test]
        fn notes_never_panic(text in "\\PC{0,200}", at in 0usize..4) {
            let path = ["CHANGELOG.md", ".changeset/a.md", "changelog.d/1.fix.md", ".chloggen/a.yaml"][at];
            let _ = read(&RepoPath::new(path), &text);
            let _ = said(&text);
        }
    }
}
