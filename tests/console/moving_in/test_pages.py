"""Import from Exchange in the browser: hand in, look, choose, apply."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from console.actors import Role
from console.connectors import actions as connectors
from console.connectors.models import ReceiveConnector as Row
from console.publishing.models import ConfigRevision
from tests.console.builders import ADMIN, receive_connector
from tests.console.moving_in.exports import DOMAINS, RECEIVE, SEND, fixture
from tests.console.moving_in.test_applying import MAY_RELAY, OPEN

pytestmark = pytest.mark.django_db

IMPORT = "/administration/import-from-exchange/"
PREVIEW = IMPORT + "preview/"


def page(response) -> str:
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def hand_in(browser: Client, *objects: dict) -> str:
    return page(browser.post(IMPORT, {"text": json.dumps(objects)}, follow=True))


def test_three_files_at_once_become_a_report_and_then_one_revision(admin: Client):
    files = [SimpleUploadedFile(name, fixture(name)) for name in (RECEIVE, SEND, DOMAINS)]
    report = page(admin.post(IMPORT, {"files": files, "text": ""}, follow=True))
    assert "From receive-connectors.clixml, send-connectors.clixml, accepted-domains.clixml." in report
    assert "Exchange Server authentication is kept, not offered" in report
    assert "It serves hybrid deployments" in report
    assert "could send mail to every .com domain" in report
    assert 'class="notice tone-bad"' in report and 'class="btn btn-danger" name="go" value="apply"' in report
    assert report.count(">left out<") == 3, "what only serves Exchange itself"
    assert "Import 6 objects" in report
    assert ConfigRevision.objects.count() == 0, "nothing is changed by looking"
    assert admin.post(PREVIEW, {"go": "apply"}).status_code == 422
    done = page(admin.post(PREVIEW, {"go": "apply", "confirmation": "*.com"}, follow=True))
    assert "Imported as revision 1: 6 objects." in done
    assert Row.objects.filter(name="Client Frontend WIN-CTD3L0RGEN4").exists()


def test_where_strangers_cannot_relay_the_report_says_so(admin: Client):
    assert "Strangers cannot relay afterwards" in hand_in(admin, OPEN)


def test_the_draft_survives_and_more_can_be_handed_in(admin: Client):
    hand_in(admin, OPEN)
    assert "Relay" in page(admin.get(IMPORT, follow=True)), "back to the report"
    assert "Hand in another export" in page(admin.get(IMPORT + "?more=1"))
    report = hand_in(admin, MAY_RELAY | {"Identity": "EX1\\Relay"})
    assert "From pasted text." in report
    assert "Anyone at 192.168.5.0/24" in report
    assert "discarded" in page(admin.post(PREVIEW, {"go": "discard"}, follow=True))
    assert "Choose files" in admin.post(IMPORT, {"text": ""}).content.decode()


def test_an_open_relay_asks_for_its_name(admin: Client):
    report = hand_in(admin, OPEN, MAY_RELAY)
    assert "Type “Relay” to confirm" in report
    refused = admin.post(PREVIEW, {"go": "apply", "confirmation": "relay"})
    assert refused.status_code == 422
    assert "exactly as it stands here" in refused.content.decode()
    assert ConfigRevision.objects.count() == 0
    assert "Imported as revision 1" in page(admin.post(PREVIEW, {"go": "apply", "confirmation": "Relay"}, follow=True))


def test_what_was_imported_before_is_said_to_be_here_not_to_be_in_its_own_way(admin: Client):
    hand_in(admin, OPEN)
    admin.post(PREVIEW, {"go": "apply"})
    again = hand_in(admin, OPEN)
    assert "It is here already, exactly so." in again
    assert "choose another name" not in again


def test_choices_are_kept_and_seen(admin: Client):
    connectors.create(ADMIN, receive_connector("Relay"))
    assert "There is a connector “Relay” already" in hand_in(admin, OPEN)
    report = page(admin.post(PREVIEW, {"go": "look", "choice-0": "rename", "name-0": "From EX1"}, follow=True))
    assert "There is a connector" not in report
    assert 'value="From EX1"' in report
    admin.post(PREVIEW, {"go": "apply"})
    assert sorted(Row.objects.values_list("name", flat=True)) == ["From EX1", "Relay"]


def test_every_property_of_an_object_has_a_page(admin: Client):
    hand_in(admin, OPEN)
    assert "192.168.5.0/24" in page(admin.get(PREVIEW + "0/"))
    assert admin.get(PREVIEW + "1/").status_code == 404


@pytest.mark.parametrize("sent", [{"choice-0": "nonsense"}, {"choice-9": "import"}, {"go": "", "choice-x": "import"}])
def test_nonsense_changes_nothing(admin: Client, sent: dict[str, str]):
    hand_in(admin, OPEN)
    assert "Import 1 object" in page(admin.post(PREVIEW, {"go": "look"} | sent, follow=True))


def test_a_file_that_is_no_export_is_refused_at_its_field(admin: Client):
    answer = admin.post(IMPORT, {"files": SimpleUploadedFile("bomb.xml", b"<!DOCTYPE x><Objs/>"), "text": ""})
    assert answer.status_code == 422
    assert "bomb.xml: This file declares a document type" in answer.content.decode()
    assert "is no JSON" not in answer.content.decode()


def test_who_may_not_import(signed_in: Callable[..., Client]):
    hygiene = signed_in(Role.HYGIENE_MANAGEMENT)
    assert hygiene.get(IMPORT).status_code == 403
    assert hygiene.post(PREVIEW, {"go": "apply"}).status_code == 403
    assert IMPORT not in page(hygiene.get("/"))


def test_what_one_hands_in_another_does_not_see(admin: Client, signed_in: Callable[..., Client]):
    hand_in(admin, OPEN)
    other = signed_in(Role.ORGANIZATION_MANAGEMENT, Role.VIEW_ONLY)
    assert "On the Exchange server" in page(other.get(PREVIEW, follow=True))


@pytest.mark.parametrize(
    "empty", ["mail-flow/receive-connectors", "mail-flow/send-connectors", "mail-flow/accepted-domains"]
)
def test_an_empty_list_leads_to_the_import(admin: Client, signed_in: Callable[..., Client], empty: str):
    assert f'href="{IMPORT}">' in page(admin.get(f"/{empty}/")).partition('class="empty"')[2]
    assert IMPORT not in page(signed_in(Role.HYGIENE_MANAGEMENT).get(f"/{empty}/"))
