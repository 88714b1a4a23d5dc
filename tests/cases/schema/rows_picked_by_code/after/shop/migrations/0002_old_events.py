from django.db import migrations


def drop_old_events(apps, schema_editor):
    Event = apps.get_model("shop", "Event")
    Event.objects.filter(kind__in=["export", "import"]).delete()


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]

    operations = [migrations.RunPython(drop_old_events, migrations.RunPython.noop)]
