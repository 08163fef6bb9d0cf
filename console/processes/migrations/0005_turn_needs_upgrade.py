from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('processes', '0004_schema'),
    ]

    operations = [
        migrations.AddField(
            model_name='turn',
            name='needs_upgrade',
            field=models.BooleanField(db_default=False),
        ),
    ]
