"""The file of a backup: a tar (POSIX.1-2001, pax) of plain files, written and read as a stream, so that memory stays
flat whatever it holds.

The first member is `about.json`, the last two are `manifest.json`, which says what came between them, and
`manifest.mac`, which only who has the key can make. A file that is cut lacks them. What a stranger may have made is
refused before any of it is used: links, devices, names that lead elsewhere, names that nobody needs.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import tarfile
from collections.abc import Iterable, Iterator
from time import time
from typing import BinaryIO, NamedTuple

import msgspec

from console.backups.manifest import FORMAT, About, Manifest, encode
from transport.config import bounds

BLOCK = 512
PIECE = 1 << 20
END = bytes(2 * BLOCK)
ABOUT, MANIFEST, MAC = "about.json", "manifest.json", "manifest.mac"
FOLDERS = ("journal", "database", "mailboxes", "logs")
"""What may stand at the head of a name."""
DEEPEST = 6
LONGEST_NAME = 1024
LONGEST_PAX = 4096
UNREADABLE = "What it says of itself cannot be read."
PLAIN, PAX = (tarfile.REGTYPE, tarfile.AREGTYPE), tarfile.XHDTYPE


class Damaged(Exception):
    """The file is no backup, or not all of one; the text says what is wrong with it."""


class Member(NamedTuple):
    name: str
    size: int
    file: BinaryIO

    def pieces(self) -> Iterator[bytes]:
        """Its octets, once. Raises Damaged where the file ends before."""
        left = self.size
        while left:
            piece = self.file.read(min(PIECE, left))
            if not piece:
                raise Damaged(f"The file ends in the middle of {self.name}: it is not all there.")
            left -= len(piece)
            yield piece

    def text(self) -> bytes:
        """All of a small one. Raises Damaged."""
        if self.size > (bounds.BACKUP_TEXT.octets or 0):
            raise Damaged(f"{self.name} is larger than any backup has it.")
        return b"".join(self.pieces())


class Writer:
    """`digest` is of all that was added so far; `parts` of each folder: files, octets."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.parts: dict[str, tuple[int, int]] = {}

    def add(self, name: str, size: int, pieces: Iterable[bytes]) -> None:
        """Raises OSError, also where there are fewer octets than that; more are left out."""
        head = tarfile.TarInfo(name)
        head.size, head.mode, head.mtime = size, 0o600, int(time())
        self._file.write(head.tobuf(tarfile.PAX_FORMAT, errors="surrogateescape"))
        _begin(self.digest, name, size)
        left = size
        for piece in pieces:
            taken = piece[:left]
            self._file.write(taken)
            self.digest.update(taken)
            left -= len(taken)
            if not left:
                break
        if left:
            raise OSError(f"{name} became shorter while it was read")
        self._file.write(bytes(-size % BLOCK))
        self._count(name, size)

    def _count(self, name: str, size: int) -> None:
        folder, slash, _ = name.partition("/")
        if slash:
            files, octets = self.parts.get(folder, (0, 0))
            self.parts[folder] = files + 1, octets + size

    def text(self, name: str, content: bytes) -> None:
        self.add(name, len(content), [content])

    def close(self, manifest: Manifest, key: str) -> None:
        """Write what makes the file whole."""
        text = encode(manifest)
        self.text(MANIFEST, text)
        self.text(MAC, _mac(text, key))
        self._file.write(END)


def members(file: BinaryIO) -> Iterator[Member]:
    """All of a backup, in order; what is not read of one is passed over. Raises Damaged, and OSError."""
    long_name = b""
    while (block := file.read(BLOCK)) and block != bytes(BLOCK):
        head = _head(block)
        if head.type == PAX:
            if head.size > LONGEST_PAX:
                raise Damaged("A name in it is longer than any backup has one.")
            long_name = _path(b"".join(Member("a name", head.size, file).pieces()))
            _skip(file, -head.size % BLOCK)
            continue
        if head.type not in PLAIN:
            raise Damaged(f"It holds {head.name!r}, which is no plain file: no backup does.")
        member = Member(_checked(long_name.decode("utf-8", "surrogateescape") or head.name), head.size, file)
        before = file.tell()
        yield member
        _skip(file, before + member.size + (-member.size % BLOCK) - file.tell())
        long_name = b""


def verified(file: BinaryIO, key: str) -> Manifest:
    """Read all of it: the manifest, if every octet is as who has the key wrote it. Raises Damaged, OSError."""
    digest, text, mac = hashlib.sha256(), b"", b""
    for member in members(file):
        if member.name == MAC:
            mac = member.text()
        elif member.name == MANIFEST:
            text = member.text()
        elif text:
            raise Damaged(f"{member.name} stands behind the manifest: somebody added it.")
        else:
            _begin(digest, member.name, member.size)
            for piece in member.pieces():
                digest.update(piece)
    if not mac:
        raise Damaged("The file has no end: it is not all there.")
    if not hmac.compare_digest(mac, _mac(text, key)):
        raise Damaged("What it says of itself was not written with this key, or was changed since.")
    manifest = msgspec.json.decode(text, type=Manifest)
    if manifest.sha256 != digest.hexdigest():
        raise Damaged("Its content is not what was written: the file is damaged.")
    return manifest


def about(file: BinaryIO) -> About:
    """What stands at its head, of which nothing is proved yet. Raises Damaged, OSError."""
    first = next(members(file), None)
    if first is None or first.name != ABOUT:
        raise Damaged("This is no backup of Gatepost.")
    try:
        found = msgspec.json.decode(first.text(), type=About)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Damaged(UNREADABLE) from None
    if not all(
        each.isprintable() and len(each) < 256 for each in (found.version, found.taken_at, found.node, found.key)
    ):
        raise Damaged(UNREADABLE)
    if found.format > FORMAT:
        raise Damaged(f"It was made by a newer Gatepost ({found.version}): restore it with that one.")
    return found


def _begin(digest: hashlib._Hash, name: str, size: int) -> None:
    digest.update(f"{size} {name}\n".encode("utf-8", "surrogateescape"))


def _mac(manifest: bytes, key: str) -> bytes:
    return hmac.new(b"gatepost backup " + key.encode(), manifest, hashlib.sha256).hexdigest().encode()


def _head(block: bytes) -> tarfile.TarInfo:
    try:
        head = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        raise Damaged("This is no backup, or it is damaged: there is no header where one must be.") from None
    if head.size < 0:
        raise Damaged("It names a negative size.")
    return head


def _path(records: bytes) -> bytes:
    """The name among the records `<length> <keyword>=<value>\\n` of a pax header."""
    for record in records.split(b"\n"):
        keyword, _, value = record.partition(b" ")[2].partition(b"=")
        if keyword == b"path":
            return value
    return b""


def _checked(name: str) -> str:
    parts = name.split("/")
    is_ours = name in (ABOUT, MANIFEST, MAC) or (len(parts) > 1 and parts[0] in FOLDERS)
    leads_elsewhere = any(part in ("", ".", "..") or "\0" in part or len(os.fsencode(part)) > 255 for part in parts)
    if not is_ours or leads_elsewhere or len(parts) > DEEPEST or len(os.fsencode(name)) > LONGEST_NAME:
        raise Damaged(f"It holds {name[:80]!r}: no backup does.")
    return name


def _skip(file: BinaryIO, octets: int) -> None:
    while octets > 0:
        piece = file.read(min(PIECE, octets))
        if not piece:
            raise Damaged("The file ends in the middle: it is not all there.")
        octets -= len(piece)
