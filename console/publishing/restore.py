"""Write the rows of an old revision back, as a new revision."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model
from msgspec.structs import astuple

from console.actors import Actor, Role
from console.certificates.actions import row_of
from console.certificates.models import Certificate
from console.connectors import models as connectors
from console.domains.models import AcceptedDomain as AcceptedDomainRow
from console.kerberos.models import Keytab
from console.protection import models as protection
from console.publishing import queries
from console.publishing.actions import Change, change
from console.publishing.compare import differences, objects
from console.publishing.compile import certificate, compile_snapshot, keytab
from console.publishing.models import ConfigRevision, SingleRow
from console.publishing.rows import struct_of, write
from console.transport_settings.models import TransportConfig as TransportConfigRow
from console.transport_settings.models import TransportLimits as TransportLimitsRow
from transport.config.accepted_domain import AcceptedDomain
from transport.config.connection_filter import ConnectionFilter, IPListEntry, IPListProvider
from transport.config.document import DocumentError
from transport.config.filters import RecipientFilter, SenderFilter
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import SendConnector
from transport.config.snapshot import Snapshot
from transport.config.transport_config import TransportConfig
from transport.config.transport_limits import TransportLimits

WRITERS = frozenset({Role.ORGANIZATION_MANAGEMENT})


@dataclass(frozen=True)
class Table:
    """Rows as they should be: `structs`; `read` makes a struct of a row, `make` a row of a struct."""

    model: type[Model]
    structs: Collection[Any]
    read: Callable[[Any], Any]
    make: Callable[[Any], Model]


def restore(actor: Actor, number: int, confirmed: Collection[str] = ()) -> ConfigRevision | None:
    """Everything as it was under a revision; None when it is so already. What does not differ is not touched.

    Raises ValidationError when the revision is gone or damaged or can no longer stand, and RelayNotConfirmed.
    """
    actor.require(*WRITERS)
    with change(actor, f"Revision {number} restored", confirmed) as under_way:
        wanted, now = _wanted(number), compile_snapshot(0)
        for table in tables(wanted):
            put_back(table)
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


def tables(wanted: Snapshot) -> list[Table]:
    """Everything that a snapshot says, as rows."""
    return [
        _of_settings(connectors.ReceiveConnector, ReceiveConnector, wanted.receive_connectors),
        _of_settings(connectors.SendConnector, SendConnector, wanted.send_connectors),
        _of_settings(AcceptedDomainRow, AcceptedDomain, wanted.accepted_domains),
        _of_settings(protection.RecipientFilter, RecipientFilter, (wanted.recipient_filter,)),
        _of_settings(protection.SenderFilter, SenderFilter, (wanted.sender_filter,)),
        _of_settings(protection.ConnectionFilter, ConnectionFilter, (wanted.connection_filter,)),
        _of_settings(protection.IPListEntry, IPListEntry, wanted.ip_list_entries),
        _of_settings(protection.IPListProvider, IPListProvider, wanted.ip_list_providers),
        _of_settings(TransportLimitsRow, TransportLimits, (wanted.transport_limits,)),
        _of_settings(TransportConfigRow, TransportConfig, (wanted.transport_config,)),
        Table(Certificate, wanted.certificates, certificate, _certificate_row),
        Table(Keytab, wanted.keytabs, keytab, _keytab_row),
    ]


def _of_settings(model: type[Model], struct: type[Any], structs: Collection[Any]) -> Table:
    return Table(model, structs, partial(struct_of, struct=struct), lambda each: write(each, model()))


def put_back(table: Table) -> None:
    """Rows that differ are deleted and written anew under their old keys, so that names may even be exchanged."""
    rows = list(table.model._default_manager.all())
    held = {_key(struct): (row, struct) for row in rows for struct in [table.read(row)]}
    wanted = {_key(struct): struct for struct in table.structs}
    same = {key for key, struct in wanted.items() if key in held and held[key][1] == struct}
    gone = [row.pk for key, (row, _) in held.items() if key not in same]
    table.model._default_manager.filter(pk__in=gone).delete()
    new = [_renewed(table.make(each), held.get(key)) for key, each in wanted.items() if key not in same]
    table.model._default_manager.bulk_create(new)


def _renewed(row: Any, held: tuple[Any, Any] | None) -> Model:
    if held:
        row.pk, row.version = held[0].pk, getattr(held[0], "version", 0) + 1
    elif isinstance(row, SingleRow):
        row.pk = 1
    return row


def _key(struct: Any) -> str:
    return (getattr(struct, "domain_name", "") or getattr(struct, "name", "")).lower()


def _certificate_row(struct: Any) -> Certificate:
    return row_of(struct.name, struct.chain, struct.encrypted_key)


def _keytab_row(struct: Any) -> Keytab:
    return Keytab(name=struct.name, keys=[list(astuple(key)) for key in struct.keys], encrypted=struct.encrypted)


def _record(under_way: Change, now: Snapshot, wanted: Snapshot) -> None:
    before, after = objects(now), objects(wanted)
    for difference in differences(now, wanted):
        key = (difference.kind, difference.name)
        under_way.record(*key, before.get(key), after.get(key))
