//! Names of stored data that go, still read elsewhere: in the team's reports, and in code.

use std::collections::BTreeMap;

use super::super::{Context, Report};
use super::{Found, MOST_FILES};
use crate::change::{RepoPath, Role};
use crate::config::pattern;
use crate::finding::{Evidence, Facts, LeftBehindFacts, SchemaFacts, SchemaOp};
use crate::formats::settings::code::is_code;

/// A shorter name, or one without a joint, is a word like any other in code.
const SHORTEST_NAME: usize = 8;
/// A report is a query or the description of a chart; what is larger is data.
const MOST_BYTES: usize = 2 * 1024 * 1024;

/// A table that goes, or one of its fields.
struct Gone<'a> {
    table: &'a str,
    column: Option<&'a str>,
    to: Option<&'a str>,
}

impl<'a> Gone<'a> {
    fn of(facts: &'a SchemaFacts) -> Option<Self> {
        let column = match facts.op {
            SchemaOp::DropTable | SchemaOp::RenameTable => None,
            SchemaOp::DropColumn | SchemaOp::RenameColumn => Some(facts.column.as_deref()?),
            _ => return None,
        };
        let table = facts.table.rsplit('.').next().filter(|table| !table.is_empty())?;
        (!facts.rewrites_history).then_some(Self { table, column, to: facts.to.as_deref() })
    }

    fn key(&self) -> String {
        [Some(self.table), self.column].into_iter().flatten().collect::<Vec<_>>().join(".")
    }

    /// The line of a report that reads it: the name itself, in a text that also names the table.
    fn line_in(&self, text: &str) -> Option<u32> {
        let name = self.column.unwrap_or(self.table);
        if !has_word(text, self.table) {
            return None;
        }
        (1u32..).zip(text.lines()).find(|(_, line)| has_word(line, name)).map(|(number, _)| number)
    }

    /// Whether the field's name alone tells that code means it.
    fn is_telling(&self) -> bool {
        self.column.is_some_and(|name| name.len() >= SHORTEST_NAME && name.trim_matches('_').contains('_'))
    }
}

pub(super) fn left(cx: &Context<'_>, report: &Report) -> Vec<Found> {
    let gone: Vec<Gone<'_>> = report
        .findings
        .iter()
        .filter_map(|finding| match &finding.facts {
            Facts::Schema(facts) => Gone::of(facts),
            _ => None,
        })
        .collect();
    if gone.is_empty() {
        return Vec::new();
    }
    let globs: Vec<_> = cx.config.reports.iter().filter_map(|glob| pattern(glob).ok()).collect();
    let mut in_reports: BTreeMap<usize, Vec<Evidence>> = BTreeMap::new();
    let mut in_code: BTreeMap<usize, Vec<Evidence>> = BTreeMap::new();
    let is_report = |path: &RepoPath| globs.iter().any(|glob| glob.is_match(path.as_str()));
    for path in cx.after.paths().iter().filter(|path| is_report(path)) {
        let Some(content) = cx.after.read(path) else { continue };
        let Some(text) = content.text().filter(|text| text.len() <= MOST_BYTES) else { continue };
        for (at, one) in gone.iter().enumerate() {
            if let Some(line) = one.line_in(text) {
                in_reports.entry(at).or_default().push(Evidence::after(path, line));
            }
        }
    }
    if gone.iter().any(Gone::is_telling) {
        let code = |path: &&RepoPath| is_code(path) && !is_report(path);
        for path in cx.after.paths().iter().filter(code).take(MOST_FILES) {
            if cx.roles.role(path, None) != Role::Source {
                continue;
            }
            let Some(content) = cx.after.read(path) else { continue };
            let Some(text) = content.text() else { continue };
            for (at, one) in gone.iter().enumerate().filter(|(_, one)| one.is_telling()) {
                let Some(name) = one.column.filter(|name| text.contains(name)) else { continue };
                let lines = (1u32..).zip(text.lines()).filter(|(_, line)| has_word(line, name));
                let lines = lines.filter(|(_, line)| !line.trim_start().starts_with(['#', '/', '*', '-']));
                let places = lines.map(|(number, _)| Evidence::after(path, number));
                in_code.entry(at).or_default().extend(places);
            }
        }
    }
    let found = |rule: &'static str, what: &str, places: BTreeMap<usize, Vec<Evidence>>| {
        let what = what.to_owned();
        places
            .into_iter()
            .filter_map(|(at, evidence)| gone.get(at).map(|one| (one, evidence)))
            .filter(|(_, evidence)| !evidence.is_empty())
            .map(|(one, evidence)| Found {
                rule,
                facts: LeftBehindFacts {
                    what: what.clone(),
                    key: one.key(),
                    old: None,
                    new: one.to.map(str::to_owned),
                    places: evidence.iter().map(|place| place.path.to_string()).collect(),
                },
                services: cx.services_of(evidence.iter().map(|place| &place.path)),
                evidence,
            })
            .collect::<Vec<_>>()
    };
    let mut all = found("left_behind.report", "report", in_reports);
    all.extend(found("left_behind.stored_name", "name", in_code));
    all
}

/// Whether the word stands in the text on its own, whatever its case.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let text = text.to_ascii_lowercase();
    let word = word.to_ascii_lowercase();
    text.match_indices(&word)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + word.len()..].starts_with(is_part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_names_the_table_and_the_field() {
        let gone = Gone { table: "messages", column: Some("has_been_read"), to: None };
        assert_eq!(gone.line_in("select has_been_read\nfrom messages"), Some(1));
        assert_eq!(gone.line_in("select HAS_BEEN_READ from public.Messages"), Some(1));
        assert_eq!(gone.line_in("select has_been_read from letters"), None);
        assert_eq!(gone.line_in("select has_been_read_at from messages"), None);
        assert_eq!(Gone { column: None, ..gone }.line_in("x\nfrom messages m"), Some(2));
    }

    #[test]
    fn only_a_telling_name_is_searched_in_code() {
        let telling = |column| Gone { table: "t", column: Some(column), to: None }.is_telling();
        assert!(telling("has_been_read"));
        assert!(!telling("email") && !telling("description") && !telling("user_id"));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "(?s)[a-zé_.\n]{0,100}", word in "[a-zé_]{1,5}") {
            has_word(&text, &word);
        }
    }
}
