//! Tags, the address of the forge, and where hooks live.

use std::path::PathBuf;

use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::objs::{CommitRefIter, Kind};
use gix::url::Scheme;

use super::{Error, Repository};

/// A tag that leads to a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its name, without `refs/tags/`.
    pub name: String,
    /// The commit, in hex.
    pub commit: String,
    /// The commit's committer time, seconds since 1970 UTC.
    pub time: i64,
}

impl Repository {
    /// Every tag that leads to a commit, newest commit first, then by name.
    pub fn tags(&self) -> Result<Vec<Tag>, Error> {
        let read = |source| Error::Read { what: "the tags", source: Box::new(source) };
        let references = self.repo.references().map_err(read)?;
        let tags: Vec<(String, ObjectId)> = references
            .tags()
            .map_err(read)?
            .flatten()
            .filter_map(|tag| {
                let name = tag.name().shorten().to_string();
                Some((name, tag.into_fully_peeled_id().ok()?.detach()))
            })
            .collect();
        let times = self.objects.each(&tags, |reader, (_, id)| {
            let commit = CommitRefIter::from_bytes(reader.find(*id, Kind::Commit)?, id.kind());
            commit.committer().ok().map(|committer| committer.seconds())
        });
        let mut tags: Vec<Tag> = tags
            .into_iter()
            .zip(times)
            .filter_map(|((name, id), time)| Some(Tag { name, commit: id.to_hex().to_string(), time: time? }))
            .collect();
        tags.sort_by(|a, b| b.time.cmp(&a.time).then_with(|| a.name.cmp(&b.name)));
        Ok(tags)
    }

    /// The address of the repository at its forge, such as `https://github.com/acme/shop`: of the remote that the
    /// current branch follows, else of `origin`, else of the only one. Never with a name or password in it.
    pub fn web_url(&self) -> Option<String> {
        let remote = self.repo.find_default_remote(gix::remote::Direction::Fetch)?.ok()?;
        web_url(remote.url(gix::remote::Direction::Fetch)?)
    }

    /// The folder of hooks that git looks into for this repository, `core.hooksPath` of the user included.
    pub fn hooks_dir(&self) -> PathBuf {
        let configured = gix::open(self.repo.git_dir()).ok().and_then(|with_user_config| {
            with_user_config.config_snapshot().trusted_path("core.hooksPath").ok().flatten()
        });
        let root = self.repo.workdir().unwrap_or(self.repo.git_dir());
        configured.map_or_else(|| self.repo.common_dir().join("hooks"), |path| root.join(path))
    }
}

fn web_url(url: &gix::Url) -> Option<String> {
    let host = url.host()?;
    let port = match (&url.scheme, url.port) {
        (Scheme::Https | Scheme::Http, Some(port)) => format!(":{port}"),
        (Scheme::Https | Scheme::Http | Scheme::Ssh | Scheme::Git, _) => String::new(),
        _ => return None,
    };
    let host = if host == "ssh.github.com" { "github.com" } else { host };
    let path = url.path.to_str().ok()?.trim_matches('/').trim_end_matches(".git");
    (!path.is_empty()).then(|| format!("https://{host}{port}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::web_url;

    #[test]
    fn addresses_become_links_without_secrets() {
        let cases = [
            ("git@github.com:acme/shop.git", Some("https://github.com/acme/shop")),
            ("ssh://git@ssh.github.com:443/acme/shop.git", Some("https://github.com/acme/shop")),
            ("https://user:secret@github.com/acme/shop", Some("https://github.com/acme/shop")),
            ("https://x-access-token:abc@github.com/acme/shop.git/", Some("https://github.com/acme/shop")),
            (
                "https://git.example.com:8443/group/sub/shop.git",
                Some("https://git.example.com:8443/group/sub/shop"),
            ),
            ("git://example.com/shop.git", Some("https://example.com/shop")),
            ("/srv/git/shop.git", None),
            ("file:///srv/git/shop.git", None),
            ("../shop", None),
        ];
        for (url, expected) in cases {
            let url = gix::url::parse(url).expect("a url");
            assert_eq!(web_url(&url).as_deref(), expected, "{url}");
        }
    }
}
