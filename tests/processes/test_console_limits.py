"""What anybody who reaches the console's port may do to it without signing in, on sockets of a whole running copy."""

from __future__ import annotations

import socket
from time import monotonic

import pytest

from console.processes.address import Address
from tests.running_copy import RunningCopy
from transport.config import bounds

TARGET, HEAD = bounds.REQUEST_TARGET.octets or 0, bounds.REQUEST_HEAD.octets or 0
BODY, SECONDS = bounds.STRANGERS_BODY.octets or 0, bounds.REQUEST_HEAD.seconds or 0


def connect(copy: RunningCopy) -> socket.socket:
    address = Address.parse(copy.console, "")
    return socket.create_connection((address.host, address.port), timeout=60)


def status(copy: RunningCopy, *pieces: bytes) -> int:
    """Of the answer to these octets; 0 when the connection ends without one."""
    with connect(copy) as client:
        try:
            for piece in pieces:
                client.sendall(piece)
        except ConnectionError:
            pass  # the answer came before the end of what was sent
        answer = client.recv(100)
    return int(answer.split()[1]) if answer else 0


def get(target: bytes, *header: bytes) -> bytes:
    return b"\r\n".join([b"GET " + target + b" HTTP/1.1", b"Host: localhost", *header, b"", b""])


def test_an_address_of_any_length_is_answered_at_once(running_copy: RunningCopy) -> None:
    assert status(running_copy, get(b"/" + b"a" * (TARGET - 1))) == 404
    assert status(running_copy, get(b"/" + b"a" * TARGET)) == 414
    assert status(running_copy, get(b"/?" + b"a" * TARGET)) == 414
    began = monotonic()
    assert [status(running_copy, get(b"/" + b"a" * 60_000)) for _ in range(10)] == [414] * 10
    assert status(running_copy, b"GET /" + b"a" * 200_000) == 414
    assert status(running_copy, get(b"/" + b"a" * 1_000_000)) == 414
    assert monotonic() - began < 10


def test_a_header_is_bounded(running_copy: RunningCopy) -> None:
    fields = [b"X-%d: %s" % (number, b"a" * 990) for number in range(HEAD // 1000)]
    assert status(running_copy, get(b"/", *fields[:-2])) == 302
    assert status(running_copy, *get(b"/", *fields[:-2]).splitlines(keepends=True)) == 302
    assert status(running_copy, get(b"/", *fields, *fields)) == 431
    assert status(running_copy, *get(b"/", *fields, *fields).splitlines(keepends=True)) == 431
    assert status(running_copy, b"GET / HTTP/1.1\r\nX: " + b"a" * 200_000) == 431
    assert status(running_copy, b"nonsense\r\n\r\n") == 400


def test_a_body_without_a_session_is_refused_beyond_its_bound(running_copy: RunningCopy) -> None:
    def head(*fields: bytes) -> bytes:
        return b"\r\n".join([b"POST /account/sign-in HTTP/1.1", b"Host: localhost", *fields, b"", b""])

    multipart = b"Content-Type: multipart/form-data; boundary=x"
    assert status(running_copy, head(multipart, b"Content-Length: 90000000")) == 413
    assert status(running_copy, head(b"Cookie: gatepost_session=x", b"Content-Length: %d" % (BODY + 1))) == 413
    chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    assert status(running_copy, head(multipart, b"Transfer-Encoding: chunked"), *[chunk] * 40) == 413
    assert status(running_copy, head(b"Content-Length: %d" % BODY), bytes(BODY)) == 403


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: local", get(b"/healthz") + b"GET / HT"])
def test_who_does_not_finish_the_head_of_a_request_is_cut_off(running_copy: RunningCopy, said: bytes) -> None:
    began = monotonic()
    with connect(running_copy) as client:
        client.sendall(said)
        while client.recv(65536):
            pass
    assert monotonic() - began < SECONDS + 5


def test_strangers_leave_no_traceback_in_the_log(running_copy: RunningCopy) -> None:
    status(running_copy, b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n")
    status(running_copy, get(b"/", b"Connection: Upgrade", b"Upgrade: websocket"))
    status(running_copy, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    assert "Traceback" not in (running_copy.home / "logs" / "console.log").read_text()
