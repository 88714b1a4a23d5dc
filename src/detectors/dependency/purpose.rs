//! What a well-known package that reaches outside is for: an open table, nothing guessed from a name.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::formats::manifests::Ecosystem;

/// Purpose, then ecosystem, then names; a name that ends in `*` stands for all that begin so.
type Table = BTreeMap<String, BTreeMap<String, Vec<String>>>;

static TABLE: LazyLock<Table> =
    LazyLock::new(|| toml::from_str(include_str!("purposes.toml")).expect("the built-in table is tested"));

/// The purpose of a package, where the table names it.
pub(super) fn of(ecosystem: Ecosystem, name: &str) -> Option<&'static str> {
    let name = ecosystem.canonical(name).to_ascii_lowercase();
    let names = |known: &String| match known.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => *known == name,
    };
    TABLE
        .iter()
        .find(|(_, packages)| packages.get(ecosystem.name()).is_some_and(|known| known.iter().any(names)))
        .map(|(purpose, _)| purpose.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_names_only() {
        assert_eq!(of(Ecosystem::Npm, "@stripe/stripe-js"), Some("payment"));
        assert_eq!(of(Ecosystem::Pypi, "OpenAI"), Some("ai"));
        assert_eq!(of(Ecosystem::Npm, "stripe-like"), None);
        assert_eq!(of(Ecosystem::Cargo, "serde"), None);
    }

    #[test]
    fn names_are_written_as_they_are_compared() {
        for packages in TABLE.values() {
            for (ecosystem, names) in packages {
                assert!(
                    ["npm", "pypi", "rubygems", "go", "maven", "nuget", "composer", "hex", "cargo", "pub"]
                        .contains(&ecosystem.as_str())
                );
                assert!(names.iter().all(|name| *name == name.trim() && !name.is_empty()));
            }
        }
    }
}
