"""When a Send connector with a timetable delivers."""

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from transport.config import timetable
from transport.config.send_connector import DeliveryWindow, SendConnector
from transport.send.window import closed_until

OFFICE = SendConnector(name="Out", delivery_window=DeliveryWindow.Timetable, delivery_times=("Mon-Fri 08:00-18:00",))
SUNDAY = datetime(2026, 11, 29, 16, 7, 30)


def test_a_closed_connector_says_when_it_opens() -> None:
    assert closed_until(OFFICE, SUNDAY) == datetime(2026, 11, 30, 8, 0)
    assert closed_until(OFFICE, datetime(2026, 11, 30, 7, 59, 59)) == datetime(2026, 11, 30, 8, 0)
    assert closed_until(OFFICE, datetime(2026, 11, 30, 8, 0)) is None
    assert closed_until(OFFICE, datetime(2026, 11, 30, 18, 0)) == datetime(2026, 12, 1, 8, 0)


def test_always_is_always() -> None:
    assert closed_until(SendConnector(name="Out", delivery_times=("Mon 08:00",)), SUNDAY) is None


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)))
def test_it_is_open_when_it_said_and_not_before(now: datetime) -> None:
    until = closed_until(OFFICE, now)
    assert until is None or (now < until and closed_until(OFFICE, until) is None)
    minute = now.weekday() * timetable.DAY + now.hour * 60 + now.minute
    assert (until is None) is timetable.is_open(OFFICE.delivery_times, minute)
