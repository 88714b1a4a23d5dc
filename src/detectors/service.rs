//! Is a whole service added, removed or renamed?

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{Context, Detector, Line, Report};
use crate::config::ServiceKind;
use crate::finding::{Facts, Finding, Level, Presence, ServiceFacts};
use crate::services::State;

/// Options of `[detectors.service]`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Services {}

impl Detector for Services {
    fn detect(&self, cx: &Context<'_>, report: &mut Report) {
        for service in cx.catalog.services() {
            let (change, rule) = match (service.state, &service.renamed_from) {
                (State::New, _) => (Presence::Added, "service.added"),
                (State::Gone, _) => (Presence::Removed, "service.removed"),
                (_, Some(_)) => (Presence::Renamed, "service.renamed"),
                _ => continue,
            };
            let Some(place) = service.evidence.clone() else { continue };
            let (role, level) = match service.kind {
                ServiceKind::Product if change != Presence::Renamed => ("product", Level::TalkFirst),
                ServiceKind::Product => ("product", Level::WorthALook),
                ServiceKind::Support => ("support", Level::WorthALook),
                ServiceKind::Store => ("store", Level::WorthALook),
            };
            let (name, to) = match &service.renamed_from {
                Some(old) if change == Presence::Renamed => (old.clone(), Some(service.name.clone())),
                _ => (service.name.clone(), None),
            };
            let subject = service.name.clone();
            let facts = ServiceFacts { name, change, to, role: role.to_owned() };
            report.push(cx, rule, level, &subject, vec![place], Facts::Service(facts));
        }
    }
}

/// What is new, what goes, and what gets another name: one line each.
pub fn lines(findings: &[&Finding]) -> Vec<Line> {
    let facts = |finding: &Finding| match &finding.facts {
        Facts::Service(facts) => Some(facts.clone()),
        _ => None,
    };
    let mut lines = Vec::new();
    for (change, shape) in [(Presence::Added, "service/added"), (Presence::Removed, "service/removed")] {
        for stores in [false, true] {
            let group: Vec<&Finding> = findings
                .iter()
                .copied()
                .filter(|one| {
                    facts(one).is_some_and(|one| one.change == change && (one.role == "store") == stores)
                })
                .collect();
            let names: Vec<String> = group.iter().filter_map(|one| facts(one)).map(|one| one.name).collect();
            lines.extend(Line::of(
                shape,
                &group,
                json!({"names": names, "count": names.len(), "stores": stores}),
            ));
        }
    }
    let renamed = findings.iter().filter(|one| facts(one).is_some_and(|one| one.change == Presence::Renamed));
    lines.extend(renamed.filter_map(|one| Line::of("service/renamed", &[one], one.facts.values())));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::Role;
    use crate::detectors::testing::{added, deleted, modified, run_among};

    const ONE: &str = "services:\n  cart:\n    build: ./cart\n";
    const TWO: &str = "services:\n  cart:\n    build: ./cart\n  pay:\n    build: ./pay\n";

    #[test]
    fn added_removed_and_neither() {
        let found = |files, others: &[(&str, &str)]| {
            let report = run_among(&Services {}, files, others);
            report.findings.into_iter().map(|one| (one.rule, one.level)).collect::<Vec<_>>()
        };
        let others = [("cart/Dockerfile", ""), ("cart/a.go", "")];
        let compose = |before, after| modified("compose.yaml", Role::Infra, before, after);
        let new = vec![
            compose(ONE, TWO),
            added("pay/Dockerfile", Role::Infra, ""),
            added("pay/a.go", Role::Source, ""),
        ];
        assert_eq!(found(new, &others), [("service.added".to_owned(), Level::TalkFirst)]);
        let gone = vec![
            compose(TWO, ONE),
            deleted("pay/Dockerfile", Role::Infra, ""),
            deleted("pay/a.go", Role::Source, ""),
        ];
        assert_eq!(found(gone, &others), [("service.removed".to_owned(), Level::TalkFirst)]);
        // The code was there before: only the way to start it is new.
        let said = [others[0], others[1], ("pay/a.go", ""), ("pay/Dockerfile", "")];
        assert_eq!(found(vec![compose(ONE, TWO)], &said), []);
    }

    #[test]
    fn renamed_in_place() {
        let other = TWO.replace("  pay:", "  billing:");
        let report = run_among(
            &Services {},
            vec![modified("compose.yaml", Role::Infra, TWO, &other)],
            &[("cart/a.go", ""), ("pay/a.go", "")],
        );
        let Facts::Service(facts) = &report.findings[0].facts else { panic!("another kind") };
        assert_eq!((facts.name.as_str(), facts.to.as_deref()), ("pay", Some("billing")));
    }
}
