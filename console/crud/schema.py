"""In which tables a request or a command finds the settings: those that are published, or a draft's own copies.

A draft is a schema of PostgreSQL with copies of the tables of settings, which stands before `public` in the search
path. So every page, list, form, rule and cmdlet works on a draft as on the real thing; what is no setting is shared.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from weakref import WeakSet

from django.db import connection
from django.db.backends.signals import connection_created
from django.dispatch import receiver

_schema: ContextVar[str] = ContextVar("schema", default="")
_moved: WeakSet[Any] = WeakSet()
"""Connections whose search path was set. A pool hands them on as they are."""


def current() -> str:
    """The draft's schema; empty: the real thing."""
    return _schema.get()


def move(schema: str) -> None:
    """From here on, in this request or command, to a draft's schema; empty: to the real thing."""
    _schema.set(schema)
    if connection.connection is not None:
        _point()


@contextmanager
def inside(schema: str) -> Iterator[None]:
    """The body works on a draft's schema; empty: on the real thing."""
    before = current()
    if schema != before:
        move(schema)
    try:
        yield
    finally:
        if current() != before:
            move(before)


@receiver(connection_created)
def _of_a_new_connection(**_: Any) -> None:
    if current() or connection.connection in _moved:
        _point()


def _point() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET search_path TO {current()}, public" if current() else "RESET search_path")
    _moved.add(connection.connection)
