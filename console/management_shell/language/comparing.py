"""What values measure, and how they stand to each other."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from console.management_shell.language.errors import ShellError
from console.management_shell.language.literals import number, timespan
from console.management_shell.language.values import UNLIMITED, Timespan, entries, text, truth

_NUMBER = re.compile(r"[+-]?(\d[\d,]*(\.\d+)?|\.\d+)([kmgt]b)?", re.IGNORECASE)
_SHOWN_SIZE = re.compile(r"[\d.]+ [KMGT]?B \(([\d,]+) bytes\)")
TIMESPAN = re.compile(r"(\d+\.)?\d{1,2}:\d{1,2}:\d{1,2}")


def as_number(value: object) -> int | float:
    """A number; of a text the one that it says. Raises ShellError."""
    if value is None:
        return 0
    if isinstance(value, int | float):
        return value
    written = text(value).strip()
    if match := _SHOWN_SIZE.fullmatch(written):
        return int(match[1].replace(",", ""))
    if _NUMBER.fullmatch(written):
        found = number(written.lstrip("+-").replace(",", ""))
        return -found if written.startswith("-") else found
    raise ShellError(f"'{written[:80]}' is no number.")


def as_timespan(value: object) -> Timespan:
    """Seconds; of a text `[d.]hh:mm:ss`. Raises ShellError."""
    if isinstance(value, int):
        return Timespan(value)
    if TIMESPAN.fullmatch(text(value)):
        return timespan(text(value))
    raise ShellError(f"'{text(value)[:80]}' is no time span. Write it like 00:10:00.")


def as_time(value: object) -> datetime:
    """A point in time; of a text ISO 8601 or Exchange's `09/01/2018 5:00 PM`, in UTC. Raises ShellError."""
    if isinstance(value, datetime):
        return value
    written = text(value).strip()
    ways: list[Callable[[str], datetime]] = [datetime.fromisoformat, *(partial(_strptime, form) for form in _TIMES)]
    for read in ways:
        try:
            found = read(written.removesuffix("Z"))
        except ValueError:
            continue
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    raise ShellError(f"'{written[:80]}' is no time. Write it like 2027-01-31 17:00, in UTC.")


_TIMES = ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y")


def _strptime(form: str, written: str) -> datetime:
    return datetime.strptime(written, form)


def order(left: object, right: object, case: bool = False) -> int:
    """-1, 0 or 1: the right side is read as what the left one is."""
    low, high = _comparable(left, right, case)
    return int(low > high) - int(low < high)


def _comparable(left: object, right: object, case: bool) -> tuple[Any, Any]:
    if isinstance(left, bool):
        return left, _truth_of(right)
    if isinstance(left, Timespan) and right is not UNLIMITED:
        return int(left), int(as_timespan(right))
    if left is UNLIMITED or isinstance(left, int | float):
        return _measure(left), _measure(right)
    if isinstance(left, datetime):
        return left, as_time(right)
    first, second = text(left), text(right)
    return (first, second) if case else (first.lower(), second.lower())


def _truth_of(value: object) -> bool:
    return value.lower() not in ("", "false", "$false", "0") if isinstance(value, str) else truth(value)


def _measure(value: object) -> int | float:
    return float("inf") if text(value).lower() == "unlimited" else as_number(value)


def equal(left: object, right: object, case: bool = False) -> bool:
    """Whether two values are the same: texts in any case, numbers and sizes by what they measure."""
    if left is None or right is None:
        return left is right
    if isinstance(left, list | tuple) or isinstance(right, list | tuple):
        return entries(left) == entries(right)
    try:
        return order(left, right, case) == 0
    except ShellError:
        return False


def sort_key(value: object) -> tuple[int, Any]:
    """Orders values of any kinds: nothing, numbers, times, texts."""
    if value is None:
        return 0, 0
    if value is UNLIMITED or isinstance(value, int | float):
        return 1, _measure(value)
    if isinstance(value, datetime):
        return 2, value
    return 3, text(value).lower()
