//! A page of parts, for a file, a terminal or a browser. For a browser it is one file that needs nothing else: no
//! script, no font, no picture from elsewhere.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Error, Pen};
use crate::services::{Map, NodeKind, State};

/// A part of a page; its text is ready for the place where it goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// The page's title.
    Title(String),
    /// A heading of the page.
    Heading(String),
    /// A heading below it.
    Subheading(String),
    /// A paragraph.
    Text(String),
    /// An entry of a list.
    Item(String),
    /// An entry of a numbered list.
    Number(String),
    /// A drawing, and the same in words. Only a browser draws it.
    Drawing {
        /// The template that draws it.
        template: &'static str,
        /// What the template sees.
        values: Value,
    },
}

/// The page as one text: `frame/page_text` for Markdown, `frame/page_terminal` for a terminal.
pub fn text(pen: &Pen<'_>, frame: &str, parts: &[Part]) -> Result<String, Error> {
    let mut number = 0;
    let mut last = "";
    let parts: Vec<Value> = parts
        .iter()
        .filter_map(|part| {
            let (kind, text) = named(part)?;
            number = if kind == last { number + 1 } else { 1 };
            last = kind;
            let gap = kind != "title" && (number == 1 || kind == "text");
            Some(json!({"kind": kind, "text": text, "number": number, "gap": gap}))
        })
        .collect();
    pen.fill(frame, &json!({"parts": parts}))
}

fn named(part: &Part) -> Option<(&'static str, &str)> {
    match part {
        Part::Title(text) => Some(("title", text)),
        Part::Heading(text) => Some(("heading", text)),
        Part::Subheading(text) => Some(("subheading", text)),
        Part::Text(text) => Some(("text", text)),
        Part::Item(text) => Some(("item", text)),
        Part::Number(text) => Some(("number", text)),
        Part::Drawing { .. } => None,
    }
}

/// The page for a browser: one section for each heading, lists as lists. `pen` must be one for HTML.
pub fn html(pen: &Pen<'_>, plain_title: &str, parts: &[Part]) -> Result<String, Error> {
    let mut title = String::new();
    let mut sections: Vec<Value> = Vec::new();
    let mut open = Section::default();
    for part in parts {
        match part {
            Part::Title(text) => title = text.clone(),
            Part::Heading(text) => {
                sections.extend(std::mem::take(&mut open).done(sections.len()));
                open.heading = Some(text.clone());
            }
            Part::Drawing { template, values } => {
                open.blocks.push(json!({"kind": "drawing", "items": [pen.fill(template, values)?]}));
            }
            part => open.add(part),
        }
    }
    sections.extend(open.done(sections.len()));
    let lead = sections.first().filter(|first| first["heading"].is_null()).cloned();
    let sections = if lead.is_some() { sections.split_off(1) } else { sections };
    let blocks = lead.map_or(json!([]), |lead| lead["blocks"].clone());
    pen.fill(
        "frame/page_html",
        &json!({"name": plain_title, "title": title, "lead": blocks, "sections": sections, "style": STYLE}),
    )
}

/// The look of a page: colours that hold a contrast of 4.5 to 1 in both schemes, one column, and print.
const STYLE: &str = include_str!("page.css");

#[derive(Default)]
struct Section {
    heading: Option<String>,
    blocks: Vec<Value>,
}

impl Section {
    /// Puts entries that follow each other into one list.
    fn add(&mut self, part: &Part) {
        let Some((kind, text)) = named(part) else { return };
        let is_list = matches!(kind, "item" | "number");
        match self.blocks.last_mut().filter(|last| is_list && last["kind"] == kind) {
            Some(last) => {
                if let Some(items) = last["items"].as_array_mut() {
                    items.push(json!(text));
                }
            }
            None => self.blocks.push(json!({"kind": kind, "items": [text]})),
        }
    }

    fn done(self, number: usize) -> Option<Value> {
        let is_empty = self.heading.is_none() && self.blocks.is_empty();
        (!is_empty)
            .then(|| json!({"heading": self.heading, "blocks": self.blocks, "id": format!("s{number}")}))
    }
}

/// Letters of a bar's name, and of a node's, that fit.
const NAME: usize = 22;
const BAR_WIDTH: usize = 260;
const BAR_LEFT: usize = 170;
/// Room for one letter of a name.
const LETTER: usize = 9;
const ROW: usize = 28;

/// A chart of bars: name and count. Widths in units of the drawing.
pub fn bars(title: &str, rows: &[(String, u64)]) -> Value {
    let most = rows.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    // a phone shows the letters wider than the drawing
    let longest = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let left = BAR_LEFT.max(longest * LETTER);
    let bars: Vec<Value> = rows
        .iter()
        .enumerate()
        .map(|(at, (name, count))| {
            let width = (BAR_WIDTH as u64 * count).div_ceil(most);
            json!({
                "name": name,
                "count": count,
                "y": at * ROW,
                "text_y": at * ROW + 18,
                "width": width,
                "left": left,
                "count_x": left as u64 + width + 8,
            })
        })
        .collect();
    json!({"title": title, "bars": bars, "width": left + BAR_WIDTH + 50, "height": rows.len() * ROW})
}

const NODE_WIDTH: usize = 170;
const NODE_HEIGHT: usize = 44;
const GAP_X: usize = 64;
const GAP_Y: usize = 18;
/// More nodes than this no map has.
const MOST_NODES: usize = 12;

/// The service map as a drawing: callers to the left of what they call. `title` and `said` say it in words.
pub fn drawn_map(title: &str, said: &str, map: &Map) -> Value {
    let names: BTreeMap<&str, usize> =
        map.nodes.iter().take(MOST_NODES).enumerate().map(|(at, node)| (node.name.as_str(), at)).collect();
    let edges: Vec<(usize, usize, State)> = map
        .edges
        .iter()
        .filter_map(|edge| Some((*names.get(edge.from.as_str())?, *names.get(edge.to.as_str())?, edge.state)))
        .filter(|(from, to, _)| from != to)
        .collect();
    let columns = columns(names.len(), &edges);
    let mut rows = [0usize; COLUMNS];
    let places: Vec<(usize, usize)> = columns
        .iter()
        .map(|column| {
            let row = rows[*column];
            rows[*column] += 1;
            (column * (NODE_WIDTH + GAP_X) + 2, row * (NODE_HEIGHT + GAP_Y) + 2)
        })
        .collect();
    let nodes: Vec<Value> = map
        .nodes
        .iter()
        .zip(&places)
        .map(|(node, (x, y))| {
            json!({
                "name": short(&node.name),
                "state": node.state,
                "store": node.kind == NodeKind::Store,
                "x": x, "y": y, "width": NODE_WIDTH, "height": NODE_HEIGHT,
                "text_x": x + NODE_WIDTH / 2, "text_y": y + 19, "state_y": y + 35,
                "alone_y": y + NODE_HEIGHT / 2 + 5,
            })
        })
        .collect();
    let lines: Vec<Value> = edges
        .iter()
        .map(|(from, to, state)| {
            let ((x1, y1), (x2, y2)) = (places[*from], places[*to]);
            let middle = NODE_HEIGHT / 2;
            // calls within a column go around it, on the side of a gap
            let last = x1 / (NODE_WIDTH + GAP_X) == COLUMNS - 1;
            let bend = GAP_X / 2;
            let (start, one, other, end) = match x1.cmp(&x2) {
                Ordering::Less => (x1 + NODE_WIDTH, x1 + NODE_WIDTH + bend, x2 - bend, x2),
                Ordering::Greater => (x1, x1 - bend, x2 + NODE_WIDTH + bend, x2 + NODE_WIDTH),
                Ordering::Equal if last => (x1, x1 - bend, x2 - bend, x2),
                Ordering::Equal => {
                    let right = x1 + NODE_WIDTH;
                    (right, right + bend, right + bend, right)
                }
            };
            let (from, to) = (y1 + middle, y2 + middle);
            json!({
                "path": format!("M {start} {from} C {one} {from}, {other} {to}, {end} {to}"),
                "state": state,
            })
        })
        .collect();
    let width = columns.iter().max().map_or(0, |most| most + 1) * (NODE_WIDTH + GAP_X);
    let height = rows.iter().max().copied().unwrap_or(0) * (NODE_HEIGHT + GAP_Y);
    json!({
        "title": title, "said": said, "nodes": nodes, "lines": lines,
        "width": width.saturating_sub(GAP_X) + 4, "height": height.saturating_sub(GAP_Y) + 4,
    })
}

/// Columns of a map: more would be wider than a page.
const COLUMNS: usize = 3;

/// The column of each node: right of all that call it, as far as calls do not go around in a circle.
fn columns(nodes: usize, edges: &[(usize, usize, State)]) -> Vec<usize> {
    // a call back to a caller, found on the way down, does not push anything to the right
    let mut forward: Vec<(usize, usize)> = Vec::new();
    for (from, to, _) in edges {
        let mut open = vec![*to];
        let mut seen = vec![false; nodes];
        let mut leads_back = false;
        while let Some(at) = open.pop() {
            leads_back |= at == *from;
            if !std::mem::replace(&mut seen[at], true) {
                open.extend(forward.iter().filter(|(one, _)| *one == at).map(|(_, other)| *other));
            }
        }
        if !leads_back {
            forward.push((*from, *to));
        }
    }
    let mut columns = vec![0usize; nodes];
    for _ in 0..nodes {
        for (from, to) in &forward {
            columns[*to] = columns[*to].max(columns[*from] + 1);
        }
    }
    columns.into_iter().map(|column| column.min(COLUMNS - 1)).collect()
}

fn short(name: &str) -> String {
    match name.chars().count() > NAME {
        true => name.chars().take(NAME - 1).chain(['…']).collect(),
        false => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::{Edge, Node, Tie};

    #[test]
    fn a_circle_of_calls_has_an_end_and_callers_stand_left() {
        let node = |name: &str| Node {
            name: name.to_owned(),
            title: None,
            kind: NodeKind::Service,
            state: State::Same,
        };
        let edge = |from: &str, to: &str| Edge {
            from: from.to_owned(),
            to: to.to_owned(),
            tie: Tie::Calls,
            state: State::New,
        };
        let map = Map {
            nodes: ["a", "b", "c"].map(node).to_vec(),
            edges: [edge("a", "b"), edge("b", "c"), edge("c", "a"), edge("a", "a"), edge("a", "gone")]
                .to_vec(),
        };
        let drawn = drawn_map("t", "s", &map);
        assert_eq!(drawn["lines"].as_array().map(Vec::len), Some(3));
        let xs: Vec<u64> = (0..3).filter_map(|at| drawn["nodes"][at]["x"].as_u64()).collect();
        assert!(xs[0] < xs[1] && xs[1] < xs[2], "the call back pushes nothing: {xs:?}");
        let line = Map { edges: [edge("a", "b")].to_vec(), ..map };
        let drawn = drawn_map("t", "s", &line);
        assert!(drawn["nodes"][0]["x"].as_u64() < drawn["nodes"][1]["x"].as_u64());
    }

    #[test]
    fn bars_are_as_long_as_their_counts() {
        let drawn = bars("t", &[("a".to_owned(), 4), ("b".to_owned(), 1), ("c".to_owned(), 0)]);
        let widths: Vec<_> = (0..3).map(|at| drawn["bars"][at]["width"].as_u64()).collect();
        assert_eq!(widths, [Some(260), Some(65), Some(0)]);
        assert_eq!(bars("t", &[])["height"], 0);
    }
}
