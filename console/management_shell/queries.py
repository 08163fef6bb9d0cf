"""What the pages of the management shell show."""

from __future__ import annotations

from functools import cache

from console.management_shell.cmdlets import TABLE
from console.management_shell.models import HistoryLine


def cmdlets(text: str) -> list[tuple[str, str]]:
    """(name, what it does) of those in whose name, or in that of a parameter, every word stands, whatever the case."""
    words = text.lower().split()
    found = (TABLE[name] for name, where in _names().items() if all(word in where for word in words))
    return [(each.name, each.synopsis) for each in found]


@cache
def _names() -> dict[str, str]:
    """Each cmdlet's name, and those of its parameters, in lower case."""
    return {
        key: " ".join([each.name, *(f"-{one.name}" for one in each.parameters)]).lower() for key, each in TABLE.items()
    }


def history(username: str) -> list[str]:
    """Somebody's scripts, newest first, each once."""
    lines = HistoryLine.objects.filter(user__username=username)
    return list(dict.fromkeys(lines.values_list("text", flat=True)))
