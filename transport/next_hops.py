"""Next hops and the directory in PostgreSQL, for all who put mail into the queue."""

from collections.abc import Iterable, Mapping
from typing import Any

import psycopg

from transport.queries import SHARED
from transport.send.choice import Mail
from transport.send.route import Hop, Router


def of(
    connection: psycopg.Connection[Any], addressed: Mapping[Mail, Iterable[str]], router: Router
) -> dict[Mail, dict[str, Hop]]:
    """The next hop of each address for messages of each kind, named by their essence; by the directory where that
    matters. Raises psycopg.Error.
    """
    every = {mail: set(addresses) for mail, addresses in addressed.items()}
    doubtful = {address for addresses in every.values() for address in addresses if router.needs_directory(address)}
    here = listed(connection, doubtful)
    away = {address for address in doubtful if address.lower() not in here}
    return {
        mail: {address: router.hop(address, address not in away, mail) for address in addresses}
        for mail, addresses in every.items()
    }


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


def wake(connection: psycopg.Connection[Any], keys: Iterable[str], first: str = "") -> None:
    """Tell who delivers that there is mail for these, once the transaction is committed; `first`: the mark of the data
    directory whose workers are to take it, if they can. Raises psycopg.Error.
    """
    what = {"keys": sorted(set(keys)), "first": first and f"@{first}"}
    connection.execute(SHARED["wake_delivery"], what, prepare=True)
