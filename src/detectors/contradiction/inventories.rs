//! What the files as a whole show of a name, beyond what changes: the contracts and lists of packages of the change.

use crate::change::RepoPath;
use crate::finding::Evidence;
use crate::formats::contracts::{self, Document, Element, Lines, What};
use crate::formats::manifests;

use super::super::Context;
use super::claims::{Claim, Claimed, Noun};

/// What a file shows against a claim.
pub(super) struct Against {
    /// `still_lists`, `does_not_list`, `shows_optional`, `shows_required`.
    pub(super) shows: &'static str,
    /// What the name is a part of, where that is known.
    pub(super) of: Option<String>,
    /// Where.
    pub(super) place: Evidence,
}

/// The changed contracts and lists of packages, read when a claim first asks.
#[derive(Default)]
pub(super) struct Inventories {
    contracts: Option<Vec<Document>>,
    packages: Option<manifests::Changed>,
}

impl Inventories {
    /// Where a file denies the claim, although nothing that changes agrees or disagrees.
    pub(super) fn denies(&mut self, cx: &Context<'_>, claimed: &Claimed) -> Option<Against> {
        match (claimed.noun, claimed.claim) {
            (Some(Noun::Package), Claim::Removed) => self.still_asks_for(cx, &claimed.name),
            (Some(Noun::Package), _) => None,
            (Some(Noun::Operation), Claim::Removed) => self.still_has_operation(cx, &claimed.name),
            _ => self.part(cx, claimed),
        }
    }

    fn contracts(&mut self, cx: &Context<'_>) -> &[Document] {
        self.contracts.get_or_insert_with(|| {
            let load = |path: &RepoPath| match cx.after.read(path)? {
                crate::change::Content::Text(text) => Some(text),
                _ => None,
            };
            let files = cx.changes.files().iter();
            files
                .filter_map(|file| {
                    let text = file.after_text()?;
                    let format = contracts::recognise(&file.path, text)?;
                    contracts::read(format, &file.path, text, &load).ok()
                })
                .collect()
        })
    }

    fn still_has_operation(&mut self, cx: &Context<'_>, name: &str) -> Option<Against> {
        let found = self.contracts(cx).iter().flat_map(|document| document.definitions.values());
        let operation =
            found.into_iter().find(|one| one.what == What::Operation && last(&one.name) == name)?;
        Some(Against { shows: "still_lists", of: None, place: place(cx, operation)? })
    }

    /// A part of an operation or type that the same sentence names.
    fn part(&mut self, cx: &Context<'_>, claimed: &Claimed) -> Option<Against> {
        let wholes: Vec<&Element> = self
            .contracts(cx)
            .iter()
            .flat_map(|document| document.definitions.values().chain(document.types.values()))
            .filter(|one| claimed.beside.iter().any(|name| name == last(&one.name)))
            .collect();
        let parts = || wholes.iter().flat_map(|whole| whole.parts.values().map(move |part| (*whole, part)));
        let mut found = parts().filter(|(_, part)| last(&part.name) == claimed.name);
        let (whole, part) = found.next()?;
        // Two of that name, in a request and in a reply: the words may be about either.
        if found.next().is_some() {
            return None;
        }
        let shows = match claimed.claim {
            Claim::Removed => "still_lists",
            Claim::Required if !part.required => "shows_optional",
            Claim::Optional if part.required => "shows_required",
            _ => return None,
        };
        Some(Against { shows, of: Some(last(&whole.name).to_owned()), place: place(cx, part)? })
    }

    fn still_asks_for(&mut self, cx: &Context<'_>, name: &str) -> Option<Against> {
        let changed =
            self.packages.get_or_insert_with(|| manifests::changed(cx.changes, cx.before, cx.after));
        changed.manifests.iter().find_map(|manifest| {
            let found = manifest.after.requirements.iter().find(|one| one.name == name)?;
            let place = Evidence::after(&manifest.path, found.line);
            Some(Against { shows: "still_lists", of: None, place })
        })
    }
}

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

fn place(cx: &Context<'_>, element: &Element) -> Option<Evidence> {
    let content = cx.after.read(&element.place.path)?;
    let text = contracts::described(&element.place.path, content.text()?);
    let line = Lines::new(&text).line_of(&element.place.spot);
    Some(Evidence::after(&element.place.path, line))
}
