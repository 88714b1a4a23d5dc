//! Routes by the place of a file: Next.js and SvelteKit.

use super::Route;
use crate::change::RepoPath;
use crate::formats::words::{Family, Words, words};

const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE"];

/// The route that the file's own place says, with the methods that it exports.
pub(super) fn read(path: &RepoPath, text: &str) -> Vec<Route> {
    let name = path.file_name();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let below = |folder: &str| {
        // The outermost folder of the name is the frame's, unless the code stands below a `src` of its own.
        let whole = format!("/{}", path.folder());
        let found = [format!("/src/{folder}/"), format!("/{folder}/")];
        found.iter().find_map(|name| whole.split_once(name.as_str()).map(|(_, below)| below.to_owned()))
    };
    let (style, place) = match stem {
        "route" => ("next", below("app")),
        "+server" => ("sveltekit", below("routes")),
        _ => ("next", below("pages").filter(|place| place == "api" || place.starts_with("api/"))),
    };
    let Some(place) = place else { return Vec::new() };
    // Folders in brackets group files, and are no part of the path.
    let folders: Vec<&str> = place.split('/').filter(|part| !part.starts_with(['(', '@', '_'])).collect();
    let folder = folders.join("/");
    if !matches!(stem, "route" | "+server") {
        let own = if stem == "index" { "" } else { stem };
        return vec![Route::new(style, "ANY", &[&folder, own], 1)];
    }
    let words = Words(words(Family::Script, text));
    let exported = |at: &usize| {
        let before = |back: usize| at.checked_sub(back).and_then(|at| words.name(at));
        matches!(before(1), Some("function" | "const" | "as"))
            || (before(1).is_none() && (words.is(at + 1, ',') || words.is(at + 1, '}')))
    };
    let found = (0..words.0.len()).filter(|at| words.name(*at).is_some_and(|name| METHODS.contains(&name)));
    let found = found.filter(exported);
    found.filter_map(|at| Some(Route::new(style, words.name(at)?, &[&folder], words.line(at)))).collect()
}
