"""What lies in the mailboxes. Names that come from a URL are only ever compared with names that a directory holds."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from time import time_ns
from typing import overload
from urllib.parse import unquote

from django.conf import settings
from django.db import connection

from console.directory.queries import display_names
from console.mailboxes import reading_room
from console.mailboxes.reading import Summary, envelope
from transport.held_body import mark
from transport.queries import SHARED

FOLDERS = ("new", "cur")
QUIET = 1_000_000_000
KEPT = 2

_NAME = re.compile(r"[^./\x00][^/\x00]{0,254}")
_STAMP = re.compile(r"[0-9]{1,11}(?=\.)")


@dataclass
class Stored:
    """A message in a mailbox. `key` is its file name without the flags; `resolved` the sender's name by `resolve`."""

    key: str
    path: Path
    size: int
    received_at: datetime
    resolved: str = ""

    @cached_property
    def envelope(self) -> Summary:
        try:
            return envelope(self.path)
        except OSError:
            return Summary("", "", "", "", None)

    @property
    def subject(self) -> str:
        return self.envelope.subject

    @property
    def sender(self) -> str:
        return self.resolved or self.envelope.sender


def resolve(messages: Iterable[Stored]) -> None:
    """Gives senders of the directory the name they have there, whatever the message says; not those of anonymous mail,
    which anybody may send in their name (document 003)."""
    internal = [(each, each.envelope.sender_address.lower()) for each in messages if each.envelope.resolved]
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

    @property
    def count(self) -> int:
        return len(self.messages())

    @property
    def newest(self) -> datetime | None:
        first = self.messages()[:1]
        return first[0].received_at if first else None

    def messages(self) -> Messages:
        """Newest first."""
        return Messages(self.path, names(self.path))

    def message(self, key: str) -> Stored | None:
        for name in names(self.path):
            if name.startswith(key) and _key(name) == key:
                return _stored(self.path, name)
        return None


class Messages(Sequence["Stored"]):
    """The messages of a mailbox by their names; a file is looked at when it is asked for. A slice leaves out those that
    have vanished meanwhile."""

    def __init__(self, box: Path, names: Sequence[str]) -> None:
        self.box, self.names = box, names

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, at: int) -> Stored: ...
    @overload
    def __getitem__(self, at: slice) -> list[Stored]: ...
    def __getitem__(self, at: int | slice) -> Stored | list[Stored]:
        if isinstance(at, slice):
            return [found for name in self.names[at] if (found := _stored(self.box, name))]
        found = _stored(self.box, self.names[at])
        if found is None:
            raise IndexError(at)
        return found

    def paths(self) -> list[Path]:
        return [_path(self.box, name) for name in self.names]

    def only(self, wanted: Iterable[bool]) -> Messages:
        """Those of the first ones that `wanted` says."""
        return Messages(self.box, [name for name, keep in zip(self.names, wanted, strict=False) if keep])


def names(box: Path) -> Sequence[str]:
    """`<file name>/<folder>` of every message, newest first: file names begin with the time. Kept as long as nothing
    changes; a folder that changed just now may change again within the same tick of the file system's clock."""
    changed = tuple(_changed(box / folder) for folder in FOLDERS)
    quiet = all(time_ns() - each > QUIET for each in changed)
    return _names(box, changed) if quiet else _names.__wrapped__(box, changed)


@lru_cache(KEPT)
def _names(box: Path, changed: tuple[int, ...]) -> Sequence[str]:
    found = [f"{name}/{folder}" for folder in FOLDERS for name in _listed(box / folder) if not name.startswith(".")]
    if all(name[10:11] == "." and name[:10].isdigit() for name in found):
        return tuple(sorted(found, reverse=True))
    return tuple(sorted(found, key=lambda name: (_received(_path(box, name)), name), reverse=True))


def _listed(folder: Path) -> list[str]:
    with suppress(FileNotFoundError):
        return os.listdir(folder)
    return []


def _changed(folder: Path) -> int:
    with suppress(FileNotFoundError):
        return folder.stat().st_mtime_ns
    return 0


@dataclass(frozen=True)
class Search:
    """Messages that match, and of how many it could look at in the time it may take."""

    found: Messages
    searched: int
    total: int

    @property
    def partial(self) -> bool:
        return self.searched < self.total


def root() -> Path:
    return Path(settings.GATEPOST_HOME) / "mailboxes"


def elsewhere() -> str:
    """The node on which the mailboxes lie, if that is not this one; what lies here came before."""
    with connection.cursor() as cursor:
        cursor.execute(SHARED["mailboxes_elsewhere"].decode(), [mark(root().parent)])
        row = cursor.fetchone()
    return str(row[0]) if row else ""


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


def search(who: str, messages: Messages, text: str, *, content: bool) -> Search:
    """Messages whose headers and text (without `content`: sender, recipient and subject) hold every word of `text`,
    newest first, as many as three seconds allow. Raises NotRead."""
    matching = reading_room.search(who, messages.paths(), text.split(), content=content)
    return Search(messages.only(matching), len(matching), len(messages))


def _directories(path: Path) -> list[Path]:
    try:
        with os.scandir(path) as entries:
            real = (entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
            names = sorted(name for name in real if _NAME.fullmatch(name))
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [path / name for name in names]


def _stored(box: Path, name: str) -> Stored | None:
    """None when it has vanished, or is no file."""
    path = _path(box, name)
    with suppress(OSError):
        status = path.lstat()
        if stat.S_ISREG(status.st_mode):
            return Stored(_key(name), path, status.st_size, datetime.fromtimestamp(_received(path), UTC))
    return None


def _received(path: Path) -> float:
    """When it came, by its name; names of other programs than ours need not say so."""
    if stamp := _STAMP.match(path.name):
        return int(stamp[0])
    with suppress(OSError):
        return path.lstat().st_mtime
    return 0.0


def _path(box: Path, name: str) -> Path:
    file, _slash, folder = name.rpartition("/")
    return box / folder / file


def _key(name: str) -> str:
    return name.rpartition("/")[0].partition(":")[0]
