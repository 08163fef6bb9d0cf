"""250 means on disk: messages are appended to segments, many with one fdatasync (group commit).

What comes in the same turns of the loop goes to the writer's thread together. It takes all that is waiting, writes it
with one call, calls fdatasync once, and then answers all of it. A start always opens a new segment; a tail that a
dead transport left behind was never answered with 250.

After a fault nothing more is written to that segment: the kernel may have lost pages of it. The next batch opens
another one, and as long as that cannot be done every batch is answered with the error.
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

from transport.durable_file import close, sync_directory, write_all
from transport.node import MINIMUM_FREE
from transport.shell.journal.body_file import BodyFile, remove_orphans
from transport.shell.journal.durable_end import DurableEnd
from transport.shell.journal.segment import BODIES, Buffer, encode_head, mark_of, new_name, segments
from transport.smtp.envelope import Envelope

SEGMENT_BYTES = 64 << 20
SEGMENT_AGE = 60.0
GATHERING = 0.002
"""Seconds that a message may wait for others: one write and sync cost as much as those of ten, and hand-overs between
the threads more than the work.
"""
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
        gathering: float = GATHERING,
        minimum_free: int = MINIMUM_FREE,
    ) -> None:
        """Open a new segment below `directory`. Raises OSError when that cannot be done."""
        self.directory = directory
        self.minimum_free = minimum_free
        self.held = 0
        """Bytes of messages that are still arriving; `incoming` keeps the count."""
        self.most_held = 0
        """The most that was `held` since memory was given back to the system; whoever gives it back sets it."""
        self._loop = loop
        self._segment_bytes, self._segment_age = segment_bytes, segment_age
        (directory / BODIES).mkdir(parents=True, exist_ok=True, mode=0o700)
        remove_orphans(directory)
        self.problem = ""
        """What an administrator should know."""
        self._gathered: list[_Waiting] = []
        self._gathering, self._since = gathering, 0.0
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._handle, self._path = -1, Path()
        self._unused: Path | None = None
        """A segment that holds nothing, and goes."""
        self._durable = DurableEnd(directory)
        self._new_segment()
        self._bodies = ThreadPoolExecutor(4, thread_name_prefix="body")
        self._writer = threading.Thread(target=self._write_all, name="journal", daemon=True)
        self._writer.start()

    def append(self, envelope: Envelope, body: tuple[Buffer, ...], answer: Answer) -> None:
        """Store a message; `answer(None)` comes when it is on disk, `answer(error)` when it could not be stored."""
        if not self._gathered:
            self._since = self._loop.time()
            self._loop.call_soon(self._gather, 0)
        self._gathered.append(_Waiting(envelope, body, answer))

    def _gather(self, before: int) -> None:
        """As long as each turn of the loop brings more messages: who is alone waits for nobody."""
        found = len(self._gathered)
        if before < found < _BATCH and self._loop.time() - self._since < self._gathering:
            self._loop.call_soon(self._gather, found)
        else:
            self._hand_over()

    def _hand_over(self) -> None:
        for one in self._gathered:
            self._queue.put(one)
        self._gathered.clear()

    def new_body(self, progress: Callable[[], None]) -> BodyFile:
        """A file for a large body; `progress` is called whenever some of it has been written."""
        return BodyFile(self.directory / BODIES, self._loop, self._bodies, progress)

    def shortage(self, node: str) -> str:
        """What the disk of `node` lacks for more mail, in words; empty when it has room. For about once a second."""
        try:
            disk = os.statvfs(self.directory)
        except OSError as error:
            return f"The disk of {node} does not answer ({error.strerror}): no mail is accepted."
        if disk.f_files and not disk.f_favail:
            return f"The disk of {node} holds as many files as it can (no inodes are left): no mail is accepted."
        free = disk.f_bavail * disk.f_frsize
        return "" if free >= self.minimum_free else f"The disk of {node} is nearly full: no mail is accepted."

    def close(self) -> None:
        """Write what is waiting, then stop."""
        self._hand_over()
        self._queue.put(None)
        self._writer.join()
        self._bodies.shutdown()
        self._leave_segment()
        self._durable.close()

    # The writer's thread

    def _write_all(self) -> None:
        while True:
            batch = self._next_batch()
            if batch:
                error = self._commit([one for one in batch if one is not None])
                with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to be answered
                    self._loop.call_soon_threadsafe(_answer, batch, error)
            elif self._handle < 0 or self._is_old():
                self._commit([])
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
            if self._handle < 0 or self._size >= self._segment_bytes or self._is_old():
                self._new_segment()
            if batch:
                self._write(batch)
        except OSError as error:
            self._complain(batch, error)
            self._abandon_segment()
            return error
        except Exception as error:
            log.exception("journal: %d messages could not be stored", len(batch))
            self._abandon_segment()
            return OSError(str(error))
        self.problem = ""
        return None

    def _complain(self, batch: list[_Waiting], error: OSError) -> None:
        """Once, however many batches a lasting fault concerns."""
        if not self.problem:
            log.error("journal: mail cannot be stored, %d messages are refused: %s", len(batch), error)
        self.problem = f"Mail cannot be stored, and is answered 452: {error.strerror or error}."

    def _write(self, batch: list[_Waiting]) -> None:
        """The batch is durable, and the forwarder may read it."""
        buffers: list[Buffer] = []
        for envelope, body, _ in batch:
            buffers += (encode_head(self._mark, envelope, body), *body)
        length = sum(map(len, buffers))
        written = os.writev(self._handle, buffers)
        if written < length:
            write_all(self._handle, b"".join(buffers)[written:])
        os.fdatasync(self._handle)
        self._durable.advance(self._size + length)
        self._size += length

    def _abandon_segment(self) -> None:
        """Nothing of the batch may be read. Should it not go away, the durable end stands before it."""
        if self._handle < 0:
            return
        with contextlib.suppress(OSError):
            os.ftruncate(self._handle, self._size)
        if not self._size:
            self._unused = self._path
        self._leave_segment()
        with contextlib.suppress(OSError):
            self._remove_unused()

    def _leave_segment(self) -> None:
        close(self._handle)
        self._handle = -1

    def _remove_unused(self) -> None:
        if self._unused is not None:
            self._unused.unlink(missing_ok=True)
        self._unused = None

    def _is_old(self) -> bool:
        """A forwarder can only delete a segment that is no longer written to."""
        return self._size > 0 and time.monotonic() - self._opened > self._segment_age

    def _new_segment(self) -> None:
        """Raises OSError; then there is no segment, and no trace of one but what could not be removed."""
        self._leave_segment()
        self._size = 0
        self._remove_unused()
        newest = max((path.name for path in segments(self.directory)), default="")
        self._path = self.directory / new_name(datetime.now(UTC), max(newest, self._path.name))
        self._handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._mark, self._opened = mark_of(self._path), time.monotonic()
        try:
            sync_directory(self.directory)
            self._durable.begin(self._path.name)
        except OSError:
            self._abandon_segment()
            raise


def _answer(batch: list[_Waiting | None], error: OSError | None) -> None:
    for one in batch:
        if one is not None:
            one.answer(error)
