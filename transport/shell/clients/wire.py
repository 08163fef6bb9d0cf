"""The octets of one client: lines in, replies out, and nobody is read faster than answered. It knows no session.

This is aiosmtpd's `SMTP` with `push`, the one place that writes. Its constructor, stream reader and task for each
connection cost most of the time and memory and are replaced: the event loop calls `data_received`, and all up to the
reply happens in that call. What a line means, and what a message is, `dialogue` knows.
"""

import asyncio
import logging
import os
from collections.abc import Callable
from typing import Any

import msgspec
from aiosmtpd.smtp import SMTP

from transport.config import bounds
from transport.receive.extensions import LINE
from transport.receive.verbs import TLS_RECORD

MOST_UNREAD = bounds.SENT_AHEAD.octets or 0
MOST_AT_ONCE = bounds.SENT_AHEAD.lines or 0

log = logging.getLogger(__name__)


class State(msgspec.Struct, frozen=True, eq=False):
    """What a client's octets are for the time being; where all is False they are nobody's.

    `lines`: commands. `content`: parts of a message. `owed`: sent ahead, and kept; the client waits for a reply, which
    it gets also after it has ended its side. `silent`: written replies wait, too. `handshake`: TLS takes them.
    `swapped`: they are another one's, who speaks as the client now. `doing` is its name.
    """

    doing: str
    lines: bool = False
    content: bool = False
    owed: bool = False
    silent: bool = False
    handshake: bool = False
    swapped: bool = False


class Wire(SMTP):
    """The methods without an underscore are for the event loop, but for `push` and `abort`."""

    __slots__ = (
        "_ahead",
        "_began",
        "_buffer",
        "_closed_by",
        "_eof",
        "_line_limit",
        "_loop",
        "_out",
        "_seen",
        "_skipping",
        "_state",
        "_tls",
        "_transport",
        "_unread",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, state: State) -> None:
        """Does not call aiosmtpd's constructor: nothing of it is used, and it costs more than a whole session."""
        self._loop, self._state = loop, state
        self._buffer = b""
        self._out: list[bytes] = []
        self._line_limit = LINE
        self._skipping = False  # the rest of a line that is too long
        self._eof = False
        self._ahead = False  # whole lines wait in the buffer for this client's next turn
        self._unread = False  # the client does not read our replies
        self._tls = False
        self._closed_by = "Remote"

    # What the dialogue does

    def _greet(self) -> None:
        raise NotImplementedError

    def _take_line(self, line: bytes, too_long: bool) -> None:
        """A line with its end; of one that is too long, perhaps only the rest."""
        raise NotImplementedError

    def _take_content(self, data: bytes) -> None:
        """Octets of a message; none at first when they do not come together with their command."""
        raise NotImplementedError

    def _take_swapped(self, data: bytes) -> None:
        """Octets for the one who speaks as the client now."""
        raise NotImplementedError

    def _hear_tls(self) -> None:
        """Where lines are spoken, the client begins TLS."""
        raise NotImplementedError

    def _failed(self) -> None:
        """After a fault of our own, which the log has."""
        raise NotImplementedError

    def _gone(self) -> None:
        raise NotImplementedError

    # The event loop

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # of TCP
        self._transport = transport
        self._began = self._seen = self._loop.time()
        self._loop.call_soon(self._safely, self._greet)

    def connection_lost(self, error: Exception | None) -> None:
        self._gone()

    def eof_received(self) -> bool:
        """A client that closed its side still gets the answers that we owe it."""
        self._eof = True
        owing = self._ahead or self._state.owed
        return owing and not self._tls  # in TLS this ends both directions (RFC 5246 §7.2.1)

    def pause_writing(self) -> None:
        """The client does not read our replies: take no more commands."""
        self._unread = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._unread = False
        if self._ahead:
            self._loop.call_soon(self._safely, self._next_turn)
        else:
            self._read_on()

    def data_received(self, data: bytes) -> None:
        self._seen = self._loop.time()
        state = self._state
        try:
            if state.lines:
                self._take_lines(self._buffer + data if self._buffer else data)
            elif state.content:
                self._take_content(data)
            elif state.owed:
                self._buffer += data
                if len(self._buffer) > MOST_UNREAD:
                    self._transport.pause_reading()
            elif state.swapped:
                self._take_swapped(data)
            elif state.handshake:  # it is over, and we are about to hear of it
                self._buffer += data
        except Exception:
            self._fail()

    # Faults, end

    def _safely(self, step: Callable[..., None], *arguments: Any) -> None:
        """For what the loop calls later: no fault of ours ends in the loop."""
        try:
            step(*arguments)
        except Exception:
            self._fail()

    def _fail(self) -> None:
        log.exception("a session failed")
        self._out.clear()
        self._failed()

    def abort(self) -> None:
        """End it at once, whatever it is doing."""
        self._closed_by = "Local"
        self._transport.abort()

    # Out

    def push(self, status: bytes) -> None:  # type: ignore[override]  # aiosmtpd's takes text too
        """The one place that writes: everything that is due, in one go."""
        if not self._transport.is_closing():
            self._transport.write(status)

    def _flush(self) -> None:
        out = self._out
        if out:
            self.push(out[0] if len(out) == 1 else b"".join(out))
            out.clear()

    def _has_spoken(self) -> bool:
        """Whether anything has come before the greeting, be it that only the kernel knows of it yet."""
        if not self._buffer:
            try:
                self._buffer = os.read(self._transport.get_extra_info("socket").fileno(), MOST_UNREAD)
            except OSError:  # nothing is there, or the client has gone
                return False
        return bool(self._buffer)

    # In

    def _take_lines(self, buffer: bytes) -> None:
        """Answer every whole line; replies to pipelined commands go out in one write."""
        self._buffer = b""
        if buffer[:2] == TLS_RECORD and not self._skipping:
            self._hear_tls()
            return
        start = 0
        for _ in range(MOST_AT_ONCE):
            end = buffer.find(b"\n", start) + 1
            if not end:
                break
            too_long, self._skipping = self._skipping or end - start > self._line_limit, False
            self._take_line(buffer[start:end], too_long)
            start = end
            if not self._state.lines:
                break
        else:
            self._ahead = True
        if start < len(buffer) or self._ahead or self._state.content:
            self._leave(buffer[start:])
        if not self._state.silent:
            self._flush()

    def _leave(self, rest: bytes) -> None:
        """What stands behind the lines that were answered."""
        state = self._state
        if state.content:
            self._take_content(rest)
        elif state.owed:
            self._buffer += rest
        elif state.lines and self._ahead:
            self._postpone(rest)
        elif state.lines:
            self._skipping = self._skipping or len(rest) > self._line_limit
            self._buffer = b"" if self._skipping else rest
        # What was sent behind STARTTLS or QUIT is nobody's (RFC 3207 §5).

    def _postpone(self, rest: bytes) -> None:
        """Let other clients have their turn; one that leaves our replies unread waits until it has read them."""
        self._buffer = rest
        self._transport.pause_reading()
        self._flush()
        if not self._unread:
            self._loop.call_soon(self._safely, self._next_turn)

    def _next_turn(self) -> None:
        if not self._state.lines or not self._ahead or self._unread:
            return
        self._ahead = False
        self._take_lines(self._buffer)
        if not self._ahead:
            self._read_on()
            self._rest()

    def _go_on(self) -> None:
        """Back to lines, beginning with those that were sent while we were busy."""
        self._flush()
        self._seen = self._loop.time()
        ahead = self._buffer
        if ahead:
            if len(ahead) > MOST_UNREAD:
                self._read_on()
            self._take_lines(ahead)
        if not self._ahead:
            self._rest()

    def _rest(self) -> None:
        """Nothing is left to do for this client; of one that has ended its side, nothing more comes."""
        if self._eof and (self._state.lines or self._state.content):
            self._transport.close()

    def _read_on(self) -> None:
        if not self._unread and not self._state.handshake and not self._transport.is_closing():
            self._transport.resume_reading()
