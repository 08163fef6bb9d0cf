"""Who is connected now, on a page; and an administrator ends a session."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from console.actors import Role
from console.audit.models import Entry
from console.publishing.models import Transport
from console.tracking import open_sessions
from console.tracking.models import Ending, Look
from tests.console.tracking.test_pages import make_session
from tests.shell.running_transport import RunningTransport
from tests.waiting import wait_for
from transport.config import bounds
from transport.config.receive_connector import ProtocolLoggingLevel

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "open_sessions:list"


@pytest.fixture
def transport(database_url: str) -> Iterator[RunningTransport]:
    running = RunningTransport(database_url)
    running.publish(
        running.connector("Office", ranges="127.0.0.1", protocol_logging_level=ProtocolLoggingLevel.Verbose),
        running.connector("Printers", ranges="127.0.0.2"),
        running.connector("Flood", ranges="127.0.1.0/24", max_inbound_connection=None),
    )
    running.start()
    wait_for(lambda: Transport.objects.exists(), "the transport does not report")
    yield running
    running.remove()


def shown(browser: Browser, **asked: str) -> str:
    answer = browser.get(reverse(PAGE), asked)
    assert answer.status_code == 200
    return str(answer.text).partition('id="open-sessions"')[2]


def end(browser: Browser, session_id: str) -> Any:
    return browser.post(reverse("open_sessions:end"), {"session": session_id}, follow=True)


def test_sessions_are_looked_at_and_one_is_ended(transport: RunningTransport, admin: Browser, signed_in: Any) -> None:
    office, printer = transport.greeted(), transport.client("127.0.0.2")
    printer.line()
    office.say("MAIL FROM:<anna@contoso.com>")
    page = shown(admin)
    assert "?client=127.0.0.1" in page and "127.0.0.2" in page
    assert "anna@contoso.com" in page and "2 open sessions" in page
    assert "127.0.0.2" not in shown(admin, connector="Office")
    assert "?client=127.0.0.1" not in shown(admin, client="127.0.0.2")
    (row,) = open_sessions.opened("Office", "").rows
    assert reverse("tracking:session", args=[row.session.session_id]) in page
    assert end(signed_in(Role.VIEW_ONLY), row.session.session_id).status_code == 403
    before = monotonic()
    end(signed_in(Role.HYGIENE_MANAGEMENT), row.session.session_id)
    assert office.line() == "421 4.3.2 Service not available, closing transmission channel"
    assert monotonic() - before < 1
    assert office.line() == ""
    wait_for(lambda: transport.logged()[-1][6] == "-", "the log has no end of the session")
    assert "ended_by_administrator; revision 1" in [line[8] for line in transport.logged()]
    entry = Entry.objects.get(kind="Session")
    assert (entry.verb, entry.object_name) == ("ended", row.session.session_id)
    assert entry.after == {"Client": "127.0.0.1", "Connector": "Office"}
    assert printer.say("NOOP").startswith("250 ")
    assert "1 open session" in shown(admin, connector="")


def test_a_message_that_is_being_stored_is_answered_first(transport: RunningTransport, admin: Browser) -> None:
    """Else the client would send it once more."""
    client = transport.greeted()
    (row,) = open_sessions.opened("", "").rows
    client.send(b"MAIL FROM:<>\r\nRCPT TO:<bob@gatepost.test>\r\nDATA\r\n")
    assert [client.line()[:3] for _ in range(3)] == ["250", "250", "354"]
    client.send(b"x\r\n.\r\n")
    end(admin, row.session.session_id)
    assert [client.line()[:3] for _ in range(3)] == ["250", "421", ""]


def test_a_session_that_is_gone_is_not_ended_later(admin: Browser, monkeypatch: Any) -> None:
    monkeypatch.setattr("console.tracking.actions.ENDED_WITHIN", 0.0)
    assert "No transport that runs has session" in end(admin, "0123456789ABCDEF").text
    assert not Ending.objects.exists() and not Entry.objects.filter(kind="Session").exists()


def test_of_a_flood_the_longest_open_are_shown_and_how_many_are_left_out(
    transport: RunningTransport, admin: Browser
) -> None:
    most = bounds.OPEN_SESSIONS.lines or 0
    clients = [transport.client(f"127.0.1.{n + 1}") for n in range(most + 3)]
    assert all(client.line().startswith("220 ") for client in clients)
    clients[0].say("EHLO <b>x</b>")
    page = shown(admin, connector="Flood")
    assert page.count("<tr>") == most + 1
    assert "203 open sessions" in page and "3 that began later are left out" in page
    assert "?client=127.0.1.1&" not in page and "<b>x</b>" not in page


def test_a_session_of_the_protocol_log_can_be_ended_on_its_page(admin: Browser, signed_in: Any) -> None:
    def offered(browser: Browser, **changes: Any) -> bool:
        session = make_session(1, **changes)
        text = browser.get(reverse("tracking:session", args=[session.pk])).text
        session.delete()
        return "End this session" in text

    assert offered(admin, ended_at=None)
    assert not offered(admin) and not offered(admin, ended_at=None, direction="send")
    assert not offered(signed_in(Role.VIEW_ONLY), ended_at=None)


def test_who_looks_no_more_is_forgotten(admin: Browser) -> None:
    Look.objects.create(connector="Gone", client="", asked_at=timezone.now() - timedelta(minutes=1))
    shown(admin)
    assert [look.connector for look in Look.objects.all()] == [""]


def test_a_transport_that_says_nothing_is_named(admin: Browser, monkeypatch: Any) -> None:
    monkeypatch.setattr(open_sessions, "PATIENCE", 0.0)
    Transport.objects.create(name="mx7")
    assert "Transport mx7 says nothing" in shown(admin)
