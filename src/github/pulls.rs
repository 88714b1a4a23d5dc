//! What authors wrote on their pull requests: asked for by number and in batches, and kept between runs.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Api, Error};

/// Pull requests asked about in one request for when they changed: an answer of some kilobytes.
const STAMPS: usize = 100;
/// Pull requests asked about in one request for their texts, which GitHub lets grow to 64 kilobytes each.
const TEXTS: usize = 20;

/// What became of asking.
#[derive(Debug, Default)]
pub struct Texts {
    /// Texts by number. A number that is no pull request has none.
    pub bodies: BTreeMap<u64, String>,
    /// Numbers whose text could not be read, and why.
    pub unread: Option<(u32, Error)>,
}

/// A text, and when the pull request last changed, as GitHub says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    updated: String,
    body: String,
}

/// Asks for the texts of pull requests. `cache` is a file that keeps them between runs: only what changed since is asked for
/// again, and it answers where GitHub does not. A cache that cannot be read or written costs time, never an answer.
pub async fn texts(api: &Api, numbers: &[u64], cache: Option<&Path>) -> Texts {
    let mut kept: BTreeMap<u64, Kept> = cache
        .and_then(|path| std::fs::read_to_string(path).ok())
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default();
    let before = kept.clone();
    let asked = renew(api, numbers, &mut kept).await;
    if let Some(path) = cache.filter(|_| kept != before) {
        let _ = keep(path, &kept);
    }
    let known = |number: &u64| kept.get(number).map(|kept| (*number, kept.body.clone()));
    let bodies: BTreeMap<u64, String> = numbers.iter().filter_map(known).collect();
    let unread = asked.err().map(|error| ((numbers.len() - bodies.len()) as u32, error));
    Texts { bodies, unread: unread.filter(|(count, _)| *count > 0) }
}

/// Brings what is kept up to date, as far as GitHub answers.
async fn renew(api: &Api, numbers: &[u64], kept: &mut BTreeMap<u64, Kept>) -> Result<(), Error> {
    let mut stale = Vec::new();
    for batch in numbers.chunks(STAMPS) {
        for (number, pull) in ask(api, batch, "updatedAt").await? {
            if pull.updated_at.as_deref() != kept.get(&number).map(|kept| kept.updated.as_str()) {
                stale.push(number);
            }
        }
    }
    for batch in stale.chunks(TEXTS) {
        for (number, pull) in ask(api, batch, "updatedAt body").await? {
            if let (Some(updated), Some(body)) = (pull.updated_at, pull.body) {
                kept.insert(number, Kept { updated, body });
            }
        }
    }
    Ok(())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pull {
    updated_at: Option<String>,
    body: Option<String>,
}

#[derive(Deserialize)]
struct Data {
    repository: BTreeMap<String, Option<Pull>>,
}

/// One request: the pull requests that there are, with the fields asked for.
async fn ask(api: &Api, numbers: &[u64], fields: &str) -> Result<Vec<(u64, Pull)>, Error> {
    let asked: Vec<String> = numbers
        .iter()
        .map(|number| format!("p{number}: pullRequest(number: {number}) {{ {fields} }}"))
        .collect();
    let repository = api.repository();
    let query = format!(
        "query($owner: String!, $name: String!) {{ repository(owner: $owner, name: $name) {{ {} }} }}",
        asked.join(" ")
    );
    let body = json!({"query": query, "variables": {"owner": repository.owner(), "name": repository.name()}});
    let Data { repository } = api.graphql(&body).await?;
    let pulls = repository
        .into_iter()
        .filter_map(|(alias, pull)| Some((alias.strip_prefix('p')?.parse().ok()?, pull?)));
    Ok(pulls.collect())
}

/// Written beside and then moved, so that two runs at a time leave a whole file.
fn keep(path: &Path, kept: &BTreeMap<u64, Kept>) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    std::fs::write(&beside, serde_json::to_vec(kept)?)?;
    std::fs::rename(&beside, path)
}
