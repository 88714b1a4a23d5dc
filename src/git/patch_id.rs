//! The stable patch id of a commit: equal for two commits that do the same to the same files, wherever they stand.
//!
//! After git's own: of each file, its names and the lines of its hunks, without white space and line numbers; the
//! files' sums are added up, so that their order does not matter. Context is three lines, as in git. The number itself
//! is ours (128 bits of FNV-1a), because it is only ever compared with another of ours.

use std::collections::HashMap;

use gix::ObjectId;
use gix::diff::blob::{Algorithm, Diff, InternedInput, sources::byte_lines};
use gix::diff::tree::recorder::Change as Record;
use gix::objs::TreeRefIter;
use gix::objs::tree::EntryKind;

use super::Repository;
use super::content::Entry;
use super::objects::Reader;
use super::walk::trees;

/// Lines around a change that belong to it.
const CONTEXT: u32 = 3;

/// A commit of more files has no id: nobody ports it by hand, and reading it costs too much.
const MOST_FILES: usize = 200;

/// A commit that holds a larger file on either side has none.
const MOST_BYTES: u64 = 4 << 20;

impl Repository {
    /// The stable patch id of each commit against its first parent; `None` for a commit without changes, one too large,
    /// one that this copy does not hold in full, and one that makes its files grow as no other of these commits does,
    /// which can be the same patch as none of them.
    pub fn patch_ids(&self, commits: &[&str]) -> Vec<Option<u128>> {
        let patches = self.objects.each(commits, |reader, commit| {
            let (before, after) = trees(reader, ObjectId::from_hex(commit.as_bytes()).ok()?)?;
            Patch::between(reader, before, after)
        });
        let mut alike: HashMap<u128, usize> = HashMap::new();
        for patch in patches.iter().flatten() {
            *alike.entry(patch.growth).or_default() += 1;
        }
        self.objects.each(&patches, |reader, patch| {
            patch.as_ref().filter(|patch| alike[&patch.growth] > 1)?.id(reader)
        })
    }
}

/// The files of a commit, before any of them is read.
struct Patch {
    files: Vec<Sides>,
    /// Of each path and by how many bytes it grows. Sizes stand in front of what is packed, so that this costs little.
    growth: u128,
}

impl Patch {
    fn between(reader: &mut Reader, before: ObjectId, after: ObjectId) -> Option<Self> {
        let old = reader.tree_bytes(before)?.to_vec();
        let new = reader.tree_bytes(after)?.to_vec();
        let mut recorder = gix::diff::tree::Recorder::default();
        gix::diff::tree(
            TreeRefIter::from_bytes(&old, before.kind()),
            TreeRefIter::from_bytes(&new, after.kind()),
            gix::diff::tree::State::default(),
            &reader.odb,
            &mut recorder,
        )
        .ok()?;
        let files: Vec<Sides> = recorder.records.into_iter().filter_map(sides).collect();
        if files.is_empty() || files.len() > MOST_FILES {
            return None;
        }
        let mut growth = Sum::default();
        for (path, before, after) in &files {
            let size = |entry: &Option<Entry>| match entry {
                Some(entry) if entry.kind != EntryKind::Commit => reader.size(entry.id),
                _ => Some(0),
            };
            let (old, new) = (size(before)?, size(after)?);
            if old.max(new) > MOST_BYTES {
                return None;
            }
            growth.add(path);
            growth.add(&new.wrapping_sub(old).to_le_bytes());
        }
        Some(Self { files, growth: growth.0 })
    }

    fn id(&self, reader: &mut Reader) -> Option<u128> {
        let mut sum = 0u128;
        for (path, before, after) in &self.files {
            let any = after.or(*before)?;
            let empty = Entry { id: ObjectId::empty_blob(any.id.kind()), kind: any.kind };
            let [old, new] = reader.files([before.unwrap_or(empty), after.unwrap_or(empty)]);
            sum = sum.wrapping_add(of_file(path, before.is_some(), after.is_some(), old?, new?));
        }
        Some(sum)
    }
}

/// The path of a file, and what it was and is.
type Sides = (Vec<u8>, Option<Entry>, Option<Entry>);

fn sides(record: Record) -> Option<Sides> {
    let entry = |mode: gix::objs::tree::EntryMode, id| Entry { id, kind: mode.kind() };
    match record {
        Record::Addition { entry_mode: mode, oid, path, .. } if mode.is_no_tree() => {
            Some((path.into(), None, Some(entry(mode, oid))))
        }
        Record::Deletion { entry_mode: mode, oid, path, .. } if mode.is_no_tree() => {
            Some((path.into(), Some(entry(mode, oid)), None))
        }
        Record::Modification { previous_entry_mode, previous_oid, entry_mode: mode, oid, path }
            if mode.is_no_tree() =>
        {
            Some((path.into(), Some(entry(previous_entry_mode, previous_oid)), Some(entry(mode, oid))))
        }
        _ => None,
    }
}

/// The part of one file.
fn of_file(path: &[u8], existed: bool, exists: bool, old: &[u8], new: &[u8]) -> u128 {
    let mut sum = Sum::default();
    sum.add(b"diff--git");
    sum.add(path);
    sum.add(if existed { b"---old" } else { b"---none" });
    sum.add(if exists { b"+++new" } else { b"+++none" });
    let input = InternedInput::new(byte_lines(old), byte_lines(new));
    let mut diff = Diff::compute(Algorithm::Myers, &input);
    // git slides hunks to where people would put them; both sides of a comparison slide alike here
    diff.postprocess_lines(&input);
    let line = |token: gix::diff::blob::Token| input.interner[token];
    let mut shown = 0;
    let hunks: Vec<_> = diff.hunks().collect();
    for (at, hunk) in hunks.iter().enumerate() {
        let start = hunk.before.start.saturating_sub(CONTEXT).max(shown);
        let next = hunks.get(at + 1).map_or(input.before.len() as u32, |next| next.before.start);
        let end = hunk.before.end.saturating_add(CONTEXT).min(next);
        for token in &input.before[start as usize..hunk.before.start as usize] {
            sum.line(b' ', line(*token));
        }
        for token in &input.before[hunk.before.start as usize..hunk.before.end as usize] {
            sum.line(b'-', line(*token));
        }
        for token in &input.after[hunk.after.start as usize..hunk.after.end as usize] {
            sum.line(b'+', line(*token));
        }
        for token in &input.before[hunk.before.end as usize..end as usize] {
            sum.line(b' ', line(*token));
        }
        shown = end;
    }
    sum.0
}

/// FNV-1a over 128 bits.
struct Sum(u128);

impl Default for Sum {
    fn default() -> Self {
        Self(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }
}

impl Sum {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
    }

    /// A line of a hunk, without white space.
    fn line(&mut self, mark: u8, line: &[u8]) {
        self.add(&[mark]);
        for byte in line.iter().filter(|byte| !byte.is_ascii_whitespace()) {
            self.add(std::slice::from_ref(byte));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(old: &str, new: &str) -> u128 {
        of_file(b"cart.py", true, true, old.as_bytes(), new.as_bytes())
    }

    #[test]
    fn the_same_step_elsewhere_is_the_same_patch() {
        let text =
            |first: &str, price: &str| format!("{first}\nb\nc\nd\ne\nprice = {price}\nf\ng\nh\nlast\n");
        let here = id(&text("a", "1"), &text("a", "2"));
        assert_eq!(here, id(&text("other start\nof the file", "1"), &text("other start\nof the file", "2")));
        assert_eq!(here, id(&text("a", " 1"), &text("a", "2 ")), "white space does not count");
        assert_ne!(here, id(&text("a", "1"), &text("a", "3")));
        assert_ne!(here, id(&text("a", "2"), &text("a", "1")));
        let near = text("a", "1").replace("\nf\n", "\nF\n");
        assert_ne!(here, id(&near, &near.replace("= 1", "= 2")), "context counts");
        assert_ne!(
            here,
            of_file(b"till.py", true, true, text("a", "1").as_bytes(), text("a", "2").as_bytes())
        );
    }

    #[test]
    fn an_empty_file_that_comes_is_not_one_that_goes() {
        assert_ne!(of_file(b"a", false, true, b"", b""), of_file(b"a", true, false, b"", b""));
    }
}
