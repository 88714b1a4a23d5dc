//! Schedules: cron lines in YAML and JSON, crontabs and code, and what such a line means.

use std::sync::LazyLock;

use regex::Regex;
use serde::Serialize;

use crate::change::RepoPath;
use crate::formats::document::{self, Node};

/// A job and when it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its name, else the place that sets it.
    pub name: String,
    /// When it runs, as written.
    pub when: String,
    /// Its line, from 1.
    pub line: u32,
}

/// What a cron line means, where it has plain words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct When {
    /// `seconds`, `minutes`, `hours`, `hourly`, `daily`, `weekdays`, `weekly`, `monthly`.
    pub every: &'static str,
    /// How many seconds, minutes or hours; the day of a month; the minute of an hour.
    pub count: Option<u32>,
    /// The day of a week, 0 for Sunday.
    pub day: Option<u32>,
    /// `03:00`.
    pub time: Option<String>,
}

/// Every job of a file.
pub fn read(path: &RepoPath, text: &str) -> Vec<Job> {
    let name = path.file_name();
    let mut jobs = Vec::new();
    let nodes = match path.extension().as_str() {
        "yml" | "yaml" if text.contains("cron") || text.contains("schedule") => {
            document::yaml(text).unwrap_or_default()
        }
        "json" if text.contains("cron") || text.contains("schedule") => {
            document::json(text).into_iter().collect()
        }
        "crontab" | "cron" => return crontab(text),
        _ if name == "crontab" || path.folders().any(|folder| folder == "cron.d") => return crontab(text),
        _ => return literals(path, text),
    };
    for node in &nodes {
        let whole = node.at(&["metadata", "name"]).text().or(node.text_of("name"));
        walk(node, whole.unwrap_or(name), &mut jobs);
    }
    jobs
}

/// Whether a file is a list of jobs and nothing else.
pub fn is_list(path: &RepoPath, text: &str) -> bool {
    let name = path.file_name();
    ["schedule", "recurring", "cron"].iter().any(|word| name.contains(word)) && !read(path, text).is_empty()
}

fn walk(node: &Node, name: &str, jobs: &mut Vec<Job>) {
    for (key, value) in node.entries() {
        let is_time = ["cron", "schedule", "crontab", "cronexpression"]
            .contains(&key.trim_start_matches(':').to_ascii_lowercase().as_str());
        match value.text() {
            Some(when)
                if is_time && (is_cron(when) || when.starts_with("every ") || when.starts_with("at ")) =>
            {
                jobs.push(Job { name: name.to_owned(), when: when.to_owned(), line: value.line });
            }
            _ => {
                let plain = is_time || key == "on" || key == "spec" || key == "crons" || key == "triggers";
                walk(value, if plain { name } else { value.text_of("name").unwrap_or(key) }, jobs);
            }
        }
    }
    for item in node.items() {
        let own = ["name", "path", "class", "command"].iter().find_map(|key| item.text_of(key));
        walk(item, own.unwrap_or(name), jobs);
    }
}

fn crontab(text: &str) -> Vec<Job> {
    let lines = (1u32..).zip(text.lines()).filter_map(|(line, text)| {
        let text = text.trim();
        let fields = if text.starts_with('@') { 1 } else { 5 };
        let mut end = 0;
        for _ in 0..fields {
            let rest = &text[end..];
            let start = rest.len() - rest.trim_start().len();
            end += start + rest.trim_start().find(char::is_whitespace)?;
        }
        let (when, command) = text.split_at(end);
        is_cron(when).then(|| Job {
            name: command.trim().chars().take(60).collect(),
            when: when.to_owned(),
            line,
        })
    });
    lines.collect()
}

static LITERAL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"["'`]((?:cron\()?(?:[\d*/,?LW#A-Z-]+\s+){4,6}[\d*/,?LW#A-Z-]+\)?|@(?:hourly|daily|weekly|monthly|yearly|midnight))["'`]|["']schedule["']\s*:\s*(crontab\([^)]*\)|[\d.]+)"#)
        .expect("the pattern is fixed and the tests run it")
});

static NAME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"["']([\w .:/-]{3,60})["']\s*(?::|=>)\s*\{|\b(?:void|fun|def|func|function|class|async)\s+(\w+)|\{\s*"[^"]+",\s*([A-Z][\w.]+)|["']task["']\s*:\s*["']([\w.]+)|\b(?:id|name|job_?[Nn]ame)\s*[:=]\s*["'`]([\w .:/-]{3,60})["'`]|^\s*(\w{3,60})\s*:\s*\{\s*$"#)
        .expect("the pattern is fixed and the tests run it")
});

/// Cron lines in code: string literals that can be nothing else, beside a word that says so.
fn literals(path: &RepoPath, text: &str) -> Vec<Job> {
    let lower = text.to_ascii_lowercase();
    if !super::code::is_code(path) || !(lower.contains("cron") || lower.contains("schedul")) {
        return Vec::new();
    }
    let lines: Vec<&str> = text.lines().collect();
    let mut jobs = Vec::new();
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.len() < 500 && is_set(line)) {
        // two times on one line are a choice: neither alone would be true
        let times: Vec<&str> = LITERAL
            .captures_iter(line)
            .filter_map(|found| match found.get(1) {
                Some(when) => Some(when.as_str()).filter(|when| is_cron(when)),
                None => found.get(2).map(|when| when.as_str()),
            })
            .collect();
        if times.is_empty() {
            continue;
        }
        // the name stands on the line, right below an annotation, or above inside a list of jobs
        let named = |line: &&str| {
            let found = NAME.captures(line)?;
            let name = found.iter().skip(1).flatten().next()?.as_str();
            let is_part =
                ["retry", "schedule", "options", "opts", "repeat", "trigger", "config", "cron", "data"];
            (!is_part.contains(&name)).then(|| name.to_owned())
        };
        let below = lines.iter().skip(at + 1).take(2);
        let above = lines[at.saturating_sub(4)..at].iter().rev();
        let annotated = line.trim_start().starts_with('@');
        let name = named(line).or_else(|| {
            if annotated { below.clone().find_map(named) } else { above.clone().find_map(named) }
        });
        let name = name.unwrap_or_else(|| path.file_name().to_owned());
        jobs.push(Job { name, when: times.join(" or "), line: u32::try_from(at + 1).unwrap_or(u32::MAX) });
    }
    jobs
}

/// Whether a line may set a time: comments, branches that tell times apart, and examples for people set none.
fn is_set(line: &str) -> bool {
    let line = line.trim_start();
    let is_comment = ["//", "/*", "*", "--", "# "].iter().any(|mark| line.starts_with(mark));
    let lower = line.to_ascii_lowercase();
    let shows = ["placeholder", "example", "e.g."].iter().any(|word| lower.contains(word));
    !(is_comment || shows || line.starts_with("case ") || line.starts_with("when ") || line.contains("== "))
}

/// AWS writes `cron(…)`.
fn bare(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix("cron(").and_then(|text| text.strip_suffix(')')).unwrap_or(text)
}

/// Whether a text is a cron line: five to seven fields, one of them free.
pub fn is_cron(text: &str) -> bool {
    let text = bare(text);
    if ["@hourly", "@daily", "@weekly", "@monthly", "@yearly", "@midnight"].contains(&text) {
        return true;
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    let is_field = |field: &&str| {
        let words = [
            "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC", "SUN", "MON",
            "TUE", "WED", "THU", "FRI", "SAT", "L", "W", "?", "*", "",
        ];
        field.split([',', '-', '/', '#']).all(|part| {
            words.contains(&part.to_ascii_uppercase().as_str())
                || part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    (5..=7).contains(&fields.len())
        && fields.iter().all(is_field)
        && fields.iter().any(|field| field.starts_with(['*', '?']))
}

/// What a cron line means; `None` where no few words say it.
pub fn when(text: &str) -> Option<When> {
    let text = match bare(text) {
        "@hourly" => "0 * * * *",
        "@daily" | "@midnight" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        other => other,
    };
    let mut fields: Vec<&str> = text.split_whitespace().collect();
    let six = fields.len() == 6;
    // six fields begin with seconds; where the fifth is the day of the week that is left open, they end with a year
    if six && fields[4] == "?" {
        fields.pop();
    } else if six && fields[0] == "0" {
        fields.remove(0);
    }
    fields.iter_mut().filter(|field| **field == "?").for_each(|field| *field = "*");
    if let [seconds, "*", "*", "*", "*", "*"] = fields.as_slice() {
        let count = if *seconds == "*" { Some("1") } else { seconds.strip_prefix("*/") };
        let count = count?.parse().ok().filter(|count| (1..60).contains(count))?;
        return Some(When { every: "seconds", count: Some(count), day: None, time: None });
    }
    let [minute, hour, date, month, weekday] = fields.as_slice() else { return None };
    let number = |field: &str, most: u32| field.parse::<u32>().ok().filter(|value| *value <= most);
    let step = |field: &str, most: u32| {
        field.strip_prefix("*/").or(field.strip_prefix("0/")).and_then(|n| number(n, most)).filter(|n| *n > 0)
    };
    let of = |every, count, day, time| Some(When { every, count, day, time });
    let time = || Some(format!("{:02}:{:02}", number(hour, 23)?, number(minute, 59)?));
    let day = |field: &str| {
        const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
        let named = DAYS.iter().position(|day| field.eq_ignore_ascii_case(day));
        // of six fields, numbers of days begin at 0 or 1: nobody can tell
        let numbered = number(field, 7).filter(|_| !six).map(|day| day % 7);
        named.and_then(|day| u32::try_from(day).ok()).or(numbered)
    };
    match (*minute, *hour, *date, *month, *weekday) {
        ("*", "*", "*", "*", "*") => of("minutes", Some(1), None, None),
        (minute, "*", "*", "*", "*") => match step(minute, 59) {
            Some(n) => of("minutes", Some(n), None, None),
            None => of("hourly", Some(number(minute, 59)?), None, None),
        },
        (minute, hour, "*", "*", "*") if step(hour, 23).is_some() && number(minute, 59).is_some() => {
            of("hours", step(hour, 23), None, None)
        }
        (_, _, "*", "*", "*") => of("daily", None, None, Some(time()?)),
        (_, _, "*", "*", "1-5" | "MON-FRI" | "mon-fri") => of("weekdays", None, None, Some(time()?)),
        (_, _, "*", "*", weekday) => of("weekly", None, Some(day(weekday)?), Some(time()?)),
        (_, _, date, "*", "*") => of("monthly", Some(number(date, 31)?), None, Some(time()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_of_each_kind_of_file() {
        for (path, text, name, when) in [
            (
                ".github/workflows/nightly.yml",
                "name: Nightly\non:\n  schedule:\n    - cron: '0 3 * * *'\n",
                "Nightly",
                "0 3 * * *",
            ),
            (
                "k.yaml",
                "apiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: bills\nspec:\n  schedule: \"*/5 * * * *\"\n",
                "bills",
                "*/5 * * * *",
            ),
            ("config/schedule.yml", "bills:\n  cron: '0 3 * * *'\n  class: Bills\n", "bills", "0 3 * * *"),
            (
                "config/recurring.yml",
                "production:\n  bills:\n    class: Bills\n    schedule: every hour\n",
                "bills",
                "every hour",
            ),
            (
                "vercel.json",
                "{\"crons\": [{\"path\": \"/api/bills\", \"schedule\": \"0 5 * * *\"}]}",
                "/api/bills",
                "0 5 * * *",
            ),
            ("deploy/crontab", "# x\nA=1\n0 3 * * * /bin/bills\n", "/bin/bills", "0 3 * * *"),
            ("A.java", "@Scheduled(cron = \"0 0 3 * * ?\")\npublic void bills() {", "bills", "0 0 3 * * ?"),
            (
                "a.py",
                "beat_schedule = {\n 'bills': {\n  'task': 'x',\n  'schedule': crontab(hour=3),\n",
                "x",
                "crontab(hour=3)",
            ),
            ("a.ts", "schedules.task({\n  id: \"sweep\",\n  cron: \"*/5 * * * *\",", "sweep", "*/5 * * * *"),
            ("a.ts", "sweep: {\n  retry: {\n  },\n  cron: \"17 3 * * *\",", "sweep", "17 3 * * *"),
            (
                "a.ts",
                "sweep: {\n  cron: fast ? \"* * * * *\" : \"0 3 * * *\",",
                "sweep",
                "* * * * * or 0 3 * * *",
            ),
            ("config.exs", "crontab: [\n {\"0 3 * * *\", App.Bills},", "App.Bills", "0 3 * * *"),
        ] {
            let jobs = read(&path.into(), text);
            let found: Vec<_> = jobs.iter().map(|job| (job.name.as_str(), job.when.as_str())).collect();
            assert_eq!(found, [(name, when)], "{path}");
        }
        for (path, text) in [
            ("a.py", "# cron\nx = '1 2 3 4 5'"),
            ("README.md", "cron '0 3 * * *'"),
            ("cron.go", "// \"0 3 * * *\" is at three\ncase \"@yearly\", \"@annually\":\n"),
            ("Cron.tsx", "<Input name=\"cron\" placeholder=\"0 3 * * *\" />\n"),
            ("a.yml", "schedule:\n  cron: hello\n"),
        ] {
            assert!(read(&path.into(), text).is_empty(), "{path}");
        }
    }

    #[test]
    fn words_for_cron_lines() {
        for (text, every, count, day, time) in [
            ("*/15 * * * *", "minutes", Some(15), None, None),
            ("5 * * * *", "hourly", Some(5), None, None),
            ("0 */6 * * *", "hours", Some(6), None, None),
            ("30 3 * * *", "daily", None, None, Some("03:30")),
            ("0 0 3 * * ?", "daily", None, None, Some("03:00")),
            ("0 9 * * MON", "weekly", None, Some(1), Some("09:00")),
            ("*/5 * * * * *", "seconds", Some(5), None, None),
            ("cron(0 10 * * ? *)", "daily", None, None, Some("10:00")),
            ("0 9 * * 1-5", "weekdays", None, None, Some("09:00")),
            ("0 0 1 * *", "monthly", Some(1), None, Some("00:00")),
        ] {
            assert_eq!(when(text), Some(When { every, count, day, time: time.map(str::to_owned) }), "{text}");
        }
        for text in [
            "0 9 1 1 *",
            "0 99 * * *",
            "*/0 * * * *",
            "*/0 * * * * *",
            "7 * * * * *",
            "0 0 9 ? * 2",
            "1,2 3 * * *",
            "x",
        ] {
            assert_eq!(when(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "(?s)[ -~\n0-9*é]{0,200}", name in "(crontab|schedule\\.yml|a\\.py|vercel\\.json)") {
            let text = format!("cron {text}");
            _ = (read(&RepoPath::new(name), &text), when(&text), crontab(&text));
        }
    }
}
