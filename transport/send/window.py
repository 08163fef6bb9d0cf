"""When a Send connector delivers: always, or at the times of its timetable (Sending mail outward, section 3.4)."""

from __future__ import annotations

from datetime import datetime, timedelta

from transport.config import timetable
from transport.config.send_connector import DeliveryWindow, SendConnector


def closed_until(connector: SendConnector, now: datetime) -> datetime | None:
    """When a connector next delivers; None while it does, or where its timetable names no time. `now`: local time."""
    if connector.delivery_window is not DeliveryWindow.Timetable:
        return None
    minute = now.weekday() * timetable.DAY + now.hour * 60 + now.minute
    wait = timetable.minutes_until_open(connector.delivery_times, minute)
    return now.replace(second=0, microsecond=0) + timedelta(minutes=wait) if wait else None
