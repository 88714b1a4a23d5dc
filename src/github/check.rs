//! The optional check run: neutral, and red only where the team asked for it with `fail_on`.

use serde::Deserialize;
use serde_json::json;

use super::Error;
use super::api::Api;
use super::event::CommitId;

/// GitHub takes 65,535 characters for a check run's summary.
pub const CHECK_LIMIT: usize = 60_000;

const NAME: &str = "plainly";

/// What the check run says.
pub struct Check<'a> {
    /// The pull request's newest commit, not the merge commit that the job runs on.
    pub head: &'a CommitId,
    /// One line.
    pub title: &'a str,
    /// Whether `fail_on` is reached.
    pub failed: bool,
    /// The text, at most as many bytes as asked for.
    pub summary: &'a dyn Fn(usize) -> String,
}

/// Why there is no check run, as a sentence for the job's log.
#[derive(Debug, thiserror::Error)]
#[error("the check run was not written: {0}")]
pub struct NotWritten(#[source] pub Error);

#[derive(Deserialize)]
struct CheckRun {
    id: u64,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Page {
    check_runs: Vec<CheckRun>,
}

/// Makes or renews the check run of a commit. GitHub shows a token only the runs of its own app as changeable, so that
/// one of the same name by somebody else answers the PATCH with 403 and stays as it is.
pub async fn upsert(api: &Api, check: &Check<'_>) -> Result<u64, Error> {
    let summary = (check.summary)(CHECK_LIMIT);
    if summary.len() > CHECK_LIMIT {
        return Err(Error::TooLong { bytes: summary.len(), limit: CHECK_LIMIT });
    }
    let body = json!({
        "name": NAME,
        "head_sha": check.head.as_str(),
        "status": "completed",
        "conclusion": if check.failed { "failure" } else { "neutral" },
        "output": {"title": check.title, "summary": summary},
    });
    let find = || async {
        let route = format!("/commits/{}/check-runs?check_name={NAME}", check.head);
        let runs = api.pages(&route, |page: Page| page.check_runs).await?;
        Ok(runs.into_iter().find(|run| run.name.as_deref() == Some(NAME)))
    };
    let run: CheckRun = match find().await? {
        Some(run) => {
            let mut changes = body;
            if let Some(fields) = changes.as_object_mut() {
                fields.remove("head_sha");
            }
            api.patch(&format!("/check-runs/{}", run.id), &changes).await?
        }
        None => api.post_once("/check-runs", &body, find).await?,
    };
    Ok(run.id)
}
