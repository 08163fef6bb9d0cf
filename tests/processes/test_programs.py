"""The command lines of the processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.processes import programs
from console.processes.address import Address


@pytest.mark.parametrize(("url", "trusted"), [("", ""), ("https://mail-admin.example.com", "127.0.0.1")])
def test_only_a_proxy_may_say_where_a_browser_is(home: Path, url: str, trusted: str) -> None:
    """The limit on sign-in attempts goes by address: without a proxy it must be that of the connection."""
    address = Address.parse("127.0.0.1:8000", "GATEPOST_CONSOLE")
    found = programs.services(address, programs.ourselves(), {"GATEPOST_CONSOLE_URL": url})
    (console,) = [program for program in found if program.name == "console"]
    assert console.environment["FORWARDED_ALLOW_IPS"] == trusted
