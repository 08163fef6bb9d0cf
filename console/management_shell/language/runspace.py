"""A script while it runs: its variables, its functions, and how much it may still make."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from console.management_shell.language import syntax
from console.management_shell.language.arithmetic import T, bounded
from console.management_shell.language.cmdlet import Cmdlet, Host
from console.management_shell.language.errors import Stop
from console.management_shell.language.scopes import Scopes
from console.management_shell.language.values import Record

MOST_MADE = 100_000_000
"""Characters of texts and entries of lists that one script makes, all together: no script fills the memory."""
WEIGHT = 200
"""Characters that an object counts for in a list that a method gives."""
DEEPEST = 40
"""Script blocks and sub-expressions inside of each other."""


class Runspace(ABC):
    """What statements, commands and functions run in. Variables live as long as it does.

    `table`: what can be run, by name; `aliases`: `fl` → name.
    """

    def __init__(self, table: Mapping[str, Cmdlet], aliases: Mapping[str, str], host: Host):
        self.table, self.aliases, self.host = table, aliases, host
        self.variables = Scopes()
        self.functions: dict[str, Cmdlet] = {}
        self.left = False
        self._depth = self._made = 0
        self._unknown: set[str] = set()

    def begin(self) -> None:
        """A new script: what the ones before it made counts no more."""
        self._depth = self._made = 0
        self.left = False
        self._unknown.clear()

    @abstractmethod
    def statement(self, node: syntax.Node) -> Iterator[object]:
        """What a statement puts out; its own errors and its ways out of loops pass."""

    @abstractmethod
    def value(self, node: syntax.Node) -> Any:
        """What an expression means."""

    @abstractmethod
    def result(self, node: syntax.Node) -> object:
        """What a statement gives as a value; an expression alone is not taken apart, so that `@()` stays a list."""

    def script(self, node: syntax.Script) -> Iterator[object]:
        """What the statements of a block put out, one after the other."""
        self._depth += 1
        try:
            if self._depth > DEEPEST:
                raise Stop(f"Script blocks and functions stand in each other at most {DEEPEST} deep.")
            for statement in node.statements:
                yield from self.statement(statement)
        finally:
            self._depth -= 1

    def gathered(self, flow: Iterable[object]) -> list[object]:
        """All that flows, bounded."""
        found: list[object] = []
        for item in flow:
            found.append(self.charged(item))
            bounded(found)
        return found

    def charged(self, made: T) -> T:
        """The same object, counted against what a script may make."""
        if isinstance(made, str | list | bytes):
            self._made += len(made) * _weight(made)
            if self._made > MOST_MADE:
                raise Stop("The script makes too much text.")
        return made

    @contextmanager
    def current(self, item: object) -> Iterator[None]:
        """Inside, `$_` is this object."""
        before = self.variables.get("_")
        self.variables["_"] = item
        try:
            yield
        finally:
            self.variables["_"] = before


def _weight(made: str | list[object] | bytes) -> int:
    return WEIGHT if isinstance(made, list) and made and isinstance(made[0], Record) else 1
