from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.running_copy import RunningCopy


@pytest.fixture(scope="package")
def running_copy() -> Iterator[RunningCopy]:
    """One for all that leave it in order, since its start costs more than most of what they ask of it."""
    with RunningCopy() as copy:
        copy.wait_until_in_order()
        yield copy
