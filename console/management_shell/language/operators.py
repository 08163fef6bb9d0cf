"""What the operators mean for the values of the language."""

from __future__ import annotations

import re
from collections.abc import Callable

from console.management_shell.language import patterns
from console.management_shell.language.arithmetic import ARITHMETIC, arithmetic, bounded
from console.management_shell.language.comparing import equal, order
from console.management_shell.language.errors import ShellError, Stop
from console.management_shell.language.text_format import format_text
from console.management_shell.language.values import LONGEST_TEXT, entries, joined, text, truth


def _like(left: object, right: object, case: bool) -> bool:
    return patterns.like(text(left), text(right), case)


def _match(left: object, right: object, case: bool) -> bool:
    return patterns.regex(text(right), text(left), case).search(text(left)) is not None


TESTS: dict[str, Callable[[object, object, bool], bool]] = {
    "eq": equal,
    "ne": lambda left, right, case: not equal(left, right, case),
    "gt": lambda left, right, case: order(left, right, case) > 0,
    "ge": lambda left, right, case: order(left, right, case) >= 0,
    "lt": lambda left, right, case: order(left, right, case) < 0,
    "le": lambda left, right, case: order(left, right, case) <= 0,
    "like": _like,
    "notlike": lambda left, right, case: not _like(left, right, case),
    "match": _match,
    "notmatch": lambda left, right, case: not _match(left, right, case),
}
"""Operators that give true or false; of a list on the left the entries for which they are true."""


def contains(left: object, right: object, case: bool = False) -> bool:
    """Whether a list has an entry; the names of flags count as entries."""
    names = getattr(left, "names", None)
    return any(equal(each, right, case) for each in (names if names is not None else entries(left)))


def _replace(left: object, right: object, case: bool) -> object:
    found = [text(each) for each in entries(right)] or [""]
    new = re.sub(r"\$(\d)", r"\\\1", (found[1] if len(found) > 1 else "").replace("\\", "\\\\"))
    if isinstance(left, list):
        return [_replace(each, right, case) for each in left]
    subject = text(left)
    # What a look-ahead has found can stand in the new text at each place again.
    places = (len(subject) + 1) ** (2 if "(?" in found[0] else 1)
    if len(new) * places > LONGEST_TEXT:
        raise Stop(f"A text has at most {LONGEST_TEXT:,} characters.")
    try:
        return patterns.regex(found[0], subject, case).sub(new, subject)
    except (re.error, IndexError) as error:
        raise ShellError(f"The replacement is not possible: {error}.") from None


def _split(left: object, right: object, case: bool) -> object:
    subject = text(left)
    return [
        part or ""
        for part in patterns.regex(text(entries(right)[0] if entries(right) else ""), subject, case).split(subject)
    ]


def _join(left: object, right: object, case: bool = False) -> str:
    return joined(text(right), map(text, entries(left)))


OTHERS: dict[str, Callable[[object, object, bool], object]] = {
    "contains": contains,
    "notcontains": lambda left, right, case: not contains(left, right, case),
    "in": lambda left, right, case: contains(right, left, case),
    "notin": lambda left, right, case: not contains(right, left, case),
    "replace": _replace,
    "split": _split,
    "join": _join,
    "f": lambda left, right, case: format_text(left, right),
}


def binary(operator: str, left: object, right: object) -> object:
    """`left operator right`, for all but -and, -or and -xor."""
    if operator in ARITHMETIC:
        return bounded(ARITHMETIC[operator](left, right))
    case, name = operator.startswith("c") and operator not in ("contains",), operator
    name = name if name in TESTS or name in OTHERS else name[1:]
    if name in OTHERS:
        return bounded(OTHERS[name](left, right, case))
    if isinstance(left, list):
        return [each for each in left if TESTS[name](each, right, case)]
    return TESTS[name](left, right, case)


def unary(operator: str, value: object) -> object:
    """-not, -, + and -join."""
    if operator == "not":
        return not truth(value)
    if operator == "join":
        return bounded(_join(value, ""))
    return arithmetic(0, value, (lambda a, b: a - b) if operator == "-" else (lambda a, b: a + b))
