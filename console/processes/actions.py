"""What processes write of themselves."""

from __future__ import annotations

import psycopg
from django.conf import settings

TOOK_TURN = """
INSERT INTO processes_turn (process, node, at) VALUES (%s, %s, now())
ON CONFLICT (process, node) DO UPDATE SET at = excluded.at
"""


def took_turn(connection: psycopg.Connection, process: str) -> None:
    """A process of this node has gone round its loop. Raises psycopg.Error."""
    connection.execute(TOOK_TURN, [process, settings.GATEPOST_NODE])
