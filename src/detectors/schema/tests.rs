//! Changes as wholes: what is said, and what must not be.

use super::*;
use crate::change::{ChangeKind, Content, FileChange, RepoPath, Role};
use crate::detectors::testing::{added, change, deleted, modified, run, run_among};
use crate::finding::{Finding, Undo};

const M: Role = Role::Migration;

/// `op table.column`, one a finding: `!` for stored data lost, `~` where history is rewritten, `?` below Talk first.
fn said(report: &Report) -> Vec<String> {
    report
        .findings
        .iter()
        .filter_map(|finding| {
            let Facts::Schema(facts) = &finding.facts else { return None };
            let op = serde_json::to_value(facts.op).expect("an op is a word");
            let column = facts.column.as_deref().map(|column| format!(".{column}")).unwrap_or_default();
            let to = facts.to.as_deref().map(|to| format!(">{to}")).unwrap_or_default();
            let marks = [
                if facts.destructive { "!" } else { "" },
                if facts.rewrites_history { "~" } else { "" },
                if finding.level < Level::TalkFirst { "?" } else { "" },
            ];
            Some(format!("{} {}{column}{to}{}", op.as_str().unwrap_or_default(), facts.table, marks.concat()))
        })
        .collect()
}

fn new(sql: &str) -> Vec<String> {
    said(&run(&Schema {}, vec![added("migrations/0002_x.sql", M, sql)]))
}

#[test]
fn what_is_made_with_a_table_is_part_of_it() {
    assert_eq!(
        new("CREATE TABLE a (b int); ALTER TABLE a ADD c int; CREATE INDEX i ON a (c); INSERT INTO a VALUES (1);
             ALTER TABLE a ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES d (e); GRANT SELECT ON a TO app; DROP TABLE old;"),
        ["add_table a?", "drop_table old!"]
    );
    assert_eq!(
        new("CREATE TABLE a (b int); INSERT INTO a SELECT c FROM d"),
        ["add_table a?", "data_backfill a?"]
    );
    assert!(new("CREATE TABLE a (b int); DROP TABLE a;").is_empty());
    assert_eq!(new("CREATE TABLE a (b int); ALTER TABLE a RENAME TO c;"), ["add_table c?"]);
}

#[test]
fn a_guard_before_a_table_is_made_deletes_nothing() {
    let sql = "DROP TABLE IF EXISTS a; CREATE TABLE a (b int);";
    assert_eq!(new(sql), ["add_table a?"]);
    let earlier = [("migrations/0001_x.sql", "CREATE TABLE a (c int);")];
    let report = run_among(&Schema {}, vec![added("migrations/0002_x.sql", M, sql)], &earlier);
    assert_eq!(said(&report), ["drop_table a!", "add_table a?"]);
}

#[test]
fn sqlite_rebuilds_are_told_as_what_differs() {
    let earlier = [(
        "migrations/0001_x.sql",
        "CREATE TABLE a (id INTEGER NOT NULL PRIMARY KEY, b TEXT, c TEXT); CREATE INDEX i ON a (c);",
    )];
    let rebuilt = |made: &str| {
        let sql = format!(
            "PRAGMA foreign_keys=OFF; CREATE TABLE new_a ({made}); INSERT INTO new_a (id) SELECT id FROM a;
             DROP TABLE a; ALTER TABLE new_a RENAME TO a; CREATE INDEX i ON a (c); PRAGMA foreign_keys=ON;"
        );
        said(&run_among(&Schema {}, vec![added("migrations/0002_x.sql", M, &sql)], &earlier))
    };
    assert_eq!(
        rebuilt("id INTEGER NOT NULL PRIMARY KEY, b TEXT NOT NULL, c TEXT"),
        ["change_nullability a.b"]
    );
    assert_eq!(
        rebuilt("id INTEGER NOT NULL PRIMARY KEY, c TEXT, d TEXT"),
        ["add_column a.d?", "drop_column a.b!"]
    );
    let without_copy = "CREATE TABLE new_a (id int); DROP TABLE a; ALTER TABLE new_a RENAME TO a;";
    let report = run_among(&Schema {}, vec![added("migrations/0002_x.sql", M, without_copy)], &earlier);
    assert!(said(&report).contains(&"drop_table a!".to_owned()), "{:?}", said(&report));
}

#[test]
fn one_step_for_several_engines_is_one_finding() {
    let files = ["mysql", "postgres", "h2"]
        .map(|engine| added(&format!("src/migrations/{engine}/V2__x.sql"), M, "DROP TABLE a;"));
    let report = run(&Schema {}, files.to_vec());
    assert_eq!(said(&report), ["drop_table a!"]);
    assert_eq!(report.findings[0].evidence.len(), 3);
    // two services may both have the table
    let files = ["cart", "shop"].map(|app| added(&format!("{app}/migrations/V2__x.sql"), M, "DROP TABLE a;"));
    assert_eq!(said(&run(&Schema {}, files.to_vec())), ["drop_table a!", "drop_table a!"]);
}

#[test]
fn an_edited_migration_tells_what_its_text_gained_and_lost() {
    let edit = |before: &str, after: &str| {
        said(&run(&Schema {}, vec![modified("migrations/0001_x.sql", M, before, after)]))
    };
    assert_eq!(
        edit("ALTER TABLE a ADD b int;", "ALTER TABLE a ADD b int; ALTER TABLE a DROP c;"),
        ["drop_column a.c!~"]
    );
    assert_eq!(
        edit("CREATE TABLE a (b int); CREATE INDEX i ON a (b);", "CREATE TABLE a (b int);"),
        ["drop_index a.b~?"]
    );
    // a table that stays is told field by field, and loses nobody's data
    assert_eq!(
        edit("CREATE TABLE a (b int, c int);", "CREATE TABLE a (b text, d int);"),
        ["change_type a.b~?", "add_column a.d~?", "drop_column a.c~?"]
    );
    assert!(edit("CREATE TABLE a (b int);", "-- more words\nCREATE  TABLE a (\n b int);").is_empty());
    assert_eq!(
        said(&run(&Schema {}, vec![deleted("migrations/0001_x.sql", M, "DROP TABLE a;")])),
        ["other ~?"]
    );
}

#[test]
fn what_moves_is_quiet() {
    let text = Content::from_text("CREATE TABLE a (b int);");
    let renamed = FileChange {
        path: RepoPath::new("migrations/2_x.sql"),
        kind: ChangeKind::Renamed {
            from: RepoPath::new("migrations/1_x.sql"),
            before: text.clone(),
            after: text,
        },
        role: M,
        added: 0,
        removed: 0,
    };
    assert!(said(&run(&Schema {}, vec![renamed])).is_empty());
    let (here, there) = ("CREATE TABLE a (b int); CREATE TABLE c (d int);", "CREATE TABLE c (d int);");
    let files = vec![
        modified("db/one/schema.sql", M, here, there),
        added("db/two/tables.sql", M, "CREATE TABLE a (b int);"),
    ];
    assert!(said(&run(&Schema {}, files)).is_empty());
}

#[test]
fn declared_schemas_are_compared() {
    let before = "CREATE TABLE a (b int, c text); CREATE SCHEMA s; CREATE TABLE s.d (e int); INSERT INTO s.d VALUES (1);";
    let after = "CREATE TABLE a (b bigint NOT NULL);\n";
    let report = run(&Schema {}, vec![modified("db/init.sql", M, before, after)]);
    assert_eq!(
        said(&report),
        ["change_type a.b?", "change_nullability a.b", "drop_column a.c!", "drop_table s.d!"]
    );
    assert!(
        said(&run(&Schema {}, vec![modified("db/init.sql", M, before, &format!("{before}\n"))])).is_empty()
    );
    // a mirror beside migrations says nothing of its own
    let files = vec![
        added("db/migrations/2_x.sql", M, "ALTER TABLE a ADD z int;"),
        modified(
            "db/schema.sql",
            M,
            "CREATE TABLE a (b int);",
            "CREATE TABLE a (b int, z int);\nCREATE TABLE y (q int);",
        ),
    ];
    let report = run(&Schema {}, files);
    assert_eq!(said(&report), ["add_column a.z?"]);
    assert_eq!(report.findings[0].evidence.len(), 2);
}

#[test]
fn the_state_before_tells_what_a_restated_field_changes() {
    let earlier = [(
        "migrations/0001_x.sql",
        "CREATE TABLE a (b varchar(20) NOT NULL, c int); CREATE UNIQUE INDEX i ON a (c);",
    )];
    let after =
        |sql: &str| said(&run_among(&Schema {}, vec![added("migrations/0002_x.sql", M, sql)], &earlier));
    assert_eq!(after("ALTER TABLE a MODIFY COLUMN b varchar(20) NULL"), ["change_nullability a.b?"]);
    assert_eq!(after("ALTER TABLE a MODIFY COLUMN b varchar(10) NOT NULL"), ["change_type a.b"]);
    assert_eq!(after("ALTER TABLE a MODIFY COLUMN b varchar(30) NOT NULL"), ["change_type a.b?"]);
    assert!(after("ALTER TABLE a MODIFY COLUMN b VARCHAR(20) NOT NULL COMMENT 'x'").is_empty());
    assert_eq!(after("DROP INDEX i"), ["drop_index a.c?"]);
    let earlier = [earlier[0], ("migrations/0001_y.sql", "ALTER TABLE a RENAME TO z;")];
    let report = run_among(&Schema {}, vec![added("migrations/0002_x.sql", M, "DROP INDEX i")], &earlier);
    assert_eq!(said(&report), ["drop_index z.c?"]);
}

#[test]
fn what_a_call_does_not_name_stays() {
    let earlier = [(
        "db/migrate/20250101000000_x.rb",
        "class X < ActiveRecord::Migration[7.0]\n def change\n create_table :a do |t|\n t.string :b, null: false, default: 'x'\n end\n end\nend\n",
    )];
    let after = |step: &str| {
        let text = format!("class Y < ActiveRecord::Migration[7.0]\n def up\n {step}\n end\nend\n");
        said(&run_among(&Schema {}, vec![added("db/migrate/20260101000000_y.rb", M, &text)], &earlier))
    };
    assert_eq!(after("change_column :a, :b, :text"), ["change_type a.b?"]);
    assert_eq!(after("change_column :a, :b, :string, null: true"), ["change_nullability a.b?"]);
    assert_eq!(after("change_column :a, :b, :string, default: 'y'"), ["change_default a.b?"]);
}

#[test]
fn a_link_that_is_made_anew_leaves_the_field_alone() {
    let text = "module.exports = { up: async (queryInterface, Sequelize) => {\n await queryInterface.changeColumn('a', 'b', { type: Sequelize.UUID, onDelete: 'cascade', references: { model: 'c' } });\n} };";
    let report = run(&Schema {}, vec![added("server/migrations/20260101000000-x.js", M, text)]);
    assert_eq!(said(&report), ["add_constraint a.b?"]);
    let text = "defmodule X do\n use Ecto.Migration\n def change do\n drop constraint(:a, \"a_b_id_fkey\")\n alter table(:a) do\n modify :b_id, references(:b, on_delete: :delete_all)\n end\n end\nend\n";
    let report = run(&Schema {}, vec![added("priv/repo/migrations/20260101000000_x.exs", M, text)]);
    assert_eq!(said(&report), ["drop_constraint a.b_id?", "add_constraint a.b_id?"]);
}

#[test]
fn a_condition_with_values_from_elsewhere_is_a_condition() {
    let text = "import { x } from './x';\nexport const a = { run: async ({ tx }) => { await tx.$executeRaw`DELETE FROM \"A\" WHERE id IN (${x.ids})`; } };";
    let report = run(&Schema {}, vec![added("db/migration/20260101_x/migration.ts", M, text)]);
    assert_eq!(said(&report), ["data_backfill A!"]);
    let Facts::Schema(facts) = &report.findings[0].facts else { panic!("stored data") };
    assert_eq!(facts.details.get("condition").map(String::as_str), Some(""));
}

#[test]
fn a_list_that_is_swapped_for_a_new_one_is_one_list() {
    assert_eq!(
        new(
            "CREATE TYPE k_new AS ENUM ('x'); ALTER TABLE a ALTER COLUMN b TYPE k_new USING (b::text::k_new);
             ALTER TYPE k RENAME TO k_old; ALTER TYPE k_new RENAME TO k; DROP TYPE k_old;"
        ),
        ["other ?", "change_type a.b?"]
    );
}

#[test]
fn a_field_that_goes_where_one_comes_may_be_renamed() {
    let asked = |sql: &str| {
        let report = run(&Schema {}, vec![added("migrations/0002_x.sql", M, sql)]);
        report.findings.iter().find_map(|finding| match &finding.facts {
            Facts::Schema(facts) => facts.details.get("perhaps_now").cloned(),
            _ => None,
        })
    };
    assert_eq!(asked("ALTER TABLE a ADD c int; ALTER TABLE a DROP COLUMN b;").as_deref(), Some("c"));
    for told in [
        "ALTER TABLE a ADD c int; ALTER TABLE z DROP COLUMN b;",
        "ALTER TABLE a ADD c int; ALTER TABLE a ADD d int; ALTER TABLE a DROP COLUMN b;",
        "ALTER TABLE a ADD c int; UPDATE a SET c = b; ALTER TABLE a DROP COLUMN b;",
        "ALTER TABLE a ADD c int; ALTER TABLE a RENAME COLUMN d TO e; ALTER TABLE a DROP COLUMN b;",
    ] {
        assert_eq!(asked(told), None, "{told}");
    }
}

#[test]
fn rules_without_a_name_are_known_by_the_name_that_they_get() {
    let report =
        run(&Schema {}, vec![added("migrations/0002_x.sql", M, "ALTER TABLE a DROP CONSTRAINT a_b_id_fkey")]);
    assert_eq!(said(&report), ["drop_constraint a.b_id?"]);
}

#[test]
fn a_script_for_new_databases_beside_steps_for_old_ones_says_it_once() {
    let files = vec![
        added("sql/upgrade/7/mysql.sql", M, "ALTER TABLE a RENAME TO b;"),
        modified("sql/app_mysql.sql", M, "CREATE TABLE a (c int);", "CREATE TABLE b (c int);"),
    ];
    assert_eq!(said(&run(&Schema {}, files)), ["rename_table a>b"]);
    // wherever it lies, where it says the same
    let files = vec![
        added("db/migrations/7_x.sql", M, "ALTER TABLE a ADD d int;"),
        modified("app/tables.sql", M, "CREATE TABLE a (c int);", "CREATE TABLE a (c int, d int);"),
    ];
    assert_eq!(said(&run(&Schema {}, files)), ["add_column a.d?"]);
}

#[test]
fn what_is_no_migration_is_quiet() {
    for path in [
        "db/seeds/1.sql",
        "tests/migrations/1.sql",
        "queries/a.sql",
        "migrations/1.down.sql",
        "db/migration/U1__x.sql",
    ] {
        assert!(said(&run(&Schema {}, vec![added(path, M, "DROP TABLE a;")])).is_empty(), "{path}");
    }
    assert!(said(&run(&Schema {}, vec![added("migrations/1.sql", Role::Test, "DROP TABLE a;")])).is_empty());
}

#[test]
fn row_rules_and_grants_are_access() {
    let report = run(
        &Schema {},
        vec![added(
            "supabase/migrations/1.sql",
            M,
            "CREATE TABLE n (a int); ALTER TABLE n ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON n USING (owner = me());
             CREATE POLICY q ON old FOR SELECT USING (true); GRANT SELECT ON n TO anon; REVOKE ALL ON old FROM app;",
        )],
    );
    let access: Vec<String> = report
        .findings
        .iter()
        .filter_map(|finding| match &finding.facts {
            Facts::Access(facts) => Some(format!("{} {} {}", facts.what, facts.subject, facts.change)),
            _ => None,
        })
        .collect();
    assert_eq!(access, ["row_policy old loosened", "grant n loosened", "grant old tightened"]);
}

#[test]
fn undo_comes_from_the_file_beside() {
    let files = vec![
        added("migrations/1_x.up.sql", M, "ALTER TABLE a DROP COLUMN b;"),
        added("migrations/1_x.down.sql", M, "ALTER TABLE a ADD COLUMN b int;"),
    ];
    let report = run(&Schema {}, files);
    let Facts::Schema(facts) = &report.findings[0].facts else { panic!("{report:?}") };
    assert_eq!((report.findings.len(), facts.undo), (1, Undo::RestoresStructure));
}

#[test]
fn what_cannot_be_read_is_said() {
    let report = run(
        &Schema {},
        vec![added("migrations/1.sql", M, "DO $$ BEGIN EXECUTE format('x %s', y); END $$; FROB a;")],
    );
    let reasons: Vec<&str> = report.could_not_check.iter().map(|entry| entry.reason.as_str()).collect();
    assert_eq!(reasons, ["own_code", "unread_statement: FROB a"]);
    assert_eq!(said(&report), ["other ?"]);
}

#[test]
fn engines_are_told_by_folders_and_by_the_text() {
    let migration = "using Microsoft.EntityFrameworkCore.Migrations;\npublic partial class A : Migration {
        protected override void Up(MigrationBuilder migrationBuilder) {
            migrationBuilder.AddColumn<string>(name: \"b\", table: \"a\", nullable: true);
            migrationBuilder.AddForeignKey(name: \"FK_a_b\", table: \"a\", column: \"b\", principalTable: \"c\"); }
        protected override void Down(MigrationBuilder migrationBuilder) { } }";
    let scripts = "ALTER TABLE [dbo].[a] ADD [b] INT NULL;\nGO\n
        ALTER TABLE [dbo].[a] ADD CONSTRAINT [FK_b] FOREIGN KEY ([b]) REFERENCES [dbo].[c] ([Id]);";
    let report = run(
        &Schema {},
        vec![
            added("util/Scripts/2026-01-01_00_x.sql", M, scripts),
            added("util/MySqlMigrations/Migrations/20260101000000_A.cs", M, migration),
            added("util/SqliteMigrations/Migrations/20260101000000_A.cs", M, migration),
        ],
    );
    assert_eq!(said(&report), ["add_column a.b?", "add_constraint a.b?"]);
}

#[test]
fn what_is_dropped_and_made_again_is_replaced() {
    let objects = |sql: &str| {
        let report = run(&Schema {}, vec![added("migrations/0002_x.sql", M, sql)]);
        let told = report.findings.iter().filter_map(|finding| match &finding.facts {
            Facts::Schema(facts) => Some(format!("{} {}", facts.details["change"], facts.details["name"])),
            _ => None,
        });
        told.collect::<Vec<_>>()
    };
    assert_eq!(objects("DROP VIEW v; CREATE VIEW v AS SELECT 1;"), ["created v"]);
    assert_eq!(objects("DROP PROCEDURE p; CREATE PROCEDURE p() BEGIN SELECT 1; END;"), ["created p"]);
    // a routine for the script's own use
    assert!(
        objects("CREATE FUNCTION f() RETURNS int AS $$ SELECT 1 $$; SELECT f(); DROP FUNCTION f;").is_empty()
    );

    let rules = run(
        &Schema {},
        vec![added(
            "migrations/0002_x.sql",
            M,
            "ALTER TABLE a DROP CONSTRAINT a_b_fkey;
             ALTER TABLE a ADD CONSTRAINT a_b_fkey FOREIGN KEY (b) REFERENCES c (id) ON DELETE CASCADE;",
        )],
    );
    assert_eq!(said(&rules), ["drop_constraint a.b?", "add_constraint a.b?"]);
    let findings: Vec<_> = rules.findings.iter().collect();
    assert_eq!(lines(&findings).len(), 1);
}

#[test]
fn a_field_that_the_change_adds_is_not_changed_by_stating_it_again() {
    assert_eq!(
        new("ALTER TABLE a ADD b int; UPDATE a SET b = 1; ALTER TABLE a MODIFY b int NOT NULL;"),
        ["add_column a.b?", "data_backfill a.b", "change_nullability a.b?"]
    );
    let earlier = [("migrations/0001_x.sql", "CREATE TABLE a (b text);")];
    let restated = added("migrations/0002_x.sql", M, "ALTER TABLE a ALTER COLUMN b TYPE text;");
    assert!(said(&run_among(&Schema {}, vec![restated], &earlier)).is_empty());
}

#[test]
fn rows_put_aside_and_back_are_not_lost() {
    let earlier = [(
        "migrations/Version1.php",
        "<?php class Version1 extends AbstractMigration { public function up(Schema $schema): void { $this->addSql('CREATE TABLE shop_a (id INTEGER NOT NULL, b VARCHAR(20) NOT NULL)'); } }",
    )];
    let rebuilt = |aside: &str| {
        let text = format!(
            "<?php class Version2 extends AbstractMigration {{ public function up(Schema $schema): void {{
            $this->addSql('CREATE TEMPORARY TABLE {aside} AS SELECT id, b FROM shop_a');
            $this->addSql('DROP TABLE shop_a');
            $this->addSql('CREATE TABLE shop_a (id INTEGER NOT NULL, b VARCHAR(20) DEFAULT NULL)');
            $this->addSql('INSERT INTO shop_a (id, b) SELECT id, b FROM {aside}');
            $this->addSql('DROP TABLE {aside}'); }} }}"
        );
        said(&run_among(&Schema {}, vec![added("migrations/Version2.php", M, &text)], &earlier))
    };
    assert_eq!(rebuilt("__temp__shop_a"), ["change_nullability shop_a.b?"]);
    assert!(rebuilt("other").contains(&"drop_table shop_a!".to_owned()), "another table is no copy");
}

#[test]
fn an_edited_field_is_told_by_what_differs() {
    let edit = |before: &str, after: &str| {
        said(&run(&Schema {}, vec![modified("migrations/0001_x.sql", M, before, after)]))
    };
    assert_eq!(edit("ALTER TABLE a ADD b int;", "ALTER TABLE a ADD b text;"), ["change_type a.b~?"]);
    // a step of Sqitch that ran keeps its former text beside it
    let new = "-- Deploy app:f to pg\nALTER TABLE a ADD b text;";
    let reworked = run(
        &Schema {},
        vec![
            modified("deploy/f.sql", M, "-- Deploy app:f to pg\n", new),
            added("deploy/f@v1.sql", M, "-- Deploy app:f to pg\n"),
        ],
    );
    assert_eq!(said(&reworked), ["add_column a.b?"]);
}

#[test]
fn a_deleted_migration_that_did_nothing_is_no_news() {
    assert!(
        said(&run(&Schema {}, vec![deleted("migrations/0001_x.sql", M, "-- nothing\nSELECT 1;")])).is_empty()
    );
}

#[test]
fn grants_are_compared_role_by_role() {
    let access = |before: &str, after: &str| {
        let report = run(&Schema {}, vec![modified("migrations/0001_x.sql", M, before, after)]);
        let told = report.findings.iter().filter_map(|finding| match &finding.facts {
            Facts::Access(facts) => {
                Some(format!("{} {}", facts.change, facts.to.as_ref().or(facts.from.as_ref())?))
            }
            _ => None,
        });
        told.collect::<Vec<_>>()
    };
    assert_eq!(
        access("GRANT SELECT ON a TO app, anon;", "GRANT SELECT ON a TO app;"),
        ["tightened GRANT SELECT TO anon"]
    );
    assert_eq!(
        access("GRANT SELECT ON a TO app;", "GRANT SELECT, DELETE ON a TO app;"),
        ["loosened GRANT DELETE TO app"]
    );
    assert!(access("GRANT SELECT ON a TO b, c;", "GRANT SELECT ON a TO c, b;").is_empty());
    // what is made here is opened to nobody else
    let sql =
        "CREATE FUNCTION f(int) RETURNS int AS $$ SELECT 1 $$; GRANT EXECUTE ON FUNCTION f(int) TO app;";
    let report = run(&Schema {}, vec![added("migrations/0002_x.sql", M, sql)]);
    assert!(report.findings.iter().all(|finding| !matches!(finding.facts, Facts::Access(_))));
}

#[test]
fn definitions_that_move_between_files_change_nothing() {
    let (view, policy) =
        ("CREATE VIEW v AS SELECT 1;", "CREATE TABLE a (b int); ALTER TABLE a ENABLE ROW LEVEL SECURITY;");
    let report = run(
        &Schema {},
        vec![
            deleted("db/all.sql", M, &format!("{view}\n{policy}")),
            added("db/views.sql", M, view),
            added("db/tables.sql", M, policy),
        ],
    );
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

#[test]
fn code_over_unknown_rows_is_not_called_a_rewrite() {
    let text = "from django.db import migrations\nfrom tasks import schedule\ndef forwards(apps, schema_editor):\n    schedule('x')\nclass Migration(migrations.Migration):\n    operations = [migrations.RunPython(forwards)]\n";
    let report = run(&Schema {}, vec![added("app/migrations/0002_x.py", M, text)]);
    assert_eq!(said(&report), ["data_backfill ?"]);
    assert_eq!(report.findings[0].rule, "schema.own_code");
}

#[test]
fn two_look_up_aids_on_one_field_are_two() {
    let sql = "ALTER TABLE a ADD INDEX i mapKeys(m) TYPE bloom_filter(0.01); ALTER TABLE a ADD INDEX j mapValues(m) TYPE bloom_filter(0.01);";
    let report = run(&Schema {}, vec![added("clickhouse/migrations/0002_x.sql", M, sql)]);
    assert_eq!(report.findings.len(), 2, "{:?}", said(&report));
    assert!(new("ALTER DATABASE DEFAULT CHARACTER SET utf8 COLLATE utf8_general_ci;").is_empty());
}

#[test]
fn a_baseline_writes_down_what_stands() {
    let tables =
        ["a", "b", "c", "e"].map(|name| format!("CREATE TABLE {name} (id int, name text, size int);"));
    let earlier = tables.join("\n");
    let added_to = |sql: &str| {
        let change = vec![added("migrations/0002_x.sql", M, sql)];
        said(&run_among(&Schema {}, change, &[("migrations/0001_x.sql", &earlier)]))
    };
    assert!(added_to(&format!("{earlier} CREATE INDEX i ON a (name);")).is_empty());
    assert_eq!(added_to(&format!("{earlier} CREATE TABLE d (id int);")), ["add_table d?"]);
    // two of a name may lie in another database, and others of a name are others
    assert_eq!(added_to(&tables[..2].join("\n")).len(), 2);
    assert_eq!(added_to(&earlier.replace("name text, size int", "kind text, width int")).len(), 4);
    // what goes first is made anew
    assert_eq!(added_to(&format!("DROP TABLE a; {earlier}")), ["drop_table a!", "add_table a?"]);
}

#[test]
fn a_start_value_is_no_rule() {
    let sql = "ALTER TABLE [dbo].[Item] DROP CONSTRAINT [DF_Item_Kind];\nGO\n
        ALTER TABLE [dbo].[Item] ADD CONSTRAINT [DF_Item_Name] DEFAULT ('x') FOR [Name];\nGO\n";
    assert_eq!(new(sql), ["change_default dbo.Item.Kind?", "change_default dbo.Item.Name?"]);
}

#[test]
fn a_rule_dropped_under_two_names_is_replaced_once() {
    let sql = "ALTER TABLE a DROP CONSTRAINT IF EXISTS old_b_fkey;
        ALTER TABLE a DROP CONSTRAINT IF EXISTS a_b_fkey;
        ALTER TABLE a ADD CONSTRAINT a_b_fkey FOREIGN KEY (b) REFERENCES c (id);";
    let earlier = [(
        "migrations/0001_x.sql",
        "CREATE TABLE a (b int); ALTER TABLE a ADD CONSTRAINT old_b_fkey FOREIGN KEY (b) REFERENCES c (id);",
    )];
    let report = run_among(&Schema {}, vec![added("migrations/0002_x.sql", M, sql)], &earlier);
    let replaced = report.findings.iter().filter(|finding| match &finding.facts {
        Facts::Schema(facts) => facts.details.contains_key("replaced"),
        _ => false,
    });
    assert_eq!(replaced.count(), 3);
}

#[test]
fn uniqueness_kept_another_way_is_replaced() {
    let rules = |sql: &str| -> Vec<bool> {
        let earlier = [(
            "migrations/0001_x.sql",
            "CREATE TABLE a (b int, c int); CREATE UNIQUE INDEX i ON a (b); CREATE UNIQUE INDEX j ON a (b, c);",
        )];
        let report = run_among(&Schema {}, vec![added("migrations/0002_x.sql", M, sql)], &earlier);
        let replaced = |finding: &Finding| match &finding.facts {
            Facts::Schema(facts) => facts.details.contains_key("replaced"),
            _ => false,
        };
        report.findings.iter().map(replaced).collect()
    };
    assert_eq!(rules("DROP INDEX i; CREATE UNIQUE INDEX i ON a (b) WHERE c IS NULL;"), [true, true]);
    assert_eq!(rules("DROP INDEX i; ALTER TABLE a ADD CONSTRAINT u UNIQUE (b);"), [true, true]);
    assert_eq!(rules("DROP INDEX i; CREATE UNIQUE INDEX i ON a (b, c);"), [false, false]);
    assert_eq!(rules("CREATE UNIQUE INDEX k ON a (c, b); DROP INDEX j;"), [true, true]);
}

#[test]
fn an_index_dropped_by_its_fields_may_have_kept_them_unique() {
    let before = "defmodule A do\n use Ecto.Migration\n def change do\n create table(:a) do\n add :b, :string\n end\n create unique_index(:a, [:b, :c])\n create index(:a, [:d])\n end\nend";
    let after = "defmodule B do\n use Ecto.Migration\n def change do\n drop index(:a, [:b, :c])\n drop index(:a, [:d])\n end\nend";
    let report = run_among(
        &Schema {},
        vec![added("priv/repo/migrations/20260102000000_b.exs", M, after)],
        &[("priv/repo/migrations/20260101000000_a.exs", before)],
    );
    let rules: Vec<&str> = report.findings.iter().map(|finding| finding.rule.as_str()).collect();
    assert_eq!(rules, ["schema.unique_changed", "schema.index_changed"]);
}

#[test]
fn a_list_of_links_starts_empty() {
    let may_be_empty = |field: &str| {
        let text = format!(
            "from django.db import migrations, models\n\nclass Migration(migrations.Migration):\n    operations = [migrations.AddField('a', 'b', models.{field})]\n"
        );
        let report = run(&Schema {}, vec![added("shop/migrations/0002_b.py", M, &text)]);
        let Facts::Schema(facts) = &report.findings[0].facts else { panic!("stored data") };
        facts.nullable
    };
    assert_eq!(may_be_empty("ManyToManyField(to='shop.c')"), Some(true));
    assert_eq!(may_be_empty("ForeignKey(to='shop.c')"), Some(false));
}

#[test]
fn what_a_field_starts_with_is_said_in_words() {
    let start = |field: &str| {
        let sql = format!("ALTER TABLE a ADD b {field};");
        let report = run(&Schema {}, vec![added("migrations/0002_x.sql", M, &sql)]);
        let lines = lines(&report.findings.iter().collect::<Vec<_>>());
        lines[0].facts["fields"][0]["start"].clone()
    };
    assert_eq!(start("BIT NOT NULL DEFAULT (0)"), "no");
    assert_eq!(start("BOOLEAN NOT NULL DEFAULT 1"), "yes");
    assert_eq!(start("INT NOT NULL DEFAULT 1"), "1");
}

#[test]
fn values_that_code_hands_over_are_no_condition_to_show() {
    let shown = |condition: &str| {
        let sql = format!("UPDATE a SET b = 1 WHERE {condition};");
        let report = run(&Schema {}, vec![added("migrations/0002_x.sql", M, &sql)]);
        let lines = lines(&report.findings.iter().collect::<Vec<_>>());
        !lines[0].facts["condition"].is_null()
    };
    assert!(shown("c = 'me@home'") && shown("c::text = 'x'"));
    assert!(!shown("id = @id") && !shown("id = ?") && !shown("id = :id") && !shown("id = $1"));
}

#[test]
fn a_view_that_is_renamed_and_dropped_as_a_table_holds_nothing() {
    let run_sql = |sql: &str| said(&run(&Schema {}, vec![added("clickhouse/migrations/0002_x.sql", M, sql)]));
    let made = "CREATE MATERIALIZED VIEW v_new TO t AS SELECT a FROM b;";
    let swapped = format!("{made} RENAME TABLE v TO v_old; RENAME TABLE v_new TO v;");
    for sql in [swapped.clone(), format!("{swapped} DROP TABLE v; {}", made.replace("v_new", "v"))] {
        let told = run_sql(&sql);
        assert!(!told.is_empty() && told.iter().all(|one| one.starts_with("other ")), "{told:?}");
    }
    // the table goes aside, and a view comes in its place
    let aside = "RENAME TABLE x TO x_old; CREATE VIEW x AS SELECT a FROM x_old;";
    assert!(run_sql(aside).contains(&"rename_table x>x_old".to_owned()), "{:?}", run_sql(aside));
    assert!(run_sql("DROP TABLE x;").contains(&"drop_table x!".to_owned()));
}

#[test]
fn a_table_that_is_put_aside_for_its_copy_is_rebuilt() {
    let before = "CREATE TABLE a (id int, b int);";
    let change = |copy: &str, drop: &str| {
        let sql = format!(
            "CREATE TABLE a_new (id int, b int, c int); {copy} RENAME TABLE a TO a_old; RENAME TABLE a_new TO a; {drop}"
        );
        let earlier = [("clickhouse/migrations/0001_a.sql", before)];
        said(&run_among(&Schema {}, vec![added("clickhouse/migrations/0002_a.sql", M, &sql)], &earlier))
    };
    let copy = "INSERT INTO a_new SELECT id, b, 0 FROM a;";
    for drop in ["", "DROP TABLE a_old;"] {
        assert_eq!(change(copy, drop), ["add_column a.c?"], "{drop}");
    }
    assert!(change("", "DROP TABLE a_old;").iter().any(|one| one.ends_with('!')), "nothing is copied");
}

#[test]
fn what_knows_no_empty_value_begins_with_its_zero() {
    let field = |sql: &str| {
        let report = run(&Schema {}, vec![added("clickhouse/migrations/0002_x.sql", M, sql)]);
        let told = lines(&report.findings.iter().collect::<Vec<_>>());
        let field = &told[0].facts["field"];
        (field["start"].as_str().map(str::to_owned), field["optional"] == true, field["required"] == true)
    };
    for (type_, expected) in [
        ("UInt8", (Some("0"), false, false)),
        ("LowCardinality(String)", (Some(""), false, false)),
        ("DateTime64(3)", (None, false, false)),
        ("Nullable(UInt8)", (None, true, false)),
        ("UInt8 DEFAULT 3", (Some("3"), false, false)),
    ] {
        let sql = format!("ALTER TABLE a ON CLUSTER c ADD COLUMN b {type_};");
        let (start, optional, required) = expected;
        assert_eq!(field(&sql), (start.map(str::to_owned), optional, required), "{type_}");
    }
}

#[test]
fn a_field_that_a_rebuild_fills_from_another_is_renamed() {
    let before = "CREATE TABLE a (id int PRIMARY KEY, b int, c int REFERENCES d (id));";
    let change = |made: &str, copy: &str| {
        let sql = format!(
            "ALTER TABLE a RENAME TO __a; CREATE TABLE a ({made}); {copy} DROP TABLE __a; ALTER TABLE a RENAME TO __a; ALTER TABLE __a RENAME TO a;"
        );
        let earlier = [("sqlite/migrations/0001_a.sql", before)];
        said(&run_among(&Schema {}, vec![added("sqlite/migrations/0002_a.sql", M, &sql)], &earlier))
    };
    let made = "id int PRIMARY KEY, z int, c int, FOREIGN KEY (c) REFERENCES d (id)";
    assert_eq!(change(made, "INSERT INTO a SELECT id, b, c FROM __a;"), ["rename_column a.b>z"]);
    assert_eq!(change(made, "INSERT INTO a (z, id) SELECT x.b, x.id FROM __a x;"), ["rename_column a.b>z"]);
    let copy = "INSERT INTO a (id, z, c) SELECT id, coalesce(b, 0), upper(c) FROM __a;";
    assert_eq!(change(made, copy), ["rename_column a.b>z", "data_backfill a.c"]);
    let told = change(made, "INSERT INTO a SELECT id, 0, c FROM __a;");
    assert!(told.contains(&"drop_column a.b!".to_owned()), "{told:?}");
}

#[test]
fn a_rule_beside_its_field_is_part_of_it() {
    let of =
        |before: &str, after: &str| said(&run(&Schema {}, vec![modified("db/tables.sql", M, before, after)]));
    let plain = "CREATE TABLE a (id int, b int);";
    assert_eq!(of(plain, "CREATE TABLE a (id int, b int, c int REFERENCES d (id));"), ["add_column a.c?"]);
    assert_eq!(of(plain, "CREATE TABLE a (id int, b int UNIQUE);"), ["add_constraint a.b?"]);
    let (beside, below) =
        ("CREATE TABLE a (id int, b int UNIQUE);", "CREATE TABLE a (id int, b int, UNIQUE (b));");
    assert!(of(beside, below).is_empty() && of(below, beside).is_empty());
}

#[test]
fn an_index_is_found_by_its_name() {
    let made = "CREATE TABLE users (id int, email text, name text); CREATE TABLE user (id int);";
    let change = |sql: &str| {
        let report = run_among(
            &Schema {},
            vec![added("migrations/0002_x.sql", M, sql)],
            &[("migrations/0001_x.sql", made)],
        );
        said(&report)
    };
    assert_eq!(change("DROP INDEX users_email_index;"), ["drop_index users.email?"]);
    assert_eq!(change("DROP INDEX index_users_on_email_and_name;"), ["drop_index users?"]);
    assert_eq!(change("DROP INDEX other_index;"), ["drop_index ?"]);
    let again = "DROP INDEX IF EXISTS i; CREATE INDEX i ON users (email);";
    assert_eq!(change(again), ["add_index users.email?"]);
    assert_eq!(
        change("ALTER TABLE users DROP CONSTRAINT users_email_unique;"),
        ["drop_constraint users.email?"]
    );
}

#[test]
fn a_migration_that_only_moves_does_nothing() {
    let text = "CREATE TABLE a (id integer primary key autoincrement, b boolean default 1);";
    let moved = change(&[("database/migrations/1_a.up.sql", "sqlite/migrations/1_a.up.sql", M, text)]);
    assert!(run(&Schema {}, moved).findings.is_empty());
}

#[test]
fn a_class_that_moves_or_gets_its_marks_keeps_its_shape() {
    let class = |name: &str, marks: &str, fields: &str| {
        format!(
            "import jakarta.persistence.*;\n{marks}\npublic class {name} extends Base {{\n @Column(name = \"x\") private Long x;\n{fields}}}\n"
        )
    };
    let field = "@Column(name = \"b\") private String b;\n";
    let told = |files: Vec<FileChange>| -> Vec<String> {
        let report = run(&Schema {}, files);
        report.could_not_check.iter().map(|one| one.reason.clone()).collect()
    };
    let changed = |name: &str, before: &str, after: &str| {
        modified(&format!("src/{name}.java"), Role::Source, before, after)
    };
    let (without, with) = (class("A", "@Entity", ""), class("A", "@Entity", field));
    assert_eq!(told(vec![changed("A", &without, &with)]), ["model_shape: A"]);
    assert!(told(vec![changed("A", &class("A", "", ""), &with)]).is_empty(), "only marked");
    let base = class("Base", "@MappedSuperclass", field);
    assert!(told(vec![added("src/Base.java", Role::Source, &base)]).is_empty());
    assert!(
        told(vec![changed("A", &with, &without), added("src/Base.java", Role::Source, &base)]).is_empty(),
        "a base class is taken out"
    );
    let migration = added("migrations/0002_x.sql", M, "ALTER TABLE a ADD b text;");
    assert!(told(vec![changed("A", &without, &with), migration]).is_empty());
    let renamed = class("C", "@Entity", field);
    let moved = vec![deleted("src/A.java", Role::Source, &with), added("src/C.java", Role::Source, &renamed)];
    assert!(told(moved).is_empty());
}

#[test]
fn only_a_field_of_the_same_type_may_be_the_one_that_went() {
    let asked = |type_: &str| {
        let sql = format!("ALTER TABLE a ADD COLUMN c {type_}; ALTER TABLE a DROP COLUMN b;");
        let earlier = [("migrations/0001_x.sql", "CREATE TABLE a (id int, b text);")];
        let report = run_among(&Schema {}, vec![added("migrations/0002_x.sql", M, &sql)], &earlier);
        report.findings.iter().any(|finding| match &finding.facts {
            Facts::Schema(facts) => facts.details.contains_key("perhaps_now"),
            _ => false,
        })
    };
    assert!(asked("TEXT") && !asked("uuid"));
}

#[test]
fn rows_that_come_back_from_their_copy_were_never_gone() {
    let back = "DELETE FROM a; INSERT INTO a SELECT * FROM _backup_a;";
    assert!(new(&format!("CREATE TEMPORARY TABLE _backup_a AS SELECT * FROM a; {back}")).is_empty());
    assert!(new("DELETE FROM a; INSERT INTO a SELECT * FROM b;").contains(&"data_backfill a!".to_owned()));
}

#[test]
fn a_key_dropped_for_several_engines_is_one() {
    let files = vec![
        added("migrations/mysql/2_x.sql", M, "ALTER TABLE a DROP PRIMARY KEY, ADD PRIMARY KEY (b, c);"),
        added(
            "migrations/postgresql/2_x.sql",
            M,
            "ALTER TABLE a DROP CONSTRAINT a_pkey, ADD PRIMARY KEY (b, c);",
        ),
    ];
    assert_eq!(said(&run(&Schema {}, files)), ["drop_constraint a?", "add_constraint a.b, c?"]);
}

#[test]
fn a_schema_for_one_more_engine_stores_nothing_new() {
    let tables = "CREATE TABLE a (id int); CREATE TABLE b (id int);";
    let told = |file: FileChange| {
        let report =
            run_among(&Schema {}, vec![file], &[("db/app_mysql.sql", tables), ("x/tables.sql", tables)]);
        said(&report)
    };
    assert!(told(added("db/app_postgresql.sql", M, tables)).is_empty());
    assert!(told(deleted("dev/tables.sql", M, tables)).is_empty());
    assert_eq!(told(added("db/other.sql", M, tables)), ["add_table a?", "add_table b?"]);
    assert_eq!(told(added("db/more_mysql.sql", M, "CREATE TABLE c (id int);")), ["add_table c?"]);
}

#[test]
fn a_table_made_anew_over_several_files_is_rebuilt() {
    let file = |at: u32, sql: &str| added(&format!("migrations/00{at}_x.sqlite3.up.sql"), M, sql);
    let files = vec![
        file(2, "CREATE TABLE _a_tmp (id int, c int);"),
        file(3, "INSERT INTO _a_tmp (id, c) SELECT id, b FROM a;"),
        file(4, "DROP TABLE a;"),
        file(5, "ALTER TABLE _a_tmp RENAME TO a;"),
        added("migrations/002_x.mysql.up.sql", M, "ALTER TABLE a RENAME COLUMN b TO c;"),
    ];
    let earlier = [("migrations/001_x.up.sql", "CREATE TABLE a (id int, b int);")];
    assert_eq!(said(&run_among(&Schema {}, files, &earlier)), ["rename_column a.b>c"]);
}

#[test]
fn a_table_kept_in_a_copy_of_any_name_is_rebuilt() {
    let before = "CREATE TABLE a (id int, b int NOT NULL);";
    let change = |sql: &str| {
        let earlier = [("migrations/V0001.x.sqlite.up.sql", before)];
        said(&run_among(&Schema {}, vec![added("migrations/V0002.x.sqlite.up.sql", M, sql)], &earlier))
    };
    let made = "CREATE TABLE IF NOT EXISTS a (id int, b int NULL);";
    let aside = format!(
        "CREATE TABLE keep_it (id int, b int); INSERT INTO keep_it (id, b) SELECT id, b FROM a ORDER BY id; DROP TABLE IF EXISTS a; {made} INSERT INTO a (id, b) SELECT id, b FROM keep_it ORDER BY id; DROP TABLE IF EXISTS keep_it;"
    );
    assert_eq!(change(&aside), ["change_nullability a.b?"]);
    let renamed = format!(
        "ALTER TABLE a RENAME TO keep_it; {made} INSERT INTO a (id, b) SELECT id, b FROM keep_it; DROP TABLE IF EXISTS keep_it;"
    );
    assert_eq!(change(&renamed), ["change_nullability a.b?"]);
}

#[test]
fn a_link_that_takes_its_rows_in_another_way_is_made_anew() {
    let of = |before: &str, after: &str| {
        let text = |rule: &str| format!("CREATE TABLE a (id int, b int {rule});");
        said(&run(&Schema {}, vec![modified("db/tables.sql", M, &text(before), &text(after))]))
    };
    let cascade = ", FOREIGN KEY (b) REFERENCES c (id) ON DELETE CASCADE";
    assert_eq!(of("REFERENCES c (id)", cascade), ["add_constraint a.b?"]);
    assert!(of("REFERENCES c (id) ON DELETE CASCADE", cascade).is_empty());
    assert!(of("REFERENCES c (id)", ", FOREIGN KEY (b) REFERENCES c (id) ON DELETE NO ACTION").is_empty());
}

#[test]
fn the_state_before_is_that_of_the_same_engine() {
    let sql = "ALTER TABLE a RENAME TO a_old; CREATE TABLE a (b BYTEA NOT NULL); INSERT INTO a (b) SELECT b FROM a_old; DROP TABLE a_old;";
    let earlier = [
        ("migrations/V1.x.postgres.up.sql", "CREATE TABLE a (b BYTEA);"),
        ("migrations/V1.x.sqlite.up.sql", "CREATE TABLE a (b BLOB);"),
    ];
    let change = vec![added("migrations/V2.x.postgres.up.sql", M, sql)];
    assert_eq!(said(&run_among(&Schema {}, change, &earlier)), ["change_nullability a.b"]);
}
