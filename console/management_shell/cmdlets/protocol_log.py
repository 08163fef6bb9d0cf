"""Get-ProtocolLog: SMTP sessions and their lines, by the names of Exchange's log (Exchange reference, section 7.1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import chain

from django.conf import settings
from django.db.models import QuerySet

from console.management_shell.cmdlets.guard import guarded
from console.management_shell.cmdlets.results import END, RESULT_SIZE, START, limited
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.values import Record, read_text
from console.tracking import queries
from console.tracking.conversation import decisions
from console.tracking.models import Session
from transport.trace.line import OF_EVENT, endpoint, kept, of_event

SESSION = ("StartTime", "ConnectorId", "RemoteEndpoint", "Helo", "Sender", "Accepted", "Refused")
LINE = ("DateTime", "Event", "Data", "Context")
_SAID = tuple(name.title().replace("_", "") for name in OF_EVENT)
REFUSAL = ("DateTime", "ConnectorId", "RemoteEndpoint", "Data", "Rule", "Meaning")


def _start(session: Session) -> dict[str, object]:
    return {
        "SessionId": session.session_id,
        "ConnectorId": session.connector if session.sends else _here(session),
        "LocalEndpoint": session.local_endpoint,
        "RemoteEndpoint": endpoint(session.remote_address, session.remote_port),
    }


def _here(session: Session) -> str:
    return rf"{session.transport or settings.GATEPOST_NODE}\{session.connector_name}"


def record(session: Session) -> Record:
    """A session."""
    found = _start(session) | {
        "StartTime": session.started_at,
        "EndTime": session.ended_at,
        "Direction": session.direction.title(),
        "Helo": session.helo,
        "Sender": session.sender,
        "Recipients": list(session.recipients),
        "Accepted": session.accepted,
        "Refused": session.refused,
        "Tls": session.tls,
        "Revision": session.revision,
    }
    return Record("ProtocolLogSession", found, SESSION, session, session.session_id)


def lines(session: Session) -> Iterator[Record]:
    """A session's events, by the names of the log's fields."""
    for number, event in enumerate(session.events):
        line = kept(event)
        found = {"DateTime": moment(line.date_time)} | _start(session) | {"SequenceNumber": number}
        said = zip(_SAID, of_event(line), strict=True)
        found |= {name: value for name, value in said if name not in found}
        yield Record("ProtocolLogLine", found, LINE, session, session.session_id)


def refusals(session: Session) -> Iterator[Record]:
    """The replies that refused, with the rule that decided."""
    for line, decision in decisions(session):
        found = {"DateTime": moment(str(session.events[line.number][0]))} | _start(session)
        found |= {"Data": line.data, "Rule": decision.name, "Meaning": decision.words, "Revision": decision.revision}
        yield Record("ProtocolLogRefusal", found, REFUSAL, session, session.session_id)


def moment(written: str) -> object:
    """A time of the log; as it is written where it cannot be read."""
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        return written


def _sessions(call: Call) -> QuerySet[Session]:
    found = queries.newest()
    if "SessionId" in call.arguments:
        return found.filter(pk=call.arguments["SessionId"].upper())
    if "Direction" in call.arguments:
        found = found.filter(direction=call.arguments["Direction"].lower())
    if "Connector" in call.arguments:
        found = found.filter(connector__iexact=call.arguments["Connector"].rpartition("\\")[2])
    if "RemoteAddress" in call.arguments:
        found = queries.from_address(found, call.arguments["RemoteAddress"])
    for parameter, field in (("Sender", "sender"), ("Recipient", "recipients")):
        if parameter in call.arguments:
            found = queries.containing(found, field, call.arguments[parameter])
    if "Start" in call.arguments:
        found = found.filter(started_at__gte=call.arguments["Start"])
    if "End" in call.arguments:
        found = found.filter(started_at__lt=call.arguments["End"])
    return found.filter(queries.OUTCOMES["refused"]) if call.get("Refused") else found


def _get(call: Call) -> Iterator[Record]:
    sessions = _sessions(call).iterator(chunk_size=200)
    return limited(call, chain.from_iterable(_of(call, session) for session in sessions))


def _of(call: Call, session: Session) -> Iterator[Record]:
    if call.get("Refused"):
        return refusals(session)
    return lines(session) if "SessionId" in call.arguments else iter([record(session)])


CMDLET = Cmdlet(
    "Get-ProtocolLog",
    _get,
    (
        Parameter(
            "SessionId", read_text, position=0, from_property="SessionId", help="The lines of this session, in order."
        ),
        Parameter(
            "Direction",
            read_text,
            help="With clients (Receive), or with next hops (Send).",
            choices=("Receive", "Send"),
        ),
        Parameter("Connector", read_text, help="Sessions of this connector.", values=lambda: queries.connectors()),
        Parameter("RemoteAddress", read_text, help="Of a client: an address, a network, or what it begins with."),
        Parameter("Sender", read_text, help="Sessions in which MAIL FROM held this."),
        Parameter("Recipient", read_text, help="Sessions in which RCPT TO held this."),
        Parameter("Refused", switch=True, help="The replies that refused, each with the rule that decided."),
        START,
        END,
        RESULT_SIZE,
    ),
    "Shows SMTP sessions, the newest first, or the lines of one. Connectors log with ProtocolLoggingLevel Verbose.",
    {
        "Get-ProtocolLog -ResultSize 20": "The newest sessions.",
        "Get-ProtocolLog -RemoteAddress 192.168.5.77 -Refused": "Why was this device refused?",
        "Get-ProtocolLog -Direction Send -ResultSize 20": "The newest sessions with next hops.",
        "Get-ProtocolLog -ResultSize 1 | Get-ProtocolLog": "The newest conversation, line by line.",
    },
)
TABLE = {CMDLET.name: guarded(CMDLET)}
