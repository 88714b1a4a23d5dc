//! Reads one change as `plainly preview` does and nothing else: for timing, and for comparing with `git diff`.
//!
//! `read REPOSITORY FROM TO [numstat|names|time]`; `tests/bench/run.py` runs it against git.

#![expect(clippy::print_stdout, reason = "a program that prints")]

use std::path::Path;

use plainly::change::{Content, Role};
use plainly::git::Repository;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // cargo adds --bench
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [repository, from, to, mode @ ..] = arguments.as_slice() else {
        println!("usage: read REPOSITORY FROM TO [numstat|names|time]");
        return Ok(());
    };
    let started = std::time::Instant::now();
    let repository = Repository::open(Some(Path::new(repository)))?;
    let range = repository.between(from, to)?;
    let changes = repository.changes(&range, &|_, _| Role::Source)?;
    match mode.first().map(String::as_str) {
        Some("numstat") => {
            for file in changes.files() {
                let is_binary =
                    [file.before(), file.after()].into_iter().flatten().any(|c| *c == Content::Binary);
                println!("{}\t{}\t{}\t{}\t{is_binary}", file.added, file.removed, file.old_path(), file.path);
            }
        }
        Some("time") => println!("{} files in {:?}", changes.files().len(), started.elapsed()),
        _ => println!("{}", changes.files().len()),
    }
    Ok(())
}
