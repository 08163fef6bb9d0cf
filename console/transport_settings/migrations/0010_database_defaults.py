from django.db import migrations

from console.publishing.operations import DatabaseDefaults


class Migration(migrations.Migration):

    dependencies = [
        ('transport_settings', '0009_refusal_references'),
    ]

    operations = [
        DatabaseDefaults('TransportLimits'),
        DatabaseDefaults('TransportConfig'),
    ]
