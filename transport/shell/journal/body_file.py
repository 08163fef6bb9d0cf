"""A large message body on its way to disk, so that memory stays flat whatever its size.

While it arrives the file is called `….part`; when all of it is durable it gets its name, and only then may a record
name it.
"""

import asyncio
import contextlib
import logging
import os
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import ClassVar

from transport.durable_file import close, sync_directory, write_all
from transport.shell.journal.segment import BODIES, SET_ASIDE, Record, read_segment, segments

PART = ".part"
BODY = ".body"

log = logging.getLogger(__name__)


class BodyFile:
    """Written by a pool of threads, driven from the event loop; only the loop's thread changes the fields."""

    all_unwritten: ClassVar[int] = 0
    """Bytes of all bodies that are still in memory."""

    def __init__(
        self, directory: Path, loop: asyncio.AbstractEventLoop, pool: Executor, progress: Callable[[], None]
    ) -> None:
        """Raises OSError when the file cannot be made."""
        self.name = f"{time.time_ns():020d}-{uuid.uuid4().hex}{BODY}"
        self.unwritten = 0
        self._directory, self._loop, self._pool, self._progress = directory, loop, pool, progress
        self._pieces: list[bytes] = []
        self._running = False
        self._done: Callable[[OSError | None], None] | None = None
        self._error: OSError | None = None
        self._part = directory / (self.name + PART)
        self._handle = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def write(self, piece: bytes) -> None:
        """Take more of the body; `unwritten` says how much of it is still in memory. After an error nothing is kept."""
        if self._error is not None:
            return
        self._count(len(piece))
        self._pieces.append(piece)
        self._go_on()

    def finish(self, done: Callable[[OSError | None], None]) -> None:
        """Make it durable under its name, then call `done` with None or the error."""
        self._done = done
        if self._handle < 0:
            self._loop.call_soon(done, self._error)
        else:
            self._go_on()

    def discard(self) -> None:
        """The client went away, or the message is refused."""
        self._done = None
        self._pieces.clear()
        if not self._running:
            self._count(-self.unwritten)
        self._error = self._error or OSError("discarded")
        self._go_on()

    def remove(self) -> None:
        """It is durable, but nobody may hear of it: its record could not be stored."""
        self._pool.submit(_remove, self._directory / self.name)

    def _count(self, change: int) -> None:
        self.unwritten += change
        BodyFile.all_unwritten += change

    def _go_on(self) -> None:
        if self._running or self._handle < 0:
            return
        if self._error is None and self._pieces:
            pieces, self._pieces = self._pieces, []
            self._run(lambda: _write(self._handle, pieces), self._written)
        elif self._error is not None or self._done is not None:
            self._run(self._close, self._closed)

    def _run(self, work: Callable[[], None], then: Callable[[OSError | None], None]) -> None:
        def in_thread() -> None:
            error: OSError | None = None
            try:
                work()
            except OSError as caught:
                error = caught
            except Exception as caught:
                log.exception("a message body could not be stored")
                error = OSError(str(caught))
            self._loop.call_soon_threadsafe(then, error)

        self._running = True
        self._pool.submit(in_thread)

    def _written(self, error: OSError | None) -> None:
        self._running = False
        self._error = self._error or error
        if self._error is not None:
            self._pieces.clear()
        self._count(sum(map(len, self._pieces)) - self.unwritten)
        self._go_on()
        self._progress()

    def _close(self) -> None:
        try:
            if self._error is None:
                os.fdatasync(self._handle)
                os.rename(self._part, self._directory / self.name)
                sync_directory(self._directory)
        except OSError:
            _remove(self._directory / self.name)
            raise
        finally:
            _remove(self._part)
            close(self._handle)

    def _closed(self, error: OSError | None) -> None:
        self._running = False
        self._handle = -1
        self._error = self._error or error
        if self._done is not None:
            self._done(self._error)


def _remove(path: Path) -> None:
    """What cannot be removed now goes at the next start (`remove_orphans`)."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def _write(handle: int, pieces: list[bytes]) -> None:
    for piece in pieces:
        write_all(handle, piece)


def remove_orphans(directory: Path) -> None:
    """Bodies that no record names: their message was never answered with 250. For the start of a transport.

    Reading the segments may take long when PostgreSQL has been away, so that happens in a thread of its own.
    """
    for part in (directory / BODIES).glob(f"*{PART}"):
        part.unlink(missing_ok=True)
    bodies = {path.name: path for path in (directory / BODIES).glob(f"*{BODY}")}
    if bodies:
        arguments = bodies, [*segments(directory / SET_ASIDE), *segments(directory)]
        threading.Thread(target=_remove_unnamed, args=arguments, name="orphans", daemon=True).start()


def _remove_unnamed(bodies: dict[str, Path], among: list[Path]) -> None:
    for segment in among:
        with contextlib.suppress(FileNotFoundError):  # the forwarder is done with it, and with its bodies
            for found in read_segment(segment):
                if not isinstance(found, Record):
                    return  # what cannot be read may have named any of them
                bodies.pop(found.envelope.body_file, None)
    for path in bodies.values():
        path.unlink(missing_ok=True)
