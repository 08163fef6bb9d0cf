"""PURE. A line of the message tracking log, as Exchange writes it (Exchange reference §7.2)."""

from __future__ import annotations

import csv
import re

import msgspec

from transport.trace.line import field
from transport.trace.series import Series


class Tracked(msgspec.Struct, frozen=True, kw_only=True):
    """An event: a field for each column, in their order. Recipients and statuses are joined by `;`."""

    date_time: str
    client_ip: str = ""
    client_hostname: str = ""
    server_ip: str = ""
    server_hostname: str = ""
    source_context: str = ""
    connector_id: str = ""
    source: str
    event_id: str
    internal_message_id: str = ""
    message_id: str = ""
    network_message_id: str = ""
    recipient_address: str = ""
    recipient_status: str = ""
    total_bytes: str = ""
    recipient_count: str = ""
    related_recipient_address: str = ""
    reference: str = ""
    message_subject: str = ""
    sender_address: str = ""
    return_path: str = ""
    message_info: str = ""
    directionality: str = ""
    tenant_id: str = ""
    original_client_ip: str = ""
    original_server_ip: str = ""
    custom_data: str = ""
    transport_traffic_type: str = ""
    log_id: str = ""
    schema_version: str = ""


COLUMNS = tuple(name.replace("_", "-") for name in Tracked.__struct_fields__)
_COMMAS = len(COLUMNS) - 1
_FORMULA = re.compile(",[-=+@]")
TRACKING = Series("MSGTRK", "Message Tracking Log", COLUMNS, period="%Y%m%d%H", digits=1)


def line(tracked: Tracked) -> str:
    """One line, in ASCII; a spreadsheet computes nothing of it."""
    values = msgspec.structs.astuple(tracked)
    together = ",".join(values)
    if together.count(",") == _COMMAS and _is_plain(together):
        return f"{together}\r\n"  # as nearly all are, of which there are two for each message
    return ",".join([each and field(_inert(each)) for each in values]) + "\r\n"


def _is_plain(line: str) -> bool:
    """Whether no value of a line that begins with a time needs to be written otherwise, if none has a comma."""
    return line.isascii() and line.isprintable() and '"' not in line and not _FORMULA.search(line)


def _inert(text: str) -> str:
    return f" {text}" if text.startswith(("=", "+", "-", "@")) else text


def read(text: str) -> list[Tracked]:
    """The lines of a file with all of these columns; what is no such line is left out."""
    rows = csv.reader(part for part in text.split("\r\n") if part and not part.startswith("#"))
    names = Tracked.__struct_fields__
    return [Tracked(**dict(zip(names, row, strict=True))) for row in rows if len(row) == len(names)]
