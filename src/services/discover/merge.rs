//! Several sightings of one service become one.

use std::collections::{BTreeMap, BTreeSet};

use super::{Sighting, Tree, is_inside, letters, words};
use crate::config::ServiceKind;

/// Sightings of the same service become one: the same folder, or the same name.
#[derive(Default)]
pub(super) struct Merged {
    pub(super) services: Vec<Sighting>,
}

impl Merged {
    /// `strong`: the source says that it runs. A weak one, which only says that it could, never splits a service in
    /// two and never wraps several into one.
    pub(super) fn add(&mut self, sighting: Sighting, strong: bool) {
        if let Some(known) = self.find(&sighting) {
            return join(known, sighting);
        }
        if !strong {
            let Some(folder) = sighting.folder.as_deref() else { return };
            let overlaps = |other: &Sighting| {
                other.folder.as_deref().is_some_and(|inner| {
                    // at the root lies the whole, with what only helps inside it
                    let helps = folder.is_empty() && other.kind != ServiceKind::Product;
                    !inner.is_empty() && is_inside(folder, inner)
                        || is_inside(inner, folder) && inner != folder && !helps
                })
            };
            if self.services.iter().any(overlaps) {
                return;
            }
        }
        self.services.push(sighting);
    }

    /// A sighting in the folder of a service that was seen before is a part of that service.
    pub(super) fn add_within(&mut self, mut sighting: Sighting) {
        let holds = |known: &Sighting| {
            let outer = known.folder.as_deref().filter(|folder| !folder.is_empty());
            outer.zip(sighting.folder.as_deref()).is_some_and(|(outer, inner)| is_inside(inner, outer))
        };
        match self.services.iter().position(holds) {
            Some(at) => {
                sighting.folder = None;
                join(&mut self.services[at], sighting);
            }
            None => self.add(sighting, true),
        }
    }

    /// The program at the root, beside others that have folders of their own.
    pub(super) fn add_root(&mut self, root: Option<Sighting>) {
        let beside = |one: &Sighting| one.kind == ServiceKind::Product && one.folder.as_deref() != Some("");
        if self.services.iter().any(beside)
            && self.services.iter().all(|one| one.folder.as_deref() != Some(""))
        {
            self.services.extend(root);
        }
    }

    /// Adds what is known to a service that was seen before, and never makes one.
    pub(super) fn enrich(&mut self, sighting: Sighting) {
        if let Some(known) = self.find(&sighting) {
            join(known, sighting);
        }
    }

    fn find(&mut self, sighting: &Sighting) -> Option<&mut Sighting> {
        let named = letters(&sighting.name);
        let place = self
            .services
            .iter()
            .position(|known| known.folder.is_some() && known.folder == sighting.folder)
            .or_else(|| {
                self.services.iter().position(|known| {
                    let names = std::iter::once(&known.name).chain(&known.aliases);
                    let same = !named.is_empty() && names.map(|name| letters(name)).any(|name| name == named);
                    // The same name in another folder is another service, unless one lies in the other.
                    same && match (&known.folder, &sighting.folder) {
                        (Some(a), Some(b)) => {
                            a.is_empty() || b.is_empty() || is_inside(a, b) || is_inside(b, a)
                        }
                        _ => true,
                    }
                })
            })?;
        self.services.get_mut(place)
    }

    pub(super) fn finish(mut self, tree: &Tree<'_>) -> Vec<Sighting> {
        self.drop_prefix();
        for service in &mut self.services {
            let folder = service.folder.as_deref().filter(|folder| !folder.is_empty());
            // What the repository holds no code of cannot change here.
            let bare = service.folder.is_none() || folder.is_some_and(|folder| !tree.has_code(folder));
            if service.kind == ServiceKind::Product && bare {
                service.kind = ServiceKind::Support;
            }
            // `shop-1` and `shop-2` from the root of `shop` are `shop`.
            if service.folder.as_deref() == Some("") {
                let named = letters(&service.name);
                let own = tree.own_names.iter().find(|own| named.starts_with(&letters(own)));
                if let Some(own) = own.or(tree.own_names.first().filter(|_| named.is_empty())) {
                    service.name.clone_from(own);
                    service.aliases.retain(|alias| alias != own);
                }
            }
        }
        self.services.retain(|service| !service.name.is_empty());
        // Beside two or more services, a build at the root without code of its own is the build of all.
        let apart = |one: &&Sighting| one.folder.as_deref().is_some_and(|folder| !folder.is_empty());
        let products =
            self.services.iter().filter(apart).filter(|one| one.kind == ServiceKind::Product).count();
        if products >= 1 {
            let folders: Vec<&str> =
                self.services.iter().filter(apart).filter_map(|one| one.folder.as_deref()).collect();
            let at_root = ["src", "app", "cmd", "internal", "server", "lib"]
                .iter()
                .any(|top| !folders.iter().any(|folder| is_inside(folder, top)) && tree.has_code(top));
            if !at_root {
                let (at_root, mut others): (Vec<_>, Vec<_>) =
                    self.services.into_iter().partition(|one| one.folder.as_deref() == Some(""));
                let only = others.iter_mut().find(|one| apart(&&**one) && one.kind == ServiceKind::Product);
                // Beside a single one it is the build of that one.
                if let Some(only) = only.filter(|_| products == 1) {
                    at_root.into_iter().for_each(|root| join(only, Sighting { folder: None, ..root }));
                }
                self.services = others;
            }
        }
        self.services.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.folder.cmp(&b.folder)));
        self.services
    }

    /// Several sources, one with the product's name before each: `acme-kafka` is `kafka`.
    fn drop_prefix(&mut self) {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for service in &self.services {
            if let Some((first, _)) = service.name.split_once(['-', '_']) {
                *counts.entry(first.to_owned()).or_default() += 1;
            }
        }
        for (prefix, _) in counts.into_iter().filter(|(_, count)| *count >= 3) {
            let mut at = 0;
            while at < self.services.len() {
                let short = letters(&self.services[at].name);
                let long = letters(&prefix) + &short;
                let twin = self.services.iter().position(|other| {
                    letters(&other.name) == long
                        && (other.folder.is_none() || self.services[at].folder.is_none())
                });
                match twin {
                    Some(twin) => {
                        let other = self.services.remove(twin);
                        let at = if twin < at { at - 1 } else { at };
                        join(&mut self.services[at], other);
                    }
                    None => at += 1,
                }
            }
        }
    }
}

/// One name is one service: a folder without code of its own only says how the one that has code is packed and run, and
/// becomes a part of it. Where several have code, as much of their paths as tells them apart becomes their names:
/// `jobs/mail` and `web/mail`. Returns the parts, each with the service's name.
pub(super) fn one_by_name(services: &mut Vec<Sighting>) -> Vec<(String, String)> {
    let mut same: BTreeMap<String, Vec<Sighting>> = BTreeMap::new();
    for service in services.drain(..) {
        let name = match letters(&service.name) {
            name if service.kind == ServiceKind::Store => words::store(name),
            name => name,
        };
        same.entry(name).or_default().push(service);
    }
    let mut parts = Vec::new();
    for mut named in same.into_values() {
        let is_product = |one: &Sighting| one.kind == ServiceKind::Product;
        if named.iter().filter(|one| is_product(one)).count() < 2 {
            named.sort_by_key(|one| !is_product(one));
            let mut others = named.into_iter();
            let Some(mut first) = others.next() else { continue };
            for mut other in others {
                parts.extend(other.folder.take().map(|folder| (first.name.clone(), folder)));
                join(&mut first, other);
            }
            services.push(first);
            continue;
        }
        let end = |folder: &str, parts: usize| {
            let from = folder.rmatch_indices('/').nth(parts - 1).map_or(0, |(at, _)| at + 1);
            folder[from..].to_owned()
        };
        let paths = |parts: usize| -> Vec<Option<String>> {
            let folders = named.iter().map(|one| one.folder.as_deref().filter(|folder| !folder.is_empty()));
            folders.map(|folder| folder.map(|folder| end(folder, parts))).collect()
        };
        let differ = |names: &Vec<Option<String>>| BTreeSet::from_iter(names).len() == names.len();
        let names = (2..=5).map(paths).find(differ).unwrap_or_default();
        for (one, name) in named.iter_mut().zip(names) {
            one.name = name.unwrap_or(std::mem::take(&mut one.name));
        }
        services.append(&mut named);
    }
    services.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.folder.cmp(&b.folder)));
    parts
}

/// The first source that saw it keeps its word; later ones fill in what it left out.
fn join(known: &mut Sighting, other: Sighting) {
    if other.name != known.name {
        let folder_name = |one: &Sighting| {
            let folder = one.folder.as_deref().unwrap_or_default();
            letters(folder.rsplit('/').next().unwrap_or_default()) == letters(&one.name)
        };
        // Of several programs from one folder, the one that has its name stands for all.
        let better = known.rule == other.rule && !folder_name(known) && folder_name(&other);
        let alias = if better { std::mem::replace(&mut known.name, other.name) } else { other.name };
        if !alias.is_empty() && !known.aliases.contains(&alias) {
            known.aliases.push(alias);
        }
        if known.name.is_empty() {
            known.name = known.aliases.pop().unwrap_or_default();
        }
    }
    match (&known.folder, other.folder) {
        (None, folder) => known.folder = folder,
        // The outer folder holds the service as a whole.
        (Some(inner), Some(outer)) if !outer.is_empty() && is_inside(inner, &outer) => {
            known.folder = Some(outer)
        }
        _ => {}
    }
    known.title = known.title.take().or(other.title);
    if known.owners.is_empty() {
        known.owners = other.owners;
    }
    known.aliases.extend(other.aliases);
    known.aliases.retain(|alias| *alias != known.name);
    let names: BTreeSet<String> = known.aliases.drain(..).collect();
    known.aliases = names.into_iter().collect();
    if known.kind == ServiceKind::Support && other.kind == ServiceKind::Product && known.folder.is_none() {
        known.kind = other.kind;
    }
    known.calls.extend(other.calls);
}
