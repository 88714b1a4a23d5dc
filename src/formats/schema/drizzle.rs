//! Drizzle: tables declared in TypeScript.

use super::{Column, DeclaredReader, Inventory, OtherObject, Rule, Table};
use crate::change::{RepoPath, Snapshot};
use crate::formats::Unreadable;
use crate::formats::schema::walk::Walk;
use crate::formats::syntax::{self, Expr, Kind, Language};

/// Drizzle schemas.
pub struct Drizzle;

const TABLES: &[&str] =
    &["pgTable", "mysqlTable", "sqliteTable", "singlestoreTable", "gelTable", "createTable", "table"];

impl DeclaredReader for Drizzle {
    fn style(&self) -> &'static str {
        "drizzle"
    }

    fn reads(&self, path: &RepoPath, text: &str) -> bool {
        matches!(path.extension().as_str(), "ts" | "js" | "mts")
            && text.contains("drizzle-orm")
            && ["pgTable", "mysqlTable", "sqliteTable", "singlestoreTable"]
                .iter()
                .any(|name| text.contains(name))
    }

    fn mirrored(&self, _path: &RepoPath, tree: &dyn Snapshot) -> bool {
        // The kit keeps a journal beside the migrations, wherever the team puts them.
        tree.paths().iter().any(|path| path.as_str().ends_with("meta/_journal.json"))
    }

    fn read(&self, _path: &RepoPath, text: &str) -> Result<Inventory, Unreadable> {
        let file = syntax::parse(Language::TypeScript, text)?;
        let walk = Walk::new(&file);
        let mut inventory = Inventory::default();
        let mut rest: Vec<&Expr<'_>> = file.iter().rev().collect();
        while let Some(expr) = rest.pop() {
            match &expr.kind {
                Kind::Body(parts) => rest.extend(parts.iter().rev()),
                Kind::Assign(pair) => rest.push(&pair.1),
                Kind::Call(call) => {
                    let Some(name) = call.arg(0).and_then(|name| walk.text(name)) else { continue };
                    if TABLES.contains(&call.name) && call.args.len() > 1 {
                        inventory.tables.push(table(&walk, name, expr));
                    } else if matches!(
                        call.name,
                        "pgEnum" | "pgView" | "mysqlView" | "sqliteView" | "pgMaterializedView"
                    ) {
                        let what = if call.name.ends_with("Enum") { "enum" } else { "view" };
                        let text = expr.text.split_whitespace().collect::<Vec<_>>().join(" ");
                        inventory.others.push(OtherObject {
                            what: what.to_owned(),
                            name,
                            text,
                            line: expr.line,
                        });
                    }
                }
                _ => {}
            }
        }
        Ok(inventory)
    }
}

fn table<'n>(walk: &Walk<'n>, name: String, expr: &'n Expr<'n>) -> Table {
    let mut table = Table { name, line: expr.line, ..Table::default() };
    let Some(call) = expr.call() else { return table };
    let fields = call.arg(1).map(|fields| walk.resolve(fields));
    for (key, value) in fields.map(Expr::entries).unwrap_or_default() {
        let calls = value.chain().1;
        let Some(((first, _), how)) = calls.split_first() else { continue };
        let find = |wanted: &str| how.iter().find(|(call, _)| call.name == wanted).map(|(call, _)| *call);
        let name = first.arg(0).and_then(Expr::literal).or(key.key()).unwrap_or_default().to_owned();
        let length = first.option("length").map(|length| format!("({})", length.text)).unwrap_or_default();
        let default = find("default").and_then(|call| call.arg(0));
        for (made, what) in
            [("unique", "unique"), ("primaryKey", "primary_key"), ("references", "foreign_key")]
        {
            if find(made).is_some() {
                let rule = Rule {
                    columns: Some(name.clone()),
                    what: what.to_owned(),
                    line: key.line,
                    ..Rule::default()
                };
                table.constraints.push(rule);
            }
        }
        table.columns.push(Column {
            type_: Some(format!("{}{length}", first.name)),
            nullable: Some(find("notNull").is_none() && find("primaryKey").is_none()),
            default: default
                .map(|value| value.literal().unwrap_or(value.text).to_owned())
                .or_else(|| find("defaultNow").map(|_| "now()".to_owned())),
            line: key.line,
            name,
        });
    }
    // `(t) => [index("i").on(t.a)]`, `(t) => ({ i: index("i").on(t.a) })`
    let more = call.args.iter().skip(2).find_map(Expr::func).and_then(|func| func.body.first());
    let rules: Vec<&Expr<'_>> = match more.map(|more| &more.kind) {
        Some(Kind::Map(entries)) => entries.iter().map(|(_, value)| value).collect(),
        Some(Kind::List(parts)) => parts.iter().collect(),
        _ => Vec::new(),
    };
    for rule in rules {
        let calls = rule.chain().1;
        let Some((first, _)) = calls.first() else { continue };
        let (what, is_index) = match first.name {
            "index" => ("index", true),
            "uniqueIndex" => ("unique_index", true),
            "unique" => ("unique", false),
            "primaryKey" => ("primary_key", false),
            "foreignKey" => ("foreign_key", false),
            "check" => ("check", false),
            _ => continue,
        };
        let on = calls.iter().find(|(call, _)| call.name == "on").map(|(call, _)| call.args.as_slice());
        let listed = first.option("columns").map(Expr::elements);
        let names: Vec<&str> = on.or(listed).unwrap_or_default().iter().filter_map(Expr::last_name).collect();
        let made = Rule {
            name: first.arg(0).and_then(Expr::literal).unwrap_or_default().to_owned(),
            columns: (!names.is_empty()).then(|| names.join(", ")),
            what: what.to_owned(),
            line: rule.line,
            ..Rule::default()
        };
        if is_index { table.indexes.push(made) } else { table.constraints.push(made) }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_declared() {
        let text = "import { pgTable, text } from 'drizzle-orm/pg-core';\nexport const kind = pgEnum('kind', ['a', 'b']);\nexport const users = pgTable('users', {\n  id: serial('id').primaryKey(),\n  fullName: varchar('full_name', { length: 20 }).notNull().default('x'),\n}, (t) => [uniqueIndex('i').on(t.fullName)]);\n";
        let path = RepoPath::new("src/db/schema.ts");
        assert!(Drizzle.reads(&path, text) && !Drizzle.reads(&path, "export const users = 1;"));
        let inventory = Drizzle.read(&path, text).expect("reads");
        let table = &inventory.tables[0];
        assert_eq!((table.name.as_str(), table.line, table.indexes.len()), ("users", 3, 1));
        let field = &table.columns[1];
        assert_eq!((field.name.as_str(), field.type_.as_deref()), ("full_name", Some("varchar(20)")));
        assert_eq!((field.nullable, field.default.as_deref()), (Some(false), Some("x")));
        assert_eq!(inventory.others[0].name, "kind");
    }
}
