"""What needs attention, as its rules say it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Concern:
    """What is amiss with something, in words that say what to do, and the page where that is done."""

    name: str
    text: str
    url: str
    is_bad: bool = False
