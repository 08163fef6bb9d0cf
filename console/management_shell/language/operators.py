"""What the operators mean for the values of the language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from console.management_shell.language import patterns
from console.management_shell.language.arithmetic import ARITHMETIC, arithmetic, bounded
from console.management_shell.language.comparing import as_number, equal, order
from console.management_shell.language.errors import ShellError, Stop
from console.management_shell.language.text_format import format_text
from console.management_shell.language.values import LONGEST_TEXT, ScriptBlock, entries, joined, text, truth


def _like(left: object, right: object, case: bool) -> bool:
    return patterns.like(text(left), text(right), case)


def _match(left: object, right: object, case: bool) -> bool:
    return patterns.search(text(right), text(left), case) is not None


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


def groups(left: object, right: object, case: bool = False) -> dict[str, object] | None:
    """`$Matches` of a -match: "0" for all of it, the groups by number and by name. None where it does not match."""
    found = patterns.search(text(right), text(left), case)
    if found is None:
        return None
    numbered = {str(place): each for place, each in enumerate((found[0], *found.groups())) if each is not None}
    return {**numbered, **{name: each for name, each in found.groupdict().items() if each is not None}}


_REFERENCE = re.compile(r"\$(?:(\d{1,2})|\{(\w+)\}|(&)|(\$))")


def _written(new: str, match: Any) -> str:
    """The new text with `$1`, `${name}`, `$&` and `$$` put in."""

    def put(reference: re.Match[str]) -> str:
        number, name, whole, _ = reference.groups()
        if not (number or name or whole):
            return "$"
        return match[0 if whole else int(number) if number else name] or ""

    return _REFERENCE.sub(put, new)


def _replace(left: object, right: object, case: bool) -> object:
    if isinstance(left, list):
        return [_replace(each, right, case) for each in left]
    found = entries(right) or [""]
    if len(found) > 2:
        raise ShellError("-replace takes a regular expression and the new text, no more.")
    if len(found) > 1 and isinstance(found[1], ScriptBlock):
        raise ShellError("-replace takes a text as the new one, not a script block.")
    pattern, new, subject = text(found[0]), text(found[1]) if len(found) > 1 else "", text(left)
    pieces, end, size = [], 0, len(subject)
    for match in patterns.matches(pattern, subject, case):
        try:
            pieces += [subject[end : match.start()], _written(new, match)]
        except IndexError as error:
            raise ShellError(f"The replacement is not possible: {error}.") from None
        end, size = match.end(), size + len(pieces[-1])
        if size > LONGEST_TEXT:
            raise Stop(f"A text has at most {LONGEST_TEXT:,} characters.")
    return "".join([*pieces, subject[end:]])


def _split(left: object, right: object, case: bool) -> object:
    """At a regular expression; behind it how many parts at most, and SimpleMatch."""
    given = entries(right) or [""]
    option = text(given[2]) if len(given) > 2 else "SimpleMatch"
    if len(given) > 3 or option.lower() != "simplematch":
        raise ShellError("-split takes a separator, how many parts at most, and SimpleMatch.")
    pattern, most, simple = given[0], given[1] if len(given) > 1 else 0, len(given) > 2
    separator = re.escape(text(pattern)) if simple else text(pattern)
    limit = max(int(as_number(most)) - 1, 0) or None
    return [
        part
        for each in (left if isinstance(left, list) else [left])
        for part in _parts(text(each), islice(patterns.matches(separator, text(each), case), limit))
    ]


def _parts(subject: str, separators: Iterable[Any]) -> Iterator[str]:
    """What stands between the separators, and what groups of theirs have found."""
    end = 0
    for match in separators:
        yield subject[end : match.start()]
        yield from (group or "" for group in match.groups())
        end = match.end()
    yield subject[end:]


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
    if operator == "split":
        return bounded([part for each in entries(value) for part in text(each).split()])
    return arithmetic(0, value, (lambda a, b: a - b) if operator == "-" else (lambda a, b: a + b))
