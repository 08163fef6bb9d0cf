"""Get-MessageTrackingLog: what became of messages, by the queue's own books (Exchange reference, section 7.2)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from django.conf import settings
from django.db.models import Q, QuerySet

from console.management_shell.cmdlets.guard import guarded
from console.management_shell.cmdlets.results import END, RESULT_SIZE, START, limited
from console.management_shell.cmdlets.servers import check_server, server
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.values import Record, entries, read_text, read_texts
from console.queues.models import Message, QueuedRecipient, Status
from transport.send.route import MAILBOX

COLUMNS = ("Timestamp", "EventId", "Source", "Sender", "Recipients", "MessageSubject")
EVENTS = ("RECEIVE", "SEND", "DELIVER", "FAIL", "DEFER", "DSN")


def events(message: Message, recipients: list[QueuedRecipient]) -> Iterator[Record]:
    """A message's events, oldest first: that it came, then what became of each recipient."""
    came = ("DSN", "DSN") if message.origin == "generated" else ("RECEIVE", "SMTP")
    addresses = [each.address for each in recipients]
    yield _record(message, message.accepted_at, *came, addresses, [])
    for each in sorted(recipients, key=lambda one: one.finished_at or one.due_at):
        if happened := _event(each):
            when = each.finished_at or message.accepted_at
            yield _record(message, when, *happened, [each.address], [each.last_error], each)


def _event(recipient: QueuedRecipient) -> tuple[str, str] | None:
    """(event, source); None for one that nothing has happened to."""
    if recipient.status == Status.DELIVERED:
        return ("DELIVER", "STOREDRIVER") if recipient.next_hop == MAILBOX.key else ("SEND", "SMTP")
    if recipient.status in (Status.FAILED, Status.REMOVED):
        return "FAIL", "ADMIN" if recipient.status == Status.REMOVED else "SMTP"
    return ("DEFER", "SMTP") if recipient.attempts and recipient.last_error else None


def _record(
    message: Message,
    when: object,
    event: str,
    source: str,
    recipients: list[str],
    statuses: list[str],
    recipient: QueuedRecipient | None = None,
) -> Record:
    here, received = settings.GATEPOST_NODE, event == "RECEIVE"
    found = {
        "Timestamp": when,
        "ClientIp": message.client_address if received else "",
        "ClientHostname": message.helo if received else here,
        "ServerIp": "",
        "ServerHostname": here if received or recipient is None else recipient.remote_host,
        "ConnectorId": rf"{here}\{message.connector}" if received else "",
        "SourceContext": recipient.protection if recipient else "",
        "Source": source,
        "EventId": event,
        "InternalMessageId": str(message.pk),
        "MessageId": message.message_id,
        "Recipients": recipients,
        "RecipientStatus": [each for each in statuses if each],
        "TotalBytes": message.size,
        "RecipientCount": len(recipients),
        "MessageSubject": message.shown_subject,
        "Sender": message.sender or "<>",
        "OriginalClientIp": message.client_address,
    }
    return Record("MessageTrackingEvent", found, COLUMNS, message, message.message_id)


def _messages(call: Call) -> QuerySet[Message]:
    found = Message.objects.order_by("accepted_at", "id")
    if "Start" in call.arguments:
        found = found.filter(accepted_at__gte=call.arguments["Start"])
    if "End" in call.arguments:
        found = found.filter(accepted_at__lt=call.arguments["End"])
    if "Sender" in call.arguments:
        found = found.filter(sender__iexact=call.arguments["Sender"].removeprefix("<").removesuffix(">"))
    if "MessageId" in call.arguments:
        bare = call.arguments["MessageId"].strip("<>")
        found = found.filter(message_id__in=[bare, f"<{bare}>"])
    if "MessageSubject" in call.arguments:
        found = found.filter(subject__icontains=call.arguments["MessageSubject"])
    for address in call.get("Recipients", ()):
        found = found.filter(Q(recipients__address__iexact=address))
    return found.distinct() if "Recipients" in call.arguments else found


def _get(call: Call) -> Iterator[Record]:
    check_server(call)
    return limited(call, _found(call))


def _found(call: Call) -> Iterator[Record]:
    wanted = {each.lower() for each in call.get("Recipients", ())}
    kinds = {each.upper() for each in call.get("EventId", ())}
    messages = _messages(call).prefetch_related("recipients").iterator(chunk_size=200)
    for record in chain.from_iterable(_of(message) for message in messages):
        named = {str(each).lower() for each in entries(record.properties["Recipients"])}
        if (not kinds or record.get("EventId") in kinds) and (not wanted or wanted & named):
            yield record


def _of(message: Message) -> Iterator[Record]:
    return events(message, sorted(message.recipients.all(), key=lambda recipient: recipient.pk))


CMDLET = Cmdlet(
    "Get-MessageTrackingLog",
    _get,
    (
        START,
        END,
        Parameter("EventId", read_texts, help="Only these events.", choices=EVENTS),
        Parameter("Sender", read_text, help="Of this sender; <> for reports."),
        Parameter("Recipients", read_texts, help="For one of these recipients."),
        Parameter("MessageId", read_text, from_property="MessageId", help="The message's own Message-ID."),
        Parameter("MessageSubject", read_text, help="What stands somewhere in the subject."),
        server("Not needed: the log is that of every server."),
        RESULT_SIZE,
    ),
    "Shows what became of messages, as long as the queue remembers them: that each came, and how it ended for each "
    "recipient. -Start and -End look at the time at which the message came.",
    {
        "Get-MessageTrackingLog -ResultSize 50": "The oldest events that are remembered.",
        "Get-MessageTrackingLog -EventId FAIL | fl Timestamp,Sender,Recipients,RecipientStatus": (
            "What failed, and why."
        ),
        "Get-MessageTrackingLog -Sender anna@contoso.com -Start 2026-01-01": "One sender's mail.",
    },
)
TABLE = {CMDLET.name: guarded(CMDLET)}
