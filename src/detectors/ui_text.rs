//! Words on screen: texts of the source language old to new, and the languages that are left without the new text.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{Context, Detector, Line, Report};
use crate::change::{FileChange, RepoPath, Role};
use crate::finding::{Evidence, Facts, Finding, Level, SettingChange, UiTextFacts};
use crate::formats::settings::texts::{self, Catalogue, Place};

/// More changed texts of one catalogue than this are counted, not told one by one.
const MOST: usize = 40;

/// Its options.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UiText {}

/// A changed catalogue at both sides.
struct Changed<'a> {
    file: &'a FileChange,
    place: Place,
    before: Catalogue,
    after: Catalogue,
}

impl Detector for UiText {
    fn detect(&self, cx: &Context<'_>, report: &mut Report) {
        let changed: Vec<Changed<'_>> = cx.changes.of_role(Role::Translation).filter_map(read).collect();
        let families: BTreeSet<&str> = changed.iter().map(|file| file.place.family.as_str()).collect();
        for family in families {
            let files: Vec<&Changed<'_>> =
                changed.iter().filter(|file| file.place.family == family).collect();
            let others = languages(cx, family);
            let Some(source) = source_of(&others, &files) else { continue };
            let Some(own) = files.iter().find(|file| file.place.language == source) else {
                for file in &files {
                    translated(cx, report, file);
                }
                continue;
            };
            words_changed(cx, report, own, &files, &others);
            for file in files.iter().filter(|file| file.place.language != source) {
                translated(cx, report, file);
            }
        }
    }
}

fn read(file: &FileChange) -> Option<Changed<'_>> {
    let of = |path: &RepoPath, text: Option<&str>| match text {
        Some(text) => texts::read(path, text),
        None => Some(Catalogue::default()),
    };
    let before = of(file.old_path(), file.before_text())?;
    let after = of(&file.path, file.after_text())?;
    Some(Changed { file, place: texts::place(&file.path), before, after })
}

/// The languages of a catalogue at the head, with their files.
fn languages(cx: &Context<'_>, family: &str) -> BTreeMap<String, RepoPath> {
    let ending = family.rsplit('.').next().unwrap_or("");
    let first = family.split('*').next().unwrap_or("");
    let start = cx.after.paths().partition_point(|path| path.as_str() < first);
    let below = cx.after.paths()[start..].iter().take_while(|path| path.as_str().starts_with(first));
    below
        .filter(|path| path.as_str().ends_with(ending))
        .filter_map(|path| {
            Some(texts::place(path))
                .filter(|place| place.family == family)
                .map(|place| (place.language, path.clone()))
        })
        .collect()
}

/// The language that the others are translated from.
fn source_of(languages: &BTreeMap<String, RepoPath>, files: &[&Changed<'_>]) -> Option<String> {
    let all: BTreeSet<&str> = languages
        .keys()
        .map(String::as_str)
        .chain(files.iter().map(|file| file.place.language.as_str()))
        .collect();
    let preferred = ["default", "en", "en-us", "en-gb"];
    let source = preferred.into_iter().find(|language| all.contains(language));
    source.or_else(|| all.into_iter().next()).map(str::to_owned)
}

/// Key, what happens to it, words before and now, line.
type Text<'a> = (&'a String, SettingChange, Option<&'a str>, Option<&'a str>, u32);

fn words_changed(
    cx: &Context<'_>,
    report: &mut Report,
    own: &Changed<'_>,
    files: &[&Changed<'_>],
    others: &BTreeMap<String, RepoPath>,
) {
    let (before, after) = (&own.before.texts, &own.after.texts);
    let mut changes: Vec<Text<'_>> = Vec::new();
    for (key, (now, line)) in after {
        match before.get(key) {
            None => changes.push((key, SettingChange::Added, None, Some(now), *line)),
            Some((was, _)) if was != now => {
                changes.push((key, SettingChange::Changed, Some(was), Some(now), *line))
            }
            Some(_) => {}
        }
    }
    for (key, (was, line)) in before.iter().filter(|(key, _)| !after.contains_key(*key)) {
        changes.push((key, SettingChange::Removed, Some(was), None, *line));
    }
    if changes.is_empty() {
        return;
    }
    let language = own.place.language.clone();
    let translations = Translations::of(cx, own, files, others);
    if changes.len() > MOST {
        let place = Evidence { path: own.file.path.clone(), line: None, side: side(own.file) };
        let missing: BTreeSet<String> = changes
            .iter()
            .filter(|(_, change, ..)| *change != SettingChange::Removed)
            .flat_map(|(key, change, ..)| translations.missing(key, *change))
            .collect();
        let facts = UiTextFacts {
            key: None,
            change: SettingChange::Changed,
            from: None,
            to: None,
            language,
            missing_in: missing.into_iter().collect(),
            texts: u32::try_from(changes.len()).unwrap_or(u32::MAX),
        };
        report.push(
            cx,
            "ui_text.many_changed",
            Level::Routine,
            &own.place.family,
            vec![place],
            Facts::UiText(facts),
        );
        return;
    }
    for (key, change, from, to, line) in changes {
        let (rule, place) = match change {
            SettingChange::Added => ("ui_text.added", Evidence::after(&own.file.path, line)),
            SettingChange::Changed => ("ui_text.changed", Evidence::after(&own.file.path, line)),
            SettingChange::Removed => ("ui_text.removed", Evidence::before(own.file.old_path(), line)),
        };
        let missing_in =
            if change == SettingChange::Removed { Vec::new() } else { translations.missing(key, change) };
        let facts = UiTextFacts {
            key: Some(key.clone()),
            change,
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
            language: language.clone(),
            missing_in,
            texts: 1,
        };
        let subject = format!("{} {key}", own.place.family);
        report.push(cx, rule, Level::Routine, &subject, vec![place], Facts::UiText(facts));
    }
}

/// The other languages of a catalogue: words now, and words before where this change touches them.
struct Translations {
    languages: Vec<(String, Catalogue, Option<Catalogue>)>,
}

impl Translations {
    fn of(
        cx: &Context<'_>,
        own: &Changed<'_>,
        files: &[&Changed<'_>],
        others: &BTreeMap<String, RepoPath>,
    ) -> Self {
        const MOST_LANGUAGES: usize = 60;
        let languages =
            others.iter().filter(|(language, _)| **language != own.place.language).take(MOST_LANGUAGES);
        let languages = languages.filter_map(|(language, path)| {
            if let Some(file) = files.iter().find(|file| file.place.language == *language) {
                return Some((language.clone(), file.after.clone(), Some(file.before.clone())));
            }
            let content = cx.after.read(path)?;
            Some((language.clone(), texts::read(path, content.text()?)?, None))
        });
        Self { languages: languages.collect() }
    }

    /// Languages without a new text, or with the translation of the old one.
    fn missing(&self, key: &str, change: SettingChange) -> Vec<String> {
        let stale = |after: &Catalogue, before: &Option<Catalogue>| match (after.texts.get(key), before) {
            (None, _) => true,
            (Some(_), None) => change == SettingChange::Changed,
            (Some((now, _)), Some(before)) => {
                change == SettingChange::Changed && before.texts.get(key).is_some_and(|(was, _)| was == now)
            }
        };
        let left = self.languages.iter().filter(|(_, after, before)| stale(after, before));
        left.map(|(language, ..)| language.clone()).collect()
    }
}

/// A translation that changes without, or beside, its source: a count for each language.
fn translated(cx: &Context<'_>, report: &mut Report, file: &Changed<'_>) {
    let (before, after) = (&file.before.texts, &file.after.texts);
    let new =
        after.iter().filter(|(key, (text, _))| before.get(*key).is_none_or(|(was, _)| was != text)).count();
    let gone = before.keys().filter(|key| !after.contains_key(*key)).count();
    if new + gone == 0 {
        return;
    }
    let change = match (file.file.before(), file.file.after()) {
        (None, _) => SettingChange::Added,
        (_, None) => SettingChange::Removed,
        _ => SettingChange::Changed,
    };
    let facts = UiTextFacts {
        key: None,
        change,
        from: None,
        to: None,
        language: file.place.language.clone(),
        missing_in: Vec::new(),
        texts: u32::try_from(new + gone).unwrap_or(u32::MAX),
    };
    let subject = format!("{} {}", file.place.family, file.place.language);
    let place = Evidence { path: file.file.path.clone(), line: None, side: side(file.file) };
    report.push(cx, "ui_text.translated", Level::Routine, &subject, vec![place], Facts::UiText(facts));
}

fn side(file: &FileChange) -> crate::finding::Side {
    if file.after().is_some() { crate::finding::Side::After } else { crate::finding::Side::Before }
}

/// One line each for words changed, added and removed, with a first example; one for translations.
pub fn lines(findings: &[&Finding]) -> Vec<Line> {
    let mut groups: BTreeMap<(u8, &str), Vec<(&Finding, &UiTextFacts)>> = BTreeMap::new();
    for finding in findings {
        let Facts::UiText(facts) = &finding.facts else { continue };
        let shape = match finding.rule.as_str() {
            "ui_text.changed" => (0, "ui_text/changed"),
            "ui_text.added" => (1, "ui_text/added"),
            "ui_text.removed" => (2, "ui_text/removed"),
            "ui_text.many_changed" => (3, "ui_text/many"),
            _ => (4, "ui_text/translated"),
        };
        groups.entry(shape).or_default().push((finding, facts));
    }
    let lines = groups.into_iter().filter_map(|((_, shape), group)| {
        let (findings, facts): (Vec<&Finding>, Vec<&UiTextFacts>) = group.into_iter().unzip();
        let missing: BTreeSet<&str> =
            facts.iter().flat_map(|facts| facts.missing_in.iter().map(String::as_str)).collect();
        let first = facts.first()?;
        let languages: BTreeSet<&str> = facts.iter().map(|facts| facts.language.as_str()).collect();
        Line::of(
            shape,
            &findings,
            json!({
                "count": facts.iter().map(|facts| facts.texts).sum::<u32>(),
                "from": first.from.as_deref().map(short),
                "to": first.to.as_deref().map(short),
                "languages": languages,
                "languages_count": languages.len(),
                "missing": missing,
                "missing_count": missing.len(),
            }),
        )
    });
    lines.collect()
}

/// Words in view are few; markup goes.
fn short(text: &str) -> String {
    const MOST: usize = 60;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{modified, run_among};
    use super::*;

    fn found(files: Vec<FileChange>, others: &[(&str, &str)]) -> Vec<String> {
        let report = run_among(&UiText::default(), files, others);
        let all = report.findings.iter().map(|finding| match &finding.facts {
            Facts::UiText(facts) => format!(
                "{} {} {}>{} {}",
                finding.rule,
                facts.key.as_deref().unwrap_or("-"),
                facts.from.as_deref().unwrap_or("-"),
                facts.to.as_deref().unwrap_or("-"),
                facts.missing_in.join(" ")
            ),
            other => panic!("{other:?}"),
        });
        all.collect()
    }

    #[test]
    fn words_and_the_languages_left() {
        let change = || {
            modified(
                "locales/en.json",
                Role::Translation,
                "{\"buy\": \"Buy\", \"a\": \"A\"}",
                "{\"buy\": \"Pay now\", \"b\": \"B\"}",
            )
        };
        let others = [
            ("locales/de.json", "{\"buy\": \"Kaufen\", \"b\": \"B\"}"),
            ("locales/fr.json", "{\"buy\": \"Acheter\"}"),
        ];
        assert_eq!(
            found(vec![change()], &others),
            ["ui_text.added b ->B fr", "ui_text.changed buy Buy>Pay now de fr", "ui_text.removed a A>- ",]
        );
        let german = modified(
            "locales/de.json",
            Role::Translation,
            "{\"buy\": \"Kaufen\", \"b\": \"B\"}",
            "{\"buy\": \"Zahlen\", \"b\": \"B\"}",
        );
        assert_eq!(found(vec![change(), german], &others[1..])[1], "ui_text.changed buy Buy>Pay now fr");
    }

    #[test]
    fn translations_are_counted_and_moved_keys_are_nothing() {
        let german = modified("locales/de.json", Role::Translation, "{\"a\": \"x\"}", "{\"a\": \"y\"}");
        assert_eq!(found(vec![german], &[("locales/en.json", "{}")]), ["ui_text.translated - ->- "]);
        let moved = modified(
            "locales/en.json",
            Role::Translation,
            "{\"a\": \"A\", \"b\": \"B\"}",
            "{\"b\": \"B\",\n \"a\": \"A\"}",
        );
        assert!(found(vec![moved], &[]).is_empty());
    }
}
