"""Make a copy's data directory ready: whose it is, where it really lies, its secrets, and who uses it."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Sequence
from pathlib import Path

from console.processes.account import Account
from console.processes.home import Home, HomeError, new_secret_key, write_private

OPEN_TO_ALL = Path("/var/lib/gatepost")
DIRECTORIES = ["logs", "journal", "protocol-log", "session-records", "state", "mailboxes"]
RESTORING = "restoring"
"""Where a copy is made of a backup, inside of its data directory, until it is whole."""


def settle(home: Home, account: Account) -> Home:
    """Make the data directory for `account`, where it can reach it. Returns where it really lies."""
    if (home.path / RESTORING).exists():
        raise HomeError(f"A restore into {home.path} did not come to its end: run manage.py restore again.")
    home = place(home, account, DIRECTORIES)
    if not home.secret_file.exists():
        write_private(home.secret_file, new_secret_key())
    return home


def place(home: Home, account: Account, directories: Sequence[str] = ()) -> Home:
    """The data directory alone, with these in it. Raises HomeError."""
    try:
        home.path.parent.mkdir(parents=True, exist_ok=True)
        home = _within_reach(home, account)
        for directory in [home.path, *(home.path / name for name in directories)]:
            account.own(directory)
    except OSError as error:
        raise HomeError(
            f"{error.filename} cannot be used by {account.name}: {error.strerror}. Set GATEPOST_HOME."
        ) from error
    return home


def _within_reach(home: Home, account: Account) -> Home:
    """Under /root an unprivileged account reaches nothing: then the data lie elsewhere, and a link leads there."""
    if account.is_ourselves or account.can("/usr/bin/env", "test", "-x", home.path.parent):
        return home
    if home.path.exists():
        if any(home.path.iterdir()):
            raise HomeError(f"{account.name} cannot reach {home.path}: set GATEPOST_HOME to a place that it can.")
        home.path.rmdir()
    name = f"{home.path.parent.name}-{hashlib.sha256(str(home.path).encode()).hexdigest()[:8]}"
    OPEN_TO_ALL.mkdir(parents=True, exist_ok=True)
    home.path.symlink_to(OPEN_TO_ALL / name)
    return Home(OPEN_TO_ALL / name)


class Lock:
    """Held until `close`; the kernel frees it with the process, however that ends."""

    def __init__(self, home: Home) -> None:
        self._file = (home.path / "up.lock").open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.close()
            pid = home.running().get("pids", {}).get("supervisor", "?")
            raise HomeError(f"This copy already runs (process {pid}, data in {home.path}).") from error

    def close(self) -> None:
        self._file.close()
