"""Everything that a stranger fills: a socket, a file, a reply, a request, a message. One row each: the most octets,
lines and seconds it may take, and what becomes of more. `SECURITY.md` shows the same table.

A limit that an administrator sets is a setting and stands in a settings table; here stands what nobody may exceed.
"""

from __future__ import annotations

import msgspec


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """What one stranger may put in one place. None: not counted there (a DNS answer has no lines)."""

    what: str
    who: str
    octets: int | None = None
    lines: int | None = None
    seconds: float | None = None
    more: str
    """What happens to more than that, in words."""


def rows() -> dict[str, Bound]:
    """Every row by its name here."""
    return {name: row for name, row in globals().items() if isinstance(row, Bound)}
