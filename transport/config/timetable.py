"""Times of the week at which something runs, as an administrator writes them: `Mon-Fri 08:00-18:00`, `Sat 22:15`.

Exchange 2003 draws them in a grid whose finest step is a quarter of an hour; so are they here. A span may go over
midnight, and belongs to the day on which it begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
STEP = 15
"""Minutes."""
DAY, WEEK = 1440, 7 * 1440
_DAY = "|".join(DAYS)
_ENTRY = re.compile(rf"(?:({_DAY})(?:\s*-\s*({_DAY}))?\s+)?(\d\d?):(\d\d)(?:\s*-\s*(\d\d?):(\d\d))?", re.IGNORECASE)


class Span(msgspec.Struct, frozen=True):
    """Minutes of a day, on the days from `first` to `last` (0 is Monday). `end` may lie after midnight."""

    first: int
    last: int
    begin: int
    end: int

    def __str__(self) -> str:
        days = DAYS[self.first] if self.first == self.last else f"{DAYS[self.first]}-{DAYS[self.last]}"
        days = "" if (self.first, self.last) == (0, 6) else f"{days} "
        return f"{days}{_clock(self.begin)}" + (f"-{_clock(self.end)}" if self.end > self.begin + STEP else "")

    def holds(self, minute: int) -> bool:
        """Whether a minute of the week (0 is Monday 00:00) lies in it."""
        return any((minute - day * DAY - self.begin) % WEEK < self.end - self.begin for day in self._days())

    def _days(self) -> Iterable[int]:
        return ((self.first + step) % 7 for step in range((self.last - self.first) % 7 + 1))


def _clock(minute: int) -> str:
    return f"{minute // 60 % 24:02}:{minute % 60:02}" if minute != DAY else "24:00"


def parse(text: str) -> Span:
    """One entry. Without an end it is one step long. Raises ValueError that says what to write instead."""
    found = _ENTRY.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"“{text}” is no time. Write it like Mon-Fri 08:00-18:00, Sat 22:15, or 06:00-20:00.")
    first = DAYS.index(found[1].capitalize()) if found[1] else 0
    last = DAYS.index(found[2].capitalize()) if found[2] else first if found[1] else 6
    begin = _minute(text, found[3], found[4])
    end = _minute(text, found[5], found[6]) if found[5] else begin + STEP
    if begin == DAY:
        raise ValueError(f"“{text}”: 24:00 can only be an end.")
    return Span(first, last, begin, end if end > begin else end + DAY)


def _minute(text: str, hour: str, minute: str) -> int:
    value = int(hour) * 60 + int(minute)
    if value > DAY or int(minute) > 59 or value % STEP:
        raise ValueError(f"“{text}”: write hours from 00:00 to 24:00, in quarters of an hour.")
    return value


def is_open(times: Iterable[str], minute: int) -> bool:
    """Whether a minute of the week lies in one of the entries."""
    return any(parse(entry).holds(minute) for entry in times)


def minutes_until_open(times: Iterable[str], minute: int) -> int | None:
    """How long until the next of them begins; 0 while one is open, None without any."""
    spans = [parse(entry) for entry in times]
    return next((wait for wait in range(WEEK) if any(span.holds((minute + wait) % WEEK) for span in spans)), None)
