"""Text logs that take the room they are given and no more: new files by size and time, the oldest go, and whoever
writes waits for no disk (Exchange reference §7).
"""

import contextlib
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Generic, TypeVar

from transport.durable_file import close, sync_directory
from transport.trace.series import Series

FLUSH_EVERY = 0.1
MOST_WAITING = 200_000
"""Entries that may wait for a slow disk; beyond that they are given up rather than mail."""

log = logging.getLogger(__name__)
Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Limits:
    """Rotation and circular logging; Exchange's defaults for the protocol log."""

    file_bytes: int = 10 << 20
    directory_bytes: int = 250 << 20
    age: timedelta = timedelta(days=30)


class LogFiles:
    """Rotation by size and period, deletion by age and by the directory's size. Several processes may share a
    directory: each has its own files.
    """

    def __init__(self, directory: Path, series: Series, limits: Limits) -> None:
        """Raises OSError when the directory cannot be made."""
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._directory, self._series, self._limits = directory, series, limits
        self._handle, self._size, self._period, self._name = -1, 0, "", ""
        self._torn = False  # the disk took only a part of the last line

    def write(self, data: bytes) -> None:
        """Whole lines. Raises OSError."""
        period = self._series.of(time.time())
        full = self._size + len(data) > self._limits.file_bytes
        if self._handle < 0 or period != self._period or full or os.fstat(self._handle).st_nlink == 0:
            self._open_next(period)
        rest = b"\r\n" + data if self._torn else data
        while rest:
            written = os.write(self._handle, rest)
            rest = rest[written:]
            self._size += written
            self._torn = bool(rest)

    def resume(self, name: str, size: int) -> None:
        """Go on behind so many octets of a file; what was written after that counts for nothing and goes. A file that
        is gone is followed by a new one. Raises OSError.
        """
        known = self._series.read(name)
        for path in [path for read, path in self._all() if known is None or read > known]:
            path.unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            if known is not None:
                self._handle = os.open(self._directory / name, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
                os.ftruncate(self._handle, size)
                self._size, self._period, self._name = size, known[0], name

    def sync(self) -> tuple[str, int]:
        """Make all that was written durable; the name of the file, and how long it is. Raises OSError."""
        os.fdatasync(self._handle)
        sync_directory(self._directory)
        return self._name, self._size

    def close(self) -> None:
        close(self._handle)
        self._handle = -1

    def _all(self) -> list[tuple[tuple[str, int], Path]]:
        """The files of the series, the oldest first."""
        return sorted((read, path) for path in self._directory.iterdir() if (read := self._series.read(path.name)))

    def _open_next(self, period: str) -> None:
        self.close()
        self._remove_oldest()
        self._handle, path = self._create(period)
        self._period, self._torn, self._name = period, False, path.name
        try:
            self._size = os.write(self._handle, head := self._series.header(time.time()).encode())
            if self._size < len(head):
                raise OSError("the disk is full")
        except OSError:
            self.close()
            path.unlink(missing_ok=True)
            raise

    def _create(self, period: str) -> tuple[int, Path]:
        numbers = [
            read[1] for name in os.listdir(self._directory) if (read := self._series.read(name)) and read[0] == period
        ]
        number = max(numbers, default=0)
        while True:
            number += 1
            path = self._directory / self._series.name(period, number)
            try:
                return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o640), path
            except FileExistsError:  # another process was faster
                continue

    def _remove_oldest(self) -> None:
        files = [path for _, path in self._all()]
        sizes = {path: path.stat().st_size for path in files}
        total = sum(sizes.values()) + self._limits.file_bytes
        oldest_kept = time.time() - self._limits.age.total_seconds()
        for path in files:
            if total > self._limits.directory_bytes or path.stat().st_mtime < oldest_kept:
                path.unlink(missing_ok=True)
                total -= sizes[path]


class LogWriter(Generic[Entry]):
    """A log that any thread may add to: entries are gathered in memory for a tenth of a second, then spelled out and
    written by a thread of its own.
    """

    def __init__(self, files: LogFiles, spell: Callable[[list[Entry]], str], name: str) -> None:
        self.lost = 0
        self._files, self._spell, self._name = files, spell, name
        self._waiting: deque[Entry] = deque()
        self._wanted, self._closing = threading.Event(), threading.Event()
        self._writer = threading.Thread(target=self._write_all, name=name.replace(" ", "-"), daemon=True)
        self._writer.start()

    @property
    def waiting(self) -> int:
        """Entries that are not taken to be written yet."""
        return len(self._waiting)

    def add(self, entry: Entry) -> None:
        """Remember an entry; it is in the file a tenth of a second later."""
        if len(self._waiting) >= MOST_WAITING:
            self.lost += 1
            return
        self._waiting.append(entry)
        if not self._wanted.is_set():
            self._wanted.set()

    def close(self) -> None:
        """Write what is waiting, then stop."""
        self._closing.set()
        self._wanted.set()
        self._writer.join()

    def _write_all(self) -> None:
        failing = False
        while not self._closing.is_set():
            self._wanted.wait()
            self._closing.wait(FLUSH_EVERY)
            self._wanted.clear()
            failing = self._write(failing)
        self._write(failing)
        self._files.close()

    def _write(self, failing: bool) -> bool:
        """What waits now; returns whether that failed, which is said once."""
        entries = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if not entries:
            return failing
        try:
            self._files.write(self._spell(entries).encode("ascii", "backslashreplace"))
        except Exception as error:
            if not failing:
                log.error("%s: %s", self._name, error)
            self.lost += len(entries)
            return True
        return False
