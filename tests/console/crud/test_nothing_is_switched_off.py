"""A form that is opened and saved changes nothing: every setting has a control on its page, special layouts too."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.urls import URLResolver, get_resolver, reverse
from msgspec.structs import replace

from console.accounts import actions as accounts
from console.acme import actions as acme
from console.acme.checks import Wanted as Ordered
from console.acme.checks import WantedAccount
from console.actors import Role
from console.connectors import actions as connectors
from console.connectors.forms import ReceiveForm, SendForm
from console.connectors.properties import labels
from console.credentials import actions as credentials
from console.directory import actions as directory
from console.domains import actions as domains
from console.protection import actions as protection
from console.publishing import queries as publishing
from console.system_messages import actions as system_messages
from console.users import actions as users
from tests.console.builders import ADMIN, accepted_domain, receive_connector, send_connector
from tests.console.page_form import Form
from transport.config.connection_filter import IPListEntry, IPListProvider
from transport.config.credential import CredentialKind, Secrets
from transport.config.send_connector import RequestMail, SmartHostAuth, TlsAuthLevel
from transport.config.snapshot import Snapshot
from transport.config.system_message import SystemMessage

pytestmark = pytest.mark.django_db
PASSWORD = "winter-rain-on-tin"
RECEIVE, SEND = labels(ReceiveForm.tabs()), labels(SendForm.tabs())


SMART = send_connector(
    "Provider", dns_routing_enabled=False, smart_hosts=("mail.contoso.com",), require_tls=True,
    smart_host_auth_mechanism=SmartHostAuth.BasicAuth, authentication_credential=("Contoso",),
    tls_auth_level=TlsAuthLevel.DomainValidation, tls_domain="mail.contoso.com", request_mail=RequestMail.Etrn,
)  # fmt: skip


def pages() -> dict[str, str]:
    receive = connectors.create(ADMIN, receive_connector("Relay", ranges=["192.168.5.77"]))
    send = connectors.create(ADMIN, send_connector("Out"))
    domain = domains.create(ADMIN, accepted_domain("contoso.com"))
    entry = protection.add_entries(ADMIN, [IPListEntry(ip_range="192.0.2.7", comment="A scanner")])[0]
    wanted = IPListProvider(name="Spamhaus", lookup_domain="zen.example", priority=1, any_match=False)
    provider = protection.save_provider(ADMIN, replace(wanted, ip_addresses_match=("127.0.0.2",)))
    recipient = directory.add(ADMIN, "anna@contoso.com", "Anna")
    user = users.add(ADMIN, "CONTOSO", "anna", PASSWORD, display_name="Anna", addresses=["anna@contoso.com"])
    group = users.add_group(ADMIN, "Scanners", "Those on the second floor")
    administrator = accounts.add(ADMIN, "bert", PASSWORD, {Role.HYGIENE_MANAGEMENT}, "Bert")
    wanted_account = credentials.Wanted(user_name="device@contoso.com", max_connections=3)
    credential = credentials.add(ADMIN, "Mailbox", CredentialKind.Password, wanted_account, Secrets(password=PASSWORD))
    there = WantedAccount(directory="https://ca.contoso.com/dir", contact="anna@contoso.com", eab_key_id="kid-1")
    account = acme.add_account(ADMIN, "Contoso CA", there, eab_key="c2VjcmV0LW9mLXRoZS1rZXk=", agreed=True)
    managed = acme.add(ADMIN, "Mail", Ordered(names=["mail.contoso.com", "mx.contoso.com"], account=account))
    words = SystemMessage(name="-", dsn_code="5.1.1", text="Ask <B>Anna</B>.", internal=True)
    message = system_messages.create(ADMIN, words)
    found = {tab: reverse("connectors:receive-properties", args=[receive.pk, tab]) for tab in RECEIVE}
    found |= {f"send {tab}": reverse("connectors:send-properties", args=[send.pk, tab]) for tab in SEND}
    smart = connectors.create(ADMIN, SMART)
    found |= {f"smart {tab}": reverse("connectors:send-properties", args=[smart.pk, tab]) for tab in SEND}
    found |= {name: reverse(name) for name in SINGLE}
    edited = {
        "domains:edit": domain, "protection:block-edit": entry,
        "protection:provider-edit": provider, "directory:edit": recipient, "users:edit": user,
        "users:group-edit": group, "accounts:admin-edit": administrator, "credentials:edit": credential,
        "system_messages:edit": message, "acme:account-edit": account, "acme:edit": managed,
    }  # fmt: skip
    return found | {name: reverse(name, args=[row.pk]) for name, row in edited.items()}


SINGLE = [
    "protection:recipient-filter",
    "protection:sender-filter",
    "protection:connection-filter",
    "transport_settings:limits",
    "transport_settings:organization",
]
EDITED = [
    "domains:edit", "protection:block-edit", "protection:provider-edit", "directory:edit",
    "users:edit", "users:group-edit", "accounts:admin-edit", "credentials:edit",
    "system_messages:edit", "acme:account-edit", "acme:edit",
]  # fmt: skip


def everything() -> tuple[Snapshot, dict[str, list[dict[str, Any]]]]:
    """The configuration, and every row about people, without what only counts the writes."""
    counted = {"changed_at", "change_number", "password", "last_login"}
    people = [
        model
        for app in ("auth", "directory", "users", "credentials", "acme")
        for model in apps.get_app_config(app).get_models()
    ]
    rows = {model.__name__: list(model._default_manager.order_by("pk").values()) for model in people}
    told = {name: [{k: v for k, v in row.items() if k not in counted} for row in found] for name, found in rows.items()}
    return replace(publishing.saved(), revision=0), told


TABS = [*RECEIVE, *(f"{kind} {tab}" for kind in ("send", "smart") for tab in SEND)]


def test_opening_and_saving_a_form_changes_nothing(admin: Any) -> None:
    every = pages()
    assert every.keys() == {*TABS, *SINGLE, *EDITED}
    before = everything()
    for name, page in every.items():
        shown = admin.get(page)
        form = Form(shown.text)
        answer = admin.post(page, form.sent, follow=True)
        assert answer.status_code == 200, f"{name}: {answer.text}"
        assert everything() == before, name
        assert set(shown.context["form"].fields) - EDITED_IN_A_MATRIX <= form.names, name


EDITED_IN_A_MATRIX = {"grants"}


def test_every_form_of_a_kind_of_object_is_tried() -> None:
    """A page that this file does not name is one that may switch something off."""
    found = {
        f"{pattern.namespace}:{each.name}"
        for pattern in get_resolver().url_patterns
        if isinstance(pattern, URLResolver) and pattern.namespace
        for each in pattern.url_patterns
        if str(getattr(each, "name", "")).endswith("edit")
    }
    tried_by_tab_or_twin, files = (
        {"connectors:receive-edit", "connectors:send-edit", "protection:allow-edit"},
        {"kerberos:edit"},
    )
    assert found - tried_by_tab_or_twin - files == set(EDITED)
