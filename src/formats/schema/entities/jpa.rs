//! Entities of JPA, Hibernate and Spring Data's documents, in Java and Kotlin.

use super::{Class, Mark, bare, basic, read};
use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::schema::{Column, DeclaredReader, Inventory};
use crate::formats::words::{Family, Kind};

/// Entities of JPA, Hibernate and Spring Data's documents.
pub struct Jpa;

impl DeclaredReader for Jpa {
    fn style(&self) -> &'static str {
        "models"
    }

    fn reads(&self, path: &RepoPath, text: &str) -> bool {
        matches!(path.extension().as_str(), "java" | "kt")
            && CLASSES.iter().any(|mark| text.contains(&format!("@{mark}")))
            && ["persistence.", "org.springframework.data.mongodb"].iter().any(|from| text.contains(from))
    }

    fn is_model(&self) -> bool {
        true
    }

    fn read(&self, path: &RepoPath, text: &str) -> Result<Inventory, Unreadable> {
        let is_kotlin = path.extension() == "kt";
        read(Family::Typed, text, |class| {
            let is_stored = class.marks.iter().any(|mark| CLASSES.contains(&mark.name));
            is_stored.then(|| if is_kotlin { class.kotlin() } else { class.java() })
        })
    }
}

/// Marks that make a class of Java or Kotlin a stored one, or a part of one.
const CLASSES: [&str; 4] = ["Entity", "MappedSuperclass", "Embeddable", "Document"];

/// Marks of JPA that stand on what is stored: a field, or the method that reads it.
const STORED: [&str; 12] = [
    "Id",
    "EmbeddedId",
    "Column",
    "JoinColumn",
    "ManyToOne",
    "OneToOne",
    "Embedded",
    "Enumerated",
    "Lob",
    "Temporal",
    "Version",
    "ElementCollection",
];

/// Marks of JPA that keep a field out of the table.
const UNSTORED: [&str; 5] = ["Transient", "Formula", "OneToMany", "ManyToAny", "Autowired"];

impl<'a> Class<'a, '_> {
    /// The fields of Java: those declared, or the methods that are marked where no field is.
    fn java(&self) -> Vec<Column> {
        let (words, mut fields, mut methods) = (self.words, Vec::new(), Vec::new());
        let mut is_marked = false;
        let mut at = self.body.start;
        while at < self.body.end {
            let (marks, start) = self.marks_at(at);
            // what is declared ends before its value, its arguments or its body
            let end = (start..self.body.end)
                .find(|at| matches!(words.0[*at].kind, Kind::Mark(';' | '=' | '(' | '{')))
                .unwrap_or(self.body.end);
            at = self.behind(end);
            let declared: Vec<&str> = (start..end).filter_map(|at| words.name(at)).collect();
            let has = |word: &str| declared.contains(&word);
            if ["static", "transient", "class", "enum", "interface", "record"].iter().any(|word| has(word)) {
                continue;
            }
            let Some(name) = end.checked_sub(1).and_then(|last| words.name(last)) else { continue };
            let line = words.line(end.saturating_sub(1));
            let is_method = words.is(end, '(');
            let marked = marks.iter().any(|mark| STORED.contains(&mark.name));
            if marks.iter().any(|mark| UNSTORED.contains(&mark.name)) || self.is_mapped_by(&marks) {
                continue;
            }
            const MODIFIERS: [&str; 5] = ["private", "protected", "public", "final", "volatile"];
            let type_: String = (start..end.saturating_sub(1))
                .filter_map(|at| match words.0[at].kind {
                    Kind::Name(name) => (!MODIFIERS.contains(&name)).then(|| name.to_owned()),
                    Kind::Mark(mark) => Some(mark.to_string()),
                    Kind::Text(_) => None,
                })
                .collect();
            match is_method {
                true if marked => {
                    let bare = name.strip_prefix("get").or(name.strip_prefix("is")).unwrap_or(name);
                    methods.push(self.jpa(&marks, bare, &type_, line));
                }
                false if !type_.is_empty() && !words.is(end, '{') => {
                    is_marked |= marked;
                    fields.push(self.jpa(&marks, name, &type_, line));
                }
                _ => {}
            }
        }
        if is_marked || methods.is_empty() { fields } else { methods }
    }

    /// The fields of Kotlin: `val` and `var` behind the class's name and in its body, those that are worked out aside.
    fn kotlin(&self) -> Vec<Column> {
        let words = self.words;
        let mut fields = Vec::new();
        for range in [&self.head, &self.body] {
            let (mut at, mut marks) = (range.start, Vec::new());
            while at < range.end {
                let (more, start) = self.marks_at(at);
                marks.extend(more);
                at = start + 1;
                match words.0.get(start).map(|word| &word.kind) {
                    Some(Kind::Mark('(' | '[' | '{')) => at = self.closings[start].max(start) + 1,
                    Some(Kind::Name("fun" | "class" | "object" | "init" | "constructor")) => marks.clear(),
                    Some(Kind::Name("val" | "var")) => {
                        let own = std::mem::take(&mut marks);
                        let (Some(name), true) = (words.name(at), words.is(at + 1, ':')) else { continue };
                        let line = words.line(at);
                        let mut end = at + 2;
                        // the type ends with its line
                        while end < range.end
                            && words.line(end) == line
                            && !matches!(words.0[end].kind, Kind::Mark('=' | ',' | ')' | '@' | '{'))
                            && !matches!(words.name(end), Some("get" | "set" | "by"))
                        {
                            end += 1;
                        }
                        let type_: String = (at + 2..end)
                            .filter_map(|at| match words.0[at].kind {
                                Kind::Name(name) => Some(name.to_owned()),
                                Kind::Mark('?') | Kind::Text(_) => None,
                                Kind::Mark(mark) => Some(mark.to_string()),
                            })
                            .collect();
                        at = end;
                        let is_worked_out = matches!(words.name(end), Some("get" | "by"));
                        let is_aside = own.iter().any(|mark| UNSTORED.contains(&mark.name));
                        if !is_worked_out && !is_aside && !self.is_mapped_by(&own) {
                            fields.push(self.jpa(&own, name, &type_, line));
                        }
                    }
                    _ => {}
                }
            }
        }
        fields
    }

    /// A field as the marks of JPA and its type in code describe it.
    fn jpa(&self, marks: &[Mark<'a>], name: &str, type_: &str, line: u32) -> Column {
        let has = |wanted: &str| marks.iter().any(|mark| mark.name == wanted);
        let places: Vec<&Mark<'a>> = marks
            .iter()
            .filter(|mark| matches!(mark.name, "Column" | "JoinColumn" | "JoinTable" | "Field"))
            .collect();
        let of_place = |names: &[&str]| {
            places.iter().find_map(|mark| {
                let arguments = mark.arguments.clone();
                self.option(&[Mark { name: mark.name, arguments }], names)
            })
        };
        let length = of_place(&["length"]).unwrap_or_default();
        let type_ = if ["ManyToOne", "OneToOne", "ManyToMany"].iter().any(|link| has(link)) {
            None
        } else if has("Enumerated") {
            let is_text = marks.iter().filter(|mark| mark.name == "Enumerated").any(|mark| {
                mark.arguments.iter().flat_map(Clone::clone).any(|at| self.words.name(at) == Some("STRING"))
            });
            Some(if is_text { format!("text({length})") } else { "number of a choice".to_owned() })
        } else if ["Convert", "Type", "JdbcTypeCode", "Basic"].iter().any(|mark| has(mark)) {
            None
        } else {
            basic(type_).map(|type_| format!("{type_}({length})"))
        };
        Column {
            name: bare(of_place(&["name"]).unwrap_or(name)),
            type_,
            nullable: Some(of_place(&["nullable"]) != Some("false")),
            default: None,
            line,
        }
    }
}
