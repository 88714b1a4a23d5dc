//! Engineering's small promises: "temporary", "will be dropped in 3.25", in the comments of what changed.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::change::{ChangeSet, FileChange, RepoPath, Role};

/// A promise that a line makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// The author's words, without the marks of a comment.
    pub quote: String,
    /// The version or day that it names.
    pub due: Option<String>,
    /// Where it stands, or stood.
    pub path: RepoPath,
    /// The line, counted from 1.
    pub line: u32,
    /// Whether the line came with the change; else it went.
    pub is_new: bool,
}

/// Something that goes with a version or on a day. Without one it may as well be what the code itself does.
static GOES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:will be|to be|should be|must be|is going to be|can be)\s+(?:dropped|removed|deleted|cleaned up)\s+(?:in|by|after|with|on|from)\s+(?:(?:the\s+)?(?:version\s+|v|release\s+)?(\d+(?:[.-]\w+)+|\d{4}\b|Q[1-4]\s+\d{4})|(?:the next|a future|a later|an upcoming)\s+(?:(?:major|minor)\s+)?(?:version|release|update))",
    )
    .expect("a pattern that the tests use")
});

/// Something that stands for a while.
static FOR_NOW: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\btemporary (?:fix|workaround|solution|hack|measure|patch)\b|\btemporarily (?:disabled?|skip(?:ped)?|switched off|turned off)\b|\b(?:TODO|FIXME)\b.{0,20}\b(?:remove|drop|delete) (?:this|it|these|the)\b",
    )
    .expect("a pattern that the tests use")
});

/// More words of a line are no promise but an essay.
const MOST_WORDS: usize = 25;

/// Lines of a file that are looked at.
const MOST_LINES: usize = 20_000;

/// The promises that came and went, by path; each wording once.
pub fn of(changes: &ChangeSet) -> Vec<Promise> {
    let mut found: Vec<Promise> =
        changes.files().iter().filter(|file| may_promise(file)).flat_map(of_file).collect();
    // text that moved, or that stands in several places, is one promise
    let (new, gone): (Vec<_>, Vec<_>) = found.iter().cloned().partition(|promise| promise.is_new);
    let words = |list: Vec<Promise>| list.into_iter().map(|promise| promise.quote).collect::<BTreeSet<_>>();
    let (new, gone) = (words(new), words(gone));
    let mut seen = BTreeSet::new();
    found.retain(|promise| {
        !(new.contains(&promise.quote) && gone.contains(&promise.quote)) && seen.insert(promise.quote.clone())
    });
    found.sort_by_key(|promise| (!promise.is_new, promise.due.is_none()));
    found
}

fn may_promise(file: &FileChange) -> bool {
    matches!(file.role, Role::Source | Role::Migration | Role::Config | Role::Infra | Role::Contract)
}

fn of_file(file: &FileChange) -> Vec<Promise> {
    let (before, after) = (file.before_text().unwrap_or_default(), file.after_text().unwrap_or_default());
    let lines = |text: &str| -> BTreeSet<String> {
        text.lines().take(MOST_LINES).map(|line| line.trim().to_owned()).collect()
    };
    let mut found = Vec::new();
    for (text, other, is_new) in [(after, before, true), (before, after, false)] {
        let mut others: Option<BTreeSet<String>> = None;
        for (at, line) in text.lines().take(MOST_LINES).enumerate() {
            let Some((quote, due)) = promise(line) else { continue };
            if others.get_or_insert_with(|| lines(other)).contains(line.trim()) {
                continue;
            }
            let path = if is_new { &file.path } else { file.old_path() };
            found.push(Promise { quote, due, path: path.clone(), line: at as u32 + 1, is_new });
        }
    }
    found
}

/// The words of a comment that promises something.
fn promise(line: &str) -> Option<(String, Option<String>)> {
    let words = comment(line)?;
    let goes = GOES.captures(words);
    if goes.is_none() && !FOR_NOW.is_match(words) {
        return None;
    }
    let count = words.split_whitespace().count();
    let due = goes.and_then(|found| found.get(1)).map(|due| due.as_str().to_owned());
    ((3..=MOST_WORDS).contains(&count)).then(|| (words.to_owned(), due))
}

/// The text of a line that is a comment, or ends in one.
fn comment(line: &str) -> Option<&str> {
    let line = line.trim();
    let start = ["//", "#", "--", "/*", "*", "<!--", "{#", ";;"];
    let rest = match start.iter().find_map(|mark| line.strip_prefix(mark)) {
        Some(rest) => rest,
        None => [" // ", " # ", " -- ", "/* "]
            .iter()
            .find_map(|mark| line.split_once(mark))
            .map(|(_, rest)| rest)?,
    };
    let rest = rest.trim_start_matches(['/', '#', '*', '-', '!', ' ']).trim_end();
    Some(["*/", "-->", "#}"].iter().find_map(|mark| rest.strip_suffix(mark)).unwrap_or(rest).trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{ChangeKind, Content};

    #[test]
    fn comments_that_promise_speak_and_others_stay_quiet() {
        let cases = [
            (
                "# This field will be dropped in 3.25",
                Some((Some("3.25"), "This field will be dropped in 3.25")),
            ),
            (
                "    // TODO: remove this once the move is done",
                Some((None, "TODO: remove this once the move is done")),
            ),
            (
                "x = 1  # temporary workaround for old carts",
                Some((None, "temporary workaround for old carts")),
            ),
            (
                "-- to be removed after 2026-12-31, see #7",
                Some((Some("2026-12-31"), "to be removed after 2026-12-31, see #7")),
            ),
            (
                "// is removed in a future release; will be removed in a future release",
                Some((None, "is removed in a future release; will be removed in a future release")),
            ),
            ("# an item can be deleted while one of its runs is still in flight; a row", None),
            ("# will be removed when the cart is paid", None),
            ("# temporarily so existing rows remain valid", None),
            ("# items to be removed from 2 carts", None),
            ("let path = temporary_file();", None),
            ("# Writes into a temporary file", None),
            ("# Remove the item from the cart", None),
            ("message = \"Your cart will be removed in 3 days\"", None),
        ];
        for (line, expected) in cases {
            let found = promise(line);
            let found = found.as_ref().map(|(words, due)| (due.as_deref(), words.as_str()));
            assert_eq!(found, expected, "{line}");
        }
    }

    #[test]
    fn only_what_came_or_went_counts_and_once() {
        let file = |path: &str, before: &str, after: &str| FileChange {
            path: path.into(),
            kind: ChangeKind::Modified {
                before: Content::from_text(before),
                after: Content::from_text(after),
            },
            role: Role::Source,
            added: 0,
            removed: 0,
        };
        let changes = ChangeSet::new(vec![
            file(
                "a.py",
                "# will be removed in 3.1\n# temporary fix for tax\n",
                "# temporary fix for tax\n# will be dropped in 4.0\n",
            ),
            file("b.py", "", "# will be dropped in 4.0\n"),
            // moved from one file to another
            file("c.py", "# to be removed after 5.0\n", ""),
            file("d.py", "", "# to be removed after 5.0\n"),
        ]);
        let found: Vec<_> =
            of(&changes).into_iter().map(|promise| (promise.quote, promise.is_new, promise.line)).collect();
        assert_eq!(
            found,
            [("will be dropped in 4.0".to_owned(), true, 2), ("will be removed in 3.1".to_owned(), false, 1)]
        );
    }
}
