"""A hostile argument is understood, or ends in an error that says what to write; never inside of Gatepost."""

from __future__ import annotations

import pytest

from console.connectors import actions as connectors
from console.domains import actions as domains
from console.management_shell.cmdlets import TABLE, connectivity
from console.management_shell.language.cmdlet import Cmdlet, Parameter
from console.management_shell.language.errors import ShellError
from tests.console.builders import ADMIN, accepted_domain, receive_connector
from tests.console.management_shell.shell import Shell

pytestmark = pytest.mark.django_db
HOSTILE = [
    "\0", "a\0b", "\ud800", "%", "\\", "' OR 1=1 --", "*" * 2000, "[" * 300, "x" * 100_000, "9" * 5000, "\x1b[2J",
    "\u202e",
]  # fmt: skip


def texts(cmdlet: Cmdlet) -> list[Parameter]:
    """The parameters that take a text."""
    return [each for each in cmdlet.parameters if not each.switch and each.name != "FileData"]


@pytest.mark.parametrize("cmdlet", TABLE.values(), ids=lambda cmdlet: cmdlet.name)
def test_no_argument_breaks_a_cmdlet(cmdlet: Cmdlet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connectivity, "SECONDS", 0.01)
    domains.create(ADMIN, accepted_domain())
    connectors.create(ADMIN, receive_connector("Office"))
    shell = Shell()
    for value in HOSTILE:
        shell.session.interpreter.variables["k"] = value
        for parameter in texts(cmdlet):
            needed = [each for each in cmdlet.parameters if each.mandatory and each is not parameter]
            others = " ".join(f"-{each.name} Office" for each in needed)
            sure = " -Confirm:$false" if cmdlet.changes else ""
            said = outcome(shell, f"{cmdlet.name} -{parameter.name} $k {others}{sure}")
            assert "inside of Gatepost" not in said, f"-{parameter.name} {value[:20]!r}"
            assert "does not answer" not in said, f"-{parameter.name} {value[:20]!r}"


def outcome(shell: Shell, command: str) -> str:
    """What a command prints, or the error with which it ends."""
    try:
        return shell.run(command)
    except ShellError as error:
        return str(error)
