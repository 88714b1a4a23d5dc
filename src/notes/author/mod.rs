//! Words that authors wrote for readers: changelog lines, fragments, blocks and trailers of messages. Quoted, never
//! reworded.

mod fragments;
mod page;

use std::borrow::Cow;
use std::collections::BTreeSet;

use globset::{GlobSet, GlobSetBuilder};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::change::RepoPath;
use crate::config::Config;
use crate::config::pattern;
use crate::finding::Evidence;
use crate::summary::why;

use fragments::{changeset, chloggen, fragment, is_fragment};
use page::{Inline, changelog};

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
    /// The commits it links to, in hex, often only their beginnings.
    pub commits: BTreeSet<String>,
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

fn first_paragraph(text: &str) -> Option<Note> {
    let mut inline = Inline::default();
    Parser::new_ext(text, Options::empty()).for_each(|event| inline.take(event));
    inline.note()
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
    fn a_line_may_link_the_commit_that_it_tells_of() {
        let text = "## 2.0.0\n\n### ⚠ BREAKING CHANGES\n\n* **cart:** Totals need a login. ([d1cef7a](https://x.y/o/r/commit/d1cef7a9ab23)) ([#7](https://x.y/o/r/issues/7))\n";
        let notes = read(&RepoPath::new("CHANGELOG.md"), text);
        assert_eq!(texts(&notes), [("cart: Totals need a login.", Some(NoteKind::Breaking), vec![7])]);
        assert_eq!(notes[0].commits.iter().collect::<Vec<_>>(), ["d1cef7a9ab23"]);
    }

    #[test]
    fn what_a_release_says_again_its_candidates_say_no_more() {
        let told = |last: &str| {
            let text = format!(
                "## [2.0.0](https://x.y) (2026-07-26)\n\n- Orders can be printed from every page, and sent by mail.\n\n## 2.0.0-rc.1\n\n- Orders can be printed from every page.\n- {last}\n\n## 1.9.0\n\n- Orders can be printed from every page.\n"
            );
            let notes = read(&RepoPath::new("CHANGELOG.md"), &text);
            notes.into_iter().map(|note| note.text).collect::<Vec<_>>()
        };
        let (now, early) = (
            "Orders can be printed from every page, and sent by mail.",
            "Orders can be printed from every page.",
        );
        assert_eq!(told("Carts keep their lines."), [now, "Carts keep their lines.", early]);
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
