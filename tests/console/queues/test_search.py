"""Waiting mail is found by words, whoever waits with it, and at a price that does not follow the queue's length."""

from __future__ import annotations

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from console.actors import SYSTEM
from console.queues import actions, selection
from console.queues.models import QueuedRecipient
from console.queues.selection import messages_matching
from console.tracking.models import Reader
from tests.console.management_shell.waiting_mail import HOP, happened, message

pytestmark = pytest.mark.django_db


def waits(*recipients, **values):
    found = message(*recipients, **values)
    happened(found, "RECEIVE")
    return found


def found(text, **more):
    query = QueryDict(mutable=True)
    query.update({"q": text, **more})
    return sorted(messages_matching(query).values_list("address", flat=True))


@pytest.mark.parametrize("most", [0, 10_000])
def test_each_word_begins_a_word_of_this_recipient_or_its_message(monkeypatch, most):
    """With the index of message tracking, and where that would name too many."""
    monkeypatch.setattr(selection, "MOST_LOOKED_AT", most)
    waits("bob@fabrikam.com", "eve@fabrikam.com", subject="Figures of May")
    waits("zoe@litware.com", sender="max@contoso.com", subject="Lunch")
    assert found("bob") == ["bob@fabrikam.com"], "and not eve, who waits for the same message"
    assert found("figures MAY") == ["bob@fabrikam.com", "eve@fabrikam.com"]
    assert found("max@contoso.com") == ["zoe@litware.com"] and found("max bob") == []
    assert len(found("")) == 3 and found("zoe", next_hop="no such") == []


def test_what_came_a_moment_ago_is_found_though_no_index_has_it_yet():
    happened(message("bob@fabrikam.com"), "RECEIVE")
    happened(message("eve@fabrikam.com"), "RECEIVE")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM tracking_search")
    assert found("bob") == ["bob@fabrikam.com"]
    reader = Reader.objects.create(name="search", transaction=2**60, event=0)
    assert found("bob") == []
    reader.delete()


def test_an_encoded_subject_is_found_as_it_is_read():
    waits("bob@fabrikam.com", subject="=?utf-8?Q?Gr=C3=BC=C3=9Fe?=")
    waits("eve@fabrikam.com", subject="Other")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tracking_search SET words = words || tracking_words('grüße') WHERE message_id = "
                       "(SELECT message_id FROM queues_recipient WHERE address = 'bob@fabrikam.com')")  # fmt: skip
    assert found("grüße") == ["bob@fabrikam.com"]


def test_what_was_redirected_is_found_by_the_address_that_gets_it_now():
    waits("bob@fabrikam.com")
    actions.redirect_recipients(SYSTEM, QueuedRecipient.objects.values_list("pk", flat=True), address="eve@litware.com")
    assert found("litware.com") == ["eve@litware.com"]


MANY = 20_000


def test_a_long_queue_is_searched_through_an_index(admin, monkeypatch):
    """Of 20,000 that wait the page reads the few that have the word, and counts no more than somebody pages through."""
    waits("bob@fabrikam.com", subject="needle")
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH m AS (INSERT INTO queues_message (id, accepted_at, transport, connector, revision, session_id,"
            " client_address, helo, tls, principal, authenticated, sender, subject, message_id, size, body_type,"
            " recipient_count, expires_at) SELECT gen_random_uuid(), accepted_at, transport, connector, revision, '',"
            " client_address, helo, tls, principal, authenticated, sender, 'hay', message_id, size, body_type, 1,"
            " expires_at FROM queues_message, generate_series(1, %s) RETURNING id)"
            " INSERT INTO queues_recipient (message_id, address, next_hop, due_at, notice_at)"
            " SELECT id, 'x@far.test', %s, now(), now() + interval '1 day' FROM m",
            [MANY, HOP],
        )
        cursor.execute("ANALYZE queues_recipient")
    with CaptureQueriesContext(connection) as asked:
        page = admin.get(reverse("queues:message-list"), {"q": "needle"})
    assert "bob@fabrikam.com" in page.text and "x@far.test" not in page.text
    assert not [each["sql"] for each in asked if "UPPER(" in each["sql"]]
    monkeypatch.setattr(selection, "MOST_LOOKED_AT", 0)
    page = admin.get(reverse("queues:message-list"), {"q": "far.test"}).text
    assert "more than 4,999" in page and "only among the 5,000 recipients" in page


@pytest.mark.parametrize("asked", ["common", "common -rare"])
def test_of_very_common_words_a_list_looks_through_what_is_due_first_and_says_so(admin, monkeypatch, asked):
    """A file and whatever is done to all mean all, and so does the search of a short queue."""
    monkeypatch.setattr(selection, "MOST_LOOKED_AT", 0)
    for name in ("a", "b", "c"):
        waits(f"{name}@fabrikam.com", subject="common")
    pages, every = reverse("queues:message-list"), ["a@fabrikam.com", "b@fabrikam.com", "c@fabrikam.com"]
    page = admin.get(pages, {"q": asked}).text
    assert "3 messages match" in page and "recipients whose next attempt comes" not in page
    monkeypatch.setattr(selection.first_matching, "__defaults__", (2,))
    page = admin.get(pages, {"q": asked}).text
    assert "more than 2 messages match" in page and "recipients whose next attempt comes" in page
    assert [name for name in every if name in page] == every[:2]
    assert found(asked) == every
    file = b"".join(admin.get(reverse("queues:message-csv"), {"q": asked}).streaming_content).decode()
    assert [name for name in every if name in file] == every


def test_the_search_of_everything_finds_what_the_list_finds(admin):
    waits("bob@fabrikam.com", subject="=?utf-8?Q?Figures?= of May")
    waits("eve@fabrikam.com", subject="Lunch")
    page = admin.get(reverse("overview:search"), {"q": "figures may"}).text
    assert "bob@fabrikam.com" in page and "eve@fabrikam.com" not in page
