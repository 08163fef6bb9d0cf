"""What can be called: a method of a value, or of a type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from console.management_shell.language.errors import ShellError

Work = Callable[..., object]


@dataclass(frozen=True)
class Method:
    """`work` gets the value and from `least` to `most` arguments."""

    work: Work
    least: int = 0
    most: int | None = None

    def __call__(self, name: str, value: object, arguments: list[Any]) -> object:
        most = self.least if self.most is None else self.most
        if not self.least <= len(arguments) <= most:
            takes = f"{self.least}" if most == self.least else f"{self.least} to {most}"
            raise ShellError(f"{name} takes {takes} arguments here, not {len(arguments)}.")
        return self.work(value, *arguments)


Methods = dict[str, Method]
"""By name."""


def pure(work: Callable[..., object], least: int, most: int | None = None) -> Method:
    """A function that needs nothing of the host."""
    return Method(lambda host, *arguments: work(*arguments), least, most)
