//! Notes as text: each entry's sentence, and the page as blocks that Markdown, a terminal and HTML share.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::model::{Audience, Entry, Notes, SectionName};
use crate::finding::id_of;
use crate::render::page::Part;
use crate::render::{Error, Pen, Renderer, Style};

/// Pull requests behind one entry that are worth naming.
const PULLS_SHOWN: usize = 8;

/// A piece of the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// Ready for the place where it goes.
    pub text: String,
    /// Its id, for what a person may change; empty for headings.
    #[serde(skip)]
    pub id: String,
    /// What its facts were, as a hash.
    #[serde(skip)]
    pub facts: String,
    /// The hidden mark behind it; null where nothing may be hidden.
    pub mark: Option<String>,
}

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// The page's name.
    Title,
    /// A section's.
    Heading,
    /// An entry.
    Item,
    /// Words between.
    Text,
}

/// Fills in the sentences of the model, as plain text.
pub fn fill(notes: &mut Notes, renderer: &Renderer, words: &BTreeMap<String, String>) -> Result<(), Error> {
    let pen = renderer.pen(&Style::PLAIN);
    let audience = notes.audience;
    for section in &mut notes.sections {
        for entry in &mut section.entries {
            entry.text = sentence(&pen, entry, audience, words)?;
        }
    }
    Ok(())
}

/// The sentence of an entry, for the place of the pen.
pub fn sentence(
    pen: &Pen<'_>,
    entry: &Entry,
    audience: Audience,
    words: &BTreeMap<String, String>,
) -> Result<String, Error> {
    let mut values = entry.facts.clone();
    if let Some(values) = values.as_object_mut() {
        values.insert("audience".to_owned(), json!(audience));
        values.insert("owners".to_owned(), json!(entry.owners));
    }
    let mut parts = vec![pen.fill(&entry.shape, &values)?];
    if values.get("author").is_some_and(Value::is_string) {
        parts.push(pen.fill("notes/author", &values)?);
    }
    if values.get("unmarked") == Some(&json!(true)) && audience != Audience::Customers {
        parts.push(pen.fill("notes/unmarked", &values)?);
    }
    let is_action = entry.shape != "notes/short/mix" && !entry.shape.starts_with("notes/short/");
    if audience == Audience::Exec && is_action {
        parts.push(pen.fill("notes/owner", &values)?);
    }
    Ok(reworded(&parts.join(" "), words))
}

/// The team's own words, in our sentences only: what stands in quotation marks or code style stays as written.
fn reworded(text: &str, words: &BTreeMap<String, String>) -> String {
    if words.is_empty() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let (mut word, mut fence) = (String::new(), None);
    let flush = |word: &mut String, out: &mut String| {
        out.push_str(words.get(word.as_str()).unwrap_or(word));
        word.clear();
    };
    for c in text.chars() {
        match fence {
            Some(open) => {
                fence = (c != open).then_some(open);
                out.push(c);
            }
            None if c.is_alphanumeric() || c == '_' || c == '-' => word.push(c),
            None => {
                flush(&mut word, &mut out);
                fence = matches!(c, '"' | '`').then_some(c);
                out.push(c);
            }
        }
    }
    flush(&mut word, &mut out);
    out
}

/// The page as blocks, without marks.
pub fn blocks(notes: &Notes, renderer: &Renderer, style: &Style) -> Result<Vec<Block>, Error> {
    let pen = renderer.pen(style);
    let plain = |kind: BlockKind, text: String| Block {
        kind,
        text,
        id: String::new(),
        facts: String::new(),
        mark: None,
    };
    let words = &notes.words;
    let values = page_values(notes);
    let part = |id: &str, template: &str| -> Result<Block, Error> {
        let text = reworded(&pen.fill(template, &values)?, words);
        let facts = id_of("note", id, &text);
        Ok(Block { kind: BlockKind::Text, text, id: id.to_owned(), facts, mark: None })
    };
    let heading = |name: Value| -> Result<Block, Error> {
        Ok(plain(BlockKind::Heading, pen.fill("notes/heading", &json!({"name": name}))?))
    };
    let mut blocks =
        vec![plain(BlockKind::Title, pen.fill("notes/title", &values)?), part("intro", "notes/intro")?];
    for section in &notes.sections {
        blocks.push(heading(json!(section.name))?);
        let shown = section.shown as usize;
        for entry in section.entries.iter().take(shown) {
            let sentence = sentence(&pen, entry, notes.audience, words)?;
            let pulls: Vec<&u64> = entry.pulls.iter().take(PULLS_SHOWN).collect();
            // where no number names the change, its commit does
            let is_found =
                pulls.is_empty() && entry.commits.len() == 1 && notes.audience == Audience::Internal;
            let commit = entry.commits.first().filter(|_| is_found).and_then(|commit| commit.get(..8));
            let values = json!({"text": sentence, "pulls": pulls, "commit": commit});
            let text = pen.fill("notes/frame/entry", &values)?;
            let facts = id_of("note", &entry.shape, &entry.facts.to_string());
            blocks.push(Block { kind: BlockKind::Item, text, id: entry.id.clone(), facts, mark: None });
        }
        let rest: Vec<&Entry> = section.entries.iter().skip(shown).collect();
        if !rest.is_empty() && notes.audience != Audience::Customers
            || section.name == SectionName::NeedsYourWords && !rest.is_empty()
        {
            let mut pulls: Vec<u64> = rest.iter().filter_map(|entry| entry.pulls.first().copied()).collect();
            pulls.sort_unstable();
            // a page of seven lines names no seventy numbers
            pulls.retain(|_| notes.audience == Audience::Internal);
            let text = pen.fill("notes/more", &json!({"count": rest.len(), "pulls": pulls}))?;
            let id = id_of("note", "more", &json!(section.name).to_string());
            let facts = id_of("note", &id, &text);
            blocks.push(Block { kind: BlockKind::Item, text, id, facts, mark: None });
        }
    }
    if notes.audience == Audience::Internal {
        blocks.push(heading(json!("left_out"))?);
        blocks.push(part("ledger", "notes/ledger")?);
        if !notes.thanks.is_empty() {
            blocks.push(heading(json!("thanks"))?);
            blocks.push(part("thanks", "notes/thanks")?);
        }
    }
    Ok(blocks)
}

/// The blocks as parts of a page, for a browser and a terminal.
pub fn parts(blocks: &[Block]) -> Vec<Part> {
    let part = |block: &Block| {
        let text = block.text.clone();
        match block.kind {
            BlockKind::Title => Part::Title(text),
            BlockKind::Heading => Part::Heading(text),
            BlockKind::Item => Part::Item(text),
            BlockKind::Text => Part::Text(text),
        }
    };
    blocks.iter().map(part).collect()
}

/// The page's name, as plain text.
pub fn name(notes: &Notes, renderer: &Renderer) -> Result<String, Error> {
    renderer.pen(&Style::PLAIN).fill("notes/title", &page_values(notes))
}

/// What the page's own sentences see.
fn page_values(notes: &Notes) -> Value {
    let reasons: Vec<Value> = notes
        .ledger
        .left_out
        .iter()
        .map(|(reason, count)| json!({"reason": reason, "count": count}))
        .collect();
    let names: Vec<&str> = notes.thanks.iter().filter(|one| one.first).map(|one| one.name.as_str()).collect();
    json!({
        "title": notes.title,
        "audience": notes.audience,
        "range": notes.range,
        "base": notes.range.base.chars().take(10).collect::<String>(),
        "ledger": notes.ledger,
        "told": notes.ledger.listed + notes.ledger.needs_words,
        "left": notes.ledger.left_out.values().sum::<u32>(),
        "reasons": reasons,
        "sections": notes.sections.len(),
        "unread": notes.could_not_check.len(),
        "pull_requests": notes.pull_requests,
        "people": notes.thanks.len(),
        "first": names.len(),
        "names": names,
    })
}

/// The base's reason as a sentence of its own, for the report; null where it was named.
pub fn base_reason(notes: &Notes, renderer: &Renderer) -> Result<Option<String>, Error> {
    let text = renderer.pen(&Style::PLAIN).fill("notes/base_reason", &page_values(notes))?;
    let text = text.trim_start_matches([',', ' ']).to_owned();
    Ok((!text.is_empty()).then_some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_teams_words_stand_in_our_sentences_and_quotations_stay() {
        let words = [("SKU".to_owned(), "product code".to_owned())].into();
        assert_eq!(
            reworded("A SKU, \"the SKU\" and `SKU`: SKU.", &words),
            "A product code, \"the SKU\" and `SKU`: product code."
        );
        assert_eq!(reworded("SKUs stay", &words), "SKUs stay");
    }
}
