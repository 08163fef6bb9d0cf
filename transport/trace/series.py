"""PURE. The files of a text log: what they are called, and what they begin with (Exchange reference §7)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec

from transport.trace.line import COLUMNS, FIELDS, stamp

FORMAT = 1
"""How lines are to be read. A new column needs no new one: a reader goes by the names of columns. It stands in a
line that Exchange has as well: what reads its logs skips as many lines as that has.
"""
SOFTWARE = "#Software: Gatepost, format "


class Series(msgspec.Struct, frozen=True):
    """One kind of log. `period` is the time in a file's name, in the form of strftime and UTC; the number behind it
    begins at 1 in each period and has at least so many `digits`.
    """

    prefix: str
    log_type: str
    columns: tuple[str, ...]
    period: str = "%Y%m%d"
    digits: int = 4
    version: str = "15.0.0.0"

    def of(self, moment: float) -> str:
        """The period of a moment (seconds since 1970)."""
        return f"{datetime.fromtimestamp(moment, UTC):{self.period}}"

    def name(self, period: str, number: int) -> str:
        """`RECV20261129-0001.LOG`"""
        return f"{self.prefix}{period}-{number:0{self.digits}d}.LOG"

    def read(self, name: str) -> tuple[str, int] | None:
        """Period and number of a file's name; None when it is none of these files."""
        found = re.fullmatch(rf"{self.prefix}(\d+)-(\d{{{self.digits},}})\.LOG", name, re.ASCII)
        return (found[1], int(found[2])) if found else None

    def header(self, moment: float) -> str:
        """What a file begins with. `moment` in seconds since 1970."""
        lines = f"{SOFTWARE}{FORMAT}", f"#Version: {self.version}", f"#Log-type: {self.log_type}"
        fields = FIELDS + ",".join(self.columns)
        return "\r\n".join([*lines, f"#Date: {stamp(moment)}", fields, ""])


def is_newer(header: bytes) -> bool:
    """Whether only a later version knows how to read a file that begins so. One without a number is of the first
    format."""
    found = re.search(rf"^{SOFTWARE}(\d{{1,9}})".encode(), header, re.MULTILINE)
    return found is not None and int(found[1]) > FORMAT


RECEIVE = Series("RECV", "SMTP Receive Protocol Log", COLUMNS)
SEND = Series("SEND", "SMTP Send Protocol Log", COLUMNS)
