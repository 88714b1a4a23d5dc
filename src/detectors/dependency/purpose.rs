//! What a well-known package is for, and whether it reaches a service of others: an open table, nothing guessed from a
//! name.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::formats::manifests::Ecosystem;

/// Purpose, then ecosystem, then names; a name that ends in `*` stands for all that begin so.
type Table = BTreeMap<String, BTreeMap<String, Vec<String>>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tables {
    /// Clients of services that somebody else runs.
    service: Table,
    /// Packages of which only the purpose is known.
    library: Table,
}

static TABLES: LazyLock<Tables> =
    LazyLock::new(|| toml::from_str(include_str!("purposes.toml")).expect("the built-in table is tested"));

/// What a package is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Purpose {
    /// `payment`, `mail`, …
    pub(super) name: &'static str,
    /// Whether it is the client of a service that somebody else runs.
    pub(super) is_service: bool,
}

/// The purpose of a package, where the table names it.
pub(super) fn of(ecosystem: Ecosystem, name: &str) -> Option<Purpose> {
    let name = ecosystem.canonical(name).to_ascii_lowercase();
    let names = |known: &String| match known.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => *known == name,
    };
    let find = |table: &'static Table, is_service| {
        let mut purposes = table.iter();
        let found = purposes.find(|(_, packages)| {
            packages.get(ecosystem.name()).is_some_and(|known| known.iter().any(names))
        });
        found.map(|(name, _)| Purpose { name, is_service })
    };
    find(&TABLES.service, true).or_else(|| find(&TABLES.library, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_names_only() {
        for (ecosystem, name, expected) in [
            (Ecosystem::Npm, "@stripe/stripe-js", Some(("payment", true))),
            (Ecosystem::Pypi, "OpenAI", Some(("ai", true))),
            (Ecosystem::Pypi, "google_generativeai", Some(("ai", true))),
            (Ecosystem::Rubygems, "devise", Some(("sign_in", false))),
            (Ecosystem::Npm, "nodemailer", Some(("mail", false))),
            (Ecosystem::Npm, "passport-local", Some(("sign_in", false))),
            (Ecosystem::Npm, "stripe-like", None),
            (Ecosystem::Cargo, "serde", None),
        ] {
            let found = of(ecosystem, name).map(|found| (found.name, found.is_service));
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn names_are_written_as_they_are_compared() {
        let ecosystems = [
            Ecosystem::Npm,
            Ecosystem::Pypi,
            Ecosystem::Rubygems,
            Ecosystem::Go,
            Ecosystem::Maven,
            Ecosystem::Nuget,
            Ecosystem::Composer,
            Ecosystem::Hex,
            Ecosystem::Cargo,
            Ecosystem::Pub,
            Ecosystem::Cocoapods,
            Ecosystem::Swift,
        ];
        for packages in TABLES.service.values().chain(TABLES.library.values()) {
            for (ecosystem, names) in packages {
                let ecosystem =
                    ecosystems.iter().find(|known| known.name() == ecosystem).expect("a known one");
                for name in names {
                    let plain = name.trim_end_matches('*');
                    let start = plain.trim_end_matches(['-', '_', '.']);
                    assert_eq!(ecosystem.canonical(start).to_ascii_lowercase(), start, "{name}");
                    assert!(!start.is_empty());
                }
            }
        }
    }
}
