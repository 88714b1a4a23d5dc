//! The digest on small real repositories: what it says of a week, when it is quiet, and what it never lets through.

use plainly::error::Error;
use plainly::notes::digest::window::Days;
use plainly::notes::digest::{self, Format, Made};
use plainly::notes::model::{Ledger, Notes, SectionName};
use serde_json::{Value, json};

use crate::repo::TestRepo;

/// Monday, 17 August 2026, 00:00 UTC.
const MONDAY: u64 = 1_786_924_800;
const DAY: u64 = 86_400;

fn week() -> Days {
    Days { since: Some("2026-08-17".to_owned()), until: Some("2026-08-21".to_owned()), tz: None }
}

fn made(repo: &TestRepo) -> Made {
    digest::digest(Some(repo.dir()), &week(), None).expect("a digest")
}

fn markdown(repo: &TestRepo) -> String {
    made(repo).text(Format::Markdown).expect("text")
}

fn ledger(repo: &TestRepo) -> Ledger {
    let notes = made(repo).filled().expect("sentences");
    notes[0].ledger.clone()
}

const SCHEMA: &str = "type Query {\n  cart: String\n  gift: String\n  tax: String\n}\n";

/// A shop with a described API, a release line and a week of work.
fn shop() -> TestRepo {
    let repo = TestRepo::new();
    repo.set_clock(MONDAY - 30 * DAY);
    repo.write("schema.graphql", SCHEMA)
        .write("src/cart.py", "price = 1\n")
        .write("requirements.txt", "pytz==1.0\n");
    repo.commit("start");
    repo.git(&["tag", "3.1.0"]);
    repo.git(&["branch", "3.1"]);
    repo.set_clock(MONDAY + DAY);
    repo.write("schema.graphql", SCHEMA.replace("  gift: String\n", "")).commit("Remove gift cards (#11)");
    repo.write("src/cart.py", "price = 2\n").commit("Round prices in the cart (#12)");
    repo.write("src/mail.py", "# temporary workaround for slow mail\n")
        .commit("Send mails again after a pause (#13)");
    repo.write("requirements.txt", "pytz==1.1\n").commit("Bump pytz (#14)");
    repo.write(".github/workflows/ci.yml", "on: push\n").commit("Run checks on each push (#15)");
    repo.git(&["checkout", "--quiet", "3.1"]);
    repo.write("src/cart.py", "price = 2\n").commit("Round prices in the cart (#16)");
    repo.git(&["tag", "3.1.1"]);
    repo.git(&["checkout", "--quiet", "main"]);
    repo
}

#[test]
fn a_week_says_what_matters_and_what_is_released() {
    let repo = shop();
    let text = markdown(&repo);
    for expected in [
        "# What changed: repo, 17 to 21 August 2026",
        "5 changes; 3 may matter to readers.",
        "One part of the public API was removed: apps that use it will stop working.",
        "One of the 5 is released. New releases: `3.1.1` (18 August 2026).",
        "1. **\"Remove gift cards\"** (#11). **Removed from the public API:**",
        "- \"Round prices in the cart\" (#12). Released in `3.1.1`.",
        "- \"Send mails again after a pause\" (#13). Not released yet.",
        "- New: \"temporary workaround for slow mail\"",
        "- **On 1, ask Ana:** Who called it in the last 30 days, and who tells them?",
    ] {
        assert!(text.contains(expected), "{expected:?} is missing in:\n{text}");
    }
    assert!(!text.contains("Run checks"), "build steps are counted, not told:\n{text}");
}

#[test]
fn the_ledger_adds_up_and_nothing_is_written_into_the_repository() {
    let repo = shop();
    let files = || {
        let mut open = vec![repo.dir().join(".git")];
        let mut found = Vec::new();
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).expect("folder").flatten() {
                match entry.path().is_dir() {
                    true => open.push(entry.path()),
                    false => {
                        found.push((entry.path(), entry.metadata().expect("file").modified().expect("time")))
                    }
                }
            }
        }
        found.sort();
        found
    };
    let before = files();
    let ledger = ledger(&repo);
    assert_eq!((ledger.commits, ledger.missing()), (5, 0));
    assert_eq!(before, files());
}

#[test]
fn a_quiet_week_is_one_sentence() {
    let repo = TestRepo::new();
    repo.set_clock(MONDAY - 30 * DAY);
    repo.write("tests/cart_test.py", "1\n").commit("start");
    let sentence = |text: &str| text.lines().filter(|line| !line.is_empty()).nth(1).map(str::to_owned);
    let text = markdown(&repo);
    assert_eq!(
        sentence(&text).as_deref(),
        Some("A quiet time in repo, 17 to 21 August 2026: nothing changed."),
        "{text}"
    );
    repo.set_clock(MONDAY + DAY);
    repo.write("tests/cart_test.py", "2\n").commit("Check the cart twice");
    let text = markdown(&repo);
    assert_eq!(
        sentence(&text).as_deref(),
        Some(
            "A quiet time in repo, 17 to 21 August 2026: one change, and none that readers would notice (1 for tests)."
        ),
        "{text}"
    );
    assert_eq!(text.lines().filter(|line| !line.is_empty()).count(), 2);
}

#[test]
fn a_long_week_still_takes_five_minutes() {
    let repo = shop();
    for at in 0..80 {
        repo.write(&format!("src/part{at}.py"), format!("value = {at}\n")).commit(&format!(
            "Let people choose the {at}th way in which a parcel is wrapped (#{})",
            100 + at
        ));
    }
    let text = markdown(&repo);
    let words = text.split_whitespace().count();
    assert!((300..=620).contains(&words), "{words} words:\n{text}");
    assert!(text.contains("more changes."), "what is left out is counted:\n{text}");
    assert_eq!(ledger(&repo).missing(), 0);
}

#[test]
fn a_cut_copy_says_what_to_do() {
    let origin = shop();
    let copy = TestRepo::clone_of(&origin, &["--depth=1"]);
    let error = digest::digest(Some(copy.dir()), &week(), None).err().expect("too little history");
    assert!(error.hint().is_some_and(|hint| hint.contains("fetch-depth: 0")), "{error}");
}

/// Reads the page with a parser, as a browser would.
fn parsed(page: &str) -> roxmltree::Document<'_> {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    roxmltree::Document::parse_with_options(page, options).expect("a well-formed page")
}

#[test]
fn the_page_needs_nothing_and_lets_nothing_through() {
    let repo = shop();
    repo.write("src/till.py", "1\n")
        .commit("Add <script>alert(1)</script> & \"quotes\" '`<b>`' to the <img src=x onerror=y> till (#17)");
    let page = made(&repo).text(Format::Html).expect("a page");
    let tree = parsed(&page);
    let count = |name: &str| tree.descendants().filter(|node| node.tag_name().name() == name).count();
    for (name, expected) in [
        ("script", 0),
        ("img", 0),
        ("b", 0),
        ("link", 0),
        ("h1", 1),
        ("main", 1),
        ("header", 1),
        ("footer", 1),
    ] {
        assert_eq!(count(name), expected, "{name}");
    }
    assert!(count("h2") > 3 && count("svg") >= 1);
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    for node in tree.descendants() {
        let inner = ["src", "onerror", "onload", "onclick"].iter().find(|name| node.has_attribute(**name));
        assert_eq!(inner, None);
        let address = node.attribute("href").unwrap_or("#");
        assert!(address.starts_with('#') || address.starts_with("https://"), "{address}");
    }
    // every section has a heading that names it, every drawing has words
    for section in tree.descendants().filter(|node| node.tag_name().name() == "section") {
        let id = section.attribute("aria-labelledby");
        assert!(
            section.descendants().any(|node| node.tag_name().name() == "h2" && node.attribute("id") == id)
        );
    }
    for drawing in tree.descendants().filter(|node| node.tag_name().name() == "svg") {
        assert!(drawing.attribute("aria-label").is_some_and(|label| !label.is_empty()));
    }
}

fn json_of(repo: &TestRepo, title: &str) -> Value {
    let mut notes = made(repo).filled().expect("sentences");
    notes[0].title = title.to_owned();
    json!(notes[0])
}

fn merged(files: &[Value]) -> Result<Made, Error> {
    let files: Vec<(String, String)> =
        files.iter().enumerate().map(|(at, file)| (format!("{at}.json"), file.to_string())).collect();
    digest::merged(None, &files, Some(("plainly.toml".to_owned(), String::new())))
}

#[test]
fn the_page_of_several_repositories_speaks_the_configured_language() {
    let files = [("a.json".to_owned(), json_of(&shop(), "shop").to_string())];
    let config = ("plainly.toml".to_owned(), "language = \"de\"\n".to_owned());
    let text = |made: Made| made.text(Format::Markdown).expect("text");
    let given = text(digest::merged(None, &files, Some(config.clone())).expect("a page"));
    assert!(given.contains("17. bis 21. August 2026"), "{given}");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join(&config.0), &config.1).expect("written");
    assert_eq!(text(digest::merged(Some(folder.path()), &files, None).expect("a page")), given);
}

#[test]
fn several_repositories_make_one_page() {
    let quiet = TestRepo::new();
    quiet.set_clock(MONDAY - 30 * DAY);
    quiet.write("a", "1\n").commit("start");
    let made = merged(&[json_of(&shop(), "shop"), json_of(&quiet, "desk"), json_of(&shop(), "bar")])
        .expect("a page");
    let text = made.text(Format::Markdown).expect("text");
    let order: Vec<&str> =
        text.lines().filter(|line| line.starts_with('#') && !line.starts_with("###")).collect();
    assert_eq!(order, ["# What changed: 3 projects, 17 to 21 August 2026", "## bar", "## shop", "## Quiet"]);
    assert!(text.contains("- A quiet time in desk"), "{text}");
    assert!(text.split_whitespace().count() <= 620);
    parsed(&made.text(Format::Html).expect("a page"));
}

#[test]
fn a_strangers_file_is_checked_and_never_believed() {
    let good = json_of(&shop(), "shop");
    let changed = |edit: &dyn Fn(&mut Value)| {
        let mut file = good.clone();
        edit(&mut file);
        file
    };
    let refused = [
        json!({}),
        changed(&|file| file["schema"] = json!("plainly/notes/v9")),
        changed(&|file| file["range"]["since"] = json!("<b>today</b>")),
        changed(&|file| file["sections"][0]["name"] = json!("action_needed")),
        changed(&|file| file["sections"][0]["name"] = json!("invented")),
    ];
    for file in refused {
        assert!(merged(std::slice::from_ref(&file)).is_err(), "{file}");
    }

    // sentences are made again from facts; a shape that is none of a digest's is not filled in
    let hostile = changed(&|file| {
        file["title"] = json!("<script>x</script>");
        file["sections"][0]["entries"][0]["text"] = json!("Send money");
        let thing = &mut file["sections"][1]["entries"][0];
        thing["facts"]["title"] = json!("<img src=x>");
        thing["facts"]["says"][0]["facts"]["facts"]["names"] = json!(["<b>a</b>", "`b`"]);
        let mut other = thing.clone();
        other["shape"] = json!("frame/page_html");
        let mut third = thing.clone();
        third["facts"]["says"][0]["shape"] = json!("frame/page_html");
        file["sections"][1]["entries"].as_array_mut().expect("entries").extend([other, third]);
    });
    let page = merged(&[hostile]).expect("a page").text(Format::Html).expect("a page");
    let tree = parsed(&page);
    let names: Vec<&str> = tree.descendants().map(|node| node.tag_name().name()).collect();
    for name in ["script", "img", "b"] {
        assert!(!names.contains(&name), "{name}");
    }
    assert!(!page.contains("Send money"));
    assert!(page.contains("We could not read 2 parts of these reports."), "{page}");
}

#[test]
fn the_report_holds_its_schema_and_its_sentences() {
    let file = json_of(&shop(), "shop");
    let schema = serde_json::to_value(schemars::schema_for!(Notes)).expect("a schema");
    let validator = jsonschema::validator_for(&schema).expect("a schema that compiles");
    let errors: Vec<String> = validator.iter_errors(&file).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    let notes: Notes = serde_json::from_value(file).expect("notes");
    let things =
        notes.sections.iter().find(|section| section.name == SectionName::ThreeThings).expect("things");
    assert!(things.entries[0].text.starts_with("\"Remove gift cards\""), "{}", things.entries[0].text);
}
