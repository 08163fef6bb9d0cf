"""What would change for those who came lately, if another revision were in force?"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from django.utils import timezone
from msgspec.structs import replace

from console.connectors import actions as connectors
from console.crud import schema
from console.domains import actions as domains
from console.drafts import actions as drafts
from console.publishing import queries as publishing
from console.replay import actions, queries
from console.replay.models import Records
from console.replay.tasks import forget_old_records
from console.transport_settings import actions as transport_settings
from tests.console.builders import ADMIN, accepted_domain, receive_connector
from tests.console.management_shell.shell import Shell
from tests.console.page_form import Form
from transport.config.receive_connector import ReceiveConnector
from transport.trace.session_record import Mail, SessionRecord, Step, written

pytestmark = pytest.mark.django_db
PAGE = reverse("replay:page")
RELAYED = "RCPT TO:<bob@fabrikam.com>"
REFUSED = Step(RELAYED, 550, "relay_denied", "550 5.7.1 Unable to relay")


@pytest.fixture(autouse=True)
def office() -> Any:
    domains.create(ADMIN, accepted_domain(default=True))
    return connectors.create(ADMIN, receive_connector())


def session(client: str, *steps: Step, ago: float = 60, **values: Any) -> SessionRecord:
    ended = timezone.now().timestamp() - ago
    said = [Step("", 220), Step("EHLO printer", 250), Step("MAIL FROM:<scan@contoso.com>", 250), *steps]
    return SessionRecord(
        ended,
        ended - 1,
        f"D1{client}{ago}",
        "Office",
        ("10.2.3.4", 25),
        client,
        1,
        [*said, Step("QUIT", 221)],
        **values,
    )


def recorded(records: Iterable[SessionRecord]) -> None:
    every = sorted(records, key=lambda each: each.ended)
    first, last = (datetime.fromtimestamp(each.ended, UTC) for each in (every[0], every[-1]))
    lines = zlib.compress("".join(map(written, every)).encode())
    Records.objects.create(transport="mx1", first_ended=first, last_ended=last, sessions=len(every), lines=lines)


def test_nothing_differs_under_the_configuration_that_answered(admin: Any) -> None:
    taken = [Step("RCPT TO:<a@contoso.com>", 250, "recipient_listed"), Step("DATA", 354), Step("", 250, "queued")]
    recorded([session("10.1.1.1", REFUSED), session("10.1.1.2", *taken, mails=[Mail(500, 100)])])
    page = admin.get(PAGE, {"range": "24h"}).text
    assert "All 2 sessions would be answered as they were." in page


def test_who_would_be_answered_otherwise_with_both_answers_and_the_rule(admin: Any, office: Any) -> None:
    """Three printers were let relay, and would not be; a fourth one does the same elsewhere."""
    accepted = Step(RELAYED, 250, "any_recipient")
    recorded(session(f"10.1.1.{n}", accepted, ago=n) for n in (1, 2, 3) for _ in range(2))
    recorded([session("10.1.1.9", REFUSED)])
    page = admin.get(PAGE, {"range": "1h"}).text
    assert "6 of 7 sessions would be answered otherwise," in page and "all from 3 clients." in page
    assert "550 5.7.1 Unable to relay" in page and "relay_denied" in page and "250 accepted" in page
    assert "client=10.1.1.1&amp;local=10.2.3.4%3A25&amp;helo=printer&amp;sender=scan%40contoso.com" in page
    narrowed = admin.get(PAGE, {"range": "1h", "client": "10.1.1.2-10.1.1.3", "connector": "office"}).text
    assert "4 of 4 sessions" in narrowed and "all from 2 clients." in narrowed


def test_another_revision_is_asked_and_one_that_is_not_there_is_named(admin: Any, office: Any) -> None:
    before = publishing.saved().revision
    connectors.update(ADMIN, ReceiveConnector, office.pk, {"enabled": False})
    recorded([session("10.1.1.1", REFUSED)])
    assert "1 of 1 sessions would be answered otherwise" in admin.get(PAGE, {"range": "1h"}).text
    assert "1 session would be answered as it was." in admin.get(PAGE, {"range": "1h", "revision": before}).text
    missing = admin.get(PAGE, {"range": "1h", "revision": 999})
    assert missing.status_code == 422 and "There is no revision 999." in missing.text


def test_changes_of_a_form_that_is_not_saved_are_asked(admin: Any, office: Any) -> None:
    page = reverse("connectors:receive-properties", args=[office.pk, "scoping"])
    entries = Form(admin.get(page).text).sent | {"remote_ip_ranges": "192.0.2.0/24"}
    what_if = admin.post(f"{reverse('what_if:unsaved')}?{urlencode({'form': page})}", entries).text
    assert "Replay the sessions of the last 24 hours on these changes" in what_if
    recorded([session("10.1.1.1", REFUSED)])
    sent = {"range": "24h", "of_form": page, "of_entries": Form(what_if).sent["of_entries"]}
    answer = admin.post(PAGE, sent).text
    assert "1 of 1 sessions would be answered otherwise," in answer and "Unsaved changes" in answer
    assert "1 session would be answered as it was." in admin.get(PAGE, {"range": "24h"}).text
    broken = admin.post(PAGE, sent | {"of_entries": "remote_ip_ranges=nonsense"})
    assert broken.status_code == 422 and "cannot be saved with these entries" in broken.text


def test_a_draft_is_asked_by_whoever_works_in_it(office: Any) -> None:
    recorded([session("10.1.1.1", REFUSED)])
    now = timezone.now()
    asked = queries.Asked(now - timedelta(hours=1), now)
    with schema.inside(drafts.begin(ADMIN, "Closed").schema):
        connectors.update(ADMIN, ReceiveConnector, office.pk, {"enabled": False})
        (found,) = queries.replayed(publishing.saved(), asked, None).found
    assert found.difference.now.rule == "no_connector"
    assert queries.replayed(publishing.saved(), asked, None).found == []


def test_what_cannot_be_known_is_counted_and_not_guessed(admin: Any) -> None:
    who = [Step("AUTH PLAIN <authentication response>", 235, "signed_in")]
    recorded([session("10.1.1.1", *who, users=["CONTOSO\\gone"]), session("10.1.1.2", REFUSED, more=7)])
    recorded([session("10.1.1.3", Step("", 421, "inactivity_timeout"))])
    page = admin.get(PAGE, {"range": "1h"}).text
    assert "Its record is shorter than it was." in page and "It went on as the moment had it" in page


def test_nothing_is_recorded_or_nothing_fits(admin: Any) -> None:
    assert "No session is recorded in that time." in admin.get(PAGE, {"range": "1h"}).text
    recorded([session("10.1.1.1", REFUSED)])
    assert "None of the sessions that are recorded fits." in admin.get(PAGE, {"range": "1h", "client": "10.9."}).text
    assert admin.get(PAGE, {"range": "1h", "client": "printer"}).status_code == 422


def test_a_page_stops_in_time_and_says_how_far_it_came() -> None:
    recorded(session("10.1.1.1", REFUSED, ago=n) for n in range(1, 100))
    now = timezone.now()
    result = queries.replayed(publishing.saved(), queries.Asked(now - timedelta(hours=1), now), seconds=-1.0)
    assert (result.is_whole, result.sessions) == (False, 0)
    assert queries.replayed(publishing.saved(), queries.Asked(now - timedelta(hours=1), now), None).sessions == 99


def test_records_go_when_they_are_as_old_as_the_setting_says() -> None:
    config = publishing.saved().transport_config
    for days in (1, 3, 8):
        recorded([session("10.1.1.1", REFUSED, ago=days * 86400)])
    forget_old_records()
    assert Records.objects.count() == 2
    transport_settings.save(ADMIN, replace(config, session_record_max_age=2 * 86400))
    forget_old_records()
    assert Records.objects.count() == 1
    assert actions.forget_before(timezone.now()) == 1


def test_the_shell_says_the_same(office: Any) -> None:
    recorded([session("10.1.1.1", Step(RELAYED, 250, "any_recipient")), session("10.1.1.2", REFUSED)])
    assert Shell().run("Test-Replay | fl Sessions,Differing,ByClient").split() == [
        "Sessions", ":", "2", "Differing", ":", "1", "ByClient", ":", "{10.1.1.1:", "1}",
    ]  # fmt: skip
    differences = Shell().run("(Test-Replay -ClientIPAddress 10.1.1.1 -ReceiveConnector Office).Differences | fl")
    assert "550 5.7.1 Unable to relay" in differences and "relay_denied" in differences
    assert Shell().run("(Test-Replay -End 2020-01-01).Sessions").strip() == "0"
