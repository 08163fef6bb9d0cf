"""The mail queue in PostgreSQL. The forwarder fills it with COPY, delivery empties it, both with SQL of their own.

The tables carry no foreign key constraints: a check per row would cost more than COPY itself, and every writer inserts
or deletes a message with all that belongs to it in one transaction.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_noop

from console.mailboxes import header


class Message(models.Model):
    """One accepted message. `sender` is empty for the null reverse-path (RFC 5321 §4.5.5); `size` counts bytes.

    `ret` and `envid` are what the client wants of reports: RFC 3461 §4.3 and §4.4, as it wrote them. `about`: the
    message that a report is about.
    """

    id = models.UUIDField(primary_key=True)
    accepted_at = models.DateTimeField(db_index=True)
    transport = models.TextField()
    connector = models.TextField()
    revision = models.IntegerField()
    session_id = models.TextField()
    client_address = models.TextField()
    helo = models.TextField()
    tls = models.BooleanField()
    principal = models.TextField()
    authenticated = models.BooleanField()
    sender = models.TextField()
    subject = models.TextField()
    message_id = models.TextField()
    size = models.BigIntegerField()
    body_type = models.TextField()
    smtp_utf8 = models.BooleanField(db_default=False)
    ret = models.TextField(db_default="")
    envid = models.TextField(db_default="")
    vouched = models.TextField(db_default="")
    require_tls = models.BooleanField(db_default=False)
    origin = models.TextField(db_default="received")
    recipient_count = models.IntegerField()
    expires_at = models.DateTimeField()
    about = models.UUIDField(null=True)

    class Meta:
        indexes = [models.Index(fields=["about"], name="queues_message_about", condition=Q(about__isnull=False))]

    @property
    def shown_subject(self) -> str:
        """The subject as its reader sees it: `subject` has encoded words (RFC 2047) as they came."""
        return header.text(self.subject.encode())


class Content(models.Model):
    """A piece, of at most 1 MiB, of a message as it is delivered: trace headers first. Gone when nobody waits.

    `held`: the file that holds the octets in its place (`transport.held_body`).
    """

    pk = models.CompositePrimaryKey("message_id", "number")
    message_id = models.UUIDField()
    number = models.IntegerField()
    chunk = models.BinaryField()
    held = models.TextField(null=True)

    class Meta:
        indexes = [models.Index(fields=["held"], name="queues_content_held", condition=Q(held__isnull=False))]


class Status(models.TextChoices):
    """Where a recipient stands. `ready` holds what waits, is being delivered now, or waits for its next attempt."""

    READY = "ready"
    SUSPENDED = "suspended"
    DELIVERED = "delivered"
    FAILED = "failed"
    REMOVED = "removed"


RESTORED = gettext_noop("accepted before the backup, state unknown")
"""Why mail that came out of a backup is suspended: it may have been delivered since. It stands in `held_for`."""


class QueuedRecipient(models.Model):
    """A message for one address.

    `claimed_by` is the worker (`transport.deliver.worker`) that delivers it now; `notice_at` is when the sender is next
    told something: that it is delayed, then that it expired. `protection`: how the connection to `remote_host` was
    protected, or why it was not. `notify` and `orcpt`: RFC 3461 §4.1 and §4.2, as the client wrote them.

    `cut_short`: so many attempts in a row ended without a verdict, because a worker died or something went wrong that
    nobody foresaw. `pinned`: an administrator chose the next hop, which stays. `held_for` and `held_until`: why it is
    suspended, and when that ends by itself.
    """

    message = models.ForeignKey(Message, models.DO_NOTHING, db_constraint=False, related_name="recipients")
    address = models.TextField()
    next_hop = models.TextField()
    status = models.TextField(choices=Status.choices, db_default=Status.READY)
    attempts = models.IntegerField(db_default=0)
    due_at = models.DateTimeField(db_default=models.functions.Now())
    notice_at = models.DateTimeField()
    claimed_by = models.IntegerField(null=True)
    last_error = models.TextField(db_default="")
    remote_host = models.TextField(db_default="")
    protection = models.TextField(db_default="")
    finished_at = models.DateTimeField(null=True)
    notify = models.TextField(db_default="")
    orcpt = models.TextField(db_default="")
    cut_short = models.SmallIntegerField(db_default=0)
    pinned = models.BooleanField(db_default=False)
    held_for = models.TextField(db_default="")
    held_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "queues_recipient"
        indexes = [
            models.Index(fields=["next_hop", "due_at"], name="queues_recipient_due", condition=Q(status="ready")),
            models.Index(
                fields=["notice_at"], name="queues_recipient_waiting", condition=Q(status__in=["ready", "suspended"])
            ),
            models.Index(fields=["next_hop"], name="queues_recipient_suspended", condition=Q(status="suspended")),
            models.Index(fields=["next_hop"], name="queues_recipient_pinned", condition=Q(pinned=True)),
            models.Index(
                fields=["next_hop"], name="queues_recipient_cut_short", condition=Q(status="ready", cut_short__gt=0)
            ),
        ]


class NextHop(models.Model):
    """A delivery queue. `retry_at` is set while the next hop cannot be reached, since `failing_since`: nothing is tried
    before. `suspended_for` and `suspended_until`: why it is suspended, and when that ends by itself. `kept`: nothing is
    tried until somebody asks for it, or triggers it. `expires_after`: seconds after which its mail comes back,
    `delayed_after`: after which its sender hears of the delay; null as for the organization.
    """

    key = models.TextField(primary_key=True)
    delivery_type = models.TextField()
    domain = models.TextField()
    connector = models.TextField()
    suspended = models.BooleanField(db_default=False)
    last_error = models.TextField(db_default="")
    retry_count = models.IntegerField(db_default=0)
    retry_at = models.DateTimeField(null=True)
    last_retry_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    suspended_for = models.TextField(db_default="")
    suspended_until = models.DateTimeField(null=True)
    kept = models.BooleanField(db_default=False)
    expires_after = models.IntegerField(null=True)
    delayed_after = models.IntegerField(null=True)


class Flow(models.Model):
    """Recipients that came for a next hop, and that left it, in the few seconds before `at`. Only ever added to, for
    many count at once; old rows are deleted, and nothing is lost with the table.
    """

    next_hop = models.TextField()
    at = models.DateTimeField(db_default=models.functions.Now(), db_index=True)
    came = models.IntegerField(db_default=0)
    went = models.IntegerField(db_default=0)


class Hold(models.Model):
    """Why a Send connector sends nothing now, or nothing with one of its accounts (`account` is empty for the whole
    connector). `until` is null where it ends when the connector is saved, or an administrator lifts it; `is_fault`:
    somebody has to mend something. `made_for` marks the connector as it was then.
    """

    pk = models.CompositePrimaryKey("connector", "account")
    connector = models.TextField()
    account = models.TextField()
    words = models.TextField()
    is_fault = models.BooleanField()
    since = models.DateTimeField(db_default=models.functions.Now())
    until = models.DateTimeField(null=True)
    made_for = models.TextField()


class Position(models.Model):
    """How far a journal segment is loaded. The segment `''` sums up those that are loaded whole and gone."""

    pk = models.CompositePrimaryKey("transport", "segment")
    transport = models.TextField()
    segment = models.TextField()
    offset = models.BigIntegerField()
    messages = models.BigIntegerField()
    recipients = models.BigIntegerField()


class PendingReport(models.Model):
    """A recipient that failed, of whom the sender hears together with the others of the message: once all were tried,
    or at `due_at` at the latest.
    """

    message_id = models.UUIDField(db_index=True)
    address = models.TextField()
    status = models.TextField()
    error = models.TextField()
    remote_host = models.TextField()
    notify = models.TextField()
    orcpt = models.TextField()
    due_at = models.DateTimeField()


class Retired(models.Model):
    """Recipients, by outcome, that retention has deleted: they keep the ledger whole."""

    outcome = models.TextField(primary_key=True)
    recipients = models.BigIntegerField()


class Lease(models.Model):
    """A connection that a worker may have open; free where `hop` is empty. `is_strangers`: its next hop has taken no
    mail yet. `account`: what it signs in with.
    """

    pk = models.CompositePrimaryKey("worker", "number")
    worker = models.IntegerField()
    number = models.IntegerField()
    hop = models.TextField()
    connector = models.TextField()
    is_strangers = models.BooleanField()
    account = models.TextField(db_default="")


class Grant(models.Model):
    """What was sent with an account, or may be just now: `ended_at` is null while it is."""

    account = models.TextField()
    worker = models.IntegerField()
    messages = models.IntegerField()
    recipients = models.IntegerField()
    granted_at = models.DateTimeField(db_default=models.functions.Now())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["account", "ended_at"], name="queues_grant_account")]


class Worker(models.Model):
    """A process that delivers. It holds an advisory lock while it lives; what a dead one had claimed is released.
    `home` marks the data directory that it reads.
    """

    number = models.IntegerField(primary_key=True)
    name = models.TextField()
    started_at = models.DateTimeField(db_default=models.functions.Now())
    home = models.TextField(db_default="")


class Link(models.Model):
    """What is known of a link that is not always up (`transport/send/link.py`), by its name in `links.toml`."""

    name = models.TextField(primary_key=True)
    state = models.TextField()
    since = models.DateTimeField()
    used_at = models.DateTimeField()
    failures = models.IntegerField()
    words = models.TextField()
