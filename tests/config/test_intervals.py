"""What ranges hold together and what they leave out, for any ranges at all."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport.config.endpoint import ALL_IPV4, ALL_IPV6, IPRange, client_key, is_private, parse_range
from transport.config.intervals import complement, is_internet, merged

ADDRESSES = st.ip_addresses(v=4) | st.ip_addresses(v=6)


@st.composite
def ranges(draw: st.DrawFn) -> IPRange:
    first = draw(ADDRESSES)
    shape = draw(st.sampled_from(["one", "network", "span"]))
    if shape == "one":
        return parse_range(str(first))
    if shape == "network":
        return parse_range(f"{first}/{draw(st.integers(0, first.max_prefixlen))}")
    last = draw(st.ip_addresses(v=first.version))
    low, high = sorted([client_key(str(first)), client_key(str(last))])
    if low[0] != high[0]:  # one of them is IPv4-mapped
        return parse_range(str(first))
    make = IPv4Address if low[0] == 4 else IPv6Address
    return parse_range(f"{make(low[1])}-{make(high[1])}")


def holds(remotes: list[IPRange] | tuple[IPRange, ...], address: tuple[int, int]) -> bool:
    version, number = address
    return any(of == version and low <= number <= high for of, low, high in (each.bounds for each in remotes))


def near(remotes: list[IPRange]) -> list[str]:
    """The ends of the ranges and their neighbours, as a client's addresses."""
    found = []
    for version, low, high in (each.bounds for each in remotes):
        make, last = (IPv4Address, 2**32 - 1) if version == 4 else (IPv6Address, 2**128 - 1)
        found += [str(make(each)) for each in (low - 1, low, high, high + 1) if 0 <= each <= last]
    return found


@given(st.lists(ranges(), max_size=8), ADDRESSES)
def test_the_complement_holds_exactly_what_the_ranges_do_not(remotes, address):
    rest = complement(remotes)
    for client in [str(address), *near(remotes)]:
        key = client_key(client)
        assert holds(rest, key) is not holds(remotes, key), client


@given(st.lists(ranges(), max_size=8))
def test_merged_intervals_are_disjoint_and_do_not_touch(remotes):
    found = merged(each.bounds for each in remotes)
    assert all(a[0] != b[0] or a[2] + 1 < b[1] for a, b in pairwise(found))


@pytest.mark.parametrize(
    ("remotes", "rest"),
    [
        ([], [ALL_IPV4, ALL_IPV6]),
        (["0.0.0.0/0"], [ALL_IPV6]),
        (["0.0.0.0/0", "::/0"], []),
        (["10.0.0.0/8", "::/0"], ["0.0.0.0-9.255.255.255", "11.0.0.0-255.255.255.255"]),
        (["0.0.0.0-127.255.255.255", "128.0.0.1-255.255.255.255", "::/0"], ["128.0.0.0"]),
        (["0.0.0.0/0", "::-::fffe:ffff:ffff"], ["::1:0:0:0-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]),
    ],
)
def test_complement(remotes, rest):
    assert [str(each) for each in complement([parse_range(text) for text in remotes])] == rest


@pytest.mark.parametrize(
    ("remotes", "everybody"),
    [
        (["0.0.0.0/0"], True),
        (["::/0"], True),
        (["2000::/3"], True),
        (["0.0.0.0-9.255.255.255", "11.0.0.0-255.255.255.255"], True),
        (["0.0.0.0-127.255.255.255"], False),
        (["0.0.0.0-128.0.0.0"], True),
        (["10.0.0.0/8", "fc00::/7", "fe80::/10"], False),
        (["203.0.113.0/24"], False),
    ],
)
def test_whether_ranges_mean_the_internet(remotes, everybody):
    assert is_internet([parse_range(text) for text in remotes]) is everybody


@pytest.mark.parametrize(
    ("text", "private"),
    [
        ("10.0.0.0/8", True),
        ("172.16.0.0-172.31.255.255", True),
        ("172.16.0.0-172.32.0.0", False),
        ("172.160.0.0/12", False),
        ("192.168.5.77", True),
        ("127.0.0.1", True),
        ("169.254.0.0/16", True),
        ("fec0::/10", True),
        ("fc00::/7", True),
        ("fe80::1", True),
        ("::1", True),
        ("203.0.113.7", False),
        ("192.0.2.0/24", False),
        ("100.64.0.0/10", False),
        ("2001:db8::/32", False),
        ("9.0.0.0-11.255.255.255", False),
        ("::/0", False),
    ],
)
def test_whether_a_range_is_private(text, private):
    assert is_private(parse_range(text)) is private
