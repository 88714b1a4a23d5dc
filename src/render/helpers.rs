//! The helpers that templates may use. Each writes for one place: Markdown, a terminal, plain text. None can panic.

use std::sync::Arc;

use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, RenderError,
    RenderErrorReason, Renderable,
};
use serde_json::Value;

use super::escape;
use super::{Links, Style, View};

/// How many names of a list stand before "and 4 more".
const NAMES_SHOWN: usize = 3;

/// How many characters of a title are shown.
const TITLE_SHOWN: usize = 72;

/// The text that a helper writes.
type Written = Result<String, RenderError>;

/// Binds escaping and helpers to one style.
pub(super) fn register(engine: &mut Handlebars<'static>, style: Arc<Style>) {
    let view = style.view;
    engine.register_escape_fn(move |text| prose(text, view));
    let mut add = |name, helper| engine.register_helper(name, helper);
    add("code", writes(move |h, _| Ok(code(&text_of(&param(h, 0, "code")?), view))));
    add("list", writes(move |h, engine| list(h, engine, |name| code(name, view))));
    add("titles", writes(move |h, engine| list(h, engine, |name| prose(name, view))));
    add("plural", writes(plural));
    add("number", writes(number));
    add("b", Box::new(Bold(view)));
    add("quote", writes(move |h, engine| quote(h, engine, view)));
    add("title", writes(move |h, engine| title(h, engine, view)));
    let shared = style.clone();
    add("link", writes(move |h, _| link(h, &shared)));
    let shared = style.clone();
    add("pull", writes(move |h, _| pull(h, &shared)));
    add("links", writes(move |h, _| links(h, &style)));
    add("attribute", writes(move |h, _| Ok(attribute(&text_of(&param(h, 0, "attribute")?), view))));
    add("date", writes(date));
    // Prints what this program has already rendered for the same place. Frames use it for lines; a test forbids it,
    // like raw braces, wherever strangers' text could stand.
    add("ready", writes(|h, _| Ok(text_of(&param(h, 0, "ready")?))));
}

/// A helper that writes one text made of its parameters.
fn writes(
    text: impl Fn(&Helper<'_>, &Handlebars<'_>) -> Written + Send + Sync + 'static,
) -> Box<dyn HelperDef + Send + Sync> {
    Box::new(
        move |h: &Helper<'_>,
              engine: &Handlebars<'_>,
              _: &Context,
              _: &mut RenderContext<'_, '_>,
              out: &mut dyn Output|
              -> HelperResult { Ok(out.write(&text(h, engine)?)?) },
    )
}

/// Prose of strangers, harmless where it goes.
pub(super) fn prose(text: &str, view: View) -> String {
    match view {
        View::Markdown => escape::markdown_prose(text),
        View::Html => escape::html_prose(text),
        View::Terminal { .. } => escape::terminal(text),
        View::Plain => escape::visible(text),
    }
}

/// A name in code style.
pub(super) fn code(text: &str, view: View) -> String {
    match view {
        View::Markdown => escape::markdown_code(text),
        View::Html => escape::html_code(text),
        View::Terminal { .. } => escape::terminal(text),
        View::Plain => escape::visible(text),
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn param(h: &Helper<'_>, at: usize, name: &'static str) -> Result<Value, RenderErrorReason> {
    h.param(at).map(|param| param.value().clone()).ok_or(RenderErrorReason::ParamNotFoundForIndex(name, at))
}

/// Text for an attribute, a page's name or a drawing, where no mark of prose has a meaning.
fn attribute(text: &str, view: View) -> String {
    match view {
        View::Html => escape::html(text),
        view => prose(text, view),
    }
}

/// The first names of a list, in code style or as prose, and how many more there are.
fn list(h: &Helper<'_>, engine: &Handlebars<'_>, style: impl Fn(&str) -> String) -> Written {
    let value = param(h, 0, "list")?;
    let names: Vec<String> = match &value {
        Value::Array(items) => items.iter().map(text_of).collect(),
        other => vec![text_of(other)],
    };
    let most =
        h.hash_get("most").and_then(|most| most.value().as_u64()).map_or(NAMES_SHOWN, |most| most as usize);
    let shown: Vec<String> = names
        .iter()
        .take(if names.len() == most + 1 { most + 1 } else { most })
        .map(|name| style(name))
        .collect();
    let values = serde_json::json!({"names": shown, "more": names.len().saturating_sub(shown.len())});
    Ok(words::join(engine, &values))
}

/// Small words and marks of the language, each a template of `words/`.
mod words {
    use handlebars::Handlebars;
    use serde_json::Value;

    /// A word or mark that depends on nothing.
    pub(super) fn of(engine: &Handlebars<'_>, name: &str) -> String {
        engine.render(&format!("words/{name}"), &Value::Null).unwrap_or_default()
    }

    /// `a`, `a and b`, `a, b and c`, `a, b, c and 4 more`.
    pub(super) fn join(engine: &Handlebars<'_>, values: &Value) -> String {
        let names: Vec<&str> = values["names"]
            .as_array()
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let more = values["more"].as_u64().unwrap_or(0);
        let word = |name: &str| engine.render(&format!("words/{name}"), values).unwrap_or_default();
        let mut parts: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        if more > 0 {
            parts.push(word("more"));
        }
        match parts.split_last() {
            None => String::new(),
            Some((only, [])) => only.clone(),
            Some((last, first)) => format!("{} {} {last}", first.join(", "), word("and")),
        }
    }
}

fn plural(h: &Helper<'_>, engine: &Handlebars<'_>) -> Written {
    let n = count(&param(h, 0, "plural")?);
    let digits = grouped(n, &words::of(engine, "thousands"));
    let form = if n == 1 { "one" } else { "other" };
    let text = h.hash_get(form).map(|value| text_of(value.value())).unwrap_or_default();
    Ok(text.replace('#', &digits))
}

fn count(value: &Value) -> u64 {
    match value {
        Value::Array(items) => items.len() as u64,
        other => other.as_u64().unwrap_or(0),
    }
}

/// Digits, with the language's mark between thousands.
fn grouped(n: u64, mark: &str) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push_str(mark);
        }
        out.push(digit);
    }
    out
}

fn number(h: &Helper<'_>, engine: &Handlebars<'_>) -> Written {
    let n = count(&param(h, 0, "number")?);
    Ok(if n == 1 { words::of(engine, "one") } else { grouped(n, &words::of(engine, "thousands")) })
}

struct Bold(View);

impl HelperDef for Bold {
    fn call<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        engine: &'reg Handlebars<'reg>,
        context: &'rc Context,
        rc: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let (open, close) = match self.0 {
            View::Markdown => ("**", "**"),
            View::Html => ("<strong>", "</strong>"),
            View::Terminal { color: true } => ("\u{1b}[1m", "\u{1b}[22m"),
            View::Terminal { color: false } | View::Plain => ("", ""),
        };
        out.write(open)?;
        if let Some(template) = h.template() {
            template.render(engine, context, rc, out)?;
        }
        out.write(close)?;
        Ok(())
    }
}

/// The words of a person, in the quotation marks of the language.
fn quote(h: &Helper<'_>, engine: &Handlebars<'_>, view: View) -> Written {
    quoted(h, engine, view, text_of(&param(h, 0, "quote")?).trim())
}

/// The title of a change or an issue, cut at `TITLE_SHOWN` and without its numbers.
fn title(h: &Helper<'_>, engine: &Handlebars<'_>, view: View) -> Written {
    let text = text_of(&param(h, 0, "title")?);
    quoted(h, engine, view, &cut(without_numbers(text.trim()), TITLE_SHOWN))
}

fn quoted(h: &Helper<'_>, engine: &Handlebars<'_>, view: View, text: &str) -> Written {
    let (open, close) = (words::of(engine, "quote_open"), words::of(engine, "quote_close"));
    // A quotation mark inside would end the quotation for the reader.
    let text = text.replace(|c| open.contains(c) || close.contains(c), "'");
    let (open, close) = match view {
        View::Html => ("<q>", "</q>"),
        _ => (open.as_str(), close.as_str()),
    };
    // What ends a sentence inside the quotation ends ours as well.
    let end = match h.hash_get("end") {
        Some(end) if !text.ends_with(['.', '!', '?', '…']) => text_of(end.value()),
        _ => String::new(),
    };
    Ok(format!("{open}{}{close}{end}", prose(&text, view)))
}

/// A title without the numbers of pull requests and issues at its end, `#12` or `(#12)`.
fn without_numbers(title: &str) -> &str {
    let mut title = title;
    while let Some((rest, last)) = title.rsplit_once(' ') {
        let number = last.trim_start_matches('(').trim_end_matches(')').strip_prefix('#');
        if !number
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
        {
            break;
        }
        // "Clean up for #12" needs its number.
        let rest = rest.trim_end();
        let last = rest.rsplit(' ').next().unwrap_or(rest);
        if ["for", "of", "in", "to", "from", "with", "per", "see", "and"]
            .iter()
            .any(|word| last.eq_ignore_ascii_case(word))
        {
            break;
        }
        title = rest;
    }
    title.strip_suffix('.').filter(|title| !title.ends_with('.')).unwrap_or(title)
}

/// Cuts at a word, never inside a code span.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut length = 0;
    let mut in_code = false;
    for word in text.split_inclusive(char::is_whitespace) {
        length += word.chars().count();
        let opens = word.starts_with('`') || in_code;
        if length > most && !kept.is_empty() && !in_code {
            break;
        }
        in_code = opens && (in_code ^ (word.matches('`').count() % 2 == 1));
        kept.push_str(word);
    }
    // One word, or one code span, may be of any length; 200 letters are where patience ends.
    let kept: String = kept.trim_end().chars().take(most.saturating_mul(3).max(200)).collect();
    format!("{}…", kept.trim_end_matches([',', ';', ':', '.', '-']))
}

/// ` (name)` with a link to the evidence.
fn link(h: &Helper<'_>, style: &Style) -> Written {
    let name = text_of(&param(h, 0, "link")?);
    let place = param(h, 1, "link")?;
    // Where the sentence names the file, its path alone would say it again.
    let is_said = h.hash_get("said").is_some_and(|said| said.value() == &Value::Bool(true));
    if is_said && style.links == Links::Paths && place.get("line").is_none_or(Value::is_null) {
        return Ok(String::new());
    }
    Ok(one_link(&name, &place, style).map(|link| format!(" ({link})")).unwrap_or_default())
}

/// ` (name, name)`, each with a link to its evidence.
fn links(h: &Helper<'_>, style: &Style) -> Written {
    let (names, places) = (param(h, 0, "links")?, param(h, 1, "links")?);
    let names = names.as_array().cloned().unwrap_or_default();
    let places = places.as_array().cloned().unwrap_or_default();
    let links: Vec<String> = names
        .iter()
        .zip(&places)
        .take(NAMES_SHOWN)
        .filter_map(|(name, place)| one_link(&text_of(name), place, style))
        .collect();
    Ok(if links.is_empty() { String::new() } else { format!(" ({})", links.join(", ")) })
}

/// `[name](address)`, `path:line`, or nothing.
fn one_link(name: &str, place: &Value, style: &Style) -> Option<String> {
    let path = place.get("path")?.as_str()?;
    let line = place.get("line").and_then(Value::as_u64);
    match &style.links {
        Links::None => None,
        Links::Names => Some(prose(name, style.view)),
        Links::Paths => {
            let shown = match line {
                Some(line) => format!("{path}:{line}"),
                None => path.to_owned(),
            };
            Some(code(&shown, style.view))
        }
        Links::Forge { web, base, head } => {
            let commit =
                if place.get("side").and_then(Value::as_str) == Some("before") { base } else { head };
            // Prose is shown rendered unless asked for plain, and a rendered page has no lines to point at.
            let plain = if line.is_some() && path.ends_with(".md") { "?plain=1" } else { "" };
            let anchor = line.map(|line| format!("#L{line}")).unwrap_or_default();
            let address = format!("{web}/blob/{commit}/{}{plain}{anchor}", escape::url_path(path));
            Some(anchored(name, &address, style.view))
        }
    }
}

/// A name that leads to an address, where the view has links.
fn anchored(name: &str, address: &str, view: View) -> String {
    match view {
        View::Html => format!("<a href=\"{}\">{}</a>", escape::html(address), prose(name, view)),
        View::Markdown => format!("[{}]({address})", prose(name, view)),
        View::Terminal { .. } | View::Plain => prose(name, view),
    }
}

/// The number of a pull request; with a link where the forge is known to keep it there.
fn pull(h: &Helper<'_>, style: &Style) -> Written {
    let number = count(&param(h, 0, "pull")?);
    let name = format!("#{number}");
    Ok(match &style.links {
        Links::Forge { web, .. } if web.starts_with("https://github.com/") => {
            let address = format!("{web}/pull/{number}");
            match style.view {
                View::Markdown => format!("[{name}]({address})"),
                view => anchored(&name, &address, view),
            }
        }
        _ => name,
    })
}

fn date(h: &Helper<'_>, engine: &Handlebars<'_>) -> Written {
    let text = text_of(&param(h, 0, "date")?);
    let mut parts = text.splitn(3, '-').map(|part| part.parse::<u32>().ok());
    let (year, month, day) = (parts.next().flatten(), parts.next().flatten(), parts.next().flatten());
    engine.render("words/date", &serde_json::json!({"year": year, "month": month, "day": day}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_cut_at_a_word_and_never_in_code() {
        assert_eq!(cut("short", 72), "short");
        assert_eq!(cut("one two three", 8), "one two…");
        assert_eq!(cut("a `long name in code` b", 1), "a…");
        assert_eq!(cut("`long name in code` b", 6), "`long name in code`…");
    }

    #[test]
    fn numbers_of_issues_are_no_part_of_a_title() {
        assert_eq!(without_numbers("Remove it #1720 (#1767)"), "Remove it");
        assert_eq!(without_numbers("Use C #"), "Use C #");
        assert_eq!(without_numbers("#12"), "#12");
        assert_eq!(without_numbers("Clean up for #12 (#13)"), "Clean up for #12");
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(grouped(12, ","), "12");
        assert_eq!(grouped(1234567, ","), "1,234,567");
        assert_eq!(grouped(1234567, "."), "1.234.567");
    }
}
