"""Sentence, badge and guard say that strangers relay exactly when their mail for foreign addresses is sent on."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from ipaddress import ip_address
from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from console.connectors.sentence import sentence
from console.processes.address import free_port
from tests.conftest import wait_for
from tests.console.publishing.worlds import (
    ADDRESSES,
    CLIENTS,
    FOREIGN,
    LITERAL,
    PORTS,
    leaving,
    relayed,
    taken_by,
    world,
)
from tests.shell.running_transport import Client, RunningTransport
from transport.config.domains import AcceptedDomains
from transport.config.endpoint import IPRange
from transport.config.snapshot import Snapshot
from transport.receive.exposure import exposures, sends_on, wide_domains
from transport.receive.policy import Policy
from transport.receive.relay_openings import newly_open
from transport.receive.relay_proof import proof
from transport.receive.relayed_domains import RelayedDomain, domains_taken

Way = tuple[tuple[str, int], str]
RANDOM = st.integers(0, 2**64).map(Random)


def held(ranges: Iterable[IPRange]) -> set[str]:
    """Those of the clients that the ranges hold."""
    return {client for client in CLIENTS for one in ranges if _holds(one, client)}


def _holds(one: IPRange, client: str) -> bool:
    version, low, high = one.bounds
    return version == 4 and low <= int(ip_address(client)) <= high


def says_relay(text: str) -> bool:
    """Whether a sentence lets strangers reach foreign addresses, by mail that leaves again."""
    if re.match("Disabled|Nobody reaches it", text):
        return False
    strangers = re.search(r"without signing in, to (.*?), (?:up to|of any size)", re.sub(r"\(.*?\)", "", text))
    return strangers is not None and re.search(r"any address| and every ", strangers[1]) is not None


def wide(snapshot: Snapshot) -> dict[str, bool]:
    """Wide accepted domain → whether it relays."""
    return {each.domain_name: sends_on(each) for each in wide_domains(domains_taken(snapshot))}


def typed(snapshot: Snapshot) -> dict[str, str]:
    """Wide domain → the name that whoever opens it has to type: its own, or that of the Send connector."""
    every = wide_domains(domains_taken(snapshot))
    return {each.domain_name: each.name if isinstance(each, RelayedDomain) else each.domain_name for each in every}


@given(RANDOM)
def test_the_badge_names_whoever_relays_and_for_whom(random: Random) -> None:
    snapshot = world(random)
    found: dict[str, set[str]] = {}
    for each in relayed(snapshot):
        found.setdefault(each.connector, set()).add(each.client)
    assert {each.connector: held(each.ranges) for each in exposures(snapshot) if held(each.ranges)} == found


@given(RANDOM)
def test_the_sentence_says_so_of_the_same_connectors(random: Random) -> None:
    snapshot = world(random)
    said = {each.name for each in snapshot.receive_connectors if says_relay(sentence(each, snapshot))}
    assert said == {each.connector for each in relayed(snapshot)}


def reach(snapshot: Snapshot, stood: frozenset[str]) -> dict[bool, dict[Way, set[str]]]:
    """By a right (True) or by a wide domain that stood (False): (local, client) → connectors, by trying all."""
    policy, found = Policy(snapshot), AcceptedDomains(domains_taken(snapshot))
    below = [domain for domain in FOREIGN if (of := found.find(domain)) is not None and of.domain_name in stood]
    answers: dict[bool, dict[Way, set[str]]] = {True: {}, False: {}}
    for local, client in product(product(ADDRESSES, PORTS), CLIENTS):
        for by_right, domains in ((True, [LITERAL]), (False, [*below, LITERAL])):
            for domain in domains:
                if names := taken_by(policy, local, client, domain):
                    answers[by_right].setdefault((local, client), set()).update(names)
    return answers


@given(RANDOM)
def test_the_guard_asks_for_whatever_opens_a_relay_and_for_nothing_else(random: Random) -> None:
    before, other = world(random), world(random)
    after = replace(before, receive_connectors=other.receive_connectors) if random.random() < 0.7 else other
    opened = newly_open(proof(before), proof(after))
    old, new = wide(before), wide(after)
    asked = {name for name in new if name not in old or new[name] > old[name]}
    assert {name for name, opening in opened.items() if opening.domain is not None} == {
        typed(after)[name] for name in asked
    }
    stood = frozenset(name for name in new if name not in asked and new[name])
    was, becomes = reach(before, stood), reach(after, stood)
    gained: dict[str, set[str]] = {}
    new_ways: list[set[str]] = []  # of a load balancer, which may name any client, one for all connectors
    for by_right in (True, False):
        for way, names in becomes[by_right].items() if by_right or stood else ():
            if way not in was[by_right]:
                new_ways.append(names)
                for name in names:
                    gained.setdefault(name, set()).add(way[1])
    named = {
        name: held(opening.ranges)
        for name, opening in opened.items()
        if opening.domain is None and any(remote.bounds[0] == 4 for remote in opening.ranges)
    }  # clients of the other family, whom a load balancer names, are not tried
    assert named.keys() <= gained.keys() and all(names & named.keys() for names in new_ways)
    assert all(some <= gained[name] for name, some in named.items())


@pytest.mark.parametrize("seed", range(8))
def test_a_live_transport_answers_as_the_badge_and_the_sentences_say(seed: int) -> None:
    running, ports = RunningTransport(), (free_port(), free_port())
    snapshot = world(Random(seed), ports)
    silent = (replace(each, proxy_protocol_from=(), xclient_from=()) for each in snapshot.receive_connectors)
    snapshot = replace(snapshot, receive_connectors=tuple(silent))
    running.list_recipients([])
    running.publish(
        *snapshot.receive_connectors,
        accepted_domains=snapshot.accepted_domains,
        recipient_filter=snapshot.recipient_filter,
        send_connectors=snapshot.send_connectors,
    )
    found: dict[str, set[str]] = {}
    try:
        running.start(healthy=False)  # 0.0.0.0 holds the port, so that no second socket can have one of its addresses
        wait_for(lambda: b'"revision":1' in running.ask("/healthz")[1], "the configuration is not in force")
        for local, client in product(product(ADDRESSES, ports), CLIENTS):
            if name := relaying_connector(local, client, leaving(snapshot)):
                found.setdefault(name, set()).add(client)
    finally:
        running.remove()
    assert {each.connector: held(each.ranges) for each in exposures(snapshot)} == found
    assert {each.name for each in snapshot.receive_connectors if says_relay(sentence(each, snapshot))} == found.keys()


def relaying_connector(local: tuple[str, int], source: str, domains: Iterable[str]) -> str:
    """The name with which the connector greets that takes mail for one of the domains, else an empty text."""
    try:
        client = Client(socket.create_connection(local, timeout=10, source_address=(source, 0)))
        greeting = client.line()
    except ConnectionError:  # nobody listens, or no connector answers
        return ""
    if not greeting.startswith("220 "):
        client.close()
        return ""
    client.say("EHLO client.example")
    client.say("MAIL FROM:<>")
    taken = [client.say(f"RCPT TO:<someone@{domain}>").startswith("250 ") for domain in domains]
    client.close()
    return greeting.split()[1] if any(taken) else ""
