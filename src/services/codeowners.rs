//! CODEOWNERS with the rules of GitHub: the last match wins, and what GitHub would skip is skipped.

use std::collections::HashMap;

use crate::change::{RepoPath, Snapshot};

/// GitHub reads the first of these that is there.
pub const PLACES: &[&str] = &[".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];
/// GitHub does not load a larger file.
const MOST_BYTES: usize = 3 * 1024 * 1024;
/// A pattern with more parts than this is no path.
const MOST_PARTS: usize = 64;

/// Who owns what.
#[derive(Clone, Debug, Default)]
pub struct Codeowners {
    rules: Vec<Rule>,
    /// Patterns without wildcards, anchored at the root, by their path.
    exact: HashMap<String, Vec<usize>>,
    /// Patterns that are one name, at any depth.
    names: HashMap<String, Vec<usize>>,
    /// `*.ext`, by what stands after the star.
    endings: HashMap<String, Vec<usize>>,
    /// Of the others, those that begin with a name at the root, by that name.
    rooted: HashMap<String, Vec<usize>>,
    /// Of the others, those that hold a name anywhere, by that name.
    holding: HashMap<String, Vec<usize>>,
    /// What is left, in the order of the file.
    globs: Vec<usize>,
}

/// One line that GitHub accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// As written.
    pub pattern: String,
    /// Empty where the line takes ownership away.
    pub owners: Vec<String>,
    /// Counted from 1.
    pub line: u32,
    parts: Vec<String>,
    /// Matches what lies below a folder, never a file of that name.
    folder_only: bool,
}

impl Rule {
    fn parse(line: &str, number: u32) -> Option<Rule> {
        let mut words = split(line).into_iter().take_while(|word| !word.starts_with('#'));
        let pattern = words.next()?;
        let owners: Vec<String> = words.collect();
        // No negation; brackets are ordinary characters; a line with something else than owners is invalid as a whole.
        if pattern.starts_with('!') || !owners.iter().all(|owner| is_owner(owner)) {
            return None;
        }
        let trimmed = pattern.trim_end_matches('/');
        let anchored = trimmed.contains('/');
        let mut parts: Vec<String> = trimmed.trim_start_matches('/').split('/').map(str::to_owned).collect();
        if !anchored {
            parts.insert(0, "**".to_owned());
        }
        parts.dedup_by(|a, b| *a == "**" && *b == "**");
        let valid = parts.len() <= MOST_PARTS && parts.iter().all(|part| !part.is_empty());
        valid.then(|| Rule { folder_only: pattern.ends_with('/'), pattern, owners, line: number, parts })
    }

    /// Whether it owns everything that no other line names.
    pub fn is_catch_all(&self) -> bool {
        matches!(self.pattern.as_str(), "*" | "**" | "/**" | "/*" | "/" | "**/*")
    }

    fn matches(&self, path: &[&str]) -> bool {
        // `docs/*` are the files of `docs`, `docs` is all below it.
        let children_only =
            !self.folder_only && self.parts[0] != "**" && self.parts.last().is_some_and(|part| part == "*");
        let deepest = if self.folder_only { path.len().saturating_sub(1) } else { path.len() };
        let mut reached = vec![false; path.len() + 1];
        reached[0] = true;
        for part in &self.parts {
            if part == "**" {
                let first = reached.iter().position(|at| *at).unwrap_or(reached.len());
                reached[first.min(path.len())..].fill(first < path.len() + 1);
            } else {
                for at in (0..path.len()).rev() {
                    reached[at + 1] = reached[at] && wild(part.as_bytes(), path[at].as_bytes());
                }
                reached[0] = false;
            }
        }
        match (children_only, self.parts.last().map(String::as_str)) {
            (true, _) => reached[path.len()],
            // `docs/**` is what lies below `docs`, not a file of that name.
            (_, Some("**")) => self.parts.len() == 1 || self.below(path),
            _ => reached[1..=deepest].contains(&true),
        }
    }

    /// For a pattern that ends in `**`: something lies below what stands before it.
    fn below(&self, path: &[&str]) -> bool {
        let folder =
            Rule { parts: self.parts[..self.parts.len() - 1].to_vec(), folder_only: true, ..self.clone() };
        folder.parts == ["**"] || folder.matches(path)
    }
}

/// Words of a line; a backslash keeps the space after it, and stays before anything else.
fn split(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut chars = line.trim().chars().peekable();
    while let Some(c) = chars.next() {
        let last = words.len() - 1;
        match c {
            '\\' if chars.peek().is_some_and(|next| next.is_whitespace()) => words[last].extend(chars.next()),
            c if c.is_whitespace() => words.push(String::new()),
            c => words[last].push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// `@person`, `@organisation/team` or an address.
fn is_owner(word: &str) -> bool {
    match word.strip_prefix('@') {
        Some(name) => !name.is_empty() && name.split('/').count() <= 2,
        None => word.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.')),
    }
}

/// `*` and `?` inside one part of a path.
fn wild(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(b'\\') if pattern.get(p + 1) == Some(&text[t]) => {
                p += 2;
                t += 1;
            }
            Some(c) if *c == b'?' || *c == text[t] && *c != b'\\' => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

impl Codeowners {
    /// Reads the file of a tree from the first of GitHub's places, and says which.
    pub fn of_tree(tree: &dyn Snapshot) -> Option<(&'static str, Self)> {
        let (place, content) =
            PLACES.iter().find_map(|place| Some((*place, tree.read(&RepoPath::new(place))?)))?;
        Some((place, Self::parse(content.text()?)))
    }

    /// Reads the lines; those that GitHub would report as invalid are skipped.
    pub fn parse(text: &str) -> Self {
        let mut this = Self::default();
        if text.len() > MOST_BYTES {
            return this;
        }
        this.rules = (1..).zip(text.lines()).filter_map(|(number, line)| Rule::parse(line, number)).collect();
        for (at, rule) in this.rules.iter().enumerate() {
            let plain = |part: &String| !part.contains(['*', '?', '\\']);
            match rule.parts.as_slice() {
                parts if parts.iter().all(plain) => this.exact.entry(parts.join("/")).or_default().push(at),
                [any, name] if any == "**" && plain(name) => {
                    this.names.entry(name.clone()).or_default().push(at);
                }
                [any, name] if any == "**" && name.starts_with("*.") && !name[1..].contains(['*', '?']) => {
                    this.endings.entry(name[1..].to_owned()).or_default().push(at);
                }
                [first, ..] if plain(first) => this.rooted.entry(first.clone()).or_default().push(at),
                parts => match parts.iter().rfind(|part| plain(part)) {
                    Some(part) => this.holding.entry(part.clone()).or_default().push(at),
                    None => this.globs.push(at),
                },
            }
        }
        this
    }

    /// Every line that counts.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The last line that matches: the whole file decides, never a line before it.
    pub fn rule_of(&self, path: &str) -> Option<&Rule> {
        let parts: Vec<&str> = path.split('/').collect();
        let mut best: Option<usize> = None;
        let mut offer = |candidates: Option<&Vec<usize>>, whole: bool| {
            let fits = |at: &&usize| !whole || !self.rules[**at].folder_only;
            best = best.max(candidates.and_then(|all| all.iter().rev().find(fits)).copied());
        };
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        for end in ends {
            offer(self.exact.get(&path[..end]), end == path.len());
        }
        for (at, part) in parts.iter().enumerate() {
            let whole = at + 1 == parts.len();
            offer(self.names.get(*part), whole);
            if !self.endings.is_empty() {
                for (dot, _) in part.match_indices('.') {
                    offer(self.endings.get(&part[dot..]), whole);
                }
            }
        }
        let held = parts.iter().filter_map(|part| self.holding.get(*part));
        for globs in self.rooted.get(parts[0]).into_iter().chain(held).chain([&self.globs]) {
            let mut later = globs.iter().rev().take_while(|at| best.is_none_or(|best| **at > best));
            best = best.max(later.find(|at| self.rules[**at].matches(&parts)).copied());
        }
        best.map(|at| &self.rules[at])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn owners(text: &str, path: &str) -> Vec<String> {
        Codeowners::parse(text).rule_of(path).map(|rule| rule.owners.clone()).unwrap_or_default()
    }

    #[test]
    fn patterns() {
        let cases = [
            ("*", "a/b", true),
            ("docs", "a/docs/b", true),
            ("/docs", "a/docs/b", false),
            ("docs/", "docs", false),
            ("docs/", "a/docs/b/c", true),
            ("docs/*", "docs/a", true),
            ("docs/*", "docs/a/b", false),
            ("a/b", "x/a/b", false),
            ("**/b", "a/b", true),
            ("a/**/c", "a/c", true),
            ("a/**/c", "a/x/y/c/z", true),
            ("a/**", "a", false),
            ("a/**", "a/x/y", true),
            ("*.rs", "x/y.rs", true),
            ("*.rs", "x/y.rs/z", true),
            ("/*.rs", "x/y.rs", false),
            ("a?c", "x/abc/d", true),
            ("Docs", "docs/a", false),
            ("a\\ b", "a b", true),
        ];
        for (pattern, path, expected) in cases {
            let owned = !owners(&format!("{} @x", pattern.replace("a b", "a\\ b")), path).is_empty();
            assert_eq!(owned, expected, "{pattern} and {path}");
        }
    }

    #[test]
    fn the_last_match_wins_and_a_line_without_owners_clears() {
        let text = "* @all # everything\n*.go @go\n/src/ @src\n/src/free/\n/src/free/x.go @x";
        let cases = [
            ("a.txt", "@all"),
            ("a.go", "@go"),
            ("src/a.go", "@src"),
            ("src/free/a.go", ""),
            ("src/free/x.go", "@x"),
        ];
        for (path, expected) in cases {
            assert_eq!(owners(text, path).join(" "), expected, "{path}");
        }
    }

    #[test]
    fn what_github_skips_is_skipped() {
        let text = "a @one\n!a @two\n[Section] @three\na[bc] @four\na someone\n# a @five\na mail@example.com extra\n";
        assert_eq!(owners(text, "a"), ["@one"]);
        assert!(Codeowners::parse(&format!("* @x\n{}", " ".repeat(MOST_BYTES))).rules().is_empty());
    }

    #[test]
    fn the_first_of_githubs_places_is_read() {
        use crate::change::{Content, MemorySnapshot};
        let tree = MemorySnapshot::new([
            ("docs/CODEOWNERS".into(), Content::from_text("* @docs")),
            ("CODEOWNERS".into(), Content::from_text("* @root")),
        ]);
        assert_eq!(Codeowners::of_tree(&tree).map(|(place, _)| place), Some("CODEOWNERS"));
    }

    proptest! {
        /// The index answers as a scan of all lines does.
        #[test]
        fn the_index_changes_nothing(
            lines in prop::collection::vec("/?([ab*?]{1,2}|\\*\\*|\\*\\.a)(/([ab*]{1,2}|\\*\\*)){0,2}/?", 1..8),
            path in "[ab.]{1,3}(/[ab.]{1,3}){0,3}",
        ) {
            let text: String = lines.iter().map(|line| format!("{line} @x\n")).collect();
            let owners = Codeowners::parse(&text);
            let parts: Vec<&str> = path.split('/').collect();
            let scan = owners.rules().iter().rev().find(|rule| rule.matches(&parts));
            prop_assert_eq!(owners.rule_of(&path), scan);
        }

        #[test]
        fn never_panics(text in "(?s).{0,200}", path in "\\PC{0,40}") {
            Codeowners::parse(&text).rule_of(&path);
        }
    }
}
