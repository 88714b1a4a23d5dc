from django.db import migrations, models


class Migration(migrations.Migration):
    operations = [
        migrations.CreateModel(
            name="Event",
            fields=[("id", models.BigAutoField(primary_key=True)), ("kind", models.CharField(max_length=20))],
        ),
    ]
