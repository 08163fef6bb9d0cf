"""Format strings of .NET for numbers, times and time spans. What is not understood is an error that names it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, localcontext

from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import Timespan, text

STANDARD_TIMES = {
    "d": "M/d/yyyy", "D": "dddd, MMMM d, yyyy", "t": "h:mm tt", "T": "h:mm:ss tt",
    "f": "dddd, MMMM d, yyyy h:mm tt", "F": "dddd, MMMM d, yyyy h:mm:ss tt", "U": "dddd, MMMM d, yyyy h:mm:ss tt",
    "g": "M/d/yyyy h:mm tt", "G": "M/d/yyyy h:mm:ss tt",
    "m": "MMMM d", "M": "MMMM d", "y": "MMMM yyyy", "Y": "MMMM yyyy",
    "o": "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", "O": "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", "s": "yyyy-MM-dd'T'HH:mm:ss",
    "u": "yyyy-MM-dd HH:mm:ss'Z'", "r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'", "R": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
}  # fmt: skip
LONGEST_FORM = 200
"""Characters of the form of a number."""
_TIME = re.compile(
    r"(?P<part>([A-Za-z])\2*)|'(?P<quoted>[^']*)'|\"(?P<double>[^\"]*)\"|\\(?P<escaped>.)|(?P<sign>.)", re.DOTALL
)
_TIME_PARTS: dict[str, Callable[[datetime], str]] = {
    "yyyy": lambda time: f"{time.year:04}",
    "yy": lambda time: f"{time.year % 100:02}",
    "MMMM": lambda time: f"{time:%B}",
    "MMM": lambda time: f"{time:%b}",
    "MM": lambda time: f"{time.month:02}",
    "M": lambda time: str(time.month),
    "dddd": lambda time: f"{time:%A}",
    "ddd": lambda time: f"{time:%a}",
    "dd": lambda time: f"{time.day:02}",
    "d": lambda time: str(time.day),
    "HH": lambda time: f"{time.hour:02}",
    "H": lambda time: str(time.hour),
    "hh": lambda time: f"{time:%I}",
    "h": lambda time: str(time.hour % 12 or 12),
    "mm": lambda time: f"{time.minute:02}",
    "m": lambda time: str(time.minute),
    "ss": lambda time: f"{time.second:02}",
    "s": lambda time: str(time.second),
    "tt": lambda time: f"{time:%p}",
    "t": lambda time: f"{time:%p}"[:1],
    "zzz": lambda time: "+00:00",
    "zz": lambda time: "+00",
    "z": lambda time: "+0",
    "K": lambda time: "Z",
} | {"f" * digits: lambda time, digits=digits: f"{time.microsecond:06}0"[:digits] for digits in range(1, 8)}


def formatted(value: object, form: str) -> str:
    """A value as a format has it. Texts and flags have none: they are written as they are, as .NET does."""
    if not form:
        return text(value)
    if isinstance(value, datetime):
        return time(value, form)
    if isinstance(value, Timespan):
        return timespan(value, form)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value, form)
    return text(value)


def _unknown(what: str, form: str) -> ShellError:
    return ShellError(f"'{form[:80]}' is no format of {what} that this shell knows.")


def time(value: datetime, form: str) -> str:
    """`yyyyMMdd`, `s`, `dd.MM.yyyy HH:mm` and so on, in UTC."""
    value = value.astimezone(UTC)
    if len(form) == 1:
        if form not in STANDARD_TIMES:
            raise _unknown("times", form)
        return _time(value, STANDARD_TIMES[form])
    return _time(value, form.removeprefix("%"))


def _time(value: datetime, form: str) -> str:
    found = []
    for match in _TIME.finditer(form):
        part = match["part"]
        if part in _TIME_PARTS:
            found.append(_TIME_PARTS[part](value))
        elif part and part not in ("T", "Z"):
            raise _unknown("times", form)
        else:
            found.append(match["quoted"] or match["double"] or match["escaped"] or match["sign"] or part or "")
    return "".join(found)


_READ = {
    "yyyy": "%Y", "yy": "%y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "M": "%m", "dd": "%d", "d": "%d", "HH": "%H",
    "H": "%H", "hh": "%I", "h": "%I", "mm": "%M", "m": "%M", "ss": "%S", "s": "%S", "tt": "%p",
}  # fmt: skip


def read_time(written: str, form: str) -> datetime:
    """The time that a text says in a format, in UTC."""
    pattern = []
    for match in _TIME.finditer(form):
        part = match["part"]
        if part and part not in _READ and part not in ("T", "Z"):
            raise _unknown("times to be read", form)
        literal = match["quoted"] or match["double"] or match["escaped"] or match["sign"] or part or ""
        pattern.append(_READ.get(part or "", literal.replace("%", "%%")))
    try:
        return datetime.strptime(written, "".join(pattern)).replace(tzinfo=UTC)
    except (ValueError, re.error):
        raise ShellError(f"'{written[:80]}' is no time in the format '{form[:80]}'.") from None


_SPAN_PARTS = {"d": 8, "h": 2, "m": 2, "s": 2, "f": 7}
"""How often a letter may stand in the format of a time span."""


def timespan(value: Timespan, form: str) -> str:
    r"""`c`, `g`, `hh\:mm` and so on."""
    if form in ("c", "t", "T", "g", "G"):
        return text(value)
    seconds = abs(int(value))
    parts = {"d": seconds // 86400, "h": seconds // 3600 % 24, "m": seconds // 60 % 60, "s": seconds % 60}
    found = []
    for match in _TIME.finditer(form.removeprefix("%")):
        part = match["part"]
        if part and (part[0] not in _SPAN_PARTS or len(part) > _SPAN_PARTS[part[0]]):
            raise _unknown("time spans", form)
        if not part and match["sign"]:
            raise _unknown("time spans", form)
        shown = (
            f"{parts.get(part[0], 0):0{len(part)}}" if part else match["quoted"] or match["double"] or match["escaped"]
        )
        found.append(shown or "")
    return "".join(found)


_STANDARD_NUMBER = re.compile(r"([CcDdEeFfGgNnPpRrXx])(\d{0,2})")
_CUSTOM_NUMBER = re.compile(r"(?P<before>[^#0.,%;]*)(?P<whole>[#0,]*)(?:\.(?P<digits>[0#]*))?(?P<after>[^#0.,;]*)")


def number(value: int | float, form: str) -> str:
    """`N0`, `D3`, `F2`, `P1`, `X`, `0.00`, `#,##0` and so on."""
    match = _STANDARD_NUMBER.fullmatch(form)
    if isinstance(value, float) and not math.isfinite(value):
        return text(value)
    if match is None:
        return _custom(value, form)
    kind, digits = match[1].lower(), int(match[2] or -1)
    if kind in "dx":
        if not isinstance(value, int):
            raise _unknown("numbers with a fraction", form)
        return f"{int(value):0{max(digits, 0)}{'d' if kind == 'd' else match[1]}}"
    if kind in "gr":
        return text(int(value) if isinstance(value, int) else value) if digits <= 0 else f"{value:.{digits}g}"
    digits = (6 if kind == "e" else 2) if digits < 0 else digits
    if kind == "e":
        return _exponent(f"{value:.{digits}{match[1]}}")
    if kind == "p":
        return f"{_rounded(value * 100, digits):,.{digits}f} %"
    plain = f"{_rounded(value, digits):{',' if kind in 'nc' else ''}.{digits}f}"
    return plain if kind != "c" else f"-${plain[1:]}" if plain.startswith("-") else f"${plain}"


def _rounded(value: int | float, digits: int) -> Decimal:
    with localcontext() as context:
        context.prec = 1000
        return Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def _exponent(written: str) -> str:
    """Python's `1.5e+03` with the three digits of .NET."""
    return re.sub(r"([eE][+-])(\d+)$", lambda match: match[1] + match[2].rjust(3, "0"), written)


def _custom(value: int | float, form: str) -> str:
    match = _CUSTOM_NUMBER.fullmatch(form)
    if match is None or not (match["whole"] or match["digits"]) or re.search(r"[A-Za-z%]", match["before"]):
        raise _unknown("numbers", form)
    after = match["after"]
    if re.search(r"[A-Za-z\\'\"]", after.replace(" ", "")) and not re.fullmatch(r" ?[A-Za-z]{1,3}", after):
        raise _unknown("numbers", form)
    decimals = match["digits"] or ""
    if len(form) > LONGEST_FORM:
        raise _unknown("numbers", form)
    scaled = value * 100 if "%" in after else value
    whole, _, fraction = f"{_rounded(abs(scaled), len(decimals)):.{len(decimals)}f}".partition(".")
    least = match["whole"].count("0")
    whole = whole.lstrip("0").rjust(least, "0")
    if "," in match["whole"].strip(","):
        whole = f"{int(whole or 0):,}" if whole else ""
    fraction = _without_optional(fraction, decimals)
    sign = "-" if scaled < 0 and (whole.strip("0,") or fraction.strip("0")) else ""
    return f"{sign}{match['before']}{whole}{'.' if fraction else ''}{fraction}{after}"


def _without_optional(fraction: str, decimals: str) -> str:
    """Zeros at the end fall where the format has `#`."""
    while fraction and fraction.endswith("0") and decimals[len(fraction) - 1] == "#":
        fraction = fraction[:-1]
    return fraction
