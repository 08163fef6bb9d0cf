"""Can anybody relay? The page answers, names each exception with its dialogue and its owner, and gives a file."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse

from console.actors import Actor, Role
from console.connectors import actions as connectors
from console.domains import actions as domains
from tests.console.builders import ADMIN, RELAY, accepted_domain, receive_connector, send_connector
from transport.config.accepted_domain import DomainType
from transport.config.address_space import AddressSpace
from transport.config.endpoint import everyone
from transport.config.permissions import PARTNER_SERVERS, Grant, PermissionGroup, Right
from transport.config.receive_connector import AuthMechanism, ReceiveConnector

pytestmark = pytest.mark.django_db
PAGE = reverse("relay_proof:page")
ANNA = Actor("anna", frozenset({Role.ORGANIZATION_MANAGEMENT}))


@pytest.fixture(autouse=True)
def our_domain() -> None:
    domains.create(ADMIN, accepted_domain("ours.example"))


def internet(name: str = "Internet", **changes: Any) -> Any:
    return receive_connector(name, **{"remote_ip_ranges": everyone(), "bindings": ["0.0.0.0:25"]} | changes)


def test_nobody_relays(admin: Any) -> None:
    connectors.create(ADMIN, internet())
    page = admin.get(PAGE).text
    assert "Nobody can relay." in page and "exception" not in page
    assert "1 enabled of 1. Remote ranges: 2;" in page


def test_an_exception_stands_there_with_its_dialogue_and_who_typed_its_name(admin: Any) -> None:
    connectors.create(ADMIN, internet())
    connectors.create(ANNA, receive_connector("Printers", ranges=["10.9.0.0/24"], grants=(RELAY,)), "Printers")
    page = admin.get(PAGE).text
    assert "Nobody on the Internet can relay." in page and "1 exception" in page
    assert "10.9.0.0/24" in page and "10.2.3.4:25" in page and "any address" in page
    assert re.search(r"anna\s*<span class=\"soft\">typed its name", page)
    assert "C: RCPT TO:&lt;somebody@example.net&gt;\nS: 250 2.1.5 Recipient OK" in page


def test_who_typed_the_name_stays_the_owner_when_the_connector_is_renamed(admin: Any) -> None:
    row = connectors.create(ANNA, receive_connector("Printers", grants=(RELAY,)), "Printers")
    for name in ("Scanners", "Devices", "Printers", "Old devices"):
        connectors.update(ADMIN, ReceiveConnector, row.pk, {"name": name})
    assert re.search(r"anna\s*<span class=\"soft\">typed its name", admin.get(PAGE).text)


def test_partners_who_may_send_to_anybody_are_named_with_their_domains(admin: Any) -> None:
    held = (Grant(PARTNER_SERVERS, Right.ACCEPT_ANY_RECIPIENT.value),)
    proves = {"domain_secure_enabled": True, "tls_receive_domain_secure_list": ("fabrikam.com", "tailspin.com")}
    groups = frozenset({PermissionGroup.AnonymousUsers, PermissionGroup.Partners})
    connectors.create(ADMIN, internet("Partners", permission_groups=groups, grants=held, **proves))
    page = admin.get(PAGE).text
    assert "Nobody can relay." in page
    assert "may send to anybody through: Partners (fabrikam.com and tailspin.com)." in " ".join(page.split())


def test_an_open_relay_is_called_one(admin: Any) -> None:
    connectors.create(ADMIN, internet(grants=(RELAY,)), "Internet")
    assert "This is an open relay." in admin.get(PAGE).text


def test_domains_that_a_send_connector_names_are_an_exception_of_their_own(admin: Any) -> None:
    row = connectors.create(ADMIN, internet())
    spaces = (AddressSpace("fabrikam.com"), AddressSpace("*.tailspin.com"))
    connectors.create(ANNA, send_connector("Partner", address_spaces=spaces, allow_relay=True))
    page = admin.get(PAGE).text
    assert "Nobody can relay." in page and "1 exception" in page
    assert "fabrikam.com and tailspin.com with its subdomains" in page
    assert re.search(r"anna\s*<span class=\"soft\">changed it last", page)
    details = admin.get(reverse("connectors:receive-details", args=[row.pk])).text
    assert "to your accepted domains and fabrikam.com and tailspin.com with its subdomains" in details


def test_those_who_have_proved_who_they_are_are_no_exception(admin: Any) -> None:
    groups = frozenset({PermissionGroup.AnonymousUsers, PermissionGroup.ExchangeUsers})
    signs_in = frozenset({AuthMechanism.Tls, AuthMechanism.BasicAuth, AuthMechanism.BasicAuthRequireTLS})
    connectors.create(ADMIN, internet("Clients", permission_groups=groups, auth_mechanism=signs_in))
    page = admin.get(PAGE).text
    assert "Nobody can relay." in page and "exception" not in page
    assert "Users who sign in may send to anybody through: Clients." in page


def test_a_former_revision_is_proved_as_it_was(admin: Any) -> None:
    row = connectors.create(ADMIN, internet(grants=(RELAY,)), "Internet")
    connectors.remove(ADMIN, ReceiveConnector, row.pk)
    assert "Nobody can relay." in admin.get(PAGE).text
    assert f"{PAGE}?revision=2" in admin.get(reverse("publishing:details", args=[2])).text
    assert "This is an open relay." in admin.get(f"{PAGE}?revision=2").text
    for wrong in ("0", "999", "x", "9" * 30):
        assert admin.get(f"{PAGE}?revision={wrong}").status_code == 404


def test_the_auditors_page_needs_nothing_else(admin: Any) -> None:
    connectors.create(ANNA, internet(grants=(RELAY,)), "Internet")
    found = admin.get(reverse("relay_proof:download", args=[2]))
    page = found.content.decode()
    assert found["Content-Disposition"] == 'attachment; filename="relay-proof-revision-2.html"'
    assert "This is an open relay." in page and "anna, typed its name" in page and "Taken into account" in page
    assert not re.search(r"(src|href)=|url\(|<script", page)
    assert admin.get(reverse("relay_proof:download", args=[999])).status_code == 404


def test_a_wide_accepted_domain_is_named(admin: Any) -> None:
    connectors.create(ADMIN, internet())
    domains.create(ANNA, accepted_domain("*.com", domain_type=DomainType.ExternalRelay), {"*.com"})
    page = admin.get(PAGE).text
    assert "This is an open relay." in page and "every .com domain" in page
    assert "The accepted domain *.com stands for domains of others." in page and "anna" in page
