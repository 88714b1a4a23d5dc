//! Facts become text: the only user of handlebars. Every sentence stands in `templates/`, none here.

pub mod escape;
mod frame;
mod helpers;
pub mod page;

use std::collections::BTreeMap;
use std::sync::Arc;

use handlebars::Handlebars;
use rust_embed::RustEmbed;
use serde_json::{Value, json};

use crate::detectors::Line;
use crate::finding::Level;
use crate::summary::{Report, Summary};

pub use frame::Composed;

/// The built-in templates, one folder a language.
#[derive(RustEmbed)]
#[folder = "templates/"]
struct BuiltIn;

/// Where text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// A comment, a file.
    Markdown,
    /// A person's terminal.
    Terminal {
        /// Whether bold may be drawn.
        color: bool,
    },
    /// A page for a browser.
    Html,
    /// Sentences without marks, as in the report.
    Plain,
}

/// How evidence is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Links {
    /// As links to a forge.
    Forge {
        /// Address of the repository, such as `https://github.com/o/r`, without a slash at its end.
        web: String,
        /// The commit that evidence of the side before links to.
        base: String,
        /// The commit that evidence of the side after links to.
        head: String,
    },
    /// As `path:line`.
    Paths,
    /// As the name that a link would have.
    Names,
    /// Not at all.
    None,
}

/// How a text is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Style {
    /// Where it goes.
    pub view: View,
    /// How evidence is shown.
    pub links: Links,
}

impl Style {
    /// Sentences without marks and links.
    pub const PLAIN: Style = Style { view: View::Plain, links: Links::None };
}

/// Why a text could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A folder of templates that is not there.
    #[error("no templates for the language `{0}`; built in are: {1}")]
    Language(String, String),
    /// A template that does not parse.
    #[error("the template `{name}` does not parse: {reason}")]
    Parse {
        /// Its name below the language's folder.
        name: String,
        /// The parser's first line.
        reason: String,
    },
    /// A template that asks for something which is not there.
    #[error("the template `{name}` could not be filled in: {reason}")]
    Fill {
        /// Its name.
        name: String,
        /// The engine's words.
        reason: String,
    },
}

/// Every template, parsed once.
pub struct Renderer {
    built_in: Handlebars<'static>,
    own: Option<Handlebars<'static>>,
    glossary: BTreeMap<String, Term>,
    rules: BTreeMap<String, Rule>,
}

/// A rule in words.
#[derive(Clone, Debug)]
pub struct Rule {
    /// When it fires, as the end of "fires when".
    pub when: String,
    /// What it asks of the reader at most.
    pub level: Level,
}

/// A rule as a language's `rules.toml` has it. Levels stand in the first language alone.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleWords {
    when: String,
    level: Option<Level>,
}

/// What a term of the glossary means, and the forms in which it stands in a sentence beside its own.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(untagged)]
enum Term {
    Meaning(String),
    Forms { meaning: String, forms: Vec<String> },
}

impl Term {
    fn meaning(&self) -> &str {
        match self {
            Term::Meaning(meaning) | Term::Forms { meaning, .. } => meaning,
        }
    }

    fn forms(&self) -> &[String] {
        match self {
            Term::Meaning(_) => &[],
            Term::Forms { forms, .. } => forms,
        }
    }
}

/// The language that is complete: it serves where another one, or a team's own, lacks something.
const FIRST: &str = "en";

impl Renderer {
    /// Takes the built-in templates of a language and a team's own, by name (`findings/size.hbs`). What the language
    /// lacks is said in English. A language that is not built in is a team's own: its templates are the team's. A
    /// template of the team that does not parse is returned beside the renderer, and the built-in one serves.
    pub fn new(language: &str, own: &BTreeMap<String, String>) -> Result<(Self, Vec<Error>), Error> {
        if own.is_empty() && !languages().iter().any(|known| known == language) {
            return Err(Error::Language(language.to_owned(), languages().join(", ")));
        }
        let mut built_in = engine();
        let mut glossary = BTreeMap::new();
        let mut rules: BTreeMap<String, Rule> = BTreeMap::new();
        let spoken = if language == FIRST { vec![FIRST] } else { vec![FIRST, language] };
        for (language, path) in
            spoken.iter().flat_map(|language| BuiltIn::iter().map(move |path| (language, path)))
        {
            let Some(name) = path.strip_prefix(&format!("{language}/")) else { continue };
            let file = BuiltIn::get(&path).expect("the name comes from the list of embedded files");
            let text = String::from_utf8_lossy(&file.data).into_owned();
            if name == "glossary.toml" {
                glossary = data(name, &text)?;
            } else if name == "rules.toml" {
                for (id, words) in data::<BTreeMap<String, RuleWords>>(name, &text)? {
                    let level =
                        words.level.or(rules.get(&id).map(|rule| rule.level)).unwrap_or(Level::Routine);
                    rules.insert(id, Rule { when: words.when, level });
                }
            } else if let Some(name) = name.strip_suffix(".hbs") {
                register(&mut built_in, name, &text)?;
            }
        }
        let mut problems = Vec::new();
        let mut merged = None;
        for (name, text) in own {
            let name = name.trim_end_matches(".hbs");
            let engine = merged.get_or_insert_with(|| built_in.clone());
            if let Err(error) = register(engine, name, text) {
                problems.push(error);
            }
        }
        Ok((Self { built_in, own: merged, glossary, rules }, problems))
    }

    /// Whether there is such a template.
    pub fn has(&self, name: &str) -> bool {
        self.own.as_ref().unwrap_or(&self.built_in).has_template(name)
    }

    /// When a rule fires, in words.
    pub fn rule(&self, id: &str) -> Option<&str> {
        self.rules.get(id).map(|rule| rule.when.as_str())
    }

    /// Every rule, by id.
    pub fn rules(&self) -> impl Iterator<Item = (&str, &Rule)> {
        self.rules.iter().map(|(id, rule)| (id.as_str(), rule))
    }

    /// Prepares all templates for one style: escaping and helpers depend on where the text goes.
    pub fn pen(&self, style: &Style) -> Pen<'_> {
        let shared = Arc::new(style.clone());
        let ready = |engine: &Handlebars<'static>| {
            let mut engine = engine.clone();
            helpers::register(&mut engine, shared.clone());
            engine
        };
        Pen { renderer: self, built_in: ready(&self.built_in), own: self.own.as_ref().map(ready) }
    }

    /// The whole summary as text, at most `most_bytes` long, without the marker.
    pub fn summary(&self, summary: &Summary, style: &Style, most_bytes: usize) -> Result<String, Error> {
        frame::text(self, summary, style, most_bytes)
    }

    /// The report with its sentences.
    pub fn report(&self, summary: &Summary) -> Result<Report, Error> {
        frame::report(self, summary)
    }
}

/// The names of the templates that a team may replace, below its folder.
pub fn names() -> Vec<String> {
    let mut names: Vec<String> =
        BuiltIn::iter().filter_map(|path| path.split_once('/').map(|(_, name)| name.to_owned())).collect();
    names.retain(|name| name.ends_with(".hbs"));
    names.sort();
    names.dedup();
    names
}

/// Templates made ready for one style.
pub struct Pen<'a> {
    built_in: Handlebars<'static>,
    own: Option<Handlebars<'static>>,
    renderer: &'a Renderer,
}

impl Pen<'_> {
    /// Whether there is such a template.
    pub fn has(&self, name: &str) -> bool {
        self.own.as_ref().unwrap_or(&self.built_in).has_template(name)
    }

    /// Fills in one template. A team's own that fails is replaced by the built-in one.
    pub fn fill(&self, name: &str, values: &Value) -> Result<String, Error> {
        if let Some(own) = &self.own
            && let Ok(text) = own.render(name, values)
        {
            return Ok(text);
        }
        self.built_in
            .render(name, values)
            .map_err(|error| Error::Fill { name: name.to_owned(), reason: error.to_string() })
    }

    /// The sentence of a line.
    pub fn line(&self, line: &Line) -> Result<String, Error> {
        self.fill(&format!("findings/{}", line.shape), &values_of(line))
    }

    /// The line as a top consequence, where its shape can be one.
    pub fn headline(&self, line: &Line) -> Result<Option<String>, Error> {
        let name = format!("headlines/{}", line.shape);
        if !self.has(&name) {
            return Ok(None);
        }
        let text = self.fill(&name, &values_of(line))?;
        Ok((!text.is_empty()).then_some(text))
    }

    /// The questions that a line raises, most important first.
    pub fn questions(&self, line: &Line) -> Result<Vec<String>, Error> {
        let name = format!("questions/{}", line.shape);
        if !self.has(&name) {
            return Ok(Vec::new());
        }
        let text = self.fill(&name, &values_of(line))?;
        Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
    }

    /// What a term means, in the order of the terms, for those that stand in the text.
    pub fn glossary(&self, text: &str) -> Vec<(&str, &str)> {
        let text = text.to_lowercase();
        let stands = |form: &str| {
            let form = form.to_lowercase();
            text.match_indices(&form).any(|(at, _)| !text[..at].ends_with(char::is_alphanumeric))
        };
        let terms = &self.renderer.glossary;
        let found =
            terms.iter().filter(|(term, of)| stands(term) || of.forms().iter().any(|form| stands(form)));
        found.map(|(term, of)| (term.as_str(), of.meaning())).collect()
    }
}

/// The languages that are built in.
pub fn languages() -> Vec<String> {
    let mut languages: Vec<String> = BuiltIn::iter()
        .filter_map(|path| path.split_once('/').map(|(language, _)| language.to_owned()))
        .collect();
    languages.sort();
    languages.dedup();
    languages
}

fn values_of(line: &Line) -> Value {
    json!({"facts": line.facts, "evidence": line.evidence, "services": line.services})
}

fn data<T: serde::de::DeserializeOwned>(name: &str, text: &str) -> Result<T, Error> {
    toml::from_str(text)
        .map_err(|error| Error::Parse { name: name.to_owned(), reason: error.message().to_owned() })
}

fn engine() -> Handlebars<'static> {
    let mut engine = Handlebars::new();
    engine.set_strict_mode(true);
    engine
}

fn register(engine: &mut Handlebars<'static>, name: &str, text: &str) -> Result<(), Error> {
    engine.register_template_string(name, text.trim_end_matches('\n')).map_err(|error| Error::Parse {
        name: name.to_owned(),
        reason: error.to_string().lines().next().unwrap_or_default().to_owned(),
    })
}
