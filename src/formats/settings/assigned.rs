//! Settings that Django and Rails keep in code: a name that gets a plain value, and nothing that has to be run.

use std::sync::LazyLock;

use regex::Regex;

use super::Setting;
use crate::change::RepoPath;
use crate::formats::syntax::{self, Expr, Kind, Language};

/// `60 * 60`, `30.minutes`, `timedelta(days=7)`: what people write for a number.
static AMOUNT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:-?[\d_.]+(?:\s*[*+/-]\s*[\d_.]+)*|\d[\d_]*\.[a-z]+|(?:datetime\.)?timedelta\([a-z]+=[\d_.]+\))$")
        .expect("the pattern is fixed and the tests run it")
});

/// Which language the settings of a file are written in, by where it lies.
fn language(path: &RepoPath) -> Option<Language> {
    let folders: Vec<&str> = path.folders().collect();
    let in_folder = |wanted: &str| folders.last() == Some(&wanted);
    match path.extension().as_str() {
        "py" if path.file_name() == "settings.py" || in_folder("settings") => Some(Language::Python),
        "rb" if in_folder("config") && path.file_name() == "application.rb" => Some(Language::Ruby),
        "rb" if folders.contains(&"config") && (in_folder("environments") || in_folder("initializers")) => {
            Some(Language::Ruby)
        }
        _ => None,
    }
}

/// Every plain value with its name; `None` for a file of another kind, and for one that does not parse.
pub fn read(path: &RepoPath, text: &str) -> Option<Vec<Setting>> {
    let language = language(path)?;
    let statements = syntax::parse(language, text).ok()?;
    let mut settings = Vec::new();
    collect(language, &statements, &mut settings);
    Some(settings)
}

fn collect(language: Language, statements: &[Expr<'_>], settings: &mut Vec<Setting>) {
    for statement in statements {
        match &statement.kind {
            Kind::Assign(assigned) => {
                let (name, value) = (&assigned.0, &assigned.1);
                if let (Some(key), Some(value)) = (key(language, name), plain(value)) {
                    let line = statement.line;
                    settings.push(Setting { key, value: Some(value), line, ..Setting::default() });
                }
            }
            // Rails sets inside of blocks and classes; what Python sets there depends on something
            Kind::Body(inner) if language == Language::Ruby => collect(language, inner, settings),
            Kind::Class(class) if language == Language::Ruby => collect(language, &class.body, settings),
            Kind::Call(call) if language == Language::Ruby => {
                if let Some(block) = &call.block {
                    collect(language, &block.body, settings);
                }
            }
            _ => {}
        }
    }
}

fn key(language: Language, name: &Expr<'_>) -> Option<String> {
    if language == Language::Python {
        let name = name.name()?;
        let is_constant =
            name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        return (is_constant && name.len() > 2).then(|| name.to_owned());
    }
    let text = name.text.strip_prefix("Rails.application.").unwrap_or(name.text);
    let key = text.strip_prefix("config.")?;
    key.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
        .then(|| key.to_owned())
}

fn plain(value: &Expr<'_>) -> Option<String> {
    match &value.kind {
        Kind::Str(_) => value.literal().map(str::to_owned),
        Kind::Atom(name) => Some((*name).to_owned()),
        _ if value.truth().is_some() || AMOUNT.is_match(value.text) => Some(value.text.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        let settings = read(&path.into(), text).unwrap_or_default();
        settings.into_iter().map(|one| format!("{}={}", one.key, one.value.unwrap_or_default())).collect()
    }

    #[test]
    fn plain_values_of_django_and_of_rails() {
        let django = "import os\nDEBUG = False\nSESSION_AGE = 60 * 60\nLIMIT = timedelta(days=7)\nNAME = \"shop\"\nurl = \"x\"\n\
                      KEY = os.environ[\"KEY\"]\nAPPS = [\"a\"]\nif DEBUG:\n    OTHER = 1\n";
        let wanted = ["DEBUG=False", "SESSION_AGE=60 * 60", "LIMIT=timedelta(days=7)", "NAME=shop"];
        assert_eq!(found("shop/settings.py", django), wanted);
        assert_eq!(found("shop/settings/base.py", django), wanted);
        assert!(found("shop/views.py", django).is_empty());
        let rails = "Rails.application.configure do\n  config.cache_classes = true\n  config.force_ssl = ENV[\"A\"]\n  \
                     config.log_level = :info\n  config.x.limit = 30.minutes\n  other = 1\nend\n\
                     Rails.application.config.session_age = 5\n";
        assert_eq!(
            found("config/environments/production.rb", rails),
            ["cache_classes=true", "log_level=info", "x.limit=30.minutes", "session_age=5"]
        );
        let class = "module Shop\n  class Application < Rails::Application\n    config.time_zone = \"UTC\"\n  end\nend\n";
        assert_eq!(found("config/application.rb", class), ["time_zone=UTC"]);
        assert!(found("app/models/config.rb", rails).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "(?s)[ -~\né]{0,200}", name in "config/(application|initializers/a)\\.rb|settings\\.py") {
            _ = read(&RepoPath::new(name), &text);
        }
    }
}
