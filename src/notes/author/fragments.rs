//! Notes in files of their own: Changesets, towncrier and its like, chloggen.

use super::page::{changelog, note};
use super::{Note, NoteKind, first_paragraph};
use crate::change::RepoPath;
use crate::formats::document;

pub(super) fn is_fragment(path: &RepoPath) -> bool {
    path.folders().any(|folder| {
        matches!(folder, "changelog.d" | "newsfragments" | "changelog_unreleased" | "unreleased")
    })
}

/// Changesets: packages and their steps between two lines of dashes, then the words.
pub(super) fn changeset(text: &str) -> Vec<Note> {
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
pub(super) fn fragment(path: &RepoPath, text: &str) -> Vec<Note> {
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

/// chloggen: one document with `change_type`, `component`, `note` and `issues`.
pub(super) fn chloggen(text: &str) -> Vec<Note> {
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
