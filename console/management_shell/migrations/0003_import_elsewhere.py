from django.db import migrations


class Migration(migrations.Migration):
    """The draft of an import belongs to the app moving_in; its table stays."""

    dependencies = [("management_shell", "0002_history")]

    operations = [migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel(name="ImportDraft")])]
