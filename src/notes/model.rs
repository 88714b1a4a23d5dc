//! `plainly/notes/v1`: what release notes and the digest say, as plain values. Words come from templates.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::base::BaseRule;
use crate::finding::{CouldNotCheck, Evidence};

/// For whom notes are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Only what is public, few lines, no names of services.
    #[default]
    Customers,
    /// Everything but what is hidden.
    Internal,
    /// What matters most, and whom each action belongs to.
    Exec,
}

/// Two end states, and the commits between them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotesRange {
    /// The commit before, in hex.
    pub base: String,
    /// The commit after, in hex.
    pub head: String,
    /// The tag or name of the state before; null where it has none.
    pub from: Option<String>,
    /// The tag or name of the state after.
    pub to: Option<String>,
    /// The day of the state before, `YYYY-MM-DD`, UTC.
    pub since: Option<String>,
    /// The day of the state after.
    pub until: Option<String>,
    /// The rule that chose the state before.
    pub chosen: BaseRule,
    /// How many commits lie between.
    pub commits: u32,
}

/// A part of the page, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SectionName {
    /// The page in five lines.
    InShort,
    /// What somebody must do before the new version works for them.
    ActionNeeded,
    /// What was not there before.
    New,
    /// What is other than before.
    Changed,
    /// What is marked for removal.
    GoingAway,
    /// What authors call a fix.
    Fixed,
    /// Who may see or do what, weaknesses, personal data.
    SecurityAndPrivacy,
    /// How stored data changes.
    Data,
    /// Outside packages, as one line.
    Packages,
    /// What only a person can say; the words found are no prose.
    NeedsYourWords,
    /// Of the digest: what was counted.
    Counts,
    /// Of the digest: three things to know.
    ThreeThings,
    /// Of the digest: what else changed.
    Also,
    /// Of the digest: how many changes of each sort.
    Work,
    /// Of the digest: services and who calls whom, where they are other than before.
    Map,
    /// Of the digest: what was promised to go, or to stay for a while.
    Promises,
    /// Of the digest: what to ask whom.
    Questions,
    /// Of the digest: one change to be shown around in.
    WalkThrough,
}

/// Where an entry's facts or words come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The two end states, compared.
    Comparison,
    /// Words that an author wrote for readers: a changelog line, a fragment, a `release-note` block.
    AuthorNote,
    /// The subject of a commit or pull request, quoted.
    Subject,
    /// The folder it lies in.
    Path,
}

/// One thing to tell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// Eight hex digits, the same while the matter is the same.
    pub id: String,
    /// The template below `notes/entries/` that says it.
    pub shape: String,
    /// What the template sees.
    pub facts: Value,
    /// The sentence as printed, plain text without links; filled in last.
    pub text: String,
    /// The title of the service or area; null where it belongs to none or to many.
    pub area: Option<String>,
    /// Who owns the place.
    pub owners: Vec<String>,
    /// Where facts and words come from.
    pub sources: Vec<Source>,
    /// The findings behind it.
    pub findings: Vec<String>,
    /// The lines that prove it.
    pub evidence: Vec<Evidence>,
    /// The pull requests, ascending.
    pub pulls: Vec<u64>,
    /// The commits, in hex.
    pub commits: Vec<String>,
}

/// A headed part of the page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Section {
    /// Which.
    pub name: SectionName,
    /// Most important first; never empty.
    pub entries: Vec<Entry>,
    /// How many of them this audience reads; the others are one counted line.
    pub shown: u32,
}

/// Why a commit is told nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// A program made it.
    Bot,
    /// Automation, build and release steps only.
    Automation,
    /// Prose for developers only.
    Docs,
    /// Tests only.
    Tests,
    /// Translations, told as one line where they change.
    Translations,
    /// By its author's word a chore: style, refactoring, bookkeeping.
    Chore,
    /// The bookkeeping of a release: version numbers, changelogs.
    Release,
    /// An outside package, stepped by hand: part of the line on packages.
    Packages,
    /// Made and taken back within the range.
    TakenBack,
    /// Of an area that this audience does not hear of.
    Audience,
    /// The author's note says that there is nothing to tell.
    AuthorSaysNone,
    /// It merges, and changes nothing itself.
    Merge,
    /// Beyond what the audience reads; counted, not listed.
    Cap,
}

/// Every commit of the range, accounted for once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ledger {
    /// All commits of the range.
    pub commits: u32,
    /// Told by an entry of its own.
    pub listed: u32,
    /// Told by an entry together with others.
    pub merged: u32,
    /// Waiting for a person's words.
    pub needs_words: u32,
    /// Told nowhere, by reason.
    pub left_out: BTreeMap<LeftOut, u32>,
}

impl Ledger {
    /// Commits that no part of the ledger names; negative where some are named twice.
    pub fn missing(&self) -> i64 {
        let told = self.listed + self.merged + self.needs_words + self.left_out.values().sum::<u32>();
        i64::from(self.commits) - i64::from(told)
    }
}

/// `plainly/notes/v1`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Notes {
    /// `plainly/notes/v1`
    pub schema: String,
    /// The repository's name.
    pub title: String,
    /// For whom.
    pub audience: Audience,
    /// From where to where.
    pub range: NotesRange,
    /// Why this base was chosen, as one sentence; null where it was named.
    pub base_reason: Option<String>,
    /// The parts that have something to say, in order.
    pub sections: Vec<Section>,
    /// How the commits of the range are accounted for.
    pub ledger: Ledger,
    /// People whose commits lie in the range, by name; empty where the configuration wants no names.
    pub thanks: Vec<Thanked>,
    /// What could not be read.
    pub could_not_check: Vec<CouldNotCheck>,
    /// What was read of the pull requests at the forge.
    #[serde(default)]
    pub pull_requests: PullRequests,
    /// The team's own words, for our sentences; they are in `text` already.
    #[serde(skip)]
    pub words: BTreeMap<String, String>,
}

/// Whether the texts of pull requests were read at the forge.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PullRequests {
    /// Nobody was asked: without a network these notes are made from the repository alone.
    #[default]
    NotAsked,
    /// All of them.
    Read {
        /// How many.
        asked: u32,
    },
    /// Some are missing: notes of authors may be missing with them.
    Partly {
        /// How many were wanted.
        asked: u32,
        /// How many were not read.
        unread: u32,
        /// What the forge or the network said.
        reason: String,
    },
}

/// A person to thank.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Thanked {
    /// The name, through `.mailmap`.
    pub name: String,
    /// Whether no commit of theirs lies before the range.
    pub first: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_adds_up_or_says_by_how_much_not() {
        let whole = Ledger {
            commits: 7,
            listed: 2,
            merged: 1,
            needs_words: 1,
            left_out: [(LeftOut::Bot, 2), (LeftOut::Docs, 1)].into(),
        };
        assert_eq!(whole.missing(), 0);
        assert_eq!(Ledger { listed: 1, ..whole.clone() }.missing(), 1);
        assert_eq!(Ledger { listed: 4, ..whole }.missing(), -2);
    }
}
