"""Oversize messages of a Send connector leave at times of their own, beside the others."""

from datetime import datetime

import pytest

from transport.config import timetable
from transport.config.send_connector import DeliveryWindow
from transport.deliver import routing

pytestmark = pytest.mark.django_db(transaction=True)
IN_THREE_DAYS = (f"{timetable.DAYS[(datetime.now().weekday() + 3) % 7]} 12:00",)
ALWAYS = ("00:00-24:00",)
HOPS = "SELECT address, next_hop FROM queues_recipient ORDER BY id"
STATUS = "SELECT address, status, attempts FROM queues_recipient ORDER BY id"
USUAL, LARGE = "smarthost:Out", "oversize:smarthost:Out"


@pytest.fixture
def two(journal, forward, closed_pool):
    """A small message for bob, and a large one for eve."""

    def two():
        journal.accept("bob@far.test")
        journal.accept("eve@far.test", content=b"Subject: Plans\r\n\r\n" + b"x" * 70 * 1024)
        forward()

    return two


def test_large_messages_wait_for_their_time_while_the_others_leave(two, configure, deliver, sink, query):
    configure(oversize_limit=65536, oversize_delivery_times=IN_THREE_DAYS)
    two()
    assert query(HOPS) == [("bob@far.test", USUAL), ("eve@far.test", LARGE)]
    deliver(LARGE)
    deliver(USUAL)
    assert query(STATUS) == [("bob@far.test", "delivered", 1), ("eve@far.test", "ready", 0)]
    ((words, hours),) = query(
        "SELECT last_error, extract(epoch FROM retry_at - now()) / 3600 FROM queues_nexthop WHERE key = %s", LARGE
    )
    assert words.endswith("day at 12:00.") and 48 < hours < 96


@pytest.mark.parametrize("window", [DeliveryWindow.Timetable, DeliveryWindow.OnTrigger])
def test_at_night_only_the_large_ones_leave(two, configure, deliver, sink, query, window):
    configure(
        delivery_window=window, delivery_times=IN_THREE_DAYS, oversize_limit=65536, oversize_delivery_times=ALWAYS
    )
    two()
    deliver(USUAL)
    deliver(LARGE)
    assert query(STATUS) == [("bob@far.test", "ready", 0), ("eve@far.test", "delivered", 1)]


def test_what_is_oversize_no_more_goes_with_the_others(two, configure, deliver, sink, query):
    configure(oversize_limit=65536, oversize_delivery_times=IN_THREE_DAYS)
    two()
    deliver(LARGE)
    configure(oversize_limit=1000000, oversize_delivery_times=IN_THREE_DAYS)
    assert routing.reroute() == 1
    deliver(USUAL)
    assert len(sink.arrived) == 2


def test_without_times_none_is_oversize(two, configure, query):
    configure(oversize_limit=65536)
    two()
    assert {hop for _, hop in query(HOPS)} == {USUAL}
