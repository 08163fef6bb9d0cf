"""Get-AgentLog: whom the filters turned away (Exchange reference, section 7.3)."""

from __future__ import annotations

from collections.abc import Iterator

from console.management_shell.cmdlets.guard import guarded
from console.management_shell.cmdlets.protocol_log import moment
from console.management_shell.cmdlets.results import RESULT_SIZE, limited, read_time
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.values import Record
from console.tracking import queries
from console.tracking.conversation import Decision, Line, decisions
from console.tracking.models import Session
from transport.receive.rules import BLOCK_LIST, PROVIDER, RECIPIENTS, SENDERS
from transport.trace.line import endpoint, kept

AGENTS = {
    BLOCK_LIST: ("Connection Filtering Agent", "OnConnect"),
    PROVIDER: ("Connection Filtering Agent", "OnRcptCommand"),
    SENDERS: ("Sender Filter Agent", "OnMailCommand"),
    RECIPIENTS: ("Recipient Filter Agent", "OnRcptCommand"),
}
"""Whose rule decides → the agent that does this in Exchange, and its event."""
COLUMNS = ("Timestamp", "Agent", "Action", "P1FromAddress", "Recipient", "Reason")


def records(session: Session) -> Iterator[Record]:
    """The refusals of filters in a session, by the names of the log's fields."""
    for line, decision in decisions(session):
        if decision.rule is not None and decision.rule.on in AGENTS:
            yield _record(session, line, decision, *AGENTS[decision.rule.on])


def _record(session: Session, line: Line, decision: Decision, agent: str, event: str) -> Record:
    command = line.answers or kept(session.events[max(line.number - 1, 0)]).data
    recipient = command.partition("<")[2].partition(">")[0] if command.upper().startswith("RCPT") else ""
    found: dict[str, object] = {
        "Timestamp": moment(str(session.events[line.number][0])),
        "SessionId": session.session_id,
        "LocalEndpoint": session.local_endpoint,
        "RemoteEndpoint": endpoint(session.remote_address, session.remote_port),
        "EnteredOrgFromIP": session.remote_address,
        "P1FromAddress": session.sender,
        "Recipient": recipient,
        "NumRecipients": 1 if recipient else 0,
        "Agent": agent,
        "Event": event,
        "Action": "RejectCommand",
        "SmtpResponse": line.data,
        "Reason": decision.name,
        "ReasonData": decision.words,
    }
    return Record("AgentLogEntry", found, COLUMNS, session, session.session_id)


def _get(call: Call) -> Iterator[Record]:
    found = queries.newest().filter(queries.OUTCOMES["refused"])
    if "StartDate" in call.arguments:
        found = found.filter(started_at__gte=call.arguments["StartDate"])
    if "EndDate" in call.arguments:
        found = found.filter(started_at__lt=call.arguments["EndDate"])
    return limited(call, _entries(call, found.iterator(chunk_size=200)))


def _entries(call: Call, sessions: Iterator[Session]) -> Iterator[Record]:
    for session in sessions:
        call.host.tick()
        yield from records(session)


CMDLET = Cmdlet(
    "Get-AgentLog",
    _get,
    (
        Parameter("StartDate", read_time, help="From this time on, in UTC."),
        Parameter("EndDate", read_time, help="Before this time, in UTC."),
        RESULT_SIZE,
    ),
    "Shows whom the connection, sender and recipient filters turned away, the newest session first.",
    {"Get-AgentLog | group Agent,Reason | ft Count,Name": "Which filter turned away how many."},
)
TABLE = {CMDLET.name: guarded(CMDLET)}
