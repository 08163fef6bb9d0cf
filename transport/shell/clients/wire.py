"""The octets of one client: command lines in, replies out, and nobody is read faster than answered.

This is aiosmtpd's `SMTP` with `push`, the one place that writes. Its constructor, stream reader and task for each
connection cost most of the time and memory and are replaced: the event loop calls `data_received`, and all up to the
reply happens in that call. What a line means, and what a message is, `smtp_protocol` knows.
"""

import asyncio
import logging
import os
from collections.abc import Callable
from enum import Enum, auto
from typing import Any, assert_never

from aiosmtpd.smtp import SMTP

from transport.config import bounds
from transport.receive import verbs
from transport.receive.extensions import LINE
from transport.receive.outcome import Outcome
from transport.receive.session import Session
from transport.shell.clients.reception import Reception

MOST_UNREAD = bounds.SENT_AHEAD.octets or 0
MOST_AT_ONCE = bounds.SENT_AHEAD.lines or 0
UNREAD_REPLY = bounds.UNREAD_REPLY.seconds or 0

log = logging.getLogger(__name__)


class Doing(Enum):
    """What the next octets of the client mean."""

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


class Connection(SMTP):
    """`check_time`, `stop` and `abort` are for the reception, the rest is for the event loop."""

    __slots__ = (
        "_ahead",
        "_began",
        "_buffer",
        "_closed_by",
        "_doing",
        "_eof",
        "_line_limit",
        "_out",
        "_reception",
        "_seen",
        "_session",
        "_skipping",
        "_transport",
        "_unread",
    )

    _session: Session

    def __init__(self, reception: Reception) -> None:
        """Does not call aiosmtpd's constructor: nothing of it is used, and it costs more than a whole session."""
        self._reception = reception
        self._doing = Doing.GREETING
        self._buffer = b""
        self._out: list[bytes] = []
        self._line_limit = LINE
        self._skipping = False  # the rest of a line that is too long
        self._eof = False
        self._ahead = False  # whole commands wait in the buffer for this client's next turn
        self._unread = False  # the client does not read our replies
        self._closed_by = "Remote"

    # What the dialogue does

    def _greet(self) -> None:
        raise NotImplementedError

    def _take_line(self, line: bytes) -> None:
        raise NotImplementedError

    def _take_mail_data(self, data: bytes) -> None:
        raise NotImplementedError

    def _take_chunk(self, data: bytes) -> None:
        raise NotImplementedError

    def _end(self, outcome: Outcome) -> None:
        raise NotImplementedError

    def _gone(self) -> None:
        raise NotImplementedError

    # The event loop

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        reception = self._reception
        self._transport = transport
        self._began = self._seen = reception.loop.time()
        reception.sessions.add(self)
        reception.traffic.connections += 1
        reception.loop.call_soon(self._safely, self._greet)

    def connection_lost(self, error: Exception | None) -> None:
        if self._doing is Doing.CLOSED:
            return
        self._gone()
        self._doing = Doing.CLOSED
        self._reception.sessions.discard(self)

    def eof_received(self) -> bool:
        """A client that closed its side still gets the answers that we owe it."""
        self._eof = True
        if self._doing is Doing.GREETING:
            return True
        owing = self._ahead or self._doing in (Doing.STORING, Doing.LOOK_UP, Doing.SIGNING_IN, Doing.TARPIT)
        return owing and not self._session.tls  # in TLS this ends both directions (RFC 5246 §7.2.1)

    def pause_writing(self) -> None:
        """The client does not read our replies: take no more commands."""
        self._unread = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._unread = False
        if self._ahead:
            self._reception.loop.call_soon(self._safely, self._next_turn)
        else:
            self._read_on()

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
                case Doing.STORING | Doing.GREETING | Doing.HANDSHAKE | Doing.TARPIT | Doing.LOOK_UP | Doing.SIGNING_IN:
                    self._buffer += data
                    if len(self._buffer) > MOST_UNREAD and self._doing is not Doing.HANDSHAKE:
                        self._transport.pause_reading()
                case Doing.CLOSING | Doing.CLOSED:
                    pass
                case _:
                    assert_never(self._doing)
        except Exception:
            self._fail()

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

    def _safely(self, step: Callable[..., None], *arguments: Any) -> None:
        """For what the loop calls later: no fault of ours ends in the loop."""
        try:
            step(*arguments)
        except Exception:
            self._fail()

    def _fail(self) -> None:
        """A fault of our own: the client gets one generic reply, the log gets the details."""
        log.exception("a session failed")
        self._out.clear()
        if self._doing is Doing.GREETING:
            self._transport.abort()
        else:
            self._end(verbs.failed(self._session))

    # Out

    def push(self, status: bytes) -> None:  # type: ignore[override]
        """The one place that writes: everything that is due, in one go."""
        if not self._transport.is_closing():
            self._transport.write(status)

    def _flush(self) -> None:
        if self._out:
            self.push(self._out[0] if len(self._out) == 1 else b"".join(self._out))
            self._out.clear()

    def _has_spoken(self) -> bool:
        """Whether anything has come before the greeting, be it that only the kernel knows of it yet."""
        if not self._buffer:
            try:
                self._buffer = os.read(self._transport.get_extra_info("socket").fileno(), MOST_UNREAD)
            except OSError:  # nothing is there, or the client has gone
                return False
        return bool(self._buffer)

    # In

    def _take_commands(self, buffer: bytes) -> None:
        """Answer every whole line; replies to pipelined commands go out in one write."""
        if buffer[:2] == verbs.TLS_RECORD and not self._skipping:
            self._buffer = b""
            self._end(verbs.tls_at_once(self._session))
            return
        start = 0
        for _ in range(MOST_AT_ONCE):
            end = buffer.find(b"\n", start) + 1
            if not end:
                break
            self._take_line(buffer[start:end])
            start = end
            if self._doing is not Doing.COMMANDS:
                break
        else:
            self._ahead = True
        if start == len(buffer) and self._doing is Doing.COMMANDS and not self._ahead:
            self._buffer = b""
        else:
            self._leave(buffer[start:])
        if self._doing is not Doing.TARPIT:
            self._flush()

    def _leave(self, rest: bytes) -> None:
        """What is not answered yet: kept, taken as part of a message, or dropped."""
        match self._doing:
            case Doing.COMMANDS if self._ahead:
                self._postpone(rest)
            case Doing.COMMANDS:
                self._skipping = self._skipping or len(rest) > self._line_limit
                self._buffer = b"" if self._skipping else rest
            case Doing.MAIL_DATA:
                self._buffer = b""
                if rest:
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

    def _postpone(self, rest: bytes) -> None:
        """Let other clients have their turn; one that leaves our replies unread waits until it has read them."""
        self._buffer = rest
        self._transport.pause_reading()
        self._flush()
        if not self._unread:
            self._reception.loop.call_soon(self._safely, self._next_turn)

    def _next_turn(self) -> None:
        if self._doing is not Doing.COMMANDS or not self._ahead or self._unread:
            return
        self._ahead = False
        ahead, self._buffer = self._buffer, b""
        self._take_commands(ahead)
        if not self._ahead:
            self._read_on()
            self._rest()

    def _go_on(self) -> None:
        """Back to commands, beginning with those that were sent while we were busy."""
        self._flush()
        self._doing = Doing.COMMANDS
        self._seen = self._reception.loop.time()
        ahead, self._buffer = self._buffer, b""
        if len(ahead) > MOST_UNREAD:
            self._read_on()
        if ahead:
            self._take_commands(ahead)
        self._rest()

    def _rest(self) -> None:
        """Nothing is left to do for this client: a time to end the session if it has to end."""
        if self._ahead:
            return
        if self._doing is Doing.COMMANDS and self._reception.stopping:
            self.stop()
        elif self._eof and self._doing in (Doing.COMMANDS, Doing.MAIL_DATA, Doing.CHUNK):  # the rest never comes
            self._transport.close()

    def _read_on(self) -> None:
        if not self._unread and self._doing is not Doing.HANDSHAKE and not self._transport.is_closing():
            self._transport.resume_reading()
