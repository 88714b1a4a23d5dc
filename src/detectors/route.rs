//! Addresses that the code answers, by the forms of well-known frameworks: what appears to come and to go.
//!
//! Apart from `api`, whose findings are proven by a contract. Where the same change holds such a contract, it says the
//! same with more weight, and nothing is said here.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{Context, Detector, Line, Report};
use crate::change::{ChangeSet, RepoPath, Role};
use crate::finding::{Evidence, Facts, Finding, Level, RouteFacts, SettingChange};
use crate::formats::contracts::{self, Format};
use crate::formats::routes::{self, Mounts, Route};

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
        // What the files with routes say in other places than the routes that we read, on each side.
        let (mut also_before, mut also_after) = (BTreeSet::new(), BTreeSet::new());
        for file in cx.changes.files().iter().filter(|file| matches!(file.role, Role::Source | Role::Config))
        {
            let read = |path: &RepoPath,
                        text: Option<&str>,
                        side: fn(&_, _) -> Evidence,
                        also: &mut BTreeSet<String>|
             -> Vec<Placed> {
                let found = text.map(|text| routes::read(path, text)).unwrap_or_default();
                if found.iter().any(|route| route.path == "/") {
                    also.extend(mount_of(path));
                }
                // The root alone is most often the root of something that is mounted elsewhere.
                let found = found.into_iter().filter(|route| route.path != "/");
                found.map(|route| (route.clone(), side(path, Some(route.line)))).collect()
            };
            let old = read(file.old_path(), file.before_text(), Evidence::before, &mut also_before);
            let new = read(&file.path, file.after_text(), Evidence::after, &mut also_after);
            if file.path.extension() == "cs" {
                also_before.extend(mapped(file.before_text().unwrap_or_default()));
                also_after.extend(mapped(file.after_text().unwrap_or_default()));
            }
            if !old.is_empty() || !new.is_empty() {
                also_before.extend(elsewhere(file.before_text().unwrap_or_default(), &old));
                also_after.extend(elsewhere(file.after_text().unwrap_or_default(), &new));
            }
            before.extend(old);
            after.extend(new);
        }
        let mut gone = without(&before, &after);
        let mut new = without(&after, &before);
        // The address may now be given to a function of the project's own, or have been.
        gone.retain(|(route, _)| stem(route).is_none_or(|stem| !also_after.contains(&stem)));
        new.retain(|(route, _)| stem(route).is_none_or(|stem| !also_before.contains(&stem)));
        if gone.is_empty() && new.is_empty() || has_contract(cx.changes) {
            return;
        }
        drop_moves(&mut gone, &mut new);
        for (found, tree) in [(&mut gone, cx.before), (&mut new, cx.after)] {
            if found.iter().any(|(route, _)| route.style == "python") {
                let mounts = Mounts::read(tree);
                for (route, place) in found.iter_mut().filter(|(route, _)| route.style == "python") {
                    *route = route.clone().below(&mounts.before(&place.path));
                }
            }
        }
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

/// What of a path is looked for in other places: its last part that is written out, without an ending.
fn stem(route: &Route) -> Option<String> {
    let last = route.parts().into_iter().rfind(|part| part != "{}")?;
    Some(last.split('.').next().unwrap_or(&last).to_owned()).filter(|stem| !stem.is_empty())
}

/// The name under which a file of routes is mounted where folders give the addresses: its own, else its folder's.
fn mount_of(path: &RepoPath) -> Option<String> {
    let stem = path.file_name().split('.').next().filter(|stem| *stem != "index");
    stem.or_else(|| path.folders().last()).map(str::to_ascii_lowercase)
}

/// What ASP.NET is told to answer by functions of the project's own: `version` of `MapVersionEndpoint`.
fn mapped(text: &str) -> impl Iterator<Item = String> + '_ {
    let names = text.split(|c: char| !c.is_alphanumeric()).filter_map(|name| name.strip_prefix("Map"));
    let names = names.map(|name| name.trim_end_matches("Endpoints").trim_end_matches("Endpoint"));
    names.filter(|name| !name.is_empty()).map(str::to_ascii_lowercase)
}

/// Parts of paths between quotes, on lines from which no route was read. A call may go over three lines.
fn elsewhere(text: &str, routes: &[Placed]) -> BTreeSet<String> {
    let read: BTreeSet<u32> = routes.iter().flat_map(|(route, _)| route.line..=route.line + 2).collect();
    let lines = (1u32..).zip(text.lines()).filter(|(at, _)| !read.contains(at));
    let quoted = lines.flat_map(|(_, line)| line.split(['"', '\'', '`']).skip(1).step_by(2));
    let parts = quoted.flat_map(|quoted| quoted.split('/'));
    let words = parts.filter_map(|part| part.split('.').next()).filter(|part| !part.is_empty());
    words.filter(|part| !part.contains(char::is_whitespace)).map(str::to_ascii_lowercase).collect()
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
    use super::super::testing::{added, deleted, modified, run, run_among};
    use super::*;
    use crate::change::FileChange;

    fn said(files: Vec<FileChange>) -> Vec<String> {
        told(run(&Routes::default(), files))
    }

    fn told(report: Report) -> Vec<String> {
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
        assert_eq!(said(moves), ["route.added POST /api"]);
        let other_frame = vec![
            deleted("a.py", Role::Source, "@app.route('/a')\ndef f(): ...\n"),
            added("b.py", Role::Source, "@router.get('/a')\ndef f(): ...\n"),
        ];
        assert_eq!(said(other_frame), [""; 0]);
    }

    #[test]
    fn a_file_that_is_mounted_by_its_name_answers_the_same() {
        let own = vec![
            deleted("routes/shop.ts", Role::Source, "router.get('/orders', f)\nrouter.get('/carts', f)\n"),
            added("routes/shop/orders.ts", Role::Source, "router.get('/', f)\n"),
        ];
        assert_eq!(said(own), ["route.removed GET /carts"]);
    }

    #[test]
    fn what_other_files_say_of_the_place_stands_in_front() {
        let main = "from shop.orders import router as orders\nfrom .carts import router\n\
                    app.include_router(orders, prefix='/v1')\napp.include_router(router, prefix=settings.API)\n";
        let route = "router = APIRouter(prefix='/own')\n@router.get('/all')\ndef f(): ...\n";
        let files = ["orders", "carts", "alone"].map(|name| {
            let path = format!("app/shop/{name}.py");
            added(&path, Role::Source, route)
        });
        let report = run_among(&Routes::default(), files.to_vec(), &[("app/shop/main.py", main)]);
        assert_eq!(
            told(report),
            ["route.added GET /own/all", "route.added GET /v1/own/all", "route.added GET /…/own/all"]
        );
        let here = "app = FastAPI()\nrouter = APIRouter()\n@router.get('/all')\ndef f(): ...\n\
                    app.include_router(router, prefix='/v2')\n";
        assert_eq!(said(vec![added("a.py", Role::Source, here)]), ["route.added GET /v2/all"]);
    }

    #[test]
    fn an_address_that_is_now_given_in_another_way_stays() {
        let old = "<?php\nRoute::get('ping.view', A::class);\nRoute::get('stop.view', B::class);\n";
        let new = "<?php\n$answers('ping', A::class);\n";
        let file = modified("routes/web.php", Role::Source, old, new);
        assert_eq!(said(vec![file]), ["route.removed GET /stop.view"]);
        let own = "class VersionController { [HttpGet(\"~/version\")] public A F() {} [HttpGet(\"~/stop\")] public A G() {} }";
        let files = vec![
            deleted("VersionController.cs", Role::Source, own),
            modified("Startup.cs", Role::Source, "app.Run();", "app.MapVersionEndpoint(); app.Run();"),
        ];
        assert_eq!(said(files), ["route.removed GET /stop"]);
        let back = modified("routes/web.php", Role::Source, new, old);
        assert_eq!(said(vec![back]), ["route.added GET /stop.view"]);
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
