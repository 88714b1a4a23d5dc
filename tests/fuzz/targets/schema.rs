//! Migrations and declared schemas of every style: the first byte picks the path, the rest is the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plainly::change::{MemorySnapshot, RepoPath};
use plainly::formats::schema::{DECLARED, MIGRATIONS, difference};

/// What a path promises, with the words by which its reader knows its files.
const FILES: &[(&str, &str)] = &[
    ("migrations/0001_a.sql", ""),
    ("migrations/mysql/0001_a.sql", ""),
    ("migrations/mssql/0001_a.sql", ""),
    ("migrations/clickhouse/0001_a.sql", ""),
    ("migrations/0001_a.sql", "-- +goose Up\n"),
    ("db/changelog/0001_a.sql", "--liquibase formatted sql\n"),
    ("db/migrate/20260101000000_a.rb", "class A < ActiveRecord::Migration[8.0]\ndef change\n"),
    ("app/migrations/0001_a.py", "from django.db import migrations, models\nclass Migration(migrations.Migration):\n    operations = ["),
    ("versions/a.py", "revision = 'a'\nfrom alembic import op\ndef upgrade():\n    "),
    ("priv/repo/migrations/20260101_a.exs", "defmodule A do\n use Ecto.Migration\n def change do\n"),
    ("migrations/0001_a.go", "package a\nfunc up() {\n"),
    ("database/migrations/2026_01_01_a.php", "<?php use Illuminate\\Database\\Schema\\Blueprint; class A extends Migration { function up() {"),
    ("db/migrations/20260101_a.php", "<?php class A extends AbstractMigration { function change() {"),
    ("migrations/Version20260101.php", "<?php use Doctrine\\Migrations\\AbstractMigration; class A extends AbstractMigration { function up(Schema $schema): void {"),
    ("migrations/1_a.ts", "export class A implements MigrationInterface { async up(queryRunner) {"),
    ("migrations/1_a.js", "exports.up = (knex) => knex.schema"),
    ("migrations/1_a.ts", "import { Kysely } from 'kysely'\nexport async function up(db) { await db.schema"),
    ("migrations/1_a.js", "module.exports = { up: (queryInterface, Sequelize) => queryInterface."),
    ("Migrations/1_A.cs", "class A : Migration { protected override void Up(MigrationBuilder migrationBuilder) { migrationBuilder."),
    ("Migrations/1_A.cs", "using FluentMigrator; [Migration(1)] class A : Migration { public override void Up() { "),
    ("db/changelog/a.xml", "<databaseChangeLog><changeSet id=\"1\" author=\"a\">"),
    ("db/changelog/a.yaml", "databaseChangeLog:\n- changeSet:\n    id: 1\n"),
    ("db/schema.rb", "ActiveRecord::Schema[8.0].define(version: 1) do\n"),
    ("db/schema.sql", "CREATE TABLE a (b int);"),
    ("prisma/schema.prisma", "model A {\n"),
    ("src/db/schema.ts", "import { pgTable, text } from 'drizzle-orm/pg-core'\nexport const a = pgTable('a', {"),
    ("ent/schema/a.go", "package schema\ntype A struct { ent.Schema }\nfunc (A) Fields() []ent.Field { return []ent.Field{"),
];

fuzz_target!(|data: &[u8]| {
    let Some((pick, rest)) = data.split_first() else { return };
    let (path, head) = FILES[*pick as usize % FILES.len()];
    let path = RepoPath::new(path);
    let text = format!("{head}{}", String::from_utf8_lossy(rest));
    let tree = MemorySnapshot::default();
    for reader in MIGRATIONS.iter().filter(|reader| reader.reads(&path, &text)) {
        let _ = reader.read(&path, &text, Some(&text), &tree);
    }
    for reader in DECLARED.iter().filter(|reader| reader.reads(&path, &text)) {
        if let (Ok(before), Ok(after)) = (reader.read(&path, head), reader.read(&path, &text)) {
            difference(&before, &after);
        }
    }
});
