"""Get-Help shows examples: each of them runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from console.certificates import actions as certificates
from console.management_shell.cmdlets import TABLE, connectivity
from console.management_shell.language.cmdlet import Cmdlet
from console.processes.address import free_port
from console.tracking.models import Session
from tests.console.builders import ADMIN
from tests.console.management_shell import waiting_mail
from tests.console.management_shell.shell import Shell
from tests.console.moving_in.exports import fixture
from transport.deliver import probe
from transport.deliver.database import pool

pytestmark = pytest.mark.django_db  # a savepoint for each test, inside of the transaction of `furnished`
EXAMPLES = [(cmdlet, command) for cmdlet in TABLE.values() for command in cmdlet.examples]
NEED = {"GatepostAcmeAccount": ("GatepostManagedCertificate",)}
"""Objects that keep one of that kind from being removed."""
MAKERS = [TABLE[name] for verb in ("New-", "Add-") for name in TABLE if name.startswith(verb)]


@pytest.fixture(scope="module")
def furnished(django_db_setup: None, django_db_blocker: Any) -> Iterator[Shell]:
    """What examples speak of: objects that the first examples make, mail that waits, a session, a file."""
    with django_db_blocker.unblock(), transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(connectivity, "SECONDS", 0.1)
        patch.setattr(probe, "SECONDS", 0.1)
        shell = Shell()
        shell.typed = "Anonymous Relay"
        certificates.first_start()
        shell.run("New-AcceptedDomain Contoso -DomainName contoso.com")
        shell.run(f"Set-TransportService -ExternalDNSServers 127.0.0.1:{free_port()} -DnsTimeout 00:00:01")
        for maker in MAKERS:
            shell.run(next(iter(maker.examples)))
        waiting_mail.message(sender="spam@fabrikam.com")
        Session.objects.create(
            session_id="08D675E58CA1DA38", transport="node-1", connector="Anonymous Relay",
            local_endpoint="10.2.3.4:25", remote_address="192.168.5.77", remote_port=4711,
            started_at="2026-01-01T00:00:00Z", events=[["2026-01-01T00:00:00Z", "+", "", ""]],
        )  # fmt: skip
        shell.files["receive-connectors.xml"] = shell.files["permissions.xml"] = fixture("receive-connectors.clixml")
        exported = certificates.make_self_signed(ADMIN, "File", ["file.contoso.com"])
        shell.files["certificate.pfx"] = certificates.export(ADMIN, exported.pk, "secret-of-the-file")
        certificates.remove(ADMIN, exported.pk)
        yield shell
        transaction.set_rollback(True)
        pool().close()
        pool.cache_clear()


@pytest.mark.parametrize(("cmdlet", "command"), EXAMPLES, ids=lambda value: "" if isinstance(value, Cmdlet) else value)
def test_the_example_runs(furnished: Shell, cmdlet: Cmdlet, command: str) -> None:
    remover = re.sub("^(New|Add)-", "Remove-", cmdlet.name)
    if cmdlet in MAKERS and cmdlet.name != "Add-ADPermission":
        noun = remover.partition("-")[2]
        for each in (*NEED.get(noun, ()), noun):
            furnished.run(f"Get-{each} | Remove-{each} -Confirm:$false -ErrorAction SilentlyContinue")
    furnished.run(command)


def test_every_cmdlet_has_its_words_and_an_example_of_itself() -> None:
    for cmdlet in TABLE.values():
        assert cmdlet.synopsis.endswith(".") and cmdlet.examples, cmdlet.name
        assert any(cmdlet.name.lower() in command.lower() for command in cmdlet.examples), cmdlet.name
        assert all(parameter.help.endswith((".", "?")) for parameter in cmdlet.parameters), cmdlet.name


def test_what_takes_away_asks_first() -> None:
    asking = {cmdlet.name for cmdlet in TABLE.values() if cmdlet.asks}
    assert asking == {name for name in TABLE if re.match("(Remove|Disable|Suspend)-", name)}
    assert all(TABLE[name].changes for name in asking)
