"""Send connectors and accounts that rest: why, until when, and how that ends. The mail of a connector that rests waits,
and counts no attempt.
"""

from hashlib import sha256
from time import time

import msgspec

from transport import next_hops
from transport.deliver.claims import HopState
from transport.deliver.database import Connection
from transport.deliver.queries import QUERIES
from transport.deliver.way import Held
from transport.send.provider_replies import Whose
from transport.send.route import Router


def hold(connection: Connection, state: HopState, router: Router, held: Held) -> None:
    """Write down what rests. Where mail leaves through no Send connector, the next hop does. Raises psycopg.Error."""
    wait = None if held.until is None else held.until - time()
    if held.whose is Whose.HOP or not state.connector:
        connection.execute(QUERIES["hop_rests"], {"hop": state.key, "error": str(held), "wait": wait or 0})
        return
    what = {"connector": state.connector, "account": held.account, "words": str(held), "is_fault": held.is_fault}
    mark = _mark(connection, router, state.connector)
    connection.execute(QUERIES["hold"], {**what, "wait": wait, "grows": held.grows, "mark": mark})


def lift(connection: Connection, connector: str) -> list[str]:
    """End every hold of a connector and of its accounts, and wake its mail; returns why they were. Within a
    transaction, and raises psycopg.Error.
    """
    lifted = [words for _, words in connection.execute(QUERIES["lift"], [connector])]
    next_hops.wake(connection, [key for (key,) in connection.execute(QUERIES["hops_of_connector"], [connector])])
    return lifted


def lift_changed(connection: Connection, router: Router) -> None:
    """End the holds of connectors that were saved since, or their credentials: what was wrong may be mended.

    Raises psycopg.Error.
    """
    with connection.transaction():
        for connector, mark in connection.execute(QUERIES["marks_of_holds"]).fetchall():
            if mark != _mark(connection, router, connector):
                lift(connection, connector)


def _mark(connection: Connection, router: Router, name: str) -> str:
    """Another one for every other connector and after each change of its credentials, and where there is none."""
    found = router.send_connector(name)
    if found is None:
        return ""
    named = [each.lower() for each in found.authentication_credential]
    changed = connection.execute(QUERIES["credentials_changed"], [named]).fetchone() if named else None
    return sha256(msgspec.json.encode([found, changed], order="deterministic")).hexdigest()
