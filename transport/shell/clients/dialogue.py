"""One client: its lines to the pure core, the core's outcomes to replies and deeds.

The octets come and go in `wire`; messages arrive in `incoming` and are decided in `accepting`. aiosmtpd's look-up of
verbs is replaced by the core's table, `transport.receive.verbs`.
"""

import asyncio
import socket
from time import monotonic
from typing import Any, assert_never

import msgspec

from transport import identity
from transport.config import bounds
from transport.receive import verbs
from transport.receive.admission import connect, swapped
from transport.receive.auth import told
from transport.receive.data import chunk_read
from transport.receive.extensions import line_limit
from transport.receive.facts import Question
from transport.receive.outcome import (
    Accept,
    Action,
    AnswerToken,
    Ask,
    Await,
    CheckPassword,
    Close,
    CountAnew,
    CountConnection,
    CountMessage,
    FindKept,
    LookUpRecipient,
    Outcome,
    ReadChunk,
    ReadMailData,
    ReadMessage,
    ReleaseKept,
    StartTls,
    SwapRoles,
    Tarpit,
)
from transport.receive.session import Session, User, answered
from transport.shell import clock
from transport.shell.clients.accepting import accept
from transport.shell.clients.handshake import handshake
from transport.shell.clients.incoming import Chunk, IncomingMessage
from transport.shell.clients.introduction import MOST as MOST_INTRODUCTIONS
from transport.shell.clients.introduction import SECONDS as HEADER_SECONDS
from transport.shell.clients.introduction import Introduction, introduction
from transport.shell.clients.questions import settled
from transport.shell.clients.reception import Reception
from transport.shell.clients.sign_in import proved
from transport.shell.clients.tls_contexts import names_in_certificate
from transport.shell.clients.turned import Pipe, Turned
from transport.shell.clients.wire import State, Wire
from transport.shell.log.session_log import SessionLog, session_log
from transport.shell.log.session_record import SessionRecorder, recorder
from transport.shell.people.credentials import Talk
from transport.trace.line import endpoint, negotiated
from transport.trace.open_session import OpenSession

MESSAGE_VERBS = (b"MAIL", b"RCPT", b"DATA", b"BDAT")
MILLISECOND = 0.001
JUST_COME, LINGER = 1.0, 0.5
"""Seconds, when the transport goes down, in which a new client may still begin, and one that was told may hang up."""
UNREAD_REPLY = bounds.UNREAD_REPLY.seconds or 0

# fmt: off
GREETING   = State("greeting", owed=True)
HEADER     = State("header", content=True)
COMMANDS   = State("commands", lines=True)
MAIL_DATA  = State("message", content=True)
CHUNK      = State("message", content=True)
STORING    = State("storing", owed=True)
LOOK_UP    = State("look-up", owed=True)
SIGNING_IN = State("signing in", owed=True)
PICK_UP    = State("pick-up", owed=True)
TARPIT     = State("tarpit", owed=True, silent=True)
HANDSHAKE  = State("handshake", handshake=True)
TURNED     = State("turned", swapped=True)
CLOSING    = State("closing")
CLOSED     = State("closed")
# fmt: on


class Dialogue(Wire):
    """`check_time`, `stop` and `abort` are for the reception, all else is the wire's."""

    __slots__ = (
        "_chunk",
        "_counted",
        "_ending",
        "_incoming",
        "_introduction",
        "_log",
        "_pipe",
        "_reception",
        "_record",
        "_session",
        "_talk",
        "_turned",
        "due",
        "session_id",
    )

    _session: Session

    def __init__(self, reception: Reception, turned: Turned | None = None) -> None:
        """`turned`: we have opened the connection, and the roles are swapped."""
        super().__init__(reception.loop, GREETING)
        self._turned = turned
        self._reception = reception
        self._introduction: Introduction | None = None
        self._incoming: IncomingMessage | None = None
        self._chunk: Chunk | None = None
        self._counted = False
        self._ending = False
        self.due = 0.0
        """When to look at its time-outs again, in the loop's time: 0 after a change that may bring them nearer."""
        self.session_id = ""
        self._talk: Talk | None = None
        self._log: SessionLog | None = None
        self._record: SessionRecorder | None = None
        self._pipe: Pipe | None = None

    # From the greeting to the end

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # of TCP
        super().connection_made(transport)
        self._reception.sessions.add(self)
        self._reception.traffic.connections += 1

    def _greet(self) -> None:
        reception, transport = self._reception, self._transport
        in_force = reception.in_force
        turned = self._turned
        local, remote = transport.get_extra_info("sockname"), transport.get_extra_info("peername")
        if turned is not None:
            local, remote = turned.local, turned.remote
        if in_force is None or remote is None or self._state is not GREETING:
            transport.abort()
            return
        if turned is not None:
            self._begin(swapped(in_force.policy, turned.connector, local, remote, turned.tls))
            return
        if in_force.policy.front_ends is not None:
            self._introduction = introduction(in_force, local[:2], remote[:2])
        if self._introduction is not None:
            self._await_header()
        else:
            self._begin(connect(in_force.policy, local[:2], remote[:2], in_force.tls.available))

    def _await_header(self) -> None:
        """Of a load balancer. So many may wait for theirs; of more, the one goes that has waited longest."""
        waiting = self._reception.introductions
        ahead, self._buffer = self._buffer, b""
        self._state = HEADER
        waiting[self] = None
        if ahead:
            self._take_header(ahead)
        if len(waiting) > MOST_INTRODUCTIONS:
            next(iter(waiting)).give_up_header()

    def _take_header(self, data: bytes) -> None:
        assert self._introduction is not None
        came = self._introduction.take(data)
        if came is None:
            return
        outcome, self._buffer = came
        self._reception.introductions.pop(self, None)
        self._introduction = None
        if outcome.reply is None and outcome.decided_by:
            self._close_silently(outcome)
        else:
            self._begin(outcome)

    def give_up_header(self) -> None:
        """The header has not come in time."""
        if self._introduction is not None:
            self._close_silently(self._introduction.late())

    def _close_silently(self, outcome: Outcome) -> None:
        """The client is told nothing; the log is."""
        reception = self._reception
        reception.introductions.pop(self, None)
        reception.traffic.refused += 1
        self._introduction, self._buffer, self._session = None, b"", outcome.session
        log_id = identity.session_id(clock.now())
        self._log = session_log(reception.protocol_log, reception.node, outcome, log_id)
        self._closed_by = "Local"
        self._state, self._seen, self.due = CLOSING, self._loop.time(), 0.0
        self._transport.close()

    def _begin(self, outcome: Outcome) -> None:
        """It is known who the client is."""
        reception = self._reception
        session = self._session = outcome.session
        self._line_limit = line_limit(session.connector)
        if session.is_health_check:
            self._state = COMMANDS
            self._perform(verbs.stopping(session) if reception.draining else outcome)
            self._go_on()
            return
        self.session_id = identity.session_id(clock.now())
        self._log = session_log(reception.protocol_log, reception.node, outcome, self.session_id)
        if self._turned is None:
            self._record = recorder(reception.session_records, session, self.session_id)
        is_late = reception.draining and self._turned is None
        outcome = verbs.stopping(session) if is_late else settled(reception, outcome)
        reception.names.connected(session.connector.name, session.remote_ip)
        if not outcome.actions:
            self._counted = True
            if self._has_spoken():
                outcome = verbs.spoke_early(session, self._buffer) or outcome
        self._state = COMMANDS
        if not outcome.actions:
            self._perform(outcome)
            self._go_on()
        else:
            reception.traffic.refused += 1
            self._buffer = b""
            self._end(outcome)

    def _gone(self) -> None:
        if self._state is CLOSED:
            return
        if self._introduction is not None:
            self._end_of_header()
        if self._incoming is not None and self._state is not STORING:
            self._incoming.discard()
        self._incoming = None
        if self._pipe is not None:
            self._pipe.close()
        if self._counted:
            self._reception.load.closed(self._session.connector.name, self._session.source)
        if self._log is not None:
            self._log.closed(self._closed_by)
        if self._record is not None:
            self._record.closed(self._session)
        self._state = CLOSED
        self._reception.sessions.discard(self)

    def _end_of_header(self) -> None:
        """The load balancer has gone before it said all of it."""
        assert self._introduction is not None
        self._reception.introductions.pop(self, None)
        cut_off, self._introduction = self._introduction.cut_off(), None
        if cut_off is not None:
            self._close_silently(cut_off)
            self._closed_by = "Remote"

    def _end(self, outcome: Outcome) -> None:
        self._perform(outcome)
        self._flush()

    def _hear_tls(self) -> None:
        self._end(verbs.tls_at_once(self._session))

    def _failed(self) -> None:
        """The client gets one generic reply, where it can read one."""
        if self._state is GREETING or self._state is HEADER:
            self._transport.abort()
        elif self._state is HANDSHAKE:
            self._break_off()
        else:
            self._end(verbs.failed(self._session))

    def check_time(self, now: float) -> None:
        """End the session when it has lasted, or was silent, for too long. `now` is the loop's time. Never raises: the
        others are looked at as well.
        """
        self._safely(self._check_time, now)

    def _check_time(self, now: float) -> None:
        state = self._state
        self.due = now
        if state is CLOSING and now - self._seen > UNREAD_REPLY:
            self._transport.abort()
        if state is HEADER and now - self._began > HEADER_SECONDS:
            self.give_up_header()
        if state is HEADER or not (state.lines or state.content):
            return
        connector = self._session.connector
        longest, silent = connector.connection_timeout, connector.connection_inactivity_timeout
        if now - self._began >= longest:
            self._end(verbs.expired(self._session))
        elif now - self._seen >= silent:
            self._end(verbs.idle(self._session))
        else:
            self.due = min(self._began + longest, self._seen + silent)

    def stop(self) -> None:
        """The transport is going down: what was begun is finished first. To be asked again until all have gone."""
        now = self._loop.time()
        if self._state is COMMANDS and self._session.sender is None and now - self._began >= JUST_COME:
            self._end(verbs.stopping(self._session))
        elif self._state is CLOSING and now - self._seen >= LINGER:
            self._transport.close()
        elif self._state is HEADER and now - self._began >= JUST_COME:
            self.abort()

    def end_by_administrator(self) -> None:
        """At once, whatever the client waits for; but a message that is being stored is answered first, and who has
        swapped roles, or negotiates TLS, hears no more.
        """
        state = self._state
        if state is STORING or state is GREETING:
            self._ending = True
        elif state is HANDSHAKE or state is TURNED:
            self.abort()
        elif state is not CLOSING and state is not CLOSED:
            self._end(verbs.ended(self._session))

    def _rest(self) -> None:
        if self._ending and self._state is COMMANDS:
            self.end_by_administrator()
        elif self._reception.stopping:
            self.stop()
        super()._rest()

    # Who looks at it

    @property
    def began(self) -> float:
        """In the loop's time."""
        return self._began

    def is_from(self, connector: str, client: str) -> bool:
        """Whether it is open, through this connector, from an address that begins so; empty ones fit every session."""
        if not self.session_id or self._state is CLOSED:
            return False
        session = self._session
        return (not connector or session.connector.name == connector) and session.remote_ip.startswith(client)

    def told(self, now: float, unix: float) -> OpenSession:
        """What it is doing; `now` in the loop's time, `unix` in Unix seconds."""
        session = self._session
        return OpenSession(
            session_id=self.session_id,
            connector=session.connector.name,
            client=session.remote_ip,
            port=session.remote_port,
            local=endpoint(session.local_ip, session.local_port),
            helo=session.helo,
            tls=session.tls,
            user="" if session.user is None else session.user.name,
            sender="" if session.sender is None else str(session.sender),
            recipients=session.recipient_count,
            doing=self._state.doing,
            began=unix - (now - self._began),
            quiet=now - self._seen,
            logged=self._log is not None,
        )

    # A command

    def _take_line(self, line: bytes, too_long: bool) -> None:
        reception = self._reception
        if too_long:
            outcome = verbs.line_too_long(self._session)
        elif not line.endswith(b"\r\n"):
            outcome = verbs.bare_line_feed(self._session)
        else:
            outcome = verbs.respond(self._session, line[:-2], clock.now(), bool(reception.shortage))
        if outcome.reply is None:
            asked, outcome = outcome, settled(reception, outcome)
            if isinstance(asked.actions[0], CountAnew):
                self._becomes(asked)
        if outcome.reply is not None and outcome.reply.code >= 400 and line[:4].upper() in MESSAGE_VERBS:
            reception.traffic.refused += 1
        self._perform(outcome, line)

    def _becomes(self, outcome: Outcome) -> None:
        """Another client: the one for whom this one speaks."""
        session, reception = outcome.session, self._reception
        self._line_limit, self.due = line_limit(session.connector), 0.0
        reception.names.connected(session.connector.name, session.remote_ip)
        if self._log is None:
            self._log = session_log(reception.protocol_log, reception.node, outcome, self.session_id)
        else:
            self._log.becomes(f"{reception.node}\\{session.connector.name}", session)

    def _perform(self, outcome: Outcome, line: bytes = b"") -> None:
        """Take over the session, put the reply (to `line`) in the queue, do the actions."""
        exchange = self._session.exchange
        known = self._session.facts  # it may have come while the outcome took its time
        session = outcome.session
        self._session = session if session.facts is known else answered(session, known.answers)
        actions = outcome.actions
        if actions and isinstance(actions[-1], Await):
            for asked in actions[:-1]:
                self._act(asked)
            self._state, self._buffer = LOOK_UP, line
            return
        if actions and isinstance(actions[0], Tarpit):
            if self._log is not None:
                self._log.held(actions[0], line, exchange)
            if self._record is not None and line:
                self._record.heard(line, exchange)
            self._hold(outcome, actions[0])
            return
        if self._record is not None:
            self._record.answered(outcome, line, exchange)
        if outcome.reply is not None and outcome.reply.code >= 400 and outcome.decided_by:
            outcome = self._refused(outcome)
        if self._log is not None:
            self._log.answered(outcome, line, exchange)
        if outcome.reply is not None:
            self._out.append(outcome.session.wire(outcome.reply))
        for action in actions:
            self._act(action)
        if self._incoming is not None and self._state is COMMANDS and outcome.session.chunks is None:
            self._incoming.discard()  # RSET and its like between two chunks
            self._incoming = None

    def _hang_up(self) -> None:
        """Who is told that we go down may be about to send the next command: to close now would be a reset, and what
        we said perhaps unread.
        """
        if self._reception.stopping and not self._tls:
            self._transport.write_eof()
        else:
            self._transport.close()

    def _refused(self, outcome: Outcome) -> Outcome:
        """Counts a refusal, and gives it a reference where refusals carry one."""
        session, reception = outcome.session, self._reception
        reception.names.refused(session.connector.name, session.remote_ip, outcome.decided_by)
        page = session.policy.snapshot.transport_config.refusal_reference_page
        return reception.references.with_one(outcome, page, self.session_id) if page else outcome

    def _act(self, action: Action) -> None:
        match action:
            case ReadMailData():
                self._state = MAIL_DATA
                self._incoming = self._new_message(action)
            case ReadChunk():
                self._state = CHUNK
                if action.keep and self._incoming is None:
                    self._incoming = self._new_message(action)
                self._chunk = Chunk(action, self._incoming)
            case Close():
                self._flush()
                self._closed_by = "Local"
                self._state, self._seen, self.due = CLOSING, self._loop.time(), 0.0
                self._hang_up()
            case StartTls():
                self._flush()
                self._state = HANDSHAKE
                self._transport.pause_reading()  # so that all data from here on has come through TLS
                self._loop.create_task(self._negotiate())
            case CheckPassword() | AnswerToken():
                self._state = SIGNING_IN
                self._loop.create_task(self._sign_in(action))
            case ReleaseKept():
                self._state = PICK_UP
                self._loop.create_task(self._let_go(action))
            case FindKept():
                self._state = PICK_UP
                self._loop.create_task(self._find_kept(action))
            case SwapRoles():
                self._flush()
                self._state = TURNED
                self._loop.create_task(self._swap_roles(action))
            case Ask(question):
                settings = self._session.policy.snapshot.connection_filter
                self._reception.dns.ask(question, settings, self._told)
            case Accept() | Await() | Tarpit() | LookUpRecipient() | CountConnection() | CountAnew() | CountMessage():
                raise AssertionError(f"{action} comes from another place")
            case _:
                assert_never(action)

    # What takes its time

    def _proceed(self, outcome: Outcome) -> None:
        """The answer that the client waited for; then what it sent meanwhile."""
        self._state = COMMANDS
        self._perform(outcome)
        if self._state is COMMANDS:
            self._go_on()
        else:
            self._flush()

    def _hold(self, outcome: Outcome, tarpit: Tarpit) -> None:
        """This reply waits, with all that comes behind it and what stands before it in one group of pipelined commands
        (Exchange reference, section 6.6).
        """
        self._state = TARPIT
        held = msgspec.structs.replace(outcome, actions=outcome.actions[1:])
        # The loop's time is the beginning of its turn in whole milliseconds: never less than what was set.
        self._loop.call_at(monotonic() + tarpit.seconds + MILLISECOND, self._safely, self._release, held)

    def _release(self, outcome: Outcome) -> None:
        if self._state is TARPIT:
            self._proceed(outcome)

    def _told(self, question: Question[Any], answer: Any) -> None:
        """A question is answered; a command that waits is tried again."""
        self._session = answered(self._session, {question: answer})
        if self._state is LOOK_UP:
            self._state = COMMANDS
            self._safely(self._go_on)

    async def _sign_in(self, asked: CheckPassword | AnswerToken) -> None:
        """What the client sends meanwhile waits."""
        if self._talk is None:
            self._talk = Talk()
        try:
            answer = await proved(self._reception, self._session, asked, self._talk)
            if self._state is not SIGNING_IN:
                return
            if isinstance(answer, User) and self._record is not None:
                self._record.proved(answer.name)
            outcome = told(self._session, asked, answer)
            if outcome.session.user is not None and self._log is not None:
                self._log.note(outcome.session.principal, "authenticated")
                self._log.allowed(outcome.session)
            self._proceed(outcome)
        except Exception:
            self._fail()

    async def _let_go(self, asked: ReleaseKept) -> None:
        """What the client sends meanwhile waits."""
        try:
            outcome = await self._reception.pick_ups.release(self._session, asked)
            if self._state is PICK_UP:
                self._proceed(outcome)
        except Exception:
            self._fail()

    async def _find_kept(self, asked: FindKept) -> None:
        try:
            outcome = await self._reception.pick_ups.find(self._session, asked)
            if self._state is PICK_UP:
                self._proceed(outcome)
        except Exception:
            self._fail()

    async def _swap_roles(self, wanted: SwapRoles) -> None:
        """A thread takes the client's part from now on."""
        ours, theirs = socket.socketpair()
        try:
            ours.setblocking(False)
            _, self._pipe = await self._loop.create_connection(lambda: Pipe(self, self._turned_off), sock=ours)
            self._note("roles swapped")
            self._reception.pick_ups.hand_over(self._session, wanted.domains, theirs)
            said, self._buffer = self._buffer, b""
            self._pipe.send(said)
            self._read_on()
            if self._state is not TURNED:
                self._pipe.close()
        except Exception:
            theirs.close()
            self._fail()

    def _take_swapped(self, data: bytes) -> None:
        if self._pipe is None:
            self._buffer += data
            self.pause()
        else:
            self._pipe.send(data)

    def _turned_off(self) -> None:
        """The thread has ended the conversation."""
        if self._state is TURNED:
            self._closed_by = "Local"
            self._state, self.due = CLOSING, 0.0
            self._transport.close()

    def pause(self) -> None:
        """The thread does not take what the client says."""
        self._transport.pause_reading()

    def go_on(self) -> None:
        """It does again."""
        self._read_on()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._pipe is not None:
            self._pipe.hold(True)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._pipe is not None:
            self._pipe.hold(False)

    async def _negotiate(self) -> None:
        """Nothing that came in the clear is heard."""
        self._buffer, self._unread = b"", False  # TLS counts anew what is unread
        try:
            secured = await handshake(self._reception, self._session, self._transport, self)
        except (OSError, asyncio.CancelledError) as error:
            self._note("TLS negotiation failed", str(error))
            self._break_off()
            return
        except Exception:
            self._fail()
            return
        if secured is None or self._state is not HANDSHAKE:
            return
        self._transport, session = secured
        self._session = answered(session, self._session.facts.answers)
        self._tls, self._state = True, COMMANDS
        version, _, cipher = self._session.tls.partition(" ")
        self._note(negotiated(version, cipher))
        if self._record is not None:
            self._record.secured(names_in_certificate(self._transport.get_extra_info("ssl_object")))
        self._go_on()

    def _break_off(self) -> None:
        """The loop does not say that a connection is lost whose handshake has not come to its end."""
        self._transport.abort()
        self.connection_lost(None)

    def _note(self, data: str, context: str = "") -> None:
        if self._log is not None:
            self._log.note(data, context)

    # A message

    def _new_message(self, wanted: ReadMessage) -> IncomingMessage:
        return IncomingMessage(self._reception.journal, wanted, self._body_written)

    def _take_content(self, data: bytes) -> None:
        if self._state is CHUNK:
            self._take_chunk(data)
        elif self._state is HEADER:
            self._take_header(data)
        elif data:
            self._take_mail_data(data)

    def _take_mail_data(self, data: bytes) -> None:
        incoming = self._incoming
        if incoming is None:
            return
        rest = incoming.feed(data)
        if incoming.finished:
            self._decide(incoming, rest)
        elif incoming.must_wait:
            self._transport.pause_reading()

    def _take_chunk(self, data: bytes) -> None:
        """The octets of BDAT; what comes behind them are commands again."""
        chunk, incoming = self._chunk, self._incoming
        assert chunk is not None
        rest = chunk.feed(data)
        if chunk.left:
            if incoming is not None and incoming.must_wait:
                self._transport.pause_reading()
            return
        self._chunk = None
        if chunk.ends_message and incoming is not None:
            self._decide(incoming, rest)
        else:
            self._buffer = rest
            self._proceed(chunk_read(self._session, chunk.wanted))

    def _body_written(self) -> None:
        incoming = self._incoming
        if self._state.content and incoming is not None and not incoming.must_wait:
            self._read_on()

    def _decide(self, incoming: IncomingMessage, rest: bytes) -> None:
        self._state = STORING
        self._buffer = rest
        accept(self._reception, self._session, self.session_id, incoming, self._decided)

    def _decided(self, outcome: Outcome) -> None:
        """The message is dealt with."""
        if self._state is STORING:
            if self._record is not None and self._incoming is not None:
                self._record.message(self._incoming.outline(), outcome.facts)
            self._incoming = None
            if outcome.decided_by == "queued" and outcome.matched:
                self._note(outcome.matched, "ResolveSenders")
            self._safely(self._proceed, outcome)
