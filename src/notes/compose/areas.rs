//! Where changes belong, and who hears of them.

use std::collections::BTreeMap;

use super::words::bare;
use crate::change::RepoPath;
use crate::config::Visibility;
use crate::notes::author::Note;
use crate::notes::model::Audience;
use crate::notes::names::words;
use crate::notes::units::Unit;
use crate::services::{Catalog, Service};

/// Where changes belong.
pub(super) struct Areas<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) audience: Audience,
}

/// A change's place.
pub(super) struct Area<'a> {
    pub(super) service: Option<&'a str>,
    pub(super) title: Option<String>,
    pub(super) owners: Vec<String>,
    pub(super) is_heard: bool,
}

impl Areas<'_> {
    /// The service that the author names, else the one that most changed files belong to.
    pub(super) fn of(&self, unit: &Unit, notes: &[Note]) -> Area<'_> {
        let scope = unit.conventional.as_ref().and_then(|head| head.scope.as_deref());
        let scope = scope.or_else(|| bare(&unit.title).0);
        let named = scope.into_iter().chain(notes.iter().filter_map(|note| note.area.as_deref()));
        let named = named.flat_map(|names| names.split([',', '/'])).find_map(|name| self.named(name.trim()));
        let mut files: BTreeMap<&str, usize> = BTreeMap::new();
        for changed in &unit.paths {
            if let Some(service) = self.catalog.service_of(&changed.path) {
                *files.entry(&service.name).or_default() += 1;
            }
        }
        let most =
            files.iter().max_by_key(|(_, count)| **count).filter(|(_, count)| **count * 2 > unit.paths.len());
        let service = named.or_else(|| self.catalog.named(most?.0));
        let visibility = match service {
            Some(service) => service.visibility,
            None if self.catalog.is_single() => Visibility::Public,
            // a change all over the place is as public as the most public of its places
            None => files
                .keys()
                .filter_map(|name| self.catalog.named(name))
                .map(|service| service.visibility)
                .find(|visibility| *visibility == Visibility::Public)
                .unwrap_or(Visibility::Internal),
        };
        let first: Option<&RepoPath> = unit.paths.first().map(|changed| &changed.path);
        let owners = match service {
            Some(service) if !service.owners.is_empty() => service.owners.clone(),
            _ => first.map(|path| self.catalog.owners_of(path)).unwrap_or_default(),
        };
        let is_heard = match self.audience {
            Audience::Customers => visibility == Visibility::Public,
            Audience::Internal | Audience::Exec => visibility != Visibility::Hidden,
        };
        let name = service.map(|service| service.name.as_str());
        Area { service: name, title: service.and_then(|service| self.title(service)), owners, is_heard }
    }

    fn named(&self, name: &str) -> Option<&Service> {
        let letters = |text: &str| words(text).concat();
        let wanted = letters(name);
        self.catalog.services().iter().find(|service| {
            !wanted.is_empty()
                && (letters(&service.name) == wanted
                    || service.aliases.iter().any(|alias| letters(alias) == wanted))
        })
    }

    /// Customers read no names of services, only the titles that a team gave them.
    fn title(&self, service: &Service) -> Option<String> {
        let own = service.title != service.name;
        match self.audience {
            _ if self.catalog.is_single() => None,
            Audience::Customers => own.then(|| service.title.clone()),
            _ => Some(service.title.clone()),
        }
    }
}
