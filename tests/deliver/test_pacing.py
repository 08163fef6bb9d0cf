"""Mail leaves as fast as the accounts may send, and no faster: the provider never has to refuse us."""

from __future__ import annotations

import threading
import time
from collections import Counter

import pytest

from console.credentials import actions as credentials
from tests.console.builders import ADMIN
from tests.deliver.fake_microsoft365 import MAILBOX, PASSWORD, Microsoft365
from tests.deliver.fake_provider import trusted
from transport.config.credential import CredentialKind, Secrets
from transport.config.send_connector import Provider, SmartHostAuth
from transport.deliver import pacing, worker
from transport.deliver.database import connect, pool
from transport.deliver.holds import lift
from transport.deliver.pacing import Budget
from transport.send import pacing as send_pacing
from transport.send.pacing import Quota, Window

pytestmark = pytest.mark.django_db(transaction=True)
READY = "SELECT count(*) FROM queues_recipient WHERE status = 'ready'"
SECOND = "second@contoso.com"
SHORT = 0.5
"""A minute, here."""


@pytest.fixture
def short(monkeypatch):
    """Minutes last half a second, and their margin is as short."""
    monkeypatch.setattr(send_pacing, "MINUTE", SHORT)
    monkeypatch.setattr(pacing, "MARGIN", SHORT / 10)
    monkeypatch.setattr(pacing, "SOON", SHORT / 10)


@pytest.fixture
def cloud(tmp_path, monkeypatch, configure, short):
    """Microsoft 365 with two mailboxes, both of them credentials of the connector Out."""
    made = Microsoft365(tmp_path)
    made.accounts, made.minute = {MAILBOX: PASSWORD, SECOND: PASSWORD}, SHORT
    made.send_as = {"ann@x.test"}

    def add(name, user, **limits):
        wanted = credentials.Wanted(user_name=user, **limits)
        credentials.add(ADMIN, name, CredentialKind.Password, wanted, Secrets(password=PASSWORD))

    with trusted(monkeypatch, tmp_path):
        add("First", MAILBOX)
        add("Second", SECOND)

        def cloud(*names, port=0):
            configure(
                smart_hosts=("localhost",), port=port or made.port, provider=Provider.Microsoft365,
                smart_host_auth_mechanism=SmartHostAuth.BasicAuthRequireTLS, authentication_credential=names,
            )  # fmt: skip
            return made

        cloud.add = add
        yield cloud
    made.close()


def empty(deliver, query, threads: int = 12, seconds: float = 150.0) -> None:
    """Threads of a worker, until nothing waits."""
    ends = time.monotonic() + seconds

    def work() -> None:
        while query(READY) != [(0,)] and time.monotonic() < ends:
            deliver()
            time.sleep(0.02)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert query(READY) == [(0,)]


@pytest.mark.parametrize(("names", "messages"), [(("First",), 1000), (("First", "Second"), 400)])
def test_all_mail_leaves_through_microsoft_365_without_one_throttled_reply(
    cloud, queued, deliver, query, names, messages
):
    made = cloud(*names)
    queued(*(f"u{number}@far.test" for number in range(messages)))
    began = time.monotonic()
    empty(deliver, query)
    took = time.monotonic() - began
    assert made.refusals == []
    assert len(made.messages) == messages
    assert took > (messages / 30 / len(names) - 1) * SHORT, "faster than it may be"
    shares = Counter(one.account for one in made.messages)
    assert len(shares) == len(names) and min(shares.values()) >= messages / 4
    assert query("SELECT max(attempts) FROM queues_recipient") == [(1,)]


def budget(most: int, seconds: float, number: int = 1) -> Budget:
    return Budget(pool(), number, Quota("First", None, (Window(seconds, most),)))


def test_a_grant_counts_until_its_window_has_gone_by(closed_pool, database_url, monkeypatch):
    monkeypatch.setattr(pacing, "MARGIN", 0.0)
    with budget(10, 60).granted(8) as grant:
        assert grant.most == 8
        grant.count(2, 2)
    with budget(10, 60).granted(100) as grant:
        assert grant.most == 8, "what was not sent is free again"
        with pytest.raises(pacing.Held) as told, budget(10, 60).granted(1):
            raise AssertionError("granted twice")
    assert told.value.account == "First" and "10 messages a minute" in str(told.value)


def test_what_a_dead_worker_was_granted_counts_as_sent(closed_pool, database_url, query):
    with budget(10, 60, number=77).granted(10):
        query("INSERT INTO queues_worker (number, name) VALUES (77, '') RETURNING 1")
        with connect() as connection:
            connection.execute("UPDATE queues_grant SET granted_at = granted_at")
            worker.bury_the_dead(connection)
        if query("SELECT count(*) FROM queues_worker WHERE number = 77") == [(1,)]:
            pytest.skip("PostgreSQL started just now: nobody is dead yet")
        ((messages, ended),) = query("SELECT messages, ended_at IS NOT NULL FROM queues_grant")
        assert (messages, ended) == (10, True)


def test_an_account_that_rests_leaves_its_mail_to_the_others_and_all_of_them_to_the_connector(
    cloud, queued, deliver, query
):
    made = cloud("First", "Second")
    made.accounts[SECOND] = "another one"
    made.recipients_per_day = 3
    queued(*(f"u{number}@far.test" for number in range(5)))
    for _ in range(4):
        deliver()
    assert len(made.messages) == 3
    words = dict(query("SELECT account, words FROM queues_hold"))
    assert "10,000" in words["First"] and query(READY) == [(2,)]
    with connect() as connection, connection.transaction():
        lift(connection, "Out")
    made.accounts[SECOND] = PASSWORD
    for _ in range(4):
        deliver()
    assert len(made.messages) == 5
    assert query("SELECT count(*) FROM queues_message WHERE origin = 'generated'") == [(0,)]


def test_an_account_that_cannot_sign_in_leaves_its_mail_to_the_others(cloud, queued, deliver, query):
    made = cloud("First", "Second")
    made.accounts[MAILBOX] = "another one"
    queued(*(f"u{number}@far.test" for number in range(5)))
    for _ in range(2):
        deliver()
    assert len(made.messages) == 5 and {one.account for one in made.messages} == {SECOND}
    ((account, words, until),) = query("SELECT account, words, until > now() FROM queues_hold")
    assert account == "First" and "535" in words and until


def test_when_no_account_can_sign_in_the_connector_rests(cloud, queued, deliver, query):
    made = cloud("First", "Second")
    made.accounts = {MAILBOX: "another one", SECOND: "another one"}
    queued("bob@far.test")
    for _ in range(4):
        deliver()
    assert len(made.messages) == 0
    assert {row[0] for row in query("SELECT account FROM queues_hold")} == {"", "First", "Second"}


def test_an_account_rests_in_whatever_case_its_connector_names_it(cloud, queued, deliver, query):
    made = cloud("FIRST", "second")
    made.recipients_per_day = 2
    queued(*(f"u{number}@far.test" for number in range(6)))
    for _ in range(6):
        deliver()
    assert len(made.messages) == 4
    assert {row[0] for row in query("SELECT account FROM queues_hold")} == {"", "First", "Second"}
    assert {row[0] for row in query("SELECT account FROM queues_grant")} == {"First", "Second"}


SPENT = "SELECT coalesce(sum(messages), 0), coalesce(sum(recipients), 0) FROM queues_grant"


def test_a_limit_of_a_day_counts_recipients_where_the_provider_does(cloud, journal, forward, deliver, query):
    cloud.add("Careful", "careful@contoso.com", messages_per_day=3)
    made = cloud("Careful")
    made.accounts["careful@contoso.com"], made.send_as = PASSWORD, {"ann@x.test"}
    journal.accept("a@far.test", "b@far.test", "c@far.test")
    forward()
    deliver()
    assert len(made.messages) == 1 and query(SPENT) == [(1, 3)]
    journal.accept("d@far.test")
    forward()
    deliver()
    assert query(READY) == [(1,)]
    ((words,),) = query("SELECT words FROM queues_hold WHERE account = 'Careful'")
    assert "3 recipients a day" in words


def test_what_the_provider_never_saw_is_given_back(cloud, queued, deliver, query):
    made = cloud("First", port=1)
    queued("bob@far.test")
    deliver()
    assert query("SELECT last_error LIKE '%refused%' FROM queues_nexthop WHERE key = 'smarthost:Out'") == [(True,)]
    assert query(SPENT) == [(0, 0)]
    cloud("First")
    made.accounts[MAILBOX] = "another one"
    query("UPDATE queues_nexthop SET retry_at = null RETURNING 1")
    deliver()
    assert query("SELECT words LIKE '%535%' FROM queues_hold") == [(True,)] and query(SPENT) == [(0, 0)]


def test_a_message_that_the_provider_refuses_may_count_there(cloud, queued, deliver, query):
    made = cloud("First")
    made.send_as = set()
    queued("bob@far.test")
    deliver()
    assert query("SELECT status FROM queues_recipient WHERE address = 'bob@far.test'") == [("failed",)]
    assert query(SPENT) == [(1, 1)]
