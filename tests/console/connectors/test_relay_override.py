"""Exercise 5 of document 002: a Send connector overrides the relay restrictions, and every way in asks for its name."""

import pytest
from django.urls import reverse

from console.connectors import actions
from console.connectors.models import SendConnector as Row
from console.overview import attention
from console.publishing.models import ConfigRevision
from console.publishing.queries import saved
from console.publishing.relay_guard import RelayNotConfirmed
from console.publishing.restore import restore
from tests.console.builders import ADMIN, receive_connector, send_connector
from tests.console.page_form import Form
from transport.config.address_space import AddressSpace
from transport.config.send_connector import SendConnector

pytestmark = pytest.mark.django_db
NAME = "General SMTP Connector"
RELAY = {"allow_relay": True}


@pytest.fixture
def row(db):
    """Strangers may submit; everything leaves by one Send connector."""
    actions.create(ADMIN, receive_connector("Default Frontend", ranges=["0.0.0.0/0"]))
    return actions.create(ADMIN, send_connector(NAME))


def test_an_open_relay_is_not_made_without_typing_the_connectors_name(row):
    with pytest.raises(RelayNotConfirmed) as error:
        actions.update(ADMIN, SendConnector, row.pk, RELAY)
    assert list(error.value.dangers) == [NAME]
    assert "every domain" in error.value.dangers[NAME]
    assert not Row.objects.get().allow_relay
    actions.update(ADMIN, SendConnector, row.pk, RELAY, confirmed_name=NAME)
    (send,) = attention.relaying_send_connectors(saved())
    assert (send.name, send.is_bad) == (NAME, True)
    assert any(each.is_bad for each in attention.relays())


def test_the_page_warns_and_asks(admin, row):
    tab = reverse("connectors:send-properties", args=[row.pk, "address-space"])
    entries = Form(admin.get(tab).text).sent | {"allow_relay": "on"}
    preview = admin.post(tab, entries, headers={"HX-Request": "true", "HX-Target": "preview"})
    assert "This overrides the default restrictions for relaying" in preview.text
    answer = admin.post(tab, entries)
    assert answer.status_code == 422 and f"Type “{NAME}” to confirm" in answer.text
    assert admin.post(tab, entries | {"confirmation-1": NAME, "confirmation": NAME}).status_code == 302
    assert Row.objects.get().allow_relay


def test_a_domain_of_a_partner_needs_no_name(row):
    spaces = (AddressSpace("fabrikam.com"), AddressSpace("--"))
    actions.create(ADMIN, send_connector("Partner", address_spaces=spaces, allow_relay=True))
    assert not list(attention.relaying_send_connectors(saved()))


def test_wider_address_spaces_ask_and_an_old_revision_asks_too(row):
    partner = actions.create(ADMIN, send_connector("P", address_spaces=(AddressSpace("fabrikam.com"),), **RELAY))
    wider = {"address_spaces": (AddressSpace("*.com"),)}
    with pytest.raises(RelayNotConfirmed, match=r"every \.com domain"):
        actions.update(ADMIN, SendConnector, partner.pk, wider)
    actions.update(ADMIN, SendConnector, partner.pk, wider, confirmed_name="P")
    number = ConfigRevision.objects.latest("number").number
    actions.set_enabled(ADMIN, SendConnector, partner.pk, False)
    with pytest.raises(RelayNotConfirmed):
        actions.set_enabled(ADMIN, SendConnector, partner.pk, True)
    with pytest.raises(RelayNotConfirmed):
        restore(ADMIN, number)
    restore(ADMIN, number, {"P"})
