"""A process that delivers is to end: what is in hand comes to an end within seconds, and nothing is counted for it."""

from __future__ import annotations

import threading

import pytest

from tests.deliver.content import until_the_dot
from tests.deliver.test_bounded_peers import serve
from tests.deliver.test_hosts import HOP
from tests.waiting import wait_for
from transport.deliver import slots, smtp_connection
from transport.deliver.dispatch import DISPATCH
from transport.deliver.slots import SLOTS

pytestmark = pytest.mark.django_db(transaction=True)
STATUS = "SELECT status, claimed_by, attempts, last_error FROM queues_recipient"


@pytest.fixture
def end(monkeypatch):
    """As SIGTERM does; undone afterwards."""
    monkeypatch.setattr(smtp_connection, "SLICE", 0.05)
    for name in ("_stopping", "_over_at"):
        monkeypatch.setattr(SLOTS, name, getattr(SLOTS, name))

    def end(seconds):
        monkeypatch.setattr(slots, "FINISH", seconds)
        SLOTS.stop()

    return end


@pytest.mark.parametrize("verb", [b"EHLO", b"RCPT", b"DATA", b"STARTTLS"])
def test_a_host_that_says_nothing_is_left_and_its_mail_goes_to_who_comes_next(
    queued, deliver, configure, scripted, query, end, verb
):
    asked = threading.Event()

    def silent(peer):
        if verb == b"STARTTLS":
            peer.sendall(b"220 go on\r\n")
        asked.set()
        while peer.recv(1):
            pass

    configure(port=scripted(lambda peer: serve(peer, ehlo=b"250-x\r\n250 STARTTLS\r\n", verb=verb, answer=silent)).port)
    queued("bob@far.test")
    delivering = threading.Thread(target=deliver)
    delivering.start()
    assert asked.wait(10)
    end(0.1)
    delivering.join(5)
    assert not delivering.is_alive()
    assert query(STATUS) == [("ready", None, 0, "")] and query(HOP) == [("", 0)]


def test_who_has_all_of_a_message_is_heard(queued, deliver, configure, scripted, query, end):
    """Asked again, it would hand it out twice."""
    has_it, say = threading.Event(), threading.Event()

    def takes_its_time(peer):
        peer.sendall(b"354 go on\r\n")
        with peer.makefile("rb") as file:
            until_the_dot(file)
        has_it.set()
        say.wait(10)
        peer.sendall(b"250 ok\r\n")
        peer.recv(1)

    configure(port=scripted(lambda peer: serve(peer, verb=b"DATA", answer=takes_its_time)).port)
    queued("bob@far.test")
    delivering = threading.Thread(target=deliver)
    delivering.start()
    assert has_it.wait(10)
    end(0.0)
    assert not say.wait(0.3), "it would have left by now"
    say.set()
    wait_for(lambda: not delivering.is_alive(), "it does not end")
    assert query("SELECT status FROM queues_recipient") == [("delivered",)]


def test_mail_that_comes_while_the_last_thread_leaves_is_looked_for_soon(queued, deliver, configure, monkeypatch):
    configure()
    queued("bob@far.test")
    monkeypatch.setattr(DISPATCH, "missed", False)
    more = SLOTS.more

    def comes_just_then(hop, seconds, alone=False):
        found = more(hop, seconds, alone)
        SLOTS.wake(hop)
        return found

    monkeypatch.setattr(SLOTS, "more", comes_just_then)
    deliver()
    assert DISPATCH.missed
