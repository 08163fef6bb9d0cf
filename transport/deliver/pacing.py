"""Which account a connection signs in with, and how many messages it may send now: exact over all processes.

Messages are granted by the batch: a grant counts from its beginning until its window has gone by since its end, so that
no span of a minute or a day holds more than it may. What a dead worker was granted counts as sent.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import time

from transport.config.send_connector import SendConnector
from transport.deliver.database import Connection, Pool
from transport.deliver.owed import OWED
from transport.deliver.queries import QUERIES
from transport.deliver.sign_in import needs
from transport.deliver.way import Held
from transport.send import pacing
from transport.send.pacing import Quota, Spent, Window
from transport.send.provider_replies import Whose

MARGIN = 1.0
"""Seconds that every window is longer: a provider counts by its own clock, and messages need different times to it."""
SOON = 1.0
"""Seconds until it is tried again when others hold what may be sent."""


def quotas(connection: Connection, connector: SendConnector | None) -> list[Quota]:
    """Of the accounts of a connector, in its order and each called as its credential is, whatever the case in which the
    connector names it; none where nobody signs in. Raises psycopg.Error.
    """
    if connector is None or not needs(connector):
        return []
    names = list(connector.authentication_credential)
    rows = connection.execute(QUERIES["quotas"], [[name.lower() for name in names]])
    known = {row[0].lower(): row for row in rows}
    found = [known.get(name.lower(), (name, None, None, None)) for name in names]
    return [pacing.quota(name, connector.provider, *limits) for name, *limits in found]


def seconds_until_empty(connection: Connection, connector: SendConnector) -> float | None:
    """When all mail of a connector will have left, as fast as its accounts may send; None: that holds nothing up.

    Raises psycopg.Error.
    """
    known = quotas(connection, connector)
    if not known:
        return None
    spent: dict[str, list[Spent]] = {quota.account: [] for quota in known}
    for account, *one in connection.execute(QUERIES["spent"], [list(spent)]):
        spent[account].append(Spent(*one))
    row = connection.execute(QUERIES["waiting_for_connector"], [connector.name]).fetchone()
    accounts = [(quota, spent[quota.account]) for quota in known]
    return pacing.seconds_until_empty(row[0] if row else 0, accounts)


def all_held(connection: Connection, connector: str, names: list[str]) -> Held | None:
    """Why none of these accounts may send; None when one may. Raises psycopg.Error."""
    held = [row for row in connection.execute(QUERIES["held_accounts"], [connector]).fetchall() if row[0] in names]
    if not held or {row[0] for row in held} != set(names):
        return None
    _, wait, words, _ = min(held, key=lambda row: float("inf") if row[1] is None else row[1])
    until = None if wait is None else time() + wait
    return Held(until, words, is_fault=all(row[3] for row in held))


@dataclass(slots=True)
class Grant:
    """So many recipients may be sent to; what hosts were asked to take is counted here."""

    most: int
    messages: int = 0
    recipients: int = 0

    def count(self, messages: int, recipients: int) -> None:
        """What the provider has seen; the rest is given back."""
        self.messages += messages
        self.recipients += recipients


@dataclass(frozen=True, slots=True)
class Budget:
    """What an account may send; without windows, as much as there is."""

    pool: Pool
    worker: int
    quota: Quota = field(default=pacing.NO_LIMITS)

    @contextmanager
    def granted(self, most: int) -> Iterator[Grant]:
        """Leave to send to at most so many recipients while the block lasts. Raises Held, psycopg.Error."""
        if not self.quota.windows:
            yield Grant(most)
            return
        number, grant = self._take(most)
        try:
            yield grant
        finally:
            OWED.give_back(self.pool, "settle", [grant.messages, grant.recipients, number])

    def _take(self, most: int) -> tuple[int, Grant]:
        windows = self.quota.windows
        what = {
            "account": self.quota.account, "worker": self.worker, "wanted": most,
            "seconds": [window.seconds + MARGIN for window in windows], "most": [window.most for window in windows],
            "of_recipients": [window.of_recipients for window in windows],
        }  # fmt: skip
        with self.pool.connection() as connection, connection.pipeline(), connection.transaction():
            connection.execute(QUERIES["lock_account"], [self.quota.account], prepare=True)
            found = connection.execute(QUERIES["grant"], what, prepare=True)
        number, room, wait, turn = found.fetchone() or (None, 0, None, 1)
        if number is None:
            raise self._held(windows[turn - 1], SOON if wait is None else max(wait, SOON))
        return number, Grant(room)

    def _held(self, window: Window, wait: float) -> Held:
        limit = pacing.words(Quota("", None, (window,)))
        words = f"“{self.quota.account}” has sent what it may: {limit}. It goes on by itself."
        return Held(time() + wait, words, Whose.ACCOUNT, account=self.quota.account)
