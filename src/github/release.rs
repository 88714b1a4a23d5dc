//! The release draft: our notes stand between two hidden lines, and everything around them is people's own.

use serde::Deserialize;
use serde_json::json;

use super::Error;
use super::api::Api;

/// GitHub takes 125,000 characters for a release.
pub const RELEASE_LIMIT: usize = 120_000;

const BEGIN: &str = "<!-- plainly:v1 key=notes begin -->";
const END: &str = "<!-- plainly:v1 key=notes end -->";

#[derive(Clone, Deserialize)]
struct Release {
    id: u64,
    tag_name: Option<String>,
    body: Option<String>,
    #[serde(default)]
    draft: bool,
}

/// A draft to be.
pub struct Draft<'a> {
    /// The version's tag; it need not exist yet.
    pub tag: &'a str,
    /// The commit or branch that the tag would be made on, where it does not exist yet.
    pub target: Option<&'a str>,
    /// The notes, made from those that stand there already, at most as many bytes as asked for.
    pub notes: &'a dyn Fn(Option<&str>, usize) -> String,
}

/// What became of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Drafted {
    /// There was none.
    Created(u64),
    /// Our block said something else.
    Updated(u64),
    /// It said the same.
    Unchanged(u64),
    /// The release is out already, and people have read it: nothing is changed behind their back.
    Published(u64),
}

impl Drafted {
    /// The name that templates know it by.
    pub fn name(&self) -> &'static str {
        match self {
            Drafted::Created(_) => "created",
            Drafted::Updated(_) => "updated",
            Drafted::Unchanged(_) => "unchanged",
            Drafted::Published(_) => "published",
        }
    }
}

/// Brings the draft for a tag up to date. Drafts are listed only to tokens with `contents: write`, and the route by
/// tag never shows them.
pub async fn upsert(api: &Api, draft: &Draft<'_>) -> Result<Drafted, Error> {
    let releases = find(api, draft.tag).await?;
    let release = match releases.iter().find(|release| !release.draft) {
        Some(published) => return Ok(Drafted::Published(published.id)),
        None => releases.into_iter().min_by_key(|release| release.id),
    };
    let Some(release) = release else { return create(api, draft).await };
    let old = release.body.clone().unwrap_or_default();
    let place = block_of(&old);
    let around = old.len() - place.map_or(0, |(begin, end)| end - begin);
    let earlier = place.and_then(|(begin, end)| old.get(begin + BEGIN.len()..end - END.len()));
    let new = with_block(&old, &block(draft, earlier, around)?);
    if new.replace("\r\n", "\n") == old.replace("\r\n", "\n") {
        return Ok(Drafted::Unchanged(release.id));
    }
    let changed: Release = api.patch(&format!("/releases/{}", release.id), &json!({"body": new})).await?;
    Ok(Drafted::Updated(changed.id))
}

async fn create(api: &Api, draft: &Draft<'_>) -> Result<Drafted, Error> {
    let mut body =
        json!({"tag_name": draft.tag, "name": draft.tag, "draft": true, "body": block(draft, None, 0)?});
    if let Some(target) = draft.target {
        body["target_commitish"] = json!(target);
    }
    let find_own = || async { Ok(find(api, draft.tag).await?.into_iter().find(|release| release.draft)) };
    let made: Release = api.post_once("/releases", &body, find_own).await?;
    Ok(Drafted::Created(made.id))
}

async fn find(api: &Api, tag: &str) -> Result<Vec<Release>, Error> {
    let releases: Vec<Release> = api.list("/releases").await?;
    Ok(releases.into_iter().filter(|release| release.tag_name.as_deref() == Some(tag)).collect())
}

/// Our block, small enough to fit beside `around` bytes of people's own text.
fn block(draft: &Draft<'_>, earlier: Option<&str>, around: usize) -> Result<String, Error> {
    let limit = RELEASE_LIMIT.saturating_sub(around + BEGIN.len() + END.len() + 4);
    let notes = (draft.notes)(earlier, limit);
    match notes.len() > limit {
        true => Err(Error::TooLong { bytes: notes.len(), limit }),
        false => Ok(format!("{BEGIN}\n{}\n{END}", notes.trim_end())),
    }
}

/// Where our block stands, its two lines included.
fn block_of(body: &str) -> Option<(usize, usize)> {
    let begin = body.find(BEGIN)?;
    let end = begin + body.get(begin..)?.find(END)? + END.len();
    Some((begin, end))
}

/// Puts the block in the place of the old one, else after what people wrote.
fn with_block(body: &str, block: &str) -> String {
    match block_of(body) {
        Some((begin, end)) => format!("{}{block}{}", &body[..begin], &body[end..]),
        None if body.trim().is_empty() => block.to_owned(),
        None => format!("{}\n\n{block}", body.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peoples_own_text_stays() {
        let first = format!("{BEGIN}\none\n{END}");
        let second = format!("{BEGIN}\ntwo\n{END}");
        for (old, new) in [
            (String::new(), second.clone()),
            ("Hello\n".to_owned(), format!("Hello\n\n{second}")),
            (format!("Hello\n\n{first}\n\nThanks to Ana"), format!("Hello\n\n{second}\n\nThanks to Ana")),
            (format!("{BEGIN}\nnever closed"), format!("{BEGIN}\nnever closed\n\n{second}")),
        ] {
            assert_eq!(with_block(&old, &second), new);
        }
    }
}
