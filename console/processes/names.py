"""What processes are called of which a node may have several."""

from __future__ import annotations


def numbered(kind: str, number: int) -> str:
    """The first is called as its kind."""
    return kind if number == 1 else f"{kind}-{number}"


def kind_of(name: str) -> tuple[str, int]:
    """And which of its kind: `worker-2` is the second worker."""
    kind, _, number = name.partition("-")
    return kind, int(number) if number.isdecimal() else 1
