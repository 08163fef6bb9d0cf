"""An import is one revision, or nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from console.connectors import actions as connectors
from console.directory import actions as directory
from console.domains import actions as domains
from console.domains.models import AcceptedDomain as DomainRow
from console.moving_in import actions, queries
from console.moving_in.actions import apply, rehearse
from console.moving_in.objects import ReadError
from console.moving_in.plan import Choice
from console.protection import actions as protection
from console.publishing.compile import compile_snapshot
from console.publishing.models import ConfigRevision
from console.publishing.relay_guard import RelayNotConfirmed
from console.transport_settings import actions as transport_settings
from tests.console.builders import ADMIN, HYGIENE, RELAY, accepted_domain, receive_connector
from tests.console.moving_in.exports import DOMAINS, RECEIVE, SEND, fixture
from transport.config.connection_filter import IPListEntry
from transport.config.filters import RecipientFilter
from transport.config.transport_config import TransportConfig

pytestmark = pytest.mark.django_db

OPEN = {
    "Name": "Relay",
    "Identity": "EX1\\Relay",
    "Bindings": ["0.0.0.0:25"],
    "RemoteIPRanges": ["192.168.5.0/24"],
    "PermissionGroups": "AnonymousUsers",
    "AuthMechanism": "Tls",
}
MAY_RELAY = {
    "Identity": "EX1\\Relay",
    "User": "NT AUTHORITY\\ANONYMOUS LOGON",
    "ExtendedRights": ["ms-Exch-SMTP-Accept-Any-Recipient"],
}


def steps(*objects: dict[str, Any], choices: dict[str, tuple[str, str]] | None = None):
    draft = actions.hand_in(ADMIN, [("export.json", json.dumps(objects).encode())])
    actions.choose(ADMIN, draft, choices or {})
    return queries.report(queries.draft(ADMIN))[1]


def test_the_exports_of_a_lab_server_become_one_revision():
    files = [(name, fixture(name)) for name in (RECEIVE, SEND, DOMAINS)]
    found, planned = queries.report(actions.hand_in(ADMIN, files))
    assert len(found) == 9
    assert [step.choice for step in planned][:5] == ["skip", "skip", "import", "skip", "import"]
    assert "could send mail to every .com domain" in rehearse(ADMIN, planned).dangers["*.com"]
    with pytest.raises(RelayNotConfirmed):
        apply(ADMIN, planned, "Import from Exchange")
    revision = apply(ADMIN, planned, "Import from Exchange", {"*.com"})
    assert (revision.number, ConfigRevision.objects.count(), revision.comment) == (1, 1, "Import from Exchange")
    after = compile_snapshot(1)
    assert [each.name for each in after.receive_connectors] == [
        "Client Frontend WIN-CTD3L0RGEN4", "Default Frontend WIN-CTD3L0RGEN4",
    ]  # fmt: skip
    assert [each.name for each in after.send_connectors] == ["Mail to O365"]
    assert DomainRow.objects.get(default=True).domain_name == "solo.com"


def test_a_rehearsal_writes_nothing_and_names_who_could_relay():
    planned = steps(OPEN, MAY_RELAY)
    rehearsed = rehearse(ADMIN, planned)
    assert ConfigRevision.objects.count() == 0 and compile_snapshot(0).receive_connectors == ()
    assert list(rehearsed.relays) == ["Relay"]
    assert "Anyone at 192.168.5.0/24" in rehearsed.dangers["Relay"]


def test_a_rehearsal_names_domains_whose_recipients_are_missing():
    def domain(name: str, **more: Any) -> dict[str, Any]:
        return {"Name": name, "DomainName": name, "DomainType": "Authoritative"} | more

    wanted = [domain("one.example"), domain("two.example"), domain("three.example", DomainType="InternalRelay")]
    directory.add(ADMIN, "anna@two.example", "")
    assert rehearse(ADMIN, steps(*wanted)).unknown == ["one.example"]
    protection.set_filter(ADMIN, RecipientFilter(recipient_validation_enabled=False))
    assert rehearse(ADMIN, steps(*wanted)).unknown == []


def test_a_rehearsal_says_what_of_that_which_is_here_would_change():
    domains.create(ADMIN, accepted_domain("gatepost.test"))
    _found, planned = queries.report(actions.hand_in(ADMIN, [(DOMAINS, fixture(DOMAINS))]))
    default, *_others = rehearse(ADMIN, planned).changes
    assert default == (
        "The default domain becomes solo.com instead of gatepost.test: reports then come from postmaster@solo.com."
    )


def test_an_open_relay_must_be_typed():
    planned = steps(OPEN, MAY_RELAY)
    with pytest.raises(RelayNotConfirmed):
        apply(ADMIN, planned, "Import")
    assert ConfigRevision.objects.count() == 0
    assert apply(ADMIN, planned, "Import", {"Relay"}).number == 1
    assert compile_snapshot(0).receive_connectors[0].grants == (RELAY,)


def test_one_object_that_cannot_stand_takes_all_with_it():
    domains.create(ADMIN, accepted_domain("contoso.com"))
    domain = {"Name": "Other", "DomainName": "other.example", "DomainType": "Authoritative"}
    planned = steps(OPEN, domain)
    domains.create(ADMIN, accepted_domain("other.example"))
    with pytest.raises(ValidationError):
        apply(ADMIN, planned, "Import")
    assert compile_snapshot(0).receive_connectors == ()
    assert rehearse(ADMIN, planned).problems == ["“other.example” is an accepted domain already."]


def test_what_is_here_is_skipped_unless_it_is_to_be_replaced():
    connectors.create(ADMIN, receive_connector("Relay", ranges=["192.168.5.0/24"], bindings=["0.0.0.0:25"]))
    connectors.create(ADMIN, receive_connector("Default", ranges=["0.0.0.0/0"], bindings=["0.0.0.0:25"]))
    (step,) = steps(OPEN)
    assert (step.choice, step.offers) == (Choice.SKIP, (Choice.SKIP, Choice.REPLACE, Choice.RENAME))
    assert "There is a connector “Relay” already" in " ".join(step.conflicts)
    actions.discard(ADMIN)
    (step,) = steps(OPEN | {"Comment": "from EX1"}, choices={"0": ("replace", "")})
    apply(ADMIN, [step], "Import")
    assert [each.comment for each in compile_snapshot(0).receive_connectors] == ["", "from EX1"]


def test_a_connector_in_the_way_may_be_replaced_whatever_its_name():
    connectors.create(ADMIN, receive_connector("Default", ranges=["192.168.5.0/24"], bindings=["0.0.0.0:25"]))
    (step,) = steps(OPEN, choices={"0": ("replace", "")})
    assert "“Default” answers 192.168.5.0/24" in step.conflicts[0]
    apply(ADMIN, [step], "Import")
    assert [each.name for each in compile_snapshot(0).receive_connectors] == ["Relay"]


def test_a_name_that_is_taken_can_be_another():
    connectors.create(ADMIN, receive_connector("Relay"))
    (step,) = steps(OPEN, choices={"0": ("rename", "Relay of EX1")})
    assert not step.conflicts
    apply(ADMIN, [step], "Import")
    assert [each.name for each in compile_snapshot(0).receive_connectors] == ["Relay", "Relay of EX1"]


def test_two_servers_with_the_same_connector():
    planned = steps(OPEN, OPEN | {"Identity": "EX2\\Relay"})
    assert [step.choice for step in planned] == [Choice.IMPORT, Choice.SKIP]
    assert "There is a connector “Relay” already" in planned[1].conflicts[0]


def test_what_is_here_exactly_so_is_said_to_be():
    apply(ADMIN, steps(OPEN), "Import")
    actions.discard(ADMIN)
    (step,) = steps(OPEN)
    assert step.here_already and step.choice is Choice.SKIP


def test_list_entries_and_the_organizations_configuration():
    protection.add_entries(ADMIN, [IPListEntry(ip_range="192.0.2.7")])
    entries = [{"IPRange": f"192.0.2.{number}", "ExpirationTime": None} for number in (7, 8, 9)]
    planned = steps(*entries, {"ExternalDelayDsnEnabled": False, "MaxRecipientEnvelopeLimit": 500})
    assert [step.choice for step in planned] == [Choice.SKIP, Choice.IMPORT, Choice.IMPORT, Choice.IMPORT]
    apply(ADMIN, planned, "Import")
    after = compile_snapshot(0)
    assert [each.ip_range for each in after.ip_list_entries] == ["192.0.2.7", "192.0.2.8", "192.0.2.9"]
    assert not after.transport_config.external_delay_dsn_enabled


def test_the_organizations_configuration_keeps_what_the_export_does_not_say():
    transport_settings.save(ADMIN, TransportConfig(external_postmaster_address="post@contoso.com"))
    (step,) = steps({"ExternalDelayDsnEnabled": False, "MaxRecipientEnvelopeLimit": 500})
    apply(ADMIN, [step], "Import")
    assert compile_snapshot(0).transport_config.external_postmaster_address == "post@contoso.com"
    actions.discard(ADMIN)
    (step,) = steps({"ExternalDelayDsnEnabled": False, "MaxRecipientEnvelopeLimit": 500})
    assert step.here_already
    actions.discard(ADMIN)
    assert steps({"MaxRecipientEnvelopeLimit": 500}) == [], "nothing that is kept here"


def test_a_connector_that_could_not_be_saved_by_hand_is_not_imported():
    (step,) = steps(OPEN | {"RequireTLS": True, "AuthMechanism": "None"})
    assert step.offers == (Choice.SKIP,)
    assert "Nobody could send" in step.conflicts[0]


def test_a_file_that_cannot_be_read_leaves_the_others_as_they_were():
    actions.hand_in(ADMIN, [("one.json", json.dumps([OPEN]).encode())])
    with pytest.raises(ReadError, match=r"two\.xml: This is no well-formed XML"):
        actions.hand_in(ADMIN, [("three.json", json.dumps([OPEN]).encode()), ("two.xml", b"<Objs>")])
    assert queries.draft(ADMIN).sources == ["one.json"]


def test_who_may_not_import():
    with pytest.raises(PermissionDenied):
        actions.hand_in(HYGIENE, [("one.json", json.dumps([OPEN]).encode())])
    with pytest.raises(PermissionDenied):
        apply(HYGIENE, steps(OPEN), "Import")
