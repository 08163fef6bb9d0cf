"""Get-MessageTrackingLog: what happened to messages (Exchange reference, section 7.2)."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import QuerySet

from console.management_shell.cmdlets.guard import guarded
from console.management_shell.cmdlets.results import END, RESULT_SIZE, START, limited
from console.management_shell.cmdlets.servers import check_server, server
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.values import Record, read_text, read_texts
from console.tracking import queries
from console.tracking.models import Event
from console.tracking.tracked import tracked
from transport.trace.events import Event as Kind
from transport.trace.events import Source

COLUMNS = ("Timestamp", "EventId", "Source", "Sender", "Recipients", "MessageSubject")


def record(event: Event) -> Record:
    """An event by the names of Exchange's properties, in their order."""
    line = tracked(event)
    found = {
        "Timestamp": event.time,
        "ClientIp": line.client_ip,
        "ClientHostname": line.client_hostname,
        "ServerIp": line.server_ip,
        "ServerHostname": line.server_hostname,
        "SourceContext": line.source_context,
        "ConnectorId": line.connector_id,
        "Source": line.source,
        "EventId": line.event_id,
        "InternalMessageId": line.internal_message_id,
        "MessageId": line.message_id,
        "NetworkMessageId": str(event.message_id),
        "Recipients": list(event.recipients),
        "RecipientStatus": [each for each in event.statuses if each],
        "TotalBytes": event.message.size,
        "RecipientCount": len(event.recipients),
        "RelatedRecipientAddress": line.related_recipient_address,
        "Reference": [line.reference] if line.reference else [],
        "MessageSubject": line.message_subject,
        "Sender": line.sender_address,
        "ReturnPath": line.return_path,
        "Directionality": line.directionality,
        "OriginalClientIp": line.original_client_ip,
        "MessageInfo": line.message_info,
        "TransportTrafficType": line.transport_traffic_type,
    }
    return Record("MessageTrackingEvent", found, COLUMNS, event, line.message_id)


ASKED = {
    "MessageId": "message_id", "MessageSubject": "subject", "NetworkMessageId": "network_id", "Source": "source",
    "Reference": "reference",
}  # fmt: skip
"""Parameters, and what the query calls them."""


def _asked(call: Call) -> dict[str, str]:
    asked = {name: str(call.arguments[parameter]) for parameter, name in ASKED.items() if parameter in call.arguments}
    return asked | ({"event": ",".join(call.arguments["EventId"])} if "EventId" in call.arguments else {})


def _events(call: Call) -> QuerySet[Event]:
    end = call.get(END.name, None)
    order = ("-time", "-id") if call.get("Newest") else ("time", "id")
    found = queries.tracked(Event.objects.select_related("message").order_by(*order), _asked(call), end)
    if START.name in call.arguments:
        found = found.filter(time__gte=call.arguments[START.name])
    if end is not None:
        found = found.filter(time__lt=end)
    if "Sender" in call.arguments:
        found = queries.from_sender(found, call.arguments["Sender"], end)
    return queries.to_any(found, call.arguments["Recipients"], end) if "Recipients" in call.arguments else found


def _warn(call: Call) -> None:
    """Where a search by words does not look at every message that has them."""
    searches = [
        queries.texts_of(_asked(call)),
        [call.get("Sender", "")],
        *([one] for one in call.get("Recipients", ())),
    ]
    if any(queries.leaves_out(*texts, until=call.get(END.name, None)) for texts in searches):
        call.warning(
            f"More than {queries.MOST_FOUND:,} messages have these words: only the newest {queries.MOST_FOUND:,} of "
            "them are looked through. Earlier ones are found with an earlier -End."
        )


def _get(call: Call) -> Iterator[Record]:
    check_server(call)
    found = map(record, _events(call).iterator(chunk_size=200))
    yield from limited(call, found)
    if {RESULT_SIZE.name} == call.arguments.keys() and next(found, None) is not None:
        call.warning("These are the oldest, as in Exchange. The newest: -Newest, or Get-MessageTrace.")
    _warn(call)


CMDLET = Cmdlet(
    "Get-MessageTrackingLog",
    _get,
    (
        START,
        END,
        Parameter("EventId", read_texts, help="Only these events.", choices=tuple(Kind)),
        Parameter("Sender", read_text, help="Of this sender; <> for reports."),
        Parameter("Recipients", read_texts, help="For one of these recipients."),
        Parameter("MessageId", read_text, from_property="MessageId", help="The message's own Message-ID."),
        Parameter("NetworkMessageId", read_text, from_property="NetworkMessageId", help="The queue's name for it."),
        Parameter("MessageSubject", read_text, help="What stands somewhere in the subject."),
        Parameter("Reference", read_text, help="The Message-ID of a report, or of what it is about."),
        Parameter("Source", read_text, help="Only events of this source.", choices=tuple(Source)),
        server("Not needed: the log is that of every server."),
        Parameter("Newest", switch=True, help="The newest first. Not in Exchange."),
        RESULT_SIZE,
    ),
    "Shows what happened to messages, the oldest events first: that each came, each attempt, and how it ended. Events "
    "are kept as long as their messages, 30 days.",
    {
        "Get-MessageTrackingLog -ResultSize 50": "The oldest events that are remembered.",
        "Get-MessageTrackingLog -Newest -ResultSize 5": "The last five.",
        "Get-MessageTrackingLog -EventId FAIL | fl Timestamp,Sender,Recipients,RecipientStatus": (
            "What failed, and why."
        ),
        "Get-MessageTrackingLog -Sender anna@contoso.com -Start 2026-01-01": "One sender's mail.",
    },
)
TABLE = {CMDLET.name: guarded(CMDLET)}
