//! Says what `plainly preview` says of real changes, in Markdown, and holds the rules for words over it.
//!
//! One change a line on stdin: `DIRECTORY BASE..HEAD`. Prints each fault; with `--print` the comments too, with
//! `--language de` in another language. Ends with 1 where a rule does not hold.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program for us that prints and may panic")]

use std::io::BufRead;
use std::path::Path;
use std::process::ExitCode;

use plainly::change::{RepoPath, Snapshot};
use plainly::render::{Links, Style, View};
use plainly::run::{Given, preview};

#[path = "../all/words/said.rs"]
mod said;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let language = if has("de") { "de" } else { "en" };
    let lists: &[said::Words] = if language == "en" { &[said::NEVER, said::JARGON] } else { &[] };
    let (mut changes, mut faulty) = (0, 0);
    for line in std::io::stdin().lock().lines().map(Result::unwrap) {
        let Some((directory, range)) = line.split_once(' ') else { continue };
        let config = Some(("plainly.toml".to_owned(), format!("language = \"{language}\"")));
        let say = || {
            let run = preview(
                Some(Path::new(directory)),
                Some(range),
                Given { config: config.clone(), ..Given::default() },
            )
            .unwrap_or_else(|error| panic!("{line}: {error}"));
            let renderer = run.plainly.renderer();
            let style = Style { view: View::Markdown, links: Links::Paths };
            let comment = renderer.summary(&run.summary, &style, plainly::MOST_COMMENT_BYTES).unwrap();
            let report = serde_json::to_value(renderer.report(&run.summary).unwrap()).unwrap();
            (comment, report, run)
        };
        let (comment, report, run) = say();
        if has("--print") {
            println!("=== {line}\n{comment}");
        }
        let read = |side: &str, path: &str| {
            let tree: &dyn Snapshot = if side == "before" { &*run.change.before } else { &*run.change.after };
            tree.read(&RepoPath::new(path)).map(|content| content.text().unwrap_or_default().to_owned())
        };
        let mut faults = said::faults_of_form(&comment, report["level"].as_str().unwrap());
        faults.extend(said::faults_of_words(&comment, lists));
        faults.extend(said::faults_of_report(&report, &read));
        if has("--twice") && say().0 != comment {
            faults.push("a second run gives other bytes".to_owned());
        }
        changes += 1;
        faulty += usize::from(!faults.is_empty());
        for fault in faults {
            println!("{line}: {fault}");
        }
    }
    println!("{changes} changes, {faulty} with faults");
    ExitCode::from(u8::from(faulty > 0))
}
