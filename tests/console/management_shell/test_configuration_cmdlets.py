"""Export- and Import-GatepostConfiguration."""

from __future__ import annotations

import json

import pytest

from console.connectors import actions as connectors
from console.publishing.compile import compile_snapshot
from console.publishing.models import ConfigRevision
from tests.console.builders import ADMIN, HYGIENE, receive_connector
from tests.console.management_shell.shell import Shell
from tests.console.moving_in.exports import RECEIVE, SEND, fixture
from tests.console.moving_in.test_applying import MAY_RELAY, OPEN

pytestmark = pytest.mark.django_db


@pytest.fixture
def shell() -> Shell:
    found = Shell()
    found.files = {"receive.xml": fixture(RECEIVE), "send.xml": fixture(SEND), "bomb.xml": b"<!DOCTYPE x><Objs/>"}
    found.files["relay.json"] = json.dumps([OPEN, MAY_RELAY]).encode()
    return found


def test_an_import_is_one_revision_and_says_what_became_of_each_object(shell: Shell):
    printed = shell.run("Import-GatepostConfiguration receive.xml,send.xml | ft Name,Result")
    assert "Client Frontend WIN-CTD3L0RGEN4" in printed and "Left out" in printed
    assert ConfigRevision.objects.get().comment == "Import from Exchange: receive.xml, send.xml"
    assert len(compile_snapshot(0).receive_connectors) == 2


def test_what_if_shows_every_property_and_changes_nothing(shell: Shell):
    printed = shell.run("Import-GatepostConfiguration -Path receive.xml -WhatIf | where Verdict -eq approximated | fl")
    assert "Exchange Server authentication is kept, not offered" in printed.replace("\n", " ")
    assert "Import 2 objects as one revision" in " ".join(shell.notes)
    assert not ConfigRevision.objects.exists()


def test_what_if_says_which_objects_would_be_left_out_and_why(shell: Shell):
    connectors.create(ADMIN, receive_connector("Relay", ranges=["192.168.5.0/24"], bindings=["0.0.0.0:25"]))
    shell.files["relay.json"] = json.dumps([OPEN | {"Comment": "from EX1"}]).encode()
    shell.run("Import-GatepostConfiguration relay.json -WhatIf")
    assert "Relay is left out: " in " ".join(shell.warnings) and "already" in " ".join(shell.warnings)
    shell.files["rights.json"] = json.dumps([MAY_RELAY]).encode()
    shell.run("Import-GatepostConfiguration rights.json -WhatIf")
    assert "Relay is left out: The connector that these permissions are about is not in" in " ".join(shell.warnings)


def test_an_open_relay_needs_its_name(shell: Shell):
    error = shell.refused("Import-GatepostConfiguration relay.json -Confirm:$false")
    assert '-ConfirmRelay "Relay"' in str(error)
    assert "Anyone at 192.168.5.0/24" in " ".join(shell.warnings)
    assert not ConfigRevision.objects.exists()
    shell.run('Import-GatepostConfiguration relay.json -ConfirmRelay "Relay"')
    assert ConfigRevision.objects.count() == 1


def test_the_content_can_be_given_as_text(shell: Shell):
    text = "Name           : Relay\nBindings       : {0.0.0.0:25}\nRemoteIPRanges : {10.0.0.1}\n"
    shell.session.interpreter.variables["exported"] = text
    shell.run("Import-GatepostConfiguration -FileData $exported")
    assert [each.name for each in compile_snapshot(0).receive_connectors] == ["Relay"]


def test_what_is_in_the_way_is_replaced_when_asked(shell: Shell):
    connectors.create(ADMIN, receive_connector("Relay", ranges=["192.168.5.0/24"], bindings=["0.0.0.0:25"]))
    shell.files["relay.json"] = json.dumps([OPEN | {"Comment": "from EX1"}]).encode()
    assert "already" in shell.run("Import-GatepostConfiguration relay.json | fl")
    shell.run("Import-GatepostConfiguration relay.json -Replace")
    assert compile_snapshot(0).receive_connectors[0].comment == "from EX1"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("Import-GatepostConfiguration bomb.xml", "bomb.xml: This file declares a document type"),
        ("Import-GatepostConfiguration", "Say -Path"),
        ("Import-GatepostConfiguration -FileData hello", "No connector, domain"),
    ],
)
def test_what_cannot_be_imported(shell: Shell, command: str, words: str):
    assert words in str(shell.refused(command))


def test_export_puts_out_a_script_or_writes_a_file(shell: Shell):
    connectors.create(ADMIN, receive_connector("Office"))
    printed = shell.run("Export-GatepostConfiguration")
    assert printed.startswith("# Gatepost, revision 1 of ")
    assert '\nNew-ReceiveConnector -Name "Office"' in printed
    shell.run("Export-GatepostConfiguration gatepost.ps1")
    assert shell.files["gatepost.ps1"].decode() == printed + "\n"


def test_who_may_not_import():
    shell = Shell(HYGIENE)
    shell.files["relay.json"] = json.dumps([OPEN]).encode()
    assert "Organization Management" in str(shell.refused("Import-GatepostConfiguration relay.json"))
