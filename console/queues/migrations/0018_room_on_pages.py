from django.db import migrations

# A claim then stays on the page of its row (a HOT update), and no index hears of it.
FORWARD = "ALTER TABLE queues_recipient SET (fillfactor = 50)"
BACKWARD = "ALTER TABLE queues_recipient RESET (fillfactor)"


class Migration(migrations.Migration):
    dependencies = [("queues", "0017_link")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
