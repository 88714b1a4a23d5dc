//! Makes strangers' text harmless for the place where it is printed: Markdown prose, Markdown code, HTML, a terminal.

/// Invisible characters that reorder or hide text: controls, bidi marks, zero-width characters, line separators.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// One line without anything invisible: white space becomes one space, the rest U+FFFD.
pub fn visible(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_whitespace() {
            if !line.ends_with(' ') {
                line.push(' ');
            }
        } else if is_deceptive(c) {
            line.push('\u{fffd}');
        } else {
            line.push(c);
        }
    }
    line
}

/// A code span that nothing in the text can leave: the fence is longer than any run of backticks inside.
pub fn markdown_code(text: &str) -> String {
    let text = visible(text);
    let text = text.trim();
    if text.is_empty() {
        return "`\u{fffd}`".to_owned();
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Keeps GitHub from seeing a mention, an issue, a commit or an address: a zero-width space, which the reader does
/// not see, stands where the pattern would begin to match.
const BREAK: char = '\u{200b}';

/// Prose with every Markdown and HTML special escaped, nothing that pings or links, and balanced code spans kept.
pub fn markdown_prose(text: &str) -> String {
    with_code_spans(text, prose_without_code, |code| markdown_code(code.trim()))
}

/// Writes a text by its parts: what stands between balanced code spans, and what stands inside them.
fn with_code_spans(text: &str, prose: fn(&str, &mut String), code: fn(&str) -> String) -> String {
    let text = visible(text);
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text.as_str();
    while let Some(start) = rest.find('`') {
        let fence = rest[start..].chars().take_while(|c| *c == '`').count();
        let inside = &rest[start + fence..];
        let Some(end) = closing(inside, fence) else { break };
        prose(&rest[..start], &mut out);
        out.push_str(&code(&inside[..end]));
        rest = &inside[end + fence..];
    }
    prose(rest, &mut out);
    out
}

/// Where a run of exactly `fence` backticks begins.
fn closing(text: &str, fence: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(start) = text[at..].find('`').map(|offset| at + offset) {
        let run = text[start..].chars().take_while(|c| *c == '`').count();
        if run == fence {
            return Some(start);
        }
        at = start + run;
    }
    None
}

/// So many hex digits are too few for GitHub to take them for a commit.
const PLAIN_DIGITS: usize = 6;

fn prose_without_code(text: &str, out: &mut String) {
    let chars: Vec<char> = text.chars().collect();
    let word_before = |at: usize, word: &str| {
        let from = at.saturating_sub(word.len());
        chars[from..at].iter().collect::<String>().eq_ignore_ascii_case(word)
    };
    let mut word = 0..0;
    let mut is_commit = false;
    for (at, &c) in chars.iter().enumerate() {
        if at >= word.end {
            word = at..at + 1.max(chars[at..].iter().take_while(|c| c.is_alphanumeric()).count());
            // A word of seven hex digits or more may be a commit, which GitHub links.
            is_commit = word.len() > PLAIN_DIGITS && chars[word.clone()].iter().all(char::is_ascii_hexdigit);
        }
        if is_commit && at > word.start && (at - word.start).is_multiple_of(PLAIN_DIGITS) {
            out.push(BREAK);
        }
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
        let pattern_begins = match c {
            '@' | '#' => true,
            ':' => chars.get(at + 1) == Some(&'/'),
            '.' => word_before(at, "www"),
            '-' => word_before(at, "gh"),
            _ => false,
        };
        if pattern_begins {
            out.push(BREAK);
        }
    }
}

/// Text for HTML, between tags and inside quoted attributes: no character that either would read as its own.
pub fn html(text: &str) -> String {
    let text = visible(text);
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // some old readers take it for a quotation mark
            '`' => out.push_str("&#96;"),
            _ => out.push(c),
        }
    }
    out
}

/// A name in code style for HTML.
pub fn html_code(text: &str) -> String {
    format!("<code>{}</code>", html(text.trim()))
}

/// Prose for HTML: escaped, and balanced code spans of Markdown shown as code.
pub fn html_prose(text: &str) -> String {
    with_code_spans(text, |prose, out| out.push_str(&html(prose)), html_code)
}

/// Text for a terminal: no control sequence, no reordering.
pub fn terminal(text: &str) -> String {
    visible(text)
}

/// A path as part of an address: everything but unreserved characters and slashes is percent-encoded.
pub fn url_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(byte as char)
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_cannot_be_left() {
        assert_eq!(markdown_code("a"), "`a`");
        assert_eq!(markdown_code("a`b"), "``a`b``");
        assert_eq!(markdown_code("`a"), "`` `a ``");
        assert_eq!(markdown_code("a\nb"), "`a b`");
        assert_eq!(markdown_code("a\u{202e}b"), "`a\u{fffd}b`");
    }

    #[test]
    fn prose_keeps_code_and_nothing_else() {
        assert_eq!(markdown_prose("use `x` **now**"), "use `x` \\*\\*now\\*\\*");
        assert_eq!(markdown_prose("<b>&"), "&lt;b&gt;&amp;");
        assert_eq!(markdown_prose("@team #12"), "@\u{200b}team #\u{200b}12");
        assert!(!markdown_prose("https://x.y www.a.b").contains("https://"));
        assert!(!markdown_prose("deadbeef01").contains("deadbee"));
        assert_eq!(markdown_prose("odd ` one"), "odd \\` one");
    }

    #[test]
    fn html_keeps_code_and_nothing_else() {
        assert_eq!(
            html_prose("use `<x>` <b>'now'</b>"),
            "use <code>&lt;x&gt;</code> &lt;b&gt;&#39;now&#39;&lt;/b&gt;"
        );
        assert_eq!(html_prose("odd ` one"), "odd &#96; one");
        assert_eq!(html("a\u{202e}b\n\"c\""), "a\u{fffd}b &quot;c&quot;");
    }

    proptest::proptest! {
        /// A real parser reads back what was put in, as one attribute and one text, whatever it was.
        #[test]
        fn html_is_read_back_as_it_was_meant(text in "(?s).{0,60}|[<>&\"'`/=a-z ]{0,40}") {
            let page = format!("<p title=\"{}\">{}</p>", html(&text), html(&text));
            let tree = roxmltree::Document::parse(&page).expect("well-formed");
            let root = tree.root_element();
            proptest::prop_assert_eq!(root.attribute("title").unwrap_or_default(), visible(&text));
            proptest::prop_assert_eq!(root.text().unwrap_or_default(), visible(&text));
            proptest::prop_assert_eq!(root.descendants().count(), if text.is_empty() { 1 } else { 2 });
            let prose = format!("<p>{}</p>", html_prose(&text));
            let tree = roxmltree::Document::parse(&prose).expect("well-formed");
            let known = tree.root_element().descendants().all(|node| {
                node.is_text() || matches!(node.tag_name().name(), "p" | "code")
            });
            proptest::prop_assert!(known);
        }
    }

    #[test]
    fn what_may_be_a_commit_is_no_link_and_words_stay_whole() {
        let broken = |text: &str| markdown_prose(text).matches(BREAK).count();
        for commit in ["0123456", "see deadbeef.", "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334", "(abcdef0)"] {
            assert!(broken(commit) > 0, "{commit}");
        }
        let whole = markdown_prose("a1b2c3d4e5f60718293a4b5c6d7e8f9001122334");
        assert!(whole.split(BREAK).all(|part| part.len() < 7), "{whole}");
        for word in ["feedback", "accede", "123456", "decadence", "0123456th"] {
            assert_eq!(broken(word), 0, "{word}");
        }
    }

    #[test]
    fn addresses_are_encoded() {
        assert_eq!(url_path("a b/ü(x).md"), "a%20b/%C3%BC%28x%29.md");
    }
}
