//! SQL that stands in strings of another language.

use super::{Migration, sql};

/// What stands where the file does not say what is inserted into a string.
pub(crate) const HOLE: &str = "unknown_name";

/// A table's name behind an inserted prefix or schema, as in `{$prefix}users`; nothing where another part is inserted.
fn known_part(table: &str) -> &str {
    let rest = table.strip_prefix(HOLE).unwrap_or_default().trim_start_matches(['.', '_']);
    if rest.contains(HOLE) { "" } else { rest }
}

/// The steps of SQL text that begins at `line`; a table whose name is inserted from elsewhere is left unnamed.
pub(crate) fn steps(text: &str, line: u32, dialect: Option<sql::Dialect>) -> Migration {
    let mut migration = sql::steps(text, line, dialect);
    for step in &mut migration.steps {
        if step.table.contains(HOLE) {
            step.table = known_part(&step.table).to_owned();
        }
        // that there is a condition stands in the text, even where its values come from elsewhere
        if let Some(condition) = step.details.get_mut("condition").filter(|text| text.contains(HOLE)) {
            condition.clear();
        }
        step.details.retain(|_, value| !value.contains(HOLE));
        for name in [&mut step.column, &mut step.to] {
            if name.as_deref().is_some_and(|name| name.contains(HOLE)) {
                *name = None;
            }
        }
    }
    migration
}
