"""A message that goes in circles is refused in the end, whoever is in the circle, whatever rights are denied."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from tests.receive.builders import connected, connector, domain, said
from transport.config.permissions import ANONYMOUS, Grant, Right
from transport.config.snapshot import Snapshot
from transport.receive import data
from transport.receive.outcome import Accept
from transport.receive.policy import Policy
from transport.smtp.header import header
from transport.smtp.header_firewall import OUTWARD, without

DENY = (Grant(ANONYMOUS, Right.ACCEPT_HEADERS_ROUTING.value, deny=True),)
MOST = 200


class Gatepost:
    """One server in the circle: gives the message on as it is stored, or None when it refuses it."""

    def __init__(self, name: str, denies: bool, local_limit: int = 8) -> None:
        receives = connector(grants=DENY if denies else (), max_local_hop_count=local_limit)
        snapshot = Snapshot(receive_connectors=(receives,), accepted_domains=(domain(default=True),))
        self.policy = Policy(snapshot, name)

    def __call__(self, message: bytes) -> bytes | None:
        session = said(connected(self.policy), "EHLO x", "MAIL FROM:<a@example.org>", "RCPT TO:<b@contoso.com>")
        found = header(message, 1 << 18)
        head = without(found.text, data.firewall(session.rights))
        outcome = data.received(session, data.MailData(len(message), head), "ab" * 16, 0.0)
        if not outcome.actions:
            assert outcome.decided_by == "hop_count"
            return None
        (accept,) = outcome.actions
        assert isinstance(accept, Accept)
        return without(accept.trace + accept.header, OUTWARD) + message[found.octets :]


def other_server(message: bytes) -> bytes:
    """Adds its Received field and keeps those that it finds."""
    return b"Received: from somebody by mx.other.example with ESMTP; today\r\n" + message


CIRCLES = {
    "alone": [Gatepost("a.test", True)],
    "alone, local hops not counted": [Gatepost("a.test", True, local_limit=0)],
    "two that deny": [Gatepost("a.test", True), Gatepost("b.test", True)],
    "two that deny, local hops not counted": [Gatepost("a.test", True, 0), Gatepost("b.test", True, 0)],
    "one that denies, one that permits": [Gatepost("a.test", True, 0), Gatepost("b.test", False, 0)],
    "another server": [Gatepost("a.test", True), other_server],
    "another server, local hops not counted": [Gatepost("a.test", True, 0), other_server],
}


@pytest.mark.parametrize("circle", CIRCLES.values(), ids=CIRCLES.keys())
def test_a_circle_ends(circle: list[Callable[[bytes], bytes | None]]) -> None:
    message: bytes | None = b"Subject: round and round\r\n\r\nbody"
    passes = 0
    for server in itertools.islice(itertools.cycle(circle), MOST):
        assert message is not None
        message = server(message)
        if message is None:
            break
        passes += 1
    assert message is None, "still going"
    assert passes <= 30


def test_local_hops_are_counted_behind_another_gatepost_that_denies() -> None:
    ours, theirs = Gatepost("a.test", True), Gatepost("b.test", True)
    message: bytes | None = b"Subject: x\r\n\r\n"
    for _ in range(8):
        assert message is not None
        message = ours(message)
        assert message is not None
        message = theirs(message)
    assert message is not None
    assert ours(message) is None
