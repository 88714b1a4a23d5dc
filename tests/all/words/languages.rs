//! A second language proves that words stand apart from logic: every template, the same values, the same findings.

use std::collections::{BTreeMap, BTreeSet};

use plainly::render::{Error, Renderer, Style, languages};
use serde_json::json;

use super::{said, templates};
use crate::cases;

/// Names by their path below the folder of the language.
fn of_language(language: &str) -> BTreeMap<String, String> {
    let folder = format!("/templates/{language}/");
    let name = |path: &std::path::Path| {
        let path = path.to_string_lossy().replace('\\', "/");
        path.split_once(&folder).map(|(_, name)| name.to_owned()).unwrap()
    };
    templates(language).into_iter().map(|(path, text)| (name(&path), text)).collect()
}

/// Words of the template language itself.
const HELPERS: &[&str] = &[
    "if", "else", "each", "unless", "with", "eq", "ne", "gt", "and", "or", "not", "len", "code", "list",
    "titles", "plural", "number", "b", "link", "links", "quote", "title", "date", "ready", "one", "other",
    "most", "end", "this", "first", "last",
];

/// The values that a template uses, and whether each is printed or only asked about.
fn values(template: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut used, mut printed) = (BTreeSet::new(), BTreeSet::new());
    let mut rest = template;
    while let Some(start) = rest.find("{{") {
        let end = rest[start..].find("}}").map_or(rest.len(), |end| start + end);
        let mut expression = rest[start + 2..end].trim().to_owned();
        rest = &rest[end..];
        while let Some(open) = expression.find('"') {
            let close = expression[open + 1..].find('"').map_or(expression.len(), |close| open + close + 2);
            expression.replace_range(open..close, " ");
        }
        if expression.starts_with('>') {
            let end = expression[1..].trim_start().find(' ').map_or(expression.len(), |end| end + 2);
            expression = format!("> {}", &expression[end.min(expression.len())..]);
        }
        let asks = ["#if", "#unless", "else"].iter().any(|word| expression.starts_with(word));
        let words = expression.split(|c: char| c.is_whitespace() || "()=#/>".contains(c));
        for word in words.filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase() || c == '@')) {
            if !HELPERS.contains(&word) && !word.starts_with("@first") && !word.starts_with("@last") {
                used.insert(word.to_owned());
                if !asks {
                    printed.insert(word.to_owned());
                }
            }
        }
    }
    (used, printed)
}

#[test]
fn values_of_a_template() {
    let (used, printed) = values(
        "{{#if (eq facts.a \"x y\")}}{{code facts.b}}{{else if facts.c}}{{> words/d facts.e}}{{> words/f}}{{/if}}",
    );
    assert_eq!(used.into_iter().collect::<Vec<_>>(), ["facts.a", "facts.b", "facts.c", "facts.e"]);
    assert_eq!(printed.into_iter().collect::<Vec<_>>(), ["facts.b", "facts.e"]);
}

#[test]
fn each_language_has_every_template_with_the_same_values() {
    let english = of_language("en");
    let mut wrong = Vec::new();
    for language in languages().iter().filter(|language| *language != "en") {
        let other = of_language(language);
        for name in english.keys().chain(other.keys()).collect::<BTreeSet<_>>() {
            let (Some(first), Some(second)) = (english.get(name), other.get(name)) else {
                wrong.push(format!("{name} is not in en and {language}"));
                continue;
            };
            let ((mut used, printed), (uses, prints)) = (values(first), values(second));
            // A sentence, its headline and its questions are filled in with the same values.
            if let Some(shape) =
                ["findings/", "headlines/", "questions/"].iter().find_map(|of| name.strip_prefix(of))
            {
                let shapes =
                    ["findings", "headlines", "questions"].map(|of| english.get(&format!("{of}/{shape}")));
                used.extend(shapes.into_iter().flatten().flat_map(|text| values(text).0));
            }
            wrong.extend(uses.difference(&used).map(|value| format!("{language}/{name} alone uses {value}")));
            wrong.extend(
                printed.difference(&prints).map(|value| format!("{language}/{name} does not print {value}")),
            );
        }
        let words = |language: &str| Renderer::new(language, &BTreeMap::new()).unwrap().0;
        let (first, second) = (words("en"), words(language));
        for (id, rule) in first.rules() {
            let same = second.rule(id) == Some(rule.when.as_str());
            assert!(!same, "{language}/rules.toml has no words for {id}");
        }
        assert_eq!(first.rules().count(), second.rules().count());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Verdicts, promises and fillers, English words where a common German one exists, and speaking to the reader as to a
/// friend. Source: the English list, by meaning.
const NEVER_IN_GERMAN: said::Words = &[
    ("sicher", &[]),
    ("harmlos", &[]),
    ("unbedenklich", &[]),
    ("risiko", &[]),
    ("kaputt", &[]),
    ("bug", &[]),
    ("falsch", &["langsam ist, falsch antwort", "langsam sind, falsch antwort"]),
    ("einfach", &[]),
    ("lediglich", &[]),
    ("trivial", &[]),
    ("garantiert", &[]),
    ("verbessert", &[]),
    ("schneller", &["einträge schneller finden"]),
    ("robust", &[]),
    ("wahrscheinlich", &[]),
    ("vermutlich", &[]),
    ("möglicherweise", &[]),
    ("unnötig", &[]),
    ("immer", &["für immer versprechen"]),
    ("du", &[]),
    ("dein", &[]),
    ("feature", &[]),
    ("service", &[]),
    ("deployment", &[]),
    ("update", &[]),
    ("updaten", &[]),
    ("fix", &[]),
    ("endpoint", &[]),
    ("breaking", &[]),
    ("deprecated", &[]),
    ("dependency", &[]),
    ("setting", &[]),
    ("default", &[]),
    ("workflow", &[]),
    ("refactoring", &[]),
    ("job", &[]),
];

#[test]
fn every_case_is_said_in_german() {
    let (english, _) = Renderer::new("en", &BTreeMap::new()).unwrap();
    let (german, _) = Renderer::new("de", &BTreeMap::new()).unwrap();
    let (english, german) = (english.pen(&Style::PLAIN), german.pen(&Style::PLAIN));
    let mut wrong = Vec::new();
    for case in cases::all() {
        let (first, second) = (cases::run(&case, "en"), cases::run(&case, "de"));
        assert_eq!(first.report["findings"], second.report["findings"], "{}", case.display());
        let counts = |report: &serde_json::Value| {
            (report["lines"].as_array().unwrap().len(), report["ask"].as_array().unwrap().len())
        };
        assert_eq!(counts(&first.report), counts(&second.report), "{}", case.display());
        let mut faults = said::faults_of_form(&second.comment, second.report["level"].as_str().unwrap());
        faults.extend(said::faults_of_words(&second.comment, &[NEVER_IN_GERMAN]));
        for line in &second.lines {
            let said = german.line(line).unwrap();
            if said == english.line(line).unwrap() {
                faults.push(format!("the same in English: {said}"));
            }
            assert_eq!(german.headline(line).unwrap().is_some(), english.headline(line).unwrap().is_some());
            assert_eq!(german.questions(line).unwrap().len(), english.questions(line).unwrap().len());
        }
        wrong.extend(faults.iter().map(|fault| format!("{}: {fault}", case.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn small_words_are_the_languages_own() {
    let (german, _) = Renderer::new("de", &BTreeMap::new()).unwrap();
    let pen = german.pen(&Style::PLAIN);
    let values = json!({"facts": {"since": "2021-10-28", "advice": "Use \"b\" instead", "one": true, "announced": true, "unmarked": false}});
    assert_eq!(
        pen.fill("words/api_notice", &values).unwrap(),
        " Zum Entfernen vorgemerkt seit 28. Oktober 2021: „Use \"b\" instead.“".replace(".“", "“.")
    );
    let values = json!({"files": 1234, "role": "docs"});
    assert_eq!(pen.fill("words/role", &values).unwrap(), "1.234 Dokumentationsseiten");
}

/// What a language lacks is said in English: a team may begin its own with one template.
#[test]
fn a_team_may_bring_a_language_of_its_own() {
    let own = BTreeMap::from([("words/level.hbs".to_owned(), "D'abord parler".to_owned())]);
    let (renderer, problems) = Renderer::new("fr", &own).unwrap();
    assert!(problems.is_empty());
    let pen = renderer.pen(&Style::PLAIN);
    let values = json!({"level": "talk_first", "title": null, "headline": "removes one test"});
    assert_eq!(pen.fill("frame/heading", &values).unwrap(), "D'abord parler: removes one test");
    assert!(matches!(Renderer::new("fr", &BTreeMap::new()), Err(Error::Language(name, _)) if name == "fr"));
}
