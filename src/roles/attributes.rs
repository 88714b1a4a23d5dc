//! `.gitattributes`: the marks by which a team tells linguist what its files are.

use globset::{GlobBuilder, GlobMatcher};

/// What `.gitattributes` says of one attribute of one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mark {
    /// `name`, `name=true`, or any other value.
    Set,
    /// `-name`, or `name=false`.
    Unset,
    /// Nothing, or `!name`.
    #[default]
    Unspecified,
}

/// The marks that matter here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) generated: Mark,
    pub(super) vendored: Mark,
    pub(super) documentation: Mark,
}

/// The rules of all `.gitattributes` files, outermost folder first: the last match wins.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    /// With a trailing slash; empty at the root.
    folder: String,
    pattern: GlobMatcher,
    /// A pattern without a slash is about the file's name.
    name_only: bool,
    changes: Vec<(Which, Mark)>,
}

#[derive(Clone, Copy, Debug)]
enum Which {
    Generated,
    Vendored,
    Documentation,
}

/// Whether a path is a `.gitattributes` file, for those who collect them.
pub fn is_attributes_file(path: &str) -> bool {
    path == ".gitattributes" || path.ends_with("/.gitattributes")
}

impl Attributes {
    pub(super) fn new<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Self {
        let mut files: Vec<_> = files.into_iter().collect();
        files.sort_by_key(|(folder, _)| folder.len());
        let rules = files
            .into_iter()
            .flat_map(|(folder, text)| {
                let folder = folder.trim_matches('/');
                let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
                text.lines().filter_map(move |line| Rule::parse(&folder, line))
            })
            .collect();
        Self { rules }
    }

    pub(super) fn of(&self, path: &str) -> Marks {
        let mut marks = Marks::default();
        let name = path.rsplit('/').next().unwrap_or(path);
        for rule in &self.rules {
            let Some(inside) = path.strip_prefix(rule.folder.as_str()) else { continue };
            if rule.pattern.is_match(if rule.name_only { name } else { inside }) {
                for (which, mark) in &rule.changes {
                    match which {
                        Which::Generated => marks.generated = *mark,
                        Which::Vendored => marks.vendored = *mark,
                        Which::Documentation => marks.documentation = *mark,
                    }
                }
            }
        }
        marks
    }
}

impl Rule {
    fn parse(folder: &str, line: &str) -> Option<Rule> {
        let line = line.trim();
        if line.starts_with('#') {
            return None;
        }
        let (pattern, attributes) = match line.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => line.split_once(char::is_whitespace)?,
        };
        // A whole language marked as copied, as templates of frameworks do, only tunes the bar of languages.
        let is_language = pattern.strip_prefix("*.").is_some_and(|ending| !ending.contains(['.', '/', '*']));
        let changes: Vec<_> = attributes
            .split_whitespace()
            .filter_map(change)
            .filter(|(which, mark)| !(is_language && matches!((which, mark), (Which::Vendored, Mark::Set))))
            .collect();
        if changes.is_empty() {
            return None;
        }
        let name_only = !pattern.contains('/');
        // Braces are ordinary characters to git.
        let glob = pattern.trim_start_matches('/').replace('{', "\\{").replace('}', "\\}");
        let pattern = GlobBuilder::new(&glob).literal_separator(true).backslash_escape(true).build().ok()?;
        Some(Rule { folder: folder.to_owned(), pattern: pattern.compile_matcher(), name_only, changes })
    }
}

fn change(attribute: &str) -> Option<(Which, Mark)> {
    let (name, mark) = match attribute.split_once('=') {
        Some((name, "false" | "0" | "no")) => (name, Mark::Unset),
        Some((name, _)) => (name, Mark::Set),
        None => match attribute.split_at_checked(1)? {
            ("-", name) => (name, Mark::Unset),
            ("!", name) => (name, Mark::Unspecified),
            _ => (attribute, Mark::Set),
        },
    };
    match name {
        "linguist-generated" => Some((Which::Generated, mark)),
        "linguist-vendored" => Some((Which::Vendored, mark)),
        "linguist-documentation" => Some((Which::Documentation, mark)),
        _ => None,
    }
}
