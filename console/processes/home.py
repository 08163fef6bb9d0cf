"""The data directory of one copy of Gatepost, and the few values that a copy keeps there. Standard library only."""

from __future__ import annotations

import json
import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transport import durable_file

CHECKOUT = Path(__file__).resolve().parent.parent.parent


class HomeError(Exception):
    """The data directory cannot be used; the text says why and what to do."""


@dataclass(frozen=True)
class Home:
    """Paths under `$GATEPOST_HOME` (default: `var` beside manage.py)."""

    path: Path

    @classmethod
    def of_environment(cls) -> Home:
        return cls(Path(os.environ.get("GATEPOST_HOME") or CHECKOUT / "var").absolute().resolve())

    @property
    def run_file(self) -> Path:
        return self.path / "run.json"

    @property
    def secret_file(self) -> Path:
        return self.path / "secret.key"

    @property
    def admin_password_file(self) -> Path:
        return self.path / "admin-password"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    def running(self) -> dict[str, Any]:
        """What the supervisor wrote into run.json: {database_url, redis_url, console, health, node, pids}, or {}."""
        try:
            found = json.loads(_read(self.run_file) or "{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def secret_key(self) -> str:
        """The copy's Fernet key: `$GATEPOST_SECRET_KEY`, else secret.key, else one that only this process knows."""
        if key := os.environ.get("GATEPOST_SECRET_KEY"):
            return _checked(key, "GATEPOST_SECRET_KEY")
        key = _read(self.secret_file)
        return new_secret_key() if key is None else _checked(key.strip(), str(self.secret_file))


def _read(path: Path) -> str | None:
    """The file's text; None when there is none."""
    try:
        return path.read_text(errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError as error:
        raise HomeError(f"{path} belongs to another user: run this command as that user, or as root.") from error


def _checked(key: str, where: str) -> str:
    """A new key in place of a damaged one would shut what the old one has locked: then an administrator decides."""
    try:
        whole = len(urlsafe_b64decode(key)) == 32
    except ValueError:
        whole = False
    if not whole:
        raise HomeError(
            f"{where} is empty or damaged: put the key back from a backup (without it nobody can read the private keys "
            f"in the database), or remove it if nothing is kept yet."
        )
    return key


def new_secret_key() -> str:
    """32 random bytes in URL-safe base64: a Fernet key."""
    return urlsafe_b64encode(secrets.token_bytes(32)).decode()


def write_private(path: Path, text: str) -> None:
    """Replace `path` in one step by a file with `text` that only its owner (the owner of the directory) may read."""
    durable_file.replace(path, text.encode())
