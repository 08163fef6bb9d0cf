"""Octets to and from a next hop: replies and lines, each within its bound. RFC 5321 §4.2, §4.5.3.2.

A peer that sends an octet now and then, or lines without end, gets no more than `transport.config.bounds` says.
"""

import errno
import os
import socket
import ssl
from collections.abc import Callable, Iterable
from select import select
from time import monotonic
from typing import Any, TypeVar

from transport.config import bounds
from transport.config.send_connector import SendConnector
from transport.deliver.send_log import SendLog
from transport.deliver.slots import SLOTS
from transport.send import hosts
from transport.send.hosts import Host
from transport.send.reply_reader import NoReply, ReplyReader
from transport.trace.line import negotiated

CONNECT, DATA_BLOCK = 30.0, 180.0
TLS_FAILED = "TLS failed"
DER = 2
"""ENCODING_DER of Python's own module below `ssl`."""
SLICE = 1.0
"""Seconds between two looks at whether somebody else needs the place."""
_REPLY = bounds.NEXT_HOP_REPLY

Done = TypeVar("Done")


class Lost(Exception):
    """The connection is of no use any more; the text says why."""


class Refused(Lost):
    """The peer does not want this connection: a reply that is about no message."""


class TimedOut(Lost):
    """The peer took too long."""


class Displaced(TimedOut):
    """The peer took longer than it may while others wait for its place, or this process ends."""


class SmtpConnection:
    """A connection to one host. Every method raises Lost when it ends, or takes longer than `until` (monotonic).

    `log` is told every reply and every line of `say`, but nothing of a message. `is_owed_a_verdict`: the peer has all
    of a message, which would come twice if its answer were not waited for.
    """

    def __init__(self, host: Host, connector: SendConnector, until: float, opened: socket.socket | None = None) -> None:
        """`opened`: a socket that leads to the host already."""
        self.until, self._silence = until, float(connector.connection_inactivity_time_out)
        self.log = SendLog(host, connector)
        self._hung_up = self.is_owed_a_verdict = False
        self._replies = ReplyReader()
        self._socket = opened or socket.socket(_family(host))
        try:
            there = host.address if host.is_socket else (host.address, host.port or connector.port)
            if opened is None:
                self._connect(there, hosts.source(connector))
            self.log.connected(self._socket.getsockname())
        except (OSError, UnicodeError, OverflowError) as error:
            self._fail(str(_lost(error)))
            raise _lost(error) from error
        except Lost as error:
            self._fail(str(error))
            raise

    def _fail(self, words: str) -> None:
        self.log.failed(words)
        self.close()

    def _connect(self, address: str | tuple[str, int], source: str) -> None:
        """In haste a host that does not even connect leaves the turn to the next one of its own list."""
        began = monotonic()
        if self._socket.family != socket.AF_UNIX:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)
        if source and self._socket.family != socket.AF_UNIX:
            self._socket.bind((source, 0))
        error = self._socket.connect_ex(address)
        if error not in (0, errno.EINPROGRESS):
            raise OSError(error, os.strerror(error))
        try:
            self._patiently(self._connected, began, began + self._left(CONNECT), CONNECT)
        except Displaced as displaced:
            raise TimedOut("timed out") from displaced

    def _connected(self) -> None:
        if not select([], [self._socket], [], SLICE)[1]:
            raise TimeoutError
        if error := self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(error, os.strerror(error))

    def secure(self, context: ssl.SSLContext, name: str) -> None:
        """The TLS handshake. What came in clear text after the reply to STARTTLS is no part of it (RFC 3207 §6)."""
        if not self._replies.is_empty:
            raise Refused("more than a reply came before the TLS handshake")
        began = monotonic()
        try:
            secured = context.wrap_socket(self._socket, server_hostname=name, do_handshake_on_connect=False)
        except (OSError, ValueError) as error:
            self.log.note(str(_lost(error)), TLS_FAILED)
            raise _lost(error) from error
        self._socket = secured
        self._patiently(secured.do_handshake, began, began + self._left(CONNECT), CONNECT, TLS_FAILED)
        self.log.note(negotiated(*self._cipher()), name)

    def give_away(self) -> socket.socket:
        """The socket, for whoever goes on with it. More than a reply, sent ahead, is nobody's."""
        if not self._replies.is_empty:
            raise Refused("more than a reply came before the roles were swapped")
        return self._socket

    @property
    def tls(self) -> str:
        """Version and cipher, such as `TLSv1.3, TLS_AES_256_GCM_SHA384`; empty in the clear."""
        return ", ".join(self._cipher())

    def _cipher(self) -> tuple[str, ...]:
        if not isinstance(self._socket, ssl.SSLSocket):
            return ()
        cipher = self._socket.cipher()
        return str(self._socket.version()), cipher[0] if cipher else "no cipher"

    @property
    def names(self) -> tuple[str, ...]:
        """Hosts and addresses that the peer's certificate names; none unless it was verified."""
        found: dict[str, Any] = {}
        if isinstance(self._socket, ssl.SSLSocket):
            found = self._socket.getpeercert() or {}
        held = found.get("subjectAltName", ())
        return tuple(str(value) for kind, value in held if kind in ("DNS", "IP Address"))

    @property
    def certificate(self) -> bytes:
        """The peer's own (DER), verified or not; empty when it has shown none."""
        return (self._socket.getpeercert(True) if isinstance(self._socket, ssl.SSLSocket) else None) or b""

    @property
    def chain(self) -> tuple[bytes, ...]:
        """What the peer showed (DER), its own certificate first; empty where Python does not tell. Python tells from
        3.13 on; since 3.10 the object behind a socket does, and is asked in the same way.
        """
        if not isinstance(self._socket, ssl.SSLSocket):
            return ()
        behind: Any = getattr(self._socket, "_sslobj", None)
        ask = getattr(behind, "get_unverified_chain", None)
        return tuple(one.public_bytes(DER) for one in ask() or ()) if ask is not None else ()

    @property
    def is_open(self) -> bool:
        """Whether it was not closed here."""
        return self._socket.fileno() >= 0

    @property
    def is_quiet(self) -> bool:
        """Whether nothing has come that nobody asked for: an end, a 421, or something stranger."""
        try:
            return self._replies.is_empty and not select([self._socket], [], [], 0)[0]
        except (OSError, ValueError):
            return False

    def say(self, lines: bytes) -> None:
        """Command lines."""
        self.log.said(lines)
        self.send(lines)

    def confide(self, line: bytes, secrets: Iterable[str]) -> None:
        """A line of a sign-in."""
        self.log.confided(line, secrets)
        self.send(line)

    def send(self, data: bytes) -> None:
        """All of it; each part that the peer takes restarts DATA_BLOCK, nothing moves `until`."""
        view = memoryview(data)
        began, soon = monotonic(), bounds.NEXT_HOP_IN_THE_WAY.seconds or 0
        while view:
            until = monotonic() + self._left(DATA_BLOCK)
            view = view[self._patiently(lambda: self._socket.send(view), began, until, soon) :]  # noqa: B023

    def _patiently(self, act: Callable[[], Done], began: float, end: float, soon: float, failed: str = "") -> Done:
        """What `act` gives before `end`, or before `soon` seconds have gone by, when others need the place; `failed`:
        what has, for the log, when it gives nothing.
        """
        while True:
            now = monotonic()
            if now >= end:
                self.log.note("timed out", failed)
                raise TimedOut("timed out")
            if SLOTS.is_over and not self.is_owed_a_verdict:
                self.log.note("Gatepost ends", failed)
                raise Displaced("Gatepost ends")
            if SLOTS.must_go(now - began, soon):
                self.log.note("it took long, and others wait for its place", failed)
                raise Displaced("it took long, and others wait for its place")
            try:
                self._socket.settimeout(min(end - now, SLICE))
                return act()
            except TimeoutError:
                continue
            except OSError as error:
                self._hung_up = not isinstance(error, ssl.SSLCertVerificationError)
                self.log.note(_words(error), failed)
                raise _lost(error) from error

    def reply(self, seconds: float, about: str = "") -> tuple[int, str]:
        """Code and text of the next reply, its lines joined by line feeds, within so many seconds in all. `about`: the
        message that it answers, for the log. Nothing in it that was confided, but for the challenge of a sign-in.
        """
        began = monotonic()
        end = began + min(seconds, self._left(_REPLY.seconds or seconds))
        soon = (bounds.NEXT_HOP_IN_THE_WAY.seconds or 0) * seconds / (_REPLY.seconds or seconds)
        try:
            while (found := self._replies.next()) is None:
                self._replies.feed(self._more(began, end, soon))
        except NoReply as error:
            self.log.note(str(error))
            raise Lost(str(error)) from None
        self.log.heard(*found, about)
        code, text = found
        return code, text if code == 334 else self.log.shown(text)

    def _more(self, began: float, end: float, soon: float) -> bytes:
        more = self._patiently(lambda: self._socket.recv(8192), began, end, soon)
        if not more:
            self._hung_up = True
            raise Lost("the connection was closed without a reply")
        return more

    def _left(self, most: float) -> float:
        left = self.until - monotonic()
        if left <= 0:
            raise TimedOut("timed out")
        return min(most, left, self._silence)

    def close(self) -> None:
        self.log.closed("Remote" if self._hung_up else "Local")
        self._socket.close()


def _family(host: Host) -> socket.AddressFamily:
    if host.is_socket:
        return socket.AF_UNIX
    return socket.AF_INET6 if ":" in host.address else socket.AF_INET


def _lost(error: Exception) -> Lost:
    return TimedOut("timed out") if isinstance(error, TimeoutError) else Lost(_words(error))


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    return " ".join(str(getattr(error, "strerror", None) or error).split()) or type(error).__name__
