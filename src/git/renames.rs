//! Finds which deleted file an added one was: first equal files, then files of one name, then similar ones.
//!
//! Own, so that every machine finds the same whatever its git configuration says, and without a limit that silently
//! drops renames of large changes to equal files only.

use std::collections::HashMap;

use gix::ObjectId;

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
    pub(super) path: &'a str,
    pub(super) id: ObjectId,
    /// Whether the other must be equal: links, submodules.
    pub(super) regular: bool,
    pub(super) print: Option<&'a Fingerprint>,
}

impl Candidate<'_> {
    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }
}

/// Positions of (deleted, added).
pub(super) type Pairs = Vec<(usize, usize)>;

/// Pairs of equal files. Both lists are sorted by path.
pub(super) fn equal(deleted: &[Candidate<'_>], added: &[Candidate<'_>]) -> Pairs {
    let mut sources: HashMap<(ObjectId, bool), Vec<usize>> = HashMap::new();
    for (at, file) in deleted.iter().enumerate() {
        sources.entry((file.id, file.regular)).or_default().push(at);
    }
    let mut pairs = Vec::new();
    for (to, file) in added.iter().enumerate() {
        let Some(left) = sources.get_mut(&(file.id, file.regular)) else { continue };
        let same_name = left.iter().position(|from| deleted[*from].name() == file.name());
        if let Some(at) = same_name.or((!left.is_empty()).then_some(0)) {
            pairs.push((left.remove(at), to));
        }
    }
    pairs
}

/// Pairs of similar files among those that [`equal`] left over.
pub(super) fn similar(deleted: &[Candidate<'_>], added: &[Candidate<'_>]) -> Pairs {
    let mut sources: Vec<usize> = (0..deleted.len()).filter(|at| deleted[*at].print.is_some()).collect();
    let mut targets: Vec<usize> = (0..added.len()).filter(|at| added[*at].print.is_some()).collect();
    let mut pairs = same_name(deleted, added, &sources, &targets);
    let (mut used, mut made) = (vec![false; deleted.len()], vec![false; added.len()]);
    for (from, to) in &pairs {
        (used[*from], made[*to]) = (true, true);
    }
    sources.retain(|at| !used[*at]);
    targets.retain(|at| !made[*at]);
    if sources.len().saturating_mul(targets.len()) > MAX_PAIRS {
        return pairs;
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
                scored.push((score, deleted[*from].name() == added[to].name(), *from, to));
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
    pairs
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
            names.entry(files[*at].name()).and_modify(|seen| *seen = None).or_insert(Some(*at));
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
    use super::*;

    fn text(lines: std::ops::Range<u32>) -> String {
        lines.map(|n| format!("line number {n}\n")).collect()
    }

    fn find(deleted: &[(&str, &str)], added: &[(&str, &str)]) -> Vec<(String, String)> {
        let prints = |files: &[(&str, &str)]| -> Vec<Fingerprint> {
            files.iter().map(|(_, text)| Fingerprint::new(text.as_bytes())).collect()
        };
        let (old, new) = (prints(deleted), prints(added));
        fn candidates<'a>(files: &[(&'a str, &str)], prints: &'a [Fingerprint]) -> Vec<Candidate<'a>> {
            let id = ObjectId::null(gix::hash::Kind::Sha1);
            files
                .iter()
                .zip(prints)
                .map(|((path, _), print)| Candidate { path, id, regular: true, print: Some(print) })
                .collect()
        }
        let mut pairs: Vec<_> = similar(&candidates(deleted, &old), &candidates(added, &new))
            .into_iter()
            .map(|(from, to)| (deleted[from].0.to_owned(), added[to].0.to_owned()))
            .collect();
        pairs.sort();
        pairs
    }

    #[test]
    fn finds_similar_files_only() {
        let whole = text(0..100);
        assert_eq!(find(&[("a", &whole)], &[("b", &text(0..60))]), [("a".into(), "b".into())]);
        assert_eq!(find(&[("a", &whole)], &[("b", &text(60..200))]), []);
        assert_eq!(find(&[("a", "")], &[("b", "")]), []);
    }

    #[test]
    fn line_ends_do_not_matter() {
        let unix = text(0..50);
        assert_eq!(find(&[("a", &unix)], &[("b", &unix.replace('\n', "\r\n"))]).len(), 1);
    }

    #[test]
    fn a_unique_name_wins_over_a_better_score() {
        let (old, same, better) = (text(0..100), text(0..80), text(0..95));
        assert_eq!(
            find(&[("x/a.rs", &old)], &[("y/a.rs", &same), ("y/b.rs", &better)]),
            [("x/a.rs".into(), "y/a.rs".into())]
        );
        let unlike = text(0..60);
        assert_eq!(
            find(&[("x/a.rs", &old)], &[("y/a.rs", &unlike), ("y/b.rs", &better)]),
            [("x/a.rs".into(), "y/b.rs".into())]
        );
    }

    #[test]
    fn equal_files_prefer_their_name() {
        let id = ObjectId::null(gix::hash::Kind::Sha1);
        let file = |path| Candidate { path, id, regular: true, print: None };
        let deleted = [file("a/one"), file("a/two")];
        let added = [file("b/three"), file("b/two"), file("c/four")];
        assert_eq!(equal(&deleted, &added), [(0, 0), (1, 1)]);
    }
}
