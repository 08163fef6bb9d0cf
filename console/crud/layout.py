"""What the tab and wizard templates are given."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True)
class Tab:
    """`panel`: the id of the part of this page that the tab shows; without one the tab is another page. `leave`: what
    the form of this page posts to keep what was entered and go there, where no script warns.
    """

    label: str | Promise
    url: str
    current: bool = False
    has_errors: bool = False
    panel: str = ""
    leave: str = ""


@dataclass(frozen=True)
class Step:
    """A step of a wizard. `state` is done, current or ahead; without a URL it is no link."""

    label: str | Promise
    url: str = ""
    state: str = "ahead"
