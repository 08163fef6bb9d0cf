"""The shell answers the same as the page."""

from __future__ import annotations

import pytest

from console.connectors import actions as connectors
from tests.console.builders import ADMIN, RELAY, receive_connector
from tests.console.management_shell.shell import Shell

pytestmark = pytest.mark.django_db


def test_it_says_who_relays_and_who_let_them() -> None:
    shell = Shell()
    assert shell.refused("Test-RelayProof").parameter == "Revision"
    connectors.create(ADMIN, receive_connector("Office"))
    assert "Nobody can relay." in shell.run("Test-RelayProof | fl")
    assert "Exceptions" not in shell.run("Get-RelayException | fl")
    connectors.create(ADMIN, receive_connector("Printers", ranges=["10.9.0.0/24"], grants=(RELAY,)), "Printers")
    assert "Nobody on the Internet can relay." in shell.run("Test-RelayProof | fl")
    told = shell.run("Get-RelayException | fl")
    assert "Printers" in told and "10.9.0.0/24" in told and "any address" in told and "admin" in told
    assert "C: RCPT TO:<somebody@example.net>" in told and "S: 250 2.1.5 Recipient OK" in told
    assert "Nobody can relay." in shell.run("Test-RelayProof -Revision 1 | fl")
    assert shell.refused("Get-RelayException -Revision 99").parameter == "Revision"
