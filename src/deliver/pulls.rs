//! What authors wrote on pull requests, for release notes: who is asked, with which token, and where answers are kept.

use std::path::PathBuf;

use etcetera::BaseStrategy;

use crate::github::{Api, Hosted, Patience, block_on, pulls};
use crate::notes::PullTexts;

/// Asks GitHub, where the environment (read through `variable`) holds a token for the server of the repository at `web`; else
/// nothing is asked, and nothing is missing.
pub fn pull_texts(
    web: &str,
    numbers: &[u64],
    variable: &dyn Fn(&str) -> Option<String>,
) -> Option<PullTexts> {
    let hosted = Hosted::from_env(web, variable)?;
    let cache = cache_of(web);
    let asked = block_on(async {
        let api = Api::graph(&hosted, Patience::default())?;
        Ok(pulls::texts(&api, numbers, cache.as_deref()).await)
    });
    let texts = asked.flatten().unwrap_or_else(|error| pulls::Texts {
        unread: Some((numbers.len() as u32, error)),
        ..pulls::Texts::default()
    });
    let unread = texts.unread.map(|(count, error)| (count, error.to_string()));
    Some(PullTexts { bodies: texts.bodies, unread })
}

/// In the user's folder for such things, never in the repository.
fn cache_of(web: &str) -> Option<PathBuf> {
    let (_, place) = web.split_once("://")?;
    let folder = etcetera::choose_base_strategy().ok()?.cache_dir();
    Some(folder.join("plainly/pull-requests").join(format!("{place}.json")))
}
