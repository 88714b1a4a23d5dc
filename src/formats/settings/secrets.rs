//! What looks like a secret: by name or value for what we never print, by value alone for what we report.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Regex, RegexSet};

use crate::change::RepoPath;

/// A provider's own form of key, or a private key. Entropy is never asked: it is wrong too often.
static KEYS: &[(&str, &str)] = &[
    ("AWS access key", r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"),
    ("GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{50,})\b"),
    ("GitLab token", r"\bglpat-[A-Za-z0-9_-]{20,}\b"),
    ("Slack token", r"\bxox[abprs]-[0-9]{8,}-[A-Za-z0-9-]{10,}\b"),
    ("Slack web address", r"https://hooks\.slack\.com/services/T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/[A-Za-z0-9]{20,}"),
    ("Stripe key", r"\b[sr]k_live_[A-Za-z0-9]{20,}\b"),
    ("Google API key", r"\bAIza[A-Za-z0-9_-]{35}\b"),
    ("Anthropic key", r"\bsk-ant-[A-Za-z0-9_-]{20,}\b"),
    ("OpenAI key", r"\bsk-(?:proj-[A-Za-z0-9_-]{40,}|[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20})\b"),
    ("SendGrid key", r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}\b"),
    ("Twilio key", r"\bSK[0-9a-f]{32}\b"),
    ("npm token", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("PyPI token", r"\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}\b"),
    ("private key", r"-----BEGIN (?:RSA |EC |DSA |OPENSSH |ENCRYPTED |PGP )?PRIVATE KEY(?: BLOCK)?-----"),
];

static KEY_SET: LazyLock<RegexSet> = LazyLock::new(|| {
    RegexSet::new(KEYS.iter().map(|(_, pattern)| pattern))
        .expect("the patterns are fixed and the tests run them")
});

static NAME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(pass(word|wd|phrase|code)?|pwd|secret|token|credential|private|salt|signature|dsn|auth|bearer|cookie)|(^|[._-]|api|access|signing|encryption|license|master|account)(key|keys)(base|[._-]?id)?$|(key)[_.-]?base")
        .expect("the pattern is fixed and the tests run it")
});

static CREDENTIALS_IN_ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[a-z][a-z0-9+.-]*://[^\s/:@]*:[^\s/@]+@").expect("the pattern is fixed and the tests run it")
});

/// A connection string or command line that names a password itself.
static NAMED_INSIDE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:pass(?:word|wd)?|pwd|secret|token|api_?key|access_?key)['\x22]?\s*[=:]\s*\S")
        .expect("the pattern is fixed and the tests run it")
});

/// The name of the kind of secret that a text holds, without the secret.
pub fn kind_in(text: &str) -> Option<&'static str> {
    let found = KEY_SET.matches(text).into_iter().next()?;
    let (kind, _) = KEYS.get(found)?;
    // documented examples are no secrets
    (!text.contains("EXAMPLE")).then_some(*kind)
}

/// A text without the keys of providers, and without the password of an address: each gives way to `…`.
pub fn without_keys(text: &str) -> Cow<'_, str> {
    let Cow::Owned(text) = ANY_KEY.replace_all(text, "…") else {
        return PASSWORD_IN_ADDRESS.replace_all(text, "$1…@");
    };
    Cow::Owned(PASSWORD_IN_ADDRESS.replace_all(&text, "$1…@").into_owned())
}

static ANY_KEY: LazyLock<Regex> = LazyLock::new(|| {
    let keys: Vec<&str> = KEYS.iter().map(|(_, pattern)| *pattern).collect();
    // of a private key all lines
    Regex::new(&format!("(?:{})(?s:.*-----END[A-Z ]*-----)?", keys.join("|")))
        .expect("the patterns are fixed and the tests run them")
});

/// A password that is no variable.
static PASSWORD_IN_ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"([a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s/@${<…][^\s/@]*@")
        .expect("the pattern is fixed and the tests run it")
});

/// A statement without the passwords that it sets.
pub fn redacted(text: &str) -> String {
    PASSWORD.replace_all(text, "$1 …").into_owned()
}

static PASSWORD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(identified\s+(?:with\s+\S+\s+)?(?:by|as)(?:\s+password)?|password)\s*=?\s*(?:'[^']*'|\x22[^\x22]*\x22)")
        .expect("the pattern is fixed and the tests run it")
});

/// Whether the value of this key must not be shown. Errs on the side of silence.
pub fn is_hidden(key: &str, value: &str) -> bool {
    let last = key.rsplit('.').next().unwrap_or(key);
    // camelCase keys end in `Key` as others end in `_KEY`
    NAME.is_match(last)
        || last.ends_with("Key")
        || kind_in(value).is_some()
        || CREDENTIALS_IN_ADDRESS.is_match(value)
        || NAMED_INSIDE.is_match(value)
        || is_opaque(value)
}

/// Long, unbroken, letters and digits mixed: it may be a key.
fn is_opaque(value: &str) -> bool {
    let has = |test: fn(&u8) -> bool| value.bytes().filter(test).count();
    value.len() >= 24
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte))
        && has(u8::is_ascii_digit) >= 3
        && has(u8::is_ascii_alphabetic) >= 6
        && !value.contains("--")
}

/// Lines of a file as they may be shown: names stay, and values that may be secret give way to `…`. It hides too much
/// rather than too little.
pub fn shown<'t>(path: &RepoPath, text: &'t str) -> impl Iterator<Item = String> + 't {
    let in_code = super::code::is_code(path);
    let all_secret = text.lines().any(|line| line.trim_end() == "kind: Secret");
    let mut named_above = false;
    text.lines().map(move |line| {
        let named =
            line.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))).any(is_secret_name);
        let hide = named || all_secret || named_above || may_hold(line);
        // `- name: DB_PASSWORD` speaks of the `value:` in the line below.
        named_above = named && !in_code;
        match (hide, in_code) {
            (false, _) => line.to_owned(),
            (true, true) if kind_in(line).is_none() => TEXT.replace_all(line, "$1…$1").into_owned(),
            (true, _) => match line.find(['=', ':']) {
                Some(end) => format!("{} …", &line[..=end]),
                None => "…".to_owned(),
            },
        }
    })
}

/// A text in quotes.
static TEXT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(['"`])[^'"`]+['"`]"#).expect("the pattern is fixed and the tests run it")
});

fn is_secret_name(word: &str) -> bool {
    word.len() > 2 && (NAME.is_match(word) || word.ends_with("Key"))
}

fn may_hold(line: &str) -> bool {
    kind_in(line).is_some()
        || CREDENTIALS_IN_ADDRESS.is_match(line)
        || NAMED_INSIDE.is_match(line)
        || line.split_whitespace().any(|word| is_opaque(word.trim_matches(['"', '\'', ',', ';'])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_providers_forms_are_reported() {
        let token = format!("ghp_{}", "a1B2".repeat(9));
        assert_eq!(kind_in(&format!("x = '{token}'")), Some("GitHub token"));
        assert_eq!(kind_in(&format!("-----BEGIN {} KEY-----", "RSA PRIVATE")), Some("private key"));
        for quiet in
            ["AKIAIOSFODNN7EXAMPLE", "password = 'hunter2'", "d41d8cd98f00b204e9800998ecf8427e", "sk-test"]
        {
            assert_eq!(kind_in(quiet), None, "{quiet}");
        }
    }

    #[test]
    fn texts_lose_keys_and_the_passwords_of_addresses() {
        let token = format!("ghp_{}", "a1B2".repeat(9));
        let key = |mark: &str| format!("-----{mark} RSA {} KEY-----", "PRIVATE");
        for (text, wanted) in [
            (format!("Hello {token}, and more"), "Hello …, and more"),
            (format!("git+https://{token}@example.com/a.git"), "git+https://…@example.com/a.git"),
            ("https://me:hunter2@example.com/a".to_owned(), "https://me:…@example.com/a"),
            (format!("x {}\nMIIE\n{} y", key("BEGIN"), key("END")), "x … y"),
            ("https://${USER}:${PASSWORD}@db/x".to_owned(), "https://${USER}:${PASSWORD}@db/x"),
            ("at 12:30 by a@b.c".to_owned(), "at 12:30 by a@b.c"),
        ] {
            assert_eq!(without_keys(&text), wanted);
        }
    }

    #[test]
    fn statements_lose_their_passwords() {
        assert_eq!(
            redacted("GRANT ALL TO a@b IDENTIFIED BY 'pc' on x"),
            "GRANT ALL TO a@b IDENTIFIED BY … on x"
        );
        assert_eq!(redacted("GRANT SELECT TO public"), "GRANT SELECT TO public");
    }

    #[test]
    fn what_may_be_secret_is_hidden() {
        for (key, value) in [
            ("DB_PASSWORD", "x"),
            ("OPENAI_API_KEY", "dummy"),
            ("spring.datasource.password", "x"),
            ("stripe.secretKey", "x"),
            ("apiKey", "x"),
            ("SECRET_KEY_BASE", "x"),
            ("AWS_ACCESS_KEY_ID", "x"),
            ("DATABASE_URL", "postgres://me:pw@db/x"),
            ("SENTRY_DSN", "https://abc@x"),
            ("CONNECTION", "Host=db;Username=me;Password=pw"),
            ("SOMETHING", "a8f5f167f44f4964e6c998dee827110c"),
        ] {
            assert!(is_hidden(key, value), "{key}");
        }
        for (key, value) in [
            ("TIMEOUT", "30s"),
            ("KEYBOARD", "qwerty"),
            ("DATABASE_URL", "postgres://db/x"),
            ("POSTGRES_HOST", "${POSTGRES_HOST}"),
            ("IMAGE", "ghcr.io/a/b:1.2"),
            ("resources.limits.memory", "128Mi"),
        ] {
            assert!(!is_hidden(key, value), "{key}");
        }
    }
}
