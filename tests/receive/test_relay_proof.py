"""The relay proof says what is true: nothing else was found by trying everything on the decisions themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.console.publishing.worlds import CLIENTS
from tests.receive.relay_worlds import Brute, Met, places, wide_world
from transport.config.domains import AcceptedDomains, domain_of
from transport.config.endpoint import IPRange, client_key
from transport.config.snapshot import Snapshot
from transport.receive.relay_proof import Dialogues, Proof, Way, proof

RANDOM = st.integers(0, 2**64).map(Random)


def holds(ranges: tuple[IPRange, ...], client: str) -> bool:
    return any(one.holds(*client_key(client)) for one in ranges)


def claimed(found: Proof, snapshot: Snapshot, clients: Iterable[str]) -> set[Met]:
    """What the proof says of every client and place that is tried."""
    of = dict(places(snapshot))
    return {
        Met(way.connector, local, client)
        for way in found.ways
        for place in way.places
        for local in of[place.local]
        for client in clients
        if holds(place.ranges, client)
    }


def explained(way: Way, recipient: str) -> bool:
    """Whether the way says that this recipient is reached."""
    return way.any_recipient or AcceptedDomains(way.wide).find(domain_of(recipient)) is not None


def check(snapshot: Snapshot, clients: Collection[str] = CLIENTS) -> Proof:
    """The proof, compared with everything tried."""
    found, brute = proof(snapshot), Brute(snapshot)
    met, asked = brute.met(clients), brute.asked()
    said = claimed(found, snapshot, clients)
    assert said <= met.keys(), "a false alarm"
    ways = {way.connector: way for way in found.ways if not way.asked_by}
    for each, reached in met.items():
        way = ways[each.connector]
        assert each in said or any(place.local.is_any and holds(place.ranges, each.client) for place in way.places)
        assert all(explained(way, recipient) for recipient in reached)
    servers = {(way.asked_by, way.connector): way for way in found.ways if way.asked_by}
    assert servers.keys() == asked.keys()
    assert all(explained(servers[key], each) for key, reached in asked.items() for each in reached)
    return found


@given(RANDOM)
def test_it_finds_whoever_gets_through_and_nobody_else(random: Random) -> None:
    check(wide_world(random))


@given(RANDOM)
def test_each_way_is_shown_by_a_dialogue_that_ends_with_250_for_each_of_its_domains(random: Random) -> None:
    snapshot = wide_world(random)
    dialogues = Dialogues(snapshot)
    for way in proof(snapshot).ways:
        assert dialogues.of(way).is_taken
        for each in way.wide:
            assert dialogues.of(replace(way, wide=(each,), any_recipient=False)).is_taken, each
