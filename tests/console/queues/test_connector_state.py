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
from console.overview.attention import held_connectors
from console.queues import actions, queries
from console.queues.models import Hold, NextHop
from tests.console.builders import ADMIN
from transport.config.address_space import AddressSpace
from transport.config.send_connector import SendConnector

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
