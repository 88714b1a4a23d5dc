//! `schema.prisma`: models as tables. No crate on the registry reads it; what matters here fits in lines of a block.

use std::collections::BTreeSet;

use crate::change::{RepoPath, Snapshot};
use crate::formats::Unreadable;
use crate::formats::schema::{Column, DeclaredReader, Inventory, OtherObject, Rule, Table};

/// Prisma schemas.
pub struct Prisma;

impl DeclaredReader for Prisma {
    fn style(&self) -> &'static str {
        "prisma"
    }

    fn reads(&self, path: &RepoPath, _text: &str) -> bool {
        path.extension() == "prisma"
    }

    fn migrations(&self, path: &RepoPath) -> Option<RepoPath> {
        path.join("migrations/").map(|folder| RepoPath::new(format!("{folder}/")))
    }

    /// Beside the file, or beside the folder that holds one file a model.
    fn mirrored(&self, path: &RepoPath, tree: &dyn Snapshot) -> bool {
        let home = path.folder().rsplit_once('/').map_or("", |(home, _)| home);
        let folders: Vec<String> = [path.folder(), home]
            .iter()
            .map(|folder| format!("{folder}/migrations/").trim_start_matches('/').to_owned())
            .collect();
        tree.paths()
            .iter()
            .any(|path| folders.iter().any(|folder| path.as_str().starts_with(folder.as_str())))
    }

    fn read(&self, _path: &RepoPath, text: &str) -> Result<Inventory, Unreadable> {
        let blocks = blocks(text);
        let is_model: BTreeSet<&str> = blocks
            .iter()
            .filter(|block| matches!(block.kind, "model" | "type" | "view"))
            .map(|block| block.name)
            .collect();
        let mut inventory = Inventory::default();
        for block in &blocks {
            match block.kind {
                "model" => inventory.tables.push(table(block, &is_model)),
                "enum" | "view" => inventory.others.push(OtherObject {
                    what: block.kind.to_owned(),
                    name: block.name.to_owned(),
                    text: block.lines.iter().map(|(_, line)| *line).collect::<Vec<_>>().join("\n"),
                    line: block.line,
                }),
                _ => {}
            }
        }
        Ok(inventory)
    }
}

/// `kind Name { lines }`
struct Block<'a> {
    kind: &'a str,
    name: &'a str,
    line: u32,
    lines: Vec<(u32, &'a str)>,
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut is_open = false;
    for (at, line) in text.lines().enumerate() {
        let number = at as u32 + 1;
        let line = without_comment(line).trim();
        if is_open {
            if line.starts_with('}') {
                is_open = false;
            } else if let Some(block) = blocks.last_mut().filter(|_| !line.is_empty()) {
                block.lines.push((number, line));
            }
            continue;
        }
        let mut words = line.trim_end_matches('{').split_whitespace();
        if let (Some(kind), Some(name), true) = (words.next(), words.next(), line.ends_with('{')) {
            blocks.push(Block { kind, name, line: number, lines: Vec::new() });
            is_open = true;
        }
    }
    blocks
}

/// The line before `//`, unless the slashes stand in a string.
fn without_comment(line: &str) -> &str {
    let mut in_string = false;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match c {
            '"' if before != '\\' => in_string = !in_string,
            '/' if !in_string && line[at..].starts_with("//") => return &line[..at],
            _ => {}
        }
        before = c;
    }
    line
}

fn table(block: &Block<'_>, models: &BTreeSet<&str>) -> Table {
    let attribute = |name: &str| block.lines.iter().find_map(|(_, line)| argument(line, name));
    let mut table = Table {
        name: attribute("@@map").and_then(quoted).unwrap_or(block.name).to_owned(),
        line: block.line,
        ..Table::default()
    };
    // attributes of a block name fields as the model does, columns may be called otherwise
    let mut columns: Vec<(&str, &str)> = Vec::new();
    for &(number, line) in block.lines.iter().filter(|(_, line)| !line.starts_with("@@")) {
        let mut words = line.split_whitespace();
        let (Some(name), Some(written)) = (words.next(), words.next()) else { continue };
        let type_ = written.trim_end_matches(['?', '[', ']']);
        if models.contains(type_) || line.contains("@ignore") || argument(line, "@relation").is_some() {
            continue;
        }
        let column = argument(line, "@map").and_then(quoted).unwrap_or(name);
        columns.push((name, column));
        let native = line.split_whitespace().find_map(|word| word.strip_prefix("@db."));
        let rule = |what: &str| Rule {
            columns: Some(column.to_owned()),
            what: what.to_owned(),
            line: number,
            ..Rule::default()
        };
        if line.split_whitespace().any(|word| word == "@id" || word.starts_with("@id(")) {
            table.constraints.push(rule("primary_key"));
        }
        if line.split_whitespace().any(|word| word == "@unique" || word.starts_with("@unique(")) {
            table.indexes.push(rule("unique_index"));
        }
        table.columns.push(Column {
            name: column.to_owned(),
            type_: Some(match native {
                Some(native) => format!("{type_} {native}"),
                None if written.ends_with("[]") => format!("{type_}[]"),
                None => type_.to_owned(),
            }),
            nullable: Some(written.ends_with('?')),
            default: argument(line, "@default").map(str::to_owned),
            line: number,
        });
    }
    for &(number, line) in block.lines.iter().filter(|(_, line)| line.starts_with("@@")) {
        let what = match line.split('(').next().unwrap_or_default().trim() {
            "@@id" => "primary_key",
            "@@unique" => "unique_index",
            "@@index" | "@@fulltext" => "index",
            _ => continue,
        };
        let Some(inside) = line.split_once('[').and_then(|(_, rest)| rest.rsplit_once(']')) else { continue };
        let covered: Vec<&str> = inside
            .0
            .split(',')
            .map(|field| field.split('(').next().unwrap_or_default().trim())
            .map(|field| columns.iter().find(|(name, _)| *name == field).map_or(field, |(_, column)| column))
            .collect();
        let rule = Rule {
            columns: Some(covered.join(", ")),
            what: what.to_owned(),
            line: number,
            ..Rule::default()
        };
        if what == "primary_key" { table.constraints.push(rule) } else { table.indexes.push(rule) }
    }
    table
}

/// What stands between the brackets of `@name(…)`.
fn argument<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = line;
    loop {
        let at = rest.find(name)?;
        let is_whole = !rest[..at].ends_with('@');
        let inside = &rest[at + name.len()..];
        match inside.strip_prefix('(') {
            Some(inside) if is_whole => {
                let mut depth = 1u32;
                let end = inside.char_indices().find_map(|(at, c)| {
                    match c {
                        '(' => depth += 1,
                        ')' => depth -= 1,
                        _ => {}
                    }
                    (depth == 0).then_some(at)
                });
                return Some(&inside[..end.unwrap_or(inside.len())]);
            }
            _ if is_whole && (inside.is_empty() || inside.starts_with(' ')) => return Some(""),
            _ => rest = inside,
        }
    }
}

fn quoted(argument: &str) -> Option<&str> {
    argument.split('"').nth(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::schema::difference;

    const BEFORE: &str = r#"
model User { // people
  id    String  @id @default(cuid()) @map("user_id")
  name  String? @db.VarChar(50)
  posts Post[]
  @@map("users")
}
enum Role {
  ADMIN
}
model Post {
  id     Int  @id
  author User @relation(fields: [userId], references: [id])
  userId String
}
"#;

    fn told(after: &str) -> Vec<String> {
        let read = |text: &str| Prisma.read(&RepoPath::new("prisma/schema.prisma"), text).expect("it reads");
        let (steps, _) = difference(&read(BEFORE), &read(after));
        steps
            .iter()
            .map(|(step, _)| {
                format!("{:?} {} {}", step.op, step.table, step.column.as_deref().unwrap_or_default())
            })
            .collect()
    }

    #[test]
    fn a_changed_model_says_what_changes() {
        assert!(told(BEFORE).is_empty());
        assert!(told(&BEFORE.replace("  id    ", "  id ").replace("// people", "")).is_empty());
        assert_eq!(
            told(&BEFORE.replace("String? @db.VarChar(50)", "String @db.VarChar(90)")),
            ["ChangeType users name", "ChangeNullability users name"]
        );
        assert_eq!(
            told(&BEFORE.replace("  posts Post[]\n", "  age Int @default(1)\n  @@index([age, id])\n")),
            ["AddColumn users age", "AddIndex users age, user_id"]
        );
        assert_eq!(told(&BEFORE.replace("ADMIN", "ADMIN\n  GUEST")), ["Other  "]);
        assert_eq!(
            told("model Tag {\n  id Int @id\n}"),
            ["AddTable Tag ", "DropTable users ", "DropTable Post ", "Other  "]
        );
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in r#"(?s)(model|enum|[A-Za-z?@ ()\[\]{}"/\n,é]){0,80}"#) {
            Prisma.read(&RepoPath::new("a.prisma"), &text).ok();
        }
    }
}
