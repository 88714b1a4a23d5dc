//! From the text of `plainly.toml` to a configuration: what is wrong is left out and said, with its line.

use globset::GlobBuilder;
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::Config;
use crate::finding::{CouldNotCheck, KINDS};

/// More mistakes than this are a file of another kind.
const MOST_MISTAKES: usize = 50;

/// A mistake in a configuration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigProblem {
    /// The file.
    pub path: String,
    /// The line, counted from 1.
    pub line: u32,
    /// What is wrong.
    pub message: String,
    /// The nearest valid name.
    pub hint: Option<String>,
}

impl From<ConfigProblem> for CouldNotCheck {
    fn from(problem: ConfigProblem) -> Self {
        let ConfigProblem { path, line, message, hint } = problem;
        let hint = hint.map_or(String::new(), |hint| format!(", did you mean `{hint}`?"));
        CouldNotCheck { path, reason: format!("configuration: line {line}: {message}{hint}") }
    }
}

impl Config {
    /// Reads a configuration. Text that is no TOML gives all defaults. Else each wrong entry is left out and the rest
    /// holds, but for `fail_on`: with any mistake nothing is stopped, because the team may have meant something else.
    pub fn read(text: &str, path: &str) -> (Self, Vec<ConfigProblem>) {
        let problem = |at: usize, message: String, hint: Option<String>| ConfigProblem {
            path: path.to_owned(),
            line: line_of(text, at),
            message,
            hint,
        };
        let mut problems = Vec::new();
        let mut table = match DeTable::parse(text) {
            Ok(table) => table,
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                return (Self::default(), vec![problem(at, error.message().to_owned(), None)]);
            }
        };
        let mut config = loop {
            let error = match Config::deserialize(Deserializer::from(table.clone())) {
                Ok(config) => break config,
                Err(error) => error,
            };
            let at = error.span().map_or(0, |span| span.start);
            let (message, hint) = explain(error.message());
            problems.push(problem(at, message, hint));
            if problems.len() > MOST_MISTAKES || !remove(table.get_mut(), at) {
                break Self::default();
            }
        };
        for (glob, error) in bad_globs(&mut config) {
            problems.push(problem(place_of(text, &glob), format!("{error} in the pattern `{glob}`"), None));
        }
        for tell in &config.tell {
            if !KINDS.contains(&tell.kind.as_str()) {
                let hint = nearest(&tell.kind, KINDS.iter().copied());
                problems.push(problem(
                    place_of(text, &tell.kind),
                    format!("there is no kind of finding called `{}`", tell.kind),
                    hint,
                ));
            }
        }
        if let Some(pattern) = &config.release_notes.tag_pattern
            && let Err(error) = regex::Regex::new(pattern)
        {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            problems.push(problem(place_of(text, pattern), format!("`tag_pattern`: {why}"), None));
            config.release_notes.tag_pattern = None;
        }
        if !problems.is_empty() {
            config.fail_on = None;
        }
        problems.sort();
        problems.dedup();
        (config, problems)
    }

    /// As [`Config::read`], each problem as an entry of what could not be checked.
    pub fn parse(text: &str, path: &str) -> (Self, Vec<CouldNotCheck>) {
        let (config, problems) = Self::read(text, path);
        (config, problems.into_iter().map(CouldNotCheck::from).collect())
    }

    /// The lines of `text` whose service patterns match none of `paths`. Not a mistake: the files may have moved.
    pub fn stale_patterns<'p>(
        &self,
        paths: impl IntoIterator<Item = &'p str> + Clone,
        text: &str,
        path: &str,
    ) -> Vec<ConfigProblem> {
        let globs = self.service.iter().flat_map(|service| &service.paths);
        let globs = globs.chain(self.sensitive.iter().flat_map(|area| &area.paths));
        globs
            .filter(|glob| {
                super::pattern(glob)
                    .is_ok_and(|glob| !paths.clone().into_iter().any(|path| glob.is_match(path)))
            })
            .map(|glob| ConfigProblem {
                path: path.to_owned(),
                line: line_of(text, place_of(text, glob)),
                message: format!("the pattern `{glob}` matches no file"),
                hint: None,
            })
            .collect()
    }
}

fn line_of(text: &str, at: usize) -> u32 {
    let before = text.as_bytes().get(..at).unwrap_or_default();
    before.iter().filter(|byte| **byte == b'\n').count() as u32 + 1
}

/// Where a string stands between quotes; the start of the text where it was written with escapes.
fn place_of(text: &str, value: &str) -> usize {
    let quoted = ['"', '\''].map(|quote| text.find(&format!("{quote}{value}{quote}")));
    quoted.into_iter().flatten().min().unwrap_or(0)
}

/// The parser's message in one line, and the nearest of the names that it expected.
fn explain(message: &str) -> (String, Option<String>) {
    let message = message.lines().next().unwrap_or_default();
    for what in ["field", "variant"] {
        if let Some((name, expected)) =
            message.strip_prefix(&format!("unknown {what} `")).and_then(|rest| rest.split_once("`, "))
        {
            let hint = nearest(name, expected.split('`').skip(1).step_by(2));
            let what = if what == "field" { "key" } else { "value" };
            let message = match hint {
                Some(_) => format!("unknown {what} `{name}`"),
                None => format!("unknown {what} `{name}`, {expected}"),
            };
            return (message, hint);
        }
    }
    (message.to_owned(), None)
}

/// The valid name that a person most likely meant: at most a third of its letters differ.
pub fn nearest<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> Option<String> {
    let written = name.replace('-', "_").to_ascii_lowercase();
    let distances = names.into_iter().map(|valid| (distance(&written, &valid.replace('-', "_")), valid));
    let (distance, valid) = distances.min()?;
    (distance <= valid.chars().count().max(3) / 3).then(|| valid.to_owned())
}

/// How many letters must be put in, left out, exchanged or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut best = (row[j] + 1).min(rows[i][j + 1] + 1).min(rows[i][j] + usize::from(x != y));
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

/// Takes out the innermost entry whose key or value begins at `at` or holds it.
fn remove(table: &mut DeTable<'_>, at: usize) -> bool {
    let inner = table.iter().find_map(|(key, value)| {
        let here = key.span().contains(&at) || covers(value, at);
        here.then(|| (key.clone(), key.span().contains(&at)))
    });
    let Some((key, is_key)) = inner else { return false };
    if is_key || !table.get_mut(&key).is_some_and(|value| remove_inside(value, at)) {
        table.remove(&key);
    }
    true
}

fn remove_inside(value: &mut Spanned<DeValue<'_>>, at: usize) -> bool {
    match value.get_mut() {
        DeValue::Table(table) => remove(table, at),
        DeValue::Array(array) => {
            let Some(place) = array.iter().position(|item| covers(item, at)) else { return false };
            if !array.get_mut(place).is_some_and(|item| remove_inside(item, at)) {
                // The array knows no `remove`.
                let kept =
                    array.iter().enumerate().filter(|(nth, _)| *nth != place).map(|(_, item)| item.clone());
                *array = kept.collect();
            }
            true
        }
        _ => false,
    }
}

/// Whether the value, or anything in it, holds the place: the span of a table with a header ends with its header.
fn covers(value: &Spanned<DeValue<'_>>, at: usize) -> bool {
    value.span().contains(&at)
        || match value.get_ref() {
            DeValue::Table(table) => {
                table.iter().any(|(key, value)| key.span().contains(&at) || covers(value, at))
            }
            DeValue::Array(array) => array.iter().any(|item| covers(item, at)),
            _ => false,
        }
}

/// Takes out every pattern that cannot be compiled.
fn bad_globs(config: &mut Config) -> Vec<(String, String)> {
    let mut bad = Vec::new();
    let lists = config
        .service
        .iter_mut()
        .map(|service| &mut service.paths)
        .chain(config.sensitive.iter_mut().map(|area| &mut area.paths))
        .chain(config.tell.iter_mut().map(|tell| &mut tell.paths))
        .chain([
            &mut config.reports,
            &mut config.files.generated,
            &mut config.files.vendored,
            &mut config.release_notes.notes,
        ]);
    for list in lists {
        list.retain(|glob| match GlobBuilder::new(glob).literal_separator(true).build() {
            Ok(_) => true,
            Err(error) => {
                bad.push((glob.clone(), error.kind().to_string()));
                false
            }
        });
    }
    bad
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn problems(text: &str) -> Vec<(u32, String, Option<String>)> {
        let (_, problems) = Config::read(text, "plainly.toml");
        problems.into_iter().map(|problem| (problem.line, problem.message, problem.hint)).collect()
    }

    #[test]
    fn the_whole_configuration_reads() {
        let text = r#"
            comment = "talk-first"
            fail_on = "worth-a-look"
            reader = "infra"
            [[service]]
            name = "cart"
            paths = ["src/cart/", "libs/**/*.rs"]
            kind = "support"
            [[sensitive]]
            name = "Prices"
            paths = ["**/pricing/**"]
            [[tell]]
            kind = "privacy"
            who = "@acme/legal"
            [[accept]]
            finding = "01234567"
            by = "Ana"
            reason = "copied"
            until = 2026-12-31
            [detectors]
            hotspot = false
            dependency = { ignore = ["tempfile"] }
            [release_notes]
            tag_pattern = '^v\d+$'
            words = { SKU = "product code" }
        "#;
        let (config, problems) = Config::read(text, "plainly.toml");
        assert_eq!(problems, []);
        assert!(config.fail_on.is_some());
        assert_eq!(config.service[0].paths.len(), 2);
    }

    #[test]
    fn text_that_is_no_toml_gives_defaults() {
        let (config, problems) =
            Config::read("fail_on = \"talk-first\"\n[[service\nname = 1\n", "plainly.toml");
        assert_eq!(config, Config::default());
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].line, 2);
    }

    #[test]
    fn a_wrong_entry_is_left_out_and_the_rest_holds() {
        let text = "langauge = \"de\"\nfail_on = \"talk-first\"\nmention = true\npeople = 3\n\
            [[service]]\nname = \"a\"\npaths = [\"a/\"]\nownrs = []\n\
            [[service]]\ntitle = \"no name\"\n[[service]]\nname = \"b\"\nkind = \"prodct\"\n";
        let (config, _) = Config::read(text, "plainly.toml");
        assert_eq!(config.fail_on, None);
        assert!(config.mention && config.people);
        let names: Vec<&str> = config.service.iter().map(|service| service.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(
            problems(text).into_iter().map(|(line, _, hint)| (line, hint)).collect::<Vec<_>>(),
            [
                (1, Some("language".to_owned())),
                (4, None),
                (8, Some("owners".to_owned())),
                (9, None),
                (13, Some("product".to_owned())),
            ]
        );
    }

    #[test]
    fn patterns_kinds_and_expressions_are_checked() {
        let text = "[[service]]\nname = \"a\"\npaths = [\"a/\", \"b/[\"]\n[[tell]]\nkind = \"privcy\"\nwho = \"x\"\n\
            [release_notes]\ntag_pattern = '('\n";
        let found = problems(text);
        assert_eq!(found.iter().map(|(line, ..)| *line).collect::<Vec<_>>(), [3, 5, 8]);
        assert_eq!(found[1].2.as_deref(), Some("privacy"));
    }

    #[test]
    fn patterns_without_a_file_are_named() {
        let text = "[[service]]\nname = \"a\"\npaths = [\"a/\", \"b/\", \"*.rs\"]\n";
        let (config, _) = Config::read(text, "plainly.toml");
        let stale = config.stale_patterns(["a/x.rs", "c/b/y.rs"], text, "plainly.toml");
        assert_eq!(
            stale.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>(),
            ["the pattern `b/` matches no file", "the pattern `*.rs` matches no file"]
        );
    }

    #[test]
    fn the_nearest_name() {
        let names = ["paths", "owners", "depends_on"];
        assert_eq!(nearest("path", names).as_deref(), Some("paths"));
        assert_eq!(nearest("dependsOn", names).as_deref(), Some("depends_on"));
        assert_eq!(nearest("owenrs", names).as_deref(), Some("owners"));
        assert_eq!(nearest("colour", names), None);
    }

    proptest! {
        #[test]
        fn never_panics(text in "(?s).{0,200}", lines in "([a-z_]{1,9} ?= ?[\\[\\]{}\"0-9a-z, ]{0,12}\n|\\[\\[?[a-z]{1,9}\\]\\]?\n){0,8}") {
            Config::read(&text, "");
            Config::read(&lines, "");
        }
    }
}
