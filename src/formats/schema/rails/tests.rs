//! Rails migrations and dumped schemas.

use super::super::DeclaredReader;
use super::super::said::{said, said_in, tree};
use super::SchemaRb;
use crate::change::RepoPath;

fn rails(body: &str) -> Vec<String> {
    let text = format!("class A < ActiveRecord::Migration[8.0]\n{body}\nend\n");
    said("rails", "db/migrate/20260101000000_a.rb", &text)
}

#[test]
fn steps_are_read() {
    let cases: &[(&str, &[&str])] = &[
        ("def change; add_column :users, :age, :integer; end", &["add_column users.age (restores)"]),
        (
            "def change; remove_columns :a, *%i[b c], type: :boolean; end",
            &["drop_column! a.b (structure)", "drop_column! a.c (structure)"],
        ),
        ("def up; User.where(a: nil).find_each(&:destroy); end", &["data_backfill! users deleted (none)"]),
        (
            "def up\n fill\nend\ndef down; end\nprivate\ndef fill\n drop_old\n execute 'UPDATE a SET b = 1'\nend\ndef drop_old = drop_table(:old)",
            &["drop_table! old (none)", "data_backfill a.b rewritten (none)"],
        ),
        ("def change; remove_column :users, :age, :integer; end", &["drop_column! users.age (structure)"]),
        ("def change; remove_column :users, :age; end", &["drop_column! users.age (none)"]),
        (
            "def change; remove_columns :users, :a, :b; end",
            &["drop_column! users.a (none)", "drop_column! users.b (none)"],
        ),
        (
            "def change; rename_column :users, :mail, :email; end",
            &["rename_column users.mail -> email (restores)"],
        ),
        ("def change; rename_table :users, :people; end", &["rename_table users -> people (restores)"]),
        ("def change; drop_table :users; end", &["drop_table! users (none)"]),
        (
            "def up; change_column_null :users, :age, false; end\ndef down; raise ActiveRecord::IrreversibleMigration; end",
            &["change_nullability users.age (none)"],
        ),
        (
            "def change; change_column_default :users, :plan, from: 'free', to: 'trial'; end",
            &["change_default users.plan (restores)"],
        ),
        ("def change; add_index :users, [:a, :b], unique: true; end", &["add_index users.a, b (restores)"]),
        (
            "def change; add_reference :posts, :user, polymorphic: true; end",
            &["add_column posts.user_id (restores)", "add_column posts.user_type (restores)"],
        ),
        ("def change; add_foreign_key :posts, :people; end", &["add_constraint posts.person_id (restores)"]),
        ("def change; safety_assured { remove_index :users, :a }; end", &["drop_index users.a (restores)"]),
        (
            "def change\n create_table :pets do |t|\n t.string :name\n t.index :name\n end\nend",
            &["add_table pets (restores)"],
        ),
        (
            "def change\n change_table :pets do |t|\n t.string :a, :b\n t.remove :c\n t.rename :d, :e\n end\nend",
            &[
                "add_column pets.a (restores)",
                "add_column pets.b (restores)",
                "drop_column! pets.c (none)",
                "rename_column pets.d -> e (restores)",
            ],
        ),
        (
            "def change\n %i[a b].each { |t| add_column t, :x, :string }\nend",
            &["add_column a.x (restores)", "add_column b.x (restores)"],
        ),
        (
            "def change\n revert { add_column :users, :age, :integer }\nend",
            &["drop_column! users.age (structure)"],
        ),
        (
            "def change\n reversible do |dir|\n dir.up { execute 'UPDATE users SET age = 1' }\n dir.down { execute 'DELETE FROM users' }\n end\nend",
            &["data_backfill users.age rewritten (unknown)"],
        ),
        (
            "TABLE = :users\ndef up; add_columns!; end\ndef down; end\ndef add_columns!; add_column TABLE, :age, :integer; end",
            &["add_column users.age (none)"],
        ),
        (
            "def up\n execute <<~SQL\n  UPDATE \"users\" SET age = 1;\n SQL\nend\ndef down; end",
            &["data_backfill users.age rewritten (none)"],
        ),
        ("def up; SomeJob.perform_later(1); end\ndef down; end", &["other  own_code (none)"]),
    ];
    for (body, expected) in cases {
        assert_eq!(&rails(body), expected, "{body}");
    }
}

#[test]
fn rows_are_told_by_their_models() {
    let cases: &[(&str, &[&str])] = &[
        ("User.where(a: 1).update_all(a: 2)", &["data_backfill users rewritten (none)"]),
        ("User.where(a: nil).in_batches.delete_all", &["data_backfill! users deleted (none)"]),
        ("BlogPost.find_each { |post| post.update!(a: 1) }", &["data_backfill blog_posts rewritten (none)"]),
        // reading alone, a value that is changed, and a list
        ("User.find_each { |user| puts user.name.delete('x') }", &[]),
        ("names = []\nUser.pluck(:name).each { |name| names.insert(0, name) }", &[]),
        // what is written is another table's row
        ("User.find_each { |user| user.posts.create!(a: 1) }", &["data_backfill posts copied (none)"]),
    ];
    for (body, expected) in cases {
        let said = rails(&format!("def up\n{body}\nend\ndef down; end"));
        let said: Vec<_> = said.into_iter().filter(|line| !line.contains("own_code")).collect();
        assert_eq!(&said, expected, "{body}");
    }
    let tree = tree(&[
        (
            "app/models/legacy/user.rb",
            "class Legacy::User < ApplicationRecord\n  self.table_name = \"old_users\"\nend",
        ),
        ("app/models/admin.rb", "class Admin < Person\nend"),
        ("app/models/person.rb", "class Person < ApplicationRecord\nend"),
    ]);
    for (class, table) in [("Legacy::User", "old_users"), ("Admin", "people")] {
        let text =
            format!("class A < ActiveRecord::Migration[8.0]\ndef up\n{class}.update_all(a: 1)\nend\nend");
        let said = said_in(&tree, "rails", "db/migrate/1_a.rb", &text);
        assert_eq!(said, [format!("data_backfill {table} rewritten (none)")]);
    }
}

#[test]
fn what_is_no_change_is_quiet() {
    for body in [
        "def change; change_table_comment :users, from: 'a', to: 'b'; end",
        "def up; end\ndef down; drop_table :users; end",
        "def change; validate_foreign_key :posts, :users; end",
        "def change; rename_index :users, 'a', 'b'; end",
    ] {
        assert!(rails(body).is_empty(), "{body}");
    }
}

#[test]
fn lines_are_those_of_the_steps() {
    let text = "class A < ActiveRecord::Migration[8.0]\n  def change\n    add_column :a, :b, :string,\n      null: false\n    execute <<~SQL\n\n      UPDATE a SET b = 1\n    SQL\n  end\nend\n";
    let migration = super::MigrationReader::read(
        &super::Rails,
        &RepoPath::new("db/migrate/1_a.rb"),
        text,
        None,
        &tree(&[]),
    )
    .expect("reads");
    assert_eq!(migration.steps.iter().map(|step| step.line).collect::<Vec<_>>(), [3, 7]);
    assert_eq!(migration.steps[0].nullable, Some(false));
}

#[test]
fn schema_files_are_inventories() {
    let text = "ActiveRecord::Schema[8.0].define(version: 1) do\n  create_table \"pets\", force: :cascade do |t|\n    t.string \"name\", limit: 20, null: false\n    t.index [\"name\"], name: \"on_name\", unique: true\n  end\n  add_foreign_key \"pets\", \"users\"\nend\n";
    let path = RepoPath::new("db/schema.rb");
    assert!(SchemaRb.reads(&path, text));
    assert_eq!(SchemaRb.migrations(&path).map(|path| path.to_string()).as_deref(), Some("db/migrate"));
    let inventory = SchemaRb.read(&path, text).expect("reads");
    let table = &inventory.tables[0];
    assert_eq!(
        (table.name.as_str(), table.columns.len(), table.indexes.len(), table.constraints.len()),
        ("pets", 2, 1, 1)
    );
    assert_eq!(
        (table.columns[1].type_.as_deref(), table.columns[1].nullable),
        (Some("string(20)"), Some(false))
    );
}
