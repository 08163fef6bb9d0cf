"""The words, and the client's address, by which message tracking finds a message. Behind the mail, like the protocol
log: an index of words costs more to keep than all the rest of a message's rows.
"""

from functools import lru_cache
from typing import Any

from transport.config.endpoint import address_of
from transport.shell.forward.queue_tables import Connection
from transport.shell.queries import QUERIES
from transport.smtp.encoded_words import readable
from transport.trace.events import vector

AT_ONCE = 1000
"""Events, of which half begin a message: some 50 ms of work between two looks at the mail."""


def move(connection: Connection) -> int:
    """Make the messages of the next events searchable, each once; returns how many rows it has read. One of several
    forwarders does it at a time.
    """
    with connection.transaction():
        position = connection.execute(QUERIES["search_position"], prepare=True).fetchone()
        if position is None:
            connection.execute(QUERIES["add_reader"])
            return 0
        what = {"transaction": position[0], "event": position[1], "limit": AT_ONCE}
        rows = connection.execute(QUERIES["not_searchable_yet"], what, prepare=True).fetchall()
        begun = [row for row in rows if row[3] is not None]
        if begun:
            connection.execute(QUERIES["make_searchable"], _columns(begun), prepare=True)
        if rows:
            connection.execute(QUERIES["advance_search"], {"transaction": rows[-1][0], "event": rows[-1][1]})
        return len(rows)


def _columns(rows: list[tuple[Any, ...]]) -> dict[str, list[Any]]:
    vectors = [
        vector((sender, readable(subject), *names, *recipients))
        for _, _, _, _, sender, subject, *names, recipients in rows
    ]
    clients = [_address(row[7]) for row in rows]
    return {"ids": [row[3] for row in rows], "times": [row[2] for row in rows], "vectors": vectors, "clients": clients}


@lru_cache(maxsize=1024)
def _address(client: str) -> str | None:
    """None of a message that was made here."""
    try:
        return str(address_of(client))
    except ValueError:
        return None
