"""Which user the processes run as: the one who started us or, when that is root, an unprivileged one."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.processes.home import HomeError

ROOT_ALLOWED = "GATEPOST_ALLOW_ROOT"


@dataclass(frozen=True)
class Account:
    name: str
    uid: int
    gid: int

    @classmethod
    def unprivileged(cls, home: Path | None = None) -> Account:
        """Ourselves; when we are root `$GATEPOST_USER`, else the one who owns `home` already, else nobody."""
        if os.geteuid() != 0:
            return cls(_own_name(), os.geteuid(), os.getegid())
        name = os.environ.get("GATEPOST_USER") or _owner(home) or "nobody"
        try:
            entry = pwd.getpwnam(name)
        except KeyError as error:
            raise HomeError(f"There is no user {name}: set GATEPOST_USER to one that exists.") from error
        if entry.pw_uid == 0 and not root_is_allowed():
            raise HomeError(f"{name} is root: set GATEPOST_USER to an account without rights of its own.")
        return cls(name, entry.pw_uid, entry.pw_gid)

    @property
    def is_ourselves(self) -> bool:
        return self.uid == os.geteuid()

    def popen(self) -> dict[str, Any]:
        """Arguments for subprocess that start a process as this user."""
        if self.is_ourselves:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can(self, *command: str | Path) -> bool:
        """Does `command`, run as this user, succeed?"""
        words = [str(part) for part in command]
        try:
            return subprocess.run(words, capture_output=True, check=False, **self.popen()).returncode == 0
        except OSError:  # not there, not for this user, or no program
            return False

    def own(self, directory: Path, mode: int = 0o700) -> Path:
        """Make `directory`, if it is missing, and give it to this user alone. Raises OSError when it is a link and we
        are root: whoever owns the directory above may have laid it."""
        directory.mkdir(parents=True, exist_ok=True)
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | (0 if self.is_ourselves else os.O_NOFOLLOW))
        try:
            if not self.is_ourselves:
                os.fchown(handle, self.uid, self.gid)
            os.fchmod(handle, mode)
        finally:
            os.close(handle)
        return directory

    def copy(self, source: Path, names: Iterable[str], target: Path) -> None:
        """Copy `names` of the directory `source`, which only we can read, into `target`. This user writes them, so that
        no link in a directory of theirs leads us astray."""
        read = ["tar", "-C", str(source), "-cf", "-", *names]
        write = ["tar", "-C", str(target), "-xf", "-"]
        with subprocess.Popen(read, stdout=subprocess.PIPE) as reading:
            written = subprocess.run(write, stdin=reading.stdout, cwd="/", **self.popen()).returncode
        if reading.returncode or written:
            raise HomeError(f"{source} cannot be copied to {target}, where {self.name} could read it.")


def root_is_allowed() -> bool:
    """Has the administrator said that processes may stay root?"""
    return os.environ.get(ROOT_ALLOWED) == "1"


def _owner(home: Path | None) -> str | None:
    """Who else than root owns the data: `make run` first, `sudo make run` later must not mix two owners."""
    if home is None or not home.exists() or home.stat().st_uid == 0:
        return None
    return home.owner()


def _own_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError as error:
        raise HomeError(
            f"User id {os.geteuid()} is not in /etc/passwd, and PostgreSQL needs that. Add it, or set DATABASE_URL."
        ) from error
