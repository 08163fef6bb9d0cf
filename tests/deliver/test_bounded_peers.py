"""A next hop that gives too much, too slowly or nonsense gets no more than `transport.config.bounds` says."""

import time

import msgspec
import pytest

from tests.deliver.content import until_the_dot
from tests.deliver.test_delivery import STATUS
from tests.deliver.test_hosts import HOP
from transport.config import bounds
from transport.deliver import rounds, smtp_client, smtp_relay
from transport.deliver.way import Asked

pytestmark = pytest.mark.django_db(transaction=True)
LINES, OCTETS = bounds.NEXT_HOP_REPLY.lines, bounds.NEXT_HOP_REPLY.octets


def greeting(lines, octets=0):
    """A greeting of so many lines, the first as long as it takes to make so many octets."""
    usual = [b"220-x\r\n"] * (lines - 1) + [b"220 x\r\n"]
    short = max(0, octets - sum(map(len, usual)))
    return b"".join([usual[0][:-2] + b"y" * short + b"\r\n", *usual[1:]])


def serve(peer, first=b"220 x\r\n", ehlo=b"250 x\r\n", verb=b"", answer=None):
    """A plain SMTP server with one answer of its own. `answer` may be a function of the socket."""
    file = peer.makefile("rb")
    peer.sendall(first)
    for line in file:
        if verb and line.upper().startswith(verb):
            if callable(answer):
                answer(peer)
                return
            peer.sendall(answer)
        elif line.startswith(b"EHLO"):
            peer.sendall(ehlo)
        elif line.startswith(b"DATA"):
            peer.sendall(b"354 go on\r\n")
            until_the_dot(file)
            peer.sendall(b"250 ok\r\n")
        else:
            peer.sendall(b"250 ok\r\n")


@pytest.mark.parametrize(
    ("lines", "octets", "taken"),
    [
        (LINES - 1, 0, True), (LINES, 0, True), (LINES + 1, 0, False),
        (2, OCTETS - 1, True), (2, OCTETS, True), (2, OCTETS + 1, False), (1, OCTETS + 1, False),
    ],
)  # fmt: skip
def test_a_reply_has_so_many_lines_and_octets_and_no_more(
    queued, deliver, configure, scripted, query, lines, octets, taken
):
    configure(port=scripted(lambda peer: serve(peer, first=greeting(lines, octets))).port)
    queued("bob@far.test")
    deliver()
    assert query(STATUS)[0][1] == ("delivered" if taken else "ready")
    if not taken:
        assert "a reply of more than" in query(HOP)[0][0]


def without_end(line):
    def pour(peer):
        while True:
            peer.sendall(line)

    return pour


@pytest.mark.parametrize("verb", ["", "EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("line", [b"250-" + b"A" * 60 + b"\r\n", b"A" * 1000, b"\r\n"])
def test_a_reply_without_end_ends(queued, deliver, configure, scripted, query, verb, line):
    pour = without_end(line)
    configure(port=scripted(pour if not verb else lambda peer: serve(peer, verb=verb.encode(), answer=pour)).port)
    queued("bob@far.test")
    deliver()
    assert query(STATUS)[0][1] == "ready"
    assert query("SELECT count(*) FROM queues_recipient WHERE claimed_by IS NOT NULL") == [(0,)]
    error = query(STATUS)[0][3] or query(HOP)[0][0]
    assert "a reply of more than" in error or "what came is no reply" in error


def drip(peer):
    """One octet at a time, each within any time-out for one octet."""
    while True:
        peer.sendall(b"2")
        time.sleep(0.05)


@pytest.mark.parametrize("verb", ["", "EHLO", "STARTTLS"])
def test_a_dripping_hello_ends_in_time(queued, deliver, configure, scripted, query, monkeypatch, verb):
    monkeypatch.setattr(bounds, "NEXT_HOP_HELLO", msgspec.structs.replace(bounds.NEXT_HOP_HELLO, seconds=0.5))
    ehlo = b"250-x\r\n250 STARTTLS\r\n"
    later = scripted(lambda peer: serve(peer, ehlo=ehlo, verb=verb.encode(), answer=drip))
    configure(port=later.port if verb else scripted(drip).port)
    queued("bob@far.test")
    before = time.monotonic()
    deliver()
    assert time.monotonic() - before < 5
    assert "timed out" in query(HOP)[0][0]


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
def test_a_dripping_reply_ends_in_time(queued, deliver, configure, scripted, query, monkeypatch, verb):
    monkeypatch.setattr(smtp_client, "COMMAND", 0.5)
    configure(port=scripted(lambda peer: serve(peer, verb=verb.encode(), answer=drip)).port)
    queued("bob@far.test")
    before = time.monotonic()
    deliver()
    assert time.monotonic() - before < 5
    assert "timed out" in (query(STATUS)[0][3] or query(HOP)[0][0])


def test_a_peer_that_takes_the_message_in_drops_ends_in_time(
    journal, forward, deliver, configure, scripted, query, monkeypatch
):
    monkeypatch.setattr(bounds, "NEXT_HOP_ATTEMPT", msgspec.structs.replace(bounds.NEXT_HOP_ATTEMPT, seconds=1.0))

    def sip(peer):
        peer.sendall(b"354 go on\r\n")
        while peer.recv(4096):
            time.sleep(0.05)

    configure(port=scripted(lambda peer: serve(peer, verb=b"DATA", answer=sip)).port)
    journal.accept_large("bob@far.test", 20 << 20)
    forward()
    before = time.monotonic()
    deliver()
    assert time.monotonic() - before < 10
    assert "timed out" in query(STATUS)[0][3]


def test_the_attempt_ends_in_time_over_all_hosts(queued, deliver, configure, scripted, sink, query, monkeypatch):
    monkeypatch.setattr(bounds, "NEXT_HOP_ATTEMPT", msgspec.structs.replace(bounds.NEXT_HOP_ATTEMPT, seconds=0.5))
    addresses = [f"127.0.0.{number}" for number in (71, 72, 73)]
    first, *others = [scripted(drip, address, sink.port) for address in addresses]
    configure(smart_hosts=tuple(f"[{address}]" for address in addresses))
    queued("bob@far.test")
    before = time.monotonic()
    deliver()
    assert time.monotonic() - before < 5
    assert (first.connections, [each.connections for each in others]) == (1, [0, 0])
    assert query(HOP)[0][1] == 1


@pytest.mark.parametrize("size", ["9" * 5000, "9" * 20, "-1", "x", "²", ""])
def test_an_impossible_size_is_no_reason_to_fail(queued, deliver, configure, scripted, query, size):
    configure(port=scripted(lambda peer: serve(peer, ehlo=f"250-x\r\n250 SIZE {size}\r\n".encode())).port)
    queued("bob@far.test")
    deliver()
    assert query(STATUS)[0][1:] == ("delivered", 1, "")


@pytest.mark.parametrize(
    "first",
    [b"\x15\x03\x01\x00\x02\x02\x46", b"SSH-2.0-OpenSSH_9.2\r\n", b"\x00" * 50 + b"\r\n", b"22\r\n", b"999 x\r\n",
     b"\xff\n", "²²⁰ x\r\n".encode()],
)  # fmt: skip
def test_what_is_no_smtp_is_a_failed_attempt_in_words(queued, deliver, configure, scripted, query, first):
    def talk(peer):
        peer.sendall(first)
        peer.shutdown(1)
        peer.recv(1)

    configure(port=scripted(talk).port)
    queued("bob@far.test")
    deliver()
    ((error, failures),) = query(HOP)
    assert failures == 1 and error.startswith("451 4.4.0 Primary target") and error.isprintable()


def test_whatever_goes_wrong_is_a_failed_attempt_of_that_next_hop(queued, deliver, configure, query, monkeypatch):
    class Broken:
        """A way out that nobody foresaw."""

        reached = False
        lingers = 0.0
        asked = Asked()

        def send(self, parcels):
            raise OverflowError("a number too large")

        def close(self):
            pass

    configure()
    queued("bob@far.test")
    monkeypatch.setattr(rounds, "way_for", lambda *_: Broken())
    deliver()
    ((error, failures, waits),) = query("SELECT last_error, retry_count, retry_at > now() FROM queues_nexthop")
    assert (error, failures, waits) == ("451 4.3.0 OverflowError: a number too large", 1, True)
    assert query("SELECT status, claimed_by FROM queues_recipient") == [("ready", None)]


def test_a_message_that_cannot_be_sent_waits_and_the_others_do_not(
    journal, forward, deliver, configure, sink, query, monkeypatch
):
    usual = smtp_relay.fit

    def fit(parcel, offered, pieces):
        if parcel.sender.startswith("odd"):
            raise ValueError("an odd message")
        return usual(parcel, offered, pieces)

    monkeypatch.setattr(smtp_relay, "fit", fit)
    configure()
    for sender in ("ann", "odd", "zoe"):
        journal.accept("bob@far.test", sender=f"{sender}@x.test")
    forward()
    deliver()
    assert [row[1:] for row in query(STATUS)] == [
        ("delivered", 1, ""), ("ready", 1, "451 4.3.0 ValueError: an odd message"), ("delivered", 1, ""),
    ]  # fmt: skip


@pytest.mark.parametrize("count", [bounds.HOST_LIST.lines, bounds.HOST_LIST.lines + 1])
def test_of_a_host_list_only_the_best_are_looked_up(queued, deliver, dns, sink, query, count):
    """Only the last one has an address."""
    records = {("far.test", "MX"): [f"{number} m{number}.far.test." for number in range(1, count + 1)]}
    server = dns(records | {(f"m{count}.far.test", "A"): ["127.0.0.1"]})
    queued("bob@far.test")
    deliver("domain:Out:far.test")
    assert len(sink.arrived) == (count <= bounds.HOST_LIST.lines)
    assert len({name for name, _ in server.asked if name.startswith("m")}) == bounds.HOST_LIST.lines


def test_a_connector_gives_a_silent_server_as_long_as_it_says(queued, deliver, configure, scripted, query):
    """ConnectionInactivityTimeOut; its default is 10 minutes."""
    configure(port=scripted(lambda peer: peer.recv(1)).port, connection_inactivity_time_out=1)
    queued("bob@far.test")
    before = time.monotonic()
    deliver()
    assert 0.9 <= time.monotonic() - before < 8
    assert "timed out" in query("SELECT last_error FROM queues_nexthop")[0][0]
    assert query("SELECT status, attempts FROM queues_recipient") == [("ready", 0)]
