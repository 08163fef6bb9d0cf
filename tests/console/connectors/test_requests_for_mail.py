"""Asking for the mail that waits elsewhere, from a Send connector's page and the shell; and what they tell of it."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from console.audit.models import Entry
from console.connectors import actions
from console.connectors.models import Pull
from console.management_shell.language.errors import ShellError
from console.overview.attention import refused_requests
from tests.console.builders import ADMIN
from tests.console.management_shell.shell import Shell
from transport.config.address_space import AddressSpace
from transport.config.send_connector import RequestMail, SendConnector

pytestmark = pytest.mark.django_db


@pytest.fixture
def row():
    return actions.create(
        ADMIN,
        SendConnector(
            name="ISP", address_spaces=(AddressSpace("*"),), dns_routing_enabled=False, smart_hosts=("isp.test",),
            request_mail=RequestMail.Etrn,
        ),
    )  # fmt: skip


def press(client, row):
    return client.post(reverse("connectors:send-act"), {"verb": "request-mail", "pk": row.pk}, follow=True)


def test_the_button_asks_and_is_in_the_audit_log(admin, row):
    assert "Request mail now" in admin.get(reverse("connectors:send-details", args=[row.pk])).text
    press(admin, row)
    assert Pull.objects.get().wanted_at is not None
    assert Entry.objects.filter(object_name="ISP", verb="requested its mail").exists()


def test_a_connector_that_asks_for_nothing_has_no_button(admin, row):
    actions.update(ADMIN, SendConnector, row.pk, {"request_mail": RequestMail.None_})
    assert "Request mail now" not in admin.get(reverse("connectors:send-details", args=[row.pk])).text
    press(admin, row)
    assert not Pull.objects.exists()


def test_what_came_of_it_stands_on_the_page_and_needs_attention_when_it_was_refused(admin, row):
    words = "branch.test: refused (459 4.7.1 Node not allowed)"
    Pull.objects.create(connector="ISP", asked_at=timezone.now(), words=words, is_refused=True)
    assert words in admin.get(reverse("connectors:send-details", args=[row.pk])).text
    (concern,) = refused_requests()
    assert concern.name == "ISP" and concern.text.endswith(words)
    Pull.objects.update(is_refused=False)
    assert not list(refused_requests())


def test_the_shell_asks_as_well(row):
    Shell().run("Get-SendConnector | Request-Mail")
    assert Pull.objects.get().wanted_at is not None
    actions.update(ADMIN, SendConnector, row.pk, {"enabled": False})
    with pytest.raises(ShellError, match="requests no mail"):
        Shell().run("Request-Mail ISP")
