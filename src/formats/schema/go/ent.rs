//! Ent: one Go type a table, its fields as calls.

use super::lex::{self, Kind, Token};
use crate::change::{RepoPath, Snapshot};
use crate::formats::Unreadable;
use crate::formats::schema::names::{plural, underscore};
use crate::formats::schema::{Column, DeclaredReader, Inventory, Rule, Table};

/// Ent schemas.
pub struct Ent;

impl DeclaredReader for Ent {
    fn style(&self) -> &'static str {
        "ent"
    }

    fn reads(&self, path: &RepoPath, text: &str) -> bool {
        path.extension() == "go"
            && path.folder().ends_with("schema")
            && text.contains("ent.Schema")
            && text.contains("entgo.io/ent")
    }

    fn mirrored(&self, path: &RepoPath, tree: &dyn Snapshot) -> bool {
        let ent = path.folder().rsplit_once('/').map_or("", |(ent, _)| ent);
        let migrations = format!("{ent}/migrate/migrations/");
        // Atlas, which writes the migrations, keeps their sums beside them, wherever the team puts them
        tree.paths()
            .iter()
            .any(|path| path.as_str().starts_with(&migrations) || path.file_name() == "atlas.sum")
    }

    fn read(&self, _path: &RepoPath, text: &str) -> Result<Inventory, Unreadable> {
        let tokens = lex::tokens(text)?;
        let mut inventory = Inventory::default();
        let mut is_table = false;
        let word = |at: usize| tokens.get(at).and_then(Token::name);
        for (at, token) in tokens.iter().enumerate() {
            match (token.name(), word(at + 1), word(at + 2)) {
                // `type User struct`
                (Some("type"), Some(name), Some("struct")) => {
                    // `struct { ent.Schema }`; a mixin lends its fields to tables and is none, nor is a view
                    is_table = (word(at + 4), word(at + 6)) == (Some("ent"), Some("Schema"));
                    if !is_table {
                        continue;
                    }
                    inventory.tables.push(Table {
                        name: plural(&underscore(name)),
                        line: token.line,
                        ..Table::default()
                    });
                }
                // `Annotation{Table: "people"}`
                (Some("Table"), ..) if tokens.get(at + 1).is_some_and(|next| next.is(':')) => {
                    if let (Some(table), Some(name)) =
                        (inventory.tables.last_mut(), tokens.get(at + 2).and_then(Token::text))
                    {
                        table.name = name.to_owned();
                    }
                }
                // `field.String("name").Optional()`
                (Some(package @ ("field" | "edge")), ..)
                    if tokens.get(at + 1).is_some_and(|dot| dot.is('.')) =>
                {
                    let Some(table) = inventory.tables.last_mut().filter(|_| is_table) else { continue };
                    made(&tokens, at, package, table);
                }
                _ => {}
            }
        }
        Ok(inventory)
    }
}

/// A field or an edge, with the calls that follow it.
fn made(tokens: &[Token<'_>], at: usize, package: &str, table: &mut Table) {
    let (Some(type_), Some(name)) =
        (tokens.get(at + 2).and_then(Token::name), tokens.get(at + 4).and_then(Token::text))
    else {
        return;
    };
    let line = tokens.get(at).map_or(1, |token| token.line);
    let mut depth = 0i32;
    let mut how: Vec<(&str, usize)> = Vec::new();
    for (at, token) in tokens.iter().enumerate().skip(at + 3).take(300) {
        match &token.kind {
            Kind::Mark('(' | '{' | '[') => depth += 1,
            Kind::Mark(')' | '}' | ']') => depth -= 1,
            Kind::Mark(',') if depth == 0 => break,
            Kind::Name(name) if depth == 0 => how.push((name, at)),
            _ => {}
        }
        if depth < 0 {
            break;
        }
    }
    let find = |wanted: &str| how.iter().find(|(name, _)| *name == wanted).map(|(_, at)| *at);
    if package == "edge" {
        // An edge from one to one other, or to its owner, is a field; its name may be said.
        let field = find("Field").and_then(|at| tokens.get(at + 2)).and_then(Token::text);
        if field.is_some() || find("Unique").is_none() {
            return;
        }
        let what = "foreign_key".to_owned();
        table.constraints.push(Rule {
            name: String::new(),
            columns: Some(format!("{name}_id")),
            what,
            line,
            ..Rule::default()
        });
        return;
    }
    let default = find("Default").and_then(|at| tokens.get(at + 2)).map(|token| match &token.kind {
        Kind::Name(name) => (*name).to_owned(),
        Kind::Text(text) => text.clone(),
        Kind::Mark(mark) => mark.to_string(),
    });
    if find("Unique").is_some() {
        table.constraints.push(Rule {
            name: String::new(),
            columns: Some(name.to_owned()),
            what: "unique".to_owned(),
            line,
            ..Rule::default()
        });
    }
    let size = find("MaxLen").and_then(|at| tokens.get(at + 2)).and_then(Token::name);
    table.columns.push(Column {
        name: name.to_owned(),
        type_: Some(size.map_or(type_.to_owned(), |size| format!("{type_}({size})"))),
        nullable: Some(find("Optional").is_some() || find("Nillable").is_some()),
        default,
        line,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_tables() {
        let text = "package schema\nimport \"entgo.io/ent\"\ntype User struct{ ent.Schema }\nfunc (User) Fields() []ent.Field {\n\treturn []ent.Field{\n\t\tfield.String(\"name\").MaxLen(20).Default(\"x\"),\n\t\tfield.Int(\"age\").Optional().Unique(),\n\t}\n}\n";
        let path = RepoPath::new("ent/schema/user.go");
        assert!(Ent.reads(&path, text) && !Ent.reads(&path, "package schema"));
        let mixin = "type Timed struct{ mixin.Schema }\nfunc (Timed) Fields() []ent.Field {\n\treturn []ent.Field{field.Time(\"at\")}\n}\n";
        let inventory = Ent.read(&path, &format!("{text}{mixin}")).expect("reads");
        assert_eq!(inventory.tables.len(), 1);
        let table = &inventory.tables[0];
        assert_eq!((table.name.as_str(), table.columns.len(), table.constraints.len()), ("users", 2, 1));
        let [name, age] = table.columns.as_slice() else { panic!("two fields") };
        assert_eq!(
            (name.type_.as_deref(), name.nullable, name.default.as_deref()),
            (Some("String(20)"), Some(false), Some("x"))
        );
        assert_eq!((age.nullable, age.line), (Some(true), 7));
    }
}
