//! Migrations written in JavaScript and TypeScript.

use super::super::said::said;

const PATH: &str = "server/migrations/20260101-a.ts";

#[test]
fn each_library_is_read() {
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "knex",
            "exports.up = (knex) => knex.schema.createTable('a', (t) => { t.increments(); t.string('b').notNullable(); });\nexports.down = (knex) => knex.schema.dropTable('a');",
            &["add_table a (restores)"],
        ),
        (
            "knex",
            "exports.up = async function (knex) { await knex.schema.alterTable('a', (t) => { t.dropColumn('b'); t.integer('c').defaultTo(1); t.renameColumn('d', 'e'); }); await knex('a').where({ c: 1 }).update({ c: 2 }); };\nexports.down = () => {};",
            &[
                "drop_column! a.b (none)",
                "add_column a.c (none)",
                "rename_column a.d -> e (none)",
                "data_backfill a rewritten (none)",
            ],
        ),
        (
            "knex",
            "const { createAddColumnMigration } = require('../utils');\nmodule.exports = createAddColumnMigration('a', 'b', { type: 'string', nullable: true });",
            &["add_column a.b (restores)"],
        ),
        (
            "sequelize",
            "module.exports = { async up(queryInterface, Sequelize) { await queryInterface.addColumn('a', 'b', { type: Sequelize.STRING, allowNull: false }); await queryInterface.sequelize.query('DELETE FROM c'); }, async down(queryInterface) { await queryInterface.removeColumn('a', 'b'); } };",
            &["add_column a.b (restores)", "data_backfill! c deleted (none)"],
        ),
        (
            "sequelize",
            "module.exports = { up: (queryInterface) => queryInterface.sequelize.transaction(async (t) => { await queryInterface.removeColumn('a', 'b', { transaction: t }); }), down: () => {} };",
            &["drop_column! a.b (none)"],
        ),
        (
            "typeorm",
            "export class A1 implements MigrationInterface { public async up(queryRunner: QueryRunner) { await queryRunner.query(`ALTER TABLE \"a\" ADD \"b\" text`); await queryRunner.createTable(new Table({ name: 'c', columns: [{ name: 'id', type: 'int' }] })); } public async down(queryRunner: QueryRunner) { await queryRunner.dropTable('c'); await queryRunner.query(`ALTER TABLE \"a\" DROP COLUMN \"b\"`); } }",
            &["add_column a.b (restores)", "add_table c (restores)"],
        ),
        (
            "mikro_orm",
            "export class Migration1 extends Migration { async up() { this.addSql('alter table \"a\" drop column \"b\";'); } async down() { this.addSql('alter table \"a\" add column \"b\" text;'); } }",
            &["drop_column! a.b (structure)"],
        ),
        (
            "kysely",
            "import { Kysely, sql } from 'kysely';\nexport async function up(db: Kysely<any>) { await db.schema.alterTable('a').addColumn('b', 'text', (col) => col.notNull()).execute(); await sql`UPDATE a SET b = 1`.execute(db); await db.deleteFrom('c').execute(); }",
            &[
                "add_column a.b (none)",
                "data_backfill a.b rewritten (none)",
                "data_backfill! c deleted (none)",
            ],
        ),
        (
            "kysely",
            "import { Kysely } from 'kysely';\nexport async function up(db: Kysely<any>) { await db.updateTable('a as x').set((eb) => ({ b: eb.ref('y.b') })).from('c as y').whereRef('x.d', '=', 'y.d').execute(); await db.updateTable('e').set('f', 1).execute(); }",
            &["data_backfill a.b rewritten (none)", "data_backfill e.f rewritten (none)"],
        ),
        (
            "node_pg_migrate",
            "exports.up = (pgm) => { pgm.addColumns('a', { b: { type: 'text', notNull: true } }); pgm.dropColumns('a', ['c']); pgm.sql('UPDATE a SET b = 1'); };",
            &[
                "add_column a.b (restores)",
                "drop_column! a.c (structure)",
                "data_backfill a.b rewritten (none)",
            ],
        ),
        (
            "db_migrate",
            "exports.up = function (db, cb) { db.runSql(`ALTER TABLE a DROP COLUMN b;`, cb); };\nexports.down = function (db, cb) { cb(); };",
            &["drop_column! a.b (none)"],
        ),
        (
            "javascript",
            "module.exports = { async up() { execSync('node x.js'); }, async down() {} };",
            &["other  own_code (none)"],
        ),
    ];
    for (style, text, expected) in cases {
        assert_eq!(&said(style, PATH, text), expected, "{text}");
    }
}

#[test]
fn other_modules_are_left_alone() {
    let readers = super::super::MIGRATIONS;
    for (path, text) in [
        ("src/users/lookup.ts", "import knex from 'knex';\nexports.up = 1;"),
        ("server/migrations/index.test.ts", "exports.up = (knex) => knex.schema.dropTable('a');"),
        ("server/migrations/helper.ts", "export function pickup(knex) { return knex.schema; }"),
    ] {
        let path = crate::change::RepoPath::new(path);
        assert!(!readers.iter().any(|reader| reader.reads(&path, text)), "{path}");
    }
}
