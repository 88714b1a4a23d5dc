//! A file of notes that people have edited: their words stay, what they deleted stays deleted, the rest is renewed.
//!
//! Behind each entry stands a hidden mark with its id, the hash of the text as we wrote it and the hash of its facts.
//! The last line lists every id that was ever offered, and the hash of the page as we wrote it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::say::{Block, BlockKind};
use crate::finding::id_of;
use crate::render::{Error, Pen};

const MARK: &str = "<!-- plainly id=";
const CHANGED: &str = "<!-- plainly changed=";
const SINCE: &str = "<!-- plainly since-edit -->";
const LAST: &str = "<!-- plainly notes page=";
const END: &str = " -->";

/// A mark as read from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mark {
    id: String,
    text: String,
    facts: String,
}

impl Mark {
    fn of(block: &Block) -> Self {
        Self { id: block.id.clone(), text: hash(&block.text), facts: block.facts.clone() }
    }

    fn line(&self) -> String {
        [MARK, &self.id, " h=", &self.text, " f=", &self.facts, END].concat()
    }

    /// The mark at the end of a line, and what stands before it.
    fn parse(line: &str) -> Option<(&str, Self)> {
        let (text, rest) = line.rsplit_once(MARK)?;
        let mut parts = rest.trim_end().strip_suffix(END)?.split(' ');
        let id = parts.next()?.to_owned();
        let text_hash = parts.next()?.strip_prefix("h=")?.to_owned();
        let facts = parts.next()?.strip_prefix("f=")?.to_owned();
        Some((text, Self { id, text: text_hash, facts }))
    }
}

/// White space at the ends and the sign of the list do not count as an edit.
fn hash(text: &str) -> String {
    let bare = text.trim().trim_start_matches(['-', '*', '+']).trim();
    id_of("note", "text", bare)
}

/// Whether a file holds notes that we wrote.
pub fn is_ours(text: &str) -> bool {
    text.lines().rev().any(|line| line.starts_with(LAST))
}

/// The page: new where there was none or nobody touched it, else the earlier one with people's words kept.
pub fn page(pen: &Pen<'_>, blocks: &[Block], earlier: Option<&str>) -> Result<String, Error> {
    let earlier = earlier.map(|text| text.replace("\r\n", "\n"));
    match earlier.as_deref().and_then(|text| Some((text, last_line(text)?))) {
        Some((text, last)) if last.page != page_hash(text) => patched(pen, blocks, text, &last),
        _ => fresh(pen, blocks, &BTreeSet::new()),
    }
}

/// The last line of an earlier page.
struct Last {
    page: String,
    offered: BTreeSet<String>,
}

fn last_line(text: &str) -> Option<Last> {
    let line = text.lines().rev().find(|line| line.starts_with(LAST))?;
    let (page, rest) = line.strip_prefix(LAST)?.strip_suffix(END)?.split_once(" offered=")?;
    let offered = rest.split(',').filter(|id| !id.is_empty()).map(str::to_owned).collect();
    Some(Last { page: page.to_owned(), offered })
}

/// The hash of everything but the last line.
fn page_hash(text: &str) -> String {
    let body: Vec<&str> = text.lines().filter(|line| !line.starts_with(LAST)).collect();
    id_of("note", "page", body.join("\n").trim())
}

fn with_last_line(body: &str, page: &str, offered: &BTreeSet<String>) -> String {
    let ids: Vec<&str> = offered.iter().map(String::as_str).collect();
    format!("{}\n\n{LAST}{page} offered={}{END}\n", body.trim_end(), ids.join(","))
}

fn fresh(pen: &Pen<'_>, blocks: &[Block], offered: &BTreeSet<String>) -> Result<String, Error> {
    let mut offered = offered.clone();
    let mut marked = blocks.to_vec();
    for block in marked.iter_mut().filter(|block| !block.id.is_empty()) {
        block.mark = Some(Mark::of(block).line());
        offered.insert(block.id.clone());
    }
    let body = pen.fill("notes/frame/page", &json!({"blocks": marked, "hidden": null}))?;
    Ok(with_last_line(&body, &page_hash(&body), &offered))
}

/// Renews an edited page in place, line by line: nothing that a person wrote is lost.
fn patched(pen: &Pen<'_>, blocks: &[Block], earlier: &str, last: &Last) -> Result<String, Error> {
    let by_id: BTreeMap<&str, &Block> =
        blocks.iter().filter(|block| !block.id.is_empty()).map(|block| (block.id.as_str(), block)).collect();
    let mut present = BTreeSet::new();
    let mut lines: Vec<String> = Vec::new();
    let mut emptied = false;
    for line in earlier.lines().filter(|line| !line.starts_with(LAST) && !line.contains(CHANGED)) {
        let Some((text, mark)) = Mark::parse(line) else {
            lines.push(line.to_owned());
            continue;
        };
        present.insert(mark.id.clone());
        let lead =
            text.get(..text.len() - text.trim_start_matches(['-', '*', '+', ' ']).len()).unwrap_or_default();
        match (by_id.get(mark.id.as_str()), hash(text) == mark.text) {
            (Some(block), true) => {
                lines.push(format!("{lead}{} {}", block.text, Mark::of(block).line()));
            }
            (None, true) => emptied = true,
            (Some(block), false) => {
                lines.push(line.to_owned());
                if block.facts != mark.facts {
                    let said = pen.fill("notes/frame/changed", &json!({"text": block.text}))?;
                    lines.push(format!("  - {said} {CHANGED}{}{END}", mark.id));
                }
            }
            (None, false) => lines.push(line.to_owned()),
        }
    }
    if emptied {
        lines = without_empty_sections(lines);
    }
    let mut offered = last.offered.clone();
    let new: Vec<&&Block> = by_id
        .values()
        .filter(|block| block.kind == BlockKind::Item)
        .filter(|block| !present.contains(&block.id) && !offered.contains(&block.id))
        .collect();
    if !new.is_empty() {
        let at = match lines.iter().position(|line| line.contains(SINCE)) {
            Some(at) => at,
            None => {
                let heading = pen.fill("notes/heading", &json!({"name": "since_edit"}))?;
                lines.extend([String::new(), format!("## {heading} {SINCE}")]);
                lines.len() - 1
            }
        };
        let mut items = vec![String::new()];
        // in the order of the page, not of the ids
        for block in blocks.iter().filter(|block| new.iter().any(|one| one.id == block.id)) {
            items.push(format!("- {} {}", block.text, Mark::of(block).line()));
        }
        lines.splice(at + 1..at + 1, items);
    }
    offered.extend(by_id.keys().map(|id| (*id).to_owned()));
    Ok(with_last_line(&lines.join("\n"), "edited", &offered))
}

/// Takes out headings below which nothing is left.
fn without_empty_sections(lines: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    let mut open: Option<usize> = None;
    for line in lines {
        let is_heading = line.starts_with("## ");
        if is_heading && let Some(at) = open {
            kept.truncate(at);
        }
        if is_heading {
            open = Some(kept.len());
        } else if !line.trim().is_empty() {
            open = None;
        }
        kept.push(line);
    }
    if let Some(at) = open {
        kept.truncate(at);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{Links, Renderer, Style, View};

    fn renderer() -> Renderer {
        Renderer::new("en", &BTreeMap::new()).expect("built-in templates parse").0
    }

    fn item(id: &str, text: &str) -> Block {
        Block {
            kind: BlockKind::Item,
            text: text.to_owned(),
            id: id.to_owned(),
            facts: hash(text),
            mark: None,
        }
    }

    fn heading(text: &str) -> Block {
        Block { kind: BlockKind::Heading, id: String::new(), ..item("", text) }
    }

    fn page_of(blocks: &[Block], earlier: Option<&str>) -> String {
        let renderer = renderer();
        let style = Style { view: View::Markdown, links: Links::None };
        page(&renderer.pen(&style), blocks, earlier).expect("the frame fills")
    }

    fn first() -> Vec<Block> {
        vec![heading("New"), item("a", "One."), item("b", "Two."), heading("Fixed"), item("c", "Three.")]
    }

    #[test]
    fn an_untouched_page_is_written_anew() {
        let old = page_of(&first(), None);
        assert!(old.contains("- One. <!-- plainly id=a h="), "{old}");
        let blocks = [heading("New"), item("d", "Four.")];
        assert_eq!(page_of(&blocks, Some(&old)), page_of(&blocks, None));
        assert_eq!(page_of(&first(), Some(&old)), old);
    }

    #[test]
    fn edited_text_stays_and_moved_facts_are_said_once() {
        let edited = page_of(&first(), None).replace("- One. ", "- The best one. ");
        let same = page_of(&first(), Some(&edited));
        assert!(same.contains("- The best one. <!-- plainly id=a") && !same.contains("- One."), "{same}");
        assert!(!same.contains("Facts changed"), "{same}");
        let moved =
            [heading("New"), item("a", "Eleven."), item("b", "Two!"), heading("Fixed"), item("c", "Three.")];
        let once = page_of(&moved, Some(&edited));
        assert!(once.contains("- The best one. <!-- plainly id=a"), "{once}");
        assert_eq!(once.matches("Facts changed since this was written: Eleven.").count(), 1, "{once}");
        // what nobody edited is renewed
        assert!(once.contains("- Two! <!--") && !once.contains("- Two. "), "{once}");
        assert_eq!(page_of(&moved, Some(&once)), once);
    }

    #[test]
    fn what_a_person_deleted_stays_deleted_and_what_is_new_stands_apart() {
        let old = page_of(&first(), None);
        let edited: String =
            old.lines().filter(|line| !line.contains("id=b ")).map(|line| format!("{line}\n")).collect();
        let blocks = [first(), vec![item("d", "Four."), item("e", "Five.")]].concat();
        let again = page_of(&blocks, Some(&edited));
        assert!(!again.contains("Two."), "{again}");
        let since = again.find("## New since your last edit").expect("a heading of its own");
        assert!(
            again.find("- Four.") > Some(since) && again.find("- Four.") < again.find("- Five."),
            "{again}"
        );
        // and deleted there, they stay deleted too
        let edited: String =
            again.lines().filter(|line| !line.contains("id=d ")).map(|line| format!("{line}\n")).collect();
        let third = page_of(&blocks, Some(&edited));
        assert!(!third.contains("Four.") && third.contains("Five."), "{third}");
    }

    #[test]
    fn own_lines_stay_and_sections_that_empty_go() {
        let edited = page_of(&first(), None).replace("## Fixed", "A line of my own.\n\n## Fixed");
        let again = page_of(&[heading("New"), item("a", "One.")], Some(&edited));
        assert!(again.contains("A line of my own."), "{again}");
        assert!(!again.contains("Three.") && !again.contains("## Fixed"), "{again}");
    }

    proptest::proptest! {
        #[test]
        fn any_file_may_stand_there(text in "\\PC{0,300}") {
            let _ = page_of(&first(), Some(&text));
            let forged = format!("{text} {MARK}{text}{END}\n{LAST}{text} offered={text}{END}");
            let _ = page_of(&first(), Some(&forged));
        }
    }
}
