"""Addresses as an administrator writes them: a binding `IP:port`, a remote range, a client's address."""

from __future__ import annotations

from functools import cache, lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import msgspec

Address = IPv4Address | IPv6Address
ALL_IPV4 = "0.0.0.0-255.255.255.255"
ALL_IPV6 = "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"


class Binding(msgspec.Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """A local IP address and TCP port; `0.0.0.0` and `::` stand for every address of their family."""

    ip: str
    port: int

    def __str__(self) -> str:
        return f"[{self.ip}]:{self.port}" if ":" in self.ip else f"{self.ip}:{self.port}"

    @property
    def is_any(self) -> bool:
        """True for `0.0.0.0` and `::`."""
        return self.ip in ("0.0.0.0", "::")


class IPRange(msgspec.Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """An inclusive range of addresses of one family, kept as it was written for the administrator to read again."""

    text: str

    @property
    def bounds(self) -> tuple[int, int, int]:
        """(IP version, lowest address, highest address), addresses as integers."""
        return _bounds(self.text)

    def holds(self, version: int, address: int) -> bool:
        """Whether an address, as `client_key` gives it, lies in the range."""
        family, low, high = self.bounds
        return family == version and low <= address <= high

    def __str__(self) -> str:
        return self.text


@lru_cache(maxsize=65536)
def _bounds(text: str) -> tuple[int, int, int]:
    if "-" in text:
        low_text, high_text = text.split("-", 1)
        low, high = address_of(low_text.strip()), address_of(high_text.strip())
        if low.version != high.version:
            raise ValueError("both ends must be of one family, IPv4 or IPv6")
        if int(low) > int(high):
            raise ValueError(f"{low} comes after {high}; write the lower address first")
        return low.version, int(low), int(high)
    if "/" in text:
        network = ip_network(text, strict=False)
        return network.version, int(network[0]), int(network[-1])
    address = address_of(text)
    return address.version, int(address), int(address)


def address_of(text: str) -> Address:
    """Without its zone; `::ffff:a.b.c.d`, as a dual-stack socket shows an IPv4 client, is that IPv4 address. Raises
    ValueError.
    """
    address = ip_address(text.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped if mapped is not None else address


@lru_cache(maxsize=65536)
def client_key(text: str) -> tuple[int, int]:
    """(IP version, address as an integer) of a peer's address as the socket gives it."""
    address = address_of(text)
    return address.version, int(address)


@lru_cache(maxsize=65536)
def source_of(text: str) -> str:
    """What counts as one client by every limit per source: an address, of IPv6 its /64, which one host has as a whole
    (RFC 6177 §2). IPv4 behind a dual-stack socket is IPv4. Raises ValueError for what is no address.
    """
    address = address_of(text)
    return str(address) if address.version == 4 else str(ip_network((address, 64), strict=False))


def parse_range(text: str) -> IPRange:
    """One remote range: a single address, `a-b`, CIDR (host bits may be set) or `a(mask)`, all as Exchange allows.

    Raises ValueError with what to write instead.
    """
    text = "-".join(part.strip() for part in text.strip().replace("–", "-").split("-"))
    try:
        text = _with_prefix(text)
        _bounds(text)
    except ValueError as error:
        known = "must be" in str(error) or "comes after" in str(error)
        complaint = f"“{text}”: {error}" if known else f"“{text}” is no IP address or range"
        raise ValueError(
            f"{complaint}. Write an address (192.168.5.77), a range (192.168.5.1-192.168.5.99) "
            "or a network (192.168.5.0/24)."
        ) from None
    return IPRange(text)


def _with_prefix(text: str) -> str:
    """`10.1.2.0(255.255.255.0)` → `10.1.2.0/24`. Raises ValueError for a mask with holes."""
    address, bracket, mask = text.partition("(")
    if not bracket or not mask.endswith(")"):
        return text
    bits = f"{int(IPv4Address(mask[:-1].strip())):032b}"
    if "01" in bits:
        raise ValueError(f"the mask {mask[:-1].strip()} must be ones, then zeros")
    return f"{IPv4Address(address.strip())}/{bits.count('1')}"


def parse_binding(text: str, port_alone: int = 25) -> Binding:
    """One binding, `10.2.3.4:25`, `[::1]:25`, or an address for `port_alone`. Raises ValueError with what to write.

    IPv6 needs its brackets: `::1:25` is an address of its own, and hardly the one that was meant.
    """
    text = text.strip()
    ip_text, separator, port_text = text.rpartition(":")
    if text.endswith("]") or not separator:
        ip_text, port_text = text, str(port_alone)
    try:
        address = _bracketed(ip_text)
        port = int(port_text)
    except ValueError:
        like = f"10.2.3.4:{port_alone} or [::1]:{port_alone}"
        raise ValueError(f"“{text}” is no binding. Write address and port: {like}.") from None
    if not 1 <= port <= 65535:
        raise ValueError(f"“{text}”: the port must be from 1 to 65535.")
    return Binding(str(address), port)


def _bracketed(text: str) -> Address:
    return IPv6Address(text[1:-1]) if text.startswith("[") and text.endswith("]") else IPv4Address(text)


@cache
def everyone() -> tuple[IPRange, IPRange]:
    """The two ranges that hold every address."""
    return IPRange(ALL_IPV4), IPRange(ALL_IPV6)


def host_bits(remote: IPRange) -> str | None:
    """The network that a CIDR with host bits set means (`192.168.1.1/24` → `192.168.1.0/24`), else None."""
    if "/" not in remote.text:
        return None
    network = ip_network(remote.text, strict=False)
    return None if str(network[0]) == remote.text.split("/")[0] else str(network)


_PRIVATE = tuple(
    _bounds(text)
    for text in (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16",
        "fc00::/7", "fe80::/10", "fec0::/10", "::1/128",
    )
)  # fmt: skip
"""Private networks, loopback and link-local: RFC 1918, 1122, 3927, 4193, 4291; fec0::/10 with document 004."""


def is_private(remote: IPRange) -> bool:
    """True when every address of the range is loopback, link-local or of one private network."""
    version, low, high = remote.bounds
    return any(of == version and first <= low and high <= last for of, first, last in _PRIVATE)
