"""+ - * / % and the range, for numbers, sizes, time spans, times, texts and lists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from console.management_shell.language.comparing import TIMESPAN, as_number, as_time, as_timespan
from console.management_shell.language.errors import ShellError, Stop
from console.management_shell.language.values import LONGEST_TEXT, UNLIMITED, Size, Timespan, entries, text

MOST_ITEMS = 100_000
T = TypeVar("T")


def bounded(value: T) -> T:
    """The value, or Stop when it is larger than a script may make one."""
    if isinstance(value, list) and len(value) > MOST_ITEMS:
        raise Stop(f"A list has at most {MOST_ITEMS:,} entries.")
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        raise Stop(f"A text has at most {LONGEST_TEXT:,} characters.")
    if isinstance(value, int) and abs(value) >= 2**63:
        raise ShellError("The number is too large.")
    return value


def add(left: object, right: object) -> object:
    """Numbers, texts, lists, tables, times."""
    if isinstance(left, list):
        return left + entries(right)
    if isinstance(left, str):
        return left + text(right)
    if isinstance(left, dict) and isinstance(right, dict):
        return {**left, **right}
    if isinstance(left, datetime):
        return later(left, as_timespan(right))
    if left is None:
        return right
    return arithmetic(left, right, lambda a, b: a + b)


def subtract(left: object, right: object) -> object:
    """Numbers and times."""
    if isinstance(left, datetime):
        if isinstance(right, int) or TIMESPAN.fullmatch(text(right)):
            return later(left, -as_timespan(right))
        return Timespan((left - as_time(right)).total_seconds())
    return arithmetic(left, right, lambda a, b: a - b)


def later(time: datetime, seconds: float) -> datetime:
    """Raises ShellError beyond the years that there are."""
    try:
        return time + timedelta(seconds=seconds)
    except OverflowError:
        raise ShellError("This time is out of range.") from None


def _multiply(left: object, right: object) -> object:
    if isinstance(left, str | list):
        times = max(int(as_number(right)), 0)
        if len(left) * times > LONGEST_TEXT:
            raise Stop(f"A text has at most {LONGEST_TEXT:,} characters.")
        return left * times
    return arithmetic(left, right, lambda a, b: a * b)


def _dividing(work: Callable[[Any, Any], Any]) -> Callable[[object, object], object]:
    def divide(left: object, right: object) -> object:
        if as_number(right) == 0:
            raise ShellError("Attempted to divide by zero.")
        return arithmetic(left, right, work)

    return divide


def arithmetic(left: object, right: object, work: Callable[[Any, Any], Any]) -> object:
    """Sizes and time spans stay what they are, unless the result has a fraction."""
    if left is UNLIMITED or right is UNLIMITED:
        raise ShellError("Unlimited is no number to reckon with.")
    try:
        found = work(as_number(left), as_number(right))
    except OverflowError:
        raise ShellError("The number is too large.") from None
    kinds = {type(each) for each in (left, right)} & {Size, Timespan}
    if not isinstance(found, int) or len(kinds) != 1:
        return found
    return Size(found) if Size in kinds else Timespan(found)


def range_of(left: object, right: object) -> list[object]:
    low, high = int(as_number(left)), int(as_number(right))
    if abs(high - low) >= MOST_ITEMS:
        raise Stop(f"A list has at most {MOST_ITEMS:,} entries.")
    return list(range(low, high + 1) if low <= high else range(low, high - 1, -1))


ARITHMETIC: dict[str, Callable[[object, object], object]] = {
    "+": add,
    "-": subtract,
    "*": _multiply,
    "/": _dividing(lambda a, b: a // b if a % b == 0 else a / b),
    "%": _dividing(lambda a, b: a - b * int(a / b)),
    "..": range_of,
}
