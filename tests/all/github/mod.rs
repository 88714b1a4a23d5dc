//! Delivery to GitHub, against a stand-in that checks every request and answer.

mod comment;
mod delivery;
mod events;
pub(crate) mod fake;
mod graphql;
mod other;
mod pulls;
mod schema;

use std::time::Duration;

use plainly::github::{Api, Patience, Runner, Token};
use serde_json::Value;

/// A real payload of `@octokit/webhooks-examples`.
pub(crate) fn event(name: &str) -> Value {
    let path = format!("{}/tests/events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The environment of a run, at the stand-in's address.
fn runner(api_url: &str) -> Runner {
    let api_url = api_url.to_owned();
    Runner::from_env(move |name| {
        let value = match name {
            "GITHUB_API_URL" => api_url.clone(),
            "GITHUB_REPOSITORY" => "octo/demo".to_owned(),
            "GITHUB_EVENT_NAME" => "pull_request".to_owned(),
            "GITHUB_EVENT_PATH" => "/nowhere".to_owned(),
            _ => return None,
        };
        Some(value)
    })
    .unwrap()
}

/// A client without much patience.
fn api(api_url: &str) -> Api {
    let patience = Patience {
        connect: Duration::from_secs(2),
        answer: Duration::from_millis(400),
        waiting: Duration::from_secs(3),
        pause: Duration::from_millis(5),
    };
    Api::new(&runner(api_url), &Token::new("a-long-secret"), patience).unwrap()
}
