"""Sizes without a unit: what other scripts' exports mean by them."""

from __future__ import annotations

import re

from transport.config import kinds

UNITS = (1, 1024, 1024**2, 1024**3)
FARTHEST = 32
"""How many times more or less than the default is plausible: of two units one at most is."""
USUAL = 10 * 1024**2
"""Exchange's default of sizes that are unlimited here."""
_BARE = re.compile(r"\s*\d{1,18}\s*")


def is_bare(value: object) -> bool:
    """Whether a size is a number alone."""
    if isinstance(value, int) and not isinstance(value, bool):
        return True
    return isinstance(value, str) and _BARE.fullmatch(value) is not None


def read(value: object, default: object) -> tuple[str, str]:
    """The octets that a bare number means, and why. Raises ValueError where no unit, or more than one, makes sense."""
    usual, number = default if isinstance(default, int) else USUAL, int(str(value))
    fitting = [factor for factor in UNITS if usual / FARTHEST <= number * factor < usual * FARTHEST]
    if not fitting:
        raise ValueError(f"{number} has no unit, and as bytes, KB or MB it makes no sense. Export with Export-Clixml.")
    octets = number * fitting[0]
    if fitting[0] == 1:
        return str(octets), ""
    return str(octets), f"{number} has no unit: {kinds.show_size(octets)} is taken, the only size that makes sense."
