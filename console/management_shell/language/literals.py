"""Numbers, time spans, dashes, quotes and escapes: what single words and signs mean."""

from __future__ import annotations

import re

from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import Timespan

UNITS = {"kb": 1024, "mb": 1024**2, "gb": 1024**3, "tb": 1024**4, "pb": 1024**5}
DOUBLES = '"“”„'
SINGLES = "'‘’‚‛"
DASHES = str.maketrans("–—―", "---")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\r\n": "\r\n"}


def number(text: str) -> int | float:
    """`10`, `0x1F`, `1.5`, `5MB`. Raises ShellError when it is very long."""
    lowered = text.lower()
    if len(lowered) > 40:
        raise ShellError("This number is too long.")
    if lowered.startswith("0x"):
        return int(lowered, 16)
    factor = UNITS.get(lowered[-2:], 1)
    digits = lowered[:-2] if factor > 1 else lowered
    if "." not in digits:
        return int(digits) * factor
    return int(float(digits) * factor) if factor > 1 else float(digits)


def timespan(text: str) -> Timespan:
    """`[days.]hh:mm:ss` → seconds."""
    days, _, clock = text.rpartition(".")
    hours, minutes, seconds = (int(part) for part in clock.split(":"))
    if minutes > 59 or seconds > 59:
        raise ShellError("Minutes and seconds go to 59.")
    return Timespan(((int(days or 0) * 24 + hours) * 60 + minutes) * 60 + seconds)


def unescaped(text: str, quotes: str) -> str:
    """Backtick sequences and doubled quotes → what they stand for."""
    pattern = rf"`(\r\n|.)|([{quotes}])[{quotes}]" if quotes else r"`(\r\n|.)"
    return re.sub(pattern, _unescape, text, flags=re.DOTALL)


def _unescape(match: re.Match[str]) -> str:
    escaped = match[1]
    return match[2] if escaped is None else _ESCAPES.get(escaped, escaped)
