"""Whether a connector answers anybody is found without the ranges of others that do not meet its own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.console.builders import receive_connector
from transport.config.receive_connector import ReceiveConnector
from transport.config.snapshot import Snapshot
from transport.receive.connector_match import ConnectorIndex
from transport.receive.exposure import clients, is_reached

RANGES = [
    "10.0.0.0/24",
    "10.0.0.0/30",
    "10.0.0.1",
    "10.0.0.2-10.0.0.3",
    "10.0.0.0",
    "10.0.1.0/24",
    "::/0",
    "2001:db8::1",
]
BINDINGS = ["0.0.0.0:25", "10.2.3.4:25", "0.0.0.0:26", "[::]:25"]
PARTS = st.tuples(
    st.lists(st.sampled_from(RANGES), min_size=1, unique=True),
    st.lists(st.sampled_from(BINDINGS), min_size=1, unique=True),
    st.booleans(),
)


def made(number: int, parts: tuple[list[str], list[str], bool]) -> ReceiveConnector:
    ranges, bindings, enabled = parts
    return receive_connector(f"C{number}", ranges=ranges, bindings=bindings, enabled=enabled)


@given(st.lists(PARTS, min_size=1, max_size=5), st.integers(1, 9))
def test_it_is_what_the_whole_configuration_says(parts: list[tuple[list[str], list[str], bool]], first: int) -> None:
    mine, *others = [made(number, each) for number, each in enumerate(parts)]
    index = ConnectorIndex(Snapshot(receive_connectors=(*others, mine)))
    assert is_reached(mine, others, first) == bool(clients(index, [mine])["C0"])
