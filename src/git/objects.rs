//! Reads git objects from several threads at once: each takes a handle of its own, with its own caches.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use gix::ObjectId;
use gix::objs::tree::EntryKind;
use gix::objs::{Find, FindHeader, Kind, TreeRefIter};

use super::content::Entry;

/// How many items a thread takes at once: neighbours share folders and delta bases, but of few items each thread must
/// get some.
const CHUNK: std::ops::RangeInclusive<usize> = 4..=64;

/// How often a thread takes items, where there are many: the last one must not keep the others waiting for long.
const TURNS: usize = 16;

/// Fewer items than this are done before another thread has started.
const MIN_ITEMS: usize = 16;

/// More threads than this wait for the disk and for each other.
const MAX_THREADS: usize = 8;

/// The object database of one repository.
pub(super) struct Objects {
    first: Mutex<gix::OdbHandle>,
    spare: Mutex<Vec<Reader>>,
    hash: gix::hash::Kind,
    /// Asking the system costs as much as reading some files.
    cores: OnceLock<usize>,
}

/// One thread's access to the objects.
pub(super) struct Reader {
    pub(super) odb: gix::OdbHandle,
    buffers: [Vec<u8>; 2],
}

impl Objects {
    pub(super) fn new(odb: gix::OdbHandle, hash: gix::hash::Kind) -> Self {
        Self { first: Mutex::new(odb), spare: Mutex::default(), hash, cores: OnceLock::new() }
    }

    pub(super) fn hash(&self) -> gix::hash::Kind {
        self.hash
    }

    /// Lends a reader; its caches stay warm for the next one who asks.
    pub(super) fn with<R>(&self, work: impl FnOnce(&mut Reader) -> R) -> R {
        let spare = unpoisoned(&self.spare).pop();
        let mut reader = spare
            .unwrap_or_else(|| Reader { odb: unpoisoned(&self.first).clone(), buffers: Default::default() });
        let result = work(&mut reader);
        unpoisoned(&self.spare).push(reader);
        result
    }

    /// Does `work` for each item on all cores; results come in the order of the items.
    pub(super) fn each<T: Sync, R: Send>(
        &self,
        items: &[T],
        work: impl Fn(&mut Reader, &T) -> R + Sync,
    ) -> Vec<R> {
        let threads = match items.len() {
            ..MIN_ITEMS => 1,
            _ => *self.cores.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from)),
        };
        let threads = threads.min(MAX_THREADS);
        if threads < 2 {
            return self.with(|reader| items.iter().map(|item| work(reader, item)).collect());
        }
        let chunk_len = (items.len() / (threads * TURNS)).clamp(*CHUNK.start(), *CHUNK.end());
        let next = AtomicUsize::new(0);
        let take = || {
            self.with(|reader| {
                let mut done = Vec::new();
                loop {
                    let chunk = next.fetch_add(1, Ordering::Relaxed);
                    let Some(items) = items.chunks(chunk_len).nth(chunk) else { return done };
                    done.push((chunk, items.iter().map(|item| work(reader, item)).collect::<Vec<R>>()));
                }
            })
        };
        let mut done = std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(take)).collect();
            let mut done = take();
            for other in others {
                match other.join() {
                    Ok(more) => done.extend(more),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            done
        });
        done.sort_unstable_by_key(|(chunk, _)| *chunk);
        done.into_iter().flat_map(|(_, results)| results).collect()
    }
}

/// A lock whose holder panicked guards a pool of readers: there is nothing half-done in it.
fn unpoisoned<T>(lock: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Reader {
    /// The bytes of an object of the kind; `None` where this copy of the repository does not hold it, or holds it
    /// broken.
    pub(super) fn find(&mut self, id: ObjectId, kind: Kind) -> Option<&[u8]> {
        find(&self.odb, id, kind, &mut self.buffers[0])
    }

    /// What git compares for a file: its bytes, and for a submodule one line.
    pub(super) fn file(&mut self, entry: Entry) -> Option<&[u8]> {
        file(&self.odb, entry, &mut self.buffers[0])
    }

    /// The same for two files at once.
    pub(super) fn files(&mut self, [one, two]: [Entry; 2]) -> [Option<&[u8]>; 2] {
        let [first, second] = &mut self.buffers;
        [file(&self.odb, one, first), file(&self.odb, two, second)]
    }

    /// The size of an object, without decoding it.
    pub(super) fn size(&self, id: ObjectId) -> Option<u64> {
        self.odb.try_header(&id).ok().flatten().map(|header| header.size)
    }

    /// The entries of a tree; `None` where this copy does not hold it.
    pub(super) fn tree(&mut self, id: ObjectId) -> Option<TreeRefIter<'_>> {
        self.tree_bytes(id).map(|bytes| TreeRefIter::from_bytes(bytes, id.kind()))
    }

    /// The same, as it is stored.
    pub(super) fn tree_bytes(&mut self, id: ObjectId) -> Option<&[u8]> {
        self.find(id, Kind::Tree)
    }
}

fn file<'a>(odb: &gix::OdbHandle, entry: Entry, buffer: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    if entry.kind == EntryKind::Commit {
        *buffer = format!("Subproject commit {}\n", entry.id.to_hex()).into_bytes();
        return Some(buffer);
    }
    find(odb, entry.id, Kind::Blob, buffer)
}

fn find<'a>(odb: &gix::OdbHandle, id: ObjectId, kind: Kind, buffer: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    if id == ObjectId::empty_tree(id.kind()) || id == ObjectId::empty_blob(id.kind()) {
        return Some(&[]);
    }
    let object = odb.try_find(&id, buffer).ok().flatten()?;
    (object.kind == kind).then_some(object.data)
}
