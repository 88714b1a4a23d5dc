//! Which two states are compared.

use gix::ObjectId;

use super::{Error, Repository};

/// Two states of the tree and the commits between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// `None`: nothing at all, before the first commit.
    pub(super) base: Option<ObjectId>,
    pub(super) head: ObjectId,
    /// Commits that these can reach are not of the range.
    pub(super) not_in: Vec<ObjectId>,
    /// How it was chosen.
    pub taken: Taken,
}

/// How a range was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It was named.
    Named,
    /// What a push would send to the branch that this one follows.
    Upstream {
        /// That branch, such as `origin/feature`.
        branch: String,
    },
    /// What a push of a new branch would add to the remote's default branch.
    DefaultBranch {
        /// That branch, such as `origin/main`.
        branch: String,
    },
    /// Nothing waits to be pushed: the last commit.
    LastCommit,
}

impl Range {
    /// The state before, 40 (or 64) hex digits: a commit, or the empty tree where there was nothing.
    pub fn base(&self) -> String {
        self.base.unwrap_or_else(|| ObjectId::empty_tree(self.head.kind())).to_hex().to_string()
    }

    /// The commit after, in hex.
    pub fn head(&self) -> String {
        self.head.to_hex().to_string()
    }

    /// Whether both ends are one commit.
    pub fn is_empty(&self) -> bool {
        self.base == Some(self.head)
    }
}

impl Repository {
    /// Reads a range as a pull request would be: `A..B` and `A...B` from their merge base to B, `A` alone to `HEAD`;
    /// an empty side is `HEAD`. Without a name: what a push would send, else the last commit.
    pub fn range(&self, name: Option<&str>) -> Result<Range, Error> {
        let Some(name) = name else { return self.unpushed() };
        let (from, to) = sides(name);
        self.pull_request((from, self.resolve(from)?), (to, self.resolve(to)?), Taken::Named)
    }

    /// Two end states, compared as they stand, and the commits that only the second has.
    pub fn between(&self, from: &str, to: &str) -> Result<Range, Error> {
        let base = self.resolve(from)?;
        Ok(Range { base: Some(base), head: self.resolve(to)?, not_in: vec![base], taken: Taken::Named })
    }

    /// The newest commit that both have in their history, in hex; `None` where they have nothing in common.
    pub fn shared(&self, one: &str, other: &str) -> Result<Option<String>, Error> {
        let base = self.merge_base(self.resolve(one)?, self.resolve(other)?)?;
        Ok(base.map(|id| id.to_hex().to_string()))
    }

    /// Committer time of a commit, seconds since 1970 UTC.
    pub fn time_of(&self, commit: &str) -> Result<i64, Error> {
        let id = self.resolve(commit)?;
        self.read_commit(id, |commit| commit.time().map_or(0, |time| time.seconds))
    }

    /// The parents that a commit names, in hex; they need not be in this copy.
    pub fn parents(&self, commit: &str) -> Result<Vec<String>, Error> {
        let id = self.resolve(commit)?;
        self.read_commit(id, |commit| commit.parents().map(|parent| parent.to_hex().to_string()).collect())
    }

    /// One commit against its first parent.
    pub fn change(&self, commit: &str) -> Result<Range, Error> {
        self.against_parent(self.resolve(commit)?, Taken::Named)
    }

    /// The last changes of the branch that is checked out, newest first, each against its first parent. Where the
    /// history was cut off, the list ends.
    pub fn last_changes(&self, count: usize) -> Result<Vec<Range>, Error> {
        let mut next = Some(self.head()?);
        let mut changes = Vec::new();
        while let Some(head) = next.filter(|_| changes.len() < count) {
            let Ok(change) = self.against_parent(head, Taken::Named) else { break };
            next = change.base;
            changes.push(change);
        }
        Ok(changes)
    }

    fn unpushed(&self) -> Result<Range, Error> {
        let head = self.head()?;
        if let Some((branch, tip, taken)) = self.push_target() {
            match self.pull_request((&branch, tip), ("HEAD", head), taken) {
                Ok(range) if !range.is_empty() => return Ok(range),
                Err(error @ Error::Shallow { .. }) => return Err(error),
                _ => {}
            }
        }
        self.against_parent(head, Taken::LastCommit)
    }

    /// The remote branch that the current one would be pushed to, or merged into.
    fn push_target(&self) -> Option<(String, ObjectId, Taken)> {
        let tip = |name: &str| self.repo.try_find_reference(name).ok().flatten()?.into_fully_peeled_id().ok();
        let short = |name: &str| name.trim_start_matches("refs/remotes/").to_owned();
        let current = self.repo.head_name().ok().flatten();
        let upstream = current.as_ref().and_then(|name| {
            let name =
                self.repo.branch_remote_tracking_ref_name(name.as_ref(), gix::remote::Direction::Fetch)?;
            let name = name.ok()?.as_bstr().to_string();
            Some((short(&name), tip(&name)?.detach()))
        });
        if let Some((branch, tip)) = upstream {
            return Some((branch.clone(), tip, Taken::Upstream { branch }));
        }
        let (branch, tip) = self.default_branch(None)?;
        Some((branch.clone(), tip, Taken::DefaultBranch { branch }))
    }

    /// The default branch of a remote, as last fetched: of `origin`, unless named otherwise or there is only another.
    pub(super) fn default_branch(&self, remote: Option<&str>) -> Option<(String, ObjectId)> {
        let remotes = self.repo.remote_names();
        let remote = match remote {
            Some(name) => name.to_owned(),
            None if remotes.len() == 1 => remotes.first()?.to_string(),
            None => "origin".to_owned(),
        };
        ["HEAD", "main", "master"].into_iter().find_map(|branch| {
            let name = format!("refs/remotes/{remote}/{branch}");
            let reference = self.repo.try_find_reference(name.as_str()).ok().flatten()?;
            let target = match reference.target().try_name() {
                Some(name) => name.as_bstr().to_string(),
                None => name,
            };
            let id = reference.into_fully_peeled_id().ok()?.detach();
            Some((target.trim_start_matches("refs/remotes/").to_owned(), id))
        })
    }

    /// From the merge base to the second.
    pub(super) fn pull_request(
        &self,
        (one, from): (&str, ObjectId),
        (other, to): (&str, ObjectId),
        taken: Taken,
    ) -> Result<Range, Error> {
        let base = self.merge_base(from, to)?.ok_or_else(|| match self.is_cut() {
            true => Error::Shallow { spec: format!("the common start of {one} and {other}") },
            false => Error::NoMergeBase { one: one.to_owned(), other: other.to_owned() },
        })?;
        Ok(Range { base: Some(base), head: to, not_in: vec![from], taken })
    }

    pub(super) fn merge_base(&self, one: ObjectId, other: ObjectId) -> Result<Option<ObjectId>, Error> {
        let base = self
            .repo
            .merge_base(one, other)
            .map_err(|source| Error::Read { what: "the history", source: Box::new(source) })?;
        Ok(base.map(|id| id.detach()))
    }

    pub(super) fn against_parent(&self, head: ObjectId, taken: Taken) -> Result<Range, Error> {
        let parent = self.read_commit(head, |commit| commit.parents().next())?;
        if let Some(parent) = parent.filter(|parent| !self.repo.has_object(parent)) {
            return Err(match self.is_cut() {
                true => Error::Shallow { spec: format!("the commit before {}", head.to_hex_with_len(12)) },
                false => Error::MissingObject { what: "commit", id: parent.to_hex().to_string() },
            });
        }
        Ok(Range { base: parent, head, not_in: parent.into_iter().collect(), taken })
    }

    /// The commit that `HEAD` stands on.
    pub(super) fn head(&self) -> Result<ObjectId, Error> {
        let read = |source| Error::Read { what: "HEAD", source: Box::new(source) };
        let mut head = self.repo.head().map_err(read)?;
        if let gix::head::Kind::Unborn(name) = &head.kind {
            return Err(Error::Unborn { branch: name.shorten().to_string() });
        }
        Ok(head.peel_to_commit().map_err(read)?.id)
    }

    /// The commit that a name means.
    pub(super) fn resolve(&self, spec: &str) -> Result<ObjectId, Error> {
        if spec == "HEAD" || spec == "@" {
            return self.head();
        }
        let unresolvable = || match self.is_cut() && !self.is_branch_like(spec) {
            true => Error::Shallow { spec: spec.to_owned() },
            false => Error::Unresolvable { spec: spec.to_owned() },
        };
        let id = match ObjectId::from_hex(spec.as_bytes()) {
            Ok(id) => id,
            Err(_) => self.repo.rev_parse_single(spec).map_err(|_| unresolvable())?.detach(),
        };
        let object = self.repo.try_find_object(id).ok().flatten().ok_or_else(unresolvable)?;
        Ok(object.peel_to_commit().map_err(|_| unresolvable())?.id)
    }

    /// Whether a name that did not resolve can be meant as a branch or tag, not as a place in the history.
    fn is_branch_like(&self, spec: &str) -> bool {
        let is_hex = spec.len() >= 7 && spec.bytes().all(|byte| byte.is_ascii_hexdigit());
        !is_hex && !spec.contains(['~', '^', '@', ':'])
    }

    /// Whether the copy's history was cut off, as a shallow clone's is.
    pub fn is_cut(&self) -> bool {
        self.repo.is_shallow().unwrap_or(false)
    }
}

/// The two sides of a range; one that is left out is `HEAD`.
fn sides(name: &str) -> (&str, &str) {
    let (from, to) = name.split_once("...").or_else(|| name.split_once("..")).unwrap_or((name, ""));
    let or_head = |side| if str::is_empty(side) { "HEAD" } else { side };
    (or_head(from), or_head(to))
}

#[cfg(test)]
mod tests {
    use super::sides;

    #[test]
    fn splits_ranges() {
        for (name, expected) in [
            ("a..b", ("a", "b")),
            ("a...b", ("a", "b")),
            ("v1.0..", ("v1.0", "HEAD")),
            ("..b", ("HEAD", "b")),
            ("main", ("main", "HEAD")),
            ("HEAD~2", ("HEAD~2", "HEAD")),
        ] {
            assert_eq!(sides(name), expected);
        }
    }
}
