//! What the unit tests of detectors share: a change in memory, and a run over it.

use super::{Context, Detector, Report};
use crate::change::{ChangeKind, ChangeSet, Content, FileChange, MemorySnapshot, RepoPath, Role, Words};
use crate::config::Config;
use crate::history::History;
use crate::services::Catalog;

fn file(path: &str, role: Role, kind: ChangeKind) -> FileChange {
    FileChange { path: RepoPath::new(path), kind, role, added: 1, removed: 1 }
}

/// A new file.
pub(crate) fn added(path: &str, role: Role, after: &str) -> FileChange {
    file(path, role, ChangeKind::Added { after: Content::from_text(after) })
}

/// A file that goes.
pub(crate) fn deleted(path: &str, role: Role, before: &str) -> FileChange {
    file(path, role, ChangeKind::Deleted { before: Content::from_text(before) })
}

/// A file with other content.
pub(crate) fn modified(path: &str, role: Role, before: &str, after: &str) -> FileChange {
    file(
        path,
        role,
        ChangeKind::Modified { before: Content::from_text(before), after: Content::from_text(after) },
    )
}

/// Pure renames: from, to, role, text.
pub(crate) fn change(renames: &[(&str, &str, Role, &str)]) -> Vec<FileChange> {
    let rename = |(from, to, role, text): &(&str, &str, Role, &str)| {
        let text = Content::from_text(text);
        file(to, *role, ChangeKind::Renamed { from: RepoPath::new(from), before: text.clone(), after: text })
    };
    renames.iter().map(rename).collect()
}

/// Runs a detector over changed files; the trees hold these and nothing else.
pub(crate) fn run(detector: &dyn Detector, files: Vec<FileChange>) -> Report {
    run_among(detector, files, &[])
}

/// The same, among files that do not change.
pub(crate) fn run_among(detector: &dyn Detector, files: Vec<FileChange>, others: &[(&str, &str)]) -> Report {
    run_all(&[detector], files, others)
}

/// The same for detectors that run one after another into one report.
pub(crate) fn run_all(
    detectors: &[&dyn Detector],
    files: Vec<FileChange>,
    others: &[(&str, &str)],
) -> Report {
    let others: Vec<_> =
        others.iter().map(|(path, text)| (RepoPath::new(path), Content::from_text(text))).collect();
    let side = |changed: Vec<(RepoPath, Content)>| MemorySnapshot::new(others.iter().cloned().chain(changed));
    let before = side(
        files.iter().filter_map(|file| Some((file.old_path().clone(), file.before()?.clone()))).collect(),
    );
    let after =
        side(files.iter().filter_map(|file| Some((file.path.clone(), file.after()?.clone()))).collect());
    let config = Config::default();
    let changes = ChangeSet::new(files);
    let roles = crate::roles::Roles::default();
    let cx = Context {
        roles: &roles,
        changes: &changes,
        words: &Words::default(),
        before: &before,
        after: &after,
        catalog: &Catalog::new(&config, &before, &after),
        history: &History::default(),
        config: &config,
    };
    let mut report = Report::default();
    for detector in detectors {
        detector.detect(&cx, &mut report);
    }
    report
}
