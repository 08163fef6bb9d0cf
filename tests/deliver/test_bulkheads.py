"""However many next hops are silent, mailboxes and those who take mail wait for none of them."""

import socket
import threading
import time
from functools import partial

import msgspec
import pytest

from tests import conftest
from tests.deliver.test_bounded_peers import drip, serve
from tests.deliver.test_hosts import HOP
from transport.config import bounds
from transport.deliver import slots
from transport.deliver.slots import PART, SLOTS, Standing

wait_for = partial(conftest.wait_for, seconds=60)
pytestmark = pytest.mark.django_db(transaction=True)
CELERY = ("-m", "celery", "--app", "console", "--quiet")
WORKER = (*CELERY, "worker", "--pool", "threads", "--without-gossip", "--without-mingle")
STRANGERS = PART[Standing.NEW]
SILENT = "127.0.0.81"


class Silent:
    """Takes every connection and never says a word."""

    def __init__(self, port: int) -> None:
        self.open: list[socket.socket] = []
        self._listener = socket.create_server((SILENT, port), backlog=1000)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                self.open.append(self._listener.accept()[0])
            except OSError:
                return

    def close(self) -> None:
        self._listener.close()
        for connection in self.open:
            connection.close()


@pytest.fixture
def silent(sink):
    found = Silent(sink.port)
    yield found
    found.close()


@pytest.fixture
def celery(process):
    """Both workers as `make run` starts them, and no beat: delivery needs none."""
    process(*WORKER, "-n", "worker@%h", "--queues", "gatepost", "--concurrency", "30")
    process(*WORKER, "-n", "outbound@%h", "--queues", "gatepost-outbound", "--concurrency", "100")


@pytest.fixture
def zone(dns):
    """One more silent domain than strangers have places, and one that takes mail."""
    names = [f"d{number}.silent.test" for number in range(STRANGERS + 1)]
    records = {(name, "MX"): ["10 mx.silent.test."] for name in names} | {("mx.silent.test", "A"): [SILENT]}
    dns(records | {("healthy.test", "MX"): ["10 mx.healthy.test."], ("mx.healthy.test", "A"): ["127.0.0.1"]})
    return names


def test_silent_next_hops_hold_their_part_and_everybody_elses_mail_leaves(
    zone, silent, sink, celery, queued, query, home
):
    queued("bob@healthy.test")
    wait_for(lambda: len(sink.arrived) == 1, "the healthy next hop gets nothing")
    queued(*(f"x@{name}" for name in zone))
    wait_for(lambda: len(silent.open) >= STRANGERS, "the silent next hops are not tried")
    queued("ann@x.test", "eve@healthy.test")
    wait_for(lambda: len(sink.arrived) == 2, "the healthy next hop waits for silent ones")
    wait_for(lambda: list((home / "mailboxes").rglob("new/*")), "the mailbox waits for next hops")
    ((waiting, held),) = query("SELECT count(*), count(claimed_by) FROM queues_recipient WHERE address LIKE 'x@d%'")
    assert waiting == STRANGERS + 1
    assert held <= STRANGERS


def test_in_the_press_a_host_that_does_not_even_connect_leaves_the_turn_to_the_next_one(
    dns, sink, queued, deliver, query, monkeypatch
):
    monkeypatch.setattr(slots, "HASTE", 0.5)
    monkeypatch.setattr(slots, "SLOW", 0)
    with socket.create_server((SILENT, sink.port), backlog=0) as full:
        held = [socket.socket() for _ in range(4)]
        for one in held:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        dns({
            ("far.test", "MX"): ["10 mx1.far.test.", "20 mx2.far.test."],
            ("mx1.far.test", "A"): [SILENT], ("mx2.far.test", "A"): ["127.0.0.1"],
        })  # fmt: skip
        queued("bob@far.test")
        SLOTS.want([Standing.NEW])
        before = time.monotonic()
        deliver("domain:Out:far.test")
        SLOTS.want([])
        for one in held:
            one.close()
    assert time.monotonic() - before < 20
    assert query("SELECT status FROM queues_recipient") == [("delivered",)]


BRIEF = 0.6


@pytest.fixture
def brief(monkeypatch):
    row = msgspec.structs.replace(bounds.NEXT_HOP_IN_THE_WAY, seconds=BRIEF)
    monkeypatch.setattr(bounds, "NEXT_HOP_IN_THE_WAY", row)
    yield
    SLOTS.want([])


def hush(peer):
    peer.recv(1)


@pytest.mark.parametrize("answer", [hush, drip])
@pytest.mark.parametrize("verb", ["", "EHLO", "MAIL", "RCPT", "DATA"])
def test_a_next_hop_in_the_way_of_others_gives_its_place_to_them(
    queued, deliver, configure, scripted, query, brief, verb, answer
):
    """Overfills bounds.NEXT_HOP_IN_THE_WAY: without others it might take `NEXT_HOP_REPLY`, minutes."""
    SLOTS.want([Standing.KNOWN])
    configure(port=scripted(lambda peer: serve(peer, verb=verb.encode(), answer=answer) if verb else answer(peer)).port)
    queued("bob@far.test")
    before = time.monotonic()
    deliver()
    assert BRIEF / 2 <= time.monotonic() - before < 10
    ((error, failures),) = query(HOP)
    assert failures == 1 and "it took long, and others wait for its place" in error
    assert query("SELECT status, claimed_by FROM queues_recipient") == [("ready", None)]


@pytest.mark.parametrize("wanted", [[], [Standing.NEW]])
def test_a_slow_next_hop_keeps_its_place_while_no_one_needs_it(
    queued, deliver, configure, scripted, query, brief, wanted
):
    SLOTS.want(wanted)
    configure(port=scripted(lambda peer: (time.sleep(3 * BRIEF), serve(peer))).port)
    queued("bob@far.test")
    deliver()
    assert query("SELECT status FROM queues_recipient") == [("delivered",)]
