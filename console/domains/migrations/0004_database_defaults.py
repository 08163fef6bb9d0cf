from django.db import migrations

from console.publishing.operations import DatabaseDefaults


class Migration(migrations.Migration):

    dependencies = [
        ('domains', '0003_accepteddomain_pick_up_expiration_timeout_and_more'),
    ]

    operations = [
        DatabaseDefaults('AcceptedDomain'),
    ]
