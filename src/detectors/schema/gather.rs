//! Every step of every changed migration and declared schema, as written, with where it stands.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::past::Past;
use super::{Context, Found, FoundAccess, Report};
use crate::change::{ChangeKind, Content, FileChange, RepoPath, Role, Snapshot};
use crate::finding::{Evidence, SchemaOp, Side};
use crate::formats::schema::sql::plain;
use crate::formats::schema::{
    AccessStep, Column, DECLARED, DeclaredReader, Inventory, MIGRATIONS, Migration, MigrationReader, Step,
    Table, access_difference, difference, field_difference, table_difference,
};

/// More steps than any file that people write or read takes: a dump, or made to hurt.
const MOST_STEPS: usize = 10_000;

/// What the changed files say.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) steps: Vec<Found>,
    pub(super) access: Vec<FoundAccess>,
    /// What differs between model classes, where no migration changes.
    models: Vec<(RepoPath, Step)>,
}

pub(super) fn gather(cx: &Context<'_>, report: &mut Report) -> Gathered {
    let mut gathered = Gathered::default();
    let mut files: Vec<&FileChange> = cx.changes.files().iter().filter(|file| may_speak(file)).collect();
    files.sort_by_cached_key(|file| natural(file.path.as_str()));
    let mut past = Past::new(cx);
    let mut migrations: Vec<&RepoPath> = Vec::new();
    let moved = moved(&files);
    for file in &files {
        let Some(reader) = migration_reader(file) else {
            note_unreadable(file, report);
            continue;
        };
        migrations.push(&file.path);
        if !moved.contains(&file.path) {
            migration(cx, report, file, reader, &mut past, &mut gathered);
        }
    }
    rebuild(&files, &mut past, &mut gathered.steps);
    for file in &files {
        if migration_reader(file).is_none()
            && let Some(reader) = declared_reader(file)
        {
            declared(cx, report, file, reader, &migrations, &mut gathered);
        }
    }
    // a declared schema of the same change says it with more certainty
    if gathered.steps.is_empty() {
        note_models(&gathered.models, report);
    }
    gathered
}

/// Joins what the new files of one home and engine do to a table that they make anew together.
fn rebuild(files: &[&FileChange], past: &mut Past<'_>, steps: &mut Vec<Found>) {
    let mut groups: BTreeMap<(&str, Option<&str>), Vec<usize>> = BTreeMap::new();
    for (at, found) in steps.iter().enumerate().filter(|(_, found)| !found.rewrites_history) {
        groups.entry((&found.home, found.engine.as_deref())).or_default().push(at);
    }
    let mut gone: HashSet<usize> = HashSet::new();
    let mut told: Vec<(usize, Found)> = Vec::new();
    for places in groups.into_values() {
        let group: Vec<&Found> = places.iter().map(|at| &steps[*at]).collect();
        let path = group.first().and_then(|found| found.evidence.first()).map(|place| &place.path);
        let file = path.and_then(|path| files.iter().find(|file| file.path == *path));
        let Some((file, reader)) = file.and_then(|file| Some((file, migration_reader(file)?))) else {
            continue;
        };
        let Some(anew) = past.rebuild(reader, file, &group) else { continue };
        told.extend(anew.into_iter().map(|(at, step)| (places[at], Found { step, ..group[at].clone() })));
        gone.extend(places);
    }
    if gone.is_empty() {
        return;
    }
    let kept = std::mem::take(steps).into_iter().enumerate().filter(|(at, _)| !gone.contains(at));
    told.extend(kept);
    told.sort_by_key(|(at, _)| *at);
    steps.extend(told.into_iter().map(|(_, found)| found));
}

/// Says of each model whose stored fields changed that no migration tells what becomes of stored data. What goes here
/// and comes there has moved: a class to another file or name, fields to a class that both build on, or back.
fn note_models(models: &[(RepoPath, Step)], report: &mut Report) {
    let fields = |step: &Step| -> Vec<String> {
        let columns = step.shape.iter().flat_map(|shape| &shape.columns).map(|column| column.name.clone());
        step.column.clone().into_iter().chain(columns).collect()
    };
    let of = |ops: [SchemaOp; 2]| -> HashMap<String, Vec<&str>> {
        let mut places: HashMap<String, Vec<&str>> = HashMap::new();
        for (_, step) in models.iter().filter(|(_, step)| ops.contains(&step.op)) {
            for field in fields(step) {
                places.entry(field).or_default().push(&step.table);
            }
        }
        places
    };
    let come = of([SchemaOp::AddTable, SchemaOp::AddColumn]);
    let gone = of([SchemaOp::DropTable, SchemaOp::DropColumn]);
    let has_moved = |step: &Step| {
        let (there, is_class) = match step.op {
            SchemaOp::AddTable => (&gone, true),
            SchemaOp::DropTable => (&come, true),
            SchemaOp::AddColumn => (&gone, false),
            SchemaOp::DropColumn => (&come, false),
            _ => return false,
        };
        fields(step).iter().all(|field| {
            let classes = there.get(field).map(Vec::as_slice).unwrap_or_default();
            classes.iter().any(|class| is_class || *class != step.table)
        })
    };
    let mut told: HashSet<(&RepoPath, &str)> = HashSet::new();
    for (path, step) in models.iter().filter(|(_, step)| step.op != SchemaOp::ChangeDefault) {
        let model = step.table.as_str();
        let is_part = step.shape.as_ref().is_some_and(|shape| shape.part);
        if !is_part && !has_moved(step) && told.insert((path, model)) {
            report.could_not_check(path, format!("model_shape: {model}"));
        }
    }
}

/// Copies, tests, prose and pictures do not shape stored data.
fn may_speak(file: &FileChange) -> bool {
    !matches!(
        file.role,
        Role::Vendored | Role::Lock | Role::Docs | Role::Test | Role::Translation | Role::Asset
    )
}

fn text_of(file: &FileChange) -> Option<&str> {
    file.after_text().or_else(|| file.before_text())
}

fn migration_reader(file: &FileChange) -> Option<&'static dyn MigrationReader> {
    let text = text_of(file)?;
    MIGRATIONS.iter().copied().find(|reader| reader.reads(&file.path, text))
}

fn declared_reader(file: &FileChange) -> Option<&'static dyn DeclaredReader> {
    let text = text_of(file)?;
    DECLARED.iter().copied().find(|reader| reader.reads(&file.path, text))
}

fn note_unreadable(file: &FileChange, report: &mut Report) {
    if file.role != Role::Migration {
        return;
    }
    let reason = match file.after().or_else(|| file.before()) {
        Some(Content::Binary) => "binary",
        Some(Content::TooLarge { .. }) => "too_large",
        Some(Content::Missing) => "missing",
        _ => return,
    };
    report.could_not_check(&file.path, reason);
}

/// Files that are deleted here and added there with the same text: nothing happened to stored data.
fn moved(files: &[&FileChange]) -> Vec<RepoPath> {
    let mut moved = Vec::new();
    for gone in files.iter().filter(|file| matches!(file.kind, ChangeKind::Deleted { .. })) {
        let twin = files.iter().find(|file| {
            matches!(file.kind, ChangeKind::Added { .. })
                && file.after_text().is_some()
                && file.after_text() == gone.before_text()
        });
        if let Some(twin) = twin {
            moved.extend([gone.path.clone(), twin.path.clone()]);
        }
    }
    moved
}

fn migration(
    cx: &Context<'_>,
    report: &mut Report,
    file: &FileChange,
    reader: &'static dyn MigrationReader,
    past: &mut Past<'_>,
    gathered: &mut Gathered,
) {
    let found = |step: Step, side: Side, rewrites: bool| {
        let path = if side == Side::After { &file.path } else { file.old_path() };
        Found {
            evidence: vec![Evidence { path: path.clone(), line: Some(step.line), side }],
            step,
            style: reader.style(),
            rewrites_history: rewrites,
            home: home(&file.path),
            engine: engine(&file.path).or_else(|| own_engine(file)),
            on_new_table: false,
        }
    };
    let access = |step: AccessStep, side: Side, rewrites: bool| {
        let path = if side == Side::After { &file.path } else { file.old_path() };
        FoundAccess {
            evidence: Evidence { path: path.clone(), line: Some(step.line), side },
            step,
            home: home(&file.path),
            rewrites_history: rewrites,
        }
    };
    if let ChangeKind::Deleted { .. } = file.kind {
        // what did nothing leaves nothing behind
        let did = file.before_text().and_then(|text| reader.read(&file.path, text, Some(""), cx.before).ok());
        if did.is_some_and(|did| did.steps.is_empty() && did.access.is_empty() && did.unread.is_empty()) {
            return;
        }
        let step = Step::new(SchemaOp::Other, "", 1)
            .detail("what", "migration_deleted")
            .detail("name", file.path.file_name());
        gathered.steps.push(found(step, Side::Before, true));
        return;
    }
    // moved, and nothing else: what a path says of the engine may read the same text in another way
    if file.after_text().is_some() && file.after_text() == file.before_text() {
        return;
    }
    let Some(mut after) = read(reader, &file.path, file.after_text(), cx.after, report) else { return };
    past.resolve(reader, file, &mut after.steps);
    let is_new = matches!(file.kind, ChangeKind::Added { .. });
    if is_new || file.path.file_name().starts_with("R__") {
        for (_, words) in &after.unread {
            report.could_not_check(&file.path, format!("unread_statement: {words}"));
        }
    }
    if is_new {
        if after.steps.iter().any(|step| step.details.get("what").is_some_and(|what| what == "own_code")) {
            report.could_not_check(&file.path, "own_code");
        }
        gathered.steps.extend(after.steps.into_iter().map(|step| found(step, Side::After, false)));
        gathered.access.extend(after.access.into_iter().map(|step| access(step, Side::After, false)));
        return;
    }
    let Some(mut before) = read(reader, file.old_path(), file.before_text(), cx.before, report) else {
        return;
    };
    past.resolve(reader, file, &mut before.steps);
    // a repeatable migration is meant to be edited
    let grows = file.after_text().is_some_and(|text| reader.appends(text));
    let rewrites = !file.path.file_name().starts_with("R__") && !is_reworked(cx, file);
    let (mut gained, mut lost) = (missing(&after.steps, &before.steps), missing(&before.steps, &after.steps));
    let mut shaped = reshaped(&mut gained, &mut lost);
    rewritten_rules(&mut shaped, &mut gained, &mut lost);
    for (step, side) in shaped {
        gathered.steps.push(found(step, side, rewrites));
    }
    for step in gained {
        gathered.steps.push(found(step, Side::After, rewrites && !grows));
    }
    for step in lost {
        if let Some(step) = turned(step) {
            gathered.steps.push(found(step, Side::Before, rewrites));
        }
    }
    let changed = access_difference(&before.access, &after.access);
    gathered.access.extend(changed.into_iter().map(|(step, side)| access(step, side, rewrites && !grows)));
}

/// Whether the text as it was is kept in a file of its own, `x@v1.sql` beside `x.sql`: Sqitch's way to change a step
/// that has run.
fn is_reworked(cx: &Context<'_>, file: &FileChange) -> bool {
    let name = file.path.file_name();
    let former = format!("{}@", name.rsplit_once('.').map_or(name, |(stem, _)| stem));
    cx.changes.files().iter().any(|other| {
        matches!(other.kind, ChangeKind::Added { .. })
            && other.path.folder() == file.path.folder()
            && other.path.file_name().starts_with(&former)
    })
}

/// The engine that the text itself shows beyond doubt.
fn own_engine(file: &FileChange) -> Option<String> {
    text_of(file)?.contains("[dbo].").then(|| "sqlserver".to_owned())
}

fn read(
    reader: &dyn MigrationReader,
    path: &RepoPath,
    text: Option<&str>,
    tree: &dyn Snapshot,
    report: &mut Report,
) -> Option<Migration> {
    match reader.read(path, text?, None, tree) {
        Ok(migration) if migration.steps.len() > MOST_STEPS => {
            report.could_not_check(path, "too_large");
            None
        }
        Ok(migration) => Some(migration),
        Err(unreadable) => {
            report.could_not_check(path, unreadable.reason);
            None
        }
    }
}

/// A new table or field whose text was edited, taken out of what was gained and lost: told field by field.
fn reshaped(gained: &mut Vec<Step>, lost: &mut Vec<Step>) -> Vec<(Step, Side)> {
    let mut steps = Vec::new();
    gained.retain(|new| {
        let twin = lost.iter().position(|old| {
            old.op == new.op
                && matches!(new.op, SchemaOp::AddTable | SchemaOp::AddColumn)
                && plain(&old.table) == plain(&new.table)
                && old.column.as_deref().map(plain) == new.column.as_deref().map(plain)
        });
        let Some(old) = twin.map(|at| lost.remove(at)) else { return true };
        if let (Some(was), Some(now)) = (field_of(&old), field_of(new)) {
            let differences = field_difference(&new.table, &was, &now);
            steps.extend(differences.into_iter().map(|step| (step, Side::After)));
        }
        if let (Some(old), Some(shape)) = (&old.shape, &new.shape) {
            table_difference(old, &Table { name: new.table.clone(), ..shape.clone() }, &mut steps);
        }
        false
    });
    // what a new database no longer gets is lost nowhere
    steps.into_iter().map(|(step, side)| (Step { destructive: false, ..step }, side)).collect()
}

/// A rule that was a step of its own and now stands with its table, or the other way round, is the same rule.
fn rewritten_rules(shaped: &mut Vec<(Step, Side)>, gained: &mut Vec<Step>, lost: &mut Vec<Step>) {
    let heart = |step: &Step| {
        let covers = step.column.as_deref().map(plain);
        (plain(&step.table), covers, step.details.get("what").cloned())
    };
    shaped.retain(|(step, _)| {
        let (own, others) = match step.op {
            SchemaOp::AddConstraint | SchemaOp::AddIndex => (step.op, &mut *lost),
            SchemaOp::DropConstraint => (SchemaOp::AddConstraint, &mut *gained),
            SchemaOp::DropIndex => (SchemaOp::AddIndex, &mut *gained),
            _ => return true,
        };
        let twin = others
            .iter()
            .position(|other| step.column.is_some() && other.op == own && heart(other) == heart(step));
        twin.map(|at| others.remove(at)).is_none()
    });
}

/// The field that a step adds.
fn field_of(step: &Step) -> Option<Column> {
    let mut field = Column { name: step.column.clone()?, line: step.line, ..Column::default() };
    field.take(step);
    Some(field)
}

/// The steps of `all` that `known` lacks.
fn missing(all: &[Step], known: &[Step]) -> Vec<Step> {
    let mut known: Vec<_> = known.iter().map(identity).collect();
    all.iter()
        .filter(|step| match known.iter().position(|other| *other == identity(step)) {
            Some(at) => {
                known.swap_remove(at);
                false
            }
            None => true,
        })
        .cloned()
        .collect()
}

/// What makes a step itself, wherever it stands.
fn identity(step: &Step) -> impl PartialEq {
    let shape = step.shape.as_ref().map(|shape| {
        let columns: Vec<_> = shape
            .columns
            .iter()
            .map(|column| {
                (plain(&column.name), column.type_.clone(), column.nullable, column.default.clone())
            })
            .collect();
        let rules: Vec<_> = shape
            .indexes
            .iter()
            .chain(&shape.constraints)
            .map(|rule| (rule.what.clone(), rule.columns.clone()))
            .collect();
        (columns, rules)
    });
    (
        step.op,
        plain(&step.table),
        step.column.clone(),
        (step.to.clone(), step.type_.clone(), step.nullable, step.default.clone()),
        (step.details.clone(), step.text.clone()),
        shape,
    )
}

/// What an edit takes back: the step that a text lost, seen from a new database. What deleted is not undone by that.
fn turned(step: Step) -> Option<Step> {
    let op = match step.op {
        SchemaOp::AddTable => SchemaOp::DropTable,
        SchemaOp::DropTable => SchemaOp::AddTable,
        SchemaOp::AddColumn => SchemaOp::DropColumn,
        SchemaOp::DropColumn => SchemaOp::AddColumn,
        SchemaOp::AddIndex => SchemaOp::DropIndex,
        SchemaOp::DropIndex => SchemaOp::AddIndex,
        SchemaOp::AddConstraint => SchemaOp::DropConstraint,
        SchemaOp::DropConstraint => SchemaOp::AddConstraint,
        other => other,
    };
    // rows that are no longer added to new databases are gone nowhere
    (op != SchemaOp::DataBackfill || step.destructive).then_some(Step { op, destructive: false, ..step })
}

fn declared(
    cx: &Context<'_>,
    report: &mut Report,
    file: &FileChange,
    reader: &'static dyn DeclaredReader,
    migrations: &[&RepoPath],
    gathered: &mut Gathered,
) {
    let mut read = |path: &RepoPath, text: Option<&str>| match text {
        None => Some(Inventory::default()),
        Some(text) => match reader.read(path, text) {
            Ok(inventory) => Some(inventory),
            Err(unreadable) => {
                report.could_not_check(path, unreadable.reason);
                None
            }
        },
    };
    let (Some(before), Some(after)) =
        (read(file.old_path(), file.before_text()), read(&file.path, file.after_text()))
    else {
        return;
    };
    let (steps, access) = difference(&before, &after);
    if steps.len() > MOST_STEPS {
        return report.could_not_check(&file.path, "too_large");
    }
    let place = |line: u32, side: Side| Evidence {
        path: if side == Side::After { file.path.clone() } else { file.old_path().clone() },
        line: Some(line),
        side,
    };
    if reader.is_model() {
        // a migration of the same change says it with more certainty
        if migrations.is_empty() {
            // a class that only gets or loses the marks of a stored one says nothing of when it is stored
            let stands = |text: Option<&str>, step: &Step| {
                text.is_some_and(|text| text.contains(&format!("class {}", step.table)))
            };
            let told = steps.into_iter().map(|(step, _)| step).filter(|step| match step.op {
                SchemaOp::AddTable => !stands(file.before_text(), step),
                SchemaOp::DropTable => !stands(file.after_text(), step),
                _ => true,
            });
            gathered.models.extend(told.map(|step| (file.path.clone(), step)));
        }
        return;
    }
    // a script for new databases, with the steps for old ones below it
    let folder = file.path.folder();
    let has_steps = !folder.is_empty() && migrations.iter().any(|path| path.is_in(folder));
    if has_steps || says_the_same(&steps, &gathered.steps) || mirrors(cx, reader, &file.path) {
        if !migrations.is_empty() {
            evidence(&steps, &place, &mut gathered.steps);
        } else {
            for table in steps.iter().map(|(step, _)| &step.table).filter(|table| !table.is_empty()) {
                report.could_not_check(&file.path, format!("model_shape: {table}"));
            }
        }
        return;
    }
    if is_one_of_many(cx, file, reader, &before, &after) {
        return;
    }
    let is_init = is_init_script(&file.path);
    for (step, side) in steps {
        gathered.steps.push(Found {
            evidence: vec![place(step.line, side)],
            step: step.detail("declared", if is_init { "init_script" } else { "schema" }),
            style: reader.style(),
            rewrites_history: false,
            home: file.path.folder().to_owned(),
            engine: engine(&file.path),
            on_new_table: false,
        });
    }
    for (step, side) in access {
        gathered.access.push(FoundAccess {
            evidence: place(step.line, side),
            step,
            home: file.path.folder().to_owned(),
            rewrites_history: false,
        });
    }
}

/// Whether a schema that comes or goes as a whole is one more, or one less, of several that say the same: for another
/// engine, or another stage of the product.
fn is_one_of_many(
    cx: &Context<'_>,
    file: &FileChange,
    reader: &'static dyn DeclaredReader,
    before: &Inventory,
    after: &Inventory,
) -> bool {
    /// Enough to find one that says the same.
    const MOST: usize = 20;
    // what comes is compared with what was there, what goes with what stays
    let (tree, own) = match file.kind {
        ChangeKind::Added { .. } => (cx.before, after),
        ChangeKind::Deleted { .. } => (cx.after, before),
        _ => return false,
    };
    let is_kin = |path: &RepoPath| {
        *path != file.path
            && (path.file_name() == file.path.file_name()
                || path.folder() == file.path.folder()
                    && engine(path).is_some()
                    && engine(&file.path).is_some())
    };
    let tables: HashSet<String> = own.tables.iter().map(|table| plain(&table.name)).collect();
    tree.paths().iter().filter(|path| is_kin(path)).take(MOST).any(|path| {
        let Some(Content::Text(text)) = tree.read(path) else { return false };
        let Some(other) = reader.reads(path, &text).then(|| reader.read(path, &text).ok()).flatten() else {
            return false;
        };
        let same = other.tables.iter().filter(|table| tables.contains(&plain(&table.name))).count();
        same > 0 && same * 2 >= tables.len()
    })
}

/// Whether migrations stand beside a declared schema, which then says after them what they do.
fn mirrors(cx: &Context<'_>, reader: &dyn DeclaredReader, path: &RepoPath) -> bool {
    reader.mirrored(path, cx.before) || reader.mirrored(path, cx.after)
}

/// Whether migrations of the change say most of what differs, wherever they lie.
fn says_the_same(steps: &[(Step, Side)], found: &[Found]) -> bool {
    let key = |step: &Step| {
        let name = step.details.get("name").filter(|_| step.op == SchemaOp::Other);
        (step.op, plain(&step.table), step.column.as_deref().map(plain), name.map(|name| plain(name)))
    };
    let by_migrations = found.iter().filter(|one| !one.step.details.contains_key("declared"));
    let said: HashSet<_> = by_migrations.map(|one| key(&one.step)).collect();
    let about_tables: Vec<_> = steps.iter().filter(|(step, _)| !step.table.is_empty()).collect();
    let told = if about_tables.is_empty() { steps.iter().collect() } else { about_tables };
    !told.is_empty() && 2 * told.iter().filter(|(step, _)| said.contains(&key(step))).count() >= told.len()
}

/// What a mirror says adds a place to look at.
fn evidence(steps: &[(Step, Side)], place: &dyn Fn(u32, Side) -> Evidence, found: &mut [Found]) {
    for one in found.iter_mut().filter(|one| !one.step.table.is_empty()) {
        let same = steps.iter().find(|(step, _)| {
            step.op == one.step.op
                && plain(&step.table) == one.table()
                && step.column.as_deref().map(plain) == one.step.column.as_deref().map(plain)
        });
        if let Some((step, side)) = same {
            one.evidence.push(place(step.line, *side));
        }
    }
}

/// Where the migrations of one database lie.
pub(super) fn home(path: &RepoPath) -> String {
    const ROOTS: [&str; 8] =
        ["migrations", "migration", "migrate", "versions", "changelog", "changelogs", "drizzle", "deploy"];
    let folders: Vec<&str> = path.folders().collect();
    match folders.iter().rposition(|folder| ROOTS.contains(&folder.to_ascii_lowercase().as_str())) {
        // what lies one deeper belongs to one migration, or is a year or an engine
        Some(at) => match folders.get(at + 1) {
            Some(below) if engine_of(below).is_some() => folders[..=at + 1].join("/"),
            _ => folders[..=at].join("/"),
        },
        None => path.folder().to_owned(),
    }
}

fn engine_of(word: &str) -> Option<String> {
    crate::formats::schema::sql::Dialect::named(word).map(|_| word.to_ascii_lowercase())
}

/// The engine that a path names.
pub(super) fn engine(path: &RepoPath) -> Option<String> {
    path.as_str().rsplit(['/', '.', '-', '_']).find_map(|word| {
        // `MySqlMigrations`
        let word = word.to_ascii_lowercase();
        let bare = ["migrations", "migration"].iter().find_map(|end| word.strip_suffix(end));
        engine_of(bare.unwrap_or(&word))
    })
}

/// Numbers in a name compare as numbers: `9_x` before `10_x`.
pub(super) fn natural(name: &str) -> Vec<(u64, String)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let words = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let digits = rest[words..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - words);
        parts.push((0, rest[..words].to_owned()));
        if digits > 0 {
            parts.push((rest[words..words + digits].parse().unwrap_or(u64::MAX), String::new()));
        }
        rest = &rest[words + digits..];
    }
    parts
}

/// Whether a script runs only when a database is made: what stands in it touches nobody's stored data.
pub(super) fn is_init_script(path: &RepoPath) -> bool {
    path.file_name().starts_with("init") || path.folder().contains("initdb")
}
