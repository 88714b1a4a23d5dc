//! Java properties and INI files.

use std::collections::HashMap;

use super::Setting;
use super::dotenv::value_of;

/// Reads `key=value` and `key: value`; a backslash at the end continues the line.
pub fn read(text: &str) -> Vec<Setting> {
    let mut settings: Vec<Setting> = Vec::new();
    let mut continues = false;
    for (line, written) in (1u32..).zip(text.lines()) {
        let trimmed = written.trim();
        let (part, more) = match trimmed.strip_suffix('\\') {
            Some(part) => (part, true),
            None => (trimmed, false),
        };
        if continues {
            if let Some(setting) = settings.last_mut() {
                setting.value = Some(format!("{}{part}", setting.value.as_deref().unwrap_or("")));
            }
        } else if trimmed.is_empty() || trimmed.starts_with(['#', '!', '[']) {
            continue;
        } else {
            let (key, value) = part.split_once(['=', ':']).unwrap_or((part, ""));
            let value = value.trim();
            settings.push(Setting {
                key: key.trim().to_owned(),
                value: (!value.is_empty()).then(|| value.to_owned()),
                line,
                ..Setting::default()
            });
        }
        continues = more;
    }
    settings
}

/// Reads INI: `[section]` stands before the keys below it. A key that is written again adds to its value, as lists and
/// the options of a shell's `conf` do.
pub fn read_ini(text: &str) -> Vec<Setting> {
    let mut section = "";
    let mut settings: Vec<Setting> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for (line, written) in (1u32..).zip(text.lines()) {
        let written = written.trim();
        if let Some(name) = written.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            section = name.trim();
        } else if let (Some((key, value)), false) = (written.split_once('='), written.starts_with(['#', ';']))
        {
            let key = key.trim().trim_start_matches("export ").trim_start();
            let key = if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") };
            let value = value_of(value);
            match known.get(&key).and_then(|at| settings.get_mut(*at)) {
                Some(first) => {
                    let more = value.iter().map(String::as_str);
                    let all: Vec<&str> = first.value.as_deref().into_iter().chain(more).collect();
                    first.value = Some(all.join(" "));
                }
                None => {
                    known.insert(key.clone(), settings.len());
                    settings.push(Setting { key, value, line, ..Setting::default() });
                }
            }
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    #[test]
    fn sections_and_long_lines() {
        let read = super::read("# a\na.b = 1\\\n  2\n!c\nd: x=y\n");
        let read: Vec<_> = read.into_iter().map(|s| (s.key, s.value.unwrap_or_default(), s.line)).collect();
        assert_eq!(read, [("a.b".into(), "12".into(), 2), ("d".into(), "x=y".into(), 5)]);
        let read = super::read_ini("top=1\n[mail]\n; no=1\nhost = \"a\"\n");
        assert_eq!(read.iter().map(|s| s.key.as_str()).collect::<Vec<_>>(), ["top", "mail.host"]);
        let read = super::read_ini("export OPTS=\"-a\"\nexport OPTS=\"$OPTS -b\"\n");
        let read: Vec<_> = read.into_iter().map(|s| (s.key, s.value.unwrap_or_default(), s.line)).collect();
        assert_eq!(read, [("OPTS".into(), "-a $OPTS -b".into(), 1)]);
    }
}
