"""What an import will do, object by object and property by property."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from console.moving_in.objects import Source


class Verdict(Enum):
    """What becomes of a property."""

    APPLIED = "applied"
    APPROXIMATED = "approximated"
    NOT_ENFORCED = "not enforced"


@dataclass(frozen=True)
class Line:
    """One property: what the export says, what it is here, and why where that differs."""

    name: str
    exported: str
    becomes: str
    verdict: Verdict
    reason: str = ""


@dataclass
class Translated:
    """One object. `struct` is None when it cannot be one here, as `problem` says, or has nothing that is kept here.

    `given` are the fields that the export says; `server`: where it comes from.
    """

    source: Source
    name: str
    struct: Any = None
    given: dict[str, Any] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    server: str = ""
    problem: str = ""
    better_left: str = ""
    """Why it is likely not wanted here; empty for most."""
    bookkeeping: int = 0
    """Properties in which Active Directory notes for itself."""
    defaults: int = 0
    """Settings of which the export says nothing."""

    def count(self, verdict: Verdict) -> int:
        return sum(line.verdict is verdict for line in self.lines)


@dataclass(frozen=True)
class Known:
    """What is here already and may be named: certificates by `<I>…<S>…`, users and groups by their lower-case name,
    accepted domains by their lower-case name.
    """

    certificates: frozenset[str] = frozenset()
    principals: Mapping[str, str] = field(default_factory=dict)
    domains: Mapping[str, str] = field(default_factory=dict)
