"""The journal's files: what a record looks like on disk, and how to read it back.

A segment is `<UTC stamp>-<16 hex digits>.journal`: names are unique for ever and sort by age. The hex digits are the
segment's own record mark, so that no message can contain a forged record that a reader would take for a real one.

    record = mark (8 bytes), length of envelope, length of body, CRC-32 of both (3 × u32 little endian), envelope, body

The envelope is MessagePack, each fact beside its name: a reader goes by these. The body is the message as delivered,
trace headers first. The body of a large message lies in a file of its own below `bodies/` that `Envelope.body_file`
names; the record then holds its header only.
"""

import contextlib
import os
import re
import secrets
import struct
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from transport.smtp.envelope import Envelope

SUFFIX = ".journal"
BODIES = "bodies"
SET_ASIDE = "set-aside"
"""Where the forwarder keeps segments that were damaged, for a human."""
CHUNK = 1 << 20
LONGEST_ENVELOPE = 256 << 20
"""Bytes; the 512,000 recipients that a connector may allow, with the longest addresses, fill 200 MB."""
LONGEST_BODY = 16 << 20
_HEADER = struct.Struct("<8sIII")
_NAME = re.compile(r"\d{8}T\d{12}-[0-9a-f]{16}\.journal")


Buffer = bytes | bytearray


class Record(NamedTuple):
    """One accepted message; `end` is the offset to continue from."""

    envelope: Envelope
    body: bytes
    offset: int
    end: int


class Damage(NamedTuple):
    """Bytes between two readable records that are not a record. Never deleted, always reported."""

    offset: int
    end: int
    message: str


class Newer(OSError):
    """A whole record that tells a fact which only a later version knows. It waits for that: read without it, the mail
    would not get what its client was promised.
    """


_encode = msgspec.msgpack.Encoder().encode
_decode_named = msgspec.msgpack.Decoder(Envelope).decode
_ARRAY = b"\xdc"
_WITHOUT_NAMES = (
    "id", "accepted_at", "transport", "connector", "revision", "session_id", "client_address", "helo", "tls",
    "principal", "authenticated", "sender", "recipients", "subject", "message_id", "size", "body_type", "body_file",
    "smtp_utf8", "ret", "envid", "notify", "orcpt",
)  # fmt: skip
"""The order of the facts in records of before they had names."""


def new_name(now: datetime, newest: str = "") -> str:
    """Name of a segment begun `now`, sorting behind `newest` even if the clock went back."""
    stamp = max(f"{now.astimezone(UTC):%Y%m%dT%H%M%S%f}", _following(newest))
    return f"{stamp}-{secrets.token_hex(8)}{SUFFIX}"


def _following(name: str) -> str:
    if not name:
        return ""
    day, _, clock = name.partition("-")[0].partition("T")
    return f"{day}T{int(clock) + 1:012d}"


def mark_of(path: Path | str) -> bytes:
    """The record mark that a segment's name carries."""
    return bytes.fromhex(Path(path).stem.partition("-")[2])


def segments(directory: Path) -> list[Path]:
    """The segments of one transport, oldest first. All but the last are complete for ever."""
    return [directory / name for name in sorted(_names(directory)) if _NAME.fullmatch(name)]


def strangers(directory: Path) -> list[Path]:
    """Files that end like segments but were not written by us."""
    found = [directory / name for name in _names(directory) if not _NAME.fullmatch(name)]
    return [path for path in found if path.is_file()]


def _names(directory: Path) -> list[str]:
    """Looked at many times a second, when `Path.glob` would cost more than all else."""
    with contextlib.suppress(FileNotFoundError):
        return [name for name in os.listdir(directory) if name.endswith(SUFFIX)]
    return []


def encode_head(mark: bytes, envelope: Envelope, body: tuple[Buffer, ...]) -> bytes:
    """Everything of a record that comes before its body."""
    packed = _encode(envelope)
    checksum, length = zlib.crc32(packed), 0
    for part in body:
        checksum = zlib.crc32(part, checksum)
        length += len(part)
    return _HEADER.pack(mark, len(packed), length, checksum) + packed


def read_segment(path: Path, offset: int = 0, durable: int | None = None) -> Iterator[Record | Damage]:
    """Records from `offset` (0 or some `end`) on, in the order they were written; none beyond `durable`.

    Stops at the end, or at a torn tail (written by a transport that died, never answered with 250) or unfinished write.
    Damage in the middle is yielded once, then reading goes on at the next readable record. Raises Newer.
    """
    mark = mark_of(path)
    with path.open("rb", buffering=CHUNK) as file:
        while durable is None or offset < durable:
            found = _record_at(file, mark, offset) or _damage_from(file, mark, offset)
            if found is None or (durable is not None and found.end > durable):
                return
            yield found
            offset = found.end


def _record_at(file: BinaryIO, mark: bytes, offset: int) -> Record | None:
    file.seek(offset)
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    found, packed_length, body_length, checksum = _HEADER.unpack(header)
    if found != mark or packed_length > LONGEST_ENVELOPE or body_length > LONGEST_BODY:
        return None
    packed, body = file.read(packed_length), file.read(body_length)
    if len(body) < body_length or zlib.crc32(body, zlib.crc32(packed)) != checksum:
        return None
    try:
        envelope = _decode(packed)
    except msgspec.MsgspecError:
        _refuse_newer(packed)
        return None
    return Record(envelope, body, offset, offset + _HEADER.size + packed_length + body_length)


def _decode(packed: bytes) -> Envelope:
    """Raises msgspec.MsgspecError."""
    if not packed.startswith(_ARRAY):
        return _decode_named(packed)
    facts = dict(zip(_WITHOUT_NAMES, msgspec.msgpack.decode(packed), strict=False))
    return msgspec.convert(facts, Envelope, builtin_types=(bytes,))


def _refuse_newer(packed: bytes) -> None:
    """Raises Newer for what another version has written on purpose."""
    with contextlib.suppress(msgspec.MsgspecError, TypeError):
        facts = msgspec.msgpack.decode(packed)
        if unknown := sorted(facts.keys() - set(Envelope.__struct_fields__)) if isinstance(facts, dict) else ():
            raise Newer(f"The journal holds mail of a later version ({', '.join(unknown)}): upgrade this node.")


def _damage_from(file: BinaryIO, mark: bytes, offset: int) -> Record | Damage | None:
    """What to do about bytes at `offset` that are no record: None when no later record is readable (a torn tail)."""
    behind = _next_record(file, mark, offset + 1)
    if behind is None:
        return None
    # The writer may have finished this very record since we looked: bytes reach the file in order.
    finished = _record_at(file, mark, offset)
    return finished or Damage(offset, behind, f"{behind - offset} unreadable bytes at {offset}")


def _next_record(file: BinaryIO, mark: bytes, start: int) -> int | None:
    overlap = len(mark) - 1
    while True:
        file.seek(start)
        window = file.read(CHUNK)
        at = window.find(mark)
        if at >= 0:
            if _record_at(file, mark, start + at):
                return start + at
            start += at + 1
        elif len(window) <= overlap:
            return None
        else:
            start += len(window) - overlap


def content(record: Record, directory: Path, size: int = CHUNK, with_file: bool = True) -> Iterator[bytes]:
    """The whole message in pieces of at most `size` bytes. `directory` is the transport's journal directory. Not
    `with_file`: only what the record itself holds.

    Raises OSError when the body's file cannot be read.
    """
    for start in range(0, len(record.body), size):
        yield record.body[start : start + size]
    if record.envelope.body_file and with_file:
        with (directory / BODIES / record.envelope.body_file).open("rb") as file:
            while piece := file.read(size):
                yield piece
