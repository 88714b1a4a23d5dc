//! The commits of a range and who wrote them.

use gix::ObjectId;
use gix::actor::SignatureRef;
use gix::bstr::{BStr, ByteSlice};
use gix::objs::{CommitRef, Kind};
use gix::revision::walk::Sorting;
use gix::traverse::commit::simple::CommitTimeOrder;

use super::snapshot::look_up;
use super::{Error, Range, Repository};
use crate::change::{Commit, Person};

/// Names as the people of a repository want them written.
pub(super) struct Mailmap(gix::mailmap::Snapshot);

impl Mailmap {
    /// The `.mailmap` of a tree, and its id; the work tree's would make the same range differ between two copies.
    pub(super) fn of(repository: &Repository, tree: ObjectId) -> (Self, Option<ObjectId>) {
        repository.objects.with(|reader| {
            let entry = look_up(reader, tree, ".mailmap");
            let bytes = entry.and_then(|entry| reader.find(entry.id, Kind::Blob)).unwrap_or_default();
            (Self(gix::mailmap::Snapshot::from_bytes(bytes)), entry.map(|entry| entry.id))
        })
    }

    pub(super) fn person(&self, signature: SignatureRef<'_>) -> Person {
        let resolved = self.0.resolve_cow(signature);
        Person { name: text(resolved.name.as_ref()), email: text(resolved.email.as_ref()) }
    }
}

/// A message in the encoding of nearly everyone; other bytes become the replacement character.
pub(super) fn text(bytes: &BStr) -> String {
    bytes.to_str_lossy().trim().to_owned()
}

pub(super) fn of_range(repository: &Repository, range: &Range) -> Result<Vec<Commit>, Error> {
    let read = |source| Error::Read { what: "the history", source: Box::new(source) };
    let (mailmap, _) = Mailmap::of(repository, repository.tree_of(Some(range.head))?);
    let walk = repository
        .repo
        .rev_walk([range.head])
        .with_hidden(range.not_in.iter().copied())
        .sorting(Sorting::ByCommitTime(CommitTimeOrder::NewestFirst))
        .all()
        .map_err(read)?;
    let ids: Vec<ObjectId> =
        walk.map(|info| info.map(|info| info.id)).collect::<Result<_, _>>().map_err(read)?;
    let commits = repository.objects.each(&ids, |reader, id| {
        let commit = CommitRef::from_bytes(reader.find(*id, Kind::Commit)?, id.kind()).ok()?;
        Some(decode(*id, &commit, &mailmap))
    });
    Ok(commits.into_iter().flatten().collect())
}

pub(super) fn decode(id: ObjectId, commit: &CommitRef<'_>, mailmap: &Mailmap) -> Commit {
    let message = commit.message();
    let nobody = Person { name: String::new(), email: String::new() };
    Commit {
        id: id.to_hex().to_string(),
        subject: text(message.summary().as_ref()),
        body: message.body.map(text).unwrap_or_default(),
        author: commit.author().map_or(nobody, |author| mailmap.person(author)),
        time: commit.time().map_or(0, |time| time.seconds),
        is_merge: commit.parents().nth(1).is_some(),
    }
}
