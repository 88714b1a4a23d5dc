//! The past along first parents: what changed when, by names only.

use std::collections::HashMap;

use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::objs::{CommitRef, CommitRefIter, Kind};

use super::commits::{Mailmap, text};
use super::objects::{Objects, Reader};
use super::snapshot::look_up;
use super::{Error, Range, Repository, Taken};
use crate::change::{Person, RepoPath};
use crate::history::{self, History, PastChange};

/// How far back we look, in seconds.
const YEAR: i64 = 365 * 24 * 60 * 60;

/// How many commits a search for the first appearance of a line goes back.
const MAX_SEARCH: usize = 5_000;

/// A commit of the past.
struct Ancestor {
    tree: ObjectId,
    parent: Option<ObjectId>,
    time: i64,
    bytes: Vec<u8>,
}

impl Ancestor {
    fn read(objects: &Objects, id: ObjectId) -> Option<Self> {
        objects.with(|reader| {
            let bytes = reader.find(id, Kind::Commit)?;
            let commit = || CommitRefIter::from_bytes(bytes, id.kind());
            Some(Self {
                tree: commit().tree_id().ok()?,
                parent: commit().parent_ids().next(),
                time: commit().committer().ok()?.seconds(),
                bytes: bytes.to_vec(),
            })
        })
    }
}

/// The first parents from a commit on, newest first. Ends where the copy of the repository ends.
struct FirstParents<'a> {
    objects: &'a Objects,
    next: Option<ObjectId>,
}

impl Iterator for FirstParents<'_> {
    type Item = (ObjectId, Ancestor);

    fn next(&mut self) -> Option<Self::Item> {
        let id = self.next.take()?;
        let commit = Ancestor::read(self.objects, id)?;
        self.next = commit.parent;
        Some((id, commit))
    }
}

pub(super) fn first_parents(objects: &Objects, from: ObjectId) -> impl Iterator<Item = (ObjectId, i64)> {
    FirstParents { objects, next: Some(from) }.map(|(id, commit)| (id, commit.time))
}

/// What was read of the past.
#[derive(Default)]
pub(super) struct Past {
    commits: HashMap<ObjectId, Ancestor>,
    changes: HashMap<ObjectId, Option<PastChange>>,
    /// The `.mailmap` that names the people in it.
    names: Option<ObjectId>,
}

impl Repository {
    /// Twelve months of changes that end at the committer time of the range's base: what was known before the change.
    /// What was read once is kept, so that the past of the change before costs next to nothing.
    pub fn history(&self, range: &Range) -> Result<History, Error> {
        let Some(base) = range.base else { return Ok(History::default()) };
        let (mailmap, names) = Mailmap::of(self, self.tree_of(Some(range.head))?);
        let mut past = self.past.borrow_mut();
        if past.names != names {
            *past = Past { names, ..Past::default() };
        }
        let Past { commits, changes, .. } = &mut *past;

        let mut ids = Vec::new();
        let mut next = Some(base);
        let mut from = None;
        let mut is_cut = false;
        while let Some(id) = next {
            if !commits.contains_key(&id) {
                commits.extend(Ancestor::read(&self.objects, id).map(|commit| (id, commit)));
            }
            let Some(commit) = commits.get(&id) else {
                is_cut = true;
                break;
            };
            if commit.time < *from.get_or_insert(commit.time - YEAR) {
                break;
            }
            ids.push(id);
            next = commit.parent;
        }
        if is_cut {
            // without its parent it would look as if it added everything
            ids.pop();
        }

        let empty = ObjectId::empty_tree(base.kind());
        let tree_before = |commit: &Ancestor| match commit.parent {
            Some(parent) => commits.get(&parent).map(|parent| parent.tree),
            None => Some(empty),
        };
        let unread: Vec<_> = ids
            .iter()
            .filter(|id| !changes.contains_key(*id))
            .filter_map(|id| commits.get(id).and_then(|commit| Some((*id, commit, tree_before(commit)?))))
            .collect();
        let read = self.objects.each(&unread, |reader, (id, commit, before)| {
            (*id, past_change(reader, *id, commit, *before, &mailmap))
        });
        changes.extend(read);
        let of_people = |id| changes.get(id).cloned().flatten().filter(|change| !change.author.is_bot());
        Ok(History { changes: ids.iter().filter_map(of_people).collect(), is_cut })
    }

    /// The changes that arrived on the checked-out branch from one moment until just before another, in seconds since
    /// 1970 UTC.
    pub fn between_times(&self, since: i64, until: i64) -> Result<Range, Error> {
        let mut commits = first_parents(&self.objects, self.head()?);
        let mut last = |moment: i64| commits.find(|(_, time)| *time < moment).map(|(id, _)| id);
        let none = || match self.is_cut() {
            true => Error::Shallow { spec: "the time asked for".to_owned() },
            false => Error::Unresolvable { spec: "the time asked for".to_owned() },
        };
        let head = last(until).ok_or_else(none)?;
        let is_old = self.read_commit(head, |commit| commit.time().is_ok_and(|time| time.seconds < since))?;
        let base = if is_old { Some(head) } else { last(since) };
        if base.is_none() && self.is_cut() {
            return Err(none());
        }
        Ok(Range { base, head, not_in: base.into_iter().collect(), taken: Taken::Named })
    }
}

/// What one commit did, compared with the tree before it. A merge is the change that it merged: its author and title
/// are those of the merged branch.
fn past_change(
    reader: &mut Reader,
    id: ObjectId,
    ancestor: &Ancestor,
    before: ObjectId,
    mailmap: &Mailmap,
) -> Option<PastChange> {
    let commit = CommitRef::from_bytes(&ancestor.bytes, id.kind()).ok()?;
    let own = || commit.author().ok().map(|author| mailmap.person(author));
    let author = match commit.parents().nth(1) {
        Some(merged) => author_of(reader, merged, mailmap).or_else(own)?,
        None => own()?,
    };
    let message = commit.message();
    let merged_title = message.body.map(text).and_then(|body| body.lines().next().map(str::to_owned));
    let subject = match merged_title.filter(|_| commit.parents().nth(1).is_some()) {
        Some(title) if !title.is_empty() => title,
        _ => text(message.summary().as_ref()),
    };
    Some(PastChange {
        id: id.to_hex().to_string(),
        mentions_fix: history::mentions_fix(&subject),
        subject,
        author,
        time: ancestor.time,
        files: names(reader, before, ancestor.tree),
    })
}

fn author_of(reader: &mut Reader, id: ObjectId, mailmap: &Mailmap) -> Option<Person> {
    let bytes = reader.find(id, Kind::Commit)?;
    Some(mailmap.person(CommitRefIter::from_bytes(bytes, id.kind()).author().ok()?))
}

/// The files that differ between two trees.
fn names(reader: &mut Reader, before: ObjectId, after: ObjectId) -> Vec<RepoPath> {
    // where a folder is missing, what was seen until then is still true
    let (files, _) = super::walk::differing(reader, before, after);
    files.into_iter().map(|file| file.path).collect()
}

/// The day on which each text last appeared in the file and then stayed until `from`, as `2021-10-28` in UTC: one walk
/// along first parents. `None` where it is not there, or was there before the walk ends.
pub(super) fn first_seen(
    objects: &Objects,
    from: ObjectId,
    path: &RepoPath,
    texts: &[&str],
) -> Vec<Option<String>> {
    let mut days = vec![None; texts.len()];
    let mut open: Vec<usize> = (0..texts.len()).collect();
    let mut last: Option<(ObjectId, i64)> = None;
    let mut ended = false;
    for (_, commit) in (FirstParents { objects, next: Some(from) }).take(MAX_SEARCH) {
        let file = objects.with(|reader| look_up(reader, commit.tree, path.as_str()));
        let id = file.map(|entry| entry.id);
        let unchanged = last.is_some_and(|(seen, _)| Some(seen) == id);
        if !unchanged {
            // what cannot be read is taken to hold the text still
            let gone = |text: &str| match id {
                Some(id) => objects.with(|reader| {
                    reader.find(id, Kind::Blob).is_some_and(|bytes| !bytes.contains_str(text))
                }),
                None => true,
            };
            open.retain(|at| {
                let is_gone = gone(texts[*at]);
                if is_gone {
                    days[*at] = last.map(|(_, time)| day(time));
                }
                !is_gone
            });
        }
        if open.is_empty() {
            break;
        }
        ended = commit.parent.is_none();
        last = id.map(|id| (id, commit.time));
    }
    if let Some((_, time)) = last.filter(|_| ended) {
        open.into_iter().for_each(|at| days[at] = Some(day(time)));
    }
    days
}

/// The day of a moment, `YYYY-MM-DD`, UTC.
pub fn day(seconds: i64) -> String {
    gix::date::Time::new(seconds, 0).format_or_unix(gix::date::time::format::SHORT)
}
