from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('transport_settings', '0005_send_tls_reports'),
    ]

    operations = [
        migrations.AddField(
            model_name='transportconfig',
            name='tls_report_recipient',
            field=models.TextField(blank=True, default=''),
        ),
    ]
