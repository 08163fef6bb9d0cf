"""Mail is due by the clock of PostgreSQL, whatever that of its node says."""

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('queues', '0019_held_content'),
    ]

    operations = [
        migrations.AlterField(
            model_name='queuedrecipient',
            name='due_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
    ]
