"""When a Send connector delivers: always, or at the times of its timetable (Sending mail outward, section 3.4)."""

from __future__ import annotations

from datetime import datetime, timedelta

from transport.config import timetable
from transport.config.send_connector import DeliveryWindow, SendConnector


def has_oversize_times(connector: SendConnector) -> bool:
    """Whether large messages leave at times of their own."""
    return connector.oversize_limit is not None and bool(connector.oversize_delivery_times)


def is_oversize(connector: SendConnector, size: int) -> bool:
    """Whether a message of so many bytes does."""
    limit = connector.oversize_limit
    return limit is not None and has_oversize_times(connector) and size > limit


def closed_until(connector: SendConnector, now: datetime, *, oversize: bool = False) -> datetime | None:
    """When a connector next delivers, the oversize messages or the others; None while it does, or where its timetable
    names no time. `now`: local time.
    """
    if not oversize and connector.delivery_window is not DeliveryWindow.Timetable:
        return None
    times = connector.oversize_delivery_times if oversize else connector.delivery_times
    minute = now.weekday() * timetable.DAY + now.hour * 60 + now.minute
    wait = timetable.minutes_until_open(times, minute)
    return now.replace(second=0, microsecond=0) + timedelta(minutes=wait) if wait else None
