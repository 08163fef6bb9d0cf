"""What the protocol log learns of one session. To spell it out is the work of the log's own thread."""

import time

from transport.config import bounds
from transport.config.permissions import logged
from transport.config.receive_connector import ProtocolLoggingLevel
from transport.receive.auth import MASK, shown
from transport.receive.outcome import Outcome, Tarpit
from transport.receive.session import Exchange, Session
from transport.shell.log.protocol_log import ProtocolLog
from transport.trace.line import BY_HEADER, BY_XCLIENT, Decision, SessionLines, decided, endpoint, held, introduced

MOST_LOGGED = bounds.LOGGED_LINE.octets or 0


class SessionLog:
    """The events of one session: `+` and `-`, `<` and `>`, and `*` for what is worth knowing besides."""

    __slots__ = ("_lines", "_log")

    def __init__(self, protocol_log: ProtocolLog, connector: str, session_id: str, local: str, remote: str) -> None:
        self._log = protocol_log
        self._lines = SessionLines(connector, session_id, local, remote)

    def connected(self, session: Session, remote: str) -> None:
        """`+`, with the remote range that holds the client, and what the session may do."""
        self._log.add((time.time(), self._lines, "+", "", b"", f"range {remote}" if remote else ""))
        via = session.via
        if via is not None and via.xclient != (via.ip, via.port):
            self.note(introduced(via.ip, via.port, via.place), BY_HEADER)
        self._named(session)
        self.allowed(session)

    def becomes(self, connector: str, session: Session) -> None:
        """The client speaks for another one from now on."""
        local = endpoint(session.local_ip, session.local_port)
        remote = endpoint(session.remote_ip, session.remote_port)
        self._lines = self._lines.going_on(connector, local, remote)
        self._named(session)
        self.allowed(session)

    def _named(self, session: Session) -> None:
        """Which mail server speaks for the client."""
        if session.via is not None and session.via.xclient is not None:
            self.note(introduced(*session.via.xclient, session.via.place), BY_XCLIENT)

    def closed_silently(self, outcome: Outcome) -> None:
        """The connection ends before it has a session, and hears nothing: why, and what was wrong."""
        self._log.add((time.time(), self._lines, "+", "", b"", ""))
        self.note(outcome.matched, _why(outcome, outcome.decided_by))

    def allowed(self, session: Session) -> None:
        """The rights of the session, once they are known or have changed."""
        self.note(logged(session.rights), "Set Session Permissions")

    def answered(self, outcome: Outcome, line: bytes, exchange: Exchange | None) -> None:
        """A command line, if there is one, and the reply to it, if there is one yet; no secret of an AUTH `exchange`.

        With a refusal stands the rule that decided.
        """
        line = shown(exchange, line[:MOST_LOGGED].rstrip(b"\r\n")) if line else b""
        reply = outcome.reply
        if reply is None:
            if line:
                self.heard(line)
            return
        wire = outcome.session.wire(reply)
        if reply.code < 400:
            self.said(line, b"334 %b\r\n" % MASK if reply.code == 334 else wire)
            return
        first, end, last = wire.partition(b"\r\n")
        if last and first[3:4] == b" ":  # the last error that was allowed, and the reply that ends the connection
            self.said(line, first + end, _why(outcome, outcome.matched))
            self.said(b"", last, _why(outcome, outcome.decided_by))
        else:
            self.said(line, wire, _why(outcome, outcome.decided_by, outcome.matched))

    def held(self, tarpit: Tarpit, line: bytes, exchange: Exchange | None) -> None:
        """A command line whose reply has to wait."""
        if line:
            self.heard(shown(exchange, line[:MOST_LOGGED].rstrip(b"\r\n")))
        self.note(held(tarpit.seconds), tarpit.setting)

    def said(self, line: bytes, wire: bytes, context: str = "") -> None:
        """`<`, if there is a line, and `>`: the reply in one record, whatever its number of lines."""
        self._log.add((time.time(), self._lines, "<" if line else ">", line, wire, context))

    def heard(self, line: bytes) -> None:
        """`<`: a command line that has no reply yet."""
        self._log.add((time.time(), self._lines, "<", line, b"", ""))

    def note(self, data: str, context: str = "") -> None:
        """`*`: something worth knowing."""
        self._log.add((time.time(), self._lines, "*", data, b"", context))

    def closed(self, by: str) -> None:
        """`-`: `by` is Remote or Local."""
        self._log.add((time.time(), self._lines, "-", "", b"", by))


def session_log(protocol_log: ProtocolLog, node: str, begun: Outcome, session_id: str) -> SessionLog | None:
    """The log of a session that has just begun; None where the connector wants none."""
    session, connector = begun.session, begun.session.connector
    if connector.protocol_logging_level is not ProtocolLoggingLevel.Verbose:
        return None
    local = endpoint(session.local_ip, session.local_port)
    remote = endpoint(session.remote_ip, session.remote_port)
    log = SessionLog(protocol_log, f"{node}\\{connector.name}", session_id, local, remote)
    if begun.reply is None and begun.decided_by:
        log.closed_silently(begun)
    else:
        log.connected(session, begun.matched)
    return log


def _why(outcome: Outcome, rule: str, matched: str = "") -> str:
    return decided(Decision(rule, outcome.session.policy.snapshot.revision, matched))
