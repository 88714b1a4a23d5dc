//! Personal data newly stored, by the names of new fields, and new outside recipients.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{Context, Detector, Line, Report};
use crate::change::{FileChange, Role};
use crate::finding::{DependencyChange, Evidence, Facts, Finding, Level, PrivacyFacts, SchemaOp};

/// Its options.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Privacy {}

impl Detector for Privacy {
    fn detect(&self, cx: &Context<'_>, report: &mut Report) {
        // schema and packages are read by their own detectors, which run before
        let mut found = Vec::new();
        for finding in &report.findings {
            match &finding.facts {
                Facts::Schema(facts) => {
                    let columns = match facts.op {
                        SchemaOp::AddColumn => facts.column.clone(),
                        SchemaOp::AddTable => facts.details.get("columns").cloned(),
                        _ => None,
                    };
                    for column in columns.as_deref().unwrap_or("").split(", ") {
                        let type_ =
                            if facts.op == SchemaOp::AddColumn { facts.type_.as_deref() } else { None };
                        if let Some(data) = personal(column, type_) {
                            let place = format!("{}.{column}", facts.table);
                            found.push(("stored", data.to_owned(), place, finding.evidence.clone()));
                        }
                    }
                }
                Facts::Dependency(facts)
                    if facts.change == DependencyChange::Added && facts.new_to_repo && !facts.dev =>
                {
                    if let Some(purpose) = facts.purpose.as_ref().filter(|_| facts.reaches_outside) {
                        found.push((
                            "recipient",
                            purpose.clone(),
                            facts.name.clone(),
                            finding.evidence.clone(),
                        ));
                    }
                }
                _ => {}
            }
        }
        found.extend(new_trackers(cx));
        for (what, subject, place, evidence) in found {
            let rule = if what == "stored" { "privacy.stored" } else { "privacy.recipient" };
            let facts = PrivacyFacts { what: what.to_owned(), subject, place: place.clone() };
            report.push(cx, rule, Level::TalkFirst, &place, evidence, Facts::Privacy(facts));
        }
    }
}

/// The kind of personal data that a field's name speaks of.
fn personal(column: &str, type_: Option<&str>) -> Option<&'static str> {
    let type_ = type_.unwrap_or("").to_ascii_lowercase();
    let words = words(column);
    let all: Vec<&str> = words.iter().map(String::as_str).collect();
    let has = |wanted: &str| all.contains(&wanted);
    let pair = |first: &str, second: &str| all.windows(2).any(|pair| pair == [first, second]);
    // a yes or no about an address, a time of sending or a link to another list is not the address
    let about = [
        "id",
        "ids",
        "type",
        "count",
        "enabled",
        "verified",
        "confirmed",
        "sent",
        "template",
        "at",
        "on",
        "status",
        "is",
        "has",
        "token",
        "subject",
        "body",
        "notifications",
        "notification",
        "required",
        "allowed",
        "domain",
        "provider",
        "confirmation",
        "settings",
        "opt",
        "attempts",
        "limit",
        "error",
        "format",
        "language",
        "hash",
        "precision",
        "via",
        "visibility",
    ];
    let is_birth = has("birthday") || has("birthdate") || has("dob") || pair("birth", "date") || has("birth");
    if !is_birth
        && (type_.starts_with("bool")
            || type_.starts_with("timestamp")
            || type_.starts_with("date")
            || all.iter().any(|word| about.contains(word)))
    {
        return None;
    }
    if is_birth {
        // how it is shown, or how exactly it is known, is not the day
        let shown = [
            "enabled",
            "format",
            "has",
            "hidden",
            "hide",
            "is",
            "message",
            "notification",
            "notifications",
            "precision",
            "privacy",
            "public",
            "reminder",
            "required",
            "show",
            "template",
            "verified",
            "visibility",
            "visible",
        ];
        let is_about = type_.starts_with("bool") || all.iter().any(|word| shown.contains(word));
        return (!is_about).then_some("birth_date");
    }
    if has("iban")
        || has("bic")
        || pair("bank", "account")
        || pair("account", "holder")
        || pair("routing", "number")
        || pair("sort", "code")
        || pair("card", "number")
        || pair("credit", "card")
    {
        return Some("bank");
    }
    if has("ssn")
        || has("passport")
        || pair("national", "id")
        || pair("tax", "number")
        || pair("social", "security")
    {
        return Some("identity_number");
    }
    if has("email") || has("emails") || pair("e", "mail") {
        return Some("email");
    }
    if has("phone") || has("telephone") || has("mobile") || has("msisdn") || pair("phone", "number") {
        return Some("phone");
    }
    if pair("ip", "address") || pair("ip", "addr") || all == ["ip"] || all == ["remote", "ip"] {
        return Some("ip_address");
    }
    let technical = [
        "mac", "wallet", "contract", "web", "url", "server", "host", "memory", "network", "bind", "listen",
        "peer", "device",
    ];
    if has("street")
        || has("postcode")
        || has("zipcode")
        || pair("postal", "code")
        || pair("zip", "code")
        || has("latitude")
        || has("longitude")
        || (has("address") && !all.iter().any(|word| technical.contains(word)))
    {
        return Some("address");
    }
    let names = [
        ("first", "name"),
        ("last", "name"),
        ("full", "name"),
        ("given", "name"),
        ("family", "name"),
        ("maiden", "name"),
        ("middle", "name"),
    ];
    if has("firstname")
        || has("lastname")
        || has("surname")
        || has("fullname")
        || names.iter().any(|(first, second)| pair(first, second))
    {
        return Some("name");
    }
    if all == ["gender"] || has("ethnicity") || has("religion") || has("nationality") {
        return Some("about_a_person");
    }
    None
}

/// The words of `snake_case`, `camelCase` and `kebab-case` names, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut was_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && was_lower) {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_alphanumeric(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
        was_lower = c.is_lowercase() || c.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Hosts that receive what people do on a page.
const TRACKERS: &[&str] = &[
    "googletagmanager.com",
    "google-analytics.com",
    "connect.facebook.net",
    "cdn.segment.com",
    "static.hotjar.com",
    "cdn.mxpnl.com",
    "api.mixpanel.com",
    "fullstory.com",
    "clarity.ms",
    "cdn.amplitude.com",
    "api2.amplitude.com",
    "plausible.io/js",
    "cdn.heapanalytics.com",
    "widget.intercom.io",
    "js.hs-scripts.com",
    "snap.licdn.com",
    "analytics.tiktok.com",
    "app.posthog.com",
    "i.posthog.com",
    "matomo.js",
    "googleadservices.com",
    "doubleclick.net",
    "cdn.matomo.cloud",
    "browser.sentry-cdn.com",
    "cdn.logrocket.io",
];

/// Hosts in code that no code of the tree named before.
fn new_trackers(cx: &Context<'_>) -> Vec<(&'static str, String, String, Vec<Evidence>)> {
    let sources: Vec<&FileChange> = cx.changes.of_role(Role::Source).collect();
    let mut found = Vec::new();
    let mut candidates: Vec<(&str, Evidence)> = Vec::new();
    for host in TRACKERS {
        let before = sources.iter().any(|file| file.before_text().is_some_and(|text| text.contains(host)));
        let after = sources.iter().find_map(|file| {
            let line = file.after_text()?.lines().position(|line| line.contains(host))?;
            Some(Evidence::after(&file.path, u32::try_from(line + 1).ok()))
        });
        if let (false, Some(place)) = (before, after) {
            candidates.push((host, place));
        }
    }
    if candidates.is_empty() {
        return found;
    }
    let known: BTreeSet<&str> = known_in_tree(cx, candidates.iter().map(|(host, _)| *host).collect());
    for (host, place) in candidates.into_iter().filter(|(host, _)| !known.contains(host)) {
        let name = host.split('/').next().unwrap_or(host);
        found.push(("recipient", "analytics".to_owned(), name.to_owned(), vec![place]));
    }
    found
}

fn known_in_tree<'h>(cx: &Context<'_>, hosts: Vec<&'h str>) -> BTreeSet<&'h str> {
    const MOST_FILES: usize = 10_000;
    let pages = [
        "js", "jsx", "ts", "tsx", "html", "htm", "erb", "heex", "vue", "svelte", "php", "py", "rb", "ejs",
        "astro", "njk",
    ];
    let mut known = BTreeSet::new();
    let paths = cx.before.paths().iter().filter(|path| pages.contains(&path.extension().as_str()));
    for path in paths.take(MOST_FILES) {
        if cx.roles.role(path, None) != Role::Source {
            continue;
        }
        let Some(content) = cx.before.read(path) else { continue };
        known.extend(hosts.iter().filter(|host| content.text().is_some_and(|text| text.contains(**host))));
    }
    known
}

/// One line for what is stored, one for recipients.
pub fn lines(findings: &[&Finding]) -> Vec<Line> {
    let mut lines = Vec::new();
    for what in ["stored", "recipient"] {
        let of = findings.iter().filter_map(|finding| match &finding.facts {
            Facts::Privacy(facts) if facts.what == what => Some((*finding, facts)),
            _ => None,
        });
        let (findings, facts): (Vec<&Finding>, Vec<&PrivacyFacts>) = of.unzip();
        let subjects: BTreeSet<&str> = facts.iter().map(|facts| facts.subject.as_str()).collect();
        let values = json!({
            "subject": if subjects.len() == 1 { subjects.first() } else { None },
            "places": facts.iter().map(|facts| facts.place.as_str()).collect::<BTreeSet<_>>(),
            "count": facts.len(),
        });
        lines.extend(Line::of(
            if what == "stored" { "privacy/stored" } else { "privacy/recipient" },
            &findings,
            values,
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::testing::{added, modified, run_among};
    use super::*;

    #[test]
    fn names_of_personal_data() {
        for (column, type_, wanted) in [
            ("email", None, Some("email")),
            ("contactEmail", None, Some("email")),
            ("e_mail", None, Some("email")),
            ("phone_number", None, Some("phone")),
            ("date_of_birth", Some("date"), Some("birth_date")),
            ("birthdate_precision", Some("tinyint"), None),
            ("show_birthday", Some("boolean"), None),
            ("billing_address", None, Some("address")),
            ("iban", None, Some("bank")),
            ("first_name", None, Some("name")),
            ("lastName", None, Some("name")),
            ("last_login_ip_address", None, Some("ip_address")),
            ("email_verified", None, None),
            ("email", Some("boolean"), None),
            ("email_sent_at", None, None),
            ("address_id", None, None),
            ("new_address_via", None, None),
            ("mac_address", None, None),
            ("name", None, None),
            ("ip_count", None, None),
            ("has_phone", None, None),
            ("mobile_layout_enabled", None, None),
            ("", None, None),
        ] {
            assert_eq!(personal(column, type_), wanted, "{column}");
        }
    }

    #[test]
    fn a_tracker_is_told_once_it_is_new() {
        let tag = "<script src=\"https://static.hotjar.com/x.js\">";
        let run =
            |files, others: &[(&str, &str)]| run_among(&Privacy::default(), files, others).findings.len();
        assert_eq!(run(vec![modified("a.html", Role::Source, "a", tag)], &[]), 1);
        assert_eq!(run(vec![modified("a.html", Role::Source, "a", tag)], &[("b.html", tag)]), 0);
        assert_eq!(run(vec![added("a_test.html", Role::Test, tag)], &[]), 0);
    }
}
