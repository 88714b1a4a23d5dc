//! The program: parse, call the library, print, exit code.

mod cli;

use std::io::{IsTerminal, Read, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use cli::{
    AudienceName, Cli, Color, Command, Given, Hook, ListFormat, MapFormat, NotesFormat, PreviewFormat,
    SchemaOf,
};
use plainly::error::Error;
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
        Command::ReleaseNotes(notes) => run_notes(cli, notes),
        Command::Comment(comment) => run_comment(cli, comment),
        Command::Hook { hook: Hook::Run { remote, .. } } => Ok(hook_run(cli, remote.as_deref())),
        Command::Hook { hook: Hook::Install } => set_hook(cli, plainly::hook::install),
        Command::Hook { hook: Hook::Uninstall } => set_hook(cli, plainly::hook::uninstall),
        Command::Doctor(doctor) => {
            let checks = plainly::doctor::examine(cli.directory.as_deref())?;
            let plainly = plainly::Plainly::new(Default::default(), Vec::new(), &Default::default())?;
            let values = plainly::doctor::values(&checks);
            list(cli, doctor.format, plainly.renderer(), "frame/doctor", &values)?;
            let is_wrong = checks.iter().any(plainly::doctor::Check::is_wrong);
            Ok(if is_wrong { ExitCode::from(REACHED) } else { ExitCode::SUCCESS })
        }
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
        Command::Digest(wanted) => run_digest(cli, wanted),
        Command::Services(services) => run_services(cli, services),
        Command::Init { dry_run } => run_init(cli, *dry_run),
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
                SchemaOf::Services => schemars::schema_for!(plainly::listing::Listing),
                SchemaOf::Notes => schemars::schema_for!(plainly::notes::Notes),
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
    let reached = run.summary.report.reaches(run.plainly.config().fail_on);
    Ok(if reached { ExitCode::from(REACHED) } else { ExitCode::SUCCESS })
}

fn run_notes(cli: &Cli, wanted: &cli::ReleaseNotes) -> Result<ExitCode, Error> {
    use plainly::notes::{Audience, PullRequests, edit};
    let config =
        wanted.config.as_deref().map(|path| read(path).map(|text| (path.display().to_string(), text)));
    let audience = match wanted.audience {
        AudienceName::Customers => Audience::Customers,
        AudienceName::Internal => Audience::Internal,
        AudienceName::Exec => Audience::Exec,
    };
    let forge = |web: &str, numbers: &[u64]| {
        plainly::deliver::pull_texts(web, numbers, &|name| std::env::var(name).ok())
    };
    let written = plainly::notes::release_notes(
        cli.directory.as_deref(),
        plainly::notes::Wanted {
            range: wanted.range.as_deref(),
            to: wanted.to.as_deref(),
            audience,
            config: config.transpose()?,
        },
        (!wanted.offline).then_some(&forge as &plainly::notes::AskForge<'_>),
    )?;
    if let PullRequests::Partly { unread, reason, .. } = &written.notes.pull_requests {
        let values = serde_json::json!({"unread": unread, "reason": reason});
        say(&written.renderer.pen(&Style::PLAIN).fill("notes/pulls_unread", &values)?);
    }
    if wanted.draft_release {
        return draft_release(&written);
    }
    let text = match (wanted.format, &wanted.output) {
        (NotesFormat::Json, _) => {
            serde_json::to_string_pretty(&written.notes).expect("notes have string keys")
        }
        (NotesFormat::Html, _) => written.html()?,
        (NotesFormat::Markdown, None) if std::io::stdout().is_terminal() => {
            written.terminal(color(cli.color))?
        }
        (NotesFormat::Markdown, path) => {
            let earlier = path.as_deref().filter(|path| path.exists()).map(read).transpose()?;
            let earlier = earlier.filter(|text| !text.trim().is_empty());
            if earlier.as_deref().is_some_and(|text| !edit::is_ours(text)) {
                let path = path.as_deref().unwrap_or(std::path::Path::new("")).display();
                return Err(Error::Usage(format!(
                    "{path} holds no notes that plainly wrote: name another file, or move it away"
                )));
            }
            written.markdown(earlier.as_deref())?
        }
    };
    hand_over(&text, wanted.output.as_deref())
}

/// The draft on GitHub; the page itself goes to standard output, for people who cannot see drafts.
fn draft_release(written: &plainly::notes::Written) -> Result<ExitCode, Error> {
    use plainly::github::runner::Runner;
    let Some(tag) = &written.notes.range.to else {
        return Err(Error::Usage("a draft needs a release: name its tag with --to TAG".to_owned()));
    };
    let page = written.markdown(None)?;
    let runner = Runner::from_env(|name| std::env::var(name).ok())?;
    let notes = |earlier: Option<&str>, _: usize| written.markdown(earlier).unwrap_or_else(|_| page.clone());
    let drafted = plainly::deliver::draft_release(&runner, tag, &notes)?;
    let values = serde_json::json!({"tag": tag, "drafted": drafted.name()});
    say(&written.renderer.pen(&Style::PLAIN).fill("notes/drafted", &values)?);
    print(&page)?;
    Ok(ExitCode::SUCCESS)
}

fn run_comment(cli: &Cli, comment: &cli::Comment) -> Result<ExitCode, Error> {
    use plainly::github::runner::{Runner, notice, without_commands};
    let runner = Runner::from_env(|name| std::env::var(name).ok())?;
    let wanted = plainly::deliver::Wanted {
        directory: cli.directory.as_deref(),
        dry_run: comment.dry_run,
        report: comment.report.as_deref(),
        report_to: comment.report_to.as_deref(),
    };
    let delivered = plainly::deliver::comment(&runner, wanted)?;
    for note in &delivered.notes {
        print(&notice(note))?;
    }
    if let Some(text) = &delivered.text {
        print(&without_commands(text))?;
    }
    Ok(if delivered.reached { ExitCode::from(REACHED) } else { ExitCode::SUCCESS })
}

/// Ends with 0 or 1 only. Our own failure, a panic included, is one line and holds nobody up.
fn hook_run(cli: &Cli, remote: Option<&str>) -> ExitCode {
    if std::env::var_os("PLAINLY_SKIP").is_some_and(|value| !value.is_empty()) {
        return ExitCode::SUCCESS;
    }
    std::panic::set_hook(Box::new(|_| {}));
    let work = std::panic::AssertUnwindSafe(|| hook_says(cli, remote));
    match std::panic::catch_unwind(work) {
        Ok(Ok(reached)) if reached => ExitCode::from(REACHED),
        Ok(Ok(_)) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            say(&format!("plainly: {error}; the push goes on").replace('\n', " "));
            ExitCode::SUCCESS
        }
        Err(_) => {
            say("plainly: it crashed, which is a mistake of plainly; the push goes on");
            ExitCode::SUCCESS
        }
    }
}

/// Prints on standard error, so that nothing gets between git and what reads its output.
fn hook_says(cli: &Cli, remote: Option<&str>) -> Result<bool, Error> {
    let variable = |name: &str| std::env::var(name).ok();
    let mut stdin = String::new();
    if !std::io::stdin().is_terminal() {
        // A closed or odd stdin is an empty one: then the variables of pre-commit may say what is pushed.
        let _ = std::io::stdin().take(1 << 20).read_to_string(&mut stdin);
    }
    let remote = remote.map(str::to_owned).or_else(|| variable("PRE_COMMIT_REMOTE_NAME"));
    let lines = plainly::hook::lines(&stdin, variable);
    let said = plainly::hook::run(cli.directory.as_deref(), remote.as_deref().unwrap_or("origin"), &lines)?;
    let style = Style { view: View::Terminal { color: cli.color == Color::Always }, links: Links::Paths };
    let mut reached = false;
    for said in said {
        if !cli.quiet {
            say(&said.lead()?);
        }
        say(said.renderer.summary(&said.summary, &style, usize::MAX)?.trim_end());
        reached |= said.reached;
    }
    Ok(reached)
}

fn set_hook(
    cli: &Cli,
    set: fn(&plainly::git::Repository) -> Result<plainly::hook::Installed, Error>,
) -> Result<ExitCode, Error> {
    let repository = plainly::git::Repository::open(cli.directory.as_deref())?;
    let installed = set(&repository)?;
    let plainly = plainly::Plainly::new(Default::default(), Vec::new(), &Default::default())?;
    show(cli, plainly.renderer(), "frame/hook", &installed.values())
}

fn run_digest(cli: &Cli, wanted: &cli::Digest) -> Result<ExitCode, Error> {
    use cli::DigestFormat;
    use plainly::notes::digest::{self, Format, window::Days};
    let config =
        wanted.config.as_deref().map(|path| read(path).map(|text| (path.display().to_string(), text)));
    let made = if wanted.merge.is_empty() {
        let days =
            Days { since: wanted.since.clone(), until: wanted.until.clone(), tz: Some(wanted.tz.clone()) };
        digest::digest(cli.directory.as_deref(), &days, config.transpose()?)?
    } else {
        let files = wanted.merge.iter().map(|path| Ok((path.display().to_string(), read(path)?)));
        let files = files.collect::<Result<Vec<_>, Error>>()?;
        digest::merged(cli.directory.as_deref(), &files, config.transpose()?)?
    };
    let text = match wanted.format {
        DigestFormat::Terminal => {
            made.text(Format::Terminal { color: wanted.output.is_none() && color(cli.color) })?
        }
        DigestFormat::Markdown => made.text(Format::Markdown)?,
        DigestFormat::Html => made.text(Format::Html)?,
        DigestFormat::Json => {
            let filled = made.filled()?;
            let json = match filled.as_slice() {
                [one] => serde_json::to_string_pretty(one),
                more => serde_json::to_string_pretty(more),
            };
            json.expect("a digest has string keys")
        }
    };
    hand_over(&text, wanted.output.as_deref())
}

/// Writes a page into the file that was asked for, else to standard output.
fn hand_over(page: &str, output: Option<&std::path::Path>) -> Result<ExitCode, Error> {
    match output {
        None => print(page)?,
        Some(path) => std::fs::write(path, page).map_err(|source| Error::File {
            what: "write",
            path: path.display().to_string(),
            source,
        })?,
    }
    Ok(ExitCode::SUCCESS)
}

fn run_services(cli: &Cli, services: &cli::Services) -> Result<ExitCode, Error> {
    let config =
        services.config.as_deref().map(|path| read(path).map(|text| (path.display().to_string(), text)));
    let listed = plainly::listing::services(cli.directory.as_deref(), &services.paths, config.transpose()?)?;
    match services.format {
        MapFormat::Terminal => show(cli, &listed.renderer, "frame/services", &listed.listing.values()),
        MapFormat::Mermaid => {
            let pen = listed.renderer.pen(&Style::PLAIN);
            print(&pen.fill("frame/map", &listed.listing.drawing())?)?;
            Ok(ExitCode::SUCCESS)
        }
        MapFormat::Json => {
            print(&serde_json::to_string_pretty(&listed.listing).expect("a listing has string keys"))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn run_init(cli: &Cli, dry_run: bool) -> Result<ExitCode, Error> {
    let draft = plainly::listing::draft(cli.directory.as_deref())?;
    match draft.path {
        Some(path) if !dry_run => {
            // `create_new`: a file that appears in between is not overwritten either.
            let made = std::fs::OpenOptions::new().write(true).create_new(true).open(&path);
            made.and_then(|mut file| file.write_all(draft.text.as_bytes()))
                .map_err(|source| Error::File { what: "write", path: path.display().to_string(), source })?;
            show(cli, &draft.renderer, "frame/init_done", &draft.values)
        }
        _ => {
            print(&draft.text)?;
            Ok(ExitCode::SUCCESS)
        }
    }
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
    Ok(plainly::run::Given {
        title: given.title.clone(),
        body,
        config: config.transpose()?,
        ..Default::default()
    })
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
