//! Finds which deleted file an added one was: first equal files, then files of one name, then similar ones.
//!
//! Own, so that every machine finds the same whatever its git configuration says, and without a limit that silently
//! drops renames of large changes to equal files only.

use std::collections::HashMap;

use super::content::Entry;
use crate::change::RepoPath;

/// Scores are parts of this.
const WHOLE: u64 = 60_000;
/// From here on two files are one.
const SIMILAR: u64 = WHOLE / 2;
/// From here on two files of the same, unique name are one, without a look at the others.
const SAME_NAME: u64 = WHOLE / 4 * 3;
/// The longest piece of a line that is compared as one.
const CHUNK: usize = 64;
/// No search among more pairs than this.
const MAX_PAIRS: usize = 1000 * 1000;
/// No fingerprint of files larger than this; they can still be equal.
const MAX_SIZE: usize = 64 << 20;

/// What a file holds, as far as similarity needs it: how many bytes each distinct piece of a line covers.
#[derive(Debug)]
pub(super) struct Fingerprint {
    size: u64,
    /// Sorted by hash.
    pieces: Vec<(u64, u32)>,
}

impl Fingerprint {
    pub(super) fn new(bytes: &[u8]) -> Self {
        let mut pieces = Vec::new();
        if bytes.len() <= MAX_SIZE {
            let is_text = !bytes[..bytes.len().min(8000)].contains(&0);
            for line in bytes.split_inclusive(|byte| *byte == b'\n') {
                for piece in line.chunks(CHUNK) {
                    pieces.push(hash(piece, is_text));
                }
            }
        }
        pieces.sort_unstable();
        pieces.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 = kept.1.saturating_add(next.1);
            }
            same
        });
        Self { size: bytes.len() as u64, pieces }
    }

    /// Shared bytes as a part of the larger file.
    fn similarity(&self, other: &Self) -> u64 {
        if self.size.min(other.size) * WHOLE < self.size.max(other.size) * SIMILAR {
            return 0;
        }
        let (mut a, mut b) = (self.pieces.iter().peekable(), other.pieces.iter().peekable());
        let mut shared = 0;
        while let (Some(one), Some(two)) = (a.peek(), b.peek()) {
            match one.0.cmp(&two.0) {
                std::cmp::Ordering::Less => drop(a.next()),
                std::cmp::Ordering::Greater => drop(b.next()),
                std::cmp::Ordering::Equal => {
                    shared += u64::from(one.1.min(two.1));
                    a.next();
                    b.next();
                }
            }
        }
        self.score(other, shared)
    }

    fn score(&self, other: &Self, shared: u64) -> u64 {
        match self.size.max(other.size) {
            0 => 0,
            larger => (shared * WHOLE / larger).min(WHOLE),
        }
    }
}

/// A piece's hash and how many bytes it stands for. A carriage return before the end of a line of text does not count.
fn hash(piece: &[u8], is_text: bool) -> (u64, u32) {
    const PRIME: u64 = 0x9e37_79b9_7f4a_7c15;
    let (body, end): (&[u8], &[u8]) = match piece {
        [body @ .., b'\r', b'\n'] if is_text => (body, b"\n"),
        _ => (piece, b""),
    };
    let mut state: u64 = 0;
    let mut mix = |word: u64| state = (state.rotate_left(5) ^ word).wrapping_mul(PRIME);
    for part in [body, end] {
        let mut words = part.chunks_exact(8);
        for word in &mut words {
            mix(u64::from_le_bytes(word.try_into().expect("chunks of eight bytes")));
        }
        for byte in words.remainder() {
            mix(u64::from(*byte) + 1);
        }
    }
    (state ^ (state >> 29), (body.len() + end.len()) as u32)
}

/// A file that is gone, or one that is new.
pub(super) struct Candidate<'a> {
    pub(super) path: &'a RepoPath,
    /// `None` where only an equal file can be the same: links, submodules, what this copy does not hold.
    pub(super) print: Option<&'a Fingerprint>,
}

/// Positions of (deleted, added).
pub(super) type Pairs = Vec<(usize, usize)>;

/// Pairs of equal files. Both lists are sorted by path.
pub(super) fn equal(deleted: &[(RepoPath, Entry)], added: &[(RepoPath, Entry)]) -> Pairs {
    let key = |entry: &Entry| (entry.id, entry.is_regular());
    let mut sources: HashMap<_, Vec<usize>> = HashMap::new();
    for (at, (_, entry)) in deleted.iter().enumerate() {
        sources.entry(key(entry)).or_default().push(at);
    }
    let mut pairs = Pairs::new();
    for (to, (path, entry)) in added.iter().enumerate() {
        let Some(left) = sources.get_mut(&key(entry)).filter(|left| !left.is_empty()) else { continue };
        let same_name = left.iter().position(|from| deleted[*from].0.file_name() == path.file_name());
        pairs.push((left.remove(same_name.unwrap_or(0)), to));
    }
    pairs
}

/// Adds pairs of similar files among those that [`equal`] left over.
pub(super) fn similar(deleted: &[Candidate<'_>], added: &[Candidate<'_>], pairs: &mut Pairs) {
    let mut sources: Vec<usize> = (0..deleted.len()).filter(|at| deleted[*at].print.is_some()).collect();
    let mut targets: Vec<usize> = (0..added.len()).filter(|at| added[*at].print.is_some()).collect();
    let (mut used, mut made) = (vec![false; deleted.len()], vec![false; added.len()]);
    let mut set_aside = |pairs: &[(usize, usize)], sources: &mut Vec<usize>, targets: &mut Vec<usize>| {
        for (from, to) in pairs {
            (used[*from], made[*to]) = (true, true);
        }
        sources.retain(|at| !used[*at]);
        targets.retain(|at| !made[*at]);
    };
    set_aside(pairs, &mut sources, &mut targets);
    pairs.extend(same_name(deleted, added, &sources, &targets));
    set_aside(pairs, &mut sources, &mut targets);
    if sources.len().saturating_mul(targets.len()) > MAX_PAIRS {
        return;
    }

    let mut holders: HashMap<u64, Vec<(usize, u32)>> = HashMap::new();
    for (source, at) in sources.iter().enumerate() {
        for (hash, bytes) in deleted[*at].print.iter().flat_map(|print| &print.pieces) {
            holders.entry(*hash).or_default().push((source, *bytes));
        }
    }
    let mut scored = Vec::new();
    let mut shared = vec![0_u64; sources.len()];
    for to in targets {
        let Some(print) = added[to].print else { continue };
        shared.fill(0);
        for (hash, bytes) in &print.pieces {
            for (source, held) in holders.get(hash).into_iter().flatten() {
                shared[*source] += u64::from(*bytes.min(held));
            }
        }
        for (from, shared) in sources.iter().zip(&shared) {
            let score = deleted[*from].print.map_or(0, |old| old.score(print, *shared));
            if score >= SIMILAR {
                let same_name = deleted[*from].path.file_name() == added[to].path.file_name();
                scored.push((score, same_name, *from, to));
            }
        }
    }
    // the best first; among equals the same name, then the order of paths
    scored.sort_unstable_by(|a, b| (b.0, b.1, a.3, a.2).cmp(&(a.0, a.1, b.3, b.2)));
    for (_, _, from, to) in scored {
        if !used[from] && !made[to] {
            (used[from], made[to]) = (true, true);
            pairs.push((from, to));
        }
    }
}

/// Files whose name is the only one of its kind on both sides, where they are similar enough.
fn same_name(
    deleted: &[Candidate<'_>],
    added: &[Candidate<'_>],
    sources: &[usize],
    targets: &[usize],
) -> Pairs {
    fn only<'a>(files: &'a [Candidate<'_>], some: &[usize]) -> HashMap<&'a str, Option<usize>> {
        let mut names = HashMap::new();
        for at in some {
            names.entry(files[*at].path.file_name()).and_modify(|seen| *seen = None).or_insert(Some(*at));
        }
        names
    }
    let old = only(deleted, sources);
    let new = only(added, targets);
    let mut pairs: Vec<_> = new
        .into_iter()
        .filter_map(|(name, to)| Some((old.get(name).copied().flatten()?, to?)))
        .filter(|(from, to)| {
            matches!((deleted[*from].print, added[*to].print),
                (Some(a), Some(b)) if a.similarity(b) >= SAME_NAME)
        })
        .collect();
    pairs.sort_unstable();
    pairs
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use gix::ObjectId;
    use gix::objs::tree::EntryKind;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn text(lines: std::ops::Range<u32>) -> String {
        lines.map(|n| format!("line number {n}\n")).collect()
    }

    /// Pairs among files given as path and text.
    fn find(deleted: &[(&str, &str)], added: &[(&str, &str)]) -> Pairs {
        let prints = |files: &[(&str, &str)]| -> Vec<(RepoPath, Fingerprint)> {
            files
                .iter()
                .map(|(path, text)| (RepoPath::new(path), Fingerprint::new(text.as_bytes())))
                .collect()
        };
        fn candidates(prints: &[(RepoPath, Fingerprint)]) -> Vec<Candidate<'_>> {
            prints.iter().map(|(path, print)| Candidate { path, print: Some(print) }).collect()
        }
        let mut pairs = Pairs::new();
        similar(&candidates(&prints(deleted)), &candidates(&prints(added)), &mut pairs);
        pairs
    }

    #[test]
    fn finds_similar_files_only() {
        let whole = text(0..100);
        assert_eq!(find(&[("a", &whole)], &[("b", &text(0..60))]), [(0, 0)]);
        assert_eq!(find(&[("a", &whole)], &[("b", &text(60..200))]), []);
        assert_eq!(find(&[("a", "")], &[("b", "")]), []);
    }

    #[test]
    fn line_ends_do_not_matter() {
        let unix = text(0..50);
        assert_eq!(find(&[("a", &unix)], &[("b", &unix.replace('\n', "\r\n"))]), [(0, 0)]);
    }

    #[test]
    fn a_unique_name_wins_over_a_better_score() {
        let (old, better) = (text(0..100), text(0..95));
        let added =
            |same_name: &str| find(&[("x/a.rs", &old)], &[("y/a.rs", same_name), ("y/b.rs", &better)]);
        assert_eq!(added(&text(0..80)), [(0, 0)]);
        // unless it is too unlike
        assert_eq!(added(&text(0..60)), [(0, 1)]);
    }

    #[test]
    fn equal_files_prefer_their_name() {
        let entry = Entry { id: ObjectId::null(gix::hash::Kind::Sha1), kind: EntryKind::Blob };
        let files =
            |paths: &[&str]| -> Vec<_> { paths.iter().map(|path| (RepoPath::new(path), entry)).collect() };
        let (deleted, added) = (files(&["a/one", "a/two"]), files(&["b/three", "b/two", "c/four"]));
        assert_eq!(equal(&deleted, &added), [(0, 0), (1, 1)]);
    }

    proptest! {
        #[test]
        fn a_file_is_in_one_pair_at_most(
            deleted in vec(("[ab]/[a-d]", "([xyz]{0,3}\n){0,6}"), 0..8),
            added in vec(("[ab]/[a-d]", "([xyz]{0,3}\n){0,6}"), 0..8),
        ) {
            fn borrowed(files: &[(String, String)]) -> Vec<(&str, &str)> {
                files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect()
            }
            let pairs = find(&borrowed(&deleted), &borrowed(&added));
            let count = pairs.len();
            let (from, to): (BTreeSet<_>, BTreeSet<_>) = pairs.into_iter().unzip();
            prop_assert_eq!((from.len(), to.len()), (count, count));
        }
    }
}
