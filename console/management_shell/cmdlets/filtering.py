"""Exchange's -Filter: `"Status -eq 'Retry' -and MessageCount -gt 100"`, over the properties of a record."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from console.management_shell.language import operators
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import Record, ScriptBlock, text

Test = Callable[[Record], bool]
LONGEST, DEEPEST = 4000, 40
WORDS = {"$true": True, "$false": False, "$null": None}
TOKEN = re.compile(r"""\s*(?:(\()|(\))|-(\w+)|'((?:[^']|'')*)'|"([^"]*)"|([^\s()'"]+))""")
HOW = "Write it like \"Status -eq 'Retry' -and MessageCount -gt 100\"."


def read_filter(value: object) -> Test:
    """For parameters: a filter as text or as a script block. Raises ValueError that says how one is written."""
    written = value.text.strip() if isinstance(value, ScriptBlock) else text(value).strip()
    written = written.removeprefix("{").removesuffix("}")
    if len(written) > LONGEST:
        raise ValueError(f"A filter has at most {LONGEST:,} characters.")
    return _Parser(written).whole()


class _Parser:
    """Or binds less than and, and less than not; each condition is `Property -operator value`."""

    def __init__(self, written: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        place, written = 0, written.rstrip()
        while place < len(written):
            match = TOKEN.match(written, place)
            if match is None:
                raise ValueError(HOW)
            self.tokens.append(_token(match))
            place = match.end()
        self.depth = 0

    def whole(self) -> Test:
        test = self.alternatives()
        if self.tokens:
            raise ValueError(f"“{self.tokens[0][1]}” was not expected. {HOW}")
        return test

    def alternatives(self) -> Test:
        found = [self.together()]
        while self.take("operator", "or"):
            found.append(self.together())
        return lambda record: any(test(record) for test in found)

    def together(self) -> Test:
        found = [self.condition()]
        while self.take("operator", "and"):
            found.append(self.condition())
        return lambda record: all(test(record) for test in found)

    def condition(self) -> Test:
        self.depth += 1
        if self.depth > DEEPEST:
            raise ValueError("The filter is nested too deeply.")
        try:
            if self.take("operator", "not"):
                inner = self.condition()
                return lambda record: not inner(record)
            if self.take("(", "("):
                inside = self.alternatives()
                self.need(")")
                return inside
            return self.comparison()
        finally:
            self.depth -= 1

    def comparison(self) -> Test:
        name, operator = self.need("word"), self.need("operator").lower()
        if operator not in operators.TESTS:
            raise ValueError(
                f"-{operator} is not possible in a filter. Use {', '.join(f'-{each}' for each in operators.TESTS)}."
            )
        wanted = self.value()
        return lambda record: _holds(record, name.removeprefix("$_."), operator, wanted)

    def value(self) -> object:
        if not self.tokens or self.tokens[0][0] not in ("word", "text"):
            raise ValueError(HOW)
        kind, written = self.tokens.pop(0)
        return WORDS.get(written.lower(), written) if kind == "word" else written

    def take(self, kind: str, written: str) -> bool:
        if self.tokens and self.tokens[0][0] == kind and self.tokens[0][1].lower() == written:
            self.tokens.pop(0)
            return True
        return False

    def need(self, kind: str) -> str:
        if not self.tokens or self.tokens[0][0] != kind:
            raise ValueError(HOW)
        return self.tokens.pop(0)[1]


def _token(match: re.Match[str]) -> tuple[str, str]:
    opened, closed, operator, single, double, word = match.groups()
    if opened or closed:
        return match[0].strip(), match[0].strip()
    if operator is not None:
        return "operator", operator
    if word is not None:
        return "word", word
    return "text", single.replace("''", "'") if single is not None else double


def _holds(record: Record, name: str, operator: str, wanted: object) -> bool:
    spelled = record.spelled(name)
    if spelled is None:
        raise ShellError(f"There is no property {name} to filter by.", "Filter", tuple(record.properties))
    found: Any = operators.binary(operator, record.properties[spelled], wanted)
    return bool(found)
