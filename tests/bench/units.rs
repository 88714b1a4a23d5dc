//! Makes the units of a range, and of each which services it touches: for timing against `git log --name-status`.
//!
//! `units REPOSITORY [FROM TO]`; without a range the whole history. Prints what was counted, the time, and the memory of
//! the program's own, without what it maps of pack files.

#![expect(clippy::print_stdout, reason = "a program that prints")]

use std::path::Path;

use plainly::config::Config;
use plainly::git::Repository;
use plainly::notes::units;
use plainly::roles::Roles;
use plainly::services::Catalog;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // cargo adds --bench
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let Some((folder, range)) = arguments.split_first() else {
        println!("usage: units REPOSITORY [FROM TO]");
        return Ok(());
    };
    let started = std::time::Instant::now();
    let repository = Repository::open(Some(Path::new(folder)))?;
    let range = match range {
        [from, to] => repository.between(from, to)?,
        _ => repository.between_times(0, i64::MAX)?,
    };
    let after = repository.after(&range)?;
    let config = Config::default();
    let catalog = Catalog::new(&config, &after, &after);
    let roles = Roles::of_tree(&config, &after);
    let opened = started.elapsed();
    let units = units::of_range(&repository, &range, &roles)?;
    let mut areas = std::collections::BTreeMap::<&str, usize>::new();
    for unit in &units.units {
        let touched: std::collections::BTreeSet<&str> = unit
            .paths
            .iter()
            .filter_map(|file| catalog.service_of(&file.path))
            .map(|service| service.name.as_str())
            .collect();
        touched.into_iter().for_each(|name| *areas.entry(name).or_default() += 1);
    }
    println!(
        "{} commits, {} units, {} areas; catalog and roles {opened:?}, all {:?}; {}",
        units.commits,
        units.units.len(),
        areas.len(),
        started.elapsed(),
        own_memory().unwrap_or_default(),
    );
    Ok(())
}

/// The line of the system on memory that is not of a file, where it gives one.
fn own_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find(|line| line.starts_with("RssAnon")).map(str::to_owned)
}
