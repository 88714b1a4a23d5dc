//! A GitHub that remembers: comments, labels, releases, check runs of `octo/demo`. It checks every request, and every
//! answer of its own, and can be told to fail in the ways that GitHub does.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::schema::Operation;
use super::{event, graphql};

/// What goes wrong with one request.
pub(crate) enum Fault {
    /// Refused before anything is done.
    Answer(u16, Vec<(&'static str, String)>, Value),
    /// Done, and then denied.
    DoThenFail(u16),
    /// Done, and then silent.
    DoThenHang(Duration),
    /// Does something else first, such as what another run does at this very moment.
    Meanwhile(Box<dyn FnOnce(&mut State) + Send>),
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) comments: Vec<Value>,
    pub(crate) labels: Vec<String>,
    pub(crate) known_labels: Vec<String>,
    pub(crate) releases: Vec<Value>,
    pub(crate) check_runs: Vec<Value>,
    pub(crate) pulls: Vec<Value>,
    /// The ids of the pull request's commits, oldest first, and where it parts from its base.
    pub(crate) commits: Vec<String>,
    pub(crate) merge_base: String,
    /// The paths that it changes.
    pub(crate) files: Vec<String>,
    /// The token may only read.
    pub(crate) read_only: bool,
    pub(crate) locked: bool,
    /// `METHOD path` of every request.
    pub(crate) log: Vec<String>,
    /// Everything that did not fit the description.
    pub(crate) wrong: Vec<String>,
    /// Method, part of the path, fault: the first that fits is taken.
    pub(crate) faults: VecDeque<(&'static str, &'static str, Fault)>,
    last_id: u64,
}

/// A handle on the stand-in.
#[derive(Clone)]
pub(crate) struct GitHub(Arc<Mutex<State>>);

pub(crate) const BOT: &str = "github-actions[bot]";
const NOW: &str = "2026-01-02T03:04:05Z";

impl GitHub {
    /// Starts on a free port of this machine. The server lives as long as what is returned.
    pub(crate) async fn start() -> (Self, MockServer) {
        let github = Self(Arc::new(Mutex::new(State { last_id: 100, ..State::default() })));
        let mut pull = event("pull_request.opened")["pull_request"].clone();
        pull["labels"] = json!([]);
        github.state().pulls.push(pull);
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(github.clone()).mount(&server).await;
        (github, server)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn fault(&self, method: &'static str, path: &'static str, fault: Fault) {
        self.state().faults.push_back((method, path, fault));
    }

    /// How many requests of a method were made.
    pub(crate) fn count(&self, method: &str) -> usize {
        self.state().log.iter().filter(|line| line.starts_with(method)).count()
    }

    /// How many comments the bot has written.
    pub(crate) fn comments(&self) -> usize {
        self.state().ours().len()
    }

    /// Fails the test if anything did not fit the description.
    pub(crate) fn assert_described(&self) {
        let wrong = self.state().wrong.clone();
        assert_eq!(wrong, Vec::<String>::new());
    }
}

fn user(login: &str) -> Value {
    let mut user = event("pull_request.opened")["sender"].clone();
    user["login"] = json!(login);
    user["type"] = json!(if login.ends_with("[bot]") { "Bot" } else { "User" });
    user
}

impl State {
    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// A comment by anybody; by `None`, somebody who deleted the account.
    pub(crate) fn comment(&mut self, login: Option<&str>, body: &str) -> Value {
        let id = self.next_id();
        let url = format!("https://api.github.com/repos/octo/demo/issues/comments/{id}");
        let comment = json!({
            "id": id, "node_id": "C", "url": url, "html_url": url, "issue_url": url, "body": body,
            "user": login.map(user), "created_at": NOW, "updated_at": NOW, "author_association": "NONE",
        });
        self.comments.push(comment.clone());
        comment
    }

    /// The texts of the comments that the bot wrote.
    pub(crate) fn ours(&self) -> Vec<&str> {
        let by_bot = |comment: &&Value| comment["user"]["login"] == BOT;
        self.comments.iter().filter(by_bot).map(|comment| comment["body"].as_str().unwrap()).collect()
    }

    fn serve(&mut self, method: &str, path: &str, query: &Query, body: &Value) -> (u16, Value) {
        let not_found = (404, json!({"message": "Not Found", "status": "404"}));
        if self.read_only && method != "GET" {
            return (403, json!({"message": "Resource not accessible by integration", "status": "403"}));
        }
        let parts: Vec<&str> = path.trim_start_matches("/repos/octo/demo").split('/').skip(1).collect();
        let index = |items: &[Value], id: &str| {
            items.iter().position(|item| item["id"].as_u64().is_some_and(|own| id.parse() == Ok(own)))
        };
        match (method, parts.as_slice()) {
            ("GET", ["issues", _, "comments"]) => (200, json!(self.comments)),
            ("POST", ["issues", _, "comments"]) => {
                if self.locked {
                    return (403, json!({"message": "Unable to create comment because issue is locked."}));
                }
                let text = body["body"].as_str().unwrap();
                if text.chars().count() > 65_536 {
                    let message = "Body is too long (maximum is 65536 characters)";
                    let error = json!({"resource": "IssueComment", "code": "custom", "message": message});
                    return (422, json!({"message": "Validation Failed", "errors": [error]}));
                }
                (201, self.comment(Some(BOT), text))
            }
            (method, ["issues", "comments", id]) => {
                let Some(at) = index(&self.comments, id) else { return not_found };
                match method {
                    "DELETE" => {
                        self.comments.remove(at);
                        (204, Value::Null)
                    }
                    "PATCH" => {
                        self.comments[at]["body"] = body["body"].clone();
                        (200, self.comments[at].clone())
                    }
                    _ => (200, self.comments[at].clone()),
                }
            }
            ("GET", ["pulls"]) => {
                let fits = |pull: &&Value| {
                    let label = format!(
                        "{}:{}",
                        pull["head"]["repo"]["owner"]["login"].as_str().unwrap_or("none"),
                        pull["head"]["ref"].as_str().unwrap()
                    );
                    query.get("head").is_none_or(|head| head == label)
                };
                (200, json!(self.pulls.iter().filter(fits).collect::<Vec<_>>()))
            }
            ("GET", ["pulls", number]) => {
                let is_asked_for =
                    |pull: &&Value| pull["number"].as_u64().is_some_and(|own| number.parse() == Ok(own));
                match self.pulls.iter().find(is_asked_for) {
                    Some(pull) => (200, pull.clone()),
                    None => not_found,
                }
            }
            ("GET", ["pulls", _, "commits"]) => (200, self.commits.iter().map(|id| commit(id)).collect()),
            ("GET", ["pulls", _, "files"]) => {
                (200, self.files.iter().map(|path| changed_file(path)).collect())
            }
            ("GET", ["compare", ends]) if self.merge_base.is_empty() => {
                (404, json!({"message": format!("No common ancestor between {ends}")}))
            }
            ("GET", ["compare", _]) => {
                let url = "https://api.github.com/u";
                (
                    200,
                    json!({
                        "url": url, "html_url": url, "permalink_url": url, "diff_url": url, "patch_url": url,
                        "base_commit": commit(&self.merge_base), "merge_base_commit": commit(&self.merge_base),
                        "status": "ahead", "ahead_by": 1, "behind_by": 0, "total_commits": 1, "commits": [],
                    }),
                )
            }
            ("GET", ["issues", _, "labels"]) => (200, self.labels.iter().map(|name| label(name)).collect()),
            ("POST", ["issues", _, "labels"]) => {
                for name in body["labels"].as_array().unwrap() {
                    let name = name.as_str().unwrap().to_owned();
                    if !self.known_labels.contains(&name) {
                        self.wrong.push(format!("label {name} is added before it is made"));
                    }
                    self.labels.push(name);
                }
                (200, self.labels.iter().map(|name| label(name)).collect())
            }
            ("POST", ["labels"]) => {
                let name = body["name"].as_str().unwrap().to_owned();
                if self.known_labels.contains(&name) {
                    let error = json!({"resource": "Label", "code": "already_exists", "field": "name"});
                    return (422, json!({"message": "Validation Failed", "errors": [error]}));
                }
                self.known_labels.push(name.clone());
                (201, label(&name))
            }
            ("DELETE", ["issues", _, "labels", name]) => {
                let name = decode(name);
                match self.labels.iter().position(|label| *label == name) {
                    Some(at) => {
                        self.labels.remove(at);
                        (200, self.labels.iter().map(|name| label(name)).collect())
                    }
                    None => not_found,
                }
            }
            ("GET", ["releases"]) => (200, json!(self.releases)),
            ("POST", ["releases"]) => {
                let mut release = event("release.published")["release"].clone();
                let id = self.next_id();
                release["id"] = json!(id);
                for key in ["tag_name", "name", "body", "draft"] {
                    release[key] = body[key].clone();
                }
                self.releases.push(release.clone());
                (201, release)
            }
            ("PATCH", ["releases", id]) => {
                let Some(at) = index(&self.releases, id) else { return not_found };
                self.releases[at]["body"] = body["body"].clone();
                (200, self.releases[at].clone())
            }
            ("GET", ["commits", _, "check-runs"]) => {
                (200, json!({"total_count": self.check_runs.len(), "check_runs": self.check_runs}))
            }
            ("POST", ["check-runs"]) => {
                let id = self.next_id();
                let run = check_run(id, body);
                self.check_runs.push(run.clone());
                (201, run)
            }
            ("PATCH", ["check-runs", id]) => {
                let Some(at) = index(&self.check_runs, id) else { return not_found };
                let number = self.check_runs[at]["id"].as_u64().unwrap();
                self.check_runs[at] = check_run(number, body);
                (200, self.check_runs[at].clone())
            }
            _ => not_found,
        }
    }
}

fn changed_file(path: &str) -> Value {
    let url = "https://api.github.com/u";
    json!({"sha": "0", "filename": path, "status": "modified", "additions": 3, "deletions": 1, "changes": 4,
           "blob_url": url, "raw_url": url, "contents_url": url})
}

fn commit(id: &str) -> Value {
    let url = "https://api.github.com/u";
    let person = json!({"name": "Ana", "email": "ana@example.com", "date": NOW});
    json!({
        "url": url, "sha": id, "node_id": "C", "html_url": url, "comments_url": url, "author": null,
        "committer": null, "parents": [{"sha": "0", "url": url, "html_url": url}],
        "commit": {"url": url, "author": person, "committer": person, "message": "Another step\n\nMore.",
                   "comment_count": 0, "tree": {"sha": "0", "url": url}},
    })
}

fn label(name: &str) -> Value {
    let url = "https://api.github.com/repos/octo/demo/labels/x";
    json!({"id": 1, "node_id": "L", "url": url, "name": name, "description": null, "color": "ededed",
           "default": false})
}

fn check_run(id: u64, body: &Value) -> Value {
    json!({
        "id": id, "node_id": "R", "head_sha": "0", "external_id": "", "url": "u", "html_url": "u",
        "details_url": "u", "status": body["status"], "conclusion": body["conclusion"], "started_at": NOW,
        "completed_at": NOW, "name": body["name"], "check_suite": null, "app": null, "pull_requests": [],
        "output": {"title": body["output"]["title"], "summary": body["output"]["summary"], "text": null,
                   "annotations_count": 0, "annotations_url": "https://api.github.com/u"},
    })
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'%', [high, low, tail @ ..]) => {
                let hex = String::from_utf8(vec![*high, *low]).unwrap();
                bytes.push(u8::from_str_radix(&hex, 16).unwrap());
                rest = tail;
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).unwrap()
}

struct Query(Vec<(String, String)>);

impl Query {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}

impl Respond for GitHub {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        // Page links of GitHub go by the repository's number, and everything may stand below `/api/v3`.
        let path = request.url.path();
        let root =
            ["/api/v3", "/api"].into_iter().find(|root| path.starts_with(&format!("{root}/"))).unwrap_or("");
        let path = path[root.len()..].replace("/repositories/42/", "/repos/octo/demo/");
        let method = request.method.as_str();
        let query = Query(request.url.query_pairs().into_owned().collect());
        let sent: Option<Value> = match request.body.is_empty() {
            true => None,
            false => Some(request.body_json().unwrap()),
        };
        let mut state = self.state();
        state.log.push(format!("{method} {path}"));

        let at = state.faults.iter().position(|(wanted, part, _)| *wanted == method && path.contains(part));
        let mut fault = at.and_then(|at| state.faults.remove(at)).map(|(_, _, fault)| fault);
        if let Some(Fault::Answer(status, headers, body)) = fault {
            let template = ResponseTemplate::new(status).set_body_json(body);
            return headers
                .into_iter()
                .fold(template, |template, (name, value)| template.insert_header(name, value.as_str()));
        }
        if let Some(Fault::Meanwhile(act)) = fault.take_if(|fault| matches!(fault, Fault::Meanwhile(_))) {
            act(&mut state);
        }

        for name in ["authorization", "user-agent"] {
            if !request.headers.contains_key(name) {
                state.wrong.push(format!("{method} {path}: no {name}"));
            }
        }
        if path == "/graphql" {
            let (answer, wrong) = graphql::answer(sent.as_ref().unwrap_or(&Value::Null), &state.pulls);
            state.wrong.extend(wrong);
            let failed = ResponseTemplate::new(502).set_body_string("<html>Unicorn</html>");
            return fault.map_or(ResponseTemplate::new(200).set_body_json(answer), |_| failed);
        }
        let operation = Operation::find(method, &path);
        let keys: Vec<String> = query.0.iter().map(|(key, _)| key.clone()).collect();
        let Some(operation) = operation else {
            state.wrong.push(format!("{method} {path}: no operation in the slice"));
            return ResponseTemplate::new(404);
        };
        state.wrong.extend(operation.complain_of_request(&keys, sent.as_ref()));
        let (status, mut body) = state.serve(method, &path, &query, sent.as_ref().unwrap_or(&Value::Null));

        let mut template = ResponseTemplate::new(status)
            .insert_header("x-ratelimit-remaining", "4999")
            .insert_header("x-ratelimit-reset", "4102444800");
        if let (true, Value::Array(items)) = (status == 200 && method == "GET", &body) {
            let number = |key: &str| query.get(key).and_then(|value| value.parse::<usize>().ok());
            let size = number("per_page").unwrap_or(30).min(100);
            let page = number("page").unwrap_or(1);
            if page * size < items.len() {
                let host = request.headers["host"].to_str().unwrap();
                let path = path.replace("/repos/octo/demo/", "/repositories/42/");
                let next =
                    format!("<http://{host}{root}{path}?per_page={size}&page={}>; rel=\"next\"", page + 1);
                template = template.insert_header("link", next.as_str());
            }
            body = items.iter().skip((page - 1) * size).take(size).cloned().collect();
        }
        let wrong = operation.complain_of_answer(status, &body);
        state.wrong.extend(wrong);
        if !body.is_null() {
            template = template.set_body_json(body);
        }
        match fault {
            Some(Fault::DoThenFail(status)) => {
                ResponseTemplate::new(status).set_body_string("<html>Unicorn</html>")
            }
            Some(Fault::DoThenHang(time)) => template.set_delay(time),
            _ => template,
        }
    }
}
