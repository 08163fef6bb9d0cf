from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tls', '0004_sent_reports'),
    ]

    operations = [
        migrations.AddField(
            model_name='receivedreport',
            name='came_by_mail',
            field=models.BooleanField(db_default=False),
        ),
    ]
