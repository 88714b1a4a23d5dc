//! Which descriptions a change touches, and what they hold on both sides.

use std::collections::{BTreeMap, BTreeSet};

use super::{Context, Report, text_at};
use crate::change::{Content, FileChange, RepoPath, Snapshot};
use crate::formats::contracts::{self, Document, Format};

/// How many contracts of the tree are searched for one that a changed part belongs to, and up to which size.
const MOST_ROOTS: usize = 60;
const MOST_ROOT_BYTES: usize = 4 * 1024 * 1024;

/// How many files of the same name are read to find the description of which a new one is a copy.
const MOST_COPIES: usize = 8;

/// From this size on, both sides are read at once.
const LARGE_BYTES: usize = 512 * 1024;

/// The contracts of both sides, by format.
#[derive(Default)]
pub(super) struct Sides {
    pub(super) documents: BTreeMap<Format, (Vec<Document>, Vec<Document>)>,
    read: BTreeSet<RepoPath>,
    /// Changed files that are no contract of their own, but may be a part of one.
    parts: Vec<RepoPath>,
    /// Contracts of one side only.
    alone: Vec<(Format, RepoPath)>,
}

impl Sides {
    pub(super) fn add(&mut self, cx: &Context<'_>, report: &mut Report, file: &FileChange) {
        let recognise =
            |path: &RepoPath, text: Option<&str>| text.and_then(|text| contracts::recognise(path, text));
        let old = recognise(file.old_path(), file.before_text());
        let new = recognise(&file.path, file.after_text());
        let Some(format) = new.or(old) else {
            let unread =
                [file.before(), file.after()].into_iter().flatten().find(|content| content.text().is_none());
            match (unread, file.path.extension().as_str()) {
                (Some(Content::TooLarge { .. }), "proto" | "graphql" | "graphqls" | "gql" | "avsc") => {
                    report.could_not_check(&file.path, "too_large");
                }
                (Some(Content::Missing), "proto" | "graphql" | "graphqls" | "gql" | "avsc") => {
                    report.could_not_check(&file.path, "missing");
                }
                (_, "yaml" | "yml" | "json") => self.parts.push(file.path.clone()),
                _ => {}
            }
            return;
        };
        let before = file.before_text().filter(|_| old.is_some());
        let after = file.after_text().filter(|_| new.is_some());
        if before.is_none() != after.is_none() {
            self.alone
                .push((format, if after.is_some() { file.path.clone() } else { file.old_path().clone() }));
        }
        self.pair(cx, report, old.unwrap_or(format), format, file.old_path(), before, &file.path, after);
    }

    #[expect(clippy::too_many_arguments, reason = "two sides of one file")]
    fn pair(
        &mut self,
        cx: &Context<'_>,
        report: &mut Report,
        old: Format,
        new: Format,
        old_path: &RepoPath,
        before: Option<&str>,
        path: &RepoPath,
        after: Option<&str>,
    ) {
        if !self.read.insert(path.clone()) {
            return;
        }
        let of = |format, path: &RepoPath, text: Option<&str>, tree: &dyn Snapshot| {
            text.map(|text| contracts::read(format, path, text, &|path| text_at(tree, path))).transpose()
        };
        // Large descriptions take most of the time, and the sides do not depend on each other.
        let large = [before, after].into_iter().flatten().any(|text| text.len() > LARGE_BYTES);
        let (before, after) = if large {
            std::thread::scope(|threads| {
                let first = threads.spawn(|| of(old, old_path, before, cx.before));
                let after = of(new, path, after, cx.after);
                (first.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), after)
            })
        } else {
            (of(old, old_path, before, cx.before), of(new, path, after, cx.after))
        };
        match before.and_then(|before| Ok((before, after?))) {
            Ok((before, after)) => {
                self.documents.entry(old).or_default().0.extend(before);
                self.documents.entry(new).or_default().1.extend(after);
            }
            // One readable side alone would look as if all of it came or went.
            Err(unreadable) => report.could_not_check(path, unreadable.reason),
        }
    }

    /// A description that comes as a copy of one that stays, such as one for each version, brings nothing that was not
    /// there, and none goes with it. Messages of another package are others, so protocol buffers are left out.
    pub(super) fn add_others_of_copies(&mut self, cx: &Context<'_>, report: &mut Report) {
        for (format, path) in std::mem::take(&mut self.alone) {
            if format == Format::Protobuf {
                continue;
            }
            let stays = |other: &&RepoPath| {
                other.file_name() == path.file_name() && **other != path && !self.read.contains(*other)
            };
            let others: Vec<&RepoPath> = cx.after.paths().iter().filter(stays).take(MOST_COPIES).collect();
            for other in others {
                let texts = [cx.before, cx.after]
                    .map(|tree| text_at(tree, other).filter(|text| text.len() < MOST_ROOT_BYTES));
                let [Some(before), Some(after)] = texts else { continue };
                if contracts::recognise(other, &after) != Some(format) {
                    continue;
                }
                let Ok(found) = contracts::read(format, other, &after, &|path| text_at(cx.after, path))
                else {
                    continue;
                };
                let sides = self.documents.get(&format);
                let own = sides.and_then(|(old, new)| new.iter().chain(old).find(|one| one.path == path));
                if own.is_some_and(|own| is_copy(own, &found)) {
                    self.pair(cx, report, format, format, other, Some(&before), other, Some(&after));
                    break;
                }
            }
        }
    }

    /// A changed part is judged through the contracts that refer to it, although these did not change themselves.
    pub(super) fn add_roots_of_parts(&mut self, cx: &Context<'_>, report: &mut Report) {
        let parts = std::mem::take(&mut self.parts);
        let names: BTreeSet<&str> = parts.iter().map(RepoPath::file_name).collect();
        if names.is_empty() {
            return;
        }
        let named = |path: &RepoPath| {
            let name = path.file_name().to_ascii_lowercase();
            matches!(path.extension().as_str(), "yaml" | "yml" | "json")
                && ["api", "swagger", "spec", "index", "root", "main", "schema"]
                    .iter()
                    .any(|word| name.contains(word))
                && parts.iter().any(|part| part.is_in(path.folder()) || path.is_in(part.folder()))
        };
        // A contract under a name of its own stands above its parts.
        let folders: BTreeSet<&str> = parts.iter().map(RepoPath::folder).collect();
        let above = |path: &RepoPath| {
            matches!(path.extension().as_str(), "yaml" | "yml" | "json")
                && folders.iter().any(|folder| {
                    let above = path.folder();
                    folder
                        .strip_prefix(above)
                        .is_some_and(|rest| !rest.is_empty() && (above.is_empty() || rest.starts_with('/')))
                })
        };
        let paths = || cx.after.paths().iter();
        let others = paths().filter(|path| !named(path) && above(path)).take(MOST_ROOTS);
        let roots: Vec<&RepoPath> =
            paths().filter(|path| named(path)).take(MOST_ROOTS).chain(others).collect();
        for path in roots {
            if self.read.contains(path) {
                continue;
            }
            let Some(after) = text_at(cx.after, path).filter(|text| text.len() < MOST_ROOT_BYTES) else {
                continue;
            };
            // Parts may be reached through other parts, so any reference to another file is worth following.
            if !after.contains("$ref")
                || !after.contains(".yaml") && !after.contains(".yml") && !after.contains(".json")
            {
                continue;
            }
            let Some(format) = contracts::recognise(path, &after) else { continue };
            let Some(before) = text_at(cx.before, path) else { continue };
            self.pair(cx, report, format, format, path, Some(&before), path, Some(&after));
        }
    }
}

/// Whether nearly all that one description holds stands in the other one too.
fn is_copy(one: &Document, other: &Document) -> bool {
    let same = one.definitions.keys().filter(|key| other.definitions.contains_key(*key)).count();
    !one.definitions.is_empty() && same * 5 >= one.definitions.len() * 4
}
