//! Rules for words, held over every template: no raw braces, no forbidden words, sentences short enough.

use std::fs;
use std::path::{Path, PathBuf};

fn templates() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("templates")];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "hbs") {
                found.push((path.clone(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(found.len() > 20, "the templates were not found");
    found
}

/// The text of a template without its expressions.
fn prose(template: &str) -> String {
    let mut prose = String::new();
    let mut rest = template;
    while let Some(start) = rest.find("{{") {
        prose.push_str(&rest[..start]);
        prose.push(' ');
        rest = rest[start..].find("}}").map_or("", |end| &rest[start + end + 2..]);
    }
    prose.push_str(rest);
    prose
}

#[test]
fn strangers_text_is_always_escaped() {
    for (path, text) in templates() {
        assert!(!text.contains("{{{") && !text.contains("{{&"), "raw braces in {}", path.display());
        let is_frame = path.components().any(|part| part.as_os_str() == "frame");
        assert!(is_frame || !text.contains("{{ready"), "`ready` outside a frame in {}", path.display());
    }
}

/// Source: the list of words never said. Phrases that are allowed in spite of a word stand beside it.
const NEVER: &[(&str, &[&str])] = &[
    ("safe", &[]),
    ("harmless", &[]),
    ("low risk", &[]),
    ("no impact", &[]),
    ("bug", &["a fix, bug or revert"]),
    ("wrong", &["slow, wrong or down", "if this went wrong"]),
    ("mistake", &[]),
    ("simply", &[]),
    ("merely", &[]),
    ("trivial", &[]),
    ("untested", &[]),
    ("no tests", &[]),
    ("unnecessary", &[]),
    ("too big", &[]),
    ("should have", &[]),
    ("everyone", &[]),
    ("guaranteed", &[]),
    ("probably", &[]),
    ("likely", &[]),
    ("enhance", &[]),
    ("streamline", &[]),
    ("robust", &[]),
    ("leverage", &[]),
    ("refactor", &[]),
    ("nullable", &[]),
    ("endpoint", &[]),
    ("deprecated", &[]),
    ("transitive", &[]),
    ("upstream", &[]),
    ("downstream", &[]),
    ("why didn't", &[]),
    ("are you sure", &[]),
];

#[test]
fn words_that_are_never_said() {
    for (path, text) in templates() {
        let mut prose = prose(&text).to_lowercase();
        for (word, allowed) in NEVER {
            for phrase in *allowed {
                prose = prose.replace(phrase, "");
            }
            let stands = prose.match_indices(word).any(|(at, _)| {
                !prose[..at].ends_with(char::is_alphabetic)
                    && !prose[at + word.len()..].starts_with(char::is_alphabetic)
            });
            assert!(!stands, "`{word}` in {}", path.display());
        }
    }
}

#[test]
fn questions_begin_as_questions_do() {
    let begins = [
        "what",
        "who",
        "when",
        "where",
        "how",
        "which",
        "should",
        "could",
        "is",
        "has",
        "will",
        "would",
        "why does",
        "by when",
        "why do",
        "are there",
        "does",
        "do",
    ];
    for (path, text) in templates() {
        if !path.components().any(|part| part.as_os_str() == "questions") {
            continue;
        }
        for line in prose(&text).lines().map(str::trim).filter(|line| !line.is_empty()) {
            let lower = line.to_lowercase();
            assert!(begins.iter().any(|begin| lower.starts_with(begin)), "`{line}` in {}", path.display());
        }
    }
}
