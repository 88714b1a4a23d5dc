//! What the runner's environment says: where GitHub is, which event this is, where results go. Read once, checked once.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::Error;
use super::event::Event;

/// A secret that no debug print shows.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// Wraps a token.
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// The secret itself, for a request's header only.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

/// `owner/name`, both of letters, digits, dots, dashes and underscores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slug(String);

impl Slug {
    /// Checks the two parts.
    pub fn parse(text: &str) -> Option<Self> {
        let (owner, name) = text.split_once('/')?;
        let fits = |part: &str| {
            !part.is_empty()
                && part != "."
                && part != ".."
                && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
        };
        (fits(owner) && fits(name)).then(|| Self(text.to_owned()))
    }

    /// `owner/name`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the slash.
    pub fn owner(&self) -> &str {
        self.0.split('/').next().unwrap_or(&self.0)
    }

    /// What stands behind it.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }
}

/// A repository on GitHub and the means to read it, for commands that people start themselves.
#[derive(Clone, Debug)]
pub struct Hosted {
    /// The address of the REST API, without a trailing slash; https unless it is this machine.
    pub api_url: String,
    /// `owner/name`.
    pub repository: Slug,
    /// GITHUB_TOKEN, else GH_TOKEN.
    pub token: Token,
}

impl Hosted {
    /// Reads the environment through `variable`. `web` is the repository's address for a browser. `None` without a token, and
    /// where the repository is held by another server than the token is for.
    pub fn from_env(web: &str, variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let get = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let token = get("GITHUB_TOKEN").or_else(|| get("GH_TOKEN"))?;
        let server = get("GITHUB_SERVER_URL").unwrap_or_else(|| GITHUB.to_owned());
        let server = server.trim_end_matches('/');
        let repository = Slug::parse(web.strip_prefix(server)?.strip_prefix('/')?)?;
        let api_url = get("GITHUB_API_URL").unwrap_or_else(|| match server {
            GITHUB => "https://api.github.com".to_owned(),
            server => format!("{server}/api/v3"),
        });
        let api_url = api_url.trim_end_matches('/').to_owned();
        is_trusted_address(&api_url).then(|| Self { api_url, repository, token: Token::new(token.trim()) })
    }
}

/// Where GitHub itself is.
const GITHUB: &str = "https://github.com";

/// Which run writes: a later one may replace what an earlier one wrote, never the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    /// GITHUB_RUN_ID; GitHub counts them upwards.
    pub id: u64,
    /// GITHUB_RUN_ATTEMPT.
    pub attempt: u32,
}

/// The runner's environment. Repository content never reaches these fields.
#[derive(Clone, Debug)]
pub struct Runner {
    /// GITHUB_API_URL, without a trailing slash; https unless it is this machine.
    pub api_url: String,
    /// GITHUB_SERVER_URL, without a trailing slash.
    pub server_url: String,
    /// GITHUB_REPOSITORY.
    pub repository: Slug,
    /// GITHUB_EVENT_NAME.
    pub event_name: String,
    /// GITHUB_EVENT_PATH.
    pub event_path: PathBuf,
    /// This run.
    pub run: Run,
    /// GITHUB_TOKEN, where the workflow hands it over.
    pub token: Option<Token>,
    /// As whom we write: `github-actions[bot]`, or what the input `comment-author` says.
    pub author: String,
    /// RUNNER_TEMP, else the system's.
    pub temp: PathBuf,
    summary: Option<PathBuf>,
    output: Option<PathBuf>,
}

/// As whom GITHUB_TOKEN writes.
pub const ACTIONS_BOT: &str = "github-actions[bot]";

/// GitHub drops a job summary above one mebibyte, and the job stays green.
pub const SUMMARY_LIMIT: usize = 1_000_000;

impl Runner {
    /// Reads the environment through `variable`; an empty value counts as unset.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let get = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let need = |name: &'static str| get(name).ok_or(Error::Environment { name, problem: "not set" });
        let address = |name: &'static str, default: &str| {
            let url = get(name).unwrap_or_else(|| default.to_owned());
            let url = url.trim_end_matches('/').to_owned();
            match is_trusted_address(&url) {
                true => Ok(url),
                false => Err(Error::Environment { name, problem: "no https address" }),
            }
        };
        let number = |name| get(name).and_then(|value| value.trim().parse().ok());
        Ok(Self {
            api_url: address("GITHUB_API_URL", "https://api.github.com")?,
            server_url: address("GITHUB_SERVER_URL", GITHUB)?,
            repository: Slug::parse(&need("GITHUB_REPOSITORY")?).ok_or(Error::Environment {
                name: "GITHUB_REPOSITORY",
                problem: "not of the form owner/name",
            })?,
            event_name: need("GITHUB_EVENT_NAME")?,
            event_path: PathBuf::from(need("GITHUB_EVENT_PATH")?),
            run: Run {
                id: number("GITHUB_RUN_ID").unwrap_or(0),
                attempt: number("GITHUB_RUN_ATTEMPT").and_then(|n| u32::try_from(n).ok()).unwrap_or(1),
            },
            token: get("GITHUB_TOKEN").map(|token| Token::new(token.trim())),
            author: get("PLAINLY_COMMENT_AUTHOR").unwrap_or_else(|| ACTIONS_BOT.to_owned()),
            temp: get("RUNNER_TEMP").map_or_else(std::env::temp_dir, PathBuf::from),
            summary: get("GITHUB_STEP_SUMMARY").map(PathBuf::from),
            output: get("GITHUB_OUTPUT").map(PathBuf::from),
        })
    }

    /// Reads the event's payload.
    pub fn event(&self) -> Result<Event, Error> {
        let unreadable = |reason: String| Error::Event { path: self.event_path.clone(), reason };
        let payload =
            std::fs::read_to_string(&self.event_path).map_err(|error| unreadable(error.to_string()))?;
        Event::read(&self.event_name, &payload).map_err(|error| match error {
            Error::Event { reason, .. } => unreadable(reason),
            other => other,
        })
    }

    /// Adds a text to the job summary. `text` is asked for one that fits what is left of the limit.
    /// Says whether there was a summary to write to.
    pub fn write_summary(&self, text: impl FnOnce(usize) -> String) -> Result<bool, Error> {
        let Some(path) = &self.summary else { return Ok(false) };
        let used =
            std::fs::metadata(path).map_or(0, |file| usize::try_from(file.len()).unwrap_or(SUMMARY_LIMIT));
        let limit = SUMMARY_LIMIT.saturating_sub(used + 1);
        let text = text(limit);
        if text.len() > limit {
            return Err(Error::TooLong { bytes: text.len(), limit });
        }
        append(path, &format!("{}\n", text.trim_end()))?;
        Ok(true)
    }

    /// Sets an output of the step. The delimiter is random and not part of the value, so that a value cannot
    /// end itself and go on as another output.
    pub fn write_output(&self, name: &str, value: &str) -> Result<(), Error> {
        let Some(path) = &self.output else { return Ok(()) };
        let mut delimiter = random_word();
        while value.contains(&delimiter) {
            delimiter = random_word();
        }
        append(path, &format!("{name}<<{delimiter}\n{value}\n{delimiter}\n"))
    }
}

fn append(path: &Path, text: &str) -> Result<(), Error> {
    let failed = |source| Error::File { path: path.to_owned(), source };
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}

/// A word that nobody can guess: the standard library seeds each hasher from the system's random source.
fn random_word() -> String {
    use std::hash::{BuildHasher, RandomState};
    let part = || RandomState::new().hash_one(std::process::id());
    format!("plainly_{:016x}{:016x}", part(), part())
}

/// A line that the runner shows as a notice. Workflow commands take no raw line breaks.
pub fn notice(text: &str) -> String {
    let text = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    format!("::notice title=plainly::{text}")
}

/// Wraps text of strangers for standard output, so that the runner takes no line of it as a command.
pub fn without_commands(text: &str) -> String {
    let word = random_word();
    format!("::stop-commands::{word}\n{text}\n::{word}::")
}

/// The token goes to https addresses only; plain http is for a stand-in on this machine.
fn is_trusted_address(url: &str) -> bool {
    let host_of = |rest: &str| rest.split(['/', '?', '#']).next().unwrap_or_default().to_owned();
    if let Some(rest) = url.strip_prefix("https://") {
        let host = host_of(rest);
        return !host.is_empty() && !host.contains('@') && !host.contains(char::is_whitespace);
    }
    let Some(rest) = url.strip_prefix("http://") else { return false };
    let host = host_of(rest);
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default().to_owned(),
        None => host.rsplit_once(':').map_or(host.clone(), |(name, _)| name.to_owned()),
    };
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment<'a>(extra: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        move |name| {
            let base = [
                ("GITHUB_REPOSITORY", "octo/demo"),
                ("GITHUB_EVENT_NAME", "push"),
                ("GITHUB_EVENT_PATH", "/nowhere"),
                ("GITHUB_RUN_ID", "7"),
                ("GITHUB_TOKEN", "a-long-secret"),
            ];
            extra.iter().chain(&base).find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn addresses_are_https_or_this_machine() {
        for (url, fine) in [
            ("https://api.github.com", true),
            ("https://ghe.example/api/v3/", true),
            ("http://127.0.0.1:4711", true),
            ("http://localhost:80/api/v3", true),
            ("http://[::1]:80", true),
            ("http://api.github.com", false),
            ("http://127.0.0.1.example.org", false),
            ("http://127.0.0.1@example.org", false),
            ("https://user:word@example.org", false),
            ("ftp://example.org", false),
            ("https://", false),
        ] {
            let runner = Runner::from_env(environment(&[("GITHUB_API_URL", url)]));
            assert_eq!(runner.is_ok(), fine, "{url}");
        }
    }

    #[test]
    fn a_token_goes_to_the_server_that_holds_the_repository() {
        let hosted = |web: &str, extra: &[(&str, &str)]| {
            Hosted::from_env(web, environment(extra)).map(|hosted| (hosted.api_url, hosted.repository.0))
        };
        let own = |name: &str| ("GITHUB_SERVER_URL", name.to_owned());
        let (key, server) = own("https://ghe.example");
        assert_eq!(
            hosted("https://github.com/octo/demo", &[]),
            Some(("https://api.github.com".to_owned(), "octo/demo".to_owned()))
        );
        assert_eq!(
            hosted("https://ghe.example/octo/demo", &[(key, &server)]),
            Some(("https://ghe.example/api/v3".to_owned(), "octo/demo".to_owned()))
        );
        for (web, extra) in [
            ("https://gitlab.com/octo/demo", vec![]),
            ("https://github.com.example.org/octo/demo", vec![]),
            ("https://github.com/octo/demo/more", vec![]),
            ("https://github.com/octo/demo", vec![("GITHUB_TOKEN", "")]),
            ("https://github.com/octo/demo", vec![("GITHUB_API_URL", "http://api.example.org")]),
        ] {
            assert_eq!(hosted(web, &extra), None, "{web} {extra:?}");
        }
    }

    #[test]
    fn a_token_shows_in_no_debug_print() {
        let runner = Runner::from_env(environment(&[])).unwrap();
        let print = format!("{runner:?}{runner:#?}");
        assert!(print.contains("Token(***)") && !print.contains("a-long-secret"), "{print}");
        assert_eq!(runner.token.unwrap().reveal(), "a-long-secret");
    }

    #[test]
    fn what_is_missing_is_named() {
        for (name, value) in
            [("GITHUB_REPOSITORY", ""), ("GITHUB_REPOSITORY", "a/b/c"), ("GITHUB_EVENT_NAME", " ")]
        {
            let error = Runner::from_env(environment(&[(name, value)])).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn an_output_cannot_end_itself() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("output");
        let path = file.to_str().unwrap();
        let runner = Runner::from_env(environment(&[("GITHUB_OUTPUT", path)])).unwrap();
        runner.write_output("title", "x\nEOF\nadmin=true").unwrap();
        runner.write_output("title", "y").unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        let words: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("title<<")).collect();
        assert_eq!(words.len(), 2);
        assert_ne!(words[0], words[1]);
        assert_eq!(text.lines().filter(|line| *line == words[0]).count(), 1);
    }

    #[test]
    fn a_summary_stays_below_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("summary");
        std::fs::write(&file, "x".repeat(999_000)).unwrap();
        let path = file.to_str().unwrap();
        let runner = Runner::from_env(environment(&[("GITHUB_STEP_SUMMARY", path)])).unwrap();
        assert!(runner.write_summary(|limit| "y".repeat(limit)).unwrap());
        assert_eq!(std::fs::metadata(&file).unwrap().len(), 1_000_000);
        assert!(matches!(runner.write_summary(|limit| "y".repeat(limit + 1)), Err(Error::TooLong { .. })));
        assert!(!Runner::from_env(environment(&[])).unwrap().write_summary(|_| String::new()).unwrap());
    }

    #[test]
    fn strangers_give_the_runner_no_commands() {
        assert_eq!(notice("a\n::error::b 5%"), "::notice title=plainly::a%0A::error::b 5%25");
        let text = without_commands("::error::x");
        let (first, rest) = text.split_once('\n').unwrap();
        let word = first.strip_prefix("::stop-commands::").unwrap();
        assert_eq!(rest, format!("::error::x\n::{word}::"));
    }
}
