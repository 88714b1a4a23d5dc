//! What each kind of statement says, in each dialect.

use super::*;

/// `op table.column` of each step, in order.
fn said(text: &str) -> Vec<String> {
    let migration = steps(text, 1, None);
    migration.steps.iter().map(brief).collect()
}

fn brief(step: &Step) -> String {
    let op = serde_json::to_value(step.op).expect("an op is a word");
    let op = op.as_str().unwrap_or_default().to_owned();
    let mut brief = format!("{op} {}", step.table);
    if let Some(column) = &step.column {
        brief.push_str(&format!(".{column}"));
    }
    if let Some(to) = &step.to {
        brief.push_str(&format!(">{to}"));
    }
    if step.destructive {
        brief.push('!');
    }
    brief
}

/// Statements without `;`, temporary tables and batches.
const SQL_SERVER: &[(&str, &[&str])] = &[
    ("WITH x AS (SELECT * FROM [dbo].[a]) DELETE FROM x WHERE n > 1", &["data_backfill dbo.a!"]),
    ("ALTER TABLE v MODIFY QUERY SELECT a, b AS c, d FROM e", &[]),
    (
        "IF COL_LENGTH('[dbo].[a]', 'b') IS NULL\nBEGIN\n  ALTER TABLE [dbo].[a]\n  ADD [b] INT NULL\nEND\nGO\nALTER TABLE [dbo].[a]\n  DROP COLUMN [c]\nUPDATE [dbo].[a]\nSET b = 1\nDELETE FROM d\nGO",
        &["add_column dbo.a.b", "drop_column dbo.a.c!", "data_backfill dbo.a.b", "data_backfill d!"],
    ),
    (
        "CREATE TABLE #t (id uniqueidentifier)\nINSERT INTO #t SELECT id FROM a\nUPDATE TOP (@n) [dbo].[a] SET b = 1\nDROP TABLE #t",
        &["data_backfill dbo.a.b"],
    ),
    (
        "CREATE OR ALTER PROCEDURE [dbo].[p] @x INT AS\nBEGIN\n  DELETE FROM a\n  UPDATE b SET c = 1\nEND\nGO\nDROP TABLE [dbo].[e]",
        &["other ", "drop_table dbo.e!"],
    ),
];

#[test]
fn statements_say_what_they_do() {
    let cases: &[(&str, &[&str])] = &[
        ("UPDATE appVersion SET version = 33 WHERE name = 'app'; DELETE FROM schema_migrations;", &[]),
        ("WITH gone AS (DELETE FROM a RETURNING *) SELECT count(*) FROM gone", &["data_backfill a!"]),
        ("MERGE INTO a USING b ON a.c = b.c WHEN MATCHED THEN DELETE", &["data_backfill a!"]),
        ("ALTER TABLE a RENAME b", &["rename_table a>b"]),
        ("UPDATE versions SET note = 'x'", &["data_backfill versions.note"]),
        ("CREATE TABLE a (id int PRIMARY KEY, b text)", &["add_table a"]),
        ("create temp table a as select 1; insert into a values (1); drop table a", &[]),
        ("DROP TABLE IF EXISTS a, \"b\" CASCADE;", &["drop_table a!", "drop_table b!"]),
        (
            "ALTER TABLE ONLY s.a ADD COLUMN b int NOT NULL DEFAULT 1, DROP COLUMN c;",
            &["add_column s.a.b", "drop_column s.a.c!"],
        ),
        ("ALTER TABLE `a` CHANGE `b` `c` varchar(10) NOT NULL", &["rename_column a.b>c", "change_type a.c"]),
        (
            "ALTER TABLE a MODIFY COLUMN b ENUM ('X','Y') GENERATED ALWAYS AS (v ->> '$.s') STORED NOT NULL",
            &["change_type a.b"],
        ),
        (
            "ALTER TABLE a ALTER COLUMN \"b\" ENUM ('X') NOT NULL GENERATED ALWAYS AS (J(\"v\", '.x'))",
            &["change_type a.b"],
        ),
        (
            "ALTER TABLE a ALTER COLUMN b TYPE bigint USING b::bigint, ALTER c SET NOT NULL, ALTER c DROP DEFAULT",
            &["change_type a.b", "change_nullability a.c", "change_default a.c"],
        ),
        ("ALTER TABLE [dbo].[a] ALTER COLUMN [b] NVARCHAR(50) NOT NULL", &["change_type dbo.a.b"]),
        ("ALTER TABLE a DROP COLUMN b, c", &["drop_column a.b!", "drop_column a.c!"]),
        ("ALTER TABLE a ADD b int, c int", &["add_column a.b", "add_column a.c"]),
        (
            "ALTER TABLE a RENAME TO b; ALTER TABLE b RENAME COLUMN c TO d; RENAME TABLE x TO y, z TO w",
            &["rename_table a>b", "rename_column b.c>d", "rename_table x>y", "rename_table z>w"],
        ),
        (
            "EXEC sp_rename 'dbo.a.b', 'c', 'COLUMN'\nGO\nEXEC sp_rename 'a', 'z'\nGO",
            &["rename_column dbo.a.b>c", "rename_table a>z"],
        ),
        (
            "ALTER TABLE a ADD CONSTRAINT k FOREIGN KEY (b, c) REFERENCES d (e, f) ON DELETE CASCADE",
            &["add_constraint a.b, c"],
        ),
        (
            "ALTER TABLE a ADD UNIQUE KEY k (b), ADD INDEX i (c), DROP PRIMARY KEY, DROP FOREIGN KEY f",
            &["add_index a.b", "add_index a.c", "drop_constraint a", "drop_constraint a"],
        ),
        (
            "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON a USING btree (b, lower(c)) WHERE d",
            &["add_index a.b, lower(c)"],
        ),
        ("DROP INDEX i; DROP INDEX i ON a", &["drop_index ", "drop_index a"]),
        (
            "UPDATE a SET b = 1, c = 2 WHERE d; DELETE FROM a; TRUNCATE TABLE a, b",
            &["data_backfill a.b, c", "data_backfill a!", "data_backfill a!", "data_backfill b!"],
        ),
        ("WITH x AS (SELECT 1) UPDATE a SET b = x.c FROM x", &["data_backfill a.b"]),
        ("WITH x AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM x", &["data_backfill b"]),
        (
            "INSERT INTO a (b) SELECT c FROM d; REPLACE INTO a VALUES (1); COPY a (b) FROM stdin;\n1;2\n\\.\nDELETE FROM z;",
            &["data_backfill a", "data_backfill a", "data_backfill a", "data_backfill z!"],
        ),
        ("UPDATE t SET b = 1 FROM real_name t", &["data_backfill real_name.b"]),
        (
            "CREATE VIEW v AS SELECT 1; CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\"; ALTER TYPE t ADD VALUE IF NOT EXISTS 'X'; CREATE TYPE m AS ENUM ('a')",
            &["other ", "other ", "other ", "other "],
        ),
        (
            "CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN DELETE FROM a; END; $$ LANGUAGE plpgsql; SELECT f(); DROP FUNCTION f();",
            &["other ", "other "],
        ),
        (
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE b SET c = 1; DELETE FROM d; END; DROP TABLE e;",
            &["other ", "drop_table e!"],
        ),
        (
            "DELIMITER //\nCREATE PROCEDURE p() BEGIN IF x THEN DROP TABLE a; END IF; END//\nDELIMITER ;\nDROP TABLE b;",
            &["other ", "drop_table b!"],
        ),
        (
            "DO $$ BEGIN IF NOT EXISTS (SELECT 1) THEN ALTER TABLE a ADD COLUMN b int; END IF; EXCEPTION WHEN duplicate_object THEN NULL; END $$;",
            &["add_column a.b"],
        ),
        (
            "DO $$ BEGIN EXECUTE 'DROP TABLE a'; EXECUTE format('DROP TABLE %I', x); END $$",
            &["drop_table a!", "other "],
        ),
        ("IF NOT EXISTS (SELECT 1 FROM sys.columns) BEGIN ALTER TABLE a ADD b int; END", &["add_column a.b"]),
        ("SET x = 1; BEGIN; SELECT 1; COMMIT; PRAGMA foreign_keys=OFF; COMMENT ON TABLE a IS 'x;y';", &[]),
        ("/* DROP TABLE a; */ -- DROP TABLE b;\n SELECT 'x; DROP TABLE c;';", &[]),
        ("/*!40101 SET x */; /*!50001 DROP TABLE a */;", &["drop_table a!"]),
        (
            "ALTER TABLE ${schema}.a ADD COLUMN b int; CREATE INDEX i_${p}x ON ${p}c (d); ALTER TABLE {{ prefix }}a DROP b; {% if x %}DROP TABLE c;{% endif %}",
            &["add_column a.b", "add_index c.d", "drop_column {{ prefix }}a.b!", "drop_table c!"],
        ),
        (
            "CREATE TABLE e ON CLUSTER c (a UInt64 CODEC(Delta), b LowCardinality(String)) ENGINE = MergeTree ORDER BY a; ALTER TABLE e ON CLUSTER c ADD COLUMN x Int8 AFTER a, MODIFY COLUMN b String; ALTER TABLE e DELETE WHERE a = 1; ALTER TABLE e UPDATE a = 1 WHERE b",
            &["add_table e", "add_column e.x", "change_type e.b", "data_backfill e!", "data_backfill e"],
        ),
        ("ALTER TABLE a CONVERT TO CHARACTER SET utf8mb4", &["change_type a"]),
        (
            "ALTER TABLE a OWNER TO b; ALTER TABLE a ENABLE TRIGGER ALL; ALTER SEQUENCE s RESTART; ALTER INDEX i RENAME TO j",
            &[],
        ),
        ("CREATE DATABASE d; DROP SCHEMA s CASCADE", &["other ", "other !"]),
        (
            "ALTER TABLE a ADD CONSTRAINT n NOT NULL b, DROP COLUMN c",
            &["add_constraint a", "drop_column a.c!"],
        ),
    ];
    for (text, expected) in cases.iter().chain(SQL_SERVER) {
        assert_eq!(said(text), *expected, "{text}");
    }
}

#[test]
fn a_new_field_says_type_start_value_and_whether_it_may_be_empty() {
    let migration = steps("\nALTER TABLE a\n  ADD COLUMN b varchar(20) NOT NULL DEFAULT 'x y'", 10, None);
    let step = &migration.steps[0];
    assert_eq!(step.type_.as_deref(), Some("VARCHAR(20)"));
    assert_eq!((step.nullable, step.default.as_deref(), step.line), (Some(false), Some("'x y'"), 12));
    for nothing in
        ["ALTER TABLE a ADD b int DEFAULT NULL COMMENT 'x'", "ALTER TABLE a ADD b text DEFAULT NULL::text"]
    {
        assert_eq!(steps(nothing, 1, None).steps[0].default, None, "{nothing}");
    }
}

#[test]
fn routines_of_sql_server_reach_to_the_end_of_their_batch() {
    let text = "CREATE OR ALTER PROCEDURE [dbo].[A_Create]\n @Id INT\nAS\n    SET NOCOUNT ON;\n    INSERT INTO [dbo].[A] VALUES (@Id);\n    DELETE FROM [dbo].[B];\nGO\nALTER TABLE [dbo].[A] ADD [b] INT NULL;\n";
    let read = steps(text, 1, None);
    let told: Vec<_> = read.steps.iter().map(|step| (step.op, step.table.as_str())).collect();
    assert_eq!(told, [(SchemaOp::Other, ""), (SchemaOp::AddColumn, "dbo.A")]);
}

#[test]
fn words_of_clickhouse_end_where_they_end() {
    let text = "ALTER TABLE a ON CLUSTER c ADD COLUMN IF NOT EXISTS b Map(String, String) DEFAULT map() SETTINGS alter_sync = 2;\nALTER TABLE a ADD INDEX IF NOT EXISTS i mapKeys(b) TYPE bloom_filter(0.01) GRANULARITY 1;\nALTER TABLE a ADD COLUMN d Nullable(String);";
    let read = steps(text, 1, None);
    let [added, index, empty] = read.steps.as_slice() else { panic!("{:?}", read.steps) };
    assert_eq!((added.default.as_deref(), added.nullable), (Some("map()"), None));
    assert_eq!(index.details["name"], "i");
    assert_eq!(empty.nullable, Some(true));
}

#[test]
fn rows_that_are_there_may_be_written_over() {
    for (text, what) in [
        ("INSERT INTO a VALUES (1)", "rows_added"),
        ("INSERT INTO a SELECT b FROM c", "copied"),
        ("INSERT INTO a (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET b = 1", "rewritten"),
        ("INSERT INTO a (id) VALUES (1) ON CONFLICT DO NOTHING", "rows_added"),
        ("INSERT INTO a (id) VALUES (1) ON DUPLICATE KEY UPDATE b = 1", "rewritten"),
        ("REPLACE INTO a VALUES (1)", "rewritten"),
    ] {
        assert_eq!(steps(text, 1, None).steps[0].details["what"], what, "{text}");
    }
}

#[test]
fn grants_and_row_policies_are_access() {
    let migration = steps(
        "GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA s TO app; REVOKE ALL ON TABLE a FROM public;
         ALTER TABLE a ENABLE ROW LEVEL SECURITY; CREATE POLICY \"p q\" ON a FOR SELECT USING (true); DROP POLICY p ON a;",
        1,
        None,
    );
    let said: Vec<_> =
        migration.access.iter().map(|a| format!("{} {} {}", a.what, a.subject, a.change)).collect();
    assert_eq!(
        said,
        [
            "grant ALL TABLES IN SCHEMA s loosened",
            "grant a tightened",
            "row_policy a tightened",
            "row_policy a loosened",
            "row_policy a changed",
        ]
    );
    assert!(migration.steps.is_empty() && migration.unread.is_empty());
}

proptest::proptest! {
    #[test]
    fn never_panics(text in "(?s).{0,200}") {
        steps(&text, 1, None);
    }

    #[test]
    fn never_panics_on_pieces_of_sql(parts in proptest::collection::vec(proptest::sample::select(vec![
        "CREATE TABLE ", "a", "(", ")", ",", ";", "'", "\"", "`", "$$", "$x$", "[", "]", "ALTER TABLE a ", "ADD ", "DROP ",
        "COLUMN ", "DO ", "BEGIN ", "END", "CASE ", "IF ", "DELIMITER //\n", "\nGO\n", "UPDATE ", "SET ", "=", "${", "}", "{{",
        "--", "\n", "/*", "*/", "\\", "é", "COPY a FROM stdin;", "GRANT ", "ON ", "TO ", "EXECUTE ", "MODIFY ", "CHANGE ", ".", "@",
    ]), 0..40)) {
        steps(&parts.concat(), 1, None);
    }
}

#[test]
fn hostile_texts_end_soon() {
    let deep = |open: &str, close: &str, n: usize| format!("{}{}", open.repeat(n), close.repeat(n));
    let cases = [
        format!("SELECT {};DROP TABLE a;", deep("(", ")", 100_000)),
        format!("UPDATE a SET b = {} 1;DROP TABLE a;", "NOT ".repeat(50_000)),
        format!("UPDATE a SET b = {}1;DROP TABLE a;", "1+".repeat(30_000)),
        format!("CREATE VIEW v AS {} SELECT 1;DROP TABLE a;", "SELECT 1 UNION ALL ".repeat(20_000)),
        format!("UPDATE a SET b = {};DROP TABLE a;", deep("CASE WHEN ", " END", 5_000)),
        format!("{};DROP TABLE a;", "DO $$ BEGIN ".repeat(5_000)),
        format!("{}DROP TABLE a;", "/*".repeat(100_000)),
        format!("CREATE TABLE x ({} int);DROP TABLE a;", deep("[", "]", 50_000)),
        format!("INSERT INTO a VALUES {}(1);DROP TABLE a;", "('x', 1, NULL),\n".repeat(60_000)),
        format!(
            "ALTER TABLE a {}DROP COLUMN z;",
            "ADD COLUMN b weird type that no parser knows %, ".repeat(3_000)
        ),
        "DELIMITER ".repeat(20_000),
        "'".repeat(100_001),
        "$x$".repeat(50_000),
        "${".repeat(50_000),
    ];
    let started = std::time::Instant::now();
    for text in cases {
        steps(&text, 1, None);
    }
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

#[test]
fn cut_files_keep_what_was_whole() {
    let text = "ALTER TABLE a DROP COLUMN b;\nALTER TABLE a ADD COLUMN c varchar(20) DEFAULT 'it";
    for end in 0..=text.len() {
        let said = said(&text[..end]);
        assert!(end < 28 || said[0] == "drop_column a.b!", "{end}: {said:?}");
    }
}
