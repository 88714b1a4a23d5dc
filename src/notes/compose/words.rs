//! What authors wrote, taken apart: marks in front, how it reads, where it belongs, whether it speaks of money.

use crate::notes::author::{Note, NoteKind, quote};
use crate::notes::model::{Audience, SectionName};
use crate::notes::names::words;
use crate::notes::units::{Unit, wording};

/// Words of a sentence that is long enough to be understood in spite of one code word.
const LONG: u32 = 12;

/// A note's quotation without the marks in front.
pub(super) fn spoken_of(note: &Note) -> String {
    quote(bare(&note.text).1)
}

/// Words of people who build and run software, which its customers need not know.
const TRADE: &[&str] = &[
    "attributes",
    "build",
    "bundle",
    "cache",
    "caches",
    "cached",
    "chunk",
    "chunks",
    "cluster",
    "compose",
    "container",
    "containers",
    "database",
    "dependency",
    "dependencies",
    "detector",
    "docker",
    "helm",
    "image",
    "images",
    "import",
    "imports",
    "joins",
    "kubernetes",
    "log",
    "logging",
    "logs",
    "memory",
    "metrics",
    "migrate",
    "migration",
    "payload",
    "podman",
    "queries",
    "query",
    "redis",
    "runtime",
    "serialization",
    "serialize",
    "server",
    "snippets",
    "socket",
    "sqlite",
    "stdout",
    "synthetic",
    "telemetry",
    "test",
    "tests",
    "traces",
    "upgrade",
    "variable",
    "warning",
    "warnings",
    "websocket",
];

/// What GitHub calls the change when a draft advisory's private fork is merged.
const OF_A_FORK: &str = "Merge commit from fork";

/// Whether the audience reads it in one go.
pub(super) fn is_readable(text: &str, audience: Audience) -> bool {
    let is_trade = |word: &&str| {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        let is_short_form = bare.len() == 2 && word.chars().all(|c| c.is_ascii_uppercase());
        TRADE.contains(&bare.as_str()) || is_short_form && !["ID", "OK", "UI", "TV", "AI"].contains(word)
    };
    if audience == Audience::Customers
        && text.split(|c: char| c.is_whitespace() || c == '-').any(|word| is_trade(&word))
    {
        return false;
    }
    if text == OF_A_FORK {
        return false;
    }
    let wording = wording(text);
    let shouts = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.len() > 3 && word.chars().all(|c| c.is_ascii_uppercase()));
    let code = wording.code_words + shouts.count() as u32;
    wording.words >= 2 && (code == 0 || (code == 1 && wording.words >= LONG))
}

/// What an author wrote without the marks in front: `[cart] `, `fix(cart): `; and the area that they name.
pub(super) fn bare(text: &str) -> (Option<&str>, &str) {
    let (mut area, mut rest) = (None, text.trim());
    loop {
        let cut = match rest.strip_prefix('[').and_then(|inside| inside.split_once(']')) {
            Some((inside, after)) if inside.split_whitespace().count() <= 3 => Some((Some(inside), after)),
            _ => conventional_head(rest),
        };
        let Some((named, after)) = cut.filter(|(_, after)| after.trim().contains(' ')) else {
            return (area, rest);
        };
        area = area.or(named);
        rest = after.trim_start_matches([':', ' ']);
    }
}

/// `type(scope): ` in front, of any type where a scope stands beside it.
fn conventional_head(text: &str) -> Option<(Option<&str>, &str)> {
    let (head, after) = text.split_once(": ")?;
    let (type_, scope) = match head.split_once('(') {
        Some((type_, scope)) => (type_, Some(scope.trim_end_matches('!').strip_suffix(')')?)),
        None => (head.trim_end_matches('!'), None),
    };
    let known = ["feat", "fix", "chore", "docs", "perf", "refactor", "test", "ci", "build", "style"];
    let is_word = !type_.is_empty() && type_.chars().all(|c| c.is_alphanumeric() || c == '-');
    (is_word && (scope.is_some() || known.contains(&type_.to_lowercase().as_str()))).then_some((scope, after))
}

pub(super) fn of_kind(kind: Option<NoteKind>) -> Option<SectionName> {
    Some(match kind? {
        NoteKind::Breaking => SectionName::ActionNeeded,
        NoteKind::Added => SectionName::New,
        NoteKind::Changed | NoteKind::Removed => SectionName::Changed,
        NoteKind::Deprecated => SectionName::GoingAway,
        NoteKind::Fixed => SectionName::Fixed,
        NoteKind::Security => SectionName::SecurityAndPrivacy,
    })
}

/// Words that make a change one about weaknesses or personal data, as authors write them.
const SECURITY: &[&str] = &[
    "security",
    "vulnerability",
    "vulnerabilities",
    "vulnerable",
    "cve",
    "xss",
    "csrf",
    "injection",
    "privacy",
    "gdpr",
    "pii",
    "password",
    "passwords",
    "personal data",
    "card data",
    "recipient email",
    "email address",
    "email addresses",
    "credentials",
    "secrets",
];

/// The section of a change: breaking, then weaknesses and privacy, then the author's note, type and verb, in that order.
pub(super) fn section_of(unit: &Unit, kind: Option<NoteKind>, said: &str) -> SectionName {
    let spoken = format!(" {} ", words(said).join(" "));
    let title = format!(" {} ", words(bare(&unit.title).1).join(" "));
    let verb_said = spoken.split_whitespace().next().unwrap_or_default();
    if unit.marked_breaking || kind == Some(NoteKind::Breaking) {
        return SectionName::ActionNeeded;
    }
    if unit.title == OF_A_FORK
        || SECURITY
            .iter()
            .any(|word| [&spoken, &title].iter().any(|text| text.contains(&format!(" {word} "))))
    {
        return SectionName::SecurityAndPrivacy;
    }
    if let Some(section) = of_kind(kind) {
        return section;
    }
    if title.starts_with(" deprecat") || title.contains(" deprecation of ") {
        return SectionName::GoingAway;
    }
    let type_ = unit.conventional.as_ref().map(|head| head.type_.as_str());
    let verb = title.split_whitespace().next().unwrap_or_default();
    let is_fix = |verb: &str| {
        matches!(verb, "fix" | "fixes" | "fixed" | "resolve" | "resolves" | "correct" | "prevent" | "repair")
    };
    if is_fix(verb) || is_fix(verb_said) {
        return SectionName::Fixed;
    }
    match (type_, verb) {
        (Some("feat" | "feature"), _) => SectionName::New,
        (Some("fix" | "bugfix" | "hotfix"), _) => SectionName::Fixed,
        (_, "fix" | "fixes" | "fixed" | "resolve" | "resolves" | "correct" | "prevent" | "repair") => {
            SectionName::Fixed
        }
        (
            _,
            "add" | "adds" | "added" | "introduce" | "introduces" | "allow" | "allows" | "support" | "enable"
            | "new" | "create" | "implement",
        ) => SectionName::New,
        _ => SectionName::Changed,
    }
}

/// Words in paths behind which a small slip costs money.
const MONEY: &[&str] = &[
    "quote",
    "price",
    "prices",
    "pricing",
    "charge",
    "charges",
    "refund",
    "refunds",
    "tax",
    "taxes",
    "invoice",
    "invoices",
    "billing",
    "discount",
    "discounts",
    "gift",
    "voucher",
    "vouchers",
];

pub(super) fn says_money(text: &str) -> bool {
    words(text).iter().any(|word| MONEY.contains(&word.as_str()))
}

/// By its title, or by most of its files.
pub(super) fn is_about_money(unit: &Unit) -> bool {
    let files = unit.paths.iter().filter(|changed| says_money(changed.path.as_str())).count();
    says_money(&unit.title) || files * 2 > unit.paths.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_in_front_are_no_words_of_the_author() {
        for (text, area, rest) in [
            ("[flagd] Fix the colours", Some("flagd"), "Fix the colours"),
            ("o11y(email): remove recipient email", Some("email"), "remove recipient email"),
            ("fix: handle missing images", None, "handle missing images"),
            ("[a] fix(b)!: show totals", Some("a"), "show totals"),
            ("Add tax: for all", None, "Add tax: for all"),
            ("Totals (all): shown", None, "Totals (all): shown"),
            ("[one]", None, "[one]"),
        ] {
            assert_eq!(bare(text), (area, rest), "{text}");
        }
    }

    #[test]
    fn titles_with_code_words_wait_for_a_person() {
        for (text, readable) in [
            ("Fix cart page showing unit price instead of line total", true),
            ("Guard getenv against nullptr", false),
            ("Rename `app.x` to `demo.x`", false),
            ("Serialize MPTT tree writes", false),
            ("Fix", false),
            (OF_A_FORK, false),
        ] {
            assert_eq!(is_readable(text, Audience::Internal), readable, "{text}");
        }
        for (text, readable) in [
            ("Show the total of the cart", true),
            ("Add health checks to the container", false),
            ("Add DB attributes", false),
        ] {
            assert_eq!(is_readable(text, Audience::Customers), readable, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn marks_never_panic(text in "\\PC*") {
            let _ = bare(&text);
        }
    }
}
