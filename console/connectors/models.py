"""Receive and Send connectors: one column for each setting of `transport.config`, whose tables say what each means."""

from django.db import models
from django.db.models.functions import Lower, Now


class Connector(models.Model):
    """What both kinds have. `version` counts the writes: an editor who saw an older one is told."""

    name = models.TextField()
    enabled = models.BooleanField(default=True)
    comment = models.TextField(default="", blank=True)
    fqdn = models.TextField(default="", blank=True)
    version = models.IntegerField(default=0)
    changed_at = models.DateTimeField(auto_now=True, db_default=Now())

    class Meta:
        abstract = True
        ordering = [Lower("name")]
        constraints = [models.UniqueConstraint(Lower("name"), name="%(class)s_name")]

    def __str__(self) -> str:
        return self.name


def tls() -> list[str]:
    """What a new connector offers."""
    return ["Tls"]


class ReceiveConnector(Connector):
    """A row of `transport.config.receive_connector.ReceiveConnector`. Sizes in bytes, times in seconds."""

    usage = models.TextField(default="Custom")
    transport_role = models.TextField(default="FrontendTransport")
    protocol_logging_level = models.TextField(default="None")
    max_message_size = models.BigIntegerField(default=10 * 1024 * 1024)
    max_hop_count = models.IntegerField(default=30)
    max_recipients_per_message = models.IntegerField(default=200)
    max_protocol_errors = models.IntegerField(null=True, default=5)
    connection_timeout = models.IntegerField(default=600)
    connection_inactivity_timeout = models.IntegerField(default=300)
    auth_mechanism = models.JSONField(default=tls)
    permission_groups = models.JSONField(default=list)
    grants = models.JSONField(default=list)
    remote_ip_ranges = models.JSONField(default=list)
    bindings = models.JSONField(default=list)
    banner = models.TextField(default="", blank=True)


class SendConnector(Connector):
    """A row of `transport.config.send_connector.SendConnector`."""

    address_spaces = models.JSONField(default=list)
    dns_routing_enabled = models.BooleanField(default=True)
    smart_hosts = models.JSONField(default=list)
    port = models.IntegerField(default=25)
    max_messages_per_connection = models.IntegerField(default=20)
