"""Write the rows of an old revision back, as a new revision."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model

from console.accounts.actors import Actor, Role
from console.certificates.actions import row_of
from console.certificates.models import Certificate
from console.connectors import models as connectors
from console.domains.models import AcceptedDomain
from console.protection.models import RecipientFilter
from console.publishing import queries
from console.publishing.actions import Change, change
from console.publishing.compare import differences, objects
from console.publishing.compile import certificate, compile_snapshot
from console.publishing.models import ConfigRevision
from console.publishing.rows import struct_of, write
from transport.config import accepted_domain, receive_connector, send_connector
from transport.config.document import DocumentError
from transport.config.snapshot import Snapshot

WRITERS = frozenset({Role.ORGANIZATION_MANAGEMENT})


def restore(actor: Actor, number: int, confirmed: Collection[str] = ()) -> ConfigRevision | None:
    """Everything as it was under a revision; None when it is so already. What does not differ is not touched.

    Raises ValidationError when the revision is gone or damaged or can no longer stand, and RelayNotConfirmed.
    """
    actor.require(*WRITERS)
    with change(actor, f"Revision {number} restored", confirmed) as under_way:
        wanted, now = _wanted(number), compile_snapshot(0)
        for model, struct, structs in _tables(wanted):
            _put_back(model, structs, lambda row, kind=struct: struct_of(row, kind), lambda each, row: write(each, row))
        _put_back(Certificate, wanted.certificates, certificate, _certificate_row)
        _record(under_way, now, wanted)
    return under_way.revision


def _wanted(number: int) -> Snapshot:
    revision = ConfigRevision.objects.filter(number=number).first()
    if revision is None:
        raise ValidationError(f"There is no revision {number}.")
    try:
        return queries.snapshot(revision)
    except DocumentError as error:
        raise ValidationError(f"Revision {number} cannot be restored. {error}") from error


def _tables(wanted: Snapshot) -> list[tuple[type[Model], type, tuple[Any, ...]]]:
    return [
        (connectors.ReceiveConnector, receive_connector.ReceiveConnector, wanted.receive_connectors),
        (connectors.SendConnector, send_connector.SendConnector, wanted.send_connectors),
        (AcceptedDomain, accepted_domain.AcceptedDomain, wanted.accepted_domains),
        (RecipientFilter, type(wanted.recipient_filter), (wanted.recipient_filter,)),
    ]


def _put_back(
    model: type[Model], structs: Collection[Any], read: Callable[[Any], Any], put: Callable[[Any, Any], Model]
) -> None:
    """Rows that differ are deleted and written anew under their old keys, so that names may even be exchanged."""
    held = {_key(struct): row for row in model._default_manager.all() for struct in [read(row)]}
    same = {_key(struct) for struct in structs if _key(struct) in held and read(held[_key(struct)]) == struct}
    model._default_manager.filter(pk__in=[row.pk for key, row in held.items() if key not in same]).delete()
    rows = []
    for struct in (each for each in structs if _key(each) not in same):
        row = put(struct, model())
        old = held.get(_key(struct))
        row.pk = old.pk if old else (1 if model is RecipientFilter else None)
        if hasattr(row, "version"):
            row.version = old.version + 1 if old else 0
        rows.append(row)
    model._default_manager.bulk_create(rows)


def _key(struct: Any) -> str:
    return (getattr(struct, "domain_name", "") or getattr(struct, "name", "")).lower()


def _certificate_row(struct: Any, _row: Model) -> Certificate:
    return row_of(struct.name, struct.chain, struct.encrypted_key)


def _record(under_way: Change, now: Snapshot, wanted: Snapshot) -> None:
    before, after = objects(now), objects(wanted)
    for difference in differences(now, wanted):
        key = (difference.kind, difference.name)
        under_way.record(*key, before.get(key), after.get(key))
