//! The readers of Alembic migrations, on small revisions.

use super::super::said::said;

fn alembic(up: &str, down: &str) -> Vec<String> {
    let text = format!(
        "from alembic import op\nimport sqlalchemy as sa\nrevision = 'a'\n\ndef upgrade():\n    {up}\n\ndef downgrade():\n    {down}\n"
    );
    said("alembic", "app/alembic/versions/a_b.py", &text)
}

#[test]
fn operations_are_read() {
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "op.add_column('a', sa.Column('b', sa.String(20), nullable=False))",
            "op.drop_column('a', 'b')",
            &["add_column a.b (restores)"],
        ),
        (
            "op.drop_column('a', 'b')",
            "op.add_column('a', sa.Column('b', sa.Integer()))",
            &["drop_column! a.b (structure)"],
        ),
        (
            "op.create_table('a', sa.Column('id', sa.Integer()), sa.PrimaryKeyConstraint('id'))",
            "op.drop_table('a')",
            &["add_table a (restores)"],
        ),
        ("op.drop_table('a')", "pass", &["drop_table! a (none)"]),
        ("op.rename_table('a', 'b')", "op.rename_table('b', 'a')", &["rename_table a -> b (restores)"]),
        (
            "op.alter_column('a', 'b', existing_type=sa.Integer(), type_=sa.String(), nullable=True)",
            "pass",
            &["change_type a.b (none)", "change_nullability a.b (none)"],
        ),
        (
            "op.alter_column('a', 'b', new_column_name='c')",
            "op.alter_column('a', 'c', new_column_name='b')",
            &["rename_column a.b -> c (restores)"],
        ),
        (
            "op.create_index(op.f('i'), 'a', ['b', 'c'])",
            "op.drop_index('i', table_name='a')",
            &["add_index a.b, c (restores)"],
        ),
        ("op.create_foreign_key(None, 'a', 'b', ['c'], ['id'])", "pass", &["add_constraint a.c (none)"]),
        (
            "with op.batch_alter_table('a') as batch:\n        batch.drop_column('b')",
            "pass",
            &["drop_column! a.b (none)"],
        ),
        ("op.execute(\"UPDATE a SET b = 1\")", "pass", &["data_backfill a.b rewritten (none)"]),
        (
            "t = sa.table('a', sa.column('b'))\n    op.execute(t.update().values(b=1))",
            "pass",
            &["data_backfill a rewritten (none)"],
        ),
        (
            "conn = op.get_bind()\n    conn.execute(sa.text('DELETE FROM a'))",
            "pass",
            &["data_backfill! a deleted (none)"],
        ),
        ("op.bulk_insert(sa.table('a'), [{'b': 1}])", "pass", &["data_backfill a rows_added (none)"]),
        ("sa.Enum('x', name='e').create(op.get_bind())", "pass", &["other  enum (none)"]),
        (
            "for t in ['a', 'b']:\n        op.drop_table(t)",
            "pass",
            &["drop_table! a (none)", "drop_table! b (none)"],
        ),
    ];
    for (up, down, expected) in cases {
        assert_eq!(&alembic(up, down), expected, "{up}");
    }
}

#[test]
fn what_is_no_change_is_quiet() {
    for up in [
        "pass",
        "op.alter_column('a', 'b', existing_type=sa.Integer(), comment='x')",
        "op.create_table_comment('a', 'b')",
    ] {
        assert!(alembic(up, "op.drop_table('a')").is_empty(), "{up}");
    }
}
