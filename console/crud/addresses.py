"""PURE. IP addresses as people type them when they look for something: one word each, however they are spelled."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address

from transport.config.endpoint import IPRange, parse_range

_BEGINS_V4 = re.compile(r"\d{1,3}(\.\d{1,3}){0,2}\.?", re.ASCII)
_BEGINS_V6 = re.compile(r"[0-9a-f]{1,4}(:[0-9a-f]{1,4}){0,6}::?", re.ASCII)
_PART_V4 = re.compile(r"\d{1,3}(\.\d{1,3}){0,2}", re.ASCII)


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


def apart(text: str) -> tuple[list[str], str]:
    """The addresses, ranges and networks among the words of a text (also `[192.0.2.7]`), and the other words."""
    words = text.split()
    found = {word: bare for word in words if _is_address(bare := _bare(word))}
    return list(found.values()), " ".join(word for word in words if word not in found)


def _bare(word: str) -> str:
    """What stands in the brackets of an address literal (RFC 5321 §4.1.3)."""
    inner = word[1:-1] if word.startswith("[") and word.endswith("]") else word
    return inner[5:] if inner.lower().startswith("ipv6:") else inner


def _is_address(word: str) -> bool:
    """`5.7.1` may begin an address, but is rather a status code, and `12:30` a time; `5.7.1.` is an address."""
    if _PART_V4.fullmatch(word) or word.count(":") == 1:
        return False
    return address_bounds(word) is not None


def holds(ranges: Iterable[str], text: str) -> bool:
    """Whether one of the ranges, as settings have them, holds all that is asked for."""
    asked = address_bounds(text)
    if asked is None:
        return False
    version, low, high = parse_range("-".join(asked)).bounds
    bounds = (IPRange(each).bounds for each in ranges)
    return any(of == version and first <= low and high <= last for of, first, last in bounds)
