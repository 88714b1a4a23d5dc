//! The part of the map that a change touches: at most twelve nodes, and the lines between them.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Catalog, Reason, ServiceTouch};
use crate::config::ServiceKind;

/// What a part of the map is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// A part of the product.
    Service,
    /// A database, queue or cache.
    Store,
    /// Something outside.
    Outside,
}

/// What the change does to a part of the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nothing.
    Same,
    /// It changes.
    Changed,
    /// It is new.
    New,
    /// It is gone.
    Gone,
}

/// A part of the map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Node {
    /// Its short name.
    pub name: String,
    /// The name that people use.
    #[serde(default)]
    pub title: Option<String>,
    /// What it is.
    pub kind: NodeKind,
    /// What the change does to it.
    pub state: State,
}

/// What joins two parts of the map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tie {
    /// One calls the other.
    #[default]
    Calls,
    /// One is built with code of the other, and need not speak with it.
    UsesCode,
}

impl Tie {
    /// By the rule that found it: lists of packages speak of code, all else of calls.
    pub fn of(rule: &str) -> Self {
        if rule == "workspace" { Self::UsesCode } else { Self::Calls }
    }
}

/// Who calls whom, and who is built with whose code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Edge {
    /// The caller.
    pub from: String,
    /// The called.
    pub to: String,
    /// What joins them.
    #[serde(default)]
    pub tie: Tie,
    /// What the change does to it.
    pub state: State,
}

/// The services touched and their neighbours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Map {
    /// At most twelve.
    pub nodes: Vec<Node>,
    /// Between these.
    pub edges: Vec<Edge>,
}

/// More than this nobody reads.
const MOST_NODES: usize = 12;

/// The services touched, their neighbours, and what calls what; empty where fewer than two services change.
pub fn map(catalog: &Catalog, services: &[ServiceTouch]) -> Map {
    let by_hand: BTreeSet<String> = services
        .iter()
        .filter(|touch| matches!(touch.reason, Reason::Code | Reason::Config))
        .map(|touch| touch.name.clone())
        .collect();
    of(catalog, &by_hand)
}

fn of(catalog: &Catalog, by_hand: &BTreeSet<String>) -> Map {
    let mut states: BTreeMap<&str, State> = BTreeMap::new();
    for service in catalog.services() {
        let state = match service.state {
            State::Same if by_hand.contains(&service.name) => State::Changed,
            state => state,
        };
        states.insert(&service.name, state);
    }
    let changed = |name: &str| states.get(name).is_some_and(|state| *state != State::Same);
    if states.values().filter(|state| **state != State::Same).count() < 2 {
        return Map::default();
    }
    // What watches or helps is joined with everything: it shows, and draws nothing in.
    let supports =
        |name: &str| catalog.named(name).is_some_and(|service| service.kind == ServiceKind::Support);
    // How near a service is to the change: changed itself, else by how many changed ones it is joined with.
    let mut near: BTreeMap<&str, usize> = BTreeMap::new();
    for connection in catalog.connections() {
        for (one, other) in [(&connection.from, &connection.to), (&connection.to, &connection.from)] {
            if changed(one) && !supports(one) && states.contains_key(other.as_str()) {
                *near.entry(other).or_default() += 1;
            }
        }
    }
    let mut names: Vec<&str> = states
        .keys()
        .copied()
        .filter(|name| changed(name) || near.contains_key(name) && !supports(name))
        .collect();
    names.sort_by_key(|name| {
        let new = states.get(name).is_some_and(|state| matches!(state, State::New | State::Gone));
        (!new, !changed(name), std::cmp::Reverse(near.get(name).copied().unwrap_or(0)), *name)
    });
    names.truncate(MOST_NODES);
    let shown: BTreeSet<&str> = names.iter().copied().collect();
    let nodes = shown.iter().filter_map(|name| {
        let service = catalog.named(name)?;
        let kind = match service.kind {
            ServiceKind::Store => NodeKind::Store,
            ServiceKind::Product | ServiceKind::Support => NodeKind::Service,
        };
        let title = (service.title != service.name).then(|| service.title.clone());
        let state = states.get(name).copied().unwrap_or(State::Same);
        Some(Node { name: (*name).to_owned(), title, kind, state })
    });
    let edges = catalog
        .connections()
        .iter()
        .filter(|one| shown.contains(one.from.as_str()) && shown.contains(one.to.as_str()))
        .filter(|one| changed(&one.from) || changed(&one.to))
        .filter(|one| {
            let helps = supports(&one.from) || supports(&one.to);
            !helps || changed(&one.from) && changed(&one.to)
        })
        .map(|one| Edge {
            from: one.from.clone(),
            to: one.to.clone(),
            tie: Tie::of(&one.how),
            state: one.state,
        });
    Map { nodes: nodes.collect(), edges: edges.collect() }
}

/// A map as a drawing wants it: short ids, labels without signs that Mermaid reads, and who calls whom by caller.
pub fn drawing(map: &Map) -> Value {
    let titles = |name: &str| {
        let node = map.nodes.iter().find(|node| node.name == name);
        node.and_then(|node| node.title.clone()).unwrap_or_else(|| name.to_owned())
    };
    let id = |name: &str| map.nodes.iter().position(|node| node.name == name).map(|at| format!("n{at}"));
    let nodes: Vec<Value> = map
        .nodes
        .iter()
        .map(|node| json!({"id": id(&node.name), "label": label(&titles(&node.name)), "title": titles(&node.name), "kind": node.kind, "state": node.state}))
        .collect();
    let edges: Vec<Value> = map
        .edges
        .iter()
        .filter_map(|edge| {
            Some(json!({"from": id(&edge.from)?, "to": id(&edge.to)?, "tie": edge.tie, "state": edge.state}))
        })
        .collect();
    let mut by_caller: Vec<((&str, State, Tie), Vec<String>)> = Vec::new();
    for edge in &map.edges {
        let caller = (edge.from.as_str(), edge.state, edge.tie);
        match by_caller.iter_mut().find(|(known, _)| *known == caller) {
            Some((_, to)) => to.push(label(&titles(&edge.to))),
            None => by_caller.push((caller, vec![label(&titles(&edge.to))])),
        }
    }
    let calls: Vec<Value> = by_caller
        .into_iter()
        .map(|((from, state, tie), to)| json!({"from": label(&titles(from)), "to": to, "state": state, "tie": tie}))
        .collect();
    json!({"nodes": nodes, "edges": edges, "calls": calls, "whole": false})
}

/// Text inside quotes of a Mermaid label: no sign that it, or HTML, would read.
fn label(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '"' | '`' | '<' | '>' | '#' | ';' | '&' | '[' | ']' | '{' | '}' | '|' | '\\' | '(' | ')' => ' ',
            c if c.is_control() => ' ',
            c => c,
        })
        .take(60)
        .collect::<String>()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{Content, MemorySnapshot, RepoPath};
    use crate::config::Config;

    #[test]
    fn what_helps_draws_nothing_in() {
        let compose = "services:\n  cart:\n    build: cart\n    depends_on: [watch, db]\n  pay:\n    build: pay\n    depends_on: [watch]\n  mail:\n    build: mail\n    depends_on: [watch]\n  \
                       watch:\n    image: otel/collector\n    depends_on: [db]\n  db:\n    image: postgres\n";
        let files = [("compose.yaml", compose), ("cart/a.go", ""), ("pay/a.go", ""), ("mail/a.go", "")];
        let files = files.map(|(path, text)| (RepoPath::new(path), Content::from_text(text)));
        let tree = MemorySnapshot::new(files);
        let catalog = Catalog::new(&Config::default(), &tree, &tree);
        let shown = |changed: &[&str]| {
            let map = of(&catalog, &changed.iter().map(|name| (*name).to_owned()).collect());
            let edges = map.edges.iter().map(|edge| format!("{}>{}", edge.from, edge.to));
            (map.nodes.into_iter().map(|node| node.name).collect::<Vec<_>>(), edges.collect::<Vec<_>>())
        };
        assert_eq!(
            shown(&["cart", "watch"]),
            (
                ["cart", "db", "watch"].map(str::to_owned).into(),
                ["cart>db", "cart>watch"].map(str::to_owned).into()
            )
        );
        assert_eq!(
            shown(&["cart", "pay"]),
            (["cart", "db", "pay"].map(str::to_owned).into(), vec!["cart>db".to_owned()])
        );
        assert_eq!(shown(&["cart"]), (Vec::new(), Vec::new()));
    }
}
