"""The operator -f: values put into a text, with width and format."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import entries, joined, text

_PLACES = re.compile(r"\{\{|\}\}|\{(?:(\d{1,3})(?:,(-?\d{1,6}))?(?::([^{}]*))?\})?")
WIDEST = 1000


def format_text(left: object, right: object) -> str:
    """`"{0,-20} {1:N0}" -f …`: width and the formats N, D, F, P, X."""
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
    if match[1] is None or int(match[1]) >= len(values):
        raise ShellError(
            "Index (zero based) must be greater than or equal to zero and less than the size of the argument list."
        )
    shown = _formatted(values[int(match[1])], match[3] or "")
    width = max(min(int(match[2] or 0), WIDEST), -WIDEST)
    return shown.ljust(-width) if width < 0 else shown.rjust(width)


def _formatted(value: object, form: str) -> str:
    match = re.fullmatch(r"([NnDdFfPpXx])(\d{0,2})", form)
    if isinstance(value, datetime) and form:
        return _formatted_time(value, form)
    if not match or not isinstance(value, int | float):
        return text(value)
    kind, digits = match[1].lower(), int(match[2] or (2 if match[1].lower() in "nfp" else 0))
    if kind in "dx":
        return f"{int(value):0{digits}{'d' if kind == 'd' else match[1]}}"
    return f"{value * 100:,.{digits}f} %" if kind == "p" else f"{value:{',' if kind == 'n' else ''}.{digits}f}"


_TIME_PARTS = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S", "hh": "%I", "tt": "%p"}


def _formatted_time(value: datetime, form: str) -> str:
    pattern = "|".join(_TIME_PARTS)
    return re.sub(pattern, lambda match: value.strftime(_TIME_PARTS[match[0]]), form)
