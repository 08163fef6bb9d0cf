"""Send connectors that deliver at certain times, or when they are triggered: their mail waits in between, and counts no
attempt.
"""

from datetime import datetime

from transport.config.send_connector import DeliveryWindow, SendConnector
from transport.deliver import links
from transport.deliver.claims import HopState
from transport.deliver.way import Held
from transport.send.provider_replies import Whose
from transport.send.route import OVERSIZE, DeliveryType, Router
from transport.send.window import closed_until, has_oversize_times

WORDS = {
    False: "Its timetable says so; it delivers again on {day} at {time}.",
    True: "Oversize messages have times of their own; they leave on {day} at {time}.",
}


def check(state: HopState, router: Router) -> None:
    """Raises Held while the Send connector of a next hop does not deliver, or its link is not up. What was asked for
    leaves at any time, but over that link, unless who asked has opened the connection.
    """
    if state.delivery_type is DeliveryType.PICK_UP:
        carrier = None if state.asked else router.carrier(state.domain)
        if carrier is not None and carrier.link:
            links.need(carrier)
        return
    connector = _connector(state, router)
    if connector is None:
        return
    oversize = state.key.startswith(OVERSIZE)
    until = closed_until(connector, datetime.now(), oversize=oversize)
    if until is not None:
        whose = Whose.HOP if has_oversize_times(connector) else Whose.CONNECTOR
        words = WORDS[oversize].format(day=f"{until:%A}", time=f"{until:%H:%M}")
        raise Held(until.timestamp(), words, whose)
    if connector.link:
        links.need(connector)


def is_triggered(state: HopState, router: Router) -> bool:
    """Whether a next hop is tried only when it is triggered."""
    connector = _connector(state, router)
    if connector is None or state.key.startswith(OVERSIZE):
        return False
    return connector.delivery_window is DeliveryWindow.OnTrigger


def _connector(state: HopState, router: Router) -> SendConnector | None:
    return router.send_connector(state.connector)
