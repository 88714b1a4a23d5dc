//! Programs in the simple form that the readers of migrations share.

use proptest::prelude::*;

use super::{Kind, Language, parse};
use crate::change::{MemorySnapshot, RepoPath};
use crate::formats::schema::{DECLARED, MIGRATIONS};

const FILES: &[(Language, &str, &str)] = &[
    (
        Language::Ruby,
        "db/migrate/20260101_a.rb",
        "class A < ActiveRecord::Migration[8.0]\n def change\n  create_table :a do |t| t.string :b, null: false end\n  execute <<~SQL\n   UPDATE a SET b = #{c}\n  SQL\n end\nend\n",
    ),
    (
        Language::Python,
        "a/migrations/0002_a.py",
        "class Migration(migrations.Migration):\n    operations = [migrations.AddField('a', 'b', models.CharField(max_length=2)), migrations.RunPython(f)]\ndef f(a, b):\n    for x in a.get_model('a', 'B').objects.all():\n        x.save()\n",
    ),
    (
        Language::Python,
        "alembic/versions/a.py",
        "revision = 'a'\nfrom alembic import op\ndef upgrade():\n    with op.batch_alter_table('a') as b:\n        b.drop_column('c')\n    op.execute('UPDATE {} SET %s' % x)\n",
    ),
    (
        Language::Php,
        "database/migrations/2026_a.php",
        "<?php\nreturn new class extends Migration { public function up() { Schema::table('a', function (Blueprint $t) { $t->string('b', 2)->nullable()->change(); }); DB::statement(<<<SQL\n  DROP TABLE a\n  SQL); } };\n",
    ),
    (
        Language::TypeScript,
        "migrations/20260101-a.ts",
        "exports.up = async (knex) => { await knex.schema.createTable('a', (t) => { t.string('b').notNullable(); }).then(() => knex.raw(`UPDATE a SET ${b}`)); };\nexports.down = () => {};\n",
    ),
    (
        Language::CSharp,
        "Migrations/2026_A.cs",
        "class A : Migration { protected override void Up(MigrationBuilder m) { m.CreateTable(name: \"a\", columns: table => new { B = table.Column<int>() }); m.Sql(@\"DROP TABLE \"\"b\"\"\"); } }\n",
    ),
    (
        Language::Elixir,
        "priv/repo/migrations/2026_a.exs",
        "defmodule A do\n use Ecto.Migration\n def change do\n  alter table(:a) do\n   add :b, :string\n  end\n  execute(\"\"\"\n  UPDATE a SET b = 1\n  \"\"\")\n end\nend\n",
    ),
    (
        Language::Ruby,
        "a/migrations/0001_a.go",
        "package m\nfunc up() { x(fmt.Sprintf(`ALTER TABLE %s ADD b int`, t.A())) }\n",
    ),
];

/// Whoever takes the file reads it, whatever it holds.
fn survives(path: &str, text: &str) {
    let path = RepoPath::new(path);
    let tree = MemorySnapshot::default();
    if let Some(reader) = MIGRATIONS.iter().find(|reader| reader.reads(&path, text)) {
        let _ = reader.read(&path, text, None, &tree);
    }
    for reader in DECLARED.iter().filter(|reader| reader.reads(&path, text)) {
        let _ = reader.read(&path, text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_text_is_survived(text in "(?s).{0,200}") {
        for (language, path, whole) in FILES {
            survives(path, &format!("{text}{whole}"));
            survives(path, &format!("{whole}{text}"));
            let _ = parse(*language, &text);
        }
    }

    #[test]
    fn broken_files_are_survived(at in 0usize..8, from in 0usize..300, length in 0usize..60, with in "[(){}\\[\\]<>\"'`#|:;=,\\n a-z]{0,12}") {
        let (_, path, text) = FILES[at];
        let mut chars: Vec<char> = text.chars().collect();
        let from = from.min(chars.len());
        let to = (from + length).min(chars.len());
        chars.splice(from..to, with.chars());
        survives(path, &chars.into_iter().collect::<String>());
    }
}

#[test]
fn nesting_and_length_have_an_end() {
    let deep = 3_000;
    for (_, path, text) in FILES {
        for (open, close) in
            [("(", ")"), ("[", "]"), ("{", "}"), ("f(", ")"), ("-> { ", " }"), ("\"#{", "}\"")]
        {
            survives(path, &format!("{text}\n{}1{}\n", open.repeat(deep), close.repeat(deep)));
        }
        survives(path, &format!("{text}\nx{}\n", ".a(1)".repeat(deep)));
        survives(path, &format!("{text}\nx = {}\n", "'a' + ".repeat(deep)));
    }
}

#[test]
fn own_functions_may_call_themselves() {
    let text = "class A < ActiveRecord::Migration[8.0]\n def change; a; end\n def a; b; b; end\n def b; a; a; end\nend";
    survives("db/migrate/1_a.rb", text);
    let text = "class A < ActiveRecord::Migration[8.0]\n X = Y\n Y = X\n def change; add_column X, \"#{Y}\", :a; end\nend";
    survives("db/migrate/1_a.rb", text);
}

#[test]
fn six_languages_have_the_same_shapes() {
    let calls = [
        (Language::Ruby, "t.string(\"a\", unique: false)"),
        (Language::Python, "t.string(\"a\", unique=False)"),
        (Language::Php, "<?php $t->string(\"a\", unique: false);"),
        (Language::TypeScript, "t.string(\"a\", { unique: false })"),
        (Language::CSharp, "class A { void M() { t.string(\"a\", unique: false); } }"),
        (Language::Elixir, "t.string(\"a\", unique: false)"),
    ];
    for (language, text) in calls {
        let file = parse(language, text).expect("parses");
        let mut rest: Vec<_> = file.iter().collect();
        let mut found = None;
        while let Some(expr) = rest.pop() {
            match &expr.kind {
                Kind::Call(call) => found = Some(call),
                Kind::Body(parts) => rest.extend(parts),
                Kind::Class(class) => rest.extend(&class.body),
                Kind::Func(func) => rest.extend(&func.body),
                _ => {}
            }
        }
        let call = found.unwrap_or_else(|| panic!("{language:?} has a call"));
        assert_eq!(call.name, "string", "{language:?}");
        assert_eq!(call.receiver.as_ref().and_then(|receiver| receiver.name()), Some("t"), "{language:?}");
        assert_eq!(call.arg(0).and_then(|arg| arg.literal()), Some("a"), "{language:?}");
        assert_eq!(call.option("unique").and_then(|value| value.truth()), Some(false), "{language:?}");
    }
}
