"""Trace → What-if: a question by form or link, answered under a configuration; who may ask; what nobody may ask."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from console.actors import Role
from console.connectors import actions as connectors
from console.domains import actions as domains
from console.publishing.models import ConfigRevision
from tests.console.builders import ADMIN, accepted_domain, receive_connector
from transport.config import bounds

URL = "/trace/what-if/"
QUESTION = {
    "client": "10.1.1.1",
    "local": "10.2.3.4:25",
    "helo": "printer",
    "sender": "scan@contoso.com",
    "recipients": "bob@fabrikam.com",
}


@pytest.fixture(autouse=True)
def configuration(db: None) -> None:
    domains.create(ADMIN, accepted_domain(default=True))
    connectors.create(ADMIN, receive_connector())


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_a_link_asks_and_the_answer_names_connector_reply_and_rule(admin: Any) -> None:
    page = text(admin.get(URL, QUESTION))
    assert "Office" in page and "550 5.7.1 Unable to relay" in page and "relay_denied" in page
    assert 'value="10.1.1.1"' in page


def test_a_whole_message_may_be_sent_along(admin: Any) -> None:
    file = SimpleUploadedFile("x.eml", b"Subject: x\n\nHello\n")
    response = admin.post(URL, QUESTION | {"recipients": "postmaster@contoso.com", "file": file})
    assert "SIZE=21" in text(response) and "Queued mail for delivery" in text(response)


def test_a_former_revision_answers_as_it_did(admin: Any) -> None:
    first = ConfigRevision.objects.order_by("number")[0].number
    assert "No connector answers this client" in text(admin.get(URL, QUESTION | {"revision": first}))
    assert admin.get(URL, QUESTION | {"revision": "99999"}).status_code == 422


@pytest.mark.parametrize("role", list(Role))
def test_who_reads_settings_may_ask_and_nothing_is_written(signed_in: Any, role: Role) -> None:
    before = ConfigRevision.objects.count()
    assert "Unable to relay" in text(signed_in(role).post(URL, QUESTION))
    assert ConfigRevision.objects.count() == before


def test_nobody_else_may(signed_in: Any, client: Any) -> None:
    assert signed_in().get(URL).status_code == 403
    assert client.get(URL).status_code == 302


@pytest.mark.parametrize(
    "wrong",
    [
        {"client": "nowhere"},
        {"local": "25"},
        {"user": "CONTOSO\\nobody"},
        {"size": "many"},
        {"certificate": "-"},
        {"sender": "a\tb"},
        {"message": "x" * ((bounds.WHAT_IF.octets or 0) + 1)},
        {"recipients": "x@contoso.com\n" * ((bounds.WHAT_IF.lines or 0) + 1)},
    ],
)
def test_what_cannot_be_read_is_said_at_its_field(admin: Any, wrong: Any) -> None:
    response = admin.post(URL, QUESTION | wrong)
    assert response.status_code == 422 and f'id="id_{next(iter(wrong))}_error"' in text(response)


def test_the_feature_pane_leads_there(admin: Any) -> None:
    assert f'href="{reverse("what_if:page")}"' in text(admin.get(reverse("refusals:list")))
