"""Wait for something instead of sleeping; without pytest, so that the measurements can use it on any machine."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, sleep


def wait_for(condition: Callable[[], object], complaint: str, seconds: float = 20) -> None:
    """Return as soon as `condition` holds; fail with `complaint` after `seconds`."""
    deadline = monotonic() + seconds
    while not condition():
        if monotonic() > deadline:
            raise AssertionError(f"{complaint} after {seconds:g} s")
        sleep(0.02)
