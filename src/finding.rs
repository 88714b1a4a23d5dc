//! A finding: one fact about a change, its typed details, and the lines that prove it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::change::RepoPath;

/// What the reader should do; not how dangerous the change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing to do.
    Routine,
    /// Two minutes, one question.
    WorthALook,
    /// Speak with the named person before this ships.
    TalkFirst,
}

/// Which side of the change a place belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The base.
    Before,
    /// The head.
    After,
}

/// A place in a file that proves a finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// The file.
    pub path: RepoPath,
    /// The line, counted from 1; null for the file as a whole.
    pub line: Option<u32>,
    /// Where the line stands.
    pub side: Side,
}

impl Evidence {
    /// A place in the file as it is now.
    pub fn after(path: &RepoPath, line: impl Into<Option<u32>>) -> Self {
        Self { path: path.clone(), line: line.into(), side: Side::After }
    }

    /// A place in the file as it was.
    pub fn before(path: &RepoPath, line: impl Into<Option<u32>>) -> Self {
        Self { path: path.clone(), line: line.into(), side: Side::Before }
    }
}

/// One fact about a change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Eight hex digits from kind, rule and subject: the same while the fact stands.
    pub id: String,
    /// The rule that found it, such as `schema.column_dropped`.
    pub rule: String,
    /// What the rule asks of the reader.
    pub level: Level,
    /// The services it is about, by name, sorted.
    pub services: Vec<String>,
    /// The lines that prove it; never empty.
    pub evidence: Vec<Evidence>,
    /// Who accepted it and why, where the configuration, a label or a trailer says so.
    #[serde(default)]
    pub accepted: Option<Acceptance>,
    /// The fact itself: `kind` names its shape.
    #[serde(flatten)]
    pub facts: Facts,
}

/// An acceptance, shown beside the finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Acceptance {
    /// Where it is said.
    pub how: AcceptedHow,
    /// Who accepted it; null where the forge does not tell who set a label, or names are not printed.
    pub by: Option<String>,
    /// Why, in their words.
    pub reason: Option<String>,
    /// The last day on which it holds, such as `2026-12-31`.
    pub until: Option<String>,
    /// Whether the newest commit was made after that day: then it no longer holds.
    pub ended: bool,
}

impl Acceptance {
    /// Whether it keeps `fail_on` from being reached. A trailer does not: nobody lifts the bar for their own change.
    pub fn lifts_the_bar(&self) -> bool {
        !self.ended && self.how != AcceptedHow::Trailer
    }
}

/// Where an acceptance is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AcceptedHow {
    /// `[[accept]]` of the configuration.
    Configuration,
    /// The label `plainly-accept: <id>`, which only people with rights in the repository can set.
    Label,
    /// The line `Plainly-Accept: <id> reason` of a commit or of the pull request's text.
    Trailer,
}

/// The stable id of a fact: FNV-1a over kind, rule and subject, folded to 32 bits.
pub fn id_of(kind: &str, rule: &str, subject: &str) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in [kind, rule, subject] {
        for byte in part.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{:08x}", (hash ^ (hash >> 32)) as u32)
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident($facts:ty) = $name:literal,)*) => {
        /// The typed details of a finding. The order of the variants is the order of kinds among findings of one level.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "kind", content = "facts")]
        pub enum Facts {
            $($(#[$doc])* #[serde(rename = $name)] $variant($facts),)*
        }

        /// Every kind, most important first.
        pub const KINDS: &[&str] = &[$($name),*];

        impl Facts {
            /// The kind's name in reports, configuration and templates.
            pub fn kind(&self) -> &'static str {
                match self { $(Facts::$variant(_) => $name,)* }
            }

            /// The details as a template sees them.
            pub fn values(&self) -> serde_json::Value {
                let values = match self { $(Facts::$variant(facts) => serde_json::to_value(facts),)* };
                values.expect("facts are plain structs with string keys")
            }
        }
    };
}

kinds! {
    /// How data is stored changes.
    Schema(SchemaFacts) = "schema",
    /// What other software may ask this system to do changes.
    Api(ApiFacts) = "api",
    /// An address that the code answers comes or goes, as far as its form shows.
    Route(RouteFacts) = "route",
    /// Who may see or do what changes.
    Access(AccessFacts) = "access",
    /// Personal data newly stored, or a new outside recipient.
    Privacy(PrivacyFacts) = "privacy",
    /// A whole service added, removed or renamed.
    Service(ServiceFacts) = "service",
    /// An area that the configuration marks.
    Sensitive(SensitiveFacts) = "sensitive",
    /// Two or more product services changed by hand.
    CrossService(CrossServiceFacts) = "cross_service",
    /// One service now calls another, or no longer does.
    Connection(ConnectionFacts) = "connection",
    /// A service changed that the author's words never name.
    UnnamedService(UnnamedServiceFacts) = "unnamed_service",
    /// The author's words and the parsed files disagree.
    Contradiction(ContradictionFacts) = "contradiction",
    /// The change does more than its title says.
    BeyondTitle(BeyondTitleFacts) = "beyond_title",
    /// The old value still stands in sibling places.
    LeftBehind(LeftBehindFacts) = "left_behind",
    /// An outside package is new, gone, moved or stepped.
    Dependency(DependencyFacts) = "dependency",
    /// A setting changes.
    Config(ConfigFacts) = "config",
    /// A feature switch changes.
    FeatureFlag(FeatureFlagFacts) = "feature_flag",
    /// A job runs at another time.
    Schedule(ScheduleFacts) = "schedule",
    /// A new version of the language or its tools.
    Runtime(RuntimeFacts) = "runtime",
    /// Words on screen.
    UiText(UiTextFacts) = "ui_text",
    /// Build, release and deployment steps.
    Infra(InfraFacts) = "infra",
    /// Tests added, changed, removed, switched off or on.
    Tests(TestsFacts) = "tests",
    /// How large the change is for this repository.
    Size(SizeFacts) = "size",
    /// How much is moved text.
    MovedCode(MovedCodeFacts) = "moved_code",
    /// A busy file.
    Hotspot(HotspotFacts) = "hotspot",
    /// Who knows this area.
    Ownership(OwnershipFacts) = "ownership",
}

/// What a step does to stored data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SchemaOp {
    /// A new table, with all that is made together with it.
    AddTable,
    /// A table and everything in it goes.
    DropTable,
    /// A table gets another name.
    RenameTable,
    /// A new field.
    AddColumn,
    /// A field goes, with its values.
    DropColumn,
    /// A field gets another name.
    RenameColumn,
    /// A field holds another type of value.
    ChangeType,
    /// A field may, or may no longer, be left empty.
    ChangeNullability,
    /// A field starts with another value.
    ChangeDefault,
    /// A look-up aid is made.
    AddIndex,
    /// A look-up aid goes.
    DropIndex,
    /// A rule about values is made.
    AddConstraint,
    /// A rule about values goes.
    DropConstraint,
    /// Rows are written, rewritten or deleted.
    DataBackfill,
    /// Views, functions, enum types, extensions, code that we cannot read.
    Other,
}

/// What going back would bring back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Undo {
    /// All as it was.
    Restores,
    /// The shape, not the values.
    RestoresStructure,
    /// No undo step is written.
    None,
    /// We cannot tell.
    Unknown,
}

/// How data is stored changes: one operation on one column, or on one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SchemaFacts {
    /// What is done.
    pub op: SchemaOp,
    /// The table; the old name for renames; empty where it cannot be told.
    pub table: String,
    /// The column, or the columns that an index or constraint covers, joined by a comma.
    pub column: Option<String>,
    /// The new name, for renames.
    pub to: Option<String>,
    /// The type as written, after the step.
    #[serde(rename = "type")]
    pub type_: Option<String>,
    /// Whether it may be left empty, after the step.
    pub nullable: Option<bool>,
    /// The value that it starts with, as written.
    pub default: Option<String>,
    /// Whether stored data is lost.
    pub destructive: bool,
    /// What going back would bring back.
    pub undo: Undo,
    /// The style of migration: `sql`, `rails`, `django`, …
    pub style: String,
    /// Whether an old migration was edited or deleted: a database that already ran it does not get this.
    pub rewrites_history: bool,
    /// More about the step in a fixed set of keys: `from_type`, `condition`, `what`, `name`, `copied_to`.
    #[serde(default)]
    pub details: std::collections::BTreeMap<String, String>,
}

/// What happens to one outside package in one manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DependencyChange {
    /// New in this manifest.
    Added,
    /// No longer in this manifest.
    Removed,
    /// Another version, later or of an order that cannot be told.
    Upgraded,
    /// An earlier version.
    Downgraded,
    /// Another section, such as from development to production, or another source.
    Moved,
}

/// How large a step the version number says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VersionStep {
    /// The first number, or the second while the first is 0.
    Major,
    /// The second number.
    Minor,
    /// The third number or below.
    Patch,
    /// It cannot be told.
    Unknown,
}

/// An outside package in one manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DependencyFacts {
    /// `cargo`, `npm`, `pypi`, …
    pub ecosystem: String,
    /// The package's name.
    pub name: String,
    /// What happens to it.
    pub change: DependencyChange,
    /// The version before, as written.
    pub from: Option<String>,
    /// The version now, as written.
    pub to: Option<String>,
    /// By version number.
    pub step: VersionStep,
    /// Used for development, tests, builds or checks only.
    pub dev: bool,
    /// The manifest's path.
    pub manifest: String,
    /// Whether no manifest of the repository listed it before.
    pub new_to_repo: bool,
    /// How many manifests list it at the head.
    pub used_in: u32,
    /// Whether it is gone because its whole manifest is deleted.
    #[serde(default)]
    pub list_deleted: bool,
    /// The packages that one variable moves together, where `name` is the group that they share; else empty.
    #[serde(default)]
    pub family: Vec<String>,
    /// Its purpose, for well-known packages: `payment`, `mail`, `analytics`, `ai`, …
    #[serde(default)]
    pub purpose: Option<String>,
    /// Whether that well-known package is the client of a service that somebody else runs.
    #[serde(default)]
    pub reaches_outside: bool,
    /// Where it is taken from now, when that changes: an address, or `registry` for the usual place.
    #[serde(default)]
    pub source: Option<String>,
    /// The author's own word for a security update, such as `[security]` or the id of a weakness.
    #[serde(default)]
    pub security: Option<String>,
}

/// What happens to one operation, field or value of a contract; the closed list of `product.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says it")]
pub enum ApiOp {
    OperationAdded,
    OperationRemoved,
    OperationRenamed,
    FieldAdded,
    FieldRemoved,
    TypeChanged,
    NowRequired,
    NowOptional,
    ValueAdded,
    ValueRemoved,
    LimitTightened,
    LimitLoosened,
    DefaultChanged,
    Deprecated,
    Undeprecated,
    Moved,
    Other,
}

/// An address that the code answers, as far as the form of its framework shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RouteFacts {
    /// `GET`, `POST`, …, or `ANY`.
    pub method: String,
    /// The path as far as the file says it: code elsewhere may put more before it.
    pub path: String,
    /// Added or removed; a changed path is both.
    pub change: SettingChange,
    /// The way of writing it: `rails`, `spring`, …
    pub style: String,
}

/// A change of what other software may ask this system to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApiFacts {
    /// `openapi`, `graphql`, `protobuf`, `asyncapi`, `avro`, or `json_schema`.
    pub format: String,
    /// What happens.
    pub op: ApiOp,
    /// The operation, field or value, as written in the contract.
    pub subject: String,
    /// Whether software that relies on it stops working; null when the text cannot prove it.
    pub breaking: Option<bool>,
    /// The day since which it was marked for removal, as `YYYY-MM-DD`.
    pub deprecated_since: Option<String>,
    /// What the contract says to use instead, in its author's words.
    #[serde(default)]
    pub advice: Option<String>,
    /// `request`, `response` or `both`, where it can be told.
    #[serde(default)]
    pub direction: Option<String>,
    /// What it was, for types, limits and defaults.
    #[serde(default)]
    pub from: Option<String>,
    /// What it is now.
    #[serde(default)]
    pub to: Option<String>,
    /// Whether its own name or the configuration says that it is an experiment.
    #[serde(default)]
    pub experimental: bool,
    /// What it happens to: `operation`, `field`, `input`, `value`, `type`, `kind`, `response`, `login`, …
    #[serde(default)]
    pub what: String,
    /// What the subject belongs to: a type or an operation.
    #[serde(default)]
    pub owner: Option<String>,
    /// Whether what is removed was marked for removal before.
    #[serde(default)]
    pub announced: bool,
    /// The titles of other services of this repository whose code still names the operation.
    #[serde(default)]
    pub callers: Vec<String>,
    /// The addresses by which an operation of protocol buffers is called over HTTP, as written.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// Whether it only says how data is written: no operation that this repository describes takes or gives it.
    #[serde(default)]
    pub data_only: bool,
}

/// Who may see or do what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccessFacts {
    /// `login`, `scope`, `permission`, `row_policy`, `grant`, `cors`, `exposure`, `workflow_permission`, `secret`.
    pub what: String,
    /// The operation, table, port or file it is about.
    pub subject: String,
    /// `loosened`, `tightened` or `changed`.
    pub change: String,
    /// What it was, never a secret's value.
    pub from: Option<String>,
    /// What it is now, never a secret's value.
    pub to: Option<String>,
}

/// Personal data newly stored, or a new outside recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PrivacyFacts {
    /// `stored` or `recipient`.
    pub what: String,
    /// The kind of data (`email`, `phone`, `birth_date`, `address`, `bank`, …) or the recipient.
    pub subject: String,
    /// Where it is stored, as `table.column`, or the package that sends.
    pub place: String,
}

/// What happens to a whole service, or to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It has another name.
    Renamed,
}

/// A whole service added, removed or renamed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceFacts {
    /// The service; the old name for a rename.
    pub name: String,
    /// What happens to it.
    pub change: Presence,
    /// The new name.
    pub to: Option<String>,
    /// `product`, `support` or `store`.
    #[serde(default)]
    pub role: String,
}

/// An area that the configuration marks as sensitive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SensitiveFacts {
    /// The area's name.
    pub area: String,
    /// Its owner.
    pub owner: Option<String>,
    /// How many changed files lie in it.
    pub files: u32,
    /// Whether stored data, API or settings change in the same area.
    pub with_consequence: bool,
}

/// Own code or settings of two or more product services changed by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CrossServiceFacts {
    /// The services, by name, sorted.
    pub services: Vec<String>,
    /// A shared contract or setting through which they change together.
    #[serde(default)]
    pub shared: Option<String>,
    /// Services that change for a lesser reason, by that reason: `packages`, `generated`, `tests`, `docs`, `spacing`.
    #[serde(default)]
    pub others: std::collections::BTreeMap<String, Vec<String>>,
}

/// One service now calls another, or no longer does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectionFacts {
    /// The caller.
    pub from: String,
    /// The called.
    pub to: String,
    /// `added` or `removed`.
    pub change: Presence,
    /// What says so: `compose`, `environment`, `kubernetes`, `workspace`, `contract`, `catalog`.
    pub how: String,
    /// Whether one of the two comes or goes with it.
    #[serde(default)]
    pub with_service: bool,
}

/// Services changed by hand that the author's words never name, though they name others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnnamedServiceFacts {
    /// The service.
    pub service: String,
    /// The one changed line before, where only one changes.
    pub from: Option<String>,
    /// The one changed line now.
    pub to: Option<String>,
    /// How many lines written by hand change in it.
    pub lines: u32,
}

/// The author's words and the parsed files disagree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ContradictionFacts {
    /// The author's words, verbatim.
    pub quote: String,
    /// The name that they speak of.
    pub name: String,
    /// What they claim: `removed`, `added`, `renamed`, `required`, …
    pub claim: String,
    /// What the file shows: `still_lists`, `does_not_list`, `shows_optional`, …
    pub shows: String,
    /// What the name is a part of there, where that is known.
    #[serde(default)]
    pub of: Option<String>,
    /// The file.
    pub file: String,
}

/// The change does more than its title says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BeyondTitleFacts {
    /// The word of the title: `move`, `rename`, `fix`, `bump`, …
    pub verb: String,
    /// The kinds of findings beyond it, in their order.
    pub kinds: Vec<String>,
    /// How many packages of the exact lists change version (`changed`), are new (`new`) and go (`gone`), where many do.
    #[serde(default)]
    pub locked: std::collections::BTreeMap<String, u32>,
}

/// The old value still stands elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftBehindFacts {
    /// `number`, `text` or `name`.
    pub what: String,
    /// The key or constant.
    pub key: String,
    /// The old value; null for a name.
    pub old: Option<String>,
    /// The new value; null where it is gone.
    pub new: Option<String>,
    /// Where the old one still stands.
    pub places: Vec<String>,
}

/// What happens to a setting or a switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettingChange {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It has another value.
    Changed,
}

/// A setting changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigFacts {
    /// The key, with dots for nesting.
    pub key: String,
    /// What it was; null where new, or where it looks like a secret.
    pub from: Option<String>,
    /// What it is; null where gone, or where it looks like a secret.
    pub to: Option<String>,
    /// What happens to it.
    pub change: SettingChange,
    /// `production`, `development`, … where the file says so.
    pub environment: Option<String>,
    /// The places that hold it.
    #[serde(default)]
    pub places: Vec<String>,
    /// Whether its value looks like a secret and is therefore not shown.
    #[serde(default)]
    pub secret: bool,
}

/// A feature switch changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FeatureFlagFacts {
    /// The switch.
    pub key: String,
    /// What happens to it.
    pub change: SettingChange,
    /// How it started before.
    pub from: Option<String>,
    /// How it starts now.
    pub to: Option<String>,
    /// `flagd`, `unleash`, …
    pub system: String,
}

/// A job runs at another time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScheduleFacts {
    /// The job.
    pub job: String,
    /// What happens to it.
    pub change: SettingChange,
    /// When it ran, as written.
    pub from: Option<String>,
    /// When it runs, as written.
    pub to: Option<String>,
}

/// A new version of the language or its tools.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuntimeFacts {
    /// `node`, `python`, `go`, …
    pub tool: String,
    /// The version before.
    pub from: Option<String>,
    /// The version now.
    pub to: Option<String>,
    /// By version number.
    pub step: VersionStep,
    /// The file.
    pub file: String,
}

/// Words on screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UiTextFacts {
    /// The text's key; null where the finding is about a language as a whole.
    pub key: Option<String>,
    /// What happens.
    pub change: SettingChange,
    /// The words before.
    pub from: Option<String>,
    /// The words now.
    pub to: Option<String>,
    /// The language.
    pub language: String,
    /// Languages left without the new text, sorted.
    pub missing_in: Vec<String>,
    /// How many texts it is about.
    #[serde(default)]
    pub texts: u32,
}

/// Build, release and deployment steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InfraFacts {
    /// `workflow`, `image`, `compose`, `kubernetes`, `helm`, `terraform`, `build`, `deploy`.
    pub what: String,
    /// The files.
    pub files: Vec<String>,
}

/// What happens to tests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestsFacts {
    /// Test files added.
    pub added: u32,
    /// Test files changed.
    pub changed: u32,
    /// Test files removed.
    pub removed: u32,
    /// Of the changed, how many are code files that carry their tests inside.
    #[serde(default)]
    pub inside: u32,
    /// Files of test data added, changed or removed.
    #[serde(default)]
    pub data: u32,
    /// Tests switched off.
    pub switched_off: u32,
    /// Tests switched on again.
    pub switched_on: u32,
    /// Names of single tests removed from files that stay.
    #[serde(default)]
    pub removed_names: Vec<String>,
    /// Whether code written by hand changed.
    #[serde(default)]
    pub code_changed: bool,
}

/// How large the change is for this repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SizeFacts {
    /// Files written by hand.
    pub files: u32,
    /// Lines added to files written by hand.
    pub lines: u32,
    /// Larger than this share of changes by people here in 12 months, in percent; null when there are too few.
    pub percentile: Option<u8>,
    /// The share of added lines that tools wrote, in percent.
    pub generated_percent: u8,
}

/// How much of the change is moved text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MovedCodeFacts {
    /// The share of added lines that match text removed elsewhere in this change, in percent.
    pub percent: u8,
    /// Files renamed.
    pub renamed: u32,
}

/// A busy file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HotspotFacts {
    /// The file.
    pub file: String,
    /// Changes in 12 months.
    pub changes: u32,
    /// Of these, how many mention a fix, bug or revert.
    pub fixes: u32,
}

/// Who knows an area.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OwnershipFacts {
    /// The file or folder.
    pub area: String,
    /// Who made most changes; null where nobody is still active.
    pub person: Option<String>,
    /// Changes by that person.
    pub made: u32,
    /// All changes that were looked at.
    pub of: u32,
}

/// A file that could not be read, or a question that could not be answered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct CouldNotCheck {
    /// The file.
    pub path: String,
    /// A key of the templates' list of reasons (`binary`, `too_large`, `missing`, `unknown_format`, `own_code`, …),
    /// or a sentence of a parser behind a colon, as `broken: expected a string`.
    pub reason: String,
}
