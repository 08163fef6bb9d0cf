"""The shell in a terminal: where its words go, and how it asks."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from getpass import getpass
from pathlib import Path
from shutil import get_terminal_size
from time import monotonic, sleep
from typing import TextIO

from django.conf import settings

from console.actors import Actor
from console.management_shell.language.errors import ShellError

ENDLESS = 100_000
"""Columns where nobody looks: a pipe or a file."""
ANSWERS = {"": "yes", "y": "yes", "yes": "yes", "a": "all", "all": "all", "n": "no", "no": "no"}
CLEAR = "\x1b[H\x1b[2J\x1b[3J"
RED, YELLOW, CYAN, PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[36m", "\x1b[0m"
FOLLOWED, LOOK_EVERY = 15.0, 0.5
"""Seconds that a terminal waits for what comes of something, and between two looks at it."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Terminal:
    """The host of `manage.py gms`. `asks`: somebody sits there who can answer."""

    def __init__(self, actor: Actor, asks: bool, out: TextIO, err: TextIO):
        self.actor, self.asks, self.out, self.err = actor, asks, out, err
        self.computer: str = settings.GATEPOST_NODE
        self.begun = ""
        self.typed: list[str] = []
        self._yes_to_all = False
        self._followed: list[Callable[[], tuple[str, bool]]] = []

    @property
    def width(self) -> int:
        return get_terminal_size().columns if self.out.isatty() else ENDLESS

    def output(self, lines: str) -> None:
        """What other people wrote (a banner in a log) must not steer this terminal."""
        print(_CONTROL.sub("?", lines) if self.out.isatty() else lines, file=self.out)

    def warning(self, message: str) -> None:
        self._say(YELLOW, f"WARNING: {message}")

    def verbose(self, message: str) -> None:
        self._say(CYAN, f"VERBOSE: {message}")

    def error(self, message: str) -> None:
        self._say(RED, message)

    def _say(self, colour: str, message: str) -> None:
        self.out.flush()
        shown = _CONTROL.sub("?", message)
        print(f"{colour}{shown}{PLAIN}" if self.err.isatty() else shown, file=self.err, flush=True)

    def what_if(self, message: str) -> None:
        self.output(f"What if: {message}")

    def follow(self, look: Callable[[], tuple[str, bool]], address: str) -> None:
        self._followed.append(look)

    def tell_followed(self) -> None:
        """Where somebody looks; Ctrl-C ends it, and what is followed goes on."""
        followed, self._followed = self._followed, []
        end = monotonic() + FOLLOWED
        for look in followed if self.err.isatty() else ():
            words, ended = look()
            while not ended and monotonic() < end:
                sleep(LOOK_EVERY)
                words, ended = look()
            self._say(CYAN, words)

    def confirm(self, question: str) -> bool:
        if not self.asks:
            raise ShellError(f"{question} This must be confirmed: write -Confirm:$false in a script.")
        if self._yes_to_all:
            return True
        print(f"\nConfirm\nAre you sure you want to perform this action?\n{_CONTROL.sub('?', question)}", file=self.out)
        while (answer := self._line("[Y] Yes  [A] Yes to All  [N] No (default is Y): ").strip().lower()) not in ANSWERS:
            pass
        self._yes_to_all = ANSWERS[answer] == "all"
        return ANSWERS[answer] != "no"

    def forget_answers(self) -> None:
        """A yes to all is one to all that this script asks."""
        self._yes_to_all = False

    def _line(self, prompt: str) -> str:
        self.out.flush()
        try:
            return input(prompt)
        except EOFError:
            raise ShellError("Nobody answered.") from None

    def type_name(self, danger: str, name: str) -> bool:
        if not self.asks:
            raise ShellError(f"{danger} This must be confirmed by name.")
        self.warning(danger)
        return self._line(f"Type the name of the connector ({_CONTROL.sub('?', name)}) to go ahead: ") == name

    def read_secret(self, prompt: str) -> str:
        if not self.asks:
            raise ShellError(f"{prompt}: nobody can be asked in a script.")
        try:
            return getpass(f"{prompt}: ")
        except EOFError:
            raise ShellError("Nobody answered.") from None

    def read_file(self, path: str) -> bytes:
        try:
            return _path(path).read_bytes()
        except (OSError, ValueError) as error:
            raise ShellError(f"Cannot read {path}: {getattr(error, 'strerror', None) or error}.") from None

    def has_file(self, path: str) -> bool:
        try:
            return _path(path).exists()
        except (OSError, ValueError):
            return False

    def write_file(self, path: str, content: bytes, append: bool = False) -> None:
        try:
            with _path(path).open("ab" if append else "wb") as file:
                file.write(content)
        except (OSError, ValueError) as error:
            raise ShellError(f"Cannot write {path}: {getattr(error, 'strerror', None) or error}.") from None

    def sleep(self, seconds: float) -> None:
        """Ctrl-C ends it."""
        sleep(seconds)

    def clear(self) -> None:
        if self.out.isatty():
            print(CLEAR, end="", file=self.out, flush=True)

    def history(self) -> list[str]:
        return list(self.typed)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def tick(self) -> None:
        """Ctrl-C ends a script here."""


def _path(path: str) -> Path:
    r"""A file of this machine; `.\relays.csv` and `lists\a.txt` are what they would be on Windows."""
    relative = not re.match(r"[A-Za-z]:|\\\\", path)
    return Path(path.replace("\\", "/") if relative else path).expanduser()


def standard_terminal(actor: Actor, interactive: bool) -> Terminal:
    """On this process's own streams. With -c or a file somebody can still answer, if both ends are a terminal."""
    asks = sys.stdin.isatty() and (interactive or sys.stdout.isatty())
    return Terminal(actor, asks, sys.stdout, sys.stderr)
