"""Test-Message says what the page What-if says, as objects."""

from __future__ import annotations

import re

import pytest

from console.connectors import actions as connectors
from console.domains import actions as domains
from tests.console.builders import ADMIN, accepted_domain, receive_connector, send_connector
from tests.console.management_shell.shell import Shell

ASK = "Test-Message -ClientIPAddress 10.1.1.1 -LocalEndpoint 10.2.3.4:25"


@pytest.fixture(autouse=True)
def configuration(db: None) -> None:
    domains.create(ADMIN, accepted_domain(default=True))
    connectors.create(ADMIN, receive_connector())
    connectors.create(ADMIN, receive_connector("Elsewhere", ranges=["192.0.2.0/24"]))
    connectors.create(ADMIN, send_connector())


def test_why_a_relay_is_denied_and_who_was_passed_over() -> None:
    answer = Shell().run(f"{ASK} bob@fabrikam.com -Sender anna@contoso.com | fl")
    said = dict(re.findall(r"^(\w+) +: (.*)$", answer, re.MULTILINE))
    assert (said["ReceiveConnector"], said["RefusedBy"]) == ("Office", "relay_denied")
    assert said["Reply"] == "550 5.7.1 Unable to relay"
    assert "Elsewhere: none of its ranges holds the client" in said["PassedOver"]


def test_each_step_is_an_object() -> None:
    shell = Shell()
    assert shell.run(f"({ASK} postmaster@contoso.com -HeloName printer).Steps.Command -join '|'").strip() == (
        "|EHLO printer|MAIL FROM:<> SIZE=0|RCPT TO:<postmaster@contoso.com>|DATA||QUIT"
    )
    assert "250-" not in shell.run(f"({ASK} postmaster@contoso.com -Helo -HeloName printer).Steps[1].Reply")


def test_a_message_may_be_handed_over_as_text() -> None:
    asked = f'$m = "Subject: x`r`n`r`nHello`r`n"; ({ASK} postmaster@contoso.com -MessageFileData $m).Steps.Command'
    assert "SIZE=21" in Shell().run(asked)


@pytest.mark.parametrize(
    ("wrong", "parameter"),
    [
        ("Test-Message x@y.test -ClientIPAddress nowhere", "ClientIPAddress"),
        (f"{ASK} x@y.test -Size many", "Size"),
        (f"{ASK} x@y.test -User CONTOSO\\nobody", "User"),
        (f"{ASK} x@y.test -DnsRecords nonsense", "DnsRecords"),
        (f"{ASK} x@y.test -Revision 99999", "Revision"),
    ],
)
def test_what_cannot_be_read_is_said_by_its_parameter(wrong: str, parameter: str) -> None:
    assert Shell().refused(wrong).parameter == parameter
