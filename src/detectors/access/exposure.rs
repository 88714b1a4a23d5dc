//! What opens to pages of other sites and to the open internet.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use super::{Found, facts};
use crate::change::{FileChange, Role};
use crate::finding::{Evidence, Level};
use crate::formats::document;

/// Calls from pages of all sites, in a dozen frameworks.
static ALL_SITES: LazyLock<Regex> = LazyLock::new(|| {
    let ways = [
        r"(?i:access-control-allow-origin)['\x22]?\s*[:,=]+>?\s*['\x22]?\*",
        r"\ballow_origins\s*=\s*\[\s*['\x22]\*",
        r"\bCORS_(?:ALLOW_ALL_ORIGINS|ORIGIN_ALLOW_ALL)\s*=\s*True",
        r"\bAllowAnyOrigin\(",
        r"^\s*origins\s*\(?['\x22]\*['\x22]",
        r"\borigins?\s*[:=]\s*\[?\s*['\x22]\*['\x22]",
        r"\b(?:setA|a)llowedOrigin(?:s|Patterns)?\(?\s*[=(]?.{0,20}['\x22]\*['\x22]",
        r"@CrossOrigin\s*(?:$|\(\s*(?:origins\s*=\s*)?\{?\s*['\x22]\*)",
        r"\bAllow(?:ed)?Origins:\s*\[\]string\{\s*\x22\*",
    ];
    Regex::new(&ways.join("|")).expect("the pattern is fixed and the tests run it")
});

/// Open to every address, public storage: what Terraform and its kin write.
static ALL_ADDRESSES: LazyLock<Regex> = LazyLock::new(|| {
    let ways = [
        r"\b(?:cidr_blocks?|source_ranges|cidr_ipv[46]|CidrIp|source_address_prefix)\x22?\s*[=:]\s*\[?\s*\x22?(?:0\.0\.0\.0/0|::/0)",
        r"\bacl\s*=\s*\x22public-read",
        r"\bblock_public_(?:acls|policy)\s*=\s*false",
        r"\bpublicly_accessible\s*[=:]\s*true",
        r"\x22allUsers\x22",
    ];
    Regex::new(&ways.join("|")).expect("the pattern is fixed and the tests run it")
});

pub(super) fn find(files: &[FileChange]) -> Vec<Found> {
    let skipped = [
        Role::Test,
        Role::Docs,
        Role::Lock,
        Role::Vendored,
        Role::Generated,
        Role::Asset,
        Role::Contract,
        Role::Translation,
    ];
    let files: Vec<&FileChange> = files.iter().filter(|file| !skipped.contains(&file.role)).collect();
    let mut found = new_lines(&files, &ALL_SITES, "cors", "access.all_sites");
    found.extend(new_lines(&files, &ALL_ADDRESSES, "exposure", "access.opened"));
    for file in files.iter().filter(|file| matches!(file.path.extension().as_str(), "yml" | "yaml")) {
        kubernetes(file, &mut found);
    }
    found
}

/// Lines that open now, more often than before in all changed files taken together.
fn new_lines(files: &[&FileChange], pattern: &Regex, what: &str, rule: &'static str) -> Vec<Found> {
    // what opens, without its spaces: a statement that is only broken into lines says the same
    let opening = |line: &str| -> Option<String> {
        let opening = pattern.find(line).filter(|_| line.len() < super::LONGEST_LINE)?;
        Some(opening.as_str().chars().filter(|c| !c.is_whitespace()).collect())
    };
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for line in files.iter().filter_map(|file| file.before_text()).flat_map(str::lines) {
        if let Some(opening) = opening(line) {
            *known.entry(opening).or_default() += 1;
        }
    }
    let mut found = Vec::new();
    for file in files {
        let mut outgoing = false;
        let mut subject = file.path.as_str();
        for (number, line) in (1u32..).zip(file.after_text().unwrap_or("").lines()) {
            let trimmed = line.trim();
            // Terraform: `resource "type" "name" {`
            if let Some(name) = trimmed.strip_prefix("resource ").and_then(|rest| rest.split('"').nth(3)) {
                subject = name;
            }
            // what goes out to all addresses opens nothing
            if trimmed.contains("egress") || trimmed.contains("ingress") {
                outgoing = trimmed.contains("egress");
            }
            let is_comment =
                trimmed.starts_with('#') || trimmed.starts_with("//") || trimmed.starts_with('*');
            let Some(opening) = opening(line).filter(|_| !outgoing && !is_comment) else { continue };
            match known.get_mut(&opening) {
                Some(count) if *count > 0 => *count -= 1,
                _ => found.push(Found {
                    rule,
                    level: Level::TalkFirst,
                    facts: facts(what, subject, "loosened", None, Some(trimmed.to_owned())),
                    evidence: Evidence::after(&file.path, number),
                }),
            }
        }
    }
    found
}

/// A Service that becomes a LoadBalancer, and hosts of an Ingress that are new.
fn kubernetes(file: &FileChange, found: &mut Vec<Found>) {
    let open = |text: Option<&str>| -> BTreeMap<String, (String, u32)> {
        let text = text.filter(|text| text.contains("LoadBalancer") || text.contains("Ingress"));
        let mut open = BTreeMap::new();
        for node in text.and_then(|text| document::yaml(text).ok()).unwrap_or_default() {
            let name = node.at(&["metadata", "name"]).text().unwrap_or("").to_owned();
            match node.text_of("kind") {
                Some("Service") if node.at(&["spec", "type"]).text() == Some("LoadBalancer") => {
                    open.insert(name, ("LoadBalancer".to_owned(), node.at(&["spec", "type"]).line));
                }
                Some("Ingress") => {
                    for rule in node.at(&["spec", "rules"]).items() {
                        let host = rule.text_of("host").unwrap_or("*").to_owned();
                        open.insert(host.clone(), (format!("Ingress {name}"), rule.line));
                    }
                }
                _ => {}
            }
        }
        open
    };
    let before = open(file.before_text());
    for (subject, (how, line)) in open(file.after_text()) {
        if !before.contains_key(&subject) {
            found.push(Found {
                rule: "access.opened",
                level: Level::TalkFirst,
                facts: facts("exposure", subject, "loosened", None, Some(how)),
                evidence: Evidence::after(&file.path, line),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{added, deleted, modified};
    use super::super::tests::found;
    use super::*;

    #[test]
    fn opened_to_all() {
        for (path, role, line, rule) in [
            ("a.py", Role::Source, "app.add(allow_origins=[\"*\"])", "access.all_sites"),
            ("a.cs", Role::Source, "policy.AllowAnyOrigin()", "access.all_sites"),
            ("nginx.conf", Role::Infra, "add_header 'Access-Control-Allow-Origin' '*';", ""),
            (
                "a.go",
                Role::Source,
                "w.Header().Set(\"Access-Control-Allow-Origin\", \"*\")",
                "access.all_sites",
            ),
            ("main.tf", Role::Infra, "  cidr_blocks = [\"0.0.0.0/0\"]", "access.opened"),
            (
                "k.yaml",
                Role::Infra,
                "kind: Service\nmetadata:\n  name: a\nspec:\n  type: LoadBalancer",
                "access.opened",
            ),
        ] {
            let rules: Vec<_> = found(vec![modified(path, role, "x\n", &format!("{line}\n"))]);
            let rules: Vec<&str> = rules.iter().filter_map(|text| text.split(' ').next()).collect();
            if !rule.is_empty() {
                assert_eq!(rules, [rule], "{path}");
            }
            let moved = vec![deleted(path, role, line), added(&format!("b/{path}"), role, line)];
            if !path.ends_with("yaml") {
                assert!(found(moved).is_empty(), "{path}");
            }
            assert!(found(vec![added(path, Role::Test, line)]).is_empty(), "{path}");
        }
        let joined = "routes.add(a).setAllowedOrigins(\"*\");\n";
        let broken = vec![modified("A.java", Role::Source, joined, &joined.replace(").set", ")\n    .set"))];
        assert!(found(broken).is_empty());
        let out = "egress {\n  cidr_blocks = [\"0.0.0.0/0\"]\n}\n";
        assert!(found(vec![modified("main.tf", Role::Infra, "", out)]).is_empty());
    }
}
