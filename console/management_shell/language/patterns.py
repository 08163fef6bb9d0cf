"""Wildcards and regular expressions that cannot run away.

Wildcards are matched in time of text × pattern. A regular expression is refused when trying it could take long:
Python's own matcher goes back and forth, and nothing can interrupt it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from re import _constants as code
from re import _parser as regex_parser
from typing import Any

from console.management_shell.language.errors import ShellError

MOST_STEPS = 10_000_000
LONGEST_PATTERN = 1_000
_NAMED = re.compile(r"(?<!\\)\(\?<(?=[A-Za-z_])")
"""How .NET begins a group with a name."""


def like(text: str, pattern: str, case: bool = False) -> bool:
    """Whether all of a text matches `*`, `?` and `[a-z]`; a backtick takes a sign as it is."""
    if len(pattern) > LONGEST_PATTERN or len(text) * len(pattern) > MOST_STEPS:
        raise ShellError("This pattern, or the text that it is tried on, is too long.")
    signs = _wildcard(pattern if case else pattern.lower())
    text = text if case else text.lower()
    at, sign, star, resume = 0, 0, -1, 0
    while at < len(text):
        if sign < len(signs) and signs[sign] is None:
            star, resume, sign = sign, at, sign + 1
        elif sign < len(signs) and _fits(signs[sign], text[at]):
            at, sign = at + 1, sign + 1
        elif star >= 0:
            resume += 1
            at, sign = resume, star + 1
        else:
            return False
    return all(rest is None for rest in signs[sign:])


def has_wildcard(pattern: str) -> bool:
    """Whether a text means more than itself."""
    return any(sign in pattern for sign in "*?[")


@lru_cache(maxsize=256)
def _wildcard(pattern: str) -> tuple[frozenset[str] | str | None, ...]:
    """Each sign as the set of characters it takes, "" for any one, None for `*`."""
    found: list[frozenset[str] | str | None] = []
    for match in re.finditer(r"`(.)|(\*+)|(\?)|\[([^\]]+)\]|(.)", pattern, re.DOTALL):
        escaped, star, one, group, plain = match.groups()
        found.append(
            None if star else "" if one else frozenset(_members(group)) if group else frozenset(escaped or plain)
        )
    return tuple(found)


def _members(group: str) -> set[str]:
    found: set[str] = set()
    for low, high in re.findall(r"(.)(?:-(.))?", group, re.DOTALL):
        found |= {chr(point) for point in range(ord(low), ord(high or low) + 1)} if ord(high or low) < 0x3000 else {low}
    return found


def _fits(sign: frozenset[str] | str | None, character: str) -> bool:
    return sign == "" or (sign is not None and character in sign)


def regex(pattern: str, text: str, case: bool = False) -> re.Pattern[str]:
    """A compiled pattern that is safe to try on this text. Raises ShellError."""
    pattern = _NAMED.sub("(?P<", pattern)
    if len(pattern) > LONGEST_PATTERN:
        raise ShellError(f"A regular expression has at most {LONGEST_PATTERN:,} characters.")
    try:
        parsed = regex_parser.parse(pattern)
        steps = _steps(parsed, len(text) + 1)
        if steps * (len(text) + 1) > MOST_STEPS:
            raise ShellError("This regular expression could take too long on so long a text: use fewer * and +.")
        return re.compile(pattern, 0 if case else re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise ShellError(f"'{pattern[:80]}' is no regular expression: {error}.") from None


def _steps(parsed: Any, length: int) -> int:
    """An upper bound of how many ways a matcher may try at one place of a text."""
    ways = 1
    for operator, argument in parsed:
        ways = min(ways * _ways(operator, argument, length), MOST_STEPS + 1)
    return ways


def _ways(operator: Any, argument: Any, length: int) -> int:
    if operator in (code.MAX_REPEAT, code.MIN_REPEAT, code.POSSESSIVE_REPEAT):
        low, high, body = argument
        turns = min(int(high), length)
        inner = _steps(body, length)
        return (
            (turns - min(low, turns) + 1) * inner**turns
            if inner > 1 and turns < 64
            else (MOST_STEPS if inner > 1 else max(turns, 1) + 1)
        )
    if operator is code.BRANCH:
        return sum(_steps(branch, length) for branch in argument[1])
    if operator is code.SUBPATTERN:
        return _steps(argument[3], length)
    if operator in (code.ASSERT, code.ASSERT_NOT):
        return _steps(argument[1], length)
    if operator is code.ATOMIC_GROUP:
        return _steps(argument, length)
    if operator is code.GROUPREF_EXISTS:
        return sum(_steps(branch, length) for branch in argument[1:] if branch)
    return length if operator is code.GROUPREF else 1
