//! What can be typed: declarations only.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Reads a change and says in plain words what it means, with the evidence behind every sentence.
#[derive(Debug, Parser)]
#[command(name = "plainly", version, about, max_term_width = 100)]
pub(crate) struct Cli {
    /// Run as if started in this folder.
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true)]
    pub(crate) directory: Option<PathBuf>,
    /// When to draw bold text.
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true)]
    pub(crate) color: Color,
    /// Say nothing but the result.
    #[arg(long, global = true)]
    pub(crate) quiet: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say what a range of commits means.
    Preview(Preview),
    /// Draft the notes of a release for people who were not there.
    ReleaseNotes(ReleaseNotes),
    /// In a job of GitHub Actions: keep one comment on the pull request up to date, and write the job summary.
    Comment(Comment),
    /// The pre-push hook.
    Hook {
        #[command(subcommand)]
        hook: Hook,
    },
    /// Look for what keeps plainly from doing its job here, and say how to mend it.
    Doctor(Doctor),
    /// Say what lies behind one sentence: the rule, the lines, the configuration.
    Explain(Explain),
    /// Run the last changes of this repository: how loud would plainly have been?
    Replay(Replay),
    /// The week for a product manager: what changed, what to ask, what is released.
    Digest(Digest),
    /// Show the service map; for a path: which service, which owner, and which rule said so.
    Services(Services),
    /// Write a commented plainly.toml from what was found; never overwrites one.
    Init {
        /// Print it, and write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// List every rule.
    Rules(Rules),
    /// Print a JSON Schema.
    Schema(Schema),
    /// Print a shell's completion script.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
}

#[derive(Debug, Args)]
pub(crate) struct Comment {
    /// Print what would be written, and write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The report of an untrusted first stage, made with `preview --format json`.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Write only the report, into this file: the untrusted first stage of two.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["dry_run", "report"])]
    pub(crate) report_to: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[arg(long, value_enum, default_value_t = ListFormat::Terminal)]
    pub(crate) format: ListFormat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Hook {
    /// Say what a push changes. Git calls this; ends with 0, or with 1 where `fail_on` is reached.
    Run {
        /// The remote's name, as git hands it over.
        remote: Option<String>,
        /// The remote's address.
        address: Option<String>,
    },
    /// Write the hook into this repository. Never overwrites another one.
    Install,
    /// Take the hook away again.
    Uninstall,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The finding's id, or its first letters; the folded part of a summary names them.
    pub(crate) finding: String,
    /// As for preview.
    pub(crate) range: Option<String>,
    #[command(flatten)]
    pub(crate) given: Given,
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// How many changes.
    #[arg(default_value_t = 100)]
    pub(crate) changes: usize,
    #[arg(long, value_enum, default_value_t = ListFormat::Terminal)]
    pub(crate) format: ListFormat,
}

#[derive(Debug, Args)]
pub(crate) struct Digest {
    /// The first day, such as 2026-08-17; without days the seven that end at the newest commit.
    #[arg(long, value_name = "DAY", conflicts_with = "merge")]
    pub(crate) since: Option<String>,
    /// The last day, which belongs to it.
    #[arg(long, value_name = "DAY", conflicts_with = "merge")]
    pub(crate) until: Option<String>,
    /// Where days begin: UTC, an offset such as +02:00, or a name such as Europe/Berlin.
    #[arg(long, value_name = "ZONE", default_value = "UTC", allow_hyphen_values = true)]
    pub(crate) tz: String,
    /// One page of several repositories, from what `digest --format json` wrote in each.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) merge: Vec<PathBuf>,
    #[arg(long, value_enum, default_value_t = DigestFormat::Terminal)]
    pub(crate) format: DigestFormat,
    /// Write into this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// A configuration to use instead of the repository's plainly.toml.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DigestFormat {
    Terminal,
    Markdown,
    Html,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Services {
    /// Files or folders, from the repository's root.
    pub(crate) paths: Vec<String>,
    #[arg(long, value_enum, default_value_t = MapFormat::Terminal)]
    pub(crate) format: MapFormat,
    /// A configuration to use instead of the repository's plainly.toml.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MapFormat {
    Terminal,
    Json,
    Mermaid,
}

#[derive(Debug, Args)]
pub(crate) struct Rules {
    #[arg(long, value_enum, default_value_t = ListFormat::Terminal)]
    pub(crate) format: ListFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    Terminal,
    Json,
}

/// The words that a pull request would bring, and the configuration.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Given {
    /// The pull request's title; else the subject of the newest commit that is no merge.
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// A file with the pull request's text; - for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) body_file: Option<PathBuf>,
    /// A configuration to use instead of the repository's plainly.toml.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Preview {
    /// A..B or A...B: from their merge base to B. A alone: A..HEAD. Nothing: what a push would send.
    pub(crate) range: Option<String>,
    #[arg(long, value_enum, default_value_t = PreviewFormat::Terminal)]
    pub(crate) format: PreviewFormat,
    #[command(flatten)]
    pub(crate) given: Given,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PreviewFormat {
    Terminal,
    Markdown,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct ReleaseNotes {
    /// A..B: two end states, compared as they stand. A alone: A..HEAD. Nothing: since the previous release.
    pub(crate) range: Option<String>,
    /// The release that the notes are for; the one to compare it with is found.
    #[arg(long, value_name = "TAG", conflicts_with = "range")]
    pub(crate) to: Option<String>,
    /// For whom.
    #[arg(long, value_enum, default_value_t = AudienceName::Customers)]
    pub(crate) audience: AudienceName,
    #[arg(long, value_enum, default_value_t = NotesFormat::Markdown)]
    pub(crate) format: NotesFormat,
    /// Write into this file. Notes that stand there already keep what people changed in them.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// In a job of GitHub Actions: create or update the draft of the release; never a published one.
    #[arg(long)]
    pub(crate) draft_release: bool,
    /// Ask GitHub for nothing, even if GITHUB_TOKEN is set: else it is asked for the texts of the range's pull requests.
    #[arg(long, conflicts_with = "draft_release")]
    pub(crate) offline: bool,
    /// A configuration to use instead of the repository's plainly.toml.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AudienceName {
    Customers,
    Internal,
    Exec,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum NotesFormat {
    Markdown,
    Html,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Schema {
    #[arg(value_enum, default_value_t = SchemaOf::Report)]
    pub(crate) of: SchemaOf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    Report,
    Config,
    Services,
    Notes,
}
