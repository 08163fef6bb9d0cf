"""The PROXY header: both versions, whole, in pieces, broken; and as aiosmtpd reads it."""

from __future__ import annotations

import asyncio
from ipaddress import IPv4Address, IPv6Address

import pytest
from aiosmtpd.proxy_protocol import AF, PROTO, V2_CMD, ProxyData, get_proxy
from hypothesis import given
from hypothesis import strategies as st

from transport.config import bounds
from transport.smtp.proxy_header import V2, BrokenHeader, Header, NoHeader, crc32c, read, version_1

MOST = bounds.PROXY_HEADER.octets or 0
V4, V6 = "203.0.113.7", "2001:db8::7"


def packed(
    source: str, local: str, *, tail: bytes = b"", command: int = 0x21, family: int | None = None, ports: bytes = b""
) -> bytes:
    """A header of version 2."""
    make = IPv6Address if ":" in source else IPv4Address
    kind = family if family is not None else 0x21 if ":" in source else 0x11
    body = make(source).packed + make(local).packed + (ports or b"\xc0\x00\x00\x19") + tail
    return V2 + bytes((command, kind)) + len(body).to_bytes(2, "big") + body


def field(kind: int, value: bytes) -> bytes:
    return bytes((kind,)) + len(value).to_bytes(2, "big") + value


def summed(*fields: bytes, wrong: int = 0) -> bytes:
    """A header with a checksum among its further fields."""
    blank = packed(V4, V4, tail=field(0x03, bytes(4)) + b"".join(fields))
    return blank[:31] + ((crc32c(blank) + wrong) % 2**32).to_bytes(4, "big") + blank[35:]


ENDS = (V4, 49152), (V4, 25)
WHOLE: dict[str, tuple[bytes, Header]] = {
    "TCP4": (b"PROXY TCP4 203.0.113.7 203.0.113.7 49152 25\r\n", Header(45, *ENDS)),
    "TCP6": (b"PROXY TCP6 2001:DB8::7 ::1 1 65535\r\n", Header(36, (V6, 1), ("::1", 65535))),
    "an IPv4 address in IPv6": (b"PROXY TCP6 ::ffff:203.0.113.7 ::1 1 2\r\n", Header(39, (V4, 1), ("::1", 2))),
    "UNKNOWN": (b"PROXY UNKNOWN\r\n", Header(15)),
    "UNKNOWN and more": (b"PROXY UNKNOWN ffff:f...f:ffff ffff::ffff 65535 65535\r\n", Header(54)),
    "version 2": (packed(V4, V4), Header(28, *ENDS)),
    "version 2, IPv6": (packed(V6, V6), Header(52, (V6, 49152), (V6, 25))),
    "further fields": (packed(V4, V4, tail=field(0x20, b"\x01" * 200) + field(0x04, b"")), Header(234, *ENDS)),
    "a checksum": (summed(field(0x05, b"id")), Header(40, *ENDS)),
    "a health check": (V2 + b"\x20\x00\x00\x00", Header(16)),
    "a health check with addresses": (packed(V4, V4, command=0x20), Header(28)),
    "unspecified": (V2 + b"\x21\x00\x00\x03xyz"[:4] + field(0x04, b""), Header(19)),
    "UDP": (packed(V4, V4, family=0x12), Header(28)),
    "Unix": (V2 + b"\x21\x31\x00\xd8" + bytes(216), Header(232)),
    "as long as it may be": (
        packed(V4, V4, tail=field(0x04, bytes(MOST - 31))), Header(MOST, *ENDS),
    ),
}  # fmt: skip
BROKEN = {
    "nothing of it": b"EHLO x\r\n",
    "lower case": b"proxy TCP4 203.0.113.7 203.0.113.7 49152 25\r\n",
    "UDP in version 1": b"PROXY UDP4 203.0.113.7 203.0.113.7 49152 25\r\n",
    "a port is missing": b"PROXY TCP4 203.0.113.7 203.0.113.7 49152\r\n",
    "a word too many": b"PROXY TCP4 203.0.113.7 203.0.113.7 49152 25 x\r\n",
    "CR within, CRLF at its end": b"PROXY UNKNOWN \rffff:: ffff:: 65535 65535\r\n",
    "two blanks": b"PROXY TCP4  203.0.113.7 203.0.113.7 49152 25\r\n",
    "the other family": b"PROXY TCP4 2001:db8::7 2001:db8::7 49152 25\r\n",
    "no address": b"PROXY TCP4 203.0.113 203.0.113.7 49152 25\r\n",
    "a zone": b"PROXY TCP6 fe80::1%eth0 ::1 49152 25\r\n",
    "a port of five": b"PROXY TCP4 203.0.113.7 203.0.113.7 49152 65536\r\n",
    "a zero in front": b"PROXY TCP4 203.0.113.7 203.0.113.7 49152 025\r\n",
    "another script": "PROXY TCP4 203.0.113.7 203.0.113.7 1 \u0662\r\n".encode(),
    "LF alone": b"PROXY TCP4 203.0.113.7 203.0.113.7 49152 25\n",
    "CR within": b"PROXY TCP4\r203.0.113.7",
    "too long": b"PROXY UNKNOWN ".ljust(107, b"x"),
    "too long, ended": b"PROXY UNKNOWN ".ljust(106, b"x") + b"\r\n",
    "version 3": V2 + b"\x31\x11\x00\x0c",
    "a command that is none": V2 + b"\x22\x11\x00\x0c",
    "an unknown family": packed(V4, V4, family=0x41),
    "addresses cut off": V2 + b"\x21\x11\x00\x0b" + bytes(11),
    "a field cut off": packed(V4, V4, tail=b"\x04\x00\x05xx"),
    "half a field": packed(V4, V4, tail=b"\x04\x00"),
    "a wrong checksum": summed(wrong=1),
    "a short checksum": packed(V4, V4, tail=field(0x03, b"xx")),
    "longer than is read": V2 + b"\x21\x11" + (MOST - 15).to_bytes(2, "big"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_header_is_read_however_it_comes_and_nothing_behind_it(name: str) -> None:
    octets, header = WHOLE[name]
    assert read(octets) == read(octets + b"EHLO x\r\n") == header
    assert all(read(octets[:length]) is None for length in range(len(octets)))


def test_what_stands_in_a_health_check_is_discarded() -> None:
    """Section 2.2, where aiosmtpd looks at it."""
    assert read(V2 + b"\x20\x11\x00\x05\x03\xff\xff\xffx") == Header(21)


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_says_so(name: str) -> None:
    with pytest.raises(BrokenHeader) as told:
        read(BROKEN[name])
    assert isinstance(told.value, NoHeader) == (name in ("nothing of it", "lower case")) and str(told.value)


@given(st.sampled_from([*(octets for octets, _ in WHOLE.values()), b"PROXY ", V2]), st.binary(max_size=60), st.data())
def test_nonsense_raises_nothing_else_and_a_beginning_says_what_the_whole_says(
    octets: bytes, more: bytes, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(octets)))
    mixed = octets[:place] + more + octets[place:]
    whole: Header | str | None
    try:
        whole = read(mixed)
    except BrokenHeader as error:
        whole = str(error)
    for length in range(0, len(mixed), 7):
        try:
            begun = read(mixed[:length])
        except BrokenHeader:
            assert isinstance(whole, str)
        else:
            assert begun is None or begun == whole


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6), st.integers(0, 65535), st.integers(0, 65535))
def test_what_we_write_we_read(ip: IPv4Address | IPv6Address, port: int, to: int) -> None:
    here = "192.0.2.1" if ip.version == 4 else "2001:db8::1"
    line = version_1(Header(0, (str(ip), port), (here, to))).encode() + b"\r\n"
    found = read(line)
    assert found is not None and found.source is not None and found.local == (here, to)
    assert found.size == len(line) and found.source[1] == port
    assert version_1(Header(0)).encode() + b"\r\n" == WHOLE["UNKNOWN"][0]


def by_aiosmtpd(octets: bytes) -> ProxyData:
    async def heard() -> ProxyData:
        reader = asyncio.StreamReader()
        reader.feed_data(octets)
        reader.feed_eof()
        return await get_proxy(reader)

    return asyncio.run(heard())


@pytest.mark.parametrize("name", WHOLE)
def test_aiosmtpd_reads_the_same(name: str) -> None:
    octets, header = WHOLE[name]
    found = by_aiosmtpd(octets)
    assert found.valid
    if header.source is not None and "IPv4 address" not in name:
        assert (str(found.src_addr), found.src_port) == header.source
        assert header.local == (str(found.dst_addr), found.dst_port)
    elif header.source is None:
        assert found.command == V2_CMD.LOCAL or found.family != AF.INET or found.protocol != PROTO.STREAM


LAXER = {
    "a field cut off", "half a field", "a wrong checksum", "a short checksum", "longer than is read", "a zone",
    "a zero in front", "CR within, CRLF at its end",
}  # fmt: skip
"""What aiosmtpd does not look at: fields, checksums, the size in all, and what stands behind UNKNOWN."""


@pytest.mark.parametrize("name", sorted(BROKEN.keys() - LAXER))
def test_aiosmtpd_refuses_it_as_well(name: str) -> None:
    assert not by_aiosmtpd(BROKEN[name]).valid


def test_the_checksum_is_castagnolis() -> None:
    """RFC 3720 Appendix B.4."""
    assert crc32c(bytes(32)) == 0x8A9136AA and crc32c(b"\xff" * 32) == 0x62A8AB43
