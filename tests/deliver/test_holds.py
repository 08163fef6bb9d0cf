"""A connector that may not send now: its mail waits, no message is to blame, and it ends by itself or by a hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from transport.deliver import holds, routing, ways_out
from transport.deliver.database import pool
from transport.deliver.smtp_relay import SmtpRelay
from transport.deliver.way import Held, Outcome, Whose
from transport.send.parcel import Parcel
from transport.send.route import DeliveryType

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = "535 5.7.3 Authentication unsuccessful"
HOLDS = "SELECT connector, account, words, is_fault, until IS NULL FROM queues_hold"
WAITING = "SELECT status, attempts, claimed_by FROM queues_recipient"
HOP = "SELECT retry_count, last_error, retry_at > now() FROM queues_nexthop WHERE key = 'smarthost:Out'"


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Callable[[Held | None], None]:
    """A way out that may send nothing."""

    def say(error: Held | None) -> None:
        class Holding(SmtpRelay):
            def send(self, parcels: list[Parcel]) -> Iterator[Outcome]:
                if error is not None:
                    raise error
                yield from super().send(parcels)

        _, find = ways_out.RELAYS[DeliveryType.SMART_HOST]
        monkeypatch.setitem(ways_out.RELAYS, DeliveryType.SMART_HOST, (Holding, find))

    return say


def test_a_connector_that_is_stopped_keeps_its_mail_until_it_is_lifted(configure, queued, deliver, query, held, sink):
    configure()
    queued("bob@far.test")
    held(Held(None, WORDS, is_fault=True))
    deliver()
    assert query(HOLDS) == [("Out", "", WORDS, True, True)]
    assert query(WAITING) == [("ready", 0, None)]
    assert query(HOP) == [(0, "", None)]
    held(None)
    deliver()
    assert not sink.arrived
    with pool().connection() as connection, connection.transaction():
        assert holds.lift(connection, "Out") == [WORDS]
    deliver()
    assert len(sink.arrived) == 1


def test_a_hold_ends_by_itself(configure, queued, deliver, query, held, sink):
    configure()
    queued("bob@far.test")
    held(Held(time.time() + 60, WORDS))
    deliver()
    held(None)
    deliver()
    assert not sink.arrived
    query("UPDATE queues_hold SET until = now() RETURNING 1")
    deliver()
    assert len(sink.arrived) == 1


def test_a_next_hop_that_rests_has_not_failed(configure, queued, deliver, query, held):
    configure()
    queued("bob@far.test")
    held(Held(time.time() + 60, "432 4.3.2 Concurrent connections limit exceeded", Whose.HOP))
    deliver()
    assert query(HOLDS) == []
    assert query(HOP) == [(0, "432 4.3.2 Concurrent connections limit exceeded", True)]
    assert query(WAITING) == [("ready", 0, None)]


def test_saving_the_connector_lifts_it_and_saving_another_does_not(configure, queued, deliver, query, held):
    configure()
    queued("bob@far.test")
    held(Held(None, WORDS, is_fault=True))
    deliver()
    configure()
    routing.reroute()
    assert len(query(HOLDS)) == 1
    configure(comment="Mended")
    routing.reroute()
    assert query(HOLDS) == []
