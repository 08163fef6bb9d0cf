"""The data directory of one copy of Gatepost, and the few values that a copy keeps there. Standard library only."""

from __future__ import annotations

import json
import os
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    def server_password_file(self) -> Path:
        """The password of the embedded PostgreSQL and Valkey."""
        return self.path / "server-password"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    def running(self) -> dict[str, Any]:
        """What the supervisor wrote into run.json: {database_url, redis_url, console, health, node, pids}, or {}."""
        try:
            return dict(json.loads(self.run_file.read_text()))
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return {}
        except PermissionError as error:
            raise HomeError(
                f"{self.run_file} belongs to another user: run this command as that user, or as root."
            ) from error

    def secret_key(self) -> str:
        """The copy's Fernet key: `$GATEPOST_SECRET_KEY`, else secret.key, else one that only this process knows."""
        if key := os.environ.get("GATEPOST_SECRET_KEY"):
            return key
        try:
            return self.secret_file.read_text().strip()
        except (FileNotFoundError, NotADirectoryError):
            return new_secret_key()
        except PermissionError as error:
            raise HomeError(
                f"{self.secret_file} belongs to another user: run this command as that user, or as root."
            ) from error


def new_secret_key() -> str:
    """32 random bytes in URL-safe base64: a Fernet key."""
    return urlsafe_b64encode(secrets.token_bytes(32)).decode()


def write_private(path: Path, text: str) -> None:
    """Replace `path` in one step by a file with `text` that only its owner (the owner of the directory) may read."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(draft, owner.st_uid, owner.st_gid)
    draft.replace(path)
