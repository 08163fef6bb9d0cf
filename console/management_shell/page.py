"""The shell on a page: what a script said, which files it wrote, and what it has to ask first.

A question ends the run: everything is rolled back, the page asks, and the script runs again with the answer. So a
script changes nothing until all of its questions are answered.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from time import monotonic, sleep

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils import translation
from psycopg.errors import LockNotAvailable

from console import sealing
from console.actors import Actor
from console.management_shell import queries
from console.management_shell.language.errors import ShellError, Stop
from console.management_shell.session import ShellSession
from transport.config import bounds

SECONDS = bounds.SHELL_SCRIPT.seconds or 0
MOST_OUTPUT = 400_000
"""Characters."""
LARGEST_FILE = 20_000_000
LONGEST = (bounds.SHELL_SCRIPT.octets or 0) // 4
"""Characters of a script, of four octets at most: reading a longer one takes seconds."""
ANSWERS_LAST = 900
"""Seconds in which a script's questions must be answered."""
NARROWEST, WIDEST = 60, 240
TURN = 2
"""Seconds in which a script waits for its turn: nobody runs two at once."""
_LOCKS = 7001
"""Which advisory locks of the database are those of the shell's users."""


@dataclass(frozen=True)
class Piece:
    """Lines of one kind that follow each other: "output", "warning", "verbose", "what-if" or "error"."""

    kind: str
    text: str


@dataclass
class Question(Exception):
    """Raised where a script asks and no answer is there yet. `kind`: "confirm", "name" (type `name`) or "secret"."""

    kind: str
    text: str
    name: str = ""


@dataclass
class Outcome:
    """What there is to show of one run."""

    pieces: list[Piece] = field(default_factory=list)
    files: list[tuple[str, bytes]] = field(default_factory=list)
    followed: list[str] = field(default_factory=list)
    question: Question | None = None
    failed: bool = False
    cleared: bool = False


Answers = list[tuple[str, str]]
"""(question, answer), in the order in which they were asked."""


class PageHost:
    """Where the words of a script go when nobody sits at a terminal."""

    def __init__(self, actor: Actor, answers: Answers, columns: int):
        self.actor, self.answers = actor, answers
        self.computer: str = settings.GATEPOST_NODE
        self.begun = ""
        self.width = min(max(columns, NARROWEST), WIDEST)
        self.lines: list[tuple[str, str]] = []
        self.files: list[tuple[str, bytes]] = []
        self.followed: list[str] = []
        self.asked = self._written = 0
        self._yes_to_all = self.cleared = False
        self.begin()

    def begin(self) -> None:
        """From now on the script's time runs."""
        self._end = monotonic() + SECONDS

    def say(self, kind: str, text: str) -> None:
        self._written += len(text) + 1
        if self._written > MOST_OUTPUT and kind != "error":
            raise Stop("There is too much to show. Use Select-Object -First, Where-Object or Export-Csv.")
        self.lines.append((kind, text))

    def output(self, lines: str) -> None:
        self.say("output", lines)

    def warning(self, message: str) -> None:
        self.say("warning", f"WARNING: {message}")

    def verbose(self, message: str) -> None:
        self.say("verbose", f"VERBOSE: {message}")

    def what_if(self, message: str) -> None:
        self.say("what-if", f"What if: {message}")

    def follow(self, look: Callable[[], tuple[str, bool]], address: str) -> None:
        """The page asks once the script's transaction is over."""
        if address:
            self.followed.append(address)

    def confirm(self, question: str) -> bool:
        if not self._yes_to_all:
            answer = self._ask(Question("confirm", question))
            self._yes_to_all = answer == "all"
            return answer in ("yes", "all")
        return True

    def type_name(self, danger: str, name: str) -> bool:
        return self._ask(Question("name", danger, name)) == name

    def read_secret(self, prompt: str) -> str:
        return self._ask(Question("secret", prompt))

    def _ask(self, question: Question) -> str:
        """The answer that was given; one to another question counts no more, nor do those after it."""
        key = f"{question.kind} {question.text} {question.name}"
        given = self.answers[self.asked : self.asked + 1]
        if not given or given[0][0] != key:
            self.answers = [*self.answers[: self.asked], (key, "")]
            raise question
        self.asked += 1
        return given[0][1]

    def read_file(self, path: str) -> bytes:
        raise ShellError(
            f"A page cannot read {path} of your computer. Use the page that uploads it, or gms in a terminal."
        )

    def has_file(self, path: str) -> bool:
        return any(name == _name(path) for name, _ in self.files)

    def write_file(self, path: str, content: bytes, append: bool = False) -> None:
        """Offers a download under the last part of the path."""
        name = _name(path)
        held = next((each for known, each in self.files if known == name), b"") if append else b""
        kept = [(known, each) for known, each in self.files if known != name]
        if len(held) + len(content) + sum(len(each) for _, each in kept) > LARGEST_FILE:
            raise Stop(f"A file of more than {LARGEST_FILE:,} octets is too large for a page. Use gms in a terminal.")
        self.files = [*kept, (name, held + content)]

    def sleep(self, seconds: float) -> None:
        """Not longer than the script may run."""
        until = monotonic() + seconds
        while (left := until - monotonic()) > 0:
            self.tick()
            sleep(min(left, 0.1))

    def clear(self) -> None:
        """What this script has said, and what the page shows of those before it."""
        self.cleared, self.lines = True, []

    def history(self) -> list[str]:
        return queries.history(self.actor.name)[::-1]

    def now(self) -> datetime:
        return datetime.now(UTC)

    def tick(self) -> None:
        if monotonic() > self._end:
            raise Stop(f"The script ran longer than {SECONDS:g} seconds. Use gms in a terminal for it.")

    def pieces(self) -> list[Piece]:
        """What was said, in order."""
        of_one_kind = groupby(self.lines, itemgetter(0))
        return [Piece(kind, "\n".join(text for _, text in lines).strip("\n")) for kind, lines in of_one_kind]


def _name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2] or "file"


def run(actor: Actor, text: str, answers: Answers, columns: int) -> tuple[Outcome, Answers]:
    """Runs a script, or as much as can be known before a question; with the answers that still count.

    What the statements before an error did stays; what the one with the error did is undone. Whatever language its
    reader has, it says the same: scripts compare it.
    """
    host = PageHost(actor, answers, columns)
    outcome = Outcome()
    with translation.override("en"), transaction.atomic():
        try:
            _take_turn(actor)
            host.begin()
            if len(text) > LONGEST:
                raise ShellError(f"A page takes scripts of at most {LONGEST:,} characters. Use gms in a terminal.")
            ShellSession(host, around=transaction.atomic).run(text)
        except Question as question:
            transaction.set_rollback(True)
            outcome.question = question
        except ShellError as error:
            outcome.failed = True
            host.say("error", error.shown(text))
    if outcome.question is None:
        outcome.pieces, outcome.files, outcome.cleared = host.pieces(), host.files, host.cleared
        outcome.followed = host.followed
    return outcome, host.answers


def _take_turn(actor: Actor) -> None:
    """Waits until no other script of this user runs on any console. Raises ShellError when that takes long."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = %s", [f"{TURN}s"])
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCKS, actor.name])
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        raise ShellError(
            "Another script of yours is still running: one at a time. Try again when it has ended."
        ) from None
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = 0")
        cursor.execute("SET LOCAL statement_timeout = %s", [int(SECONDS * 1000)])


def sealed(user_id: int, text: str, answers: Answers) -> str:
    """Answers as they travel through the page: nobody can read or change them there."""
    return sealing.sealed(json.dumps([user_id, text, answers]).encode())


def unsealed(user_id: int, text: str, token: str) -> Answers:
    """The answers of this user to this script; none when the token is damaged, another's, or too old."""
    try:
        owner, script, answers = json.loads(sealing.opened(token, ANSWERS_LAST))
    except (InvalidToken, ValueError):
        return []
    return [(key, value) for key, value in answers] if (owner, script) == (user_id, text) else []
