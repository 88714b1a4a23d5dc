//! Why a change is usually not told: who made it, what its paths are for, and last what its author calls it.

use std::collections::HashMap;

use crate::change::{RepoPath, Role};
use crate::git::ChangedPath;
use crate::roles::{self, Roles};

use super::{Conventional, Noise};

/// What paths are for, each asked once.
pub(super) struct Paths<'r> {
    roles: &'r Roles,
    known: HashMap<RepoPath, Kind>,
}

/// What a path says about a change that touches nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Automation,
    Docs,
    Tests,
    Packages,
    Translations,
    Product,
}

impl<'r> Paths<'r> {
    pub(super) fn new(roles: &'r Roles) -> Self {
        Self { roles, known: HashMap::new() }
    }

    fn kind(&mut self, path: &RepoPath) -> Kind {
        if let Some(kind) = self.known.get(path) {
            return *kind;
        }
        let kind = match self.roles.by_name(path) {
            _ if is_automation(path) => Kind::Automation,
            Role::Docs => Kind::Docs,
            Role::Test => Kind::Tests,
            Role::Manifest | Role::Lock => Kind::Packages,
            Role::Translation => Kind::Translations,
            _ => Kind::Product,
        };
        self.known.insert(path.clone(), kind);
        kind
    }

    /// Why the change is usually not told. Paths outrank types: a `chore` that changes the product by more than
    /// packages is still a chore by its author's word, a `feat` that touches tests only is tests.
    pub(super) fn noise(
        &mut self,
        is_bot: bool,
        title: &str,
        conventional: Option<&Conventional>,
        paths: &[ChangedPath],
    ) -> Option<Noise> {
        if is_bot {
            return Some(Noise::Bot);
        }
        let kinds: Vec<Kind> = paths.iter().map(|file| self.kind(&file.path)).collect();
        let count = |kind: Kind| kinds.iter().filter(|other| **other == kind).count();
        let type_ = conventional.map_or("", |head| head.type_.as_str());
        let product = count(Kind::Product);
        if is_release(title, type_) && product <= MOST_VERSION_FILES {
            return Some(Noise::Release);
        }
        if is_translated(title) && product <= MOST_VERSION_FILES {
            return Some(Noise::Translations);
        }
        if !paths.is_empty() && product == 0 {
            let packages = count(Kind::Packages);
            if packages == 0 {
                let by_count = [
                    (Kind::Tests, Noise::Tests),
                    (Kind::Automation, Noise::Automation),
                    (Kind::Docs, Noise::Docs),
                    (Kind::Translations, Noise::Translations),
                ];
                return by_count
                    .into_iter()
                    .rev()
                    .max_by_key(|(kind, _)| count(*kind))
                    .map(|(_, noise)| noise);
            }
            let has_lock = paths.iter().any(|file| self.roles.by_name(&file.path) == Role::Lock);
            if has_lock || is_bump(title) || type_ == "deps" {
                return Some(Noise::Packages);
            }
        }
        match type_ {
            "chore" | "build" | "deps" if is_bump(title) => Some(Noise::Packages),
            "deps" => Some(Noise::Packages),
            "chore" | "style" | "refactor" | "lint" | "types" | "tooling" | "build" => Some(Noise::Chore),
            "release" => Some(Noise::Release),
            "ci" => Some(Noise::Automation),
            "docs" | "doc" => Some(Noise::Docs),
            "test" | "tests" => Some(Noise::Tests),
            "i18n" | "l10n" => Some(Noise::Translations),
            _ => is_tidying(title).then_some(Noise::Chore),
        }
    }
}

/// A release writes its number into this many product files at most; more is a change of its own.
const MOST_VERSION_FILES: usize = 8;

/// Build and release steps and settings of developers' tools; what builds or runs the product is none.
fn is_automation(path: &RepoPath) -> bool {
    const FOLDERS: [&str; 9] = [
        ".github",
        ".gitlab",
        ".circleci",
        ".buildkite",
        ".azure-pipelines",
        ".woodpecker",
        ".semaphore",
        ".tekton",
        ".claude",
    ];
    const NAMES: [&str; 15] = [
        ".gitlab-ci.yml",
        ".travis.yml",
        "jenkinsfile",
        "azure-pipelines.yml",
        "cloudbuild.yaml",
        "cloudbuild.yml",
        "bitbucket-pipelines.yml",
        "renovate.json",
        "renovate.json5",
        "codecov.yml",
        "crowdin.yml",
        "crowdin.yaml",
        ".weblate",
        ".gitignore",
        ".mailmap",
    ];
    let first = path.as_str().split('/').next().unwrap_or_default();
    FOLDERS.contains(&first)
        || NAMES.contains(&path.file_name().to_ascii_lowercase().as_str())
        || path.file_name() == "CODEOWNERS"
        || roles::is_tooling(path.as_str())
}

/// Whether the words are those that a service for translators writes.
fn is_translated(title: &str) -> bool {
    let lower = title.to_lowercase();
    let starts = ["translated using ", "translations update", "update translation", "updated translation"];
    starts.iter().any(|start| lower.starts_with(start))
        || ["weblate", "crowdin", "transifex", "lokalise", "poeditor"].iter().any(|name| lower.contains(name))
}

/// Whether the words say that only the code is tidier: warnings of tools that read code, names that nothing uses. A
/// tool's name counts in a short title only: a project can be such a tool.
fn is_tidying(title: &str) -> bool {
    const VERBS: [&str; 12] = [
        "fix", "fixes", "address", "silence", "satisfy", "appease", "resolve", "run", "apply", "clean",
        "remove", "organize",
    ];
    const TOOLS: [&str; 14] = [
        "ruff", "mypy", "pyright", "eslint", "pylint", "flake8", "clippy", "rubocop", "prettier", "isort",
        "phpstan", "golangci", "lint", "linter",
    ];
    const SAID: [&str; 10] = [
        "organize imports",
        "sort imports",
        "unused variable",
        "unused import",
        "unused parameter",
        "dead code",
        "type annotation",
        "type hint",
        "type warning",
        "code style",
    ];
    let lower = title.to_lowercase();
    let words: Vec<&str> =
        lower.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let is_verb = words.first().is_some_and(|first| VERBS.contains(first));
    let is_of_tool = words.len() <= 4 && words.iter().any(|word| TOOLS.contains(word));
    is_verb && (is_of_tool || SAID.iter().any(|said| lower.contains(said)))
}

/// Whether the words are those of a step of an outside package.
pub(super) fn is_bump(title: &str) -> bool {
    let lower = title.to_lowercase();
    // "[cart, accounting] bump ..."
    let lower = lower
        .strip_prefix('[')
        .and_then(|inner| inner.split_once(']'))
        .map_or(lower.as_str(), |(_, rest)| rest);
    let first = lower.split_whitespace().next().unwrap_or_default();
    ["bump", "upgrade", "update", "updates", "bumps", "pin", "unpin", "downgrade"].contains(&first)
        || lower.contains("dependenc")
}

/// Whether the words are those of the bookkeeping of a release: a version, and a word that makes one.
fn is_release(title: &str, type_: &str) -> bool {
    let lower = title.trim().to_lowercase();
    // the name of a branch, `release/v1.2.0`, is what its merge is called
    let lower = lower.replacen("release/", "release ", 1);
    let words: Vec<&str> = lower.split_whitespace().collect();
    let is_version = |word: &str| {
        let word = word.trim_matches(|letter: char| !letter.is_alphanumeric());
        let word = word.strip_prefix('v').unwrap_or(word);
        word.starts_with(|letter: char| letter.is_ascii_digit()) && word.contains('.')
    };
    let Some(first) = words.first() else { return false };
    if words.len() <= 2 && (is_version(first) || *first == "release" || *first == "releases") {
        return words.len() == 1 || words.iter().any(|word| is_version(word));
    }
    let starts = [
        "bump version",
        "bump the version",
        "prepare release",
        "prepare for release",
        "prepare next",
        "version packages",
        "release version",
        "release v",
        "releasing ",
        "new release",
        "back to development",
        "start next development",
        "post-release",
        "set version",
        "update changelog",
        "update version",
    ];
    starts.iter().any(|start| lower.starts_with(start))
        || type_ == "chore" && *first == "release"
        || *first == "release" && words.get(1).is_some_and(|word| is_version(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::PathChange;
    use crate::notes::units::words;

    fn noise(subject: &str, paths: &[&str]) -> Option<Noise> {
        let roles = Roles::default();
        let (conventional, _, title) = words::conventional(subject);
        let paths: Vec<ChangedPath> = paths
            .iter()
            .map(|path| ChangedPath { path: (*path).into(), change: PathChange::Modified })
            .collect();
        Paths::new(&roles).noise(false, &title, conventional.as_ref(), &paths)
    }

    #[test]
    fn paths_outrank_types() {
        let cases: [(&str, &[&str], Option<Noise>); 24] = [
            ("feat: cover the cart", &["tests/cart_test.py"], Some(Noise::Tests)),
            ("Fix the build", &[".github/workflows/ci.yml", "README.md"], Some(Noise::Automation)),
            ("Fix the build", &[".github/workflows/ci.yml"], Some(Noise::Automation)),
            ("Explain the cart", &["docs/cart.md", "README.md"], Some(Noise::Docs)),
            ("Bump left-pad", &["package.json", "package-lock.json"], Some(Noise::Packages)),
            ("[cart, till] Bump left-pad", &["package.json"], Some(Noise::Packages)),
            ("Add left-pad", &["package.json"], None),
            ("Add left-pad to the cart", &["package.json", "src/cart.js"], None),
            ("chore: bump images", &[".env", "compose.yaml"], Some(Noise::Packages)),
            ("chore: tidy the cart", &["src/cart.js"], Some(Noise::Chore)),
            ("refactor: split the cart", &["src/cart.js"], Some(Noise::Chore)),
            ("Release 3.1.0", &["pyproject.toml", "src/version.py"], Some(Noise::Release)),
            ("v3.1.0", &["package.json"], Some(Noise::Release)),
            ("Release gift cards to everyone", &["src/gift.py"], None),
            ("Bump version to 3.1.0", &["pyproject.toml"], Some(Noise::Release)),
            ("feat: add tax", &["src/tax.py", "tests/tax_test.py"], None),
            ("Add tax", &["src/tax.py"], None),
            ("Translated using Weblate (Danish)", &["locales/da.json"], Some(Noise::Translations)),
            ("New Crowdin updates", &["i18n/da.txt"], Some(Noise::Translations)),
            ("Say it nicer", &["locales/da.json"], Some(Noise::Translations)),
            ("Translate the cart", &["src/cart.py"], None),
            ("Fix ruff warnings", &["src/tax.py"], Some(Noise::Chore)),
            ("Remove an unused import", &["src/tax.py"], Some(Noise::Chore)),
            ("Add a lint rule for taxes", &["src/tax.py"], None),
        ];
        for (subject, paths, expected) in cases {
            assert_eq!(noise(subject, paths), expected, "{subject}");
        }
    }
}
