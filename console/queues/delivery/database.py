"""Delivery's own connections to PostgreSQL: many threads wait for slow peers, few hold a connection."""

import atexit
from functools import cache

import psycopg
from django.db import connection
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool

LARGEST_POOL = 20


@cache
def pool() -> ConnectionPool:
    """The process's pool. Connections are in autocommit; a transaction is `with connection.transaction()`.

    Each is tried before it is handed out: after a restart of PostgreSQL all that were kept are broken.
    """
    made = ConnectionPool(
        address(),
        min_size=1,
        max_size=LARGEST_POOL,
        timeout=30,
        open=True,
        check=ConnectionPool.check_connection,
        kwargs={"autocommit": True},
    )
    atexit.register(made.close)  # see console.processes.apps
    return made


def address() -> str:
    """Django's database as a libpq connection string (the test database, in a test)."""
    settings = connection.settings_dict
    parts = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    known = {key: settings[name] for key, name in parts.items() if settings[name]}
    options = {key: value for key, value in settings.get("OPTIONS", {}).items() if isinstance(value, (str, int))}
    return make_conninfo(**options, **known)


def connect() -> psycopg.Connection:
    """A connection outside the pool, for one that lives as long as the process."""
    return psycopg.connect(address(), autocommit=True)
