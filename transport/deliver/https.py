"""Requests over HTTPS to servers that may be slow, endless or hostile: so many octets and seconds, no redirects."""

import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPException, HTTPSConnection
from threading import Timer
from time import monotonic
from typing import NamedTuple
from urllib.parse import urlsplit

from transport.config.bounds import Bound
from transport.send.remote_reply import printable


class NoAnswer(Exception):
    """None came that is of use; the text says why."""


class Answer(NamedTuple):
    """`headers`: by names in lower case, those of one name behind commas; `body` is whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Client:
    """Asks within one bound: what is left of it goes down from one request to the next.

    `address`: where the host of the URLs was found, when it was looked up before; `verified`: whether its certificate
    must be its own; `root`: the certificates (PEM) that vouch for it, instead of the system's.
    """

    def __init__(self, bound: Bound, address: str = "", verified: bool = True, root: str = "") -> None:
        self._until = monotonic() + (bound.seconds or 0)
        self._octets = bound.octets or 0
        self._address, self._verified, self._root = address, verified, root

    def ask(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        """Raises NoAnswer."""
        where = urlsplit(url)
        if where.scheme != "https" or not where.hostname:
            raise NoAnswer(f"{printable(url)[:100]} is no address of HTTPS")
        left = self._until - monotonic()
        if left <= 0:
            raise NoAnswer(f"{where.hostname} took too long")
        context = _context(self._verified, self._root)
        connection = _Connection(where.hostname, where.port, left, self._address, context)
        try:
            return self._ask(connection, method, f"{where.path or '/'}?{where.query}".rstrip("?"), body, headers)
        except (OSError, HTTPException, ValueError) as error:
            raise NoAnswer(f"{where.hostname}: {self._words(error)}") from error
        finally:
            connection.close()

    def _ask(
        self, connection: HTTPSConnection, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        connection.connect()
        with shut_after(self._until - monotonic(), connection.sock):
            connection.request(method, path, body, dict(headers))
            with connection.getresponse() as answer:
                content = answer.read(self._octets + 1)
        self._octets -= len(content)
        if self._octets < 0:
            raise ValueError("its answer is too long")
        if monotonic() >= self._until or (answer.length or 0) > 0:
            raise ValueError("its answer ended too soon")
        return Answer(
            answer.status,
            {name.lower(): ", ".join(answer.headers.get_all(name, [])) for name in answer.headers},
            content,
        )

    def _words(self, error: Exception) -> str:
        if monotonic() >= self._until:
            return "it took too long"
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message
        return printable(str(getattr(error, "strerror", None) or error))[:200] or type(error).__name__


class _Connection(HTTPSConnection):
    """To an address that may have been looked up before."""

    def __init__(self, host: str, port: int | None, left: float, address: str, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=left, context=context)
        self._there, self._tls = address or host, context

    def connect(self) -> None:
        plain = socket.create_connection((self._there, self.port), self.timeout)
        try:
            self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise


def _context(verified: bool, root: str) -> ssl.SSLContext:
    # Spelled out: what ssl.create_default_context asks of certificates differs by version of Python.
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if root:
        made.load_verify_locations(cadata=root)
    else:
        made.load_default_certs()
    if not verified:
        made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    return made


@contextmanager
def shut_after(seconds: float, connected: socket.socket) -> Iterator[None]:
    """Octets that come one by one would outlast every time-out of a socket: so it is shut down in time."""
    clock = Timer(max(0.0, seconds), _shut, [connected])
    clock.daemon = True
    clock.start()
    try:
        yield
    finally:
        clock.cancel()


def _shut(connected: socket.socket) -> None:
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)
