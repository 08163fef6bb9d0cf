"""Connections that may be open at one time, over all processes that deliver: each has a lease, a row in PostgreSQL.

A lease belongs to a worker and ends with it: `worker.bury_the_dead` deletes what a dead one had. It is taken once for
all messages of a connection. PostgreSQL keeps them, not Redis: what Redis has may be gone at any moment, and without
PostgreSQL nothing is claimed either.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from heapq import heappop, heappush

from transport.config.send_connector import SendConnector
from transport.config.transport_limits import TransportLimits
from transport.deliver import pacing
from transport.deliver.claims import HopState
from transport.deliver.database import Connection, Pool
from transport.deliver.queries import QUERIES
from transport.deliver.slots import SLOTS
from transport.send.pacing import NO_LIMITS, Quota
from transport.send.route import Router

LOCK = 0x67706C
"""The advisory lock under which leases are counted: "gpl"."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A connection to a next hop, and how many there may be (None: no limit); `quotas`: of the accounts one of which is
    to sign in.
    """

    hop: str
    connector: str
    is_strangers: bool
    most: int | None
    most_of_connector: int | None
    most_of_hop: int | None
    quotas: tuple[Quota, ...] = ()

    @property
    def accounts(self) -> tuple[Quota, ...]:
        return self.quotas or (NO_LIMITS,)


def wanted(connection: Connection, state: HopState, router: Router) -> Wanted:
    """What limits a connection to a next hop: its Send connector where that says something, else the organization."""
    limits = router.snapshot.transport_limits
    connector = router.send_connector(state.connector)
    most_of_connector = connector.max_outbound_connections if connector else None
    is_strangers = state.delivery_type.is_strangers_choice and not SLOTS.is_proven(state.key)
    return Wanted(
        state.key, state.connector, is_strangers, limits.max_outbound_connections, most_of_connector,
        _most_of_hop(limits, connector), tuple(pacing.quotas(connection, connector)),
    )  # fmt: skip


def _most_of_hop(limits: TransportLimits, connector: SendConnector | None) -> int | None:
    own = connector.max_per_domain_outbound_connections if connector else None
    return limits.max_per_domain_outbound_connections if own is None else own


class Leases:
    """Those of this process. Thread-safe. Numbers are used again, so that their rows are, too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[int, tuple[Wanted, str] | None] = {}
        """By their numbers; None while it is not known whether there may be one."""
        self._free: list[int] = []

    @contextmanager
    def taken(self, pool: Pool, worker: int, one: Wanted) -> Iterator[Quota | None]:
        """The account of one more connection (without a sign-in: of no name), for as long as the block lasts; None:
        there may be none. Raises psycopg.Error, and Held when no account may send.
        """
        number = self._number()
        got = None
        try:
            got = self._take(pool, worker, number, one)
            yield got
        finally:
            try:
                if got is not None:
                    with pool.connection() as connection:
                        connection.execute(QUERIES["free_lease"], [worker, number], prepare=True)
            finally:
                self._forget(number)

    def _take(self, pool: Pool, worker: int, number: int, one: Wanted) -> Quota | None:
        what = {
            "worker": worker, "number": number, "hop": one.hop, "connector": one.connector,
            "is_strangers": one.is_strangers, "most": one.most, "most_of_connector": one.most_of_connector,
            "most_of_hop": one.most_of_hop, "accounts": [quota.account for quota in one.accounts],
            "most_of_accounts": [quota.connections for quota in one.accounts],
        }  # fmt: skip
        with pool.connection() as connection, connection.pipeline(), connection.transaction():
            connection.execute(QUERIES["lock_leases"], [LOCK], prepare=True)
            found = connection.execute(QUERIES["take_lease"], what, prepare=True)
        account, is_free, is_of_hop = found.fetchone() or (None, True, True)
        SLOTS.note(one.hop, account is None and is_free and not is_of_hop)
        if not is_free:
            with pool.connection() as connection:
                held = pacing.all_held(connection, one.connector, [quota.account for quota in one.quotas])
            if held is not None:
                raise held
        if account is not None:
            self._held[number] = one, account
        return next((quota for quota in one.accounts if quota.account == account), None)

    def _number(self) -> int:
        with self._lock:
            number = heappop(self._free) if self._free else len(self._held)
            self._held[number] = None
            return number

    def _forget(self, number: int) -> None:
        with self._lock:
            del self._held[number]
            heappush(self._free, number)

    def keep(self, connection: Connection, worker: int) -> None:
        """Put right what PostgreSQL has of this process: rows that were deleted while it could not be reached, and rows
        that could not be freed. Meanwhile nobody gets a number: its new row would be one that is held no more. Raises
        psycopg.Error.
        """
        with self._lock:
            held = {number: one for number, one in self._held.items() if one is not None}
            wanted = [one for one, _ in held.values()]
            connection.execute(QUERIES["keep_leases"], {
                "worker": worker, "numbers": list(held), "hops": [one.hop for one in wanted],
                "connectors": [one.connector for one in wanted], "strangers": [one.is_strangers for one in wanted],
                "accounts": [account for _, account in held.values()], "in_use": list(self._held),
            })  # fmt: skip


LEASES = Leases()
