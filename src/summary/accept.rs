//! Findings that somebody accepted: in the configuration, by a label of the pull request, or by a trailer of the author.
//! They are shown as accepted, never hidden.

use std::collections::BTreeMap;

use crate::change::Words;
use crate::config::{AcceptConfig, Config};
use crate::finding::{Acceptance, AcceptedHow, Finding};

/// The label `plainly-accept: 01234567` and the trailer `Plainly-Accept: 01234567 reason`, in lower case.
const KEY: &str = "plainly-accept";

/// Says of each finding who accepted it. The configuration's word comes before a label, a label before a trailer, and
/// an acceptance that has ended is said where there is no other.
pub(super) fn accept(findings: &mut [Finding], config: &Config, words: &Words) {
    let trailers = trailers(words, config.people);
    for finding in findings {
        let of_config =
            config.accept.iter().filter(|entry| entry.finding == finding.id).map(|entry| of(entry, words));
        let (ended, valid): (Vec<_>, Vec<_>) = of_config.partition(|acceptance| acceptance.ended);
        finding.accepted = valid
            .into_iter()
            .next()
            .or_else(|| label(words, &finding.id))
            .or_else(|| trailers.get(&finding.id).cloned())
            .or(ended.into_iter().next());
    }
}

fn of(entry: &AcceptConfig, words: &Words) -> Acceptance {
    Acceptance {
        how: AcceptedHow::Configuration,
        by: Some(entry.by.clone()),
        reason: Some(entry.reason.clone()),
        until: entry.until.and_then(|until| until.date).map(|date| date.to_string()),
        ended: entry.until.and_then(|until| until.date).is_some_and(|until| has_ended(until, words)),
    }
}

/// Whether the newest commit was made after that day. The same change always says the same, so no clock is asked.
fn has_ended(until: toml::value::Date, words: &Words) -> bool {
    let newest = words.commits.iter().map(|commit| commit.time).max();
    newest.is_some_and(|seconds| {
        let (year, month, day) = day_of(seconds);
        (year, month, day) > (i64::from(until.year), i64::from(until.month), i64::from(until.day))
    })
}

/// The day in UTC of seconds since 1970: years are counted from March, so that a leap day ends one.
fn day_of(seconds: i64) -> (i64, i64, i64) {
    let days = seconds.div_euclid(86_400) + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, month, of_year - (153 * from_march + 2) / 5 + 1)
}

fn label(words: &Words, id: &str) -> Option<Acceptance> {
    let names = |label: &String| of_line(label).is_some_and(|(named, _)| named == id);
    words.labels.iter().any(names).then_some(Acceptance {
        how: AcceptedHow::Label,
        by: None,
        reason: None,
        until: None,
        ended: false,
    })
}

/// The trailers of the commits and of the pull request's text, by finding; the first one holds.
fn trailers(words: &Words, people: bool) -> BTreeMap<String, Acceptance> {
    let texts = words.body.iter().map(|body| (None, body));
    let commits = words.commits.iter().map(|commit| (Some(&commit.author.name), &commit.body));
    let mut found = BTreeMap::new();
    for (author, text) in texts.chain(commits) {
        for (id, reason) in text.lines().filter_map(of_line) {
            found.entry(id.to_owned()).or_insert_with(|| Acceptance {
                how: AcceptedHow::Trailer,
                by: author.filter(|name| people && !name.is_empty()).cloned(),
                reason: Some(reason.to_owned()).filter(|reason| !reason.is_empty()),
                until: None,
                ended: false,
            });
        }
    }
    found
}

/// The id and the reason that a label or a line names.
fn of_line(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.trim().split_once(':')?;
    let value = value.trim();
    let (id, reason) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
    (key.eq_ignore_ascii_case(KEY) && !id.is_empty()).then_some((id, reason.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{Commit, Person};
    use crate::finding::{Facts, HotspotFacts, Level};

    const ID: &str = "01234567";

    fn words(labels: &[&str], commit_body: &str, body: &str, time: i64) -> Words {
        let commit = Commit {
            id: String::new(),
            subject: String::new(),
            body: commit_body.to_owned(),
            author: Person { name: "Ben".to_owned(), email: String::new() },
            time,
            is_merge: false,
        };
        Words {
            body: Some(body.to_owned()),
            commits: vec![commit],
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            ..Words::default()
        }
    }

    /// `how by reason until ended`
    fn shown(config: &str, words: &Words) -> String {
        let (config, problems) = Config::parse(config, "plainly.toml");
        assert_eq!(problems, []);
        let facts = Facts::Hotspot(HotspotFacts { file: String::new(), changes: 0, fixes: 0 });
        let mut finding = Finding {
            id: ID.to_owned(),
            rule: String::new(),
            level: Level::Routine,
            services: Vec::new(),
            evidence: Vec::new(),
            accepted: None,
            facts,
        };
        accept(std::slice::from_mut(&mut finding), &config, words);
        finding.accepted.map_or_else(String::new, |one| {
            let text = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
            format!("{:?} {} {} {} {}", one.how, text(one.by), text(one.reason), text(one.until), one.ended)
        })
    }

    #[test]
    fn who_accepted_it_and_until_when() {
        let listed = "[[accept]]\nfinding = '01234567'\nby = 'Ana'\nreason = 'copied'\nuntil = 2026-11-21\n";
        let (last_second, next_day) = (1_795_305_599, 1_795_305_600);
        for (config, words, expected) in [
            ("", words(&[], "", "", 0), ""),
            (listed, words(&[], "", "", last_second), "Configuration Ana copied 2026-11-21 false"),
            (listed, words(&[], "", "", next_day), "Configuration Ana copied 2026-11-21 true"),
            (listed, words(&["plainly-accept: 01234567"], "", "", next_day), "Label - - - false"),
            ("", words(&["bug", "Plainly-Accept:01234567"], "", "", 0), "Label - - - false"),
            ("", words(&["plainly-accept: 0123"], "", "", 0), ""),
            (
                "",
                words(&[], "x\n\nPlainly-Accept: 01234567 it is empty", "", 0),
                "Trailer Ben it is empty - false",
            ),
            ("", words(&[], "", "plainly-accept: 01234567", 0), "Trailer - - - false"),
            ("", words(&[], "see plainly-accept: 01234567", "", 0), ""),
            ("people = false", words(&[], "Plainly-Accept: 01234567 x", "", 0), "Trailer - x - false"),
        ] {
            assert_eq!(shown(config, &words), expected);
        }
    }

    #[test]
    fn days_of_seconds() {
        for (seconds, day) in [
            (0, (1970, 1, 1)),
            (951_825_600, (2000, 2, 29)),
            (1_795_242_679, (2026, 11, 21)),
            (-1, (1969, 12, 31)),
        ] {
            assert_eq!(day_of(seconds), day);
        }
    }
}
