//! Decorated entities of TypeORM and MikroORM, in TypeScript.

use super::{Class, Mark, bare, basic, read};
use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::schema::{Column, DeclaredReader, Inventory};
use crate::formats::words::{Family, Kind};

/// Decorated entities of TypeORM and MikroORM.
pub struct Decorated;

impl DeclaredReader for Decorated {
    fn style(&self) -> &'static str {
        "models"
    }

    fn reads(&self, path: &RepoPath, text: &str) -> bool {
        matches!(path.extension().as_str(), "ts" | "mts")
            && !path.file_name().ends_with(".d.ts")
            && ["typeorm", "@mikro-orm/"].iter().any(|library| text.contains(library))
            && DECORATED.iter().any(|mark| text.contains(&format!("@{mark}(")))
    }

    fn is_model(&self) -> bool {
        true
    }

    fn read(&self, _path: &RepoPath, text: &str) -> Result<Inventory, Unreadable> {
        read(Family::Script, text, |class| Some(class.script()))
    }
}

/// Marks that give a field of TypeScript a place in its table.
const DECORATED: [&str; 14] = [
    "Column",
    "PrimaryColumn",
    "PrimaryGeneratedColumn",
    "CreateDateColumn",
    "UpdateDateColumn",
    "DeleteDateColumn",
    "VersionColumn",
    "JoinColumn",
    "JoinTable",
    "Property",
    "PrimaryKey",
    "Enum",
    "ManyToOne",
    "Embedded",
];

impl<'a> Class<'a, '_> {
    /// The marked fields of TypeScript.
    fn script(&self) -> Vec<Column> {
        let words = self.words;
        let mut fields = Vec::new();
        let mut at = self.body.start;
        while at < self.body.end {
            let (marks, start) = self.marks_at(at);
            let end = (start..self.body.end)
                .find(|at| matches!(words.0[*at].kind, Kind::Mark(';' | '=' | '(' | '{' | ':' | '@')))
                .unwrap_or(self.body.end);
            // `name?: type`
            let name = (start..end).filter_map(|at| words.name(at)).next_back();
            let type_start = if words.is(end, ':') { end + 1 } else { end };
            let type_end = (type_start..self.body.end)
                .find(|at| {
                    matches!(words.0[*at].kind, Kind::Mark(';' | '=' | '(' | '{' | '@'))
                        || words.line(*at) != words.line(type_start.saturating_sub(1))
                })
                .unwrap_or(self.body.end);
            let type_ = (type_start..type_end).filter_map(|at| match words.0[at].kind {
                Kind::Name(name) => Some(name.to_owned()),
                Kind::Mark(mark) => Some(mark.to_string()),
                Kind::Text(_) => None,
            });
            let type_: String = type_.collect();
            at = match words.0.get(type_end).map(|word| &word.kind) {
                // the next field's mark, or the next line
                Some(Kind::Mark('@')) => type_end,
                Some(Kind::Mark(';' | '=' | '(' | '{')) => self.behind(type_end),
                _ => type_end,
            }
            .max(at + 1);
            // teams wrap decorators in their own
            let is_stored =
                marks.iter().any(|mark| DECORATED.contains(&mark.name) || mark.name.ends_with("Column"));
            let (Some(name), true) = (name, is_stored && !self.is_mapped_by(&marks)) else { continue };
            if self.option(&marks, &["persist"]) == Some("false") {
                continue;
            }
            fields.push(self.decorated(&marks, name, &type_, words.line(end)));
        }
        fields
    }

    /// A field as its decorators and its type in code describe it.
    fn decorated(&self, marks: &[Mark<'a>], name: &str, type_: &str, line: u32) -> Column {
        const LINKS: [&str; 6] =
            ["ManyToOne", "OneToOne", "OneToMany", "ManyToMany", "JoinColumn", "JoinTable"];
        let is_link = marks.iter().any(|mark| LINKS.contains(&mark.name));
        // `@Column("text")`
        let first = marks
            .iter()
            .find_map(|mark| mark.arguments.first().and_then(|range| self.words.text(range.start)));
        let said = self.option(marks, &["type", "columnType"]).or(first);
        // a link is kept as what it points to, which stands elsewhere
        let type_ = if is_link {
            None
        } else {
            let type_ = said.unwrap_or(type_.split(['|', '[']).next().unwrap_or_default());
            basic(type_).map(str::to_owned)
        };
        Column {
            name: bare(self.option(marks, &["name", "fieldName"]).unwrap_or(name)),
            type_,
            nullable: Some(self.option(marks, &["nullable"]) == Some("true")),
            default: None,
            line,
        }
    }
}
