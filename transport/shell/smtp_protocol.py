"""One client: bytes to lines, lines to the pure core, its outcomes to bytes.

This is aiosmtpd's `SMTP` with the two seams that carry our answers: the verb look-up (the core's table) and `push`, the
one place that writes. Its constructor, per-verb methods, stream reader and task for each connection cost most of the
time and memory and are replaced: the event loop calls `data_received`, and all up to the reply happens in that call.
"""

import asyncio
import logging
import ssl
from enum import Enum, auto
from typing import Any, assert_never

import msgspec
from aiosmtpd.smtp import SMTP

from transport.config.permissions import logged
from transport.config.receive_connector import ProtocolLoggingLevel
from transport.receive import verbs
from transport.receive.admission import admitted
from transport.receive.auth import MASK, challenged, checked, shown
from transport.receive.connection_filter import answered
from transport.receive.data import chunk_read, not_stored, received
from transport.receive.dns import DnsAnswers
from transport.receive.extensions import line_limit
from transport.receive.mail import counted
from transport.receive.outcome import (
    Accept,
    Action,
    AnswerToken,
    AwaitLookUp,
    CheckPassword,
    Close,
    CountConnection,
    CountMessage,
    LookUpClient,
    LookUpRecipient,
    Outcome,
    ReadChunk,
    ReadMailData,
    StartTls,
    Tarpit,
)
from transport.receive.rcpt import looked_up
from transport.receive.session import Session
from transport.receive.starttls import established
from transport.shell import clock, identity, tls_contexts
from transport.shell.credentials import Talk
from transport.shell.incoming import IncomingMessage
from transport.shell.journal import Envelope
from transport.shell.protocol_log import SessionLog
from transport.shell.reception import Reception
from transport.smtp.reply import Reply

MOST_LOGGED = 2048
"""Octets of a command line that the protocol log shows."""
MOST_UNREAD = 1 << 16
"""Octets that a client may send ahead while we are busy with its message."""
MOST_AT_ONCE = 256
"""Commands of one client that are answered before others have their turn."""
HANDSHAKE_TIMEOUT = 30.0
UNREAD_REPLY = 30.0
"""Seconds that a client may leave the last reply unread."""

MESSAGE_VERBS = (b"MAIL", b"RCPT", b"DATA", b"BDAT")

log = logging.getLogger(__name__)


class Doing(Enum):
    """What the next bytes of the client mean."""

    GREETING = auto()
    COMMANDS = auto()
    MAIL_DATA = auto()
    CHUNK = auto()
    STORING = auto()
    TARPIT = auto()
    LOOK_UP = auto()
    SIGNING_IN = auto()
    HANDSHAKE = auto()
    CLOSING = auto()
    CLOSED = auto()


class SmtpProtocol(SMTP):
    """A client's connection. `check_time` and `stop` are for the reception; the rest is called by the event loop."""

    __slots__ = (
        "_ahead",
        "_answers",
        "_began",
        "_buffer",
        "_chunk",
        "_chunk_left",
        "_closed_by",
        "_counted",
        "_doing",
        "_eof",
        "_incoming",
        "_line_limit",
        "_log",
        "_out",
        "_reception",
        "_seen",
        "_session",
        "_session_id",
        "_skipping",
        "_talk",
        "_transport",
        "_unread",
    )

    def __init__(self, reception: Reception) -> None:
        """Does not call aiosmtpd's constructor: nothing of it is used, and it costs more than a whole session."""
        self._reception = reception
        self._doing = Doing.GREETING
        self._buffer = b""
        self._out: list[bytes] = []
        self._skipping = self._eof = False
        self._ahead = False  # whole commands wait in the buffer for this client's next turn
        self._unread = False  # the client does not read our replies
        self._answers: DnsAnswers | None = None
        self._incoming: IncomingMessage | None = None
        self._chunk: ReadChunk | None = None
        self._chunk_left = 0
        self._counted = False
        self._talk: Talk | None = None
        self._log: SessionLog | None = None
        self._closed_by = "Remote"

    # The connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        reception = self._reception
        self._transport = transport
        self._began = self._seen = reception.loop.time()
        reception.sessions.add(self)
        reception.traffic.connections += 1
        # The greeting goes out one turn of the loop later: whoever has spoken by then did not wait for it.
        reception.loop.call_soon(self._greet)

    def connection_lost(self, error: Exception | None) -> None:
        if self._doing is Doing.CLOSED:
            return
        if self._incoming is not None and self._doing is not Doing.STORING:
            self._incoming.discard()
        self._incoming = None
        self._doing = Doing.CLOSED
        self._reception.sessions.discard(self)
        if self._counted:
            self._reception.load.closed(self._session.connector.name, self._session.remote_ip)
        if self._log is not None:
            self._log.closed(self._closed_by)

    def eof_received(self) -> bool:
        """A client that closed its side still gets the answers that we owe it."""
        self._eof = True
        owing = self._doing in (Doing.STORING, Doing.LOOK_UP, Doing.SIGNING_IN)
        return (self._ahead or owing) and not self._session.tls

    def pause_writing(self) -> None:
        """The client does not read our replies: take no more commands."""
        self._unread = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._unread = False
        if self._ahead:
            self._reception.loop.call_soon(self._next_turn)
        else:
            self._read_on()

    def _read_on(self) -> None:
        if not self._unread and self._doing is not Doing.HANDSHAKE and not self._transport.is_closing():
            self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        self._seen = self._reception.loop.time()
        try:
            match self._doing:
                case Doing.COMMANDS:
                    self._take_commands(self._buffer + data if self._buffer else data)
                case Doing.MAIL_DATA:
                    self._take_mail_data(data)
                case Doing.CHUNK:
                    self._take_chunk(data)
                case (
                    Doing.STORING | Doing.GREETING | Doing.HANDSHAKE | Doing.TARPIT | Doing.LOOK_UP | Doing.SIGNING_IN
                ):
                    self._buffer += data
                    if len(self._buffer) > MOST_UNREAD and self._doing is not Doing.HANDSHAKE:
                        self._transport.pause_reading()
                case Doing.CLOSING | Doing.CLOSED:
                    pass
                case _:
                    assert_never(self._doing)
        except Exception:
            self._fail()

    def push(self, status: bytes) -> None:  # type: ignore[override]
        """The one place that writes: everything that is due, in one go."""
        if not self._transport.is_closing():
            self._transport.write(status)

    # The dialogue

    def _greet(self) -> None:
        try:
            self._begin()
        except Exception:
            self._fail()

    def _begin(self) -> None:
        in_force = self._reception.in_force
        transport = self._transport
        local, remote = transport.get_extra_info("sockname"), transport.get_extra_info("peername")
        if in_force is None or remote is None or self._doing is not Doing.GREETING:
            transport.abort()
            return
        now = clock.now()
        outcome = verbs.connect(in_force.policy, local[:2], remote[:2], in_force.tls.available)
        self._session = outcome.session
        self._line_limit = line_limit(outcome.session.connector)
        self._session_id = identity.session_id(now)
        self._start_log()
        outcome = self._settle(outcome)
        if not outcome.actions:
            self._reception.load.opened(outcome.session.connector.name, outcome.session.remote_ip)
            self._counted = True
            if self._buffer:
                self._buffer = b""
                outcome = verbs.early_talker(outcome.session)
        self._doing = Doing.COMMANDS
        if outcome.actions:
            self._reception.traffic.refused += 1
        self._perform(outcome)
        self._flush()
        if self._reception.stopping:
            self.stop()

    def _start_log(self) -> None:
        session = self._session
        if session.connector.protocol_logging_level is not ProtocolLoggingLevel.Verbose:
            return
        self._log = SessionLog(
            self._reception.protocol_log,
            f"{self._reception.node}\\{session.connector.name}",
            self._session_id,
            endpoint(session.local_ip, session.local_port),
            endpoint(session.remote_ip, session.remote_port),
        )
        self._log.connected(logged(session.rights))

    def _take_commands(self, buffer: bytes) -> None:
        """Answer every whole line; replies to pipelined commands go out in one write."""
        start = 0
        for _ in range(MOST_AT_ONCE):
            end = buffer.find(b"\n", start)
            if end < 0:
                break
            line = buffer[start : end + 1]
            self._perform(self._answer(line), line)
            start = end + 1
            if self._doing is not Doing.COMMANDS:
                break
        else:
            self._ahead = True
        rest = buffer[start:] if start else buffer
        match self._doing:
            case Doing.COMMANDS if self._ahead:
                self._postpone(rest)
            case Doing.COMMANDS:
                self._skipping = self._skipping or len(rest) > self._line_limit
                self._buffer = b"" if self._skipping else rest
            case Doing.MAIL_DATA:
                self._buffer = b""
                self._take_mail_data(rest)
            case Doing.CHUNK:
                self._buffer = b""
                self._take_chunk(rest)
            case Doing.STORING | Doing.TARPIT | Doing.SIGNING_IN:
                self._buffer = rest
            case Doing.LOOK_UP:
                self._buffer += rest
            case _:  # what was sent behind STARTTLS or QUIT is nobody's (RFC 3207 §5)
                self._buffer = b""
        self._flush()

    def _postpone(self, rest: bytes) -> None:
        """Let other clients have their turn; one that leaves our replies unread waits until it has read them."""
        self._buffer = rest
        self._transport.pause_reading()
        self._flush()
        if not self._unread:
            self._reception.loop.call_soon(self._next_turn)

    def _next_turn(self) -> None:
        if self._doing is not Doing.COMMANDS or not self._ahead or self._unread:
            return
        self._ahead = False
        ahead, self._buffer = self._buffer, b""
        try:
            self._take_commands(ahead)
            if not self._ahead:
                self._read_on()
                self._rest()
        except Exception:
            self._fail()

    def _answer(self, line: bytes) -> Outcome:
        session = self._session
        if self._skipping or len(line) > self._line_limit:
            self._skipping = False
            return verbs.line_too_long(session)
        if not line.endswith(b"\r\n"):
            return verbs.bare_line_feed(session)
        outcome = verbs.respond(session, line[:-2], clock.now(), self._reception.resources_low)
        if outcome.reply is None:
            outcome = self._settle(outcome)
        if outcome.reply is not None and outcome.reply.code >= 400 and line[:4].upper() in MESSAGE_VERBS:
            self._reception.traffic.refused += 1
        return outcome

    def _settle(self, outcome: Outcome) -> Outcome:
        """Answer what the core asks, until it has a reply or something to do."""
        reception = self._reception
        while outcome.reply is None:
            match outcome.actions[0]:
                case LookUpRecipient() as asked:
                    outcome = self._look_up(outcome.session, asked)
                case CountConnection():
                    connector, ip = outcome.session.connector, outcome.session.remote_ip
                    outcome = admitted(outcome.session, reception.load.of(connector, ip), clock.now())
                case CountMessage(key, limit):
                    connector = outcome.session.connector
                    outcome = counted(outcome.session, reception.load.message(connector, key, clock.now()) <= limit)
                case _:
                    break
        return outcome

    def _look_up(self, session: Session, asked: LookUpRecipient) -> Outcome:
        """Ask the index, and put an unknown recipient on the account of its source."""
        found = self._reception.recipients.index.find(str(asked.recipient))
        settings = session.policy.snapshot.recipient_filter
        limit, interval = settings.unknown_recipient_limit, settings.unknown_recipient_interval
        over = self._reception.unknown_recipients.over(
            session.remote_ip, limit, interval, clock.now(), unknown=found is False
        )
        return looked_up(session, asked, found, over)

    def _perform(self, outcome: Outcome, line: bytes = b"") -> None:
        """Take over the session, put the reply (to `line`) in the queue, do the actions."""
        exchange = self._session.exchange
        self._session = self._told(outcome.session)
        if outcome.actions and isinstance(outcome.actions[0], AwaitLookUp):
            self._doing, self._buffer = Doing.LOOK_UP, line
            return
        if line and self._log is not None:
            line = shown(exchange, line)
        if outcome.actions and isinstance(outcome.actions[0], Tarpit):
            self._hold(outcome, outcome.actions[0], line)
            return
        reply = outcome.reply
        if reply is not None:
            self._out.append(outcome.session.wire(reply))
            if self._log is not None:
                self._note_reply(self._log, outcome, reply, line)
        elif self._log is not None and line:
            self._log.heard(line[:MOST_LOGGED].rstrip(b"\r\n"))
        for action in outcome.actions:
            self._act(action)
        if self._incoming is not None and self._doing is Doing.COMMANDS and outcome.session.chunks is None:
            self._incoming.discard()  # RSET and its like between two chunks
            self._incoming = None

    def _told(self, session: Session) -> Session:
        """The session with what DNS has said meanwhile."""
        return session if self._answers is None else answered(session, self._answers)

    def _dns_answered(self, answers: DnsAnswers) -> None:
        """The look-up is over; a command that waited for it is answered now."""
        self._answers = answers
        self._session = self._told(self._session)
        if self._doing is Doing.LOOK_UP:
            try:
                self._go_on()
            except Exception:
                self._fail()

    def _hold(self, outcome: Outcome, tarpit: Tarpit, line: bytes) -> None:
        """Tarpit: what is due goes out, this reply and all that comes behind it waits."""
        seconds = tarpit.seconds
        self._flush()
        if self._log is not None:
            if line:
                self._log.heard(line[:MOST_LOGGED].rstrip(b"\r\n"))
            in_exchange = f"0.{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
            self._log.note(f"Tarpit for '{in_exchange}'", tarpit.setting)
        self._doing = Doing.TARPIT
        held = msgspec.structs.replace(outcome, actions=outcome.actions[1:])
        self._reception.loop.call_later(seconds, self._release, held)

    def _release(self, outcome: Outcome) -> None:
        if self._doing is not Doing.TARPIT:
            return
        try:
            self._proceed(outcome)
        except Exception:
            self._fail()

    def _proceed(self, outcome: Outcome) -> None:
        """The answer that the client waited for; then what it sent meanwhile."""
        self._doing = Doing.COMMANDS
        self._perform(outcome)
        self._flush()
        if self._doing is Doing.COMMANDS:
            self._go_on()

    def _note_reply(self, log_: SessionLog, outcome: Outcome, reply: Reply, line: bytes) -> None:
        context = ""
        if reply.code >= 400 and outcome.decided_by:
            context = f"{outcome.decided_by}; revision {outcome.session.policy.snapshot.revision}"
            context += f"; {outcome.matched}" if outcome.matched else ""
        wire = b"334 %b\r\n" % MASK if reply.code == 334 else reply.wire
        if line:
            log_.command(line[:MOST_LOGGED].rstrip(b"\r\n"), wire, context)
        else:
            log_.sent(wire, context)

    def _act(self, action: Action) -> None:
        match action:
            case ReadMailData():
                self._doing = Doing.MAIL_DATA
                self._incoming = self._new_message(action)
            case ReadChunk():
                self._doing = Doing.CHUNK
                self._chunk, self._chunk_left = action, action.size
                if action.keep and self._incoming is None:
                    self._incoming = self._new_message(action)
            case Close():
                self._flush()
                self._closed_by = "Local"
                self._doing = Doing.CLOSING
                self._seen = self._reception.loop.time()
                self._transport.close()
            case StartTls():
                self._flush()
                self._doing = Doing.HANDSHAKE
                self._transport.pause_reading()  # so that all data from here on has come through TLS
                self._reception.loop.create_task(self._negotiate())
            case CheckPassword() | AnswerToken():
                self._doing = Doing.SIGNING_IN
                self._reception.loop.create_task(self._sign_in(action))
            case LookUpClient():
                settings = self._session.policy.snapshot.connection_filter
                self._reception.dns.ask(action, settings, self._dns_answered)
            case Accept() | AwaitLookUp() | Tarpit() | LookUpRecipient() | CountConnection() | CountMessage():
                raise AssertionError(f"{action} comes from another place")
            case _:
                assert_never(action)

    def _flush(self) -> None:
        if self._out:
            self.push(self._out[0] if len(self._out) == 1 else b"".join(self._out))
            self._out.clear()

    # A message

    def _take_mail_data(self, data: bytes) -> None:
        incoming = self._incoming
        if incoming is None:
            return
        rest = incoming.feed(data)
        if incoming.finished:
            self._doing = Doing.STORING
            self._buffer = rest
            self._decide(incoming)
        elif incoming.must_wait:
            self._transport.pause_reading()

    def _new_message(self, action: ReadMailData | ReadChunk) -> IncomingMessage:
        return IncomingMessage(self._reception.journal, action, self._body_written)

    def _take_chunk(self, data: bytes) -> None:
        """The octets of BDAT; what comes behind them are commands again."""
        chunk, incoming = self._chunk, self._incoming
        assert chunk is not None
        piece, rest = data[: self._chunk_left], data[self._chunk_left :]
        self._chunk_left -= len(piece)
        if chunk.keep and incoming is not None:
            incoming.take(piece)
        if self._chunk_left:
            if incoming is not None and incoming.must_wait:
                self._transport.pause_reading()
            return
        self._chunk = None
        if chunk.keep and chunk.last and incoming is not None:
            self._doing = Doing.STORING
            self._buffer = rest
            self._decide(incoming)
            return
        self._doing = Doing.COMMANDS
        self._buffer = rest
        self._perform(chunk_read(self._session, chunk))
        if self._doing is Doing.COMMANDS:
            self._go_on()

    def _body_written(self) -> None:
        incoming = self._incoming
        if self._doing in (Doing.MAIL_DATA, Doing.CHUNK) and incoming is not None and not incoming.must_wait:
            self._read_on()

    def _decide(self, incoming: IncomingMessage) -> None:
        now = clock.now()
        id_ = identity.message_id(now)
        before = self._session
        outcome = received(before, incoming.mail_data(), id_.hex(), now)
        accept = outcome.actions[0] if outcome.actions else None
        if not isinstance(accept, Accept):
            incoming.discard()
            self._reception.traffic.refused += 1
            self._answered(outcome)
            return
        envelope = self._envelope(before, accept, id_, now, incoming)
        incoming.store(envelope, accept.trace, lambda error: self._stored(outcome, error))

    def _envelope(
        self, session: Session, accept: Accept, id_: bytes, now: float, incoming: IncomingMessage
    ) -> Envelope:
        return Envelope(
            id_, now, self._reception.name, session.connector.name, session.policy.snapshot.revision, self._session_id,
            session.remote_ip, session.helo, bool(session.tls), session.principal, accept.authenticated, accept.sender,
            list(accept.recipients), accept.subject, accept.message_id, len(accept.trace) + incoming.kept, accept.body,
            incoming.body_file, accept.smtp_utf8, accept.ret, accept.envid, list(accept.notify), list(accept.orcpt),
        )

    def _stored(self, outcome: Outcome, error: OSError | None) -> None:
        if error is None:
            self._reception.traffic.accepted += 1
        else:
            self._reception.traffic.refused += 1
            outcome = not_stored(outcome.session)
        if self._doing is Doing.STORING:
            try:
                self._answered(Outcome(outcome.session, outcome.reply, (), outcome.decided_by))
            except Exception:
                self._fail()

    def _answered(self, outcome: Outcome) -> None:
        """The message is dealt with: reply, then go on with what the client sent meanwhile."""
        self._incoming = None
        self._doing = Doing.COMMANDS
        self._perform(outcome)
        if self._doing is Doing.COMMANDS:
            self._go_on()
        self._flush()

    def _go_on(self) -> None:
        """Back to commands, beginning with those that were sent while we were busy."""
        self._doing = Doing.COMMANDS
        self._seen = self._reception.loop.time()
        ahead, self._buffer = self._buffer, b""
        if len(ahead) > MOST_UNREAD:
            self._read_on()
        self._take_commands(ahead)
        self._rest()

    def _rest(self) -> None:
        """Nothing is left to do for this client: a time to end the session if it has to end."""
        if self._doing is Doing.COMMANDS and not self._ahead:
            if self._reception.stopping:
                self.stop()
            elif self._eof:
                self._transport.close()

    # Signing in

    async def _sign_in(self, asked: CheckPassword | AnswerToken) -> None:
        """What the client sends meanwhile waits."""
        try:
            outcome = await self._asked(asked)
            if self._doing is not Doing.SIGNING_IN:
                return
            if outcome.session.user is not None:
                self._note(outcome.session.principal, "authenticated")
                rights = logged(outcome.session.rights)
                self._note(rights, "Set Session Permissions")
            self._proceed(outcome)
        except Exception:
            self._fail()

    async def _asked(self, asked: CheckPassword | AnswerToken) -> Outcome:
        session, credentials = self._session, self._reception.credentials
        if isinstance(asked, CheckPassword):
            return checked(session, await credentials.check(asked, session.remote_ip))
        if self._talk is None:
            self._talk = Talk()
        assert self._reception.in_force is not None
        kerberos = self._reception.in_force.kerberos
        answer = await credentials.answer(asked, session.remote_ip, self._talk, kerberos)
        if answer is None or isinstance(answer, bytes):
            return challenged(session, asked.mechanism, answer)
        return checked(session, answer)

    # TLS

    async def _negotiate(self) -> None:
        context = self._reception.tls_context(self._session.connector)
        self._buffer, self._unread = b"", False  # nothing that came in the clear is heard, and TLS counts anew
        try:
            if context is None:
                raise ssl.SSLError("no certificate")
            transport = await self._reception.loop.start_tls(
                self._transport, self, context, server_side=True, ssl_handshake_timeout=HANDSHAKE_TIMEOUT
            )
        except (OSError, asyncio.CancelledError) as error:
            self._note("TLS negotiation failed", str(error))
            self._transport.abort()
            self.connection_lost(None)
            return
        if transport is None or self._doing is not Doing.HANDSHAKE:
            return
        self._transport = transport
        tls: Any = transport.get_extra_info("ssl_object")
        version, cipher = tls.version(), tls.cipher()[0]
        names = tls_contexts.names_in_certificate(tls)
        self._session = established(self._session, version, cipher, names, context.end_point)
        self._note(f"TLS protocol {version} negotiation succeeded using {cipher}", "")
        self._go_on()

    def _note(self, data: str, context: str) -> None:
        if self._log is not None:
            self._log.note(data, context)

    # Time, end, faults

    def check_time(self, now: float) -> None:
        """End the session when it has lasted, or was silent, for too long. `now` is the loop's time."""
        if self._doing is Doing.CLOSING and now - self._seen > UNREAD_REPLY:
            self._transport.abort()
        if self._doing not in (Doing.COMMANDS, Doing.MAIL_DATA, Doing.CHUNK):
            return
        connector = self._session.connector
        if now - self._began >= connector.connection_timeout:
            self._end(verbs.expired(self._session))
        elif now - self._seen >= connector.connection_inactivity_timeout:
            self._end(verbs.idle(self._session))

    def stop(self) -> None:
        """The transport is going down."""
        if self._doing is Doing.COMMANDS:
            self._end(verbs.stopping(self._session))

    def abort(self) -> None:
        """End it at once, whatever it is doing."""
        self._closed_by = "Local"
        self._transport.abort()

    def _end(self, outcome: Outcome) -> None:
        self._perform(outcome)
        self._flush()

    def _fail(self) -> None:
        """A fault of our own: the client gets one generic reply, the log gets the details."""
        log.exception("a session failed")
        self._out.clear()
        if hasattr(self, "_session"):
            self._end(verbs.failed(self._session))
        else:
            self._transport.abort()


def endpoint(ip: str, port: int) -> str:
    """`ip:port` as the protocol log has it."""
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"
