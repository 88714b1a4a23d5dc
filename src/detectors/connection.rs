//! Does one service now call another, or no longer?

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{Context, Detector, Line, Report};
use crate::config::ServiceKind;
use crate::finding::{ConnectionFacts, Facts, Finding, Level, Presence};
use crate::services::{State, Tie};

/// Options of `[detectors.connection]`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Connections {}

impl Detector for Connections {
    fn detect(&self, cx: &Context<'_>, report: &mut Report) {
        // What only helps to run or watch is joined with everything.
        let is_lasting = |name: &str| cx.catalog.named(name).is_some_and(|one| one.state == State::Same);
        let matters = |name: &str| cx.catalog.named(name).is_some_and(|one| one.kind != ServiceKind::Support);
        for connection in cx.catalog.connections() {
            let (change, rule) = match connection.state {
                State::New => (Presence::Added, "connection.added"),
                State::Gone => (Presence::Removed, "connection.removed"),
                State::Same | State::Changed => continue,
            };
            if !matters(&connection.from) || !matters(&connection.to) {
                continue;
            }
            let facts = ConnectionFacts {
                from: connection.from.clone(),
                to: connection.to.clone(),
                change,
                how: connection.how.clone(),
                with_service: !is_lasting(&connection.from) || !is_lasting(&connection.to),
            };
            let subject = format!("{} {}", connection.from, connection.to);
            let place = vec![connection.evidence.clone()];
            report.push(cx, rule, Level::WorthALook, &subject, place, Facts::Connection(facts));
        }
    }
}

/// New and lost connections, one line each, by caller.
pub fn lines(findings: &[&Finding]) -> Vec<Line> {
    let mut lines = Vec::new();
    for (change, shape) in [(Presence::Added, "connection/added"), (Presence::Removed, "connection/removed")]
    {
        let mut group: Vec<&Finding> = Vec::new();
        let mut callers: Vec<((&str, bool), Vec<&str>)> = Vec::new();
        let mut alone = true;
        for finding in findings {
            let Facts::Connection(facts) = &finding.facts else { continue };
            if facts.change != change {
                continue;
            }
            group.push(finding);
            alone &= !facts.with_service;
            // a package that is built with another's code need not speak with it
            let caller = (facts.from.as_str(), Tie::of(&facts.how) == Tie::UsesCode);
            match callers.iter_mut().find(|(known, _)| *known == caller) {
                Some((_, to)) => to.push(&facts.to),
                None => callers.push((caller, vec![&facts.to])),
            }
        }
        // Three callers fit into a sentence; the map shows the rest.
        let more = callers.len().saturating_sub(3);
        let said =
            |((from, code), to): &((&str, bool), Vec<&str>)| json!({"from": from, "to": to, "code": code});
        let callers: Vec<_> = callers.iter().take(3).map(said).collect();
        lines.extend(Line::of(
            shape,
            &group,
            json!({"callers": callers, "count": group.len(), "more": more, "alone": alone}),
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::Role;
    use crate::detectors::testing::{modified, run_among};

    fn found(before: &str, after: &str) -> Vec<(String, String, Presence)> {
        let compose = |calls: &str| {
            format!(
                "services:\n  cart:\n    build: ./cart\n    environment:\n      A: b\n{calls}  pay:\n    build: ./pay\n  watch:\n    image: grafana\n"
            )
        };
        let files = vec![modified("compose.yaml", Role::Infra, &compose(before), &compose(after))];
        let report = run_among(&Connections {}, files, &[("cart/a.go", ""), ("pay/a.go", "")]);
        let facts = report.findings.into_iter().filter_map(|one| match one.facts {
            Facts::Connection(facts) => Some((facts.from, facts.to, facts.change)),
            _ => None,
        });
        facts.collect()
    }

    #[test]
    fn appears_and_goes() {
        let call = "      PAY_ADDR: pay:80\n";
        assert_eq!(found("", call), [("cart".into(), "pay".into(), Presence::Added)]);
        assert_eq!(found(call, ""), [("cart".into(), "pay".into(), Presence::Removed)]);
    }

    #[test]
    fn quiet_for_the_same_call_said_in_another_way_and_for_what_only_watches() {
        assert_eq!(found("      PAY_ADDR: pay:80\n", "      PAY_URL: http://pay:8080/v1\n"), []);
        assert_eq!(found("", "      WATCH_URL: http://watch\n"), []);
    }
}
