"""The relay proof costs as much as there are connectors, not the square of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from tests.console.builders import RELAY, receive_connector
from transport.config.snapshot import Snapshot
from transport.receive.relay_openings import newly_open
from transport.receive.relay_proof import Dialogues, proof

FEW, MANY = 100, 400


def made(bindings: str, relaying: int, connectors: int) -> Snapshot:
    """Connectors with ten ranges each, of which every so many relay."""
    own = {"all": lambda n: "0.0.0.0:25", "own": lambda n: f"10.9.{n // 250}.{n % 250}:25"}
    own["both"] = lambda n: own["all" if n % 2 else "own"](n)
    each_of_them = (
        receive_connector(
            f"Connector {n}",
            ranges=[f"10.{n // 250}.{n % 250}.{16 * each}" for each in range(10)],
            bindings=[own[bindings](n)],
            grants=(RELAY,) if n % relaying == 0 else (),
        )
        for n in range(connectors)
    )
    return Snapshot(receive_connectors=tuple(each_of_them))


def calls(act: Callable[[Snapshot], object], snapshot: Snapshot) -> int:
    """How many functions are called: the same on each machine, however busy."""
    count = 0

    def counted(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counted)
    try:
        act(snapshot)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("relaying", [1, 10, 1000])
@pytest.mark.parametrize("bindings", ["all", "own", "both"])
def test_four_times_the_connectors_cost_four_times_as_much(bindings: str, relaying: int) -> None:
    few, many = (made(bindings, relaying, connectors) for connectors in (FEW, MANY))
    for each in (compared, confirmed):
        assert calls(each, many) < 4.5 * calls(each, few)


def compared(snapshot: Snapshot) -> None:
    """Before an activation: what does it open?"""
    wider = receive_connector("Wider", bindings=["0.0.0.0:25"], ranges=["10.0.0.0/16"], grants=(RELAY,))
    after = Snapshot(receive_connectors=(*snapshot.receive_connectors[:-1], wider))
    assert list(newly_open(proof(snapshot), proof(after))) == ["Wider"]


def confirmed(snapshot: Snapshot) -> None:
    """Each way in by a dialogue with the transport's own core."""
    ways, shown = proof(snapshot).ways, Dialogues(snapshot)
    assert ways and all(shown.of(way).is_taken for way in ways)
