"""What counts as one client, and which addresses a range holds."""

from __future__ import annotations

import pytest

from transport.config.endpoint import IPRange, client_key, source_of


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:ffff:ffff:ffff", "2001:db8::/64"),
        ("2001:DB8:0:0:1::", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
    ],
)
def test_an_address_of_ipv4_and_a_network_of_ipv6_are_one_client(address: str, source: str) -> None:
    assert source_of(address) == source


@pytest.mark.parametrize("text", ["", "client.test", "192.0.2.0/24", "2001:db8::/64"])
def test_what_is_no_address_is_no_client(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        source_of(text)


@pytest.mark.parametrize(
    ("address", "held"),
    [("192.0.2.1", True), ("192.0.2.99", True), ("::ffff:192.0.2.7", True), ("192.0.2.100", False), ("::1", False)],
)
def test_a_range_holds_its_ends_and_what_lies_between(address: str, held: bool) -> None:
    assert IPRange("192.0.2.1-192.0.2.99").holds(*client_key(address)) is held
