"""Show commands: what forms amount to, before and after they are saved, and what this administrator has done."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from console.actors import Role
from console.audit.models import Entry
from console.connectors import actions as connectors
from console.connectors.models import ReceiveConnector as Row
from console.connectors.models import SendConnector as SendRow
from console.directory.models import Recipient
from console.domains import actions as domains
from console.domains.models import AcceptedDomain as DomainRow
from console.protection import actions as protection
from console.protection import models as protection_models
from console.publishing.compile import compile_snapshot
from console.publishing.models import ConfigRevision
from console.publishing.restore import write_back
from tests.console.builders import ADMIN, RELAY, accepted_domain, receive_connector, send_connector
from tests.console.clients import all_come_from
from tests.console.management_shell.shell import Shell
from tests.console.page_form import Form
from transport.config import document
from transport.config.connection_filter import IPListEntry, IPListProvider

pytestmark = pytest.mark.django_db

BOXES = re.compile(r'<pre tabindex="0"><code>(.*?)</code>', re.DOTALL)


def entered(page: str) -> dict[str, str | list[str]]:
    return {**Form(page).sent}


def boxes(page: str) -> list[str]:
    return [html.unescape(each) for each in BOXES.findall(page)]


def a_little_of_everything() -> None:
    connectors.create(ADMIN, receive_connector("Office"))
    connectors.create(ADMIN, send_connector("Internet"))
    domains.create(ADMIN, accepted_domain("contoso.com"))
    domains.create(ADMIN, accepted_domain("fabrikam.com"))
    protection.add_entries(ADMIN, [IPListEntry(ip_range="192.0.2.0/24")])
    for name in ("One", "Two"):
        protection.save_provider(ADMIN, IPListProvider(name=name, lookup_domain=f"{name.lower()}.example"))


CONNECTOR = "/mail-flow/receive-connectors/{receive}/"
SEND = "/mail-flow/send-connectors/{send}/"
LISTS = "/protection/connection-filter/"
FORMS: list[tuple[str, dict[str, str | list[str]]]] = [
    (CONNECTOR + "general/", {"comment": "a “b”\r\n$c", "max_message_size": "5MB"}),
    (CONNECTOR + "general/", {"name": "Head office"}),
    (CONNECTOR + "security/", {"auth_mechanism": ["Tls", "BasicAuth"], "permission_groups": []}),
    (CONNECTOR + "scoping/", {"banner": "220 hello", "remote_ip_ranges": "10.0.0.1\n::1"}),
    (CONNECTOR + "limits/", {"max_inbound_connection": "Unlimited", "tarpit_interval": "0:0:9"}),
    (CONNECTOR + "extensions/", {"size_enabled": "Disabled", "chunking_enabled": [], "binary_mime_enabled": []}),
    (CONNECTOR + "certificate/", {"minimum_tls_version": "Tls13"}),
    (SEND + "general/", {"name": "Out", "max_message_size": "Unlimited"}),
    (SEND + "delivery/", {"dns_routing_enabled": "False", "smart_hosts": "[10.0.0.9]", "port": "587"}),
    (SEND + "security/", {"require_tls": "on", "tls_auth_level": "CertificateValidation"}),
    (SEND + "address-space/", {"address_spaces": "*.net;7\r\ncontoso.com"}),
    (SEND + "scoping/", {"fqdn": "out.contoso.com"}),
    ("/mail-flow/accepted-domains/new", {"domain_name": "wingtip.com", "default": "on"}),
    ("/mail-flow/accepted-domains/{domain}/edit", {"default": "on", "domain_type": "ExternalRelay"}),
    ("/protection/recipient-filter/", {"blocked_recipients": "a@b.example\nc@d.example", "block_list_enabled": "on"}),
    ("/protection/sender-filter/", {"enabled": [], "action": "StampStatus"}),
    (LISTS, {"ip_block_list_enabled": [], "dns_servers": "192.0.2.53"}),
    (LISTS + "block-list/new", {"entries": "192.0.2.7\n2001:db8::/32", "comment": "x"}),
    (LISTS + "block-list/{entry}/edit", {"comment": "spam", "expiration_time": "2031-01-31 17:00"}),
    (LISTS + "providers/new", {"name": "Three", "lookup_domain": "three.example", "priority": "1"}),
    (LISTS + "providers/{provider}/edit", {"priority": "1", "any_match": [], "bitmask_match": "127.0.0.4"}),
    ("/mail-flow/transport/", {"message_expiration_timeout": "3.00:00:00"}),
    ("/mail-flow/transport/organization/", {"external_delay_dsn_enabled": []}),
]


@pytest.mark.parametrize(("address", "entries"), FORMS, ids=lambda each: each if isinstance(each, str) else "")
def test_the_commands_of_a_form_do_what_the_form_does(admin: Client, address: str, entries: dict[str, str | list[str]]):
    a_little_of_everything()
    address = address.format(**keys())
    before = compile_snapshot(0)
    sent = entered(admin.get(address).content.decode()) | entries
    preview = admin.post(address, sent, headers={"HX-Request": "true", "HX-Target": "commands"}).content.decode()
    assert document.encode(compile_snapshot(0)) == document.encode(before), "nothing is saved by looking"
    saved = admin.post(address, sent, follow=True)
    after = compile_snapshot(0)
    assert after != before, re.findall(r"error[^<]*<[^>]*>[^<]*", saved.content.decode())
    assert boxes(preview)[0] in boxes(saved.content.decode()), "what was foretold is what was done"
    write_back(before)
    assert document.encode(compile_snapshot(0)) == document.encode(before)
    Shell().run(boxes(preview)[0])
    assert document.encode(compile_snapshot(0)) == document.encode(after), boxes(preview)[0]


def keys() -> dict[str, int]:
    return {
        "receive": Row.objects.last().pk,
        "send": SendRow.objects.last().pk,
        "domain": DomainRow.objects.get(default=False).pk,
        "entry": protection_models.IPListEntry.objects.last().pk,
        "provider": protection_models.IPListProvider.objects.get(name="One").pk,
    }


def test_looking_at_the_commands_leaves_no_trace(admin: Client):
    a_little_of_everything()
    revisions, entries = ConfigRevision.objects.count(), Entry.objects.count()
    address = f"/mail-flow/receive-connectors/{keys()['receive']}/general/"
    sent = entered(admin.get(address).content.decode()) | {"name": ["Other"]}
    seen = admin.post(address, sent, headers={"HX-Target": "commands"})
    assert boxes(seen.content.decode()) == ['Set-ReceiveConnector "Office" -Name "Other"']
    assert "is saved" not in admin.get(address).content.decode()
    assert (ConfigRevision.objects.count(), Entry.objects.count()) == (revisions, entries)
    wrong = admin.post(address, sent | {"max_hop_count": ["many"]}, headers={"HX-Target": "commands"})
    assert "cannot be saved as it stands" in wrong.content.decode()
    nothing = admin.post(address, sent | {"name": ["Office"]}, headers={"HX-Target": "commands"})
    assert "Nothing is changed so far" in nothing.content.decode()


def test_who_may_not_save_may_not_look_at_it_either(signed_in: Callable[..., Client]):
    a_little_of_everything()
    reader = signed_in(Role.VIEW_ONLY)
    address = f"/mail-flow/receive-connectors/{keys()['receive']}/general/"
    assert reader.post(address, {"name": "x"}, headers={"HX-Target": "commands"}).status_code == 403
    assert "commands-here" not in reader.get(address).content.decode()


def test_other_forms_are_never_tried(admin: Client):
    sent = {"address": "anna@contoso.com", "display_name": ""}
    answer = admin.post("/recipients/directory/new", sent, headers={"HX-Target": "commands"})
    assert answer.status_code == 302, "it is a save as any other"


def test_the_wizard_shows_its_commands_before_and_after(admin: Client):
    start = "/mail-flow/receive-connectors/new/a1b2c3d4/"
    admin.post(
        start + "introduction/",
        {"name": "Relay", "usage": "Custom", "transport_role": "FrontendTransport", "comment": ""},
    )
    admin.post(start + "local/", {"bindings": "10.2.3.4:25", "fqdn": ""})
    summary = admin.post(start + "remote/", {"remote_ip_ranges": "192.168.5.77"}, follow=True).content.decode()
    done = admin.post(start + "summary/", {}, follow=True).content.decode()
    command = 'New-ReceiveConnector -Name "Relay" -Usage Custom -RemoteIPRanges 192.168.5.77 -Bindings 10.2.3.4:25'
    assert command in boxes(summary) and command in boxes(done)


def test_the_running_list_has_what_this_administrator_has_saved_and_no_more(admin: Client):
    connectors.create(ADMIN, receive_connector("Somebody else's"))
    row = Row.objects.get()
    admin.post("/mail-flow/receive-connectors/act", {"verb": "disable", "pk": row.pk}, follow=True)
    admin.post("/mail-flow/receive-connectors/remove", {"pk": row.pk}, follow=True)
    listed = admin.get("/administration/show-commands/").content.decode()
    disable = 'Set-ReceiveConnector "Somebody else\'s" -Enabled $false'
    remove = 'Remove-ReceiveConnector "Somebody else\'s" -Confirm:$false'
    assert boxes(listed) == [f"{disable}\n{remove}", remove, disable], (
        "all in the order they were done, then newest first"
    )
    panel = admin.get("/administration/show-commands/", headers={"HX-Target": "commands-panel"}).content.decode()
    assert remove in boxes(panel) and "<html" not in panel


def test_a_revision_shows_its_commands_whoever_saved_it(admin: Client):
    connectors.create(ADMIN, receive_connector("Somebody else's"))
    (box,) = boxes(admin.get("/administration/revisions/1/").content.decode())
    assert box.startswith('New-ReceiveConnector -Name "Somebody else\'s"')


def test_a_damaged_revision_is_a_comment(admin: Client):
    connectors.create(ADMIN, receive_connector("Office"))
    ConfigRevision.objects.update(document="{", checksum="damaged")
    (box,) = boxes(admin.get("/administration/revisions/1/").content.decode())
    assert box.startswith("# The configuration document cannot be read")


def test_the_list_is_empty_at_first(admin: Client):
    assert "You have done nothing yet" in admin.get("/administration/show-commands/").content.decode()


def test_the_whole_configuration_as_a_file(admin: Client):
    connectors.create(ADMIN, receive_connector("Relay", ranges=["203.0.113.0/24"], grants=(RELAY,)), "Relay")
    answer = admin.get("/administration/show-commands/configuration.ps1")
    assert answer["Content-Disposition"].startswith('attachment; filename="gatepost-')
    assert '-ConfirmRelay "Relay"' in answer.content.decode()


def test_a_relay_for_a_gateway_is_confirmed_wherever_its_commands_are_shown(admin: Client) -> None:
    """In a container all clients seem to be 172.17.0.1: the shell asks, and so each of them has to say the name."""
    connectors.create(ADMIN, receive_connector("Office"))
    all_come_from("172.17.0.1", "Office")
    relay = receive_connector("Relay", ranges=["172.17.0.1"], bindings=["10.2.3.4:2525"])
    row = connectors.create(ADMIN, relay)
    page = CONNECTOR.format(receive=row.pk) + "security/"
    form = {
        "auth_mechanism": ["ExternalAuthoritative"],
        "permission_groups": ["ExchangeServers"],
        "confirmation": "Relay",
    }
    sent = entered(admin.get(page).text) | form
    preview = admin.post(page, sent, headers={"HX-Target": "commands"})
    saved = admin.post(page, sent, follow=True)
    details = admin.get(reverse("connectors:receive-details", args=[row.pk]))
    script = admin.get("/administration/show-commands/configuration.ps1")
    revision = admin.get(f"/administration/revisions/{ConfigRevision.objects.count()}/")
    for answer in (preview, saved, details, script, revision):
        assert '-ConfirmRelay "Relay"' in html.unescape(answer.text), answer.request["PATH_INFO"]


def test_recipients_and_queues_are_in_the_list_as_well(admin: Client):
    new, where = "/recipients/directory/new", {"address": "Anna@contoso.com", "display_name": "Anna “B”"}
    saved = admin.post(new, where, follow=True).content.decode()
    added = 'New-Recipient "anna@contoso.com" -DisplayName "Anna `“B`”"'
    assert added in boxes(saved)
    row = Recipient.objects.get()
    admin.post(f"/recipients/directory/{row.pk}/edit", {"display_name": "Anna"}, follow=True)
    admin.post("/recipients/directory/remove", {"pk": row.pk}, follow=True)
    every = [
        added,
        'Set-Recipient "anna@contoso.com" -DisplayName "Anna"',
        'Remove-Recipient "anna@contoso.com" -Confirm:$false',
    ]
    assert boxes(admin.get("/administration/show-commands/").content.decode())[0].split("\n") == every
    Shell().run("\n".join(every[:2]))
    assert Recipient.objects.get(deleted=False).display_name == "Anna"


def test_who_signs_in_is_told_no_commands(admin: Client):
    assert "New-" not in admin.post("/sign-out", {}, follow=True).content.decode()
