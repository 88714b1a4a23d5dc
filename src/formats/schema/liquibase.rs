//! Liquibase changelogs in XML, YAML and JSON: one tree of named nodes, whatever it was written in.

use std::collections::BTreeMap;

use crate::change::{Content, RepoPath, Snapshot};
use crate::finding::{SchemaOp, Undo};
use crate::formats::schema::{Column, DeclaredReader, Migration, MigrationReader, Rule, Step, Table, sql};
use crate::formats::{Unreadable, document};

/// How deep a changelog may nest before we stop looking.
const DEEPEST: u32 = 32;

/// Larger files of SQL beside a changelog are dumps of rows.
const LARGEST: usize = 1 << 20;

/// Liquibase changelogs; those in formatted SQL are read as SQL.
pub struct Liquibase;

impl MigrationReader for Liquibase {
    fn style(&self) -> &'static str {
        "liquibase"
    }

    fn reads(&self, path: &RepoPath, text: &str) -> bool {
        matches!(path.extension().as_str(), "xml" | "yaml" | "yml" | "json")
            && text.contains("databaseChangeLog")
    }

    fn appends(&self, _text: &str) -> bool {
        true
    }

    fn read(
        &self,
        path: &RepoPath,
        text: &str,
        _down: Option<&str>,
        tree: &dyn Snapshot,
    ) -> Result<Migration, Unreadable> {
        let root = match path.extension().as_str() {
            "xml" => {
                let options =
                    roxmltree::ParsingOptions { allow_dtd: true, nodes_limit: 500_000, ..Default::default() };
                let document =
                    roxmltree::Document::parse_with_options(text, options).map_err(Unreadable::broken)?;
                from_xml(&document::Lines::of(text), document.root_element(), 0)
            }
            "json" => from_document("", &document::json(text)?, 0),
            _ => {
                let documents = document::yaml(text)?;
                let children = documents.iter().map(|one| from_document("", one, 0)).collect();
                Node { children, ..Node::default() }
            }
        };
        let mut migration = Migration::default();
        change_sets(&root, 0, &|change| sql_file(change, path, tree), &mut migration);
        migration.steps.iter_mut().for_each(sql::without_parameters);
        Ok(migration)
    }
}

/// `<name attribute="…">text</name>`, or `name: {attribute: …}`.
#[derive(Default)]
struct Node {
    name: String,
    attributes: BTreeMap<String, String>,
    children: Vec<Node>,
    text: String,
    line: u32,
}

impl Node {
    fn get(&self, key: &str) -> Option<&str> {
        self.attributes.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &Node> {
        self.children.iter().filter(move |child| child.name == name)
    }
}

fn from_xml(lines: &document::Lines, element: roxmltree::Node<'_, '_>, depth: u32) -> Node {
    let mut node = Node {
        name: element.tag_name().name().to_owned(),
        line: lines.at(element.range().start),
        ..Node::default()
    };
    for attribute in element.attributes() {
        node.attributes.insert(attribute.name().to_owned(), attribute.value().to_owned());
    }
    for child in element.children() {
        if child.is_element() && depth < DEEPEST {
            node.children.push(from_xml(lines, child, depth + 1));
        } else if let Some(text) = child.text().filter(|_| child.is_text()) {
            node.text.push_str(text);
        }
    }
    node
}

fn from_document(name: &str, written: &document::Node, depth: u32) -> Node {
    let mut node = Node { name: name.to_owned(), line: written.line, ..Node::default() };
    if depth >= DEEPEST {
        return node;
    }
    node.children.extend(written.items().map(|item| from_document("", item, depth + 1)));
    for (key, value) in written.entries() {
        match value.text() {
            Some(text) => drop(node.attributes.insert(key.to_owned(), text.to_owned())),
            // `columns: [{column: …}]` reads as the columns themselves
            None if key != "rollback" && value.items().next().is_some() => {
                let items = value.items().map(|item| from_document(key, item, depth + 1));
                node.children.extend(items.flat_map(|item| item.children));
            }
            None => node.children.push(from_document(key, value, depth + 1)),
        }
    }
    node.text = node.get("sql").unwrap_or_default().to_owned();
    node
}

fn change_sets(node: &Node, depth: u32, named: &dyn Fn(&Node) -> Migration, migration: &mut Migration) {
    for child in &node.children {
        if child.name == "changeSet" {
            let has_way_back =
                child.all("rollback").any(|back| !back.children.is_empty() || !back.text.trim().is_empty())
                    || child.get("rollback").is_some();
            let from = migration.steps.len();
            for change in child.children.iter().filter(|change| change.name != "rollback") {
                if change.name == "sqlFile" {
                    take(named(change), migration);
                } else {
                    read_change(change, migration);
                }
            }
            for step in &mut migration.steps[from..] {
                step.undo = undo(step, has_way_back);
            }
        } else if depth < DEEPEST {
            change_sets(child, depth + 1, named, migration);
        }
    }
}

fn take(told: Migration, migration: &mut Migration) {
    migration.steps.extend(told.steps);
    migration.access.extend(told.access);
    migration.unread.extend(told.unread);
}

/// What the SQL in a file of its own does, told where the changelog names it; nothing where the file speaks for itself.
/// The path counts from the changelog, or from a folder that a build puts on the classpath: any above the changelog.
fn sql_file(change: &Node, changelog: &RepoPath, tree: &dyn Snapshot) -> Migration {
    let written = change.get("path").unwrap_or_default();
    let bare = written.strip_prefix("classpath:").unwrap_or(written).trim_start_matches('/');
    let ups = changelog.folders().count();
    let is_relative = change.get("relativeToChangelogFile") == Some("true");
    let places = (0..=if is_relative { 0 } else { ups })
        .filter_map(|up| changelog.join(&format!("{}{bare}", "../".repeat(up))));
    let found = places.into_iter().find_map(|path| match tree.read(&path)? {
        Content::Text(text) => Some((path, text)),
        _ => None,
    });
    let mut told = match &found {
        Some((path, text)) if sql::SqlFiles.reads(path, text) || sql::SqlSchemas.reads(path, text) => {
            Migration::default()
        }
        Some((_, text)) if text.len() <= LARGEST => sql::steps(text, 1, None),
        _ => Migration { unread: vec![(change.line, format!("sqlFile {written}"))], ..Migration::default() },
    };
    told.steps.iter_mut().for_each(|step| step.line = change.line);
    told.access.iter_mut().for_each(|step| step.line = change.line);
    told
}

/// Liquibase turns what adds or renames around by itself; all else needs a rollback part.
fn undo(step: &Step, has_way_back: bool) -> Undo {
    match step.op {
        SchemaOp::DropTable | SchemaOp::DropColumn if has_way_back => Undo::RestoresStructure,
        SchemaOp::DropTable | SchemaOp::DropColumn => Undo::None,
        SchemaOp::DataBackfill
        | SchemaOp::Other
        | SchemaOp::ChangeType
        | SchemaOp::DropIndex
        | SchemaOp::DropConstraint => {
            if has_way_back {
                Undo::Unknown
            } else {
                Undo::None
            }
        }
        _ => Undo::Restores,
    }
}

fn read_change(change: &Node, migration: &mut Migration) {
    let table = change.get("tableName").or_else(|| change.get("baseTableName")).unwrap_or_default();
    let step = |op| Step::new(op, table, change.line);
    let column = change.get("columnName");
    let on = |op| Step { column: column.map(str::to_owned), ..step(op) };
    let named = |step: Step, key: &str| match change.get(key) {
        Some(name) => step.detail("name", name),
        None => step,
    };
    let covers = |step: Step| {
        let written = change
            .get("columnNames")
            .or_else(|| change.get("baseColumnNames"))
            .map(|names| names.split(',').map(str::trim).collect::<Vec<_>>().join(", "));
        let listed: Vec<&str> = change.all("column").filter_map(|column| column.get("name")).collect();
        Step { column: written.or((!listed.is_empty()).then(|| listed.join(", "))), ..step }
    };
    let steps = match change.name.as_str() {
        "createTable" => vec![Step { shape: Some(shape(change, table)), ..step(SchemaOp::AddTable) }],
        "dropTable" => vec![step(SchemaOp::DropTable)],
        "renameTable" => vec![Step {
            to: change.get("newTableName").map(str::to_owned),
            ..Step::new(SchemaOp::RenameTable, change.get("oldTableName").unwrap_or_default(), change.line)
        }],
        "addColumn" => change
            .all("column")
            .map(|column| {
                let field = field(column);
                Step {
                    column: Some(field.name),
                    type_: field.type_,
                    nullable: field.nullable,
                    default: field.default,
                    line: column.line,
                    ..step(SchemaOp::AddColumn)
                }
            })
            .collect(),
        "dropColumn" => {
            let listed = change.all("column").filter_map(|column| column.get("name"));
            column.into_iter().chain(listed).map(|name| step(SchemaOp::DropColumn).column(name)).collect()
        }
        "renameColumn" => vec![Step {
            column: change.get("oldColumnName").map(str::to_owned),
            to: change.get("newColumnName").map(str::to_owned),
            ..step(SchemaOp::RenameColumn)
        }],
        "modifyDataType" => {
            vec![Step { type_: change.get("newDataType").map(str::to_owned), ..on(SchemaOp::ChangeType) }]
        }
        "addNotNullConstraint" => vec![Step { nullable: Some(false), ..on(SchemaOp::ChangeNullability) }],
        "dropNotNullConstraint" => vec![Step { nullable: Some(true), ..on(SchemaOp::ChangeNullability) }],
        "addDefaultValue" => vec![Step { default: default(change), ..on(SchemaOp::ChangeDefault) }],
        "dropDefaultValue" => vec![on(SchemaOp::ChangeDefault)],
        "createIndex" => {
            let what = if change.get("unique") == Some("true") { "unique_index" } else { "index" };
            vec![named(covers(step(SchemaOp::AddIndex)), "indexName").detail("what", what)]
        }
        "dropIndex" => vec![named(step(SchemaOp::DropIndex), "indexName")],
        "addUniqueConstraint" => {
            vec![named(covers(step(SchemaOp::AddConstraint)), "constraintName").detail("what", "unique")]
        }
        "addPrimaryKey" => {
            vec![named(covers(step(SchemaOp::AddConstraint)), "constraintName").detail("what", "primary_key")]
        }
        "addForeignKeyConstraint" => {
            let mut new =
                named(covers(step(SchemaOp::AddConstraint)), "constraintName").detail("what", "foreign_key");
            if let Some(other) = change.get("referencedTableName") {
                new = new.detail("references", other);
            }
            if let Some(action) = change.get("onDelete") {
                new = new.detail("on_delete", action.to_lowercase());
            }
            vec![new]
        }
        "addCheckConstraint" => {
            vec![named(step(SchemaOp::AddConstraint), "constraintName").detail("what", "check")]
        }
        "dropUniqueConstraint" => {
            vec![named(step(SchemaOp::DropConstraint), "constraintName").detail("what", "unique")]
        }
        "dropPrimaryKey" => vec![step(SchemaOp::DropConstraint).detail("what", "primary_key")],
        "dropForeignKeyConstraint" | "dropAllForeignKeyConstraints" => {
            vec![named(step(SchemaOp::DropConstraint), "constraintName").detail("what", "foreign_key")]
        }
        "dropCheckConstraint" => {
            vec![named(step(SchemaOp::DropConstraint), "constraintName").detail("what", "check")]
        }
        "insert" | "loadData" | "loadUpdateData" => {
            vec![step(SchemaOp::DataBackfill).detail("what", "rows_added")]
        }
        "update" | "delete" => {
            let deletes = change.name == "delete";
            let condition = change.all("where").next().map(|node| node.text.trim()).or(change.get("where"));
            let new =
                if deletes { step(SchemaOp::DataBackfill) } else { covers(step(SchemaOp::DataBackfill)) };
            let new = new.detail("what", if deletes { "deleted" } else { "rewritten" });
            let new = match condition {
                Some(condition) => new.detail("condition", condition),
                None => new,
            };
            vec![Step { destructive: deletes, ..new }]
        }
        "sql" | "createProcedure" => {
            take(sql::steps(&change.text, change.line, None), migration);
            Vec::new()
        }
        "customChange" | "executeCommand" | "mergeColumns" | "addLookupTable" => {
            vec![Step::new(SchemaOp::Other, "", change.line).detail("what", "own_code")]
        }
        "createView" | "dropView" | "renameView" => vec![object(change, "view", "viewName")],
        "createSequence" | "dropSequence" => vec![object(change, "sequence", "sequenceName")],
        "dropProcedure" => vec![object(change, "function", "procedureName")],
        _ => Vec::new(),
    };
    migration.steps.extend(steps);
}

fn object(change: &Node, what: &str, name: &str) -> Step {
    let verb = if change.name.starts_with("drop") { "dropped" } else { "created" };
    Step::new(SchemaOp::Other, "", change.line)
        .detail("what", what)
        .detail("name", change.get(name).unwrap_or_default())
        .detail("change", verb)
}

fn shape(change: &Node, name: &str) -> Table {
    let mut table = Table { name: name.to_owned(), line: change.line, ..Table::default() };
    let mut keys: Vec<String> = Vec::new();
    for column in change.all("column") {
        let field = field(column);
        let is = |key: &str| column.all("constraints").any(|rule| rule.get(key) == Some("true"));
        if is("primaryKey") {
            keys.push(field.name.clone());
        }
        if is("unique") {
            let columns = Some(field.name.clone());
            table.constraints.push(Rule {
                columns,
                what: "unique".to_owned(),
                line: field.line,
                ..Rule::default()
            });
        }
        table.columns.push(field);
    }
    // fields that are each a key are the one key together
    if !keys.is_empty() {
        let columns = Some(keys.join(", "));
        let what = "primary_key".to_owned();
        table.constraints.push(Rule { columns, what, line: change.line, ..Rule::default() });
    }
    table
}

fn field(column: &Node) -> Column {
    let is_required = column
        .all("constraints")
        .any(|rule| rule.get("nullable") == Some("false") || rule.get("primaryKey") == Some("true"));
    Column {
        name: column.get("name").unwrap_or_default().to_owned(),
        type_: column.get("type").map(str::to_owned),
        nullable: Some(!is_required),
        default: default(column),
        line: column.line,
    }
}

fn default(node: &Node) -> Option<String> {
    let is_made = node.get("autoIncrement") == Some("true");
    ["defaultValue", "defaultValueNumeric", "defaultValueBoolean", "defaultValueDate", "defaultValueComputed"]
        .iter()
        .find_map(|key| node.get(key))
        .map(str::to_owned)
        .or(is_made.then(|| "generated".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::MemorySnapshot;

    fn said(path: &str, text: &str) -> Vec<String> {
        let migration = Liquibase.read(&RepoPath::new(path), text, None, &MemorySnapshot::default());
        let brief = |step: &Step| {
            format!(
                "{}: {:?} {}.{} {:?}",
                step.line,
                step.op,
                step.table,
                step.column.as_deref().unwrap_or("-"),
                step.undo
            )
        };
        migration.expect("it reads").steps.iter().map(brief).collect()
    }

    #[test]
    fn xml_yaml_and_json_say_the_same() {
        let xml = r#"<databaseChangeLog xmlns="http://www.liquibase.org/xml/ns/dbchangelog">
<changeSet id="1" author="a">
<addColumn tableName="t"><column name="c" type="int"><constraints nullable="false"/></column></addColumn>
<dropColumn tableName="t" columnName="d"/>
<sql>UPDATE t SET c = 1; DROP TABLE e</sql>
<rollback><addColumn tableName="t"/></rollback>
</changeSet>
<changeSet id="2" author="a"><dropTable tableName="f"/></changeSet>
</databaseChangeLog>"#;
        assert_eq!(
            said("db.xml", xml),
            [
                "3: AddColumn t.c Restores",
                "4: DropColumn t.d RestoresStructure",
                "5: DataBackfill t.c Unknown",
                "5: DropTable e.- RestoresStructure",
                "8: DropTable f.- None",
            ]
        );
        let yaml = "databaseChangeLog:\n- changeSet:\n    id: 1\n    author: a\n    changes:\n    - addColumn:\n        tableName: t\n        columns:\n        - column: {name: c, type: int, constraints: {nullable: false}}\n    - sql:\n        sql: DROP TABLE e\n- changeSet:\n    id: 2\n    changes:\n    - dropTable: {tableName: f}\n";
        assert_eq!(
            said("db.yaml", yaml),
            ["9: AddColumn t.c Restores", "10: DropTable e.- None", "15: DropTable f.- None"]
        );
        let prefixed = yaml.replace("tableName: t", "tableName: ${prefix}t").replace("f}", "'${p.q}f'}");
        assert_eq!(said("db.yaml", &prefixed), said("db.yaml", yaml));
        let json = r#"{"databaseChangeLog": [{"changeSet": {"id": 1, "changes": [{"renameColumn": {"tableName": "t", "oldColumnName": "a", "newColumnName": "b"}}]}}]}"#;
        assert_eq!(said("db.json", json), ["1: RenameColumn t.a Restores"]);
    }

    #[test]
    fn sql_in_a_file_of_its_own_is_told_once() {
        let said = |changelog: &str, attributes: &str, file: &str, sql: &str| {
            let text = format!(
                "<databaseChangeLog><changeSet id='1'><sqlFile {attributes}/></changeSet></databaseChangeLog>"
            );
            let tree = MemorySnapshot::new([(RepoPath::new(file), Content::from_text(sql))]);
            let read = Liquibase.read(&RepoPath::new(changelog), &text, None, &tree).expect("it reads");
            (
                read.steps.iter().map(|step| (step.op, step.table.clone())).collect::<Vec<_>>(),
                read.unread.len(),
            )
        };
        let drop = "DROP TABLE a;";
        let dropped = (vec![(SchemaOp::DropTable, "a".to_owned())], 0);
        assert_eq!(
            said(
                "app/main/resources/db/log.xml",
                "path='db/sql/1.sql'",
                "app/main/resources/db/sql/x.sql",
                drop
            )
            .1,
            1
        );
        for (path, file) in [
            ("path='db/x.sql'", "app/main/resources/db/x.sql"),
            ("path='classpath:/db/x.sql'", "app/main/resources/db/x.sql"),
            ("path='sql/x.sql' relativeToChangelogFile='true'", "app/main/resources/db/sql/x.sql"),
        ] {
            assert_eq!(said("app/main/resources/db/log.xml", path, file, drop), dropped, "{path}");
        }
        let itself = said("db/log.xml", "path='migrations/001_x.sql'", "db/migrations/001_x.sql", drop);
        assert_eq!(itself, (Vec::new(), 0));
    }

    #[test]
    fn broken_files_are_said_to_be() {
        let read = |path: &str, text: &str| {
            Liquibase.read(&RepoPath::new(path), text, None, &MemorySnapshot::default())
        };
        assert!(read("db.xml", "<databaseChangeLog><changeSet>").is_err());
        assert!(read("db.json", "{\"databaseChangeLog\": [").is_err());
        let deep =
            format!("<databaseChangeLog>{}{}</databaseChangeLog>", "<a>".repeat(200), "</a>".repeat(200));
        assert!(read("db.xml", &deep).is_ok());
    }
}
