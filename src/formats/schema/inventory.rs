//! Steps applied to what was there, and two states of a schema compared.

use std::collections::{HashMap, HashSet};

use crate::finding::{SchemaOp, Side, Undo};
use crate::formats::schema::sql::plain;
use crate::formats::schema::{
    AccessStep, Column, Inventory, Migration, OtherObject, Rule, States, Step, Table,
};

impl Column {
    /// What a step that adds or changes the field says of it.
    pub(crate) fn take(&mut self, step: &Step) {
        match (step.op, step.states) {
            (SchemaOp::ChangeNullability, _) => self.nullable = step.nullable,
            (SchemaOp::ChangeDefault, _) => self.default.clone_from(&step.default),
            (SchemaOp::ChangeType, States::Type) => self.type_.clone_from(&step.type_),
            (SchemaOp::ChangeType, States::Named) => {
                self.type_ = step.type_.clone().or(self.type_.take());
                self.nullable = step.nullable.or(self.nullable);
                self.default = step.default.clone().or(self.default.take());
            }
            (SchemaOp::ChangeType, States::Whole) => {
                self.type_.clone_from(&step.type_);
                self.nullable = step.nullable.or(Some(true));
                self.default.clone_from(&step.default);
            }
            (SchemaOp::AddColumn, _) => {
                self.type_.clone_from(&step.type_);
                self.nullable = step.nullable;
                self.default.clone_from(&step.default);
            }
            _ => {}
        }
    }
}

impl Inventory {
    /// What exists once a migration has run on an empty database.
    pub fn after(migration: Migration) -> Self {
        let mut inventory = Inventory::default();
        for step in &migration.steps {
            inventory.apply(step);
        }
        inventory.settle();
        inventory.access = migration.access;
        inventory
    }

    /// Takes out what was dropped on the way.
    pub(crate) fn settle(&mut self) {
        self.tables.retain(|table| !table.name.is_empty());
        self.places = by_name(&self.tables);
        self.placed = self.tables.len();
    }

    /// Takes what another state knows and this one lacks: tables, and fields of tables.
    pub(crate) fn learn(&mut self, other: Inventory) {
        let places = by_name(&self.tables);
        for table in other.tables {
            let Some(at) = places.get(&plain(&table.name)) else {
                self.tables.push(table);
                continue;
            };
            let own = &mut self.tables[*at];
            let known: HashSet<String> = own.columns.iter().map(|field| plain(&field.name)).collect();
            own.columns
                .extend(table.columns.into_iter().filter(|field| !known.contains(&plain(&field.name))));
        }
        self.settle();
    }

    /// Where a table stands, schema and case aside: the last of that name.
    fn place(&self, name: &str) -> Option<usize> {
        let name = plain(name);
        if self.placed == self.tables.len() {
            return self.places.get(&name).copied();
        }
        self.tables.iter().rposition(|table| plain(&table.name) == name)
    }

    /// A table by its name, schema and case aside.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.place(name).map(|at| &self.tables[at])
    }

    /// A field by table and name.
    pub fn column(&self, table: &str, column: &str) -> Option<&Column> {
        let column = plain(column);
        self.table(table)?.columns.iter().find(|field| plain(&field.name) == column)
    }

    /// The table and the index of a name.
    pub fn index(&self, name: &str) -> Option<(&Table, &Rule)> {
        let name = plain(name);
        self.tables.iter().rev().find_map(|table| {
            let index =
                table.indexes.iter().chain(&table.constraints).find(|rule| plain(&rule.name) == name)?;
            Some((table, index))
        })
    }

    fn table_mut(&mut self, name: &str) -> Option<&mut Table> {
        self.place(name).map(|at| &mut self.tables[at])
    }

    /// Does one step. Steps on tables that are not known change nothing.
    pub fn apply(&mut self, step: &Step) {
        let name = step.details.get("name").map(String::as_str).unwrap_or_default();
        let rule = || Rule {
            name: name.to_owned(),
            columns: step.column.clone(),
            what: step.details.get("what").cloned().unwrap_or_default(),
            line: step.line,
            beside: false,
            on_delete: step.details.get("on_delete").map(|action| action_of(action)),
        };
        match step.op {
            SchemaOp::AddTable => {
                let guarded =
                    step.details.get("condition").is_some_and(|condition| condition == "if_not_exists");
                if guarded && self.table(&step.table).is_some() {
                    return;
                }
                let table = step.shape.clone().unwrap_or_default();
                if self.placed == self.tables.len() {
                    self.places.insert(plain(&step.table), self.placed);
                    self.placed += 1;
                }
                self.tables.push(Table { name: step.table.clone(), line: step.line, ..table });
            }
            SchemaOp::DropTable => {
                // its place stays, without a name, until the end
                if let Some(at) = self.place(&step.table) {
                    self.tables[at] = Table::default();
                    self.places.remove(&plain(&step.table));
                }
            }
            SchemaOp::RenameTable => {
                if let (Some(at), Some(to)) = (self.place(&step.table), &step.to) {
                    self.tables[at].name.clone_from(to);
                    self.places.remove(&plain(&step.table));
                    self.places.insert(plain(to), at);
                }
            }
            SchemaOp::Other => self.apply_other(step, name),
            SchemaOp::DataBackfill => {}
            SchemaOp::DropIndex if step.table.is_empty() => {
                let gone = plain(name);
                for table in &mut self.tables {
                    table.indexes.retain(|index| plain(&index.name) != gone);
                }
            }
            _ => {
                let Some(table) = self.table_mut(&step.table) else { return };
                let at =
                    step.column.as_deref().map(plain).and_then(|column| {
                        table.columns.iter().position(|field| plain(&field.name) == column)
                    });
                match (step.op, at) {
                    (SchemaOp::AddColumn, None) => {
                        if step.details.contains_key("references") {
                            let what = "foreign_key".to_owned();
                            let on_delete = rule().on_delete.or(Some(String::new()));
                            table.constraints.push(Rule { what, beside: true, on_delete, ..rule() });
                        }
                        table.columns.push(Column {
                            name: step.column.clone().unwrap_or_default(),
                            type_: step.type_.clone(),
                            nullable: step.nullable,
                            default: step.default.clone(),
                            line: step.line,
                        });
                    }
                    (SchemaOp::DropColumn, Some(at)) => drop(table.columns.remove(at)),
                    (SchemaOp::RenameColumn, Some(at)) => {
                        table.columns[at].name = step.to.clone().unwrap_or_default();
                    }
                    (
                        SchemaOp::ChangeType | SchemaOp::ChangeNullability | SchemaOp::ChangeDefault,
                        Some(at),
                    ) => table.columns[at].take(step),
                    (SchemaOp::AddIndex, _) => table.indexes.push(rule()),
                    (SchemaOp::DropIndex, _) => {
                        table.indexes.retain(|index| plain(&index.name) != plain(name))
                    }
                    (SchemaOp::AddConstraint, _) => {
                        // what is a primary key may not be empty
                        if step.details.get("what").is_some_and(|what| what == "primary_key") {
                            let covered = step.column.clone().unwrap_or_default();
                            for field in &mut table.columns {
                                if covered.split(", ").any(|name| plain(name) == plain(&field.name)) {
                                    field.nullable = Some(false);
                                }
                            }
                        }
                        table.constraints.push(rule());
                    }
                    (SchemaOp::DropConstraint, _) => {
                        table.constraints.retain(|constraint| plain(&constraint.name) != plain(name));
                    }
                    _ => {}
                }
            }
        }
    }

    fn apply_other(&mut self, step: &Step, name: &str) {
        let what = step.details.get("what").map(String::as_str).unwrap_or_default();
        if what == "own_code" || name.is_empty() {
            return;
        }
        let change = step.details.get("change").map(String::as_str);
        let same = |other: &OtherObject| other.name == name && other.what == what;
        let text = step.text.clone().unwrap_or_default();
        // what is changed or dropped was made shortly before, if at all
        match (change, self.others.iter().rposition(same)) {
            (Some("dropped"), Some(at)) => drop(self.others.remove(at)),
            (Some("dropped"), None) => {}
            (Some("changed"), Some(at)) => {
                self.others[at].text.push('\n');
                self.others[at].text.push_str(&text);
            }
            (_, Some(at)) => self.others[at].text = text,
            (_, None) => self.others.push(OtherObject {
                what: what.to_owned(),
                name: name.to_owned(),
                text,
                line: step.line,
            }),
        }
    }
}

/// What becomes of a row when the one that it links to goes; nothing where the database refuses that, as it does unsaid.
pub(crate) fn action_of(written: &str) -> String {
    let action = written.to_lowercase();
    if matches!(action.as_str(), "no action" | "restrict") { String::new() } else { action }
}

/// The places of tables by their plain names; the last of a name counts.
fn by_name(tables: &[Table]) -> HashMap<String, usize> {
    tables.iter().enumerate().map(|(at, table)| (plain(&table.name), at)).collect()
}

/// What must happen to get from one state to the other, each step with the side that its line stands on.
pub fn difference(before: &Inventory, after: &Inventory) -> (Vec<(Step, Side)>, Vec<(AccessStep, Side)>) {
    let mut steps = Vec::new();
    let (old_places, new_places) = (by_name(&before.tables), by_name(&after.tables));
    let was = |name: &str| old_places.get(&plain(name)).map(|at| &before.tables[*at]);
    for table in &after.tables {
        match was(&table.name) {
            None => steps.push((
                Step { shape: Some(table.clone()), ..Step::new(SchemaOp::AddTable, &table.name, table.line) },
                Side::After,
            )),
            Some(old) => table_difference(old, table, &mut steps),
        }
    }
    for table in before.tables.iter().filter(|table| !new_places.contains_key(&plain(&table.name))) {
        let step = Step::new(SchemaOp::DropTable, &table.name, table.line);
        steps.push((Step { shape: Some(table.clone()), ..step }, Side::Before));
    }
    others_difference(before, after, &mut steps);

    // going back to the text as it was makes the same shape again, without what was stored
    for (step, _) in &mut steps {
        step.undo = match step.op {
            SchemaOp::DropTable | SchemaOp::DropColumn => Undo::RestoresStructure,
            _ => Undo::Restores,
        };
    }

    (steps, access_difference(&before.access, &after.access))
}

/// Who may newly see or do what, and who no longer may: grants are compared role by role.
pub fn access_difference(before: &[AccessStep], after: &[AccessStep]) -> Vec<(AccessStep, Side)> {
    let all = |steps: &[AccessStep]| -> HashSet<Right> { steps.iter().flat_map(rights).collect() };
    let (old, new) = (all(before), all(after));
    let gained = after.iter().filter_map(|step| Some((only(step, &old)?, Side::After)));
    let lost = before.iter().filter_map(|step| {
        let step = only(step, &new)?;
        let change = match step.change.as_str() {
            "loosened" => "tightened",
            "tightened" => "loosened",
            other => other,
        };
        Some((AccessStep { change: change.to_owned(), ..step }, Side::Before))
    });
    gained.chain(lost).collect()
}

/// One thing that one role may do: (what, subject, change, privilege, role); a row policy is one as a whole.
type Right = (String, String, String, String, String);

/// `GRANT a, b TO c, d` in its parts: the verb, the privileges, the word between, the roles.
fn parts(text: &str) -> Option<(&str, Vec<&str>, &str, Vec<&str>)> {
    let (verb, rest) = text.split_once(' ')?;
    let (side, (privileges, roles)) =
        ["TO", "FROM"].into_iter().find_map(|side| Some((side, rest.split_once(&format!(" {side} "))?)))?;
    // `SELECT (a, b)` stays whole
    let privileges = if privileges.contains('(') { vec![privileges] } else { list_of(privileges) };
    Some((verb, privileges, side, list_of(roles)))
}

fn list_of(text: &str) -> Vec<&str> {
    text.split(',').map(str::trim).collect()
}

fn rights(step: &AccessStep) -> Vec<Right> {
    let right = |privilege: &str, role: &str| {
        (step.what.clone(), plain(&step.subject), step.change.clone(), privilege.to_owned(), role.to_owned())
    };
    match parts(&step.text).filter(|_| step.what == "grant") {
        Some((_, privileges, _, roles)) => {
            privileges.iter().flat_map(|one| roles.iter().map(|role| right(one, role))).collect()
        }
        None => vec![right(&step.text, "")],
    }
}

/// The step with what `known` lacks of it.
fn only(step: &AccessStep, known: &HashSet<Right>) -> Option<AccessStep> {
    let missing: Vec<Right> = rights(step).into_iter().filter(|right| !known.contains(right)).collect();
    if missing.is_empty() {
        return None;
    }
    let Some((verb, privileges, side, roles)) = parts(&step.text).filter(|_| step.what == "grant") else {
        return Some(step.clone());
    };
    let kept = |all: Vec<&str>, is_missing: &dyn Fn(&Right, &str) -> bool| {
        all.into_iter()
            .filter(|one| missing.iter().any(|right| is_missing(right, one)))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let privileges = kept(privileges, &|right, one| right.3 == one);
    let roles = kept(roles, &|right, one| right.4 == one);
    Some(AccessStep { text: format!("{verb} {privileges} {side} {roles}"), ..step.clone() })
}

/// The difference between two shapes of one table.
pub fn table_difference(old: &Table, new: &Table, steps: &mut Vec<(Step, Side)>) {
    let table = new.name.as_str();
    let named = |columns: &[Column]| -> HashMap<String, usize> {
        // the first of a name counts
        columns.iter().enumerate().rev().map(|(at, field)| (plain(&field.name), at)).collect()
    };
    let (old_names, new_names) = (named(&old.columns), named(&new.columns));
    for field in &new.columns {
        let Some(was) = old_names.get(&plain(&field.name)).map(|at| &old.columns[*at]) else {
            let step = Step::new(SchemaOp::AddColumn, table, field.line).column(&field.name);
            steps.push((stating(step, field), Side::After));
            continue;
        };
        steps.extend(field_difference(table, was, field).into_iter().map(|step| (step, Side::After)));
    }
    for was in &old.columns {
        if !new_names.contains_key(&plain(&was.name)) {
            let step = Step::new(SchemaOp::DropColumn, table, was.line).column(&was.name);
            steps.push((Step { type_: was.type_.clone(), ..step }, Side::Before));
        }
    }
    for (old, new, add, drop) in [
        (&old.indexes, &new.indexes, SchemaOp::AddIndex, SchemaOp::DropIndex),
        (&old.constraints, &new.constraints, SchemaOp::AddConstraint, SchemaOp::DropConstraint),
    ] {
        // what covers nothing that is named is told apart by its name
        let key = |rule: &Rule| {
            let name = if rule.columns.is_none() { rule.name.clone() } else { String::new() };
            (rule.what.clone(), rule.columns.as_deref().map(str::to_lowercase), name)
        };
        let (known, kept): (HashSet<_>, HashSet<_>) =
            (old.iter().map(key).collect(), new.iter().map(key).collect());
        let said = |op, rule: &Rule| {
            let step = Step { column: rule.columns.clone(), ..Step::new(op, table, rule.line) }
                .detail("what", &rule.what);
            if rule.name.is_empty() { step } else { step.detail("name", &rule.name) }
        };
        // what stands beside a field comes and goes with it
        let is_part = |rule: &Rule, others: &HashMap<String, usize>| {
            rule.beside && rule.columns.as_deref().is_some_and(|field| !others.contains_key(&plain(field)))
        };
        let (came, went) = (
            new.iter().filter(|rule| !known.contains(&key(rule)) && !is_part(rule, &old_names)),
            old.iter().filter(|rule| !kept.contains(&key(rule)) && !is_part(rule, &new_names)),
        );
        steps.extend(came.map(|rule| (said(add, rule), Side::After)));
        // a link that stays may take its rows with it in another way
        for rule in new.iter().filter(|rule| rule.on_delete.is_some() && known.contains(&key(rule))) {
            let was = old.iter().find(|other| key(other) == key(rule)).and_then(|was| was.on_delete.clone());
            if let (Some(was), Some(now)) = (was, &rule.on_delete)
                && was != *now
            {
                let step = said(add, rule).detail("on_delete", now).detail("replaced", "true");
                steps.push((step, Side::After));
            }
        }
        steps.extend(went.map(|rule| (said(drop, rule), Side::Before)));
    }
}

/// What differs between a field as it was and as it is stated now.
pub fn field_difference(table: &str, was: &Column, now: &Column) -> Vec<Step> {
    let on = |op| stating(Step::new(op, table, now.line).column(&now.name), now);
    let mut steps = Vec::new();
    if let (Some(old), Some(new)) = (&was.type_, &now.type_)
        && even(old) != even(new)
    {
        steps.push(on(SchemaOp::ChangeType).detail("from_type", old));
    }
    if let (Some(old), Some(new)) = (was.nullable, now.nullable)
        && old != new
    {
        steps.push(on(SchemaOp::ChangeNullability));
    }
    if start_value(was) != start_value(now) {
        steps.push(on(SchemaOp::ChangeDefault));
    }
    steps
}

/// The start value in one spelling: none at all is NULL, and yes and no are written in many ways.
fn start_value(field: &Column) -> Option<String> {
    let value = even(field.default.as_deref()?);
    let is_truth =
        field.type_.as_deref().is_some_and(|type_| matches!(even(type_).as_str(), "boolean" | "bit"));
    match value.trim_matches(['\'', '"', '(', ')']) {
        "null" => None,
        "1" | "b'1" | "t" if is_truth => Some("true".to_owned()),
        "0" | "b'0" | "f" if is_truth => Some("false".to_owned()),
        bare if is_truth => Some(bare.to_owned()),
        _ => Some(value),
    }
}

fn stating(step: Step, field: &Column) -> Step {
    Step { type_: field.type_.clone(), nullable: field.nullable, default: field.default.clone(), ..step }
}

/// The same type or value in one spelling: case of keywords and spacing even, common aliases resolved.
pub fn even(text: &str) -> String {
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let (name, arguments) = match text.find('(') {
        Some(at) => (text[..at].trim_end(), text[at..].replace(' ', "")),
        None => (text.as_str(), String::new()),
    };
    let name = match name {
        "int" | "int4" | "integer" => "integer",
        "int8" | "bigint" => "bigint",
        "int2" | "smallint" => "smallint",
        "character varying" | "varchar" => "varchar",
        "character" | "char" => "char",
        "bool" | "boolean" => "boolean",
        "timestamp with time zone" | "timestamptz" => "timestamptz",
        "timestamp without time zone" | "timestamp" => "timestamp",
        "double precision" | "float8" => "double precision",
        "decimal" | "numeric" => "numeric",
        other => other,
    };
    // how wide a truth value is shown
    let arguments = if name == "boolean" { String::new() } else { arguments };
    format!("{name}{arguments}")
}

fn others_difference(before: &Inventory, after: &Inventory, steps: &mut Vec<(Step, Side)>) {
    // a schema or sequence that comes or goes with its tables is part of them
    let moved: Vec<String> = steps
        .iter()
        .filter(|(step, _)| matches!(step.op, SchemaOp::AddTable | SchemaOp::DropTable))
        .filter_map(|(step, _)| step.table.rsplit_once('.').map(|(schema, _)| plain(schema)))
        .collect();
    let is_part = |other: &OtherObject| {
        other.what == "sequence" || (other.what == "schema" && moved.contains(&plain(&other.name)))
    };
    let named = |inventory: &Inventory| -> HashMap<(String, String), usize> {
        let others = inventory.others.iter().enumerate().rev();
        others.map(|(at, one)| ((one.what.clone(), one.name.clone()), at)).collect()
    };
    let (old_names, new_names) = (named(before), named(after));
    let key = |other: &OtherObject| (other.what.clone(), other.name.clone());
    let said = |other: &OtherObject, change: &str| {
        let step = Step::new(SchemaOp::Other, "", other.line)
            .detail("what", &other.what)
            .detail("name", &other.name)
            .detail("change", change);
        Step { text: Some(other.text.clone()), ..step }
    };
    for other in after.others.iter().filter(|other| !is_part(other)) {
        match old_names.get(&key(other)).map(|at| &before.others[*at]) {
            None => steps.push((said(other, "created"), Side::After)),
            Some(old) if even(&old.text) != even(&other.text) => {
                steps.push((said(other, "changed"), Side::After))
            }
            Some(_) => {}
        }
    }
    for other in before.others.iter().filter(|other| !is_part(other)) {
        if !new_names.contains_key(&key(other)) {
            steps.push((said(other, "dropped"), Side::Before));
        }
    }
}
