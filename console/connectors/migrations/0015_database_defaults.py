from django.db import migrations

from console.publishing.operations import DatabaseDefaults


class Migration(migrations.Migration):

    dependencies = [
        ('connectors', '0014_receiveconnector_xclient_from'),
    ]

    operations = [
        DatabaseDefaults('ReceiveConnector'),
        DatabaseDefaults('SendConnector'),
    ]
