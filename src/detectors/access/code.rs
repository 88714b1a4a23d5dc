//! Logins and permissions that code asks for: decorators, attributes, filters and middleware, by what they guard.
//!
//! One scanner for a dozen frameworks: the mark and what it guards stand on neighbouring lines in all of them.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use super::{Found, facts};
use crate::change::{FileChange, RepoPath, Role};
use crate::finding::{Evidence, Level};

/// Whether a mark asks for something, or lets all pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Effect {
    Asks,
    Opens,
}

/// What a mark stands on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Guards {
    /// The function or class below it.
    Below,
    /// The class or file around it.
    Around,
}

struct Rule {
    what: &'static str,
    effect: Effect,
    guards: Guards,
    pattern: &'static str,
}

const fn rule(what: &'static str, effect: Effect, guards: Guards, pattern: &'static str) -> Rule {
    Rule { what, effect, guards, pattern }
}

/// One row a framework's way to say it, on a line without its indent. The first that fits a line counts.
static RULES: &[Rule] = &[
    rule(
        "login",
        Effect::Asks,
        Guards::Below,
        r"^@(?:[\w.]+\.)?(?:login_required|auth_required|jwt_required|token_required|requires_auth|authenticated)\b",
    ),
    rule(
        "permission",
        Effect::Asks,
        Guards::Below,
        r"^@(?:[\w.]+\.)?(?:permission_required|permissions_required|user_passes_test|staff_member_required|superuser_required|admin_required|roles_required|requires_permission)\b",
    ),
    rule(
        "permission",
        Effect::Asks,
        Guards::Around,
        r"^permission_classes\s*=\s*[\[(]\s*(?:[\w.]*\.)?(?:Is|Has|Can|Django|\w*Permission)\w*",
    ),
    rule(
        "permission",
        Effect::Opens,
        Guards::Around,
        r"^permission_classes\s*=\s*[\[(]\s*(?:(?:[\w.]*\.)?AllowAny|[\])])",
    ),
    rule("permission", Effect::Asks, Guards::Below, r"^@permission_classes\(\[\s*(?:Is|Has|Can)\w+"),
    rule("permission", Effect::Opens, Guards::Below, r"^@permission_classes\(\[\s*(?:AllowAny)?\s*\]"),
    rule(
        "permission",
        Effect::Asks,
        Guards::Around,
        r"^before_action\s*[( ]\s*:(?:authori[sz]e\w*|require_\w*(?:admin|moderator|owner|permission)\w*|ensure_\w*(?:admin|owner|permission)\w*|\w*admin_only\w*)",
    ),
    rule(
        "login",
        Effect::Asks,
        Guards::Around,
        r"^before_action\s*[( ]\s*:(?:authenticate\w*|require_\w*(?:log|user|auth|sign)\w*|ensure_\w*(?:log|user|auth|sign)\w*|login_required|\w*logged_in\w*)",
    ),
    rule(
        "login",
        Effect::Opens,
        Guards::Around,
        r"^skip_before_action\s*[( ]\s*:(?:authenticate|require|ensure|\w*log(?:ged|in))\w*",
    ),
    rule(
        "permission",
        Effect::Opens,
        Guards::Around,
        r"^skip_(?:authorization|after_action\s*[( ]\s*:verify_authorized)",
    ),
    rule("permission", Effect::Asks, Guards::Below, r"^\[Authorize\b"),
    rule("permission", Effect::Opens, Guards::Below, r"^\[AllowAnonymous\]"),
    rule(
        "permission",
        Effect::Asks,
        Guards::Below,
        r"^@(?:PreAuthorize|Secured|RolesAllowed|RequiresPermissions|RequiresRoles)\b",
    ),
    rule("permission", Effect::Opens, Guards::Below, r"^@PermitAll\b"),
    // decorators of one's own, named for what they ask: `@UserAuthentication()`, `@RequirePermissions('a')`, `@Roles(…)`
    rule(
        "login",
        Effect::Asks,
        Guards::Below,
        r"^@(?:\w*(?:Auth|Authentication|Authenticated|Authenticate|AuthGuard|AuthRequired)|\w*(?:Require|Requires|Needs)\w*(?:Auth|Login|User))\(",
    ),
    rule(
        "permission",
        Effect::Asks,
        Guards::Below,
        r"^@(?:\w*(?:Authorization|Authorized|Authorize)|\w*(?:Require|Requires|Needs)\w*(?:Role|Permission|Admin)\w*|Roles?|Permissions?)\(",
    ),
    rule("login", Effect::Asks, Guards::Below, r"^@UseGuards\(.*(?i:auth|role|permission|jwt)"),
    rule("login", Effect::Opens, Guards::Below, r"^@(?:Public|SkipAuth|AllowAnonymous|Anonymous)\(\)"),
    rule(
        "login",
        Effect::Asks,
        Guards::Around,
        r"^plug\s*[( ]\s*:?(?:require_auth\w*|authenticate\w*|ensure_auth\w*|require_login\w*)",
    ),
    rule("login", Effect::Asks, Guards::Around, r"^\$this->middleware\(\s*\[?\s*['\x22]auth"),
    rule("login", Effect::Asks, Guards::Around, r"^class \w+\(.*LoginRequiredMixin"),
    rule("permission", Effect::Asks, Guards::Around, r"^class \w+\(.*PermissionRequiredMixin"),
];

static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    RULES
        .iter()
        .map(|rule| Regex::new(rule.pattern).expect("the pattern is fixed and the tests run it"))
        .collect()
});

static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:def|class|module|func|fun|function|interface|defmodule)\s+(?:self\.)?([\w.:?!]+)|^(?:export\s+)?(?:public|private|protected|internal|static|async|virtual|override|final)\b[\w<>\[\],. ?]*?\b(\w+)\s*\(|^(?:async\s+)?(\w+)\s*\([^;]*\{$|^async\s+(\w+)\s*\($")
        .expect("the pattern is fixed and the tests run it")
});
static CLASS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*(?:[\w]+\s+)*(?:class|module|defmodule)\s+([\w.:]+)")
        .expect("the pattern is fixed and the tests run it")
});
/// Routes of Express and its kin: the guard stands among the arguments.
static ROUTE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:\w+\.)?(?:app|\w*[rR]outer|server|fastify|api)\.(get|post|put|patch|delete|all)\(\s*['\x22`]([^'\x22`]+)['\x22`]\s*,\s*(.*)$")
        .expect("the pattern is fixed and the tests run it")
});
static GUARD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(\w*(?i:requireauth|authenticate|ensureauth|isauth|checkauth|authguard|verifytoken|verifyjwt|requirelogin|loggedin|requireuser|requireadmin|isadmin|requirerole|authorize|requirepermission|protectroute)\w*)")
        .expect("the pattern is fixed and the tests run it")
});

/// A guard on a subject of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    what: &'static str,
    effect: Effect,
    subject: String,
}

/// What each file asks of whom, and what else it names.
#[derive(Default)]
struct Side {
    guards: BTreeMap<Key, (String, Evidence)>,
    /// How often each is declared: one more of a name is another thing of that name.
    subjects: BTreeMap<String, usize>,
}

impl Side {
    fn declares(&mut self, subject: String) {
        *self.subjects.entry(subject).or_default() += 1;
    }

    /// Whether something asks of the class that a subject stands in.
    fn asks_of_class(&self, subject: &str, what: &str) -> bool {
        let Some((class, _)) = subject.rsplit_once('.') else { return false };
        self.guards.keys().any(|key| key.effect == Effect::Asks && key.what == what && key.subject == class)
    }
}

/// Guards that came or went while what they guard stays. All changed files are one text: what moves is no change.
pub(super) fn find(files: &[FileChange]) -> Vec<Found> {
    let (mut before, mut after) = (Side::default(), Side::default());
    let is_code = |file: &&FileChange| file.role == Role::Source && super::super::config::is_code(&file.path);
    let code: Vec<&FileChange> = files.iter().filter(is_code).collect();
    for file in &code {
        read(file.old_path(), file.before_text(), Evidence::before, &mut before);
        read(&file.path, file.after_text(), Evidence::after, &mut after);
    }
    let mut found = Vec::new();
    // A guard that is on the class on one side, and was not on the other, is not another guard.
    let moved = |own: &Side, other: &Side, key: &Key| {
        other.asks_of_class(&key.subject, key.what) && !own.asks_of_class(&key.subject, key.what)
    };
    // A guard for a whole class names its actions; where actions go with it, nobody can tell that one was left open.
    let shrunk: BTreeSet<&RepoPath> =
        code.iter().filter(|file| loses_actions(file)).map(|file| file.old_path()).collect();
    let gone = before
        .guards
        .iter()
        .filter(|(key, (_, place))| !after.guards.contains_key(*key) && !shrunk.contains(&place.path));
    // A mark that gives way to a check in the code asks as before.
    let asks_itself: LazyCell<BTreeSet<&RepoPath>, _> =
        LazyCell::new(|| code.iter().filter(|file| gains_checks(file)).map(|file| file.old_path()).collect());
    // A guard that comes to a class around others, and to none before it, is the guard of these from now on.
    let moved_up = |what: &str| {
        let comes = |key: &&Key| {
            let asks = key.what == what && key.effect == Effect::Asks && !before.guards.contains_key(*key);
            asks && is_base(&key.subject)
        };
        after.guards.keys().any(|key| comes(&key))
    };
    for (key, (text, place)) in gone.filter(|(key, _)| after.subjects.contains_key(&key.subject)) {
        if !shares_guarded(&key.subject, text, &before, &after)
            || moved_up(key.what)
            || asks_itself.contains(&place.path)
            || key.effect == Effect::Asks && moved(&before, &after, key)
        {
            continue;
        }
        let change = if key.effect == Effect::Asks { "loosened" } else { "tightened" };
        // another guard of any kind in its place, or on the methods of its class: not open, but not the same
        let in_its_place = |other: &Key| {
            let inside = other.subject.strip_prefix(&key.subject);
            inside.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let replaced = after.guards.iter().find(|(other, _)| {
            in_its_place(other) && other.effect == Effect::Asks && !before.guards.contains_key(*other)
        });
        match replaced {
            Some((_, (now, place))) if key.effect == Effect::Asks => {
                found.push(changed(key, "changed", Some(text.clone()), Some(now.clone()), place));
            }
            _ => found.push(changed(key, change, Some(text.clone()), None, place)),
        }
    }
    let new = after.guards.iter().filter(|(key, _)| !before.guards.contains_key(*key));
    // A change that begins to ask says by the same what stays open as before.
    let begins_to_ask =
        after.guards.keys().any(|key| key.effect == Effect::Asks && !before.guards.contains_key(key));
    let asked_itself: LazyCell<BTreeSet<&RepoPath>, _> =
        LazyCell::new(|| code.iter().filter(|file| loses_checks(file)).map(|file| &file.path).collect());
    for (key, (text, place)) in new.filter(|(key, _)| before.subjects.contains_key(&key.subject)) {
        let count = |side: &Side| side.subjects.get(&key.subject).copied().unwrap_or_default();
        let asked_before = match key.effect {
            Effect::Opens => begins_to_ask,
            Effect::Asks => {
                count(&after) > count(&before)
                    || moved(&after, &before, key)
                    || asked_itself.contains(&place.path)
            }
        };
        if asked_before || !shares_guarded(&key.subject, text, &after, &before) {
            continue;
        }
        let replaces = before.guards.iter().any(|(other, _)| {
            other.subject == key.subject && other.effect == Effect::Asks && !after.guards.contains_key(other)
        });
        if !(replaces && key.effect == Effect::Asks) {
            let change = if key.effect == Effect::Asks { "tightened" } else { "loosened" };
            found.push(changed(key, change, None, Some(text.clone()), place));
        }
    }
    found
}

/// How often a text checks who asks.
fn checks(text: Option<&str>) -> usize {
    static CHECK: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?i)is_?authenticated|is_anonymous|logged_in|signed_in|(?-u:\b)(?:401|403)(?-u:\b)|unauthori[sz]ed|forbidden|access_?denied|has_?perm|throw new \w*notfound",
        )
        .expect("the pattern is fixed and the tests run it")
    });
    CHECK.find_iter(text.unwrap_or_default()).count()
}

/// Whether more of a file's code checks who asks than before.
fn gains_checks(file: &FileChange) -> bool {
    checks(file.after_text()) > checks(file.before_text())
}

/// Whether less of it does.
fn loses_checks(file: &FileChange) -> bool {
    checks(file.after_text()) < checks(file.before_text())
}

/// Whether a class is one that others build on, by its name: `ApplicationController`, `BaseView`, `Authentication`.
fn is_base(subject: &str) -> bool {
    let last = subject.rsplit([':', '.']).next().unwrap_or(subject);
    ["Application", "Base", "Abstract", "Auth"].iter().any(|start| last.starts_with(start))
        || last.ends_with("Base")
        || last.ends_with("Mixin")
}

/// Whether the other side has any of what a guard of a class guards, `only` and `except` read: actions that go to
/// another class together with their guard lose nothing, and a new action was never closed. A class of which no method
/// is known counts as a whole.
fn shares_guarded(subject: &str, text: &str, own: &Side, other: &Side) -> bool {
    let named = |word: &str| -> Option<Vec<&str>> {
        let list = &text[text.find(word)? + word.len()..];
        let list = list.find(']').map_or(list, |end| &list[..end]);
        let list = list.trim_start().trim_start_matches("%i").trim_start_matches("%w");
        Some(
            list.split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '?' | '!'))
                .filter(|name| !name.is_empty())
                .collect(),
        )
    };
    let (only, except) = (named("only:"), named("except:"));
    let start = format!("{subject}.");
    let methods =
        own.subjects.range(start.clone()..).map(|(name, _)| name).take_while(|name| name.starts_with(&start));
    let guarded: Vec<&String> = methods
        .filter(|name| {
            let name = &name[start.len()..];
            only.as_ref().is_none_or(|only| only.contains(&name))
                && except.as_ref().is_none_or(|except| !except.contains(&name))
        })
        .collect();
    guarded.is_empty() && only.is_none() || guarded.iter().any(|name| other.subjects.contains_key(*name))
}

/// Whether a Ruby class has fewer methods than before.
fn loses_actions(file: &FileChange) -> bool {
    let count = |text: Option<&str>| {
        text.unwrap_or_default().lines().filter(|line| line.trim_start().starts_with("def ")).count()
    };
    file.path.extension() == "rb" && count(file.after_text()) < count(file.before_text())
}

fn changed(
    key: &Key,
    change: &'static str,
    from: Option<String>,
    to: Option<String>,
    place: &Evidence,
) -> Found {
    let (rule, level) = match (key.what, change) {
        ("login", "loosened") => ("access.login_removed", Level::TalkFirst),
        (_, "loosened") => ("access.permission_removed", Level::TalkFirst),
        ("login", "tightened") => ("access.login_added", Level::WorthALook),
        (_, "tightened") => ("access.permission_added", Level::WorthALook),
        _ => ("access.guard_changed", Level::WorthALook),
    };
    let subject = key.subject.rsplit('\0').next().unwrap_or(&key.subject);
    Found { rule, level, facts: facts(key.what, subject, change, from, to), evidence: place.clone() }
}

fn read(path: &RepoPath, text: Option<&str>, side: fn(&RepoPath, Option<u32>) -> Evidence, into: &mut Side) {
    let Some(text) = text else { return };
    let lines: Vec<&str> = text.lines().collect();
    let mut class = String::new();
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.len() < super::LONGEST_LINE) {
        if let Some(found) = CLASS.captures(line) {
            class = found[1].to_owned();
            into.declares(class.clone());
        }
        // In Python a class ends where a line begins at the margin.
        let at_margin = line.starts_with(|c: char| c == '@' || c.is_alphabetic());
        if path.extension() == "py" && at_margin && !line.starts_with("class ") {
            class.clear();
        }
        let trimmed = line.trim();
        let place = || side(path, u32::try_from(at + 1).ok());
        if let Some(found) = ROUTE.captures(trimmed) {
            let subject = format!("{} {}", found[1].to_ascii_uppercase(), &found[2]);
            into.declares(subject.clone());
            let rest: String = lines[at..]
                .iter()
                .take(6)
                .map(|line| line.trim())
                .take_while(|line| !line.contains("=> {"))
                .collect();
            let rest = if rest.is_empty() { found[3].to_owned() } else { rest };
            if let Some(guard) = GUARD.captures(&rest) {
                into.guards.insert(
                    Key { what: "login", effect: Effect::Asks, subject },
                    (guard[1].to_owned(), place()),
                );
            }
            continue;
        }
        if let Some(name) = name_of(trimmed).or_else(|| name_above(trimmed, lines.get(at + 1))) {
            into.declares(in_class(&class, name));
        }
        // A guard whose actions are handed in is a tool for others, and guards nothing itself.
        let rule = RULES
            .iter()
            .zip(PATTERNS.iter())
            .find(|(_, pattern)| pattern.is_match(trimmed))
            // `@ApiBearerAuth()` only describes
            .filter(|_| !trimmed.contains("**") && !trimmed.starts_with("@Api"));
        if let Some((rule, _)) = rule {
            let subject = match rule.guards {
                Guards::Below => below(&lines[at..], &class),
                Guards::Around if class.is_empty() => Some(path.file_name().to_owned()),
                Guards::Around => Some(class.clone()),
            };
            let Some(subject) = subject else { continue };
            if rule.guards == Guards::Around && class.is_empty() {
                into.declares(subject.clone());
            }
            into.guards
                .insert(Key { what: rule.what, effect: rule.effect, subject }, (trimmed.to_owned(), place()));
        }
    }
}

/// What stands below a mark, behind other marks and what describes it; nothing where that has no name that we can read.
fn below(lines: &[&str], class: &str) -> Option<String> {
    /// Marks of one method, with all that describes it.
    const MOST_LINES: usize = 60;
    let mut open = 0i32;
    for (at, line) in lines.iter().take(MOST_LINES).enumerate() {
        if at > 0 && open == 0 {
            if let Some(found) = CLASS.captures(line) {
                return Some(found[1].to_owned());
            }
            let trimmed = line.trim();
            if let Some(name) = name_of(trimmed).or_else(|| name_above(trimmed, lines.get(at + 1))) {
                return Some(in_class(class, name));
            }
            // the mark is not for the one behind this
            let is_beside = trimmed.is_empty() || trimmed.starts_with(BESIDE);
            if !is_beside {
                return None;
            }
        }
        for c in line.chars() {
            match c {
                '(' | '[' | '{' => open += 1,
                ')' | ']' | '}' => open = (open - 1).max(0),
                _ => {}
            }
        }
    }
    None
}

/// How lines begin that may stand between a mark and what it guards: marks, comments, ends of brackets, texts.
const BESIDE: [char; 10] = ['@', '[', '#', '/', '*', '}', ')', ']', '\'', '"'];

/// The name of a method whose parameters stand below it, each with a mark or a type: a call has none.
fn name_above<'l>(line: &'l str, next: Option<&&str>) -> Option<&'l str> {
    static PARAMETER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^\s*(?:@\w+|\w+\??:\s*[\w(\[{'])").expect("the pattern is fixed and the tests run it")
    });
    let name = line.strip_suffix('(')?.trim_end();
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    (is_name && PARAMETER.is_match(next?)).then_some(name)
}

/// A method is told by its class too: many classes have an `index`.
fn in_class(class: &str, name: &str) -> String {
    if class.is_empty() { name.to_owned() } else { format!("{class}.{name}") }
}

fn name_of(line: &str) -> Option<&str> {
    if line.starts_with(['@', '[', '#', '/', '*', '}', ')'])
        || ["if ", "if(", "for ", "for(", "while", "switch", "return", "await", "catch", "else"]
            .iter()
            .any(|word| line.starts_with(word))
    {
        return None;
    }
    NAMED.captures(line).and_then(|found| found.iter().skip(1).flatten().next().map(|name| name.as_str()))
}

#[cfg(test)]
mod tests;
