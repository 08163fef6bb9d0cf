"""A backup of a copy that runs, or of one that is stopped: first the journal, then one moment of the database, then
what that moment needs beside it.

So each message is in the journal, in the database, or in both, and then the position in the journal tells. The other
way round one that moved meanwhile would be in neither.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from errno import EEXIST
from itertools import count
from pathlib import Path
from typing import BinaryIO

from console.backups import files, postgres_tools
from console.backups.archive import ABOUT, PIECE, Writer
from console.backups.files import Held
from console.backups.key import fingerprint, locked
from console.backups.manifest import About, Manifest, encode
from console.backups.snapshot import Moment, moment
from transport import node
from transport.durable_file import sync_directory

PART = 16 * PIECE
"""Of the database in one member: a tar says how long each is before it comes."""
TRIES = 20


class Busy(Exception):
    """Another backup is made of the same copy, or written to the same file."""


@dataclass(frozen=True)
class Source:
    """What is backed up: a data directory, its database, the key, and who we are."""

    home: Path
    database_url: str
    key: str
    node: str


def take(source: Source, target: Path, passphrase: str | None = None, with_logs: bool = False) -> Manifest:
    """Write a backup to `target`, which is there whole or not at all, and only its owner's to read.

    Raises OSError, psycopg.Error, ToolFailed, HomeError, WrongKey (the passphrase) and Busy.
    """
    about = About(
        version=node.version(),
        taken_at=datetime.now(UTC).isoformat(timespec="seconds"),
        node=source.node,
        key=fingerprint(source.key),
        locked_key=None if passphrase is None else locked(source.key, passphrase),
    )
    with _alone(source.home):
        held = Held(source.home)
        try:
            with _new(target) as file:
                return _write(source, about, Writer(file), held, with_logs)
        finally:
            held.release()


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """One backup of a copy at a time: another would release the bodies that this one holds. The folder itself is
    locked, for a file that root made could not be opened by the account of the processes.
    """
    state = home / "state"
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(state, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _lock(handle, "Another backup of this copy is being made.")
        yield
    finally:
        os.close(handle)


def _lock(handle: int, refusal: str) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Busy(refusal) from None


@contextmanager
def _new(target: Path) -> Iterator[BinaryIO]:
    """Under another name until it is whole and durable. What a backup left that was killed is written over."""
    _require_plain(target)
    part = target.with_name(f"{target.name}.part")
    handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with files.naming(target), os.fdopen(handle, "w+b", buffering=PIECE) as file:  # to close it writes, too
        _lock(handle, f"Another backup is being written to {target}.")
        try:
            os.fchmod(handle, 0o600)
            os.ftruncate(handle, 0)
            yield file
            file.flush()
            os.fsync(handle)
            os.rename(part, target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    sync_directory(target.parent)


def _require_plain(target: Path) -> None:
    """A device, a directory or a link would be gone once the backup takes its name."""
    if os.path.lexists(target) and not stat.S_ISREG(os.lstat(target).st_mode):
        raise FileExistsError(EEXIST, "It is there already, and is no plain file", str(target))


def _write(source: Source, about: About, archive: Writer, held: Held, with_logs: bool) -> Manifest:
    archive.text(ABOUT, encode(about))
    segments = files.add_journals(archive, source.home)
    with _moment(source, held) as (found, missing):
        gone = [name for name in segments if not (source.home / "journal" / name).exists()]
        loaded = found.loaded(segments, gone)
        _add_database(archive, source.database_url, found)
        held.add(archive, sorted(found.held() - missing))
        messages, revision = found.counts()
        recipients, other_nodes = found.recipients(), found.other_nodes(source.node)
    files.add_mailboxes(archive, source.home)
    if with_logs:
        files.add_logs(archive, source.home)
    manifest = Manifest(
        about=about, server=found.server, revision=revision, messages=messages, recipients=recipients, loaded=loaded,
        other_nodes=other_nodes, missing=len(missing), parts=archive.parts, sha256=archive.digest.hexdigest(),
    )  # fmt: skip
    archive.close(manifest, source.key)
    return manifest


@contextmanager
def _moment(source: Source, held: Held) -> Iterator[tuple[Moment, set[str]]]:
    """One of which every body is kept. Where one went just then, the next moment knows where it is; of one that is
    nowhere the name is told.
    """
    for turn in count():
        held.keep_all()
        with moment(source.database_url) as found:
            missing = held.keep(found.held())
            if not missing or turn == TRIES:
                yield found, missing
                return


def _add_database(archive: Writer, url: str, found: Moment) -> None:
    """In members that fit into memory, for nobody knows before how long it is."""
    number, waiting = count(1), bytearray()
    for piece in postgres_tools.dump(url, found.name, found.server):
        waiting += piece
        if len(waiting) >= PART:
            archive.text(f"database/{next(number):06d}", bytes(waiting))
            waiting.clear()
    archive.text(f"database/{next(number):06d}", bytes(waiting))
