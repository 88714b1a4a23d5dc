//! What the comparison of two end states tells: findings, put together by matter and sorted into sections.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::author;
use super::model::{Entry, SectionName, Source};
use super::names::{speaks_of, spoken};
use crate::change::{ChangeKind, RepoPath};
use crate::config::{Config, Visibility};
use crate::detectors::Line;
use crate::finding::{
    ApiOp, DependencyChange, Evidence, Facts, Finding, Presence, SchemaOp, SettingChange, VersionStep, id_of,
};
use crate::formats::document;
use crate::services::{self, Catalog};
use crate::summary::{self, Summary};
use crate::{Change, services::Service};

/// Names of packages that the line on packages shows of each sort.
const PACKAGES_SHOWN: usize = 5;
/// The rank of what only translators did.
pub(super) const TRANSLATED: u8 = 9;
/// Settings of one prefix that are worth one word for all.
const FAMILY: usize = 3;

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
    gone(seen, &findings, &mut told, &mut facts);
    services_new(seen, &findings, &mut told, &mut facts);
    marked_for_removal(seen, &findings, &mut told, &mut facts);
    switches_new(seen, &findings, &mut told, &mut facts);
    settings(seen, &findings, &mut told, &mut facts);
    stores(seen, &findings, &mut facts);
    packages(seen, &findings, &mut told, &mut facts);
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

/// Whole services and top folders that are gone, each with what went together with it.
fn gone<'f>(seen: &Seen<'_>, findings: &[&'f Finding], told: &mut BTreeSet<&'f str>, facts: &mut Vec<Fact>) {
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

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
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
fn services_new<'f>(
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

/// New switches, each with its author's description.
fn switches_new<'f>(
    seen: &Seen<'_>,
    findings: &[&'f Finding],
    told: &mut BTreeSet<&'f str>,
    facts: &mut Vec<Fact>,
) {
    for finding in findings {
        let Facts::FeatureFlag(flag) = &finding.facts else { continue };
        let sorted = |list: &Option<String>| {
            let mut parts: Vec<String> =
                list.iter().flat_map(|text| text.split(", ")).map(str::to_owned).collect();
            parts.sort();
            parts
        };
        // the same choices in another order are the same choices
        if finding.rule == "feature_flag.choices_changed" && sorted(&flag.from) == sorted(&flag.to) {
            told.insert(&finding.id);
        }
        if flag.change != SettingChange::Added {
            continue;
        }
        told.insert(&finding.id);
        let description =
            finding.evidence.first().and_then(|place| description(seen, &place.path, &flag.key));
        let off = flag
            .to
            .as_deref()
            .is_some_and(|to| ["off", "false", "disabled"].contains(&to.to_lowercase().as_str()));
        let values = json!({"key": flag.key, "start": flag.to, "off": off, "description": description});
        let mut made =
            fact(seen, "notes/entries/switch_new", &flag.key, (SectionName::New, 3), &[finding], values);
        if description.is_some() {
            made.entry.sources.push(Source::AuthorNote);
        }
        made.is_public = false;
        made.entry.area = None;
        facts.push(made);
    }
}

/// What the file that defines a switch says about it.
fn description(seen: &Seen<'_>, path: &RepoPath, key: &str) -> Option<String> {
    let content = seen.change.after.read(path)?;
    let text = content.text()?;
    let trees = match path.extension().as_str() {
        "json" => vec![document::json(text).ok()?],
        "yaml" | "yml" => document::yaml(text).ok()?,
        "toml" => vec![document::toml(text).ok()?],
        _ => return None,
    };
    let mut open: Vec<(&document::Node, u8)> = trees.iter().map(|tree| (tree, 0)).collect();
    while let Some((node, depth)) = open.pop() {
        let named = node.text_of("key").or_else(|| node.text_of("name")) == Some(key);
        let found = if named { node } else { node.get(key) };
        if let Some(words) = found.text_of("description") {
            return Some(author::quote(words));
        }
        if depth < 6 {
            open.extend(
                node.entries().map(|(_, child)| child).chain(node.items()).map(|child| (child, depth + 1)),
            );
        }
    }
    None
}

/// Settings that came and went: one entry, with a word for those that share a prefix.
fn settings<'f>(
    seen: &Seen<'_>,
    findings: &[&'f Finding],
    told: &mut BTreeSet<&'f str>,
    facts: &mut Vec<Fact>,
) {
    let of = |change: SettingChange| {
        let these = findings.iter().copied().filter(move |one| {
            matches!(&one.facts, Facts::Config(config) if config.change == change && one.rule != "config.needed")
        });
        these.filter(|one| !told.contains(one.id.as_str())).collect::<Vec<&'f Finding>>()
    };
    let (removed, added) = (of(SettingChange::Removed), of(SettingChange::Added));
    // few are told one by one
    if removed.is_empty() || removed.len() + added.len() < FAMILY {
        return;
    }
    let keys = |list: &[&Finding]| -> BTreeSet<String> {
        list.iter()
            .filter_map(|one| match &one.facts {
                Facts::Config(config) => Some(last(&config.key).to_owned()),
                _ => None,
            })
            .collect()
    };
    let (gone, new) = (keys(&removed), keys(&added));
    let moved: BTreeSet<String> = gone.intersection(&new).cloned().collect();
    let gone: BTreeSet<String> = gone.difference(&moved).cloned().collect();
    let new = new.len() - moved.len();
    told.extend(removed.iter().chain(&added).map(|one| one.id.as_str()));
    if gone.is_empty() {
        return;
    }
    let mut families: BTreeMap<&str, usize> = BTreeMap::new();
    for key in &gone {
        let prefix = key.find('_').map_or(key.as_str(), |at| key.get(..=at).unwrap_or(key));
        *families.entry(prefix).or_default() += 1;
    }
    let mut families: Vec<(&str, usize)> =
        families.into_iter().filter(|(_, count)| *count >= FAMILY).collect();
    families.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    families.truncate(3);
    let named: usize = families.iter().map(|(_, count)| count).sum();
    let values = json!({
        "removed": gone.len(),
        "added": new,
        "keys": gone,
        "families": families.iter().map(|(prefix, count)| json!({"prefix": prefix, "count": count})).collect::<Vec<_>>(),
        "more": gone.len() - named,
    });
    let all: Vec<&Finding> = removed.into_iter().chain(added).collect();
    let mut made = fact(seen, "notes/entries/settings", "", (SectionName::ActionNeeded, 5), &all, values);
    made.is_public = false;
    made.entry.area = None;
    facts.push(made);
}

/// Databases and the like that move to another major version: people who run the product must move their data.
fn stores(seen: &Seen<'_>, findings: &[&Finding], facts: &mut Vec<Fact>) {
    let mut steps: BTreeMap<&str, (&Finding, &str, &str)> = BTreeMap::new();
    for finding in findings {
        let Facts::Dependency(package) = &finding.facts else { continue };
        let name = package.name.rsplit('/').next().unwrap_or(&package.name);
        if package.ecosystem == "docker"
            && package.step == VersionStep::Major
            && !package.dev
            && services::is_store(name)
            && let (Some(from), Some(to)) = (package.from.as_deref(), package.to.as_deref())
        {
            steps.entry(name).or_insert((finding, from, to));
        }
    }
    for (name, (finding, from, to)) in steps {
        let values = json!({"name": name, "from": from, "to": to});
        let mut made =
            fact(seen, "notes/entries/store_step", name, (SectionName::ActionNeeded, 4), &[finding], values);
        made.is_public = false;
        made.entry.area = None;
        facts.push(made);
    }
}

/// All outside packages, one entry: first version to last, by name.
fn packages<'f>(
    seen: &Seen<'_>,
    findings: &[&'f Finding],
    told: &mut BTreeSet<&'f str>,
    facts: &mut Vec<Fact>,
) {
    #[derive(Default)]
    struct Package {
        change: Option<(DependencyChange, bool)>,
        step: Option<(String, String)>,
        new: bool,
        gone: bool,
    }
    let of: Vec<&Finding> =
        findings.iter().copied().filter(|one| matches!(one.facts, Facts::Dependency(_))).collect();
    told.extend(of.iter().map(|one| one.id.as_str()));
    let mut packages: BTreeMap<(&str, &str), Package> = BTreeMap::new();
    for finding in &of {
        let Facts::Dependency(facts) = &finding.facts else { continue };
        // one part of the repository that uses another
        if seen.catalog.named(&facts.name).is_some() {
            continue;
        }
        let package = packages.entry((&facts.ecosystem, &facts.name)).or_default();
        package.change = Some((facts.change, facts.dev));
        package.new |= facts.change == DependencyChange::Added && facts.new_to_repo;
        package.gone |= facts.change == DependencyChange::Removed && facts.used_in == 0;
        if facts.step == VersionStep::Major
            && !facts.dev
            && let (Some(from), Some(to)) = (&facts.from, &facts.to)
        {
            package.step.get_or_insert_with(|| (from.clone(), to.clone()));
        }
    }
    if packages.is_empty() {
        return;
    }
    let stepped = |change: &Package| {
        matches!(change.change, Some((DependencyChange::Upgraded | DependencyChange::Downgraded, _)))
    };
    // an image's registry says nothing to a reader; elsewhere the whole name tells packages apart
    let shown = |ecosystem: &str, name: &'f str| match ecosystem {
        "docker" => name.rsplit('/').next().unwrap_or(name),
        _ => name,
    };
    let named = |wanted: &dyn Fn(&Package) -> bool| -> Vec<&str> {
        let wanted = packages.iter().filter(|(_, package)| wanted(package));
        wanted.map(|((ecosystem, name), _)| shown(ecosystem, name)).collect()
    };
    let used = |package: &Package| package.change.is_some_and(|(_, dev)| !dev);
    // a day in place of a number says nothing of its size
    let is_day = |version: &str| version.split(|c: char| !c.is_ascii_digit()).any(|number| number.len() >= 6);
    // versions below 1.0 promise little: their steps come last
    let is_early = |from: &str| from.trim_start_matches(|c: char| !c.is_ascii_digit()).starts_with("0.");
    let mut big: Vec<(bool, &str, Value)> = packages
        .iter()
        .filter_map(|((ecosystem, name), package)| {
            let (from, to) = package.step.as_ref().filter(|(from, _)| !is_day(from))?;
            let name = shown(ecosystem, name);
            Some((is_early(from), name, json!({"name": name, "from": from, "to": to})))
        })
        .collect();
    big.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
    big.dedup_by(|a, b| a.1 == b.1);
    let new: Vec<&str> = named(&|package| package.new && used(package));
    if !packages.values().any(|package| stepped(package) || package.new || package.gone) {
        return;
    }
    let values = json!({
        "updated": named(&stepped).len(),
        "new": named(&|package| package.new).len(),
        "gone": named(&|package| package.gone).len(),
        "names": new,
        "big": big.len(),
        "steps": big.iter().take(PACKAGES_SHOWN).map(|(_, _, step)| step).collect::<Vec<_>>(),
        "big_more": big.len().saturating_sub(PACKAGES_SHOWN),
        "security": [],
    });
    let mut made = fact(seen, "notes/entries/packages", "", (SectionName::Packages, 0), &of, values);
    made.is_public = false;
    made.entry.area = None;
    made.entry.evidence.truncate(1);
    made.traces.clear();
    facts.push(made);
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
