import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    """The table stays where it is, under the name that it has."""

    initial = True

    dependencies = [("management_shell", "0003_import_elsewhere")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="ImportDraft",
                    fields=[
                        ("author", models.TextField(primary_key=True, serialize=False)),
                        ("sources", models.JSONField(default=list)),
                        ("contents", models.JSONField(default=list)),
                        ("others", models.IntegerField(default=0)),
                        ("choices", models.JSONField(default=dict)),
                        ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    ],
                    options={"db_table": "management_shell_importdraft"},
                ),
            ]
        ),
    ]
