"""The last message of NTLM as clients send it: JavaMail, msmtp, and those who tamper with it."""

from __future__ import annotations

import struct

import pytest
import spnego
from hypothesis import given
from hypothesis import strategies as st
from spnego._ntlm_raw.crypto import ntowfv1

from transport.shell.people.ntlm import Exchange, NtlmAcceptor, is_bound

PASSWORD = "winter-rain-on-tin"
HASH = ntowfv1(PASSWORD)
TIME_STAMP, SINGLE_HOST = b"\x07\0\x08\0", b"\x08\0\x08\0"
"""How MsvAvTimestamp and MsvAvSingleHost begin (MS-NLMP §2.2.2.1)."""


@pytest.fixture(scope="module")
def acceptor() -> NtlmAcceptor:
    return NtlmAcceptor()


def talk(acceptor: NtlmAcceptor, timed: bool = False, name: str = "CONTOSO\\anna") -> tuple[Exchange, bytes]:
    """An exchange up to the client's last message. A client that sees no time in the challenge sends no MIC."""
    client = spnego.client(name, PASSWORD, protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
    exchange = acceptor.begin(client.step() or b"")
    assert exchange is not None and exchange.challenge.count(TIME_STAMP) == 1
    challenge = exchange.challenge if timed else exchange.challenge.replace(TIME_STAMP, SINGLE_HOST)
    return exchange, client.step(challenge) or b""


def is_right(acceptor: NtlmAcceptor, exchange: Exchange, token: bytes) -> bool:
    return acceptor.is_right(exchange, exchange.read(token)[0], HASH)


@pytest.mark.parametrize("flags", [0, 0x200, 0x2, 0xA2880205])
def test_java_s_mail_client_signs_in_though_its_last_message_has_other_flags(
    acceptor: NtlmAcceptor, flags: int
) -> None:
    exchange, token = talk(acceptor)
    token = token[:60] + struct.pack("<I", flags) + token[64:]
    assert exchange.read(token)[1:] == ("CONTOSO", "anna")
    assert is_right(acceptor, exchange, token)


def test_a_client_that_signs_its_messages_is_believed_only_with_the_right_signature(acceptor: NtlmAcceptor) -> None:
    exchange, token = talk(acceptor, timed=True)
    assert is_right(acceptor, exchange, token)
    exchange, token = talk(acceptor, timed=True)
    assert not is_right(acceptor, exchange, token[:72] + bytes(16) + token[88:])


@pytest.mark.parametrize("user", ["CONTOSO\\anna", "a:b", "ünder", "anna/admin", "", "'", "x" * 5000, "anna:0:x:y:"])
def test_a_name_that_no_user_can_have_is_read_and_proves_nothing(acceptor: NtlmAcceptor, user: str) -> None:
    exchange, token = talk(acceptor)
    octets = user.encode("utf-16-le")
    token = token[:36] + struct.pack("<HHI", len(octets), len(octets), len(token)) + token[44:] + octets
    assert exchange.read(token)[1:] == ("CONTOSO", user)
    assert not is_right(acceptor, exchange, token)


@pytest.mark.parametrize("user", [b"e\0v\0\n\0", b"a\0\0\0", b"\0\xd8", b"odd"])
def test_what_is_no_name_in_any_encoding_is_malformed(acceptor: NtlmAcceptor, user: bytes) -> None:
    exchange, token = talk(acceptor)
    token = token[:36] + struct.pack("<HHI", len(user), len(user), len(token)) + token[44:] + user
    with pytest.raises(ValueError, match="no names"):
        exchange.read(token)


@pytest.mark.parametrize("ticks", [b"\xff" * 8, bytes(7) + b"\x80", b"\xff" * 7 + b"\x7f"])
def test_a_time_stamp_beyond_every_calendar_proves_nothing(acceptor: NtlmAcceptor, ticks: bytes) -> None:
    exchange, token = talk(acceptor, timed=True)
    place = token.index(TIME_STAMP) + 4
    assert not is_right(acceptor, exchange, token[:place] + ticks + token[place + 8 :])


@given(
    changes=st.lists(st.tuples(st.integers(12, 600), st.binary(min_size=1, max_size=8)), min_size=1, max_size=4),
    length=st.integers(0, 700),
    timed=st.booleans(),
)
def test_a_message_that_was_tampered_with_ends_in_an_answer(
    acceptor: NtlmAcceptor, changes: list[tuple[int, bytes]], length: int, timed: bool
) -> None:
    exchange, token = talk(acceptor, timed)
    for place, octets in changes:
        token = token[:place] + octets + token[place + len(octets) :]
    token = token[:length] if length < 100 else token
    try:
        read, *_ = exchange.read(token)
        is_bound(read, b"a binding", required=True)
    except ValueError:
        return
    assert acceptor.is_right(exchange, read, HASH) in (True, False)


@given(rest=st.binary(max_size=200))
def test_any_first_message_gives_a_challenge_or_nothing(acceptor: NtlmAcceptor, rest: bytes) -> None:
    begun = acceptor.begin(b"NTLMSSP\0\1\0\0\0" + rest)
    assert begun is None or begun.challenge.startswith(b"NTLMSSP\0\2\0\0\0")
