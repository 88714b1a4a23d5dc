//! One comment, whatever happens.

use std::time::{Duration, Instant};

use plainly::github::comment::{COMMENT_LIMIT, upsert};
use plainly::github::{CommitId, Error, Letter, Marker, Refusal, Run, Upsert, block_on};
use serde_json::json;

use super::api;
use super::fake::{BOT, Fault, GitHub};

/// The head of the pull request in the payload that the stand-in begins with.
const HEAD: &str = "ec26c3e57ca3a959ca5aad62de7213c562f8c821";

fn marker(run: u64) -> Marker {
    let head = CommitId::parse(HEAD).unwrap();
    Marker { key: "summary".to_owned(), head, run: Run { id: run, attempt: 1 } }
}

/// One run of a job: writes `text` as run number `run`.
async fn write(url: &str, run: u64, text: &str) -> Result<Upsert, Error> {
    let body = |_: Option<&str>, _: usize| text.to_owned();
    let letter = Letter { pull: 2, marker: marker(run), author: BOT, create: true, body: &body };
    upsert(&api(url), &letter).await
}

/// Starts a stand-in, runs the work, and checks that everything fitted GitHub's description.
fn with_github<W: Future<Output = ()>>(work: impl FnOnce(GitHub, String) -> W) {
    block_on(async {
        let (github, server) = GitHub::start().await;
        work(github.clone(), server.uri()).await;
        github.assert_described();
    })
    .unwrap();
}

#[test]
fn created_then_left_alone_then_updated() {
    with_github(|github, url| async move {
        let Upsert::Created(id) = write(&url, 1, "one").await.unwrap() else { panic!("not created") };
        assert_eq!(write(&url, 2, "one").await.unwrap(), Upsert::Unchanged(id));
        assert_eq!((github.count("POST"), github.count("PATCH")), (1, 0));
        assert_eq!(write(&url, 3, "two").await.unwrap(), Upsert::Updated(id));
        assert_eq!((github.count("POST"), github.count("PATCH"), github.count("DELETE")), (1, 1, 0));
        assert_eq!(github.state().ours(), [format!("{}\ntwo", marker(3))]);
    });
}

#[test]
fn a_planted_marker_among_130_comments_stays_untouched() {
    with_github(|github, url| async move {
        let planted = format!("{}\nplanted", marker(9));
        for number in 0..129 {
            let author = if number % 7 == 0 { None } else { Some("ana") };
            github.state().comment(author, "Looks good to me.");
        }
        github.state().comment(Some("mallory"), &planted);
        let Upsert::Created(id) = write(&url, 1, "one").await.unwrap() else { panic!("not created") };
        assert_eq!(write(&url, 2, "two").await.unwrap(), Upsert::Updated(id));
        let state = github.state();
        assert_eq!(state.comments.len(), 131);
        assert!(state.comments.iter().any(|comment| comment["body"] == planted));
        assert!(state.log.iter().any(|line| line.contains("issues/2/comments")));
    });
}

#[test]
fn quoting_our_comment_does_not_make_it_ours() {
    with_github(|github, url| async move {
        github.state().comment(Some(BOT), &format!("Quoted:\n{}\nx", marker(1)));
        assert!(matches!(write(&url, 2, "one").await.unwrap(), Upsert::Created(_)));
    });
}

#[test]
fn done_but_denied_never_doubles() {
    for fault in
        [|| Fault::DoThenFail(502), || Fault::DoThenFail(500), || Fault::DoThenHang(Duration::from_secs(4))]
    {
        with_github(|github, url| async move {
            github.fault("POST", "comments", fault());
            assert!(matches!(write(&url, 1, "one").await.unwrap(), Upsert::Created(_)));
            assert_eq!(github.state().ours().len(), 1);
            assert_eq!(github.count("POST"), 1);
        });
    }
}

#[test]
fn not_done_and_denied_is_tried_once_more() {
    with_github(|github, url| async move {
        github.fault("POST", "comments", Fault::Answer(502, vec![], json!({})));
        assert!(matches!(write(&url, 1, "one").await.unwrap(), Upsert::Created(_)));
        assert_eq!((github.comments(), github.count("POST")), (1, 2));

        github.state().comments.clear();
        github.fault("POST", "comments", Fault::Answer(502, vec![], json!({})));
        github.fault("POST", "comments", Fault::Answer(502, vec![], json!({})));
        assert_eq!(write(&url, 1, "one").await.unwrap_err().status(), Some(502));
        assert_eq!((github.comments(), github.count("POST")), (0, 4));
    });
}

#[test]
fn safe_requests_are_repeated() {
    with_github(|github, url| async move {
        for _ in 0..3 {
            github.fault("GET", "comments", Fault::Answer(503, vec![], json!({})));
        }
        let Upsert::Created(id) = write(&url, 1, "one").await.unwrap() else { panic!("not created") };
        github.fault("PATCH", "comments", Fault::DoThenFail(502));
        assert_eq!(write(&url, 2, "two").await.unwrap(), Upsert::Updated(id));
        for _ in 0..4 {
            github.fault("GET", "pulls", Fault::Answer(503, vec![], json!({})));
        }
        assert_eq!(write(&url, 3, "three").await.unwrap_err().status(), Some(503));
    });
}

#[test]
fn rate_limits_are_obeyed_within_the_budget() {
    let limited = |after: &str| {
        let message = json!({"message": "You have exceeded a secondary rate limit"});
        Fault::Answer(403, vec![("retry-after", after.to_owned())], message)
    };
    with_github(|github, url| async move {
        // A limit refuses before anything is done: even a POST is sent again.
        github.fault("POST", "comments", limited("1"));
        let start = Instant::now();
        assert!(matches!(write(&url, 1, "one").await.unwrap(), Upsert::Created(_)));
        assert!(start.elapsed() >= Duration::from_secs(1));

        for (status, headers) in [
            (403, vec![("retry-after", "3600".to_owned())]),
            (429, vec![]),
            (
                403,
                vec![
                    ("x-ratelimit-remaining", "0".to_owned()),
                    ("x-ratelimit-reset", "4102444800".to_owned()),
                ],
            ),
        ] {
            let message = json!({"message": "API rate limit exceeded"});
            github.fault("GET", "pulls", Fault::Answer(status, headers, message));
            let start = Instant::now();
            let error = write(&url, 2, "two").await.unwrap_err();
            assert_eq!(error.status(), Some(429), "{error}");
            assert!(start.elapsed() < Duration::from_secs(1), "waited for a limit beyond the budget");
        }
        assert_eq!(github.state().ours(), [format!("{}\none", marker(1))]);
    });
}

#[test]
fn a_late_run_never_overwrites_a_newer_one() {
    with_github(|github, url| async move {
        write(&url, 5, "newer").await.unwrap();
        assert_eq!(write(&url, 4, "older").await.unwrap(), Upsert::Late);
        assert_eq!(github.state().ours(), [format!("{}\nnewer", marker(5))]);

        github.state().pulls[0]["head"]["sha"] = json!("b".repeat(40));
        assert_eq!(write(&url, 6, "of the old head").await.unwrap(), Upsert::Late);
        assert_eq!(github.state().ours().len(), 1);
    });
}

#[test]
fn of_two_racing_runs_the_newer_comment_stays() {
    for (other, left) in [(8, 8), (6, 7)] {
        with_github(|github, url| async move {
            // Between our look and our write, another run creates its own.
            let race = move |state: &mut super::fake::State| {
                state.comment(Some(BOT), &format!("{}\nby run {other}", marker(other)));
            };
            github.fault("POST", "comments", Fault::Meanwhile(Box::new(race)));
            assert!(matches!(write(&url, 7, "by run 7").await.unwrap(), Upsert::Created(_)));
            // The other run does the same clean-up; ours alone leaves one already.
            assert_eq!(github.state().ours(), [format!("{}\nby run {left}", marker(left))]);
        });
    }
}

#[test]
fn old_duplicates_of_ours_go() {
    with_github(|github, url| async move {
        for run in [1, 2, 3] {
            github.state().comment(Some(BOT), &format!("{}\nold", marker(run)));
        }
        assert!(matches!(write(&url, 4, "new").await.unwrap(), Upsert::Updated(_)));
        assert_eq!(github.state().ours(), [format!("{}\nnew", marker(4))]);
    });
}

#[test]
fn what_may_not_be_written_is_no_failure() {
    with_github(|github, url| async move {
        github.state().locked = true;
        assert_eq!(write(&url, 1, "one").await.unwrap(), Upsert::Refused(Refusal::Locked));
        github.state().locked = false;
        github.state().read_only = true;
        assert_eq!(write(&url, 1, "one").await.unwrap(), Upsert::Refused(Refusal::Permission));
        assert_eq!(github.count("POST"), 2, "a plain 403 is not repeated");
        assert_eq!(github.state().comments.len(), 0);
    });
}

#[test]
fn below_the_level_only_a_comment_that_is_there_is_kept_true() {
    with_github(|github, url| async move {
        let body = |_: Option<&str>, _: usize| "routine".to_owned();
        let quiet = |run| Letter { pull: 2, marker: marker(run), author: BOT, create: false, body: &body };
        assert_eq!(upsert(&api(&url), &quiet(1)).await.unwrap(), Upsert::NotWanted);
        assert_eq!(github.count("POST"), 0);
        write(&url, 2, "worth a look").await.unwrap();
        assert!(matches!(upsert(&api(&url), &quiet(3)).await.unwrap(), Upsert::Updated(_)));
    });
}

#[test]
fn the_body_is_asked_for_in_bytes_that_fit() {
    with_github(|github, url| async move {
        let body = |_: Option<&str>, limit: usize| "é".repeat(limit / 2);
        let letter = Letter { pull: 2, marker: marker(1), author: BOT, create: true, body: &body };
        upsert(&api(&url), &letter).await.unwrap();
        let length = github.state().ours()[0].len();
        assert!(length <= COMMENT_LIMIT && length > COMMENT_LIMIT - 3, "{length}");

        let too_long = |_: Option<&str>, limit: usize| "x".repeat(limit + 1);
        let letter = Letter { body: &too_long, ..letter };
        assert!(matches!(upsert(&api(&url), &letter).await, Err(Error::TooLong { .. })));
    });
}

#[test]
fn an_enterprise_server_is_paged_below_its_own_root() {
    with_github(|github, url| async move {
        for _ in 0..130 {
            github.state().comment(Some("ana"), "hello");
        }
        let Upsert::Created(id) = write(&format!("{url}/api/v3"), 1, "one").await.unwrap() else { panic!() };
        assert_eq!(write(&format!("{url}/api/v3"), 2, "one").await.unwrap(), Upsert::Unchanged(id));
    });
}

#[test]
fn the_token_is_not_sent_to_another_address() {
    with_github(|github, url| async move {
        let link = "<https://example.org/repositories/42/x?page=2>; rel=\"next\"".to_owned();
        github.fault("GET", "comments", Fault::Answer(200, vec![("link", link)], json!([])));
        let error = write(&url, 1, "one").await.unwrap_err().to_string();
        assert!(error.contains("another address"), "{error}");
    });
}

#[test]
fn no_error_shows_the_token() {
    with_github(|github, url| async move {
        let leak = json!({"message": "bad\n::error::token", "errors": ["x"]});
        github.fault("GET", "pulls", Fault::Answer(401, vec![], leak));
        let refused = write(&url, 1, "one").await.unwrap_err();
        let silent = write("http://127.0.0.1:1", 1, "one").await.unwrap_err();
        for error in [refused, silent] {
            let text = format!("{error} {error:?} {:?}", api(&url));
            assert!(!text.contains("a-long-secret"), "{text}");
            assert_eq!(error.to_string().lines().count(), 1);
        }
    });
}
