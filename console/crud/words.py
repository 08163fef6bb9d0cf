"""What somebody types into the filter of a list: words, `name:value`, values with spaces in quotes, `-` for "not"."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

LONGEST = 500
"""Characters of a filter that are read."""
MOST = 20
"""Terms of a filter that are obeyed."""

_TERM = re.compile(r'(?P<no>-?)(?:(?P<name>[A-Za-z_]+):)?(?:"(?P<quoted>[^"]*)"?|(?P<bare>\S+))')
_PART = re.compile(r'"([^"]+)"|(\S+)')


@dataclass(frozen=True, slots=True)
class Term:
    """`value` stands in the field `name`, or anywhere where that is empty; `negated`: does not. `text`: as typed."""

    name: str
    value: str
    negated: bool
    text: str


def terms(text: str, names: Collection[str]) -> list[Term]:
    """What a filter says. What looks like `name:value`, but is of no field of the list, is a word like any other."""
    found = (_term(match, names) for match in _TERM.finditer(text[:LONGEST].replace("\0", "")))
    return [term for term in found if term.value][:MOST]


def _term(match: re.Match[str], names: Collection[str]) -> Term:
    name, negated = (match["name"] or "").lower(), bool(match["no"])
    value = match["bare"] if match["quoted"] is None else match["quoted"]
    if name and name not in names:
        name, value = "", f"{match['name']}:{value}"
    return Term(name, value.strip(), negated, match[0])


def parts(text: str) -> list[str]:
    """The words of a text; what stands in quotes is one."""
    return [quoted or bare for quoted, bare in _PART.findall(text)]


def quoted(value: str) -> str:
    """It as one of the `parts` of a text."""
    return f'"{value}"' if len(value.split()) > 1 else value


def without(text: str, names: Collection[str], place: int) -> str:
    """The filter without its term at `place`."""
    return " ".join(term.text for at, term in enumerate(terms(text, names)) if at != place)
