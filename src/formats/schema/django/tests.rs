//! Django migrations.

use super::super::said::{said, said_in, tree};

const PATH: &str = "shop/orders/migrations/0002_b.py";

fn migration(operations: &str) -> String {
    format!(
        "from django.db import migrations, models\n\nclass Migration(migrations.Migration):\n    operations = [{operations}]\n"
    )
}

fn django(operations: &str) -> Vec<String> {
    said("django", PATH, &migration(operations))
}

#[test]
fn operations_are_read() {
    let cases: &[(&str, &[&str])] = &[
        (
            "migrations.CreateModel(name='Order', fields=[('id', models.AutoField(primary_key=True))])",
            &["add_table orders_order (restores)"],
        ),
        ("migrations.DeleteModel('Order')", &["drop_table! orders_order (structure)"]),
        (
            "migrations.AddField('order', 'note', models.TextField(null=True))",
            &["add_column orders_order.note (restores)"],
        ),
        (
            "migrations.RemoveField(model_name='order', name='note')",
            &["drop_column! orders_order.note (structure)"],
        ),
        ("migrations.RenameField('order', 'a', 'b')", &["rename_column orders_order.a -> b (restores)"]),
        ("migrations.RenameModel('Order', 'Sale')", &["rename_table orders_order -> orders_sale (restores)"]),
        ("migrations.AlterModelTable('order', 'sales')", &["rename_table orders_order -> sales (restores)"]),
        (
            "migrations.AddIndex('order', models.Index(fields=['a', '-b'], name='i'))",
            &["add_index orders_order.a, b (restores)"],
        ),
        (
            "migrations.AddConstraint('order', models.UniqueConstraint(fields=['a'], name='u'))",
            &["add_constraint orders_order.a (restores)"],
        ),
        (
            "migrations.AlterUniqueTogether('order', {('a', 'b')})",
            &["add_constraint orders_order.a, b (restores)"],
        ),
        (
            "migrations.RunSQL('UPDATE orders_order SET a = 1')",
            &["data_backfill orders_order.a rewritten (none)"],
        ),
        (
            "migrations.RunSQL('ALTER TABLE x ADD COLUMN y int', 'ALTER TABLE x DROP COLUMN y')",
            &["add_column x.y (restores)"],
        ),
        (
            "migrations.SeparateDatabaseAndState(database_operations=[migrations.RemoveField('order', 'a')], state_operations=[])",
            &["drop_column! orders_order.a (structure)"],
        ),
        ("migrations.RunPython(imported, migrations.RunPython.noop)", &["data_backfill  (none)"]),
    ];
    for (operations, expected) in cases {
        assert_eq!(&django(operations), expected, "{operations}");
    }
}

#[test]
fn what_is_no_change_is_quiet() {
    for operations in [
        "migrations.AlterModelOptions('order', {'ordering': ['a']})",
        "migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField('order', 'a')])",
        "migrations.CreateModel('Proxy', fields=[], options={'proxy': True})",
        "migrations.RunPython(migrations.RunPython.noop, migrations.RunPython.noop)",
        "migrations.RunSQL(migrations.RunSQL.noop)",
        "",
    ] {
        assert!(django(operations).is_empty(), "{operations}");
    }
}

#[test]
fn altered_fields_are_compared_with_what_they_were() {
    let before = migration(
        "migrations.CreateModel('Old', fields=[('a', models.CharField(max_length=20, choices=[(1, 2)])), ('n', models.IntegerField(default=0))]), migrations.RenameModel('Old', 'Order'), migrations.RenameField('order', 'a', 'b')",
    );
    let tree = tree(&[("shop/orders/migrations/0001_a.py", &before)]);
    let cases: &[(&str, &[&str])] = &[
        ("'b', models.CharField(max_length=20, help_text='x', blank=True)", &[]),
        ("'b', models.URLField(max_length=20)", &[]),
        ("'b', models.CharField(max_length=40)", &["change_type orders_order.b (restores)"]),
        (
            "'b', models.CharField(max_length=20, null=True)",
            &["change_nullability orders_order.b (restores)"],
        ),
        ("'b', models.CharField(max_length=20, unique=True)", &["add_constraint orders_order.b (restores)"]),
        ("'n', models.IntegerField(default=1)", &["change_default orders_order.n (restores)"]),
        ("'n', models.IntegerField(default=0.0)", &[]),
    ];
    for (field, expected) in cases {
        let text = migration(&format!("migrations.AlterField('order', {field})"));
        assert_eq!(&said_in(&tree, "django", PATH, &text), expected, "{field}");
    }
}

#[test]
fn rows_are_told_by_their_models() {
    let cases: &[(&str, &[&str])] = &[
        (
            "Order = apps.get_model('orders', 'Order')\n    Order.objects.filter(a=1).update(a=2)",
            &["data_backfill orders_order rewritten (none)"],
        ),
        (
            "Order = apps.get_model('orders.Order')\n    for order in Order.objects.all():\n        order.save()",
            &["data_backfill orders_order rewritten (none)"],
        ),
        ("apps.get_model('a', 'B').objects.all().delete()", &["data_backfill! a_b deleted (none)"]),
        (
            "seen = set()\n    seen.add(1)\n    schema_editor.execute('DELETE FROM x WHERE y = 1')",
            &["data_backfill! x deleted (none)"],
        ),
        ("helper(apps)", &["data_backfill a_b rewritten (none)"]),
        ("unknown(apps)", &["data_backfill  (none)"]),
    ];
    for (body, expected) in cases {
        let text = format!(
            "def helper(apps):\n    B = apps.get_model('a', 'B')\n    B.objects.update(c=1)\n\ndef forwards(apps, schema_editor):\n    {body}\n\n{}",
            migration("migrations.RunPython(forwards)")
        );
        assert_eq!(&said("django", PATH, &text), expected, "{body}");
    }
}

#[test]
fn an_app_may_have_another_label() {
    let tree = tree(&[("shop/orders/apps.py", "class C(AppConfig):\n    label = 'shop_orders'\n")]);
    let said = said_in(&tree, "django", PATH, &migration("migrations.DeleteModel('Order')"));
    assert_eq!(said, ["drop_table! shop_orders_order (structure)"]);
}
