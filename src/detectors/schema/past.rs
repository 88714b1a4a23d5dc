//! What was stored before the change, as far as a step needs it: asked late, read once.

use std::collections::{BTreeMap, HashSet};

use super::gather::{engine, home, natural};
use super::rebuilt::rebuilt;
use super::{Context, Found};
use crate::change::{ChangeKind, Content, FileChange, RepoPath};
use crate::finding::SchemaOp;
use crate::formats::schema::sql::plain;
use crate::formats::schema::{
    Column, DECLARED, Inventory, MigrationReader, Rule, States, Step, Table, even, field_difference,
};

/// More files than any folder of migrations holds.
const MOST_FILES: usize = 5_000;

/// Tables that a baseline writes down again, at least: one or two of the same name may lie in another database.
const LEAST_OF_BASELINE: usize = 3;

/// The state before, by home of migrations and engine.
pub(super) struct Past<'a> {
    cx: &'a Context<'a>,
    known: BTreeMap<(String, Option<String>), Known>,
}

/// The state of one database, and every index that was ever made in it.
#[derive(Default)]
struct Known {
    inventory: Inventory,
    indexes: BTreeMap<String, (String, Option<String>, String)>,
}

impl<'a> Past<'a> {
    pub(super) fn new(cx: &'a Context<'a>) -> Self {
        Self { cx, known: BTreeMap::new() }
    }

    /// The state before `file` at its home: from the schema file that mirrors it, else by running the migrations before.
    fn of(&mut self, reader: &dyn MigrationReader, file: &FileChange) -> &Known {
        let cx = self.cx;
        self.known.entry((home(&file.path), engine(&file.path))).or_insert_with(|| {
            let mut known = replayed(cx, reader, file);
            if let Some(mirror) = mirror(cx, &file.path) {
                let replayed = std::mem::replace(&mut known.inventory, mirror);
                known.inventory.learn(replayed);
            }
            for table in &known.inventory.tables {
                for rule in table.indexes.iter().chain(&table.constraints) {
                    known
                        .indexes
                        .entry(plain(&rule.name))
                        .or_insert_with(|| (table.name.clone(), rule.columns.clone(), rule.what.clone()));
                }
            }
            known
        })
    }

    /// Puts what differs in place of a table that several files of one home make anew, a statement in each: each step
    /// with the place of the one that it was, or stands for. Nothing where no table is made anew.
    pub(super) fn rebuild(
        &mut self,
        reader: &'static dyn MigrationReader,
        file: &FileChange,
        found: &[&Found],
    ) -> Option<Vec<(usize, Step)>> {
        let made: HashSet<String> =
            found.iter().filter(|one| one.step.op == SchemaOp::AddTable).map(|one| one.table()).collect();
        let is_swap = |one: &&Found| {
            let to = one.step.to.as_deref().map(plain).unwrap_or_default();
            one.step.op == SchemaOp::RenameTable && (made.contains(&one.table()) || made.contains(&to))
        };
        found.iter().any(is_swap).then(|| {
            let steps = found.iter().map(|one| one.step.clone()).collect();
            rebuilt(steps, |table| self.of(reader, file).inventory.table(table).cloned())
        })
    }

    /// Fills in what only the state before tells.
    pub(super) fn resolve(
        &mut self,
        reader: &'static dyn MigrationReader,
        file: &FileChange,
        steps: &mut Vec<Step>,
    ) {
        let anew =
            rebuilt(std::mem::take(steps), |table| self.of(reader, file).inventory.table(table).cloned());
        *steps = anew.into_iter().map(|(_, step)| step).collect();
        swapped_lists(steps);
        let is_new = matches!(file.kind, ChangeKind::Added { .. });
        let tables = steps.iter().filter(|step| step.op == SchemaOp::AddTable).count();
        if is_new && tables >= LEAST_OF_BASELINE {
            without_what_stands(steps, tables, &self.of(reader, file).inventory);
        }
        let mut made: Inventory = Inventory::default();
        // the indexes and constraints that the migration itself makes, by name
        let mut rules: BTreeMap<String, (String, Option<String>, String)> = BTreeMap::new();
        // fields that the migration itself adds to tables that were there
        let mut fields: BTreeMap<(String, String), Column> = BTreeMap::new();
        let grown: HashSet<String> = steps
            .iter()
            .filter(|step| step.op == SchemaOp::AddColumn)
            .map(|step| plain(&step.table))
            .collect();
        let aids: HashSet<String> = steps
            .iter()
            .filter(|step| step.op == SchemaOp::AddIndex)
            .filter_map(|step| step.details.get("name").map(|name| plain(name)))
            .collect();
        let mut resolved = Vec::with_capacity(steps.len());
        for step in std::mem::take(steps) {
            let mut step = start_value_gone(step);
            match step.op {
                SchemaOp::DropIndex | SchemaOp::DropConstraint
                    if step.column.is_none() || step.table.is_empty() =>
                {
                    let name = step.details.get("name").map(|name| plain(name)).unwrap_or_default();
                    let here = rules.get(&name).cloned();
                    let found = here.or_else(|| self.of(reader, file).indexes.get(&name).cloned());
                    // nobody made it before, and this migration does: a guard
                    if step.op == SchemaOp::DropIndex && found.is_none() && aids.contains(&name) {
                        continue;
                    }
                    let written = step.details.get("name").map(String::as_str).unwrap_or_default();
                    let found = found
                        .or_else(|| by_convention(&step.table, written))
                        .or_else(|| by_table(&self.of(reader, file).inventory, &step, written));
                    if let Some((table, columns, what)) = found.filter(|_| !name.is_empty()) {
                        if step.table.is_empty() {
                            step.table = table;
                        }
                        step.column = step.column.or(columns);
                        step.details.entry("what".to_owned()).or_insert(what);
                    }
                }
                // what is dropped by its fields does not say that it kept them unique
                SchemaOp::DropIndex if step.details.get("what").is_none_or(|what| what == "index") => {
                    let name = step.details.get("name").map(|name| plain(name)).unwrap_or_default();
                    let covers = |rule: &Rule| rule.columns.as_deref().map(plain);
                    let known = self.of(reader, file);
                    let by_name =
                        known.indexes.get(&name).filter(|_| !name.is_empty()).map(|known| known.2.clone());
                    let by_place = || {
                        let rules = &known.inventory.table(&step.table)?.indexes;
                        let column = step.column.as_deref().map(plain);
                        rules.iter().find(|rule| covers(rule) == column).map(|rule| rule.what.clone())
                    };
                    let here = rules.get(&name).filter(|_| !name.is_empty()).map(|rule| rule.2.clone());
                    if let Some(what) = here.or(by_name).or_else(by_place) {
                        step.details.insert("what".to_owned(), what);
                    }
                }
                SchemaOp::ChangeType if reader.style() != "django" => {
                    let column = step.column.clone().unwrap_or_default();
                    let key = (plain(&step.table), plain(&column));
                    let was = made
                        .column(&step.table, &column)
                        .or_else(|| fields.get(&key))
                        .or_else(|| self.of(reader, file).inventory.column(&step.table, &column))
                        .cloned();
                    made.apply(&step);
                    let steps = told(step, was, is_new);
                    if let Some(field) = fields.get_mut(&key) {
                        steps.iter().for_each(|step| field.take(step));
                    }
                    resolved.extend(steps);
                    continue;
                }
                // beside a new field of its type, one that goes may live on under the other name
                SchemaOp::DropColumn if step.type_.is_none() && grown.contains(&plain(&step.table)) => {
                    let column = step.column.as_deref().unwrap_or_default();
                    let known = self.of(reader, file).inventory.column(&step.table, column);
                    step.type_ = known.and_then(|field| field.type_.clone());
                }
                SchemaOp::DropTable
                    if step.details.contains_key("condition")
                    // a guard before the table is made: nothing goes where nothing was
                    && self.of(reader, file).inventory.table(&step.table).is_none()
                        && made.table(&step.table).is_none() =>
                {
                    step.details.insert("guard".to_owned(), "true".to_owned());
                }
                SchemaOp::ChangeNullability | SchemaOp::ChangeDefault => {
                    let key = (plain(&step.table), step.column.as_deref().map(plain).unwrap_or_default());
                    if let Some(field) = fields.get_mut(&key) {
                        field.take(&step);
                    }
                }
                SchemaOp::AddColumn => {
                    let name = step.column.clone().unwrap_or_default();
                    let mut field = Column { name, line: step.line, ..Column::default() };
                    field.take(&step);
                    fields.insert((plain(&step.table), plain(&field.name)), field);
                }
                _ => {}
            }
            made.apply(&step);
            match step.op {
                SchemaOp::AddIndex | SchemaOp::AddConstraint => {
                    if let Some(name) = step.details.get("name") {
                        let what = step.details.get("what").cloned().unwrap_or_default();
                        rules.insert(plain(name), (step.table.clone(), step.column.clone(), what));
                    }
                }
                SchemaOp::AddTable => {
                    for rule in
                        step.shape.iter().flat_map(|shape| shape.indexes.iter().chain(&shape.constraints))
                    {
                        let told = (step.table.clone(), rule.columns.clone(), rule.what.clone());
                        rules.insert(plain(&rule.name), told);
                    }
                }
                _ => {}
            }
            resolved.push(step);
        }
        *steps = resolved;
    }
}

/// Tables that a baseline, a squashed migration or a snapshot for new databases writes down once more are no new ones.
fn without_what_stands(steps: &mut Vec<Step>, tables: usize, before: &Inventory) {
    let goes = |table: &str| {
        steps.iter().any(|step| {
            matches!(step.op, SchemaOp::DropTable | SchemaOp::RenameTable) && plain(&step.table) == table
        })
    };
    let stands = |step: &Step| {
        let (new, old) = (step.shape.as_ref()?, before.table(&step.table)?);
        let fields: HashSet<String> = old.columns.iter().map(|column| plain(&column.name)).collect();
        let same = new.columns.iter().filter(|column| fields.contains(&plain(&column.name))).count();
        let name = plain(&step.table);
        (same > 0 && same * 2 >= old.columns.len().max(new.columns.len()) && !goes(&name)).then_some(name)
    };
    let made = steps.iter().filter(|step| step.op == SchemaOp::AddTable);
    let known: HashSet<String> = made.filter_map(stands).collect();
    if known.len() < LEAST_OF_BASELINE || known.len() * 2 < tables {
        return;
    }
    steps.retain(|step| {
        let is_part = matches!(step.op, SchemaOp::AddTable | SchemaOp::AddIndex | SchemaOp::AddConstraint);
        !(is_part && known.contains(&plain(&step.table)))
    });
}

/// SQL Server keeps a start value as a constraint, which tools and people name `DF_table_field`: dropped, the field has
/// none any more.
fn start_value_gone(step: Step) -> Step {
    let name = step.details.get("name").map(String::as_str).unwrap_or_default();
    let table = step.table.rsplit('.').next().unwrap_or_default();
    let field = name.strip_prefix("DF_").and_then(|rest| rest.strip_prefix(table)?.strip_prefix('_'));
    match field.filter(|field| step.op == SchemaOp::DropConstraint && !field.is_empty()) {
        Some(field) => Step::new(SchemaOp::ChangeDefault, &step.table, step.line).column(field),
        None => step,
    }
}

/// `users_email_index`, `index_users_on_email`, `idx_users_email`: an index whose name begins with a table and goes on
/// with its fields.
fn by_table(known: &Inventory, step: &Step, name: &str) -> Option<(String, Option<String>, String)> {
    if step.op != SchemaOp::DropIndex || !step.table.is_empty() {
        return None;
    }
    let lower = plain(name);
    let bare = ["index_", "idx_", "ix_", "i_"].iter().find_map(|start| lower.strip_prefix(start));
    let bare = bare.unwrap_or(&lower);
    let fields = |table: &Table| {
        let rest = bare.strip_prefix(plain(&table.name).as_str())?.strip_prefix('_')?;
        let rest = rest.strip_prefix("on_").unwrap_or(rest);
        let ends = ["_index", "_idx", "_unique", "_key", "_uindex"];
        let rest = ends.iter().find_map(|end| rest.strip_suffix(end)).unwrap_or(rest);
        let mut names = table.columns.iter().map(|field| plain(&field.name)).filter(|name| !name.is_empty());
        if names.clone().any(|name| name == rest) {
            return Some(Some(rest.to_owned()));
        }
        // of several fields, the first tells the table
        names
            .any(|name| rest.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('_')))
            .then_some(None)
    };
    let found = known.tables.iter().filter_map(|table| Some((table, fields(table)?)));
    let (table, columns) = found.max_by_key(|(table, _)| table.name.len())?;
    Some((table.name.clone(), columns, "index".to_owned()))
}

/// What a rule is by its name: PostgreSQL names those that got none by the table, the field and the kind, and many
/// tools and people put the kind first or last.
fn by_convention(table: &str, name: &str) -> Option<(String, Option<String>, String)> {
    own_name(table, name).or_else(|| {
        const KINDS: [(&str, &[&str]); 4] = [
            ("primary_key", &["pk", "pkey"]),
            ("foreign_key", &["fk", "fkey", "foreign"]),
            ("unique", &["uq", "uk", "unq", "unique"]),
            ("check", &["ck", "chk", "check"]),
        ];
        let lower = name.to_ascii_lowercase();
        let mut words = lower.split('_');
        let (first, last) = (words.next()?, words.next_back()?);
        let kind = KINDS.iter().find(|(_, words)| words.contains(&first) || words.contains(&last));
        kind.filter(|_| !table.is_empty()).map(|(what, _)| (table.to_owned(), None, (*what).to_owned()))
    })
}

/// `table_field_fkey` and its kin.
fn own_name(table: &str, name: &str) -> Option<(String, Option<String>, String)> {
    const KINDS: [(&str, &str); 7] = [
        ("_fkey", "foreign_key"),
        ("_key", "unique"),
        ("_pkey", "primary_key"),
        ("_check", "check"),
        // Laravel's own
        ("_foreign", "foreign_key"),
        ("_unique", "unique"),
        ("_primary", "primary_key"),
    ];
    let (rest, what) = KINDS.iter().find_map(|(end, what)| Some((name.strip_suffix(end)?, what)))?;
    let bare = plain(table);
    let fits =
        !bare.is_empty() && rest.get(..bare.len()).is_some_and(|start| start.eq_ignore_ascii_case(&bare));
    let column = rest.get(bare.len()..).filter(|_| fits)?.strip_prefix('_');
    Some((table.to_owned(), column.map(str::to_owned), (*what).to_owned()))
}

/// A list of values is changed by making a new one, moving the fields over, and renaming: told as the change it is.
fn swapped_lists(steps: &mut Vec<Step>) {
    let name = |step: &Step| step.details.get("name").cloned().unwrap_or_default();
    let is = |step: &Step, change: &str| {
        step.op == SchemaOp::Other
            && step.details.get("change").is_some_and(|is| is == change)
            && step.details.get("what").is_some_and(|what| matches!(what.as_str(), "enum" | "type"))
    };
    let bare = |type_: &str| plain(type_.split("::").next().unwrap_or(type_));
    let renames: Vec<(String, String)> = steps
        .iter()
        .filter(|step| is(step, "changed"))
        .filter_map(|step| Some((plain(&name(step)), plain(step.to.as_deref()?))))
        .collect();
    for (new, own) in &renames {
        // the old list goes: under its own name, or under the one that made room for the new
        let aside = renames.iter().find(|(old, _)| old == own).map_or(own, |(_, aside)| aside);
        let is_made = steps.iter().any(|step| is(step, "created") && plain(&name(step)) == *new);
        let is_gone = steps.iter().any(|step| is(step, "dropped") && plain(&name(step)) == *aside);
        if !is_made || !is_gone || new == own {
            continue;
        }
        let as_written = steps.iter().filter_map(|step| step.to.clone()).find(|to| plain(to) == *own);
        let as_written = as_written.unwrap_or_else(|| own.clone());
        steps.retain_mut(|step| {
            let about = plain(&name(step));
            if is(step, "created") && about == *new {
                step.details.insert("name".to_owned(), as_written.clone());
                step.details.insert("change".to_owned(), "changed".to_owned());
                step.details.insert("what".to_owned(), "enum".to_owned());
                return true;
            }
            if step.op == SchemaOp::ChangeType
                && step.type_.as_deref().is_some_and(|type_| bare(type_) == *new)
            {
                step.type_ = Some(as_written.clone());
                step.states = States::Type;
                step.details.insert("new_list".to_owned(), "true".to_owned());
                return true;
            }
            let is_step = is(step, "changed") && (about == *new || about == *own);
            !(is_step || is(step, "dropped") && about == *aside)
        });
    }
}

/// A change of type, with what it was; one that states the whole field becomes what differs.
fn told(step: Step, was: Option<Column>, is_new: bool) -> Vec<Step> {
    let Some(was) = was else {
        // where a type must be restated, what stands beside it is why it is
        return match (step.states == States::Named, step.nullable) {
            (true, Some(_)) => vec![Step { op: SchemaOp::ChangeNullability, ..step }],
            (true, None) if step.type_.is_none() => Vec::new(),
            _ => vec![Step { nullable: None, ..step }],
        };
    };
    let (nullable, default) = match step.states {
        States::Type => (was.nullable, was.default.clone()),
        States::Named => (step.nullable.or(was.nullable), step.default.clone().or(was.default.clone())),
        States::Whole => (step.nullable.or(Some(true)), step.default.clone()),
    };
    let name = step.column.clone().unwrap_or_default();
    let now = Column { name, type_: step.type_.clone(), nullable, default, line: step.line };
    if step.states == States::Type {
        let mut step = Step { ..step };
        if step.details.contains_key("new_list") {
            return vec![step];
        }
        if let (Some(old), Some(new)) = (&was.type_, &now.type_) {
            // tools restate a type that stays; what ran after an older migration is not told apart here
            if is_new && even(old) == even(new) {
                return Vec::new();
            }
            step = with_old_type(step, old, new);
        }
        return vec![step];
    }
    let mut differences = field_difference(&step.table, &was, &now);
    if was.nullable.is_none() && step.nullable.is_some() {
        // nobody knows how it was: what is stated is said
        let is_required = Step::new(SchemaOp::ChangeNullability, &step.table, step.line).column(&now.name);
        differences.push(Step { nullable: step.nullable, ..is_required });
    }
    differences
        .into_iter()
        .map(|one| {
            let told = Step { undo: step.undo, details: step.details.clone(), ..one };
            match (told.op, &was.type_, &now.type_) {
                (SchemaOp::ChangeType, Some(old), Some(new)) => with_old_type(told, old, new),
                _ => told,
            }
        })
        .collect()
}

fn with_old_type(step: Step, old: &str, new: &str) -> Step {
    let step = step.detail("from_type", old);
    if is_narrower(old, new) { step.detail("narrower", "true") } else { step }
}

/// Whether values of the old type may not fit the new one, where the two names prove it.
fn is_narrower(old: &str, new: &str) -> bool {
    let (old, new) = (even(old), even(new));
    let split = |type_: &str| {
        let (name, arguments) = type_.split_once('(').unwrap_or((type_, ""));
        let size = arguments.split([',', ')']).next().and_then(|size| size.parse::<u64>().ok());
        (name.to_owned(), size)
    };
    const WIDTHS: [&[&str]; 4] = [
        &["tinyint", "smallint", "mediumint", "integer", "bigint"],
        &["real", "double precision"],
        &["tinytext", "text", "mediumtext", "longtext"],
        &["date", "timestamp"],
    ];
    let ((old_name, old_size), (new_name, new_size)) = (split(&old), split(&new));
    let rank = |family: &[&str], name: &str| family.iter().position(|one| *one == name);
    let is_text = |name: &str| matches!(name, "text" | "mediumtext" | "longtext");
    let is_sized = |name: &str| matches!(name, "varchar" | "char" | "nvarchar" | "string");
    let loses_value = |old: &str, new: &str| {
        old.starts_with("enum(")
            && new.starts_with("enum(")
            && old.split('\'').skip(1).step_by(2).any(|value| !new.contains(&format!("'{value}'")))
    };
    loses_value(&old, &new)
        || (old_name == new_name && matches!((old_size, new_size), (Some(old), Some(new)) if new < old))
        || (is_text(&old_name) && is_sized(&new_name))
        || WIDTHS.iter().any(|family| {
            matches!((rank(family, &old_name), rank(family, &new_name)), (Some(old), Some(new)) if new < old)
        })
}

/// The schema file beside the migrations, at the base.
fn mirror(cx: &Context<'_>, path: &RepoPath) -> Option<Inventory> {
    let home = RepoPath::new(home(path));
    ["schema.rb", "structure.sql"].iter().find_map(|name| {
        let mirror = home.join(name)?;
        let Some(Content::Text(text)) = cx.before.read(&mirror) else { return None };
        let reader = DECLARED.iter().find(|reader| reader.reads(&mirror, &text))?;
        reader.read(&mirror, &text).ok()
    })
}

/// Runs every other migration of the home, in order.
fn replayed(cx: &Context<'_>, reader: &dyn MigrationReader, file: &FileChange) -> Known {
    let folder = home(&file.path);
    let own = engine(&file.path);
    let mut paths: Vec<&RepoPath> = cx
        .before
        .paths()
        .iter()
        .filter(|path| path.is_in(&folder) && home(path) == folder && *path != file.old_path())
        // steps for another engine are of another database
        .filter(|path| own.is_none() || engine(path).is_none_or(|other| Some(other) == own))
        .collect();
    paths.sort_by_cached_key(|path| natural(path.as_str()));
    let mut known = Known::default();
    for path in paths.into_iter().take(MOST_FILES) {
        let Some(Content::Text(text)) = cx.before.read(path) else { continue };
        if !reader.reads(path, &text) {
            continue;
        }
        let Ok(migration) = reader.read(path, &text, Some(""), cx.before) else { continue };
        for step in &migration.steps {
            if matches!(step.op, SchemaOp::AddIndex | SchemaOp::AddConstraint)
                && let Some(name) = step.details.get("name")
            {
                let what = step.details.get("what").cloned().unwrap_or_default();
                known.indexes.insert(plain(name), (step.table.clone(), step.column.clone(), what));
            }
            if let (SchemaOp::RenameTable, Some(to)) = (step.op, &step.to) {
                let renamed =
                    known.indexes.values_mut().filter(|index| plain(&index.0) == plain(&step.table));
                renamed.for_each(|index| index.0.clone_from(to));
            }
            known.inventory.apply(step);
        }
    }
    known.inventory.settle();
    known
}
