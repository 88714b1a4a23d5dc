//! Frames: which lines stand in view, which are folded, and the text around them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Error, Links, Pen, Renderer, Style, View};
use crate::change::Role;
use crate::config::CommentFrom;
use crate::detectors::Line;
use crate::finding::{Facts, Finding, Level};
use crate::services::{Reason, ServiceTouch};
use crate::summary::{Ask, Nature, Report, SaidLine, Summary};

/// What may stand in view. Source: the wording guide, 3.1.
struct Budget {
    lines: usize,
    words: usize,
    findings: usize,
}

fn budget(level: Level) -> Budget {
    match level {
        Level::Routine => Budget { lines: 2, words: 50, findings: 1 },
        Level::WorthALook => Budget { lines: 9, words: 180, findings: 5 },
        Level::TalkFirst => Budget { lines: 12, words: 200, findings: 6 },
    }
}

/// Roles in the order in which a sentence lists them: what a reader asks about first stands first.
const ROLES: [Role; 13] = [
    Role::Source,
    Role::Migration,
    Role::Contract,
    Role::Config,
    Role::Translation,
    Role::Test,
    Role::Manifest,
    Role::Lock,
    Role::Infra,
    Role::Docs,
    Role::Generated,
    Role::Asset,
    Role::Vendored,
];

/// Questions in view, at most.
const QUESTIONS: usize = 2;
/// About as long is the sentence on files that could not be read.
const BLIND_WORDS: usize = 20;

/// Which lines stand in view and which questions are asked: decided once on plain text, so that every view agrees.
pub struct Composed {
    /// The top consequence, as a line's place; none where nothing can be one.
    pub headline: Option<usize>,
    /// For each line whether it stands in view.
    pub in_view: Vec<bool>,
    /// Line and number of each question asked.
    pub questions: Vec<(usize, usize)>,
    /// Whether a Routine text leaves out what was looked for without a find, because it would be too long.
    pub is_brief: bool,
}

fn compose(pen: &Pen<'_>, summary: &Summary) -> Result<(Composed, Vec<String>), Error> {
    let said: Vec<String> = summary.lines.iter().map(|line| pen.line(line)).collect::<Result<_, _>>()?;
    let mut headline = None;
    for (at, line) in summary.lines.iter().enumerate() {
        // That tests or sizes are as always is no news.
        let is_news =
            line.level > Level::Routine || !["tests", "size"].iter().any(|kind| line.shape.starts_with(kind));
        if line.level == summary.report.level && is_news && !line.folded && pen.headline(line)?.is_some() {
            headline = Some(at);
            break;
        }
    }
    let budget = budget(summary.report.level);
    let questions = if summary.report.level > Level::Routine { questions(pen, summary)? } else { Vec::new() };

    // Heading, why, the line of questions and the footer are always there.
    let mut lines = 4;
    let mut words: usize = 40;
    for (at, nth) in &questions {
        if let Some(line) = summary.lines.get(*at) {
            words += pen.questions(line)?.get(*nth).map_or(0, |question| question.split_whitespace().count());
        }
    }
    let mut findings = 0;
    lines += usize::from(report_names_issue(&summary.report));
    if summary.report.is_blind() {
        lines += 1;
        words += BLIND_WORDS;
    }
    let mut in_view = vec![false; summary.lines.len()];
    // Some lines keep a place of their own: tests, which every reader looks for; moved text, which tells how to read
    // all the rest; and the first thing that nobody says, because no one will bring it up.
    let unsaid = summary.lines.iter().position(|line| is_unsaid(line) && !line.folded);
    let keeps_place = |at: usize| {
        let line = summary.lines.get(at).filter(|line| !line.folded);
        line.is_some_and(|line| is_of(line, "tests") || is_moved(line)) || unsaid == Some(at)
    };
    let (kept, others): (Vec<usize>, Vec<usize>) = (0..summary.lines.len()).partition(|at| keeps_place(*at));
    for at in kept.into_iter().chain(others) {
        let (Some(line), Some(text)) = (summary.lines.get(at), said.get(at)) else { continue };
        let length = text.split_whitespace().count();
        let fits = findings < budget.findings && lines < budget.lines && words + length <= budget.words;
        let top = headline == Some(at) && findings < budget.findings;
        if summary.report.level > Level::Routine && !is_aside(line) && (fits || top) {
            in_view[at] = true;
            findings += 1;
            lines += 1;
            words += length;
        }
    }
    let mut composed = Composed { headline, in_view, questions, is_brief: false };
    if summary.report.level == Level::Routine {
        let text = pen.fill("frame/routine", &values(pen, summary, &composed)?)?;
        composed.is_brief = text.split_whitespace().count() > budget.words;
    }
    Ok((composed, said))
}

/// Whether the title of the linked issue gets a line: only the forge knows it, so it stands apart from all else.
fn report_names_issue(report: &Report) -> bool {
    let is_named = report.linked_issue.as_ref().is_some_and(|issue| issue.title.is_some());
    is_named && !report.why.as_ref().is_some_and(|why| why.is_reason)
}

/// Whether a line tells what the author's own words leave out.
fn is_unsaid(line: &Line) -> bool {
    ["unnamed_service", "contradiction", "beyond_title", "left_behind"].iter().any(|kind| is_of(line, kind))
}

/// Whether a line is no news beside others: small steps of packages, steps of the build.
fn is_aside(line: &Line) -> bool {
    line.folded
        || (line.level == Level::Routine
            && line.shape != "dependency/lock"
            && ["dependency", "infra"].iter().any(|kind| is_of(line, kind)))
}

fn is_of(line: &Line, kind: &str) -> bool {
    line.shape.split('/').next() == Some(kind)
}

/// The questions to ask: the first one of the top line, then of what nobody says, then of other kinds. What tests and
/// size raise comes after the second question of a line that is louder. Two lines may raise the same one.
fn questions(pen: &Pen<'_>, summary: &Summary) -> Result<Vec<(usize, usize)>, Error> {
    let mut open: Vec<((bool, u8, usize), usize, String)> = Vec::new();
    let mut kinds: Vec<&str> = Vec::new();
    let lines = summary.lines.iter().enumerate();
    for (at, line) in
        lines.filter(|(_, line)| (line.level > Level::Routine || is_moved(line)) && !line.folded)
    {
        let questions = pen.questions(line)?;
        let kind = line.shape.split('/').next().unwrap_or_default();
        let is_again = kinds.contains(&kind);
        let is_quiet = line.level < summary.report.level && ["tests", "size"].contains(&kind);
        for (nth, question) in questions.into_iter().enumerate() {
            let place = match () {
                () if nth == 0 && open.is_empty() => 0,
                () if nth == 0 && is_unsaid(line) && !is_again => 1,
                () if nth == 0 && !is_quiet && !is_again => 2,
                () => 3,
            };
            open.push(((is_quiet || nth > 1, place, nth), at, question));
        }
        kinds.push(kind);
    }
    // Stable: of two that rank alike, the one of the more important line is asked.
    open.sort_by_key(|(rank, ..)| *rank);
    let mut asked: Vec<String> = Vec::new();
    let mut places = Vec::new();
    for ((_, _, nth), at, question) in open {
        if places.len() < QUESTIONS && !asked.contains(&question) {
            asked.push(question);
            places.push((at, nth));
        }
    }
    places.sort_unstable();
    Ok(places)
}

/// The report with its sentences, in plain text.
pub(super) fn report(renderer: &Renderer, summary: &Summary) -> Result<Report, Error> {
    let pen = renderer.pen(&Style::PLAIN);
    let (composed, said) = compose(&pen, summary)?;
    let mut report = summary.report.clone();
    report.headline = headline(&pen, summary, &composed)?;
    report.lines = summary
        .lines
        .iter()
        .zip(said)
        .zip(&composed.in_view)
        .map(|((line, text), in_view)| SaidLine {
            text,
            findings: line.findings.clone(),
            level: line.level,
            in_view: *in_view,
        })
        .collect();
    if report.level == Level::Routine {
        let findings =
            composed.headline.and_then(|at| summary.lines.get(at)).map(|line| line.findings.clone());
        let text = pen.fill("frame/routine", &values(&pen, summary, &composed)?)?;
        let line =
            SaidLine { text, findings: findings.unwrap_or_default(), level: Level::Routine, in_view: true };
        report.lines.insert(0, line);
    }
    for (line, nth) in &composed.questions {
        let Some(line) = summary.lines.get(*line) else { continue };
        let who = pen.fill("frame/who", &who(summary))?;
        let question = pen.questions(line)?.get(*nth).cloned();
        report.ask.push(Ask { who, question, findings: line.findings.clone() });
    }
    Ok(report)
}

/// The text of a comment, or of a terminal.
pub(super) fn text(
    renderer: &Renderer,
    summary: &Summary,
    style: &Style,
    most_bytes: usize,
) -> Result<String, Error> {
    let (composed, _) = compose(&renderer.pen(&Style::PLAIN), summary)?;
    let pen = renderer.pen(style);
    let mut values = values(&pen, summary, &composed)?;
    let frame = match (summary.report.level, style.view) {
        (Level::Routine, _) => "frame/routine",
        (_, View::Terminal { .. }) => "frame/terminal",
        _ => "frame/comment",
    };
    let mut text = pen.fill(frame, &values)?;
    // Folded text goes first, item by item, so that nothing is cut inside a sentence.
    let mut cut = 0;
    while text.len() > most_bytes {
        let shorter = ["rules", "could_not_check", "folded", "owners", "lines"].into_iter().any(|key| {
            let Some(items) = values.get_mut(key).and_then(Value::as_array_mut) else { return false };
            let keep = items.len() / 2;
            cut += items.len() - keep;
            let shorter = !items.is_empty();
            items.truncate(keep);
            shorter
        });
        if !shorter {
            break;
        }
        if let Some(values) = values.as_object_mut() {
            values.insert("cut".to_owned(), json!(cut));
        }
        text = pen.fill(frame, &values)?;
    }
    Ok(text)
}

/// Level and top consequence in one sentence, without the author's title. That a change is mostly moved text is said
/// before the consequence: it tells how to read all the rest. A Routine change of code is told by what it touches: that
/// a setting is new beside it comes second.
fn headline(pen: &Pen<'_>, summary: &Summary, composed: &Composed) -> Result<String, Error> {
    let nature = || pen.fill("frame/nature", &nature(summary));
    let top = composed.headline.and_then(|at| summary.lines.get(at));
    let Some(line) = top else { return nature() };
    let top = pen.headline(line)?.unwrap_or_default();
    let moved = summary.lines.iter().find(|other| is_moved(other) && !is_moved(line));
    if let Some(moved) = moved.map(|line| pen.headline(line)).transpose()?.flatten() {
        return pen.fill("frame/headline", &json!({"first": moved, "then": top, "adds": false}));
    }
    // A whole service that comes or goes is what the change is; what follows from it comes second.
    let is_service = |line: &&Line| is_of(line, "service") && line.level == summary.report.level;
    let service = summary.lines.iter().find(is_service).filter(|_| !is_of(line, "service"));
    if let Some(service) = service.map(|line| pen.headline(line)).transpose()?.flatten() {
        return pen.fill("frame/headline", &json!({"first": service, "then": top, "adds": true}));
    }
    let of_code = summary.report.composition.contains_key(&Role::Source);
    match summary.report.level {
        Level::Routine if of_code && is_told_by_files(line) => nature(),
        Level::Routine if of_code && !is_moved(line) => {
            pen.fill("frame/headline", &json!({"first": nature()?, "then": top, "adds": true}))
        }
        _ => Ok(top),
    }
}

/// Whether a list of the files touched says as much as the line does.
fn is_told_by_files(line: &Line) -> bool {
    ["ui_text", "infra", "tests", "size"].iter().any(|kind| is_of(line, kind))
}

fn is_moved(line: &Line) -> bool {
    is_of(line, "moved_code")
}

/// What a change is as a whole, for a template: a word for its nature and its counts.
fn nature(summary: &Summary) -> Value {
    let report = &summary.report;
    let kind = match summary.nature {
        Nature::Empty => "empty".to_owned(),
        Nature::Only(role) => json!(role).as_str().unwrap_or("mixed").to_owned(),
        Nature::Packages => "packages".to_owned(),
        Nature::Mixed => "mixed".to_owned(),
    };
    let count =
        |roles: &[Role]| -> u32 { roles.iter().filter_map(|role| report.composition.get(role)).sum() };
    let touched: Vec<&str> = report.services.iter().map(|service| service.title.as_str()).collect();
    json!({
        "nature": kind,
        "files": report.size.files,
        "roles": ROLES.iter().filter_map(|role| {
            report.composition.get(role).map(|count| json!({"role": role, "files": count}))
        }).collect::<Vec<_>>(),
        "locks": count(&[Role::Lock]),
        "came_along": report.came_along.as_ref().map(|found| found.counts()),
        "services": touched,
        "product_code": count(&[Role::Source, Role::Migration, Role::Contract, Role::Config, Role::Translation]) > 0,
        "path": report.files.first().map(|file| &file.path),
    })
}

/// The map as a drawing; null where there is nothing to draw.
fn map(report: &Report) -> Option<Value> {
    (!report.map.nodes.is_empty()).then(|| crate::services::drawing(&report.map))
}

fn who(summary: &Summary) -> Value {
    let people = summary.manners.people;
    let name = summary.report.author.as_ref().filter(|_| people).map(|author| &author.name);
    // Before something that cannot be taken back ships, whoever knows the area is asked as well.
    let is_loud = people && summary.report.level == Level::TalkFirst;
    let knows = summary.report.findings.iter().filter(|_| is_loud).find_map(|finding| match &finding.facts {
        Facts::Ownership(facts) => {
            facts.person.as_ref().filter(|person| Some(*person) != name).map(|_| facts)
        }
        _ => None,
    });
    json!({
        "name": name,
        "is_bot": summary.report.author.is_none(),
        "owner": summary.owners.first(),
        "mention": summary.manners.mention,
        "knows": knows,
    })
}

fn values(pen: &Pen<'_>, summary: &Summary, composed: &Composed) -> Result<Value, Error> {
    let report = &summary.report;
    let mut in_view = Vec::new();
    let mut folded = Vec::new();
    for (at, line) in summary.lines.iter().enumerate() {
        let text = pen.line(line)?;
        if text.trim().is_empty() {
            continue;
        }
        let of = if composed.in_view.get(at) == Some(&true) { &mut in_view } else { &mut folded };
        of.push(text);
    }
    let mut questions = Vec::new();
    for (at, nth) in &composed.questions {
        if let Some(line) = summary.lines.get(*at)
            && let Some(question) = pen.questions(line)?.into_iter().nth(*nth)
        {
            questions.push(question);
        }
    }
    // A migration that runs its own code has a sentence already.
    let is_said = |reason: &str, path: &str| {
        let says = |finding: &Finding| {
            finding.rule == "schema.own_code"
                && finding.evidence.iter().any(|place| place.path.as_str() == path)
        };
        reason == "own_code" && report.findings.iter().any(says)
    };
    let not_checked = report
        .could_not_check
        .iter()
        .filter(|entry| !is_said(&entry.reason, &entry.path))
        .map(|entry| {
            let (reason, detail) = entry.reason.split_once(": ").unwrap_or((&entry.reason, ""));
            pen.fill("could_not_check", &json!({"path": entry.path, "reason": reason, "detail": detail}))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut values = json!({
        "level": report.level,
        "title": report.title,
        "headline": headline(pen, summary, composed)?,
        "has_headline_line": composed.headline.is_some(),
        "why": report.why,
        "linked_issue": report.linked_issue,
        "lines": in_view,
        "folded": folded,
        "questions": questions,
        "who": who(summary),
        "rules": rules(&summary.lines, report),
        "owners": summary.owners,
        "blind": report.is_blind(),
        "could_not_check": not_checked,
        "accepted": accepted(report),
        "evidence": report.first_evidence(),
        "nature": nature(summary),
        "absent": absent(report),
        "brief": composed.is_brief,
        "no_tests": report.findings.iter().any(|finding| finding.rule == "tests.none"),
        "size": report.size,
        "map": map(report),
        "touched": touched(report),
        "shared": report.shared,
        "tell": report.tell,
        "cut": 0,
        "security": security(report.title.as_deref().unwrap_or_default()),
        "delta": summary.delta,
        "expectations": report.expectations,
        "outsiders": report.findings.iter().any(|finding| matches!(finding.facts, Facts::Api(_))),
        "range": report.range,
        "glossary": [],
    });
    let seen = said_in_view(pen, summary, composed)?;
    let glossary: Vec<Value> = pen
        .glossary(&seen)
        .into_iter()
        .map(|(term, meaning)| json!({"term": term, "meaning": meaning}))
        .collect();
    if let Some(values) = values.as_object_mut() {
        values.insert("glossary".to_owned(), json!(glossary));
    }
    Ok(values)
}

/// What stands in view, with the names of links and without their addresses: the same in every style.
fn said_in_view(pen: &Pen<'_>, summary: &Summary, composed: &Composed) -> Result<String, Error> {
    let pen = pen.renderer.pen(&Style { view: View::Plain, links: Links::Names });
    let mut said = vec![headline(&pen, summary, composed)?];
    for (line, _) in summary.lines.iter().zip(&composed.in_view).filter(|(_, in_view)| **in_view) {
        said.push(pen.line(line)?);
    }
    for (at, nth) in &composed.questions {
        if let Some(line) = summary.lines.get(*at) {
            said.extend(pen.questions(line)?.into_iter().nth(*nth));
        }
    }
    Ok(said.join("\n"))
}

/// The services touched, those of one reason together, strongest reason first.
fn touched(report: &Report) -> Vec<Value> {
    let mut groups: BTreeMap<Reason, Vec<&ServiceTouch>> = BTreeMap::new();
    for service in &report.services {
        groups.entry(service.reason).or_default().push(service);
    }
    let group = |(reason, services): (Reason, Vec<&ServiceTouch>)| {
        let titles: Vec<&str> = services.iter().map(|service| service.title.as_str()).collect();
        json!({"reason": reason, "titles": titles, "files": services.iter().map(|service| service.files).sum::<u32>()})
    };
    groups.into_iter().map(group).collect()
}

/// Rule and finding of each line, in the order of the lines; the first letters of an id suffice for `explain`.
fn rules(lines: &[Line], report: &Report) -> Vec<Value> {
    let mut rules: Vec<(&str, Vec<&str>)> = Vec::new();
    for id in lines.iter().flat_map(|line| &line.findings) {
        let Some(finding) = report.findings.iter().find(|finding| finding.id == *id) else { continue };
        match rules.iter_mut().find(|(rule, _)| *rule == finding.rule) {
            Some((_, ids)) => ids.push(&finding.id),
            None => rules.push((&finding.rule, vec![&finding.id])),
        }
    }
    rules
        .into_iter()
        .map(|(rule, ids)| json!({"rule": rule, "id": ids.first(), "count": ids.len()}))
        .collect()
}

/// The words of a title by which its author says that this mends a known weakness.
fn security(title: &str) -> Option<&str> {
    let mut words = title.split(|c: char| c.is_whitespace() || "(),:".contains(c));
    words.find(|word| {
        word.eq_ignore_ascii_case("[security]") || word.starts_with("CVE-") || word.starts_with("GHSA-")
    })
}

/// What readers ask about first and what was looked for without a find. A file that could not be read may hold it, so
/// then nothing is said to be absent; nor where a migration or a list of packages stands among the files all the same.
fn absent(report: &Report) -> Vec<&'static str> {
    if !report.could_not_check.is_empty() {
        return Vec::new();
    }
    let found = |kind: &str| report.findings.iter().any(|finding| finding.facts.kind() == kind);
    let has = |roles: &[Role]| roles.iter().any(|role| report.composition.contains_key(role));
    let kinds: [(&str, &[Role]); 3] =
        [("schema", &[Role::Migration]), ("dependency", &[Role::Manifest, Role::Lock]), ("api", &[])];
    kinds.into_iter().filter(|(kind, roles)| !found(kind) && !has(roles)).map(|(kind, _)| kind).collect()
}

fn accepted(report: &Report) -> Vec<Value> {
    let accepted =
        report.findings.iter().filter_map(|finding| finding.accepted.as_ref().map(|by| (finding, by)));
    accepted.map(|(finding, by)| json!({"rule": finding.rule, "by": by.by, "reason": by.reason})).collect()
}

impl CommentFrom {
    /// Whether a change of this level gets a comment of its own.
    pub fn includes(self, level: Level) -> bool {
        match self {
            CommentFrom::All => true,
            CommentFrom::WorthALook => level >= Level::WorthALook,
            CommentFrom::TalkFirst => level >= Level::TalkFirst,
            CommentFrom::Off => false,
        }
    }
}
