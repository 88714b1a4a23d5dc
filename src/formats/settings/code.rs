//! Environment variables that code reads.

use std::sync::LazyLock;

use regex::Regex;

use crate::change::RepoPath;

/// One place where code reads an environment variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The variable.
    pub name: String,
    /// The line, from 1.
    pub line: u32,
    /// Whether the same line gives a value for when it is not set.
    pub has_default: bool,
}

/// The calls of a dozen languages; for half of them there is no parser here, and the call stands on one line in all.
static READS: LazyLock<Regex> = LazyLock::new(|| {
    let name = r"([A-Z][A-Z0-9_]{2,})";
    let calls = [
        format!(r"\bprocess\.env(?:\.|\[['\x22]){name}"),
        format!(r"\bimport\.meta\.env\.{name}"),
        format!(r"\bDeno\.env\.get\(\s*['\x22]{name}['\x22]"),
        format!(r"\bENV(?:\.fetch\(\s*|\[)['\x22]{name}['\x22]"),
        format!(r"\b(?:os\.)?(?:environ(?:\.get\(\s*|\.pop\(\s*|\[)|getenv\(\s*)['\x22]{name}['\x22]"),
        format!(r"\bos\.(?:Getenv|LookupEnv)\(\s*\x22{name}\x22"),
        format!(r"\b(?:env::var(?:_os)?|env!|option_env!)\(\s*\x22{name}\x22"),
        format!(r"\bSystem\.getenv\(\s*\x22{name}\x22"),
        format!(r"\bEnvironment\.GetEnvironmentVariable\(\s*\x22{name}\x22"),
        format!(r"\bSystem\.(?:get_env|fetch_env!?)\(\s*\x22{name}\x22"),
        format!(r"(?:^|[^\w.>$:])env\(\s*['\x22]{name}['\x22]"),
        format!(r"\benv\.(?:str|bool|int|list|url|float|json)\(\s*['\x22]{name}['\x22]"),
        format!(r"\bgetenv\(\s*['\x22]{name}['\x22]"),
    ];
    Regex::new(&calls.join("|")).expect("the pattern is fixed and the tests run it")
});

/// Whether files of this name can hold such code.
pub fn is_code(path: &RepoPath) -> bool {
    matches!(
        path.extension().as_str(),
        "js" | "jsx"
            | "ts"
            | "tsx"
            | "mjs"
            | "cjs"
            | "mts"
            | "cts"
            | "vue"
            | "svelte"
            | "astro"
            | "rb"
            | "erb"
            | "rake"
            | "py"
            | "go"
            | "rs"
            | "java"
            | "kt"
            | "kts"
            | "scala"
            | "groovy"
            | "cs"
            | "fs"
            | "ex"
            | "exs"
            | "eex"
            | "heex"
            | "php"
            | "cpp"
            | "cc"
            | "c"
            | "swift"
            | "dart"
    )
}

/// Every read, in its order.
pub fn reads(path: &RepoPath, text: &str) -> Vec<Read> {
    if !is_code(path) {
        return Vec::new();
    }
    let mut found = declared_fields(path, text);
    let lines: Vec<&str> = text.lines().collect();
    for (at, text) in lines.iter().enumerate() {
        let line = u32::try_from(at + 1).unwrap_or(u32::MAX);
        // a cheap look before the expensive one
        if !text.to_ascii_lowercase().contains("env") || text.len() > 2_000 {
            continue;
        }
        let trimmed = text.trim_start();
        if trimmed.starts_with("//") || trimmed.starts_with("# ") || trimmed.starts_with('*') {
            continue;
        }
        for read in READS.captures_iter(text) {
            let Some(name) = read.iter().skip(1).flatten().next() else { continue };
            let below = lines.get(at + 1..).unwrap_or_default();
            let rest = said_of_it(&text[name.end()..], below);
            // Laravel: a setting without a start value is null, and may be
            let is_laravel = path.extension() == "php"
                && read
                    .get(0)
                    .is_some_and(|call| call.as_str().contains("env(") && !call.as_str().contains("getenv"));
            let has_default = is_laravel
                || ["||", "??", "?:", "unwrap_or", " or ", ", "].iter().any(|mark| rest.contains(mark))
                || is_asked(trimmed, &text[..name.start()], &rest)
                || is_asked_below(trimmed, below);
            found.push(Read { name: name.as_str().to_owned(), line, has_default });
        }
    }
    found
}

/// What stands behind the name: on its line, and on the next ones as far as these go on with a call or another value.
fn said_of_it(rest: &str, below: &[&str]) -> String {
    const GOES_ON: &[&str] = &[".", "?", "||", "&&", "|>", "or ", ", "];
    let further = below.iter().take(4).map(|line| line.trim_start());
    let further = further.take_while(|line| GOES_ON.iter().any(|start| line.starts_with(start)));
    std::iter::once(rest).chain(further).collect::<Vec<_>>().join(" ")
}

/// Whether the next line asks for the variable that it was put into, and the code goes on without it.
fn is_asked_below(line: &str, below: &[&str]) -> bool {
    // Rust: `match env::var("A") { Ok(a) => …, Err(_) => 10 }`
    let fails = below.iter().take(4).filter_map(|line| line.trim_start().strip_prefix("Err"));
    let answers = fails.filter_map(|line| line.split_once("=>")).map(|(_, answer)| answer.trim_start());
    let is_answer = |answer: &str| {
        !["{", "bail", "panic", "return", "Err", "anyhow"].iter().any(|end| answer.starts_with(end))
    };
    if line.contains("match ") && answers.into_iter().any(is_answer) {
        return true;
    }
    const ENDS: &[&str] = &["panic", "fatal", "err", "raise", "throw", "exit", "abort", "die("];
    let words = line.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    let held = words.map(str::trim).find(|word| !["", "let", "const", "var", "val", "String"].contains(word));
    let (Some(held), [next, then, ..]) = (held, below) else { return false };
    let next = next.trim_start();
    let asks = next.strip_prefix("if ").or_else(|| next.strip_prefix("if("));
    let ends = [next, *then].map(str::to_ascii_lowercase);
    let is_of_it =
        |asked: &str| asked.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == held);
    asks.is_some_and(is_of_it) && !ENDS.iter().any(|end| ends.iter().any(|line| line.contains(end)))
}

/// Whether the code asks what the variable holds, or whether it is there at all: without it the answer is "no".
fn is_asked(line: &str, before: &str, rest: &str) -> bool {
    const QUESTIONS: &[&str] = &["if ", "if(", "elif ", "elsif ", "else if ", "} else if ", "unless "];
    const ANSWERS: &[&str] = &[
        "==",
        "?.",
        ".ok()",
        "!=",
        "&&",
        " ? ",
        " if ",
        " unless ",
        ".is_ok()",
        ".is_some()",
        ".is_err()",
        ".is_none()",
        ".present?",
        ".blank?",
        ".nil?",
    ];
    // Elixir has another call for what must be there.
    const CALLS: &[&str] = &["system.get_env(", "!!", "bool(", "parsebool(", "parseboolean(", "boolean("];
    let call = before.trim_end_matches(|c: char| c.is_alphanumeric() || ".:_(\"'".contains(c));
    let called = before.get(call.len()..).unwrap_or_default().to_ascii_lowercase();
    QUESTIONS.iter().any(|question| line.starts_with(question))
        || ANSWERS.iter().any(|answer| rest.contains(answer))
        || CALLS.iter().any(|asks| called.contains(asks) || call.ends_with(asks))
}

/// pydantic reads each field of a settings class from the environment.
fn declared_fields(path: &RepoPath, text: &str) -> Vec<Read> {
    let mut found = Vec::new();
    if path.extension() != "py" || !text.contains("BaseSettings") {
        return found;
    }
    let mut inside = false;
    for (line, text) in (1u32..).zip(text.lines()) {
        if !text.starts_with([' ', '\t']) && !text.trim().is_empty() {
            inside = text.starts_with("class ") && text.contains("BaseSettings");
        }
        let Some((name, rest)) = text.strip_prefix("    ").and_then(|field| field.split_once(':')) else {
            continue;
        };
        let is_name = name.len() > 2
            && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        if inside && is_name {
            found.push(Read { name: name.to_owned(), line, has_default: rest.contains('=') });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_a_settings_class() {
        let text =
            "class Settings(BaseSettings):\n    MY_KEY: int = 1\n    OTHER: str\nclass B:\n    NOT_IT: int\n";
        let read: Vec<_> =
            reads(&"a.py".into(), text).into_iter().map(|read| (read.name, read.has_default)).collect();
        assert_eq!(read, [("MY_KEY".to_owned(), true), ("OTHER".to_owned(), false)]);
    }

    #[test]
    fn reads_of_each_language() {
        for (path, text) in [
            ("a.ts", "const a = process.env.MY_KEY;"),
            ("a.ts", "const a = process.env['MY_KEY'];"),
            ("a.vue", "import.meta.env.MY_KEY"),
            ("a.rb", "ENV.fetch(\"MY_KEY\")"),
            ("a.rb", "ENV['MY_KEY']"),
            ("a.py", "os.environ['MY_KEY']"),
            ("a.py", "os.getenv(\"MY_KEY\")"),
            ("a.go", "os.Getenv(\"MY_KEY\")"),
            ("a.rs", "std::env::var(\"MY_KEY\")"),
            ("a.java", "System.getenv(\"MY_KEY\")"),
            ("a.cs", "Environment.GetEnvironmentVariable(\"MY_KEY\")"),
            ("a.exs", "System.fetch_env!(\"MY_KEY\")"),
            ("a.php", "$key = getenv('MY_KEY')"),
            ("a.go", "v := os.Getenv(\"MY_KEY\")\nif v == \"\" {\n\treturn errors.New(\"no key\")\n}"),
        ] {
            let wanted = Read { name: "MY_KEY".into(), line: 1, has_default: false };
            assert_eq!(reads(&path.into(), text), [wanted], "{text}");
        }
        for (path, text) in [
            ("a.py", "x = os.environ.get('MY_KEY', 'a')"),
            ("a.ts", "path: process.env.MY_KEY === 'true',"),
            ("a.ts", "const on = !!process.env.MY_KEY;"),
            ("a.go", "skip, _ := strconv.ParseBool(os.Getenv(\"MY_KEY\"))"),
            ("a.rs", "let on = std::env::var_os(\"MY_KEY\").is_some();"),
            ("a.exs", "on: System.get_env(\"MY_KEY\") == \"true\""),
            ("a.exs", "prefix: System.get_env(\"MY_KEY\"),"),
            ("a.rb", "return unless ENV['MY_KEY'].present?"),
            ("a.ts", "const list = process.env.MY_KEY?.split(',');"),
            ("a.rs", "env::var(\"MY_KEY\")\n    .ok()\n    .and_then(parse)"),
            ("a.go", "v := os.Getenv(\"MY_KEY\")\nif v == \"\" {\n\treturn false\n}"),
            ("a.rs", "let a = match env::var(\"MY_KEY\") {\n    Ok(a) => a,\n    Err(NotPresent) => 10,\n};"),
        ] {
            assert!(reads(&path.into(), text)[0].has_default, "{text}");
        }
        assert!(reads(&"a.php".into(), "'key' => env('MY_KEY'),")[0].has_default);
        for (path, text) in [
            ("a.md", "process.env.MY_KEY"),
            ("a.ts", "// process.env.MY_KEY"),
            ("a.ts", "environment.MY_KEY"),
        ] {
            assert!(reads(&path.into(), text).is_empty(), "{text}");
        }
    }
}
