//! Which services change by hand that the author, who names others, never names?

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{Context, Detector, Line, Report};
use crate::change::{FileChange, Words};
use crate::config::ServiceKind;
use crate::finding::{Evidence, Facts, Finding, Level, UnnamedServiceFacts};
use crate::services::{self, Reason, Service};

/// With more services than this a change is repository-wide, and nobody names each of them.
const MOST_SERVICES: usize = 8;
/// A line longer than this is shown nowhere.
const LONGEST_LINE: usize = 80;

/// Options of `[detectors.unnamed_service]`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UnnamedService {}

impl Detector for UnnamedService {
    fn detect(&self, cx: &Context<'_>, report: &mut Report) {
        let touched: Vec<&Service> = services::touched(cx.catalog, cx.changes)
            .iter()
            .filter(|touch| matches!(touch.reason, Reason::Code | Reason::Config))
            .filter_map(|touch| cx.catalog.named(&touch.name))
            .filter(|service| service.kind == ServiceKind::Product)
            .collect();
        if touched.len() < 2 || touched.len() > MOST_SERVICES {
            return;
        }
        let said = Said::of(cx.words);
        let (named, unnamed): (Vec<&Service>, Vec<&Service>) =
            touched.into_iter().partition(|service| said.names(service));
        if named.is_empty() {
            return;
        }
        for service in unnamed {
            let files: Vec<&FileChange> = cx
                .changes
                .files()
                .iter()
                .filter(|file| file.role.is_by_hand())
                .filter(|file| cx.catalog.service_of(&file.path).is_some_and(|of| of.name == service.name))
                .collect();
            let Some(first) =
                files.iter().max_by_key(|file| (file.added + file.removed, std::cmp::Reverse(&file.path)))
            else {
                continue;
            };
            let lines = files.iter().map(|file| file.added + file.removed).sum();
            let one_line = match files.as_slice() {
                [file] if file.added == 1 && file.removed == 1 => changed_line(file),
                _ => None,
            };
            let line = one_line.as_ref().map(|(line, _, _)| *line);
            let (from, to) = one_line.map(|(_, from, to)| (from, to)).unzip();
            let evidence = match first.after() {
                Some(_) => Evidence::after(&first.path, line),
                None => Evidence::before(&first.path, None),
            };
            let facts = UnnamedServiceFacts { service: service.title.clone(), from, to, lines };
            let rule = "unnamed_service.never_named";
            report.push(
                cx,
                rule,
                Level::WorthALook,
                &service.name,
                vec![evidence],
                Facts::UnnamedService(facts),
            );
        }
    }
}

/// The one line that differs, counted from 1, before and now.
fn changed_line(file: &FileChange) -> Option<(u32, String, String)> {
    let (before, after) = (file.before_text()?, file.after_text()?);
    let at = before.lines().zip(after.lines()).position(|(old, new)| old != new)?;
    let (old, new) = (before.lines().nth(at)?.trim(), after.lines().nth(at)?.trim());
    let short = old.chars().count() <= LONGEST_LINE
        && new.chars().count() <= LONGEST_LINE
        && !old.is_empty()
        && !new.is_empty();
    short.then(|| (at as u32 + 1, old.to_owned(), new.to_owned()))
}

/// The author's words, ready to be searched: lower case, every separator a space.
struct Said {
    text: String,
    words: HashSet<String>,
}

impl Said {
    fn of(words: &Words) -> Self {
        let commits = words.commits.iter().filter(|commit| !commit.is_merge);
        let parts = words
            .title
            .iter()
            .chain(&words.body)
            .cloned()
            .chain(commits.map(|commit| format!("{} {}", commit.subject, commit.body)));
        let text = format!(" {} ", plain(&parts.collect::<Vec<_>>().join(" ")));
        let words = text.split(' ').map(str::to_owned).collect();
        Self { text, words }
    }

    /// By name, title, alias or folder; `cart-service` is also named by "cart", but not by "service".
    fn names(&self, service: &Service) -> bool {
        let folders = service.folders.iter().filter_map(|folder| folder.rsplit('/').next());
        let names = [service.name.as_str(), service.title.as_str()]
            .into_iter()
            .chain(service.aliases.iter().map(String::as_str))
            .chain(folders);
        names.map(plain).any(|name| {
            let bare =
                name.trim_end_matches("service").trim_end_matches(" svc").trim_end_matches(" app").trim();
            let one_word = |name: &str| {
                name.len() > 2 && (self.words.contains(name) || self.words.contains(&name.replace(' ', "")))
            };
            self.text.contains(&format!(" {name} "))
                || one_word(&name)
                || one_word(bare)
                || (bare.len() > 2 && self.words.contains(&format!("{bare}s")))
        })
    }
}

fn plain(text: &str) -> String {
    let spaced: String =
        text.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One line for all of them; where one line of one service changes, it is shown, and linked first.
pub fn lines(findings: &[&Finding]) -> Vec<Line> {
    let facts = |finding: &Finding| match &finding.facts {
        Facts::UnnamedService(facts) => Some(facts.clone()),
        _ => None,
    };
    let all: Vec<UnnamedServiceFacts> = findings.iter().filter_map(|finding| facts(finding)).collect();
    let names: Vec<&str> = all.iter().map(|facts| facts.service.as_str()).collect();
    let shown = findings.iter().find(|finding| facts(finding).is_some_and(|facts| facts.from.is_some()));
    let one_line = shown.and_then(|finding| facts(finding));
    let first = one_line.as_ref().map(|facts| facts.service.as_str()).or(names.first().copied());
    let values = json!({"names": names, "one_line": one_line, "first": first});
    let mut line = Line::of("unnamed_service", findings, values);
    if let (Some(line), Some(finding)) = (&mut line, shown) {
        line.evidence =
            finding.evidence.iter().take(1).cloned().chain(std::mem::take(&mut line.evidence)).collect();
    }
    line.into_iter().collect()
}
