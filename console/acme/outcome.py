"""What comes of asking an authority, where it is not what was asked for."""

from __future__ import annotations

from datetime import timedelta


class Refused(Exception):
    """What was asked for does not come; the text says why. `passes`: it was not heard of, and the order may go on.
    `wait`: for so long the authority wants to hear nothing.
    """

    def __init__(self, words: str, passes: bool = False, wait: timedelta | None = None) -> None:
        super().__init__(words)
        self.passes, self.wait = passes, wait


class Unfit(Refused):
    """What the authority issued is not used: each attempt costs one of the few that it grants in a week."""


class Forgotten(Refused):
    """The authority does not know the account (any more)."""
