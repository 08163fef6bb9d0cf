"""Files that are wholly there or not at all, whatever is killed when; and one owner for what lies beside them."""

import contextlib
import fcntl
import os
from pathlib import Path


def only_one(path: Path, refusal: str) -> int:
    """Lock the file for this process; the lock dies with it. Raises OSError with the `refusal` when it is taken."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise OSError(refusal) from None
    return handle


def write_all(handle: int, data: bytes) -> None:
    """All of it, whatever a single call takes. Raises OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def sync_directory(directory: Path | str) -> None:
    """Make the names in a directory durable. Raises OSError."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        close(handle)


def close(handle: int) -> None:
    """Give a descriptor back, if it is one. Linux takes it whatever it answers; whether the file is on disk, fdatasync
    has told.
    """
    if handle >= 0:
        with contextlib.suppress(OSError):
            os.close(handle)


def replace(path: Path, data: bytes) -> None:
    """Put `data` in the file's place, durably and for its owner alone; the old content stays when that fails. The owner
    is that of the directory, also when root writes. Raises OSError."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    try:
        # O_EXCL: whoever owns the directory may have laid a link for root to write through.
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            if os.geteuid() == 0:
                owner = path.parent.stat()
                os.fchown(handle, owner.st_uid, owner.st_gid)
            file.write(data)
            file.flush()
            os.fsync(handle)
        os.rename(fresh, path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)
