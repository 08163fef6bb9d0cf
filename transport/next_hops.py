"""Next hops and the directory in PostgreSQL, for all who put mail into the queue."""

from collections.abc import Iterable
from typing import Any

import psycopg

from transport.queries import SHARED
from transport.send.route import Hop, Router


def of(connection: psycopg.Connection[Any], addresses: Iterable[str], router: Router) -> dict[str, Hop]:
    """The next hop of each address, by the directory where that matters. Raises psycopg.Error."""
    every = set(addresses)
    doubtful = {address for address in every if router.needs_directory(address)}
    here = listed(connection, doubtful)
    return {address: router.hop(address, address not in doubtful or address.lower() in here) for address in every}


def listed(connection: psycopg.Connection[Any], addresses: Iterable[str]) -> set[str]:
    """Those of the addresses, in lower case, that the directory holds. Raises psycopg.Error."""
    lower = [address.lower() for address in addresses]
    return {row[0] for row in connection.execute(SHARED["listed_recipients"], [lower])} if lower else set()


def add(connection: psycopg.Connection[Any], hops: Iterable[Hop]) -> None:
    """Those that are not known yet. Within a transaction, and before its mail: the lock on the table keeps `retention`
    from deleting an idle next hop under us. Raises psycopg.Error.
    """
    ordered = sorted(set(hops), key=lambda hop: hop.key)
    columns = {name: [getattr(hop, name) for hop in ordered] for name in Hop.__struct_fields__}
    connection.execute(SHARED["add_next_hops"], columns, prepare=True)


def wake(connection: psycopg.Connection[Any], keys: Iterable[str]) -> None:
    """Tell who delivers that there is mail for these, once the transaction is committed. Raises psycopg.Error."""
    connection.execute(SHARED["wake_delivery"], {"keys": sorted(set(keys))}, prepare=True)
