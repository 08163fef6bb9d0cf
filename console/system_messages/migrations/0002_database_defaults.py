from django.db import migrations

from console.publishing.operations import DatabaseDefaults


class Migration(migrations.Migration):

    dependencies = [
        ('system_messages', '0001_initial'),
    ]

    operations = [
        DatabaseDefaults('SystemMessage'),
    ]
