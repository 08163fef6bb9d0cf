"""The protocol log in Exchange's format (Exchange reference §7.1): `RECVyyyymmdd-nnnn.LOG`, one folder per transport.

Lines are gathered in memory for a tenth of a second and written by a thread of their own; no client waits for them.
"""

import asyncio
import logging
import os
import queue
import re
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from transport.durable_file import close
from transport.trace.line import Entry, Speller, header

FLUSH_EVERY = 0.1
MOST_WAITING = 200
"""Batches that may wait for a slow disk (20 s); beyond that lines are given up rather than mail."""

log = logging.getLogger(__name__)
_name = re.compile(r"RECV(\d{8})-(\d{4,})\.LOG")


class Limits(msgspec.Struct, frozen=True):
    """Rotation and circular logging; Exchange's defaults."""

    file_bytes: int = 10 << 20
    directory_bytes: int = 250 << 20
    age: timedelta = timedelta(days=30)


class ProtocolLog:
    """The files of one transport. `add` is for the event loop's thread."""

    def __init__(self, directory: Path, loop: asyncio.AbstractEventLoop, limits: Limits | None = None) -> None:
        """Raises OSError when the directory cannot be made."""
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.lost = 0
        self._loop = loop
        self._entries: list[Entry] = []
        self._queue: queue.SimpleQueue[list[Entry] | None] = queue.SimpleQueue()
        self._files = _Files(directory, limits or Limits())
        self._writer = threading.Thread(target=self._write_all, name="protocol-log", daemon=True)
        self._writer.start()

    def add(self, entry: Entry) -> None:
        """Remember an entry; it is in the file a tenth of a second later."""
        if not self._entries:
            self._loop.call_later(FLUSH_EVERY, self._flush)
        self._entries.append(entry)

    def close(self) -> None:
        """Write what is waiting, then stop."""
        self._flush()
        self._queue.put(None)
        self._writer.join()

    def _flush(self) -> None:
        entries, self._entries = self._entries, []
        if not entries:
            return
        if self._queue.qsize() < MOST_WAITING:
            self._queue.put(entries)
        else:
            self.lost += len(entries)

    def _write_all(self) -> None:
        failing = False
        speller = Speller()
        while (entries := self._queue.get()) is not None:
            try:
                self._files.write(speller.lines(entries).encode("ascii", "backslashreplace"))
                failing = False
            except Exception as error:
                if not failing:
                    log.error("protocol log: %s", error)
                failing = True
                self.lost += len(entries)
        self._files.close()


class _Files:
    """Rotation by size and day, deletion by age and by the directory's size."""

    def __init__(self, directory: Path, limits: Limits) -> None:
        self._directory, self._limits = directory, limits
        self._handle, self._size, self._day = -1, 0, ""
        self._torn = False  # the disk took only a part of the last line

    def write(self, data: bytes) -> None:
        today = f"{datetime.now(UTC):%Y%m%d}"
        if self._handle < 0 or today != self._day or self._size + len(data) > self._limits.file_bytes:
            self._open_next(today)
        rest = b"\r\n" + data if self._torn else data
        while rest:
            written = os.write(self._handle, rest)
            rest = rest[written:]
            self._size += written
            self._torn = bool(rest)

    def close(self) -> None:
        close(self._handle)
        self._handle = -1

    def _open_next(self, today: str) -> None:
        self.close()
        self._remove_oldest()
        names = filter(None, map(_name.fullmatch, os.listdir(self._directory)))
        numbers = [int(found[2]) for found in names if found[1] == today]
        path = self._directory / f"RECV{today}-{max(numbers, default=0) + 1:04d}.LOG"
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o640)
        self._day, self._torn = today, False
        try:
            self._size = os.write(self._handle, head := header(time.time()).encode())
            if self._size < len(head):
                raise OSError("the disk is full")
        except OSError:
            self.close()
            path.unlink(missing_ok=True)
            raise

    def _remove_oldest(self) -> None:
        files = sorted(path for path in self._directory.iterdir() if _name.fullmatch(path.name))
        sizes = {path: path.stat().st_size for path in files}
        total = sum(sizes.values()) + self._limits.file_bytes
        oldest_kept = time.time() - self._limits.age.total_seconds()
        for path in files:
            if total > self._limits.directory_bytes or path.stat().st_mtime < oldest_kept:
                path.unlink(missing_ok=True)
                total -= sizes[path]
