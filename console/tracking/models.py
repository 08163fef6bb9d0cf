"""SMTP sessions as the viewer shows them. The forwarder fills these tables from the protocol log files."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from transport.trace.sessions import Direction


def short_name(connector: str) -> str:
    """The connector's name without the node that the log writes before it (`NODE\\Default Frontend NODE`)."""
    return connector.rpartition("\\")[2]


class Session(models.Model):
    """One session of the protocol log.

    `direction`: who began it (`transport.trace.sessions.Direction`). Of one that we have begun, `connector` is a Send
    connector, the remote side a next hop, and `helo` its name; `accepted` are messages that it took, and `search` holds
    what we said and what it refused.

    `events` is a list of [time (ISO 8601 UTC, ms), event (`+ - > < *`), data, context]. `accepted` counts messages,
    `refused` counts commands answered 4xx or 5xx. `search` holds, in lower case and with spaces between them, session
    id, remote address, HELO, sender, recipients, and the replies that refused with their context: filters rely on it.
    """

    session_id = models.TextField(primary_key=True)
    transport = models.TextField()
    direction = models.TextField(db_default="receive")
    connector = models.TextField()
    local_endpoint = models.TextField()
    remote_address = models.TextField()
    remote_port = models.IntegerField()
    helo = models.TextField(db_default="")
    sender = models.TextField(db_default="")
    recipients = ArrayField(models.TextField(), db_default=[])
    accepted = models.IntegerField(db_default=0)
    refused = models.IntegerField(db_default=0)
    tls = models.BooleanField(db_default=False)
    revision = models.IntegerField(null=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    events = models.JSONField(db_default=[])
    search = models.TextField(db_default="")

    class Meta:
        indexes = [
            models.Index(fields=["-started_at", "-session_id"], name="tracking_session_newest"),
            models.Index(fields=["connector", "-started_at"], name="tracking_session_connector"),
            models.Index(fields=["remote_address"], name="tracking_session_remote", opclasses=["text_pattern_ops"]),
            models.Index(fields=["-started_at"], name="tracking_session_refused", condition=Q(refused__gt=0)),
            models.Index(fields=["-started_at"], name="tracking_session_sent", condition=Q(direction="send")),
        ]

    def __str__(self) -> str:
        return self.session_id

    @property
    def sends(self) -> bool:
        """Whether we have begun it, to hand mail on."""
        return self.direction == Direction.SEND.value

    @property
    def connector_name(self) -> str:
        return short_name(self.connector)


class Position(models.Model):
    """How many bytes of a protocol log file are loaded."""

    pk = models.CompositePrimaryKey("transport", "file")
    transport = models.TextField()
    file = models.TextField()
    offset = models.BigIntegerField()
