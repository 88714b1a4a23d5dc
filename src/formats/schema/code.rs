//! Migrations in languages that are not followed: Flyway's classes in Java, Kotlin, Groovy and Scala, SeaORM's in Rust.
//! The SQL in their texts is read; of all else it is said that code runs.

use super::{Migration, MigrationReader, Step, embedded};
use crate::change::{RepoPath, Snapshot};
use crate::finding::SchemaOp;
use crate::formats::Unreadable;
use crate::formats::words::{Family, Kind, words};

/// Larger files are no migrations that people write.
const MAX_BYTES: usize = 1 << 19;

/// Migrations in code that is not followed.
pub struct Code;

/// Words that begin a statement that changes what is stored, or how.
const VERBS: [&str; 10] =
    ["ALTER", "CREATE", "DROP", "UPDATE", "DELETE", "INSERT", "TRUNCATE", "RENAME", "MERGE", "REPLACE"];

impl MigrationReader for Code {
    fn style(&self) -> &'static str {
        "code"
    }

    fn reads(&self, path: &RepoPath, text: &str) -> bool {
        match path.extension().as_str() {
            "java" | "kt" | "groovy" | "scala" => {
                let name = path.file_name();
                let is_named = name.contains("__") && name.starts_with(['V', 'R']);
                is_named && (text.contains("JavaMigration") || text.contains("JdbcMigration"))
            }
            "rs" => text.contains("MigrationTrait for") && path.file_name().starts_with('m'),
            _ => false,
        }
    }

    fn read(
        &self,
        _path: &RepoPath,
        text: &str,
        _down: Option<&str>,
        _tree: &dyn Snapshot,
    ) -> Result<Migration, Unreadable> {
        if text.len() > MAX_BYTES {
            return Err(Unreadable { reason: "too_large".to_owned() });
        }
        let words = words(Family::Typed, text);
        // the way back stands below the way forth
        let down = words
            .windows(2)
            .position(|pair| pair[0].kind == Kind::Name("fn") && pair[1].kind == Kind::Name("down"));
        let mut migration = Migration::default();
        let mut first = 0;
        let (mut at, end) = (0, down.unwrap_or(words.len()));
        while at < end {
            let (line, start) = (words[at].line, at);
            at += 1;
            let Kind::Text(begin) = words[start].kind else {
                if words[start].kind == Kind::Name("class") || words[start].kind == Kind::Name("impl") {
                    first = line;
                }
                continue;
            };
            // `"ALTER TABLE a " + "DROP COLUMN b"`
            let mut sql = begin.to_owned();
            while at + 1 < end
                && words[at].kind == Kind::Mark('+')
                && let Kind::Text(more) = words[at + 1].kind
            {
                sql.push_str(more);
                at += 2;
            }
            let verb = sql.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
            if VERBS.contains(&verb.as_str()) && sql.split_whitespace().nth(2).is_some() {
                let told = embedded::steps(&sql.replace("\\n", "\n"), line, None);
                migration.steps.extend(told.steps);
                migration.access.extend(told.access);
            }
        }
        if migration.steps.is_empty() {
            let step = Step::new(SchemaOp::Other, "", first.max(1)).detail("what", "own_code");
            migration.steps.push(step);
        }
        Ok(migration)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::MemorySnapshot;

    fn said(path: &str, text: &str) -> Vec<String> {
        let path = RepoPath::new(path);
        assert!(Code.reads(&path, text), "{text}");
        let read = Code.read(&path, text, None, &MemorySnapshot::default()).expect("it can be read");
        let told = read.steps.iter().map(|step| {
            let what = step.details.get("what").map(String::as_str).unwrap_or_default();
            format!("{}: {:?} {} {what}", step.line, step.op, step.table)
        });
        told.collect()
    }

    #[test]
    fn sql_is_read_and_all_else_is_own_code() {
        let java = |body: &str| {
            format!(
                "import org.flywaydb.core.api.migration.*;\npublic class V2__X extends BaseJavaMigration {{\n  public void migrate(Context c) throws Exception {{\n{body}\n  }}\n}}\n"
            )
        };
        let path = "src/main/java/db/migration/V2__X.java";
        assert_eq!(
            said(path, &java("s.execute(\"ALTER TABLE a \" + \"DROP COLUMN b\");\ns.execute(\"SELECT 1\");")),
            ["4: DropColumn a "]
        );
        assert_eq!(
            said(path, &java("for (Row r : rows()) { r.save(\"Update it\"); }")),
            ["2: Other  own_code"]
        );
        let rust = "#[async_trait]\nimpl MigrationTrait for Migration {\n async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {\n manager.drop_table(Table::drop().table(User::Table).to_owned()).await\n }\n async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {\n db.execute_unprepared(\"DROP TABLE users CASCADE\").await\n }\n}\n";
        assert_eq!(said("migration/src/m20240101_000001_x.rs", rust), ["2: Other  own_code"]);
        let helper = "class V2__X { }";
        assert!(!Code.reads(&RepoPath::new(path), helper));
    }
}
