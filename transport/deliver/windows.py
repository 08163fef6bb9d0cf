"""Send connectors that deliver at certain times rest in between: their mail waits, and counts no attempt."""

from datetime import datetime

from transport.deliver.claims import HopState
from transport.deliver.way import Held
from transport.send.route import Router
from transport.send.window import closed_until


def check(state: HopState, router: Router) -> None:
    """Raises Held while the Send connector of a next hop does not deliver."""
    connector = next((each for each in router.snapshot.send_connectors if each.name == state.connector), None)
    until = closed_until(connector, datetime.now()) if connector is not None else None
    if until is not None:
        raise Held(until.timestamp(), f"Its timetable says so; it delivers again on {until:%A at %H:%M}.")
