from django.db import migrations

from console.publishing.operations import DatabaseDefaults


class Migration(migrations.Migration):

    dependencies = [
        ('protection', '0003_connection_filter'),
    ]

    operations = [
        DatabaseDefaults('RecipientFilter'),
        DatabaseDefaults('SenderFilter'),
        DatabaseDefaults('ConnectionFilter'),
        DatabaseDefaults('IPListEntry'),
        DatabaseDefaults('IPListProvider'),
    ]
