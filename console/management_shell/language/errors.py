"""What goes wrong in a script, and where."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class ShellError(Exception):
    """The only exception that a script can raise. `line` and `column` count from 1; 0 where the place is not known yet.

    A cmdlet raises it with the message, and if one is to blame the `parameter` by its declared name and the values that
    are `allowed`; the evaluation adds place and cmdlet.
    """

    message: str
    parameter: str = ""
    allowed: tuple[str, ...] = ()
    line: int = 0
    column: int = 0
    cmdlet: str = ""

    def __str__(self) -> str:
        """The sentence for the administrator: cmdlet, offending parameter, what is wrong, what is allowed."""
        place = f"{self.cmdlet}: " if self.cmdlet else ""
        blamed = f"-{self.parameter}: " if self.parameter and f"'{self.parameter}'" not in self.message else ""
        allowed = f" Allowed: {', '.join(self.allowed)}." if self.allowed else ""
        return f"{place}{blamed}{self.message}{allowed}"

    def at(self, line: int, column: int, cmdlet: str = "") -> ShellError:
        """The same with its place, unless it has one already."""
        if not self.line:
            self.line, self.column = line, column
        self.cmdlet = self.cmdlet or cmdlet
        return self

    def shown(self, text: str) -> str:
        """Message, place, the script's line and a caret under the place: several lines."""
        if not self.line:
            return str(self)
        lines = text.splitlines() or [""]
        source = lines[min(self.line, len(lines)) - 1]
        start = max(0, self.column - 100)
        source = source[start : start + 160]
        pad = "".join("\t" if character == "\t" else " " for character in source[: self.column - 1 - start])
        return f"{self}\nAt line:{self.line} char:{self.column}\n+ {source}\n+ {pad}^"


class Stop(ShellError):
    """A limit of the shell was reached: run time, output, nesting. `-ErrorAction` does not silence it."""
