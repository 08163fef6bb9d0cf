"""Very much fails at once: its reports do not crowd out other mail for the next hop that they go to."""

from __future__ import annotations

from collections import Counter

import pytest

from transport.config.address_space import AddressSpace
from transport.config.send_connector import SendConnector
from transport.deliver import reports
from transport.deliver.reports import BURST, PACED, Pace

pytestmark = pytest.mark.django_db(transaction=True)
FAILED, OUT = "smarthost:Refuses", "smarthost:Out"
MANY, SLOWLY = BURST + 200, 0.1


@pytest.fixture
def refused(configure, sink, journal, forward, deliver, monkeypatch):
    """Many messages, from senders behind the next hop `Out`, to somebody whom nobody knows."""
    monkeypatch.setattr(reports, "PACE", Pace())
    monkeypatch.setattr(reports, "A_SECOND", SLOWLY)  # on a machine that has other things to do, too
    out, refuses = (
        SendConnector(name=name, address_spaces=(AddressSpace(space),), dns_routing_enabled=False,
                      smart_hosts=("[127.0.0.1]",), port=sink.port)
        for name, space in (("Out", "*"), ("Refuses", "nobody.test"))
    )  # fmt: skip
    configure(connectors=(out, refuses))
    sink.behave = lambda line, n: "550 5.1.1 unknown" if "bob@nobody.test" in line else None
    for _ in range(MANY):
        journal.accept("bob@nobody.test", sender="ann@far.test")
    forward()
    deliver(FAILED)


def test_other_mail_for_the_same_next_hop_leaves_among_the_first(refused, query, queued, deliver, sink):
    assert query("SELECT count(*) FROM queues_recipient WHERE status = 'failed'") == [(MANY,)]
    assert query("SELECT count(*) FROM queues_recipient WHERE next_hop = %s", OUT) == [(MANY,)], "all are told"
    queued("eve@far.test", sender="boss@x.test")
    deliver(OUT)
    came = Counter(one.sender for one in sink.arrived)
    assert came["boss@x.test"] == 1 and BURST <= came[""] < MANY
    assert query("SELECT max(due_at) < now() + %s * interval '1 second' FROM queues_recipient", MANY / SLOWLY) == [
        (True,)
    ], "and nobody waits longer than that"


def test_a_few_reports_leave_at_once_and_many_one_after_the_other():
    pace = Pace()
    assert {pace.due("a", 1000.0) for _ in range(BURST)} == {1000.0}
    assert [round(pace.due("a", 1000.0) - 1000.0, 3) for _ in range(3)] == [0.02, 0.04, 0.06]
    assert pace.due("b", 1000.0) == 1000.0, "each next hop for itself"
    assert pace.due("a", 1010.0) == 1010.0
    for number in range(PACED + 10):
        pace.due(str(number), 1010.0)
    assert len(pace._next) == PACED
