from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

from transport.deliver import database, locked, mailboxes


class QueuesConfig(AppConfig):
    name = "console.queues"
    label = "queues"

    def ready(self) -> None:
        """Tasks that are sent from here belong to our Celery application; delivery uses the console's database, and
        puts mail where the console looks for it.
        """
        import_module("console.celery")
        database.address = address
        pool = connection.settings_dict["OPTIONS"].get("pool") or {}
        database.kind = pool.get("connection_class", database.kind)
        locked.secret = lambda: settings.GATEPOST_SECRET_KEY.encode()
        mailboxes.root = import_module("console.mailboxes.queries").root


def address() -> str:
    """Django's database as a libpq connection string (the test database, in a test)."""
    database_settings = connection.settings_dict
    parts = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    known: dict[str, Any] = {key: database_settings[name] for key, name in parts.items() if database_settings[name]}
    options: dict[str, Any] = {
        key: value for key, value in database_settings.get("OPTIONS", {}).items() if isinstance(value, (str, int))
    }
    return make_conninfo(**options, **known)
