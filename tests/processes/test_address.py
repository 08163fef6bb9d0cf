"""Where the processes listen."""

from __future__ import annotations

import random

from console.processes.address import free_port


def test_two_free_ports_are_two_though_nobody_listens_on_the_first_yet() -> None:
    """Even when the same number is drawn again."""
    state = random.getstate()
    first = free_port()
    random.setstate(state)
    assert free_port() != first
