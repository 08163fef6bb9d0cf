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
from typing import TYPE_CHECKING

import msgspec

from transport.durable_file import close
from transport.shell.clock import stamp

if TYPE_CHECKING:
    from transport.shell.log.session_log import SessionLog

FIELDS = "date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context"
FLUSH_EVERY = 0.1
MOST_WAITING = 200
"""Batches that may wait for a slow disk (20 s); beyond that lines are given up rather than mail."""

log = logging.getLogger(__name__)
_name = re.compile(r"RECV(\d{8})-(\d{4,})\.LOG")
_unprintable = re.compile(r"[^ -~]")


class Limits(msgspec.Struct, frozen=True):
    """Rotation and circular logging; Exchange's defaults."""

    file_bytes: int = 10 << 20
    directory_bytes: int = 250 << 20
    age: timedelta = timedelta(days=30)


def field(text: str) -> str:
    """One CSV field: control characters and anything outside ASCII are shown escaped, commas and quotes are quoted."""
    if text.isascii() and text.isprintable() and "," not in text and '"' not in text:
        return text
    text = _unprintable.sub(lambda found: escaped(found[0]), text)
    return '"' + text.replace('"', '""') + '"' if "," in text or '"' in text else text


def escaped(character: str) -> str:
    """`\\x07`, `\\xfc`, `\\u20ac`: what is no printable ASCII."""
    number = ord(character)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}" if number < 65536 else f"\\U{number:08x}"


Event = tuple[float, "SessionLog", str, str | bytes, bytes, str]
"""When, whose, `+-*<>`, the data, the reply (of `<` and `>`), the context (of the reply where there is one)."""


class _Speller:
    """Events to lines. Most texts come again and again, and many events share a millisecond."""

    def __init__(self) -> None:
        self._known: dict[str | bytes, str] = {}
        self._millisecond, self._stamp = 0, ""

    def lines(self, events: list[Event]) -> str:
        """The lines of the events, which must come in their order."""
        lines = []
        known = self._known
        for when, session, event, data, wire, context in events:
            if int(when * 1000) != self._millisecond:
                self._millisecond, self._stamp = int(when * 1000), stamp(when)
            head, tail, number = self._stamp + session.head, session.tail, session.sequence
            if context:
                context = field(context)
            if event == "<":
                text = known.get(data) or self._learn(data)
                lines.append(f"{head}{number}{tail}<,{text},\r\n")
                number += 1
                if not wire:
                    session.sequence = number
                    continue
            if wire:
                text = known.get(wire) or self._learn(wire)
                lines.append(f"{head}{number}{tail}>,{text},{context}\r\n")
            else:
                lines.append(f"{head}{number}{tail}{event},{self._learn(data)},{context}\r\n")
            session.sequence = number + 1
        return "".join(lines)

    def _learn(self, data: str | bytes) -> str:
        text = data
        if isinstance(text, bytes):
            text = _reply(text) if text.endswith(b"\r\n") else text.decode("latin-1")
        if len(self._known) > 2000:
            self._known.clear()
        self._known[data] = found = field(text)
        return found


def _reply(wire: bytes) -> str:
    """A reply as the data field; of several lines, `250  name Hello [ip] SIZE …`."""
    text = wire[:-2].decode("latin-1")
    if "\n" not in text:
        return text
    return text[:3] + "  " + " ".join(line[4:] for line in text.split("\r\n"))


class ProtocolLog:
    """The files of one transport. `add` is for the event loop's thread."""

    def __init__(self, directory: Path, loop: asyncio.AbstractEventLoop, limits: Limits | None = None) -> None:
        """Raises OSError when the directory cannot be made."""
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.lost = 0
        self._loop = loop
        self._events: list[Event] = []
        self._queue: queue.SimpleQueue[list[Event] | None] = queue.SimpleQueue()
        self._files = _Files(directory, limits or Limits())
        self._writer = threading.Thread(target=self._write_all, name="protocol-log", daemon=True)
        self._writer.start()

    def add(self, event: Event) -> None:
        """Remember an event; it is in the file a tenth of a second later."""
        if not self._events:
            self._loop.call_later(FLUSH_EVERY, self._flush)
        self._events.append(event)

    def close(self) -> None:
        """Write what is waiting, then stop."""
        self._flush()
        self._queue.put(None)
        self._writer.join()

    def _flush(self) -> None:
        events, self._events = self._events, []
        if not events:
            return
        if self._queue.qsize() < MOST_WAITING:
            self._queue.put(events)
        else:
            self.lost += len(events)

    def _write_all(self) -> None:
        failing = False
        speller = _Speller()
        while (events := self._queue.get()) is not None:
            try:
                self._files.write(speller.lines(events).encode("ascii", "backslashreplace"))
                failing = False
            except Exception as error:
                if not failing:
                    log.error("protocol log: %s", error)
                failing = True
                self.lost += len(events)
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
            self._size = os.write(self._handle, header := _header())
            if self._size < len(header):
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


def _header() -> bytes:
    lines = "#Software: Gatepost", "#Version: 15.0.0.0", "#Log-type: SMTP Receive Protocol Log"
    return "\r\n".join([*lines, f"#Date: {stamp(time.time())}", f"#Fields: {FIELDS}", ""]).encode()
