//! Which commits are one change: a merge with its branch, or a commit of its own.

use std::collections::HashMap;

use super::words;
use crate::git::Walked;

/// Commits by their place in the walk.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Grouped {
    /// The changes, in the order of the walk.
    pub(super) groups: Vec<Group>,
    /// Merges that carry several changes and are none themselves.
    pub(super) merges: Vec<usize>,
}

/// One change.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// The commit whose comparison with its first parent is the change.
    pub(super) lead: usize,
    /// The commits of the branch that it merged, newest first.
    pub(super) branch: Vec<usize>,
    /// The line of first parents it stands on; 0 for the main one. A change cannot happen twice on one line.
    pub(super) line: u32,
}

/// Where a commit waits to be claimed: commits of one region are reached only through the merge that opened it.
const DONE: u32 = u32::MAX;

/// Groups the commits of a walk from `head`. Each commit ends up in one group, or among the merges.
pub(super) fn group(walked: &[Walked], head: &str) -> Grouped {
    let place: HashMap<&str, usize> =
        walked.iter().enumerate().map(|(at, walked)| (walked.commit.id.as_str(), at)).collect();
    let parents: Vec<Vec<usize>> = walked
        .iter()
        .map(|walked| {
            walked.parents.iter().skip(1).filter_map(|id| place.get(id.as_str()).copied()).collect()
        })
        .collect();
    let first = |at: usize| walked[at].parents.first().and_then(|id| place.get(id.as_str()).copied());

    let mut grouped = Grouped::default();
    let mut region = vec![0u32; walked.len()];
    let mut regions = 0;
    let mut lines = 0;
    let mut tips: Vec<(usize, u32)> = place.get(head).map(|at| (*at, 0)).into_iter().collect();
    // commits that nothing reaches, as in a copy that lacks some, begin lines of their own
    let mut rest = 0..walked.len();
    while let Some((tip, of)) = tips.pop().or_else(|| rest.find(|at| region[*at] == 0).map(|at| (at, 0))) {
        let mut line = Vec::new();
        let mut next = Some(tip);
        while let Some(at) = next.filter(|at| region[*at] == of) {
            region[at] = DONE;
            line.push(at);
            next = first(at);
        }
        for at in line.into_iter().rev() {
            if walked[at].parents.len() < 2 {
                grouped.groups.push(Group { lead: at, branch: Vec::new(), line: lines });
                continue;
            }
            regions += 1;
            let branch = claim(&parents[at], of, regions, &mut region, |at| {
                first(at).into_iter().chain(parents[at].iter().copied()).collect()
            });
            if carries_others(walked, at, &branch) {
                grouped.merges.push(at);
                tips.extend(parents[at].iter().map(|tip| (*tip, regions)));
            } else {
                branch.iter().for_each(|at| region[*at] = DONE);
                grouped.groups.push(Group { lead: at, branch, line: lines });
            }
        }
        lines += 1;
    }
    grouped.groups.sort_unstable_by_key(|group| group.lead);
    grouped.merges.sort_unstable();
    grouped
}

/// Marks every commit of region `of` that can be reached from the tips as of the new region.
fn claim(
    tips: &[usize],
    of: u32,
    new: u32,
    region: &mut [u32],
    parents: impl Fn(usize) -> Vec<usize>,
) -> Vec<usize> {
    let mut open = tips.to_vec();
    let mut claimed = Vec::new();
    while let Some(at) = open.pop() {
        if region[at] == of {
            region[at] = new;
            claimed.push(at);
            open.extend(parents(at));
        }
    }
    claimed.sort_unstable();
    claimed
}

/// Whether a merge carries changes of others: two pull requests beside its own, or one and none of its own, or another
/// line as a whole.
fn carries_others(walked: &[Walked], merge: usize, branch: &[usize]) -> bool {
    let pulls = |at: usize| words::pulls(&walked[at].commit.subject, &walked[at].commit.body);
    let own = pulls(merge);
    if own.is_empty() && !branch.is_empty() && words::merges_a_line(&walked[merge].commit.subject) {
        return true;
    }
    let mut others: Vec<u64> =
        branch.iter().filter_map(|at| pulls(*at).pop()).filter(|pull| !own.contains(pull)).collect();
    others.sort_unstable();
    others.dedup();
    others.len() > usize::from(!own.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{Commit, Person};

    /// Commits as `id: subject < parents`, newest first.
    fn walk(lines: &[&str]) -> Vec<Walked> {
        let commit = |line: &&str| {
            let (id, rest) = line.split_once(": ").expect("an id");
            let (subject, parents) = rest.split_once(" < ").unwrap_or((rest, ""));
            let parents: Vec<String> = parents.split_whitespace().map(str::to_owned).collect();
            let person = Person { name: "Ana".to_owned(), email: "ana@example.com".to_owned() };
            let commit = Commit {
                id: id.to_owned(),
                subject: subject.to_owned(),
                body: String::new(),
                author: person,
                time: 0,
                is_merge: parents.len() > 1,
            };
            Walked { commit, parents }
        };
        lines.iter().map(commit).collect()
    }

    fn shown(lines: &[&str]) -> String {
        let walked = walk(lines);
        let grouped = group(&walked, &walked[0].commit.id);
        let name = |at: &usize| walked[*at].commit.id.as_str();
        let mut names: Vec<String> = grouped
            .groups
            .iter()
            .map(|group| {
                std::iter::once(&group.lead).chain(&group.branch).map(name).collect::<Vec<_>>().join("+")
            })
            .collect();
        names.extend(grouped.merges.iter().map(|at| format!("({})", name(at))));
        let accounted =
            grouped.merges.len() + grouped.groups.iter().map(|group| 1 + group.branch.len()).sum::<usize>();
        assert_eq!(accounted, walked.len(), "every commit in one place");
        names.join(" ")
    }

    #[test]
    fn a_merge_and_its_branch_are_one_change() {
        let cases: [(&[&str], &str); 6] = [
            (&["c: C < b", "b: B < a", "a: A"], "c b a"),
            (
                &["m: Merge pull request #1 from x < b y", "y: Y < x", "b: B < a", "x: X < a", "a: A"],
                "m+y+x b a",
            ),
            // the older merge brings the branch, the newer only what came after it
            (
                &[
                    "n: Merge pull request #2 from x < m z",
                    "z: Z < y",
                    "m: Merge pull request #1 from x < a y",
                    "y: Y < a",
                    "a: A",
                ],
                "n+z m+y a",
            ),
            // a back-merge on the branch is part of the change
            (
                &[
                    "m: Merge pull request #1 from x < b k",
                    "k: Merge branch 'main' into x < y b",
                    "y: Y < a",
                    "b: B < a",
                    "a: A",
                ],
                "m+k+y b a",
            ),
            // a merge that carries two pull requests is none itself
            (
                &["m: Merge pull request #9 from develop < a y", "y: Y (#2) < x", "x: X (#1) < a", "a: A"],
                "y x a (m)",
            ),
            // the main branch merged into a release branch
            (
                &["m: Merge branch 'main' into 3.1 < b y", "y: Y < x", "b: B < a", "x: X < a", "a: A"],
                "y b x a (m)",
            ),
        ];
        for (lines, expected) in cases {
            assert_eq!(shown(lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn lines_within_carried_lines_are_opened_too() {
        let lines = [
            "m: Merge branch 'develop' < a p",
            "p: Merge pull request #2 from y < o y2",
            "y2: more < y",
            "y: Y < x",
            "o: Merge pull request #1 from x < a x",
            "x: X < a",
            "a: A",
        ];
        assert_eq!(shown(&lines), "p+y2+y o+x a (m)");
    }
}
