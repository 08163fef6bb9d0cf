"""PURE. Clients' addresses as a filter takes them."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address

from transport.config.endpoint import parse_range

_BEGINS_V4 = re.compile(r"\d{1,3}(\.\d{1,3}){0,2}\.?", re.ASCII)
_BEGINS_V6 = re.compile(r"[0-9a-f]{1,4}(:[0-9a-f]{1,4}){0,6}::?", re.ASCII)


def address_bounds(text: str) -> tuple[str, str] | None:
    """The first and the last address of what is asked for: an address, `a-b`, a network (`192.0.2.0/24`), or how
    addresses begin (`192.0.2.`, `2001:db8:`). None for anything else.
    """
    try:
        version, low, high = parse_range(_network(text.strip().lower())).bounds
    except ValueError:
        return None
    address = IPv4Address if version == 4 else IPv6Address
    return str(address(low)), str(address(high))


def _network(text: str) -> str:
    """The network of a beginning; anything else as it is."""
    if _BEGINS_V4.fullmatch(text):
        parts = text.rstrip(".").split(".")
        return ".".join([*parts, *["0"] * (4 - len(parts))]) + f"/{8 * len(parts)}"
    if _BEGINS_V6.fullmatch(text):
        groups = text.rstrip(":").split(":")
        return ":".join(groups) + f"::/{16 * len(groups)}"
    return text
