"""What holds a Send connector up is on its page, in the queue and under Needs attention; an administrator ends it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.actors import Role
from console.audit.models import Entry
from console.connectors import actions as connectors
from console.connectors import models as connector_models
from console.credentials import actions as credentials
from console.overview.attention import held_connectors
from console.queues import actions, queries
from console.queues.models import Grant, Hold, NextHop
from tests.console.builders import ADMIN
from tests.deliver.fake_microsoft365 import OFF_FOR_TENANT
from transport.config.address_space import AddressSpace
from transport.config.credential import CredentialKind, Secrets
from transport.config.send_connector import SendConnector, SmartHostAuth
from transport.send import sign_in_replies

pytestmark = pytest.mark.django_db
STATE = "/queues/connector"
WORDS = "Microsoft 365 does not recognize this server. The server said: 550 5.7.64 TenantAttribution"


@pytest.fixture
def held():
    wanted = SendConnector(
        name="Cloud", address_spaces=(AddressSpace("*"),), dns_routing_enabled=False, smart_hosts=("x.test",)
    )
    connectors.create(ADMIN, wanted)
    NextHop.objects.create(
        key="smarthost:Cloud", delivery_type="SmartHostConnectorDelivery", domain="x.test", connector="Cloud"
    )
    until = timezone.now() + timedelta(hours=1)
    return Hold.objects.create(connector="Cloud", account="", words=WORDS, is_fault=True, until=until, made_for="")


def test_its_page_says_why_and_an_administrator_lets_it_send_again(admin: Client, held: Hold) -> None:
    url = reverse("queues:connector-state")
    assert "Send again now" in admin.get(url, {"connector": "Cloud"}).content.decode()
    page = admin.post(url, {"connector": "Cloud"}, follow=True).content.decode()
    assert "“Cloud” sends again." in page and WORDS not in page
    assert not Hold.objects.exists()
    assert Entry.objects.filter(object_name="Cloud", verb="resumed").count() == 1


def test_an_account_that_gets_no_token_leads_to_its_credential_and_no_end_is_foretold(
    admin: Client, held: Hold
) -> None:
    """The queue said only what Entra answers, and when it would be empty though nothing left."""
    wanted = credentials.Wanted(user_name="device@contoso.com")
    row = credentials.add(ADMIN, "Mailbox", CredentialKind.Password, wanted, Secrets(password="pw"))
    signs_in = {
        "smart_host_auth_mechanism": SmartHostAuth.BasicAuthRequireTLS,
        "authentication_credential": ("mailbox",),
    }
    connectors.update(ADMIN, SendConnector, connector_models.SendConnector.objects.get().pk, signs_in)
    Hold.objects.update_or_create(connector="Cloud", account="", defaults={
        "words": "No access token for “Mailbox”: invalid_client: AADSTS7000215", "is_fault": True, "until": held.until,
        "made_for": "",
    })  # fmt: skip
    page = admin.get(reverse("queues:details", args=["smarthost:Cloud"])).text
    assert "The Send connector cannot sign in." in page
    assert f'href="{reverse("credentials:edit", args=[row.pk])}">Credential Mailbox</a>' in page
    for year in (1, 12):
        Grant.objects.create(account="Mailbox", worker=year, messages=1, recipients=1)
    assert "is empty at" not in admin.get(reverse("queues:connector-state"), {"connector": "Cloud"}).text


def test_what_delivery_knows_of_a_refusal_is_not_hidden_behind_what_the_table_guesses(
    admin: Client, held: Hold
) -> None:
    """SMTP AUTH was off for the tenant, and the queue said: renew the credential."""
    Hold.objects.update(words=sign_in_replies.explained(535, OFF_FOR_TENANT.removeprefix("535 ")))
    page = admin.get(reverse("queues:details", args=["smarthost:Cloud"])).text
    assert (
        "<strong>SMTP AUTH is disabled for the tenant.</strong> In Exchange Online PowerShell: Set-CASMailbox" in page
    )
    assert "Renew the credential" not in page


def test_a_reader_sees_it_and_ends_nothing(signed_in, held: Hold) -> None:
    reader, url = signed_in(Role.VIEW_ONLY), reverse("queues:connector-state")
    page = reader.get(url, {"connector": "Cloud"}).content.decode()
    assert "Send again now" not in page
    assert reader.post(url, {"connector": "Cloud"}).status_code == 403
    assert Hold.objects.exists()


def test_retry_of_its_queue_ends_it_too(held: Hold) -> None:
    actions.retry(ADMIN, "smarthost:Cloud")
    assert not Hold.objects.exists()


def test_a_fault_needs_attention_at_once_and_a_quota_after_an_hour(held: Hold) -> None:
    assert [(each.name, each.is_bad) for each in held_connectors(queries.lasting_holds())] == [("Cloud", True)]
    Hold.objects.update(is_fault=False)
    assert list(held_connectors(queries.lasting_holds())) == []
    Hold.objects.update(since=timezone.now() - timedelta(hours=2))
    assert [(each.name, each.is_bad) for each in held_connectors(queries.lasting_holds())] == [("Cloud", False)]
    Hold.objects.update(until=timezone.now())
    assert list(held_connectors(queries.lasting_holds())) == []
