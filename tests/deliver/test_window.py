"""A Send connector that delivers by a timetable: outside of it mail waits, and no attempt is counted."""

from datetime import datetime

import pytest

from transport.config import timetable
from transport.config.send_connector import DeliveryWindow
from transport.deliver import routing

pytestmark = pytest.mark.django_db(transaction=True)
IN_THREE_DAYS = timetable.DAYS[(datetime.now().weekday() + 3) % 7]


def test_outside_of_its_times_mail_waits_and_no_attempt_is_counted(queued, configure, deliver, sink, query):
    configure(delivery_window=DeliveryWindow.Timetable, delivery_times=(f"{IN_THREE_DAYS} 12:00",))
    queued("bob@far.test")
    deliver()
    assert sink.connections == 0
    assert query("SELECT status, attempts, last_error FROM queues_recipient") == [("ready", 0, "")]
    ((words, is_fault, hours),) = query(
        "SELECT words, is_fault, extract(epoch FROM until - now()) / 3600 FROM queues_hold"
    )
    assert words.endswith("day at 12:00.") and not is_fault and 48 < hours < 96
    configure(delivery_window=DeliveryWindow.Always)
    routing.reroute()
    deliver()
    assert len(sink.arrived) == 1


def test_within_its_times_mail_leaves(queued, configure, deliver, sink):
    configure(delivery_window=DeliveryWindow.Timetable, delivery_times=("00:00-24:00",))
    queued("bob@far.test")
    deliver()
    assert len(sink.arrived) == 1
