//! Each folder `tests/cases/<kind>/<case>/` is a change: `before/` and `after/`, with the comment and the report it must give.
//!
//! `SNAPSHOTS=overwrite cargo test cases` writes what is said now; read the difference before you commit it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use plainly::change::{
    ChangeKind, ChangeSet, Commit, Content, FileChange, MemorySnapshot, Person, RepoPath, Words,
};
use plainly::config::Config;
use plainly::history::{History, PastChange};
use plainly::render::{Links, Style, View};
use plainly::roles::Roles;
use plainly::summary::Range;
use plainly::{Change, Plainly};

#[derive(Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Case {
    title: Option<String>,
    body: Option<String>,
    author: Option<String>,
    past: Vec<Past>,
}

/// Changes of the last twelve months that are alike.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Past {
    author: String,
    files: Vec<RepoPath>,
    times: usize,
    #[serde(default)]
    fixes: usize,
}

impl Case {
    fn words(&self) -> Words {
        let commit = self.author.as_ref().map(|author| Commit {
            id: "1".repeat(40),
            subject: self.title.clone().unwrap_or_default(),
            body: String::new(),
            author: person(author),
            time: 1_700_000_000,
            is_merge: false,
        });
        let commits = commit.into_iter().collect();
        Words { title: self.title.clone(), body: self.body.clone(), commits, ..Words::default() }
    }

    fn history(&self) -> History {
        let change = |past: &Past, at: usize| PastChange {
            id: format!("{at:040x}"),
            subject: "A change".to_owned(),
            author: person(&past.author),
            time: 1_690_000_000,
            mentions_fix: at < past.fixes,
            files: past.files.clone(),
        };
        let changes = self.past.iter().flat_map(|past| (0..past.times).map(move |at| change(past, at)));
        History { changes: changes.collect(), is_cut: false }
    }
}

fn person(name: &str) -> Person {
    Person { name: name.to_owned(), email: format!("{}@example.com", name.to_lowercase()) }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir(of)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

fn tree(folder: &Path) -> BTreeMap<RepoPath, Content> {
    let mut files = BTreeMap::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder_here) = open.pop() {
        for entry in fs::read_dir(&folder_here).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/");
            let bytes = fs::read(&path).unwrap();
            let content = match String::from_utf8(bytes) {
                Ok(text) => Content::from_text(text),
                Err(_) => Content::Binary,
            };
            files.insert(RepoPath::new(name), content);
        }
    }
    files
}

/// What git would say about the two trees; a file with the same content elsewhere is a rename.
fn changes(
    before: &BTreeMap<RepoPath, Content>,
    after: &BTreeMap<RepoPath, Content>,
    roles: &Roles,
) -> ChangeSet {
    let paths: BTreeSet<&RepoPath> = before.keys().chain(after.keys()).collect();
    let mut gone: BTreeMap<RepoPath, Content> = before
        .iter()
        .filter(|(path, _)| !after.contains_key(*path))
        .map(|(a, b)| (a.clone(), b.clone()))
        .collect();
    let mut files = Vec::new();
    for path in paths {
        let kind = match (before.get(path), after.get(path)) {
            (Some(old), Some(new)) if old == new => continue,
            (Some(old), Some(new)) => ChangeKind::Modified { before: old.clone(), after: new.clone() },
            (None, Some(new)) => match gone.iter().find(|(_, old)| *old == new).map(|(from, _)| from.clone())
            {
                Some(from) => {
                    let old = gone.remove(&from).unwrap();
                    ChangeKind::Renamed { from, before: old, after: new.clone() }
                }
                None => ChangeKind::Added { after: new.clone() },
            },
            _ => continue,
        };
        files.push((path.clone(), kind));
    }
    files.extend(gone.into_iter().map(|(path, old)| (path, ChangeKind::Deleted { before: old })));
    let files = files.into_iter().map(|(path, kind)| {
        let mut file = FileChange { path, kind, role: plainly::change::Role::Source, added: 0, removed: 0 };
        let text = file.after_text().or(file.before_text());
        file.role = roles.role(&file.path, text);
        let (added, removed) =
            plainly::git::count_lines(file.before_text().unwrap_or(""), file.after_text().unwrap_or(""));
        (file.added, file.removed) = (added, removed);
        file
    });
    ChangeSet::new(files.collect())
}

/// What is said about a case.
pub(crate) struct Said {
    pub(crate) comment: String,
    pub(crate) report: serde_json::Value,
    pub(crate) lines: Vec<plainly::detectors::Line>,
    before: BTreeMap<RepoPath, Content>,
    after: BTreeMap<RepoPath, Content>,
}

impl Said {
    fn report(&self) -> String {
        serde_json::to_string_pretty(&self.report).unwrap()
    }

    /// The text of a file, `before` or `after` the change.
    pub(crate) fn text(&self, side: &str, path: &str) -> Option<String> {
        let files = if side == "before" { &self.before } else { &self.after };
        files.get(&RepoPath::new(path)).map(|content| content.text().unwrap_or_default().to_owned())
    }
}

pub(crate) fn all() -> Vec<PathBuf> {
    folders(&root()).iter().flat_map(|kind| folders(kind)).collect()
}

/// What is said about every case, once a language for all tests.
pub(crate) fn said(language: &str) -> &'static [(PathBuf, Said)] {
    static ENGLISH: OnceLock<Vec<(PathBuf, Said)>> = OnceLock::new();
    static GERMAN: OnceLock<Vec<(PathBuf, Said)>> = OnceLock::new();
    let cell = if language == "de" { &GERMAN } else { &ENGLISH };
    cell.get_or_init(|| all().into_iter().map(|case| (case.clone(), run(&case, language))).collect())
}

fn said_of(case: &Path) -> &'static Said {
    let (_, said) = said("en").iter().find(|(path, _)| path == case).unwrap();
    said
}

pub(crate) fn run(case: &Path, language: &str) -> Said {
    let (before, after) = (tree(&case.join("before")), tree(&case.join("after")));
    let words: Case = match fs::read_to_string(case.join("case.toml")) {
        Ok(text) => toml::from_str(&text).unwrap(),
        Err(_) => Case::default(),
    };
    let snapshot = |files: &BTreeMap<RepoPath, Content>| MemorySnapshot::new(files.clone());
    let (mut config, problems) = Config::of_tree(&snapshot(&before));
    config.language = language.to_owned();
    let roles = Roles::of_tree(&config, &snapshot(&after));
    let change = Change {
        range: Range { base: "0".repeat(40), head: "1".repeat(40), commits: 1 },
        files: changes(&before, &after, &roles),
        words: words.words(),
        before: Box::new(snapshot(&before)),
        after: Box::new(snapshot(&after)),
        history: words.history(),
        roles,
    };
    let plainly = Plainly::new(config, problems, &BTreeMap::new()).unwrap();
    let summary = plainly.summarize(&change);
    let style = Style { view: View::Markdown, links: Links::Paths };
    let comment = plainly.renderer().summary(&summary, &style, 60_000).unwrap();
    let report = plainly.renderer().report(&summary).unwrap();
    Said { lines: summary.lines, comment, report: serde_json::to_value(&report).unwrap(), before, after }
}

#[test]
fn every_case_says_what_it_should() {
    let assert = snapbox::Assert::new().action_env("SNAPSHOTS");
    let mut wrong = Vec::new();
    let mut ran = 0;
    for kind in folders(&root()) {
        for case in folders(&kind) {
            ran += 1;
            let said = said_of(&case);
            for (actual, name) in [(said.comment.clone(), "comment.md"), (said.report(), "report.json")] {
                let path = case.join(name);
                let expected = snapbox::Data::read_from(&path, None);
                if let Err(difference) =
                    assert.try_eq(Some(&path.display()), format!("{actual}\n").into(), expected.raw())
                {
                    wrong.push(difference.to_string());
                }
            }
        }
    }
    assert!(ran > 0, "no case was found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `plainly rules` and `plainly explain` tell what each rule means.
#[test]
fn every_rule_that_fires_has_its_words() {
    let (renderer, _) = plainly::render::Renderer::new("en", &BTreeMap::new()).unwrap();
    for case in all() {
        let report: serde_json::Value = run(&case, "en").report;
        for finding in report["findings"].as_array().unwrap() {
            let rule = finding["rule"].as_str().unwrap();
            let level: plainly::finding::Level = serde_json::from_value(finding["level"].clone()).unwrap();
            let most = renderer.rules().find(|(id, _)| *id == rule).map(|(_, rule)| rule.level);
            assert!(most >= Some(level), "{rule} is {level:?} in {}, its words say {most:?}", case.display());
            assert!(
                renderer.rule(rule).is_some(),
                "{rule} is not in rules.toml, but fires in {}",
                case.display()
            );
        }
    }
}

/// Every detector speaks in one case of its own, and stays quiet in another.
#[test]
fn every_detector_has_a_case_that_speaks_and_one_that_does_not() {
    for entry in plainly::detectors::ALL {
        let cases = folders(&root().join(entry.id));
        let is_quiet = |case: &&PathBuf| case.file_name().unwrap().to_string_lossy().starts_with("quiet_");
        assert!(cases.iter().any(|case| !is_quiet(&case)), "no case in which {} speaks", entry.id);
        assert!(cases.iter().any(|case| is_quiet(&case)), "no case in which {} stays quiet", entry.id);
        for case in &cases {
            let speaks = said_of(case).report().contains(&format!("\"kind\": \"{}\"", entry.id));
            assert_eq!(speaks, !is_quiet(&case), "{}", case.display());
        }
    }
}
