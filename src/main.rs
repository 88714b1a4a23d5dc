//! The program: parse, call the library, print, exit code.

mod cli;

use std::io::{IsTerminal, Read, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use cli::{Cli, Color, Command, Given, ListFormat, PreviewFormat, SchemaOf};
use plainly::error::Error;
use plainly::github::Runner;
use plainly::render::{Links, Renderer, Style, View};
use serde_json::Value;

/// plainly itself could not do its job.
const FAILED: u8 = 2;
/// A finding reached `fail_on`.
const REACHED: u8 = 1;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(code) => code,
        Err(error) => {
            say(&format!("plainly: {error}"));
            if let Some(hint) = error.hint() {
                say(&format!("  {hint}"));
            }
            ExitCode::from(FAILED)
        }
    }
}

fn run(cli: &Cli) -> Result<ExitCode, Error> {
    match &cli.command {
        Command::Preview(preview) => run_preview(cli, preview),
        Command::Comment { dry_run } => run_comment(cli, *dry_run),
        Command::Explain(explain) => {
            let run = plainly::run::preview(
                cli.directory.as_deref(),
                explain.range.as_deref(),
                words(&explain.given)?,
            )?;
            let values = plainly::explain::explain(&run, &explain.finding)?;
            show(cli, run.plainly.renderer(), "frame/explain", &values)
        }
        Command::Replay(replay) => {
            let (plainly, replayed) = plainly::replay::replay(cli.directory.as_deref(), replay.changes)?;
            let values = serde_json::to_value(&replayed).expect("counts and names are plain JSON");
            list(cli, replay.format, plainly.renderer(), "frame/replay", &values)
        }
        Command::Rules(rules) => {
            let plainly = plainly::Plainly::new(Default::default(), Vec::new(), &Default::default())?;
            let values = plainly::explain::rules(plainly.renderer());
            list(cli, rules.format, plainly.renderer(), "frame/rules", &values)
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "plainly", &mut script);
            print(&String::from_utf8_lossy(&script))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Man => {
            let mut page = Vec::new();
            let made = clap_mangen::Man::new(Cli::command()).render(&mut page);
            made.map_err(|source| Error::File { what: "write", path: "the manual page".to_owned(), source })?;
            print(&String::from_utf8_lossy(&page))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Schema(schema) => {
            let schema = match schema.of {
                SchemaOf::Report => schemars::schema_for!(plainly::summary::Report),
                SchemaOf::Config => schemars::schema_for!(plainly::config::Config),
            };
            print(&serde_json::to_string_pretty(&schema).expect("a schema is plain JSON"))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn run_preview(cli: &Cli, preview: &cli::Preview) -> Result<ExitCode, Error> {
    let given = words(&preview.given)?;
    let run = plainly::run::preview(cli.directory.as_deref(), preview.range.as_deref(), given)?;
    if !cli.quiet && preview.format == PreviewFormat::Terminal {
        say(&run.plainly.renderer().pen(&Style::PLAIN).fill("frame/taken", &run.taken)?);
    }
    match preview.format {
        PreviewFormat::Json => {
            let report = run.plainly.renderer().report(&run.summary)?;
            print(&serde_json::to_string_pretty(&report).expect("a report has string keys"))?;
        }
        PreviewFormat::Markdown => {
            let style = Style { view: View::Markdown, links: Links::Paths };
            print(&run.plainly.renderer().summary(&run.summary, &style, plainly::MOST_COMMENT_BYTES)?)?;
        }
        PreviewFormat::Terminal => {
            let style = Style { view: View::Terminal { color: color(cli.color) }, links: Links::Paths };
            print(&run.plainly.renderer().summary(&run.summary, &style, usize::MAX)?)?;
        }
    }
    let reached = run.plainly.config().fail_on.is_some_and(|bar| bar.is_reached_by(run.summary.report.level));
    Ok(if reached { ExitCode::from(REACHED) } else { ExitCode::SUCCESS })
}

fn run_comment(cli: &Cli, dry_run: bool) -> Result<ExitCode, Error> {
    let runner = Runner::from_env(|name| std::env::var(name).ok())?;
    let delivered = plainly::deliver::comment(cli.directory.as_deref(), &runner, dry_run)?;
    for line in &delivered.log {
        print(line)?;
    }
    let reached = delivered.run.as_ref().is_some_and(|run| {
        run.plainly.config().fail_on.is_some_and(|bar| bar.is_reached_by(run.summary.report.level))
    });
    Ok(if reached { ExitCode::from(REACHED) } else { ExitCode::SUCCESS })
}

/// Fills in a frame and prints it for a terminal.
fn show(cli: &Cli, renderer: &Renderer, frame: &str, values: &Value) -> Result<ExitCode, Error> {
    let style = Style { view: View::Terminal { color: color(cli.color) }, links: Links::Paths };
    print(&renderer.pen(&style).fill(frame, values)?)?;
    Ok(ExitCode::SUCCESS)
}

fn list(
    cli: &Cli,
    format: ListFormat,
    renderer: &Renderer,
    frame: &str,
    values: &Value,
) -> Result<ExitCode, Error> {
    match format {
        ListFormat::Terminal => show(cli, renderer, frame, values),
        ListFormat::Json => {
            print(&serde_json::to_string_pretty(values).expect("a JSON value is JSON"))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn words(given: &Given) -> Result<plainly::run::Given, Error> {
    let body = match &given.body_file {
        None => None,
        Some(path) if path.as_os_str() == "-" => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map_err(|source| Error::File {
                what: "read",
                path: "standard input".to_owned(),
                source,
            })?;
            Some(text)
        }
        Some(path) => Some(read(path)?),
    };
    let config =
        given.config.as_deref().map(|path| read(path).map(|text| (path.display().to_string(), text)));
    Ok(plainly::run::Given { title: given.title.clone(), body, config: config.transpose()? })
}

fn read(path: &std::path::Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::File {
        what: "read",
        path: path.display().to_string(),
        source,
    })
}

fn color(wanted: Color) -> bool {
    match wanted {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            std::io::stdout().is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        }
    }
}

/// A reader that closed its end, such as `head`, has what it wanted.
fn print(text: &str) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    let written = out
        .write_all(text.as_bytes())
        .and_then(|()| if text.ends_with('\n') { Ok(()) } else { out.write_all(b"\n") });
    match written.and_then(|()| out.flush()) {
        Err(source) if source.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::File { what: "write", path: "standard output".to_owned(), source })
        }
        _ => Ok(()),
    }
}

fn say(text: &str) {
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
