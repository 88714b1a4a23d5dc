//! The reason for a change, in its author's own words: quoted, never rephrased.

use std::sync::LazyLock;

use regex::Regex;

use super::{Why, WhySource};
use crate::change::Words;

/// Words that begin or hold a stated reason. Source: the selection order of the wording guide, 3.5.
static REASON: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(because|so that|in order to|to allow|allows? (for|us|you|them|it|the|a|an|this|that|\w+ to)|deprecated in favou?r|causes? (a|an|the|some)|caused by|due to|fix(es|ed)? (a|an|the) (bug|issue|problem|crash|error) (where|when|that|with|in)|(no longer|not|never) (needed|used|necessary|required|supported)|makes? it possible|to (avoid|prevent)|otherwise,? |needed (for|to|by)|required (for|by))\b",
    )
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

/// Finds the reason: the first sentence with a reason word in the body, then in the commits; the linked issue's title;
/// else the first plain step that the author lists.
pub(super) fn find(words: &Words) -> Option<Why> {
    let body = words.body.iter().map(|body| (body.as_str(), WhySource::Body));
    let newest_first = words.commits.iter().filter(|commit| !commit.is_merge && !commit.author.is_bot());
    let commits: Vec<(&str, WhySource)> =
        newest_first.map(|commit| (commit.body.as_str(), WhySource::Commit)).collect();
    let title = words.title.as_deref().unwrap_or_default();
    let sources: Vec<(Vec<String>, WhySource)> =
        body.chain(commits).map(|(text, source)| (sentences(text), source)).collect();

    for (sentences, source) in &sources {
        if let Some(sentence) = sentences.iter().find(|sentence| REASON.is_match(sentence)) {
            return Some(Why { quote: cut(sentence), source: *source, is_reason: true });
        }
    }
    if let Some(issue) = &words.issue {
        return Some(Why { quote: cut(issue), source: WhySource::Issue, is_reason: true });
    }
    for (sentences, source) in &sources {
        let step = sentences
            .iter()
            .find(|sentence| sentence.split_whitespace().count() >= 3 && !title.contains(sentence.as_str()));
        if let Some(step) = step {
            return Some(Why { quote: cut(step), source: *source, is_reason: false });
        }
    }
    None
}

/// Plain sentences of a text: code blocks, HTML, templates' headings, tables, tick boxes and trailers left out.
pub(crate) fn sentences(text: &str) -> Vec<String> {
    let text: String = text.chars().take(20_000).collect();
    let text = COMMENT.replace_all(&text, " ");
    let mut plain = Vec::new();
    let mut paragraph = String::new();
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
            flush(&mut paragraph, &mut plain);
            continue;
        }
        if fence.is_some() {
            continue;
        }
        // What a bot appends under a rule, and what a template asks for, are not the author's words.
        if line == "---" || line == "***" {
            flush(&mut paragraph, &mut plain);
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
            flush(&mut paragraph, &mut plain);
        }
        if skip {
            continue;
        }
        if !paragraph.is_empty() {
            paragraph.push(' ');
        }
        paragraph.push_str(item);
    }
    flush(&mut paragraph, &mut plain);
    plain
}

fn flush(paragraph: &mut String, plain: &mut Vec<String>) {
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
            plain.push(sentence.to_owned());
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
    fn a_reason_is_quoted_as_it_stands() {
        let why = body("Adds a box.\nThis allows tags to have their own value. Done.").expect("a reason");
        assert_eq!(why.quote, "This allows tags to have their own value.");
        assert!(why.is_reason);
    }

    #[test]
    fn a_step_is_not_a_reason() {
        let why = body("## Changes\n- Added product reviews to UI\n- More").expect("a step");
        assert_eq!((why.quote.as_str(), why.is_reason), ("Added product reviews to UI", false));
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
