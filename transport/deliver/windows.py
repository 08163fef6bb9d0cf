"""Send connectors that deliver at certain times, or when they are triggered: their mail waits in between, and counts no
attempt.
"""

from datetime import datetime

from transport.config.send_connector import DeliveryWindow, SendConnector
from transport.deliver.claims import HopState
from transport.deliver.way import Held
from transport.send.route import Router
from transport.send.window import closed_until


def check(state: HopState, router: Router) -> None:
    """Raises Held while the Send connector of a next hop does not deliver."""
    connector = _connector(state, router)
    until = closed_until(connector, datetime.now()) if connector is not None else None
    if until is not None:
        raise Held(until.timestamp(), f"Its timetable says so; it delivers again on {until:%A at %H:%M}.")


def is_triggered(state: HopState, router: Router) -> bool:
    """Whether a next hop is tried only when it is triggered."""
    connector = _connector(state, router)
    return connector is not None and connector.delivery_window is DeliveryWindow.OnTrigger


def _connector(state: HopState, router: Router) -> SendConnector | None:
    return next((each for each in router.snapshot.send_connectors if each.name == state.connector), None)
