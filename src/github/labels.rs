//! Labels under our own prefix, one at a time: setting the whole list would take away what people set.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Error;
use super::api::{Api, escape};

#[derive(Deserialize)]
struct Label {
    name: Option<String>,
}

/// Which labels came and went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relabelled {
    /// Now there.
    pub added: Vec<String>,
    /// No longer there.
    pub removed: Vec<String>,
}

/// Sets exactly `wanted` (names without the prefix) among the labels that begin with `prefix`.
/// An empty prefix would make every label ours: then nothing is done.
pub async fn set(api: &Api, pull: u64, prefix: &str, wanted: &BTreeSet<String>) -> Result<Relabelled, Error> {
    let mut done = Relabelled::default();
    if prefix.is_empty() {
        return Ok(done);
    }
    let wanted: BTreeSet<String> = wanted.iter().map(|name| format!("{prefix}{name}")).collect();
    let route = format!("/issues/{pull}/labels");
    let present: Vec<Label> = api.list(&route).await?;
    let ours: BTreeSet<String> =
        present.into_iter().filter_map(|label| label.name).filter(|name| name.starts_with(prefix)).collect();
    for name in wanted.difference(&ours) {
        // Adding an unknown label would create it in a random colour; one that exists already answers 422.
        match api.post::<Value>("/labels", &json!({"name": name, "color": "ededed"})).await {
            Ok(_) | Err(Error::Answer { status: 422, .. }) => {}
            Err(error) if error.is_uncertain() => {}
            Err(error) => return Err(error),
        }
        api.post_once::<Value, _>(&route, &json!({"labels": [name]}), || async { Ok(None) }).await?;
        done.added.push(name.clone());
    }
    for name in ours.difference(&wanted) {
        api.delete(&format!("{route}/{}", escape(name))).await?;
        done.removed.push(name.clone());
    }
    Ok(done)
}
