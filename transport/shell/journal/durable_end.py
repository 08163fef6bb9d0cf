"""How far a journal is durable: what may be read of its newest segment, and of one that was left with a tail.

The writer says it before it answers 250, so whatever was answered is read, and nothing that was refused or never
answered. The file counts only for the boot of the machine that wrote it: a crash may take its last words, so after one
every segment is read to its end. That is why it needs no fsync.

It is said once for each batch, so it goes through memory that is mapped: a system call would hand Python over to the
other thread, and wait for it. The octets were written before, so a full disk does not fail there; where a filesystem
copies what is written over, and has no room at all, the kernel ends this process, which is as good as any other end.
"""

import contextlib
import mmap
import os
import struct
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from transport.durable_file import close

_NAME = "durable"
_END = struct.Struct("<QQ")
"""The end and its complement: a reader in the middle of a write sees that they do not fit."""
_ALL_ONES = (1 << 64) - 1
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class _Said(msgspec.Struct, frozen=True):
    """`segment` is the newest one; `tails` are older ones with octets behind their durable end."""

    boot: str
    segment: str
    tails: dict[str, int]


class Ends(NamedTuple):
    """What is known of a journal; all segments are read to their end when nothing is."""

    segment: str = ""
    end: int = 0
    tails: dict[str, int] = {}

    def of(self, name: str) -> int | None:
        """Where the durable part of a segment ends; None for all of it."""
        if not self.segment or name < self.segment:
            return self.tails.get(name)
        return self.end if name == self.segment else 0


def durable_ends(directory: Path) -> Ends:
    """What the writer of this journal has said last. Ask after the segments were listed, never before."""
    try:
        data = (directory / _NAME).read_bytes()
        end, complement = _END.unpack_from(data)
        said = msgspec.msgpack.decode(data[_END.size :], type=_Said)
    except (OSError, struct.error, msgspec.MsgspecError):
        return Ends()
    if said.boot != _boot():
        return Ends()
    return Ends(said.segment, end if end == complement ^ _ALL_ONES else 0, said.tails)


class DurableEnd:
    """The writer's side."""

    def __init__(self, directory: Path) -> None:
        """Goes on from what a writer before has said. Raises OSError where a machine does not tell its boots apart."""
        self._directory, self._boot = directory, _boot()
        if not self._boot:
            raise OSError(f"{_BOOT} cannot be read")
        self._handle = -1
        self._mapped: mmap.mmap | None = None
        self._segment, self._end, self._tails = durable_ends(directory)

    def begin(self, segment: str) -> None:
        """From now on this segment is written, nothing of it is durable. Raises OSError; then nothing has changed."""
        tails = self._with_tails()
        fresh = self._directory / f"{_NAME}.new"
        handle = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            data = _packed(0) + msgspec.msgpack.encode(_Said(self._boot, segment, tails))
            if os.write(handle, data) < len(data):
                raise OSError("the disk is full")
            os.rename(fresh, self._directory / _NAME)
        except OSError:
            close(handle)
            raise
        self.close()
        self._handle, self._mapped = handle, _mapped(handle)
        self._segment, self._end, self._tails = segment, 0, tails

    def advance(self, end: int) -> None:
        """The segment is durable up to here. Raises OSError; then nobody has heard of it."""
        if self._mapped is not None:
            self._mapped[: _END.size] = _packed(end)
        elif os.pwrite(self._handle, _packed(end), 0) < _END.size:
            raise OSError("the disk is full")
        self._end = end

    def close(self) -> None:
        """What was said stays."""
        if self._mapped is not None:
            self._mapped.close()
        close(self._handle)
        self._handle, self._mapped = -1, None

    def _with_tails(self) -> dict[str, int]:
        """The segments that still are there and hold more than is durable."""
        ends = self._tails | ({self._segment: self._end} if self._segment else {})
        tails = {}
        for name, end in ends.items():
            with contextlib.suppress(FileNotFoundError):
                if (self._directory / name).stat().st_size > end:
                    tails[name] = end
        return tails


def _mapped(handle: int) -> mmap.mmap | None:
    """The octets of `_END`; None where a filesystem maps nothing, or the process has no memory for it."""
    with contextlib.suppress(OSError):
        return mmap.mmap(handle, _END.size)
    return None


def _packed(end: int) -> bytes:
    return _END.pack(end, end ^ _ALL_ONES)


@cache
def _boot() -> str:
    """No process lives through two."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""
