"""What a mail server says of its client by XCLIENT."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from transport.receive.xclient import ATTRIBUTES, read

VALUES = st.sampled_from(["[UNAVAILABLE]", "[tempunavail]", "IPV6:::1", "192.0.2.7", "25", "ESMTP", "a+2Eb"])


@given(st.lists(st.tuples(st.sampled_from([*ATTRIBUTES, "LOGIN"]), VALUES | st.text(max_size=20)), max_size=4))
def test_nothing_that_is_told_can_break_a_line(said: list[tuple[str, str]]) -> None:
    try:
        told = read(" ".join(f"{name}={value}" for name, value in said))
    except ValueError:
        return
    assert told and told.keys() <= ATTRIBUTES.keys()
    assert all(value is None or (str(value).isascii() and str(value).isprintable()) for value in told.values())


def test_an_ipv4_address_within_ipv6_is_that_address() -> None:
    """nginx on a socket for both families says so."""
    assert read("addr=IPV6:::ffff:203.0.113.7 NAME=mail+2Eexample.org PROTO=[TEMPUNAVAIL]") == {
        "ADDR": "203.0.113.7",
        "NAME": "mail.example.org",
        "PROTO": None,
    }
