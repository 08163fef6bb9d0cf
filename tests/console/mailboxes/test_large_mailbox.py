"""A list costs what its page costs, not what the mailbox holds."""

from __future__ import annotations

import os
from pathlib import Path
from statistics import median
from time import thread_time, time_ns
from uuid import uuid4

import pytest
from django.urls import reverse

from console.mailboxes import queries

pytestmark = pytest.mark.django_db

LARGE, SMALL = 50_000, 500


def fill(home: Path, local: str, count: int) -> Path:
    new = home / "mailboxes" / "contoso.com" / local / "new"
    new.mkdir(parents=True)
    for number in range(count):
        name = f"{1_700_000_000 + number}.{uuid4().hex}0123456789abcdef.gatepost"
        (new / name).write_bytes(b"From: Anna <anna@partner.example>\r\nSubject: Number %d\r\n\r\nText\r\n" % number)
    os.utime(new, (1_700_000_000, 1_700_000_000))  # what changed just now is not kept in memory
    return new.parent


@pytest.fixture
def times(admin, home):
    """Processor time of a page of a mailbox: right after something changed there, and again."""

    def times(box: Path, query: dict[str, str]) -> tuple[float, float]:
        def once() -> float:
            started = thread_time()
            answer = admin.get(reverse("mailboxes:message-list", args=["contoso.com", box.name]), query)
            assert answer.status_code == 200 and len(answer.context["table"]) == 50
            return thread_time() - started

        once()
        fresh = []
        for _ in range(5):
            queries._names.cache_clear()
            fresh.append(once())
        return median(fresh), median(once() for _ in range(5))

    return times


def test_a_page_of_50000_messages_costs_little_more_than_one_of_500(times, home):
    large, small = fill(home, "large", LARGE), fill(home, "small", SMALL)
    for query in ({}, {"page": "last"}, {"page": "7"}):
        fresh, again = times(large, query)
        usual, _again = times(small, query)
        assert fresh < 8 * usual, query
        assert again < 3 * usual, query


def shown(admin, box: Path, **query: str) -> list[str]:
    answer = admin.get(reverse("mailboxes:message-list", args=["contoso.com", box.name]), query)
    return [row["obj"].subject for row in answer.context["table"]]


def test_the_pages_of_a_mailbox_hold_every_message_once_newest_first(admin, home):
    box = fill(home, "bob", 120)
    pages = [shown(admin, box, page=str(number)) for number in (1, 2, 3)]
    assert [subject for page in pages for subject in page] == [f"Number {n}" for n in range(119, -1, -1)]


def test_what_comes_and_goes_is_seen_at_once(admin, home):
    """Names are kept while nothing changes: what changes must never be taken for that."""
    box = fill(home, "bob", 3)
    hour_ago = time_ns() - 3_600_000_000_000
    for folder in (box / "new", box):
        os.utime(folder, ns=(hour_ago, hour_ago))
    assert shown(admin, box) == shown(admin, box) == ["Number 2", "Number 1", "Number 0"]
    (box / "new" / "1800000000.x.gatepost").write_bytes(b"Subject: late\n\n")
    assert shown(admin, box)[0] == "late"
    (box / "new" / "1800000000.x.gatepost").unlink()
    assert shown(admin, box)[0] == "Number 2"
    for number in range(20):
        (box / "new" / f"19000000{number:02}.x.gatepost").write_bytes(b"Subject: quick %d\n\n" % number)
        assert shown(admin, box)[0] == f"quick {number}"


def test_messages_of_other_programs_and_seen_ones_stand_where_their_time_puts_them(admin, home):
    box = fill(home, "bob", 2)
    (box / "cur").mkdir()
    (box / "cur" / "1700000005.M1P2.host:2,S").write_bytes(b"Subject: seen\n\n")
    (box / "new" / "99.old").write_bytes(b"Subject: old\n\n")
    (box / "new" / "no-time").write_bytes(b"Subject: by its file\n\n")
    os.utime(box / "new" / "no-time", (1_700_000_001, 1_700_000_001))
    (box / "new" / ".hidden").write_bytes(b"")
    (box / "new" / "1800000000.folder").mkdir()
    assert shown(admin, box) == ["seen", "by its file", "Number 1", "Number 0", "old"]


def test_a_message_that_vanishes_while_the_list_is_made_is_left_out(home):
    box = fill(home, "bob", 3)
    found = queries.Mailbox(box).messages()
    next(box.joinpath("new").glob("1700000001*")).unlink()
    assert [each.subject for each in found[:]] == ["Number 2", "Number 0"]
    with pytest.raises(IndexError):
        found[1]
