"""Which versions work side by side on one database.

A release only adds to the tables; what it no longer uses, the one after it takes away (`tests/architecture/
test_migrations.py`). So the processes of two releases that follow each other run at once, and a node of the former one
may start again while others are upgraded.
"""

from __future__ import annotations

import re

OLDEST = "1.0.0"
"""The oldest version whose processes work with the tables as this code makes them."""


def works_with(version: str, oldest: str) -> bool:
    """Whether code of that version works with tables that name the oldest one for them; '' is named by nobody."""
    return bool(oldest) and _numbers(version) >= _numbers(oldest)


def _numbers(version: str) -> tuple[int, ...]:
    """Of 1.1.0rc1 those of 1.1.0, whose tables it has."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(map(int, found[0].split("."))) if found else ()
