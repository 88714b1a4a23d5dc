//! `.env` files and their templates: `NAME=value`, one a line.

use super::Setting;

/// Reads the lines that set a name; comments and all else are passed over.
pub fn read(text: &str) -> Vec<Setting> {
    (1u32..).zip(text.lines()).filter_map(|(line, text)| assignment(text, line)).collect()
}

fn assignment(text: &str, line: u32) -> Option<Setting> {
    let text = text.trim();
    let text = text.strip_prefix("export ").unwrap_or(text);
    let (name, value) = text.split_once('=')?;
    let name = name.trim();
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.is_empty();
    is_name.then(|| Setting { key: name.to_owned(), value: value_of(value), line, ..Setting::default() })
}

/// Quotes and a comment behind the value do not belong to it; an empty value is none.
pub(super) fn value_of(written: &str) -> Option<String> {
    let written = written.trim();
    let quoted = ['"', '\''].into_iter().find_map(|quote| {
        let rest = written.strip_prefix(quote)?;
        Some(&rest[..rest.find(quote)?])
    });
    let value = quoted.unwrap_or_else(|| written.split(" #").next().unwrap_or(written).trim());
    (!value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn values_lose_quotes_and_comments() {
        let text = "A=\"x # y\" # z\nB=1 # two\n# C=3\nD=\nnot a setting=1\nE='";
        let read: Vec<_> = super::read(text).into_iter().map(|s| (s.key, s.value, s.line)).collect();
        let wanted = [("A", Some("x # y"), 1), ("B", Some("1"), 2), ("D", None, 4), ("E", Some("'"), 6)];
        assert_eq!(read, wanted.map(|(key, value, line)| (key.to_owned(), value.map(str::to_owned), line)));
    }
}
