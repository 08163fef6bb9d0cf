"""The passphrase and the key, as somebody at a terminal gives them."""

from __future__ import annotations

import os
import sys
from getpass import getpass
from pathlib import Path

from console.backups.key import WrongKey, unlocked
from console.backups.manifest import About
from console.backups.restoring import check_key
from console.processes.home import Home

LONGEST = 4096
UNREADABLE = "\N{REPLACEMENT CHARACTER}"


def passphrase(file: str | None, is_new: bool = False) -> str:
    """The first line of a file, or asked for at the terminal, a new one twice. Raises WrongKey, OSError."""
    if file is not None:
        given = _read(Path(file)).partition("\n")[0].rstrip("\r")
        if is_new and UNREADABLE in given:
            raise WrongKey(f"{file} is not in UTF-8: the same passphrase, typed at a terminal, would open nothing.")
        return given
    if not sys.stdin.isatty():
        raise WrongKey("There is no terminal to ask for the passphrase: give --passphrase-file.")
    given = getpass("Passphrase: ")
    if is_new and getpass("Again: ") != given:
        raise WrongKey("These are two different passphrases.")
    return given


def key_for(about: About, home: Home, key_file: str | None, passphrase_file: str | None) -> str:
    """The key of a backup: out of it by a passphrase, or from where it was put. Raises WrongKey, OSError."""
    if key_file is not None:
        return _checked(about, _read(Path(key_file)).strip(), key_file)
    if about.locked_key and (passphrase_file is not None or not _given(home)):
        return _checked(about, unlocked(about.locked_key, passphrase(passphrase_file)), "the backup")
    if found := _given(home):
        return _checked(about, *found)
    raise WrongKey(
        f"The backup was made with the key {about.key}, which is not in it: give --key-file with the secret.key of the "
        f"copy that was backed up."
    )


def _read(path: Path) -> str:
    """The beginning of what may be another file than was meant. Raises OSError."""
    with path.open("rb") as file:
        return file.read(LONGEST).decode("utf-8-sig", errors="replace")


def _given(home: Home) -> tuple[str, str] | None:
    """The key of here, and where it stands."""
    if key := os.environ.get("GATEPOST_SECRET_KEY"):
        return key, "GATEPOST_SECRET_KEY"
    if home.secret_file.exists():
        return home.secret_file.read_text().strip(), str(home.secret_file)
    return None


def _checked(about: About, key: str, whence: str) -> str:
    check_key(about, key, whence)
    return key
