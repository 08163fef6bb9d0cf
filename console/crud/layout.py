"""What the tab and wizard templates are given."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True)
class Tab:
    label: str | Promise
    url: str
    current: bool = False
    has_errors: bool = False


@dataclass(frozen=True)
class Step:
    """A step of a wizard. `state` is done, current or ahead; without a URL it is no link."""

    label: str | Promise
    url: str = ""
    state: str = "ahead"
