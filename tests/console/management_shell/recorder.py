"""What every host of the tests does: it keeps what a script prints, warns, notes, asks and writes."""

from __future__ import annotations

from datetime import UTC, datetime

from console.management_shell.language.errors import ShellError

NOON = datetime(2027, 1, 31, 12, 0, tzinfo=UTC)


class Recorder:
    """A script that asks for a file gets one of `files`; it is always noon."""

    def __init__(self) -> None:
        self.printed: list[str] = []
        self.warnings: list[str] = []
        self.notes: list[str] = []
        self.questions: list[str] = []
        self.files: dict[str, bytes] = {}

    def output(self, lines: str) -> None:
        self.printed.append(lines)

    def warning(self, message: str) -> None:
        self.warnings.append(message)

    def verbose(self, message: str) -> None:
        self.notes.append(message)

    def what_if(self, message: str) -> None:
        self.notes.append(message)

    def read_file(self, path: str) -> bytes:
        if path not in self.files:
            raise ShellError(f"There is no {path}.")
        return self.files[path]

    def write_file(self, path: str, content: bytes) -> None:
        self.files[path] = content

    def now(self) -> datetime:
        return NOON

    def tick(self) -> None:
        pass
