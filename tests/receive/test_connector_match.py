"""Which connector answers: binding, then the narrowest range."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.receive.builders import connector
from transport.config.endpoint import everyone, parse_binding
from transport.config.receive_connector import ReceiveConnector
from transport.config.snapshot import Snapshot
from transport.receive.connector_match import ConnectorIndex, Why, passed_over


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


RANGES = ["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.1.1", "192.0.2.0/24"]
CONNECTORS = st.builds(
    lambda ranges, bindings, enabled: connector(ranges=" ".join(ranges), bindings=bindings, enabled=enabled),
    st.lists(st.sampled_from(RANGES), min_size=1, max_size=3),
    st.sampled_from(["0.0.0.0:25", "10.9.9.9:25", "0.0.0.0:587"]),
    st.booleans(),
)


@given(st.lists(CONNECTORS, max_size=4), st.sampled_from(["10.1.1.1", "10.2.2.2", "192.0.2.7", "::1"]))
def test_who_is_passed_over_lacks_what_is_said(made: list[ReceiveConnector], client: str) -> None:
    local = ("10.9.9.9", 25)
    every = tuple(replace(each, name=str(place)) for place, each in enumerate(made))
    chosen = index(*every).find(*local, client)
    passed = passed_over(Snapshot(receive_connectors=every), local, client, chosen)
    assert len(passed) == len(every) - (chosen is not None)
    for each in passed:
        alone = index(each.connector).find(*local, client)
        assert (alone is not None) == (each.why in (Why.WIDER, Why.EVERY_ADDRESS))
        if alone is None:
            mended = index(replace(each.connector, **MENDED[each.why])).find(*local, client)
            assert mended is not None or each.why is not Why.RANGE or ":" in client
        else:
            assert chosen is not None
            width, narrowest = (high - low for _, low, high in (alone.remote.bounds, chosen.remote.bounds))
            assert width > narrowest if each.why is Why.WIDER else width == narrowest


MENDED: dict[Why, Any] = {
    Why.DISABLED: {"enabled": True},
    Why.BINDING: {"bindings": (parse_binding("0.0.0.0:25"),)},
    Why.RANGE: {"remote_ip_ranges": everyone()},
}
