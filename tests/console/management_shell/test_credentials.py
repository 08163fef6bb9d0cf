"""User names with passwords in the shell: asked for, handed to a connector, never shown."""

from __future__ import annotations

import msgspec
import pytest
from cryptography.fernet import Fernet
from django.conf import settings

from console.audit.models import Entry
from console.credentials.models import Credential
from console.publishing.models import ConfigRevision
from console.publishing.queries import saved
from tests.console.management_shell.shell import Shell
from transport.config.credential import Secrets

pytestmark = pytest.mark.django_db
PASSWORD = "winter rain on tin"
SECURE = f"(ConvertTo-SecureString '{PASSWORD}' -AsPlainText -Force)"
OBJECT = f"(New-Object System.Management.Automation.PSCredential('device@contoso.com', {SECURE}))"
SMART = "-DNSRoutingEnabled $false -SmartHosts smtp.contoso.com -SmartHostAuthMechanism BasicAuthRequireTLS"
NEW = f"New-SendConnector Cloud -AddressSpaces * {SMART} -RequireTLS $true"


@pytest.fixture
def shell() -> Shell:
    return Shell()


def kept() -> tuple[str, str]:
    row = Credential.objects.get()
    opened = Fernet(settings.GATEPOST_SECRET_KEY).decrypt(row.encrypted.encode())
    return row.user_name, msgspec.json.decode(opened, type=Secrets).password


def test_a_connector_takes_a_credential_and_calls_it_like_itself(shell: Shell) -> None:
    shell.run(f"{NEW} -AuthenticationCredential {OBJECT}")
    (connector,) = saved().send_connectors
    assert connector.authentication_credential == ("Cloud",)
    assert kept() == ("device@contoso.com", PASSWORD)
    assert PASSWORD not in ConfigRevision.objects.latest("number").document
    assert PASSWORD not in str(list(Entry.objects.values_list("before", "after")))


def test_a_new_password_goes_into_the_same_credential(shell: Shell) -> None:
    shell.run(f"{NEW} -AuthenticationCredential {OBJECT}")
    shell.run(f"Set-SendConnector Cloud -AuthenticationCredential {OBJECT.replace(PASSWORD, 'another one')}")
    assert kept() == ("device@contoso.com", "another one")


def test_a_credential_that_is_here_is_called_by_its_name(shell: Shell) -> None:
    shell.run(f"{NEW} -AuthenticationCredential {OBJECT}")
    shell.run(f"{NEW.replace('Cloud', 'Second')} -AuthenticationCredential Cloud")
    assert {each.authentication_credential for each in saved().send_connectors} == {("Cloud",)}


def test_what_if_keeps_nothing(shell: Shell) -> None:
    shell.run(f"{NEW} -AuthenticationCredential {OBJECT} -WhatIf")
    assert not Credential.objects.exists() and not saved().send_connectors


def test_a_connector_that_cannot_be_made_leaves_no_credential(shell: Shell) -> None:
    shell.refused(f"{NEW.replace('smtp.contoso.com', '[')} -AuthenticationCredential {OBJECT}")
    shell.refused(f"{NEW.replace('-AddressSpaces *', '')} -AuthenticationCredential {OBJECT}")
    assert not Credential.objects.exists()


@pytest.mark.parametrize(
    "command", ["$c", "$c | fl", "$c.Password", '"$($c.Password) of $c"', "$c | ConvertTo-Json", "$c | ConvertTo-Csv"]
)
def test_no_command_prints_a_password(shell: Shell, command: str) -> None:
    shell.run(f"$c = {OBJECT}")
    try:
        printed = shell.run(command)
    except Exception as error:
        printed = str(error)
    assert PASSWORD not in printed


def test_the_one_without_a_name_and_the_one_without_a_secure_string_are_refused(shell: Shell) -> None:
    assert "Say whose password it is" in str(shell.refused("Get-Credential"))
    words = "New-Object System.Management.Automation.PSCredential('anna', 'plain')"
    assert "a password as a secure string" in str(shell.refused(words))
