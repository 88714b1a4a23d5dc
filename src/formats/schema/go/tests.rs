//! Migrations and models written in Go.

use super::super::said::said;

fn go(body: &str) -> Vec<String> {
    said("go", "store/migrations/0007_thing.go", &format!("package migrations\n\nimport \"fmt\"\n\n{body}\n"))
}

#[test]
fn sql_in_strings_is_read() {
    let cases: &[(&str, &[&str])] = &[
        ("const add = `ALTER TABLE a ADD COLUMN b int`\nfunc init() {}", &["add_column a.b (none)"]),
        (
            "func up(tx *sql.Tx) error { _, err := tx.Exec(\"DROP TABLE a\"); return err }\nfunc down(tx *sql.Tx) error { _, err := tx.Exec(\"CREATE TABLE a (id int)\"); return err }",
            &["drop_table! a (structure)"],
        ),
        (
            "const t = \"a\"\nfunc f() string { return fmt.Sprintf(\"ALTER TABLE %s DROP COLUMN b\", t) }",
            &["drop_column! a.b (none)"],
        ),
        (
            "func f(t *tables) string { return fmt.Sprintf(`UPDATE %s SET b = %d`, t.OrderItems(), 4) }",
            &["data_backfill order_items.b rewritten (none)"],
        ),
        ("func f() { q(\"ALTER TABLE \" + \"a\" + \" RENAME TO b\") }", &["rename_table a -> b (none)"]),
        (
            "var m = gormigrate.Migration{Migrate: func(tx *gorm.DB) error { return tx.Migrator().DropColumn(&User{}, \"age\") }, Rollback: func(tx *gorm.DB) error { return tx.Migrator().AddColumn(&User{}, \"age\") }}\nfunc x() {}",
            &["drop_column! users.age (structure)"],
        ),
        ("func up() error { return run() }", &["other  own_code (none)"]),
        (
            "func up() error { return fmt.Errorf(\"drop table failed: %w\", err) }",
            &["other  own_code (none)"],
        ),
        ("// DROP TABLE a\nfunc up() { rows := '\"' ; x(`SELECT 1`) }", &["other  own_code (none)"]),
    ];
    for (body, expected) in cases {
        assert_eq!(&go(body), expected, "{body}");
    }
}

#[test]
fn own_functions_that_rename_and_drop_are_known_by_their_names() {
    let text = "func up(s *session) error { renameColumn(s, \"a\", \"b\", \"c\"); renameTable(s, \"d\", \"e\"); return dropTableColumns(s, \"f\", \"g\") }";
    assert_eq!(
        go(text),
        ["rename_column a.b -> c (none)", "rename_table d -> e (none)", "drop_column! f.g (none)"]
    );
}

#[test]
fn one_file_may_hold_all_migrations() {
    let text = "package database\nvar all = []func(tx *sql.Tx) error{\n\tfunc(tx *sql.Tx) error { _, err := tx.Exec(`ALTER TABLE a ADD COLUMN b int`); return err },\n}\n";
    assert_eq!(said("go", "internal/database/migrations.go", text), ["add_column a.b (none)"]);
    assert_eq!(said("go", "internal/migrations/v2.1.0.go", text), ["add_column a.b (none)"]);
}
