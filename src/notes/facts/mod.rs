//! What the comparison of two end states tells: findings, put together by matter and sorted into sections.

mod packages;
mod places;
mod settings;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::author;
use super::model::{Entry, SectionName, Source};
use crate::change::RepoPath;
use crate::config::{Config, Visibility};
use crate::detectors::Line;
use crate::finding::{ApiOp, Evidence, Facts, Finding, Presence, SchemaOp, SettingChange, id_of};
use crate::services::Catalog;
use crate::summary::{self, Summary};
use crate::{Change, services::Service};

/// The rank of what only translators did.
pub(super) const TRANSLATED: u8 = 9;

/// One matter that the comparison found.
#[derive(Clone, Debug)]
pub struct Fact {
    /// Where it stands.
    pub section: SectionName,
    /// Its place there; lower is first.
    pub rank: u8,
    /// Whether people outside may hear of it.
    pub is_public: bool,
    /// Whether the comparison shows that software which relies on it stops working.
    pub is_breaking: bool,
    /// The name of the matter, where it is one that authors name too.
    pub topic: Option<String>,
    /// How to find the commits behind it.
    pub traces: Vec<Trace>,
    /// What is said.
    pub entry: Entry,
}

/// What a commit must have done to be behind a fact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trace {
    /// It does this to the word in the file.
    Word(RepoPath, String, Effect),
    /// It adds files below the folder.
    Adds(String),
    /// It deletes files below the folder.
    Deletes(String),
}

/// What happens to a word in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// It was not there.
    Appears,
    /// It is there no longer.
    Vanishes,
    /// Lines that hold it change.
    Changes,
}

/// What facts are made from.
pub struct Seen<'a> {
    /// The summary of the whole range.
    pub summary: &'a Summary,
    /// The two trees.
    pub change: &'a Change,
    /// The services of both.
    pub catalog: &'a Catalog,
    /// The team's configuration.
    pub config: &'a Config,
}

/// All facts, in no order.
pub fn of(seen: &Seen<'_>) -> Vec<Fact> {
    let findings: Vec<&Finding> = seen.summary.report.findings.iter().collect();
    let mut facts = Vec::new();
    let mut told: BTreeSet<&str> = BTreeSet::new();
    places::gone(seen, &findings, &mut told, &mut facts);
    places::services_new(seen, &findings, &mut told, &mut facts);
    marked_for_removal(seen, &findings, &mut told, &mut facts);
    settings::switches_new(seen, &findings, &mut told, &mut facts);
    settings::settings(seen, &findings, &mut told, &mut facts);
    packages::stores(seen, &findings, &mut facts);
    packages::packages(seen, &findings, &mut told, &mut facts);
    let rest: Vec<Finding> =
        findings.into_iter().filter(|one| !told.contains(one.id.as_str())).cloned().collect();
    let report = &seen.summary.report;
    for line in summary::lines_of(&rest, &report.services, seen.config.reader) {
        let of_line: Vec<&Finding> = rest.iter().filter(|one| line.findings.contains(&one.id)).collect();
        facts.extend(line_fact(seen, line, &of_line));
    }
    let mut ids = BTreeSet::new();
    for fact in &mut facts {
        let first = fact.entry.findings.first().cloned().unwrap_or_default();
        if !ids.insert(fact.entry.id.clone()) {
            fact.entry.id = id_of("note", &fact.entry.shape, &first);
            ids.insert(fact.entry.id.clone());
        }
    }
    facts
}

/// A fact over findings. `subject` names the matter for good.
fn fact(
    seen: &Seen<'_>,
    shape: &str,
    subject: &str,
    (section, rank): (SectionName, u8),
    findings: &[&Finding],
    values: Value,
) -> Fact {
    let evidence: Vec<Evidence> = findings.iter().filter_map(|one| one.evidence.first().cloned()).collect();
    let services: BTreeSet<&String> = findings.iter().flat_map(|one| &one.services).collect();
    let known: Vec<&Service> = services.iter().filter_map(|name| seen.catalog.named(name)).collect();
    let is_api = findings.iter().any(|one| matches!(one.facts, Facts::Api(_)));
    let is_public = match known.is_empty() {
        true => is_api || seen.catalog.is_single(),
        false => known.iter().any(|service| service.visibility == Visibility::Public),
    };
    let area = match known.as_slice() {
        [one] if !seen.catalog.is_single() => Some(one.title.clone()),
        _ => None,
    };
    let owners: BTreeSet<String> =
        evidence.iter().flat_map(|place| seen.catalog.owners_of(&place.path)).collect();
    let titles: Vec<&str> = known.iter().map(|service| service.title.as_str()).collect();
    Fact {
        section,
        rank,
        is_public,
        is_breaking: findings
            .iter()
            .any(|one| matches!(&one.facts, Facts::Api(api) if api.breaking == Some(true))),
        topic: None,
        traces: findings.iter().filter_map(|one| trace(one)).collect::<BTreeSet<_>>().into_iter().collect(),
        entry: Entry {
            id: id_of("note", shape, subject),
            shape: shape.to_owned(),
            facts: json!({"facts": values, "evidence": evidence, "services": titles}),
            text: String::new(),
            area,
            owners: owners.into_iter().collect(),
            sources: vec![Source::Comparison],
            findings: findings.iter().map(|one| one.id.clone()).collect(),
            evidence,
            pulls: Vec::new(),
            commits: Vec::new(),
        },
    }
}

/// The last part of a dotted name.
fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// The word by which a finding's lines are known in the file that proves it.
fn trace(finding: &Finding) -> Option<Trace> {
    let last = |name: &str| name.rsplit(['.', '/', ' ', ':']).next().unwrap_or(name).to_owned();
    let setting = |change: SettingChange| match change {
        SettingChange::Added => Effect::Appears,
        SettingChange::Removed => Effect::Vanishes,
        SettingChange::Changed => Effect::Changes,
    };
    let (word, effect) = match &finding.facts {
        Facts::Schema(facts) => {
            let effect = match facts.op {
                SchemaOp::AddTable | SchemaOp::AddColumn => Effect::Appears,
                SchemaOp::DropTable | SchemaOp::DropColumn => Effect::Vanishes,
                _ => Effect::Changes,
            };
            (last(facts.column.as_deref().unwrap_or(&facts.table)), effect)
        }
        Facts::Api(facts) => {
            let effect = match facts.op {
                ApiOp::OperationAdded | ApiOp::FieldAdded | ApiOp::ValueAdded => Effect::Appears,
                ApiOp::OperationRemoved | ApiOp::FieldRemoved | ApiOp::ValueRemoved => Effect::Vanishes,
                _ => Effect::Changes,
            };
            (last(&facts.subject), effect)
        }
        Facts::Config(facts) => (last(&facts.key), setting(facts.change)),
        Facts::FeatureFlag(facts) => (facts.key.clone(), setting(facts.change)),
        Facts::Access(facts) => (last(&facts.subject), Effect::Changes),
        Facts::Privacy(facts) => (last(&facts.place), Effect::Appears),
        Facts::Service(facts) => match facts.change {
            Presence::Removed => (facts.name.clone(), Effect::Vanishes),
            _ => (facts.to.clone().unwrap_or_else(|| facts.name.clone()), Effect::Appears),
        },
        Facts::UiText(facts) => (last(facts.key.as_deref()?), setting(facts.change)),
        Facts::Schedule(facts) => (facts.job.clone(), setting(facts.change)),
        _ => return None,
    };
    let place = finding.evidence.first()?;
    (!word.is_empty()).then(|| Trace::Word(place.path.clone(), word, effect))
}

/// What is newly marked for removal, one entry for each advice that the contract gives.
fn marked_for_removal<'f>(
    seen: &Seen<'_>,
    findings: &[&'f Finding],
    told: &mut BTreeSet<&'f str>,
    facts: &mut Vec<Fact>,
) {
    let mut groups: BTreeMap<Option<&str>, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        if let Facts::Api(api) = &finding.facts
            && api.op == ApiOp::Deprecated
        {
            told.insert(&finding.id);
            groups.entry(api.advice.as_deref()).or_default().push(finding);
        }
    }
    for (advice, group) in groups {
        let names: BTreeSet<String> = group
            .iter()
            .filter_map(|one| match &one.facts {
                Facts::Api(api) => Some(api.subject.clone()),
                _ => None,
            })
            .collect();
        let values = json!({"count": names.len(), "names": names, "advice": advice.map(author::advice)});
        let place = (SectionName::GoingAway, 255 - names.len().min(200) as u8);
        facts.push(fact(seen, "notes/entries/marked", advice.unwrap_or_default(), place, &group, values));
    }
}

/// A sentence that a summary would say too, in the section of its kind.
fn line_fact(seen: &Seen<'_>, line: Line, findings: &[&Finding]) -> Option<Fact> {
    let (kind, what) = line.shape.split_once('/').unwrap_or((&line.shape, ""));
    let breaks =
        findings.iter().any(|one| matches!(&one.facts, Facts::Api(api) if api.breaking == Some(true)));
    let place = match (kind, what) {
        ("schema", "table_dropped" | "column_dropped" | "area_dropped" | "rows_deleted") => {
            (SectionName::ActionNeeded, 1)
        }
        ("schema", "indexes") => (SectionName::Data, 9),
        ("schema", _) => (SectionName::Data, 3),
        ("api", "added") => (SectionName::New, 2),
        ("api", "value_added" | "optional_added" | "type_added") => (SectionName::New, 6),
        ("api", _) if breaks => (SectionName::ActionNeeded, 1),
        ("api", _) => (SectionName::Changed, 2),
        ("access", "workflow") => return None,
        ("access" | "privacy", _) => (SectionName::SecurityAndPrivacy, 1),
        ("service", _) => (SectionName::Changed, 1),
        ("connection", _) => (SectionName::Changed, 8),
        ("config", "needed") => (SectionName::ActionNeeded, 5),
        ("config", "added") => (SectionName::New, 8),
        ("config", "removed") => (SectionName::ActionNeeded, 5),
        ("config", _) => (SectionName::Changed, 7),
        ("feature_flag", _) => (SectionName::Changed, 5),
        ("runtime", _) => (SectionName::Packages, 1),
        ("schedule", _) if findings.iter().all(|one| one.rule == "schedule.build") => return None,
        ("schedule", _) => (SectionName::Changed, 5),
        ("ui_text", "translated") => (SectionName::Changed, TRANSLATED),
        ("ui_text", _) => (SectionName::Changed, 3),
        _ => return None,
    };
    let shape = format!("findings/{}", line.shape);
    let mut made = fact(seen, &shape, "", place, findings, line.facts);
    // what is stored and set is nobody's business outside
    made.is_public &= kind == "api";
    made.entry.evidence = line.evidence;
    if let Some(values) = made.entry.facts.as_object_mut() {
        values.insert("evidence".to_owned(), json!(made.entry.evidence));
        values.insert("services".to_owned(), json!(line.services));
    }
    // the sentence names its services itself
    made.entry.area = None;
    Some(made)
}
