"""SMTP sessions as the viewer shows them. The forwarder fills these tables from the protocol log files."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.db.models.expressions import RawSQL

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


class Look(models.Model):
    """Somebody looks at the open sessions: of a connector, of clients whose address begins so, or of all (empty). The
    transports tell of them as long as `asked_at` is not long ago.
    """

    connector = models.TextField()
    client = models.TextField()
    asked_at = models.DateTimeField(db_default=models.functions.Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connector", "client"], name="tracking_look_one")]

    def __str__(self) -> str:
        return f"{self.connector} {self.client}"


class Looked(models.Model):
    """What one transport told of a look: `matching` sessions, of which `sessions` are the longest open ones, each a
    `transport.trace.open_session.OpenSession`.
    """

    pk = models.CompositePrimaryKey("look_id", "transport")
    look = models.ForeignKey(Look, models.CASCADE, db_constraint=False, db_index=False)
    transport = models.TextField()
    told_at = models.DateTimeField()
    matching = models.IntegerField()
    sessions = models.JSONField()

    def __str__(self) -> str:
        return f"{self.transport} {self.look_id}"


class Ending(models.Model):
    """A session that is to end; the transport that has it deletes the row when it has ended it."""

    session_id = models.TextField(primary_key=True)
    asked_at = models.DateTimeField(db_default=models.functions.Now())

    def __str__(self) -> str:
        return self.session_id


class Event(models.Model):
    """Something that happened to a message: an event of Exchange's message tracking (Exchange reference, section 7.2).

    What a message is (sender, subject, …) stands in the queue's row, which lives as long as its events. `statuses` are
    what was said of each of `recipients`, in their order, or none. `host`, `protection` and `session_id` tell with whom
    and how it was spoken; `session_id` of a message that came in is that of the client's session. `reference` is the
    Message-ID of a report, or of what it is about, and `context` then the name under which the queue has that.
    `transaction` orders what is written elsewhere: numbers
    of rows may become visible late, and in another order.
    """

    transaction = models.BigIntegerField(db_default=RawSQL("pg_current_xact_id()::text::bigint", []))
    time = models.DateTimeField(db_default=models.functions.Now())
    event = models.TextField()
    source = models.TextField()
    message = models.ForeignKey("queues.Message", models.DO_NOTHING, db_constraint=False, db_index=False)
    connector = models.TextField(db_default="")
    recipients = ArrayField(models.TextField(), db_default=[])
    statuses = ArrayField(models.TextField(), db_default=[])
    host = models.TextField(db_default="")
    protection = models.TextField(db_default="")
    session_id = models.TextField(db_default="")
    context = models.TextField(db_default="")
    reference = models.TextField(db_default="")

    class Meta:
        indexes = [
            models.Index(fields=["-time", "-id"], name="tracking_event_newest"),
            models.Index(fields=["event", "-time", "-id"], name="tracking_event_kind"),
            models.Index(fields=["message", "id"], name="tracking_event_message"),
            models.Index(fields=["transaction", "id"], name="tracking_event_written"),
            models.Index(fields=["session_id"], name="tracking_event_session", condition=~Q(session_id="")),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.message_id}"


class Searched(models.Model):
    """The words by which a message is found (sender, recipients, subject, Message-ID, client) and the address of its
    client; a message made here has none. The forwarder writes them when it has nothing better to do.
    """

    message = models.OneToOneField("queues.Message", models.DO_NOTHING, primary_key=True, db_constraint=False)
    time = models.DateTimeField()
    words = SearchVectorField()
    client = models.GenericIPAddressField(null=True)

    class Meta:
        db_table = "tracking_search"
        indexes = [
            GinIndex(fields=["words"], name="tracking_search_found"),
            models.Index(fields=["client"], name="tracking_search_client"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Reader(models.Model):
    """Up to which event one has read who goes through all of them: `search`, `counts`, and for each node `files NODE`,
    which has written `size` octets of `file`.
    """

    name = models.TextField(primary_key=True)
    transaction = models.BigIntegerField(db_default=0)
    event = models.BigIntegerField(db_default=0)
    file = models.TextField(db_default="")
    size = models.BigIntegerField(db_default=0)

    def __str__(self) -> str:
        return self.name


class Position(models.Model):
    """How many bytes of a protocol log file are loaded."""

    pk = models.CompositePrimaryKey("transport", "file")
    transport = models.TextField()
    file = models.TextField()
    offset = models.BigIntegerField()
