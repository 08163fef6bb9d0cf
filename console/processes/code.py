"""Where the processes find their code: here, or in a copy when their account cannot read it here. Never as root by
accident."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from console.processes.account import ROOT_ALLOWED, Account, root_is_allowed
from console.processes.home import CHECKOUT, Home, HomeError

PARTS = ["manage.py", "pyproject.toml", "console", "transport", "templates", "static", "docs"]

# For another account: every file of these places can be read.
READ_ALL = """
import os, sys
def fail(error): raise error
for place in sys.argv[1:]:
    if not os.access(place, os.R_OK): sys.exit(1)
    for folder, folders, files in os.walk(place, onerror=fail) if os.path.isdir(place) else ():
        if "__pycache__" in folders: folders.remove("__pycache__")
        if not all(os.access(os.path.join(folder, file), os.R_OK) for file in files): sys.exit(1)
"""


@dataclass(frozen=True)
class Code:
    """`libraries`: PYTHONPATH for a Python that does not know them by itself."""

    python: str
    checkout: Path
    libraries: str = ""


HERE = Code(sys.executable, CHECKOUT)


def check(account: Account) -> None:
    """HomeError when we are root and could not become `account`, or when it could not even run this Python."""
    python = os.path.realpath(sys.executable)
    if not (root_is_allowed() or account.is_ourselves or account.can(python, "-I", "-c", "import ssl")):
        raise HomeError(
            f"Gatepost was started as root, and {account.name} cannot run {python}: install Gatepost with a Python "
            f"that lies outside of root's home, set GATEPOST_USER to an account that can run this one, or set "
            f"{ROOT_ALLOWED}=1 to let everything run as root."
        )


def for_account(account: Account, home: Home) -> Code | None:
    """What `account` is to run; None when it can read nothing here and root may."""
    if is_readable_by(account):
        return HERE
    if root_is_allowed():
        return None
    copy = _copy(account, home)
    return Code(os.path.realpath(sys.executable), copy, str(copy / _libraries().name))


def is_readable_by(account: Account) -> bool:
    return account.is_ourselves or account.can(HERE.python, "-I", "-c", READ_ALL, *_places())


def _libraries() -> Path:
    """The directory into which pip has installed them."""
    django = importlib.util.find_spec("django")
    assert django and django.origin
    return Path(django.origin).parents[1]


def _places() -> list[Path]:
    return [*(CHECKOUT / part for part in PARTS), _libraries()]


def _copy(account: Account, home: Home) -> Path:
    """In the data directory, made by `account` itself, and made again when a file here has changed."""
    copies = account.own(home.path / "code")
    copy = copies / _fingerprint()
    if not copy.exists():
        for old in copies.iterdir():
            shutil.rmtree(old)
        draft = account.own(copies / "new")
        account.copy(CHECKOUT, PARTS, draft)
        account.copy(_libraries().parent, [_libraries().name], draft)
        draft.rename(copy)
    return copy


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for path in sorted(_files()):
        found = path.stat()
        digest.update(f"{path}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def _files() -> Iterator[Path]:
    for place in _places():
        if place.is_file():
            yield place
        for folder, folders, files in os.walk(place):
            folders[:] = [each for each in folders if each != "__pycache__"]
            yield from (Path(folder, file) for file in files)
