//! Walks through the statements of a migration as it would run: names are followed to their values, own functions are
//! read where they are called, loops over written-out lists run once an element.

use std::collections::BTreeMap;

use crate::finding::SchemaOp;
use crate::formats::schema::embedded::{self, HOLE};
use crate::formats::schema::sql::Dialect;
use crate::formats::schema::{Migration, Step};
use crate::formats::syntax::{Call, Expr, Func, Kind, Piece};

/// Expressions that are looked at in one file, at most; own functions and loops count every time.
const BUDGET: u32 = 100_000;

/// Elements of a loop that are run, at most.
const MAX_ROUNDS: usize = 200;

/// Own functions that call own functions, and names that stand for names.
const MAX_HOPS: u32 = 8;

/// Statements inside statements, at most.
const MAX_NESTING: u32 = 200;

/// Calls that leave stored data alone, in any style.
const HARMLESS: &[&str] = &[
    "puts",
    "p",
    "print",
    "println",
    "say",
    "say_with_time",
    "log",
    "logger",
    "info",
    "debug",
    "warn",
    "warning",
    "error",
    "echo",
    "writeln",
    "write",
    "console",
    "Logger",
    "sleep",
    "require",
    "require_relative",
    "include",
    "extend",
    "import",
    "alias",
    "use",
    "disable_ddl_transaction!",
    "raise",
    "return",
    "transaction",
    "flush",
    "now",
    "comment",
    "down",
    "ok",
    "noop",
    "cb",
    "callback",
    "done",
    "next",
    "parent",
    "super",
    "if",
    "unless",
    "case",
    "cond",
    "direction",
    "skipIf",
    "abortIf",
    "warnIf",
    "warning",
    "set_lock_timeout",
    "table_exists?",
    "column_exists?",
    "index_exists?",
    "exit",
];

/// Methods that run a block for each element.
const LOOPS: &[&str] =
    &["each", "forEach", "each_pair", "each_with_index", "map", "each_value", "each_key", "array_walk"];

/// What a style did with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// It understood it whole.
    Done,
    /// It wants what is inside to be walked.
    Inside,
}

/// One style's understanding of calls.
pub(crate) trait Style<'n> {
    /// Looks at a call in the order in which it would run.
    fn call(&mut self, walk: &mut Walk<'n>, expr: &'n Expr<'n>, call: &'n Call<'n>) -> Flow;
    /// Looks at a value that is given to a member, as in `row.name = …`.
    fn assign(&mut self, _walk: &mut Walk<'n>, _member: &'n Call<'n>, _value: &'n Expr<'n>, _line: u32) {}
    /// What a call that stands inside a string names, such as the table of a model.
    fn hole(&self, _expr: &Expr<'n>) -> Option<String> {
        None
    }
}

/// The state of a walk, and what it found.
pub(crate) struct Walk<'n> {
    /// What names stand for.
    pub(crate) names: BTreeMap<&'n str, &'n Expr<'n>>,
    /// Own functions.
    pub(crate) funcs: BTreeMap<&'n str, &'n Func<'n>>,
    /// What was found.
    pub(crate) found: Migration,
    /// The first call that nothing here understands.
    pub(crate) unknown: Option<u32>,
    /// Whether it ends in an exception at once: the author says that there is no way back.
    pub(crate) raised: bool,
    /// Whose SQL stands in strings, where the file tells.
    pub(crate) dialect: Option<Dialect>,
    /// Loops over rows that are open.
    pub(crate) rounds: u32,
    budget: u32,
    hops: u32,
    nesting: u32,
}

/// Walks the statements of `body`, with the names and functions of `file` known.
pub(crate) fn walk<'n>(style: &mut dyn Style<'n>, file: &'n [Expr<'n>], body: &'n [Expr<'n>]) -> Walk<'n> {
    let mut walk = Walk::new(file);
    walk.all(style, body);
    walk
}

impl<'n> Walk<'n> {
    /// Knows the file's names and functions, also those of its classes.
    pub(crate) fn new(file: &'n [Expr<'n>]) -> Self {
        let mut walk = Walk {
            names: BTreeMap::new(),
            funcs: BTreeMap::new(),
            found: Migration::default(),
            unknown: None,
            raised: false,
            dialect: None,
            rounds: 0,
            budget: BUDGET,
            hops: 0,
            nesting: 0,
        };
        walk.declare(file, true);
        walk
    }

    /// Takes over names of functions and constants before anything runs.
    fn declare(&mut self, body: &'n [Expr<'n>], deep: bool) {
        let mut rest: Vec<&'n Expr<'n>> = body.iter().rev().collect();
        while let Some(expr) = rest.pop() {
            match &expr.kind {
                Kind::Func(func) => {
                    if let Some(name) = func.name {
                        self.funcs.insert(name, func);
                    }
                }
                Kind::Assign(pair) if deep => self.bind_expr(&pair.0, &pair.1),
                Kind::Class(class) if deep => rest.extend(class.body.iter().rev()),
                Kind::Body(parts) if deep => rest.extend(parts.iter().rev()),
                _ => {}
            }
        }
    }

    fn bind_expr(&mut self, left: &'n Expr<'n>, right: &'n Expr<'n>) {
        let name = match &left.kind {
            Kind::Name(name) => name,
            // `self.x = …` and `exports.up = …`
            Kind::Call(call) if call.args.is_empty() => call.name,
            _ => return,
        };
        if let Kind::Func(func) = &right.kind {
            self.funcs.insert(name, func);
        }
        self.bind(name, right);
    }

    /// Lets a name stand for a value from here on.
    pub(crate) fn bind(&mut self, name: &'n str, value: &'n Expr<'n>) {
        // `query = query.filter(…)` stays what it was.
        let value = self.resolve(value);
        if value.chain().0.and_then(Expr::name) != Some(name) {
            self.names.insert(name, value);
        }
    }

    /// What an expression stands for, as far as the file says.
    pub(crate) fn resolve(&self, mut expr: &'n Expr<'n>) -> &'n Expr<'n> {
        for _ in 0..MAX_HOPS {
            let next = match &expr.kind {
                Kind::Name(name) => {
                    self.names.get(name.rsplit(['.', ':', '\\']).next().unwrap_or(name)).copied()
                }
                Kind::Call(call) if call.args.is_empty() && call.named.is_empty() => match &call.receiver {
                    Some(_) if call.is_own() => self.names.get(call.name).copied(),
                    Some(receiver)
                        if matches!(
                            call.name,
                            "freeze"
                                | "to_s"
                                | "to_sym"
                                | "to_a"
                                | "squish"
                                | "strip"
                                | "trim"
                                | "strip_heredoc"
                                | "value"
                        ) =>
                    {
                        Some(receiver)
                    }
                    _ => None,
                },
                Kind::Call(call) if call.name.is_empty() && call.args.len() == 1 => {
                    let map = call.receiver.as_ref().map(|receiver| self.resolve_once(receiver));
                    let key = call.args.first().and_then(|key| self.resolve_once(key).key());
                    map.zip(key).and_then(|(map, key)| map.get(key))
                }
                _ => None,
            };
            match next {
                Some(next) => expr = next,
                None => break,
            }
        }
        expr
    }

    fn resolve_once(&self, expr: &'n Expr<'n>) -> &'n Expr<'n> {
        match expr.name().and_then(|name| self.names.get(name)) {
            Some(value) => value,
            None => expr,
        }
    }

    /// The text that an expression stands for, where all of it is known.
    pub(crate) fn text(&self, expr: &'n Expr<'n>) -> Option<String> {
        // `$this->getTable('users')` most likely names what it is handed.
        let text = self.string(None, expr, 0).or_else(|| self.hole(None, self.resolve(expr)))?;
        (!text.contains(HOLE)).then_some(text)
    }

    /// The names that a list, or a single value, stands for.
    pub(crate) fn texts(&self, expr: &'n Expr<'n>) -> Vec<String> {
        self.resolve(expr).elements().iter().filter_map(|element| self.text(element)).collect()
    }

    /// The names of an option or argument, joined as a step writes them.
    pub(crate) fn joined(&self, expr: Option<&'n Expr<'n>>) -> Option<String> {
        let names = expr.map(|expr| self.texts(expr)).unwrap_or_default();
        (!names.is_empty()).then(|| names.join(", "))
    }

    /// A string with `HOLE` wherever the file does not say what is inserted.
    fn string(&self, style: Option<&dyn Style<'n>>, expr: &'n Expr<'n>, hops: u32) -> Option<String> {
        if hops > MAX_HOPS {
            return None;
        }
        let expr = self.resolve(expr);
        match &expr.kind {
            Kind::Str(pieces) => {
                let mut out = String::new();
                for piece in pieces {
                    match piece {
                        Piece::Text(text) => out.push_str(text),
                        Piece::Hole(hole) => {
                            let inner = self.string(style, hole, hops + 1);
                            out.push_str(
                                &inner.or_else(|| self.hole(style, hole)).unwrap_or_else(|| HOLE.to_owned()),
                            );
                        }
                    }
                    if out.len() > 1 << 20 {
                        return None;
                    }
                }
                Some(out)
            }
            Kind::Atom(atom) => Some((*atom).to_owned()),
            Kind::Literal if hops > 0 => Some(expr.text.to_owned()),
            Kind::Call(call) => {
                let inner = |expr| self.string(style, expr, hops + 1);
                match (call.name, &call.receiver) {
                    ("format" | "%", Some(receiver)) => {
                        let template = inner(receiver)?;
                        let values: Vec<_> = call
                            .args
                            .iter()
                            .map(|arg| inner(arg).or_else(|| self.hole(style, arg)))
                            .collect();
                        let named: Vec<_> =
                            call.named.iter().map(|(name, value)| (*name, inner(value))).collect();
                        Some(filled(&template, &values, &named))
                    }
                    (
                        "text" | "f" | "quoted_name" | "fragment" | "SQL" | "raw" | "sql" | "dedent"
                        | "squish" | "nameof" | "Arel",
                        _,
                    ) if call.args.len() == 1 => inner(call.args.first()?),
                    ("sprintf", None) => {
                        let values: Vec<_> = call
                            .args
                            .iter()
                            .skip(1)
                            .map(|arg| inner(arg).or_else(|| self.hole(style, arg)))
                            .collect();
                        Some(filled(&inner(call.args.first()?)?, &values, &[]))
                    }
                    (
                        "strip" | "squish" | "strip_heredoc" | "gsub" | "replace" | "trim" | "chomp" | "to_s"
                        | "unindent",
                        Some(receiver),
                    ) => inner(receiver),
                    ("join", Some(receiver)) => {
                        let parts: Vec<_> =
                            self.resolve(receiver).elements().iter().filter_map(inner).collect();
                        (!parts.is_empty()).then(|| parts.join(" "))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// What an unknown call in a string most likely names: the one text that is handed to it.
    fn hole(&self, style: Option<&dyn Style<'n>>, expr: &'n Expr<'n>) -> Option<String> {
        if let Some(name) = style.and_then(|style| style.hole(expr)) {
            return Some(name);
        }
        let args = expr.call()?.args.iter().map(|arg| self.resolve(arg));
        let mut texts = args.filter(|arg| !matches!(arg.kind, Kind::Literal));
        match (texts.next(), texts.next()) {
            (Some(only), None) => only.literal().map(str::to_owned),
            _ => None,
        }
    }

    /// Reads a string, or a list of strings, as SQL. What is no string at all is code of its own.
    pub(crate) fn sql(&mut self, style: &dyn Style<'n>, expr: &'n Expr<'n>) {
        let resolved = self.resolve(expr);
        if let Kind::List(parts) = &resolved.kind {
            for part in parts {
                // `(sql, parameters)`
                self.sql(style, part.elements().first().unwrap_or(part));
            }
            return;
        }
        match self.string(Some(style), expr, 0) {
            Some(sql) if sql.trim() == HOLE => self.own_code(expr.line),
            Some(sql) => self.sql_text(&sql, resolved.line),
            None => self.own_code(expr.line),
        }
    }

    /// Takes over the steps of SQL text.
    pub(crate) fn sql_text(&mut self, sql: &str, line: u32) {
        let migration = embedded::steps(sql, line, self.dialect);
        self.found.steps.extend(migration.steps);
        self.found.access.extend(migration.access);
        self.found.unread.extend(migration.unread);
    }

    /// Adds a step.
    pub(crate) fn push(&mut self, step: Step) {
        self.found.steps.push(step);
    }

    /// Notes that rows of a table are written or, where `deletes`, deleted. Once a table is enough.
    pub(crate) fn data(&mut self, table: &str, line: u32, deletes: bool) {
        self.rows(table, line, "", deletes);
    }

    /// The same, by the method that writes: rows that are only added are told apart, unless they come from other rows.
    pub(crate) fn rows(&mut self, table: &str, line: u32, method: &str, deletes: bool) {
        let method = method.to_ascii_lowercase();
        let adds = ["insert", "create", "add"].iter().any(|verb| method.contains(verb));
        let what = match (deletes, adds, self.rounds) {
            (true, _, _) => "deleted",
            (_, true, 0) => "rows_added",
            // once for each row that is there
            (_, true, _) => "copied",
            (_, false, _) => "rewritten",
        };
        let known = self.found.steps.iter().any(|step| {
            step.op == SchemaOp::DataBackfill
                && step.table == table
                && step.destructive == deletes
                && step.column.is_none()
                && !step.details.contains_key("condition")
        });
        if !known {
            let mut step = Step::new(SchemaOp::DataBackfill, table, line).detail("what", what);
            // code picks rows by more ways than we read
            if deletes {
                step = step.detail("rows", "unknown");
            }
            self.found.steps.push(Step { destructive: deletes, ..step });
        }
    }

    /// The function that a call is handed, written in place or under a name.
    pub(crate) fn callback(&self, call: &'n Call<'n>) -> Option<&'n Func<'n>> {
        call.callback().or_else(|| call.args.iter().rev().find_map(|arg| self.resolve(arg).func()))
    }

    /// Notes that the migration does something that cannot be read.
    pub(crate) fn own_code(&mut self, line: u32) {
        self.unknown.get_or_insert(line);
    }

    /// Walks statements in their order.
    pub(crate) fn all(&mut self, style: &mut dyn Style<'n>, body: &'n [Expr<'n>]) {
        self.declare(body, false);
        for expr in body {
            self.one(style, expr);
        }
    }

    /// Walks one statement.
    pub(crate) fn one(&mut self, style: &mut dyn Style<'n>, expr: &'n Expr<'n>) {
        if self.budget == 0 || self.nesting > MAX_NESTING {
            return;
        }
        self.budget -= 1;
        self.nesting += 1;
        match &expr.kind {
            Kind::Call(call) => {
                if call.name == "raise" {
                    self.raised = true;
                } else if style.call(self, expr, call) == Flow::Inside {
                    self.inside(style, expr, call);
                }
            }
            Kind::Assign(pair) => {
                match &pair.0.kind {
                    Kind::Call(member) => style.assign(self, member, &pair.1, expr.line),
                    _ => self.bind_expr(&pair.0, &pair.1),
                }
                if !matches!(pair.1.kind, Kind::Func(_)) {
                    self.one(style, &pair.1);
                }
            }
            Kind::Loop(each) => self.each(style, &each.names, &each.over, &each.body),
            Kind::List(parts) => parts.iter().for_each(|part| self.one(style, part)),
            Kind::Map(entries) => entries
                .iter()
                .filter(|(_, value)| value.func().is_none())
                .for_each(|(_, value)| self.one(style, value)),
            Kind::Body(parts) => self.all(style, parts),
            // Ruby and Elixir call their own functions without brackets
            Kind::Name(name) => {
                if let Some(func) = self.funcs.get(name).copied().filter(|func| func.params.is_empty()) {
                    self.run(style, func, &[]);
                }
            }
            Kind::Func(_) | Kind::Class(_) | Kind::Str(_) | Kind::Atom(_) | Kind::Literal => {}
        }
        self.nesting -= 1;
    }

    /// Runs a function's body with its parameters bound.
    pub(crate) fn run(&mut self, style: &mut dyn Style<'n>, func: &'n Func<'n>, args: &'n [Expr<'n>]) {
        if self.hops >= MAX_HOPS {
            return;
        }
        self.hops += 1;
        let outer = self.names.clone();
        let params = func.params.iter().skip_while(|param| matches!(**param, "self" | "cls" | "this"));
        for (param, arg) in params.zip(args) {
            self.bind(param, arg);
        }
        self.all(style, &func.body);
        self.names = outer;
        self.hops -= 1;
    }

    /// Walks what a call holds: what it is called on, its arguments, its block.
    pub(crate) fn inside(&mut self, style: &mut dyn Style<'n>, expr: &'n Expr<'n>, call: &'n Call<'n>) {
        if let Some(func) = self.funcs.get(call.name).copied().filter(|_| call.is_own()) {
            call.args.iter().for_each(|arg| self.one(style, arg));
            self.run(style, func, &call.args);
            return;
        }
        let list = call.receiver.as_ref().filter(|receiver| receiver.name() != Some("Enum")).or(call.arg(0));
        if let (true, Some(list), Some(func)) = (LOOPS.contains(&call.name), list, call.callback()) {
            self.each(style, &func.params, list, &func.body);
            return;
        }
        let harmless = HARMLESS.contains(&call.name)
            || call.name.ends_with('?')
            || call.receiver.as_ref().and_then(Expr::last_name).is_some_and(|name| HARMLESS.contains(&name));
        if !harmless && (call.receiver.is_none() || !call.args.is_empty() || call.name.ends_with('!')) {
            self.own_code(expr.line);
        }
        if let Some(receiver) = &call.receiver {
            self.one(style, receiver);
        }
        for arg in call.args.iter().chain(call.named.iter().map(|(_, value)| value)) {
            match arg.func() {
                Some(func) => self.handed(style, call, func),
                None => self.one(style, arg),
            }
        }
        if let Some(block) = &call.block {
            self.handed(style, call, block);
        }
    }

    /// Walks a function that is handed to a call: most are handed what the call is made on, such as rows.
    fn handed(&mut self, style: &mut dyn Style<'n>, call: &'n Call<'n>, func: &'n Func<'n>) {
        if let (Some(first), Some(receiver)) = (func.params.first(), &call.receiver) {
            self.bind(first, receiver);
        }
        let is_loop = call.name.contains("chunk") || call.name.contains("each");
        self.rounds += u32::from(is_loop);
        self.all(style, &func.body);
        self.rounds -= u32::from(is_loop);
    }

    /// Runs a body once for each written-out element, else once.
    pub(crate) fn each(
        &mut self,
        style: &mut dyn Style<'n>,
        names: &[&'n str],
        over: &'n Expr<'n>,
        body: &'n [Expr<'n>],
    ) {
        let elements = self.resolve(over);
        match &elements.kind {
            Kind::List(elements) if !elements.is_empty() => {
                for element in elements.iter().take(MAX_ROUNDS) {
                    match (names, &self.resolve(element).kind) {
                        ([first], _) => self.bind(first, element),
                        (names, Kind::List(parts)) => {
                            names.iter().zip(parts).for_each(|(name, part)| self.bind(name, part))
                        }
                        ([first, ..], _) => self.bind(first, element),
                        ([], _) => {}
                    }
                    self.all(style, body);
                }
            }
            Kind::Map(entries) if !entries.is_empty() => {
                for (key, value) in entries.iter().take(MAX_ROUNDS) {
                    match names {
                        [name] => self.bind(name, value),
                        [first, second, ..] => {
                            self.bind(first, key);
                            self.bind(second, value);
                        }
                        [] => {}
                    }
                    self.all(style, body);
                }
            }
            _ => {
                names.iter().for_each(|name| self.bind(name, over));
                self.one(style, over);
                self.rounds += 1;
                self.all(style, body);
                self.rounds -= 1;
            }
        }
    }

    /// What the walk found; where that is nothing and something ran, that it runs its own code.
    pub(crate) fn finish(mut self) -> Migration {
        // Rows of an unknown table say nothing beside rows of known ones.
        let is_data = |step: &Step| step.op == SchemaOp::DataBackfill;
        if self.found.steps.iter().any(|step| is_data(step) && !step.table.is_empty()) {
            self.found.steps.retain(|step| !is_data(step) || !step.table.is_empty() || step.destructive);
        }
        if let Some(line) =
            self.unknown.filter(|_| self.found.steps.is_empty() && self.found.access.is_empty())
        {
            self.found.steps.push(Step::new(SchemaOp::Other, "", line).detail("what", "own_code"));
        }
        self.found
    }
}

/// A template with `%s`, `{}`, `{0}` and `{name}` filled in.
fn filled(template: &str, values: &[Option<String>], named: &[(&str, Option<String>)]) -> String {
    let value = |at: usize| values.get(at).cloned().flatten().unwrap_or_else(|| HOLE.to_owned());
    let mut out = String::with_capacity(template.len());
    let (mut rest, mut next) = (template, 0);
    while let Some(at) = rest.find(['%', '{']) {
        out.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at..).unwrap_or_default();
        if let Some(after) = rest.strip_prefix("%%") {
            out.push('%');
            rest = after;
        } else if let Some(after) =
            ["%s", "%d", "%q", "%v", "%i", "{}"].iter().find_map(|mark| rest.strip_prefix(mark))
        {
            out.push_str(&value(next));
            next += 1;
            rest = after;
        } else if let Some((key, after)) =
            rest.strip_prefix('{').and_then(|inner| inner.split_once('}')).filter(|(key, _)| is_word(key))
        {
            let known =
                key.parse().ok().map(value).or_else(|| {
                    named.iter().find(|(name, _)| *name == key).and_then(|(_, value)| value.clone())
                });
            out.push_str(&known.unwrap_or_else(|| HOLE.to_owned()));
            rest = after;
        } else {
            let mut chars = rest.chars();
            out.extend(chars.next());
            rest = chars.as_str();
        }
    }
    out.push_str(rest);
    out
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text.len() < 60
        && text.chars().all(|char| char.is_alphanumeric() || char == '_' || char == '.')
}
