"""Write the rows of an old revision back, as a new revision."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.core.exceptions import ValidationError

from console.actors import Actor, Role
from console.crud.actions import tag_again
from console.publishing import queries
from console.publishing.actions import Change, change
from console.publishing.compare import differences, objects
from console.publishing.compile import compile_snapshot
from console.publishing.models import ConfigRevision, SingleRow
from console.publishing.published import Published, every_kind
from transport.config.document import DocumentError
from transport.config.snapshot import Snapshot

WRITERS = frozenset({Role.ORGANIZATION_MANAGEMENT})


def restore(
    actor: Actor, number: int, confirmed: Collection[str] = (), minutes: int | None = None
) -> ConfigRevision | None:
    """Everything as it was under a revision; None when it is so already. What does not differ is not touched.

    `minutes`: unless it is confirmed within that time, it goes back by itself.

    Raises ValidationError when the revision is gone or damaged or can no longer stand, and RelayNotConfirmed.
    """
    actor.require(*WRITERS)
    with change(actor, f"Revision {number} restored", confirmed, minutes) as under_way:
        become(under_way, _wanted(number))
    return under_way.revision


def become(under_way: Change, wanted: Snapshot) -> None:
    """Everything as a snapshot says, with what becomes of each object in the change history."""
    now = compile_snapshot(0)
    write_back(wanted)
    _record(under_way, now, wanted)


def _wanted(number: int) -> Snapshot:
    revision = queries.numbered(number)
    if revision is None:
        raise ValidationError(f"There is no revision {number}.")
    try:
        return queries.snapshot(revision)
    except DocumentError as error:
        raise ValidationError(f"Revision {number} cannot be restored. {error}") from error


def write_back(snapshot: Snapshot) -> None:
    """The rows of everything as a snapshot says, in the caller's transaction and `change`."""
    for kind in every_kind():
        _put_back(kind, snapshot)


def _put_back(kind: Published, snapshot: Snapshot) -> None:
    """Rows that differ are deleted and written anew under their old keys, so that names may even be exchanged."""
    rows = kind.model._default_manager
    held = {_key(kind, struct): (row, struct) for row in rows.all() for struct in [kind.read(row)]}
    wanted = {_key(kind, struct): struct for struct in kind.structs(snapshot)}
    same = {key for key, struct in wanted.items() if key in held and held[key][1] == struct}
    rows.filter(pk__in=[row.pk for key, (row, _) in held.items() if key not in same]).delete()
    made = {key: _renewed(kind.make(each), held.get(key)) for key, each in wanted.items() if key not in same}
    rows.bulk_create(made.values())
    tag_again(kind.noun, (row for key, row in made.items() if key not in held))


def _renewed(row: Any, held: tuple[Any, Any] | None) -> Any:
    if held:
        row.pk, row.version = held[0].pk, getattr(held[0], "version", 0) + 1
    elif isinstance(row, SingleRow):
        row.pk = 1
    return row


def _key(kind: Published, struct: Any) -> str:
    return kind.name_of(struct).lower()


def _record(under_way: Change, now: Snapshot, wanted: Snapshot) -> None:
    before, after = objects(now), objects(wanted)
    for difference in differences(now, wanted):
        key = (difference.kind, difference.name)
        under_way.record(*key, before.get(key), after.get(key))
