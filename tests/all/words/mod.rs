//! Rules for words, held over every template: no raw braces, no forbidden words, sentences short enough.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use plainly::detectors::Line;
use plainly::render::{Renderer, Style};

use crate::cases;

mod can_fail;
mod languages;
mod said;

/// Every template of a language, or of all.
fn templates(language: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("templates").join(language)];
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

/// The text of a template without its expressions; the words that an expression prints stay.
fn prose(template: &str) -> String {
    let mut prose = String::new();
    let mut rest = template;
    while let Some(start) = rest.find("{{") {
        prose.push_str(&rest[..start]);
        prose.push(' ');
        let end = rest[start..].find("}}").map_or(rest.len(), |end| start + end + 2);
        let expression = &rest[start..end];
        for printed in ["one=\"", "other=\"", "{{link \""] {
            let said = expression.split_once(printed).and_then(|(_, said)| said.split_once('"'));
            prose.push_str(said.map_or("", |(said, _)| said));
            prose.push(' ');
        }
        rest = &rest[end..];
    }
    prose.push_str(rest);
    prose
}

#[test]
fn strangers_text_is_always_escaped() {
    for (path, text) in templates("") {
        assert!(!text.contains("{{{") && !text.contains("{{&"), "raw braces in {}", path.display());
        let is_frame = path.components().any(|part| part.as_os_str() == "frame");
        assert!(is_frame || !text.contains("{{ready"), "`ready` outside a frame in {}", path.display());
    }
}

/// Templates that engineers read: set-up, checks, the hook. Their words are theirs.
const FOR_ENGINEERS: &[&str] =
    &["doctor", "explain", "hook", "init", "init_done", "replay", "rules", "service", "services"];

#[test]
fn words_that_are_never_said() {
    for (path, text) in templates("en") {
        let prose = prose(&text).to_lowercase();
        let name = path.file_stem().unwrap().to_string_lossy();
        let is_frame = path.components().any(|part| part.as_os_str() == "frame");
        let lists: &[said::Words] = if is_frame && FOR_ENGINEERS.contains(&&*name) {
            &[said::NEVER]
        } else {
            &[said::NEVER, said::JARGON]
        };
        let found: Vec<&str> = lists.iter().flat_map(|list| said::forbidden(&prose, list)).collect();
        assert!(found.is_empty(), "{found:?} in {}", path.display());
    }
}

/// Every expected comment, as it is said: its form, its words, and the evidence behind each sentence.
#[test]
fn every_expected_comment_keeps_the_rules_for_words() {
    let mut wrong = Vec::new();
    for case in cases::all() {
        let said = cases::run(&case, "en");
        let level = said.report["level"].as_str().unwrap();
        let mut faults = said::faults_of_form(&said.comment, level);
        faults.extend(said::faults_of_words(&said.comment, &[said::NEVER, said::JARGON]));
        faults.extend(said::faults_of_report(&said.report, &|side, path| said.text(side, path)));
        wrong.extend(faults.iter().map(|fault| format!("{}: {fault}", case.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
    for (path, text) in templates("en") {
        if !path.components().any(|part| part.as_os_str() == "questions") {
            continue;
        }
        for line in prose(&text).lines().map(str::trim).filter(|line| !line.is_empty()) {
            let lower = line.to_lowercase();
            assert!(begins.iter().any(|begin| lower.starts_with(begin)), "`{line}` in {}", path.display());
        }
    }
}

/// Each template of a sentence is filled in by a case, and with it its headline and its questions.
#[test]
fn every_sentence_is_said_by_a_case() {
    let (renderer, _) = Renderer::new("en", &BTreeMap::new()).unwrap();
    let pen = renderer.pen(&Style::PLAIN);
    let lines: Vec<Line> = cases::all().iter().flat_map(|case| cases::run(case, "en").lines).collect();
    for line in &lines {
        let headline = pen.headline(line).unwrap().unwrap_or_default();
        assert!(!headline.ends_with('.') && !headline.contains("  "), "{}: {headline}", line.shape);
        for question in pen.questions(line).unwrap() {
            assert!(question.ends_with('?') && !question.contains("  "), "{}: {question}", line.shape);
            let found = said::forbidden(&said::own(&question).to_lowercase(), said::NEVER);
            assert!(found.is_empty(), "{found:?} in {question}");
        }
    }
    let shapes: BTreeSet<&str> = lines.iter().map(|line| line.shape.as_str()).collect();
    let names = plainly::render::names();
    let sentences = names.iter().filter_map(|name| name.strip_prefix("findings/")?.strip_suffix(".hbs"));
    let unsaid: Vec<&str> = sentences.filter(|shape| !shapes.contains(shape)).collect();
    assert!(unsaid.is_empty(), "no case says {unsaid:?}");
}
