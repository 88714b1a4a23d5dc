//! What tests compare: the steps of a migration, one short line each.

use super::MIGRATIONS;
use crate::change::{Content, MemorySnapshot, RepoPath, Snapshot};
use crate::finding::Undo;

/// The steps of a migration as `op table.column -> to (undo)`, with `!` where data is lost.
pub(crate) fn said(style: &str, path: &str, text: &str) -> Vec<String> {
    said_in(&MemorySnapshot::default(), style, path, text)
}

/// The same, in a tree.
pub(crate) fn said_in(tree: &dyn Snapshot, style: &str, path: &str, text: &str) -> Vec<String> {
    let path = RepoPath::new(path);
    let reader =
        MIGRATIONS.iter().find(|reader| reader.reads(&path, text)).expect("some reader takes the file");
    assert_eq!(reader.style(), style, "who reads {path}");
    let migration = reader.read(&path, text, None, tree).expect("the file can be read");
    let lines = migration.steps.iter().map(|step| {
        let op = serde_json::to_value(step.op).expect("an op has a name");
        let column = step.column.as_deref().map(|column| format!(".{column}")).unwrap_or_default();
        let to = step.to.as_deref().map(|to| format!(" -> {to}")).unwrap_or_default();
        let what = step.details.get("what").filter(|_| op == "other" || op == "data_backfill");
        let what = what.map(|what| format!(" {what}")).unwrap_or_default();
        let lost = if step.destructive { "!" } else { "" };
        let undo = match step.undo {
            Undo::Restores => "restores",
            Undo::RestoresStructure => "structure",
            Undo::None => "none",
            Undo::Unknown => "unknown",
        };
        format!("{}{lost} {}{column}{to}{what} ({undo})", op.as_str().unwrap_or_default(), step.table)
    });
    lines.collect()
}

/// A tree of files.
pub(crate) fn tree(files: &[(&str, &str)]) -> MemorySnapshot {
    MemorySnapshot::new(files.iter().map(|(path, text)| (RepoPath::new(path), Content::from_text(text))))
}
