//! GORM: structs whose tags say how they are stored.

use super::lex::{self, Kind, Token};
use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::schema::{Column, DeclaredReader, Inventory, Table};

/// Structs of GORM.
pub struct Gorm;

impl DeclaredReader for Gorm {
    fn style(&self) -> &'static str {
        "models"
    }

    fn reads(&self, path: &RepoPath, text: &str) -> bool {
        path.extension() == "go"
            && !path.folders().any(|folder| folder.contains("migrat"))
            && text.contains(" struct {")
            && (text.contains("gorm:\"") || text.contains("gorm.Model"))
    }

    fn is_model(&self) -> bool {
        true
    }

    fn read(&self, _path: &RepoPath, text: &str) -> Result<Inventory, Unreadable> {
        let tokens = lex::tokens(text)?;
        let mut inventory = Inventory::default();
        for at in 0..tokens.len() {
            let name = |at: usize| tokens.get(at).and_then(Token::name);
            if (name(at), name(at + 2)) == (Some("type"), Some("struct"))
                && let Some(class) = name(at + 1)
                && let Some(table) = table(class, tokens.get(at + 3..).unwrap_or_default())
            {
                inventory.tables.push(table);
            }
        }
        Ok(inventory)
    }
}

/// The stored fields of a struct, from its opening brace; none where no tag says that it is stored.
fn table(name: &str, tokens: &[Token<'_>]) -> Option<Table> {
    let first = tokens.first().filter(|token| token.is('{'))?;
    let mut table = Table { name: name.to_owned(), line: first.line, ..Table::default() };
    let (mut depth, mut is_stored) = (0u32, false);
    let mut lines: Vec<Vec<&Token<'_>>> = Vec::new();
    for token in tokens {
        depth = match token.kind {
            Kind::Mark('{') => depth + 1,
            Kind::Mark('}') => depth.saturating_sub(1),
            _ => depth,
        };
        if depth == 0 {
            break;
        }
        match lines.last_mut() {
            Some(line) if line.first().is_some_and(|first| first.line == token.line) => line.push(token),
            _ => lines.push(vec![token]),
        }
    }
    for line in lines {
        let tag = line.last().and_then(|token| token.text()).unwrap_or_default();
        let is_embedded = line.iter().filter_map(|token| token.name()).eq(["gorm", "Model"]);
        is_stored |= is_embedded || tag.contains("gorm:\"");
        // `Name, Title string` and embedded structs are left alone
        let (Some(field), Some(type_)) = (line.first().and_then(|token| token.name()), line.get(1)) else {
            continue;
        };
        if !field.starts_with(char::is_uppercase)
            || type_.is(',')
            || type_.is('.')
            || tag.contains("gorm:\"-")
        {
            continue;
        }
        // `model.Group` is `Group` in its own package
        let (mut written, mut before) = (String::new(), 0);
        for token in line.iter().skip(1) {
            match &token.kind {
                Kind::Mark('.') => written.truncate(before),
                Kind::Name(name) => {
                    before = written.len();
                    written.push_str(name);
                }
                Kind::Mark(mark) => written.push(*mark),
                Kind::Text(_) => break,
            }
        }
        let required = tag.to_lowercase().contains("not null");
        table.columns.push(Column {
            name: field.to_owned(),
            type_: Some(written),
            nullable: Some(!required),
            default: None,
            line: type_.line,
        });
    }
    (is_stored && !table.columns.is_empty()).then_some(table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::schema::difference;

    #[test]
    fn stored_structs_are_read() {
        let text = |fields: &str| {
            format!(
                "package model\ntype User struct {{\n\tgorm.Model\n\tName string `json:\"name\" gorm:\"size:20\"`\n{fields}}}\ntype Form struct {{\n\tA string\n}}\n"
            )
        };
        let differs = |before: &str, after: &str| -> Vec<String> {
            let path = RepoPath::new("model/user.go");
            assert!(Gorm.reads(&path, &text(before)));
            let read = |fields: &str| Gorm.read(&path, &text(fields)).expect("it can be read");
            let (steps, _) = difference(&read(before), &read(after));
            let told = steps.iter().map(|(step, _)| {
                format!("{:?} {}.{}", step.op, step.table, step.column.as_deref().unwrap_or_default())
            });
            told.collect()
        };
        assert_eq!(differs("", "\tAge *int\n"), ["AddColumn User.Age"]);
        assert!(differs("\tA []Group\n", "\tA []model.Group\n").is_empty());
        assert_eq!(differs("\tA int\n", "\tA int64 `json:\"a\"`\n"), ["ChangeType User.A"]);
        assert_eq!(
            differs("\tA int `gorm:\"index\"`\n", "\tA int `gorm:\"not null\"`\n"),
            ["ChangeNullability User.A"]
        );
        for quiet in ["\tA int `gorm:\"-\"`\n", "\tsecret int\n", "\tOther\n", "\t// a note\n"] {
            assert!(differs("", quiet).is_empty(), "{quiet}");
        }
        assert!(!Gorm.reads(&RepoPath::new("model/form.go"), "type Form struct {\n\tA string\n}\n"));
    }
}
