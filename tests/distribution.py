"""How tests are spread over processes: files whole, the longest first."""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("tests/road/documents/",)
"""Folders whose files share a running copy."""
APART = ("tests/console/access/test_pages.py",)
"""Files whose every test takes a minute."""
LONGEST = (
    "tests/processes/test_health.py",
    "tests/processes/test_up.py",
    "tests/processes/",
    "tests/road/test_nothing_is_lost.py",
    "tests/deliver/test_leases.py",
    "tests/shell/test_worker.py",
    "tests/console/commands/test_round_trip.py",
    "tests/shell/test_pick_ups.py",
    "tests/shell/test_pulling.py",
    "tests/road/",
    "tests/shell/",
    "tests/deliver/",
    "tests/console/access/",
)
"""Begun last, one of them alone would hold up the end. Those that share a running copy stand together."""


class WholeFiles(LoadScopeScheduling):  # type: ignore[misc]  # without types
    def __init__(self, config: pytest.Config, log: object = None) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if file in APART:
            return nodeid
        return next((folder for folder in TOGETHER if file.startswith(folder)), file)


def longest_first(items: list[pytest.Item]) -> None:
    items.sort(
        key=lambda item: next((n for n, start in enumerate(LONGEST) if item.nodeid.startswith(start)), len(LONGEST))
    )
