"""A copy that is being made of a backup, once its database and its files are there."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import psycopg

from console.actors import SYSTEM
from console.backups import actions
from console.backups.manifest import About
from console.queues import queries as queues
from console.queues.queries import Ledger
from console.relay_proof import queries as relay_proof
from transport.shell.forward.forwarder import Forwarder
from transport.shell.journal.segment import segments


class Unbalanced(Exception):
    """Mail is missing, or there twice."""


class Settled(NamedTuple):
    """What came of it; `relay`: can anybody relay, in words."""

    held: int
    ledger: Ledger
    relay: str


def settle(home: Path, database_url: str, about: About) -> Settled:
    """Take the journal into the database, hold what waits, and prove that all is there. Raises Unbalanced, OSError,
    psycopg.Error.
    """
    _take_in(home, database_url)
    before = queues.ledger()
    held = actions.settle(SYSTEM, about)
    ledger = queues.ledger()
    if not ledger.balances or ledger.accepted != before.accepted:
        raise Unbalanced(f"The books do not balance: {abs(ledger.difference):,} recipients are missing or too many.")
    proved = relay_proof.newest()
    return Settled(held, ledger, proved.answer.short if proved else "")


def _take_in(home: Path, database_url: str) -> None:
    """As the forwarder does, each message once: before anybody could deliver it. What is in the database goes."""
    forwarder = Forwarder(home, database_url)
    with psycopg.connect(database_url, autocommit=True) as connection:
        while forwarder.move_mail(connection):
            pass
    for folder in (home / "journal").glob("*"):
        for path in segments(folder):
            path.unlink()
