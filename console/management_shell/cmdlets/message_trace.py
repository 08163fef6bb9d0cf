"""Get-MessageTrace: where is somebody's mail? As in Exchange Online: the newest first, a line for each recipient."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import QuerySet

from console.management_shell.cmdlets.guard import guarded
from console.management_shell.cmdlets.results import RESULT_SIZE, limited, read_time
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.patterns import like
from console.management_shell.language.values import Record, one_of, read_text
from console.queues import queries as queues
from console.queues.models import Message
from console.tracking import queries
from console.tracking.models import Event
from transport.trace.events import FIRST

COLUMNS = ("Received", "SenderAddress", "RecipientAddress", "Subject", "Status")
PENDING = "Pending"
ENDED = {"Complete": "Delivered", "Failed": "Failed", "Removed": "Removed"}
"""How the queue calls what has ended → how this cmdlet does."""


def records(message: Message) -> Iterator[Record]:
    """A line for each recipient of whom the queue still knows."""
    found = queues.message(message.pk)
    for each in found.recipients if found else ():
        address = each.recipient.address
        facts: dict[str, object] = {
            "Received": message.accepted_at,
            "SenderAddress": message.sender or "<>",
            "RecipientAddress": address,
            "Subject": message.shown_subject,
            "Status": ENDED.get(each.status, PENDING),
            "Detail": each.error,
            "FromIP": message.client_address,
            "ToIP": each.recipient.remote_host,
            "Size": message.size,
            "MessageId": message.message_id,
            "MessageTraceId": str(message.pk),
            "NetworkMessageId": str(message.pk),
        }
        yield Record("MessageTrace", facts, COLUMNS, message, f"{message.pk} {address}")


def _get(call: Call) -> Iterator[Record]:
    yield from limited(call, _traced(call))


def _traced(call: Call) -> Iterator[Record]:
    for event in _events(call).iterator(chunk_size=200):
        for each in records(event.message):
            if all(_fits(each, name, call.get(name, "")) for name in ("SenderAddress", "RecipientAddress", "Status")):
                yield each
        call.host.tick()


def _events(call: Call) -> QuerySet[Event]:
    end = call.get("EndDate")
    asked = {"message_id": call.get("MessageId", ""), "network_id": call.get("MessageTraceId", "")}
    asked |= {"client": call.get("FromIP", "")}
    found = queries.tracked(queries.newest_events().filter(event__in=FIRST), asked, end)
    for text in (call.get("SenderAddress", ""), call.get("RecipientAddress", "")):
        found = queries.about(found, text.replace("*", " "), until=end)
    if "StartDate" in call.arguments:
        found = found.filter(time__gte=call.arguments["StartDate"])
    return found.filter(time__lt=end) if end else found


def _fits(record: Record, name: str, pattern: str) -> bool:
    return not pattern or like(str(record.get(name)), pattern)


START = Parameter("StartDate", read_time, help="From this time on, in UTC.", also={"Start": ""})
END = Parameter("EndDate", read_time, help="Before this time, in UTC.", also={"End": ""})
CMDLET = Cmdlet(
    "Get-MessageTrace",
    _get,
    (
        Parameter("SenderAddress", read_text, help="Of this sender; * stands for anything.", also={"Sender": ""}),
        Parameter("RecipientAddress", read_text, help="For this recipient.", also={"Recipient": "", "Recipients": ""}),
        START,
        END,
        Parameter(
            "Status", one_of(*ENDED.values(), PENDING), choices=(*ENDED.values(), PENDING), help="What became of it."
        ),
        Parameter("MessageId", read_text, help="The message's own Message-ID."),
        Parameter("MessageTraceId", read_text, from_property="MessageTraceId", help="The queue's name for it."),
        Parameter("FromIP", read_text, help="From a client: an address, a range, a network or a beginning."),
        RESULT_SIZE,
    ),
    "Shows what became of messages, the newest first, a line for each recipient; Get-MessageTrackingLog has each step.",
    {
        "Get-MessageTrace -SenderAddress anna@contoso.com": "Where is Anna's mail?",
        "Get-MessageTrace -Status Failed | fl RecipientAddress,Detail": "What came back, and why.",
    },
)
TABLE = {CMDLET.name: guarded(CMDLET)}
