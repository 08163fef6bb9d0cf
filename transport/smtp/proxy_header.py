"""The PROXY header: what a load balancer says of a client before the client's first octet (HAProxy's
`proxy-protocol.txt`, versions 1 and 2).

A header is complete or not; what cannot become one is broken at once. Who must send one is known elsewhere.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import msgspec

from transport.config import bounds
from transport.config.endpoint import address_of

MOST = bounds.PROXY_HEADER.octets or 0
V1, V2 = b"PROXY ", b"\r\n\r\n\x00\r\nQUIT\n"
MOST_V1 = 107
"""Octets of a header of version 1, with CRLF."""
HEAD_V2 = 16
"""Octets of a header of version 2 in front of the addresses."""
LOCAL, PROXY = 0x20, 0x21
STREAMS = {0x11: 4, 0x21: 16}
"""TCP over IPv4 and over IPv6: octets of an address."""
OTHERS = {0x00: 0, 0x12: 12, 0x22: 36, 0x31: 216, 0x32: 216}
"""Unspecified, UDP and Unix sockets: octets of both addresses, which say nothing of a client of ours."""
CRC32C = 0x03
SHOWN = 40
"""Octets of what is no header."""
Endpoint = tuple[str, int]


class BrokenHeader(ValueError):
    """What came is no PROXY header, in words."""


class NoHeader(BrokenHeader):
    """Something else has come."""


class Header(msgspec.Struct, frozen=True):
    """`size` in octets. `source` and `local` are the ends of the client's connection as (address, port); None where the
    header says nothing of a client: the front end speaks for itself.
    """

    size: int
    source: Endpoint | None = None
    local: Endpoint | None = None


def read(octets: bytes) -> Header | None:
    """The header at the beginning; None while more of it is to come. Raises BrokenHeader."""
    if octets.startswith(V1[: len(octets)]):
        return _version_1(octets)
    if octets.startswith(V2[: len(octets)]):
        return _version_2(octets)
    raise NoHeader(octets[:SHOWN].decode("latin-1"))


def version_1(header: Header) -> str:
    """Its line, without CRLF."""
    if header.source is None or header.local is None:
        return "PROXY UNKNOWN"
    family = 6 if ":" in header.source[0] else 4
    return f"PROXY TCP{family} {header.source[0]} {header.local[0]} {header.source[1]} {header.local[1]}"


def _version_1(octets: bytes) -> Header | None:
    """`PROXY TCP4 192.0.2.7 198.51.100.1 49152 25`, `PROXY UNKNOWN …`."""
    line, end, _ = octets[:MOST_V1].partition(b"\r\n")
    if b"\n" in line or b"\r" in (line if end else line[:-1]):
        raise BrokenHeader("its line does not end with CRLF")
    if not end:
        if len(octets) >= MOST_V1:
            raise BrokenHeader(f"version 1 has at most {MOST_V1} octets")
        return None
    size = len(line) + 2
    _, family, *words = line.decode("latin-1").split(" ")
    if family == "UNKNOWN":
        return Header(size)
    if family not in ("TCP4", "TCP6") or len(words) != 4:
        raise BrokenHeader("it names no client")
    version = int(family[-1])
    source, local = (_written(version, *ends) for ends in ((words[0], words[2]), (words[1], words[3])))
    return Header(size, source, local)


def _written(version: int, ip: str, port: str) -> Endpoint:
    try:
        address = IPv4Address(ip) if version == 4 else IPv6Address(ip)
        if "%" in ip or not port.isascii() or not port.isdigit() or str(int(port)) != port or int(port) > 65535:
            raise ValueError
    except ValueError:
        raise BrokenHeader("its addresses or ports cannot be read") from None
    return str(address_of(str(address))), int(port)


def _version_2(octets: bytes) -> Header | None:
    if len(octets) < HEAD_V2:
        return None
    command, family, length = octets[12], octets[13], int.from_bytes(octets[14:16], "big")
    if command not in (LOCAL, PROXY):
        raise BrokenHeader("its version or command is not known")
    if HEAD_V2 + length > MOST:
        raise BrokenHeader(f"it announces {HEAD_V2 + length:,} octets; {MOST:,} are read at most")
    if len(octets) < HEAD_V2 + length:
        return None
    return _whole(octets[: HEAD_V2 + length], command, family)


def _whole(octets: bytes, command: int, family: int) -> Header:
    size, each = len(octets), STREAMS.get(family, 0)
    both = 2 * each + 4 if each else OTHERS.get(family)
    if command == LOCAL:  # whatever stands there is to be discarded (section 2.2)
        return Header(size)
    if both is None:
        raise BrokenHeader("its address family is not known")
    if HEAD_V2 + both > size:
        raise BrokenHeader("its addresses are cut off")
    _checked(octets, HEAD_V2 + both)
    return Header(size, *_packed(octets[HEAD_V2:], each)) if each else Header(size)


def _packed(addresses: bytes, each: int) -> tuple[Endpoint, Endpoint]:
    make = IPv4Address if each == 4 else IPv6Address
    ports = addresses[2 * each :]
    found = (str(address_of(str(make(addresses[place : place + each])))) for place in (0, each))
    source, local = zip(found, (int.from_bytes(ports[:2], "big"), int.from_bytes(ports[2:4], "big")), strict=True)
    return source, local


def _checked(octets: bytes, place: int) -> None:
    """Walks over the TLVs by their lengths; a CRC32C among them is checked."""
    while place < len(octets):
        kind, length = octets[place], int.from_bytes(octets[place + 1 : place + 3], "big")
        start, place = place + 3, place + 3 + length
        if start > len(octets) or place > len(octets):
            raise BrokenHeader("its further fields are cut off")
        if kind == CRC32C:
            blank = octets[:start] + bytes(length) + octets[place:]
            if length != 4 or crc32c(blank) != int.from_bytes(octets[start:place], "big"):
                raise BrokenHeader("its checksum is wrong")


def crc32c(octets: bytes) -> int:
    """RFC 4960 Appendix B."""
    value = 0xFFFFFFFF
    for octet in octets:
        value = _TABLE[(value ^ octet) & 0xFF] ^ (value >> 8)
    return value ^ 0xFFFFFFFF


def _entry(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
    return value


_TABLE = tuple(map(_entry, range(256)))
