"""The commands in `docs/` run, in order, on a new installation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from console.certificates import actions as certificates
from console.connectors import actions as connectors
from tests.console.builders import ADMIN
from tests.console.management_shell.shell import Shell

pytestmark = pytest.mark.django_db
DOCS = Path(__file__).resolve().parents[3] / "docs"
COMMAND = re.compile(r"^    ((?:[A-Z]\w+-|\$).*)$", re.MULTILINE)
NAMED = re.compile('(?:-Name|Get-ReceiveConnector) "([^"]*)')
PAGES = [page for page in sorted(DOCS.glob("*.md")) if COMMAND.search(page.read_text())]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_of_a_how_to_run(page: Path) -> None:
    shell = Shell()
    connectors.first_start()
    certificates.make_self_signed(ADMIN, "Mail", ["mail.contoso.com"])
    for command in COMMAND.findall(page.read_text()):
        named = NAMED.search(command)
        shell.typed = named[1] if named else None
        shell.run(command)


def test_the_how_tos_have_commands() -> None:
    assert len(PAGES) >= 2
