//! The only place that talks to GitHub, and the only one that tries again: safe requests within a budget of waiting,
//! a POST that makes something never, because one that was answered with an error may have been done all the same.

use std::cell::Cell;
use std::future::Future;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use octocrab::Octocrab;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Error;
use super::event::{CommitId, PullPayload, PullRequest, WorkflowRun};
use super::runner::{Hosted, Runner, Slug, Token};

/// How long we wait for GitHub.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For an answer to one request.
    pub answer: Duration,
    /// In failed tries and between tries, all together.
    pub waiting: Duration,
    /// The first pause before a new try; each further one is twice as long.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(15),
            waiting: Duration::from_secs(60),
            pause: Duration::from_secs(1),
        }
    }
}

/// The largest number of times that one request is sent.
const TRIES: u32 = 4;
/// 100 pages of 100: nobody reads a pull request with more comments.
const MOST_PAGES: usize = 100;

/// A client for one repository.
pub struct Api {
    octocrab: Octocrab,
    base: String,
    repository: Slug,
    patience: Patience,
    /// What is left of `patience.waiting`.
    waiting: Cell<Duration>,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api")
            .field("base", &self.base)
            .field("repository", &self.repository)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Get,
    Post,
    Patch,
    Delete,
    /// A question that GitHub wants sent as a POST.
    Query,
}

impl Method {
    fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post | Method::Query => "POST",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }

    /// Whether sending it twice is as good as once.
    fn is_safe(self) -> bool {
        self != Method::Post
    }
}

struct Answer {
    status: u16,
    retry_after: Option<u64>,
    /// Seconds since 1970 at which the next request may be sent; only where none are left.
    reset: Option<u64>,
    link: Option<String>,
    body: String,
}

/// Runs one piece of work that talks to GitHub; the runtime ends with it.
pub fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Error> {
    Ok(runtime()?.block_on(work))
}

fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Error::Start(error.to_string()))
}

/// A client and the runtime that it lives on, for callers that are not async themselves.
pub struct Session {
    api: Api,
    runtime: tokio::runtime::Runtime,
}

impl Session {
    /// Starts both.
    pub fn new(runner: &Runner, token: &Token, patience: Patience) -> Result<Self, Error> {
        let runtime = runtime()?;
        let api = runtime.block_on(async { Api::new(runner, token, patience) })?;
        Ok(Self { api, runtime })
    }

    /// The client.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// Waits for one piece of work.
    pub fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }
}

impl Api {
    /// A client with the run's token. Must be called inside `block_on`: the client's queue wants a runtime.
    pub fn new(runner: &Runner, token: &Token, patience: Patience) -> Result<Self, Error> {
        Self::at(&runner.api_url, &runner.repository, token, patience)
    }

    /// A client for the GraphQL API, which stands beside the REST API, not below it, on a server of one's own.
    pub fn graph(hosted: &Hosted, patience: Patience) -> Result<Self, Error> {
        let url = hosted.api_url.strip_suffix("/api/v3").map(|server| format!("{server}/api"));
        Self::at(url.as_deref().unwrap_or(&hosted.api_url), &hosted.repository, &hosted.token, patience)
    }

    fn at(api_url: &str, repository: &Slug, token: &Token, patience: Patience) -> Result<Self, Error> {
        let octocrab = Octocrab::builder()
            .base_uri(api_url)
            .map_err(|_| Error::Environment { name: "GITHUB_API_URL", problem: "no https address" })?
            .personal_token(token.reveal().to_owned())
            .set_connect_timeout(Some(patience.connect))
            .set_read_timeout(Some(patience.answer))
            .set_write_timeout(Some(patience.answer))
            .build()
            .map_err(|_| Error::Start("its settings were not taken".to_owned()))?;
        Ok(Self {
            octocrab,
            base: api_url.to_owned(),
            repository: repository.clone(),
            patience,
            waiting: Cell::new(patience.waiting),
        })
    }

    /// A route inside the repository.
    fn route(&self, rest: &str) -> String {
        format!("/repos/{}{rest}", self.repository.as_str())
    }

    /// Reads one thing.
    pub async fn get<T: DeserializeOwned>(&self, rest: &str) -> Result<T, Error> {
        let route = self.route(rest);
        let answer = self.call(Method::Get, &route, None).await?;
        read(Method::Get, &route, &answer.body)
    }

    /// The repository.
    pub(super) fn repository(&self) -> &Slug {
        &self.repository
    }

    /// Asks the GraphQL API. It answers with 200 even where it refuses; a thing that is not there is null, and no error here.
    pub(super) async fn graphql<T: DeserializeOwned>(&self, body: &Value) -> Result<T, Error> {
        const ROUTE: &str = "/graphql";
        let answer = self.call(Method::Query, ROUTE, Some(body)).await?;
        let mut document: Value = read(Method::Query, ROUTE, &answer.body)?;
        let errors = document["errors"].as_array().into_iter().flatten();
        if errors.clone().any(|error| error["type"] != "NOT_FOUND")
            || document["data"]["repository"].is_null()
        {
            return Err(refusal(Method::Query, ROUTE, &answer));
        }
        serde_json::from_value(document["data"].take()).map_err(|error| Error::Shape {
            request: request_name(Method::Query, ROUTE),
            reason: error.to_string(),
        })
    }

    /// Reads a list to its end, page by page. `rest` carries no `per_page`.
    pub async fn list<T: DeserializeOwned>(&self, rest: &str) -> Result<Vec<T>, Error> {
        self.pages(rest, |page: Vec<T>| page).await
    }

    /// Reads a list that stands in a field of each page.
    pub async fn pages<P: DeserializeOwned, T>(
        &self,
        rest: &str,
        items: impl Fn(P) -> Vec<T>,
    ) -> Result<Vec<T>, Error> {
        let sign = if rest.contains('?') { '&' } else { '?' };
        let mut route = self.route(&format!("{rest}{sign}per_page=100"));
        let mut all = Vec::new();
        for _ in 0..MOST_PAGES {
            let answer = self.call(Method::Get, &route, None).await?;
            all.extend(items(read(Method::Get, &route, &answer.body)?));
            match answer.link.as_deref().and_then(next_page) {
                None => return Ok(all),
                // The token goes to the address that the runner named, and nowhere else.
                Some(next) => match next.strip_prefix(&self.base).filter(|rest| rest.starts_with('/')) {
                    Some(rest) => route = rest.to_owned(),
                    None => {
                        let reason = "the next page is at another address".to_owned();
                        return Err(Error::Shape { request: request_name(Method::Get, &route), reason });
                    }
                },
            }
        }
        Ok(all)
    }

    /// Makes a new thing. Never repeated after an uncertain answer: see `post_once`.
    pub async fn post<T: DeserializeOwned>(&self, rest: &str, body: &Value) -> Result<T, Error> {
        let route = self.route(rest);
        let answer = self.call(Method::Post, &route, Some(body)).await?;
        read(Method::Post, &route, &answer.body)
    }

    /// Makes a new thing that must not be there twice. After an answer that leaves open whether it was done, `find`
    /// looks for it; only where it is not there, the request is sent a second and last time.
    pub async fn post_once<T, F>(&self, rest: &str, body: &Value, find: impl Fn() -> F) -> Result<T, Error>
    where
        T: DeserializeOwned,
        F: Future<Output = Result<Option<T>, Error>>,
    {
        match self.post(rest, body).await {
            Err(error) if error.is_uncertain() => {}
            certain => return certain,
        }
        self.pause(self.patience.pause).await;
        if let Some(found) = find().await? {
            return Ok(found);
        }
        match self.post(rest, body).await {
            Err(error) if error.is_uncertain() => find().await?.ok_or(error),
            certain => certain,
        }
    }

    /// Changes a thing.
    pub async fn patch<T: DeserializeOwned>(&self, rest: &str, body: &Value) -> Result<T, Error> {
        let route = self.route(rest);
        let answer = self.call(Method::Patch, &route, Some(body)).await?;
        read(Method::Patch, &route, &answer.body)
    }

    /// Takes a thing away; one that is gone already is fine.
    pub async fn delete(&self, rest: &str) -> Result<(), Error> {
        match self.call(Method::Delete, &self.route(rest), None).await {
            Ok(_) | Err(Error::Answer { status: 404 | 410, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The newest commit of a pull request as it is now.
    pub async fn head_of(&self, pull: u64) -> Result<Option<CommitId>, Error> {
        Ok(self.get::<PullPayload>(&format!("/pulls/{pull}")).await?.head())
    }

    /// The open pull request that a finished workflow run belongs to: same head repository, branch and commit.
    /// The event names none for forks, and what the untrusted run says about itself is no evidence.
    pub async fn pull_of(&self, run: &WorkflowRun) -> Result<Option<PullRequest>, Error> {
        let Some(repository) = &run.head_repository else { return Ok(None) };
        let head = escape(&format!("{}:{}", repository.owner(), run.head_branch));
        let pulls: Vec<PullPayload> = self.list(&format!("/pulls?state=open&head={head}")).await?;
        let pull = pulls.into_iter().find(|pull| pull.is_open() && pull.head().as_ref() == Some(&run.head));
        pull.map(|pull| pull.into_pull_request(true)).transpose()
    }

    async fn call(&self, method: Method, route: &str, body: Option<&Value>) -> Result<Answer, Error> {
        let mut pause = self.patience.pause;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let started = Instant::now();
            let outcome = self.send(method, route, body).await;
            let wait = match &outcome {
                Ok(answer) if (200..300).contains(&answer.status) => return outcome,
                Ok(answer) => self.wait_after(answer, method, pause),
                Err(_) => method.is_safe().then_some(pause),
            };
            self.spend(started.elapsed());
            match wait.filter(|wait| attempt < TRIES && *wait <= self.waiting.get()) {
                Some(wait) => self.pause(wait).await,
                None => return outcome.and_then(|answer| Err(refusal(method, route, &answer))),
            }
            pause *= 2;
        }
    }

    /// How long to wait before a new try, if one makes sense. A limit refuses before anything is done, so that even
    /// a POST may be sent again.
    fn wait_after(&self, answer: &Answer, method: Method, pause: Duration) -> Option<Duration> {
        match answer.status {
            403 | 429 => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
                let reset = answer.reset.map(|at| at.saturating_sub(now) + 1);
                let secondary = answer.status == 429 || answer.body.contains("secondary rate limit");
                answer.retry_after.or(reset).or(secondary.then_some(60)).map(Duration::from_secs)
            }
            500..=599 if method.is_safe() => Some(pause),
            _ => None,
        }
    }

    fn spend(&self, time: Duration) {
        self.waiting.set(self.waiting.get().saturating_sub(time));
    }

    async fn pause(&self, wait: Duration) {
        self.spend(wait);
        tokio::time::sleep(wait).await;
    }

    async fn send(&self, method: Method, route: &str, body: Option<&Value>) -> Result<Answer, Error> {
        let silence =
            |reason: &str| Error::Silence { request: request_name(method, route), reason: one_line(reason) };
        let work = async {
            let octocrab = &self.octocrab;
            let response = match method {
                Method::Get => octocrab._get(route).await,
                Method::Post | Method::Query => octocrab._post(route, body).await,
                Method::Patch => octocrab._patch(route, body).await,
                Method::Delete => octocrab._delete(route, body).await,
            };
            // Only the innermost cause: Debug of the error prints a backtrace and the request's parts.
            let response = response.map_err(|error| silence(&root_cause(&error)))?;
            let header = |name: &str| {
                response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
            };
            let number = |name: &str| header(name).and_then(|value| value.trim().parse::<u64>().ok());
            let none_left = number("x-ratelimit-remaining") == Some(0);
            let answer = Answer {
                status: response.status().as_u16(),
                retry_after: number("retry-after"),
                reset: number("x-ratelimit-reset").filter(|_| none_left),
                link: header("link"),
                body: String::new(),
            };
            let body =
                octocrab.body_to_string(response).await.map_err(|error| silence(&root_cause(&error)))?;
            Ok(Answer { body, ..answer })
        };
        match tokio::time::timeout(self.patience.connect + self.patience.answer, work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(silence("it took too long")),
        }
    }
}

fn request_name(method: Method, route: &str) -> String {
    format!("{} {route}", method.name())
}

fn read<T: DeserializeOwned>(method: Method, route: &str, body: &str) -> Result<T, Error> {
    serde_json::from_str(body)
        .map_err(|error| Error::Shape { request: request_name(method, route), reason: error.to_string() })
}

/// GitHub's own words where it gives some; a proxy's page in HTML says nothing to anybody.
fn refusal(method: Method, route: &str, answer: &Answer) -> Error {
    let document: Value = serde_json::from_str(&answer.body).unwrap_or(Value::Null);
    let errors = document["errors"].as_array().into_iter().flatten();
    let details =
        errors.filter_map(|error| error["message"].as_str().or(error["code"].as_str()).or(error.as_str()));
    let reasons: Vec<&str> = document["message"].as_str().into_iter().chain(details).collect();
    let message = if reasons.is_empty() { "no reason given".to_owned() } else { reasons.join("; ") };
    Error::Answer { status: answer.status, request: request_name(method, route), message: one_line(&message) }
}

/// The address of the next page in a `Link` header.
fn next_page(link: &str) -> Option<&str> {
    link.split(',').find_map(|part| {
        let (address, rest) = part.trim().strip_prefix('<')?.split_once('>')?;
        rest.contains("rel=\"next\"").then_some(address)
    })
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// At most 200 characters on one line: what others wrote must not forge lines of our log.
fn one_line(text: &str) -> String {
    let printable = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    printable.take(200).collect::<String>().trim().to_owned()
}

/// Percent-encodes one part of a route or query.
pub(super) fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    text.bytes().fold(String::new(), |mut out, byte| {
        match plain(byte) {
            true => out.push(char::from(byte)),
            false => out.push_str(&format!("%{byte:02X}")),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_name_the_next_page() {
        let link = r#"<https://a/x?page=1>; rel="prev", <https://a/x?page=3>; rel="next", <https://a/x?page=9>; rel="last""#;
        assert_eq!(next_page(link), Some("https://a/x?page=3"));
        assert_eq!(next_page(r#"<https://a/x?page=1>; rel="first""#), None);
        assert_eq!(next_page(""), None);
    }

    #[test]
    fn parts_of_a_route_cannot_leave_it() {
        assert_eq!(escape("a/../b?c=d&e f#ü"), "a%2F..%2Fb%3Fc%3Dd%26e%20f%23%C3%BC");
    }

    #[test]
    fn foreign_words_stay_on_one_line() {
        let answer = Answer {
            status: 502,
            retry_after: None,
            reset: None,
            link: None,
            body: format!("<html>{}</html>", "x".repeat(900)),
        };
        let error = refusal(Method::Get, "/x", &answer).to_string();
        assert_eq!(error, "GitHub answered 502 to GET /x: no reason given");
        assert_eq!(one_line("a\n::error::b\u{1b}[31m").lines().count(), 1);
        assert_eq!(one_line(&"x".repeat(900)).len(), 200);
    }
}
