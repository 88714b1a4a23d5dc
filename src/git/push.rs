//! What a push sends: the lines that git gives to a pre-push hook, or what pre-commit makes of them.

use gix::ObjectId;

use super::{Error, Range, Repository, Taken};

/// One ref of a push, as git names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushLine {
    /// The ref here; `(delete)` for a deletion.
    pub local_ref: String,
    /// What it points at; `None` for a deletion.
    pub local: Option<String>,
    /// The ref there.
    pub remote_ref: String,
    /// What the remote has there.
    pub remote: There,
}

/// What the remote has at a ref.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum There {
    /// This commit.
    At(String),
    /// Nothing: the ref is new.
    Nothing,
    /// This commit, or, where the branch is new, it is the nearest that the remote has: pre-commit does not tell which.
    Near(String),
}

/// What one ref of a push means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Push {
    /// A branch gets commits.
    Branch {
        /// Its name at the remote.
        name: String,
        /// What to preview.
        range: Range,
        /// What it is compared with.
        against: Against,
    },
    /// A branch goes away at the remote.
    Deletion {
        /// Its name.
        name: String,
    },
    /// A tag, a note: nothing to say.
    Nothing,
}

/// What a pushed branch is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// What the remote has.
    Remote,
    /// What the remote had when last fetched, or the start of the branch: its history was rewritten.
    Rewritten,
    /// A new branch, against the remote's default branch.
    DefaultBranch,
    /// A new branch, against the nearest commit that the remote has.
    Nearest,
    /// Nothing: the remote knows none of it.
    FirstPush,
}

/// The lines that git writes to a pre-push hook. What is no such line is left out.
pub fn parse(stdin: &str) -> Vec<PushLine> {
    let known = |id: &str| (!id.bytes().all(|byte| byte == b'0')).then(|| id.to_owned());
    stdin
        .lines()
        .filter_map(|line| match line.split(' ').collect::<Vec<_>>().as_slice() {
            [local_ref, local, remote_ref, remote] => Some(PushLine {
                local_ref: (*local_ref).to_owned(),
                local: known(local),
                remote_ref: (*remote_ref).to_owned(),
                remote: known(remote).map_or(There::Nothing, There::At),
            }),
            _ => None,
        })
        .collect()
}

/// The same from the environment in which pre-commit runs its pre-push hooks; it keeps stdin for itself. `variable`
/// looks a variable up.
pub fn from_pre_commit(variable: impl Fn(&str) -> Option<String>) -> Option<PushLine> {
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    let branch = variable("PRE_COMMIT_REMOTE_BRANCH").or_else(|| variable("PRE_COMMIT_LOCAL_BRANCH"))?;
    let local_ref = variable("PRE_COMMIT_LOCAL_BRANCH").unwrap_or_else(|| branch.clone());
    Some(PushLine {
        local: variable("PRE_COMMIT_TO_REF").or_else(|| Some(local_ref.clone())),
        local_ref,
        remote_ref: branch,
        remote: variable("PRE_COMMIT_FROM_REF").map_or(There::Nothing, There::Near),
    })
}

impl Repository {
    /// What to preview for one ref of a push to `remote`, which is a name or an address.
    pub fn push(&self, line: &PushLine, remote: &str) -> Result<Push, Error> {
        let is_branch = |name: &str| !name.starts_with("refs/tags/") && !name.starts_with("refs/notes/");
        if !is_branch(&line.remote_ref) || !is_branch(&line.local_ref) {
            return Ok(Push::Nothing);
        }
        let name = line.remote_ref.trim_start_matches("refs/heads/").to_owned();
        let Some(local) = &line.local else { return Ok(Push::Deletion { name }) };
        let head = self.resolve(local)?;
        let fetched = self.tip(&format!("refs/remotes/{remote}/{name}"));
        let (range, against) = match &line.remote {
            There::Nothing => self.new_branch(head, remote)?,
            There::Near(_) if fetched.is_none() => self.new_branch(head, remote)?,
            There::At(there) | There::Near(there) => {
                self.update(head, self.resolve(there).ok(), fetched, remote)?
            }
        };
        Ok(Push::Branch { name, range, against })
    }

    fn update(
        &self,
        head: ObjectId,
        there: Option<ObjectId>,
        fetched: Option<ObjectId>,
        remote: &str,
    ) -> Result<(Range, Against), Error> {
        if let Some(there) = there
            && self.merge_base(there, head)? == Some(there)
        {
            let range = Range { base: Some(there), head, not_in: vec![there], taken: Taken::Named };
            return Ok((range, Against::Remote));
        }
        // rewritten: the nearest of what the remote had and of where the branch starts now
        let default = self.default_branch(Some(remote)).map(|(_, tip)| tip);
        let tips: Vec<ObjectId> = there.or(fetched).into_iter().chain(default).collect();
        match self.nearest(head, &tips)? {
            Some(range) => Ok((range, Against::Rewritten)),
            None => self.new_branch(head, remote),
        }
    }

    fn new_branch(&self, head: ObjectId, remote: &str) -> Result<(Range, Against), Error> {
        if let Some((_, default)) = self.default_branch(Some(remote))
            && let Some(range) = self.nearest(head, &[default])?
        {
            return Ok((range, Against::DefaultBranch));
        }
        if let Some(range) = self.nearest(head, &self.tips_of(remote))? {
            return Ok((range, Against::Nearest));
        }
        Ok((Range { base: None, head, not_in: Vec::new(), taken: Taken::Named }, Against::FirstPush))
    }

    /// From the best common ancestor with any of the commits.
    fn nearest(&self, head: ObjectId, tips: &[ObjectId]) -> Result<Option<Range>, Error> {
        if tips.is_empty() {
            return Ok(None);
        }
        let bases = self
            .repo
            .merge_bases_many(head, tips)
            .map_err(|source| Error::Read { what: "the history", source: Box::new(source) })?;
        Ok(bases.first().map(|base| Range {
            base: Some(base.detach()),
            head,
            not_in: tips.to_vec(),
            taken: Taken::Named,
        }))
    }

    fn tip(&self, name: &str) -> Option<ObjectId> {
        let reference = self.repo.try_find_reference(name).ok().flatten()?;
        Some(reference.into_fully_peeled_id().ok()?.detach())
    }

    /// Every commit that a branch of the remote was last seen at.
    fn tips_of(&self, remote: &str) -> Vec<ObjectId> {
        let prefix = format!("refs/remotes/{remote}/");
        let Ok(references) = self.repo.references() else { return Vec::new() };
        let Ok(branches) = references.prefixed(prefix.as_str()) else { return Vec::new() };
        let mut tips: Vec<ObjectId> = branches
            .flatten()
            .filter_map(|reference| Some(reference.into_fully_peeled_id().ok()?.detach()))
            .collect();
        tips.sort_unstable();
        tips.dedup();
        tips
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111";
    const ZERO: &str = "0000000000000000000000000000000000000000";

    #[test]
    fn reads_what_git_writes() {
        let stdin = format!(
            "refs/heads/a {ONE} refs/heads/b {ZERO}\n(delete) {ZERO} refs/heads/gone {ONE}\nsomething else\n"
        );
        let line = |local_ref: &str, local: Option<&str>, remote_ref: &str, remote: There| PushLine {
            local_ref: local_ref.into(),
            local: local.map(str::to_owned),
            remote_ref: remote_ref.into(),
            remote,
        };
        let expected = [
            line("refs/heads/a", Some(ONE), "refs/heads/b", There::Nothing),
            line("(delete)", None, "refs/heads/gone", There::At(ONE.into())),
        ];
        assert_eq!(parse(&stdin), expected);
        assert_eq!(parse(""), []);
    }

    #[test]
    fn reads_what_pre_commit_sets() {
        let read = |set: &[(&str, &str)]| {
            let set: std::collections::HashMap<_, _> = set.iter().copied().collect();
            from_pre_commit(|name| set.get(name).map(|value| (*value).to_owned()))
        };
        assert_eq!(read(&[("PRE_COMMIT_FROM_REF", ONE)]), None);
        let new = read(&[
            ("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/a"),
            ("PRE_COMMIT_REMOTE_BRANCH", "refs/heads/b"),
        ]);
        let new = new.expect("a branch");
        assert_eq!(
            (new.local.as_deref(), new.remote_ref.as_str(), new.remote),
            (Some("refs/heads/a"), "refs/heads/b", There::Nothing)
        );
        let update = read(&[
            ("PRE_COMMIT_FROM_REF", ONE),
            ("PRE_COMMIT_TO_REF", "HEAD"),
            ("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/a"),
        ]);
        assert_eq!(update.map(|line| line.remote), Some(There::Near(ONE.into())));
    }
}
