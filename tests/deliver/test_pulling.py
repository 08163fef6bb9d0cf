"""Asking a server that keeps our mail: ETRN, by timetable, by hand, after sending; and servers that mean no good."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from transport.config import bounds
from transport.config.send_connector import RequestMail
from transport.deliver import pulling
from transport.deliver.database import pool

pytestmark = pytest.mark.django_db(transaction=True)
STATE = "SELECT words, is_refused FROM connectors_pull WHERE asked_at IS NOT NULL"
MONDAY = time.mktime((2026, 11, 30, 8, 0, 0, 0, 0, -1))


@pytest.fixture
def asking(configure, sink, closed_pool):
    """A connector that asks the sink for mail."""
    sink.extensions = ("ETRN",)

    def asking(*domains, **changes):
        configure(request_mail=RequestMail.Etrn, request_mail_domains=domains or ("branch.test",), **changes)

    return asking


def test_each_domain_is_asked_for_and_what_came_of_it_is_told(asking, sink, query):
    asking("branch.test", "@shops.test", "other.test")
    sink.behave = lambda line, n: {"ETRN branch.test": "253 4 pending", "ETRN other.test": "459 Not you"}.get(line)
    pulling.pull("Out")
    assert sink.commands[-4:] == ["ETRN branch.test", "ETRN @shops.test", "ETRN other.test", "QUIT"]
    assert query(STATE) == [(
        "other.test: refused (459 Not you); branch.test: mail is on its way (253 4 pending); "
        "@shops.test: mail is on its way (250 2.0.0 Ok)", True,
    )]  # fmt: skip


def test_a_different_server_is_asked_where_one_is_named(asking, sink, query):
    asking(port=1, request_mail_server=f"[127.0.0.1]:{sink.port}")
    pulling.pull("Out")
    assert query(STATE) == [("branch.test: mail is on its way (250 2.0.0 Ok)", False)]


def test_a_server_that_is_not_there_is_told_in_words(asking, query):
    asking(request_mail_server="[127.0.0.1]:1")
    pulling.pull("Out")
    assert query(STATE) == [("[127.0.0.1]: Connection refused", True)]


def quarter(now):
    return pulling.due(now)


def test_each_quarter_of_an_hour_asks_once_however_many_workers_look(asking):
    asking(request_mail_times=("Mon-Fri 08:00-08:30", "Sat 22:15"))
    with ThreadPoolExecutor(8) as workers:
        found = list(workers.map(quarter, [MONDAY + second for second in range(16)]))
    assert [name for names in found for name in names] == ["Out"]
    assert pulling.due(MONDAY + 899) == []
    assert pulling.due(MONDAY + 900) == ["Out"]
    assert pulling.due(MONDAY + 1800) == []
    assert pulling.due(MONDAY + 5 * 86400 + 14 * 3600 + 900) == ["Out"]


def test_a_clock_that_is_set_back_asks_for_nothing_twice(asking):
    asking(request_mail_times=("Mon 08:00-18:00",))
    assert pulling.due(MONDAY + 3600) == ["Out"]
    assert pulling.due(MONDAY) == []


def test_who_asks_by_hand_is_served_once(asking):
    asking()
    for _ in range(3):
        with pool().connection() as connection:
            pulling.want(connection, "Out")
    assert pulling.due(MONDAY) == ["Out"]
    assert pulling.due(MONDAY) == []


def test_after_sending_mail_is_asked_for_but_once_a_minute(asking, queued, deliver, query):
    asking(request_mail_when_sending=True)
    queued("anna@far.test", "bert@far.test")
    deliver()
    assert pulling.due(MONDAY) == ["Out"]
    pulling.pull("Out")
    queued("carl@far.test")
    deliver()
    assert pulling.due(MONDAY) == []
    query("UPDATE connectors_pull SET asked_at = now() - interval '61 seconds' RETURNING 1")
    queued("dora@far.test")
    deliver()
    assert pulling.due(MONDAY) == ["Out"]


def test_without_that_setting_sending_asks_for_nothing(asking, queued, deliver):
    asking()
    queued("anna@far.test")
    deliver()
    assert pulling.due(MONDAY) == []


def test_a_connector_that_asks_no_more_asks_for_nothing(asking, configure, sink, query):
    configure()
    pulling.pull("Out")
    assert not sink.commands and query(STATE) == []


def test_a_server_that_drips_its_answer_is_given_up(asking, scripted, monkeypatch, query):
    def drip(client):
        client.sendall(b"220 isp\r\n")
        for _ in range(200):
            client.sendall(b"2")
            time.sleep(0.05)

    monkeypatch.setattr(pulling, "AT_MOST", 0.5)
    assert bounds.PULL.seconds
    asking(request_mail_server=f"[127.0.0.1]:{scripted(drip).port}")
    began = time.monotonic()
    pulling.pull("Out")
    assert time.monotonic() - began < 5
    assert query(STATE) == [("[127.0.0.1]: timed out", True)]


def test_what_a_server_says_without_end_is_cut(asking, sink, query):
    asking(*(f"d{number}.test" for number in range((bounds.PULL.lines or 0) + 5)))
    sink.behave = lambda line, n: f"459 {'x' * 2000}" if line.startswith("ETRN") else None
    pulling.pull("Out")
    assert sum(command.startswith("ETRN") for command in sink.commands) == bounds.PULL.lines
    ((words, refused),) = query(STATE)
    assert refused and len(words) < 8000 and words.endswith("; and 990 more")
