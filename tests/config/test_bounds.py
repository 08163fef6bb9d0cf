"""No stranger fills anything without a limit: each row of the table is obeyed somewhere, tried somewhere, and told."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from transport.config import bounds

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "transport" / "config" / "bounds.py"


@cache
def named_in(*folders: str) -> frozenset[str]:
    """The rows that the code of these folders reads."""
    texts = (path.read_text() for folder in folders for path in (ROOT / folder).rglob("*.py") if path != TABLE)
    return frozenset(name for text in texts for name in re.findall(r"\bbounds\.([A-Z][A-Z_]+)\b", text))


@pytest.mark.parametrize("name", bounds.rows())
def test_every_row_limits_something_and_says_what_becomes_of_more(name: str) -> None:
    row = bounds.rows()[name]
    assert any((row.octets, row.lines, row.seconds))
    assert row.more.endswith(".")


@pytest.mark.parametrize("name", bounds.rows())
def test_every_row_is_obeyed_and_overfilled_by_a_test(name: str) -> None:
    assert name in named_in("transport", "console")
    assert name in named_in("tests"), f"no test fills more than bounds.{name} allows"
