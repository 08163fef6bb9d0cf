"""How a script leaves a loop, a function or itself. These are no errors: `try` does not catch them."""

from __future__ import annotations


class Leaving(Exception):
    """Goes up to the loop, the function or the script that is left."""


class Break(Leaving):
    """The loop or the `switch` ends."""


class Continue(Leaving):
    """The next turn of the loop, the next value of the `switch`."""


class Return(Leaving):
    """The function or the script block ends; at the top, the script."""


class Exit(Leaving):
    """The script ends."""
