"""Where strangers' messages are read for the console: each in a child process (`reader`) with little memory and time.

A message that takes more costs its reader an answer and nobody else anything. There are few places; who waits for one
waits a few seconds at most, and nobody holds all of them.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from time import monotonic
from typing import IO

import msgspec
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from console.mailboxes import reader
from console.mailboxes.reader import Job, ReadAttachment, ReadLetter, ReadPage, SearchMessages
from console.mailboxes.reading import Letter
from transport.config import bounds

log = logging.getLogger(__name__)

PLACES = 4
PLACES_OF_ONE = 2
PATIENCE = 5.0
CLOCK = 2  # seconds by the clock for each second of processor time: the machine has other things to do as well
AT_ONCE = 2000
COMMAND = (sys.executable, "-m", "console.mailboxes.reader")
INHERITED = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")  # no password, no key, no address of a database

TOO_COMPLEX = _("This message is too complex to show here. Its source can be read, and it can be downloaded.")
REFUSED_BY_DISK = _("This message cannot be read or unpacked: the disk refuses it.")
CROWDED = _("Too many messages are being read at this moment. Try again in a few seconds.")


class NotRead(Exception):
    """A message cannot be shown; the text says why, in words for a page."""


class Places:
    """Thread-safe. `total` places, at most `each` of them for one reader at a time."""

    def __init__(self, total: int, each: int, patience: float) -> None:
        self.total, self.each, self.patience = total, each, patience
        self._changed = threading.Condition()
        self._held: Counter[str] = Counter()

    @contextmanager
    def one(self, who: str) -> Iterator[None]:
        """A place for `who` as long as the block runs. Raises NotRead when none is to be had in time."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._free(who), self.patience):
                raise NotRead(CROWDED)
            self._held[who] += 1
        try:
            yield
        finally:
            with self._changed:
                self._held -= Counter({who: 1})
                self._changed.notify_all()

    def _free(self, who: str) -> bool:
        return self._held.total() < self.total and self._held[who] < self.each


places = Places(PLACES, PLACES_OF_ONE, PATIENCE)


def letter(who: str, path: Path) -> Letter:
    """The message, decoded, for the person `who`. Raises FileNotFoundError, NotRead."""
    with _answer(who, ReadLetter(str(path))) as answer:
        return msgspec.json.decode(answer.read(), type=Letter)


def page(who: str, path: Path) -> str:
    """Its HTML, as a document of its own. Raises FileNotFoundError, NotRead."""
    with _answer(who, ReadPage(str(path))) as answer:
        return answer.read().decode()


def attachment(who: str, path: Path, number: int) -> tuple[str, IO[bytes]] | None:
    """The safe name of a part and its octets, for the caller to close; None when there is none. Raises as above."""
    with ExitStack() as unless_given_away:
        output = unless_given_away.enter_context(_temporary())
        _read(who, ReadAttachment(str(path), number), output)
        if not (name := output.readline()):
            return None
        found = msgspec.json.decode(name, type=str), output
        unless_given_away.pop_all()
        return found


def search(who: str, paths: Sequence[Path], words: list[str], *, content: bool) -> list[bool]:
    """Which messages hold every word, for the first ones of `paths`: as many as there is time for. A message that
    cannot be read holds none. Raises NotRead."""
    ends = monotonic() + (bounds.MAILBOX_SEARCH.seconds or 0)
    found: list[bool] = []
    with places.one(who):
        while len(found) < len(paths) and (left := ends - monotonic()) > 0:
            chosen = [str(path) for path in paths[len(found) : len(found) + AT_ONCE]]
            found += _searched(SearchMessages(chosen, words, content), left)
    return found


def _searched(job: SearchMessages, seconds: float) -> list[bool]:
    with _temporary() as output:
        code = _run(job, output, seconds)
        output.seek(0)
        found = [line == b"1" for line in output.read().split()]
    died = code not in (0, None) and len(found) < len(job.paths)
    return [*found, False] if died else found


@contextmanager
def _answer(who: str, job: Job) -> Iterator[IO[bytes]]:
    with _temporary() as output:
        _read(who, job, output)
        yield output


def _read(who: str, job: Job, output: IO[bytes]) -> None:
    with places.one(who):
        code = _run(job, output, CLOCK * (bounds.MESSAGE_READER.seconds or 0))
    if code == reader.GONE:
        raise FileNotFoundError
    if code != 0:
        log.warning("A message could not be read for %r: its reader ended with %s", who, code)
        raise NotRead(REFUSED_BY_DISK if code == reader.REFUSED_BY_DISK else TOO_COMPLEX)
    output.seek(0)


def _temporary() -> IO[bytes]:
    """For an answer. Raises NotRead."""
    try:
        return TemporaryFile()
    except OSError as error:
        log.warning("There is no place for a temporary file: %s", error)
        raise NotRead(REFUSED_BY_DISK) from error


def _run(job: Job, output: IO[bytes], seconds: float) -> int | None:
    """The child's exit code; None when its time was up."""
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    try:
        done = subprocess.run(
            COMMAND,
            input=msgspec.json.encode(job),
            stdout=output,
            stderr=subprocess.DEVNULL,
            cwd=settings.BASE_DIR,
            env=environment,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    except OSError as error:
        raise NotRead(f"{CROWDED} ({error.strerror})") from error
    return done.returncode
