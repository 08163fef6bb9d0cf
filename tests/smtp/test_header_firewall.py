"""What the header firewall takes out, and that it leaves the rest to the octet."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport.smtp.header_firewall import HeaderKind, without

ALL = frozenset(HeaderKind)
HEAD = (
    b"Received: from a\r\n by b\r\n\tid c\r\nX-MS-Exchange-Organization-SCL: -1\r\nSubject: Received: no\r\n"
    b"resent-from: x\r\nx-ms-exchange-forest-rulesexecuted: y\r\nX-Received: kept\r\n"
)


def test_all_kinds() -> None:
    assert without(HEAD, ALL) == b"X-Gatepost-Hop: by b\r\nSubject: Received: no\r\nX-Received: kept\r\n"


@pytest.mark.parametrize(
    ("received", "hop"),
    [
        (b"from a by b.example (c) with D; today", b"by b.example"),
        (b"from a\r\n\tBY\r\n [10.0.0.1]; by", b"by [10.0.0.1]"),
        (b"(nobody; says) by whom? by x", b"by whom by x"),
        (b"", b"unknown"),
    ],
)
def test_of_a_hop_stays_by_whom_it_was(received: bytes, hop: bytes) -> None:
    rest = b"\r\nTo: x\r\n\r\n"
    assert without(b"Received: " + received + rest, ALL) == b"X-Gatepost-Hop: " + hop + rest


def test_one_kind() -> None:
    assert without(HEAD, frozenset({HeaderKind.ORGANIZATION})) == HEAD.replace(
        b"X-MS-Exchange-Organization-SCL: -1\r\n", b""
    )


def test_no_kind() -> None:
    assert without(HEAD, frozenset()) == HEAD


@given(st.lists(st.sampled_from([b"Received: a\r\n", b" folded\r\n", b"To: b\r\n", b"X-MS-Exchange-Forest-A: c\r\n"])))
def test_nothing_is_left_of_what_is_forbidden(lines: list[bytes]) -> None:
    left = without(b"".join(lines), ALL)
    assert not [line for line in left.splitlines() if line.lower().startswith((b"received", b"x-ms-exchange-forest"))]
