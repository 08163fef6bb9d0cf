from django.db import migrations


class Migration(migrations.Migration):
    """Another name in Python; the table keeps its own."""

    dependencies = [("queues", "0005_protection")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterModelTable(name="recipient", table="queues_recipient"),
                migrations.RenameModel("Recipient", "QueuedRecipient"),
            ]
        ),
    ]
