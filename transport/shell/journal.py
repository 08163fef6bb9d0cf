"""250 means on disk: messages are appended to segments, many with one fdatasync (group commit).

One writer thread takes everything that is waiting, writes it with one call, calls fdatasync once, and then answers all
of it. A start always opens a new segment; a tail that a dead transport left behind was never answered with 250.
"""

import asyncio
import contextlib
import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from transport.shell.body_file import BodyFile, remove_orphans
from transport.shell.durable_file import sync_directory
from transport.shell.segment import (
    BODIES,
    Buffer,
    Damage,
    Envelope,
    Record,
    content,
    encode_head,
    mark_of,
    new_name,
    read_segment,
    segments,
    waiting,
)

__all__ = ["Damage", "Envelope", "Journal", "Record", "content", "read_segment", "segments", "waiting"]

SEGMENT_BYTES = 64 << 20
SEGMENT_AGE = 60.0
MINIMUM_FREE = 500 << 20
"""Free bytes below which no mail is accepted: Exchange's figure for the queue drive (reference, section 5.4)."""
_BATCH = 300
"""Messages per write: three buffers each stay below IOV_MAX (1024)."""

Answer = Callable[[OSError | None], None]
log = logging.getLogger(__name__)


class _Waiting(NamedTuple):
    envelope: Envelope
    body: tuple[Buffer, ...]
    answer: Answer


class Journal:
    """The journal of one transport process. All methods are for the event loop's thread; so are the answers."""

    def __init__(
        self,
        directory: Path,
        loop: asyncio.AbstractEventLoop,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        segment_age: float = SEGMENT_AGE,
        minimum_free: int = MINIMUM_FREE,
    ) -> None:
        """Open a new segment below `directory`. Raises OSError when that cannot be done."""
        self.directory = directory
        self.minimum_free = minimum_free
        self.held = 0
        """Bytes of messages that are still arriving; `incoming` keeps the count."""
        self._loop = loop
        self._segment_bytes, self._segment_age = segment_bytes, segment_age
        (directory / BODIES).mkdir(parents=True, exist_ok=True, mode=0o700)
        remove_orphans(directory)
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._handle = -1
        self._new_segment()
        self._bodies = ThreadPoolExecutor(4, thread_name_prefix="body")
        self._writer = threading.Thread(target=self._write_all, name="journal", daemon=True)
        self._writer.start()

    def append(self, envelope: Envelope, body: tuple[Buffer, ...], answer: Answer) -> None:
        """Store a message; `answer(None)` comes when it is on disk, `answer(error)` when it could not be stored."""
        self._queue.put(_Waiting(envelope, body, answer))

    def new_body(self, progress: Callable[[], None]) -> BodyFile:
        """A file for a large body; `progress` is called whenever some of it has been written."""
        return BodyFile(self.directory / BODIES, self._loop, self._bodies, progress)

    def has_room(self) -> bool:
        """Whether the disk has room for more mail; for about once a second."""
        disk = os.statvfs(self.directory)
        return disk.f_bavail * disk.f_frsize >= self.minimum_free and (disk.f_favail > 0 or not disk.f_files)

    def close(self) -> None:
        """Write what is waiting, then stop."""
        self._queue.put(None)
        self._writer.join()
        self._bodies.shutdown()
        os.close(self._handle)

    # The writer's thread

    def _write_all(self) -> None:
        while True:
            batch = self._next_batch()
            if batch:
                error = self._commit([one for one in batch if one is not None])
                with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to be answered
                    self._loop.call_soon_threadsafe(_answer, batch, error)
            elif self._is_old():
                self._begin_another()
            if batch and batch[-1] is None:
                return

    def _next_batch(self) -> list[_Waiting | None]:
        batch: list[_Waiting | None] = []
        with contextlib.suppress(queue.Empty):
            batch.append(self._queue.get(timeout=self._segment_age))
            while len(batch) < _BATCH and batch[-1] is not None:
                batch.append(self._queue.get_nowait())
        return batch

    def _commit(self, batch: list[_Waiting]) -> OSError | None:
        try:
            if self._size >= self._segment_bytes or self._is_old():
                self._new_segment()
            written = self._write(batch)
            os.fdatasync(self._handle)
            self._size += written
        except OSError as error:
            log.error("journal: %d messages could not be stored: %s", len(batch), error)
            self._abandon_batch()
            return error
        except Exception as error:
            log.exception("journal: %d messages could not be stored", len(batch))
            self._abandon_batch()
            return OSError(str(error))
        return None

    def _write(self, batch: list[_Waiting]) -> int:
        buffers: list[Buffer] = []
        for envelope, body, _ in batch:
            buffers += (encode_head(self._mark, envelope, body), *body)
        length = sum(map(len, buffers))
        written = os.writev(self._handle, buffers)
        if written < length:
            rest = b"".join(buffers)[written:]
            while rest:
                rest = rest[os.write(self._handle, rest) :]
        return length

    def _abandon_batch(self) -> None:
        """Nothing of the batch may be read, and the kernel may have lost pages: go on in a new segment."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._handle, self._size)
        self._begin_another()

    def _is_old(self) -> bool:
        """A forwarder can only delete a segment that is no longer written to."""
        return self._size > 0 and time.monotonic() - self._opened > self._segment_age

    def _begin_another(self) -> None:
        try:
            self._new_segment()
        except OSError as error:
            log.error("journal: no new segment: %s", error)

    def _new_segment(self) -> None:
        newest = segments(self.directory)[-1:]
        path = self.directory / new_name(datetime.now(UTC), newest[0].name if newest else "")
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        sync_directory(self.directory)
        if self._handle >= 0:
            os.close(self._handle)
        self._handle, self._mark, self._size, self._opened = handle, mark_of(path), 0, time.monotonic()


def _answer(batch: list[_Waiting | None], error: OSError | None) -> None:
    for one in batch:
        if one is not None:
            one.answer(error)
