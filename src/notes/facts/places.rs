//! Services and top folders that came and went, each with what went together with it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{Fact, Seen, Trace, fact, last};
use crate::change::{ChangeKind, RepoPath};
use crate::config::Visibility;
use crate::finding::{ApiOp, Evidence, Facts, Finding, Presence, SettingChange};
use crate::notes::author;
use crate::notes::model::{SectionName, Source};
use crate::notes::names::{speaks_of, spoken};
use crate::services::Service;

/// Whole services and top folders that are gone, each with what went together with it.
pub(super) fn gone<'f>(
    seen: &Seen<'_>,
    findings: &[&'f Finding],
    told: &mut BTreeSet<&'f str>,
    facts: &mut Vec<Fact>,
) {
    let removed = findings.iter().filter_map(|one| match &one.facts {
        Facts::Service(service) if service.change == Presence::Removed => Some((*one, service.name.clone())),
        _ => None,
    });
    for (finding, name) in removed {
        let mut with = vec![finding];
        with.extend(findings.iter().copied().filter(|one| goes_with(one, &name) && one.id != finding.id));
        let operations: Vec<String> = with.iter().filter_map(|one| operation(one)).collect();
        let files: BTreeSet<&RepoPath> = with
            .iter()
            .filter(|one| operation(one).is_some())
            .filter_map(|one| Some(&one.evidence.first()?.path))
            .collect();
        // what an operation that goes takes and gives goes with it
        let is_part = |one: &&&Finding| {
            one.rule == "api.type_removed"
                && !with.iter().any(|other| other.id == one.id)
                && one.evidence.first().is_some_and(|place| files.contains(&place.path))
                && matches!(&one.facts, Facts::Api(api)
                    if operations.iter().any(|name| last(&api.subject).starts_with(name.as_str())))
        };
        let parts: Vec<&Finding> = findings.iter().filter(is_part).copied().collect();
        with.extend(parts);
        let count = |wanted: &dyn Fn(&Facts) -> bool| with.iter().filter(|one| wanted(&one.facts)).count();
        let tables: Vec<&str> = with
            .iter()
            .filter_map(|one| match &one.facts {
                Facts::Schema(schema) => Some(schema.table.as_str()),
                _ => None,
            })
            .collect();
        let script = with.iter().any(|one| {
            matches!(&one.facts, Facts::Schema(schema)
                if schema.details.get("declared").is_some_and(|declared| declared == "init_script"))
        });
        let types = with.iter().filter(|one| one.rule == "api.type_removed").count();
        let service = seen.catalog.named(&name);
        let title = service.map_or(name.clone(), |service| match service.title == name {
            true => spoken(&name),
            false => service.title.clone(),
        });
        let values = json!({
            "title": title,
            "service": name,
            "operations": operations.len(),
            "types": types,
            "tables": tables,
            "script": script,
            "switches": count(&|facts| matches!(facts, Facts::FeatureFlag(_))),
            "settings": count(&|facts| matches!(facts, Facts::Config(_))),
        });
        told.extend(with.iter().map(|one| one.id.as_str()));
        let rank = if tables.is_empty() && operations.is_empty() { 2 } else { 0 };
        let mut made =
            fact(seen, "notes/entries/gone", &name, (SectionName::ActionNeeded, rank), &with, values);
        made.is_public = service.is_none_or(|service| service.visibility == Visibility::Public);
        made.entry.area = None;
        made.traces
            .extend(service.into_iter().flat_map(|service| &service.folders).cloned().map(Trace::Deletes));
        made.topic = Some(name);
        facts.push(made);
    }
    for (folder, files) in top_folders_gone(seen) {
        let covered =
            facts.iter().any(|fact| fact.topic.as_deref().is_some_and(|topic| speaks_of(&folder, topic)));
        let Some(path) = seen.change.before.paths().iter().find(|path| path.is_in(&folder)) else { continue };
        if covered {
            continue;
        }
        let values = json!({"folder": folder, "files": files});
        let place = (SectionName::ActionNeeded, 3);
        let mut made = fact(seen, "notes/entries/folder_gone", &folder, place, &[], values);
        made.is_public = false;
        made.entry.evidence = vec![Evidence::before(path, None)];
        made.entry.owners = seen.catalog.owners_of(path);
        made.traces.push(Trace::Deletes(folder.clone()));
        made.topic = Some(folder);
        facts.push(made);
    }
}

fn operation(finding: &Finding) -> Option<String> {
    match &finding.facts {
        Facts::Api(api) if api.op == ApiOp::OperationRemoved => Some(last(&api.subject).to_owned()),
        _ => None,
    }
}

/// Whether a finding says that something of a matter went.
fn goes_with(finding: &Finding, topic: &str) -> bool {
    match &finding.facts {
        Facts::Schema(facts) => finding.rule == "schema.table_dropped" && speaks_of(&facts.table, topic),
        Facts::Api(facts) => {
            (facts.op == ApiOp::OperationRemoved || finding.rule == "api.type_removed")
                && speaks_of(&facts.subject, topic)
        }
        Facts::Config(facts) => facts.change == SettingChange::Removed && speaks_of(&facts.key, topic),
        Facts::FeatureFlag(facts) => facts.change == SettingChange::Removed && speaks_of(&facts.key, topic),
        Facts::Connection(facts) => {
            facts.change == Presence::Removed && (facts.from == topic || facts.to == topic)
        }
        _ => false,
    }
}

/// Folders at the root that held files and hold none any more, and how many; one that was moved is not gone.
fn top_folders_gone(seen: &Seen<'_>) -> Vec<(String, usize)> {
    let top = |path: &RepoPath| path.folders().next().map(str::to_owned);
    let mut before: BTreeMap<String, usize> = BTreeMap::new();
    for folder in seen.change.before.paths().iter().filter_map(top) {
        *before.entry(folder).or_default() += 1;
    }
    let after: BTreeSet<String> = seen.change.after.paths().iter().filter_map(top).collect();
    let mut moved: BTreeMap<String, usize> = BTreeMap::new();
    for file in seen.change.files.files() {
        if let ChangeKind::Renamed { from, .. } = &file.kind {
            *moved.entry(top(from).unwrap_or_default()).or_default() += 1;
        }
    }
    before
        .into_iter()
        .filter(|(folder, files)| {
            !folder.starts_with('.')
                && !after.contains(folder)
                && moved.get(folder).is_none_or(|moved| moved * 2 < *files)
        })
        .collect()
}

/// New services: those whose own README says what they are, one by one; the others together.
pub(super) fn services_new<'f>(
    seen: &Seen<'_>,
    findings: &[&'f Finding],
    told: &mut BTreeSet<&'f str>,
    facts: &mut Vec<Fact>,
) {
    let mut others: BTreeMap<bool, Vec<(&Finding, String)>> = BTreeMap::new();
    for finding in findings {
        let Facts::Service(service) = &finding.facts else { continue };
        if service.change != Presence::Added {
            continue;
        }
        told.insert(&finding.id);
        let known = seen.catalog.named(&service.name);
        let title = known.map_or(&service.name, |known| &known.title).clone();
        let purpose = known.and_then(|known| opening(seen, known));
        let is_product = service.role == "product";
        let Some((purpose, path)) = purpose else {
            others.entry(!is_product).or_default().push((finding, title));
            continue;
        };
        let rank = if is_product { 0 } else { 4 };
        let values = json!({"titles": [title], "purpose": purpose, "support": !is_product});
        let mut made = fact(
            seen,
            "notes/entries/service_new",
            &service.name,
            (SectionName::New, rank),
            &[finding],
            values,
        );
        made.entry.area = None;
        made.entry.sources.push(Source::AuthorNote);
        made.entry.evidence.push(Evidence::after(&path, None));
        made.is_public = false;
        made.topic = Some(service.name.clone());
        made.traces.extend(known.into_iter().flat_map(|known| &known.folders).cloned().map(Trace::Adds));
        facts.push(made);
    }
    for (support, group) in others {
        let (of, titles): (Vec<&Finding>, Vec<String>) = group.into_iter().unzip();
        let values = json!({"titles": titles, "purpose": null, "support": support});
        let subject = if support { "support" } else { "product" };
        let rank = if support { 5 } else { 1 };
        let mut made =
            fact(seen, "notes/entries/service_new", subject, (SectionName::New, rank), &of, values);
        made.entry.area = None;
        made.is_public = false;
        made.topic = titles.first().cloned().filter(|_| titles.len() == 1);
        for finding in of {
            let Facts::Service(service) = &finding.facts else { continue };
            let known = seen.catalog.named(&service.name);
            made.traces.extend(known.into_iter().flat_map(|known| &known.folders).cloned().map(Trace::Adds));
        }
        facts.push(made);
    }
}

/// The first sentence of a service's own README.
fn opening(seen: &Seen<'_>, service: &Service) -> Option<(String, RepoPath)> {
    service.folders.iter().filter(|folder| !folder.is_empty()).find_map(|folder| {
        let path = RepoPath::new(format!("{folder}/README.md"));
        let content = seen.change.after.read(&path)?;
        Some((author::opening(content.text()?)?, path))
    })
}
