//! AsyncAPI 2 and 3: channels, who sends on them, and what.

use super::json_schema::Shapes;
use super::tree::{At, Documents};
use super::{Direction, Document, Element, Format, Load, What};
use crate::change::RepoPath;
use crate::formats::Unreadable;

/// Reads a description and all that it refers to.
pub(super) fn read(path: &RepoPath, text: &str, load: Load<'_>) -> Result<Document, Unreadable> {
    let documents = Documents::load(path, text, load)?;
    let root = documents.root();
    let mut shapes = Shapes::new(&documents);
    let mut document = Document::new(Format::AsyncApi, path);
    let below = |key: &str| root.get(key).map(|list| list.each()).unwrap_or_default();
    for (channel, at) in below("channels") {
        let Some(at) = documents.follow(at) else { continue };
        // In version 2, `subscribe` says what others may receive, `publish` what they may send.
        for (action, direction) in [("subscribe", Direction::Response), ("publish", Direction::Request)] {
            if let Some(operation) = at.get(action) {
                let name = format!("{action} {channel}");
                let messages = operation.get("message").map(|message| several(&message)).unwrap_or_default();
                let element = of_messages(&documents, &mut shapes, &name, &operation, messages, direction);
                document.definitions.insert(name, element);
            }
        }
    }
    for (_, operation) in below("operations") {
        let Some(operation) = documents.follow(operation) else { continue };
        let direction = if operation.text("action") == Some("receive") {
            Direction::Request
        } else {
            Direction::Response
        };
        let Some(channel) = operation.get("channel").and_then(|channel| documents.follow(channel)) else {
            continue;
        };
        let address = channel.text("address").or_else(|| channel.keys.rsplit('/').next().filter(|_| true));
        let name = format!("{} {}", operation.text("action").unwrap_or("send"), address.unwrap_or_default());
        let messages = operation.get("messages").or_else(|| channel.get("messages"));
        let messages = messages
            .map(|messages| messages.each().into_iter().map(|(_, at)| at).collect())
            .unwrap_or_default();
        let element = of_messages(&documents, &mut shapes, &name, &operation, messages, direction);
        document.definitions.insert(name, element);
    }
    document.types = shapes.finish()?;
    Ok(document)
}

/// One message, or one of several.
fn several<'a>(message: &At<'a>) -> Vec<At<'a>> {
    match message.get("oneOf") {
        Some(list) => list.each().into_iter().map(|(_, at)| at).collect(),
        None => vec![message.clone()],
    }
}

fn of_messages<'a>(
    documents: &'a Documents,
    shapes: &mut Shapes<'a>,
    name: &str,
    at: &At<'a>,
    messages: Vec<At<'a>>,
    direction: Direction,
) -> Element {
    let mut element = Element::new(What::Operation, name, at.path, at.spot());
    element.deprecated = at.is("deprecated").then(String::new);
    let only = messages.len() == 1;
    for message in messages {
        let Some(message) = documents.follow(message) else { continue };
        let own = message
            .text("name")
            .or_else(|| message.text("messageId"))
            .or_else(|| message.keys.rsplit('/').next());
        let own = own.unwrap_or_default().to_owned();
        // The only message of a channel may change its name; of several, the name says which.
        let key = if only { "message".to_owned() } else { format!("message {own}") };
        let payload = message.get("payload").map(|payload| {
            let inner = payload.get("schema").filter(|_| payload.text("schemaFormat").is_some());
            inner.unwrap_or(payload)
        });
        let mut part = match payload {
            Some(payload) => shapes.element(&payload, What::Body, &own),
            None => Element::new(What::Body, &own, message.path, message.spot()),
        };
        part.direction = Some(direction);
        element.parts.insert(key, part);
    }
    element
}
