//! The page in five lines.

use serde_json::{Value, json};

use super::Placed;
use crate::finding::id_of;
use crate::notes::facts::Fact;
use crate::notes::model::{Audience, Entry, SectionName, Source};
use crate::notes::trace::Behind;

/// Lines that the first section has at most.
const IN_SHORT: usize = 5;
/// New things that "In short" quotes.
const QUOTED: usize = 3;

/// The page in five lines: what goes, what breaks, what comes, what will go, and the count of the rest.
pub(super) fn in_short(facts: &[(Fact, Behind)], placed: &[Placed], audience: Audience) -> Vec<Entry> {
    if audience == Audience::Customers {
        return Vec::new();
    }
    let mut entries = Vec::new();
    let mut say = |shape: &str, values: Value, of: &[&Fact]| {
        entries.push(Entry {
            findings: of.iter().flat_map(|fact| fact.entry.findings.clone()).collect(),
            ..short(shape, values)
        });
    };
    let of = |shape: &str| -> Vec<&Fact> {
        facts.iter().map(|(fact, _)| fact).filter(|fact| fact.entry.shape == shape).collect()
    };
    let value = |fact: &Fact, key: &str| {
        fact.entry.facts.pointer(&format!("/facts/{key}")).cloned().unwrap_or_default()
    };
    let mut gone = of("notes/entries/gone");
    gone.sort_by_key(|fact| (fact.rank, fact.topic.clone()));
    if !gone.is_empty() {
        let titles: Vec<Value> = gone.iter().map(|fact| value(fact, "title")).collect();
        let stored =
            gone.iter().any(|fact| value(fact, "tables").as_array().is_some_and(|tables| !tables.is_empty()));
        say("gone", json!({"titles": titles, "stored": stored}), &gone);
    }
    let broken: Vec<&Fact> = facts
        .iter()
        .map(|(fact, _)| fact)
        .filter(|fact| fact.is_breaking && fact.entry.shape.starts_with("findings/api/"))
        .collect();
    if !broken.is_empty() {
        let count: usize = broken.iter().map(|fact| fact.entry.findings.len()).sum();
        say("api_breaks", json!({"count": count}), &broken);
    }
    let dropped: Vec<&Fact> = facts
        .iter()
        .map(|(fact, _)| fact)
        .filter(|fact| {
            fact.section == SectionName::ActionNeeded && fact.entry.shape.starts_with("findings/schema/")
        })
        .collect();
    if !dropped.is_empty() {
        say("data_lost", json!({}), &dropped);
    }
    // only authors' words make an entry of a change one that needs action, or one that waits for words about it
    let wants_action = |one: &&Placed| {
        let wanted = one.entry.facts.pointer("/facts/section");
        one.section == SectionName::ActionNeeded || wanted == Some(&json!(SectionName::ActionNeeded))
    };
    let breaking = placed.iter().filter(wants_action).count();
    if breaking > 0 {
        say("marked_breaking", json!({"count": breaking}), &[]);
    }
    let new: Vec<&Fact> = of("notes/entries/service_new");
    let products: Vec<Value> = new
        .iter()
        .filter(|fact| value(fact, "support") == json!(false))
        .flat_map(|fact| value(fact, "titles").as_array().cloned().unwrap_or_default())
        .collect();
    if !products.is_empty() {
        say("services_new", json!({"titles": products}), &new);
    }
    let marked = of("notes/entries/marked");
    if !marked.is_empty() {
        let count: u64 = marked.iter().filter_map(|fact| value(fact, "count").as_u64()).sum();
        say("marked", json!({"count": count}), &marked);
    }
    let stores = of("notes/entries/store_step");
    if !stores.is_empty() {
        let names: Vec<Value> = stores.iter().map(|fact| value(fact, "name")).collect();
        say("stores", json!({"names": names}), &stores);
    }
    let added = of("findings/api/added");
    if let Some(count) = added.first().map(|fact| fact.entry.findings.len()) {
        say("api_added", json!({"count": count}), &added);
    }
    let settings = of("notes/entries/settings");
    if let Some(fact) = settings.first() {
        say("settings", json!({"removed": value(fact, "removed"), "added": value(fact, "added")}), &settings);
    }
    let rewritten: Vec<&Fact> = facts
        .iter()
        .map(|(fact, _)| fact)
        .filter(|fact| {
            let shape = fact.entry.shape.as_str();
            fact.section == SectionName::Data && !shape.ends_with("/indexes") && !shape.ends_with("/other")
        })
        .collect();
    if !rewritten.is_empty() {
        say("data", json!({"count": rewritten.len()}), &rewritten);
    }
    // where the comparison has little to say, what is new in its authors' words
    let mut new: Vec<&Placed> = placed
        .iter()
        .filter(|one| one.section == SectionName::New && one.entry.shape == "notes/entries/quoted")
        .collect();
    new.sort_by_key(|one| one.rank);
    let quotes_all = entries.len() < IN_SHORT - 2 && !new.is_empty() && new.len() <= QUOTED;
    if entries.len() < IN_SHORT - 2 && !new.is_empty() {
        let quotes: Vec<Value> =
            new.iter().take(QUOTED).map(|one| one.entry.facts["facts"]["words"].clone()).collect();
        entries.push(Entry {
            sources: vec![Source::AuthorNote],
            ..short("new", json!({"quotes": quotes, "count": new.len()}))
        });
    }
    let count = |section: SectionName| placed.iter().filter(|one| one.section == section).count();
    let (new, changed, fixed) =
        (count(SectionName::New), count(SectionName::Changed), count(SectionName::Fixed));
    entries.truncate(IN_SHORT - 1);
    if changed + fixed > 0 || new > 0 && !quotes_all {
        entries.push(Entry {
            sources: vec![Source::AuthorNote],
            ..short("mix", json!({"new": new, "changed": changed, "fixed": fixed}))
        });
    }
    entries
}

/// A line of "In short".
fn short(shape: &str, values: Value) -> Entry {
    Entry {
        id: id_of("note", "short", shape),
        shape: format!("notes/short/{shape}"),
        facts: json!({"facts": values, "evidence": [], "services": []}),
        text: String::new(),
        area: None,
        owners: Vec::new(),
        sources: vec![Source::Comparison],
        findings: Vec::new(),
        evidence: Vec::new(),
        pulls: Vec::new(),
        commits: Vec::new(),
    }
}
