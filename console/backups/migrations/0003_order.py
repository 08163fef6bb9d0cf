from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("backups", "0002_schedule")]

    operations = [migrations.AlterModelOptions(name="run", options={"ordering": ["-pk"]})]
