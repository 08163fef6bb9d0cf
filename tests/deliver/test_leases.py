"""How many connections there are at one time: exactly as many as the limits say, whoever delivers and whoever dies."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import ExitStack
from functools import partial

import psycopg
import pytest

from tests import conftest
from transport.config.address_space import AddressSpace
from transport.config.send_connector import SendConnector
from transport.config.transport_limits import TransportLimits
from transport.deliver.database import pool
from transport.deliver.leases import Leases, Wanted
from transport.deliver.worker import WORKER

wait_for = partial(conftest.wait_for, seconds=60)
pytestmark = pytest.mark.django_db(transaction=True)
OUTBOUND = [
    *("-m", "celery", "--app", "console", "--quiet", "worker", "--pool", "threads", "--concurrency", "30"),
    *("--without-gossip", "--without-mingle", "--queues", "gatepost-outbound"),
]
READY = "SELECT count(*) FROM queues_recipient WHERE status = 'ready'"
LEASED = "SELECT count(*) FROM queues_lease WHERE hop <> ''"


def to(hop: str = "smarthost:Out", most: int | None = None, of_connector: int | None = None, of_hop: int | None = None,
       connector: str = "Out", strange: bool = False) -> Wanted:  # fmt: skip
    return Wanted(hop, connector, strange, most, of_connector, of_hop)


def admitted(wishes: list[Wanted], leases: Leases | None = None) -> list[bool]:
    """Which of them may, each while those before it are there."""
    with ExitStack() as stack:
        every = leases or Leases()
        return [stack.enter_context(every.taken(pool(), WORKER.number, wish)) is not None for wish in wishes]


def test_each_limit_binds_and_none_is_no_limit(closed_pool, database_url):
    assert admitted([to(most=2)] * 3) == [True, True, False]
    assert admitted([to(of_hop=1), to(of_hop=1), to("domain:Out:x.test", of_hop=1)]) == [True, False, True]
    assert admitted([to(of_connector=1), to("other", of_connector=1), to(connector="B", of_connector=1)]) == [
        True, False, True,
    ]  # fmt: skip
    assert admitted([to()] * 30) == [True] * 30


def test_strangers_have_half_of_all_connections(closed_pool, database_url):
    strangers = [to(f"domain:Out:d{number}.test", most=4, strange=True) for number in range(3)]
    assert admitted([*strangers, to(most=4), to(most=4), to(most=4)]) == [True, True, False, True, True, False]


def test_a_lease_that_is_given_back_is_free(closed_pool, database_url, query):
    leases = Leases()
    for _ in range(3):
        assert admitted([to(most=1)], leases) == [True]
    assert query(LEASED) == [(0,)]
    assert query("SELECT count(*) FROM queues_lease") == [(1,)]


def test_leases_that_were_lost_come_back_and_those_that_were_left_go(closed_pool, database_url, query):
    leases = Leases()
    query("INSERT INTO queues_worker (number, name) VALUES (%s, '') RETURNING 1", WORKER.number)
    with psycopg.connect(database_url, autocommit=True) as connection:
        with leases.taken(pool(), WORKER.number, to()):
            query("DELETE FROM queues_lease RETURNING 1")
            leases.keep(connection, WORKER.number)
            assert query(LEASED) == [(1,)]
        query("UPDATE queues_lease SET hop = 'smarthost:Out' RETURNING 1")
        leases.keep(connection, WORKER.number)
        assert query(LEASED) == [(0,)]


def test_who_got_no_lease_counts_nowhere_while_leases_are_put_right(closed_pool, database_url, query, monkeypatch):
    """Else a connection that there may not be would hold up one that there may."""
    leases = Leases()
    query("INSERT INTO queues_worker (number, name) VALUES (%s, '') RETURNING 1", WORKER.number)
    take = leases._take

    def takes(*what):
        with psycopg.connect(database_url, autocommit=True) as connection:
            leases.keep(connection, WORKER.number)
        assert query(LEASED) == [(0,)]
        return take(*what)

    monkeypatch.setattr(leases, "_take", takes)
    assert admitted([to(of_hop=1)], leases) == [True]


class Counting:
    """Notes how many connections a slow sink has at one time, by its threads. One that has said QUIT is over, though
    its thread may end later than the next one begins.
    """

    def __init__(self, sink) -> None:
        self.most = 0
        self._open: set[int] = set()
        self._lock = threading.Lock()
        handle = sink.RequestHandlerClass.handle

        def counted(talk) -> None:
            with self._lock:
                self._open.add(threading.get_ident())
                self.most = max(self.most, len(self._open))
            try:
                handle(talk)
            finally:
                self._ends()

        sink.RequestHandlerClass = type("Counted", (sink.RequestHandlerClass,), {"handle": counted})
        sink.behave = self._behave

    def _behave(self, line: str, n: int) -> None:
        if line == "QUIT":
            self._ends()
        slow(line, n)

    def _ends(self) -> None:
        with self._lock:
            self._open.discard(threading.get_ident())


def slow(line: str, n: int) -> None:
    if line == ".":
        time.sleep(0.02)


@pytest.mark.parametrize(("limits", "most"), [((3, None), 3), ((None, 2), 2)])
def test_two_workers_never_open_more_connections_than_there_may_be(
    configure, queued, sink, process, query, limits, most
):
    counting = Counting(sink)
    every, of_one = limits
    configure(limits=TransportLimits(max_outbound_connections=every, max_per_domain_outbound_connections=of_one))
    queued(*(f"u{number}@far.test" for number in range(400)))
    for name in ("one", "two"):
        process(*OUTBOUND, "-n", f"{name}@%h")
    wait_for(lambda: query(READY) == [(0,)], "mail waits")
    assert len(sink.arrived) == 400
    assert counting.most == most


def test_a_worker_that_dies_gives_its_leases_back(configure, queued, sink, process, query):
    """And nothing is lost, or arrives a third time."""
    sink.behave = slow
    configure(limits=TransportLimits(max_outbound_connections=2, max_per_domain_outbound_connections=2))
    queued(*(f"u{number}@far.test" for number in range(300)))
    first = process(*OUTBOUND, "-n", "one@%h")
    wait_for(lambda: len(sink.arrived) > 50, "nothing is delivered")
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert query(LEASED)[0][0] > 0
    process(*OUTBOUND, "-n", "two@%h")
    wait_for(lambda: query(READY) == [(0,)], "mail waits")
    wait_for(lambda: query(LEASED) == [(0,)], "a lease is left")
    arrived = [recipient for one in sink.arrived for recipient in one.recipients]
    assert len(set(arrived)) == 300 and max(map(arrived.count, arrived)) <= 2


def test_nobody_is_left_out_for_long_by_who_has_much_mail(configure, queued, sink, sink_at, process, query):
    """One connection for all, and one next hop with more mail than it takes in a minute."""
    other = sink_at("127.0.0.63")
    sink.behave = lambda line, n: time.sleep(0.1) if line == "." else None
    connectors = tuple(
        SendConnector(name=name, address_spaces=(AddressSpace(space),), dns_routing_enabled=False,
                      smart_hosts=(host,), port=sink.port)
        for name, space, host in (("Busy", "*", "[127.0.0.1]"), ("Other", "other.test", "[127.0.0.63]"))
    )  # fmt: skip
    configure(connectors=connectors, limits=TransportLimits(max_outbound_connections=1))
    queued(*(f"u{number}@far.test" for number in range(600)))
    process(*OUTBOUND, "-n", "one@%h")
    wait_for(lambda: len(sink.arrived) > 10, "nothing is delivered")
    began = time.monotonic()
    queued("bob@other.test")
    wait_for(lambda: len(other.arrived) == 1, "the other next hop is left out")
    assert time.monotonic() - began < 30, "it waited for half of the others"
    assert query(READY) != [(0,)]
