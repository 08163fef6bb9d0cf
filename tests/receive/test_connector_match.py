"""Which connector answers: binding, then the narrowest range."""

from __future__ import annotations

from ipaddress import IPv4Address

from hypothesis import given
from hypothesis import strategies as st

from tests.receive.builders import connector
from transport.config.snapshot import Snapshot
from transport.receive.connector_match import ConnectorIndex


def index(*connectors: object) -> ConnectorIndex:
    return ConnectorIndex(Snapshot(receive_connectors=connectors))  # type: ignore[arg-type]


def answers(found: ConnectorIndex, remote: str, local: str = "127.0.0.1", port: int = 25) -> str | None:
    answer = found.find(local, port, remote)
    return answer.connector.name if answer else None


def test_the_narrowest_range_answers() -> None:
    found = index(
        connector("A", ranges="192.168.1.0-192.168.1.255"), connector("B", ranges="192.168.1.75"), connector("Default")
    )
    assert answers(found, "192.168.1.75") == "B"
    assert answers(found, "192.168.1.100") == "A"
    assert answers(found, "192.168.2.1") == "Default"
    assert answers(found, "192.168.1.255") == "A"
    assert answers(found, "192.168.0.255") == "Default"
    answer = found.find("127.0.0.1", 25, "192.168.1.100")
    assert answer is not None and str(answer.remote) == "192.168.1.0-192.168.1.255"


def test_another_port_or_family_or_network_is_not_answered() -> None:
    found = index(connector(ranges="10.0.0.0/8"))
    assert answers(found, "10.1.1.1", port=26) is None
    assert answers(found, "11.0.0.0") is None
    assert answers(found, "::1", local="::1") is None


def test_an_ipv4_client_of_a_dual_stack_socket_is_an_ipv4_client() -> None:
    found = index(connector(ranges="10.0.0.0/8", bindings="[::]:25"))
    assert answers(found, "::ffff:10.1.1.1", local="::1") == "Default"


def test_a_binding_to_the_very_address_wins_between_equal_ranges() -> None:
    found = index(connector("Any"), connector("Specific", bindings="10.2.3.4:25"))
    assert answers(found, "192.0.2.1", local="10.2.3.4") == "Specific"
    assert answers(found, "192.0.2.1", local="10.2.3.5") == "Any"


def test_a_narrower_range_on_every_address_beats_a_wider_one_on_the_very_address() -> None:
    found = index(connector("Narrow", ranges="192.0.2.0/24"), connector("Wide", bindings="10.2.3.4:25"))
    assert answers(found, "192.0.2.1", local="10.2.3.4") == "Narrow"


small_addresses = st.integers(0, 40)
ranges = st.tuples(small_addresses, small_addresses).map(sorted)


@given(st.lists(st.lists(ranges, min_size=1, max_size=3), min_size=1, max_size=6), small_addresses)
def test_look_up_agrees_with_trying_every_range(owned: list[list[list[int]]], client: int) -> None:
    connectors = [
        connector(str(number), ranges=" ".join(f"{IPv4Address(low)}-{IPv4Address(high)}" for low, high in spans))
        for number, spans in enumerate(owned)
    ]
    widths = [
        (high - low, number) for number, spans in enumerate(owned) for low, high in spans if low <= client <= high
    ]
    found = answers(index(*connectors), str(IPv4Address(client)))
    if not widths:
        assert found is None
    else:
        assert found in {str(number) for width, number in widths if width == min(widths)[0]}
