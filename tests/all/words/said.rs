//! Rules for words, held over what was said: a comment as text, and the report behind it. Used by the tests over the
//! expected comments, and by `tests/bench/said.rs` over real changes.

use serde_json::Value;

/// The longest sentence, and the longest mean of a comment, in words. Source: the wording guide.
const MOST_WORDS: usize = 25;
const MOST_MEAN: f64 = 15.0;

/// What may stand in view: lines, words, findings; by level.
fn budget(level: &str) -> (usize, usize, usize) {
    match level {
        "routine" => (2, 50, 1),
        "worth_a_look" => (9, 180, 5),
        _ => (12, 200, 6),
    }
}

/// Rules whose finding is about the whole change, or about something that is not there: no line of a file proves it.
const WITHOUT_EVIDENCE: &[(&str, &str)] = &[
    ("size.", "a count over all files"),
    ("moved_code.mostly", "a share of all added lines"),
    ("tests.none", "says that a file is not there"),
    ("tests.none_in_critical", "says that a file is not there"),
    ("hotspot.", "counted in the history"),
    ("ownership.", "counted in the history"),
];

/// A word, and the phrases that are allowed in spite of it. A word stands for its plural too.
pub(crate) type Words = &'static [(&'static str, &'static [&'static str])];

/// Words that are never said. Source: the wording guide, 3.6.
pub(crate) const NEVER: Words = &[
    ("safe", &[]),
    ("safely", &[]),
    ("harmless", &[]),
    ("low risk", &[]),
    ("risk-free", &[]),
    ("no impact", &[]),
    ("break", &[]),
    ("broken", &[]),
    ("bug", &["a fix, bug or revert", "fix, bug or revert"]),
    ("wrong", &["slow, wrong or down", "if this went wrong"]),
    ("mistake", &[]),
    ("users will", &[]),
    ("customers love", &[]),
    ("improve", &[]),
    ("faster", &["finding items faster"]),
    ("just", &["from just before"]),
    ("simply", &[]),
    ("merely", &[]),
    ("trivial", &[]),
    ("minor", &[]),
    ("easy", &[]),
    ("easily", &[]),
    ("untested", &[]),
    ("no tests", &[]),
    ("unnecessary", &[]),
    ("too big", &[]),
    ("should have", &[]),
    ("everyone", &[]),
    ("always", &[]),
    ("never", &["is never run", "never named by the author", "the author never names", "never asked for"]),
    ("guaranteed", &[]),
    ("enhance", &[]),
    ("streamline", &[]),
    ("robust", &[]),
    ("leverage", &[]),
    ("various", &[]),
    ("several", &["several services"]),
    ("likely", &[]),
    ("probably", &[]),
    ("might", &[]),
    ("potentially", &[]),
    ("why didn't", &[]),
    ("are you sure", &[]),
    ("can't you", &[]),
];

/// Words that only engineers know. Source: the wording guide, 3.3.
pub(crate) const JARGON: Words = &[
    ("schema", &[]),
    ("column", &[]),
    ("nullable", &[]),
    ("null", &[]),
    ("default value", &[]),
    ("rollback", &[]),
    ("roll back", &[]),
    ("backfill", &[]),
    ("index", &[]),
    ("indexes", &[]),
    ("indices", &[]),
    ("endpoint", &[]),
    ("mutation", &[]),
    ("rpc", &[]),
    ("contract-breaking", &[]),
    ("deprecated", &[]),
    ("deprecation", &[]),
    ("dependency", &[]),
    ("dependencies", &[]),
    ("transitive", &[]),
    ("lock file", &[]),
    ("lockfile", &[]),
    ("cve", &[]),
    ("vulnerability", &[]),
    ("major", &[]),
    ("patch", &[]),
    ("microservice", &[]),
    ("upstream", &[]),
    ("downstream", &[]),
    ("refactor", &[]),
    ("refactoring", &[]),
    ("feature flag", &[]),
    ("env var", &[]),
    ("environment variable", &[]),
    ("config", &[]),
    ("helm", &[]),
    ("memory limit", &[]),
    ("memory request", &[]),
    ("replica", &[]),
    ("pipeline", &[]),
    ("workflow", &[]),
    ("fixture", &[]),
    ("spec", &[]),
    ("generated code", &[]),
    ("loc", &[]),
    ("diff", &[]),
    ("hunk", &[]),
    ("sha", &[]),
    ("repo", &["new to this repo"]),
    (
        "repository",
        &[
            "apps outside this repository",
            "services of this repository",
            "one repository",
            "in this copy of the repository",
        ],
    ),
    ("primary key", &[]),
    ("foreign key", &[]),
    ("enum", &[]),
    ("manifest", &[]),
    ("ui", &[]),
];

/// Whether a word stands in lower-case prose, alone or in the plural.
pub(crate) fn stands(prose: &str, word: &str) -> bool {
    prose.match_indices(word).any(|(at, _)| {
        let after = &prose[at + word.len()..];
        let after = after.strip_prefix('s').unwrap_or(after);
        // Parts of a name are not a word: `config-server`.
        let joins = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        !prose[..at].ends_with(joins) && !after.starts_with(joins)
    })
}

/// The words that are never said and yet stand in lower-case prose.
pub(crate) fn forbidden<'a>(prose: &str, list: &[(&'a str, &'a [&'a str])]) -> Vec<&'a str> {
    let found = |(word, allowed): &&(&'a str, &[&str])| {
        let prose = allowed.iter().fold(prose.to_owned(), |prose, phrase| prose.replace(phrase, " "));
        stands(&prose, word)
    };
    list.iter().filter(found).map(|(word, _)| *word).collect()
}

/// Our own words of a line of Markdown: what is quoted and what stands in code style becomes `it`, links keep their
/// text, and the places that prove a sentence go.
pub(crate) fn own(line: &str) -> String {
    let mut own = String::new();
    let mut rest = line;
    let mut quote = false;
    while let Some(c) = rest.chars().next() {
        if c == '\\' {
            // An escaped character of a quotation.
            rest = &rest[1 + rest[1..].chars().next().map_or(0, char::len_utf8)..];
            continue;
        }
        if c == '`' {
            let fence = rest.len() - rest.trim_start_matches('`').len();
            let inside = &rest[fence..];
            let end = inside.find(&"`".repeat(fence)).map_or(rest.len(), |end| end + 2 * fence);
            rest = &rest[end..];
            if !quote {
                own.push_str("it");
            }
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match c {
            '"' | '„' | '“' => {
                if !quote {
                    own.push_str("it");
                } else if own.ends_with("it") && !rest.starts_with(|c: char| c.is_alphanumeric()) {
                    // A full stop inside a quotation ends our sentence as well.
                    let said = &line[..line.len() - rest.len() - c.len_utf8()];
                    if said.ends_with(['.', '?', '!', '…']) && rest.starts_with(' ') {
                        own.push('.');
                    }
                }
                quote = !quote;
            }
            _ if quote => {}
            '[' => {}
            ']' if rest.starts_with('(') => rest = rest.find(')').map_or("", |end| &rest[end + 1..]),
            _ => own.push(c),
        }
    }
    own.replace("**", "").replace(" (it)", "").replace("</sub>", "").replace("<sub>", "")
}

/// The sentences of a line of our own words.
pub(crate) fn sentences(own: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut from = 0;
    for (at, c) in own.char_indices() {
        let ends =
            matches!(c, '.' | '?' | '!') && own[at + 1..].chars().next().is_none_or(char::is_whitespace);
        if ends {
            sentences.push(own[from..at].trim());
            from = at + 1;
        }
    }
    sentences.push(own[from..].trim());
    sentences.retain(|sentence| sentence.contains(char::is_alphabetic));
    sentences
}

pub(crate) fn words(sentence: &str) -> usize {
    sentence.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count()
}

/// A comment, split into what is in view and what is folded; drawings and marks of the fold are left out.
pub(crate) struct Shown<'a> {
    pub(crate) in_view: Vec<&'a str>,
    pub(crate) folded: Vec<&'a str>,
}

pub(crate) fn shown(comment: &str) -> Shown<'_> {
    let mut shown = Shown { in_view: Vec::new(), folded: Vec::new() };
    let (mut folded, mut drawn) = (false, false);
    for line in comment.lines().filter(|line| !line.trim().is_empty()) {
        if line.starts_with("```") {
            drawn = !drawn;
        } else if drawn {
        } else if line.starts_with("<details>") {
            folded = true;
        } else if line.starts_with("</details>") {
            folded = false;
        } else if folded {
            shown.folded.push(line);
        } else {
            shown.in_view.push(line);
        }
    }
    shown
}

/// What is amiss with the text of a comment, whatever its language.
pub(crate) fn faults_of_form(comment: &str, level: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let shown = shown(comment);
    let (lines, most_words, _) = budget(level);
    if shown.in_view.len() > lines {
        faults.push(format!("{} lines in view, {lines} are allowed", shown.in_view.len()));
    }
    // Links are no words, a quotation has as many as its author used.
    let count: usize = shown.in_view.iter().map(|line| words(&without_links(line))).sum();
    if count > most_words {
        faults.push(format!("{count} words in view, {most_words} are allowed"));
    }
    let mut lengths = Vec::new();
    for (place, line) in
        shown.in_view.iter().map(|line| ("view", line)).chain(shown.folded.iter().map(|line| ("fold", line)))
    {
        // Rules and their findings are a table of references, not a sentence.
        let own = own(line.trim_start_matches("- ").trim_start_matches("### "));
        let is_references = own.matches("it it").count() > 0;
        for sentence in sentences(&own) {
            let length = words(sentence);
            if place == "view" {
                lengths.push(length);
            }
            if length > MOST_WORDS && !is_references {
                faults.push(format!("{length} words: {sentence}"));
            }
        }
        let marks =
            ["  ", " .", " ,", " ;", "..", ",,", "::", "()", "( ", " )", "**  ", "(s)", ": .", " :", "****"];
        for mark in marks.iter().filter(|mark| own.contains(*mark)) {
            faults.push(format!("`{mark}` in: {own}"));
        }
        if own.contains("[object]") || own.contains("null ") {
            faults.push(format!("a value without words in: {own}"));
        }
        let ends =
            own.trim_end().ends_with(['.', '?', ':', '"']) || own.ends_with("it") || line.starts_with("###");
        if !ends {
            faults.push(format!("no full stop: {own}"));
        }
        let dashes = own.matches('—').count();
        if dashes > usize::from(line.starts_with("###")) {
            faults.push(format!("{dashes} dashes in: {own}"));
        }
    }
    let mean = lengths.iter().sum::<usize>() as f64 / lengths.len().max(1) as f64;
    if mean > MOST_MEAN {
        faults.push(format!("{mean:.1} words a sentence, {MOST_MEAN} are allowed"));
    }
    let all: Vec<&str> = shown.in_view.into_iter().chain(shown.folded).collect();
    for (at, line) in all.iter().enumerate() {
        if all[..at].contains(line) {
            faults.push(format!("said twice: {line}"));
        }
    }
    faults
}

/// The line without the places that prove it: `path:line` in brackets, or links, of which the name stays.
fn without_links(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some(start) = rest.find(" (`") {
        text.push_str(&rest[..start]);
        rest = rest[start..].find("`)").map_or("", |end| &rest[start + end + 2..]);
    }
    text.push_str(rest);
    let mut kept = String::new();
    let mut rest = text.as_str();
    while let Some(start) = rest.find("](") {
        kept.push_str(&rest[..start]);
        rest = rest[start..].find(')').map_or("", |end| &rest[start + end + 1..]);
    }
    kept + rest
}

/// What is amiss with the words of a comment.
pub(crate) fn faults_of_words(comment: &str, lists: &[Words]) -> Vec<String> {
    let shown = shown(comment);
    let mut faults = Vec::new();
    for line in shown.in_view.iter().chain(&shown.folded) {
        let own = own(line);
        for word in lists.iter().flat_map(|list| forbidden(&own.to_lowercase(), list)) {
            faults.push(format!("`{word}` in: {own}"));
        }
    }
    faults
}

/// What is amiss with the report: a sentence without a finding, a finding without a place, a place that is not there,
/// too many findings or questions. `read` gives the text of a file, by side and path.
pub(crate) fn faults_of_report(report: &Value, read: &dyn Fn(&str, &str) -> Option<String>) -> Vec<String> {
    let mut faults = Vec::new();
    let list = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let findings = list(report, "findings");
    let level = report["level"].as_str().unwrap_or_default();
    let (_, _, most) = budget(level);
    let in_view: Vec<Value> =
        list(report, "lines").into_iter().filter(|line| line["in_view"] == Value::Bool(true)).collect();
    if in_view.len() > most {
        faults.push(format!("{} findings in view, {most} are allowed", in_view.len()));
    }
    if list(report, "ask").len() > 2 {
        faults.push("more than two questions".to_owned());
    }
    for line in list(report, "lines").iter().chain(&list(report, "ask")) {
        let text = line["text"].as_str().or(line["question"].as_str()).unwrap_or_default();
        let ids = list(line, "findings");
        // What nothing was found in is told by what it is as a whole: its files are the evidence.
        let in_view = line["in_view"] != Value::Bool(false);
        let is_whole = level == "routine" && !list(report, "files").is_empty();
        if ids.is_empty() && in_view && !is_whole {
            faults.push(format!("no finding behind: {text}"));
        }
        for id in &ids {
            let Some(finding) = findings.iter().find(|finding| finding["id"] == *id) else {
                faults.push(format!("no finding {id} for: {text}"));
                continue;
            };
            let rule = finding["rule"].as_str().unwrap_or_default();
            let none_needed = WITHOUT_EVIDENCE
                .iter()
                .any(|(prefix, _)| rule == *prefix || prefix.ends_with('.') && rule.starts_with(prefix));
            let places = list(finding, "evidence");
            if places.is_empty() && !none_needed {
                faults.push(format!("{rule} has no evidence: {text}"));
            }
            for place in places {
                let (path, side) =
                    (place["path"].as_str().unwrap_or_default(), place["side"].as_str().unwrap_or_default());
                let line = place["line"].as_u64().unwrap_or(0) as usize;
                match read(side, path) {
                    None => faults.push(format!("{rule}: {path} does not exist {side} the change")),
                    Some(text) if line > text.lines().count().max(1) => {
                        faults.push(format!("{rule}: {path} has no line {line} {side} the change"));
                    }
                    Some(_) => {}
                }
            }
        }
    }
    if report["headline"].as_str().is_none_or(|headline| headline.is_empty() || headline.ends_with('.')) {
        faults.push(format!("the headline {} is empty or ends with a full stop", report["headline"]));
    }
    faults
}
