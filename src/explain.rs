//! What lies behind a sentence: the rule, the lines that prove it, the configuration that bears on it.

use serde_json::{Value, json};

use crate::change::{RepoPath, Snapshot};
use crate::detectors;
use crate::error::Error;
use crate::finding::{Evidence, Finding, Side};
use crate::formats::settings::secrets;
use crate::render::{Renderer, Style};
use crate::run::Run;

/// How many lines of a file are shown around the one that proves a finding.
const AROUND: usize = 1;
/// More places than this are counted, not shown.
const MOST_PLACES: usize = 5;

/// Everything behind the finding whose id begins with `id`, for the template `frame/explain`.
pub fn explain(run: &Run, id: &str) -> Result<Value, Error> {
    let report = &run.summary.report;
    let id = id.trim().to_ascii_lowercase();
    let found: Vec<&Finding> = report.findings.iter().filter(|finding| finding.id.starts_with(&id)).collect();
    let finding = match found.as_slice() {
        [finding] => *finding,
        [] => {
            let ids: Vec<&str> = report.findings.iter().map(|finding| finding.id.as_str()).take(12).collect();
            let known =
                if ids.is_empty() { "it has none".to_owned() } else { format!("it has {}", ids.join(", ")) };
            return Err(Error::Usage(format!("no finding of this range begins with {id:?}: {known}")));
        }
        several => {
            let ids: Vec<&str> = several.iter().map(|finding| finding.id.as_str()).collect();
            return Err(Error::Usage(format!("{id:?} begins several findings: {}", ids.join(", "))));
        }
    };
    let line = run.summary.lines.iter().find(|line| line.findings.contains(&finding.id));
    let pen = run.plainly.renderer().pen(&Style::PLAIN);
    let (sentence, questions, shape) = match line {
        Some(line) => (Some(pen.line(line)?), pen.questions(line)?, Some(line.shape.clone())),
        None => (None, Vec::new(), None),
    };
    let kind = finding.facts.kind();
    let answer = shape.as_deref().map(|shape| answer(run.plainly.renderer(), shape)).transpose()?.flatten();
    let places: Vec<Value> =
        finding.evidence.iter().take(MOST_PLACES).map(|place| shown(run, place)).collect();
    let configured = run.plainly.config().detectors.get(kind).map(ToString::to_string);
    Ok(json!({
        "id": finding.id,
        "rule": finding.rule,
        "when": run.plainly.renderer().rule(&finding.rule),
        "level": finding.level,
        "kind": kind,
        "sentence": sentence,
        "questions": questions,
        "answer": answer,
        "places": places,
        "more_places": finding.evidence.len().saturating_sub(MOST_PLACES),
        "services": finding.services,
        "facts": finding.facts.values().as_object().map(|facts| {
            facts.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| json!({"key": key, "value": plain(value)})).collect::<Vec<_>>()
        }),
        "configured": configured,
        "accepted": finding.accepted,
    }))
}

/// What a good answer to the line's question names: by shape, else by kind.
fn answer(renderer: &Renderer, shape: &str) -> Result<Option<String>, Error> {
    let kind = shape.split('/').next().unwrap_or(shape);
    for name in [format!("answers/{shape}"), format!("answers/{kind}")] {
        if renderer.has(&name) {
            return Ok(Some(renderer.pen(&Style::PLAIN).fill(&name, &json!({}))?));
        }
    }
    Ok(None)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// The place and the text around it.
fn shown(run: &Run, place: &Evidence) -> Value {
    let tree: &dyn Snapshot = match place.side {
        Side::Before => run.change.before.as_ref(),
        Side::After => run.change.after.as_ref(),
    };
    let content = tree.read(&RepoPath::new(place.path.as_str()));
    let text = content.as_ref().and_then(|content| content.text()).unwrap_or_default();
    let lines: Vec<Value> = match place.line {
        None => Vec::new(),
        Some(line) => {
            let from = (line as usize).saturating_sub(1 + AROUND);
            let numbered = secrets::shown(&place.path, text).enumerate().skip(from).take(2 * AROUND + 1);
            numbered.map(|(at, text)| json!({"number": at + 1, "text": text.chars().take(160).collect::<String>()})).collect()
        }
    };
    json!({"path": place.path, "side": place.side, "line": place.line, "lines": lines})
}

/// Every rule with its words, for the template `frame/rules`.
pub fn rules(renderer: &Renderer) -> Value {
    let rules: Vec<Value> = renderer
        .rules()
        .map(|(id, rule)| {
            let kind = id.split('.').next().unwrap_or(id);
            let can_be_off = detectors::ALL.iter().any(|entry| entry.id == kind);
            json!({"id": id, "when": rule.when, "level": rule.level, "off": can_be_off.then(|| format!("[detectors] {kind} = false"))})
        })
        .collect();
    json!({"schema": "plainly/rules/v1", "rules": rules})
}
