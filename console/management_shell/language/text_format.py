"""The operator -f: values put into a text, with width and format."""

from __future__ import annotations

import re
from collections.abc import Iterator

from console.management_shell.language.errors import ShellError
from console.management_shell.language.formats import formatted
from console.management_shell.language.values import entries, joined, text

_PLACES = re.compile(r"\{\{|\}\}|\{(?:(\d{1,3})(?:,\s*(-?\d{1,6}))?(?::([^{}]*))?\})?|\}")
WIDEST = 1000


def format_text(left: object, right: object) -> str:
    """`"{0,-20} {1:N0}" -f …`: width and format."""
    values = entries(right) if isinstance(right, list) else [right]
    return joined("", _parts(text(left), values))


def _parts(form: str, values: list[object]) -> Iterator[str]:
    end = 0
    for match in _PLACES.finditer(form):
        yield form[end : match.start()]
        yield match[0][0] if match[0] in ("{{", "}}") else _placed(match, values)
        end = match.end()
    yield form[end:]


def _placed(match: re.Match[str], values: list[object]) -> str:
    if match[1] is None:
        raise ShellError("A brace in a format is written twice, or stands around a number: {0}, {0,10}, {0:N2}.")
    if int(match[1]) >= len(values):
        raise ShellError(
            "Index (zero based) must be greater than or equal to zero and less than the size of the argument list."
        )
    shown = formatted(values[int(match[1])], match[3] or "")
    width = max(min(int(match[2] or 0), WIDEST), -WIDEST)
    return shown.ljust(-width) if width < 0 else shown.rjust(width)
