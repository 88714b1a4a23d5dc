//! Translation catalogues: words on screen by key, in one language a file.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::change::RepoPath;
use crate::formats::document::{self, Node, Value};

/// The words of one catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// Words and line by key. An untranslated key is not there.
    pub texts: BTreeMap<String, (String, u32)>,
}

/// Which language a catalogue is in, and the path that all languages of it share, with `*` for the language.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// `de`, `pt-br`; `default` where the path names none.
    pub language: String,
    /// The same for every language of one catalogue.
    pub family: String,
}

static LANGUAGE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[a-z]{2,3}(?:[-_](?:r?[A-Za-z]{2}|[A-Z][a-z]{3}|419))?$")
        .expect("the pattern is fixed and the tests run it")
});

/// Languages that a two-letter part of a path may mean; others are words of their own.
const LANGUAGES: &[&str] = &[
    "aa", "af", "am", "ar", "az", "be", "bg", "bn", "bs", "ca", "cs", "cy", "da", "de", "el", "en", "eo",
    "es", "et", "eu", "fa", "fi", "fil", "fr", "ga", "gl", "gu", "he", "hi", "hr", "hu", "hy", "id", "is",
    "it", "ja", "ka", "kk", "km", "kn", "ko", "lt", "lv", "mk", "ml", "mn", "mr", "ms", "my", "nb", "ne",
    "nl", "nn", "no", "pa", "pl", "pt", "ro", "ru", "si", "sk", "sl", "sq", "sr", "sv", "sw", "ta", "te",
    "th", "tr", "uk", "ur", "uz", "vi", "zh",
];

fn language_of(part: &str) -> Option<String> {
    let known = LANGUAGE.is_match(part)
        && part.split(['-', '_']).next().is_some_and(|first| LANGUAGES.contains(&first));
    known.then(|| part.replace('_', "-").replace("-r", "-").to_ascii_lowercase())
}

/// Language and family of a path.
pub fn place(path: &RepoPath) -> Place {
    let name = path.file_name();
    let (stem, ending) = name.split_once('.').unwrap_or((name, ""));
    let folder = path.folder();
    let family = |name: String| if folder.is_empty() { name } else { format!("{folder}/{name}") };
    // de.json, de.common.json
    if let Some(language) = language_of(stem) {
        return Place { language, family: family(format!("*.{ending}")) };
    }
    // messages_de.properties, app_de.arb, strings.de.resx, devise.de.yml
    let parts: Vec<(&str, &str)> =
        [stem.rsplit_once('_'), stem.split_once('_'), stem.rsplit_once('-')].into_iter().flatten().collect();
    for (first, last) in parts.iter().rev() {
        if let Some(language) = language_of(last) {
            return Place { language, family: family(format!("{first}*.{ending}")) };
        }
    }
    if let Some((language, rest)) =
        ending.split_once('.').and_then(|(first, rest)| Some((language_of(first)?, rest)))
    {
        return Place { language, family: family(format!("{stem}*.{rest}")) };
    }
    // locale/de/LC_MESSAGES/x.po, locales/de/common.json, values-de/strings.xml, de.lproj/x.strings
    let folders: Vec<&str> = path.folders().collect();
    for (at, part) in folders.iter().enumerate().rev() {
        let bare = part.strip_prefix("values-").or(part.strip_suffix(".lproj")).unwrap_or(part);
        if let Some(language) = language_of(bare) {
            let mut shared: Vec<&str> = folders.clone();
            let star = if part.starts_with("values-") { "values*" } else { "*" };
            shared[at] = star;
            return Place { language, family: format!("{}/{name}", shared.join("/")) };
        }
        if *part == "values" || *part == "Base.lproj" {
            let mut shared: Vec<&str> = folders.clone();
            shared[at] = if *part == "values" { "values*" } else { "*" };
            return Place { language: "default".to_owned(), family: format!("{}/{name}", shared.join("/")) };
        }
    }
    Place { language: "default".to_owned(), family: family(format!("{stem}*.{ending}")) }
}

/// Reads a catalogue; `None` for a format that is none.
pub fn read(path: &RepoPath, text: &str) -> Option<Catalogue> {
    let texts = match path.extension().as_str() {
        "po" | "pot" => gettext(text),
        "json" | "json5" | "arb" => flatten(&document::json(text).ok()?),
        "yml" | "yaml" => {
            let node = document::yaml(text).ok()?.into_iter().next()?;
            let mut entries = node.entries();
            // Rails: the one key at the top is the language
            match (entries.next(), entries.next()) {
                (Some((key, inner)), None) if language_of(key).is_some() => flatten(inner),
                _ => flatten(&node),
            }
        }
        "toml" => flatten(&document::toml(text).ok()?),
        "properties" => {
            let settings = super::properties::read(text);
            settings
                .into_iter()
                .filter_map(|setting| Some((setting.key, (setting.value?, setting.line))))
                .collect()
        }
        "ftl" if !crate::roles::is_freemarker(text) => fluent(text),
        "strings" => apple(text),
        "xml" | "resx" | "xlf" | "xliff" => xml(text)?,
        _ => return None,
    };
    Some(Catalogue { texts })
}

fn flatten(node: &Node) -> BTreeMap<String, (String, u32)> {
    fn walk(key: &str, node: &Node, texts: &mut BTreeMap<String, (String, u32)>) {
        match &node.value {
            Value::Text(text) if !key.is_empty() => {
                texts.insert(key.to_owned(), (text.clone(), node.line));
            }
            Value::Map(entries) => {
                // @key holds what translators need to know, in ARB
                for (name, child) in entries.iter().filter(|(name, _)| !name.starts_with('@')) {
                    walk(&if key.is_empty() { name.clone() } else { format!("{key}.{name}") }, child, texts);
                }
            }
            Value::List(items) => {
                for (at, child) in items.iter().enumerate() {
                    walk(&format!("{key}.{at}"), child, texts);
                }
            }
            _ => {}
        }
    }
    let mut texts = BTreeMap::new();
    walk("", node, &mut texts);
    texts
}

/// gettext: `msgid` is key and source text. Obsolete and fuzzy entries are no words on screen.
fn gettext(text: &str) -> BTreeMap<String, (String, u32)> {
    #[derive(PartialEq)]
    enum In {
        Nothing,
        Id,
        Text,
    }
    let mut texts = BTreeMap::new();
    let (mut id, mut translated, mut line, mut part, mut fuzzy) =
        (String::new(), String::new(), 0, In::Nothing, false);
    let unquoted = |text: &str| {
        text.trim().strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or("").to_owned()
    };
    for (number, text) in (1u32..).zip(text.lines().chain(std::iter::once("msgid \"\""))) {
        let text = text.trim();
        if let Some(rest) = text.strip_prefix("msgid ") {
            if !id.is_empty() && !translated.is_empty() && !fuzzy {
                texts.insert(std::mem::take(&mut id), (std::mem::take(&mut translated), line));
            }
            (id, line, part, fuzzy) = (unquoted(rest), number, In::Id, part == In::Nothing && fuzzy);
            translated.clear();
        } else if let Some(rest) = text.strip_prefix("msgstr ").or(text.strip_prefix("msgstr[0] ")) {
            (translated, part) = (unquoted(rest), In::Text);
        } else if text.starts_with('"') {
            match part {
                In::Id => id.push_str(&unquoted(text)),
                In::Text => translated.push_str(&unquoted(text)),
                In::Nothing => {}
            }
        } else if text.starts_with('#') {
            if part != In::Nothing && !id.is_empty() && !translated.is_empty() && !fuzzy {
                texts.insert(std::mem::take(&mut id), (std::mem::take(&mut translated), line));
            }
            fuzzy = (part == In::Nothing && fuzzy) || (text.starts_with("#,") && text.contains("fuzzy"));
            part = In::Nothing;
        }
    }
    texts
}

fn fluent(text: &str) -> BTreeMap<String, (String, u32)> {
    let mut texts: BTreeMap<String, (String, u32)> = BTreeMap::new();
    let mut last = String::new();
    for (number, line) in (1u32..).zip(text.lines()) {
        if line.starts_with([' ', '\t']) {
            if let Some((text, _)) = texts.get_mut(&last) {
                text.push(' ');
                text.push_str(line.trim());
            }
        } else if let (Some((key, value)), false) = (line.split_once('='), line.starts_with('#')) {
            last = key.trim().to_owned();
            texts.insert(last.clone(), (value.trim().to_owned(), number));
        }
    }
    texts
}

static APPLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"^\s*"((?:[^"\\]|\\.)*)"\s*=\s*"((?:[^"\\]|\\.)*)"\s*;"#)
        .expect("the pattern is fixed and the tests run it")
});

fn apple(text: &str) -> BTreeMap<String, (String, u32)> {
    let lines = (1u32..).zip(text.lines());
    lines
        .filter_map(|(number, line)| {
            APPLE.captures(line).map(|found| (found[1].to_owned(), (found[2].to_owned(), number)))
        })
        .collect()
}

/// Android strings, .NET resources and XLIFF.
fn xml(text: &str) -> Option<BTreeMap<String, (String, u32)>> {
    let options =
        roxmltree::ParsingOptions { allow_dtd: false, nodes_limit: 1_000_000, ..Default::default() };
    let document = roxmltree::Document::parse_with_options(text, options).ok()?;
    let lines = document::Lines::of(text);
    let words = |node: roxmltree::Node<'_, '_>| -> String {
        node.descendants()
            .filter(roxmltree::Node::is_text)
            .filter_map(|node| node.text())
            .collect::<String>()
            .trim()
            .to_owned()
    };
    let mut texts = BTreeMap::new();
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        let child = |name: &str| {
            node.children().find(|child| child.has_tag_name(name) || child.tag_name().name() == name)
        };
        let (key, text) = match node.tag_name().name() {
            "string" if node.attribute("translatable") != Some("false") => {
                (node.attribute("name"), Some(words(node)))
            }
            "data" => (node.attribute("name"), child("value").map(words)),
            "trans-unit" | "unit" => {
                let target = child("target").or(child("source")).map(words);
                (node.attribute("id").or(node.attribute("resname")), target)
            }
            _ => continue,
        };
        if let (Some(key), Some(text)) = (key, text.filter(|text| !text.is_empty())) {
            texts.insert(key.to_owned(), (text, lines.at(node.range().start)));
        }
    }
    Some(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_gives_words_by_key() {
        for (path, text) in [
            (
                "locale/de/LC_MESSAGES/a.po",
                "msgid \"\"\nmsgstr \"x\"\n\n#: a.py:1\nmsgid \"buy\"\nmsgstr \"\"\n\"Kaufen\"\n\n#, fuzzy\nmsgid \"no\"\nmsgstr \"x\"\n",
            ),
            ("locales/de.json", "{\"buy\": \"Kaufen\"}"),
            ("config/locales/de.yml", "de:\n  buy: Kaufen\n"),
            (
                "lib/l10n/app_de.arb",
                "{\"@@locale\": \"de\", \"buy\": \"Kaufen\", \"@buy\": {\"description\": \"x\"}}",
            ),
            ("i18n/messages_de.properties", "buy=Kaufen\n"),
            ("de/main.ftl", "# x\nbuy = Kaufen\n"),
            ("res/values-de/strings.xml", "<resources><string name=\"buy\">Kaufen</string></resources>"),
            ("a/Strings.de.resx", "<root><data name=\"buy\"><value>Kaufen</value></data></root>"),
            (
                "messages.de.xlf",
                "<xliff><file><body><trans-unit id=\"buy\"><source>Buy</source><target>Kaufen</target></trans-unit></body></file></xliff>",
            ),
            ("de.lproj/a.strings", "/* x */\n\"buy\" = \"Kaufen\";\n"),
        ] {
            let path = RepoPath::new(path);
            let catalogue = read(&path, text).unwrap_or_default();
            let texts: Vec<_> =
                catalogue.texts.iter().map(|(key, (text, _))| (key.as_str(), text.as_str())).collect();
            assert_eq!(texts, [("buy", "Kaufen")], "{path}");
            assert_eq!(place(&path).language, "de", "{path}");
        }
    }

    #[test]
    fn languages_of_one_catalogue_share_a_family() {
        for (one, other, language) in [
            ("locales/en.json", "locales/pt-BR.json", "pt-br"),
            ("res/values/strings.xml", "res/values-pt-rBR/strings.xml", "pt-br"),
            ("i18n/messages.properties", "i18n/messages_de.properties", "de"),
            ("locales/en/common.json", "locales/de/common.json", "de"),
            ("config/locales/devise.en.yml", "config/locales/devise.de.yml", "de"),
            ("app_en.arb", "app_de.arb", "de"),
        ] {
            let (one, other) = (place(&one.into()), place(&other.into()));
            assert_eq!((one.family, other.language.as_str()), (other.family, language));
        }
    }

    #[test]
    fn templates_of_freemarker_are_no_texts() {
        assert!(read(&"mail/hello.ftl".into(), "<#if user??>\nname = ${user}\n</#if>\n").is_none());
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "(?s)[ -~\né]{0,200}", ending in "(po|json|yml|arb|properties|ftl|xml|resx|xlf|strings)", name in "[a-z_.-]{0,8}") {
            let path = RepoPath::new(format!("{name}.{ending}"));
            _ = (read(&path, &text), place(&path), gettext(&text));
        }
    }
}
