"""What lies in the mailboxes. Names that come from a URL are only ever compared with names that a directory holds."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from time import monotonic
from urllib.parse import unquote

from django.conf import settings

from console.directory.queries import display_names
from console.mailboxes.reading import Envelope, envelope, letter

FOLDERS = ("new", "cur")
SEARCHED_BYTES = 512 * 1024
SEARCH_SECONDS = 3.0

_NAME = re.compile(r"[^./\x00][^/\x00]{0,254}")


@dataclass
class Stored:
    """A message in a mailbox. `key` is its file name without the flags; `resolved` the sender's name by `resolve`."""

    key: str
    path: Path
    size: int
    received_at: datetime
    resolved: str = ""

    @cached_property
    def envelope(self) -> Envelope:
        try:
            return envelope(self.path)
        except OSError:
            return Envelope("", "", "", "", None)

    @property
    def subject(self) -> str:
        return self.envelope.subject

    @property
    def sender(self) -> str:
        return self.resolved or self.envelope.sender


def resolve(messages: Iterable[Stored]) -> None:
    """Gives senders of the directory the name they have there, whatever the message says; not those of anonymous mail,
    which anybody may send in their name (document 003)."""
    internal = [(each, each.envelope.sender_address.lower()) for each in messages if each.envelope.internal]
    names = display_names({address for _each, address in internal})
    for message, address in internal:
        message.resolved = names.get(address, "")


@dataclass(frozen=True)
class Mailbox:
    """The Maildir of one address: `mailboxes/<domain>/<local part>/`."""

    path: Path

    @property
    def key(self) -> tuple[str, str]:
        return self.path.parent.name, self.path.name

    @property
    def address(self) -> str:
        return f"{unquote(self.path.name)}@{unquote(self.path.parent.name)}"

    @cached_property
    def count(self) -> int:
        return sum(1 for _entry in self._entries())

    @cached_property
    def newest(self) -> datetime | None:
        times = [_modified(self.path / folder) for folder in FOLDERS if self.count]
        return max((time for time in times if time), default=None)

    def messages(self) -> list[Stored]:
        """Newest first. A message that vanishes meanwhile is left out."""
        found = []
        for entry in self._entries():
            with suppress(OSError):
                found.append(_stored(entry))
        return sorted(found, key=lambda each: (each.received_at, each.key), reverse=True)

    def message(self, key: str) -> Stored | None:
        for entry in self._entries():
            if _key(entry.name) == key:
                with suppress(OSError):
                    return _stored(entry)
        return None

    def _entries(self) -> Iterator[os.DirEntry[str]]:
        for folder in FOLDERS:
            with suppress(FileNotFoundError), os.scandir(self.path / folder) as entries:
                for entry in entries:
                    if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False):
                        yield entry


@dataclass(frozen=True)
class Search:
    """Messages that match, and of how many it could look at in the time it may take."""

    found: list[Stored]
    searched: int
    total: int

    @property
    def partial(self) -> bool:
        return self.searched < self.total


def root() -> Path:
    return Path(settings.GATEPOST_HOME) / "mailboxes"


def mailboxes() -> list[Mailbox]:
    """By domain and address. Raises OSError when the directory cannot be read."""
    return [Mailbox(box) for domain in _directories(root()) for box in _directories(domain)]


def mailbox(domain: str, local: str) -> Mailbox | None:
    """The mailbox with these directory names, or None."""
    if not (_NAME.fullmatch(domain) and _NAME.fullmatch(local)):
        return None
    path = root() / domain / local
    real = path.is_dir() and not path.is_symlink() and not path.parent.is_symlink()
    return Mailbox(path) if real else None


def search(messages: Sequence[Stored], text: str) -> Search:
    """Messages whose headers and text hold every word of `text`, newest first, as many as three seconds allow."""
    words, found, started = text.lower().split(), [], monotonic()
    for searched, message in enumerate(messages):
        if monotonic() - started > SEARCH_SECONDS:
            return Search(found, searched, len(messages))
        if _matches(message, words):
            found.append(message)
    return Search(found, len(messages), len(messages))


def _matches(message: Stored, words: list[str]) -> bool:
    try:
        read = letter(message.path, SEARCHED_BYTES)
    except OSError:
        return False
    names = " ".join(each.name for each in read.attachments)
    content = "\n".join([*(value for _name, value in read.headers), read.text, names]).lower()
    return all(word in content for word in words)


def _directories(path: Path) -> list[Path]:
    try:
        with os.scandir(path) as entries:
            real = (entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
            names = sorted(name for name in real if _NAME.fullmatch(name))
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [path / name for name in names]


def _stored(entry: os.DirEntry[str]) -> Stored:
    status = entry.stat(follow_symlinks=False)
    stamp = entry.name.partition(".")[0]
    seconds = int(stamp) if stamp.isascii() and stamp.isdigit() and len(stamp) <= 11 else status.st_mtime
    return Stored(_key(entry.name), Path(entry.path), status.st_size, datetime.fromtimestamp(seconds, UTC))


def _key(name: str) -> str:
    return name.partition(":")[0]


def _modified(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None
