"""A scanner's sixteen dialogues find nothing where the relay proof finds nothing, and something where it does."""

from __future__ import annotations

from itertools import product
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.console.publishing.worlds import ADDRESSES, CLIENTS, FOREIGN, PORTS, arrivals
from tests.receive.probes import probes
from tests.receive.relay_worlds import Brute, wide_world
from transport.receive.conversation import Conversation, World
from transport.receive.policy import Policy
from transport.receive.relay_proof import Dialogue, Dialogues, proof

RANDOM = st.integers(0, 2**64).map(Random)


def scan(policy: Policy, local: tuple[str, int], client: str, domain: str, tls: bool = True) -> list[str]:
    """The recipients that are taken of it, or of whom it says that it speaks for."""
    begun = arrivals(policy, local, client)
    talks = [Conversation(policy, local, (client, 49152), World(), begun=each) for each in begun]
    return [recipient for talk in talks for recipient in _taken_of(talk, domain, tls)]


def _taken_of(talk: Conversation, domain: str, tls: bool) -> list[str]:
    for line in ("EHLO scanner.example", *(["STARTTLS", "EHLO scanner.example"] if tls else [])):
        if not talk.closed:
            talk.line(line.encode())
        if talk.secures:
            talk.secure()
    return [
        recipient
        for sender, recipient in probes(domain, talk.session.connector.fqdn)
        if not talk.closed and is_taken(talk, sender, recipient)
    ]


def is_taken(talk: Conversation, sender: str, recipient: str) -> bool:
    lines = "RSET", f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>"
    reply = [talk.line(line.encode()).reply for line in lines][-1]
    return reply is not None and reply.code == 250


def domain_of(shown: Dialogue) -> str:
    return shown.recipient.partition("@")[2]


@given(RANDOM)
def test_a_scanner_agrees_with_the_proof(random: Random) -> None:
    snapshot = wide_world(random)
    found, brute = proof(snapshot), Brute(snapshot)
    shown = Dialogues(snapshot)
    for way in found.ways:
        if not way.asked_by:
            seen = shown.of(way)
            assert scan(brute.policy, seen.local, seen.remote[0], domain_of(seen), seen.tls), way
    if not any(way.places for way in found.ways):
        for local, client in product(product(ADDRESSES, PORTS), CLIENTS[::4]):
            for domain in (each for each in FOREIGN if brute.is_elsewhere(each)):
                assert scan(brute.policy, local, client, domain) == []


def test_there_are_sixteen() -> None:
    assert len(set(probes("victim.example", "mx.contoso.com"))) == 16
