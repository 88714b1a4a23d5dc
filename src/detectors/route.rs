//! Addresses that the code answers, by the forms of well-known frameworks: what appears to come and to go.
//!
//! Apart from `api`, whose findings are proven by a contract. Where the same change holds such a contract, it says the
//! same with more weight, and nothing is said here.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{Context, Detector, Line, Report};
use crate::change::{ChangeSet, Role};
use crate::finding::{Evidence, Facts, Finding, Level, RouteFacts, SettingChange};
use crate::formats::contracts::{self, Format};
use crate::formats::routes::{self, Route};

/// How many routes with the same last part are looked through for one that only moved.
const MOST_CANDIDATES: usize = 200;

/// Its options.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Routes {}

/// A route and where it stands.
type Placed = (Route, Evidence);

impl Detector for Routes {
    fn detect(&self, cx: &Context<'_>, report: &mut Report) {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for file in cx.changes.files().iter().filter(|file| matches!(file.role, Role::Source | Role::Config))
        {
            let read = |path, text: Option<&str>, side: fn(&_, _) -> Evidence| -> Vec<Placed> {
                let found = text.map(|text| routes::read(path, text)).unwrap_or_default();
                found.into_iter().map(|route| (route.clone(), side(path, Some(route.line)))).collect()
            };
            before.extend(read(file.old_path(), file.before_text(), Evidence::before));
            after.extend(read(&file.path, file.after_text(), Evidence::after));
        }
        let mut gone = without(&before, &after);
        let mut new = without(&after, &before);
        if gone.is_empty() && new.is_empty() || has_contract(cx.changes) {
            return;
        }
        drop_moves(&mut gone, &mut new);
        let sides = [
            (gone, SettingChange::Removed, "route.removed", Level::WorthALook),
            (new, SettingChange::Added, "route.added", Level::Routine),
        ];
        for (found, change, rule, level) in sides {
            // The same address in several files is one fact.
            let mut by_name: BTreeMap<String, (Route, Vec<Evidence>)> = BTreeMap::new();
            for (route, place) in found {
                let name = format!("{} {}", route.method, route.path);
                by_name.entry(name).or_insert_with(|| (route, Vec::new())).1.push(place);
            }
            for (name, (route, places)) in by_name {
                let facts = RouteFacts {
                    method: route.method,
                    path: route.path,
                    change,
                    style: route.style.to_owned(),
                };
                report.push(cx, rule, level, &name, places, Facts::Route(facts));
            }
        }
    }
}

/// Whether the change holds a description of the same addresses.
fn has_contract(changes: &ChangeSet) -> bool {
    changes.files().iter().any(|file| {
        let described = |text: Option<&str>| {
            text.is_some_and(|text| contracts::recognise(&file.path, text) == Some(Format::OpenApi))
        };
        described(file.after_text()) || described(file.before_text())
    })
}

fn same_method(one: &Route, other: &Route) -> bool {
    one.method == other.method || one.method == "ANY" || other.method == "ANY"
}

/// The routes that the other side does not answer.
fn without(side: &[Placed], other: &[Placed]) -> Vec<Placed> {
    let mut known: BTreeMap<Vec<String>, Vec<&Route>> = BTreeMap::new();
    for (route, _) in other {
        known.entry(route.parts()).or_default().push(route);
    }
    let is_known = |route: &Route| {
        known.get(&route.parts()).is_some_and(|routes| routes.iter().any(|other| same_method(route, other)))
    };
    side.iter().filter(|(route, _)| !is_known(route)).cloned().collect()
}

/// A path that is the end of another one: the file is now mounted elsewhere, or says more of it.
fn drop_moves(gone: &mut Vec<Placed>, new: &mut Vec<Placed>) {
    let mut ends: BTreeMap<Option<String>, Vec<usize>> = BTreeMap::new();
    for (at, (route, _)) in new.iter().enumerate() {
        ends.entry(route.parts().pop()).or_default().push(at);
    }
    let mut moved = vec![false; new.len()];
    gone.retain(|(route, _)| {
        let parts = route.parts();
        let fits = |at: &&usize| {
            let other = new[**at].0.parts();
            !moved[**at]
                && same_method(route, &new[**at].0)
                && (parts.ends_with(&other) || other.ends_with(&parts))
                && !parts.is_empty()
                && !other.is_empty()
        };
        let candidates = ends.get(&parts.last().cloned()).map(Vec::as_slice).unwrap_or_default();
        match candidates.iter().take(MOST_CANDIDATES).find(fits).copied() {
            Some(at) => {
                moved[at] = true;
                false
            }
            None => true,
        }
    });
    let mut at = 0;
    new.retain(|_| {
        at += 1;
        !moved[at - 1]
    });
}

/// One line for what appears to go, one for what appears to come.
pub fn lines(findings: &[&Finding]) -> Vec<Line> {
    let of = |wanted: SettingChange| -> Vec<(&Finding, String)> {
        let named = findings.iter().filter_map(|finding| match &finding.facts {
            Facts::Route(facts) if facts.change == wanted => {
                Some((*finding, format!("{} {}", facts.method, facts.path)))
            }
            _ => None,
        });
        named.collect()
    };
    let shapes = [("route/removed", SettingChange::Removed), ("route/added", SettingChange::Added)];
    let line = |(shape, change)| {
        let found = of(change);
        let all: Vec<&Finding> = found.iter().map(|(finding, _)| *finding).collect();
        let names: Vec<&str> =
            found.iter().map(|(_, name)| name.strip_prefix("ANY ").unwrap_or(name)).collect();
        let facts =
            json!({ "n": names.len(), "one": names.len() == 1, "first": names.first(), "names": names });
        Line::of(shape, &all, facts)
    };
    shapes.into_iter().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{added, deleted, modified, run};
    use super::*;
    use crate::change::FileChange;

    fn said(files: Vec<FileChange>) -> Vec<String> {
        let report = run(&Routes::default(), files);
        let say = |finding: &Finding| match &finding.facts {
            Facts::Route(facts) => format!("{} {} {}", finding.rule, facts.method, facts.path),
            _ => String::new(),
        };
        report.findings.iter().map(say).collect()
    }

    #[test]
    fn says_what_appears_to_come_and_go() {
        let text = "app.get('/a/:id', f)\napp.post('/b', g)\n";
        let file = modified("a.js", Role::Source, text, "app.get('/a/:key', f)\napp.post('/c', g)\n");
        assert_eq!(said(vec![file]), ["route.removed POST /b", "route.added POST /c"]);
        assert_eq!(said(vec![added("a.js", Role::Source, text)]).len(), 2);
        assert_eq!(said(vec![added("a.js", Role::Test, text)]), [""; 0]);
    }

    #[test]
    fn what_moves_or_is_mounted_elsewhere_stays() {
        let moves = vec![
            deleted("a.js", Role::Source, "app.get('/orders/:id', f)\napp.post('/', g)\n"),
            added("b.js", Role::Source, "app.get('/api/orders/:id', f)\napp.post('/api', g)\n"),
        ];
        assert_eq!(said(moves), ["route.removed POST /", "route.added POST /api"]);
        let other_frame = vec![
            deleted("a.py", Role::Source, "@app.route('/a')\ndef f(): ...\n"),
            added("b.py", Role::Source, "@router.get('/a')\ndef f(): ...\n"),
        ];
        assert_eq!(said(other_frame), [""; 0]);
    }

    #[test]
    fn a_contract_of_the_same_change_says_it_better() {
        let spec = "openapi: 3.0.0\npaths: {}\n";
        let files = vec![
            added("a.js", Role::Source, "app.get('/a', f)\n"),
            modified("openapi.yaml", Role::Contract, spec, &format!("{spec}info: {{}}\n")),
        ];
        assert_eq!(said(files), [""; 0]);
    }
}
