"""The pages of revisions."""

from __future__ import annotations

import pytest
from django.urls import reverse

from console.actors import Role
from console.connectors import actions, queries
from console.connectors.models import ReceiveConnector as Row
from console.publishing import views
from console.publishing.actions import change
from console.publishing.models import ConfigRevision, Transport
from tests.console.builders import ADMIN, RELAY, receive_connector
from transport.config.receive_connector import ReceiveConnector

pytestmark = pytest.mark.django_db


@pytest.fixture
def row():
    row = actions.create(ADMIN, receive_connector())
    actions.update(ADMIN, ReceiveConnector, row.pk, {"max_message_size": 36 * 1024 * 1024})
    return row


def test_the_list_says_who_saved_what_and_where_it_is_in_force(admin, row):
    Transport.objects.create(name="mx1", revision=2)
    Transport.objects.create(name="mx2", revision=1)
    page = admin.get(reverse("publishing:details", args=[2])).text
    for words in ("Receive connector Office: MaxMessageSize", "admin", "mx1", "mx2", "MaxMessageSize"):
        assert words in page


def test_a_revision_that_changes_many_objects_shows_some_and_how_many_more(admin, monkeypatch):
    monkeypatch.setattr(views, "MOST_SHOWN", 2)
    with change(ADMIN, "many"):
        for name in ("One", "Two", "Three"):
            actions.create(
                ADMIN, receive_connector(name, bindings=[f"10.2.3.4:{len(name)}"], ranges=[f"10.0.0.{ord(name[1])}"])
            )
    page = admin.get(reverse("publishing:details", args=[1])).text
    assert "and 1 more" in page and reverse("publishing:compare", args=[0, 1]) in page


def test_two_revisions_side_by_side(admin, row):
    page = admin.get(reverse("publishing:choose"), {"before": "1", "after": "2"}, follow=True).text
    assert "10 MB (10,485,760 bytes)" in page
    assert "36 MB (37,748,736 bytes)" in page
    assert "RemoteIPRanges" not in page
    assert "{10.0.0.0/8}" in admin.get(reverse("publishing:compare", args=[0, 1])).text
    assert admin.get(reverse("publishing:choose"), {"before": "x"}).status_code == 404
    assert admin.get(reverse("publishing:compare", args=[1, 99])).status_code == 404


def test_restore(admin, row):
    url = reverse("publishing:restore", args=[1])
    assert "36 MB" in admin.get(url).text
    assert "Revision 1 is restored, as revision 3" in admin.post(url, follow=True).text
    assert queries.receive(Row.objects.get()) == receive_connector()
    assert "Everything is as in revision 1 already" in admin.post(url, follow=True).text


def test_restoring_a_relay_asks_for_its_name(admin, row):
    actions.update(ADMIN, ReceiveConnector, row.pk, {"grants": (RELAY,)}, confirmed_name="Office")
    actions.update(ADMIN, ReceiveConnector, row.pk, {"grants": ()})
    url = reverse("publishing:restore", args=[3])
    page = admin.post(url)
    assert page.status_code == 422
    assert "Type “Office” to confirm" in page.text
    admin.post(url, {"confirmation": "Office"})
    assert Row.objects.get().grants


def test_a_damaged_document_is_said_not_a_crash(admin, row):
    ConfigRevision.objects.filter(number=1).update(document="{")
    assert "cannot be read" in admin.get(reverse("publishing:details", args=[1])).text
    assert "cannot be read" in admin.get(reverse("publishing:compare", args=[1, 2])).text
    assert "cannot be restored" in admin.post(reverse("publishing:restore", args=[1])).text


def test_who_may_only_look(signed_in, row):
    reader = signed_in(Role.HYGIENE_MANAGEMENT)
    assert reader.get(reverse("publishing:list")).status_code == 200
    assert reader.post(reverse("publishing:restore", args=[1])).status_code == 403
