from django.db import migrations, models


class Migration(migrations.Migration):
    """One index for all that waits, suspended or not, in place of that for what does not."""

    dependencies = [("queues", "0011_lease")]

    operations = [
        migrations.RemoveIndex("queuedrecipient", "queues_recipient_notice"),
        migrations.AddIndex(
            "queuedrecipient",
            models.Index(
                fields=["notice_at"],
                name="queues_recipient_waiting",
                condition=models.Q(("status__in", ["ready", "suspended"])),
            ),
        ),
    ]
