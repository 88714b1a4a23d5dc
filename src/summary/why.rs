//! The reason for a change, in its author's own words: quoted, never rephrased.

use std::sync::LazyLock;

use regex::Regex;

use super::{LinkedIssue, Why, WhySource};
use crate::change::Words;

/// Words that begin or hold a stated reason. Source: the selection order of the wording guide, 3.5.
static REASON: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(because|so that|so (we|you|they|it|users|people) (can|could|may|do|don't|no longer|will)|in order to|to allow|allows? (for|us|you|them|it|the|a|an|this|that|\w+ to)|deprecated in favou?r|(no longer|never|not currently|currently not) (needed|used|necessary|required|supported)|not (needed|used|supported)|makes? it possible)\b",
    )
    .expect("the pattern is fixed and compiles")
});

/// Words that tell a cause: of the change where they stand at its beginning, else of one step of it.
static CAUSE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(caus(es|ing) (a|an|the|some|major|many)|which (broke|breaks|caused|causes)|caused by|due to|fix(es|ed)? (a|an|the) (bug|issue|problem|crash|error) (where|when|that|with|in)|to (avoid|prevent)|otherwise,? )\b",
    )
    .expect("the pattern is fixed and compiles")
});
/// So many sentences are the beginning.
const BEGINNING: usize = 5;

/// Steps of a review, not of the change.
static NOISE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^(\w+(\([^)]*\))?: )?((apply|address(ed|es)?|respond to|incorporate|implement)?\s*(pr |code |review |some )*(suggestions?|feedback|comments?|nits?)\b|merge (branch|remote|pull|main|master)|wip\b|lint\b|(run |fix(ed)? |update(d)? |add(ed)? )*(the )?(lint(er|ing)?|tests?|specs?|build|ci|typos?|formatting|prettier|rubocop|changelog|snapshots?|changesets?)\.?$)",
    )
    .expect("the pattern is fixed and compiles")
});

/// An issue that a title points at; the number in brackets at its end is the change's own.
static ISSUE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:^|\s)(#[0-9]{1,7})\b").expect("the pattern is fixed and compiles"));
/// An issue that a text says it belongs to.
static CLOSES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:fix(?:es|ed)?|close[sd]?|resolve[sd]?|refs?|part of|relate[sd]? to)\s*:?\s+(#[0-9]{1,7})\b")
        .expect("the pattern is fixed and compiles")
});

static COMMENT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?s)<!--.*?(-->|\z)").expect("the pattern is fixed and compiles"));
static TAG: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)</?[a-z][^>\n]{0,300}>").expect("the pattern is fixed and compiles"));
static LINK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"!?\[([^\]\n]{0,300})\]\([^)\n]{0,600}\)").expect("the pattern is fixed and compiles")
});
static TRAILER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^\s*(signed-off-by|co-authored-by|reviewed-by|acked-by|tested-by|change-id|cc|see-also|release-note|changelog|generated (with|by)|bump-type|fixes|closes|resolves|refs?|relates? to|part of|issue|ticket|jira)\s*:?\s*(#|https?:|\S+#\d|[A-Z]+-\d|[^:\n]*<[^>\n]*@|:)")
        .expect("the pattern is fixed and compiles")
});

const MOST_WORDS: usize = 30;
/// A longer list tells the steps of the work, and a reason inside is the reason of one step.
const SHORT_LIST: usize = 2;

/// A sentence, and whether it stands in a list.
pub(crate) struct Sentence {
    pub(crate) text: String,
    is_item: bool,
}

/// Finds the reason: the first sentence with a reason word in the body, then in the commits; else the first plain step that the author lists, or the first sentence. What a bot writes is nobody's reason.
pub(super) fn find(words: &Words) -> Option<Why> {
    let people = || words.commits.iter().filter(|commit| !commit.is_merge && !commit.author.is_bot());
    if !words.commits.is_empty() && people().next().is_none() {
        return None;
    }
    let body = words.body.iter().map(|body| (body.as_str(), WhySource::Body));
    let commits = people().map(|commit| (commit.body.as_str(), WhySource::Commit));
    let title = words.title.as_deref().unwrap_or_default();
    let sources: Vec<(Vec<Sentence>, WhySource)> =
        body.chain(commits).map(|(text, source)| (sentences(text), source)).collect();

    for (sentences, source) in &sources {
        let items = sentences.iter().filter(|sentence| sentence.is_item).count();
        let spoken = || sentences.iter().filter(|sentence| !sentence.is_item || items <= SHORT_LIST);
        let reason = spoken().find(|sentence| REASON.is_match(&sentence.text));
        let cause = || spoken().take(BEGINNING).find(|sentence| CAUSE.is_match(&sentence.text));
        if let Some(sentence) = reason.or_else(cause) {
            return Some(Why {
                quote: cut(&sentence.text),
                source: *source,
                is_reason: true,
                is_step: false,
            });
        }
    }
    for (sentences, source) in &sources {
        let mut steps = sentences.iter().filter(|Sentence { text, .. }| {
            text.split_whitespace().count() >= 3 && !title.contains(text.as_str()) && !NOISE.is_match(text)
        });
        // Of several steps in a list, the first that can be read without the code.
        let first = steps.next();
        let step = match first {
            Some(first) if first.is_item && !is_plain(&first.text) => {
                steps.find(|step| step.is_item && is_plain(&step.text)).or(Some(first))
            }
            first => first,
        };
        if let Some(step) = step {
            let text = step.text.strip_suffix('.').filter(|text| !text.ends_with('.')).unwrap_or(&step.text);
            return Some(Why { quote: cut(text), source: *source, is_reason: false, is_step: step.is_item });
        }
    }
    None
}

/// The issue that the author points at, as `#12`: in the title, else in the text.
pub(super) fn issue(words: &Words) -> Option<LinkedIssue> {
    let in_title = words.title.iter().filter_map(|title| ISSUE.captures(title)).map(|found| (found, true));
    let texts = words.body.iter().chain(words.commits.iter().map(|commit| &commit.body));
    let in_text = texts.filter_map(|text| CLOSES.captures(text)).map(|found| (found, false));
    let (found, in_title) = in_title.chain(in_text).next()?;
    let title = words.issue.as_deref().map(cut);
    Some(LinkedIssue { number: found[1].to_owned(), in_title, title })
}

/// Plain sentences of a text: code blocks, HTML, templates' headings, tables, tick boxes and trailers left out.
pub(crate) fn sentences(text: &str) -> Vec<Sentence> {
    let text: String = text.chars().take(20_000).collect();
    let text = COMMENT.replace_all(&text, " ");
    let mut plain = Vec::new();
    let mut paragraph = String::new();
    let mut in_item = false;
    let mut fence: Option<char> = None;
    for line in text.lines() {
        let line = line.trim();
        let marker = ['`', '~'].into_iter().find(|c| line.starts_with(&c.to_string().repeat(3)));
        if let Some(marker) = marker {
            fence = match fence {
                None => Some(marker),
                Some(open) if open == marker => None,
                open => open,
            };
            flush(&mut paragraph, in_item, &mut plain);
            continue;
        }
        if fence.is_some() {
            continue;
        }
        // What a bot appends under a rule, and what a template asks for, are not the author's words.
        if line == "---" || line == "***" {
            flush(&mut paragraph, in_item, &mut plain);
            if !plain.is_empty() {
                break;
            }
            continue;
        }
        let item = line.trim_start_matches(['-', '*', '+', '•']).trim_start();
        let starts_item = item.len() < line.len();
        let skip = line.is_empty()
            || line.starts_with(['#', '|', '>', '<'])
            || item.starts_with("[ ]")
            || item.starts_with("[x]")
            || item.starts_with("[X]")
            || TRAILER.is_match(item)
            || (line.starts_with("**") && line.trim_end_matches(':').ends_with("**"));
        if skip || starts_item {
            flush(&mut paragraph, in_item, &mut plain);
        }
        if skip {
            in_item = false;
            continue;
        }
        in_item |= starts_item;
        if !paragraph.is_empty() {
            paragraph.push(' ');
        }
        paragraph.push_str(item);
    }
    flush(&mut paragraph, in_item, &mut plain);
    plain
}

fn flush(paragraph: &mut String, is_item: bool, plain: &mut Vec<Sentence>) {
    let text = LINK.replace_all(paragraph, "$1");
    let text = TAG.replace_all(&text, "");
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = rest
            .char_indices()
            .find(|(at, c)| {
                let after = &rest[at + c.len_utf8()..];
                matches!(c, '.' | '!' | '?')
                    && after.chars().next().is_none_or(char::is_whitespace)
                    && !ends_in_abbreviation(&rest[..*at])
            })
            .map_or(rest.len(), |(at, c)| at + c.len_utf8());
        let sentence = rest[..end].trim();
        let is_link = sentence.starts_with("http") && !sentence.contains(' ');
        if !sentence.is_empty() && !is_link && sentence.chars().any(char::is_alphabetic) {
            plain.push(Sentence { text: sentence.to_owned(), is_item });
        }
        rest = rest[end..].trim_start();
    }
    paragraph.clear();
}

fn ends_in_abbreviation(text: &str) -> bool {
    ["e.g", "i.e", "etc", "vs", "cf", "approx"].iter().any(|short| {
        text.len() >= short.len()
            && text.is_char_boundary(text.len() - short.len())
            && text[text.len() - short.len()..].eq_ignore_ascii_case(short)
    })
}

/// Short, and without the signs of code.
fn is_plain(text: &str) -> bool {
    const PLAIN_WORDS: usize = 18;
    text.split_whitespace().count() <= PLAIN_WORDS
        && !text.contains(['(', '[', '{', '=', ';', '<', '_', '`'])
        && !text.contains("::")
}

/// At most thirty words.
pub(crate) fn cut(sentence: &str) -> String {
    let words: Vec<&str> = sentence.split_whitespace().collect();
    if words.len() <= MOST_WORDS {
        return words.join(" ");
    }
    format!("{}…", words[..MOST_WORDS].join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> Option<Why> {
        find(&Words { body: Some(text.to_owned()), ..Words::default() })
    }

    #[test]
    fn of_many_steps_a_plain_one_is_quoted() {
        let text =
            "- Drop `x` from Y(a, b), keeping [z]\n- Move the menu to the left\n- Also the colour of it";
        let why = body(text).expect("a step");
        assert_eq!((why.quote.as_str(), why.is_step), ("Move the menu to the left", true));
        let text = "- Drop `x` from it\n- Drop `y` from it too";
        assert_eq!(body(text).expect("a step").quote, "Drop `x` from it");
    }

    #[test]
    fn what_a_tool_does_not_require_is_no_reason() {
        let why = body("No attachments, so the store is not required.").expect("a sentence");
        assert!(!why.is_reason);
    }

    #[test]
    fn a_reason_is_quoted_as_it_stands() {
        let why = body("Adds a box.\nThis allows tags to have their own value. Done.").expect("a reason");
        assert_eq!(why.quote, "This allows tags to have their own value.");
        assert!(why.is_reason);
    }

    #[test]
    fn a_reason_of_one_step_is_not_the_reason_of_the_change() {
        let steps = "- Add a page\n- Fix the list because tests failed\n- Move the menu";
        assert!(!body(steps).expect("a step").is_reason);
        let late = format!("{}The cache is emptied due to a limit.", "We did a thing here. ".repeat(6));
        assert!(!body(&late).expect("a sentence").is_reason);
        assert!(body("The page failed due to a limit.").expect("a cause").is_reason);
    }

    #[test]
    fn bots_have_no_reasons() {
        let commit = crate::change::Commit {
            id: String::new(),
            subject: "Bump x".into(),
            body: String::new(),
            author: crate::change::Person { name: "dependabot[bot]".into(), email: String::new() },
            time: 0,
            is_merge: false,
        };
        let body = Some("Bumps x because of y.".to_owned());
        assert_eq!(find(&Words { body, commits: vec![commit], ..Words::default() }), None);
    }

    #[test]
    fn an_issue_is_named_by_title_or_text() {
        let of = |title: &str, body: &str| {
            let words = Words { title: Some(title.into()), body: Some(body.into()), ..Words::default() };
            issue(&words).map(|issue| (issue.number, issue.in_title))
        };
        assert_eq!(of("Remove it #1720 (#1767)", ""), Some(("#1720".to_owned(), true)));
        assert_eq!(of("Remove it (#1767)", "Some words.\nFixes #12"), Some(("#12".to_owned(), false)));
        assert_eq!(of("Remove it (#1767)", "As in #12"), None);
    }

    #[test]
    fn a_step_is_not_a_reason() {
        let why = body("## Changes\n- Added product reviews to UI\n- More").expect("a step");
        assert_eq!(
            (why.quote.as_str(), why.is_reason, why.is_step),
            ("Added product reviews to UI", false, true)
        );
    }

    #[test]
    fn templates_code_and_trailers_are_no_words() {
        for text in [
            "",
            "<!-- say why, because we ask -->",
            "```\nbecause of code\n```",
            "- [ ] I did this because",
            "Signed-off-by: A <a@b.c>\nCo-authored-by: B <b@c.d>",
            "Fixes #12",
            "Closes: https://x.y/because",
        ] {
            assert_eq!(body(text), None, "{text}");
        }
    }

    #[test]
    fn long_sentences_are_cut_at_thirty_words() {
        let why = body(&format!("because {}", "word ".repeat(40))).expect("a reason");
        assert_eq!(why.quote.split_whitespace().count(), 30);
        assert!(why.quote.ends_with('…'));
    }
}
