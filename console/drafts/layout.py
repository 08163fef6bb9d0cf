"""The schema of a draft: made, made anew after an upgrade, and taken away."""

from __future__ import annotations

from django.db import connection
from django.db.models import Model
from msgspec.structs import replace

from console.actors import Actor
from console.crud.schema import inside
from console.publishing.actions import change, keep_revision
from console.publishing.models import ConfigRevision, Draft
from console.publishing.published import every_kind
from console.publishing.restore import become
from transport.config import document

NEW_KEYS = 1_000_000_000
"""From here on count the keys of what is made in a draft: an address of such an object is nothing outside of it."""


def lay_out(draft: Draft) -> None:
    """Copies of all tables of settings as they are published now, and its first revision."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {draft.schema}")
        for model in [kind.model for kind in every_kind()]:
            _copy(model, draft.schema)
        table = ConfigRevision._meta.db_table
        cursor.execute(f"CREATE TABLE {draft.schema}.{table} (LIKE public.{table} INCLUDING ALL)")
    draft.laid_out = _migrations()
    draft.save(update_fields=["laid_out"])


def _copy(model: type[Model], schema: str) -> None:
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {schema}.{table} (LIKE public.{table} INCLUDING ALL)")
        cursor.execute(f"INSERT INTO {schema}.{table} SELECT * FROM public.{table}")
        sequence = "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)"
        cursor.execute(sequence, [f"{schema}.{table}", NEW_KEYS])


def begin(draft: Draft) -> None:
    """Lays out a new draft, whose first revision is what it is based on."""
    lay_out(draft)
    with inside(draft.schema):
        _first(draft)


def _first(draft: Draft) -> None:
    number = draft.first_number
    encoded = document.encode(replace(document.decode(draft.based_on), revision=number))
    keep_revision(number, encoded, draft.author, f"Revision {draft.base} as it was")


def take_away(draft: Draft) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {draft.schema} CASCADE")


def is_laid_out(draft: Draft) -> bool:
    """Whether its tables are those of this version."""
    return draft.laid_out == _migrations()


def renew(draft: Draft, actor: Actor) -> None:
    """Lays the draft out anew: its document says what stands there."""
    wanted, authors = document.decode(draft.document), draft.authors
    take_away(draft)
    begin(draft)
    with inside(draft.schema), change(actor, "After an upgrade", None) as under_way:
        become(under_way, wanted)
    Draft.objects.filter(pk=draft.pk).update(authors=authors)


def _migrations() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations")
        return int(cursor.fetchone()[0])
