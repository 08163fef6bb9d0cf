"""An event of message tracking as Exchange's log has it (Exchange reference, section 7.2). PURE of the database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.conf import settings

from console.crud.columns import Badge
from console.tracking.models import Event
from console.tracking.queries import Told
from transport.trace.events import Event as Kind
from transport.trace.line import stamp
from transport.trace.tracking_line import TRACKING, Tracked, line

PIECE = 64 * 1024
TONES = {Kind.FAIL: "bad", Kind.POISONMESSAGE: "bad", Kind.DEFER: "warning", Kind.SEND: "good", Kind.DELIVER: "good"}
_LABEL = re.compile(r"(?:(\S+) )?\[([^\]]+)\]")


def badge(kind: str) -> Badge:
    """The name of an event, in the colour of what it means for the mail."""
    return Badge(kind, TONES.get(Kind(kind), "neutral"))


def host(event: Event | Told) -> tuple[str, str]:
    """Name and address of the host that an event tells of; each may be empty."""
    found = _LABEL.fullmatch(event.host)
    return (found[1] or "", found[2]) if found else (event.host, "")


def tracked(event: Event | Told) -> Tracked:
    """The event with what is known of its message."""
    message, here = event.message, settings.GATEPOST_NODE
    received = event.event == Kind.RECEIVE
    name, address = (here, "") if received else host(event)
    connector = rf"{here}\{event.connector}" if received else event.connector
    return Tracked(
        date_time=stamp(event.time.timestamp()),
        client_ip=message.client_address if received else "", client_hostname=message.helo if received else here,
        server_ip=address, server_hostname=name,
        source_context="; ".join(filter(None, (event.session_id, event.protection, event.context))),
        connector_id=connector, source=event.source, event_id=event.event, internal_message_id=str(event.pk),
        message_id=message.message_id, network_message_id=message.pk.hex,
        recipient_address=";".join(event.recipients), recipient_status=";".join(event.statuses),
        total_bytes=str(message.size), recipient_count=str(len(event.recipients)), reference=event.reference,
        message_subject=message.shown_subject, sender_address=message.sender or "<>",
        return_path=message.sender or "<>",
        message_info=stamp(message.accepted_at.timestamp()) if event.event in (Kind.SEND, Kind.DELIVER) else "",
        directionality="Originating" if message.authenticated or message.origin == "generated" else "Incoming",
        original_client_ip=message.client_address, transport_traffic_type="Email",
    )  # fmt: skip


def exchange_csv(events: Iterable[Event], now: datetime) -> Iterator[str]:
    """The header lines, then a line for each event, in pieces of about `PIECE` characters."""
    yield TRACKING.header(now.timestamp())
    piece = ""
    for event in events:
        piece += line(tracked(event))
        if len(piece) > PIECE:
            yield piece
            piece = ""
    yield piece
