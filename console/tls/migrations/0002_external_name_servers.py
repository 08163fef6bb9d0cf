from typing import Any

from django.db import migrations


def use_them(apps: Any, schema_editor: object) -> None:
    """Until now the name servers that were set were asked for every Send connector."""
    filters = apps.get_model("protection", "ConnectionFilter").objects.exclude(dns_servers=[])
    if filters.exists():
        apps.get_model("connectors", "SendConnector").objects.update(use_external_dns_servers_enabled=True)


class Migration(migrations.Migration):

    dependencies = [
        ("tls", "0001_initial"),
        ("connectors", "0007_sendconnector_accept_messages_from_and_more"),
        ("protection", "0003_connection_filter"),
    ]

    operations = [migrations.RunPython(use_them, migrations.RunPython.noop)]
