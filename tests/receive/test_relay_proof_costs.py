"""The relay proof takes milliseconds before each activation, with a thousand connectors and ten thousand ranges."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from tests.console.builders import RELAY, receive_connector
from transport.config.snapshot import Snapshot
from transport.receive.relay_openings import newly_open
from transport.receive.relay_proof import Dialogues, proof

MOST = 1_100_000
"""Calls: a fifth of a second of a slow processor that has nothing else to do."""


def many(bindings: str, relaying: int) -> Snapshot:
    """A thousand connectors, each with ten ranges, of which every so many relay."""
    own = {"all": lambda n: "0.0.0.0:25", "own": lambda n: f"10.9.{n // 250}.{n % 250}:25"}
    own["both"] = lambda n: own["all" if n % 2 else "own"](n)
    made = (
        receive_connector(
            f"Connector {n}",
            ranges=[f"10.{n // 250}.{n % 250}.{16 * each}" for each in range(10)],
            bindings=[own[bindings](n)],
            grants=(RELAY,) if n % relaying == 0 else (),
        )
        for n in range(1000)
    )
    return Snapshot(receive_connectors=tuple(made))


def calls(act: Callable[[], object]) -> int:
    """How many functions are called: the same on each machine, however busy."""
    count = 0

    def counted(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counted)
    try:
        act()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("relaying", [1, 10, 1000])
@pytest.mark.parametrize("bindings", ["all", "own", "both"])
def test_it_takes_milliseconds_and_each_dialogue_is_confirmed(bindings: str, relaying: int) -> None:
    snapshot = many(bindings, relaying)
    wider = receive_connector("Wider", bindings=["0.0.0.0:25"], ranges=["10.1.0.0/16"], grants=(RELAY,))
    after = Snapshot(receive_connectors=(*snapshot.receive_connectors[:-1], wider))
    found = proof(snapshot)
    assert list(newly_open(found, proof(after))) == ["Wider"]
    assert len(found.ways) == 1000 // relaying
    assert calls(lambda: list(newly_open(found, proof(after)))) < MOST
    shown, taken = Dialogues(snapshot), list[bool]()
    assert calls(lambda: taken.extend(shown.of(way).is_taken for way in found.ways)) < MOST
    assert taken and all(taken)
