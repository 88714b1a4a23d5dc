//! Do two or more product services change by hand, or a contract or setting that several share?

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{Context, Detector, Line, Report};
use crate::change::{FileChange, Role};
use crate::config::ServiceKind;
use crate::finding::{CrossServiceFacts, Evidence, Facts, Finding, Level};
use crate::services::{Reason, ServiceTouch, reason_of, touched};

/// Options of `[detectors.cross_service]`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CrossService {}

impl Detector for CrossService {
    fn detect(&self, cx: &Context<'_>, report: &mut Report) {
        if cx.catalog.is_single() {
            return;
        }
        let touches = touched(cx.catalog, cx.changes);
        let by_hand = |touch: &&ServiceTouch| matches!(touch.reason, Reason::Code | Reason::Config);
        let is_product = |touch: &&ServiceTouch| {
            cx.catalog.named(&touch.name).is_some_and(|one| one.kind == ServiceKind::Product)
        };
        let mut counted: Vec<&ServiceTouch> = touches.iter().filter(by_hand).filter(is_product).collect();
        // What several services use, such as the place of their switches or their data, is a setting that they share.
        let shared = touches
            .iter()
            .filter(by_hand)
            .filter(|touch| !is_product(touch) && callers(cx, &touch.name) >= 2)
            .collect::<Vec<_>>();
        let contract = shared_contract(cx, &touches);
        let (rule, shared) = match (counted.len(), shared.first(), contract) {
            (2.., _, contract) => ("cross_service.by_hand", contract.map(|file| file.path.to_string())),
            (1, Some(first), _) => {
                counted.push(first);
                ("cross_service.shared_setting", Some(first.title.clone()))
            }
            (_, _, Some(file)) => ("cross_service.shared_contract", Some(file.path.to_string())),
            _ => return,
        };
        let mut evidence: Vec<Evidence> =
            counted.iter().filter_map(|touch| most_changed(cx, &touch.name)).map(place).collect();
        if rule == "cross_service.shared_contract" {
            evidence.extend(contract.map(place));
        }
        let mut services: Vec<String> = counted.iter().map(|touch| touch.name.clone()).collect();
        services.sort();
        let mut others: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for touch in touches.iter().filter(|touch| !services.contains(&touch.name)) {
            if let Some(reason) = json!(touch.reason).as_str() {
                others.entry(reason.to_owned()).or_default().push(touch.title.clone());
            }
        }
        let facts = CrossServiceFacts { services, shared, others };
        report.push(cx, rule, Level::WorthALook, "services", evidence, Facts::CrossService(facts));
    }
}

/// How many services say that they use it.
fn callers(cx: &Context<'_>, name: &str) -> usize {
    let calls = cx.catalog.connections().iter().filter(|one| one.to == name);
    calls.map(|one| &one.from).collect::<BTreeSet<_>>().len()
}

/// A contract that lies in no service's own folder, changed while two or more services change with it.
fn shared_contract<'a>(cx: &Context<'a>, touches: &[ServiceTouch]) -> Option<&'a FileChange> {
    let follow = touches
        .iter()
        .filter(|touch| matches!(touch.reason, Reason::Code | Reason::Config | Reason::Generated));
    let contracts =
        cx.changes.of_role(Role::Contract).filter(|file| cx.catalog.service_of(&file.path).is_none());
    contracts.into_iter().find(|file| reason_of(file) == Some(Reason::Code)).filter(|_| follow.count() >= 2)
}

/// The file of a service in which most lines change by hand.
fn most_changed<'a>(cx: &Context<'a>, service: &str) -> Option<&'a FileChange> {
    let files = cx.changes.files().iter();
    files
        .filter(|file| cx.catalog.service_of(&file.path).is_some_and(|of| of.name == service))
        .filter(|file| matches!(reason_of(file), Some(Reason::Code | Reason::Config)))
        .max_by_key(|file| (file.added + file.removed, std::cmp::Reverse(&file.path)))
}

fn place(file: &FileChange) -> Evidence {
    match file.after() {
        Some(_) => Evidence::after(&file.path, None),
        None => Evidence::before(&file.path, None),
    }
}

/// One line: who changes, what they share, and who only changes for a lesser reason.
pub fn lines(findings: &[&Finding]) -> Vec<Line> {
    let line = |finding: &&Finding| {
        let Facts::CrossService(facts) = &finding.facts else { return None };
        let others = |reason: &str| facts.others.get(reason).cloned().unwrap_or_default();
        let values = json!({
            "count": facts.services.len(),
            "shared": facts.shared,
            "generated": others("generated"),
            "spacing": others("spacing"),
            "packages": others("packages"),
            "tests": others("tests"),
        });
        let shape = match finding.rule.as_str() {
            "cross_service.shared_contract" => "cross_service/shared_contract",
            "cross_service.shared_setting" => "cross_service/shared_setting",
            _ => "cross_service/by_hand",
        };
        Line::of(shape, &[finding], values)
    };
    findings.iter().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detectors::testing::{modified, run_among};

    const COMPOSE: &str = "services:\n  cart:\n    build: ./cart\n    environment: [\"FLAGS_HOST=flags\"]\n  pay:\n    build: ./pay\n    environment: [\"FLAGS_HOST=flags\"]\n  flags:\n    image: unleash\n    volumes: [\"./flags:/etc/flags\"]\n";

    fn found(files: Vec<FileChange>) -> Vec<(String, Vec<String>)> {
        let others = [
            ("compose.yaml", COMPOSE),
            ("cart/Dockerfile", ""),
            ("cart/z.go", ""),
            ("pay/Dockerfile", ""),
            ("pay/z.go", ""),
            ("flags/z.json", ""),
        ];
        let report = run_among(&CrossService {}, files, &others);
        let facts = report.findings.into_iter().filter_map(|finding| match finding.facts {
            Facts::CrossService(facts) => Some((finding.rule, facts.services)),
            _ => None,
        });
        facts.collect()
    }

    #[test]
    fn two_services_by_hand() {
        let files = vec![
            modified("cart/a.go", Role::Source, "a", "b"),
            modified("pay/a.yml", Role::Config, "a: 1", "a: 2"),
        ];
        assert_eq!(found(files), [("cross_service.by_hand".into(), vec!["cart".into(), "pay".into()])]);
    }

    #[test]
    fn lesser_reasons_never_count() {
        for other in [
            modified("pay/go.sum", Role::Lock, "a", "b"),
            modified("pay/go.mod", Role::Manifest, "a", "b"),
            modified("pay/a.pb.go", Role::Generated, "a", "b"),
            modified("pay/a_test.go", Role::Test, "a", "b"),
            modified("pay/README.md", Role::Docs, "a", "b"),
            modified("pay/b.go", Role::Source, "a b", "a\n\tb"),
            modified("pay/.eslintrc", Role::Config, "a", "b"),
            modified("pay/Dockerfile", Role::Infra, "FROM go:1.20", "FROM go:1.21"),
            modified(
                "k8s/pay.yaml",
                Role::Infra,
                "  image: a.example/x/pay:v1\n",
                "  image: b.example/y/pay:v2\n",
            ),
        ] {
            let path = other.path.to_string();
            assert_eq!(found(vec![modified("cart/a.go", Role::Source, "a", "b"), other]), [], "{path}");
        }
    }

    #[test]
    fn what_several_share() {
        let switches = modified("flags/a.json", Role::Config, "1", "2");
        let code = modified("cart/a.go", Role::Source, "a", "b");
        assert_eq!(
            found(vec![code, switches.clone()]),
            [("cross_service.shared_setting".into(), vec!["cart".into(), "flags".into()])]
        );
        assert_eq!(found(vec![switches]), []);
        let contract = modified("pb/shop.proto", Role::Contract, "a", "b");
        let made = |service: &str| modified(&format!("{service}/a.pb.go"), Role::Generated, "a", "b");
        assert_eq!(
            found(vec![contract.clone(), made("cart"), made("pay")]),
            [("cross_service.shared_contract".into(), Vec::new())]
        );
        assert_eq!(found(vec![contract, made("cart")]), []);
    }
}
