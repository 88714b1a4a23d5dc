//! From the bytes of a blob to a value, and how many of its lines changed.

use std::sync::Arc;

use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::diff::blob::{Algorithm, Diff, InternedInput, sources::byte_lines};
use gix::objs::tree::EntryKind;

use super::objects::Reader;
use super::renames::Fingerprint;
use crate::change::{Content, RepoPath};

/// Ordinary text above this is not kept: nobody writes it by hand.
const ORDINARY_CAP: u64 = 1 << 20;

/// Lock files, dumps and contracts are long and still say something.
const STRUCTURED_CAP: u64 = 64 << 20;

/// A longer script is a dump, which the reader of SQL does not take either.
const SQL_CAP: u64 = 8 << 20;

/// Above this git does not compare line by line either.
const COUNT_CAP: u64 = 512 << 20;

/// How far git looks for a NUL byte.
const BINARY_LOOK: usize = 8000;

/// What a tree says of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) id: ObjectId,
    pub(super) kind: EntryKind,
}

impl Entry {
    /// Regular files can be similar to each other; links and submodules only equal.
    pub(super) fn is_regular(self) -> bool {
        matches!(self.kind, EntryKind::Blob | EntryKind::BlobExecutable)
    }
}

/// One side of a changed file.
pub(super) struct Side {
    pub(super) content: Content,
    /// Number of lines; 0 where unreadable or binary.
    pub(super) lines: u32,
    /// For the search for renames.
    pub(super) print: Option<Fingerprint>,
}

/// Lines added and removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) added: u32,
    pub(super) removed: u32,
}

/// How much text of a file is kept.
fn cap(path: &RepoPath) -> u64 {
    match path.extension().as_str() {
        "sql" => SQL_CAP,
        _ if is_structured(path) => STRUCTURED_CAP,
        _ => ORDINARY_CAP,
    }
}

/// Whether a long file of this name still says something to a reader of formats.
pub(super) fn is_structured(path: &RepoPath) -> bool {
    const EXTENSIONS: [&str; 10] =
        ["lock", "sum", "sql", "json", "yaml", "yml", "graphql", "proto", "xml", "toml"];
    EXTENSIONS.contains(&path.extension().as_str()) || path.file_name().contains("lock.")
}

/// Reads one side.
pub(super) fn read(reader: &mut Reader, path: &RepoPath, entry: Entry, fingerprint: bool) -> Side {
    let bytes = reader.file(entry);
    Side {
        content: content(path, entry, bytes),
        lines: bytes.map_or(0, lines),
        print: bytes.filter(|_| fingerprint && entry.is_regular()).map(Fingerprint::new),
    }
}

/// Reads the content only, and nothing of what is too large to keep.
pub(super) fn read_content(reader: &mut Reader, path: &RepoPath, entry: Entry) -> Content {
    if entry.is_regular()
        && let Some(bytes) = reader.size(entry.id).filter(|bytes| *bytes > cap(path))
    {
        return Content::TooLarge { bytes };
    }
    content(path, entry, reader.file(entry))
}

/// Reads both sides of a file that stayed, and counts.
pub(super) fn read_both(reader: &mut Reader, path: &RepoPath, entries: [Entry; 2]) -> ([Content; 2], Counts) {
    let [before, after] = reader.files(entries);
    ([content(path, entries[0], before), content(path, entries[1], after)], count(before, after))
}

/// Counts the lines of two files that are similar enough to be one.
pub(super) fn count_between(reader: &mut Reader, old: Entry, new: Entry) -> Counts {
    if old.id == new.id {
        return Counts::default();
    }
    let [before, after] = reader.files([old, new]);
    count(before, after)
}

fn content(path: &RepoPath, entry: Entry, bytes: Option<&[u8]>) -> Content {
    let Some(bytes) = bytes else { return Content::Missing };
    match entry.kind {
        EntryKind::Commit => return Content::Submodule { commit: entry.id.to_hex().to_string() },
        EntryKind::Link => return Content::Link { to: bytes.to_str_lossy().into_owned() },
        _ if is_binary(bytes) => return Content::Binary,
        _ if bytes.len() as u64 > cap(path) => return Content::TooLarge { bytes: bytes.len() as u64 },
        _ => {}
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_or(Content::Binary, |text| Content::Text(Arc::from(text)))
}

fn is_binary(bytes: &[u8]) -> bool {
    bytes.len() as u64 > COUNT_CAP || bytes[..bytes.len().min(BINARY_LOOK)].contains(&0)
}

/// How many lines; none in a binary file.
fn lines(bytes: &[u8]) -> u32 {
    if is_binary(bytes) {
        return 0;
    }
    let ends = bytes.iter().filter(|byte| **byte == b'\n').count();
    let open_end = usize::from(bytes.last().is_some_and(|byte| *byte != b'\n'));
    u32::try_from(ends + open_end).unwrap_or(u32::MAX)
}

/// Lines added and removed between two texts, as `git diff --numstat` counts them.
pub fn count_lines(before: &str, after: &str) -> (u32, u32) {
    let counts = count(Some(before.as_bytes()), Some(after.as_bytes()));
    (counts.added, counts.removed)
}

/// As `git diff --numstat` counts: Myers, without moving hunks, which would not change the numbers.
fn count(before: Option<&[u8]>, after: Option<&[u8]>) -> Counts {
    let (Some(before), Some(after)) = (before, after) else { return Counts::default() };
    if is_binary(before) || is_binary(after) {
        return Counts::default();
    }
    let input = InternedInput::new(byte_lines(before), byte_lines(after));
    let diff = Diff::compute(Algorithm::Myers, &input);
    Counts { added: diff.count_additions(), removed: diff.count_removals() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines() {
        for (text, expected) in [("", 0), ("a", 1), ("a\n", 1), ("a\nb", 2), ("\n\n", 2), ("a\0b\nc", 0)] {
            assert_eq!(lines(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn compares_like_git() {
        let cases = [
            ("a\nb\nc\n", "a\nx\nc\n", 1, 1),
            ("a\r\nb\r\n", "a\nb\n", 2, 2),
            ("a\nb", "a\nb\n", 1, 1),
            ("", "a\n", 1, 0),
            ("a\0", "a\nb\n", 0, 0),
        ];
        for (before, after, added, removed) in cases {
            assert_eq!(
                count(Some(before.as_bytes()), Some(after.as_bytes())),
                Counts { added, removed },
                "{before:?} {after:?}"
            );
        }
    }

    #[test]
    fn reads_text() {
        let entry = Entry { id: ObjectId::null(gix::hash::Kind::Sha1), kind: EntryKind::Blob };
        let path = RepoPath::new("a/b.txt");
        assert_eq!(content(&path, entry, Some(b"\xef\xbb\xbfhi\r\n")), Content::from_text("hi\r\n"));
        assert_eq!(content(&path, entry, Some(b"h\xff")), Content::Binary);
        assert_eq!(content(&path, entry, Some(b"h\0")), Content::Binary);
        let long = vec![b'a'; ORDINARY_CAP as usize + 1];
        assert_eq!(content(&path, entry, Some(&long)), Content::TooLarge { bytes: ORDINARY_CAP + 1 });
        assert!(content(&RepoPath::new("Cargo.lock"), entry, Some(&long)).text().is_some());
        let dump = vec![b'a'; SQL_CAP as usize + 1];
        let path = RepoPath::new("db/dump.sql");
        assert_eq!(content(&path, entry, Some(&dump)), Content::TooLarge { bytes: SQL_CAP + 1 });
        assert!(content(&path, entry, Some(&long)).text().is_some());
    }
}
