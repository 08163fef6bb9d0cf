"""Wildcards and regular expressions that cannot run away.

Wildcards are matched in time of text × pattern. Regular expressions are those of re2, which never goes back: Python's
own matcher does, and nothing can interrupt it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from time import thread_time
from typing import Any

import re2

from console.management_shell.language.errors import ShellError, Stop

MOST_STEPS = 10_000_000
LONGEST_PATTERN = 1_000
MOST_SECONDS = 5
"""For all places where one pattern fits one text."""
MOST_TRIED = 500_000_000  # 10 ns each, at worst
MOST_MEMORY = 1 << 20
_TOKEN = re.compile(r"\\.|\[\^?\]?|.", re.DOTALL)
_CLASSES = {r"\w": r"\p{L}\p{Mn}\p{Nd}\p{Pc}", r"\d": r"\p{Nd}", r"\s": r"\s\x0b\x{85}\p{Z}"}
_AROUND = re.compile(r"\(\?(?:<?[=!]|>)|\\[1-9k]")
"""What .NET has and re2 has not."""


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


@lru_cache(maxsize=64)
def regex(pattern: str, case: bool = False) -> Any:
    """What re2 makes of .NET's pattern; its interface is that of `re`. Raises ShellError.

    Letters and digits of every script count, as in .NET; a look around and what was found before are not to be had.
    """
    if len(pattern) > LONGEST_PATTERN:
        raise ShellError(f"A regular expression has at most {LONGEST_PATTERN:,} characters.")
    options = re2.Options()
    options.case_sensitive, options.log_errors, options.max_mem = case, False, MOST_MEMORY
    try:
        return re2.compile(_for_re2(pattern), options)
    except (re2.error, UnicodeEncodeError) as error:
        missing = " Look-ahead, look-behind and references back are not to be had." if _AROUND.search(pattern) else ""
        raise ShellError(f"'{pattern[:80]}' is no regular expression here.{missing or f' {_said(error)}'}") from None


def matches(pattern: str, text: str, case: bool = False) -> Iterator[Any]:
    """Every match. One takes at most time of text × pattern, all of them MOST_SECONDS; Stop where it would be more."""
    compiled = regex(pattern, case)
    if len(text) * compiled.programsize > MOST_TRIED:
        raise Stop("The text is too long for this regular expression.")
    end = thread_time() + MOST_SECONDS
    try:
        for match in compiled.finditer(text):
            yield match
            if thread_time() > end:
                raise Stop("The text is too long for this regular expression.")
    except UnicodeEncodeError:
        raise ShellError("The text has half of a character in it.") from None


def search(pattern: str, text: str, case: bool = False) -> Any:
    """The first match, or None."""
    return next(matches(pattern, text, case), None)


def _for_re2(pattern: str) -> str:
    """Classes of characters as .NET means them, which is not ASCII alone."""
    written, inside = [], False
    for token in _TOKEN.findall(pattern):
        inside = token.startswith("[") or (inside and token != "]")
        members = _CLASSES.get(token.lower())
        if members is None or (inside and token.isupper()):
            written.append({r"\Z": r"\z"}.get(token, token))
        else:
            written.append(members if inside else f"[{'^' if token.isupper() else ''}{members}]")
    return "".join(written)


def _said(error: Exception) -> str:
    what = error.args[0]
    return (what.decode(errors="replace") if isinstance(what, bytes) else "It has half of a character in it") + "."
