"""What the operators mean for the values of the language."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from console.management_shell.language import patterns
from console.management_shell.language.errors import ShellError, Stop
from console.management_shell.language.parser import number, timespan
from console.management_shell.language.values import UNLIMITED, Size, Timespan, entries, text, truth

MOST_ITEMS = 100_000
LONGEST_TEXT = 2_000_000
_NUMBER = re.compile(r"[+-]?(\d[\d,]*(\.\d+)?|\.\d+)([kmgt]b)?", re.IGNORECASE)
_SHOWN_SIZE = re.compile(r"[\d.]+ [KMGT]?B \(([\d,]+) bytes\)")
_TIMESPAN = re.compile(r"(\d+\.)?\d{1,2}:\d{1,2}:\d{1,2}")


def bounded(value: Any) -> Any:
    """The value, or Stop when it is larger than a script may make one."""
    if isinstance(value, list) and len(value) > MOST_ITEMS:
        raise Stop(f"A list has at most {MOST_ITEMS:,} entries.")
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        raise Stop(f"A text has at most {LONGEST_TEXT:,} characters.")
    if isinstance(value, int) and abs(value) >= 2**63:
        raise ShellError("The number is too large.")
    return value


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
    if _TIMESPAN.fullmatch(text(value)):
        return timespan(text(value))
    raise ShellError(f"'{text(value)[:80]}' is no time span. Write it like 00:10:00.")


def as_time(value: object) -> datetime:
    """A point in time; of a text ISO 8601 or Exchange's `09/01/2018 5:00 PM`, in UTC. Raises ShellError."""
    if isinstance(value, datetime):
        return value
    written = text(value).strip()
    for read in (datetime.fromisoformat, *(partial(_strptime, form) for form in _TIMES)):
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
    return (low > high) - (low < high)


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
    if len(new) * (len(subject) + 1) > LONGEST_TEXT:
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
    return text(right).join(text(each) for each in entries(left))


OTHERS: dict[str, Callable[[object, object, bool], object]] = {
    "contains": contains,
    "notcontains": lambda left, right, case: not contains(left, right, case),
    "in": lambda left, right, case: contains(right, left, case),
    "notin": lambda left, right, case: not contains(right, left, case),
    "replace": _replace,
    "split": _split,
    "join": _join,
}


def add(left: object, right: object) -> object:
    """Numbers, texts, lists, tables, times."""
    if isinstance(left, list):
        return left + entries(right)
    if isinstance(left, str):
        return left + text(right)
    if isinstance(left, dict) and isinstance(right, dict):
        return {**left, **right}
    if isinstance(left, datetime):
        return _later(left, as_timespan(right))
    if left is None:
        return right
    return _arithmetic(left, right, lambda a, b: a + b)


def subtract(left: object, right: object) -> object:
    """Numbers and times."""
    if isinstance(left, datetime):
        if isinstance(right, int) or _TIMESPAN.fullmatch(text(right)):
            return _later(left, -as_timespan(right))
        return Timespan((left - as_time(right)).total_seconds())
    return _arithmetic(left, right, lambda a, b: a - b)


def _later(time: datetime, seconds: int) -> datetime:
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
    return _arithmetic(left, right, lambda a, b: a * b)


def _divide(left: object, right: object) -> object:
    if as_number(right) == 0:
        raise ShellError("Attempted to divide by zero.")
    return _arithmetic(left, right, lambda a, b: a // b if a % b == 0 else a / b)


def _remainder(left: object, right: object) -> object:
    if as_number(right) == 0:
        raise ShellError("Attempted to divide by zero.")
    return _arithmetic(left, right, lambda a, b: a - b * int(a / b))


def _arithmetic(left: object, right: object, work: Callable[[Any, Any], Any]) -> object:
    """Sizes and time spans stay what they are, unless the result has a fraction."""
    if left is UNLIMITED or right is UNLIMITED:
        raise ShellError("Unlimited is no number to reckon with.")
    try:
        found = work(as_number(left), as_number(right))
    except OverflowError:
        raise ShellError("The number is too large.") from None
    kinds = {type(each) for each in (left, right)} & {Size, Timespan}
    return kinds.pop()(found) if len(kinds) == 1 and isinstance(found, int) else found


def _range(left: object, right: object) -> list[object]:
    low, high = int(as_number(left)), int(as_number(right))
    if abs(high - low) >= MOST_ITEMS:
        raise Stop(f"A list has at most {MOST_ITEMS:,} entries.")
    return list(range(low, high + 1) if low <= high else range(low, high - 1, -1))


def _format(left: object, right: object) -> str:
    """`"{0,-20} {1:N0}" -f …`: width and the formats N, D, F, P, X."""
    values = entries(right) if isinstance(right, list) else [right]

    def place(match: re.Match[str]) -> str:
        if match[0] in ("{{", "}}"):
            return match[0][0]
        if match[1] is None or int(match[1]) >= len(values):
            raise ShellError(
                "Index (zero based) must be greater than or equal to zero and less than the size of the argument list."
            )
        shown = _formatted(values[int(match[1])], match[3] or "")
        width = max(min(int(match[2] or 0), 1000), -1000)
        return shown.ljust(-width) if width < 0 else shown.rjust(width)

    return bounded(re.sub(r"\{\{|\}\}|\{(?:(\d{1,3})(?:,(-?\d{1,6}))?(?::([^{}]*))?\})?", place, text(left)))


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


ARITHMETIC: dict[str, Callable[[object, object], object]] = {
    "+": add,
    "-": subtract,
    "*": _multiply,
    "/": _divide,
    "%": _remainder,
    "..": _range,
    "f": _format,
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
    return _arithmetic(0, value, (lambda a, b: a - b) if operator == "-" else (lambda a, b: a + b))
