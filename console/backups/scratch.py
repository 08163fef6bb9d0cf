"""Folders in which a copy is made that is thrown away, or put in its place at the end."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir, mkdtemp

from console.backups import files

PREFIX = "gatepost-check-"


@contextmanager
def made_anew(folder: Path) -> Iterator[None]:
    """A folder that is gone afterwards, with all that is in it."""
    _remove(folder)
    folder.mkdir(mode=0o700)
    folder.chmod(0o711)  # whatever the umask: PostgreSQL, which is another account's, works further in
    try:
        with files.naming(folder):
            yield
    finally:
        _remove(folder)


@contextmanager
def of_check() -> Iterator[Path]:
    """A folder in $TMPDIR, locked while its maker lives: by that those are known which were left by one that was
    killed, and they go.
    """
    for left in Path(gettempdir()).glob(f"{PREFIX}*"):
        if (lock := _lock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)) is not None:
            _remove(left)
            os.close(lock)
    lock = None
    while lock is None:  # between its making and its lock another check takes it for left
        made = Path(mkdtemp(prefix=PREFIX))
        lock = _lock(made, fcntl.LOCK_EX)
    try:
        made.chmod(0o711)
        with made_anew(made / "copy"):
            yield made / "copy"
    finally:
        _remove(made)
        os.close(lock)


def _lock(folder: Path, how: int) -> int | None:
    """None where it is another account's, is locked, or has gone."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, how)
        if os.fstat(handle).st_uid == os.geteuid() and os.fstat(handle).st_nlink:
            return handle
    except OSError:
        pass
    os.close(handle)
    return None


def _remove(folder: Path) -> None:
    """Also while the PostgreSQL of a restore that was killed still writes its last files there."""
    until = time.monotonic() + 10
    while folder.exists() and time.monotonic() < until:
        shutil.rmtree(folder, ignore_errors=True)
