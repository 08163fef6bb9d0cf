"""What every host of the tests does: it keeps what a script prints, warns, notes, asks and writes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from console.management_shell.language.errors import ShellError

NOON = datetime(2027, 1, 31, 12, 0, tzinfo=UTC)


class Recorder:
    """A script that asks for a file gets one of `files`; it is always noon, and nobody sleeps."""

    computer = "vm"
    begun = ""

    def __init__(self) -> None:
        self.printed: list[str] = []
        self.warnings: list[str] = []
        self.notes: list[str] = []
        self.questions: list[str] = []
        self.followed: list[Callable[[], tuple[str, bool]]] = []
        self.files: dict[str, bytes] = {}
        self.slept = 0.0

    def output(self, lines: str) -> None:
        self.printed.append(lines)

    def warning(self, message: str) -> None:
        self.warnings.append(message)

    def verbose(self, message: str) -> None:
        self.notes.append(message)

    def what_if(self, message: str) -> None:
        self.notes.append(message)

    def follow(self, look: Callable[[], tuple[str, bool]], address: str) -> None:
        self.followed.append(look)

    def read_file(self, path: str) -> bytes:
        if path not in self.files:
            raise ShellError(f"There is no {path}.")
        return self.files[path]

    def has_file(self, path: str) -> bool:
        return path in self.files

    def write_file(self, path: str, content: bytes, append: bool = False) -> None:
        self.files[path] = (self.files.get(path, b"") if append else b"") + content

    def sleep(self, seconds: float) -> None:
        self.slept += seconds

    def now(self) -> datetime:
        return NOON

    def clear(self) -> None:
        self.printed = []

    def history(self) -> list[str]:
        return ["Get-Queue", "Get-Message"]

    def tick(self) -> None:
        pass
