"""The recipient filter's switch."""

from __future__ import annotations

import pytest
from django.urls import reverse

from console.accounts.actors import Role
from console.protection import actions
from console.publishing import queries
from console.publishing.models import ConfigRevision

pytestmark = pytest.mark.django_db
PAGE = "protection:recipient-filter"


def published():
    return queries.snapshot(queries.newest_with_document()).recipient_filter.recipient_validation_enabled


def test_it_is_on_in_a_new_installation_and_can_be_turned_off_and_on(admin):
    actions.first_start()
    page = admin.get(reverse(PAGE))
    assert "Block messages sent to recipients not listed in the Global Address List" in page.text
    assert "550 5.1.1 User unknown" in page.text
    page = admin.post(reverse(PAGE), {}, follow=True)
    assert "The recipient filter is saved" in page.text
    assert not published()
    admin.post(reverse(PAGE), {"recipient_validation_enabled": "on"})
    assert published()
    assert ConfigRevision.objects.count() == 3


def test_somebody_else_was_faster(admin):
    actions.first_start()
    page = admin.post(reverse(PAGE), {"version": "0"})
    assert page.status_code == 422
    assert "meanwhile" in page.text


def test_who_may_only_look(signed_in):
    reader = signed_in(Role.RECIPIENT_MANAGEMENT)
    assert reader.get(reverse(PAGE)).status_code == 200
    assert reader.post(reverse(PAGE), {}).status_code == 403
