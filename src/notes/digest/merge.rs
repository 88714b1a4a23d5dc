//! Digests of several repositories on one page. The files come from other jobs: each is checked against the schema, and
//! sentences are made from its facts, never taken from its text.

use crate::error::Error;
use crate::notes::model::{Notes, SectionName};

/// A file larger than this is no digest.
const MOST_BYTES: usize = 4 << 20;

/// More repositories than this nobody reads on one page.
pub const MOST_FILES: usize = 200;

/// Reads the reports of one file: one digest, or a list of them, as a page of several was written. `path` is for the
/// message.
pub fn read(path: &str, text: &str) -> Result<Vec<Notes>, Error> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum OneOrMore {
        One(Box<Notes>),
        More(Vec<Notes>),
    }
    let refused = |why: String| Error::Usage(format!("{path} is no digest that can be merged: {why}"));
    if text.len() > MOST_BYTES {
        return Err(refused(format!("it is larger than {MOST_BYTES} bytes")));
    }
    let found = serde_json::from_str(text).map_err(|error| refused(error.to_string()))?;
    let found = match found {
        OneOrMore::One(notes) => vec![*notes],
        OneOrMore::More(list) if list.len() <= MOST_FILES => list,
        OneOrMore::More(_) => return Err(refused(format!("it holds more than {MOST_FILES}"))),
    };
    found.into_iter().map(|notes| checked(notes).map_err(refused)).collect()
}

fn checked(mut notes: Notes) -> Result<Notes, String> {
    if notes.schema != "plainly/notes/v1" {
        return Err("its schema is not plainly/notes/v1".to_owned());
    }
    if notes.range.since.as_deref().is_none_or(|day| !is_day(day))
        || notes.range.until.as_deref().is_none_or(|day| !is_day(day))
    {
        return Err("it names no days".to_owned());
    }
    let count = notes.sections.len();
    notes.sections.retain(|section| is_of_digest(section.name));
    if notes.sections.len() != count {
        return Err("it has parts of release notes".to_owned());
    }
    for entry in notes.sections.iter_mut().flat_map(|section| &mut section.entries) {
        entry.text.clear();
    }
    Ok(notes)
}

fn is_day(text: &str) -> bool {
    text.parse::<jiff::civil::Date>().is_ok()
}

fn is_of_digest(name: SectionName) -> bool {
    use SectionName::*;
    matches!(name, Counts | ThreeThings | Also | Work | Map | Promises | Questions | WalkThrough)
}
